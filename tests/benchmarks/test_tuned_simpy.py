"""The yardstick does the work it is timed for: it writes the log of the reference engine."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import sim
from sim import rules
from sim.engine import reference
from sim.experiment import Prepared, prepare
from sim.log import KINDS, LOST, Log, differences, in_order
from sim.scenario import Loaded
from tests.benchmarks.scope import SLICE
from tests.benchmarks.tuned_simpy import Slice

SCENARIOS = Path(__file__).parents[2] / "scenarios"

HARD_TIMES: dict[str, Any] = {
    "years": 5,
    "rules.minimum_official_members": 8,
    "demography.mortality": {"table": "viet-nam", "factor": 9.0},
    "demography.leaving.rogers_castro.level": 6.0,
    "demography.returning": {"constant": 1.0},
    "source.help.outside_helpers_without_cell": 4.0,
    "admission.months": [6],  # many are recognised on one day, some in the same cell
    "admission.targets": {"level": "district", "per_year": 300},
}
OTHER_RULES: dict[str, Any] = {
    "years": 3,
    "calendar": "uniform",
    "rules.probation_months": 18,
    "training.months": list(range(1, 13)),
    "training.seats": 5,
    "training.replace_no_shows": False,
    "admission.months": [2, 5, 9],
}
IN_THE_SLICE = {
    "dead", "left", "returned", "listed", "class_attended", "class_missed", "admitted",
    "recognised", "below", "restored", "lost", "re_emptied",
}  # fmt: skip
BESIDE_IT = {"posting_renewed", "chief_named", "secretary_named"}
"""What no scenario file can switch off."""


@cache
def shipped(name: str) -> Loaded:
    return sim.load(SCENARIOS / f"{name}.yaml")


def in_slice(policy: str = "as-is", **values: Any) -> Prepared:
    return prepare(shipped("quynh-luu").with_values(SLICE | values), policy)


def same_log(prepared: Prepared, seed: int, replication: int) -> Log:
    plan, world = prepared.plan, prepared.world
    log = in_order(Slice(plan, world).replication(seed, replication))
    assert differences(log, reference.run(plan, world, seed, replication).log) == []
    return log


def kinds(*logs: Log) -> Counter[str]:
    return Counter(KINDS[int(kind)] for log in logs for kind in log.kind)


def cover_by_the_smallest(prepared: Prepared) -> npt.NDArray[np.intp]:
    """Give the hamlets without a cell a joint one, with cells that will soon be lost."""
    hamlets, people = prepared.world.hamlets, prepared.world.people
    covered, own = (np.flatnonzero(hamlets["cell"] == c) for c in (rules.NONE, rules.OWN))
    number = np.bincount(people["hamlet"])[own]
    hamlets["cell"][covered] = rules.JOINT
    hamlets["roll"][covered] = own[number.argsort()][: len(covered)]
    return covered


class TestSameLog:
    def test_whole_horizon(self) -> None:
        logs = [same_log(in_slice(), seed, k) for seed, k in ((141, 0), (141, 1), (2, 0))]
        assert len({len(log.day) for log in logs}) > 1
        assert set(kinds(*logs)) <= IN_THE_SLICE | BESIDE_IT

    @pytest.mark.parametrize("replication", range(3))
    def test_hard_times(self, replication: int) -> None:
        prepared = in_slice(**HARD_TIMES)
        covered = cover_by_the_smallest(prepared)
        prepared.world.hamlets["ever_founded"][::3] = True
        log = same_log(prepared, 1, replication)
        happened = kinds(log)
        assert min(happened["restored"], happened["lost"], happened["re_emptied"]) > 0
        assert np.isin(log.hamlet[log.kind == LOST], covered).any()

    def test_other_rules(self) -> None:
        assert same_log(in_slice(**OTHER_RULES), 1, 0).day.size > 500

    @pytest.mark.parametrize("policy", ["more-seats", "higher-targets", "retention"])
    def test_levers_that_it_knows(self, policy: str) -> None:
        same_log(in_slice(policy, years=4), 5, 1)

    def test_one_model_many_replications(self) -> None:
        prepared = in_slice(years=2)
        model = Slice(prepared.plan, prepared.world)
        first, other, again = (model.replication(3, k) for k in (0, 1, 0))
        assert differences(first, again) == []
        assert differences(first, other) != []


class TestRefuses:
    @pytest.mark.parametrize("key", SLICE)
    def test_what_each_key_switches_off(self, key: str) -> None:
        values = {name: value for name, value in SLICE.items() if name != key}
        prepared = prepare(shipped("quynh-luu").with_values(values | {"years": 4}), "as-is")
        with pytest.raises(ValueError, match="the tuned model does not know: "):
            Slice(prepared.plan, prepared.world)

    @pytest.mark.parametrize(
        ("policy", "unknown"),
        [
            ("weakest-first", "an order other than first come"),
            ("reinforcement", "levers that change a schedule"),
            ("renewed-postings", "postings that end"),
            ("secretaries-and-chiefs", "courses"),
            ("help-for-the-weakest", "adaptive levers"),
            ("merged-hamlets", "structural events"),
        ],
    )
    def test_policies(self, policy: str, unknown: str) -> None:
        prepared = in_slice(policy, years=4)
        with pytest.raises(ValueError, match=unknown):
            Slice(prepared.plan, prepared.world)

    def test_schools(self) -> None:
        prepared = prepare(shipped("que-phong").with_values(SLICE), "as-is")
        with pytest.raises(ValueError, match="units that are not hamlets"):
            Slice(prepared.plan, prepared.world)
