"""Sweeps: designs, what a folder holds, going on after whatever stopped it, bad input."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim import store
from sim.messages import BadInput
from sim.risk import intervals
from sim.sweep import description, finished, folder, run, workers
from sim.sweep.design import Design, Parameter, Span
from sim.sweep.work import Done, work_on
from tests.load_samples import SCENARIO, written
from tests.test_cli import ROOT, command, process

SWEEP = """\
scenario: s.yaml
replications: 3
parameters:
  training.seats: {low: 10, high: 60, whole: true, levels: 3}
  source.listing.per_resident: [0.001, 0.01]
  policies.more-seats[0].seats.times: [1.0, 3.0]
outcomes: [lost, admitted]
"""


@pytest.fixture
def sweep_file(tmp_path: Path) -> Path:
    return swept(tmp_path)


def swept(place: Path, text: str = SWEEP, scenario: str = SCENARIO) -> Path:
    """The path of a sweep file, written with its scenario."""
    written(place, scenario)
    (place / "sweep.yaml").write_text(text, encoding="utf-8")
    return place / "sweep.yaml"


def tables(place: Path) -> dict[str, bytes]:
    """All that must come out the same, by name."""
    files = [f for f in place.rglob("*") if f.is_file() and f.name not in ("timings.csv", ".lock")]
    return {str(f.relative_to(place)): f.read_bytes() for f in files}


# ---------------------------------------------------------------- designs

A, B = Parameter("a", (1, 2, 3)), Parameter("b", ("x", "y"))


def points(design: Design) -> list[tuple[Any, ...]]:
    return [design.values(i) for i in range(len(design))]


def test_a_grid_has_every_combination_and_the_last_changes_fastest() -> None:
    grid = points(Design((A, B), "grid"))
    assert grid == [(1, "x"), (1, "y"), (2, "x"), (2, "y"), (3, "x"), (3, "y")]


def test_one_at_a_time_begins_with_the_scenario_as_it_is() -> None:
    alone = points(Design((A, B), "one_at_a_time"))
    assert alone == [(None, None), (1, None), (2, None), (3, None), (None, "x"), (None, "y")]


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_samples_fill_every_stratum(kind: Any) -> None:
    """16 points: one in each sixteenth of a range, and each of two values eight times."""
    design = Design((Parameter("s", span=Span(2.0, 4.0)), B), kind, 16, seed=3)
    ranged, chosen = zip(*points(design), strict=True)
    assert sorted(int((v - 2.0) * 8) for v in ranged) == list(range(16))
    assert [chosen.count(v) for v in ("x", "y")] == [8, 8]
    assert points(design) == points(Design(design.parameters, kind, 16, seed=3))
    assert points(design) != points(Design(design.parameters, kind, 16, seed=4))


def test_points_outside_a_design_are_none() -> None:
    for point in (-1, 6):
        with pytest.raises(IndexError):
            Design((A, B), "grid").values(point)


def test_spans() -> None:
    assert [Span(1.0, 100.0, log=True).at(x) for x in (0, 0.5, 1)] == [1.0, 10.0, 100.0]
    assert [Span(1, 4, whole=True).at(x) for x in (0, 0.4, 0.6, 1)] == [1, 2, 3, 4]
    assert Span(0.1, 0.3).at(1.0) == 0.3  # .1 + (.3 - .1) is more than .3


# ---------------------------------------------------------------- what comes out


def test_a_point_is_a_run_with_these_values(sweep_file: Path, tmp_path: Path) -> None:
    done = sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    assert len(done.points) == 12
    assert len(done.outcomes) == 12 * 2 * 2
    values = {"training.seats": 35, "source.listing.per_resident": 0.01}
    loaded = sim.load(tmp_path / "s.yaml")
    loaded = sim.load.with_settings(
        loaded,
        [f"{k}={v}" for k, v in values.items()] + ["policies.more-seats[0].seats.times=3.0"],
    )
    study = sim.run(loaded, replications=3).study
    chosen = done.outcomes.query(
        "`training.seats` == 35 and `source.listing.per_resident` == 0.01"
        " and `policies.more-seats[0].seats.times` == 3.0 and policy == 'more-seats'"
    ).set_index("outcome")
    tally, base = study.tallies["more-seats"], study.tallies["as-is"]
    admitted = tally.measure("admitted").sum(axis=1)
    assert chosen.at["admitted", "value"] == admitted.mean()
    found = intervals.mean(admitted - base.measure("admitted").sum(axis=1), tally.draw)
    row = chosen.loc["admitted", ["difference", "difference_low", "difference_high"]]
    assert row.tolist() == [float(end) for end in found]
    assert chosen.at["lost", "value"] == tally.measure("lost")[:, -1].mean()
    base_rows = done.outcomes.query("policy == 'as-is'")
    assert base_rows["difference"].isna().all()


def test_sampled_numbers_are_numbers_and_the_summary_names_what_moves_most(tmp_path: Path) -> None:
    text = """\
