"""What is kept of replications, so that memory does not grow with their logs.

What is counted, and nothing else, is kept of a replication: for each hamlet - a unit of any kind -
the years in which it was first below, lost and combined; for each kind of unit and year the
`MEASURES` and how the at-risk rule judged; by kind the causes of losses. Everything else is added
up over replications in whole numbers, so that no result depends on their order.

Year y covers the days after anniversary y - 1 up to anniversary y; what is decided on the first day
is year 0, so that the state at an anniversary is that of the one before and what the year brought.
A hamlet that was merged into another counts as its successor from then on: it is lost when that is
lost. A hamlet that is not there yet does not count.
"""

from functools import cache
from typing import Any, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim.plan import Plan
from sim.risk.measures import (
    DISTRICT_CLASS,
    ENDINGS,
    FATES,
    FUNNEL,
    JUDGED,
    LOCAL_CLASS,
    MEASURES,
    NEVER,
    PROGRESS,
    SUMS,
    TOTALS,
)
from sim.scenario import Baseline, UnitKind
from sim.world import World

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Rows = slice | npt.NDArray[np.int64]

KINDS: tuple[str, ...] = get_args(UnitKind)
"""Kinds of unit, in the order in which they are counted."""


def kinds_in(baseline: Baseline) -> tuple[str, ...]:
    """The kinds of unit that occur."""
    found = {unit.kind for unit in baseline.units}
    return tuple(kind for kind in KINDS if kind in found)


def kinds_told(baseline: Baseline) -> tuple[str, ...]:
    """Kinds of unit that are told apart, beside all together; none where all are hamlets."""
    found = kinds_in(baseline)
    return () if found == ("hamlet",) else found


def kinds_of(baseline: Baseline, kinds: tuple[str, ...]) -> Ints:
    """The place of each unit's kind in `kinds`, [H]."""
    place = {kind: i for i, kind in enumerate(kinds)}
    return np.array([place[unit.kind] for unit in baseline.units], dtype=np.int32)


class Rule(NamedTuple):
    """Numbers of the plan's settings and of the at-risk rule that counting goes by."""

    origin: int
    months: int
    minimum: int
    risk_line: int
    share_over_60: float
    months_without: int
    training_on: bool
    dossier_on: bool
    away_counts: bool
    exempt_counts: bool
    posted_counts: bool
    kinds: int


MOVE = np.dtype([("day", "f8"), ("unit", "i4"), ("into", "i4")])


class Ground(NamedTuple):
    """What counting must know beside the log; the same for all replications of a plan.

    start: followed people at the start, as PERSON.  kind[H]: see `kinds_of`.  moves: structural
    events in order, as MOVE.  days: month starts as in the plan.  held[M, H]: classes of the month
    that a hamlet's candidates may sit in.  keeps_empty[M, H]: a no-show's seat stays empty.
    area[H]: number of the lowest area, in the order of the table.
    """

    rule: Rule
    start: npt.NDArray[np.void]
    kind: Ints
    moves: npt.NDArray[np.void]
    days: Floats
    held: npt.NDArray[np.int8]
    keeps_empty: npt.NDArray[np.bool_]
    area: Ints


