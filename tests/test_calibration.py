"""Calibration: exact blocks, ABC-SMC against closed forms, pooling, faults, stops."""

import dataclasses
import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from sim.calibrate import Fact, Replicate, fit, until
from sim.calibrate.blocks import of_parameters
from sim.calibrate.conjugate import Block, Together, free_block, parameter_block
from sim.calibrate.counterparts import QUANTITIES
from sim.calibrate.fitting import (
    DATABASE,
    JOURNAL,
    PARTIAL,
    PILOT_FILE,
    SUMS,
    Particles,
    Problem,
    fitted,
)
from sim.calibrate.identification import (
    Spread,
    spread_of_prior,
    spread_of_sample,
    weighted_quantile,
)
from sim.calibrate.pooling import Pooled, factors_of, groups, together, with_factors
from sim.calibrate.simulation import Simulator
from sim.calibrate.workplace import ASKED, opened
from sim.experiment import prepare
from sim.load import load
from sim.messages import BadInput
from sim.scenario import Uncertain
from tests import small
from tests.calibrating import END, FIGURES, UNCERTAIN, district, figure

FALSE_ALARM = 1e-4

# ---------------------------------------------------------------- exact blocks


def test_blocks_are_those_of_the_textbook() -> None:
    gamma = Uncertain(distribution="gamma", mean=0.02, sd=0.01)  # shape 4, rate 200
    block = parameter_block("expelled", gamma, "")
    assert block is not None
    after = block.given(20, 1000, ("a",))
    assert (after.a, after.b) == pytest.approx((24, 1200))
    assert (after.mean, after.sd) == pytest.approx((0.02, np.sqrt(24) / 1200))
    assert after.quantile(0.3) == pytest.approx(stats.gamma(24, scale=1 / 1200).ppf(0.3))
    beta = Uncertain(distribution="beta", mean=0.5, sd=np.sqrt(1 / 12))  # uniform
    share = parameter_block("seats_taken", beta, "")
    assert share is not None
    after = share.given(3903, 4758, ("a",))
    assert (after.a, after.b) == pytest.approx((3904, 856))
    assert after.sd == pytest.approx(stats.beta(3904, 856).std())
    assert parameter_block("expelled", beta, "") is None


def test_a_constant_rate_forecasts_with_its_own_uncertainty() -> None:
    """Negative binomial and beta-binomial have the moments of a mixture."""
    rate = free_block("rate", "admitted", "").given(1664, 1635, ())
    ahead = rate.forecast(800)
    assert ahead.mean() == pytest.approx(800 * rate.mean)
    assert ahead.var() == pytest.approx(800 * rate.mean + (800 * rate.sd) ** 2)
    share = free_block("share", "trained", "").given(704, 1070, ())
    n = 200
    mixed = n * (share.mean * (1 - share.mean) - share.sd**2) + (n * share.sd) ** 2
    assert share.forecast(n).var() == pytest.approx(mixed)


@pytest.mark.parametrize("kind", ["rate", "share"])
def test_ranks_of_hidden_parameters_are_uniform(kind: str) -> None:
    """Simulation-based calibration (Talts et al. 2018) of both families over 2,000 sets: chi square
    in 20 bins, false alarm 1e-4. A posterior that counts every figure twice is found out."""
    generator = np.random.default_rng(5)
    sets = 2000
    if kind == "rate":
        prior, exposure = Uncertain(distribution="gamma", mean=0.02, sd=0.01), 300.0
        block = parameter_block("expelled", prior, "")
        assert block is not None
        hidden = generator.gamma(4, 1 / 200, sets)
        seen = generator.poisson(hidden * exposure)
    else:
        prior, exposure = Uncertain(distribution="beta", mean=0.7, sd=0.1), 20.0
        block = parameter_block("seats_taken", prior, "")
        assert block is not None
        hidden = generator.beta(block.a, block.b, sets)
        seen = generator.binomial(int(exposure), hidden)

    def p_value(times: int) -> float:
        after = [block.given(float(times * n), times * exposure, ()) for n in seen]
        family = stats.gamma if kind == "rate" else stats.beta
        ranks = [
            family.cdf(h, a.a, scale=1 / a.b) if kind == "rate" else family.cdf(h, a.a, a.b)
            for h, a in zip(hidden, after, strict=True)
        ]
        return float(stats.chisquare(np.histogram(ranks, 20, (0, 1))[0]).pvalue)

    assert p_value(1) > FALSE_ALARM
    assert p_value(2) < FALSE_ALARM


