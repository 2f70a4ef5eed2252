"""What the office's lists read from addresses, and the queries they link with."""

import re
from collections.abc import Collection
from uuid import UUID

from service.bookings import register
from service.bookings.register import Filters
from service.bookings.tables import AUDIENCES
from service.web.pages import Visit

LONGEST_SEARCH = 100
MOST_PAGES = 1000
NUMBER = re.compile(r"[0-9]{1,6}")


def filters_of(request: Visit) -> Filters:
    """What the address asks the table for; what it does not know asks for nothing."""
    return Filters(
        state=one_of(request, "state", register.GROUPS),
        audience=one_of(request, "audience", AUDIENCES),
        mail=one_of(request, "mail", register.MAILS),
        q=searched(request),
        sort=one_of(request, "sort", register.SORTS),
    )


def searched(request: Visit, name: str = "q") -> str:
    """What the address searches for, without what nobody types."""
    typed = str(request.query_params.get(name, ""))
    return "".join(letter for letter in typed if letter.isprintable())[:LONGEST_SEARCH].strip()


def one_of(request: Visit, name: str, known: Collection[str]) -> str:
    """One of the values that the list knows; anything else asks for nothing."""
    asked = str(request.query_params.get(name, ""))
    return asked if asked in known else ""


def number_of(request: Visit, name: str) -> int:
    """A whole number of the address; 0 for anything else."""
    asked = str(request.query_params.get(name, ""))
    return int(asked) if NUMBER.fullmatch(asked) else 0


def page_of(request: Visit, name: str = "page") -> int:
    """Which page of a list the address asks for; the first for anything else."""
    return min(max(1, number_of(request, name)), MOST_PAGES)


def path_of_slot(slot: UUID) -> str:
    """The bookings of a slot."""
    return f"/office/slots/{slot}"


def path_of_booking(booking: UUID) -> str:
    """The page of one booking."""
    return f"/office/bookings/{booking}"


def path_of_proposal(proposal: UUID) -> str:
    """The page of one proposal."""
    return f"/office/proposals/{proposal}"
