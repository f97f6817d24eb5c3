"""The world: people, cells and offices as plain data at a month start.

A baseline is a world in which some things are unknown (NaN or UNKNOWN): birth dates inside an age
band, elapsed times of the pipeline, terms of postings. Each replication draws them by key. People
are synthetic from the first; the baseline holds counts only.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.draws import entity_key, person_keys
from sim.load.bands import parse_band
from sim.scenario import Baseline, Completion, Group, Loaded, Scenario, Unit

UNKNOWN = -9999
STALE = -1.0
"""Day of a clock that is to be found anew: its budget, its rate or its place have changed."""
DRAWN = -3
"""Office held by an official whom each replication draws."""

PERSON = np.dtype(
    [
        ("key", "i8"),
        ("birth", "f8"),
        ("hamlet", "i4"),
        ("weight", "i4"),
        ("status", "i1"),
        ("place", "i1"),
        ("sex", "i1"),
        ("what", "i1"),
        ("counted", "i1"),
        ("points", "i1"),
        ("adult", "i1"),
        ("entry_kind", "i1"),
        ("waiting", "f8"),
        ("helper_from", "f8"),
        ("entry_hamlet", "i4"),
        ("term_month", "i4"),
        ("fired", "i4"),
        ("dossiers", "i4"),
        ("death", "f8"),
        ("clock", "f8"),
        ("stage_due", "f8"),
        ("certificate_until", "f8"),
        ("limit", "f8"),
        ("budget", "f8"),
        ("since", "f8"),
        ("entry_day", "f8"),
        ("turn", "f8"),
        ("entry_cause", "i8"),
        ("home", "i8"),
        ("pool", "i8"),
        ("term_months", "i8"),
        ("term_low", "i4"),
        ("term_high", "i4"),
        ("age_low", "f8"),
        ("age_high", "f8"),
    ],
    align=True,
)
"""One person; days count from the start. What is read together stands together, in the first two of
three lines of the processor's cache; the fewer lines a district takes, the nearer it stays.
entry_day, entry_hamlet: when and where the person's death was settled; turn: when time alone next
changes what the person is to listing; the last four are bands in which a baseline leaves things
unknown."""

HAMLET = np.dtype(
    [
        ("cell", "i8"),
        ("group", "i8"),
        ("chief", "i8"),
        ("weight", "i8"),
        ("points", "i8"),
        ("officials", "i8"),
        ("listing_factor", "f8"),
        ("pull", "f8"),
        ("adults", "i8"),
        ("candidates", "i8"),
        ("secretary", "i8"),
        ("vacancies", "i8"),
        ("key", "i8"),
        ("is_hamlet", "?"),
        ("chief_trained", "?"),
        ("chief_asked", "?"),
        ("secretary_trained", "?"),
        ("ever_founded", "?"),
        ("roll", "i8"),
        ("strength", "i8"),
        ("below_since", "f8"),
        ("below_cause", "i8"),
        ("leaving_factor", "f8"),
        ("mortality_factor", "f8"),
        ("base_group", "i8"),
        ("neighbour", "i8"),
        ("last_admission", "i8"),
        ("staff", "i8"),
        ("turns", "i8"),
        ("admissions", "i8"),
        ("gain", "i8"),
        ("difficulty", "i8"),
    ],
    align=True,
)
"""One unit and its cell. `officials` count towards strength, `strength` is its own cell's; one that
was founded or lost before is `ever_founded`: lost once more, it is empty again."""

DIFFICULTIES = ("easy", "normal", "difficult")
SEXES = ("f", "m")
FEMALE, MALE = 0, 1


NOTHING = np.zeros(0, dtype=np.int64)
"""Of a baseline: nobody admitted or posted yet, no lever decided."""


class World(NamedTuple):
    """A month start before anything happens in it.

    people, hamlets: structured arrays of PERSON and HAMLET; holders of offices by their keys.
    month: 0 of a baseline, in which some things are unknown; later nothing is.  levers: keys of the
    adaptive levers whose bits stand in the group of each hamlet (see `sim.plan`).  admitted,
    target_pull by target, pool_used by pool.  rates: keys of the rates with which the clocks and
    the deaths of each hamlet's people were found [H, 2]; without them they are found anew.
    """

    people: npt.NDArray[np.void]
    hamlets: npt.NDArray[np.void]
    month: int = 0
    levers: npt.NDArray[np.int64] = NOTHING
    admitted: npt.NDArray[np.int64] = NOTHING
    target_pull: npt.NDArray[np.float64] = np.zeros(0)
    pool_used: npt.NDArray[np.int64] = NOTHING
    rates: npt.NDArray[np.int64] = NOTHING


def copied(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """A copy of people or hamlets as they lie in memory; numpy's own goes field by field."""
    return rows.view(np.uint64).copy().view(rows.dtype)