def counted_together(events: int) -> Together:
    """Two rates whose events are counted as one number, on different exposures."""
    shapes, rates, exposures = (4.0, 2.0), (200.0, 400.0), (300.0, 500.0)
    priors = tuple(
        Block("rate", "struck_off", (), "", shape, rate, parameter=path)
        for shape, rate, path in zip(shapes, rates, ("a", "b"), strict=True)
    )
    return Together(priors, exposures, events, ("f",))


def on_a_grid(events: int, seen: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    """Mean and covariance of both by Bayes' rule on a grid; `seen`: the number's mean, [g, g]."""
    one, other = SQUARE
    weights = (
        stats.gamma(4, scale=1 / 200).pdf(one) * stats.gamma(2, scale=1 / 400).pdf(other)
        * stats.poisson(seen).pmf(events)
    )  # fmt: skip
    weights /= weights.sum()
    values = np.stack([one.ravel(), other.ravel()])
    return values @ weights.ravel(), np.cov(values, aweights=weights.ravel(), ddof=0)


SQUARE = np.meshgrid((np.arange(600) + 0.5) * 2.5e-4, (np.arange(600) + 0.5) * 1e-4)


@pytest.mark.parametrize("events", [0, 3, 20])
def test_rates_counted_together_are_those_of_bayes_rule(events: int) -> None:
    """Means, spreads and quantiles by closed form; 40,000 joint draws within five standard errors
    (false alarm 1e-6 each), which tells the covariance from none."""
    block = counted_together(events)
    mean, covariance = on_a_grid(events, SQUARE[0] * 300 + SQUARE[1] * 500)
    assert [one.mean for one in block.blocks] == pytest.approx(mean.tolist(), rel=1e-3)
    assert [one.sd**2 for one in block.blocks] == pytest.approx(np.diag(covariance), rel=2e-3)
    assert sum(one.events for one in block.blocks) == pytest.approx(events)
    number = 40_000
    draws = block.draws(np.random.default_rng(1), number)
    error = np.sqrt(np.diag(covariance) / number)
    assert np.all(np.abs(draws.mean(axis=0) - mean) < 5 * error)
    products = np.prod(draws - mean, axis=1)
    assert abs(products.mean() - covariance[0, 1]) < 5 * products.std() / np.sqrt(number)
    assert (abs(products.mean()) > 5 * products.std() / np.sqrt(number)) == (events > 0)
    for one, column in zip(block.blocks, draws.T, strict=True):
        below = np.mean(column < one.quantile(0.3))
        assert abs(below - 0.3) < 5 * np.sqrt(0.21 / number)


def test_the_number_of_all_removals_tells_four_rates_of_the_model() -> None:
    """What a figure of all removals tells of four rates, members away among them: with the rates
    high and a number far above the prior mean every rate goes up, and their numbers add up."""
    removal = {
        f"demography.removal.{kind}.constant": {"distribution": "gamma", "mean": mean, "sd": mean}
        for kind, mean in (
            ("expelled", 0.01), ("struck_off", 0.02), ("asked_to_leave", 0.01),
            ("struck_off_away", 0.05),
        )
    }  # fmt: skip
    given = district(uncertain=removal)
    seen = figure("removed", 90.0)
    found = fit(given, [seen], seed=4, checks=40)
    assert [one.how for one in found.parameters] == ["conjugate"] * 4
    assert all(one.posterior.mean > one.prior.mean for one in found.parameters)
    assert sum(block.events for block in found.blocks) == pytest.approx(90)
    assert not found.refused
    assert not found.poor
    # Away are one in eight or so: so much less of an exposure has the last.
    exposures = [block.exposure for block in found.blocks]
    assert exposures[3] < exposures[1] / 3


def test_a_rate_that_is_not_uncertain_has_its_part_of_the_events() -> None:
    """Then the number is not in proportion to the others, and there is no exact block."""
    path = "demography.removal.expelled.constant"
    removal = {"expelled": 0.02, "asked_to_leave": 0.02}
    given = district(demography={"removal": removal}, uncertain={path: UNCERTAIN[path]})
    found = of_parameters(
        lambda facts: Simulator(given, "as-is", facts, 1),
        [figure("removed", 40.0)], given.scenario.uncertain, [path],
    )  # fmt: skip
    assert set(found.refused) == {path}


# ---------------------------------------------------------------- ABC-SMC beside closed forms


class Line:
    """A simulator of three figures: 2 a + noise of sd 1, a + b + noise of sd .5, noise alone.

    a and b are the scores of the first two parameters; the third one moves nothing. `only` one
    figure can be looked at.
    """

    def __init__(self, only: int | None = None) -> None:
        self._looked_at = slice(None) if only is None else slice(only, only + 1)

    def __call__(self, values: Mapping[str, float], replications: Sequence[int]) -> Any:
        a, b = (values[path] for path in PATHS[:2])
        noise = np.random.default_rng([99, replications[0]]).standard_normal(3)
        figures = [2 * a + noise[0], a + b + 0.5 * noise[1], 100 * noise[2]]
        return np.array([figures[self._looked_at]])


PATHS = ("a", "b", "c")
NORMAL = {path: Uncertain(distribution="normal", mean=0, sd=1) for path in PATHS}
SEEN = (2.4, -0.3, 70.0)


def line(seed: int = 3, tolerance: float = 0.0) -> Problem:
    facts = tuple(
        Fact(f"f{i}", "admitted", END, value, tolerance=tolerance) for i, value in enumerate(SEEN)
    )
    return Problem(Line(), facts, NORMAL, PATHS, {}, seed)  # type: ignore[arg-type]


def closed_form(extra: float = 0.0) -> tuple[Any, Any]:
    """Mean and covariance of (a, b) given the figures; `extra` is the variance of tolerances."""
    slopes, noise = np.array([[2.0, 0], [1, 1]]), np.diag([1 + extra, 0.25 + extra])
    precision = np.eye(2) + slopes.T @ np.linalg.inv(noise) @ slopes
    covariance = np.linalg.inv(precision)
    return covariance @ slopes.T @ np.linalg.inv(noise) @ np.array(SEEN[:2]), covariance


def test_figures_that_nothing_moves_leave_the_prior(tmp_path: Path) -> None:
    """A figure of chance alone, printed far off: no parameter may follow it. Means of 60 particles
    are within .65 sd (5 standard errors)."""
    whole = line()
    idle = dataclasses.replace(whole.facts[2], value=700.0)
    problem = dataclasses.replace(whole, facts=(idle,), simulator=Line(2))  # type: ignore[arg-type]
    found = fitted(problem, 60, 2, 1, tmp_path, nobody)
    for column in found.scores.T:
        one = spread_of_sample(column, found.weights)
        assert abs(one.mean) < 0.65
        assert 0.5 < one.sd < 1.6


def nobody(_more: int) -> None:
    """Progress that nobody sees."""


@pytest.mark.verify
def test_what_is_simulated_agrees_with_the_closed_form(tmp_path: Path) -> None:
    """With an effective number of some 150 means are within .35 sd and sds within a third in all
    but 1 of 10^4 cases; a posterior without the tolerances' noise would be off by more."""
    for name, tolerance in (("exact", 0.0), ("off", 1.96)):
        (tmp_path / name).mkdir()
        found = fitted(line(tolerance=tolerance), 250, 4, 2, tmp_path / name, nobody)
        mean, covariance = closed_form(tolerance / 1.96 * tolerance / 1.96)
        assert found.effective > 75
        for i in range(2):
            one = spread_of_sample(found.scores[:, i], found.weights)
            sd = np.sqrt(covariance[i, i])
            assert abs(one.mean - mean[i]) < 0.35 * sd, (name, i)
            assert 0.67 < one.sd / sd < 1.5, (name, i)
        idle = spread_of_sample(found.scores[:, 2], found.weights)
        assert abs(idle.mean) < 0.35
        assert 0.67 < idle.sd < 1.5
        assert found.explained["f0"] > 0.6
        assert found.explained["f2"] < 0.1


def test_the_number_of_threads_and_a_stop_change_nothing(tmp_path: Path) -> None:
    def run(name: str, generations: int, jobs: int) -> Particles:
        (tmp_path / name).mkdir(exist_ok=True)
        return fitted(line(), 60, generations, jobs, tmp_path / name, nobody)

    alone = run("alone", 3, 1)
    run("stopped", 1, 3)
    again = run("stopped", 3, 2)
    assert np.array_equal(alone.scores, again.scores)
    assert np.array_equal(alone.weights, again.weights)
    assert alone.generations == again.generations
    state = np.random.get_state()[1][:3].tolist()  # type: ignore[index]
    run("state", 1, 2)
    assert np.random.get_state()[1][:3].tolist() == state  # type: ignore[index]


def flipped(at: float) -> Callable[[bytes], bytes]:
    """One bit changed, at a share of the file."""

    def damaged(content: bytes) -> bytes:
        i = int(at * len(content))
        return content[:i] + bytes([content[i] ^ 4]) + content[i + 1 :]

    return damaged


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _content: b"",
    "half": lambda content: content[: len(content) // 2],
    "a bit": flipped(0.53),
    "a bit of a generation": flipped(0.9221),
}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Particles]:
    """The folder of a search that was stopped after one generation, and what two would give."""
    folder = tmp_path_factory.mktemp("stopped")
    fitted(line(), 20, 1, 1, folder, nobody)
    whole = shutil.copytree(folder, folder / "whole")
    return folder, fitted(line(), 20, 2, 1, whole, nobody)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [PILOT_FILE, DATABASE])
