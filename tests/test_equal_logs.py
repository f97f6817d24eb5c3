"""The two engines write the same log, event by event, and the same panel and tallies.

They share the rules and the draws but not the machinery: SimPy processes on one side, compiled
tables and queues on the other. Equality is exact, to the last bit of every day.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.engine import compiled
from sim.engine.compiled.state import STATE, empty_tables, given_by
from sim.experiment import prepare
from sim.load import check
from sim.log import Outcome
from sim.scenario import Loaded
from tests.generators import RICH, in_both_engines, scenarios, sound
from tests.shipped import SHIPPED, affordable
from tests.small import VARIANTS, busy

ROOT = Path(__file__).parent.parent
SHORT = 2
"""Years of the quick comparison: most levers begin after one."""
UNTIMED = settings(
    derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large,
                           HealthCheck.large_base_example],
)  # fmt: skip


POLICIES = [
    pytest.param(name, policy, id=f"{name}-{policy}")
    for name in SHIPPED
    for policy in affordable(name).policies
]


def shortened(loaded: Loaded, policy: str) -> Loaded:
    """One policy, over the shortest horizon of at least two years in which all its levers begin."""
    levers = loaded.scenario.model_dump(by_alias=True)["policies"][policy]
    for years in range(SHORT, loaded.scenario.years + 1):
        alone = {"policies": {policy: levers}, "happened": None}
        short = loaded.with_values({"years": years, **alone})
        if not check(short):
            return short
    raise AssertionError(f"{policy} fits no horizon")


class TestShipped:
    """All policies of the shipped scenarios; of a province, in one district (tests/shipped.py)."""

    @pytest.mark.parametrize(("name", "policy"), POLICIES)
    def test_first_years(self, name: str, policy: str) -> None:
        short = shortened(affordable(name), policy)
        seed = 7 + list(affordable(name).policies).index(policy)
        assert len(in_both_engines(short, policy, seed).log.day) > 100

    @pytest.mark.verify
    @pytest.mark.parametrize(("name", "policy"), POLICIES)
    def test_full_horizon(self, name: str, policy: str) -> None:
        given = affordable(name)
        for replication in range(3):
            in_both_engines(given, policy, given.scenario.seed, replication)


class TestHandMade:
    @pytest.mark.parametrize("name", RICH)
    def test_every_policy(self, name: str) -> None:
        for policy in RICH[name].policies:
            for seed in (1, 2):
                in_both_engines(RICH[name], policy, seed, replication=seed)

    @pytest.mark.parametrize("variant", VARIANTS)
    def test_busy_district(self, variant: str) -> None:
        in_both_engines(busy(**VARIANTS[variant]), "policy", seed=3)

    @pytest.mark.verify
    def test_with_bounds_checked(self, tmp_path: Path) -> None:
        """Compiled code reads and writes inside its tables only."""
        switches = {"NUMBA_BOUNDSCHECK": "1", "HAMLETSIM_CACHE": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
             "tests/test_edge_cases.py"],
            cwd=ROOT, env=os.environ | switches, capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]


def same(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes are the same, to the last bit."""
    parts = zip((*one.log, *one[1:]), (*other.log, *other[1:]), strict=True)
    return all(np.array_equal(a, b) for a, b in parts)


class TestTables:
    """The compiled engine uses its tables again, and makes them larger where it must."""

    @pytest.mark.parametrize("name", RICH)
    def test_a_replication_leaves_nothing_behind(self, name: str) -> None:
        for policy in RICH[name].policies:
            one = prepare(RICH[name], policy)
            runner = compiled.prepared(one.plan, one.world)
            for replication in (3, 1, 3):
                fresh = compiled.run(one.plan, one.world, 5, replication)
                assert same(runner.run(5, replication), fresh)

    @pytest.mark.parametrize("name", RICH)
    def test_tables_that_are_too_small_grow(self, name: str) -> None:
        for policy in RICH[name].policies:
            one = prepare(RICH[name], policy)
            runner = compiled.Runner(one.plan, one.world, True)
            crowded = len(one.world.people) + 1
            runner._make_tables(crowded, 6 * crowded)
            assert same(runner.run(5, 1), compiled.run(one.plan, one.world, 5, 1))
            assert len(runner._tables["people"]) > crowded

    def test_tables_are_what_the_record_says(self) -> None:
        """Which numba believes; as plain Python nobody asks."""
        one = prepare(RICH["lively"], "adaptive")
        given = given_by(one.plan, one.world)
        arrays = {name: v for name, v in given.items() if isinstance(v, np.ndarray)}
        arrays |= empty_tables(one.plan, 100, 100)
        runner = compiled.Runner(one.plan, one.world, True)
        stopped = runner.stop(1, 1, 20)
        then = runner._own_fields(stopped) | compiled._in_common(stopped)
        arrays |= {name: v for name, v in then.items() if isinstance(v, np.ndarray)}
        assert len(arrays) > 90
        found = {name: (array.dtype, array.ndim) for name, array in arrays.items()}
        assert found == {name: STATE.kinds[name] for name in arrays}

    @pytest.mark.parametrize("name", SHIPPED)
    def test_growing_under_all_policies(self, name: str) -> None:
        policy = list(affordable(name).policies)[-1]
        one = prepare(shortened(affordable(name), policy), policy)
        runner = compiled.Runner(one.plan, one.world, True)
        runner._make_tables(len(one.world.people) + 1, len(one.world.people) + 1)
        assert same(runner.run(5, 1), compiled.run(one.plan, one.world, 5, 1))


class TestGenerated:
    @settings(UNTIMED, max_examples=60)
    @given(scenarios(), st.integers(0, 2**62 - 1))
    def test_any_scenario(self, loaded: Loaded, seed: int) -> None:
        self.compare(loaded, seed)

    @pytest.mark.verify
    @settings(UNTIMED, max_examples=300)
    @given(scenarios(), st.integers(0, 2**62 - 1))
    def test_very_many(self, loaded: Loaded, seed: int) -> None:
        self.compare(loaded, seed)

    def compare(self, loaded: Loaded, seed: int) -> None:
        sound(loaded)
        for policy in loaded.policies:
            in_both_engines(loaded, policy, seed)
