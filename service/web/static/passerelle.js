// Comfort only: every page works without this file.
// A second press of a button that is already at work does nothing.
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});

// Mistakes are read first; coming back with the browser's own button gives a fresh form.
addEventListener("pageshow", () => {
  document.getElementById("mistakes")?.focus();
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});
