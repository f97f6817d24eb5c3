"""How good a forecast was: functions of an ensemble of numbers and the number that was published.

An ensemble is what the replications give, one number each, all equally likely: float[R].
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ensemble = npt.NDArray[np.float64]


class Band(NamedTuple):
    """The middle share of an ensemble."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in it, its ends included."""
        return self.low <= value <= self.high


def band(ensemble: Ensemble, share: float) -> Band:
    """The middle share of an ensemble: with quantiles p (R + 1) of the ordered numbers, so that one
    more draw of the same distribution lies inside with just this probability (Weibull's plotting
    positions). It takes `fewest(share)` numbers; with fewer it is their whole range."""
    tail = round((1 - share) / 2, 12)  # .05 and not what binary fractions make of it
    return Band(*np.quantile(ensemble, (tail, 1 - tail), method="weibull").tolist())


def fewest(share: float) -> int:
    """How many numbers it takes for the middle share not to be more than their range."""
    return math.ceil(round(2 / (1 - share), 9)) - 1


def rank(ensemble: Ensemble, value: float, u: float) -> float:
    """The share of the forecast below a value, in (0, 1); among numbers equal to it the place is a
    lottery, u in (0, 1). Of one more draw of the same distribution it is uniform on the R + 1 parts
    of (0, 1), and with u inside each part (a randomised probability integral transform; Czado,
    Gneiting and Held 2009)."""
    below, equal = int((ensemble < value).sum()), int((ensemble == value).sum())
    return (below + u * (equal + 1)) / (len(ensemble) + 1)


def crps(ensemble: Ensemble, value: float) -> float:
    """Continuous ranked probability score, in the unit of the value; 0 is perfect, and of a single
    number it is the distance. The fair form, whose mean is that of the distribution from which the
    ensemble was drawn, however few there are: mean |x - y| - sum |x - x'| / (2 R (R - 1)) (Ferro
    2014). It can be a little below zero."""
    x = np.sort(np.asarray(ensemble, dtype=np.float64))
    size = len(x)
    distance = float(np.abs(x - value).mean())
    if size == 1:
        return distance
    weights = 2 * np.arange(1, size + 1) - size - 1
    spread = float(weights @ x) / (size * (size - 1))  # half the mean |x - x'| of different members
    return distance - spread


def brier(probability: float, happened: bool) -> float:
    """The squared distance of a probability from what happened; 0 is perfect, 1 the worst."""
    return (probability - happened) ** 2


def skill(score: float, reference: float) -> float:
    """How much of a reference's score a forecast saves: 1 all, 0 none, below 0 worse than it; nan
    where the reference is perfect."""
    return 1 - score / reference if reference > 0 else math.nan


def crps_of(values: Ensemble, weights: Ensemble, value: float) -> float:
    """CRPS of a discrete distribution that is known: probabilities `weights` of `values`, which
    are in order. It is mean |x - y| less the integral of F (1 - F)."""
    below = np.cumsum(weights)[:-1]
    return float(weights @ np.abs(values - value) - (below * (1 - below)) @ np.diff(values))
