"""The structures of the office: their list, one with its people and its history, correcting it, merging two."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar

from service import db, i18n
from service.people import contacts, delivery, remarks, structures
from service.people.contacts import Who
from service.people.structures import Facts, facts_of
from tests.makers import make_event, make_organisation, make_slot
from tests.proposals.making import make_proposal
from tests.visits import Page, counted, dump, send
from tests.web.office.harness import browser_of, somebody

HERE = "/office/organisations"
FOUNDRY = {
    "name": "Fonderie du Nord",
    "kind": "company",
    "town": "Bailleul",
    "sector": "métal",
    "authority_area": "CCFI",
}
EVIL = "<img src=x onerror=alert(1)>"
A_MONTH = "interval '30 days'"
ODD = "Zo\x00é"


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """The browser in which Ada is signed in, who organises."""
    async with browser_of(app, await somebody("organiser")) as hers:
        yield hers


async def glassworks(**values: Any) -> UUID:
    made = await make_organisation(**{"name": "Verrerie de l’Aa", "town": "Arques", "sector": "verre"} | values)
    return UUID(str(made.id))


async def seen(client: httpx.AsyncClient, path: str = "", **query: Any) -> Page:
    answer = await client.get(HERE + path, params={"lang": "en", **query})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return Page.of(answer)


async def post(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    return await send(client, HERE + path, fields, lang="en")


def done(answer: httpx.Response) -> str:
    """What the page that follows says was done."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("done=")[2].partition("&")[0]


async def test_the_list_names_each_with_its_events_and_its_people(client: httpx.AsyncClient) -> None:
    here = await glassworks()
    slot = await make_slot(event=await make_event(host=here))
    for name in ("Inès", "Zoé", "Ali"):
        await contacts.add(here, Who(name), "test")
    page = await seen(client)
    said = ["Verrerie de l’Aa", "Company · Arques", "verre", "1 event", "Inès, Zoé", "and 1 other"]
    assert [one for one in said if one not in page.words] == []
    assert f"{HERE}/{here}?lang=en" in page.addresses
    assert f"Next: {i18n.local(slot.starts_at):%A}" in page.words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "ELECTRO"}, {"Électro-Flandre"}),
        ({"kind": "school"}, {"Lycée"}),
        ({"town": "Bailleul"}, {"Électro-Flandre", "Lycée"}),
        ({"quiet": "yes"}, {"Électro-Flandre", "Lycée"}),
        ({"q": "introuvable"}, set()),
        ({"kind": "king", "quiet": "x", "page": "99999", "q": "\x00"}, {"Électro-Flandre", "Lycée", "Verrerie"}),
        ({"page": "7"}, {"Électro-Flandre", "Lycée", "Verrerie"}),
    ],
)
async def test_the_list_is_narrowed_by_its_address(
    client: httpx.AsyncClient, query: dict[str, str], found: set[str]
) -> None:
    await make_organisation(name="Électro-Flandre", town="Bailleul")
    await make_organisation(name="Lycée", kind="school", town="Bailleul")
    await make_slot(event=await make_event(host=(await make_organisation(name="Verrerie")).id))
    page = await seen(client, **query)
    assert {name for name in ("Électro-Flandre", "Lycée", "Verrerie") if name in page.words} == found
    assert ("Nothing matches" in page.words) is (not found)


async def test_the_list_costs_the_same_with_one_and_with_three_hundred(client: httpx.AsyncClient) -> None:
    costs = []
    for last in (1, 300):
        await db.fetch(
            "INSERT INTO organisation (id, slug, name, kind) SELECT gen_random_uuid(), 's' || n, 'S' || n, 'lab'"
            " FROM generate_series((SELECT count(*) + 1 FROM organisation), $1) AS n",
            last,
        )
        with counted() as statements:
            page = await seen(client)
        costs.append(len(statements))
        assert len(page.all("th", scope="row")) == min(last, 50)
    assert costs[0] == costs[1]
    assert page.all("a", rel="next")


