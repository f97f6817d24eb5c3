"""Small versions of what `make prove` does at length: fuzzing, kills, mutants; and hard places.

What else belongs here is tested where it is at home: a full disk and damaged files in test_store
and test_sweep, interruption in test_cli, locales and languages in test_languages, spelling of names
in test_load.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import report, store
from sim.load import load
from sim.reproduction import reproduce
from tests.fuzz.__main__ import changed_samples
from tests.fuzz.inputs import inputs
from tests.fuzz.readers import Reader, readers, refuses
from tests.kills.killing import Kill, kills
from tests.kills.subjects import Broken, State, Subject, shipped
from tests.load_samples import SCENARIO, written
from tests.mutation.explained import EXPLAINED, why
from tests.mutation.faults import FAULTS
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.rooms import ROOMS
from tests.mutation.table import Row, scores
from tests.test_cli import command

ROOT = Path(__file__).parents[1]

# ---------------------------------------------------------------- fuzzing


def test_no_reader_falls_over() -> None:
    with readers() as every:
        for reader in every.values():
            row = changed_samples(reader, 40, seed=2)
            assert row.fell_over == 0, reader.name
            assert row.read >= 1, f"not even the sample of {reader.name} is read"


@pytest.mark.verify
def test_no_reader_falls_over_for_long() -> None:
    with readers() as every:
        assert [r for r in every.values() if changed_samples(r, 1000, seed=3).fell_over] == []


def test_a_reader_that_falls_over_is_noticed() -> None:
    def read(content: bytes) -> None:
        content.decode()

    row = changed_samples(Reader("text", (b"abc",), read), 50, seed=1)
    assert row.fell_over > 5
    assert row.read > 5


def test_inputs_follow_the_seed() -> None:
    reader = Reader("text", (b"0123456789",), bytes.decode, (b"word",))
    one, same, other = (list(inputs(reader, 50, seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert len(set(one)) > 40


def test_a_refusal_must_be_printable_lines() -> None:
    from sim.messages import BadInput, Fault

    class Careless(BadInput):
        def __str__(self) -> str:
            return "\x1b[31m"

    def read(content: bytes) -> None:
        raise Careless([Fault("file")])

    with pytest.raises(AssertionError, match="printable"):
        refuses(Reader("careless", (b"",), read), b"")


# ---------------------------------------------------------------- kills


@pytest.mark.verify
def test_killed_at_random_moments(tmp_path: Path) -> None:
    place = tmp_path / "kills ỳ"
    place.mkdir()
    for subject in shipped(place)[:2]:
        found = list(kills(place, subject, 6, seed=5))
        assert len(found) == 6


def test_a_command_that_writes_in_place_is_found_out(tmp_path: Path) -> None:
    """The harness sees what is half written: a file that grows under its own name."""
    states = iter([{"f": b"whole"}, {"f": b"half"}])

    def state(path: Path) -> State:
        return next(states)

    careless = Subject("schema", (("schema",),), "schema.json", state)
    with pytest.raises(Broken, match="neither the old nor the new"):
        list(kills(tmp_path, careless, 1, seed=1))


# ---------------------------------------------------------------- mutants


def test_mutants_are_small_changes_of_the_place_they_name() -> None:
    source = "def f(a: int = 1) -> int:\n    if a < 2 and not 3.0:\n        a += 4\n    return -a\n"
    found = {(m.old, m.new) for m in mutants("f.py", source)}
    assert found == {
        ("1", "(2)"), ("2", "(3)"), ("3.0", "(6.0)"), ("4", "(5)"), ("-a", "(a)"),
        ("a < 2", "(a <= 2)"), ("not 3.0", "(3.0)"), ("a += 4", "pass"),
        ("a < 2 and not 3.0", "(a < 2 or not 3.0)"),
        ("a < 2 and not 3.0", "(not (a < 2 and (not 3.0)))"),
    }  # fmt: skip
    assert all(compile(m.of(source), "f.py", "exec") for m in mutants("f.py", source))


def test_letters_of_many_bytes_move_no_mutant() -> None:
    source = 'x = "Quỳnh Lưu", 1 + y\n'
    assert Mutant("f.py", 1, 17, "1 + y", "(1 - y)") in mutants("f.py", source)


def test_annotations_and_names_of_kinds_are_no_code() -> None:
    source = "A, B = 1, 2\nC, D = range(2)\ndef f(x: Literal[3]) -> Literal[4]:\n    'text'\n"
    assert mutants("f.py", source) == []


def test_every_seeded_fault_is_where_it_says() -> None:
    rooms = {room.name: room.sources() for room in ROOMS}
    for fault in FAULTS:
        assert fault.mutant(ROOT).file in rooms[fault.room]
    assert len(FAULTS) > 30


def test_what_explains_a_mutant_is_about_one_that_there_is() -> None:
    for one in EXPLAINED:
        source = (ROOT / one.file).read_text("utf-8")
        lines = source.splitlines()
        seeded = [fault.mutant(ROOT) for fault in FAULTS]
        every = [*mutants(one.file, source), *(m for m in seeded if m.file == one.file)]
        alike = [m for m in every if (m.old, m.new) == (one.old, one.new)]
        assert any(one.within in lines[m.line - 1] for m in alike), one
        assert why(one.file, next(x for x in lines if one.within in x), one.old, one.new) == one.why


def test_the_share_has_its_interval_and_what_does_not_start_is_no_mutant() -> None:
    def row(fate: str) -> Row:
        return Row("rules", "sampled", "f.py", 1, "a", "b", fate, 1.0, "")

    rows = [*map(row, ["caught"] * 8 + ["caught by its time", "survived", "does not start"])]
    assert scores(rows)[0] == scores(rows)[1]._replace(room="rules")
    assert scores(rows)[1][:4] == ("all", 10, 9, 0.9)
    assert scores(rows)[1].low == pytest.approx(0.55498, abs=1e-5)


# ---------------------------------------------------------------- hard places

PLACES = {
    "spaces": "a folder with spaces",
    "composed": "Quỳnh Lưu",
    "decomposed": "Quỳnh Lưu",
    "brackets": "[1] {2} %s",
}
COMPARED = ("hamlets.parquet", "years.parquet", "losses.parquet", "pairs.parquet")


def tables_of(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in COMPARED}


@pytest.fixture(scope="module")
def as_usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    place = tmp_path_factory.mktemp("usual")
    sim.run(written(place), replications=3, out=place / "run")
    return tables_of(place / "run")


@pytest.mark.parametrize("name", PLACES)
def test_a_run_in_a_folder_of_any_name(
    tmp_path: Path, as_usual: dict[str, bytes], name: str
) -> None:
    place = tmp_path / PLACES[name]
    place.mkdir()
    written(place)
    sim.run(place / "s.yaml", replications=3, out=place / "run")
    assert tables_of(place / "run") == as_usual
    assert reproduce(place / "run").same


def in_another_world(place: Path, **world: str) -> "subprocess.CompletedProcess[str]":
    """The command with another environment."""
    environment = {k: v for k, v in os.environ.items() if k not in ("LC_ALL", "LANG", "TZ")}
    return subprocess.run(
        [sys.executable, "-m", "sim", "run", "s.yaml", "--replications", "3", "--out", "run"],
        cwd=place, env={**environment, "PYTHONPATH": str(ROOT), **world},
        capture_output=True, text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip


@pytest.mark.verify
@pytest.mark.parametrize(
    "world",
    [
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
        {"TZ": "America/Adak", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TZ": "Asia/Ho_Chi_Minh", "LC_ALL": "vi_VN.UTF-8", "HAMLETSIM_LANG": "vi"},
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "12345", "PYTHONUTF8": "0"},
        {"LC_ALL": "ru_RU.KOI8-R", "PYTHONIOENCODING": "ascii", "HAMLETSIM_LANG": "ru"},
    ],
)
def test_locale_time_zone_and_encoding_change_nothing(
    tmp_path: Path, as_usual: dict[str, bytes], world: dict[str, str]
) -> None:
    written(tmp_path)
    done = in_another_world(tmp_path, **world)
    assert done.returncode == 0, done.stderr
    assert tables_of(tmp_path / "run") == as_usual


@pytest.mark.parametrize("jump", [-3e9, -3600.0, 86400.0, 4e9])
def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, as_usual: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """It jumps to and fro at every look."""
    clocks = {name: getattr(time, name) for name in ("time", "perf_counter", "monotonic")}
    looks = iter(range(10**9))

    def jumping(name: str) -> Any:
        return lambda: clocks[name]() + (jump if next(looks) % 2 else 0.0)

    monkeypatch.setattr(time, "time", jumping("time"))
    monkeypatch.setattr(time, "perf_counter", jumping("perf_counter"))
    sim.run(written(tmp_path), replications=3, out=tmp_path / "run")
    assert tables_of(tmp_path / "run") == as_usual
    assert store.read(tmp_path / "run").manifest["timings"]["simulation_seconds"] < 5e9


def test_a_folder_that_may_not_be_written_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = os.access

    def refuse(path: Any, mode: int, **more: Any) -> bool:
        return Path(path) != tmp_path / "locked" and access(path, mode, **more)

    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(os, "access", refuse)
    done = command("run", written(tmp_path), "--out", tmp_path / "locked" / "run")
    assert done.code == 2
    assert "cannot be written to" in done.err
    assert len(done.err.splitlines()) == 1


NOBODY = 65534


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root is needed")
def test_another_user_may_not_write_and_is_told(tmp_path: Path) -> None:
    """Really: a process of another user, in a folder of root's."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setuid(NOBODY)
            store.write_text(tmp_path / "log.csv", "a")
        except Exception as error:
            code = 2 if "no permission" in str(error) else 71
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path) -> None:
    """Really: the system refuses to let a file grow beyond some bytes, as a full disk would."""
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
        "from tests import test_store\n"
        "from pathlib import Path\n"
        "from sim.messages import BadInput\n"
        "try:\n    test_store.save(Path(sys.argv[1]))\n"
        "except BadInput as bad:\n    print(bad)\n    sys.exit(2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(tmp_path / "run")],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.verify
