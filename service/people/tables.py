"""Structures, and the delivery state of addresses."""

from piccolo.columns import UUID, Text, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table


class Organisation(Table, tablename="organisation"):
    """A school, company, authority, training body, lab or association."""

    id = UUID(primary_key=True)
    slug = Varchar(length=80, unique=True)
    name = Varchar(length=200)
    kind = Varchar(length=20)
    town = Varchar(length=100)
    sector = Varchar(length=200)
    authority_area = Varchar(length=200)

    kind_known = Check("kind IN ('school', 'company', 'authority', 'training', 'lab', 'association', 'other')")
    named = Check("name <> '' AND slug <> ''")


class Address(Table, tablename="address"):
    """What is known of one e-mail address: only whether mail reaches it."""

    email_key = Varchar(length=320, primary_key=True)
    undeliverable_since = Timestamptz(null=True, default=None)
    reason = Text()
