"""The invariants of the model (model.md section 11) hold on shipped and on hand-made scenarios,
and every checker is seen to fail on a log that is broken on purpose."""

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest

from sim import log as events
from sim.levers import AnyLever
from sim.log import Log
from tests import invariants
from tests.invariants import Case, case, violations
from tests.shipped import SHIPPED, affordable
from tests.small import LEVERS, VARIANTS, busy

verify = pytest.mark.verify


@cache
def busy_case(variant: str, seed: int = 1, engine: str = "reference") -> Case:
    return case(busy(**VARIANTS[variant]), "policy", seed, engine=engine)


def test_the_busy_policy_pulls_every_lever() -> None:
    kinds = {x.model_fields["lever"].default for x in get_args(get_args(AnyLever)[0])}
    assert {x["lever"] for x in LEVERS} == kinds


def test_everything_happens_somewhere() -> None:
    """A checker that never meets an event checks nothing."""
    seen = {k for v in VARIANTS for k in busy_case(v).outcome.log.kind.tolist()}
    assert {events.KINDS[k] for k in events.KINDS if k not in seen} == set()


@pytest.mark.parametrize("variant", VARIANTS)
def test_invariants_hold_in_the_busy_district(variant: str) -> None:
    assert violations(busy_case(variant)) == []


@pytest.mark.parametrize("policy", ["as-is", "all-together"])
@pytest.mark.parametrize("name", SHIPPED)
def test_invariants_hold_in_shipped_scenarios(name: str, policy: str) -> None:
    assert violations(case(affordable(name).with_values({"years": 2}), policy)) == []


def shipped_policies() -> list[tuple[str, str]]:
    return [(n, p) for n in SHIPPED for p in affordable(n).policies]


@verify
@pytest.mark.parametrize(("name", "policy"), shipped_policies())
def test_invariants_hold_to_the_horizon(name: str, policy: str) -> None:
    """Every shipped policy over the whole horizon, in the compiled engine."""
    loaded = affordable(name)
    assert violations(case(loaded, policy, loaded.scenario.seed, 7, engine="compiled")) == []


@verify
@pytest.mark.parametrize("variant", VARIANTS)
def test_invariants_hold_in_many_replications(variant: str) -> None:
    for seed in range(10, 15):
        assert violations(busy_case(variant, seed, "compiled")) == []


# ---------------------------------------------------------------- checkers can fail

Rows = list[list[Any]]
DAY, PHASE, HAMLET, PERSON, KIND, CAUSE = range(6)


def broken(whole: Case, change: Callable[[Rows], None]) -> Case:
    """The case with its log changed, row by row."""
    rows: Rows = [list(e) for e in whole.history]
    change(rows)
    columns = zip(*rows, strict=True)
    given = zip(whole.outcome.log, columns, strict=True)
    return whole.with_log(Log(*(np.array(new, dtype=old.dtype) for old, new in given)))


def first(rows: Rows, *kinds: int, cause: int | None = None) -> list[Any]:
    return next(r for r in rows if r[KIND] in kinds and (cause is None or r[CAUSE] == cause))


def drop(*kinds: int) -> Callable[[Rows], None]:
    return lambda rows: rows.remove(first(rows, *kinds))


def repeat(*kinds: int) -> Callable[[Rows], None]:
    return lambda rows: rows.append(list(first(rows, *kinds)))


def shift(kind: int, days: float) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        first(rows, kind)[DAY] += days

    return change


def elsewhere(*kinds: int) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        row = first(rows, *kinds)
        row[HAMLET] = (row[HAMLET] + 1) % 6

    return change


def after_death(rows: Rows) -> None:
    dead = first(rows, events.DEAD)
    rows.append([dead[DAY] + 1, 1, dead[HAMLET], dead[PERSON], events.LEFT, 0])


def listed_late(rows: Rows) -> None:
    person = first(rows, events.CLASS_ATTENDED)[PERSON]
    rows.append([2000.0, 1, 0, person, events.LISTED, 0])


def admitted_by_hundreds(rows: Rows) -> None:
    row = first(rows, events.ADMITTED)
    rows += [[*row[:3], 10**9 + i, *row[4:]] for i in range(99)]


def attended_by_hundreds(rows: Rows) -> None:
    row = first(rows, events.CLASS_ATTENDED)
    rows += [[*row[:3], 10**9 + i, *row[4:]] for i in range(99)]


def listed_by_thousands(rows: Rows) -> None:
    row = next(r for r in rows if r[KIND] == events.LISTED and r[PHASE] == 1)
    rows += [[*row[:3], 10**9 + i, *row[4:]] for i in range(2000)]


