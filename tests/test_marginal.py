"""Marginal values: positive where seats are all that is missing, refused where nothing acts."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

import sim
from sim import figures, store
from sim.experiment import marginal as room
from sim.experiment.marginal import Marginal
from sim.figures.files import picture
from sim.levers import LocalClass, Reinforcement, Training, Where
from sim.messages import BadInput, speaking
from sim.report import value
from sim.report.blocks import Table
from sim.scenario import Scenario
from tests import runs
from tests.small import loaded, unit
from tests.test_cli import command

FULL, EMPTY = "District/Full", "District/Empty"
REPLICATIONS = 60


def short_of_seats() -> Scenario:
    """Members die, candidates abound, and no class has a seat; a class would be the only step."""
    return Scenario.model_validate(
        {
            "title": "Short of seats",
            "baseline": "-",
            "start": "2020-01-01",
            "years": 6,
            "calendar": "uniform",
            "demography": {
                "mortality": {"constant": 0.05},
                "leaving": {"constant": 0},
                "returning": 0,
                "settling_away": 0,
            },
            "source": {"listing": {"per_hamlet": 2.0}, "help": "off"},
            "training": {"seats": 0, "months": [1, 7], "level": "district"},
            "dossier": {"on": False},
            "policies": {"as-is": []},
        }
    )


@pytest.fixture(scope="module")
def scarce() -> sim.Loaded:
    """Four hamlets with candidates in one commune, four without any in the other."""
    communes = (("Full", 1.0), ("Empty", 0.0))
    units = [
        unit(f"{name}{i}", 4, area=("District", name), listing_factor=factor)
        for name, factor in communes
        for i in range(4)
    ]
    return loaded(short_of_seats(), *units)


@pytest.fixture(scope="module")
def found(scarce: sim.Loaded) -> Marginal:
    return sim.marginal(scarce, replications=REPLICATIONS)


def row(found: Marginal, lever: str, area: str, outcome: str = "lost") -> Any:
    table = found.marginal.set_index(["lever", "area", "outcome"])
    return table.loc[(lever, area, outcome)]


def test_a_seat_keeps_cells_where_seats_are_all_that_is_missing(found: Marginal) -> None:
    """Two classes a year of five seats for six years; each outcome certainly more than nothing."""
    for outcome in ("lost", "cell_years"):
        one = row(found, "seat", FULL, outcome)
        assert one["is_said"]
        assert one["further"] == 5 * 2 * 6
        assert 0 < one["low"] <= one["each"] <= one["high"]
        assert one["each"] == pytest.approx(one["kept"] / 60)


def test_where_nothing_acts_nothing_is_said(found: Marginal) -> None:
    """Seats without candidates: no difference in any replication, and so no value."""
    for outcome in ("lost", "cell_years"):
        one = row(found, "seat", EMPTY, outcome)
        assert (one["kept"], one["kept_low"], one["kept_high"]) == (0, 0, 0)
        assert not one["is_said"] and np.isnan(one["each"])


def test_the_difference_is_that_of_two_runs(scarce: sim.Loaded, found: Marginal) -> None:
    lever = LocalClass(level="commune", months=(1, 7), seats=5, attendance=0.7,
                       where=Where(areas=(FULL,)))  # fmt: skip
    policies = {"as-is": (), "more": (lever,)}
    scenario = scarce.scenario.model_copy(update={"policies": policies})
    pairs = sim.run(
        scarce.model_copy(update={"scenario": scenario}), replications=REPLICATIONS
    ).pairs.query("hamlet == '' and outcome == 'lost'")
    one = row(found, "seat", FULL)
    assert (one["kept"], one["kept_low"], one["kept_high"]) == pytest.approx(
        (-pairs["difference"].iloc[0], -pairs["high"].iloc[0], -pairs["low"].iloc[0])
    )


def test_noise_is_refused() -> None:
    """Of level differences of 20 areas nothing is said: at most 5 % of such tables say anything.

    Forty tables of noise; more than eight would have a chance of 1e-4. Intervals of one row each
    would speak in one of twenty rows, and so in nearly every table.
    """
    rng, number, spoken = np.random.default_rng(1), 20, 0
    tally = _Tally(100)
    for _table in range(40):
        noise = rng.poisson(0.2, (number, 100)) - rng.poisson(0.2, (number, 100))
        spoken += any(room._is_certain(tally, one.astype(float), number) for one in noise)  # type: ignore[arg-type]
    assert spoken <= 8
    assert room._is_certain(tally, rng.poisson(0.5, 100).astype(float), number)  # type: ignore[arg-type]


class _Tally:
    """As much of a tally as certainty needs: replications of one draw."""

    def __init__(self, replications: int) -> None:
        self.draw = np.zeros(replications, dtype=np.int64)

    def by_group(self, values: Any) -> Any:
        return values


def test_few_differences_are_not_certain() -> None:
    """Four replications of a hundred that gain: Student's interval would say so, signs do not."""
    few = np.zeros(100)
    few[:4] = 1
    assert not room._is_certain(_Tally(100), few, 1)  # type: ignore[arg-type]
    few[:8] = 1
    assert room._is_certain(_Tally(100), few, 1)  # type: ignore[arg-type]


