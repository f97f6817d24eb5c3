"""The back-test: the model beside published figures, and beside figures that it made itself."""

import dataclasses
import datetime as dt
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sim
from sim.calibrate import simple, telling
from sim.calibrate.backtest import Backtest, backtest
from sim.calibrate.ensembles import ensembles
from sim.calibrate.facts import Fact, read_facts
from sim.calibrate.flagged import Flagged
from sim.calibrate.horizon import until_last, with_policies
from sim.calibrate.identification import spread_of_prior
from sim.calibrate.ledger import ledger
from sim.calibrate.scores import Ensemble, crps
from sim.load import with_settings
from sim.load.posteriors import read_posterior
from sim.messages import BadInput, speaking
from sim.report import backtest as backtest_page
from sim.scenario import Loaded
from tests import backtests, small
from tests.load_samples import written
from tests.test_cli import command

FALSE_ALARM = 1e-4
START = dt.date(2020, 4, 1)


def flow(quantity: str, since: int, until: int, value: float = 0.0, **more: Any) -> Fact:
    """A flow over whole years from the start of the busy district."""
    first, last = (START.replace(year=START.year + y) for y in (since, until))
    name = more.pop("id", f"{quantity} {since} {until}")
    return Fact(name, quantity, last, value, since=first, **more)


def stock(quantity: str, until: int, value: float = 0.0, **more: Any) -> Fact:
    name = more.pop("id", f"{quantity} {until}")
    return Fact(name, quantity, START.replace(year=START.year + until), value, **more)


def valued(facts: Sequence[Fact], values: Ensemble) -> tuple[Fact, ...]:
    return tuple(dataclasses.replace(f, value=float(v)) for f, v in zip(facts, values, strict=True))


@cache
def uncertain() -> Loaded:
    """The busy district, two of whose parameters are not known."""
    loaded = small.busy()
    listing = {"distribution": "gamma", "mean": 0.012, "sd": 0.004}
    deaths = {"distribution": "triangular", "low": 0.8, "mode": 1.5, "high": 2.5}
    scenario = loaded.scenario.model_dump(by_alias=True) | {
        "uncertain": {
            "source.listing.per_resident": listing, "demography.mortality.factor": deaths,
        }
    }  # fmt: skip
    return loaded.model_copy(update={"scenario": type(loaded.scenario).model_validate(scenario)})


def policy() -> str:
    return next(iter(uncertain().policies))


# ---------------------------------------------------------------- a model that is right


@pytest.mark.parametrize("off", [0.0, 10.0])
@pytest.mark.parametrize("shift", [0.0, 12.0])
def test_a_ledger_tells_a_right_forecast_from_a_wrong_one(shift: float, off: float) -> None:
    """200 figures drawn from Poisson(100), printed with an error of up to `off`, beside 39 draws
    each. A forecast that lies 12 too low - about one standard deviation - is told apart with power
    above .999, and the test asserts that it is."""
    generator = np.random.default_rng(21)
    draws = generator.poisson(100.0 - shift, (39, 200)).astype(float)
    printed = generator.poisson(100.0, 200) + generator.normal(0, off / 1.96, 200)
    facts = valued([stock("members", 2, id=f"f{i}", tolerance=off) for i in range(200)], printed)
    table = of(facts, draws)
    ranks = stats.kstest(table["rank"].astype(float), "uniform").pvalue
    inside = stats.binomtest(int(table["inside_90"].sum()), 200, 0.9, "less").pvalue
    assert min(ranks, inside) > FALSE_ALARM / 2 if shift == 0 else ranks < FALSE_ALARM / 2


SETS, SIZE = 40, 20
FACTS = (
    flow("listed", 0, 3), flow("admitted", 0, 5), flow("died", 1, 5), stock("members", 4),
    stock("units_without_own_cell", 5),
)  # fmt: skip


