"""The examination: each thing has a good and a bad case, none hides another, and no secret is told."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from service import clock, db, settings
from service.campus import preferences
from service.edge.headers import ALWAYS, HTTPS_ONLY
from service.operations import checks, migrations
from service.operations.doctor import database, examination, findings, machine, mail_server, public_address
from service.operations.doctor.database import Pools
from service.operations.doctor.examination import Line
from tests.conftest import fresh_database
from tests.mail.makers import a_subject, claimed, post
from tests.mail.smtp_server import Answer, Drop, Freeze, smtp_server
from tests.makers import make_booking, make_slot
from tests.operations.test_migrations import engine_on
from tests.visits import dump

POOLS = Pools(page=8, worker=6)
CANARY = "hunter2-canary"
SET = {
    "MAIL_FROM": "agenda@campus.test",
    "CONTACT_EMAIL": "contact@campus.test",
    "CAMPUS_NAME": "Campus Verre",
    "PUBLISHER": "GIP Campus",
    "PUBLISHER_ADDRESS": "Arques",
    "PUBLICATION_DIRECTOR": "Ada",
    "HOSTING": "Arques",
    "TRUSTED_PROXIES": "127.0.0.1/32",
}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that this process trusts, as a machine trusts those of its system."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_server, "STEP_SECONDS", 0.5)
    monkeypatch.setattr(public_address, "STEP_SECONDS", 0.5)
    monkeypatch.setattr(database, "ANSWER_SECONDS", 1.0)


@pytest.fixture(autouse=True)
def _before() -> Iterator[None]:
    """The examination opens the database and sets the settings of its own process: here they are the tests'."""
    chosen, pool = settings.current(), db.engine.pool
    yield
    settings.use(chosen)
    db.engine.pool = pool


async def test_where_all_is_well_every_line_says_so(tmp_path: Path, authority: trustme.CA) -> None:
    await make_booking(await make_slot())
    before = await dump()
    async with (
        smtp_server(security="starttls", certificate=shown(authority), user="ada", password=CANARY) as mail,
        web_server(ours(), shown(authority)) as address,
    ):
        lines = await examined(tmp_path, **SET, SMTP_URL=mail.url, PUBLIC_URL=address)

    assert [str(line) for line in lines if line.verdict != "ok"] == []
    assert abouts(lines) == [
        "settings", "database", "migrations", "outbox", "mail server", "clock", "disk", "public address",
    ]  # fmt: skip
    assert await dump() == before
    assert mail.received == []


# Settings


async def test_every_wrong_variable_is_a_line_and_the_rest_is_examined(tmp_path: Path) -> None:
    lines = await examined(tmp_path, SECRET_KEY="x", SMTP_URL="nonsense", PORT="many", TIME_ZONE="Mars/Olympus")

    wrong = [line.what.partition(":")[0] for line in lines if (line.about, line.verdict) == ("settings", "bad")]
    assert set(wrong) == {"SECRET_KEY", "SMTP_URL", "PORT", "TIME_ZONE"}
    assert told(lines, "mail server") == [("look", "not examined, for SMTP_URL is wrong")]
    assert verdicts(lines, "database") == verdicts(lines, "migrations") == {"ok"}


async def test_what_nobody_has_set_is_bad_only_where_people_come(tmp_path: Path) -> None:
    public = await examined(tmp_path, PUBLIC_URL="https://127.9.9.9:1", MAIL_FROM="")
    local = await examined(tmp_path, PUBLIC_URL="http://localhost:1", MAIL_FROM="")

    for lines, verdict in ((public, "bad"), (local, "look")):
        [line] = [line for line in lines if line.what.startswith("MAIL_FROM is not set")]
        assert line.verdict == verdict


async def test_what_the_office_has_set_is_set(tmp_path: Path) -> None:
    """What is wrong in the table is as good as not set, and the examination goes on."""
    await preferences.save({"publisher": "GIP Campus", "hosting": "Arques"}, preferences.fingerprint({}), "test")
    await db.fetch("INSERT INTO preference (name, value) VALUES ('campus_name', $1)", "C" * 121)
    lines = await examined(tmp_path, PUBLIC_URL="http://localhost:1")

    lacking = {line.what.partition(" ")[0] for line in lines if line.about == "settings"}
    assert lacking & {"PUBLISHER", "PUBLICATION_DIRECTOR", "HOSTING", "CAMPUS_NAME"} == {
        "PUBLICATION_DIRECTOR",
        "CAMPUS_NAME",
    }
    assert len(lines) > len(lacking)


