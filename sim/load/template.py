"""A workbook for a planner to fill: hamlets, assumptions with their defaults, policies."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.load import shape
from sim.load.findings import Steps, dotted, value_at
from sim.load.formatting import (
    EXAMPLE,
    GREY,
    GROUP,
    HEADER,
    HINT,
    PALE,
    TITLE,
    TO_FILL,
    Look,
    Writer,
)
from sim.load.paths import resolved
from sim.load.sheets import CHOICES, EXAMPLES
from sim.load.spreadsheets import Cell, column_letter
from sim.load.vocabulary import (
    ASSUMPTION_COLUMNS,
    GROUPS,
    LEVERS,
    PARAMETERS,
    POLICY_COLUMNS,
    SETTINGS,
    SHEETS,
    UNIT_COLUMNS,
    words,
)
from sim.load.workbooks import (
    ADAPTIVE,
    LEVEL_KEYS,
    closed_list,
    defaults,
    lever_settings,
    setting_steps,
)
from sim.messages import N_, _, listed
from sim.numerals import NOTHING

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEADER_ROW = 3
FIRST_ROW = HEADER_ROW + 1
PAGES_OF_HAMLETS = 3
"""As wide as so many pages, the names of the hamlets on each."""
MOST_HAMLETS, MOST_LEVERS = 20_000, 200
"""Rows that have drop-downs."""
AGES = ("18-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-94")
COLUMNS = (
    *("area.district", "area.commune", "id", "name", "kind", "tags", "difficulty", "residents"),
    "officials",
    *(f"officials.{band}" for band in AGES),
    *("officials_women", "officials_exempt", "officials_away", "probation", "listed", "certified"),
    *("ready", "posted", "posted_pool", "posted_months_left", "cell", "chief", "chief_trained"),
    *("secretary_trained", "months_since_admission", "ever_lost", "neighbour", "staff"),
    *("listing_factor", "leaving_factor", "mortality_factor", "note"),
)
HINTS = {
    "area.district": N_("Delete this column if there are no districts; add Province before it."),
    "area.commune": N_("In every row."),
    "id": N_("A code of its own for every unit, such as ql-001. Must be filled."),
    "name": N_("As people call it."),
    "kind": N_("Empty: hamlet."),
    "tags": N_("Words of your own for groups of units, such as border; several with spaces."),
    "difficulty": N_("How hard it is to make a dossier there. Empty: normal."),
    "residents": N_("People of all ages. Empty: 400."),
    "officials": N_("Those away included, the posted not."),
    "officials.18-29": N_("By age, if you know it; the ages must add up to the total."),
    "officials_women": N_("Empty: completed by a share."),
    "officials_exempt": N_("From activity, for age or ill health."),
    "officials_away": N_("Empty: completed."),
    "posted": N_("Sent from outside, beside the official members of the hamlet."),
    "posted_pool": N_("Whose pool they belong to, such as district."),
    "posted_months_left": N_("A number or a range such as 6-36."),
    "cell": N_("For a joint cell: joint with, a colon and the code of the other hamlet."),
    "chief": N_("Whether the chief is a member."),
    "months_since_admission": N_("Empty: unknown."),
    "neighbour": N_("With which it would be combined or merged."),
    "staff": N_("Of schools, stations and agencies only."),
    "listing_factor": N_("1 is as elsewhere; 0.5 half as many on the source list."),
}
SAMPLES: tuple[dict[str, Cell], ...] = (
    {
        "id": EXAMPLES[0], "kind": "hamlet", "residents": 420, "officials": 7,
        "officials.30-39": 1, "officials.50-59": 2, "officials.60-69": 3, "officials.70-79": 1,
        "officials_women": 2, "officials_away": 1, "probation": 1, "listed": 2, "certified": 1,
        "cell": "own", "chief": "member", "months_since_admission": 8, "neighbour": EXAMPLES[1],
    },
    {
        "id": EXAMPLES[1], "kind": "hamlet", "tags": "border", "difficulty": "difficult",
        "residents": 260, "officials": 2, "posted": 2, "posted_pool": "district",
        "posted_months_left": "6-24", "cell": "own", "chief": "resident",
        "chief_trained": "false", "neighbour": EXAMPLES[0],
    },
)  # fmt: skip
GIVEN: dict[str, Cell] = {
    "years": 10,
    "training.level": "district",
    "cells.responses": "reinforce; combine",
    "postings.pools.district.level": "district",
    "postings.pools.district.size": 20,
}
"""What a template says where the default would not do for its policies."""
MUST_BE_FILLED = ("title", "start", "years")
POLICIES: dict[str, tuple[tuple[str, dict[str, Cell]], ...]] = {
    N_("as it is"): (),
    N_("more seats"): (("training", {"seats.times": 1.5}),),
    N_("jobs at home"): (
        ("retention", {"factor": 0.8, "ages": "18-40"}),
        ("return_incentive", {"factor": 1.2, "ages": "18-40"}),
    ),
    N_("reinforcement"): (
        (
            "reinforcement",
            {"strength_below": 3, "number": 3, "term_months": 36, "pool": "district"},
        ),
        ("posting_renewal", {"renewal": 0.95}),
    ),
    N_("combination"): (("combining", {}), ("separating", {})),
}
TO_BE_FILLED = Look(fill=TO_FILL, framed=True, wrap=True)
FREE = Look(framed=True, wrap=True)
READ_ONLY = Look(colour=GREY, wrap=True, framed=True)
SAMPLE = Look(italic=True, colour=GREY, fill=EXAMPLE, framed=True)
TEXT_FORM = "@"
LINE_HEIGHT, NAME_LETTERS, ALLOWED_LETTERS, LEVER_LETTERS = 15.5, 48, 46, 62
TEXT_COLUMNS = ("id", "neighbour", "tags", "posted_months_left", "posted_pool", "cell", "name")
WIDE = {"name": 30, "tags": 18, "area.district": 18, "area.commune": 18, "note": 30, "cell": 18}


def template(file: Path) -> bytes:
    """The workbook in the current language, which will be called `file`."""
    writer = Writer()
    sheets = {key: writer.sheet(SHEETS.label(key)) for key in SHEETS.texts}
    lists = _Lists(writer, sheets["lists"], SHEETS.label("lists"))
    _guide(writer, sheets["guide"], file)
    _assumptions(writer, sheets["assumptions"], lists)
    _hamlets(writer, sheets["hamlets"], lists)
    _policies(writer, sheets["policies"], lists)
    _levers(writer, sheets["levers"])
    return writer.saved()


class _Lists:
    """Drop-downs, and the hidden sheet that has their words, a column each."""

    def __init__(self, writer: Writer, sheet: "Worksheet", title: str) -> None:
        self.writer, self.sheet, self.title = writer, sheet, title
        self.columns: dict[tuple[str, ...], str] = {}
        sheet.sheet_state = "hidden"

    def drop_down(
        self, sheet: "Worksheet", cells: str, items: Sequence[str], only: bool = True
    ) -> None:
        """Offer items in some cells; `only`: refuse to type others."""
        from openpyxl.worksheet.datavalidation import DataValidation

        offered = DataValidation("list", formula1=self._range(tuple(items)), allow_blank=True)
        offered.errorStyle = "stop" if only else "warning"
        offered.showErrorMessage = only
        offered.errorTitle = _("Not in the list")
        offered.error = _("Choose from the list, or leave it empty.")
        sheet.add_data_validation(offered)
        offered.add(cells)

    def _range(self, items: tuple[str, ...]) -> str:
        if items not in self.columns:
            column = len(self.columns) + 1
            letter = column_letter(column - 1)
            for row, item in enumerate(items, 1):
                self.writer.put(self.sheet, row, column, item)
            title = self.title.replace("'", "''")
            self.columns[items] = f"'{title}'!${letter}$1:${letter}${len(items)}"
        return self.columns[items]


# ---------------------------------------------------------------- the first sheet


def _guide(writer: Writer, sheet: "Worksheet", file: Path) -> None:
    names = {key: SHEETS.label(key) for key in SHEETS.texts}
    lines = [
        _(
            "Sheet {hamlets}: one row for each hamlet, school, health station and agency; counts "
            "only, no names of persons. Overwrite or delete the grey examples. What is left empty "
            "is not known and is completed by stated assumptions."
        ),
        _(
            "Sheet {assumptions}: fill the yellow fields. Elsewhere an empty value takes the one "
            "beside it. Where you are not sure give the least and the most too; the simulation "
            "then draws values between them, most often near yours."
        ),
        _(
            "Sheet {policies}: the first policy is the base of comparison. A row is a lever with "
            "one setting; a row below it without a lever is one more setting of the same lever. "
            "Sheet {levers} tells what each lever can be set. Delete the policies that you do not "
            "want."
        ),
        _("Check it: every fault is named with its sheet, row and column."),
        _("Run it, then write the results as a workbook or a page."),
    ]
    commands = {
        4: [f"hamletsim check {file.name}"],
        5: [
            f"hamletsim run {file.name}",
            f"hamletsim report results/{file.stem} --format xlsx",
            f"hamletsim report results/{file.stem}",
        ],
    }
    writer.put(sheet, 1, 1, _("Which hamlets will lose their cell, and what would keep it"), TITLE)
    row = 3
    for number, line in enumerate(lines, 1):
        writer.put(sheet, row, 1, number, Look(bold=True, right=True))
        writer.put(sheet, row, 2, line.format(**names), Look(wrap=True))
        sheet.row_dimensions[row].height = 16 * (1 + len(line) // 95)
        for command in commands.get(number, ()):
            row += 1
            writer.put(sheet, row, 2, command, Look(fill=PALE, bold=True))
        row += 2
    writer.put(sheet, row, 1, None, TO_BE_FILLED)
    writer.put(sheet, row, 2, _("to be filled"))
    writer.put(sheet, row + 1, 1, None, SAMPLE)
    writer.put(sheet, row + 1, 2, _("an example, to be overwritten or deleted"))
    writer.put(sheet, row + 3, 2, _(
        "Numbers may have a decimal point or comma; dates are the first of a month. Names of "
        "sheets and columns, and the words of lists, may stand in any of the languages of "
        "hamletsim. Do not add other sheets or columns: what nothing reads is a fault."
    ), HINT)  # fmt: skip
    sheet.row_dimensions[row + 3].height = 40
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 5, 100
    writer.print_setup(sheet, 1, portrait=True)


def _headed(
    writer: Writer, sheet: "Worksheet", title: str, hint: str, heads: Sequence[str]
) -> None:
    """A title, what the sheet is for, and the header."""
    writer.put(sheet, 1, 1, title, TITLE)
    writer.put(sheet, 2, 1, hint, Look(italic=True, colour=GREY))
    writer.row(sheet, HEADER_ROW, heads, HEADER)
    sheet.row_dimensions[1].height = 24
    sheet.row_dimensions[HEADER_ROW].height = 32
    writer.print_setup(sheet, HEADER_ROW)


def _widths(sheet: "Worksheet", widths: Sequence[float]) -> None:
    for i, width in enumerate(widths):
        sheet.column_dimensions[column_letter(i)].width = width


# ---------------------------------------------------------------- assumptions


def _assumptions(writer: Writer, sheet: "Worksheet", lists: _Lists) -> None:
    hint = _("An empty value takes the one beside it. Any other parameter of a scenario may be "
             "added as a row with its key and value.")  # fmt: skip
    _headed(writer, sheet, SHEETS.label("assumptions"), hint, ASSUMPTION_COLUMNS.labels())
    _widths(sheet, (48, 18, 18, 11, 11, 28, 46, 30, 42))
    sheet.freeze_panes = f"B{FIRST_ROW}"
    row = FIRST_ROW
    for group, parameters in GROUPS.items():
        writer.row(sheet, row, [_(group), *[None] * (len(ASSUMPTION_COLUMNS.texts) - 1)], GROUP)
        for path, _name, unit in parameters:
            row += 1
            _assumption(writer, sheet, row, path, unit, lists)
        row += 1


def _assumption(
    writer: Writer, sheet: "Worksheet", row: int, path: str, unit: str, lists: _Lists
) -> None:
    data = defaults()
    steps = resolved(path, shape.root(), data) or (path,)
    node = shape.at(data, steps) or {}
    forms = shape.forms(node)
    given = _in_words(GIVEN.get(path), node, steps)
    form = _form(forms)
    writer.put(sheet, row, 1, PARAMETERS.label(path), FREE)
    look = Look(framed=True, wrap=True, form=form, fill=TO_FILL if path in MUST_BE_FILLED else None)
    writer.put(sheet, row, 2, given, look)
    default = (
        _("must be filled") if path in MUST_BE_FILLED else _told(value_at(data, steps), node, steps)
    )
    writer.put(sheet, row, 3, default, READ_ONLY)
    for column in (4, 5):
        is_number = any(f.get("type") == "number" for f in forms)
        writer.put(sheet, row, column, None, FREE if is_number else Look(fill=PALE, framed=True))
    writer.put(sheet, row, 6, _(unit) if unit else None, READ_ONLY)
    allowed = allowed_in_words(node, steps)
    writer.put(sheet, row, 7, allowed, READ_ONLY)
    lines = max(len(allowed) // ALLOWED_LETTERS, len(PARAMETERS.label(path)) // NAME_LETTERS)
    sheet.row_dimensions[row].height = LINE_HEIGHT * (1 + lines)
    writer.put(sheet, row, 8, None, FREE)
    writer.put(sheet, row, 9, dotted(steps), Look(colour=GREY, size=9))
    if items := _items(node, steps):
        lists.drop_down(sheet, f"B{row}", items, only=_is_closed(node))


def _form(forms: Sequence[shape.Schema]) -> str | None:
    """The number format of a value: lists are texts, or 1-12 would become a date."""
    if any(form.get("format") == "date" for form in forms):
        return date_form()
    return TEXT_FORM if any(form.get("type") == "array" for form in forms) else None


def date_form() -> str:
    """Dates as a spreadsheet shows them in the current language."""
    return _("yyyy-MM-dd").lower()


def _items(node: shape.Schema, steps: Steps) -> list[str]:
    """What a drop-down offers."""
    return closed_list(shape.forms(node), steps).labels()


def _is_closed(node: shape.Schema) -> bool:
    return all("enum" in form or form.get("type") == "boolean" for form in shape.forms(node))


def allowed_in_words(node: shape.Schema, steps: Steps) -> str:
    """What may stand in a place, with the words of closed lists as a workbook has them."""
    forms = shape.forms(node)
    inner = forms[0].get("items", {}) if forms and forms[0].get("type") == "array" else {}
    if steps[-1:] and steps[-1] in LEVEL_KEYS:
        return _("an area level, such as {levels}").format(levels=listed(_items(node, steps)))
    if "enum" in inner:
        return listed(words(inner["enum"]).labels())
    if _is_closed(node):
        return listed(_items(node, steps))
    return shape.described(node)


def _told(value: Any, node: shape.Schema, steps: Steps) -> Cell:
    """A default as a cell would hold it."""
    if value is None:
        return NOTHING
    if isinstance(value, list):
        pair = len(value) == 2 and any("prefixItems" in form for form in shape.forms(node))
        return ("-" if pair else "; ").join(map(str, value)) or NOTHING
    if isinstance(value, bool):
        return words(("true", "false")).label("true" if value else "false")
    return _in_words(value, node, steps)


def _in_words(value: Cell, node: shape.Schema, steps: Steps) -> Cell:
    """A value with its words of closed lists in the current language."""
    if not isinstance(value, str):
        return value
    forms = shape.forms(node)
    inner = [item for form in forms for item in form.get("items", {}).get("enum", ())]
    names = words([*closed_list(forms, steps).texts, *inner])
    parts = [part.strip() for part in value.split(";")]
    return "; ".join(names.label(part) if part in names.texts else part for part in parts)


# ---------------------------------------------------------------- hamlets


def _hamlets(writer: Writer, sheet: "Worksheet", lists: _Lists) -> None:
    hint = _("One row a unit. Delete or overwrite the grey examples.")
    _headed(writer, sheet, SHEETS.label("hamlets"), "", list(map(column_name, COLUMNS)))
    writer.put(sheet, 1, 5, hint, Look(italic=True, colour=GREY))
    for i, column in enumerate(COLUMNS, 1):
        writer.put(sheet, 2, i, _(HINTS[column]) if column in HINTS else None, HINT)
    sheet.row_dimensions[2].height = 74
    sheet.row_dimensions[HEADER_ROW].height = 48
    _widths(sheet, [WIDE.get(column, 13.5) for column in COLUMNS])
    sheet.freeze_panes = f"{column_letter(COLUMNS.index('name') + 1)}{FIRST_ROW}"
    for row, sample in enumerate(SAMPLES, FIRST_ROW):
        for i, column in enumerate(COLUMNS, 1):
            writer.put(sheet, row, i, _sample(column, sample), SAMPLE)
    last = HEADER_ROW + MOST_HAMLETS
    for i, column in enumerate(COLUMNS):
        letter = column_letter(i)
        cells = f"{letter}{FIRST_ROW}:{letter}{last}"
        if column in CHOICES:
            lists.drop_down(sheet, cells, words(CHOICES[column]).labels())
        elif column == "cell":
            lists.drop_down(sheet, cells, words(("own", "none")).labels(), only=False)
        if column in TEXT_COLUMNS:
            sheet.column_dimensions[letter].number_format = TEXT_FORM
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{column_letter(len(COLUMNS) - 1)}{HEADER_ROW}"
    sheet.page_setup.fitToWidth = PAGES_OF_HAMLETS
    sheet.print_title_cols = "A:D"


def column_name(column: str) -> str:
    """What a column of the table of units is called."""
    if column in UNIT_COLUMNS.texts:
        return UNIT_COLUMNS.label(column)
    status, _dot, ages = column.partition(".")
    return f"{UNIT_COLUMNS.label(status)}, {ages}"


def _sample(column: str, sample: dict[str, Cell]) -> Cell:
    if column.startswith("area."):
        return _("example")
    if column == "name":
        return _("Example: overwrite or delete")
    value = sample.get(column)
    if isinstance(value, str) and (column in CHOICES or column == "cell"):
        return words((value,)).label(value)
    return value


# ---------------------------------------------------------------- policies


def _policies(writer: Writer, sheet: "Worksheet", lists: _Lists) -> None:
    hint = _("An empty policy or lever is the one above. Without dates a lever acts from the start "
             "to the horizon.")  # fmt: skip
    _headed(writer, sheet, SHEETS.label("policies"), hint, POLICY_COLUMNS.labels())
    _widths(sheet, (24, 40, 13, 13, 46, 20, 40))
    sheet.freeze_panes = f"A{FIRST_ROW}"
    row = FIRST_ROW
    for policy, levers in POLICIES.items():
        for cells in _rows_of(_(policy), levers):
            _lever_row(writer, sheet, row, cells)
            row += 1
    last = HEADER_ROW + MOST_LEVERS
    for below in range(row, last + 1):
        _lever_row(writer, sheet, below, [None] * len(POLICY_COLUMNS.texts))
    lists.drop_down(sheet, f"B{FIRST_ROW}:B{last}", LEVERS.labels())
    lists.drop_down(sheet, f"E{FIRST_ROW}:E{last}", SETTINGS.labels(), only=False)


def _lever_row(writer: Writer, sheet: "Worksheet", row: int, cells: Sequence[Cell]) -> None:
    dates, texts = (replace(FREE, form=form) for form in (date_form(), TEXT_FORM))
    for column, (key, cell) in enumerate(zip(POLICY_COLUMNS.texts, cells, strict=True), 1):
        is_text = key == "value" and not isinstance(cell, int | float)
        look = dates if key in ("from", "until") else texts if is_text else FREE
        writer.put(sheet, row, column, cell, look)


def _rows_of(policy: str, levers: Sequence[tuple[str, dict[str, Cell]]]) -> list[list[Cell]]:
    """The rows of one policy, as short as they can be."""
    rows: list[list[Cell]] = []
    for lever, settings in levers:
        name: Cell = LEVERS.label(lever)
        for path, value in settings.items() or [(None, None)]:
            told = None if path is None else SETTINGS.label(path)
            rows.append([None if rows else policy, name, None, None, told, value, None])
            name = None
    return rows or [[policy, *[None] * 6]]


def _levers(writer: Writer, sheet: "Worksheet") -> None:
    """What each lever can be set; nothing reads it."""
    heads = [_("Lever"), _("Setting"), _("Allowed"), _("Key")]
    hint = _("For reading only: the settings that the sheet of policies takes, by lever.")
    _headed(writer, sheet, SHEETS.label("levers"), hint, heads)
    _widths(sheet, (40, 50, 60, 34))
    sheet.freeze_panes = f"A{FIRST_ROW}"
    row = FIRST_ROW
    everywhere = [path for path in SETTINGS.texts if path.startswith("where.")]
    own = {
        lever: [p for p in lever_settings(lever) if p not in everywhere] for lever in LEVERS.texts
    }
    told: list[tuple[str, str, list[str]]] = [(LEVERS.label(k), k, v) for k, v in own.items()]
    told += [
        (_("every lever"), "retention", [p for p in everywhere if not p.startswith(ADAPTIVE)]),
        (
            _("levers that act on one hamlet at a time"),
            "retention",
            [p for p in everywhere if p.startswith(ADAPTIVE)],
        ),
    ]
    for name, lever, paths in told:
        writer.row(sheet, row, [name, None, None, None], GROUP)
        for path in paths:
            row += 1
            steps = setting_steps(lever, path) or ()
            at = shape.at({"policies": {"": [{"lever": lever}]}}, ("policies", "", 0, *steps)) or {}
            allowed = allowed_in_words(at, steps)
            cells = [None, SETTINGS.label(path), allowed, path]
            writer.row(sheet, row, cells, READ_ONLY)
            lines = 1 + len(allowed) // LEVER_LETTERS
            sheet.row_dimensions[row].height = LINE_HEIGHT * lines
        row += 1
