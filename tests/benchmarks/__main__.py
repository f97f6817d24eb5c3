"""Time one replication of each engine and of the tuned SimPy slice; print the ratios.

The contenders take turns within each round, so that a slow spell of the machine meets them all;
a ratio is the median over the rounds of the ratio within a round.
"""

import argparse
import os
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import median
from time import perf_counter

from tests.benchmarks import tuned_simpy

Contender = Callable[[int], int]
"""Simulate replication k; return the number of events."""

Seconds = dict[str, list[float]]

COMPILED_AT_LEAST, REFERENCE_AT_MOST = 100, 8
LIBRARIES = ("simpy", "numpy", "numba")


def contenders(scenario_path: str, policy: str | None) -> dict[str, Contender]:
    import sim
    from sim.experiment import prepare

    scenario = sim.load(scenario_path)
    prepared = prepare(scenario, policy or next(iter(scenario.policies)))
    return {
        "compiled": lambda k: len(prepared.replicate(k, engine="compiled").log),
        "reference": lambda k: len(prepared.replicate(k, engine="reference").log),
        "tuned SimPy": tuned_events,
    }


def tuned_events(k: int) -> int:
    counts = tuned_simpy.replication(k)
    return sum(count for kind, count in counts.items() if kind not in ("cells", "officials"))


def race(runners: dict[str, Contender], rounds: int) -> tuple[Seconds, dict[str, int]]:
    """Return seconds per round, and the events of the first round, by contender."""
    events = {name: run(0) for name, run in runners.items()}  # compiles and warms up
    seconds: Seconds = {name: [] for name in runners}
    for k in range(1, rounds + 1):
        for name, run in runners.items():
            begin = perf_counter()
            run(k)
            seconds[name].append(perf_counter() - begin)
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
    print(f"{options.scenario}, {options.rounds} rounds, one replication each, medians")
    print(machine())
    for name, times in seconds.items():
        print(f"{name:12} {1e3 * median(times):10.2f} ms {events[name]:8} events")
    speedup = ratio(seconds["reference"], seconds["compiled"])
    slowdown = ratio(seconds["reference"], seconds["tuned SimPy"])
    print(f"reference / compiled    {speedup:8.1f}  (at least {COMPILED_AT_LEAST})")
    print(f"reference / tuned SimPy {slowdown:8.1f}  (at most {REFERENCE_AT_MOST})")


if __name__ == "__main__":
    main()
