"""What matters and what it is worth: known indices, closed forms, what does nothing, bad input."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

import sim
from sim import figures, store
from sim.cli import data
from sim.figures.files import picture
from sim.messages import BadInput, speaking
from sim.report import value
from sim.report.blocks import Table
from sim.scenario import Uncertain
from sim.sweep import factors, indices, worth
from sim.sweep.design import MIDDLE, Design, Draws, Joint, Parameter, Span
from sim.sweep.sensitivity import Sensitivity, Size
from tests import runs
from tests.test_cli import command

SMALL = Size(replications=3, draws=32, trajectories=2, points=8, kept=2)

# ---------------------------------------------------------------- indices that are known

ANGLES = tuple(Parameter(name, span=Span(-np.pi, np.pi)) for name in ("x", "y", "z", "nothing"))
A, B = 7.0, 0.1
"""T. Ishigami and T. Homma, ISUMA 1990."""


def ishigami(design: Design) -> Any:
    """The function at all points of a design, through the values that a sweep would set."""
    x, y, z, _nothing = np.array([design.values(i) for i in range(len(design))]).T
    return np.sin(x) + A * np.sin(y) ** 2 + B * z**4 * np.sin(x)


def known_indices() -> dict[str, list[float]]:
    """First and total indices of Ishigami's function, and of a parameter that it does not have."""
    alone = [0.5 * (1 + B * np.pi**4 / 5) ** 2, A**2 / 8, 0.0, 0.0]
    together = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = sum(alone) + together
    total = [alone[0] + together, alone[1], together, 0.0]
    return {"first": [v / whole for v in alone], "total": [v / whole for v in total]}


def test_sobols_indices_are_those_known() -> None:
    """At 1024 points to .03 (three times the error that SALib states). Seed fixed.

    If y and z changed places, or first and total, indices would be off by .1 and more.
    """
    design = Design(ANGLES, "saltelli", 1024, seed=5)
    found, known = indices.indices(design, ishigami(design)), known_indices()
    for i, index in enumerate(found):
        assert index.first == pytest.approx(known["first"][i], abs=0.03)
        assert index.total == pytest.approx(known["total"][i], abs=0.03)
    assert found[3] == (0.0,) * 6


def test_intervals_of_sobols_indices_hold_what_is_known() -> None:
    """Over twenty designs of 128 points; each of six indices is missed in two at most, or three.

    If intervals hold 90 % or more, five or more misses of twenty have a chance under 5 %; of the
    seeds taken here it is certain whether they do.
    """
    known, missed = known_indices(), np.zeros((2, 3))
    for seed in range(20):
        design = Design(ANGLES, "saltelli", 128, seed=seed)
        for i, found in enumerate(indices.indices(design, ishigami(design))[:3]):
            missed[0, i] += not found.first_low <= known["first"][i] <= found.first_high
            missed[1, i] += not found.total_low <= known["total"][i] <= found.total_high
    assert missed.max() <= 4


def test_elementary_effects_of_a_sum_are_its_coefficients() -> None:
    """3 x - 2 y over shares: exactly; x y has effects that vary; nothing has none."""
    parameters = tuple(Parameter(n, span=Span(0.0, 1.0)) for n in "abcde")
    design = Design(parameters, "morris", 20, seed=1)
    a, b, c, d, _e = np.array([design.values(i) for i in range(len(design))]).T
    found = indices.effects(design, 3 * a - 2 * b + 4 * c * d)
    assert [round(effect.mu, 9) for effect in found[:2]] == [3, -2]
    assert [round(effect.mu_star, 9) for effect in found[:2]] == [3, 2]
    assert found[0].sigma == pytest.approx(0, abs=1e-9)
    assert found[2].sigma > 0.5
    assert found[2].mu_star == pytest.approx(2, abs=0.8)
    assert found[4] == (0.0,) * 5


def test_designs_have_the_points_that_their_methods_need() -> None:
    morris, saltelli = Design(ANGLES, "morris", 7, 2), Design(ANGLES, "saltelli", 16, 2)
    assert (len(morris), len(saltelli)) == (7 * 5, 16 * 6)
    assert morris.shares.shape == (35, 4) and saltelli.shares.shape == (96, 4)
    steps = np.diff(morris.shares.reshape(7, 5, 4), axis=1)
    assert ((steps != 0).sum(axis=2) == 1).all()


