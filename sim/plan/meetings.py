"""What organisation does and when: classes, targets, courses, reviews, pools."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.levers import Admission, Attention, LocalClass, OfficerTraining, Training
from sim.plan.calendar import is_in, months_between, year_of_month, years_of_months
from sim.plan.scopes import Groups, Scoped, area_path
from sim.scenario import Baseline, Scenario, Target

CLASS = np.dtype(
    [
        ("month", "i8"),
        ("level", "i8"),
        ("area", "i8"),
        ("seats", "i8"),
        ("priority", "i8"),
        ("series", "i8"),
        ("attendance", "f8"),
        ("replace", "?"),
    ]
)
COURSE = np.dtype(
    [("month", "i8"), ("level", "i8"), ("area", "i8"), ("chief", "?"), ("places", "i8")]
)
CONDITION = np.dtype(
    [("bit", "i8"), ("observable", "i8"), ("level", "i8"), ("below", "f8"), ("at_least", "f8")]
)

LeverKind = TypeVar("LeverKind", Training, Admission)


@dataclass(frozen=True)
class Areas:
    """Areas of all levels with one number each. `of[H, level]` is the area of a unit."""

    levels: tuple[str, ...]
    names: tuple[str, ...]
    of: npt.NDArray[np.int64]

    def level(self, name: str | None, default: int) -> int:
        """Index of a level by its name; `default` counts as in a list (negative from the end)."""
        return default % len(self.levels) if name is None else self.levels.index(name)

    def at(self, level: int) -> list[int]:
        """The areas of a level, in the order of the table."""
        return np.unique(self.of[:, level]).tolist()  # numbered in that order


def areas_of(baseline: Baseline) -> Areas:
    """Number the areas of every level by their paths."""
    number: dict[str, int] = {}
    rows: dict[tuple[str, ...], list[int]] = {}
    for unit in baseline.units:
        if unit.area not in rows:
            paths = [area_path(unit, depth) for depth in range(len(baseline.levels))]
            rows[unit.area] = [number.setdefault(path, len(number)) for path in paths]
    of = np.array([rows[unit.area] for unit in baseline.units], dtype=np.int64)
    return Areas(baseline.levels, tuple(number), of)


def _touches(s: Scoped, areas: Areas, level: int, area: int) -> bool:
    return bool(s.units[areas.of[:, level] == area].any())


def _touching(
    kind: type[LeverKind], groups: Groups, areas: Areas, level: int, area: int
) -> list[tuple[Scoped, LeverKind]]:
    """The levers of one kind that touch an area, in the order of the policy."""
    of_kind = [(s, s.lever) for s in groups.plain if isinstance(s.lever, kind)]
    return [(s, lever) for s, lever in of_kind if _touches(s, areas, level, area)]


# ---------------------------------------------------------------- classes and courses


def classes(scenario: Scenario, areas: Areas, groups: Groups) -> npt.NDArray[np.void]:
    """Every class held, in the order of month, series and area."""
    held: list[tuple[Any, ...]] = []
    if scenario.training.on:
        level = class_level(scenario, areas)
        for area in areas.at(level):
            levers = _touching(Training, groups, areas, level, area)
            held += _district_classes(scenario, levers, level, area)
    local = [s for s in groups.plain if isinstance(s.lever, LocalClass)]
    for series, s in enumerate(local, start=1):
        held += _local_classes(scenario, areas, s, series)
    held.sort(key=lambda c: (c[0], c[5], c[2]))
    return np.array(held, dtype=CLASS)


def class_level(scenario: Scenario, areas: Areas) -> int:
    """The level whose areas hold the classes of the scenario."""
    return areas.level(scenario.training.level, -2 if len(areas.levels) > 1 else -1)


def _district_classes(
    scenario: Scenario, levers: list[tuple[Scoped, Training]], level: int, area: int
) -> Iterator[tuple[Any, ...]]:
    """The classes of one area; between the dates of levers they are all alike."""
    changes = _changes(scenario, levers)
    for first, end in pairwise([*changes, scenario.years * 12]):
        months, *alike = _district_class(scenario, levers, first)
        for m in range(first, end):
            if is_in(scenario, m, months):
                yield (m, level, area, *alike)


def _district_class(
    scenario: Scenario, levers: list[tuple[Scoped, Training]], month: int
) -> tuple[Any, ...]:
    """The months with classes and what they are like, as in one month."""
    rule = scenario.training
    months, seats, attendance = rule.months, float(rule.seats), rule.attendance
    priority, replace = rule.priority, rule.replace_no_shows
    for s, lever in levers:
        if not s.in_force(month):
            continue
        months = lever.months or months
        seats = lever.seats.of(seats) if lever.seats else seats
        attendance = min(1.0, lever.attendance.of(attendance)) if lever.attendance else attendance
        priority = lever.priority or priority
        replace = replace if lever.replace_no_shows is None else lever.replace_no_shows
    rank = rules.PRIORITIES.index(priority)
    return months, int(seats + 0.5), rank, 0, attendance, replace


def _changes(scenario: Scenario, levers: Sequence[tuple[Scoped, object]]) -> list[int]:
    """The first month, and those in which levers begin or end."""
    dates = {0} | {month for s, _ in levers for month in (s.first, s.end)}
    return sorted(month for month in dates if 0 <= month < scenario.years * 12)


def _local_classes(
    scenario: Scenario, areas: Areas, s: Scoped, series: int
) -> list[tuple[Any, ...]]:
    lever = s.lever
    assert isinstance(lever, LocalClass)
    level = areas.level(lever.level, -1)
    rank = rules.PRIORITIES.index(lever.priority)
    return [
        (m, level, area, lever.seats, rank, series, lever.attendance, True)
        for m in range(s.first, s.end)
        if is_in(scenario, m, lever.months)
        for area in areas.at(level)
        if _touches(s, areas, level, area)
    ]


def courses(scenario: Scenario, areas: Areas, groups: Groups) -> npt.NDArray[np.void]:
    """Every course for chiefs and secretaries, in the order of month, policy and area."""
    held = []
    for order, s in enumerate(groups.plain):
        if isinstance(s.lever, OfficerTraining):
            level = areas.level(s.lever.level, 0)
            held += [
                (m, order, (level, area, s.lever.office == "chief", s.lever.places))
                for m in range(s.first, s.end)
                if is_in(scenario, m, s.lever.months)
                for area in areas.at(level)
                if _touches(s, areas, level, area)
            ]
    held.sort(key=lambda c: (c[0], c[1], c[2][1]))
    return np.array([(m, *rest) for m, _, rest in held], dtype=COURSE)


# ---------------------------------------------------------------- targets


@dataclass(frozen=True)
class Targets:
    """Admission targets by area. `of[H, K]` numbers the target areas above a unit (-1: none).

    allowed[T, M]: admissions allowed in the calendar year up to the month, fraction carried.
    capped[T].  yearly[T, Y]: the target of the year (pro rata), without overshoot.
    committee[H]: the area whose committee decides.  priority[A, M] by area.  pull[M].
    """

    of: npt.NDArray[np.int64]
    allowed: npt.NDArray[np.int64]
    capped: npt.NDArray[np.bool_]
    yearly: npt.NDArray[np.float64]
    committee: npt.NDArray[np.int64]
    priority: npt.NDArray[np.int64]
    pull: npt.NDArray[np.float64]


def targets(scenario: Scenario, areas: Areas, groups: Groups) -> Targets:
    """The targets of a policy, month by month."""
    months = scenario.years * 12
    years = year_of_month(scenario, months - 1) + 1
    rule = scenario.admission
    of = np.full((len(areas.of), max(1, len(rule.targets))), -1, dtype=np.int64)
    allowed: list[npt.NDArray[np.int64]] = []
    yearly: list[npt.NDArray[np.float64]] = []
    capped: list[bool] = []
    for k, target in enumerate(rule.targets):
        level = areas.level(target.level, -1)
        for area in areas.at(level):
            base = _target_of(target, areas, area)
            if base is None:
                continue
            of[areas.of[:, level] == area, k] = len(capped)
            levers = _touching(Admission, groups, areas, level, area)
            row = _allowance(scenario, levers, target, base)
            allowed.append(row[0])
            yearly.append(row[1])
            capped.append(target.cap)
    top = min((areas.level(t.level, -1) for t in rule.targets), default=len(areas.levels) - 1)
    return Targets(
        of,
        np.array(allowed, dtype=np.int64).reshape(len(capped), months),
        np.array(capped, dtype=np.bool_),
        np.array(yearly, dtype=np.float64).reshape(len(capped), years),
        np.ascontiguousarray(areas.of[:, top]),
        _priorities(scenario, areas, groups, top),
        _pulls(scenario, groups),
    )


def _target_of(target: Target, areas: Areas, area: int) -> float | None:
    if not isinstance(target.per_year, dict):
        return target.per_year
    path = areas.names[area]
    return target.per_year.get(path, target.per_year.get(path.rsplit("/", 1)[-1]))


def _allowance(
    scenario: Scenario, levers: list[tuple[Scoped, Admission]], target: Target, base: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Admissions allowed so far in each month's year, and the plain targets of the years.

    floor(carry + target (1 + overshoot) months begun / 12) with pace even; with pace none the
    whole year's at once, as far as it is known in that month; the fraction left at the year's end
    is carried.
    """
    months = scenario.years * 12
    year = years_of_months(scenario)
    monthly, paced = np.zeros((months, 2)), np.zeros(months, dtype=np.bool_)
    for m in _changes(scenario, levers):
        *monthly[m:], paced[m:] = _target_in(scenario, levers, target, base, m)
    plain = np.bincount(year, weights=monthly[:, 0]) / 12
    carry, allowed = 0.0, np.zeros(months, dtype=np.int64)
    for y in range(year[-1] + 1):
        of_year = np.flatnonzero(year == y)
        cumulated = carry + np.cumsum(monthly[of_year, 1]) / 12 + 1e-9
        to_come = np.arange(len(of_year))[::-1] * monthly[of_year, 1] / 12
        so_far = np.where(paced[of_year], cumulated, cumulated + to_come)
        allowed[of_year] = np.maximum.accumulate(np.floor(so_far).astype(np.int64))
        carry = cumulated[-1] - 1e-9 - np.floor(cumulated[-1])
        carry = max(0.0, carry)
    return allowed, plain


