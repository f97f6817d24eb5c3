"""Shipped scenarios beside all published figures, as dated tables: `python -m tests.backtests`.

Each place with its parameters as assumed and, where there is something to fit, as fitted. Without
the programme of 2006 (as-is), with it, and with what may have been added from 2016 on; Que Phong
with and without what the district does. What was fitted is kept beside the tables; a posterior that
is there already is not made again, and a stopped fit goes on. An hour on two free cores, nearly all
of it for Son La.
"""

import datetime as dt
import json
import sys
from collections.abc import Iterator
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
FITS = {
    "que-phong": {"particles": 400, "generations": 4},
    "ninh-thuan": {"particles": 200, "generations": 3},
    "son-la": {"particles": 200, "generations": 2},
}
"""How much is simulated in the fits; of Quynh Luu there is no figure to be fitted."""
ASSUMED, FITTED = "assumed", "fitted"


def fitted(place: str, folder: Path) -> Path:
    """The posterior of a place in a folder, with what was found beside it (.json)."""
    out = folder / f"{place}.csv"
    if not out.exists():
        facts = SCENARIOS / place / "facts.csv"
        found = sim.calibrate(SCENARIOS / f"{place}.yaml", facts, **FITS[place], out=out)
        print(found.summary(), end="\n\n", flush=True)
    return out


def tested(place: str, replications: int = REPLICATIONS, posterior: Path | None = None) -> Backtest:
    """The back-test of one place."""
    facts = SCENARIOS / place / "facts.csv"
    return sim.backtest(
        SCENARIOS / f"{place}.yaml", facts, replications=replications, posterior=posterior,
        **PLACES[place],
    )  # fmt: skip


def table(place: str, done: Backtest) -> pd.DataFrame:
    """Its ledger, with the place, what its parameters are, and how many replications there were."""
    parameters = ASSUMED if done.loaded.posterior is None else FITTED
    first = {
        "scenario": place, "parameters": parameters, "replications": done.replications,
        "seed": done.seed,
    }  # fmt: skip
    return done.ledger.assign(**first)[[*first, *done.ledger.columns]]


def before_and_after(place: str, found: Path) -> pd.DataFrame:
    """Every uncertain parameter of a place, its prior beside its posterior, from what was found."""
    told = json.loads(found.read_text("utf-8"))
    rows = [
        {
            "scenario": place,
            "parameter": one["parameter"],
            "how": one["how"],
            **{f"prior_{name}": value for name, value in one["prior"].items()},
            **{f"posterior_{name}": value for name, value in one["posterior"].items()},
            "variance_taken": one["contraction"],
            "error": one["contraction_error"],
            "told_by": "figures" if one["identified"] else "prior",
            "effective": told["effective_sample_size"],
            "poor_figures": " ".join(told["poor"]),
        }
        for one in told["parameters"]
    ]
    return pd.DataFrame(rows)


def _made(folder: Path) -> Iterator[pd.DataFrame]:
    for place in PLACES:
        for posterior in (None, *([fitted(place, folder)] if place in FITS else [])):
            done = tested(place, posterior=posterior)
            print(done.summary(), end="\n\n", flush=True)
            yield table(place, done)


def _write(name: str, made: list[pd.DataFrame]) -> None:
    path = PROOFS / name
    store.write_text(path, pd.concat(made).to_csv(index=False, float_format="%.6g"))
    print(path, file=sys.stderr)


def main() -> None:
    """Fit and run all, tell what held, and write the tables."""
    day = dt.date.today().isoformat()
    folder = PROOFS / f"posteriors-{day}"
    _write(f"backtests-{day}.csv", list(_made(folder)))
    found = [before_and_after(place, folder / f"{place}.json") for place in FITS]
    _write(f"posteriors-{day}.csv", found)


if __name__ == "__main__":
    main()
