"""A workbook as a scenario: made in any language, filled, read as YAML and a table would be."""

import csv
import datetime as dt
import io
import re
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import sim
from sim.load import shape
from sim.load.formatting import MEANS_SOMETHING, Writer
from sim.load.sheets import EXAMPLES
from sim.load.tables import read_table
from sim.load.template import COLUMNS, FIRST_ROW, HEADER_ROW, column_name, template
from sim.load.vocabulary import (
    ASSUMPTION_COLUMNS,
    LEVERS,
    PARAMETERS,
    POLICY_COLUMNS,
    SETTINGS,
    SHEETS,
    UNIT_COLUMNS,
    Names,
    words,
)
from sim.load.workbooks import closed_list, lever_settings, meant
from sim.messages import LANGUAGES, BadInput, speaking
from sim.messages import language as spoken_now
from tests.load_samples import SCENARIO as SAMPLE
from tests.load_samples import TABLE as SAMPLE_TABLE
from tests.load_samples import written
from tests.test_cli import command

NAMES = {
    "sheets": SHEETS, "units": UNIT_COLUMNS, "assumptions": ASSUMPTION_COLUMNS,
    "policies": POLICY_COLUMNS, "levers": LEVERS, "settings": SETTINGS, "parameters": PARAMETERS,
}  # fmt: skip
UNITS: list[dict[str, Any]] = [
    {
        "area.district": "Quỳnh Lưu", "area.commune": "Quỳnh Lâm", "id": "H1", "name": "Xóm 1",
        "kind": "hamlet", "tags": "border religious", "residents": 420, "officials.30-39": 2,
        "officials.60-69": 4, "cell": "own", "chief": "member", "neighbour": "H2",
        "listing_factor": "0,5",
    },
    {
        "area.district": "Quỳnh Lưu", "area.commune": "Quỳnh Lâm", "id": "H2", "name": "Xóm 2",
        "residents": 310, "officials": 3, "posted": 1, "posted_pool": "district",
        "posted_months_left": "6-24", "chief_trained": "true", "difficulty": "difficult",
    },
    {
        "area.district": "Quỳnh Lưu", "area.commune": "Quỳnh Lâm", "id": "H3", "name": "Xóm 3",
        "residents": 90, "cell": "with:H2", "chief": "vacant", "ever_lost": "false",
    },
    {
        "area.district": "Quỳnh Lưu", "area.commune": "Quỳnh Tam", "id": "S1", "name": "Trường",
        "kind": "school", "staff": 20, "officials": 4,
    },
]  # fmt: skip
ASSUMED: dict[str, Any] = {
    "title": "Quỳnh Lưu",
    "start": dt.datetime(2026, 1, 1),
    "years": 5,
    "replications": 40,
    "rules.admission_age": "18-60",
    "rules.posted_counts": "true",
    "demography.mortality.factor": "0,9",
    "demography.returning.constant": 0.25,
    "training.months": "3; 9",
    "training.priority": "weakest_cell_first",
    "training.attendance": "75 %",
    "admission.targets.level": "commune",
    "admission.targets.per_year": 6,
    "costs.training.seat_offered": 1.5,
}
SCENARIO = """\
title: Quỳnh Lưu
baseline: filled.xlsx
start: 2026-01-01
years: 5
replications: 40
rules: {admission_age: [18, 60], posted_counts: true}
demography:
  mortality: {table: viet-nam, factor: 0.9}
  returning: {constant: 0.25}
training: {months: [3, 9], priority: weakest_cell_first, attendance: 0.75, level: district}
admission: {targets: {level: commune, per_year: 6}}
cells: {responses: [reinforce, combine]}
postings: {pools: {district: {level: district, size: 20}}}
costs: {training.seat_offered: 1.5}
uncertain:
  demography.returning.constant: {distribution: triangular, mode: 0.25, low: 0.1, high: 0.3}
policies:
"""
POLICIES = """\
  as it is: []
  more seats: [{lever: training, seats: {times: 1.5}}]
  jobs at home:
    - {lever: retention, factor: 0.8, ages: [18, 40]}
    - {lever: return_incentive, factor: 1.2, ages: [18, 40]}
  reinforcement:
    - {lever: reinforcement, strength_below: 3, number: 3, term_months: 36, pool: district}
    - {lever: posting_renewal, renewal: 0.95}
  combination: [{lever: combining}, {lever: separating}]
"""
TABLE = """\
area.district,area.commune,id,name,kind,tags,difficulty,residents,officials,officials.30-39,\
officials.60-69,posted,posted_pool,posted_months_left,cell,chief,chief_trained,ever_lost,\
neighbour,staff,listing_factor
Quỳnh Lưu,Quỳnh Lâm,H1,Xóm 1,hamlet,border religious,,420,,2,4,,,,own,member,,,H2,,0.5
Quỳnh Lưu,Quỳnh Lâm,H2,Xóm 2,,,difficult,310,3,,,1,district,6-24,,,1,,,,
Quỳnh Lưu,Quỳnh Lâm,H3,Xóm 3,,,,90,,,,,,,with:H2,vacant,,0,,,
Quỳnh Lưu,Quỳnh Tam,S1,Trường,school,,,,4,,,,,,,,,,,20,
"""


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language, spoken while the test runs."""
    with speaking(request.param):
        yield request.param


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def rows_of(sheet: Worksheet, column: int) -> dict[Any, int]:
    """Numbers of rows by what stands in one column."""
    return {row[column - 1].value: row[0].row for row in sheet.iter_rows(min_row=FIRST_ROW)}


def in_words(column: str, value: Any) -> Any:
    """A value of the table as a planner of the current language writes it."""
    if column in ("kind", "difficulty", "chief", "chief_trained", "ever_lost"):
        return words([value]).label(value)
    if column == "cell":
        first, colon, host = value.partition(":")
        return f"{words([first if not colon else 'with']).label(first)}{colon and ': '}{host}"
    return value


@cache
def made(language: str) -> bytes:
    """A template in a language."""
    with speaking(language):
        return template(Path("t.xlsx"))


def filled(path: Path, change: Callable[[openpyxl.Workbook], None] | None = None) -> Path:
    """A template in the current language, filled; `change` spoils it."""
    book = opened(made(spoken_now()))
    hamlets, assumptions = (book[SHEETS.label(key)] for key in ("hamlets", "assumptions"))
    for row, unit in enumerate(UNITS, FIRST_ROW):
        for i, column in enumerate(COLUMNS, 1):
            hamlets.cell(row, i).value = in_words(column, unit[column]) if column in unit else None
    at = rows_of(assumptions, 9)
    for key, value in ASSUMED.items():
        cell = assumptions.cell(at[key], 2)
        cell.value = value if key in ("title", "start") else spoken(key, value)
    returning = at["demography.returning.constant"]
    assumptions.cell(returning, 4).value, assumptions.cell(returning, 5).value = 0.1, 0.3
    if change is not None:
        change(book)
    book.save(path)
    return path


def spoken(key: str, value: Any) -> Any:
    known = words(["true", "weakest_cell_first", "commune"])
    return known.label(value) if value in known.texts else value


def lines(path: Path) -> list[str]:
    """The faults of a workbook as a planner reads them, with the folder left out."""
    try:
        sim.load(path)
    except BadInput as bad:
        return str(bad).replace(f"{path.parent}/", "").splitlines()
    return []


# ---------------------------------------------------------------- the way there and back


def test_a_filled_template_is_the_scenario_that_yaml_gives(tmp_path: Path, language: str) -> None:
    loaded = sim.load(filled(tmp_path / "filled.xlsx"))
    (tmp_path / "yaml").mkdir()
    text = SCENARIO.replace("filled.xlsx", "hamlets.csv") + POLICIES
    yaml = written(tmp_path / "yaml", text, TABLE)
    same = sim.load(yaml)
    assert loaded.baseline == same.baseline
    ours = loaded.scenario.model_dump() | {"baseline": "", "policies": 0}
    assert ours == same.scenario.model_dump() | {"baseline": "", "policies": 0}
    assert [*loaded.policies.values()] == [*same.policies.values()]
    assert loaded.source_file == str(tmp_path / "filled.xlsx")


def test_a_workbook_is_read_in_every_language(tmp_path: Path, language: str) -> None:
    path = filled(tmp_path / "filled.xlsx")
    first = sim.load(path)
    for other in LANGUAGES:
        with speaking(other):
            assert sim.load(path) == first


def test_the_units_of_a_workbook_serve_a_yaml_file(tmp_path: Path, language: str) -> None:
    loaded = sim.load(filled(tmp_path / "filled.xlsx"))
    yaml = tmp_path / "s.yaml"
    yaml.write_text(SCENARIO + POLICIES, "utf-8")
    assert sim.load(yaml).baseline == loaded.baseline


def test_it_runs(tmp_path: Path) -> None:
    path = filled(tmp_path / "filled.xlsx")
    done = command("check", path, "--set", "training.seats=30")
    assert (done.code, done.err) == (0, "")
    results = sim.run(path, replications=2, policies=["as it is"], jobs=1)
    assert results.study.base == "as it is"


def test_an_untouched_template_says_what_to_fill(tmp_path: Path, language: str) -> None:
    path = tmp_path / "new.xlsx"
    path.write_bytes(made(language))
    found = [line for line in lines(path)]
    assert len(found) == 4
    for line, what in zip(found, ("title", "start", *EXAMPLES), strict=True):
        assert what in line


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_every_name_means_one_key_in_all_languages(names: Names) -> None:
    meant: dict[str, set[str]] = {}
    for language in LANGUAGES:
        with speaking(language):
            for key, label in zip(names.texts, names.labels(), strict=True):
                meant.setdefault(label.casefold(), set()).add(key)
                assert names.key(label.upper()) == key
                assert names.key(unicodedata.normalize("NFD", label)) == key
    assert {label: keys for label, keys in meant.items() if len(keys) > 1} == {}
    assert all(names.key(key) == key for key in names.texts)


def test_words_of_one_list_are_told_apart() -> None:
    node = {"policies": {"": [{"lever": "training"}]}}
    lists = [("true", "false"), ("own", "none"), tuple(shape.levers())]
    for path in PARAMETERS.texts:
        found = shape.at({}, tuple(path.split(".")))
        if found is not None:
            lists.append(tuple(closed_list(shape.forms(found), (path,)).texts))
    for keys in lists:
        for language in LANGUAGES:
            with speaking(language):
                labels = [label.casefold() for label in words(keys).labels()]
                assert len(set(labels)) == len(keys), (language, labels)
    assert shape.at(node, ("policies", "", 0)) is not None


def test_all_levers_and_their_main_settings_have_names() -> None:
    assert set(LEVERS.texts) == set(shape.levers())
    for lever in shape.levers():
        form = shape.form_for(
            shape.at({"policies": {"": [{"lever": lever}]}}, ("policies", "", 0)) or {},
            {"lever": lever},
        )
        assert form is not None
        own = set(form["properties"]) - {"lever", "from", "until", "where"}
        assert own <= set(lever_settings(lever)), lever


# ---------------------------------------------------------------- faults


def value_of(key: str, value: Any, column: int = 2) -> Callable[[openpyxl.Workbook], None]:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book[SHEETS.label("assumptions")]
        sheet.cell(rows_of(sheet, 9)[key], column).value = value

    return change


def unit_of(column: str, value: Any, row: int = FIRST_ROW) -> Callable[[openpyxl.Workbook], None]:
    def change(book: openpyxl.Workbook) -> None:
        book[SHEETS.label("hamlets")].cell(row, COLUMNS.index(column) + 1).value = value

    return change


def policy_row(
    row: int, *cells: Any, sheet: str = "policies"
) -> Callable[[openpyxl.Workbook], None]:
    def change(book: openpyxl.Workbook) -> None:
        for i, cell in enumerate(cells, 1):
            book[SHEETS.label(sheet)].cell(row, i).value = cell

    return change


def new_sheet(title: str) -> Callable[[openpyxl.Workbook], None]:
    def change(book: openpyxl.Workbook) -> None:
        book.create_sheet(title)

    return change


def without(key: str) -> Callable[[openpyxl.Workbook], None]:
    def change(book: openpyxl.Workbook) -> None:
        del book[SHEETS.label(key)]

    return change


def merged(book: openpyxl.Workbook) -> None:
    book["Hamlets"].merge_cells("B4:B6")


def formula(book: openpyxl.Workbook) -> None:
    book["Assumptions"]["B7"] = "=2+3"


END = 20
FAULTS = [
    (value_of("years", "ten"), 'sheet Assumptions, row 7, column B: years: found "ten"; '
     "allowed: a whole number from 1 to 200"),
    (value_of("start", "2026-13-01"), 'row 6, column B: start: found "2026-13-01"; '
     "allowed: a date such as 2021-01-01"),
    (value_of("start", dt.datetime(2026, 1, 15)), "row 6, column B: start: found 2026-01-15; "
     "allowed: the first day of a month; did you mean 2026-01-01?"),
    (value_of("training.priority", "weakest cell frist"),
     'Value: found "weakest cell frist"; allowed: first come, weakest cell first, youngest first, '
     "chiefs first, in turn by hamlet; did you mean weakest cell first?"),
    (value_of("training.attendance", 1.4), "training.attendance: found 1.4; allowed: a number from "
     "0 to 1"),
    (value_of("costs.training.seat_offered", "1.500"), 'found "1.500"; allowed: a number that is '
     "not text: this could be read in two ways"),
    (value_of("training.seats", "training.seat", column=9), 'column I: Key: found "training.seat"; '
     "allowed: the path of a parameter, such as training.seats; did you mean training.seats?"),
    (value_of("training.level", "distric"), 'training.level: found "distric"; '
     "allowed: district, commune; did you mean district?"),
    (value_of("training.months", 3.9), "training.months[0]: found 3.9; allowed: a whole number "
     "from 1 to 12"),
    (value_of("training.seats", "#REF!"), 'found "#REF!"; allowed: a value (the spreadsheet '
     "program could not work it out)"),
    (value_of("demography.returning.constant", "a lot", column=4),
     'column D: uncertain.demography.returning.constant.low: found "a lot"; allowed: a number'),
    (unit_of("kind", "hamet"), 'sheet Hamlets, row 4, column E: Kind of unit: found "hamet"; '
     "allowed: hamlet, school, health station, agency; did you mean hamlet?"),
    (unit_of("cell", "joint with: H9"), 'row 4, column AA: Cell of the hamlet: found "H9"; '
     "allowed: another unit"),
    (unit_of("residents", "1.200"), 'column H: Residents: found "1.200"; '
     "allowed: a number without thousands separators; did you mean 1200?"),
    (unit_of("id", EXAMPLES[0]), 'row 4, column C: Code: found "EXAMPLE-1"; allowed: a unit of '
     "your own; overwrite or delete the examples"),
    (unit_of("id", "=1+1"), "row 4, column C: found the formula"),
    (unit_of("id", None), "row 4, column C: Code: found nothing; allowed: a value in every row"),
    (unit_of("id", "H3"), 'row 6, column C: Code: found "H3", in row 4 too; allowed: every id'),
    (unit_of("note", "People", HEADER_ROW), 'row 3, column AL: People: found "People"; allowed: '),
    (unit_of("staff", "Code", HEADER_ROW), 'Code: found "Code", in column C too'),
    (unit_of("staff", "id", HEADER_ROW), 'id: found "id", in column C too; allowed: every column'),
    (merged, "sheet Hamlets, row 4, column B: found merged cells, down to sheet Hamlets, row 6, "
     "column B; allowed: a value in every cell of its own"),
    (formula, 'sheet Assumptions, row 7, column B: found the formula "=2+3" without a value'),
    (policy_row(END, "new", "Awareness class"), 'sheet Policies, row 20, column B: Lever: '
     'found "Awareness class"; allowed: Awareness classes, Class in the commune'),
    (policy_row(END, "new", "Retention of the young", None, None, "Factr", 2),
     'row 20, column E: Setting: found "Factr"; allowed: Factor, Ages from and to'),
    (policy_row(END, "new", "Retention of the young", None, None, "Factor", "much"),
     'row 20, column F: policies.new[0].factor: found "much"; allowed: a number of at least 0'),
    (policy_row(END, "new", "Retention of the young", None, None, "Factor"),
     "row 20, column F: Value: found nothing; allowed: a number of at least 0"),
    (policy_row(END, "new", "Retention of the young"),
     "row 20, column B: policies.new[0].factor: found nothing; allowed: a number of at least 0"),
    (policy_row(END, "new", None, None, None, "Factor", 1), "row 20, column B: Lever: found "
     "nothing; allowed: a lever with this setting"),
    (policy_row(END, "new", None, "2027-01-01"), "allowed: a lever in the same row"),
    (policy_row(END, "new", "Combining cells", None, None, None, 3), "row 20, column E: Setting: "
     "found nothing; allowed: what the value is of"),
    (policy_row(END, "new", "Combining cells", "1/2/2025"), "row 20, column C: policies.new[0].from"
     ": found 2025-02-01; allowed: 2026-01-01 or later"),
    (policy_row(END, "new", "Combining cells", "mai"), "row 20, column C: policies.new[0].from: "
     'found "mai"; allowed: a date such as 2021-01-01'),
    (policy_row(END, "a,b"), 'row 20, column A: policies.a,b: found "a,b"; allowed: a name'),
    (policy_row(END, "one", sheet="assumptions"), ""),
    (new_sheet("Hamlet"), 'sheet Hamlet: found "Hamlet"; allowed: How to use, Assumptions, '
     "Hamlets, Policies, Settings of levers, Lists; did you mean Hamlets?"),
    (new_sheet("hamlets "), 'found the same sheet as "Hamlets"; allowed: every sheet once'),
    (without("assumptions"), "found How to use, Hamlets, Policies, Settings of levers, Lists; "
     "allowed: a sheet Assumptions, as `hamletsim template` makes it"),
    (without("hamlets"), "allowed: a sheet Hamlets, as `hamletsim template` makes it"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), FAULTS)
def test_a_fault_is_told_by_its_cell(
    tmp_path: Path, change: Callable[[openpyxl.Workbook], None], told: str
) -> None:
    with speaking("en"):
        found = lines(filled(tmp_path / "filled.xlsx", change))
    assert (len(found) == 1 and told in found[0]) if told else not found, found


def test_faults_are_told_sheet_by_sheet_in_the_language(tmp_path: Path, language: str) -> None:
    def change(book: openpyxl.Workbook) -> None:
        unit_of("kind", "?")(book)
        unit_of("difficulty", "?", FIRST_ROW + 1)(book)
        value_of("training.priority", "?")(book)
        policy_row(END, "x", "?")(book)

    found = lines(filled(tmp_path / "filled.xlsx", change))
    sheets = [SHEETS.label(key) for key in ("assumptions", "policies", "hamlets", "hamlets")]
    assert len(found) == 4
    assert all(sheet in line for sheet, line in zip(sheets, found, strict=True))
    assert words(["youngest_first"]).label("youngest_first") in found[0]
    assert LEVERS.label("training") in found[1]
    assert words(["school"]).label("school") in found[2]


def test_what_is_given_twice_is_a_fault(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        value_of("training.seats", 60)(book)
        book["Assumptions"].append([None, 30, *[None] * 6, "training.seats"])

    with speaking("en"):
        (line,) = lines(filled(tmp_path / "filled.xlsx", change))
    assert 'Key: found "training.seats", in row' in line and "every setting once" in line


def test_a_locked_workbook_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "locked.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with speaking("en"):
        (line,) = lines(path)
    assert line == (
        "locked.xlsx: found a workbook of an old format, or one that is locked with a password; "
        "allowed: a workbook in XLSX, not locked"
    )


# ---------------------------------------------------------------- cells as planners write them


@pytest.mark.parametrize(
    ("key", "written_as", "meant_as"),
    [
        ("start", "2027-03-01", "2027-03-01"),
        ("start", "01/03/2027", "2027-03-01"),
        ("start", "1.3.2027", "2027-03-01"),
        ("start", dt.datetime(2027, 3, 1), "2027-03-01"),
        ("training.attendance", "0,75", 0.75),
        ("training.attendance", "75%", 0.75),
        ("training.attendance", 0.75, 0.75),
        ("training.seats", " 60 ", 60),
        ("training.months", 6, [6]),
        ("training.months", "3;9", [3, 9]),
        ("training.months", "3, 9", [3, 9]),
        ("training.months", "ALL", "all"),
        ("rules.admission_age", "18\N{EN DASH}50", [18, 50]),
        ("rules.posted_counts", False, False),
        ("rules.posted_counts", 0, False),
        ("rules.posted_counts", "không", False),
        ("rules.posted_counts", unicodedata.normalize("NFD", "Không"), False),
        ("training.priority", "Trẻ nhất trước", "youngest_first"),
        ("training.priority", "fair_share", "fair_share"),
        ("training.level", "huyện", "district"),
        ("training.level", "vùng", "vùng"),
    ],
)
def test_values_are_read_as_they_are_meant(key: str, written_as: Any, meant_as: Any) -> None:
    steps = tuple(key.split("."))
    value = meant(written_as, shape.at({}, steps) or {}, steps)
    assert value == meant_as
    assert type(value) is type(meant_as)


def test_an_alternative_takes_the_place_of_the_default(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        for key, value in (
            ("source.listing.per_hamlet", 0.15),
            ("demography.mortality.constant", 0.02),
            ("dossier.delay_months.mean", 6),
            ("source.help", "off"),
        ):
            book.worksheets[1].append([None, value, *[None] * 6, key])

    scenario = sim.load(filled(tmp_path / "filled.xlsx", change)).scenario
    assert (scenario.source.listing.per_hamlet, scenario.source.listing.per_resident) == (
        0.15,
        None,
    )
    assert (scenario.demography.mortality.constant, scenario.demography.mortality.table) == (
        0.02,
        None,
    )
    assert (scenario.dossier.delay_months.mean, scenario.dossier.delay_months.median) == (6, None)
    assert scenario.source.help == "off"


def test_levers_with_dates_places_and_conditions(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        rows = [
            (
                "border",
                "Retention of the young",
                dt.datetime(2027, 1, 1),
                "01/01/2029",
                "Factor",
                "0,7",
            ),
            (None, None, None, None, "Only with these marks", "border; religious"),
            ("border", None, None, None, "Only while below: strength", 6),
            (None, "Courses for secretaries and chiefs", None, None, "For whom", "secretaries"),
            (None, None, None, None, "Months in which it is held", 5),
            (None, None, None, None, "Places on each course", 30),
        ]
        for i, cells in enumerate(rows):
            policy_row(END + i, *cells)(book)

    with speaking("en"):
        policy = sim.load(filled(tmp_path / "filled.xlsx", change)).policies["border"]
    assert [lever.model_dump(by_alias=True, exclude_defaults=True) for lever in policy] == [
        {
            "from": dt.date(2027, 1, 1), "until": dt.date(2029, 1, 1), "factor": 0.7,
            "where": {"tags": ("border", "religious"), "when": {"strength": {"below": 6.0}}},
        },
        {"office": "secretary", "months": (5,), "places": 30},
    ]  # fmt: skip


def test_blank_rows_notes_and_a_lock_change_nothing(tmp_path: Path, language: str) -> None:
    def change(book: openpyxl.Workbook) -> None:
        hamlets = book[SHEETS.label("hamlets")]
        hamlets.cell(300, 3).value = "  "
        unit_of("note", "ask the commune", FIRST_ROW + 5)(book)
        for sheet in book:
            sheet.protection.sheet = True

    plain = sim.load(filled(tmp_path / "filled.xlsx"))
    assert sim.load(filled(tmp_path / "filled.xlsx", change)) == plain


def test_columns_may_stand_in_another_order_and_be_left_out(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        hamlets = book["Hamlets"]
        kept = [i for i, c in enumerate(COLUMNS, 1) if any(c in unit for unit in UNITS)]
        rows = range(HEADER_ROW, FIRST_ROW + len(UNITS))
        order = sorted(kept, key=lambda i: i if "." in COLUMNS[i - 1] else -i)
        values = [[hamlets.cell(row, i).value for i in order] for row in rows]
        hamlets.delete_cols(1, len(COLUMNS))
        for row, cells in zip(rows, values, strict=True):
            for i, cell in enumerate(cells, 1):
                hamlets.cell(row, i).value = cell

    with speaking("en"):
        plain = sim.load(filled(tmp_path / "filled.xlsx"))
        assert sim.load(filled(tmp_path / "filled.xlsx", change)) == plain


@pytest.mark.verify
def test_ten_thousand_rows_are_read_in_reasonable_time(tmp_path: Path) -> None:
    """Seven seconds of a busy core at most; openpyxl alone would take twice that."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Hamlets")
    sheet.append([*map(column_name, COLUMNS)])
    given = UNITS[0] | {"area.commune": "Quỳnh Tam", "tags": "border", "neighbour": None}
    for i in range(10_000):
        unit = given | {"id": f"N{i}", "residents": i % 500}
        sheet.append([in_words(c, unit[c]) if unit.get(c) is not None else None for c in COLUMNS])
    book.save(tmp_path / "big.xlsx")
    began = time.process_time()
    table = read_table(tmp_path / "big.xlsx")
    assert (len(table.baseline.units), table.faults) == (10_000, ())
    assert time.process_time() - began < 7


