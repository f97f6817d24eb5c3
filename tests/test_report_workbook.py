"""The report as a workbook: the numbers of the page as numbers, names as texts, nothing acts."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.cell.cell import Cell

from sim import report
from sim.experiment import Results
from sim.messages import LANGUAGES, speaking
from sim.report.blocks import Measured
from sim.report.workbook import plain, xlsx
from tests import runs
from tests.test_cli import command
from tests.test_figures import with_tables
from tests.test_report import TABLES, Tree, values_of

EVIL = '=HYPERLINK("http://x","<b>&amp;")'
THOUSAND = 1000.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workbook")


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return runs.run(folder)


def no_picture(*_of: object) -> bytes:
    raise AssertionError("a workbook has no pictures")


@pytest.fixture(scope="module", autouse=True)
def no_pictures() -> Iterator[None]:
    """A workbook is made without drawing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.report.blocks.picture", no_picture)
        yield


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module")
def book(results: Results) -> Workbook:
    return opened(xlsx(results))


def cells(book: Workbook) -> Iterator[Cell]:
    for sheet in book:
        for row in sheet.iter_rows():
            yield from (cell for cell in row if cell.value is not None)


def numbers(book: Workbook) -> list[float]:
    found = (cell.value for cell in cells(book))
    return [float(n) for n in found if isinstance(n, int | float) and not isinstance(n, bool)]


def unknown(found: Iterable[float], known: Iterable[float]) -> set[float]:
    """Those that are none of the known. A file keeps sixteen digits, of which the last is not sure;
    rounding both would part two that lie on either side of a half."""
    there = np.unique([-np.inf, *(n for n in known if np.isfinite(n)), np.inf])
    numbers = np.array([*found])
    after = np.searchsorted(there, numbers)
    away = np.minimum(abs(there[after] - numbers), abs(there[after - 1] - numbers))
    return set(numbers[away > 1e-14 * abs(numbers)].tolist())


def test_every_number_is_one_of_the_tables(book: Workbook, results: Results) -> None:
    known = [n for value in values_of(results) for n in (value, THOUSAND * value)]
    assert len(numbers(book)) > 500
    assert unknown(numbers(book), known) == set()
    assert unknown([0.1 + 1e-14], [0.1, np.nan]) and not unknown([0.1 + 1e-16], [0.1])


def test_it_holds_every_number_of_the_tables_of_the_page(
    book: Workbook, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.report.blocks.picture", lambda axes, kind: b"<svg/>")
    top = Tree(report.html(results)).top
    of_page = [float(e.attributes["value"]) for t in top.all("table") for e in t.all("data")]
    held = [m for n in numbers(book) for m in (n, n / THOUSAND)]
    assert unknown(of_page, held) <= {0.01, 0.99}  # bounds of what is surely or hardly so


def test_an_interval_stands_in_columns_of_its_own(book: Workbook, results: Results) -> None:
    sheet = book["Answer"]
    header = next(row for row in sheet.iter_rows() if row[0].value == "policy")
    assert [c.value for c in header[1:4]] == [
        "hamlets lost", "hamlets lost: low end", "hamlets lost: high end",
    ]  # fmt: skip
    end = results.years.query("year == 10 and measure == 'lost'").set_index("policy")
    for row in sheet.iter_rows(min_row=header[0].row + 1, max_row=header[0].row + len(end)):
        known = end.loc[row[0].value, ["mean", "low", "high"]]
        assert [c.value for c in row[1:4]] == pytest.approx([*known], rel=1e-14)
        assert row[1].number_format in ("#,##0.0", "#,##0.00", '"< 0.09"') or known["mean"] == 0


def test_none_in_any_replication_is_shown_as_a_bound(book: Workbook) -> None:
    bounds = [c for c in cells(book) if c.number_format.startswith('"<')]
    assert bounds
    assert {c.value for c in bounds if "%" in c.number_format} == {0}


def test_every_sheet_is_ready_to_be_used_and_printed(book: Workbook) -> None:
    assert len(set(book.sheetnames)) == len(book.sheetnames) > 10
    for sheet in book.worksheets[1:]:
        header = int(re.sub(r"\D", "", str(sheet.freeze_panes))) - 1
        assert sheet.print_title_rows == f"${header}:${header}"
        assert sheet.auto_filter.ref.startswith(f"A{header}:")
        assert sheet.page_setup.paperSize == 9
        assert all(c.value for c in sheet[header][: sheet.max_column])
    links = {c.hyperlink.location for c in cells(book) if c.hyperlink}
    assert links == {f"'{name}'!A1" for name in book.sheetnames[1:]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_of_the_workbook(results: Results, language: str) -> None:
    with speaking(language):
        book = opened(xlsx(results))
    dates = [c for c in cells(book) if isinstance(c.value, dt.datetime)]
    forms = {"en": "yyyy-mm-dd", "vi": "dd/mm/yyyy", "ru": "dd.mm.yyyy"}
    assert {c.number_format for c in dates} == {forms[language]}


def test_names_are_texts_whatever_they_hold(results: Results) -> None:
    names = {results.manifest["policies"][1]: EVIL}
    changed = {name: getattr(results, name).replace({"policy": names}) for name in TABLES}
    changed["hamlets"] = changed["hamlets"].assign(name=EVIL, area="@SUM(A1)")
    manifest = results.manifest | {
        "scenario": results.manifest["scenario"] | {"title": "-1+<script>"},
        "policies": [results.manifest["policies"][0], EVIL],
    }
    content = xlsx(with_tables(results, manifest=manifest, **changed))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(n) for n in archive.namelist() if n.startswith("xl/worksheets/s")]
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
    book = opened(content)
    assert book["Answer"]["A1"].value == "-1+<script>"
    dangerous = [c for c in cells(book) if isinstance(c.value, str) and c.value[0] in "=+-@"]
    assert {EVIL, "@SUM(A1)"} <= {c.value for c in dangerous}
    assert all(c.quotePrefix and c.data_type == "s" for c in dangerous)


def test_counts_of_people_can_be_hidden(results: Results) -> None:
    book = opened(xlsx(results, hide_below=6))
    for title in ("To act on", "Members", "Hamlets 2"):
        text = [c.value for c in cells(book) if c.parent.title == title]
        assert "under 6" in text, title
    sheet = book["Source list"]
    counts = [c.value for row in sheet.iter_rows(min_col=2) for c in row]
    assert "under 6" in counts or min(n for n in counts if isinstance(n, int | float)) >= 6
    assert all(n >= 6 for n in counts if isinstance(n, int | float))


def test_a_number_keeps_its_markup_and_its_value() -> None:
    cell = Measured("<data>1 [0, 2]</data>", [1.0, 0.0, 2.0])
    assert (cell.values, plain(cell), cell.__html__()) == (
        (1.0, 0.0, 2.0), "1 [0, 2]", "<data>1 [0, 2]</data>",
    )  # fmt: skip


def test_the_command_writes_it(results: Results, folder: Path) -> None:
    done = command("report", folder / "run", "--format", "xlsx", "--lang", "vi")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip() == str(folder / "run" / "report.xlsx")
    assert len(openpyxl.load_workbook(folder / "run" / "report.xlsx").worksheets) > 10
