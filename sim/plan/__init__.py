"""A policy turned into numbers: schedules, rates and monthly arrays.

`make` folds every dated lever of one policy into plain arrays. Beside a world they are the only
input of the engines, which therefore know no lever.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim import levers as lever_types
from sim import rules
from sim.draws import entity_key
from sim.plan import calendar, histories, meetings
from sim.plan.coupling import coupled_units
from sim.plan.coupling import independent_of_each_other as independent_of_each_other
from sim.plan.memory import Memory as Memory
from sim.plan.rates import (
    Floats,
    Rates,
    Timed,
    build_rates,
    levers_on_rates,
    period_months,
    rate_by_age,
    rates_of_groups,
)
from sim.plan.residents import (
    WEIGHT_ONE,
    Move,
    Residents,
    listing_weights,
    moves,
    project,
    turning_ages,
)
from sim.plan.schedule import monthly_schedule
from sim.plan.scopes import Groups, group_units, scoped
from sim.scenario import DAYS_PER_YEAR, Baseline, Loaded, Scenario
from sim.world import DIFFICULTIES, complete


class Settings(NamedTuple):
    """Numbers that hold for everybody, all the time."""

    origin: int
    months: int
    horizon: float
    minimum: int
    founding: int
    risk_line: int
    away_counts: bool
    exempt_counts: bool
    posted_counts: bool
    minimum_age: int
    probation_months: int
    certificate_months: int
    dossier_months: int
    grace_months: int
    candidate_away_months: int
    stale_months: int
    leaves_for_good: float
    per_resident: bool
    power: float
    help_mode: int
    full_help: float
    per_helper: float
    months_in_place: int
    half_from_age: float
    training_on: bool
    dossier_on: bool
    delay_sd: float
    committee_on: bool
    approval: float
    recognition: float
    host_exists: bool
    host_level: int
    combine_first: bool
    chief_member_factor: float
    chief_trained_factor: float
    secretary_trained_factor: float
    chief_turnover: float
    secretary_maximum_age: float
    posting_women: float
    staff_member_share: float
    staff_renewal: float
    staff_women: float
    retirement_age: float
    no_cell_factor: float
    adaptive: int
    weight_one: float


class Plan(NamedTuple):
    """One policy as numbers. M months, H units, G groups, A areas, Y calendar years.

    days: month starts, index settings.origin is the start.  month_years[M]: length of a month in
    years.  january[M], meets[M] (committee), review[M], election[M]: what happens.
    schedule[G, M].  base_group[H].  unit[H]: coupled unit.  area[H, levels].
    adaptive_keys: what the bits of groups mean, the same under every policy that has the lever.
    shock_sd[levels, P]: sd of the log of leaving.  delay_median[difficulty] in months,
    failure[difficulty].  weights[sex, age]: listing weights; turning_ages[sex, age]: the next age
    that changes them.  arrivals[3]: moving in per year by kind, with ages [3, 2] and women's share
    [3].
    """

    settings: Settings
    rates: Rates
    residents: Residents
    days: Floats
    month_years: Floats
    january: npt.NDArray[np.bool_]
    meets: npt.NDArray[np.bool_]
    review: npt.NDArray[np.bool_]
    election: npt.NDArray[np.bool_]
    schedule: npt.NDArray[np.void]
    base_group: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]
    area: npt.NDArray[np.int64]
    area_key: npt.NDArray[np.int64]
    shock_sd: Floats
    classes: npt.NDArray[np.void]
    courses: npt.NDArray[np.void]
    target_of: npt.NDArray[np.int64]
    allowed: npt.NDArray[np.int64]
    capped: npt.NDArray[np.bool_]
    target_yearly: Floats
    pull: Floats
    committee: npt.NDArray[np.int64]
    committee_priority: npt.NDArray[np.int64]
    conditions: npt.NDArray[np.void]
    condition_scope: npt.NDArray[np.bool_]
    adaptive_months: npt.NDArray[np.bool_]
    adaptive_keys: npt.NDArray[np.int64]
    pool_of: npt.NDArray[np.int64]
    pool_size: npt.NDArray[np.int64]
    senders: npt.NDArray[np.int64]
    sender_first: npt.NDArray[np.int64]
    moves: npt.NDArray[np.void]
    delay_median: Floats
    failure: Floats
    weights: npt.NDArray[np.int64]
    turning_ages: npt.NDArray[np.int64]
    arrivals: Floats
    arrival_ages: Floats
    arrival_women: Floats
    posting_ages: Floats
    staff_ages: Floats


MOVE = np.dtype(
    [
        ("month", "i8"),
        ("unit", "i8"),
        ("into", "i8"),
        ("share", "f8"),
        ("closes", "?"),
        ("cause", "i8"),
    ]
)


class _Frame(NamedTuple):
    """What of a plan hangs on where and when levers act, and hardly ever on uncertain parameters.

    fields: those of the plan that are ready.
    """

    areas: meetings.Areas
    groups: Groups
    moved: tuple[Move, ...]
    pools: tuple[str, ...]
    sender_sets: dict[tuple[str, ...], int]
    periods: tuple[int, ...]
    levers_on_rates: tuple[tuple[Timed, ...], ...]
    rates_of: npt.NDArray[np.int64]
    fields: dict[str, npt.NDArray[Any]]


def make(
    loaded: Loaded,
    policy: str,
    completed: Baseline | None = None,
    memory: Memory | None = None,
) -> Plan:
    """The plan of one policy of a scenario.

    `completed` is its baseline, `memory` what plans of that baseline have had in common so far, if
    they are at hand. KeyError if there is no such policy.
    """
    scenario = loaded.scenario
    baseline = completed or complete(loaded.baseline, scenario.completion)
    recall = (memory or Memory()).recall
    frame = recall(("frame", policy), _frame, scenario, baseline, policy)
    areas, groups, fields = frame.areas, frame.groups, frame.fields
    months, bits = scenario.years * 12, len(groups.adaptive)
    from_start = fields["days"][calendar.PAST_MONTHS :]
    rates = recall("rates", build_rates, scenario, frame.levers_on_rates, frame.periods, from_start)
    used, of = np.unique(frame.rates_of[groups.static << bits], return_inverse=True)
    residents = recall(
        "residents", project, scenario, baseline, of, rates.each[used], rates.mortality[used],
        frame.periods, frame.moved,
    )  # fmt: skip
    return Plan(
        settings=_settings(scenario, areas, bits, float(from_start[months])),
        rates=rates_of_groups(rates, frame.rates_of),
        residents=residents,
        schedule=monthly_schedule(scenario, groups, frame.pools, frame.sender_sets),
        shock_sd=_shock_sd(scenario, areas, groups, rates, from_start),
        classes=meetings.classes(scenario, areas, groups),
        delay_median=_delay_median(scenario),
        failure=np.array([scenario.dossier.failure.get(d, 0.0) for d in DIFFICULTIES]),  # type: ignore[call-overload]
        **_arrivals(scenario),
        **fields,
    )


def _frame(scenario: Scenario, baseline: Baseline, policy: str) -> _Frame:
    """The frame of one policy."""
    areas = meetings.areas_of(baseline)
    groups = group_units(scoped(scenario, baseline, scenario.policies[policy]), len(baseline.units))
    moved = moves(scenario, baseline, groups)
    days = calendar.month_days(scenario)
    months, bits = range(scenario.years * 12), len(groups.adaptive)
    goals, pool = meetings.targets(scenario, areas, groups), meetings.pools(scenario, areas)
    sender_sets, senders, sender_first = _senders(baseline, groups)
    sets, rates_of = levers_on_rates(groups)
    weights = listing_weights(scenario.source.listing)
    scope = np.array([s.units for s in groups.adaptive], dtype=np.bool_)
    in_force = [[s.in_force(m) for m in months] for s in groups.adaptive]
    fields: dict[str, npt.NDArray[Any]] = {
        "days": days,
        "month_years": np.diff(days[calendar.PAST_MONTHS :])[: len(months)] / DAYS_PER_YEAR,
        "january": calendar.numbers_of_months(scenario) == 1,
        "meets": _held(scenario, scenario.admission.months),
        "review": _held(scenario, scenario.cells.review_months),
        "election": meetings.elections(scenario),
        "base_group": (groups.static << bits).astype(np.int64),
        "unit": coupled_units(scenario, baseline, areas, groups, moved),
        "area": areas.of,
        "area_key": _area_keys(areas),
        "courses": meetings.courses(scenario, areas, groups),
        "target_of": goals.of,
        "allowed": goals.allowed,
        "capped": goals.capped,
        "target_yearly": goals.yearly,
        "pull": goals.pull,
        "committee": goals.committee,
        "committee_priority": goals.priority,
        "conditions": meetings.conditions(areas, groups),
        "condition_scope": scope.reshape(bits, len(baseline.units)),
        "adaptive_months": np.array(in_force, dtype=np.bool_).reshape(bits, len(months)),
        "adaptive_keys": histories.keys(groups.adaptive),
        "pool_of": pool.of,
        "pool_size": pool.size,
        "senders": senders,
        "sender_first": sender_first,
        "moves": _move_rows(moved),
        "weights": weights,
        "turning_ages": turning_ages(weights),
    }
    periods = period_months(scenario, groups)
    return _Frame(areas, groups, moved, pool.names, sender_sets, periods, sets, rates_of, fields)


def _held(scenario: Scenario, months: str | tuple[int, ...]) -> npt.NDArray[np.bool_]:
    in_the_year = range(1, 13) if months == "all" else months
    return np.isin(calendar.numbers_of_months(scenario), in_the_year)


def _area_keys(areas: meetings.Areas) -> npt.NDArray[np.int64]:
    return np.array([entity_key(name) for name in areas.names], dtype=np.int64)


def _move_rows(moved: tuple[Move, ...]) -> npt.NDArray[np.void]:
    return np.array([tuple(m) for m in moved], dtype=MOVE)


def _delay_median(scenario: Scenario) -> Floats:
    """Median delay in months by difficulty; the mean of a lognormal is median exp(sd^2 / 2)."""
    delay = scenario.dossier.delay_months
    median = delay.median
    if median is None:
        median = (delay.mean or 0.0) * float(np.exp(-(delay.sd_log**2) / 2))
    factor = scenario.dossier.delay_factor
    return np.array([median * factor.get(d, 1.0) for d in DIFFICULTIES])  # type: ignore[call-overload]


def _arrivals(scenario: Scenario) -> dict[str, npt.NDArray[Any]]:
    m = scenario.demography.moving_in
    return {
        "arrivals": np.array([m.retired, m.demobilised, m.marriage]),
        "arrival_ages": np.array(
            [m.retired_ages, m.demobilised_ages, m.marriage_ages], dtype=float
        ),
        "arrival_women": np.array(
            [m.retired_women_share, m.demobilised_women_share, m.marriage_women_share]
        ),
        "posting_ages": np.array(scenario.postings.ages, dtype=float),
        "staff_ages": np.array(scenario.staff.ages, dtype=float),
    }


def _shock_sd(
    scenario: Scenario, areas: meetings.Areas, groups: Groups, rates: Rates, from_start: Floats
) -> Floats:
    """Sd of the log of leaving by area level and period."""
    sd = np.zeros((len(areas.levels), len(rates.year)))
    for name, value in scenario.demography.shock.items():
        sd[areas.level(name, 0)] = value
    first = np.searchsorted(from_start, rates.starts[:-1])
    for s in groups.plain:
        if isinstance(s.lever, lever_types.Assumption):
            for p, month in enumerate(first):
                if s.in_force(int(month)):
                    sd[:, p] *= s.lever.shock
    return sd


def _senders(
    baseline: Baseline, groups: Groups
) -> tuple[dict[tuple[str, ...], int], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Sets of sending cells, one after the other, and where each begins."""
    index = {u.id: i for i, u in enumerate(baseline.units)}
    sets: dict[tuple[str, ...], int] = {}
    for s in groups.plain + groups.adaptive:
        if isinstance(s.lever, lever_types.Reinforcement) and s.lever.senders and s.units.any():
            sets.setdefault(s.lever.senders, len(sets))
    flat = [index[i] for ids in sets for i in ids]
    first = np.cumsum([0, *(len(ids) for ids in sets)])
    return sets, np.array(flat, dtype=np.int64), first.astype(np.int64)


