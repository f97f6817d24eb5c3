"""Tables that are added to a run: whatever happens meanwhile, the run stays sound."""

import threading
from pathlib import Path

import pandas as pd
import pytest

from sim import store
from sim.messages import BadInput
from tests import runs

OLD, NEW = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [3.5]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    runs.run(tmp_path)
    store.add(tmp_path / "run", {"extra": OLD}, {"extra": {"of": "old"}})
    return tmp_path / "run"


def test_tables_are_added_replaced_and_checked(folder: Path) -> None:
    before = store.read(folder)
    pd.testing.assert_frame_equal(before.extra, OLD)
    after = store.add(folder, {"extra": NEW, "other": OLD}, {"extra": {"of": "new"}})
    pd.testing.assert_frame_equal(after.extra, NEW)
    pd.testing.assert_frame_equal(after.other, OLD)
    assert (before.manifest["extra"], after.manifest["extra"]) == ({"of": "old"}, {"of": "new"})
    pd.testing.assert_frame_equal(after.hamlets, before.hamlets)
    (folder / "extra.parquet").write_bytes(b"damaged")
    with pytest.raises(BadInput, match="a damaged file"):
        store.read(folder)


@pytest.mark.parametrize("at", range(4))
def test_stopped_at_any_write_the_run_is_sound(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Two tables and two manifests are written; stopped before each of them the run is read."""
    write, made = store.write_bytes, 0

    def stopping(path: Path, data: bytes) -> None:
        nonlocal made
        if made == at:
            raise KeyboardInterrupt
        made += 1
        write(path, data)

    monkeypatch.setattr(store, "write_bytes", stopping)
    with pytest.raises(KeyboardInterrupt):
        store.add(folder, {"extra": NEW, "other": OLD}, {"extra": {"of": "new"}})
    monkeypatch.undo()
    saved = store.read(folder)
    assert len(saved.hamlets) and "other" not in saved.tables
    assert ("extra" in saved.tables) == (at == 0)


def test_two_who_add_at_the_same_moment_wait_for_each_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first writes its table the second is begun, which then has half a second for all
    of its work; without a lock it would be done, and the first would write over its entry."""
    write, other = store.write_bytes, []

    def writing(path: Path, data: bytes) -> None:
        if path.name == "one.parquet":
            told = {"two": {"of": "second"}}
            other.append(threading.Thread(target=store.add, args=(folder, {"two": NEW}, told)))
            other[0].start()
            other[0].join(0.5)
        write(path, data)

    monkeypatch.setattr(store, "write_bytes", writing)
    store.add(folder, {"one": OLD}, {"one": {"of": "first"}})
    other[0].join()
    saved = store.read(folder)
    assert {"one", "two", "extra"} <= saved.tables.keys()
    assert [saved.manifest[name]["of"] for name in ("one", "two")] == ["first", "second"]


def test_a_run_is_read_as_it_was_simulated(folder: Path) -> None:
    loaded, manifest = store.loaded_of(folder)
    resolved = loaded.scenario.model_dump(mode="json", by_alias=True)
    assert store.digest(resolved) == manifest["scenario_hash"]
    assert [unit.id for unit in loaded.baseline.units][:2] == ["H0", "H1"]