async def test_without_settings_nothing_is_started_and_nothing_is_made(tmp_path: Path) -> None:
    lines = await examined(tmp_path / "new", DATABASE_URL="", SECRET_KEY="")

    assert told(lines, "database")[0][1].startswith("the embedded PostgreSQL was not started yet")
    assert "bad" not in verdicts(lines)
    assert list(tmp_path.iterdir()) == []


# The database


async def test_a_database_that_is_away_hides_nothing_else(tmp_path: Path) -> None:
    for address in ("postgresql://ada:{0}@127.0.0.1:1/none", "postgresql://ada:{0}@nowhere.invalid/none"):
        lines = await examined(tmp_path, DATABASE_URL=address.format(CANARY))

        [(verdict, what)] = told(lines, "database")
        assert (verdict, what.startswith("does not answer: ")) == ("bad", True)
        assert verdicts(lines, "outbox") == {"look"}
        assert verdicts(lines, "disk") == {"ok"}


async def test_a_database_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    async with web_server(None) as silent:
        started = time.monotonic()
        lines = await examined(tmp_path, DATABASE_URL=f"postgresql://ada:{CANARY}@{urlsplit(silent).netloc}/none")

    assert told(lines, "database") == [("bad", "does not answer: no answer in time")]
    assert time.monotonic() - started < 15


async def test_an_address_that_no_library_understands_is_told_without_its_password(tmp_path: Path) -> None:
    lines = await examined(tmp_path, DATABASE_URL=f"postgresql://ada:{CANARY}/x@127.0.0.1:{CANARY}/none")

    assert verdicts(lines, "database") == {"bad"}


async def test_too_few_connections_are_told(tmp_path: Path) -> None:
    enough = await examined(tmp_path, WORKERS="2")
    few = await examined(tmp_path, WORKERS="64")

    assert told(enough, "database")[1][1].endswith("22 may be needed")
    assert (told(few, "database")[1][0], verdicts(enough, "database")) == ("bad", {"ok"})


async def test_a_version_that_was_not_tested_and_a_slow_answer_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value, verdict, word in (
        ("OLDEST", 99, "bad", "too old"),
        ("NEWEST", 14, "look", "newer than what was tested"),
        ("SLOW", 0.0, "look", "to answer"),
    ):
        with monkeypatch.context() as changed:
            changed.setattr(database, name, value)
            found = told(await examined(tmp_path), "database")[0]
            assert (found[0], word in found[1]) == (verdict, True)


async def test_migrations_that_are_missing_or_unknown_are_told(
    tmp_path: Path, server_url: str, worker_name: str
) -> None:
    empty = await fresh_database(server_url, f"passerelle_{worker_name}_doctor")
    all_missing = await examined(tmp_path, DATABASE_URL=empty)
    async with engine_on(empty):
        await migrations.migrate(empty)
        await db.fetch("INSERT INTO migration (name, app_name) VALUES ('9999', 'passerelle')")
    unknown = await examined(tmp_path, DATABASE_URL=empty)

    assert told(all_missing, "migrations") == [("bad", f"{len(migrations.known())} migration(s) missing")]
    assert told(all_missing, "outbox") == [("look", "not examined, for migrations are missing")]
    assert told(unknown, "migrations") == [("bad", "the database belongs to a newer Passerelle")]


async def test_the_outbox_says_what_waits_what_nobody_takes_and_what_failed(tmp_path: Path) -> None:
    assert told(await examined(tmp_path), "outbox") == [("ok", "no letter waits")]
    for _ in range(2):
        await post()
    assert told(await examined(tmp_path), "outbox") == [("ok", "2 letter(s) wait, the oldest since 0 min")]

    with clock.at(clock.now() + timedelta(minutes=5)):
        assert told(await examined(tmp_path), "outbox") == [("bad", "a letter is due since 5 min and nobody takes it")]
    with clock.at(clock.now() + timedelta(hours=3)):
        assert [verdict for verdict, _ in told(await examined(tmp_path), "outbox")] == ["bad", "bad"]

    await db.fetch("UPDATE email SET state = 'failed', settled_at = $1", clock.now())
    [(verdict, what)] = told(await examined(tmp_path), "outbox")
    assert (verdict, what.split(" ")[0]) == ("look", "2")


