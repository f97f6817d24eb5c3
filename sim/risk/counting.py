"""One replication's log and panel -> its counts (see `sim.risk.counts`)."""

import math
from typing import Any, get_type_hints

import numpy as np

from sim import log as events
from sim import rules
from sim.compilation import (
    Call,
    Record,
    blank,
    entry,
    fetch,
    kernel,
    make_ready,
    same_words,
    write,
)
from sim.compilation.records import FieldKind
from sim.log import Written
from sim.risk.counts import MOVE, PERSON, Counts, Ground, Rule
from sim.risk.measures import (
    ACTIVE,
    AT_RISK,
    BELOW,
    CELL,
    CHIEF,
    COMBINED,
    DISTRICT_CLASS,
    EMPTY,
    ENDING_OF,
    EVENT_COLUMN,
    FIRST_COMBINED,
    FIRST_HEAD,
    FIRST_LOST,
    FIRST_NOW,
    FIRST_SEAT,
    FORESIGHT_YEARS,
    FUNNEL_OF,
    HEAD_FIELDS,
    JUDGED,
    LATER,
    LOCAL,
    LOST,
    MEMBER,
    NEVER,
    NO_ADMISSION,
    NO_SUCCESSOR,
    NOT,
    OFFICIALS,
    OLD,
    ON_LIST,
    ON_POSTED,
    ON_PROBATION,
    POSTED_IN,
    RECOVERED,
    RESTORED,
    SECRETARY,
    SENT_HOME,
    SINCE,
    SOON,
    SPELLS,
    STATUS_AFTER,
    STRENGTH,
    SUCCESSORS,
    TOTAL_ACTIVE,
    TOTAL_ADMITTED,
    TOTAL_LOCAL,
    TOTAL_OFFICIALS,
    TOTAL_OVER_60,
    TOTAL_POSTED,
    WINDOW_MONTHS,
    WITHOUT_CELL,
    WITHOUT_MEMBERS,
    YOUNG,
)

HAMLET = np.dtype(
    [
        ("lapsed", "f8"), ("below", "f8"), ("lost", "f8"), ("combined", "f8"), ("flagged", "f8"),
        ("departed", "i4"), ("follows", "i4"),
        ("listed", "i4"), ("certified", "i4"), ("ready", "i4"), ("probation", "i4"),
        ("recovered", "?"),
    ]
)  # fmt: skip
"""A hamlet while the log is read: day of the last lapse, of each first ending and of the first
flag of the at-risk rule, the last departure of an official, its successor, candidates by stage."""

AHEAD = 8
"""Hamlets: where those will be counted is asked for before."""

Row = Any  # the record, or a row of its tables: compiled each has a type of its own

_ARRAYS = {
    "f8 1": "days log_day",
    "i8 1": "number loss_days log_person posting_months",
    "i8 2": "lever_months all_posting_months",
    "i8 3": "lead_days all_lever_months",
    "i4 1": "log_hamlet before area kind",
    "i4 2": "lost_by_cause",
    "i4 3": "panel totals funnel",
    "i4 4": "years causes departures progress sums",
    "i4 5": "warned",
    "i4 6": "judged",
    "i2 1": "log_kind log_cause",
    "i2 3": "strength",
    "i1 2": "held",
    "u1 3": "first",
    "? 2": "keeps_empty",
}


LOGGED = ("day", "hamlet", "person", "kind", "cause")
"""Columns of the log that are read."""
MONTHS = ("lever_months", "posting_months")
"""Tables of an outcome that become rows of the counts, which then are called all_*."""


def _fields() -> dict[str, FieldKind]:
    fields: dict[str, FieldKind] = {"row": int} | get_type_hints(Rule)
    for kind, names in _ARRAYS.items():
        dtype, dimensions = kind.split()
        fields |= {name: (np.dtype(dtype), int(dimensions)) for name in names.split()}
    rows = {"start": PERSON, "moves": MOVE, "hamlets": HAMLET, "people": PERSON}
    return fields | {name: (dtype, 1) for name, dtype in rows.items()}


COUNTING = Record("Counting", _fields())
"""All that counting reads and writes: rule and ground, log and panel of one replication, counts."""


