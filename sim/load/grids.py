"""Tables as spreadsheets save them: rows of cells under a header.

A CSV file is decoded by its byte order mark (UTF-8, UTF-16), else as UTF-8, else as Windows-1258,
the code page of Vietnamese Windows. Its separator (comma, semicolon or tab) is the one most
frequent in the header.
"""

import csv
import datetime as dt
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sim.load.spreadsheets import Cell, Row, column_letter, is_blank, refuse_more_rows
from sim.messages import BadInput, Fault, Place, _, shown

SEPARATORS = ",;\t"
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
SEPARATOR_HINT = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)


@dataclass(frozen=True)
class Grid:
    """A header and the rows under it; empty rows, and empty columns without a name, left out.

    `called` is the header as the planner sees it, if those are not the names of the columns;
    `faults` are those of cells that were left out.
    """

    file: str
    header_row: int
    header: tuple[str, ...]
    letters: tuple[str, ...]
    rows: tuple[Row, ...]
    sheet: str | None = None
    separator: str | None = None
    called: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    def place(self, row: int, column: int | None) -> Place:
        """Where a cell is, given by the row's number and the column's index in the header."""
        letter = None if column is None else self.letters[column]
        return Place(sheet=self.sheet, row=row, column=letter)

    def fault(
        self, row: int, column: int | None, found: str, allowed: str, suggestion: str | None = None
    ) -> Fault:
        """A fault in one cell, given by the row's number and the column's index in the header."""
        name = "" if column is None else (self.called or self.header)[column]
        return Fault(self.file, self.place(row, column), name, found, allowed, suggestion)


def csv_grid(content: bytes, file: str) -> Grid:
    """The table in a CSV file. Raises BadInput."""
    text, separator = _csv_text(content, file)
    return grid_of(file, _csv_rows(text, separator, file), separator=separator)


# ---------------------------------------------------------------- the header


def repeated_names(
    file: str, sheet: str | None, header_row: int, names: Sequence[str], letters: Sequence[str]
) -> Iterator[Fault]:
    """A fault for every name that a column before it has."""
    number = Counter(name for name in names if name)
    for i, name in enumerate(names):
        first = names.index(name)
        if number[name] > 1 and i != first:
            found = _("{name}, in column {letter} too").format(
                name=shown(name), letter=letters[first]
            )
            place = Place(sheet=sheet, row=header_row, column=letters[i])
            yield Fault(file, place, name, found, _("every column once"))


def grid_of(
    file: str, rows: Iterable[Row], sheet: str | None = None, separator: str | None = None
) -> Grid:
    """The first row that holds anything as a header, and the rows under it. Raises BadInput."""
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
    letters = [column_letter(i) for i in range(width)]
    faults += repeated_names(file, sheet, header_row, names, letters)
    if faults:
        raise BadInput(faults)
    kept = [i for i, name in enumerate(names) if name]
    return Grid(
        file,
        header_row,
        tuple(names[i] for i in kept),
        tuple(letters[i] for i in kept),
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
            refuse_more_rows(number, file)
            yield number, tuple(cells)
    except csv.Error as error:
        place = Place(row=number + 1)
        found = _("a quotation mark that is not closed, or one inside a cell")
        allowed = _("cells with their quotation marks closed")
        raise BadInput([Fault(file, place, "", found, allowed)]) from error
