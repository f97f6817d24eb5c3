"""The folder of a sweep: what is done stays done, and is never read if it was damaged.

    sweep.json                      what was asked for, with hashes and versions; no times
    given.json                      the units and the design, to make the sweep again
    made.json                       on what machines and with what versions points were done
    points.parquet                  the values of the parameters at every point
    outcomes/part-000000-<sum>.parquet   results of 256 points each, in order
    done/0000123-<sum>.parquet      a point whose part is not complete yet
    timings.csv                     seconds of each point, as they came
    .lock                           held by the process that works here

A file appears whole or not at all, under a name that ends with a checksum of its content. So a
sweep that was killed at any moment goes on where it was, and its tables come out the same.
"""

import contextlib
import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim import store
from sim.messages import BadInput, Fault, _, ngettext, shown
from sim.risk.outcomes import Outcome
from sim.sweep.description import Sweep
from sim.sweep.design import OF_SALIB, Design
from sim.sweep.given import Given, Maker, as_json, maker, makers_in

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "hamletsim sweep 1"
DESCRIPTION, POINTS, TIMINGS, LOCK = "sweep.json", "points.parquet", "timings.csv", ".lock"
GIVEN, MADE = store.GIVEN, "made.json"
OURS = (DESCRIPTION, POINTS, GIVEN, MADE)
PARTS, DONE, PARTIAL = "outcomes", "done", ".partial"
PART_SIZE = 256
"""Points of a part: few enough to hold in memory, many enough for few files."""
DECISIVE = ("hamletsim", "numpy", "scipy", "pyarrow")
"""Libraries whose version can show in the tables."""
SOURCES = "sources"
"""Among the versions: a digest of our own sources, which tells apart what has the same version."""
NOT_COMPARED = {"scenario", "checksums"}
"""Of the description: the scenario has a hash, and files follow from what is described."""
NAMES_OF_FILES = {"baseline", "posterior"}
"""Parameters whose values are files, which are read where the scenario's file is."""
FILE_NAME = re.compile(r"(?:part-)?([0-9]{6,})-([0-9a-f]{16})\.parquet")


