"""The outbox: letters are posted with their change, claimed by a worker, settled by their fate."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock, db, settings
from service.mail.tables import Email

LEASE = timedelta(seconds=60)
KEEP_TRYING = timedelta(hours=72)
RETRIES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360)]
SERVER_PAUSE = timedelta(seconds=30)

# Who takes a letter over cannot know how far the one before came: if there were bytes, they may have arrived.
CLAIM = """
UPDATE email SET state = 'sending', attempts = attempts + 1, lease_until = $1::timestamptz + $2::interval,
    may_have_arrived = may_have_arrived OR (state = 'sending' AND content IS NOT NULL)
WHERE id = (SELECT due.id FROM email due
            WHERE (due.state = 'due' AND due.next_try_at <= $1
                   OR due.state = 'sending' AND due.lease_until < $1)
              AND NOT EXISTS (SELECT 1 FROM email earlier
                              WHERE earlier.subject_kind = due.subject_kind
                                AND earlier.subject_id = due.subject_id
                                AND earlier.id < due.id AND earlier.state IN ('due', 'sending'))
            ORDER BY due.priority, due.next_try_at, due.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING email.*, method = 'REQUEST' AND EXISTS (
    SELECT 1 FROM email later
    WHERE later.subject_kind = email.subject_kind AND later.subject_id = email.subject_id
      AND later.id > email.id AND later.state IN ('due', 'sending')
      AND later.method = 'CANCEL' AND later.invitation_uid = email.invitation_uid) AS is_overtaken
"""

# Of what never left nothing is kept; a letter that may have arrived still tells to whom.
SUPERSEDE = """
UPDATE email SET state = 'superseded', settled_at = $3, content = NULL,
    recipient = CASE WHEN may_have_arrived THEN recipient ELSE '' END,
    facts = CASE WHEN may_have_arrived THEN facts ELSE '{}' END
WHERE subject_kind = $1 AND subject_id = ANY($2) AND state = 'due' AND $4 IN ('', letter)
  AND (method <> 'CANCEL' OR NOT EXISTS (
      SELECT 1 FROM email request
      WHERE request.subject_kind = $1 AND request.subject_id = email.subject_id AND request.method = 'REQUEST'
        AND request.invitation_uid = email.invitation_uid
        AND (request.state IN ('sent', 'sending') OR request.may_have_arrived)))
RETURNING id
"""
HOLD_UNSETTLED = """
SELECT 1 FROM email WHERE subject_kind = $1 AND subject_id = ANY($2) AND state IN ('due', 'sending')
ORDER BY id FOR UPDATE
"""
HOLD = "SELECT 1 FROM email WHERE id = $1 FOR UPDATE"
REACHED = """
SELECT 1 FROM email WHERE subject_kind = $1 AND subject_id = $2 AND invitation_uid = $3 AND method = 'REQUEST'
    AND (state = 'sent' OR may_have_arrived) LIMIT 1
"""

# Every statement of a delivery names the attempt: who lost the lease changes nothing any more.
RENEW = """
UPDATE email SET lease_until = $3 WHERE id = $1 AND attempts = $2 AND state = 'sending' RETURNING id
"""
KEEP = "UPDATE email SET content = $3 WHERE id = $1 AND attempts = $2 AND state = 'sending' RETURNING id"
SETTLE = """
UPDATE email SET state = $3, settled_at = $4, detail = $5, lease_until = NULL,
    recipient = CASE WHEN $6 THEN '' ELSE recipient END, facts = CASE WHEN $6 THEN '{}' ELSE facts END,
    content = CASE WHEN $6 THEN NULL ELSE content END
WHERE id = $1 AND attempts = $2 AND state = 'sending' RETURNING id
"""
POSTPONE = """
UPDATE email SET state = 'due', next_try_at = $3, detail = $4, failures = failures + $5, lease_until = NULL
WHERE id = $1 AND attempts = $2 AND state = 'sending' RETURNING id
"""
MAY_HAVE_ARRIVED = "UPDATE email SET may_have_arrived = true WHERE id = $1 AND attempts = $2"
OVERTAKEN = """
SELECT 1 FROM email me JOIN email later
    ON later.subject_kind = me.subject_kind AND later.subject_id = me.subject_id AND later.id > me.id
   AND later.method = 'CANCEL' AND later.invitation_uid = me.invitation_uid
WHERE me.id = $1 AND me.method = 'REQUEST' LIMIT 1
"""


@dataclass(slots=True)
class Claimed:
    """One email in the hands of one worker; ``attempts`` is the fence.

    ``is_overtaken``: the CANCEL of this REQUEST is posted already, so it need not be sent any more.
    """

    id: int
    letter: str
    recipient: str
    language: str
    facts: dict[str, Any]
    subject_kind: str
    subject_id: UUID
    revision: int
    invitation_uid: str
    method: str
    message_id: str
    posted_at: datetime
    attempts: int
    failures: int
    give_up_at: datetime
    content: bytes | None
    is_overtaken: bool


async def post(  # noqa: PLR0913 - each is a column
    letter: str,
    to: str,
    language: str,
    facts: Mapping[str, Any],
    subject: tuple[str, UUID],
    *,
    revision: int = 0,
    calendar: tuple[str, str] = ("", ""),
    priority: int = 5,
    until: datetime | None = None,
    after: timedelta = timedelta(0),
) -> None:
    """Insert one letter, due at once, or ``after`` a while. Needs an open transaction.

    ``subject`` (kind, id) keeps letters in order; ``revision`` makes its Message-ID; ``calendar`` is
    (METHOD, UID); ``until`` is when it stops being worth trying (72 h at most).
    """
    db.inside_transaction()
    now = clock.now()
    give_up = now + KEEP_TRYING
    await db.insert(
        Email(
            letter=letter,
            recipient=to,
            language=language,
            facts=json.dumps(facts),
            subject_kind=subject[0],
            subject_id=subject[1],
            revision=revision,
            method=calendar[0],
            invitation_uid=calendar[1],
            message_id=_message_id(subject, letter, revision),
            posted_at=now,
            priority=priority,
            next_try_at=now + after,
            give_up_at=min(give_up, until) if until and until > now else give_up,
        )
    )


async def withdraw_unsent(subject: tuple[str, UUID], letter: str = "") -> int:
    """Supersede what was posted about the subject and is in nobody's hands; returns how many letters.

    Of one kind only, where ``letter`` names it.

    A CANCEL stays as long as its REQUEST may have arrived: the calendar that has the entry must hear of its
    end. Needs an open transaction, in which the letter that tells of the end is posted.
    """
    return await withdraw_unsent_of(subject[0], [subject[1]], letter)


async def withdraw_unsent_of(kind: str, ids: Sequence[UUID], letter: str = "") -> int:
    """The same for many subjects of one kind, with two statements."""
    db.inside_transaction()
    await db.fetch(HOLD_UNSETTLED, kind, list(ids))  # a delivery that fails now waits, and sees what we post
    return len(await db.fetch(SUPERSEDE, kind, list(ids), clock.now(), letter))


async def has_reached(email: Claimed) -> bool:
    """Whether the REQUEST that this letter takes back went out, or may have."""
    return bool(await db.fetch(REACHED, email.subject_kind, email.subject_id, email.invitation_uid))


async def claim() -> Claimed | None:
    """Take the next due letter under a lease of 60 s, or one whose lease ran out; None if there is none."""
    rows = await db.fetch(CLAIM, clock.now(), LEASE)
    if not rows:
        return None
    values = {name: rows[0][name] for name in Claimed.__slots__}
    return Claimed(**{**values, "facts": json.loads(values["facts"])})


async def renew(email: Claimed) -> bool:
    """Hold the lease for another 60 s; False when another worker has taken the letter over."""
    return bool(await db.fetch(RENEW, email.id, email.attempts, clock.now() + LEASE))


async def keep(email: Claimed, content: bytes) -> bool:
    """Store the bytes, before their first attempt: every later one sends the same."""
    return bool(await db.fetch(KEEP, email.id, email.attempts, content))


async def settle(email: Claimed, state: str, detail: str = "", *, forget: bool = False) -> bool:
    """The end of a letter: ``sent``, ``failed`` or ``superseded``. ``forget`` what it said and to whom.

    False when another worker has taken the letter over: then nothing changes.
    """
    return bool(await db.fetch(SETTLE, email.id, email.attempts, state, clock.now(), detail, forget))


async def postpone(
    email: Claimed,
    detail: str,
    *,
    counts: bool = True,
    may_have_arrived: bool = False,
    forget: bool = False,
) -> bool:
    """Back into the queue, after a pause that grows with its failures; its last try is when its time is over.

    ``counts`` is false when the server, not the letter, is to blame; ``forget`` what it said, if this was the
    end. A REQUEST whose CANCEL was posted meanwhile is superseded. Needs an open transaction.
    """
    db.inside_transaction()
    await db.fetch(HOLD, email.id)  # whoever withdraws it now has posted the CANCEL once we go on
    if may_have_arrived:
        await db.fetch(MAY_HAVE_ARRIVED, email.id, email.attempts)
    if await db.fetch(OVERTAKEN, email.id):
        return await settle(email, "superseded", detail, forget=forget)
    now = clock.now()
    if now >= email.give_up_at:
        return await settle(email, "failed", detail, forget=forget)
    next_try = min(now + (_pause(email.failures) if counts else SERVER_PAUSE), email.give_up_at)
    return bool(await db.fetch(POSTPONE, email.id, email.attempts, next_try, detail, int(counts)))


def root_message_id(subject: tuple[str, UUID]) -> str:
    """The Message-ID that all letters of a subject refer to, so that they form one thread."""
    return f"<{subject[0]}.{subject[1].hex}@{settings.current().mail_domain}>"


def _message_id(subject: tuple[str, UUID], letter: str, revision: int) -> str:
    """Derived, so that a repeat is the same message to every client."""
    return f"<{letter}.{revision}.{subject[1].hex}@{settings.current().mail_domain}>"


def _pause(failures: int) -> timedelta:
    """1, 5, 15 min, 1, 3, 6, 6 … h, give or take half."""
    base = RETRIES[min(failures, len(RETRIES) - 1)]
    return base * random.uniform(0.5, 1.5)  # noqa: S311 - spreading retries is no secret
