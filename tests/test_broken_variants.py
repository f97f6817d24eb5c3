"""The tests against exact answers can fail: each wrong variant is run and found out.

A variant is made where a wrong implementer would make it: in the reference engine (plain Python,
patched for one test), in the scenario where that is the same, or in how the log is read. Right and
wrong go through the same check at the same size. `separates` asks for more than a failure: the
wrong run is so far out that any seed would fail with probability .99 at least (`evidence`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sim import log as events
from sim import rules
from sim.draws import BLOCK, exponential
from sim.engine import reference
from sim.engine.reference import clocks, counting, life, meetings, stages
from sim.engine.reference.state import Hamlet, Person, Unit
from sim.log import Outcome
from tests.oracles import cases
from tests.oracles.cases import first_below, simulate
from tests.oracles.evidence import Verdict

pytestmark = pytest.mark.verify
Patch = pytest.MonkeyPatch


def found_out(right: Verdict, wrong: Verdict) -> None:
    """The right model passes the check that the wrong one fails by a wide margin."""
    assert right.holds, right
    assert wrong.separates, wrong


class Rules:
    """The rules as one module of the reference engine sees them, some of them wrong.

    The module `sim.rules` itself is left alone: compiled code must never be made from a wrong rule.
    """

    def __init__(self, **wrong: Any) -> None:
        self.__dict__.update(wrong)

    def __getattr__(self, name: str) -> Any:
        return getattr(rules, name)


def by_reference(loaded: Any, replications: int = 1) -> list[Outcome]:
    """What the (patched) reference engine makes of a scenario."""
    return simulate(loaded, replications, reference.run)


# ---------------------------------------------------------------- when a cell is lost


def year_end_look(outcomes: Sequence[Outcome]) -> Any:
    """Years to the first anniversary at which a hamlet is under three."""
    strength = events.PANEL_FIELDS.index("strength")
    found = []
    for outcome in outcomes:
        under = outcome.panel[:, :, strength] < 3
        found.append(np.where(under.any(axis=0), under.argmax(axis=0), np.inf))
    return np.concatenate(found)


@pytest.fixture(scope="module")
def immigration() -> list[Outcome]:
    """The right runs, which two wrong readers misread."""
    return simulate(cases.immigration(), cases.BDI_REPLICATIONS)


def right_losses(outcomes: Sequence[Outcome]) -> Verdict:
    return cases.check_immigration(cases.by_time(first_below(outcomes), cases.BDI_TIMES))


def test_cells_looked_at_only_at_year_ends(immigration: list[Outcome]) -> None:
    seen = cases.by_time(year_end_look(immigration), cases.BDI_TIMES)
    found_out(right_losses(immigration), cases.check_immigration(seen))


def test_strength_under_three_taken_for_first_passage(immigration: list[Outcome]) -> None:
    strength = cases.officials_at(immigration, 5, cases.BDI_TIMES)
    under = [int(n) for n in (strength < 3).sum(axis=1)]
    found_out(right_losses(immigration), cases.check_immigration(under))


def test_causes_named_without_regard_to_their_rates() -> None:
    """Removal and leaving share a clock: named alike often, as if their rates were equal."""
    alike = cases.immigration().with_values(
        {"demography.removal.expelled": {"constant": 0.025}, "demography.leaving.constant": 0.025}
    )
    right, wrong = (cases.check_causes(simulate(of, 2)) for of in (cases.immigration(), alike))
    found_out(right, wrong)


def test_recruits_counted_without_probation() -> None:
    """As if recognition fell on the day of listing: they move in instead."""
    right, wrong = (
        cases.by_time(first_below(simulate(loaded, cases.BDI_REPLICATIONS)), cases.BDI_TIMES)
        for loaded in (cases.constant_listing(), without_probation())
    )
    found_out(cases.check_constant_listing(right), cases.check_constant_listing(wrong))


def without_probation() -> Any:
    moving_in = {"retired": 0.25, "no_cell_factor": 1.0}
    return cases.constant_listing().with_values(
        {"source.listing": {"per_hamlet": 0.0}, "demography.moving_in": moving_in}
    )


def test_help_frozen_at_the_officials_of_the_start() -> None:
    frozen = cases.linear_help().with_values(
        {"source.help": "off", "source.listing.per_hamlet": 5 * cases.LINEAR["lam"]}
    )
    right, wrong = (
        cases.by_time(first_below(simulate(loaded, cases.BDI_REPLICATIONS)), cases.LINEAR_TIMES)
        for loaded in (cases.linear_help(), frozen)
    )
    found_out(cases.check_linear_help(right), cases.check_linear_help(wrong))


# ---------------------------------------------------------------- ages and clocks


@pytest.mark.parametrize("rounded", [np.floor, np.ceil])
def test_ages_rounded_to_whole_years(rounded: Any) -> None:
    ages, times = cases.OLD_AGES, cases.OLD_TIMES
    whole = tuple(float(rounded(a)) for a in ages)
    right, wrong = (
        cases.by_time(
            first_below(simulate(cases.pure_death_of(of, 5), cases.DEATH_REPLICATIONS)), times
        )
        for of in (ages, whole)
    )
    found_out(
        cases.check_pure_death(right, ages, times), cases.check_pure_death(wrong, ages, times)
    )


def yearly_bernoulli(
    budget: float, since: float, birth: float, horizon: float, starts: Any, *rates: Any
) -> float:
    """Each year of age the event happens with p = rate, at an instant spread over the year.

    Ages are exact; only the chance of staying a year is 1 - rate in place of exp(-rate).
    """
    steady, steady_scale, moving, moving_scale, shock = rates
    chance = steady * steady_scale + moving * moving_scale * shock
    rate = -np.log1p(-chance)
    nothing = np.zeros_like(moving)
    day = rules.fire_day(
        budget, since, birth, horizon, starts, rate, 1.0, nothing, 0.0, shock
    )  # fmt: skip
    return float(day)


def test_yearly_bernoulli_by_exact_age(monkeypatch: Patch) -> None:
    right = cases.check_crowd(simulate(cases.crowd())[0])
    monkeypatch.setattr(clocks, "rules", Rules(fire_day=yearly_bernoulli))
    found_out(right, cases.check_crowd(by_reference(cases.crowd())[0]))


def test_completed_years_taken_for_half_a_year_more() -> None:
    right, wrong = (
        cases.check_life_table(simulate(cases.life_table(age))[0]) for age in (60, 60.5)
    )
    found_out(right, wrong)


def test_members_who_move_in_a_year_too_young() -> None:
    younger = cases.stationary().with_values({"demography.moving_in.retired_ages": (39, 39)})
    right, wrong = (simulate(loaded)[0] for loaded in (cases.stationary(), younger))
    found_out(cases.check_stationary(right), cases.check_stationary(wrong))


def test_age_clock_restarted_at_promotion(monkeypatch: Patch) -> None:
    """The year of age begins anew with the recognition."""
    right = cases.check_promotion(simulate(cases.promotion())[0])
    recognise = stages.recognise

    def restarted(unit: Unit, person: Person, day: float, phase: int) -> None:
        person.birth = day - rules.birthdays(day, person.birth) * rules.YEAR
        recognise(unit, person, day, phase)

    monkeypatch.setattr(stages, "recognise", restarted)
    found_out(right, cases.check_promotion(by_reference(cases.promotion())[0]))


def test_spent_budget_forgotten_at_promotion(monkeypatch: Patch) -> None:
    """What the clock has used on probation is given back."""
    right = cases.check_promotion(simulate(cases.promotion())[0])
    change_status = stages.change_status

    def forgotten(unit: Unit, person: Person, day: float, status: int) -> None:
        person.since = day
        change_status(unit, person, day, status)

    monkeypatch.setattr(stages, "change_status", forgotten)
    found_out(right, cases.check_promotion(by_reference(cases.promotion())[0]))


def test_death_budget_redrawn_on_return(monkeypatch: Patch) -> None:
    """The keyed draw is used once more: the whole budget from the day of return."""
    right = cases.check_migration(simulate(cases.migration())[0])
    returns = life.returns

    def redrawn(unit: Unit, person: Person, day: float) -> None:
        u = unit.draw(person, rules.BEGINNING, rules.DEATH_BUDGET)
        person.entry_day = day
        person.death = clocks.death_day(unit, person, u)
        returns(unit, person, day)

    monkeypatch.setattr(life, "returns", redrawn)
    found_out(right, cases.check_migration(by_reference(cases.migration())[0]))


def test_death_budget_drawn_anew_on_return(monkeypatch: Patch) -> None:
    """A fresh draw has the right law; only the same lives under another policy show it."""
    incentive = [{"lever": "return_incentive", "factor": 1.5}]
    base, other = (cases.migration({"as-is": levers}) for levers in ([], incentive))
    right = cases.check_same_deaths(simulate(base)[0], simulate(other)[0])
    returns = life.returns

    def anew(unit: Unit, person: Person, day: float) -> None:
        budget = exponential(unit.draw(person, rules.BEGINNING, BLOCK * person.fired))
        person.death = day + budget / 0.1 * rules.YEAR
        returns(unit, person, day)

    monkeypatch.setattr(life, "returns", anew)
    wrong = [by_reference(loaded)[0] for loaded in (base, other)]
    assert cases.check_migration(wrong[0]).holds  # nothing to see in one run
    found_out(right, cases.check_same_deaths(*wrong))


# ---------------------------------------------------------------- from resident to official


def test_probation_two_per_cent_short(monkeypatch: Patch) -> None:
    loaded = cases.pipeline_flow()
    right = cases.check_pipeline(loaded, simulate(loaded)[0])
    admit = stages.admit

    def shortened(unit: Unit, person: Person, day: float, phase: int, month: int) -> None:
        admit(unit, person, day, phase, month)
        person.stage_due = day + 0.98 * (person.stage_due - day)

    monkeypatch.setattr(stages, "admit", shortened)
    found_out(right, cases.check_pipeline(loaded, by_reference(loaded)[0]))


@pytest.fixture(scope="module")
def class_queue() -> Verdict:
    return cases.check_class_queue(simulate(cases.class_queue(), cases.QUEUE_REPLICATIONS))


@pytest.mark.parametrize(
    "variant",
    [{"seats": 4}, {"seats": 6}, {"first_at_start": True}],
    ids=["a seat too few", "a seat too many", "first class a period early"],
)
def test_wrong_class_queues(class_queue: Verdict, variant: dict[str, Any]) -> None:
    outcomes = simulate(cases.class_queue(**variant), cases.QUEUE_REPLICATIONS)
    found_out(class_queue, cases.check_class_queue(outcomes))


def test_youngest_first_in_place_of_first_come() -> None:
    right, wrong = (
        cases.check_queue_order(simulate(loaded, cases.ORDER_REPLICATIONS))
        for loaded in (cases.queue_order(), cases.queue_order("youngest_first"))
    )
    found_out(right, wrong)


def test_drop_out_forgotten_in_the_queue() -> None:
    right, wrong = (
        cases.check_drop_out(simulate(loaded, cases.QUEUE_REPLICATIONS))
        for loaded in (cases.queue_with_drop_out(), cases.queue_with_drop_out(withdrawal=0.0))
    )
    found_out(right, wrong)


# ---------------------------------------------------------------- allowances


def one_over(unit: Unit, hamlet: Hamlet, month: int) -> bool:
    """`_has_room`, with <= where < belongs."""
    plan = unit.plan
    return all(
        t < 0 or not plan.capped[t] or unit.admitted[t] <= plan.allowed[t, month]
        for t in plan.target_of[hamlet.index]
    )


def check_quota(outcomes: Sequence[Outcome]) -> Verdict:
    return cases.check_saturated(cases.strength_at_end(outcomes), cases.admissions(outcomes))


def test_one_over_the_allowance_of_a_saturated_source(monkeypatch: Patch) -> None:
    right = check_quota(simulate(cases.saturated()))
    monkeypatch.setattr(meetings, "_has_room", one_over)
    found_out(right, check_quota(by_reference(cases.saturated())))


def test_one_over_the_allowance_of_a_waiting_line(monkeypatch: Patch) -> None:
    right = cases.check_capped(simulate(cases.capped()))
    monkeypatch.setattr(meetings, "_has_room", one_over)
    found_out(right, cases.check_capped(by_reference(cases.capped())))


def test_meeting_at_the_start_not_held() -> None:
    late = [{"lever": "admission", "until": "2020-02-01", "per_year": {"to": 0}}]
    right, wrong = (
        check_quota(simulate(cases.saturated(policy=levers), cases.QUOTA_REPLICATIONS))
        for levers in ([], late)
    )
    found_out(right, wrong)


def test_recognition_on_the_last_day_not_counted() -> None:
    outcomes = simulate(cases.saturated(), cases.QUOTA_REPLICATIONS)
    strength = cases.strength_at_end(outcomes)
    last = []
    for outcome in outcomes:
        recognised = cases.of_kind(outcome, events.RECOGNISED)
        today = recognised["hamlet"][recognised["day"] >= 5 * cases.YEAR - cases.AN_INSTANT]
        last.append(np.bincount(today, minlength=cases.QUOTA_AREAS))
    admitted = cases.admissions(outcomes)
    found_out(
        cases.check_saturated(strength, admitted),
        cases.check_saturated(strength - np.concatenate(last), admitted),
    )


# ---------------------------------------------------------------- order among equals


def test_candidates_served_by_row(monkeypatch: Patch) -> None:
    loaded, kind = cases.tied_candidates(), events.ADMITTED
    right = cases.check_ties(simulate(loaded, cases.TIED_REPLICATIONS), kind)
    draw = Unit.draw

    def by_row(unit: Unit, person: Person, decision: int, occurrence: int = 0) -> float:
        lottery = decision == rules.COMMITTEE_LOTTERY
        return person.hamlet.index if lottery else draw(unit, person, decision, occurrence)

    monkeypatch.setattr(Unit, "draw", by_row)
    found_out(right, cases.check_ties(by_reference(loaded, cases.TIED_REPLICATIONS), kind))


def test_cells_served_by_row(monkeypatch: Patch) -> None:
    loaded, kind = cases.tied_cells(), events.POSTED
    right = cases.check_ties(simulate(loaded, cases.TIED_REPLICATIONS), kind)
    draw_for = Unit.draw_for

    def by_row(unit: Unit, hamlet: Hamlet, decision: int, occurrence: int) -> float:
        lottery = decision == rules.REVIEW_LOTTERY
        return hamlet.index if lottery else draw_for(unit, hamlet, decision, occurrence)

    monkeypatch.setattr(Unit, "draw_for", by_row)
    found_out(right, cases.check_ties(by_reference(loaded, cases.TIED_REPLICATIONS), kind))


# ---------------------------------------------------------------- help and postings


def test_help_counted_with_members_away(monkeypatch: Patch) -> None:
    right = cases.check_helpers_away(simulate(cases.helpers_away())[0])

    def with_those_away(status: int, place: int, *rest: float) -> int:
        here = rules.PRESENT if place == rules.AWAY else place
        return rules.helper_points(status, here, *rest)

    monkeypatch.setattr(counting, "rules", Rules(helper_points=with_those_away))
    found_out(right, cases.check_helpers_away(by_reference(cases.helpers_away())[0]))


def check_terms(outcomes: Sequence[Outcome]) -> Verdict:
    return cases.check_postings(cases.by_time(first_below(outcomes), cases.POSTED_TIMES))


def test_posted_members_counted_for_good(monkeypatch: Patch) -> None:
    right = check_terms(simulate(cases.postings()))
    recount = counting.recount

    def kept(unit: Unit, person: Person, day: float, phase: int, kind: int) -> None:
        if kind != events.POSTING_ENDED:
            recount(unit, person, day, phase, kind)

    monkeypatch.setattr(counting, "recount", kept)
    found_out(right, check_terms(by_reference(cases.postings())))


def test_posted_members_counted_a_month_longer() -> None:
    right, wrong = (
        check_terms(simulate(cases.postings(months)))
        for months in (cases.POSTED_MONTHS, cases.POSTED_MONTHS + 1)
    )
    found_out(right, wrong)
