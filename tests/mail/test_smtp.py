"""What becomes of a mail: each row of the promise, against a real SMTP server that fails where it is told."""

import asyncio
import errno
import os
import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from service.mail.folder import FolderCourier
from service.mail.outcomes import Kind, Outcome
from service.mail.smtp import Server, SmtpCourier, courier_for, parse
from tests.mail.smtp_server import (
    Answer,
    Authority,
    Drop,
    Fault,
    Freeze,
    Place,
    Received,
    Slow,
    SmtpServer,
    What,
    smtp_server,
)

ORGANISER = "campus@passerelle.example"
BEN = "ben.durand@example.org"
CLEO = "cleo@example.org"
# More than two kernels buffer: while the server reads nothing, the final dot cannot have left.
BULK = ("y" * 900 + "\r\n") * 16_000
BEFORE_THE_DOT: list[Place] = ["mail", "rcpt", "data", "content"]


def letter(number: int = 1, body: str = "À bientôt".encode().hex()) -> bytes:
    return (
        f"From: {ORGANISER}\r\nTo: {BEN}\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}@passerelle.example>\r\n"
        f"Date: Sun, 28 Mar 2027 03:30:{number:02} +0200\r\n\r\n{body}\r\n"
    ).encode()


def courier_to(server: SmtpServer, **wishes: Any) -> SmtpCourier:
    return SmtpCourier(parse(server.url), **{"own_name": "client.example"} | wishes)


def impatience(place: Place, seconds: float = 0.15) -> dict[str, float]:
    """No time for what is asked at ``place``, and all the time there is for what comes before."""
    if place in ("connect", "rset"):
        return {"connect_timeout": seconds}
    after = {"answer_timeout": seconds}
    return after if place in ("dot", "kept") else after | {"command_timeout": seconds}


async def deliver(courier: SmtpCourier, to: str = BEN, content: bytes = letter()) -> Outcome:
    return await courier.deliver(ORGANISER, to, content)


async def fate(what: What, place: Place, **wishes: Any) -> tuple[Outcome, list[Received]]:
    """What becomes of one letter when ``what`` happens at ``place``."""
    async with smtp_server(Fault(place, what)) as server:
        courier = courier_to(server, **impatience(place) if what == Freeze() else {}, **wishes)
        try:
            return await deliver(courier), server.received
        finally:
            await courier.close()


# --- the URL ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail", Server("smtp", "mail", 25)),
        ("smtp://mail:2525/", Server("smtp", "mail", 2525)),
        ("SMTP://[::1]:1025", Server("smtp", "::1", 1025)),
        ("smtp://ada:secret@localhost", Server("smtp", "localhost", 25, "ada", "secret")),
        ("smtp+starttls://mail", Server("smtp+starttls", "mail", 587)),
        ("smtp+starttls://ada:a%2Fb%3Ac@mail", Server("smtp+starttls", "mail", 587, "ada", "a/b:c")),
        (
            "smtps://ada%40campus.example:%C3%A9t%C3%A9@mail:4465",
            Server("smtps", "mail", 4465, "ada@campus.example", "été"),
        ),
        ("smtps://mail", Server("smtps", "mail", 465)),
    ],
)
def test_a_url_says_where_the_server_is(url: str, server: Server) -> None:
    assert parse(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail",
        "mail:25",
        "http://mail",
        "smtp://",
        "smtp://mail:0",
        "smtp://mail:66000",
        "smtp://mail/folder",
        "smtp://ada:hunter2@mail",
        "smtps://ada@mail",
        "smtps://:hunter2@mail",
        "smtps://ada:hunter2@",
        "smtps://ada:hunter2/@mail",
        "smtps://ada:hunter2#@mail",
        "smtps://ada:hunter2?@mail",
        "smtps://ada:hunter2%ff@mail",
        "smtps://ada:hunter2@[mail",
        "smtps://ada:hunter2@mail:hunter2",
        "smtps://ada:hunter2@ma\u2100il",
    ],
)
def test_nonsense_is_refused_in_one_line_without_the_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|signing in") as refusal:
        parse(url)

    reason = str(refusal.value)
    assert reason
    assert "\n" not in reason
    assert "hunter2" not in reason
    assert refusal.value.__cause__ is None


