"""Work in threads: replications of one policy in one part under one draw of the parameters.

Results do not depend on how many threads work: each replication is counted into its own row.
"""

import os
import threading
from collections import Counter, defaultdict
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
from sim.experiment.parts import Part, cut, lowest_areas
from sim.experiment.preparation import EngineOf, Prepared, Runner, believable
from sim.plan import Memory
from sim.risk import Counts, Ground, Offer, Tally
from sim.scenario import Baseline, Loaded
from sim.world import World, aged, complete
from sim.world import build as build_world

PEOPLE_A_CALL = 50_000
"""People of the replications that an engine makes without looking up: a tenth of a second, for who
interrupts should not wait."""


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
    """Replications of policies in one part under one draw of the parameters, for one thread."""

    part: int
    policies: tuple[str, ...]
    draw: int
    replications: range


class Counted(NamedTuple):
    """What was counted of replications of one policy in one part under one draw, and offered."""

    part: int
    policy: str
    draw: int
    replications: range
    counts: Counts
    offer: Offer


def counted(setup: Setup, tasks: Sequence[Task]) -> Iterator[Counted]:
    """What was counted, policy by policy, in the order of the tasks."""
    stopped = threading.Event()
    setup.shelf.expect(tasks)
    risk.Counter.make_ready()
    pool = ThreadPoolExecutor(setup.jobs)
    try:
        for found in pool.map(lambda task: _count(setup, task, stopped), tasks):
            yield from found
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(setup: Setup, task: Task, stopped: threading.Event) -> list[Counted]:
    """Replicate and count one task."""
    ready = cache(lambda policy: setup.shelf.prepared(task, policy))

    def runner(policy: str) -> Runner:
        prepared, *_ = ready(policy)
        return setup.engine(prepared.plan, prepared.world)

    made: dict[str, Counted] = {}
    scenario, seed = setup.loaded.scenario, setup.seed
    at_once = max(1, PEOPLE_A_CALL // max(1, setup.shelf.parts[task.part].people))
    with believable():
        for policies, running, lives in replicated(
            scenario, task.policies, runner, seed, task.replications
        ):
            theirs = [_counter(setup, task, policy, *ready(policy)) for policy in policies]
            for first in range(0, len(lives), at_once):
                if stopped.is_set():
                    return []  # another task failed or the user interrupted
                some, counters = lives[first : first + at_once], [one for one, _ in theirs]
                running.replicate(seed, some, counters, first)
            made |= {found.policy: found for _, found in theirs}
    setup.shelf.done(task)
    return [made[policy] for policy in task.policies]


def _counter(
    setup: Setup, task: Task, policy: str, prepared: Prepared, ground: Ground, offer: Offer
) -> tuple[risk.Counter, Counted]:
    """A counter of one policy, and what it counts into."""
    adaptive, bins = prepared.plan.settings.adaptive, setup.shelf.bins
    counts = risk.empty_counts(len(task.replications), 1, ground, adaptive, bins)
    found = Counted(task.part, policy, task.draw, task.replications, counts, offer)
    return risk.Counter(ground, counts), found


NONE = slice(0)


class Ledger:
    """The growing counts of one policy: replications of all parts, in their rows.

    draw[R]: which draw of the parameters each replication has, from 0 on.  Without `by_hamlet`
    only what is added up over hamlets is kept.
    """

    def __init__(self, setup: Setup, first: int = 0, by_hamlet: bool = True) -> None:
        self._setup, self._first, self._by_hamlet = setup, first, by_hamlet
        self._counts: Counts | None = None
        self._offers: dict[int, dict[int, Offer]] = defaultdict(dict)
        self._draw = np.zeros(0, dtype=np.int64)

    def grow(self, draw: npt.NDArray[np.int64]) -> None:
        """Make room for as many replications as have a draw here."""
        self._draw = draw
        if self._counts is not None:
            self._counts = risk.longer(self._counts, len(draw))

    def enter(self, found: Counted) -> None:
        """Add what was counted of some replications."""
        counts, shelf = found.counts, self._setup.shelf
        part = shelf.parts[found.part]
        hamlets, areas, sizes = part.rows, part.areas, (shelf.hamlets, shelf.areas)
        if not self._by_hamlet:
            counts, hamlets, areas, sizes = risk.of_the_whole(counts), NONE, NONE, (0, 0)
        if self._counts is None:
            draws = int(self._draw.max()) + 1
            self._counts = risk.like(counts, len(self._draw), draws, *sizes)
        first, last = (k - self._first for k in (found.replications[0], found.replications[-1]))
        rows, draw = slice(first, last + 1, found.replications.step), int(self._draw[first])
        risk.place(self._counts, counts, rows, draw, hamlets, areas)
        self._offers[draw][found.part] = found.offer

    def tally(self) -> Tally:
        """The counts so far, with what is needed to read them."""
        assert self._counts is not None
        loaded = self._setup.loaded
        kinds = risk.kinds_in(loaded.baseline)
        return Tally(
            counts=self._counts,
            offers=tuple(self._offered(self._offers[d]) for d in sorted(self._offers)),
            draw=self._draw,
            kind=risk.kinds_of(loaded.baseline, kinds),
            kind_names=kinds,
            unit_costs=loaded.scenario.costs,
        )

    def _offered(self, by_part: dict[int, Offer]) -> Offer:
        """What is offered in all parts under one draw."""
        shelf = self._setup.shelf
        rows = [shelf.parts[p].rows for p in by_part]
        return risk.offered_together(list(by_part.values()), rows, shelf.hamlets)


class Shelf:
    """What threads share: scenarios by draw of the parameters; worlds and plans of parts.

    What belongs to a part is made when its first task begins and put away when its last is done,
    so that memory does not grow with the number of parts; a baseline of one part stays.
    """

    def __init__(self, loaded: Loaded, policies: Sequence[str], draws: int, seed: int) -> None:
        self._given, self._seed = loaded, seed
        self._loaded: list[Loaded] = [] if loaded.scenario.uncertain else [loaded]
        self.draw_until(draws)
        self.parts = cut(loaded, policies)
        self.hamlets = len(loaded.baseline.units)
        self.areas = int(lowest_areas(loaded.baseline).max()) + 1
        self._in_work: dict[int, _InWork] = {}
        self._left: Counter[int] = Counter()
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

    def expect(self, tasks: Sequence[Task]) -> None:
        """These tasks will come."""
        with self._lock:
            self._left.update(task.part for task in tasks)

    def prepared(self, task: Task, policy: str) -> "Ready":
        """One policy in the part and under the draw of a task."""
        with self._lock:
            if task.part not in self._in_work:
                self._in_work[task.part] = _InWork(self.parts[task.part], self._loaded, self._seed)
            part = self._in_work[task.part]
        return part.prepared(policy, task.draw)

    def done(self, task: Task) -> None:
        """A task has ended; if it was the last of its part, the part is put away."""
        with self._lock:
            self._left[task.part] -= 1
            if self._left[task.part] == 0 and len(self.parts) > 1:
                del self._in_work[task.part]


Ready = tuple[Prepared, Ground, Offer]
"""A policy under a draw of the parameters, what counting must know of it, and what it offers."""


class _InWork:
    """A part with its plans. With many draws plans are made when they are needed and not kept."""

    def __init__(self, part: Part, draws: list[Loaded], seed: int) -> None:
        self._part, self._draws, self._seed = part, draws, seed
        kinds = risk.kinds_in(draws[0].baseline)
        self._kind, self._kinds = risk.kinds_of(part.baseline, kinds), len(kinds)
        self._one_world = not any(is_of_world(path) for path in draws[0].scenario.uncertain)
        self._shared: _Shared | None = None
        self._kept: dict[str, Ready] = {}
        self._lock = threading.Lock()

    def prepared(self, policy: str, draw: int) -> Ready:
        with self._lock:
            if self._one_world and self._shared is None:
                self._shared = _share(self._part.of(self._draws[0]))
            if len(self._draws) == 1:
                if policy not in self._kept:
                    self._kept[policy] = self._made(policy, draw)
                return self._kept[policy]
        return self._made(policy, draw)

    def _made(self, policy: str, draw: int) -> Ready:
        loaded = self._part.of(self._draws[draw])
        shared = self._shared or _share(loaded)
        plan = plans.make(loaded, policy, shared.completed, shared.memory)
        rules = loaded.scenario.rules
        ground = risk.ground(
            plan,
            shared.world,
            self._kind,
            self._kinds,
            rules.at_risk_share_over_60,
            rules.at_risk_months_since_admission,
        )
        prepared = Prepared(loaded, policy, plan, shared.world, self._seed)
        return prepared, ground, risk.offer(loaded, policy, plan)


class _Shared(NamedTuple):
    """What the policies of a part have in common."""

    world: World
    completed: Baseline
    memory: Memory


def _share(loaded: Loaded) -> _Shared:
    completion = loaded.scenario.completion
    loaded = loaded.model_copy(update={"baseline": aged(loaded.baseline, completion)})
    return _Shared(build_world(loaded), complete(loaded.baseline, completion), Memory())


def is_of_world(path: str) -> bool:
    """Whether a parameter is read when the world is built, so that each draw has its own."""
    return path.startswith("completion.") or path == "postings.women_share"
