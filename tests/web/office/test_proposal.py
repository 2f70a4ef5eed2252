"""One proposal in the office: in each of its states, and each thing that is done to it."""

from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar

from service import clock, db
from service.proposals import following, record
from service.proposals.tables import Proposal
from tests.events.writing import row_of, slots_of
from tests.makers import make_organisation
from tests.proposals.making import STATES, a_when, letters_of, make_proposal, over_at
from tests.visits import Page, dump, send
from tests.web.office.harness import browser_of, somebody

HERE = "/office/proposals"
FORMS: dict[str, dict[str, str]] = {
    "ask": {"words": "Combien de groupes ?"}, "decline": {"words": "Trop loin de nos lycées."}, "accept": {},
    "assign": {"person": ""}, "settle": {}, "detach": {},
}  # fmt: skip
# What each state lets pass; "settle" and "detach" are idle there, and end where they began.
PASSES = {
    "draft": {"assign"},
    "submitted": {"ask", "decline", "accept", "assign"},
    "asked": {"decline", "accept", "assign"},
    "accepted": {"decline", "assign", "settle"},
    "declined": {"assign", "detach"},
    "withdrawn": {"assign", "detach"},
    "published": {"assign", "settle"},
    "over": {"assign", "settle"},
}


async def page_of(client: httpx.AsyncClient, path: str = HERE, **query: str) -> Page:
    answer = await client.get(path, params={"lang": "en", **query})
    assert answer.status_code == 200
    return Page.of(answer)


def path_of(proposal: Proposal, below: str = "") -> str:
    return f"{HERE}/{proposal.id}{below}"


def offered(page: Page, proposal: Proposal) -> set[str]:
    """What the page of the proposal sends, below its own address."""
    base = f"{HERE}/{proposal.id}/"
    sent = [one["action"] for one in page.all("form")] + [one.get("formaction", "") for one in page.all("button")]
    return {one.removeprefix(base).partition("?")[0] for one in sent if base in one}


async def state_of(proposal: Proposal) -> str:
    return (await record.by_id(proposal.id)).state


async def new_date(proposal: Proposal) -> UUID:
    await following.add_dates(proposal, [a_when(30)])
    [found] = [one.id for one in await record.dates_of(proposal.id) if one.slot is None]
    return UUID(str(found))


# --- one proposal ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "word", "offers"),
    [
        ("draft", "The company is still writing.", {"assign"}),
        ("submitted", "Accepting makes a draft event with 2 dates", {"accept", "ask", "decline", "assign"}),
        ("asked", "A question waits for the company since today.", {"accept", "decline", "assign"}),
        ("accepted", "Its event is a draft", {"decline", "assign"}),
        ("declined", "Nothing is left to do.", {"assign"}),
        ("withdrawn", "Nothing is left to do.", {"assign"}),
        ("published", "Everybody can book.", {"assign"}),
        ("over", "It took place.", {"assign"}),
    ],
)
async def test_each_state_says_what_comes_next_and_offers_what_it_allows(
    app: Litestar, state: str, word: str, offers: set[str]
) -> None:
    proposal = await make_proposal(state)
    moment = await over_at(proposal) if state == "over" else clock.now()
    with clock.at(moment):
        async with browser_of(app, await somebody("organiser")) as client:
            page = await page_of(client, path_of(proposal))
    assert (word in page.words, offered(page, proposal)) == (True, offers)
    assert bool(page.all("a", href=f"/office/events/{proposal.event}?lang=en")) == (proposal.event is not None)


async def test_the_page_tells_all_that_was_proposed_and_said(app: Litestar) -> None:
    proposal = await make_proposal("asked")
    await following.answer(proposal, "Deux groupes,\nun par heure.")
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, path_of(proposal))
    for words in (
        "Du sable au flacon", "Verrerie de l’Aa", "Inès Delattre", "24 people a date", "Groups of at most 12 pupils",
        "From 14 years of age", "Chaussures de sécurité prêtées", "Photos interdites dans la halle",
        "Parking visiteurs, rue du Four", "Combien de groupes à la fois ?", "Deux groupes,\nun par heure.",
    ):  # fmt: skip
        assert words in page.words
    assert page.all("a", href="mailto:ines@verrerie.test")


