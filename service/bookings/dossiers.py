"""Dossiers: opened with a link and a code, found again by either."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from service import clock, db, text, tokens
from service.bookings.tables import Dossier
from service.refusal import Refusal

KIND, GUARDIAN_KIND = "dossier", "guardian"
SOME = "SELECT id, generation, guardian_generation FROM dossier WHERE id > $1 ORDER BY id LIMIT 1000"
RELINK = """
UPDATE dossier SET token_hash = made.token_hash,
    guardian_hash = CASE WHEN guardian_email = '' THEN '' ELSE made.guardian_hash END
FROM unnest($1::uuid[], $2::text[], $3::text[]) made (id, token_hash, guardian_hash) WHERE dossier.id = made.id
"""
NAME_KEY = 220  # what its column holds: some letters are several when compared (``ﷺ`` is 18)


class UnknownLink(Refusal):
    """No dossier has this link."""


@dataclass(frozen=True, slots=True)
class Booker:
    """Who asks: ``email`` as typed (or empty, for an entry by staff), the rest as the form's fields.

    Who has a ``class_label`` comes with a class; whom a partner's link brought counts as one.
    """

    first_name: str
    last_name: str
    email: str
    school: str
    language: str = "fr"
    level: str = ""
    age_band: str = ""
    guardian_email: str = ""
    class_label: str = ""
    outing: str = ""
    girls: int | None = None
    needs: str = ""
    is_partner: bool = False

    @property
    def email_key(self) -> str:
        """The address normalised."""
        return text.address_key(self.email)

    @property
    def name_key(self) -> str:
        """The class, or the name, normalised: what tells two siblings with one address apart.

        A class's begins with what no name has: a person of the same name is another booking.
        """
        key = f"# {text.key(self.class_label)}" if self.class_label else text.key(f"{self.first_name} {self.last_name}")
        return key[:NAME_KEY]

    @property
    def audience(self) -> str:
        """Whose share of the seats it counts against, where the event keeps some."""
        return "partner" if self.is_partner else "class" if self.class_label else "individual"


def token_of(dossier_id: UUID, generation: int) -> str:
    """The token of a dossier's permanent link."""
    return tokens.derive(KIND, dossier_id, generation)


def guardian_token(dossier_id: UUID, generation: int) -> str:
    """The token of the page on which a parent answers for a minor."""
    return tokens.derive(GUARDIAN_KIND, dossier_id, generation)


async def open_dossier(dossier_id: UUID, who: Booker) -> Dossier:
    """Insert the dossier of ``who`` with its link and a code that is free."""
    db.inside_transaction()
    dossier = Dossier(
        id=dossier_id,
        token_hash=tokens.fingerprint(token_of(dossier_id, 0)),
        generation=0,
        first_name=who.first_name,
        last_name=who.last_name,
        email=who.email,
        email_key=who.email_key,
        school=who.school,
        level=who.level,
        class_label=who.class_label,
        outing=who.outing,
        girls=who.girls,
        needs=who.needs,
        guardian_email=who.guardian_email,
        guardian_hash=tokens.fingerprint(guardian_token(dossier_id, 0)) if who.guardian_email else "",
        language=who.language,
        created_at=clock.now(),
    )
    while True:
        dossier.code = tokens.new_code()
        if await db.insert(dossier, unless="code"):
            return dossier


async def by_token(token: str) -> Dossier:
    """The dossier of a link. Refuses: UnknownLink, also for a token that is almost right."""
    dossier = await Dossier.objects().get(Dossier.token_hash == tokens.fingerprint(token))
    if dossier is None:
        raise UnknownLink
    return dossier


async def by_id(dossier_id: UUID) -> Dossier:
    """The dossier with this id, which must exist."""
    dossier = await Dossier.objects().get(Dossier.id == dossier_id)
    if dossier is None:
        raise UnknownLink
    return dossier


def booker_of(dossier: Dossier, *, is_partner: bool = False) -> Booker:
    """Who asked, for another booking of the same dossier."""
    return Booker(
        first_name=dossier.first_name,
        last_name=dossier.last_name,
        email=dossier.email,
        school=dossier.school,
        language=dossier.language,
        level=dossier.level,
        class_label=dossier.class_label,
        is_partner=is_partner,
    )


async def derive_links_again() -> int:
    """Give every dossier the link that the present SECRET_KEY derives: those sent so far lead nowhere any more.

    Needs an open transaction. Returns how many dossiers there are.
    """
    db.inside_transaction()
    done, last = 0, UUID(int=0)
    while rows := await db.fetch(SOME, last):
        hashes = [tokens.fingerprint(token_of(row["id"], row["generation"])) for row in rows]
        guardians = [tokens.fingerprint(guardian_token(row["id"], row["guardian_generation"])) for row in rows]
        await db.fetch(RELINK, [row["id"] for row in rows], hashes, guardians)
        done, last = done + len(rows), rows[-1]["id"]
    return done


def new_id() -> UUID:
    """The id of a dossier to be: its token is derived from it."""
    return uuid4()
