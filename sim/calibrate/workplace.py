"""Where a calibration keeps what is done until all is: a folder beside the posterior's file."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import store
from sim.messages import BadInput, Fault, _, listed, shown
from sim.scenario import Posterior

ASKED, LOCK = "asked.json", ".lock"


@dataclass(frozen=True)
class Workplace:
    """A folder to work in."""

    folder: Path

    def finish(self, out: Path, sample: Posterior, found: Mapping[str, Any]) -> None:
        """Write the posterior and what was found beside it; nothing is left of the work."""
        text = as_csv(sample)
        told = {**found, "posterior_sha256": hashlib.sha256(text.encode()).hexdigest()}
        store.write_text(beside(out), json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        store.write_text(out, text)
        shutil.rmtree(self.folder, ignore_errors=True)


def as_csv(sample: Posterior) -> str:
    """A posterior as a scenario reads it: a column for each parameter, and the weights."""
    header = ",".join((*sample.paths, "weight"))
    lines = [
        ",".join(map(repr, (*row, weight)))
        for row, weight in zip(sample.rows, sample.weights, strict=True)
    ]
    return "\n".join([header, *lines]) + "\n"


def beside(out: Path) -> Path:
    """The file that tells how a posterior was made."""
    return out.with_suffix(".json")


def folder_of(out: Path) -> Path:
    """The folder of the work under way."""
    return out.with_name(f".{out.name}.work")


@contextmanager
def opened(out: Path | None, asked: dict[str, Any]) -> Iterator[Workplace]:
    """A folder for this process alone: that of an earlier call that was stopped, or a new one.

    Raises BadInput if another calibration was stopped there, or one is at work.
    """
    if out is None:
        with tempfile.TemporaryDirectory(prefix="hamletsim-") as name:
            yield Workplace(Path(name))
        return
    from filelock import FileLock, Timeout

    folder = folder_of(out)
    _check_file(out)
    with store.disk_told(out, _("more space; then the same command goes on")):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        found = _("another process at work on this file")
        raise BadInput([Fault(str(out), found=found, allowed=_("one at a time"))]) from None
    try:
        _same(out, folder, asked)
        with store.disk_told(out, _("more space; then the same command goes on")):
            yield Workplace(folder)
    finally:
        lock.release()


def _check_file(out: Path) -> None:
    """Refuse to write over anything but a posterior and what tells of it."""
    allowed = _("a new file, or one that holds a posterior")
    if out.suffix != ".csv":
        found = shown(out.name)
        raise BadInput([Fault("--out", found=found, allowed=_("a name that ends with .csv"))])
    if not out.exists():
        return
    if not out.is_file():
        raise BadInput([Fault(str(out), found=_("a folder"), allowed=allowed)])
    with store.disk_told(out, ""), out.open("rb") as file:
        header = file.readline(100_000)
    if not header.rstrip().endswith(b"weight"):
        raise BadInput([Fault(str(out), found=_("a file of something else"), allowed=allowed)])


def _same(out: Path, folder: Path, asked: dict[str, Any]) -> None:
    """What was asked for is that of the work under way, or there is none yet."""
    file = folder / ASKED
    now = json.loads(json.dumps(asked))
    before = _asked_in(file)
    if before is None:
        for left in folder.iterdir():
            if left.name != LOCK:
                left.unlink()
        store.write_text(file, json.dumps(asked, ensure_ascii=False, indent=1))
        return
    differ = [key for key in now if before.get(key) != now[key]]
    if differ:
        found = _("another calibration, stopped here: {keys}").format(keys=listed(differ))
        allowed = _("the same command, another file, or the folder {folder} removed")
        told = allowed.format(folder=folder)
        raise BadInput([Fault(str(out), found=found, allowed=told)])


def _asked_in(file: Path) -> dict[str, Any] | None:
    """What the work under way is for; None if there is none, or it is damaged: work begins anew."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except store.NO_JSON:
        return None
    return found if isinstance(found, dict) else None
