"""A run's folder: tables and manifest, there whole or not at all.

Everything is written to a folder beside it, which then takes its name. A folder that exists is
replaced only if it is empty or holds a run, and only by a complete new one; files of others in it
stay.
"""

import ctypes
import errno
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.messages import BadInput, Fault, _, listed, refusal, shown
from sim.scenario import Baseline, Loaded, Posterior, Scenario

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"
BASELINE, GIVEN = "baseline.json", "given.json"
"""The units as they were completed, to look at, and what was given beside the scenario, from which
a run is made again: completed units would not be dealt the same people."""
REPORT, WORKBOOK, SLIDES = "report.html", "report.xlsx", "slides.html"
MODEL, FIGURES = "model.html", "figures"
"""Where what is made of a run is written unless asked otherwise: its report, the description of the
model, and a folder of figures."""
HALF_WRITTEN = re.compile(r"\.(.+)\.partial-[^.]*")
"""What a killed process leaves of a file (`write_bytes`)."""
PICTURES = (".png", ".svg")
FORMAT = "hamletsim run 4"
"""Raised whenever tables gain or lose columns."""
NO_JSON = (OSError, ValueError, TypeError, RecursionError)
"""What reading JSON from a file raises where there is none, or it is no mapping, or too deep."""
READABLE = (FORMAT, "hamletsim run 3", "hamletsim run 2")
"""Formats that can be read: 3 has no women, successors and scores, 2 no bands either."""
STUDIED = ("scenario_hash", "baseline_hash", "posterior_hash", "seed")
"""What of a manifest decides on the tables that a study adds."""
NOT_GIVEN = {"scenario", "source_file"}
"""What of a loaded scenario stands elsewhere: in the manifest, or where the file was."""
LOCK, NEW, OLD = ".lock", "new", "old"
"""In the folder beside a run where it is made: the lock of its process, the new run, the old."""
HERE, EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux."""
FULL = {errno.ENOSPC, errno.EDQUOT}
LIBRARIES = (
    "hamletsim", "numpy", "numba", "llvmlite", "pandas", "pyarrow", "scipy", "simpy", "pydantic",
)  # fmt: skip
SOURCES, SOURCES_TOLD = Path(__file__).parent, 16
"""Our own sources, and how many characters of their digest are told."""


def check_place(folder: Path) -> None:
    """Raise BadInput if a run cannot be written to `folder`; look before the work, not after."""
    fault = _fault_of(folder)
    if fault is not None:
        raise BadInput([fault])


def _fault_of(folder: Path) -> Fault | None:
    allowed = _("a new folder, an empty one, or one that holds a run")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return Fault(str(folder), found=_("a file that is no folder"), allowed=allowed)
    if folder.is_dir() and any(folder.iterdir()) and not is_run(folder):
        return Fault(str(folder), found=_("a folder that holds something else"), allowed=allowed)
    above = next(p for p in folder.absolute().parents if p.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        found = _("{folder} cannot be written to").format(folder=shown(str(above)))
        return Fault(str(folder), found=found, allowed=allowed)
    return None


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run: its manifest says so."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except NO_JSON:
        return False
    named = manifest.get("format") if isinstance(manifest, dict) else None
    return isinstance(named, str) and named.startswith(FORMAT.rpartition(" ")[0])


def save(
    folder: Path,
    tables: Mapping[str, "pd.DataFrame"],
    manifest: Mapping[str, Any],
    loaded: Loaded,
) -> None:
    """Write a run: each table as `<name>.parquet`, the manifest, the units as given and completed.

    Raises BadInput if something else is there or the disk refuses.
    """
    from sim.world import complete

    check_place(folder)
    completed = complete(loaded.baseline, loaded.scenario.completion)
    with disk_told(folder, _("more space")), _whole(folder) as partial:
        for name, table in tables.items():
            table.to_parquet(partial / f"{name}.parquet", index=False)
        (partial / BASELINE).write_text(completed.model_dump_json(indent=1), "utf-8")
        (partial / GIVEN).write_text(loaded.model_dump_json(exclude=NOT_GIVEN), "utf-8")
        checksums = {file.name: _checksum(file) for file in sorted(partial.iterdir())}
        whole = {"format": FORMAT, **manifest, "checksums": checksums}
        text = json.dumps(whole, ensure_ascii=False, indent=1)
        (partial / MANIFEST).write_text(text + "\n", "utf-8")


def add(
    folder: Path,
    tables: Mapping[str, "pd.DataFrame"],
    manifest: Mapping[str, Any],
    of: Mapping[str, Any] | None = None,
) -> "Saved":
    """Add tables, and what the manifest is to tell of them, to a run; older ones are replaced.

    of: the manifest of the run that the tables are of; without it, the one that is there. Stopped
    at any moment it leaves a sound run: with the older tables, without them, or with the new ones.
    Who adds at the same moment waits. Raises BadInput; Replaced if a run of something else is there
    by now.
    """
    _manifest_of(folder)  # there is one, or it is said so before anything is locked
    files = {f"{name}.parquet": table for name, table in tables.items()}
    with _alone_in(folder):
        there = _manifest_of(folder)
        if of is not None and any(there.get(name) != of.get(name) for name in STUDIED):
            raise Replaced(folder)
        kept = {name: sum_ for name, sum_ in there["checksums"].items() if name not in files}
        if len(kept) < len(there["checksums"]):
            _write_manifest(folder, there | {"checksums": kept})
        for name, table in files.items():
            write_bytes(folder / name, table.to_parquet(None, index=False))
        added = {name: _checksum(folder / name) for name in files}
        _write_manifest(folder, {**there, **manifest, "checksums": kept | added})
        return read(folder)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Whoever else adds to the run in a folder waits, or one of two would lose its entries."""
    from filelock import FileLock

    with disk_told(folder, _("more space")), FileLock(folder / LOCK):
        yield  # the file stays: were it removed, two who wait could hold two files of one name


