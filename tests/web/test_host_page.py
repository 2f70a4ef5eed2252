"""The page of a host over HTTP: who comes in numbers, what it asks of the campus, its final lists and their names."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from service import db, i18n
from service.bookings import calling_off, changes, erasure
from service.proposals import following, journal, record
from service.proposals.tables import Proposal
from service.settings import DEFAULT_RATES, Rate
from tests.proposals.hosts import (
    CANARIES,
    NEEDS,
    class_in,
    close_list,
    hosted,
    list_of,
    move,
    pupil_of,
    somebody_came,
)
from tests.proposals.making import a_when, letters_of, link_of, make_proposal
from tests.visits import Page, counted, dump, send, settings_with

DAY = timedelta(days=1)


def words_of(answer: httpx.Response) -> str:
    """What the page says, in one line."""
    return " ".join(Page.of(answer).words.split())


def row(number: int, days: int = 60) -> dict[str, str]:
    """The fields of a date, as a browser sends them."""
    starts = i18n.local(a_when(days)[0])
    return {f"day_{number}": f"{starts:%Y-%m-%d}", f"from_{number}": "14:00", f"to_{number}": "16:00"}


async def told(visitor: httpx.AsyncClient, proposal: Proposal, to: str, **fields: Any) -> httpx.Response:
    """Send one of the host's forms."""
    return await send(visitor, f"{link_of(proposal)}/{to}", fields, lang="en")


async def seen(visitor: httpx.AsyncClient, path: str, **query: str) -> httpx.Response:
    """The page in English."""
    return await visitor.get(path, params={"lang": "en", **query})


async def ended(**of_event: Any) -> Proposal:
    """A proposal whose two dates were weeks ago."""
    proposal, slots = await hosted(**of_event)
    for slot in slots:
        await pupil_of(slot)
        await move(slot, -40 * DAY)
    await somebody_came(slots[0], 5)
    return proposal


async def verbs_of(proposal: Proposal) -> list[str]:
    """What the journal of both sides says was done."""
    return [line.verb for line in await journal.lines_of(proposal.id)]