def test_a_password_is_not_shown_with_its_server() -> None:
    assert "hunter2" not in repr(SmtpCourier(parse("smtps://ada:hunter2@mail")))


# --- delivered -------------------------------------------------------------------------------------------


async def test_a_letter_arrives_as_it_was_given() -> None:
    async with smtp_server() as server:
        courier = courier_to(server)
        content = letter(body=".\r\n..\r\n.hidden\r\nlast line")

        outcome = await deliver(courier, content=content)

        assert outcome == Outcome(Kind.sent, "250 2.0.0 Kept")
        assert server.received == [Received(ORGANISER, (BEN,), content, encrypted=False, user=None)]
        assert server.attempts == {BEN: 1}
        await courier.close()


async def test_bare_line_ends_cannot_smuggle_a_second_message() -> None:
    async with smtp_server() as server:
        courier = courier_to(server)
        smuggled = b"Subject: one\n\nend\n.\nMAIL FROM:<eve@example.org>\r.\r\ntail"

        assert (await deliver(courier, content=smuggled)).kind is Kind.sent

        assert [mail.content for mail in server.received] == [
            b"Subject: one\r\n\r\nend\r\n.\r\nMAIL FROM:<eve@example.org>\r\n.\r\ntail\r\n"
        ]
        await courier.close()


async def test_letters_share_one_connection_and_keep_their_order() -> None:
    async with smtp_server() as server:
        courier = courier_to(server)

        outcomes = await asyncio.gather(*(deliver(courier, content=letter(n)) for n in range(10)))

        assert {outcome.kind for outcome in outcomes} == {Kind.sent}
        assert [mail.content for mail in server.received] == [letter(n) for n in range(10)]
        assert server.connections == 1
        await courier.close()


# --- nobody's mail now: the server is paused --------------------------------------------------------------


async def test_a_refused_connection_is_the_servers() -> None:
    async with smtp_server() as server:
        await server.stop()
        courier = courier_to(server)

        assert (await deliver(courier)).kind is Kind.server

        await server.start()
        assert (await deliver(courier)).kind is Kind.sent
        await courier.close()


async def test_a_name_that_leads_nowhere_is_the_servers() -> None:
    courier = SmtpCourier(parse("smtp://nowhere.invalid"), own_name="client.example", connect_timeout=2)

    assert (await deliver(courier)).kind is Kind.server


@pytest.mark.parametrize(
    ("what", "place"),
    [
        (Answer("421 4.3.2 Shutting down"), "connect"),
        (Answer("554 No mail here"), "connect"),
        (Drop(), "connect"),
        (Freeze(), "connect"),
        (Answer("SSH-2.0-OpenSSH"), "connect"),
        (Answer("451 4.3.0 Not now"), "ehlo"),
        (Drop(), "ehlo"),
        (Freeze(), "ehlo"),
        (Answer("421 4.3.2 Shutting down"), "mail"),
        (Answer("421 4.3.2 Shutting down"), "rcpt"),
        (Answer("432 4.3.2 Queue stopped"), "rcpt"),
        (Answer("421 4.3.2 Shutting down"), "data"),
        (Answer("421 4.3.2 Shutting down"), "dot"),
    ],
)
async def test_a_server_that_is_not_itself_is_the_servers(what: What, place: Place) -> None:
    outcome, received = await fate(what, place)

    assert outcome.kind is Kind.server
    assert outcome.detail
    assert received == []


# --- this mail not now -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["mail", "rcpt", "data", "dot"])
async def test_a_4xx_is_temporary(place: Place) -> None:
    assert await fate(Answer("451 4.7.1 Greylisted"), place) == (
        Outcome(Kind.temporary, "451 4.7.1 Greylisted"),
        [],
    )


@pytest.mark.parametrize("place", BEFORE_THE_DOT)
@pytest.mark.parametrize("what", [Drop(), Freeze()])
async def test_silence_before_the_final_dot_is_temporary(what: What, place: Place) -> None:
    async with smtp_server(Fault(place, what)) as server:
        courier = courier_to(server, **impatience(place))

        assert (await deliver(courier, content=letter(body=BULK))).kind is Kind.temporary

        assert server.received == []


