"""Published figures: a table (CSV or XLSX) with one figure a row -> `Fact`s.

Columns, in any order: `id` (each once), `quantity` (one of `QUANTITIES`, or `not_modelled`), `to`,
`value`; and if need be `figure` (what is printed, in words), `place` (areas of the scenario by
name or path, with `; ` between them; empty: everywhere), `tags` and `kinds` of units, `from` (of a
flow), `out_of`, `tolerance`, `use` (default `forecast`), `source`, `note`.

Dates are days, months or years. `from` is the first day; `to` is, as a day, the date of a stock or
the first day no longer in a flow, and as a month or year its end: `to` 2015 is 2016-01-01.

`out_of` makes a figure a share, `value` of `out_of`, where the quantity is one; beside other
quantities it is told only. `tolerance` is by how much the figure may be off either way, in
nineteen cases of twenty, for reasons that are not chance (rounding, dates, definitions): in units
of `value`, or as a percentage of it (`5%`).

`use`: `fit` - calibration fits it; `forecast` - it is kept to be forecast; `input` - the baseline
was made from it, so that it holds at the start; `ignore` - `note` says why.
"""

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sim.calibrate.counterparts import (
    NOT_MODELLED,
    QUANTITIES,
    Mask,
    Replicate,
    Seen,
    counterpart,
    day_of,
)
from sim.levers import Where
from sim.load import areas_of, units_at
from sim.load.cells import Unfit, read_id, read_words, refuse_thousands
from sim.load.grids import Grid, told
from sim.load.sheets import read_grid
from sim.load.spreadsheets import Cell, is_blank
from sim.messages import BadInput, Fault, Place, _, listed, nearest, shown
from sim.scenario import Baseline, Loaded, Scenario

Use = Literal["fit", "forecast", "input", "ignore"]
USES: tuple[Use, ...] = ("fit", "forecast", "input", "ignore")
COLUMNS = (
    "id", "figure", "place", "tags", "kinds", "quantity", "from", "to", "value", "out_of",
    "tolerance", "use", "source", "note",
)  # fmt: skip
AREAS_APART = "; "
NEEDED = ("id", "quantity", "to", "value")
LONGEST_TEXT = 1000
BELOW_NOTHING = ("net_other_losses", NOT_MODELLED)
"""Quantities that may be less than 0: more may come than go."""
ABOVE_WHOLE = ("members_per_cell", "trained")
"""Quantities that may be more than what they are out of: several to one, or of those before."""
SURE = 1.959964
"""Standard deviations within which nineteen cases of twenty lie."""
DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")
NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,15})?")


@dataclass(frozen=True)
class Fact:
    """One published figure. A flow is from `since` until before `until`, a stock as `until` begins.

    Both dates say nothing of a figure that is not modelled.
    """

    id: str
    quantity: str
    until: dt.date
    value: float
    since: dt.date | None = None
    place: str = ""
    tags: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    out_of: float | None = None
    tolerance: float = 0.0
    use: Use = "forecast"
    figure: str = ""
    source: str = ""
    note: str = ""
    row: int | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """Areas, one or several."""
        return tuple(self.place.split(AREAS_APART)) if self.place else ()

    @property
    def is_modelled(self) -> bool:
        """Whether the model has a counterpart."""
        return self.quantity != NOT_MODELLED

    @property
    def is_share(self) -> bool:
        """Whether what is compared is `value` out of `out_of`."""
        return (
            self.is_modelled
            and self.out_of is not None
            and (QUANTITIES[self.quantity].out_of is not None)
        )

    @property
    def published(self) -> float:
        """The number that is compared with the model: the share, else the value."""
        return self.value / self.out_of if self.is_share and self.out_of else self.value

    @property
    def sd(self) -> float:
        """Standard deviation of what is compared for reasons that are not chance."""
        return self.tolerance / SURE / (self.out_of if self.is_share and self.out_of else 1.0)

    def units(self, baseline: Baseline) -> Mask:
        """[H]: the units that the figure speaks of."""
        where = Where(areas=self.places, tags=self.tags, kinds=self.kinds)
        ids = {unit.id for unit in units_at(where, baseline, areas_of(baseline))}
        return np.array([unit.id in ids for unit in baseline.units])

    def seen_by(self, scenario: Scenario, baseline: Baseline) -> Callable[[Replicate], float]:
        """What gives the figure's counterpart in a replication of the scenario."""
        units = self.units(baseline)
        since, until = (day_of(scenario, d) for d in (self.since or scenario.start, self.until))
        quantity, as_share = self.quantity, self.is_share
        return lambda one: counterpart(quantity, Seen(one, units, since, until), as_share)