class Counter:
    """Counts replications of one policy, under one draw of the parameters, into their rows.

    It is for one thread at a time.
    """

    def __init__(self, ground: Ground, counts: Counts) -> None:
        self._words = blank(COUNTING)
        arrays = ground._asdict() | counts._asdict()
        rule = arrays.pop("rule")._asdict()
        for name in MONTHS:
            arrays[f"all_{name}"] = arrays.pop(name)
        self._kept = arrays | {"hamlets": np.empty(len(ground.kind), dtype=HAMLET)}
        write(self._words, COUNTING, rule | self._kept)
        self._make_room(1 << (4 * len(ground.start) + 15).bit_length(), 8 * len(ground.start))

    @staticmethod
    def make_ready() -> None:
        """Compile what counts, if need be; see `sim.compilation.make_ready`."""
        make_ready(count)

    def _make_room(self, people: int, events: int) -> None:
        """Tables for less than half as many people, a power of two, and for so many events."""
        self._tables = {
            "people": np.empty(people, dtype=PERSON), "before": np.empty(events, dtype=np.int32),
        }  # fmt: skip
        write(self._words, COUNTING, self._tables)

    def taking(self, written: Written, row: int) -> Call:
        """What counts a replication into its row, if the tables have room for it."""
        fields = {f"log_{name}": getattr(written.log, name) for name in LOGGED}
        fields |= {"number": written.number, "panel": written.panel}
        fields |= {name: getattr(written, name) for name in MONTHS}
        write(self._words, COUNTING, fields | {"row": row})
        return count, same_words(self._words)

    def take(self, written: Written, row: int) -> None:
        """Count a replication into its row; its log must be in order within each coupled unit."""
        call, words = self.taking(written, row)
        while not call(words):
            people, before = (len(table) for table in self._tables.values())
            self._make_room(2 * people, max(before, 2 * int(written.number[0])))
            call, words = self.taking(written, row)


@entry(COUNTING)
def count(s: Row) -> int:
    """One replication, into its row; 0 if the tables are too small for it, else 1."""
    if s.number[0] > len(s.before) or 2 * people_in(s) > len(s.people):
        return 0
    months_of_levers(s)
    people_at_start(s)
    read_log(s)
    firsts(s)
    for year in range(len(s.panel)):
        state_at(s, year)
    warnings(s)
    return 1


# ---------------------------------------------------------------- reading the log


@kernel
def people_in(s: Row) -> int:
    """How many people there are at the start, and may be more in the log."""
    entries = 0
    for i in range(s.number[0]):
        kind = s.log_kind[i]
        entries += (kind == events.LISTED) | (kind == events.MOVED_IN) | (kind == events.POSTED)
    return len(s.start) + entries


@kernel
def months_of_levers(s: Row) -> None:
    """Months of postings and of adaptive levers."""
    for year in range(len(s.posting_months)):
        s.all_posting_months[s.row, year] = s.posting_months[year]
        for bit in range(len(s.lever_months)):
            s.all_lever_months[s.row, bit, year] = s.lever_months[bit, year]


@kernel
def people_at_start(s: Row) -> None:
    """Everybody who is followed at the start; nothing has happened to any hamlet."""
    for h in range(len(s.hamlets)):
        one = s.hamlets[h]
        one["lapsed"] = -math.inf
        one["below"] = one["lost"] = one["combined"] = one["flagged"] = math.inf
        one["departed"] = one["follows"] = -1
        one["listed"] = one["certified"] = one["ready"] = one["probation"] = 0
        one["recovered"] = False
    for at in range(len(s.people)):
        one = s.people[at]
        one["key"], one["status"], one["place"] = EMPTY, rules.GONE, rules.PRESENT
        one["sent"] = False
    for p in range(len(s.start)):
        known = s.start[p]
        one = s.people[slot(s, known["key"])]
        one["key"], one["hamlet"], one["place"] = known["key"], known["hamlet"], known["place"]
        change_status(s, one, known["status"])


@kernel
def read_log(s: Row) -> None:
    """Follow the log from event to event."""
    month = 0
    for i in range(s.number[0]):
        kind, h, day = s.log_kind[i], s.log_hamlet[i], s.log_day[i]
        while s.days[s.origin + month + 1] <= day:  # seldom more than one: unit by unit in order
            month += 1
        while s.days[s.origin + month] > day:
            month -= 1
        year = year_of(s, day, month)
        s.before[i] = -1
        if kind >= events.BELOW:
            cell_event(s, i, month, year)
            continue
        if kind == events.POSTED and s.log_cause[i] == events.SENT:
            continue  # the same move as `sent`, told from the other side
        column = EVENT_COLUMN[MEMBER, kind]
        if kind < events.CHIEF_NAMED:
            column = person_event(s, i, column)
        if column >= 0:
            s.years[s.row, s.kind[h], year, column] += 1
            step = FUNNEL_OF[column]
            if step >= 0:
                s.funnel[s.row, s.area[h], step] += 1
        if kind == events.ADMITTED:
            s.totals[TOTAL_ADMITTED, h, year] += 1
        if kind == events.CLASS_ATTENDED or (
            kind == events.CLASS_MISSED and s.keeps_empty[month, h]
        ):
            seat = FIRST_SEAT + max(s.held[month, h], DISTRICT_CLASS) - 1
            s.years[s.row, s.kind[h], year, seat] += 1


