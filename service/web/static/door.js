// The door of a slot. Everything works without this file: it spares page loads, and shows other phones' taps.
const at = (id) => document.getElementById(id), pause = (ms) => new Promise((done) => setTimeout(done, ms));
const head = at("door"), rows = at("rows"), search = at("q"), { list, unsaved, offline, stale, scanner } = head.dataset;
const queue = []; // [address, fields, row]: what was tapped and is not saved yet, in its order
const steps = new Map(); // how many more of a class, once the thumb rests
const tapped = new Map(), said = new Map(); // when a button was pressed; what the server said last
for (const part of [...document.querySelectorAll("[data-live]"), ...rows.children]) said.set(part.id, part.outerHTML);
let etag = "", works = false, down = false;

// Nothing when none came. Another page says that the door is shut: it is shown.
async function ask(address, options) {
  try {
    const answer = await fetch(address, options);
    if (answer.status >= 500 || answer.status === 429) return null;
    if (!answer.headers.has("X-Part")) return location.reload(), new Promise(() => {});
    return [answer, await answer.text()];
  } catch { return null; }
}

function push(address, fields, row) {
  queue.push([address, { ...fields, key: `${Date.now()} ${Math.random()}` }, row]);
  mark();
  work();
}

async function work() {
  if (works) return;
  works = true;
  while (queue.length) {
    const found = await ask(queue[0][0], { method: "POST", headers: { "X-Part": "list" }, body: new URLSearchParams(queue[0][1]) });
    if (found) { queue.shift(); await show(found[1]); } else { mark(`${offline} ${queue.length}`); await pause(2000); }
  }
  works = false;
  mark("");
}

async function poll() {
  if (document.hidden || works || steps.size) return;
  const found = await ask(list, { headers: { "If-None-Match": etag } });
  if (works) return;
  if (found?.[0].status === 200) { etag = found[0].headers.get("ETag"); await show(found[1]); }
  mark(found ? "" : stale);
}

// The unsaved never looks saved.
function mark(words = at("offline").textContent) {
  for (const row of rows.querySelectorAll(".is-unsaved")) row.classList.remove("is-unsaved");
  for (const key of [...queue.map((one) => one[2]), ...steps.keys()]) {
    const row = at("row-" + key), number = row?.querySelector("[data-now]"), more = steps.get(key)?.more;
    row?.classList.add("is-unsaved");
    row?.setAttribute("data-unsaved", unsaved);
    if (more) number.textContent = `${+number.dataset.now + more} / ${number.dataset.most}`;
  }
  at("offline").textContent = words;
}

// Only what changed is replaced, and not under a finger.
async function show(html) {
  while (down) await pause(50);
  for (const part of new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-live]")) {
    const old = at(part.id);
    if (!old || (said.get(part.id) === part.outerHTML && part.id !== "say")) continue;
    said.set(part.id, part.outerHTML);
    if (old === rows) merge([...part.children]); else old.replaceChildren(...part.childNodes);
  }
  filter();
}

function merge(next) {
  const stops = (row) => [...(row?.querySelectorAll("button, summary") ?? [])];
  const had = document.activeElement?.closest("#rows > li"), place = stops(had).indexOf(document.activeElement);
  const isSame = rows.children.length === next.length && next.every((row, n) => row.id === rows.children[n].id);
  for (const [n, row] of next.entries()) {
    const html = row.outerHTML;
    if (isSame && said.get(row.id) !== html) {
      if (rows.children[n].querySelector("[open]")) row.querySelector("details").open = true;
      rows.children[n].replaceWith(row);
    }
    said.set(row.id, html);
  }
  if (!isSame) rows.replaceChildren(...next);
  if (had && !had.isConnected) stops(at(had.id))[place]?.focus({ preventScroll: true });
}

function filter() {
  const seen = (id) => at(id).querySelector("li:not([hidden])");
  const wanted = search.value.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  for (const row of document.querySelectorAll("[data-key]")) row.hidden = !wanted.every((word) => ` ${row.dataset.key}`.includes(` ${word}`));
  at("nobody").hidden = !wanted.length || !!seen("rows");
  at("others").hidden = !wanted.length || !seen("others");
}

function step(form, { name, value: key }) {
  const one = steps.get(key) ?? { more: 0 }, { now, most } = at("row-" + key).querySelector("[data-now]").dataset;
  one.more = Math.min(Math.max(+now + one.more + (name === "more" ? 1 : -1), 0), +most) - now;
  clearTimeout(one.timer);
  one.timer = setTimeout(() => {
    steps.delete(key);
    push(form.action, { [one.more > 0 ? "more" : "less"]: key, times: Math.abs(one.more) }, key);
  }, 600);
  steps.set(key, one);
  mark();
}

addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter, what = button?.value || form.action, now = Date.now();
  if (!("submitter" in event) || !form.hasAttribute("data-quick")) return;
  event.preventDefault();
  if (form === search.form) return;
  if (button?.name === "more" || button?.name === "less") return step(form, button);
  if (now - tapped.get(what) < 900) return; // a finger that bounces is one tap
  tapped.set(what, now);
  push(form.action, { ...Object.fromEntries(new FormData(form)), [button?.name]: what }, button?.value);
  form.reset();
});
addEventListener("pointerdown", () => { down = true; });
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => { down = false; }, 50));
addEventListener("beforeunload", (event) => { if (queue.length || steps.size) event.preventDefault(); });
for (const back of ["online", "visibilitychange"]) addEventListener(back, poll);
search.addEventListener("input", filter);
search.form.querySelector("button").hidden = true;
setInterval(poll, 4000);
poll(); // the server may have searched

if (at("scan") && "BarcodeDetector" in window && navigator.mediaDevices) {
  at("scan").hidden = false;
  at("scan").onclick = async () => (await import(scanner)).scan((code) => push(at("code").form.action, { code }));
}
