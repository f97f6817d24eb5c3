"""What the project offers in Python, in about ten names.

```python
import sim

scenario = sim.load("scenarios/quynh-luu.yaml")
results = sim.run(scenario, replications=100)
print(results.summary())
print(sim.best(scenario, "lost").summary())
results.hamlets, results.years, results.losses, results.pairs  # also rule, flips, funnel, rates
```
"""

import datetime as dt
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.load import check, load, schema
from sim.messages import BadInput, Fault, _, shown
from sim.scenario import Baseline, Loaded, Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment import Progress, Results, Selection, Snapshot
    from sim.store import Saved
    from sim.sweep import Finished

TABLES = ("hamlets", "years", "losses", "pairs", "rule", "flips", "funnel", "rates")


def run(
    scenario: Loaded | str | os.PathLike[str],
    policies: Sequence[str] | None = None,
    replications: int | None = None,
    precision: float | None = None,
    seed: int | None = None,
    engine: str | None = None,
    jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: "Progress | None" = None,
) -> "Results":
    """Simulate a scenario under its policies and count what happens to every hamlet.

    policies: names, default all; the first of the scenario is the base and always runs.
    replications: default the scenario's.  precision: instead, the half-width of 95 % intervals to
    reach.  seed: default the scenario's.  engine: compiled (default) or reference.  jobs: threads,
    default all cores; results do not depend on it.  out: a folder to write the run to; nothing is
    written without it.  progress: called with replications done and to do.
    Raises BadInput with everything that is wrong.
    """
    from sim import experiment, store

    loaded = scenario if isinstance(scenario, Loaded) else load(scenario)
    if faults := check(loaded):
        raise BadInput(faults)
    folder = None if out is None else Path(out)
    if folder is not None:
        store.check_place(folder)
    began, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    results = experiment.run(
        loaded, policies, replications, precision, seed, engine, jobs, progress
    )
    if folder is not None:
        simulated = time.perf_counter() - clock
        tables = {name: getattr(results, name) for name in TABLES}
        timings = {
            "started": began.isoformat(timespec="seconds"),
            "simulation_seconds": round(simulated, 3),
            "tables_seconds": round(time.perf_counter() - clock - simulated, 3),
        }
        manifest = results.manifest | {"jobs": jobs, "timings": timings}
        store.save(folder, tables, manifest, loaded)
    return results


def best(
    scenario: Loaded | str | os.PathLike[str],
    outcome: str = "lost",
    policies: Sequence[str] | None = None,
    goal: str | None = None,
    difference: float | None = None,
    certainty: float = 0.95,
    seed: int | None = None,
    engine: str | None = None,
    jobs: int | None = None,
    most: int = 10_000,
    progress: "Progress | None" = None,
) -> "Selection":
    """Choose the best of at least two policies with few replications, and say how sure that is.

    outcome: a measure, at the horizon or summed to it, or cell_years.  goal: lowest or highest;
    known for common outcomes.  difference: what is too small to matter; half a hamlet for numbers
    of hamlets, else to be given.  certainty: with which the best is chosen if it is better than
    each other by the difference.  most: replications of one policy. Raises BadInput.
    """
    from sim import experiment

    loaded = scenario if isinstance(scenario, Loaded) else load(scenario)
    if faults := check(loaded):
        raise BadInput(faults)
    return experiment.best(
        loaded, outcome, policies, goal, difference, certainty, seed, engine, jobs, most, progress
    )


def sweep(
    file: str | os.PathLike[str],
    out: str | os.PathLike[str],
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: "Progress | None" = None,
) -> "Finished":
    """Simulate a scenario at all points of a sweep file, and go on where an earlier call stopped.

    out: the folder of the results.  jobs: processes on this machine, default all cores.
    scheduler: instead, the address of a dask.distributed scheduler.  progress: called with points
    done and in all. The results depend on none of the three. Raises BadInput.
    """
    from sim.sweep import description, running

    return running.run(description.read(file), Path(out), jobs, scheduler, progress)


def read(folder: str | os.PathLike[str]) -> "Saved | Finished":
    """A run or a sweep from its folder, every file checked. Raises BadInput.

    Of a run: `manifest` and the tables, as in `Results`; of a sweep what
    `sweep` returns.
    """
    from sim import store
    from sim.sweep import folder as folders
    from sim.sweep import running

    place = Path(folder)
    if (place / folders.DESCRIPTION).exists():
        return running.finished(place)
    return store.read(place)


def snapshot(
    scenario: Loaded,
    policy: str,
    date: str | dt.date,
    replication: int = 0,
    engine: str = "compiled",
    seed: int | None = None,
) -> "Snapshot":
    """One replication of one policy until a month start, to look at and to go on from.

    `snapshot(...).trace("other")` is the log of the whole replication under another policy, which
    must have the same history until then, as if it had run under that policy from the beginning.
    Raises BadInput.
    """
    from sim import experiment

    day = date
    if isinstance(day, str):
        try:
            day = dt.date.fromisoformat(day)
        except ValueError:
            allowed = _("a date such as {example}").format(example="2025-01-01")
            raise BadInput([Fault("date", found=shown(date), allowed=allowed)]) from None
    return experiment.snapshot(scenario, policy, day, replication, engine, seed)


def trace(
    scenario: Loaded,
    policy: str,
    replication: int = 0,
    engine: str = "compiled",
    seed: int | None = None,
) -> "pd.DataFrame":
    """The event log of one replication: day, phase, hamlet, person, kind, cause, in order.

    Raises BadInput for an unknown policy or engine.
    """
    from sim import experiment
    from sim.log import in_order, to_frame

    prepared = experiment.prepare_replication(scenario, policy, replication, seed)
    outcome = prepared.replicate(replication, engine)
    return to_frame(in_order(outcome.log), tuple(u.id for u in scenario.baseline.units))


__all__ = [
    "BadInput",
    "Baseline",
    "Loaded",
    "Scenario",
    "best",
    "check",
    "load",
    "read",
    "run",
    "schema",
    "snapshot",
    "sweep",
    "trace",
]
