"""Rates by group, period and age, with every dated lever folded in."""

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.levers import Assumption, Lever, Retention, ReturnIncentive, Screening
from sim.plan.calendar import year_of_month
from sim.plan.scopes import Groups
from sim.scenario import Leaving, Mortality, Rate, Scenario

Floats = npt.NDArray[np.float64]
AGES = 121
OTHER_RISKS = tuple(
    tuple(risk for risk in np.flatnonzero(at_risk).tolist() if risk != rules.LEAVING)
    for at_risk in rules.AT_RISK.reshape(rules.STATUSES * rules.PLACES, rules.RISKS)
)
"""All risks of a state but leaving."""


class Rates(NamedTuple):
    """All rates per year. P periods (constant in time), G groups, 121 completed ages.

    starts: day of each period, then infinity [P + 1].  year: calendar year of each period [P].
    steady[state, G, age, P]: sum of all risks but leaving, state = status * PLACES + place.
    moving[G, age, P]: leaving.  scale[status]: factor of the status on leaving.
    mortality[G, sex, age, P].  each[G, P, age, risk]: for the choice among risks.
    clock[state]: states with the same number run the same clock.
    steady_most[state, G, age], moving_most[G, age], mortality_most[G, sex, age]: the highest rate
    that somebody of this age can meet before the horizon.
    """

    starts: Floats
    year: npt.NDArray[np.int64]
    steady: Floats
    moving: Floats
    scale: Floats
    mortality: Floats
    each: Floats
    clock: npt.NDArray[np.int64]
    steady_most: Floats
    moving_most: Floats
    mortality_most: Floats


def by_exact_age(table: dict[int, float]) -> Floats:
    """Rates by completed age 0..120 from rates that hold from given birthdays on."""
    ages = sorted(table)
    position = np.searchsorted(ages, np.arange(AGES), side="right") - 1
    values = np.array([table[a] for a in ages])
    return np.where(position >= 0, values[np.maximum(position, 0)], 0.0)


def rate_by_age(rate: Rate) -> Floats:
    """A rate as a table of completed ages."""
    if rate.by_age is not None:
        return by_exact_age(rate.by_age)
    return np.full(AGES, rate.constant or 0.0)


def rogers_castro(ages: Floats) -> Floats:
    """Basic standard migration schedule, gross migraproduction rate about 1.

    m(x) = .02 exp(-.1 x) + .06 exp(-.1 (x - 20) - exp(-.4 (x - 20))) + .003
    (A. Rogers and L. J. Castro, Model Migration Schedules, IIASA RR-81-30, 1981).
    """
    child = 0.02 * np.exp(-0.1 * ages)
    labour = 0.06 * np.exp(-0.1 * (ages - 20) - np.exp(-0.4 * (ages - 20)))
    return np.asarray(child + labour + 0.003)


def leaving_by_age(leaving: Leaving) -> Floats:
    """Leaving by completed age; the schedule is taken in the middle of the year of age."""
    if leaving.rogers_castro is not None:
        return leaving.rogers_castro.level * rogers_castro(np.arange(0.5, AGES))
    return rate_by_age(Rate(constant=leaving.constant, by_age=leaving.by_age))


