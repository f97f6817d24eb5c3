"""What only the simulator can say of the parameters: ABC-SMC of pyabc.

Parameters live as normal scores: u = Phi(z) is the share of the prior's distribution below a value,
so that every prior is N(0, I), no proposal falls outside it, and local kernels have one scale.

What is compared is not the figures themselves but what they say of each parameter: the linear
regression of the scores on the figures in a pilot from the prior (Fearnhead and Prangle 2012, JRSS
B 74, 419-474). A figure that no parameter moves then does not count, whatever its scale. A figure's
tolerance is noise that the simulated one gets too, so that it is part of the model. What is
accepted is at last corrected for its distance by regression (Beaumont, Zhang and Balding 2002,
Genetics 162, 2025-2035).

Each evaluation has a number; its draws are keyed by that number and accepted ones are taken in its
order. So results do not depend on threads, nor on being stopped between generations.
"""

import hashlib
import logging
import math
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim import store
from sim.calibrate.conjugate import Block, Together
from sim.calibrate.facts import Fact
from sim.calibrate.simulation import Simulator
from sim.messages import BadInput, Fault, _
from sim.scenario import Uncertain

if TYPE_CHECKING:
    import pyabc

Floats = npt.NDArray[np.float64]
Told = Callable[[int], None]
"""Told how many more evaluations have served: of the pilot, or accepted."""

DATABASE, PARTIAL, SUMS = "generations.db", "generations.new", "generations.sha256"
JOURNAL = "-journal"
"""What SQLite adds to the name of a database for the file it writes beside it."""
PILOT_FILE, PILOT_PARTIAL = "pilot", "pilot.new"
NUMBERS_A_GENERATION = 10**9
"""Evaluations of generation t bear numbers from t + 2 times this on; those of the pilot from 0."""
LEAST_ACCEPTED = 0.01
"""A generation that would take more evaluations than a hundred a particle is not begun."""
NEIGHBOURS = 0.5
"""Share of the particles whose spread is the local kernel's. With a quarter the tails were reached
too seldom: what nothing tells lost a tenth of its variance, with 80 particles."""
SURE_SLOPE = 3.0
"""A figure tells of a parameter if its slope is so many standard errors from 0."""
CLOSEST = 0.5
"""Share of a generation that the next one must be as close as."""


class Generation(NamedTuple):
    """One generation of particles: how close, at what price."""

    generation: int
    epsilon: float
    evaluations: int
    accepted: int
    effective: float


@dataclass(frozen=True)
class Problem:
    """Parameters to be found, by path, and the figures that may tell them.

    uncertain: the prior of every uncertain parameter.  free: those to be found.  known: what the
    others have that a conjugate block has told already, and together: those of them that are drawn
    jointly; the rest keep their prior. What is not free is drawn anew for each evaluation, and so
    averaged over.
    """

    simulator: Simulator
    facts: tuple[Fact, ...]
    uncertain: Mapping[str, Uncertain]
    free: tuple[str, ...]
    known: Mapping[str, Block]
    seed: int
    together: tuple[Together, ...] = ()

    @cached_property
    def published(self) -> Floats:
        """What is printed, [F]."""
        return np.array([fact.published for fact in self.facts])

    def values(self, scores: Floats, generator: np.random.Generator) -> dict[str, float]:
        """A value of every uncertain parameter: of free ones by their scores."""
        from scipy.special import ndtr

        shares = dict(zip(self.free, np.clip(ndtr(scores), 1e-12, 1 - 1e-12), strict=True))
        found = {}
        for path, prior in self.uncertain.items():
            u = float(generator.random())
            block = self.known.get(path)
            found[path] = block.quantile(u) if block else prior.quantile(float(shares.get(path, u)))
        for some in self.together:
            found |= zip(some.paths, some.draws(generator, 1)[0].tolist(), strict=True)
        return found

    def simulated(self, scores: Floats, number: int) -> Floats:
        """The figures' counterparts in the replication with this number, tolerances added, [F]."""
        generator = np.random.default_rng([self.seed, number])
        values = self.values(scores, generator)
        (found,) = self.simulator(values, [number])
        noise = generator.standard_normal(len(self.facts))
        return np.asarray(found + noise * [fact.sd for fact in self.facts])


@dataclass(frozen=True)
class Summary:
    """What figures say of the scores: their regression on the figures in the pilot.

    mean, sd: of each figure in the pilot, [F].  slopes[F, P]: of the scores on the figures in
    units of sd.
    """

    mean: Floats
    sd: Floats
    slopes: Floats

    def of(self, figures: Floats) -> Floats:
        """The scores that figures speak for, [..., P]; what is not known (NaN) says nothing."""
        moved = self.sd > 0
        apart = (figures - self.mean) / np.where(moved, self.sd, 1.0)
        return np.asarray(np.where(np.isnan(apart) | ~moved, 0.0, apart) @ self.slopes)