@cache
def worlds(seed: int, listing: float | None = None) -> Ensemble:
    """What SETS x SIZE replications of the district say of FACTS."""
    loaded = uncertain()
    if listing is not None:
        path = "uncertain.source.listing.per_resident.mean"
        loaded = with_settings(loaded, [f"{path}={listing}"])
    return backtest(loaded, FACTS, [policy()], SETS * SIZE, seed).numbers[policy()]


@cache
def judged(seed: int, truth: float | None = None) -> pd.DataFrame:
    """SETS back-tests: one replication is published, SIZE - 1 others are the model's. With `truth`
    what is published comes of another rate of listing than the model's."""
    sets = np.split(worlds(seed), SETS)
    published = [one[0] for one in sets]
    if truth is not None:
        published = [one[0] for one in np.split(worlds(seed + 1, truth), SETS)]
    tables = [
        ledger(valued(FACTS, value), {"model": one[1:]}, np.zeros(len(FACTS)), seed=number)
        for number, (one, value) in enumerate(zip(sets, published, strict=True))
    ]
    return pd.concat(tables)


@pytest.mark.verify
@pytest.mark.parametrize("fact", FACTS, ids=lambda f: f.id)
def test_ranks_are_uniform_if_the_model_is_right(fact: Fact) -> None:
    """Each set has replications and draws of its own, so the 40 ranks are independent and exactly
    uniform; the place among equal numbers is drawn."""
    ranks = judged(5).query("id == @fact.id")["rank"]
    assert stats.kstest(ranks.astype(float), "uniform").pvalue > FALSE_ALARM


@pytest.mark.verify
def test_bands_hold_nine_figures_of_ten_if_the_model_is_right() -> None:
    """Bands of whole numbers hold nine of ten or, where some are equal, more. Of one figure in 40
    sets at least 90 %: binomial, one-sided; by ranks exactly 90 %."""
    for fact in FACTS:
        mine = judged(5).query("id == @fact.id")
        inside = int(mine["inside_90"].sum())
        assert stats.binomtest(inside, SETS, 0.9, "less").pvalue > FALSE_ALARM, fact.id
        by_rank = int(mine["rank"].between(0.05, 0.95).sum())
        assert stats.binomtest(by_rank, SETS, 0.9).pvalue > FALSE_ALARM, fact.id


@pytest.mark.verify
def test_a_model_that_is_wrong_is_seen() -> None:
    """What is published comes of 2.5 times as many listings. (As wide as the prior is, the ranks
    of 40 sets tell it with power above .999; so does the share inside the bands.)"""
    mine = judged(5, 0.03).query("id == 'listed 0 3'")
    assert stats.kstest(mine["rank"].astype(float), "uniform").pvalue < FALSE_ALARM
    inside = int(mine["inside_90"].sum())
    assert stats.binomtest(inside, SETS, 0.9, "less").pvalue < FALSE_ALARM


# ---------------------------------------------------------------- replications


def seen(loaded: Loaded, facts: Sequence[Fact], policies: Sequence[str], jobs: int = 1) -> Any:
    """The counterparts in four replications, by policy."""
    views = [fact.seen_by(loaded.scenario, loaded.baseline) for fact in facts]
    found = ensembles(
        loaded, policies, 4, lambda one: [view(one) for view in views], seed=3, jobs=jobs
    )
    return {name: np.array(ones) for name, ones in found.items()}


def test_counterparts_are_those_of_a_run() -> None:
    """A run with as many draws of the parameters as replications has the same worlds. (What is
    decided on the first day of a year it counts to the year before.)"""
    loaded = with_settings(uncertain(), ["parameter_draws=4"])
    found = seen(loaded, [flow("admitted", 0, 5), stock("members", 5)], [policy()])[policy()]
    years = sim.run(loaded, [policy()], replications=4, seed=3).years
    mine = years[(years["policy"] == policy()) & (years["kind"] == "")]
    mine = mine.set_index(["measure", "year"])["mean"]
    assert found[:, 0].mean() == pytest.approx(mine["admitted"][:6].sum(), abs=0.51)
    assert found[:, 1].mean() == pytest.approx(mine["members"][5], abs=0.51)


