"""A letter taken apart for people: what it says, and no link that opens anything."""

import re
from pathlib import Path

import pytest

from service import tokens
from service.bookings import changes, dossiers
from service.mail import reading
from tests.bookings.harness import mail_goes_out
from tests.bookings.minors import pending_minor
from tests.makers import BEN, make_booking, make_slot


async def test_headers_text_html_and_calendar_are_there(tmp_path: Path) -> None:
    await make_booking(await make_slot(), BEN)
    [message] = await mail_goes_out(tmp_path)

    letter = reading.read(bytes(message))

    assert [name for name, _ in letter.headers] == ["From", "To", "Reply-To", "Subject", "Date"]
    assert letter.subject == str(message["Subject"])
    assert "Ben Delattre" in letter.text
    assert letter.html.startswith("<!doctype html>")
    assert "BEGIN:VEVENT" in letter.calendar


async def test_no_token_of_any_link_and_no_name_of_a_calendar_entry_is_left(tmp_path: Path) -> None:
    dossier, minor = await make_booking(await make_slot(), BEN), await pending_minor()
    await changes.cancel(dossier)
    known = [
        dossiers.token_of(dossier.id, 0), dossiers.token_of(minor.id, 0), dossiers.guardian_token(minor.id, 0)
    ]  # fmt: skip
    letters = [reading.read(bytes(one)) for one in await mail_goes_out(tmp_path)]
    plain = "".join(f"{one.text}{one.html}{one.calendar}" for one in letters)
    assert [token for token in known if token not in re.sub(r"\r?\n ", "", plain)] == []  # they are there to be masked

    masked = [reading.masked(one) for one in letters]

    said = re.sub(r"\s", "", "".join(f"{one.headers}{one.text}{one.html}{one.calendar}" for one in masked))
    assert [token for token in known if token in said or token.upper() in said] == []
    assert re.findall(r"UID:[a-z2-7]{26}@", said) == []
    assert dossier.code in said


@pytest.mark.parametrize("hidden", ["https://campus.test/x/{}?from=mail", "?partner={}", "<a href='/b/{}'>", "{}"])
def test_a_token_is_masked_wherever_it_stands(hidden: str) -> None:
    token = "k7" * (tokens.TOKEN_LENGTH // 2)
    letter = reading.Read("", [], hidden.format(token), hidden.format(token.upper()), "")
    masked = reading.masked(letter)
    assert (masked.text, masked.html) == (hidden.format("…"), hidden.format("…"))


def test_ordinary_words_stay() -> None:
    words = "https://campus.test/events/visite-d-une-verrerie-et-de-ses-fours K7M-4TQ"
    assert reading.masked(reading.Read(words, [], words, words, words)).text == words


@pytest.mark.parametrize("odd", [b"", b"\xff\xfe\x00", b"Subject: =?utf-8?q?=C3=28?=\r\n\r\n\xff", b"Content-Type: x"])
def test_whatever_the_bytes_are_it_reads_them(odd: bytes) -> None:
    assert isinstance(reading.read(odd).text, str)
