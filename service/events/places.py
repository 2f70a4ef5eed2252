"""Whose doors open, and where: the hosts and the towns of published events."""

import re
from dataclasses import dataclass

from service import db, text
from service.refusal import Refusal

HOST = """
SELECT slug, name, town, sector FROM organisation host
WHERE slug = $1 AND EXISTS (SELECT 1 FROM event WHERE event.host = host.id AND event.state <> 'draft')
"""
NOW_AT = """
SELECT host.slug FROM former_slug JOIN organisation host ON host.id = former_slug.organisation
WHERE former_slug.slug = $1 AND EXISTS (SELECT 1 FROM event WHERE event.host = host.id AND event.state <> 'draft')
"""
HOSTS = """
SELECT DISTINCT host.slug FROM organisation host JOIN event ON event.host = host.id
WHERE event.state <> 'draft' ORDER BY host.slug
"""
NAMES = """
SELECT host.name FROM organisation host JOIN event ON event.host = host.id
WHERE event.state = 'published' GROUP BY host.name ORDER BY max(event.number) DESC LIMIT $1
"""
TOWNS = "SELECT DISTINCT town FROM event WHERE state <> 'draft' AND town <> '' ORDER BY town"


class UnknownHost(Refusal):
    """No structure of this address has ever published an event."""


class UnknownPlace(Refusal):
    """No published event ever took place in a town of this address."""


@dataclass(frozen=True, slots=True)
class Host:
    """A structure that opens its doors, as its page names it."""

    slug: str
    name: str
    town: str
    sector: str


async def host(slug: str) -> Host:
    """The structure of this address. Refuses: UnknownHost."""
    rows = await db.fetch(HOST, slug)
    if not rows:
        raise UnknownHost
    return Host(**dict(rows[0]))


async def now_at(slug: str) -> str:
    """Where the structure is found now that once had this address; empty where there is none."""
    rows = await db.fetch(NOW_AT, slug)
    return str(rows[0]["slug"]) if rows else ""


async def town(slug: str) -> str:
    """The name of the town of this address. Refuses: UnknownPlace."""
    for name in await towns():
        if text.slug(name) == slug:
            return name
    raise UnknownPlace


def town_in(place: str) -> str:
    """The town that stands behind a postcode in a place (``Atelier, 62510 Arques``); empty where there is none."""
    found = re.search(r"[0-9]{5} ([^,(]+)", place)
    return found[1].strip() if found else ""


async def hosts() -> list[str]:
    """The addresses of all structures that have published something."""
    return [row["slug"] for row in await db.fetch(HOSTS)]


async def host_names(most: int) -> list[str]:
    """The names of those who have published something, the latest first and at most so many, by their alphabet."""
    return sorted((row["name"] for row in await db.fetch(NAMES, most)), key=text.key)


async def towns() -> list[str]:
    """The towns where something was published."""
    return [row["town"] for row in await db.fetch(TOWNS)]
