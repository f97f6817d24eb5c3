"""Tables as spreadsheets save them: rows of cells under a header, from CSV or XLSX.

A CSV file is decoded by its byte order mark (UTF-8, UTF-16), else as UTF-8, else as Windows-1258,
the code page of Vietnamese Windows. Its separator (comma, semicolon or tab) is the one most
frequent in the header. Of a workbook the sheet `hamlets` is read, else the first, and of its
formulas the values that the spreadsheet program kept.
"""

import csv
import datetime as dt
import io
import re
import unicodedata
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.load.files import MEGABYTE, read_bytes
from sim.messages import BadInput, Fault, Place, _, printable, shown

LARGEST_FILE = 200 * MEGABYTE
MOST_ROWS = 200_000
SHEET = "hamlets"
SEPARATORS = ",;\t"
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
ZIP_MAGIC = b"PK\x03\x04"
OLD_WORKBOOK_MAGIC = b"\xd0\xcf\x11\xe0"
SEPARATOR_HINT = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
FORMULA_IN_SHEET = re.compile(rb"<(\w+:)?f[ >/]")

Cell = str | int | float | bool | dt.date | dt.time | dt.timedelta | None
Row = tuple[int, tuple[Cell, ...]]
"""Number of the row as a spreadsheet shows it, and its cells."""


@dataclass(frozen=True)
class Grid:
    """A header and the rows under it; empty rows, and empty columns without a name, left out."""

    file: str
    header_row: int
    header: tuple[str, ...]
    letters: tuple[str, ...]
    rows: tuple[Row, ...]
    sheet: str | None = None
    separator: str | None = None

    def fault(
        self, row: int, column: int | None, found: str, allowed: str, suggestion: str | None = None
    ) -> Fault:
        """A fault in one cell, given by the row's number and the column's index in the header."""
        letter = None if column is None else self.letters[column]
        name = "" if column is None else self.header[column]
        place = Place(sheet=self.sheet, row=row, column=letter)
        return Fault(self.file, place, name, found, allowed, suggestion)


def read_grid(path: Path, blame: Fault | None = None) -> Grid:
    """The table at `path`, which `blame` names. Raises BadInput."""
    content = read_bytes(path, LARGEST_FILE, _("a table in CSV or XLSX"), blame)
    file = str(path)
    if content.startswith(OLD_WORKBOOK_MAGIC):
        found = _("a workbook of an old format")
        raise BadInput([Fault(file, found=found, allowed=_("a table in CSV or XLSX"))])
    if content.startswith(ZIP_MAGIC):
        sheet, rows = _workbook_rows(content, file)
        return _grid(file, rows, sheet=sheet)
    text, separator = _csv_text(content, file)
    return _grid(file, _csv_rows(text, separator, file), separator=separator)


def column_letter(index: int) -> str:
    """The name a spreadsheet gives to a column: 0 is A, 26 is AA."""
    above, last = divmod(index, 26)
    return (column_letter(above - 1) if above else "") + chr(ord("A") + last)


