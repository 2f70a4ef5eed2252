"""A seat on a company visit, from the agenda to the seat that is free again: real server, worker, mail, calendar."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx

from service.bookings.seats import seats_left
from tests.calendars.lint_raw import lint
from tests.live import served
from tests.mail.smtp_server import SmtpServer, smtp_server
from tests.makers import make_event, make_slot

WANTED = {
    "first_name": "Zoé",
    "last_name": "D’Hôte-Vandamme",
    "email": "zoe.dhote@exemple.test",
    "school": "LYPSO",
}


async def test_a_seat_is_booked_confirmed_cancelled_and_free_again(tmp_path: Path) -> None:
    slot = await make_slot(2, event=await make_event(title="Verre et robots : une ligne automatisée"))
    start = f"{slot.starts_at:%Y%m%dT%H%M%SZ}"

    async with (
        smtp_server() as mail,
        served(tmp_path, smtp_url=mail.url, workers=2) as address,
        httpx.AsyncClient(base_url=address) as browser,
    ):
        agenda = await browser.get("/")
        assert f"/events/{slot.slug}" in agenda.text

        event = await browser.get(f"/events/{slot.slug}")
        hidden = dict(re.findall(r'name="(key)" value="([^"]+)"', event.text))
        booked = await browser.post(f"/events/{slot.slug}/bookings", data={**WANTED, **hidden, "slot": str(slot.id)})
        assert booked.status_code == 303
        page = booked.headers["location"].partition("?")[0]
        assert await seats_left(slot.id) == 1

        request = await _letter(mail, 1)
        assert request["To"].addresses[0].addr_spec == WANTED["email"]
        assert slot.title in request["Subject"]
        assert page in _text(request)
        calendar = _calendar(request, "REQUEST")
        assert lint(calendar, start) == []
        assert _value(calendar, "SEQUENCE") == "0"

        file = await browser.get(f"{page}/invitation.ics")
        assert lint(file.content, start) == []
        assert _value(file.content, "UID") == _value(calendar, "UID")

        cancelled = await browser.post(f"{page}/cancel", data={"sure": "yes"})
        assert cancelled.status_code == 303
        assert await seats_left(slot.id) == 2

        cancel = await _letter(mail, 2)
        ended = _calendar(cancel, "CANCEL")
        assert lint(ended, start) == []
        assert _value(ended, "UID") == _value(calendar, "UID")
        assert _value(ended, "SEQUENCE") == "1"
        assert cancel["References"] == request["References"]


async def _letter(mail: SmtpServer, number: int) -> EmailMessage:
    """The letter that arrived as number ``number``, once it has."""
    await mail.until(lambda: len(mail.received) >= number, seconds=20)
    return message_from_bytes(mail.received[number - 1].content, policy=policy.default)


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _calendar(message: EmailMessage, method: str) -> bytes:
    """The calendar part, which the attachment repeats octet for octet."""
    parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    files = [part for part in message.walk() if part.get_content_type() == "application/ics"]
    assert [part.get_param("method") for part in parts] == [method]
    content = parts[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    assert [file.get_payload(decode=True) for file in files] == [content]
    return content


def _value(calendar: bytes, name: str) -> str:
    unfolded = calendar.decode().replace("\r\n ", "")
    event = unfolded[unfolded.index("BEGIN:VEVENT") :]
    found = re.search(rf"^{name}[^:\r\n]*:(.*?)\r$", event, re.MULTILINE)
    assert found
    return found[1]
