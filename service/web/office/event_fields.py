"""The fields of an event: how each is read from its form, shown again, and told beside another."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from gettext import NullTranslations
from typing import Any
from uuid import UUID

from service import i18n, text
from service.events import places
from service.events.agenda import LEVEL_ORDER
from service.events.contents import Content
from service.people import organisations
from service.people.organisations import Newcomer
from service.web.forms import Form
from service.web.office.event_sections import NEEDED, Field, fields

MOST_LINES, LONGEST_LINE = 20, 200


async def read(form: Form, kind: str, present: Content) -> Content:
    """What the form says of an event that says ``present``; mistakes are noted in the form."""
    values = {each.name: READERS[each.look](form, each, present) for each in fields(kind) if each.look != "host"}
    content = replace(present, **values, host=await read_host(form) or present.host)
    if kind != "assembly" and not (content.takes_individuals or content.takes_classes):
        form.refuse("takes_individuals", form.words.gettext("Somebody must be able to book: tick one of these."))
    return content


async def read_host(form: Form) -> UUID | Newcomer | None:
    """The structure that the form names: its id, or a newcomer whose kind the form says; None after a mistake."""
    name = form.text("host", most=200, missing=needed(form, "host"))
    if not name:
        return None
    known = await organisations.named(name)
    if known:
        return known
    new = form.words.gettext("We do not know this structure yet: choose what it is, or correct its name.")
    kind = form.choice("host_kind", organisations.KINDS, missing=new)
    return Newcomer(name, kind, places.town_in(form.value("place"))) if kind else None


def needed(form: Form, name: str) -> str:
    """What is said where this field is empty."""
    return form.words.gettext(NEEDED[name])


def as_fields(content: Content, kind: str, host_name: str) -> dict[str, str | list[str]]:
    """The fields of a fresh form for an event that says this."""
    shown = {each.name: _shown(getattr(content, each.name), each.look) for each in fields(kind)}
    newcomer = content.host if isinstance(content.host, Newcomer) else None
    return {**shown, "host": newcomer.name if newcomer else host_name, "host_kind": newcomer.kind if newcomer else ""}


def host_kinds(language: str) -> list[tuple[str, str]]:
    """What a structure may be, with the words that pages say for it."""
    words = i18n.translations(language)
    labels = {
        "company": words.gettext("Company"),
        "school": words.gettext("School"),
        "training": words.gettext("Training centre"),
        "lab": words.gettext("Laboratory"),
        "authority": words.gettext("Local authority"),
        "association": words.gettext("Association"),
        "other": words.pgettext("structure", "Other"),
    }
    return [(kind, labels[kind]) for kind in organisations.KINDS]


def told(value: Any, words: NullTranslations, hosts: Mapping[UUID, str]) -> str:
    """A value as people read it, where it stands beside another."""
    if isinstance(value, UUID):
        return hosts.get(value, "")
    if isinstance(value, Newcomer):
        return value.name
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if isinstance(value, list):
        return ", ".join(value) or "–"
    return "–" if value in (None, "") else str(value)


def _shown(value: Any, look: str) -> str | list[str]:
    if isinstance(value, list):
        return "\n".join(value) if look == "lines" else value
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _line(form: Form, each: Field, present: Content) -> str:
    typed = form.text(each.name, most=each.most, missing=each.missing and form.words.gettext(each.missing))
    stands = str(getattr(present, each.name))
    return stands if _is_folded(stands, typed) else typed


def _address(form: Form, each: Field, _: Content) -> str:
    return form.address(each.name) if form.raw(each.name).strip() else ""


def _block(form: Form, each: Field, _: Content) -> str:
    return form.block(each.name, most=each.most).strip()


def _is_folded(stands: str, typed: str) -> bool:
    """Whether they differ in blanks only: a blank that does not break comes back from the form as any other."""
    return " ".join(stands.split()) == typed


def _lines(form: Form, each: Field, present: Content) -> list[str]:
    found = [text.line(one.replace("\t", " ")) for one in form.block(each.name).split("\n") if one.strip()]
    if len(found) > MOST_LINES or any(len(one) > LONGEST_LINE for one in found):
        wanted = form.words.gettext("At most %(lines)s lines of %(most)s characters, please.")
        form.refuse(each.name, wanted % {"lines": MOST_LINES, "most": LONGEST_LINE})
        return []
    kept = {" ".join(one.split()): one for one in getattr(present, each.name)}
    return [kept.get(one, one) for one in found]


def _boxes(form: Form, each: Field, present: Content) -> list[str]:
    return form.chosen(each.name, level_choices(present))


def _tick(form: Form, each: Field, _: Content) -> bool:
    return form.ticked(each.name)


def _number(form: Form, each: Field, _: Content) -> int | None:
    read = form.whole_number(each.name, least=each.least, most=each.most)
    return each.empty if read is None else read


def level_choices(present: Content) -> list[str]:
    """The levels that one may tick: the usual ones, and what the event has beside them."""
    return [*LEVEL_ORDER, *(level for level in present.levels if level not in LEVEL_ORDER)]


READERS: Mapping[str, Callable[[Form, Field, Content], Any]] = {
    "line": _line,
    "address": _address,
    "block": _block,
    "lines": _lines,
    "boxes": _boxes,
    "tick": _tick,
    "number": _number,
}
