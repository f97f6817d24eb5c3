"""The month starts: what organisation does, phase by phase, from targets to the committee."""

from sim import log as events
from sim import rules
from sim.draws import person_key, uniforms4
from sim.engine.compiled.life import (
    certify,
    change_strength,
    consider,
    counts_now,
    enter,
    expect,
    join_staff,
    leave_for_ever,
    look_ahead,
    new_person,
    pass_open_stages,
    posting_over,
    recognise,
    settle_budget,
    take_stock,
    too_old,
    vacate_offices,
)
from sim.engine.compiled.queues import keep_order, queue, sort_queue
from sim.engine.compiled.state import (
    CLASS,
    COMMITTEE,
    ELIGIBLE_AGES,
    FIRST,
    LISTING,
    PEOPLE,
    PLACE_BITS,
    PLACE_MASK,
    POSTED_NOW,
    POSTINGS,
    SECOND,
    cell_strength,
    draw,
    draw_for,
    is_followed,
    kernel,
    later,
    record,
)

# ---------------------------------------------------------------- 0 the year begins


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


# ---------------------------------------------------------------- 2 postings, structure, offices


@kernel
def postings_and_offices(s, members, month, day):
    """Postings end and are replaced, staff is replaced, places change, offices are filled."""
    replace_staff(s, members, month, day)
    n = 0
    for i in range(s.counters[PEOPLE]):
        if s.term[i] == month:
            p = s.people[i]
            queue(s, n, i, float(p["hamlet"]), 0.0, 0.0, p["key"])
            n += 1
    sort_queue(s, n)
    keep_order(s, n, s.scratch)
    for k in range(n):
        term_is_due(s, s.scratch[k], month, day)
    for k in range(len(s.moves)):
        move = s.moves[k]
        if move["month"] == month and s.unit[move["unit"]] == s.unit[members[0]]:
            relocate(s, members, move, month, day)
    fill_offices(s, members, month, day)
    hold_courses(s, members, month, day)


@kernel
def replace_staff(s, members, month, day):
    """Replacements of staff who went; only members among them are followed."""
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        for number in range(hamlet["vacancies"]):
            key = person_key(hamlet["key"], rules.STAFF_PEOPLE, month, number)
            i = new_person(s, key, members[k], rules.OFFICIAL, rules.STAFF)
            if draw(s, i, rules.STAFF_MEMBER, 0) < s.staff_member_share:
                expect_staff(s, i, month, day)
            else:
                s.counters[PEOPLE] -= 1
        if not hamlet["is_hamlet"]:
            for number in range(renewed(s, members[k], month)):
                key = person_key(hamlet["key"], rules.RENEWED_PEOPLE, month, number)
                i = new_person(s, key, members[k], rules.OFFICIAL, rules.STAFF)
                expect_staff(s, i, month, day)
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
def expect_staff(s, i, month, day):
    """A member who joins the staff at this month start."""
    born(s, i, day, s.staff_ages[0], s.staff_ages[1], s.staff_women)
    p = s.people[i]
    retires = p["birth"] + s.retirement_age * rules.YEAR
    p["limit"] = retires if retires > day else rules.NEVER
    p["helper_from"] = later(s, day, s.months_in_place)
    expect(s, i, day, events.MOVED_IN, events.REPLACEMENT)
    s.due[i] = rules.NEVER
    s.term[i] = month


@kernel
def term_is_due(s, i, month, day):
    """The term of a posting ends or begins, or a member of staff begins."""
    p = s.people[i]
    if p["status"] == rules.GONE:
        return
    if p["entry_kind"] != 0:
        s.term[i] = -1
        enter(s, i, day, POSTINGS)
        if p["place"] == rules.POSTED:
            s.counters[POSTED_NOW] += 1
            s.term[i] = p["term_month"]
    else:
        posting_ends(s, i, month, day)
    look_ahead(s, i, day)