def test_what_a_stopped_search_left_damaged_is_made_anew(
    stopped: tuple[Path, Particles], tmp_path: Path, name: str, damage: str
) -> None:
    folder, whole = stopped
    for file in (PILOT_FILE, DATABASE, SUMS):
        shutil.copyfile(folder / file, tmp_path / file)
    file = tmp_path / name
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    again = fitted(line(), 20, 2, 1, tmp_path, nobody)
    assert np.array_equal(again.scores, whole.scores)
    assert np.array_equal(again.weights, whole.weights)


def test_what_a_stopped_search_left_sound_is_not_done_again(
    stopped: tuple[Path, Particles], tmp_path: Path
) -> None:
    """Also where it was killed between the checksums and the file they are of."""
    folder, whole = stopped
    for file in (PILOT_FILE, DATABASE, SUMS):
        shutil.copyfile(folder / file, tmp_path / file)
    with (tmp_path / SUMS).open("a") as sums:
        sums.write("\n" + 64 * "0")
    (tmp_path / PARTIAL).write_bytes(b"half a database")
    (tmp_path / (PARTIAL + JOURNAL)).write_bytes(b"half a journal")
    told: list[int] = []
    again = fitted(line(), 20, 2, 1, tmp_path, told.append)
    assert told[:2] == [20, 20], "the pilot and a generation are there already"
    assert np.array_equal(again.scores, whole.scores)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'{"seed": 1', b"null"])
