"""Blind recovery: 90 % intervals of hidden parameters cover them about nine times of ten.

`results/proofs/` holds the dated results of `python -m tests.recovery`.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from tests.recovery import recovered

RESULTS = sorted((Path(__file__).parents[1] / "results" / "proofs").glob("recovery-*.csv"))
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


def kept() -> list[dict[str, str]]:
    with RESULTS[-1].open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_kept_results_cover_and_narrower_intervals_would_not() -> None:
    """Of all intervals together and of each parameter; half as wide they would be found out."""
    rows = kept()
    assert p_value(rows) > FALSE_ALARM
    assert p_value(rows, 0.5) < FALSE_ALARM
    for name in {row["parameter"] for row in rows}:
        assert p_value([row for row in rows if row["parameter"] == name]) > FALSE_ALARM, name


@pytest.mark.prove
def test_hidden_parameters_are_recovered() -> None:
    """Fifty sets of five parameters, figures and fits, made anew."""
    rows = [row for number in range(SETS) for row in recovered(number)]
    assert p_value(rows) > FALSE_ALARM
    for name in {row["parameter"] for row in rows}:
        assert p_value([row for row in rows if row["parameter"] == name]) > FALSE_ALARM, name
