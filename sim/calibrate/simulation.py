"""Replications of one policy -> the counterparts of figures, for any values of the parameters."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sim import plan as plans
from sim.calibrate.counterparts import Replicate
from sim.calibrate.facts import Fact
from sim.experiment.preparation import believable, engine_called
from sim.experiment.work import is_of_world
from sim.plan import Memory
from sim.scenario import Loaded
from sim.world import aged, complete
from sim.world import build as build_world

Floats = npt.NDArray[np.float64]


class Simulator:
    """One policy of a scenario, looked at by figures. It may be called by several threads at once.

    What does not depend on the parameters is made once.
    """

    def __init__(
        self,
        loaded: Loaded,
        policy: str,
        facts: Sequence[Fact],
        seed: int,
        engine: str = "compiled",
    ) -> None:
        self._loaded = loaded.model_copy(
            update={"baseline": aged(loaded.baseline, loaded.scenario.completion)}
        )
        self._policy, self._seed, self._engine = policy, seed, engine_called(engine)
        self._counterparts: list[Callable[[Replicate], float]] = [
            fact.seen_by(loaded.scenario, loaded.baseline) for fact in facts
        ]
        self._completed = complete(self._loaded.baseline, loaded.scenario.completion)
        self._world = build_world(self._loaded)
        self._memory = Memory()

    def __call__(self, values: Mapping[str, float], replications: Sequence[int]) -> Floats:
        """The figures' counterparts in some replications, [R, F].

        values: of parameters, by path; the others are as in the scenario.
        """
        loaded = self._loaded.with_values(values) if values else self._loaded
        world, completed = self._world, self._completed
        if any(map(is_of_world, values)):
            world = build_world(loaded)
            completed = complete(loaded.baseline, loaded.scenario.completion)
        plan = plans.make(loaded, self._policy, completed, self._memory)
        runner = self._engine(plan, world)
        found = np.empty((len(replications), len(self._counterparts)))
        for row, replication in enumerate(replications):
            with believable():
                outcome = runner.run(self._seed, replication)
            one = Replicate(loaded.scenario, world, outcome)
            found[row] = [number(one) for number in self._counterparts]
        return found