def never_at_class(rows: Rows) -> None:
    """Take the class from somebody who was listed, certified and admitted."""
    starts = {r[PERSON] for r in rows if r[KIND] == events.LISTED}
    person = next(r[PERSON] for r in rows if r[KIND] == events.ADMITTED and r[PERSON] in starts)
    rows[:] = [r for r in rows if r[PERSON] != person or r[KIND] != events.CLASS_ATTENDED]


def posted_for_ever(rows: Rows) -> None:
    starts = {r[PERSON] for r in rows if r[KIND] == events.POSTED and r[DAY] < 700}
    over = (events.POSTING_ENDED, events.POSTING_RENEWED)
    row = next(r for r in rows if r[PERSON] in starts and r[KIND] in over)
    rows[:] = [r for r in rows if r[PERSON] != row[PERSON] or r[DAY] < row[DAY]]


BREAKS: list[tuple[str, Callable[[Rows], None]]] = [
    ("conservation", drop(events.ADMITTED)),
    ("conservation", drop(events.MOVED_IN)),
    ("conservation", drop(events.NOT_RECOGNISED)),
    ("conservation", repeat(events.MOVED_IN)),
    ("one_state_and_place", repeat(events.ADMITTED)),
    ("one_state_and_place", repeat(events.LEFT)),
    ("one_state_and_place", drop(events.RETURNED)),
    ("one_state_and_place", elsewhere(events.DEAD)),
    ("one_state_and_place", drop(events.SENT)),
    ("one_state_and_place", drop(events.ABSORBED)),
    ("one_state_and_place", drop(events.RELOCATED)),
    ("nothing_after_an_exit", after_death),
    ("order_of_stages", listed_late),
    ("order_of_stages", repeat(events.RECOGNISED)),
    ("recognition", shift(events.RECOGNISED, 1.0)),
    ("recognition", drop(events.RECOGNISED)),
    ("recognition", shift(events.ADMITTED, -30.0)),
    ("admissions", never_at_class),
    ("admissions", drop(events.DOSSIER_READY)),
    ("admissions", shift(events.ADMITTED, 1.0)),
    ("allowances", admitted_by_hundreds),
    ("seats", attended_by_hundreds),
    ("seats", shift(events.CLASS_ATTENDED, 31.0)),
    ("terms", shift(events.POSTING_ENDED, 31.0)),
    ("terms", shift(events.POSTING_RENEWED, -1.0)),
    ("terms", posted_for_ever),
    ("below_and_restored", drop(events.BELOW)),
    ("below_and_restored", drop(events.RESTORED)),
    ("below_and_restored", shift(events.BELOW, 0.5)),
    ("below_and_restored", repeat(events.BELOW)),
    ("reviews", drop(events.LOST)),
    ("reviews", elsewhere(events.LOST)),
    ("reviews", elsewhere(events.FOUNDED)),
    ("panel", drop(events.FOUNDED)),
    ("panel", drop(events.COMBINED)),
    ("panel", drop(events.LISTED)),
    ("panel", drop(events.EXEMPTED)),
    ("panel", drop(events.DEAD)),
    ("eligible", listed_by_thousands),
]


@pytest.mark.parametrize(("checker", "change"), BREAKS)
def test_a_broken_log_is_noticed(checker: str, change: Callable[[Rows], None]) -> None:
    """On some busy case, wherever there is something to break and it makes a difference."""
    for seed, variant in product((1, 2), VARIANTS):
        try:
            found = broken(busy_case(variant, seed), change)
        except StopIteration:
            continue
        if getattr(invariants, checker)(found):
            return
    pytest.fail("is not noticed")


def test_events_out_of_order_are_noticed() -> None:
    whole = busy_case("all")
    log = whole.outcome.log
    order = np.arange(len(log.day))
    order[[10, 11]] = order[[11, 10]]
    mixed = Log(*(column[order] for column in log))
    wrong = whole.with_log(log)
    object.__setattr__(wrong, "outcome", whole.outcome._replace(log=mixed))
    assert invariants.in_canonical_order(wrong)


def test_wrong_ages_are_noticed() -> None:
    """The same log under a scenario that admits between 30 and 31 only."""
    whole = busy_case("all")
    rules = whole.loaded.with_values({"rules.admission_age": (30, 31)})
    strict = case(rules, "policy")
    object.__setattr__(whole_ := whole.with_log(whole.outcome.log), "loaded", strict.loaded)
    assert any("years" in v for v in invariants.admissions(whole_))


def test_every_checker_is_seen_to_fail() -> None:
    seen = {name for name, _ in BREAKS} | {"in_canonical_order"}
    assert seen == {c.__name__ for c in invariants.CHECKERS}
