"""People move between hamlets and rolls: splits, mergers, resettlement, sending."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.engine.compiled import clocks, counting, roster
from sim.engine.compiled.queues import NO_ONE, join_hamlet, queue, quit_hamlet, sort_queue
from sim.engine.compiled.state import PEOPLE, POSTINGS, draw, is_followed, record


@kernel
def make_moves(s, members, month, day):
    """Splits, mergers and resettlement of this month."""
    for k in range(len(s.moves)):
        move = s.moves[k]
        if move["month"] == month and s.unit[move["unit"]] == s.unit[members[0]]:
            relocate(s, members, move, month, day)


@kernel
def relocate(s, members, move, month, day):
    """Part or all of one hamlet's people live in another from now."""
    a, b = move["unit"], move["into"]
    source, into = s.hamlets[a], s.hamlets[b]
    if source["cell"] == rules.CLOSED:
        return
    cause = events.SPLIT + move["cause"]
    if into["cell"] == rules.CLOSED:
        into["cell"], into["roll"] = rules.NONE, source["roll"]
        into["ever_founded"] = source["ever_founded"]
        into["last_admission"] = source["last_admission"]
        record(s, day, POSTINGS, b, events.NOBODY, events.BECAME, cause)
    had_cell = source["cell"] == rules.OWN
    if move["closes"]:
        source["cell"], source["below_since"] = rules.CLOSED, rules.NEVER
    n = 0
    i = s.first_person[a]
    while i != NO_ONE:
        if s.people[i]["status"] != rules.GONE:
            queue(s, n, i, 0.0, 0.0, draw(s, i, rules.MOVE_LOTTERY, month), s.people[i]["key"])
            n += 1
        i = s.next_person[i]
    sort_queue(s, n, s.scratch)
    if not move["closes"]:
        n = int(move["share"] * n + 0.5)
    for k in range(n):
        i = s.scratch[k]
        queue(s, k, i, 0.0, 0.0, 0.0, s.people[i]["key"])
    sort_queue(s, n, s.scratch)
    for k in range(n):
        i = s.scratch[k]
        p = s.people[i]
        if p["entry_kind"] == 0:
            record(s, day, POSTINGS, a, p["key"], events.RELOCATED, cause)
        move_person(s, i, b, day, POSTINGS, cause, p["place"])
        if p["entry_kind"] == 0:
            clocks.look_ahead(s, i, day)
    if move["closes"]:
        absorb(s, members, a, b, had_cell, day, cause)


@kernel
def move_person(s, i, b, day, phase, kind, place):
    """Change the hamlet of a person, with everything that is counted by hamlet."""
    p = s.people[i]
    roster.vacate_offices(s, i, False)
    if is_followed(p):
        clocks.settle_budget(s, i, day)
        if p["status"] <= rules.READY:
            s.hamlets[p["hamlet"]]["candidates"] -= 1
            s.hamlets[b]["candidates"] += 1
    source, into = s.hamlets[p["hamlet"]], s.hamlets[b]
    before = p["counted"]
    source["officials"] -= before
    source["points"] -= p["points"]
    source["adults"] -= p["adult"]
    source["weight"] -= p["weight"]
    p["points"] = p["adult"] = p["weight"] = 0
    quit_hamlet(s, i)
    p["hamlet"], p["place"] = b, place
    join_hamlet(s, i)
    now = counting.counts_now(s, p)
    p["counted"] = now
    into["officials"] += now
    if now:
        into["gain"] = kind
    if source["roll"] == into["roll"]:
        if into["roll"] >= 0 and now != before:
            counting.change_strength(s, into["roll"], now - before, day, phase, p["key"], kind)
    else:
        if source["roll"] >= 0 and before:
            counting.change_strength(s, source["roll"], -before, day, phase, p["key"], kind)
        if into["roll"] >= 0 and now:
            counting.change_strength(s, into["roll"], now, day, phase, p["key"], kind)
    counting.take_stock(s, i, day)


@kernel
def absorb(s, members, a, b, had_cell, day, cause):
    """A hamlet ends; its cell and its history go on in its successor."""
    source, into = s.hamlets[a], s.hamlets[b]
    into["ever_founded"] = into["ever_founded"] or source["ever_founded"]
    into["last_admission"] = max(into["last_admission"], source["last_admission"])
    record(s, day, POSTINGS, a, events.NOBODY, events.ABSORBED, cause)
    if had_cell and into["cell"] != rules.OWN:
        enrol(s, b, -1, day, POSTINGS, cause)
        into["strength"], into["below_since"] = into["officials"], rules.NEVER
        for k in range(len(members)):
            hamlet = s.hamlets[members[k]]
            if hamlet["roll"] == a and members[k] != a:
                source["strength"] -= hamlet["officials"]
                into["strength"] += hamlet["officials"]
                hamlet["roll"] = b
        into["cell"], into["roll"] = rules.OWN, b
    for i in range(s.counters[PEOPLE]):
        if s.people[i]["home"] == a:
            s.people[i]["home"] = b
    for k in range(len(members)):
        if s.hamlets[members[k]]["roll"] == a:
            enrol(s, members[k], b if had_cell else -1, day, POSTINGS, cause)
    source["roll"] = -1
    if into["cell"] == rules.OWN and into["below_since"] == rules.NEVER:
        counting.change_strength(s, b, 0, day, POSTINGS, events.NOBODY, cause)


@kernel
def enrol(s, h, cell, day, phase, cause):
    """The members of a hamlet go on the roll of another cell, or of none (-1)."""
    hamlet = s.hamlets[h]
    number = hamlet["officials"]
    if hamlet["roll"] >= 0:
        counting.change_strength(s, hamlet["roll"], -number, day, phase, events.NOBODY, cause)
    hamlet["roll"] = cell
    if cell >= 0:
        counting.change_strength(s, cell, number, day, phase, events.NOBODY, cause)
