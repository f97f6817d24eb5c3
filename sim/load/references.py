"""What a scenario and its table must satisfy together: names that exist, units that fit."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from sim.levers import (
    Admission,
    Lever,
    LocalClass,
    OfficerTraining,
    Reinforcement,
    Structural,
    Training,
    Where,
)
from sim.load.checks import levers_of
from sim.load.findings import TABLE, Finding, Steps, UnitFinding
from sim.load.geography import SEPARATOR, Area, Areas, areas_of, units_at
from sim.messages import _, listed, nearest, shown
from sim.scenario import Baseline, Group, Scenario, Unit

IDS: tuple[Steps, ...] = ((TABLE, "id"),)
AREAS: tuple[Steps, ...] = ((TABLE, "area"),)


def reference_findings(scenario: Scenario, baseline: Baseline) -> Iterator[Finding]:
    """Every name in the scenario that the table does not have, and levers aimed at nobody."""
    areas = areas_of(baseline)
    names = _names_of(baseline)
    yield from _levels(scenario, areas)
    yield from _targets(scenario, areas)
    yield from _structural(scenario, {unit.id: unit for unit in baseline.units})
    for steps, lever in levers_of(scenario):
        if lever.where != Where():
            yield from _where((*steps, "where"), lever.where, baseline, areas, names)
            yield from _parts_of_meetings(steps, lever, scenario, areas)
        yield from _senders(steps, lever, names["hamlets"])


# ---------------------------------------------------------------- areas


def _levels(scenario: Scenario, areas: Areas) -> Iterator[Finding]:
    named: dict[Steps, str | None] = {
        ("training", "level"): scenario.training.level,
        ("cells", "host_level"): scenario.cells.host_level,
    }
    named |= {("demography", "shock", level): level for level in scenario.demography.shock}
    for i, target in enumerate(scenario.admission.targets):
        named["admission", "targets", i, "level"] = target.level
    for name, pool in scenario.postings.pools.items():
        named["postings", "pools", name, "level"] = pool.level
    for steps, lever in levers_of(scenario):
        named[*steps, "level"] = getattr(lever, "level", None)
        named[*steps, "where", "rank_level"] = lever.where.rank_level
    for steps, level in named.items():
        if level is not None and level not in areas.levels:
            allowed = listed(areas.levels)
            yield Finding(steps, shown(level), allowed, nearest(level, areas.levels))


def _targets(scenario: Scenario, areas: Areas) -> Iterator[Finding]:
    for i, target in enumerate(scenario.admission.targets):
        if target.level not in areas.levels or not isinstance(target.per_year, dict):
            continue
        at_level = areas.at_level(target.level)
        for name in target.per_year:
            steps: Steps = ("admission", "targets", i, "per_year", name)
            matches = [area for area in areas.called(name) if area in at_level]
            kind = _("an area of the level {}").format(target.level)
            yield from _one_area(steps, name, matches, kind, [area[-1] for area in at_level])


def _one_area(
    steps: Steps, name: str, matches: list[Area], allowed: str, names: Collection[str]
) -> Iterator[Finding]:
    if not matches:
        yield Finding(steps, shown(name), allowed, nearest(name, names), AREAS)
    elif len(matches) > 1:
        paths = listed(SEPARATOR.join(area) for area in matches)
        found = _("{name}, the name of {number} areas").format(
            name=shown(name), number=len(matches)
        )
        yield Finding(steps, found, _("a full path: {}").format(paths), rests_on=AREAS)


# ---------------------------------------------------------------- levers


@dataclass(frozen=True)
class _Names:
    """What a part of `where` may name, how to call it, and the column of the table it is from."""

    known: tuple[str, ...]
    allowed: str
    column: str


def _names_of(baseline: Baseline) -> dict[str, _Names]:
    tags = dict.fromkeys(tag for unit in baseline.units for tag in unit.tags)
    kinds = dict.fromkeys(unit.kind for unit in baseline.units)
    ids = dict.fromkeys(unit.id for unit in baseline.units)
    return {
        "tags": _Names(tuple(tags), _("a tag of the table"), "tags"),
        "kinds": _Names(tuple(kinds), _("a kind of the table"), "kind"),
        "hamlets": _Names(tuple(ids), _("an id of the table"), "id"),
    }


def _where(
    steps: Steps, where: Where, baseline: Baseline, areas: Areas, names: dict[str, _Names]
) -> Iterator[Finding]:
    findings = [*_areas_in(steps, where, areas), *_names_in(steps, where, names)]
    yield from findings
    if not findings and next(units_at(where, baseline, areas), None) is None:
        allowed = _("conditions that at least one unit of the table meets")
        broken = tuple((TABLE, part) for part in ("id", "area", "tags", "kind"))
        yield Finding(steps, _("a lever aimed at nobody"), allowed, rests_on=broken)


def _areas_in(steps: Steps, where: Where, areas: Areas) -> Iterator[Finding]:
    for i, name in enumerate(where.areas):
        at = (*steps, "areas", i)
        yield from _one_area(at, name, areas.called(name), _("an area of the table"), areas.by_name)


def _names_in(steps: Steps, where: Where, names: dict[str, _Names]) -> Iterator[Finding]:
    for part, names_of_part in names.items():
        for i, name in enumerate(getattr(where, part)):
            yield from _one_name((*steps, part, i), name, names_of_part)


def _one_name(steps: Steps, name: str, names: _Names) -> Iterator[Finding]:
    if name not in names.known:
        rests_on: tuple[Steps, ...] = ((TABLE, names.column),)
        yield Finding(steps, shown(name), names.allowed, nearest(name, names.known), rests_on)


def _parts_of_meetings(
    steps: Steps, lever: Lever, scenario: Scenario, areas: Areas
) -> Iterator[Finding]:
    """Areas of a lever that are only a part of the area of a class, course or committee."""
    level, source = _meeting(steps, lever, scenario, areas.levels)
    if level is None or level not in areas.levels:
        return
    depth = areas.levels.index(level) + 1
    for i, name in enumerate(lever.where.areas):
        matches = areas.called(name)
        if len(matches) == 1 and len(matches[0]) > depth:
            found = _("{area}, a part of an area of the level {level}")
            found = found.format(area=shown(name), level=level)
            allowed = _("an area of the level {} or above").format(level)
            whole = SEPARATOR.join(matches[0][:depth])
            yield Finding((*steps, "where", "areas", i), found, allowed, whole, (source, *AREAS))


def _meeting(
    steps: Steps, lever: Lever, scenario: Scenario, levels: Sequence[str]
) -> tuple[str | None, Steps]:
    """The highest level of the meetings that a lever changes, and where the scenario states it."""
    if isinstance(lever, Training):
        return scenario.training.level or next(iter(levels[-2:]), None), ("training", "level")
    if isinstance(lever, LocalClass):
        return lever.level, (*steps, "level")
    if isinstance(lever, OfficerTraining):
        return lever.level or next(iter(levels), None), (*steps, "level")
    targets = scenario.admission.targets if isinstance(lever, Admission) else ()
    known = [levels.index(target.level) for target in targets if target.level in levels]
    return levels[min(known)] if known else None, ("admission", "targets")


def _senders(steps: Steps, lever: Lever, ids: _Names) -> Iterator[Finding]:
    if isinstance(lever, Reinforcement):
        for i, sender in enumerate(lever.senders):
            yield from _one_name((*steps, "senders", i), sender, ids)


def _structural(scenario: Scenario, units: dict[str, Unit]) -> Iterator[Finding]:
    ids = _Names(tuple(units), _("an id of the table"), "id")
    for steps, lever in levers_of(scenario):
        if isinstance(lever, Structural):
            yield from _one_name((*steps, "unit"), lever.unit, ids)
            yield from _one_name((*steps, "into"), lever.into, ids)
            if lever.event == "split" and lever.into in units:
                yield from _split((*steps, "into"), units[lever.into])


def _split(steps: Steps, into: Unit) -> Iterator[Finding]:
    if into.residents != 0 or any(getattr(into, part) for part in PEOPLE):
        found = _("{}, a unit with people").format(shown(into.id))
        allowed = _("a unit with residents 0 and nobody else")
        broken = tuple((TABLE, part) for part in ("id", "residents", *PEOPLE))
        yield Finding(steps, found, allowed, rests_on=broken)


PEOPLE = ("officials", "probation", "listed", "certified", "ready", "posted", "staff")


# ---------------------------------------------------------------- units


def unit_findings(
    baseline: Baseline,
    pools: Collection[str] | None,
    skipped: frozenset[int] = frozenset(),
    ids_are_known: bool = True,
) -> Iterator[UnitFinding]:
    """Every unit that cannot be as the table has it.

    `pools` are those declared (None: unknown), `skipped` the units whose rows are at fault already.
    """
    units = _Units(baseline)
    for i, unit in enumerate(baseline.units):
        if i in skipped:
            continue
        for check in UNIT_CHECKS:
            yield from check(i, unit)
        if pools is not None:
            yield from _posted_pool(i, unit, pools)
        if ids_are_known:
            yield from _neighbour(i, unit, units)
            yield from _host(i, unit, units)


class _Units:
    """Units by id, and ids by area."""

    def __init__(self, baseline: Baseline) -> None:
        self.by_id = {unit.id: unit for unit in baseline.units}
        self.ids_in: dict[Area, list[str]] = {}
        for unit in baseline.units:
            self.ids_in.setdefault(unit.area, []).append(unit.id)


def _count(groups: tuple[Group, ...]) -> int:
    return sum(group.count for group in groups)


def _staff(i: int, unit: Unit) -> Iterator[UnitFinding]:
    members = _count(unit.officials) + _count(unit.probation)
    if unit.kind == "hamlet" and unit.staff is not None:
        yield UnitFinding(i, "staff", shown(unit.staff), _("nothing, for this is a hamlet"))
    elif unit.kind != "hamlet" and unit.staff is None:
        allowed = _("the number of staff, for this is no hamlet")
        yield UnitFinding(i, "staff", shown(None), allowed)
    elif unit.staff is not None and unit.kind != "hamlet" and unit.staff < members:
        allowed = _("at least its {} members").format(members)
        yield UnitFinding(i, "staff", shown(unit.staff), allowed)


def _officials(i: int, unit: Unit) -> Iterator[UnitFinding]:
    officials = _count(unit.officials)
    absent = unit.officials_exempt + (unit.officials_away or 0)
    if absent > officials:
        column = "officials_away" if unit.officials_away else "officials_exempt"
        found = _("{} exempt or away").format(absent)
        yield UnitFinding(i, column, found, _("at most the {} officials").format(officials))
    if unit.chief == "member" and officials == 0:
        allowed = _("resident or vacant, for there are no officials")
        yield UnitFinding(i, "chief", shown(unit.chief), allowed)


def _secretary(i: int, unit: Unit) -> Iterator[UnitFinding]:
    if unit.secretary_trained and unit.cell == "none":
        yield UnitFinding(i, "secretary_trained", shown(True), _("0, for there is no cell"))


UNIT_CHECKS: tuple[Callable[[int, Unit], Iterator[UnitFinding]], ...] = (
    _staff,
    _officials,
    _secretary,
)


def _posted_pool(i: int, unit: Unit, pools: Collection[str]) -> Iterator[UnitFinding]:
    if unit.posted_pool is not None and unit.posted_pool not in pools:
        names = listed(pools) or _("nothing, for postings.pools is empty")
        suggestion = nearest(unit.posted_pool, pools)
        yield UnitFinding(i, "posted_pool", shown(unit.posted_pool), names, suggestion)
    elif unit.posted_pool is None and unit.posted and pools:
        yield UnitFinding(i, "posted_pool", shown(None), listed(pools))


def _neighbour(i: int, unit: Unit, units: _Units) -> Iterator[UnitFinding]:
    if unit.neighbour is not None:
        yield from _nearby(i, "neighbour", unit, unit.neighbour, units)


def _host(i: int, unit: Unit, units: _Units) -> Iterator[UnitFinding]:
    _kind, colon, host = unit.cell.partition(":")
    if not colon:
        return
    findings = [*_nearby(i, "cell", unit, host, units)]
    yield from findings
    if not findings and units.by_id[host].cell != "own":
        found = _("{cell}, which has no own cell").format(cell=shown(unit.cell))
        yield UnitFinding(i, "cell", found, _("a unit with an own cell"))


def _nearby(i: int, column: str, unit: Unit, other: str, units: _Units) -> Iterator[UnitFinding]:
    allowed = _("another unit of {}").format(SEPARATOR.join(unit.area))
    if other not in units.by_id:
        suggestion = nearest(other, units.ids_in[unit.area])
        yield UnitFinding(i, column, shown(other), allowed, suggestion)
    elif other == unit.id:
        yield UnitFinding(i, column, _("{}, the unit itself").format(shown(other)), allowed)
    elif units.by_id[other].area != unit.area:
        place = SEPARATOR.join(units.by_id[other].area)
        found = _("{unit} of {area}").format(unit=shown(other), area=place)
        yield UnitFinding(i, column, found, allowed)
