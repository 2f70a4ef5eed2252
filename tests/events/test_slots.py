"""One slot as its booking rules and its letters see it."""

from datetime import UTC, timedelta
from uuid import uuid4

import pytest

from service import clock
from service.events import slots
from service.events.slots import UnknownSlot
from service.events.tables import closing
from tests.makers import at_paris, make_event, make_organisation, make_slot


async def test_a_slot_is_loaded_with_what_its_event_says() -> None:
    host = await make_organisation(name="Verrerie d’Arques")
    event = await make_event(host=host.id, title="Visite", slug="visite", age_min=15, levels=["3e"])
    slot = await make_slot(capacity=12, event=event)
    assert (slot.event_id, slot.slug, slot.title, slot.host_name) == (event.id, "visite", "Visite", "Verrerie d’Arques")
    assert (slot.seats_left, slot.age_min, slot.levels) == (12, 15, ["3e"])
    assert (slot.requirements, slot.takes_individuals) == (["Chaussures fermées"], True)


async def test_a_slot_is_loaded_for_its_own_event_only() -> None:
    slot, other = await make_slot(), await make_slot()
    assert (await slots.load(slot.id, of=slot.slug)).id == slot.id
    with pytest.raises(UnknownSlot):
        await slots.load(slot.id, of=other.slug)
    with pytest.raises(UnknownSlot):
        await slots.load(slot.id, of="")
    with pytest.raises(UnknownSlot):
        await slots.load(uuid4())


async def test_the_slot_of_a_draft_is_unknown() -> None:
    with pytest.raises(UnknownSlot):
        await make_slot(event=await make_event(state="draft"))


async def test_a_slot_has_started_at_its_start_and_not_before() -> None:
    slot = await make_slot()
    with clock.at(slot.starts_at - timedelta(seconds=1)):
        assert not slot.has_started
    with clock.at(slot.starts_at):
        assert slot.has_started


async def test_a_slot_is_called_off_with_its_event_or_alone() -> None:
    event = await make_event()
    kept, gone = await make_slot(event=event), await make_slot(event=event, state="called_off")
    whole = await make_slot(event=await make_event(state="called_off"))
    assert [slot.is_called_off for slot in (kept, gone, whole)] == [False, True, True]


@pytest.mark.parametrize(
    ("starts", "days", "closes"),
    [
        ("2026-11-24 14:00", 0, "2026-11-24 14:00"),
        ("2026-11-24 14:00", 3, "2026-11-21 14:00"),
        ("2027-03-29 14:00", 3, "2027-03-26 14:00"),
        ("2026-10-26 09:00", 2, "2026-10-24 09:00"),
        ("2027-01-02 14:00", 3, "2026-12-30 14:00"),
    ],
)
async def test_a_list_closes_at_the_same_time_of_day_so_many_days_before(starts: str, days: int, closes: str) -> None:
    event = await make_event(list_closes_days=days)
    for moment in (at_paris(starts), at_paris(starts).astimezone(UTC)):
        assert closing(moment, event) == at_paris(closes)


async def test_what_a_letter_tells_of_a_slot_is_plain_values() -> None:
    event = await make_event(title="Visite", slug="visite", contact_email="vv@exemple.test")
    slot = await make_slot(event=event, starts_at=at_paris("2026-10-25 02:30").replace(fold=1))
    facts = slots.as_facts(slot)
    assert (facts["starts_at"], facts["ends_at"]) == ("2026-10-25T01:30:00+00:00", "2026-10-25T03:30:00+00:00")
    assert sorted(facts) == [
        "contact_email", "ends_at", "host_name", "kind", "place", "requirements", "slug", "starts_at", "title",
    ]  # fmt: skip
