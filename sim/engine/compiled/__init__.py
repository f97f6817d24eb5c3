"""The same model in numba, for every day's use.

Between month starts lives do not touch each other, so there is no global queue: one coupled unit
goes through the whole horizon before the next, month by month; the people due in a month are put
into a small heap. Whatever is decided is decided by `sim.rules`; only the scheduling is here.
"""

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.compilation import compiled
from sim.engine.compiled.life import live, look_ahead, pass_open_stages, set_death, take_stock
from sim.engine.compiled.meetings import (
    best_by_lottery,
    committee_meets,
    hold_classes,
    list_and_move_in,
    postings_and_offices,
    year_begins,
)
from sim.engine.compiled.queues import pop, push
from sim.engine.compiled.record import pack
from sim.engine.compiled.review import host_of, review, take_panel, tally
from sim.engine.compiled.state import (
    EVENTS,
    LIFE,
    OVERFLOWN,
    PEOPLE,
    POSTED_NOW,
    STATE,
    WAITING,
    empty_tables,
    given_by,
    kernel,
    record,
    state_of,
)
from sim.engine.opening import opened, shocks
from sim.log import Log, Outcome
from sim.plan import Plan
from sim.world import DRAWN, World

ROOM_A_HAMLET = 60
"""New people of one hamlet for whom there is room at first."""


def run(
    plan: Plan, world: World, seed: int, replication: int, with_log: bool = True
) -> Outcome:
    """One replication of one policy. The log comes in the order of writing."""
    fresh = opened(plan, world, seed, replication)
    factors = shocks(plan, seed, replication)
    room = 2 * len(fresh.people) + ROOM_A_HAMLET * len(fresh.hamlets) + 1
    while True:
        outcome = _attempt(plan, fresh, factors, seed, replication, room, with_log)
        if outcome is not None:
            return outcome
        room *= 2


def _attempt(
    plan: Plan,
    world: World,
    factors: npt.NDArray[np.float64],
    seed: int,
    replication: int,
    room: int,
    with_log: bool,
) -> Outcome | None:
    """A run in tables of a given size; None if they were too small."""
    own = empty_tables(plan, world, room, with_log)
    own |= {"hamlets": world.hamlets.copy(), "shock": factors}
    own |= {"seed": seed, "replication": replication}
    values = given_by(plan) | own
    units = int(plan.unit.max()) + 1
    people = world.people[np.argsort(plan.unit[world.people["hamlet"]], kind="stable")]
    first_person = np.searchsorted(plan.unit[people["hamlet"]], np.arange(units + 1))
    by_unit = np.argsort(plan.unit, kind="stable")
    first_hamlet = np.searchsorted(plan.unit[by_unit], np.arange(units + 1))
    if not run_units(pack(STATE, values), people, first_person, by_unit, first_hamlet):
        return None
    logged = min(int(own["counters"][EVENTS]), len(own["log_day"]))
    names = ("log_day", "log_phase", "log_hamlet", "log_person", "log_kind", "log_cause")
    log = Log(*(own[name][:logged].copy() for name in names))
    return Outcome(log, own["panel"], own["lever_months"], own["posting_months"])


# ---------------------------------------------------------------- the schedule


@compiled
def run_units(words, people, first_person, hamlet_order, first_hamlet):
    """Every coupled unit through the whole horizon; False if the tables were too small."""
    s = state_of(words)
    for u in range(len(first_hamlet) - 1):
        members = hamlet_order[first_hamlet[u] : first_hamlet[u + 1]]
        settle(s, people[first_person[u] : first_person[u + 1]], members)
        for month in range(s.months):
            day = s.days[s.origin + month]
            if month > 0 and s.january[month]:
                year_begins(s, members, month, day)
            postings_and_offices(s, members, month, day)
            list_and_move_in(s, members, month, day)
            hold_classes(s, members, month, day)
            if s.committee_on and s.meets[month]:
                committee_meets(s, members, month, day)
            if s.review[month]:
                review(s, members, month, day)
            tally(s, members, month)
            if month % 12 == 0:
                take_panel(s, members, month, day)
            if s.counters[OVERFLOWN]:
                return False
            lives(s, s.days[s.origin + month + 1])
        take_panel(s, members, s.months, s.horizon)
        if s.counters[EVENTS] > len(s.log_day) and len(s.log_day) > 0:
            return False
    return True


