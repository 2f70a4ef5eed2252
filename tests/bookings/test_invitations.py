"""Invitations as rows: one UID an entry, and a stamp and a sequence that only grow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service import clock, db
from service.bookings import addresses, changes, emails, invitations
from service.bookings.invitations import NoInvitation
from service.bookings.tables import Dossier, Invitation
from service.events import slots
from service.events.slots import BookableSlot
from tests.bookings.harness import booking_of, reread
from tests.makers import BEN, at_paris, make_booking, make_slot

RIGHT = "ben.delattre@exemple.test"


async def test_every_invitation_has_a_uid_of_its_own_that_nobody_guesses() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    for _ in range(3):
        await changes.cancel(dossier)
        await changes.restore(dossier)
    uids = [row["uid"] for row in await Invitation.select(Invitation.uid)]
    assert len(set(uids)) == 4
    assert {(len(local), domain) for local, _, domain in (uid.partition("@") for uid in uids)} == {(26, "campus.test")}


async def test_an_invitation_that_ends_is_newer_than_it_was_even_if_the_clock_went_back() -> None:
    dossier = await make_booking(await make_slot())
    began = await _latest(dossier)
    with clock.at(clock.now() - timedelta(hours=1)):
        await changes.cancel(dossier)
    ended = await _latest(dossier)
    assert (began.uid, began.sequence) == (ended.uid, 0)
    assert ended.sequence == 1
    assert ended.stamp > began.stamp
    assert ended.stamp.microsecond == 0


async def test_an_invitation_ends_once() -> None:
    dossier = await make_booking(await make_slot())
    booking = await booking_of(dossier)
    async with db.transaction():
        assert await invitations.end("booking", booking.id) is not None
        assert await invitations.end("booking", booking.id) is None


async def test_the_latest_invitation_is_the_live_one_however_fast_one_changed_one_s_mind() -> None:
    dossier = await make_booking(await make_slot())
    moved = await addresses.correct_address(dossier, RIGHT)
    latest = await _latest(moved)
    assert (latest.attendee, latest.ended_at is None) == (RIGHT, True)

    await changes.cancel(moved)
    cancelled = await _latest(moved)
    assert (cancelled.uid, cancelled.ended_at is None) == (latest.uid, False)

    await changes.restore(moved)
    restored = await _latest(moved)
    assert (restored.sequence, restored.ended_at is None) == (0, True)


async def test_the_file_for_people_is_the_entry_of_the_mail() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    entry = await _file(slot, dossier)
    invitation = await _latest(dossier)
    assert (entry["UID"], entry["SEQUENCE"], entry["STATUS"]) == (invitation.uid, "0", "CONFIRMED")
    assert entry["DTSTAMP"] == f"{invitation.stamp:%Y%m%dT%H%M%SZ}"
    assert emails.link_to(dossier) in entry["DESCRIPTION"]
    assert [name for name in ("METHOD", "ATTENDEE", "ORGANIZER") if name in entry] == []


async def test_the_file_of_a_corrected_address_is_the_new_entry() -> None:
    slot = await make_slot()
    moved = await addresses.correct_address(await make_booking(slot), RIGHT)
    entry = await _file(slot, moved)
    assert (entry["UID"], entry["STATUS"]) == ((await _latest(moved)).uid, "CONFIRMED")


async def test_the_file_of_a_cancelled_booking_says_so() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    entry = await _file(slot, dossier)
    assert (entry["SEQUENCE"], entry["STATUS"]) == ("1", "CANCELLED")


async def test_who_gave_no_address_has_no_invitation_to_download() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, replace(BEN, email=""))
    with pytest.raises(NoInvitation):
        await _file(slot, dossier)


@pytest.mark.parametrize(
    ("starts", "ends", "utc"),
    [
        ("2026-10-24 14:00", "2026-10-24 16:00", "12:00"),
        ("2026-10-25 14:00", "2026-10-25 16:00", "13:00"),
        ("2027-03-27 14:00", "2027-03-27 16:00", "13:00"),
        ("2027-03-28 14:00", "2027-03-28 16:00", "12:00"),
        ("2026-12-31 22:00", "2027-01-01 02:00", "21:00"),
    ],
)
async def test_the_file_says_the_wall_time_on_every_day_of_the_year(starts: str, ends: str, utc: str) -> None:
    begins, stops = at_paris(starts), at_paris(ends)
    with clock.at(begins - timedelta(days=10)):
        slot = await make_slot(starts_at=begins, ends_at=stops)
        entry = await _file(slot, await make_booking(slot))
    assert (entry["DTSTART"], entry["DTEND"]) == (f"{begins:%Y%m%dT%H%M%S}", f"{stops:%Y%m%dT%H%M%S}")
    assert f"{slot.starts_at:%H:%M}" == utc


async def _latest(dossier: Dossier) -> Invitation:
    invitation = await invitations.latest("booking", (await booking_of(dossier)).id)
    assert invitation is not None
    return invitation


async def _file(slot: BookableSlot, dossier: Dossier) -> dict[str, str]:
    """The properties of the downloaded entry, without their parameters."""
    subject = ("booking", (await booking_of(dossier)).id)
    link = emails.link_to(await reread(dossier))
    content = await invitations.as_file(subject, await slots.load(slot.id), link)
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    entry = lines[: lines.index("BEGIN:VTIMEZONE")] + lines[lines.index("BEGIN:VEVENT") :]
    return {name.partition(";")[0]: value for name, _, value in (line.partition(":") for line in entry)}
