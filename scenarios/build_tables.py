"""Baseline tables of the shipped scenarios, from published totals and stated assumptions.

    python scenarios/build_tables.py [FOLDER]

writes quynh-luu/hamlets.csv and the units.csv of que-phong, son-la and ninh-thuan (default: beside
this file). What is published and what is assumed is in the README beside each table. Totals are met
by largest remainder; who gets what beyond them is a lottery by hash, so the same SEED gives the
same tables everywhere. Only the standard library is used, nothing of the simulation: the tables are
input, not results.
"""

import csv
import hashlib
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import TypeVar

SEED = 20180101
T = TypeVar("T")
Column = Sequence[object]

# ------------------------------------------------------------------ assumptions of several tables

ORDINARY_AGES = {
    "18-29": 6, "30-39": 11, "40-49": 14, "50-59": 19, "60-69": 24, "70-79": 17, "80-94": 9,
}  # fmt: skip
AT_RISK_YOUNGER = {"30-39": 4, "40-49": 13, "50-59": 18}
AT_RISK_OLDER = {"60-69": 30, "70-79": 25, "80-94": 10}
POSTED_AGES = {"30-39": 35, "40-49": 45, "50-59": 20}
MOUNTAIN_AGES = {
    "18-29": 12, "30-39": 20, "40-49": 18, "50-59": 18, "60-69": 17, "70-79": 10, "80-94": 5,
}  # fmt: skip
STAFF_AGES = {"18-29": 15, "30-39": 40, "40-49": 30, "50-59": 15}
CHIEFS_WHO_ARE_MEMBERS = 48 / 141  # published for Quynh Luu, like the two shares below
CHIEFS_TRAINED, SECRETARIES_TRAINED = 23 / 141, 74 / 131

STRENGTH_SD = 0.7
RESIDENTS_FOLLOW_MEMBERS = 0.5
LISTING_SD = 0.5
LEAVING_SD = 0.35
FULL_HELP = 6.0
OUTSIDE_HELPERS = 1.5
EXEMPT_SHARE_80 = 0.5
LONGEST_SINCE_ADMISSION = 180
LISTING_NO_CELL = 0.5
ADULTS_UNDER_60 = 0.55
SMALLEST_CELL = 3
LARGEST_CELL = 60


# ------------------------------------------------------------------ tools


