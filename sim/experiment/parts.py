"""A large baseline in parts that share nothing, so that plans, worlds and logs exist for one part.

A part is simulated as a scenario of its own. Draws are keyed by hamlets, people and names of areas,
so that every unit lives as in the whole, to the last bit; counts of parts are whole numbers that
are put side by side or added up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim.levers import Structural
from sim.plan import independent_of_each_other
from sim.scenario import Baseline, Loaded, Policy, Scenario
from sim.world import COMPLETED

FOLLOWED = (*COMPLETED, "posted")
UNITS_OF_A_PART = 1500
"""Units of a part, if what they share allows. What each part costs anew (rates, schedules: some
milliseconds) is then small beside its people; with sixty members a unit a worker needs some 200 MB
for one part, and a nation gives sixty parts to share out among workers."""


@dataclass(frozen=True)
class Part:
    """Some units of a baseline. `rows` are their places in it, a slice if they stand together;
    `areas` are those of their lowest areas, in the order in which they come in the table."""

    rows: "slice | npt.NDArray[np.int64]"
    areas: "slice | npt.NDArray[np.int64]"
    baseline: Baseline

    @cached_property
    def people(self) -> int:
        """Members and candidates at the start, or 1."""
        units = self.baseline.units
        return max(1, sum(g.count for u in units for name in FOLLOWED for g in getattr(u, name)))

    def of(self, loaded: Loaded) -> Loaded:
        """The scenario of this part alone; `loaded` is the whole one or a draw of it."""
        if len(self.baseline.units) == len(loaded.baseline.units):
            return loaded
        scenario = _own_levers(loaded.scenario, {u.id for u in self.baseline.units})
        return loaded.model_copy(update={"scenario": scenario, "baseline": self.baseline})


def cut(loaded: Loaded, policies: Sequence[str]) -> tuple[Part, ...]:
    """The baseline in parts of UNITS_OF_A_PART that share nothing under any of the policies.

    A part is larger where more units share something; a small baseline is one part.
    """
    baseline = loaded.baseline
    if len(baseline.units) <= UNITS_OF_A_PART:
        return (Part(slice(None), slice(None), baseline),)
    number = independent_of_each_other(loaded, policies)
    part = _packed(np.bincount(number))[number]
    order = np.argsort(part, kind="stable")
    edges = np.flatnonzero(np.diff(part[order])) + 1
    areas = lowest_areas(baseline)
    return tuple(_part(baseline, rows, areas[rows]) for rows in np.split(order, edges))


def lowest_areas(baseline: Baseline) -> npt.NDArray[np.int64]:
    """The number of the lowest area of each unit, in the order in which they come in the table."""
    number: dict[tuple[str, ...], int] = {}
    return np.array([number.setdefault(unit.area, len(number)) for unit in baseline.units])


def _packed(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The part of each independent set, by size in units: filled one after the other."""
    part, filled, parts = np.empty(len(sizes), dtype=np.int64), 0, 0
    for i, size in enumerate(sizes):
        if filled and filled + size > UNITS_OF_A_PART:
            filled, parts = 0, parts + 1
        part[i] = parts
        filled += int(size)
    return part


def _part(baseline: Baseline, rows: npt.NDArray[np.int64], areas: npt.NDArray[np.int64]) -> Part:
    units = tuple(baseline.units[row] for row in rows)
    stand_together = rows[-1] - rows[0] == len(rows) - 1
    place = slice(int(rows[0]), int(rows[-1]) + 1) if stand_together else rows
    own_areas = np.array(list(dict.fromkeys(areas.tolist())))
    return Part(place, own_areas, baseline.model_copy(update={"units": units}))


def _own_levers(scenario: Scenario, ids: set[str]) -> Scenario:
    """The scenario without the structural events of other parts.

    All else stays, so that levers keep their order: where they act on no unit they do nothing.
    """

    def own(policy: Policy) -> Policy:
        return tuple(x for x in policy if not isinstance(x, Structural) or x.unit in ids)

    policies = {name: own(policy) for name, policy in scenario.policies.items()}
    return scenario.model_copy(update={"policies": policies})
