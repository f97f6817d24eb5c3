"""Chance and parameters apart: cases in which both are known.

False alarms: seeds are fixed; the tolerances are five standard errors of the estimates (computed
beside each test), and each wrong variant named lies at least ten away.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim import log as events
from sim import risk
from sim.risk import Study
from sim.risk.bands import bands, share_band, spread
from tests.risk_samples import HAMLETS, cell, of_hamlets, outcome_of, sample, study_of

OUTER = 0.05
Z = stats.norm.ppf(1 - OUTER)


def drawn(draws: int, replications: int) -> np.ndarray:
    """Which draw each replication has, as an experiment deals them."""
    return np.tile(np.arange(draws), replications)


# ---------------------------------------------------------------- numbers


def test_known_variances_are_found() -> None:
    """sd 2 by chance, 3 by 400 draws x 25 replications; estimates within 5 and 15 %: 5 sigma."""
    random = np.random.default_rng(2)
    draw = drawn(400, 25)
    values = random.normal(0, 3, 400)[draw] + random.normal(0, 2, len(draw))
    chance, parameters = spread(values, draw)
    assert chance == pytest.approx(2, rel=0.05)
    assert parameters == pytest.approx(3, rel=0.15)
    assert np.isnan(spread(values, np.zeros_like(draw))[1])


def test_bands_are_those_of_the_two_known_distributions() -> None:
    """Chance sd 3, parameters sd 1, 4,000 draws x 10.

    Quantiles: error .05 for the parameters, .02 for chance. Separates means of draws as they are,
    which lie at +-2.27 (sd 1.38), and residuals that are not made wider (4.68 for 4.93).
    """
    random = np.random.default_rng(3)
    draw = drawn(4000, 10)
    values = 50 + random.normal(0, 1, 4000)[draw] + random.normal(0, 3, len(draw))
    chance, parameters = bands(values, draw)
    assert chance == pytest.approx((50 - 3 * Z, 50 + 3 * Z), abs=0.12)
    assert parameters == pytest.approx((50 - Z, 50 + Z), abs=0.25)


def test_skewed_chance_stays_skewed() -> None:
    """Exponential chance around two means: 5 and 95 % at .051 and 3.00 around their mean."""
    random = np.random.default_rng(4)
    draw = drawn(2, 20_000)
    values = np.array([10.0, 12.0])[draw] + random.exponential(1.0, len(draw))
    chance, parameters = bands(values, draw)
    known = 11 + stats.expon.ppf([OUTER, 1 - OUTER])
    assert chance == pytest.approx(known, abs=0.12)
    assert parameters == pytest.approx((11, 13), abs=0.05)  # of two draws their range


def test_draws_with_unequal_numbers_of_replications() -> None:
    """As after `--replications 30` with 25 draws: some have two, some have one."""
    random = np.random.default_rng(5)
    draw = np.arange(4500) % 2500
    values = random.normal(0, 2, 2500)[draw] + random.normal(0, 1, len(draw))
    chance, parameters = bands(values, draw)
    assert chance == pytest.approx((-Z, Z), abs=0.25)
    assert parameters == pytest.approx((-2 * Z, 2 * Z), abs=0.5)


def test_what_cannot_be_told_apart_is_missing() -> None:
    values = np.random.default_rng(6).normal(size=(40, 3))
    chance, parameters = bands(values, np.zeros(40, dtype=int))
    assert np.allclose(chance, np.quantile(values, [OUTER, 1 - OUTER], axis=0))
    assert np.isnan(parameters).all()
    for told in (*bands(values, np.arange(40)), spread(values, np.arange(40))):
        assert np.isnan(told).all()  # one replication a draw


def test_no_parameters_no_band() -> None:
    """Without an effect of the parameters the band is the mean alone, more often than not."""
    random = np.random.default_rng(7)
    draw = drawn(25, 20)
    _, band = bands(random.normal(0, 1, (len(draw), 400)), draw)
    width = band.high - band.low
    means = 2 * Z / np.sqrt(20)  # what the means of the draws would show
    assert 0.4 < np.mean(width == 0) < 0.7
    assert np.mean(width) < 0.5 * means


def test_numbers_do_not_fall_below_zero() -> None:
    random = np.random.default_rng(8)
    draw = drawn(20, 50)
    values = random.poisson(np.linspace(0, 4, 20)[draw]).astype(float)
    chance, parameters = bands(values, draw, counted=True)
    assert chance.low == 0 <= parameters.low
    assert bands(values, draw)[0].low < 0


# ---------------------------------------------------------------- probabilities


def test_band_of_a_probability() -> None:
    """Beta(60, 140) over 4,000 draws x 100: sd .032; the shares themselves have sd .056."""
    law = stats.beta(60, 140)
    random = np.random.default_rng(9)
    counts = random.binomial(100, law.rvs(4000, random_state=random))
    known = law.ppf([OUTER, 1 - OUTER])
    assert tuple(share_band(counts, np.full(4000, 100))) == pytest.approx(known, abs=0.012)
    raw = np.quantile(counts / 100, [OUTER, 1 - OUTER])
    assert np.all(np.abs(raw - known) > 0.03)


def test_equal_shares_leave_only_themselves() -> None:
    band = share_band(np.full((30, 2), [0, 4]), np.full(30, 8))
    assert np.allclose(band, [[0, 0.5], [0, 0.5]])
    assert np.isnan(share_band([[3]], [8])).all()
    assert np.isnan(share_band([[1], [0]], [1, 1])).all()


# ---------------------------------------------------------------- tables


def study(lost_in: dict[int, list[str]], draw: list[int]) -> Study:
    """Replications with losses of these hamlets on day 100, under these draws."""
    loaded = sample()
    outcomes = [
        outcome_of(loaded, [cell(100.0, h, events.LOST) for h in lost_in.get(k, [])])
        for k in range(len(draw))
    ]
    found = study_of(loaded, {"as-is": outcomes})
    tally = found.tallies["as-is"]
    several = replace(tally, draw=np.array(draw), offers=tally.offers * (max(draw) + 1))
    return replace(found, tallies={"as-is": several})


def one(table: pd.DataFrame, **where: object) -> pd.Series:
    table = of_hamlets(table)
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_tables_tell_parameters_without_chance() -> None:
    """Draw 0 loses nobody, draw 1 two hamlets, whatever chance does."""
    found = study({2: ["A", "B"], 3: ["A", "B"]}, draw=[0, 0, 1, 1])
    lost = one(risk.years(found), measure="lost", year=8)
    assert (lost.chance_low, lost.chance_high) == (1, 1)
    assert (lost.parameters_low, lost.parameters_high) == (0, 2)
    a = one(risk.hamlets(found), hamlet=HAMLETS[0], year=8)
    assert (a.p_lost_parameters_low, a.p_lost_parameters_high) == (0, 1)
    assert (a.p_below_parameters_low, a.p_below_parameters_high) == (0, 0)


def test_tables_tell_chance_without_parameters() -> None:
    """Each draw loses two hamlets in one of its replications and none in the other."""
    found = study({1: ["A", "B"], 3: ["A", "B"]}, draw=[0, 0, 1, 1])
    lost = one(risk.years(found), measure="lost", year=8)
    assert (lost.parameters_low, lost.parameters_high) == (1, 1)
    assert lost.chance_low == 0
    assert lost.chance_high > 2
    a = one(risk.hamlets(found), hamlet=HAMLETS[0], year=8)
    assert (a.p_lost_parameters_low, a.p_lost_parameters_high) == (0.5, 0.5)


def test_without_uncertain_parameters_chance_is_all() -> None:
    found = study({k: ["A"] for k in range(0, 40, 2)}, draw=[0] * 40)
    table = risk.years(found)
    assert table.chance_low.equals(table.q05)
    assert table.chance_high.equals(table.q95)
    assert table.parameters_low.isna().all()
    assert risk.hamlets(found).p_lost_parameters_low.isna().all()