def summary_of(scores: Floats, figures: Floats) -> Summary:
    """The regression of scores[N, P] on figures[N, F], without slopes that may well be chance.

    What is printed may lie far from the pilot, where a slope that is only chance would speak loudly
    of a parameter that no figure tells.
    """
    mean, sd = np.nanmean(figures, axis=0), np.nanstd(figures, axis=0)
    sd = np.where(sd > 1e-9 * np.abs(mean), sd, 0.0)
    apart = np.nan_to_num((figures - mean) / np.where(sd > 0, sd, 1.0)) * (sd > 0)
    centred = scores - scores.mean(axis=0)
    slopes = np.column_stack([_sure_slopes(apart, column, sd > 0) for column in centred.T])
    return Summary(mean, sd, slopes)


def _sure_slopes(apart: Floats, scores: Floats, moved: npt.NDArray[np.bool_]) -> Floats:
    """Slopes [F] of scores[N] on figures[N, F] in units of sd; the least sure one is left out, set
    to 0, until all that stay are sure."""
    kept = np.flatnonzero(moved)
    slopes = np.zeros(apart.shape[1])
    while len(kept):
        some = apart[:, kept]
        inverse = np.linalg.pinv(some.T @ some, rcond=1e-10)
        found = inverse @ (some.T @ scores)
        left = scores - some @ found
        variance = left @ left / max(1, len(scores) - len(kept) - 1)
        sureness = np.abs(found) / np.sqrt(variance * np.diag(inverse) + 1e-300)
        if sureness.min() >= SURE_SLOPE:
            slopes[kept] = found
            break
        kept = np.delete(kept, sureness.argmin())
    return slopes


@dataclass(frozen=True)
class Particles:
    """Scores[N, P] of the free parameters with weights[N] that add up to 1.

    explained: the share of each figure's variance in the pilot that is the parameters', by id.
    """

    scores: Floats
    weights: Floats
    generations: tuple[Generation, ...]
    explained: Mapping[str, float]

    @property
    def effective(self) -> float:
        """Effective sample size (Kish)."""
        return float(1 / np.sum(self.weights**2))


def fitted(
    problem: Problem, particles: int, generations: int, jobs: int, folder: Path, told: Told
) -> Particles:
    """The posterior of the free parameters; what is done is kept in `folder`.

    Called again with the same problem it goes on after the last whole generation and gives the
    same to the last bit.
    """
    library()  # before the work, not after
    scores, figures = _pilot(problem, particles, jobs, folder, told)
    summary = summary_of(scores, figures)
    apart = summary.of(figures) - summary.of(problem.published)
    first = float(np.quantile(np.linalg.norm(apart, axis=1), CLOSEST))
    search = _Search(problem, summary, first, particles, jobs, folder / DATABASE, told)
    last = search.run(generations)
    ids = (fact.id for fact in problem.facts)
    shares = dict(zip(ids, explained(scores, figures), strict=True))
    return Particles(*search.found(last), search.generations(last), shares)


def explained(scores: Floats, figures: Floats) -> list[float]:
    """The share of the variance of each figure [F] that scores[N, P] explain: adjusted R squared,
    0 at least; NaN of a figure that is always the same."""
    design = np.column_stack([np.ones(len(scores)), scores])
    found = []
    for column in figures.T:
        known = ~np.isnan(column)
        whole = np.var(column[known], ddof=1) if known.sum() > design.shape[1] + 1 else 0.0
        if whole <= 1e-18 * np.sum(column[known] ** 2):
            found.append(float("nan"))
            continue
        slopes, *_rest = np.linalg.lstsq(design[known], column[known], rcond=None)
        left = np.sum((column[known] - design[known] @ slopes) ** 2)
        found.append(max(0.0, float(1 - left / (known.sum() - design.shape[1]) / whole)))
    return found


def _pilot(
    problem: Problem, number: int, jobs: int, folder: Path, told: Told
) -> tuple[Floats, Floats]:
    """Scores from the prior [N, P] and figures [N, F]; from the folder if they are there."""
    file = folder / PILOT_FILE
    parameters = len(problem.free)
    scores = np.array(
        [np.random.default_rng([problem.seed, i, 1]).standard_normal(parameters)
         for i in range(number)]
    )  # fmt: skip
    figures = np.empty((number, len(problem.facts)))
    if (kept := _kept(file, figures.shape)) is not None:
        told(number)
        return scores, kept
    with threads(jobs) as pool:
        for i, row in enumerate(pool.map(problem.simulated, scores, range(number))):
            figures[i] = row
            told(1)
    partial, numbers = file.with_name(PILOT_PARTIAL), figures.tobytes()
    partial.write_bytes(hashlib.sha256(numbers).digest() + numbers)
    os.replace(partial, file)
    return scores, figures


