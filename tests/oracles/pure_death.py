"""Pure-death oracle with exact ages: no recruitment, hazards piecewise constant in exact age.

Members i with exact age a_i survive to t with S(a_i, t) = exp(-(H(a_i+t) - H(a_i))); N(t) is
Poisson-binomial, and because N never increases  P(cell lost by t) = P(N(t) < k)  EXACTLY.
`breaks` = left ends of age bands (first must be <= youngest age); `rates` = hazard per year in band
(sum of the hazards of all causes: death + removal + transfer out ...).
"""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.integrate import quad

Floats = npt.NDArray[np.float64]
Numbers = Sequence[float] | Floats


def cum_hazard(age: Numbers, breaks: Numbers, rates: Numbers) -> Floats:
    """Cumulated hazard from the first break to each age."""
    ages = np.asarray(age, float)[..., None]
    low = np.asarray(breaks, float)
    high = np.append(low[1:], np.inf)
    return (np.clip(np.minimum(ages, high) - low, 0, None) * np.asarray(rates, float)).sum(-1)


def survival(ages: Numbers, t: float, breaks: Numbers, rates: Numbers) -> Floats:
    """P(still there at t) for each exact age at 0."""
    ages = np.asarray(ages, float)
    return np.exp(-(cum_hazard(ages + t, breaks, rates) - cum_hazard(ages, breaks, rates)))


def poisson_binomial(p: Numbers) -> Floats:
    """Law of the number of successes of independent trials with these probabilities."""
    pmf = np.array([1.0])
    for q in np.asarray(p, float):
        pmf = np.convolve(pmf, [1 - q, q])
    return pmf


def loss_prob(ages: Numbers, t: float, breaks: Numbers, rates: Numbers, k: int = 3) -> float:
    """P(cell lost by t) of a hamlet with members of these ages."""
    return float(poisson_binomial(survival(ages, t, breaks, rates))[:k].sum())


def mean_time_to_loss(
    ages: Numbers, breaks: Numbers, rates: Numbers, k: int = 3, horizon: float = 200.0
) -> float:
    """E[T] = int_0^inf P(N(t) >= k) dt, split at every birthday that crosses a band edge."""
    ages = np.asarray(ages, float)
    inner = {b - a for a in ages for b in breaks if 0 < b - a < horizon}
    cuts = sorted({0.0, horizon} | inner)

    def alive(t: float) -> float:
        return 1 - loss_prob(ages, t, breaks, rates, k)

    pieces = itertools.pairwise(cuts)
    return float(sum(quad(alive, a, b, epsabs=1e-11, epsrel=1e-11)[0] for a, b in pieces))
