"""The form for a class: what it asks, what it proposes when the class does not fit, and what it keeps."""

from typing import Any

import httpx
import pytest

from service.bookings import dossiers
from service.bookings.plans import NOBODY, Party
from service.events import partners
from service.events.slots import BookableSlot
from service.events.tables import Event
from tests.bookings.classes import WEEK, a_class, class_event, class_slot, has
from tests.bookings.harness import booked, held
from tests.makers import a_pupil, link_of, make_event, make_slot
from tests.visits import Page, counted, dump, send

TYPED = {
    "last_name": "Cappelaere", "first_name": "Manon", "email": "m.cappelaere@lycee.test", "school": "LYPSO",
    "class_label": "2de 4", "pupils": "28", "chaperones": "3", "outing": "compulsory",
}  # fmt: skip


async def ask(visitor: httpx.AsyncClient, slot: BookableSlot, /, **changes: Any) -> httpx.Response:
    """Send the class's form."""
    return await send(visitor, f"/events/{slot.slug}/class", {**TYPED, "slot": str(slot.id), **changes}, lang="en")


async def shown(visitor: httpx.AsyncClient, path: str) -> Page:
    answer = await visitor.get(path, params={"lang": "en"})
    assert answer.status_code == 200
    return Page.of(answer)


async def three_slots(**values: Any) -> tuple[Event, list[BookableSlot]]:
    event = await class_event(**{"group_max": 12, "chaperone_ratio": 12, "chaperones_min": 1} | values)
    return event, [await make_slot(13, event=event, starts_in=weeks * WEEK) for weeks in (1, 2, 3)]


async def dossier_behind(answer: httpx.Response) -> Any:
    token = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    return await dossiers.by_token(token)


async def test_a_class_is_booked_with_eight_fields_and_no_name_of_a_pupil(visitor: httpx.AsyncClient) -> None:
    answer = await ask(visitor, slot := await class_slot(40), girls="12", needs="Un fauteuil")

    assert answer.status_code == 303
    dossier = await dossier_behind(answer)
    assert await has(dossier) == [("option", 28, 3)]
    assert (dossier.class_label, dossier.outing, dossier.girls, dossier.needs) == (
        "2de 4", "compulsory", 12, "Un fauteuil",
    )  # fmt: skip
    page = await shown(visitor, answer.headers["location"].partition("?")[0])
    assert "Your seats are held: please confirm" in page.words
    assert "28 pupils and 3 chaperones" in page.words
    assert await held(slot) == 31


async def test_the_form_is_there_only_where_the_event_takes_classes(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    for answer in (await visitor.get(f"/events/{slot.slug}/class"), await ask(visitor, slot)):
        assert answer.status_code == 404
    assert (await visitor.get("/events/nowhere/class")).status_code == 404
    event = await make_event(takes_classes=True, takes_individuals=False)
    await make_slot(event=event)
    page = await shown(visitor, f"/events/{event.slug}")
    assert page.all("a", href=f"/events/{event.slug}/class?lang=en")
    assert not page.all("input", name="email")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_name": ""}, "Please type your last name."),
        ({"first_name": " "}, "Please type your first name."),
        ({"email": "nobody"}, "This is no e-mail address. It looks like name@example.org."),
        ({"school": ""}, "Please name your school."),
        ({"class_label": ""}, "Please name the class."),
        ({"class_label": "x" * 61}, "At most 60 characters, please."),
        ({"pupils": ""}, "Please say how many pupils come."),
        ({"pupils": "0"}, "A number from 1 to 999, please."),
        ({"pupils": "-3"}, "A number from 1 to 999, please."),
        ({"pupils": "٣"}, "A number from 1 to 999, please."),
        ({"pupils": "9" * 30}, "A number from 1 to 999, please."),
        ({"chaperones": ""}, "Please say how many adults come with them."),
        ({"chaperones": "100"}, "A number from 0 to 99, please."),
        ({"outing": ""}, "Please say what kind of outing it is."),
        ({"outing": "holiday"}, "Please say what kind of outing it is."),
        ({"girls": "29"}, "There cannot be more girls than pupils."),
        ({"needs": "x" * 301}, "At most 300 characters, please."),
        ({"slot": "nowhere"}, "Please choose a date."),
    ],
)
async def test_a_mistake_is_told_beside_its_field_and_everything_typed_is_kept(
    visitor: httpx.AsyncClient, changes: dict[str, str], sentence: str
) -> None:
    before = await dump()
    answer = await ask(visitor, await class_slot(40), **changes)
    page = Page.of(answer)
    assert answer.status_code == 422
    assert sentence in page.words
    kept = {name: typed for name, typed in TYPED.items() if name not in changes and name != "outing"}
    assert {one["name"]: one.get("value") for one in page.all("input") if one.get("name") in kept} == kept
    assert {table: rows for table, rows in (await dump()).items() if rows != before[table]}.keys() <= {
        "event", "slot", "organisation",
    }  # fmt: skip


