"""A company follows its proposal by its link: each state says where it stands, and offers what can be done there."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from service import clock, db
from service.people import staff
from service.proposals import drafting, following, record, review
from tests.makers import at_paris
from tests.proposals.making import ADA, STATES, an_idea, letters_of, link_of, make_proposal
from tests.visits import Page
from tests.web.proposing import hosts_pages, look, press, stands, words

PRIVATE = ("draft", "submitted", "asked", "accepted", "declined", "withdrawn")  # its page is not the host's yet
DONE = {
    "draft": {"hand-in", "withdraw"}, "submitted": {"withdraw"}, "asked": {"answer", "withdraw"},
    "accepted": {"withdraw"}, "declined": set(), "withdrawn": set(),
}  # fmt: skip
HEADINGS = {
    "draft": "Ready to send", "submitted": "We read your proposal", "asked": "A question for you",
    "accepted": "Your proposal is accepted", "declined": "Your proposal is not taken up",
    "withdrawn": "Your proposal is withdrawn",
}  # fmt: skip
BARE: dict[str, Any] = {"kind": "", "title": "", "words": "", "seats": None, "dates": []}
VERBS = ("hand-in", "answer", "withdraw", "edit")


def buttons(found: Page) -> set[str]:
    """What the forms of the page do."""
    return {form["action"].partition("?")[0].rpartition("/")[2] for form in found.all("form", method="post")}


@pytest.mark.parametrize("state", PRIVATE)
async def test_each_state_says_where_it_stands_and_offers_what_can_be_done(
    visitor: httpx.AsyncClient, state: str
) -> None:
    proposal = await make_proposal(state)

    found = await look(visitor, proposal)

    assert f"{HEADINGS[state]} · Passerelle" in found.words
    assert buttons(found) == DONE[state]
    assert bool(found.all("a", href=f"{link_of(proposal)}/edit?lang=en")) == (state in ("draft", "submitted", "asked"))
    assert len(found.all("li", **{"aria-current": "step"})) == 1
    assert len(found.all("h1")) == 1
    assert "Du sable au flacon" in found.words
    assert found.all("meta", name="robots", content="noindex")


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("draft", "Draft, it stands here Sent, to come Accepted, to come Published, to come"),
        ("submitted", "Draft, done Sent, it stands here Accepted, to come Published, to come"),
        ("asked", "Sent, done Question, it stands here Accepted, to come Published, to come"),
        ("accepted", "Draft, done Sent, done Accepted, it stands here Published, to come"),
        ("declined", "Draft, done Sent, done Not taken up, it stands here"),
        ("withdrawn", "Draft, done Withdrawn, it stands here"),
    ],
)
async def test_the_steps_say_in_words_what_is_behind_and_ahead(
    visitor: httpx.AsyncClient, state: str, steps: str
) -> None:
    assert steps in words(await look(visitor, await make_proposal(state)))


async def test_what_was_sent_before_it_was_withdrawn_was_sent(visitor: httpx.AsyncClient) -> None:
    proposal = await following.withdraw(await make_proposal("submitted"), "Le four est en panne")

    found = words(await look(visitor, proposal))
    assert "Draft, done Sent, done Withdrawn, it stands here" in found
    assert "You withdrew the proposal Le four est en panne" in found


async def test_the_page_holds_all_that_was_proposed_and_nothing_may_keep_it(visitor: httpx.AsyncClient) -> None:
    dates = [(at_paris("2031-03-04 14:00"), at_paris("2031-03-04 16:00"))]
    proposal = await drafting.propose(an_idea(dates=dates, title="<b>Du sable</b>"))

    answer = await visitor.get(link_of(proposal))

    idea = await record.idea_of(proposal)
    told = {name: getattr(idea, name) for name in (*_texts(), "seats", "age_min", "group_max", "chaperone_ratio")}
    found = Page.of(answer).words
    assert [name for name, value in told.items() if str(value) not in found] == []
    assert "Mardi 4 mars 2031, 14\u00a0h\u00a0– 16\u00a0h" in found
    assert "<b>Du sable</b>" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_draft_says_what_it_lacks_and_where_that_is_typed(visitor: httpx.AsyncClient) -> None:
    draft = await drafting.begin(an_idea(**BARE))

    found = await look(visitor, draft)
    below = Page.of(await visitor.get(f"{link_of(draft)}/edit"))

    lacking = [one["href"].partition("#")[2] for one in found.all("a") if "/edit" in one["href"] and "#" in one["href"]]
    assert lacking == ["kind", "title", "words", "seats", "day_1"]
    assert all(any(has.get("id") == name for _, has in below.elements) for name in lacking)
    assert "hand-in" not in buttons(found)

    refused = await press(visitor, draft, "hand-in")
    assert refused.status_code == 409
    assert "Still missing: Visit or workshop, Title, In a few words, How many people at a time, A date to come." in (
        words(Page.of(refused))
    )
    assert await stands(draft) == "draft"


async def test_a_whole_draft_is_sent_with_one_button(visitor: httpx.AsyncClient) -> None:
    draft = await make_proposal("draft")

    for _ in "12":  # pressed twice, it is sent once
        answer = await press(visitor, draft, "hand-in")
        assert answer.headers["location"] == f"{link_of(draft)}?sent=yes&lang=en"
    assert await stands(draft) == "submitted"
    assert await letters_of(draft) == ["proposal_kept", "proposal_received"]


async def test_a_question_is_shown_with_who_asks_and_its_answer_gives_the_proposal_back(
    visitor: httpx.AsyncClient,
) -> None:
    proposal = await make_proposal()
    camille = await staff.add("Camille Vandamme", "camille@campus.test", "organiser", by="test")
    await review.ask(proposal.id, "Combien de groupes <à la fois> ?", f"person:{camille.id}")

    found = words(await look(visitor, proposal))
    assert found.count("Combien de groupes <à la fois> ?") == 2  # where it is answered, and in the journal
    assert "A question for you · Camille Vandamme, for the campus" in found
    assert "camille@campus.test" not in found

    answer = await press(visitor, proposal, "answer", words="Deux\r\nou trois")
    assert answer.headers["location"] == f"{link_of(proposal)}?answered=yes&lang=en"
    after = await look(visitor, proposal, answered="yes")
    assert "Thank you, your answer has arrived." in after.words
    assert "Deux\nou trois" in after.words
    assert await stands(proposal) == "submitted"


@pytest.mark.parametrize("said", ["", "  \r\n ", "?!", "x" * 2001, "a\0b"])
async def test_an_answer_that_says_nothing_or_too_much_is_no_answer(visitor: httpx.AsyncClient, said: str) -> None:
    proposal = await make_proposal("asked")

    answer = await press(visitor, proposal, "answer", words=said)

    assert (answer.status_code, Page.of(answer).has_mistake("words")) == (422, True)
    assert await stands(proposal) == "asked"
    assert said == "a\0b" or said.strip() in answer.text


async def test_the_question_that_counts_is_the_last_one(visitor: httpx.AsyncClient) -> None:
    proposal = await make_proposal("asked")
    await following.answer(proposal, "Deux")
    await review.ask(proposal.id, "Et le car ?", ADA)

    page = await visitor.get(link_of(proposal), params={"lang": "en"})
    beginning = page.text.partition('action="')[0]
    assert "Et le car ?" in beginning
    assert "Combien de groupes" not in beginning


async def test_who_declined_and_why_is_read_by_the_company(visitor: httpx.AsyncClient) -> None:
    found = words(await look(visitor, await make_proposal("declined")))

    assert "The reason Le site est trop loin de nos lycées. the campus, " in found


async def test_withdrawing_needs_its_tick_and_may_say_why(visitor: httpx.AsyncClient) -> None:
    proposal = await make_proposal("asked")

    unsure = Page.of(await press(visitor, proposal, "withdraw", words="Le four est en panne"))
    assert unsure.has_mistake("sure")
    assert "Le four est en panne" in unsure.words
    assert "open" in unsure.all("details", id="withdraw")[0]
    assert unsure.words.count("Le four est en panne") == 1  # in its own box, not in that of the answer
    assert await stands(proposal) == "asked"

    for _ in "12":
        answer = await press(visitor, proposal, "withdraw", words="Le four est en panne", sure="yes")
        assert answer.headers["location"] == f"{link_of(proposal)}?lang=en"
    assert await stands(proposal) == "withdrawn"


async def test_an_accepted_proposal_can_be_withdrawn_until_its_event_is_public(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = hosts_pages(monkeypatch)
    accepted, published = await make_proposal("accepted"), await make_proposal("published", email="p@verrerie.test")

    assert (await press(visitor, accepted, "withdraw", sure="yes")).status_code == 303
    for fields in ({"sure": "yes"}, {}):
        refused = await press(visitor, published, "withdraw", **fields)
        assert refused.status_code == 409
    [said, _] = [refusal for _, refusal in host if refusal]
    assert said is not None
    assert said.sentence == "Its event is public. Nothing was changed."
    assert (await stands(accepted), await stands(published)) == ("withdrawn", "accepted")


@pytest.mark.parametrize("state", STATES)
async def test_the_page_is_the_hosts_from_publication_on_even_when_it_is_called_off(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    host = hosts_pages(monkeypatch)
    proposal = await make_proposal(state)

    await look(visitor, proposal)
    is_public = state in ("published", "over")
    assert [title for title, _ in host] == ["Du sable au flacon"] * is_public

    if is_public:
        await db.fetch("UPDATE event SET state = 'called_off' WHERE id = $1", proposal.event)
        await look(visitor, proposal)
        assert len(host) == 2


@pytest.mark.parametrize("state", PRIVATE)
async def test_a_step_that_is_not_there_is_refused_with_where_it_stands(visitor: httpx.AsyncClient, state: str) -> None:
    proposal = await make_proposal(state)
    allowed = DONE[state] | {"edit"} | ({"hand-in"} if state in ("submitted", "asked") else set())
    allowed |= {"withdraw"} if state == "withdrawn" else set()

    for verb in set(VERBS) - allowed:
        answer = await press(visitor, proposal, verb, words="Deux", sure="yes")
        assert (verb, answer.status_code) == (verb, 409)
        assert "Your proposal has moved on" in answer.text
        assert await stands(proposal) == state


async def test_the_journal_says_each_step_in_its_order_and_in_both_languages(visitor: httpx.AsyncClient) -> None:
    draft = await make_proposal("draft")
    steps = ["begin", "edit", "submit", "ask", "answer", "decline", "detach", "publish", "take_date", "decline_date"]
    steps += ["settle", "add_dates", "report_cancel", "report_change", "read_names", "feedback", "accept", "withdraw"]
    company = ("begin", "edit", "submit", "answer", "add_dates", "report_cancel", "report_change", "read_names")
    for number, verb in enumerate(steps[1:]):
        by = "company" if verb in (*company, "feedback", "withdraw") else ADA
        await db.fetch(
            "INSERT INTO proposal_note (id, proposal, at, by, verb, words)"
            " VALUES (gen_random_uuid(), $1, $2, $3, $4, '')",
            draft.id, clock.now() + timedelta(minutes=number + 1), by, verb,
        )  # fmt: skip

    found = words(await look(visitor, draft))
    order = [
        found.index(word) for word in ("You began a draft", "You sent the proposal", "You answered", "You withdrew")
    ]
    assert order == sorted(order)
    assert found.count(", for the campus") == 0  # nobody is named who is not known any more
    assert (await visitor.get(link_of(draft))).status_code == 200


def _texts() -> tuple[str, ...]:
    names = ("organisation_name", "contact_name", "email", "title", "words", "ppe", "dress", "access", "photos")
    return (*names, "parking")
