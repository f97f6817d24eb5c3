"""A made-up nation in the size of the real one: 90,000 hamlets, 5.4 million official members.

Numbers of provinces, districts, communes, hamlets, members, residents and admissions are about
those of Viet Nam; who lives where is drawn, district by district, from its own fixed seed. Nothing
in it is a statement about a real place.
"""

import datetime as dt
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sim.scenario import Baseline, Group, Loaded, Scenario, Unit
from sim.world import deal


class Size(NamedTuple):
    """How many provinces; districts, hamlets and official members in all of them together."""

    provinces: int
    districts: int
    hamlets: int
    members: int

    def first(self, provinces: int) -> "Size":
        """Some provinces of the same kind."""
        share = provinces / self.provinces
        return Size(provinces, *(round(n * share) for n in self[1:]))


NATION = Size(63, 700, 90_000, 5_400_000)
SIZES = {"nation": NATION, "tenth": NATION.first(6), "smallest": Size(3, 6, 60, 600)}
COMMUNES = 15
"""In a district, if it has that many hamlets."""
LEVELS = ("province", "district", "commune")
RESIDENTS = 1100
AGES = {
    (18.0, 30.0): 17.0, (30.0, 40.0): 27.0, (40.0, 50.0): 21.0, (50.0, 60.0): 14.0,
    (60.0, 70.0): 12.0, (70.0, 80.0): 6.0, (80.0, 95.0): 3.0,
}  # fmt: skip
"""Shares of official members by age."""
CANDIDATES = {"listed": 2.0, "certified": 1.8, "ready": 0.5, "probation": 2.2}
"""Of a hamlet of average size."""
WOMEN = {"officials": 0.34, "candidates": 0.5}
ADMISSIONS = 0.037
"""Target of a year, for each official member."""

SCENARIO: dict[str, Any] = {
    "title": "A made-up nation",
    "baseline": "none",
    "start": dt.date(2020, 1, 1),
    "years": 10,
    "seed": 63,
    "demography": {
        "leaving": {"rogers_castro": {"level": 2.0}},
        "returning": 0.2,
        "settling_away": 0.05,
        "moving_in": {"retired": 0.036, "demobilised": 0.028, "marriage": 0.016},
        "removal": {"expelled": 0.0002, "struck_off": 0.0006, "asked_to_leave": 0.0005},
        "exemption": {"by_age": {0: 0.0, 70: 0.02, 80: 0.1}},
        "shock": {"province": 0.25, "commune": 0.15},
    },
    "source": {
        "listing": {
            "per_resident": 0.006,
            "age_weights": [
                {"ages": [18, 22], "weight": 1.4}, {"ages": [23, 30], "weight": 2.0},
                {"ages": [31, 40], "weight": 0.8}, {"ages": [41, 59], "weight": 0.1},
            ],
        },
        "withdrawal": 0.1,
    },
    "training": {"attendance": 0.8},
    "dossier": {"delay_months": {"median": 9, "sd_log": 0.5}, "failure": {"normal": 0.1}},
    "admission": {"overshoot": 0.03, "approval": 0.95},
    "probation": {"recognition": 0.985},
    "policies": {
        "as-is": [],
        "attention": [
            {"lever": "attention", "factor": 2.0, "weakest": 50, "level": "province",
             "from": dt.date(2021, 1, 1)},
        ],
    },
}  # fmt: skip


def nation(size: Size = NATION, level: str = "district") -> Loaded:
    """The nation, or a smaller one; its classes and targets are shared at `level`.

    Under the policy `attention` the weakest hamlets of each province are ranked.
    """
    units = [u for number in range(size.districts) for u in district(size, number)]
    sharing = size.districts if level == "district" else size.provinces
    target = ADMISSIONS * size.members / sharing
    levels: dict[str, Any] = {
        "training": {"level": level, "seats": round(target / 3)},
        "admission": {"targets": [{"level": level, "per_year": round(target)}]},
    }
    values = {key: {**value, **levels[key]} if key in levels else value
              for key, value in SCENARIO.items()}  # fmt: skip
    return Loaded(
        scenario=Scenario.model_validate(values), baseline=Baseline(levels=LEVELS, units=units)
    )


def district(size: Size, number: int) -> Iterator[Unit]:
    """The hamlets of a district. Its seed is its number."""
    random = np.random.default_rng(number)
    province = number * size.provinces // size.districts
    hamlets = _share_of(size.hamlets, size.districts, number)
    weights = random.lognormal(0.0, 0.5, hamlets)
    ends = np.cumsum(weights) / weights.sum() * _share_of(size.members, size.districts, number)
    members = np.diff(np.rint(ends), prepend=0).astype(int)
    residents = (RESIDENTS * random.lognormal(0.0, 0.4, hamlets)).round(1)
    starts = random.random((hamlets, 3))
    communes = min(COMMUNES, hamlets)
    for h in range(hamlets):
        commune = h * communes // hamlets
        known = int(random.integers(0, 90))
        yield Unit(
            id=f"d{number:03}-h{h:03}",
            name=f"Hamlet {h + 1} of district {number + 1}",
            area=(f"Province {province + 1}", f"District {number + 1}",
                  f"Commune {number + 1}-{commune + 1}"),
            residents=float(residents[h]),
            officials=tuple(_by_age(int(members[h]), float(starts[h, 0]))),
            officials_away=int(members[h] * 0.05 + starts[h, 1]),
            officials_exempt=int(members[h] * 0.06 + starts[h, 2]),
            chief="member" if starts[h, 0] < 0.6 else "resident",
            months_since_admission=known,
            **_candidates(random),
        )  # fmt: skip


def _share_of(total: int, parts: int, number: int) -> int:
    """The whole number of `total` that falls to one of `parts`."""
    return (number + 1) * total // parts - number * total // parts


def _by_age(members: int, start: float) -> Iterator[Group]:
    for band, count in zip(AGES, deal(members, list(AGES.values()), start), strict=True):
        if count:
            yield _group(band, count, round(count * WOMEN["officials"]))


def _candidates(random: np.random.Generator) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, mean in CANDIDATES.items():
        count = int(random.poisson(mean))
        if count:
            found[status] = (_group((20.0, 35.0), count, round(count * WOMEN["candidates"])),)
    return found


@cache
def _group(band: tuple[float, float], count: int, women: int) -> Group:
    """Groups that are alike are one object: a nation has a million."""
    return Group(band=band, count=count, women=women)
