"""A replication stops at a month start, as plain data, and goes on from there."""

import numpy as np

from sim import rules
from sim.compilation import kernel
from sim.draws import BLOCK
from sim.engine.compiled import clocks, listing
from sim.engine.compiled.queues import NO_ONE, join_hamlet, join_pipeline, set_instant, set_term
from sim.engine.compiled.state import (
    KEPT,
    NOT_FOLLOWED,
    OVERFLOWN,
    PEOPLE,
    PLACE_BITS,
    POSTED_NOW,
    draws_together,
    month_at,
)
from sim.world import STALE


@kernel
def keep(s, members):
    """Everybody of this coupled unit whose record has not ended, office holders by key, and with
    which rates clocks and deaths have been found."""
    n = s.counters[KEPT]
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if p["status"] == rules.GONE:
            continue
        if n == len(s.kept):
            s.counters[OVERFLOWN] = 1
            return
        s.kept[n] = p
        kept = s.kept[n]
        kept["turn"], kept["what"] = s.turn[i], rules.DEATH
        if p["place"] != rules.POSTED:
            kept["term_month"] = 0
        elif p["entry_kind"] == 0:
            kept["term_month"] = s.term[i]
        n += 1
    s.counters[KEPT] = n
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        s.rates[members[k], 0] = s.rate_keys[hamlet["group"], 0]
        s.rates[members[k], 1] = s.rate_keys[hamlet["base_group"], 1]
        if hamlet["chief"] >= 0:
            hamlet["chief"] = s.people[hamlet["chief"]]["key"]
        if hamlet["secretary"] >= 0:
            hamlet["secretary"] = s.people[hamlet["secretary"]]["key"]


@kernel
def go_on(s, first, n, members, day):
    """Everybody who was kept takes up their life; see `settle` for a first day."""
    for i in range(n):
        s.people[i] = s.baseline[first + i]
        take_up(s, i)
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        if hamlet["chief"] >= 0:
            hamlet["chief"] = place_of(s, members[k], hamlet["chief"])
        if hamlet["secretary"] >= 0:
            hamlet["secretary"] = place_of(s, members[k], hamlet["secretary"])
        if s.from_month % BLOCK != 0:
            listing.draw_block(s, members[k], s.from_month // BLOCK)
    for i in range(n):
        if s.people[i]["entry_kind"] == 0:
            clocks.look_ahead(s, i, day)


@kernel
def take_up(s, i):
    """One person: what follows from the record and, if they differ, the rates of this policy."""
    p = s.people[i]
    set_instant(s.turn, s.soonest_turn, i, p["turn"])
    s.term[i] = NO_ONE
    join_hamlet(s, i)
    h, entered = p["hamlet"], p["entry_hamlet"]
    if s.rates_then[h, 0] != s.rate_keys[s.hamlets[h]["group"], 0]:
        p["clock"] = STALE
    if s.rates_then[entered, 1] != s.rate_keys[s.hamlets[entered]["base_group"], 1]:
        clocks.set_death(s, i, draws_together(s, i, rules.BEGINNING, 0)[rules.DEATH_BUDGET])
    if p["entry_kind"] != 0:
        s.state[i] = NOT_FOLLOWED
        p["what"] = rules.ENTRY
        set_instant(s.due, s.soonest_due, i, p["entry_day"])
        if p["place"] == rules.POSTED:
            s.due[i] = rules.NEVER
            set_term(s, i, month_at(s, p["entry_day"]))
        return
    s.state[i] = p["status"] << PLACE_BITS | p["place"]
    if p["place"] == rules.POSTED:
        set_term(s, i, np.int64(p["term_month"]))
        s.counters[POSTED_NOW] += 1
    if p["status"] <= rules.PROBATION:
        join_pipeline(s, i)


@kernel
def place_of(s, h, key):
    """The place in the table of a person of this hamlet."""
    i = s.first_person[h]
    while i != NO_ONE and s.people[i]["key"] != key:
        i = s.next_person[i]
    return i
