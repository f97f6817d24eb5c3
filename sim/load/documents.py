"""YAML 1.2 as plain data that remembers the line and the spelling of every value.

Only what the file says in so many words becomes a number or a truth value: `No`, `0123`, `1_000`
and `2017-13-01` stay text, and keys are always text. Tags, keys given twice and anchors that
explode are faults. ruamel.yaml reads the events; its constructors, which guess types, are not used.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)
from ruamel.yaml.reader import ReaderError

from sim.load.files import MEGABYTE, read_bytes
from sim.load.findings import Finding, Steps, dotted, value_at
from sim.messages import N_, BadInput, Fault, Place, _, shown

LARGEST_FILE = 2 * MEGABYTE
MOST_VALUES = 100_000
DEEPEST = 40
LONGEST_NUMBER = 25
NULLS = {"", "~", "null", "Null", "NULL"}
TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]")

PROBLEMS = {
    "mapping values are not allowed here": N_("a colon where no key can stand"),
    "could not find expected ':'": N_("a key without its colon"),
    "found character '\\t'": N_("a tab where only spaces can stand"),
    "found character": N_("a character that must stand in quotes"),
    "unacceptable character": N_("a character that no text may hold"),
    "found unexpected end of stream": N_("quotes or brackets that are not closed"),
    "expected <block end>, but found '<block mapping start>'": N_("a key that is indented wrongly"),
    "expected <block end>, but found '-'": N_("an item of a list that is indented wrongly"),
    "expected ',' or ']'": N_("brackets that are not closed"),
    "expected ',' or '}'": N_("braces that are not closed"),
}
"""How the YAML reader's most frequent complaints begin, in a planner's words."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Document:
    """The data of a text or workbook, with place and spelling of the value at every path.

    What is `broken` is at fault already: nothing that follows from it is told.
    """

    file: str
    data: Any
    places: dict[Steps, Place] = field(default_factory=dict)
    spellings: dict[Steps, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    broken: tuple[Steps, ...] = ()

    def place(self, at: Steps) -> Place:
        """Where the value at a path stands, or what would hold it."""
        ways = (at[:length] for length in range(len(at), -1, -1))
        return next((self.places[way] for way in ways if way in self.places), Place())

    def as_written(self, steps: Steps) -> Steps:
        """A path in the scenario as the file has it: one target may stand without a list."""
        written: Steps = ()
        for step in steps:
            here = value_at(self.data, written)
            if not (isinstance(here, dict) and isinstance(step, int)):
                written = (*written, step)
        return written

    def fault(self, finding: Finding) -> Fault:
        """The finding with its file and place."""
        at = self.as_written(finding.at)
        values = finding.found, finding.allowed, finding.suggestion
        return Fault(self.file, self.place(at), dotted(at), *values)


def read_document(path: Path, wanted: str) -> Document:
    """The YAML file at `path`; faults say that `wanted` is. Raises BadInput."""
    content = read_bytes(path, LARGEST_FILE, wanted)
    return parse_document(_decoded(content, str(path)), str(path))


def parse_document(text: str, file: str) -> Document:
    """The one document of a YAML text, with the faults of its keys. Raises BadInput for others."""
    root = _Builder(file).root(text)
    expansion = _Expansion(file)
    data = expansion.value(root, ())
    places = {at: Place(line=line) for at, line in expansion.lines.items()}
    return Document(file, data, places, expansion.spellings, tuple(expansion.faults))


def scalar(text: str) -> Scalar:
    """The value of a plain scalar by the core schema of YAML 1.2, without octal and infinities."""
    if text in NULLS:
        return None
    if text in TRUTHS:
        return TRUTHS[text]
    if len(text) > LONGEST_NUMBER or LEADING_ZERO.match(text):
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _decoded(content: bytes, file: str) -> str:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        place = Place(line=content.count(b"\n", 0, error.start) + 1)
        found = _("bytes that are no text in UTF-8")
        raise BadInput([Fault(file, place, "", found, _("a text saved as UTF-8"))]) from error


# ---------------------------------------------------------------- events to nodes


@dataclass(frozen=True)
class Leaf:
    """A scalar as it is written. Quoted ones are always text."""

    text: str
    plain: bool
    line: int


@dataclass(frozen=True)
class Branch:
    """A mapping (key, value, key, value, ...) or a list."""

    items: tuple["Leaf | Branch", ...]
    is_mapping: bool
    line: int


Node = Leaf | Branch


class _Builder:
    """Builds the nodes of one text; knows the anchors seen so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.anchors: dict[str, Node] = {}

    def root(self, text: str) -> Node:
        try:
            documents = self._documents(YAML(typ="safe", pure=True).parse(text))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else None
            raise self._refused(line, error.problem or error.context or "") from error
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self._refused(line, str(error).splitlines()[0]) from error
        except (YAMLError, ValueError, OverflowError, AttributeError) as error:
            # The last three: what ruamel.yaml lets through on escapes and directives it mistakes.
            raise self._refused(None, str(error).splitlines()[0] if str(error) else "") from error
        if len(documents) != 1:
            found = _("{} documents").format(len(documents))
            raise BadInput([Fault(self.file, found=found, allowed=_("one YAML document"))])
        return documents[0]

    def _documents(self, events: Iterator[Event]) -> list[Node]:
        documents = []
        for event in events:
            if isinstance(event, DocumentStartEvent):
                self.anchors = {}
                documents.append(self._node(next(events), events, 0))
        return documents

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        line = event.start_mark.line + 1
        if depth > DEEPEST:
            raise _too_deep(self.file, line)
        if isinstance(event, AliasEvent):
            return self._anchored(event.anchor, line)
        self._refuse_tag(getattr(event, "tag", None), line)
        if isinstance(event, ScalarEvent):
            text = unicodedata.normalize("NFC", event.value)
            node: Node = Leaf(text, event.style in (None, ""), line)
        else:
            items = tuple(self._items(events, depth))
            node = Branch(items, isinstance(event, MappingStartEvent), line)
        if (anchor := getattr(event, "anchor", None)) is not None:
            self.anchors[anchor] = node
        return node

    def _items(self, events: Iterator[Event], depth: int) -> Iterator[Node]:
        for event in events:
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                return
            yield self._node(event, events, depth + 1)

    def _refuse_tag(self, tag: object, line: int) -> None:
        if tag is not None:
            allowed = _("values without a tag (no `!`)")
            raise BadInput([Fault(self.file, Place(line), "", shown(str(tag)), allowed)])

    def _anchored(self, name: str, line: int) -> Node:
        if name in self.anchors:
            return self.anchors[name]
        found = f"*{name}"
        allowed = _("the name of an anchor that ends before this line")
        raise BadInput([Fault(self.file, Place(line), "", found, allowed)])

    def _refused(self, line: int | None, problem: str) -> BadInput:
        known = (_(words) for start, words in PROBLEMS.items() if problem.startswith(start))
        other = _("a text that is no YAML ({reason})").format(reason=problem)
        found = next(known, other) if problem else _("a text that is no YAML")
        return BadInput([Fault(self.file, Place(line), "", found, _("YAML 1.2"))])


def _too_deep(file: str, line: int) -> BadInput:
    allowed = _("at most {} levels").format(DEEPEST)
    return BadInput([Fault(file, Place(line), "", _("values nested more deeply"), allowed)])


# ---------------------------------------------------------------- nodes to data


class _Expansion:
    """Plain data of nodes. Aliases are copied, which is why values are counted here."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Steps, int] = {}
        self.spellings: dict[Steps, str] = {}
        self.faults: list[Fault] = []
        self.values = 0

    def value(self, node: Node, at: Steps) -> Any:
        """The data of `node`, which stands at the path `at`."""
        self._count(node, at)
        self.lines.setdefault(at, node.line)
        if isinstance(node, Leaf):
            self.spellings[at] = node.text
            return scalar(node.text) if node.plain else node.text
        if node.is_mapping:
            return self._mapping(node, at)
        return [self.value(item, (*at, i)) for i, item in enumerate(node.items)]

    def _mapping(self, node: Branch, at: Steps) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, item in zip(node.items[::2], node.items[1::2], strict=True):
            if isinstance(key, Branch):
                self._fault(key.line, at, _("a list or mapping as a key"), _("a text as a key"))
            elif key.text in mapping:
                first = self.lines[(*at, key.text)]
                found = _("{key}, given in line {line} too").format(key=shown(key.text), line=first)
                self._fault(key.line, (*at, key.text), found, _("every key once"))
            else:
                self.lines[(*at, key.text)] = key.line
                mapping[key.text] = self.value(item, (*at, key.text))
        return mapping

    def _count(self, node: Node, at: Steps) -> None:
        self.values += 1
        if self.values > MOST_VALUES:
            allowed = _("at most {} values, those of aliases counted each time").format(MOST_VALUES)
            fault = Fault(self.file, Place(node.line), "", _("more values"), allowed)
            raise BadInput([fault])
        if len(at) > DEEPEST:
            raise _too_deep(self.file, node.line)

    def _fault(self, line: int, at: Steps, found: str, allowed: str) -> None:
        self.faults.append(Fault(self.file, Place(line), dotted(at), found, allowed))