def test_results_depend_neither_on_threads_nor_on_other_policies() -> None:
    loaded, facts = uncertain(), [flow("admitted", 0, 5), stock("members", 5)]
    together = seen(loaded, facts, list(loaded.policies), jobs=3)
    for name in loaded.policies:
        assert np.array_equal(seen(loaded, facts, [name])[name], together[name]), name


def test_a_longer_run_has_the_same_beginning() -> None:
    loaded = uncertain()
    early = [flow("admitted", 0, 5), stock("members", 5)]
    late = [*early, stock("members", 9)]
    longer = until_last(loaded, late)
    assert (longer.scenario.years, until_last(loaded, early)) == (9, loaded)
    short, long = (seen(x, f, [policy()])[policy()] for x, f in ((loaded, early), (longer, late)))
    assert np.array_equal(short, long[:, :2])
    assert np.isfinite(long).all()


# ---------------------------------------------------------------- simple forecasts


def test_nothing_changes() -> None:
    facts = (
        stock("members", 0, 500, use="input"), stock("members", 3, 540, use="fit"),
        flow("admitted", 0, 2, 30, use="fit"), flow("admitted", 2, 3, 18, use="fit"),
        stock("members", 2, 999, use="forecast"), stock("members", 2, 7, place="C1", use="fit"),
    )  # fmt: skip

    def forecast(fact: Fact) -> float:
        found = simple.unchanged(fact, facts, 123.0)
        assert found is not None
        return found.median

    assert forecast(stock("members", 5)) == 540
    assert forecast(stock("members", 1)) == 500
    assert forecast(stock("members", 1, place="C2")) == 123
    assert forecast(flow("admitted", 3, 5)) == pytest.approx(36, rel=1e-2)
    assert simple.unchanged(flow("listed", 3, 5), facts, 0.0) is None


def test_constant_rate_of_a_flow_is_a_negative_binomial() -> None:
    """48 in three years, two years ahead; with Jeffreys' prior the mean is 48.5 / 3 x 2, and the
    variance mean x (1 + 2 / 3). The window 1-2, which lies in another, is not counted twice."""
    facts = (
        flow("admitted", 0, 2, 30, use="fit"), flow("admitted", 2, 3, 18, use="fit"),
        flow("admitted", 1, 2, 99, use="fit"),
    )  # fmt: skip
    found = simple.steady(flow("admitted", 3, 5), facts)
    assert found is not None
    mean = float(found.weights @ found.values)
    variance = float(found.weights @ (found.values - mean) ** 2)
    assert mean == pytest.approx(48.5 / 3 * 2, rel=2e-3)
    assert variance == pytest.approx(mean * (1 + 2 / 3), rel=5e-3)


def test_constant_rate_of_a_stock() -> None:
    """995 fell to 96 in ten years: in five more each of the 96 stays with sqrt(96 / 995)."""
    falling = simple.going_on_from(995, 96, 10, 5)
    stay = (96 / 995) ** 0.5
    assert falling.weights @ falling.values == pytest.approx(96 * stay, rel=1e-9)
    assert falling.probability(0) == pytest.approx((1 - stay) ** 96, rel=1e-9)
    growing = simple.going_on_from(500, 540, 4, 2)
    assert growing.weights @ growing.values == pytest.approx(540 + 40.5 / 2, rel=1e-6)
    assert simple.going_on_from(5, 0, 1, 1).median == 0
    facts = (
        stock("units_without_own_cell", 0, 995, out_of=3181, use="input"),
        stock("units_without_own_cell", 4, 96, out_of=3181, use="fit"),
    )
    share = simple.steady(stock("units_without_cell", 6, 0, out_of=3181), facts)
    assert share is not None
    assert share.weights @ share.values == pytest.approx(96 * stay / 3181, rel=1e-2)


