"""Which parameters matter, which would change the choice of a policy, and what that is worth.

Three sweeps, each of which goes on where it was stopped. `prior`: the uncertain parameters drawn
together from their distributions, those that a posterior tells by its rows, all else as it is; from
it come the policy to choose and what knowing more is worth. `morris`: all parameters and settings,
one at a time from many places. `sobol`: those that moved most, all at once; the others are as the
scenario has them, or at the median of its posterior. In these two each moves by itself, for indices
of what goes together would mean nothing. Their points have the same lives, so that they differ by
their values alone; those of the first have lives of their own, so that chance is not the same error
everywhere.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim import store
from sim.experiment.preparation import known_policies
from sim.experiment.selection import HIGHEST, goal_of
from sim.messages import BadInput, Fault, _, listed, ngettext, shown
from sim.numerals import decimal
from sim.risk.counts import kinds_told
from sim.risk.outcomes import fault_of
from sim.scenario import Loaded
from sim.sweep import factors as factors_
from sim.sweep import indices, running, worth
from sim.sweep.description import Sweep
from sim.sweep.design import Design, Kind
from sim.sweep.factors import UNCERTAIN, Factor

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

NAME = "sensitivity"
KINDS = ("parquet", "csv", "png")
TABLES = ("sensitivity", "decision", "factors")
STAGES = ("prior", "morris", "sobol")
OURS = frozenset(
    {*STAGES, f"{NAME}.json", *(f"{table}.{kind}" for table in TABLES for kind in KINDS)}
)
"""Names in the folder of a study."""
VALUE, DIFFERENCE, REGRET = "value", "difference", "regret"
ALL = ""
"""Stands for all uncertain parameters together in `decision`."""
REPLICATIONS, DRAWS, TRAJECTORIES, POINTS, KEPT = 20, 256, 10, 64, 8
FEWEST_DRAWS, FEWEST_TRAJECTORIES, FEWEST_POINTS = 32, 2, 8


class Size(NamedTuple):
    """How much is simulated.

    replications: of each policy at each point.  draws: points of the distributions (a power of
    two).  trajectories: of Morris.  points: base points of Sobol (a power of two).  kept:
    parameters that Sobol's indices are found for.
    """

    replications: int = REPLICATIONS
    draws: int = DRAWS
    trajectories: int = TRAJECTORIES
    points: int = POINTS
    kept: int = KEPT


@dataclass(frozen=True)
class Sensitivity:
    """A finished study.

    sensitivity: a row for each quantity, policy and parameter. quantity: `value`, the expected
    outcome; `difference` from the base on the same lives; `regret`, by how much the policy chosen
    is worse than the best there is at a point. mu, mu_star, sigma: elementary effects over the
    range of the parameter; first, total: Sobol's indices, nan where it was left out; with
    intervals. chance: at most this share of the variance is chance of few replications.
    decision: a row for each uncertain parameter, and one with an empty name for all together -
    worth of knowing it before the choice, in the unit of the outcome, with its interval; changes,
    the chance that another policy would be chosen; instead, the policy that would be chosen from
    the value `turning` on, `above` or `below` it, nearest to the median.
    factors: parameter, also (paths that move with it), kind, value in the scenario, low, high.
    """

    sensitivity: "pd.DataFrame"
    decision: "pd.DataFrame"
    factors: "pd.DataFrame"
    manifest: dict[str, Any]

    def summary(self) -> str:
        """What matters most, what would change the choice, and what it is worth, in words."""
        from sim.sweep.telling import summary

        return summary(self)


def study(
    loaded: Loaded,
    outcome: str = "lost",
    policies: Sequence[str] | None = None,
    goal: str | None = None,
    vary: Sequence[str] = (),
    size: Size | None = None,
    seed: int | None = None,
    jobs: int | None = None,
    out: Path | None = None,
    progress: running.Progress | None = None,
    notice: Callable[[str], None] | None = None,
) -> Sensitivity:
    """Find what matters for an outcome and for the choice of a policy.

    goal: lowest or highest outcome, known for common ones.  vary: ranges of settings in place of
    the default ones, `PATH=LOW:HIGH`, or `none`.  jobs: processes.  out: the folder of the three
    sweeps; without it they are not kept. Raises BadInput.
    """
    wanted = size or Size()
    named = tuple(known_policies(loaded, policies))
    better = goal_of(outcome, goal)
    found = factors_.uncertain(loaded)
    _check(loaded, outcome, better, wanted, len(found))
    found += factors_.given(loaded, vary) if vary else factors_.settings(loaded, named)
    if not found:
        told = _("nothing that is uncertain and no setting to vary")
        allowed = _("a scenario with uncertain parameters, or --vary PATH=LOW:HIGH")
        raise BadInput([Fault(loaded.source_file or _("scenario"), found=told, allowed=allowed)])
    chosen = loaded.scenario.seed if seed is None else seed
    with _folder(out) as folder:
        stages = _Stages(
            loaded, named, outcome, better == HIGHEST, tuple(found), wanted, chosen, jobs, folder,
            progress, notice,
        )  # fmt: skip
        return _studied(stages)


def _check(loaded: Loaded, outcome: str, goal: str | None, size: Size, uncertain: int) -> None:
    if fault := fault_of(outcome, loaded.baseline):
        raise BadInput([fault])
    if goal is None:
        allowed = listed(("lowest", "highest"))
        raise BadInput([Fault("goal", found=shown(goal), allowed=allowed)])
    power = _("a power of two of at least {least}")
    whole = _("a whole number of at least {least}")
    checks = [
        ("replications", size.replications, 2, whole),
        ("draws", size.draws, _fewest_draws(uncertain), power),
        ("trajectories", size.trajectories, FEWEST_TRAJECTORIES, whole),
        ("points", size.points, FEWEST_POINTS, power),
        ("keep", size.kept, 1, whole),
    ]
    faults = [
        Fault(name, found=shown(value), allowed=allowed.format(least=least))
        for name, value, least, allowed in checks
        if value < least or (allowed is power and value & (value - 1))
    ]
    if faults:
        raise BadInput(faults)
    _need_salib()


def _fewest_draws(uncertain: int) -> int:
    """Points from which so many parameters can be told apart, a power of two."""
    return max(FEWEST_DRAWS, 1 << (worth.fewest_points(uncertain) - 1).bit_length())


def _need_salib() -> None:
    from importlib.util import find_spec

    if find_spec("SALib") is None:
        found, allowed = _("no SALib here"), "pip install 'hamletsim[sensitivity]'"
        raise BadInput([Fault(NAME, found=found, allowed=allowed)])


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


# ---------------------------------------------------------------- the three sweeps


class Values(NamedTuple):
    """An outcome at the points of a design, [points, policies], with standard errors."""

    design: Design
    values: Floats
    errors: Floats


@dataclass
class _Stages:
    """What the sweeps share, and how many points are behind us."""

    loaded: Loaded
    policies: tuple[str, ...]
    outcome: str
    is_high_good: bool
    factors: tuple[Factor, ...]
    size: Size
    seed: int
    jobs: int | None
    folder: Path
    progress: running.Progress | None
    notice: Callable[[str], None] | None
    behind: int = 0

    @property
    def uncertain(self) -> list[Factor]:
        return [f for f in self.factors if f.kind == UNCERTAIN]

    @property
    def whole(self) -> int:
        """Points of all three."""
        kept = min(self.size.kept, len(self.factors))
        return (
            (self.size.draws if self.uncertain else 0)
            + self.size.trajectories * (len(self.factors) + 1)
            + self.size.points * (kept + 2)
        )

    def prior(self) -> Values:
        return self._swept("prior", "sobol", self.uncertain, self.size.draws, own_lives=True)

    def morris(self) -> Values:
        return self._swept("morris", "morris", self.factors, self.size.trajectories)

    def sobol(self, kept: Sequence[Factor]) -> Values:
        return self._swept("sobol", "saltelli", kept, self.size.points)

    @cached_property
    def certain(self) -> Loaded:
        """The scenario without what is uncertain; what a posterior tells stands at its median."""
        middle = self.loaded.with_values(factors_.middle(self.factors))
        scenario = middle.scenario.model_copy(update={"uncertain": {}, "posterior": None})
        return middle.model_copy(update={"scenario": scenario, "posterior": None})

    def _swept(
        self, name: str, kind: Kind, factors: Sequence[Factor], number: int, own_lives: bool = False
    ) -> Values:
        joint = factors_.together(self.loaded, factors) if kind == "sobol" else None
        design = Design(tuple(f.parameter for f in factors), kind, number, self.seed, joint)
        sweep = Sweep(
            self.certain, design, self.policies, self.size.replications, self.seed,
            (self.outcome,), own_lives=own_lives,
        )  # fmt: skip
        behind = self.behind

        def told(done: int, _number: int) -> None:
            if self.progress:
                self.progress(behind + done, self.whole)

        self.folder.mkdir(parents=True, exist_ok=True)
        done = running.run(sweep, self.folder / name, self.jobs, None, told, self.notice)
        self.behind += len(design)
        _need_all(done, self.folder / name)
        return Values(design, *_pivoted(done, self.policies, self.size.replications))


def _need_all(done: running.Finished, folder: Path) -> None:
    failed = done.failures
    if len(failed):
        told = ngettext(
            "{number} point failed, the first: {fault}",
            "{number} points failed, the first: {fault}", len(failed),
        ).format(number=decimal(len(failed)), fault=failed["fault"].iloc[0])  # fmt: skip
        allowed = _("distributions and ranges (--vary) in which every point can be simulated")
        raise BadInput([Fault(str(folder), found=told, allowed=allowed)])


def _pivoted(
    done: running.Finished, policies: Sequence[str], replications: int
) -> tuple[Floats, Floats]:
    """Values and standard errors [points, policies], from the intervals of Student's."""
    from scipy.special import stdtrit

    table = done.outcomes[["point", "policy", "value", "high"]]
    wide = table.pivot(index="point", columns="policy")
    values, highs = (wide[name][list(policies)].to_numpy() for name in ("value", "high"))
    return values, (highs - values) / stdtrit(replications - 1, 0.975)


