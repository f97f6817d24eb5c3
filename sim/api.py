"""What the project offers in Python, in about ten names.

```python
import sim

scenario = sim.load("scenarios/quynh-luu.yaml")
results = sim.run(scenario, replications=100)
print(results.summary())
print(sim.best(scenario, "lost").summary())
print(sim.sensitivity(scenario).summary())
print(sim.marginal(scenario).summary())
results.hamlets, results.years, results.losses, results.pairs  # also rule, flips, funnel, rates
```
"""

import datetime as dt
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.load import check, load, schema
from sim.messages import BadInput, Fault, _, shown
from sim.scenario import Baseline, Loaded, Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.calibrate import Calibration
    from sim.calibrate.backtest import Backtest
    from sim.experiment import Progress, Results, Selection, Snapshot
    from sim.experiment.marginal import Marginal
    from sim.store import Saved
    from sim.sweep import Finished
    from sim.sweep.sensitivity import Sensitivity, Size

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

    experiment.check_given(policies, replications=replications, seed=seed, jobs=jobs)
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

    experiment.check_given(policies, seed=seed, jobs=jobs, most=most)
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
    from sim.experiment import check_given
    from sim.sweep import description, running

    check_given(jobs=jobs)
    return running.run(description.read(file), Path(out), jobs, scheduler, progress)


def sensitivity(
    of: Loaded | str | os.PathLike[str],
    outcome: str = "lost",
    policies: Sequence[str] | None = None,
    goal: str | None = None,
    vary: Sequence[str] = (),
    size: "Size | None" = None,
    seed: int | None = None,
    jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: "Progress | None" = None,
    notice: Callable[[str], None] | None = None,
) -> "Sensitivity":
    """Which parameters and settings matter, which would change the choice of a policy, and what
    knowing them would be worth.

    of: a scenario, or the folder of a run, to which the tables are added; its policies and seed are
    then the default ones.  outcome, goal: as of `best`.  vary: ranges of settings, such as
    `training.seats=40:120`, in place of half to twice as strong; `none` for no settings.  size: how
    much is simulated.  out: the folder of what is simulated, which goes on where it was stopped;
    of a run, default `sensitivity` in it, of a scenario nothing is kept without.
    jobs: processes, default all cores. Raises BadInput.
    """
    from sim import experiment, store
    from sim.sweep import sensitivity as room

    experiment.check_given(policies, seed=seed, jobs=jobs)
    source = _Source.of(of)
    folder = source.place(room.NAME, out)
    if folder is not None:
        store.check_place_of(folder, room.OURS)
    found = room.study(
        source.loaded, outcome, policies or source.policies, goal, vary, size,
        source.seed if seed is None else seed, jobs, folder, progress, notice,
    )  # fmt: skip
    tables = {name: getattr(found, name) for name in room.TABLES}
    source.keep(tables, room.NAME, found.manifest, folder)
    return found


def marginal(
    of: Loaded | str | os.PathLike[str],
    policies: Sequence[str] | None = None,
    by: str | None = None,
    replications: int | None = None,
    seed: int | None = None,
    jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: "Progress | None" = None,
) -> "Marginal":
    """Cells kept for each further seat, admission and posting, by area.

    of: a scenario, or the folder of a run, to which the table is added; its seed is then the
    default one.  policies: with which to begin, default the base.  by: an area level, default the
    lowest.  replications: default the scenario's.  out: of a scenario, a folder for the table.
    Raises BadInput.
    """
    from sim import experiment, store
    from sim.experiment import marginal as room

    experiment.check_given(policies, replications=replications, seed=seed, jobs=jobs)
    source = _Source.of(of)
    folder = None if out is None else Path(out)
    if folder is not None:
        store.check_place_of(folder, room.OURS)
    found = room.marginal(
        source.loaded, policies, by, replications, source.seed if seed is None else seed, jobs,
        progress,
    )  # fmt: skip
    source.keep({room.NAME: found.marginal}, room.NAME, found.manifest, folder)
    return found


