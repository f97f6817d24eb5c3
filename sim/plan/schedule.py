"""What holds for a group of units in each month, with the levers of a policy folded in."""

import numpy as np
import numpy.typing as npt

from sim import levers as lever_types
from sim.levers import Lever
from sim.plan import calendar
from sim.plan.scopes import Groups
from sim.scenario import Scenario

SCHEDULE = np.dtype(
    [
        ("listing", "f8"),
        ("eligible_share", "f8"),
        ("outside_with", "f8"),
        ("outside_without", "f8"),
        ("delay_factor", "f8"),
        ("failure_factor", "f8"),
        ("renewal", "f8"),
        ("replacement", "f8"),
        ("member_elected", "f8"),
        ("successor_trained", "f8"),
        ("enlist_low", "f8"),
        ("enlist_high", "f8"),
        ("maximum_age", "i8"),
        ("gap", "i8"),
        ("reinforce_below", "i8"),
        ("reinforce_number", "i8"),
        ("reinforce_term", "i8"),
        ("reinforce_pool", "i8"),
        ("reinforce_senders", "i8"),
        ("reinforce_without", "?"),
        ("combine", "?"),
        ("separate", "?"),
        ("list_chief", "?"),
        ("unified", "?"),
    ]
)
"""What holds for a group of units in a month. listing: rate per year with factors of levers."""


def monthly_schedule(
    scenario: Scenario,
    groups: Groups,
    pools: tuple[str, ...],
    sender_sets: dict[tuple[str, ...], int],
) -> npt.NDArray[np.void]:
    """The schedule [G, M] of SCHEDULE rows."""
    schedule = np.zeros((groups.number, scenario.years * 12), dtype=SCHEDULE)
    schedule[:] = _base_row(scenario)
    for g in range(groups.number):
        for acting in groups.acting_on(g):
            first = max(0, acting.first)
            rows = schedule[g, first : acting.end]
            if isinstance(acting.lever, lever_types.Enlistment):
                _enlist(acting.lever, rows, first, scenario)
            else:
                _apply(acting.lever, rows, pools, sender_sets)
    return schedule


def _base_row(scenario: Scenario) -> npt.NDArray[np.void]:
    row = np.zeros((), dtype=SCHEDULE)
    listing, help_ = scenario.source.listing, scenario.source.help
    row["listing"] = listing.per_hamlet if listing.per_resident is None else listing.per_resident
    row["eligible_share"] = listing.eligible_share
    if not isinstance(help_, str):
        without = help_.outside_helpers_without_cell
        row["outside_with"] = help_.outside_helpers
        row["outside_without"] = help_.outside_helpers if without is None else without
    row["delay_factor"] = row["failure_factor"] = 1.0
    row["renewal"] = scenario.postings.renewal
    row["replacement"] = scenario.postings.replacement
    row["gap"] = scenario.postings.gap_months
    row["member_elected"] = scenario.offices.member_elected
    row["maximum_age"] = scenario.rules.admission_age[1] * 12
    row["reinforce_pool"] = row["reinforce_senders"] = -1
    return row


def _apply(
    lever: Lever,
    rows: npt.NDArray[np.void],
    pools: tuple[str, ...],
    sender_sets: dict[tuple[str, ...], int],
) -> None:
    """Fold one lever into what holds for a group in the months of its force."""
    match lever:
        case lever_types.Emulation() | lever_types.Attention():
            rows["listing"] *= lever.factor
        case lever_types.Waiver():
            if lever.maximum_age is not None:
                rows["maximum_age"] = lever.maximum_age * 12
            if lever.eligible is not None:
                shares = [lever.eligible.of(share) for share in rows["eligible_share"].tolist()]
                rows["eligible_share"] = np.minimum(1.0, shares)
        case lever_types.OutsideHelp():
            _set_given(rows, outside_with=lever.with_cell, outside_without=lever.without_cell)
        case lever_types.Dossier():
            rows["delay_factor"] *= lever.delay_factor
            rows["failure_factor"] *= lever.failure_factor
        case lever_types.PostingRenewal():
            _set_given(
                rows, renewal=lever.renewal, replacement=lever.replacement, gap=lever.gap_months
            )
        case lever_types.Combining():
            rows["combine"] = True
        case lever_types.Separating():
            rows["separate"] = True
        case lever_types.ChiefCoverage():
            rows["list_chief"] |= lever.list_chief
            rows["unified"] |= lever.unified_post
            _set_given(rows, member_elected=lever.member_elected)
        case lever_types.Succession():
            rows["successor_trained"] = lever.trained
        case lever_types.Reinforcement():
            rows["reinforce_below"] = lever.strength_below
            rows["reinforce_number"] = lever.number
            rows["reinforce_term"] = lever.term_months
            rows["reinforce_without"] = lever.without_cell
            rows["reinforce_pool"] = pools.index(lever.pool) if lever.pool else -1
            rows["reinforce_senders"] = sender_sets.get(lever.senders, -1)


def _enlist(
    lever: lever_types.Enlistment, rows: npt.NDArray[np.void], first: int, scenario: Scenario
) -> None:
    """Only some months of the year are those before the enlistment."""
    for at in range(len(rows)):
        if calendar.is_in(scenario, first + at, lever.months):
            rows["enlist_low"][at], rows["enlist_high"][at] = lever.ages[0], lever.ages[1] + 1


def _set_given(rows: npt.NDArray[np.void], **values: float | None) -> None:
    for name, value in values.items():
        if value is not None:
            rows[name] = value