@cache
def mortality_table() -> tuple[tuple[int, ...], Floats]:
    """Published years and m[year, sex, completed age], United Nations WPP 2024 (sim/data)."""
    text = resources.files("sim").joinpath("data/mortality.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    years = tuple(sorted({int(r["year"]) for r in rows}))
    tables = np.zeros((len(years), 2, AGES))
    for i, year in enumerate(years):
        for s, sex in enumerate("FM"):
            of = {int(r["age"]): float(r["rate"]) for r in rows
                  if int(r["year"]) == year and r["sex"].upper() == sex}  # fmt: skip
            tables[i, s] = by_exact_age(of)
    return years, tables


def mortality_in(mortality: Mortality, year: int) -> Floats:
    """m[sex, completed age] in a calendar year; linear between published years."""
    if mortality.table is None:
        one = rate_by_age(Rate(constant=mortality.constant, by_age=mortality.by_age))
        return np.stack([one, one]) * mortality.factor
    years, tables = mortality_table()
    at = 2020 if mortality.table == "viet-nam-2020" else min(max(year, years[0]), years[-1])
    i = min(int(np.searchsorted(years, at, side="right")) - 1, len(years) - 2)
    share = (at - years[i]) / (years[i + 1] - years[i])
    table = tables[i] if share == 0 else tables[i] * (1 - share) + tables[i + 1] * share
    return table * mortality.factor


_RATE_LEVERS = (Retention, ReturnIncentive, Screening, Assumption)


def period_months(scenario: Scenario, groups: Groups) -> tuple[int, ...]:
    """First months of the periods: Januaries, and where a lever on rates begins or ends."""
    months = scenario.years * 12
    cuts = {m for m in range(months) if (scenario.start.month - 1 + m) % 12 == 0} | {0}
    for s in groups.plain + groups.adaptive:
        if isinstance(s.lever, _RATE_LEVERS):
            cuts |= {s.first, s.end}
    return tuple(sorted(m for m in cuts if 0 <= m < months))


class Timed(NamedTuple):
    """A lever on rates with its months [first, end)."""

    lever: Lever
    first: int
    end: int


def levers_on_rates(
    groups: Groups,
) -> tuple[tuple[tuple[Timed, ...], ...], npt.NDArray[np.int64]]:
    """The different sets of levers on rates that groups have, and which each group has [G].

    Most levers are on something else, so that most policies have the one set of none.
    """
    sets: dict[tuple[int, ...], tuple[Timed, ...]] = {}
    of = []
    for group in range(groups.number):
        acting = [s for s in groups.acting_on(group) if isinstance(s.lever, _RATE_LEVERS)]
        which = tuple(map(id, acting))
        sets.setdefault(which, tuple(Timed(s.lever, s.first, s.end) for s in acting))
        of.append(list(sets).index(which))
    return tuple(sets.values()), np.array(of, dtype=np.int64)


def base_rates(scenario: Scenario) -> Floats:
    """The scenario's own rates, [risk, completed age]."""
    d = scenario.demography
    members = d.settling_away_members or d.settling_away
    rates = np.zeros((rules.RISKS, AGES))
    rates[rules.LEAVING] = leaving_by_age(d.leaving)
    for risk, rate in (
        (rules.RETURNING, d.returning),
        (rules.SETTLING, d.settling_away),
        (rules.SETTLING_MEMBER, members),
        (rules.EXPELLED, d.removal.expelled),
        (rules.STRUCK_OFF, d.removal.struck_off),
        (rules.ASKED_TO_LEAVE, d.removal.asked_to_leave),
        (rules.STRUCK_OFF_AWAY, d.removal.struck_off_away),
        (rules.EXEMPTION, d.exemption),
        (rules.WITHDRAWAL, scenario.source.withdrawal),
        (rules.TRANSFER, d.staff_turnover),
    ):
        rates[risk] = rate_by_age(rate)
    return rates


def _pull(lever: Lever, rates: Floats) -> float:
    """Fold one lever into rates[risk, age]; returns its factor on mortality."""
    if isinstance(lever, Retention | ReturnIncentive):
        low, high = lever.ages
        risk = rules.LEAVING if isinstance(lever, Retention) else rules.RETURNING
        rates[risk, low : high + 1] *= lever.factor
    elif isinstance(lever, Screening):
        rates[rules.EXPELLED] *= lever.expelled
        rates[[rules.STRUCK_OFF, rules.STRUCK_OFF_AWAY]] *= lever.struck_off
        rates[rules.ASKED_TO_LEAVE] *= lever.asked_to_leave
    elif isinstance(lever, Assumption):
        rates[rules.LEAVING] *= lever.leaving
        return lever.mortality
    return 1.0


def build_rates(
    scenario: Scenario, sets: tuple[tuple[Timed, ...], ...], months: tuple[int, ...], days: Floats
) -> Rates:
    """Every rate under each of some sets of levers, which stand for groups.

    months: first ones of the periods.  `days[m]` is the day of month m from the start.
    """
    number, periods = len(sets), len(months)
    each = np.zeros((number, periods, rules.RISKS, AGES))
    mortality = np.zeros((number, periods, 2, AGES))
    base = base_rates(scenario)
    for p, month in enumerate(months):
        year = scenario.start.year + year_of_month(scenario, month)
        deaths = mortality_in(scenario.demography.mortality, year)
        for g, levers in enumerate(sets):
            each[g, p] = base
            factor = 1.0
            for lever, first, end in levers:
                if first <= month < end:
                    factor *= _pull(lever, each[g, p])
            mortality[g, p] = deaths * factor
    leaving = scenario.demography.leaving
    scale = [leaving.candidate_factor] * 3 + [leaving.probationer_factor]
    scale += [leaving.member_factor] * 2
    years = [year_of_month(scenario, m) for m in months]
    steady, moving = _steady(each), each[:, :, rules.LEAVING]
    return Rates(
        starts=np.append(days[list(months)], np.inf),
        year=np.array(years, dtype=np.int64),
        steady=_periods_last(steady, 2),
        moving=_periods_last(moving, 1),
        scale=np.array(scale),
        mortality=_periods_last(mortality, 1),
        each=np.ascontiguousarray(each.transpose(0, 1, 3, 2)),
        clock=_clocks(base, np.array(scale)),
        steady_most=highest_ahead(steady.max(axis=2), scenario.years),
        moving_most=highest_ahead(moving.max(axis=1), scenario.years),
        mortality_most=highest_ahead(mortality.max(axis=1), scenario.years),
    )


def rates_of_groups(rates: Rates, of: npt.NDArray[np.int64]) -> Rates:
    """The rates of groups that have those of some sets of levers: `of[G]` says which."""
    if np.array_equal(of, np.arange(rates.each.shape[0])):
        return rates
    by_group = {"steady": 1, "steady_most": 1, "moving": 0, "moving_most": 0}
    by_group |= {"mortality": 0, "mortality_most": 0, "each": 0}
    spread = {name: np.take(getattr(rates, name), of, axis) for name, axis in by_group.items()}
    return rates._replace(**spread)


def _clocks(base: Floats, scale: Floats) -> npt.NDArray[np.int64]:
    """The number of the first state in which all risks are the same as in each state.

    By the scenario's own rates, `base[risk, age]`: levers multiply rates, so that what nobody is
    at risk of stays so. What a later lever does must not change how a clock was run before it.
    """
    first: dict[tuple[tuple[int, ...], float], int] = {}
    clocks = []
    known: list[bool] = np.any(base, axis=1).tolist()
    for state, others in enumerate(OTHER_RISKS):
        status, place = divmod(state, rules.PLACES)
        leaving = float(scale[status]) if place == rules.PRESENT else 0.0
        risks = tuple(risk for risk in others if known[risk])
        clocks.append(first.setdefault((risks, leaving), state))
    return np.array(clocks, dtype=np.int64)


def _periods_last(rates: Floats, axis: int) -> Floats:
    """A life meets age after age, and all periods of an age: they stand together."""
    return np.ascontiguousarray(np.moveaxis(rates, axis, -1))


def highest_ahead(rates: Floats, years: int) -> Floats:
    """The highest rate from each age (last axis) to the age that `years` years later is reached.

    In `years` years there are up to years + 1 birthdays.
    """
    most, ahead = rates.copy(), 1  # of so many ages; past the last age all are as at that
    while ahead < years + 2:
        step = min(ahead, years + 2 - ahead)
        most[..., :-step] = np.maximum(most[..., :-step], most[..., step:])
        ahead += step
    return most


def _steady(each: Floats) -> Floats:
    """The sum of all risks but leaving, [state, G, P, age]; many states have the same risks."""
    steady = np.zeros((len(OTHER_RISKS), *each.shape[:2], AGES))
    for state, risks in enumerate(OTHER_RISKS):
        first = OTHER_RISKS.index(risks)
        if first < state:
            steady[state] = steady[first]
            continue
        for risk in risks:
            steady[state] += each[:, :, risk]
    return steady