# ---------------------------------------------------------------- completion

COMPLETED = ("officials", "probation", "listed", "certified", "ready")
"""Groups whose ages and sexes are completed where the table does not give them."""


def complete(baseline: Baseline, completion: Completion) -> Baseline:
    """The baseline with every age, sex and number of residents given, by the stated shares.

    A unit is completed from its own row alone, so that one unit more changes no other.
    """
    units = aged(baseline, completion).units
    return baseline.model_copy(update={"units": tuple(_count_women(u, completion) for u in units)})


def aged(baseline: Baseline, completion: Completion) -> Baseline:
    """The baseline with every age and number of residents given; what is given stays."""
    return baseline.model_copy(
        update={"units": tuple(_aged(u, completion) for u in baseline.units)}
    )


def _aged(unit: Unit, completion: Completion) -> Unit:
    update: dict[str, object] = {}
    if unit.officials_away is None:
        update["officials_away"] = 0
    for status in COMPLETED:
        groups: tuple[Group, ...] = getattr(unit, status)
        if any(g.band is None for g in groups):
            ages = completion.official_ages if status == "officials" else completion.candidate_ages
            update[status] = _with_ages(groups, ages, _keyed_start(unit.id, status))
    if unit.residents is None and not unit.residents_by_age and unit.kind == "hamlet":
        update["residents"] = completion.residents_per_unit
    return unit.model_copy(update=update) if update else unit


def _count_women(unit: Unit, completion: Completion) -> Unit:
    """The number of women that `_are_women` deals to each group."""
    update: dict[str, object] = {}
    for status in COMPLETED:
        groups: tuple[Group, ...] = getattr(unit, status)
        if any(g.women is None for g in groups):
            share = _women_share(status, completion)
            update[status] = tuple(_with_women(g, unit.id, status, share) for g in groups)
    return unit.model_copy(update=update) if update else unit


def _with_women(group: Group, unit_id: str, status: str, share: float) -> Group:
    if group.women is not None:
        return group
    women = math.floor(group.count * share + _women_start(unit_id, status, group))
    return group.model_copy(update={"women": women})


def _women_share(status: str, completion: Completion) -> float:
    official = status == "officials"
    return completion.women_share_officials if official else completion.women_share_candidates


def _women_start(unit_id: str, status: str, group: Group) -> float:
    """Where the dealing of women to a group begins."""
    return _keyed_start(unit_id, f"{status}/{group.band}")


def _keyed_start(unit_id: str, what: str) -> float:
    """A number in [0, 1) that belongs to this unit and purpose: where a dealing begins."""
    return (entity_key(f"{unit_id}/{what}") >> 10) / float(1 << 53)


def deal(total: int, weights: list[float], start: float) -> list[int]:
    """`total` places dealt by systematic sampling: each number is the nearest whole one below or
    above its share, and over many units with different starts the shares come out exactly."""
    cumulated = [sum_ / sum(weights) for sum_ in accumulate(weights)]
    dealt = [0] * len(weights)
    for place in range(total):
        at = bisect_right(cumulated, (place + start) / total)
        dealt[min(at, len(weights) - 1)] += 1
    return dealt


def _with_ages(
    groups: tuple[Group, ...], ages: dict[str, float], start: float
) -> tuple[Group, ...]:
    banded: list[Group] = []
    for group in groups:
        if group.band is not None:
            banded.append(group)
            continue
        numbers = deal(group.count, list(ages.values()), start)
        for label, number in zip(ages, numbers, strict=True):
            if number:
                banded.append(Group(band=parse_band(label), count=number))
    return tuple(banded)


# ---------------------------------------------------------------- building

_STATUS_CODE = {
    "listed": rules.LISTED,
    "certified": rules.CERTIFIED,
    "ready": rules.READY,
    "probation": rules.PROBATION,
    "officials": rules.OFFICIAL,
    "posted": rules.OFFICIAL,
}


def build(loaded: Loaded) -> World:
    """The world at the start. Unknown dates stay unknown; each replication draws them."""
    units = aged(loaded.baseline, loaded.scenario.completion).units
    hamlets = _hamlets(units)
    return World(_people(units, hamlets, loaded), hamlets)