async def test_a_student_books_and_the_company_sees_one(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted()
    await pupil_of(slot)
    words = words_of(await seen(visitor, link_of(proposal)))
    assert "1 person expected so far · 2 dates to come" in words
    assert "1 person expected of 24 seats" in words
    assert "1 person on their own (2de: 1)" in words


async def test_the_page_says_who_comes_what_they_need_and_what_visitors_read(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted(title="Le four et la forme")
    await class_in(slot, pupils=10)
    await class_in(slot, "3e B", pupils=3, state="option")
    answer = await seen(visitor, link_of(proposal))
    words, page = words_of(answer), Page.of(answer)
    for wanted in (
        "Le four et la forme", "17 people expected of 24 seats", "13 pupils and 4 chaperones", "2 classes",
        "2de 4, Collège des Trois-Canaux · 2de", "5 of them are still to be confirmed", NEEDS,
        "Chaussures de sécurité prêtées", "Photos interdites dans la halle", "contact@campus.test",
        "The event is published", "The proposal is accepted",
    ):  # fmt: skip
        assert wanted in words, wanted
    assert {one["href"] for one in page.all("a")} >= {
        f"/events/{slot.slug}?lang=en", f"/events/{slot.slug}/poster?lang=en",
    }  # fmt: skip
    assert page.all("meta", name="robots", content="noindex")
    assert answer.headers["cache-control"] == "no-store"


async def test_no_page_of_a_host_tells_who_somebody_is(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, other] = await hosted()
    for one in (slot, other):
        await pupil_of(one, last_name="Delattre-Canari")
        await class_in(one)
    await close_list(slot)
    gone = await pupil_of(other, last_name="Delattre-Canari")
    await changes.cancel(gone)
    await erasure.erase(await class_in(other, "3e B", pupils=1))
    codes = [line["code"] for line in await db.fetch("SELECT code FROM dossier")]
    ids = [str(line["id"]) for line in await db.fetch("SELECT id FROM dossier UNION SELECT id FROM booking")]
    pages = [link_of(proposal), list_of(proposal, slot), list_of(proposal, other)]
    answers = [await visitor.get(path) for path in pages]
    answers += [await visitor.post(path) for path in pages[1:]]  # the event gives no names to its host
    await move(slot, -40 * DAY)
    await move(other, -40 * DAY)
    answers.append(await visitor.get(pages[0]))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 403, 403, 200]
    for answer in answers:
        assert [canary for canary in (*CANARIES, *codes, *ids) if canary in answer.text] == []


async def test_a_link_opens_its_own_event_and_no_other(visitor: httpx.AsyncClient) -> None:
    mine, [slot, _] = await hosted(title="Le four et la forme")
    theirs, [other, _] = await hosted(title="La presse et le moule", host_gets_names=True)
    await class_in(other, "1re Z", pupils=2)
    await close_list(other)
    assert "La presse" not in (await visitor.get(link_of(mine))).text
    unknown = "0" * 32
    for path in (f"{link_of(mine)}/slots/{other.id}/list", f"{link_of(mine)}/slots/{uuid4()}/list",
                 f"/proposals/{unknown}/slots/{slot.id}/list", f"{link_of(mine)}/slots/x/list"):  # fmt: skip
        answers = [await visitor.get(path), await visitor.post(path)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert "1re Z" not in "".join(answer.text for answer in answers)
    for to in ("dates", "report", "feedback"):
        assert (await send(visitor, f"/proposals/{unknown}/{to}", row(1))).status_code == 404
    assert await verbs_of(theirs) == ["submit", "accept", "publish"]


@pytest.mark.parametrize("state", ["draft", "submitted", "asked", "accepted", "declined", "withdrawn"])
async def test_before_people_can_see_the_event_there_is_nothing_to_host(visitor: httpx.AsyncClient, state: str) -> None:
    proposal = await make_proposal(state)
    before = await dump()
    forms = {"dates": row(1), "report": {"what": "cancel", "words": "Panne"}, "feedback": {"again": "yes"}}
    assert [(await told(visitor, proposal, to, **fields)).status_code for to, fields in forms.items()] == [409] * 3
    slots = await db.fetch("SELECT id FROM slot")
    for slot in [one["id"] for one in slots] or [uuid4()]:
        assert (await visitor.get(list_of(proposal, slot))).status_code == 404
        assert (await visitor.post(list_of(proposal, slot))).status_code == 404
    assert await dump() == before


async def test_new_dates_go_to_the_campus_and_stand_on_the_page_until_they_are_answered(
    visitor: httpx.AsyncClient,
) -> None:
    proposal, _ = await hosted()
    answer = await told(visitor, proposal, "dates", **row(1), **row(3, 67))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{link_of(proposal)}?done=dates&lang=en")
    assert (await record.by_id(proposal.id)).waits_for == "campus"
    assert await letters_of(proposal, "proposal_office") == ["proposal_news", "proposal_news"]
    words = words_of(await visitor.get(answer.headers["location"]))
    assert "Your dates are with the campus" in words
    assert words.count("New date: ") == 2


async def test_dates_that_are_mistaken_or_known_stay_as_they_were_typed(visitor: httpx.AsyncClient) -> None:
    proposal, _ = await hosted()
    await told(visitor, proposal, "dates", **row(1))
    before = await dump()
    wrong = {
        "day_1": [{}, row(1), {**row(1), "day_1": "2020-01-01"}, {**row(1), "day_1": "31/02/2031"}],
        "to_1": [{**row(1, 61), "to_1": "13:00"}, {**row(1, 61), "to_1": ""}],
    }
    for field, forms in wrong.items():
        for fields in forms:
            answer = await told(visitor, proposal, "dates", **fields)
            page = Page.of(answer)
            assert (answer.status_code, page.has_mistake(field)) == (422, True), fields
            assert page.typed("day_1") == fields.get("day_1", "")
            assert len(page.all("details", id="dates", open="")) == 1
    assert await dump() == before


async def test_a_report_tells_the_campus_and_calls_nothing_off(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted()
    await pupil_of(slot)
    answer = await told(visitor, proposal, "report", what="cancel", words="Le four est en panne.\r\nJusqu’à mars.")
    assert answer.status_code == 303
    states = await db.fetch(
        "SELECT DISTINCT slot.state, event.state AS of FROM slot JOIN event ON slot.event = event.id"
    )
    assert [tuple(one) for one in states] == [("open", "published")]
    [line] = [one for one in await journal.lines_of(proposal.id) if one.verb == "report_cancel"]
    assert line.words == "Le four est en panne.\nJusqu’à mars."
    words = words_of(await visitor.get(answer.headers["location"]))
    for wanted in (
        "The campus is told",
        "Nothing is called off until the campus does it.",
        "You reported a cancellation",
    ):
        assert wanted in words


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ["what", "words"]),
        ({"what": "cancel", "words": " … "}, ["words"]),
        ({"what": "everything", "words": "Panne"}, ["what"]),
        ({"what": "change", "words": "x" * 2001}, ["words"]),
        ({"what": "change", "words": "Pan\0ne"}, ["words"]),
    ],
)
async def test_a_report_says_what_and_why(visitor: httpx.AsyncClient, fields: dict[str, str], wrong: list[str]) -> None:
    proposal, _ = await hosted()
    before = await dump()
    answer = await told(visitor, proposal, "report", **fields)
    page = Page.of(answer)
    assert (answer.status_code, [name for name in ("what", "words") if page.has_mistake(name)]) == (422, wrong)
    assert page.typed("what") == (fields.get("what", "") if "what" not in wrong else "")
    assert await dump() == before


