"""Replications that are looked at one by one: the log of each, as published figures see it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from sim import plan as plans
from sim.calibrate.counterparts import Replicate
from sim.experiment import Progress, drawn, usable_cores
from sim.experiment.branching import replicated
from sim.experiment.preparation import EngineOf, Runner, believable, engine_called
from sim.experiment.work import is_of_world
from sim.plan import Memory
from sim.scenario import Baseline, Loaded
from sim.world import World, complete
from sim.world import build as build_world

Look = TypeVar("Look")
Ensembles = Mapping[str, list[Look]]
"""What was seen of each replication, by policy."""


def ensembles(
    loaded: Loaded,
    policies: Sequence[str],
    replications: int,
    look: Callable[[Replicate], Look],
    seed: int,
    engine: str = "compiled",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Ensembles[Look]:
    """What `look` sees in each replication of each policy.

    Replication k has the lives of (seed, k), and draw k of the uncertain parameters: each its own,
    so that together they are what the model expects, by chance and by ignorance of the parameters.
    (`run` shares few draws among many replications, to tell the two apart.) Results do not depend
    on `jobs`. Raises BadInput.
    """
    work = _Work(loaded, tuple(policies), look, seed, engine_called(engine))
    seen: dict[str, list[Look]] = {name: [] for name in policies}
    whole = replications * len(seen)
    for done, one in enumerate(_in_threads(work, replications, jobs or usable_cores()), 1):
        for name, found in zip(seen, one, strict=True):
            seen[name].append(found)
        if progress:
            progress(done * len(seen), whole)
    return seen


def _in_threads(work: "_Work[Look]", replications: int, jobs: int) -> Iterator[list[Look]]:
    """The replications in order."""
    pool = ThreadPoolExecutor(jobs)
    try:
        yield from pool.map(work.replicate, range(replications))
    finally:
        work.stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class _Work(Generic[Look]):
    """What all replications have in common."""

    loaded: Loaded
    policies: tuple[str, ...]
    look: Callable[[Replicate], Look]
    seed: int
    engine: EngineOf
    stopped: threading.Event = field(default_factory=threading.Event)

    def replicate(self, replication: int) -> list[Look]:
        """One replication of every policy, as it is seen; nothing more once all is stopped."""
        is_uncertain = bool(self.loaded.scenario.uncertain)
        loaded = drawn(self.loaded, replication, self.seed) if is_uncertain else self.loaded
        world, completed = self._shared or _opening(loaded)
        memory = Memory()

        def runner(policy: str) -> Runner:
            return self.engine(plans.make(loaded, policy, completed, memory), world)

        seen: dict[str, Look] = {}
        groups = replicated(loaded.scenario, self.policies, runner, self.seed, [replication])
        with believable():
            for names, running, [(_, since)] in groups:
                if self.stopped.is_set():
                    return []
                outcome = running.run(self.seed, replication, since)
                seen |= dict.fromkeys(names, self.look(Replicate(loaded.scenario, world, outcome)))
        return [seen[name] for name in self.policies]

    @cached_property
    def _shared(self) -> tuple[World, Baseline] | None:
        """World and completed baseline, where no uncertain parameter is read in making them."""
        is_one = not any(is_of_world(path) for path in self.loaded.scenario.uncertain)
        return _opening(self.loaded) if is_one else None


def _opening(loaded: Loaded) -> tuple[World, Baseline]:
    return build_world(loaded), complete(loaded.baseline, loaded.scenario.completion)
