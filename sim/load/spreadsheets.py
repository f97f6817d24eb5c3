"""Workbooks in XLSX: sheets as rows of plain cells.

calamine reads them, twenty times as fast as openpyxl. What it leaves out - cells that hold an
error, formulas that no program has worked out, how far a sheet reaches - is found in its XML.
"""

import datetime as dt
import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from sim.load.files import MEGABYTE
from sim.messages import BadInput, Fault, Place, _, printable, shown

LARGEST_FILE = 200 * MEGABYTE
MOST_ROWS = 200_000
MOST_COLUMNS = 1_000
MOST_PLACES = 20_000_000
ZIP_MAGIC = b"PK\x03\x04"
OLD_WORKBOOK_MAGIC = b"\xd0\xcf\x11\xe0"
CELL_IN_SHEET = re.compile(
    rb"<(?:\w+:)?c(?=[\s>])([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL | re.ASCII
)
REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
IS_ERROR = re.compile(rb'\bt="e"')
FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)<)", re.ASCII)
VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)(?:\s[^>]*)?>([^<]+)<", re.ASCII)
SHEETS = ".//{*}sheets/{*}sheet"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

NOT_OF_THE_FILE = (BadInput, KeyboardInterrupt, SystemExit, MemoryError)
"""What a damaged workbook does not raise; a panic of calamine is no Exception."""

Cell = str | int | float | bool | dt.date | dt.time | dt.timedelta | None
Row = tuple[int, tuple[Cell, ...]]
"""Number of the row as a spreadsheet shows it, and its cells."""


class At(NamedTuple):
    """A cell by row number, from 1, and column index, from 0."""

    row: int
    column: int

    def place(self, sheet: str) -> Place:
        """Where a planner finds it."""
        return Place(sheet=sheet, row=self.row, column=column_letter(self.column))


@dataclass(frozen=True)
class Sheet:
    """The rows of one sheet that hold anything; `merged` are the first and last cells of areas."""

    title: str
    rows: tuple[Row, ...]
    merged: tuple[tuple[At, At], ...] = ()


@dataclass(frozen=True)
class Book:
    """A workbook whose sheets are read when they are asked for."""

    file: str
    content: bytes
    titles: tuple[str, ...]
    reader: Any

    def sheet(self, title: str) -> Sheet:
        """One sheet. Raises BadInput where it is damaged, too large, or a formula has no value."""
        try:
            return self._sheet(title)
        except NOT_OF_THE_FILE:
            raise
        except BaseException as error:
            raise _unreadable(self.file, error) from error

    def _sheet(self, title: str) -> Sheet:
        source = self._source(title)
        expat.ParserCreate().Parse(source, True)  # calamine reads on where XML is damaged
        cells = [*_cells(source)]
        _refuse_far_cells(self.file, title, (at for at, _kind, _inner in cells))
        sheet = self.reader.get_sheet_by_name(title)
        rows = [[_plain(c) for c in row] for row in sheet.to_python(skip_empty_area=False)]
        missing = {}
        for at, attributes, inner in cells:
            if IS_ERROR.search(attributes):
                _put(rows, at, _text(VALUE.search(inner)))
            elif (formula := FORMULA.search(inner)) and not VALUE.search(inner):
                missing[at] = f"={_text(formula)}"
        _refuse_unknown_values(self.file, title, missing)
        numbered = [(n, tuple(row)) for n, row in enumerate(rows, 1) if any_filled(row)]
        merged = tuple(
            (At(first[0] + 1, first[1]), At(last[0] + 1, last[1]))
            for first, last in sheet.merged_cell_ranges or ()
        )
        return Sheet(title, tuple(numbered), merged)

    def _source(self, title: str) -> bytes:
        """The XML of a sheet."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).iterfind(SHEETS)
            wanted = next(s.get(RELATION) for s in sheets if s.get("name") == title)
            relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
            target = next(r.get("Target", "") for r in relations if r.get("Id") == wanted)
            return archive.read(posixpath.normpath(posixpath.join("/xl", target)).lstrip("/"))


def is_workbook(content: bytes) -> bool:
    """Whether these bytes are a workbook, of whatever format."""
    return content.startswith((ZIP_MAGIC, OLD_WORKBOOK_MAGIC))


def open_book(content: bytes, file: str) -> Book:
    """A workbook, of which nothing is read yet but the names of its sheets. Raises BadInput."""
    if content.startswith(OLD_WORKBOOK_MAGIC):
        found = _("a workbook of an old format, or one that is locked with a password")
        raise BadInput([Fault(file, found=found, allowed=_("a workbook in XLSX, not locked"))])
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    try:
        _refuse_bombs(content, file)
        reader = CalamineWorkbook.from_filelike(io.BytesIO(content))
        kinds = reader.sheets_metadata
    except NOT_OF_THE_FILE:
        raise
    except BaseException as error:
        raise _unreadable(file, error) from error
    titles = tuple(sheet.name for sheet in kinds if sheet.typ == SheetTypeEnum.WorkSheet)
    return Book(file, content, titles, reader)


def column_letter(index: int) -> str:
    """The name a spreadsheet gives to a column: 0 is A, 26 is AA."""
    above, last = divmod(index, 26)
    return (column_letter(above - 1) if above else "") + chr(ord("A") + last)


def is_blank(cell: Cell) -> bool:
    """Whether a cell holds nothing that can be seen."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def any_filled(cells: Iterable[Cell]) -> bool:
    """Whether a row holds anything."""
    return any(cell is not None for cell in cells)