def test_a_damaged_note_of_what_was_asked_begins_anew(tmp_path: Path, content: bytes) -> None:
    out = tmp_path / "p.csv"
    with opened(out, {"seed": 1}) as work:
        (work.folder / DATABASE).write_bytes(b"of another calibration, for all we know")
    (work.folder / ASKED).write_bytes(content)
    with opened(out, {"seed": 1}) as work:
        assert not (work.folder / DATABASE).exists()
    stopped = pytest.raises(BadInput, match="another calibration, stopped here: seed")
    with stopped, opened(out, {"seed": 2}):
        pass


KILLED = """
    import sys, time
    from pathlib import Path
    from tests.test_calibration import Line, line, nobody
    from sim.calibrate.fitting import fitted
    import numpy as np

    folder = Path(sys.argv[1])
    found = fitted(line(), 60, 3, 2, folder, nobody)
    print(repr(found.scores.tobytes()), repr(found.weights.tobytes()))
"""


@pytest.mark.verify
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    """Twelve kills at moments spread over the time that it takes; then it is left to end."""
    program = [sys.executable, "-c", textwrap.dedent(KILLED)]

    def ended(folder: Path) -> str:
        return subprocess.run(
            [*program, str(folder)], capture_output=True, text=True, check=True, timeout=300
        ).stdout

    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    expected = ended(tmp_path / "whole")
    moments = np.random.default_rng(1).uniform(0.5, 9.0, 12)
    for seconds in moments:
        process = subprocess.Popen([*program, str(tmp_path / "killed")], stdout=subprocess.DEVNULL)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert ended(tmp_path / "killed") == expected


