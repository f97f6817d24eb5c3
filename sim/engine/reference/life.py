"""A person's life, as it reads: wait for what comes next, live it, look ahead again."""

from collections.abc import Generator

import simpy

from sim import log as events
from sim import rules
from sim.draws import exponential, lognormal
from sim.engine.reference.state import Hamlet, Person, Unit

LIFE = 1
MONTH = 30.4375


def life(unit: Unit, person: Person) -> Generator[simpy.Event, None, None]:
    """A SimPy process. An interrupt means that others changed what comes next."""
    while person.status != rules.GONE and person.next_day <= unit.settings.horizon:
        try:
            yield unit.calendar.at(person.next_day, LIFE, person.hamlet.index, person.key)
        except simpy.Interrupt:
            continue
        live(unit, person, unit.calendar.now, person.what)
    person.process = None


def watch(unit: Unit, person: Person) -> None:
    """Others changed what comes next for this person; who has nothing to come needs no process."""
    if person.process is not None:
        person.process.interrupt()
    elif person.status != rules.GONE and person.next_day <= unit.settings.horizon:
        person.process = unit.calendar.process(life(unit, person))


def live(unit: Unit, person: Person, day: float, what: int) -> None:
    """One step of a life."""
    if what == rules.DEATH:
        leave_for_ever(unit, person, day, LIFE, events.DEAD)
    elif what == rules.CLOCK:
        clock_fires(unit, person, day)
    elif what == rules.STAGE:
        stage_ends(unit, person, day)
    elif what == rules.CERTIFICATE:
        certificate_expires(unit, person, day)
    elif what == rules.LIMIT:
        limit_reached(unit, person, day)
    else:
        enter(unit, person, day, LIFE)
    look_ahead(unit, person, day)


# ---------------------------------------------------------------- looking ahead


def look_ahead(unit: Unit, person: Person, day: float) -> None:
    """Find the next instant of this life in the present state."""
    if person.status == rules.GONE:
        return
    person.clock = clock_day(unit, person)
    person.next_day, person.what = rules.next_step(
        person.status, person.place, day, person.death, person.clock,
        person.stage_due, person.certificate_until, person.limit,
    )  # fmt: skip


def leaving_scale(unit: Unit, person: Person) -> float:
    """Factor on leaving in this state; nobody leaves who is not at home."""
    if person.place != rules.PRESENT:
        return 0.0
    return float(unit.rates.scale[person.status]) * person.hamlet.leaving_factor


def clock_day(unit: Unit, person: Person) -> float:
    """When the clock of the other risks has used up its budget."""
    if person.place == rules.POSTED:
        return rules.NEVER
    rates, group = unit.rates, person.hamlet.group
    state = person.status * rules.PLACES + person.place
    return rules.fire_day(
        person.budget, person.since, person.birth, unit.settings.horizon, rates.starts,
        rates.steady[state, group], 1.0, rates.moving[group], leaving_scale(unit, person),
        person.hamlet.shock,
    )  # fmt: skip


def settle_budget(unit: Unit, person: Person, day: float) -> None:
    """Take what the present state has used from the budget, before the state changes."""
    if person.since < day and person.place != rules.POSTED:
        rates, group = unit.rates, person.hamlet.group
        state = person.status * rules.PLACES + person.place
        used = rules.spent(
            person.since, day, person.birth, rates.starts, rates.steady[state, group], 1.0,
            rates.moving[group], leaving_scale(unit, person), person.hamlet.shock,
        )  # fmt: skip
        person.budget = max(0.0, person.budget - used)
    person.since = day


def death_day(unit: Unit, person: Person, entry: float) -> float:
    """Computed once, from the hamlet of entry: the same under every policy that leaves it alone."""
    budget = exponential(unit.draw(person, rules.DEATH_BUDGET))
    table = unit.rates.mortality[person.hamlet.base_group, :, person.sex]
    return rules.fire_day(
        budget, entry, person.birth, unit.settings.horizon, unit.rates.starts,
        table, person.hamlet.mortality_factor, table, 0.0, person.hamlet.shock,
    )  # fmt: skip


# ---------------------------------------------------------------- counting


def counts_now(unit: Unit, person: Person) -> int:
    """1 if the person counts towards strength, else 0."""
    s = unit.settings
    return int(
        person.is_followed
        and rules.counts(
            person.status, person.place, s.away_counts, s.exempt_counts, s.posted_counts
        )
    )


