"""What the baseline does not say is drawn as the docstrings of the opening say, by key.

Both engines begin with what it gives, so that equal logs prove nothing of it. Ages, budgets and
stages of a busy district are worked out again from the draws of each person.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim import log as events
from sim import plan as plans
from sim import rules
from sim import world as worlds
from sim.draws import exponential, lognormal, uniform
from sim.engine.opening import _places, groups, opened, rate_keys, shocks
from sim.plan.residents import ELIGIBLE, WEIGHT_ONE, listing_weights, national_structure
from sim.rules import CERTIFIED, LISTED, NEVER, POSTED, PROBATION, READY, STAFF, YEAR
from sim.scenario import Group, Loaded
from sim.world import PERSON, UNKNOWN
from tests.small import busy, people, quiet, school, unit
from tests.small import loaded as with_units

SEED, REPLICATION = 8, 3
MONTHS = 30.4375


class Person(NamedTuple):
    """A person before and after the opening."""

    before: Any
    after: Any
    difficulty: int

    def u(self, decision: int, occurrence: int = 0) -> float:
        key = int(self.before["key"])
        stream = rules.PERSON_STREAM
        return float(uniform(SEED, REPLICATION, stream, key, decision, occurrence))

    @property
    def stage(self) -> tuple[float, float, float]:
        return tuple(float(self.after[n]) for n in ("waiting", "stage_due", "certificate_until"))  # type: ignore[return-value]


def everybody(given: Loaded) -> tuple[plans.Plan, list[Person]]:
    plan, world = plans.make(given, "policy"), worlds.build(given)
    began = opened(plan, world, SEED, REPLICATION)
    difficulty = began.hamlets["difficulty"][began.people["hamlet"]]
    rows = zip(world.people, began.people, difficulty, strict=True)
    return plan, [Person(*row) for row in rows]


def staged() -> Loaded:
    """Candidates of every stage, in the two kinds of difficulty."""
    here = {
        "listed": (Group(band=(19, 50), count=5),), "certified": (Group(band=(19, 50), count=5),),
        "ready": (Group(band=(19, 50), count=5),), "probation": (Group(band=(19, 50), count=5),),
    }  # fmt: skip
    scenario = quiet(
        rules={"certificate_months": 60, "dossier_months": 12, "probation_months": 12},
        dossier={"delay_months": {"median": 5, "sd_log": 0.8}},
        years=2,
    )
    return with_units(scenario, unit("a", 3, **here), unit("b", 3, **here))


SHORT = {
    "rules": {"certificate_months": 12, "dossier_months": 2, "probation_months": 12},
    "source": {"listing": {"per_hamlet": 0}, "help": "off", "stale_months": 3},
}
"""Periods shorter than what may have passed of them."""


def test_ages_and_first_budgets_are_drawn_within_what_is_known() -> None:
    unknown = known = 0
    for one in everybody(busy())[1]:
        if math.isnan(one.before["birth"]):
            share = one.u(rules.BEGINNING, rules.AGE)
            low, high = one.before["age_low"], one.before["age_high"]
            wanted = -(low + share * (high - low)) * YEAR
            assert one.after["birth"] == pytest.approx(wanted, rel=1e-12)
            unknown += 1
        else:
            assert one.after["birth"] == one.before["birth"]
            known += 1
        first = exponential(one.u(rules.BEGINNING, rules.FIRST_BUDGET))
        assert math.isnan(one.before["budget"])
        assert one.after["budget"] == first
    assert unknown > 20


def test_levers_in_force_keep_their_hamlets_where_a_policy_counts_them_otherwise() -> None:
    """Of two levers the first acts in `a`, the second in `b`, both in `c`, none in `d`."""
    levers = tuple({"lever": "attention", "factor": factor, "weakest": 1} for factor in (2.0, 3.0))
    units = [unit(name, 3) for name in "abcd"]
    there, here = (with_units(quiet(*order), *units) for order in (levers, levers[::-1]))
    stopped = plans.make(there, "policy")
    world = worlds.build(there)._replace(levers=stopped.adaptive_keys)
    world.hamlets["group"] = [0b01, 0b10, 0b11, 0]
    assert groups(stopped, world).tolist() == [0b01, 0b10, 0b11, 0]
    assert groups(plans.make(here, "policy"), world).tolist() == [0b10, 0b01, 0b11, 0]


def test_staff_retire_at_their_age_unless_they_are_past_it() -> None:
    world = with_units(
        quiet(demography={"retirement_age": 60}), unit("h", 3),
        school("s", 0, 10, probation=people(1, 59.0), listed=people(1, 61.0)),
    )  # fmt: skip
    staff = [p.after for p in everybody(world)[1] if p.after["place"] == STAFF]
    assert sorted(p["limit"] for p in staff) == [pytest.approx(YEAR), NEVER]
    others = [p.after for p in everybody(world)[1] if p.after["place"] != STAFF]
    assert all(p["limit"] == NEVER for p in others)


def test_terms_of_postings_end_within_the_months_that_are_left() -> None:
    found = []
    for one in everybody(busy())[1]:
        if one.before["place"] == POSTED and one.before["term_month"] == UNKNOWN:
            low, high = int(one.before["term_low"]), int(one.before["term_high"])
            wanted = rules.whole_within(one.u(rules.TERM_LEFT), low, high)
            assert one.after["term_month"] == wanted
            found.append(wanted)
    assert len(found) >= 2


@pytest.mark.parametrize("changes", [{}, SHORT])
def test_stages_are_drawn_as_they_are_said_to_be(changes: dict[str, Any]) -> None:
    """Listed half a year ago at most, certified two years ago, ready a quarter; nothing over."""
    given = staged()
    scenario = given.scenario.with_values(
        {f"{a}.{b}": v for a, group in changes.items() for b, v in group.items() if a == "rules"}
        | ({"source.stale_months": 3} if changes else {})
    )
    plan, found = everybody(given.model_copy(update={"scenario": scenario}))
    s, days = plan.settings, plan.days
    seen = set()
    for one in found:
        status = int(one.before["status"])
        if status > PROBATION:
            assert one.stage == (0.0, NEVER, NEVER)
            continue
        seen.add(status)
        elapsed = one.u(rules.ELAPSED)
        if status == PROBATION:
            months = rules.whole_within(elapsed, 1, s.probation_months)
            assert one.stage == (0.0, days[s.origin + months], NEVER)
        elif status == LISTED:
            since = -elapsed * min(182.625, 28.0 * s.stale_months)
            assert one.stage == (since, rules.months_later(since, s.stale_months, days), NEVER)
        else:
            longest = min(2 * YEAR, 28.0 * s.certificate_months)
            certified = -one.u(rules.CERTIFICATE_AGE) * longest
            until = rules.months_later(certified, s.certificate_months, days)
            if status == CERTIFIED:
                median = plan.delay_median[one.difficulty]
                whole = lognormal(one.u(rules.DOSSIER_DELAY), median, s.delay_sd)
                due = whole * MONTHS * (1 - elapsed)
                assert one.stage == (certified, pytest.approx(due, rel=1e-14), until)
            else:
                ready = -elapsed * min(91.3125, 28.0 * s.dossier_months)
                due = rules.months_later(ready, s.dossier_months, days)
                assert one.stage == (ready, due, until)
            assert until > 0
        assert one.stage[1] > 0
    assert seen == {LISTED, CERTIFIED, READY, PROBATION}


def test_what_is_switched_off_has_no_instants() -> None:
    given = staged()
    off = given.scenario.with_values({"dossier.on": False, "training.on": False})
    for one in everybody(given.model_copy(update={"scenario": off}))[1]:
        if one.before["status"] in (CERTIFIED, READY):
            assert one.stage[1:] == (NEVER, NEVER)


def test_what_a_snapshot_knows_is_not_drawn_again() -> None:
    given = staged()
    plan, world = plans.make(given, "policy"), worlds.build(given)
    once = opened(plan, world, SEED, REPLICATION)
    again = opened(plan, once, SEED + 1, REPLICATION)
    for name in ("birth", "budget", "stage_due", "waiting", "certificate_until"):
        assert np.array_equal(once.people[name], again.people[name])


def test_shocks_of_neighbours_are_those_of_their_areas() -> None:
    given = busy()
    plan = plans.make(given, "policy")
    third = np.arange(len(plan.unit)) % 3 == 2  # A A B A A B: who is alike is not always next
    two = [np.flatnonzero(plan.area[:, -1] == a)[0] for a in np.unique(plan.area[:, -1])[:2]]
    plan = plan._replace(area=plan.area[np.where(third, *two)])
    found = shocks(plan, SEED, REPLICATION)
    keys = plan.area_key[plan.area]
    wanted = [
        [
            rules.shock(SEED, REPLICATION, row, plan.shock_sd, int(year), period)
            for period, year in enumerate(plan.rates.year)
        ]
        for row in keys
    ]
    assert np.array_equal(found, wanted)
    assert len(np.unique(found)) > len(plan.rates.year)


def test_groups_have_equal_keys_only_for_equal_rates() -> None:
    """What a snapshot keeps of clocks and deaths goes by these keys."""
    plan = plans.make(busy(), "policy")
    rates = plan.rates

    def keys(**changes: Any) -> Any:
        return rate_keys(plan._replace(**changes))

    was = rate_keys(plan)
    for name in ("each", "mortality"):
        tables = getattr(rates, name)
        for column, one in enumerate(("each", "mortality")):
            groups = getattr(rates, one)
            same = [[np.array_equal(a, b) for a in groups] for b in groups]
            assert np.array_equal(was[:, column][:, None] == was[:, column], same)
        changed = tables.copy()
        changed.flat[0] += 1.0
        now = keys(rates=rates._replace(**{name: changed}))
        assert (now[0] != was[0]).tolist() == [name == "each", name == "mortality"]
    for name in ("starts", "year", "scale"):
        changed = getattr(rates, name).copy()
        changed.flat[0] += 1
        assert (keys(rates=rates._replace(**{name: changed})) != was).all()
    assert (keys(shock_sd=plan.shock_sd + 1.0) != was).all()


def test_levers_of_a_snapshot_are_found_in_the_policy_that_goes_on() -> None:
    when = {"where": {"when": {"strength": {"below": 5}}}}
    levers = ({"lever": name, "factor": 0.5, **when} for name in ("retention", "emulation"))
    plan = plans.make(with_units(quiet(*levers), unit("h", 5)), "policy")
    first, second = (int(key) for key in plan.adaptive_keys)
    wanted = np.array([second, first + 1, first, second + 1])
    assert _places(plan, wanted) == [1, -1, 0, -1]


def test_what_a_person_is_fits_the_narrow_fields_of_the_record() -> None:
    """The largest number of each kind: a code, half helpers, the weight of the rarest resident."""
    rarest = national_structure()[:, ELIGIBLE]
    largest = {
        "status": rules.STATUSES,
        "place": rules.PLACES,
        "what": rules.ENTRY,
        "entry_kind": max(events.KINDS),
        "points": 2,
        "weight": WEIGHT_ONE * rarest.sum() / rarest.min(),
    }
    for name, number in largest.items():
        kind: Any = PERSON[name]
        assert number <= np.iinfo(kind).max / 2, name
    for high in (18, 59):  # as far as one scenario can take it: all listings at one age and sex
        only = {"age_weights": [{"ages": [high, high], "weight": 1.0}], "women_share": 0.999}
        listing = quiet(source={"listing": {"per_hamlet": 1.0, **only}}).source.listing
        assert listing_weights(listing).max() <= largest["weight"]
