"""Phase 2, first part: postings end and are replaced, and so are staff."""

from sim import log as events
from sim import rules
from sim.draws import person_key
from sim.engine.reference import clocks, life, moves, roster, stages
from sim.engine.reference.state import POSTINGS, Hamlet, Person, Unit


def end_and_replace(unit: Unit, month: int, day: float) -> None:
    """Postings end and are replaced, and so are members of staff."""
    due = [(p.hamlet.index, p.key, p) for p in unit.terms.pop(month, ())]
    due += [(p.hamlet.index, p.key, p) for p in _new_staff(unit, month, day)]
    for _, _, person in sorted(due, key=lambda d: d[:2]):
        _term(unit, person, month, day)


def _new_staff(unit: Unit, month: int, day: float) -> list[Person]:
    """Replacements of staff who went; only members among them are followed."""
    found = []
    for hamlet in unit.hamlets:
        for i in range(hamlet.vacancies):
            key = person_key(hamlet.key, rules.STAFF_PEOPLE, month, i)
            person = Person(key, hamlet, rules.OFFICIAL, rules.STAFF, 1)
            if unit.draw(person, rules.STAFF_MEMBER) < unit.settings.staff_member_share:
                found.append(_expect_staff(unit, person, day))
        if not hamlet.is_hamlet:
            for i in range(_renewed(unit, hamlet, month)):
                key = person_key(hamlet.key, rules.RENEWED_PEOPLE, month, i)
                person = Person(key, hamlet, rules.OFFICIAL, rules.STAFF, 1)
                found.append(_expect_staff(unit, person, day))
        hamlet.vacancies = 0
    return found


def _renewed(unit: Unit, hamlet: Hamlet, month: int) -> int:
    """Members among those who replace staff who are not followed."""
    s = unit.settings
    others = max(0, hamlet.staff - hamlet.adults - hamlet.vacancies)
    yearly = others * s.staff_renewal * s.staff_member_share
    mean = yearly * float(unit.plan.month_years[month])
    return rules.number_drawn(unit.draw_for(hamlet, rules.STAFF_RENEWAL, month), mean)


def _expect_staff(unit: Unit, person: Person, day: float) -> Person:
    """A member who joins the staff at this month start."""
    beginning = unit.draws_together(person, rules.BEGINNING)
    roster.born(unit, person, day, unit.plan.staff_ages, unit.settings.staff_women, beginning)
    retires = person.birth + unit.settings.retirement_age * rules.YEAR
    person.limit = retires if retires > day else rules.NEVER
    person.helper_from = unit.later(day, unit.settings.months_in_place)
    roster.expect(unit, person, day, events.MOVED_IN, events.REPLACEMENT, beginning)
    return person


def _term(unit: Unit, person: Person, month: int, day: float) -> None:
    """The term of a posting ends or begins, or a member of staff begins."""
    if person.entry_kind:
        stages.enter(unit, person, day, POSTINGS)
        if person.place == rules.POSTED:
            unit.postings += 1
            unit.terms[person.term_month].append(person)
    elif person.is_followed and person.term_month == month:
        _posting_ends(unit, person, month, day)
    else:
        return
    clocks.look_ahead(unit, person, day)
    life.watch(unit, person)


def _posting_ends(unit: Unit, person: Person, month: int, day: float) -> None:
    hamlet = person.hamlet
    row = unit.row(hamlet, month)
    if unit.draw(person, rules.RENEWAL, month) < row.renewal:
        unit.record(day, POSTINGS, hamlet, person.key, events.POSTING_RENEWED)
        person.term_month = month + person.term_months
        unit.terms[person.term_month].append(person)
        return
    replaced = unit.draw(person, rules.REPLACING, month) < row.replacement
    if person.home is not None and person.home.cell != rules.CLOSED:
        _sent_home(unit, person, day)
        return
    roster.leave_for_ever(unit, person, day, POSTINGS, events.POSTING_ENDED)
    if replaced:
        _replace(unit, person, hamlet, month, row.gap)


def _sent_home(unit: Unit, person: Person, day: float) -> None:
    """A member sent by another cell goes back to it."""
    away, home = person.hamlet, person.home
    assert home is not None
    unit.record(day, POSTINGS, away, person.key, events.POSTING_ENDED)
    roster.posting_over(unit, person)
    place = rules.PRESENT if home.is_hamlet else rules.STAFF
    moves.move_person(unit, person, home, day, POSTINGS, events.POSTING_ENDED, place)
    person.home = None
    if place == rules.STAFF:
        life.join_staff(unit, person, day)
    person.helper_from = unit.later(day, unit.settings.months_in_place)


def _replace(unit: Unit, before: Person, hamlet: Hamlet, month: int, gap: int) -> None:
    """Another member is posted after a gap; the place in the pool is kept."""
    begins = month + gap
    if begins >= unit.settings.months:
        return
    key = person_key(before.key, rules.REPLACED_PEOPLE, month, 0)
    if before.pool >= 0:
        unit.pool_used[before.pool] += 1
    person = posted_person(unit, hamlet, key, before.pool, unit.day_of(begins))
    person.term_months = before.term_months
    person.term_month = begins + person.term_months
    unit.terms[begins].append(person)


def posted_person(unit: Unit, hamlet: Hamlet, key: int, pool: int, day: float) -> Person:
    """A member posted in from an outside pool, expected on `day`."""
    person = Person(key, hamlet, rules.OFFICIAL, rules.POSTED, 1)
    person.pool = pool
    beginning = unit.draws_together(person, rules.BEGINNING)
    ages, women = unit.plan.posting_ages, unit.settings.posting_women
    roster.born(unit, person, day, ages, women, beginning)
    roster.expect(unit, person, day, events.POSTED, 0, beginning)
    return person
