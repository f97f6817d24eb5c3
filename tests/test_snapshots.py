"""A replication stops at a month start and goes on from there: split equals continuous, bit by bit.

Both engines stop in the same world, either goes on from a world of the other, and under another
policy with the same history it goes on as if it had run under that policy from the beginning.
"""

import dataclasses
import datetime as dt
import itertools
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim import experiment, rules
from sim import plan as plans
from sim.engine import compiled, reference
from sim.engine.opening import Stopped
from sim.experiment import Prepared, prepare
from sim.levers import MAXIMUM_ADAPTIVE
from sim.load import check
from sim.log import Outcome, differences, in_order
from sim.plan import Plan
from sim.plan.histories import shared_months
from sim.risk import Counter
from sim.scenario import Loaded, Scenario
from sim.world import World
from tests.generators import RICH, lively, scenarios, sound
from tests.shipped import SHIPPED, affordable
from tests.small import LEVERS, busy
from tests.test_equal_logs import UNTIMED
from tests.test_nothing_inert import BASE

ENGINES = (compiled, reference)
NOT_COMPARED = ("clock", "term_low", "term_high", "age_low", "age_high")
"""Fields of a person that are found anew, or in which a baseline leaves things unknown."""
Values = dict[str, Any]
LATE = {"lever": "emulation", "factor": 2.0, "from": dt.date(2022, 1, 1)}
CLASSES = {"lever": "local_class", "level": "commune", "months": [3], "seats": 2}


