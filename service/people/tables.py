"""Structures, the delivery state of addresses, and the staff of the campus with their ways in."""

from piccolo.columns import UUID, ForeignKey, Integer, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

ROLES = ("admin", "organiser", "door", "reader")


class Organisation(Table, tablename="organisation"):
    """A school, company, authority, training body, lab or association."""

    id = UUID(primary_key=True)
    slug = Varchar(length=80, unique=True)
    name = Varchar(length=200)
    kind = Varchar(length=20)
    town = Varchar(length=100)
    sector = Varchar(length=200)
    authority_area = Varchar(length=200)

    version = Integer(default=0)  # who edits an older one is told

    kind_known = Check("kind IN ('school', 'company', 'authority', 'training', 'lab', 'association', 'other')")
    named = Check("name <> '' AND slug <> ''")


class FormerSlug(Table, tablename="former_slug"):
    """An address under which a structure was known before it was joined to another: its posters still lead there."""

    slug = Varchar(length=80, primary_key=True)
    organisation = ForeignKey(Organisation, null=False, on_delete=OnDelete.restrict, index=True)


class Contact(Table, tablename="contact"):
    """Somebody of a structure whom the campus writes to. Who has left stays, so that the history keeps a name."""

    id = UUID(primary_key=True)
    organisation = ForeignKey(Organisation, null=False, on_delete=OnDelete.restrict, index=True)
    name = Varchar(length=200)
    email = Varchar(length=254)
    email_key = Varchar(length=320, index=True)
    phone = Varchar(length=30)
    role = Varchar(length=100)
    added_at = Timestamptz()
    left_at = Timestamptz(null=True, default=None)

    contact_named = Check("name <> ''")


class OrganisationNote(Table, tablename="organisation_note"):
    """What somebody of the campus wrote down about a structure: a call, a visit, an agreement."""

    id = UUID(primary_key=True)
    organisation = ForeignKey(Organisation, null=False, on_delete=OnDelete.restrict, index=True)
    at = Timestamptz()
    by = Varchar(length=60)
    words = Text()


class Address(Table, tablename="address"):
    """What is known of one e-mail address: only whether mail reaches it."""

    email_key = Varchar(length=320, primary_key=True)
    undeliverable_since = Timestamptz(null=True, default=None)
    reason = Text()


class Person(Table, tablename="person"):
    """Somebody of the campus who signs in. Who has left keeps their name in the journal, and no way in."""

    id = UUID(primary_key=True)
    name = Varchar(length=200)
    email = Varchar(length=254)
    email_key = Varchar(length=320, unique=True)
    role = Varchar(length=20)
    language = Varchar(length=2, default="fr")
    added_at = Timestamptz()
    left_at = Timestamptz(null=True, default=None)

    role_known = Check(f"role IN {ROLES}")
    language_known = Check("language IN ('fr', 'en')")
    named = Check("name <> '' AND email_key <> ''")


class SignIn(Table, tablename="sign_in"):
    """One way in, for ten minutes: its link and its code are derived from its id, and stand nowhere.

    Without a ``person`` it leads nowhere (and is never kept).
    """

    id = UUID(primary_key=True)
    person = ForeignKey(Person, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    browser_hash = Varchar(length=64, index=True)
    link_hash = Varchar(length=64, unique=True)
    tries = SmallInt(default=0)
    asked_at = Timestamptz()
    expires_at = Timestamptz(default=None, null=False)
    used_at = Timestamptz(null=True, default=None)

    tries_few = Check("tries BETWEEN 0 AND 5")


class Session(Table, tablename="session"):
    """One browser in which somebody is signed in: only the fingerprint of its token is kept."""

    id = UUID(primary_key=True)
    token_hash = Varchar(length=64, unique=True)
    person = ForeignKey(Person, null=False, on_delete=OnDelete.restrict, index=True)
    browser = Varchar(length=80)
    opened_at = Timestamptz()
    seen_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