@kernel
def year_of(s: Row, day: float, month: int) -> int:
    """Year of a day: an anniversary ends a year, and with it the horizon the last."""
    if month % 12 == 0 and day == s.days[s.origin + month]:
        return month // 12
    return min(month, s.months - 1) // 12 + 1


@kernel
def person_event(s: Row, i: int, column: int) -> int:
    """Follow a person; returns the column in which the event is counted."""
    kind, h, day = s.log_kind[i], s.log_hamlet[i], s.log_day[i]
    one = s.people[slot(s, s.log_person[i])]
    if one["key"] == EMPTY:
        one["key"], one["hamlet"] = s.log_person[i], h
    on_list = one["status"] < rules.PROBATION or one["status"] == rules.GONE
    if on_list:
        column = EVENT_COLUMN[ON_LIST, kind]
    elif kind == events.POSTING_ENDED and one["sent"]:
        column = SENT_HOME
    counted = counts(s, one)
    live(s, one, kind, leads_into(s, kind, h, day))
    if counted and (kind == events.SENT or not counts(s, one)):
        s.before[i] = s.hamlets[h]["departed"]
        s.hamlets[h]["departed"] = i
    if on_list and one["status"] == rules.GONE:
        s.hamlets[h]["lapsed"] = day
    return column


@kernel
def slot(s: Row, key: int) -> int:
    """The place of a key in the table: keys are random already, so their last bits serve."""
    last = len(s.people) - 1
    at = key & last
    while s.people[at]["key"] != key and s.people[at]["key"] != EMPTY:
        at = (at + 1) & last
    return at


@kernel
def counts(s: Row, one: Row) -> bool:
    """Whether a person counts for the strength of a cell."""
    return rules.counts(
        one["status"], one["place"], s.away_counts, s.exempt_counts, s.posted_counts
    )


@kernel
def leads_into(s: Row, kind: int, hamlet: int, day: float) -> int:
    """Where a structural event of this day and hamlet leads; the last one if there are two."""
    into = hamlet
    if kind == events.RELOCATED or kind == events.ABSORBED:
        for m in range(len(s.moves)):
            if s.moves[m]["day"] == day and s.moves[m]["unit"] == hamlet:
                into = s.moves[m]["into"]
    return into


@kernel
def live(s: Row, one: Row, kind: int, into: int) -> None:
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
        count_stage(s.hamlets[one["hamlet"]], one["status"], -1)
        count_stage(s.hamlets[into], one["status"], 1)
        one["hamlet"] = into
    else:
        if kind == events.POSTED:
            one["place"] = rules.POSTED
        change_status(s, one, STATUS_AFTER[kind])


@kernel
def change_status(s: Row, one: Row, status: int) -> None:
    """A new status, if it is one; stages that are switched off take no time."""
    if status == rules.LISTED and not s.training_on:
        status = rules.CERTIFIED
    if status == rules.CERTIFIED and not s.dossier_on:
        status = rules.READY
    if status >= 0:
        hamlet = s.hamlets[one["hamlet"]]
        count_stage(hamlet, one["status"], -1)
        count_stage(hamlet, status, 1)
        one["status"] = status


@kernel
def count_stage(hamlet: Row, status: int, change: int) -> None:
    """Candidates and probationers of a hamlet by stage."""
    if status == rules.LISTED:
        hamlet["listed"] += change
    elif status == rules.CERTIFIED:
        hamlet["certified"] += change
    elif status == rules.READY:
        hamlet["ready"] += change
    elif status == rules.PROBATION:
        hamlet["probation"] += change


# ---------------------------------------------------------------- cells