def _kept(file: Path, shape: tuple[int, ...]) -> Floats | None:
    """Numbers that were kept in a file after their checksum; None if there are none, or damaged."""
    if not file.exists():
        return None
    size, whole = hashlib.sha256().digest_size, file.read_bytes()
    checksum, numbers = whole[:size], whole[size:]
    if len(numbers) != 8 * math.prod(shape) or hashlib.sha256(numbers).digest() != checksum:
        return None
    return np.frombuffer(numbers).reshape(shape)


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@contextmanager
def threads(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that leave at once when something goes wrong."""
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def library() -> Any:
    """pyabc, quiet; a fault with what to do if it is not installed."""
    try:
        import pyabc
    except ImportError as error:
        raise BadInput([
            Fault("pyabc", found=_("no such library ({reason})").format(reason=error),
                  allowed="pip install 'hamletsim[calibrate]'")
        ]) from None  # fmt: skip
    logging.getLogger("ABC").setLevel(logging.ERROR)
    return pyabc


class _Search:
    """Generations of particles, each closer to what is printed."""

    def __init__(
        self,
        problem: Problem,
        summary: Summary,
        first: float,
        particles: int,
        jobs: int,
        database: Path,
        told: Told,
    ) -> None:
        self._problem, self._summary, self._first = problem, summary, first
        self._particles, self._jobs, self._told = particles, jobs, told
        self._database = database
        self._names = [f"score{i}" for i in range(len(problem.free))]
        self._figures = [f"figure{i}" for i in range(len(problem.facts))]
        self._wanted = summary.of(problem.published)
        self._lock = threading.Lock()
        self._number = threading.local()

    def run(self, generations: int) -> "pyabc.History":
        """Go on until there are so many generations, or too few particles would be accepted."""
        if not self._is_sound():
            self._made(self._first).new(f"sqlite:///{self._partial()}", self._printed())
            self._take_place()
        self._told(self._particles * (self._loaded().history.max_t + 1))
        while (done := self._loaded().history.max_t + 1) < generations:
            shutil.copyfile(self._database, self._partial())
            search = self._loaded(PARTIAL)
            search.run(max_nr_populations=1, min_acceptance_rate=LEAST_ACCEPTED)
            if search.history.max_t + 1 == done:
                break
            self._take_place()
        return self._loaded().history

    def _partial(self) -> Path:
        """Where the next database is made; what a stopped one has left is gone."""
        partial = self._database.with_name(PARTIAL)
        for left in (partial, partial.with_name(PARTIAL + JOURNAL)):
            left.unlink(missing_ok=True)
        return partial

    def _take_place(self) -> None:
        """The database that was made takes the place of the one before, whole or not at all: the
        checksums of both are written first, so that stopped at any moment there is a sound one."""
        partial, sums = (self._database.with_name(name) for name in (PARTIAL, SUMS))
        known = [_checksum(file) for file in (self._database, partial) if file.exists()]
        store.write_text(sums, "\n".join(known))
        os.replace(partial, self._database)

    def _is_sound(self) -> bool:
        """Whether a database is there and as it was written; else all begins anew."""
        sums = self._database.with_name(SUMS)
        if not self._database.exists() or not sums.exists():
            return False
        return _checksum(self._database).encode() in sums.read_bytes().split()

    def _loaded(self, name: str = DATABASE) -> "pyabc.ABCSMC":
        """The search after its last whole generation: every generation begins in this way, so that
        one that was stopped goes on as if it had not been."""
        database = f"sqlite:///{self._database.with_name(name)}"
        search = self._made(self._first)
        search.load(database, 1, self._printed())
        if search.history.max_t >= 0:
            search = self._made("from_sample")  # of the last generation
            search.load(database, 1, self._printed())
        return search

    def _printed(self) -> dict[str, float]:
        return dict(zip(self._figures, self._problem.published.tolist(), strict=True))

    def _made(self, epsilon: float | str) -> "pyabc.ABCSMC":
        pyabc = library()
        priors = {name: pyabc.RV("norm", 0.0, 1.0) for name in self._names}
        return pyabc.ABCSMC(
            models=pyabc.FunctionModel(self._simulated, name="hamlets"),
            parameter_priors=pyabc.Distribution(**priors),
            distance_function=self._distance,
            population_size=self._particles,
            transitions=pyabc.LocalTransition(k_fraction=NEIGHBOURS),
            eps=pyabc.QuantileEpsilon(initial_epsilon=epsilon, alpha=CLOSEST),
            sampler=_in_order(pyabc, self._jobs, self._told, self._one),
        )

    # ------------------------------------------------------------ one evaluation

    def _one(self, simulate_one: Callable[[], Any], generation: int, index: int) -> Any:
        """One particle, proposed and weighed with numpy's own generator set by its number.

        pyabc draws from that generator, which all threads share: the lock is held but for the
        simulation itself.
        """
        number = (generation + 2) * NUMBERS_A_GENERATION + index
        with self._lock:
            seeds = np.random.SeedSequence([self._problem.seed, number]).generate_state(4)
            np.random.seed(seeds)
            self._number.value = number
            return simulate_one()

    def _simulated(self, proposed: Mapping[str, float]) -> dict[str, float]:
        scores = np.array([proposed[name] for name in self._names])
        self._lock.release()
        try:
            figures = self._problem.simulated(scores, self._number.value)
        finally:
            self._lock.acquire()
        return dict(zip(self._figures, figures.tolist(), strict=True))

    def _distance(self, one: Mapping[str, float], _other: Mapping[str, float]) -> float:
        """How far the scores that simulated figures speak for are from the printed ones'."""
        figures = np.array([one[name] for name in self._figures])
        return float(np.linalg.norm(self._summary.of(figures) - self._wanted))

    # ------------------------------------------------------------ what is found

    def found(self, history: "pyabc.History") -> tuple[Floats, Floats]:
        """Scores and weights of the last generation, corrected."""
        particles = history.get_population().particles
        scores = np.array([[p.parameter[name] for name in self._names] for p in particles])
        figures = np.array([[p.sum_stat[name] for name in self._figures] for p in particles])
        weights = np.array([p.weight for p in particles])
        apart = self._summary.of(figures) - self._wanted
        return _corrected(scores, weights / weights.sum(), apart)

    def generations(self, history: "pyabc.History") -> tuple[Generation, ...]:
        """All generations so far."""
        table = history.get_all_populations()
        rows = table[table["t"] >= 0].itertuples()
        return tuple(self._generation(history, row) for row in rows)

    def _generation(self, history: "pyabc.History", row: Any) -> Generation:
        _frame, weights = history.get_distribution(m=0, t=row.t)
        effective = float(1 / np.sum(np.asarray(weights) ** 2))
        return Generation(int(row.t), float(row.epsilon), int(row.samples), len(weights), effective)


def _corrected(scores: Floats, weights: Floats, apart: Floats) -> tuple[Floats, Floats]:
    """Scores[N, P] corrected for what their figures speak of beside the printed ones, apart[N, P],
    by local linear regression; and weights, less of those further off (Epanechnikov).

    Where the particles do not surround what is printed there is nothing to be corrected by: that
    would be to guess beyond them.
    """
    distance = np.linalg.norm(apart, axis=1)
    widest = distance.max()
    if widest == 0 or len(scores) <= 2 * apart.shape[1] + 2:
        return scores, weights
    closer = weights * (1 - (distance / (1.001 * widest)) ** 2)
    closer = closer / closer.sum()
    centre = closer @ apart
    around = np.sqrt(closer @ (apart - centre) ** 2) > np.abs(centre)
    if not around.any():
        return scores, weights
    seen = apart[:, around]
    design = np.column_stack([np.ones(len(seen)), seen])
    root = np.sqrt(closer)[:, None]
    slopes, *_rest = np.linalg.lstsq(root * design, root * scores, rcond=1e-8)
    return scores - seen @ slopes[1:], closer


def _in_order(pyabc: Any, jobs: int, told: Told, one: Callable[..., Any]) -> Any:
    """A sampler in threads that takes particles in the order of their numbers."""

    class InOrder(pyabc.sampler.Sampler):  # type: ignore[misc]
        def sample_until_n_accepted(
            self,
            n: int,
            simulate_one: Callable[[], Any],
            t: int,
            *,
            max_eval: float = np.inf,
            all_accepted: bool = False,
            ana_vars: object = None,
        ) -> Any:
            sample, index = self._create_empty_sample(), 0
            state = np.random.get_state()
            with threads(jobs) as pool:
                ahead: deque[Any] = deque()
                self.nr_evaluations_ = 0
                while sample.n_accepted < n and self.nr_evaluations_ < max_eval:
                    while len(ahead) < 2 * jobs:
                        ahead.append(pool.submit(one, simulate_one, t, index))
                        index += 1
                    particle = ahead.popleft().result()
                    self.nr_evaluations_ += 1
                    sample.append(particle)
                    told(int(particle.accepted))
            np.random.set_state(state)
            sample.ok = sample.n_accepted >= n
            return sample

    return InOrder()
