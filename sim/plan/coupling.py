"""Coupled units: which units must be simulated together, because they share something."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.levers import Combining, LocalClass, OfficerTraining, Reinforcement
from sim.plan import meetings
from sim.plan.meetings import Areas
from sim.plan.residents import Move, structural_moves
from sim.plan.scopes import Groups, group_units, scoped
from sim.scenario import Baseline, Loaded, Scenario

Integers = npt.NDArray[np.int64]


def coupled_units(
    scenario: Scenario,
    baseline: Baseline,
    areas: Areas,
    groups: Groups,
    moved: tuple[Move, ...],
) -> Integers:
    """Number of the coupled unit of each row: the connected component of all that is shared."""
    components = _Components(len(baseline.units))
    for linked in _shared(scenario, baseline, areas, groups, moved):
        if len(set(linked)) == len(baseline.units):  # as in a district: nothing is left to join
            return np.zeros(len(baseline.units), dtype=np.int64)
        components.join(linked)
    return components.numbers()


def independent_of_each_other(loaded: Loaded, policies: Sequence[str]) -> Integers:
    """Number [H] of what each row lies in: rows of different numbers share nothing, whichever of
    the policies is in force.

    Lowest areas stay whole, for a merger looks in its own for a hamlet to join, and neighbours lie
    in one.
    """
    scenario, baseline = loaded.scenario, loaded.baseline
    areas = meetings.areas_of(baseline)
    components = _Components(len(baseline.units))
    for linked in _rows_by(areas.of[:, -1]):
        components.join(linked)
    for policy in policies:
        groups = group_units(
            scoped(scenario, baseline, scenario.policies[policy]), len(baseline.units)
        )
        moved = structural_moves(baseline, groups)
        for linked in _shared(scenario, baseline, areas, groups, moved):
            components.join(linked)
    return components.numbers()


def _shared(
    scenario: Scenario,
    baseline: Baseline,
    areas: Areas,
    groups: Groups,
    moved: tuple[Move, ...],
) -> Iterator[list[int]]:
    """Rows that share something: areas of the highest level at which something is shared (those
    below lie in them), and what is linked one by one."""
    level = min(_shared_levels(scenario, areas, groups), default=None)
    if level is not None:
        yield from _rows_by(areas.of[:, level])
    yield from _linked(baseline, groups, moved)


def _rows_by(area: Integers) -> Iterator[list[int]]:
    """The rows of each area."""
    order = np.argsort(area, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(area[order])) + 1):
        yield rows.tolist()


def _shared_levels(scenario: Scenario, areas: Areas, groups: Groups) -> set[int]:
    """The levels on which classes, courses, ranks, targets, hosts and pools are shared."""
    names: list[str | None] = []
    if scenario.admission.on:
        names += [target.level for target in scenario.admission.targets]
    if scenario.cells.host == "strongest" or _is_combining(groups):
        names.append(scenario.cells.host_level)
    for lever in _reinforcements(groups):
        if lever.pool:
            names.append(scenario.postings.pools[lever.pool].level)
    levels = {areas.level(name, -1) for name in names}
    if scenario.training.on:
        levels.add(meetings.class_level(scenario, areas))
    for s in groups.plain:
        if isinstance(s.lever, LocalClass | OfficerTraining) and s.first < s.end and s.units.any():
            levels.add(areas.level(s.lever.level, -1 if isinstance(s.lever, LocalClass) else 0))
    tests = meetings.conditions(areas, groups)
    return levels | {int(t["level"]) for t in tests if t["observable"] == rules.RANK}


def _linked(baseline: Baseline, groups: Groups, moved: tuple[Move, ...]) -> Iterator[list[int]]:
    """Rows that belong together one by one: senders, moves, joint cells and neighbours."""
    index = {u.id: i for i, u in enumerate(baseline.units)}
    for s in groups.plain + groups.adaptive:
        if isinstance(s.lever, Reinforcement) and s.lever.senders and s.units.any():
            yield [*np.flatnonzero(s.units).tolist(), *(index[i] for i in s.lever.senders)]
    for move in moved:
        yield [move.unit, move.into]
    is_combining = _is_combining(groups)
    for i, unit in enumerate(baseline.units):
        if unit.cell.startswith("with:"):
            yield [i, index[unit.cell.removeprefix("with:")]]
        if is_combining and unit.neighbour:
            yield [i, index[unit.neighbour]]


def _is_combining(groups: Groups) -> bool:
    return any(isinstance(s.lever, Combining) for s in groups.plain + groups.adaptive)


def _reinforcements(groups: Groups) -> list[Reinforcement]:
    levers = [s.lever for s in groups.plain + groups.adaptive]
    return [lever for lever in levers if isinstance(lever, Reinforcement)]


class _Components:
    """Disjoint sets of rows. (scipy has them too, but a start without it is quicker.)"""

    def __init__(self, rows: int) -> None:
        self._parent = list(range(rows))

    def _root(self, row: int) -> int:
        while self._parent[row] != row:
            self._parent[row] = self._parent[self._parent[row]]
            row = self._parent[row]
        return row

    def join(self, rows: Iterable[int]) -> None:
        """These rows are of one component."""
        first, *others = rows
        for row in others:
            self._parent[self._root(row)] = self._root(first)

    def numbers(self) -> Integers:
        """The number of each row's component, in the order of their first rows."""
        roots = [self._root(row) for row in range(len(self._parent))]
        number = {root: i for i, root in enumerate(dict.fromkeys(roots))}
        return np.array([number[root] for root in roots], dtype=np.int64)