def test_score_of_a_known_distribution_is_that_of_many_draws_from_it() -> None:
    """The fair score of 20,000 draws has a standard error of some .02."""
    known = simple.going_on(40, 4, 1)
    draws = stats.nbinom(40.5, 4 / 5).rvs(20_000, random_state=6).astype(float)
    for value in (2.0, 10.0, 30.0):
        assert known.crps(value) == pytest.approx(crps(draws, value), abs=0.1)
    assert simple.certain(7.0).crps(9.5) == 2.5


# ---------------------------------------------------------------- the ledger


def of(facts: Sequence[Fact], numbers: Ensemble, seed: int = 1) -> pd.DataFrame:
    table = ledger(tuple(facts), {"p": numbers}, np.full(len(facts), 3.0), seed)
    return table.set_index("id")


def test_what_a_figure_is_used_for_decides_how_it_is_told() -> None:
    facts = (
        stock("members", 0, 5, id="given", use="input"),
        stock("members", 1, 5, id="fitted", use="fit"),
        stock("members", 2, 5, id="later"),
        stock("members", 2, 5, id="left", use="ignore", note="why"),
        Fact("not", "not_modelled", dt.date.min, 5.0, use="ignore", note="ratings"),
        stock("units_without_cell", 2, 0, id="none", out_of=9),
    )
    numbers = np.tile(np.arange(1.0, 40.0)[:, None], (1, 6))
    numbers[:, 4] = np.nan
    numbers[:, 5] = np.where(np.arange(39) < 13, 0.0, 2 / 9)
    table = of(facts, numbers)
    assert table["status"].to_list() == [
        "input", "fitted", "forecast", "left_out", "not_modelled", "forecast",
    ]  # fmt: skip
    assert table["rank"].notna().to_list() == [False, True, True, False, False, True]
    assert table["median"].notna().to_list() == [True] * 4 + [False, True]
    assert table.loc["not", "reason"] == "ratings"
    later = table.loc["later"]
    assert (later["median"], later["low_90"], later["high_90"]) == (20, 2, 38)
    assert later["inside_90"] and not later["inside_50"]
    assert later["unchanged"] == 5 and later["unchanged_crps"] == 0
    none = table.loc["none"]
    assert (none["event"], none["p_event"]) == ("none", pytest.approx(1 / 3))
    exact = stats.binomtest(13, 39).proportion_ci(0.95, "exact")
    assert (none["p_event_low"], none["p_event_high"]) == pytest.approx((exact.low, exact.high))
    assert none["brier"] == pytest.approx(4 / 9)
    assert none["unchanged_brier"] == 1


@pytest.mark.parametrize(
    ("numbers", "told"), [([1 / 9], "< 17.6 %"), ([0], "> 82.4 %"), ([0, 1 / 9], "53 % [29, 76]")]
)
def test_what_never_happened_in_few_replications_is_a_bound(
    numbers: list[float], told: str
) -> None:
    """Of 19 replications: Clopper and Pearson's interval."""
    fact = stock("units_without_cell", 2, 0, id="none", out_of=9)
    table = of([fact], np.resize(np.array(numbers, float), 19)[:, None])
    line = telling._event({"id": "none", **table.loc["none"].to_dict()}, fact)
    assert f"Probability in the model: {told}." in line


def test_tolerance_widens_the_forecast_and_goes_by_the_figure() -> None:
    """The printed figure may be off by 10 either way in nineteen cases of twenty."""
    one = stock("members", 2, 108, tolerance=10.0)
    other = stock("members", 3, 100)
    numbers = np.full((400, 2), 100.0)
    table = of((one, other), numbers)
    wide, sharp = table.loc[one.id], table.loc[other.id]
    assert (sharp["low_90"], sharp["high_90"]) == (100, 100)
    assert wide["high_90"] - wide["low_90"] == pytest.approx(2 * 1.645 * 10 / 1.96, rel=0.15)
    again = of((other, one), numbers)
    columns = ["median", "low_90", "high_90", "rank", "crps"]
    pd.testing.assert_frame_equal(table[columns], again.loc[table.index, columns])


