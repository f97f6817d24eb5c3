"""One step of a life, and looking ahead to the next."""

from sim import log as events
from sim import rules
from sim.draws import exponential, lognormal
from sim.engine.compiled.state import (
    LIFE,
    MONTH,
    NOT_FOLLOWED,
    OVERFLOWN,
    PEOPLE,
    POSTED_NOW,
    draw,
    is_followed,
    kernel,
    later,
    month_at,
    record,
)

# ---------------------------------------------------------------- looking ahead


@kernel
def leaving_scale(s, p):
    """Factor on leaving in this state."""
    if p["place"] != rules.PRESENT:
        return 0.0
    return s.scale[p["status"]] * s.hamlets[p["hamlet"]]["leaving_factor"]


@kernel
def look_ahead(s, i, day):
    """Find the next instant of this life in the present state, and note the state for scans."""
    p = s.people[i]
    if p["status"] == rules.GONE:
        s.due[i] = rules.NEVER
        s.state[i] = NOT_FOLLOWED
        return
    s.state[i] = p["status"] * rules.PLACES + p["place"]
    s.where[i] = p["hamlet"]
    clock = rules.NEVER
    if p["place"] != rules.POSTED:
        h = p["hamlet"]
        group = s.hamlets[h]["group"]
        state = p["status"] * rules.PLACES + p["place"]
        clock = rules.fire_day(
            p["budget"], p["since"], p["birth"], s.horizon, s.starts,
            s.steady[state, group], 1.0, s.moving[group], leaving_scale(s, p), s.shock[h],
        )  # fmt: skip
    p["clock"] = clock
    due, what = rules.next_step(
        p["status"], p["place"], day, p["death"], clock,
        p["stage_due"], p["certificate_until"], p["limit"],
    )  # fmt: skip
    s.due[i] = due
    p["what"] = what


@kernel
def settle_budget(s, i, day):
    """Take what the present state has used from the budget, before the state changes."""
    p = s.people[i]
    if p["since"] < day and p["place"] != rules.POSTED:
        h = p["hamlet"]
        group = s.hamlets[h]["group"]
        state = p["status"] * rules.PLACES + p["place"]
        used = rules.spent(
            p["since"], day, p["birth"], s.starts, s.steady[state, group], 1.0,
            s.moving[group], leaving_scale(s, p), s.shock[h],
        )  # fmt: skip
        p["budget"] = max(0.0, p["budget"] - used)
    p["since"] = day


@kernel
def set_death(s, i, entry):
    """The day of death, from the hamlet of entry."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    budget = exponential(draw(s, i, rules.DEATH_BUDGET, 0))
    table = s.mortality[hamlet["base_group"], :, p["sex"]]
    p["death"] = rules.fire_day(
        budget, entry, p["birth"], s.horizon, s.starts, table, hamlet["mortality_factor"],
        table, 0.0, s.shock[p["hamlet"]],
    )  # fmt: skip


# ---------------------------------------------------------------- counting


@kernel
def counts_now(s, p):
    """1 if the person counts towards strength, else 0."""
    if is_followed(p) and rules.counts(
        p["status"], p["place"], s.away_counts, s.exempt_counts, s.posted_counts
    ):
        return 1
    return 0


@kernel
def recount(s, i, day, phase, kind):
    """Bring the running counts of the hamlet and its cell up to date after a change."""
    p = s.people[i]
    now = counts_now(s, p)
    change = now - p["counted"]
    if change != 0:
        p["counted"] = now
        hamlet = s.hamlets[p["hamlet"]]
        hamlet["officials"] += change
        if change > 0:
            hamlet["gain"] = kind
        if hamlet["roll"] >= 0:
            change_strength(s, hamlet["roll"], change, day, phase, p["key"], kind)
    take_stock(s, i, day)


@kernel
def change_strength(s, c, change, day, phase, person, kind):
    """Log the exact instant at which a cell falls under the minimum or reaches it again."""
    cell = s.hamlets[c]
    cell["strength"] += change
    if cell["cell"] != rules.OWN:
        return
    if cell["strength"] < s.minimum and cell["below_since"] == rules.NEVER:
        cell["below_since"] = day
        cell["below_cause"] = kind
        record(s, day, phase, c, person, events.BELOW, kind)
    elif cell["strength"] >= s.minimum and cell["below_since"] != rules.NEVER:
        cell["below_since"] = rules.NEVER
        record(s, day, phase, c, person, events.RESTORED, kind)


@kernel
def take_stock(s, i, day):
    """What the person is to listing, until it next changes."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    points, adult, weight = 0, 0, 0
    s.turn[i] = rules.NEVER
    if is_followed(p):
        points = rules.helper_points(
            p["status"], p["place"], day, p["helper_from"], p["birth"], s.half_from_age
        )
        if rules.among_residents(p["place"], day, p["birth"]):
            adult = 1
            weight = s.weights[p["sex"], rules.age_at(day, p["birth"])]
        turn = rules.turning_day(
            p["status"], p["place"], day, p["helper_from"], p["birth"], s.half_from_age,
            s.weights[p["sex"]],
        )  # fmt: skip
        if turn < s.horizon:
            s.turn[i] = turn
    hamlet["points"] += points - p["points"]
    hamlet["adults"] += adult - p["adult"]
    hamlet["weight"] += weight - p["weight"]
    p["points"], p["adult"], p["weight"] = points, adult, weight


