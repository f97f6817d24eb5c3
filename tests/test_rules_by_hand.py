"""Every rule with values worked out by hand: both engines share them, so equal logs prove nothing.

They are called as plain Python; that compiled code does the same is tested with the engines.
"""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim import log as events
from sim import rules
from sim.draws import exp, normal_quantile, uniform
from sim.rules import (
    AWAY,
    CERTIFIED,
    EXEMPT,
    LISTED,
    NEVER,
    OFFICIAL,
    POSTED,
    PRESENT,
    PROBATION,
    READY,
    STAFF,
    YEAR,
)

DAYS = np.array([-31.0, 0.0, 31.0, 60.0, 91.0, 121.0])
"""December to May of a leap year."""
DECEMBER, JANUARY, FEBRUARY, MARCH, APRIL, MAY = range(6)


def plain(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule as it is written."""
    return getattr(rule, "__wrapped__", rule)


# ---------------------------------------------------------------- states and risks

REMOVALS = {rules.EXPELLED, rules.STRUCK_OFF, rules.ASKED_TO_LEAVE}


def risks_of(status: int, place: int) -> set[int]:
    """What the specification says may happen to somebody, beside death."""
    candidate = status <= READY
    if place == PRESENT:
        of_status = {rules.WITHDRAWAL} if candidate else set(REMOVALS)
        of_status |= {rules.EXEMPTION} if status == OFFICIAL else set()
        return {rules.LEAVING} | of_status
    if place == AWAY:
        settling = {rules.SETTLING} if candidate else {rules.SETTLING_MEMBER, rules.STRUCK_OFF_AWAY}
        return {rules.RETURNING} | settling
    if place == STAFF:
        return {rules.TRANSFER} | ({rules.WITHDRAWAL} if candidate else REMOVALS)
    return set()


@pytest.mark.parametrize("status", range(rules.STATUSES))
@pytest.mark.parametrize("place", range(rules.PLACES))
def test_who_is_at_which_risk(status: int, place: int) -> None:
    assert set(np.flatnonzero(rules.AT_RISK[status, place])) == risks_of(status, place)


def test_what_each_risk_is_called_in_the_log() -> None:
    told = {
        rules.LEAVING: (events.LEFT, 0),
        rules.RETURNING: (events.RETURNED, 0),
        rules.SETTLING: (events.MOVED, events.SETTLED_AWAY),
        rules.EXPELLED: (events.EXPELLED, 0),
        rules.STRUCK_OFF: (events.STRUCK_OFF, 0),
        rules.ASKED_TO_LEAVE: (events.ASKED_TO_LEAVE, 0),
        rules.STRUCK_OFF_AWAY: (events.STRUCK_OFF, events.AWAY_TOO_LONG),
        rules.EXEMPTION: (events.EXEMPTED, 0),
        rules.WITHDRAWAL: (events.LAPSED, events.WITHDREW),
        rules.TRANSFER: (events.MOVED, events.TRANSFERRED),
        rules.SETTLING_MEMBER: (events.MOVED, events.SETTLED_AWAY),
    }
    found = zip(rules.RISK_KIND, rules.RISK_CAUSE, strict=True)
    assert dict(enumerate(found)) == told


@pytest.mark.parametrize(
    ("u", "chosen"),
    [(0.0, rules.LEAVING), (0.39, rules.LEAVING), (0.41, rules.WITHDRAWAL),
     (1.0, rules.WITHDRAWAL)],
)  # fmt: skip
def test_risks_are_chosen_by_their_rates(u: float, chosen: int) -> None:
    """Leaving 1, twice as much with its scale; withdrawal 3; what does not apply is not chosen."""
    rates = np.full(rules.RISKS, 100.0)
    rates[[rules.LEAVING, rules.WITHDRAWAL]] = 1.0, 3.0
    choose = plain(rules.choose_risk)
    assert choose(u, LISTED, PRESENT, rules.AT_RISK, rates, 2.0) == chosen


def test_risks_without_a_rate_are_not_chosen() -> None:
    rates = np.zeros(rules.RISKS)
    choose = plain(rules.choose_risk)
    assert choose(0.5, OFFICIAL, PRESENT, rules.AT_RISK, rates, 1.0) == -1
    rates[rules.EXPELLED] = 0.5
    for u in (0.0, 0.5, 1.0):
        assert choose(u, OFFICIAL, PRESENT, rules.AT_RISK, rates, 1.0) == rules.EXPELLED


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("day", "month"),
    [(-99.0, DECEMBER), (-31.0, DECEMBER), (-0.5, DECEMBER), (0.0, JANUARY), (30.9, JANUARY),
     (31.0, FEBRUARY), (59.9, FEBRUARY), (60.0, MARCH), (120.9, APRIL), (121.0, MAY), (999.0, MAY)],
)  # fmt: skip
def test_months(day: float, month: int) -> None:
    assert plain(rules.month_of)(day, DAYS) == month
    first = month if day == DAYS[month] else month + 1
    assert plain(rules.first_month_from)(day, DAYS) == first


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [(10.25, 1, 41.25), (10.25, 2, 70.25), (30.0, 1, 60.0), (30.5, 1, 60.0), (31.0, 0, 31.0),
     (-21.0, 4, 101.0), (-21.0, 5, NEVER), (121.0, 0, NEVER)],
)  # fmt: skip
def test_months_later(day: float, months: int, later: float) -> None:
    """The same day of the month, at most its end; NEVER where the calendar ends."""
    assert plain(rules.months_later)(day, months, DAYS) == later


def test_who_is_older_than_so_many_months_was_born_before() -> None:
    born_before = plain(rules.born_before)
    assert born_before(2, APRIL, DAYS) == 31.0
    assert born_before(3, APRIL, DAYS) == 0.0
    assert born_before(4, APRIL, DAYS) == born_before(5, APRIL, DAYS) == -NEVER


@pytest.mark.parametrize("birth", [0.0, 1234.567, -20_001.3, -0.1])
def test_a_birthday_counts_on_its_day(birth: float) -> None:
    birthdays, age_at, has_had = (plain(f) for f in (rules.birthdays, rules.age_at, rules.has_had))
    for age in (0, 1, 17, 18, 59, 60, 119, 120):
        day = birth + age * YEAR
        assert birthdays(day, birth) == age_at(day, birth) == age
        assert birthdays(np.nextafter(day + YEAR, -np.inf), birth) == age
        if age > 0:
            assert has_had(age, day, birth)
            assert not has_had(age, np.nextafter(day, -np.inf), birth)
    assert age_at(birth + 121 * YEAR, birth) == 120
    assert age_at(birth - 3 * YEAR, birth) == 0


def test_periods_begin_on_their_day() -> None:
    starts = np.array([0.0, 100.0, 200.0, np.inf])
    found = [plain(rules.period_at)(day, starts) for day in (0.0, 99.9, 100.0, 199.9, 200.0, 1e9)]
    assert found == [0, 0, 1, 1, 2, 2]


# ---------------------------------------------------------------- the next step


@pytest.mark.parametrize(
    ("status", "place", "instants", "step"),
    [
        (OFFICIAL, PRESENT, {"death": 9.0}, (9.0, rules.DEATH)),
        (OFFICIAL, PRESENT, {"death": 9.0, "clock": 9.0}, (9.0, rules.DEATH)),
        (OFFICIAL, PRESENT, {"death": 9.0, "clock": 8.0}, (8.0, rules.CLOCK)),
        (OFFICIAL, PRESENT, {"clock": 8.0, "stage_due": 7.0}, (8.0, rules.CLOCK)),
        (OFFICIAL, STAFF, {"clock": 8.0, "limit": 8.0}, (8.0, rules.CLOCK)),
        (OFFICIAL, STAFF, {"clock": 8.0, "limit": 7.0}, (7.0, rules.LIMIT)),
        (LISTED, PRESENT, {"clock": 8.0, "certificate_until": 7.0}, (8.0, rules.CLOCK)),
        (CERTIFIED, PRESENT, {"clock": 8.0, "certificate_until": 7.0}, (7.0, rules.CERTIFICATE)),
        (READY, PRESENT, {"clock": 8.0, "certificate_until": 7.0}, (7.0, rules.CERTIFICATE)),
        (READY, PRESENT, {"clock": 8.0, "certificate_until": 8.0}, (8.0, rules.CLOCK)),
        (PROBATION, PRESENT, {"clock": 8.0, "certificate_until": 7.0}, (8.0, rules.CLOCK)),
        (LISTED, AWAY, {"clock": 8.0, "stage_due": 7.0}, (7.0, rules.STAGE)),
        (LISTED, PRESENT, {"clock": 8.0, "stage_due": 8.0}, (8.0, rules.CLOCK)),
        (LISTED, PRESENT, {"clock": 8.0, "stage_due": 4.0}, (4.0, rules.STAGE)),
        (PROBATION, PRESENT, {"clock": 8.0, "stage_due": 5.0}, (5.0, rules.STAGE)),
        (PROBATION, PRESENT, {"clock": 8.0, "stage_due": 4.9}, (8.0, rules.CLOCK)),
        (PROBATION, AWAY, {"clock": 8.0, "stage_due": 7.0}, (8.0, rules.CLOCK)),
        (PROBATION, AWAY, {"stage_due": 7.0, "limit": 9.0}, (9.0, rules.LIMIT)),
    ],
)
def test_what_comes_next(
    status: int, place: int, instants: dict[str, float], step: tuple[float, int]
) -> None:
    """On day 5. Overdue recognition belongs to the committee; away it waits."""
    names = ("death", "clock", "stage_due", "certificate_until", "limit")
    given = {**dict.fromkeys(names, NEVER), **instants}
    assert plain(rules.next_step)(status, place, 5.0, **given) == step


# ---------------------------------------------------------------- counting


def test_who_counts() -> None:
    for status, place in itertools.product(range(7), range(rules.PLACES)):
        for away, exempt, posted in itertools.product((False, True), repeat=3):
            may = {OFFICIAL: True, EXEMPT: exempt}.get(status, False)
            there = {AWAY: away, POSTED: posted}.get(place, True)
            assert plain(rules.counts)(status, place, away, exempt, posted) == (may and there)


@pytest.mark.parametrize(
    ("status", "place", "since", "age", "points"),
    [
        (OFFICIAL, PRESENT, 100.0, 69.99, 2),
        (OFFICIAL, PRESENT, 100.0, 70.0, 1),
        (OFFICIAL, STAFF, 0.0, 30.0, 2),
        (OFFICIAL, PRESENT, 100.1, 30.0, 0),
        (OFFICIAL, AWAY, 0.0, 30.0, 0),
        (OFFICIAL, POSTED, 0.0, 30.0, 0),
        (EXEMPT, PRESENT, 0.0, 75.0, 0),
        (PROBATION, PRESENT, 0.0, 30.0, 0),
    ],
)
def test_who_helps(status: int, place: int, since: float, age: float, points: int) -> None:
    found = plain(rules.helper_points)(status, place, 100.0, since, 100.0 - age * YEAR, 70.0)
    assert found == points


@pytest.mark.parametrize(
    ("place", "age", "is_one"),
    [(PRESENT, 17, False), (PRESENT, 18, True), (STAFF, 59, True), (STAFF, 60, False),
     (AWAY, 30, False), (POSTED, 30, False)],
)  # fmt: skip
def test_who_is_among_the_adult_residents(place: int, age: int, is_one: bool) -> None:
    assert plain(rules.among_residents)(place, age) is is_one


@pytest.mark.parametrize(
    ("status", "place", "since", "age", "years"),
    [
        (LISTED, PRESENT, 0.5, 30.0, 6.0),  # 36, the next age at which residents differ
        (LISTED, AWAY, 0.5, 30.0, NEVER),
        (LISTED, STAFF, 0.5, 30.0, 6.0),
        (LISTED, PRESENT, 0.5, 60.0, NEVER),
        (OFFICIAL, PRESENT, 0.5, 30.0, 0.5),
        (OFFICIAL, PRESENT, 0.0, 30.0, 6.0),
        (OFFICIAL, PRESENT, 0.0, 66.0, 4.0),
        (OFFICIAL, PRESENT, 0.5, 66.0, 0.5),
        (OFFICIAL, PRESENT, 5.0, 66.0, 4.0),
        (OFFICIAL, PRESENT, 0.0, 70.0, NEVER),
        (OFFICIAL, POSTED, 0.5, 30.0, NEVER),
    ],
)
def test_when_a_person_turns(
    status: int, place: int, since: float, age: float, years: float
) -> None:
    ages = np.array([18] * 18 + [36] * 18 + [60] * 24)
    whole, birth = int(age), -age * YEAR
    told = plain(rules.turning_day)(status, place, 0.0, since * YEAR, birth, whole, 70.0, ages)
    assert told == years * YEAR


# ---------------------------------------------------------------- listing


def test_expected_listings() -> None:
    mean = plain(rules.listing_mean)
    assert mean(0.5, 0.0, 1.0, True, 0.5, 3.0) == mean(0.5, -1.0, 1.0, False, 0.5, 3.0) == 0.0
    assert mean(0.5, 7.0, 1.0, False, 0.25, 3.0) == 0.375
    assert mean(0.5, 8.0, 1.0, True, 0.25, 3.0) == 3.0
    assert mean(0.5, 16.0, 0.5, True, 0.25, 3.0) == pytest.approx(1.5, rel=1e-14)
    assert mean(0.5, 3.0, 2.0, True, 0.25, 4.0) == pytest.approx(4.5, rel=1e-14)


def test_help() -> None:
    factor = plain(rules.help_factor)
    assert factor(rules.HELP_OFF, 6, 5, 1.0, 4.0) == 1.0
    assert factor(rules.HELP_LINEAR, 6, 5, 1.0, 4.0) == 5.0
    assert factor(rules.HELP_SHARE, 2, 5, 0.5, 4.0) == 0.375
    assert factor(rules.HELP_SHARE, 9, 5, 0.5, 4.0) == 1.0


def test_room_for_listing() -> None:
    room = plain(rules.listing_room)
    assert room(rules.HELP_LINEAR, 0, 0.0, 2.0, 9, 7.9) == 7
    assert room(rules.HELP_OFF, 0, 0.0, 2.0, 9, -3.0) == 0
    assert room(rules.HELP_SHARE, 3, 0.5, 2.0, 1, 7.9) == 3  # two helpers for four, one taken
    assert room(rules.HELP_SHARE, 3, 0.5, 2.0, 1, 2.5) == 2
    assert room(rules.HELP_SHARE, 3, 0.5, 2.0, 9, 7.9) == 0
    assert room(rules.HELP_SHARE, 1, 0.0, 1.9, 0, 7.9) == 0  # 0.95 is nobody
    assert room(rules.HELP_SHARE, 2, 0.0, 2.9999999999, 0, 7.9) == 3  # rounding is no loss


def test_offices() -> None:
    for chief, trained, secretary in itertools.product((False, True), repeat=3):
        wanted = math.prod(
            factor for factor, holds in ((2.0, chief), (3.0, trained), (5.0, secretary)) if holds
        )
        assert plain(rules.office_factor)(chief, trained, secretary, 2.0, 3.0, 5.0) == wanted


@pytest.mark.parametrize(
    ("factor", "target", "admitted", "pull", "after"),
    [
        (0.7, 8.0, 4, 0.0, 0.7),
        (0.7, 0.0, 4, 1.0, 0.7),
        (0.7, 8.0, 0, 0.5, 2.0),
        (0.75, 8.0, 4, 1.0, 1.5),
        (0.75, 8.0, 2, 0.5, 1.5),
        (0.75, 8.0, 1, 1.0, 2.0),
        (0.75, 1.0, 4, 1.0, 0.5),
        (0.75, 6.0, 8, 1.0, 0.5625),
        (0.75, 0.5, 1, 0.5, 0.75 * math.sqrt(0.5)),
    ],
)
def test_a_target_pulls(
    factor: float, target: float, admitted: int, pull: float, after: float
) -> None:
    assert plain(rules.pulled)(factor, target, admitted, pull) == pytest.approx(after, rel=1e-14)


def test_numbers_are_drawn_and_no_hamlet_lists_hundreds() -> None:
    draw = plain(rules.number_drawn)
    assert [draw(u, 1.0) for u in (0.1, 0.5, 0.8, 0.95)] == [0, 1, 2, 3]
    assert draw(0.5, 0.0) == 0
    with pytest.raises(ValueError, match="more than 500"):
        draw(0.5, 501.0)


@pytest.mark.parametrize(
    ("u", "sex", "age"), [(0.0, 0, 18.0), (0.125, 0, 18.5), (0.25, 0, 59.0), (0.375, 0, 59.25),
                          (0.75, 1, 18.0), (0.875, 1, 18.5)],
)  # fmt: skip
def test_a_resident_is_drawn(u: float, sex: int, age: float) -> None:
    """A quarter men of 18, a half men of 59, a quarter women of 18."""
    cumulated = np.full(2 * rules.ELIGIBLE_AGES, 1.0)
    cumulated[: rules.ELIGIBLE_AGES] = 0.25
    cumulated[rules.ELIGIBLE_AGES - 1] = 0.75
    assert plain(rules.drawn_resident)(u, cumulated) == (sex, age)


def test_what_queues_are_ordered_by() -> None:
    value = plain(rules.priority_value)
    found = [value(rule, 3, -7.0, chief, 5) for rule in range(5) for chief in (False, True)]
    assert found == [0.0, 0.0, 3.0, 3.0, 7.0, 7.0, 1.0, 0.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("budget", "years"),
    [(0.05, 0.375), (0.3, 0.75), (0.75, 1.25), (1.2, 2.0), (1.45, 2.75), (1.65, 3.25), (1.79, None),
     (1.9, None)],
)  # fmt: skip
def test_a_budget_is_used_up_age_by_age_and_period_by_period(
    budget: float, years: float | None
) -> None:
    """From a quarter of a year on; birthdays at the half years, periods after 1 and 3 years.

    A year costs .4 until the 31st birthday, then .8, from the second period on 1, after the next
    birthday .4, after the next .2, in the third period .6: .1 + .4 + .5 + .4 + .1, and .27 until
    the horizon.
    """
    starts, shock = np.array([0, YEAR, 3 * YEAR, np.inf]), np.array([1.0, 2.0, 4.0])
    steady, moving = np.zeros((2, 121, 3))
    steady[30:32, 0], moving[30:32, 0] = (0.4, 0.8), (0.8, 1.6)
    steady[31:34, 1], moving[31:34, 1] = (1.2, 0.4, 0.2), (0.8, 0.4, 0.2)
    steady[33, 2], moving[33, 2] = 1.0, 0.1
    since, birth, horizon = 0.25 * YEAR, -30.5 * YEAR, 3.45 * YEAR
    rates = starts, steady, 0.5, moving, 0.25, shock
    day = plain(rules.fire_day)(budget, since, birth, horizon, *rates)
    assert day == (NEVER if years is None else pytest.approx(years * YEAR, rel=1e-12))
    if years is not None:
        used = plain(rules.spent)(since, years * YEAR, birth, *rates)
        assert used == pytest.approx(budget, rel=1e-12)


def test_a_birthday_on_which_a_period_begins_changes_both() -> None:
    """One a year at 30 in the first period; 3 a year at 31 in the second, and 7 in neither."""
    starts, moving, shock = np.array([0, YEAR, np.inf]), np.zeros((121, 2)), np.ones(2)
    steady = np.full((121, 2), 7.0)
    steady[30, 0], steady[31, 1] = 1.0, 3.0
    rates = starts, steady, 1.0, moving, 1.0, shock
    day = plain(rules.fire_day)(2.5, 0.0, -30 * YEAR, 2 * YEAR, *rates)
    assert day == pytest.approx(1.5 * YEAR, rel=1e-12)


@pytest.mark.parametrize(("years", "lasts"), [(4.01, True), (3.99, False)])
def test_a_budget_has_to_last_from_when_it_was_set(years: float, lasts: bool) -> None:
    """Two years before the horizon, at two a year."""
    found = plain(rules.outlasts)(years, 3 * YEAR, 5 * YEAR, 2.0)
    assert found is lasts


# ---------------------------------------------------------------- what is drawn


def test_a_shock_is_one_number_an_area_and_year() -> None:
    areas, sd = np.array([11, 22, 33]), np.array([[0.0, 0.5], [0.3, 0.0], [0.2, 0.4]])
    for period in (0, 1):
        wanted = 1.0
        for level, s in enumerate(sd[:, period]):
            if s > 0:
                u = uniform(5, 2, rules.AREA_STREAM, areas[level], rules.SHOCK, 7)
                wanted *= exp(s * normal_quantile(u) - s * s / 2)
        found = plain(rules.shock)(5, 2, areas, sd, 7, period)
        assert found == pytest.approx(wanted, rel=1e-14)
        assert found != 1.0


def test_bands() -> None:
    assert plain(rules.within)(0.25, 30.0, 34.0) == 31.0
    assert plain(rules.within)(0.25, 30.0, 30.0) == 30.0
    whole = [plain(rules.whole_within)(u, 2, 4) for u in (0.0, 0.33, 0.34, 0.66, 0.67, 1.0)]
    assert whole == [2, 2, 3, 3, 4, 4]
