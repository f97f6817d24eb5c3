"""Nothing in the model is there for show: whatever can happen does, and every parameter acts."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import BaseModel

from sim import plan as plans
from sim import rules
from sim import world as worlds
from sim.api import run as run_study
from sim.engine import compiled
from sim.levers import AnyLever, Lever, Priority, Where
from sim.log import CAUSES, EXITS, KINDS, Outcome, in_order
from sim.plan.rates import OTHER_RISKS
from sim.scenario import Baseline, Loaded, Scenario
from sim.world import complete
from tests.generators import RICH, RICH_POLICIES, Values, lively, merged, sound
from tests.shipped import SHIPPED, affordable

LEVERS: dict[str, type[Lever]] = {
    kind.model_fields["lever"].default: kind for kind in get_args(get_args(AnyLever)[0])
}
SEEDS = (1, 2, 3)

# ---------------------------------------------------------------- what happens


@cache
def census() -> tuple[Counter[int], Counter[int]]:
    """Events by kind and by cause, over the shipped scenarios (of a province one district) and the
    hand-made ones."""
    by_kind: Counter[int] = Counter()
    by_cause: Counter[int] = Counter()
    for loaded in [*map(affordable, SHIPPED), *RICH.values()]:
        for policy in loaded.policies:
            plan, world = plans.make(loaded, policy), worlds.build(loaded)
            log = compiled.run(plan, world, 1, 0).log
            by_kind.update(log.kind.tolist())
            by_cause.update(log.cause.tolist())
    return by_kind, by_cause


def missing(found: Mapping[Any, int], names: Mapping[Any, str]) -> list[str]:
    """Print a table of what was found; the names of what was not."""
    for code, name in names.items():
        print(f"{found.get(code, 0):9d}  {name}")
    return [name for code, name in names.items() if not found.get(code)]


def test_every_kind_of_event_occurs() -> None:
    assert missing(census()[0], KINDS) == []


def test_every_ending_occurs() -> None:
    assert missing(census()[0], {code: KINDS[code] for code in EXITS}) == []


def test_every_cause_occurs() -> None:
    own = {code: name for code, name in CAUSES.items() if code >= 100}
    assert missing(census()[1], own) == []


def test_every_lever_and_every_priority_is_used() -> None:
    scenarios = [loaded.scenario for loaded in [*map(affordable, SHIPPED), *RICH.values()]]
    policies = [policy for s in scenarios for policy in s.policies.values()]
    levers = Counter(getattr(lever, "lever", "") for policy in policies for lever in policy)
    assert missing(levers, {name: name for name in LEVERS}) == []
    text = "".join(s.model_dump_json() for s in scenarios)
    rules = {rule: text.count(f'"priority":"{rule}"') for rule in get_args(Priority)}
    assert missing(rules, {rule: rule for rule in rules}) == []


# ---------------------------------------------------------------- the schema


def leaves(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Paths of all parameters; `*` stands for the items of a list and the keys of a mapping."""
    for name, field in model.model_fields.items():
        below = [kind for kind in _models(field.annotation) if not issubclass(kind, Lever)]
        star = ".*" if _is_many(field.annotation) else ""
        if name == "policies" or not below:
            yield above + name
        for kind in below:
            yield from leaves(kind, f"{above}{name}{star}.")


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in _models(part)]


