"""Infinite-source pipeline: Poisson admissions, 12-month probation, official (M(t)/G/infinity).

Admissions at constant rate nu from time 0; hazard mu_p while on probation (length d), mu_o as
official. Counts at any time are independent: Poisson for those admitted since 0, binomial for those
who were there at 0.
"""

import numpy as np

from tests.oracles.pure_death import Numbers


def expected_probationers(
    t: float, nu: float, mu_p: float, d: float = 1.0, initial: Numbers = ()
) -> float:
    """initial = elapsed probation times of the probationers present at time 0."""
    x = nu * -np.expm1(-mu_p * min(t, d)) / mu_p if mu_p > 0 else nu * min(t, d)
    return float(x + sum(np.exp(-mu_p * t) for e in initial if d - e > t))


def expected_officials(
    t: float, n0: int, nu: float, mu_p: float, mu_o: float, d: float = 1.0, initial: Numbers = ()
) -> float:
    """Officials at t: n0 at the start, those admitted since, and the `initial` probationers."""
    x = n0 * np.exp(-mu_o * t)
    if t > d:
        x += nu * np.exp(-mu_p * d) * -np.expm1(-mu_o * (t - d)) / mu_o
    for e in initial:
        r = d - e
        if t >= r:
            x += np.exp(-mu_p * r - mu_o * (t - r))
    return float(x)


def steady_state_means(nu: float, mu_p: float, mu_o: float, d: float = 1.0) -> tuple[float, float]:
    """Independent Poisson counts in steady state (probationers, officials).

    Little's law: stock = rate * mean stay.
    """
    return float(nu * -np.expm1(-mu_p * d) / mu_p), float(nu * np.exp(-mu_p * d) / mu_o)