_AS_IN_THE_TABLE = (
    "listing_factor", "leaving_factor", "mortality_factor", "chief_trained", "secretary_trained",
)  # fmt: skip


def _hamlets(units: tuple[Unit, ...]) -> npt.NDArray[np.void]:
    index = {u.id: i for i, u in enumerate(units)}
    rows = np.zeros(len(units), dtype=HAMLET)
    rows["below_since"] = rules.NEVER
    rows["pull"] = 1.0
    columns: dict[str, list[object]] = {
        "key": [entity_key(u.id) for u in units],
        "difficulty": [DIFFICULTIES.index(u.difficulty) for u in units],
        "is_hamlet": [u.kind == "hamlet" for u in units],
        "staff": [u.staff or 0 for u in units],
        "neighbour": [index[u.neighbour] if u.neighbour else -1 for u in units],
        "ever_founded": [u.ever_lost for u in units],
        "last_admission": [_last_admission(u) for u in units],
        "chief": [_chief_code(u) for u in units],
        "secretary": [DRAWN if u.cell == "own" else rules.NO_CHIEF for u in units],
        **{name: [getattr(u, name) for u in units] for name in _AS_IN_THE_TABLE},
    }
    for name, values in columns.items():
        rows[name] = values
    rows["cell"], rows["roll"] = zip(*(_cell(u, index) for u in units), strict=True)
    return rows


def _last_admission(unit: Unit) -> int:
    since = unit.months_since_admission
    return UNKNOWN if since is None else -since


def _chief_code(unit: Unit) -> int:
    if unit.kind != "hamlet":
        return rules.NO_CHIEF
    codes = {"member": DRAWN, "resident": rules.RESIDENT_CHIEF, "vacant": rules.NO_CHIEF}
    return codes[unit.chief]


def _cell(unit: Unit, index: dict[str, int]) -> tuple[int, int]:
    if unit.cell == "own":
        return (rules.CLOSED, -1) if _is_empty(unit) else (rules.OWN, index[unit.id])
    if unit.cell == "none":
        return (rules.CLOSED, -1) if _is_empty(unit) else (rules.NONE, -1)
    return rules.JOINT, index[unit.cell.removeprefix("with:")]


def _is_empty(unit: Unit) -> bool:
    """Nobody lives here: a unit that a later split or resettlement will open."""
    if unit.residents != 0 or unit.residents_by_age or unit.staff:
        return False
    groups = (unit.officials, unit.probation, unit.listed, unit.certified, unit.ready, unit.posted)
    return not any(g.count for gs in groups for g in gs)


_GROUP = np.dtype(
    [
        ("unit", "i8"), ("status", "i8"), ("low", "f8"), ("high", "f8"), ("count", "i8"),
        ("before", "i8"), ("women", "i8"), ("start", "f8"),
    ]
)  # fmt: skip
"""People alike. status: its number in _STATUS_CODE.  before: people of the same unit, status and
band in earlier groups.  women: their number, or UNKNOWN, and then where their dealing starts."""


def _people(
    units: tuple[Unit, ...], hamlets: npt.NDArray[np.void], loaded: Loaded
) -> npt.NDArray[np.void]:
    """Everybody, unit by unit, in the order of _STATUS_CODE and of the groups."""
    groups = _all_groups(units, loaded)
    counts = groups["count"]
    of = np.repeat(np.arange(len(groups)), counts)
    place = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    people = blank_people(len(of))
    people["hamlet"] = groups["unit"][of]
    people["status"] = np.array(list(_STATUS_CODE.values()))[groups["status"]][of]
    people["age_low"], people["age_high"] = groups["low"][of], groups["high"][of]
    women = _are_women(groups[of], place, loaded.scenario)
    people["sex"] = np.where(women, FEMALE, MALE)
    people["key"] = person_keys(
        hamlets["key"][people["hamlet"]],
        rules.INITIAL_PEOPLE,
        _group_code(groups)[of],
        groups["before"][of] + place,
    )
    _place_officials(people, groups, units)
    people["place"][~hamlets["is_hamlet"][people["hamlet"]] & _are_present(people)] = rules.STAFF
    _post(people, groups, units, loaded)
    return people


