"""The model against exact answers (model.md section 12), as scenarios without special code.

The quick tests show that the oracles are what they were when they were verified. The `verify` ones
compare the compiled engine with them: fixed seed, false alarm at most 1e-4 a test. Which wrong
variants each one separates, with power .99 at least, is shown in `test_broken_variants`.

What cannot be expressed exactly as the oracle has it, and what is compared instead: recruits
without probation (moving in is immigration as it is; for listing, probation is part of the answer),
births at every instant (linear help is looked at monthly and takes effect a month later: so has the
answer), probation of random length (nothing), a mean age (birth dates are not in the log: officials
under and over 60). The published examples of other models map to nothing here.
"""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, poisson

from sim.scenario import Loaded
from tests.oracles import batch_queue, bdi, cases, evidence, lifetable, pipeline, pure_death, quota
from tests.oracles.cases import simulate

verify = pytest.mark.verify

# ---------------------------------------------------------------- the answers themselves


def test_birth_death_immigration_has_its_verified_values() -> None:
    lost = bdi.loss_cdf(5, (1, 2.5, 5, 10, 20), nu=0.15, mu=0.08)
    assert lost == pytest.approx([0.00365, 0.0358, 0.1465, 0.4051, 0.7399], abs=5e-5)
    assert bdi.mean_time_to_loss(5, 0.15, 0.08) == pytest.approx(15.503, abs=5e-4)
    assert bdi.mean_time_to_loss_series(5, 0.15, 0.08) == pytest.approx(15.503, abs=5e-4)


def test_strength_without_absorption_is_a_law_of_its_own() -> None:
    for lam in (0.0, 0.05):
        law = bdi.law_at(5, 4.0, nu=0.15, mu=0.08, lam=lam)
        growth = np.exp((lam - 0.08) * 4)
        mean = 5 * growth + 0.15 * (growth - 1) / (lam - 0.08)
        assert law.sum() == pytest.approx(1)
        assert law @ np.arange(len(law)) == pytest.approx(mean)


def test_delayed_immigration_without_delay_is_plain() -> None:
    times = (0.5, 2, 7)
    plain = bdi.loss_cdf(5, times, nu=0.3, mu=0.1)
    assert bdi.loss_cdf_delayed(5, times, 0.3, 0.1, delay=0.0) == pytest.approx(plain, abs=1e-9)
    assert bdi.loss_cdf_delayed(5, times, 0.3, 0.1, delay=1.0)[0] == pytest.approx(
        bdi.loss_cdf(5, [0.5], nu=0.0, mu=0.1)[0]
    )


def test_births_decided_monthly_tend_to_births_at_every_instant() -> None:
    exact = bdi.loss_cdf(5, [2.0], nu=0.05, mu=0.1, lam=0.3)[0]
    errors = [
        bdi.loss_cdf_in_steps(5, 2 * n, 1 / n, nu=0.05, mu=0.1, lam=0.3)[-1] - exact
        for n in (12, 24, 48)
    ]
    assert errors[0] > errors[1] > errors[2] > 0
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.1)  # of first order in the step


def test_without_births_the_steps_make_no_difference() -> None:
    lost = bdi.loss_cdf_in_steps(5, 24, 1 / 12, nu=0.05, mu=0.1, lam=0.0)
    assert lost[11::12] == pytest.approx(bdi.loss_cdf(5, (1, 2), nu=0.05, mu=0.1), abs=1e-9)


def test_pure_death_has_its_verified_values() -> None:
    ages, breaks, rates = cases.EXAMPLE_AGES, cases.BREAKS, cases.ALL_RISKS
    lost = [pure_death.loss_prob(ages, t, breaks, rates) for t in (1, 3, 5, 10)]
    assert lost == pytest.approx([2.9e-5, 0.00198, 0.0139, 0.1485], rel=6e-3)
    assert pure_death.mean_time_to_loss(ages, breaks, rates) == pytest.approx(15.94, abs=5e-3)


def test_life_table_has_its_verified_values() -> None:
    table = lifetable.published_style_table()
    assert table["l"] == pytest.approx(lifetable.LX_PUBLISHED, abs=1)
    assert table["e"][lifetable.AGES.index(60)] == pytest.approx(18.4257, abs=5e-4)
    exact = lifetable.life_expectancy(60, lifetable.AGES, lifetable.RATES)
    assert exact == pytest.approx(18.3637, abs=5e-5)
    # Little's law: the stock per yearly entry is the expected stay.
    stock = lifetable.stationary_age(60, lifetable.AGES, lifetable.RATES)["stock_per_entry"]
    assert stock == pytest.approx(exact, rel=1e-6)


def test_pipeline_tends_to_its_steady_state() -> None:
    probationers, officials = pipeline.steady_state_means(1.5, 0.12, 0.15)
    assert pipeline.expected_probationers(200, 1.5, 0.12) == pytest.approx(probationers)
    assert pipeline.expected_officials(200, 4, 1.5, 0.12, 0.15) == pytest.approx(officials)


