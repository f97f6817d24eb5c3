"""A run's folder: tables and manifest, there whole or not at all.

Everything is written to a folder beside it, which then takes its name. A folder that exists is
replaced only if it is empty or holds a run, and only by a complete new one; files of others in it
stay.
"""

import errno
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.messages import BadInput, Fault, _, listed, refusal, shown
from sim.scenario import Baseline, Loaded, Posterior, Scenario

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"
BASELINE = "baseline.json"
REPORT, WORKBOOK, SLIDES = "report.html", "report.xlsx", "slides.html"
MODEL, FIGURES = "model.html", "figures"
"""Where what is made of a run is written unless asked otherwise: its report, the description of the
model, and a folder of figures."""
PICTURES = (".png", ".svg")
FORMAT = "hamletsim run 4"
"""Raised whenever tables gain or lose columns."""
READABLE = (FORMAT, "hamletsim run 3", "hamletsim run 2")
"""Formats that can be read: 3 has no women, successors and scores, 2 no bands either."""
FULL = {errno.ENOSPC, errno.EDQUOT}
LIBRARIES = ("hamletsim", "numpy", "numba", "llvmlite", "pandas", "scipy", "simpy", "pydantic")


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
    except (OSError, ValueError):
        return False
    named = manifest.get("format") if isinstance(manifest, dict) else None
    return isinstance(named, str) and named.startswith(FORMAT.rpartition(" ")[0])


def save(
    folder: Path,
    tables: Mapping[str, "pd.DataFrame"],
    manifest: Mapping[str, Any],
    baseline: Baseline,
) -> None:
    """Write a run: each table as `<name>.parquet`, the manifest and the completed baseline.

    Raises BadInput if something else is there or the disk refuses.
    """
    check_place(folder)
    with disk_told(folder, _("more space")), _whole(folder) as partial:
        for name, table in tables.items():
            table.to_parquet(partial / f"{name}.parquet", index=False)
        (partial / BASELINE).write_text(baseline.model_dump_json(indent=1), "utf-8")
        checksums = {file.name: _checksum(file) for file in sorted(partial.iterdir())}
        whole = {"format": FORMAT, **manifest, "checksums": checksums}
        text = json.dumps(whole, ensure_ascii=False, indent=1)
        (partial / MANIFEST).write_text(text + "\n", "utf-8")


def add(
    folder: Path, tables: Mapping[str, "pd.DataFrame"], manifest: Mapping[str, Any]
) -> "Saved":
    """Add tables, and what the manifest is to tell of them, to a run; older ones are replaced.

    Stopped at any moment it leaves a sound run: with the older tables, without them, or with the
    new ones. Raises BadInput.
    """
    there = _manifest_of(folder)
    files = {f"{name}.parquet": table for name, table in tables.items()}
    kept = {name: sum_ for name, sum_ in there["checksums"].items() if name not in files}
    if len(kept) < len(there["checksums"]):
        _write_manifest(folder, there | {"checksums": kept})
    for name, table in files.items():
        write_bytes(folder / name, table.to_parquet(None, index=False))
    added = {name: _checksum(folder / name) for name in files}
    _write_manifest(folder, {**there, **manifest, "checksums": kept | added})
    return read(folder)


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    write_text(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")


def loaded_of(folder: Path) -> tuple[Loaded, dict[str, Any]]:
    """The scenario of a run with the units it was simulated with, and its manifest.

    Raises BadInput.
    """
    manifest = _manifest_of(folder)
    _check_file(folder / BASELINE, manifest["checksums"][BASELINE])
    baseline = Baseline.model_validate_json((folder / BASELINE).read_text("utf-8"))
    scenario = Scenario.model_validate(manifest["scenario"])
    told = manifest.get("posterior")
    posterior = None if told is None else Posterior.model_validate(told)
    source = str(folder / MANIFEST)
    loaded = Loaded(
        scenario=scenario, baseline=baseline, source_file=source, posterior=posterior
    )
    return loaded, manifest


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
    except (OSError, ValueError):
        found = _("a file that cannot be read")
        raise BadInput([Fault(str(file), found=found, allowed=allowed)]) from None
    found = shown(manifest.get("format") if isinstance(manifest, dict) else manifest)
    if not isinstance(manifest, dict) or manifest.get("format") not in READABLE:
        again = _("{allowed}; run the scenario again").format(allowed=allowed)
        raise BadInput([Fault(str(folder), found=found, allowed=again)])
    return manifest


def _check_file(file: Path, checksum: str) -> None:
    try:
        sound = _checksum(file) == checksum
    except OSError:
        sound = False
    if not sound:
        found = _("a damaged file") if file.exists() else _("no such file")
        allowed = _("what the run wrote; run the scenario again")
        raise BadInput([Fault(str(file), found=found, allowed=allowed)])


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
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
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
    """A new folder that takes the name of `folder` if all goes well, and is gone if not."""
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
    try:
        partial.chmod(0o777 & ~_umask())
        yield partial
        _take_place(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _take_place(partial: Path, folder: Path) -> None:
    if not folder.exists():
        os.replace(partial, folder)
        return
    check_place(folder)
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old-", dir=folder.parent))
    os.replace(folder, old)
    try:
        os.replace(partial, folder)
    except BaseException:
        os.replace(old, folder)
        raise
    _keep_what_is_not_ours(old, folder)
    shutil.rmtree(old, ignore_errors=True)


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
    if name.parent == Path(FIGURES):
        return name.suffix in PICTURES
    is_table = name.suffix == ".parquet"
    is_made = str(name) in (MANIFEST, BASELINE, REPORT, WORKBOOK, SLIDES, MODEL)
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
        "versions": {"python": platform.python_version(), **_versions()},
        "command": sys.argv,
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
        },
    }


def digest(data: Any) -> str:
    """SHA-256 of data as JSON with sorted keys, in hex."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _versions() -> dict[str, str]:
    found = {}
    for library in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[library] = metadata.version(library)
    return found
