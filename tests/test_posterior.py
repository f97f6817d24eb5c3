"""The posterior that a scenario names: how it is read, refused, drawn from and told."""

import json
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.experiment import drawn
from sim.load import load, with_settings
from sim.messages import BadInput
from sim.scenario import Loaded, Posterior
from sim.store import provenance

ATTENDANCE, LISTING = "training.attendance", "source.listing.per_resident"
SCENARIO = """
title: T
baseline: hamlets.csv
start: 2020-01-01
years: 1
replications: 4
parameter_draws: 4
demography: {mortality: {constant: 0.02}}
uncertain:
  training.attendance: {distribution: beta, mean: 0.7, sd: 0.05}
  source.listing.per_resident: {distribution: gamma, mean: 0.003, sd: 0.001}
posterior: posterior.csv
"""
TABLE = "area.commune,id,residents,officials\nA,h1,300,8\nA,h2,300,9\n"
GOOD = "training.attendance,source.listing.per_resident,weight\n0.5,0.001,1\n0.9,0.004,3\n"


def written(folder: Path, posterior: str | None = GOOD, scenario: str = SCENARIO) -> Path:
    (folder / "hamlets.csv").write_text(TABLE, "utf-8")
    if posterior is not None:
        (folder / "posterior.csv").write_text(posterior, "utf-8")
    (folder / "s.yaml").write_text(scenario, "utf-8")
    return folder / "s.yaml"


def drawn_values(loaded: Loaded, draw: int) -> tuple[float, float]:
    scenario = drawn(loaded, draw).scenario
    return scenario.training.attendance, scenario.source.listing.per_resident or 0.0


def test_rows_are_drawn_whole_and_by_weight(tmp_path: Path) -> None:
    """Of 2,000 draws 3 in 4 are the second row: off by 5 standard errors in one of 10^6."""
    loaded = load(written(tmp_path))
    found = [drawn_values(loaded, k) for k in range(2000)]
    assert set(found) == {(0.5, 0.001), (0.9, 0.004)}
    share = np.mean([value == (0.9, 0.004) for value in found])
    assert abs(share - 0.75) < 5 * np.sqrt(0.75 * 0.25 / 2000)


def test_what_the_posterior_has_not_keeps_its_prior_draw(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, "training.attendance,weight\n0.5,1\n"))
    plain = loaded.model_copy(
        update={
            "posterior": None,
            "scenario": loaded.scenario.model_copy(update={"posterior": None}),
        }
    )
    for draw in range(5):
        attendance, listing = drawn_values(loaded, draw)
        assert attendance == 0.5
        assert listing == drawn_values(plain, draw)[1]


@pytest.mark.parametrize(
    ("posterior", "told"),
    [
        (None, "posterior.csv"),
        ("training.attendence,weight\n0.5,1\n", "did you mean training.attendance?"),
        ("training.attendance\n0.5\n", "no column weight"),
        ("id,value\na,5\n", "a table of something else; allowed: a posterior as hamletsim"),
        ("weight\n0.5\n", "a parameter"),
        ("training.attendance,weight\n1.5,1\n", "found 1.5; allowed: a number from 0 to 1"),
        ("training.attendance,weight\nhalf,1\n", "row 2, column A: training.attendance"),
        ("training.attendance,weight\n0.5,-1\n", "a number of at least 0"),
        ("training.attendance,weight\n0.5,0\n", "at least one weight above 0"),
    ],
)
def test_a_posterior_that_cannot_be_is_refused(
    tmp_path: Path, posterior: str | None, told: str
) -> None:
    with pytest.raises(BadInput) as caught:
        load(written(tmp_path, posterior))
    assert told in str(caught.value)
    assert len(caught.value.faults) == 1


def test_the_manifest_tells_the_posterior_in_full(tmp_path: Path) -> None:
    loaded = load(written(tmp_path))
    results = sim.run(loaded, replications=4)
    told = json.loads(json.dumps(results.manifest))["posterior"]
    assert Posterior.model_validate(told) == loaded.posterior
    other = load(written(tmp_path, GOOD.replace("0.9", "0.8")))
    made = [provenance(x.scenario, x.baseline, x.posterior) for x in (loaded, other)]
    assert made[0]["scenario_hash"] == made[1]["scenario_hash"]
    assert made[0]["posterior_hash"] != made[1]["posterior_hash"]
    assert "posterior" not in provenance(loaded.scenario, loaded.baseline)


def test_a_setting_names_another_posterior_or_none(tmp_path: Path) -> None:
    loaded = load(written(tmp_path))
    (tmp_path / "other.csv").write_text("training.attendance,weight\n0.6,1\n", "utf-8")
    other = with_settings(loaded, ["posterior=other.csv"])
    assert drawn_values(other, 0)[0] == 0.6
    assert with_settings(loaded, ["posterior="]).posterior is None
    assert with_settings(loaded, ["training.seats=7"]).posterior == loaded.posterior
    with pytest.raises(BadInput, match="no such file"):
        with_settings(loaded, ["posterior=none.csv"])


def test_a_posterior_apart_from_its_scenario_is_a_fault(tmp_path: Path) -> None:
    loaded = load(written(tmp_path))
    (fault,) = sim.check(loaded.model_copy(update={"posterior": None}))
    assert fault.field == "posterior"