async def test_a_structure_is_added(client: httpx.AsyncClient) -> None:
    assert (await seen(client, "/new")).typed("name") == ""
    answer = await post(client, "/new", **FOUNDRY)
    assert done(answer) == "added"
    [row] = await db.fetch("SELECT * FROM organisation")
    assert facts_of(structures.row_of(row)) == Facts(**FOUNDRY)
    assert Page.of(await client.get(answer.headers["location"])).all("div", role="status")


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", ""), ("name", "Z" * 201), ("name", ODD), ("kind", ""), ("kind", "king"), ("town", "Z" * 101),
     ("sector", "Z" * 201), ("authority_area", ODD)],
)  # fmt: skip
@pytest.mark.parametrize("where", ["new", "edit"])
async def test_a_mistake_stands_beside_its_field_and_nothing_is_saved(
    client: httpx.AsyncClient, where: str, name: str, value: str
) -> None:
    path = "/new" if where == "new" else f"/{await glassworks()}/edit"
    before = await dump()
    answer = await post(client, path, **{**FOUNDRY, name: value})
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(name)) == (422, True)
    other = "sector" if name == "name" else "name"
    assert page.typed(other) == FOUNDRY[other]
    assert await dump() == before


async def test_a_name_that_is_taken_leads_to_who_has_it(client: httpx.AsyncClient) -> None:
    there, other = await glassworks(), await make_organisation(name="Autre")
    answer = await post(client, "/new", **{**FOUNDRY, "name": "VERRERIE de l'Aa"})
    assert (answer.status_code, f"{HERE}/{there}?lang=en" in Page.of(answer).addresses) == (409, True)
    answer = await post(client, f"/{other.id}/edit", **{**FOUNDRY, "name": "VERRERIE de l'Aa"})
    page = Page.of(answer)
    assert (answer.status_code, page.typed("name")) == (409, "VERRERIE de l'Aa")
    assert any(one.startswith(f"{HERE}/{other.id}/merge?other={there}") for one in page.addresses)


async def test_names_stay_text(client: httpx.AsyncClient) -> None:
    here = await glassworks(name=EVIL, sector=EVIL)
    await contacts.add(here, Who(EVIL, "x@x.test", EVIL[:30], EVIL), "test")
    await remarks.write_down(here, EVIL, "test")
    for path in ("", f"/{here}", f"/{here}/edit", f"/{here}/merge"):
        assert "<img" not in (await client.get(HERE + path)).text


async def test_the_page_of_one_says_everything(client: httpx.AsyncClient) -> None:
    proposal = await make_proposal("published")
    here = proposal.organisation
    await contacts.add(here, Who("Zoé Petit", "zoe@verrerie.test", "03 21 00 00 00", "Directrice"), "test")
    await delivery.mark_undeliverable("zoe@verrerie.test", "550")
    await remarks.write_down(here, "Appelée le 3 mars : d’accord pour l’an prochain.", "test")
    await db.fetch(
        f"UPDATE slot SET {', '.join(f'{at}_at = {at}_at - {A_MONTH}' for at in ('starts', 'ends', 'closes'))}"
    )
    page = await seen(client, f"/{here}", done="noted")
    said = [
        "Verrerie de l’Aa", "Inès Delattre", "ines@verrerie.test", "Zoé Petit", "Directrice", "03 21 00 00 00",
        "Our e-mails do not arrive there.", "Du sable au flacon", "Published", "0 booked",
        "Handed in", "Proposal accepted", "Event published", "Letter: Proposal received, on its way",
        "Hosted", "Appelée le 3 mars", "The note is kept",
    ]  # fmt: skip
    assert [one for one in said if one not in page.words] == []
    wanted = [f"/office/proposals/{proposal.id}?lang=en", f"/office/events/{proposal.event}?lang=en"]
    assert [one for one in wanted if one not in page.addresses] == []
    assert [one for one in page.addresses if one.startswith("/hosts/")]


