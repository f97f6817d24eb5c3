"""The event log: the contract of the engines.

One record an event: `day` (float, days from the start), `phase` (0-7), `hamlet` (index of the
unit), `person` (key, or NOBODY), `kind` and `cause` (codes below). Canonical order is day, phase,
hamlet, person, kind, where NOBODY comes last; the codes are ranked so that `below` follows its
cause.
"""

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

    from sim.compilation import Call

# What happens to a person, in the order of the kind rank.
LISTED = 1
CLASS_ATTENDED = 2
CLASS_MISSED = 3
CERTIFICATE_EXPIRED = 4
DOSSIER_READY = 5
DOSSIER_LAPSED = 6
ADMITTED = 7
RECOGNISED = 8
EXEMPTED = 9
LEFT = 10
RETURNED = 11
MOVED_IN = 12
POSTED = 13
POSTING_RENEWED = 14
RELOCATED = 15
SENT = 16
DEAD = 20
MOVED = 21
EXPELLED = 22
STRUCK_OFF = 23
ASKED_TO_LEAVE = 24
LAPSED = 25
OVER_AGE = 26
REFUSED = 27
NOT_RECOGNISED = 28
POSTING_ENDED = 29
CHIEF_NAMED = 30
SECRETARY_NAMED = 31
OFFICER_TRAINED = 32
# What happens to a cell.
BELOW = 40
RESTORED = 41
COMBINED = 42
SEPARATED = 43
LOST = 44
RE_EMPTIED = 45
FOUNDED = 46
ABSORBED = 47
BECAME = 48

# Causes that are not themselves kinds.
NO_CAUSE = 0
WITHDREW = 100
STALE = 101
AWAY_TOO_LONG = 102
SETTLED_AWAY = 103
LEFT_FOR_GOOD = 104
TRANSFERRED = 105
RETIRED = 106
RETIRED_HOME = 107
DEMOBILISED = 108
MARRIED_IN = 109
REPLACEMENT = 110
DOSSIER_FAILED = 111
NOT_APPROVED = 112
SPLIT = 113
MERGED = 114
RESETTLED = 115
ELECTION = 116
VACANCY = 117
AT_START = 118
LISTED_AS_CHIEF = 119

NOBODY = -1
"""Person of an event that is nobody's: sorted after the persons of its hamlet."""

KINDS = {
    value: name.lower()
    for name, value in list(globals().items())
    if name.isupper() and isinstance(value, int) and 1 <= value <= 48
}
CAUSES = {
    **KINDS,
    **{
        value: name.lower()
        for name, value in list(globals().items())
        if name.isupper() and isinstance(value, int) and 100 <= value <= 119
    },
    NO_CAUSE: "",
}
EXITS = (
    DEAD, MOVED, EXPELLED, STRUCK_OFF, ASKED_TO_LEAVE, LAPSED, OVER_AGE, REFUSED, NOT_RECOGNISED,
    POSTING_ENDED,
)  # fmt: skip
COLUMNS = ("day", "phase", "hamlet", "person", "kind", "cause")


class Log(NamedTuple):
    """Events as equally long columns; see the module for their meaning."""

    day: npt.NDArray[np.float64]
    phase: npt.NDArray[np.int8]
    hamlet: npt.NDArray[np.int32]
    person: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int16]
    cause: npt.NDArray[np.int16]


def from_records(records: list[tuple[float, int, int, int, int, int]]) -> Log:
    """A log in canonical order from (day, phase, hamlet, person, kind, cause) records."""
    day, phase, hamlet, person, kind, cause = zip(*records, strict=True) if records else [()] * 6
    return in_order(
        Log(
            np.array(day, dtype=np.float64),
            np.array(phase, dtype=np.int8),
            np.array(hamlet, dtype=np.int32),
            np.array(person, dtype=np.int64),
            np.array(kind, dtype=np.int16),
            np.array(cause, dtype=np.int16),
        )
    )


def in_order(log: Log) -> Log:
    """The same events in canonical order."""
    person = log.person.view(np.uint64)  # NOBODY (-1) becomes the largest
    order = np.lexsort((log.kind, person, log.hamlet, log.phase, log.day))
    return Log(
        log.day[order],
        log.phase[order],
        log.hamlet[order],
        log.person[order],
        log.kind[order],
        log.cause[order],
    )


def joined(first: Log, second: Log) -> Log:
    """The events of one log, then those of the other."""
    both = (first, second)
    return Log(*(np.concatenate([getattr(log, name) for log in both]) for name in COLUMNS))


