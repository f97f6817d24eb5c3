"""Sweeps: a scenario at many points of its parameters, which can be stopped and go on."""

from sim.sweep.description import Sweep, read
from sim.sweep.running import Finished, finished, run

__all__ = ["Finished", "Sweep", "finished", "read", "run"]
