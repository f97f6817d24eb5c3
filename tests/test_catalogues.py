"""The catalogues: complete, true to the sources, in the terms of the glossary."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from babel.messages.mofile import read_mo

from sim.messages import CATALOGUES
from tests import catalogues
from tests.catalogues import TRANSLATIONS, messages, placeholders, texts

SOURCES = catalogues.extracted()
EDITED = {language: catalogues.catalogue(language) for language in TRANSLATIONS}
NEXT = "run `make messages`"

ANOTHER_SENSE = {
    "no name over {value} in row {row} (merged header cells?)": {"cell"},
    "cells with their quotation marks closed": {"cell"},
    "a quotation mark that is not closed, or one inside a cell": {"cell"},
    "merged cells, down to {place}": {"cell"},
    "a value in every cell of its own": {"cell"},
    "a mapping with the key lever": {"lever"},
    "a mapping with the keys scenario and parameters": {"scenario"},
}
"""Messages where an English word of the glossary is a cell of a table or a key of a file."""


@pytest.fixture(params=TRANSLATIONS)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_no_message_is_missing_or_unused(language: str) -> None:
    said, known = set(messages(SOURCES)), set(messages(EDITED[language]))
    assert len(said) > 400
    assert said - known == set(), f"missing: {NEXT}"
    assert known - said == set(), f"unused: {NEXT}"


def test_every_message_is_translated(language: str) -> None:
    assert catalogues.untranslated(EDITED[language]) == []


def test_what_the_program_reads_is_what_was_edited(language: str) -> None:
    kept = catalogues.place_of(language, ".mo").read_bytes()
    assert _read(kept) == _read(catalogues.compiled(EDITED[language])), NEXT


def _read(content: bytes) -> list[tuple[object, object]]:
    read = read_mo(io.BytesIO(content))
    plurals = read.num_plurals, read.plural_expr
    return [plurals, *((message.id, message.string) for message in read if message.id)]


def test_placeholders_line_breaks_and_edges_are_those_of_the_english(language: str) -> None:
    faults = []
    for text, message in messages(EDITED[language]).items():
        english = catalogues.ids(message)[-1]
        for told in texts(message):
            same_names = placeholders(told) == placeholders(english)
            same_lines = told.count("\n") == english.count("\n")
            same_edges = _edges(told) == _edges(english)
            if not (same_names and same_lines and same_edges):
                faults.append((text, told))
    assert faults == []


def _edges(text: str) -> tuple[str, str]:
    bare = text.strip()
    return text[: text.index(bare)], text[text.index(bare) + len(bare) :]


def test_wrong_braces_are_seen() -> None:
    assert placeholders("{b} of {a}, {}") == ["", "a", "b"]
    with pytest.raises(ValueError):
        placeholders("{a")


def test_every_plural_has_the_forms_of_the_language() -> None:
    for language, number in {"vi": 1, "ru": 3}.items():
        plurals = [m for m in EDITED[language] if isinstance(m.id, tuple)]
        assert len(plurals) > 5
        assert {len(m.string) for m in plurals} == {number}


# ---------------------------------------------------------------- glossary


@dataclass(frozen=True)
class Term:
    """A term of the glossary: what is English for it, and parts of words that must stand for it."""

    name: str
    english: re.Pattern[str]
    use: dict[str, list[str]]
    avoid: dict[str, list[str]]


def _glossary() -> list[Term]:
    with (CATALOGUES / "glossary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Term(
            row["term"],
            re.compile(rf"\b(?:{row['in_english']})s?\b", re.IGNORECASE),
            {language: row[f"in_{language}"].split("|") for language in TRANSLATIONS},
            {language: _parts(row[f"not_in_{language}"]) for language in TRANSLATIONS},
        )
        for row in rows
    ]


def _parts(text: str) -> list[str]:
    return text.split("|") if text else []


def _terms_in(text: str) -> Iterator[Term]:
    """The terms in an English message, the longest first: `hamlet chief` is no hamlet."""
    rest = re.sub(r"\{\w*\}|\w+[._]\w+|[A-Z]{3,}=?", _small_words, text)
    matched = [(found[0], term) for term in _glossary() if (found := term.english.search(rest))]
    for words, term in sorted(matched, key=lambda pair: -len(pair[0])):
        if term.english.search(rest):
            yield term
            rest = re.sub(rf"\b{re.escape(words)}\b", "", rest)


def _small_words(found: re.Match[str]) -> str:
    """Events of weight are written large; placeholders, keys and names of options are no words."""
    return found[0].lower() if found[0].isupper() and "_" not in found[0] else " "


def term_faults(language: str, text: str, told: str) -> list[str]:
    """The terms of an English message that its translation does not use, or uses wrongly.

    What one term avoids may stand for another term of the same message.
    """
    small = told.casefold().replace("_", " ")
    terms = [term for term in _terms_in(text) if term.name not in ANOTHER_SENSE.get(text, ())]
    meant = {part for term in terms for part in term.use[language]}
    return [
        term.name
        for term in terms
        if not any(part in small for part in term.use[language])
        or any(part in small for part in term.avoid[language] if part not in meant)
    ]


def test_the_terms_are_those_of_the_glossary(language: str) -> None:
    faults = [
        (text, told, wrong)
        for text, message in messages(EDITED[language]).items()
        for told in texts(message)
        if (wrong := term_faults(language, text, told))
    ]
    assert faults == []


def test_other_terms_are_seen() -> None:
    assert term_faults("ru", "{who} is put on the source list", "{who} в списке кандидатов")
    assert term_faults("vi", "THE CELL IS LOST", "CHI BỘ BỊ GIẢI THỂ, XÓM KHÔNG CÒN CHI BỘ")
    assert term_faults("vi", "the policy", "chính sách") == ["policy"]
    both = "состоящий в резерве — кандидатом в члены"
    assert term_faults("ru", "a candidate on probation", both) == []
    assert term_faults("ru", "{who} becomes hamlet chief", "{who} — стал старостой") == []
    assert term_faults("ru", "only with {levers}", "только с {levers}") == []


def test_the_glossary_is_used() -> None:
    used = {term.name for text in messages(SOURCES) for term in _terms_in(text)}
    assert len(used) > 30
    names = [term.name for term in _glossary()]
    assert len(names) == len(set(names)) >= 60