def recount(unit: Unit, person: Person, day: float, phase: int, kind: int) -> None:
    """Bring the running counts of the hamlet and its cell up to date after a change."""
    hamlet, now = person.hamlet, counts_now(unit, person)
    if now != person.counted:
        change = now - person.counted
        person.counted = now
        hamlet.officials += change
        if change > 0:
            hamlet.gain = kind
        if hamlet.roll >= 0:
            change_strength(
                unit, unit.by_index[hamlet.roll], change, day, phase, person.key, kind
            )
    take_stock(unit, person, day)


def change_strength(
    unit: Unit, cell: Hamlet, change: int, day: float, phase: int, person: int, kind: int
) -> None:
    """Log the exact instant at which a cell falls under the minimum or reaches it again."""
    cell.strength += change
    if cell.cell != rules.OWN:
        return
    minimum = unit.settings.minimum
    if cell.strength < minimum and cell.below_since == rules.NEVER:
        cell.below_since, cell.below_cause = day, kind
        unit.record(day, phase, cell, person, events.BELOW, kind)
    elif cell.strength >= minimum and cell.below_since != rules.NEVER:
        cell.below_since = rules.NEVER
        unit.record(day, phase, cell, person, events.RESTORED, kind)


def take_stock(unit: Unit, person: Person, day: float) -> None:
    """What the person is to listing - helper, and one resident less - until it next changes."""
    s, hamlet = unit.settings, person.hamlet
    hamlet.points -= person.points
    hamlet.adults -= person.adult
    hamlet.weight -= person.weight
    person.points = person.adult = person.weight = 0
    if not person.is_followed:
        return
    person.points = rules.helper_points(
        person.status, person.place, day, person.helper_from, person.birth, s.half_from_age
    )
    if rules.among_residents(person.place, day, person.birth):
        person.adult = 1
        age = rules.age_at(day, person.birth)
        person.weight = int(unit.plan.weights[person.sex, age])
    hamlet.points += person.points
    hamlet.adults += person.adult
    hamlet.weight += person.weight
    turn = rules.turning_day(
        person.status, person.place, day, person.helper_from, person.birth, s.half_from_age,
        unit.plan.weights[person.sex],
    )  # fmt: skip
    if turn < s.horizon:
        unit.turning[rules.first_month_from(turn, unit.plan.days) - s.origin].append(person)


# ---------------------------------------------------------------- entering and leaving


def enter(unit: Unit, person: Person, day: float, phase: int) -> None:
    """The person becomes one of the followed people of the hamlet."""
    kind, cause = person.entry_kind, person.entry_cause
    person.entry_kind = 0
    unit.record(day, phase, person.hamlet, person.key, kind, cause)
    if person.is_candidate:
        person.hamlet.candidates += 1
        unit.pipeline[person.key] = person
    recount(unit, person, day, phase, kind)
    pass_open_stages(unit, person, day, phase)


def leave_for_ever(
    unit: Unit, person: Person, day: float, phase: int, kind: int, cause: int = 0
) -> None:
    """The end of a person's record."""
    hamlet = person.hamlet
    unit.record(day, phase, hamlet, person.key, kind, cause)
    if person.is_candidate:
        hamlet.candidates -= 1
    if person.place == rules.STAFF and kind in (events.DEAD, events.MOVED):
        hamlet.vacancies += 1
    if person.place == rules.POSTED:
        posting_over(unit, person)
    stays_resident = kind in (
        events.LAPSED, events.OVER_AGE, events.REFUSED, events.NOT_RECOGNISED,
    ) and person.place == rules.PRESENT  # fmt: skip
    person.status = rules.GONE
    vacate_offices(hamlet, person, stays_resident)
    recount(unit, person, day, phase, kind)
    unit.pipeline.pop(person.key, None)
    del hamlet.people[person.key]


def posting_over(unit: Unit, person: Person) -> None:
    """The posting is no more; its place in the pool is free again."""
    unit.postings -= 1
    if person.pool >= 0:
        unit.pool_used[person.pool] -= 1


def vacate_offices(hamlet: Hamlet, person: Person, stays_resident: bool) -> None:
    """Offices fall vacant; a chief who is no candidate any more may stay chief."""
    if hamlet.chief is person:
        hamlet.chief = None
        hamlet.chief_code = rules.RESIDENT_CHIEF if stays_resident else rules.NO_CHIEF
        hamlet.chief_trained = hamlet.chief_trained and stays_resident
    if hamlet.secretary is person:
        hamlet.secretary, hamlet.secretary_code = None, rules.NO_CHIEF
        hamlet.secretary_trained = False


# ---------------------------------------------------------------- the other risks


