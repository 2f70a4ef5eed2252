"""The catalogues: complete, certain, with the placeholders of the English; French typography."""

import re

from babel.messages.catalog import Catalog

from tests import catalogues


def test_the_french_catalogue_says_everything_that_the_code_says() -> None:
    assert list(catalogues.findings(catalogues.french(), catalogues.said())) == []


def test_a_gap_would_be_found() -> None:
    """The negative control: a missing, an empty and a wrong translation."""
    kept = Catalog(locale="fr")
    kept.add("Hello %(name)s,", "Bonjour %(nom)s,")
    kept.add("Agenda", "")
    wanted: set[catalogues.Said] = {("", "Hello %(name)s,"), ("", "Agenda"), ("", "Where")}

    assert sorted(catalogues.findings(kept, wanted)) == [
        "not in the catalogue: 'Where'",
        "not translated: 'Agenda'",
        "other placeholders: 'Bonjour %(nom)s,'",
    ]


def test_french_signs_keep_to_their_words() -> None:
    loose = re.compile(r"[\w»)] [:;!?»]|« |[\w»)][;!?](?=\s|$)|'")

    assert [one for one in _french_sentences() if loose.search(one)] == []


def test_french_says_vous() -> None:
    familiar = re.compile(r"\b(tu|toi|ton|ta|tes|te)\b|\bt’", re.IGNORECASE)

    assert [one for one in _french_sentences() if familiar.search(one)] == []


def test_french_sentences_are_short() -> None:
    long = [
        sentence
        for one in _french_sentences()
        for sentence in re.split(r"[.!?]\s", one)
        if len(re.findall(r"[\w’%()-]+", sentence)) > 20
    ]
    assert long == []


def _french_sentences() -> list[str]:
    return [one for message in catalogues.french() if message.id for one in catalogues.translations(message)]