@kernel
def posting_ends(s, i, month, day):
    """Renewed, or ended and perhaps replaced."""
    p = s.people[i]
    h = p["hamlet"]
    row = s.schedule[s.hamlets[h]["group"], month]
    if draw(s, i, rules.RENEWAL, month) < row["renewal"]:
        record(s, day, POSTINGS, h, p["key"], events.POSTING_RENEWED, 0)
        s.term[i] = month + p["term_months"]
        return
    s.term[i] = -1
    replaced = draw(s, i, rules.REPLACING, month) < row["replacement"]
    home = p["home"]
    if home >= 0 and s.hamlets[home]["cell"] != rules.CLOSED:
        sent_home(s, i, home, day)
        return
    key, pool, term = p["key"], p["pool"], p["term_months"]
    leave_for_ever(s, i, day, POSTINGS, events.POSTING_ENDED, 0)
    begins = month + row["gap"]
    if replaced and begins < s.months:
        if pool >= 0:
            s.pool_used[pool] += 1
        fresh = person_key(key, rules.REPLACED_PEOPLE, month, 0)
        j = posted_person(s, h, fresh, pool, s.days[s.origin + begins])
        s.people[j]["term_months"] = term
        s.people[j]["term_month"] = begins + term
        s.due[j] = rules.NEVER
        s.term[j] = begins


@kernel
def sent_home(s, i, home, day):
    """A member sent by another cell goes back to it."""
    p = s.people[i]
    record(s, day, POSTINGS, p["hamlet"], p["key"], events.POSTING_ENDED, 0)
    posting_over(s, p)
    place = rules.PRESENT if s.hamlets[home]["is_hamlet"] else rules.STAFF
    move_person(s, i, home, day, POSTINGS, events.POSTING_ENDED, place)
    p["home"] = -1
    if place == rules.STAFF:
        join_staff(s, p, day)
    p["helper_from"] = later(s, day, s.months_in_place)


@kernel
def posted_person(s, h, key, pool, day):
    """A member posted in from an outside pool, expected on `day`."""
    i = new_person(s, key, h, rules.OFFICIAL, rules.POSTED)
    s.people[i]["pool"] = pool
    born(s, i, day, s.posting_ages[0], s.posting_ages[1], s.posting_women)
    expect(s, i, day, events.POSTED, 0)
    return i


@kernel
def born(s, i, day, low, high, women):
    """Age and sex of a person who is not of the place."""
    p = s.people[i]
    age = rules.within(draw(s, i, rules.AGE, 0), low, high)
    p["birth"] = day - age * rules.YEAR
    p["sex"] = 0 if draw(s, i, rules.SEX, 0) < women else 1


# ---------------------------------------------------------------- structural events


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
        into["ever_lost"], into["ever_founded"] = source["ever_lost"], source["ever_founded"]
        into["last_admission"] = source["last_admission"]
        record(s, day, POSTINGS, b, events.NOBODY, events.BECAME, cause)
    had_cell = source["cell"] == rules.OWN
    if move["closes"]:
        source["cell"], source["below_since"] = rules.CLOSED, rules.NEVER
    n = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if p["hamlet"] == a and p["status"] != rules.GONE:
            queue(s, n, i, 0.0, 0.0, draw(s, i, rules.MOVE_LOTTERY, month), p["key"])
            n += 1
    sort_queue(s, n)
    if not move["closes"]:
        n = int(move["share"] * n + 0.5)
    for k in range(n):
        s.lottery[s.order[k]] = 0.0
    sort_queue(s, n)
    for k in range(n):
        i = s.order[k]
        p = s.people[i]
        if p["entry_kind"] == 0:
            record(s, day, POSTINGS, a, p["key"], events.RELOCATED, cause)
        move_person(s, i, b, day, POSTINGS, cause, p["place"])
        if p["entry_kind"] == 0:
            look_ahead(s, i, day)
    if move["closes"]:
        absorb(s, members, a, b, had_cell, day, cause)


@kernel
def move_person(s, i, b, day, phase, kind, place):
    """Change the hamlet of a person, with everything that is counted by hamlet."""
    p = s.people[i]
    vacate_offices(s, i, False)
    if is_followed(p):
        settle_budget(s, i, day)
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
    p["hamlet"], p["place"] = b, place
    now = counts_now(s, p)
    p["counted"] = now
    into["officials"] += now
    if now:
        into["gain"] = kind
    if source["roll"] == into["roll"]:
        if into["roll"] >= 0 and now != before:
            change_strength(s, into["roll"], now - before, day, phase, p["key"], kind)
    else:
        if source["roll"] >= 0 and before:
            change_strength(s, source["roll"], -before, day, phase, p["key"], kind)
        if into["roll"] >= 0 and now:
            change_strength(s, into["roll"], now, day, phase, p["key"], kind)
    take_stock(s, i, day)