# ---------------------------------------------------------------- entering and leaving


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
    p["helper_from"] = -rules.NEVER
    p["what"], p["fired"], p["dossiers"] = rules.DEATH, 0, 0
    p["home"], p["pool"], p["sex"] = -1, -1, 1
    p["entry_kind"], p["entry_cause"] = 0, 0
    p["counted"], p["points"], p["adult"], p["weight"] = 0, 0, 0, 0
    s.due[i] = s.turn[i] = rules.NEVER
    s.term[i] = -1
    s.state[i] = NOT_FOLLOWED
    return i


@kernel
def expect(s, i, day, kind, cause):
    """The person will enter on `day`; death and the first budget are known from then."""
    p = s.people[i]
    p["entry_kind"], p["entry_cause"] = kind, cause
    p["waiting"] = p["since"] = day
    set_death(s, i, day)
    p["budget"] = exponential(draw(s, i, rules.CLOCK_BUDGET, 0))
    p["what"] = rules.ENTRY
    s.due[i] = day


@kernel
def enter(s, i, day, phase):
    """The person becomes one of the followed people of the hamlet."""
    p = s.people[i]
    kind = p["entry_kind"]
    p["entry_kind"] = 0
    record(s, day, phase, p["hamlet"], p["key"], kind, p["entry_cause"])
    if p["status"] <= rules.READY:
        s.hamlets[p["hamlet"]]["candidates"] += 1
    recount(s, i, day, phase, kind)
    pass_open_stages(s, i, day, phase)


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
    recount(s, i, day, phase, kind)
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


# ---------------------------------------------------------------- one step of a life


@kernel
def live(s, i, day):
    """What comes next for this person happens."""
    what = s.people[i]["what"]
    if what == rules.DEATH:
        leave_for_ever(s, i, day, LIFE, events.DEAD, 0)
    elif what == rules.CLOCK:
        clock_fires(s, i, day)
    elif what == rules.STAGE:
        stage_ends(s, i, day)
    elif what == rules.CERTIFICATE:
        certificate_expires(s, i, day)
    elif what == rules.LIMIT:
        if s.people[i]["place"] == rules.STAFF:
            leave_for_ever(s, i, day, LIFE, events.MOVED, events.RETIRED)
        else:
            leave_for_ever(s, i, day, LIFE, events.LAPSED, events.AWAY_TOO_LONG)
    else:
        enter(s, i, day, LIFE)
    look_ahead(s, i, day)


