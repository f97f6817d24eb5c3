"""Published figures -> parameters with their uncertainty; back-tests."""

from sim.calibrate.calibration import Calibration, fit, until
from sim.calibrate.counterparts import QUANTITIES, Quantity, Replicate, Seen, counterpart
from sim.calibrate.facts import Fact, check_facts, read_facts

__all__ = [
    "QUANTITIES",
    "Calibration",
    "Fact",
    "Quantity",
    "Replicate",
    "Seen",
    "check_facts",
    "counterpart",
    "fit",
    "read_facts",
    "until",
]
