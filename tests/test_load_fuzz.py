"""Whatever bytes are in the files: a loaded scenario, or BadInput; nothing else."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.load import load, shape, with_settings
from sim.messages import BadInput
from sim.scenario import Loaded
from tests.load_samples import SCENARIO, TABLE, written

FUZZ = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SHORT = "{title: x, baseline: hamlets.csv, start: 2020-01-01, years: 1}"
SYMBOLS = "{ } [ ] : , - ? ! !! & * | > % @ # ' ~ null true 1 0.5 -3 1e400 2020-01-01"
WORDS = "lever training from where seats policies a.b %YAML --- ... <<: &a *a"
TOKENS = st.sampled_from(
    [
        *(SYMBOLS.split() + WORDS.split()),
        *(" ", "\n", "\t", '"', "\\", "\\U00110000", "\\x", "\ufeff", "\x85", "\0"),
    ]
)
VALUES = "0 1 12 -3 6.5 1.234 0,5 50% 1e300 99999999999999999999 ٣ true yes 6-36 #N/A =1+1"
CELLS = st.sampled_from(
    [
        *VALUES.split(),
        *("H1", "H2", "own", "none", "with:H1", "with:", "é", "ỳ"),
        *(" ", "\n", "\r", "\t", '"', "'", ",", ";", "\0", "\x1b"),
    ]
)


def no_other_exception(path: Path) -> None:
    """Load a scenario; faults must be printable lines."""
    try:
        load(path)
    except BadInput as bad:
        assert bad.faults
        assert all(line.isprintable() for line in str(bad).splitlines())
        assert len(str(bad).splitlines()) == len(bad.faults)


def edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """The text with some stretches (start, length) replaced."""
    for start, length, new in edits:
        start %= len(text) + 1
        text = text[:start] + new + text[start + length :]
    return text


def edits(tokens: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[int, int, str]]]:
    """Some edits of a text."""
    edit = st.tuples(st.integers(0, 2000), st.integers(0, 12), tokens | st.text(max_size=5))
    return st.lists(edit, min_size=1, max_size=4)


@FUZZ
@given(content=st.binary(max_size=400))
def test_any_bytes_as_a_scenario(tmp_path: Path, content: bytes) -> None:
    no_other_exception(written(tmp_path, content))


@settings(FUZZ, max_examples=100)
@given(text=st.lists(TOKENS, max_size=25).map("".join))
def test_any_tokens_as_a_scenario(tmp_path: Path, text: str) -> None:
    no_other_exception(written(tmp_path, text.encode("utf-8", "surrogatepass")))


@settings(FUZZ, max_examples=100)
@given(changes=edits(TOKENS))
def test_a_scenario_with_edits(tmp_path: Path, changes: list[tuple[int, int, str]]) -> None:
    no_other_exception(written(tmp_path, edited(SCENARIO, changes).encode("utf-8", "replace")))


@FUZZ
@given(
    start=st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"area.a,id\n"]),
    content=st.binary(max_size=400),
)
def test_any_bytes_as_a_table(tmp_path: Path, start: bytes, content: bytes) -> None:
    no_other_exception(written(tmp_path, SHORT, start + content))


@settings(FUZZ, max_examples=100)
@given(changes=edits(CELLS))
def test_a_table_with_edits(tmp_path: Path, changes: list[tuple[int, int, str]]) -> None:
    content = edited(TABLE, changes).encode("utf-8", "replace")
    no_other_exception(written(tmp_path, SHORT, content))


@pytest.fixture(scope="module")
def workbook() -> Iterator[bytes]:
    """The sample table as a workbook."""
    book = openpyxl.Workbook()
    for line in TABLE.splitlines():
        book.worksheets[0].append(line.split(","))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.xlsx"
        book.save(path)
        yield path.read_bytes()


@settings(FUZZ, max_examples=100)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=4))
def test_a_workbook_with_damage(
    tmp_path: Path, workbook: bytes, places: list[tuple[float, bytes]]
) -> None:
    content = bytearray(workbook)
    for share, new in places:
        start = int(share * (len(content) - 1))
        content[start : start + len(new)] = new
    no_other_exception(written(tmp_path, SHORT, bytes(content)))


@pytest.fixture(scope="module")
def sample() -> Iterator[Loaded]:
    """The sample scenario, loaded once."""
    with tempfile.TemporaryDirectory() as folder:
        yield load(written(Path(folder)))


@FUZZ
@given(
    setting=st.lists(
        st.sampled_from(["training", "policies", "as-is", "=", ".", "[0]"]) | TOKENS
    ).map("".join)
)
def test_any_setting(sample: Loaded, setting: str) -> None:
    try:
        with_settings(sample, [setting])
    except BadInput as bad:
        assert bad.faults


PARAMETERS = st.sampled_from(
    ["1", "-1", "0.5", "x", "~", "[]", "{}", "2020-01-01", "'1'", "true", "[1, 2]", "{a: 1}"]
)
PATHS = sorted(shape.parameters({}))


@settings(FUZZ, max_examples=100)
@given(path=st.sampled_from(PATHS), value=PARAMETERS)
def test_any_value_of_any_parameter(tmp_path: Path, path: str, value: str) -> None:
    *above, last = path.split(".")
    nested = "".join(f"{{{name}: " for name in above[1:]) + f"{{{last}: {value}" + "}" * len(above)
    line = f"{above[0]}: {nested}" if above else f"{last}: {value}"
    scenario = "".join(
        part for part in SCENARIO.splitlines(True) if not part.startswith(line.partition(":")[0])
    )
    no_other_exception(written(tmp_path, f"{scenario}\n{line}\n"))
