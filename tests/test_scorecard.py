"""Women, successors of secretaries, and the scorecard of a cell."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from sim import log as events
from sim import plan as plans
from sim import risk, scenario
from sim import world as worlds
from sim.engine import compiled, reference
from sim.risk.scorecard import score, target_parts
from sim.scenario import Baseline, Loaded, Scenario
from tests import small
from tests.risk_samples import FIELD, cell, empty_panel, of_hamlets, outcome_of, sample, study_of

ENGINES = pytest.mark.parametrize("engine", [reference, compiled])


def group(count: int, age: float, women: int = 0) -> scenario.Group:
    return scenario.Group(band=(age, age), count=count, women=women)


def unit(name: str, *officials: scenario.Group, posted: int = 0) -> scenario.Unit:
    """A unit with these officials, and women posted to it."""
    there = (group(posted, 40.0, posted),) if posted else ()
    return small.unit(name, 0, posted=there).model_copy(update={"officials": officials})


def panel_of(engine: ModuleType, *units: scenario.Unit, **changes: Any) -> Any:
    given = small.loaded(small.quiet(years=3, **changes), *units)
    outcome = engine.run(plans.make(given, "policy"), worlds.build(given), 1, 0)
    return lambda name: outcome.panel[:, :, events.PANEL_FIELDS.index(name)].T.tolist()


@ENGINES
def test_women_are_those_of_the_roll(engine: ModuleType) -> None:
    """Three of five; posted members are not of the roll, whatever their sex."""
    mixed = unit("A", group(4, 40.0, 2), group(1, 70.0, 1))
    posted = unit("B", posted=3)
    panel = panel_of(engine, mixed, posted)
    assert panel("women") == [[3, 3, 3, 3], [0, 0, 0, 0]]
    assert panel("roll") == [[5, 5, 5, 5], [0, 0, 0, 0]]


@ENGINES
def test_who_may_follow_the_secretary(engine: ModuleType) -> None:
    """Nobody of 60, nobody posted, and not the secretary.

    A has three of 58.5 years and two of 70, and its secretary may be any of them; B has one young
    official beside two old ones and three posted; C four of 30.
    """
    nobody_old = {"offices": {"secretary_maximum_age": 60}}
    units = (
        unit("A", group(3, 58.5), group(2, 70.0)),
        unit("B", group(1, 30.0), group(2, 70.0), posted=3),
        unit("C", group(4, 30.0)),
    )
    panel = panel_of(engine, *units, **nobody_old)
    of_a, of_b, of_c = panel("successors")
    assert of_a == [2, 2, 0, 0]
    assert set(of_b) <= {0, 1}  # the secretary may be posted, and the young one may be it
    assert of_c == [3, 3, 3, 3]


def test_cells_whose_secretary_stands_alone() -> None:
    loaded = sample()
    panel = empty_panel(loaded)
    panel[:, :3, FIELD["secretary"]] = [1, 2, 1]
    panel[:, :3, FIELD["successors"]] = [0, 1, 0]
    panel[:, 2, FIELD["cell"]] = 1  # joint: its secretary is its host's
    study = study_of(loaded, {"as-is": [outcome_of(loaded, [], panel)]})
    years = of_hamlets(risk.years(study)).query("measure == 'secretary_alone'")
    assert set(years["mean"]) == {1.0}


# ---------------------------------------------------------------- parts of targets


def with_targets(targets: list[dict[str, Any]], *levers: dict[str, Any], **more: Any) -> plans.Plan:
    """Three units in commune C1 and one in C2, under targets."""
    units = [
        small.unit(name, 3, area=("District", commune))
        for name, commune in (("A", "C1"), ("B", "C1"), ("C", "C1"), ("D", "C2"))
    ]
    data = {"admission": {"targets": targets}, **more}
    given = Loaded(
        scenario=Scenario.model_validate(small.quiet(*levers, years=3, **data).model_dump()),
        baseline=Baseline(levels=small.LEVELS, units=tuple(units)),
    )
    return plans.make(given, "policy")


def test_a_target_is_shared_in_equal_parts_and_the_lowest_goes_first() -> None:
    district = {"level": "district", "per_year": 8}
    found = target_parts(with_targets([district, {"level": "commune", "per_year": {"C1": 6}}]))
    np.testing.assert_allclose(found[:, 1:], np.array([[2.0] * 3] * 3 + [[2.0] * 3]))
    alone = target_parts(with_targets([{"level": "commune", "per_year": {"C1": 6}}]))
    np.testing.assert_allclose(alone[:3, 1:], 2.0)
    assert np.isnan(alone[3]).all() and np.isnan(alone[:, 0]).all()
    assert np.isnan(target_parts(with_targets([]))).all()


def test_a_year_from_october_has_a_quarter_of_one_target_and_three_of_the_next() -> None:
    more = {"lever": "admission", "from": "2021-01-01", "per_year": {"to": 12}}
    plan = with_targets([{"level": "district", "per_year": 4}], more, start="2020-10-01")
    np.testing.assert_allclose(target_parts(plan)[0, 1:], [(1 + 9) / 4, 3.0, 3.0])


# ---------------------------------------------------------------- the score


def scored(**numbers: float) -> float:
    """The score of one unit in year 1."""
    names = ("strength", "active", "admitted", "target_part", "over_60", "officials")
    columns = {name: np.array([[np.nan, numbers[name]]]) for name in names}
    return float(score(**columns, minimum=3, risk_line=5)[0, 1])


GOOD = {
    "strength": 10.0, "active": 8.0, "admitted": 1.0, "target_part": 0.5, "over_60": 2.0,
    "officials": 10.0,
}  # fmt: skip


def test_the_score_is_the_mean_of_its_parts() -> None:
    assert scored(**GOOD) == pytest.approx(100 * (1 + 1 + 1 + 0.8) / 4)
    assert scored(**GOOD | {"strength": 4.0}) == pytest.approx(100 * (0.8 + 1 + 1 + 0.8) / 4)
    assert scored(**GOOD | {"active": 1.5}) == pytest.approx(100 * (1 + 0.5 + 1 + 0.8) / 4)
    assert scored(**GOOD | {"admitted": 0.2}) == pytest.approx(100 * (1 + 1 + 0.4 + 0.8) / 4)
    assert scored(**GOOD | {"target_part": np.nan}) == pytest.approx(100 * (1 + 1 + 0.8) / 3)
    assert scored(**GOOD | {"officials": 0.0}) == pytest.approx(100 * (1 + 1 + 1 + 0) / 4)
    assert np.isnan(scored(**GOOD | {"strength": 0.0}))  # however young the few who are not there


def test_the_table_of_hamlets_has_the_scores_of_its_own_numbers() -> None:
    targets = {"targets": [{"level": "commune", "per_year": 4}]}
    loaded = sample(admission=targets)
    panel = empty_panel(loaded)
    for name, value in {"strength": 4, "active": 2, "roll": 4, "over_60": 1}.items():
        panel[:, 0, FIELD[name]] = value
    admission = (400.0, 5, "A", 123456, events.ADMITTED, 0)
    records = [(390.0, 3, "A", 123456, events.LISTED, 0), admission, cell(410.0, "C", events.LOST)]
    study = study_of(loaded, {"as-is": [outcome_of(loaded, records, panel)]})
    mine = risk.hamlets(study).query("hamlet == 'A'").set_index("year")
    assert np.isnan(mine.score[0])
    assert mine.target_part[1:].tolist() == [1.0] * 8  # four a year, four units
    assert mine.score[2] == pytest.approx(100 * (4 / 5 + 2 / 3 + 1 + 3 / 4) / 4)
    assert mine.score[3] == pytest.approx(100 * (4 / 5 + 2 / 3 + 0 + 3 / 4) / 4)
