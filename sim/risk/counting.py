"""One replication's log and panel -> small counts, so that memory does not grow with the log.

What is counted, and nothing else, is kept of a replication: for each hamlet the years in which it
was first below, lost and combined; for each year the `MEASURES`; the causes of losses. Everything
else is added up over replications in whole numbers, so that no result depends on their order.

Year y covers the days after anniversary y - 1 up to anniversary y; what is decided on the first day
is year 0, so that the state at an anniversary is that of the one before and what the year brought.
A hamlet that was merged into another counts as its successor from then on: it is lost when that is
lost. A hamlet that is not there yet does not count.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.compilation import compiled, inlined
from sim.log import Log, Outcome
from sim.plan import Plan
from sim.risk.measures import (
    AT_RISK,
    BELOW,
    CELL,
    CHIEF,
    DISTRICT_CLASS,
    EMPTY,
    ENDING_OF,
    ENDINGS,
    EVENT_COLUMN,
    FIRST_COMBINED,
    FIRST_HEAD,
    FIRST_LOST,
    FIRST_NOW,
    FIRST_SEAT,
    HEAD_FIELDS,
    LOCAL,
    LOCAL_CLASS,
    LOST,
    MEASURES,
    MEMBER,
    NEVER,
    OFFICIALS,
    OLD,
    ON_LIST,
    ON_PROBATION,
    POSTED_IN,
    PROGRESS,
    RECOVERED,
    RESTORED,
    SECRETARY,
    SENT_HOME,
    SINCE,
    SPELLS,
    STATUS_AFTER,
    STRENGTH,
    SUMS,
    WINDOW_MONTHS,
    WITHOUT_CELL,
    WITHOUT_MEMBERS,
    YOUNG,
)
from sim.world import World

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


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


MOVE = np.dtype([("day", "f8"), ("unit", "i4"), ("into", "i4")])


class Ground(NamedTuple):
    """What counting must know beside the log; the same for all replications of a plan.

    start: followed people at the start, as PERSON.  is_hamlet[H].  moves: structural events in
    order, as MOVE.  days: month starts as in the plan.  held[M, H]: classes of the month that a
    hamlet's candidates may sit in.  keeps_empty[M, H]: a no-show's seat stays empty.
    """

    rule: Rule
    start: npt.NDArray[np.void]
    is_hamlet: npt.NDArray[np.bool_]
    moves: npt.NDArray[np.void]
    days: Floats
    held: npt.NDArray[np.int8]
    keeps_empty: npt.NDArray[np.bool_]


class Counts(NamedTuple):
    """What is kept of R replications of one policy under D draws of the parameters.

    first[R, H, 3]: year in which a hamlet was first below, lost, combined, or NEVER.
    years[R, Y + 1, MEASURES].  causes[R, ENDINGS, codes]: hamlets by the cause of their ending.
    departures[R, ENDINGS, kinds]: officials gone in the 60 months before an ending, by kind.
    progress[R, ENDINGS, PROGRESS].  lever_months[R, adaptive levers, Y], posting_months[R, Y].
    Added up over replications: sums[D, SUMS, H, Y + 1]; strength[H, Y + 1, bins], the last bin
    meaning that many or more; lost_by_cause[H, codes]; loss_days[H], over first losses.
    """

    first: npt.NDArray[np.uint8]
    years: Ints
    causes: npt.NDArray[np.int16]
    departures: npt.NDArray[np.int16]
    progress: npt.NDArray[np.int16]
    lever_months: npt.NDArray[np.int64]
    posting_months: npt.NDArray[np.int64]
    sums: Ints
    strength: Ints
    lost_by_cause: Ints
    loss_days: npt.NDArray[np.int64]


SUMMED = ("strength", "lost_by_cause", "loss_days")


PERSON = np.dtype(
    [("key", "i8"), ("hamlet", "i4"), ("status", "i1"), ("place", "i1"), ("sent", "?")]
)
"""A followed person as the log tells of them."""
HAMLET = np.dtype(
    [
        ("lapsed", "f8"), ("below", "f8"), ("lost", "f8"), ("combined", "f8"),
        ("departed", "i4"), ("follows", "i4"),
        ("listed", "i4"), ("certified", "i4"), ("ready", "i4"), ("probation", "i4"),
        ("recovered", "?"),
    ]
)  # fmt: skip
"""A hamlet while the log is read: day of the last lapse and of each first ending, the last
departure of an official, its successor, candidates by stage."""
Table = npt.NDArray[np.void]
Row = Any  # one record of a table: compiled it is a type of its own


# ---------------------------------------------------------------- making the arrays


def ground(plan: Plan, world: World, share_over_60: float, months_without: int) -> Ground:
    """What counting must know of a plan and its world; the two numbers are the at-risk rule's."""
    s = plan.settings
    rule = Rule(
        s.origin, s.months, s.minimum, s.risk_line, share_over_60, months_without, s.training_on,
        s.dossier_on, s.away_counts, s.exempt_counts, s.posted_counts,
    )  # fmt: skip
    start = np.zeros(len(world.people), dtype=PERSON)
    for name in ("key", "hamlet", "status", "place"):
        start[name] = world.people[name]
    moves = np.zeros(len(plan.moves), dtype=MOVE)
    moves["day"] = plan.days[s.origin + plan.moves["month"]]
    moves["unit"], moves["into"] = plan.moves["unit"], plan.moves["into"]
    is_hamlet = np.ascontiguousarray(world.hamlets["is_hamlet"])
    return Ground(rule, start, is_hamlet, moves, plan.days, *_classes(plan))


