"""A run's folder is there whole or not at all, and nothing else is ever deleted."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim import store
from sim.messages import BadInput
from sim.world import complete
from tests.risk_samples import sample

WRITTEN = ["baseline.json", "given.json", "hamlets.parquet", "manifest.json"]
ROOT = Path(__file__).parents[1]
TABLES = {"hamlets": pd.DataFrame({"hamlet": ["A"], "p_lost": [0.5]})}


def save(folder: Path, tables: dict[str, pd.DataFrame] = TABLES) -> None:
    loaded = sample()
    made = store.provenance(loaded.scenario, loaded.baseline)
    asked = {"seed": 1, "engine": "compiled", "policies": ["as-is"], "replications": 2}
    store.save(folder, tables, made | asked | {"precision": None, "parameter_draws": 1}, loaded)


class Unwritable(pd.DataFrame):
    """A table at which writing fails half-way."""

    def to_parquet(self, path: Path, **_: object) -> None:  # type: ignore[override]
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_run_is_written_and_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    save(folder)
    assert files(folder) == WRITTEN
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "hamlets.parquet"), TABLES["hamlets"])
    assert store.is_run(folder)
    assert files(folder.parent) == ["run"]


def test_the_manifest_repeats_the_run(tmp_path: Path) -> None:
    save(tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    loaded = sample()
    assert type(loaded.scenario).model_validate(manifest["scenario"]) == loaded.scenario
    assert set(manifest) >= {"scenario_hash", "baseline_hash", "versions", "command", "machine"}
    baseline = (tmp_path / "run" / "baseline.json").read_text("utf-8")
    completed = complete(loaded.baseline, loaded.scenario.completion)
    assert type(loaded.baseline).model_validate_json(baseline) == completed != loaded.baseline
    assert store.loaded_of(tmp_path / "run") == (loaded, manifest)


def test_hashes_follow_the_content() -> None:
    loaded = sample()
    changed = loaded.with_values({"training.seats": 7})
    one, other = (store.provenance(s.scenario, s.baseline) for s in (loaded, changed))
    assert one["scenario_hash"] != other["scenario_hash"]
    assert one["baseline_hash"] == other["baseline_hash"]
    assert store.digest({"a": 1, "b": 2}) == store.digest({"b": 2, "a": 1})


def test_a_new_run_takes_the_place_of_an_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    save(folder)
    save(folder, {"years": TABLES["hamlets"]})
    assert files(folder) == ["baseline.json", "given.json", "manifest.json", "years.parquet"]
    assert files(tmp_path) == ["run"]


def test_what_somebody_put_beside_a_run_stays(tmp_path: Path) -> None:
    """What was made of the old run does not: its report, its model and its figures."""
    run = tmp_path / "run"
    save(run)
    theirs = ["notes.txt", "figures/own.pdf", "more/table.parquet", "report-vi.html"]
    ours = ["report.html", "model.html", "figures/tiles.png", "old.parquet"]
    for name in (*theirs, *ours):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_text(name, "utf-8")
    save(run)
    assert all((run / name).read_text("utf-8") == name for name in theirs)
    assert not any((run / name).exists() for name in ours)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("before", [False, True])
def test_an_interrupted_run_leaves_what_was_there(tmp_path: Path, before: bool) -> None:
    folder = tmp_path / "run"
    if before:
        save(folder)
    with pytest.raises(KeyboardInterrupt):
        save(folder, {"hamlets": TABLES["hamlets"], "years": Unwritable({"a": [1]})})
    assert files(tmp_path) == (["run"] if before else [])
    assert not before or files(folder) == WRITTEN


def in_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the system cannot exchange two folders."""
    monkeypatch.setattr(store, "_exchanged", lambda one, other: False)


def test_the_old_run_stays_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    save(folder)
    replace = os.replace

    def refuse(source: Path, target: Path) -> None:
        if source.name == store.NEW:
            raise OSError("no room")
        replace(source, target)

    in_two_steps(monkeypatch)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(BadInput, match="no room"):
        save(folder, {"years": TABLES["hamlets"]})
    assert files(folder) == WRITTEN
    assert files(tmp_path) == ["run"]


KILLED = """
import os, signal, sys
from pathlib import Path
from sim import store
from tests import test_store
at, exchanges, folder = *sys.argv[1:3], Path(sys.argv[3])
if exchanges == "no":
    store._exchanged = lambda one, other: False
called, calls = os.replace, iter(range(1000))
def killed(*arguments):
    if next(calls) == int(at):
        os.kill(os.getpid(), signal.SIGKILL)
    return called(*arguments)
os.replace = killed
test_store.save(folder, {"years": test_store.TABLES["hamlets"]})
"""


@pytest.mark.parametrize(("exchanges", "at"), [("yes", 1), ("no", 1), ("no", 2)])
def test_killed_while_it_takes_its_place_nothing_is_lost(
    tmp_path: Path, exchanges: str, at: int
) -> None:
    """Between any two steps: a run is there at once or with the next, and so are others' files."""
    folder = tmp_path / "run [1]"
    save(folder)
    theirs = ["a.txt", "notes/b.txt"]
    for name in theirs:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(at), exchanges, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == -signal.SIGKILL
    assert not folder.exists() or len(store.read(folder).tables) == 1
    assert folder.exists() or exchanges == "no"
    save(folder, {"losses": TABLES["hamlets"]})
    assert list(store.read(folder).tables) == ["losses"]
    assert all((folder / name).read_text() == name for name in theirs)
    assert files(tmp_path) == ["run [1]"]


