"""Areas of a baseline by name, and the units that a lever may act on."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sim.levers import Where
from sim.scenario import Baseline, Unit

SEPARATOR = "/"

Area = tuple[str, ...]
"""Names from the highest level down to the area's own."""


@dataclass(frozen=True)
class Areas:
    """All areas of a baseline, by level and by name."""

    levels: tuple[str, ...]
    all: dict[Area, None] = field(default_factory=dict)
    by_name: dict[str, list[Area]] = field(default_factory=dict)

    def called(self, name: str) -> list[Area]:
        """The areas with this name or this full path, such as `Nghe An/Quynh Luu`."""
        path = tuple(name.split(SEPARATOR))
        by_path = [area for area in self.all if SEPARATOR.join(area) == name] if path[1:] else []
        return by_path or self.by_name.get(name, [])

    def at_level(self, level: str) -> list[Area]:
        """The areas of one level, in the order of the table."""
        depth = self.levels.index(level) + 1
        return [area for area in self.all if len(area) == depth]


def areas_of(baseline: Baseline) -> Areas:
    """The areas in which the units of a baseline lie."""
    areas = dict.fromkeys(u.area[:n] for u in baseline.units for n in range(1, len(u.area) + 1))
    by_name: dict[str, list[Area]] = defaultdict(list)
    for area in areas:
        by_name[area[-1]].append(area)
    return Areas(baseline.levels, areas, dict(by_name))


def units_at(where: Where, baseline: Baseline, areas: Areas) -> Iterator[Unit]:
    """The units that satisfy every condition of `where`, whatever their observables."""
    wanted = [area for name in where.areas for area in areas.called(name)]
    for unit in baseline.units:
        if (
            (not where.areas or any(unit.area[: len(area)] == area for area in wanted))
            and (not where.tags or any(tag in unit.tags for tag in where.tags))
            and (not where.kinds or unit.kind in where.kinds)
            and (not where.hamlets or unit.id in where.hamlets)
        ):
            yield unit
