"""A filled workbook -> the data that a scenario file would hold, with the cell of every value.

Its sheet of assumptions is a list of settings of the defaults, its sheet of policies a list of
levers with their settings; a path and a value each, as after --set.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim.levers import MAY_ADAPT
from sim.load import shape
from sim.load.cells import ERRORS, GROUPED, NUMBER, Unfit
from sim.load.documents import Document, parse_document
from sim.load.findings import Steps, dotted, value_at
from sim.load.grids import Grid, told
from sim.load.paths import resolved
from sim.load.sheets import labelled_grid, sheet_called
from sim.load.spreadsheets import Book, Cell, is_blank
from sim.load.vocabulary import (
    ASSUMPTION_COLUMNS,
    LEVERS,
    PARAMETERS,
    POLICY_COLUMNS,
    SETTINGS,
    SHEETS,
    Names,
    words,
)
from sim.messages import BadInput, Fault, Place, _, listed, nearest, shown
from sim.scenario import Scenario

NEEDED = {"title": "-", "baseline": "-", "start": "2000-01-01", "years": 1}
OF_OTHER_SHEETS = ("baseline", "policies", "uncertain")
DECIDING = ("lever", "from", "until", "setting", "value")
UNKNOWN = "?"
ADAPTIVE = "where.when."
LEVELS = ("province", "district", "commune")
LEVEL_KEYS = ("level", "host_level", "rank_level")
TRUTHS = {"true": True, "false": False}
ALTERNATIVES = (
    ("table", "rogers_castro", "constant", "by_age"),
    ("per_resident", "per_hamlet"),
    ("mean", "median"),
)
"""Parameters of which one is given: a default leaves when another is chosen."""
DAY_FIRST = re.compile(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4})")
"""Every date is the first of a month, so that 01/03/2021 can only be the first of March."""
SEPARATORS = re.compile(r"[;,\n]")
RANGE = re.compile(r"([0-9]{1,3})\s*[-\N{EN DASH}]\s*([0-9]{1,3})")
PERCENT = re.compile(r"(.*[0-9])\s*%")


def workbook_document(book: Book) -> Document:
    """What the sheets of assumptions and policies say. Raises BadInput if they cannot be read."""
    faults = [*_sheets_that_nothing_reads(book)]
    assumptions = _grid(book, "assumptions", ASSUMPTION_COLUMNS, "key")
    if assumptions is None:
        allowed = _("a sheet {name}, as `hamletsim template` makes it")
        allowed = allowed.format(name=SHEETS.label("assumptions"))
        raise BadInput([Fault(book.file, found=listed(book.titles), allowed=allowed)])
    draft = _Draft(book.file, assumptions.sheet)
    draft.assume(assumptions)
    policies = _grid(book, "policies", POLICY_COLUMNS, "policy")
    if policies is not None:
        draft.decide(policies)
    told = *faults, *draft.faults
    return Document(book.file, draft.data, draft.places, {}, told, tuple(draft.broken))


def _sheets_that_nothing_reads(book: Book) -> Iterator[Fault]:
    seen: dict[str | None, str] = {}
    for title in book.titles:
        key = SHEETS.key(title)
        place = Place(sheet=title)
        if key is None:
            near = SHEETS.nearest(title)
            yield Fault(book.file, place, "", shown(title), listed(SHEETS.labels()), near)
        elif key in seen:
            found = _("the same sheet as {title}").format(title=shown(seen[key]))
            yield Fault(book.file, place, "", found, _("every sheet once"))
        seen.setdefault(key, title)


def _grid(book: Book, key: str, columns: Names, mark: str) -> Grid | None:
    title = sheet_called(book, key)
    if title is None:
        return None
    return labelled_grid(book.file, book.sheet(title), columns.key, columns, mark)


@dataclass(frozen=True)
class _Row:
    """A row of a grid by the keys of its columns; a column that is not there is empty."""

    grid: Grid
    number: int
    cells: tuple[Cell, ...]

    def __getitem__(self, column: str) -> Cell:
        if column not in self.grid.header:
            return None
        cell = self.cells[self.grid.header.index(column)]
        return None if is_blank(cell) else cell

    def place(self, column: str) -> Place:
        """Where one of its cells is."""
        return self.grid.place(self.number, self._index(column))

    def fault(self, column: str, found: str, allowed: str, suggestion: str | None = None) -> Fault:
        """A fault in one of its cells."""
        return self.grid.fault(self.number, self._index(column), found, allowed, suggestion)

    def refused(self, column: str, unfit: Unfit) -> Fault:
        """The fault of a cell that does not hold what it should."""
        return self.fault(column, told(self[column]), unfit.allowed, unfit.suggestion)

    def _index(self, column: str) -> int | None:
        return self.grid.header.index(column) if column in self.grid.header else None


class _Draft:
    """The data of a scenario while its sheets are read."""

    def __init__(self, file: str, sheet: str | None) -> None:
        self.data = defaults() | {"baseline": Path(file).name}
        self.places: dict[Steps, Place] = {(): Place(sheet=sheet)}
        self.faults: list[Fault] = []
        self.broken: list[Steps] = []
        self.rows: dict[Steps, int] = {}

    def assume(self, grid: Grid) -> None:
        """Set what the sheet of assumptions gives; an empty value leaves the default."""
        for number, cells in grid.rows:
            row = _Row(grid, number, cells)
            given = [name for name in ("value", "low", "high") if row[name] is not None]
            if steps := self._parameter(row, given):
                self._assume(row, steps, given)

    def _parameter(self, row: _Row, given: list[str]) -> Steps | None:
        """Which parameter a row is about; rows that give nothing may be headings."""
        called, key = row["parameter"], row["key"]
        if key is None and isinstance(called, str):
            key = PARAMETERS.key(called)
        if key is None:
            if given:
                found = _("{value} without a key").format(value=told(row[given[0]]))
                self.faults.append(row.fault("key", found, _("the key of a parameter")))
            return None
        path = str(key).strip()
        steps = resolved(path, shape.root(), self.data)
        if steps and steps[0] not in OF_OTHER_SHEETS:
            return steps
        known = [p for p in shape.parameters(defaults()) if p.split(".")[0] not in OF_OTHER_SHEETS]
        allowed = _("the path of a parameter, such as training.seats")
        self.faults.append(row.fault("key", shown(path), allowed, nearest(path, known)))
        return None

    def _assume(self, row: _Row, steps: Steps, given: list[str]) -> None:
        self.places[steps] = row.place("value")
        if "value" in given and self._is_new(row, steps, "key"):
            self._put(row, steps)
            self._leave_alternatives(steps)
        if "low" in given or "high" in given:
            self._be_unsure(row, steps)

    def _be_unsure(self, row: _Row, steps: Steps) -> None:
        """A parameter that lies between two ends, most likely where its value is."""
        path = dotted(steps)
        at: Steps = ("uncertain", path)
        self.places |= {at: row.place("low"), (*at, "mode"): row.place("value")}
        ends = {"distribution": "triangular", "mode": value_at(self.data, steps)}
        self.data["uncertain"][path] = {k: v for k, v in ends.items() if v is not None}
        for name in ("low", "high"):
            self.places[(*at, name)] = row.place(name)
            if row[name] is not None:
                self._put(row, (*at, name), name)

    def _leave_alternatives(self, steps: Steps) -> None:
        for i, step in enumerate(steps):
            for group in ALTERNATIVES:
                holder = value_at(self.data, steps[:i])
                if step in group and isinstance(holder, dict):
                    for other in group:
                        if other != step and not self._was_given((*steps[:i], other)):
                            holder.pop(other, None)

    # ------------------------------------------------------------ policies

    def decide(self, grid: Grid) -> None:
        """Set the policies. An empty cell goes on with the policy, or the lever, above it."""
        policies: dict[str, Any] = {}
        self.data["policies"] = policies
        self.places[("policies",)] = Place(sheet=grid.sheet)
        at: Steps = ()
        for number, cells in grid.rows:
            row = _Row(grid, number, cells)
            name = row["policy"]
            if name is not None and at[1:2] != (_text(name),):
                at = ("policies", _text(name))
                policies.setdefault(_text(name), [])
                self.places.setdefault(at, row.place("policy"))
            if not at:
                if any(row[column] is not None for column in DECIDING):
                    self.faults.append(row.fault("policy", shown(None), _("the name of a policy")))
                continue
            at = self._lever(row, at)
            self._setting(row, at)

    def _lever(self, row: _Row, at: Steps) -> Steps:
        """The path of the lever that the row is about, of its policy if there is none."""
        called = row["lever"]
        if called is None:
            for column in ("from", "until"):
                if row[column] is not None:
                    allowed = _("a lever in the same row")
                    self.faults.append(row.fault("lever", shown(None), allowed))
            return at
        levers = self.data["policies"][at[1]]
        at = (*at[:2], len(levers))
        name = LEVERS.key(_text(called))
        levers.append({"lever": name or UNKNOWN})
        self.places[at] = row.place("lever")
        if name is None:
            self.broken.append(at)
            allowed, near = listed(LEVERS.labels()), LEVERS.nearest(_text(called))
            self.faults.append(row.fault("lever", told(called), allowed, near))
        for column in ("from", "until"):
            self.places[(*at, column)] = row.place(column)
            if row[column] is not None:
                self._put(row, (*at, column), column)
        return at

    def _setting(self, row: _Row, at: Steps) -> None:
        called = row["setting"]
        if called is None:
            if row["value"] is not None:
                self.faults.append(row.fault("setting", shown(None), _("what the value is of")))
            return
        if len(at) < 3:
            self.faults.append(row.fault("lever", shown(None), _("a lever with this setting")))
            return
        lever = value_at(self.data, at)
        if lever["lever"] == UNKNOWN:
            return
        steps = setting_steps(lever["lever"], SETTINGS.key(_text(called)) or _text(called))
        if steps is None:
            self.broken.append(at)
            known = SETTINGS.only(lever_settings(lever["lever"]))
            allowed, near = listed(known.labels()), known.nearest(_text(called))
            self.faults.append(row.fault("setting", told(called), allowed, near))
        elif self._is_new(row, (*at, *steps), "setting"):
            self.places[(*at, *steps)] = row.place("value")
            if row["value"] is None:
                self.broken.append((*at, *steps))
                allowed = shape.described(shape.at(self.data, (*at, *steps)))
                self.faults.append(row.fault("value", shown(None), allowed))
            else:
                self._put(row, (*at, *steps))

    # ------------------------------------------------------------ values

    def _put(self, row: _Row, steps: Steps, column: str = "value") -> None:
        """Set one value, read for its place."""
        try:
            value = meant(row[column], shape.at(self.data, steps) or {}, steps)
        except Unfit as unfit:
            self.faults.append(row.refused(column, unfit))
            self.broken.append(steps)
            return
        holder: Any = self.data
        for step in steps[:-1]:
            if isinstance(holder, dict) and not isinstance(holder.get(step), dict | list):
                holder[step] = {}
            holder = holder[step]
        holder[steps[-1]] = value

    def _is_new(self, row: _Row, steps: Steps, column: str) -> bool:
        """Whether a parameter is given for the first time; a fault if not."""
        before = next((r for given, r in self.rows.items() if _overlap(given, steps)), None)
        self.rows.setdefault(steps, row.number)
        if before is None:
            return True
        found = _("{name}, in row {row} too").format(name=told(row[column]), row=before)
        self.faults.append(row.fault(column, found, _("every setting once")))
        return False

    def _was_given(self, steps: Steps) -> bool:
        return any(_overlap(given, steps) for given in self.rows)


def _overlap(one: Steps, other: Steps) -> bool:
    return all(a == b for a, b in zip(one, other, strict=False))


def defaults() -> dict[str, Any]:
    """The data of a scenario that gives nothing but what must be given, without that."""
    scenario = Scenario.model_validate(NEEDED)
    data = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {key: _without_empty_lists(value) for key, value in data.items() if key not in NEEDED}


def _without_empty_lists(value: Any) -> Any:
    """So that a target may stand without a list."""
    if not isinstance(value, dict):
        return value
    return {key: _without_empty_lists(inner) for key, inner in value.items() if inner != []}


# ---------------------------------------------------------------- settings of levers


@cache
def setting_steps(lever: str, path: str) -> Steps | None:
    """The way to a setting in a lever, None if it has none of that path."""
    data = {"lever": lever}
    form = shape.form_for(shape.at({"policies": {"": [data]}}, ("policies", "", 0)) or {}, data)
    steps = resolved(path, form, data) if form else None
    return steps if steps and steps[0] not in ("lever", "from", "until") else None


@cache
def lever_settings(lever: str) -> tuple[str, ...]:
    """The settings that a lever has, by their paths."""
    may_adapt = lever in {kind.model_fields["lever"].default for kind in MAY_ADAPT}
    return tuple(
        path
        for path in SETTINGS.texts
        if setting_steps(lever, path) and (may_adapt or not path.startswith(ADAPTIVE))
    )


# ---------------------------------------------------------------- cells


def meant(cell: Cell, node: shape.Schema, steps: Steps) -> Any:
    """What a cell says, read for its place. Raises Unfit where it cannot be meant so.

    What does not fit the place otherwise stays as it is, for validation to tell.
    """
    forms = shape.forms(node)
    kinds = {form.get("type") for form in forms}
    if isinstance(cell, dt.date):
        return (cell.date() if isinstance(cell, dt.datetime) else cell).isoformat()
    if isinstance(cell, str):
        return _meant_text(unicodedata.normalize("NFC", cell.strip()), forms, steps)
    if kinds == {"boolean"} and cell in (0, 1):
        return bool(cell)
    if "array" in kinds and not kinds & {"number", "integer"}:
        return [cell]
    return str(cell) if isinstance(cell, dt.time | dt.timedelta) else cell


def _meant_text(text: str, forms: Sequence[shape.Schema], steps: Steps) -> Any:
    if text in ERRORS:
        raise Unfit(_("a value (the spreadsheet program could not work it out)"))
    names = closed_list(forms, steps)
    if (key := names.key(text)) is not None:
        return TRUTHS.get(key, key)
    for form in forms:
        if form.get("type") == "array" and text[0] not in "[{":
            return _meant_list(text, form, steps)
        if form.get("type") in ("number", "integer") and (number := _number(text)) is not None:
            return number
        if form.get("format") == "date" and (day := DAY_FIRST.fullmatch(text)):
            return f"{day[3]}-{int(day[2]):02}-{int(day[1]):02}"
    if names.texts and all(_words_of(form) for form in forms):
        raise Unfit(listed(names.labels()), names.nearest(text))
    if text[0] in "[{":
        return parse_document(text, "").data
    return text


def closed_list(forms: Sequence[shape.Schema], steps: Steps) -> Names:
    """The words that may stand in a place, or that mean something there."""
    if steps[-1] in LEVEL_KEYS:
        return words(LEVELS)
    return words(dict.fromkeys(word for form in forms for word in _words_of(form)))


def _words_of(form: shape.Schema) -> Sequence[str]:
    if form.get("type") == "boolean":
        return tuple(TRUTHS)
    return form.get("enum") or ([form["const"]] if "const" in form else ())


def _meant_list(text: str, form: shape.Schema, steps: Steps) -> list[Any]:
    inner = form.get("prefixItems") or [form.get("items") or {}]
    pair = RANGE.fullmatch(text)
    parts = list(pair.groups()) if pair and len(inner) == 2 else SEPARATORS.split(text)
    kept = [part.strip() for part in parts if part.strip()]
    nodes = inner if len(inner) == len(kept) else [inner[0]] * len(kept)
    return [
        _meant_text(part, shape.forms(node), (*steps, i))
        for i, (part, node) in enumerate(zip(kept, nodes, strict=True))
    ]


def _number(text: str) -> float | int | None:
    """A number written as text, with one decimal mark, or in percent."""
    percent = PERCENT.fullmatch(text)
    bare = percent[1].strip() if percent else text
    if not NUMBER.fullmatch(bare):
        return None
    if GROUPED.fullmatch(bare) and bare[0] != "0":
        raise Unfit(_("a number that is not text: this could be read in two ways"))
    value = float(bare.replace(",", ".")) / (100 if percent else 1)
    return int(value) if value.is_integer() else value


def _text(cell: Cell) -> str:
    return unicodedata.normalize("NFC", str(cell).strip())