@pytest.mark.skipif(not Path("/bin/mount").exists(), reason="no mounts")
def test_a_full_disk(tmp_path: Path) -> None:
    """Really: a disk of 300 kB. The run before it stays, and nothing half written."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounts are not allowed")
    try:
        sound = written(tmp_path)
        sim.run(sound, replications=2, out=place / "run")
        (place / "filling").write_bytes(b"x" * (shutil.disk_usage(place).free - 20_000))
        before = sorted(place.iterdir())
        done = command("run", sound, "--replications", "3", "--out", place / "run")
        assert (done.code, len(done.err.splitlines())) == (2, 1)
        assert "no space left" in done.err
        assert store.read(place / "run").manifest["replications"] == 2
        assert sorted(place.iterdir()) == before
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_are_the_same_however_their_letters_are_composed(tmp_path: Path, form: Any) -> None:
    """A table saved on another system spells `Quỳnh` with other letters than the scenario."""
    import unicodedata

    other = "NFD" if form == "NFC" else "NFC"
    scenario = unicodedata.normalize(
        form, SCENARIO.replace("per_year: 6", "per_year: {Quỳnh Lâm: 6}")
    )
    table = unicodedata.normalize(other, (ROOT / "tests" / "load_samples.py").read_text("utf-8"))
    rows = table.partition('TABLE = """\\\n')[2].partition('"""')[0]
    loaded = load(written(tmp_path, scenario, rows))
    assert [u.id for u in loaded.baseline.units] == ["H1", "H2", "H3", "S1"]


def rows_of(number: int) -> str:
    """A table of so many hamlets in communes of fifty."""
    head = "area.district,area.commune,id,name,residents,officials,cell\n"
    return head + "".join(
        f"D{i // 5000},C{i // 50},H{i},Xóm {i},300,{2 + i % 7},own\n" for i in range(number)
    )


LARGE = "{title: x, baseline: hamlets.csv, start: 2020-01-01, years: 1}"


@pytest.mark.verify
@pytest.mark.parametrize("number", [10_000, pytest.param(100_000, marks=pytest.mark.prove)])
def test_a_large_table_is_read_and_its_faults_are_told(tmp_path: Path, number: int) -> None:
    path = written(tmp_path, LARGE, rows_of(number))
    assert len(load(path).baseline.units) == number
    wrong = rows_of(number).replace(f"H{number - 1},", "H0,").replace(",8,own", ",-8,own")
    done = command("check", written(tmp_path, LARGE, wrong))
    assert done.code == 2
    assert f"row {number + 1}" in done.err
    assert "Traceback" not in done.err


def started(place: Path, seed: int, **world: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "sim", "run", "s.yaml", "--replications", "3", "--out", "run",
         "--seed", str(seed)],
        cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT), **world},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def assert_report_is_of_its_tables(run: Path) -> None:
    written = (run / store.REPORT).read_bytes()
    report.write_beside(run)
    assert (run / store.REPORT).read_bytes() == written


@pytest.mark.parametrize("when", ["before the report", "in the middle of it"])
def test_another_run_takes_the_place_before_the_report_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Its report is not that of the tables which lie there now, so there is none or the right one.
    Held by its path alone, the folder gets the report of another run."""
    scenario, place = written(tmp_path), tmp_path / "run"
    html, read = report.FORMATS["html"].made, report.read

    def replaced() -> None:
        sim.run(scenario, replications=2, seed=2, out=place)

    def reading(folder: Path) -> Any:
        if when == "before the report":
            replaced()
        return read(folder)

    def making(run: Any, *more: Any) -> str:
        if when == "in the middle of it":
            replaced()
        return str(html(run, *more))

    monkeypatch.setattr(report, "read", reading)
    monkeypatch.setattr(report, "html", making)
    done = command("run", scenario, "--replications", "3", "--seed", "1", "--out", place)
    monkeypatch.undo()
    assert done.code == 0
    assert "another run, which took the place of this one" in done.out
    assert store.read(place).manifest["seed"] == 2
    assert not (place / store.REPORT).exists()
    assert not (place / store.MODEL).exists()
    assert not list(tmp_path.glob(".run*"))


