"""A letter as it leaves, read back by two parsers and octet by octet."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.message import CalendarPart, Draft, assemble

ICS = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nSUMMARY:Été à l’Arc\r\nEND:VCALENDAR\r\n".encode()
REQUEST = CalendarPart(ICS, "REQUEST")
HOSTILE = st.text(
    st.one_of(st.sampled_from('\r\n\t\x00\x85\u2028 "\\<>@,;:()=?_é’日🛠'), st.characters(codec="utf-8")),
    max_size=200,
)


def test_an_invitation_lies_where_every_client_looks_for_it() -> None:
    assert _tree(_read(_draft(calendar=REQUEST))) == [
        "multipart/mixed",
        "  multipart/alternative",
        '    text/plain; charset="utf-8" quoted-printable',
        '    text/html; charset="utf-8" quoted-printable',
        '    text/calendar; charset="UTF-8"; method="REQUEST" base64',
        '  application/ics base64 attachment; filename="invitation.ics"',
    ]


def test_a_letter_without_invitation_is_text_and_html() -> None:
    assert _tree(_read(_draft())) == [
        "multipart/alternative",
        '  text/plain; charset="utf-8" quoted-printable',
        '  text/html; charset="utf-8" quoted-printable',
    ]


def test_the_headers_say_who_what_when_and_that_a_machine_wrote() -> None:
    headers = [(k, v) for k, v in _read(_draft(calendar=REQUEST)).items() if k != "Content-Type"]

    assert headers == [
        ("From", "Campus <rdv@campus.example>"),
        ("To", "Ben <ben@example.org>"),
        ("Reply-To", "r+abc@campus.example"),
        ("Subject", "Votre visite"),
        ("Date", "Tue, 01 Sep 2026 07:30:00 +0000"),
        ("Message-ID", "<b1.2@campus.example>"),
        ("In-Reply-To", "<b1.1@campus.example>"),
        ("References", "<b1.0@campus.example> <b1.1@campus.example>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "DR, RN, NRN, OOF"),
        ("MIME-Version", "1.0"),
        ("Content-Language", "fr"),
    ]


def test_a_first_letter_answers_none_and_may_be_answered_to_its_sender() -> None:
    headers = _read(_draft(references=(), reply_to=None))

    assert [headers[x] for x in ("In-Reply-To", "References", "Reply-To")] == [None, None, None]


def test_both_calendar_parts_are_the_file_octet_by_octet() -> None:
    parts = [x for x in _read(_draft(calendar=REQUEST)).walk() if x.get_content_type() in _CALENDARS]

    assert [x.get_payload(decode=True) for x in parts] == [ICS, ICS]
    assert [x.get_filename() for x in parts] == [None, "invitation.ics"]
    assert [x.get_param("method") for x in parts] == ["REQUEST", None]


def test_a_cancellation_says_so_in_its_type() -> None:
    content = ICS.replace(b"REQUEST", b"CANCEL")
    message = _read(_draft(calendar=CalendarPart(content, "CANCEL")))

    assert 'text/calendar; charset="UTF-8"; method="CANCEL" base64' in "\n".join(_tree(message))


@pytest.mark.parametrize("method", ["CANCEL", "PUBLISH", "REQUEST\r\nX: 1", "request", ""])
def test_a_method_that_the_file_does_not_hold_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="no"):
        CalendarPart(ICS, method)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_nothing_that_people_type_adds_a_header_or_an_address(name: str, sender: str, subject: str, text: str) -> None:
    octets = assemble(_draft(recipient_name=name, sender_name=sender, subject=subject, text=text, calendar=REQUEST))
    message = message_from_bytes(octets)

    assert [k for k, _ in message.items()] == list(_read(_draft(calendar=REQUEST)).keys())
    assert getaddresses([message["To"]])[0][1:] == ("ben@example.org",)
    assert _people(message, "From") == [(_said(sender), "rdv@campus.example")]
    assert _people(message, "To") == [(_said(name), "ben@example.org")]
    assert _decoded(message["Subject"]) == _said(subject)


@given(HOSTILE, HOSTILE)
def test_every_line_ends_in_crlf_and_is_short_ascii(name: str, text: str) -> None:
    octets = assemble(_draft(recipient_name=name, subject=name, text=text, html=text, calendar=REQUEST))

    assert re.findall(rb"(?<!\r)\n|\r(?!\n)|[^\x09\x0d\x0a\x20-\x7e]", octets) == []
    assert [x for x in octets.split(b"\r\n") if len(x) > 78] == []


@given(HOSTILE, HOSTILE)
def test_the_texts_come_back_as_they_were(text: str, html: str) -> None:
    plain, rich = list(_leaves(_read(_draft(text=text, html=html, calendar=REQUEST))))[:2]

    assert (_lines(plain), _lines(rich)) == (_ended(text), _ended(html))


@pytest.mark.parametrize(
    "hostile",
    [
        "Ben\r\nBcc: cleo@example.org",
        "=?utf-8?q?Ben=0D=0ABcc=3A_cleo=40example.org?=",  # what Python 3.11's own policy writes as two lines
        '"Ben" <cleo@example.org>, Ben',
        "Ben\x00\x85Bcc: cleo@example.org\u2028X: 1",
    ],
)
def test_no_name_and_no_subject_brings_a_header_in(hostile: str) -> None:
    octets = assemble(_draft(sender_name=hostile, recipient_name=hostile, subject=hostile))
    message = message_from_bytes(octets)

    assert re.findall(rb"(?im)^(?:bcc|x):", octets) == []
    assert [getaddresses([message[x]])[0][1] for x in ("From", "To")] == [
        "rdv@campus.example",
        "ben@example.org",
    ]
    assert _decoded(message["Subject"]) == _said(hostile)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Ben Martin", '"Ben Martin" <ben@example.org>'),
        ("MARTIN, Ben (CFA)", '"MARTIN, Ben (CFA)" <ben@example.org>'),
        ('Ben "Momo" \\', '"Ben \\"Momo\\" \\\\" <ben@example.org>'),
        ("", "ben@example.org"),
        ("\r\n", "ben@example.org"),
        ("Élodie", "=?utf-8?q?=C3=89lodie?=\r\n <ben@example.org>"),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n <ben@example.org>"),
        ("e\u0301", "=?utf-8?b?w6k=?=\r\n <ben@example.org>"),
    ],
)
def test_a_name_is_quoted_or_encoded(name: str, header: str) -> None:
    assert f"\r\nTo: {header}\r\n".encode() in assemble(_draft(recipient_name=name))


def test_a_long_name_is_encoded_in_short_lines_that_never_cut_a_character() -> None:
    name = "Lycée professionnel Blaise-Pascal (Saint-Omer), « 日本語 » " * 4
    message = message_from_bytes(assemble(_draft(recipient_name=name)))
    words = str(message["To"]).split("\r\n ")[:-1]

    assert _people(message, "To") == [(name.strip(), "ben@example.org")]
    assert [x for x in words if len(x) > 75] == []
    assert "".join(str(make_header(decode_header(x))) for x in words) == name.strip()


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (" Ben.Martin+x@Example.ORG ", "Ben.Martin+x@example.org"),
        ("o'neil@École.fr", "o'neil@xn--cole-9oa.fr"),
        ("ben@straße.example", "ben@xn--strae-oqa.example"),
    ],
)
def test_a_domain_becomes_ascii(typed: str, sent: str) -> None:
    message = _read(_draft(recipient_address=typed, sender_address=typed, reply_to=typed))

    assert [getaddresses([message[x]])[0][1] for x in ("To", "From", "Reply-To")] == [sent] * 3


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {field: address}
            for field in ("sender_address", "recipient_address", "reply_to")
            for address in (
                "",
                "ben",
                "élo@x.fr",
                "a b@x.fr",
                "a@x.fr\r\nBcc: c@x.fr",
                "a@x.fr, c@x.fr",
                "a%b@x.fr",
                "<a@x.fr>",
            )
        ),
        {"message_id": "b1@campus.example"},
        {"message_id": "<b1@campus.example>\r\nX: 1"},
        {"message_id": "<b 1@campus.example>"},
        {"references": ("<b0@campus.example>", "")},
        {"references": ("<b0@campus.example> <b1@campus.example>",)},
        {"language": "fr\r\nX: 1"},
        {"language": ""},
        {"date": datetime(2026, 9, 1)},  # noqa: DTZ001
    ],
)
def test_what_no_header_could_hold_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"form|time zone"):
        assemble(_draft(**wrong))


def test_a_retry_is_the_same_message() -> None:
    assert assemble(_draft(calendar=REQUEST)) == assemble(_draft(calendar=REQUEST))


def test_a_text_cannot_end_a_part_early() -> None:
    octets = assemble(_draft(calendar=REQUEST))
    boundaries = re.findall(rb'boundary="([^"]+)"', octets)
    text = "\n".join(f"--{x.decode()}--" for x in boundaries)
    message = _read(_draft(text=text, calendar=REQUEST))

    assert len(set(boundaries)) == 2
    assert _lines(next(_leaves(message))) == text.split("\n")


_CALENDARS = ("text/calendar", "application/ics")


def _draft(**other: object) -> Draft:
    usual = Draft(
        sender_name="Campus",
        sender_address="rdv@campus.example",
        reply_to="r+abc@campus.example",
        recipient_name="Ben",
        recipient_address="ben@example.org",
        subject="Votre visite",
        text="Bonjour,\n\nÀ bientôt.\n",
        html="<p>À bientôt.</p>\n",
        language="fr",
        date=datetime(2026, 9, 1, 7, 30, tzinfo=UTC),
        message_id="<b1.2@campus.example>",
        references=("<b1.0@campus.example>", "<b1.1@campus.example>"),
    )
    return replace(usual, **other)  # type: ignore[arg-type]


def _read(draft: Draft) -> EmailMessage:
    message: Any = message_from_bytes(assemble(draft), policy=default)
    assert [x.defects for x in message.walk() if x.defects] == []
    return message  # type: ignore[no-any-return]


def _tree(part: Any, depth: int = 0) -> list[str]:
    """One line a part: its type, encoding and disposition, and nothing that it should not carry."""
    kind = re.sub(r";\s*boundary=\S+", "", str(part["Content-Type"]))
    more = [v for k, v in part.items() if depth and k.lower() != "content-type"]
    line = "  " * depth + " ".join([kind, *more])
    children = part.get_payload() if part.is_multipart() else []
    return [line, *(x for child in children for x in _tree(child, depth + 1))]


def _leaves(message: EmailMessage) -> Iterator[Any]:
    return (x for x in message.walk() if not x.is_multipart())


def _lines(part: Any) -> list[str]:
    return str(part.get_payload(decode=True).decode()).removesuffix("\r\n").split("\r\n")


def _ended(text: str) -> list[str]:
    """The text's lines as a mail has them: CRLF between them, whatever was typed."""
    return re.sub(r"\r\n?|\n", "\n", text).removesuffix("\n").split("\n")


def _said(text: str) -> str:
    """What of a name or subject can be said in a header: one line in NFC."""
    gone = r"[\x00-\x20\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+"
    return unicodedata.normalize("NFC", re.sub(gone, " ", text).strip())


def _decoded(header: object) -> str:
    return str(make_header(decode_header(str(header))))


def _people(message: Message, header: str) -> list[tuple[str, str]]:
    return [(_decoded(name), address) for name, address in getaddresses([message[header]])]