def _is_many(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (tuple, dict)


# A posterior needs its file; test_posterior shows that it acts.
SCENARIO_PATHS = sorted(set(leaves(Scenario)) - {"policies", "posterior"})
SHARED = {"lever", "since", "until", "where"}
LEVER_PATHS = [f"{name}.{f}" for name, kind in LEVERS.items() for f in kind.model_fields
               if f not in SHARED]  # fmt: skip
WHERE_PATHS = [f"where.{name}" for name in Where.model_fields]

# ---------------------------------------------------------------- parameters of a scenario

INERT = {
    "baseline": "names the table; the tests hand the table over themselves",
    "happened": "names the policy that published figures are compared with",
    "completion.structure": "has one value",
    "notes": "told in the report (test_report)",
    "policy_names": "stand in reports and figures (test_report)",
}
"""Parameters that change nothing, and why they are allowed to."""
TABLES_ONLY = {
    "title", "replications", "seed", "parameter_draws", "rules.risk_line",
    "rules.at_risk_share_over_60", "rules.at_risk_months_since_admission", "costs", "published",
}  # fmt: skip
"""Read by what counts the runs, or saying how many there are."""
TARGET = {"level": "district", "per_year": 5.0}
UNCERTAIN = "training.attendance"
BY_AGE = {0: 0.1, 40: 0.9}


def deep(path: str, value: Any) -> Values:
    """{"a.b": v} as {"a": {"b": v}}."""
    first, _, rest = path.partition(".")
    return {first: deep(rest, value) if rest else value}


def pair(path: str, before: Any, after: Any) -> tuple[Values, Values]:
    return deep(path, before), deep(path, after)


def uncertain(**change: Any) -> Values:
    start = {"distribution": "triangular", "low": 0.2, "mode": 0.5, "high": 0.9}
    return {"uncertain": {UNCERTAIN: {**start, **change}}}


def normal(**change: Any) -> Values:
    return {"uncertain": {UNCERTAIN: {"distribution": "normal", "mean": 0.5, "sd": 0.05, **change}}}


def weights(ages: tuple[int, int], weight: float) -> Values:
    first = {"ages": ages, "weight": weight}
    return deep("source.listing.age_weights", (first, {"ages": (41, 59), "weight": 1.0}))


OTHER_TARGET = {"level": "commune", "per_year": 1.0, "overshoot": 2.0, "cap": False}


def target(**change: Any) -> tuple[Values, Values]:
    return pair("admission.targets", (TARGET,), ({**TARGET, **change},))


OTHER: dict[str, Any] = {
    "title": "another", "notes": ("a note",), "start": dt.date(2021, 4, 1), "years": 3,
    "policy_names": {"as-is": {"vi": "tên khác"}},
    "replications": 3, "seed": 9, "calendar": "uniform", "costs": {"training.seat_used": 3.0},
    "published": {"death": 0.1}, "happened": "joined",
    "rules.minimum_official_members": 2, "rules.risk_line": 8, "rules.founding_strength": 4,
    "rules.admission_age": (25, 40), "rules.probation_months": 7, "rules.certificate_months": 4,
    "rules.dossier_months": 1, "rules.candidate_away_months": 1, "rules.grace_months": 0,
    "rules.away_counts": True, "rules.exempt_counts": False, "rules.posted_counts": False,
    "rules.at_risk_share_over_60": 0.0, "rules.at_risk_months_since_admission": 1,
    "demography.mortality.table": "viet-nam-2020", "demography.mortality.factor": 3.0,
    "demography.leaving.rogers_castro.level": 2.0, "demography.leaving.candidate_factor": 0.2,
    "demography.leaving.probationer_factor": 0.1, "demography.leaving.member_factor": 0.2,
    "demography.leaving.leaves_for_good": 0.7, "demography.settling_away_members.constant": 0.6,
    "demography.marrying_in": 0.9, "demography.retirement_age": 45,
    "demography.shock": {"commune": 0.1}, "demography.staff_turnover.constant": 0.6,
    "demography.moving_in.retired": 1.0, "demography.moving_in.demobilised": 1.0,
    "demography.moving_in.marriage": 1.0, "demography.moving_in.retired_ages": (50, 52),
    "demography.moving_in.demobilised_ages": (30, 31),
    "demography.moving_in.marriage_ages": (40, 41),
    "demography.moving_in.no_cell_factor": 3.0,
    "source.listing.per_resident": 0.05, "source.listing.power": 0.5,
    "source.listing.women_share": 0.1, "source.listing.eligible_share": 0.3,
    "source.help.full_help": 2.0, "source.help.outside_helpers": 9.0,
    "source.help.outside_helpers_without_cell": 9.0, "source.help.candidates_per_helper": 0.3,
    "source.help.months_in_place": 40, "source.help.half_from_age": 30, "source.stale_months": 2,
    "training.on": False, "training.months": (2,), "training.seats": 1,
    "training.level": "commune", "training.attendance": 0.2, "training.replace_no_shows": False,
    "training.priority": "youngest_first", "dossier.on": False,
    "dossier.delay_months.median": 9.0, "dossier.delay_months.sd_log": 2.0,
    "dossier.delay_factor": {"normal": 3.0}, "dossier.failure": {"normal": 0.9},
    "admission.months": (5,), "admission.overshoot": 1.0, "admission.pace": "none",
    "admission.priority": "youngest_first", "admission.pull": 3.0, "admission.approval": 0.3,
    "probation.recognition": 0.2, "cells.host": "none",
    "cells.host_level": "district", "cells.review_months": (5,),
    "offices.chief_member_factor": 5.0, "offices.chief_trained_factor": 5.0,
    "offices.secretary_trained_factor": 5.0, "offices.chief_term_months": 5,
    "offices.first_election": dt.date(2021, 5, 1), "offices.chief_turnover": 0.1,
    "offices.member_elected": 0.0, "offices.secretary_maximum_age": 20,
    "postings.term_months": 3, "postings.renewal": 0.0, "postings.replacement": 0.0,
    "postings.gap_months": 5,
    "staff.member_share": 0.1, "staff.ages": (40, 45), "completion.women_share_officials": 0.9,
    "completion.women_share_candidates": 0.0, "completion.official_ages": {"50-59": 1.0},
    "completion.candidate_ages": {"40-49": 1.0}, "completion.residents_per_unit": 900.0,
}  # fmt: skip
"""Another value of a parameter of the lively scenario."""
PAIRS: dict[str, tuple[Values, Values]] = {
    "admission.on": pair("admission", {"targets": ()}, {"targets": (), "on": False}),
    **{f"admission.targets.*.{key}": target(**{key: value}) for key, value in OTHER_TARGET.items()},
    "demography.mortality.constant": pair(
        "demography.mortality", {"table": None, "constant": 0.01},
        {"table": None, "constant": 0.2}),
    "demography.mortality.by_age": pair(
        "demography.mortality", {"table": None, "by_age": {0: 0.1}},
        {"table": None, "by_age": BY_AGE}),
    "demography.leaving.constant": pair(
        "demography.leaving", {"rogers_castro": None, "constant": 0.1},
        {"rogers_castro": None, "constant": 0.9}),
    "demography.leaving.by_age": pair(
        "demography.leaving", {"rogers_castro": None, "by_age": {0: 0.1}},
        {"rogers_castro": None, "by_age": BY_AGE}),
    "source.listing.per_hamlet": pair(
        "source.listing", {"per_resident": None, "per_hamlet": 2.0},
        {"per_resident": None, "per_hamlet": 9.0}),
    "source.listing.age_weights.*.ages": (weights((18, 40), 2.0), weights((30, 40), 2.0)),
    "source.listing.age_weights.*.weight": (weights((18, 40), 2.0), weights((18, 40), 9.0)),
    "dossier.delay_months.mean": pair(
        "dossier.delay_months", {"median": None, "mean": 3.0}, {"median": None, "mean": 9.0}),
    "postings.pools.*.level": pair("postings.pools.army.level", "district", "commune"),
    "postings.pools.*.size": pair("postings.pools.army.size", 4, 1),
    "uncertain.*.distribution": (
        normal(mean=0.35, sd=0.042), normal(mean=0.35, sd=0.042, distribution="lognormal")),
    "uncertain.*.mean": (normal(), normal(mean=0.45)),
    "uncertain.*.sd": (normal(), normal(sd=0.02)),
    "uncertain.*.low": (uncertain(), uncertain(low=0.4)),
    "uncertain.*.mode": (uncertain(), uncertain(mode=0.3)),
    "uncertain.*.high": (uncertain(), uncertain(high=0.6)),
    "parameter_draws": (
        {**uncertain(), "parameter_draws": 1}, {**uncertain(), "parameter_draws": 2}),
    "baseline": pair("baseline", "one.csv", "two.csv"),
    "completion.structure": pair("completion.structure", "viet-nam-2020", "viet-nam-2020"),
}  # fmt: skip
"""What stands in the scenario before and after a change, where one value is not enough."""
RATES = ("demography.returning", "demography.settling_away", "demography.settling_away_members",
         "demography.exemption", "demography.staff_turnover", "demography.removal.expelled",
         "demography.removal.struck_off", "demography.removal.asked_to_leave",
         "demography.removal.struck_off_away", "source.withdrawal")  # fmt: skip
for rate in RATES:
    PAIRS[f"{rate}.constant"] = pair(rate, 0.1, 0.8)
    PAIRS[f"{rate}.by_age"] = pair(rate, {"by_age": {0: 0.1}}, {"by_age": BY_AGE})
# Age and sex of members who come from outside decide nothing but when they die.
DEADLY = deep("demography.mortality.factor", 40.0)
FROM_OUTSIDE = {"postings.ages": (50, 55), "postings.women_share": 1.0,
                "demography.moving_in.retired_women_share": 1.0,
                "demography.moving_in.demobilised_women_share": 1.0,
                "demography.moving_in.marriage_women_share": 0.0}  # fmt: skip
for name, value in FROM_OUTSIDE.items():
    PAIRS[name] = DEADLY, merged(DEADLY, deep(name, value))
# Responses matter where both are offered to the same cell.
OFFERED = [{"lever": "combining"}, {"lever": "reinforcement", "pool": "army", "strength_below": 3}]
PAIRS["cells.responses"] = (
    {"cells": {"responses": ("reinforce", "combine")}}, {"cells": {"responses": ("combine",)}},
)  # fmt: skip
ACTIVE = {"as-is": [], "joined": [*RICH_POLICIES["joined"]], "posted": [*RICH_POLICIES["posted"]],
          "offered": OFFERED}  # fmt: skip


def variants(path: str) -> tuple[Loaded, Loaded]:
    """The lively scenario before and after a change of one parameter."""
    before, after = PAIRS.get(path) or ({}, deep(path, OTHER[path]))
    return lively(ACTIVE, **before), sound(_replaced(before, after))


def _replaced(before: Values, after: Values) -> Loaded:
    """Keyed values are replaced as a whole, not merged into those before."""
    changed = lively(ACTIVE, **merged(before, after))
    keyed = {p: OTHER[p] for p in ("demography.shock", "dossier.delay_factor", "dossier.failure",
             "completion.official_ages", "completion.candidate_ages") if _at(after, p)}  # fmt: skip
    return changed.with_values(keyed)


def _at(values: Any, path: str) -> Any:
    for key in path.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def outcomes(loaded: Loaded, policy: str) -> Iterator[Outcome]:
    plan, world = plans.make(loaded, policy), worlds.build(loaded)
    for seed in SEEDS:
        yield compiled.run(plan, world, seed, 0)


def differs(a: Outcome, b: Outcome) -> bool:
    """Whether a log, a panel or a tally is another."""
    pairs = [*zip(in_order(a.log), in_order(b.log), strict=True), *zip(a[1:], b[1:], strict=True)]
    return not all(np.array_equal(x, y) for x, y in pairs)


def changes_runs(before: Loaded, after: Loaded) -> bool:
    return any(
        differs(a, b)
        for policy in before.policies
        for a, b in zip(outcomes(before, policy), outcomes(after, policy), strict=True)
    )


def changes_tables(before: Loaded, after: Loaded) -> bool:
    return _tables(before) != _tables(after)


def _tables(loaded: Loaded) -> tuple[str, ...]:
    number = min(4, loaded.scenario.replications)
    results = run_study(loaded, replications=number, jobs=1)
    frames = (results.hamlets, results.years, results.losses, results.pairs)
    return (results.summary(), *(frame.to_csv() for frame in frames))


def acts(path: str) -> bool:
    before, after = variants(path)
    counted_only = path in TABLES_ONLY or path.startswith("uncertain.")
    return (changes_tables if counted_only else changes_runs)(before, after)


@pytest.mark.parametrize("path", SCENARIO_PATHS)
def test_parameter(path: str) -> None:
    """It acts, or is declared inert with a reason; not both."""
    assert acts(path) == (path not in INERT), path


def test_nothing_is_declared_that_does_not_exist() -> None:
    assert {*INERT, *TABLES_ONLY, *OTHER, *PAIRS} <= set(SCENARIO_PATHS)


# ---------------------------------------------------------------- levers

LATER = dt.date(2022, 9, 1)
BASE: dict[str, Values] = {
    "training": {"seats": {"to": 2}},
    "local_class": {"level": "commune", "months": (3, 7), "seats": 2},
    "officer_training": {"office": "secretary", "months": (3, 6), "places": 1},
    "admission": {"per_year": {"times": 0.6}},
    "waiver": {"maximum_age": 30},
    "retention": {"factor": 0.2},
    "return_incentive": {"factor": 4.0},
    "emulation": {"factor": 2.0},
    "attention": {"factor": 3.0, "weakest": 2},
    "outside_help": {"with_cell": 5.0, "without_cell": 4.0},
    "reinforcement": {"pool": "army", "number": 2, "term_months": 9, "strength_below": 4},
    "posting_renewal": {"renewal": 0.1, "replacement": 0.9, "gap_months": 3},
    "combining": {},
    "separating": {},
    "chief_coverage": {"list_chief": True},
    "enlistment": {"months": (2, 8), "ages": (20, 45)},
    "dossier": {"delay_factor": 0.5},
    "succession": {"trained": 0.9},
    "screening": {},
    "merger": {"residents_below": 200.0, "from": dt.date(2022, 3, 1)},
    "structural": {"event": "resettle", "unit": "a1", "into": "a6", "share": 0.5},
    "assumption": {"leaving": 1.5},
}
CHANGED: dict[str, Any] = {
    "training.seats": {"to": 1}, "training.months": (6,), "training.attendance": 0.1,
    "training.priority": "youngest_first", "training.replace_no_shows": False,
    "local_class.level": "district", "local_class.months": (4,), "local_class.seats": 0,
    "local_class.attendance": 0.2, "local_class.priority": "youngest_first",
    "officer_training.office": "chief", "officer_training.months": (4,),
    "officer_training.places": 9, "officer_training.level": "commune",
    "admission.per_year": {"times": 3.0}, "admission.overshoot": 2.0, "admission.pace": "none",
    "admission.priority": "youngest_first", "admission.pull": 4.0, "waiver.maximum_age": 60,
    "waiver.eligible": {"times": 0.3}, "retention.factor": 0.8, "retention.ages": (30, 40),
    "return_incentive.factor": 0.1, "return_incentive.ages": (30, 40), "emulation.factor": 0.1,
    "attention.factor": 0.1, "attention.weakest": 9, "attention.level": "commune",
    "outside_help.with_cell": 0.0, "outside_help.without_cell": 0.0,
    "reinforcement.strength_below": 2, "reinforcement.number": 1, "reinforcement.term_months": 3,
    "reinforcement.without_cell": True, "posting_renewal.renewal": 0.95,
    "posting_renewal.replacement": 0.0, "posting_renewal.gap_months": 9,
    "chief_coverage.list_chief": False, "chief_coverage.unified_post": True,
    "chief_coverage.member_elected": 1.0, "enlistment.months": (5,), "enlistment.ages": (40, 45),
    "dossier.delay_factor": 3.0, "dossier.failure_factor": 0.1, "succession.trained": 0.1,
    "screening.expelled": 9.0, "screening.struck_off": 9.0, "screening.asked_to_leave": 9.0,
    "merger.residents_below": 300.0, "structural.event": "merge", "structural.unit": "b1",
    "structural.into": "c1", "structural.share": 0.9, "assumption.mortality": 3.0,
    "assumption.leaving": 0.5, "assumption.shock": 0.0,
}  # fmt: skip
ONCE = {"merger": "happens in its first month", "structural": "happens in its first month"}
COMPANIONS: dict[str, list[Values]] = {"separating": [{"lever": "combining"}]}


def pulled(kind: str, **change: Any) -> Loaded:
    lever = {"lever": kind, **BASE[kind], **change}
    # A merger takes all of a unit, without a share.
    if lever.get("event") == "merge":
        del lever["share"]
    return lively({"x": [*COMPANIONS.get(kind, []), lever]})


def with_another_field(path: str) -> tuple[Loaded, Loaded]:
    """A policy of one lever before and after a change of one field."""
    kind, name = path.split(".")
    if path == "reinforcement.pool":
        return pulled(kind), lively({"x": []})
    if path == "reinforcement.senders":
        return pulled(kind), pulled(kind, pool=None, senders=["g1", "s1"])
    return pulled(kind), pulled(kind, **{name: CHANGED[path]})


OF_THE_BASELINE = ("completion.", "postings.women_share")
"""What changes the baseline, of which memories hold nothing else."""


EARLIER = dt.date(2021, 3, 1)
MOVING_RESIDENTS: dict[str, Any] = {
    "retention": {"lever": "retention", "factor": 0.2, "from": EARLIER},
    "another factor": {"lever": "retention", "factor": 0.3, "from": EARLIER},
    "another day": {"lever": "retention", "factor": 0.2, "from": LATER},
    "in one hamlet": {"lever": "retention", "factor": 0.2, "from": EARLIER,
                      "where": {"hamlets": ("b1",)}},
    "in another": {"lever": "retention", "factor": 0.2, "from": EARLIER,
                   "where": {"hamlets": ("c1",)}},
    "moved": {"lever": "structural", **BASE["structural"], "from": EARLIER},
    "moved later": {"lever": "structural", **BASE["structural"], "from": LATER},
}  # fmt: skip


def same_plan(one: plans.Plan, other: plans.Plan) -> bool:
    """Whether two plans are equal in all their fields."""
    return all(
        all(map(np.array_equal, a, b)) if isinstance(a, tuple) else np.array_equal(a, b)
        for a, b in zip(one, other, strict=True)
    )


def assert_same_as_fresh(loadeds: Sequence[Loaded], *, completed: Baseline) -> None:
    """Plans made one after the other with one memory are those made without any."""
    memory = plans.Memory()
    for loaded in loadeds:
        for policy in loaded.policies:
            found = plans.make(loaded, policy, completed, memory)
            assert same_plan(found, plans.make(loaded, policy, completed)), policy


def test_plans_from_memory_follow_levers_on_residents() -> None:
    loaded = lively({"as-is": [], **{name: [lever] for name, lever in MOVING_RESIDENTS.items()}})
    completed = complete(loaded.baseline, loaded.scenario.completion)
    assert_same_as_fresh([loaded], completed=completed)


@pytest.mark.parametrize("path", [p for p in SCENARIO_PATHS if not p.startswith(OF_THE_BASELINE)])
def test_plans_from_memory_follow_parameters(path: str) -> None:
    """What was made for another value of a parameter is never given."""
    before, after = variants(path)
    completed = complete(after.baseline, after.scenario.completion)
    assert_same_as_fresh([before, after, before], completed=completed)


@pytest.mark.parametrize("path", LEVER_PATHS)
def test_plans_from_memory_follow_fields_of_levers(path: str) -> None:
    before, after = with_another_field(path)
    completed = complete(after.baseline, after.scenario.completion)
    assert_same_as_fresh([before, after, before], completed=completed)


def test_levers_on_rates_act_where_and_when_they_are() -> None:
    """In one hamlet from a date on, everywhere while a condition holds: each group has its own.

    Groups with the same levers on rates have the same, whatever else acts on them.
    """
    young, begins, ends = slice(18, 41), dt.date(2022, 7, 1), dt.date(2023, 4, 1)
    weak = {"when": {"strength": {"below": 5}}}
    levers = [
        {"lever": "retention", "factor": 0.25, "ages": (18, 40), "from": begins, "until": ends,
         "where": {"hamlets": ("b1",)}},
        {"lever": "return_incentive", "factor": 2.0, "ages": (18, 40), "where": weak},
        {"lever": "emulation", "factor": 2.0, "where": {"hamlets": ("a1", "b1")}},
        {"lever": "assumption", "mortality": 3.0, "where": {"hamlets": ("c1",)}},
    ]  # fmt: skip
    loaded = lively({"as-is": [], "x": levers})
    base, plan = (plans.make(loaded, policy) for policy in loaded.policies)
    at = np.searchsorted(base.rates.starts, plan.rates.starts[:-1], side="right") - 1
    starts, since = plan.rates.starts[:-1], loaded.scenario.start
    acts = (starts >= (begins - since).days) & (starts < (ends - since).days)
    assert 0 < acts.sum() < len(acts) == len(base.rates.year) + 2
    for unit, first in zip(loaded.baseline.units, plan.base_group, strict=True):
        for bit in (0, 1):
            expected = base.rates.each[0, at].copy()
            leaving, returning = expected[..., rules.LEAVING], expected[..., rules.RETURNING]
            leaving[acts, young] *= 0.25 if unit.id == "b1" else 1.0
            returning[:, young] *= 2.0 if bit else 1.0
            found, group = plan.rates, first + bit
            np.testing.assert_array_equal(found.each[group], expected)
            np.testing.assert_array_equal(found.moving[group], leaving.T)
            away = rules.OFFICIAL * rules.PLACES + rules.AWAY
            others = expected[..., list(OTHER_RISKS[away])].sum(axis=-1).T
            np.testing.assert_allclose(found.steady[away, group], others, rtol=1e-12)
            deaths = base.rates.mortality[0][..., at] * (3.0 if unit.id == "c1" else 1.0)
            np.testing.assert_array_equal(found.mortality[group], deaths)
            for table, most in (
                (found.steady[:, group], found.steady_most[:, group]),
                (found.moving[group], found.moving_most[group]),
                (found.mortality[group], found.mortality_most[group]),
            ):
                assert (table.max(axis=-1) <= most).all()


def test_policies_share_what_they_have_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four policies of which none has a lever on rates or moves residents, the first one's rates
    and residents serve all, and under another draw of the parameters its frame too."""
    made: list[str] = []

    def counted(name: str) -> None:
        make = getattr(plans, name)
        monkeypatch.setattr(plans, name, lambda *a: made.append(name) or make(*a))

    for name in ("_frame", "build_rates", "project"):
        counted(name)
    loaded, memory = lively(ACTIVE), plans.Memory()
    completed = complete(loaded.baseline, loaded.scenario.completion)
    for policy in ("as-is", "joined", "posted", "offered"):
        plans.make(loaded, policy, completed, memory)
    assert Counter(made) == {"_frame": 4, "build_rates": 1, "project": 1}
    made.clear()
    other = loaded.with_values({"demography.leaving.leaves_for_good": 0.123})
    plans.make(other, "posted", completed, memory)
    assert made == []
    older = loaded.with_values({"demography.mortality.factor": 1.5})
    plans.make(older, "posted", completed, memory)
    assert made == ["build_rates", "project"]


@pytest.mark.parametrize("kind", BASE)
def test_lever(kind: str) -> None:
    nothing = lively({"x": [*COMPANIONS.get(kind, [])]})
    given = pulled(kind, expelled=5.0) if kind == "screening" else pulled(kind)
    assert changes_runs(nothing, given)


@pytest.mark.parametrize("path", LEVER_PATHS)
def test_field_of_a_lever(path: str) -> None:
    assert changes_runs(*with_another_field(path))


@pytest.mark.parametrize("kind", BASE)
@pytest.mark.parametrize("edge", ["from", "until"])
def test_dates_of_a_lever(kind: str, edge: str) -> None:
    strong = {"expelled": 5.0} if kind == "screening" else {}
    before, after = pulled(kind, **strong), pulled(kind, **strong, **{edge: LATER})
    assert changes_runs(before, after) == (edge == "from" or kind not in ONCE)


WHERE: dict[str, tuple[Values, Values]] = {
    "areas": ({}, {"areas": ("C1",)}),
    "tags": ({}, {"tags": ("border",)}),
    "kinds": ({}, {"kinds": ("school",)}),
    "hamlets": ({}, {"hamlets": ("b1", "c1")}),
    "when": ({}, {"when": {"strength": {"below": 5}}}),
    "rank_level": ({"when": {"rank_by_strength": {"below": 2}}},
                   {"when": {"rank_by_strength": {"below": 2}}, "rank_level": "commune"}),
}  # fmt: skip


@pytest.mark.parametrize("name", Where.model_fields)
def test_where(name: str) -> None:
    before, after = (pulled("emulation", where=where) for where in WHERE[name])
    assert changes_runs(before, after)