async def test_a_structure_without_anything_says_so(client: httpx.AsyncClient) -> None:
    page = await seen(client, f"/{await glassworks()}")
    assert [one for one in ("Nobody yet", "No event yet", "Nothing yet.") if one not in page.words] == []
    assert not [one for one in page.addresses if one.startswith("/hosts/")]


async def test_who_only_reads_sees_nobody_to_reach_and_changes_nothing(app: Litestar) -> None:
    here = (await make_proposal("asked")).organisation or await glassworks()
    await db.fetch("UPDATE proposal SET organisation = $1", here)
    await contacts.add(here, Who("Zoé Petit", "zoe@verrerie.test", "03 21 00 00 00"), "test")
    await remarks.write_down(here, "Entre nous.", "test")
    async with browser_of(app, await somebody("reader")) as client:
        words = (await seen(client)).words + (page := await seen(client, f"/{here}")).words
    hidden = ["Zoé Petit", "zoe@verrerie.test", "03 21", "Entre nous.", "Combien de groupes", "Letter"]
    assert [one for one in hidden if one in words] == []
    assert "Question asked" in words
    assert not [one for one in page.all("form") if "organisations" in one["action"]]


@pytest.mark.parametrize("number", [1, 60])
async def test_the_page_of_one_costs_the_same_whatever_its_history(client: httpx.AsyncClient, number: int) -> None:
    here = await glassworks()
    for at in range(number):
        await make_event(host=here)
        await remarks.write_down(here, "Appelée.", "test")
        await contacts.add(here, Who(f"Zoé {at}", f"z{at}@verrerie.test"), "test")
    with counted() as statements:
        page = await seen(client, f"/{here}")
    assert len(statements) == 8
    assert len(page.all("a", rel="next")) == (2 if number > 50 else 0)


async def test_a_page_of_the_history_that_is_not_there_is_the_first(client: httpx.AsyncClient) -> None:
    here = await glassworks()
    await remarks.write_down(here, "Appelée.", "test")
    await make_event(host=here, title="Du sable au flacon")
    page = await seen(client, f"/{here}", page="9", events="9")
    assert [one for one in ("Appelée.", "Du sable au flacon") if one not in page.words] == []


async def test_it_is_corrected(client: httpx.AsyncClient) -> None:
    here = await glassworks()
    shown = await seen(client, f"/{here}/edit")
    assert (shown.typed("name"), shown.typed("version")) == ("Verrerie de l’Aa", "0")
    assert done(await post(client, f"/{here}/edit", **FOUNDRY, version="0")) == "saved"
    assert facts_of(await structures.load(here)) == Facts(**FOUNDRY)


async def test_of_two_who_edit_the_second_sees_both_and_chooses(client: httpx.AsyncClient) -> None:
    here = await glassworks()
    await structures.edit(here, Facts("Verrerie de l’Aa", "company", "Lille", "verre"), 0, "test")
    before = await dump()
    mine = {"name": "Verrerie", "kind": "company", "town": "Arques", "sector": "verre", "authority_area": ""}
    answer = await post(client, f"/{here}/edit", **mine, version="0")
    page = Page.of(answer)
    assert (answer.status_code, await dump()) == (409, before)
    assert {one["value"]: "checked" in one for one in page.all("input", name="keep")} == {"name": False, "town": True}
    assert (page.typed("version"), page.typed("name"), "Lille" in page.words) == ("1", "Verrerie", True)

    assert done(await post(client, f"/{here}/edit", **mine, keep="town", version="1")) == "saved"
    found = await structures.load(here)
    assert (found.name, found.town) == ("Verrerie", "Lille")


