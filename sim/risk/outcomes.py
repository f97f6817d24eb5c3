"""One number a policy for each outcome, at the horizon or summed up to it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.messages import Fault, _, listed, nearest, shown
from sim.risk import intervals
from sim.risk.counts import kinds_told
from sim.risk.intervals import Interval
from sim.risk.measures import SO_FAR, STATES
from sim.risk.pairs import cell_years
from sim.risk.study import (
    ALL,
    BY_KIND,
    DERIVED_STATES,
    MEASURES,
    WITHOUT_OWN_CELL,
    Study,
    Tally,
)
from sim.scenario import Baseline

Floats = npt.NDArray[np.float64]

CELL_YEARS = "cell_years"
"""Hamlets with a cell of their own at the end of each year, summed."""
OUTCOMES = (*MEASURES, CELL_YEARS)
"""Outcomes of units of all kinds; with a point and a kind of unit behind it, of that kind."""


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


def parsed(outcome: str) -> tuple[str, str]:
    """What is counted, and in units of which kind: `lost.school` is `lost` in schools."""
    name, _point, kind = outcome.partition(".")
    return name, kind or ALL


def known_outcomes(baseline: Baseline) -> tuple[str, ...]:
    """All that may be asked of these units: OUTCOMES, and those of each kind of unit."""
    if not (kinds := kinds_told(baseline)):
        return OUTCOMES
    of_each = (*BY_KIND, CELL_YEARS)
    return (*OUTCOMES, WITHOUT_OWN_CELL, *(f"{name}.{kind}" for kind in kinds for name in of_each))


def fault_of(outcome: str, baseline: Baseline) -> Fault | None:
    """What is wrong with an outcome that is asked for, if anything is."""
    known = known_outcomes(baseline)
    if outcome in known:
        return None
    allowed = listed(OUTCOMES)
    if kinds := kinds_told(baseline):
        told = _("{names}; of one kind of unit as in {example}")
        allowed = told.format(names=allowed, example=listed(f"lost.{kind}" for kind in kinds))
    return Fault(
        "outcome", found=shown(outcome), allowed=allowed, suggestion=nearest(outcome, known)
    )


def by_replication(tally: Tally, outcome: str) -> Floats:
    """One outcome [R]: of states the number at the horizon, of events their sum."""
    name, kind = parsed(outcome)
    if name == CELL_YEARS:
        return cell_years(tally, kind)
    values = tally.measure(name, kind)
    is_state = name in (*STATES, *DERIVED_STATES, WITHOUT_OWN_CELL)
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
    """Of numbers of hamlets as of events, which may be few; of others as usual."""
    made = intervals.difference if parsed(name)[0] in SO_FAR else intervals.mean
    return made(difference, tally.draw)
