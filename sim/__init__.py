"""Which hamlets will lose their cell, when, why, how sure are we, and what levers change.

`sim.load(path)` reads a scenario, `sim.run(scenario)` simulates it; see `sim.api` for the rest.
Importing `sim` reads nothing else: names are looked up when they are first used.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim import figures as figures
    from sim import report as report
    from sim.api import BadInput as BadInput
    from sim.api import Baseline as Baseline
    from sim.api import Loaded as Loaded
    from sim.api import Scenario as Scenario
    from sim.api import backtest as backtest
    from sim.api import best as best
    from sim.api import calibrate as calibrate
    from sim.api import check as check
    from sim.api import load as load
    from sim.api import marginal as marginal
    from sim.api import read as read
    from sim.api import run as run
    from sim.api import schema as schema
    from sim.api import sensitivity as sensitivity
    from sim.api import snapshot as snapshot
    from sim.api import sweep as sweep
    from sim.api import trace as trace
    from sim.experiment import Results as Results
    from sim.experiment import Selection as Selection
    from sim.experiment import Snapshot as Snapshot

__all__ = [
    "BadInput",
    "Baseline",
    "Loaded",
    "Results",
    "Scenario",
    "Selection",
    "Snapshot",
    "backtest",
    "best",
    "calibrate",
    "check",
    "figures",
    "load",
    "marginal",
    "read",
    "report",
    "run",
    "schema",
    "sensitivity",
    "snapshot",
    "sweep",
    "trace",
]


CALLABLE = ("calibrate", "load", "sweep")
ROOMS_TO_USE = ("figures", "report")


class _CallableRoom(ModuleType):
    """A room and a function that share one name, `sim.load`: the module can be called."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        from importlib import import_module

        function = getattr(import_module("sim.api"), self.__name__.rpartition(".")[2])
        return function(*arguments, **named)


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        # The import system sets a room as an attribute of the package when it is first imported.
        if name in CALLABLE and isinstance(value, ModuleType):
            value.__class__ = _CallableRoom
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        from importlib import import_module

        if name in CALLABLE:
            return import_module(f"sim.{name}")
        if name in ROOMS_TO_USE:
            return import_module(f"sim.{name}")
        if name in ("Results", "Selection", "Snapshot"):
            return getattr(import_module("sim.experiment"), name)
        if name in __all__:
            return getattr(import_module("sim.api"), name)
        raise AttributeError(f"module 'sim' has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
