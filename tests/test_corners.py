"""Corners that random worlds seldom reach, in both engines: what must come out, and that it is the
same in both."""

import datetime as dt
import itertools
import random
from typing import Any

import numpy as np
import pytest

from sim import log as events
from sim import plan as plans
from sim import world as worlds
from sim.engine import compiled, reference
from sim.engine.compiled import ceilings
from sim.engine.reference.state import Calendar
from sim.scenario import Group, Scenario, Unit
from tests.generators import in_both_engines
from tests.small import loaded, people, quiet, school, unit

YEAR, DAY = 365.25, 1 / 365.25
MONTH = 30.4375
COMMITTEE = 2 * MONTH
"""The committee of March, at which the people here are looked at."""


def kinds(scenario: Scenario, *units: Unit, seed: int = 1) -> list[tuple[float, str, str]]:
    """Day, hamlet and kind of all that happens, in either engine."""
    found = in_both_engines(loaded(scenario, *units), "policy", seed).log
    ids = [one.id for one in units]
    columns = zip(found.day, found.hamlet, found.kind, strict=True)
    return [(float(day), ids[h], events.KINDS[k]) for day, h, k in columns]


@pytest.mark.parametrize(
    ("age", "enlists"),
    [(20 - 0.5 * DAY, False), (20 + 0.5 * DAY, True), (26 - 0.5 * DAY, True),
     (26 + 0.5 * DAY, False)],
)  # fmt: skip
def test_who_is_of_the_age_to_enlist_on_the_day_of_the_committee(age: float, enlists: bool) -> None:
    """Of 20 to 25 completed years."""
    lever = {"lever": "enlistment", "months": [3], "ages": [20, 25]}
    scenario = quiet(lever, years=1, dossier={"delay_months": {"median": 900}})
    then = age - COMMITTEE / YEAR
    found = kinds(scenario, unit("h", 5, certified=people(1, then)))
    assert ((COMMITTEE, "h", "admitted") in found) == enlists


def test_two_classes_of_a_month_are_attended_by_draws_of_their_own() -> None:
    """Were there one draw for both, whoever missed the first would miss the second as well. All
    of sixty do with chance 2^-60."""
    local = {"lever": "local_class", "level": "commune", "months": [1], "seats": 99,
             "attendance": 0.5}  # fmt: skip
    training = {"months": [1], "seats": 99, "attendance": 0.5}
    scenario = quiet(local, years=1, training=training)
    found = [kind for _day, _h, kind in kinds(scenario, unit("h", 5, listed=people(60, 30.0)))]
    missed = found.count("class_missed")
    assert found.count("class_attended") > 30
    assert missed > 60 - found.count("class_attended")  # somebody missed one and attended one


@pytest.mark.parametrize("panel", [reference.panel, compiled.panel])
def test_an_admission_is_known_until_it_is_as_long_ago_as_none(panel: Any) -> None:
    class Cell(dict[str, int]):
        last_admission = property(lambda self: self["last_admission"])

    since = getattr(panel.since_admission, "__wrapped__", panel.since_admission)
    never = events.NEVER_ADMITTED
    assert since(Cell(last_admission=1 - never), 0) == never - 1
    assert since(Cell(last_admission=-never), 5) == never


@pytest.mark.parametrize("seed", range(1, 6))
def test_fair_share_of_the_year_counts_who_was_admitted_before(seed: int) -> None:
    """One of the first in April; of three places in October one is its own, for it has had one."""
    lever = {"lever": "admission", "priority": "fair_share"}
    targets = {"level": "district", "per_year": 5}
    scenario = quiet(
        lever, years=1, dossier={"on": False}, training={"on": False},
        admission={"targets": targets, "months": [4, 10]},
    )  # fmt: skip
    young = people(9, 17.6)
    units = unit("a", 5, ready=(*people(1, 30.0), *young)), unit("b", 5, ready=young)
    admitted = [h for _day, h, kind in kinds(scenario, *units, seed=seed) if kind == "admitted"]
    assert admitted == ["a", "a", "b", "b"]


def test_a_dossier_that_is_ready_on_the_last_day() -> None:
    """A class in July and half a year to the minute: what holds then is what held before."""
    training = {"months": [7], "seats": 9, "attendance": 1.0}
    dossier = {"delay_months": {"median": 6, "sd_log": 0}}
    scenario = quiet(years=1, training=training, dossier=dossier)
    found = kinds(scenario, unit("h", 5, listed=people(2, 30.0)))
    assert found[-2:] == [(YEAR, "h", "dossier_ready")] * 2


