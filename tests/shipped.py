"""The shipped scenarios, whole, and cut down to what every test can afford."""

from functools import cache
from pathlib import Path

from sim.load import load
from sim.scenario import Baseline, Loaded

SCENARIOS = Path(__file__).parent.parent / "scenarios"
SHIPPED = tuple(sorted(path.stem for path in SCENARIOS.glob("*.yaml")))
ONE_DISTRICT = {"son-la": "District 10", "ninh-thuan": "District 07"}
"""Provinces, and the district that stands for each: a coupled unit, in which nothing changes when
the others are left out (test_relations). The reference engine, a hundred times slower than the
compiled one, would take minutes for all policies of a whole province."""


@cache
def shipped(name: str) -> Loaded:
    """A shipped scenario as it is."""
    return load(SCENARIOS / f"{name}.yaml")


@cache
def affordable(name: str) -> Loaded:
    """A shipped scenario; of a province one district."""
    return in_one_district(shipped(name), ONE_DISTRICT.get(name))


def in_one_district(whole: Loaded, district: str | None) -> Loaded:
    """The scenario of one district, with its own targets and table; the whole if none is named."""
    if district is None:
        return whole
    baseline, admission = whole.baseline, whole.scenario.admission
    level = baseline.levels.index("district")
    units = tuple(unit for unit in baseline.units if unit.area[level] == district)
    targets = tuple(
        target.model_copy(update={"per_year": {district: target.per_year[district]}})
        if isinstance(target.per_year, dict)
        else target
        for target in admission.targets
    )
    own = {"admission": admission.model_copy(update={"targets": targets})}
    return whole.model_copy(
        update={
            "scenario": whole.scenario.model_copy(update=own),
            "baseline": Baseline(levels=baseline.levels, units=units),
        }
    )
