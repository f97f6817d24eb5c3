"""Which policy is best: with the promised certainty, few replications, and an end in every case."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import sim
from sim.experiment import screening, selection
from sim.experiment.screening import screen
from sim.messages import BadInput
from tests.risk_samples import sample

TRIALS = 400


class Normal:
    """Policies with normal values on common lives: means [k], covariance [k, k]."""

    def __init__(self, means: Sequence[float], covariance: Any, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.means = np.array(means, dtype=float)
        self.root = np.linalg.cholesky(np.array(covariance) + 1e-12 * np.eye(len(means)))
        self.values: list[npt.NDArray[np.float64]] = []
        self.told = np.zeros(len(means), dtype=int)

    def register_observer(self, observer: Any) -> None:
        self.observer = observer

    def reach(self, policies: Any, replications: int) -> None:
        """Values are drawn when they are asked for."""

    def simulate(self, policy: int) -> None:
        at = self.told[policy]
        if at == len(self.values):
            noise = self.random.standard_normal(len(self.means))
            self.values.append(self.means + self.root @ noise)
        self.told[policy] += 1
        self.observer.feedback(self, policy, self.values[at][policy])

    def of(self, policy: int) -> list[float]:
        return [value[policy] for value in self.values[: self.told[policy]]]


def trials(
    means: Sequence[float], covariance: Any, certainty: float, goal: str = "highest"
) -> tuple[list[int], list[Normal]]:
    worlds = [Normal(means, covariance, seed) for seed in range(TRIALS)]
    chosen = [screen(w, len(means), 1.0, certainty, goal, 10, 10_000)[0] for w in worlds]
    return chosen, worlds


def spread(policies: int, correlation: float, sd: float) -> Any:
    together = np.full((policies, policies), correlation)
    np.fill_diagonal(together, 1.0)
    return together * sd**2


@pytest.mark.parametrize("goal", ["lowest", "highest"])
@pytest.mark.parametrize(("correlation", "best"), [(0.0, 4), (0.9, 2)])
def test_the_promised_certainty_is_kept_where_it_is_hardest(
    correlation: float, best: int, goal: str
) -> None:
    """Five policies, the best ahead by just the difference, promised .9; 400 trials, seeds 0-399.

    At least 337 right (84.3 %): false alarm 1e-4 at .9. Choosing after the first ten replications
    is right in some 70 %.
    """
    means = np.zeros(5)
    means[best] = 1 if goal == "highest" else -1
    sd = 2 if correlation == 0 else 6
    chosen, worlds = trials(means, spread(5, correlation, sd), 0.9, goal)
    assert sum(c == best for c in chosen) >= 337
    pick: Callable[[Any], int] = np.argmax if goal == "highest" else np.argmin
    at_once = [int(pick(np.mean(w.values[:10], axis=0))) for w in worlds]
    assert sum(c == best for c in at_once) < 320


def test_the_variance_is_that_of_the_compared_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two policies nearly alike, the best one noisy: promised .95; 400 trials.

    At least 363 right: false alarm 1e-4. sim-tools' own look-up takes the variance between the two
    alike for that of the noisy one: it is right in some 79 %. When that is mended there, drop ours.
    """
    alike = [[1.0, 0.0, 0.9999], [0.0, 9.0, 0.0], [0.9999, 0.0, 1.0]]
    right, _ = trials([0, 1, 0], alike, 0.95)
    assert sum(c == 1 for c in right) >= 363
    from sim_tools.ovs.indifference_zone import KN

    ours = screening._procedure()
    theirs = {
        name: getattr(KN, name)
        for name in ("_calc_variance_of_differences", "_limit_to_distance_from_sample_means")
    }
    plain = type("Plain", (ours,), theirs | {"_stopping": KN._stopping})
    monkeypatch.setattr(screening, "_procedure", lambda: plain)
    wrong, _ = trials([0, 1, 0], alike, 0.95)
    assert sum(c == 1 for c in wrong) < 340


def test_common_lives_save_replications() -> None:
    """At a correlation of .9 a tenth of the variance is left: less than a third of replications."""
    needed = [
        sum(w.told.sum() for w in trials([0, 0, 1], spread(3, correlation, 4), 0.9)[1][:50])
        for correlation in (0.0, 0.9)
    ]
    assert needed[1] < needed[0] / 3


def test_bad_policies_are_left_out_early() -> None:
    _, worlds = trials([0, 1, -20], spread(3, 0.0, 3), 0.9)
    told = np.mean([w.told for w in worlds], axis=0)
    assert told[2] < 12 < told[0]


def test_two_policies_are_compared_in_pairs() -> None:
    """Promised .9; 400 trials: at least 337 right, false alarm 1e-4."""
    chosen, _ = trials([0, 1], spread(2, 0.8, 5), 0.9)
    assert sum(c == 1 for c in chosen) >= 337


def test_equal_policies_come_to_an_end_and_the_first_is_chosen() -> None:
    world = Normal([2, 2, 0], [[1, 1, 0], [1, 1, 0], [0, 0, 1]], 1)
    world.root[1] = world.root[0]  # alike to the last bit
    assert screen(world, 3, 0.5, 0.95, "highest", 10, 10_000) == (0, True)
    assert world.told.max() < 100