def _classes(plan: Plan) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    shape = plan.settings.months, len(plan.area)
    held, keeps_empty = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.bool_)
    for one in plan.classes:
        there = plan.area[:, one["level"]] == one["area"]
        held[one["month"], there] |= LOCAL_CLASS if one["series"] else DISTRICT_CLASS
        keeps_empty[one["month"], there] |= not one["replace"]
    return held, keeps_empty


def empty_counts(replications: int, draws: int, ground: Ground, adaptive: int, bins: int) -> Counts:
    """Counts of nothing yet. `bins` numbers of members are told apart."""
    hamlets, years = len(ground.is_hamlet), ground.rule.months // 12
    codes, kinds = max(events.CAUSES) + 1, max(events.KINDS) + 1
    return Counts(
        np.full((replications, hamlets, 3), NEVER, dtype=np.uint8),
        np.zeros((replications, years + 1, len(MEASURES)), dtype=np.int32),
        np.zeros((replications, len(ENDINGS), codes), dtype=np.int16),
        np.zeros((replications, len(ENDINGS), kinds), dtype=np.int16),
        np.zeros((replications, len(ENDINGS), len(PROGRESS)), dtype=np.int16),
        np.zeros((replications, adaptive, years), dtype=np.int64),
        np.zeros((replications, years), dtype=np.int64),
        np.zeros((draws, len(SUMS), hamlets, years + 1), dtype=np.int32),
        np.zeros((hamlets, years + 1, bins), dtype=np.int32),
        np.zeros((hamlets, codes), dtype=np.int32),
        np.zeros(hamlets, dtype=np.int64),
    )


def like(part: Counts, replications: int, draws: int) -> Counts:
    """Counts of nothing yet for all replications and draws, in the sizes of those of a part."""
    fields = {}
    for name, array in part._asdict().items():
        size = () if name in SUMMED else (draws if name == "sums" else replications,)
        fields[name] = np.zeros((*size, *array.shape[len(size) :]), dtype=array.dtype)
    return Counts(**fields)


def place(whole: Counts, part: Counts, rows: npt.NDArray[np.int64], draw: int) -> None:
    """Put the counts of some replications, all of one draw, into those of all at `rows`."""
    for name in Counts._fields:
        to, new = getattr(whole, name), getattr(part, name)
        if name == "sums":
            to[draw] += new[0]
        elif name in SUMMED:
            to += new
        else:
            to[rows] = new


def longer(counts: Counts, replications: int) -> Counts:
    """The same counts with room for more replications."""
    fields = counts._asdict()
    for name, array in fields.items():
        if name not in (*SUMMED, "sums"):
            more = replications - len(array)
            rest = np.zeros((more, *array.shape[1:]), dtype=array.dtype)
            fields[name] = np.concatenate([array, rest])
    return Counts(**fields)


