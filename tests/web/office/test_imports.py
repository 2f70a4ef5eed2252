"""A list over HTTP: pasted or uploaded, looked at row by row, corrected, then added whole and once."""

import httpx
import pytest
from litestar import Litestar

from service import db
from service.events.slots import BookableSlot
from tests.bookings.harness import held
from tests.makers import BEN, a_pupil, make_booking, make_slot
from tests.visits import Page, counted, dump, send
from tests.web.office.harness import browser_of, somebody

LIST = "Prénom;Nom;E-mail;Établissement;Classe\r\nLéa;Dupont;lea@exemple.test;LYPSO;2de\r\nAli;Ben Salah;;Ferry;3e"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
LARGEST = 1024 * 1024


def path_of(slot: BookableSlot) -> str:
    return f"/office/slots/{slot.id}/import"


async def upload(client: httpx.AsyncClient, slot: BookableSlot, content: bytes, **fields: str) -> httpx.Response:
    files = {"file": ("liste.csv", content, "text/csv")}
    return await client.post(path_of(slot), data=fields, files=files, headers=SAME_SITE, params={"lang": "en"})


def hidden(answer: httpx.Response) -> dict[str, str]:
    found = {one["name"]: one["value"] for one in Page.of(answer).all("input", type="hidden")}
    return found | {"letters": "yes", "save": "yes"}


async def test_a_list_is_shown_as_it_was_understood_before_anybody_is_added(app: Litestar) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        pasted = await send(client, path_of(slot), {"people": LIST}, lang="en")
        assert await dump() == before
    page = Page.of(pasted)
    assert (pasted.status_code, "We understood 2 people" in page.words) == (200, True)
    for words in ("After that, 3 seats are left.", "to the 1 person with an address", "Ben Salah", "lea@exemple.test"):
        assert words in page.words


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
async def test_a_file_is_read_in_place_of_what_was_pasted(app: Litestar, encoding: str) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await upload(client, slot, LIST.encode(encoding), people="Vieux;Texte")
        assert ("Léa" in Page.of(answer).words, "Vieux" in Page.of(answer).words) == (True, False)
        done = await send(client, path_of(slot), hidden(answer))
    assert (done.status_code, done.headers["location"]) == (303, f"{path_of(slot)}?added=2")
    assert await held(slot) == 2


async def test_adding_twice_adds_once_and_says_so(app: Litestar) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        form = hidden(await send(client, path_of(slot), {"people": LIST}))
        answers = [await send(client, path_of(slot), form) for _ in range(2)]
        page = Page.of(await client.get(answers[-1].headers["location"], params={"lang": "en"}))
    assert [one.status_code for one in answers] == [303, 303]
    assert (await held(slot), len(await db.fetch("SELECT 1 FROM email"))) == (2, 1)
    assert page.all("textarea", name="people")


async def test_without_the_tick_nobody_is_written_to(app: Litestar) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        form = hidden(await send(client, path_of(slot), {"people": LIST}))
        await send(client, path_of(slot), {name: value for name, value in form.items() if name != "letters"})
    assert (await held(slot), await db.fetch("SELECT 1 FROM email")) == (2, [])


async def test_each_line_that_cannot_be_taken_is_told_with_its_reason_and_nobody_is_added(app: Litestar) -> None:
    slot = await make_slot(9)
    await make_booking(slot, BEN)
    wrong = f"Ali;Ben;ali(at)x\n;;x@y.fr\nZoé;Zola;z@x.fr\nZoé;Zola;z@x.fr\n{'é' * 101};Long;\nBen;Delattre;{BEN.email}"
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        for more in ({}, {"save": "yes"}):
            answer = await send(client, path_of(slot), {"people": wrong, **more}, lang="en")
            page = Page.of(answer)
            assert (answer.status_code, page.has_mistake("people")) == (422, True)
            assert "5 lines cannot be taken as they stand: see below." in page.words
            for reason in (
                "no e-mail address",
                "No name.",
                "Twice in the list.",
                "Too long.",
                "Has a booking for this date",
            ):
                assert reason in page.words
            assert "Zoé;Zola;z@x.fr" in page.words  # what was typed is there to be corrected
        assert await dump() == before


async def test_too_many_for_the_seats_are_counted_and_nobody_is_added(app: Litestar) -> None:
    slot = await make_slot(3)
    for _ in range(2):
        await make_booking(slot, a_pupil())
    async with browser_of(app, await somebody("organiser")) as client:
        for more in ({}, {"save": "yes"}):
            answer = await send(client, path_of(slot), {"people": LIST, **more}, lang="en")
            assert answer.status_code == 409
            assert "The list names 2 people, for 1 seat left: 1 too many." in Page.of(answer).words
            assert "Dupont" in Page.of(answer).words
    assert await held(slot) == 2


