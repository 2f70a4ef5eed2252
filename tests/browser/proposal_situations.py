"""Every state of the form and of the page of a proposal, as its company sees them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from playwright.async_api import Page

from service import i18n
from service.people import staff
from service.proposals import acceptance, drafting, following, record, review
from service.proposals.contents import Idea
from service.proposals.tables import Proposal
from tests.browser import openers
from tests.browser.openers import Opener
from tests.browser.situation import Situation, at
from tests.browser.stage import LONG_NAME, LONG_TITLE
from tests.proposals import making
from tests.proposals.making import link_of

LONG_WORDS = (
    "Une heure et demie le long de la ligne, du four à l’emballage, avec celles et ceux qui y travaillent. " * 6
)
QUESTION = "Pouvez-vous accueillir deux groupes à la suite, l’un le matin et l’autre l’après-midi ?\nEt le car ?"
REASON = "Le site est trop loin de nos lycées pour une demi-journée."


async def all_situations() -> list[Situation]:
    """The form, with its mistakes, and the page, wherever the proposal stands."""
    made = await _made()
    links = {name: link_of(one) for name, one in made.items()}
    return [
        at("propose", "/propose"),
        at("propose-en", "/propose?lang=en"),
        Situation("propose-mistakes", sent_empty),
        Situation("propose-dates-and-safety-mistaken", mistaken),
        *[at(f"proposal-{name}", link) for name, link in links.items()],
        at("proposal-kept", f"{links['draft']}?kept=yes"),
        at("proposal-sent", f"{links['submitted']}?sent=yes"),
        at("proposal-submitted-en", f"{links['submitted']}?lang=en"),
        at("proposal-asked-en", f"{links['asked']}?lang=en"),
        at("proposal-edit", f"{links['submitted']}/edit"),
        at("proposal-edit-draft", f"{links['bare']}/edit"),
        at("proposal-edit-too-late", f"{links['accepted']}/edit", status=409),
        Situation("proposal-changed-meanwhile", changed_meanwhile(made["rival"])),
        Situation("proposal-answer-empty", openers.submitted(links["asked"], "/answer")),
        Situation("proposal-withdraw-without-tick", openers.submitted(links["long"], "/withdraw")),
        at("proposal-find", "/proposals/find"),
        Situation("proposal-find-refused", openers.submitted("/proposals/find", "/proposals/find")),
        at("error-unknown-proposal", "/proposals/almost-right", status=404),
    ]


def an_idea(**changes: Any) -> Idea:
    """The glassworks' idea, on two afternoons: its form can be sent again whatever the hour of the test."""
    afternoons = [i18n.begin_of(i18n.today() + timedelta(days=days)) + timedelta(hours=14) for days in (14, 21)]
    dates = [(starts_at, starts_at + timedelta(hours=2)) for starts_at in afternoons]
    return making.an_idea(**{"dates": dates, **changes})


async def sent_empty(page: Page, site: str) -> None:
    """The form as it comes back when nothing was typed."""
    await page.goto(f"{site}/propose")
    await _send(page)


async def mistaken(page: Page, site: str) -> None:
    """The form with a date that ends before it begins, one without its hours, and an age that is none."""
    await page.goto(f"{site}/propose")
    for summary in await page.locator("form summary").all():
        await summary.click()
    typed = {"day_1": "2031-03-04", "from_1": "16:00", "to_1": "14:00", "day_5": "2031-03-11", "title": LONG_TITLE}
    for name, value in {**typed, "age_min": "vieux", "organisation_name": LONG_NAME}.items():
        await page.locator(f"#{name}").fill(value)
    await _send(page)


def changed_meanwhile(proposal: Proposal) -> Opener:
    """The form of somebody who is slower than a colleague of the same company."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(f"{site}{link_of(proposal)}/edit")
        now = await record.by_id(proposal.id)
        await drafting.edit(now, an_idea(title=LONG_TITLE, words=LONG_WORDS), now.version)
        async with page.expect_navigation():
            await page.locator('form[action*="/edit"] button.is-primary').click()

    return open_it


async def _send(page: Page) -> None:
    """Press the first button as late as a person would: a form sent within a second looks like a robot's."""
    await page.wait_for_timeout(1100)
    async with page.expect_navigation():
        await page.locator('form[action*="/propose"] button.is-primary').click()


async def _made() -> dict[str, Proposal]:
    colleague = await staff.add("Camille Vandamme", "c.vandamme@campus.test", "organiser", by="test")
    camille = f"person:{colleague.id}"
    bare = an_idea(kind="", title="", words="", seats=None, dates=[], email="bare@verrerie.test")
    long = an_idea(title=LONG_TITLE, words=LONG_WORDS, contact_name=LONG_NAME, organisation_name=LONG_NAME * 2)
    sent = {name: await _sent(name) for name in ("submitted", "rival", "asked", "answered", "accepted", "declined")}
    for name in ("asked", "answered"):
        sent[name] = await review.ask(sent[name].id, QUESTION, camille)
    return sent | {
        "bare": await drafting.begin(bare),
        "draft": await drafting.begin(an_idea()),
        "long": await drafting.propose(replace(long, email="long@verrerie.test")),
        "answered": await following.answer(sent["answered"], "Oui, les deux, et le car a sa place."),
        "accepted": await acceptance.accept(sent["accepted"].id, camille),
        "declined": await review.decline(sent["declined"].id, REASON, camille),
        "withdrawn": await following.withdraw(await drafting.begin(an_idea())),
    }


async def _sent(name: str) -> Proposal:
    return await drafting.propose(an_idea(email=f"{name}@verrerie.test"))
