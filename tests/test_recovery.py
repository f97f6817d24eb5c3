"""Blind recovery: 90 % intervals of hidden parameters cover them about nine times of ten.

`results/proofs/` holds the dated results of `python -m tests.recovery`.
"""

import csv
import datetime as dt
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from sim import store

ROOT = Path(__file__).parents[1]
RESULTS = sorted((ROOT / "results" / "proofs").glob("recovery-*.csv"))
FALSE_ALARM = 1e-4
SETS = 50

Rows = Iterable[Mapping[str, Any]]


def p_value(rows: Rows, width: float = 1.0) -> float:
    """How probable a coverage as far from 90 % is, with intervals made so many times as wide."""
    covered = []
    for row in rows:
        low, high, hidden = (float(row[name]) for name in ("low", "high", "hidden"))
        middle, half = (low + high) / 2, width * (high - low) / 2
        covered.append(abs(hidden - middle) <= half)
    return float(binomtest(sum(covered), len(covered), 0.9).pvalue)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_covered(rows: Rows) -> None:
    """All intervals together, and those of each parameter."""
    rows = list(rows)
    assert p_value(rows) > FALSE_ALARM
    for name in {row["parameter"] for row in rows}:
        assert p_value([row for row in rows if row["parameter"] == name]) > FALSE_ALARM, name


def test_the_kept_results_cover_and_narrower_intervals_would_not() -> None:
    """Half as wide they would be found out."""
    rows = rows_of(RESULTS[-1])
    assert_covered(rows)
    assert p_value(rows, 0.5) < FALSE_ALARM


@pytest.mark.prove
def test_hidden_parameters_are_recovered(tmp_path: Path) -> None:
    """Fifty sets of five parameters, figures and fits, made anew; the table is kept."""
    made = tmp_path / "recovery.csv"
    asked = ["--sets", str(SETS), "--out", str(made)]
    subprocess.run([sys.executable, "-m", "tests.recovery", *asked], cwd=ROOT, check=True)
    rows = rows_of(made)
    assert len({row["set"] for row in rows}) == SETS
    kept = RESULTS[-1].with_name(f"recovery-{dt.date.today().isoformat()}.csv")
    store.write_text(kept, made.read_text("utf-8"))
    assert_covered(rows)
