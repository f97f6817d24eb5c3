"""A baseline that is simulated in parts gives what it gives as a whole, to the last bit."""

import gc
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import experiment
from sim import plan as plans
from sim.experiment import parts, work
from sim.experiment.parts import Part, cut
from sim.plan import independent_of_each_other
from sim.risk import Tally
from sim.scenario import Loaded
from tests.generators import LATER, RICH, RICH_POLICIES, lively, scenarios
from tests.shipped import shipped
from tests.test_equal_logs import UNTIMED

WHOLE = 10**9

LOOSE = lively(
    {
        "as-is": [],
        "moved": RICH_POLICIES["moved"],
        "sent": [
            {"lever": "reinforcement", "senders": ("s1", "b1"), "number": 1, "term_months": 9,
             "strength_below": 9, "where": {"areas": ("C2",)}},
            {"lever": "local_class", "level": "commune", "months": (3, 9), "seats": 3,
             "where": {"areas": ("C1",)}},
            {"lever": "retention", "factor": 0.1, "where": {"when": {"strength": {"below": 6}}}},
            {"lever": "reinforcement", "pool": "army", "strength_below": 6,
             "where": {"areas": ("C3",), "when": {"candidates": {"below": 4}}}},
        ],
        "offered": [
            {"lever": "training", "seats": {"times": 2}, "where": {"areas": ("D2",)}, **LATER},
            {"lever": "admission", "per_year": {"plus": 2}, "where": {"areas": ("C1",)}},
            {"lever": "officer_training", "office": "chief", "months": "all", "places": 1,
             "level": "commune"},
        ],
    },
    costs={"structural.once": 1.0, "merger.once": 1.0, "training.seat_offered": 1.0},
    training={"level": "commune", "seats": 2},
    admission={"targets": {"level": "commune", "per_year": 3.0}},
    postings={"pools": {"army": {"level": "commune", "size": 2}}},
)  # fmt: skip
"""Three communes that share nothing but bad years; units name others of their commune."""


def in_parts(
    monkeypatch: pytest.MonkeyPatch,
    loaded: Loaded,
    units: int,
    policies: Sequence[str],
    jobs: int = 2,
) -> dict[str, Tally]:
    """The counts of all policies, with so many units to a part where that can be."""
    monkeypatch.setattr(parts, "UNITS_OF_A_PART", units)
    return experiment.run(loaded, policies, replications=4, jobs=jobs).study.tallies


def same(some: dict[str, Tally], others: dict[str, Tally]) -> None:
    """Every array and everything offered is the same, to the last bit."""
    assert list(some) == list(others)
    for policy, one in some.items():
        other = others[policy]
        for name, counted in one.counts._asdict().items():
            np.testing.assert_array_equal(counted, getattr(other.counts, name), f"{policy} {name}")
            assert counted.dtype == getattr(other.counts, name).dtype
        np.testing.assert_equal([vars(o) for o in other.offers], [vars(o) for o in one.offers])


def number_of_parts(monkeypatch: pytest.MonkeyPatch, loaded: Loaded, units: int) -> int:
    monkeypatch.setattr(parts, "UNITS_OF_A_PART", units)
    return len(cut(loaded, list(loaded.policies)))


def test_three_communes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert number_of_parts(monkeypatch, LOOSE, 1) == 3
    names = list(LOOSE.policies)
    whole = in_parts(monkeypatch, LOOSE, WHOLE, names)
    assert whole["moved"].offers[0].structural.sum() == 3
    assert whole["sent"].counts.posting_months.any() and whole["sent"].counts.lever_months.any()
    same(in_parts(monkeypatch, LOOSE, 1, names), whole)
    same(in_parts(monkeypatch, LOOSE, 1, names, jobs=1), whole)


