"""Chiefs, secretaries and their courses."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.engine.compiled.queues import NO_ONE, queue, sort_queue
from sim.engine.compiled.state import (
    PLACE_BITS,
    POSTINGS,
    cell_strength,
    draw,
    draw_for,
    is_here,
    record,
)


@kernel
def fill_offices(s, members, month, day):
    """Chiefs are elected every term and when the office is vacant; secretaries when vacant."""
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if s.election[month] or hamlet["chief"] == rules.NO_CHIEF or hamlet["secretary"] < 0:
            fill_offices_of(s, h, month, day)


@kernel
def fill_offices_of(s, h, month, day):
    """The offices of one hamlet."""
    hamlet = s.hamlets[h]
    if hamlet["cell"] == rules.CLOSED:
        return
    if hamlet["is_hamlet"]:
        if hamlet["chief"] == rules.NO_CHIEF or election_is_held(s, h, month):
            elect_chief(s, h, month, day)
    if hamlet["cell"] == rules.OWN and hamlet["secretary"] < 0:
        name_secretary(s, h, month, day)


@kernel
def election_is_held(s, h, month):
    """Whether the term of the chiefs is over, and this one does not stay."""
    return s.election[month] and draw_for(s, h, rules.CHIEF_STAYS, month) < s.chief_turnover


@kernel
def elect_chief(s, h, month, day):
    """The secretary, a member by lottery or a resident takes office."""
    hamlet = s.hamlets[h]
    row = s.schedule[hamlet["group"], month]
    before = hamlet["chief"]
    secretary = hamlet["secretary"]
    chosen = NO_ONE
    if row["unified"] and secretary >= 0 and may_be_chief(s, secretary, before):
        chosen = secretary
    elif draw_for(s, h, rules.CHIEF_MEMBER, month) < row["member_elected"]:
        chosen = by_lottery(s, h, True, month, day)
    hamlet["chief"] = chosen if chosen != NO_ONE else rules.RESIDENT_CHIEF
    hamlet["chief_trained"] = hamlet["chief_asked"] = False
    key = s.people[chosen]["key"] if chosen != NO_ONE else events.NOBODY
    cause = events.VACANCY if before == rules.NO_CHIEF else events.ELECTION
    record(s, day, POSTINGS, h, key, events.CHIEF_NAMED, cause)


@kernel
def name_secretary(s, h, month, day):
    """The chief under a unified post, else a member by lottery, prepared or not."""
    hamlet = s.hamlets[h]
    row = s.schedule[hamlet["group"], month]
    i = hamlet["chief"]
    if not (row["unified"] and i >= 0 and may_be_secretary(s, i, day)):
        i = by_lottery(s, h, False, month, day)
    if i == NO_ONE:
        return
    hamlet["secretary"] = i
    trained = draw(s, i, rules.SUCCESSOR_TRAINED, month) < row["successor_trained"]
    hamlet["secretary_trained"] = trained
    record(s, day, POSTINGS, h, s.people[i]["key"], events.SECRETARY_NAMED, events.VACANCY)


@kernel
def may_be_chief(s, i, before):
    """A chief is an active official at home, and not the one before."""
    return i != before and s.state[i] == rules.OFFICIAL << PLACE_BITS | rules.PRESENT


@kernel
def may_be_secretary(s, i, day):
    """A secretary is an active official on the spot, posted or not, and not too old."""
    if not is_here(s.state[i], rules.OFFICIAL):
        return False
    return day - s.people[i]["birth"] < s.secretary_maximum_age * rules.YEAR


@kernel
def by_lottery(s, h, chief, month, day):
    """One of the members who may be chief, or else secretary; NO_ONE if nobody may.

    The lowest lottery wins, and between equals the lowest key.
    """
    best, lowest = NO_ONE, 1.0
    decision = rules.OFFICE_LOTTERY if chief else rules.SECRETARY_LOTTERY
    i = s.first_person[h]
    while i != NO_ONE:
        if chief:
            able = may_be_chief(s, i, s.hamlets[h]["chief"])
        else:
            able = may_be_secretary(s, i, day)
        if able:
            u = draw(s, i, decision, month)
            if u < lowest or (u == lowest and s.people[i]["key"] < s.people[best]["key"]):
                best, lowest = i, u
        i = s.next_person[i]
    return best


@kernel
def hold_courses(s, members, month, day):
    """Courses for untrained chiefs and secretaries, of the weakest cells first."""
    for c in range(len(s.courses)):
        course = s.courses[c]
        if course["month"] != month:
            continue
        n = 0
        for k in range(len(members)):
            h = members[k]
            if s.area[h, course["level"]] != course["area"]:
                continue
            if wants_course(s.hamlets[h], course["chief"]):
                hamlet = s.hamlets[h]
                lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
                queue(s, n, h, float(cell_strength(s, hamlet)), 0.0, lottery, hamlet["key"])
                n += 1
        sort_queue(s, n, s.scratch)
        for k in range(min(n, course["places"])):
            hamlet = s.hamlets[s.scratch[k]]
            if course["chief"]:
                hamlet["chief_trained"] = True
                holder, cause = hamlet["chief"], events.CHIEF_NAMED
            else:
                hamlet["secretary_trained"] = True
                holder, cause = hamlet["secretary"], events.SECRETARY_NAMED
            key = s.people[holder]["key"] if holder >= 0 else events.NOBODY
            record(s, day, POSTINGS, s.scratch[k], key, events.OFFICER_TRAINED, cause)


@kernel
def wants_course(hamlet, chiefs):
    """In office and not trained."""
    if hamlet["cell"] == rules.CLOSED:
        return False
    if chiefs:
        return hamlet["chief"] != rules.NO_CHIEF and not hamlet["chief_trained"]
    return hamlet["secretary"] >= 0 and not hamlet["secretary_trained"]
