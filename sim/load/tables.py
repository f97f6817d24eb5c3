"""A grid of cells -> the baseline: one unit a row.

Columns: `area.<level>` from the highest level to the lowest, `id`, and any of those in `READERS`;
persons by status (`officials`, ...) as a total, by age bands (`officials.18-29`,
`officials.80+`), at exact ages (`officials.65.5`), or both if they agree; residents also by sex
(`residents.f.18-29`). An empty cell is not given. `officials_women` is spread over the bands in
proportion to their officials (largest remainder).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, get_args

from sim.load import cells
from sim.load.bands import overlapping, parse_band
from sim.load.cells import Unfit
from sim.load.files import read_bytes
from sim.load.findings import TABLE, Steps, UnitFinding
from sim.load.grids import Grid, csv_grid, told
from sim.load.sheets import hamlets_grid
from sim.load.spreadsheets import LARGEST_FILE, Cell, is_blank, is_workbook, open_book
from sim.messages import BadInput, Fault, _, listed, nearest, shown
from sim.scenario import AgeBand, Baseline, Difficulty, Group, Unit, UnitKind

AREA = "area."
CANDIDATES = ("listed", "certified", "ready")
STATUSES = ("officials", "probation", *CANDIDATES, "posted")
PEOPLE = ("residents", *STATUSES)
YOUNGEST_FOLLOWED = 18
ROUNDING = 1e-9
CHIEFS = ("member", "resident", "vacant")

READERS: dict[str, Callable[[Cell], Any]] = {
    "id": cells.read_id,
    "name": cells.read_name,
    "kind": partial(cells.read_choice, allowed=get_args(UnitKind)),
    "tags": cells.read_words,
    "difficulty": partial(cells.read_choice, allowed=get_args(Difficulty)),
    "staff": cells.read_count,
    "officials_women": cells.read_count,
    "officials_exempt": cells.read_count,
    "officials_away": cells.read_count,
    "posted_pool": cells.read_name,
    "posted_months_left": cells.read_months,
    "cell": cells.read_cell,
    "chief": partial(cells.read_choice, allowed=CHIEFS),
    "chief_trained": cells.read_flag,
    "secretary_trained": cells.read_flag,
    "months_since_admission": cells.read_count,
    "ever_lost": cells.read_flag,
    "neighbour": cells.read_id,
    "listing_factor": cells.read_factor,
    "leaving_factor": cells.read_factor,
    "mortality_factor": cells.read_factor,
}
EXAMPLES = ("officials.18-29", "residents.f.18-29")

Sex = Literal["f", "m"]


@dataclass(frozen=True)
class Column:
    """What one column of a table gives: a field, an area level, or a number of people."""

    index: int
    name: str
    part: str
    level: str | None = None
    band: AgeBand | None = None
    sex: Sex | None = None

    @cached_property
    def read(self) -> Callable[[Cell], Any]:
        """How its cells are read."""
        if self.level is not None:
            return cells.read_name
        if self.part == "residents" and self.band is None:
            return cells.read_people
        return cells.read_count if self.part in PEOPLE else READERS[self.part]


@dataclass(frozen=True)
class Table:
    """A baseline with the rows of its units, and what is wrong with it so far.

    `broken` names columns that cannot be relied on; `bad_units` are units of rows at fault.
    """

    baseline: Baseline
    grid: Grid
    row_numbers: tuple[int, ...]
    faults: tuple[Fault, ...] = ()
    broken: tuple[Steps, ...] = ()
    bad_units: frozenset[int] = frozenset()

    def fault(self, finding: UnitFinding) -> Fault:
        """The finding with its row and column."""
        row, header = self.row_numbers[finding.unit], self.grid.header
        told_of = finding.found, finding.allowed, finding.suggestion
        if finding.column in header:
            return self.grid.fault(row, header.index(finding.column), *told_of)
        fault = self.grid.fault(row, None, *told_of)
        return Fault(fault.file, fault.place, finding.column, *told_of)


def read_table(path: Path, blame: Fault | None = None) -> Table:
    """The baseline table at `path`, which `blame` names. Raises BadInput for its header."""
    content = read_bytes(path, LARGEST_FILE, _("a table in CSV or XLSX"), blame)
    if is_workbook(content):
        return table_of(hamlets_grid(open_book(content, str(path))))
    return table_of(csv_grid(content, str(path)))


def table_of(grid: Grid) -> Table:
    """The baseline in a grid. Raises BadInput for its header; faults of rows are kept."""
    columns = _columns(grid)
    rows = [_Row(grid, number, columns, row) for number, row in grid.rows]
    units = tuple(row.unit() for row in rows)
    levels = tuple(column.level for column in columns if column.level is not None)
    already_at_fault = {fault.place.row for fault in grid.faults}
    baseline = Baseline.model_construct(levels=levels, units=units)
    return Table(
        baseline,
        grid,
        tuple(row.number for row in rows),
        (*grid.faults, *(f for row in rows for f in row.faults), *_repeated_ids(grid, rows)),
        tuple({(TABLE, part): None for row in rows for part in row.broken}),
        frozenset(i for i, r in enumerate(rows) if r.faults or r.number in already_at_fault),
    )


# ---------------------------------------------------------------- the header


def _columns(grid: Grid) -> list[Column]:
    columns: list[Column] = []
    faults: list[Fault] = []
    for index, name in enumerate(grid.header):
        try:
            columns.append(_column(index, name))
        except Unfit as unfit:
            row = grid.header_row
            faults.append(grid.fault(row, index, shown(name), unfit.allowed, unfit.suggestion))
    parts = {column.part for column in columns}
    for part, wanted in {"id": "id", "area": f"{AREA}<level>"}.items():
        if part not in parts:
            found = _("no column {name}").format(name=wanted)
            faults.append(grid.fault(grid.header_row, None, found, _("a column {}").format(wanted)))
    faults += _bands_that_overlap(grid, columns)
    if faults:
        raise BadInput(faults)
    return columns


def _column(index: int, name: str) -> Column:
    first, _dot, rest = name.partition(".")
    if name.startswith(AREA) and rest:
        return Column(index, name, "area", level=rest)
    if name in READERS or name in PEOPLE:
        return Column(index, name, name)
    if first not in PEOPLE or not rest:
        known = [*READERS, *PEOPLE]
        raise Unfit(listed([f"{AREA}<level>", *known, *EXAMPLES]), nearest(name, known))
    return _people_column(index, name, first, rest)


def _people_column(index: int, name: str, part: str, rest: str) -> Column:
    sex: Sex | None = None
    if part == "residents" and rest.startswith(("f.", "m.")):
        sex, rest = ("f" if rest[0] == "f" else "m"), rest[2:]
    try:
        band = parse_band(rest)
    except ValueError:
        raise Unfit(_("ages from 0 to 120 such as 18-29, 80+ or 65.5")) from None
    if part != "residents" and band[0] < YOUNGEST_FOLLOWED:
        raise Unfit(_("ages of at least {}").format(YOUNGEST_FOLLOWED))
    return Column(index, name, part, band=band, sex=sex)


def _bands_that_overlap(grid: Grid, columns: list[Column]) -> Iterator[Fault]:
    groups: dict[tuple[str, Sex | None], list[Column]] = defaultdict(list)
    for column in columns:
        if column.band is not None:
            groups[column.part, column.sex].append(column)
    for group in groups.values():
        if pair := overlapping([column.band for column in group if column.band]):
            first, second = (group[i] for i in sorted(pair))
            found = _("ages that {} has too").format(first.name)
            yield grid.fault(grid.header_row, second.index, found, _("bands that share no ages"))


# ---------------------------------------------------------------- the rows


class _Row:
    """One row being read: the values of its cells by column, and its faults."""

    def __init__(
        self, grid: Grid, number: int, columns: list[Column], row: tuple[Cell, ...]
    ) -> None:
        self.grid = grid
        self.number = number
        self.columns = columns
        self.faults: list[Fault] = []
        self.broken: list[str] = []
        self.values: dict[str, Any] = {}
        self.levels: list[str] = []
        self.people: dict[str, list[tuple[Column, Any]]] = {}
        for column in columns:
            self._read(column, row[column.index])

    def _read(self, column: Column, cell: Cell) -> None:
        if is_blank(cell):
            if column.part in ("id", "area"):
                self._refuse(column, shown(None), _("a value in every row"))
            return
        try:
            value = column.read(cell)
        except Unfit as unfit:
            self._refuse(column, told(cell), unfit.allowed, unfit.suggestion)
            return
        if column.level is not None:
            self.levels.append(value)
        elif column.part in PEOPLE:
            self.people.setdefault(column.part, []).append((column, value))
        else:
            self.values[column.part] = value

    def _refuse(
        self, column: Column, found: str, allowed: str, suggestion: str | None = None
    ) -> None:
        self.faults.append(self.grid.fault(self.number, column.index, found, allowed, suggestion))
        self.broken.append(column.part)

    def unit(self) -> Unit:
        """The unit of this row, with defaults where a cell is empty or at fault."""
        values = {"id": f"row {self.number}"} | self.values
        women = values.pop("officials_women", None)
        values.setdefault("name", values["id"])
        values |= self._residents()
        for status in STATUSES:
            if status in self.people:
                values[status] = self._groups(status, women if status == "officials" else None)
        if women and "officials" not in self.people:
            self._refuse_women(women, 0)
        return Unit(area=tuple(self.levels), **values)

    def _groups(self, status: str, women: int | None) -> tuple[Group, ...]:
        columns = self.people[status]
        total = self._total(columns)
        has_bands = any(column.band for column, _count in columns)
        groups = [(c.band, n) for c, n in columns if n and (c.band or not has_bands)]
        women_of: list[int | None] = [None] * len(groups)
        if women is not None and women <= total:
            women_of = [*_spread(women, [count for _band, count in groups])]
        elif women is not None:
            self._refuse_women(women, total)
        pairs = zip(groups, women_of, strict=True)
        return tuple(Group(band=b, count=count, women=w) for (b, count), w in pairs)

    def _refuse_women(self, women: int, officials: float) -> None:
        column = next(c for c in self.columns if c.part == "officials_women")
        allowed = _("at most the {} officials").format(f"{officials:g}")
        self._refuse(column, shown(women), allowed)

    def _total(self, columns: list[tuple[Column, Any]]) -> float:
        totals = [(column, value) for column, value in columns if column.band is None]
        from_bands = sum(value for column, value in columns if column.band is not None)
        if not totals:
            return float(from_bands)
        column, total = totals[0]
        if len(columns) > 1 and abs(total - from_bands) > ROUNDING:
            allowed = _("{}, the sum of its age bands").format(f"{from_bands:g}")
            self._refuse(column, shown(total), allowed)
        return float(total)

    def _residents(self) -> dict[str, Any]:
        columns = self.people.get("residents", [])
        if not columns:
            return {}
        by_band: dict[AgeBand, dict[Sex | None, tuple[Column, int]]] = defaultdict(dict)
        for column, value in columns:
            if column.band is not None:
                by_band[column.band][column.sex] = column, value
        groups = [self._both_sexes(band, given) for band, given in by_band.items()]
        both = [(replace(columns[0][0], band=group.band), group.count) for group in groups]
        total = self._total([*(pair for pair in columns if pair[0].band is None), *both])
        return {"residents": total, "residents_by_age": tuple(g for g in groups if g.count)}

    def _both_sexes(self, band: AgeBand, given: dict[Sex | None, tuple[Column, int]]) -> Group:
        number = {sex: count for sex, (_column, count) in given.items()}
        one_sex = number.get("f", 0) + number.get("m", 0)
        count = number.get(None, one_sex)
        is_complete = {"f", "m"} <= number.keys()
        if one_sex > count or (is_complete and one_sex != count):
            allowed = _("{}, the sum of its women and men").format(one_sex)
            self._refuse(given[None][0], shown(count), allowed)
            return Group(band=band, count=one_sex, women=None)
        women = count - number["m"] if "m" in number else None
        return Group(band=band, count=count, women=number.get("f", women))


def _repeated_ids(grid: Grid, rows: list[_Row]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for row in rows:
        name = row.values.get("id")
        if name is None:
            continue
        if name in first:
            found = _("{name}, in row {row} too").format(name=shown(name), row=first[name])
            yield grid.fault(row.number, grid.header.index("id"), found, _("every id once"))
        first.setdefault(name, row.number)


def _spread(total: int, counts: list[int]) -> Iterator[int]:
    """Whole numbers that add up to `total`, in proportion to `counts` and nowhere above them."""
    exact = [total * count / max(1, sum(counts)) for count in counts]
    floors = [int(share) for share in exact]
    order = sorted(range(len(counts)), key=lambda i: (floors[i] - exact[i], i))
    raised = set(order[: total - sum(floors)])
    return (floor + (i in raised) for i, floor in enumerate(floors))
