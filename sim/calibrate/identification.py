"""What the figures have told of each parameter: prior and posterior side by side."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.calibrate.conjugate import Block
from sim.scenario import Uncertain

Floats = npt.NDArray[np.float64]

LOW, HIGH = 0.05, 0.95
LEAST_TOLD = 0.1
"""Where no more than this share of the prior's variance is surely taken away, the prior drives."""
SURE = 1.645
GRID = (np.arange(4000) + 0.5) / 4000


class Spread(NamedTuple):
    """Mean, standard deviation and 90 % interval of a parameter."""

    mean: float
    sd: float
    low: float
    high: float


class Told(NamedTuple):
    """What is known of a parameter before and after.

    how: conjugate, simulated, or prior (not fitted).  contraction: 1 - variance after / before,
    with the standard error that comes from the number of particles.
    """

    parameter: str
    how: str
    prior: Spread
    posterior: Spread
    contraction: float
    error: float

    @property
    def is_identified(self) -> bool:
        """Whether the figures have surely taken away some of the prior's variance. (The error is
        one of a ratio, so it multiplies.)"""
        left = 1 - self.contraction
        return left == 0 or 1 - left * math.exp(SURE * self.error / left) > LEAST_TOLD


def spread_of_prior(uncertain: Uncertain) -> Spread:
    """Of a prior, by its quantiles."""
    values = np.array([uncertain.quantile(float(u)) for u in GRID])
    ends = (uncertain.quantile(u) for u in (LOW, HIGH))
    return Spread(float(values.mean()), float(values.std()), *ends)


def spread_of_block(block: Block) -> Spread:
    """Of an exact posterior."""
    return Spread(block.mean, block.sd, *(float(block.quantile(q)) for q in (LOW, HIGH)))


def spread_of_sample(values: Floats, weights: Floats) -> Spread:
    """Of a weighted sample."""
    mean = float(np.average(values, weights=weights))
    sd = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    return Spread(mean, sd, *(weighted_quantile(values, weights, q) for q in (LOW, HIGH)))


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """The least value up to which at least this share of the weight lies, halfway between
    neighbours (linear in the middle of their weights)."""
    order = np.argsort(values, kind="stable")
    heights = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(share * weights.sum(), heights, values[order]))


def told(
    uncertain: Mapping[str, Uncertain], how: Mapping[str, str], sample: Mapping[str, Floats],
    weights: Floats, exact: Mapping[str, Block],
) -> tuple[Told, ...]:  # fmt: skip
    """Every uncertain parameter; those without a sample keep their prior. What is exact is told as
    it is, not as it was drawn."""
    return tuple(
        _told(path, prior, how[path], sample.get(path), weights, exact.get(path))
        for path, prior in uncertain.items()
    )


def _told(
    path: str, uncertain: Uncertain, how: str, values: Floats | None, weights: Floats,
    block: Block | None,
) -> Told:  # fmt: skip
    prior = spread_of_prior(uncertain)
    if block is not None:
        posterior = spread_of_block(block)
        return Told(path, how, prior, posterior, 1 - (posterior.sd / prior.sd) ** 2, 0.0)
    if values is None:
        return Told(path, how, prior, prior, 0.0, 0.0)
    posterior = spread_of_sample(values, weights)
    ratio = (posterior.sd / prior.sd) ** 2
    return Told(path, how, prior, posterior, 1 - ratio, ratio * _error(values, weights))


def _error(values: Floats, weights: Floats) -> float:
    """Relative standard error of a weighted sample's variance: root of (kurtosis - 1) / n, n the
    effective number."""
    mean = np.average(values, weights=weights)
    variance = np.average((values - mean) ** 2, weights=weights)
    if variance == 0:
        return 0.0
    kurtosis = np.average((values - mean) ** 4, weights=weights) / variance**2
    return float(np.sqrt((kurtosis - 1) * np.sum(weights**2)))