# ---------------------------------------------------------------- identification


@pytest.mark.parametrize(
    ("prior", "family"),
    [
        (Uncertain(distribution="gamma", mean=2, sd=1), stats.gamma(4, scale=0.5)),
        (Uncertain(distribution="uniform", low=1, high=3), stats.uniform(1, 2)),
        (Uncertain(distribution="normal", mean=2, sd=3), stats.norm(2, 3)),
    ],
)
def test_the_prior_is_told_by_its_moments(prior: Uncertain, family: Any) -> None:
    found = spread_of_prior(prior)
    ends = family.mean(), family.std(), family.ppf(0.05), family.ppf(0.95)
    assert found == pytest.approx(Spread(*ends), rel=2e-3)


def test_a_weighted_sample_is_that_of_repeated_values() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.5, 0.25, 0.25])
    repeated = np.array([3.0, 3.0, 1.0, 2.0])
    found = spread_of_sample(values, weights)
    assert (found.mean, found.sd) == pytest.approx((repeated.mean(), repeated.std()))
    sample = np.random.default_rng(1).standard_normal(100_000)
    equal = np.full(len(sample), 1 / len(sample))
    assert weighted_quantile(sample, equal, 0.95) == pytest.approx(np.quantile(sample, 0.95), 1e-3)


# ---------------------------------------------------------------- areas


def test_pooling_beats_each_area_alone_and_covers() -> None:
    """100 provinces of 12 areas with some 5 events each, factors with sd .5: pooled factors are
    nearer to the truth than ratios, by a third of the mean square at least, and their 90 %
    intervals cover 90 % but for 5 standard errors of 1,200 areas, doubled since those of a province
    share a level and a spread. Ratios without pooling fail the first by far.
    """
    generator = np.random.default_rng(8)
    pooled_off, alone_off, covered = [], [], []
    for province in range(100):
        expected = generator.uniform(2, 10, 12)
        truth = generator.gamma(4, 1 / 4, 12)
        level = generator.uniform(0.7, 1.4)
        seen = generator.poisson(expected * level * truth)
        draws = factors_of(seen.astype(float), expected, province)
        low, high = np.quantile(draws, [0.05, 0.95], axis=0)
        pooled_off.append((draws.mean(axis=0) - truth) ** 2)
        alone_off.append((seen / expected / (seen.sum() / expected.sum()) - truth) ** 2)
        covered.append((low <= truth) & (truth <= high))
    assert np.mean(pooled_off) < 0.67 * np.mean(alone_off)
    assert abs(np.mean(covered) - 0.9) < 10 * np.sqrt(0.9 * 0.1 / 1200)


def test_equal_areas_are_drawn_together_and_different_ones_are_not() -> None:
    expected = np.full(10, 50.0)
    equal = factors_of(np.full(10, 50.0), expected, 1).mean(axis=0)
    assert np.abs(equal - 1).max() < 0.03
    apart = factors_of(np.array([200.0, *[33.0] * 9]), expected, 1).mean(axis=0)
    assert apart[0] > 2.5
    assert (apart[1:] < 0.85).all()


def test_figures_by_area_are_fitted_together() -> None:
    facts = [figure("listed", n, id=f"l{n}", place=f"Commune {n}") for n in range(1, 5)]
    (found,) = groups([*facts, figure("admitted", 3, place="Commune 1"), figure("left", 4)])
    assert found == tuple(facts)
    one = together(found)
    assert (one.value, one.places) == (10, tuple(f"Commune {n}" for n in range(1, 5)))
    assert groups(facts[:2]) == ()


