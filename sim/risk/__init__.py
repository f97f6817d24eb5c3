"""Logs -> tables of risk, causes, pairs and years, with intervals: pure functions."""

from sim.risk.costs import Offer, offer, offered_together
from sim.risk.counting import Counter
from sim.risk.counts import (
    Counts,
    Ground,
    empty_counts,
    ground,
    kinds_in,
    kinds_of,
    like,
    longer,
    of_the_whole,
    place,
)
from sim.risk.flips import flips
from sim.risk.pairs import pairs
from sim.risk.precision import Precision, precision
from sim.risk.ranks import among_worst, worst
from sim.risk.rule import rule
from sim.risk.study import Study, Tally, anniversaries
from sim.risk.summary import Tables, summary
from sim.risk.tables import funnel, hamlets, losses, rates, yearly_rates, years

__all__ = [
    "Counter",
    "Counts",
    "Ground",
    "Offer",
    "Precision",
    "Study",
    "Tables",
    "Tally",
    "among_worst",
    "anniversaries",
    "empty_counts",
    "flips",
    "funnel",
    "ground",
    "hamlets",
    "kinds_in",
    "kinds_of",
    "like",
    "longer",
    "losses",
    "of_the_whole",
    "offer",
    "offered_together",
    "pairs",
    "place",
    "precision",
    "rates",
    "rule",
    "summary",
    "worst",
    "yearly_rates",
    "years",
]