@kernel
def cell_event(s: Row, i: int, month: int, year: int) -> None:
    """What happens to a cell, and how it came to that."""
    h, kind, day = s.log_hamlet[i], s.log_kind[i], s.log_day[i]
    column = EVENT_COLUMN[MEMBER, kind]
    if column >= 0:
        s.years[s.row, s.kind[h], year, column] += 1
    ending = ENDING_OF[kind]
    if ending >= 0:
        s.causes[s.row, s.kind[h], ending, s.log_cause[i]] += 1
        window = s.days[s.origin + month - WINDOW_MONTHS]
        s.progress[s.row, s.kind[h], ending, furthest(s.hamlets[h], window)] += 1
        j = s.hamlets[h]["departed"]
        while j >= 0 and s.log_day[j] > window:
            s.departures[s.row, s.kind[h], ending, s.log_kind[j]] += 1
            j = s.before[j]
    if kind == events.ABSORBED:
        s.hamlets[h]["follows"] = leads_into(s, kind, h, day)
        return
    for other in range(len(s.hamlets)):
        if successor(s, other) == h:
            happens(s, other, kind, s.log_cause[i], day, year)


@kernel
def successor(s: Row, hamlet: int) -> int:
    """The hamlet that a merged one counts as."""
    while s.hamlets[hamlet]["follows"] >= 0:
        hamlet = s.hamlets[hamlet]["follows"]
    return hamlet


@kernel
def furthest(hamlet: Row, window: float) -> int:
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


@kernel
def happens(s: Row, h: int, kind: int, cause: int, day: float, year: int) -> None:
    """What happens to the cell of hamlet h, or to that of its successor."""
    hamlet = s.hamlets[h]
    if kind == events.BELOW:
        hamlet["below"] = min(hamlet["below"], day)
        s.sums[0, SPELLS, h, year] += 1
    elif kind == events.RESTORED:
        s.sums[0, RESTORED, h, year] += 1
    elif kind == events.LOST or kind == events.RE_EMPTIED:
        s.lost_by_cause[h, cause] += 1
        if hamlet["lost"] == math.inf:
            s.loss_days[h] += int(day)
            if hamlet["combined"] == math.inf:
                s.sums[0, FIRST_LOST, h, year] += 1
        hamlet["lost"] = min(hamlet["lost"], day)
    elif kind == events.COMBINED:
        if hamlet["combined"] == math.inf and hamlet["lost"] == math.inf:
            s.sums[0, FIRST_COMBINED, h, year] += 1
        hamlet["combined"] = min(hamlet["combined"], day)
    elif kind == events.FOUNDED and hamlet["lost"] < day and not hamlet["recovered"]:
        hamlet["recovered"] = True
        s.sums[0, RECOVERED, h, year] += 1


@kernel
def firsts(s: Row) -> None:
    """The years of the first endings, and how many hamlets have seen one so far."""
    for h in range(len(s.hamlets)):
        one = s.hamlets[h]
        first_of(s, h, BELOW, one["below"])
        first_of(s, h, LOST, one["lost"])
        first_of(s, h, COMBINED, one["combined"])


@kernel
def first_of(s: Row, h: int, what: int, day: float) -> None:
    """The year in which something first happened to a hamlet, if it did."""
    if day == math.inf:
        return
    first = year_of(s, day, rules.month_of(day, s.days) - s.origin)
    s.first[s.row, h, what] = first
    for year in range(first, len(s.panel)):
        s.years[s.row, s.kind[h], year, what] += 1


# ---------------------------------------------------------------- the state at an anniversary


@kernel
def state_at(s: Row, year: int) -> None:
    """The state of every hamlet at an anniversary."""
    bins = s.strength.shape[2]
    for h in range(s.panel.shape[1]):
        soon = min(h + AHEAD, s.panel.shape[1] - 1)
        fetch(s.strength[soon, year, min(s.panel[year, soon, STRENGTH], bins - 1) :], 2)
        for k in range(len(HEAD_FIELDS)):
            s.years[s.row, s.kind[h], year, FIRST_HEAD + k] += s.panel[year, h, HEAD_FIELDS[k]]
        closed = s.panel[year, h, CELL] == rules.CLOSED
        here = s.panel[year, successor(s, h) if closed else h]
        if here[CELL] == rules.CLOSED:
            continue
        at_risk = is_at_risk(s, here)
        s.strength[h, year, min(here[STRENGTH], bins - 1)] += 1
        s.sums[0, WITHOUT_CELL, h, year] += here[CELL] == rules.NONE
        s.sums[0, WITHOUT_MEMBERS, h, year] += members(here) == 0
        s.sums[0, AT_RISK, h, year] += at_risk
        s.sums[0, ON_POSTED, h, year] += stands_on_posted(s, here)
        s.sums[0, NO_ADMISSION, h, year] += here[SINCE] >= WINDOW_MONTHS
        s.sums[0, NO_SUCCESSOR, h, year] += here[YOUNG] == 0
        s.totals[TOTAL_LOCAL, h, year] += here[LOCAL]
        s.totals[TOTAL_POSTED, h, year] += here[POSTED_IN]
        s.totals[TOTAL_ACTIVE, h, year] += here[ACTIVE]
        s.totals[TOTAL_OFFICIALS, h, year] += here[OFFICIALS]
        s.totals[TOTAL_OVER_60, h, year] += here[OLD]
        if at_risk and year + 1 < len(s.panel):
            flagged = s.hamlets[h]["flagged"]
            s.hamlets[h]["flagged"] = min(flagged, s.days[s.origin + 12 * year])
        tick(s, here, at_risk, s.years[s.row, s.kind[h], year])
        if here[CELL] == rules.OWN:
            judge(s, h, year, int(at_risk))