def test_what_is_not_decided_is_said() -> None:
    world = Normal([0, 0.1], spread(2, 0, 10), 1)
    _, decided = screen(world, 2, 0.1, 0.99, "highest", 10, 50)
    assert not decided
    assert world.told.tolist() == [50, 50]


def test_the_estimated_probability_is_not_too_sure() -> None:
    """In 400 trials with the best ahead by the difference: estimate at most what came true + .03.

    Standard error of what came true .012; the estimate is a lower bound, on average .83 for .94.
    """
    chosen, worlds = trials([0, 0, 1], spread(3, 0.5, 5), 0.9)
    said = []
    for world, best in zip(worlds, chosen, strict=True):
        values = [world.of(p) for p in range(3)]
        table = selection._table("abc", values, best, "highest", 1e-9, counted=False)
        said.append(max(0.0, 1 - table.p_much_better.sum()))
    assert np.mean(said) <= np.mean([c == 2 for c in chosen]) + 0.03


# ---------------------------------------------------------------- with the model

POLICIES = {
    "as-is": (),
    "null": ({"lever": "retention", "factor": 1.0},),
    "keep": ({"lever": "retention", "factor": 0.1},),
    "lose": ({"lever": "retention", "factor": 3.0},),
}
LEAVING = {"leaving": {"constant": 0.1}}


def test_the_best_policy_of_a_small_scenario() -> None:
    loaded = sample(POLICIES, demography=LEAVING)
    made = sim.best(loaded, "members", difference=1.0)
    assert (made.best, made.goal, made.decided) == ("keep", "highest", True)
    assert made.probability > 0.95
    assert made.spent == made.table.replications.sum() <= made.if_equal
    run = sim.run(loaded, policies=["lose"], replications=int(made.table.replications[3]))
    all_units = run.years.query("kind == '' and measure == 'members' and year == 8")
    members = all_units.query("policy == 'lose'")
    assert members["mean"].item() == pytest.approx(made.table["mean"][3])
    worst = sim.best(loaded, "members", goal="lowest", difference=1.0)
    assert worst.best == "lose"


def test_an_equal_policy_never_differed() -> None:
    loaded = sample(POLICIES, demography=LEAVING)
    made = sim.best(loaded, policies=["as-is", "null"])
    assert made.best == "as-is"
    assert np.isnan(made.table.p_better[1])
    assert "never differed" in made.summary()
    assert made.summary().startswith(
        "lost, lowest: as-is\nBy these replications, with a probability of at least 0.999, no other"
    )


def test_threads_and_engines_change_nothing() -> None:
    loaded = sample(POLICIES, demography=LEAVING)
    one = sim.best(loaded, "below", policies=["keep", "lose"], jobs=1)
    other = sim.best(loaded, "below", policies=["keep", "lose"], jobs=3, engine="reference")
    assert one.table.equals(other.table)
    assert list(one.table.policy) == ["keep", "lose"]


def test_each_replication_has_a_draw_of_its_own() -> None:
    uncertain = {"demography.leaving.constant": {"distribution": "uniform", "low": 0, "high": 0.4}}
    loaded = sample(POLICIES, uncertain=uncertain, parameter_draws=2, demography=LEAVING)
    made = sim.best(loaded, "members", ["as-is", "keep"], difference=2.0)
    number = int(made.table.replications.max())
    same = loaded.with_values({"parameter_draws": number})
    run = sim.run(same, policies=["keep"], replications=number)
    all_units = run.years.query("kind == '' and measure == 'members' and year == 8")
    end = all_units.query("policy == 'keep'")
    assert end["mean"].item() == pytest.approx(made.table["mean"][1])


def test_not_decided_is_told() -> None:
    loaded = sample(POLICIES, demography=LEAVING)
    made = sim.best(loaded, "members", ["as-is", "keep"], difference=1e-6, most=30)
    assert not made.decided
    assert "Not decided within 30 replications of a policy" in made.summary()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"outcome": "lots"}, 'outcome: found "lots"; allowed: below, lost'),
        ({"policies": ["kep"]}, 'policy: found "kep"; allowed: as-is, null, keep, lose; did you'),
        ({"policies": ["keep"]}, 'policies: found "keep"; allowed: at least two'),
        ({"goal": "best"}, 'goal: found "best"; allowed: lowest, highest'),
        ({"outcome": "left"}, "goal: found nothing; allowed: lowest, highest"),
        ({"outcome": "cost"}, "difference: found nothing; allowed: a number above 0 in the unit"),
        ({"difference": 0.0}, "difference: found 0; allowed: a number above 0 in the unit of lost"),
        ({"certainty": 1.0}, "certainty: found 1; allowed: from 0.5 to less than 1"),
        ({"most": 29}, "most: found 29; allowed: a whole number of at least 30"),
        ({"jobs": 0}, "jobs: found 0; allowed: a whole number of at least 1"),
        ({"engine": "fast"}, 'engine: found "fast"; allowed: compiled, reference'),
    ],
)
def test_bad_arguments_are_told(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as caught:
        sim.best(sample(POLICIES), **arguments)
    assert str(caught.value).startswith(told)
