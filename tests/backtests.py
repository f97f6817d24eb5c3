"""The back-tests of the shipped scenarios, as a dated table: `python -m tests.backtests`.

A quarter of an hour, most of it for Son La. Without the programme of 2006 (as-is), with it, and
with what may have been added from 2016 on; Que Phong with and without what the district does.
"""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import pandas as pd

import sim
from sim import store
from sim.calibrate.backtest import Backtest

ROOT = Path(__file__).parents[1]
SCENARIOS, PROOFS = ROOT / "scenarios", ROOT / "results" / "proofs"
REPLICATIONS = 60
LATER = ("then-combining", "then-assigned-members", "then-both")
PLACES: dict[str, dict[str, Any]] = {
    "quynh-luu": {},
    "que-phong": {"policies": ["as-is", "chiefs-covered"]},
    "ninh-thuan": {},
    "son-la": {
        "policies": ["as-is", "resolution-03", *LATER],
        "more_policies": SCENARIOS / "son-la" / "backtest.yaml",
    },
}
"""What is asked for beside the scenario and its figures."""


def tested(place: str, replications: int = REPLICATIONS) -> Backtest:
    """The back-test of one place."""
    facts = SCENARIOS / place / "facts.csv"
    asked = PLACES[place]
    return sim.backtest(SCENARIOS / f"{place}.yaml", facts, replications=replications, **asked)


def table(place: str, done: Backtest) -> pd.DataFrame:
    """Its ledger, with the place and how many replications there were."""
    first = {"scenario": place, "replications": done.replications, "seed": done.seed}
    return done.ledger.assign(**first)[[*first, *done.ledger.columns]]


def main() -> None:
    """Run all, tell what held, and write the table."""
    made = []
    for place in PLACES:
        done = tested(place)
        print(done.summary(), end="\n\n", flush=True)
        made.append(table(place, done))
    path = PROOFS / f"backtests-{dt.date.today().isoformat()}.csv"
    store.write_text(path, pd.concat(made).to_csv(index=False, float_format="%.6g"))
    print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