def test_a_cell_lost_before_a_merger_is_part_of_what_its_successor_has_lost() -> None:
    """So that the successor is not lost later, but empty again."""
    merge = {"lever": "structural", "event": "merge", "unit": "a", "into": "b",
             "from": "2020-06-01"}  # fmt: skip
    posted = {"posted": (Group(count=1),), "posted_months_left": (8, 8)}
    units = unit("a", 0), unit("b", 2, **posted), unit("c", 9)
    for levers, ends in (((merge,), "re_emptied"), ((), "lost")):
        found = kinds(quiet(*levers, years=2, postings={"renewal": 0}), *units)
        assert [kind for _day, h, kind in found if h == "b"][-1] == ends


def test_who_is_on_no_roll_is_missed_on_none_when_hamlets_merge() -> None:
    """Two officials without a cell join a hamlet that has one; the cell of another is as before."""
    merge = {"lever": "structural", "event": "merge", "unit": "a", "into": "b",
             "from": "2020-06-01"}  # fmt: skip
    scenario = quiet(merge, years=1, cells={"host": "none"})
    units = unit("a", 2, cell="none"), unit("b", 5), unit("c", 3)
    found = in_both_engines(loaded(scenario, *units), "policy")
    strength = found.panel[-1, :, events.PANEL_FIELDS.index("strength")]
    assert strength.tolist() == [0, 7, 3]


def test_places_that_are_vacant_are_filled_once() -> None:
    """All thirty retire in January; who is not followed and could be replaced is nobody."""
    staff = school("s", 0, 30).model_copy(update={"officials": people(30, 59.95)})
    demography = {"staff_turnover": 0.9, "retirement_age": 60}
    scenario = quiet(years=1, staff={"member_share": 1.0}, demography=demography)
    found = kinds(scenario, staff, unit("h", 5))
    assert found.count((MONTH, "s", "moved_in")) == 30


def test_no_bound_on_listing_where_january_changes_the_pull_within_four_months() -> None:
    """Blocks of four months begin with the first; January is each of a block's months once."""
    for start, place in ((1, 0), (12, 1), (11, 2), (10, 3)):
        scenario = quiet(
            start=dt.date(2020, start, 1), years=1, admission={"pull": 0.5},
            source={"listing": {"per_hamlet": 3}, "help": "off"},
        )  # fmt: skip
        given = loaded(scenario, unit("h", 5))
        bounds = ceilings.listing(plans.make(given, "policy"), worlds.build(given))
        assert np.isinf(bounds[0]).all() == (place > 0)
        assert np.isfinite(bounds[1:]).all()


def test_without_a_standing_cell_there_is_no_host() -> None:
    """The second hamlet is too weak to be one, and joins nothing; so is the third."""
    units = (unit("first", 1, cell="none"), unit("weak", 2), unit("third", 2))
    found = kinds(quiet(years=1), *units)
    assert {h for _day, h, kind in found if kind == "lost"} == {"weak", "third"}


def test_with_a_host_the_cells_that_it_covers_are_lost_and_no_other() -> None:
    """The members of a hamlet without a cell are on the roll of the host; it loses nothing."""
    scenario = quiet(years=1)
    units = (
        unit("host", 1), unit("joint", 1, cell="with:host"),
        unit("without", 0, cell="none"), unit("other", 5),
    )  # fmt: skip
    found = kinds(scenario, *units)
    assert {h for _day, h, kind in found if kind == "lost"} == {"host", "joint"}


@pytest.mark.parametrize(("size", "posts"), [(1, False), (2, True)])
def test_who_is_posted_at_the_start_is_of_the_pool(size: int, posts: bool) -> None:
    """A pool of one that is used up has nobody for a weak cell."""
    lever = {"lever": "reinforcement", "strength_below": 3, "number": 1, "pool": "army"}
    pools = {"army": {"level": "district", "size": size}}
    scenario = quiet(lever, years=1, postings={"pools": pools, "renewal": 0.0})
    there = {"posted": (Group(count=1),), "posted_pool": "army", "posted_months_left": (24, 36)}
    found = kinds(scenario, unit("held", 5, **there), unit("weak", 2))
    assert ("posted" in {kind for _day, _h, kind in found}) is posts


@pytest.mark.parametrize(("host", "separates"), [(2, False), (3, True)])
def test_no_cell_separates_that_leaves_its_host_too_weak(host: int, separates: bool) -> None:
    """Three who could stand alone are on the roll of the host, which needs three of its own."""
    units = unit("joint", 3, cell="with:host"), unit("host", host)
    found = kinds(quiet({"lever": "separating"}, years=1), *units)
    assert ("joint" in {h for _day, h, kind in found if kind == "separated"}) is separates


def test_what_falls_on_one_instant_goes_by_phase_hamlet_and_person() -> None:
    """Whatever order it is put in."""
    calendar, found = Calendar(), []
    wanted = sorted(itertools.product((1.0, 2.0), (1, 5), (0, 1, 7), (0, 3, 2**62)))
    for one in random.Random(1).sample(wanted, len(wanted)):
        happens = calendar.at(*one)
        happens.callbacks.append(lambda _, one=one: found.append(one))
    calendar.run()
    assert found == wanted
