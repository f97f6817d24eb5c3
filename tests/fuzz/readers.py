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
    """A reader: `read` raises BadInput or nothing. words: what it knows, to make inputs from.
    share: of the inputs that others get, for slow ones."""

    name: str
    samples: tuple[bytes, ...]
    read: Callable[[bytes], Any]
    words: tuple[bytes, ...] = ()
    share: float = 1.0


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
    yield Reader("table in a workbook", (_workbook(),), of_table)
    yield from _of_workbooks(place)
    yield from _of_figures(place, sound)
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


def _of_workbooks(place: Path) -> Iterator[Reader]:
    """A filled template: its bytes, and what stands in its cells."""
    import openpyxl

    from tests.test_workbook import filled

    path, other = filled(place / "filled.xlsx"), place / "changed.xlsx"
    book = openpyxl.load_workbook(path)

    def of_bytes(content: bytes) -> None:
        other.write_bytes(content)
        load(other)

    def of_cells(content: bytes) -> None:
        """Lines of sheet, row and column by number, and text."""
        was = []
        for line in content.decode("utf-8", "replace").splitlines():
            where, _, value = line.partition("=")
            numbers = [int(n) for n in where.split(",") if n.isascii() and n.isdigit()]
            if len(numbers) == 3 and value.isprintable():
                sheet = book.worksheets[numbers[0] % len(book.worksheets)]
                cell = sheet.cell(1 + numbers[1] % 200, 1 + numbers[2] % 60)
                was.append((cell, cell.value))
                cell.value = _typed(value[:200])
        book.save(other)
        for cell, value in reversed(was):
            cell.value = value
        load(other)

    words = b"1, ,9, =x =-1 =2020-01-01 =1e9 =none =50% =with:H1 =#REF! ==1+1".split(b" ")
    samples = tuple(_some_cells(sheet, i) for i, sheet in enumerate(book.worksheets))
    yield Reader("bytes of a workbook", (path.read_bytes(),), of_bytes)
    yield Reader("cells of a workbook", samples, of_cells, (*words, b"\n"), share=0.05)


def _some_cells(sheet: Any, number: int) -> bytes:
    """Cells of a sheet as they are."""
    cells = [c for row in sheet.iter_rows() for c in row if isinstance(c.value, str | int)]
    some = cells[:: len(cells) // 9 + 1]
    lines = [f"{number},{c.row - 1},{c.column - 1}={c.value}" for c in some]
    return "\n".join(line for line in lines if line.isprintable()).encode()


def _typed(text: str) -> Any:
    """As a planner's program would take it: a number, a truth value, or a text."""
    try:
        return float(text)
    except ValueError:
        return {"true": True, "false": False}.get(text, text)


FACTS = """\
id,figure,place,tags,kinds,quantity,from,to,value,out_of,tolerance,use,source,note
f1,listed in all,,,,listed,2020-01,2021,9,,1,fit,a paper,
f2,admitted,Quỳnh Lâm,,hamlet,admitted,2020,2021-06-01,8,,5%,forecast,,
f3,without a cell,,,,units_without_cell,,2022-01-01,1,4,0.5,input,,
f4,schools,,,,not_modelled,,,1,,,ignore,,why
"""
POSTERIOR = """\
source.listing.per_resident,postings.renewal,weight
0.002,0.7,0.25
0.003,0.6,0.75
"""
UNCERTAIN = """\
uncertain:
  source.listing.per_resident: {distribution: gamma, mean: 0.0022, sd: 0.0007}
  postings.renewal: {distribution: beta, mean: 0.7, sd: 0.1}
"""


def _of_figures(place: Path, sound: Any) -> Iterator[Reader]:
    """Published figures, what they tell of parameters, and the work under way."""
    from sim.calibrate import workplace
    from sim.calibrate.facts import check_facts, read_facts

    apart = place / "apart"
    apart.mkdir()
    drawn = written(apart, f"{SCENARIO}{UNCERTAIN}posterior: posterior.csv\n")
    work = place / ".p.csv.work"
    asked = {"seed": 1, "policy": "as-is"}

    def of_facts(content: bytes) -> None:
        (place / "facts.csv").write_bytes(content)
        check_facts(read_facts(place / "facts.csv"), sound, "facts.csv")

    def of_posterior(content: bytes) -> None:
        (apart / "posterior.csv").write_bytes(content)
        load(drawn)

    def of_asked(content: bytes) -> None:
        work.mkdir(exist_ok=True)
        (work / workplace.ASKED).write_bytes(content)
        with workplace.opened(place / "p.csv", asked):
            pass

    words = b'listed members not_modelled fit ignore 2020 2019-13 -1 1e400 5% 0,5 , ; "'.split()
    yield Reader("table of figures", (FACTS.encode(), FACTS.encode("utf-16")), of_facts, (*words,))
    yield Reader("posterior", (POSTERIOR.encode(),), of_posterior, (b"weight", b"nan", b"-1", b","))
    told = json.dumps(asked).encode()
    yield Reader("what a calibration was asked", (told,), of_asked, (b"null", b"[]", b"{}"))


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
    from sim.sweep.given import makers_in

    swept = place / "swept"
    written(place)
    (place / "sweep.yaml").write_bytes(SWEEP)
    wanted = description.read(place / "sweep.yaml")
    with folders.opened(swept, wanted) as work:
        for point in list(work.missing()):
            work.keep(point, [], "none", 0.0)
    sound, given, points = (
        (swept / name).read_bytes() for name in (folders.DESCRIPTION, folders.GIVEN, folders.POINTS)
    )
    made = (swept / folders.MADE).read_bytes()
    (part,) = folders.tables_in(swept / folders.PARTS)
    rows = part.read_bytes()

    def of_description(content: bytes) -> None:
        (swept / folders.DESCRIPTION).write_bytes(content)
        finished(swept).summary()
        folders.sweep_in(swept)
        with folders.opened(swept, wanted):
            pass

    def of_file(name: str, content: bytes) -> None:
        """With a checksum that fits, so that it is read."""
        data = json.loads(sound)
        data["checksums"][name] = hashlib.blake2b(content, digest_size=8).hexdigest()
        for file, kept in ((folders.GIVEN, given), (folders.POINTS, points)):
            (swept / file).write_bytes(kept)
        (swept / name).write_bytes(content)
        (swept / folders.DESCRIPTION).write_text(json.dumps(data), "utf-8")
        folders.sweep_in(swept)

    def of_given(content: bytes) -> None:
        of_file(folders.GIVEN, content)

    def of_points(content: bytes) -> None:
        for file, kept in ((folders.DESCRIPTION, sound), (folders.GIVEN, given)):
            (swept / file).write_bytes(kept)
        (swept / folders.POINTS).write_bytes(content)
        finished(swept).summary()

    def of_makers(content: bytes) -> None:
        (swept / folders.MADE).write_bytes(content)
        makers_in(swept / folders.MADE)

    def of_part(content: bytes) -> None:
        for file, kept in ((folders.DESCRIPTION, sound), (folders.POINTS, points)):
            (swept / file).write_bytes(kept)
        part.write_bytes(content)
        finished(swept).summary()

    yield Reader("description of a sweep", (sound,), of_description, (b"null", b"[]", b"{}"))
    yield Reader("units of a sweep", (given,), of_given, (b"null", b"[]", b"{}", b"-1", b"1e999"))
    yield Reader("points of a sweep", (points,), of_points)
    yield Reader("makers of a sweep", (made,), of_makers, (b"null", b"[]", b"{}"))
    yield Reader("table of a sweep", (rows,), of_part)
