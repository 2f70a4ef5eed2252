"""The staff page: who signs in, one more, another role, signed out, let go; and oneself not by mistake."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from service import db
from service.people import delivery, roles, sessions, staff
from service.people.tables import ROLES, Person
from tests.bookings.harness import journal_of, mail_goes_out
from tests.visits import Page, counted, dump, send
from tests.web.office.harness import browser_of, somebody

HERE = "/office/staff"
ZOE = {"name": "Zoé D’Hôte", "email": "zoe@campus.test", "role": "reader", "language": "fr"}


@pytest.fixture
async def ada() -> Person:
    return await somebody("admin")


@pytest.fixture
async def client(app: Litestar, ada: Person) -> AsyncIterator[httpx.AsyncClient]:
    """The browser in which Ada is signed in."""
    async with browser_of(app, ada) as hers:
        yield hers


async def seen(client: httpx.AsyncClient, **query: Any) -> Page:
    answer = await client.get(HERE, params={"lang": "en", **query})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return Page.of(answer)


async def change(client: httpx.AsyncClient, who: UUID, what: str, **fields: Any) -> httpx.Response:
    named = {f"{name}_{who.hex}": value for name, value in fields.items()}
    return await send(client, f"{HERE}/{who}/{what}", named, lang="en")


async def role_of(who: UUID) -> str:
    return str({one.id: one.role for one in await staff.everybody()}.get(who, "gone"))


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_it_lists_everybody_with_what_they_may(client: httpx.AsyncClient, lang: str) -> None:
    for role in ("organiser", "reader", "door"):
        await somebody(role)
    gone = await staff.add("Partie", "partie@campus.test", "reader", by="test")
    await staff.leave(gone.id, by="test")
    await delivery.mark_undeliverable("door@campus.test", "550")
    page = await seen(client, lang=lang)
    for role in ROLES:
        said = [f"Ada {role}", f"{role}@campus.test", roles.called(role, lang), roles.may(role, lang)]
        assert [one for one in said if one not in page.words] == []
    assert "Partie" not in page.words
    assert len([1 for tag, has in page.elements if tag == "b" and has.get("class") == "unreached"]) == 1


async def test_it_tells_who_is_here_now_and_who_was_not_seen(client: httpx.AsyncClient) -> None:
    await somebody("reader")
    page = await seen(client)
    assert page.words.count("Signed in now, in 1 browser") == 1
    assert page.words.count("Not seen in the last day") == 1


async def test_who_is_added_is_written_to_in_their_language_and_may_sign_in(
    client: httpx.AsyncClient, ada: Person, tmp_path: Path
) -> None:
    answer = await send(client, HERE, {**ZOE, "language": "en"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}?done=added")
    assert Page.of(await client.get(answer.headers["location"])).all("div", role="status")
    [letter] = await mail_goes_out(tmp_path)
    assert (letter["To"].addresses[0].addr_spec, letter["Content-Language"]) == ("zoe@campus.test", "en")
    [zoe] = [one for one in await staff.everybody() if one.email == ZOE["email"]]
    assert (zoe.name, zoe.role, zoe.language) == (ZOE["name"], "reader", "en")
    assert await journal_of(zoe.id) == [(f"person:{ada.id}", "add_staff")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "Z" * 201),
        ("name", "Zo\x00é"),
        ("email", ""),
        ("email", "zoe"),
        ("email", "zoe@campus.test\r\nBcc: x@exemple.test"),
        ("role", ""),
        ("role", "king"),
        ("language", "de"),
    ],
)
async def test_a_mistake_stands_beside_its_field_and_nobody_is_added(
    client: httpx.AsyncClient, name: str, value: str
) -> None:
    before = await dump()
    answer = await send(client, HERE, {**ZOE, name: value}, lang="en")
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(name)) == (422, True)
    assert page.typed("email" if name == "name" else "name") == ZOE["email" if name == "name" else "name"]
    assert await dump() == before


async def test_a_name_stays_text(client: httpx.AsyncClient) -> None:
    await send(client, HERE, {**ZOE, "name": "<img src=x onerror=alert(1)>"})
    assert "<img src=x" not in (await client.get(HERE)).text
    assert "<img src=x onerror=alert(1)>" in (await seen(client)).words


async def test_an_address_that_signs_in_already_is_refused_and_what_was_typed_stays(client: httpx.AsyncClient) -> None:
    await send(client, HERE, ZOE)
    before = await dump()
    answer = await send(client, HERE, {**ZOE, "email": "ZOE@campus.test", "role": "admin"}, lang="en")
    page = Page.of(answer)
    assert (answer.status_code, "Somebody signs in with this address already." in page.words) == (409, True)
    assert page.typed("role") == "admin"
    assert await dump() == before


async def test_another_role_counts_from_the_next_click(app: Litestar, client: httpx.AsyncClient) -> None:
    ben = await somebody("organiser")
    async with browser_of(app, ben) as his:
        assert (await his.get("/office")).status_code == 200
        assert (await change(client, ben.id, "role", role="reader")).status_code == 303
        assert (await his.get("/office")).status_code == 303
    assert await role_of(ben.id) == "reader"


async def test_who_is_let_go_is_out_at_once(app: Litestar, client: httpx.AsyncClient) -> None:
    ben = await somebody("organiser")
    async with browser_of(app, ben) as his:
        assert (await change(client, ben.id, "leave")).status_code == 303
        assert (await his.get("/office")).status_code == 303
    assert "Ada organiser" not in (await seen(client)).words


async def test_somebody_s_sessions_are_ended_all_at_once(app: Litestar, client: httpx.AsyncClient) -> None:
    ben = await somebody("organiser")
    async with browser_of(app, ben) as here, browser_of(app, ben) as there:
        assert (await change(client, ben.id, "sign-out")).status_code == 303
        assert [(await one.get("/office")).status_code for one in (here, there)] == [303, 303]
    assert await sessions.of_person(ben.id) == []
    assert await role_of(ben.id) == "organiser"


@pytest.mark.parametrize("what", ["role", "leave"])
async def test_one_s_own_place_is_changed_with_a_tick_only(
    app: Litestar, client: httpx.AsyncClient, ada: Person, what: str
) -> None:
    await staff.add("Claire", "claire@campus.test", "admin", by="test")
    before = await dump()
    answer = await change(client, ada.id, what, role="reader")
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(f"sure_{ada.id.hex}")) == (422, True)
    assert len([1 for tag, has in page.elements if tag == "details" and "open" in has]) == 1
    assert await dump() == before
    assert (await change(client, ada.id, what, role="reader", sure="yes")).status_code == 303
    assert await role_of(ada.id) == {"role": "reader", "leave": "gone"}[what]
    assert (await client.get(HERE)).status_code == 303


@pytest.mark.parametrize("what", ["role", "leave"])
async def test_the_last_administrator_stays_and_reads_why(client: httpx.AsyncClient, ada: Person, what: str) -> None:
    await somebody("organiser")
    before = await dump()
    answer = await change(client, ada.id, what, role="door", sure="yes")
    assert (answer.status_code, "The last administrator stays" in Page.of(answer).words) == (409, True)
    assert await dump() == before


@pytest.mark.parametrize("what", ["role", "leave", "sign-out"])
async def test_of_who_is_not_there_nothing_is_changed(client: httpx.AsyncClient, what: str) -> None:
    before = await dump()
    for who in (UUID(int=7), UUID(int=2**128 - 1)):
        assert (await change(client, who, what, role="admin")).status_code == 404
    assert (await send(client, f"{HERE}/nobody/{what}")).status_code == 404
    assert await dump() == before


async def test_a_role_that_there_is_not_is_a_mistake(client: httpx.AsyncClient) -> None:
    ben = await somebody("organiser")
    answer = await change(client, ben.id, "role", role="king")
    assert (answer.status_code, Page.of(answer).has_mistake(f"role_{ben.id.hex}")) == (422, True)
    assert await role_of(ben.id) == "organiser"


async def test_one_is_never_offered_to_let_oneself_go(client: httpx.AsyncClient, ada: Person) -> None:
    ben = await somebody("organiser")
    page = await seen(client)
    assert page.all("form", action=f"{HERE}/{ben.id}/leave?lang=en")
    assert not page.all("form", action=f"{HERE}/{ada.id}/leave?lang=en")
    assert page.all("input", name=f"sure_{ada.id.hex}")


async def test_three_hundred_are_shown_by_fifty_with_as_many_questions_as_one(client: httpx.AsyncClient) -> None:
    with counted() as alone:
        await seen(client)
    await db.fetch(
        "INSERT INTO person (id, name, email, email_key, role, language) SELECT gen_random_uuid(), 'P' || n,"
        " n || '@campus.test', n || '@campus.test', 'reader', 'fr' FROM generate_series(1000, 1299) n"
    )
    with counted() as many:
        first = await seen(client)
    assert len(many) == len(alone)
    last = await seen(client, page="7")
    assert [len([1 for tag, _ in page.elements if tag == "details"]) for page in (first, last)] == [50, 1]
    assert "Page 1 of 7" in first.words
    assert last.words == (await seen(client, page="999")).words
    for odd in ("0", "-1", "x", "9" * 40, "\x00"):
        assert "Page 1 of 7" in (await seen(client, page=odd)).words
    [who] = await db.fetch("SELECT id FROM person WHERE name = 'P1060'")
    kept = await send(client, f"{HERE}/{who['id']}/role?page=2", {f"role_{who['id'].hex}": "door"})
    assert kept.headers["location"] == f"{HERE}?done=role&page=2"