@kernel
def clock_fires(s, i, day):
    """One of the risks of the present state happens; the next budget is drawn."""
    p = s.people[i]
    h = p["hamlet"]
    period = rules.period_at(day, s.starts)
    risk = rules.choose_risk(
        draw(s, i, rules.CLOCK_RISK, p["fired"]), p["status"], p["place"], rules.AT_RISK,
        s.each[s.hamlets[h]["group"], period, rules.age_at(day, p["birth"])],
        leaving_scale(s, p) * s.shock[h, period],
    )  # fmt: skip
    p["fired"] += 1
    p["budget"] = exponential(draw(s, i, rules.CLOCK_BUDGET, p["fired"]))
    p["since"] = day
    if risk == rules.LEAVING:
        if s.leaves_for_good > 0.0 and draw(s, i, rules.FOR_GOOD, p["fired"]) < s.leaves_for_good:
            leave_for_ever(s, i, day, LIFE, events.MOVED, events.LEFT_FOR_GOOD)
            return
        record(s, day, LIFE, h, p["key"], events.LEFT, 0)
        p["place"] = rules.AWAY
        if p["status"] <= rules.READY:
            p["limit"] = later(s, day, s.candidate_away_months)
        vacate_offices(s, i, False)
        recount(s, i, day, LIFE, events.LEFT)
    elif risk == rules.RETURNING:
        record(s, day, LIFE, h, p["key"], events.RETURNED, 0)
        p["place"] = rules.PRESENT
        p["limit"] = rules.NEVER
        if not s.hamlets[h]["is_hamlet"]:
            join_staff(s, p, day)
        p["helper_from"] = later(s, day, s.months_in_place)
        recount(s, i, day, LIFE, events.RETURNED)
        pass_open_stages(s, i, day, LIFE)
    elif risk == rules.EXEMPTION:
        p["status"] = rules.EXEMPT
        record(s, day, LIFE, h, p["key"], events.EXEMPTED, 0)
        vacate_offices(s, i, False)
        recount(s, i, day, LIFE, events.EXEMPTED)
    else:
        leave_for_ever(s, i, day, LIFE, rules.RISK_KIND[risk], rules.RISK_CAUSE[risk])


# ---------------------------------------------------------------- from resident to official


@kernel
def change_status(s, i, day, status):
    """A new stage begins; what the clock has used in the old one is taken off."""
    settle_budget(s, i, day)
    p = s.people[i]
    p["status"] = status
    p["waiting"] = day


@kernel
def join_staff(s, p, day):
    """Staff retire at an age; who comes back older than that retires a month later."""
    p["place"] = rules.STAFF
    retires = p["birth"] + s.retirement_age * rules.YEAR
    p["limit"] = retires if retires > day else later(s, day, 1)


@kernel
def stage_ends(s, i, day):
    """The clock of the present stage has run out."""
    p = s.people[i]
    if p["status"] == rules.LISTED:
        leave_for_ever(s, i, day, LIFE, events.LAPSED, events.STALE)
    elif p["status"] == rules.CERTIFIED:
        dossier_made(s, i, day)
    elif p["status"] == rules.READY:
        record(s, day, LIFE, p["hamlet"], p["key"], events.DOSSIER_LAPSED, 0)
        change_status(s, i, day, rules.CERTIFIED)
        begin_dossier(s, i, day)
    else:
        recognise(s, i, day, LIFE)


