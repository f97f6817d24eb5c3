"""Compilation: the cache is never stale, and compiled arithmetic is IEEE arithmetic as written."""

import ast
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.compilation import (
    Record,
    blank,
    cache,
    compiled,
    deferred,
    inlined,
    machine,
    pack,
    set_packed,
    write,
)
from sim.engine.compiled import run_units
from sim.risk import counting
from tests.risk_samples import sample

needs_compiler = pytest.mark.skipif(
    deferred.WITHOUT_COMPILATION, reason="says something about compiled code only"
)

KERNEL = """
from sim.compilation import compiled
from sim.constants import FACTOR

@compiled
def scaled(values, place):
    return FACTOR * values[place]
"""
RUN = """
import sys
import numpy as np
from sim.kernel import scaled
try:
    answer = scaled(np.ones(3), int(sys.argv[1]))
except IndexError:
    answer = "IndexError"
print(answer if sys.argv[1] == "2" or answer == "IndexError" else "anything")
print(sum(scaled.stats.cache_hits.values()))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small project of its own: `compilation`, a constant, and a kernel that freezes it."""
    folder = tmp_path / "project" / "sim"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    shutil.copytree(Path(cache.__file__).parent, folder / "compilation")
    (folder / "constants.py").write_text("FACTOR = 2.0\n")
    (folder / "kernel.py").write_text(KERNEL)
    return folder


def run(package: Path, place: int = 2, **environment: str) -> tuple[str, int]:
    """What a new process answers, and how many kernels it found compiled."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(place)],
        cwd=package.parent,
        env={**inherited, "HAMLETSIM_CACHE": str(package.parent.parent / "cache"), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    answer, hits = done.stdout.split()
    return answer, int(hits)


def test_compiled_code_is_kept_and_follows_an_edit_of_an_imported_module(package: Path) -> None:
    assert run(package) == ("2.0", 0)
    assert run(package) == ("2.0", 1)
    (package / "constants.py").write_text("FACTOR = 3.0\n")
    assert run(package) == ("3.0", 0)


def test_unchecked_code_is_not_reused_when_bounds_are_to_be_checked(package: Path) -> None:
    assert run(package, place=3)[0] == "anything"
    assert run(package, place=3, NUMBA_BOUNDSCHECK="1")[0] == "IndexError"


def test_digest_follows_names_and_contents(package: Path) -> None:
    digests = [cache.source_digest(package)]
    (package / "engine").mkdir()
    (package / "engine" / "compiled.py").write_text("A = 1\n")
    digests.append(cache.source_digest(package))
    (package / "engine" / "compiled.py").write_text("A = 2\n")
    digests.append(cache.source_digest(package))
    (package / "engine" / "compiled.py").rename(package / "engine" / "other.py")
    digests.append(cache.source_digest(package))
    assert len(set(digests)) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", digest) for digest in digests)


def test_digest_overlooks_rooms_without_kernels(package: Path) -> None:
    before = cache.source_digest(package)
    (package / "report").mkdir()
    (package / "report" / "pages.py").write_text("A = 1\n")
    (package / "cli.py").write_text("A = 1\n")
    assert cache.source_digest(package) == before


def test_digest_follows_the_compilers_switches(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    digests = [cache.source_digest(package)]
    monkeypatch.setenv("NUMBA_OPT", "1")
    digests.append(cache.source_digest(package))
    (tmp_path / cache.SETTINGS_FILE).write_text("boundscheck: 1\n")
    digests.append(cache.source_digest(package))
    assert len(set(digests)) == 3


@pytest.mark.parametrize("library", ["numba", "llvmlite", "numpy"])
def test_digest_follows_versions(
    package: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    before = cache.source_digest(package)
    version = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: "0.0.1" if name == library else version(name)
    )
    assert cache.source_digest(package) != before


def imported_rooms(path: Path) -> set[str]:
    """The rooms of `sim` that a module imports, and the modules in them: risk, risk/counts."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            names = [module, *(f"{module}.{name.name}" for name in node.names)]
        else:
            continue
        for name in names:
            first, *rest = name.split(".")
            if first == "sim" and rest:
                rooms |= {rest[0], "/".join(rest[:2])}
    return rooms


