"""Forecasts that anybody can make without a model: the simple ones that a model has to beat.

Nothing changes: the number published last, or the yearly number of the last window. Constant rate:
what was counted in the fitted period goes on at the same rate, with the chance that goes with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sim.calibrate import scores
from sim.calibrate.facts import Fact
from sim.calibrate.scores import Ensemble
from sim.scenario import DAYS_PER_YEAR

NOT_COUNTS = (
    "members_per_cell", "admitted_per_year", "years_without_admission_at_risk",
)  # fmt: skip
"""Quantities that are no numbers of anything, so that they have no rate of change to go on with."""
ALSO = {"units_without_cell": "units_without_own_cell"}
"""Quantities of which older figures are printed under a wider definition, in the same words."""
RARE = 1e-10
"""Probability of the tails that are left out of a distribution without end."""


@dataclass(frozen=True)
class Simple:
    """A forecast that is known exactly: probabilities `weights` of `values`, which are in order."""

    values: Ensemble
    weights: Ensemble

    @property
    def median(self) -> float:
        """The least value that is not exceeded in half of the cases."""
        return float(self.values[np.searchsorted(np.cumsum(self.weights), 0.5)])

    def crps(self, value: float) -> float:
        """Its score beside what was published; see `scores.crps_of`."""
        return scores.crps_of(self.values, self.weights, value)

    def probability(self, value: float) -> float:
        """Of exactly this value."""
        return float(self.weights[self.values == value].sum())

    def out_of(self, whole: float) -> "Simple":
        """The same forecast as a share."""
        return Simple(self.values / whole, self.weights)


def certain(value: float) -> Simple:
    """The forecast that is sure of one number."""
    return Simple(np.array([value]), np.ones(1))


def unchanged(fact: Fact, facts: Sequence[Fact], at_start: float) -> Simple | None:
    """Nothing changes: a stock stays at the figure printed last, or as it was at the start; a flow
    goes on as in the last window. None where nothing is known of it."""
    known = list(_earlier(fact, facts))
    if fact.since is None:
        return certain(known[-1].published if known else at_start)
    if not known:
        return None
    last = known[-1]
    return certain(last.published if _is_rate(fact) else last.published * _ratio(fact, last))


def steady(fact: Fact, facts: Sequence[Fact]) -> Simple | None:
    """The rate of the fitted period goes on. None where no rate is known: of what is no count, of a
    stock without two earlier figures, of a flow without one.

    A stock that falls loses each of its units at the same rate; one that grows gains as many a year
    as before. Chance: binomial; Poisson with a rate that is itself known from the count alone (a
    negative binomial, from Jeffreys' prior).
    """
    if fact.quantity in NOT_COUNTS:
        return None
    known = list(_earlier(fact, facts))
    if fact.since is not None:
        windows = _apart(known)
        if _is_rate(fact) or not windows:
            return None
        counted, years = sum(f.value for f in windows), sum(_years(f) for f in windows)
        return going_on(counted, years, _years(fact))
    if len(known) < 2:
        return None
    first, last = known[0], known[-1]
    past, ahead = (_between(a, b) for a, b in ((first, last), (last, fact)))
    whole = fact.out_of if fact.is_share and fact.out_of else 1.0
    return going_on_from(first.value, last.value, past, ahead).out_of(whole)


def going_on(counted: float, years: float, ahead: float) -> Simple:
    """How many will be counted in the years `ahead` if `counted` were in so many `years`."""
    from scipy import stats

    number = stats.nbinom(counted + 0.5, years / (years + ahead))
    values = np.arange(float(number.ppf(RARE)), float(number.isf(RARE)) + 1)
    return _of(values, number.pmf(values))


def going_on_from(first: float, last: float, years: float, ahead: float) -> Simple:
    """What a stock will be in the years `ahead` if it went from `first` to `last` in `years`."""
    from scipy import stats

    if last > first:
        more = going_on(last - first, years, ahead)
        return Simple(more.values + last, more.weights)
    stay = (last / first) ** (ahead / years) if first else 0.0
    values = np.arange(last + 1)
    return _of(values, stats.binom(last, stay).pmf(values))


def _of(values: Ensemble, weights: Ensemble) -> Simple:
    return Simple(values, weights / weights.sum())


def _earlier(fact: Fact, facts: Sequence[Fact]) -> Iterator[Fact]:
    """Figures of the same thing that were known before, in order of time."""
    wanted = (fact.quantity,)
    if not any(_is_earlier(other, fact, wanted) for other in facts):
        wanted = (ALSO.get(fact.quantity, fact.quantity),)
    yield from sorted(
        (other for other in facts if _is_earlier(other, fact, wanted)), key=lambda f: f.until
    )


def _is_earlier(other: Fact, fact: Fact, quantities: tuple[str, ...]) -> bool:
    same = (other.place, other.tags, other.kinds) == (fact.place, fact.tags, fact.kinds)
    before = other.until < fact.until if fact.since is None else other.until <= fact.since
    return same and before and other.quantity in quantities and other.use in ("fit", "input")


def _apart(windows: Sequence[Fact]) -> list[Fact]:
    """The windows that lie in no other."""

    def inside(a: Fact, b: Fact) -> bool:
        assert a.since and b.since
        return a != b and b.since <= a.since and a.until <= b.until

    return [a for a in windows if not any(inside(a, b) for b in windows)]


def _is_rate(fact: Fact) -> bool:
    """Whether a flow is told as a number a year, or a share, and not as a count."""
    return fact.is_share or fact.quantity in NOT_COUNTS


def _ratio(fact: Fact, other: Fact) -> float:
    return _years(fact) / _years(other)


def _years(fact: Fact) -> float:
    assert fact.since is not None
    return (fact.until - fact.since).days / DAYS_PER_YEAR


def _between(first: Fact, second: Fact) -> float:
    return (second.until - first.until).days / DAYS_PER_YEAR