def test_class_queue_has_its_verified_values() -> None:
    assert batch_queue.mean_after_class(4, 5) == pytest.approx(1.15624, abs=5e-6)
    assert batch_queue.prob_empty_after_class(4, 5) == pytest.approx(0.61557, abs=1e-5)
    assert batch_queue.mean_wait_to_class(16, 0.25, 5) == pytest.approx(0.19727, abs=5e-6)
    assert batch_queue.prob_attend_within(4, 5) == pytest.approx(0.74593, abs=5e-6)


def test_class_queue_from_rest_tends_to_the_stationary_one() -> None:
    stationary = batch_queue.after_class_pmf(4, 5)
    _, left = batch_queue.classes_from_rest(4, 5, 99, w0=3)
    assert left[-1][:60] == pytest.approx(stationary[:60], abs=1e-4)
    first = batch_queue.first_class_law(4, 5, stationary)
    assert first.sum() == pytest.approx(1)
    assert first @ np.arange(6) / 4 == pytest.approx(batch_queue.prob_attend_within(4, 5))


def test_drop_out_alone_empties_the_line_exponentially() -> None:
    _, left = batch_queue.classes_from_rest(1e-12, 1, 1, w0=21, stay=0.7)
    alive = binom.pmf(np.arange(22), 21, 0.7)
    assert left[0][:21] == pytest.approx(np.append(alive[:2].sum(), alive[2:]), abs=1e-9)


def test_quota_has_its_verified_value() -> None:
    law = quota.saturated_officials_pmf(5, 1, 0.12, 0.15, n0=3)
    assert law[:3].sum() == pytest.approx(0.04184, abs=5e-6)
    by_year = quota.expected_admitted_by_year(2.5, 3, 8)
    assert sum(by_year) < quota.bounds_cumulative_admissions(2.5, 3, 8)
    crowded = sum(quota.expected_admitted_by_year(30, 3, 8))
    assert crowded == pytest.approx(quota.fluid_admissions(30, 3, 8))


# ---------------------------------------------------------------- the evidence


def test_sums_of_counts_are_exact() -> None:
    one = np.array([0.2, 0.5, 0.3])
    direct = np.array([1.0])
    for _ in range(7):
        direct = np.convolve(direct, one)
    assert evidence.total(one, 7).pmf == pytest.approx(direct, abs=1e-15)
    both = evidence.together(evidence.poissonian(3), evidence.poissonian(4))
    assert both.pmf[:30] == pytest.approx(poisson.pmf(np.arange(30), 7), abs=1e-14)


def test_a_verdict_fails_as_seldom_as_it_says_and_can_fail() -> None:
    law = evidence.binomial(1000, 0.3)
    low, high = law.limits(evidence.FALSE_ALARM)
    outside = law.pmf[: int(low)].sum() + law.pmf[int(high) + 1 :].sum()
    assert outside <= evidence.FALSE_ALARM
    for found, holds in ((low, True), (high, True), (low - 1, False), (high + 1, False)):
        verdict = evidence.Verdict([evidence.Comparison("number", found, law)])
        assert verdict.holds is holds
        assert not verdict.separates
    far = evidence.Verdict([evidence.Comparison("number", high + 200, law)])
    assert far.separates


def test_where_there_is_no_chance_one_too_few_fails_but_shows_little_power() -> None:
    for found, holds, separates in ((100, True, False), (99, False, False), (70, False, True)):
        chanceless = evidence.Comparison("number", found, evidence.always(100))
        verdict = evidence.Verdict([chanceless])
        assert (verdict.holds, verdict.separates) == (holds, separates)


# ---------------------------------------------------------------- first passage


@verify
def test_birth_death_immigration() -> None:
    """Separates: strength looked at only at year ends, P(N(t) < 3) taken for first passage."""
    outcomes = simulate(cases.immigration(), cases.BDI_REPLICATIONS)
    lost = cases.by_time(cases.first_below(outcomes), cases.BDI_TIMES)
    verdict = cases.check_immigration(lost)
    assert verdict.holds, verdict


@verify
def test_causes_of_departures() -> None:
    """Separates: one of the risks of a clock named without regard to its rate."""
    verdict = cases.check_causes(simulate(cases.immigration(), 2))
    assert verdict.holds, verdict


@verify
def test_constant_listing_with_probation() -> None:
    """Separates: the first year's recruits counted without probation.

    The stages are off, but recognition still falls twelve months after admission: immigration
    begins at t = 1, exactly (`bdi.loss_cdf_delayed`), not at 0 as in `bdi.loss_cdf`.
    """
    outcomes = simulate(cases.constant_listing(), cases.BDI_REPLICATIONS)
    verdict = cases.check_constant_listing(
        cases.by_time(cases.first_below(outcomes), cases.BDI_TIMES)
    )
    assert verdict.holds, verdict


@verify
def test_linear_help() -> None:
    """Separates: help frozen at the officials of the start.

    Births are decided at month starts and take effect a month later; the answer
    (`bdi.loss_cdf_in_steps`) has both exactly, so the tolerance is that of chance alone. It differs
    from the plain `loss_cdf` by less than .001 here.
    """
    outcomes = simulate(cases.linear_help(), cases.BDI_REPLICATIONS)
    verdict = cases.check_linear_help(
        cases.by_time(cases.first_below(outcomes), cases.LINEAR_TIMES)
    )
    assert verdict.holds, verdict


