"""From resident to official: class, dossier, admission, probation."""

from sim import log as events
from sim import rules
from sim.draws import lognormal
from sim.engine.reference import clocks, counting, roster
from sim.engine.reference.state import LIFE, MONTH, Person, Unit


def enter(unit: Unit, person: Person, day: float, phase: int) -> None:
    """The person becomes one of the followed people of the hamlet."""
    kind, cause = person.entry_kind, person.entry_cause
    person.entry_kind = 0
    unit.record(day, phase, person.hamlet, person.key, kind, cause)
    if person.is_candidate:
        person.hamlet.candidates += 1
        unit.pipeline[person.key] = person
    counting.recount(unit, person, day, phase, kind)
    pass_open_stages(unit, person, day, phase)


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


def change_status(unit: Unit, person: Person, day: float, status: int) -> None:
    """A new stage begins; if its clock is another, what it has used in the old one is taken off."""
    clock = unit.rates.clock
    before, after = (one * rules.PLACES + person.place for one in (person.status, status))
    if clock[before] != clock[after]:
        clocks.settle_budget(unit, person, day)
    person.status, person.waiting = status, day


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


def dossier_made(unit: Unit, person: Person, day: float) -> None:
    """The dossier is ready, or shows that the person cannot be admitted."""
    hamlet, settings = person.hamlet, unit.settings
    row = unit.row(hamlet, unit.month_at(day))
    failure = float(unit.plan.failure[hamlet.difficulty]) * row.failure_factor
    if unit.draw(person, rules.DOSSIER_FAILURE, person.dossiers) < failure:
        roster.leave_for_ever(unit, person, day, LIFE, events.REFUSED, events.DOSSIER_FAILED)
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


def too_old(unit: Unit, person: Person, day: float) -> bool:
    """Over the age limit of the month, counted by months."""
    return person.birth < unit.row(person.hamlet, unit.month_at(day)).oldest


def consider(unit: Unit, person: Person, day: float, phase: int) -> None:
    """The decision on one dossier: admitted, too old, refused, or not yet of age."""
    settings = unit.settings
    month = unit.month_at(day)
    of_age = rules.born_before(settings.minimum_age - 1, settings.origin + month, unit.plan.days)
    if too_old(unit, person, day):
        roster.leave_for_ever(unit, person, day, phase, events.OVER_AGE)
    elif person.birth >= of_age:
        return
    elif unit.draw(person, rules.APPROVAL, person.dossiers) >= settings.approval:
        roster.leave_for_ever(unit, person, day, phase, events.REFUSED, events.NOT_APPROVED)
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
        roster.leave_for_ever(unit, person, day, phase, events.NOT_RECOGNISED)
        return
    unit.record(day, phase, person.hamlet, person.key, events.RECOGNISED)
    change_status(unit, person, day, rules.OFFICIAL)
    del unit.pipeline[person.key]
    counting.recount(unit, person, day, phase, events.RECOGNISED)
