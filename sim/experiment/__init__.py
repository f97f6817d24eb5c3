"""Replications, policies on the same lives, precision, draws of the parameters, selection."""

from sim.experiment.parameters import drawn
from sim.experiment.preparation import (
    ENGINES,
    Prepared,
    check_given,
    prepare,
    prepare_replication,
)
from sim.experiment.replication import Progress, Results, run
from sim.experiment.selection import Selection, best
from sim.experiment.snapshots import Snapshot, snapshot
from sim.experiment.work import usable_cores

__all__ = [
    "ENGINES",
    "Prepared",
    "Progress",
    "Results",
    "Selection",
    "Snapshot",
    "best",
    "check_given",
    "drawn",
    "prepare",
    "prepare_replication",
    "run",
    "snapshot",
    "usable_cores",
]