@kernel
def members(here: Row) -> int:
    """All who belong to a hamlet's cell or would."""
    return int(here[OFFICIALS] + here[ON_PROBATION] + here[POSTED_IN])


@kernel
def stands_on_posted(s: Row, here: Row) -> bool:
    """A cell of its own that would not have the minimum without members posted to its hamlet.

    Its strength also holds members of hamlets without a cell, on its roll as their host.
    """
    without = here[STRENGTH] - here[POSTED_IN] * s.posted_counts
    return here[CELL] == rules.OWN and without < s.minimum <= here[STRENGTH]


@kernel
def is_at_risk(s: Row, here: Row) -> bool:
    """The observable rule: a weak cell of its own, mostly old, long without an admission."""
    weak = here[CELL] == rules.OWN and here[STRENGTH] < s.risk_line
    old = here[OFFICIALS] > 0 and here[OLD] >= s.share_over_60 * here[OFFICIALS]
    return weak and old and here[SINCE] >= s.months_without


@kernel
def judge(s: Row, h: int, year: int, at_risk: int) -> None:
    """What becomes of a cell, beside what the at-risk rule says of it at an anniversary."""
    for what in range(len(JUDGED)):
        first = s.first[s.row, h, what]
        if first > year:
            fate = LATER if first > year + FORESIGHT_YEARS else SOON
            s.judged[s.row, s.kind[h], year, what, at_risk, NOT if first == NEVER else fate] += 1


@kernel
def warnings(s: Row) -> None:
    """How the rule would have done for somebody who looks at every anniversary."""
    for h in range(len(s.hamlets)):
        if s.panel[0, h, CELL] == rules.OWN:
            warning_of(s, h, BELOW, s.hamlets[h]["below"])
            warning_of(s, h, LOST, s.hamlets[h]["lost"])


@kernel
def warning_of(s: Row, h: int, what: int, day: float) -> None:
    """Whether a hamlet was flagged before something happened to it, and how long before."""
    if s.first[s.row, h, what] == 0:
        return  # it had happened when the rule was first asked
    flagged, happened = s.hamlets[h]["flagged"] < day, day < math.inf
    s.warned[s.row, s.kind[h], what, int(flagged), int(happened)] += 1
    if flagged and happened:
        s.lead_days[s.row, s.kind[h], what] += int(day - s.hamlets[h]["flagged"])


@kernel
def tick(s: Row, here: Row, at_risk: bool, years: Row) -> None:
    """Add one hamlet to the numbers of its kind, in the order of NOW."""
    own = here[CELL] == rules.OWN
    years[FIRST_NOW] += 1
    years[FIRST_NOW + 1] += own
    years[FIRST_NOW + 2] += here[CELL] == rules.JOINT
    years[FIRST_NOW + 3] += here[CELL] == rules.NONE
    years[FIRST_NOW + 4] += members(here) == 0
    years[FIRST_NOW + 5] += here[LOCAL] < s.minimum
    years[FIRST_NOW + 6] += own and here[STRENGTH] < s.risk_line
    years[FIRST_NOW + 7] += here[SINCE] >= WINDOW_MONTHS
    years[FIRST_NOW + 8] += here[YOUNG] == 0
    years[FIRST_NOW + 9] += at_risk
    years[FIRST_NOW + 10] += here[CHIEF]
    years[FIRST_NOW + 11] += here[SECRETARY] == 2
    years[FIRST_NOW + 12] += stands_on_posted(s, here)
    years[FIRST_NOW + 13] += own and here[SECRETARY] > 0 and here[SUCCESSORS] == 0
    years[FIRST_NOW + 14] += own and here[SECRETARY] == 0