async def test_a_reader_looks_and_reaches_nobody_and_the_door_sees_nothing(app: Litestar) -> None:
    proposal = await make_proposal("asked")
    async with browser_of(app, await somebody("reader")) as client:
        page = await page_of(client, path_of(proposal))
        assert (offered(page, proposal), "ines@verrerie.test" in str(page)) == (set(), False)
        assert ("Inès Delattre" in page.words, "Combien de groupes à la fois" in page.words) == (True, False)
        assert "Du sable au flacon" in (await page_of(client)).words
        assert "Proposals to answer" not in (await page_of(client, "/office")).words
    async with browser_of(app, await somebody("door")) as client:
        assert [(await client.get(path)).status_code for path in (HERE, path_of(proposal))] == [403, 403]


async def test_a_structure_of_the_same_or_nearly_the_same_name_is_pointed_out(app: Litestar) -> None:
    proposal = await make_proposal(organisation_name="Verrerie de l’Aa")
    same = await make_organisation(name="VERRERIE DE L'AA")
    alike = await make_organisation(name="Verrerie de l’Aa SAS (entreprise fictive)")
    other = await make_organisation(name="Verrerie de l’Oise")
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, path_of(proposal))
        links = [f"/office/organisations/{one.id}?lang=en" in page.addresses for one in (same, alike, other)]
        assert links == [True, True, False]
        assert "A structure of this name exists already:" in page.words
        assert "A structure of a similar name exists:" in page.words
        await send(client, path_of(proposal, "/accept"))
        page = await page_of(client, path_of(proposal))
    assert ("similar name" in page.words, f"/office/organisations/{same.id}?lang=en" in page.addresses) == (False, True)


# --- what is done to it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", FORMS)
@pytest.mark.parametrize("state", STATES)
async def test_each_action_passes_where_it_may_and_is_refused_in_words_elsewhere(
    app: Litestar, state: str, action: str
) -> None:
    proposal = await make_proposal(state)
    moment = await over_at(proposal) if state == "over" else clock.now()
    with clock.at(moment):
        async with browser_of(app, await somebody("organiser")) as client:
            before = await record.by_id(proposal.id)
            answer = await send(client, path_of(proposal, f"/{action}"), FORMS[action], lang="en")
    if action in PASSES[state]:
        assert answer.headers["location"] == f"{path_of(proposal)}?done={action}&lang=en"
        return
    page = Page.of(answer)
    assert (answer.status_code, len(page.all("div", role="alert"))) == (409, 1)
    assert FORMS[action].get("words", "") in page.words  # what was typed is kept
    assert (await record.by_id(proposal.id)).to_dict() == before.to_dict()


@pytest.mark.parametrize(
    ("action", "word"),
    [("ask", "The question is sent"), ("decline", "Declined: they have been written to"), ("accept", "Accepted:")],
)
async def test_what_was_done_is_said_and_the_company_is_written_to(app: Litestar, action: str, word: str) -> None:
    proposal = await make_proposal()
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, path_of(proposal, f"/{action}"), FORMS[action], lang="en")
        page = Page.of(await client.get(answer.headers["location"]))
    assert (word in page.words, FORMS[action].get("words", "") in page.words) == (True, True)
    assert "Ada organiser" in page.words
    assert len(await letters_of(proposal)) == 2
    [line] = await db.fetch("SELECT actor FROM journal WHERE verb = $1", action)
    assert line["actor"].startswith("person:")


async def test_accepting_leads_to_the_draft_event_with_its_slots(app: Litestar) -> None:
    proposal = await make_proposal()
    async with browser_of(app, await somebody("organiser")) as client:
        await send(client, path_of(proposal, "/accept"))
        event = UUID(str((await record.by_id(proposal.id)).event))
        page = await page_of(client, path_of(proposal))
        slots = await slots_of(event)
        assert {f"/office/slots/{one['id']}?lang=en" for one in slots} <= set(page.addresses)
        assert "From the proposal of Verrerie de l’Aa" in (await page_of(client, f"/office/events/{event}")).words
        assert (await send(client, f"/office/events/{event}/publish")).status_code == 303
    assert await letters_of(proposal) == ["proposal_received", "proposal_accepted", "proposal_published"]


async def test_one_without_a_date_to_come_says_what_that_means_and_may_be_accepted(app: Litestar) -> None:
    proposal = await make_proposal()
    with clock.at(await over_at(proposal)):
        async with browser_of(app, await somebody("organiser")) as client:
            assert "None of its dates is to come" in (await page_of(client, path_of(proposal))).words
            assert (await send(client, path_of(proposal, "/accept"))).status_code == 303
            assert "Past, without an answer" in (await page_of(client, path_of(proposal))).words
    assert await slots_of(UUID(str((await record.by_id(proposal.id)).event))) == []