def test_factors_go_into_a_table_that_a_scenario_can_name(tmp_path: Path) -> None:
    (tmp_path / "hamlets.csv").write_text(
        "area.commune,id,residents,officials,note_free\n".replace(",note_free", "")
        + "A,h1,300,8\nA,h2,310,9\nB,h3,320,7\n",
        "utf-8",
    )
    scenario = "title: T\nbaseline: hamlets.csv\nstart: 2020-01-01\nyears: 1\n"
    (tmp_path / "s.yaml").write_text(scenario, "utf-8")
    loaded = load(tmp_path / "s.yaml")
    numbers = (5.0, 4.0, 1.3, 1.2, 0.9, 1.5)
    table = with_factors(loaded, [Pooled("listed", "A", *numbers), Pooled("left", "B", *numbers)])
    (tmp_path / "other.csv").write_text(table, "utf-8")
    (tmp_path / "s.yaml").write_text(scenario.replace("hamlets", "other"), "utf-8")
    units = load(tmp_path / "s.yaml").baseline.units
    assert [u.listing_factor for u in units] == [1.2, 1.2, 1.0]
    assert [u.leaving_factor for u in units] == [1.0, 1.0, 1.2]
    assert [u.residents for u in units] == [300, 310, 320]


# ---------------------------------------------------------------- a shorter horizon


def test_a_shorter_horizon_gives_the_same_numbers() -> None:
    full = small.busy(small.LEVERS)
    end = full.scenario.start.replace(year=2022, month=9)
    short = until(full, "policy", end)
    assert short.scenario.years == 3
    numbers = []
    for given in (full, short):
        one = prepare(given, "policy")
        seen = Replicate(one.loaded.scenario, one.world, one.replicate(4))
        facts = [Fact("a", name, end, 0.0, given.scenario.start) for name in QUANTITIES]
        numbers.append([f.seen_by(given.scenario, given.baseline)(seen) for f in facts])
    assert numbers[0] == pytest.approx(numbers[1], rel=0, abs=0, nan_ok=True)


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("facts", "more", "told"),
    [
        ((figure("admitted", 9, use="forecast"),), {}, "at least one figure with the use fit"),
        ((figure("admitted", 9),), {"parameters": ["demography.mortality.factor"]}, "never fitted"),
        ((figure("admitted", 9),), {"parameters": ["training.attendence"]}, "did you mean"),
        ((figure("admitted", 9),), {"policy": "none"}, "as-is"),
        ((figure("admitted", 9),), {"particles": 7}, "at least 50"),
        ((figure("admitted", 9),), {"table": Path("t.csv")}, "no figures by area"),
        ((figure("admitted", 9, place="C"),), {}, "an area of the table"),
        ((figure("admitted", 9, until=END.replace(year=2024), row=4),), {}, "row 4"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    facts: tuple[Fact, ...], more: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadInput) as caught:
        fit(district(), facts, **more)
    assert told in str(caught.value)


def test_nothing_uncertain_is_a_fault() -> None:
    with pytest.raises(BadInput, match="uncertain"):
        fit(district(uncertain={}), (figure("admitted", 9),))


# ---------------------------------------------------------------- all of it


@pytest.mark.verify
def test_a_calibration_from_its_figures_to_a_scenario_that_names_it(tmp_path: Path) -> None:
    given = district()
    values = dict(zip(("listed", "seats_taken", "admitted", "expelled", "left"),
                      (120.0, 110.0, 110.0, 20.0, 20.0), strict=True))  # fmt: skip
    facts = tuple(
        dataclasses.replace(f, value=values[f.id], out_of=170.0 if f.out_of else None)
        for f in FIGURES
    )
    out = tmp_path / "posterior.csv"
    found = fit(given, facts, particles=60, generations=2, seed=4, out=out)
    first = out.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["posterior.csv", "posterior.json"]
    fit(given, facts, particles=60, generations=2, seed=4, out=out, jobs=1)
    assert out.read_bytes() == first
    how = {one.parameter: one.how for one in found.parameters}
    assert how["demography.mortality.factor"] == "prior"
    assert how["demography.removal.expelled.constant"] == "conjugate"
    assert "postings.renewal" in found.driven_by_prior
    assert set(found.sample.paths) == set(UNCERTAIN) - {"demography.mortality.factor"}
    told = json.loads((tmp_path / "posterior.json").read_text("utf-8"))
    assert told["effective_sample_size"] == found.effective
    assert "Driven by the prior" in found.summary()
    named = district(posterior="posterior.csv").model_copy(update={"posterior": found.sample})
    from sim.experiment import drawn

    drawn(named, 3)
