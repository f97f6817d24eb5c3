"""Where and when levers act: groups of units that share all their schedules."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.levers import Attention, Lever
from sim.plan.calendar import months_between
from sim.scenario import Baseline, Policy, Scenario, Unit


@dataclass(frozen=True)
class Scoped:
    """A lever with the units it may act on, and its months [first, end)."""

    lever: Lever
    units: npt.NDArray[np.bool_]
    first: int
    end: int

    @property
    def adaptive(self) -> bool:
        """Decided anew at each review."""
        return self.lever.adaptive or isinstance(self.lever, Attention)

    def in_force(self, month: int) -> bool:
        """Whether the dates hold in a month."""
        return self.first <= month < self.end


def area_path(unit: Unit, depth: int) -> str:
    """The path of the unit's area down to level `depth`, e.g. 'Nghe An/Quynh Luu'."""
    return "/".join(unit.area[: depth + 1])


def is_in_area(unit: Unit, area: str) -> bool:
    """Whether a unit lies in the area with this path or this name."""
    paths = [area_path(unit, d) for d in range(len(unit.area))]
    return area in paths or area in unit.area


def is_everywhere(lever: Lever) -> bool:
    """Whether a lever may act on all units."""
    where = lever.where
    return not (where.areas or where.tags or where.kinds or where.hamlets)


def selects(lever: Lever, unit: Unit) -> bool:
    """Whether a lever may act on a unit, whatever its observables are."""
    where = lever.where
    return (
        (not where.areas or any(is_in_area(unit, a) for a in where.areas))
        and (not where.tags or any(t in unit.tags for t in where.tags))
        and (not where.kinds or unit.kind in where.kinds)
        and (not where.hamlets or unit.id in where.hamlets)
    )


def scoped(scenario: Scenario, baseline: Baseline, policy: Policy) -> tuple[Scoped, ...]:
    """The levers of a policy with their units and months."""
    months = scenario.years * 12
    found = []
    for lever in policy:
        units = np.ones(len(baseline.units), dtype=np.bool_)
        if not is_everywhere(lever):
            units[:] = [selects(lever, u) for u in baseline.units]
        first = months_between(scenario.start, lever.since) if lever.since else 0
        end = months_between(scenario.start, lever.until) if lever.until else months
        found.append(Scoped(lever, units, first, min(end, months)))
    return tuple(found)


@dataclass(frozen=True)
class Groups:
    """Units by the levers that act on them; an adaptive lever is one bit of the group's number.

    Group number = static group << adaptive levers | bits of those in force.
    """

    static: npt.NDArray[np.int64]
    signatures: npt.NDArray[np.bool_]
    plain: tuple[Scoped, ...]
    adaptive: tuple[Scoped, ...]

    @property
    def number(self) -> int:
        """Groups in all."""
        return len(self.signatures) << len(self.adaptive)

    def acting_on(self, group: int) -> list[Scoped]:
        """The levers that act on a group while in force, in the order of the policy."""
        bits = len(self.adaptive)
        row = self.signatures[group >> bits]
        acting = [s for s, on in zip(self.plain, row, strict=True) if on]
        return acting + [s for bit, s in enumerate(self.adaptive) if group >> bit & 1]

    def acting(self, group: int, month: int) -> list[Lever]:
        """The levers in force on a group in a month, in the order of the policy."""
        return [s.lever for s in self.acting_on(group) if s.in_force(month)]


def group_units(levers: tuple[Scoped, ...], units: int) -> Groups:
    """Units with the same levers share one group, so that schedules stay small."""
    plain = tuple(s for s in levers if not s.adaptive)
    adaptive = tuple(s for s in levers if s.adaptive)
    scope = np.array([s.units for s in plain], dtype=np.bool_).reshape(len(plain), units).T
    rows = [row.tobytes() for row in scope]
    found = {row: number for number, row in enumerate(sorted(set(rows)))}
    static = np.array([found[row] for row in rows], dtype=np.int64)
    signatures = np.array([list(row) for row in found], dtype=np.bool_)
    return Groups(static, signatures.reshape(len(found), len(plain)), plain, adaptive)