@pytest.mark.parametrize("action", ["ask", "decline"])
@pytest.mark.parametrize("typed", ["", " …\n ", "x" * 2001, "a\x00b", "\ud800"])
@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_a_question_and_a_reason_must_say_something(app: Litestar, action: str, typed: str, lang: str) -> None:
    proposal = await make_proposal()
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        answer = await send(client, path_of(proposal, f"/{action}"), {"words": typed}, lang=lang)
        assert (answer.status_code, Page.of(answer).has_mistake("words"), await dump()) == (422, True, before)
    ids = [has["id"] for _, has in Page.of(answer).elements if "id" in has]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_of_two_who_review_the_second_hears_who_was_faster_and_keeps_the_words(app: Litestar, lang: str) -> None:
    proposal = await make_proposal()
    async with browser_of(app, await somebody("admin")) as ada, browser_of(app, await somebody("organiser")) as ben:
        assert (await send(ada, path_of(proposal, "/accept"))).status_code == 303
        answer = await send(ben, path_of(proposal, "/ask"), {"words": "Et le midi ?\nOu le soir ?"}, lang=lang)
        late = await send(ben, path_of(proposal, "/accept"), lang=lang)
    page = Page.of(answer)
    assert (answer.status_code, late.status_code) == (409, 409)
    for words in ("Ada admin", "Et le midi ?\nOu le soir ?"):
        assert words in page.words
    assert "Ada admin" in Page.of(late).words
    assert len(await db.fetch("SELECT 1 FROM event")) == 1


async def test_a_colleague_looks_after_it_or_nobody(app: Litestar) -> None:
    proposal, ben, door = await make_proposal(), await somebody("organiser"), await somebody("door")
    path = path_of(proposal, "/assign")
    async with browser_of(app, await somebody("admin")) as client:
        assert (await send(client, path, {"person": str(ben.id)})).status_code == 303
        assert "Looked after by Ada organiser" in (await page_of(client, path_of(proposal))).words
        for nonsense in (str(door.id), str(uuid4()), "x\x00", "'"):
            answer = await send(client, path, {"person": nonsense}, lang="en")
            assert (answer.status_code, Page.of(answer).has_mistake("person")) == (422, True)
        assert (await record.by_id(proposal.id)).assigned_to == ben.id
        assert (await send(client, path, {"person": ""})).status_code == 303
    assert (await record.by_id(proposal.id)).assigned_to is None


# --- its host, once there is an event --------------------------------------------------------------------


async def test_a_new_date_is_taken_with_its_seats_or_declined(app: Litestar) -> None:
    proposal = await make_proposal("published")
    date = await new_date(proposal)
    path = path_of(proposal, f"/dates/{date}")
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, path_of(proposal))
        assert offered(page, proposal) >= {f"dates/{date}/take", f"dates/{date}/decline"}
        assert page.typed("capacity") == "24"
        assert "The company names 1 new date: take it or decline it." in page.words
        for wrong in ("", "0", "10000", "9" * 30, "douze", "\x00"):
            answer = await send(client, f"{path}/take", {"capacity": wrong})
            assert (answer.status_code, Page.of(answer).has_mistake("capacity")) == (422, True)
        answer = await send(client, f"{path}/take", {"capacity": "12"}, lang="en")
        assert answer.headers["location"] == f"{path_of(proposal)}?done=take&lang=en"
        again = [await send(client, f"{path}/{verb}", {"capacity": "12"}) for verb in ("take", "decline")]
    assert [one.status_code for one in again] == [409, 409]
    assert [slot["capacity"] for slot in await slots_of(UUID(str(proposal.event)))] == [24, 24, 12]
    assert (await letters_of(proposal))[-1] == "proposal_date"


async def test_a_declined_date_asks_no_more(app: Litestar) -> None:
    proposal = await make_proposal("published")
    date = await new_date(proposal)
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, path_of(proposal, f"/dates/{date}/decline"), lang="en")
        assert answer.headers["location"] == f"{path_of(proposal)}?done=leave&lang=en"
        page = await page_of(client, path_of(proposal))
    assert ("Declined" in page.words, offered(page, proposal)) == (True, {"assign"})


@pytest.mark.parametrize("verb", ["take", "decline"])
async def test_a_date_of_another_proposal_or_of_none_is_not_answered(app: Litestar, verb: str) -> None:
    proposal, other = await make_proposal("published"), await make_proposal(email="other@verrerie.test")
    [first, _] = await record.dates_of(other.id)
    async with browser_of(app, await somebody("organiser")) as client:
        for date in (first.id, uuid4()):
            answer = await send(client, path_of(proposal, f"/dates/{date}/{verb}"), {"capacity": "12"})
            assert answer.status_code == 409
        closed = await send(client, path_of(other, f"/dates/{first.id}/{verb}"), {"capacity": "12"})
    assert (closed.status_code, await state_of(other)) == (409, "submitted")


