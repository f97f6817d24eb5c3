"""The review of the cells: responses, endings, foundings, adaptive levers; and the yearly panel."""

from sim import log as events
from sim import rules
from sim.draws import person_key
from sim.engine.compiled.life import enter, leaving_scale, look_ahead, settle_budget
from sim.engine.compiled.meetings import enrol, move_person, posted_person
from sim.engine.compiled.queues import keep_order, queue, sort_queue
from sim.engine.compiled.state import (
    PEOPLE,
    POSTED_NOW,
    REVIEW,
    cell_strength,
    draw,
    draw_for,
    is_followed,
    kernel,
    later,
    record,
)

# ---------------------------------------------------------------- 6 review


@kernel
def review(s, members, month, day):
    """Responses in the policy's order; what is not restored ends; who can stand is founded."""
    adaptive = len(s.conditions) > 0
    if adaptive:
        observe(s, members, month, day)
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
    if adaptive:
        decide_levers(s, members, month, day)


@kernel
def observe(s, members, month, day):
    """The closed list of observables of each hamlet, in the order of `rules.OBSERVABLES`."""
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        s.seen[h] = 0.0
        s.seen[h, rules.STRENGTH] = float(cell_strength(s, hamlet))
        s.seen[h, rules.LOCAL] = float(hamlet["officials"])
        s.seen[h, rules.ACTIVE] = float(hamlet["officials"])
        s.seen[h, rules.SINCE_ADMISSION] = float(since_admission(hamlet, month))
        s.seen[h, rules.CANDIDATES] = float(hamlet["candidates"])
        s.best[h] = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        h = p["hamlet"]
        if not is_followed(p):
            continue
        if p["place"] == rules.POSTED:
            s.seen[h, rules.LOCAL] -= p["counted"]
        if p["status"] == rules.EXEMPT:
            s.seen[h, rules.ACTIVE] -= p["counted"]
        if is_on_roll(p):
            s.best[h] += 1
            if rules.birthdays(day, p["birth"]) >= 60:
                s.seen[h, rules.OVER_60] += 1.0
    for k in range(len(members)):
        h = members[k]
        if s.best[h] > 0:
            s.seen[h, rules.OVER_60] /= s.best[h]


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


@kernel
def reinforce(s, members, month, day):
    """Members are posted into weak cells, as long as the pool lasts."""
    n = 0
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if is_weak(s, hamlet, s.schedule[hamlet["group"], month]):
            lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
            queue(s, n, h, float(cell_strength(s, hamlet)), 0.0, lottery, hamlet["key"])
            n += 1
    sort_queue(s, n)
    keep_order(s, n, s.host)
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
    number = min(row["reinforce_number"], s.pool_size[pool] - s.pool_used[pool])
    s.pool_used[pool] += number
    for k in range(number):
        key = person_key(s.hamlets[h]["key"], rules.POSTED_PEOPLE, month, k)
        i = posted_person(s, h, key, pool, day)
        queue(s, k, i, 0.0, 0.0, 0.0, key)
    sort_queue(s, number)
    for k in range(number):
        i = s.order[k]
        s.people[i]["term_months"] = row["reinforce_term"]
        s.term[i] = month + row["reinforce_term"]
        enter(s, i, day, REVIEW)
        s.counters[POSTED_NOW] += 1
        look_ahead(s, i, day)


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
        s.term[i] = month + row["reinforce_term"]
        move_person(s, i, h, day, REVIEW, events.SENT, rules.POSTED)
        s.counters[POSTED_NOW] += 1
        look_ahead(s, i, day)


@kernel
def may_be_sent(p):
    """An active official at home."""
    at_home = p["place"] == rules.PRESENT or p["place"] == rules.STAFF
    return is_followed(p) and p["status"] == rules.OFFICIAL and at_home


@kernel
def can_send(s, c):
    """Stands above its own minimum and has somebody to send."""
    cell = s.hamlets[c]
    if cell["cell"] != rules.OWN or cell["strength"] <= s.minimum:
        return False
    for i in range(s.counters[PEOPLE]):
        if s.people[i]["hamlet"] == c and may_be_sent(s.people[i]):
            return True
    return False


@kernel
def by_sending_lottery(s, c, month):
    """Who is sent."""
    n = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if p["hamlet"] == c and may_be_sent(p):
            queue(s, n, i, 0.0, 0.0, draw(s, i, rules.SENDING_LOTTERY, month), p["key"])
            n += 1
    sort_queue(s, n)
    return s.order[0]


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
                enrol(s, members[one], s.host[k], day, REVIEW, events.COMBINED)


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
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        below = hamlet["cell"] == rules.OWN and hamlet["below_since"] != rules.NEVER
        s.flags[h] = 0
        s.picked[h] = below and later(s, hamlet["below_since"], s.grace_months) <= day
    for k in range(len(members)):
        c = members[k]
        if not s.picked[c]:
            continue
        for one in range(len(members)):
            h = members[one]
            hamlet = s.hamlets[h]
            if hamlet["roll"] == c and (h == c or hamlet["cell"] == rules.JOINT):
                kind = events.RE_EMPTIED if hamlet["ever_founded"] else events.LOST
                cause = s.hamlets[c]["below_cause"]
                record(s, day, REVIEW, h, events.NOBODY, kind, cause)
                hamlet["ever_lost"] = hamlet["ever_founded"] = True
                s.flags[h] = 1
    for k in range(len(members)):
        if s.flags[members[k]]:
            close_cell(s, members[k], rules.NONE)
    for k in range(len(members)):
        roll = s.hamlets[members[k]]["roll"]
        if roll >= 0 and s.hamlets[roll]["cell"] == rules.NONE:
            enrol(s, members[k], -1, day, REVIEW, events.LOST)


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
    sort_queue(s, n)
    for k in range(n):
        h = s.order[k]
        hamlet = s.hamlets[h]
        host = hamlet["roll"]
        if host >= 0 and s.hamlets[host]["strength"] - hamlet["officials"] < s.minimum:
            continue
        enrol(s, h, -1, day, REVIEW, events.FOUNDED)
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
            enrol(s, members[k], s.host[k], day, REVIEW, events.LOST)


