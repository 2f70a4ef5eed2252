"""What the office's pages of bookings read from addresses, and the queries they link with."""

import re
from uuid import UUID

from service.bookings import register
from service.bookings.register import Filters
from service.bookings.tables import AUDIENCES
from service.web.pages import Visit

NUMBER = re.compile(r"[0-9]{1,6}")


def filters_of(request: Visit) -> Filters:
    """What the address asks the table for; what it does not know asks for nothing."""
    asked = request.query_params

    def one_of(name: str, known: object) -> str:
        value = str(asked.get(name, ""))
        return value if value in known else ""  # type: ignore[operator]

    return Filters(
        state=one_of("state", register.GROUPS),
        audience=one_of("audience", AUDIENCES),
        mail=one_of("mail", register.MAILS),
        q=str(asked.get("q", ""))[: register.LONGEST_SEARCH].replace("\x00", "").strip(),
        sort=one_of("sort", register.SORTS),
    )


def number_of(request: Visit, name: str) -> int:
    """A whole number of the address; 0 for anything else."""
    asked = str(request.query_params.get(name, ""))
    return int(asked) if NUMBER.fullmatch(asked) else 0


def path_of_slot(slot: UUID) -> str:
    """The bookings of a slot."""
    return f"/office/slots/{slot}"


def path_of_booking(booking: UUID) -> str:
    """The page of one booking."""
    return f"/office/bookings/{booking}"
