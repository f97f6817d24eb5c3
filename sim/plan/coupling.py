"""Coupled units: which units must be simulated together, because they share something."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.levers import Combining, Reinforcement
from sim.plan.meetings import Areas
from sim.plan.residents import Move
from sim.plan.scopes import Groups
from sim.scenario import Baseline, Scenario


def coupled_units(
    scenario: Scenario,
    baseline: Baseline,
    areas: Areas,
    groups: Groups,
    held: npt.NDArray[np.void],
    lessons: npt.NDArray[np.void],
    tests: npt.NDArray[np.void],
    moved: tuple[Move, ...],
) -> npt.NDArray[np.int64]:
    """Number of the coupled unit of each row: the connected component of all that is shared."""
    components = _Components(len(baseline.units))
    rows = (held, lessons, tests[tests["observable"] == rules.RANK])
    levels = {int(one["level"]) for table in rows for one in table}
    for level in levels | _shared_levels(scenario, areas, groups):
        for area in areas.at(level):
            components.join(np.flatnonzero(areas.of[:, level] == area))
    for linked in _linked(baseline, groups, moved):
        components.join(linked)
    return components.numbers()


def _shared_levels(scenario: Scenario, areas: Areas, groups: Groups) -> set[int]:
    """The levels on which targets, hosts and pools are shared."""
    names: list[str | None] = []
    if scenario.admission.on:
        names += [target.level for target in scenario.admission.targets]
    if scenario.cells.host == "strongest" or _is_combining(groups):
        names.append(scenario.cells.host_level)
    for lever in _reinforcements(groups):
        if lever.pool:
            names.append(scenario.postings.pools[lever.pool].level)
    return {areas.level(name, -1) for name in names}


def _linked(
    baseline: Baseline, groups: Groups, moved: tuple[Move, ...]
) -> Iterator[Sequence[int] | npt.NDArray[np.int64]]:
    """Rows that belong together one by one: senders, moves, joint cells and neighbours."""
    index = {u.id: i for i, u in enumerate(baseline.units)}
    for s in groups.plain + groups.adaptive:
        if isinstance(s.lever, Reinforcement) and s.lever.senders:
            yield [*np.flatnonzero(s.units), *(index[i] for i in s.lever.senders)]
    for move in moved:
        yield [move.unit, move.into]
    for i, unit in enumerate(baseline.units):
        if unit.cell.startswith("with:"):
            yield [i, index[unit.cell.removeprefix("with:")]]
        if unit.neighbour and _is_combining(groups):
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

    def join(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> None:
        """These rows are of one component."""
        for row in rows:
            self._parent[self._root(int(row))] = self._root(int(rows[0]))

    def numbers(self) -> npt.NDArray[np.int64]:
        """The number of each row's component, in the order of their first rows."""
        roots = [self._root(row) for row in range(len(self._parent))]
        number = {root: i for i, root in enumerate(dict.fromkeys(roots))}
        return np.array([number[root] for root in roots], dtype=np.int64)