def _all_groups(units: tuple[Unit, ...], loaded: Loaded) -> npt.NDArray[np.void]:
    """The groups of all units, in the order of their people."""
    low, high = loaded.scenario.postings.ages
    of_posted = (float(low), float(high))
    rows = []
    for i, unit in enumerate(units):
        for number, status in enumerate(_STATUS_CODE):
            before: dict[object, int] = {}
            for group in getattr(unit, status):
                band = group.band or of_posted
                women, start = group.women, 0.0
                if women is None:
                    women, start = UNKNOWN, _keyed_start(unit.id, f"{status}/{band}")
                earlier = before.get(band, 0)
                before[band] = earlier + group.count
                rows.append((i, number, *band, group.count, earlier, women, start))
    return np.array(rows, dtype=_GROUP)


def _are_women(
    groups: npt.NDArray[np.void], place: npt.NDArray[np.int64], scenario: Scenario
) -> npt.NDArray[np.bool_]:
    """Whether the person at a place of a group is a woman: dealt by the share from a keyed start,
    so that one person more changes nobody else; if their number is given, the first ones."""
    shares = [_women_share(status, scenario.completion) for status in _STATUS_CODE]
    shares[list(_STATUS_CODE).index("posted")] = scenario.postings.women_share
    share, start = np.array(shares)[groups["status"]], groups["start"]
    dealt = np.floor((place + 1) * share + start) > np.floor(place * share + start)
    return np.where(groups["women"] == UNKNOWN, dealt, place < groups["women"])


def _group_code(groups: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """A number for a status and an age band.

    With it the key of a person depends on nothing but the hamlet, the status, the band and the
    place in it, so that one person more changes nobody else.
    """
    low, high = (np.rint(groups[end] * 1000).astype(np.int64) for end in ("low", "high"))
    return (groups["status"] * 121_000 + low) * 121_000 + high


def _are_present(people: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    return people["place"] == rules.PRESENT


def blank_people(number: int) -> npt.NDArray[np.void]:
    """People of whom nothing is known yet."""
    rows = np.zeros(number, dtype=PERSON)
    for name in ("birth", "death", "budget", "stage_due", "certificate_until", "waiting"):
        rows[name] = np.nan
    rows["limit"] = rules.NEVER
    rows["helper_from"] = -rules.NEVER
    rows["home"] = rows["pool"] = -1
    rows["term_month"] = UNKNOWN
    return rows


def _place_officials(
    people: npt.NDArray[np.void], groups: npt.NDArray[np.void], units: tuple[Unit, ...]
) -> None:
    """The youngest officials are away, the oldest exempt: as labour migration and age have it."""
    mine = np.flatnonzero(groups["status"] == list(_STATUS_CODE).index("officials"))
    by_age = mine[np.lexsort((groups["low"][mine], groups["unit"][mine]))]
    first = np.searchsorted(groups["unit"][by_age], np.arange(len(units) + 1)).tolist()
    ends = np.cumsum(groups["count"])[by_age].tolist()
    counts = groups["count"][by_age].tolist()
    for unit, start, stop in zip(units, first[:-1], first[1:], strict=True):
        rows = list(zip(ends[start:stop], counts[start:stop], strict=True))
        for end, count, n in _taken(rows, unit.officials_away or 0):
            people["place"][end - count : end - count + n] = rules.AWAY
        for end, _count, n in _taken(rows[::-1], unit.officials_exempt):
            people["status"][end - n : end] = rules.EXEMPT


def _taken(groups: list[tuple[int, int]], number: int) -> Iterator[tuple[int, int, int]]:
    """So many people out of groups (end, size), one group after the other, with what each gives."""
    for end, size in groups:
        if number <= 0:
            return
        yield end, size, min(number, size)
        number -= size


def _post(
    people: npt.NDArray[np.void],
    groups: npt.NDArray[np.void],
    units: tuple[Unit, ...],
    loaded: Loaded,
) -> None:
    """Posted people, with their pools and terms."""
    postings = loaded.scenario.postings
    pools = {name: i for i, name in enumerate(postings.pools)}
    ends = np.cumsum(groups["count"])
    for g in np.flatnonzero(groups["status"] == list(_STATUS_CODE).index("posted")):
        unit = units[groups["unit"][g]]
        low, high = unit.posted_months_left or (1, postings.term_months)
        mine = people[ends[g] - groups["count"][g] : ends[g]]
        mine["place"] = rules.POSTED
        mine["term_months"] = postings.term_months
        mine["pool"] = pools.get(unit.posted_pool or "", -1)
        mine["term_low"], mine["term_high"] = max(1, low), max(1, high)
