"""Structures that are probably one and the same, typed twice."""

import re
from uuid import UUID

from service import text
from service.people import organisations

LEGAL_FORMS = frozenset(
    ("sa", "sas", "sasu", "sarl", "eurl", "snc", "sci", "scop", "scic", "scea", "gie", "sem", "spl")
)
IN_BRACKETS = re.compile(r"\([^()]*\)")


def core(name: str) -> str:
    """What is left of a name without its accents, its legal form and what stands in brackets."""
    words = text.key(IN_BRACKETS.sub(" ", name).replace(".", "")).replace("œ", "oe").split()
    return " ".join(word for word in words if word not in LEGAL_FORMS) or text.key(name)


async def alike(organisation: UUID) -> dict[UUID, str]:
    """The structures whose names are probably another spelling of this one's, by their ids."""
    known = await organisations.names()
    mine = core(known[organisation]) if organisation in known else ""
    return {other: name for other, name in known.items() if other != organisation and core(name) == mine}
