"""One number a policy for each outcome, at the horizon or summed up to it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.risk import intervals
from sim.risk.intervals import Interval
from sim.risk.measures import SO_FAR, STATES
from sim.risk.pairs import cell_years
from sim.risk.study import DERIVED_STATES, MEASURES, Study, Tally

Floats = npt.NDArray[np.float64]

CELL_YEARS = "cell_years"
"""Hamlets with a cell of their own at the end of each year, summed."""
OUTCOMES = (*MEASURES, CELL_YEARS)


class Outcome(NamedTuple):
    """The mean of an outcome over replications, and its paired difference from the base.

    Intervals are of 95 %. The base has no difference (nan).
    """

    policy: str
    outcome: str
    value: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float


def by_replication(tally: Tally, outcome: str) -> Floats:
    """One of OUTCOMES [R]: of states the number at the horizon, of events their sum."""
    if outcome == CELL_YEARS:
        return cell_years(tally)
    values = tally.measure(outcome)
    is_state = outcome in (*STATES, *DERIVED_STATES)
    return values[:, -1] if is_state else values.sum(axis=1)


def outcomes(study: Study, names: tuple[str, ...]) -> list[Outcome]:
    """The outcomes of every policy, in the order of the policies and of `names`."""
    base = study.tallies[study.base]
    rows = []
    for policy, tally in study.tallies.items():
        for name in names:
            values = by_replication(tally, name)
            found = intervals.mean(values, tally.draw, counted=name != "cost")
            ends = [np.nan] * 3
            if policy != study.base:
                difference = values - by_replication(base, name)
                ends = [float(end) for end in _difference(difference, tally, name)]
            rows.append(Outcome(policy, name, *(float(e) for e in found), *ends))
    return rows


def _difference(difference: Floats, tally: Tally, name: str) -> Interval:
    """With a bound where nothing differed: of what happens once to a hamlet that says little."""
    found = intervals.mean(difference, tally.draw)
    if name in SO_FAR and not difference.any():
        bound = np.array(intervals.bound_of_none(len(difference)))
        return Interval(found.value, -bound, bound)
    return found
