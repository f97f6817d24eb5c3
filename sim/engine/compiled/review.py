"""Phase 6: the review of the cells - responses, endings, foundings."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.draws import person_key
from sim.engine.compiled import adaptive, clocks, moves, postings, stages
from sim.engine.compiled.queues import (
    NO_ONE,
    UNDRAWN,
    lottery_is,
    make_queue,
    queue,
    set_term,
    sort_queue,
    take_first,
)
from sim.engine.compiled.state import (
    PLACE_BITS,
    PLACE_MASK,
    POSTED_NOW,
    REVIEW,
    cell_strength,
    draw_for,
    later,
    record,
)


@kernel
def review(s, members, month, day):
    """Responses in the policy's order; what is not restored ends; who can stand is founded."""
    looks = len(s.conditions) > 0
    if looks:
        adaptive.observe(s, members, month, day)
    if s.combine_first:
        combine(s, members, month, day)
        reinforce(s, members, month, day)
    else:
        reinforce(s, members, month, day)
        combine(s, members, month, day)
    end_cells(s, members, day)
    found_cells(s, members, month, day)
    if s.host_exists:
        enrol_the_homeless(s, members, month, day)
    if looks:
        adaptive.decide_levers(s, members, month, day)


@kernel
def reinforce(s, members, month, day):
    """Members are posted into weak cells, as long as the pool lasts."""
    if not s.reinforces[month]:
        return
    n = 0
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if is_weak(s, hamlet, s.schedule[hamlet["group"], month]):
            lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
            queue(s, n, h, float(cell_strength(s, hamlet)), 0.0, lottery, hamlet["key"])
            n += 1
    sort_queue(s, n, s.host)
    for k in range(n):
        h = s.host[k]
        row = s.schedule[s.hamlets[h]["group"], month]
        if row["reinforce_senders"] >= 0:
            send(s, h, row, month, day)
        else:
            post(s, h, row, month, day)


@kernel
def is_weak(s, hamlet, row):
    """Whether the lever in force posts members here."""
    if cell_strength(s, hamlet) >= row["reinforce_below"]:
        return False
    without = hamlet["cell"] == rules.NONE and row["reinforce_without"]
    return hamlet["cell"] == rules.OWN or without


@kernel
def post(s, h, row, month, day):
    """From an outside pool, in the order of the keys."""
    pool = s.pool_of[h, row["reinforce_pool"]]
    free = s.pool_size[pool] - s.pool_used[pool]  # below 0 if more are posted at the start
    number = max(0, min(row["reinforce_number"], free))
    s.pool_used[pool] += number
    for k in range(number):
        key = person_key(s.hamlets[h]["key"], rules.POSTED_PEOPLE, month, k)
        i = postings.posted_person(s, h, key, pool, day)
        queue(s, k, i, 0.0, 0.0, 0.0, key)
    sort_queue(s, number, s.scratch)
    for k in range(number):
        i = s.scratch[k]
        s.people[i]["term_months"] = row["reinforce_term"]
        set_term(s, i, month + row["reinforce_term"])
        stages.enter(s, i, day, REVIEW)
        s.counters[POSTED_NOW] += 1
        clocks.look_ahead(s, i, day)


@kernel
def send(s, h, row, month, day):
    """Named cells send members, the strongest first, and never below their own minimum."""
    first = s.sender_first[row["reinforce_senders"]]
    last = s.sender_first[row["reinforce_senders"] + 1]
    for _ in range(row["reinforce_number"]):
        cell = -1
        for k in range(first, last):
            c = s.senders[k]
            if c != h and can_send(s, c) and (cell < 0 or is_stronger(s, c, cell, month)):
                cell = c
        if cell < 0:
            return
        i = by_sending_lottery(s, cell, month)
        p = s.people[i]
        record(s, day, REVIEW, cell, p["key"], events.SENT, 0)
        record(s, day, REVIEW, h, p["key"], events.POSTED, events.SENT)
        p["home"] = cell
        p["term_months"] = row["reinforce_term"]
        p["limit"] = rules.NEVER
        set_term(s, i, month + row["reinforce_term"])
        moves.move_person(s, i, h, day, REVIEW, events.SENT, rules.POSTED)
        s.counters[POSTED_NOW] += 1
        clocks.look_ahead(s, i, day)


@kernel
def may_be_sent(s, i):
    """An active official at home."""
    home = s.state[i] & PLACE_MASK
    official = s.state[i] >> PLACE_BITS == rules.OFFICIAL
    return official and (home == rules.PRESENT or home == rules.STAFF)


@kernel
def can_send(s, c):
    """Stands above its own minimum and has somebody to send."""
    cell = s.hamlets[c]
    if cell["cell"] != rules.OWN or cell["strength"] <= s.minimum:
        return False
    i = s.first_person[c]
    while i != NO_ONE and not may_be_sent(s, i):
        i = s.next_person[i]
    return i != NO_ONE


@kernel
def by_sending_lottery(s, c, month):
    """Who is sent."""
    n = 0
    lottery_is(s, rules.SENDING_LOTTERY, month)
    i = s.first_person[c]
    while i != NO_ONE:
        if may_be_sent(s, i):
            queue(s, n, i, 0.0, 0.0, UNDRAWN, s.people[i]["key"])
            n += 1
        i = s.next_person[i]
    make_queue(s, n)
    return take_first(s, n)


