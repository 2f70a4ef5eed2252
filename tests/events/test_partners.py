"""The link of an event's partners."""

from uuid import uuid4

import pytest

from service.events import partners


def test_a_partner_s_token_is_of_one_event_only() -> None:
    event, other = uuid4(), uuid4()
    token = partners.token_of(event)

    assert partners.token_of(event) == token
    assert partners.is_partner(event, token)
    assert not partners.is_partner(other, token)


@pytest.mark.parametrize("token", ["", " ", "x", "é", "\ud800", "a" * 32, "0" * 5000])
def test_what_is_no_token_is_no_error(token: str) -> None:
    assert not partners.is_partner(uuid4(), token)