def refuse_more_rows(number: int, file: str) -> None:
    """Raise BadInput for a row beyond the last that is read."""
    if number > MOST_ROWS:
        allowed = _("at most {} rows").format(MOST_ROWS)
        raise BadInput([Fault(file, Place(row=number), "", _("more rows"), allowed)])


# ---------------------------------------------------------------- what calamine leaves out


def _cells(source: bytes) -> Iterator[tuple[At, bytes, bytes]]:
    """The cells of a sheet's XML that hold anything: where, their attributes, what is in them."""
    for match in CELL_IN_SHEET.finditer(source):
        reference = REFERENCE.search(match[1])
        if match[2] and reference:
            yield At(int(reference[2]), _index(reference[1])), match[1], match[2]


def _index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = 26 * index + letter - ord("A") + 1
    return index - 1


def _text(match: "re.Match[bytes] | None") -> str:
    from html import unescape

    return unescape(match[1].decode("utf-8", "replace")) if match and match[1] else ""


def _put(rows: list[list[Cell]], at: At, value: str) -> None:
    rows += [[] for _row in range(at.row - len(rows))]
    row = rows[at.row - 1]
    row += [None] * (at.column + 1 - len(row))
    row[at.column] = value


def _plain(cell: Any) -> Cell:
    if cell == "":
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _refuse_far_cells(file: str, title: str, cells: Iterable[At]) -> None:
    """A single cell far away would make a table of millions of empty ones."""
    rows, columns = 0, 0
    for at in cells:
        rows, columns = max(rows, at.row), max(columns, at.column + 1)
    refuse_more_rows(rows, file)
    if columns > MOST_COLUMNS or rows * columns > MOST_PLACES:
        place = At(rows, columns - 1).place(title)
        allowed = _("at most {} columns").format(min(MOST_COLUMNS, MOST_PLACES // max(1, rows)))
        raise BadInput([Fault(file, place, "", _("more columns"), allowed)])


def _refuse_unknown_values(file: str, title: str, formulas: dict[At, str]) -> None:
    allowed = _("a formula that a spreadsheet program has worked out")
    found = _("the formula {formula} without a value")
    faults = [
        Fault(file, at.place(title), "", found.format(formula=shown(formula)), allowed)
        for at, formula in formulas.items()
    ]
    if faults:
        raise BadInput(faults)


def _refuse_bombs(content: bytes, file: str) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > LARGEST_FILE:
        allowed = _("at most {} megabytes").format(LARGEST_FILE // MEGABYTE)
        raise BadInput([Fault(file, found=_("a larger workbook, unpacked"), allowed=allowed)])


def _unreadable(file: str, error: BaseException) -> BadInput:
    """A damaged workbook, told by whatever its damage led to.

    A panic inside calamine is no Exception; interruptions are let through.
    """
    if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
        raise error
    allowed = _("a table in CSV or XLSX")
    if isinstance(error, zipfile.BadZipFile):
        found = _("a workbook that is damaged, or no workbook at all")
    else:
        reason = printable(str(error).strip().split("\n")[0] or type(error).__name__)
        found = _("a workbook that cannot be read ({reason})").format(reason=reason)
    return BadInput([Fault(file, found=found, allowed=allowed)])