# ---------------------------------------------------------------- settings


def _staff_renewal(scenario: Scenario) -> float:
    """Rate at which staff who are not followed are replaced: 1 / mean stay until retirement.

    With constant turnover r and T years to retirement the mean stay is (1 - exp(-r T)) / r.
    """
    low, high = scenario.staff.ages
    turnover = float(rate_by_age(scenario.demography.staff_turnover)[low : high + 1].mean())
    years = max(1.0, scenario.demography.retirement_age - (low + high) / 2)
    return turnover / -float(np.expm1(-turnover * years)) if turnover > 0 else 1 / years


def _settings(s: Scenario, areas: meetings.Areas, bits: int, horizon: float) -> Settings:
    help_ = s.source.help
    return Settings(
        origin=calendar.PAST_MONTHS,
        months=s.years * 12,
        horizon=horizon,
        minimum=s.rules.minimum_official_members,
        founding=s.rules.founding_strength,
        risk_line=s.rules.risk_line,
        away_counts=s.rules.away_counts,
        exempt_counts=s.rules.exempt_counts,
        posted_counts=s.rules.posted_counts,
        minimum_age=s.rules.admission_age[0] * 12,
        probation_months=s.rules.probation_months,
        certificate_months=s.rules.certificate_months,
        dossier_months=s.rules.dossier_months,
        grace_months=s.rules.grace_months,
        candidate_away_months=s.rules.candidate_away_months,
        stale_months=s.source.stale_months,
        leaves_for_good=s.demography.leaving.leaves_for_good,
        per_resident=s.source.listing.per_resident is not None,
        power=s.source.listing.power,
        help_mode=rules.HELP_SHARE
        if not isinstance(help_, str)
        else (rules.HELP_LINEAR if help_ == "linear" else rules.HELP_OFF),
        full_help=help_.full_help if not isinstance(help_, str) else 1.0,
        per_helper=help_.candidates_per_helper if not isinstance(help_, str) else 0.0,
        months_in_place=help_.months_in_place if not isinstance(help_, str) else 0,
        half_from_age=float(help_.half_from_age) if not isinstance(help_, str) else 120.0,
        training_on=s.training.on,
        dossier_on=s.dossier.on,
        delay_sd=s.dossier.delay_months.sd_log,
        committee_on=s.admission.on,
        approval=s.admission.approval,
        recognition=s.probation.recognition,
        host_exists=s.cells.host == "strongest",
        host_level=areas.level(s.cells.host_level, -1),
        combine_first=s.cells.responses[:1] == ("combine",),
        chief_member_factor=s.offices.chief_member_factor,
        chief_trained_factor=s.offices.chief_trained_factor,
        secretary_trained_factor=s.offices.secretary_trained_factor,
        chief_turnover=s.offices.chief_turnover,
        secretary_maximum_age=float(s.offices.secretary_maximum_age),
        posting_women=s.postings.women_share,
        staff_member_share=s.staff.member_share,
        staff_renewal=_staff_renewal(s),
        staff_women=s.completion.women_share_candidates,
        retirement_age=float(s.demography.retirement_age),
        no_cell_factor=s.demography.moving_in.no_cell_factor,
        adaptive=bits,
        weight_one=float(WEIGHT_ONE),
    )
