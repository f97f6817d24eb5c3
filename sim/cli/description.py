"""What `check` says of a scenario that has no faults."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from sim import plan as plans
from sim.cli.words import level_words
from sim.messages import _, listed, ngettext, printable
from sim.numerals import date, decimal
from sim.risk.words import kind_in_words, titled
from sim.scenario import Baseline, Loaded, Unit

MOST_NAMED = 8
STATUSES = ("officials", "posted", "probation", "listed", "certified", "ready")


def described(loaded: Loaded) -> str:
    """Title, units, horizon, policies and coupled units, one line each."""
    scenario, baseline = loaded.scenario, loaded.baseline
    lines = [printable(titled(scenario.title), 200), _units(baseline), _people(baseline)]
    lines.append(
        _("from {start}, years {years}; replications {replications}, seed {seed}").format(
            years=scenario.years,
            start=date(scenario.start),
            replications=decimal(scenario.replications),
            seed=scenario.seed,
        )
    )
    if scenario.uncertain:
        told = _("uncertain (draws {draws}): {names}")
        draws = decimal(scenario.parameter_draws)
        lines.append(told.format(draws=draws, names=listed(scenario.uncertain)))
    return "\n".join([*lines, "", _("policies and their coupled units"), *_policies(loaded)])


def data(loaded: Loaded) -> dict[str, Any]:
    """The same for another program."""
    scenario, baseline = loaded.scenario, loaded.baseline
    return {
        "title": titled(scenario.title),
        "units": _number_of_kinds(baseline),
        "areas": _number_of_areas(baseline),
        "people": _number_of_people(baseline),
        "start": scenario.start.isoformat(),
        "years": scenario.years,
        "replications": scenario.replications,
        "seed": scenario.seed,
        "uncertain": list(scenario.uncertain),
        "parameter_draws": scenario.parameter_draws,
        "coupled_units": {name: 1 + max(_coupling(loaded, name)) for name in loaded.policies},
    }


def _number_of_kinds(baseline: Baseline) -> dict[str, int]:
    return dict(Counter(unit.kind for unit in baseline.units))


def _number_of_areas(baseline: Baseline) -> dict[str, int]:
    return {
        level: len({u.area[: depth + 1] for u in baseline.units})
        for depth, level in enumerate(baseline.levels)
    }


def _number_of_people(baseline: Baseline) -> dict[str, int]:
    return {
        status: sum(group.count for u in baseline.units for group in getattr(u, status))
        for status in STATUSES
    }


def _units(baseline: Baseline) -> str:
    kinds = _numbers({kind_in_words(k): n for k, n in _number_of_kinds(baseline).items()})
    levels = _numbers({level_words(k): n for k, n in _number_of_areas(baseline).items()})
    return _("units: {kinds}; areas: {levels}").format(kinds=kinds, levels=levels)


def _people(baseline: Baseline) -> str:
    names = {
        "officials": _("officials"),
        "posted": _("posted"),
        "probation": _("on probation"),
        "listed": _("listed"),
        "certified": _("certified"),
        "ready": _("ready"),
    }
    return _numbers({names[k]: n for k, n in _number_of_people(baseline).items()})


def _numbers(numbers: dict[str, int]) -> str:
    return listed(f"{name} {decimal(number)}" for name, number in numbers.items())


def _coupling(loaded: Loaded, policy: str) -> tuple[int, ...]:
    """The number of the coupled unit of every unit."""
    return tuple(plans.make(loaded, policy).unit.tolist())


def _policies(loaded: Loaded) -> Iterator[str]:
    """Policies that couple the same units stand in one line."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for name in loaded.policies:
        alike.setdefault(_coupling(loaded, name), []).append(name)
    for number, names in alike.items():
        yield f"  {printable(listed(names), 400)}: {_coupled(loaded.baseline, number)}"


def _coupled(baseline: Baseline, number: tuple[int, ...]) -> str:
    members = [np.flatnonzero(np.array(number) == n) for n in range(max(number) + 1)]
    named = [_named([baseline.units[i] for i in ones]) for ones in members[:MOST_NAMED]]
    if len(members) > MOST_NAMED:
        more = decimal(len(members) - MOST_NAMED)
        named.append(_("and {count} more").format(count=more))
    told = ngettext("{count} coupled unit", "{count} coupled units", len(members))
    return f"{told.format(count=decimal(len(members)))}: {listed(named)}"


def _named(units: list[Unit]) -> str:
    """The lowest area that holds all of them, and how many they are."""
    if len(units) == 1:
        return printable(units[0].id)
    shared = [
        names[0] for names in zip(*(u.area for u in units), strict=True) if len(set(names)) == 1
    ]
    area = shared[-1] if shared else _("all")
    return f"{printable(area)} ({decimal(len(units))})"