async def test_people_come_are_corrected_leave_and_come_back(client: httpx.AsyncClient) -> None:
    here = await glassworks()
    new = {"name_new": "Zoé", "email_new": "zoe@verrerie.test", "phone_new": "03 21", "role_new": "Directrice"}
    assert done(await post(client, f"/{here}/contacts", **new)) == "added_contact"
    [zoe] = await contacts.of(here)
    assert (zoe.name, zoe.email, zoe.phone, zoe.role) == tuple(new.values())
    changed = {f"{name}_{zoe.id.hex}": value for name, value in {"name": "Zoé Petit", "email": ""}.items()}
    assert done(await post(client, f"/{here}/contacts/{zoe.id}/edit", **changed)) == "saved"
    for step, word, has_left in (("leave", "left", True), ("back", "back", False)):
        assert done(await post(client, f"/{here}/contacts/{zoe.id}/{step}")) == word
        [now] = await contacts.of(here)
        assert (now.name, now.email, now.left_at is not None) == ("Zoé Petit", "", has_left)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", ODD), ("name", "Z" * 201), ("email", "zoe"), ("email", "a@b.test\r\nBcc: c@d.test"),
     ("phone", "0" * 31), ("role", "Z" * 101)],
)  # fmt: skip
@pytest.mark.parametrize("mark", ["new", "known"])
async def test_a_mistake_about_somebody_stands_in_their_form(
    client: httpx.AsyncClient, mark: str, field: str, value: str
) -> None:
    here = await glassworks()
    known = await contacts.add(here, Who("Inès", "ines@verrerie.test"), "test")
    end, path = ("new", "") if mark == "new" else (known.hex, f"/{known}/edit")
    typed = {"name": "Zoé", "email": "zoe@verrerie.test", "phone": "", "role": "Cheffe"} | {field: value}
    before = await dump()
    answer = await post(client, f"/{here}/contacts{path}", **{f"{name}_{end}": said for name, said in typed.items()})
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(f"{field}_{end}")) == (422, True)
    kept = "role" if field == "name" else "name"
    assert page.typed(f"{kept}_{end}") == typed[kept]
    assert await dump() == before


async def test_somebody_who_is_there_already_is_not_written_down_again(client: httpx.AsyncClient) -> None:
    here = await glassworks()
    await contacts.add(here, Who("Inès", "ines@verrerie.test"), "test")
    before = await dump()
    answer = await post(client, f"/{here}/contacts", name_new="I. D.", email_new="INES@verrerie.test")
    page = Page.of(answer)
    assert (answer.status_code, page.typed("name_new")) == (409, "I. D.")
    assert "Inès has this address already." in page.words
    assert await dump() == before


async def test_a_note_is_written_down(client: httpx.AsyncClient) -> None:
    here = await glassworks()
    assert done(await post(client, f"/{here}/notes", words="Appelée :\nd’accord.")) == "noted"
    assert "Appelée :\nd’accord." in (await seen(client, f"/{here}")).words


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 2001, "a\x00b"])
async def test_a_note_that_cannot_be_kept_says_why(client: httpx.AsyncClient, words: str) -> None:
    here = await glassworks()
    before = await dump()
    answer = await post(client, f"/{here}/notes", words=words)
    assert (answer.status_code, Page.of(answer).has_mistake("words")) == (422, True)
    assert await dump() == before


async def test_a_double_is_pointed_out_and_compared(client: httpx.AsyncClient) -> None:
    here, double = await glassworks(), await glassworks(name="VERRERIE DE L'AA (SAS)", slug="verrerie-sas")
    await make_event(host=double)
    compare = f"{HERE}/{here}/merge?other={double}&lang=en"
    assert compare in (await seen(client, f"/{here}")).addresses
    assert compare in (await seen(client, f"/{here}/merge")).addresses
    page = await seen(client, f"/{here}/merge", other=str(double))
    assert [one for one in ("1 event", "/hosts/verrerie-sas") if one not in page.words] == []
    assert page.typed("name") == "kept"
    assert f"{HERE}/{double}/merge?other={here}&lang=en" in page.addresses


