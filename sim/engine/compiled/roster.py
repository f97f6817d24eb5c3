"""Who is on the books: people expected, and how a record ends."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.draws import exponential
from sim.engine.compiled import clocks, counting
from sim.engine.compiled.queues import join_hamlet, nobody_yet, set_instant
from sim.engine.compiled.state import (
    GROUP,
    NOT_FOLLOWED,
    OVERFLOWN,
    PEOPLE,
    POSTED_NOW,
    draw,
    record,
)
from sim.world import STALE


@kernel
def new_person(s, key, h, status, place):
    """Index of a new person of whom only this is known.

    With no room left the last place is used again, and the run will be made anew with more room.
    """
    i = s.counters[PEOPLE]
    if i == len(s.people):
        s.counters[OVERFLOWN] = 1
        i -= 1
    s.counters[PEOPLE] = i + 1
    p = s.people[i]
    p["key"], p["hamlet"], p["status"], p["place"] = key, h, status, place
    p["birth"] = p["death"] = rules.NEVER
    p["stage_due"] = p["certificate_until"] = p["limit"] = rules.NEVER
    p["budget"] = p["since"] = p["waiting"] = 0.0
    p["clock"] = STALE
    p["helper_from"] = -rules.NEVER
    p["what"], p["fired"], p["dossiers"] = rules.DEATH, 0, 0
    p["home"], p["pool"], p["sex"] = -1, -1, 1
    p["term_month"] = p["term_months"] = 0
    p["entry_kind"], p["entry_cause"] = 0, 0
    p["counted"], p["points"], p["adult"], p["weight"] = 0, 0, 0, 0
    if i & (GROUP - 1) == 0:
        nobody_yet(s, i)
    s.due[i] = s.turn[i] = rules.NEVER
    s.term[i] = -1
    s.state[i] = NOT_FOLLOWED
    join_hamlet(s, i)
    return i


@kernel
def born(s, i, day, low, high, women, beginning):
    """Age and sex of a person who is not of the place."""
    p = s.people[i]
    age = rules.within(beginning[rules.AGE], low, high)
    p["birth"] = day - age * rules.YEAR
    p["sex"] = 0 if draw(s, i, rules.SEX, 0) < women else 1


@kernel
def expect(s, i, day, kind, cause, beginning):
    """The person will enter on `day`; death and the first budget are known from then."""
    p = s.people[i]
    p["entry_kind"], p["entry_cause"] = kind, cause
    p["waiting"] = p["since"] = p["entry_day"] = day
    p["entry_hamlet"] = p["hamlet"]
    clocks.set_death(s, i, beginning[rules.DEATH_BUDGET])
    p["budget"] = exponential(beginning[rules.FIRST_BUDGET])
    p["what"] = rules.ENTRY
    set_instant(s.due, s.soonest_due, i, day)


@kernel
def leave_for_ever(s, i, day, phase, kind, cause):
    """The end of a person's record."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    record(s, day, phase, p["hamlet"], p["key"], kind, cause)
    if p["status"] <= rules.READY:
        hamlet["candidates"] -= 1
    if p["place"] == rules.STAFF and (kind == events.DEAD or kind == events.MOVED):
        hamlet["vacancies"] += 1
    if p["place"] == rules.POSTED:
        posting_over(s, p)
    ended_candidacy = (
        kind == events.LAPSED
        or kind == events.OVER_AGE
        or kind == events.REFUSED
        or kind == events.NOT_RECOGNISED
    )
    p["status"] = rules.GONE
    vacate_offices(s, i, ended_candidacy and p["place"] == rules.PRESENT)
    counting.recount(s, i, day, phase, kind)
    s.due[i] = rules.NEVER


@kernel
def posting_over(s, p):
    """The posting is no more; its place in the pool is free again."""
    s.counters[POSTED_NOW] -= 1
    if p["pool"] >= 0:
        s.pool_used[p["pool"]] -= 1


@kernel
def vacate_offices(s, i, stays_resident):
    """Offices fall vacant; a chief who is no candidate any more may stay chief."""
    hamlet = s.hamlets[s.people[i]["hamlet"]]
    if hamlet["chief"] == i:
        hamlet["chief"] = rules.RESIDENT_CHIEF if stays_resident else rules.NO_CHIEF
        hamlet["chief_trained"] = hamlet["chief_trained"] and stays_resident
    if hamlet["secretary"] == i:
        hamlet["secretary"] = rules.NO_CHIEF
        hamlet["secretary_trained"] = False