def test_units_at_risk_by_hand() -> None:
    one = Flagged(np.array([True, False, True, False]), np.array([0.5, 0.5, 0.1, 0.0]))
    assert (one.number, one.mean_flagged, one.mean_others) == (2, 0.3, 0.25)
    assert one.concordance == (0.5 + 1 + 0 + 1) / 4
    assert one.brier == pytest.approx((0.25 + 0.25 + 0.81 + 0) / 4)
    assert (one.brier_of_none, one.brier_of_all_alike) == (0.5, 0.25)


# ---------------------------------------------------------------- files and the command

FIGURES = """\
id,figure,quantity,from,to,value,out_of,use,note
a,members,members,,2020-01-01,33,,input,
b,admitted so far,admitted,2020,2020,6,,fit,
c,admitted later,admitted,2021,2022,12,,forecast,
d,ratings,not_modelled,,,9,10,ignore,ratings are not modelled
"""
MORE = """\
policies:
  later:
    - {lever: reinforcement, from: 2031-01-01, strength_below: 4, number: 2, pool: reserve}
postings:
  pools:
    reserve: {level: district, size: 4}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "facts.csv").write_text(FIGURES, "utf-8")
    (tmp_path / "more.yaml").write_text(MORE, "utf-8")
    return written(tmp_path)


def test_the_command_tells_saves_and_repeats(scenario: Path) -> None:
    facts, out = scenario.with_name("facts.csv"), scenario.with_name("out")
    line = ("backtest", scenario, "--facts", facts, "--replications", "19")
    done = command(*line, "--out", out)
    assert (done.code, done.err) == (0, "")
    assert "Did not hold" in done.out or "1 forecast 1" in done.out
    assert "ratings are not modelled" in done.out
    table = pd.read_csv(out / "ledger.csv")
    assert table["status"].to_list() == ["input", "fitted", "forecast", "not_modelled"]
    page = (out / "backtest.html").read_text("utf-8")
    assert "ratings are not modelled" in page
    manifest = json.loads((out / "backtest.json").read_text("utf-8"))
    assert (manifest["policies"], manifest["replications"]) == (["as-is"], 19)
    told = json.loads(command(*line, "--json").out)
    assert [row["id"] for row in told["ledger"]] == ["a", "b", "c", "d"]
    assert told["ledger"][2]["crps"] == pytest.approx(table["crps"][2], rel=1e-5)


def test_the_policy_that_happened_is_compared(scenario: Path) -> None:
    text = scenario.read_text("utf-8")
    scenario.write_text(text + "happened: more-seats\n", "utf-8")
    assert list(run(scenario).numbers) == ["more-seats"]
    scenario.write_text(text + "happened: more-seat\n", "utf-8")
    with pytest.raises(BadInput, match=r"happened: .*did you mean more-seats"):
        run(scenario)


def run(scenario: Path, **more: Any) -> Backtest:
    return sim.backtest(scenario, scenario.with_name("facts.csv"), replications=19, **more)


def test_policies_have_their_names_on_the_page_and_kinds_in_words(scenario: Path) -> None:
    text = scenario.read_text("utf-8")
    scenario.write_text(text + "policy_names: {as-is: {ru: всё как теперь}}\n", "utf-8")
    facts = scenario.with_name("facts.csv")
    facts.write_text(
        "id,kinds,quantity,from,to,value,use\na,hamlet,admitted,2020,2020,6,fit\n", "utf-8"
    )
    done = run(scenario)
    with speaking("ru"):
        page, told = backtest_page.html(done), done.summary()
    assert "всё как теперь" in page
    assert "as-is" not in page
    assert "as-is" in told, "keys are typed in a terminal"
    assert "(деревни)" in page and "(деревни)" in told


def test_further_policies_may_begin_after_the_end(scenario: Path) -> None:
    facts = scenario.with_name("facts.csv")
    with facts.open("a", encoding="utf-8") as file:
        file.write("e,members,members,,2033-06,40,,forecast,\n")
    done = run(scenario, more_policies=scenario.with_name("more.yaml"))
    assert (done.loaded.scenario.years, list(done.numbers)) == (14, ["as-is", "later"])
    last = [done.numbers[name][:, 4].mean() for name in ("as-is", "later")]
    assert last[1] > last[0]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("policies: {as-is: []}", "more.yaml, line 1: policies.as-is"),
        ("policies: {p: [{lever: trainin}]}", "did you mean training?"),
        ("policies: {p: [{lever: training, from: 2030-01-01}]}", "before 2030-01-01"),
        ("policies: []", "line 1: policies: found a list of 0"),
        ("policies: {p: []}\npolices: {}", 'line 2: polices: found "polices"'),
        ("policies: {p: []}\npostings: {pols: {}}", "postings.pools: found nothing"),
        ("policies: {p: []}\npostings: {pools: {army: {level: district}}}", "postings.pools.army"),
        ("seats: 5", "a mapping with the key policies"),
    ],
)
def test_faults_of_further_policies(scenario: Path, more: str, told: str) -> None:
    path = scenario.with_name("more.yaml")
    path.write_text(more, "utf-8")
    with pytest.raises(BadInput) as caught:
        with_policies(sim.load(scenario), path)
    assert told in str(caught.value)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--replications", "18"), "replications: found 18; allowed: at least 19"),
        (("--policies", "as-iss"), "did you mean as-is?"),
        (("--facts", "nowhere.csv"), "nowhere.csv"),
        (("--engine", "fast"), "engine"),
        (("--more-policies", "nowhere.yaml"), "nowhere.yaml"),
        (("--posterior", "nowhere.csv"), "nowhere.csv"),
        (("--out", __file__), "cannot be written to"),
    ],
)
def test_faults_end_the_command_and_nothing_is_written(
    scenario: Path, arguments: tuple[str, ...], told: str
) -> None:
    facts, out = scenario.with_name("facts.csv"), scenario.with_name("out")
    line = ("backtest", scenario, "--facts", facts, "--replications", "19", "--out", out)
    done = command(*line, *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err and len(done.err.splitlines()) == 1
    assert not out.exists()


# ---------------------------------------------------------------- what is kept

KEPT = sorted(backtests.PROOFS.glob("posteriors-*/"))[-1]


@pytest.mark.parametrize("place", backtests.FITS)
def test_posteriors_that_are_kept_are_those_of_the_shipped_scenarios(place: str) -> None:
    """A scenario can name them; priors in the table are still those of the scenario; every fitted
    figure is one that the facts have, with the value they have."""
    loaded = sim.load(backtests.SCENARIOS / f"{place}.yaml")
    posterior = read_posterior(KEPT / f"{place}.csv", loaded.scenario)
    found = json.loads((KEPT / f"{place}.json").read_text("utf-8"))
    told = {one["parameter"]: one for one in found["parameters"]}
    assert set(told) == set(loaded.scenario.uncertain)
    assert {path for path, one in told.items() if one["how"] != "prior"} == set(posterior.paths)
    for path, prior in loaded.scenario.uncertain.items():
        assert told[path]["prior"] == pytest.approx(spread_of_prior(prior)._asdict())
    facts = read_facts(backtests.SCENARIOS / place / "facts.csv")
    fitted = {fact.id: fact.published for fact in facts if fact.use == "fit"}
    assert {one["id"]: one["published"] for one in found["figures"]} == pytest.approx(fitted)


def test_the_table_that_is_kept_has_every_figure_of_every_policy_asked_for() -> None:
    table = pd.read_csv(sorted(backtests.PROOFS.glob("backtests-*.csv"))[-1])
    for place, asked in backtests.PLACES.items():
        ids = [f.id for f in read_facts(backtests.SCENARIOS / place / "facts.csv")]
        rows = table[table["scenario"] == place]
        wanted = [backtests.ASSUMED, *([backtests.FITTED] if place in backtests.FITS else [])]
        assert sorted(set(rows["parameters"])) == wanted
        for _parameters, ours in rows.groupby("parameters"):
            policies = list(dict.fromkeys(ours["policy"]))
            assert policies == asked.get("policies", policies)
            assert list(ours["id"]) == ids * len(policies)