# ---------------------------------------------------------------- exact ages


@verify
@pytest.mark.parametrize(
    ("ages", "times"),
    [(cases.EXAMPLE_AGES, cases.EXAMPLE_TIMES), (cases.OLD_AGES, cases.OLD_TIMES)],
)
def test_pure_death(ages: tuple[float, ...], times: tuple[float, ...]) -> None:
    """The second set separates: ages rounded to whole years, down or up."""
    outcomes = simulate(cases.pure_death_of(ages, int(max(times))), cases.DEATH_REPLICATIONS)
    lost = cases.by_time(cases.first_below(outcomes), times)
    verdict = cases.check_pure_death(lost, ages, times)
    assert verdict.holds, verdict


@verify
def test_departures_by_exact_age() -> None:
    """Separates: a yearly Bernoulli with p = rate (however it is spread over the year)."""
    (outcome,) = simulate(cases.crowd())
    verdict = cases.check_crowd(outcome)
    assert verdict.holds, verdict


@verify
def test_life_table() -> None:
    """Separates: ages in completed years taken for half a year more. The mean is compared by a
    normal law; the printed 18.4257 assumes other deaths within an age group."""
    (outcome,) = simulate(cases.life_table())
    verdict = cases.check_life_table(outcome)
    assert verdict.holds, verdict


@verify
def test_stationary_age_distribution() -> None:
    """Separates: people who move in a year younger than they are."""
    (outcome,) = simulate(cases.stationary())
    verdict = cases.check_stationary(outcome)
    assert verdict.holds, verdict


@verify
def test_absences_make_no_difference_to_death() -> None:
    """Separates: the death budget redrawn on return."""
    (outcome,) = simulate(cases.migration())
    verdict = cases.check_migration(outcome)
    assert verdict.holds, verdict


# ---------------------------------------------------------------- pipeline, classes, quota


@verify
def test_pipeline() -> None:
    """Separates: a probation 2 % short."""
    loaded = cases.pipeline_flow()
    (outcome,) = simulate(loaded)
    verdict = cases.check_pipeline(loaded, outcome)
    assert verdict.holds, verdict


@verify
def test_promotion_is_nothing_to_the_clocks() -> None:
    """Separates: the age clock, or the spent budget, restarted at promotion."""
    (outcome,) = simulate(cases.promotion())
    verdict = cases.check_promotion(outcome)
    assert verdict.holds, verdict


@verify
def test_class_queue() -> None:
    """Separates: a seat too few or too many, the first class a period early."""
    verdict = cases.check_class_queue(simulate(cases.class_queue(), cases.QUEUE_REPLICATIONS))
    assert verdict.holds, verdict


@verify
def test_order_of_the_class_queue() -> None:
    """Separates: the youngest first, where the first come should be."""
    verdict = cases.check_queue_order(simulate(cases.queue_order(), cases.ORDER_REPLICATIONS))
    assert verdict.holds, verdict


@verify
def test_class_queue_with_drop_out() -> None:
    """Separates: drop-out forgotten while waiting."""
    verdict = cases.check_drop_out(simulate(cases.queue_with_drop_out(), cases.QUEUE_REPLICATIONS))
    assert verdict.holds, verdict


@verify
def test_saturated_quota() -> None:
    """Separates: one over the allowance, the meeting at the start not held, a recognition on the
    last day not counted."""
    outcomes = simulate(cases.saturated(), cases.QUOTA_REPLICATIONS)
    verdict = cases.check_saturated(cases.strength_at_end(outcomes), cases.admissions(outcomes))
    assert verdict.holds, verdict


@verify
def test_candidates_wait_for_the_places_of_the_year() -> None:
    """Separates: one over the allowance."""
    verdict = cases.check_capped(simulate(cases.capped()))
    assert verdict.holds, verdict


# ---------------------------------------------------------------- ties, help, postings


@verify
@pytest.mark.parametrize(
    ("tied", "kind"),
    [
        (cases.tied_candidates, cases.events.ADMITTED),
        (cases.tied_cells, cases.events.POSTED),
    ],
)
def test_equals_are_served_by_lottery(tied: Callable[[], Loaded], kind: int) -> None:
    """Separates: ties decided by row, at the committee and at reinforcement."""
    verdict = cases.check_ties(simulate(tied(), cases.TIED_REPLICATIONS), kind)
    assert verdict.holds, verdict


@verify
def test_help_is_given_by_members_who_are_there() -> None:
    """Separates: help counted with members away."""
    (outcome,) = simulate(cases.helpers_away())
    verdict = cases.check_helpers_away(outcome)
    assert verdict.holds, verdict


@verify
def test_posted_members_count_until_their_term_ends() -> None:
    """Separates: posted members counted past their term, for good or for a month."""
    lost = cases.by_time(cases.first_below(simulate(cases.postings())), cases.POSTED_TIMES)
    verdict = cases.check_postings(lost)
    assert verdict.holds, verdict
