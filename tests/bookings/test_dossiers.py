"""Dossiers: one link, one code, found again by either, and by nothing that is almost right."""

from dataclasses import replace
from uuid import uuid4

import pytest

from service import db, tokens
from service.bookings import dossiers
from service.bookings.dossiers import UnknownLink
from service.bookings.tables import Dossier
from tests.bookings.harness import reread
from tests.makers import BEN, CLEO, make_booking, make_slot


async def test_a_dossier_keeps_what_its_booker_typed() -> None:
    who = replace(CLEO, email="Cleo@exemple.test", level="2de", age_band="15_17", language="en")
    dossier = await reread(await make_booking(await make_slot(), who))
    kept = (dossier.first_name, dossier.last_name, dossier.email, dossier.school, dossier.level, dossier.language)
    assert kept == ("Cléo", "D'Hôte-Vandamme", "Cleo@exemple.test", "Collège des Trois-Canaux", "2de", "en")
    assert dossier.email_key == "cleo@exemple.test"
    assert (await db.fetch("SELECT age_band FROM booking"))[0][0] == "15_17"


async def test_a_dossier_is_found_by_its_link_of_which_only_a_hash_is_stored() -> None:
    dossier = await make_booking(await make_slot())
    token = dossiers.token_of(dossier.id, 0)
    assert (await dossiers.by_token(token)).id == dossier.id
    assert token not in str(await db.fetch("SELECT dossier::text FROM dossier"))


async def test_a_link_that_is_almost_right_is_unknown() -> None:
    dossier = await make_booking(await make_slot())
    token = dossiers.token_of(dossier.id, 0)
    almost = [
        token[:-1],
        token + "a",
        token.upper(),
        f" {token}",
        "",
        "\0",
        "\ud800",
        tokens.fingerprint(token),
        dossiers.token_of(dossier.id, 1),
        tokens.derive("check-in", dossier.id),
        str(dossier.id),
    ]
    for wrong in almost:
        with pytest.raises(UnknownLink):
            await dossiers.by_token(wrong)


async def test_a_dossier_is_found_by_its_id_or_not_at_all() -> None:
    dossier = await make_booking(await make_slot())
    assert (await dossiers.by_id(dossier.id)).code == dossier.code
    with pytest.raises(UnknownLink):
        await dossiers.by_id(uuid4())


async def test_a_code_that_is_taken_is_not_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["AAA-AAA", "AAA-AAA", "AAA-AAA", "BBB-BBB"])
    monkeypatch.setattr(tokens, "new_code", lambda: next(codes))
    slot = await make_slot()
    assert [(await make_booking(slot, who)).code for who in (BEN, CLEO)] == ["AAA-AAA", "BBB-BBB"]
    assert await Dossier.count() == 2


async def test_a_dossier_is_opened_inside_a_transaction_only() -> None:
    with pytest.raises(db.NoTransaction):
        await dossiers.open_dossier(dossiers.new_id(), BEN)
