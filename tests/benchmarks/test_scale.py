"""The benchmark of a nation still runs, and what it tells follows from what it measures."""

import pytest

from tests.benchmarks import scale
from tests.benchmarks.nation import NATION, SIZES, Size, district, nation
from tests.benchmarks.scale import Spent, Turns, Workers


def test_the_smallest_size_runs(capsys: pytest.CaptureFixture[str]) -> None:
    scale.main(["--size", "smallest", "--rounds", "1"], run=lambda f, *given: f(*given))
    told = capsys.readouterr().out
    for found in ("us an event", "one district: ", "the nation, 4 replication", "GB", "Outlook"):
        assert found in told


def test_engine_and_counting_are_told_apart() -> None:
    spent = scale.replicate_nation(SIZES["smallest"], 2)
    assert spent.engine > 0 and spent.counting > 0
    assert spent.engine + spent.counting < spent.whole


def test_the_nation_has_the_size_it_says() -> None:
    """By its first and last district; the rest follows from how it is shared out."""
    for number in (0, NATION.districts - 1):
        units = list(district(NATION, number))
        assert len(units) in (128, 129)
        members = [sum(g.count for g in u.officials) for u in units]
        assert sum(members) in (7714, 7715)
        assert min(members) >= 3 and max(members) < 400
    assert units[-1].area[0] == f"Province {NATION.provinces}"
    small = nation(SIZES["smallest"])
    assert len(small.baseline.units) == 60
    assert sum(g.count for u in small.baseline.units for g in u.officials) == 600
    assert len({u.area[:2] for u in small.baseline.units}) == 6


def test_a_smaller_nation_has_whole_provinces() -> None:
    assert Size(4, 8, 80, 800).first(1) == (1, 2, 20, 200)


def test_ratios_are_taken_within_rounds() -> None:
    """A machine that is three times slower in one round does not show."""
    base = Turns(1, 1, 1, [100, 100, 200], [1.0, 3.0, 2.0])
    dearer = Turns(1, 1, 1, [50, 100, 100], [1.0, 6.0, 2.0])
    assert scale.ratio(dearer, base) == 2


def test_the_outlook_follows_from_the_figures() -> None:
    spent = Spent(2, 64, 1, 10, 8, 1, engine=20, counting=4, putting_together=1, whole=50, wall=60,
                  memory_before=1, memory=2)  # fmt: skip
    assert (spent.once, spent.each) == (19, 15)
    each = 15 + 19 / 200 + 1 / scale.LARGEST_TASK
    assert spent.planned == pytest.approx(each)
    assert spent.in_python == pytest.approx((each - 12) / each)
    workers = Workers([(2.0, 1.25), (3.0, 2.0)], [(2.0, 2.5), (4.0, 5.0)])
    assert (workers.gain, workers.overhead) == (1.55, 1.25)
    each *= 1.25
    told = scale.outlook(spent, workers, 0.5)
    assert f"{200 * each / 60:.1f} minutes of one core" in told
    assert f"{200 * each / 64:.0f} s" in told and f"{200 * each / 640:.1f} s" in told
    assert "= 32 GB for workers" in told and "= 128 GB if each" in told
