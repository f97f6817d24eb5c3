"""Published figures and a scenario -> the posterior of its uncertain parameters.

Conjugate blocks tell parameters exactly where the model allows it, the simulator tells the others.
Mortality is never fitted: figures of a few years of one place say less of it than life tables do,
and it would take up what the model lacks. It keeps its prior and is averaged over.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from sim import store
from sim.calibrate import blocks as conjugate_blocks
from sim.calibrate import identification, pooling
from sim.calibrate.conjugate import Block
from sim.calibrate.facts import Fact, check_facts
from sim.calibrate.fitting import Generation, Particles, Problem, fitted, threads
from sim.calibrate.identification import Told
from sim.calibrate.pooling import Pooled
from sim.calibrate.simulation import Simulator
from sim.calibrate.workplace import Workplace, opened
from sim.experiment import usable_cores
from sim.experiment.preparation import known_policies
from sim.messages import BadInput, Fault, Place, _, listed, nearest, shown
from sim.scenario import Loaded, Posterior, Scenario

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

NEVER_FITTED = "demography.mortality"
PARTICLES, GENERATIONS = 400, 5
EXACT_DRAWS = 1000
"""Draws of the posterior where no particle is needed."""
CHECKS = 200
"""Replications from the posterior that are laid beside the figures."""
CHECK_NUMBERS = 10**8
LOW, MIDDLE, HIGH = 0.025, 0.5, 0.975
CONJUGATE, SIMULATED, PRIOR = "conjugate", "simulated", "prior"


class Beside(NamedTuple):
    """A fitted figure beside replications from the posterior: median, 95 % interval.

    explained: share of its variance under the prior that the parameters make, by regression.
    """

    fact: Fact
    low: float
    median: float
    high: float
    explained: float

    @property
    def covers(self) -> bool:
        """Whether the interval covers what is printed."""
        return self.low <= self.fact.published <= self.high


@dataclass(frozen=True)
class Calibration:
    """What published figures say of the uncertain parameters of a scenario.

    sample: joint draws of the fitted parameters.  parameters: all uncertain ones, before and
    after.  figures: the fitted ones, beside the model.  blocks: what figures say by themselves.
    refused: why parameters were not told by a conjugate block, by path.  pooled: factors of areas,
    where figures are given by area; these are fitted together.
    """

    loaded: Loaded = field(repr=False)
    policy: str
    seed: int
    facts: tuple[Fact, ...]
    sample: Posterior
    parameters: tuple[Told, ...]
    figures: tuple[Beside, ...]
    blocks: tuple[Block, ...]
    refused: Mapping[str, str]
    pooled: tuple[Pooled, ...]
    generations: tuple[Generation, ...]
    effective: float

    @property
    def poor(self) -> tuple[Beside, ...]:
        """Figures that the fitted model does not reproduce."""
        return tuple(one for one in self.figures if not one.covers)

    @property
    def driven_by_prior(self) -> tuple[str, ...]:
        """Parameters that the figures do not identify."""
        return tuple(one.parameter for one in self.parameters if not one.is_identified)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """A row for each parameter: how, prior_* and posterior_* (mean, sd, low, high),
        contraction and its error, is_identified."""
        import pandas as pd

        rows = []
        for one in self.parameters:
            row: dict[str, Any] = {"parameter": one.parameter, "how": one.how}
            for when in ("prior", "posterior"):
                spread = getattr(one, when)
                row |= {f"{when}_{name}": value for name, value in spread._asdict().items()}
            row |= {"contraction": one.contraction, "error": one.error}
            rows.append(row | {"is_identified": one.is_identified})
        return pd.DataFrame(rows)

    def baseline_table(self) -> str:
        """The scenario's table as CSV with the factors of the areas in it, for a scenario to name.

        Raises BadInput if no figures are given by area.
        """
        if not self.pooled:
            _no_areas()
        return pooling.with_factors(self.loaded, self.pooled)

    def summary(self) -> str:
        """The main results as a text for a terminal."""
        from sim.calibrate.words import summary

        return summary(self)


def fit(
    loaded: Loaded,
    facts: Sequence[Fact],
    policy: str | None = None,
    parameters: Sequence[str] | None = None,
    particles: int = PARTICLES,
    generations: int = GENERATIONS,
    seed: int | None = None,
    jobs: int | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
    file: str = "facts",
    table: Path | None = None,
    checks: int = CHECKS,
) -> Calibration:
    """Fit the uncertain parameters of a scenario to the figures whose `use` is `fit`.

    policy: what was done in the years of the figures (default: the scenario's `happened`, else its
    base). parameters: those to be fitted (default: all that are uncertain, but for mortality).
    particles, generations: of ABC-SMC. out: where the posterior is written, with what was found
    beside it; what is done is kept there until all is, so that the same call goes on after a stop.
    file: what faults call the figures. table: where the baseline is written with factors of areas.
    checks: replications from the posterior that are laid beside the figures. Raises BadInput.
    """
    check_facts(tuple(facts), loaded, file)
    if table is not None and not pooling.groups([f for f in facts if f.use == "fit"]):
        _no_areas()
    named = loaded.scenario.happened if policy is None else policy
    asked = _Asked(
        loaded,
        known_policies(loaded, [] if named is None else [named])[-1],
        _to_be_fitted(facts, loaded, file),
        _wanted(loaded.scenario, parameters),
        loaded.scenario.seed if seed is None else seed,
        _number("particles", particles, 50),
        _number("generations", generations, 1),
        checks,
    )
    with opened(out, asked.described()) as place:
        found = _Work(asked, jobs or usable_cores(), place, progress).done()
        if table is not None:
            store.write_text(table, found.baseline_table())
        if out is not None:
            from sim.calibrate.words import data

            place.finish(out, found.sample, data(found))
    return found


def _no_areas() -> NoReturn:
    wanted = _("figures of {quantities} in at least {number} areas, with the use fit")
    allowed = wanted.format(quantities=listed(pooling.FACTOR_OF), number=pooling.FEWEST_AREAS)
    raise BadInput([Fault("--table", found=_("no figures by area"), allowed=allowed)])


def _number(name: str, value: int, least: int) -> int:
    if value < least:
        allowed = _("a whole number of at least {}").format(least)
        raise BadInput([Fault(f"--{name}", found=shown(value), allowed=allowed)])
    return value


def _wanted(scenario: Scenario, parameters: Sequence[str] | None) -> tuple[str, ...]:
    """The parameters to be fitted. Raises BadInput."""
    known = [path for path in scenario.uncertain if not path.startswith(NEVER_FITTED)]
    if not scenario.uncertain:
        allowed = _("uncertain parameters, with their priors")
        raise BadInput([Fault("uncertain", found=_("nothing"), allowed=allowed)])
    faults = []
    for path in parameters or ():
        if path in known:
            continue
        found, allowed = shown(path), listed(known)
        if path.startswith(NEVER_FITTED):
            found = _("{path}, which is never fitted").format(path=shown(path))
        close = nearest(path, known)
        faults.append(Fault("--parameters", found=found, allowed=allowed, suggestion=close))
    if faults:
        raise BadInput(faults)
    return tuple(path for path in known if parameters is None or path in parameters)


def _to_be_fitted(facts: Sequence[Fact], loaded: Loaded, file: str) -> tuple[Fact, ...]:
    """The figures to be fitted, all within the horizon. Raises BadInput."""
    ours = tuple(fact for fact in facts if fact.use == "fit")
    if not ours:
        uses = listed(sorted({fact.use for fact in facts}))
        allowed = _("at least one figure with the use fit")
        raise BadInput([Fault(file, field="use", found=uses, allowed=allowed)])
    scenario = loaded.scenario
    end = scenario.start.replace(year=scenario.start.year + scenario.years)
    late = [fact for fact in ours if fact.until > end]
    if late:
        allowed = _("{} or earlier, the horizon (`years` makes it longer)").format(end)
        raise BadInput(
            Fault(file, Place(row=fact.row), f"{fact.id}: to", shown(fact.until), allowed)
            for fact in late
        )
    return ours


def until(loaded: Loaded, policy: str, end: dt.date) -> Loaded:
    """The scenario with one policy and no longer than to the anniversary after a date.

    What happens until then is the same, to the last bit.
    """
    scenario = loaded.scenario
    start = scenario.start
    years = end.year - start.year
    years += start.replace(year=end.year) < end
    years = min(max(years, 1), scenario.years)
    horizon = start.replace(year=start.year + years)
    levers = tuple(lever for lever in scenario.policies[policy] if (lever.since or start) < horizon)
    changes = {"years": years, "policies": {policy: levers}, "posterior": None}
    return loaded.model_copy(
        update={"scenario": scenario.model_copy(update=changes), "posterior": None}
    )


@dataclass(frozen=True)
class _Asked:
    """What is to be done."""

    loaded: Loaded
    policy: str
    facts: tuple[Fact, ...]
    wanted: tuple[str, ...]
    seed: int
    particles: int
    generations: int
    checks: int

    def described(self) -> dict[str, Any]:
        """All that the result depends on."""
        made = store.provenance(self.loaded.scenario, self.loaded.baseline)
        kept = ("hamletsim", "numpy", "scipy", "numba")
        return {
            "scenario_hash": made["scenario_hash"],
            "baseline_hash": made["baseline_hash"],
            "policy": self.policy,
            "figures": [
                {"id": f.id, "quantity": f.quantity, "value": f.value, "out_of": f.out_of,
                 "sd": f.sd, "place": f.place, "tags": list(f.tags), "kinds": list(f.kinds),
                 "from": f.since and f.since.isoformat(), "to": f.until.isoformat()}
                for f in self.facts
            ],
            "parameters": list(self.wanted),
            "particles": self.particles,
            "generations": self.generations,
            "seed": self.seed,
            "versions": {name: made["versions"].get(name) for name in kept},
        }  # fmt: skip


class _Work:
    """One calibration from its blocks to its checks."""

    def __init__(
        self, asked: _Asked, jobs: int, place: Workplace, progress: Progress | None
    ) -> None:
        self._asked, self._jobs, self._place = asked, jobs, place
        self._done, self._progress = 0, progress
        self._whole = asked.particles * (asked.generations + 1) + asked.checks
        last = max(fact.until for fact in asked.facts)
        self._loaded = until(asked.loaded, asked.policy, last)
        self._by_area = pooling.groups(asked.facts)
        taken = {fact.id for group in self._by_area for fact in group}
        self._facts = (
            *(fact for fact in asked.facts if fact.id not in taken),
            *map(pooling.together, self._by_area),
        )

    def _told(self, more: int) -> None:
        self._done += more
        if self._progress:
            self._progress(min(self._done, self._whole), self._whole)

    def _making(self, facts: Sequence[Fact]) -> Simulator:
        return Simulator(self._loaded, self._asked.policy, facts, self._asked.seed)

    def done(self) -> Calibration:
        asked, uncertain = self._asked, self._asked.loaded.scenario.uncertain
        self._told(0)
        told = conjugate_blocks.of_parameters(self._making, self._facts, uncertain, asked.wanted)
        free = tuple(path for path in asked.wanted if path not in told.blocks)
        rest = tuple(fact for fact in self._facts if fact.id not in told.used)
        if not rest:
            free = ()  # no figure is left to tell them
        if not free:
            self._whole = asked.checks
        problem = Problem(
            self._making(rest or self._facts), rest, uncertain, free, told.blocks, asked.seed,
            told.together,
        )  # fmt: skip
        particles = self._particles(problem)
        sample = self._sample(problem, particles)
        columns = {path: np.array(sample.column(path)) for path in sample.paths}
        how = {
            path: CONJUGATE if path in told.blocks else SIMULATED if path in free else PRIOR
            for path in uncertain
        }
        weights = np.array(sample.weights)
        return Calibration(
            loaded=asked.loaded,
            policy=asked.policy,
            seed=asked.seed,
            facts=self._facts,
            sample=sample,
            parameters=identification.told(uncertain, how, columns, weights, told.blocks),
            figures=self._beside(sample, particles),
            blocks=(*told.blocks.values(),
                    *conjugate_blocks.of_figures(self._making, rest)),
            refused={path: why for path, why in told.refused.items() if path in free},
            pooled=tuple(
                one
                for group in self._by_area
                for one in pooling.pooled(self._making, group, asked.seed)
            ),
            generations=particles.generations if particles else (),
            effective=float(1 / np.sum(weights**2)),
        )  # fmt: skip

    def _particles(self, problem: Problem) -> Particles | None:
        if not problem.free:
            return None
        asked = self._asked
        return fitted(
            problem, asked.particles, asked.generations, self._jobs, self._place.folder, self._told
        )

    def _sample(self, problem: Problem, particles: Particles | None) -> Posterior:
        """Joint draws of what was fitted: particles, and independently of them the blocks."""
        from scipy.special import ndtr

        number = EXACT_DRAWS if particles is None else len(particles.weights)
        jointly: dict[str, Floats] = {}
        for some in problem.together:
            entity = [self._asked.seed, 4, *"".join(some.paths).encode()]
            draws = some.draws(np.random.default_rng(entity), number)
            jointly |= dict(zip(some.paths, draws.T, strict=True))
        columns: dict[str, Any] = {}
        for path in self._asked.wanted:
            if path in jointly:
                columns[path] = jointly[path]
            elif path in problem.known:
                entity = [self._asked.seed, 3, *path.encode()]
                shares = (np.random.default_rng(entity).permutation(number) + 0.5) / number
                columns[path] = problem.known[path].quantile(shares)
            elif particles is not None:
                shares = ndtr(particles.scores[:, problem.free.index(path)])
                prior = problem.uncertain[path]
                columns[path] = [
                    prior.quantile(float(u)) for u in np.clip(shares, 1e-12, 1 - 1e-12)
                ]
        weights = np.full(number, 1 / number) if particles is None else particles.weights
        rows = tuple(tuple(map(float, row)) for row in zip(*columns.values(), strict=True))
        return Posterior(paths=tuple(columns), rows=rows, weights=tuple(map(float, weights)))

    def _beside(self, sample: Posterior, particles: Particles | None) -> tuple[Beside, ...]:
        """Every fitted figure beside new replications from the posterior, tolerance added."""
        asked = self._asked
        problem = Problem(
            self._making(self._facts), self._facts, asked.loaded.scenario.uncertain, (), {},
            asked.seed,
        )  # fmt: skip

        def simulated(number: int) -> Floats:
            generator = np.random.default_rng([asked.seed, number])
            values = problem.values(np.empty(0), generator) | sample.row_at(generator.random())
            (found,) = problem.simulator(values, [number])
            noise = generator.standard_normal(len(self._facts))
            return np.asarray(found + noise * [fact.sd for fact in self._facts])

        numbers = range(CHECK_NUMBERS, CHECK_NUMBERS + asked.checks)
        found = np.empty((asked.checks, len(self._facts)))
        with threads(self._jobs) as pool:
            for row, figures in enumerate(pool.map(simulated, numbers)):
                found[row] = figures
                self._told(1)
        ends = np.nanquantile(found, [LOW, MIDDLE, HIGH], axis=0)
        explained = dict.fromkeys((fact.id for fact in self._facts), math.nan)
        if particles is not None:
            explained |= particles.explained
        return tuple(
            Beside(fact, float(low), float(middle), float(high), explained[fact.id])
            for fact, (low, middle, high) in zip(self._facts, ends.T, strict=True)
        )