def test_the_prior_of_a_parameter_is_its_distribution() -> None:
    """A sample of shares gives its mean and sd; Morris keeps to the middle of it."""
    prior = Uncertain(distribution="lognormal", mean=3.0, sd=0.9)
    parameter = Parameter("a", prior=prior)
    design = Design((parameter,), "sobol", 1024, 1)
    values = np.array([design.values(i)[0] for i in range(1024)])
    assert values.mean() == pytest.approx(3.0, rel=0.01)
    assert values.std() == pytest.approx(0.9, rel=0.03)
    ends = Design((parameter, *ANGLES), "morris", 8, 1).shares
    assert (ends[:, 0].min(), ends[:, 0].max()) == MIDDLE
    assert (ends[:, 1].min(), ends[:, 1].max()) == (0, 1)


# ---------------------------------------------------------------- what knowing is worth


def gains(shares: Any, middle: float, slopes: tuple[float, ...], chance: float, seed: int) -> Any:
    """Two policies; the second gains `middle` and a slope for each normal parameter, and chance."""
    second = middle + ndtri(shares) @ np.array(slopes)
    noise = np.random.default_rng(seed).normal(0, chance, len(shares))
    return np.column_stack([np.zeros(len(shares)), second + noise])


def closed_form(middle: float, slope: float) -> float:
    """E max(0, N(middle, slope^2)) - max(0, middle)."""
    z = middle / slope
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return float(slope * density + middle * ndtr(z) - max(0.0, middle))


@pytest.mark.parametrize("middle", [0.0, 0.5, -1.0])
def test_worth_of_two_linear_policies_is_the_closed_form(middle: float) -> None:
    """1024 points, chance as large as the greatest slope; to a tenth of what is to be known.

    Without the correction for its bias, with values in place of expectations, the worth of the
    second parameter would be that of all together.
    """
    slopes = (1.0, 0.5)
    shares = qmc.Sobol(2, rng=3).random(1024)
    gain = gains(shares, middle, slopes, chance=1.0, seed=3)
    chosen = int(gain.mean(axis=0).argmax())
    truths = [closed_form(middle, slope) for slope in slopes]
    together = closed_form(middle, 1.25**0.5)
    for columns, truth in (([0], truths[0]), ([1], truths[1]), ([0, 1], together)):
        found = worth.worth(worth.fit(shares[:, columns], gain), chosen)
        assert found.value == pytest.approx(truth, abs=0.05)
        assert found.low <= truth <= found.high + 0.005  # tails that hardly matter are not seen


def test_what_does_nothing_may_be_worth_nothing() -> None:
    """The interval of a parameter without effect begins at zero, also where six policies are level.

    The best of six that are known with error always seems better than any one of them, so that
    the estimate and its plain percentiles are above zero in all samples. Over 30 samples at most
    four begin above: with a chance of .025 each, five or more have 8e-4; the seeds are fixed. A
    parameter that matters (slope 1 of one policy) begins above zero in all.
    """
    above = np.zeros(2)
    for seed in range(30):
        shares = qmc.Sobol(2, rng=seed).random(128)
        gain = np.random.default_rng(seed).normal(0, 1, (128, 6))
        gain[:, 5] += ndtri(shares[:, 0])
        above += [worth.worth(worth.fit(shares[:, [i]], gain), 0).low > 0 for i in (0, 1)]
    assert above[0] == 30
    assert above[1] <= 4


def test_what_cannot_change_the_choice_is_worth_nothing() -> None:
    """One policy is better everywhere: nothing, however much the parameter moves both."""
    shares = qmc.Sobol(1, rng=1).random(128)
    gain = gains(shares, 10.0, (1.0,), chance=0.5, seed=1)
    assert worth.worth(worth.fit(shares, gain), 1) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("parameters", [6, 14])
def test_few_points_do_not_make_certain(parameters: int) -> None:
    """A regression with as many terms as points goes through all of them and has no width left."""
    shares = qmc.Sobol(parameters, rng=2).random(32)
    gain = gains(shares, 0.0, [1.0, *[0.1] * (parameters - 1)], chance=1.0, seed=4)
    fitted = worth.fit(shares, gain)
    assert worth.fewest_points(parameters) <= 32
    assert 2 * fitted.basis.shape[1] <= 32
    found = worth.worth(fitted, int(gain.mean(axis=0).argmax()))
    assert found.high - found.low > 0.1