scenario: s.yaml
policies: [as-is]
replications: 2
parameters:
  training.seats: {low: 10, high: 60, whole: true}
  source.listing.per_resident: {low: 0.0, high: 0.02}
  training.priority: [first_come, youngest_first]
design: {kind: latin_hypercube, points: 16}
outcomes: [listed_in_year]
"""
    done = sim.sweep(swept(tmp_path, text), tmp_path / "out", jobs=1)
    assert [t.kind for t in done.points.dtypes[:3]] == ["i", "i", "f"]
    assert set(done.points["training.priority"]) == {"first_come", "youngest_first"}
    assert "source.listing.per_resident (+" in done.summary()


def test_where_nothing_differed_the_difference_has_a_bound(tmp_path: Path) -> None:
    file = swept(tmp_path, SWEEP.replace("[1.0, 3.0]", "[1.0]"))
    lost = sim.sweep(file, tmp_path / "out", jobs=1).outcomes.query(
        "outcome == 'lost' and policy == 'more-seats'"
    )
    assert (lost["difference"] == 0).all()
    assert np.allclose(lost["difference_high"], -np.log(0.025) / 3)


def test_what_is_swept_is_no_longer_uncertain(tmp_path: Path) -> None:
    uncertain = "uncertain: {training.attendance: {distribution: beta, mean: 0.8, sd: 0.1}}\n"
    text = SWEEP.replace("training.seats: {low: 10, high: 60, whole: true, levels: 3}",
                         "training.attendance: [0.5, 0.9]")  # fmt: skip
    sweep = description.read(swept(tmp_path, text, SCENARIO + uncertain))
    at_first = sweep.at(0).scenario
    assert at_first.training.attendance == 0.5
    assert not at_first.uncertain
    assert sweep.loaded.scenario.uncertain


def test_more_than_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sim.sweep(swept(tmp_path), tmp_path / "a", jobs=1)
    monkeypatch.setattr(folder, "PART_SIZE", 5)
    parted = sim.sweep(tmp_path / "sweep.yaml", tmp_path / "b", jobs=1)
    assert len(list((tmp_path / "b" / "outcomes").iterdir())) == 3
    assert not any((tmp_path / "b" / "done").iterdir())
    pd.testing.assert_frame_equal(whole.outcomes, parted.outcomes)


def test_a_point_that_fails_is_told_and_stops_no_other(tmp_path: Path) -> None:
    """Each value does alone; a founding strength below the minimum does not."""
    rules = "rules: {minimum_official_members: 3, founding_strength: 4}\n"
    text = """\
scenario: s.yaml
replications: 1
parameters: {rules.minimum_official_members: [3, 4], rules.founding_strength: [4, 3]}
"""
    done = sim.sweep(swept(tmp_path, text, SCENARIO + rules), tmp_path / "out", jobs=1)
    assert set(done.outcomes["point"]) == {0, 1, 2}
    assert done.failures["point"].tolist() == [3]
    assert "founding_strength: found 3; allowed: 4 or more" in done.failures["fault"][0]
    assert "1 point failed:" in done.summary()
    again = tables(tmp_path / "out")
    sim.sweep(tmp_path / "sweep.yaml", tmp_path / "out", jobs=1)
    assert tables(tmp_path / "out") == again


# ---------------------------------------------------------------- the same bytes


@pytest.fixture
def undisturbed(sweep_file: Path, tmp_path: Path) -> dict[str, bytes]:
    sim.sweep(sweep_file, tmp_path / "undisturbed", jobs=1)
    return tables(tmp_path / "undisturbed")


def test_processes_give_the_same(
    sweep_file: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    sim.sweep(sweep_file, tmp_path / "out", jobs=2)
    assert tables(tmp_path / "out") == undisturbed


def test_a_program_without_a_guard_can_sweep(
    sweep_file: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    """Workers do not import the caller's program, so that it need not protect itself from that."""
    script = tmp_path / "program.py"
    script.write_text("import sim\nprint('once')\nsim.sweep('sweep.yaml', 'out', jobs=2)\n")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "once\n"
    assert tables(tmp_path / "out") == undisturbed