def add(outcome: Outcome, ground: Ground, counts: Counts, row: int) -> None:
    """Count one replication into row `row`. The log must be in order within each coupled unit.

    `counts` must be of one draw of the parameters, and of no other thread.
    """
    counts.lever_months[row] = outcome.lever_months
    counts.posting_months[row] = outcome.posting_months
    hamlets = _read(outcome.log, ground, counts, row)
    _firsts(ground, hamlets, counts, row)
    for year in range(len(outcome.panel)):
        _state(outcome.panel[year], year, ground, hamlets, counts, row)


# ---------------------------------------------------------------- reading the log

# Small helpers take single arrays and are copied into the loop: bundles of arrays handed from
# function to function would cost more than the counting.


@compiled
def _read(log: Log, ground: Ground, counts: Counts, row: int) -> Table:
    """Follow the log from event to event; returns what became of the hamlets."""
    rule, days, years = ground.rule, ground.days, counts.years[row]
    hamlets = _hamlets(len(ground.is_hamlet))
    people = _people(log.kind, ground.start, hamlets, rule)
    before = np.full(len(log.day), -1, dtype=np.int32)
    for i in range(len(log.day)):
        kind, h, day = log.kind[i], log.hamlet[i], log.day[i]
        month = rules.month_of(day, days) - rule.origin
        year = _year(day, month, days[rule.origin + month], rule.months)
        if kind >= events.BELOW:
            _cell_event(log, i, month, year, ground, hamlets, before, counts, row)
            continue
        if kind == events.POSTED and log.cause[i] == events.SENT:
            continue  # the same move as `sent`, told from the other side
        column = EVENT_COLUMN[MEMBER, kind]
        if kind < events.CHIEF_NAMED:
            at = _slot(people, log.person[i])
            one = people[at]
            if one["key"] == EMPTY:
                one["key"], one["hamlet"] = log.person[i], h
            on_list = one["status"] < rules.PROBATION or one["status"] == rules.GONE
            if on_list:
                column = EVENT_COLUMN[ON_LIST, kind]
            elif kind == events.POSTING_ENDED and one["sent"]:
                column = SENT_HOME
            counted = _counts(one["status"], one["place"], rule)
            _live(one, kind, _into(kind, h, day, ground.moves), hamlets, rule)
            if counted and (kind == events.SENT or not _counts(one["status"], one["place"], rule)):
                before[i] = hamlets[h]["departed"]
                hamlets[h]["departed"] = i
            if on_list and one["status"] == rules.GONE:
                hamlets[h]["lapsed"] = day
        if column >= 0:
            years[year, column] += 1
        if kind == events.CLASS_ATTENDED or (
            kind == events.CLASS_MISSED and ground.keeps_empty[month, h]
        ):
            years[year, FIRST_SEAT + max(ground.held[month, h], DISTRICT_CLASS) - 1] += 1
    return hamlets


@inlined
def _year(day: float, month: int, month_begins: float, months: int) -> int:
    """Year of a day: an anniversary ends a year, and with it the horizon the last."""
    if month % 12 == 0 and day == month_begins:
        return month // 12
    return min(month, months - 1) // 12 + 1


@compiled
def _hamlets(number: int) -> Table:
    hamlets = np.zeros(number, dtype=HAMLET)
    for h in range(number):
        one = hamlets[h]
        one["lapsed"] = -math.inf
        one["below"] = one["lost"] = one["combined"] = math.inf
        one["departed"] = one["follows"] = -1
    return hamlets


@compiled
def _people(kinds: npt.NDArray[np.int16], start: Table, hamlets: Table, rule: Rule) -> Table:
    """Everybody who is followed at the start, in a table that has room for those who come."""
    entries = len(start)
    for kind in kinds:
        if kind == events.LISTED or kind == events.MOVED_IN or kind == events.POSTED:
            entries += 1
    size = 16
    while size < 2 * entries:
        size *= 2
    people = np.zeros(size, dtype=PERSON)
    for at in range(size):
        people[at]["key"], people[at]["status"] = EMPTY, rules.GONE
    for p in range(len(start)):
        one = people[_slot(people, start[p]["key"])]
        one["key"], one["hamlet"], one["place"] = (
            start[p]["key"],
            start[p]["hamlet"],
            start[p]["place"],
        )
        _change_status(one, start[p]["status"], hamlets, rule)
    return people


@inlined
def _slot(people: Table, key: int) -> int:
    """The place of a key in the table: keys are random already, so their last bits serve."""
    last = len(people) - 1
    at = key & last
    while people[at]["key"] != key and people[at]["key"] != EMPTY:
        at = (at + 1) & last
    return at


