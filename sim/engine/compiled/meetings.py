"""Phases 4 and 5: the class and the committee; and what a new year changes."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.engine.compiled import clocks, stages
from sim.engine.compiled.queues import (
    NO_ONE,
    UNDRAWN,
    lottery_is,
    make_queue,
    queue,
    sort_queue,
    take_entry,
    take_first,
    tidy_pipeline,
)
from sim.engine.compiled.state import (
    CLASS,
    COMMITTEE,
    FIRST,
    IN_PIPELINE,
    PLACE_BITS,
    PLACE_MASK,
    SECOND,
    cell_strength,
    draw,
    is_here,
    record,
)


@kernel
def year_begins(s, members, month, day):
    """In January allowances start anew and targets pull."""
    year = s.year[rules.period_at(day, s.starts)] - 1
    for k in range(len(members)):
        s.hamlets[members[k]]["pull"] = 1.0
    for t in range(len(s.capped)):
        touched = False
        for k in range(len(members)):
            for level in range(s.target_of.shape[1]):
                touched = touched or s.target_of[members[k], level] == t
        if touched:
            s.target_pull[t] = rules.pulled(
                s.target_pull[t], s.target_yearly[t, year], s.admitted[t], s.pull[month]
            )
            s.admitted[t] = 0
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        for level in range(s.target_of.shape[1]):
            t = s.target_of[members[k], level]
            if t >= 0:
                hamlet["pull"] *= s.target_pull[t]


@kernel
def hold_classes(s, members, month, day):
    """Each class fills its seats from the queue of its area."""
    tidy_pipeline(s)
    c = first_class_of(s, month)
    if c == len(s.classes) or s.classes[c]["month"] > month:
        return
    remember_strengths(s, members)
    while c < len(s.classes) and s.classes[c]["month"] == month:
        if reaches(s, s.classes[c], members):
            hold_class(s, s.classes[c], members, month, day)
        c += 1


@kernel
def first_class_of(s, month):
    """Position of the first class in this month or later."""
    low, high = 0, len(s.classes)
    while low < high:
        middle = (low + high) // 2
        if s.classes[middle]["month"] < month:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def reaches(s, one, members):
    """Whether a class is held in an area of this coupled unit."""
    for k in range(len(members)):
        if s.area[members[k], one["level"]] == one["area"]:
            return True
    return False


@kernel
def remember_strengths(s, members):
    """Choices over an area use the state at the start of the phase."""
    if not s.ranks_strength:
        return
    for k in range(len(members)):
        s.strength_then[members[k]] = cell_strength(s, s.hamlets[members[k]])


@kernel
def hold_class(s, one, members, month, day):
    """One class of one area."""
    level, area = one["level"], one["area"]
    n = 0
    lottery_is(s, rules.CLASS_LOTTERY, month)
    for k in range(s.counters[IN_PIPELINE]):
        i = s.pipeline[k]
        if is_here(s.state[i], rules.LISTED):
            p = s.people[i]
            if s.area[p["hamlet"], level] == area:
                queue(s, n, i, 0.0, p["waiting"], UNDRAWN, p["key"])
                n += 1
    line_up(s, members, n, one["priority"], month, day, False)
    seats = one["seats"]
    decision = rules.ATTENDANCE + 100 * one["series"]
    for taken in range(n):
        if seats == 0:
            return
        i = take_first(s, n - taken)
        p = s.people[i]
        attends = draw(s, i, decision, month) < one["attendance"]
        kind = events.CLASS_ATTENDED if attends else events.CLASS_MISSED
        record(s, day, CLASS, p["hamlet"], p["key"], kind, 0)
        if attends or not one["replace"]:
            seats -= 1
        if attends:
            s.hamlets[p["hamlet"]]["turns"] += 1
            stages.certify(s, i, day)
            stages.pass_open_stages(s, i, day, CLASS)
            clocks.look_ahead(s, i, day)


@kernel
def line_up(s, members, n, rule, month, day, enlisting):
    """Bring the n people queued into the order of rule, waiting since, lottery and key."""
    if rule == rules.FAIR_SHARE:
        make_queue(s, n)
        for k in range(n):
            s.scratch[k] = take_entry(s, n - k)
        for k in range(len(members)):
            s.flags[members[k]] = 0
    for k in range(n):
        entry = s.queued[s.scratch[k] if rule == rules.FAIR_SHARE else k]
        i = entry["who"]
        p = s.people[i]
        h = p["hamlet"]
        hamlet = s.hamlets[h]
        row = s.schedule[hamlet["group"], month]
        turn = 0
        if rule == rules.FAIR_SHARE:
            turn = (hamlet["admissions"] if enlisting else hamlet["turns"]) + s.flags[h]
            s.flags[h] += 1
        is_chief = hamlet["chief"] == i
        if enlisting and is_enlisting(row, p, day):
            entry["value"] = FIRST
        elif is_chief and row["list_chief"]:
            entry["value"] = SECOND
        else:
            entry["value"] = rules.priority_value(
                rule, s.strength_then[h] if s.ranks_strength else 0, p["birth"], is_chief, turn
            )
    make_queue(s, n)


@kernel
def is_enlisting(row, p, day):
    """In the ages of those who are admitted before they enlist this month."""
    low, high = row["enlist_low"], row["enlist_high"]
    return low < high and low * rules.YEAR <= day - p["birth"] < high * rules.YEAR


@kernel
def committee_meets(s, members, month, day):
    """Overdue probations first, then the dossiers in their order, within the allowances."""
    u = s.unit[members[0]]
    committees = s.committees[s.committees_from[u] : s.committees_from[u + 1]]
    for k in range(len(committees)):
        s.first_ready[committees[k]] = NO_ONE
    overdue = 0
    for k in range(before_the_committee(s, month) - 1, -1, -1):  # in the end, first come are first
        i = s.scratch[k]
        if s.state[i] >> PLACE_BITS == rules.PROBATION:
            p = s.people[i]
            if p["stage_due"] < day:
                queue(s, overdue, i, float(p["hamlet"]), 0.0, 0.0, p["key"])
                overdue += 1
        elif is_to_be_decided(s, i, month, day):
            area = s.committee[s.people[i]["hamlet"]]
            s.next_ready[i] = s.first_ready[area]
            s.first_ready[area] = i
    sort_queue(s, overdue, s.scratch)
    for k in range(overdue):
        stages.recognise(s, s.scratch[k], day, COMMITTEE)
        clocks.look_ahead(s, s.scratch[k], day)
    remember_strengths(s, members)
    limit = last_age_limit(s, month)
    for k in range(len(committees)):
        decide_dossiers(s, members, committees[k], limit, month, day)


@kernel
def before_the_committee(s, month):
    """How many may be of interest to it, by stage and place; they stand in `scratch`."""
    found = 0
    for k in range(s.counters[IN_PIPELINE]):
        i = s.pipeline[k]
        status, place = s.state[i] >> PLACE_BITS, s.state[i] & PLACE_MASK
        s.scratch[found] = i  # no branch: nobody can guess who it is
        ready = (status == rules.READY) | (status == rules.PROBATION)
        making = (status == rules.CERTIFIED) & s.enlists[month]
        found += (ready | making) & (place != rules.AWAY)
    return found


@kernel
def last_age_limit(s, month):
    """Who was born on this day or later is over nobody's age limit this month."""
    limit = -rules.NEVER
    for group in range(s.schedule.shape[0]):
        oldest = s.schedule[group, month]["maximum_age"]
        limit = max(limit, rules.born_before(oldest, s.origin + month, s.days))
    return limit