@kernel
def is_stronger(s, a, b, month):
    """Whether cell a goes before cell b among hosts; equals by lottery, then key."""
    x, y = s.hamlets[a], s.hamlets[b]
    if x["strength"] != y["strength"]:
        return x["strength"] > y["strength"]
    u = draw_for(s, a, rules.REVIEW_LOTTERY, month)
    v = draw_for(s, b, rules.REVIEW_LOTTERY, month)
    return u < v or (u == v and x["key"] < y["key"])


@kernel
def stands(s, h):
    """A cell of its own that is not under the minimum."""
    return s.hamlets[h]["cell"] == rules.OWN and s.hamlets[h]["strength"] >= s.minimum


@kernel
def host_of(s, members, h, month):
    """The strongest standing cell of the same area, or -1."""
    found = -1
    for k in range(len(members)):
        c = members[k]
        if c != h and s.area[c, s.host_level] == s.area[h, s.host_level] and stands(s, c):
            if found < 0 or is_stronger(s, c, found, month):
                found = c
    return found


@kernel
def combine(s, members, month, day):
    """A cell under the minimum joins the neighbour's, or the strongest of the area."""
    if not s.combines[month]:
        return
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        s.host[k] = -1
        if hamlet["cell"] == rules.OWN and hamlet["below_since"] != rules.NEVER:
            if s.schedule[hamlet["group"], month]["combine"]:
                near = hamlet["neighbour"]
                near_stands = near >= 0 and s.unit[near] == s.unit[h] and stands(s, near)
                s.host[k] = near if near_stands else host_of(s, members, h, month)
    for k in range(len(members)):
        h = members[k]
        if s.host[k] < 0:
            continue
        cause = s.hamlets[h]["below_cause"]
        record(s, day, REVIEW, h, events.NOBODY, events.COMBINED, cause)
        close_cell(s, h, rules.JOINT)
        for one in range(len(members)):
            if s.hamlets[members[one]]["roll"] == h:
                moves.enrol(s, members[one], s.host[k], day, REVIEW, events.COMBINED)


@kernel
def close_cell(s, h, cell):
    """The hamlet's own cell is no more."""
    hamlet = s.hamlets[h]
    hamlet["cell"], hamlet["below_since"] = cell, rules.NEVER
    hamlet["secretary"] = rules.NO_CHIEF
    hamlet["secretary_trained"] = False


@kernel
def end_cells(s, members, day):
    """What is still under the minimum when the grace is over is lost; `flags` mark the lost."""
    n = 0
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        s.flags[h] = 0
        if hamlet["cell"] == rules.OWN and hamlet["below_since"] != rules.NEVER:
            if later(s, hamlet["below_since"], s.grace_months) <= day:
                s.picked[n] = h
                n += 1
    if n == 0:
        return
    for k in range(n):
        c = s.picked[k]
        for one in range(len(members)):
            h = members[one]
            hamlet = s.hamlets[h]
            if hamlet["roll"] == c and (h == c or hamlet["cell"] == rules.JOINT):
                kind = events.RE_EMPTIED if hamlet["ever_founded"] else events.LOST
                cause = s.hamlets[c]["below_cause"]
                record(s, day, REVIEW, h, events.NOBODY, kind, cause)
                hamlet["ever_founded"] = True
                s.flags[h] = 1
    for k in range(len(members)):
        if s.flags[members[k]]:
            close_cell(s, members[k], rules.NONE)
    for k in range(len(members)):
        roll = s.hamlets[members[k]]["roll"]
        if roll >= 0 and s.hamlets[roll]["cell"] == rules.NONE:
            moves.enrol(s, members[k], -1, day, REVIEW, events.LOST)


@kernel
def found_cells(s, members, month, day):
    """Enough officials on the spot found a cell, unless the host would fall below its minimum."""
    n = 0
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if s.flags[h] or hamlet["officials"] < s.founding:
            continue
        separates = hamlet["cell"] == rules.JOINT and s.schedule[hamlet["group"], month]["separate"]
        if hamlet["cell"] == rules.NONE or separates:
            lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
            queue(s, n, h, 0.0, 0.0, lottery, hamlet["key"])
            n += 1
    sort_queue(s, n, s.scratch)
    for k in range(n):
        h = s.scratch[k]
        hamlet = s.hamlets[h]
        host = hamlet["roll"]
        if host >= 0 and s.hamlets[host]["strength"] - hamlet["officials"] < s.minimum:
            continue
        moves.enrol(s, h, -1, day, REVIEW, events.FOUNDED)
        kind = events.FOUNDED if hamlet["cell"] == rules.NONE else events.SEPARATED
        cause = hamlet["gain"] if hamlet["gain"] != 0 else events.AT_START
        record(s, day, REVIEW, h, events.NOBODY, kind, cause)
        hamlet["ever_founded"] = hamlet["ever_founded"] or kind == events.FOUNDED
        hamlet["cell"], hamlet["roll"] = rules.OWN, h
        hamlet["strength"] = hamlet["officials"]


@kernel
def enrol_the_homeless(s, members, month, day):
    """Members without a cell go on the roll of the strongest cell of the area."""
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        s.host[k] = -1
        if hamlet["cell"] == rules.NONE and hamlet["roll"] < 0:
            s.host[k] = host_of(s, members, members[k], month)
    for k in range(len(members)):
        if s.host[k] >= 0:
            moves.enrol(s, members[k], s.host[k], day, REVIEW, events.LOST)
