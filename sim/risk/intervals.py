"""Intervals of 95 %: of shares that are right near 0 and 1, of means, of ratios.

Replications may share a draw of the uncertain parameters; those of one draw are then alike, and
the draws, not the replications, are what was sampled. `draw[R]` says which draw each belongs to.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEVEL = 0.95
TAIL = (1 - LEVEL) / 2


class Interval(NamedTuple):
    """Estimates with the ends of their intervals, arrays of one shape."""

    value: Floats
    low: Floats
    high: Floats


def share(count: npt.ArrayLike, of: npt.ArrayLike, tail: float = TAIL) -> Interval:
    """Binomial shares with exact intervals; a count of zero has an upper bound above zero.

    Counts may be fractions, of an effective number. C. J. Clopper and E. S. Pearson, Biometrika 26
    (1934). Nothing of nothing is nan, in [0, 1].  tail: chance to miss on either side.
    """
    from scipy.special import betaincinv

    k, n = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(of, dtype=float))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = k / n
        low = np.where(k > 0, betaincinv(np.maximum(k, 1e-9), n - k + 1, tail), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1e-9), 1 - tail), 1.0)
    return Interval(value, low, high)


def share_by_draw(counts: npt.ArrayLike, of: npt.ArrayLike, tail: float = TAIL) -> Interval:
    """Shares over all draws from counts[D, ...] of[D] replications, draws taken as the sample.

    With one draw this is `share`.
    """
    sizes = np.asarray(of, dtype=float)
    return share_by_group(counts, sizes.reshape(-1, *[1] * (np.ndim(counts) - 1)), tail)


def share_by_group(part: npt.ArrayLike, of: npt.ArrayLike, tail: float = TAIL) -> Interval:
    """Shares of part[G, ...] in of[G, ...], both summed over groups, which are the sample.

    The exact interval for the effective number, n = p (1 - p) / variance between groups, corrected
    for its degrees of freedom (E. L. Korn and B. I. Graubard, Survey Methodology 24, 1998).
    """
    parts, sizes = np.broadcast_arrays(np.asarray(part, dtype=float), np.asarray(of, dtype=float))
    groups, n = len(parts), sizes.sum(axis=0)
    if groups == 1:
        return share(parts[0], sizes[0], tail)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = parts.sum(axis=0) / n
        variance = groups / (groups - 1) * ((parts - sizes * p) ** 2).sum(axis=0) / n**2
        correction = _t(np.maximum(n - 1, 1), tail) / _t(groups - 1, tail)
        effective = p * (1 - p) / variance * correction**2
    effective = np.where(variance > 0, np.minimum(effective, n), n)
    return share(np.where(n > 0, p, 0.0) * effective, effective, tail)


def tail_for_all(number: int) -> float:
    """The tail with which `number` intervals are all right together in 95 % or more (Bonferroni).

    Holds however the hamlets depend on each other.
    """
    return TAIL / max(number, 1)


def _t(freedom: float | Floats, tail: float = TAIL) -> Any:
    from scipy.special import stdtrit

    return stdtrit(freedom, 1 - tail)


def standard_error(values: Floats, draw: Integers) -> tuple[Floats, float]:
    """Standard error of the mean of values[R, ...] over replications, and its degrees of freedom.

    By draws of the parameters (clusters) where there are several, else by replications.
    """
    n = len(values)
    residual = values - values.mean(axis=0)
    if len(np.unique(draw)) > 1:
        sums = np.zeros((int(draw.max()) + 1, *values.shape[1:]))
        np.add.at(sums, draw, residual)
        residual = sums
    groups = len(residual)
    if groups < 2:
        return np.full(values.shape[1:], np.nan), 1.0
    variance = groups / (groups - 1) * (residual**2).sum(axis=0) / n**2
    return np.sqrt(variance), float(groups - 1)


def mean(values: npt.ArrayLike, draw: Integers, counted: bool = False) -> Interval:
    """Means over replications, values[R, ...], with Student's interval.

    `counted` values are numbers of events: none in R replications has the Poisson bound above zero
    (F. Garwood, Biometrika 28, 1936), and no interval reaches below zero.
    """
    array = np.asarray(values, dtype=float)
    middle = array.mean(axis=0)
    error, freedom = standard_error(array, draw)
    half = _t(freedom) * error
    low, high = middle - half, middle + half
    if counted:
        low = np.maximum(low, 0.0)
        high = np.where((array == 0).all(axis=0), bound_of_none(len(array)), high)
    return Interval(middle, low, high)


def bound_of_none(replications: int) -> float:
    """Upper bound of the mean of a Poisson number that was 0 in every replication."""
    return float(-np.log(TAIL)) / replications


def ratio(top: Floats, bottom: Floats, draw: Integers) -> Interval:
    """The ratio of two means over replications, with the interval of the linearised ratio.

    nan where the mean below is zero.
    """
    below = bottom.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = top.mean(axis=0) / below
        error, freedom = standard_error(top - value * bottom, draw)
        half = _t(freedom) * error / np.abs(below)
    return Interval(value, value - half, value + half)


def paired_share(saved: npt.ArrayLike, harmed: npt.ArrayLike, of: npt.ArrayLike) -> Interval:
    """Difference of two paired shares, (harmed - saved) / of, by discordant pairs.

    Wald's interval after half a pair is added to each of the four cells (A. Agresti and Y. Min,
    Statistics in Medicine 24, 2005); right near 0, and never without width.
    """
    b, c = np.asarray(saved, dtype=float), np.asarray(harmed, dtype=float)
    n = np.asarray(of, dtype=float) + 2.0
    middle = (c - b) / n
    half = _normal() * np.sqrt(np.maximum((b + c + 1.0) - (c - b) ** 2 / n, 0.0)) / n
    ends = (np.clip(end, -1.0, 1.0) for end in (middle - half, middle + half))
    return Interval((c - b) / np.asarray(of), *ends)


def _normal() -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - TAIL))