async def test_nonsense_in_place_of_an_answer_is_temporary() -> None:
    assert (await fate(Answer("well, well"), "mail"))[0].kind is Kind.temporary


# --- this address never; our fault ------------------------------------------------------------------------


async def test_a_5xx_for_the_recipient_is_permanent() -> None:
    outcome = await fate(Answer("550 5.1.1 No such user"), "rcpt")

    assert outcome == (Outcome(Kind.permanent, "550 5.1.1 No such user"), [])


async def test_an_address_that_smtp_cannot_carry_is_permanent() -> None:
    async with smtp_server() as server:
        courier = courier_to(server)

        for address in (
            "ben",
            "Ben <eve@example.org>",
            "b@x.org\r\nRCPT TO:<eve@x.org>",
            "élodie@example.org",
        ):
            assert await deliver(courier, to=address) == Outcome(
                Kind.permanent, "RCPT: not an address that SMTP can carry"
            )

        assert server.attempts == {}
        await courier.close()


@pytest.mark.parametrize("place", ["ehlo", "mail", "data", "dot"])
async def test_a_5xx_elsewhere_is_ours(place: Place) -> None:
    assert await fate(Answer("554 5.7.1 Rejected"), place) == (Outcome(Kind.ours, "554 5.7.1 Rejected"), [])


@pytest.mark.parametrize(
    "line",
    ["530 5.7.0 Authentication required", "554 5.7.1 Relay access denied", "550 5.7.54 Unable to relay"],
)
async def test_a_server_that_does_not_know_us_blames_no_address(line: str) -> None:
    assert await fate(Answer(line), "rcpt") == (Outcome(Kind.ours, line), [])


async def test_one_bad_address_does_not_hold_up_the_next() -> None:
    async with smtp_server() as server:
        server.fail("rcpt", Answer("550 5.1.1 No such user"), to=BEN)
        courier = courier_to(server)

        outcomes = [await deliver(courier, to=to) for to in (BEN, CLEO, BEN, CLEO)]

        assert [o.kind for o in outcomes] == [Kind.permanent, Kind.sent, Kind.permanent, Kind.sent]
        assert [mail.recipient for mail in server.received] == [CLEO, CLEO]
        assert server.attempts == {BEN: 2, CLEO: 2}
        assert server.connections == 1
        await courier.close()


# --- after the final dot ---------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [Drop(), Freeze(), Answer("well, well"), Answer("354 Go on")])
@pytest.mark.parametrize(("place", "copies"), [("dot", 0), ("kept", 1)])
async def test_silence_after_the_final_dot_is_unknown(what: What, place: Place, copies: int) -> None:
    outcome, received = await fate(what, place)

    assert outcome.kind is Kind.unknown
    assert len(received) == copies


async def test_after_the_unknown_the_same_bytes_go_out_again() -> None:
    async with smtp_server(Fault("kept", Drop(), times=1)) as server:
        courier = courier_to(server)

        assert [(await deliver(courier)).kind, (await deliver(courier)).kind] == [Kind.unknown, Kind.sent]

        assert [mail.content for mail in server.received] == [letter(), letter()]
        assert server.connections == 2
        await courier.close()


async def test_the_answer_to_the_final_dot_may_take_longer_than_other_answers() -> None:
    outcome, received = await fate(Slow(0.2), "kept", command_timeout=0.1, answer_timeout=2)

    assert outcome.kind is Kind.sent
    assert len(received) == 1


# --- the connection --------------------------------------------------------------------------------------


async def test_a_connection_carries_only_so_many_messages() -> None:
    async with smtp_server() as server:
        courier = courier_to(server, messages_per_connection=3)

        for number in range(7):
            assert (await deliver(courier, content=letter(number))).kind is Kind.sent

        assert server.connections == 3
        await courier.close()
        assert server.steps.count("quit") == 3


