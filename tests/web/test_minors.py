"""Minors who come alone, as their pages show it: the form, the wait, the parent's two buttons, the form on paper."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from service import clock, db
from service.bookings import changes, erasure, lapses, pending
from service.bookings.seats import seats_left
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from service.people import delivery
from service.settings import DEFAULT_RATES, Rate
from tests.bookings.harness import booked, booking_of, letters_about, reread
from tests.bookings.minors import (
    PARENT,
    approval_slot,
    evening_slot,
    letters_to_guardian,
    parents_link,
)
from tests.bookings.queues import DAY, after, state_of
from tests.makers import CLEO, a_pupil, link_of, make_booking, make_event, make_slot
from tests.visits import Page, book, counted, dump, send, settings_with

NAME = f"{CLEO.first_name} {CLEO.last_name}"
ENGLISH = {"lang": "en"}
OTHER = "autre.parent@exemple.test"


async def read(visitor: httpx.AsyncClient, path: str, status: int = 200) -> Page:
    """The page at ``path`` in English, which must answer so."""
    answer = await visitor.get(path, params=ENGLISH)
    assert (path, answer.status_code) == (path, status)
    return Page.of(answer)


async def ask(visitor: httpx.AsyncClient, slot: BookableSlot, **typed: Any) -> httpx.Response:
    """Send the form as a minor does."""
    return await book(visitor, slot, **{"age_band": "15_17", "parent_email": PARENT} | typed, lang="en")


async def cleo(slot: BookableSlot | None = None) -> Dossier:
    """Cléo, who is 16, and awaits a parent."""
    return await booked(slot or await evening_slot(), replace(CLEO, age_band="15_17", guardian_email=PARENT))


def forms_of(page: Page) -> list[str]:
    """What the buttons of a page do."""
    return [form["action"].partition("?")[0].rpartition("/")[2] for form in page.all("form", method="post")]


# --- the form --------------------------------------------------------------------------------------------


async def test_a_parent_s_address_is_asked_for_only_outside_school_time(visitor: httpx.AsyncClient) -> None:
    evening, plain = await evening_slot(), await make_slot(event=await make_event(age_min=15))

    page = await read(visitor, f"/events/{evening.slug}")

    [field] = page.all("input", name="parent_email")
    assert (field["type"], "required" in field) == ("email", False)
    assert len(page.all("input", name="age_band")) == 3
    assert "Under 18, a parent must agree" in page.words
    assert (await read(visitor, f"/events/{plain.slug}")).all("input", name="parent_email") == []


@pytest.mark.parametrize("age_band", ["under_15", "15_17"])
@pytest.mark.parametrize("typed", ["", "   ", "pas une adresse", "a@b", "parent@exemple.test\r\nBcc: x@y.test"])
async def test_a_minor_must_give_a_parent_s_address(visitor: httpx.AsyncClient, age_band: str, typed: str) -> None:
    slot = await evening_slot()
    before = await dump()

    answer = await ask(visitor, slot, age_band=age_band, parent_email=typed)

    assert answer.status_code == 422
    page = Page.of(answer)
    assert page.has_mistake("parent_email")
    assert ("Please type a parent's e-mail address." in page.words) == (not typed.strip())
    assert await dump() == before


async def test_a_minor_s_form_leads_to_a_page_that_says_what_is_awaited(visitor: httpx.AsyncClient) -> None:
    slot = await evening_slot(3)

    answer = await ask(visitor, slot)

    assert answer.status_code == 303
    page = Page.of(await visitor.get(answer.headers["location"]))
    assert "Your seat is held, not yet confirmed" in page.words
    assert PARENT in page.words
    assert page.all("div", **{"class": "stamp"}) == []
    assert await seats_left(slot.id) == 2


async def test_of_an_adult_no_parent_is_kept(visitor: httpx.AsyncClient) -> None:
    answer = await ask(visitor, await evening_slot(), age_band="18_plus", parent_email="not read at all")

    assert answer.status_code == 303
    [row] = await db.fetch(
        "SELECT guardian_email, guardian_hash, state FROM dossier JOIN booking ON dossier = dossier.id"
    )
    assert tuple(row) == ("", "", "confirmed")


async def test_at_school_time_no_parent_is_kept(visitor: httpx.AsyncClient) -> None:
    await ask(visitor, await make_slot(event=await make_event(age_min=15)))

    assert [row["guardian_email"] for row in await db.fetch("SELECT guardian_email FROM dossier")] == [""]


@pytest.mark.parametrize(
    ("age_min", "age_band", "status"),
    [(15, "under_15", 422), (14, "under_15", 303), (15, "15_17", 303), (18, "15_17", 422), (18, "18_plus", 303)],
)
async def test_an_age_band_that_cannot_fit_is_a_mistake_at_its_field(
    visitor: httpx.AsyncClient, age_min: int, age_band: str, status: int
) -> None:
    slot = await make_slot(event=await make_event(age_min=age_min))

    answer = await book(visitor, slot, age_band=age_band, lang="en")

    assert answer.status_code == status
    if status == 422:
        assert Page.of(answer).has_mistake("age_band")
        assert f"This event is for people from {age_min} years of age." in Page.of(answer).words


async def test_what_was_typed_of_a_parent_is_kept_beside_another_mistake(visitor: httpx.AsyncClient) -> None:
    page = Page.of(await ask(visitor, await evening_slot(), email=""))

    assert page.has_mistake("email")
    assert (page.typed("parent_email"), page.typed("age_band")) == (PARENT, "15_17")


async def test_the_same_form_with_another_parent_is_another_form(visitor: httpx.AsyncClient) -> None:
    slot = await evening_slot()

    answers = [await ask(visitor, slot, key="once", parent_email=one) for one in (PARENT, PARENT, OTHER)]

    assert [answer.status_code for answer in answers] == [303, 303, 422]
    assert await seats_left(slot.id) == 9


async def test_a_waiting_minor_s_parent_is_kept_for_when_a_seat_comes_free(visitor: httpx.AsyncClient) -> None:
    slot = await evening_slot(1)
    await booked(slot, replace(a_pupil(), age_band="18_plus"))

    await book(visitor, slot, slot=f"queue.{slot.id}", age_band="15_17", parent_email=PARENT)

    [row] = await db.fetch("SELECT guardian_email FROM dossier WHERE guardian_email <> ''")
    assert row["guardian_email"] == PARENT


async def test_a_form_says_when_the_organisers_decide_on_each_request(visitor: httpx.AsyncClient) -> None:
    words = "The organisers decide on each request. Your seat is held meanwhile."

    for slot, is_said in ((await approval_slot(), True), (await make_slot(), False)):
        assert (words in (await read(visitor, f"/events/{slot.slug}")).words) is is_said


# --- the booking page ------------------------------------------------------------------------------------


async def test_a_pending_page_says_until_when_and_offers_what_one_can_do(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()
    until = (await booking_of(dossier)).expires_at
    assert until is not None

    page = await read(visitor, link_of(dossier))

    assert "A parent must agree: we have written to parent@exemple.test." in page.words
    assert "The organisers must accept your request." not in page.words
    assert len(page.all("p", **{"class": "until"})) == 1
    assert forms_of(page) == ["cancel", "guardian", "email", "erase"]
    assert [a for a in page.all("a") if "/authorisation" in a["href"]] != []
    assert [a for a in page.all("a") if "invitation.ics" in a["href"]] == []
    assert page.typed("parent_email") == PARENT


async def test_a_page_that_awaits_the_organisers_says_so_and_knows_no_parent(visitor: httpx.AsyncClient) -> None:
    page = await read(visitor, link_of(await booked(await approval_slot(), a_pupil())))

    assert "The organisers must accept your request." in page.words
    assert "parent" not in page.words
    assert forms_of(page) == ["cancel", "email", "erase"]


async def test_a_pending_booking_is_cancelled_and_taken_back_like_any_other(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()

    await send(visitor, f"{link_of(dossier)}/cancel", {"sure": "yes"})
    assert "Your booking is cancelled" in (await read(visitor, link_of(dossier))).words
    await send(visitor, f"{link_of(dossier)}/restore")

    assert await state_of(dossier) == ["pending"]
    assert "Your seat is held, not yet confirmed" in (await read(visitor, link_of(dossier))).words


async def test_the_parent_s_address_is_corrected_on_the_page(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()
    old = await parents_link(dossier)

    answer = await send(visitor, f"{link_of(dossier)}/guardian", {"parent_email": OTHER, "from": "mail"}, lang="en")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{link_of(dossier)}?from=mail&lang=en")
    assert OTHER in (await read(visitor, link_of(dossier))).words
    assert (await visitor.get(old)).status_code == 404
    assert (await visitor.get(await parents_link(dossier))).status_code == 200
    assert (await reread(dossier)).address_answered_at is not None


@pytest.mark.parametrize("typed", ["", "nobody"])
async def test_a_parent_s_address_that_is_none_is_a_mistake(visitor: httpx.AsyncClient, typed: str) -> None:
    dossier = await cleo()

    answer = await send(visitor, f"{link_of(dossier)}/guardian", {"parent_email": typed}, lang="en")

    assert answer.status_code == 422
    assert Page.of(answer).has_mistake("parent_email")
    assert len(Page.of(answer).all("details", open="")) == 1
    assert (await reread(dossier)).guardian_email == PARENT


async def test_once_answered_the_parent_s_address_stays(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()
    await pending.authorise(dossier)

    answer = await send(visitor, f"{link_of(dossier)}/guardian", {"parent_email": OTHER}, lang="en")

    assert answer.status_code == 409
    assert "Nothing is awaited any more" in Page.of(answer).words
    assert "guardian" not in forms_of(Page.of(answer))


async def test_letters_to_corrected_parents_are_limited(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()
    with settings_with(rate_limits={**DEFAULT_RATES, "letters_hour": Rate(2, 3600)}):
        answers = [await send(visitor, f"{link_of(dossier)}/guardian", {"parent_email": OTHER}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [303, 303, 429, 429]


async def test_a_parent_s_address_that_fails_is_said_and_its_form_stands_open(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()
    await delivery.mark_undeliverable(PARENT, "550 no such user")

    page = await read(visitor, link_of(dossier))

    assert "Our e-mail did not arrive at parent@exemple.test." in page.words
    assert page.all("details", id="guardian", open="") != []


async def test_the_page_says_what_a_parent_or_an_organiser_refused(visitor: httpx.AsyncClient) -> None:
    of_parent, of_organiser = await cleo(), await booked(await approval_slot(), a_pupil())
    await pending.refuse_as_guardian(of_parent)
    await pending.refuse((await booking_of(of_organiser)).id, "complet", "ada")

    pages = [await read(visitor, link_of(one)) for one in (of_parent, of_organiser)]

    assert ["No seat this time" in page.words for page in pages] == [True, True]
    assert ["A parent did not agree" in page.words for page in pages] == [True, False]
    assert ["The organisers could not accept your request." in page.words for page in pages] == [False, True]
    assert [forms_of(page) for page in pages] == [["erase"], ["erase"]]
    assert ["The page of the event shows what can still be booked." in page.words for page in pages] == [True, True]


@pytest.mark.parametrize("worked", [True, False])
async def test_what_nobody_answered_says_so_and_can_be_asked_for_again(
    visitor: httpx.AsyncClient, worked: bool
) -> None:
    dossier = await cleo(await evening_slot(starts_in=30 * DAY))
    with after(11 * DAY):
        if worked:
            await lapses.expire()

        page = await read(visitor, link_of(dossier))

        assert "The agreement did not come in time" in page.words
        assert ("rejoin" in forms_of(page)) == worked  # until then its seat is not free
        assert "guardian" not in forms_of(page)
        if worked:
            await send(visitor, f"{link_of(dossier)}/rejoin")
            assert "Your seat is held, not yet confirmed" in (await read(visitor, link_of(dossier))).words


async def test_my_details_name_the_parent_s_address(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()
    await pending.authorise(dossier)

    assert PARENT in (await read(visitor, link_of(dossier))).words


# --- the parent's page -----------------------------------------------------------------------------------


async def test_a_parent_sees_who_what_when_where_and_two_buttons(visitor: httpx.AsyncClient) -> None:
    event = await make_event(
        outside_school_time=True,
        title="Soudure",
        photos="pas de photo",
        access="rampe au nord",
        requirements=["Bottes"],
    )
    dossier = await cleo(await make_slot(event=event))

    page = await read(visitor, await parents_link(dossier))

    for words in (NAME, "Soudure", "Atelier, 62510 Arques", "Bottes", "Pas de photo", "rampe au nord", "I agree"):
        assert words in page.words
    assert forms_of(page) == ["give", "refuse"]
    assert page.all("meta", name="robots", content="noindex") != []
    assert CLEO.email not in page.words
    assert dossier.code not in page.words


async def test_opening_a_parent_s_page_changes_nothing(visitor: httpx.AsyncClient) -> None:
    link = await parents_link(await cleo())
    before = await dump()

    for path in (link, f"{link}?give=yes", f"{link}?lang=en"):
        for method in ("GET", "HEAD"):
            assert (await visitor.request(method, path)).status_code == 200
    for path in (f"{link}/give", f"{link}/refuse"):
        assert (await visitor.get(path)).status_code in (404, 405)

    assert await dump() == before


async def test_a_parent_s_page_is_kept_by_nobody_and_tells_no_other_site(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get(await parents_link(await cleo()))

    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("button", "state", "heading"),
    [("give", "confirmed", "Thank you, you have agreed"), ("refuse", "cancelled", "You have not agreed")],
)
async def test_a_parent_s_button_answers_and_the_page_says_what_was_done(
    visitor: httpx.AsyncClient, button: str, state: str, heading: str
) -> None:
    dossier = await cleo()
    link = await parents_link(dossier)

    for _ in range(2):
        answer = await send(visitor, f"{link}/{button}", lang="en")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{link}?lang=en")

    page = await read(visitor, link)
    assert heading in page.words
    assert forms_of(page) == []
    assert await state_of(dossier) == [state]


async def test_where_the_organisers_must_agree_too_the_parent_is_told(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo(await evening_slot(approved=True))
    link = await parents_link(dossier)

    await send(visitor, f"{link}/give")

    assert "only the organisers' decision is missing" in (await read(visitor, link)).words
    assert "A parent must agree" not in (await read(visitor, link_of(dossier))).words


@pytest.mark.parametrize("end", ["cancelled", "lapsed", "not yet lapsed", "erased", "called off"])
async def test_a_parent_who_comes_late_gets_a_clear_page(visitor: httpx.AsyncClient, end: str) -> None:
    slot = await evening_slot()
    dossier = await cleo(slot)
    link = await parents_link(dossier)
    if end == "cancelled":
        await changes.cancel(dossier)
    elif end == "erased":
        await erasure.erase(dossier)
    elif end == "called off":
        await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", slot.id)
    else:
        await db.fetch("UPDATE booking SET expires_at = $1", clock.now())
    if end == "lapsed":
        await lapses.expire()

    page = await read(visitor, link)
    answers = [await send(visitor, f"{link}/{button}", lang="en") for button in ("give", "refuse")]

    assert "Your answer is no longer needed" in page.words
    assert NAME not in page.words
    assert forms_of(page) == []
    assert [one.status_code for one in answers] == ([409, 303] if end == "called off" else [409, 409])


async def test_a_parent_s_link_that_is_none_says_what_to_do(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()
    token = link_of(dossier).rpartition("/")[2]

    for path in (
        "/authorisations/x",
        f"/authorisations/{token}",
        link_of(dossier).replace("bookings", "authorisations"),
    ):
        page = await read(visitor, path, 404)
        assert "We do not know this link" in page.words
        assert "Look for a newer e-mail from us, or write to us." in page.words
    assert (await visitor.get((await parents_link(dossier)).replace("authorisations", "bookings"))).status_code == 404


async def test_a_parent_s_clicks_are_limited_apart_from_the_booker_s(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()
    with settings_with(rate_limits={**DEFAULT_RATES, "changes": Rate(2, 3600)}):
        booker = [(await send(visitor, f"{link_of(dossier)}/cancel")).status_code for _ in range(3)]
        parent = [(await send(visitor, f"{await parents_link(dossier)}/give")).status_code for _ in range(3)]

    assert (booker, parent) == ([422, 422, 429], [303, 303, 429])


async def test_another_site_answers_for_no_parent(visitor: httpx.AsyncClient) -> None:
    dossier = await cleo()

    answer = await visitor.post(f"{await parents_link(dossier)}/give", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert await state_of(dossier) == ["pending"]


async def test_the_parent_s_page_asks_the_database_little(visitor: httpx.AsyncClient) -> None:
    link = await parents_link(await cleo())

    with counted() as statements:
        await visitor.get(link)

    assert len(statements) <= 6


# --- the form on paper -----------------------------------------------------------------------------------


async def test_the_paper_form_names_child_event_date_place_and_leaves_blanks(visitor: httpx.AsyncClient) -> None:
    slot = await evening_slot(title="Soudure du soir")
    dossier = await cleo(slot)

    page = await read(visitor, f"{link_of(dossier)}/authorisation")

    for words in (NAME, "Soudure du soir", "Atelier, 62510 Arques", dossier.code, "First and last name", "Signature"):
        assert words in page.words
    for words in ("Telephone on that day", "Date", "contact@campus.test", "Hand it in before"):
        assert words in page.words
    assert page.all("script") == []
    assert page.all("form") == []


@pytest.mark.parametrize("end", ["confirmed", "given", "cancelled", "erased"])
async def test_there_is_no_paper_form_where_no_parent_is_asked(visitor: httpx.AsyncClient, end: str) -> None:
    dossier = await make_booking(await make_slot()) if end == "confirmed" else await cleo()
    if end == "given":
        await pending.authorise(dossier)
    elif end == "cancelled":
        await changes.cancel(dossier)
    elif end == "erased":
        await erasure.erase(dossier)

    assert "Nothing is awaited any more" in (await read(visitor, f"{link_of(dossier)}/authorisation", 409)).words


async def test_a_minor_s_way_from_the_form_to_the_confirmation(visitor: httpx.AsyncClient) -> None:
    answer = await ask(visitor, await evening_slot())
    link = answer.headers["location"].partition("?")[0]
    [row] = await db.fetch("SELECT * FROM dossier")
    dossier = Dossier(**dict(row), _exists_in_db=True)

    await send(visitor, f"{await parents_link(dossier)}/give")

    assert "You have a seat" in (await read(visitor, link)).words
    assert [letter for letter, *_ in await letters_about(dossier)] == ["pending", "confirmation"]
    assert [letter for letter, _ in await letters_to_guardian(dossier)] == ["authorisation"]