@pytest.mark.parametrize("name", RICH)
def test_every_mechanism(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for policy in RICH[name].policies:
        whole = in_parts(monkeypatch, RICH[name], WHOLE, [policy])
        same(in_parts(monkeypatch, RICH[name], 1, [policy]), whole)


@settings(UNTIMED, max_examples=25)
@given(scenarios(), st.integers(1, 6))
def test_any_scenario(loaded: Loaded, units: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        names = list(loaded.policies)
        whole = in_parts(patch, loaded, WHOLE, names)
        same(in_parts(patch, loaded, units, names), whole)


def test_units_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a part need not stand together."""
    units = LOOSE.baseline.units
    mixed = tuple(units[i] for i in np.random.default_rng(1).permutation(len(units)))
    baseline = LOOSE.baseline.model_copy(update={"units": mixed})
    loaded = LOOSE.model_copy(update={"baseline": baseline})
    names = list(loaded.policies)
    whole = in_parts(monkeypatch, loaded, WHOLE, names)
    same(in_parts(monkeypatch, loaded, 1, names), whole)
    assert not isinstance(cut(loaded, names)[0].rows, slice)


def test_a_province_with_draws_of_its_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = shipped("son-la").with_values({"years": 4, "parameter_draws": 2})
    names = list(loaded.policies)[:3]
    assert loaded.scenario.uncertain
    assert number_of_parts(monkeypatch, loaded, 600) > 4
    whole = in_parts(monkeypatch, loaded, WHOLE, names)
    same(in_parts(monkeypatch, loaded, 600, names), whole)


def test_the_best_policy_is_chosen_from_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = []
    for units in (WHOLE, 1):
        monkeypatch.setattr(parts, "UNITS_OF_A_PART", units)
        found = experiment.best(LOOSE, "cost", ["as-is", "offered"], "lowest", 1.0, most=40)
        tables.append(found.table)
    assert tables[0].equals(tables[1])


# ---------------------------------------------------------------- where it is cut


@settings(UNTIMED, max_examples=40)
@given(scenarios(), st.integers(1, 6))
def test_no_coupled_unit_is_cut(loaded: Loaded, units: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "UNITS_OF_A_PART", units)
        found = cut(loaded, list(loaded.policies))
    part = part_of_each(found, len(loaded.baseline.units))
    for policy in loaded.policies:
        coupled = plans.make(loaded, policy).unit
        assert len(set(zip(part, coupled, strict=True))) == len(set(coupled))


def part_of_each(found: Sequence[Part], units: int) -> list[int]:
    """The part of each unit; every unit is in one."""
    part = np.full(units, -1)
    for number, one in enumerate(found):
        assert (part[one.rows] == -1).all()
        part[one.rows] = number
    assert (part >= 0).all()
    return part.tolist()


def test_small_sets_share_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The communes have 6, 4 and 4 units."""
    for units, sizes in ((1, [6, 4, 4]), (8, [6, 8]), (10, [10, 4]), (14, [14])):
        monkeypatch.setattr(parts, "UNITS_OF_A_PART", units)
        assert [len(p.baseline.units) for p in cut(LOOSE, ["as-is"])] == sizes


def test_only_policies_that_run_join_units() -> None:
    loaded = RICH["lively"]
    assert independent_of_each_other(loaded, ["as-is"]).max() == 1
    assert independent_of_each_other(loaded, ["as-is", "posted"]).max() == 0


def test_nothing_of_a_part_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even until the next collection of cycles, which is rare where there are many units."""
    made, make = [], plans.make

    def seen(*given: Any) -> plans.Plan:
        plan = make(*given)
        made.append(weakref.ref(plan.days))
        return plan

    monkeypatch.setattr(plans, "make", seen)
    gc.disable()
    try:
        in_parts(monkeypatch, LOOSE, 1, list(LOOSE.policies))
        left = sum(plan() is not None for plan in made)
    finally:
        gc.enable()
    assert (len(made), left) == (3 * len(LOOSE.policies), 0)


def test_parts_are_put_away(monkeypatch: pytest.MonkeyPatch) -> None:
    shelves = []

    class Seen(work.Shelf):
        def done(self, task: work.Task) -> None:
            shelves.append((self, len(self._in_work)))
            super().done(task)

    monkeypatch.setattr("sim.experiment.replication.Shelf", Seen)
    in_parts(monkeypatch, LOOSE, 1, list(LOOSE.policies), jobs=1)
    shelf, _ = shelves[-1]
    assert len(shelf.parts) == 3 and not shelf._in_work
    assert max(number for _, number in shelves) <= 2