@inlined
def _counts(status: int, place: int, rule: Rule) -> bool:
    return rules.counts(status, place, rule.away_counts, rule.exempt_counts, rule.posted_counts)


@inlined
def _into(kind: int, hamlet: int, day: float, moves: Table) -> int:
    """Where a structural event of this day and hamlet leads; the last one if there are two."""
    into = hamlet
    if kind == events.RELOCATED or kind == events.ABSORBED:
        for m in range(len(moves)):
            if moves[m]["day"] == day and moves[m]["unit"] == hamlet:
                into = moves[m]["into"]
    return into


@inlined
def _live(one: Row, kind: int, into: int, hamlets: Table, rule: Rule) -> None:
    """What an event changes in the status and place of its person."""
    if kind == events.LEFT:
        one["place"] = rules.AWAY
    elif kind == events.RETURNED:
        one["place"] = rules.PRESENT
    elif kind == events.SENT:
        one["place"], one["sent"] = rules.POSTED, True
    elif kind == events.POSTING_ENDED and one["sent"]:
        one["place"], one["sent"] = rules.PRESENT, False
    elif kind == events.RELOCATED:
        _count_stage(hamlets[one["hamlet"]], one["status"], -1)
        _count_stage(hamlets[into], one["status"], 1)
        one["hamlet"] = into
    else:
        if kind == events.POSTED:
            one["place"] = rules.POSTED
        _change_status(one, STATUS_AFTER[kind], hamlets, rule)


@inlined
def _change_status(one: Row, status: int, hamlets: Table, rule: Rule) -> None:
    """A new status, if it is one; stages that are switched off take no time."""
    if status == rules.LISTED and not rule.training_on:
        status = rules.CERTIFIED
    if status == rules.CERTIFIED and not rule.dossier_on:
        status = rules.READY
    if status >= 0:
        _count_stage(hamlets[one["hamlet"]], one["status"], -1)
        _count_stage(hamlets[one["hamlet"]], status, 1)
        one["status"] = status


@inlined
def _count_stage(hamlet: Row, status: int, change: int) -> None:
    if status == rules.LISTED:
        hamlet["listed"] += change
    elif status == rules.CERTIFIED:
        hamlet["certified"] += change
    elif status == rules.READY:
        hamlet["ready"] += change
    elif status == rules.PROBATION:
        hamlet["probation"] += change


# ---------------------------------------------------------------- cells


@compiled
def _cell_event(
    log: Log,
    i: int,
    month: int,
    year: int,
    ground: Ground,
    hamlets: Table,
    before: Ints,
    counts: Counts,
    row: int,
) -> None:
    h, kind, day = log.hamlet[i], log.kind[i], log.day[i]
    if ground.is_hamlet[h]:
        column = EVENT_COLUMN[MEMBER, kind]
        if column >= 0:
            counts.years[row, year, column] += 1
        ending = ENDING_OF[kind]
        if ending >= 0:
            counts.causes[row, ending, log.cause[i]] += 1
            window = ground.days[ground.rule.origin + month - WINDOW_MONTHS]
            counts.progress[row, ending, _progress(hamlets[h], window)] += 1
            j = hamlets[h]["departed"]
            while j >= 0 and log.day[j] > window:
                counts.departures[row, ending, log.kind[j]] += 1
                j = before[j]
    if kind == events.ABSORBED:
        hamlets[h]["follows"] = _into(kind, h, day, ground.moves)
        return
    for other in range(len(hamlets)):
        if _successor(other, hamlets) == h:
            _happens(other, kind, log.cause[i], day, year, hamlets[other], counts)


@inlined
def _successor(hamlet: int, hamlets: Table) -> int:
    while hamlets[hamlet]["follows"] >= 0:
        hamlet = hamlets[hamlet]["follows"]
    return hamlet


@inlined
def _progress(hamlet: Row, window: float) -> int:
    """How far the candidates of a hamlet have come: the furthest of them, in PROGRESS."""
    if hamlet["probation"] > 0:
        return 5
    if hamlet["ready"] > 0:
        return 4
    if hamlet["certified"] > 0:
        return 3
    if hamlet["listed"] > 0:
        return 1
    return 2 if hamlet["lapsed"] > window else 0