def has_kernels(path: Path) -> bool:
    decorators = r"^@(compiled|inlined|kernel|entry)\b"
    return bool(re.search(decorators, path.read_text(encoding="utf-8"), re.M))


def test_no_kernel_escapes_the_digest() -> None:
    covered = set(cache.kernel_sources())
    modules = set(cache.SOURCES.rglob("*.py"))
    with_kernels = {path for path in modules if has_kernels(path)}
    assert cache.SOURCES / "draws.py" in with_kernels
    assert with_kernels <= covered
    for path in with_kernels:
        assert not imported_rooms(path) & cache.ROOMS_WITHOUT_KERNELS, path


def test_cache_directory_obeys_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HAMLETSIM_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert cache.cache_directory("a") == tmp_path / "home" / ".cache" / "hamletsim" / "a"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.cache_directory("a") == tmp_path / "xdg" / "hamletsim" / "a"
    monkeypatch.setenv("HAMLETSIM_CACHE", str(tmp_path / "own"))
    assert cache.cache_directory("a") == tmp_path / "own" / "a"
    assert list((tmp_path / "own" / "a").iterdir()) == []


def test_cache_directory_falls_back_to_a_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HAMLETSIM_CACHE", str(tmp_path / "file"))
    directory = cache.cache_directory("a")
    assert directory.is_dir()
    assert tmp_path not in directory.parents
    directory.rmdir()


def test_long_unused_caches_are_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAMLETSIM_CACHE", str(tmp_path))
    old, used, foreign = tmp_path / ("0" * 32), tmp_path / ("1" * 32), tmp_path / "notes"
    for directory in (old, used, foreign):
        directory.mkdir()
        (directory / "file").write_text("")
    for directory in (old, foreign):
        os.utime(directory, (0, 0))
    assert cache.cache_directory("2" * 32).is_dir()
    assert sorted(tmp_path.iterdir()) == [used, tmp_path / ("2" * 32), foreign]


def test_a_cache_in_use_is_marked_as_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAMLETSIM_CACHE", str(tmp_path))
    (tmp_path / "a").mkdir()
    os.utime(tmp_path / "a", (0, 0))
    cache.cache_directory("a")
    assert (tmp_path / "a").stat().st_mtime > 0


@needs_compiler
@pytest.mark.parametrize("decorator", [compiled, inlined])
def test_kernels_release_the_interpreter_lock_and_are_kept(decorator: Any) -> None:
    def plain() -> int:
        return 1

    one = decorator(plain)
    assert one.targetoptions["nogil"] is True
    assert "fastmath" not in one.targetoptions
    assert one.stats.cache_path.startswith(str(cache.directory()))


def test_products_are_not_fused_with_sums() -> None:
    @compiled
    def remainder(a: float, b: float, c: float) -> float:
        return a * b + c

    a = 1.0 + 2.0**-30
    assert remainder(a, a, -(1.0 + 2.0**-29)) == 0.0  # fused, 2^-60 would be left


@needs_compiler
def test_division_by_zero_is_infinite_in_kernels() -> None:
    @compiled
    def quotient(a: float, b: float) -> float:
        return a / b

    assert quotient(1.0, 0.0) == float("inf")


def test_decorated_functions_are_plain_python_without_the_compiler() -> None:
    script = "from sim import draws; print(type(draws.uniform).__name__, draws.log(0.25).hex())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=cache.SOURCES.parent,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["function", (-1.3862943611198906).hex()]


# ---------------------------------------------------------------- machine code

