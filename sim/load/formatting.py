"""Cells of workbooks that are written: texts are texts, numbers numbers, and sheets print well."""

import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.load.spreadsheets import Cell

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_TITLE = 31
MEANS_SOMETHING = ("=", "+", "-", "@")
"""How a text begins that a spreadsheet program may take for a formula or a command."""
CONTROLS = ("Cc", "Cs")
PAPER_A4 = 9
INK, GREY, PALE, LINE = "1A1A1A", "5F6B73", "F3F5F6", "C9D1D6"
HEAD, TO_FILL, EXAMPLE = "0B4F6C", "FFF4CC", "E9ECEE"
WHITE = "FFFFFF"


@dataclass(frozen=True)
class Look:
    """How a cell looks: colours as RRGGBB, `form` a number format."""

    bold: bool = False
    italic: bool = False
    colour: str = INK
    fill: str | None = None
    size: float = 11
    wrap: bool = False
    right: bool = False
    form: str | None = None
    framed: bool = False


PLAIN = Look()
TITLE = Look(bold=True, size=16, colour=HEAD)
HEADER = Look(bold=True, colour=WHITE, fill=HEAD, wrap=True, framed=True)
HINT = Look(italic=True, colour=GREY, size=9, wrap=True)
GROUP = Look(bold=True, colour=HEAD, fill=PALE)


class Writer:
    """Writes cells of one workbook; every look is one style, shared by its cells."""

    def __init__(self) -> None:
        from openpyxl import Workbook

        self.book: Workbook = Workbook()
        self.book.remove(self.book.worksheets[0])
        self._styles: dict[tuple[Look, bool], Any] = {}

    def sheet(self, title: str) -> "Worksheet":
        """A new sheet; its title is shortened where it is too long."""
        return self.book.create_sheet(title[:LONGEST_TITLE])

    def put(
        self, sheet: "Worksheet", row: int, column: int, value: Cell, look: Look = PLAIN
    ) -> None:
        """Write one cell. A text stays a text, however it begins."""
        cell = sheet.cell(row, column)
        is_text = isinstance(value, str)
        text = "".join(map(_visible, value)) if isinstance(value, str) else value
        cell.value = text
        if is_text:
            cell.data_type = "s"
        self.dress(cell, look, isinstance(text, str) and text.startswith(MEANS_SOMETHING))

    def dress(self, cell: Any, look: Look, is_quoted: bool = False) -> None:
        """Give a cell its look. openpyxl's own way compares all styles for every cell."""
        if (look, is_quoted) not in self._styles:
            cell.font, cell.fill, cell.alignment, cell.border = _style(look)
            cell.quotePrefix = is_quoted
            cell.number_format = look.form or "General"
            self._styles[look, is_quoted] = cell._style
        cell._style = self._styles[look, is_quoted]

    def row(self, sheet: "Worksheet", row: int, values: Iterable[Cell], look: Look = PLAIN) -> None:
        """Write a row of cells from the first column on."""
        for column, value in enumerate(values, 1):
            self.put(sheet, row, column, value, look)

    def print_setup(self, sheet: "Worksheet", header_row: int, portrait: bool = False) -> None:
        """A4, as wide as the page, the header on every page, pages numbered."""
        from openpyxl.worksheet.header_footer import HeaderFooterItem
        from openpyxl.worksheet.properties import PageSetupProperties

        sheet.page_setup.paperSize = PAPER_A4
        sheet.page_setup.orientation = "portrait" if portrait else "landscape"
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.print_title_rows = f"{header_row}:{header_row}"
        sheet.page_margins.left = sheet.page_margins.right = 0.4
        sheet.oddFooter = HeaderFooterItem()
        sheet.oddFooter.left.text = "&A"
        sheet.oddFooter.right.text = "&P / &N"
        sheet.sheet_view.showGridLines = False

    def saved(self) -> bytes:
        """The workbook as a file holds it."""
        content = io.BytesIO()
        self.book.save(content)
        return content.getvalue()


def _visible(character: str) -> str:
    """A character as a file may hold it: tabs, line ends and other controls are escaped."""
    if character != "\n" and unicodedata.category(character) in CONTROLS:
        return character.encode("unicode_escape").decode("ascii")
    return character


def _style(look: Look) -> tuple[Any, ...]:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    font = Font(name="Calibri", bold=look.bold, italic=look.italic, color=look.colour, sz=look.size)
    fill = PatternFill("solid", fgColor=look.fill) if look.fill else PatternFill()
    alignment = Alignment(
        horizontal="right" if look.right else None, vertical="top", wrap_text=look.wrap
    )
    side = Side("thin", LINE) if look.framed else None
    return font, fill, alignment, Border(left=side, right=side, top=side, bottom=side)