@inlined
def _happens(
    h: int, kind: int, cause: int, day: float, year: int, hamlet: Row, counts: Counts
) -> None:
    """What happens to the cell of hamlet h, or to that of its successor."""
    sums = counts.sums[0]
    if kind == events.BELOW:
        hamlet["below"] = min(hamlet["below"], day)
        sums[SPELLS, h, year] += 1
    elif kind == events.RESTORED:
        sums[RESTORED, h, year] += 1
    elif kind == events.LOST or kind == events.RE_EMPTIED:
        counts.lost_by_cause[h, cause] += 1
        if hamlet["lost"] == math.inf:
            counts.loss_days[h] += int(day)
            if hamlet["combined"] == math.inf:
                sums[FIRST_LOST, h, year] += 1
        hamlet["lost"] = min(hamlet["lost"], day)
    elif kind == events.COMBINED:
        if hamlet["combined"] == math.inf and hamlet["lost"] == math.inf:
            sums[FIRST_COMBINED, h, year] += 1
        hamlet["combined"] = min(hamlet["combined"], day)
    elif kind == events.FOUNDED and hamlet["lost"] < day and not hamlet["recovered"]:
        hamlet["recovered"] = True
        sums[RECOVERED, h, year] += 1


@compiled
def _firsts(ground: Ground, hamlets: Table, counts: Counts, row: int) -> None:
    """The years of the first endings, and how many hamlets have seen one so far."""
    rule = ground.rule
    for h in range(len(hamlets)):
        one = hamlets[h]
        for what in range(3):
            day = (
                one["below"]
                if what == BELOW
                else (one["lost"] if what == LOST else one["combined"])
            )
            if day == math.inf:
                continue
            month = rules.month_of(day, ground.days) - rule.origin
            begins = ground.days[rule.origin + month]
            first = _year(day, month, begins, rule.months)
            counts.first[row, h, what] = first
            if ground.is_hamlet[h]:
                counts.years[row, first:, what] += 1


# ---------------------------------------------------------------- the state at an anniversary


@compiled
def _state(
    panel: Ints, year: int, ground: Ground, hamlets: Table, counts: Counts, row: int
) -> None:
    rule, years, bins = ground.rule, counts.years[row, year], counts.strength.shape[2]
    sums, strength = counts.sums[0, :, :, year], counts.strength[:, year]
    for h in range(len(panel)):
        for k in range(len(HEAD_FIELDS)):
            years[FIRST_HEAD + k] += panel[h, HEAD_FIELDS[k]]
        here = panel[_successor(h, hamlets) if panel[h, CELL] == rules.CLOSED else h]
        if here[CELL] == rules.CLOSED:
            continue
        at_risk = _is_at_risk(here, rule)
        strength[h, min(here[STRENGTH], bins - 1)] += 1
        sums[WITHOUT_CELL, h] += here[CELL] == rules.NONE
        sums[WITHOUT_MEMBERS, h] += _members(here) == 0
        sums[AT_RISK, h] += at_risk
        if ground.is_hamlet[h]:
            _tick(here, at_risk, rule, years[FIRST_NOW:])


@inlined
def _members(here: Ints) -> int:
    return int(here[OFFICIALS] + here[ON_PROBATION] + here[POSTED_IN])


@inlined
def _is_at_risk(here: Ints, rule: Rule) -> bool:
    """The observable rule: a weak cell of its own, mostly old, long without an admission."""
    weak = here[CELL] == rules.OWN and here[STRENGTH] < rule.risk_line
    old = here[OFFICIALS] > 0 and here[OLD] >= rule.share_over_60 * here[OFFICIALS]
    return bool(weak and old and here[SINCE] >= rule.months_without)


@inlined
def _tick(here: Ints, at_risk: bool, rule: Rule, now: Ints) -> None:
    """Add one hamlet to the numbers of hamlets, in the order of NOW."""
    own = here[CELL] == rules.OWN
    now[0] += 1
    now[1] += own
    now[2] += here[CELL] == rules.JOINT
    now[3] += here[CELL] == rules.NONE
    now[4] += _members(here) == 0
    now[5] += here[LOCAL] < rule.minimum
    now[6] += own and here[STRENGTH] < rule.risk_line
    now[7] += here[SINCE] >= WINDOW_MONTHS
    now[8] += here[YOUNG] == 0
    now[9] += at_risk
    now[10] += here[CHIEF]
    now[11] += here[SECRETARY] == 2