class Replaced(BadInput):
    """Another run has taken the place of the one that was worked on."""

    def __init__(self, folder: Path) -> None:
        found = _("another run, which took the place of this one")
        super().__init__([Fault(str(folder), found=found, allowed=_("one at a time"))])


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """A path to the run that is in a folder now, and to no other that takes its place.

    So what is made of its tables comes to lie beside them or nowhere. (Where the system has no such
    paths it is the folder's own.) Raises Replaced instead of whatever is wrong if another run is
    there by then.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # there is none, or the system opens no folders: said by whoever looks for it
        yield folder
        return
    here = Path(f"/proc/self/fd/{handle}")
    try:
        yield here if here.is_dir() else folder
    except (BadInput, OSError) as error:
        if not _is_at(handle, folder):
            raise Replaced(folder) from None
        if isinstance(error, OSError):
            raise
        faults = error.faults
        named = [replace(f, file=f.file.replace(str(here), str(folder))) for f in faults]
        raise BadInput(named) from None
    finally:
        os.close(handle)


def _is_at(handle: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(folder))
    except OSError:
        return False


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    write_text(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")


# ---------------------------------------------------------------- tables that are no run


def check_place_of(folder: Path, ours: Container[str]) -> None:
    """Raise BadInput if there is something else in a folder than files of these names."""
    found = None
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        found = _("a file that is no folder")
    elif folder.is_dir() and any(file.name not in ours for file in folder.iterdir()):
        found = _("a folder that holds something else")
    if found:
        allowed = _("a new folder, an empty one, or one that this command has made")
        raise BadInput([Fault(str(folder), found=found, allowed=allowed)])


def save_tables(
    folder: Path, tables: Mapping[str, "pd.DataFrame"], name: str, manifest: Mapping[str, Any]
) -> None:
    """Write tables as Parquet and CSV, and `<name>.json` on what they were made of."""
    with disk_told(folder, _("more space")):
        for table, rows in tables.items():
            write_bytes(folder / f"{table}.parquet", rows.to_parquet(None, index=False))
            write_text(folder / f"{table}.csv", rows.to_csv(index=False))
        told = json.dumps(manifest, ensure_ascii=False, indent=1)
        write_text(folder / f"{name}.json", told + "\n")


@dataclass(frozen=True)
class Saved:
    """A run read from its folder: its manifest, and its tables as they were written."""

    manifest: dict[str, Any]
    tables: dict[str, "pd.DataFrame"]

    def __getattr__(self, name: str) -> "pd.DataFrame":
        try:
            return self.__dict__["tables"][name]
        except KeyError:
            raise AttributeError(f"no table is called {name}") from None


def read(folder: Path) -> Saved:
    """The run in a folder, of any of the formats READABLE; the manifest says which was found.

    Raises BadInput if it is no run, of another format, or damaged.
    """
    import pandas as pd

    manifest = _manifest_of(folder)
    for name, checksum in manifest["checksums"].items():
        _check_file(folder / name, checksum)
    tables = {
        Path(name).stem: pd.read_parquet(folder / name)
        for name in manifest["checksums"]
        if name.endswith(".parquet")
    }
    return Saved(manifest, tables)


def _manifest_of(folder: Path) -> dict[str, Any]:
    allowed = _("the folder of a run ({formats})").format(formats=listed(READABLE))
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BadInput([Fault(str(folder), found=_("no run"), allowed=allowed)]) from None
    except NO_JSON:
        found = _("a file that cannot be read")
        raise BadInput([Fault(str(file), found=found, allowed=allowed)]) from None
    found = shown(manifest.get("format") if isinstance(manifest, dict) else manifest)
    if not isinstance(manifest, dict) or manifest.get("format") not in READABLE:
        again = _("{allowed}; run the scenario again").format(allowed=allowed)
        raise BadInput([Fault(str(folder), found=found, allowed=again)])
    with _as_written(file):
        Manifest.model_validate(manifest)
    return manifest


@contextmanager
def _as_written(file: Path) -> Iterator[None]:
    """What is not as a run writes it is a damaged file, with the first place where it is not."""
    try:
        yield
    except ValidationError as error:
        field = ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
        raise BadInput([_damage(file, field)]) from None
    except NO_JSON:
        raise BadInput([_damage(file)]) from None


class Manifest(BaseModel):
    """What the manifest of a run must hold; it may hold more."""

    model_config = ConfigDict(strict=True)

    scenario: dict[str, Any]
    scenario_hash: str
    baseline_hash: str
    versions: dict[str, str]
    command: list[str] = Field(min_length=1)
    machine: dict[str, Any]
    seed: int
    engine: Literal["compiled", "reference"]
    policies: list[str] = Field(min_length=1)
    replications: int = Field(ge=1)
    precision: float | None
    parameter_draws: int = Field(ge=1)
    checksums: dict[Annotated[str, Field(pattern=r"^\w[\w.-]*$")], str]


def scenario_of(folder: Path, manifest: Mapping[str, Any]) -> Scenario:
    """The scenario that a run simulated. Raises BadInput if this version has no such scenario."""
    with _as_written(folder / MANIFEST):
        return Scenario.model_validate(manifest["scenario"])


def loaded_of(folder: Path) -> tuple[Loaded, dict[str, Any]]:
    """What a run simulated, and its manifest: all that it takes to simulate it again.

    Raises BadInput if it is no run, damaged, or of a version that did not keep it.
    """
    manifest = _manifest_of(folder)
    file = folder / GIVEN
    if GIVEN not in manifest["checksums"]:
        allowed = _("a run that keeps what it was given; run the scenario again")
        raise BadInput([Fault(str(file), found=_("no such file"), allowed=allowed)])
    _check_file(file, manifest["checksums"][GIVEN])
    scenario = scenario_of(folder, manifest)
    with _as_written(file):
        given = json.loads(file.read_text("utf-8"))
        return Loaded.model_validate({**dict(given), "scenario": scenario}), manifest


def is_sound(file: Path, checksum: str) -> bool:
    """Whether a file is there and is what was written."""
    try:
        return _checksum(file) == checksum
    except OSError:
        return False


def _check_file(file: Path, checksum: str) -> None:
    if not is_sound(file, checksum):
        raise BadInput([_damage(file)])


def _damage(file: Path, field: str = "") -> Fault:
    found = _("a damaged file") if file.exists() else _("no such file")
    allowed = _("what the run wrote; run the scenario again")
    return Fault(str(file), field=field, found=found, allowed=allowed)


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@contextmanager
def disk_told(path: Path, when_full: str) -> Iterator[None]:
    """A disk that refuses is told in one line; `when_full` says what would help a full one."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            found, allowed = _("no space left"), when_full
        else:
            found, allowed = refusal(error), _("a folder to write to")
        name = str(error.filename or path)
        raise BadInput([Fault(name, found=found, allowed=allowed)]) from error


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8; the file appears whole or not at all. Raises BadInput."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all. Raises BadInput."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.partial-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        allowed = _("a file to write to")
        raise BadInput([Fault(str(path), found=refusal(error), allowed=allowed)]) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A new folder that takes the name of `folder` if all goes well, and is gone if not.

    It is made in a folder of its own beside it, which is locked while its process lives; what a
    killed process left is put away by the next.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    _put_away_what_was_left(folder)
    with _locked(folder) as beside:
        new = beside / NEW
        new.mkdir()
        yield new
        _take_place(new, folder)


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """A folder beside `folder`, for this process, removed in the end."""
    from filelock import FileLock

    while True:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
        lock = FileLock(beside / LOCK)
        with suppress(FileNotFoundError):  # taken for a left one before it was locked
            lock.acquire()
            if (beside / LOCK).exists():
                break
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        lock.release()


