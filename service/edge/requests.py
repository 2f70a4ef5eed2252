"""What every request passes: it comes from our own pages, and is not one too many of its network."""

import re
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Headers
from litestar.exceptions import NotFoundException

from service import settings
from service.limits import rates
from service.refusal import Refusal

SAFE = ("GET", "HEAD", "OPTIONS")
OURS = ("same-origin", "none")
SESSION_COOKIES = ("__Host-session", "session")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ANY_HOST = ("/healthz", "/readyz")
HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
LONGEST_PATH = 300
SITE = 64  # the bits of an IPv6 address that a network has; the rest its machines choose as they like


class OtherSite(Refusal):
    """The form was sent by another site."""


class WrongHost(Refusal):
    """The request was sent to a name that is not ours."""


async def admit(request: Request[Any, Any, Any]) -> None:
    """Let safe methods through; the others only from our own pages and within their network's rate.

    Refuses: WrongHost, OtherSite, TooOften; NotFoundException for what no path of ours looks like.
    """
    path = request.scope["path"]
    if len(path) > LONGEST_PATH or not path.isprintable():
        raise NotFoundException
    if path not in ANY_HOST:
        check_host(request.headers.get("host", ""))
    if request.method in SAFE:
        return
    check_same_site(request.headers, bool(set(request.cookies) & set(SESSION_COOKIES)))
    await rates.spend("network", client_network(request))


def check_host(host: str) -> None:
    """Refuse a name that is neither the public one nor, on plain HTTP, one of this machine's own."""
    chosen = settings.current()
    ours = {_host_of(chosen.public_url), *(() if chosen.is_https else LOOPBACK)}
    asked = HOST.fullmatch(host)
    if not asked or asked["name"].lower() not in ours:
        raise WrongHost


def check_same_site(headers: Headers, has_session: bool) -> None:
    """Refuse a form of another site: by Sec-Fetch-Site, else by Origin; without either, beside a session.

    ``Origin: null`` says nothing: browsers send it from our own pages, whose Referrer-Policy is no-referrer;
    and old ones, or any over plain HTTP, leave Sec-Fetch-Site out.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "null")
    if site is not None:
        from_us = site in OURS
    elif origin != "null":
        from_us = origin.lower() in _origins(headers.get("host", "").lower())
    else:
        from_us = not has_session
    if not from_us:
        raise OtherSite


def client_network(request: Request[Any, Any, Any]) -> str:
    """The network the request comes from: that of the peer, or of whom the proxies that we trust name.

    Of an IPv6 address its first 64 bits: the others are a single machine's to change at will.
    """
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getall("x-forwarded-for", [])).split(",")
    return _network_of(beyond_proxies(peer, [part.strip() for part in forwarded if part.strip()]))


def beyond_proxies(peer: str, forwarded: Sequence[str]) -> str:
    """Walk back from the peer through trusted proxies; the first that is no such proxy is who asks."""
    for address in reversed([*forwarded, peer]):
        if not _is_trusted(address):
            return address
    return forwarded[0] if forwarded else peer


def _host_of(address: str) -> str:
    """The host of an address of ours, an IPv6 one in its brackets."""
    found = HOST.fullmatch(urlsplit(address).netloc)
    return found["name"].lower() if found else ""


def _origins(host: str) -> tuple[str, ...]:
    """What a browser calls a page of ours: over HTTPS never its plain twin; over HTTP a proxy may add TLS."""
    return (f"https://{host}",) if settings.current().is_https else (f"https://{host}", f"http://{host}")


def _is_trusted(address: str) -> bool:
    known = _parsed(address)
    return known is not None and any(known in network for network in settings.current().trusted_proxies)


def _network_of(address: str) -> str:
    known = _parsed(address)
    if isinstance(known, IPv6Address):
        return str(ip_network((known, SITE), strict=False))
    return str(known or address)


def _parsed(address: str) -> Any:
    """The address as a value, an IPv4 one in IPv6 clothes as the IPv4 one it is; None when it is none."""
    try:
        known = ip_address(address)
    except ValueError:
        return None
    return getattr(known, "ipv4_mapped", None) or known
