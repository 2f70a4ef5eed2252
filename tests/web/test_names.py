"""The names of a class over HTTP: pasted, shown as they were understood, then saved, or nothing is."""

import html
import re
from datetime import timedelta

import httpx
import pytest

from service import clock, db
from service.bookings import attendees, changes, erasure
from service.bookings.names import Name
from service.bookings.tables import Dossier
from service.settings import DEFAULT_RATES, Rate
from tests.bookings.classes import a_class_of
from tests.makers import link_of, make_booking, make_event, make_slot
from tests.visits import Page, counted, dump, send, settings_with

PASTED = "Marie DE LA TOUR\r\nDUPONT;Léa;12/03/2010\r\nLéa Da Silva\r\n"
UNDERSTOOD = [Name("DE LA TOUR", "Marie"), Name("DUPONT", "Léa"), Name("Da Silva", "Léa")]
GUESSED = "\n".join(f"Marie-Élisabeth D’hôte-Vandamme-{chr(65 + n % 26)}{'AB'[n // 26]}" for n in range(40))
FORTY = "\r\n".join(f"{n}.\tD’HÔTE-VANDAMME-{chr(65 + n % 26)}{'AB'[n // 26]}\tMarie-Élisabeth" for n in range(40))
NAMELESS = "Marie DUPONT\n12/03/2010\nLéa ROY\n????????"


async def a_class(pupils: int = 28, *, groups: int = 1) -> tuple[Dossier, list[str]]:
    """A class, and the names of the fields of its lists."""
    slots = [await make_slot(60, starts_in=timedelta(days=7 + n)) for n in range(groups)]
    dossier = await a_class_of(*slots, pupils=pupils)
    return dossier, [f"names-{group.id}" for group in await attendees.groups(dossier)]


async def pasted(
    visitor: httpx.AsyncClient, dossier: Dossier, fields: dict[str, str], step: str = ""
) -> httpx.Response:
    """Send the lists."""
    return await send(visitor, f"{link_of(dossier)}/names{step}", fields, lang="en")


async def looked_at(visitor: httpx.AsyncClient, dossier: Dossier) -> httpx.Response:
    return await visitor.get(f"{link_of(dossier)}/names?lang=en")