class Counts(NamedTuple):
    """What is kept of R replications of one policy under D draws of the parameters.

    K kinds of unit, those that occur.
    first[R, H, 3]: year in which a hamlet was first below, lost, combined, or NEVER.
    judged[R, K, Y + 1, JUDGED, 2, FATES]: hamlets with a cell of their own at an anniversary to
    which it has not happened yet, by whether the at-risk rule flags them and by what becomes of
    them.  warned[R, K, JUDGED, 2, 2]: hamlets with a cell of their own at the start, by whether the
    rule flagged them at an anniversary before it happened or the horizon, and by whether it
    happened; lead_days[R, K, JUDGED]: days from the first flag to the happening, over those that
    were warned.
    years[R, K, Y + 1, MEASURES].  causes[R, K, ENDINGS, codes]: hamlets by the cause of their
    ending.  departures[R, K, ENDINGS, events]: officials gone in the 60 months before an ending, by
    event.  progress[R, K, ENDINGS, PROGRESS].  funnel[R, areas, FUNNEL]: events over the whole
    horizon.
    lever_months[R, adaptive levers, Y], posting_months[R, Y].
    Added up over replications: sums[D, SUMS, H, Y + 1]; totals[TOTALS, H, Y + 1];
    strength[H, Y + 1, bins], the last bin meaning that many or more; lost_by_cause[H, codes];
    loss_days[H], over first losses.
    """

    first: npt.NDArray[np.uint8]
    judged: Ints
    warned: Ints
    lead_days: npt.NDArray[np.int64]
    years: Ints
    causes: Ints
    departures: Ints
    progress: Ints
    funnel: Ints
    lever_months: npt.NDArray[np.int64]
    posting_months: npt.NDArray[np.int64]
    sums: Ints
    totals: Ints
    strength: npt.NDArray[np.integer]
    lost_by_cause: Ints
    loss_days: npt.NDArray[np.int64]


SUMMED = ("totals", "strength", "lost_by_cause", "loss_days")
BY_HAMLET = {
    "first": 1, "sums": 2, "totals": 1, "strength": 0, "lost_by_cause": 0, "loss_days": 0,
}  # fmt: skip
"""Which axis is that of hamlets; the funnel has one of areas. All else of a replication is added up
over hamlets."""
BY_AREA = {"funnel": 1}


PERSON = np.dtype(
    [("key", "i8"), ("hamlet", "i4"), ("status", "i1"), ("place", "i1"), ("sent", "?")]
)
"""A followed person as the log tells of them."""


# ---------------------------------------------------------------- making the arrays


def ground(
    plan: Plan, world: World, kind: Ints, kinds: int, share_over_60: float, months_without: int
) -> Ground:
    """What counting must know of a plan, its world and the kinds of its units.

    kind[H]: of the unit, one of so many kinds.  The last two numbers are the at-risk rule's.
    """
    s = plan.settings
    rule = Rule(
        s.origin, s.months, s.minimum, s.risk_line, share_over_60, months_without, s.training_on,
        s.dossier_on, s.away_counts, s.exempt_counts, s.posted_counts, kinds,
    )  # fmt: skip
    start = np.zeros(len(world.people), dtype=PERSON)
    for name in ("key", "hamlet", "status", "place"):
        start[name] = world.people[name]
    moves = np.zeros(len(plan.moves), dtype=MOVE)
    moves["day"] = plan.days[s.origin + plan.moves["month"]]
    moves["unit"], moves["into"] = plan.moves["unit"], plan.moves["into"]
    return Ground(rule, start, kind, moves, plan.days, *_classes(plan), _lowest_areas(plan))


def _lowest_areas(plan: Plan) -> Ints:
    """Number of the lowest area of each unit; areas are numbered as they come in the table."""
    return np.unique(plan.area[:, -1], return_inverse=True)[1].astype(np.int32)


def _classes(plan: Plan) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    shape = plan.settings.months, len(plan.area)
    held, keeps_empty = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.bool_)
    units_of = cache(lambda level, area: plan.area[:, level] == area)
    rows = plan.classes[["month", "level", "area", "series", "replace"]].tolist()
    for month, level, area, series, replace in rows:
        there = units_of(level, area)
        held[month] |= np.where(there, LOCAL_CLASS if series else DISTRICT_CLASS, np.int8(0))
        keeps_empty[month] |= there & (not replace)
    return held, keeps_empty


