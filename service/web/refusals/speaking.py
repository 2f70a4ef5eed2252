"""How a refusal is said: what is so, and what one can do next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import Any

from service import i18n
from service.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page says, under which status."""

    title: str
    sentence: str
    next_step: str = ""
    status: int = 409
    headers: Mapping[str, str] = field(default_factory=dict)


Words = NullTranslations
Speaker = Callable[[Any, Words, str], Answer]
Sentences = dict[type[Refusal], Speaker]


def plain(title: str, sentence: str, next_step: str = "", status: int = 409) -> Speaker:
    """A refusal without facts: its English sentences are looked up when they are said."""

    def speak(_: Refusal, words: Words, __: str) -> Answer:
        return Answer(words.gettext(title), words.gettext(sentence), next_step and words.gettext(next_step), status)

    return speak


def somebody_was_faster(refusal: Any, words: Words, language: str) -> Answer:
    """Two edited one thing: ``by`` whom it was saved first, ``at`` what time, as far as that is known."""
    said = words.gettext("%(name)s saved other changes on %(moment)s.") % {
        "name": refusal.by,
        "moment": i18n.at_moment(i18n.local(refusal.at), language),
    }
    return Answer(
        words.gettext("Somebody else was faster"),
        said if refusal.by else words.gettext("It was changed since you opened this page."),
        words.gettext("Nothing of yours was saved yet: compare, then save again."),
    )


def N_(message: str) -> str:  # noqa: N802 - the name that extraction tools look for
    """Mark a sentence for the catalogue."""
    return message