async def test_what_is_proposed_over_three_slots_is_taken_with_one_button(visitor: httpx.AsyncClient) -> None:
    event, [first, second, third] = await three_slots()
    answer = await ask(visitor, first)
    page = Page.of(answer)
    assert answer.status_code == 409
    assert "12 pupils and 1 chaperone" in page.words
    assert "4 pupils and 1 chaperone" in page.words

    [plan] = [one["value"] for one in page.all("input", name="plan")]
    taken = await ask(visitor, first, plan=plan)
    assert taken.status_code == 303
    assert await has(await dossier_behind(taken)) == [("option", 12, 1), ("option", 12, 1), ("option", 4, 1)]
    assert [await held(slot) for slot in (first, second, third)] == [13, 13, 5]
    assert event.slug == first.slug


async def test_eighteen_now_and_the_rest_on_the_waiting_list_with_one_button(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(30)
    for _ in range(12):
        await booked(slot, a_pupil())
    page = Page.of(await ask(visitor, slot, chaperones="0"))
    assert "18 now, 10 on the waiting list" in page.words
    [plan] = [one["value"] for one in page.all("input", name="plan")]
    taken = await ask(visitor, slot, chaperones="0", plan=plan)
    assert await has(await dossier_behind(taken)) == [("option", 18, 0), ("waiting", 10, 0)]


async def test_too_few_chaperones_are_answered_with_the_number_needed_and_one_button(
    visitor: httpx.AsyncClient,
) -> None:
    slot = await class_slot(60, chaperone_ratio=10)
    page = Page.of(await ask(visitor, slot, chaperones="2"))
    assert "So many pupils need 3 chaperones." in page.words
    [plan] = [one["value"] for one in page.all("input", name="plan")]
    taken = await ask(visitor, slot, chaperones="2", plan=plan)
    assert await has(await dossier_behind(taken)) == [("option", 28, 3)]


async def test_a_proposal_that_somebody_else_took_meanwhile_is_answered_with_a_new_one(
    visitor: httpx.AsyncClient,
) -> None:
    _, [first, second, _] = await three_slots()
    [plan] = [one["value"] for one in Page.of(await ask(visitor, first)).all("input", name="plan")]
    await booked(second, a_pupil())

    answer = await ask(visitor, first, plan=plan)
    assert answer.status_code == 409
    [other] = [one["value"] for one in Page.of(answer).all("input", name="plan")]
    assert other != plan
    assert (await ask(visitor, first, plan=other)).status_code == 303


async def test_a_plan_of_other_pupils_or_of_another_event_takes_nothing(visitor: httpx.AsyncClient) -> None:
    _, [first, *_] = await three_slots()
    stranger = await class_slot(40)
    [plan] = [one["value"] for one in Page.of(await ask(visitor, first)).all("input", name="plan")]
    assert (await ask(visitor, first, pupils="30", plan=plan)).status_code == 409
    for forged in (f"{stranger.id.hex}:28.3-0.0", "x", f"{first.id.hex}:28.0-0.0"):
        assert (await ask(visitor, first, plan=forged)).status_code == 409
    assert [await held(slot) for slot in (first, stranger)] == [0, 0]


async def test_a_class_larger_than_the_event_allows_is_told_so(visitor: httpx.AsyncClient) -> None:
    answer = await ask(visitor, await class_slot(60, class_seats_max=30))
    assert answer.status_code == 409
    assert "At most 30 seats for a class, chaperones included." in Page.of(answer).words
    assert not Page.of(answer).all("input", name="plan")


async def test_a_full_slot_takes_the_class_on_its_waiting_list_from_the_same_form(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(31)
    await a_class(slot)
    page = await shown(visitor, f"/events/{slot.slug}/class")
    [queue] = [one["value"] for one in page.all("input", name="slot")]
    answer = await ask(visitor, slot, slot=queue, class_label="1re A")
    assert await has(await dossier_behind(answer)) == [("waiting", 28, 3)]
    page = await shown(visitor, answer.headers["location"].partition("?")[0])
    assert "Your class is number 1 on the waiting list" in page.words


async def test_the_same_class_twice_is_answered_like_a_stranger(visitor: httpx.AsyncClient) -> None:
    await ask(visitor, slot := await class_slot(100))
    answer = await ask(visitor, slot)
    assert "Check your mailbox" in Page.of(answer).words
    assert await held(slot) == 31


async def test_a_form_sent_twice_books_once(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(100)
    first, second = await ask(visitor, slot, key="k"), await ask(visitor, slot, key="k")
    assert first.headers["location"] == second.headers["location"]
    assert (await ask(visitor, slot, key="k", pupils="20")).status_code == 422


async def test_a_robot_fills_the_field_that_nobody_sees_and_books_nothing(visitor: httpx.AsyncClient) -> None:
    assert (await ask(visitor, slot := await class_slot(40), website="x")).status_code == 200
    assert await held(slot) == 0


async def test_the_next_form_is_filled_in_from_the_link_never_from_an_address(visitor: httpx.AsyncClient) -> None:
    dossier = await a_class(slot := await class_slot(100))
    token = link_of(dossier).rpartition("/")[2]
    for like, known in ((token, "m.cappelaere@lycee.test"), ("wrong", ""), (dossier.email, "")):
        answer = await visitor.get(f"/events/{slot.slug}/class", params={"like": like})
        [field] = Page.of(answer).all("input", name="email")
        assert field["value"] == known
    answer = await visitor.get(f"/events/{slot.slug}/class", params={"like": token})
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")


async def test_seats_kept_for_individuals_are_not_shown_to_a_class(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(40, kept_for_individuals=15)
    page = await shown(visitor, f"/events/{slot.slug}/class")
    assert "25 seats left" in page.words
    assert (await ask(visitor, slot)).status_code == 409
    assert (await ask(visitor, slot, pupils="22")).status_code == 303


async def test_a_partners_link_opens_the_partners_share_to_a_class(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(40, kept_for_partners=15)
    token = partners.token_of(slot.event_id)
    assert (await ask(visitor, slot)).status_code == 409
    assert (await ask(visitor, slot, partner=token)).status_code == 303


async def test_the_form_costs_two_statements_however_many_dates_there_are(visitor: httpx.AsyncClient) -> None:
    event = await class_event()
    for number in (1, 3):
        await make_slot(event=event, starts_in=number * WEEK)
        with counted() as statements:
            await visitor.get(f"/events/{event.slug}/class")
        assert len(statements) == 2


async def test_a_class_waits_as_a_whole_where_no_seat_is_left_in_any_slot(visitor: httpx.AsyncClient) -> None:
    slot = await class_slot(31)
    await a_class(slot)
    page = Page.of(await ask(visitor, slot, class_label="1re A"))
    assert "All on the waiting list" in page.words
    [plan] = [one["value"] for one in page.all("input", name="plan")]
    taken = await ask(visitor, slot, class_label="1re A", plan=plan)
    assert await has(await dossier_behind(taken)) == [("waiting", 28, 3)]
    assert Party() == NOBODY
