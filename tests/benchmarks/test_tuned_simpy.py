"""The yardstick must do the work it is timed for."""

from collections import Counter

import pytest

from tests.benchmarks import tuned_simpy
from tests.benchmarks.tuned_simpy import District, years_to_death

SEEDS = range(8)


def test_same_seed_same_counts() -> None:
    assert tuned_simpy.replication(3) == tuned_simpy.replication(3) != tuned_simpy.replication(4)


def test_years_to_death_uses_up_the_budget_across_bands() -> None:
    # From 62: three years at .01328, five at .02131, then one at .03439.
    budget = 3 * 0.01328 + 5 * 0.02131 + 0.03439
    assert years_to_death(62.0, budget) == pytest.approx(9.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_books_balance(seed: int) -> None:
    district = District(seed)
    counts = district.run()
    statuses = list(zip(district.status, district.away, strict=True))
    assert counts["died"] == sum(status == tuned_simpy.GONE for status, _ in statuses)
    assert counts["officials"] == statuses.count((tuned_simpy.OFFICIAL, False))
    assert counts["below"] == counts.get("restored", 0) + counts["lost"] + len(district.below)
    assert counts["cells"] == tuned_simpy.HAMLETS - counts["lost"]
    assert counts["admitted"] <= tuned_simpy.TARGET * tuned_simpy.MONTHS // 12


def test_counts_are_those_of_a_real_district() -> None:
    totals: Counter[str] = Counter()
    for seed in SEEDS:
        totals.update(tuned_simpy.replication(seed))
    yearly = {kind: count / len(SEEDS) / 10 for kind, count in totals.items()}
    assert 45 < yearly["died"] < 62  # 2.5 % of about 2,000 members and 150 others
    assert 60 < yearly["listed"] < 77  # at most 141 x .55, and fewer in weak hamlets
    assert 40 < yearly["admitted"] <= 42
    assert 0.1 < yearly["lost"] < 1.5
