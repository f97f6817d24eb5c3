"""The command: what it prints, what it writes, how it fails."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from sim import cli
from sim import log as events
from sim.cli import Seed, app, words
from sim.load import load
from sim.scenario import LARGEST_SEED
from sim.store import is_run
from tests.load_samples import SCENARIO, TABLE, written

ROOT = Path(__file__).parents[1]


def test_the_largest_seed_of_options_is_that_of_scenarios() -> None:
    """Options are read before anything that takes time to import, so it is written twice."""
    (option,) = Seed.__metadata__  # type: ignore[attr-defined]
    assert option.max == LARGEST_SEED


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def command(*arguments: str | Path) -> Done:
    """What the command does, in this process."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    error = result.exception
    assert error is None or isinstance(error, SystemExit), error
    return Done(result.exit_code, result.stdout, result.stderr)


def process(arguments: Sequence[str | Path], folder: Path = ROOT) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *map(str, arguments)],
        cwd=folder, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return written(tmp_path)


# ---------------------------------------------------------------- run


def test_run_prints_the_summary_and_writes_the_run(scenario: Path, tmp_path: Path) -> None:
    done = command("run", scenario, "--replications", "4", "--out", tmp_path / "run")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Four units\n4 units (3 hamlets, 1 school); 2020-01-01 to")
    places = f"Tables and manifest: {tmp_path / 'run'}\nReport: {tmp_path / 'run' / 'report.html'}"
    assert done.out.rstrip().endswith(places)
    names = {p.name for p in (tmp_path / "run").iterdir()}
    assert names >= {"manifest.json", "hamlets.parquet", "years.parquet", "losses.parquet"}


