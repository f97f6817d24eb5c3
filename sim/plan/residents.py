"""The counted residents: a deterministic table by unit, year, sex and age.

Projected year by year (cohort-component method) with mortality, leaving, returning, settling,
marriage and new 18-year-olds; only dated levers act on it. Months between are linear.
"""

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.levers import Merger, Structural
from sim.plan.rates import AGES
from sim.plan.scopes import Groups
from sim.scenario import Baseline, Group, Listing, Scenario, Unit

Floats = npt.NDArray[np.float64]
ELIGIBLE = slice(18, 60)
WEIGHT_ONE = 1 << 20
"""Weights are whole multiples of 1/WEIGHT_ONE, so that sums do not depend on their order."""


class Move(NamedTuple):
    """From a month on, a share of one unit's residents and people lives in another."""

    month: int
    unit: int
    into: int
    share: float
    closes: bool
    cause: int


class Residents(NamedTuple):
    """adults[M, H] residents of 18 to 60; weighted[M, H] the same by listing weight;
    entry[H, Y, 84] cumulated shares of a newly listed person's (sex, age 18-59);
    leavers[M, H] young leavers two years before, relative to the start."""

    adults: Floats
    weighted: Floats
    entry: Floats
    leavers: Floats


@cache
def national_structure() -> Floats:
    """Share of the population by [sex, completed age], Viet Nam 2020 (WPP 2024, sim/data)."""
    text = resources.files("sim").joinpath("data/population.csv").read_text("utf-8")
    shares = np.zeros((2, AGES))
    for row in csv.DictReader(text.splitlines()):
        sex, age = "FM".index(row["sex"].upper()), int(row["age"])
        last = min(age + 5, AGES)
        shares[sex, age:last] = float(row["thousands"]) / (last - age)
    return shares / shares.sum()


def listing_weights(listing: Listing) -> npt.NDArray[np.int64]:
    """Whole weights [sex, completed age]; their mean over the national adults is WEIGHT_ONE."""
    by_age = np.zeros(AGES)
    for w in listing.age_weights:
        by_age[w.ages[0] : w.ages[1] + 1] = w.weight
    weights = np.zeros((2, AGES))
    weights[:, ELIGIBLE] = by_age[ELIGIBLE]
    adults = np.zeros((2, AGES))
    adults[:, ELIGIBLE] = national_structure()[:, ELIGIBLE]
    if listing.women_share is not None:
        women, men = (adults * weights).sum(axis=1)
        weights[0] *= listing.women_share / women
        weights[1] *= (1 - listing.women_share) / men
    mean = (adults * weights).sum() / adults.sum()
    return np.rint(weights / mean * WEIGHT_ONE).astype(np.int64)


