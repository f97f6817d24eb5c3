"""What is counted of a replication: names, in the order of the columns, and how events map to them.

`STATES` are numbers at an anniversary: of hamlets so far (SO_FAR) and now (NOW), and of people
(HEADS). `FLOWS` are events in a year. Hamlets are units of any kind; all are counted by kind.

below, lost, combined: hamlets to which it has happened so far.  joint_cell: covered by another's
cell.  without_members: no official, probationer or posted member.  few_local: fewer officials of
its own on the spot than the minimum.  under_risk_line: own cells under it.  no_admission: none in
five years.  no_successor: no official under 60 present; secretary_alone: own cells with a
secretary whom no other official of its own under 60, present and active, could follow.
on_posted: own cells that would not have the minimum without members posted to their hamlet.
no_secretary: own cells without one.  at_risk: the observable rule.
certified: with a certificate, dossier ready or not.  seats_used: of the classes of `training`;
local_: of local classes; either_: where both were held on one day.  posted, posting_ended: from
outside pools; sent, sent_home: by another cell, and back to it.  candidates_*: of those on the
source list; the same names without it are of members.
"""

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules

NEVER = 255
"""Stands in `first` for what did not happen; a scenario has 200 years at most."""
BELOW, LOST, COMBINED = range(3)
"""What `first` holds of a hamlet."""
WINDOW_MONTHS = 60
"""How far back departures before a loss are counted; also "no admission in five years"."""

JUDGED = ("below", "lost")
"""What the at-risk rule is judged by, in the order of `first`."""
FORESIGHT_YEARS = 5
"""The rule speaks of the next five years, as it looks back on five without an admission."""
FATES = ("soon", "later", "never")
"""Whether it happens within FORESIGHT_YEARS, later within the horizon, or not within it."""
SOON, LATER, NOT = range(3)

ENDINGS = ("lost", "re_emptied", "combined", "founded")
"""What causes are counted of."""
PROGRESS = ("none", "waiting_for_a_seat", "lapsed", "dossier", "target", "probation")
"""How far the candidates of a hamlet had come when its cell ended."""

# ---------------------------------------------------------------- measures of a year

SO_FAR = ("below", "lost", "combined")
NOW = (
    "hamlets", "own_cell", "joint_cell", "without_cell", "without_members", "few_local",
    "under_risk_line", "no_admission", "no_successor", "at_risk", "chief_is_member",
    "secretary_trained", "on_posted", "secretary_alone", "no_secretary",
)  # fmt: skip
HEADS = (
    "officials", "over_60", "probation", "listed", "certified", "away", "posted_now", "women",
    "age_18_29", "age_30_39", "age_40_49", "age_50_59", "age_60_69", "age_70_79", "age_80",
)  # fmt: skip
SEATS = ("seats_used", "local_seats_used", "either_seats_used")
OF_MEMBERS = (
    "left", "returned", "moved_in", "posted", "posting_renewed", "sent", "dead", "moved",
    "expelled", "struck_off", "asked_to_leave", "not_recognised", "posting_ended", "exempted",
    "recognised",
)  # fmt: skip
OF_CANDIDATES = (
    "listed", "class_attended", "class_missed", "certificate_expired", "dossier_ready",
    "dossier_lapsed", "admitted", "lapsed", "over_age", "refused",
)  # fmt: skip
CANDIDATES_GONE = ("left", "returned", "dead", "moved")
OF_CELLS = (
    "below",
    "restored",
    "combined",
    "separated",
    "lost",
    "re_emptied",
    "founded",
    "absorbed",
)

STATES = SO_FAR + NOW + HEADS
FLOWS = (
    *SEATS,
    *(f"{kind}_in_year" if kind == "listed" else kind for kind in OF_CANDIDATES),
    *OF_MEMBERS,
    *(f"candidates_{kind}" for kind in CANDIDATES_GONE),
    *(f"cells_{kind}" for kind in OF_CELLS),
    "sent_home",
    "officers_trained",
)
MEASURES = STATES + FLOWS
"""Columns of `Counts.years`: numbers of hamlets so far and now, of people now, of events."""
COLUMN = {name: i for i, name in enumerate(MEASURES)}

FUNNEL = (
    "listed_in_year", "class_attended", "dossier_ready", "admitted", "recognised",
    "class_missed", "certificate_expired", "dossier_lapsed", "lapsed", "over_age", "refused",
    "candidates_left", "candidates_dead", "candidates_moved", "not_recognised",
)  # fmt: skip
"""Steps from the source list to official member, then where people are held up or lost on the way;
counted by area. A class missed and a certificate or dossier run out lead back, not out."""
STEPS = FUNNEL[:5]
FUNNEL_OF = np.array([FUNNEL.index(name) if name in FUNNEL else -1 for name in MEASURES])
"""Place in FUNNEL of each measure, -1 if it is none of it."""

