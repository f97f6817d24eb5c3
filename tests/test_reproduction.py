"""A run made again from its folder: the same bytes, or what differs and by how much."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from sim import reproduction, store
from sim.reproduction import Change, Difference, reproduce
from sim.sweep import Sweep, running
from sim.sweep import folder as sweeps
from sim.sweep.design import Design, Parameter, Span
from tests import runs
from tests.test_cli import command


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run of chosen policies, with uncertain parameters, another seed and a changed value."""
    folder = tmp_path_factory.mktemp("original")
    loaded = sim.load(runs.scenario(folder)).with_values({"training.seats": 12, "years": 4})
    sim.run(loaded, ["posted-in"], 8, seed=77, out=folder / "run", jobs=2)
    yield folder / "run"


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def edited(run: Path, edit: Callable[[dict[str, Any]], None]) -> Path:
    """The run with another manifest."""
    edit_json(run / store.MANIFEST, edit)
    return run


def edit_json(file: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(file.read_text("utf-8"))
    edit(data)
    file.write_text(json.dumps(data), "utf-8")


def rewritten(run: Path, name: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    """The run as if it had written another table, its checksum included."""
    file = run / f"{name}.parquet"
    edit(pd.read_parquet(file)).to_parquet(file, index=False)
    checksum = store._checksum(file)
    return edited(run, lambda manifest: manifest["checksums"].update({file.name: checksum}))


def test_a_run_comes_out_the_same_by_any_number_of_threads(run: Path) -> None:
    found = reproduce(run, jobs=1)
    assert found.same
    assert found.changes == () and found.left_out == ()
    assert set(found.compared) == {f.name for f in run.iterdir()} - {store.MANIFEST}
    assert found.summary() == "The same: all 10 files have the same bytes."


def test_a_run_with_a_precision_comes_out_the_same(tmp_path: Path) -> None:
    short = sim.load(runs.scenario(tmp_path)).with_values({"years": 2})
    made = sim.run(short, precision=0.06, policies=[], out=tmp_path / "run")
    assert made.replications > 200
    assert reproduce(tmp_path / "run").same


def test_a_run_of_the_reference_engine_comes_out_the_same(tmp_path: Path) -> None:
    short = sim.load(runs.scenario(tmp_path)).with_values({"years": 2})
    sim.run(short, [], 2, engine="reference", out=tmp_path / "run")
    assert reproduce(tmp_path / "run").same


def test_it_is_made_from_the_units_as_they_were_given(run: Path) -> None:
    """Completed ones have other people, which this sees."""
    completed = json.loads((run / store.BASELINE).read_text("utf-8"))
    (run / store.GIVEN).write_text(json.dumps({"baseline": completed}), "utf-8")
    checksum = store._checksum(run / store.GIVEN)
    edited(run, lambda manifest: manifest["checksums"].update({store.GIVEN: checksum}))
    found = reproduce(run)
    assert [c.what for c in found.changes] == ["baseline_hash"]
    assert {"hamlets.parquet", "years.parquet"} <= {d.file for d in found.differences}


def test_another_scenario_is_seen_by_its_hash(run: Path) -> None:
    edited(run, lambda manifest: manifest["scenario"]["training"].update(seats=500))
    found = reproduce(run)
    assert [c.what for c in found.changes] == ["scenario_hash"]
    assert "years.parquet" in {d.file for d in found.differences}


def test_other_versions_and_another_machine_are_told(run: Path) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["versions"]["numpy"], manifest["sources"] = "1.0", "0"
        manifest["machine"] |= {"processor": "Z80", "cores": 640}

    now = store.versions()
    found = reproduce(edited(run, edit))
    assert found.same
    assert set(found.changes) == {
        Change("numpy", "1.0", now["numpy"]),
        Change("sources", "0", store.source_digest()),
        Change("processor", "Z80", store.platform_now()["processor"]),
    }
    assert f"  numpy: 1.0 then, {now['numpy']} now" in found.summary().splitlines()


def test_values_that_differ_are_told_with_place_and_size(run: Path) -> None:
    def edit(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[4, "p_lost"] += 0.25
        table.loc[[2, 4, 7], "p_below"] -= [2**-50, 0.5, 0.125]
        return table

    was = pd.read_parquet(run / "hamlets.parquet")
    found = reproduce(rewritten(run, "hamlets", edit))
    assert {d.file for d in found.differences} == {"hamlets.parquet"}
    below, lost = found.differences
    assert (lost.what, lost.row, lost.rows, lost.largest) == ("p_lost", 5, 1, 0.25)
    assert (lost.then, lost.now) == (str(was.p_lost[4] + 0.25), str(was.p_lost[4]))
    assert (below.what, below.row, below.rows, below.largest) == ("p_below", 3, 3, 0.5)
    assert "fault of hamletsim" in found.summary()
    assert "hamlets.parquet: p_below: row 3 has" in found.summary()


def test_texts_that_differ_have_no_size(run: Path) -> None:
    def edit(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[0, "name"] = "Xóm 0"
        return table

    (difference,) = reproduce(rewritten(run, "hamlets", edit)).differences
    assert (difference.what, difference.row, difference.largest) == ("name", 1, None)
    assert difference.then == '"Xóm 0"'


def test_columns_rows_and_bytes_that_differ_are_told(run: Path) -> None:
    rewritten(run, "years", lambda t: t.drop(columns="low").assign(extra=1)[:-2])
    rewritten(run, "pairs", lambda t: t)  # pandas adds what it knows of itself, or nothing
    file = run / "rule.parquet"
    pd.read_parquet(file).to_parquet(file, index=False, compression="gzip")
    edited(run, lambda m: m["checksums"].update({file.name: store._checksum(file)}))
    found = {(d.file, d.what): d for d in reproduce(run).differences}
    rows = len(pd.read_parquet(run / "years.parquet"))
    assert found.keys() == {
        ("years.parquet", "low"),
        ("years.parquet", "extra"),
        ("years.parquet", "number of rows"),
        ("rule.parquet", "the same values in other bytes"),
    }
    assert found["years.parquet", "low"][3:5] == ("nothing", "float64")
    assert found["years.parquet", "number of rows"][3:5] == (str(rows), str(rows + 2))


def test_what_was_damaged_added_or_never_written_is_told(run: Path) -> None:
    (run / "hamlets.parquet").write_bytes(b"")
    (run / "losses.parquet").unlink()

    def edit(manifest: dict[str, Any]) -> None:
        del manifest["checksums"]["pairs.parquet"]
        manifest["checksums"]["value.parquet"] = "0"

    found = reproduce(edited(run, edit))
    damaged = "damaged since; made again it is as the manifest says"
    assert found.differences == (
        Difference("hamlets.parquet", damaged, is_damage=True),
        Difference("losses.parquet", damaged, is_damage=True),
        Difference("pairs.parquet", "not written then"),
    )
    assert found.left_out == ("value.parquet",)
    assert "fault of hamletsim" in found.summary()


def test_a_changed_byte_is_no_fault_of_ours(run: Path) -> None:
    content = bytearray((run / "years.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (run / "years.parquet").write_bytes(content)
    found = reproduce(run)
    assert [one.file for one in found.differences] == ["years.parquet"]
    assert not found.same
    assert "fault" not in found.summary()


def test_the_command(run: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    done = command("reproduce", run, "--out", again)
    assert (done.code, done.out) == (0, "The same: all 10 files have the same bytes.\n")
    assert store.read(again).hamlets.equals(store.read(run).hamlets)
    rewritten(run, "hamlets", lambda t: t.assign(p_lost=0.0))
    done = command("reproduce", run, "--json")
    told = json.loads(done.out)
    assert done.code == 1
    assert told["same"] is False
    assert [d["what"] for d in told["differences"]] == ["p_lost"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda run: (run / "given.json").write_text("{}"), "given.json: found a damaged file"),
        (lambda run: (run / "given.json").unlink(), "given.json: found no such file"),
        (
            lambda run: edited(run, lambda m: m["checksums"].pop("given.json")),
            "allowed: a run that keeps what it was given; run the scenario again",
        ),
        (lambda run: edited(run, lambda m: m.pop("seed")), "manifest.json: seed: found a damaged"),
        (
            lambda run: edited(run, lambda m: m["scenario"]["rules"].update(minimum=3)),
            "manifest.json: rules.minimum: found a damaged file",
        ),
        (lambda run: edited(run, lambda m: m.update(policies=["x"])), 'policy: found "x"'),
        (lambda run: (run / "manifest.json").unlink(), "found no run"),
    ],
)
def test_what_cannot_be_made_again_is_one_line(
    run: Path, spoil: Callable[[Path], Any], told: str
) -> None:
    spoil(run)
    done = command("reproduce", run)
    assert done.code == 2
    assert told in done.err
    assert len(done.err.splitlines()) == 1


def test_a_run_does_not_take_its_own_place(run: Path) -> None:
    before = store.read(run).manifest
    done = command("reproduce", run, "--out", run.parent / "." / run.name)
    assert done.code == 2
    assert "found the same folder; allowed: another folder" in done.err
    assert store.read(run).manifest == before


def test_every_table_of_a_run_is_compared(original: Path) -> None:
    written = {file.name for file in original.iterdir()}
    assert written - set(reproduction.COMPARED) == {store.MANIFEST}


# ---------------------------------------------------------------- sweeps

SWEEP = """\
title: {en: A sweep, vi: "Quỳnh"}
scenario: s.yaml
policies: [more-seats, posted-in]
replications: 2
seed: 9
parameters:
  training.seats: {low: 10, high: 60, whole: true}
  source.listing.per_resident: {low: 0.001, high: 0.01, log: true}
  postings.renewal: [0.5, 1]
  policies.more-seats[0].seats.times: [1, 2.5]
design: {kind: latin_hypercube, points: 6, seed: 4}
outcomes: [lost, admitted]
"""


@pytest.fixture(scope="module")
def original_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    file = folder / "sweep.yaml"
    runs.scenario(folder)
    file.write_text(SWEEP, "utf-8")
    sim.sweep(file, folder / "out", jobs=1)
    return folder / "out"


@pytest.fixture
def swept(original_sweep: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original_sweep, tmp_path / "swept"))


def redescribed(swept: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    """The sweep with another description."""
    edit_json(swept / sweeps.DESCRIPTION, edit)
    return swept


def bytes_of(folder: Path) -> dict[str, bytes]:
    left_out = (sweeps.TIMINGS, sweeps.LOCK, sweeps.MADE)
    files = [f for f in folder.rglob("*") if f.is_file() and f.name not in left_out]
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in files}


def test_a_sweep_comes_out_the_same(swept: Path, tmp_path: Path) -> None:
    found = reproduce(swept, tmp_path / "again")
    assert found.summary() == "The same: all 3 files have the same bytes."
    assert found.changes == ()
    assert bytes_of(tmp_path / "again") == bytes_of(swept)


@pytest.mark.parametrize(
    ("design", "parameters"),
    [
        ("grid", "training.seats: {low: 10, high: 40, levels: 2}"),
        ("one_at_a_time", "training.seats: {low: 10, high: 12, whole: true, levels: 9}"),
        ("sobol, points: 2", "training.seats: {low: 5, high: 50, log: true, whole: true}"),
    ],
)  # fmt: skip
def test_every_design_comes_out_the_same(tmp_path: Path, design: str, parameters: str) -> None:
    """Nine levels of three whole numbers are three: what is kept is not what was asked for."""
    runs.scenario(tmp_path)
    text = f"scenario: s.yaml\npolicies: [as-is]\nreplications: 1\nparameters: {{{parameters}}}\n"
    (tmp_path / "x.yaml").write_text(f"{text}design: {{kind: {design}}}\n", "utf-8")
    sim.sweep(tmp_path / "x.yaml", tmp_path / "out", jobs=1)
    assert reproduce(tmp_path / "out", tmp_path / "again").same
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "out")


def test_a_sweep_of_a_study_comes_out_the_same(tmp_path: Path) -> None:
    """Distributions, settings that move together and lives of each point's own."""
    loaded = sim.load(runs.scenario(tmp_path)).with_values({"years": 2})
    prior = loaded.scenario.uncertain["postings.renewal"]
    times = "policies.more-seats[0].seats.times"
    parameters = (
        Parameter("postings.renewal", prior=prior),
        Parameter("training.seats", span=Span(10, 40, whole=True), also=("years",)),
        Parameter(times, span=Span(1, 4, log=True)),
    )
    design = Design(parameters, "morris", 1, seed=3)
    wanted = Sweep(loaded, design, ("as-is", "more-seats"), 2, 5, ("lost",), own_lives=True)
    running.run(wanted, tmp_path / "out", jobs=1)
    assert reproduce(tmp_path / "out", tmp_path / "again").same
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "out")


def test_points_that_fail_come_out_the_same_wherever_the_scenario_lay(tmp_path: Path) -> None:
    text = (
        "scenario: ../s.yaml\nreplications: 1\npolicies: [as-is, more-seats]\n"
        "parameters: {training.on: [true, false]}\n"
    )
    runs.scenario(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "x.yaml").write_text(text, "utf-8")
    done = sim.sweep(tmp_path / "below" / "x.yaml", tmp_path / "out", jobs=1)
    assert done.failures["fault"].str.startswith("s.yaml: policies.more-seats[0]").all()
    assert len(done.failures) == 1
    assert reproduce(tmp_path / "out").same


def test_a_sweep_made_before_it_kept_its_units_goes_on_and_can_be_made_again(
    swept: Path, original_sweep: Path
) -> None:
    redescribed(swept, lambda d: d.pop("checksums"))
    (swept / sweeps.GIVEN).unlink()
    (swept / sweeps.MADE).unlink()
    done = command("reproduce", swept)
    assert done.code == 2
    assert "allowed: a sweep that keeps what it was given; its command adds that" in done.err
    before = sorted((swept / sweeps.PARTS).iterdir())
    sim.sweep(original_sweep.parent / "sweep.yaml", swept, jobs=1)
    assert sorted((swept / sweeps.PARTS).iterdir()) == before
    assert bytes_of(swept) == bytes_of(original_sweep)
    assert reproduce(swept).same


def test_other_versions_and_machines_of_a_sweep_are_told(swept: Path) -> None:
    """One that went on somewhere else was made in both places."""
    there, now = json.loads((swept / sweeps.MADE).read_text("utf-8")), store.platform_now()
    other = json.loads(json.dumps(there[0]))
    other["versions"]["numpy"], other["machine"]["processor"] = "1.0", "Z80"
    (swept / sweeps.MADE).write_text(json.dumps([*there, other]), "utf-8")
    redescribed(swept, lambda d: d["versions"].update(numpy="1.0"))
    found = reproduce(swept)
    numpy = store.versions()["numpy"]
    assert found.same
    assert set(found.changes) == {
        Change("numpy", f"{numpy}, 1.0", numpy),
        Change("processor", f"{now['processor']}, Z80", now["processor"]),
    }


def test_values_of_a_sweep_that_differ_are_told(swept: Path) -> None:
    (part,) = sweeps.tables_in(swept / sweeps.PARTS)
    table = pd.read_parquet(part)
    was = table.loc[3, "value"]
    table.loc[3, "value"] += 0.25
    content = table.to_parquet(None, index=False)
    part.unlink()
    part.with_name(f"part-000000-{sweeps._checksum(content)}.parquet").write_bytes(content)
    done = command("reproduce", swept)
    assert done.code == 1
    assert f"part-000000.parquet: value: row 4 has {was + 0.25} then, {was} now" in done.out
    assert "Versions, platform and data are as they were" in done.out


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda s: (s / "given.json").write_text("{}"), "given.json: found a damaged file"),
        (lambda s: (s / "given.json").unlink(), "given.json: found a damaged file"),
        (lambda s: (s / "points.parquet").write_bytes(b"PAR1"), "points.parquet: found a damaged"),
        (lambda s: redescribed(s, lambda d: d.update(seed="9")), "sweep.json: seed: found a dam"),
        (
            lambda s: redescribed(s, lambda d: d["scenario"]["training"].update(seats=11)),
            "sweep.json: scenario_hash: found a damaged file",
        ),
        (
            lambda s: redescribed(s, lambda d: d["scenario"]["training"].update(seats="x")),
            "found a damaged file",
        ),
        (
            lambda s: redescribed(s, lambda d: d["parameters"].update({"postings.renewal": [1]})),
            "sweep.json: parameters: found a damaged file",
        ),
        (lambda s: next((s / "outcomes").iterdir()).unlink(), "found 0 parts of 1"),
        (lambda s: (s / "sweep.json").write_text("[]"), "found a list of 0"),
    ],
)
def test_a_sweep_that_cannot_be_made_again_is_one_line(
    swept: Path, spoil: Callable[[Path], Any], told: str
) -> None:
    spoil(swept)
    done = command("reproduce", swept)
    assert done.code == 2
    assert told in done.err
    assert len(done.err.splitlines()) == 1


def test_what_is_there_already_is_not_taken_for_made_again(swept: Path, tmp_path: Path) -> None:
    shutil.copytree(swept, tmp_path / "again")
    done = command("reproduce", swept, "--out", tmp_path / "again")
    assert done.code == 2
    assert "allowed: a new folder, or an empty one" in done.err


def test_a_sweep_over_files_is_not_made_again(tmp_path: Path) -> None:
    runs.scenario(tmp_path)
    shutil.copy(tmp_path / "hamlets.csv", tmp_path / "more.csv")
    text = (
        "scenario: s.yaml\nreplications: 1\npolicies: [as-is]\n"
        "parameters: {baseline: [hamlets.csv, more.csv]}\n"
    )
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    sim.sweep(tmp_path / "x.yaml", tmp_path / "out", jobs=1)
    done = command("reproduce", tmp_path / "out")
    assert done.code == 2
    assert "a sweep over baseline, whose files are not kept" in done.err