def test_tables_of_a_study_do_not_come_to_lie_beside_another_run(tmp_path: Path) -> None:
    scenario = written(tmp_path)
    sim.run(scenario, replications=2, seed=1, out=tmp_path / "run")
    studied = store.read(tmp_path / "run").manifest
    sim.run(scenario, replications=3, seed=1, out=tmp_path / "run")
    store.add(tmp_path / "run", {}, {"marginal": {}}, studied)  # of the same lives
    sim.run(scenario, replications=3, seed=2, out=tmp_path / "run")
    with pytest.raises(store.Replaced, match="took the place of this one"):
        store.add(tmp_path / "run", {}, {"marginal": {}}, studied)
    assert "marginal" not in store.read(tmp_path / "run").manifest


def test_what_is_wrong_with_a_held_folder_is_told_by_its_own_name(tmp_path: Path) -> None:
    sim.run(written(tmp_path), replications=2, out=tmp_path / "run")
    (tmp_path / "run" / "hamlets.parquet").write_bytes(b"")
    done = command("report", tmp_path / "run")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert str(tmp_path / "run" / "hamlets.parquet") in done.err
    assert command("report", tmp_path / "nothing").code == 2


@pytest.mark.verify
def test_two_runs_at_once_into_one_folder(tmp_path: Path) -> None:
    """Both end; the folder holds one of them whole with its report, and nothing else is left."""
    whole = []
    written(tmp_path)
    for seed in (1, 2):
        sim.run(tmp_path / "s.yaml", replications=3, seed=seed, out=tmp_path / f"alone-{seed}")
        whole.append(tables_of(tmp_path / f"alone-{seed}"))
    for _ in range(3):
        both = [started(tmp_path, seed) for seed in (1, 2)]
        for process in both:
            _, told = process.communicate(timeout=300)
            assert process.returncode == 0, told
        store.read(tmp_path / "run")
        assert tables_of(tmp_path / "run") in whole
        assert_report_is_of_its_tables(tmp_path / "run")
        assert not list(tmp_path.glob(".run*"))


