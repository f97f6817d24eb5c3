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
FEW = 10
"""Under this number of events Student's interval of their mean holds in 88 of 100 cases only."""


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
    (F. Garwood, Biometrika 28, 1936), and few have `_of_few`; no interval reaches below zero.
    """
    array = np.asarray(values, dtype=float)
    middle = array.mean(axis=0)
    error, freedom = standard_error(array, draw)
    half = _t(freedom) * error
    low, high = middle - half, middle + half
    if counted:
        wider = half / _normal()
        low, high = _of_few(middle, wider, len(array), Interval(middle, np.maximum(low, 0.0), high))
        high = np.where((array == 0).all(axis=0), bound_of_none(len(array)), high)
    return Interval(middle, low, high)


def _of_few(
    middle: Floats, error: Floats, replications: int, usual: Interval
) -> tuple[Floats, Floats]:
    """The ends of an interval for a mean number of events, where there were few; else the usual.

    Few: fewer than FEW, counted as independent ones of which the mean would vary as much. The
    gamma interval, which for independent events is the exact one of Poisson (M. P. Fay and
    E. J. Feuer, Statistics in Medicine 16, 1997); Student's misses too often above.
    """
    from scipy.special import gammaincinv

    one, variance = 1.0 / replications, np.square(error)
    more, more_variance = middle + one, variance + one**2
    with np.errstate(invalid="ignore", divide="ignore"):
        events = np.square(middle) / variance
        low = gammaincinv(events, TAIL) * variance / middle
    high = gammaincinv(np.square(more) / more_variance, 1 - TAIL) * more_variance / more
    few = (middle > 0) & (events < FEW)
    return np.where(few, low, usual.low), np.where(few, high, usual.high)


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


def difference(values: npt.ArrayLike, draw: Integers) -> Interval:
    """Mean of paired differences of numbers of events, values[R, ...], with its interval.

    Student's; where they seldom differ, made of the intervals of what is more and what is less
    (MOVER: G. Y. Zou and A. Donner, Statistics in Medicine 27, 2008). What never differed has the
    bound of none on both sides.
    """
    array = np.asarray(values, dtype=float)
    found = mean(array, draw)
    error, freedom = standard_error(np.abs(array), draw)
    often = np.square(np.abs(array).mean(axis=0)) >= FEW * np.square(
        _t(freedom) / _normal() * error
    )
    less, more = (mean(np.maximum(sign * array, 0.0), draw, counted=True) for sign in (-1.0, 1.0))
    ends = _of_difference(less, more, 0.0)
    is_usual = often & (array != 0).any(axis=0)
    return Interval(
        found.value, *(np.where(is_usual, u, e) for u, e in zip(found[1:], ends, strict=True))
    )


def paired_share(saved: npt.ArrayLike, harmed: npt.ArrayLike, of: npt.ArrayLike) -> Interval:
    """Difference of two paired shares, (harmed - saved) / of, by discordant pairs.

    Made of the exact intervals of both shares and their correlation (MOVER, as in `difference`), so
    that it is right near 0: never without width, and with no discordant pair as wide as the bound
    of none.
    """
    less, more = share(saved, of), share(harmed, of)
    with np.errstate(invalid="ignore", divide="ignore"):
        odds = less.value * more.value / ((1 - less.value) * (1 - more.value))
    together = -np.sqrt(np.where(np.isfinite(odds), odds, 0.0))
    ends = _of_difference(less, more, np.maximum(together, -1.0))
    low, high = (np.clip(end, -1.0, 1.0) for end in ends)
    return Interval(more.value - less.value, low, high)


def _of_difference(
    less: Interval, more: Interval, correlation: Floats | float
) -> tuple[Floats, Floats]:
    """The ends of the interval of more - less, from those of both."""
    apart = more.value - less.value

    def half(one: Floats, other: Floats) -> Floats:
        return np.sqrt(one**2 + other**2 - 2 * correlation * one * other)

    low = apart - half(more.value - more.low, less.high - less.value)
    return low, apart + half(more.high - more.value, less.value - less.low)


def _normal() -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - TAIL))
