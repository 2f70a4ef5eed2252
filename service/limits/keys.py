"""Idempotency keys: a form that was already answered gets its first answer again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from service import clock, db
from service.limits.tables import IdempotencyKey
from service.refusal import Refusal

KEPT = timedelta(hours=24)


class KeyReused(Refusal):
    """The key belongs to another form: nothing was done."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the fingerprint of what was asked with it."""

    value: str
    body_hash: str

    @classmethod
    def of(cls, value: str, body: Mapping[str, str]) -> Self | None:
        """The key of a form, or None when it brought none (a script may book without)."""
        text = json.dumps(dict(body), sort_keys=True)
        return cls(value, hashlib.sha256(text.encode()).hexdigest()) if value else None


async def answered(key: Key | None) -> UUID | None:
    """The dossier that this key made, or None. Refuses: KeyReused, when it was another form's."""
    if key is None:
        return None
    row = (
        await IdempotencyKey.select(IdempotencyKey.body_hash, IdempotencyKey.dossier_id)
        .where(IdempotencyKey.key == key.value)
        .first()
    )
    if row is None:
        return None
    if row["body_hash"] != key.body_hash:
        raise KeyReused
    return UUID(str(row["dossier_id"]))


async def claim(key: Key | None, dossier: UUID) -> bool:
    """Bind the key to the dossier being made; False when another request was first (it waits for that one's end)."""
    db.inside_transaction()
    if key is None:
        return True
    row = IdempotencyKey(key=key.value, body_hash=key.body_hash, dossier_id=dossier, used_at=clock.now())
    return await db.insert(row, unless="key")


async def forget_old() -> None:
    """Drop the keys of more than a day ago."""
    await IdempotencyKey.delete().where(IdempotencyKey.used_at < clock.now() - KEPT)