async def test_who_has_booked_meanwhile_is_shown_in_the_list(app: Litestar) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        form = hidden(await send(client, path_of(slot), {"people": f"Ben;Delattre;{BEN.email}"}))
        await make_booking(slot, BEN)
        answer = await send(client, path_of(slot), form, lang="en")
    page = Page.of(answer)
    assert (answer.status_code, "Somebody was faster" in page.words) == (409, True)
    assert "Has a booking for this date already." in page.words


async def test_one_may_go_back_and_correct_the_list(app: Litestar) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        form = hidden(await send(client, path_of(slot), {"people": LIST}))
        answer = await send(client, path_of(slot), {"people": form["people"], "again": "yes"})
    assert (answer.status_code, "Ali;Ben Salah;;Ferry;3e" in Page.of(answer).words) == (200, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Please paste a list"),
        (b"PK\x03\x04\x14\x00\x06\x00", "This is no list as text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This is no list as text"),
        (bytes(range(256)) * 100, "This is no list as text"),
        (b'L;"D', "A quotation mark is opened and never closed"),
        (b"L;D\n" * 501, "At most 500 people at once, please."),
        (b";" * 900_000, "Please paste a list"),
        (b"\n" * 900_000, "At most 500 people at once, please."),
    ],
)
async def test_an_odd_file_is_answered_with_a_sentence(app: Litestar, content: bytes, words: str) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await upload(client, slot, content)
    assert (answer.status_code, words in Page.of(answer).words) == (422, True)


@pytest.mark.parametrize("odd", ["L\x00a;D", "L\x1ba;D", b"L\xff;D", b"\xed\xa0\x80;D", "<script>alert(1)</script>;D"])
async def test_odd_letters_are_shown_again_as_far_as_they_can_be(app: Litestar, odd: str | bytes) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        pasted = await send(client, path_of(slot), {"people": odd})
        uploaded = await upload(client, slot, odd if isinstance(odd, bytes) else odd.encode())
        in_parts = await client.post(path_of(slot), files={"people": (None, odd)}, headers=SAME_SITE)
    for answer in (pasted, uploaded, in_parts):
        assert answer.status_code in (200, 400, 422)
        assert ("\x00" in answer.text, "\x1b" in answer.text, "<script>alert" in answer.text) == (False, False, False)


async def test_a_form_of_a_million_fields_and_one_that_is_too_large_are_turned_away(app: Litestar) -> None:
    slot = await make_slot(5)
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        form = {"Content-Type": "application/x-www-form-urlencoded", **SAME_SITE}
        many = await client.post(path_of(slot), content=b"a=1&" * 200_000, headers=form)
        large = await client.post(path_of(slot), content=b"people=" + b"x" * LARGEST, headers=form)
        parts = await client.post(
            path_of(slot), files=[("file", (f"{n}", b"", "text/csv")) for n in range(1100)], headers=SAME_SITE
        )
        broken = await client.post(
            path_of(slot),
            content=b"--x\r\nbroken",
            headers={"Content-Type": "multipart/form-data; boundary=x", **SAME_SITE},
        )
        assert await dump() == before
    assert (many.status_code, large.status_code) == (400, 413)
    assert all(400 <= one.status_code < 500 for one in (parts, broken))


async def test_this_page_alone_takes_a_large_form(app: Litestar) -> None:
    slot = await make_slot(5)
    padding = "\n" * 100_000
    async with browser_of(app, await somebody("organiser")) as client:
        taken = await send(client, path_of(slot), {"people": "x" * 100_000})
        other = await send(client, f"/office/slots/{slot.id}/messages/new", {"body": padding})
    assert (taken.status_code, other.status_code) == (422, 413)


async def test_a_slot_that_is_off_takes_no_list(app: Litestar) -> None:
    slot = await make_slot(5)
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'Panne' WHERE id = $1", slot.id)
    async with browser_of(app, await somebody("organiser")) as client:
        for more in ({}, {"save": "yes"}):
            answer = await send(client, path_of(slot), {"people": LIST, **more}, lang="en")
            assert (answer.status_code, "This date is called off" in Page.of(answer).words) == (409, True)


async def test_looking_at_a_list_costs_the_same_statements_however_long_it_is(app: Litestar) -> None:
    slot, costs = await make_slot(400), []
    async with browser_of(app, await somebody("organiser")) as client:
        for number in (1, 300):
            people = "\n".join(f"Élève {n};Liste;e{n}@exemple.test" for n in range(number))
            with counted() as statements:
                assert (await send(client, path_of(slot), {"people": people})).status_code == 200
            costs.append(len(statements))
    assert costs == [4, 4]  # the network's rate, who asks, the slot, who is there already