async def test_after_the_event_it_is_thanked_with_figures_and_asked_two_questions(visitor: httpx.AsyncClient) -> None:
    proposal = await ended()
    answer = await seen(visitor, link_of(proposal))
    words = words_of(answer)
    for wanted in (
        "Thank you for having opened your doors", "Booked 2", "Present 5", "Levels: 2de (2)", "Two questions",
        "1 person was expected, 5 came.",
    ):  # fmt: skip
        assert wanted in words, wanted
    assert not re.search("/(report|poster)", answer.text)

    sent = await told(visitor, proposal, "feedback", again="perhaps", words="Des groupes de huit")
    assert sent.status_code == 303
    words = words_of(await visitor.get(sent.headers["location"]))
    assert "Would you do it again? Perhaps Des groupes de huit" in words

    page = Page.of(await told(visitor, proposal, "feedback", again="", words="Rien"))
    assert page.has_mistake("again")
    assert (await told(visitor, proposal, "feedback", again="yes")).status_code == 303
    assert (await record.by_id(proposal.id)).again == "yes"
    page = Page.of(await seen(visitor, link_of(proposal)))
    assert page.typed("again") == "yes"
    assert "Des groupes de huit" in page.words  # in the journal; the last answer says nothing of it


async def test_nobody_was_counted_is_said_without_a_zero(visitor: httpx.AsyncClient) -> None:
    proposal = await ended()
    await db.fetch("DELETE FROM presence")
    words = words_of(await seen(visitor, link_of(proposal)))
    assert "Nobody was counted at the door." in words
    assert "Present" not in words


