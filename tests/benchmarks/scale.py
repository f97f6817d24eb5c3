"""Time a made-up nation: cost per event, seconds and memory of a replication, workers.

`python -m tests.benchmarks.scale [--size nation|tenth|smallest]`. Contenders of a ratio take turns
in one process; every measurement of memory has a process of its own. What one thread does is told
in processor seconds, which do not count the time that others have the core; workers are compared by
wall time.
"""

import argparse
import multiprocessing
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from statistics import median
from time import perf_counter, process_time, thread_time
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from sim.experiment.replication import LARGEST_TASK
from tests.benchmarks.__main__ import machine
from tests.benchmarks.nation import SIZES, Size, nation

if TYPE_CHECKING:
    from sim.compilation import Call
    from sim.engine.compiled import Runner
    from sim.scenario import Loaded

DISTRICTS_AT_MOST, PROVINCE_WIDE_AT_MOST = 2.0, 3.0
SECONDS_AT_MOST, GIGABYTES_AT_MOST = 10.0, 3.0
TWO_WORKERS_AT_LEAST = 1.85
FEW, MANY = 2, 50
"""Replications between which the memory of a worker is compared."""
SOME = 10
"""Replications of the comparison of workers, beside a single one, which is mostly making plans."""
PROVINCES = 4
"""Whose districts are shared out among workers."""
CORES, MACHINES = 64, 10
PLANNED = 200
"""Replications of which the outlook speaks: the floor for shares."""
SECONDS_OF_A_TURN = 0.2
GIGABYTE = 1e9

Run = Callable[..., Any]
"""Calls a function with arguments, here or in a process of its own."""


