"""Compilation: the cache is never stale, and compiled arithmetic is IEEE arithmetic as written."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sim import compilation
from sim.compilation import compiled, inlined

needs_compiler = pytest.mark.skipif(
    bool(compilation.SETTINGS.DISABLE_JIT), reason="says something about compiled code only"
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
    """A small project of its own: compilation.py, a constant, and a kernel that freezes it."""
    folder = tmp_path / "project" / "sim"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    shutil.copy(compilation.__file__, folder / "compilation.py")
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
    digests = [compilation.source_digest(package)]
    (package / "engine").mkdir()
    (package / "engine" / "compiled.py").write_text("A = 1\n")
    digests.append(compilation.source_digest(package))
    (package / "engine" / "compiled.py").write_text("A = 2\n")
    digests.append(compilation.source_digest(package))
    (package / "engine" / "compiled.py").rename(package / "engine" / "other.py")
    digests.append(compilation.source_digest(package))
    assert len(set(digests)) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", digest) for digest in digests)


def test_digest_overlooks_rooms_without_kernels(package: Path) -> None:
    before = compilation.source_digest(package)
    (package / "report").mkdir()
    (package / "report" / "pages.py").write_text("A = 1\n")
    (package / "cli.py").write_text("A = 1\n")
    assert compilation.source_digest(package) == before


@pytest.mark.parametrize("switch", ["BOUNDSCHECK", "OPT", "DEBUGINFO_DEFAULT"])
def test_digest_follows_the_compilers_switches(
    package: Path, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    before = compilation.source_digest(package)
    monkeypatch.setattr(compilation.SETTINGS, switch, "other")
    assert compilation.source_digest(package) != before


@pytest.mark.parametrize("module", ["numba", "np"])
def test_digest_follows_versions(
    package: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    before = compilation.source_digest(package)
    monkeypatch.setattr(getattr(compilation, module), "__version__", "0.0.1")
    assert compilation.source_digest(package) != before


def imported_rooms(path: Path) -> set[str]:
    """The rooms of `sim` that a module imports."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            rooms |= {name.name.split(".")[1] for name in node.names if "sim." in name.name}
        if isinstance(node, ast.ImportFrom) and node.module == "sim":
            rooms |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sim."):
            rooms.add(str(node.module).split(".")[1])
    return rooms


def has_kernels(path: Path) -> bool:
    return bool(re.search(r"^@(compiled|inlined)\b", path.read_text(encoding="utf-8"), re.M))


def test_no_kernel_escapes_the_digest() -> None:
    covered = set(compilation.kernel_sources())
    modules = set(compilation.SOURCES.rglob("*.py"))
    with_kernels = {path for path in modules if has_kernels(path)}
    assert compilation.SOURCES / "draws.py" in with_kernels
    assert with_kernels <= covered
    for path in with_kernels:
        assert not imported_rooms(path) & compilation.ROOMS_WITHOUT_KERNELS, path


def test_cache_directory_obeys_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HAMLETSIM_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert compilation.cache_directory("a") == tmp_path / "home" / ".cache" / "hamletsim" / "a"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert compilation.cache_directory("a") == tmp_path / "xdg" / "hamletsim" / "a"
    monkeypatch.setenv("HAMLETSIM_CACHE", str(tmp_path / "own"))
    assert compilation.cache_directory("a") == tmp_path / "own" / "a"
    assert list((tmp_path / "own" / "a").iterdir()) == []


def test_cache_directory_falls_back_to_a_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HAMLETSIM_CACHE", str(tmp_path / "file"))
    directory = compilation.cache_directory("a")
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
    assert compilation.cache_directory("2" * 32).is_dir()
    assert sorted(tmp_path.iterdir()) == [used, tmp_path / ("2" * 32), foreign]


def test_a_cache_in_use_is_marked_as_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAMLETSIM_CACHE", str(tmp_path))
    (tmp_path / "a").mkdir()
    os.utime(tmp_path / "a", (0, 0))
    compilation.cache_directory("a")
    assert (tmp_path / "a").stat().st_mtime > 0


@needs_compiler
@pytest.mark.parametrize("decorator", [compiled, inlined])
def test_kernels_release_the_interpreter_lock_and_are_kept(decorator: Any) -> None:
    def plain() -> int:
        return 1

    one = decorator(plain)
    assert one.targetoptions["nogil"] is True
    assert "fastmath" not in one.targetoptions
    assert one.stats.cache_path.startswith(compilation.SETTINGS.CACHE_DIR)


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
        cwd=compilation.SOURCES.parent,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["function", (-1.3862943611198906).hex()]


# ---------------------------------------------------------------- the state of the engine

TABLES = """
import numpy as np
from sim.compilation import compiled
from sim.engine.compiled.record import RecordType, blank, reader, write

kind = RecordType("Small", {"row": (np.dtype(float), 1), "table": (np.dtype(float), 2)})
opened = reader(kind)
row, table = np.arange(3.0), np.arange(6.0).reshape(2, 3)
words = blank(kind)
write(words, kind, {"row": row, "table": table})

@compiled
def read(words, i, j):
    s = opened(words)
    return s.row[j] + s.table[i, j] + s.table[i][j]

@compiled
def set_(words, i, j):
    s = opened(words)
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
    switches["PYTHONPATH"] = str(compilation.SOURCES.parent)
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

    engine = compilation.SOURCES / "engine"
    kernels = [path for path in (engine / "compiled").glob("*.py") if path.stem != "record"]
    read = set().union(*(attributes_of("s", path) for path in kernels))
    read |= attributes_of("given", engine / "opening.py")
    assert read | READ_ELSEWHERE == set(STATE.kinds)
