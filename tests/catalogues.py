"""What the code says against what the French says. ``python -m tests.catalogues --write`` brings new sentences in."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
FRENCH = ROOT / "service" / "locale" / "fr" / "LC_MESSAGES" / "messages.po"
JINJA: dict[str, str] = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
SOURCES: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("service", "**.py", "python", {}),
    ("templates", "**", "jinja2", JINJA),
)
PLACEHOLDER = re.compile(r"%\((\w+)\)s")

Said = tuple[str, str | tuple[str, str]]  # (context, sentence, or singular and plural)


def said() -> set[Said]:
    """Every sentence of code and templates."""
    found: set[Said] = set()
    for folder, pattern, method, options in SOURCES:
        for _, _, sentence, _, context in extract_from_dir(
            ROOT / folder, [(pattern, method)], {pattern: dict(options)}
        ):
            found.add((context or "", sentence if isinstance(sentence, str) else (sentence[0], sentence[1])))
    return found


def french() -> Catalog:
    """The French catalogue as it is kept."""
    with FRENCH.open("rb") as file:
        return read_po(file, locale="fr")


def findings(catalogue: Catalog, wanted: set[Said]) -> Iterator[str]:
    """One line for each sentence that is missing, left over, uncertain, or with other placeholders."""
    kept = {_key(message): message for message in catalogue if message.id}
    yield from (f"not in the catalogue: {key[1]!r}" for key in sorted(wanted - kept.keys(), key=str))
    yield from (f"said nowhere any more: {key[1]!r}" for key in sorted(kept.keys() - wanted, key=str))
    for message in kept.values():
        yield from _of_message(message)


def write(catalogue: Catalog, wanted: set[Said]) -> None:
    """Keep what is still said, add what is new without a translation, drop the rest."""
    fresh = Catalog(locale="fr", project="Passerelle", version="", fuzzy=False, header_comment="# French")
    kept = {_key(message): message for message in catalogue if message.id}
    for context, sentence in sorted(wanted, key=lambda key: (str(key[1]), key[0])):
        known = kept.get((context, sentence))
        fresh.add(sentence, known.string if known else None, context=context or None)
    with FRENCH.open("wb") as file:
        write_po(file, fresh, width=110, no_location=True, omit_header=False)


def translations(message: Message) -> list[str]:
    """What the French says for it: one sentence, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def _key(message: Message) -> Said:
    sentence = message.id if isinstance(message.id, str) else (message.id[0], message.id[1])
    return (message.context or "", sentence)


def _of_message(message: Message) -> Iterator[str]:
    translated = translations(message)
    if message.fuzzy or not all(translated):
        yield f"not translated: {message.id!r}"
        return
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    for source, one in zip(sources, translated, strict=True):
        if _placeholders(one) not in (_placeholders(source), _placeholders(sources[-1])):
            yield f"other placeholders: {one!r}"


def _placeholders(sentence: str) -> set[str]:
    return set(PLACEHOLDER.findall(sentence))


def main() -> int:
    """Check, or write; the exit status tells."""
    if "--write" in sys.argv:
        write(french() if FRENCH.exists() else Catalog(locale="fr"), said())
    lines = list(findings(french(), said()))
    for line in lines:
        print(line)  # noqa: T201 - a command speaks
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
