"""The table of a slot's bookings: searched, narrowed, sorted, counted, with one statement."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from service import clock, db
from service.bookings import changes, register
from service.bookings.plans import Party
from service.bookings.register import Filters, Register
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot, UnknownSlot
from service.people import delivery
from tests.bookings.classes import class_slot
from tests.bookings.harness import booked
from tests.bookings.offices import a_class_by_hand, added, unaddressed
from tests.bookings.queues import joined
from tests.makers import BEN, CLEO, a_pupil, make_event, make_slot
from tests.visits import counted


async def found(slot: BookableSlot, **asked: str) -> list[str]:
    """The last names that the table shows."""
    return [row.last_name for row in (await register.read(slot.id, Filters(**asked))).rows]


async def some(slot: BookableSlot) -> list[Dossier]:
    """Three people of three names."""
    people = [("Zoé", "Épinay"), ("Ada", "d’Hôte"), ("Léo", "Eder")]
    return [await booked(slot, replace(a_pupil(), first_name=first, last_name=last)) for first, last in people]


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("epinay", ["Épinay"]),
        ("ÉPI zoe", ["Épinay"]),
        ("D'HOTE", ["d’Hôte"]),
        ("lypso", ["d’Hôte", "Eder", "Épinay"]),
        ("nobody", []),
        ("%", ["d’Hôte", "Eder", "Épinay"]),
        ("' OR 1=1 --", []),
    ],
)
async def test_it_is_searched_without_accents_and_case(words: str, who: list[str]) -> None:
    slot = await make_slot()
    await some(slot)
    assert await found(slot, q=words) == who


async def test_a_code_is_found_with_and_without_its_hyphen_and_a_class_by_its_label() -> None:
    slot = await class_slot()
    [first, *_] = await some(slot)
    await a_class_by_hand(slot, Party(10, 1), "2de 4")
    for words in (first.code, first.code.lower().replace("-", "")):
        assert await found(slot, q=words) == ["Épinay"]
    assert [row.class_label for row in (await register.read(slot.id, Filters(q="2DE 4"))).rows] == ["2de 4"]


async def test_it_is_sorted_by_name_by_time_by_state_and_by_the_queue() -> None:
    slot = await make_slot(3)
    await some(slot)
    with clock.at(clock.now() + timedelta(hours=1)):
        await joined(slot, replace(a_pupil(), last_name="Attente"))
        await joined(slot, replace(a_pupil(), last_name="Afin"))
    names = ["Afin", "Attente", "d’Hôte", "Eder", "Épinay"]
    assert await found(slot) == await found(slot, sort="name") == names
    assert (await found(slot, sort="when"))[:2] == names[:2]
    assert await found(slot, sort="state") == ["d’Hôte", "Eder", "Épinay", "Attente", "Afin"]
    assert await found(slot, sort="queue") == ["Attente", "Afin", "d’Hôte", "Eder", "Épinay"]
    ranks = {row.last_name: row.position for row in (await register.read(slot.id, Filters(q="aff attente"))).rows}
    assert ranks == {}
    [second] = (await register.read(slot.id, Filters(q="afin"))).rows
    assert second.position == 2  # of the whole queue, whoever is searched for


async def test_each_group_is_counted_as_the_search_finds_it() -> None:
    slot = await make_slot(3)
    [gone, *_] = await some(slot)
    await changes.cancel(gone)
    await added(slot)
    await joined(slot)
    whole: Register = await register.read(slot.id, Filters())
    assert whole.counts == {"": 4, "confirmed": 3, "awaiting": 0, "offered": 0, "waiting": 1, "over": 1}
    assert await found(slot, state="over") == ["Épinay"]
    assert (await register.read(slot.id, Filters(q="epinay"))).counts["over"] == 1


async def test_the_fate_of_the_last_letter_is_told() -> None:
    slot = await make_slot()
    sent, lost, silent, due = await booked(slot, BEN), await booked(slot, CLEO), await added(slot, unaddressed()), None
    due = await booked(slot, a_pupil())
    await db.fetch("UPDATE email SET state = 'sent' WHERE recipient = $1", BEN.email)
    await delivery.mark_undeliverable(CLEO.email, "550")
    by_code = {row.code: row.mail for row in (await register.read(slot.id, Filters())).rows}
    assert by_code == {sent.code: "sent", lost.code: "failed", silent.code: "no_address", due.code: "under_way"}
    assert await found(slot, mail="failed") == [CLEO.last_name]
    assert len(await found(slot, audience="individual")) == 4
    assert await found(slot, audience="class") == []


async def test_fifty_stand_on_a_page_and_one_statement_reads_them() -> None:
    slot = await make_slot(400)
    await added(slot, unaddressed())
    with counted() as alone:
        await register.read(slot.id, Filters())
    await _many(slot, 299)
    with counted() as crowd:
        pages = [await register.read(slot.id, Filters(), number) for number in (1, 6, 99, 0)]
    assert (len(alone), len(crowd)) == (1, 4)
    assert [(len(one.rows), one.page, one.pages) for one in pages] == [(50, 1, 6), (50, 6, 6), (50, 6, 6), (50, 1, 6)]


async def test_a_draft_has_a_head_and_what_does_not_exist_has_none() -> None:
    event = await make_event()
    slot = await make_slot(event=event)
    await db.fetch("UPDATE event SET state = 'draft' WHERE id = $1", event.id)
    assert (await register.head(slot.id)).is_draft
    with pytest.raises(UnknownSlot):
        await register.head(uuid4())


async def _many(slot: BookableSlot, number: int) -> None:
    """So many copies of the one booking there is, whose seats are counted."""
    await db.fetch(
        """
        WITH made AS (
            INSERT INTO dossier SELECT (jsonb_populate_record(dossier, jsonb_build_object(
                'id', gen_random_uuid(), 'code', 'C' || n, 'token_hash', 'h' || n, 'last_name', 'Nom' || n))).*
            FROM dossier, generate_series(1, $2::int) n RETURNING id)
        INSERT INTO booking SELECT (jsonb_populate_record(booking, jsonb_build_object(
            'id', gen_random_uuid(), 'dossier', made.id))).* FROM booking, made WHERE booking.slot = $1
        """,
        slot.id,
        number,
    )
    await db.fetch("UPDATE slot SET seats_taken = seats_taken + $2 WHERE id = $1", slot.id, number)
