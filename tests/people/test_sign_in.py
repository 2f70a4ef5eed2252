"""Signing in by mail: what scanners, strangers and guessers cannot do, and what its owner can."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from service import clock, db
from service.people import sessions, sign_in, staff, ways
from service.people.sign_in import OtherBrowser, WayInOver, WrongCode
from service.people.staff import AlreadyStaff, LastAdmin, UnknownPerson
from service.people.tables import Person
from tests.bookings.harness import at_once, kinds, mail_goes_out, text_of
from tests.bookings.queues import MINUTE, SECOND, after
from tests.visits import dump

ADA = "ada@campus.test"


async def ada(role: str = "organiser", email: str = ADA) -> Person:
    return await staff.add("Ada Vandamme", email, role, by="test")


async def letter_to(address: str, folder: Path) -> tuple[str, str, str]:
    """The asking browser's token, the link's token and the code of the letter that arrived."""
    browser = await sign_in.ask(address, "en")
    [letter] = await mail_goes_out(folder)
    words = text_of(letter)
    link, code = re.search(r"/office/sign-in/(\w{32})", words), re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", words)
    assert link
    assert code
    return browser, link[1], code[0]


async def test_the_link_opens_the_office_in_the_browser_that_asked_once(tmp_path: Path) -> None:
    person = await ada()
    browser, link, _ = await letter_to("Ada@Campus.test", tmp_path)

    token = await sign_in.by_link(link, browser)
    who = await sessions.of_token(token)
    assert who is not None
    assert (who.id, who.role, who.name) == (person.id, "organiser", "Ada Vandamme")
    with pytest.raises(WayInOver):
        await sign_in.by_link(link, browser)


@pytest.mark.parametrize("browser", ["", "another browser's"])
async def test_a_scanner_that_presses_the_button_elsewhere_gets_nowhere_and_spends_nothing(
    tmp_path: Path, browser: str
) -> None:
    await ada()
    ours, link, _ = await letter_to(ADA, tmp_path)
    for _ in range(7):
        with pytest.raises(OtherBrowser):
            await sign_in.by_link(link, browser)
    assert await sessions.of_token(await sign_in.by_link(link, ours))


async def test_the_code_opens_it_in_the_browser_that_asked_and_beside_the_link_in_any(tmp_path: Path) -> None:
    await ada()
    browser, _, code = await letter_to(ADA, tmp_path)
    assert await sessions.of_token(await sign_in.by_code(f" {code.lower()} ", browser=browser))
    _, link, code = await letter_to(ADA, tmp_path)
    assert await sessions.of_token(await sign_in.by_code(code.replace("-", " "), token=link))


async def test_a_code_is_tried_five_times_then_the_way_is_over(tmp_path: Path) -> None:
    await ada()
    browser, link, code = await letter_to(ADA, tmp_path)
    for _ in range(5):
        with pytest.raises(WrongCode):
            await sign_in.by_code("AAAA-AAAA", browser=browser)
    for spend in (sign_in.by_code(code, browser=browser), sign_in.by_code(code, token=link)):
        with pytest.raises(WayInOver):
            await spend
    with pytest.raises(WayInOver):
        await sign_in.by_link(link, browser)


async def test_a_hundred_guesses_at_once_are_five_tries(tmp_path: Path) -> None:
    await ada()
    browser, *_ = await letter_to(ADA, tmp_path)
    outcomes = await at_once(*(sign_in.by_code("AAAAAAAA", browser=browser) for _ in range(100)))
    assert kinds(outcomes) == {"WrongCode": 5, "WayInOver": 95}


async def test_a_link_pressed_twice_at_once_opens_one_session(tmp_path: Path) -> None:
    await ada()
    browser, link, _ = await letter_to(ADA, tmp_path)
    outcomes = await at_once(*(sign_in.by_link(link, browser) for _ in range(8)))
    assert kinds(outcomes) == {"str": 1, "WayInOver": 7}


async def test_a_way_in_is_over_after_ten_minutes(tmp_path: Path) -> None:
    await ada()
    browser, link, code = await letter_to(ADA, tmp_path)
    with after(10 * MINUTE + SECOND):
        with pytest.raises(WayInOver):
            await sign_in.by_link(link, browser)
        with pytest.raises(WayInOver):
            await sign_in.by_code(code, browser=browser)
        await sign_in.forget_old()
    with after(21 * MINUTE):
        await sign_in.forget_old()
        assert await db.fetch("SELECT id FROM sign_in") == []


async def test_a_letter_that_could_not_leave_in_ten_minutes_is_wiped(tmp_path: Path) -> None:
    await ada()
    await sign_in.ask(ADA, "fr")
    with after(11 * MINUTE):
        await mail_goes_out(tmp_path)
    [letter] = await db.fetch("SELECT recipient, facts, content FROM email")
    assert (letter["recipient"], letter["facts"], letter["content"]) == ("", "{}", None)


async def test_nothing_that_is_kept_tells_the_link_or_the_code(tmp_path: Path) -> None:
    await ada()
    await sign_in.ask(ADA, "fr")
    [way] = await db.fetch("SELECT id FROM sign_in")
    for secret in (ways.link_token(way["id"]), ways.code_of(way["id"])):
        assert secret not in str(await dump())
    await mail_goes_out(tmp_path)
    assert ADA not in str((await dump())["email"])  # wiped when it left


async def test_an_unknown_address_gets_the_same_answer_and_leaves_nothing(tmp_path: Path) -> None:
    await ada()
    before = await dump()
    assert len(await sign_in.ask("nobody@campus.test", "fr")) == len(await sign_in.ask(ADA, "fr"))
    await db.fetch("DELETE FROM sign_in")
    await db.fetch("DELETE FROM email")
    assert await dump() == before
    assert await mail_goes_out(tmp_path) == []


async def test_who_has_left_does_not_come_in_and_their_sessions_end(tmp_path: Path) -> None:
    await ada("admin", "boss@campus.test")
    person = await ada()
    browser, link, _ = await letter_to(ADA, tmp_path)
    token = await sign_in.by_link(link, browser)
    other, late, _ = await letter_to(ADA, tmp_path)

    await staff.leave(person.id, by="test")

    assert await sessions.of_token(token) is None
    with pytest.raises(WayInOver):
        await sign_in.by_link(late, other)
    await sign_in.ask(ADA, "fr")
    assert await mail_goes_out(tmp_path) == []


async def test_another_role_ends_all_sessions(tmp_path: Path) -> None:
    person = await ada()
    browser, link, _ = await letter_to(ADA, tmp_path)
    token = await sign_in.by_link(link, browser)
    await staff.set_role(person.id, "reader", by="test")
    assert await sessions.of_token(token) is None


async def a_session(person: Person) -> str:
    async with db.transaction():
        return await sessions.open_session(person.id, "Firefox · Linux")


@pytest.mark.parametrize(
    ("looks", "alive"),
    [((29,), True), ((31,), False), ((29, 58, 87), True), (tuple(range(25, 12 * 60 + 10, 25)), False)],
)
async def test_a_session_ends_after_half_an_hour_idle_and_twelve_hours_at_most(
    looks: tuple[int, ...], alive: bool
) -> None:
    token, now = await a_session(await ada()), clock.now()
    who = None
    for minutes in looks:
        with clock.at(now + timedelta(minutes=minutes)):
            who = await sessions.of_token(token)
    assert (who is not None) == alive


async def test_one_lists_and_ends_ones_own_sessions_and_nobody_else_s() -> None:
    person, other = await ada(), await ada(email="ben@campus.test")
    here, there, theirs = await a_session(person), await a_session(person), await a_session(other)
    who, them = await sessions.of_token(here), await sessions.of_token(theirs)
    assert who
    assert them
    mine = await sessions.of_person(person.id)
    assert [one.browser for one in mine] == ["Firefox · Linux"] * 2

    with pytest.raises(sessions.UnknownSession):
        await sessions.end(who, them.session)
    [elsewhere] = [one.id for one in mine if one.id != who.session]
    await sessions.end(who, elsewhere)
    assert await sessions.of_token(there) is None
    assert await sessions.of_token(theirs) is not None


async def test_only_a_fingerprint_of_a_session_is_kept() -> None:
    token = await a_session(await ada())
    assert token not in str(await dump())
    assert len(token) >= 43  # 256 bits


async def test_the_command_line_s_link_opens_in_any_browser_once() -> None:
    person = await ada()
    link = await sign_in.open_directly(person.id)
    assert await sessions.of_token(await sign_in.by_link(link, ""))
    with pytest.raises(WayInOver):
        await sign_in.by_link(link, "any")


@pytest.mark.parametrize("browser", ["", "any browser", "any"])
async def test_nobody_elsewhere_can_use_up_the_tries_of_the_command_line_s_link(browser: str) -> None:
    link = await sign_in.open_directly((await ada()).id)
    for _ in range(6):
        with pytest.raises(WayInOver):
            await sign_in.by_code("AAAA-AAAA", browser=browser)
    assert await sessions.of_token(await sign_in.by_link(link, browser))


async def test_the_last_administrator_stays() -> None:
    boss, other = await ada("admin"), await ada("admin", "ben@campus.test")
    outcomes = await at_once(staff.leave(boss.id, by="test"), staff.set_role(other.id, "reader", by="test"))
    assert kinds(outcomes) == {"NoneType": 1, "LastAdmin": 1}
    [left] = [one for one in await staff.everybody() if one.role == "admin"]
    with pytest.raises(LastAdmin):
        await staff.leave(left.id, by="test")


async def test_an_address_signs_in_once_and_who_left_comes_back() -> None:
    await ada("admin", "boss@campus.test")
    person = await ada()
    with pytest.raises(AlreadyStaff):
        await ada(email="ADA@campus.test")
    await staff.leave(person.id, by="test")
    again = await ada("reader")
    assert (again.id, again.role) == (person.id, "reader")
    with pytest.raises(UnknownPerson):
        await staff.leave((await db.fetch("SELECT gen_random_uuid() AS id"))[0]["id"], by="test")