# ---------------------------------------------------------------- the tables


def _studied(stages: _Stages) -> Sensitivity:
    import pandas as pd

    fits = _Fits.of(stages) if stages.uncertain and len(stages.policies) > 1 else None
    screened = stages.morris()
    chosen = fits.chosen if fits else int(_gain(stages, screened).mean(axis=0).argmax())
    effects = {
        key: indices.effects(screened.design, values)
        for key, values, _error in _quantities(stages, screened, chosen)
    }
    kept = _kept(stages, effects, chosen)
    analysed = stages.sobol([stages.factors[i] for i in kept])
    table = pd.DataFrame(list(_rows(stages, effects, analysed, kept, chosen)))
    decision = pd.DataFrame(fits.rows() if fits else [], columns=list(DECISION))
    return Sensitivity(table, decision, _described(stages), _manifest(stages, kept, chosen, fits))


def _gain(stages: _Stages, found: Values) -> Floats:
    """Outcomes as gains over the base: more is better."""
    sign = 1.0 if stages.is_high_good else -1.0
    return sign * (found.values - found.values[:, [0]])


Key = tuple[str, str]


def _quantities(stages: _Stages, found: Values, chosen: int) -> Iterator[tuple[Key, Floats, Any]]:
    """What is analysed: ((quantity, policy), values[points], standard errors or None)."""
    for i, policy in enumerate(stages.policies):
        yield (VALUE, policy), found.values[:, i], found.errors[:, i]
    for i, policy in enumerate(stages.policies[1:], start=1):
        yield (DIFFERENCE, policy), found.values[:, i] - found.values[:, 0], None
    if len(stages.policies) > 1:
        gain = _gain(stages, found)
        yield (REGRET, stages.policies[chosen]), gain.max(axis=1) - gain[:, chosen], None


