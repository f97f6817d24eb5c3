"""Phase 2, first part: postings end and are replaced, and so are staff."""

import numpy as np

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.draws import person_key
from sim.engine.compiled import clocks, life, moves, roster, stages
from sim.engine.compiled.queues import NO_ONE, queue, set_term, sort_queue
from sim.engine.compiled.state import (
    POSTED_NOW,
    POSTINGS,
    draw,
    draw_by_key,
    draw_for,
    draws_together,
    later,
    record,
)


@kernel
def end_and_replace(s, members, month, day):
    """Postings end and are replaced, and so are members of staff."""
    replace_staff(s, members, month, day)
    n = 0
    i = s.first_term[month]
    while i != NO_ONE:
        if s.term[i] == month:
            p = s.people[i]
            queue(s, n, i, float(p["hamlet"]), 0.0, 0.0, p["key"])
            n += 1
        i = s.next_term[i]
    sort_queue(s, n, s.scratch)
    for k in range(n):
        term_is_due(s, s.scratch[k], month, day)


@kernel
def replace_staff(s, members, month, day):
    """Replacements of staff who went; only members among them are followed."""
    if not s.has_staff:
        return
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        for number in range(hamlet["vacancies"]):
            key = person_key(hamlet["key"], rules.STAFF_PEOPLE, month, number)
            if draw_by_key(s, key, rules.STAFF_MEMBER, 0) < s.staff_member_share:
                expect_staff(s, key, h, month, day)
        if not hamlet["is_hamlet"]:
            for number in range(renewed(s, h, month)):
                key = person_key(hamlet["key"], rules.RENEWED_PEOPLE, month, number)
                expect_staff(s, key, h, month, day)
        hamlet["vacancies"] = 0


@kernel
def renewed(s, h, month):
    """Members among those who replace staff who are not followed."""
    hamlet = s.hamlets[h]
    others = max(0, hamlet["staff"] - hamlet["adults"] - hamlet["vacancies"])
    yearly = others * s.staff_renewal * s.staff_member_share
    mean = yearly * s.month_years[month]
    return rules.number_drawn(draw_for(s, h, rules.STAFF_RENEWAL, month), mean)


@kernel
def expect_staff(s, key, h, month, day):
    """A member who joins the staff at this month start."""
    i = roster.new_person(s, key, h, rules.OFFICIAL, rules.STAFF)
    beginning = draws_together(s, i, rules.BEGINNING, 0)
    roster.born(s, i, day, s.staff_ages[0], s.staff_ages[1], s.staff_women, beginning)
    p = s.people[i]
    retires = p["birth"] + s.retirement_age * rules.YEAR
    p["limit"] = retires if retires > day else rules.NEVER
    p["helper_from"] = later(s, day, s.months_in_place)
    roster.expect(s, i, day, events.MOVED_IN, events.REPLACEMENT, beginning)
    s.due[i] = rules.NEVER
    set_term(s, i, month)


@kernel
def term_is_due(s, i, month, day):
    """The term of a posting ends or begins, or a member of staff begins."""
    p = s.people[i]
    if p["status"] == rules.GONE:
        return
    if p["entry_kind"] != 0:
        s.term[i] = -1
        stages.enter(s, i, day, POSTINGS)
        if p["place"] == rules.POSTED:
            s.counters[POSTED_NOW] += 1
            set_term(s, i, np.int64(p["term_month"]))
    else:
        posting_ends(s, i, month, day)
    clocks.look_ahead(s, i, day)


@kernel
def posting_ends(s, i, month, day):
    """Renewed, or ended and perhaps replaced."""
    p = s.people[i]
    h = p["hamlet"]
    row = s.schedule[s.hamlets[h]["group"], month]
    if draw(s, i, rules.RENEWAL, month) < row["renewal"]:
        record(s, day, POSTINGS, h, p["key"], events.POSTING_RENEWED, 0)
        set_term(s, i, month + p["term_months"])
        return
    s.term[i] = -1
    replaced = draw(s, i, rules.REPLACING, month) < row["replacement"]
    home = np.int64(p["home"])
    if home >= 0 and s.hamlets[home]["cell"] != rules.CLOSED:
        sent_home(s, i, home, day)
        return
    key, pool, term = p["key"], np.int64(p["pool"]), p["term_months"]
    roster.leave_for_ever(s, i, day, POSTINGS, events.POSTING_ENDED, 0)
    begins = month + row["gap"]
    if replaced and begins < s.months:
        if pool >= 0:
            s.pool_used[pool] += 1
        fresh = person_key(key, rules.REPLACED_PEOPLE, month, 0)
        j = posted_person(s, h, fresh, pool, s.days[s.origin + begins])
        s.people[j]["term_months"] = term
        s.people[j]["term_month"] = begins + term
        s.due[j] = rules.NEVER
        set_term(s, j, begins)


@kernel
def sent_home(s, i, home, day):
    """A member sent by another cell goes back to it."""
    p = s.people[i]
    record(s, day, POSTINGS, p["hamlet"], p["key"], events.POSTING_ENDED, 0)
    roster.posting_over(s, p)
    place = rules.PRESENT if s.hamlets[home]["is_hamlet"] else rules.STAFF
    moves.move_person(s, i, home, day, POSTINGS, events.POSTING_ENDED, place)
    p["home"] = -1
    if place == rules.STAFF:
        life.join_staff(s, p, day)
    p["helper_from"] = later(s, day, s.months_in_place)


@kernel
def posted_person(s, h, key, pool, day):
    """A member posted in from an outside pool, expected on `day`."""
    i = roster.new_person(s, key, h, rules.OFFICIAL, rules.POSTED)
    s.people[i]["pool"] = pool
    beginning = draws_together(s, i, rules.BEGINNING, 0)
    roster.born(s, i, day, s.posting_ages[0], s.posting_ages[1], s.posting_women, beginning)
    roster.expect(s, i, day, events.POSTED, 0, beginning)
    return i
