"""Replications of every policy on the same lives, counted as they come.

Replication k of every policy has the draws of (seed, k), and the same draw of the uncertain
parameters, k modulo their number. Results do not depend on how many threads work: each replication
is counted into its own row, and what is added up over replications is whole numbers.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim import plan as plans
from sim import risk
from sim.experiment.parameters import drawn
from sim.experiment.preparation import EngineOf, Prepared, engine_called, known_policies
from sim.messages import BadInput, Fault, _, shown
from sim.risk import Counts, Ground, Offer, Study, Tally, intervals
from sim.risk.measures import LOST
from sim.scenario import Baseline, Loaded
from sim.world import build as build_world
from sim.world import complete

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
"""Told how many replications, of all policies together, are done, and how many there will be."""

FEWEST_FOR_PRECISION = 200
MOST_FOR_PRECISION = 100_000
GROWTH = 1.5
LARGEST_TASK = 50
"""Replications that one thread takes at a time, so that progress can be seen."""


@dataclass(frozen=True)
class Results:
    """A finished experiment. Tables are made when they are first looked at."""

    study: Study
    seed: int
    engine: str
    replications: int
    draws: int

    @property
    def loaded(self) -> Loaded:
        """The scenario and its baseline."""
        return self.study.loaded

    @cached_property
    def hamlets(self) -> "pd.DataFrame":
        """Risk by policy, hamlet and year; see `sim.risk.hamlets`."""
        return risk.hamlets(self.study)

    @cached_property
    def years(self) -> "pd.DataFrame":
        """Measures by policy and year; see `sim.risk.years`."""
        return risk.years(self.study)

    @cached_property
    def losses(self) -> "pd.DataFrame":
        """Why cells ended and were founded; see `sim.risk.losses`."""
        return risk.losses(self.study)

    @cached_property
    def pairs(self) -> "pd.DataFrame":
        """Every policy against the base; see `sim.risk.pairs`."""
        return risk.pairs(self.study)

    def summary(self) -> str:
        """The main results as a text for a terminal."""
        heading = _("{replications} replications, seed {seed}, engine {engine}").format(
            replications=self.replications, seed=self.seed, engine=self.engine
        )
        return risk.summary(self.study, self.hamlets, self.pairs, heading)


@dataclass(frozen=True)
class _Setup:
    """What does not change while an experiment runs."""

    loaded: Loaded
    policies: tuple[str, ...]
    replications: int
    seed: int
    engine: EngineOf
    jobs: int
    draws: int
    shelf: "_Shelf"


@dataclass(frozen=True)
class _Task:
    """Replications of one policy under one draw of the parameters, for one thread."""

    policy: str
    draw: int
    replications: range


def run(
    loaded: Loaded,
    policies: Sequence[str] | None = None,
    replications: int | None = None,
    precision: float | None = None,
    seed: int | None = None,
    engine: str | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Results:
    """Replicate the policies of a scenario (default: all) and count what happens.

    The base, the scenario's first policy, always runs too. With `precision` as many replications
    are made (200 to 100,000) as are needed for 95 % intervals of at most that half-width around
    the share of hamlets lost under every policy, and P(lost) of every hamlet under the base; more
    replications make chance smaller, so the draws of the parameters are taken as they are.
    Raises BadInput.
    """
    _check_numbers(replications, precision, jobs)
    scenario = loaded.scenario
    first = replications or scenario.replications
    if precision is not None:
        first = max(FEWEST_FOR_PRECISION, scenario.parameter_draws if scenario.uncertain else 1)
    draws = min(scenario.parameter_draws, first) if scenario.uncertain else 1
    chosen = scenario.seed if seed is None else seed
    setup = _Setup(
        loaded,
        tuple(known_policies(loaded, policies)),
        first,
        chosen,
        engine_called(engine or "compiled"),
        jobs or usable_cores(),
        draws,
        _Shelf(loaded, draws, chosen),
    )
    study = _replicated(setup, progress, precision)
    made = study.tallies[study.base].replications
    return Results(study, chosen, engine or "compiled", made, draws)


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_numbers(replications: int | None, precision: float | None, jobs: int | None) -> None:
    faults = []
    if replications is not None and precision is not None:
        found = _("replications and precision")
        faults.append(Fault(_("run"), found=found, allowed=_("one of the two")))
    for name, value in ((_("replications"), replications), (_("jobs"), jobs)):
        if value is not None and value < 1:
            faults.append(
                Fault(name, found=shown(value), allowed=_("a whole number of at least 1"))
            )
    if precision is not None and not 0 < precision < 1:
        faults.append(
            Fault(_("precision"), found=shown(precision), allowed=_("a number between 0 and 1"))
        )
    if faults:
        raise BadInput(faults)


def _replicated(setup: _Setup, progress: Progress | None, precision: float | None) -> Study:
    """Replicate until there are as many as asked for, or as the precision asks for."""
    ledgers = {name: _Ledger(setup, name) for name in setup.policies}
    done, wanted = 0, setup.replications
    while True:
        _extend(setup, ledgers, range(done, wanted), progress)
        tallies = {name: ledger.tally() for name, ledger in ledgers.items()}
        study = Study(setup.loaded, risk.anniversaries(setup.loaded), tallies)
        done = wanted
        if precision is None or done >= MOST_FOR_PRECISION or _half_width(study) <= precision:
            return study
        wanted = min(int(done * GROWTH), MOST_FOR_PRECISION)


def _half_width(study: Study) -> float:
    """The widest interval that `precision` speaks of, halved."""
    base = study.tallies[study.base]
    each = intervals.share(base.happened(LOST)[:, :, -1].sum(axis=0), base.replications)
    widest = float(np.max(each.high - each.low))
    for tally in study.tallies.values():
        shares = tally.measure("lost")[:, -1] / max(1, int(tally.is_hamlet.sum()))
        lost = intervals.mean(shares, np.zeros_like(tally.draw))
        widest = max(widest, float(lost.high - lost.low))
    return widest / 2


class _Ledger:
    """The growing counts of one policy."""

    def __init__(self, setup: _Setup, policy: str) -> None:
        self.setup, self.policy = setup, policy
        self.counts: Counts | None = None
        self.offers: dict[int, Offer] = {}
        self.draw = np.zeros(0, dtype=np.int64)

    def grow(self, replications: int) -> None:
        """Make room."""
        self.draw = np.arange(replications) % self.setup.draws
        if self.counts is not None:
            self.counts = risk.longer(self.counts, replications)

    def enter(self, task: _Task, part: Counts, offer: Offer) -> None:
        """Add the counts of a task."""
        if self.counts is None:
            self.counts = risk.like(part, len(self.draw), self.setup.draws)
        risk.place(self.counts, part, np.array(task.replications), task.draw)
        self.offers[task.draw] = offer

    def tally(self) -> Tally:
        """The counts so far."""
        assert self.counts is not None
        return Tally(
            counts=self.counts,
            offers=tuple(self.offers[d] for d in range(self.setup.draws)),
            draw=self.draw,
            is_hamlet=np.array([u.kind == "hamlet" for u in self.setup.loaded.baseline.units]),
            unit_costs=self.setup.loaded.scenario.costs,
        )


def _extend(
    setup: _Setup, ledgers: Mapping[str, _Ledger], added: range, progress: Progress | None
) -> None:
    """Run the added replications of every policy in threads; enter them in a fixed order."""
    for ledger in ledgers.values():
        ledger.grow(added.stop)
    made, whole = 0, len(added) * len(ledgers)
    for task, part, offer in _counted(setup, list(_tasks(setup, added))):
        ledgers[task.policy].enter(task, part, offer)
        made += len(task.replications)
        if progress:
            progress(made, whole)


def _counted(setup: _Setup, tasks: Sequence[_Task]) -> Iterator[tuple[_Task, Counts, Offer]]:
    """The tasks with what was counted, in their order.

    The first runs in this thread: compiling, which may take a while, can then be interrupted.
    """
    stopped = threading.Event()
    yield (tasks[0], *_count(setup, tasks[0], stopped))
    pool = ThreadPoolExecutor(setup.jobs)
    try:
        parts = pool.map(lambda task: _count(setup, task, stopped), tasks[1:])
        for task, (part, offer) in zip(tasks[1:], parts, strict=True):
            yield task, part, offer
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _tasks(setup: _Setup, added: range) -> Iterator[_Task]:
    for draw in range(setup.draws):
        first = added.start + (draw - added.start) % setup.draws
        mine = range(first, added.stop, setup.draws)
        size = LARGEST_TASK if setup.draws == 1 else max(1, len(mine))
        for policy in setup.policies:
            for start in range(0, len(mine), size):
                yield _Task(policy, draw, mine[start : start + size])


def _count(setup: _Setup, task: _Task, stopped: threading.Event) -> tuple[Counts, Offer]:
    """Replicate and count one task."""
    prepared, ground, offer = setup.shelf.prepared(task.policy, task.draw)
    adaptive, bins = prepared.plan.settings.adaptive, setup.shelf.bins
    counts = risk.empty_counts(len(task.replications), 1, ground, adaptive, bins)
    counter = risk.Counter(ground, counts)
    replicate = setup.engine(prepared.plan, prepared.world)
    for row, replication in enumerate(task.replications):
        if stopped.is_set():
            break  # another task failed or the user interrupted: what is here is thrown away
        counter.add(replicate(setup.seed, replication), row)
    return counts, offer


class _Shelf:
    """What threads share: scenarios by draw of the parameters, their worlds, and plans.

    With many draws plans are made when they are needed and not kept.
    """

    def __init__(self, loaded: Loaded, draws: int, seed: int) -> None:
        uncertain = loaded.scenario.uncertain
        self._seed = seed
        self._loaded = [drawn(loaded, d, seed) for d in range(draws)] if uncertain else [loaded]
        one_world = not any(is_of_world(path) for path in uncertain)
        self._world = build_world(self._loaded[0]) if one_world else None
        self._completed = _completed(self._loaded[0]) if one_world else None
        self._kept: dict[str, tuple[Prepared, Ground, Offer]] = {}
        self._lock = threading.Lock()
        officials = [sum(g.count for g in (*u.officials, *u.posted)) for u in loaded.baseline.units]
        self.bins = int(1.5 * max(officials)) + 32

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
        plan = plans.make(loaded, policy, self._completed)
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