@kernel
def absorb(s, members, a, b, had_cell, day, cause):
    """A hamlet ends; its cell and its history go on in its successor."""
    source, into = s.hamlets[a], s.hamlets[b]
    into["ever_lost"] = into["ever_lost"] or source["ever_lost"]
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
        change_strength(s, b, 0, day, POSTINGS, events.NOBODY, cause)


@kernel
def enrol(s, h, cell, day, phase, cause):
    """The members of a hamlet go on the roll of another cell, or of none (-1)."""
    hamlet = s.hamlets[h]
    number = hamlet["officials"]
    if hamlet["roll"] >= 0:
        change_strength(s, hamlet["roll"], -number, day, phase, events.NOBODY, cause)
    hamlet["roll"] = cell
    if cell >= 0:
        change_strength(s, cell, number, day, phase, events.NOBODY, cause)


# ---------------------------------------------------------------- offices


@kernel
def fill_offices(s, members, month, day):
    """Chiefs are elected every term and when the office is vacant; secretaries when vacant."""
    wanted = False
    for k in range(len(members)):
        h = members[k]
        s.flags[h] = chief_decision(s, h, month)
        wanted = wanted or s.flags[h] == 2
    if wanted:
        best_by_lottery(s, members, month, day, True)
    for k in range(len(members)):
        if s.flags[members[k]] > 0:
            name_chief(s, members[k], day)
    wanted = False
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        vacant = hamlet["cell"] == rules.OWN and hamlet["secretary"] < 0
        unified = s.schedule[hamlet["group"], month]["unified"]
        s.flags[h] = 0
        unified = unified and hamlet["chief"] >= 0
        if vacant and unified and may_be_secretary(s, hamlet["chief"], day):
            s.flags[h] = 1
            s.best[h] = hamlet["chief"]
        elif vacant:
            s.flags[h] = 2
            wanted = True
    if wanted:
        best_by_lottery(s, members, month, day, False)
    for k in range(len(members)):
        h = members[k]
        if s.flags[h] > 0 and s.best[h] >= 0:
            name_secretary(s, h, month, day)


@kernel
def chief_decision(s, h, month):
    """0 no change, 1 the secretary, 2 a member by lottery, 3 a resident; +4 if it was vacant."""
    hamlet = s.hamlets[h]
    if hamlet["cell"] == rules.CLOSED or not hamlet["is_hamlet"]:
        return 0
    if hamlet["chief"] != rules.NO_CHIEF:
        if not s.election[month] or draw_for(s, h, rules.CHIEF_STAYS, month) >= s.chief_turnover:
            return 0
    row = s.schedule[hamlet["group"], month]
    if row["unified"] and hamlet["secretary"] >= 0:
        if may_be_chief(s, hamlet["secretary"], hamlet["chief"]):
            s.best[h] = hamlet["secretary"]
            return 1
    if draw_for(s, h, rules.CHIEF_MEMBER, month) < row["member_elected"]:
        return 2
    s.best[h] = rules.RESIDENT_CHIEF
    return 3


@kernel
def name_chief(s, h, day):
    """Whoever was chosen takes office; nobody able among the members means a resident."""
    hamlet = s.hamlets[h]
    vacant = hamlet["chief"] == rules.NO_CHIEF
    chosen = s.best[h] if s.best[h] >= 0 else rules.RESIDENT_CHIEF
    hamlet["chief"] = chosen
    hamlet["chief_trained"] = hamlet["chief_asked"] = False
    key = s.people[chosen]["key"] if chosen >= 0 else events.NOBODY
    cause = events.VACANCY if vacant else events.ELECTION
    record(s, day, POSTINGS, h, key, events.CHIEF_NAMED, cause)


@kernel
def name_secretary(s, h, month, day):
    """The secretary takes office, prepared or not."""
    hamlet = s.hamlets[h]
    i = s.best[h]
    hamlet["secretary"] = i
    share = s.schedule[hamlet["group"], month]["successor_trained"]
    hamlet["secretary_trained"] = draw(s, i, rules.SUCCESSOR_TRAINED, month) < share
    record(s, day, POSTINGS, h, s.people[i]["key"], events.SECRETARY_NAMED, events.VACANCY)


@kernel
def may_be_chief(s, i, before):
    """A chief is an active official at home, and not the one before."""
    p = s.people[i]
    return i != before and p["status"] == rules.OFFICIAL and p["place"] == rules.PRESENT