def differences(a: Log, b: Log) -> list[str]:
    """The first few events at which two logs differ, for a person to read; empty if equal."""
    if all(np.array_equal(getattr(a, name), getattr(b, name)) for name in COLUMNS):
        return []
    shown = []
    for i in range(max(len(a.day), len(b.day))):
        left, right = (describe(x, i) if i < len(x.day) else "nothing" for x in (a, b))
        if left != right:
            shown.append(f"event {i}: {left} | {right}")
        if len(shown) == 5:
            break
    return shown


def describe(log: Log, i: int) -> str:
    """One event in words and exact numbers."""
    return (
        f"day {float(log.day[i])!r} phase {log.phase[i]} hamlet {log.hamlet[i]} "
        f"person {log.person[i]} {KINDS[int(log.kind[i])]} ({CAUSES[int(log.cause[i])]})"
    )


def to_frame(log: Log, hamlet_ids: tuple[str, ...]) -> "pd.DataFrame":
    """The log as a table with hamlet ids and names of kinds and causes."""
    import pandas as pd

    return pd.DataFrame(
        {
            "day": log.day,
            "phase": log.phase,
            "hamlet": [hamlet_ids[h] for h in log.hamlet],
            "person": log.person,
            "kind": [KINDS[int(k)] for k in log.kind],
            "cause": [CAUSES[int(c)] for c in log.cause],
        }
    )


PANEL_FIELDS = (
    "cell",
    "strength",
    "local",
    "active",
    "roll",
    "over_60",
    "under_60_present",
    "probation",
    "listed",
    "certified",
    "away",
    "months_since_admission",
    "posted",
    "chief_is_member",
    "secretary",
    "women",
    "successors",
    "age_18_29",
    "age_30_39",
    "age_40_49",
    "age_50_59",
    "age_60_69",
    "age_70_79",
    "age_80",
)
"""State of one unit at an anniversary, after everything else.

cell: 0 own, 1 joint, 2 none, 3 the unit is not there.  strength: of the cell that covers it, else
the officials who would count.  local, active: its own officials who count, without posted, without
exempt ones.
roll: officials, away ones included, posted ones not.  over_60: of the roll, 60 and older.
under_60_present: of the roll, present and younger.  certified: with a certificate, dossier ready or
not.  away: of the roll and probationers.  months_since_admission: 9999 if none is known.
secretary: 0 vacant, 1 in office, 2 trained.  women: of the roll.  successors: who could follow the
secretary for long, officials of the roll present, not exempt, under 60 and not the secretary.
age_*: the roll by age.
"""
NEVER_ADMITTED = 9999


class Outcome(NamedTuple):
    """What one replication of one policy gives.

    panel[years + 1, H, fields]: PANEL_FIELDS at each anniversary, the start included.
    lever_months[adaptive levers, years]: unit-months in which each was in force.
    posting_months[years]: months of all posted members.  Years count from the start.
    """

    log: Log
    panel: npt.NDArray[np.int32]
    lever_months: npt.NDArray[np.int64]
    posting_months: npt.NDArray[np.int64]


class Written(NamedTuple):
    """Tables in which an engine writes an outcome: of the log the first `number[0]` events.

    number[1].  The others as in `Outcome`.
    """

    log: Log
    number: npt.NDArray[np.int64]
    panel: npt.NDArray[np.int32]
    lever_months: npt.NDArray[np.int64]
    posting_months: npt.NDArray[np.int64]


class Taker(Protocol):
    """Who takes what has been written before it is written over, into a row of its own."""

    def taking(self, written: Written, row: int) -> "Call":
        """What does it, if there is room for it."""

    def take(self, written: Written, row: int) -> None:
        """Do it."""


def outcome_in(written: Written) -> Outcome:
    """What stands in the tables now; it changes with them."""
    number = min(int(written.number[0]), len(written.log.day))
    log = Log(*(getattr(written.log, name)[:number] for name in COLUMNS))
    return Outcome(log, written.panel, written.lever_months, written.posting_months)


def written(outcome: Outcome) -> Written:
    """An outcome as if an engine had just written it."""
    return Written(outcome.log, np.array([len(outcome.log.day)]), *outcome[1:])


def owned(outcome: Outcome) -> Outcome:
    """The same in arrays of its own."""
    log = Log(*(getattr(outcome.log, name).copy() for name in COLUMNS))
    months = (outcome.lever_months.copy(), outcome.posting_months.copy())
    return Outcome(log, outcome.panel.copy(), *months)
