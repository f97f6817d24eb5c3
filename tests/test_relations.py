"""Metamorphic relations that hold path by path (the oracles' M1-M10), in the reference engine.

What cannot be expressed: M7 with dates shifted by part of a period (every date is a month start),
and M8 for more than the part shown (months, ages and calendar periods have no other unit).
Relations between means are not provable, and are not asserted.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import log as events
from sim import plan as plans
from sim import world as worlds
from sim.engine import compiled, reference
from sim.load import load
from sim.log import Outcome, differences
from sim.scenario import Baseline, Group, Loaded, Scenario, Unit
from tests.shipped import ONE_DISTRICT, affordable, shipped
from tests.small import BUSY, LEVERS, busy, busy_units, loaded, quiet, unit

SCENARIOS = Path(__file__).parent.parent / "scenarios"
verify = pytest.mark.verify


def run(given: Loaded, policy: str, seed: int = 1, replication: int = 0) -> Outcome:
    return reference.run(plans.make(given, policy), worlds.build(given), seed, replication)


def by_id(outcome: Outcome, given: Loaded, *ids: str) -> list[tuple[Any, ...]]:
    """The events of some hamlets (all if none is named), sorted by hamlet id and not by row."""
    units = [u.id for u in given.baseline.units]
    rows = zip(*(c.tolist() for c in outcome.log), strict=True)
    named = [(day, phase, units[h], *rest) for day, phase, h, *rest in rows]
    return sorted(r for r in named if not ids or r[2] in ids)


def with_policies(given: Loaded, **policies: Any) -> Loaded:
    scenario = given.scenario
    data = {**scenario.model_dump(by_alias=True), "policies": policies}
    return given.model_copy(update={"scenario": Scenario.model_validate(data)})


def same(a: Outcome, b: Outcome) -> None:
    assert differences(a.log, b.log) == []
    assert np.array_equal(a.panel, b.panel)
    assert np.array_equal(a.posting_months, b.posting_months)


# ---------------------------------------------------------------- M1 a lever that does nothing

ALWAYS = {"when": {"strength": {"at_least": 0}}}
SOMETIMES = {"when": {"strength": {"below": 5}}}
NULL_LEVERS: dict[str, dict[str, Any]] = {
    "training": {"lever": "training", "seats": {"times": 1}, "attendance": {"plus": 0}},
    "training with its own values": {"lever": "training", "seats": 6, "months": [2, 6, 10],
                                     "attendance": 0.7, "priority": "first_come",
                                     "replace_no_shows": True},
    "local_class": {"lever": "local_class", "level": "commune", "months": [3], "seats": 0},
    "officer_training": {"lever": "officer_training", "office": "chief", "months": [4],
                         "places": 0},
    "admission": {"lever": "admission", "per_year": {"times": 1}, "overshoot": {"plus": 0}},
    "admission with its own values": {"lever": "admission", "overshoot": 0.1, "pace": "even",
                                      "priority": "first_come", "pull": 0.7},
    "waiver": {"lever": "waiver", "maximum_age": 60, "eligible": {"times": 1}},
    "retention": {"lever": "retention", "factor": 1},
    "retention of nobody": {"lever": "retention", "factor": 0, "ages": [0, 5]},
    "retention where": {"lever": "retention", "factor": 1, "where": SOMETIMES},
    "return_incentive": {"lever": "return_incentive", "factor": 1},
    "return_incentive where": {"lever": "return_incentive", "factor": 1, "where": SOMETIMES},
    "emulation": {"lever": "emulation", "factor": 1},
    "emulation where": {"lever": "emulation", "factor": 1, "where": SOMETIMES},
    "attention": {"lever": "attention", "factor": 1, "weakest": 3},
    "outside_help": {"lever": "outside_help", "with_cell": 2},
    "reinforcement": {"lever": "reinforcement", "pool": "nobody"},
    "reinforcement where": {"lever": "reinforcement", "pool": "nobody", "where": SOMETIMES},
    "posting_renewal": {"lever": "posting_renewal", "renewal": 0.4, "replacement": 0.5,
                        "gap_months": 2},
    "separating": {"lever": "separating", "where": {"hamlets": ["a1"]}},
    "chief_coverage": {"lever": "chief_coverage", "member_elected": 0.35},
    "enlistment": {"lever": "enlistment", "months": [12]},
    "dossier": {"lever": "dossier"},
    "dossier where": {"lever": "dossier", "where": ALWAYS},
    "succession": {"lever": "succession", "trained": 0},
    "screening": {"lever": "screening"},
    "screening where": {"lever": "screening", "where": SOMETIMES},
    "merger": {"lever": "merger", "residents_below": 0.5, "where": {"kinds": ["hamlet"],
               "areas": ["C1"]}},
    "assumption": {"lever": "assumption"},
    "after the horizon": {"lever": "retention", "factor": 0, "from": "2099-01-01"},
    "nowhere": {"lever": "retention", "factor": 0, "where": {"tags": ["none"]}},
}  # fmt: skip


def test_every_lever_with_a_null_setting_is_here() -> None:
    """A structural event moves people by definition, a combining cell joins: they have none."""
    pulled = {x["lever"] for x in NULL_LEVERS.values()}
    assert {x["lever"] for x in LEVERS} - pulled == {"structural", "combining"}


@pytest.fixture(scope="module")
def base() -> Outcome:
    return run(nulls(()), "policy")


def nulls(levers: Any) -> Loaded:
    pools = {**BUSY["postings"]["pools"], "nobody": {"level": "district", "size": 0}}
    return busy(levers, years=4, postings={"pools": pools})


@pytest.mark.parametrize("name", NULL_LEVERS)
def test_m1_null_lever(name: str, base: Outcome) -> None:
    """Bit-identical, from a January on."""
    same(base, run(nulls(({"from": "2021-01-01", **NULL_LEVERS[name]},)), "policy"))


@pytest.mark.parametrize("name", NULL_LEVERS)
def test_m1_null_lever_in_the_middle_of_a_year(name: str, base: Outcome) -> None:
    """Where the lever is on rates, a new period begins, in which nothing is new."""
    same(base, run(nulls(({"from": "2021-06-01", **NULL_LEVERS[name]},)), "policy"))


def test_m1_can_fail(base: Outcome) -> None:
    lever = {"lever": "retention", "factor": 0.99, "where": SOMETIMES}
    assert differences(base.log, run(nulls((lever,)), "policy").log)


@verify
@pytest.mark.parametrize("name", ["quynh-luu", "que-phong"])
def test_m1_null_levers_together_on_shipped_scenarios(name: str) -> None:
    given = load(SCENARIOS / f"{name}.yaml").with_values({"years": 5})
    some = ("training", "local_class", "admission", "retention where", "return_incentive",
            "emulation where", "attention", "dossier where", "screening", "assumption")  # fmt: skip
    nothing = [NULL_LEVERS[n] for n in some]
    changed = with_policies(given, base=(), policy=nothing)
    same(run(changed, "base"), run(changed, "policy"))


# ---------------------------------------------------------------- M2, M3 what never bound


def test_m2_more_seats_where_no_class_was_ever_full() -> None:
    enough = busy((), training={"seats": 60}, admission={"targets": [], "pull": 0})
    more = busy((), training={"seats": 600}, admission={"targets": [], "pull": 0})
    taken = run(enough, "base")
    at_class = taken.log.day[taken.log.kind == events.CLASS_ATTENDED]
    assert max(np.unique(at_class, return_counts=True)[1]) < 60
    same(taken, run(more, "base"))


@pytest.mark.parametrize("priority", ["weakest_cell_first", "youngest_first", "fair_share"])
def test_m2_whatever_the_order(priority: str) -> None:
    """Where everybody has a seat the order of the queue does not matter."""
    given = {"training": {"seats": 60}, "admission": {"targets": [], "pull": 0}}
    other = {**given, "training": {"seats": 60, "priority": priority}}
    same(run(busy((), years=3, **given), "base"), run(busy((), years=3, **other), "base"))


def test_m3_higher_cap_where_the_cap_never_bound() -> None:
    def target(per_year: float) -> Loaded:
        targets = {"level": "district", "per_year": per_year}
        return busy((), admission={"targets": targets, "pull": 0})

    same(run(target(500), "base"), run(target(5000), "base"))


# ---------------------------------------------------------------- M4 a longer horizon


@pytest.mark.parametrize("levers", [(), LEVERS], ids=["base", "all levers"])
def test_m4_longer_horizon_has_the_shorter_as_prefix(levers: Any) -> None:
    """Up to the horizon and not on it: there, the longer one holds its meetings."""
    short = run(busy(levers, years=3), "policy")
    long = run(busy(levers, years=5), "policy")
    end = plans.make(busy((), years=3), "policy").settings.horizon
    cut = long.log.day < end
    kept = short.log.day < end
    prefix = type(long.log)(*(c[cut] for c in long.log))
    assert differences(type(short.log)(*(c[kept] for c in short.log)), prefix) == []
    assert np.array_equal(short.panel[:3], long.panel[:3])


@pytest.mark.parametrize("name", ["quynh-luu", "que-phong"])
def test_m4_on_shipped_scenarios(name: str) -> None:
    given = load(SCENARIOS / f"{name}.yaml")
    short = run(given.with_values({"years": 1}), "all-together")
    long = run(given.with_values({"years": 2}), "all-together")
    end = plans.make(given.with_values({"years": 1}), "as-is").settings.horizon
    assert by_day(short, end) == by_day(long, end)
    assert np.array_equal(short.panel[0], long.panel[0])


def by_day(outcome: Outcome, end: float) -> list[tuple[Any, ...]]:
    return [r for r in zip(*(c.tolist() for c in outcome.log), strict=True) if r[0] < end]


# ---------------------------------------------------------------- M5 one more, or in another order


def lonely() -> Unit:
    """A hamlet of another district: nothing is shared with it."""
    return unit("lonely", 5, area=("Elsewhere", "E1"), listed=(Group(band=(20, 40), count=5),))


@pytest.mark.parametrize("place", [0, 7, 14])
def test_m5_an_unconnected_hamlet_changes_nobody(place: int) -> None:
    given = busy(LEVERS, years=3)
    units = list(busy_units())
    units.insert(place, lonely())
    more = given.model_copy(
        update={"baseline": Baseline(levels=given.baseline.levels, units=tuple(units))}
    )
    ids = [u.id for u in busy_units()]
    assert by_id(run(given, "policy"), given) == by_id(run(more, "policy"), more, *ids)


@pytest.mark.parametrize("name", ONE_DISTRICT)
def test_m5_a_district_alone_lives_as_in_its_province(name: str) -> None:
    """Coupled units are independent, also where there are many; in the compiled engine."""
    province, alone = (f(name).with_values({"years": 4}) for f in (shipped, affordable))
    ids = [u.id for u in alone.baseline.units]
    logs = []
    for given in (province, alone):
        plan, world = plans.make(given, "all-together"), worlds.build(given)
        logs.append(by_id(compiled.run(plan, world, 1, 0), given, *ids))
    assert len(logs[1]) > 1000
    assert logs[0] == logs[1]


@pytest.mark.parametrize("seed", [1, 2])
def test_m5_the_order_of_rows_changes_nothing(seed: int) -> None:
    given = busy(LEVERS, years=3)
    units = [busy_units()[i] for i in np.random.default_rng(seed).permutation(14)]
    mixed = given.model_copy(
        update={"baseline": Baseline(levels=given.baseline.levels, units=tuple(units))}
    )
    assert by_id(run(given, "policy"), given) == by_id(run(mixed, "policy"), mixed)


@verify
@pytest.mark.parametrize("name", ["quynh-luu", "que-phong"])
def test_m5_on_shipped_scenarios(name: str) -> None:
    given = load(SCENARIOS / f"{name}.yaml").with_values({"years": 4})
    units = given.baseline.units
    mixed = [units[i] for i in np.random.default_rng(3).permutation(len(units))]
    other = given.model_copy(
        update={"baseline": Baseline(levels=given.baseline.levels, units=tuple(mixed))}
    )
    for policy in ("all-together", "as-is"):
        assert by_id(run(given, policy), given) == by_id(run(other, policy), other)


def test_m5_one_person_more_changes_nobody_else() -> None:
    """Without what people share (seats, targets, helpers, offices) the others live as before."""
    free: dict[str, Any] = {
        "source": {"listing": {"per_hamlet": 1.0}, "help": "off"},
        "training": {"seats": 500},
        "admission": {"targets": [], "pull": 0},
        "offices": {"chief_member_factor": 1, "chief_trained_factor": 1,
                    "secretary_trained_factor": 1},
        "demography": {"moving_in": {"retired": 0.3, "marriage": 0.3, "no_cell_factor": 1}},
        "years": 5,
    }  # fmt: skip

    def with_numbers(officials: int, probation: int) -> Loaded:
        """Women are given: where they are not, who is a woman is dealt over the whole group."""
        given, units = busy((), **free), list(busy_units())
        young = (Group(band=(19, 30), count=probation, women=1),)
        old = (Group(band=(60, 85), count=officials, women=1),)
        units[0] = units[0].model_copy(update={"probation": young})
        units[1] = units[1].model_copy(update={"officials": old})
        baseline = Baseline(levels=given.baseline.levels, units=tuple(units))
        return given.model_copy(update={"baseline": baseline})

    one, two = with_numbers(3, 1), with_numbers(4, 2)
    offices = range(events.CHIEF_NAMED, events.ABSORBED)

    def lives(outcome: Outcome) -> dict[int, list[tuple[Any, ...]]]:
        found: dict[int, list[tuple[Any, ...]]] = {}
        for day, _, hamlet, person, kind, cause in zip(
            *(c.tolist() for c in outcome.log), strict=True
        ):
            if person != events.NOBODY and kind not in offices:
                found.setdefault(person, []).append((day, hamlet, kind, cause))
        return found

    before, after = lives(run(one, "base")), lives(run(two, "base"))
    assert before == {p: after[p] for p in before}
    assert len(before) < len(after) <= len(before) + 2


# ---------------------------------------------------------------- M6 in any order


def test_m6_replications_in_any_order() -> None:
    given = busy((), years=2)
    there = [run(given, "policy", 5, k) for k in (0, 1, 2)]
    back = [run(given, "policy", 5, k) for k in (2, 1, 0)][::-1]
    for a, b in zip(there, back, strict=True):
        same(a, b)
    assert differences(there[0].log, there[1].log)


# ---------------------------------------------------------------- M7 all dates shifted


@pytest.mark.parametrize("years", [1, 4, 7])
def test_m7_shift_of_all_dates_by_whole_years(years: int) -> None:
    """On the uniform calendar nothing depends on the date but its month - with mortality of one
    year, and without shocks, which belong to a calendar year by their key. (They are keyed by years
    since the start, so that even these shift.)"""

    def shifted(by: int) -> Loaded:
        levers = tuple(
            {k: f"{int(v[:4]) + by}{v[4:]}" if k in ("from", "until") else v
             for k, v in x.items()} for x in LEVERS
        )  # fmt: skip
        return busy(
            levers, years=3, calendar="uniform", start=dt.date(2020 + by, 4, 1),
            demography={"mortality": {"table": "viet-nam-2020"}},
        )  # fmt: skip

    same(run(shifted(0), "policy"), run(shifted(years), "policy"))


# ---------------------------------------------------------------- M8 another unit of time


@pytest.mark.parametrize("factor", [2, 4])
def test_m8_twice_the_rates_in_half_the_time(factor: int) -> None:
    """Rates that do not depend on age, times a power of two, bring every event at that part of
    its time, bit by bit. Expressible: death, leaving, returning, settling and removal of initial
    members. Not expressible: periods in months, calendars, ages and the horizon (whole years)."""

    def rates(c: float) -> Scenario:
        return quiet(
            years=8 // int(c),
            demography={
                "mortality": {"constant": 0.25 * c}, "leaving": {"constant": 0.5 * c},
                "returning": 1.0 * c, "settling_away": 0.125 * c,
                "removal": {"expelled": 0.0625 * c, "struck_off_away": 0.25 * c},
            },
        )  # fmt: skip

    units = [unit(f"h{i}", 9, chief="vacant") for i in range(6)]
    kinds = (events.LEFT, events.RETURNED, events.DEAD, events.MOVED, events.EXPELLED,
             events.STRUCK_OFF, events.BELOW)  # fmt: skip

    def lives(c: int) -> list[tuple[Any, ...]]:
        log = run(loaded(rates(c), *units), "policy").log
        rows = zip(*(x.tolist() for x in log), strict=True)
        return sorted((r[4], r[3], round(r[0] * c, 6)) for r in rows
                      if r[4] in kinds and r[4] != events.BELOW)  # fmt: skip

    assert len(lives(1)) > 50
    assert lives(factor) == lives(1)


# ---------------------------------------------------------------- M9, M10 never earlier


def first_below(outcome: Outcome, hamlets: int) -> list[float]:
    """Day of the first `below` of each hamlet; infinity if there is none."""
    days = np.full(hamlets, np.inf)
    for day, hamlet, kind in zip(
        outcome.log.day, outcome.log.hamlet, outcome.log.kind, strict=True
    ):
        if kind == events.BELOW:
            days[hamlet] = min(days[hamlet], day)
    return days.tolist()


EXOGENOUS: dict[str, Any] = {
    "years": 15,
    "source": {"listing": {"per_hamlet": 0.4}, "help": "off"},
    "training": {"on": False},
    "dossier": {"on": False},
    "admission": {"months": "all"},
    "cells": {"host": "none"},
}


def declining(removal: float = 0.05, for_good: float = 1.0) -> Scenario:
    return quiet(
        **EXOGENOUS,
        demography={
            "mortality": {"constant": 0.1},
            "leaving": {"constant": 0.2, "leaves_for_good": for_good},
            "removal": {"expelled": removal, "struck_off": removal / 2},
        },
    )


def test_m9_more_officials_at_the_start_are_never_lost_earlier() -> None:
    few = loaded(declining(), *(unit(f"h{i}", 4) for i in range(25)))
    more = loaded(declining(), *(unit(f"h{i}", 6) for i in range(25)))
    for k in range(3):
        before = first_below(run(few, "policy", 1, k), 25)
        after = first_below(run(more, "policy", 1, k), 25)
        assert all(b <= a for b, a in zip(before, after, strict=True))
        assert before != after


@pytest.mark.parametrize(
    "slower",
    [
        lambda: declining(removal=0.0),
        lambda: declining(removal=0.02),
        lambda: with_lever({"lever": "screening", "expelled": 0.3, "struck_off": 0.1}),
        lambda: with_lever({"lever": "retention", "factor": 0.4}),
        lambda: with_lever({"lever": "assumption", "mortality": 0.5, "leaving": 0.7}),
    ],
    ids=["no removal", "less removal", "screening", "retention", "assumption"],
)
def test_m10_lower_rates_are_never_lost_earlier(slower: Callable[[], Scenario]) -> None:
    """Whoever leaves leaves for good, so that a delayed exit can only help the cell."""
    units = [unit(f"h{i}", 5) for i in range(25)]
    for k in range(2):
        before = first_below(run(loaded(declining(), *units), "policy", 1, k), 25)
        after = first_below(run(loaded(slower(), *units), "policy", 1, k), 25)
        assert all(b <= a for b, a in zip(before, after, strict=True))
        assert before != after


def with_lever(lever: dict[str, Any]) -> Scenario:
    data = declining().model_dump(by_alias=True)
    return Scenario.model_validate({**data, "policies": {"policy": [lever]}})
