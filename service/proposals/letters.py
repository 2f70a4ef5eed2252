"""The letters about proposals: how the facts of their rows become what the templates name."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from service import i18n, settings, templates
from service.mail.letters import Letter
from service.mail.outbox import Claimed
from service.proposals.links import token_of

Facts = dict[str, Any]

MOMENTS = ("starts_at", "ends_at", "asked_at", "day", "created_at", "oldest")
# Of words longer than that, in UTF-8, a letter quotes the beginning: all of them would outgrow its 20 kB.
QUOTED_BYTES = 2000


def _company_names(email: Claimed) -> Facts:
    """What the templates of a company's letters call things; ``title`` is empty where nothing typed may be said."""
    facts = _read(email.facts)
    return {
        **facts,
        "title": facts.get("title", ""),
        "recipient_name": facts.get("contact_name", ""),
        "words": quoted(facts.get("words", "")),
        "link": _link(facts, email.language),
        "propose_link": _absolute("/propose", email.language),
    }


def _host_names(email: Claimed) -> Facts:
    """The same once there is an event: with the page that everybody reads, and all of its dates."""
    names = _company_names(email)
    dates = [_read(date) for date in names.get("dates", [])]
    return {**names, "dates": dates, "public_link": _absolute(f"/events/{names['slug']}", email.language)}


def _accepted_names(email: Claimed) -> Facts:
    return {**_company_names(email), "dates": [_read(date) for date in email.facts["dates"]]}


def _changed_names(email: Claimed) -> Facts:
    changes = [{**_read(change), "before": _read(change["before"])} for change in email.facts["changes"]]
    return {**_host_names(email), "changes": changes}


def _links_names(email: Claimed) -> Facts:
    """All proposals of an address. Kind and day tell apart those whose title is empty: no organiser has read it."""
    proposals = [{**_read(each), "link": _link(each, email.language)} for each in email.facts["proposals"]]
    return {"proposals": proposals, "recipient_name": ""}


def _news_names(email: Claimed) -> Facts:
    facts = _read(email.facts)
    link = _absolute(f"/office/proposals/{facts['proposal']}", email.language)
    return {**facts, "words": quoted(facts["words"]), "link": link, "recipient_name": ""}


def _waits_names(email: Claimed) -> Facts:
    return {**_read(email.facts), "link": _absolute("/office/proposals", email.language), "recipient_name": ""}


def quoted(words: str) -> list[str]:
    """The lines that a letter quotes: all of them, or the beginning of what is very long."""
    kept = words.encode()[:QUOTED_BYTES].decode(errors="ignore")
    return (kept if kept == words else f"{kept.rstrip()}…").splitlines()


def _read(facts: Facts) -> Facts:
    """The same facts, with their moments as people's clocks show them."""
    moments = {name: i18n.local(datetime.fromisoformat(facts[name])) for name in _moments_in(facts)}
    return {**facts, **moments}


def _moments_in(facts: Facts) -> Iterable[str]:
    return (name for name in MOMENTS if facts.get(name))


def _link(facts: Facts, language: str) -> str:
    """The permanent link of a proposal, by which its company follows it and hosts what comes of it."""
    return _absolute(f"/proposals/{token_of(UUID(facts['proposal']), facts['generation'])}", language)


def _absolute(address: str, language: str) -> str:
    return settings.current().public_url + templates.path(language, address)


LETTERS = {
    "proposal_kept": Letter(_company_names),
    "proposal_received": Letter(_company_names),
    "proposal_asked": Letter(_company_names),
    "proposal_question_waits": Letter(_company_names),
    "proposal_accepted": Letter(_accepted_names),
    "proposal_declined": Letter(_company_names),
    "proposal_withdrawn": Letter(_company_names),
    "proposal_published": Letter(_host_names),
    "proposal_date": Letter(_host_names),
    "proposal_changed": Letter(_changed_names),
    "proposal_list": Letter(_host_names),
    "proposal_thanks": Letter(_host_names),
    "proposal_links": Letter(_links_names, fleeting=True),
    "proposal_news": Letter(_news_names),
    "proposal_waits": Letter(_waits_names),
}