SENT_HOME = COLUMN["sent_home"]
FIRST_NOW, FIRST_HEAD, FIRST_SEAT = len(SO_FAR), len(SO_FAR + NOW), len(STATES)
HEAD_FIELDS = np.array(
    [
        events.PANEL_FIELDS.index(name)
        for name in (
            "roll", "over_60", "probation", "listed", "certified", "away", "posted", *HEADS[7:]
        )
    ]
)  # fmt: skip

ON_LIST, MEMBER = 0, 1


def _columns() -> npt.NDArray[np.int64]:
    """column[on the list or a member, kind] of the events that are counted; -1 for the others."""
    column = np.full((2, max(events.KINDS) + 1), -1)
    for code, kind in events.KINDS.items():
        named = "listed_in_year" if kind == "listed" else kind
        if kind in OF_CANDIDATES:
            column[:, code] = COLUMN[named]
        if kind in OF_MEMBERS:
            column[MEMBER, code] = COLUMN[kind]
        if kind in CANDIDATES_GONE:
            column[ON_LIST, code] = COLUMN[f"candidates_{kind}"]
        if kind in OF_CELLS:
            column[:, code] = COLUMN[f"cells_{kind}"]
    column[:, events.OFFICER_TRAINED] = COLUMN["officers_trained"]
    # Who is recognised was on probation, and who joins is not known before.
    for code in (events.MOVED_IN, events.POSTED):
        column[:, code] = column[MEMBER, code]
    return column


EVENT_COLUMN = _columns()


def _statuses_after() -> npt.NDArray[np.int8]:
    """Status after each kind of event, -1 where it says nothing of the status."""
    status = np.full(max(events.KINDS) + 1, -1, dtype=np.int8)
    status[[events.LISTED, events.CERTIFICATE_EXPIRED]] = rules.LISTED
    status[[events.CLASS_ATTENDED, events.DOSSIER_LAPSED]] = rules.CERTIFIED
    status[events.DOSSIER_READY] = rules.READY
    status[events.ADMITTED] = rules.PROBATION
    status[[events.RECOGNISED, events.MOVED_IN, events.POSTED]] = rules.OFFICIAL
    status[events.EXEMPTED] = rules.EXEMPT
    status[list(events.EXITS)] = rules.GONE
    return status


def _endings() -> npt.NDArray[np.int64]:
    ending = np.full(max(events.KINDS) + 1, -1)
    for code, kind in events.KINDS.items():
        if kind in ENDINGS:
            ending[code] = ENDINGS.index(kind)
    return ending


STATUS_AFTER = _statuses_after()
ENDING_OF = _endings()

# ---------------------------------------------------------------- sums by hamlet and year

SUMS = (
    "without_cell", "without_members", "at_risk", "first_lost", "first_combined", "recovered",
    "spells", "restored", "on_posted", "no_admission", "no_successor",
)  # fmt: skip
(
    WITHOUT_CELL, WITHOUT_MEMBERS, AT_RISK, FIRST_LOST, FIRST_COMBINED, RECOVERED, SPELLS, RESTORED,
    ON_POSTED, NO_ADMISSION, NO_SUCCESSOR,
) = range(11)  # fmt: skip

TOTALS = ("local", "posted", "active", "officials", "over_60", "admitted")
"""Numbers of people by hamlet and year: officials of its own who count (local), members posted in,
both without exempt ones (active), all officials, those of 60 and more; admissions in the year."""
(
    TOTAL_LOCAL, TOTAL_POSTED, TOTAL_ACTIVE, TOTAL_OFFICIALS, TOTAL_OVER_60, TOTAL_ADMITTED,
) = range(6)  # fmt: skip

CELL, STRENGTH, LOCAL, OFFICIALS, ACTIVE = (
    events.PANEL_FIELDS.index(n) for n in ("cell", "strength", "local", "roll", "active")
)
OLD, YOUNG, ON_PROBATION, SINCE, POSTED_IN = (
    events.PANEL_FIELDS.index(n)
    for n in ("over_60", "under_60_present", "probation", "months_since_admission", "posted")
)
CHIEF, SECRETARY, SUCCESSORS = (
    events.PANEL_FIELDS.index(n) for n in ("chief_is_member", "secretary", "successors")
)

DISTRICT_CLASS, LOCAL_CLASS, EITHER_CLASS = 1, 2, 3
EMPTY = -1
