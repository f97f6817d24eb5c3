"""The model beside what was published: run from the start of a scenario, compare, score."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim import store
from sim.calibrate import flagged as flags
from sim.calibrate import ledger as ledgers
from sim.calibrate.counterparts import Mask, Replicate
from sim.calibrate.ensembles import ensembles
from sim.calibrate.facts import Fact
from sim.calibrate.flagged import Flagged
from sim.calibrate.horizon import until_last
from sim.calibrate.scores import Ensemble, fewest
from sim.experiment import Progress
from sim.experiment.preparation import known_policies
from sim.messages import BadInput, Fault, _, shown
from sim.scenario import Loaded

if TYPE_CHECKING:
    import pandas as pd

REPLICATIONS = 100
FEWEST = fewest(ledgers.WIDE)


@dataclass(frozen=True)
class Backtest:
    """A finished back-test. Tables are made when they are first looked at.

    loaded: the scenario as it was run, until the last figure.  numbers: by policy, the figures'
    counterparts [R, F].  opening[F]: those of stocks at the start.  flagged: by policy, where the
    figures tell how many units were at risk.
    """

    loaded: Loaded
    facts: tuple[Fact, ...]
    numbers: Mapping[str, Ensemble]
    opening: Ensemble
    flagged: Mapping[str, Flagged]
    replications: int
    seed: int
    engine: str

    @cached_property
    def ledger(self) -> "pd.DataFrame":
        """Every figure beside its counterpart; see `sim.calibrate.ledger.ledger`."""
        return ledgers.ledger(self.facts, self.numbers, self.opening, self.seed)

    @cached_property
    def scores(self) -> "pd.DataFrame":
        """What the ledger adds up to; see `sim.calibrate.ledger.scored`."""
        return ledgers.scored(self.ledger)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was run, on what and how; see `sim.store.provenance`."""
        return store.provenance(
            self.loaded.scenario, self.loaded.baseline, self.loaded.posterior
        ) | {
            "seed": self.seed,
            "engine": self.engine,
            "policies": list(self.numbers),
            "replications": self.replications,
        }

    def summary(self) -> str:
        """What held and what did not, as a text for a terminal."""
        from sim.calibrate.telling import summary

        return summary(self)


def backtest(
    loaded: Loaded,
    facts: Sequence[Fact],
    policies: Sequence[str] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = "compiled",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Run policies (default: the base) until the last figure, and compare with all figures.

    Each replication (default: 100) has its own draw of the uncertain parameters. Raises BadInput.
    """
    number = REPLICATIONS if replications is None else replications
    if number < FEWEST:
        allowed = _("at least {}, for a band of 90 %").format(FEWEST)
        raise BadInput([Fault("replications", found=shown(number), allowed=allowed)])
    wanted = list(loaded.policies)[:1] if policies is None else list(policies)
    known_policies(loaded, wanted)
    longer, chosen = until_last(loaded, facts), loaded.scenario.seed if seed is None else seed
    look = _Look(longer, facts)
    seen = ensembles(longer, wanted, number, look, chosen, engine, jobs, progress)
    numbers = {name: np.array([one.numbers for one in ones]) for name, ones in seen.items()}
    opening = seen[wanted[0]][0].opening
    return Backtest(
        longer, tuple(facts), numbers, opening, _flagged(facts, seen), number, chosen, engine,
    )  # fmt: skip


def check_place(folder: Path) -> None:
    """Raise BadInput if nothing can be written to a folder; look before the work, not after."""
    there = next(
        place for place in (folder.absolute(), *folder.absolute().parents) if place.exists()
    )
    if not there.is_dir() or not os.access(there, os.W_OK):
        found = _("{folder} cannot be written to").format(folder=shown(str(there)))
        raise BadInput([Fault(str(folder), found=found, allowed=_("a folder to write to"))])


def save(done: Backtest, folder: Path) -> None:
    """Write `ledger.csv`, `scores.csv` and, for what was run, `backtest.json`; each file appears
    whole or not at all. Raises BadInput."""
    for name, table in (("ledger", done.ledger), ("scores", done.scores)):
        store.write_text(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.6g"))
    flagged = {policy: one.told() for policy, one in done.flagged.items()}
    told = done.manifest | {"at_risk": flagged}
    text = json.dumps(told, ensure_ascii=False, indent=1)
    store.write_text(folder / "backtest.json", text + "\n")


class _Seen(NamedTuple):
    """What is kept of a replication; opening and at_start are the same in all."""

    numbers: Ensemble
    opening: Ensemble
    falls_below: Mask
    at_start: Mask | None


class _Look:
    """How the figures look at a replication."""

    def __init__(self, loaded: Loaded, facts: Sequence[Fact]) -> None:
        scenario, baseline = loaded.scenario, loaded.baseline
        self._numbers = [
            f.seen_by(scenario, baseline) if f.is_modelled else _nothing for f in facts
        ]
        self._opening = [
            replace(f, until=scenario.start).seen_by(scenario, baseline)
            if f.is_modelled and f.since is None
            else _nothing
            for f in facts
        ]
        self._flags = _tells_who_is_at_risk(facts)
        self._kept: tuple[Ensemble, Mask | None] | None = None

    def __call__(self, one: Replicate) -> _Seen:
        if self._kept is None:
            opening = np.array([number(one) for number in self._opening])
            self._kept = opening, flags.at_start(one) if self._flags else None
        numbers = np.array([number(one) for number in self._numbers])
        return _Seen(numbers, self._kept[0], flags.falls_below(one), self._kept[1])


def _nothing(one: Replicate) -> float:
    return float("nan")


def _tells_who_is_at_risk(facts: Sequence[Fact]) -> bool:
    return any(fact.quantity == flags.RULE and fact.use != "ignore" for fact in facts)


def _flagged(facts: Sequence[Fact], seen: Mapping[str, list[_Seen]]) -> dict[str, Flagged]:
    found = {}
    for policy, ones in seen.items():
        at_start = ones[0].at_start
        if at_start is not None and (at_start[1] & at_start[0]).any():
            has_cell, is_flagged = at_start
            p_below = np.mean([one.falls_below for one in ones], axis=0)
            found[policy] = Flagged(is_flagged[has_cell], p_below[has_cell])
    return found
