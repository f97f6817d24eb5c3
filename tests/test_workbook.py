"""A workbook as a scenario: made in any language, filled, read as YAML and a table would be."""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import sim
from sim.load.sheets import EXAMPLES
from sim.load.template import COLUMNS, FIRST_ROW, template
from sim.load.vocabulary import (
    ASSUMPTION_COLUMNS,
    LEVERS,
    PARAMETERS,
    POLICY_COLUMNS,
    SETTINGS,
    SHEETS,
    UNIT_COLUMNS,
    words,
)
from sim.messages import LANGUAGES, BadInput, speaking
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


def filled(path: Path, change: Callable[[openpyxl.Workbook], None] | None = None) -> Path:
    """A template in the current language, filled; `change` spoils it."""
    book = opened(template(path))
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
    path.write_bytes(template(path))
    found = [line for line in lines(path)]
    assert len(found) == 4
    for line, what in zip(found, ("title", "start", *EXAMPLES), strict=True):
        assert what in line
