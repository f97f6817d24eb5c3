"""Published figures -> parameters with their uncertainty; back-tests."""

from sim.calibrate.counterparts import QUANTITIES, Quantity, Replicate, Seen, counterpart
from sim.calibrate.facts import Fact, check_facts, read_facts

__all__ = [
    "QUANTITIES",
    "Fact",
    "Quantity",
    "Replicate",
    "Seen",
    "check_facts",
    "counterpart",
    "read_facts",
]