async def test_a_letter_that_rightly_waits_for_another_is_not_overlooked(tmp_path: Path) -> None:
    subject = a_subject()
    await post(subject)
    await post(subject, "cancellation", revision=1)
    await claimed()
    await db.fetch("UPDATE email SET lease_until = $1 WHERE state = 'sending'", clock.now() + timedelta(hours=1))

    with clock.at(clock.now() + timedelta(minutes=10)):
        assert [verdict for verdict, _ in told(await examined(tmp_path), "outbox")] == ["ok"]


# The mail server


async def test_the_mail_server_is_asked_up_to_the_sender_and_no_further(tmp_path: Path) -> None:
    async with smtp_server(user="ada", password=CANARY) as server:
        lines = await examined(tmp_path, SMTP_URL=server.url)

    assert told(lines, "mail server") == [
        ("ok", f"127.0.0.1:{server.port} takes letters of agenda@campus.test, signed in")
    ]
    assert server.received == []
    assert server.steps == ["connect", "ehlo", "auth", "mail", "rset", "quit"]


@pytest.mark.parametrize(
    ("place", "what", "said"),
    [
        ("connect", Answer("554 No service"), "connecting: 554 No service"),
        ("connect", Freeze(), "connecting: no answer in time"),
        ("connect", Drop(), "connecting: "),
        ("connect", Answer("ÿ nonsense"), "connecting: "),
        ("ehlo", Freeze(), "greeting: "),
        ("auth", Answer("535 5.7.8 Authentication failed"), "signing in: 535 5.7.8 Authentication failed"),
        ("mail", Answer("550 5.7.1 Not yours"), "MAIL: 550 5.7.1 Not yours"),
        ("mail", Freeze(), "MAIL: "),
    ],
)
async def test_the_step_that_fails_is_named_with_the_servers_words(
    tmp_path: Path, place: Any, what: Any, said: str
) -> None:
    async with smtp_server(user="ada", password=CANARY) as server:
        server.fail(place, what)
        lines = await examined(tmp_path, SMTP_URL=server.url)

    [(verdict, words)] = told(lines, "mail server")
    assert (verdict, words.startswith(f"127.0.0.1:{server.port}, {said}")) == ("bad", True), words


async def test_a_wrong_password_is_told_without_telling_it(tmp_path: Path) -> None:
    async with smtp_server(user="ada", password=CANARY) as server:
        lines = await examined(tmp_path, SMTP_URL=server.url.replace(CANARY, "hunter2-canary2"))

    assert verdicts(lines, "mail server") == {"bad"}
    assert about(lines, "mail server")[0].do == "check user and password of SMTP_URL"


async def test_a_mail_server_that_is_not_there_or_has_no_name_is_told(tmp_path: Path) -> None:
    closed = await examined(tmp_path, SMTP_URL="smtp://127.0.0.1:1")
    nameless = await examined(tmp_path, SMTP_URL="smtp://nowhere.invalid")
    unencrypted = await examined(tmp_path, SMTP_URL=f"smtp://ada:{CANARY}@mail.example.org")

    assert [verdicts(lines, "mail server") for lines in (closed, nameless, unencrypted)] == [{"bad"}] * 3
    assert "leads nowhere" in told(nameless, "mail server")[0][1]
    assert "signing in needs" in told(unencrypted, "mail server")[0][1]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_the_mail_server_is_examined(
    tmp_path: Path, authority: trustme.CA, security: Any
) -> None:
    soon = datetime.now(tz=None).astimezone() + timedelta(days=3, hours=1)
    cases = {
        "ok": shown(authority),
        "look": shown(authority, not_after=soon),
        "bad": shown(authority, name="other.example"),
    }
    for verdict, certificate in cases.items():
        async with smtp_server(security=security, certificate=certificate) as server:
            found = told(await examined(tmp_path, SMTP_URL=server.url), "mail server")
        assert found[-1][0] == verdict, found

    async with smtp_server(security=security, certificate=shown(trustme.CA())) as server:
        [(verdict, what)] = told(await examined(tmp_path, SMTP_URL=server.url), "mail server")
    assert (verdict, "self-signed certificate" in what or "unable to get local issuer" in what) == ("bad", True)