def _kept(stages: _Stages, effects: dict[Key, list[indices.Effect]], chosen: int) -> list[int]:
    """The parameters that move the outcome of the base or of the policy chosen most, or regret.

    By the size of their effects, each to the largest of its kind; in the order of the factors.
    """
    base, best = stages.policies[0], stages.policies[chosen]
    score = np.zeros(len(stages.factors))
    for key in {(VALUE, base), (VALUE, best), (REGRET, best)} & set(effects):
        sizes = np.array([effect.mu_star for effect in effects[key]])
        if sizes.max() > 0:
            score = np.maximum(score, sizes / sizes.max())
    return sorted(np.argsort(-score, kind="stable")[: stages.size.kept].tolist())


def _rows(
    stages: _Stages,
    effects: dict[Key, list[indices.Effect]],
    analysed: Values,
    kept: list[int],
    chosen: int,
) -> Iterator[dict[str, Any]]:
    nothing = indices.Index(*[np.nan] * 6)
    for key, values, errors in _quantities(stages, analysed, chosen):
        found = dict(zip(kept, indices.indices(analysed.design, values), strict=True))
        chance = np.nan if errors is None else _chance(values, errors)
        for i, factor in enumerate(stages.factors):
            yield {
                "quantity": key[0],
                "policy": key[1],
                "parameter": factor.parameter.path,
                "kind": factor.kind,
                **effects[key][i]._asdict(),
                **found.get(i, nothing)._asdict(),
                "chance": chance,
            }


