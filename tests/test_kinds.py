"""Units that are not all hamlets: every count by kind of unit, with a total."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim import figures, report
from sim.cli import data
from sim.experiment import Results
from sim.messages import BadInput
from sim.report import choices
from sim.report.blocks import People
from sim.report.first import first
from sim.risk.outcomes import OUTCOMES, by_replication, fault_of, known_outcomes
from sim.risk.study import ALL, BY_KIND
from tests import runs
from tests.test_report import Tree, part, rows, values_of

KINDS = ["hamlet", "school", "health_station"]
POLICIES = ["as-is", "posted-in"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return runs.run(folder, schools=True, policies=POLICIES)


@pytest.fixture
def blank_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.report.blocks.picture", lambda axes, kind: b"<svg/>")


def of_kind(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    return table[table["kind"] == kind]


# ---------------------------------------------------------------- tables


def test_a_total_is_the_sum_over_kinds(results: Results) -> None:
    years = results.years.set_index(["policy", "measure", "year"])
    total = of_kind(years, ALL)["mean"]
    parts = sum(of_kind(years, kind)["mean"] for kind in KINDS)
    assert set(parts.index.unique("measure")) == set(BY_KIND)
    assert np.allclose(parts, total.loc[parts.index], rtol=0, atol=1e-9)
    assert total.xs("hamlets", level="measure").unique().tolist() == [16.0]
    lost = [of_kind(years, kind)["mean"].loc["as-is", "lost", 10] for kind in ("hamlet", "school")]
    assert min(lost) > 0


def test_units_without_a_cell_of_their_own_are_those_without_any_and_in_joint_ones(
    results: Results,
) -> None:
    by = of_kind(results.years, ALL).pivot(index=["policy", "year"], columns="measure")["mean"]
    assert np.allclose(by["without_own_cell"], by["without_cell"] + by["joint_cell"])
    assert by["without_own_cell"].loc["as-is", 0] == 2  # S2 and S3


def test_cells_founded_in_the_run_are_lost_apart(results: Results) -> None:
    """What is lost is what a cell covered at the start, or what was founded since."""
    end = results.years.query("policy == 'as-is' and year == 10").set_index(["measure", "kind"])
    founded, again = (end["so_far"][f"cells_{m}", "school"] for m in ("founded", "re_emptied"))
    assert founded > again > 0
    first_losses = end["so_far"]["cells_lost", "school"]
    assert first_losses <= end["mean"]["lost", "school"] <= first_losses + again


def test_other_tables_have_a_row_for_each_kind_and_for_all(results: Results) -> None:
    pairs = results.pairs[results.pairs["hamlet"] == ALL]
    for table in (results.losses, results.rule, pairs):
        assert set(table["kind"]) == {ALL, *KINDS}
    lost = pairs.query("outcome == 'lost'").set_index("kind")
    for column in ("difference", "saved", "harmed", "base"):
        assert lost.loc[KINDS, column].sum() == pytest.approx(lost.loc[ALL, column])
    end = results.years.query("policy == 'posted-in' and measure == 'lost' and year == 10")
    assert lost["value"].to_dict() == pytest.approx(end.set_index("kind")["mean"].to_dict())
    causes = results.losses.query("policy == 'as-is' and ending == 'lost' and by == 'cause'")
    sums = causes.groupby("kind")["number"].sum()
    assert sums[KINDS[:2]].sum() <= sums[ALL] == pytest.approx(sums.drop(ALL).sum())
    flagged = results.rule.query("measure == 'flagged' and outcome == 'lost'").dropna(subset="year")
    by = flagged.pivot(index=["policy", "year", "within"], columns="kind", values="value")
    assert np.allclose(by[KINDS].sum(axis=1), by[ALL])
    of = {unit.id: unit.kind for unit in results.study.loaded.baseline.units}
    assert (results.flips["kind"] == results.flips["hamlet"].map(of)).all()


def test_hamlets_alone_have_no_such_column(tmp_path: Path) -> None:
    alone = runs.run(tmp_path, policies=POLICIES)
    for table in (alone.years, alone.pairs, alone.losses, alone.rule, alone.flips):
        assert "kind" not in table
    assert "without_own_cell" not in set(alone.years["measure"])
    assert "By kind" not in alone.summary() and "\n12 hamlets; " in alone.summary()
    told = first(alone, People())
    assert not re.search(r"\bunits?\b", " ".join(told.answer) + told.note)


# ---------------------------------------------------------------- outcomes


def test_an_outcome_may_be_of_one_kind(results: Results) -> None:
    tally = results.study.tallies["as-is"]
    parts = [by_replication(tally, f"lost.{kind}") for kind in KINDS]
    assert np.array_equal(np.sum(parts, axis=0), by_replication(tally, "lost"))
    assert parts[1].sum() > 0
    seats = [by_replication(tally, f"cell_years.{kind}") for kind in KINDS]
    assert np.array_equal(np.sum(seats, axis=0), by_replication(tally, "cell_years"))


def test_only_kinds_that_occur_have_outcomes(results: Results) -> None:
    baseline = results.study.loaded.baseline
    assert {"lost.school", "without_own_cell"} < set(known_outcomes(baseline))
    hamlets = [unit for unit in baseline.units if unit.kind == "hamlet"]
    alone = baseline.model_copy(update={"units": tuple(hamlets)})
    assert known_outcomes(alone) == OUTCOMES


@pytest.mark.parametrize("outcome", ["lost.agency", "cost.school", "lost.", "losts"])
def test_outcomes_that_nobody_counts_are_refused(results: Results, outcome: str) -> None:
    fault = fault_of(outcome, results.study.loaded.baseline)
    assert fault and fault.file == "outcome" and "lost.school" in fault.allowed


def test_the_best_policy_for_one_kind(folder: Path) -> None:
    chosen = sim.best(folder / "s.yaml", "lost.hamlet", POLICIES, certainty=0.8, most=60)
    assert (chosen.goal, chosen.difference, chosen.best) == ("lowest", 0.5, "posted-in")
    with pytest.raises(BadInput, match=r"lost\.agency"):
        sim.best(folder / "s.yaml", "lost.agency", POLICIES)


def test_json_has_every_kind(results: Results, tmp_path: Path) -> None:
    told = data.of_run(results, tmp_path)
    outcomes = told["policies"]["as-is"]
    parts = sum(outcomes[f"lost.{kind}"]["value"] for kind in KINDS)
    assert parts == pytest.approx(outcomes["lost"]["value"])
    assert {one["kind"] for one in told["worst"]} == set(KINDS)


# ---------------------------------------------------------------- what a planner reads


def test_the_summary_tells_every_kind(results: Results) -> None:
    text = results.summary()
    assert "16 units (12 hamlets, 3 schools, 1 health station)" in text
    table = text.partition("By kind of unit")[2].splitlines()
    assert [line.split("  ")[0] for line in table[3:11:4]] == POLICIES
    assert re.match(r"as-is +all units +2  ", table[3])
    assert re.match(r" +schools +2  ", table[5])
    assert "under as-is: schools" in text
    assert not re.search(r"\bhamlets (are )?lost", text)


def test_the_page_tells_every_kind(results: Results, blank_pictures: None) -> None:
    page = report.html(results)
    top, known = Tree(page).top, values_of(results)
    assert [e.attributes["value"] for e in top.all("data")
            if float(e.attributes["value"]) not in known] == []  # fmt: skip
    (table,) = part(top, "kinds").all("table")
    found = rows(table)
    assert [row[:4] for row in found[:4]] == [
        ["as-is", "all units", "16", "2"], ["as-is", "hamlets", "12", "0"],
        ["as-is", "schools", "3", "2"], ["as-is", "health stations", "1", "0"],
    ]  # fmt: skip
    answer = " ".join(part(top, "answer").text.split())
    assert "On 2020-01-01 2 of 16 units have no cell of their own." in answer
    assert "hamlet" not in answer
    assert len(list(part(top, "act").all("table"))) >= 2  # a list for each kind that loses cells


def test_losses_by_cause_add_up_over_kinds(results: Results) -> None:
    table = next(block for block in choices.causes(results).blocks if block.kind == "table")
    assert list(table.heads[3:]) == ["hamlets", "schools", "health stations"]
    expected = [row[1].values[0] for row in table.rows]
    of_kinds = [sum(cell.values[0] for cell in row[3:] if cell) for row in table.rows]
    assert of_kinds == pytest.approx(expected)


def test_figures_slides_and_workbook_of_several_kinds(results: Results) -> None:
    tiles = figures.tiles(results)
    assert len(tiles.collections[0].get_paths()) == 16
    title = figures.lost_over_years(results).figure.get_suptitle()
    assert title == "Units that have lost their cell, under as-is"
    schools = figures.at_greatest_risk(results, kind="school")
    assert {t.get_text() for t in schools.get_yticklabels()} == {f"School {i}" for i in (1, 2, 3)}
    slides = Tree(report.slides(results)).top
    assert len(rows(next(part(slides, "kinds").all("table")))) == 4
    assert part(slides, "act-2").all("table")
    assert len(report.xlsx(results)) > 10_000
