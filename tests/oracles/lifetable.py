"""Life table, stationary and stable age distributions under piecewise-constant hazards."""

import itertools

import numpy as np
from scipy.integrate import quad

from tests.oracles.pure_death import Floats, Numbers, survival

# Austria, males, 1992 (Preston, Heuveline & Guillot 2001, Box 3.1); numbers as transcribed in the
# public repository ihmeuw-demographics/demCore, data-raw/austria_1992_lt.R
AGES = [0, 1, *range(5, 90, 5)]
POPULATION = [
    47925, 189127, 234793, 238790, 254996, 326831, 355086, 324222, 269963, 261971, 238011, 261612,
    181385, 187962, 153832, 105169, 73694, 57512, 32248,
]  # fmt: skip
DEATHS = [
    419, 70, 36, 46, 249, 420, 403, 441, 508, 769, 1154, 1866, 2043, 3496, 4366, 4337, 5279, 6460,
    6146,
]  # fmt: skip
AX = [
    0.068, 1.626, 2.5, 3.143, 2.724, 2.520, 2.481, 2.601, 2.701, 2.663, 2.698, 2.676, 2.645, 2.624,
    2.619, 2.593, 2.518, 2.423, 5.247,
]  # fmt: skip
LX_PUBLISHED = [
    100000, 99133, 98986, 98910, 98815, 98334, 97704, 97151, 96492, 95588, 94195, 91937, 88711,
    83845, 76377, 66225, 53803, 37441, 21134,
]  # fmt: skip
RATES = [d / p for d, p in zip(DEATHS, POPULATION, strict=True)]
"""Deaths per year lived, by the age groups that begin at AGES."""


def published_style_table() -> dict[str, Floats]:
    """m, q, l and e(x) as the book computes them, with its a(x); not what constant rates give."""
    m, ax = np.array(RATES), np.array(AX)
    n = np.append(np.diff(AGES), np.inf)
    q = np.ones(len(m))
    q[:-1] = n[:-1] * m[:-1] / (1 + (n[:-1] - ax[:-1]) * m[:-1])
    alive = 1e5 * np.append(1, np.cumprod(1 - q[:-1]))
    deaths = alive * q
    lived = np.append(n[:-1] * alive[1:] + ax[:-1] * deaths[:-1], alive[-1] / m[-1])
    return {"m": m, "q": q, "l": alive, "e": np.cumsum(lived[::-1])[::-1] / alive}


def life_expectancy(age: float, breaks: Numbers, rates: Numbers) -> float:
    """Remaining life expectancy under piecewise-CONSTANT hazards (what the simulator must give)."""
    e, s, a = 0.0, 1.0, float(age)
    ends = [*breaks[1:], np.inf]
    for end, rate in zip(ends, rates, strict=True):
        if end <= a:
            continue
        width = end - a
        if np.isinf(width):
            return e + s / rate
        e += s * (width if rate == 0 else -np.expm1(-rate * width) / rate)
        s *= np.exp(-rate * width)
        a = end
    raise ValueError("the last age group must be open")


def sd_of_remaining_life(age: float, breaks: Numbers, rates: Numbers, top: float = 250.0) -> float:
    """Standard deviation of the remaining life: E[T^2] = int 2 t S(t) dt."""
    cuts = [0.0, *(b - age for b in breaks if age < b), top - age]

    def twice_t_survival(t: float) -> float:
        return 2 * t * float(survival([age], t, breaks, rates)[0])

    pieces = itertools.pairwise(cuts)
    square = sum(quad(twice_t_survival, a, b, epsabs=1e-10)[0] for a, b in pieces)
    return float(np.sqrt(square - life_expectancy(age, breaks, rates) ** 2))


def stationary_age(
    entry_age: float, breaks: Numbers, rates: Numbers, over: float = 60.0, top: float = 220.0
) -> dict[str, float]:
    """Constant entries at one entry age: stock per yearly entry, and its share aged >= `over`."""
    edges = sorted({entry_age, top, *(b for b in [*breaks, over] if entry_age < b < top)})

    def alive(a: float) -> float:
        return float(survival([entry_age], a - entry_age, breaks, rates)[0])

    def lived(low: float) -> float:
        pieces = [(max(a, low), b) for a, b in itertools.pairwise(edges) if b > low]
        return float(sum(quad(alive, a, b, epsabs=1e-12)[0] for a, b in pieces))

    stock = lived(entry_age)
    return {"stock_per_entry": stock, "share_over": lived(over) / stock}
