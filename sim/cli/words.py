"""Events and levels of areas in a planner's words."""

from sim import log as events
from sim.messages import _
from sim.risk.words import cause_in_words


def level_words(level: str) -> str:
    """Areas of a level; the table may call its levels otherwise, and then that is their name."""
    words = {"province": _("provinces"), "district": _("districts"), "commune": _("communes")}
    return words.get(level, level)


def person_words(kind: int, cause: int) -> str:
    """What happens to a person; `{who}` stands for the person."""
    special = _with_cause().get((kind, cause))
    return special or _plain()[kind]


def _plain() -> dict[int, str]:
    return {
        events.LISTED: _("{who} is put on the source list"),
        events.CLASS_ATTENDED: _("{who} attends the awareness class"),
        events.CLASS_MISSED: _("{who} has a seat in the awareness class and does not come"),
        events.CERTIFICATE_EXPIRED: _("the certificate of {who} expires"),
        events.DOSSIER_READY: _("the dossier of {who} is ready"),
        events.DOSSIER_LAPSED: _("the dossier of {who} lapses and must be made again"),
        events.ADMITTED: _("{who} is admitted on probation"),
        events.RECOGNISED: _("{who} is recognised as official member"),
        events.EXEMPTED: _("{who} is exempted from activity"),
        events.LEFT: _("{who} leaves for work"),
        events.RETURNED: _("{who} comes home"),
        events.MOVED_IN: _("{who} moves in"),
        events.POSTED: _("{who} is posted in"),
        events.POSTING_RENEWED: _("the posting of {who} is renewed"),
        events.RELOCATED: _("{who} is moved to another hamlet"),
        events.SENT: _("{who} is sent to another cell"),
        events.DEAD: _("{who} dies"),
        events.MOVED: _("{who} moves away"),
        events.EXPELLED: _("{who} is expelled"),
        events.STRUCK_OFF: _("{who} is struck off"),
        events.ASKED_TO_LEAVE: _("{who} is asked to leave"),
        events.LAPSED: _("{who} drops off the source list"),
        events.OVER_AGE: _("{who} is too old to be admitted"),
        events.REFUSED: _("{who} is refused"),
        events.NOT_RECOGNISED: _("{who} is not recognised"),
        events.POSTING_ENDED: _("the posting of {who} ends"),
        events.CHIEF_NAMED: _("{who} becomes hamlet chief"),
        events.SECRETARY_NAMED: _("{who} becomes cell secretary"),
        events.OFFICER_TRAINED: _("{who} is trained"),
    }


def _with_cause() -> dict[tuple[int, int], str]:
    return {
        (events.LISTED, events.LISTED_AS_CHIEF): _("{who}, the chief, is put on the source list"),
        (events.MOVED_IN, events.RETIRED_HOME): _("{who} comes home after retiring"),
        (events.MOVED_IN, events.DEMOBILISED): _("{who} comes home after service"),
        (events.MOVED_IN, events.MARRIED_IN): _("{who} marries in"),
        (events.MOVED_IN, events.REPLACEMENT): _("{who} joins the staff"),
        (events.MOVED, events.SETTLED_AWAY): _("{who} settles where the work is"),
        (events.MOVED, events.LEFT_FOR_GOOD): _("{who} leaves for good"),
        (events.MOVED, events.TRANSFERRED): _("{who} is transferred"),
        (events.MOVED, events.RETIRED): _("{who} retires and leaves"),
        (events.RELOCATED, events.SPLIT): _("{who} is of the new hamlet after the split"),
        (events.RELOCATED, events.MERGED): _("{who} goes with the merger"),
        (events.RELOCATED, events.RESETTLED): _("{who} is resettled"),
        (events.STRUCK_OFF, events.AWAY_TOO_LONG): _("{who} is struck off after long absence"),
        (events.LAPSED, events.WITHDREW): _("{who} withdraws"),
        (events.LAPSED, events.STALE): _(
            "{who} drops off the source list, too long without a class"
        ),
        (events.LAPSED, events.AWAY_TOO_LONG): _("{who} drops off the source list, away too long"),
        (events.REFUSED, events.DOSSIER_FAILED): _("{who} cannot be admitted: the dossier fails"),
        (events.REFUSED, events.NOT_APPROVED): _("{who} is not approved by the committee"),
        (events.CHIEF_NAMED, events.ELECTION): _("{who} is elected hamlet chief"),
        (events.OFFICER_TRAINED, events.CHIEF_NAMED): _("{who}, the chief, is trained"),
        (events.OFFICER_TRAINED, events.SECRETARY_NAMED): _("{who}, the secretary, is trained"),
    }


def cell_words(kind: int, cause: int, minimum: int) -> str:
    """What happens to a cell, and why."""
    words = {
        events.BELOW: _("THE CELL FALLS BELOW {minimum}"),
        events.RESTORED: _("the cell has {minimum} again"),
        events.COMBINED: _("THE CELL IS COMBINED with another"),
        events.SEPARATED: _("the hamlet has a cell of its own again"),
        events.LOST: _("THE CELL IS LOST"),
        events.RE_EMPTIED: _("THE CELL IS LOST AGAIN"),
        events.FOUNDED: _("a cell is founded"),
        events.ABSORBED: _("the hamlet ends"),
        events.BECAME: _("the hamlet begins"),
    }
    told = words[kind].format(minimum=minimum)
    return f"{told} ({cause_in_words(events.CAUSES[cause])})" if cause else told