def _target_in(
    scenario: Scenario,
    levers: list[tuple[Scoped, Admission]],
    target: Target,
    base: float,
    month: int,
) -> tuple[float, float, bool]:
    overshoot = scenario.admission.overshoot if target.overshoot is None else target.overshoot
    pace = scenario.admission.pace
    for s, lever in levers:
        if s.in_force(month):
            base = lever.per_year.of(base) if lever.per_year else base
            overshoot = lever.overshoot.of(overshoot) if lever.overshoot else overshoot
            pace = lever.pace or pace
    return base, base * (1 + overshoot), pace == "even"


def _priorities(
    scenario: Scenario, areas: Areas, groups: Groups, level: int
) -> npt.NDArray[np.int64]:
    base = rules.PRIORITIES.index(scenario.admission.priority)
    priority = np.full((len(areas.names), scenario.years * 12), base, dtype=np.int64)
    for s in groups.plain:
        if isinstance(s.lever, Admission) and s.lever.priority:
            for area in areas.at(level):
                if _touches(s, areas, level, area):
                    priority[area, s.first : s.end] = rules.PRIORITIES.index(s.lever.priority)
    return priority


def _pulls(scenario: Scenario, groups: Groups) -> npt.NDArray[np.float64]:
    pull = np.full(scenario.years * 12, scenario.admission.pull)
    for s in groups.plain:
        if isinstance(s.lever, Admission) and s.lever.pull is not None:
            pull[s.first : s.end] = s.lever.pull
    return pull