async def test_a_date_that_has_passed_meanwhile_is_refused_in_words(app: Litestar) -> None:
    proposal = await make_proposal("published")
    path = path_of(proposal, f"/dates/{await new_date(proposal)}/take")
    with clock.at(a_when(31)[0]):
        async with browser_of(app, await somebody("organiser")) as client:
            late = await send(client, path, {"capacity": "12"}, lang="en")
    assert (late.status_code, "This date is in the past" in Page.of(late).words) == (409, True)
    assert len(await slots_of(UUID(str(proposal.event)))) == 2


async def test_the_dates_of_an_event_that_is_off_are_settled_not_taken(app: Litestar) -> None:
    proposal = await make_proposal("published")
    path = path_of(proposal, f"/dates/{await new_date(proposal)}/take")
    await db.fetch("UPDATE event SET state = 'called_off'")
    async with browser_of(app, await somebody("organiser")) as client:
        off = await send(client, path, {"capacity": "12"}, lang="en")
        assert (off.status_code, "This event is called off" in Page.of(off).words) == (409, True)
        page = await page_of(client, path_of(proposal))
        assert ("Its event was called off." in page.words, offered(page, proposal)) == (True, {"settle", "assign"})
        await send(client, path_of(proposal, "/settle"))
        assert offered(await page_of(client, path_of(proposal)), proposal) == {"assign"}


async def test_what_the_host_reports_is_read_and_settled(app: Litestar) -> None:
    proposal = await make_proposal("published")
    await following.report(proposal, "cancel", "Le four est en panne")
    async with browser_of(app, await somebody("organiser")) as client:
        assert "The host must cancel" in (await page_of(client)).words
        page = await page_of(client, path_of(proposal))
        assert ("Le four est en panne" in page.words, "settle" in offered(page, proposal)) == (True, True)
        assert (await send(client, path_of(proposal, "/settle"))).status_code == 303
        page = await page_of(client, path_of(proposal))
    assert offered(page, proposal) == {"assign"}


async def test_the_draft_of_a_company_that_withdrew_is_not_published_until_it_goes_on_without(app: Litestar) -> None:
    proposal = await make_proposal("accepted")
    event = UUID(str(proposal.event))
    here = f"/office/events/{event}"
    await following.withdraw(proposal)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, here)
        assert "The company withdrew its proposal" in page.words
        assert f"{here}/publish?lang=en" not in page.addresses
        assert (await send(client, f"{here}/publish")).status_code == 409
        assert "detach" in offered(await page_of(client, path_of(proposal)), proposal)
        answer = await send(client, path_of(proposal, "/detach"), {"from": "event"}, lang="en")
        assert answer.headers["location"] == f"{here}?done=detach&lang=en"
        page = await page_of(client, here, done="detach")
        assert ("goes on without" in page.words, "withdrew" in page.words) == (True, False)
        assert (await send(client, f"{here}/publish")).status_code == 303
    assert (await row_of(event))["state"] == "published"


async def test_a_draft_behind_which_a_company_stands_says_why_it_is_not_deleted(app: Litestar) -> None:
    proposal = await make_proposal("accepted")
    here = f"/office/events/{proposal.event}"
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, here)
        assert ("Decline its proposal first" in page.words, page.all("input", name="sure")) == (True, [])
        answer = await send(client, f"{here}/delete", {"sure": "yes"}, lang="en")
        assert (answer.status_code, "decline the proposal first" in Page.of(answer).words) == (409, True)
        await send(client, path_of(proposal, "/decline"), {"words": "Le four est en panne"})
        assert (await send(client, f"{here}/delete", {"sure": "yes"})).status_code == 303


async def test_looking_changes_nothing_and_what_there_is_not_is_not_found(app: Litestar) -> None:
    proposal = await make_proposal()
    async with browser_of(app, await somebody("admin")) as client:
        before = await dump()
        await page_of(client)
        await page_of(client, path_of(proposal))
        for action, typed in FORMS.items():
            assert (await client.get(path_of(proposal, f"/{action}"))).status_code == 405
            assert (await send(client, f"{HERE}/{uuid4()}/{action}", typed)).status_code == 404
        assert (await client.get(f"{HERE}/{uuid4()}")).status_code == 404
        assert {name: rows for name, rows in (await dump()).items() if name != "session"} == {
            name: rows for name, rows in before.items() if name != "session"
        }
