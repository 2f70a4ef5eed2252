"""Preferences: what an administrator set, in place of what the environment says."""

from piccolo.columns import Text, Timestamptz, Varchar
from piccolo.table import Table


class Preference(Table, tablename="preference"):
    """One setting by its name, as it was typed."""

    name = Varchar(length=40, primary_key=True)
    value = Text()
    changed_at = Timestamptz()
    changed_by = Varchar(length=60)