class Stop(Exception):  # noqa: N818 - ends a sweep in the middle
    pass


def stop_after(number: int) -> Any:
    """A report of progress that ends the sweep after so many more points."""
    calls = iter(range(number + 1))

    def told(done: int, whole: int) -> None:
        if next(calls) == number:
            raise Stop

    return told


@pytest.mark.parametrize("number", [1, 5, 11])
def test_going_on_does_only_what_is_left(
    sweep_file: Path,
    tmp_path: Path,
    undisturbed: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    with pytest.raises(Stop):
        sim.sweep(sweep_file, tmp_path / "out", jobs=1, progress=stop_after(number))
    worked: list[int] = []

    def working(sweep: Any, point: int) -> Done:
        worked.append(point)
        return work_on(sweep, point)

    monkeypatch.setattr(workers, "work_on", working)
    sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    assert worked == list(range(number, 12))
    assert tables(tmp_path / "out") == undisturbed


def waited(condition: Any) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_killed_twice_it_goes_on(
    sweep_file: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    for kept in (2, 6):
        killed = process(["sweep", sweep_file, "--out", out, "--jobs", "2"])
        waited(lambda kept=kept: len(list(out.glob("done/*.parquet"))) >= kept)
        killed.kill()
        killed.communicate()
        assert killed.returncode == -signal.SIGKILL
    last = process(["sweep", sweep_file, "--out", out, "--jobs", "2"])
    _, err = last.communicate(timeout=60)
    assert last.returncode == 0, err
    assert tables(out) == undisturbed
    worked = (out / "timings.csv").read_text().splitlines()
    assert 12 <= len(worked) <= 12 + 2  # killed between keeping a point and noting its time


def test_left_between_a_part_and_its_points_it_goes_on(
    sweep_file: Path,
    tmp_path: Path,
    undisturbed: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed after writing a part, before all that went into it is removed."""
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("0000007"):
            raise Stop
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(Stop):
        sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    monkeypatch.undo()
    assert len(list((tmp_path / "out" / "done").iterdir())) == 5
    sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    assert tables(tmp_path / "out") == undisturbed


def test_workers_leave_with_the_process_that_made_them(sweep_file: Path, tmp_path: Path) -> None:
    """Their output is closed only when the last of them is gone."""
    begun = process(["sweep", sweep_file, "--out", tmp_path / "out", "--jobs", "2"])
    waited(lambda: list(tmp_path.glob("out/done/*.parquet")))
    begun.kill()
    begun.communicate(timeout=10)


def test_what_was_half_written_when_killed_is_removed(
    sweep_file: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "undisturbed"
    for name in ("sweep.json", "points.parquet", "done/0000001-0123456789abcdef.parquet"):
        (out / f"{name}.partial").write_text("half")
    sim.sweep(sweep_file, out, jobs=1)
    assert tables(out) == undisturbed


def test_no_space_left(
    sweep_file: Path,
    tmp_path: Path,
    undisturbed: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = iter(range(1000))
    fsync = os.fsync

    def full(number: int) -> None:
        if next(calls) >= 8:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(number)

    monkeypatch.setattr(os, "fsync", full)
    told = command("sweep", sweep_file, "--out", tmp_path / "out", "--jobs", "1")
    assert told.code == 2
    assert "no space left; allowed: more space; then the same command goes on" in told.err
    monkeypatch.undo()
    assert not list((tmp_path / "out").rglob("*.partial"))
    assert len(list((tmp_path / "out" / "done").iterdir())) == 4
    assert command("sweep", sweep_file, "--out", tmp_path / "out", "--jobs", "1").code == 0
    assert tables(tmp_path / "out") == undisturbed


def test_interrupted_it_says_what_is_kept(
    sweep_file: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    begun = process(["sweep", sweep_file, "--out", out, "--jobs", "2"])
    waited(lambda: len(list(out.glob("done/*.parquet"))) >= 2)
    begun.send_signal(signal.SIGINT)
    _, err = begun.communicate(timeout=60)
    assert begun.returncode == 130
    assert f"Interrupted; the points done so far are kept in {out}." in err
    assert "Traceback" not in err
    sim.sweep(sweep_file, out, jobs=1)
    assert tables(out) == undisturbed


# ---------------------------------------------------------------- workers that die


def deadly(sweep: Any, point: int) -> Done:
    if point == 3:
        os._exit(1)
    return work_on(sweep, point)


def test_a_point_that_kills_its_worker_is_given_up_and_no_other(
    sweep_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MOST_DEATHS", 2)
    sweep = description.read(sweep_file)
    done = {d.point: d for d in workers.in_processes(sweep, range(5), 2, deadly)}
    assert sorted(done) == list(range(5))
    assert [d.point for d in done.values() if d.fault] == [3]
    assert done[3].fault == "its worker has died 2 times"
    assert all(repr(done[p].rows) == repr(work_on(sweep, p).rows) for p in (0, 4))


@pytest.fixture
def cluster() -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made


def test_a_cluster_that_loses_a_worker_gives_the_same(
    sweep_file: Path, tmp_path: Path, undisturbed: dict[str, bytes], cluster: Any
) -> None:
    out = tmp_path / "out"
    begun = process(["sweep", sweep_file, "--out", out, "--scheduler", cluster.scheduler_address])
    waited(lambda: len(list(out.glob("done/*.parquet"))) >= 2)
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    _, err = begun.communicate(timeout=120)
    assert begun.returncode == 0, err
    assert tables(out) == undisturbed


# ---------------------------------------------------------------- folders


def refused(call: Any) -> str:
    with pytest.raises(BadInput) as bad:
        call()
    return str(bad.value)


def test_a_second_process_is_refused(sweep_file: Path, tmp_path: Path) -> None:
    sweep = description.read(sweep_file)
    with folder.opened(tmp_path / "out", sweep):
        told = process(["sweep", sweep_file, "--out", tmp_path / "out"])
        _, err = told.communicate(timeout=60)
    assert told.returncode == 2
    assert "found another process at work in this folder; allowed: one at a time" in err


def test_another_sweep_is_refused(sweep_file: Path, tmp_path: Path) -> None:
    sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    before = tables(tmp_path / "out")
    other = swept(tmp_path, SWEEP.replace("replications: 3", "replications: 4"))
    told = refused(lambda: sim.sweep(other, tmp_path / "out", jobs=1))
    assert "another sweep, which differs in replications" in told
    assert tables(tmp_path / "out") == before


def test_a_folder_of_other_versions_is_told(sweep_file: Path, tmp_path: Path) -> None:
    sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    file = tmp_path / "out" / "sweep.json"
    data = json.loads(file.read_text())
    data["versions"]["numpy"] = "1.0.0"
    file.write_text(json.dumps(data))
    told = refused(lambda: sim.sweep(sweep_file, tmp_path / "out", jobs=1))
    assert "found a sweep begun with numpy 1.0.0; allowed: the same versions, to go on" in told
    data["versions"] |= {"numpy": np.__version__, "sources": "0"}
    file.write_text(json.dumps(data))
    told = refused(lambda: sim.sweep(sweep_file, tmp_path / "out", jobs=1))
    assert "found a sweep begun with sources 0; allowed: the same versions" in told
    data["format"] = "hamletsim sweep 0"
    file.write_text(json.dumps(data))
    told = refused(lambda: finished(tmp_path / "out"))
    assert 'found "hamletsim sweep 0"; allowed: the folder of a sweep (hamletsim sweep 1)' in told
    assert told.endswith("or another folder, in which the sweep begins anew")


@pytest.mark.parametrize("missing", ["versions", "outcomes", "design.points"])
def test_a_description_with_something_missing_is_told(
    missing: str, sweep_file: Path, tmp_path: Path
) -> None:
    sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    file = tmp_path / "out" / "sweep.json"
    data = json.loads(file.read_text())
    *above, last = missing.split(".")
    del (data[above[0]] if above else data)[last]
    file.write_text(json.dumps(data))
    for again in (lambda: sim.sweep(sweep_file, tmp_path / "out", jobs=1),
                  lambda: finished(tmp_path / "out")):  # fmt: skip
        told = refused(again)
        assert f"sweep.json: {missing}: found a damaged file; allowed: what the sweep wrote" in told


def test_a_description_of_other_parameters_is_told(sweep_file: Path, tmp_path: Path) -> None:
    sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    file = tmp_path / "out" / "sweep.json"
    data = json.loads(file.read_text())
    data["parameters"]["training.attendance"] = [0.5]
    file.write_text(json.dumps(data))
    assert "parameters.training.attendance: found a damaged file" in refused(
        lambda: finished(tmp_path / "out")
    )


def test_a_folder_of_something_else_is_left_alone(sweep_file: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    told = refused(lambda: sim.sweep(sweep_file, tmp_path / "out", jobs=1))
    assert "a folder that holds something else" in told
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_what_a_user_puts_beside_the_tables_is_left_alone(sweep_file: Path, tmp_path: Path) -> None:
    done = sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    for place in ("outcomes", "done", "."):
        (tmp_path / "out" / place / "notes.txt").write_text("mine")
        (tmp_path / "out" / place / "notes.partial").write_text("mine")
    before = tables(tmp_path / "out")
    again = sim.sweep(sweep_file, tmp_path / "out", jobs=1)
    assert tables(tmp_path / "out") == before
    pd.testing.assert_frame_equal(done.outcomes, again.outcomes)


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b[:200], lambda b: b + b"x",
                                    lambda b: bytes([*b[:99], b[99] ^ 1, *b[100:]])])  # fmt: skip
def test_a_damaged_table_is_refused_or_made_again(
    sweep_file: Path, tmp_path: Path, undisturbed: dict[str, bytes], change: Any
) -> None:
    out = tmp_path / "undisturbed"
    (part,) = (out / "outcomes").iterdir()
    part.write_bytes(change(part.read_bytes()))
    assert "found a damaged file" in refused(lambda: finished(out))
    notices: list[str] = []
    run(description.read(sweep_file), out, jobs=1, notice=notices.append)
    assert notices == ["1 damaged file is made again"]
    assert tables(out) == undisturbed


def test_an_unfinished_sweep_is_not_read(sweep_file: Path, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        sim.sweep(sweep_file, tmp_path / "out", jobs=1, progress=stop_after(3))
    assert "found 0 parts of 1; allowed: the whole sweep" in refused(
        lambda: finished(tmp_path / "out")
    )
    assert "no sweep" in refused(lambda: finished(tmp_path))


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("scenario: s.yaml", "scenario: t.yaml", 't.yaml: found no such file'),
        ("scenario: s.yaml\n", "", 'scenario: found nothing; allowed: the name of a scenario'),
        ("replications: 3", "replicatons: 3", "line 2: replicatons: found \"replicatons\""),
        ("replications: 3", "replications: 0", "found 0; allowed: a whole number from 1"),
        ("replications: 3", "policies: [more-seat]", "did you mean more-seats?"),
        ("replications: 3", "policies: []", "policies: found a list of 0; allowed: a list of"),
        ("training.seats", "training.seat", "did you mean training.seats?"),
        ("low: 10", "low: 70", "found low 70, high 60; allowed: low below high"),
        ("low: 10", "low: ten", 'parameters.training.seats.low: found "ten"; allowed: a number'),
        ("low: 10", "low: -1", "found training.seats: -1; allowed: a whole number"),
        (", levels: 3", "", "levels: found nothing; allowed: levels, the number of values"),
        ("whole: true", "log: 1", "log: found 1; allowed: true or false"),
        ("low: 10", "log: true, low: 0", "low: found 0; allowed: more than 0 in a range with log"),
        ("[0.001, 0.01]", "[0.001, 0.001]", "found a value twice; allowed: each value once"),
        ("[0.001, 0.01]", "0.01", "found 0.01; allowed: a list of values, or a range such as"),
        ("[0.001, 0.01]", "[0.001, -2]", "source.listing.per_resident: found source.listing"),
        ("[lost, admitted]", "[lost, lost]", 'outcomes[1]: found "lost" twice'),
        ("[lost, admitted]", "[losst]", "did you mean lost?"),
        ("outcomes:", "design: {kind: sobl}\noutcomes:", "did you mean sobol?"),
        ("outcomes:", "design: {points: 3}\noutcomes:", "found 3; allowed: points with"),
        ("outcomes:", "design: {kind: sobol}\noutcomes:", "allowed: how many points to sample"),
        ("outcomes:", "design: {kind: sobol, points: 12}\noutcomes:", "such as 8 or 16"),
        ("outcomes:", "design: {kind: sobol, points: 8}\noutcomes:", "allowed: no levels of"),
        ("outcomes:", "design: 3\noutcomes:", "design: found 3; allowed: a mapping"),
        ("levels: 3", "levels: 2000000", "levels: found 2000000; allowed: a whole number from 2"),
        ("whole: true, levels: 3", "levels: 4", "`whole: true` makes a range of them"),
        ("source.listing.per_resident: [0.001, 0.01]", "replications: [3, 4]",
         "allowed: the key replications of the sweep"),
        ("source.listing.per_resident: [0.001, 0.01]", "seed: [3, 4]",
         "allowed: the key seed of the sweep"),
        ("source.listing.per_resident: [0.001, 0.01]", "title: [a, b]",
         "allowed: a parameter on which outcomes depend"),
        ("replications: 3", "policies: [as-is]",
         "policies.more-seats[0].seats.times\"; allowed: a lever of a policy that runs: as-is"),
        ("more-seats[0].seats.times", "more-seats[0].seats.time",
         "did you mean policies.more-seats[0].seats.times?"),
    ],
)  # fmt: skip
def test_bad_sweep_files(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SWEEP
    done = command("sweep", swept(tmp_path, SWEEP.replace(old, new)), "--out", tmp_path / "out")
    assert done.code == 2
    assert told in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


def test_a_sweep_file_that_is_not_there(tmp_path: Path) -> None:
    done = command("sweep", tmp_path / "none.yaml")
    assert done.code == 2
    assert "found no such file; allowed: a sweep file in YAML" in done.err


def test_too_many_points(tmp_path: Path) -> None:
    text = SWEEP.replace("whole: true, levels: 3", "levels: 1000000").replace(
        "[0.001, 0.01]", "{low: 0.001, high: 0.01, levels: 100}"
    )
    told = refused(lambda: description.read(swept(tmp_path, text)))
    assert "design: found 200,000,000 points; allowed: at most 10,000,000 points" in told


@pytest.mark.parametrize(
    ("address", "told"),
    [("nonsense", "missing port"), ("tcp://127.0.0.1:9", "tcp://127.0.0.1:9")],
)
def test_bad_addresses(
    sweep_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, told: str
) -> None:
    monkeypatch.setattr(workers, "SECONDS_TO_CONNECT", 1)
    done = command("sweep", sweep_file, "--out", tmp_path / "out", "--scheduler", address)
    assert done.code == 2
    assert f"--scheduler: found {address}" in done.err
    assert told in done.err
    assert not (tmp_path / "out").exists()


def test_a_scheduler_is_reached_from_a_notebook(
    sweep_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an event loop runs already."""
    monkeypatch.setattr(workers, "SECONDS_TO_CONNECT", 1)

    async def cell() -> str:
        return refused(
            lambda: sim.sweep(sweep_file, tmp_path / "out", scheduler="tcp://127.0.0.1:9")
        )

    assert "allowed: the address of a running scheduler" in asyncio.run(cell())


def test_workers_with_other_libraries_or_sources_are_refused(
    sweep_file: Path, tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels may be the same and what is made of their counts be not."""
    here = workers.versions()
    known = store.versions()
    monkeypatch.setattr(store, "versions", lambda: known | {"scipy": "1.0"})
    monkeypatch.setattr(store, "source_digest", lambda: "0")
    address = cluster.scheduler_address
    told = refused(lambda: sim.sweep(sweep_file, tmp_path / "out", scheduler=address))
    there = f"sources {here['sources']}, scipy {here['scipy']}"
    assert f"found workers with {there}; allowed: workers with sources 0, scipy 1.0" in told
    assert not (tmp_path / "out").exists()


def test_jobs_or_a_scheduler(sweep_file: Path, tmp_path: Path) -> None:
    told = refused(lambda: sim.sweep(sweep_file, tmp_path / "o", jobs=1, scheduler="tcp://x:1"))
    assert told == "jobs, scheduler: found both; allowed: one of the two"