def clock_fires(unit: Unit, person: Person, day: float) -> None:
    """One of the risks of the present state happens; the next budget is drawn."""
    rates, hamlet = unit.rates, person.hamlet
    period = rules.period_at(day, rates.starts)
    risk = rules.choose_risk(
        unit.draw(person, rules.CLOCK_RISK, person.fired),
        person.status, person.place, rules.AT_RISK,
        rates.each[hamlet.group, period, rules.age_at(day, person.birth)],
        leaving_scale(unit, person) * float(hamlet.shock[period]),
    )  # fmt: skip
    person.fired += 1
    person.budget = exponential(unit.draw(person, rules.CLOCK_BUDGET, person.fired))
    person.since = day
    if risk == rules.LEAVING:
        leaves(unit, person, day)
    elif risk == rules.RETURNING:
        returns(unit, person, day)
    elif risk == rules.EXEMPTION:
        person.status = rules.EXEMPT
        unit.record(day, LIFE, hamlet, person.key, events.EXEMPTED)
        vacate_offices(hamlet, person, stays_resident=False)
        recount(unit, person, day, LIFE, events.EXEMPTED)
    else:
        kind, cause = int(rules.RISK_KIND[risk]), int(rules.RISK_CAUSE[risk])
        leave_for_ever(unit, person, day, LIFE, kind, cause)


def leaves(unit: Unit, person: Person, day: float) -> None:
    """Away for work, or for good."""
    for_good = unit.settings.leaves_for_good
    if for_good > 0 and unit.draw(person, rules.FOR_GOOD, person.fired) < for_good:
        leave_for_ever(unit, person, day, LIFE, events.MOVED, events.LEFT_FOR_GOOD)
        return
    unit.record(day, LIFE, person.hamlet, person.key, events.LEFT)
    person.place = rules.AWAY
    if person.is_candidate:
        person.limit = unit.later(day, unit.settings.candidate_away_months)
    vacate_offices(person.hamlet, person, stays_resident=False)
    recount(unit, person, day, LIFE, events.LEFT)


def returns(unit: Unit, person: Person, day: float) -> None:
    """Home again; helps a candidate only after some time in the place."""
    unit.record(day, LIFE, person.hamlet, person.key, events.RETURNED)
    person.place, person.limit = rules.PRESENT, rules.NEVER
    if not person.hamlet.is_hamlet:
        join_staff(unit, person, day)
    person.helper_from = unit.later(day, unit.settings.months_in_place)
    recount(unit, person, day, LIFE, events.RETURNED)
    pass_open_stages(unit, person, day, LIFE)


# ---------------------------------------------------------------- from resident to official


def join_staff(unit: Unit, person: Person, day: float) -> None:
    """Staff retire at an age; who comes back older than that retires a month later."""
    person.place = rules.STAFF
    retires = person.birth + unit.settings.retirement_age * rules.YEAR
    person.limit = retires if retires > day else unit.later(day, 1)


def stage_ends(unit: Unit, person: Person, day: float) -> None:
    """The clock of the present stage has run out."""
    if person.status == rules.LISTED:
        leave_for_ever(unit, person, day, LIFE, events.LAPSED, events.STALE)
    elif person.status == rules.CERTIFIED:
        dossier_made(unit, person, day)
    elif person.status == rules.READY:
        unit.record(day, LIFE, person.hamlet, person.key, events.DOSSIER_LAPSED)
        change_status(unit, person, day, rules.CERTIFIED)
        begin_dossier(unit, person, day)
    else:
        recognise(unit, person, day, LIFE)


def change_status(unit: Unit, person: Person, day: float, status: int) -> None:
    """A new stage begins; what the clock has used in the old one is taken off."""
    settle_budget(unit, person, day)
    person.status, person.waiting = status, day


def dossier_made(unit: Unit, person: Person, day: float) -> None:
    """The dossier is ready, or shows that the person cannot be admitted."""
    hamlet, settings = person.hamlet, unit.settings
    row = unit.row(hamlet, unit.month_at(day))
    failure = float(unit.plan.failure[hamlet.difficulty]) * row.failure_factor
    if unit.draw(person, rules.DOSSIER_FAILURE, person.dossiers) < failure:
        leave_for_ever(unit, person, day, LIFE, events.REFUSED, events.DOSSIER_FAILED)
        return
    unit.record(day, LIFE, hamlet, person.key, events.DOSSIER_READY)
    change_status(unit, person, day, rules.READY)
    person.stage_due = unit.later(day, settings.dossier_months)
    pass_open_stages(unit, person, day, LIFE)


