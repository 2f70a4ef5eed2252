"""The demonstration's season: every situation stands in it, loading it again changes nothing, tomorrow it is new."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from service import clock, db, i18n
from service.attendance import presence
from service.attendance.tables import DoorGrant
from service.bookings import attendees, changes, erasure, options, pending
from service.bookings.class_emails import LETTERS as CLASS_LETTERS
from service.bookings.emails import LETTERS
from service.bookings.pending_emails import LETTERS as PENDING_LETTERS
from service.bookings.tables import Dossier, Message
from service.events import agenda, details
from service.events.shares import CLASS, PARTNER
from service.operations import checks, demo
from service.operations.demo import season, stories
from service.people import staff
from tests.bookings.classes import has
from tests.makers import make_booking, make_slot
from tests.operations.harness import everything

ROWS = """
SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM slot) AS slots,
       (SELECT count(*) FROM booking) AS bookings, (SELECT sum(seats_taken) FROM slot) AS seats,
       (SELECT md5(string_agg(code || email, ',' ORDER BY id)) FROM dossier) AS people,
       (SELECT count(*) FROM email) AS letters
"""
COUNTS = """
SELECT seats_taken AS taken, seats_waiting + coalesce((
    SELECT sum(seats) FROM booking WHERE booking.slot = slot.id AND state = 'offered' AND pupils = 0), 0)::int AS queued
