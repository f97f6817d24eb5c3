"""Small places borrow strength from each other: factors of areas on listing and on leaving.

An area's number is Poisson with what the simulation expects there, times a level common to all,
times the area's own factor; factors are Gamma with mean 1 and a spread that is itself learnt:

    y[a] ~ Poisson(E[a] m f[a]),  f[a] ~ Gamma(k, k),  sd s = 1 / root k

The level m (flat in its logarithm) and the spread s (half normal with scale .5, the upper end of
what is plausible for hamlets) are summed over on a grid, by the negative binomial that y[a] is when
f[a] is integrated out (Gelman et al., Bayesian Data Analysis, 3rd ed., 5.3-5.4). So an area with
little to show is drawn to the others, the more the less areas differ. The level is not in the
factors: it is the parameters'.

What the simulation spreads more than a Poisson number is taken into account by counting in units of
its dispersion. Expected numbers are those with factors as in the table; that few candidates bring
few helpers, and so fewer candidates, is not in them.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.calibrate.facts import AREAS_APART, Fact
from sim.calibrate.simulation import Simulator
from sim.load import areas_of
from sim.load.sheets import read_grid
from sim.messages import BadInput, Fault, _
from sim.scenario import Baseline, Loaded

Floats = npt.NDArray[np.float64]

FACTOR_OF = {"listed": "listing_factor", "left": "leaving_factor"}
"""Quantities that are pooled over areas, and the column of the baseline that they tell."""
FEWEST_AREAS = 3
SPREAD_SCALE = 0.5
REPLICATIONS = range(3 * 10**8, 3 * 10**8 + 32)
LOW, HIGH = 0.05, 0.95
DRAWS = 4000


class Pooled(NamedTuple):
    """The factor of an area: alone (seen beside expected, over all areas' level), and pooled."""

    quantity: str
    place: str
    seen: float
    expected: float
    alone: float
    factor: float
    low: float
    high: float


def groups(facts: Sequence[Fact]) -> tuple[tuple[Fact, ...], ...]:
    """Figures by area that can be pooled: one quantity and window, at least three places."""
    found: dict[tuple[object, ...], list[Fact]] = {}
    for fact in facts:
        if fact.quantity in FACTOR_OF and fact.place and not fact.is_share:
            key = fact.quantity, fact.since, fact.until, fact.tags, fact.kinds
            found.setdefault(key, []).append(fact)
    return tuple(tuple(some) for some in found.values() if len(some) >= FEWEST_AREAS)


def together(facts: Sequence[Fact]) -> Fact:
    """The figures of several areas as one: what they say of the level."""
    first = facts[0]
    return replace(
        first,
        id=f"{first.quantity}-together",
        place=AREAS_APART.join(fact.place for fact in facts),
        value=sum(fact.value for fact in facts),
        tolerance=float(np.sqrt(sum(fact.tolerance**2 for fact in facts))),
    )


def pooled(
    making: Callable[[Sequence[Fact]], Simulator], facts: Sequence[Fact], seed: int
) -> tuple[Pooled, ...]:
    """The factors of the areas of some figures of one quantity."""
    simulated = making(facts)({}, REPLICATIONS)
    expected = simulated.mean(axis=0)
    if not expected.all():
        nothing = facts[int(np.flatnonzero(expected == 0)[0])]
        found = _("{place}, where the model expects none").format(place=nothing.place)
        allowed = _("areas in which something can happen")
        raise BadInput([Fault("facts", field=nothing.id, found=found, allowed=allowed)])
    dispersion = max(1.0, float((simulated.var(axis=0, ddof=1) / expected).mean()))
    seen = np.array([fact.value for fact in facts])
    factors = factors_of(seen / dispersion, expected / dispersion, seed)
    level = seen.sum() / expected.sum()
    ends = np.quantile(factors, [LOW, HIGH], axis=0)
    return tuple(
        Pooled(fact.quantity, fact.place, *map(float, numbers))
        for fact, *numbers in zip(
            facts, seen, expected, seen / expected / level, factors.mean(axis=0), *ends, strict=True
        )
    )


def factors_of(seen: Floats, expected: Floats, seed: int) -> Floats:
    """Draws of the factors [DRAWS, A] given what was seen [A] and expected [A]."""
    from scipy.special import gammaln

    spread = np.linspace(0.02, 1.5, 75)[:, None]
    guess = np.log((seen.sum() + 0.5) / expected.sum())
    level = np.exp(guess + np.linspace(-1.5, 1.5, 121))[None, :]
    k = 1 / spread**2
    likelihood = np.zeros((75, 121))
    for y, e in zip(seen, expected, strict=True):
        m = e * level
        likelihood += (
            gammaln(k + y) - gammaln(k) + k * np.log(k / (k + m)) + y * np.log(m / (k + m))
        )
    posterior = likelihood - spread**2 / 2 / SPREAD_SCALE**2
    weights = np.exp(posterior - posterior.max()).ravel()
    generator = np.random.default_rng([seed, 4])
    at = generator.choice(weights.size, DRAWS, p=weights / weights.sum())
    its_k, its_level = k[at // 121, 0][:, None], level[0, at % 121][:, None]
    shape, rate = its_k + seen, its_k + expected * its_level
    return np.asarray(generator.gamma(shape, 1 / rate))


# ---------------------------------------------------------------- the table


def with_factors(loaded: Loaded, found: Sequence[Pooled]) -> str:
    """The scenario's table as CSV, its factors multiplied by those of the areas.

    All other cells stay as they are. Raises BadInput if there is no file to read.
    """
    grid = read_grid(Path(loaded.source_file).parent / loaded.scenario.baseline)
    times = _times(loaded.baseline, found)
    columns = list(dict.fromkeys(FACTOR_OF[one.quantity] for one in found))
    header = [*grid.header, *(name for name in columns if name not in grid.header)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for unit, (_number, cells) in zip(loaded.baseline.units, grid.rows, strict=True):
        row = dict(zip(grid.header, cells, strict=True))
        row |= {name: f"{getattr(unit, name) * times[name][unit.id]:.4g}" for name in columns}
        writer.writerow(["" if row.get(name) is None else row[name] for name in header])
    return text.getvalue()


def _times(baseline: Baseline, found: Sequence[Pooled]) -> dict[str, dict[str, float]]:
    """What each column of each unit is multiplied by; 1 where no figure is."""
    areas = areas_of(baseline)
    times = {
        name: dict.fromkeys((u.id for u in baseline.units), 1.0) for name in FACTOR_OF.values()
    }
    for one in found:
        (area,) = areas.called(one.place)
        for unit in baseline.units:
            if unit.area[: len(area)] == area:
                times[FACTOR_OF[one.quantity]][unit.id] *= one.factor
    return times