@kernel
def dossier_made(s, i, day):
    """The dossier is ready, or shows that the person cannot be admitted."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    month = min(month_at(s, day), s.months - 1)
    failure = s.failure[hamlet["difficulty"]]
    failure = failure * s.schedule[hamlet["group"], month]["failure_factor"]
    if draw(s, i, rules.DOSSIER_FAILURE, p["dossiers"]) < failure:
        leave_for_ever(s, i, day, LIFE, events.REFUSED, events.DOSSIER_FAILED)
        return
    record(s, day, LIFE, p["hamlet"], p["key"], events.DOSSIER_READY, 0)
    change_status(s, i, day, rules.READY)
    p["stage_due"] = later(s, day, s.dossier_months)
    pass_open_stages(s, i, day, LIFE)


@kernel
def certificate_expires(s, i, day):
    """The class must be attended again."""
    p = s.people[i]
    record(s, day, LIFE, p["hamlet"], p["key"], events.CERTIFICATE_EXPIRED, 0)
    change_status(s, i, day, rules.LISTED)
    p["certificate_until"] = rules.NEVER
    p["stage_due"] = later(s, day, s.stale_months)


@kernel
def certify(s, i, day):
    """The class is behind; the dossier begins."""
    change_status(s, i, day, rules.CERTIFIED)
    p = s.people[i]
    p["certificate_until"] = rules.NEVER
    if s.training_on:
        p["certificate_until"] = later(s, day, s.certificate_months)
    begin_dossier(s, i, day)


@kernel
def begin_dossier(s, i, day):
    """How long this dossier takes; each is drawn anew."""
    p = s.people[i]
    p["dossiers"] += 1
    if not s.dossier_on:
        return
    hamlet = s.hamlets[p["hamlet"]]
    month = min(month_at(s, day), s.months - 1)
    factor = s.schedule[hamlet["group"], month]["delay_factor"]
    median = s.delay_median[hamlet["difficulty"]] * factor
    u = draw(s, i, rules.DOSSIER_DELAY, p["dossiers"])
    p["stage_due"] = day + lognormal(u, median, s.delay_sd) * MONTH


@kernel
def pass_open_stages(s, i, day, phase):
    """A stage that is switched off takes no time."""
    p = s.people[i]
    if p["place"] == rules.AWAY:
        return
    if p["status"] == rules.LISTED and not s.training_on:
        certify(s, i, day)
    if p["status"] == rules.CERTIFIED and not s.dossier_on:
        change_status(s, i, day, rules.READY)
        p["stage_due"] = rules.NEVER
    if s.committee_on:
        return
    if p["status"] == rules.READY:
        consider(s, i, day, phase)
    elif p["status"] == rules.PROBATION and p["stage_due"] < day:
        recognise(s, i, day, phase)


@kernel
def too_old(s, p, day):
    """Over the age limit of the month, counted by months."""
    month = month_at(s, day)
    row = s.schedule[s.hamlets[p["hamlet"]]["group"], min(month, s.months - 1)]
    return rules.age_in_months(p["birth"], s.origin + month, s.days) > row["maximum_age"]


@kernel
def consider(s, i, day, phase):
    """The decision on one dossier: admitted, too old, refused, or not yet of age."""
    p = s.people[i]
    month = month_at(s, day)
    age = rules.age_in_months(p["birth"], s.origin + month, s.days)
    if too_old(s, p, day):
        leave_for_ever(s, i, day, phase, events.OVER_AGE, 0)
    elif age < s.minimum_age:
        return
    elif draw(s, i, rules.APPROVAL, p["dossiers"]) >= s.approval:
        leave_for_ever(s, i, day, phase, events.REFUSED, events.NOT_APPROVED)
    else:
        admit(s, i, day, phase, month)


@kernel
def admit(s, i, day, phase, month):
    """A probationary member from now."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    record(s, day, phase, p["hamlet"], p["key"], events.ADMITTED, 0)
    change_status(s, i, day, rules.PROBATION)
    p["stage_due"] = later(s, day, s.probation_months)
    p["certificate_until"] = rules.NEVER
    hamlet["candidates"] -= 1
    hamlet["admissions"] += 1
    hamlet["last_admission"] = month
    for k in range(s.target_of.shape[1]):
        target = s.target_of[p["hamlet"], k]
        if target >= 0:
            s.admitted[target] += 1


@kernel
def recognise(s, i, day, phase):
    """The end of probation: an official member, or not."""
    p = s.people[i]
    if draw(s, i, rules.RECOGNITION, 0) >= s.recognition:
        leave_for_ever(s, i, day, phase, events.NOT_RECOGNISED, 0)
        return
    record(s, day, phase, p["hamlet"], p["key"], events.RECOGNISED, 0)
    change_status(s, i, day, rules.OFFICIAL)
    recount(s, i, day, phase, events.RECOGNISED)
