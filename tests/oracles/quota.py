"""Yearly admission target used as a hard cap q with carry-over of waiting people (no drop-out).

The committee meets every 1 January only. Number waiting after the meeting:
W_{y+1} = max(W_y + A_y - q, 0), admitted_y = min(W_y + A_y, q), A ~ Poisson(m).
"""

import numpy as np

from tests.oracles.batch_queue import transient_attendance
from tests.oracles.pure_death import Floats, Numbers, poisson_binomial


def expected_admitted_by_year(m: float, q: int, years: int, w0: int = 0) -> list[float]:
    """Expected admissions of each year: the recursion of a class, exact."""
    return transient_attendance(m, q, years, w0)


def saturated_officials_pmf(
    t: float,
    q: int,
    mu_p: float,
    mu_o: float,
    d: float = 1.0,
    n0: int = 0,
    admit_times: Numbers | None = None,
) -> Floats:
    """Saturated source: EXACTLY q admissions at each date -> Poisson-binomial officials at t.

    Exact for any t (no absorption). By default at 0, 1, 2, ... up to t.
    """
    times = np.arange(int(np.floor(t)) + 1) if admit_times is None else np.asarray(admit_times)
    p = [np.exp(-mu_o * t)] * n0
    for u in times:
        if t >= u + d:
            p += [np.exp(-mu_p * d - mu_o * (t - u - d))] * q
    return poisson_binomial(p)


def fluid_admissions(rate: float, q: float, t: float) -> float:
    """Deterministic limit of cumulative admissions from rest: min(rate, q) * t."""
    return min(rate, q) * t


def bounds_cumulative_admissions(m: float, q: int, years: int, w0: int = 0) -> float:
    """0 <= admissions <= q*years and <= w0 + m*years in mean (Jensen upper bound per year)."""
    return min(q * years, w0 + m * years)
