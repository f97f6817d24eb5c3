"""Scenarios to run in both engines: hand-made small ones, and strategies that make any valid one.

The strategies cover every key of the schema with plausible and with extreme values. What they make
is valid by construction: names exist, bands do not overlap, who needs a cell has one.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from hypothesis import strategies as st

from sim import plan as plans
from sim import world as worlds
from sim.engine import compiled, reference
from sim.levers import MAXIMUM_ADAPTIVE, MAY_ADAPT, AnyLever, Observable, Priority
from sim.load import check
from sim.load.stages import unread_levers
from sim.log import Outcome, differences, in_order
from sim.scenario import Baseline, Group, Loaded, Scenario, Unit

Values = dict[str, Any]
PEOPLE = ("officials", "probation", "listed", "certified", "ready", "posted")
THIRTIES = (30.0, 40.0)

# ---------------------------------------------------------------- running


def in_both_engines(
    loaded: Loaded, policy: str = "as-is", seed: int = 1, replication: int = 0
) -> Outcome:
    """The outcome, once both engines agree on every event, the panel and the tallies."""
    plan, world = plans.make(loaded, policy), worlds.build(loaded)
    expected = reference.run(plan, world, seed, replication)
    found = compiled.run(plan, world, seed, replication)
    assert differences(expected.log, in_order(found.log)) == []
    for name in ("panel", "lever_months", "posting_months"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    return expected


def sound(loaded: Loaded) -> Loaded:
    """The same, once it is known to have no fault."""
    faults = check(loaded)
    assert not faults, "\n".join(map(str, faults))
    return loaded


# ---------------------------------------------------------------- hand-made

QUIET: Values = {
    "title": "quiet",
    "baseline": "none.csv",
    "start": dt.date(2020, 1, 1),
    "years": 3,
    "demography": {
        "mortality": {"constant": 0.0},
        "leaving": {"constant": 0.0},
        "returning": 0.0,
        "settling_away": 0.0,
        "staff_turnover": 0.0,
    },
    "source": {"listing": {"per_hamlet": 0.0}, "help": "off"},
    "training": {"seats": 0},
    "cells": {"host": "none"},
    "offices": {"chief_turnover": 0.0},
}
"""Nobody dies, leaves, is listed or elected; a case switches on what it is about."""


def unit(name: str, **values: Any) -> Unit:
    """A hamlet of one commune; whole numbers of people are in their thirties."""
    given = {"id": name, "name": name, "area": ("D", "C"), "residents": 400.0, **values}
    for status in PEOPLE:
        if isinstance(given.get(status), int):
            given[status] = (Group(count=given[status], band=THIRTIES),)
    return Unit(**given)


def staffed(name: str, **values: Any) -> Unit:
    """A school, health station or agency."""
    return unit(name, **{"kind": "school", "staff": 20, "residents": None, **values})


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> Values:
    """`base` with the keys of `change` replaced at whatever depth."""
    result = dict(base)
    for key, value in change.items():
        below = result.get(key)
        is_deeper = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = merged(below, value) if is_deeper else value
    return result


def small(
    units: Sequence[Unit], levels: tuple[str, ...] = ("district", "commune"), **values: Any
) -> Loaded:
    """A quiet scenario with some units, in which only `values` makes something happen."""
    scenario = Scenario.model_validate(merged(QUIET, values))
    return sound(Loaded(scenario=scenario, baseline=Baseline(levels=levels, units=tuple(units))))


def under(lever: str, **values: Any) -> dict[str, list[Values]]:
    """Two policies: the state as it is, and one lever."""
    return {"as-is": [], "x": [{"lever": lever, **values}]}


def lively(policies: Mapping[str, Any], **values: Any) -> Loaded:
    """Fourteen units of three communes in which everything can happen, and often does."""
    return small(LIVELY_UNITS, ("province", "district", "commune"), **merged(LIVELY, values),
                 policies=policies)  # fmt: skip


def _in(commune: str, name: str, **values: Any) -> Unit:
    district = "D2" if commune == "C3" else "D1"
    make = staffed if "staff" in values else unit
    return make(name, area=("P", district, commune), **values)


def _old(count: int) -> tuple[Group, ...]:
    return (Group(band=(62.0, 85.0), count=count),)


def _of_any_age(count: int) -> tuple[Group, ...]:
    return (Group(count=count),)


LIVELY_UNITS = (
    _in("C1", "a1", officials=_of_any_age(6), probation=_of_any_age(2), listed=_of_any_age(4),
        certified=2, ready=2, difficulty="difficult", chief="member", tags=("border",)),
    _in("C1", "a2", officials=3, officials_exempt=1, officials_away=1, posted=1, posted_pool="army",
        posted_months_left=(1, 9), neighbour="a1", chief_trained=True, secretary_trained=True),
    _in("C1", "a3", officials=2, cell="with:a1", residents=250.0),
    _in("C1", "a4", officials=2, cell="none", residents=120.0, listed=3, tags=("religious",)),
    _in("C1", "a5", residents=0.0),
    _in("C1", "a6", officials=2, listed=2, months_since_admission=100),
    _in("C2", "b1", officials=5, officials_away=2, ready=3, chief="vacant", listing_factor=2.0),
    _in("C2", "b2", officials=_old(5), certified=3, leaving_factor=1.5, mortality_factor=1.5),
    _in("C2", "b3", officials=4, residents=None, ever_lost=True, tags=("religious", "border")),
    _in("C2", "s1", staff=20, officials=6, listed=2),
    _in("C3", "c1", officials=3, listed=6, posted=2, posted_pool="army"),
    _in("C3", "c2", officials=_old(4), ready=4, chief="member", residents=900.0),
    _in("C3", "c3", officials=3, kind="hamlet", difficulty="easy", certified=4),
    _in("C3", "g1", kind="agency", staff=30, officials=9, probation=2),
)  # fmt: skip
LIVELY: Values = {
    "title": "lively",
    "start": dt.date(2021, 3, 1),
    "years": 4,
    "rules": {"minimum_official_members": 3, "grace_months": 2, "candidate_away_months": 4,
              "certificate_months": 14, "dossier_months": 5, "admission_age": (20, 55)},
    "demography": {
        "mortality": {"constant": None, "table": "viet-nam", "factor": 2.0},
        "leaving": {"constant": None, "rogers_castro": {"level": 3.0}, "leaves_for_good": 0.2},
        "returning": 0.5, "settling_away": 0.2, "settling_away_members": 0.15,
        "marrying_in": 0.05, "staff_turnover": 0.15, "retirement_age": 50,
        "moving_in": {"retired": 0.3, "demobilised": 0.3, "marriage": 0.3},
        "removal": {"expelled": 0.03, "struck_off": 0.04, "asked_to_leave": 0.05,
                    "struck_off_away": 0.3},
        "exemption": 0.05, "shock": {"district": 0.3, "commune": 0.5},
    },
    "source": {
        "listing": {"per_hamlet": None, "per_resident": 0.02, "eligible_share": 0.9,
                    "power": 0.9, "women_share": 0.6},
        "help": {"full_help": 8.0, "outside_helpers": 1.5, "outside_helpers_without_cell": 0.5,
                 "candidates_per_helper": 3.0, "months_in_place": 6, "half_from_age": 65},
        "withdrawal": 0.2, "stale_months": 9,
    },
    "training": {"months": (1, 5, 9), "seats": 5, "level": "district", "attendance": 0.7},
    "dossier": {"delay_months": {"median": 3.0}, "delay_factor": {"difficult": 2.0},
                "failure": {"easy": 0.1, "normal": 0.2, "difficult": 0.4}},
    "admission": {"targets": {"level": "district", "per_year": 5.0}, "overshoot": 0.1,
                  "pull": 0.5, "approval": 0.9},
    "probation": {"recognition": 0.9},
    "cells": {"responses": ("reinforce", "combine"), "host": "strongest", "host_level": "commune"},
    "offices": {"chief_member_factor": 1.5, "chief_trained_factor": 1.5,
                "secretary_trained_factor": 1.5, "chief_term_months": 10, "chief_turnover": 0.6,
                "member_elected": 0.5, "secretary_maximum_age": 75},
    "postings": {"term_months": 8, "renewal": 0.5, "replacement": 0.6, "gap_months": 2,
                 "pools": {"army": {"level": "district", "size": 4}}},
    "staff": {"member_share": 0.5},
}  # fmt: skip
LATER = {"from": dt.date(2022, 1, 1)}
RICH_POLICIES: dict[str, list[Values]] = {
    "as-is": [],
    "joined": [
        {"lever": "combining"},
        {"lever": "separating", **LATER},
        {"lever": "officer_training", "office": "chief", "months": "all", "places": 1},
        {"lever": "officer_training", "office": "secretary", "months": (6,), "places": 2},
        {"lever": "chief_coverage", "list_chief": True, "unified_post": True},
    ],
    "posted": [
        {"lever": "reinforcement", "pool": "army", "number": 2, "term_months": 7,
         "strength_below": 4, "where": {"areas": ("C3",)}},
        {"lever": "reinforcement", "senders": ("g1", "s1", "b1"), "number": 1, "term_months": 9,
         "strength_below": 5, "without_cell": True, "where": {"areas": ("D1",)}},
        {"lever": "enlistment", "months": (2, 8), "ages": (20, 35)},
    ],
    "moved": [
        {"lever": "structural", "event": "split", "unit": "a1", "into": "a5", "share": 0.4},
        {"lever": "structural", "event": "merge", "unit": "c1", "into": "c3", **LATER},
        {"lever": "structural", "event": "resettle", "unit": "b1", "into": "b3", "share": 0.5,
         **LATER},
        {"lever": "merger", "residents_below": 200.0, "from": dt.date(2023, 1, 1)},
    ],
    "adaptive": [
        {"lever": "retention", "factor": 0.2, "where": {"when": {"local_strength": {"below": 5}}}},
        {"lever": "emulation", "factor": 2.0, "where": {"when": {"candidates": {"below": 2}}}},
        {"lever": "attention", "factor": 3.0, "weakest": 3},
        {"lever": "dossier", "delay_factor": 0.5,
         "where": {"when": {"rank_by_strength": {"below": 4}}, "rank_level": "commune"}},
        {"lever": "outside_help", "with_cell": 4.0, "without_cell": 2.0,
         "where": {"when": {"share_over_60": {"at_least": 0.5}}}},
    ],
}  # fmt: skip
YOUNG: Values = {"ages": (18, 24), "where": {"when": {"candidates": {"below": 3}}}}
KEPT: list[Values] = [
    {"lever": "retention", "factor": 0.1, **YOUNG},
    {"lever": "return_incentive", "factor": 5.0, **YOUNG},
]
"""Levers on and off at ages that some have passed: what their clocks have used stays used."""
WAIVED: list[Values] = [
    {"lever": "waiver", "maximum_age": 90, "where": {"areas": ("C3",)}},
    {"lever": "waiver", "maximum_age": 45, "where": {"areas": ("C1",)}, **LATER},
]
"""Age limits that differ, where nearly all must wait."""
RICH: dict[str, Loaded] = {
    "lively": lively(RICH_POLICIES),
    "weakest-first": lively({"as-is": [], "joined": RICH_POLICIES["joined"]},
                            training={"priority": "weakest_cell_first", "seats": 1},
                            admission={"priority": "fair_share"},
                            cells={"responses": ("combine", "reinforce"), "host": "none"}),
    "uniform": lively({"as-is": [], "moved": RICH_POLICIES["moved"]}, calendar="uniform",
                      training={"priority": "youngest_first", "replace_no_shows": False},
                      admission={"priority": "chiefs_first", "pace": "none"},
                      rules={"away_counts": True, "exempt_counts": False},
                      source={"help": "linear"}),
    "young": lively({"as-is": [], "kept": KEPT}, years=8, source={"stale_months": 60},
                    training={"seats": 2}),
    "apart": lively({"as-is": []}, training={"on": False}, admission={"targets": ()},
                    cells={"host": "none"}, postings={"pools": {}}),
    "crowded": lively({"as-is": [], "waived": WAIVED}, rules={"admission_age": (20, 28)},
                      admission={"targets": {"level": "commune", "per_year": 1.0}}),
}  # fmt: skip
"""Small scenarios in which every mechanism acts on every other."""

# ---------------------------------------------------------------- any number


def usual(*values: Any, extreme: Sequence[Any] = ()) -> st.SearchStrategy[Any]:
    """Plausible values, and now and then an extreme one."""
    return st.sampled_from([*values, *values, *values, *extreme])


SHARE = usual(0.1, 0.35, 0.8, extreme=(0.0, 1.0))
RATE = usual(0.02, 0.1, 0.4, extreme=(0.0, 3.0))
FACTOR = usual(0.5, 1.0, 1.6, extreme=(0.0, 4.0))
MONTHS = st.one_of(
    st.just("all"),
    st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True).map(tuple),
)
PERIOD = usual(3, 12, 30, extreme=(1, 1200))
CHANGE = st.one_of(
    usual(0.0, 0.5, 3.0).map(lambda x: {"to": x}),
    usual(0.5, 2.0, extreme=(0.0,)).map(lambda x: {"times": x}),
    usual(-1.0, 0.2, 2.0).map(lambda x: {"plus": x}),
)
PRIORITY = st.sampled_from(get_args(Priority))
BY_AGE = st.dictionaries(st.sampled_from([16, 25, 40, 60, 75, 120]), RATE, max_size=3).flatmap(
    lambda later: RATE.map(lambda first: {0: first, **later})
)
ANY_RATE = st.one_of(RATE.map(lambda x: {"constant": x}), BY_AGE.map(lambda x: {"by_age": x}))


def ages(low: int = 0, high: int = 120, least: int = 0) -> st.SearchStrategy[tuple[int, int]]:
    """Two ages in order, at least `least` years apart."""
    return st.integers(low, high - least).flatmap(
        lambda first: st.integers(first + least, high).map(lambda last: (first, last))
    )


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Values]:
    """A mapping with any of these keys; a key that is left out has its default."""
    return st.fixed_dictionaries({}, optional=fields)


# ---------------------------------------------------------------- the table

LEVELS = ("province", "district", "commune")
KINDS = ("hamlet", "hamlet", "hamlet", "school", "health_station", "agency")
TAGS = ("religious", "border", "minority")
BAND = st.one_of(
    st.sampled_from([(18.0, 30.0), THIRTIES, (50.0, 60.0), (60.0, 80.0), (80.0, 95.0)]),
    st.sampled_from([18.0, 59.5, 60.0, 65.5, 94.9]).map(lambda age: (age, age)),
)


@st.composite
def groups(draw: st.DrawFn, most: int) -> tuple[Group, ...]:
    """A number of people, or some by age band; sexes may be left to completion too."""
    found = []
    for band in draw(st.just([None]) | st.lists(BAND, max_size=3, unique=True)):
        count = draw(st.integers(1, most))
        women = draw(st.none() | st.integers(0, count))
        found.append(Group(band=band, count=count, women=women))
    return tuple(found)


@st.composite
def areas(draw: st.DrawFn, depth: int) -> list[tuple[str, ...]]:
    """One to four areas of the lowest level; no two areas of any level share a name."""
    number = draw(st.integers(1, 4))
    districts = [draw(st.integers(0, 1)) for _ in range(number)]
    full = [("P", f"D{d}", f"C{c}") for c, d in enumerate(districts)]
    return list(dict.fromkeys(area[-depth:] for area in full))


def residents() -> st.SearchStrategy[Values]:
    """Residents in all, by bands, or left to completion."""
    bands = ((0.0, 18.0), (18.0, 30.0), (30.0, 60.0), (60.0, 95.0))
    by_age = tuple(Group(band=b, count=60, women=30) for b in bands)
    totals = usual(150.0, 420.5, extreme=(0.0, 3.0, 1500.0)).map(lambda n: {"residents": n})
    return st.one_of(totals, st.sampled_from([{}, {"residents_by_age": by_age}]))


@st.composite
def units(draw: st.DrawFn, number: int, area: tuple[str, ...], pools: Sequence[str]) -> Unit:
    """One row of the table, without what it says of other rows."""
    values: Values = {name: draw(groups(5 if name == "officials" else 2)) for name in PEOPLE}
    officials = sum(g.count for g in values["officials"])
    members = officials + sum(g.count for g in values["probation"])
    kind = draw(st.sampled_from(KINDS))
    at_home = {"staff": members + draw(st.integers(0, 30))}
    values |= draw(residents()) if kind == "hamlet" else at_home
    exempt = draw(st.integers(0, officials))
    away = draw(st.integers(0, officials - exempt))
    values |= {"officials_exempt": exempt, "officials_away": away}
    if pools and any(g.count for g in values["posted"]):
        values["posted_pool"] = draw(st.sampled_from(pools))
    elif pools:
        values["posted"] = ()
    chiefs = ("member", "resident", "vacant") if officials else ("resident", "vacant")
    values |= draw(
        some(
            tags=st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(tuple),
            difficulty=st.sampled_from(("easy", "normal", "difficult")),
            posted_months_left=st.sampled_from([(0, 0), (1, 1), (3, 20), (30, 30)]),
            chief=st.sampled_from(chiefs),
            chief_trained=st.booleans(),
            secretary_trained=st.booleans(),
            months_since_admission=st.integers(0, 200),
            ever_lost=st.booleans(),
            listing_factor=FACTOR,
            leaving_factor=FACTOR,
            mortality_factor=FACTOR,
        )
    )
    return Unit(id=f"u{number}", name=f"Unit {number}", area=area, kind=kind, **values)


def empty(number: int, area: tuple[str, ...]) -> Unit:
    """A unit that is not there until a structural event opens it."""
    return Unit(id=f"u{number}", name="to be", area=area, residents=0.0)


def has_people(one: Unit) -> bool:
    """Whether anybody lives or works here at the start."""
    counted = any(g.count for status in PEOPLE for g in getattr(one, status))
    return counted or one.residents != 0 or bool(one.residents_by_age) or bool(one.staff)


@st.composite
def related(draw: st.DrawFn, rows: list[Unit]) -> tuple[Unit, ...]:
    """The rows with cells and neighbours: own, none, or joint with an own cell of the area."""
    found: list[Unit] = []
    for one in rows:
        nearby = [u for u in rows if u.area == one.area and u.id != one.id]
        update: Values = {}
        if nearby and draw(st.booleans()):
            update["neighbour"] = draw(st.sampled_from(nearby)).id
        hosts = [u.id for u in found if u.area == one.area and u.cell == "own" and has_people(u)]
        cells = ["own", "own", "own", "none", *(f"with:{i}" for i in hosts)]
        update["cell"] = draw(st.sampled_from(cells)) if has_people(one) else "own"
        if update["cell"] == "none":
            update["secretary_trained"] = False
        found.append(one.model_copy(update=update))
    return tuple(found)


@st.composite
def baselines(draw: st.DrawFn, levels: tuple[str, ...], pools: Sequence[str]) -> Baseline:
    """One to twelve units, at least one of them there at the start."""
    places = draw(areas(len(levels)))
    number = draw(usual(1, 2, 3, 4, 6, extreme=(9, 12)))
    rows = [draw(units(i, draw(st.sampled_from(places)), pools)) for i in range(number)]
    for i in range(1, number):
        if draw(usual(False, extreme=(True,))):
            rows[i] = empty(i, rows[i].area)
    return Baseline(levels=levels, units=draw(related(rows)))


# ---------------------------------------------------------------- the scenario


def demography(levels: tuple[str, ...]) -> st.SearchStrategy[Values]:
    """Mild or wild demography."""
    tables = st.sampled_from(("viet-nam", "viet-nam-2020"))
    forms = st.one_of(
        tables.map(lambda t: {"table": t}), RATE.map(lambda x: {"constant": x}),
        BY_AGE.map(lambda x: {"by_age": x}),
    )  # fmt: skip
    mortality = st.tuples(forms, FACTOR).map(lambda t: {**t[0], "factor": t[1]})
    leaving = st.tuples(
        st.one_of(FACTOR.map(lambda x: {"rogers_castro": {"level": x}}), ANY_RATE),
        some(candidate_factor=FACTOR, probationer_factor=FACTOR, member_factor=FACTOR,
             leaves_for_good=SHARE),
    ).map(lambda t: {**t[0], **t[1]})  # fmt: skip
    return some(
        mortality=mortality, leaving=leaving, returning=ANY_RATE, settling_away=ANY_RATE,
        settling_away_members=ANY_RATE, marrying_in=usual(0.0, 0.1), moving_in=moving_in(),
        removal=some(expelled=ANY_RATE, struck_off=ANY_RATE, asked_to_leave=ANY_RATE,
                     struck_off_away=ANY_RATE),
        exemption=ANY_RATE, staff_turnover=ANY_RATE, retirement_age=st.integers(40, 80),
        shock=st.dictionaries(st.sampled_from(levels), usual(0.2, extreme=(0.0, 2.0))),
    )  # fmt: skip


def moving_in() -> st.SearchStrategy[Values]:
    """Members who move in, of every kind."""
    number = usual(0.1, 0.5, extreme=(0.0, 4.0))
    return some(
        retired=number, demobilised=number, marriage=number, retired_ages=ages(40, 90),
        demobilised_ages=ages(18, 40), marriage_ages=ages(18, 60), retired_women_share=SHARE,
        demobilised_women_share=SHARE, marriage_women_share=SHARE, no_cell_factor=FACTOR,
    )  # fmt: skip


@st.composite
def rules(draw: st.DrawFn) -> Values:
    """Rules; founding asks for no less than the minimum."""
    minimum = draw(usual(3, extreme=(1, 8)))
    return {
        "minimum_official_members": minimum,
        "founding_strength": minimum + draw(usual(0, extreme=(1, 4))),
        **draw(
            some(
                risk_line=st.integers(1, 8), admission_age=ages(18, 70, least=1),
                probation_months=PERIOD.map(lambda n: min(n, 120)),
                certificate_months=PERIOD, dossier_months=PERIOD,
                candidate_away_months=PERIOD, grace_months=usual(0, 6, extreme=(1200,)),
                away_counts=st.booleans(), exempt_counts=st.booleans(),
                posted_counts=st.booleans(), at_risk_share_over_60=SHARE,
                at_risk_months_since_admission=PERIOD,
            )
        ),
    }  # fmt: skip


def listing() -> st.SearchStrategy[Values]:
    """Listing per resident or per hamlet; some weight always lies on 18 to 59."""
    form = st.one_of(
        usual(0.005, 0.02, extreme=(0.0, 0.05)).map(lambda x: {"per_resident": x}),
        usual(1.0, 4.0, extreme=(0.0, 20.0)).map(lambda x: {"per_hamlet": x}),
    )
    weights = st.sampled_from(
        [
            ({"ages": (18, 25), "weight": 2.0}, {"ages": (26, 59), "weight": 0.3}),
            ({"ages": (40, 70), "weight": 1.0},),
            ({"ages": (0, 120), "weight": 7.0},),
            ({"ages": (18, 18), "weight": 1.0}, {"ages": (19, 50), "weight": 0.0}),
        ]
    )
    rest = some(power=usual(1.0, 0.5), age_weights=weights, women_share=SHARE, eligible_share=SHARE)
    return st.tuples(form, rest).map(lambda t: {**t[0], **t[1]})


def source() -> st.SearchStrategy[Values]:
    """The source list."""
    number = usual(1.5, 6.0, extreme=(0.1, 50.0))
    help_ = some(
        full_help=number, outside_helpers=number, outside_helpers_without_cell=number,
        candidates_per_helper=number, months_in_place=usual(0, 12),
        half_from_age=st.integers(30, 120),
    )  # fmt: skip
    return some(
        listing=listing(), help=st.one_of(st.sampled_from(("linear", "off")), help_, help_),
        withdrawal=ANY_RATE, stale_months=PERIOD,
    )  # fmt: skip


def training(levels: tuple[str, ...]) -> st.SearchStrategy[Values]:
    """Classes."""
    return some(
        on=usual(True, extreme=(False,)), months=MONTHS, seats=usual(2, 10, extreme=(0, 500)),
        level=st.sampled_from(levels), attendance=SHARE, replace_no_shows=st.booleans(),
        priority=PRIORITY,
    )  # fmt: skip


def dossier() -> st.SearchStrategy[Values]:
    """Dossiers."""
    length = usual(1.0, 6.0, extreme=(0.01, 200.0))
    delay = st.tuples(
        st.sampled_from(("mean", "median")), length, usual(0.0, 0.5, extreme=(2.0,))
    ).map(lambda t: {t[0]: t[1], "sd_log": t[2]})
    places = st.sampled_from(("easy", "normal", "difficult"))
    return some(
        on=usual(True, extreme=(False,)), delay_months=delay,
        delay_factor=st.dictionaries(places, length), failure=st.dictionaries(places, SHARE),
    )  # fmt: skip


@st.composite
def admission(draw: st.DrawFn, baseline: Baseline) -> Values:
    """The committee, with targets of some levels unless it does not decide."""
    on = draw(usual(True, extreme=(False,)))
    levels = draw(st.lists(st.sampled_from(baseline.levels), max_size=2, unique=True)) if on else []
    number = usual(1.5, 4.0, extreme=(0.0, 30.0))
    targets = []
    for level in levels:
        depth = baseline.levels.index(level)
        names = sorted({one.area[depth] for one in baseline.units})
        per_year = draw(number | st.dictionaries(st.sampled_from(names), number))
        rest = draw(some(overshoot=SHARE, cap=st.booleans()))
        targets.append({"level": level, "per_year": per_year, **rest})
    rest = draw(
        some(months=MONTHS, overshoot=SHARE, pace=st.sampled_from(("even", "none")),
             priority=PRIORITY, pull=usual(0.0, 0.5, extreme=(3.0,)), approval=SHARE)
    )  # fmt: skip
    return {"on": on, "targets": targets, **rest}


def cells(levels: tuple[str, ...]) -> st.SearchStrategy[Values]:
    """Reviews and hosts."""
    return some(
        responses=st.permutations(("reinforce", "combine")).flatmap(
            lambda order: st.integers(0, 2).map(lambda n: tuple(order[:n]))
        ),
        host=st.sampled_from(("strongest", "none")), host_level=st.sampled_from(levels),
        review_months=MONTHS,
    )  # fmt: skip


def month_starts(start: dt.date, first: int, last: int) -> st.SearchStrategy[dt.date]:
    """The first of a month, some months from the start."""
    return st.integers(first, last).map(lambda m: months_on(start, m))


def months_on(start: dt.date, months: int) -> dt.date:
    """The same day so many months later."""
    years, month = divmod(start.month - 1 + months, 12)
    return start.replace(year=start.year + years, month=month + 1)


def offices(start: dt.date) -> st.SearchStrategy[Values]:
    """Chiefs and secretaries."""
    return some(
        chief_member_factor=FACTOR, chief_trained_factor=FACTOR, secretary_trained_factor=FACTOR,
        chief_term_months=PERIOD, first_election=month_starts(start, 0, 40), chief_turnover=SHARE,
        member_elected=SHARE, secretary_maximum_age=usual(65, 120, extreme=(0,)),
    )  # fmt: skip


def completion() -> st.SearchStrategy[Values]:
    """How the table is completed."""
    age_shares = st.sampled_from([{"18-29": 1.0, "60+": 2.0}, {"65.5": 1.0}, {"30-58": 3.0}])
    return some(
        women_share_officials=SHARE, women_share_candidates=SHARE, official_ages=age_shares,
        candidate_ages=age_shares, residents_per_unit=usual(300.0, extreme=(1.0,)),
    )  # fmt: skip


# ---------------------------------------------------------------- levers

KINDS_OF_LEVER = tuple(
    kind.model_fields["lever"].default for kind in get_args(get_args(AnyLever)[0])
)
ADAPTABLE = frozenset(kind.model_fields["lever"].default for kind in MAY_ADAPT)
AREA_WIDE = frozenset({"training", "local_class", "officer_training", "admission", "assumption"})
OF_ONE_UNIT = frozenset({"structural"})


def lever_fields(
    kind: str, baseline: Baseline, pools: Sequence[str]
) -> st.SearchStrategy[Values] | None:
    """What a lever of this kind says; None if the scenario has nothing for it to act on."""
    level, ids = st.sampled_from(baseline.levels), [one.id for one in baseline.units]
    span = ages(16, 70)
    match kind:
        case "training":
            return some(seats=CHANGE, months=MONTHS, attendance=CHANGE, priority=PRIORITY,
                        replace_no_shows=st.booleans())  # fmt: skip
        case "local_class":
            return st.fixed_dictionaries(
                {"level": level, "months": MONTHS, "seats": usual(1, 5, extreme=(0,))},
                optional={"attendance": SHARE, "priority": PRIORITY},
            )
        case "officer_training":
            needed = {"office": st.sampled_from(("secretary", "chief")), "months": MONTHS,
                      "places": usual(1, 3, extreme=(0,))}  # fmt: skip
            return st.fixed_dictionaries(needed, optional={"level": level})
        case "admission":
            return some(per_year=CHANGE, overshoot=CHANGE, pace=st.sampled_from(("even", "none")),
                        priority=PRIORITY, pull=usual(0.0, 1.0))  # fmt: skip
        case "waiver":
            return some(maximum_age=st.integers(18, 100), eligible=CHANGE)
        case "retention" | "return_incentive":
            return st.fixed_dictionaries({"factor": FACTOR}, optional={"ages": span})
        case "emulation":
            return st.fixed_dictionaries({"factor": FACTOR})
        case "attention":
            return st.fixed_dictionaries(
                {"factor": FACTOR}, optional={"weakest": st.integers(1, 4), "level": level}
            )
        case "outside_help":
            return some(with_cell=usual(0.0, 5.0), without_cell=usual(0.0, 5.0))
        case "reinforcement":
            return reinforcements(ids, pools)
        case "posting_renewal":
            return some(renewal=SHARE, replacement=SHARE, gap_months=usual(1, 3, extreme=(600,)))
        case "chief_coverage":
            return some(list_chief=st.booleans(), unified_post=st.booleans(), member_elected=SHARE)
        case "enlistment":
            return some(months=MONTHS, ages=span)
        case "dossier":
            return some(delay_factor=usual(0.3, 1.0), failure_factor=FACTOR)
        case "succession":
            return st.fixed_dictionaries({"trained": SHARE})
        case "screening":
            return some(expelled=FACTOR, struck_off=FACTOR, asked_to_leave=FACTOR)
        case "merger":
            return st.fixed_dictionaries({"residents_below": usual(200.0, extreme=(1e6,))})
        case "structural":
            return structural_events(baseline) if len(ids) > 1 else None
        case "assumption":
            return some(mortality=FACTOR, leaving=FACTOR, shock=FACTOR)
        case _:
            return some()


def reinforcements(ids: Sequence[str], pools: Sequence[str]) -> st.SearchStrategy[Values]:
    """Posted from a pool, or sent by some units."""
    senders = st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True).map(
        lambda names: {"senders": names}
    )
    origin = senders if not pools else senders | st.sampled_from(pools).map(lambda p: {"pool": p})
    rest = some(
        strength_below=usual(3, 6, extreme=(1, 50)), number=usual(1, 3, extreme=(20,)),
        term_months=PERIOD.map(lambda n: min(n, 600)), without_cell=st.booleans(),
    )  # fmt: skip
    return st.tuples(origin, rest).map(lambda t: {**t[0], **t[1]})


@st.composite
def structural_events(draw: st.DrawFn, baseline: Baseline) -> Values:
    """A split into a unit that is not there yet, a merger or a resettlement."""
    into = draw(st.sampled_from(baseline.units))
    one = draw(st.sampled_from([u for u in baseline.units if u.id != into.id]))
    events = ("merge", "resettle") if has_people(into) else ("split", "merge", "resettle")
    event = draw(st.sampled_from(events))
    values: Values = {"event": event, "unit": one.id, "into": into.id}
    if event != "merge":
        shares = (0.3, 0.9) if event == "split" else (0.1, 0.5, 1.0)
        values["share"] = draw(st.sampled_from(shares))
    return values


@st.composite
def wheres(draw: st.DrawFn, kind: str, baseline: Baseline, may_adapt: bool) -> Any:
    """Conditions that at least one unit meets: they are read off one of the units."""
    one = draw(st.sampled_from(baseline.units))
    top = {"areas": st.just((one.area[0],))}
    if kind in AREA_WIDE:
        return "all" if kind == "assumption" else draw(st.just("all") | some(**top))
    keys: dict[str, st.SearchStrategy[Any]] = {
        "areas": st.sampled_from(one.area).map(lambda name: (name,)),
        "kinds": st.just((one.kind,)),
        "hamlets": st.just((one.id, baseline.units[0].id)),
    }
    if one.tags:
        keys["tags"] = st.just(one.tags[:1])
    where = draw(some(**keys))
    if may_adapt and draw(st.booleans()):
        where |= draw(conditions(baseline.levels))
    return where


@st.composite
def conditions(draw: st.DrawFn, levels: tuple[str, ...]) -> Values:
    """One or two conditions on observables."""
    names = draw(
        st.lists(st.sampled_from(get_args(Observable)), min_size=1, max_size=2, unique=True)
    )
    when = {}
    for name in names:
        edge = draw(usual(0.5) if name == "share_over_60" else usual(2, 5, extreme=(0, 40)))
        bounds = ({"below": edge}, {"at_least": edge}, {"at_least": edge, "below": edge + 3})
        when[name] = draw(st.sampled_from(bounds))
    found: Values = {"when": when}
    if "rank_by_strength" in names:
        found["rank_level"] = draw(st.none() | st.sampled_from(levels))
    return found


@st.composite
def policies(
    draw: st.DrawFn, baseline: Baseline, pools: Sequence[str], start: dt.date, years: int
) -> list[Values]:
    """Up to five levers, adaptive ones among them."""
    found: list[Values] = []
    for kind in draw(st.lists(st.sampled_from(KINDS_OF_LEVER), max_size=5)):
        fields = lever_fields(kind, baseline, pools)
        if fields is None:
            continue
        lever: Values = {"lever": kind, **draw(fields)}
        if kind not in OF_ONE_UNIT:
            lever["where"] = draw(wheres(kind, baseline, kind in ADAPTABLE))
        if "pull" in lever:
            lever["where"] = "all"  # targets pull everywhere or nowhere
        first = draw(st.none() | st.integers(0, 12 * years - 1))
        if first is not None:
            lever["from"] = months_on(start, first)
        if draw(st.booleans()):
            lever["until"] = months_on(start, (first or 0) + draw(st.integers(1, 40)))
        found.append(lever)
    assert len(found) <= MAXIMUM_ADAPTIVE
    return found


# ---------------------------------------------------------------- all of it


@st.composite
def scenarios(draw: st.DrawFn) -> Loaded:
    """Any valid scenario with its table; the policies are `as-is` and `x`."""
    levels = draw(st.sampled_from((LEVELS, LEVELS[1:], LEVELS[2:])))
    pools = draw(st.sampled_from(((), ("army",), ("army", "district"))))
    baseline = draw(baselines(levels, pools))
    start = dt.date(draw(usual(2020, extreme=(1950, 2101))), draw(st.integers(1, 12)), 1)
    years = draw(usual(1, 2, 3, extreme=(5, 6)))
    level, size = st.sampled_from(levels), usual(2, 5, extreme=(0, 200))
    declared = {name: {"level": draw(level), "size": draw(size)} for name in pools}
    postings = draw(
        some(term_months=PERIOD, renewal=SHARE, replacement=SHARE, gap_months=usual(1, 4),
             ages=ages(18, 80), women_share=SHARE)
    )  # fmt: skip
    values = draw(
        some(calendar=st.sampled_from(("civil", "uniform")), rules=rules(), source=source(),
             demography=demography(levels), training=training(levels), dossier=dossier(),
             admission=admission(baseline), probation=some(recognition=SHARE),
             cells=cells(levels), offices=offices(start), completion=completion(),
             staff=some(member_share=SHARE, ages=ages(18, 70)))
    )  # fmt: skip
    values |= {
        "title": "generated", "baseline": "generated.csv", "start": start, "years": years,
        "postings": {**postings, "pools": declared},
        "policies": {"as-is": [], "x": draw(policies(baseline, pools, start, years))},
    }  # fmt: skip
    return Loaded(scenario=_without_unread(Scenario.model_validate(values)), baseline=baseline)


def _without_unread(scenario: Scenario) -> Scenario:
    """Levers that nothing reads are a fault."""
    unread = {one.at[2] for one in unread_levers(scenario)}
    kept = tuple(one for at, one in enumerate(scenario.policies["x"]) if at not in unread)
    return scenario.model_copy(update={"policies": {**scenario.policies, "x": kept}})