def read_facts(path: str | PathLike[str]) -> tuple[Fact, ...]:
    """The figures of a table, in its order. Raises BadInput with every fault, by row and column."""
    grid = read_grid(Path(path))
    faults = list(_header_faults(grid))
    if faults:
        raise BadInput(faults)
    rows = [_Row(grid, number, cells) for number, cells in grid.rows]
    facts = [row.fact() for row in rows]
    faults = [fault for row in rows for fault in row.faults]
    faults += _repeated(grid, [row.values.get("id") for row in rows])
    if faults:
        raise BadInput(sorted(faults, key=lambda fault: fault.place.row or 0))
    return tuple(facts)


def check_facts(facts: tuple[Fact, ...], loaded: Loaded, file: str) -> None:
    """Raise BadInput if a figure names places or units that the baseline does not have, or a flow
    or stock before the start. (A figure after the horizon may be forecast by a longer run.)"""
    faults = [fault for fact in facts if fact.is_modelled for fault in _misfits(fact, loaded, file)]
    if faults:
        raise BadInput(faults)


# ---------------------------------------------------------------- the table


def _header_faults(grid: Grid) -> Iterator[Fault]:
    for i, name in enumerate(grid.header):
        if name not in COLUMNS:
            close = nearest(name, COLUMNS)
            yield grid.fault(grid.header_row, i, shown(name), listed(COLUMNS), close)
    for name in NEEDED:
        if name not in grid.header:
            found = _("no column {name}").format(name=name)
            allowed = _("a column {}").format(name)
            yield grid.fault(grid.header_row, None, found, allowed)


def _repeated(grid: Grid, ids: list[str | None]) -> Iterator[Fault]:
    for i, name in enumerate(ids):
        first = ids.index(name)
        if name is not None and first < i:
            row = grid.rows[first][0]
            found = _("{name}, in row {row} too").format(name=shown(name), row=row)
            yield grid.fault(grid.rows[i][0], grid.header.index("id"), found, _("every id once"))


class _Row:
    """One row being read: its values by column, and its faults."""

    def __init__(self, grid: Grid, number: int, cells: tuple[Cell, ...]) -> None:
        self.grid, self.number = grid, number
        self.faults: list[Fault] = []
        self.values: dict[str, Any] = {}
        given = dict(zip(grid.header, cells, strict=True))
        for name in COLUMNS:
            if name in given and not is_blank(given[name]):
                self._read(name, given[name])
            elif name in NEEDED and not (name == "to" and self._is_not_modelled):
                self._refuse(name, shown(None), _("a value in every row"))

    @property
    def _is_not_modelled(self) -> bool:
        return self.values.get("quantity") == NOT_MODELLED

    def _read(self, name: str, cell: Cell) -> None:
        try:
            self.values[name] = READERS[name](cell)
        except Unfit as unfit:
            self._refuse(name, told(cell), unfit.allowed, unfit.suggestion)

    def _refuse(self, name: str, found: str, allowed: str, suggestion: str | None = None) -> None:
        index = self.grid.header.index(name) if name in self.grid.header else None
        self.faults.append(self.grid.fault(self.number, index, found, allowed, suggestion))

    def fact(self) -> Fact:
        """The figure of this row; anything if the row is at fault."""
        nothing = {"id": "", "quantity": NOT_MODELLED, "to": (dt.date.min,) * 2, "value": 0.0}
        values: dict[str, Any] = nothing | self.values
        if not self.faults:
            self._check(values)
        first, last = values.pop("from", (None, None))[0], values.pop("to")[1]
        given = values.pop("tolerance", (0.0, False))
        tolerance = given[0] * (abs(values["value"]) / 100 if given[1] else 1.0)
        return Fact(since=first, until=last, tolerance=tolerance, row=self.number, **values)

    def _check(self, values: dict[str, Any]) -> None:
        quantity, use = values["quantity"], values.get("use", "forecast")
        if quantity == NOT_MODELLED:
            if use != "ignore":
                self._refuse("use", shown(use), _("ignore, for this is not modelled"))
        elif QUANTITIES[quantity].is_flow:
            self._check_window(values)
        elif "from" in values:
            found = shown(values["from"][0])
            self._refuse("from", found, _("nothing, for {} is a stock").format(quantity))
        if use == "ignore" and not values.get("note"):
            self._refuse("note", shown(None), _("why the figure is ignored"))
        if values["value"] < 0 and quantity not in BELOW_NOTHING:
            self._refuse("value", shown(values["value"]), _("a number of at least 0"))
        out_of = values.get("out_of")
        if out_of is not None and out_of <= 0:
            self._refuse("out_of", shown(out_of), _("a number above 0"))
        elif out_of is not None and _is_part(quantity) and values["value"] > out_of:
            allowed = _("at most {out_of}, of which it is a part").format(out_of=shown(out_of))
            self._refuse("value", shown(values["value"]), allowed)

    def _check_window(self, values: dict[str, Any]) -> None:
        if "from" not in values:
            allowed = _("the first day, for {} is a flow").format(values["quantity"])
            self._refuse("from", shown(None), allowed)
        elif values["from"][0] >= values["to"][1]:
            allowed = _("later than {}").format(values["from"][0])
            self._refuse("to", shown(values["to"][1]), allowed)


