"""Blind recovery: parameters are hidden, figures are simulated with them, and fitted.

    python -m tests.recovery --sets 50 --out results/proofs/recovery-2026-11-22.csv

Sets that are in the file already are not made again. `rank` is the share of the posterior below the
hidden value: uniform over many sets if the posteriors are right, whatever the figures tell.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sim.calibrate import fit
from sim.calibrate.identification import weighted_quantile
from tests.calibrating import FIGURES, district, hidden, told_by

COLUMNS = ("set", "parameter", "how", "hidden", "low", "high", "rank", "contraction")
PARTICLES, GENERATIONS, CHECKS, HAMLETS = 80, 2, 1, 12
HIDDEN_REPLICATION, FIRST_SEED = 10_000_000, 1000


def recovered(number: int, jobs: int | None = None) -> Iterator[dict[str, Any]]:
    """A row for each fitted parameter of one set."""
    given = district(HAMLETS)
    truth = hidden(given, number)
    facts = told_by(given, FIGURES, truth, HIDDEN_REPLICATION + number)
    seed = FIRST_SEED + number
    found = fit(
        given, facts, particles=PARTICLES, generations=GENERATIONS, seed=seed, jobs=jobs,
        checks=CHECKS,
    )  # fmt: skip
    weights = np.array(found.sample.weights)
    for one in found.parameters:
        if one.how == "prior":
            continue
        values, value = np.array(found.sample.column(one.parameter)), truth[one.parameter]
        yield {
            "set": number,
            "parameter": one.parameter,
            "how": one.how,
            "hidden": f"{value:.6g}",
            "low": f"{weighted_quantile(values, weights, 0.05):.6g}",
            "high": f"{weighted_quantile(values, weights, 0.95):.6g}",
            "rank": f"{weights[values < value].sum():.4f}",
            "contraction": f"{one.contraction:.3f}",
        }


def main() -> None:
    """Make the sets that are missing in a file."""
    parser = argparse.ArgumentParser(description="Blind recovery of hidden parameters")
    parser.add_argument("--sets", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    there = set()
    if asked.out.exists():
        with asked.out.open(encoding="utf-8") as file:
            there = {int(row["set"]) for row in csv.DictReader(file)}
    for number in range(asked.first, asked.first + asked.sets):
        if number not in there:
            rows = list(recovered(number, jobs=1))
            new = not asked.out.exists()
            with asked.out.open("a", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                if new:
                    writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    main()
