"""Linear birth-death-immigration (BDI) oracles for ONE hamlet with constant hazards.

State n = number of official members.  n -> n+1 at rate nu + lam*n, n -> n-1 at rate mu*n.
The cell is lost the FIRST time n < k (k = 3 by rule).  Times in years, hazards per year.
Model settings that reach it: no probation, no class, no quota, admission immediate, cell
loss absorbing, no policy that adds or moves members.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.linalg import expm
from scipy.sparse.linalg import expm_multiply, spsolve
from scipy.stats import binom, nbinom, poisson

Floats = npt.NDArray[np.float64]


def _n_max(n0: int, nu: float, lam: float, mu: float, t_max: float) -> int:
    """Upper truncation: far in the tail of the un-absorbed process over [0, t_max]."""
    g = np.exp(max(lam - mu, 0.0) * t_max)
    mean = n0 * g + nu * (t_max if lam >= mu else min(t_max, 1 / (mu - lam))) * g
    return int(mean + 12 * np.sqrt(mean + 1) * np.sqrt(g + lam / max(mu, 1e-9) + 1) + 60)


def sub_generator(k: int, n_max: int, nu: float, lam: float, mu: float) -> sp.csc_matrix:
    """Generator restricted to the transient states k..n_max (row sums < 0 at k)."""
    n = np.arange(k, n_max + 1, dtype=float)
    up = nu + lam * n
    up[-1] = 0.0
    down = mu * n
    return sp.diags([down[1:], -(up + down), up[:-1]], [-1, 0, 1], format="csc")


def loss_cdf(
    n0: int,
    times: Sequence[float],
    nu: float,
    mu: float,
    lam: float = 0.0,
    k: int = 3,
    n_max: int | None = None,
) -> Floats:
    """P(T <= t) for T = inf{t: N(t) < k}; exact up to truncation."""
    if n0 < k:
        return np.ones(len(times))
    n_max = n_max or _n_max(n0, nu, lam, mu, max(times))
    backwards = sub_generator(k, n_max, nu, lam, mu).T.tocsc()
    p0 = np.zeros(n_max - k + 1)
    p0[n0 - k] = 1.0
    return np.array([1.0 - expm_multiply(backwards * t, p0).sum() if t > 0 else 0.0 for t in times])


def loss_cdf_delayed(
    n0: int, times: Sequence[float], nu: float, mu: float, delay: float, k: int = 3, n_max: int = 80
) -> Floats:
    """`loss_cdf` when immigration begins only after `delay`: the first probation is over then.

    Poisson admissions from time 0, each official exactly `delay` later, are Poisson from then on.
    """
    p0 = np.zeros(n_max - k + 1)
    p0[n0 - k] = 1.0
    alone, joined = (sub_generator(k, n_max, rate, 0.0, mu).T.tocsc() for rate in (0.0, nu))
    at_delay = expm_multiply(alone * delay, p0)
    return np.array(
        [
            1.0 - expm_multiply(joined * (t - delay), at_delay).sum()
            if t > delay
            else 1.0 - expm_multiply(alone * t, p0).sum()
            for t in times
        ]
    )


def loss_cdf_in_steps(
    n0: int,
    steps: int,
    step: float,
    nu: float,
    mu: float,
    lam: float,
    k: int = 3,
    n_max: int = 40,
    births_max: int = 7,
) -> Floats:
    """`loss_cdf` at the ends of `steps` steps, for births as organisation makes them.

    At the start of each step Poisson(lam * n * step) births are decided from the n officials of
    that instant, each at a uniform instant of the step, and every one takes effect exactly one step
    later. Immigration and deaths are continuous. Tends to `loss_cdf` as the step goes to 0.

    State (n, j), j births falling at independent uniform instants of the present step; the chance
    of going from n to n' is j! / step^j times block (0, j) of the exponential of the
    block-bidiagonal matrix of the generator and of one birth.
    """
    size = n_max - k + 1
    moves = _moves_with_births(k, n_max, nu, mu, step, births_max)
    n = np.arange(k, n_max + 1)
    decided = poisson.pmf(np.arange(births_max + 1)[None, :], lam * step * n[:, None])
    state = np.zeros((size, births_max + 1))
    state[n0 - k, 0] = 1.0
    lost = []
    for _ in range(steps):
        arrived = np.zeros_like(state)
        for j, move in enumerate(moves):
            arrived += move.T @ (state[:, j, None] * decided)
        state = arrived
        lost.append(1.0 - state.sum())
    return np.array(lost)


def _moves_with_births(
    k: int, n_max: int, nu: float, mu: float, step: float, births_max: int
) -> list[Floats]:
    size = n_max - k + 1
    one_more = np.eye(size, k=1)
    one_more[-1, -1] = 1.0
    blocks = births_max + 1
    generator = sub_generator(k, n_max, nu, 0.0, mu).toarray()
    whole = np.kron(np.eye(blocks), generator) + np.kron(np.eye(blocks, k=1), one_more)
    first_row = expm(whole * step)[:size]
    moves, factor = [], 1.0
    for j in range(blocks):
        factor *= j / step if j else 1.0
        moves.append(factor * first_row[:, j * size : (j + 1) * size])
    return moves


def mean_time_to_loss(
    n0: int, nu: float, mu: float, lam: float = 0.0, k: int = 3, n_max: int = 4000
) -> float:
    """E[T] by linear solve  -Q tau = 1 (finite only if lam < mu)."""
    q = sub_generator(k, n_max, nu, lam, mu)
    return float(spsolve(-q, np.ones(q.shape[0]))[n0 - k])


def mean_time_to_loss_series(
    n0: int, nu: float, mu: float, lam: float = 0.0, k: int = 3, j_max: int = 20000
) -> float:
    """Same E[T] by the birth-death series sum_{n=k}^{n0} sum_j (1/d_{n+j}) prod b/d."""
    total = 0.0
    for n in range(k, n0 + 1):
        term = 1.0 / (mu * n)
        s, j = term, n
        while term > 1e-18 * s and j < n + j_max:
            term *= (nu + lam * j) / (mu * (j + 1))
            s += term
            j += 1
        total += s
    return total


def law_at(n0: int, t: float, nu: float, mu: float, lam: float = 0.0, n_max: int = 400) -> Floats:
    """Closed-form P(N(t)=n), n=0..n_max, WITHOUT absorption (recruitment goes on below k)."""
    x = np.arange(n_max + 1)
    if lam == 0.0:
        a = binom.pmf(x, n0, np.exp(-mu * t))
        b = poisson.pmf(x, nu * -np.expm1(-mu * t) / mu)
        return np.convolve(a, b)[: n_max + 1]
    e = np.exp((lam - mu) * t)
    beta = lam * t / (1 + lam * t) if np.isclose(lam, mu) else lam * (e - 1) / (lam * e - mu)
    one = np.zeros(n_max + 1)
    one[0] = alpha = beta * mu / lam
    one[1:] = (1 - alpha) * (1 - beta) * beta ** (x[1:] - 1)
    a = np.eye(1, n_max + 1)[0]
    for _ in range(n0):
        a = np.convolve(a, one)[: n_max + 1]
    b = nbinom.pmf(x, nu / lam, 1 - beta) if nu > 0 else np.eye(1, n_max + 1)[0]
    return np.convolve(a, b)[: n_max + 1]