async def test_no_mail_server_is_fine_at_home_and_bad_where_people_come(tmp_path: Path) -> None:
    home = await examined(tmp_path, SMTP_URL="", PUBLIC_URL="http://localhost:1")
    public = await examined(tmp_path, SMTP_URL="", PUBLIC_URL="https://127.9.9.9:1")

    assert (verdicts(home, "mail server"), verdicts(public, "mail server")) == ({"ok"}, {"bad"})


# The machine


async def test_a_clock_that_is_apart_is_told(tmp_path: Path) -> None:
    assert verdicts(await examined(tmp_path), "clock") == {"ok"}
    for apart, verdict in ((timedelta(seconds=20), "look"), (timedelta(minutes=-5), "bad")):
        with clock.at(clock.now() + apart):
            found = told(await examined(tmp_path), "clock")
        assert found[0][0] == verdict
        assert "the database server" in found[0][1]


async def test_the_clock_is_compared_with_the_public_address_when_the_database_is_away(tmp_path: Path) -> None:
    old = b"HTTP/1.1 200 OK\r\nDate: Sun, 28 Mar 2021 01:00:00 GMT\r\nContent-Length: 3\r\n\r\nok\n"
    async with web_server(old) as address:
        lines = await examined(tmp_path, PUBLIC_URL=address, DATABASE_URL="postgresql://ada@127.0.0.1:1/none")

    [(verdict, what)] = told(lines, "clock")
    assert (verdict, what.endswith("apart from the public address")) == ("bad", True)


async def test_a_zone_that_no_calendar_knows_is_told(tmp_path: Path) -> None:
    assert told(await examined(tmp_path, TIME_ZONE="America/New_York"), "clock")[0][0] == "bad"


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    missing = await examined(tmp_path / "new")
    impossible = await examined(tmp_path / "file")

    assert (verdicts(missing, "disk"), verdicts(impossible, "disk")) == ({"look"}, {"bad"})


async def test_a_disk_that_is_nearly_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, verdict in (("LITTLE", "look"), ("NOTHING", "bad")):
        monkeypatch.setattr(machine, name, 10**18)
        assert verdicts(await examined(tmp_path), "disk") == {verdict}


async def test_a_secret_that_others_may_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(CANARY * 5)
    (tmp_path / "secret_key").chmod(0o644)
    assert verdicts(await examined(tmp_path), "disk") == {"ok", "look"}

    (tmp_path / "secret_key").chmod(0o600)
    assert verdicts(await examined(tmp_path), "disk") == {"ok"}


async def test_letters_that_lie_about_beside_a_mail_server_are_told(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "1.eml").write_text("À bientôt")

    assert verdicts(await examined(tmp_path), "disk") == {"ok"}
    assert verdicts(await examined(tmp_path, SMTP_URL="smtp://127.0.0.1:1"), "disk") == {"ok", "look"}


# The public address


async def test_what_answers_in_our_place_is_told(tmp_path: Path, authority: trustme.CA) -> None:
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
    cases = {
        "not as Passerelle": plain,
        "answers 502": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        "BadStatusLine": b"\x00\xff nonsense\r\n" * 50,
        "sends visitors to https://other.example/": (
            b"HTTP/1.1 301 Moved\r\nLocation: https://other.example/\r\nContent-Length: 0\r\n\r\n"
        ),
        "no answer in time": None,
    }
    for said, answer in cases.items():
        async with web_server(answer, shown(authority)) as address:
            [(verdict, what)] = told(await examined(tmp_path, PUBLIC_URL=address), "public address")
        assert (verdict, said in what) == ("bad", True), what


async def test_a_server_that_drips_is_given_up(tmp_path: Path) -> None:
    async with web_server(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 90, drip=0.2) as address:
        started = time.monotonic()
        lines = await examined(tmp_path, PUBLIC_URL=address)

    assert "no answer in time" in told(lines, "public address")[0][1]
    assert time.monotonic() - started < 15


async def test_certificate_and_protection_of_the_public_address_are_examined(
    tmp_path: Path, authority: trustme.CA
) -> None:
    soon = datetime.now(tz=None).astimezone() + timedelta(days=3, hours=1)
    cases = [
        (ours(), shown(authority), ["ok", "ok"]),
        (ours(), shown(authority, not_after=soon), ["ok", "look"]),
        (ours(hsts=False), shown(authority), ["ok", "ok", "look"]),
        (ours(), shown(authority, name="other.example"), ["bad"]),
        (ours(), shown(trustme.CA()), ["bad"]),
    ]
    for answer, certificate, expected in cases:
        async with web_server(answer, certificate, host="127.0.0.2") as address:
            found = told(await examined(tmp_path, PUBLIC_URL=address), "public address")
        assert [verdict for verdict, _ in found] == expected, found