# ---------------------------------------------------------------- adaptive levers


@kernel
def decide_levers(s, members, month, day):
    """Which adaptive levers act on each hamlet from now to the next review."""
    for k in range(len(members)):
        s.lottery[members[k]] = draw_for(s, members[k], rules.REVIEW_LOTTERY, month)
        s.flags[members[k]] = 0
    for k in range(len(members)):
        h = members[k]
        if s.hamlets[h]["cell"] == rules.CLOSED:
            continue
        for bit in range(s.adaptive):
            if s.adaptive_months[bit, month] and holds(s, members, h, bit):
                s.flags[h] |= 1 << bit
    for k in range(len(members)):
        h = members[k]
        change_group(s, h, s.hamlets[h]["base_group"] | s.flags[h], day)


@kernel
def holds(s, members, h, bit):
    """Whether every condition of a lever holds for a hamlet in its scope."""
    if not s.condition_scope[bit, h]:
        return False
    for c in range(len(s.conditions)):
        condition = s.conditions[c]
        if condition["bit"] != bit:
            continue
        value = s.seen[h, condition["observable"]]
        if condition["observable"] == rules.RANK:
            value = float(rank(s, members, h, bit, condition["level"]))
        if not (condition["at_least"] <= value < condition["below"]):
            return False
    return True


@kernel
def rank(s, members, h, bit, level):
    """How many hamlets in the lever's scope and the same area are weaker."""
    weaker = 0
    for k in range(len(members)):
        o = members[k]
        if s.area[o, level] != s.area[h, level] or not s.condition_scope[bit, o]:
            continue
        if s.hamlets[o]["cell"] == rules.CLOSED:
            continue
        a, b = s.seen[o, rules.STRENGTH], s.seen[h, rules.STRENGTH]
        if a < b:
            weaker += 1
        elif a == b:
            u, v = s.lottery[o], s.lottery[h]
            if u < v or (u == v and s.hamlets[o]["key"] < s.hamlets[h]["key"]):
                weaker += 1
    return weaker


@kernel
def change_group(s, h, group, day):
    """Other schedules from now; clocks are re-based only where the person's own rate differs."""
    hamlet = s.hamlets[h]
    before = hamlet["group"]
    if group == before:
        return
    n = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if p["hamlet"] != h or not is_followed(p) or p["place"] == rules.POSTED:
            continue
        state = p["status"] * rules.PLACES + p["place"]
        if not rules.same_rates(
            day, p["birth"], s.horizon, s.starts, s.steady[state, before], s.moving[before],
            s.steady[state, group], s.moving[group], leaving_scale(s, p),
        ):  # fmt: skip
            settle_budget(s, i, day)
            s.scratch[n] = i
            n += 1
    hamlet["group"] = group
    for k in range(n):
        look_ahead(s, s.scratch[k], day)


# ---------------------------------------------------------------- 7 panel, tallies


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
        row[:] = 0
        row[0] = hamlet["cell"]
        row[1] = cell_strength(s, hamlet)
        row[2] = row[3] = hamlet["officials"]
        row[11] = since_admission(hamlet, month)
        if hamlet["chief"] >= 0 and s.people[hamlet["chief"]]["status"] >= rules.PROBATION:
            row[13] = 1
        if hamlet["secretary"] >= 0:
            row[14] = 2 if hamlet["secretary_trained"] else 1
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if is_followed(p):
            count_in_panel(s.panel[year, p["hamlet"]], p, day)


@kernel
def count_in_panel(row, p, day):
    """Add one person to the row of a hamlet."""
    status, place = p["status"], p["place"]
    if place == rules.POSTED:
        row[2] -= p["counted"]
        row[12] += 1
    if status == rules.EXEMPT:
        row[3] -= p["counted"]
    if status == rules.PROBATION:
        row[7] += 1
    if status == rules.LISTED:
        row[8] += 1
    if status == rules.CERTIFIED or status == rules.READY:
        row[9] += 1
    if place == rules.AWAY and status >= rules.PROBATION:
        row[10] += 1
    if is_on_roll(p):
        age = rules.birthdays(day, p["birth"])
        row[4] += 1
        if age >= 60:
            row[5] += 1
        elif place != rules.AWAY:
            row[6] += 1
        row[15 + min(max(age // 10 - 2, 0), 6)] += 1
