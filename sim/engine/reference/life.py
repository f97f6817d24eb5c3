"""A person's life, as it reads: wait for what comes next, live it, look ahead again."""

from collections.abc import Generator

import simpy

from sim import log as events
from sim import rules
from sim.draws import exponential
from sim.engine.reference import clocks, counting, roster, stages
from sim.engine.reference.state import LIFE, Person, Unit


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
        roster.leave_for_ever(unit, person, day, LIFE, events.DEAD)
    elif what == rules.CLOCK:
        clock_fires(unit, person, day)
    elif what == rules.STAGE:
        stage_ends(unit, person, day)
    elif what == rules.CERTIFICATE:
        stages.certificate_expires(unit, person, day)
    elif what == rules.LIMIT:
        limit_reached(unit, person, day)
    else:
        stages.enter(unit, person, day, LIFE)
    clocks.look_ahead(unit, person, day)


def clock_fires(unit: Unit, person: Person, day: float) -> None:
    """One of the risks of the present state happens; the next budget is drawn."""
    rates, hamlet = unit.rates, person.hamlet
    period = rules.period_at(day, rates.starts)
    firing = unit.draws_together(person, rules.FIRING, person.fired)
    risk = rules.choose_risk(
        firing[rules.RISK],
        person.status, person.place, rules.AT_RISK,
        rates.each[hamlet.group, period, rules.age_at(day, person.birth)],
        clocks.leaving_scale(unit, person) * float(hamlet.shock[period]),
    )  # fmt: skip
    person.fired += 1
    person.budget = exponential(firing[rules.NEXT_BUDGET])
    person.since = day
    if risk == rules.LEAVING:
        leaves(unit, person, day, firing[rules.FOR_GOOD])
    elif risk == rules.RETURNING:
        returns(unit, person, day)
    elif risk == rules.EXEMPTION:
        person.status = rules.EXEMPT
        unit.record(day, LIFE, hamlet, person.key, events.EXEMPTED)
        roster.vacate_offices(hamlet, person, stays_resident=False)
        counting.recount(unit, person, day, LIFE, events.EXEMPTED)
    else:
        kind, cause = int(rules.RISK_KIND[risk]), int(rules.RISK_CAUSE[risk])
        roster.leave_for_ever(unit, person, day, LIFE, kind, cause)


def leaves(unit: Unit, person: Person, day: float, u: float) -> None:
    """Away for work, or for good."""
    if u < unit.settings.leaves_for_good:
        roster.leave_for_ever(unit, person, day, LIFE, events.MOVED, events.LEFT_FOR_GOOD)
        return
    unit.record(day, LIFE, person.hamlet, person.key, events.LEFT)
    person.place = rules.AWAY
    if person.is_candidate:
        person.limit = unit.later(day, unit.settings.candidate_away_months)
    roster.vacate_offices(person.hamlet, person, stays_resident=False)
    counting.recount(unit, person, day, LIFE, events.LEFT)


def returns(unit: Unit, person: Person, day: float) -> None:
    """Home again; helps a candidate only after some time in the place."""
    unit.record(day, LIFE, person.hamlet, person.key, events.RETURNED)
    person.place, person.limit = rules.PRESENT, rules.NEVER
    if not person.hamlet.is_hamlet:
        join_staff(unit, person, day)
    person.helper_from = unit.later(day, unit.settings.months_in_place)
    counting.recount(unit, person, day, LIFE, events.RETURNED)
    stages.pass_open_stages(unit, person, day, LIFE)


def join_staff(unit: Unit, person: Person, day: float) -> None:
    """Staff retire at an age; who comes back older than that retires a month later."""
    person.place = rules.STAFF
    retires = person.birth + unit.settings.retirement_age * rules.YEAR
    person.limit = retires if retires > day else unit.later(day, 1)


def stage_ends(unit: Unit, person: Person, day: float) -> None:
    """The clock of the present stage has run out."""
    if person.status == rules.LISTED:
        roster.leave_for_ever(unit, person, day, LIFE, events.LAPSED, events.STALE)
    elif person.status == rules.CERTIFIED:
        stages.dossier_made(unit, person, day)
    elif person.status == rules.READY:
        unit.record(day, LIFE, person.hamlet, person.key, events.DOSSIER_LAPSED)
        stages.change_status(unit, person, day, rules.CERTIFIED)
        stages.begin_dossier(unit, person, day)
    else:
        stages.recognise(unit, person, day, LIFE)


def limit_reached(unit: Unit, person: Person, day: float) -> None:
    """A candidate has been away too long, or staff retire."""
    if person.place == rules.STAFF:
        roster.leave_for_ever(unit, person, day, LIFE, events.MOVED, events.RETIRED)
    else:
        roster.leave_for_ever(unit, person, day, LIFE, events.LAPSED, events.AWAY_TOO_LONG)
