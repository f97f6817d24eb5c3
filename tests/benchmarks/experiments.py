"""Time whole experiments: a district under all its policies, one worker against two, a new process.

`python -m tests.benchmarks.experiments`. Times are wall times with everything in them: reading the
scenario, drawing the parameters, making plans, simulating, counting. One worker and two take turns.
"""

import argparse
import subprocess
import sys
from statistics import median
from time import perf_counter

from tests.benchmarks.__main__ import machine, ratio

SECONDS_AT_MOST, TWO_WORKERS_AT_LEAST, FIRST_RESULT_AT_MOST = 10, 1.85, 1.5
FIRST_RESULT = """
import sim
scenario = sim.load({path!r})
sim.run(scenario, policies=[next(iter(scenario.policies))], replications=1)
"""


def experiment(path: str, replications: int, jobs: int) -> float:
    """Seconds for all policies of a scenario."""
    import sim

    begin = perf_counter()
    sim.run(sim.load(path), replications=replications, jobs=jobs)
    return perf_counter() - begin


def new_process(path: str) -> float:
    """Seconds from the start of an interpreter to the end of one replication of one policy."""
    begin = perf_counter()
    subprocess.run([sys.executable, "-c", FIRST_RESULT.format(path=path)], check=True)
    return perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.experiments", description=__doc__
    )
    parser.add_argument("--scenario", default="scenarios/quynh-luu.yaml")
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    path, replications = options.scenario, options.replications
    experiment(path, 2, 1)  # compiles
    one, two, first = [], [], []
    for _ in range(options.rounds):
        one.append(experiment(path, replications, 1))
        two.append(experiment(path, replications, 2))
        first.append(new_process(path))
    print(f"{path}, all policies, {replications} replications; {options.rounds} rounds, medians")
    print(machine())
    print(f"two workers: {median(two):.1f} s (at most {SECONDS_AT_MOST} for Quynh Luu and 500)")
    print(f"one worker / two workers: {ratio(one, two):.2f} (at least {TWO_WORKERS_AT_LEAST})")
    print(f"first result of a new process: {median(first):.2f} s (at most {FIRST_RESULT_AT_MOST})")


if __name__ == "__main__":
    main()