async def test_while_something_is_to_come_looking_back_is_refused(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted()
    await move(slot, -40 * DAY)
    answer = await told(visitor, proposal, "feedback", again="yes", words="Rien")
    assert answer.status_code == 409
    assert Page.of(answer).all("div", role="alert")
    assert (await record.by_id(proposal.id)).again == ""


async def test_an_event_that_is_called_off_says_so_and_takes_nothing_more(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted()
    await class_in(slot)
    await calling_off.call_off_event(UUID(str(proposal.event)), "le four est en panne", "test")
    answer = await seen(visitor, link_of(proposal))
    assert "The campus has called this event off." in words_of(answer)
    assert "le four est en panne" in words_of(answer)
    assert Page.of(answer).all("form") == []
    for to, fields in {"dates": row(1), "report": {"what": "cancel", "words": "Panne"}}.items():
        assert (await told(visitor, proposal, to, **fields)).status_code == 409
    assert "This date is called off" in words_of(await seen(visitor, list_of(proposal, slot)))
    assert await verbs_of(proposal) == ["submit", "accept", "publish"]


async def test_the_list_says_when_it_is_final_and_then_who_comes(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted()
    await pupil_of(slot)
    await class_in(slot)
    early = words_of(await seen(visitor, list_of(proposal, slot)))
    assert "It will stand here from" in early
    assert "13 people are expected so far." in early
    assert "2de 4" not in early
    assert "/list" not in (await visitor.get(link_of(proposal))).text

    await close_list(slot)
    answer = await seen(visitor, list_of(proposal, slot))
    words = words_of(answer)
    for wanted in ("Final list", "13 people expected of 24 seats", "2de 4", NEEDS, "does not receive the names"):
        assert wanted in words, wanted
    assert Page.of(answer).all("form") == []
    assert f"/slots/{slot.id}/list" in (await visitor.get(link_of(proposal))).text


async def test_names_stand_behind_a_button_and_each_reading_is_noted(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted(host_gets_names=True)
    await pupil_of(slot, first_name="Éva", last_name="Émery")
    await class_in(slot, pupils=3)
    path = list_of(proposal, slot)
    early = await send(visitor, path, lang="en")
    assert (early.status_code, "ÉMERY" in early.text) == (409, False)

    await close_list(slot)
    before = await dump()
    shown = await seen(visitor, path)
    assert ("ÉMERY" in shown.text, Page.of(shown).all("form", method="post")) == (
        False, [{"class": "change not-printed", "action": f"{path}?lang=en", "method": "post"}],
    )  # fmt: skip
    assert await dump() == before

    answer = await send(visitor, path, lang="en")
    assert answer.status_code == 200
    for wanted in ("1 person on their own ÉMERY Éva", "3 pupils and 2 chaperones CANARI Zora 4 people without a name"):
        assert wanted in words_of(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert (await verbs_of(proposal))[-1] == "read_names"
    assert "You opened a list of names" in words_of(await seen(visitor, link_of(proposal)))


async def test_after_the_day_the_names_are_put_away(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted(host_gets_names=True)
    await pupil_of(slot, last_name="Delattre-Canari")
    await move(slot, -40 * DAY)
    answers = [await seen(visitor, list_of(proposal, slot)), await send(visitor, list_of(proposal, slot), lang="en")]
    assert [answer.status_code for answer in answers] == [200, 409]
    for answer in answers:
        assert "CANARI" not in answer.text.upper()
        assert Page.of(answer).all("form") == []


async def test_a_host_who_asks_too_often_is_told_when_to_come_back(visitor: httpx.AsyncClient) -> None:
    proposal, [slot, _] = await hosted(host_gets_names=True)
    await close_list(slot)
    with settings_with(rate_limits={**DEFAULT_RATES, "changes": Rate(1, 3600)}):
        assert (await send(visitor, list_of(proposal, slot))).status_code == 200
        assert (await send(visitor, list_of(proposal, slot))).status_code == 429
        assert (await told(visitor, proposal, "report", what="cancel", words="Panne")).status_code == 429
    proposal, _ = await hosted()
    with settings_with(rate_limits={**DEFAULT_RATES, "letters_hour": Rate(1, 3600)}):
        assert (await told(visitor, proposal, "report", what="cancel", words="Panne")).status_code == 303
        again = await told(visitor, proposal, "report", what="change", words="Encore une panne")
    assert again.status_code == 429
    assert "Encore une panne" in again.text  # nothing that was typed is lost


async def test_opening_the_page_changes_nothing_and_costs_the_same_however_many_dates(
    visitor: httpx.AsyncClient,
) -> None:
    few, [slot] = await hosted([a_when(14)])
    await class_in(slot)
    many, made = await hosted([a_when(14 + day) for day in range(12)])
    for slot in made:
        for label in ("3e A", "2de 4", "1re STI2D B"):
            await class_in(slot, label, pupils=2)
        await pupil_of(slot)
    before, costs = await dump(), []
    for proposal in (few, many):
        with counted() as statements:
            answer = await seen(visitor, link_of(proposal), done="<b>", sent="dates")
        costs.append(len(statements))
        assert (answer.status_code, max(len(answer.content), 25_000)) == (200, 25_000)
    assert costs[0] == costs[1]
    assert await dump() == before


async def test_words_of_a_host_are_shown_as_words(visitor: httpx.AsyncClient) -> None:
    proposal, _ = await hosted()
    await following.report(proposal, "change", "<script>alert(1)</script> & {{ 7*7 }}")
    answer = await visitor.get(link_of(proposal))
    assert "<script>alert" not in answer.text
    assert "<script>alert(1)</script> & {{ 7*7 }}" in Page.of(answer).words


@pytest.mark.parametrize("to", ["dates", "report", "feedback"])
@pytest.mark.parametrize(
    "body", [b"\xff\xfe=%00", b"words=%00&day_1=%F0%28&from_1=99:99", b"what=" + b"9" * 5000, b"again&again=&=;;", b""]
)
async def test_odd_input_is_a_mistake_and_never_an_error(visitor: httpx.AsyncClient, to: str, body: bytes) -> None:
    proposal, _ = await hosted()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await visitor.post(f"{link_of(proposal)}/{to}", content=body, headers=kind)
    assert answer.status_code in (400, 422)
    assert await verbs_of(proposal) == ["submit", "accept", "publish"]