# ---------------------------------------------------------------- harmless cells


@pytest.mark.parametrize("text", [f"{sign}cmd|' /C calc'!A0" for sign in "=+-@\t\r"])
def test_a_text_is_never_a_formula(text: str) -> None:
    writer = Writer()
    sheet = writer.sheet("one")
    writer.put(sheet, 1, 1, text)
    with zipfile.ZipFile(io.BytesIO(writer.saved())) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml
    cell = opened(writer.saved()).worksheets[0]["A1"]
    assert cell.data_type == "s"
    begins = cell.value.startswith(MEANS_SOMETHING)
    assert cell.quotePrefix or not begins
    assert begins or cell.value[0] == "\\"


def test_a_trace_for_spreadsheets_holds_no_text_of_a_planner_that_acts(tmp_path: Path) -> None:
    """Its texts are ids and our own words; an id that could act is refused when it is read."""
    yaml = written(tmp_path, SAMPLE, SAMPLE_TABLE)
    done = command(
        "trace", yaml, "--policy", "as-is", "--replication", "0", "--engine", "reference",
        "--out", tmp_path / "log.csv",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    rows = csv.reader((tmp_path / "log.csv").read_text("utf-8").splitlines())
    texts = [cell for row in rows for cell in row if not re.fullmatch(r"-?[0-9.e+-]+", cell)]
    assert texts
    assert not [text for text in texts if text.startswith((*MEANS_SOMETHING, "\t", "\r"))]
    for sign in (*MEANS_SOMETHING, "\t="):
        written(tmp_path, SAMPLE, SAMPLE_TABLE.replace(",H1,", f",{sign}H1,"))
        assert any("found" in line and "id" in line for line in lines(yaml)), sign


def test_template_has_no_formula(language: str) -> None:
    book = opened(made(language))
    assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "n", "d"}
    assert book[SHEETS.label("lists")].sheet_state == "hidden"
    for sheet in book.worksheets[1:4]:
        assert sheet.freeze_panes is not None
        assert sheet.print_title_rows == f"${HEADER_ROW}:${HEADER_ROW}"
    assert [c.value for c in book[SHEETS.label("hamlets")][HEADER_ROW]] == [
        *map(column_name, COLUMNS)
    ]


# ---------------------------------------------------------------- the command


def test_the_command_makes_a_workbook_once(tmp_path: Path) -> None:
    path = tmp_path / "my district.xlsx"
    done = command("template", path, "--lang", "vi")
    assert (done.code, done.err) == (0, "")
    assert str(path) in done.out
    before = path.read_bytes()
    again = command("template", path)
    assert again.code == 2
    assert again.err == f"{path}: found a file that is there already; allowed: a new file\n"
    assert path.read_bytes() == before
    wrong = command("template", tmp_path / "my.xls")
    assert (wrong.code, wrong.err) == (
        2, 'FILE.xlsx: found "my.xls"; allowed: a name that ends in .xlsx; did you mean my.xlsx?\n'
    )  # fmt: skip
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_settings_of_levers_have_room_in_their_rows(spoken: str) -> None:
    """What is wrapped is not written over the row below: some 75 letters stand in a line."""
    with speaking(spoken):
        book = opened(made(spoken))
        sheet = book[SHEETS.label("levers")]
    for row in range(FIRST_ROW, sheet.max_row + 1):
        lines = 1 + len(str(sheet.cell(row, 3).value or "")) // 75
        if lines > 1:
            assert sheet.row_dimensions[row].height >= 15 * lines, row