def in_a_process_of_its_own(function: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a function that is called in a new interpreter."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def most_memory() -> float:
    """The most memory that this process has had so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIGABYTE


# ---------------------------------------------------------------- cost per event


class Turns(NamedTuple):
    """What one contender took in its turns."""

    units: int
    people: int
    coupled_units: int
    events: list[int]
    seconds: list[float]

    @property
    def microseconds(self) -> float:
        """An event, the median over turns."""
        pairs = zip(self.seconds, self.events, strict=True)
        return 1e6 * median(seconds / events for seconds, events in pairs)


def cost_per_event(size: Size, rounds: int) -> dict[str, Turns]:
    """The engine alone, per event; the parts of the nation are gone through round by round."""
    from sim.experiment.parts import cut

    whole = nation(size)
    province, wide = nation(size.first(1)), nation(size.first(1), "province")
    units = province.baseline.units
    first = tuple(u for u in units if u.area[:2] == units[0].area[:2])
    baseline = province.baseline.model_copy(update={"units": first})
    district = province.model_copy(update={"baseline": baseline})
    fixed = {
        "one district": ready(district),
        "a province, shared by district": ready(province),
        "a province, shared by province": ready(wide),
        "the same, ranked by province too": ready(wide, "attention"),
    }
    found = {name: Turns(*sizes, [], []) for name, (_runner, sizes) in fixed.items()}
    parts = cut(whole, ["as-is"])
    nations = Turns(len(whole.baseline.units), sum(p.people for p in parts), size.districts, [], [])
    for k in range(rounds):
        part, _sizes = ready(parts[k * len(parts) // rounds].of(whole))
        for name, (runner, _sizes) in fixed.items():
            take_turn(runner, found[name], k)
        take_turn(part, nations, k)
    return found | {"the nation, shared by district": nations}


def ready(loaded: "Loaded", policy: str = "as-is") -> "tuple[Runner, tuple[int, int, int]]":
    """One policy in the compiled engine; units, people and coupled units."""
    from sim.engine import compiled
    from sim.experiment import prepare

    one = prepare(loaded, policy)
    sizes = len(one.world.hamlets), len(one.world.people), int(one.plan.unit.max()) + 1
    runner = compiled.prepared(one.plan, one.world)
    runner.run(one.seed, 0)  # compiles and warms up
    return runner, sizes


def take_turn(runner: "Runner", turns: Turns, number: int) -> None:
    """Replicate until a turn is long enough to be timed."""
    events, replication, begin = 0, 1000 * number, thread_time()
    while replication == 1000 * number or thread_time() - begin < SECONDS_OF_A_TURN:
        events += len(runner.run(1, replication).log.day)
        replication += 1
    turns.events.append(events)
    turns.seconds.append(thread_time() - begin)


# ---------------------------------------------------------------- a replication of the nation


class Workers(NamedTuple):
    """Wall and processor seconds of one worker and of two, by round."""

    wall: list[tuple[float, float]]
    processor: list[tuple[float, float]]

    @property
    def gain(self) -> float:
        """How many times faster two are. Other work on the machine makes it smaller."""
        return median(one / two for one, two in self.wall)

    @property
    def overhead(self) -> float:
        """How many times more processor time two take for the same."""
        return median(two / one for one, two in self.processor)


class Spent(NamedTuple):
    """Replications of the nation by one worker: processor seconds and where they went, wall
    seconds, memory in GB."""

    replications: int
    parts: int
    cutting: float
    world: float
    plan: float
    tables: float
    engine: float
    counting: float
    putting_together: float
    whole: float
    wall: float
    memory_before: float
    memory: float

    @property
    def once(self) -> float:
        """What is done once, however many replications there are."""
        return self.cutting + self.world + self.plan

    @property
    def compiled(self) -> float:
        """What machine code takes of each replication."""
        return (self.engine + self.counting) / self.replications

    @property
    def each(self) -> float:
        """What each replication takes."""
        return (self.whole - self.once - self.tables) / self.replications

    @property
    def planned(self) -> float:
        """What each of PLANNED replications takes, with its share of what is done once or for each
        task of LARGEST_TASK replications."""
        return self.each + self.once / PLANNED + self.tables / LARGEST_TASK

    @property
    def in_python(self) -> float:
        """The share of it that only one thread can do at a time."""
        return (self.planned - self.compiled) / self.planned


def replicate_nation(size: Size, replications: int) -> Spent:
    """Replications of one policy, as a run makes them, in one thread."""
    from sim import experiment, risk
    from sim import plan as plans
    from sim.engine import compiled
    from sim.experiment import replication, work

    experiment.run(nation(SIZES["smallest"]), ["as-is"], 1, jobs=1)  # compiles
    loaded = nation(size)
    before = most_memory()
    spent: dict[str, float] = dict.fromkeys(
        ("cutting", "world", "plan", "tables", "engine", "counting", "putting_together"), 0.0
    )

    def timed(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            begin = thread_time()
            try:
                return function(*arguments, **named)
            finally:
                spent[what] += thread_time() - begin

        return call

    def engine(_name: str) -> Callable[..., Any]:
        return timed("tables", compiled.prepared)

    def one_by_one(calls: "Sequence[Call]") -> int:
        """In place of one call for all: what is the engine's, and what is counting?"""
        for number, (function, words) in enumerate(calls):
            what = "engine" if function is compiled.run_units else "counting"
            if timed(what, function)(words) <= 0:
                return number
        return len(calls)

    with patched(
        (work, "cut", timed("cutting", work.cut)),
        (work, "_share", timed("world", work._share)),
        (plans, "make", timed("plan", plans.make)),
        (risk, "ground", timed("tables", risk.ground)),
        (risk, "empty_counts", timed("tables", risk.empty_counts)),
        (work.Ledger, "enter", timed("putting_together", work.Ledger.enter)),
        (compiled, "in_turn", one_by_one),
        (replication, "engine_called", engine),
    ):
        begin, clock = process_time(), perf_counter()
        results = experiment.run(loaded, ["as-is"], replications, jobs=1)
        whole, wall = process_time() - begin, perf_counter() - clock
    assert results.replications == replications
    parts = len(work.cut(loaded, ["as-is"]))
    return Spent(replications, parts, **spent, whole=whole, wall=wall, memory_before=before,
                 memory=most_memory())  # fmt: skip


@contextmanager
def patched(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """Names of modules that stand for something else."""
    patches = [mock.patch.object(*change) for change in changes]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


# ---------------------------------------------------------------- workers


def memory_of_a_worker(size: Size, replications: int) -> float:
    """The most memory of a process that replicates a province, in GB."""
    from sim import experiment

    experiment.run(nation(size.first(1)), ["as-is"], replications, jobs=1)
    return most_memory()


def one_and_two_workers(size: Size, replications: int, rounds: int) -> Workers:
    """One worker and two, in turns, for some provinces in a part for each district: so many parts
    that it does not show that the first is simulated before the workers begin."""
    from sim import experiment
    from sim.experiment import parts

    loaded = nation(size.first(min(PROVINCES, size.provinces)))
    found = Workers([], [])
    with patched((parts, "UNITS_OF_A_PART", 1)):
        experiment.run(loaded, ["as-is"], 1, jobs=1)
        for _round in range(rounds):
            turns = []
            for jobs in (1, 2):
                wall, processor = perf_counter(), process_time()
                experiment.run(loaded, ["as-is"], replications, jobs=jobs)
                turns.append((perf_counter() - wall, process_time() - processor))
            (wall_one, one), (wall_two, two) = turns
            found.wall.append((wall_one, wall_two))
            found.processor.append((one, two))
    return found


# ---------------------------------------------------------------- what is told


def tell_costs(found: dict[str, Turns]) -> None:
    """Cost per event of every contender, and as ratios to one district."""
    base = found["one district"]
    for name, turns in found.items():
        print(
            f"{name:34} {turns.units:7,} units {turns.people:10,} people "
            f"{turns.coupled_units:4} coupled units {turns.microseconds:6.2f} us an event"
        )
    for name, turns in found.items():
        if turns is not base:
            most = PROVINCE_WIDE_AT_MOST if "by province" in name else DISTRICTS_AT_MOST
            cost = ratio(turns, base)
            print(f"{name} / one district: {cost:.2f} (at most {most:g})")


def ratio(turns: Turns, base: Turns) -> float:
    """How many times dearer an event is; the median over rounds of the ratio within a round."""
    pairs = zip(turns.seconds, turns.events, base.seconds, base.events, strict=True)
    return median((s / e) / (t / f) for s, e, t, f in pairs)


def tell_nation(spent: Spent) -> None:
    """Where the time of the nation went."""
    n = spent.replications
    print(
        f"the nation, {n} replication(s) of 10 years in {spent.parts} parts on one core: "
        f"{spent.whole:.1f} processor seconds, {spent.wall:.1f} s of wall time"
    )
    print(
        f"  each replication {spent.each:.1f} s (at most {SECONDS_AT_MOST:g}): engine "
        f"{spent.engine / n:.1f}, counting {spent.counting / n:.1f}, the rest "
        f"{spent.each - spent.compiled:.1f}"
    )
    print(
        f"  once {spent.once + spent.tables:.1f} s: cutting {spent.cutting:.1f}, worlds "
        f"{spent.world:.1f}, plans {spent.plan:.1f}, tables {spent.tables:.1f} (for each "
        f"{LARGEST_TASK} replications)"
    )
    print(
        f"  memory {spent.memory:.2f} GB (at most {GIGABYTES_AT_MOST:g}), of which the table of "
        f"units {spent.memory_before:.2f}"
    )


def outlook(spent: Spent, workers: Workers, worker: float) -> str:
    """What more cores would take, as one paragraph with its assumptions."""
    processor = PLANNED * spent.planned * workers.overhead
    one_machine = processor / CORES
    return (
        f"Outlook, computed, not measured: {PLANNED} replications of one policy of the nation are "
        f"{processor / 60:.1f} minutes of one core. On {CORES} cores that would be "
        f"{one_machine:.0f} s, on {MACHINES} such machines {one_machine / MACHINES:.1f} s, if "
        f"cores are free and as fast as this one, share no bottleneck that two do not show (two "
        f"workers take {workers.overhead:.2f} times the processor time of one), and work "
        f"is cut finely enough: {spent.parts} parts and {PLANNED} replications, or points of a "
        f"sweep, for {CORES * MACHINES:,} cores. One process would not do: {spent.in_python:.0%} "
        f"of its time is Python, of which only one thread runs at a time, so it keeps at most "
        f"{1 / max(spent.in_python, 1e-9):.0f} cores busy; processes (`hamletsim sweep`, on "
        f"several machines with --scheduler) are bound by memory instead, {CORES} x "
        f"{worker:.2f} GB = {CORES * worker:.0f} GB for workers on a province each, and "
        f"{CORES} x {spent.memory:.1f} GB = {CORES * spent.memory:.0f} GB if each holds the "
        f"whole table of units."
    )


def main(arguments: Sequence[str] | None = None, run: Run = in_a_process_of_its_own) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="nation")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--replications", type=int, default=4)
    options = parser.parse_args(arguments)
    size, rounds = SIZES[options.size], options.rounds
    print(machine())
    print(
        f"made-up nation: {size.provinces} provinces, {size.districts} districts, "
        f"{size.hamlets:,} hamlets, {size.members:,} official members; {rounds} rounds"
    )
    tell_costs(run(cost_per_event, size, rounds))
    spent = run(replicate_nation, size, options.replications)
    tell_nation(spent)
    few, many = (run(memory_of_a_worker, size, n) for n in (FEW, MANY))
    print(f"memory of a worker on a province, {FEW} and {MANY} replications: {few:.3f} and "
          f"{many:.3f} GB")  # fmt: skip
    for replications in (1, SOME):
        workers = run(one_and_two_workers, size, replications, max(1, rounds // 5))
        print(
            f"{PROVINCES} provinces, {replications} replication(s): one worker / two workers "
            f"{workers.gain:.2f} (at least {TWO_WORKERS_AT_LEAST} for many, on a quiet machine); "
            f"processor time of two / one {workers.overhead:.2f}"
        )
    print(outlook(spent, workers, many))


if __name__ == "__main__":
    main()
