"""Every lever on small scenarios whose course can be worked out by hand, and on its extremes.

All chance is off unless a test says otherwise, and the calendar is uniform: month m begins on day
30.4375 m. Reviews are held in months 3, 6, 9 and 12, the first is that of month index 2. Directions
are asserted path by path only where they are provable (also M9 and M10 in test_relations).
"""

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest

from sim import rules
from tests.small import MONTH, Course, course, people, quiet, school, unit

POOL = {"pools": {"army": {"level": "district", "size": 10}}, "renewal": 0.0}
NO_TARGET = {"targets": {"level": "district", "per_year": 0}}
CERTAIN = {"attendance": 1.0}
MANY = {"listing": {"per_hamlet": 120}, "help": "off"}
"""Ten listings expected a month: none in one month is a chance of 5e-5 a hamlet."""


def lever(name: str, **settings: Any) -> dict[str, Any]:
    return {"lever": name, **settings}


def listed_in(found: Course, hamlet: str) -> set[int]:
    """Months in which somebody is listed there."""
    listed = found.of("listed")
    return {int(day / MONTH) for day in listed[listed.hamlet == hamlet].day}


# ---------------------------------------------------------------- reinforcement


def reinforced(*more: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return lever("reinforcement", pool="army", **{"number": 3, "term_months": 12, **settings})


def test_reinforcement_comes_with_the_review_after_below_and_ends_with_its_term() -> None:
    """The posted member of the start goes in month 4; the review is that of month 5."""
    weak = unit("weak", 2, posted=people(1), posted_months_left=(4, 4))
    found = course(quiet(reinforced(until="2020-09-01"), postings=POOL), weak)
    assert found.months("below") == [4, 17]
    assert found.months("posted") == [5] * 3
    assert found.months("restored") == [5]
    assert found.months("posting_ended") == [4] + [17] * 3
    assert found.months("lost") == [17]


@pytest.mark.parametrize(("size", "posted"), [(0, 0), (2, 2), (3, 3), (9, 3)])
def test_reinforcement_takes_what_the_pool_has(size: int, posted: int) -> None:
    pools = {"pools": {"army": {"level": "district", "size": size}}}
    found = course(quiet(reinforced(until="2020-04-01"), years=1, postings=pools), unit("weak", 2))
    assert len(found.of("posted")) == posted
    assert len(found.of("lost")) == (posted == 0)


def test_the_weakest_are_reinforced_first() -> None:
    pools = {"pools": {"army": {"level": "district", "size": 2}}}
    found = course(
        quiet(reinforced(number=2), years=1, postings=pools), unit("two", 2), unit("one", 1)
    )
    assert list(found.of("posted").hamlet) == ["one"] * 2


@pytest.mark.parametrize("without_cell", [False, True])
def test_reinforcement_of_hamlets_without_a_cell(without_cell: bool) -> None:
    scenario = quiet(reinforced(without_cell=without_cell, term_months=600), postings=POOL)
    found = course(scenario, unit("empty", 0, cell="none"))
    assert found.months("posted") == [2] * 3 * without_cell
    assert found.months("founded") == [2] * without_cell
    assert list(found.of("founded").cause) == ["posted"] * without_cell


def test_senders_stay_at_their_minimum_and_get_their_members_back() -> None:
    sending = lever("reinforcement", senders=["five", "four"], number=5, term_months=12,
                    until="2020-04-01")  # fmt: skip
    units = unit("weak", 2), unit("five", 5), unit("four", 4)
    found = course(quiet(sending, postings={"renewal": 0.0}), *units)
    sent = found.of("sent")
    assert sorted(sent.hamlet) == ["five", "five", "four"]
    assert found.months("sent") == [2] * 3
    assert found.months("posting_ended") == [14] * 3
    assert found.panel("strength")[1].tolist() == [5, 3, 3]
    assert found.panel("strength")[2].tolist() == [0, 5, 4] or found.months("lost") == [14]


def test_the_strongest_sends_first() -> None:
    sending = lever("reinforcement", senders=["six", "four"], number=2)
    found = course(quiet(sending, years=1), unit("weak", 2), unit("six", 6), unit("four", 4))
    assert list(found.of("sent").hamlet) == ["six", "six"]


def test_postings_are_renewed() -> None:
    always = lever("posting_renewal", renewal=1.0)
    weak = unit("weak", 5, posted=people(1), posted_months_left=(4, 4))
    found = course(quiet(always, postings={"term_months": 12, "renewal": 0.0}), weak)
    assert found.months("posting_renewed") == [4, 16, 28, 40, 52]
    assert found.of("posting_ended").empty


def test_postings_are_replaced_after_the_gap() -> None:
    """Ends in months 4, 4 + 3 + 12 and so on; the next begins three months later."""
    replacing = lever("posting_renewal", renewal=0.0, replacement=1.0, gap_months=3)
    weak = unit("weak", 5, posted=people(1), posted_months_left=(4, 4))
    found = course(quiet(replacing, postings={"term_months": 12}), weak)
    assert found.months("posting_ended") == [4, 19, 34, 49]
    assert found.months("posted") == [7, 22, 37, 52]


# ---------------------------------------------------------------- combining and separating


def test_combining_with_the_neighbour_before_the_strongest() -> None:
    units = unit("weak", 2, neighbour="near"), unit("near", 3), unit("strong", 9)
    found = course(quiet(lever("combining")), *units)
    assert found.months("combined") == [2]
    assert found.of("lost").empty
    assert found.panel("cell")[1].tolist() == [1, 0, 0]
    assert found.panel("strength")[1].tolist() == [5, 5, 9]


def test_combining_with_the_strongest_where_the_neighbour_is_under_the_minimum() -> None:
    units = unit("weak", 2, neighbour="near"), unit("near", 2), unit("strong", 9)
    found = course(quiet(lever("combining")), *units)
    assert found.months("combined") == [2, 2]
    assert found.panel("strength")[1].tolist() == [13, 13, 13]


def test_nobody_to_combine_with() -> None:
    found = course(quiet(lever("combining")), unit("weak", 2))
    assert (found.months("combined"), found.months("lost")) == ([], [2])


@pytest.mark.parametrize(("joint", "host", "months"), [(3, 3, [2]), (3, 2, []), (2, 9, [])])
def test_separating_where_both_can_stand(joint: int, host: int, months: list[float]) -> None:
    units = unit("joint", joint, cell="with:host"), unit("host", host)
    found = course(quiet(lever("separating")), *units)
    assert found.months("separated") == months
    assert course(quiet(), *units).of("separated").empty


# ---------------------------------------------------------------- classes


def classes(*levers: dict[str, Any], **changes: Any) -> Any:
    """One seat in January of each year, no admissions."""
    training = {"months": [1], "seats": 1, **CERTAIN, **changes.pop("training", {})}
    return quiet(*levers, training=training, admission=NO_TARGET, **changes)


def test_training_seats_months_and_dates() -> None:
    more = lever("training", seats={"plus": 2}, months=[2, 3], **{"from": "2021-01-01"})
    scenario = classes(more, years=3, source={"listing": {"per_hamlet": 0}, "help": "off",
                                              "stale_months": 600})  # fmt: skip
    found = course(scenario, unit("hamlet", 5, listed=people(9, 30.0)))
    assert found.months("class_attended") == [0, 13, 13, 13, 14, 14, 14, 25, 25]


@pytest.mark.parametrize(("replace", "missed"), [(True, 5), (False, 1)])
def test_nobody_attends(replace: bool, missed: int) -> None:
    nobody = lever("training", attendance=0.0, replace_no_shows=replace)
    found = course(classes(nobody, years=1), unit("hamlet", 5, listed=people(5, 30.0)))
    assert found.of("class_attended").empty
    assert len(found.of("class_missed")) == missed


def test_no_seats() -> None:
    none = lever("training", seats={"times": 0})
    found = course(classes(none, years=1), unit("hamlet", 5, listed=people(5, 30.0)))
    assert found.of("class_attended", "class_missed").empty


def attended(rule: str, *units: Any, seats: int = 1, **changes: Any) -> list[str]:
    """Hamlets of those who attend the first class under a rule."""
    scenario = classes(lever("training", priority=rule, seats=seats), years=1, **changes)
    return sorted(course(scenario, *units).of("class_attended").hamlet)


def test_weakest_cell_first() -> None:
    one = people(1, 30.0)
    for order in (1, -1):
        units = [unit("strong", 9, listed=one), unit("weak", 3, listed=one)][::order]
        assert attended("weakest_cell_first", *units) == ["weak"]


def test_youngest_first() -> None:
    for order in (1, -1):
        units = [unit("old", 5, listed=people(3, 50.0)), unit("young", 5, listed=people(3, 20.0))]
        assert attended("youngest_first", *units[::order], seats=3) == ["young"] * 3


def test_fair_share_gives_seats_in_turns() -> None:
    units = unit("many", 5, listed=people(6, 30.0)), unit("few", 5, listed=people(2, 30.0))
    assert attended("fair_share", *units, seats=4) == ["few", "few", "many", "many"]
    assert attended("fair_share", *units, seats=7) == ["few"] * 2 + ["many"] * 5


@pytest.mark.parametrize(("rule", "first"), [("chiefs_first", True), ("first_come", False)])
def test_chiefs_first(rule: str, first: bool) -> None:
    """The chief is listed in January, after the others, and the class is in March."""
    asked = lever("chief_coverage", list_chief=True, until="2020-02-01")
    scenario = classes(asked, lever("training", priority=rule, months=[3]), years=1)
    found = course(scenario, unit("hamlet", 5, listed=people(3, 30.0)))
    chief = found.of("listed").person.tolist()
    assert len(chief) == 1
    assert (found.of("class_attended").person.tolist() == chief) == first


def test_chief_under_coverage_is_listed_and_first_in_line() -> None:
    scenario = classes(lever("chief_coverage", list_chief=True), years=1)
    found = course(scenario, unit("hamlet", 5, listed=people(3, 30.0)))
    assert list(found.of("listed").cause) == ["listed_as_chief"]
    assert list(found.of("class_attended").person) == list(found.of("listed").person)
    assert found.months("listed", "class_attended") == [0, 0]


def test_local_class() -> None:
    local = lever("local_class", level="commune", months=[5], seats=2, attendance=1.0,
                  where={"areas": ["Near"]})  # fmt: skip
    scenario = classes(local, training={"seats": 0}, years=1)
    near, far = ("District", "Near"), ("District", "Far")
    units = [unit(name, 5, area=area, listed=people(3, 30.0))
             for name, area in (("near", near), ("far", far))]  # fmt: skip
    found = course(scenario, *units)
    assert found.months("class_attended") == [4, 4]
    assert list(found.of("class_attended").hamlet) == ["near"] * 2


@pytest.mark.parametrize("office", ["chief", "secretary"])
def test_officer_training_of_the_weakest_first(office: str) -> None:
    training = lever("officer_training", office=office, months=[2, 3], places=1)
    found = course(quiet(training, years=1), unit("strong", 9), unit("weak", 3))
    assert found.months("officer_trained") == [1, 2]
    assert list(found.of("officer_trained").hamlet) == ["weak", "strong"]


# ---------------------------------------------------------------- admission


def waiting(*levers: dict[str, Any], per_year: float, **changes: Any) -> Course:
    """Sixty people with nothing left to wait for but the allowance."""
    targets = {"level": "district", "per_year": per_year}
    scenario = quiet(*levers, dossier={"on": False}, training={"on": False},
                     admission={"targets": targets, **changes})  # fmt: skip
    return course(scenario, unit("hamlet", 5, ready=people(60, 30.0)))


def test_allowance_at_even_pace_carries_its_fraction() -> None:
    """2.5 a year: 1 after 4.8 months, 2 after 9.6; the next year begins with .5; and so on."""
    assert waiting(per_year=2.5).months("admitted") == [
        4, 9, 14, 19, 23, 28, 33, 38, 43, 47, 52, 57]  # fmt: skip


def test_allowance_without_pace() -> None:
    admitted = waiting(per_year=2.5, pace="none").months("admitted")
    assert admitted == [0] * 2 + [12] * 3 + [24] * 2 + [36] * 3 + [48] * 2


def test_unused_places_are_lost_with_the_year() -> None:
    """The committee meets in March only: 2.5 x 3 / 12 is less than one, with .5 carried more."""
    assert waiting(per_year=2.5, months=[3]).months("admitted") == [14, 38]


def test_recognition_twelve_months_later() -> None:
    found = waiting(per_year=2.5)
    assert found.months("recognised") == [m + 12 for m in found.months("admitted") if m <= 48]


def test_admission_lever_changes_target_overshoot_and_pace() -> None:
    more = lever("admission", per_year={"times": 2}, overshoot=0.2, pace="none",
                 **{"from": "2021-01-01"})  # fmt: skip
    found = waiting(more, per_year=2.0)
    assert found.months("admitted") == [5, 11] + [12] * 4 + [24] * 5 + [36] * 5 + [48] * 5


def test_no_target_no_admission() -> None:
    assert waiting(lever("admission", per_year=0), per_year=9).of("admitted").empty


@pytest.mark.parametrize("rule", ["weakest_cell_first", "youngest_first", "fair_share"])
def test_priority_at_the_committee(rule: str) -> None:
    """Six at once. The young are of the weak; in turns each hamlet has half of the places."""
    scenario = quiet(
        lever("admission", priority=rule), years=1, dossier={"on": False}, training={"on": False},
        admission={"targets": {"level": "district", "per_year": 6}, "pace": "none"},
    )  # fmt: skip
    units = unit("strong", 9, ready=people(20, 50.0)), unit("weak", 3, ready=people(20, 20.0))
    admitted = sorted(course(scenario, *units).of("admitted").hamlet)
    fair = ["strong"] * 3 + ["weak"] * 3
    assert admitted == (fair if rule == "fair_share" else ["weak"] * 6)


def test_pull_of_a_target() -> None:
    """(8 admitted of 2) ^ .5 = 1/2 is the floor; (2 of 8) ^ .25 = 1.414; none at all gives 2."""
    pulled = getattr(rules.pulled, "py_func", rules.pulled)  # there is none without the compiler
    assert pulled(1.0, 2.0, 8, 0.5) == 0.5
    assert pulled(1.0, 8.0, 2, 0.25) == pytest.approx(2**0.5)
    assert pulled(1.0, 8.0, 0, 0.25) == 2.0
    assert pulled(1.3, 8.0, 2, 0.0) == 1.3


def test_a_target_that_is_missed_pulls_from_the_next_january() -> None:
    """Nobody is admitted, the factor becomes 2: in every month at least as many are listed."""

    def listed(pull: float) -> list[int]:
        targets = {"level": "district", "per_year": 5, "cap": False}
        scenario = quiet(lever("admission", pull=pull), years=2, source=MANY,
                         training={"seats": 0}, admission={"targets": targets})  # fmt: skip
        days = course(scenario, unit("hamlet", 5, residents=9000)).of("listed").day
        return [int(((days / MONTH).astype(int) == m).sum()) for m in range(24)]

    without, with_pull = listed(0.0), listed(0.5)
    assert without[:12] == with_pull[:12]
    assert all(a <= b for a, b in zip(without, with_pull, strict=True))
    assert sum(with_pull[12:]) > 1.5 * sum(without[12:])


@pytest.mark.parametrize(("oldest", "kind"), [(None, "over_age"), (65, "admitted")])
def test_waiver_of_age(oldest: int | None, kind: str) -> None:
    scenario = quiet(lever("waiver", maximum_age=oldest), dossier={"on": False}, years=1,
                     training={"on": False})  # fmt: skip
    found = course(scenario, unit("hamlet", 5, ready=people(1, 62.0)))
    assert found.months(kind) == [0]


def test_age_limit_by_month() -> None:
    """Sixty by month: admitted at 60 years and some days, too old a month later."""

    def end(age: float) -> list[str]:
        scenario = quiet(years=1, dossier={"on": False}, training={"on": False})
        return list(course(scenario, unit("h", 5, ready=people(1, age))).log.kind)

    assert "admitted" in end(59.99)
    assert "admitted" in end(60.0)
    assert "over_age" in end(60.1)


def test_waiver_of_schooling() -> None:
    none = lever("waiver", eligible=0)
    assert course(quiet(none, source=MANY, years=1), unit("hamlet", 5)).of("listed").empty


@pytest.mark.parametrize(("age", "months"), [(20.0, [2]), (30.0, [])])
def test_enlistment_needs_no_dossier(age: float, months: list[float]) -> None:
    scenario = quiet(lever("enlistment", months=[3]), years=1,
                     dossier={"delay_months": {"median": 900}})  # fmt: skip
    found = course(scenario, unit("hamlet", 5, certified=people(1, age)))
    assert found.months("admitted") == months


@pytest.mark.parametrize(("factor", "month"), [(1.0, 8), (0.5, 4), (0.25, 2)])
def test_dossier_delay(factor: float, month: float) -> None:
    """Eight months after the class in January, and ready exactly then."""
    scenario = quiet(lever("dossier", delay_factor=factor), training=CERTAIN, years=2,
                     dossier={"delay_months": {"median": 8, "sd_log": 0}})  # fmt: skip
    found = course(scenario, unit("hamlet", 5, listed=people(1, 30.0)))
    assert found.months("class_attended", "dossier_ready") == [0, month]
    assert found.months("admitted", "recognised")[0] == month


@pytest.mark.parametrize(("factor", "kind"), [(0.0, "dossier_ready"), (1.0, "refused")])
def test_dossier_failure(factor: float, kind: str) -> None:
    dossier = {"failure": {"normal": 1.0}, "delay_months": {"median": 1}}
    failing = lever("dossier", failure_factor=factor)
    scenario = quiet(failing, training=CERTAIN, years=2, dossier=dossier)
    found = course(scenario, unit("hamlet", 5, listed=people(1, 30.0)))
    assert len(found.of(kind)) == 1


# ---------------------------------------------------------------- listing


@pytest.mark.parametrize("name", ["emulation", "attention"])
def test_listing_stops_with_factor_zero(name: str) -> None:
    """Attention is decided at the review of month 2, after the listing of that month."""
    found = course(quiet(lever(name, factor=0.0), source=MANY, years=1), unit("hamlet", 5))
    assert listed_in(found, "hamlet") == (set() if name == "emulation" else {0, 1, 2})


def test_attention_for_the_weakest_only() -> None:
    only = lever("attention", factor=0.0, weakest=2)
    units = unit("nine", 9), unit("four", 4), unit("three", 3)
    found = course(quiet(only, source=MANY, years=1), *units)
    assert listed_in(found, "nine") == set(range(12))
    assert listed_in(found, "four") == listed_in(found, "three") == {0, 1, 2}


def test_emulation_never_lists_fewer() -> None:
    """The same draw against a larger mean."""

    def listed(factor: float) -> list[int]:
        scenario = quiet(lever("emulation", factor=factor), source=MANY, years=1)
        days = course(scenario, unit("hamlet", 5)).of("listed").day
        return [int(((days / MONTH).astype(int) == m).sum()) for m in range(12)]

    counts = [listed(f) for f in (0.5, 1.0, 2.0)]
    for fewer, more in pairwise(counts):
        assert all(a <= b for a, b in zip(fewer, more, strict=True))
        assert sum(fewer) < sum(more)


def test_an_adaptive_lever_acts_from_a_review_to_the_next() -> None:
    """Strength is 3 until the posting ends in month 6. The reviews of months 2 and 5 see it, that
    of month 8 does not any more; listing comes before the review in its month."""
    stops = lever("emulation", factor=0.0, where={"when": {"strength": {"at_least": 3}}})
    scenario = quiet(stops, source=MANY, years=1,
                     rules={"minimum_official_members": 1, "founding_strength": 1},
                     postings={"renewal": 0.0})  # fmt: skip
    weak = unit("weak", 2, posted=people(1), posted_months_left=(6, 6))
    assert listed_in(course(scenario, weak), "weak") == {0, 1, 2, 9, 10, 11}


@pytest.mark.parametrize(
    ("observable", "bound", "stops"),
    [
        ("strength", {"below": 6}, False), ("strength", {"at_least": 6}, True),
        ("local_strength", {"below": 6}, True), ("active_strength", {"below": 6}, True),
        ("share_over_60", {"at_least": 0.1}, False), ("candidates", {"at_least": 1}, True),
        ("months_since_admission", {"at_least": 100}, True),
        ("rank_by_strength", {"below": 1}, True), ("rank_by_strength", {"at_least": 1}, False),
    ],
)  # fmt: skip
def test_every_observable(observable: str, bound: dict[str, float], stops: bool) -> None:
    """Five officials of 40, one of them exempt, and one posted."""
    zero = lever("emulation", factor=0.0, where={"when": {observable: bound}})
    hamlet = unit("hamlet", 5, officials_exempt=1, posted=people(1), months_since_admission=99)
    found = course(quiet(zero, source=MANY, years=1, admission=NO_TARGET), hamlet)
    assert listed_in(found, "hamlet") == ({0, 1, 2} if stops else set(range(12)))


@pytest.mark.parametrize(("cell", "setting"), [("own", "with_cell"), ("none", "without_cell")])
def test_outside_help(cell: str, setting: str) -> None:
    help_ = {"full_help": 6, "outside_helpers": 0, "candidates_per_helper": 600}
    source = {"listing": {"per_hamlet": 120}, "help": help_}
    posted = people(3 if cell == "own" else 0)  # without an own cell three would found one
    unit_ = unit("hamlet", 0, cell=cell, posted=posted)
    helped = course(quiet(lever("outside_help", **{setting: 6}), source=source, years=1), unit_)
    assert len(listed_in(helped, "hamlet")) == 12
    assert course(quiet(source=source, years=1), unit_).of("listed").empty


# ---------------------------------------------------------------- rates

MOVING = {"leaving": {"constant": 5.0}, "returning": 5.0}


def test_retention_of_everybody() -> None:
    stay = lever("retention", factor=0.0, ages=[0, 120], **{"from": "2021-01-01"})
    left = course(quiet(stay, demography=MOVING), unit("hamlet", 9)).of("left")
    assert len(left) > 5
    assert left.day.max() < 12 * MONTH


def test_retention_of_other_ages() -> None:
    young = lever("retention", factor=0.0, ages=[18, 39])
    found = [course(quiet(x, demography=MOVING), unit("hamlet", 9)).log
             for x in (young, lever("retention", factor=1.0))]  # fmt: skip
    assert found[0].equals(found[1])


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
def test_return_incentive(factor: float) -> None:
    """A higher rate brings everybody's first return forward."""
    demography = {"returning": 0.7}
    hamlet = unit("hamlet", 9, officials_away=9)
    base = course(quiet(demography=demography), hamlet).of("returned").set_index("person").day
    scenario = quiet(lever("return_incentive", factor=factor, ages=[0, 120]), demography=demography)
    days = course(scenario, hamlet).of("returned").set_index("person").day
    if factor == 0:
        assert days.empty
        return
    both = base.index.intersection(days.index)
    assert len(both) > 3
    assert (days[both] < base[both]).all() if factor > 1 else (days[both] > base[both]).all()


@pytest.mark.parametrize("kind", ["expelled", "struck_off", "asked_to_leave"])
def test_screening_by_kind(kind: str) -> None:
    removal = {"expelled": 0.5, "struck_off": 0.5, "asked_to_leave": 0.5}
    scenario = quiet(lever("screening", **{kind: 0.0}), demography={"removal": removal})
    found = course(scenario, unit("hamlet", 30))
    assert found.of(kind).empty
    assert len(found.of(*removal)) > 20


@pytest.mark.parametrize(("world", "kind"), [("mortality", "dead"), ("leaving", "left")])
def test_assumption(world: str, kind: str) -> None:
    demography = {"mortality": {"constant": 0.3}, "leaving": {"constant": 0.3}}
    scenario = quiet(lever("assumption", **{world: 0.0}), demography=demography)
    found = course(scenario, unit("hamlet", 30))
    assert found.of(kind).empty
    assert len(found.of("dead", "left")) > 10


def test_assumption_without_shocks() -> None:
    def left(shock: float, *levers: dict[str, Any]) -> Any:
        demography = {"leaving": {"constant": 0.5}, "shock": {"district": shock}}
        return course(quiet(*levers, demography=demography), unit("hamlet", 20)).log

    assert left(0.5, lever("assumption", shock=0.0)).equals(left(0.0))
    assert not left(0.5).equals(left(0.0))


# ---------------------------------------------------------------- offices of levers


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_members_stood_for_election(share: float) -> None:
    stood = lever("chief_coverage", member_elected=share)
    found = course(quiet(stood, years=1), unit("hamlet", 5, chief="vacant"))
    assert found.months("chief_named") == [0]
    assert found.panel("chief_is_member")[1].tolist() == [share]


def test_unified_post() -> None:
    one = lever("chief_coverage", unified_post=True, member_elected=0.0)
    found = course(quiet(one, years=1), unit("hamlet", 5, chief="vacant"))
    assert found.panel("chief_is_member")[1].tolist() == [1]


@pytest.mark.parametrize(("trained", "state"), [(0.0, 1), (1.0, 2)])
def test_succession(trained: float, state: int) -> None:
    """A cell founded at the review of month 2 names its secretary in month 3."""
    founded = unit("hamlet", 5, cell="none")
    found = course(quiet(lever("succession", trained=trained), years=1), founded)
    assert found.months("secretary_named") == [3]
    assert found.panel("secretary")[1].tolist() == [state]


# ---------------------------------------------------------------- structure


@pytest.mark.parametrize(("share", "moved"), [(0.4, 3), (0.5, 4), (0.07, 0), (1.0, 7)])
@pytest.mark.parametrize("event", ["split", "resettle"])
def test_round_number_of_people_moves(event: str, share: float, moved: int) -> None:
    """Seven people: round(share x 7), half up."""
    lever_ = lever("structural", event=event, unit="old", into="new", share=share,
                   **{"from": "2020-02-01"})  # fmt: skip
    new = unit("new", 0, residents=0) if event == "split" else unit("new", 5)
    found = course(quiet(lever_, years=1), unit("old", 7), new)
    assert found.months("relocated") == [1] * moved
    assert len(found.of("became")) == (event == "split")
    assert found.panel("roll")[1].tolist() == [7 - moved, moved + 5 * (event == "resettle")]


def test_merge_moves_all_and_closes() -> None:
    lever_ = lever("structural", event="merge", unit="a", into="b", **{"from": "2020-02-01"})
    found = course(quiet(lever_, years=1), unit("a", 4), unit("b", 5))
    assert found.months("absorbed") == [1]
    assert found.panel("roll")[1].tolist() == [0, 9]
    assert found.panel("cell")[1].tolist() == [3, 0]


def test_no_merger_makes_a_lost_cell_look_saved() -> None:
    """The successor inherits that its predecessor's cell was lost: it is re-emptied."""
    lever_ = lever("structural", event="merge", unit="lost", into="weak", **{"from": "2020-02-01"})
    units = unit("lost", 0, cell="none", ever_lost=True, residents=100), unit("weak", 2)
    found = course(quiet(lever_, years=1), *units)
    assert (found.months("re_emptied"), found.months("lost")) == ([2], [])


@pytest.mark.parametrize(("below", "absorbed"), [(100, []), (101, [12]), (400, [12])])
def test_merger_of_small_hamlets(below: float, absorbed: list[float]) -> None:
    lever_ = lever("merger", residents_below=below, **{"from": "2021-01-01"})
    units = unit("small", 3, residents=100, neighbour="near"), unit("near", 3), unit("far", 9)
    found = course(quiet(lever_, years=2), *units)
    assert found.months("absorbed") == absorbed
    assert found.panel("roll")[2].tolist() == ([0, 6, 9] if absorbed else [3, 3, 9])


# ---------------------------------------------------------------- postings


def test_agency_sends_its_officials() -> None:
    lever = {"lever": "reinforcement", "number": 2, "senders": ["agency"]}
    agency = unit("agency", 8, kind="agency", residents=None, staff=10)
    found = course(quiet(lever), unit("weak", 1), agency)
    sent = found.of("sent")
    assert list(sent.day) == [2 * MONTH] * 2
    assert set(sent.hamlet) == {"agency"}
    assert found.of("lost").empty


def test_death_frees_the_place_in_the_pool() -> None:
    lever = {"lever": "reinforcement", "number": 1, "pool": "army", "term_months": 600,
             "without_cell": True}  # fmt: skip
    scenario = quiet(
        lever,
        years=10,
        demography={"mortality": {"constant": 2.0}},
        postings={"pools": {"army": {"level": "district", "size": 1}}},
    )
    found = course(scenario, unit("weak", 0))
    posted, dead = found.of("posted"), found.of("dead")
    assert len(posted) > 3
    assert all(posted.day.to_numpy()[1:] > dead.day.to_numpy()[: len(posted) - 1])
    assert set(found.panel("posted").ravel()) <= {0, 1}
    assert all(months <= 12 for months in found.outcome.posting_months)


# ---------------------------------------------------------------- staff


def test_share_of_members_among_staff_is_kept() -> None:
    """20 schools of 20, half of them members, turnover .5, replaced by members half the time.

    After ten years the number of members is near binomial(400, .5): below 150 by chance with
    probability 3e-7; without turnover of the others the mean is about 400 exp(-.25 x 10) / 2 = 16.
    """
    scenario = quiet(
        years=10,
        demography={"staff_turnover": 0.5, "retirement_age": 80},
        staff={"member_share": 0.5, "ages": (22, 23)},
    )
    found = course(scenario, *(school(f"s{i}", 10, 20) for i in range(20)))
    assert found.panel("strength")[10].sum() >= 150


def test_who_drops_off_the_list_stays_on_the_staff() -> None:
    source = {"listing": {"per_hamlet": 0}, "help": "off", "withdrawal": 5.0}
    scenario = quiet(source=source, staff={"member_share": 1.0}, training={"seats": 0})
    found = course(scenario, school("school", 4, 8, listed=people(3)))
    assert len(found.of("lapsed")) == 3
    assert found.of("moved_in").empty


def test_staff_returns_as_staff() -> None:
    demography = {"leaving": {"constant": 20.0}, "returning": 20.0}
    found = course(quiet(demography=demography), school("school", 4, 8, officials_away=1))
    assert len(found.of("returned")) == 1
    assert found.of("left").empty


# ---------------------------------------------------------------- structural events


def test_split_of_a_cell_of_three_takes_nobody_off_the_roll() -> None:
    lever = {"lever": "structural", "event": "split", "unit": "old", "into": "new", "share": 0.5,
             "from": "2020-02-01"}  # fmt: skip
    found = course(quiet(lever, years=1), unit("old", 3), unit("new", 0, residents=0))
    assert len(found.of("relocated")) == 2
    assert found.of("below", "restored").empty


def test_merger_of_two_hamlets_of_one_joint_cell_takes_nobody_off_the_roll() -> None:
    lever = {"lever": "structural", "event": "merge", "unit": "a", "into": "b",
             "from": "2020-02-01"}  # fmt: skip
    joint = {"cell": "with:host"}
    units = unit("a", 2, **joint), unit("b", 1, **joint), unit("host", 0)
    found = course(quiet(lever, years=1), *units)
    assert len(found.of("relocated")) == 2
    assert found.of("below", "restored").empty


def test_member_sent_by_a_cell_that_merged_returns_to_its_successor() -> None:
    sending = {"lever": "reinforcement", "number": 1, "senders": ["sender"], "term_months": 12}
    merging = {"lever": "structural", "event": "merge", "unit": "sender", "into": "successor",
               "from": "2020-06-01"}  # fmt: skip
    units = unit("weak", 2), unit("sender", 5), unit("successor", 5)
    found = course(quiet(sending, merging, postings={"renewal": 0.0}), *units)
    assert list(found.of("posting_ended").day) == [14 * MONTH]
    assert found.panel("roll")[5].sum() == 12


def test_joint_cell_goes_on_whole_when_its_host_merges_into_a_member_of_it() -> None:
    lever = {"lever": "structural", "event": "merge", "unit": "host", "into": "heir",
             "from": "2020-02-01"}  # fmt: skip
    joint = {"cell": "with:host"}
    units = unit("host", 1), unit("heir", 1, **joint), unit("third", 1, **joint)
    found = course(quiet(lever, years=1), *units)
    assert len(found.of("absorbed")) == 1
    assert found.of("below", "restored").empty


# ---------------------------------------------------------------- offices


def test_no_election_before_the_first() -> None:
    offices = {"chief_turnover": 1.0, "first_election": dt.date(2023, 5, 1)}
    found = course(quiet(offices=offices), unit("hamlet", 5))
    assert list(found.of("chief_named").day) == [40 * MONTH]


def test_chief_who_is_exempted_leaves_office_and_is_not_listed() -> None:
    lever = {"lever": "chief_coverage", "list_chief": True}
    found = course(quiet(lever, demography={"exemption": 50.0}), unit("hamlet", 4, chief="member"))
    assert len(found.of("exempted")) >= 4
    vacated, listed = found.of("chief_named"), found.of("listed")
    assert list(vacated.cause)[:1] == ["vacancy"]
    assert listed.day.min() >= vacated.day.min()


# ---------------------------------------------------------------- the first day


def test_dossiers_switched_off_do_not_lapse() -> None:
    scenario = quiet(
        dossier={"on": False, "failure": {"normal": 1.0}},
        admission={"targets": {"level": "district", "per_year": 0}},
    )
    found = course(scenario, unit("hamlet", 5, ready=people(1, 30.0)))
    assert found.of("dossier_lapsed", "dossier_ready", "refused").empty


def test_certificates_of_the_first_day_expire() -> None:
    scenario = quiet(
        rules={"certificate_months": 12},
        admission={"targets": {"level": "district", "per_year": 0}},
    )
    found = course(scenario, unit("hamlet", 5, ready=people(2, 30.0)))
    first = found.of("certificate_expired").groupby("person").day.min()
    assert len(first) == 2
    assert first.max() <= 12 * MONTH


def test_joint_hamlet_gets_the_helpers_of_hamlets_without_an_own_cell() -> None:
    """Sixty listings are expected: none is a chance of exp(-60)."""
    help_ = {"full_help": 6, "outside_helpers": 0, "outside_helpers_without_cell": 6,
             "candidates_per_helper": 100}  # fmt: skip
    scenario = quiet(years=5, source={"listing": {"per_hamlet": 12}, "help": help_})
    found = course(scenario, unit("joint", 0, cell="with:host"), unit("host", 20))
    assert (found.of("listed").hamlet == "joint").any()
