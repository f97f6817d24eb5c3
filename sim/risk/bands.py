"""Chance and the uncertain parameters told apart: variance components, and bands made from them.

The model is that of an analysis of variance with random effects: a replication is the mean of its
draw of the parameters plus chance. Means of draws still hold some chance, for a draw has finitely
many replications; the variance components say how much, and the means are drawn together so far
that their variance is what the parameters alone account for (T. A. Louis, JASA 79, 1984). No
variance that is certainly the parameters' leaves no band: then the two cannot be told apart with
these replications.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MISSED = 0.05
"""Share that lies outside a band on either side: it holds nine in ten."""
FEWEST_DRAWS = 19
"""With fewer draws of the parameters their band is the whole range, and holds less."""


class Band(NamedTuple):
    """The ends between which nine in ten lie; arrays of one shape."""

    low: Floats
    high: Floats


class _Draws(NamedTuple):
    """Means of the draws of the parameters, and how their variances come apart.

    means[D, ...]; sizes[D, 1...]: replications of each.  chance, parameters: variances.
    """

    means: Floats
    sizes: Floats
    middle: Floats
    chance: Floats
    parameters: Floats


def spread(values: Floats, draw: Integers) -> tuple[Floats, Floats]:
    """Standard deviations of values[R, ...] by chance and by the parameters.

    nan where they cannot be told: by chance with one replication a draw, by the parameters then and
    where there is one draw only.
    """
    draws = _draws(np.asarray(values, dtype=float), draw)
    return np.sqrt(draws.chance), np.sqrt(draws.parameters)


def bands(values: npt.ArrayLike, draw: Integers, counted: bool = False) -> tuple[Band, Band]:
    """Where nine in ten lie by chance alone, and by the parameters alone; values[R, ...].

    By chance: the mean and how far replications lie from the mean of their draw, all draws
    together, made wider by as much as that mean follows them; not below zero for `counted` values.
    By the parameters: the means of the draws, freed of chance (see the head of this module). nan
    where `spread` is nan.
    """
    array = np.asarray(values, dtype=float)
    draws = _draws(array, draw)
    return _by_chance(array, draw, draws, counted), _by_parameters(draws)


def share_band(counts: npt.ArrayLike, of: npt.ArrayLike) -> Band:
    """Where a probability lies in nine draws of the parameters in ten, freed of chance.

    counts[D, ...] of[D] replications. nan with one draw or one replication each.
    """
    parts = np.asarray(counts, dtype=float)
    sizes = np.asarray(of, dtype=float).reshape(-1, *[1] * (parts.ndim - 1))
    means = parts / sizes
    within = _pooled((sizes * means * (1 - means)).sum(axis=0), sizes)
    return _by_parameters(_apart(means, sizes, within))


def _draws(values: Floats, draw: Integers) -> _Draws:
    number = np.bincount(draw)
    sizes = number.astype(float).reshape(-1, *[1] * (values.ndim - 1))
    sums = np.zeros((len(number), *values.shape[1:]))
    np.add.at(sums, draw, values)
    means = sums / sizes
    within = _pooled(((values - means[draw]) ** 2).sum(axis=0), sizes)
    return _apart(means, sizes, within)


def _pooled(squares: Floats, sizes: Floats) -> Floats:
    """The variance within draws from their sum of squares, nan without a second replication."""
    freedom = sizes.sum() - len(sizes)
    return squares / freedom if freedom > 0 else np.full(np.shape(squares), np.nan)


def _apart(means: Floats, sizes: Floats, within: Floats) -> _Draws:
    n, groups = sizes.sum(), len(sizes)
    middle = (sizes * means).sum(axis=0) / n
    if groups < 2:
        return _Draws(means, sizes, middle, within, np.full(middle.shape, np.nan))
    between = (sizes * (means - middle) ** 2).sum(axis=0) / (groups - 1)
    usual = (n - (sizes**2).sum() / n) / (groups - 1)
    return _Draws(means, sizes, middle, within, np.maximum(between - within, 0.0) / usual)


def _by_chance(values: Floats, draw: Integers, draws: _Draws, counted: bool) -> Band:
    sizes = draws.sizes.ravel()
    several = sizes[draw] > 1
    if not several.any():
        return Band(*np.full((2, *draws.middle.shape), np.nan))
    follows = np.sqrt(sizes / np.maximum(sizes - 1, 1)) if len(sizes) > 1 else np.ones(1)
    wider = follows[draw].reshape(-1, *[1] * (values.ndim - 1))
    deviations = ((values - draws.means[draw]) * wider)[several]
    low, high = draws.middle + np.quantile(deviations, [MISSED, 1 - MISSED], axis=0)
    return Band(np.maximum(low, 0.0) if counted else low, high)


def _by_parameters(draws: _Draws) -> Band:
    """Quantiles of the means freed of chance: so that a new draw lies outside one time in ten.

    With fewer than nineteen draws it is their whole range, which holds less.
    """
    chance = draws.chance / draws.sizes
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = np.sqrt(draws.parameters / (draws.parameters + chance))
    kept = np.where(draws.parameters == 0, 0.0, kept)
    freed = draws.middle + kept * (draws.means - draws.middle)
    if len(freed) < 2:
        return Band(*np.full((2, *draws.middle.shape), np.nan))
    return Band(*np.quantile(freed, [MISSED, 1 - MISSED], axis=0, method="weibull"))