class _Source(NamedTuple):
    """What a study is of: a scenario, or a run in its folder, to which its tables are added."""

    loaded: Loaded
    run: Path | None = None
    manifest: dict[str, Any] | None = None

    @property
    def policies(self) -> Sequence[str] | None:
        return None if self.manifest is None else self.manifest["policies"]

    @property
    def seed(self) -> int | None:
        return None if self.manifest is None else self.manifest["seed"]

    @classmethod
    def of(cls, given: Loaded | str | os.PathLike[str]) -> "_Source":
        from sim import store

        if not isinstance(given, Loaded) and Path(given).is_dir():
            loaded, manifest = store.loaded_of(Path(given))
            return cls(loaded, Path(given), manifest)
        loaded = given if isinstance(given, Loaded) else load(given)
        if faults := check(loaded):
            raise BadInput(faults)
        return cls(loaded)

    def place(self, name: str, out: str | os.PathLike[str] | None) -> Path | None:
        """The folder of what is simulated."""
        if out is not None:
            return Path(out)
        return None if self.run is None else self.run / name

    def keep(
        self, tables: "dict[str, pd.DataFrame]", name: str, manifest: dict[str, Any],
        folder: Path | None,
    ) -> None:  # fmt: skip
        """Write the tables to the run, or to the folder of their own, if there is either."""
        from sim import store

        if self.run is not None:
            store.add(self.run, tables, {name: manifest[name]}, self.manifest)
        elif folder is not None:
            store.save_tables(folder, tables, name, manifest)


def calibrate(
    scenario: Loaded | str | os.PathLike[str],
    facts: str | os.PathLike[str],
    policy: str | None = None,
    parameters: Sequence[str] | None = None,
    particles: int = 400,
    generations: int = 5,
    seed: int | None = None,
    jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: "Progress | None" = None,
) -> "Calibration":
    """Fit the uncertain parameters of a scenario to the published figures of a table.

    facts: the table; its rows with the use `fit` are fitted. policy: what was done in the years of
    the figures, default what `happened`, else the base. parameters: which to fit, default all that
    are uncertain but for mortality. particles, generations: of what is simulated (ABC-SMC). out: a
    CSV file for the posterior, which a scenario names as `posterior`; what was found is written
    beside it as JSON, and a stopped call goes on. Raises BadInput.
    """
    from sim.calibrate import fit, read_facts

    loaded = scenario if isinstance(scenario, Loaded) else load(scenario)
    if faults := check(loaded):
        raise BadInput(faults)
    return fit(
        loaded, read_facts(facts), policy, parameters, particles, generations, seed, jobs,
        None if out is None else Path(out), progress, str(facts),
    )  # fmt: skip


def backtest(
    scenario: Loaded | str | os.PathLike[str],
    facts: str | os.PathLike[str],
    policies: Sequence[str] | None = None,
    more_policies: str | os.PathLike[str] | None = None,
    posterior: str | os.PathLike[str] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = "compiled",
    jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: "Progress | None" = None,
) -> "Backtest":
    """Compare a scenario with a table of published figures (see `sim.calibrate.facts`).

    policies: default the one that happened (`happened` of the scenario, else its base) and those of
    `more_policies`, a file of further ones, which may begin after the scenario ends: it is run
    until the last figure.  posterior: what `calibrate` wrote, default the one that the scenario
    names; without any, parameters have their priors.  replications: default 100, at least 19.
    out: a folder for `ledger.csv`, `scores.csv`, `backtest.json` and `backtest.html`.  The rest as
    in `run`. Raises BadInput.
    """
    from sim.calibrate import backtest as backtests
    from sim.calibrate.facts import check_facts, read_facts
    from sim.calibrate.horizon import until_last, with_policies, with_posterior
    from sim.report import backtest as pages

    loaded = scenario if isinstance(scenario, Loaded) else load(scenario)
    if faults := check(loaded):
        raise BadInput(faults)
    figures = read_facts(facts)
    check_facts(figures, loaded, os.fspath(facts))
    if out is not None:
        backtests.check_place(Path(out))
    longer = until_last(loaded, figures)
    if posterior is not None:
        longer = with_posterior(longer, posterior)
    if more_policies is not None:
        longer = with_policies(longer, more_policies)
    if policies is None:
        happened = loaded.scenario.happened or next(iter(loaded.policies))
        policies = [happened, *(name for name in longer.policies if name not in loaded.policies)]
    done = backtests.backtest(longer, figures, policies, replications, seed, engine, jobs, progress)
    if out is not None:
        backtests.save(done, Path(out))
        pages.write(Path(out) / pages.FILE, done)
    return done


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

    try:
        day = date if isinstance(date, dt.date) else dt.date.fromisoformat(date)
    except (TypeError, ValueError):
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
    "backtest",
    "best",
    "calibrate",
    "check",
    "load",
    "marginal",
    "read",
    "run",
    "schema",
    "sensitivity",
    "snapshot",
    "sweep",
    "trace",
]
