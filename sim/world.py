"""The world: people, cells and offices as plain data at a month start.

A baseline is a world in which some things are unknown (NaN or UNKNOWN): birth dates inside an age
band, elapsed times of the pipeline, terms of postings. Each replication draws them by key. People
are synthetic from the first; the baseline holds counts only.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.draws import entity_key, person_keys
from sim.load.bands import parse_band
from sim.scenario import Baseline, Completion, Group, Loaded, Unit

UNKNOWN = -9999
STALE = -1.0
"""Day of a clock that is to be found anew: its budget, its rate or its place have changed."""
DRAWN = -3
"""Office held by an official whom each replication draws."""

PERSON = np.dtype(
    [
        ("key", "i8"),
        ("hamlet", "i8"),
        ("status", "i8"),
        ("place", "i8"),
        ("birth", "f8"),
        ("counted", "i8"),
        ("waiting", "f8"),
        ("sex", "i8"),
        ("death", "f8"),
        ("clock", "f8"),
        ("stage_due", "f8"),
        ("certificate_until", "f8"),
        ("limit", "f8"),
        ("what", "i8"),
        ("budget", "f8"),
        ("since", "f8"),
        ("helper_from", "f8"),
        ("points", "i8"),
        ("adult", "i8"),
        ("weight", "i8"),
        ("fired", "i8"),
        ("dossiers", "i8"),
        ("entry_kind", "i8"),
        ("entry_cause", "i8"),
        ("entry_day", "f8"),
        ("entry_hamlet", "i8"),
        ("turn", "f8"),
        ("pool", "i4"),
        ("home", "i4"),
        ("term_month", "i4"),
        ("term_months", "i4"),
        ("term_low", "i4"),
        ("term_high", "i4"),
        ("age_low", "f8"),
        ("age_high", "f8"),
    ],
    align=True,
)
"""One person; days count from the start. What is read together stands together: a line of the
processor's cache holds eight fields. entry_day, entry_hamlet: when and where the person's death
was settled; turn: when time alone next changes what the person is to listing; the last four are
bands in which a baseline leaves things unknown."""

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
        ("ever_lost", "?"),
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
"""One unit and its cell. `officials` count towards strength, `strength` is its own cell's."""

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


# ---------------------------------------------------------------- completion

COMPLETED = ("officials", "probation", "listed", "certified", "ready")
"""Groups whose ages and sexes are completed where the table does not give them."""


def complete(baseline: Baseline, completion: Completion) -> Baseline:
    """The baseline with every age, sex and number of residents given, by the stated shares.

    A unit is completed from its own row alone, so that one unit more changes no other.
    """
    units = tuple(_complete_unit(u, completion) for u in baseline.units)
    return baseline.model_copy(update={"units": tuple(_count_women(u, completion) for u in units)})


def _complete_unit(unit: Unit, completion: Completion) -> Unit:
    update: dict[str, object] = {"officials_away": unit.officials_away or 0}
    for status in COMPLETED:
        ages = completion.official_ages if status == "officials" else completion.candidate_ages
        update[status] = _with_ages(getattr(unit, status), ages, _keyed_start(unit.id, status))
    if unit.residents is None and not unit.residents_by_age and unit.kind == "hamlet":
        update["residents"] = completion.residents_per_unit
    return unit.model_copy(update=update)


def _count_women(unit: Unit, completion: Completion) -> Unit:
    """The number of women that `_are_women` deals to each group."""
    update: dict[str, object] = {}
    for status in COMPLETED:
        share = _women_share(status, completion)
        update[status] = tuple(
            g if g.women is not None
            else g.model_copy(update={"women": int(_are_women(g, unit.id, status, share).sum())})
            for g in getattr(unit, status)
        )  # fmt: skip
    return unit.model_copy(update=update)


def _women_share(status: str, completion: Completion) -> float:
    official = status == "officials"
    return completion.women_share_officials if official else completion.women_share_candidates


def _are_women(group: Group, unit_id: str, status: str, share: float) -> npt.NDArray[np.bool_]:
    """Who of a group is a woman: dealt by the share from a keyed start, so that one person more
    changes nobody else; if their number is given, the first ones."""
    if group.women is not None:
        return np.arange(group.count) < group.women
    start = _keyed_start(unit_id, f"{status}/{group.band}")
    return np.diff(np.floor(np.arange(group.count + 1) * share + start)) > 0


def _keyed_start(unit_id: str, what: str) -> float:
    """A number in [0, 1) that belongs to this unit and purpose: where a dealing begins."""
    return (entity_key(f"{unit_id}/{what}") >> 10) / float(1 << 53)


def deal(total: int, weights: list[float], start: float) -> list[int]:
    """`total` places dealt by systematic sampling: each number is the nearest whole one below or
    above its share, and over many units with different starts the shares come out exactly."""
    cumulated = np.cumsum(weights) / sum(weights)
    points = (np.arange(total) + start) / max(total, 1)
    places = np.minimum(np.searchsorted(cumulated, points, side="right"), len(weights) - 1)
    return [int(n) for n in np.bincount(places, minlength=len(weights))]


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
    units = [_complete_unit(u, loaded.scenario.completion) for u in loaded.baseline.units]
    index = {u.id: i for i, u in enumerate(units)}
    hamlets = np.zeros(len(units), dtype=HAMLET)
    people: list[npt.NDArray[np.void]] = []
    pools = {name: i for i, name in enumerate(loaded.scenario.postings.pools)}
    for i, unit in enumerate(units):
        _fill_hamlet(hamlets[i], unit, index)
        people.append(_people_of(unit, i, int(hamlets["key"][i]), loaded, pools))
    return World(_together(people), hamlets)


