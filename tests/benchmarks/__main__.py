"""Time one replication of each engine and of the tuned SimPy slice; print the ratios.

The contenders take turns within each round, so that a slow spell of the machine meets them all;
a ratio is the median over the rounds of the ratio within a round. A turn of the compiled engine is
a batch of replications, as in a run, where a thread makes up to fifty of them one after the other.
"""

import argparse
import os
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from tests.benchmarks.scope import SLICE
from tests.benchmarks.tuned_simpy import Slice

if TYPE_CHECKING:
    from sim.experiment import Prepared

Contender = Callable[[int], int]
"""Simulate replication k; return the number of events."""

Seconds = dict[str, list[float]]

COMPILED_AT_LEAST, REFERENCE_AT_MOST, LOG_AT_MOST = 100, 8, 1.1
LIBRARIES = ("simpy", "numpy", "numba")
BATCH = 20
"""Replications in a turn of the compiled engine."""


def contenders(scenario_path: str, policy: str | None) -> dict[str, Contender]:
    import sim
    from sim.engine import compiled
    from sim.experiment import prepare
    from sim.experiment.preparation import engine_called

    scenario = sim.load(scenario_path)
    name = policy or next(iter(scenario.policies))
    full, part = prepare(scenario, name), prepare(scenario.with_values(SLICE), name)
    units, people = len(full.world.hamlets), len(full.world.people)
    print(f"{scenario_path}, policy {name}: {units} units, {people} people at the start")

    unlogged = compiled.prepared(full.plan, full.world, with_log=False)

    def without_log(k: int) -> int:
        unlogged.run(full.seed, k)
        return 0

    def runner(policy: "Prepared", engine: Literal["compiled", "reference"]) -> Contender:
        ready = engine_called(engine)(policy.plan, policy.world)
        return lambda k: len(ready.run(policy.seed, k).log.day)

    runners = {
        "compiled": runner(full, "compiled"),
        "compiled, no log": without_log,
        "reference": runner(full, "reference"),
        "compiled, slice": runner(part, "compiled"),
        "reference, slice": runner(part, "reference"),
    }
    try:
        model = Slice(part.plan, part.world)
    except ValueError as refusal:
        print(refusal)
    else:
        runners["tuned SimPy"] = lambda k: len(model.replication(part.seed, k).day)
    return runners


def race(runners: dict[str, Contender], rounds: int) -> tuple[Seconds, dict[str, int]]:
    """Return seconds a replication in each round, and the events of replication 0, by contender."""
    events = {name: run(0) for name, run in runners.items()}  # compiles and warms up
    seconds: Seconds = {name: [] for name in runners}
    for k in range(1, rounds + 1):
        for name, run in runners.items():
            turn = range(k, k + BATCH) if name.startswith("compiled") else range(k, k + 1)
            begin = perf_counter()
            for replication in turn:
                run(replication)
            seconds[name].append((perf_counter() - begin) / len(turn))
    return seconds, events


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    return median(a / b for a, b in zip(slow, fast, strict=True))


def machine() -> str:
    processor = platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--scenario", default="scenarios/quynh-luu.yaml")
    parser.add_argument("--policy", help="default: the first one")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    seconds, events = race(contenders(options.scenario, options.policy), options.rounds)
    print(f"{options.rounds} rounds, medians, for one replication")
    print(machine())
    for name, times in seconds.items():
        print(f"{name:16} {1e3 * median(times):10.2f} ms {events[name]:8} events")
    for slow, fast, wanted in (
        ("reference", "compiled", f"at least {COMPILED_AT_LEAST}"),
        ("reference, slice", "compiled, slice", f"at least {COMPILED_AT_LEAST}"),
        ("reference, slice", "tuned SimPy", f"at most {REFERENCE_AT_MOST}"),
        ("compiled", "compiled, no log", f"at most {LOG_AT_MOST}"),
    ):
        if slow in seconds and fast in seconds:
            print(f"{slow} / {fast}: {ratio(seconds[slow], seconds[fast]):.2f} ({wanted})")


if __name__ == "__main__":
    main()
