"""How precisely the probabilities that a planner reads are known."""

from typing import NamedTuple

import numpy as np

from sim.risk import intervals
from sim.risk.measures import BELOW, COMBINED, LOST, NEVER
from sim.risk.study import Study, Tally

FEWEST_FOR_MEANS = 30
FEWEST_FOR_SHARES = 200
"""Under these numbers of replications intervals rest on too little to be trusted or be narrow."""


class Precision(NamedTuple):
    """Half-widths of the widest 95 % interval of a probability, as absolute numbers.

    chance: as if the draws of the parameters were the only ones that matter; more replications
    make it smaller.  full: as shown in the tables, with the draws as a sample; it has a floor that
    only more draws lower. Equal where nothing is uncertain.
    """

    chance: float
    full: float


def precision(study: Study) -> Precision:
    """The widest of P(below), P(lost) and P(combined) by the horizon, of any hamlet and policy."""
    widths = [_half_widths(tally) for tally in study.tallies.values()]
    return Precision(*(float(w) for w in np.max(widths, axis=0)))


def _half_widths(tally: Tally) -> tuple[float, float]:
    happened = tally.counts.first[:, :, [BELOW, LOST, COMBINED]] != NEVER
    counted = tally.by_draw(happened)
    chance = intervals.share(counted.sum(axis=0), tally.replications)
    full = intervals.share_by_draw(counted, tally.per_draw)
    chance_width, width = (np.max(found.high - found.low) / 2 for found in (chance, full))
    return float(chance_width), float(width)
