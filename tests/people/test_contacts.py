"""The people of a structure: entered once, corrected, gone and back."""

from uuid import UUID, uuid4

import pytest

from service import db
from service.people import contacts, delivery
from service.people.contacts import KnownContact, UnknownContact, Who
from service.people.structures import UnknownOrganisation
from tests.bookings.harness import at_once, journal_of, kinds, somebody_else
from tests.makers import make_organisation
from tests.visits import dump

ADA = "person:ada"
COLLEAGUE_S = """
INSERT INTO contact (id, organisation, name, email, email_key, phone, role, added_at)
VALUES (gen_random_uuid(), $1, 'I. D.', $2, $2, '', '', now())
"""
INES = Who("Inès Delattre", "ines@verrerie.test", "03 21 00 00 00", "Directrice")


async def glassworks() -> UUID:
    return UUID(str((await make_organisation()).id))


async def told(organisation: UUID) -> list[tuple[str, str, str, str, bool]]:
    return [
        (one.name, one.email, one.phone, one.role, one.left_at is not None) for one in await contacts.of(organisation)
    ]


async def test_somebody_is_written_down_with_a_name_alone() -> None:
    here = await glassworks()
    for who in (INES, Who("Zoé"), Who("Ali")):
        await contacts.add(here, who, ADA)
    assert [one[0] for one in await told(here)] == ["Ali", "Inès Delattre", "Zoé"]
    assert (await told(here))[1] == (INES.name, INES.email, INES.phone, INES.role, False)


async def test_an_address_stands_once_in_a_structure_but_in_another_again() -> None:
    here, there = await glassworks(), await glassworks()
    ines = await contacts.add(here, INES, ADA)
    before = await dump()
    with pytest.raises(KnownContact) as met:
        await contacts.add(here, Who("I. D.", "INES@verrerie.test"), ADA)
    assert (met.value.name, await dump()) == ("Inès Delattre", before)
    assert await contacts.add(there, INES, ADA) != ines


async def test_entered_at_once_somebody_is_there_once() -> None:
    here = await glassworks()
    assert kinds(await at_once(*[contacts.add(here, INES, ADA) for _ in range(3)])) == {"UUID": 1, "KnownContact": 2}


async def test_without_the_lock_somebody_is_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    here = await glassworks()
    async with somebody_else() as colleague:
        await colleague.execute(contacts.HOLD, here)
        await colleague.execute(COLLEAGUE_S, here, INES.email)
        monkeypatch.setattr(contacts, "HOLD", contacts.HOLD.replace("FOR NO KEY UPDATE", ""))
        await contacts.add(here, INES, ADA)
    assert [one.email for one in await contacts.of(here)] == [INES.email] * 2


async def test_who_had_left_comes_back_as_they_are_named_now() -> None:
    here = await glassworks()
    ines = await contacts.add(here, INES, ADA)
    await contacts.leave(here, ines, ADA)
    assert (await told(here))[0][4]
    assert await contacts.add(here, Who("Inès Petit", INES.email), ADA) == ines
    assert await told(here) == [("Inès Petit", INES.email, "", "", False)]


async def test_a_proposal_finds_who_is_known_and_changes_nothing_but_that_they_are_back() -> None:
    here = await glassworks()
    ines = await contacts.add(here, INES, ADA)
    await contacts.leave(here, ines, ADA)
    async with db.transaction():
        assert await contacts.enter(here, "I. D.", "INES@verrerie.test") == ines
    assert await told(here) == [(INES.name, INES.email, INES.phone, INES.role, False)]


async def test_leaving_and_coming_back_are_each_done_once() -> None:
    here = await glassworks()
    ines = await contacts.add(here, INES, ADA)
    for step in (contacts.leave, contacts.leave, contacts.come_back, contacts.come_back):
        await step(here, ines, ADA)
    assert await journal_of(ines) == [(ADA, "add"), (ADA, "leave"), (ADA, "come_back")]


async def test_a_correction_counts_for_one_s_own_structure_only() -> None:
    here, there = await glassworks(), await glassworks()
    ines = await contacts.add(here, INES, ADA)
    await contacts.edit(here, ines, Who("Inès", "ines@ailleurs.test"), ADA)
    assert await told(here) == [("Inès", "ines@ailleurs.test", "", "", False)]
    before = await dump()
    for refused in (
        contacts.edit(there, ines, INES, ADA), contacts.leave(there, ines, ADA), contacts.come_back(there, ines, ADA),
    ):  # fmt: skip
        with pytest.raises(UnknownContact):
            await refused
    assert await dump() == before


async def test_nobody_takes_the_address_of_somebody_else_there() -> None:
    here = await glassworks()
    zoe = await contacts.add(here, Who("Zoé"), ADA)
    await contacts.add(here, INES, ADA)
    with pytest.raises(KnownContact):
        await contacts.edit(here, zoe, Who("Zoé", "Ines@Verrerie.test"), ADA)


async def test_a_structure_that_is_gone_has_nobody() -> None:
    with pytest.raises(UnknownOrganisation):
        await contacts.add(uuid4(), INES, ADA)


async def test_it_is_said_whose_address_no_mail_reaches() -> None:
    here = await glassworks()
    for who in (INES, Who("Zoé", "zoe@verrerie.test")):
        await contacts.add(here, who, ADA)
    await delivery.mark_undeliverable(INES.email, "550")
    assert [one.is_unreached for one in await contacts.of(here)] == [True, False]
