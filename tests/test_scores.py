"""Scores of forecasts against closed forms: fixed seeds, false alarms at most 1e-4 a test."""

import math

import numpy as np
import pytest
from scipy import stats

from sim.calibrate import scores

FALSE_ALARM = 1e-4
WIDEST = stats.norm.isf(FALSE_ALARM / 2)
"""How many standard errors a mean may lie from what it should be."""


def of_normal(mean: float, sd: float, value: float) -> float:
    """CRPS of a normal distribution (Gneiting and Raftery 2007, equation 21)."""
    z = (value - mean) / sd
    normal = stats.norm
    return sd * (
        z * (2 * float(normal.cdf(z)) - 1) + 2 * float(normal.pdf(z)) - 1 / math.sqrt(math.pi)
    )


def of_counts(distribution: object, value: int) -> float:
    """CRPS of whole numbers: the squared distance of the distribution from a step, summed."""
    n = np.arange(2000)
    return float(((distribution.cdf(n) - (n >= value)) ** 2).sum())  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [-1.0, 3.0, 7.5])
@pytest.mark.parametrize("size", [2, 5, 40])
def test_mean_crps_is_that_of_the_normal_distribution(size: int, value: float) -> None:
    """20,000 ensembles. The plain form, which divides by R^2, is off by sd / (R sqrt(pi)): with 2
    and 5 members by tens of standard errors, and this is asserted."""
    members = np.random.default_rng(11).normal(3.0, 2.0, size=(20_000, size))
    found = np.array([scores.crps(one, value) for one in members])
    error = found.std(ddof=1) / math.sqrt(len(found))
    expected = of_normal(3.0, 2.0, value)
    assert abs(found.mean() - expected) < WIDEST * error
    if size <= 5:
        bias = 2.0 / (size * math.sqrt(math.pi))
        assert abs(found.mean() + bias - expected) > (WIDEST + 3) * error


@pytest.mark.parametrize(
    ("distribution", "value"),
    [(stats.poisson(4.0), 0), (stats.poisson(4.0), 9), (stats.nbinom(5.5, 0.1), 30)],
)
def test_mean_crps_is_that_of_counts(distribution: object, value: int) -> None:
    members = distribution.rvs(size=(20_000, 8), random_state=12)  # type: ignore[attr-defined]
    found = np.array([scores.crps(one, value) for one in members])
    error = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean() - of_counts(distribution, value)) < WIDEST * error


def test_crps_by_hand() -> None:
    """Of one number the distance; of 1 and 3 at 2: mean distance 1, less half of 2."""
    assert scores.crps(np.array([5.0]), 2.0) == 3
    assert scores.crps(np.array([3.0, 1.0]), 2.0) == 0
    assert scores.crps(np.array([3.0, 1.0]), 9.0) == 6
    x, y = np.array([4.0, 1.0, 1.0, 7.0]), 2.0
    pairs = sum(abs(a - b) for a in x for b in x) / (2 * 4 * 3)
    assert scores.crps(x, y) == pytest.approx(float(np.abs(x - y).mean()) - pairs, rel=1e-14)


@pytest.mark.parametrize("shift", [0.0, 0.35])
def test_ranks_are_uniform_if_the_forecast_is_right(shift: float) -> None:
    """2,000 forecasts of a Poisson number by 50 draws, many of them equal. A forecast that is .35
    of 5 too low is told apart with power above .999; the test asserts that it is."""
    generator = np.random.default_rng(13)
    ranks = [
        scores.rank(generator.poisson(5.0 - shift, 50).astype(float), value, u)
        for value, u in zip(generator.poisson(5.0, 2000), generator.random(2000), strict=True)
    ]
    p = stats.kstest(ranks, "uniform").pvalue
    assert p > FALSE_ALARM if shift == 0 else p < FALSE_ALARM


def test_a_rank_counts_what_lies_below() -> None:
    ensemble = np.array([1.0, 2.0, 2.0, 4.0])
    assert scores.rank(ensemble, 0.0, 0.5) == 0.1
    assert scores.rank(ensemble, 3.0, 0.5) == 0.7
    assert scores.rank(ensemble, 5.0, 0.5) == 0.9
    assert [scores.rank(ensemble, 2.0, u) for u in (0.0, 1.0)] == [0.2, 0.8]


@pytest.mark.parametrize(("share", "size"), [(0.9, 19), (0.9, 59), (0.5, 59), (0.5, 3)])
def test_bands_hold_their_share(share: float, size: int) -> None:
    """5,000 bands of continuous numbers, where p (R + 1) is whole: exactly binomial. numpy's own
    quantiles give 81 % in place of 90 with 19 numbers, twenty standard errors off."""
    generator = np.random.default_rng(14)
    members, values = generator.exponential(size=(5_000, size)), generator.exponential(size=5_000)
    held = sum(scores.band(one, share).holds(v) for one, v in zip(members, values, strict=True))
    assert stats.binomtest(held, 5_000, share).pvalue > FALSE_ALARM
    assert size >= scores.fewest(share)


def test_fewest_is_when_the_band_is_the_range() -> None:
    """With one fewer the band cannot be wide enough; a band of the fewest is the whole range."""
    assert (scores.fewest(0.9), scores.fewest(0.5)) == (19, 3)
    numbers = np.arange(19.0)
    assert scores.band(numbers, 0.9) == (0, 18)
    assert scores.band(np.arange(39.0), 0.9) == (1, 37)


def test_brier_and_skill() -> None:
    assert scores.brier(0.75, True) == 0.0625
    assert scores.brier(0.75, False) == 0.5625
    assert scores.skill(1.0, 4.0) == 0.75
    assert scores.skill(8.0, 4.0) == -1
    assert math.isnan(scores.skill(0.0, 0.0))