def in_field(answer: httpx.Response, name: str) -> str:
    """What stands in a list's field."""
    found = re.search(rf'<textarea id="{name}"[^>]*>\n(.*?)</textarea>', answer.text, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def rows(answer: httpx.Response) -> list[list[str]]:
    """The words of the cells of each line that was understood."""
    body = "".join(re.findall(r"<tbody>(.*?)</tbody>", answer.text, re.DOTALL))
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>.*?</tr>", body)]
    return [[html.unescape(re.sub(r"<.*?>", "", cell)).strip() for cell in row] for row in cells]


async def test_a_class_without_names_has_an_empty_list_for_each_of_its_groups(visitor: httpx.AsyncClient) -> None:
    dossier, fields = await a_class(groups=3)

    answer = await looked_at(visitor, dossier)

    assert answer.status_code == 200
    assert [one["name"] for one in Page.of(answer).all("textarea")] == fields
    assert [in_field(answer, field) for field in fields] == ["", "", ""]
    assert "You may leave it blank" in answer.text
    assert answer.text.count("28 pupils") == 3


async def test_names_that_are_needed_say_until_when(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(40, event=await make_event(names_required_days=3))
    answer = await looked_at(visitor, await a_class_of(slot))
    assert "Names needed by" in answer.text
    assert "You may leave it blank" not in answer.text


async def test_pasted_lines_are_shown_as_they_were_understood_and_nothing_is_saved(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    before = await dump()

    answer = await pasted(visitor, dossier, {field: PASTED})

    assert answer.status_code == 200
    assert rows(answer) == [
        ["1", "DE LA TOUR", "Marie", ""],
        ["2", "DUPONT", "Léa", "The rest of the line was left out."],
        ["3", "Da Silva", "Léa", "Which is the last name?"],
    ]
    assert "2 lines are marked" in answer.text
    assert "Save these 3 names" in answer.text
    assert "25 numbered blank lines" in answer.text
    assert await dump() == before


async def test_what_was_understood_is_saved_with_one_more_press(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    shown = Page.of(await pasted(visitor, dossier, {field: PASTED}))

    answer = await pasted(visitor, dossier, {field: shown.typed(field)}, "/save")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{link_of(dossier)}?names=saved&lang=en"
    assert list((await attendees.of(dossier)).values()) == [UNDERSTOOD]


async def test_the_lists_come_back_to_be_corrected_as_they_were_typed(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    answer = await pasted(visitor, dossier, {field: "\n" + PASTED, "again": "yes"})
    assert answer.status_code == 200
    assert in_field(answer, field) == "\n" + PASTED.replace("\r\n", "\n")


async def test_saved_names_stand_in_the_list_again_and_mean_the_same(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    await pasted(visitor, dossier, {field: PASTED}, "/save")

    shown = in_field(await looked_at(visitor, dossier), field)

    assert shown == "DE LA TOUR Marie\nDUPONT Léa\nDa Silva; Léa"
    before = await dump()
    await pasted(visitor, dossier, {field: shown}, "/save")
    assert await dump() == before


async def test_lines_that_cannot_be_read_are_said_beside_the_list_and_all_is_kept(visitor: httpx.AsyncClient) -> None:
    dossier, [field, other] = await a_class(groups=2)
    before = await dump()

    for step in ("", "/save"):
        answer = await pasted(visitor, dossier, {field: NAMELESS, other: PASTED}, step)
        page = Page.of(answer)
        assert answer.status_code == 422
        assert (page.has_mistake(field), page.has_mistake(other)) == (True, False)
        assert "Line 2 holds no name. Line 4 holds no name." in answer.text
        assert (in_field(answer, field), in_field(answer, other)) == (NAMELESS, PASTED.replace("\r\n", "\n"))
    assert await dump() == before


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Marie DUPONT\nLé\u202ea ROY", "Line 2 holds a character we cannot read."),
        ("Marie DUPONT\nLé\ufffda ROY", "Line 2 holds a character we cannot read."),
        ("É" * 101 + " Marie", "Line 1 is too long for a name."),
        ("Marie DUPONT\n" * 28 + "Léa ROY", "There are 29 names for 28 pupils."),
        ("1/1\n" * 6, "Line 3 holds no name. And 3 lines more."),
        ("Marie DUPONT\n" * 101, "Line 101 is one too many"),
        ("x" * 8001, "At most 8000 characters"),
    ],
)
async def test_a_mistake_in_a_list_says_what_it_is(visitor: httpx.AsyncClient, typed: str, said: str) -> None:
    dossier, [field] = await a_class()
    answer = await pasted(visitor, dossier, {field: typed})
    assert answer.status_code == 422
    assert Page.of(answer).has_mistake(field)
    assert said in answer.text
    assert "\u202e" not in answer.text


@pytest.mark.parametrize("lines", [FORTY, GUESSED])
async def test_forty_lines_for_three_groups_are_read_at_once_and_weigh_little(
    visitor: httpx.AsyncClient, lines: str
) -> None:
    dossier, fields = await a_class(40, groups=3)
    given = dict.fromkeys(fields, lines)

    read, again = await pasted(visitor, dossier, given), await pasted(visitor, dossier, {**given, "again": "yes"})
    saved = await pasted(visitor, dossier, {field: Page.of(read).typed(field) for field in fields}, "/save")

    assert (read.status_code, again.status_code, saved.status_code) == (200, 200, 303)
    assert len(rows(read)) == 120
    assert max(len(read.content), len(again.content)) <= 25_000
    assert [len(names) for names in (await attendees.of(dossier)).values()] == [40, 40, 40]


async def test_a_list_left_empty_is_saved_as_numbered_blank_lines(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    await pasted(visitor, dossier, {field: PASTED}, "/save")
    answer = await pasted(visitor, dossier, {field: " \r\n"})
    assert "28 numbered blank lines" in answer.text
    assert (await pasted(visitor, dossier, {field: " \r\n"}, "/save")).status_code == 303
    assert await attendees.of(dossier) == {}


async def test_a_list_that_was_not_sent_stays_as_it_is(visitor: httpx.AsyncClient) -> None:
    dossier, [field, other] = await a_class(groups=2)
    await pasted(visitor, dossier, {field: PASTED, other: "Sean O’BRIEN"}, "/save")
    assert (await pasted(visitor, dossier, {other: ""}, "/save")).status_code == 303
    assert list((await attendees.of(dossier)).values()) == [UNDERSTOOD]


async def test_the_list_of_another_class_is_left_alone(visitor: httpx.AsyncClient) -> None:
    (dossier, _), (others, [theirs]) = await a_class(), await a_class()
    await pasted(visitor, dossier, {theirs: PASTED}, "/save")
    assert await attendees.of(others) == {}


async def test_what_is_pasted_is_text_and_no_html(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    evil = "</textarea><script>alert(1)</script> \"EVIL' >"
    for step, more in (("", {}), ("", {"again": "yes"}), ("/save", {}), ("", {})):
        answer = await pasted(visitor, dossier, {field: evil, **more}, step)
        assert "<script>" not in answer.text
    assert "<script>" not in (await looked_at(visitor, dossier)).text


async def test_after_the_slot_nothing_is_changed_any_more(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    with clock.at(clock.now() + timedelta(days=7, hours=1)):  # it is going on
        assert (await pasted(visitor, dossier, {field: PASTED}, "/save")).status_code == 303
    with clock.at(clock.now() + timedelta(days=7, hours=3)):
        shown = await looked_at(visitor, dossier)
        answers = [await pasted(visitor, dossier, {field: ""}, step) for step in ("", "/save")]

    assert "These names can no longer be changed" in shown.text
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "its names can no longer be changed" in answers[1].text
    assert list((await attendees.of(dossier)).values()) == [UNDERSTOOD]


async def test_a_cancelled_class_and_who_comes_alone_have_no_names_to_give(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    await changes.cancel(dossier)
    alone, erased = await make_booking(await make_slot()), (await a_class())[0]
    await erasure.erase(erased)

    assert "These names can no longer be changed" in (await looked_at(visitor, dossier)).text
    assert (await pasted(visitor, dossier, {field: PASTED})).status_code == 200
    assert (await pasted(visitor, dossier, {field: PASTED}, "/save")).status_code == 303
    for other in (alone, erased):
        assert (await looked_at(visitor, other)).status_code == 404
        assert (await pasted(visitor, other, {field: PASTED}, "/save")).status_code == 404
    assert await db.fetch("SELECT 1 FROM attendee") == []


async def test_the_pages_are_for_who_has_the_link_only(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    for answer in (await looked_at(visitor, dossier), await pasted(visitor, dossier, {field: PASTED})):
        assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert Page.of(answer).all("meta", name="robots", content="noindex")


async def test_saving_is_counted_as_a_change_and_looking_is_not(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    with settings_with(rate_limits={**DEFAULT_RATES, "changes": Rate(1, 3600)}):
        for _ in range(3):
            assert (await pasted(visitor, dossier, {field: PASTED})).status_code == 200
        assert [(await pasted(visitor, dossier, {field: PASTED}, "/save")).status_code for _ in "12"] == [303, 429]


async def test_a_page_that_the_mail_opened_answers_for_its_address(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class()
    shown = await visitor.get(f"{link_of(dossier)}/names?from=mail")
    assert Page.of(shown).typed("from") == "mail"
    read = await pasted(visitor, dossier, {field: PASTED, "from": "mail"})
    assert Page.of(read).typed("from") == "mail"

    saved = await pasted(visitor, dossier, {field: PASTED, "from": "mail"}, "/save")

    assert "from=mail" in saved.headers["location"]
    assert await db.fetch("SELECT 1 FROM dossier WHERE address_answered_at IS NOT NULL")


async def test_the_number_of_queries_does_not_grow_with_the_names(visitor: httpx.AsyncClient) -> None:
    dossier, [field] = await a_class(40)
    asked = []
    for pasted_lines in ("Marie DUPONT", FORTY):
        with counted() as seen:
            await pasted(visitor, dossier, {field: pasted_lines}, "/save")
        asked.append(len(seen))
    assert asked[0] == asked[1]
