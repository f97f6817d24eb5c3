"""Sheets of a workbook by what they are called in any language, and the table of units in one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.load.cells import Unfit
from sim.load.files import read_bytes
from sim.load.grids import Grid, csv_grid, grid_of, repeated_names, told
from sim.load.spreadsheets import (
    LARGEST_FILE,
    Book,
    Cell,
    Sheet,
    is_blank,
    is_workbook,
    open_book,
)
from sim.load.vocabulary import NOTE, SEXES, SHEETS, UNIT_COLUMNS, Names, folded, words
from sim.messages import BadInput, Fault, Place, _, listed, shown

DEEPEST_HEADER = 10
"""Rows among which a header is looked for; what stands above it explains."""
EXAMPLES = ("EXAMPLE-1", "EXAMPLE-2")
"""Codes of the units that a template shows; nobody means them."""
TRUTHS = ("true", "false")
ONE_OR_NONE = ("0", "1")
CHOICES = {
    "kind": ("hamlet", "school", "health_station", "agency"),
    "difficulty": ("easy", "normal", "difficult"),
    "chief": ("member", "resident", "vacant"),
    "chief_trained": TRUTHS,
    "secretary_trained": TRUTHS,
    "ever_lost": TRUTHS,
}
BY_AGE = ("residents", "officials", "probation", "listed", "certified", "ready", "posted")


def read_grid(path: Path, blame: Fault | None = None) -> Grid:
    """The table at `path`, which `blame` names: a CSV file, or the first sheet of a workbook.

    Raises BadInput.
    """
    content = read_bytes(path, LARGEST_FILE, _("a table in CSV or XLSX"), blame)
    if not is_workbook(content):
        return csv_grid(content, str(path))
    sheet = _first(open_book(content, str(path)))
    return grid_of(str(path), sheet.rows, sheet=sheet.title)


def _first(book: Book) -> Sheet:
    if not book.titles:
        found = _("a workbook without sheets")
        raise BadInput([Fault(book.file, found=found, allowed=_("a table in CSV or XLSX"))])
    return book.sheet(book.titles[0])


def sheet_called(book: Book, key: str) -> str | None:
    """The title of the sheet that has this key."""
    return next((title for title in book.titles if SHEETS.key(title) == key), None)


def labelled_grid(
    file: str, sheet: Sheet, columns: Callable[[str], str | None], known: Names, mark: str
) -> Grid:
    """The rows of a sheet under the header that holds the column `mark`, its columns by their keys.

    Raises BadInput for a column that is not known, stands twice or has no name, for merged cells,
    and where there is no header.
    """
    rows = [row for row in sheet.rows if not all(map(is_blank, row[1]))]
    heads = [_keys(cells, columns) for _number, cells in rows[:DEEPEST_HEADER]]
    head = next((i for i, keys in enumerate(heads) if mark in keys and len(keys) > 1), None)
    if head is None:
        found, allowed = _("no header with the column {name}"), listed(known.labels())
        found = found.format(name=shown(known.label(mark)))
        raise BadInput([Fault(file, Place(sheet=sheet.title), "", found, allowed)])
    grid = grid_of(file, rows[head:], sheet=sheet.title)
    keys = [columns(name) for name in grid.header]
    faults = [*_merged(file, sheet, grid.header_row)]
    for i, (key, name) in enumerate(zip(keys, grid.header, strict=True)):
        if key is None:
            allowed, near = listed(known.labels()), known.nearest(name)
            faults.append(grid.fault(grid.header_row, i, shown(name), allowed, near))
    names = [key or "" for key in keys]
    faults += repeated_names(file, sheet.title, grid.header_row, names, grid.letters)
    if faults:
        raise BadInput(faults)
    return replace(grid, header=tuple(names), called=grid.header)


def _keys(cells: Sequence[Cell], columns: Callable[[str], str | None]) -> set[str]:
    """The columns that a row names; a title above the header may be called as one of them."""
    return set(filter(None, (columns(cell) for cell in cells if isinstance(cell, str))))


def _merged(file: str, sheet: Sheet, header_row: int) -> Iterator[Fault]:
    for first, last in sheet.merged:
        if last.row >= header_row:
            found = _("merged cells, down to {place}").format(place=last.place(sheet.title))
            allowed = _("a value in every cell of its own")
            yield Fault(file, first.place(sheet.title), "", found, allowed)


# ---------------------------------------------------------------- the table of units


def hamlets_grid(book: Book) -> Grid:
    """The table of units: the sheet that is called so, else the first.

    A header with the names of the template gives the columns by their keys, with the words of
    closed lists as tables have them; any other header stays as it is. Raises BadInput.
    """
    named = sheet_called(book, "hamlets")
    sheet = _first(book) if named is None else book.sheet(named)
    if not _has_labels(sheet):
        return grid_of(book.file, sheet.rows, sheet=sheet.title)
    grid = labelled_grid(book.file, sheet, unit_column, UNIT_COLUMNS, "id")
    return _in_keys(_without(grid, NOTE))


def _has_labels(sheet: Sheet) -> bool:
    """Whether the header says `Code` in some language, not `id`."""
    cells = [cell for _number, row in sheet.rows[:DEEPEST_HEADER] for cell in row]
    names = [cell for cell in cells if isinstance(cell, str) and folded(cell) != "id"]
    return any(unit_column(name) == "id" for name in names)


def unit_column(name: str) -> str | None:
    """The key of a column by its name: `Official members, 18-29` is `officials.18-29`."""
    if (key := UNIT_COLUMNS.key(name)) or name.startswith("area."):
        return key or name
    first, *rest = name.split(",")
    key = UNIT_COLUMNS.key(first) or first.partition(".")[0].strip()
    if key not in BY_AGE:
        return None
    if not rest:
        return name if "." in name else None
    middle = [SEXES.key(word) for word in rest[:-1]]
    if None in middle:
        return None
    return ".".join([key, *filter(None, middle), rest[-1].strip()])


def _without(grid: Grid, column: str) -> Grid:
    """The table without a column, and without rows that hold nothing else."""
    kept = [i for i, key in enumerate(grid.header) if key != column]

    def some(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[i] for i in kept)

    rows = [(number, some(cells)) for number, cells in grid.rows]
    return replace(
        grid,
        header=some(grid.header),
        called=some(grid.called),
        letters=some(grid.letters),
        rows=tuple((n, cells) for n, cells in rows if not all(map(is_blank, cells))),
    )


def _in_keys(grid: Grid) -> Grid:
    """The words of closed lists as tables have them; what is no such word is a fault, left out."""
    faults: list[Fault] = []
    rows = []
    for number, cells in grid.rows:
        kept = list(cells)
        for i, (column, cell) in enumerate(zip(grid.header, cells, strict=True)):
            try:
                kept[i] = _in_key(column, cell)
            except Unfit as unfit:
                told_of = told(cell), unfit.allowed, unfit.suggestion
                faults.append(grid.fault(number, i, *told_of))
                kept[i] = cell if column == "id" else None
        rows.append((number, tuple(kept)))
    return replace(grid, rows=tuple(rows), faults=tuple(faults))


def _in_key(column: str, cell: Cell) -> Cell:
    if not isinstance(cell, str) or is_blank(cell):
        return cell
    if column == "id" and cell in EXAMPLES:
        raise Unfit(_("a unit of your own; overwrite or delete the examples"))
    if column == "cell":
        return _covered(cell)
    if column in CHOICES and not (CHOICES[column] is TRUTHS and folded(cell) in ONE_OR_NONE):
        return word(cell, words(CHOICES[column]))
    return cell


def word(text: str, names: Names) -> str:
    """The key of a word of a closed list. Raises Unfit for another."""
    key = names.key(text)
    if key is None:
        raise Unfit(listed(names.labels()), names.nearest(text))
    return key


def _covered(text: str) -> str:
    """What cell a unit has: `own`, `none`, or `with:ID`."""
    first, colon, host = text.partition(":")
    names = words(("own", "none"))
    if colon and words(("with",)).key(first) == "with":
        return f"with:{host}"
    if (key := names.key(text)) is None:
        joint = _("{joint_with}: CODE").format(joint_with=words(("with",)).label("with"))
        raise Unfit(listed([*names.labels(), joint]), names.nearest(text))
    return key
