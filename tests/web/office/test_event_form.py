"""Editing an event: everything it says, who is told, and what happens when two edit at once."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from service import db
from service.events.contents import MODELS
from service.web.office import event_fields, event_sections
from tests.bookings.classes import class_event
from tests.bookings.queues import joined, state_of
from tests.events.writing import make_draft, row_of, says
from tests.makers import a_pupil, make_booking, make_event, make_organisation, make_slot
from tests.visits import Page, dump, send
from tests.web.office.harness import browser_of, somebody


async def form_of(event: UUID, **changes: Any) -> dict[str, Any]:
    """The form as its page shows it now, with these changes."""
    row = await row_of(event)
    [host] = await db.fetch("SELECT name FROM organisation WHERE id = $1", row["host"])
    fields = event_fields.as_fields(await says(event), row["kind"], host["name"])
    return {**{name: value for name, value in fields.items() if value != ""}, "version": str(row["version"]), **changes}


async def save(client: httpx.AsyncClient, event: UUID, fields: dict[str, Any], **more: str) -> httpx.Response:
    """Send the form as a browser does: several boxes of one name as several fields."""
    return await send_all(client, f"/office/events/{event}/edit", {**fields, **more})


async def send_all(client: httpx.AsyncClient, path: str, fields: dict[str, Any]) -> httpx.Response:
    return await client.post(
        path,
        content=urlencode(fields, doseq=True, errors="surrogatepass"),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"},
        params={"lang": "en"},
    )


def marked(page: Page) -> dict[str, bool]:
    """The fields of the conflict, and whether what stands now is ticked to stay."""
    return {one["value"]: "checked" in one for one in page.all("input", name="keep")}


@pytest.mark.parametrize("kind", MODELS)
async def test_a_form_that_is_sent_back_as_it_came_changes_nothing(app: Litestar, kind: str) -> None:
    event = await make_draft(kind, description="Un\n\nDeux", levels=["2de", "Master"], requirements=["Gants", "Casque"])
    async with browser_of(app, await somebody("organiser")) as client:
        shown = Page.of(await client.get(f"/office/events/{event}/edit"))
        before = await dump()
        answer = await save(client, event, await form_of(event))
        assert (answer.status_code, (await dump())["event"]) == (303, before["event"])
    assert (shown.typed("version"), shown.typed("title")) == ("0", "Le four et la forme")
    assert [one["value"] for one in shown.all("input", name="levels") if "checked" in one] == ["2de", "Master"]


async def test_everything_is_saved(app: Litestar) -> None:
    event = await make_draft()
    changes = {
        "title": "Autre titre", "summary": "Autre.", "description": "Un\r\n\r\n- deux",
        "host": "Fonderie", "host_kind": "lab", "place": "Hall B",
        "town": "Merville", "theme": "verre", "requirements": "Gants\r\n\r\n  Casque  ",
        "id_document": "yes", "levels": ["2de", "BTS"], "age_min": "15", "access": "Bus 4", "photos": "interdites",
        "speaker": "Mme Petit", "contact_name": "Ada", "contact_email": "Ada@Campus.Test", "takes_individuals": "",
        "takes_classes": "yes", "needs_approval": "yes", "outside_school_time": "yes", "group_max": "8",
        "chaperone_ratio": "", "chaperones_min": "", "class_seats_max": "30", "option_days": "",
        "names_required_days": "0", "kept_for_classes": "1", "kept_for_individuals": "2", "kept_for_partners": "3",
        "kept_days": "4", "list_closes_days": "5",
    }  # fmt: skip
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await save(client, event, await form_of(event, **changes))
    row = await row_of(event)
    [host] = await db.fetch("SELECT name, kind FROM organisation WHERE id = $1", row["host"])

    assert (answer.status_code, tuple(host)) == (303, ("Fonderie", "lab"))
    assert (row["description"], row["requirements"], row["levels"]) == (
        "Un\n\n- deux",
        ["Gants", "Casque"],
        ["2de", "BTS"],
    )
    assert (row["contact_email"], row["age_min"], row["id_document"]) == ("Ada@campus.test", 15, True)
    assert (row["takes_individuals"], row["takes_classes"], row["needs_approval"]) == (False, True, True)
    assert (row["chaperone_ratio"], row["chaperones_min"], row["option_days"]) == (None, 0, None)
    assert (row["names_required_days"], row["list_closes_days"], row["kept_for_partners"]) == (0, 5, 3)
    assert row["version"] == 1


async def test_blanks_that_do_not_break_are_no_change(app: Litestar) -> None:
    title, line = "Verre\u00a0: le four", "Gants\u202f; casque"
    event = await make_event(title=title, requirements=[line])
    await make_booking(await make_slot(event=event))
    async with browser_of(app, await somebody("organiser")) as client:
        saved = await save(client, event.id, await form_of(event.id, speaker="Mme Petit"))
    row = await row_of(event.id)
    assert (saved.status_code, row["title"], row["requirements"], row["speaker"]) == (303, title, [line], "Mme Petit")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("title", " "),
        ("title", "x" * 201),
        ("place", ""),
        ("description", "x" * 8001),
        ("description", "Zo\0é"),
        ("requirements", "\n".join(["x"] * 21)),
        ("requirements", "x" * 201),
        ("contact_email", "nobody"),
        ("levels", "<b>"),
        ("age_min", "2"),
        ("group_max", "99999999999"),
        ("option_days", "0"),
        ("kept_for_classes", "-1"),
        ("list_closes_days", "366"),
        ("host", "Inconnue"),
    ],
)
async def test_a_mistake_opens_its_section_and_saves_nothing(app: Litestar, field: str, typed: str) -> None:
    event = await make_draft()
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        answer = await save(client, event, await form_of(event, **{field: typed, "speaker": "Mme Petit"}))
    page = Page.of(answer)
    section = next(one for one in event_sections.SECTIONS if field in [each.name for each in one.fields])

    assert (answer.status_code, await dump()) == (422, before)
    assert page.has_mistake("host_kind" if field == "host" else field)
    assert "open" in page.all("details", id=f"section-{section.name}")[0]
    assert page.typed("speaker") == "Mme Petit"


async def test_somebody_must_be_able_to_book(app: Litestar) -> None:
    event = await make_draft()
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await save(client, event, await form_of(event, takes_individuals="", takes_classes=""))
    assert (answer.status_code, Page.of(answer).has_mistake("takes_individuals")) == (422, True)


async def test_an_assembly_is_not_asked_who_may_book(app: Litestar) -> None:
    event = await make_draft("assembly")
    async with browser_of(app, await somebody("organiser")) as client:
        page = Page.of(await client.get(f"/office/events/{event}/edit"))
        answer = await save(client, event, await form_of(event, takes_individuals="yes", kept_for_classes="3"))
    row = await row_of(event)
    assert page.all("input", name="takes_individuals") == []
    assert (answer.status_code, row["takes_individuals"], row["kept_for_classes"]) == (303, False, 0)


async def test_a_change_that_people_rely_on_is_confirmed_first(app: Litestar) -> None:
    event = await make_event(place="Hall A", description="Un\n\nDeux", levels=["2de", "1re"])
    slot = await make_slot(event=event)
    for _ in range(2):
        await make_booking(slot, a_pupil())
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        asked = await save(client, event.id, await form_of(event.id, place="Hall <B>", speaker="Mme Petit"))
        page = Page.of(asked)
        assert (asked.status_code, await dump()) == (200, before)
        for words in ("2 people will be told", "Hall A", "Hall <B>", "Save and tell 2 people"):
            assert words in page.words
        hidden = [(one["name"], one["value"]) for one in page.all("input", type="hidden")]
        kept = {name: [value for other, value in hidden if other == name] for name, _ in hidden}

        back = await save(client, event.id, kept, confirmed="no")
        assert (back.status_code, Page.of(back).typed("place"), await dump()) == (200, "Hall <B>", before)
        saved = await save(client, event.id, kept, confirmed="yes")
    row = await row_of(event.id)
    assert saved.headers["location"] == f"/office/events/{event.id}?done=saved&told=2&lang=en"
    assert (row["place"], row["speaker"], row["levels"], row["description"]) == (
        "Hall <B>", "Mme Petit", ["2de", "1re"], "Un\n\nDeux",
    )  # fmt: skip


async def test_what_nobody_relies_on_is_saved_at_once(app: Litestar) -> None:
    slot = await make_slot()
    await make_booking(slot)
    async with browser_of(app, await somebody("organiser")) as client:
        saved = await save(client, slot.event_id, await form_of(slot.event_id, speaker="Mme Petit"))
        assert saved.headers["location"] == f"/office/events/{slot.event_id}?done=saved&lang=en"
        page = Page.of(await client.get(saved.headers["location"]))
    assert "Saved" in page.words


async def test_the_second_of_two_sees_what_stands_now_beside_what_they_typed(app: Litestar) -> None:
    event = await make_draft(place="Hall A", summary="D’abord.")
    async with browser_of(app, await somebody("admin")) as hers, browser_of(app, await somebody("organiser")) as his:
        opened = await form_of(event)
        assert (await save(hers, event, {**opened, "place": "Hall B", "town": "Lille"})).status_code == 303
        answer = await save(his, event, {**opened, "summary": "Ensuite."})
        page = Page.of(answer)
        assert (answer.status_code, (await row_of(event))["summary"]) == (409, "D’abord.")
        assert "Ada admin saved other changes on" in page.words
        for words in ("Hall B", "Hall A", "D’abord.", "Ensuite."):
            assert words in page.words
        assert marked(page) == {"summary": False, "place": True, "town": True}
        assert (page.typed("summary"), page.typed("version")) == ("Ensuite.", "1")

        again = {**opened, "summary": "Ensuite.", "version": "1", "keep": ["place", "town"]}
        assert (await save(his, event, again)).status_code == 303
    row = await row_of(event)
    assert (row["place"], row["town"], row["summary"], row["version"]) == ("Hall B", "Lille", "Ensuite.", 2)


async def test_who_unticks_what_stands_now_overwrites_it_knowingly(app: Litestar) -> None:
    event = await make_draft(place="Hall A")
    async with browser_of(app, await somebody("admin")) as client:
        opened = await form_of(event)
        await save(client, event, {**opened, "place": "Hall B"})
        await save(client, event, {**opened, "place": "Hall C"})
        assert (await save(client, event, {**opened, "place": "Hall C", "version": "1"})).status_code == 303
    assert (await row_of(event))["place"] == "Hall C"


async def test_a_conflict_is_met_before_anybody_is_asked_to_confirm(app: Litestar) -> None:
    slot = await make_slot()
    await make_booking(slot)
    async with browser_of(app, await somebody("admin")) as client:
        opened = await form_of(slot.event_id)
        await save(client, slot.event_id, {**opened, "speaker": "Mme Petit"})
        for more in ({}, {"confirmed": "yes"}):
            answer = await save(client, slot.event_id, {**opened, "place": "Hall B"}, **more)
            assert (answer.status_code, marked(Page.of(answer))) == (409, {"speaker": True, "place": False})
    assert (await row_of(slot.event_id))["place"] == slot.place


@pytest.mark.parametrize("version", ["", "x", "-1", "999999999", "9" * 30])
async def test_a_made_up_version_overwrites_nothing(app: Litestar, version: str) -> None:
    event = await make_draft()
    async with browser_of(app, await somebody("admin")) as client:
        await save(client, event, await form_of(event, speaker="Mme Petit"))
        answer = await save(client, event, await form_of(event, speaker="M. Grand", version=version))
    assert (answer.status_code in (409, 422), (await row_of(event))["speaker"]) == (True, "Mme Petit")


async def test_what_is_called_off_is_not_edited(app: Litestar) -> None:
    event = await make_event(state="called_off")
    async with browser_of(app, await somebody("organiser")) as client:
        for answer in (
            await client.get(f"/office/events/{event.id}/edit", params={"lang": "en"}),
            await save(client, event.id, await form_of(event.id, title="Autre")),
        ):
            assert (answer.status_code, "It stays as it is" in Page.of(answer).words) == (409, True)
    assert (await row_of(event.id))["title"] == event.title


async def test_kept_seats_that_are_given_up_reach_who_waits(app: Litestar) -> None:
    slot = await make_slot(2, event=await class_event(kept_for_classes=2))
    waiting = await joined(slot)
    async with browser_of(app, await somebody("organiser")) as client:
        await save(client, slot.event_id, await form_of(slot.event_id, kept_for_classes="0"))
    assert await state_of(waiting) == ["offered"]


async def keep(client: httpx.AsyncClient, event: UUID, **changes: str) -> httpx.Response:
    row = await row_of(event)
    seen = {"contacts_before": str(row["contacts_erased_on"]), "names_before": str(row["names_erased_on"])}
    chosen = {"contacts_until": "2090-01-01", "names_until": "2091-01-01", "reason": "Enquête à un an"}
    return await send(client, f"/office/events/{event}/retention", {**seen, **chosen, **changes}, lang="en")


async def test_data_are_kept_for_another_time_with_a_reason(app: Litestar) -> None:
    event = await make_draft()
    async with browser_of(app, await somebody("organiser")) as client:
        shown = Page.of(await client.get(f"/office/events/{event}/edit"))
        assert shown.typed("contacts_until") == str((await row_of(event))["contacts_erased_on"])
        assert (await keep(client, event)).status_code == 303
        page = Page.of(await client.get(f"/office/events/{event}", params={"lang": "en"}))
    assert "Contacts: Sunday 1 January 2090" in page.words
    assert (await row_of(event))["version"] == 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"reason": ""}, 422),
        ({"reason": "x" * 301}, 422),
        ({"contacts_until": "demain"}, 422),
        ({"names_until": ""}, 422),
        ({"contacts_until": "2026-01-01"}, 409),
        ({"contacts_before": "2026-01-01"}, 409),
    ],
)
async def test_without_a_reason_or_too_early_the_dates_stay(
    app: Litestar, changes: dict[str, str], status: int
) -> None:
    event = await make_draft()
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        answer = await keep(client, event, **changes)
    page = Page.of(answer)
    assert (answer.status_code, await dump()) == (status, before)
    assert "open" in page.all("details", id="retention")[0]
    assert page.typed("reason") == changes.get("reason", "Enquête à un an")[:1000]


async def test_the_hosts_are_offered_by_name(app: Litestar) -> None:
    await make_organisation(name="Fonderie & Fils <SA>")
    event = await make_draft()
    async with browser_of(app, await somebody("organiser")) as client:
        page = Page.of(await client.get(f"/office/events/{event}/edit"))
    assert page.all("option", value="Fonderie & Fils <SA>")
