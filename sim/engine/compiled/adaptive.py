"""Adaptive levers: what is observed at a review, and what acts until the next."""

from sim import rules
from sim.compilation import kernel
from sim.engine.compiled import clocks, panel
from sim.engine.compiled.queues import NO_ONE, queue, sort_queue
from sim.engine.compiled.state import (
    PLACE_BITS,
    cell_strength,
    draw_for,
    is_followed,
)
from sim.world import STALE


@kernel
def observe(s, members, month, day):
    """The closed list of observables of each hamlet, in the order of `rules.OBSERVABLES`."""
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        seen = s.seen[h]
        for what in range(len(seen)):
            seen[what] = 0.0
        seen[rules.STRENGTH] = float(cell_strength(s, hamlet))
        seen[rules.LOCAL] = seen[rules.ACTIVE] = float(hamlet["officials"])
        seen[rules.SINCE_ADMISSION] = float(panel.since_admission(hamlet, month))
        seen[rules.CANDIDATES] = float(hamlet["candidates"])
        if s.looks_at_people:
            observe_people(s, h, day, seen)


@kernel
def observe_people(s, h, day, seen):
    """What the people of a hamlet add to what is observed."""
    on_roll = 0
    i = s.first_person[h]
    while i != NO_ONE:
        p = s.people[i]
        if is_followed(p):
            if p["place"] == rules.POSTED:
                seen[rules.LOCAL] -= p["counted"]
            if p["status"] == rules.EXEMPT:
                seen[rules.ACTIVE] -= p["counted"]
            if panel.is_on_roll(p):
                on_roll += 1
                if rules.has_had(60, day, p["birth"]):
                    seen[rules.OVER_60] += 1.0
        i = s.next_person[i]
    if on_roll > 0:
        seen[rules.OVER_60] /= on_roll


@kernel
def decide_levers(s, members, month, day):
    """Which adaptive levers act on each hamlet from now to the next review."""
    for k in range(len(members)):
        s.flags[members[k]] = 0
    number = line_up(s, members, month) if s.ranks_cells else 0
    for bit in range(s.adaptive):
        if s.adaptive_months[bit, month]:
            decide_lever(s, members, number, bit)
    for k in range(len(members)):
        h = members[k]
        change_group(s, h, s.hamlets[h]["base_group"] | s.flags[h], day)


@kernel
def line_up(s, members, month):
    """Hamlets from the weakest to the strongest, equals by lottery, in `host`; how many."""
    n = 0
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if hamlet["cell"] != rules.CLOSED:
            lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
            queue(s, n, h, s.seen[h, rules.STRENGTH], 0.0, lottery, hamlet["key"])
            n += 1
    sort_queue(s, n, s.host)
    return n


@kernel
def decide_lever(s, members, number, bit):
    """A lever acts where all its conditions hold, in its scope."""
    for k in range(len(members)):
        h = members[k]
        if s.condition_scope[bit, h] and s.hamlets[h]["cell"] != rules.CLOSED:
            s.flags[h] |= 1 << bit
    for c in range(len(s.conditions)):
        condition = s.conditions[c]
        if condition["bit"] != bit:
            continue
        if condition["observable"] == rules.RANK:
            rank(s, number, bit, condition["level"])
        for k in range(len(members)):
            h = members[k]
            value = s.seen[h, condition["observable"]]
            if not (condition["at_least"] <= value < condition["below"]):
                s.flags[h] &= ~(1 << bit)


@kernel
def rank(s, number, bit, level):
    """How many of those lined up, in the lever's scope and the same area, are weaker."""
    for area in range(len(s.passed)):
        s.passed[area] = 0
    for k in range(number):
        h = s.host[k]
        if s.condition_scope[bit, h]:
            area = s.area[h, level]
            s.seen[h, rules.RANK] = float(s.passed[area])
            s.passed[area] += 1


@kernel
def change_group(s, h, group, day):
    """Other schedules from now; clocks are re-based only where the person's own rate has differed.

    A rate that will differ later only is no reason: a clock must not depend on what levers still to
    come will do. It is found anew with the rates of the new group.
    """
    hamlet = s.hamlets[h]
    before = hamlet["group"]
    if group == before:
        return
    n = 0
    i = s.first_person[h]
    while i != NO_ONE:
        p = s.people[i]
        if is_followed(p) and p["place"] != rules.POSTED:
            if have_other_rates(s, p, before, group, p["since"], day):
                clocks.settle_budget(s, i, day)
                s.scratch[n] = i
                n += 1
            elif have_other_rates(s, p, before, group, day, s.horizon):
                p["clock"] = STALE
                s.scratch[n] = i
                n += 1
        i = s.next_person[i]
    hamlet["group"] = group
    for k in range(n):
        clocks.look_ahead(s, s.scratch[k], day)


@kernel
def have_other_rates(s, p, before, group, since, until):
    """Whether two groups differ in the rates of a person between two days."""
    state = p["status"] << PLACE_BITS | p["place"]
    return not rules.same_rates(
        since, p["birth"], until, s.starts, s.steady[state, before], s.moving[before],
        s.steady[state, group], s.moving[group], clocks.leaving_scale(s, p),
    )  # fmt: skip