async def test_any_other_is_found_by_searching(client: httpx.AsyncClient) -> None:
    here, other = await glassworks(), await glassworks(name="Cristallerie", town="Lens")
    for q, is_found in (("cristal", True), ("LENS", True), ("introuvable", False), ("verrerie", False)):
        page = await seen(client, f"/{here}/merge", q=q)
        assert (f"{HERE}/{here}/merge?other={other}&lang=en" in page.addresses) is is_found


async def test_two_are_merged_with_the_facts_that_were_chosen(client: httpx.AsyncClient) -> None:
    here, double = await glassworks(), await glassworks(name="Verriers", town="", sector="flacons", slug="verriers")
    await make_event(host=double)
    page = await seen(client, f"/{here}/merge", other=str(double))
    assert (page.typed("name"), page.typed("town")) == ("kept", "kept")
    chosen = {"name": "gone", "town": "kept", "sector": "gone"}
    answer = await post(client, f"/{here}/merge", other=str(double), version="0", other_version="0", **chosen)
    assert done(answer) == "merged"
    found = await structures.load(here)
    assert (found.name, found.town, found.sector) == ("Verriers", "Arques", "flacons")
    for path, to in ((f"{HERE}/{double}", f"{HERE}/{here}"), ("/hosts/verriers", f"/hosts/{found.slug}")):
        assert (await client.get(path)).headers["location"] == to


async def test_a_choice_that_is_missing_is_asked_for(client: httpx.AsyncClient) -> None:
    here, double = await glassworks(), await glassworks(name="Verriers")
    before = await dump()
    answer = await post(client, f"/{here}/merge", other=str(double), version="0", other_version="0", name="x")
    assert (answer.status_code, Page.of(answer).has_mistake("name")) == (422, True)
    assert await dump() == before


async def test_what_was_saved_meanwhile_is_shown_before_it_is_merged(client: httpx.AsyncClient) -> None:
    here, double = await glassworks(), await glassworks(name="Verriers")
    await structures.edit(double, Facts("Verriers réunis", "company", "Arques", "verre"), 0, "test")
    before = await dump()
    sent = {"other": str(double), "version": "0", "other_version": "0", "name": "gone"}
    answer = await post(client, f"/{here}/merge", **sent)
    page = Page.of(answer)
    assert (answer.status_code, page.typed("other_version"), page.typed("name")) == (409, "1", "gone")
    assert await dump() == before


@pytest.mark.parametrize(("other", "status"), [("", 422), ("x", 422), ("itself", 422), ("nobody", 404)])
async def test_what_cannot_be_merged_is_refused_and_leads_back_to_the_choice(
    client: httpx.AsyncClient, other: str, status: int
) -> None:
    here = await glassworks()
    named = {"itself": str(here), "nobody": str(uuid4())}.get(other, other)
    before = await dump()
    answer = await post(client, f"/{here}/merge", other=named, version="9" * 30, other_version="x")
    assert (answer.status_code, bool(Page.of(answer).all("input", name="q"))) == (status, True)
    assert await dump() == before
    if other in ("itself", "nobody"):
        assert (await client.get(f"{HERE}/{here}/merge", params={"other": named})).status_code == status


async def test_what_somebody_else_has_merged_is_said(client: httpx.AsyncClient) -> None:
    here, double = await glassworks(), await glassworks(name="Verriers")
    third = await make_organisation(name="Cristallerie")
    sent = {"version": "0", "other_version": "0", "name": "kept"}
    await post(client, f"/{third.id}/merge", other=str(double), **sent, town="kept", sector="kept")
    answer = await post(client, f"/{here}/merge", other=str(double), **sent)
    assert (answer.status_code, "merged with “Cristallerie” a moment ago" in Page.of(answer).words) == (409, True)


async def test_a_structure_that_is_nowhere_is_not_found(client: httpx.AsyncClient) -> None:
    for path in ("", "/edit", "/merge"):
        assert (await client.get(f"{HERE}/{uuid4()}{path}")).status_code == 404
