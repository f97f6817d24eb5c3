"""Awareness class held every D years with s seats; names join the list as Poisson(rate); FIFO.

W_j = queue left JUST AFTER class j:  W_{j+1} = max(W_j + A_j - s, 0),  A ~ Poisson(m), m = rate*D.
Stationary if m < s. `stay` < 1 adds drop-out: each who waits is still there at the next class with
that probability, independently, and A counts those who came and did not drop out.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import lambertw
from scipy.stats import binom, poisson

Floats = npt.NDArray[np.float64]


def after_class_pmf(m: float, s: int, n_max: int | None = None) -> Floats:
    """Stationary pmf of W by the truncated embedded chain (transition matrix solve)."""
    n_max = n_max or int(40 * (s + m) / max(1 - m / s, 0.02) ** 0.5 + 200)
    chain = np.zeros((n_max + 1, n_max + 1))
    a = poisson.pmf(np.arange(2 * n_max + s + 2), m)
    for w in range(n_max + 1):
        left = np.clip(w + np.arange(len(a)) - s, 0, n_max)
        chain[w] = np.bincount(left, weights=a, minlength=n_max + 1)
    equations = chain.T - np.eye(n_max + 1)
    equations[-1] = 1.0
    return np.linalg.solve(equations, np.eye(1, n_max + 1, n_max)[0])


def roots_inside(m: float, s: int) -> npt.NDArray[np.complex128]:
    """s-1 roots of z^s = exp(m(z-1)) inside the unit disc (Lambert W)."""
    w = np.exp(2j * np.pi * np.arange(1, s) / s)
    return -(s / m) * lambertw(-(m / s) * np.exp(-m / s) * w, 0)


def mean_after_class(m: float, s: int) -> float:
    """E[W] from the generating function (roots), independent of the chain above."""
    z = roots_inside(m, s)
    return float((1 / (1 - z)).sum().real - (s * (s - 1) - m * m) / (2 * (s - m)))


def prob_empty_after_class(m: float, s: int) -> float:
    """P(W = 0): (s-m)(z-1)/(z^s - e^{m(z-1)}) prod (z - z_k)/(1 - z_k) at z = 0."""
    z = roots_inside(m, s)
    return float(((s - m) / np.exp(-m) * np.prod(-z / (1 - z))).real)


def mean_wait_to_class(rate: float, period: float, s: int) -> float:
    """Mean time from joining the list to the class attended (Little on the time-average line)."""
    m = rate * period
    return (mean_after_class(m, s) + m / 2) / rate


def classes_from_rest(
    m: float, s: int, classes: int, w0: int = 0, stay: float = 1.0, n_max: int = 600
) -> tuple[list[Floats], list[Floats]]:
    """Laws of those attending, and of those left, at class 1..classes; `w0` wait at time 0."""
    waiting = np.eye(1, n_max + 1, w0)[0]
    came = poisson.pmf(np.arange(n_max + 1), m)
    numbers = np.arange(n_max + 1)
    thinning = binom.pmf(numbers[:, None], numbers[None, :], stay) if stay < 1 else None
    attending, left = [], []
    for _ in range(classes):
        still = waiting if thinning is None else thinning @ waiting
        line = np.convolve(still, came)
        attending.append(np.append(line[:s], line[s:].sum()))
        waiting = np.append(line[: s + 1].sum(), line[s + 1 : n_max + s + 1])[: n_max + 1]
        left.append(waiting)
    return attending, left


def transient_attendance(m: float, s: int, n_classes: int, w0: int = 0) -> list[float]:
    """E[number attending class j], j = 1..n, with w0 waiting at time 0 (first class at D)."""
    attending, _ = classes_from_rest(m, s, n_classes, w0)
    return [float(law @ np.arange(len(law))) for law in attending]


def first_class_law(m: float, s: int, w: Floats) -> Floats:
    """FIFO: law of how many of those who join in one period attend the very next class.

    min(A, (s - W)+): the line before them, of law `w`, goes first.
    """
    a = poisson.pmf(np.arange(int(m + 12 * m**0.5 + 40)), m)
    law = np.zeros(s + 1)
    for free in range(s + 1):
        chance = w[s - free] if free else w[s:].sum()
        law[:free] += chance * a[:free]
        law[free] += chance * a[free:].sum()
    return law


def prob_attend_within(m: float, s: int, j: int = 1) -> float:
    """FIFO: P(a person joining the list attends one of the next j classes).

    E[min(A, (s j - W)+)] / m. (LIFO or 'newest first' gives another value: this is the test of
    queue ORDER, which mean waits cannot see.)
    """
    w = after_class_pmf(m, s)
    a = np.arange(int(m + 12 * m**0.5 + 40))
    free = np.maximum(s * j - np.arange(len(w)), 0)
    return float(w @ (np.minimum(a[None, :], free[:, None]) @ poisson.pmf(a, m)) / m)