def assert_same(found: Outcome, expected: Outcome) -> None:
    """Same events, panel and tallies."""
    assert differences(in_order(found.log), in_order(expected.log)) == []
    for name in ("panel", "lever_months", "posting_months"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


def assert_same_world(found: World, expected: World) -> None:
    """Same people in any order, same hamlets, same use of targets and pools."""
    one, other = (np.sort(world.people, order="key") for world in (found, expected))
    for name in set(one.dtype.names) - set(NOT_COMPARED):
        np.testing.assert_array_equal(one[name], other[name], name)
    for name in found.hamlets.dtype.names:
        np.testing.assert_array_equal(found.hamlets[name], expected.hamlets[name], name)
    for name in ("month", "levers", "admitted", "target_pull", "pool_used"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


# ---------------------------------------------------------------- one policy


def split_everywhere(one: Prepared, seed: int, months: list[int]) -> None:
    """Stop before each month in both engines, and go on from each world in both."""
    engines = [engine.prepared(one.plan, one.world) for engine in ENGINES]
    whole = engines[1].run(seed, 1)
    for month in months:
        stopped = [engine.stop(seed, 1, month) for engine in engines]
        assert_same_world(stopped[0].world, stopped[1].world)
        for engine, since in itertools.product(engines, stopped):
            assert_same(engine.run(seed, 1, since), whole)


@pytest.mark.parametrize("name", RICH)
def test_split_equals_continuous(name: str) -> None:
    """Also within a quarter, at the year's start and in the last month."""
    for policy in RICH[name].policies:
        one = prepare(RICH[name], policy)
        split_everywhere(one, 3, [1, 7, 12, 17, one.plan.settings.months - 1])


def test_the_busy_district_may_be_split() -> None:
    split_everywhere(prepare(busy(LEVERS), "policy"), 3, [7, 30])


@settings(UNTIMED, max_examples=25)
@given(scenarios(), st.integers(0, 2**62 - 1), st.floats(0.01, 0.99))
def test_any_scenario_may_be_split(loaded: Loaded, seed: int, part: float) -> None:
    sound(loaded)
    for policy in loaded.policies:
        one = prepare(loaded, policy)
        split_everywhere(one, seed, [max(1, int(part * one.plan.settings.months))])


@pytest.mark.verify
@settings(UNTIMED, max_examples=60)
@given(scenarios(), st.integers(0, 2**62 - 1), st.floats(0.01, 0.99))
def test_very_many_may_be_split(loaded: Loaded, seed: int, part: float) -> None:
    for policy in loaded.policies:
        one = prepare(loaded, policy)
        split_everywhere(one, seed, [max(1, int(part * one.plan.settings.months))])


def test_many_stops_on_the_way() -> None:
    one = prepare(RICH["lively"], "adaptive")
    for engine in ENGINES:
        runner = engine.prepared(one.plan, one.world)
        since: Stopped | None = None
        for month in range(1, one.plan.settings.months, 5):
            since = runner.stop(4, 2, month, since)
        assert_same(runner.run(4, 2, since), runner.run(4, 2))


def test_a_stop_leaves_the_runner_as_it_was() -> None:
    one = prepare(RICH["lively"], "joined")
    runner = compiled.prepared(one.plan, one.world)
    before = runner.run(4, 2)
    runner.stop(4, 1, 20)
    assert_same(runner.run(4, 2), before)


def test_what_is_kept_of_a_stop_goes_with_it() -> None:
    """Several policies go on from it with the same words; they say where its tables are."""
    one = prepare(RICH["lively"], "joined")
    before = len(compiled._PACKED)
    stopped = compiled.prepared(one.plan, one.world).stop(4, 1, 20)
    for _ in range(2):
        compiled.prepared(one.plan, one.world).run(4, 1, stopped)
    assert len(compiled._PACKED) == before + 1
    again = pickle.loads(pickle.dumps(stopped))
    others = [compiled.prepared(one.plan, one.world).run(4, 1, s) for s in (stopped, again)]
    assert_same(*others)
    del stopped, again
    assert len(compiled._PACKED) == before


def test_tables_that_are_too_small_for_a_stop_grow() -> None:
    one = prepare(RICH["lively"], "as-is")
    expected = compiled.prepared(one.plan, one.world).stop(4, 1, 30)
    runner = compiled.prepared(one.plan, one.world)
    runner._room = runner._everybody = 3
    assert_same_world(runner.stop(4, 1, 30).world, expected.world)


# ---------------------------------------------------------------- several policies


def month_start(loaded: Loaded, month: int) -> dt.date:
    """The first day of a month from the start."""
    start = loaded.scenario.start
    years, number = divmod(start.month - 1 + month, 12)
    return dt.date(start.year + years, number + 1, 1)


def parting(loaded: Loaded, one: str, other: str, month: int) -> Loaded:
    """A base with the levers of one policy, and a policy that parts from it before a month.

    It ends every second lever of the base then and begins those of the other, which stand first.
    """
    levers = loaded.scenario.model_dump(by_alias=True)["policies"]
    date = month_start(loaded, month)
    begun = [lever | {"from": max(lever["from"] or date, date)} for lever in levers[other]]
    begun = [lever for lever in begun if not lever["until"] or lever["until"] > lever["from"]]
    kept = [
        lever | {"until": min(lever["until"] or date, date)} if number % 2 else lever
        for number, lever in enumerate(levers[one])
    ]
    kept = [lever for lever in kept if not lever["from"] or lever["from"] != lever["until"]]
    return loaded.with_values({"policies": {"base": levers[one], "parts": begun + kept}})


def partings(months: tuple[int, ...]) -> Iterator[Loaded]:
    for loaded in RICH.values():
        for one, other in itertools.permutations(loaded.policies, 2):
            for month in months:
                new = parting(loaded, one, other, month)
                if not check(new) and 0 < parts_at(new) < 12 * new.scenario.years:
                    yield new


def parts_at(loaded: Loaded) -> int:
    return shared_months(loaded.scenario, list(loaded.scenario.policies.values()))


def test_one_history_several_policies() -> None:
    """All pairs of hand-made policies; what comes later is never felt before."""
    number = 0
    for number, loaded in enumerate(partings((14, 19)), start=1):
        base, parts = (prepare(loaded, name) for name in loaded.policies)
        engine, other = ENGINES[number % 2], ENGINES[number // 2 % 2]
        stopped = engine.prepared(base.plan, base.world).stop(3, 1, parts_at(loaded))
        runner = other.prepared(parts.plan, parts.world)
        assert_same(runner.run(3, 1, stopped), runner.run(3, 1))
    assert number > 40


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", BASE)
def test_every_lever_may_begin_after_a_stop(kind: str, engine: Any) -> None:
    """Among them levers on mortality, which move days of death that were known at the stop."""
    lever = {"lever": kind, **BASE[kind], **({"mortality": 4.0} if kind == "assumption" else {})}
    date = month_start(lively({"base": []}), 14)
    loaded = lively({"base": [], "late": [lever | {"from": date}]})
    base, late = (prepare(loaded, policy) for policy in loaded.policies)
    assert parts_at(loaded) == 14
    runner = engine.prepared(late.plan, late.world)
    stopped = engine.prepared(base.plan, base.world).stop(3, 1, 14)
    assert_same(runner.run(3, 1, stopped), runner.run(3, 1))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_policies_share_their_history(name: str) -> None:
    loaded = affordable(name)
    base, *others = loaded.policies
    first = prepare(loaded, base)
    history = compiled.prepared(first.plan, first.world)
    shared = 0
    for policy in others:
        policies = [loaded.scenario.policies[p] for p in (base, policy)]
        month = shared_months(loaded.scenario, policies)
        if 0 < month < 12 * loaded.scenario.years:
            one = prepare(loaded, policy)
            runner = compiled.prepared(one.plan, one.world)
            assert_same(runner.run(5, 1, history.stop(5, 1, month)), runner.run(5, 1))
            shared += 1
    assert shared > 2


def test_a_lever_in_force_that_the_policy_does_not_have_is_refused() -> None:
    one, other = (prepare(RICH["lively"], policy) for policy in ("adaptive", "as-is"))
    stopped = compiled.prepared(one.plan, one.world).stop(3, 1, 30)
    assert (stopped.world.hamlets["group"] > 0).any()
    with pytest.raises(ValueError, match="does not have"):
        compiled.prepared(other.plan, other.world).run(3, 1, stopped)


def test_tables_that_are_too_small_grow_in_the_middle_of_a_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the engine and of either counter of two policies that never differ: what was counted
    before stays, and nothing is counted twice."""
    policies = {"base": [], "same": [], "late": [LATE]}
    loaded = RICH["lively"].with_values({"policies": policies})
    wanted = sim.run(loaded, replications=5, jobs=1).study.tallies
    make_room, grown = Counter._make_room, []

    def small_at_first(self: Counter, people: int, events: int) -> None:
        again = hasattr(self, "_tables")
        grown.append(again)
        make_room(self, *((people, events) if again else (16, 1)))

    monkeypatch.setattr(Counter, "_make_room", small_at_first)
    monkeypatch.setattr(compiled, "ROOM_A_HAMLET", 0)
    monkeypatch.setattr(compiled, "EVENTS_A_PERSON", 1)
    found = sim.run(loaded, replications=5, jobs=1).study.tallies
    assert grown.count(True) > grown.count(False)
    for policy, tally in wanted.items():
        for one, other in zip(tally.counts, found[policy].counts, strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_an_experiment_simulates_a_shared_history_once(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five policies: one parts in June 2021, two in 2022, one of them again, two never do."""
    second = LATE | {"from": dt.date(2023, 1, 1), "factor": 3.0}
    given = {"base": [], "same": [], "early": [LATE | {"from": dt.date(2021, 6, 1)}],
             "late": [LATE], "later": [LATE, second]}  # fmt: skip
    loaded = RICH["lively"].with_values({"policies": given})
    made = []
    ready = experiment.preparation.engine_called(engine)
    runner = type(ready(prepare(loaded, "base").plan, prepare(loaded, "base").world))
    replicate, stop = runner.replicate, runner.stop
    monkeypatch.setattr(
        runner, "replicate", lambda *a: made.extend("r" for _ in a[2]) or replicate(*a)
    )
    monkeypatch.setattr(runner, "stop", lambda *a: made.append(a[3]) or stop(*a))
    together = sim.run(loaded, replications=3, engine=engine, jobs=1).study.tallies
    assert loaded.scenario.start == dt.date(2021, 3, 1)
    assert {what: made.count(what) for what in made} == {"r": 3 * 4, 3: 3, 10: 3, 22: 3}
    for policy in given:
        alone = loaded.with_values({"policies": {policy: given[policy]}})
        counts = sim.run(alone, replications=3, engine=engine, jobs=1).study.tallies[policy].counts
        for name, array in counts._asdict().items():
            np.testing.assert_array_equal(getattr(together[policy].counts, name), array, name)


def test_a_snapshot_goes_on_under_several_policies() -> None:
    loaded = RICH["lively"].with_values({"policies": {"base": [], "late": [LATE]}})
    found = sim.snapshot(loaded, "base", "2022-01-01", 4, seed=9)
    again = pickle.loads(pickle.dumps(found))
    for policy in ("base", "late"):
        expected = sim.trace(loaded, policy, 4, seed=9)
        for engine in ("compiled", "reference"):
            log = again.trace(policy, engine)
            assert log.sort_values(list(log)).equals(expected.sort_values(list(log)))
    world, table = found.stopped.world, found.hamlets
    counted = np.bincount(world.people["hamlet"], world.people["counted"], len(table))
    assert list(table["officials"]) == list(counted)
    own = table["cell"] == "own"
    for place in np.flatnonzero(own):
        assert table["strength"][place] == counted[world.hamlets["roll"] == place].sum()
    assert own.any() and set(table["cell"]) <= {"own", "joint", "none", "not there"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("none", "2022-01-01"), "policy"),
        (("base", "2022-01-02"), "the first day of a month after"),
        (("base", "2020-01-01"), "the first day of a month after"),
        (("base", "2099-01-01"), "the first day of a month after"),
        (("base", "soon"), "a date such as"),
    ],
)
def test_a_snapshot_that_cannot_be_is_refused(arguments: tuple[str, str], told: str) -> None:
    loaded = RICH["lively"].with_values({"policies": {"base": []}})
    with pytest.raises(sim.BadInput, match=told):
        sim.snapshot(loaded, *arguments)


def test_a_policy_with_another_history_is_refused() -> None:
    loaded = RICH["lively"].with_values({"policies": {"base": [], "late": [LATE]}})
    with pytest.raises(sim.BadInput, match="a policy with the levers of base until 2022-02-01"):
        sim.snapshot(loaded, "base", "2022-02-01").go_on("late")


def test_a_snapshot_of_other_sources_is_refused() -> None:
    """To go on from it would be no run that never stopped."""
    made = sim.snapshot(RICH["lively"], "as-is", "2022-01-01")
    other = dataclasses.replace(pickle.loads(pickle.dumps(made)), sources="0123")
    with pytest.raises(sim.BadInput, match="found one made by sources 0123; allowed: one made by"):
        other.trace("as-is")


# ---------------------------------------------------------------- nothing is felt before

STRONG = {"pace-none": {"admission": {"pace": "none"}}, "pace-even": {}}


def before(plan: Plan, month: int) -> dict[str, Any]:
    """All that a plan says of the months before one, by hamlet."""
    s = plan.settings
    day, years = plan.days[s.origin + month], -(-month // 12)
    group = plan.base_group
    at = [rules.period_at(d, plan.rates.starts) for d in plan.days[s.origin : s.origin + month]]
    held = {name: getattr(plan, name) for name in ("classes", "courses", "moves")}
    tables = {name: table[table["month"] < month] for name, table in held.items()}
    residents = plan.residents._asdict()
    tables |= {name: residents[name][:month] for name in ("adults", "weighted", "leavers")}
    tables |= {name: getattr(plan, name)[:month] for name in ("january", "meets", "review", "pull")}
    return tables | {
        "entry": plan.residents.entry[:, :years],
        "schedule": plan.schedule[group, :month],
        "rates": plan.rates.each[group][:, at],
        "mortality": plan.rates.mortality[group][..., at],
        "clock": plan.rates.clock,
        "shock": plan.shock_sd[:, at],
        "allowed": plan.allowed[:, :month],
        "target": plan.target_yearly[:, : sum(plan.rates.starts < day) - 1],
        "priority": plan.committee_priority[:, :month],
        "adaptive": plan.adaptive_months[:, :month].any(axis=1).sum(),
    }


@pytest.mark.parametrize("changes", STRONG.values(), ids=STRONG)
@pytest.mark.parametrize("kind", BASE)
@pytest.mark.parametrize("month", [14, 19])
def test_nothing_in_a_plan_is_felt_before(kind: str, month: int, changes: Values) -> None:
    """Every lever, begun within a year of the residents and of the allowances."""
    lever = {"lever": kind, **BASE[kind]}
    loaded = lively({"base": []}, **changes)
    date = month_start(loaded, month)
    late = lively({"base": [], "late": [lever | {"from": date}]}, **changes)
    base, plan = (plans.make(late, policy) for policy in late.policies)
    for name, found in before(plan, month).items():
        np.testing.assert_array_equal(found, before(base, month)[name], name)


def test_a_clock_does_not_depend_on_what_a_later_lever_does() -> None:
    """People come into the ages of an adaptive lever when, in one policy, nobody leaves."""
    later = {"lever": "retention", "factor": 0.0, "from": dt.date(2024, 4, 1)}
    often = {"when": {"strength": {"below": 5}}}
    kept = [{"lever": "retention", "factor": 0.1, "ages": ages, "where": often}
            for ages in ((29, 45), (62, 70))]  # fmt: skip
    loaded = lively({"base": kept, "late": [*kept, later]}, years=8)
    base, late = (prepare(loaded, policy) for policy in loaded.policies)
    month = shared_months(loaded.scenario, list(loaded.scenario.policies.values()))
    assert month == 37
    for engine in ENGINES:
        runners = [engine.prepared(one.plan, one.world) for one in (base, late)]
        for replication in range(4):
            logs = [runner.stop(3, replication, month).outcome.log for runner in runners]
            assert differences(*map(in_order, logs)) == []


# ---------------------------------------------------------------- what histories are


def policies_of(*levers: list[Values]) -> tuple[Scenario, list[Any]]:
    given = {str(number): one for number, one in enumerate(levers)}
    scenario = RICH["lively"].with_values({"policies": given}).scenario
    return scenario, list(scenario.policies.values())


@pytest.mark.parametrize(
    ("one", "other", "until"),
    [
        ([], [LATE], dt.date(2022, 1, 1)),
        ([LATE], [LATE | {"factor": 3.0}], dt.date(2022, 1, 1)),
        ([LATE], [LATE | {"until": dt.date(2022, 7, 1)}], dt.date(2022, 7, 1)),
        ([CLASSES], [LATE, CLASSES], dt.date(2022, 1, 1)),
        ([CLASSES], [CLASSES | {"from": dt.date(2022, 1, 1)}, CLASSES], None),
        ([], [CLASSES], None),
    ],
)
def test_policies_part_when_the_first_difference_acts(
    one: list[Values], other: list[Values], until: dt.date | None
) -> None:
    """A series of classes has the draws of its number: another before it is another history."""
    scenario, policies = policies_of(one, other)
    start = scenario.start
    months = 0 if until is None else (until.year - start.year) * 12 + until.month - start.month
    assert shared_months(scenario, policies) == months


def test_equal_policies_share_everything() -> None:
    scenario, policies = policies_of([LATE], [LATE])
    assert shared_months(scenario, policies) == 12 * scenario.years


def test_keys_of_adaptive_levers_do_not_depend_on_other_levers() -> None:
    """Six of them, in another order and with others between, have the keys they had."""
    levers = [{"lever": "attention", "factor": 1.5 + n, "weakest": 1} for n in range(3)]
    scenario, _ = policies_of(levers, [levers[2], LATE, levers[0]])
    loaded = RICH["lively"].model_copy(update={"scenario": scenario})
    one, other = (plans.make(loaded, name).adaptive_keys for name in scenario.policies)
    assert len(set(one)) == 3 <= MAXIMUM_ADAPTIVE
    assert list(other) == [one[2], one[0]]
