"""A replication that stops at a date, and goes on from there under several policies."""

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sim import rules
from sim.engine.opening import Stopped
from sim.experiment.preparation import (
    Prepared,
    believable,
    engine_called,
    known_policies,
    prepare_replication,
)
from sim.log import NEVER_ADMITTED, Outcome, in_order, to_frame
from sim.messages import BadInput, Fault, _, shown
from sim.plan.calendar import months_between
from sim.plan.histories import history
from sim.scenario import Loaded, is_month_start
from sim.store import source_digest

if TYPE_CHECKING:
    import pandas as pd

CELLS = {rules.OWN: "own", rules.JOINT: "joint", rules.NONE: "none", rules.CLOSED: "not there"}


@dataclass(frozen=True)
class Snapshot:
    """One replication of one policy until a date; `stopped.world` is everybody and every cell then.

    It can be pickled. To go on from it is as if the replication had never stopped, bit by bit; so
    it is only for the sources that made it.
    """

    loaded: Loaded
    policy: str
    replication: int
    seed: int
    date: dt.date
    stopped: Stopped
    sources: str = field(default_factory=source_digest)

    @property
    def hamlets(self) -> "pd.DataFrame":
        """The cells on that date: hamlet, cell (own, joint, none, not there), strength of the cell
        that covers it, its own officials who count, candidates, months since an admission."""
        import pandas as pd

        rows, month = self.stopped.world.hamlets, self.stopped.world.month
        ids = [unit.id for unit in self.loaded.baseline.units]
        covered = np.isin(rows["cell"], (rules.OWN, rules.JOINT)) & (rows["roll"] >= 0)
        since = np.minimum(month - rows["last_admission"], NEVER_ADMITTED)
        return pd.DataFrame(
            {
                "hamlet": ids,
                "cell": [CELLS[code] for code in rows["cell"]],
                "strength": np.where(covered, rows["strength"][rows["roll"]], rows["officials"]),
                "officials": rows["officials"],
                "candidates": rows["candidates"],
                "months_since_admission": since,
            }
        )

    def trace(self, policy: str, engine: str = "compiled") -> "pd.DataFrame":
        """The event log of the whole replication under a policy; see `go_on` and `sim.trace`."""
        ids = tuple(unit.id for unit in self.loaded.baseline.units)
        return to_frame(in_order(self.go_on(policy, engine).log), ids)

    def go_on(self, policy: str, engine: str = "compiled") -> Outcome:
        """The whole replication under a policy that has the same history up to the date.

        Raises BadInput for an unknown policy or engine, if the policy acts otherwise before, or if
        other sources made the snapshot.
        """
        if self.sources != source_digest():
            found = _("one made by sources {sources}").format(sources=self.sources)
            allowed = _("one made by sources {sources}: make it again")
            told = allowed.format(sources=source_digest())
            raise BadInput([Fault("snapshot", found=found, allowed=told)])
        one = _prepared(self.loaded, policy, self.replication, self.seed)
        scenario, month = self.loaded.scenario, self.stopped.world.month
        known = scenario.policies
        if history(scenario, known[policy], month) != history(scenario, known[self.policy], month):
            allowed = _("a policy with the levers of {policy} until {date}")
            told = allowed.format(policy=self.policy, date=self.date.isoformat())
            raise BadInput([Fault("policy", found=shown(policy), allowed=told)])
        runner = engine_called(engine)(one.plan, one.world)
        with believable():
            return runner.run(self.seed, self.replication, self.stopped)


def snapshot(
    loaded: Loaded,
    policy: str,
    date: dt.date,
    replication: int = 0,
    engine: str = "compiled",
    seed: int | None = None,
) -> Snapshot:
    """One replication of one policy, stopped before anything happens on a date.

    The date is a month start after that of the scenario and before its horizon. Raises BadInput.
    """
    scenario = loaded.scenario
    month = months_between(scenario.start, date)
    if not is_month_start(date) or not 0 < month < 12 * scenario.years:
        end = scenario.start.replace(year=scenario.start.year + scenario.years)
        allowed = _("the first day of a month after {start} and before {end}")
        told = allowed.format(start=scenario.start.isoformat(), end=end.isoformat())
        raise BadInput([Fault("date", found=shown(date.isoformat()), allowed=told)])
    chosen = scenario.seed if seed is None else seed
    one = _prepared(loaded, policy, replication, chosen)
    with believable():
        stopped = engine_called(engine)(one.plan, one.world).stop(chosen, replication, month)
    return Snapshot(loaded, one.policy, replication, chosen, date, stopped)


def _prepared(loaded: Loaded, policy: str, replication: int, seed: int) -> Prepared:
    known_policies(loaded, [policy])
    return prepare_replication(loaded, policy, replication, seed)
