"""Editing an event: two at once, and nothing is lost silently."""

from uuid import UUID, uuid4

import pytest

from service import db
from service.events import editing
from service.events.contents import Content
from service.events.details import UnknownEvent
from service.events.editing import EventCalledOff
from service.events.versions import EditedMeanwhile
from service.people.organisations import Newcomer
from tests.bookings.harness import at_once
from tests.events.writing import ADA, BEN, journal_of, make_draft, row_of, says
from tests.makers import make_event
from tests.web.office.harness import somebody


async def edit(event: UUID, content: Content, version: int, by: str = ADA) -> list[str]:
    """The inner step in a transaction of its own."""
    async with db.transaction():
        return await editing.edit(event, content, version, by)


async def test_an_edit_changes_what_it_says_and_the_version() -> None:
    event = await make_draft()
    changed = await edit(event, await says(event, place="Hall B", requirements=["Gilet"], age_min=15), 0)

    row = await row_of(event)
    assert changed == ["place", "requirements", "age_min"]
    assert (row["place"], row["requirements"], row["age_min"], row["version"]) == ("Hall B", ["Gilet"], 15, 1)
    assert (await journal_of(event))[-1] == (ADA, "edit")


async def test_the_journal_names_the_fields_not_what_they_say() -> None:
    event = await make_draft()
    await edit(event, await says(event, contact_email="ada@campus.test"), 0)
    [row] = await db.fetch("SELECT facts FROM journal WHERE verb = 'edit'")
    assert row["facts"] == '{"changed": ["contact_email"], "version": 1}'


async def test_every_field_can_be_changed_and_comes_back_as_it_was() -> None:
    event = await make_draft()
    before = await says(event)
    other = Content(
        title="T", host=Newcomer("Fonderie", "company"), place="P", town="V", theme="X", summary="S",
        description="D\n\nE", speaker="A", contact_name="B", contact_email="c@campus.test", levels=["2de"],
        requirements=["R"], photos="non", access="Bus", id_document=True, age_min=16, takes_individuals=False,
        takes_classes=True, needs_approval=True, outside_school_time=True, option_days=None, class_seats_max=30,
        kept_for_classes=1, kept_for_individuals=2, kept_for_partners=3, kept_days=4, group_max=5,
        chaperone_ratio=6, chaperones_min=7, list_closes_days=8, names_required_days=9,
        host_gets_names=True,
    )  # fmt: skip
    changed = await edit(event, other, 0)
    assert changed == [name for name in Content.__slots__ if name != "takes_classes"]
    await edit(event, before, 1)
    assert await says(event) == before


async def test_who_edits_an_old_version_is_told_by_whom_when_and_what() -> None:
    ada, event = await somebody("organiser"), await make_draft()
    mine = await says(event, summary="La mienne.")
    await edit(event, await says(event, place="Hall B"), 0, f"person:{ada.id}")
    await edit(event, await says(event, speaker="Mme Petit"), 1, f"person:{ada.id}")

    with pytest.raises(EditedMeanwhile) as refusal:
        await edit(event, mine, 0, BEN)
    [last] = await db.fetch("SELECT max(at) AS at FROM journal WHERE verb = 'edit'")
    assert (refusal.value.by, refusal.value.at) == ("Ada organiser", last["at"])
    assert refusal.value.fields == {"place", "speaker"}
    assert (await row_of(event))["summary"] != "La mienne."


async def test_a_version_that_never_was_is_a_conflict_that_names_nobody() -> None:
    event = await make_event()
    with pytest.raises(EditedMeanwhile) as refusal:
        await edit(event.id, await says(event, place="Hall B"), 7)
    assert (refusal.value.by, refusal.value.fields) == ("", frozenset())


async def test_what_changes_nothing_is_no_edit_and_meets_no_conflict() -> None:
    event = await make_draft()
    assert await edit(event, await says(event), 5) == []
    assert ((await row_of(event))["version"], len(await journal_of(event))) == (0, 1)


async def edits_at_once(event: UUID) -> list[object]:
    """Ada and Ben open the same form; she changes the place, he the summary; both save."""
    hers, his = await says(event, place="Hall B"), await says(event, summary="La sienne.")
    return await at_once(edit(event, hers, 0, ADA), edit(event, his, 0, BEN))


async def test_of_two_who_edit_at_once_one_is_told_and_nothing_is_lost() -> None:
    event = await make_draft()
    outcomes = await edits_at_once(event)
    row = await row_of(event)

    assert sorted(type(one).__name__ for one in outcomes) == ["EditedMeanwhile", "list"]
    assert (row["place"] == "Hall B") + (row["summary"] == "La sienne.") == 1
    assert row["version"] == 1


async def test_without_the_version_one_of_two_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above: both are told that all is well, and one of them is wrong."""
    monkeypatch.setattr(editing, "EDIT", editing.EDIT.replace("version = $2", "version >= $2"))
    event = await make_draft()
    outcomes = await edits_at_once(event)
    row = await row_of(event)

    assert [type(one).__name__ for one in outcomes] == ["list", "list"]
    assert (row["place"] == "Hall B") + (row["summary"] == "La sienne.") == 1


async def test_what_is_called_off_stays_as_it_is() -> None:
    event = await make_event(state="called_off")
    with pytest.raises(EventCalledOff):
        await edit(event.id, await says(event, title="Autre"), 0)
    with pytest.raises(UnknownEvent):
        await edit(uuid4(), await says(event, title="Autre"), 0)


async def test_an_edit_needs_the_transaction_of_its_verb() -> None:
    event = await make_draft()
    with pytest.raises(db.NoTransaction):
        await editing.edit(event, await says(event), 0, ADA)
