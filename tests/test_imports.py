"""Imports go one way: a room of `sim` uses only the rooms before it in `ROOMS`."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = (
    "compilation",
    "messages",
    "numerals",
    "levers",
    "scenario",
    "draws",
    "load",
    "log",
    "rules",
    "world",
    "plan",
    "engine",
    "engine.opening",
    "engine.reference",
    "engine.compiled",
    "risk",
    "store",
    "experiment",
    "sweep",
    "calibrate",
    "figures",
    "report",
    "api",
    "reproduction",
    "__init__",
    "cli",
    "__main__",
)
# What the order of ROOMS alone would allow.
ALSO_FORBIDDEN = {("engine.compiled", "engine.reference")}
PARTS_OF_ENGINE = ("opening", "reference", "compiled")
ONLY_IN_REFERENCE = "simpy"
HEAVY = ("numba", "pandas", "matplotlib", "openpyxl", "pyarrow")


def room_of(module: str) -> str:
    """Return the room that holds a dotted module of `sim`; KeyError if there is none."""
    first, *rest = module.split(".")[1:] or ["__init__"]
    if first == "engine" and rest:
        matches = [part for part in PARTS_OF_ENGINE if rest[0].startswith(part)]
        room = f"engine.{matches[0]}" if matches else module
    else:
        room = first
    if room not in ROOMS:
        raise KeyError(f"{module} belongs to no room")
    return room


def module_of(path: Path) -> str:
    """Return the dotted name of a source file given relative to the repository."""
    parts = path.with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return ".".join(parts[:-1] if is_package else parts)


def imported(path: Path, source: str) -> Iterator[str]:
    """Yield every module that a file imports, wherever in it, as full dotted names."""
    module = module_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            yield from (target(origin, alias.name) for alias in node.names)


def target(origin: str, name: str) -> str:
    """Return the module meant by `from origin import name`, where name may be a module."""
    held_by_package = origin == "sim" and name in ROOMS
    held_by_engine = origin == "sim.engine" and name.startswith(PARTS_OF_ENGINE)
    return f"{origin}.{name}" if held_by_package or held_by_engine else origin


def faults(path: Path, source: str) -> list[str]:
    """Return one line for each import of a file that the order of the rooms forbids."""
    room = room_of(module_of(path))
    modules = sorted(set(imported(path, source)))
    return [f"{path}: {module}" for module in modules if is_fault(room, module)]


def is_fault(room: str, module: str) -> bool:
    library = module.partition(".")[0]
    if library == ONLY_IN_REFERENCE:
        return room != "engine.reference"
    if library != "sim":
        return False
    other = room_of(module)
    return ROOMS.index(other) > ROOMS.index(room) or (room, other) in ALSO_FORBIDDEN


def test_rooms_import_only_earlier_rooms() -> None:
    files = sorted(ROOT.glob("sim/**/*.py"))
    assert files
    found = [f for p in files for f in faults(p.relative_to(ROOT), p.read_text("utf-8"))]
    assert not found, "\n".join(["forbidden imports:", *found])


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("sim/scenario.py", "from sim.draws import uniform"),
        ("sim/scenario.py", "import sim.draws"),
        ("sim/scenario.py", "from sim import draws"),
        ("sim/scenario.py", "from . import draws"),
        ("sim/scenario/places.py", "from ..draws.keys import uniform"),
        ("sim/draws.py", "def f():\n    import sim.cli"),
        ("sim/levers.py", "from sim.scenario import Scenario"),
        ("sim/scenario.py", "from sim.load import read"),
        ("sim/load/tables.py", "from sim.world import build"),
        ("sim/plan/scopes.py", "from sim.engine import opening"),
        ("sim/risk/tables.py", "from sim.experiment import run"),
        ("sim/risk.py", "import sim"),
        ("sim/rules.py", "import simpy"),
        ("sim/engine/compiled.py", "from simpy import Environment"),
        ("sim/engine/compiled.py", "from sim.engine.reference import run"),
        ("sim/engine/compiled_kernels.py", "from sim.engine import reference_life"),
        ("sim/engine/reference.py", "from .compiled import run"),
        ("sim/engine/__init__.py", "from .reference import run"),
        ("sim/engine/__init__.py", "from sim.engine import opening"),
        ("sim/engine/opening.py", "from sim.engine.compiled.state import State"),
    ],
)
def test_a_forbidden_import_is_found(file: str, source: str) -> None:
    assert len(faults(Path(file), source)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("sim/draws.py", "from sim.scenario import Scenario\nimport numpy"),
        ("sim/draws/keys.py", "from .words import word"),
        ("sim/scenario.py", "from sim.levers import Lever"),
        ("sim/world.py", "from sim.load.bands import parse_band"),
        ("sim/engine/compiled/state.py", "from sim.engine.opening import opened"),
        ("sim/engine/reference_life.py", "import simpy\nfrom sim.rules import risks"),
        ("sim/engine/reference.py", "from sim.engine.reference_life import live"),
        ("sim/experiment/__init__.py", "from sim.engine import compiled, reference"),
        ("sim/experiment/replication.py", "from sim import risk, store\nfrom . import folders"),
        ("sim/__init__.py", "from sim.api import run"),
        ("sim/cli/__init__.py", "import sim"),
    ],
)
def test_an_allowed_import_passes(file: str, source: str) -> None:
    assert faults(Path(file), source) == []


@pytest.mark.parametrize("file", ["sim/utils.py", "sim/utils/text.py", "sim/engine/common.py"])
def test_a_file_outside_the_rooms_is_refused(file: str) -> None:
    with pytest.raises(KeyError, match="belongs to no room"):
        faults(Path(file), "")


def test_importing_sim_loads_no_heavy_library() -> None:
    code = f"import sim, sys; print(*(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == ([], "")
