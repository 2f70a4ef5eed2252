"""The page of a class: where it stands in each of its slots, and what its teacher can do there."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service import clock, db, i18n
from service.bookings import attendees, changes, groups, lapses, offers, pending, seats, waiting
from service.bookings.names import Name
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.tables import Booking, Dossier
from service.events.slots import BookableSlot
from service.people import delivery
from tests.bookings.classes import TEACHER, WEEK, a_class, again, class_event, class_slot, end_of, has, over
from tests.bookings.harness import held
from tests.makers import BEN, a_pupil, link_of, make_booking, make_slot
from tests.visits import Page, counted, send

HELD = Party(12, 2)
DAY = timedelta(days=1)


async def look(visitor: httpx.AsyncClient, dossier: Dossier, **query: str) -> Page:
    """The page behind the link, which must be there."""
    answer = await visitor.get(link_of(dossier), params={"lang": "en", **query})
    assert answer.status_code == 200
    return Page.of(answer)


async def press(visitor: httpx.AsyncClient, dossier: Dossier, verb: str, /, **fields: Any) -> httpx.Response:
    """Send one of the forms of the page."""
    return await send(visitor, f"{link_of(dossier)}/{verb}", fields, lang="en")


async def count(
    visitor: httpx.AsyncClient, dossier: Dossier, slot: BookableSlot, pupils: Any, chaperones: Any, **more: str
) -> httpx.Response:
    """Send the numbers of one slot."""
    here = slot.id.hex
    fields = {f"pupils_{here}": pupils, f"chaperones_{here}": chaperones, **more}
    return await press(visitor, dossier, "numbers", slot=here, **fields)


async def follow(visitor: httpx.AsyncClient, answer: httpx.Response) -> Page:
    """The page that a 303 leads to."""
    assert answer.status_code == 303
    return Page.of(await visitor.get(answer.headers["location"]))


def verbs(page: Page) -> list[str]:
    """What the buttons of the page do, but for those of the details."""
    sent = [form["action"].partition("?")[0].rpartition("/")[2] for form in page.all("form", method="post")]
    return [verb for verb in sent if verb not in ("erase", "email")]


def titles(page: Page) -> str:
    """The words of the page, with single blanks."""
    return " ".join(page.words.split())


async def three(**values: Any) -> list[BookableSlot]:
    """Three slots of one event that takes classes, a week apart."""
    event = await class_event(**values)
    return [await make_slot(15, event=event, starts_in=weeks * WEEK) for weeks in (1, 2, 3)]


async def option() -> Dossier:
    return await a_class(await class_slot(40))


async def confirmed() -> Dossier:
    return await a_class(await class_slot(40, option_days=None))


async def awaiting_approval() -> Dossier:
    return await a_class(await class_slot(40, needs_approval=True))


async def refused() -> Dossier:
    dossier = await awaiting_approval()
    [booking] = await Booking.objects().where(Booking.dossier == dossier.id)
    await pending.refuse(booking.id, "le groupe est complet", "ada")
    return dossier


async def unanswered() -> Dossier:
    return await lapsing(await awaiting_approval())


async def waits() -> Dossier:
    slot = await class_slot(31)
    await a_class(slot, label="1re A")
    return await a_class(await again(slot), NOBODY, later=Party(28, 3))


async def offered() -> Dossier:
    slot = await class_slot(31)
    first = await a_class(slot, label="1re A")
    dossier = await a_class(await again(slot), NOBODY, later=Party(28, 3))
    await changes.cancel(first)
    return dossier


async def declined() -> Dossier:
    dossier = await offered()
    await offers.decline(dossier)
    return dossier


async def left() -> Dossier:
    dossier = await waits()
    await changes.cancel(dossier)
    return dossier


async def cancelled() -> Dossier:
    dossier = await option()
    await changes.cancel(dossier)
    return dossier


async def lapsing(dossier: Dossier) -> Dossier:
    await db.fetch("UPDATE booking SET expires_at = $2 WHERE dossier = $1", dossier.id, clock.now())
    await lapses.expire()
    return dossier


async def lapsed() -> Dossier:
    return await lapsing(await option())


async def past() -> Dossier:
    dossier = await confirmed()
    await move(dossier, -5 * WEEK)
    return dossier


async def called_off() -> Dossier:
    dossier = await confirmed()
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'panne de four'")
    return dossier


async def move(dossier: Dossier, by: timedelta) -> None:
    """Put the slots of the dossier elsewhere in time."""
    await db.fetch(
        "UPDATE slot SET starts_at = starts_at + $2::interval, ends_at = ends_at + $2::interval,"
        " closes_at = closes_at + $2::interval WHERE id IN (SELECT slot FROM booking WHERE dossier = $1)",
        dossier.id,
        by,
    )


# --- where it stands -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "heading", "state", "does"),
    [
        (option, "Your seats are held: please confirm", "Held, to confirm", ["confirm", "numbers", "cancel"]),
        (confirmed, "Your class is booked", "Confirmed", ["numbers", "cancel"]),
        (awaiting_approval, "Your class awaits the organisers’ decision", "Awaiting approval", ["numbers", "cancel"]),
        (waits, "Your class is number 1 on the waiting list", "On the waiting list", ["numbers", "cancel"]),
        (offered, "Seats are free for your class", "Offered to you", ["accept", "decline", "cancel"]),
        (declined, "You declined the seats", "Declined", []),
        (left, "You have left the waiting list", "Cancelled", []),
        (cancelled, "The booking of your class is cancelled", "Cancelled", ["restore"]),
        (refused, "No seat this time", "Not accepted", []),
        (unanswered, "The agreement did not come in time", "Without an answer", []),
        (lapsed, "Your seats are no longer held", "No longer held", []),
        (past, "This event is over", "Over", []),
        (called_off, "This date is called off", "panne de four", []),
    ],
)
async def test_the_page_says_where_the_class_stands_and_offers_what_can_be_done(
    visitor: httpx.AsyncClient, standing: Any, heading: str, state: str, does: list[str]
) -> None:
    page = await look(visitor, await standing())

    assert heading in page.words
    assert state in page.words
    assert "28 pupils and 3 chaperones" in page.words
    assert [verb for verb in verbs(page) if verb != "rejoin"] == does


async def test_an_option_says_until_when_its_seats_are_held(visitor: httpx.AsyncClient) -> None:
    dossier = await option()
    page = await look(visitor, dossier)
    [until] = [one["datetime"] for one in page.all("time") if "class" not in one]
    assert until == i18n.local(await end_of(dossier)).isoformat(timespec="minutes")
    assert page.all("form", action=f"{link_of(dossier)}/confirm?lang=en")


async def test_a_class_with_an_option_and_an_offer_is_asked_for_both_the_sooner_first(
    visitor: httpx.AsyncClient,
) -> None:
    first, second, _ = await three()
    other = await a_class(second, Party(13, 1), label="1re A")
    dossier = await groups.book([Part(first.id, HELD), Part(second.id, NOBODY, HELD)], TEACHER)
    await changes.cancel(other)

    page = await look(visitor, dossier)

    answers = [verb for verb in verbs(page) if verb in ("confirm", "accept", "decline")]
    assert answers == ["accept", "decline", "confirm"]
    assert len([one for one in page.all("time") if "class" not in one]) == 2


async def test_each_slot_has_its_date_its_numbers_and_its_own_state(visitor: httpx.AsyncClient) -> None:
    first, second, third = await three()
    await a_class(second, Party(13, 1), label="1re A")
    plan = [Part(first.id, HELD), Part(second.id, NOBODY, HELD), Part(third.id, Party(4, 1))]
    dossier = await groups.book(plan, TEACHER)
    await changes.cancel(dossier, slot=third.id)

    page = await look(visitor, dossier)

    said = [" ".join(one.split()) for one in re.split(r"Held, to confirm|On the waiting list|Cancelled", page.words)]
    assert [("12 pupils" in one, "4 pupils and 1" in one) for one in said[1:]] == [
        (True, False), (True, False), (False, True),
    ]  # fmt: skip
    starts = [i18n.local(slot.starts_at).isoformat(timespec="minutes") for slot in (first, second, third)]
    assert [one["datetime"] for one in page.all("time", **{"class": "date"})] == starts


async def test_what_waits_for_the_rest_stands_below_what_the_class_has(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(31)
    await a_class(slot, Party(10, 1), label="1re A")
    dossier = await a_class(await again(slot), Party(18, 2), later=Party(10, 1))

    page = await look(visitor, dossier)

    assert "18 pupils and 2 chaperones" in page.words
    assert "11 more people are on the waiting list. Position: 1." in titles(page)
    assert page.typed(f"pupils_{slot.id.hex}") == "28"


async def test_a_list_that_closed_without_a_seat_is_said_before_a_worker_ends_it(visitor: httpx.AsyncClient) -> None:
    dossier = await waits()
    await db.fetch("UPDATE slot SET closes_at = $1", clock.now())
    page = await look(visitor, dossier)
    assert "No seat came free" in page.words
    assert verbs(page) == []
    await waiting.expire()


@pytest.mark.parametrize(
    ("standing", "heading"),
    [
        (option, "Your seats are no longer held"),
        (awaiting_approval, "The agreement did not come in time"),
        (offered, "The offer is over"),
    ],
)
async def test_a_hold_that_ran_out_is_over_before_a_worker_ends_it(
    visitor: httpx.AsyncClient, standing: Any, heading: str
) -> None:
    dossier = await standing()
    with clock.at(await end_of(dossier)):
        page = await look(visitor, dossier)
    assert heading in page.words
    assert [verb for verb in verbs(page) if verb != "rejoin"] == []


@pytest.mark.parametrize("standing", [lapsed, declined, left, refused, unanswered])
async def test_what_is_over_leads_to_the_form_with_the_teachers_details(
    visitor: httpx.AsyncClient, standing: Any
) -> None:
    dossier = await standing()
    page = await look(visitor, dossier)
    [again] = {link["href"] for link in page.all("a") if "/class" in link.get("href", "")}
    assert "Book again" in page.words
    form = Page.of(await visitor.get(again))
    assert form.typed("email") == dossier.email
    assert form.typed("class_label") == ""


async def test_the_form_of_a_next_class_is_one_link_away(visitor: httpx.AsyncClient) -> None:
    dossier = await option()
    [again] = {link["href"] for link in (await look(visitor, dossier)).all("a") if "like=" in link.get("href", "")}
    form = Page.of(await visitor.get(again))
    assert (form.typed("email"), form.typed("school")) == (dossier.email, dossier.school)


async def test_the_page_is_never_kept_or_indexed(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get(link_of(await option()))
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    assert Page.of(answer).all("meta", name="robots", content="noindex")


async def test_the_page_costs_the_same_statements_with_one_and_with_three_slots(visitor: httpx.AsyncClient) -> None:
    slots, spent = await three(), []
    for number in (1, 3):
        plan = [Part(slot.id, Party(2, 1), Party(3, 0)) for slot in slots[:number]]
        dossier = await groups.book(plan, replace(TEACHER, class_label=f"{number}"))
        with counted() as statements:
            await look(visitor, dossier)
        spent.append(len(statements))
    assert spent[0] == spent[1]


# --- confirming ------------------------------------------------------------------------------------------


async def test_one_button_confirms_every_option(visitor: httpx.AsyncClient) -> None:
    dossier = await over(await three(), HELD, HELD, Party(4, 1))
    page = await follow(visitor, await press(visitor, dossier, "confirm"))
    assert "Your class is booked" in page.words
    assert f"A letter is on its way to {dossier.email}." in page.words
    assert await has(dossier) == [("confirmed", 12, 2), ("confirmed", 12, 2), ("confirmed", 4, 1)]


async def test_confirming_twice_is_confirming_once(visitor: httpx.AsyncClient) -> None:
    dossier = await option()
    assert [(await press(visitor, dossier, "confirm")).status_code for _ in "12"] == [303, 303]
    assert await has(dossier) == [("confirmed", 28, 3)]


async def test_an_option_that_ran_out_is_not_confirmed_and_the_page_says_so(visitor: httpx.AsyncClient) -> None:
    dossier = await lapsed()
    answer = await press(visitor, dossier, "confirm")
    assert answer.status_code == 409
    assert "Your option is over" in Page.of(answer).words


# --- numbers ---------------------------------------------------------------------------------------------


async def test_fewer_pupils_free_their_seats_at_once(visitor: httpx.AsyncClient) -> None:
    dossier = await a_class(slot := await class_slot(40))
    page = await follow(visitor, await count(visitor, dossier, slot, 20, 2))
    assert "The new numbers are noted" in page.words
    assert "A letter with the new numbers leaves in five minutes." in page.words
    assert "20 pupils and 2 chaperones" in page.words
    assert await held(slot) == 22


async def test_who_finds_no_seat_is_told_and_the_form_stands_open_to_wait(visitor: httpx.AsyncClient) -> None:
    dossier = await a_class(slot := await class_slot(33))
    page = await follow(visitor, await count(visitor, dossier, slot, 34, 3))
    assert "4 people find no seat" in page.words
    assert await has(dossier) == [("option", 30, 3)]
    assert page.all("details", **{"class": "fold", "open": ""})


async def test_with_the_box_ticked_who_finds_no_seat_waits(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(40)
    await a_class(slot, Party(8, 1), label="1re A")
    dossier = await a_class(await again(slot))
    answer = await count(visitor, dossier, slot, 34, 3, **{f"queue_{slot.id.hex}": "yes"})
    page = await follow(visitor, answer)
    assert "find no seat" not in page.words
    assert "6 more people are on the waiting list." in page.words
    assert await has(dossier) == [("option", 28, 3), ("waiting", 6, 0)]
    assert page.all("input", name=f"queue_{slot.id.hex}", checked="")


async def test_a_waiting_class_is_promised_no_letter_about_its_numbers(visitor: httpx.AsyncClient) -> None:
    dossier = await waits()
    [slot] = await Booking.select(Booking.slot).where(Booking.dossier == dossier.id)
    here = slot["slot"].hex
    answer = await press(visitor, dossier, "numbers", slot=here, **{f"pupils_{here}": 20, f"chaperones_{here}": 2})
    page = await follow(visitor, answer)
    assert "The new numbers are noted" in page.words
    assert "leaves in five minutes" not in page.words


@pytest.mark.parametrize(
    ("pupils", "chaperones", "field", "sentence"),
    [
        ("", "3", "pupils", "Please say how many pupils come."),
        ("0", "3", "pupils", "A number from 1 to 999, please."),
        ("many", "3", "pupils", "A number from 1 to 999, please."),
        ("28", "", "chaperones", "Please say how many adults come with them."),
        ("28", "100", "chaperones", "A number from 0 to 99, please."),
    ],
)
async def test_a_mistake_stands_beside_its_field_and_only_that_form_is_open(
    visitor: httpx.AsyncClient, pupils: str, chaperones: str, field: str, sentence: str
) -> None:
    slots = await three()
    dossier = await over(slots, HELD, HELD, Party(4, 1))
    answer = await count(visitor, dossier, slots[1], pupils, chaperones)
    page, here = Page.of(answer), slots[1].id.hex
    assert answer.status_code == 422
    assert sentence in page.words
    assert page.has_mistake(f"{field}_{here}")
    assert (page.typed(f"pupils_{here}"), page.typed(f"chaperones_{here}")) == (pupils, chaperones)
    assert page.typed(f"pupils_{slots[0].id.hex}") == "12"
    assert len([one for one in page.all("details", **{"class": "fold"}) if "open" in one]) == 1
    assert await has(dossier) == [("option", 12, 2), ("option", 12, 2), ("option", 4, 1)]


@pytest.mark.parametrize(
    ("capacity", "rules", "typed", "title"),
    [
        (60, {"chaperone_ratio": 10}, (28, 1), "More chaperones are needed"),
        (60, {"class_seats_max": 31}, (29, 3), "The class is too large"),
        (31, {}, (29, 3), "Not enough seats for your class"),
    ],
)
async def test_what_cannot_be_keeps_the_numbers_and_what_was_typed(
    visitor: httpx.AsyncClient, capacity: int, rules: dict[str, Any], typed: tuple[int, int], title: str
) -> None:
    dossier = await a_class(slot := await class_slot(capacity, **rules))
    answer = await count(visitor, dossier, slot, *typed)
    page = Page.of(answer)
    assert (answer.status_code, title in page.words) == (409, True)
    assert page.typed(f"pupils_{slot.id.hex}") == str(typed[0])
    assert page.all("details", **{"class": "fold", "open": ""})
    assert await has(dossier) == [("option", 28, 3)]


async def test_a_closed_list_lets_numbers_fall_only_and_says_so(visitor: httpx.AsyncClient) -> None:
    dossier = await a_class(slot := await class_slot(60))
    await db.fetch("UPDATE slot SET closes_at = $1", clock.now())
    page = await look(visitor, dossier)
    assert "The list is closed: numbers may only fall now." in page.words
    assert not page.all("input", name=f"queue_{slot.id.hex}")
    assert (await count(visitor, dossier, slot, 29, 3)).status_code == 409
    assert (await count(visitor, dossier, slot, 27, 3)).status_code == 303


async def test_numbers_of_a_slot_that_is_not_the_classs_are_refused(visitor: httpx.AsyncClient) -> None:
    dossier, other = await option(), await class_slot(40)
    for answer in (await count(visitor, dossier, other, 3, 1), await press(visitor, dossier, "numbers", slot="x")):
        assert answer.status_code == 409
        assert "There is nothing to change here" in Page.of(answer).words


# --- giving back, and taking it back ---------------------------------------------------------------------


async def test_the_whole_class_is_cancelled_with_one_tick(visitor: httpx.AsyncClient) -> None:
    slots = await three()
    dossier = await over(slots, HELD, HELD, Party(4, 1))
    answer = await press(visitor, dossier, "cancel")
    assert (answer.status_code, Page.of(answer).has_mistake("sure")) == (422, True)

    page = await follow(visitor, await press(visitor, dossier, "cancel", sure="yes"))

    assert "The booking of your class is cancelled" in page.words
    assert [await held(slot) for slot in slots] == [0, 0, 0]


async def test_one_date_is_given_up_with_its_own_tick(visitor: httpx.AsyncClient) -> None:
    slots = await three()
    dossier = await over(slots, HELD, HELD, Party(4, 1))
    here = slots[1].id.hex
    answer = await press(visitor, dossier, "cancel", slot=here, sure="yes")
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(f"sure_{here}")) == (422, True)
    assert len([one for one in page.all("details", **{"class": "fold"}) if "open" in one]) == 1

    page = await follow(visitor, await press(visitor, dossier, "cancel", slot=here, **{f"sure_{here}": "yes"}))

    assert "Your seats are held: please confirm" in page.words
    assert await has(dossier) == [("option", 12, 2), ("cancelled", 12, 2), ("option", 4, 1)]


async def test_a_single_date_has_one_way_to_be_cancelled(visitor: httpx.AsyncClient) -> None:
    assert verbs(await look(visitor, await option())).count("cancel") == 1


async def test_what_remains_may_be_cancelled_when_one_date_is_past(visitor: httpx.AsyncClient) -> None:
    slots = await three(option_days=None)
    dossier = await over(slots, HELD, HELD, Party(4, 1))
    with clock.at(slots[0].ends_at + DAY):
        page = await look(visitor, dossier)
        assert "Over" in page.words
        await follow(visitor, await press(visitor, dossier, "cancel", sure="yes"))
        assert await has(dossier) == [("confirmed", 12, 2), ("cancelled", 12, 2), ("cancelled", 4, 1)]
        assert "This event is over" in (await look(visitor, dossier)).words


async def test_a_cancelled_class_is_taken_back_as_a_whole(visitor: httpx.AsyncClient) -> None:
    dossier = await over(await three(), HELD, HELD, Party(4, 1))
    await changes.cancel(dossier)
    page = await follow(visitor, await press(visitor, dossier, "restore"))
    assert "Your seats are held: please confirm" in page.words
    assert await has(dossier) == [("option", 12, 2), ("option", 12, 2), ("option", 4, 1)]


async def test_one_date_is_taken_back_alone(visitor: httpx.AsyncClient) -> None:
    slots = await three()
    dossier = await over(slots, HELD, HELD, Party(4, 1))
    for slot in slots[1:]:
        await changes.cancel(dossier, slot=slot.id)
    assert verbs(await look(visitor, dossier)).count("restore") == 2
    await follow(visitor, await press(visitor, dossier, "restore", slot=slots[2].id.hex))
    assert await has(dossier) == [("option", 12, 2), ("cancelled", 12, 2), ("option", 4, 1)]


async def test_seats_that_others_have_by_now_are_not_taken_back(visitor: httpx.AsyncClient) -> None:
    dossier = await a_class(slot := await class_slot(31))
    await changes.cancel(dossier)
    await seats.book(await again(slot), a_pupil())
    answer = await press(visitor, dossier, "restore")
    assert (answer.status_code, await held(slot)) == (409, 1)


# --- the waiting list ------------------------------------------------------------------------------------


async def test_an_offer_is_taken_for_the_whole_class(visitor: httpx.AsyncClient) -> None:
    dossier = await offered()
    page = await follow(visitor, await press(visitor, dossier, "accept"))
    assert "Your class is booked" in page.words
    assert await has(dossier) == [("confirmed", 28, 3)]


async def test_a_declined_offer_leads_back_with_one_button(visitor: httpx.AsyncClient) -> None:
    dossier = await offered()
    page = await follow(visitor, await press(visitor, dossier, "decline"))
    assert "You declined the seats" in page.words
    assert verbs(page) == ["rejoin"]
    page = await follow(visitor, await press(visitor, dossier, "rejoin"))
    assert "Your class is booked" in page.words


async def test_who_only_waits_leaves_the_list_and_gives_back_no_seat(visitor: httpx.AsyncClient) -> None:
    dossier = await waits()
    page = await look(visitor, dossier)
    assert "Yes, we leave the waiting list" in page.words
    assert "give our seats back" not in page.words
    page = await follow(visitor, await press(visitor, dossier, "cancel", sure="yes"))
    assert "You have left the waiting list" in page.words


async def test_an_answer_that_comes_too_late_is_told_so(visitor: httpx.AsyncClient) -> None:
    dossier = await declined()
    answer = await press(visitor, dossier, "accept")
    assert (answer.status_code, "You declined the seats" in Page.of(answer).words) == (409, True)


# --- the rest --------------------------------------------------------------------------------------------


async def test_the_names_are_a_link_away_and_told_as_long_as_they_are_missing(visitor: httpx.AsyncClient) -> None:
    dossier = await a_class(await class_slot(40, names_required_days=5), Party(2, 1))
    page = await look(visitor, dossier, **{"from": "mail"})
    assert "2 names are still missing. The site needs the names by" in titles(page)
    assert page.all("a", href=f"{link_of(dossier)}/names?from=mail&lang=en")
    [group] = await attendees.groups(dossier)
    await attendees.save(dossier, {group.id: [Name("DUPONT", "Marie"), Name("D’HÔTE", "Zoé")]})
    page = await look(visitor, dossier, names="saved")
    assert "The names are saved" in page.words
    assert "still missing" not in page.words


async def test_each_confirmed_date_has_its_own_calendar_file(visitor: httpx.AsyncClient) -> None:
    slots = await three(option_days=None)
    dossier = await over(slots, HELD, HELD, Party(4, 1))
    files = [link["href"] for link in (await look(visitor, dossier)).all("a") if ".ics" in link.get("href", "")]
    assert files == [f"{link_of(dossier)}/invitation.ics?slot={slot.id.hex}&lang=en" for slot in slots]
    read = [(await visitor.get(file)).text.replace("\r\n ", "") for file in files]
    assert len({re.search(r"UID:(.*)", one)[1] for one in read if "STATUS:CONFIRMED" in one}) == 3  # type: ignore[index]
    for slot, one in zip(slots, read, strict=True):
        assert f"{slot.starts_at:%Y%m%dT%H%M%SZ}" in one or i18n.local(slot.starts_at).strftime("%Y%m%dT%H%M%S") in one


async def test_the_calendar_file_is_that_of_the_seats_not_of_what_waits(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(31, option_days=None)
    await a_class(slot, Party(10, 1), label="1re A")
    dossier = await a_class(await again(slot), Party(18, 2), later=Party(10, 1))
    for query in ({}, {"slot": slot.id.hex}):
        assert (await visitor.get(f"{link_of(dossier)}/invitation.ics", params=query)).status_code == 200


async def test_an_option_has_no_calendar_file_yet(visitor: httpx.AsyncClient) -> None:
    dossier = await option()
    assert not [one for one in (await look(visitor, dossier)).all("a") if ".ics" in one.get("href", "")]
    assert (await visitor.get(f"{link_of(dossier)}/invitation.ics")).status_code == 404


async def test_a_wrong_address_is_corrected_and_the_old_link_ends(visitor: httpx.AsyncClient) -> None:
    dossier = await option()
    answer = await press(visitor, dossier, "email", email="manon@lycee.test")
    page = await follow(visitor, answer)
    assert "A letter is on its way to manon@lycee.test." in page.words
    assert (await visitor.get(link_of(dossier))).status_code == 404
    [letter] = await db.fetch("SELECT letter FROM email WHERE recipient = 'manon@lycee.test'")
    assert letter["letter"] == "class"


async def test_a_letter_that_did_not_arrive_is_told_with_the_way_to_correct_it(visitor: httpx.AsyncClient) -> None:
    dossier = await option()
    await delivery.mark_undeliverable(dossier.email, "550 no such user")
    page = await look(visitor, dossier, booked="yes")
    assert f"Our e-mail did not arrive at {dossier.email}." in page.words
    assert page.all("a", href="#email")
    assert "on its way" not in page.words


async def test_the_teachers_details_are_all_there_and_erased_with_one_tick(visitor: httpx.AsyncClient) -> None:
    dossier = await over(await three(), HELD, HELD, Party(4, 1))
    page = await look(visitor, dossier)
    for kept in (dossier.email, dossier.school, dossier.code, "12 girls", "Compulsory"):
        assert kept in titles(page)
    answer = await press(visitor, dossier, "erase")
    assert (answer.status_code, Page.of(answer).has_mistake("erase-sure")) == (422, True)
    page = await follow(visitor, await press(visitor, dossier, "erase", sure="yes"))
    assert dossier.email not in page.words
    assert await has(dossier) == [("cancelled", 12, 2), ("cancelled", 12, 2), ("cancelled", 4, 1)]


async def test_a_button_pressed_on_a_page_from_the_mail_shows_that_the_address_works(
    visitor: httpx.AsyncClient,
) -> None:
    dossier = await option()
    page = await look(visitor, dossier, **{"from": "mail"})
    assert len(page.all("input", name="from", value="mail")) == len(page.all("form", method="post"))
    answer = await press(visitor, dossier, "confirm", **{"from": "mail"})
    assert "from=mail" in answer.headers["location"]
    [row] = await Dossier.select(Dossier.address_answered_at).where(Dossier.id == dossier.id)
    assert row["address_answered_at"] is not None


@pytest.mark.parametrize(("verb", "title"), [("confirm", "Your option is over"), ("numbers", "nothing to change here")])
async def test_who_comes_alone_has_no_class_to_confirm_or_to_count(
    visitor: httpx.AsyncClient, verb: str, title: str
) -> None:
    dossier = await make_booking(slot := await make_slot(), BEN)
    here = slot.id.hex
    fields: dict[str, Any]
    for fields in ({}, {"slot": here}, {"slot": here, f"pupils_{here}": "3", f"chaperones_{here}": "1"}):
        answer = await press(visitor, dossier, verb, **fields)
        assert answer.status_code == 409
        assert title in Page.of(answer).words
        assert "Ben Delattre" in Page.of(answer).words
    assert await held(slot) == 1


async def test_odd_queries_change_nothing_of_the_page(visitor: httpx.AsyncClient) -> None:
    dossier = await option()
    for query in ({"missing": "9" * 9}, {"missing": "٣"}, {"counted": "x", "missing": "3"}, {"names": "x"}):
        page = await look(visitor, dossier, **query)
        assert not [word for word in ("find no seat", "are noted", "are saved") if word in page.words]


async def test_an_unknown_link_is_told_so(visitor: httpx.AsyncClient) -> None:
    for verb in ("confirm", "numbers"):
        assert (await send(visitor, f"/bookings/{'a' * 26}/{verb}", {})).status_code == 404
