"""Baseline tables as spreadsheets save them."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.load.bands import overlapping, parse_band
from sim.load.tables import read_table
from sim.messages import BadInput
from sim.scenario import Group, Unit
from tests.load_samples import TABLE

HEADER = "area.district,area.commune,id"


def table(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    """The path of a table with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def units(path: Path) -> tuple[Unit, ...]:
    """The units of a table without faults."""
    read = read_table(path)
    assert [str(fault) for fault in read.faults] == []
    return read.baseline.units


def faults(path: Path) -> list[str]:
    """The faults of a table as lines, without the folder."""
    try:
        found = read_table(path).faults
    except BadInput as bad:
        found = bad.faults
    return [str(fault).replace(f"{path.parent}/", "") for fault in found]


def one(folder: Path, columns: str, cells: str) -> Unit:
    """The unit of a table with one row and these columns beside area and id."""
    (unit,) = units(table(folder, f"{HEADER},{columns}\nA,B,H1,{cells}\n"))
    return unit


def workbook(folder: Path, rows: Sequence[list[Any]], sheet: str = "Hamlets") -> Path:
    """A workbook with a sheet of notes before the sheet with these rows."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["notes"])
    for row in rows if sheet else ():
        (book[sheet] if sheet in book.sheetnames else book.create_sheet(sheet)).append(row)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


# ---------------------------------------------------------------- forms of CSV


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode("utf-8"),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        b"\xfe\xff" + TABLE.encode("utf-16-be"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode("utf-16"),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        ("sep=;\n" + TABLE.replace(",", ";")).encode(),
        TABLE.replace("\n", ",,,\n").encode() + b",,,\n" * 50,
        b"\n\n" + TABLE.encode(),
        re.sub(r"[^,\n]+", lambda m: f'" {m[0]} "', TABLE).encode(),
    ],
)
def test_every_form_of_csv_gives_the_same_units(tmp_path: Path, content: bytes) -> None:
    assert units(table(tmp_path, content)) == units(table(tmp_path, TABLE, "plain.csv"))


def test_vietnamese_windows(tmp_path: Path) -> None:
    # Windows-1258 writes tone marks as characters of their own.
    decomposed = "Qu\u1ef3nh L\u00e2m".replace("\u1ef3", "y\u0300")
    content = f"{HEADER}\nQu\u1ebf,{decomposed},H1\n".replace("\u1ebf", "\u00ea\u0301")
    (unit,) = units(table(tmp_path, content.encode("cp1258")))
    assert unit.area == ("Quế", "Quỳnh Lâm")


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    content = f'\n{HEADER},name,staff\n\nA,B,H1,"two\nlines",\n,,,,\nA,B,H2,x,none\n'
    assert faults(table(tmp_path, content)) == [
        't.csv, row 4, column D: name: found "two\\nlines"; '
        "allowed: a text of at most 200 characters without control characters",
        't.csv, row 6, column E: staff: found "none"; allowed: a whole number of at least 0',
    ]


def test_markup_and_formulas_in_names_stay_text(tmp_path: Path) -> None:
    for name in ("=HYPERLINK(1)", "+84", "-x", "@a", "<b>x</b>", "[red]x[/red]"):
        assert one(tmp_path, "name", name).name == name


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0,5", 0.5), ("0.5", 0.5), ("1,125", 1.125), ("1.125", 1.125), ("3", 3.0), ("1E-1", 0.1)],
)
@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_decimal_marks(tmp_path: Path, cell: str, value: float, separator: str) -> None:
    header = HEADER.replace(",", separator)
    content = f'{header}{separator}listing_factor\nA{separator}B{separator}H1{separator}"{cell}"\n'
    (unit,) = units(table(tmp_path, content))
    assert unit.listing_factor == value


@pytest.mark.parametrize("cell", ["1.234", '"1,234"', "1 234", "1\u00a0234", "1'234", "1.234.567"])
def test_thousands_are_refused(tmp_path: Path, cell: str) -> None:
    for column in ("residents", "officials"):
        (line,) = faults(table(tmp_path, f"{HEADER},{column}\nA,B,H1,{cell}\n"))
        digits = "".join(c for c in cell if c.isdigit())
        assert "allowed: a number without thousands separators; did you mean " + digits in line


@pytest.mark.parametrize("cell", ["50%", "ten", "-1", "1,2.3", "٣", "0x10", "nan", "1_0"])
def test_what_is_no_count(tmp_path: Path, cell: str) -> None:
    content = f'{HEADER},officials\nA,B,H1,"{cell}"\n'
    (line,) = faults(table(tmp_path, content))
    assert line.endswith("; allowed: a whole number of at least 0")


@pytest.mark.parametrize(("cell", "kind"), [("1e8", "a whole number"), ("1e12", "a number")])
def test_what_is_too_many_is_told_the_most(tmp_path: Path, cell: str, kind: str) -> None:
    (line,) = faults(table(tmp_path, f"{HEADER},officials\nA,B,H1,{cell}\n"))
    assert f"allowed: {kind} of at most 1" in line


# ---------------------------------------------------------------- columns


def test_every_column(tmp_path: Path) -> None:
    cells = {
        "name": "One",
        "kind": "school",
        "tags": "religious remote",
        "difficulty": "difficult",
        "residents": "12.5",
        "staff": "40",
        "officials": "12.0",
        "officials_women": "4",
        "officials_exempt": "1",
        "officials_away": "0",
        "probation": "2",
        "listed": "3",
        "certified": "1",
        "ready": "0",
        "posted.30-39": "2",
        "posted_pool": "army",
        "posted_months_left": "6-36",
        "cell": "with: H2",
        "chief": "vacant",
        "chief_trained": "no",
        "secretary_trained": "TRUE",
        "months_since_admission": "7",
        "ever_lost": "1",
        "neighbour": "H2",
        "listing_factor": "0.5",
        "leaving_factor": "2",
        "mortality_factor": "1",
    }
    assert one(tmp_path, ",".join(cells), ",".join(cells.values())) == Unit(
        id="H1",
        name="One",
        area=("A", "B"),
        kind="school",
        tags=("religious", "remote"),
        difficulty="difficult",
        residents=12.5,
        staff=40,
        officials=(Group(count=12, women=4),),
        officials_exempt=1,
        officials_away=0,
        probation=(Group(count=2),),
        listed=(Group(count=3),),
        certified=(Group(count=1),),
        posted=(Group(band=(30, 40), count=2),),
        posted_pool="army",
        posted_months_left=(6, 36),
        cell="with:H2",
        chief="vacant",
        secretary_trained=True,
        months_since_admission=7,
        ever_lost=True,
        neighbour="H2",
        listing_factor=0.5,
        leaving_factor=2.0,
    )


def test_empty_cells_are_not_given(tmp_path: Path) -> None:
    columns = "name,kind,residents,officials,officials_away,cell,chief,listing_factor"
    assert one(tmp_path, columns, ",,,,,,,") == Unit(id="H1", name="H1", area=("A", "B"))


def test_a_total_and_bands(tmp_path: Path) -> None:
    columns = "officials,officials.18-29,officials.30+,officials.65.5"
    bands = ((18.0, 30.0), (30.0, 95.0), (65.5, 65.5))
    both = tuple(Group(band=b, count=n) for b, n in zip(bands, (1, 3, 2), strict=True))
    assert one(tmp_path, columns, "6,1,3,2").officials == both
    assert one(tmp_path, columns, ",1,3,2").officials == both
    assert one(tmp_path, columns, "6,,,").officials == (Group(count=6),)
    assert one(tmp_path, columns, "1,1,0,").officials == both[:1]
    assert one(tmp_path, columns, "0,,,").officials == ()


def test_women_are_spread_over_the_bands_of_officials(tmp_path: Path) -> None:
    columns = "officials.18-29,officials.30-39,officials.40-49,officials_women"
    groups = one(tmp_path, columns, "1,4,5,3").officials
    assert [group.women for group in groups] == [0, 1, 2]
    groups = one(tmp_path, columns, "1,4,5,10").officials
    assert [group.women for group in groups] == [1, 4, 5]


def test_residents_by_sex_and_age(tmp_path: Path) -> None:
    columns = "residents,residents.f.0-17,residents.m.0-17,residents.18+"
    unit = one(tmp_path, columns, "60,20,10,30")
    assert unit.residents == 60
    assert unit.residents_by_age == (
        Group(band=(0, 18), count=30, women=20),
        Group(band=(18, 95), count=30),
    )
    unit = one(tmp_path, columns, ",0,0,0")
    assert (unit.residents, unit.residents_by_age) == (0, ())
    unit = one(tmp_path, "residents.0-17,residents.m.0-17", "9,4")
    assert unit.residents_by_age == (Group(band=(0, 18), count=9, women=5),)


@pytest.mark.parametrize(
    ("label", "band"),
    [
        ("18-29", (18, 30)),
        ("18\u201329", (18, 30)),
        (" 80+ ", (80, 95)),
        ("65.5", (65.5, 65.5)),
        ("65", (65, 65)),
        ("0-120", (0, 121)),
        *[(text, None) for text in ("29-18", "18-", "-18", "x", "", "121", "95+", "1e1", "10-121")],
    ],
)
def test_bands(label: str, band: tuple[float, float] | None) -> None:
    if band is None:
        with pytest.raises(ValueError):
            parse_band(label)
    else:
        assert parse_band(label) == band


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda p: (min(p), max(p)))))
def test_overlaps(pairs: list[tuple[int, int]]) -> None:
    bands = [(float(low), float(high)) for low, high in pairs]

    def share(a: tuple[float, float], b: tuple[float, float]) -> bool:
        are_ranges = a[0] < a[1] and b[0] < b[1]
        return a == b or (are_ranges and max(a[0], b[0]) < min(a[1], b[1]))

    expected = any(share(a, b) for i, a in enumerate(bands) for b in bands[:i])
    found = overlapping(bands)
    assert (found is not None) == expected
    if found:
        assert found[0] != found[1]
        assert share(bands[found[0]], bands[found[1]])


# ---------------------------------------------------------------- workbooks


def cells_of(text: str) -> list[list[Any]]:
    """Rows as a spreadsheet holds them: numbers as floats, empty cells as nothing."""

    def cell(value: str) -> Any:
        return float(value) if value.isdecimal() else value or None

    return [[cell(value) for value in line.split(",")] for line in text.splitlines()]


def test_a_workbook_gives_the_same_units_as_csv(tmp_path: Path) -> None:
    rows = cells_of(TABLE)
    rows[1:1] = [[None] * 13]
    path = workbook(tmp_path, [*rows, [], [None, " "]])
    assert units(path) == units(table(tmp_path, TABLE))


def test_the_first_sheet_is_read_if_none_is_called_hamlets(tmp_path: Path) -> None:
    (line,) = faults(workbook(tmp_path, cells_of(TABLE), "Sheet 2"))
    assert line == (
        "t.xlsx, sheet Sheet: found a table without rows; allowed: a header and at least one row"
    )


def test_a_fault_in_a_workbook_names_sheet_row_and_column(tmp_path: Path) -> None:
    rows = cells_of(TABLE)
    rows[2][8] = 3.5
    rows[3][2] = dt.datetime(2020, 1, 2)
    rows[4][3] = "#N/A"
    assert faults(workbook(tmp_path, rows)) == [
        "t.xlsx, sheet Hamlets, row 3, column I: officials: found 3.5; "
        "allowed: a whole number of at least 0",
        "t.xlsx, sheet Hamlets, row 4, column C: id: found 2020-01-02; "
        "allowed: a text (the spreadsheet program made a date of it)",
        't.xlsx, sheet Hamlets, row 5, column D: name: found "#N/A"; '
        "allowed: a value (the spreadsheet program could not work it out)",
    ]


def test_numbers_and_truth_values_as_text(tmp_path: Path) -> None:
    header = ["area.district", "area.commune", "id", "name", "chief_trained", "posted_months_left"]
    path = workbook(tmp_path, [header, ["A", 3.0, 12.0, 0.5, True, 24]])
    (unit,) = units(path)
    assert (unit.area, unit.id, unit.name) == (("A", "3"), "12", "0.5")
    assert (unit.chief_trained, unit.posted_months_left) == (True, (24, 24))


def test_a_formula_counts_by_its_kept_value(tmp_path: Path) -> None:
    rows = cells_of(TABLE)
    rows[1][8] = "=2*3"
    path = workbook(tmp_path, rows)
    assert faults(path) == [
        't.xlsx, sheet Hamlets, row 2, column I: found the formula "=2*3" without a value; '
        "allowed: a formula that a spreadsheet program has worked out"
    ]
    worked_out = table(
        tmp_path, _edited(path, b"<f>2*3</f><v />", b"<f>2*3</f><v>6</v>"), "worked.xlsx"
    )
    assert units(worked_out) == units(table(tmp_path, TABLE))


def test_merged_header_cells(tmp_path: Path) -> None:
    rows = cells_of(TABLE)
    rows[0][3] = None
    (line,) = faults(workbook(tmp_path, rows))
    assert line == (
        't.xlsx, sheet Hamlets, row 1, column D: found no name over "Hamlet 1" in row 2 '
        "(merged header cells?); allowed: a name over every column in use"
    )


@pytest.mark.parametrize("size", [b"A1", b"A1:XFD1048576"])
def test_a_workbook_that_is_wrong_about_its_size(tmp_path: Path, size: bytes) -> None:
    path = workbook(tmp_path, cells_of(TABLE))
    wrong = _edited(path, b'<dimension ref="A1:M5"', b'<dimension ref="' + size + b'"')
    assert units(table(tmp_path, wrong, "wrong.xlsx")) == units(table(tmp_path, TABLE))


def test_a_workbook_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path, cells_of(TABLE))
    monkeypatch.setattr("sim.load.spreadsheets.LARGEST_FILE", path.stat().st_size + 1)
    (line,) = faults(path)
    assert "found a larger workbook, unpacked; allowed: at most" in line


def test_a_damaged_workbook(tmp_path: Path) -> None:
    content = workbook(tmp_path, cells_of(TABLE)).read_bytes()
    for damaged in (content[:-30], content[:200], _edited(tmp_path / "t.xlsx", b"<row", b"<raw")):
        (line,) = faults(table(tmp_path, damaged, "damaged.xlsx"))
        assert re.match(r"damaged.xlsx(, sheet Hamlets)?: found (a workbook that|an empty)", line)


def _edited(path: Path, old: bytes, new: bytes) -> bytes:
    out, found = io.BytesIO(), False
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            found = found or old in content
            after.writestr(name, content.replace(old, new))
    assert found
    return out.getvalue()
