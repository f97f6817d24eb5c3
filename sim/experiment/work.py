"""Work in threads: replications of one policy under one draw of the parameters, counted.

Results do not depend on how many threads work: each replication is counted into its own row.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim import plan as plans
from sim import risk
from sim.experiment.branching import replicated
from sim.experiment.parameters import drawn
from sim.experiment.preparation import EngineOf, Prepared, Runner
from sim.risk import Counts, Ground, Offer, Tally
from sim.scenario import Baseline, Loaded
from sim.world import build as build_world
from sim.world import complete


@dataclass(frozen=True)
class Setup:
    """What does not change while an experiment runs."""

    loaded: Loaded
    seed: int
    engine: EngineOf
    jobs: int
    shelf: "Shelf"

    @property
    def draws(self) -> int:
        """Draws of the uncertain parameters; 1 if none is uncertain."""
        return self.shelf.draws


@dataclass(frozen=True)
class Task:
    """Replications of some policies under one draw of the parameters, for one thread."""

    policies: tuple[str, ...]
    draw: int
    replications: range


class Counted(NamedTuple):
    """What was counted of replications of one policy under one draw, and what was offered."""

    policy: str
    draw: int
    replications: range
    counts: Counts
    offer: Offer


def counted(setup: Setup, tasks: Sequence[Task]) -> Iterator[Counted]:
    """What was counted, policy by policy, in the order of the tasks.

    The first runs in this thread: compiling, which may take a while, can then be interrupted.
    """
    stopped = threading.Event()
    yield from _count(setup, tasks[0], stopped)
    pool = ThreadPoolExecutor(setup.jobs)
    try:
        for part in pool.map(lambda task: _count(setup, task, stopped), tasks[1:]):
            yield from part
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(setup: Setup, task: Task, stopped: threading.Event) -> list[Counted]:
    """Replicate and count one task."""
    ready = cache(lambda policy: setup.shelf.prepared(policy, task.draw))

    def runner(policy: str) -> Runner:
        prepared, *_ = ready(policy)
        return setup.engine(prepared.plan, prepared.world)

    made: dict[str, Counted] = {}
    scenario = setup.loaded.scenario
    for policies, outcomes in replicated(
        scenario, task.policies, runner, setup.seed, task.replications
    ):
        counters = [_counter(setup, task, policy, *ready(policy)) for policy in policies]
        for row, outcome in enumerate(outcomes):
            if stopped.is_set():
                return []  # another task failed or the user interrupted
            for counter, _ in counters:
                counter.add(outcome, row)
        made |= {part.policy: part for _, part in counters}
    return [made[policy] for policy in task.policies]


def _counter(
    setup: Setup, task: Task, policy: str, prepared: Prepared, ground: Ground, offer: Offer
) -> tuple[risk.Counter, Counted]:
    """A counter of one policy, and what it counts into."""
    adaptive, bins = prepared.plan.settings.adaptive, setup.shelf.bins
    counts = risk.empty_counts(len(task.replications), 1, ground, adaptive, bins)
    counted = Counted(policy, task.draw, task.replications, counts, offer)
    return risk.Counter(ground, counts), counted


def tallied(
    loaded: Loaded, counts: Counts, offers: tuple[Offer, ...], draw: npt.NDArray[np.int64]
) -> Tally:
    """Counts of one policy with what is needed to read them."""
    return Tally(
        counts=counts,
        offers=offers,
        draw=draw,
        is_hamlet=np.array([u.kind == "hamlet" for u in loaded.baseline.units]),
        unit_costs=loaded.scenario.costs,
    )


class Shelf:
    """What threads share: scenarios by draw of the parameters, their worlds, and plans.

    With many draws plans are made when they are needed and not kept.
    """

    def __init__(self, loaded: Loaded, draws: int, seed: int) -> None:
        uncertain = loaded.scenario.uncertain
        self._given, self._seed = loaded, seed
        self._loaded: list[Loaded] = [] if uncertain else [loaded]
        self.draw_until(draws)
        one_world = not any(is_of_world(path) for path in uncertain)
        self._world = build_world(self._loaded[0]) if one_world else None
        self._completed = _completed(self._loaded[0]) if one_world else None
        self._projections = plans.Projections() if one_world else None
        self._kept: dict[str, tuple[Prepared, Ground, Offer]] = {}
        self._lock = threading.Lock()
        officials = [sum(g.count for g in (*u.officials, *u.posted)) for u in loaded.baseline.units]
        self.bins = int(1.5 * max(officials)) + 32

    @property
    def draws(self) -> int:
        """How many draws of the parameters are here."""
        return len(self._loaded)

    def draw_until(self, draws: int) -> None:
        """Draw the uncertain parameters, if any, until there are so many draws. Raises BadInput."""
        if self._given.scenario.uncertain:
            added = range(self.draws, draws)
            self._loaded += [drawn(self._given, d, self._seed) for d in added]

    def prepared(self, policy: str, draw: int) -> tuple[Prepared, Ground, Offer]:
        """One policy under one draw, what counting must know of it, and what it offers."""
        if len(self._loaded) > 1:
            return self._made(policy, draw)
        with self._lock:
            if policy not in self._kept:
                self._kept[policy] = self._made(policy, draw)
            return self._kept[policy]

    def _made(self, policy: str, draw: int) -> tuple[Prepared, Ground, Offer]:
        loaded = self._loaded[draw]
        plan = plans.make(loaded, policy, self._completed, self._projections)
        world = build_world(loaded) if self._world is None else self._world
        rules = loaded.scenario.rules
        ground = risk.ground(
            plan, world, rules.at_risk_share_over_60, rules.at_risk_months_since_admission
        )
        prepared = Prepared(loaded, policy, plan, world, self._seed)
        return prepared, ground, risk.offer(loaded, policy, plan)


def _completed(loaded: Loaded) -> Baseline:
    return complete(loaded.baseline, loaded.scenario.completion)


def is_of_world(path: str) -> bool:
    """Whether a parameter is read when the world is built, so that each draw has its own."""
    return path.startswith("completion.") or path == "postings.women_share"
