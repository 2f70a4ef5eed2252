"""The README's nginx in front of the real server: HTTPS outside, and everybody counted as who they are."""

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import trustme

from tests.live import end, free_port, served
from tests.running.files import examples

NAME = "agenda.campus.example.org"
START_SECONDS = 10.0
ONE_FORM = "network=1/h"
EVE, ZOE = "127.0.0.2", "127.0.0.3"
OUR_NAME = {"sni_hostname": NAME}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Proxied:
    """The service behind its proxy, whose files lie in ``folder``, as visitors at several addresses reach it."""

    http_port: int
    https_port: int
    trust: ssl.SSLContext
    folder: Path

    async def get(self, path: str, *, over: str = "https") -> httpx.Response:
        """Ask for a page."""
        port = {"http": self.http_port, "https": self.https_port}[over]
        async with self._visitor(EVE) as visitor:
            return await visitor.get(f"{over}://127.0.0.1:{port}{path}", extensions=OUR_NAME)

    async def post(self, who: str, *, body: bytes = b"", pretends: str = "") -> httpx.Response:
        """Send a form from one address, which may pretend to pass on that of somebody else."""
        headers = {**FORM, **({"X-Forwarded-For": pretends} if pretends else {})}
        address = f"https://127.0.0.1:{self.https_port}/bookings/find"
        async with self._visitor(who) as visitor:
            return await visitor.post(address, content=body, headers=headers, extensions=OUR_NAME)

    def _visitor(self, who: str) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(local_address=who, verify=self.trust)
        return httpx.AsyncClient(transport=transport, headers={"Host": NAME})


@pytest.fixture(scope="module")
async def site(_opened: None, nginx: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxied]:
    """The service behind its proxy."""
    async with _proxied(nginx, tmp_path_factory.mktemp("site")) as opened:
        yield opened


async def test_pages_arrive_over_https_and_tell_browsers_to_stay_there(site: Proxied) -> None:
    page = await site.get("/")
    style = await site.get(re.findall(r'/static/[^"]+\.css[^"]*', page.text)[0])

    assert (page.status_code, style.status_code) == (200, 200)
    assert "<h1" in page.text
    assert page.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_plain_http_leads_to_https_under_our_own_name(site: Proxied) -> None:
    answer = await site.get("/events/visite?lang=en", over="http")

    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{NAME}/events/visite?lang=en")


@pytest.mark.parametrize(("size", "status"), [(60_000, 422), (70_000, 413)])
async def test_a_form_that_is_too_long_is_refused(site: Proxied, size: int, status: int) -> None:
    answer = await site.post(EVE, body=b"email=" + b"x" * size)

    assert answer.status_code == status


async def test_no_log_of_the_proxy_knows_who_opened_which_booking(site: Proxied) -> None:
    await site.get("/bookings/a-secret-link")

    logs = [path.read_text() for path in site.folder.rglob("*") if path.is_file()]
    assert [text for text in logs if "a-secret-link" in text] == []


async def test_two_visitors_have_two_budgets_and_nobody_gets_another_by_a_forged_address(
    nginx: str, tmp_path: Path
) -> None:
    async with _proxied(nginx, tmp_path, limits=ONE_FORM) as site:
        answers = [
            await site.post(EVE),
            await site.post(EVE),
            await site.post(EVE, pretends="198.51.100.7"),
            await site.post(ZOE),
        ]

    assert [answer.status_code for answer in answers] == [422, 429, 429, 422]


async def test_without_trust_all_visitors_share_one_budget(nginx: str, tmp_path: Path) -> None:
    """The negative control."""
    async with _proxied(nginx, tmp_path, limits=ONE_FORM, trusted="") as site:
        answers = [await site.post(EVE), await site.post(ZOE)]

    assert [answer.status_code for answer in answers] == [422, 429]


@asynccontextmanager
async def _proxied(nginx: str, folder: Path, *, trusted: str = "127.0.0.1", limits: str = "") -> AsyncIterator[Proxied]:
    """The real server, and the README's nginx before it with ports, names of files and addresses of this test."""
    ports, trust, authority = (free_port(), free_port()), ssl.create_default_context(), trustme.CA()
    known = {"PUBLIC_URL": f"https://{NAME}", "TRUSTED_PROXIES": trusted, "RATE_LIMITS": limits}
    authority.configure_trust(trust)
    (folder / "nginx").mkdir()
    async with served(folder, smtp_url="", workers=1, with_worker=False, **known) as address:
        configuration = _configuration(folder / "nginx", urlsplit(address).netloc, *ports, authority.issue_cert(NAME))
        async with _running(nginx, configuration, ports[1]):
            yield Proxied(*ports, trust, folder / "nginx")


def _configuration(folder: Path, upstream: str, http_port: int, https_port: int, certificate: trustme.LeafCert) -> Path:
    """What the README says, and around it what Debian's nginx.conf says; of its two kinds of addresses the older."""
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    (example,) = examples("nginx")
    changes = {
        "server 127.0.0.1:8000;": f"server {upstream};",
        "listen 80;": f"listen 127.0.0.1:{http_port};",
        "listen [::]:80;": "",
        "listen 443 ssl;": f"listen 127.0.0.1:{https_port} ssl;",
        "listen [::]:443 ssl;": "",
        "/etc/ssl/agenda/fullchain.pem": str(chain),
        "/etc/ssl/agenda/privkey.pem": str(key),
        "/var/log/nginx/error.log": str(folder / "error.log"),
    }
    for there, here in changes.items():
        assert example.count(there) == 1, there
        example = example.replace(there, here)
    whole = folder / "nginx.conf"
    whole.write_text(_around(folder, example))
    return whole


def _around(folder: Path, site: str) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""  # another could not read this test's folder
    return (
        f"{user}\ndaemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/start.log;\n"
        f"events {{}}\nhttp {{\naccess_log {folder}/access.log;\n{places}\n{site}}}\n"
    )


@asynccontextmanager
async def _running(nginx: str, configuration: Path, port: int) -> AsyncIterator[None]:
    log = configuration.parent / "start.log"
    process = await asyncio.create_subprocess_exec(nginx, "-e", str(log), "-c", str(configuration))
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _listens(port):
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.05)
        yield
    finally:
        await end(process)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
