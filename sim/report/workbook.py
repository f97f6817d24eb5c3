"""The report as a workbook: a sheet for each table, numbers as numbers, intervals beside them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from sim.figures import formats
from sim.figures.formats import Known
from sim.figures.reading import Run, either, kinds, measured, policies
from sim.figures.words import measure_in_words
from sim.load.formatting import (
    GREY,
    HEADER,
    LONGEST_TITLE,
    PALE,
    PLAIN,
    TITLE,
    WHITE,
    Look,
    Writer,
)
from sim.load.spreadsheets import Cell, column_letter
from sim.load.template import date_form
from sim.messages import _
from sim.report.blocks import (
    DATE,
    PERCENT,
    Code,
    Measured,
    Part,
    People,
    Table,
    Text,
    counted,
    day,
    name,
    policy_name,
)
from sim.report.first import first
from sim.report.page import parts
from sim.risk.words import titled

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

OUTCOMES = (
    "lost", "below", "combined", "without_cell", "few_local", "on_posted", "no_successor",
    "no_admission",
)  # fmt: skip
NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
ONE_NUMBER = re.compile('<data value="([^"]+)">[^<]*</data>')
NARROWEST, WIDEST = 11.5, 44
LINE, FULLNESS, MOST_LINES = 110, 0.85, 6
"""How wide a text is set, how much of a line words fill, and the lines of the highest header."""
LINE_HEIGHT = 15.5
BODY = Look(framed=True)
WORDS = Look(framed=True, wrap=True)
EXPLAINED = Look(wrap=True, colour=GREY)
ANSWER = Look(wrap=True, size=13)
WARNING = Look(wrap=True, bold=True, colour="9A3B00")
LINK = Look(colour="0563C1")
COMMAND = Look(fill=PALE)
DARKEST = "E08A5B"


def xlsx(run: Run, hide_below: int = 0) -> bytes:
    """The report of a run in the current language, as a workbook.

    hide_below: counts of people under this are not told.
    """
    report = _Report(bool(kinds(run)))
    people = People(hide_below)
    shown = [*parts(run, people)]
    shown.insert(1, _by_year(run))
    report.first(run, people)
    for part in shown:
        report.part(part)
    return report.writer.saved()


def _tables(part: Part) -> list[Table]:
    return [block for block in part.blocks if isinstance(block, Table)]


def _by_year(run: Run) -> Part:
    """What each policy leads to, year by year."""
    rows = []
    for policy in policies(run):
        known = {m: measured(run, m, policy).set_index("year") for m in OUTCOMES}
        for year in known["lost"].index:
            numbers = [
                counted(Known(*t.loc[year, ["mean", "low", "high"]])) for t in known.values()
            ]
            rows.append([policy_name(run, policy), day(known["lost"].loc[year, "date"]), *numbers])
    words = [measure_in_words(measure, bool(kinds(run))) for measure in OUTCOMES]
    heads = [_("policy"), _("date"), *words]
    caption = either(
        run,
        _("Expected numbers of hamlets by policy and year, with 95 % intervals"),
        _("Expected numbers of units by policy and year, with 95 % intervals"),
    )
    title = either(run, _("Hamlets over the years"), _("Units over the years"))
    return Part("years", title, [Table(caption, heads, rows)])


def _expected(row: Any) -> str:
    return counted(Known(row["mean"], row["low"], row["high"]))


def short_title(part: Part, of_units: bool) -> str:
    """What the sheet of a part is called: few letters fit."""
    titles = {
        "kinds": _("By kind of unit"),
        "act": _("To act on"),
        "years": _("Years"),
        "postings": _("Postings"),
        "way": _("Source list"),
        "succession": _("Succession"),
        "members": _("Members"),
        "where": _("Units") if of_units else _("Hamlets"),
        "levers": _("Policies"),
        "policies": _("Against the base"),
        "flips": _("Whose fate changes"),
        "causes": _("Causes"),
        "rule": _("At-risk rule"),
        "assumed": _("What is assumed"),
        "reproduce": _("Reproduce"),
    }
    return titles.get(part.key, part.title)


class _Column(NamedTuple):
    """A column of a sheet: its head, its cells with their looks."""

    head: str
    cells: list[tuple[Cell, Look]]


class _Report:
    """A workbook in the making; the first sheet leads to the others."""

    def __init__(self, of_units: bool) -> None:
        self.of_units = of_units
        self.writer = Writer()
        self.titles: list[str] = []
        self.home: Worksheet
        self.next_link = 0

    def first(self, run: Run, people: People) -> None:
        """The question, the answer, the policies, and where to find what."""
        opening, put = first(run, people), self.writer.put
        self.home = sheet = self.sheet(_("Answer"))
        put(sheet, 1, 1, plain(name(titled(run.manifest["scenario"]["title"]))), TITLE)
        paragraphs = [(opening.question, replace(ANSWER, bold=True))]
        paragraphs += [(sentence, ANSWER) for sentence in opening.answer]
        paragraphs += [(opening.warning, WARNING)] if opening.warning else []
        header_row, last = self._table(sheet, len(paragraphs) + 3, opening.policies)
        for row, (text, look) in enumerate(paragraphs, 2):
            self._paragraph(sheet, row, plain(text), look)
        self._paragraph(sheet, last + 1, plain(opening.note), EXPLAINED)
        self.writer.print_setup(sheet, header_row)
        put(sheet, last + 3, 1, _("In this workbook"), Look(bold=True))
        self.next_link = last + 4

    def part(self, part: Part) -> None:
        """A sheet for each table of a part; what explains stands above the first."""
        texts = [block.text for block in part.blocks if isinstance(block, Text)]
        codes = [block.text for block in part.blocks if isinstance(block, Code)]
        for table in _tables(part):
            sheet = self.sheet(short_title(part, self.of_units))
            self._link(sheet.title, plain(table.caption))
            self.writer.put(sheet, 1, 1, part.title, TITLE)
            header_row, last = self._table(sheet, 2 + len(texts) + len(codes), table)
            for row, text in enumerate(texts, 2):
                self._paragraph(sheet, row, plain(text), EXPLAINED)
            for row, code in enumerate(codes, 2 + len(texts)):
                self.writer.put(sheet, row, 1, code, COMMAND)
            letter = column_letter(sheet.max_column - 1)
            sheet.auto_filter.ref = f"A{header_row}:{letter}{last}"
            sheet.freeze_panes = f"B{header_row + 1}"
            self.writer.print_setup(sheet, header_row)
            texts, codes = [], []

    def sheet(self, title: str) -> "Worksheet":
        """A new sheet with a title that no other has."""
        bare = title.translate(NOT_IN_TITLES).strip()[: LONGEST_TITLE - 4]
        taken = sum(one == bare for one in self.titles)
        self.titles.append(bare)
        return self.writer.sheet(bare if not taken else f"{bare} {taken + 1}")

    def _link(self, title: str, caption: str) -> None:
        from openpyxl.worksheet.hyperlink import Hyperlink

        self.writer.put(self.home, self.next_link, 1, title, LINK)
        cell = self.home.cell(self.next_link, 1)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{title}'!A1")
        self.writer.dress(cell, LINK)
        self.writer.put(self.home, self.next_link, 2, caption)
        self.next_link += 1

    def _paragraph(self, sheet: "Worksheet", row: int, text: str, look: Look) -> None:
        """A text over so many columns that it reads well, as high as it needs to be."""
        widths = [d.width for _letter, d in sorted(sheet.column_dimensions.items(), key=_left)]
        sums = [*accumulate(widths)]
        columns = next((i for i, width in enumerate(sums, 1) if width >= LINE), len(sums))
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=columns)
        self.writer.put(sheet, row, 1, text, look)
        scale = look.size / PLAIN.size
        lines = 1 + int(len(text) * scale / (sums[columns - 1] * FULLNESS))
        sheet.row_dimensions[row].height = LINE_HEIGHT * scale * lines

    def _table(self, sheet: "Worksheet", row: int, table: Table) -> tuple[int, int]:
        """A table under its caption; the rows of its header and of its end."""
        self.writer.put(sheet, row, 1, plain(table.caption), Look(bold=True))
        header_row = row + 1
        rows = [list(map(_measured, row)) for row in table.rows]
        by_column = zip(*rows, strict=True) if rows else [()] * len(table.heads)
        spread = [_spread(plain(h), cells) for h, cells in zip(table.heads, by_column, strict=True)]
        columns = [column for group in spread for column in group]
        highest = max(1 + int(len(c.head) / (_width(c) * FULLNESS)) for c in columns)
        sheet.row_dimensions[1].height = 24
        sheet.row_dimensions[header_row].height = LINE_HEIGHT * min(highest, MOST_LINES)
        for i, column in enumerate(columns, 1):
            self.writer.put(sheet, header_row, i, column.head, HEADER)
            for below, (cell, look) in enumerate(column.cells, header_row + 1):
                self.writer.put(sheet, below, i, cell, look)
            sheet.column_dimensions[column_letter(i - 1)].width = _width(column)
        last = header_row + len(table.rows)
        if table.colours:
            _shade(sheet, f"C{header_row + 1}:{column_letter(len(columns) - 1)}{last}")
        return header_row, last


def _shade(sheet: "Worksheet", cells: str) -> None:
    """Darker where it is more likely, as on the page."""
    from openpyxl.formatting.rule import ColorScale, FormatObject, Rule
    from openpyxl.styles.colors import Color

    ends = [FormatObject(type="num", val=share) for share in (0, 1)]
    scale = ColorScale(cfvo=ends, color=[Color(f"FF{one}") for one in (WHITE, DARKEST)])
    sheet.conditional_formatting.add(cells, Rule(type="colorScale", colorScale=scale))


def _left(column: tuple[str, Any]) -> tuple[int, str]:
    """Columns from left to right: A, B, ..., Z, AA."""
    return len(column[0]), column[0]


def _width(column: _Column) -> float:
    """Wide enough for its texts and the words of its head."""
    texts = [cell for cell, _look in column.cells if isinstance(cell, str)]
    longest = max(map(len, [*texts, *column.head.split()]), default=0)
    return min(max(NARROWEST, longest + 2, len(column.head) // 3 + 2), WIDEST)


def plain(text: object) -> str:
    """A text without markup."""
    if hasattr(text, "__html__"):
        return Markup(text).striptags()
    return str(text)


# ---------------------------------------------------------------- cells


def _measured(cell: Any) -> Any:
    """A cell that is nothing but one number, as what a spreadsheet holds of it."""
    is_ours = hasattr(cell, "__html__") and not isinstance(cell, Measured)
    only = ONE_NUMBER.fullmatch(str(cell)) if is_ours else None
    return Measured(cell, [float(only[1])]) if only else cell


def _spread(head: str, cells: Sequence[Any]) -> Iterator[_Column]:
    """The columns that one column of a page becomes: values, and the ends of their intervals."""
    width = max((len(c.values) for c in cells if isinstance(c, Measured)), default=1)
    heads = [head, _("{head}: low end").format(head=head), _("{head}: high end").format(head=head)]
    numbers = [cell for cell in cells if isinstance(cell, Measured)]
    for i in range(width):
        if i or width == 1 or any(number.values[0] is not None for number in numbers):
            yield _Column(heads[i], [_cell(cell, i, bool(numbers)) for cell in cells])


def _cell(cell: Any, i: int, among_numbers: bool) -> tuple[Cell, Look]:
    """What one cell holds: its value (i = 0) or an end of its interval."""
    if not isinstance(cell, Measured):
        look = replace(BODY, right=True) if among_numbers else WORDS
        return (plain(cell) or None, look) if i == 0 else (None, BODY)
    value = cell.values[i] if i < len(cell.values) else None
    if value is None or value != value:
        return None, BODY
    if cell.is_bound and i == 0:
        return _python(value), replace(BODY, form=f'"{plain(cell)}"', right=True)
    return _python(value), replace(BODY, form=_form(cell))


def _python(value: Any) -> Cell:
    return value.item() if hasattr(value, "item") else value


def _form(cell: Measured) -> str:
    """The number format, with as many decimals as the page shows."""
    if cell.form == DATE:
        return date_form()
    numbers = [abs(float(v)) for v in cell.values if isinstance(v, int | float) and v == v]
    if cell.form == PERCENT:
        return "0.0%" if any(0 < n < 0.01 or 0.99 < n < 1 for n in numbers) else "0%"
    if all(n == round(n) for n in numbers):
        return "#,##0"
    digits = formats.digits(max(numbers))
    return f"#,##0.{'0' * digits}" if digits else "#,##0"