@kernel
def is_to_be_decided(s, i, month, day):
    """A dossier that is ready; before enlisting, one in the making too."""
    if is_here(s.state[i], rules.READY):
        return True
    if not s.enlists[month] or not is_here(s.state[i], rules.CERTIFIED):
        return False
    p = s.people[i]
    return is_enlisting(s.schedule[s.hamlets[p["hamlet"]]["group"], month], p, day)


@kernel
def decide_dossiers(s, members, area, limit, month, day):
    """One committee decides on all that is ready; see `first_ready`, then `next_ready`.

    Nobody born on the day `limit` or later is too old.
    """
    waiting = 0
    i = s.first_ready[area]
    while i != NO_ONE:
        p = s.people[i]
        queue(s, waiting, i, 0.0, p["waiting"], UNDRAWN, p["key"])
        waiting += 1
        i = s.next_ready[i]
    open_ = has_room_for_any(s, waiting, month)
    if open_:
        lottery_is(s, rules.COMMITTEE_LOTTERY, month)
        line_up(s, members, waiting, s.committee_priority[area, month], month, day, True)
    while open_:
        i = take_first(s, waiting)
        waiting -= 1
        if stages.too_old(s, s.people[i], day) or has_room(s, s.people[i]["hamlet"], month):
            decide(s, i, day)
        open_ = has_room_for_any(s, waiting, month)
    for k in range(waiting):  # whatever their order: none of them can be admitted
        i = s.queued[s.order[k]]["who"]
        p = s.people[i]
        if p["birth"] < limit and stages.too_old(s, p, day):
            decide(s, i, day)


@kernel
def has_room_for_any(s, waiting, month):
    """Whether anybody who is still in the queue finds a place left."""
    for k in range(waiting):
        if has_room(s, s.people[s.queued[s.order[k]]["who"]]["hamlet"], month):
            return True
    return False


@kernel
def decide(s, i, day):
    """The decision on one dossier, and what follows in this life."""
    stages.consider(s, i, day, COMMITTEE)
    clocks.look_ahead(s, i, day)


@kernel
def has_room(s, h, month):
    """Every area above has a place left in its allowance of the year so far."""
    for k in range(s.target_of.shape[1]):
        t = s.target_of[h, k]
        if t >= 0 and s.capped[t] and s.admitted[t] >= s.allowed[t, month]:
            return False
    return True
