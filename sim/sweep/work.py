"""One point of a sweep: what a worker does, here, in another process or on another machine."""

import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sim import experiment
from sim.load import check
from sim.messages import SOURCE, BadInput, Fault, speaking
from sim.risk.outcomes import Outcome, outcomes
from sim.sweep.description import Sweep


class Done(NamedTuple):
    """What came of a point: its outcomes, or the fault for which it has none."""

    point: int
    rows: tuple[Outcome, ...]
    fault: str
    seconds: float


def work_on(sweep: Sweep, point: int) -> Done:
    """Simulate one point. Whatever goes wrong at a point is told of it and ends nothing else.

    Faults are told in English and without the scenario's folder, so that tables are the same
    everywhere.
    """
    began = time.perf_counter()
    rows: tuple[Outcome, ...] = ()
    fault = ""
    with speaking(SOURCE):
        try:
            rows = _simulated(sweep, point)
        except BadInput as bad:
            fault = "; ".join(str(_without_folder(f, sweep)) for f in bad.faults)
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
    return Done(point, rows, fault, time.perf_counter() - began)


def _without_folder(fault: Fault, sweep: Sweep) -> Fault:
    source = sweep.loaded.source_file
    return replace(fault, file=Path(source).name) if fault.file == source else fault


def _simulated(sweep: Sweep, point: int) -> tuple[Outcome, ...]:
    loaded = sweep.at(point)
    if faults := check(loaded):
        raise BadInput(faults)
    seed = sweep.seed_at(point)
    results = experiment.run(loaded, sweep.policies, sweep.replications, seed=seed, jobs=1)
    return tuple(outcomes(results.study, sweep.outcomes))