FROM slot WHERE id = $1
"""
TO_READ = """
SELECT DISTINCT letter FROM email WHERE state = 'due' AND subject_kind NOT LIKE 'proposal%' ORDER BY 1
"""
DAY = timedelta(days=1)


async def _rows() -> dict[str, Any]:
    return dict((await db.fetch(ROWS))[0])


async def _seats_left(slug: str) -> list[int]:
    return [slot.seats_left for slot in (await details.event_page(slug)).slots]


async def _of(name: str) -> Dossier:
    return (await stories.found())[name].dossier


async def _letters_to(name: str) -> set[str]:
    dossier = await _of(name)
    rows = await db.fetch("SELECT letter FROM email WHERE state = 'due' AND recipient = $1", dossier.email)
    return {row["letter"] for row in rows}


async def test_sixteen_events_and_five_that_were_proposed_stand_on_days_that_follow_today() -> None:
    assert await demo.load()

    rows = await _rows()
    assert (rows["events"], rows["slots"]) == (16 + 5, 27 + 8)
    found = await agenda.upcoming(agenda.Filters())
    assert found.weeks[0].cards[0].starts_at.date() >= i18n.today()
    assert await checks.broken_rules() == []


async def test_each_slot_has_the_seats_and_the_queue_that_the_source_says() -> None:
    """Who is offered a seat of their own has left the queue a moment ago; a list that is over has none."""
    await demo.load()
    planned = season.read()

    counted = {}
    for event in planned.events:
        for turn, counts in enumerate(planned.counts[event.slug] if event.kind != "assembly" else ()):
            row = (await db.fetch(COUNTS, counts.slot.id))[0]
            is_over = counts.slot.ends_at < clock.now()
            counted[event.slug, turn] = (row["taken"], row["queued"] + (counts.waiting if is_over else 0))

    assert counted == {
        (event.slug, turn): (counts.taken, counts.waiting)
        for event in planned.events
        if event.kind != "assembly"
        for turn, counts in enumerate(planned.counts[event.slug])
    }


async def test_one_is_full_one_has_a_single_seat_one_is_empty_one_is_past_with_presence() -> None:
    await demo.load()

    assert await _seats_left("visite-tableaux-electriques") == [0]
    assert await _seats_left("atelier-cobot") == [1]
    assert await _seats_left("visite-logistique") == [30]
    past = await details.event_page("atelier-vision-ia")
    assert (past.is_over, await presence.people_at(past.id)) == (True, 12)


async def test_every_story_is_found_as_it_is_told() -> None:
    await demo.load()

    found = await stories.found()

    assert {name: story.has_moved for name, story in found.items()} == dict.fromkeys(stories.STORIES, False)


async def test_classes_are_over_three_slots_or_wait_for_their_rest() -> None:
    await demo.load()

    assert await has(await _of("three_slots")) == [
        ("confirmed", 12, 1),
        ("confirmed", 12, 1),
        ("confirmed", 4, 1),
    ]
    assert await has(await _of("rest_waits")) == [("confirmed", 12, 2), ("waiting", 3, 0)]


async def test_one_list_of_names_is_whole_and_one_is_half_done() -> None:
    await demo.load()

    [whole], [half] = [await attendees.groups(await _of(name)) for name in ("named", "half_named")]

    assert (whole.missing, len(half.names), half.missing) == (0, 4, 3)
    assert half.required_by is not None


async def test_seats_are_kept_for_classes_and_partners_and_a_partner_has_one() -> None:
    await demo.load()

    [slot] = (await details.event_page(stories.PARCOURS)).slots

    assert slot.room.kept == {CLASS: 40, PARTNER: 6}
    assert (slot.room.unused(CLASS), slot.room.unused(PARTNER)) == (10, 5)


async def test_the_letters_of_the_stories_wait_to_be_read_and_no_others() -> None:
    await demo.load()

    told = {row["letter"] for row in await db.fetch(TO_READ)}
    assert told == {
        "authorisation", "cancellation", "class", "confirmation", "offer", "option_lapsed", "option_reminder",
        "pending", "refused", "waiting",
    }  # fmt: skip
    assert told <= {*LETTERS, *CLASS_LETTERS, *PENDING_LETTERS}
    assert "option_reminder" in await _letters_to("option_ending")
    assert {"option_lapsed"} <= await _letters_to("option_lapsed")
    assert {"offer"} == await _letters_to("offered")


async def test_every_hold_stands_for_some_hours_at_least() -> None:
    await demo.load()

    [row] = await db.fetch(
        "SELECT min(expires_at) AS first FROM booking WHERE state IN ('option', 'pending', 'offered')"
    )
    assert row["first"] > clock.now() + timedelta(hours=20)


async def test_loading_it_twice_changes_nothing() -> None:
    await demo.load()
    before = await everything()

    assert not await demo.load()
    assert await everything() == before


async def test_two_starts_at_once_load_it_once() -> None:
    done = await asyncio.gather(demo.load(), demo.load())

    assert sorted(done) == [False, True]
    assert (await _rows())["events"] == 16 + 5


async def test_tomorrow_it_begins_anew() -> None:
    await demo.load()
    await options.confirm(await _of("option"))
    await erasure.erase(await _of("booked"))

    with clock.at(clock.now() + DAY):
        assert await demo.load()

        assert {story.has_moved for story in (await stories.found()).values()} == {False}
        assert set(await stories.found()) == set(stories.STORIES)
        assert (await _rows())["events"] == 16 + 5
        assert await checks.broken_rules() == []


async def test_what_visitors_left_in_its_office_goes_too() -> None:
    await demo.load()
    [slot] = await db.fetch("SELECT id, event FROM slot ORDER BY starts_at LIMIT 1")
    await Message.insert(Message(event=slot["event"], slot=slot["id"], recipients="confirmed", letters=0))
    await DoorGrant.insert(DoorGrant(person=await demo.organiser(), slot=slot["id"]))

    with clock.at(clock.now() + DAY):
        assert await demo.load()

    assert (await Message.count(), await DoorGrant.count()) == (0, 0)


async def test_what_is_not_of_the_demonstration_stays_when_it_begins_anew() -> None:
    await demo.load()
    own = await make_booking(await make_slot())

    with clock.at(clock.now() + DAY):
        await demo.load()

    assert await Dossier.exists().where(Dossier.id == own.id)
    assert (await db.fetch("SELECT count(*) AS n FROM email WHERE recipient = $1", own.email))[0]["n"] == 1


async def test_a_load_that_was_cut_short_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stories, "tell", cut)
        with pytest.raises(KeyboardInterrupt):
            await demo.load()

    assert await demo.load()
    assert (await _rows())["events"] == 16 + 5
    assert set(await stories.found()) == set(stories.STORIES)


async def test_a_story_that_somebody_tried_has_moved_on_and_one_that_was_erased_is_gone() -> None:
    await demo.load()
    await changes.cancel(await _of("booked"))
    await pending.authorise(await _of("minor"))
    await erasure.erase(await _of("waiting"))

    found = await stories.found()

    assert {name for name, story in found.items() if story.has_moved} == {"booked", "minor"}
    assert set(stories.STORIES) - set(found) == {"waiting"}


async def test_a_colon_of_a_title_never_begins_a_line() -> None:
    await demo.load()

    assert (
        await details.event_page("visite-verrerie")
    ).title == "Verre et robots\u00a0: une ligne de production automatisée"


async def test_who_opens_its_office_is_an_administrator_again_whatever_was_tried_with_roles() -> None:
    person = await demo.organiser()
    await staff.add("Somebody", "somebody@exemple.test", "admin", by="test")
    await staff.set_role(person, "door", by="test")
    assert await demo.organiser() == person
    await staff.leave(person, by="test")
    assert await demo.organiser() == person
    assert {one.id: one.role for one in await staff.everybody()}[person] == "admin"
