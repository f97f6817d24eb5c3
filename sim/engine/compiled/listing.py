"""Phase 3: who will be listed and who will move in during a month."""

import math

from sim import log as events
from sim import rules
from sim.compilation import fetch, kernel
from sim.draws import BLOCK, person_key, uniforms4
from sim.engine.compiled import clocks, counting, roster, stages
from sim.engine.compiled.queues import find_due
from sim.engine.compiled.state import (
    LISTING,
    PLACE_BITS,
    draw,
    draws_together,
    later,
)

ENTRY_SIZE = 8 * 2 * rules.ELIGIBLE_AGES
"""Bytes of one hamlet's shares by sex and age in one year."""


@kernel
def list_and_move_in(s, members, month, day):
    """Draw who will be listed and who will move in during the month, each at an instant."""
    for k in range(find_due(s, s.turn, s.soonest_turn, day)):
        counting.take_stock(s, s.scratch[k], day)
    if month % BLOCK == 0:
        for k in range(len(members)):
            draw_block(s, members[k], month // BLOCK)
    this = 1 << month % BLOCK
    for k in range(len(members)):
        h = members[k]
        if (s.may_list[h] | s.may_receive[h]) & this and s.hamlets[h]["cell"] != rules.CLOSED:
            if s.may_list[h] & this:
                list_candidates(s, h, month, day)
            if s.may_receive[h] & this and s.hamlets[h]["is_hamlet"]:
                move_in(s, h, month)


@kernel
def draw_block(s, h, block):
    """The draws of four months, and in which of them somebody can come (see `ceilings`)."""
    if len(s.drawn) > 0:
        for k in range(BLOCK):
            s.draws4[h, k], s.arrivals4[h, k] = s.drawn[block, h, k], s.drawn[block, h, BLOCK + k]
    else:
        four_draws(s, h, rules.LISTING_COUNT, block, s.draws4[h])
        four_draws(s, h, rules.ARRIVAL_COUNT, block, s.arrivals4[h])
    s.may_list[h] = can_bring(s.draws4[h], s.listing_most[block, h] * s.hamlets[h]["pull"])
    s.may_receive[h] = can_bring(s.arrivals4[h], s.moving_in_most[block, h])


@kernel
def draw_ahead(s, members):
    """The draws of all blocks, for those who go on from where the replication stops."""
    for block in range(len(s.to_draw)):
        for k in range(len(members)):
            row = s.to_draw[block, members[k]]
            four_draws(s, members[k], rules.LISTING_COUNT, block, row[:BLOCK])
            four_draws(s, members[k], rules.ARRIVAL_COUNT, block, row[BLOCK:])


@kernel
def can_bring(draws, most):
    """A bit for each of four draws that can give a Poisson number above zero."""
    return (
        (not brings_nobody(draws[0], most))
        | (not brings_nobody(draws[1], most)) << 1
        | (not brings_nobody(draws[2], most)) << 2
        | (not brings_nobody(draws[3], most)) << 3
    )


@kernel
def brings_nobody(u, most):
    """Whether a draw gives no Poisson number above zero, for any mean up to `most`."""
    return u <= 1.0 - most - 1e-12


@kernel
def four_draws(s, h, decision, block, into):
    """The draws of four months at once, as one block of the generator holds them."""
    key = s.hamlets[h]["key"]
    into[0], into[1], into[2], into[3] = uniforms4(
        s.seed, s.replication, rules.HAMLET_STREAM, key, decision, block
    )


@kernel
def list_candidates(s, h, month, day):
    """The listings of one hamlet."""
    hamlet = s.hamlets[h]
    row = s.schedule[hamlet["group"], month]
    outside = row["outside_with"] if hamlet["cell"] == rules.OWN else row["outside_without"]
    help_ = rules.help_factor(
        s.help_mode, hamlet["points"], hamlet["officials"], outside, s.full_help
    )
    u, most = s.draws4[h, month % BLOCK], s.listing_most[month // BLOCK, h] * hamlet["pull"]
    if most < math.inf and brings_nobody(u, most * help_):  # infinite where chiefs are listed
        return
    number = rules.number_drawn(u, listing_mean(s, h, row, help_, month))
    if number == 0 and not row["list_chief"]:
        return
    fetch(s.entry[h, month // 12], ENTRY_SIZE)
    adults = row["eligible_share"] * max(0.0, s.adults[month, h] - hamlet["adults"])
    room = rules.listing_room(
        s.help_mode, hamlet["points"], outside, s.per_helper, hamlet["candidates"], adults
    )
    if row["list_chief"] and room > 0 and hamlet["is_hamlet"]:
        if hamlet["chief"] == rules.RESIDENT_CHIEF and not hamlet["chief_asked"]:
            list_chief(s, h, month, day)
            room -= 1
    for k in range(min(room, number)):
        place = rules.PRESENT if hamlet["is_hamlet"] else rules.STAFF
        key = person_key(hamlet["key"], rules.LISTED_PEOPLE, month, k)
        i = roster.new_person(s, key, h, rules.LISTED, place)
        beginning = draws_together(s, i, rules.BEGINNING, 0)
        instant = instant_of(s, month, beginning)
        resident_born(s, i, instant, month, beginning)
        s.people[i]["stage_due"] = later(s, instant, s.stale_months)
        roster.expect(s, i, instant, events.LISTED, 0, beginning)


@kernel
def listing_mean(s, h, row, help_, month):
    """Expected listings of a hamlet in a month."""
    hamlet = s.hamlets[h]
    followed = hamlet["weight"] / s.weight_one
    weighted = row["eligible_share"] * max(0.0, s.weighted[month, h] - followed)
    chief = hamlet["chief"]
    chief_member = chief >= 0 and s.state[chief] >> PLACE_BITS >= rules.PROBATION
    factor = hamlet["listing_factor"] * hamlet["pull"] * rules.office_factor(
        chief_member, hamlet["chief_trained"], hamlet["secretary_trained"],
        s.chief_member_factor, s.chief_trained_factor, s.secretary_trained_factor,
    )  # fmt: skip
    rate = row["listing"] * s.month_years[month]
    return rules.listing_mean(rate, weighted, s.power, s.per_resident, help_, factor)


@kernel
def instant_of(s, month, beginning):
    """A uniform instant of the month."""
    begins, ends = s.days[s.origin + month], s.days[s.origin + month + 1]
    return begins + beginning[rules.ENTRY_INSTANT] * (ends - begins)


@kernel
def resident_born(s, i, day, month, beginning):
    """Age and sex of a resident who is listed."""
    p = s.people[i]
    p["sex"], age = rules.drawn_resident(beginning[rules.AGE], s.entry[p["hamlet"], month // 12])
    p["birth"] = day - age * rules.YEAR
    if p["place"] == rules.STAFF:
        retires = p["birth"] + s.retirement_age * rules.YEAR
        p["limit"] = retires if retires > day else rules.NEVER


@kernel
def list_chief(s, h, month, day):
    """The chief who is no member is listed, once in a term of office."""
    hamlet = s.hamlets[h]
    key = person_key(hamlet["key"], rules.CHIEF_PEOPLE, month, 0)
    i = roster.new_person(s, key, h, rules.LISTED, rules.PRESENT)
    beginning = draws_together(s, i, rules.BEGINNING, 0)
    resident_born(s, i, day, month, beginning)
    s.people[i]["stage_due"] = later(s, day, s.stale_months)
    roster.expect(s, i, day, events.LISTED, events.LISTED_AS_CHIEF, beginning)
    hamlet["chief"], hamlet["chief_asked"] = i, True
    stages.enter(s, i, day, LISTING)
    clocks.look_ahead(s, i, day)


@kernel
def move_in(s, h, month):
    """Members who come home or marry in."""
    retired, marriage = s.arrivals[0], s.arrivals[2]
    returning_young = s.arrivals[1] * s.leavers[month, h]
    yearly = retired + returning_young + marriage
    if yearly <= 0.0:
        return
    hamlet = s.hamlets[h]
    factor = s.no_cell_factor if hamlet["cell"] == rules.NONE else 1.0
    mean = yearly * factor * s.month_years[month]
    for k in range(rules.number_drawn(s.arrivals4[h, month % BLOCK], mean)):
        key = person_key(hamlet["key"], rules.ARRIVED_PEOPLE, month, k)
        i = roster.new_person(s, key, h, rules.OFFICIAL, rules.PRESENT)
        u = draw(s, i, rules.ARRIVAL_KIND, 0) * yearly
        kind = 0 if u < retired else (1 if u < retired + returning_young else 2)
        beginning = draws_together(s, i, rules.BEGINNING, 0)
        instant = instant_of(s, month, beginning)
        ages = s.arrival_ages[kind]
        roster.born(s, i, instant, ages[0], ages[1], s.arrival_women[kind], beginning)
        s.people[i]["helper_from"] = later(s, instant, s.months_in_place)
        roster.expect(s, i, instant, events.MOVED_IN, events.RETIRED_HOME + kind, beginning)
