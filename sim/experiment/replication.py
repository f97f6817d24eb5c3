"""Replications of every policy on the same lives, counted as they come.

Replication k of every policy has the draws of (seed, k), and the same draw of the uncertain
parameters, k modulo their number. Results do not depend on the order: each replication is counted
into its own row, and what is added up over replications is whole numbers.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import risk, store
from sim.experiment.preparation import engine_called, known_policies
from sim.experiment.work import Ledger, Setup, Shelf, Task, counted, usable_cores
from sim.messages import BadInput, Fault, _, ngettext, shown
from sim.numerals import decimal
from sim.risk import Study
from sim.risk.precision import FEWEST_FOR_SHARES
from sim.scenario import Loaded

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
"""Told how many replications, of all policies together, are done, and how many there will be."""

MOST_FOR_PRECISION = 100_000
LEAST_GROWTH, MOST_GROWTH = 1.05, 2.0
LARGEST_TASK = 25
"""Replications that one thread takes at a time: so that progress can be seen, and because they are
stopped together where policies part (a stopped district of 2,000 people takes half a megabyte)."""
MOST_STOPPED = 500_000
"""People of stopped replications of one task, so that those of many people take 150 MB at most."""
TASKS_A_THREAD = 4
"""Tasks for each thread where there are few replications, so that none waits long for another."""


@dataclass(frozen=True)
class Results:
    """A finished experiment. Tables are made when they are first looked at."""

    study: Study
    seed: int
    engine: str
    replications: int
    draws: int
    wanted: float | None = None

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
    def rule(self) -> "pd.DataFrame":
        """The observable at-risk rule judged; see `sim.risk.rule`."""
        return risk.rule(self.study)

    @cached_property
    def pairs(self) -> "pd.DataFrame":
        """Every policy against the base; see `sim.risk.pairs`."""
        return risk.pairs(self.study)

    @cached_property
    def flips(self) -> "pd.DataFrame":
        """Hamlets whose fate a policy changes, and how often; see `sim.risk.flips`."""
        return risk.flips(self.study)

    @cached_property
    def funnel(self) -> "pd.DataFrame":
        """From the source list to official member by area; see `sim.risk.funnel`."""
        return risk.funnel(self.study)

    @cached_property
    def rates(self) -> "pd.DataFrame":
        """Yearly rates per member beside the published ones; see `sim.risk.rates`."""
        return risk.rates(self.study)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was run, on what and how; see `sim.store.provenance`."""
        return store.provenance(
            self.loaded.scenario, self.loaded.baseline, self.loaded.posterior
        ) | {
            "seed": self.seed,
            "engine": self.engine,
            "policies": list(self.study.tallies),
            "replications": self.replications,
            "precision": self.wanted,
            "parameter_draws": self.draws,
        }

    def worst(self, k: int = 10, policy: str | None = None) -> "pd.DataFrame":
        """How sure it is that hamlets are among the k at greatest risk; see `sim.risk.worst`."""
        return risk.worst(self.study, k, policy)

    def summary(self) -> str:
        """The main results as a text for a terminal."""
        heading = ngettext(
            "{replications} replication, seed {seed}, engine {engine}",
            "{replications} replications, seed {seed}, engine {engine}",
            self.replications,
        ).format(replications=decimal(self.replications), seed=self.seed, engine=self.engine)
        tables = risk.Tables(self.hamlets, self.pairs, self.flips, self.rule)
        return risk.summary(self.study, tables, heading, self.wanted)


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
    P(below), P(lost) and P(combined) of every hamlet under every policy: the probabilities that a
    planner reads. 200 is the floor for shares, and above the 30 for means. More replications make
    chance smaller, not the ignorance of the parameters: their draws are taken as they are, and the
    summary tells both half-widths. Raises BadInput.
    """
    _check_precision(replications, precision)
    scenario = loaded.scenario
    first = replications or scenario.replications
    if precision is not None:
        first = max(FEWEST_FOR_SHARES, scenario.parameter_draws if scenario.uncertain else 1)
    named = known_policies(loaded, policies)
    chosen = scenario.seed if seed is None else seed
    shelf = Shelf(loaded, named, min(scenario.parameter_draws, first), chosen)
    setup = Setup(
        loaded, chosen, engine_called(engine or "compiled"), jobs or usable_cores(), shelf
    )
    study = _replicated(setup, named, first, progress, precision)
    made = study.tallies[study.base].replications
    return Results(study, chosen, engine or "compiled", made, setup.draws, precision)


def _check_precision(replications: int | None, precision: float | None) -> None:
    if precision is None:
        return
    faults = []
    if replications is not None:
        both = Fault("replications, precision", found=_("both"), allowed=_("one of the two"))
        faults.append(both)
    if not isinstance(precision, Real) or not 0 < precision < 1:
        allowed = _("a number between 0 and 1")
        faults.append(Fault("precision", found=shown(precision), allowed=allowed))
    if faults:
        raise BadInput(faults)


def _replicated(
    setup: Setup,
    policies: Sequence[str],
    replications: int,
    progress: Progress | None,
    wanted: float | None,
) -> Study:
    """Replicate until there are as many as asked for, or as the precision asks for."""
    ledgers = {name: Ledger(setup) for name in policies}
    done = 0
    while True:
        _extend(setup, ledgers, range(done, replications), progress)
        tallies = {name: ledger.tally() for name, ledger in ledgers.items()}
        study = Study(setup.loaded, risk.anniversaries(setup.loaded), tallies)
        done = replications
        if wanted is None or done >= MOST_FOR_PRECISION:
            return study
        reached = risk.precision(study).chance
        if reached <= wanted:
            return study
        replications = _next(done, reached / wanted)


def _next(done: int, too_wide: float) -> int:
    """How many replications to try next: half-widths shrink with the root of their number.

    At most twice as many, for a first guess may be far off; and not so few that tables are made
    again and again.
    """
    factor = min(max(too_wide**2, LEAST_GROWTH), MOST_GROWTH)
    return min(math.ceil(done * factor), MOST_FOR_PRECISION)


def _extend(
    setup: Setup, ledgers: Mapping[str, Ledger], added: range, progress: Progress | None
) -> None:
    """Run the added replications of every policy in threads; enter them in a fixed order."""
    for ledger in ledgers.values():
        ledger.grow(np.arange(added.stop) % setup.draws)
    parts, made, whole = len(setup.shelf.parts), 0, len(added) * len(ledgers)
    for found in counted(
        setup, _shared_out(list(_tasks(setup, tuple(ledgers), added)), setup.jobs)
    ):
        ledgers[found.policy].enter(found)
        made += len(found.replications)
        if progress:
            progress(made // parts, whole)


def _shared_out(tasks: list[Task], threads: int) -> list[Task]:
    """The last tasks, too few to keep all threads busy, are cut so that there is one for each."""
    few = len(tasks) % threads
    if not few:
        return tasks
    pieces = -(-threads // few)
    return tasks[:-few] + [piece for task in tasks[-few:] for piece in _in_pieces(task, pieces)]


def _in_pieces(task: Task, number: int) -> Iterator[Task]:
    """A task in so many pieces, or in fewer if it has not so many replications."""
    numbers = task.replications
    size = -(-len(numbers) // number)
    for first in range(0, len(numbers), size):
        yield replace(task, replications=numbers[first : first + size])


def _tasks(setup: Setup, policies: tuple[str, ...], added: range) -> Iterator[Task]:
    """All policies of some replications together, so that they can share what is common; part by
    part, so that few parts are in work at a time."""
    parts = setup.shelf.parts
    share = -(-len(added) * len(parts) // (TASKS_A_THREAD * setup.jobs))
    for part in range(len(parts)):
        most = LARGEST_TASK
        if len(policies) > 1:
            most = min(most, max(1, MOST_STOPPED // parts[part].people))
        for draw in range(setup.draws):
            first = added.start + (draw - added.start) % setup.draws
            mine = range(first, added.stop, setup.draws)
            size = min(share if setup.draws == 1 else len(mine), most) or 1
            for start in range(0, len(mine), size):
                yield Task(part, policies, draw, mine[start : start + size])