@kernel
def lives(s, until):
    """All steps of lives up to and including `until`, in the order of day, hamlet and key."""
    s.counters[WAITING] = 0
    for i in range(s.counters[PEOPLE]):
        if s.due[i] <= until:
            push(s, i)
    while s.counters[WAITING] > 0:
        i = pop(s)
        live(s, i, s.due[i])
        if s.due[i] <= until:
            push(s, i)


# ---------------------------------------------------------------- the first day


@kernel
def settle(s, people, members):
    """People take their places; cells are counted, hosts found, offices held; lives begin."""
    n = len(people)
    s.counters[PEOPLE] = n
    s.counters[POSTED_NOW] = 0
    for i in range(n):
        s.people[i] = people[i]
        p = s.people[i]
        p["since"] = 0.0
        s.state[i] = p["status"] * rules.PLACES + p["place"]
        s.where[i] = p["hamlet"]
        s.term[i] = -1
        p["counted"] = 0
        p["points"], p["adult"], p["weight"] = 0, 0, 0
        hamlet = s.hamlets[p["hamlet"]]
        if p["place"] == rules.POSTED:
            s.term[i] = p["term_month"]
            s.counters[POSTED_NOW] += 1
            if p["pool"] >= 0:
                s.pool_used[p["pool"]] += 1
        if rules.counts(p["status"], p["place"], s.away_counts, s.exempt_counts, s.posted_counts):
            p["counted"] = 1
            hamlet["officials"] += 1
        if p["status"] <= rules.READY:
            hamlet["candidates"] += 1
        take_stock(s, i, 0.0)
    strengths(s, members)
    hold_offices(s, members)
    for i in range(n):
        set_death(s, i, 0.0)
        pass_open_stages(s, i, 0.0, LIFE)
        look_ahead(s, i, 0.0)


@kernel
def strengths(s, members):
    """Strength of each cell at the start; who is under the minimum is `below` from day 0."""
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        if hamlet["roll"] >= 0:
            s.hamlets[hamlet["roll"]]["strength"] += hamlet["officials"]
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        s.host[k] = -1
        if s.host_exists and hamlet["cell"] == rules.NONE and hamlet["roll"] < 0:
            s.host[k] = host_of(s, members, members[k], 0)
    for k in range(len(members)):
        if s.host[k] >= 0:
            hamlet = s.hamlets[members[k]]
            hamlet["roll"] = s.host[k]
            s.hamlets[s.host[k]]["strength"] += hamlet["officials"]
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if hamlet["cell"] == rules.OWN and hamlet["strength"] < s.minimum:
            hamlet["below_since"], hamlet["below_cause"] = 0.0, events.AT_START
            record(s, 0.0, 0, h, events.NOBODY, events.BELOW, events.AT_START)


@kernel
def hold_offices(s, members):
    """Who holds an office at the start is not published: it is drawn."""
    for k in range(len(members)):
        s.flags[members[k]] = 2 if s.hamlets[members[k]]["chief"] == DRAWN else 0
    best_by_lottery(s, members, 0, 0.0, True)
    for k in range(len(members)):
        h = members[k]
        if s.flags[h]:
            s.hamlets[h]["chief"] = s.best[h] if s.best[h] >= 0 else rules.RESIDENT_CHIEF
        s.flags[h] = 2 if s.hamlets[h]["secretary"] == DRAWN else 0
    best_by_lottery(s, members, 0, 0.0, False)
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if s.flags[h]:
            hamlet["secretary"] = s.best[h] if s.best[h] >= 0 else rules.NO_CHIEF
            hamlet["secretary_trained"] = hamlet["secretary_trained"] and s.best[h] >= 0