@kernel
def may_be_secretary(s, i, day):
    """A secretary is an active official on the spot, posted or not, and not too old."""
    p = s.people[i]
    here = p["status"] == rules.OFFICIAL and p["place"] != rules.AWAY
    return here and day - p["birth"] < s.secretary_maximum_age * rules.YEAR


@kernel
def best_by_lottery(s, members, month, day, chief):
    """`best` of the hamlets flagged 2: of those who may, the one with the lowest lottery."""
    for k in range(len(members)):
        if s.flags[members[k]] == 2:
            s.best[members[k]] = -1
    decision = rules.OFFICE_LOTTERY if chief else rules.SECRETARY_LOTTERY
    for i in range(s.counters[PEOPLE]):
        if s.state[i] >> PLACE_BITS != rules.OFFICIAL:
            continue
        h = s.where[i]
        if s.flags[h] != 2:
            continue
        if chief:
            able = may_be_chief(s, i, s.hamlets[h]["chief"])
        else:
            able = may_be_secretary(s, i, day)
        if not able:
            continue
        p = s.people[i]
        u = draw(s, i, decision, month)
        other = s.best[h]
        s.lottery[i] = u
        first = other < 0 or u < s.lottery[other]
        if first or (u == s.lottery[other] and p["key"] < s.people[other]["key"]):
            s.best[h] = i


@kernel
def hold_courses(s, members, month, day):
    """Courses for untrained chiefs and secretaries, of the weakest cells first."""
    for c in range(len(s.courses)):
        course = s.courses[c]
        if course["month"] != month:
            continue
        n = 0
        for k in range(len(members)):
            h = members[k]
            if s.area[h, course["level"]] != course["area"]:
                continue
            if wants_course(s.hamlets[h], course["chief"]):
                hamlet = s.hamlets[h]
                lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
                queue(s, n, h, float(cell_strength(s, hamlet)), 0.0, lottery, hamlet["key"])
                n += 1
        sort_queue(s, n)
        for k in range(min(n, course["places"])):
            hamlet = s.hamlets[s.order[k]]
            if course["chief"]:
                hamlet["chief_trained"] = True
                holder, cause = hamlet["chief"], events.CHIEF_NAMED
            else:
                hamlet["secretary_trained"] = True
                holder, cause = hamlet["secretary"], events.SECRETARY_NAMED
            key = s.people[holder]["key"] if holder >= 0 else events.NOBODY
            record(s, day, POSTINGS, s.order[k], key, events.OFFICER_TRAINED, cause)


@kernel
def wants_course(hamlet, chiefs):
    """In office and not trained."""
    if hamlet["cell"] == rules.CLOSED:
        return False
    if chiefs:
        return hamlet["chief"] != rules.NO_CHIEF and not hamlet["chief_trained"]
    return hamlet["secretary"] >= 0 and not hamlet["secretary_trained"]


# ---------------------------------------------------------------- 3 listing and moving in


