"""Structures that are probably one and the same, typed twice."""

import re
from uuid import UUID

from service import text
from service.people import organisations

LEGAL_FORMS = frozenset({
    "sa", "sas", "sasu", "sarl", "eurl", "snc", "sci", "scop", "scic", "scea", "gie", "sem", "spl", "ltd", "gmbh",
    "ets", "etablissements", "societe", "ste", "groupe", "group", "entreprise", "cie", "compagnie",
})  # fmt: skip
IN_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")


def core(name: str) -> str:
    """What is left of a name without its accents, its legal form and what stands in brackets."""
    words = text.key(IN_BRACKETS.sub(" ", name).replace(".", "")).replace("œ", "oe").split()
    return " ".join(word for word in words if word not in LEGAL_FORMS) or text.key(name)


async def resembling(name: str) -> dict[UUID, str]:
    """The structures whose names are probably another spelling of this one, by their ids."""
    return _among(await organisations.names(), name)


async def alike(organisation: UUID) -> dict[UUID, str]:
    """The other structures whose names are probably another spelling of this one's, by their ids."""
    known = await organisations.names()
    return _among(known, known.pop(organisation, ""))


def _among(known: dict[UUID, str], name: str) -> dict[UUID, str]:
    wanted = core(name)
    return {found: other for found, other in known.items() if wanted and core(other) == wanted}
