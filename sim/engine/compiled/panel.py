"""Phase 7: the yearly panel, and the tallies of the month."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.engine.compiled.state import NOT_FOLLOWED, PEOPLE, POSTED_NOW, cell_strength
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
        if s.state[i] != NOT_FOLLOWED:
            p = s.people[i]
            row = s.panel[year, p["hamlet"]]
            count_in_panel(row, p, day)
            row[16] += (i != s.hamlets[p["hamlet"]]["secretary"]) & is_successor(p, day)


@kernel
def count_in_panel(row, p, day):
    """Add one person to the row of a hamlet."""
    status, place = p["status"], p["place"]
    if place == rules.POSTED:
        row[2] -= p["counted"]
        row[12] += 1
    if status < rules.OFFICIAL:
        row[8 if status == rules.LISTED else (7 if status == rules.PROBATION else 9)] += 1
    elif status == rules.EXEMPT:
        row[3] -= p["counted"]
    if place == rules.AWAY and status >= rules.PROBATION:
        row[10] += 1
    if is_on_roll(p):
        age = rules.birthdays(day, p["birth"])
        row[4] += 1
        row[15] += p["sex"] == FEMALE
        row[5] += age >= 60  # no branch: nobody can guess who is old
        row[6] += (age < 60) & (place != rules.AWAY)
        row[17 + min(max(age // 10 - 2, 0), 6)] += 1


@kernel
def is_on_roll(p):
    """An official, away or not, who is not posted in."""
    official = p["status"] == rules.OFFICIAL or p["status"] == rules.EXEMPT
    return official and p["place"] != rules.POSTED


@kernel
def is_successor(p, day):
    """Could follow the secretary for long: an active official of its own, present, under 60."""
    active = (p["status"] == rules.OFFICIAL) & (p["place"] != rules.AWAY)
    return active & (p["place"] != rules.POSTED) & (rules.birthdays(day, p["birth"]) < 60)


@kernel
def since_admission(hamlet, month):
    """Months since the last admission, as far as is known."""
    if hamlet["last_admission"] < -events.NEVER_ADMITTED + 1:
        return events.NEVER_ADMITTED
    return month - hamlet["last_admission"]