def empty_counts(replications: int, draws: int, ground: Ground, adaptive: int, bins: int) -> Counts:
    """Counts of nothing yet, for at most 32,767 replications; `bins` numbers of members are told
    apart. (Strengths are the largest table by far, and a task counts a few replications only.)"""
    hamlets, years = len(ground.kind), ground.rule.months // 12
    areas, of_each = int(ground.area.max()) + 1, (replications, ground.rule.kinds)
    codes, named = max(events.CAUSES) + 1, max(events.KINDS) + 1
    return Counts(
        np.full((replications, hamlets, 3), NEVER, dtype=np.uint8),
        np.zeros((*of_each, years + 1, len(JUDGED), 2, len(FATES)), dtype=np.int32),
        np.zeros((*of_each, len(JUDGED), 2, 2), dtype=np.int32),
        np.zeros((*of_each, len(JUDGED)), dtype=np.int64),
        np.zeros((*of_each, years + 1, len(MEASURES)), dtype=np.int32),
        np.zeros((*of_each, len(ENDINGS), codes), dtype=np.int32),
        np.zeros((*of_each, len(ENDINGS), named), dtype=np.int32),
        np.zeros((*of_each, len(ENDINGS), len(PROGRESS)), dtype=np.int32),
        np.zeros((replications, areas, len(FUNNEL)), dtype=np.int32),
        np.zeros((replications, adaptive, years), dtype=np.int64),
        np.zeros((replications, years), dtype=np.int64),
        np.zeros((draws, len(SUMS), hamlets, years + 1), dtype=np.int32),
        np.zeros((len(TOTALS), hamlets, years + 1), dtype=np.int32),
        np.zeros((hamlets, years + 1, bins), dtype=np.int16),
        np.zeros((hamlets, codes), dtype=np.int32),
        np.zeros(hamlets, dtype=np.int64),
    )


def like(part: Counts, replications: int, draws: int, hamlets: int, areas: int) -> Counts:
    """Counts of nothing yet for all replications, draws, hamlets and areas, else as in a part."""
    fields = {}
    for name, array in part._asdict().items():
        shape = list(array.shape)
        if name not in SUMMED:
            shape[0] = draws if name == "sums" else replications
        if name in BY_HAMLET:
            shape[BY_HAMLET[name]] = hamlets
        if name in BY_AREA:
            shape[BY_AREA[name]] = areas
        fields[name] = np.zeros(shape, dtype=_type_of(name, array, replications))
    return Counts(**fields)


def _type_of(name: str, array: npt.NDArray[Any], replications: int) -> np.dtype[Any]:
    """Of strengths there are very many, and none is counted more often than there are
    replications."""
    return np.min_scalar_type(replications) if name == "strength" else array.dtype


def place(
    whole: Counts, part: Counts, rows: slice, draw: int, hamlets: Rows = slice(None),
    areas: Rows = slice(None),
) -> None:  # fmt: skip
    """Put the counts of some replications, all of one draw, of some hamlets and of the lowest areas
    in which they lie into those of all.

    The replications belong to `rows`.
    """
    for name in Counts._fields:
        to, new = getattr(whole, name), getattr(part, name)
        if name == "first":
            to[rows, hamlets] = new
        elif name == "funnel":
            to[rows, areas] += new
        elif name == "sums":
            to[draw][:, hamlets] += new[0]
        elif name == "totals":
            to[:, hamlets] += new
        elif name in SUMMED:
            to[hamlets] += new.astype(to.dtype)
        else:
            to[rows] += new


def longer(counts: Counts, replications: int) -> Counts:
    """The same counts with room for more replications."""
    fields = counts._asdict()
    for name, array in fields.items():
        if name not in (*SUMMED, "sums"):
            more = replications - len(array)
            rest = np.zeros((more, *array.shape[1:]), dtype=array.dtype)
            fields[name] = np.concatenate([array, rest])
        fields[name] = fields[name].astype(_type_of(name, array, replications), copy=False)
    return Counts(**fields)


def of_the_whole(counts: Counts) -> Counts:
    """What was added up over hamlets, and of hamlets nothing: far less to keep."""
    fields = counts._asdict()
    for name, axis in (BY_HAMLET | BY_AREA).items():
        fields[name] = np.take(fields[name], [], axis)
    return Counts(**fields)