@pytest.mark.prove
def test_two_runs_at_once_compile_into_one_new_cache(tmp_path: Path) -> None:
    written(tmp_path)
    places = [tmp_path / name for name in ("one", "two")]
    for place in places:
        place.mkdir()
        written(place)
    both = [started(place, 1, HAMLETSIM_CACHE=str(tmp_path / "cache")) for place in places]
    for process in both:
        _, told = process.communicate(timeout=1200)
        assert process.returncode == 0, told
    assert tables_of(places[0] / "run") == tables_of(places[1] / "run")


# ---------------------------------------------------------------- at length


def proof(*arguments: str) -> None:
    """One of the long ones, as a command; its dated table is written to results/proofs."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.prove
def test_nine_in_ten_mutants_are_caught() -> None:
    proof("tests.mutation", "--sample", "200", "--minutes", "50")


@pytest.mark.prove
def test_two_hundred_kills() -> None:
    proof("tests.kills", "--kills", "270")


@pytest.mark.prove
def test_many_inputs() -> None:
    proof("tests.fuzz", "--inputs", "100000", "--guided", "40000")


def test_kills_are_written_as_a_table(tmp_path: Path) -> None:
    from tests.kills.__main__ import summary

    rows = [Kill("run", 0.1, 1.0, "the old", 1), Kill("run", 0.9, 1.0, "the new", 0)]
    assert summary(rows).splitlines()[0] == "run: 2 kills: 1 the old, 1 the new"