def test_run_writes_to_results_by_default(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("run", "s.yaml", "--replications", "1").code == 0
    assert is_run(tmp_path / "results" / "s")


def test_options_reach_the_run(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ["--policies", "more-seats", "--seed", "9", "--engine", "reference", "--jobs", "1"]
    settings = ["--set", "training.seats=7", "--set", "years=3"]
    assert (
        command("run", scenario, "--replications", "2", *options, *settings, "--out", out).code == 0
    )
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert (manifest["seed"], manifest["engine"], manifest["replications"]) == (9, "reference", 2)
    assert manifest["scenario"]["training"]["seats"] == 7
    assert manifest["policies"] == ["as-is", "more-seats"]
    assert pd.read_parquet(out / "years.parquet").year.max() == 3


def test_progress_is_not_shown_to_a_file(scenario: Path, tmp_path: Path) -> None:
    running = process(["run", scenario, "--replications", "2", "--out", tmp_path / "run"])
    out, err = running.communicate(timeout=300)
    assert (running.returncode, err) == (0, "")
    assert "\x1b" not in out


def test_best_tells_the_choice(scenario: Path) -> None:
    done = command("best", scenario, "--policies", "as-is,more-seats", "--certainty", "0.9")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("lost, lowest: ")
    assert "(promised: 0.9)" in done.out
    assert re.search(r"\d+ replications in all; \d+ if every policy had as many", done.out)


# ---------------------------------------------------------------- check and schema


def test_check_describes_the_scenario(scenario: Path) -> None:
    done = command("check", scenario)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "Four units"
    assert lines[1] == "units: hamlets 3, schools 1; areas: districts 1, communes 2"
    assert lines[2].startswith("officials 13, posted 1")
    assert lines[-3] == "  as-is, more-seats: 1 coupled unit: Quỳnh Lưu (4)"
    assert lines[-1] == f"No faults. Next: hamletsim run {scenario}"


def test_check_tells_uncoupled_units_apart(tmp_path: Path) -> None:
    alone = "cells: {host: none}\ntraining: {on: false}\nadmission: {on: false}\n"
    text = re.sub(r"training: .*\nadmission:\n.*\n", alone, SCENARIO)
    text = re.sub(r"  more-seats:\n.*\n", "", text)
    done = command("check", written(tmp_path, text))
    assert done.err == ""
    assert done.out.splitlines()[-3] == "  as-is: 4 coupled units: H1, H2, H3, S1"


def test_schema_is_json_schema() -> None:
    done = command("schema")
    assert done.code == 0
    assert json.loads(done.out)["$schema"].startswith("https://json-schema.org/")


# ---------------------------------------------------------------- trace


def traced(scenario: Path, out: Path, *more: str) -> list[str]:
    options = ["--policy", "as-is", "--replication", "0", "--out", str(out)]
    done = command("trace", scenario, *options, *more)
    assert (done.code, done.err) == (0, "")
    return out.read_text("utf-8").splitlines()


def test_engines_write_equal_files(scenario: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "compiled.csv", tmp_path / "reference.csv"
    lines = traced(scenario, one, "--engine", "compiled")
    traced(scenario, other, "--engine", "reference")
    assert one.read_bytes() == other.read_bytes()
    assert lines[0] == "day,phase,hamlet,person,kind,cause"
    assert len(lines) > 20


def test_a_trace_keeps_every_digit_of_the_day(scenario: Path, tmp_path: Path) -> None:
    from sim import api

    lines = traced(scenario, tmp_path / "log.csv")
    log = api.trace(load(scenario), "as-is", 0)
    assert [float(line.split(",")[0]) for line in lines[1:]] == log.day.tolist()


def test_a_trace_can_be_of_one_hamlet_or_person(scenario: Path, tmp_path: Path) -> None:
    whole = traced(scenario, tmp_path / "a.csv")
    hamlet = traced(scenario, tmp_path / "b.csv", "--hamlet", "H2")
    assert hamlet[1:] == [line for line in whole[1:] if line.split(",")[2] == "H2"] != []
    key = next(line.split(",")[3] for line in hamlet[1:] if line.split(",")[3] != "-1")
    person = traced(scenario, tmp_path / "c.csv", "--person", key)
    assert person[1:] == [line for line in whole[1:] if line.split(",")[3] == key] != []


def test_the_story_of_a_hamlet(scenario: Path) -> None:
    options = ["--policy", "as-is", "--replication", "0"]
    done = command("trace", scenario, *options, "--hamlet", "H1")
    lines = done.out.splitlines()
    assert lines[0] == "policy as-is; replication 0; from 2020-01-01, years 10; Hamlet 1 (H1)"
    states = [line for line in lines if "  == " in line]
    assert states[0].startswith("2020-01-01  == cell of its own, strength 6, officials 6")
    assert [line[:4] for line in states] == [str(2020 + y) for y in range(11)]
    dates = [line[:10] for line in lines[1:]]
    assert dates == sorted(dates)
    assert not re.search(r"\{\w*\}", done.out)


def test_the_story_of_all(scenario: Path) -> None:
    done = command("trace", scenario, "--policy", "as-is", "--replication", "1")
    assert "  == units with a cell of their own 3, in a joint cell 0, without a cell 0" in done.out
    assert re.search(
        r"Hamlet \d \(H\d\): candidate \d+ \[\d+\] is put on the source list", done.out
    )


def test_every_event_has_words() -> None:
    for kind in events.KINDS:
        for cause in events.CAUSES:
            if kind >= events.BELOW:
                text = words.cell_words(kind, cause, 3)
            else:
                text = words.person_words(kind, cause).format(who="somebody")
            assert text
            assert "{" not in text
            assert "_" not in text


# ---------------------------------------------------------------- faults

FAULTS = [
    (["run", "s.yaml", "--policies", "more-seat"],
     'policy: found "more-seat"; allowed: as-is, more-seats; did you mean more-seats?'),
    (["run", "s.yaml", "--set", "training.seat=3"],
     '--set training.seat=3: found "training.seat"; allowed: the path of a parameter, such as '
     "training.seats; did you mean training.seats?"),
    (["run", "s.yaml", "--engine", "fast"], 'engine: found "fast"; allowed: compiled, reference'),
    (["run", "s.yaml", "--precision", "3"],
     "precision: found 3; allowed: a number between 0 and 1"),
    (["best", "s.yaml", "--goal", "least"], 'goal: found "least"; allowed: lowest, highest'),
    (["check", "none.yaml"],
     "none.yaml: found no such file; allowed: a scenario file in YAML, "
     "or a workbook in XLSX; did you mean s.yaml?"),
    (["trace", "s.yaml", "--policy", "as_is", "--replication", "0"],
     'policy: found "as_is"; allowed: as-is, more-seats; did you mean as-is?'),
    (["trace", "s.yaml", "--policy", "as-is", "--replication", "0", "--hamlet", "h1"],
     '--hamlet: found "h1"; allowed: H1, H2, H3, S1; did you mean H1?'),
    (["trace", "s.yaml", "--policy", "as-is", "--replication", "0", "--person", "5"],
     "--person: found 5; allowed: the key of somebody to whom something happens in this "
     "replication"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "told"), FAULTS)
def test_faults_are_one_line_and_nothing_is_written(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command(*arguments)
    assert (done.code, done.out, done.err) == (2, "", f"{told}\n")
    assert {p.name for p in tmp_path.iterdir()} == {"s.yaml", "hamlets.csv"}


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = SCENARIO.replace("years: 10", "years: no").replace("seats: 40", "seats: -1")
    done = command("check", written(tmp_path, text, TABLE.replace("school", "scool")))
    assert done.code == 2
    assert len(done.err.splitlines()) == 3
    assert "Traceback" not in done.err


def test_a_folder_with_something_else_is_refused(scenario: Path, tmp_path: Path) -> None:
    done = command("run", scenario, "--replications", "1", "--out", tmp_path)
    assert done.code == 2
    assert "found a folder that holds something else" in done.err
    assert scenario.exists()


USAGE = [
    (["run"], "SCENARIO: found nothing; allowed: a file or folder"),
    (["rum"],
     'root: found "rum"; allowed: template, check, run, best, trace, sweep, sensitivity, marginal, '
     "calibrate, backtest, reproduce, figures, report, describe, schema; did you mean run?"),
    (["run", "s.yaml", "--replications", "x"],
     '--replications: found "x"; allowed: a whole number of at least 1'),
    (["run", "s.yaml", "--replications", "0"],
     '--replications: found "0"; allowed: a whole number of at least 1'),
    (["run", "s.yaml", "--seed"], "--seed: found nothing; allowed: a value"),
    (["run", "s.yaml", "--json=1"], "--json: found a value; allowed: nothing"),
    (["trace", "s.yaml", "--polcy", "x"], 'root trace: found "--polcy"; allowed: --policy, '),
    (["trace", "s.yaml"], "--policy: found nothing; allowed: a text"),
    (["check", "s.yaml", "t.yaml"], 'root check: found "t.yaml"; allowed: nothing more'),
    (["--lang", "en"], "root: found no command; allowed: template, check, run, "),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "told"), USAGE)
def test_wrong_usage_is_a_fault_like_any_other(arguments: list[str], told: str) -> None:
    done = command(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(told.replace("root", "hamletsim"))
    assert len(done.err.splitlines()) <= 2


def test_no_arguments_give_the_help() -> None:
    assert command().out == command("--help").out
    assert command().code == 0


def test_a_fault_ends_quickly_and_without_traceback(tmp_path: Path) -> None:
    started = time.monotonic()
    running = process(["run", tmp_path / "none.yaml"])
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("command_", [["--help"], ["schema"], ["check", "none.yaml"]])
def test_quick_commands_read_no_heavy_library(command_: list[str]) -> None:
    code = (
        "import sys\nfrom sim.cli import app\n"
        f"try:\n    app({command_})\nexcept SystemExit:\n    pass\n"
        "heavy = [m for m in ('numba', 'pandas', 'pyarrow', 'matplotlib') if m in sys.modules]\n"
        "print('heavy', heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "heavy []"


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals")
@pytest.mark.parametrize("wish", ["colour", "none"])
def test_a_terminal_has_progress_and_colours_unless_they_are_not_wanted(
    scenario: Path, tmp_path: Path, wish: str
) -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    environment |= {"NO_COLOR": "1"} if wish == "none" else {}
    running = subprocess.Popen(
        [sys.executable, "-m", "sim", "run", "s.yaml", "--replications", "100"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    told = b""
    with suppress(OSError):  # the end of a terminal
        while part := os.read(ours, 65_536):
            told += part
    os.close(ours)
    out, _err = running.communicate(timeout=60)
    assert running.returncode == 0
    assert b"\x1b" not in out
    assert b"200/200" in told
    assert bool(re.search(rb"\x1b\[[349]\d", told)) == (wish == "colour")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_and_leaves_nothing(
    scenario: Path, tmp_path: Path, sent: signal.Signals
) -> None:
    out = tmp_path / "out" / "run"
    running = process(["run", scenario, "--replications", "1000000", "--jobs", "2", "--out", out])
    deadline = time.monotonic() + (120 if Path("/proc").exists() else 20)
    while not _has_threads(running.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    running.send_signal(sent)
    told, err = running.communicate(timeout=120)
    assert (running.returncode, told) == (130, "")
    assert re.fullmatch(rf"Interrupted; nothing was written( to {re.escape(str(out))})?\.\n", err)
    assert not out.parent.exists() or list(out.parent.iterdir()) == []


def test_an_interruption_that_became_another_error_or_got_lost_is_told(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "STOPPED", threading.Event())
    cli.STOPPED.set()
    lost = command("run", scenario, "--replications", "1", "--out", tmp_path / "run")
    monkeypatch.setattr(cli, "_loaded", lambda *_: 1 / 0)
    other = command("check", scenario)
    assert lost.code == other.code == 130
    assert lost.err.startswith(other.err.rstrip(".\n")) and other.err == "Interrupted.\n"
    assert not (tmp_path / "run").exists()


def test_an_interruption_that_a_library_lost_comes_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What it calls back cannot hand an error on: numba's compiler does, some hundred times."""

    def called_back() -> None:
        raise KeyboardInterrupt

    before, sys.unraisablehook = sys.unraisablehook, cli._lost
    try:
        with pytest.raises(KeyboardInterrupt):
            ctypes.CFUNCTYPE(None)(called_back)()
            time.sleep(5.0)
    finally:
        sys.unraisablehook = before
    assert capsys.readouterr().err == ""


def _has_threads(pid: int) -> bool:
    """Whether the process has begun to replicate in threads."""
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir())) > 2
    except OSError:
        return False


def test_a_stop_before_the_command_is_at_work_is_told_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """typer turns an early Ctrl-C into an exit code and says nothing."""

    def stopped() -> None:
        raise SystemExit(cli.INTERRUPTED)

    class Left(BaseException):
        pass

    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(cli, "app", stopped)
    monkeypatch.setattr(cli, "TOLD", threading.Event())
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(cli.os, "_exit", leave)
    with pytest.raises(Left, match="130"):
        cli.main()
    assert capsys.readouterr().err == "Interrupted; nothing was written.\n"
    cli.TOLD.set()
    with pytest.raises(Left, match="130"):
        cli.main()
    assert capsys.readouterr().err == ""
