"""What `check` says of a scenario that has no faults."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from sim import plan as plans
from sim.messages import _, listed, ngettext, printable
from sim.risk.summary import titled
from sim.scenario import Baseline, Loaded, Unit

MOST_NAMED = 8


def described(loaded: Loaded) -> str:
    """Title, units, horizon, policies and coupled units, one line each."""
    scenario, baseline = loaded.scenario, loaded.baseline
    horizon = _("{years} years from {start}, {replications} replications, seed {seed}").format(
        years=scenario.years,
        start=scenario.start,
        replications=scenario.replications,
        seed=scenario.seed,
    )
    lines = [printable(titled(scenario.title), 200), _units(baseline), _people(baseline), horizon]
    if scenario.uncertain:
        told = _("uncertain ({draws} draws): {names}")
        lines.append(told.format(draws=scenario.parameter_draws, names=listed(scenario.uncertain)))
    return "\n".join([*lines, "", _("policies and their coupled units"), *_policies(loaded)])


def _units(baseline: Baseline) -> str:
    kinds = Counter(unit.kind for unit in baseline.units)
    told = listed(f"{kind} {number}" for kind, number in kinds.items())
    levels = listed(
        f"{level} {len({u.area[: depth + 1] for u in baseline.units})}"
        for depth, level in enumerate(baseline.levels)
    )
    return _("units: {kinds}; areas: {levels}").format(kinds=told, levels=levels)


def _people(baseline: Baseline) -> str:
    def number(status: str) -> int:
        return sum(group.count for u in baseline.units for group in getattr(u, status))

    names = {
        "officials": _("officials"),
        "posted": _("posted"),
        "probation": _("on probation"),
        "listed": _("listed"),
        "certified": _("certified"),
        "ready": _("ready"),
    }
    return listed(f"{word} {number(status)}" for status, word in names.items())


def _policies(loaded: Loaded) -> Iterator[str]:
    """Policies that couple the same units stand in one line."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for name in loaded.policies:
        number = tuple(plans.make(loaded, name).unit.tolist())
        alike.setdefault(number, []).append(name)
    for number, names in alike.items():
        yield f"  {printable(listed(names), 400)}: {_coupled(loaded.baseline, number)}"


def _coupled(baseline: Baseline, number: tuple[int, ...]) -> str:
    members = [np.flatnonzero(np.array(number) == n) for n in range(max(number) + 1)]
    named = [_named([baseline.units[i] for i in ones]) for ones in members[:MOST_NAMED]]
    if len(members) > MOST_NAMED:
        named.append(_("and {count} more").format(count=len(members) - MOST_NAMED))
    told = ngettext("{count} coupled unit", "{count} coupled units", len(members))
    return f"{told.format(count=len(members))}: {listed(named)}"


def _named(units: list[Unit]) -> str:
    """The lowest area that holds all of them, and how many they are."""
    if len(units) == 1:
        return printable(units[0].id)
    shared = [
        names[0] for names in zip(*(u.area for u in units), strict=True) if len(set(names)) == 1
    ]
    area = shared[-1] if shared else _("all")
    return f"{printable(area)} ({len(units)})"