# ---------------------------------------------------------------- steps


def steps_of(scarce: sim.Loaded, level: str, **changes: Any) -> list[room.Step]:
    scenario = Scenario.model_validate({**scarce.scenario.model_dump(by_alias=True), **changes})
    changed = scarce.model_copy(update={"scenario": scenario})
    return list(room._steps(changed, next(iter(scenario.policies)), level))


def test_seats_are_moved_where_classes_are_or_by_a_class_of_the_area(scarce: sim.Loaded) -> None:
    (whole,) = [s for s in steps_of(scarce, "district") if s.lever == "seat"]
    assert isinstance(whole.added, Training) and whole.area == "District"
    below = [s for s in steps_of(scarce, "commune") if s.lever == "seat"]
    assert [s.area for s in below] == [FULL, EMPTY]
    assert all(isinstance(s.added, LocalClass) and s.added.months == (1, 7) for s in below)


def test_targets_are_moved_at_their_own_level(scarce: sim.Loaded) -> None:
    targets = {"targets": [{"level": "district", "per_year": 4}]}
    found = steps_of(scarce, "commune", admission=targets)
    assert [s.area for s in found if s.lever == "admission"] == ["District"]


def test_who_posts_already_posts_one_more(scarce: sim.Loaded) -> None:
    pools = {"pools": {"army": {"level": "district", "size": 9}}}
    lever = {"lever": "reinforcement", "number": 2, "pool": "army"}
    found = steps_of(scarce, "commune", postings=pools, policies={"base": [lever]})
    added = [s.added for s in found if s.lever == "posting"]
    assert [a.number for a in added if isinstance(a, Reinforcement)] == [3, 3]
    partly = {**lever, "where": {"hamlets": ["Full0"]}}
    found = steps_of(scarce, "commune", postings=pools, policies={"base": [partly]})
    assert not [s for s in found if s.lever == "posting"]


# ---------------------------------------------------------------- what a planner sees


def test_words_pictures_and_a_part_of_the_report(found: Marginal) -> None:
    text = found.summary()
    assert "For each 100 further seats under as-is (step: 5 seats in each class)" in text
    assert "Of 1 other area nothing can be said." in text
    (part,) = value.parts(found)  # type: ignore[arg-type]
    seats = next(block for block in part.blocks if isinstance(block, Table))
    assert [row_[0] for row_ in seats.rows] == ["Full", "Empty"]
    assert repr(float(row(found, "seat", FULL)["each"])) in seats.rows[0][2]
    assert seats.rows[1][2] == "nothing can be said"
    axes = figures.marginal(found)
    assert axes.lines[1].get_xdata()[0] == 100 * row(found, "seat", FULL)["each"]
    assert b"nothing can be said" in picture(axes, "svg") or "nothing can be said" in [
        one.get_text() for one in axes.texts
    ]


def test_policies_have_their_names_in_the_part_and_the_picture(found: Marginal) -> None:
    named = {"policy_names": {"as-is": {"ru": "всё как теперь"}}}
    scenario = {**found.manifest["scenario"], **named}
    study = dataclasses.replace(found, manifest={**found.manifest, "scenario": scenario})
    with speaking("ru"):
        (part,) = value.parts(study)  # type: ignore[arg-type]
        tables = [block.caption for block in part.blocks if isinstance(block, Table)]
        assert all("всё как теперь" in caption and "as-is" not in caption for caption in tables)
        axes = figures.marginal(study)
        drawn = runs.words_of(axes)
        assert drawn.count("всё как теперь") == len(tables)
        assert "as-is" not in drawn
        axes.figure.draw_without_rendering()
        right = axes.figure.bbox.x1
        titles = axes.figure.findobj(lambda t: isinstance(t, Text) and "100 " in t.get_text())
        assert len(titles) == len(tables)
        assert all(title.get_window_extent().x1 <= right for title in titles), "cut off"


def test_a_run_holds_the_table(tmp_path: Path) -> None:
    runs.run(tmp_path)
    told = command("marginal", tmp_path / "run", "--replications", "25", "--by", "district")
    assert told.code == 0, told.err
    saved = store.read(tmp_path / "run")
    assert set(saved.marginal["level"]) == {"district", "commune"}
    assert saved.manifest["marginal"]["replications"] == 25
    assert '<section id="further"' in (tmp_path / "run" / "report.html").read_text("utf-8")


def test_a_scenario_has_a_folder_of_its_own(tmp_path: Path) -> None:
    scenario = runs.scenario(tmp_path)
    told = command("marginal", scenario, "--replications", "3", "--out", tmp_path / "out")
    assert told.code == 0, told.err
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"marginal.parquet", "marginal.csv", "marginal.json", "marginal.png"}
    again = command("marginal", scenario, "--out", tmp_path)
    assert again.code == 2 and "holds something else" in again.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"by": "comune"}, "did you mean commune?"),
        ({"policies": ["nobody"]}, '"nobody"'),
        ({"replications": 0}, "replications: found 0"),
    ],
)
def test_bad_input(scarce: sim.Loaded, options: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as bad:
        sim.marginal(scarce, **options)
    assert told in str(bad.value)