def certificate_expires(unit: Unit, person: Person, day: float) -> None:
    """The class must be attended again; the person is on the list once more."""
    unit.record(day, LIFE, person.hamlet, person.key, events.CERTIFICATE_EXPIRED)
    change_status(unit, person, day, rules.LISTED)
    person.certificate_until = rules.NEVER
    person.stage_due = unit.later(day, unit.settings.stale_months)


def limit_reached(unit: Unit, person: Person, day: float) -> None:
    """A candidate has been away too long, or staff retire."""
    if person.place == rules.STAFF:
        leave_for_ever(unit, person, day, LIFE, events.MOVED, events.RETIRED)
    else:
        leave_for_ever(unit, person, day, LIFE, events.LAPSED, events.AWAY_TOO_LONG)


def certify(unit: Unit, person: Person, day: float) -> None:
    """The class is behind; the dossier begins."""
    change_status(unit, person, day, rules.CERTIFIED)
    person.certificate_until = rules.NEVER
    if unit.settings.training_on:
        person.certificate_until = unit.later(day, unit.settings.certificate_months)
    begin_dossier(unit, person, day)


def begin_dossier(unit: Unit, person: Person, day: float) -> None:
    """How long this dossier takes; each is drawn anew."""
    person.dossiers += 1
    if not unit.settings.dossier_on:
        return
    hamlet = person.hamlet
    factor = unit.row(hamlet, unit.month_at(day)).delay_factor
    median = float(unit.plan.delay_median[hamlet.difficulty]) * factor
    u = unit.draw(person, rules.DOSSIER_DELAY, person.dossiers)
    person.stage_due = day + lognormal(u, median, unit.settings.delay_sd) * MONTH


def pass_open_stages(unit: Unit, person: Person, day: float, phase: int) -> None:
    """A stage that is switched off takes no time."""
    settings = unit.settings
    if person.place == rules.AWAY:
        return
    if person.status == rules.LISTED and not settings.training_on:
        certify(unit, person, day)
    if person.status == rules.CERTIFIED and not settings.dossier_on:
        change_status(unit, person, day, rules.READY)
        person.stage_due = rules.NEVER
    if settings.committee_on:
        return
    if person.status == rules.READY:
        consider(unit, person, day, phase)
    elif person.status == rules.PROBATION and person.stage_due < day:
        recognise(unit, person, day, phase)


def too_old(unit: Unit, person: Person, day: float) -> bool:
    """Over the age limit of the month, counted by months."""
    month = unit.month_at(day)
    age = rules.age_in_months(person.birth, unit.settings.origin + month, unit.plan.days)
    return bool(age > unit.row(person.hamlet, month).maximum_age)


def consider(unit: Unit, person: Person, day: float, phase: int) -> None:
    """The decision on one dossier: admitted, too old, refused, or not yet of age."""
    settings = unit.settings
    month = unit.month_at(day)
    age = rules.age_in_months(person.birth, settings.origin + month, unit.plan.days)
    if too_old(unit, person, day):
        leave_for_ever(unit, person, day, phase, events.OVER_AGE)
    elif age < settings.minimum_age:
        return
    elif unit.draw(person, rules.APPROVAL, person.dossiers) >= settings.approval:
        leave_for_ever(unit, person, day, phase, events.REFUSED, events.NOT_APPROVED)
    else:
        admit(unit, person, day, phase, month)


def admit(unit: Unit, person: Person, day: float, phase: int, month: int) -> None:
    """A probationary member from now."""
    hamlet = person.hamlet
    unit.record(day, phase, hamlet, person.key, events.ADMITTED)
    change_status(unit, person, day, rules.PROBATION)
    person.stage_due = unit.later(day, unit.settings.probation_months)
    person.certificate_until = rules.NEVER
    hamlet.candidates -= 1
    hamlet.admissions += 1
    hamlet.last_admission = month
    for target in unit.target_of[hamlet.index]:
        if target >= 0:
            unit.admitted[target] += 1


def recognise(unit: Unit, person: Person, day: float, phase: int) -> None:
    """The end of probation: an official member, or not."""
    if unit.draw(person, rules.RECOGNITION) >= unit.settings.recognition:
        leave_for_ever(unit, person, day, phase, events.NOT_RECOGNISED)
        return
    unit.record(day, phase, person.hamlet, person.key, events.RECOGNISED)
    change_status(unit, person, day, rules.OFFICIAL)
    del unit.pipeline[person.key]
    recount(unit, person, day, phase, events.RECOGNISED)