ENTRY = """
import sys
import numpy as np
from sim.compilation import Record, blank, entry, kernel, write
from sim.constants import FACTOR

kind = Record("Small", {"number": int, "row": (np.dtype(float), 1)})

@kernel
def scaled(s, place):
    if place == 7:
        raise ValueError("seven")
    return FACTOR * s.row[place]

@entry(kind)
def scale(s):
    s.row[0] = scaled(s, s.number)
    return s.number + 1

row, words = np.array([1.0, 4.0]), blank(kind)
write(words, kind, {"number": int(sys.argv[1]), "row": row})
try:
    answer = scale(words)
except (IndexError, RuntimeError) as error:
    answer = type(error).__name__
print(answer, row[0], "numba" in sys.modules)
"""


def run_entry(package: Path, number: int = 1, **environment: str) -> tuple[str, float, bool]:
    """What a new process answers, and whether it needed numba."""
    (package / "small.py").write_text(ENTRY)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    kept = {"HAMLETSIM_CACHE": str(package.parent.parent / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "sim.small", str(number)],
        cwd=package.parent,
        env={**inherited, **kept, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    answer, value, imported = done.stdout.split()
    return answer, float(value), imported == "True"


def machine_code(package: Path) -> list[Path]:
    return sorted((package.parent.parent / "cache").rglob("*.o"))


def test_machine_code_is_loaded_without_numba_and_follows_an_edit(package: Path) -> None:
    assert run_entry(package) == ("2", 8.0, True)
    assert run_entry(package) == ("2", 8.0, False)
    (package / "constants.py").write_text("FACTOR = 3.0\n")
    assert run_entry(package) == ("2", 12.0, True)
    assert run_entry(package, NUMBA_DISABLE_JIT="1") == ("2", 12.0, False)


def test_broken_machine_code_is_made_anew(package: Path) -> None:
    run_entry(package)
    (file,) = machine_code(package)
    whole = file.read_bytes()
    for broken in (b"", whole[:100], whole[:-1] + b"x", whole[1:]):
        file.write_bytes(broken)
        assert run_entry(package) == ("2", 8.0, True)
        assert machine_code(package) == [file]
        assert file.read_bytes()[32:] != broken[32:]


def test_machine_code_of_another_processor_is_not_used(package: Path) -> None:
    run_entry(package)
    (file,) = machine_code(package)
    assert re.search(r"\.scale\.[0-9a-f]{16}\.o$", file.name)
    file.rename(file.with_name(file.name.replace(".scale.", ".scale.0")))
    assert run_entry(package) == ("2", 8.0, True)


def test_where_nothing_can_be_kept_an_entry_still_runs(package: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run_entry(package, HAMLETSIM_CACHE=str(tmp_path / "file")) == ("2", 8.0, True)


def test_a_kernel_that_fails_is_told(package: Path) -> None:
    assert run_entry(package, 7)[0] == "RuntimeError"
    assert run_entry(package, 2, NUMBA_BOUNDSCHECK="1")[0] == "IndexError"


def test_a_run_needs_no_compiler_once_there_is_machine_code() -> None:
    script = (
        "import sim, sys\n"
        "s = sim.load('scenarios/quynh-luu.yaml')\n"
        "sim.run(s, policies=['as-is'], replications=2)\n"
        "heavy = 'numba simpy pandas pyarrow scipy.stats sim_tools sklearn plotly'.split()\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    for _ in range(2):  # the first may have to compile
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=cache.SOURCES.parent,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == "[]"


@needs_compiler
@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_code_is_made_where_it_can_be_interrupted(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes long is made in the main thread, not in those that replicate."""
    made: dict[object, threading.Thread] = {}
    once = machine._loaded_once

    def seen(what: object, *given: Any, **named: Any) -> Any:
        made.setdefault(what, threading.current_thread())
        return once(what, *given, **named)

    for one in (run_units, counting.count):
        for name in ("_code", "_called"):
            monkeypatch.delitem(vars(one), name, raising=False)
    monkeypatch.setattr(machine, "_loaded_once", seen)
    sim.run(sample(), replications=4, jobs=2, engine=engine)
    long = [run_units, counting.count] if engine == "compiled" else [counting.count]
    assert [made.get(one) for one in long] == [threading.main_thread()] * len(long)


@needs_compiler
def test_code_is_loaded_once_for_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one would take the place of the first, in which a thread may be."""
    monkeypatch.setattr(machine, "_LOADED", {})
    waiting = threading.Barrier(4)

    def make() -> bytes:
        time.sleep(0.05)
        return machine._code_of_in_turn()

    def loaded(_: int) -> object:
        waiting.wait()
        return machine._loaded_once("it", make, arguments=2)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(loaded, range(4)))) == 1


def test_packed_fields_are_set_and_no_others() -> None:
    kind = Record("Packed", {"a": int, "row": (np.dtype(float), 1), "b": float, "c": int})
    row = np.arange(3.0)
    one, other = blank(kind), blank(kind)
    for words in (one, other):
        write(words, kind, {"a": 1, "row": np.zeros(1), "b": 2.0, "c": 3})
    packed = pack(kind, {"row": row, "b": 4.5})
    set_packed(one, packed)
    write(other, kind, {"row": row, "b": 4.5})
    assert vars(one) == vars(other) if deferred.WITHOUT_COMPILATION else np.array_equal(one, other)
    with pytest.raises(TypeError, match="row is int64"):
        pack(kind, {"row": np.arange(3)})


# ---------------------------------------------------------------- the state of the engine

TABLES = """
import numpy as np
from sim.compilation import compiled
from sim.compilation import Record, blank, reader, write

kind = Record("Small", {"row": (np.dtype(float), 1), "table": (np.dtype(float), 2)})
opened = reader(kind)
row, table = np.arange(3.0), np.arange(6.0).reshape(2, 3)
words = blank(kind)
write(words, kind, {"row": row, "table": table})

@compiled
def read(words, i, j):
    s = opened(words.ctypes.data)
    return s.row[j] + s.table[i, j] + s.table[i][j]

@compiled
def set_(words, i, j):
    s = opened(words.ctypes.data)
    s.row[j], s.table[i, j] = 7.0, 8.0

def tried(function, i, j):
    try:
        return function(words, i, j)
    except IndexError:
        return "IndexError"

print(read(words, 1, 2), set_(words, 0, 1), row.tolist(), table.tolist())
print(*(tried(f, i, j) for f in (read, set_) for i, j in ((-1, 0), (0, -1), (2, 0), (0, 3))))
"""


def test_tables_are_read_and_written_within_their_bounds(tmp_path: Path) -> None:
    """Checked when bounds are checked; then an index from the end is none."""
    script = tmp_path / "tables.py"
    script.write_text(TABLES)
    switches = {"NUMBA_BOUNDSCHECK": "1", "HAMLETSIM_CACHE": str(tmp_path / "cache")}
    switches["PYTHONPATH"] = str(cache.SOURCES.parent)
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | switches, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "12.0 None [0.0, 7.0, 2.0] [[0.0, 8.0, 2.0], [3.0, 4.0, 5.0]]"
    assert second.split() == ["IndexError"] * 8


READ_ELSEWHERE = {"risk_line"}
"""A setting of the plan that only the counting of risk reads."""


def attributes_of(name: str, path: Path) -> set[str]:
    """What a module reads from the variable of this name."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    }


def test_every_field_of_the_state_is_read_by_a_kernel() -> None:
    from sim.engine.compiled.state import STATE

    engine = cache.SOURCES / "engine"
    kernels = [path for path in (engine / "compiled").glob("*.py")]
    read = set().union(*(attributes_of("s", path) for path in kernels))
    read |= attributes_of("given", engine / "opening.py")
    assert read | READ_ELSEWHERE == set(STATE.kinds)