def turning_ages(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The next age [sex, completed age] at which a resident counts otherwise; 60 is the last."""
    changes = np.diff(weights, axis=1) != 0
    changes[:, 18 - 1] = True
    following = np.where(changes, np.minimum(np.arange(1, AGES), 60), 60)
    turning = np.full(weights.shape, 60, dtype=np.int64)
    turning[:, :-1] = np.minimum.accumulate(following[:, ::-1], axis=1)[:, ::-1]
    return turning


def at_start(unit: Unit) -> Floats:
    """Residents by [sex, completed age]."""
    if unit.residents_by_age:
        return sum((_spread(g) for g in unit.residents_by_age), np.zeros((2, AGES)))
    return national_structure() * (unit.residents or 0.0)


def _spread(group: Group) -> Floats:
    """Residents of one age group, spread within it like the nation."""
    assert group.band is not None
    low, high = int(group.band[0]), min(AGES, max(int(group.band[1]), int(group.band[0]) + 1))
    shares = np.zeros((2, AGES))
    shares[:, low:high] = national_structure()[:, low:high]
    if group.women is not None:
        shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
        return shares * np.array([[group.women], [group.count - group.women]])
    return shares / shares.sum() * group.count


def moves(scenario: Scenario, baseline: Baseline, groups: Groups) -> tuple[Move, ...]:
    """Structural events of a policy in the order of their dates and of the policy."""
    index = {u.id: i for i, u in enumerate(baseline.units)}
    found: list[Move] = []
    for s in groups.plain:
        if isinstance(s.lever, Structural) and s.first < s.end:
            found.append(_structural(s.lever, s.first, index))
        elif isinstance(s.lever, Merger) and s.first < s.end:
            found += _merged(s.lever, s.units, s.first, baseline)
    return tuple(sorted(found, key=lambda m: m.month))


def structural_moves(baseline: Baseline, groups: Groups) -> tuple[Move, ...]:
    """The moves that name their units, without mergers."""
    index = {u.id: i for i, u in enumerate(baseline.units)}
    return tuple(
        _structural(s.lever, s.first, index)
        for s in groups.plain
        if isinstance(s.lever, Structural) and s.first < s.end
    )


def _structural(lever: Structural, month: int, index: dict[str, int]) -> Move:
    cause = {"split": 0, "merge": 1, "resettle": 2}[lever.event]
    closes = lever.event == "merge" or (lever.event == "resettle" and lever.share == 1.0)
    share = 1.0 if lever.event == "merge" else lever.share
    return Move(month, index[lever.unit], index[lever.into], share, closes, cause)


def _merged(
    lever: Merger, units: npt.NDArray[np.bool_], month: int, baseline: Baseline
) -> list[Move]:
    """Small hamlets join their neighbour, or the largest hamlet of the same lowest area."""
    sizes = [at_start(u).sum() for u in baseline.units]
    index = {u.id: i for i, u in enumerate(baseline.units)}
    small = [
        i for i, u in enumerate(baseline.units)
        if units[i] and u.kind == "hamlet" and 0 < sizes[i] < lever.residents_below
    ]  # fmt: skip
    found = []
    for i in small:
        unit = baseline.units[i]
        same = [
            j for j, u in enumerate(baseline.units)
            if u.area == unit.area and u.kind == "hamlet" and j not in small and sizes[j] > 0
        ]  # fmt: skip
        into = index[unit.neighbour] if unit.neighbour else -1
        if into not in same:
            into = max(same, key=lambda j: (sizes[j], baseline.units[j].id), default=-1)
        if into >= 0:
            found.append(Move(month, i, into, 1.0, True, 1))
    return found


def project(
    scenario: Scenario, baseline: Baseline, group: npt.NDArray[np.int64], each: Floats,
    mortality: Floats, months_of_periods: tuple[int, ...], moved: tuple[Move, ...],
) -> Residents:  # fmt: skip
    """The residents of every unit under one policy and one draw of the parameters.

    group[H]: which of the rates `each` and `mortality` (see `Rates`) a unit has.
    """
    months, years = scenario.years * 12, scenario.years
    weights = listing_weights(scenario.source.listing)
    start = np.stack([at_start(u)[:, : ELIGIBLE.stop] for u in baseline.units])
    factor = np.array([u.leaving_factor for u in baseline.units])
    in_force = np.searchsorted(months_of_periods, np.arange(years) * 12, side="right") - 1
    present, leavers = _yearly(
        scenario.demography.marrying_in, start, each, mortality, group, factor, in_force
    )
    yearly_adults = present[:, :, :, ELIGIBLE].sum(axis=(2, 3))
    weighted_ages = present[:, :, :, ELIGIBLE] * weights[:, ELIGIBLE]
    yearly_weighted = weighted_ages.sum(axis=(2, 3)) / WEIGHT_ONE
    share = (np.arange(months) % 12 / 12)[:, None]
    at = np.arange(months) // 12
    adults, weighted = (
        x[at] * (1 - share) + x[at + 1] * share for x in (yearly_adults, yearly_weighted)
    )
    ages = weighted_ages[:years].reshape(years, len(start), -1)
    for move in moved:
        for table in (adults, weighted):
            _move(table, move, move.month)
        _move(ages, move, -(-move.month // 12))
    _staff(baseline, scenario, adults, weighted, ages)
    lag = np.maximum(at - 2, 0)
    return Residents(adults, weighted, _cumulated(ages), leavers[lag])


def _move(table: Floats, move: Move, first: int) -> None:
    moving = table[first:, move.unit] * move.share
    table[first:, move.unit] -= moving
    table[first:, move.into] += moving


def _staff(
    baseline: Baseline, scenario: Scenario, adults: Floats, weighted: Floats, ages: Floats
) -> None:
    low, high = (min(max(a, 18), 59) for a in scenario.staff.ages)
    one = np.zeros((2, AGES))
    women = scenario.completion.women_share_candidates
    one[0, low : high + 1], one[1, low : high + 1] = women, 1 - women
    for h, unit in enumerate(baseline.units):
        if unit.kind != "hamlet":
            adults[:, h] = weighted[:, h] = unit.staff or 0
            ages[:, h] = one[:, ELIGIBLE].reshape(-1)


def _cumulated(ages: Floats) -> Floats:
    """Cumulated shares [H, Y, sex x age]; national where a unit has nobody."""
    total = ages.sum(axis=2, keepdims=True)
    national = national_structure()[:, ELIGIBLE].reshape(-1)
    shares = np.where(total > 0, ages / np.maximum(total, 1e-300), national / national.sum())
    cumulated = np.cumsum(shares, axis=2)
    cumulated[:, :, -1] = 1.0
    return np.ascontiguousarray(cumulated.transpose(1, 0, 2))


def _yearly(
    marrying_in: float,
    start: Floats,
    each: Floats,
    mortality: Floats,
    group: npt.NDArray[np.int64],
    factor: Floats,
    in_force: npt.NDArray[np.int64],
) -> tuple[Floats, Floats]:
    """present[Y + 1, H, sex, age to 59], and young leavers [Y, H] relative to the first year.

    `in_force[Y]`: the period in which each year begins. Its rates hold for the whole year: months
    between are linear, and a lever that begins later must not be felt before.
    """
    years = len(in_force)
    present = np.zeros((years + 1, *start.shape))
    present[0] = start
    leavers = np.empty((years, len(start)))
    for y, p in enumerate(in_force):
        risks = each[:, p, : ELIGIBLE.stop][:, None]  # [group, 1, age, risk]
        leaving = risks[..., rules.LEAVING][group] * factor[:, None, None]
        returning, settling = risks[..., rules.RETURNING], risks[..., rules.SETTLING]
        alive = np.exp(-mortality[:, :, : ELIGIBLE.stop, p])[group]
        if y == 0:
            away = start * _away_for_each(leaving, (returning + settling)[group])
        out = present[y] * -np.expm1(-leaving)
        home = away * -np.expm1(-returning)[group]
        now = (present[y] - out + home) * alive
        now[:, 0, 20:30] *= 1 + marrying_in
        leavers[y] = out[:, :, 18:26].sum(axis=(1, 2))
        present[y + 1] = _older(now, start[:, :, 0])
        away = _older(((away - home) * np.exp(-settling)[group] + out) * alive, 0 * start[:, :, 0])
    first = leavers[0].copy()
    return present, np.where(first > 0, leavers / np.maximum(first, 1e-300), 1.0)


def _away_for_each(leaving: Floats, ending: Floats) -> Floats:
    """How many are away for each who is present, where as many come back or settle as leave."""
    return np.where(ending > 0, np.minimum(leaving / np.maximum(ending, 1e-9), 1.0), 0.0)


def _older(now: Floats, births: Floats) -> Floats:
    """Everybody one year older; as many are born as at the start."""
    return np.concatenate([births[:, :, None], now[:, :, :-1]], axis=2)