def shuffled(items: Sequence[T], purpose: str) -> list[T]:
    """The items in the order of a lottery that belongs to `purpose` alone."""

    def ticket(position: int) -> bytes:
        return hashlib.sha256(f"{SEED}/{purpose}/{position}".encode()).digest()

    return [items[i] for i in sorted(range(len(items)), key=ticket)]


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to `weights` that add up to `total`; the first wins a tie."""
    exact = [total * w / sum(weights) for w in weights]
    counts = [math.floor(x) for x in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    return counts


def systematic(total: int, weights: Sequence[float], purpose: str) -> list[int]:
    """Whole numbers, each the exact share rounded down or up, that add up to `total`.

    Largest remainder would give all of a small total to the places with the largest weights;
    this systematic sample in the order of a lottery gives each its fair chance.
    """
    counts = [0] * len(weights)
    scale = total / sum(weights)
    reached, given = 0.0, 0
    order = shuffled(range(len(weights)), purpose)
    for place in order:
        reached += weights[place] * scale
        counts[place] = math.floor(reached + 0.5 - 1e-9) - given
        given += counts[place]
    return counts


def chosen(number: int, among: Sequence[bool], purpose: str) -> list[bool]:
    """Which places a lottery chooses, `number` of those that may be chosen."""
    winners = set(shuffled([i for i, may in enumerate(among) if may], purpose)[:number])
    return [i in winners for i in range(len(among))]


def midpoints(number: int) -> list[float]:
    """The probabilities in the middle of `number` equal parts of (0, 1)."""
    return [(i + 0.5) / number for i in range(number)]


def mean_one_factors(number: int, sd: float, purpose: str) -> list[float]:
    """Factors at even quantiles of a lognormal law, with mean 1, in the order of a lottery."""
    raw = [math.exp(sd * NormalDist().inv_cdf(p)) for p in midpoints(number)]
    mean = sum(raw) / number
    return [x / mean for x in shuffled(raw, purpose)]


def strengths_between(low: int, high: int, number: int, median: float) -> list[int]:
    """Even quantiles, rounded down, of a lognormal law confined to low..high, smallest first."""
    law = NormalDist(math.log(median), STRENGTH_SD)
    bottom, top = law.cdf(math.log(low)), law.cdf(math.log(high + 1))
    return [
        math.floor(math.exp(law.inv_cdf(bottom + p * (top - bottom)))) for p in midpoints(number)
    ]


def dealt_bands(sizes: Sequence[int], shares: Mapping[str, float], purpose: str) -> list[list[str]]:
    """The age bands of the people of each place: shares exact over all, dealt by lottery."""
    counts = largest_remainder(sum(sizes), list(shares.values()))
    bands = [band for band, count in zip(shares, counts, strict=True) for _ in range(count)]
    deck = iter(shuffled(bands, purpose))
    return [[next(deck) for _ in range(size)] for size in sizes]


# ------------------------------------------------------------------ places


@dataclass(frozen=True)
class Place:
    """One unit. `present` counts resident officials present, `away` those working elsewhere."""

    situation: str
    present: int
    posted: int = 0
    away: int = 0
    staff: int | None = None
    kind: str = "hamlet"
    tags: tuple[str, ...] = ()
    difficulty: str = "normal"
    district: str = ""
    commune: str = ""
    id: str = ""
    name: str = ""

    @property
    def officials(self) -> int:
        return self.present + self.away

    @property
    def religious(self) -> bool:
        return "religious" in self.tags


def column(places: Sequence[Place], of: Callable[[Place], object]) -> list[object]:
    return [of(place) for place in places]


def residents_of(
    places: Sequence[Place], median: float, sd: float, limits: tuple[int, int]
) -> list[int]:
    """Residents at even quantiles of a lognormal law; hamlets with more members tend to be larger.

    The rank of a hamlet is that of a mixture of its rank by members and a lottery.
    """
    normal = [NormalDist().inv_cdf(p) for p in midpoints(len(places))]
    by_members = sorted(range(len(places)), key=lambda i: (places[i].officials, places[i].id))
    luck = shuffled(normal, "residents")
    score = {
        i: RESIDENTS_FOLLOW_MEMBERS * z + math.sqrt(1 - RESIDENTS_FOLLOW_MEMBERS**2) * luck[i]
        for i, z in zip(by_members, normal, strict=True)
    }
    sizes = [min(max(round(median * math.exp(sd * z)), limits[0]), limits[1]) for z in normal]
    size_of = dict(zip(sorted(score, key=score.__getitem__), sizes, strict=True))
    return [size_of[i] for i in range(len(places))]


def with_away(places: Sequence[Place], share: float, room: Callable[[Place], int]) -> list[Place]:
    """Officials away, `share` of the whole roll, and never more than `room` in one place."""
    present = sum(place.present for place in places)
    rate = share / (1 - share)
    # With .8 x room / rate the expected number stays under the room, and so does the sample.
    weights = [min(place.present, 0.8 * room(place) / rate) for place in places]
    counts = systematic(round(present * rate), weights, "away")
    return [replace(place, away=n) for place, n in zip(places, counts, strict=True)]


def neighbours(places: Sequence[Place]) -> list[str]:
    """For each hamlet the next hamlet of its commune, in a ring, that has many members."""

    rings: dict[str, list[Place]] = {}
    for place in places:
        if place.kind == "hamlet":
            rings.setdefault(place.commune, []).append(place)

    def neighbour(place: Place) -> str:
        if place.kind != "hamlet":
            return ""
        ring = rings[place.commune]
        at = ring.index(place)
        around = ring[at + 1 :] + ring[:at]
        return next(p.id for p in around if p.situation == "ordinary")

    return [neighbour(place) for place in places]


def pipeline(
    places: Sequence[Place],
    stock: Mapping[str, int],
    weights: Sequence[float],
    may_admit: Sequence[bool],
) -> dict[str, list[int]]:
    """Candidates by stage and probationers, in proportion to expected listings."""
    admitting = [w if may else 0.0 for w, may in zip(weights, may_admit, strict=True)]
    return {
        stage: systematic(total, admitting if stage == "probation" else weights, stage)
        for stage, total in stock.items()
    }


def expected_listings(
    places: Sequence[Place], people: Sequence[float], factors: Sequence[float]
) -> list[float]:
    """Relative listings a year: people x local factor x help, as in the model."""
    return [
        number * factor * min(1.0, (place.present + OUTSIDE_HELPERS) / FULL_HELP)
        for place, number, factor in zip(places, people, factors, strict=True)
    ]


def months_since_admission(yearly: Sequence[float], probation: Sequence[int]) -> list[int]:
    """Months at even quantiles of an exponential law of each place's expected admissions.

    Who has somebody on probation admitted within the last 12 months, the others did not.
    """
    luck = shuffled(midpoints(len(yearly)), "months since admission")

    def months(p: float, rate: float, on_probation: int) -> int:
        if on_probation:
            return math.floor(12 * (1 - math.pow(1 - p, 1 / on_probation)))  # the latest of them
        waited = 12 - 12 * math.log(1 - p) / rate if rate else math.inf
        return math.floor(min(waited, LONGEST_SINCE_ADMISSION))

    return [months(*three) for three in zip(luck, yearly, probation, strict=True)]


def columns_of_place(
    province: str, places: Sequence[Place], levels: Sequence[str] = ("district", "commune")
) -> dict[str, Column]:
    """Where and what a unit is, with the area levels under the province."""
    return {
        "area.province": [province] * len(places),
        **{f"area.{level}": [getattr(place, level) for place in places] for level in levels},
        "id": column(places, lambda p: p.id),
        "name": column(places, lambda p: p.name),
        "kind": column(places, lambda p: p.kind),
        "tags": column(places, lambda p: " ".join(p.tags)),
        "difficulty": column(places, lambda p: p.difficulty),
    }


def band_columns(
    people: str, bands: Sequence[Sequence[str]], names: Sequence[str]
) -> dict[str, Column]:
    """Columns such as officials.60-69; an empty cell where a place has nobody of that age."""
    return {f"{people}.{name}": [row.count(name) or "" for row in bands] for name in names}


def exempt(bands: Sequence[Sequence[str]]) -> list[int]:
    """Officials exempt from activity: a share of those over 80."""
    old = [row.count("80-94") for row in bands]
    return systematic(round(EXEMPT_SHARE_80 * sum(old)), old, "exempt")


def blank_zero(values: Sequence[int]) -> list[object]:
    return [value or "" for value in values]


def rounded(values: Sequence[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def yes(values: Sequence[bool]) -> list[int]:
    return [int(value) for value in values]


# ------------------------------------------------------------------ Quynh Luu

QUYNH_LUU_MEDIAN = 8.0  # within the published classes; the ordinary mean is then about 14
QUYNH_LUU_AWAY = 0.06
QUYNH_LUU_STOCK = {"listed": 40, "certified": 51, "ready": 7, "probation": 42}
QUYNH_LUU_ADMISSIONS = 42
# Hamlets, and religious hamlets among them, of the ten communes: 141 and 52.
QUYNH_LUU_COMMUNES = [
    (20, 12), (18, 10), (16, 8), (15, 6), (14, 5), (14, 4), (13, 3), (12, 2), (10, 1), (9, 1),
]  # fmt: skip
ETHNIC_MINORITY = {"Special commune 09": 3, "Special commune 10": 2}
RISK_LINES = (9, 19)  # upper ends of the published classes of strength
AT_RISK_OVER_60 = {3: [2], 4: [3, 3, 3, 2, 2]}  # 15 of the 23 members
LISTING_AT_RISK = 0.35
LISTING_RELIGIOUS_SMALL = 0.5
LAST_ADMISSION_NONE = 60


def quynh_luu_situations() -> tuple[list[Place], list[Place]]:
    """The religious and the other hamlets by situation, as published; the order is arbitrary."""
    ordinary = [
        Place("ordinary", n)
        for low, high, number in ((5, 9, 28), (10, 19, 56), (20, 60, 21))
        for n in strengths_between(low, high, number, QUYNH_LUU_MEDIAN)
    ]
    religious = (
        [Place("no cell", 0) for _ in range(10)]
        + [Place("posted only", 0, posted) for posted in [4] * 3 + [5] * 6]
        + [Place("reinforced", local, 5) for local in [1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4]]
        + [Place("at risk", 4) for _ in range(2)]
        + ordinary[:20]
    )
    others = [Place("at risk", n) for n in (3, 4, 4, 4)] + ordinary[20:]
    return [replace(place, tags=("religious",)) for place in religious], others


def quynh_luu_places() -> list[Place]:
    """The 141 hamlets in their communes, with ids, tags, difficulty and members away."""
    religious, others = quynh_luu_situations()
    faithful = iter(shuffled(religious, "religious hamlets"))
    rest = iter(shuffled(others, "other hamlets"))
    places: list[Place] = []
    for number, (size, share) in enumerate(QUYNH_LUU_COMMUNES, start=1):
        here = [next(faithful) for _ in range(share)] + [next(rest) for _ in range(size - share)]
        for hamlet, place in enumerate(shuffled(here, f"commune {number}"), start=1):
            places.append(quynh_luu_named(place, number, hamlet, len(places) + 1))
    return with_away(with_minorities(places), QUYNH_LUU_AWAY, room_in_class)


def quynh_luu_named(place: Place, commune: int, hamlet: int, running: int) -> Place:
    difficult = "difficult" if place.situation == "no cell" else "normal"
    return replace(
        place,
        district="Quynh Luu",
        commune=f"Special commune {commune:02}",
        id=f"ql-c{commune:02}-h{hamlet:02}",
        name=f"Quynh Luu hamlet {running:03}",
        difficulty=difficult,
    )


def with_minorities(places: Sequence[Place]) -> list[Place]:
    """Tags the smallest cells without a religious majority of the two smallest communes."""
    tagged = {
        place.id
        for commune, number in ETHNIC_MINORITY.items()
        for place in sorted(
            (p for p in places if p.commune == commune and not p.religious),
            key=lambda p: p.present,
        )[:number]
    }
    return [
        replace(p, tags=("ethnic_minority",), difficulty="difficult") if p.id in tagged else p
        for p in places
    ]


def room_in_class(place: Place) -> int:
    """Members away that leave a hamlet in its published class of strength, away ones counted."""
    if place.situation != "ordinary":
        return 0
    return next((top - place.present for top in RISK_LINES if place.present <= top), 60)


def quynh_luu_ages(places: Sequence[Place]) -> list[list[str]]:
    """Age bands of the local officials of each hamlet; 15 of the 23 at risk are over 60."""
    risky = [place for place in places if place.situation == "at risk"]
    older = {size: iter(counts) for size, counts in AT_RISK_OVER_60.items()}
    over_60 = [next(older[place.officials]) for place in risky]
    under_60 = [place.officials - n for place, n in zip(risky, over_60, strict=True)]
    elders = dealt_bands(over_60, AT_RISK_OLDER, "at risk over 60")
    youngers = dealt_bands(under_60, AT_RISK_YOUNGER, "at risk under 60")
    at_risk = iter([a + b for a, b in zip(youngers, elders, strict=True)])
    others = iter(
        dealt_bands(
            [p.officials for p in places if p.situation != "at risk"], ORDINARY_AGES, "officials"
        )
    )
    return [next(at_risk if p.situation == "at risk" else others) for p in places]


def quynh_luu_listing_factors(places: Sequence[Place]) -> list[float]:
    """What is unexplained between hamlets times the factors of their situation."""

    def known(place: Place) -> float:
        factor = LISTING_AT_RISK if place.situation == "at risk" else 1.0
        if place.religious:
            factor *= LISTING_NO_CELL if place.situation == "no cell" else LISTING_RELIGIOUS_SMALL
        return factor

    unknown = mean_one_factors(len(places), LISTING_SD, "listing")
    return [known(place) * x for place, x in zip(places, unknown, strict=True)]


def quynh_luu_months(
    places: Sequence[Place], weights: Sequence[float], probation: Sequence[int]
) -> list[int]:
    """Months since the last admission; 60 where nobody was admitted for five years."""
    yearly = [QUYNH_LUU_ADMISSIONS * w / sum(weights) for w in weights]
    months = months_since_admission(yearly, probation)
    admitted = quynh_luu_may_admit(places)
    return [m if may else LAST_ADMISSION_NONE for m, may in zip(months, admitted, strict=True)]


def quynh_luu_may_admit(places: Sequence[Place]) -> list[bool]:
    """Whether somebody may be on probation: not at risk, and not without local members."""
    return [place.present > 0 and place.situation != "at risk" for place in places]


def quynh_luu() -> dict[str, Column]:
    """The table of the 141 hamlets, column by column."""
    places = quynh_luu_places()
    residents = residents_of(places, 560, 0.45, (180, 1600))
    factors = quynh_luu_listing_factors(places)
    weights = expected_listings(places, residents, factors)
    people = pipeline(places, QUYNH_LUU_STOCK, weights, quynh_luu_may_admit(places))
    bands = quynh_luu_ages(places)
    posted = dealt_bands([place.posted for place in places], POSTED_AGES, "posted")
    return {
        **columns_of_place("Nghe An", places),
        "residents": residents,
        "officials": column(places, lambda p: p.officials),
        **band_columns("officials", bands, list(ORDINARY_AGES)),
        "officials_away": blank_zero([p.away for p in places]),
        "officials_exempt": blank_zero(exempt(bands)),
        **{stage: blank_zero(counts) for stage, counts in people.items()},
        "posted": blank_zero([p.posted for p in places]),
        **band_columns("posted", posted, list(POSTED_AGES)),
        "posted_pool": column(places, lambda p: "district" if p.posted else ""),
        "posted_months_left": column(places, lambda p: "1-36" if p.posted else ""),
        "cell": column(places, lambda p: "none" if p.situation == "no cell" else "own"),
        **quynh_luu_offices(places),
        "months_since_admission": quynh_luu_months(places, weights, people["probation"]),
        "neighbour": neighbours(places),
        "listing_factor": rounded(factors),
        "leaving_factor": rounded(mean_one_factors(len(places), LEAVING_SD, "leaving")),
    }


def quynh_luu_offices(places: Sequence[Place]) -> dict[str, Column]:
    """48 chiefs are members, 23 of 141 chiefs and 74 of 131 secretaries are trained."""
    member = chosen(48, [p.present > 0 for p in places], "chiefs")
    has_cell = [p.situation != "no cell" for p in places]
    return {
        "chief": ["member" if is_member else "resident" for is_member in member],
        "chief_trained": yes(chosen(23, [True] * len(places), "trained chiefs")),
        "secretary_trained": yes(chosen(74, has_cell, "trained secretaries")),
    }


# ------------------------------------------------------------------ Que Phong

QUE_PHONG_MEMBERS = 5251  # published: officials and probationers
QUE_PHONG_HAMLET_MEMBERS = 194 * 17
QUE_PHONG_AWAY = 0.12
QUE_PHONG_STOCK = {"listed": 105, "certified": 133, "ready": 19, "probation": 105}
QUE_PHONG_ADMISSIONS = 105
QUE_PHONG_TOWN = "Que Phong town"
QUE_PHONG_COMMUNES = {
    QUE_PHONG_TOWN: 12, "Tien Phong": 12, "Nam Giai": 7, "Commune 04": 20, "Commune 05": 19,
    "Commune 06": 18, "Commune 07": 17, "Commune 08": 16, "Commune 09": 15, "Commune 10": 14,
    "Commune 11": 13, "Commune 12": 12, "Commune 13": 10, "Commune 14": 9,
}  # fmt: skip
QUE_PHONG_BORDER = ("Nam Giai", "Commune 05", "Commune 08", "Commune 12")
HEALTH_STATION_MEMBERS = 6
SCHOOLS, SCHOOL_MEMBERS = 30, 30
AGENCIES = 16
STAFF_MEMBER_SHARE = 0.6
HAMLET_OFFICIALS = 3208  # with 90 of the probationers about 17 members a hamlet


def que_phong_hamlets() -> list[Place]:
    """The 194 hamlets and blocks, strengths lognormal with sd .7, none under the minimum."""
    present = round(HAMLET_OFFICIALS * (1 - QUE_PHONG_AWAY))
    number = sum(QUE_PHONG_COMMUNES.values())
    median = present / number / math.exp(STRENGTH_SD**2 / 2)
    law = strengths_between(SMALLEST_CELL, LARGEST_CELL, number, median)
    above = largest_remainder(present - SMALLEST_CELL * number, [n - SMALLEST_CELL for n in law])
    strengths = iter(shuffled([SMALLEST_CELL + n for n in above], "hamlet cells"))
    places: list[Place] = []
    for commune, size in QUE_PHONG_COMMUNES.items():
        places += [que_phong_hamlet(next(strengths), commune, len(places) + i, i)
                   for i in range(1, size + 1)]  # fmt: skip
    return with_away(places, QUE_PHONG_AWAY, lambda _: LARGEST_CELL)


def que_phong_hamlet(present: int, commune: str, running: int, number: int) -> Place:
    in_town, border = commune == QUE_PHONG_TOWN, commune in QUE_PHONG_BORDER
    return Place(
        "ordinary",
        present,
        district="Que Phong",
        commune=commune,
        id=f"qp-c{commune_number(commune):02}-h{number:02}",
        name=f"Que Phong {'block' if in_town else 'hamlet'} {running:03}",
        tags=("block",) if in_town else ("border",) if border else (),
        difficulty="easy" if in_town else "difficult" if border else "normal",
    )


def commune_number(commune: str) -> int:
    return list(QUE_PHONG_COMMUNES).index(commune) + 1


def que_phong_staff_units(officials: int) -> list[Place]:
    """A health station and two schools in each commune, two more schools and all agencies in town.

    `officials` is what the hamlets leave of the published roll; the agencies take the remainder.
    """
    communes = list(QUE_PHONG_COMMUNES)
    schools = largest_remainder(SCHOOLS * SCHOOL_MEMBERS, mean_one_factors(SCHOOLS, 0.3, "schools"))
    rest = officials - HEALTH_STATION_MEMBERS * len(communes) - sum(schools)
    agencies = largest_remainder(rest, mean_one_factors(AGENCIES, 0.5, "agencies"))
    where = [QUE_PHONG_TOWN] * (SCHOOLS - 2 * len(communes)) + communes + communes
    return [
        *(staff_unit("health_station", i, HEALTH_STATION_MEMBERS, c)
          for i, c in enumerate(communes, start=1)),
        *(staff_unit("school", i, n, c)
          for i, (n, c) in enumerate(zip(schools, where, strict=True), start=1)),
        *(staff_unit("agency", i, n, QUE_PHONG_TOWN) for i, n in enumerate(agencies, start=1)),
    ]  # fmt: skip


def staff_unit(kind: str, number: int, officials: int, commune: str) -> Place:
    return Place(
        "staff",
        officials,
        staff=math.ceil(officials / STAFF_MEMBER_SHARE),
        kind=kind,
        district="Que Phong",
        commune=commune,
        id=f"qp-{kind.replace('_', '-')}-{number:02}",
        name=f"Que Phong {kind.replace('_', ' ')} {number:02}",
    )


def que_phong() -> dict[str, Column]:
    """The table of hamlets, blocks, schools, health stations and agencies, column by column."""
    hamlets = que_phong_hamlets()
    officials = QUE_PHONG_MEMBERS - QUE_PHONG_STOCK["probation"]
    staff_units = que_phong_staff_units(officials - sum(p.officials for p in hamlets))
    places = hamlets + staff_units
    residents = residents_of(hamlets, 350, 0.35, (120, 900))
    factors = mean_one_factors(len(places), LISTING_SD, "listing")
    adults = [ADULTS_UNDER_60 * n for n in residents]
    colleagues = [float((p.staff or 0) - p.officials) for p in staff_units]
    weights = expected_listings(places, adults + colleagues, factors)
    people = pipeline(places, QUE_PHONG_STOCK, weights, [True] * len(places))
    yearly = [QUE_PHONG_ADMISSIONS * w / sum(weights) for w in weights]
    bands = dealt_bands([p.officials for p in hamlets], MOUNTAIN_AGES, "officials")
    bands += dealt_bands([p.officials for p in staff_units], STAFF_AGES, "staff")
    return {
        **columns_of_place("Nghe An", places),
        "residents": residents + [""] * len(staff_units),
        "staff": column(places, lambda p: p.staff or ""),
        "officials": column(places, lambda p: p.officials),
        **band_columns("officials", bands, list(MOUNTAIN_AGES)),
        "officials_away": blank_zero([p.away for p in places]),
        "officials_exempt": blank_zero(exempt(bands)),
        **{stage: blank_zero(counts) for stage, counts in people.items()},
        "cell": ["own"] * len(places),
        **que_phong_offices(places),
        "months_since_admission": months_since_admission(yearly, people["probation"]),
        "neighbour": neighbours(places),
        "listing_factor": rounded(factors),
        "leaving_factor": rounded(
            mean_one_factors(len(hamlets), LEAVING_SD, "leaving") + [1.0] * len(staff_units)
        ),
    }


def que_phong_offices(places: Sequence[Place]) -> dict[str, Column]:
    """162 of 194 chiefs are members; training at the shares published for Quynh Luu."""
    hamlet = [p.kind == "hamlet" for p in places]
    member = chosen(194 - 32, hamlet, "chiefs")
    secretaries = round(74 / 131 * len(places))
    return {
        "chief": [
            "vacant" if not is_hamlet else "member" if is_member else "resident"
            for is_hamlet, is_member in zip(hamlet, member, strict=True)
        ],
        "chief_trained": yes(chosen(round(23 / 141 * 194), hamlet, "trained chiefs")),
        "secretary_trained": yes(chosen(secretaries, [True] * len(places), "trained secretaries")),
    }


# ------------------------------------------------------------------ Son La

SON_LA_KINDS = ("hamlet", "school", "health_station")
SON_LA_UNITS = (2500, 480, 201)  # published: 3,181 together; a station in each commune
SON_LA_NO_CELL, SON_LA_NO_MEMBERS = 995, 86  # published
# Published by kind: cells founded in 2006 and in the ten years to 2015, those of the ten years by
# recruiting on the spot, units without a cell at the end of 2015, units with first members in 2006.
SON_LA_FOUNDED_2006 = (230, 59, 75)
SON_LA_FOUNDED = (737, 248, 85)
SON_LA_RECRUITED = (446, 197, 61)
SON_LA_LEFT = (86, 10, 0)
SON_LA_FIRST_MEMBERS = (56, 4, 1)
SON_LA_COMMUNES = (25, 24, 22, 20, 20, 18, 17, 16, 15, 14, 10)  # of the 11 districts, 201
SON_LA_DIFFICULT, SON_LA_BORDER = 80, 17  # communes; those on the border are among the others
SON_LA_COMMUNE_SD = 0.3
# How much more often a unit is without a cell: "most are in remote, border villages".
SON_LA_WITHOUT = {"easy": 0.0, "normal": 1.0, "difficult": 3.0}
SON_LA_MEDIAN = {"hamlet": 10.4, "school": 7.0, "health_station": 4.5}
SON_LA_LARGEST = {"hamlet": LARGEST_CELL, "school": 30, "health_station": 6}
SON_LA_SMALL = {"no members": (0,), "few": (1, 2), "joint": (3, 3, 3, 4, 4, 5)}
SON_LA_SCHOOL_SHARE, SON_LA_SMALLEST_SCHOOL, SON_LA_STATION = 0.3, 10, 8
SON_LA_AWAY = 0.06
SON_LA_STOCK = {"listed": 1450, "certified": 2200, "ready": 100, "probation": 1250}
SON_LA_ADMISSIONS = 1250
SON_LA_STAFF_LISTING = 8.0


def son_la_without_cell() -> list[int]:
    """The 995 units without an own cell by kind: those that got one and those that were left.

    These are more than 995, for villages split and cells were lost. Stations do neither.
    """
    stations = SON_LA_FOUNDED[2] + SON_LA_LEFT[2]
    sums = [a + b for a, b in zip(SON_LA_FOUNDED[:2], SON_LA_LEFT[:2], strict=True)]
    return [*largest_remainder(SON_LA_NO_CELL - stations, sums), stations]


def son_la_joint() -> list[int]:
    """Units in a joint cell that could stand alone: cells founded in 2006 by own recruits.

    Who was listed after the resolution of February 2006 was not official by its end. The share
    of own recruits among these cells is taken to be that of the ten years.
    """
    three = zip(SON_LA_FOUNDED_2006, SON_LA_RECRUITED, SON_LA_FOUNDED, strict=True)
    return [round(first * own / ten) for first, own, ten in three]


def son_la_units() -> list[Place]:
    """The units in their communes, without members: villages, then schools, then stations."""
    towns = [sum(SON_LA_COMMUNES[:d]) for d in range(len(SON_LA_COMMUNES))]
    communes = range(sum(SON_LA_COMMUNES))
    difficult = chosen(SON_LA_DIFFICULT, [c not in towns for c in communes], "difficult communes")
    border = chosen(SON_LA_BORDER, difficult, "border communes")
    sizes = mean_one_factors(len(communes), SON_LA_COMMUNE_SD, "villages of a commune")
    villages = largest_remainder(SON_LA_UNITS[0], sizes)
    schools = largest_remainder(SON_LA_UNITS[1], villages)
    numbers = (villages, schools, [1] * SON_LA_UNITS[2])
    places: list[Place] = []
    for kind, of_commune in zip(SON_LA_KINDS, numbers, strict=True):
        before = len(places)
        for c, number in enumerate(of_commune):
            level = "easy" if c in towns else "difficult" if difficult[c] else "normal"
            places += [
                son_la_unit(kind, c, i, len(places) - before + i, level, border[c])
                for i in range(1, number + 1)
            ]
    return places


def son_la_unit(
    kind: str, commune: int, number: int, running: int, difficulty: str, border: bool
) -> Place:
    district, first = 1, 0
    while commune >= first + SON_LA_COMMUNES[district - 1]:
        first, district = first + SON_LA_COMMUNES[district - 1], district + 1
    code = f"{district:02}-{commune - first + 1:02}"
    word = {"hamlet": "village", "school": "school", "health_station": "health station"}[kind]
    remote = {"easy": ("town",), "normal": (), "difficult": ("remote",)}[difficulty]
    return Place(
        "",
        0,
        kind=kind,
        tags=(*remote, "border") if border else remote,
        difficulty=difficulty,
        district=f"District {district:02}",
        commune=f"Commune {code}",
        id=f"sl-{code}-{word[0]}{number:02}",
        name=f"Son La {word} {running:0{4 if kind == 'hamlet' else 3}}",
    )


def son_la_places() -> list[Place]:
    """The 3,181 units with their members."""
    units = son_la_units()
    none = largest_remainder(SON_LA_NO_MEMBERS, SON_LA_FIRST_MEMBERS)
    numbers = zip(SON_LA_KINDS, son_la_without_cell(), none, son_la_joint(), strict=True)
    places: list[Place] = []
    for kind, without, empty, joint in numbers:
        of_kind = [unit for unit in units if unit.kind == kind]
        places += son_la_filled(kind, son_la_situated(of_kind, without, empty, joint))
    villages = with_away(
        [p for p in places if p.kind == "hamlet"], SON_LA_AWAY, lambda _: LARGEST_CELL
    )
    return villages + places[len(villages) :]


def son_la_situated(units: Sequence[Place], without: int, empty: int, joint: int) -> list[Place]:
    """Which units of one kind have no own cell, mostly remote ones, and which of those what."""
    kind = units[0].kind
    lacks = systematic(
        without, [SON_LA_WITHOUT[p.difficulty] for p in units], f"{kind} without a cell"
    )
    rest = without - empty - joint
    situations = ["no members"] * empty + ["joint"] * joint + ["few"] * rest
    lot = iter(shuffled(situations, f"{kind} situations"))
    return [
        replace(unit, situation=next(lot), tags=(*unit.tags, "no_cell"))
        if one
        else replace(unit, situation="ordinary")
        for unit, one in zip(units, lacks, strict=True)
    ]


def son_la_filled(kind: str, places: Sequence[Place]) -> list[Place]:
    """Members and staff of the units of one kind."""
    strengths = {
        situation: iter(shuffled(son_la_strengths(kind, situation, number), f"{kind} {situation}"))
        for situation in ("ordinary", *SON_LA_SMALL)
        if (number := sum(p.situation == situation for p in places))
    }
    filled = [replace(place, present=next(strengths[place.situation])) for place in places]
    return [replace(place, staff=son_la_staff(place)) for place in filled]


def son_la_strengths(kind: str, situation: str, number: int) -> list[int]:
    """Officials present of so many units; the small ones in turn."""
    small = SON_LA_SMALL.get(situation)
    if small:
        return [small[i % len(small)] for i in range(number)]
    return strengths_between(SMALLEST_CELL, SON_LA_LARGEST[kind], number, SON_LA_MEDIAN[kind])


def son_la_staff(place: Place) -> int | None:
    if place.kind == "school":
        return max(math.ceil(place.present / SON_LA_SCHOOL_SHARE), SON_LA_SMALLEST_SCHOOL)
    return SON_LA_STATION if place.kind == "health_station" else None


def son_la_cells(places: Sequence[Place]) -> list[str]:
    """A joint unit is with a village of the commune that has a cell, each in turn."""
    hosts: dict[str, list[str]] = {}
    for place in places:
        if place.kind == "hamlet" and place.situation == "ordinary":
            hosts.setdefault(place.commune, []).append(place.id)

    def cell(place: Place) -> str:
        if place.situation == "joint":
            ids = hosts[place.commune]
            ids.append(ids.pop(0))
            return f"with:{ids[-1]}"
        return "own" if place.situation == "ordinary" else "none"

    return [cell(place) for place in places]


def son_la() -> dict[str, Column]:
    """The table of villages, schools and health stations, column by column."""
    places = son_la_places()
    villages = [p for p in places if p.kind == "hamlet"]
    staff_units = places[len(villages) :]
    residents = residents_of(villages, 370, 0.35, (100, 1000))
    factors = [
        x
        * (LISTING_NO_CELL if p.situation in ("few", "no members") else 1.0)
        * (SON_LA_STAFF_LISTING if p.staff else 1.0)
        for x, p in zip(mean_one_factors(len(places), LISTING_SD, "listing"), places, strict=True)
    ]
    people = [ADULTS_UNDER_60 * n for n in residents]
    people += [float((p.staff or 0) - p.officials) for p in staff_units]
    weights = expected_listings(places, people, factors)
    has_members = [p.officials > 0 for p in places]
    stages = pipeline(places, SON_LA_STOCK, weights, has_members)
    yearly = [SON_LA_ADMISSIONS * w / sum(weights) for w in weights]
    bands = dealt_bands([p.officials for p in villages], MOUNTAIN_AGES, "officials")
    bands += dealt_bands([p.officials for p in staff_units], STAFF_AGES, "staff")
    return {
        **columns_of_place("Son La", places),
        "residents": residents + [""] * len(staff_units),
        "staff": column(places, lambda p: p.staff or ""),
        "officials": column(places, lambda p: p.officials),
        **band_columns("officials", bands, list(MOUNTAIN_AGES)),
        "officials_away": blank_zero([p.away for p in places]),
        "officials_exempt": blank_zero(exempt(bands)),
        **{stage: blank_zero(counts) for stage, counts in stages.items()},
        "cell": son_la_cells(places),
        **assumed_offices(places),
        "months_since_admission": months_since_admission(yearly, stages["probation"]),
        "neighbour": neighbours(places),
        "listing_factor": rounded(factors),
        "leaving_factor": rounded(
            mean_one_factors(len(villages), LEAVING_SD, "leaving") + [1.0] * len(staff_units)
        ),
    }


def assumed_offices(places: Sequence[Place]) -> dict[str, Column]:
    """Chiefs who are members, and trained chiefs and secretaries, at the shares of Quynh Luu."""
    hamlet = [p.kind == "hamlet" for p in places]
    own_cell = [p.situation == "ordinary" for p in places]
    local = [is_hamlet and p.present > 0 for is_hamlet, p in zip(hamlet, places, strict=True)]
    member = chosen(round(CHIEFS_WHO_ARE_MEMBERS * sum(hamlet)), local, "chiefs")
    chiefs = chosen(round(CHIEFS_TRAINED * sum(hamlet)), hamlet, "trained chiefs")
    secretaries = round(SECRETARIES_TRAINED * sum(own_cell))
    return {
        "chief": [
            "vacant" if not is_hamlet else "member" if is_member else "resident"
            for is_hamlet, is_member in zip(hamlet, member, strict=True)
        ],
        "chief_trained": yes(chiefs),
        "secretary_trained": yes(chosen(secretaries, own_cell, "trained secretaries")),
    }


# ------------------------------------------------------------------ Ninh Thuan

NINH_THUAN_CELLS = 296  # published, beside 146 committees: 442 organisations
NINH_THUAN_MEMBERS = 25_000  # assumed, like all that follows
NINH_THUAN_STOCK = {"listed": 400, "certified": 1350, "ready": 70, "probation": 820}
NINH_THUAN_ADMISSIONS = 820
NINH_THUAN_AWAY = 0.06
# District-level committees: committees of communes, other committees, schools, hospitals and
# health centres, other cells.
NINH_THUAN_AREAS = {
    "District 01": (16, 9, 5, 1, 32),
    "District 02": (9, 6, 3, 1, 22),
    "District 03": (9, 6, 3, 1, 22),
    "District 04": (9, 5, 3, 1, 22),
    "District 05": (8, 5, 2, 1, 21),
    "District 06": (8, 5, 2, 1, 21),
    "District 07": (6, 5, 2, 1, 19),
    "Agencies of the province": (0, 24, 0, 3, 67),
    "Enterprises of the province": (0, 16, 0, 0, 40),
}
NINH_THUAN_KINDS = (  # in the order of the numbers above: kind, tags, name
    ("hamlet", ("committee", "commune"), "commune"),
    ("agency", ("committee",), "committee"),
    ("school", ("cell",), "school"),
    ("health_station", ("cell",), "health centre"),
    ("agency", ("cell",), "cell"),
)
NINH_THUAN_MEDIAN_CELL, NINH_THUAN_LARGEST_CELL = 11.0, 29
NINH_THUAN_COMMITTEE, NINH_THUAN_SMALLEST_COMMITTEE = 80, 30
NINH_THUAN_MEMBER_SHARE = 0.5
NINH_THUAN_STAFF_LISTING = 12.0


def ninh_thuan_organisations() -> list[Place]:
    """The 442 organisations, kind after kind, without members."""
    places: list[Place] = []
    for k, (kind, tags, word) in enumerate(NINH_THUAN_KINDS):
        areas = [area for area, numbers in NINH_THUAN_AREAS.items() for _ in range(numbers[k])]
        places += [
            Place("ordinary", 0, kind=kind, tags=tags, district=area,
                  id=f"nt-{word.replace(' ', '-')}-{i:03}", name=f"Ninh Thuan {word} {i:03}")
            for i, area in enumerate(areas, start=1)
        ]  # fmt: skip
    return places


def ninh_thuan_places() -> list[Place]:
    """The organisations with their members; the communes take what the others leave."""
    empty = ninh_thuan_organisations()
    communes = [p for p in empty if p.kind == "hamlet"]
    others = [p for p in empty if p.kind != "hamlet"]
    small = strengths_between(
        SMALLEST_CELL, NINH_THUAN_LARGEST_CELL, NINH_THUAN_CELLS, NINH_THUAN_MEDIAN_CELL
    )
    cells = iter(shuffled(small, "cells"))
    committees = iter(mean_one_factors(len(others) - NINH_THUAN_CELLS, 0.5, "committees"))
    staffed = [
        ninh_thuan_staffed(
            p,
            next(cells)
            if "cell" in p.tags
            else max(NINH_THUAN_SMALLEST_COMMITTEE, round(NINH_THUAN_COMMITTEE * next(committees))),
        )
        for p in others
    ]
    officials = NINH_THUAN_MEMBERS - NINH_THUAN_STOCK["probation"]
    left = officials - sum(p.officials for p in staffed)
    present = largest_remainder(
        round(left * (1 - NINH_THUAN_AWAY)), mean_one_factors(len(communes), 0.35, "communes")
    )
    filled = [replace(p, present=n) for p, n in zip(communes, present, strict=True)]
    return with_away(filled, NINH_THUAN_AWAY, lambda place: place.present) + staffed


def ninh_thuan_staffed(place: Place, officials: int) -> Place:
    return replace(place, present=officials, staff=math.ceil(officials / NINH_THUAN_MEMBER_SHARE))


def ninh_thuan() -> dict[str, Column]:
    """The table of grassroots organisations, column by column."""
    places = ninh_thuan_places()
    communes = [p for p in places if p.kind == "hamlet"]
    staffed = places[len(communes) :]
    residents = residents_of(communes, 8500, 0.35, (3000, 25000))
    factors = [
        x * (NINH_THUAN_STAFF_LISTING if p.staff else 1.0)
        for x, p in zip(mean_one_factors(len(places), LISTING_SD, "listing"), places, strict=True)
    ]
    people = [ADULTS_UNDER_60 * n for n in residents]
    people += [float((p.staff or 0) - p.officials) for p in staffed]
    weights = expected_listings(places, people, factors)
    stages = pipeline(places, NINH_THUAN_STOCK, weights, [True] * len(places))
    yearly = [NINH_THUAN_ADMISSIONS * w / sum(weights) for w in weights]
    bands = dealt_bands([p.officials for p in communes], ORDINARY_AGES, "officials")
    bands += dealt_bands([p.officials for p in staffed], STAFF_AGES, "staff")
    secretaries = round(SECRETARIES_TRAINED * len(places))
    return {
        **columns_of_place("Ninh Thuan", places, levels=("district",)),
        "residents": residents + [""] * len(staffed),
        "staff": column(places, lambda p: p.staff or ""),
        "officials": column(places, lambda p: p.officials),
        **band_columns("officials", bands, list(ORDINARY_AGES)),
        "officials_away": blank_zero([p.away for p in places]),
        "officials_exempt": blank_zero(exempt(bands)),
        **{stage: blank_zero(counts) for stage, counts in stages.items()},
        "cell": ["own"] * len(places),
        "chief": ["vacant"] * len(places),
        "secretary_trained": yes(chosen(secretaries, [True] * len(places), "trained secretaries")),
        "months_since_admission": months_since_admission(yearly, stages["probation"]),
        "listing_factor": rounded(factors),
        "leaving_factor": rounded(
            mean_one_factors(len(communes), LEAVING_SD, "leaving") + [1.0] * len(staffed)
        ),
    }


# ------------------------------------------------------------------ files


def write(table: Mapping[str, Column], path: Path) -> None:
    """Writes the columns as UTF-8 CSV with one header line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(table)
        rows.writerows(zip(*table.values(), strict=True))


def main(folder: Path) -> None:
    """Writes all tables under `folder`."""
    write(quynh_luu(), folder / "quynh-luu" / "hamlets.csv")
    write(que_phong(), folder / "que-phong" / "units.csv")
    write(son_la(), folder / "son-la" / "units.csv")
    write(ninh_thuan(), folder / "ninh-thuan" / "units.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