def _together(parts: list[npt.NDArray[np.void]]) -> npt.NDArray[np.void]:
    """All these people; numpy's own `concatenate` compares every field of every part."""
    people = np.empty(sum(map(len, parts)), dtype=PERSON)
    first = 0
    for part in parts:
        people[first : first + len(part)] = part
        first += len(part)
    return people


def _fill_hamlet(row: np.void, unit: Unit, index: dict[str, int]) -> None:
    row["key"] = entity_key(unit.id)
    row["below_since"] = rules.NEVER
    row["listing_factor"] = unit.listing_factor
    row["leaving_factor"] = unit.leaving_factor
    row["mortality_factor"] = unit.mortality_factor
    row["pull"] = 1.0
    row["difficulty"] = DIFFICULTIES.index(unit.difficulty)
    row["is_hamlet"] = unit.kind == "hamlet"
    row["staff"] = unit.staff or 0
    row["neighbour"] = index[unit.neighbour] if unit.neighbour else -1
    row["ever_lost"] = unit.ever_lost
    row["ever_founded"] = unit.ever_lost
    since = unit.months_since_admission
    row["last_admission"] = UNKNOWN if since is None else -since
    row["chief"] = _chief_code(unit)
    row["chief_trained"] = unit.chief_trained
    row["secretary"] = DRAWN if unit.cell == "own" else rules.NO_CHIEF
    row["secretary_trained"] = unit.secretary_trained
    row["cell"], row["roll"] = _cell(unit, index)


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
    groups = (unit.officials, unit.probation, unit.listed, unit.certified, unit.ready, unit.posted)
    nobody = not any(g.count for gs in groups for g in gs)
    return nobody and unit.residents == 0 and not unit.residents_by_age and not unit.staff


def _people_of(
    unit: Unit, hamlet: int, hamlet_key: int, loaded: Loaded, pools: dict[str, int]
) -> npt.NDArray[np.void]:
    rows: list[npt.NDArray[np.void]] = []
    places: list[tuple[int, int, int]] = []
    scenario = loaded.scenario
    for number, status in enumerate(_STATUS_CODE):
        posted = status == "posted"
        groups = _posted_groups(unit, loaded) if posted else getattr(unit, status)
        share = scenario.postings.women_share
        share = share if posted else _women_share(status, scenario.completion)
        before: Counter[object] = Counter()
        for group in groups:
            code = _STATUS_CODE[status]
            found = _group_rows(group, hamlet, code)
            places.append((_group_code(group, number), before[group.band], group.count))
            before[group.band] += group.count
            women = _are_women(group, unit.id, status, share)
            found["sex"] = np.where(women, FEMALE, MALE)
            rows.append(found)
        if status == "officials":
            _place_officials(rows, unit)
        if status == "posted" and groups:
            _post(rows[-len(groups) :], unit, loaded, pools)
    people = _together(rows)
    people["key"] = _keys(hamlet_key, places)
    if unit.kind != "hamlet":
        people["place"] = np.where(people["place"] == rules.PRESENT, rules.STAFF, people["place"])
    return people


def _posted_groups(unit: Unit, loaded: Loaded) -> tuple[Group, ...]:
    postings = loaded.scenario.postings
    low, high = postings.ages
    return tuple(
        g if g.band else g.model_copy(update={"band": (float(low), float(high))})
        for g in unit.posted
    )


def _group_rows(group: Group, hamlet: int, status: int) -> npt.NDArray[np.void]:
    """People of one group."""
    assert group.band is not None
    rows = blank_people(group.count)
    rows["hamlet"] = hamlet
    rows["status"] = status
    rows["age_low"], rows["age_high"] = group.band
    return rows


def _group_code(group: Group, number: int) -> int:
    """A number for a status and an age band."""
    assert group.band is not None
    low, high = group.band
    return (number * 121_000 + round(low * 1000)) * 121_000 + round(high * 1000)


def _keys(hamlet_key: int, places: list[tuple[int, int, int]]) -> npt.NDArray[np.int64]:
    """Keys of the people of a hamlet, by the code, the first place and the size of their groups.

    They depend on nothing but the hamlet, the status, the band and the place in it, so that one
    person more changes nobody else.
    """
    codes, firsts, sizes = np.array(places, dtype=np.int64).reshape(-1, 3).T
    starts = np.cumsum(sizes) - sizes
    numbers = np.arange(int(sizes.sum())) - np.repeat(starts - firsts, sizes)
    hamlet_keys = np.full(len(numbers), hamlet_key)
    return person_keys(hamlet_keys, rules.INITIAL_PEOPLE, np.repeat(codes, sizes), numbers)


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


def _place_officials(rows: list[npt.NDArray[np.void]], unit: Unit) -> None:
    """The youngest officials are away, the oldest exempt: as labour migration and age have it."""
    officials = [r for r in rows if len(r) and r["status"][0] == rules.OFFICIAL]
    by_age = sorted(officials, key=lambda r: float(r["age_low"][0]))
    left = unit.officials_away or 0
    for group in by_age:
        n = min(left, len(group))
        group["place"][:n] = rules.AWAY
        left -= n
    left = unit.officials_exempt
    for group in reversed(by_age):
        n = min(left, len(group))
        if n:
            group["status"][-n:] = rules.EXEMPT
        left -= n


def _post(
    rows: list[npt.NDArray[np.void]], unit: Unit, loaded: Loaded, pools: dict[str, int]
) -> None:
    low, high = unit.posted_months_left or (1, loaded.scenario.postings.term_months)
    for group in rows:
        group["place"] = rules.POSTED
        group["term_months"] = loaded.scenario.postings.term_months
        group["pool"] = pools.get(unit.posted_pool or "", -1)
        group["term_low"], group["term_high"] = max(1, low), max(1, high)