def is_blank(cell: Cell) -> bool:
    """Whether a cell holds nothing that can be seen."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


# ---------------------------------------------------------------- the header


def _grid(
    file: str, rows: Iterable[Row], sheet: str | None = None, separator: str | None = None
) -> Grid:
    full = [row for row in rows if not all(map(is_blank, row[1]))]
    if len(full) < 2:
        found = _("a table without rows") if full else _("an empty table")
        allowed = _("a header and at least one row")
        raise BadInput([Fault(file, Place(sheet=sheet), "", found, allowed)])
    (header_row, cells), *body = full
    names = [unicodedata.normalize("NFC", str(cell or "").strip()) for cell in cells]
    width = max(len(cells) for _number, cells in full)
    names += [""] * (width - len(names))
    faults = [*_blank_names(file, sheet, header_row, names, body)]
    faults += _repeated_names(file, sheet, header_row, names)
    if faults:
        raise BadInput(faults)
    kept = [i for i, name in enumerate(names) if name]
    return Grid(
        file,
        header_row,
        tuple(names[i] for i in kept),
        tuple(column_letter(i) for i in kept),
        tuple((n, tuple(cells[i] if i < len(cells) else None for i in kept)) for n, cells in body),
        sheet,
        separator,
    )


def _blank_names(
    file: str, sheet: str | None, header_row: int, names: list[str], body: list[Row]
) -> Iterator[Fault]:
    nameless = {i for i, name in enumerate(names) if not name}
    for number, cells in body:
        for i in sorted(nameless & set(range(len(cells)))):
            if not is_blank(cells[i]):
                nameless.discard(i)
                place = Place(sheet=sheet, row=header_row, column=column_letter(i))
                found = _("no name over {value} in row {row} (merged header cells?)")
                allowed = _("a name over every column in use")
                yield Fault(
                    file, place, "", found.format(value=told(cells[i]), row=number), allowed
                )


def _repeated_names(
    file: str, sheet: str | None, header_row: int, names: list[str]
) -> Iterator[Fault]:
    number = Counter(name for name in names if name)
    for i, name in enumerate(names):
        first = names.index(name)
        if number[name] > 1 and i != first:
            found = _("{name}, in column {letter} too").format(
                name=shown(name), letter=column_letter(first)
            )
            place = Place(sheet=sheet, row=header_row, column=column_letter(i))
            yield Fault(file, place, name, found, _("every column once"))


def told(cell: Cell) -> str:
    """A cell as a fault shows it."""
    return shown(cell.date() if isinstance(cell, dt.datetime) else cell)


# ---------------------------------------------------------------- CSV


def _csv_text(content: bytes, file: str) -> tuple[str, str]:
    text = _decoded(content, file)
    if "\0" in text:
        found = _("bytes that are no text")
        raise BadInput([Fault(file, found=found, allowed=_("a table in CSV or XLSX"))])
    if hint := SEPARATOR_HINT.match(text):
        # The line stays as an empty row, so that rows keep their numbers.
        return text[hint.end(1) :], hint[1]
    header = next((line for line in text.splitlines() if line.strip()), "")
    return text, max(SEPARATORS, key=header.count)


def _decoded(content: bytes, file: str) -> str:
    marks = [code for mark, code in BYTE_ORDER_MARKS.items() if content.startswith(mark)]
    for encoding in marks or ("utf-8", "cp1258"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    found = _("bytes that are no text")
    allowed = _("a table saved as UTF-8, UTF-16 or Windows-1258")
    raise BadInput([Fault(file, found=found, allowed=allowed)])


def _csv_rows(text: str, separator: str, file: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield _counted(number, file), tuple(cells)
    except csv.Error as error:
        place = Place(row=number + 1)
        found = _("a quotation mark that is not closed, or one inside a cell")
        allowed = _("cells with their quotation marks closed")
        raise BadInput([Fault(file, place, "", found, allowed)]) from error


def _counted(number: int, file: str) -> int:
    if number > MOST_ROWS:
        allowed = _("at most {} rows").format(MOST_ROWS)
        raise BadInput([Fault(file, Place(row=number), "", _("more rows"), allowed)])
    return number


# ---------------------------------------------------------------- XLSX


def _workbook_rows(content: bytes, file: str) -> tuple[str, list[Row]]:
    try:
        _refuse_bombs(content, file)
        sheet, values = _sheet_rows(content, file, formulas=False)
        if _holds_formulas(content):
            _refuse_unknown_values(file, sheet, values, _sheet_rows(content, file, True)[1])
    except BadInput:
        raise
    except zipfile.BadZipFile as error:
        found = _("a workbook that is damaged, or no workbook at all")
        raise BadInput([Fault(file, found=found, allowed=_("a table in CSV or XLSX"))]) from error
    except Exception as error:
        # openpyxl reports a damaged workbook by whatever exception its damage leads to.
        reason = printable(str(error).strip().split("\n")[0] or type(error).__name__)
        found = _("a workbook that cannot be read ({reason})").format(reason=reason)
        raise BadInput([Fault(file, found=found, allowed=_("a table in CSV or XLSX"))]) from error
    return sheet, values


def _refuse_bombs(content: bytes, file: str) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > LARGEST_FILE:
        allowed = _("at most {} megabytes").format(LARGEST_FILE // MEGABYTE)
        raise BadInput([Fault(file, found=_("a larger workbook, unpacked"), allowed=allowed)])


def _holds_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(FORMULA_IN_SHEET.search(archive.read(name)) for name in sheets)


def _sheet_rows(content: bytes, file: str, formulas: bool) -> tuple[str, list[Row]]:
    from openpyxl import load_workbook  # heavy, and most tables are CSV

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and the like, which nobody here reads
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=not formulas)
    try:
        sheets: dict[str, Any] = {sheet.title: sheet for sheet in book.worksheets}
        named = [title for title in sheets if title.strip().casefold() == SHEET]
        title = (named or list(sheets))[0]
        # What the file says of its own size is often wrong, and may be a million columns.
        sheets[title].reset_dimensions()
        rows = enumerate(sheets[title].iter_rows(values_only=True), 1)
        return title, [(_counted(n, file), tuple(cells)) for n, cells in rows if any_filled(cells)]
    finally:
        book.close()


def any_filled(cells: Iterable[Cell]) -> bool:
    """Whether a row holds anything."""
    return any(cell is not None for cell in cells)


def _refuse_unknown_values(file: str, sheet: str, values: list[Row], formulas: list[Row]) -> None:
    known = dict(values)
    faults = []
    for number, cells in formulas:
        row = known.get(number, ())
        for i, cell in enumerate(cells):
            formula = str(getattr(cell, "text", cell))  # an array formula is an object
            if formula.startswith("=") and (i >= len(row) or row[i] is None):
                place = Place(sheet=sheet, row=number, column=column_letter(i))
                found = _("the formula {formula} without a value").format(formula=shown(formula))
                allowed = _("a formula that a spreadsheet program has worked out")
                faults.append(Fault(file, place, "", found, allowed))
    if faults:
        raise BadInput(faults)