def test_more_parameters_take_more_draws(loaded: sim.Loaded) -> None:
    who_come = ("retired", "demobilised", "marriage")
    paths = [f"demography.moving_in.{who}" for who in who_come]
    paths += [f"demography.moving_in.{who}_women_share" for who in who_come]
    paths += ["training.attendance", "probation.recognition", "admission.approval"]
    paths += [f"demography.leaving.{who}_factor" for who in ("candidate", "probationer", "member")]
    paths += ["postings.renewal", "postings.replacement", "staff.member_share"]
    paths += ["demography.mortality.factor"]
    assert len(paths) == 16
    half = Uncertain(distribution="uniform", low=0.4, high=0.6)
    many = loaded.with_values({"uncertain": dict.fromkeys(paths, half)})
    with pytest.raises(BadInput, match="draws: found 32; allowed: a power of two of at least 64"):
        sim.sensitivity(many, size=SMALL)


def test_the_choice_turns_where_policies_are_level() -> None:
    shares = qmc.Sobol(1, rng=1).random(512)
    choices = worth.choices(worth.fit(shares, gains(shares, 0.5, (1.0,), 0.3, 1)))
    turned = worth.GRID[np.flatnonzero(np.diff(choices))]
    assert list(turned) == pytest.approx([ndtr(-0.5)], abs=0.05)


# ---------------------------------------------------------------- what is moved


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> sim.Loaded:
    return sim.load(runs.scenario(tmp_path_factory.mktemp("moved")))


def test_settings_go_from_half_to_twice_as_strong(loaded: sim.Loaded) -> None:
    found = {f.parameter.path: f for f in factors.settings(loaded, list(loaded.policies))}
    assert list(found) == [
        "training.seats",
        "admission.targets[0].per_year",
        "postings.pools.army.size",
        "policies.more-seats[0].seats.times",
        "policies.posted-in[0].number",
    ]
    assert found["training.seats"][2:] == (40, 20, 80)
    times = found["policies.more-seats[0].seats.times"]
    assert (times.low, times.high) == pytest.approx((1.5**0.5, 1.5**2))
    assert found["policies.posted-in[0].number"][2:] == (2, 1, 4)


def test_the_same_setting_in_several_policies_is_one(loaded: sim.Loaded) -> None:
    lever = loaded.policies["more-seats"][0]
    policies = {**loaded.policies, "both": (lever, *loaded.policies["posted-in"])}
    twice = loaded.model_copy(
        update={"scenario": loaded.scenario.model_copy(update={"policies": policies})}
    )
    found = factors.settings(twice, list(policies))
    shared = {f.parameter.path: f.parameter.also for f in found}
    assert shared["policies.more-seats[0].seats.times"] == ("policies.both[0].seats.times",)
    parameter = next(f.parameter for f in found if f.parameter.also)
    from sim.sweep.description import at_values

    moved = at_values(twice, [parameter], [2.0]).policies
    times = [moved[name][0].seats.times for name in ("more-seats", "both")]  # type: ignore[union-attr]
    assert times == [2.0, 2.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("training.seats", "PATH=LOW:HIGH"),
        ("training.seats=80:40", "PATH=LOW:HIGH"),
        ("training.seat=40:80", "did you mean training.seats?"),
        ("training.seats=-5:80", "a whole number of at least 0"),
        ("postings.renewal=0.5:1", "not uncertain"),
    ],
)
def test_ranges_that_cannot_be(loaded: sim.Loaded, text: str, told: str) -> None:
    with pytest.raises(BadInput) as bad:
        factors.given(loaded, [text])
    assert str(bad.value).startswith(f"--vary {text}: ")
    assert told in str(bad.value)


# ---------------------------------------------------------------- over a posterior


def test_draws_are_told_by_their_shares() -> None:
    draws = Draws.of((3.0, 1.0, 2.0), (1.0, 1.0, 2.0))
    assert draws.shares == (0.125, 0.5, 0.875)
    assert [draws.at(share) for share in (0.0, 0.125, 0.5, 0.6875, 1.0)] == [1, 1, 2, 2.5, 3]


