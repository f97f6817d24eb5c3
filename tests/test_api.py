"""The Python interface, and experiments: same lives, any number of threads, one result."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim
from sim import experiment, risk, store
from sim.api import TABLES
from sim.experiment import prepare, replication, work
from sim.experiment.work import Setup, Shelf, Task
from sim.load import shape
from sim.messages import BadInput
from sim.risk.counts import Counts
from sim.scenario import Loaded, Uncertain
from sim.world import build
from tests.risk_samples import sample

ROOT = Path(__file__).parents[1]
POLICIES = {
    "as-is": (),
    "null": ({"lever": "retention", "factor": 1.0},),
    "keep": ({"lever": "retention", "factor": 0.2},),
}
UNCERTAIN = {
    "source.listing.per_resident": {"distribution": "gamma", "mean": 0.004, "sd": 0.002},
    "training.attendance": {"distribution": "beta", "mean": 0.7, "sd": 0.1},
}


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return sample(POLICIES, demography={"leaving": {"constant": 0.1}})


@pytest.fixture(scope="module")
def results(loaded: Loaded) -> experiment.Results:
    return sim.run(loaded, replications=60)


def assert_equal(one: experiment.Results, other: experiment.Results) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


# ---------------------------------------------------------------- the package


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


LOADING = "print(type(sim.load('scenarios/quynh-luu.yaml')).__name__, len(sim.load.__all__) > 3)"


@pytest.mark.parametrize(
    "first",
    ["import sim", "import sim.load", "from sim.load import load; import sim", "import sim.api",
     "from sim import load; import sim", "import sim.load.loading as l; import sim"],
)  # fmt: skip
def test_load_can_be_called_whatever_is_imported_first(first: str) -> None:
    assert run_python(f"{first}; import sim; {LOADING}") == "Loaded True"


def test_importing_and_loading_read_no_heavy_library() -> None:
    heavy = (
        "[m for m in ('numba', 'pandas', 'matplotlib', 'openpyxl', 'pyarrow') if m in sys.modules]"
    )
    code = f"import sim, sys; a = {heavy}; sim.load('scenarios/quynh-luu.yaml'); print(a, {heavy})"
    assert run_python(code) == "[] []"


def test_public_names() -> None:
    assert set(sim.__all__) <= set(dir(sim))
    assert all(getattr(sim, name) is not None for name in sim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = sim.lode


# ---------------------------------------------------------------- results


def test_tables_have_a_row_for_everything(loaded: Loaded, results: experiment.Results) -> None:
    assert len(results.hamlets) == 3 * 4 * 9
    measures = len(results.study.measures) + 2 * len(risk.study.BY_KIND)
    assert len(results.years) == 3 * measures * 9
    assert set(results.pairs.policy) == {"null", "keep"}
    without = {name for name in results.hamlets if results.hamlets[name].isna().all()}
    without.remove("target_part")  # nor is anything targeted
    assert all("_parameters_" in name for name in without), without  # nothing is uncertain here
    assert results.summary().startswith("Sample\n4 units (3 hamlets, 1 school); 2020-")


def test_nothing_is_written_unless_out_is_given(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sim.run(loaded, replications=2)
    assert list(tmp_path.iterdir()) == []


def test_out_holds_the_tables(loaded: Loaded, tmp_path: Path) -> None:
    made = sim.run(loaded, replications=3, seed=5, out=tmp_path / "run")
    for name in TABLES:
        kept = pd.read_parquet(tmp_path / "run" / f"{name}.parquet")
        pd.testing.assert_frame_equal(kept, getattr(made, name), check_dtype=False)
    manifest = store.json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert (manifest["seed"], manifest["replications"], manifest["engine"]) == (5, 3, "compiled")
    assert manifest["policies"] == list(POLICIES)
    assert manifest["timings"].keys() == {"started", "simulation_seconds", "tables_seconds"}


def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    loaded: Loaded, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    def never(*_: int) -> None:
        raise AssertionError("the work was begun")

    with pytest.raises(BadInput, match="holds something else"):
        sim.run(loaded, replications=2, out=tmp_path, progress=never)


# ---------------------------------------------------------------- same lives


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_number_of_threads_changes_nothing(
    loaded: Loaded, results: experiment.Results, jobs: int
) -> None:
    assert_equal(results, sim.run(loaded, replications=60, jobs=jobs))


def test_the_number_of_threads_changes_nothing_under_draws_of_parameters() -> None:
    uncertain = sample(POLICIES, uncertain=UNCERTAIN, parameter_draws=4)
    one, other = (sim.run(uncertain, replications=10, jobs=jobs) for jobs in (1, 3))
    assert_equal(one, other)
    assert one.draws == 4
    assert one.years.sd_parameters.notna().any()


def test_the_engines_give_the_same_results(loaded: Loaded) -> None:
    one, other = (sim.run(loaded, replications=3, engine=e) for e in ("compiled", "reference"))
    assert_equal(one, other)


def counts_of(made: experiment.Results, policy: str) -> Counts:
    return made.study.tallies[policy].counts


def test_more_replications_begin_with_the_same(loaded: Loaded, results: experiment.Results) -> None:
    few = counts_of(sim.run(loaded, replications=7), "keep")
    many = counts_of(results, "keep")
    assert np.array_equal(few.years, many.years[:7])
    assert np.array_equal(few.first, many.first[:7])


def test_a_null_policy_is_the_base_bit_for_bit(results: experiment.Results) -> None:
    base, null, keep = (counts_of(results, name) for name in POLICIES)
    assert all(np.array_equal(one, other) for one, other in zip(base, null, strict=True))
    assert not np.array_equal(base.years, keep.years)


def test_another_choice_of_policies_changes_nothing(
    loaded: Loaded, results: experiment.Results
) -> None:
    made = sim.run(loaded, policies=["keep"], replications=60)
    assert list(made.study.tallies) == ["as-is", "keep"]  # the base always runs
    one, other = (counts_of(r, "keep") for r in (made, results))
    assert all(np.array_equal(x, y) for x, y in zip(one, other, strict=True))


def test_another_seed_is_another_life(loaded: Loaded, results: experiment.Results) -> None:
    made = sim.run(loaded, replications=60, seed=99)
    assert not np.array_equal(counts_of(made, "as-is").years, counts_of(results, "as-is").years)


def test_progress_is_told_to_the_end(loaded: Loaded) -> None:
    told: list[tuple[int, int]] = []
    sim.run(loaded, replications=5, progress=lambda done, whole: told.append((done, whole)))
    assert told[-1] == (15, 15)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_an_error_in_a_thread_is_not_swallowed(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(1000))

    def broken(*arguments: Any) -> Any:
        runner = experiment.preparation.engine_called("compiled")(*arguments)
        whole = runner.replicate

        def sometimes(*arguments: Any) -> Any:
            if next(calls) > 5:
                raise RuntimeError("broken")
            return whole(*arguments)

        monkeypatch.setattr(runner, "replicate", sometimes)
        return runner

    monkeypatch.setattr(replication, "engine_called", lambda name: broken)
    with pytest.raises(RuntimeError, match="broken"):
        sim.run(loaded, replications=60, jobs=2)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_who_interrupts_waits_for_one_call_and_not_for_a_task(
    loaded: Loaded, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(loaded, ["as-is"], 1, 3)
    ready = experiment.preparation.engine_called(engine)
    setup, task = Setup(loaded, 3, ready, 1, shelf), Task(0, ("as-is",), 0, range(5))
    (whole,) = work._count(setup, task, threading.Event())
    monkeypatch.setattr(work, "PEOPLE_A_CALL", 1)
    (single,) = work._count(setup, task, threading.Event())
    for name, array in whole.counts._asdict().items():
        np.testing.assert_array_equal(getattr(single.counts, name), array, name)

    runner = type(ready(prepare(loaded, "as-is").plan, prepare(loaded, "as-is").world))
    stopped, begun, replicate = threading.Event(), [], runner.replicate

    def until_the_second(self: Any, seed: int, lives: Any, *more: Any) -> None:
        begun.extend(k for k, _ in lives)
        replicate(self, seed, lives, *more)
        if len(begun) == 2:
            stopped.set()

    monkeypatch.setattr(runner, "replicate", until_the_second)
    assert work._count(setup, task, stopped) == []
    assert begun == [0, 1]


@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=40), threads=st.integers(1, 70))
def test_the_last_tasks_are_shared_out(sizes: list[int], threads: int) -> None:
    """Nothing is lost or moved; and no thread is idle in the last round but for want of work."""
    tasks = [Task(0, ("a",), draw, range(draw, 10_000, 97)[:n]) for draw, n in enumerate(sizes)]
    found = replication._shared_out(tasks, threads)
    before, after = ([(t.draw, k) for t in of for k in t.replications] for of in (tasks, found))
    assert before == after and all(one.replications for one in found)
    few = len(tasks) % threads
    assert found[: len(tasks) - few] == tasks[: len(tasks) - few]
    if few:
        last, pieces = found[len(tasks) - few :], -(-threads // few)
        assert all(len(one.replications) <= -(-max(sizes[-few:]) // pieces) for one in last)
        if min(sizes[-few:]) >= pieces * (pieces - 1):  # enough for pieces of nearly one size
            assert len(last) >= threads


# ---------------------------------------------------------------- precision


def test_precision_is_reached_and_not_before(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication, "FEWEST_FOR_SHARES", 20)
    coarse = sim.run(loaded, policies=[], precision=0.2)
    fine = sim.run(loaded, policies=[], precision=0.1)
    assert coarse.replications < fine.replications
    assert fine.replications > 20
    end = fine.hamlets[fine.hamlets.year == 8]
    assert ((end.p_lost_high - end.p_lost_low) / 2).max() <= 0.1
    again = sim.run(loaded, policies=[], replications=fine.replications)
    assert_equal(fine, again)
    fewer = sim.run(loaded, policies=[], replications=int(fine.replications / 1.3))
    assert risk.precision(fewer.study).chance > 0.1


def test_precision_ends_under_draws_of_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication, "FEWEST_FOR_SHARES", 20)
    monkeypatch.setattr(replication, "MOST_FOR_PRECISION", 400)
    uncertain = sample(uncertain=UNCERTAIN, parameter_draws=3)
    made = sim.run(uncertain, precision=0.12)
    assert 20 < made.replications < 400
    assert_equal(made, sim.run(uncertain, replications=made.replications))


# ---------------------------------------------------------------- uncertain parameters

DISTRIBUTIONS: list[tuple[dict[str, Any], Any]] = [
    ({"distribution": "normal", "mean": 2.0, "sd": 0.5}, stats.norm(2, 0.5)),
    ({"distribution": "gamma", "mean": 2.0, "sd": 0.5}, stats.gamma(16, scale=1 / 8)),
    (
        {"distribution": "lognormal", "mean": 2.0, "sd": 0.5},
        stats.lognorm(np.sqrt(np.log(1.0625)), scale=2 / np.sqrt(1.0625)),
    ),
    ({"distribution": "beta", "mean": 0.3, "sd": 0.1}, stats.beta(6, 14)),
    ({"distribution": "uniform", "low": 1.0, "high": 4.0}, stats.uniform(1, 3)),
    (
        {"distribution": "triangular", "low": 1.0, "mode": 2.0, "high": 5.0},
        stats.triang(0.25, loc=1, scale=4),
    ),
]


@pytest.mark.parametrize(("given", "known"), DISTRIBUTIONS)
def test_quantiles_are_those_of_the_distribution(given: dict[str, Any], known: Any) -> None:
    uncertain = Uncertain.model_validate(given)
    at = np.array([1e-6, 0.1, 0.25, 0.5, 0.9, 1 - 1e-6])
    found = [uncertain.quantile(u) for u in at]
    assert found == pytest.approx(known.ppf(at), rel=1e-9)
    if "sd" in given:
        assert (known.mean(), known.std()) == pytest.approx((given["mean"], given["sd"]))


def test_a_draw_is_the_same_for_every_policy_and_however_many_there_are() -> None:
    loaded = sample(uncertain=UNCERTAIN)
    one = experiment.drawn(loaded, 3).scenario
    fewer = loaded.model_copy(
        update={
            "scenario": loaded.scenario.model_copy(
                update={"uncertain": dict(list(loaded.scenario.uncertain.items())[:1])}
            )
        }
    )
    other = experiment.drawn(fewer, 3).scenario
    assert one.source == other.source != loaded.scenario.source
    assert (
        one.training.attendance != other.training.attendance == loaded.scenario.training.attendance
    )
    assert experiment.drawn(loaded, 4).scenario.source != one.source


def test_trace_and_run_give_a_replication_the_same_draw() -> None:
    loaded = sample(uncertain=UNCERTAIN, parameter_draws=4)
    made = sim.run(loaded, replications=10)
    year = counts_of(made, "as-is").years[9].sum(axis=0)
    log = sim.trace(loaded, "as-is", 9)
    listed = risk.measures.COLUMN["listed_in_year"]
    assert year[:, listed].sum() == (log.kind == "listed").sum() > 0
    assert not log.equals(sim.trace(loaded, "as-is", 9, seed=8))


def test_a_distribution_that_leaves_the_range_is_a_fault() -> None:
    wild = {"training.attendance": {"distribution": "normal", "mean": 0.7, "sd": 5.0}}
    loaded = sample(uncertain=wild)
    with pytest.raises(BadInput, match=r"training\.attendance: found normal with values"):
        sim.run(loaded, replications=20)
    with pytest.raises(BadInput, match=r"uncertain.training.attendance: found .* in draw \d"):
        for draw in range(20):  # made in Python and never checked
            experiment.drawn(loaded, draw)


def leaves(data: Any, path: tuple[str, ...] = ()) -> Any:
    if isinstance(data, dict):
        for name, inner in data.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(data, float):
        yield ".".join(path), data


def test_only_parameters_of_the_world_change_the_world() -> None:
    """Draws share one world unless an uncertain parameter is read when it is built."""
    loaded = sample()
    world = build(loaded)
    data = loaded.scenario.model_dump(by_alias=True)
    known = set(shape.parameters(data))
    tried = 0
    for path, value in leaves(data):
        if path not in known or work.is_of_world(path):
            continue
        changed = loaded.with_values({path: value * 0.5})
        other = build(changed)
        tried += 1
        for one, two in zip(world, other, strict=True):
            assert np.asarray(one).tobytes() == np.asarray(two).tobytes(), path
    assert tried > 30


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"policies": ["kep"]},
            'policy: found "kep"; allowed: as-is, null, keep; did you mean keep?',
        ),
        ({"engine": "fast"}, 'engine: found "fast"; allowed: compiled, reference'),
        ({"replications": 0}, "replications: found 0; allowed: a whole number of at least 1"),
        ({"jobs": 0}, "jobs: found 0; allowed: a whole number of at least 1"),
        ({"jobs": 1.5}, "jobs: found 1.5; allowed: a whole number of at least 1"),
        ({"replications": 2.5}, "replications: found 2.5; allowed: a whole number of at least 1"),
        ({"replications": "3"}, 'replications: found "3"; allowed: a whole number of at least 1'),
        ({"seed": -1}, "seed: found -1; allowed: a whole number of at least 0"),
        (
            {"seed": 2**62},
            "seed: found 4611686018427387904; allowed: "
            "a whole number from 0 to 4611686018427387903",
        ),
        (
            {"policies": "as-is"},
            "policies: found \"as-is\"; allowed: a list of names, such as ['as-is']",
        ),
        ({"precision": 2.0}, "precision: found 2; allowed: a number between 0 and 1"),
        (
            {"precision": 0.1, "replications": 5},
            "replications, precision: found both; allowed: one of the two",
        ),
    ],
)
def test_bad_arguments_are_told(loaded: Loaded, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as caught:
        sim.run(loaded, **arguments)
    assert str(caught.value) == told


def test_a_scenario_changed_in_python_is_checked(loaded: Loaded) -> None:
    wrong = loaded.with_values({"training.level": "continent"})
    with pytest.raises(BadInput, match="continent"):
        sim.run(wrong, replications=1)