# ---------------------------------------------------------------- reviews and pools


def conditions(areas: Areas, groups: Groups) -> npt.NDArray[np.void]:
    """The conditions of adaptive levers; a lever holds where all of its own hold."""
    rows = []
    for bit, s in enumerate(groups.adaptive):
        bounds = {k: (b.below, b.at_least) for k, b in s.lever.where.when.items()}
        level = areas.level(s.lever.where.rank_level, 0)
        if isinstance(s.lever, Attention):
            level = areas.level(s.lever.level, 0)
            bounds["rank_by_strength"] = (float(s.lever.weakest), None)
        for name, (below, at_least) in bounds.items():
            rows.append(
                (
                    bit,
                    rules.OBSERVABLES.index(name),
                    level,
                    np.inf if below is None else below,
                    -np.inf if at_least is None else at_least,
                )
            )
    return np.array(rows, dtype=CONDITION)


@dataclass(frozen=True)
class Pools:
    """Outside pools. `of[H, kind]` numbers the pool of a unit (-1: none); `size` by number."""

    names: tuple[str, ...]
    of: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]


def pools(scenario: Scenario, areas: Areas) -> Pools:
    """One pool for each kind and area of its level."""
    names = tuple(scenario.postings.pools)
    of = np.full((len(areas.of), max(1, len(names))), -1, dtype=np.int64)
    sizes: list[int] = []
    for k, name in enumerate(names):
        pool = scenario.postings.pools[name]
        level = areas.level(pool.level, -1)
        for area in areas.at(level):
            of[areas.of[:, level] == area, k] = len(sizes)
            sizes.append(pool.size)
    return Pools(names, of, np.array(sizes, dtype=np.int64))


def elections(scenario: Scenario) -> npt.NDArray[np.bool_]:
    """Months in which chiefs are elected."""
    months = np.arange(scenario.years * 12)
    term = scenario.offices.chief_term_months
    first = scenario.offices.first_election
    offset = months_between(scenario.start, first) if first else term
    return (months >= offset) & ((months - offset) % term == 0)
