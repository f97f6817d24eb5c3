"""The rules of the clocks: a budget is used up exactly once, and shortcuts never cut too short."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import rules
from sim.plan.rates import AGES, Floats, highest_ahead
from sim.plan.residents import turning_ages

UNTIMED = settings(derandomize=True, deadline=None, database=None, max_examples=300)
YEARS = 10
HORIZON = YEARS * rules.YEAR


class Clock(NamedTuple):
    """Somebody's rates and budget."""

    budget: float
    since: float
    birth: float
    starts: Floats
    steady: Floats
    moving: Floats
    scale: float
    shock: Floats
    steady_scale: float = 1.0

    @property
    def rates(self) -> tuple[Any, ...]:
        return self.starts, self.steady, self.steady_scale, self.moving, self.scale, self.shock

    @property
    def fires(self) -> float:
        return rules.fire_day(self.budget, self.since, self.birth, HORIZON, *self.rates)

    def spent(self, until: float) -> float:
        return rules.spent(self.since, until, self.birth, *self.rates)

    def stretches(self, until: float) -> tuple[Floats, Any, Any]:
        """Length in days of each stretch without a birthday or period between, age and period."""
        birthdays = self.birth + np.arange(250) * rules.YEAR
        cuts = np.unique(np.concatenate([[self.since, until], birthdays, self.starts]))
        cuts = cuts[(cuts >= self.since) & (cuts <= until)]
        middle = (cuts[1:] + cuts[:-1]) / 2
        ages = np.minimum((middle - self.birth) // rules.YEAR, 120).astype(int)
        return np.diff(cuts), ages, np.searchsorted(self.starts, middle, side="right") - 1

    def integral(self, until: float) -> float:
        """What is used of the budget, by the definition of the rate."""
        days, a, p = self.stretches(until)
        rates = self.steady[a, p] * self.steady_scale
        rates = rates + self.moving[a, p] * self.scale * self.shock[p]
        return float(days @ rates) / rules.YEAR


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    periods = draw(st.integers(1, 5))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    cuts = np.sort(random.uniform(1.0, HORIZON, periods - 1))
    size = 10.0 ** draw(st.integers(-4, 1))
    steady, moving = size * random.random((2, AGES, periods))
    if draw(st.booleans()):  # the same in all periods, which are then no bounds
        steady[:], moving[:] = steady[:, :1], moving[:, :1]
    since = draw(st.floats(0.0, HORIZON - 1.0))
    birth = since - draw(st.floats(0.0, 130.0)) * rules.YEAR
    if draw(st.booleans()):  # periods that begin on birthdays
        cuts = birth + np.unique(np.ceil((cuts - birth) / rules.YEAR)) * rules.YEAR
        periods = len(cuts) + 1
    return Clock(
        budget=float(random.exponential()) * draw(st.sampled_from([0.01, 1.0, 20.0])),
        since=since,
        birth=birth,
        starts=np.concatenate([[0.0], cuts, [np.inf]]),
        steady=steady,
        moving=moving,
        scale=draw(st.sampled_from([0.0, 0.4, 1.0])),
        shock=random.uniform(0.5, 2.0, periods) if draw(st.booleans()) else np.ones(periods),
        steady_scale=draw(st.sampled_from([1.0, 0.7])),
    )


@UNTIMED
@given(clocks())
def test_a_clock_fires_when_its_budget_is_used_up(clock: Clock) -> None:
    if clock.fires < rules.NEVER:
        assert clock.spent(clock.fires) == pytest.approx(clock.budget, rel=1e-9, abs=1e-12)
    else:
        assert clock.spent(HORIZON) <= clock.budget * (1 + 1e-9)


@UNTIMED
@given(clocks(), st.floats(0.0, 1.0))
def test_what_is_spent_is_the_integral_of_the_rate(clock: Clock, share: float) -> None:
    until = clock.since + share * (HORIZON - clock.since)
    assert clock.spent(until) == pytest.approx(clock.integral(until), rel=1e-9, abs=1e-12)
    fires = clock.integral(HORIZON) > clock.budget
    if abs(clock.integral(HORIZON) - clock.budget) > 1e-9:
        assert (clock.fires < rules.NEVER) == fires


@UNTIMED
@given(clocks(), st.floats(0.01, 1.0), st.integers(0, 2**32))
def test_rates_are_the_same_if_none_that_is_met_differs(
    clock: Clock, share: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    until = clock.since + share * (HORIZON - clock.since)
    days, ages, periods = clock.stretches(until)
    met = int(random.integers(len(days)))
    tables = clock.steady.copy(), clock.moving.copy()
    changed = int(random.integers(2))
    a = min(max(int(ages[met]) + int(random.integers(-1, 2)), 0), 120)
    tables[changed][a, periods[met]] += 1.0
    felt = bool(np.any((ages == a) & (periods == periods[met])))
    found = rules.same_rates(
        clock.since, clock.birth, until, clock.starts, clock.steady, clock.moving, *tables,
        clock.scale,
    )  # fmt: skip
    assert found == (not felt or (changed == 1 and clock.scale == 0.0))


@UNTIMED
@given(clocks())
def test_what_outlasts_the_horizon_never_fires(clock: Clock) -> None:
    age = rules.age_at(clock.since, clock.birth)
    steady = highest_ahead(clock.steady.max(axis=-1), YEARS)[age]
    moving = highest_ahead(clock.moving.max(axis=-1), YEARS)[age]
    most = steady * clock.steady_scale + moving * clock.scale * clock.shock.max()
    if rules.outlasts(clock.budget, clock.since, HORIZON, most):
        assert clock.fires == rules.NEVER


def test_the_shortcut_is_taken_and_does_not_swallow_everything() -> None:
    flat = 0.1  # a year: over ten years a budget of 1 is used up
    assert rules.outlasts(1.01, 0.0, HORIZON, flat)
    assert not rules.outlasts(0.99, 0.0, HORIZON, flat)


def test_highest_ahead_sees_every_age_that_can_be_reached() -> None:
    rates = np.zeros(AGES)
    rates[50] = 1.0
    ahead = np.flatnonzero(highest_ahead(rates, YEARS))
    assert ahead.tolist() == list(range(50 - YEARS - 1, 51))


@UNTIMED
@given(st.integers(0, 1500), st.integers(0, 1800), st.floats(-50_000.0, 5_000.0))
def test_age_in_months_goes_from_month_to_month(months: int, month: int, birth: float) -> None:
    days = np.arange(2000) * 30.4375 - 1560 * 30.4375
    counted = month - rules.month_of(birth, days)
    assert (counted > months) == (birth < rules.born_before(months, month, days))


def test_a_certificate_that_runs_out_with_the_dossier_goes_first() -> None:
    def next_step(status: int, dossier: float, certificate: float) -> tuple[float, int]:
        never = rules.NEVER
        return rules.next_step(
            status, rules.PRESENT, 0.0, never, never, dossier, certificate, never
        )

    assert next_step(rules.READY, 31.0, 31.0) == (31.0, rules.CERTIFICATE)
    assert next_step(rules.READY, 30.0, 31.0) == (30.0, rules.STAGE)
    assert next_step(rules.LISTED, 31.0, 31.0) == (31.0, rules.STAGE)


@UNTIMED
@given(st.integers(0, 2**32), st.floats(0.0, 1.0, exclude_min=True, exclude_max=True))
def test_a_resident_is_drawn_by_share_and_born_evenly_over_the_year(seed: int, u: float) -> None:
    shares = np.random.default_rng(seed).random(2 * rules.ELIGIBLE_AGES).round()  # half are empty
    shares[-1] = 1.0
    upto = np.cumsum(shares) / shares.sum()
    upto[-1] = 1.0
    sex, age = rules.drawn_resident(u, upto)
    cell = int(np.searchsorted(upto, u, side="right"))
    before = upto[cell - 1] if cell else 0.0
    assert shares[cell] > 0
    assert sex == cell // rules.ELIGIBLE_AGES
    part = (u - before) / (upto[cell] - before)
    assert age == pytest.approx(18 + cell % rules.ELIGIBLE_AGES + part, abs=1e-9)


@given(st.integers(0, 2**32))
@settings(derandomize=True, deadline=None, database=None, max_examples=30)
def test_a_resident_turns_where_the_weight_or_adulthood_changes(seed: int) -> None:
    weights = np.random.default_rng(seed).integers(0, 2, (2, AGES))
    weights[:, 60:] = 0
    found = turning_ages(weights)
    for sex in (0, 1):
        for age in range(60):
            later = range(age + 1, 61)
            changes = (a for a in later if a in (18, 60) or weights[sex, a] != weights[sex, a - 1])
            assert found[sex, age] == next(changes)