async def test_an_idle_connection_is_left() -> None:
    async with smtp_server() as server:
        courier = courier_to(server, idle_timeout=0.05)

        await deliver(courier)
        await server.until_empty()

        assert server.steps[-1] == "quit"
        assert (await deliver(courier)).kind is Kind.sent
        assert server.connections == 2
        await courier.close()


async def test_a_delivery_at_work_is_not_idle() -> None:
    async with smtp_server() as server:
        courier = courier_to(server, idle_timeout=0.05)
        await deliver(courier)
        server.fail("kept", Slow(0.15))

        assert (await deliver(courier)).kind is Kind.sent

        assert server.connections == 1
        await courier.close()


@pytest.mark.parametrize(
    "what", [Drop(), Freeze(), Answer("421 4.4.2 Idle too long"), Answer("500 What?"), Answer("hm")]
)
async def test_a_connection_gone_stale_costs_the_mail_nothing(what: What) -> None:
    async with smtp_server(Fault("rset", what)) as server:
        courier = courier_to(server, **impatience("rset"))

        assert [(await deliver(courier)).kind for _ in range(2)] == [Kind.sent, Kind.sent]

        assert server.connections == 2
        await courier.close()


async def test_a_server_that_hung_up_meanwhile_costs_the_mail_nothing() -> None:
    async with smtp_server() as server:
        courier = courier_to(server)
        await deliver(courier)
        await server.hang_up()

        assert (await deliver(courier)).kind is Kind.sent
        await courier.close()


async def test_closing_takes_leave_and_closing_twice_does_no_harm() -> None:
    async with smtp_server() as server:
        courier = courier_to(server)
        await deliver(courier)

        await courier.close()
        await courier.close()

        assert server.steps[-1] == "quit"
        await server.until_empty()


@pytest.mark.parametrize("place", ["connect", "ehlo", *BEFORE_THE_DOT, "dot", "kept", "rset"])
async def test_a_cancelled_delivery_never_lends_its_connection_to_the_next(place: Place) -> None:
    async with smtp_server(Fault(place, Freeze(), times=1)) as server:
        courier = courier_to(server)
        if place == "rset":
            await deliver(courier)
        cancelled = asyncio.create_task(deliver(courier, content=letter(1)))
        await server.until(lambda: place in server.steps)

        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await server.until_empty()

        assert (await deliver(courier, to=CLEO, content=letter(2))).kind is Kind.sent
        assert (server.received[-1].recipients, server.received[-1].content) == ((CLEO,), letter(2))
        assert server.connections == 2
        await courier.close()


async def test_a_late_answer_is_never_taken_for_the_next_one() -> None:
    async with smtp_server(Fault("rcpt", Slow(0.8), to=BEN)) as server:
        server.fail("rcpt", Answer("550 5.1.1 No such user"), to=CLEO)
        courier = courier_to(server, command_timeout=0.3)

        assert [(await deliver(courier, to=to)).kind for to in (BEN, CLEO)] == [
            Kind.temporary,
            Kind.permanent,
        ]

        assert server.connections == 2
        await courier.close()


async def test_a_frozen_server_holds_no_socket_of_ours() -> None:
    async with smtp_server(Fault("content", Freeze())) as server:
        courier = courier_to(server, **impatience("content"))
        delivery = asyncio.create_task(deliver(courier, content=letter(body=BULK)))
        await server.until(lambda: "content" in server.steps)
        assert courier._client
        assert courier._client.transport
        socket = courier._client.transport.get_extra_info("socket")

        await delivery

        await server.until(lambda: socket.fileno() == -1)


async def test_deliveries_cancelled_at_any_moment_never_mix_two_letters() -> None:
    async with smtp_server() as server:
        courier = courier_to(server)
        for number in range(60):
            task = asyncio.create_task(deliver(courier, to=f"{number}@example.org", content=letter(number)))
            await asyncio.sleep(number / 20_000)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        assert (await deliver(courier)).kind is Kind.sent

        for mail in server.received[:-1]:
            assert mail.content == letter(int(mail.recipient.partition("@")[0]))
        await server.until(lambda: server.open_connections == 1)
        await courier.close()


# --- signing in and encryption ---------------------------------------------------------------------------