def test_what_goes_together_is_drawn_together() -> None:
    """Rows of two parameters that go together come whole and by weight; a third one, of a span,
    is as even as a Sobol sequence. Rows are known again by their values to rounding."""
    rows, weights = ((0.2, 5.0), (0.4, 3.0), (0.9, 4.0)), (1.0, 2.0, 1.0)
    columns = [Draws.of(column, weights) for column in zip(*rows, strict=True)]
    parameters = (
        Parameter("a", posterior=columns[0]),
        Parameter("x", span=Span(0.0, 1.0)),
        Parameter("b", posterior=columns[1]),
    )
    ranks = [
        [one.shares[one.values.index(value)] for value in column]
        for one, column in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    joint = Joint((0, 2), tuple(zip(*ranks, strict=True)), weights)
    design = Design(parameters, "sobol", 64, 3, joint)
    values = np.array([design.values(i) for i in range(64)])
    found, times = np.unique(values[:, [0, 2]].round(9), axis=0, return_counts=True)
    assert found.tolist() == [list(row) for row in rows]
    assert times.tolist() == [16, 32, 16]
    assert np.histogram(values[:, 1], 8, (0, 1))[0].tolist() == [8] * 8


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> sim.Loaded:
    """A scenario whose posterior tells its two uncertain parameters: one is nearly one number, far
    from its prior, and the other goes up with it."""
    folder = tmp_path_factory.mktemp("fitted")
    file = runs.scenario(folder)
    rows = [f"{0.0006 + 1e-9 * i!r},{0.5 + 0.02 * i!r},1" for i in range(20)]
    header = "source.listing.per_resident,postings.renewal,weight"
    (folder / "p.csv").write_text("\n".join([header, *rows]), "utf-8")
    file.write_text("posterior: p.csv\n" + file.read_text("utf-8"), "utf-8")
    return sim.load(file)


def test_a_study_is_over_the_posterior_where_there_is_one(
    fitted: sim.Loaded, study: Sensitivity, tmp_path: Path
) -> None:
    found = sim.sensitivity(fitted, size=SMALL, jobs=1, out=tmp_path / "there")
    known = found.factors.set_index("parameter").loc["source.listing.per_resident"]
    assert 0.0006 <= known["low"] <= known["high"] < 0.00060002
    over_prior = study.factors.set_index("parameter").loc["source.listing.per_resident"]
    assert over_prior["high"] > 0.002
    points = {
        stage: pd.read_parquet(tmp_path / "there" / stage / "points.parquet")
        for stage in ("prior", "morris", "sobol")
    }
    for of_stage in points.values():
        if "source.listing.per_resident" in of_stage:
            assert of_stage["source.listing.per_resident"].between(0.0006, 0.00060002).all()
    paths = ["source.listing.per_resident", "postings.renewal"]
    assert points["prior"][paths].corr("spearman").iloc[0, 1] == pytest.approx(1)
    assert abs(points["morris"][paths].corr("spearman").iloc[0, 1]) < 0.99
    moved = found.sensitivity.set_index(["quantity", "policy", "parameter"]).sort_index()
    assert moved.loc[("value", "as-is", "source.listing.per_resident")]["mu_star"] < 0.05
    told = found.manifest["sensitivity"]
    assert told["told_by_posterior"] == paths
    assert found.manifest["posterior"]
    text = found.summary()
    assert "Over the posterior p.csv vary source.listing.per_resident, postings.renewal:" in text
    assert "What is uncertain varies over its priors." in study.summary()
    assert "The choice goes by lost alone, not by costs." in text


# ---------------------------------------------------------------- a whole study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def study(folder: Path) -> Sensitivity:
    runs.run(folder)
    return sim.sensitivity(folder / "run", size=SMALL, jobs=1)


def test_tables_of_a_study(study: Sensitivity) -> None:
    table, policies = study.sensitivity, ["as-is", "more-seats", "posted-in"]
    assert len(study.factors) == 7
    assert len(table) == 7 * (3 + 2 + 1)
    assert table["mu_star"].notna().all()
    assert table["first"].notna().sum() == 2 * 6
    assert study.decision["parameter"].iloc[0] == ""
    assert sorted(study.decision["parameter"])[1:] == sorted(
        study.factors.loc[study.factors["kind"] == "uncertain", "parameter"]
    )
    told = study.manifest["sensitivity"]
    assert (told["policies"], told["chosen"]) == (policies, "posted-in")
    assert (study.decision["low"] <= study.decision["worth"]).all()
    assert (study.decision["worth"] <= study.decision["high"]).all()
    assert (study.decision["high"] <= told["at_most"]).all()


def test_what_a_policy_has_not_got_moves_nothing(study: Sensitivity) -> None:
    """Settings of other policies' levers, and a parameter that nothing reads: exactly nothing."""
    table = study.sensitivity.set_index(["quantity", "policy", "parameter"]).sort_index()
    for parameter in ("policies.more-seats[0].seats.times", "policies.posted-in[0].number"):
        row = table.loc[("value", "as-is", parameter)]
        assert list(row[["mu", "mu_star", "mu_star_low", "mu_star_high", "sigma"]]) == [0] * 5
        assert row["total"] == 0 or np.isnan(row["total"])
    assert table.loc[("value", "as-is", "source.listing.per_resident")]["mu_star"] > 0


def test_a_study_goes_on_where_it_was_and_comes_out_the_same(
    study: Sensitivity, folder: Path
) -> None:
    place = folder / "run" / "sensitivity"
    parts = list((place / "morris" / "outcomes").iterdir())
    stamps = {file: file.stat().st_mtime_ns for file in parts}
    (gone,) = (place / "sobol" / "outcomes").iterdir()
    gone.unlink()
    again = sim.sensitivity(folder / "run", size=SMALL, jobs=1)
    assert {file: file.stat().st_mtime_ns for file in parts} == stamps
    for name in ("sensitivity", "decision", "factors"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(study, name))


def test_points_of_the_prior_have_lives_of_their_own(study: Sensitivity, folder: Path) -> None:
    described = {
        name: json.loads((folder / "run/sensitivity" / name / "sweep.json").read_text("utf-8"))
        for name in ("prior", "morris", "sobol")
    }
    assert [d.get("own_lives", False) for d in described.values()] == [True, False, False]
    assert described["morris"]["versions"]["SALib"] == described["sobol"]["versions"]["SALib"]
    assert all(d["scenario"]["uncertain"] == {} for d in described.values())


def test_a_run_holds_the_tables_and_stays_sound(study: Sensitivity, folder: Path) -> None:
    saved = store.read(folder / "run")
    pd.testing.assert_frame_equal(saved.sensitivity, study.sensitivity)
    assert saved.manifest["sensitivity"] == study.manifest["sensitivity"]
    assert saved.manifest["checksums"]["decision.parquet"]
    assert len(saved.hamlets) > 0


def test_pictures_show_what_the_tables_say(study: Sensitivity, folder: Path) -> None:
    """The effects in their order, from what is drawn; from a run's folder the same bytes."""
    axes = figures.sensitivity(study)
    drawn = [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "o"]
    table = study.sensitivity.query("quantity == 'value' and policy == 'as-is' and mu_star > 0")
    assert drawn == sorted(table["mu_star"], reverse=True)
    saved = store.read(folder / "run")
    for draw in (figures.sensitivity, figures.decision):
        assert picture(draw(study), "svg") == picture(draw(saved), "svg")
    told = [text.get_text() for text in figures.decision(study).texts]
    assert len(told) == len(study.decision)


def test_the_part_of_a_report_holds_the_numbers_of_the_tables(
    study: Sensitivity, folder: Path
) -> None:
    (part,) = value.parts(figures.read(folder / "run"))
    effects, decision = (block for block in part.blocks if isinstance(block, Table))
    base = study.sensitivity.query("quantity == 'value' and policy == 'as-is'")
    words = {row[-1]: row[0] for row in (*effects.rows, *decision.rows)}
    assert words["source.listing.per_resident"] == "Put on the source list, of residents"
    for row in effects.rows:
        one = base[base["parameter"] == row[-1]].iloc[0]
        assert f'<data value="{float(one["mu_star"])!r}">' in row[2]
        assert "–" in row[3] if np.isnan(one["first"]) else repr(float(one["first"])) in row[3]
    assert [row[-1] for row in decision.rows[1:]] == list(study.decision["parameter"][1:])


@pytest.mark.parametrize("lang", ["vi", "ru"])
def test_policies_have_their_names_in_parts_and_pictures(
    study: Sensitivity, folder: Path, lang: str
) -> None:
    """Names of the run's language, as in the rest of its report, and no key of an outcome."""
    saved = figures.read(folder / "run")
    with speaking(lang):
        called = saved.manifest["scenario"]["policy_names"]["as-is"][lang]
        (part,) = value.parts(saved)
        effects, _decision = (block for block in part.blocks if isinstance(block, Table))
        assert called in effects.caption
        assert "lost" not in effects.caption
        assert called in runs.words_of(figures.sensitivity(saved))
        still = dataclasses.replace(study, sensitivity=study.sensitivity.assign(mu_star=0.0))
        assert called in runs.words_of(figures.sensitivity(still))
        row = {"parameter": "a.b", "worth": 2.0, "low": 1.0, "high": 3.0, "instead": "as-is",
               "turning": 0.5, "above": True}  # fmt: skip
        assert called in figures.value._worth(saved, row).told
        assert value._instead(saved, row)[0] == called


def test_a_summary_names_what_matters(study: Sensitivity) -> None:
    base = study.sensitivity.query("quantity == 'value' and policy == 'as-is'")
    first = base.sort_values(["mu_star", "parameter"], ascending=[False, True])["parameter"].iloc[0]
    text = study.summary()
    assert f"Under as-is it is moved most by {first}" in text
    assert "Over all that is uncertain posted-in is best" in text
    assert study.manifest["sensitivity"]["at_most"] == 0
    assert "At none of 32 points was another better than posted-in." in text


def test_words_of_what_would_change_the_choice() -> None:
    from sim.sweep.telling import would_change

    row = {"parameter": "a.b", "worth": 0.5, "low": 0.25, "high": 1.0, "instead": "other",
           "turning": 0.123456, "above": True}  # fmt: skip
    assert would_change(row) == (
        "a.b would change the choice: from 0.123 up other is better. Knowing it before choosing is "
        "worth 0.50 [0.25, 1.00]."
    )
    assert "from 0.123 down" in would_change(row | {"above": False})


# ---------------------------------------------------------------- bad input, nothing uncertain


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"outcome": "loss"}, "did you mean lost?"),
        ({"outcome": "age_18_29"}, "lowest, highest"),
        ({"policies": ["as-is", "nobody"]}, '"nobody"'),
        ({"size": SMALL._replace(draws=100)}, "draws: found 100; allowed: a power of two"),
        ({"size": SMALL._replace(points=12)}, "points: found 12; allowed: a power of two"),
        ({"size": SMALL._replace(trajectories=1)}, "trajectories: found 1"),
        ({"size": SMALL._replace(kept=0)}, "keep: found 0"),
    ],
)
def test_bad_input(loaded: sim.Loaded, options: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as bad:
        sim.sensitivity(loaded, **options)
    assert told in str(bad.value)


def test_without_salib_a_line_says_what_to_install(
    loaded: sim.Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "SALib", None)
    with pytest.raises(BadInput, match="sensitivity") as bad:
        sim.sensitivity(loaded)
    assert "pip install 'hamletsim[sensitivity]'" in str(bad.value)


def test_a_setting_that_nothing_reads_is_not_varied(loaded: sim.Loaded) -> None:
    off = loaded.with_values({"training.on": False})
    told = (
        "--vary training.seats=40:120: training.seats: found a parameter that nothing reads while "
        "training.on is false; allowed: a parameter that something reads"
    )
    with pytest.raises(BadInput) as bad:
        sim.sensitivity(off, policies=["as-is"], vary=["training.seats=40:120"], size=SMALL)
    assert str(bad.value) == told


def test_nothing_to_vary(loaded: sim.Loaded) -> None:
    certain = loaded.with_values({"uncertain": {}})
    with pytest.raises(BadInput, match="nothing that is uncertain"):
        sim.sensitivity(certain, vary=["none"])


def test_nothing_uncertain_and_one_policy_leaves_no_decision(
    loaded: sim.Loaded, tmp_path: Path
) -> None:
    certain = loaded.with_values({"uncertain": {}})
    found = sim.sensitivity(
        certain, policies=["as-is"], vary=["training.seats=10:60"], size=SMALL, jobs=1,
        out=tmp_path / "out",
    )  # fmt: skip
    assert found.decision.empty
    assert set(found.sensitivity["quantity"]) == {"value"}
    assert "worth" not in found.summary()
    assert (tmp_path / "out" / "sensitivity.csv").exists()


def test_a_folder_of_something_else_stays(loaded: sim.Loaded, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="holds something else"):
        sim.sensitivity(loaded, size=SMALL, out=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.verify
def test_the_command_on_a_run(study: Sensitivity, folder: Path) -> None:
    """It finds all done, says what matters, and makes the report again."""
    told = command(
        "sensitivity", folder / "run", "--replications", "3", "--draws", "32", "--trajectories",
        "2", "--points", "8", "--keep", "2", "--jobs", "1",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "moved most by" in told.out
    assert '<section id="matters"' in (folder / "run" / "report.html").read_text("utf-8")


def test_json_has_the_rows(study: Sensitivity) -> None:
    told = json.loads(json.dumps(data.of_sensitivity(study, Path("here")), allow_nan=False))
    assert len(told["decision"]) == 3 and len(told["factors"]) == 7
    assert (told["chosen"], told["folder"]) == ("posted-in", "here")


def test_a_run_takes_no_settings(study: Sensitivity, folder: Path) -> None:
    told = command("sensitivity", folder / "run", "--set", "training.seats=4")
    assert told.code == 2
    assert "a run stays as it was run" in told.err