def _chance(values: Floats, errors: Floats) -> float:
    """The variance of the means by their standard errors, to the variance over the points.

    An upper bound of what chance adds, for the points have the same lives.
    """
    variance = values.var()
    return float(min(1.0, (errors**2).mean() / variance)) if variance > 0 else 0.0


DECISION = ("parameter", "worth", "low", "high", "changes", "instead", "turning", "above")


class _Fits(NamedTuple):
    """The regressions of the policies' gains on the uncertain parameters."""

    stages: _Stages
    found: Values
    gain: Floats
    chosen: int

    @classmethod
    def of(cls, stages: _Stages) -> "_Fits":
        found = stages.prior()
        gain = _gain(stages, found)
        return cls(stages, found, gain, int(gain.mean(axis=0).argmax()))

    def rows(self) -> list[dict[str, Any]]:
        """Rows of `decision`: all together, then each parameter, what is worth most first."""
        shares, seed = self.found.design.shares, self.stages.seed
        rows = [{"parameter": ALL, **self._worth(worth.fit(shares, self.gain), seed)}]
        alone = []
        for i, factor in enumerate(self.stages.uncertain):
            fit = worth.fit(shares[:, [i]], self.gain)
            row = {"parameter": factor.parameter.path, **self._worth(fit, seed)}
            alone.append(row | self._turning(factor, worth.choices(fit)))
        return rows + sorted(alone, key=lambda row: (-row["worth"], -row["high"]))

    def _worth(self, fit: worth.Fit, seed: int) -> dict[str, Any]:
        found = worth.worth(fit, self.chosen, seed)
        value, low, high = (min(end, self.at_most[1]) for end in found[:3])
        return {"worth": value, "low": low, "high": high, "changes": found.changes}

    @property
    def at_most(self) -> tuple[float, float]:
        """What knowing everything, and what chance will bring to these few lives, would be worth,
        and the upper end of its interval; nothing that can be known is worth more."""
        regret = self.gain.max(axis=1) - self.gain[:, self.chosen]
        mean = float(regret.mean())
        return mean, mean + 1.96 * float(regret.std(ddof=1)) / len(regret) ** 0.5

    def _turning(self, factor: Factor, choices: npt.NDArray[np.int64]) -> dict[str, Any]:
        """Where the choice changes, nearest to the median; nothing if it never does."""
        others = np.flatnonzero(choices != self.chosen)
        if not len(others):
            return {}
        middle = len(worth.GRID) // 2
        nearest_ = int(others[np.abs(others - middle).argmin()])
        return {
            "instead": self.stages.policies[choices[nearest_]],
            "turning": factor.parameter.at(float(worth.GRID[nearest_])),
            "above": nearest_ >= middle,
        }


def _described(stages: _Stages) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "parameter": factor.parameter.path,
            "also": ", ".join(factor.parameter.also),
            "kind": factor.kind,
            "value": factor.value,
            "low": factor.low,
            "high": factor.high,
        }
        for factor in stages.factors
    )


def _manifest(stages: _Stages, kept: list[int], chosen: int, fits: _Fits | None) -> dict[str, Any]:
    scenario, kinds = stages.loaded.scenario, kinds_told(stages.loaded.baseline)
    told = {
        "outcome": stages.outcome,
        **({"kinds": list(kinds)} if kinds else {}),
        "goal": "highest" if stages.is_high_good else "lowest",
        "policies": list(stages.policies),
        "chosen": stages.policies[chosen],
        "seed": stages.seed,
        **stages.size._replace(kept=len(kept))._asdict(),
        "points_in_all": stages.whole,
        "posterior": scenario.posterior,
        "told_by_posterior": list(factors_.told(stages.loaded)),
        "expected": None,
        "at_most": None,
    }
    if fits:
        means = fits.found.values.mean(axis=0).tolist()
        told["expected"] = dict(zip(stages.policies, means, strict=True))
        told["at_most"] = fits.at_most[1]
    made = store.provenance(scenario, stages.loaded.baseline, stages.loaded.posterior)
    return made | {"policies": list(stages.policies), "seed": stages.seed, NAME: told}
