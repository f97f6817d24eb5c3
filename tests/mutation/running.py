"""Mutants against tests: each in a process forked from one that has the libraries at hand."""

import importlib
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Literal, NamedTuple

ROOT = Path(__file__).parents[2]
LIBRARIES = (
    "numpy", "scipy.special", "scipy.stats", "pandas", "pyarrow.parquet", "pydantic", "pytest",
    "hypothesis", "ruamel.yaml", "openpyxl", "simpy", "babel", "typer.testing", "rich", "numba",
    "jinja2", "filelock",
)  # fmt: skip
"""Read once, before anything is forked. numba's switch is read when it is: where kernels are
compiled it is read again."""
QUIET = (
    "-q", "-x", "--no-header", "--tb=line", "-p", "no:cacheprovider",
    "-p", "_hypothesis_pytestplugin",
    "-o", "addopts=--import-mode=importlib --strict-markers -m 'not verify and not prove'",
)  # fmt: skip
WITHOUT_COMPILER = {"NUMBA_DISABLE_JIT": "1"}
WITHOUT_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""To find and read them takes longer than most tests."""
SECONDS_FOR_IMPORTS = 5
TIMES_LONGER = 3

Fate = Literal["caught", "caught by its time", "survived", "does not start"]


@dataclass(frozen=True)
class Room:
    """A part of the model and the tests that answer for it, the quickest first.

    files: globs of sources.  tests: arguments of pytest.  compiled: whether kernels are.
    """

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    compiled: bool = False

    def sources(self) -> list[str]:
        """Its files, relative to the repository."""
        found = [path for glob in self.files for path in sorted(ROOT.glob(glob))]
        return [path.relative_to(ROOT).as_posix() for path in found]


class Ended(NamedTuple):
    """How tests ended: pytest's exit code, or minus a signal; processor seconds; the last line."""

    code: int
    seconds: float
    told: str


@contextmanager
def a_copy() -> Iterator[Path]:
    """The project copied to a temporary folder, where mutants live."""
    os.environ |= WITHOUT_COMPILER
    for library in LIBRARIES:
        importlib.import_module(library)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        place = Path(folder)
        for name in ("sim", "tests", "scenarios"):
            left_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, place / name, ignore=left_out)
        shutil.copy(ROOT / "pyproject.toml", place)
        yield place


def tested(place: Path, room: Room, most: float, tests: Sequence[str] = ()) -> Ended:
    """The tests of a room in the copy, with at most so many processor seconds."""
    told = place / "told.txt"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = os.fork()
    if child == 0:
        _be_the_child(place, room, most, tests or room.tests, told)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = told.read_text("utf-8", "replace").strip().splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR", "E  "))]
    return Ended(code, seconds, (failed or lines or [""])[-1][:160])


def _be_the_child(place: Path, room: Room, most: float, tests: Sequence[str], told: Path) -> None:
    code = 70
    try:
        limit = int(most) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        if room.compiled:
            os.environ.pop(*WITHOUT_COMPILER)
            _forget("numba")
        os.environ |= {"HAMLETSIM_LANG": "en", "PYTHONPATH": str(place)} | WITHOUT_PLUGINS
        os.chdir(place)
        out = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(out, stream)
        _forget("sim", "tests")  # what was imported here is that of the working tree
        sys.path[:] = [p for p in sys.path if p and Path(p).resolve() != ROOT]
        sys.path.insert(0, str(place))
        import pytest
        from hypothesis import Phase, settings

        settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate])
        settings.load_profile("mutants")  # a failure is enough, the simplest one is not asked for
        code = int(pytest.main([*QUIET, *tests]))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _forget(*projects: str) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] in projects]:
        del sys.modules[name]


def fate(place: Path, room: Room, file: str, mutated: str, usual: float) -> tuple[Fate, Ended]:
    """What becomes of a mutant: its file in the copy is changed, tested and put back."""
    path = place / file
    whole = path.read_text("utf-8")
    try:
        _write(path, mutated)
        ended = tested(place, room, TIMES_LONGER * usual + SECONDS_FOR_IMPORTS)
    finally:
        _write(path, whole)
    return _fate_of(ended), ended


def _write(path: Path, source: str) -> None:
    """Compiled files go by size and second: a mutant may have those of the one before."""
    path.write_text(source, "utf-8")
    Path(cache_from_source(str(path))).unlink(missing_ok=True)


def _fate_of(ended: Ended) -> Fate:
    match ended.code:
        case 0:
            return "survived"
        case 1:
            return "caught"
        case 2 | 3 | 4:
            return "does not start"
        case code if code < 0:
            return "caught by its time"
    raise RuntimeError(f"pytest ended with {ended.code}: {ended.told}")


def now() -> str:
    """The time of day, for the table."""
    return time.strftime("%H:%M:%S")
