"""The demonstration's season: every situation stands in it, and loading it again changes nothing."""

from typing import Any

from service import db, i18n
from service.attendance import presence
from service.events import agenda, details
from service.operations import checks, demo

ROWS = """
SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM slot) AS slots,
       (SELECT count(*) FROM booking) AS bookings, (SELECT sum(seats_taken) FROM slot) AS seats,
       (SELECT md5(string_agg(code || email, ',' ORDER BY id)) FROM dossier) AS people,
       (SELECT count(*) FROM email) AS letters
"""


async def _rows() -> dict[str, Any]:
    return dict((await db.fetch(ROWS))[0])


async def _seats_left(slug: str) -> list[int]:
    return [slot.seats_left for slot in (await details.event_page(slug)).slots]


async def test_twelve_events_stand_on_days_that_follow_today() -> None:
    assert await demo.load()

    rows = await _rows()
    assert (rows["events"], rows["slots"], rows["letters"]) == (12, 19, 1)  # the offer
    found = await agenda.upcoming(agenda.Filters())
    assert found.weeks[0].cards[0].starts_at.date() >= i18n.today()
    assert await checks.unbalanced_slots() == []


async def test_one_is_full_one_has_a_single_seat_one_is_empty_one_is_past_with_presence() -> None:
    await demo.load()

    assert await _seats_left("visite-tableaux-electriques") == [0]
    assert await _seats_left("atelier-cobot") == [1]
    assert await _seats_left("visite-logistique") == [30]
    past = await details.event_page("atelier-vision-ia")
    assert (past.is_over, await presence.people_at(past.id)) == (True, 12)


async def test_queues_stand_where_events_are_full_and_one_seat_is_being_offered() -> None:
    await demo.load()

    rows = await db.fetch("SELECT state, count(*)::int AS n FROM booking WHERE state <> 'confirmed' GROUP BY state")
    assert {row["state"]: row["n"] for row in rows} == {"waiting": 3 + 4 + 2, "offered": 1}
    assert (await checks.unbalanced_slots(), await checks.idle_slots()) == ([], [])


async def test_loading_it_twice_changes_nothing() -> None:
    await demo.load()
    before = await _rows()

    assert not await demo.load()
    assert await _rows() == before


async def test_a_colon_of_a_title_never_begins_a_line() -> None:
    await demo.load()

    assert (
        await details.event_page("visite-verrerie")
    ).title == "Verre et robots\u00a0: une ligne de production automatisée"