async def test_https_without_trusted_proxies_and_http_in_public_are_told(tmp_path: Path) -> None:
    https = await examined(tmp_path, PUBLIC_URL="https://127.9.9.9:1")
    http = await examined(tmp_path, PUBLIC_URL="http://127.9.9.9:1")

    assert any(line.what.startswith("TRUSTED_PROXIES is not set") and line.verdict == "look" for line in https)
    assert any("unencrypted" in line.what and line.verdict == "look" for line in http)


# Whatever happens


async def test_a_check_that_hangs_or_breaks_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(examination, "SECONDS", 0.3)
    monkeypatch.setattr(machine, "_disk", lambda _: time.sleep(5))
    monkeypatch.setattr(checks, "late_mail", breaking)

    started = time.monotonic()
    lines = await examined(tmp_path)

    assert told(lines, "disk") == [("bad", "could not be examined: no answer in time")]
    assert told(lines, "outbox") == [("bad", "could not be examined: RuntimeError")]
    assert len(abouts(lines)) == 8
    assert time.monotonic() - started < 4


def test_only_words_that_can_hold_no_secret_are_told() -> None:
    assert findings.words(ValueError(f"invalid port {CANARY}")) == "ValueError"
    assert findings.words(ConnectionRefusedError(111, "Connection refused")) == "Connection refused"
    assert findings.words(TimeoutError()) == "no answer in time"


# How the tests look at it


async def examined(data_dir: Path, **more: str) -> list[Line]:
    """All lines of one examination; none tells a canary."""
    usual, before = db.engine.pool, settings.current()
    environ = {
        "DATABASE_URL": before.database_url or "",
        "SECRET_KEY": CANARY * 5,
        "DATA_DIR": str(data_dir),
        "MAIL_FROM": "agenda@campus.test",
        "PUBLIC_URL": "http://localhost:1",
        **more,
    }
    db.engine.pool = None
    try:
        lines = [line async for line in examination.examine(environ, POOLS)]
    finally:
        db.engine.pool = usual
        settings.use(before)
    assert CANARY not in "".join(str(line) for line in lines)
    assert all(len(str(line).splitlines()) == 1 for line in lines)
    return lines


def about(lines: list[Line], thing: str) -> list[Line]:
    return [line for line in lines if line.about == thing]


def told(lines: list[Line], thing: str) -> list[tuple[str, str]]:
    return [(line.verdict, line.what) for line in about(lines, thing)]


def verdicts(lines: list[Line], thing: str | None = None) -> set[str]:
    return {line.verdict for line in lines if thing in (None, line.about)}


def abouts(lines: list[Line]) -> list[str]:
    return list(dict.fromkeys(line.about for line in lines))


def shown(authority: trustme.CA, *, name: str = "", **more: Any) -> ssl.SSLContext:
    """The certificate that a server of this machine shows, or one of another ``name``."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*([name] if name else ["127.0.0.1", "127.0.0.2"]), **more).configure_cert(context)
    return context


def ours(*, hsts: bool = True) -> bytes:
    """What Passerelle answers at /healthz."""
    headers = {**ALWAYS, **(HTTPS_ONLY if hsts else {}), "Content-Length": "3"}
    return "".join(
        ["HTTP/1.1 200 OK\r\n", *(f"{name}: {value}\r\n" for name, value in headers.items()), "\r\nok\n"]
    ).encode()


@asynccontextmanager
async def web_server(
    answer: bytes | None, certificate: ssl.SSLContext | None = None, *, drip: float = 0, host: str = "127.0.0.2"
) -> AsyncIterator[str]:
    """A server that gives every question the same answer, at once or line by line; or none. Yields its address."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if answer is None:
                await reader.read()
                return
            await reader.readuntil(b"\r\n\r\n")
            for piece in answer.splitlines(keepends=True) if drip else [answer]:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(drip)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, host, 0, ssl=certificate)
    async with server:
        yield f"{'https' if certificate else 'http'}://{host}:{server.sockets[0].getsockname()[1]}"