class Folder:
    """A sweep's folder while this process works in it; see `opened`."""

    def __init__(self, path: Path, sweep: Sweep) -> None:
        self.path, self._sweep = path, sweep
        self.number = len(sweep.design)
        self.damaged: list[Path] = []
        self._parts: set[int] = set()
        self._done: dict[int, Path] = {}

    def _disk_told(self) -> AbstractContextManager[None]:
        return store.disk_told(self.path, _("more space; then the same command goes on"))

    # ------------------------------------------------------------ what is there

    def begin(self) -> None:
        """Make the folder, or see what is done in it already. Raises BadInput."""
        with self._disk_told():
            self._begin()

    def _begin(self) -> None:
        (self.path / PARTS).mkdir(exist_ok=True)
        (self.path / DONE).mkdir(exist_ok=True)
        for left in self.path.rglob(f"*{PARTIAL}"):
            if FILE_NAME.fullmatch(whole := left.name.removesuffix(PARTIAL)) or whole in OURS:
                left.unlink()
        description = described(self._sweep)
        if (self.path / DESCRIPTION).exists():
            _same(self.path, json.loads(_as_json(description)))
        files = {
            POINTS: _parquet(_table_of_points(self._sweep)),
            GIVEN: Given.of(self._sweep).model_dump_json().encode("utf-8"),
        }
        for name, content in files.items():
            _write(self.path / name, content)
        makers = makers_in(self.path / MADE)
        if maker() not in makers:
            _write(self.path / MADE, as_json([*makers, maker()]))
        checksums = {name: _checksum(content) for name, content in files.items()}
        _write(self.path / DESCRIPTION, _as_json(description | {"checksums": checksums}))
        self._parts = set(self._sound(PARTS))
        for point, file in self._sound(DONE).items():
            if point // PART_SIZE in self._parts:
                file.unlink()  # killed between writing a part and removing what went into it
            else:
                self._done[point] = file
        for part in {point // PART_SIZE for point in self._done}:
            self._complete(part)

    def _sound(self, kind: str) -> dict[int, Path]:
        """Files of one kind by number; what is damaged is removed and remembered."""
        found = {}
        for file in tables_in(self.path / kind):
            number = number_of(file)
            if number is None:
                self.damaged.append(file)
                file.unlink()
            else:
                found[number] = file
        return found

    @property
    def left(self) -> int:
        """How many points are still to be done."""
        return self.number - len(self._done) - sum(map(self._size, self._parts))

    def missing(self) -> Iterator[int]:
        """The points still to be done, in order."""
        for part in range(-(-self.number // PART_SIZE)):
            if part not in self._parts:
                first = part * PART_SIZE
                points = range(first, first + self._size(part))
                yield from (point for point in points if point not in self._done)

    def _size(self, part: int) -> int:
        return min(PART_SIZE, self.number - part * PART_SIZE)

    # ------------------------------------------------------------ what is added

    def keep(self, point: int, rows: Iterable[Outcome], fault: str, seconds: float) -> None:
        """Keep what came of a point: its outcomes, or the fault for which it has none.

        Raises BadInput if the disk refuses.
        """
        content = _parquet(_table_of_outcomes(point, rows, fault))
        with self._disk_told():
            self._done[point] = _write_named(self.path / DONE / f"{point:07d}", content)
            with (self.path / TIMINGS).open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow([point, f"{seconds:.3f}"])
            self._complete(point // PART_SIZE)

    def _complete(self, part: int) -> None:
        """Write a part if all its points are done, and remove what went into it."""
        import pyarrow as pa

        first = part * PART_SIZE
        points = range(first, first + self._size(part))
        if not all(point in self._done for point in points):
            return
        tables = [_read(self._done[point]) for point in points]
        content = _parquet(pa.concat_tables(tables))
        _write_named(self.path / PARTS / f"part-{part:06d}", content)
        self._parts.add(part)
        for point in points:
            self._done.pop(point).unlink()


@contextmanager
def opened(path: Path, sweep: Sweep) -> Iterator[Folder]:
    """The folder of a sweep, for this process alone; made if need be. Raises BadInput."""
    from filelock import FileLock, Timeout

    folder = path.absolute()
    lock = FileLock(folder / LOCK)
    with store.disk_told(folder, _("more space")):
        _check_place(folder)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            found = _("another process at work in this folder")
            raise BadInput([Fault(str(path), found=found, allowed=_("one at a time"))]) from None
    try:
        work = Folder(folder, sweep)
        work.begin()
        yield work
    finally:
        lock.release()


def _check_place(folder: Path) -> None:
    allowed = _("a new folder, an empty one, or one that holds this sweep")
    found = None
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        found = _("a file that is no folder")
    elif folder.is_dir() and not (folder / DESCRIPTION).exists():
        ours = {LOCK, PARTS, DONE, *OURS}
        others = [f.name for f in folder.iterdir() if not f.name.endswith(PARTIAL)]
        if not ours.issuperset(others):
            found = _("a folder that holds something else")
    if found:
        raise BadInput([Fault(str(folder), found=found, allowed=allowed)])


# ---------------------------------------------------------------- what was asked for


def described(sweep: Sweep) -> dict[str, Any]:
    """What was asked for and with what it is done: the same for the same sweep."""
    loaded = sweep.loaded
    made = store.provenance(loaded.scenario, loaded.baseline, loaded.posterior)
    drawn_from = {} if loaded.posterior is None else {"posterior_hash": made["posterior_hash"]}
    design = sweep.design
    return {
        "format": FORMAT,
        "title": sweep.title,
        "policies": list(sweep.policies),
        "replications": sweep.replications,
        "seed": sweep.seed,
        "outcomes": list(sweep.outcomes),
        "design": {"kind": design.kind, "points": len(design), "seed": design.seed}
        | ({} if design.joint is None else {"joint": design.joint.digest}),
        "parameters": {p.path: p.described for p in design.parameters},
        **({"own_lives": True} if sweep.own_lives else {}),
        **{name: made[name] for name in ("scenario", "scenario_hash", "baseline_hash")},
        **drawn_from,
        "versions": {
            **{name: made["versions"].get(name) for name in DECISIVE},
            **_sampler(design),
            SOURCES: made["sources"],
        },
    }


def _sampler(design: Design) -> dict[str, str]:
    """The version of the library that chose the points, where it is not scipy."""
    return {"SALib": metadata.version("SALib")} if design.kind in OF_SALIB else {}


def _same(folder: Path, wanted: dict[str, Any]) -> None:
    """Raise BadInput unless the folder holds the sweep that is wanted."""
    there = description_of(folder)
    differing = [key for key in wanted if there.get(key) != wanted[key]]
    differing = [key for key in differing if key not in NOT_COMPARED]
    if differing == ["versions"]:
        raise BadInput([_of_other_versions(folder, there["versions"], wanted["versions"])])
    if differing:
        found = _("another sweep, which differs in {names}").format(names=", ".join(differing))
        allowed = _("the same sweep, to go on with it, or another folder")
        raise BadInput([Fault(str(folder), found=found, allowed=allowed)])


def _of_other_versions(folder: Path, there: dict[str, Any], here: dict[str, Any]) -> Fault:
    old, new = (
        ", ".join(f"{name} {v[name]}" for name in here if there.get(name) != here[name])
        for v in ({name: there.get(name) for name in here}, here)
    )
    found = _("a sweep begun with {versions}").format(versions=old)
    allowed = _("the same versions, to go on with it, or another folder for {versions}")
    return Fault(str(folder), found=found, allowed=allowed.format(versions=new))


def description_of(folder: Path) -> dict[str, Any]:
    """The description of the sweep in a folder. Raises BadInput if there is none."""
    allowed = _("the folder of a sweep ({format})").format(format=FORMAT)
    try:
        data = json.loads((folder / DESCRIPTION).read_text("utf-8"))
    except FileNotFoundError:
        raise BadInput([Fault(str(folder), found=_("no sweep"), allowed=allowed)]) from None
    except store.NO_JSON:
        found, file = _("a file that cannot be read"), str(folder / DESCRIPTION)
        raise BadInput([Fault(file, found=found, allowed=allowed)]) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = shown(data.get("format") if isinstance(data, dict) else data)
        again = _("{allowed}; or another folder, in which the sweep begins anew")
        raise BadInput([Fault(str(folder), found=found, allowed=again.format(allowed=allowed))])
    try:
        Description.model_validate(data)
    except ValidationError as error:
        field = ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
        raise BadInput([damage(folder, field)]) from None
    return data


def damage(folder: Path, field: str = "", name: str = DESCRIPTION) -> Fault:
    """A file of a sweep, its description unless named, is not as it was written."""
    allowed = _("what the sweep wrote, or another folder")
    return Fault(str(folder / name), field=field, found=_("a damaged file"), allowed=allowed)


def check_files(folder: Path, description: dict[str, Any]) -> None:
    """Raise BadInput if a file is not the one that the description names."""
    for name, checksum in description.get("checksums", {}).items():
        try:
            is_sound = _checksum((folder / name).read_bytes()) == checksum
        except OSError:
            is_sound = False
        if not is_sound:
            raise BadInput([damage(folder, name=name)])


def sweep_in(folder: Path) -> tuple[Sweep, list[Maker]]:
    """The sweep that was asked for in a folder, and who has worked on it.

    Raises BadInput if it is none, damaged, or of a version that did not keep what it was given.
    """
    description = description_of(folder)
    if GIVEN not in description.get("checksums", {}):
        allowed = _("a sweep that keeps what it was given; its command adds that")
        raise BadInput([Fault(str(folder / GIVEN), found=_("no such file"), allowed=allowed)])
    check_files(folder, description)
    try:
        given = Given.model_validate_json((folder / GIVEN).read_bytes())
        sweep = given.sweep(description)
    except ValidationError:
        raise BadInput([damage(folder, name=GIVEN)]) from None
    wanted = json.loads(_as_json(described(sweep)))
    differing = [key for key in wanted if description.get(key) != wanted[key]]
    _check_no_files_varied(sweep, folder)
    if others := [key for key in differing if key not in ("versions", *NOT_COMPARED)]:
        raise BadInput([damage(folder, others[0])])
    return sweep, makers_in(folder / MADE)


def _check_no_files_varied(sweep: Sweep, folder: Path) -> None:
    paths = {path for p in sweep.design.parameters for path in (p.path, *p.also)}
    if files := sorted(paths & NAMES_OF_FILES):
        found = _("a sweep over {names}, whose files are not kept").format(names=", ".join(files))
        allowed = _("a sweep over values, or its command with another folder")
        raise BadInput([Fault(str(folder), found=found, allowed=allowed)])


def files_of(folder: Path) -> dict[str, Path]:
    """The files of a whole sweep that are the same for the same sweep, by what they are called
    without their checksum."""
    parts = {
        f"part-{number:06d}.parquet": file
        for file in tables_in(folder / PARTS)
        if (number := number_of(file)) is not None
    }
    return {POINTS: folder / POINTS, GIVEN: folder / GIVEN, **parts}


class DesignTold(BaseModel):
    """What the description of a sweep must hold of its design."""

    model_config = ConfigDict(strict=True)

    kind: str
    points: int = Field(ge=1)
    seed: int


class Description(BaseModel):
    """What the description of a sweep must hold; it may hold more."""

    model_config = ConfigDict(strict=True)

    title: str | dict[str, str] | None
    policies: list[str] = Field(min_length=1)
    replications: int = Field(ge=1)
    seed: int
    outcomes: list[str] = Field(min_length=1)
    design: DesignTold
    parameters: dict[str, list[Any] | dict[str, Any]]
    scenario: dict[str, Any]
    scenario_hash: str
    baseline_hash: str
    versions: dict[str, Any]
    own_lives: bool = False
    checksums: dict[Literal["points.parquet", "given.json"], str] = Field(default_factory=dict)


# ---------------------------------------------------------------- tables


def _table_of_points(sweep: Sweep) -> "pa.Table":
    import pyarrow as pa

    number = len(sweep.design)
    columns: dict[str, Any] = {"point": range(number)}
    chosen = [sweep.design.values(point) for point in range(number)]
    for i, parameter in enumerate(sweep.design.parameters):
        values = [row[i] for row in chosen]
        columns[parameter.path] = pa.array(*_as_one_type(values))
    return pa.table(columns)


def _as_one_type(values: list[Any]) -> tuple[list[Any], Any]:
    """Whole numbers, numbers, or else texts; and the type of the column."""
    import pyarrow as pa

    types = {type(value) for value in values if value is not None}
    if types <= {int}:
        return values, pa.int64()
    if types <= {int, float}:
        return values, pa.float64()
    return [None if value is None else _plain(value) for value in values], pa.string()


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table_of_outcomes(point: int, rows: Iterable[Outcome], fault: str) -> "pa.Table":
    import pyarrow as pa

    schema = pa.schema(
        [("point", pa.int64()), ("policy", pa.string()), ("outcome", pa.string())]
        + [(name, pa.float64()) for name in Outcome._fields[2:]]
        + [("fault", pa.string())]
    )
    whole = [{"point": point, **row._asdict(), "fault": None} for row in rows]
    return pa.Table.from_pylist(whole or [{"point": point, "fault": fault}], schema=schema)


def _parquet(table: "pa.Table") -> bytes:
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _read(file: Path) -> "pa.Table":
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(file.read_bytes()))


def tables_in(folder: Path) -> list[Path]:
    """The files of a folder that have the name of a table of a sweep; others are not ours."""
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in files if FILE_NAME.fullmatch(file.name))


def number_of(file: Path) -> int | None:
    """The number in a table's name; None if its content is not what the name says."""
    match = FILE_NAME.fullmatch(file.name)
    assert match is not None
    return int(match[1]) if _checksum(file.read_bytes()) == match[2] else None


# ---------------------------------------------------------------- files


def _checksum(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _as_json(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _write_named(stem: Path, content: bytes) -> Path:
    """Write a table under its name and checksum."""
    file = stem.with_name(f"{stem.name}-{_checksum(content)}.parquet")
    _write(file, content)
    return file


def _write(file: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, and stays after a failure of power."""
    partial = file.with_name(file.name + PARTIAL)
    try:
        with partial.open("wb") as opened_file:
            opened_file.write(content)
            opened_file.flush()
            os.fsync(opened_file.fileno())
        partial.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def damage_told(files: Iterable[Path]) -> str:
    """One line on files that were damaged and are made again."""
    number = len(list(files))
    return ngettext(
        "{number} damaged file is made again", "{number} damaged files are made again", number
    ).format(number=number)