def _put_away_what_was_left(folder: Path) -> None:
    """Remove what killed processes left beside a folder, but lose nothing: a run that was being
    replaced and has no successor is put back, and so are files of others in it."""
    from filelock import FileLock, Timeout

    for beside in folder.parent.glob(f".{glob.escape(folder.name)}.partial-*"):
        lock = FileLock(beside / LOCK)
        with suppress(Timeout, OSError):
            lock.acquire(timeout=0)
            old, new = beside / OLD, beside / NEW
            if old.exists() and not folder.exists():
                os.replace(old, folder)
            for left in (old, new):
                _keep_what_is_not_ours(left, folder)
            shutil.rmtree(beside, ignore_errors=True)
            lock.release()


def _take_place(new: Path, folder: Path) -> None:
    if not folder.exists():
        os.replace(new, folder)
        return
    check_place(folder)
    old = new if _exchanged(new, folder) else _replaced(new, folder)
    _keep_what_is_not_ours(old, folder)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, where the system can (Linux); so neither is ever absent."""
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(exchange(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) == 0)


def _replaced(new: Path, folder: Path) -> Path:
    """Where the old folder is, of which the new one has taken the place in two steps."""
    old = new.with_name(OLD)
    os.replace(folder, old)
    try:
        os.replace(new, folder)
    except BaseException:
        os.replace(old, folder)
        raise
    return old


def _keep_what_is_not_ours(old: Path, folder: Path) -> None:
    """What somebody else has put beside a run stays where it was; what was made of the old run,
    its report, description and figures, does not."""
    for path in [path for path in old.rglob("*") if not path.is_dir() or path.is_symlink()]:
        name = path.relative_to(old)
        if not _is_ours(name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, folder / name)


def _is_ours(name: Path) -> bool:
    """Whether a file in the folder of a run is of its making, by its name there."""
    if half := HALF_WRITTEN.fullmatch(name.name):
        return _is_ours(name.with_name(half[1]))
    if name.parent == Path(FIGURES):
        return name.suffix in PICTURES
    is_table = name.suffix == ".parquet"
    is_made = str(name) in (MANIFEST, BASELINE, GIVEN, LOCK, REPORT, WORKBOOK, SLIDES, MODEL)
    return (is_table or is_made) and name.parent == Path(".")


# ---------------------------------------------------------------- manifest


def provenance(
    scenario: Scenario, baseline: Baseline, posterior: Posterior | None = None
) -> dict[str, Any]:
    """What was run, on what: the resolved scenario, the posterior if it has one, hashes, versions
    and machine."""
    resolved = scenario.model_dump(mode="json", by_alias=True)
    told = None if posterior is None else posterior.model_dump(mode="json")
    drawn_from = {} if told is None else {"posterior": told, "posterior_hash": digest(told)}
    return drawn_from | {
        "scenario": resolved,
        "scenario_hash": digest(resolved),
        "baseline_hash": digest(baseline.model_dump(mode="json")),
        "versions": versions(),
        "sources": source_digest(),
        "command": sys.argv,
        "machine": {**platform_now(), "cores": os.cpu_count()},
    }


def platform_now() -> dict[str, str]:
    """What this machine is, as far as numbers could follow it."""
    return {"system": platform.platform(), "processor": platform.machine()}


def digest(data: Any) -> str:
    """SHA-256 of data as JSON with sorted keys, in hex."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def versions() -> dict[str, str]:
    """What this process runs with: Python and libraries."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[library] = metadata.version(library)
    return found


@cache
def source_digest() -> str:
    """A digest of our own sources and data; it tells apart what has the same version."""
    found = hashlib.sha256()
    for path in sorted([*SOURCES.rglob("*.py"), *SOURCES.glob("data/*.csv")]):
        content = path.read_bytes()
        found.update(f"{path.relative_to(SOURCES).as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:SOURCES_TOLD]
