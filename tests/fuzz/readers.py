"""Every reader of a file or text that a planner may give, with sound samples to begin from."""

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import store
from sim.load import load, with_settings
from sim.messages import BadInput
from sim.sweep import description, finished
from tests.load_samples import SCENARIO, TABLE, written

SHORT = "{title: x, baseline: hamlets.csv, start: 2020-01-01, years: 1}"
SWEEP = b"""\
scenario: s.yaml
policies: [as-is, more-seats]
replications: 2
seed: 3
parameters:
  training.seats: {low: 10, high: 60, whole: true, levels: 2}
  source.listing.per_resident: [0.001]
design: {kind: grid}
outcomes: [lost, admitted]
"""
SETTING = b"policies.more-seats[0].seats.times=1.5"


@dataclass(frozen=True)
class Reader:
    """A reader: `read` raises BadInput or nothing. words: what it knows, to make inputs from."""

    name: str
    samples: tuple[bytes, ...]
    read: Callable[[bytes], Any]
    words: tuple[bytes, ...] = ()


def refuses(reader: Reader, content: bytes) -> bool:
    """Whether an input is refused. Any other exception than BadInput is a fault of the reader, and
    so is a refusal that is not a printable line for each thing that is wrong."""
    try:
        reader.read(content)
    except BadInput as bad:
        lines = str(bad).splitlines()
        if len(lines) != len(bad.faults) or not all(map(str.isprintable, lines)):
            raise AssertionError(f"not printable lines: {lines!r}") from bad
        return True
    return False


@contextmanager
def readers() -> Iterator[dict[str, Reader]]:
    """All readers by name, at work in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield {reader.name: reader for reader in _readers(Path(folder))}


def _readers(place: Path) -> Iterator[Reader]:
    sound = load(written(place))

    def of_scenario(content: bytes) -> None:
        load(written(place, content))

    def of_table(content: bytes) -> None:
        load(written(place, table=content))

    def of_sweep(content: bytes) -> None:
        written(place)
        (place / "sweep.yaml").write_bytes(content)
        description.read(place / "sweep.yaml")

    def of_setting(content: bytes) -> None:
        with_settings(sound, [content.decode("utf-8", "surrogateescape")])

    keys = tuple(f"{key}:".encode() for key in ("title", "baseline", "start", "years", "policies"))
    marks = b"{ } [ ] : , - ? ! & * | > % @ # ' ~ null true 1e400 -3 2020-01-01 <<: &a *a".split()
    yield Reader("scenario", (SCENARIO.encode(), SHORT.encode()), of_scenario, (*keys, *marks))
    cells = b'own none with:H1 with: H1 0 -3 1e300 6-36 50% 0,5 hamlet school , ; " \t'.split(b" ")
    yield Reader("table", (TABLE.encode(), TABLE.encode("utf-16")), of_table, tuple(cells))
    yield Reader("workbook", (_workbook(),), of_table)
    yield Reader("sweep file", (SWEEP,), of_sweep, tuple(marks))
    yield Reader("setting", (SETTING, b"training.seats=60"), of_setting, (b"=", b".", b"[0]"))
    yield from _of_a_run(place, sound)
    yield from _of_a_sweep(place)


def _workbook() -> bytes:
    import openpyxl

    book, file = openpyxl.Workbook(), io.BytesIO()
    for line in TABLE.splitlines():
        book.worksheets[0].append(line.split(","))
    book.save(file)
    return file.getvalue()


def _of_a_run(place: Path, sound: Any) -> Iterator[Reader]:
    """The files of a run's folder. The checksum of the units is made to fit, so that they are read;
    tables are guarded by theirs."""
    import pandas as pd

    from sim.figures import reading

    run = place / "run"
    made = store.provenance(sound.scenario, sound.baseline)
    asked = {"seed": 1, "engine": "compiled", "policies": ["as-is"], "replications": 2}
    table = pd.DataFrame({"policy": ["as-is"], "year": [1], "p_lost": [0.5]})
    whole = made | asked | {"precision": None, "parameter_draws": 1}
    store.save(run, {"hamlets": table}, whole, sound)
    manifest = (run / store.MANIFEST).read_bytes()
    kept = place / "kept"
    shutil.copytree(run, kept)

    def restored() -> None:
        for file in kept.iterdir():
            shutil.copy(file, run)

    def of_manifest(content: bytes) -> None:
        restored()
        (run / store.MANIFEST).write_bytes(content)
        reading.read(run)
        store.loaded_of(run)

    def of_given(content: bytes) -> None:
        data = json.loads(manifest)
        data["checksums"][store.GIVEN] = hashlib.sha256(content).hexdigest()
        (run / store.GIVEN).write_bytes(content)
        (run / store.MANIFEST).write_text(json.dumps(data), "utf-8")
        store.loaded_of(run)

    def of_run_table(content: bytes) -> None:
        restored()
        (run / "hamlets.parquet").write_bytes(content)
        store.read(run)

    words = tuple(json.dumps(key).encode() for key in json.loads(manifest))
    values = (b"null", b"{}", b"[]", b'""', b"-1", b"1e999", b"NaN", b"true", b'"../x"')
    yield Reader("manifest", (manifest,), of_manifest, (*words, *values))
    yield Reader("units of a run", ((run / store.GIVEN).read_bytes(),), of_given, values)
    yield Reader("table of a run", ((run / "hamlets.parquet").read_bytes(),), of_run_table)


def _of_a_sweep(place: Path) -> Iterator[Reader]:
    """The files of a sweep's folder. A table's name holds its checksum."""
    from sim.sweep import folder as folders

    swept = place / "swept"
    written(place)
    (place / "sweep.yaml").write_bytes(SWEEP)
    wanted = description.read(place / "sweep.yaml")
    with folders.opened(swept, wanted) as work:
        for point in list(work.missing()):
            work.keep(point, [], "none", 0.0)
    sound = (swept / folders.DESCRIPTION).read_bytes()
    (part,) = folders.tables_in(swept / folders.PARTS)
    rows = part.read_bytes()

    def of_description(content: bytes) -> None:
        (swept / folders.DESCRIPTION).write_bytes(content)
        finished(swept).summary()
        with folders.opened(swept, wanted):
            pass

    def of_part(content: bytes) -> None:
        (swept / folders.DESCRIPTION).write_bytes(sound)
        part.write_bytes(content)
        finished(swept).summary()

    yield Reader("description of a sweep", (sound,), of_description, (b"null", b"[]", b"{}"))
    yield Reader("table of a sweep", (rows,), of_part)
