"""Logs -> tables of risk, causes, pairs and years, with intervals: pure functions."""

from sim.risk.costs import Offer, offer
from sim.risk.counting import Counter
from sim.risk.counts import Counts, Ground, empty_counts, ground, like, longer, place
from sim.risk.pairs import pairs
from sim.risk.study import Study, Tally, anniversaries
from sim.risk.summary import summary
from sim.risk.tables import hamlets, losses, rates, years

__all__ = [
    "Counter",
    "Counts",
    "Ground",
    "Offer",
    "Study",
    "Tally",
    "anniversaries",
    "empty_counts",
    "ground",
    "hamlets",
    "like",
    "longer",
    "losses",
    "offer",
    "pairs",
    "place",
    "rates",
    "summary",
    "years",
]
