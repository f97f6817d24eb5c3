"""The posterior that a scenario names: a table with a column for each parameter, and `weight`."""

import math
from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import ValidationError

from sim.load import shape
from sim.load.grids import Grid, told
from sim.load.sheets import read_grid
from sim.load.spreadsheets import Cell
from sim.messages import BadInput, Fault, Place, _, listed, nearest, shown
from sim.scenario import Posterior, Scenario

WEIGHT = "weight"


def read_posterior(path: Path, scenario: Scenario, blame: Fault | None = None) -> Posterior:
    """The posterior at `path`, which `blame` names, of some of the scenario's uncertain parameters.

    Weights are made to add up to 1; rows without weight are left out. Raises BadInput.
    """
    grid = read_grid(path, blame)
    faults = list(_header_faults(grid, scenario.uncertain))
    if faults:
        raise BadInput(faults)
    paths = tuple(name for name in grid.header if name != WEIGHT)
    numbers, faults = _numbers(grid)
    if faults:
        raise BadInput(faults)
    order = [grid.header.index(name) for name in paths]
    at = grid.header.index(WEIGHT)
    kept = [row for row in numbers if row[at] > 0]
    if not kept:
        allowed = _("at least one weight above 0")
        raise BadInput([Fault(grid.file, found=_("no weight above 0"), allowed=allowed)])
    whole = math.fsum(row[at] for row in kept)
    found = Posterior(
        paths=paths,
        rows=tuple(tuple(row[i] for i in order) for row in kept),
        weights=tuple(row[at] / whole for row in kept),
    )
    if faults := list(range_faults(found, scenario, grid.file)):
        raise BadInput(faults)
    return found


def _header_faults(grid: Grid, uncertain: Collection[str]) -> Iterator[Fault]:
    if not {WEIGHT, *uncertain} & set(grid.header):
        allowed = _("a posterior as hamletsim calibrate writes it")
        yield Fault(grid.file, found=_("a table of something else"), allowed=allowed)
        return
    for i, name in enumerate(grid.header):
        if name != WEIGHT and name not in uncertain:
            allowed = _("a parameter of `uncertain`: {names}").format(names=listed(uncertain))
            close = nearest(name, uncertain)
            yield grid.fault(grid.header_row, i, shown(name), allowed, close)
    for wanted, is_there in (
        (WEIGHT, WEIGHT in grid.header),
        (_("a parameter"), len(grid.header) > 1 or WEIGHT not in grid.header),
    ):
        if not is_there:
            found = _("no column {name}").format(name=wanted)
            yield grid.fault(grid.header_row, None, found, _("a column {}").format(wanted))


def _numbers(grid: Grid) -> tuple[list[list[float]], list[Fault]]:
    rows, faults = [], []
    for number, cells in grid.rows:
        row = [_number(cell) for cell in cells]
        for i, value in enumerate(row):
            if not math.isfinite(value) or (grid.header[i] == WEIGHT and value < 0):
                faults.append(grid.fault(number, i, told(cells[i]), _allowed(grid.header[i])))
        rows.append(row)
    return rows, faults


def _allowed(name: str) -> str:
    return _("a number of at least 0") if name == WEIGHT else _("a number")


def _number(cell: Cell) -> float:
    """The number in a cell, NaN if there is none."""
    try:
        return math.nan if isinstance(cell, bool) else float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def range_faults(posterior: Posterior, scenario: Scenario, file: str) -> Iterator[Fault]:
    """A fault for every parameter that takes a value which the scenario does not allow."""
    data = scenario.model_dump(mode="json", by_alias=True)
    for path in posterior.paths:
        values = posterior.column(path)
        for value in dict.fromkeys((min(values), max(values))):
            try:
                scenario.with_values({path: value})
            except ValidationError:
                allowed = shape.described(shape.at(data, tuple(path.split("."))))
                yield Fault(file, Place(), path, shown(value), allowed)