def test_what_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with store._locked(folder) as beside:
        save(folder)
        assert beside.exists()
    assert files(tmp_path) == ["run"]


def test_a_file_that_was_half_written_goes_with_the_next_run(tmp_path: Path) -> None:
    save(tmp_path / "run")
    (tmp_path / "run" / "figures").mkdir()
    for half in (".report.html.partial-x1", "figures/.tiles.png.partial-x2"):
        (tmp_path / "run" / half).write_text("half")
    save(tmp_path / "run")
    assert files(tmp_path / "run") == WRITTEN


def refused(folder: Path) -> str:
    with pytest.raises(BadInput) as caught:
        save(folder)
    return str(caught.value)


def test_a_folder_with_something_else_is_refused_and_untouched(tmp_path: Path) -> None:
    other = tmp_path / "photos"
    other.mkdir()
    (other / "manifest.json").write_text('{"name": "an app"}')
    assert refused(other).startswith(f"{other}: found a folder that holds something else")
    assert files(other) == ["manifest.json"]


def test_a_file_and_a_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    for name in ("file", "link"):
        assert "a file that is no folder" in refused(tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert "cannot be written to" in refused(tmp_path / "file" / "run")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    save(tmp_path / "run")
    assert store.is_run(tmp_path / "run")


def test_text_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "log.csv"
    store.write_text(path, "a,b\n")
    assert path.read_bytes() == b"a,b\n"

    def refuse(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(KeyboardInterrupt):
        store.write_text(path, "new")
    assert path.read_bytes() == b"a,b\n"
    assert files(path.parent) == ["log.csv"]
    with pytest.raises(BadInput):
        store.write_text(tmp_path / "deep" / "log.csv" / "x.csv", "a")


@pytest.mark.parametrize("name", ["hamlets.parquet", "baseline.json"])
@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b" ", lambda b: b""])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, change: Any) -> None:
    save(tmp_path / "run")
    pd.testing.assert_frame_equal(store.read(tmp_path / "run").hamlets, TABLES["hamlets"])
    file = tmp_path / "run" / name
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(BadInput, match=f"{name}: found a damaged file; allowed: what the run"):
        store.read(tmp_path / "run")
    file.unlink()
    with pytest.raises(BadInput, match="found no such file"):
        store.read(tmp_path / "run")


def test_a_run_of_another_format_is_told_and_can_be_replaced(tmp_path: Path) -> None:
    save(tmp_path / "run")
    file = tmp_path / "run" / "manifest.json"
    file.write_text(file.read_text("utf-8").replace(store.FORMAT, "hamletsim run 1"), "utf-8")
    with pytest.raises(BadInput, match=r'found "hamletsim run 1"; allowed: .*; run the scenario'):
        store.read(tmp_path / "run")
    save(tmp_path / "run")
    assert store.read(tmp_path / "run").manifest["format"] == store.FORMAT


def test_a_run_of_the_format_before_is_read_and_says_so(tmp_path: Path) -> None:
    save(tmp_path / "run")
    file = tmp_path / "run" / "manifest.json"
    file.write_text(file.read_text("utf-8").replace(store.FORMAT, "hamletsim run 2"), "utf-8")
    saved = store.read(tmp_path / "run")
    assert saved.manifest["format"] == "hamletsim run 2"
    pd.testing.assert_frame_equal(saved.hamlets, TABLES["hamlets"])


@pytest.mark.parametrize("content", ["", "[]", "{}", "no json", "[" * 100_000, "\x80"])
def test_what_is_no_run_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content, "latin-1")
    with pytest.raises(BadInput):
        store.read(tmp_path)
    assert not store.is_run(tmp_path)
    with pytest.raises(BadInput, match="no run"):
        store.read(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["", "[]", "1", "{}", "[" * 100_000, '{"baseline": null}'])
def test_units_that_are_none_are_a_damaged_file(tmp_path: Path, content: str) -> None:
    """Even where the checksum was made to fit."""
    save(tmp_path / "run")
    (tmp_path / "run" / store.GIVEN).write_text(content)
    manifest = tmp_path / "run" / store.MANIFEST
    data = json.loads(manifest.read_text("utf-8"))
    data["checksums"][store.GIVEN] = store._checksum(tmp_path / "run" / store.GIVEN)
    manifest.write_text(json.dumps(data))
    with pytest.raises(BadInput, match=r"given\.json: .*found a damaged file"):
        store.loaded_of(tmp_path / "run")


@pytest.mark.parametrize(
    ("key", "value"),
    [("checksums", []), ("checksums", {"../x": "1"}), ("policies", []), ("seed", "1"),
     ("versions", None), ("replications", 0), ("engine", "fast")],
)  # fmt: skip
def test_a_manifest_that_no_run_writes_is_a_damaged_file(
    tmp_path: Path, key: str, value: Any
) -> None:
    save(tmp_path / "run")
    manifest = tmp_path / "run" / store.MANIFEST
    data = json.loads(manifest.read_text("utf-8")) | {key: value}
    manifest.write_text(json.dumps(data))
    with pytest.raises(BadInput, match=rf"manifest\.json: {key}.*: found a damaged file"):
        store.read(tmp_path / "run")


def test_no_space_left_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(BadInput, match="run: found no space left; allowed: more space"):
        save(tmp_path / "run")
    assert not list(tmp_path.iterdir())
