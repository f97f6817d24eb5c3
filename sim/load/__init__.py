"""Files to scenario and baseline, and back: YAML 1.2, CSV and XLSX.

Whatever is wrong is told at once, one `Fault` for each, by `BadInput`.
"""

from sim.load.bands import parse_band
from sim.load.dumping import dump
from sim.load.geography import Areas, areas_of, units_at
from sim.load.loading import check, load, parse_scenario
from sim.load.settings import with_settings
from sim.load.shape import schema

__all__ = [
    "Areas",
    "areas_of",
    "check",
    "dump",
    "load",
    "parse_band",
    "parse_scenario",
    "schema",
    "units_at",
    "with_settings",
]
