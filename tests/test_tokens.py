"""Capability links: the same token whenever it is asked for, nothing to guess, nothing stored that opens a page."""

import re
from dataclasses import replace
from uuid import UUID, uuid4

from service import settings, tokens

BOOKING = UUID(int=1)


def test_a_token_is_derived_and_so_the_same_whenever_it_is_asked_for() -> None:
    assert tokens.derive("dossier", BOOKING) == tokens.derive("dossier", BOOKING, 0)
    assert re.fullmatch(r"[a-z2-7]{32}", tokens.derive("dossier", BOOKING))  # 160 bits
    assert len(tokens.derive("dossier", BOOKING)) == tokens.TOKEN_LENGTH


def test_every_subject_kind_generation_and_secret_has_its_own_token() -> None:
    others = [
        tokens.derive("dossier", BOOKING),
        tokens.derive("dossier", BOOKING, 1),
        tokens.derive("check-in", BOOKING),
        tokens.derive("dossier", UUID(int=2)),
    ]
    kept = settings.current()
    try:
        settings.use(replace(kept, secret_key="another secret"))
        others.append(tokens.derive("dossier", BOOKING))
    finally:
        settings.use(kept)
    assert len(set(others)) == 5


def test_what_is_stored_does_not_open_the_page() -> None:
    token = tokens.derive("dossier", BOOKING)
    assert re.fullmatch(r"[0-9a-f]{64}", tokens.fingerprint(token))
    assert tokens.fingerprint(tokens.fingerprint(token)) != tokens.fingerprint(token)


def test_any_token_may_be_asked_for_even_one_that_is_no_text() -> None:
    odd = ("", "\0", "é" * 10_000, "\ud800")
    assert len({tokens.fingerprint(token) for token in odd}) == 4


def test_a_code_can_be_said_on_the_phone() -> None:
    codes = {tokens.new_code() for _ in range(1000)}
    assert all(re.fullmatch(r"[A-HJ-NP-Z2-9]{3}-[A-HJ-NP-Z2-9]{3}", code) for code in codes)  # no I, O, 0 or 1
    assert len(codes) > 990


def test_a_thousand_tokens_share_no_beginning() -> None:
    assert len({tokens.derive("dossier", uuid4())[:8] for _ in range(1000)}) == 1000
