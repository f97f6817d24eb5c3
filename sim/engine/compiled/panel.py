"""Phase 7: the yearly panel, and the tallies of the month."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.engine.compiled.state import (
    NOT_FOLLOWED,
    PEOPLE,
    PLACE_BITS,
    PLACE_MASK,
    POSTED_NOW,
    cell_strength,
)
from sim.world import FEMALE


@kernel
def tally(s, members, month):
    """Count the months of postings and of adaptive levers."""
    year = month // 12
    s.posting_months[year] += s.counters[POSTED_NOW]
    for bit in range(s.adaptive):
        if s.adaptive_months[bit, month]:
            for k in range(len(members)):
                s.lever_months[bit, year] += s.hamlets[members[k]]["group"] >> bit & 1


@kernel
def take_panel(s, members, month, day):
    """The state of every hamlet at an anniversary, in the order of `log.PANEL_FIELDS`."""
    year = month // 12
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        row = s.panel[year, h]
        row[0] = hamlet["cell"]
        row[1] = cell_strength(s, hamlet)
        row[2] = row[3] = hamlet["officials"]
        row[11] = since_admission(hamlet, month)
        if hamlet["chief"] >= 0 and s.people[hamlet["chief"]]["status"] >= rules.PROBATION:
            row[13] = 1
        if hamlet["secretary"] >= 0:
            row[14] = 2 if hamlet["secretary_trained"] else 1
    for i in range(s.counters[PEOPLE]):
        state = s.state[i]
        if state != NOT_FOLLOWED:
            p = s.people[i]
            h = p["hamlet"]
            is_secretary = s.hamlets[h]["secretary"] == i
            count_in_panel(
                s.panel[year, h], p, state >> PLACE_BITS, state & PLACE_MASK, is_secretary, day
            )


@kernel
def count_in_panel(row, p, status, place, is_secretary, day):
    """Add one person to the row of a hamlet.

    A successor could follow the secretary for long: an active official of the hamlet's own,
    present, under 60.
    """
    away = place == rules.AWAY
    if place == rules.POSTED:
        row[2] -= p["counted"]
        row[12] += 1
    if status < rules.OFFICIAL:
        row[8 if status == rules.LISTED else (7 if status == rules.PROBATION else 9)] += 1
    elif status == rules.EXEMPT:
        row[3] -= p["counted"]
    if away and status >= rules.PROBATION:
        row[10] += 1
    if status >= rules.OFFICIAL and place != rules.POSTED:
        old, decades = rules.has_had(60, day, p["birth"]), 0
        for birthday in range(30, 90, 10):
            decades += rules.has_had(birthday, day, p["birth"])
        young_here = (not old) & (not away)
        row[4] += 1
        row[15] += p["sex"] == FEMALE
        row[5] += old  # no branch: nobody can guess who is old
        row[6] += young_here
        row[16] += young_here & (status == rules.OFFICIAL) & (not is_secretary)
        row[17 + decades] += 1


@kernel
def is_on_roll(p):
    """An official, away or not, who is not posted in."""
    official = p["status"] == rules.OFFICIAL or p["status"] == rules.EXEMPT
    return official and p["place"] != rules.POSTED


@kernel
def since_admission(hamlet, month):
    """Months since the last admission, as far as is known."""
    if hamlet["last_admission"] < -events.NEVER_ADMITTED + 1:
        return events.NEVER_ADMITTED
    return month - hamlet["last_admission"]