def _is_part(quantity: str) -> bool:
    """Whether a quantity is a part of what it is out of."""
    if quantity == NOT_MODELLED or quantity in ABOVE_WHOLE:
        return False
    return QUANTITIES[quantity].out_of is not None


# ---------------------------------------------------------------- its cells


def _read_number(cell: Cell) -> float:
    refuse_thousands(cell)
    text = str(cell).strip()
    if isinstance(cell, bool) or not NUMBER.fullmatch(text):
        raise Unfit(_("a number without thousands separators"))
    return float(text.replace(",", "."))


def _read_tolerance(cell: Cell) -> tuple[float, bool]:
    """A half-width, and whether it is a percentage."""
    refuse_thousands(cell)
    text = str(cell).strip()
    number = text.removesuffix("%").strip()
    if not NUMBER.fullmatch(number) or number.startswith("-"):
        raise Unfit(_("a number of at least 0, or a percentage such as 5%"))
    return float(number.replace(",", ".")), text.endswith("%")


def _read_date(cell: Cell) -> tuple[dt.date, dt.date]:
    """The first day of what is written, and the end of it: of a day the day itself."""
    if isinstance(cell, dt.datetime):
        cell = cell.date()
    match = DATE.fullmatch(cell.isoformat() if isinstance(cell, dt.date) else str(cell).strip())
    allowed = _("a day, month or year such as 2021-01-01, 2021-01 or 2021")
    if match is None:
        raise Unfit(allowed)
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = dt.date(year or 0, month or 1, day or 1)
        return first, first if day else _end_of(first, month is None)
    except (ValueError, OverflowError):
        raise Unfit(allowed) from None


def _end_of(first: dt.date, of_year: bool) -> dt.date:
    """The first day after a year or month that begins on `first`."""
    days = (
        365 + calendar.isleap(first.year)
        if of_year
        else calendar.monthrange(first.year, first.month)[1]
    )
    return first + dt.timedelta(days)


def _read_quantity(cell: Cell) -> str:
    return _read_choice(cell, (*QUANTITIES, NOT_MODELLED))


def _read_use(cell: Cell) -> str:
    return _read_choice(cell, USES)


def _read_choice(cell: Cell, allowed: tuple[str, ...]) -> str:
    text = str(cell).strip()
    if text not in allowed:
        raise Unfit(listed(allowed), nearest(text, allowed))
    return text


def _read_text(cell: Cell) -> str:
    text = unicodedata.normalize("NFC", str(cell).strip())  # as the names of areas are
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise Unfit(
            _("a text of at most {} characters without control characters").format(LONGEST_TEXT)
        )
    return text


READERS: dict[str, Callable[[Cell], Any]] = {
    "id": read_id,
    "figure": _read_text,
    "place": _read_text,
    "tags": read_words,
    "kinds": read_words,
    "quantity": _read_quantity,
    "from": _read_date,
    "to": _read_date,
    "value": _read_number,
    "out_of": _read_number,
    "tolerance": _read_tolerance,
    "use": _read_use,
    "source": _read_text,
    "note": _read_text,
}

# ---------------------------------------------------------------- beside a scenario


def _misfits(fact: Fact, loaded: Loaded, file: str) -> Iterator[Fault]:
    baseline, start = loaded.baseline, loaded.scenario.start
    areas = areas_of(baseline)
    known: dict[str, list[str]] = {
        "tags": sorted({tag for unit in baseline.units for tag in unit.tags}),
        "kinds": sorted({unit.kind for unit in baseline.units}),
    }
    place = Place(row=fact.row)
    for name in fact.places:
        if len(found := areas.called(name)) == 1:
            continue
        allowed = _("an area of the table")
        if found:
            allowed = _("a full path: {}").format(listed("/".join(area) for area in found))
        close = nearest(name, areas.by_name)
        yield Fault(file, place, f"{fact.id}: place", shown(name), allowed, close)
        return
    for name, names in known.items():
        for one in getattr(fact, name):
            if one not in names:
                field, allowed = f"{fact.id}: {name}", listed(names) or _("nothing")
                yield Fault(file, place, field, shown(one), allowed, nearest(one, names))
                return
    if not fact.units(baseline).any():
        allowed = _("conditions that at least one unit of the table meets")
        yield Fault(file, place, fact.id, _("a figure about no unit"), allowed)
    first = fact.since or fact.until
    if first < start:
        field = f"{fact.id}: {'from' if fact.since else 'to'}"
        allowed = _("{} or later, the start of the scenario").format(start)
        yield Fault(file, place, field, shown(first), allowed)