async def test_signing_in_with_the_right_password() -> None:
    async with smtp_server(user="ada@campus.example", password="p@ss/été") as server:
        courier = courier_to(server)

        assert (await deliver(courier)).kind is Kind.sent

        assert [mail.user for mail in server.received] == ["ada@campus.example"]
        await courier.close()


async def test_a_wrong_password_is_ours_and_tried_once() -> None:
    async with smtp_server(user="ada", password="right") as server:
        url = server.url.replace("right", "wrong")
        courier = SmtpCourier(parse(url), own_name="client.example")

        outcome = await deliver(courier)

        assert outcome == Outcome(Kind.ours, "535 5.7.8 Authentication credentials invalid")
        assert server.steps == ["connect", "ehlo", "auth"]


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (Answer("454 4.7.0 Directory away"), Kind.server),
        (Answer("534 5.7.9 Use an application password"), Kind.ours),
        (Drop(), Kind.server),
        (Freeze(), Kind.server),
    ],
)
async def test_a_failing_sign_in_says_nothing_about_the_mail(what: What, kind: Kind) -> None:
    async with smtp_server(Fault("auth", what), user="ada", password="secret") as server:
        assert (await deliver(courier_to(server, **impatience("auth")))).kind is kind


async def test_a_server_without_sign_in_is_ours() -> None:
    async with smtp_server() as server:
        courier = SmtpCourier(parse(server.url.replace("//", "//ada:secret@")), own_name="client.example")

        assert (await deliver(courier)).kind is Kind.ours
        assert server.attempts == {}


def test_a_password_never_crosses_a_network_in_clear() -> None:
    with pytest.raises(ValueError, match="signing in needs"):
        Server("smtp", "mail.example.org", 25, "ada", "secret")


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_and_password_go_encrypted_to_a_server_we_can_verify(security: Any) -> None:
    authority = Authority()
    async with smtp_server(
        security=security, certificate=authority.certificate(), user="ada", password="secret"
    ) as server:
        courier = courier_to(server, tls=authority.trusted())

        assert [(await deliver(courier)).kind for _ in range(2)] == [Kind.sent, Kind.sent]

        assert [(mail.encrypted, mail.user) for mail in server.received] == [(True, "ada")] * 2
        assert server.connections == 1
        await courier.close()


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("stranger", ["another authority", "another name", "the system's authorities"])
async def test_a_certificate_we_cannot_verify_is_ours_and_hears_nothing(security: Any, stranger: str) -> None:
    authority = Authority()
    name = "mail.example.org" if stranger == "another name" else "127.0.0.1"
    trusted = {"another authority": Authority().trusted(), "another name": authority.trusted()}.get(stranger)
    async with smtp_server(
        security=security, certificate=authority.certificate(name), user="ada", password="secret"
    ) as server:
        outcome = await deliver(courier_to(server, tls=trusted))

        assert outcome.kind is Kind.ours
        assert "certificate verify failed" in outcome.detail
        assert not {"auth", "mail"} & set(server.steps)


async def test_a_server_without_starttls_is_ours_and_hears_nothing() -> None:
    async with smtp_server() as server:
        courier = SmtpCourier(parse(server.url.replace("smtp:", "smtp+starttls:")), own_name="client.example")

        assert await deliver(courier) == Outcome(Kind.ours, "greeting: the server offers no STARTTLS")
        assert server.steps == ["connect", "ehlo"]


@pytest.mark.parametrize(
    ("what", "kind"),
    [(Answer("454 4.7.0 No entropy"), Kind.server), (Drop(), Kind.server), (Freeze(), Kind.server)],
)
async def test_a_failing_starttls_is_the_servers(what: What, kind: Kind) -> None:
    authority = Authority()
    async with smtp_server(Fault("starttls", what), security="starttls", certificate=authority.certificate()) as server:
        courier = courier_to(server, tls=authority.trusted(), **impatience("starttls"))

        assert (await deliver(courier)).kind is kind