@kernel
def list_and_move_in(s, members, month, day):
    """Draw who will be listed and who will move in during the month, each at an instant."""
    for i in range(s.counters[PEOPLE]):
        if s.turn[i] <= day:
            take_stock(s, i, day)
    for k in range(len(members)):
        h = members[k]
        if month % 4 == 0:
            four_draws(s, h, rules.LISTING_COUNT, month // 4, s.draws4[h])
            four_draws(s, h, rules.ARRIVAL_COUNT, month // 4, s.arrivals4[h])
        if s.hamlets[h]["cell"] != rules.CLOSED:
            list_candidates(s, h, month, day)
            if s.hamlets[h]["is_hamlet"]:
                move_in(s, h, month)


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
    share = row["eligible_share"]
    adults = share * max(0.0, s.adults[month, h] - hamlet["adults"])
    followed = hamlet["weight"] / s.weight_one
    weighted = share * max(0.0, s.weighted[month, h] - followed)
    outside = row["outside_with"] if hamlet["cell"] == rules.OWN else row["outside_without"]
    chief = hamlet["chief"]
    chief_member = False
    if chief >= 0:
        status = s.people[chief]["status"]
        chief_member = status >= rules.PROBATION and status != rules.GONE
    factor = hamlet["listing_factor"] * hamlet["pull"] * rules.office_factor(
        chief_member, hamlet["chief_trained"], hamlet["secretary_trained"],
        s.chief_member_factor, s.chief_trained_factor, s.secretary_trained_factor,
    )  # fmt: skip
    help_ = rules.help_factor(
        s.help_mode, hamlet["points"], hamlet["officials"], outside, s.full_help
    )
    rate = row["listing"] * s.month_years[month]
    mean = rules.listing_mean(rate, weighted, s.power, s.per_resident, help_, factor)
    room = rules.listing_room(
        s.help_mode, hamlet["points"], outside, s.per_helper, hamlet["candidates"], adults
    )
    if row["list_chief"] and room > 0 and hamlet["is_hamlet"]:
        if chief == rules.RESIDENT_CHIEF and not hamlet["chief_asked"]:
            list_chief(s, h, month, day)
            room -= 1
    number = min(room, rules.number_drawn(s.draws4[h, month % 4], mean))
    for k in range(number):
        place = rules.PRESENT if hamlet["is_hamlet"] else rules.STAFF
        key = person_key(hamlet["key"], rules.LISTED_PEOPLE, month, k)
        i = new_person(s, key, h, rules.LISTED, place)
        instant = instant_of(s, i, month)
        resident_born(s, i, instant, month)
        s.people[i]["stage_due"] = later(s, instant, s.stale_months)
        expect(s, i, instant, events.LISTED, 0)


@kernel
def instant_of(s, i, month):
    """A uniform instant of the month."""
    begins, ends = s.days[s.origin + month], s.days[s.origin + month + 1]
    return begins + draw(s, i, rules.ENTRY_INSTANT, 0) * (ends - begins)


@kernel
def resident_born(s, i, day, month):
    """Age and sex of a resident who is listed."""
    p = s.people[i]
    position = rules.drawn_position(draw(s, i, rules.AGE, 0), s.entry[p["hamlet"], month // 12])
    p["sex"] = position // ELIGIBLE_AGES
    age = 18 + position % ELIGIBLE_AGES + draw(s, i, rules.AGE_FRACTION, 0)
    p["birth"] = day - age * rules.YEAR
    if p["place"] == rules.STAFF:
        retires = p["birth"] + s.retirement_age * rules.YEAR
        p["limit"] = retires if retires > day else rules.NEVER


@kernel
def list_chief(s, h, month, day):
    """The chief who is no member is listed, once in a term of office."""
    hamlet = s.hamlets[h]
    key = person_key(hamlet["key"], rules.CHIEF_PEOPLE, month, 0)
    i = new_person(s, key, h, rules.LISTED, rules.PRESENT)
    resident_born(s, i, day, month)
    s.people[i]["stage_due"] = later(s, day, s.stale_months)
    expect(s, i, day, events.LISTED, events.LISTED_AS_CHIEF)
    hamlet["chief"], hamlet["chief_asked"] = i, True
    enter(s, i, day, LISTING)
    look_ahead(s, i, day)


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
    for k in range(rules.number_drawn(s.arrivals4[h, month % 4], mean)):
        key = person_key(hamlet["key"], rules.ARRIVED_PEOPLE, month, k)
        i = new_person(s, key, h, rules.OFFICIAL, rules.PRESENT)
        u = draw(s, i, rules.ARRIVAL_KIND, 0) * yearly
        kind = 0 if u < retired else (1 if u < retired + returning_young else 2)
        instant = instant_of(s, i, month)
        ages = s.arrival_ages[kind]
        born(s, i, instant, ages[0], ages[1], s.arrival_women[kind])
        s.people[i]["helper_from"] = later(s, instant, s.months_in_place)
        expect(s, i, instant, events.MOVED_IN, events.RETIRED_HOME + kind)


# ---------------------------------------------------------------- 4 class


@kernel
def hold_classes(s, members, month, day):
    """Each class fills its seats from the queue of its area."""
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
    for k in range(len(members)):
        s.strength_then[members[k]] = cell_strength(s, s.hamlets[members[k]])
        s.picked[members[k]] = 1


@kernel
def hold_class(s, one, members, month, day):
    """One class of one area."""
    level, area = one["level"], one["area"]
    n = 0
    for i in range(s.counters[PEOPLE]):
        if is_here(s.state[i], rules.LISTED):
            p = s.people[i]
            if s.area[p["hamlet"], level] == area:
                lottery = draw(s, i, rules.CLASS_LOTTERY, month)
                queue(s, n, i, 0.0, p["waiting"], lottery, p["key"])
                n += 1
    line_up(s, members, n, one["priority"], month, day, False)
    seats = one["seats"]
    decision = rules.ATTENDANCE + 100 * one["series"]
    keep_order(s, n, s.scratch)
    for k in range(n):
        if seats == 0:
            return
        i = s.scratch[k]
        p = s.people[i]
        attends = draw(s, i, decision, month) < one["attendance"]
        kind = events.CLASS_ATTENDED if attends else events.CLASS_MISSED
        record(s, day, CLASS, p["hamlet"], p["key"], kind, 0)
        if attends or not one["replace"]:
            seats -= 1
        if attends:
            s.hamlets[p["hamlet"]]["turns"] += 1
            certify(s, i, day)
            pass_open_stages(s, i, day, CLASS)
            look_ahead(s, i, day)


@kernel
def is_here(state, status):
    """Followed, in this status, and not away."""
    return state >> PLACE_BITS == status and state & PLACE_MASK != rules.AWAY


@kernel
def line_up(s, members, n, rule, month, day, enlisting):
    """Sort the n people queued by rule, waiting since, lottery and key."""
    if rule == rules.FAIR_SHARE:
        sort_queue(s, n)
        for k in range(len(members)):
            s.flags[members[k]] = 0
    for k in range(n):
        i = s.order[k]
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
            s.value[i] = FIRST
        elif is_chief and row["list_chief"]:
            s.value[i] = SECOND
        else:
            s.value[i] = rules.priority_value(
                rule, s.strength_then[h], p["birth"], is_chief, turn
            )
    sort_queue(s, n)


@kernel
def is_enlisting(row, p, day):
    """In the ages of those who are admitted before they enlist this month."""
    low, high = row["enlist_low"], row["enlist_high"]
    return low < high and low * rules.YEAR <= day - p["birth"] < high * rules.YEAR


# ---------------------------------------------------------------- 5 committee


@kernel
def committee_meets(s, members, month, day):
    """Overdue probations first, then the dossiers in their order, within the allowances."""
    n = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if is_here(s.state[i], rules.PROBATION) and p["stage_due"] < day:
            queue(s, n, i, float(p["hamlet"]), 0.0, 0.0, p["key"])
            n += 1
    sort_queue(s, n)
    keep_order(s, n, s.scratch)
    for k in range(n):
        recognise(s, s.scratch[k], day, COMMITTEE)
        look_ahead(s, s.scratch[k], day)
    remember_strengths(s, members)
    for k in range(len(members)):
        area = s.committee[members[k]]
        if first_of_area(s, members, k):
            decide_dossiers(s, members, area, month, day)


@kernel
def first_of_area(s, members, k):
    """Whether no member before k has the same committee."""
    area = s.committee[members[k]]
    if k > 0 and s.committee[members[k - 1]] == area:
        return False
    for before in range(k):
        if s.committee[members[before]] == area:
            return False
    return True


@kernel
def decide_dossiers(s, members, area, month, day):
    """One committee decides on all that is ready."""
    n = 0
    for i in range(s.counters[PEOPLE]):
        ready = is_here(s.state[i], rules.READY)
        if not ready and not is_here(s.state[i], rules.CERTIFIED):
            continue
        p = s.people[i]
        if s.committee[p["hamlet"]] != area:
            continue
        row = s.schedule[s.hamlets[p["hamlet"]]["group"], month]
        if ready or is_enlisting(row, p, day):
            lottery = draw(s, i, rules.COMMITTEE_LOTTERY, month)
            queue(s, n, i, 0.0, p["waiting"], lottery, p["key"])
            n += 1
    line_up(s, members, n, s.committee_priority[area, month], month, day, True)
    keep_order(s, n, s.scratch)
    for k in range(n):
        i = s.scratch[k]
        if too_old(s, s.people[i], day) or has_room(s, s.people[i]["hamlet"], month):
            consider(s, i, day, COMMITTEE)
            look_ahead(s, i, day)


@kernel
def has_room(s, h, month):
    """Every area above has a place left in its allowance of the year so far."""
    for k in range(s.target_of.shape[1]):
        t = s.target_of[h, k]
        if t >= 0 and s.capped[t] and s.admitted[t] >= s.allowed[t, month]:
            return False
    return True
