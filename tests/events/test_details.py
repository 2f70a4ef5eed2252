"""Everything that the page of one event says."""

from datetime import timedelta
from uuid import uuid4

import pytest

from service import db
from service.events import details
from service.events.details import UnknownEvent
from tests.makers import make_event, make_organisation, make_slot

DAY = timedelta(days=1)


async def test_the_page_of_an_event_has_all_its_slots_past_ones_too() -> None:
    host = await make_organisation(name="Verrerie d’Arques", town="Arques")
    event = await make_event(host=host.id, age_min=15, speaker="Mme Petit", access="Bus 4")
    later, past = await make_slot(event=event), await make_slot(event=event, starts_in=-DAY)
    page = await details.event_page(event.slug)
    assert [slot.slot_id for slot in page.slots] == [past.id, later.id]
    assert (page.host_name, page.host_town, page.speaker, page.access) == (
        "Verrerie d’Arques",
        "Arques",
        "Mme Petit",
        "Bus 4",
    )
    assert (page.has_age_rule, page.requirements) == (True, ["Chaussures fermées"])
    assert not (await details.event_page((await make_event()).slug)).has_age_rule


async def test_an_event_is_found_by_its_number_once_it_is_published() -> None:
    event, draft = await make_event(), await make_event(state="draft")
    page = await details.event_page(event.slug)

    assert await details.slug_of(page.number) == event.slug
    assert await details.published() == [event.slug]
    with pytest.raises(UnknownEvent):
        await details.event_page(draft.slug)
    with pytest.raises(UnknownEvent):
        await details.slug_of(page.number + 1)


async def test_the_staff_sees_the_page_of_a_draft() -> None:
    slot = await make_slot(event=await make_event(title="Ébauche"))
    await db.fetch("UPDATE event SET state = 'draft'")
    page = await details.preview(slot.event_id)

    assert (page.title, [one.slot_id for one in page.slots]) == ("Ébauche", [slot.id])
    with pytest.raises(UnknownEvent):
        await details.preview(uuid4())