async def test_tls_towards_a_server_that_speaks_none_is_the_servers() -> None:
    async with smtp_server() as server:
        courier = SmtpCourier(parse(server.url.replace("smtp:", "smtps:")), own_name="client.example")

        assert (await deliver(courier)).kind is Kind.server


@pytest.mark.parametrize(("place", "kind"), [("content", Kind.temporary), ("kept", Kind.unknown)])
async def test_the_final_dot_divides_encrypted_conversations_too(place: Place, kind: Kind) -> None:
    authority = Authority()
    content = letter(body=BULK if place == "content" else "short")
    async with smtp_server(Fault(place, Freeze()), security="tls", certificate=authority.certificate()) as server:
        courier = courier_to(server, tls=authority.trusted(), **impatience(place))

        assert (await deliver(courier, content=content)).kind is kind


# --- what is said about it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("550 5.1.1 <Ben.Durand@example.org>: unknown", "550 5.1.1 <…>: unknown"),
        ("550 User ben.durand unknown", "550 User … unknown"),
        ("550 ben.durand@mailbox.example.net (was ben.durand@example.org) is gone", "550 … (was …) is gone"),
        ("550 see https://help.example.net/?who=ben.durand%40example.org", "550 see https:…"),
        ("550-5.1.1 First line\n550 5.1.1 second line", "550 5.1.1 First line"),
        ("550 caf\xe9 \x00\x1b[31m", "550 caf?   [31m"),
        ("550 " + "x" * 400, "550 " + "x" * 196),
    ],
)
async def test_the_detail_is_one_clean_line_without_addresses(line: str, detail: str) -> None:
    outcome, _ = await fate(Answer(line), "rcpt")

    assert outcome == Outcome(Kind.permanent, detail)


async def test_no_outcome_names_the_recipient() -> None:
    places: list[Place] = ["connect", *BEFORE_THE_DOT, "kept"]
    details = [(await fate(what, place))[0].detail for place in places for what in (Drop(), Freeze())]

    assert len([detail for detail in details if re.fullmatch(r"[\w ]+: .+", detail)]) == len(details)
    assert not [detail for detail in details if "ben" in detail or "@" in detail]


# --- the folder ------------------------------------------------------------------------------------------


async def test_without_a_mail_server_letters_become_files_that_sort_by_date(tmp_path: Path) -> None:
    courier = courier_for(None, tmp_path / "var" / "mail")

    for number in (3, 1, 2):
        assert (await courier.deliver(ORGANISER, BEN, letter(number))).kind is Kind.sent

    names = names_in(tmp_path / "var" / "mail")
    contents = [(tmp_path / "var" / "mail" / name).read_bytes() for name in names]
    assert contents == [letter(1), letter(2), letter(3)]
    assert re.fullmatch(r"20270328T013001Z-[0-9a-f]{16}\.eml", names[0])
    assert message_from_bytes(contents[0], policy=policy.default)["Subject"] == "Letter 1"
    await courier.close()


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_a_repeat_overwrites_its_own_file_and_no_other(tmp_path: Path) -> None:
    courier = FolderCourier(tmp_path)
    twins = [letter(1), letter(1).replace(b"<1@", b"<one@"), b"Subject: no date, no name\r\n\r\n"]

    names = [{(await courier.deliver(ORGANISER, BEN, twin)).detail for _ in range(2)} for twin in twins]

    assert [len(same) for same in names] == [1, 1, 1]
    assert names_in(tmp_path) == sorted(name for same in names for name in same)


async def test_a_folder_that_cannot_be_written_is_the_servers(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")

    outcome = await FolderCourier(blocked).deliver(ORGANISER, BEN, letter())

    assert outcome == Outcome(Kind.server, f"cannot write to the mail folder: {os.strerror(errno.EEXIST)}")


def test_the_settings_choose_the_courier(tmp_path: Path) -> None:
    assert courier_for(None, tmp_path) == FolderCourier(tmp_path)
    assert courier_for("", tmp_path) == FolderCourier(tmp_path)
    courier = courier_for("smtps://mail", tmp_path, own_name="campus.example")
    assert isinstance(courier, SmtpCourier)
    assert (courier.server, courier.own_name) == (Server("smtps", "mail", 465), "campus.example")
