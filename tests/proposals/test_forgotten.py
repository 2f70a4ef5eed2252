"""Links that were lost: they go to the address that proposed, and nobody else learns whether it did."""

import json
from typing import Any

from service import db
from service.limits.rates import spend_letter
from service.proposals import forgotten
from service.settings import Rate
from tests.proposals.making import make_proposal
from tests.visits import counted, settings_with

STRANGER = "personne@exemple.test"


async def sent() -> list[dict[str, Any]]:
    """What the letters with links say, and to whom."""
    rows = await db.fetch("SELECT recipient, language, facts FROM email WHERE letter = 'proposal_links' ORDER BY id")
    return [{**row, "facts": json.loads(row["facts"])["proposals"]} for row in rows]


async def test_every_proposal_of_an_address_is_named_the_newest_first() -> None:
    with settings_with(rate_limits={"letters_hour": Rate(9, 3600), "letters_day": Rate(9, 86400)}):
        made = [await make_proposal(state, title=state) for state in ("declined", "withdrawn", "asked")]
        await make_proposal("asked", email=STRANGER)
        await forgotten.send_links("Ines@verrerie.test", "en")

    [letter] = await sent()
    assert (letter["recipient"], letter["language"]) == ("Ines@verrerie.test", "en")
    assert [one["proposal"] for one in letter["facts"]] == [str(one.id) for one in reversed(made)]
    assert [(one["state"], one["generation"]) for one in letter["facts"]] == [
        ("asked", 0), ("withdrawn", 0), ("declined", 0),
    ]  # fmt: skip


async def test_a_title_that_nobody_of_the_campus_answered_goes_to_no_address() -> None:
    """Anybody may type anybody's address: what they write beside it is not mailed there."""
    await make_proposal("submitted", title="Achetez mes pilules")
    await make_proposal("asked", title="Du sable au flacon")

    await forgotten.send_links("ines@verrerie.test", "fr")

    assert [one["title"] for one in (await sent())[0]["facts"]] == ["Du sable au flacon", ""]


async def test_an_address_that_nobody_knows_costs_the_same_work_and_gets_nothing() -> None:
    await make_proposal()
    counts = []
    for address in ("ines@verrerie.test", STRANGER):
        with counted() as statements:
            await forgotten.send_links(address, "fr")
        counts.append(len(statements))

    assert counts[0] == counts[1]
    assert [one["recipient"] for one in await sent()] == ["ines@verrerie.test"]


async def test_of_too_many_letters_nothing_is_said() -> None:
    await make_proposal()
    with settings_with(rate_limits={"letters_hour": Rate(1, 3600), "letters_day": Rate(9, 86400)}):
        await db.fetch("DELETE FROM rate_clock")
        await spend_letter("ines@verrerie.test")
        await forgotten.send_links("ines@verrerie.test", "fr")

    assert await sent() == []
