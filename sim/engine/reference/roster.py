"""Who is on the books: people expected, and how a record ends."""

from collections.abc import Iterable

from sim import log as events
from sim import rules
from sim.draws import exponential
from sim.engine.reference import clocks, counting
from sim.engine.reference.state import Block, Hamlet, Person, Unit


def expect(unit: Unit, person: Person, day: float, kind: int, cause: int, beginning: Block) -> None:
    """The person will enter on `day`; death and the first budget are known from then."""
    person.entry_kind, person.entry_cause = kind, cause
    person.waiting = person.since = person.entry_day = day
    person.entry_hamlet = person.hamlet
    person.death = clocks.death_day(unit, person, beginning[rules.DEATH_BUDGET])
    person.budget = exponential(beginning[rules.FIRST_BUDGET])
    person.next_day, person.what = day, rules.ENTRY
    person.hamlet.people[person.key] = person


def born(
    unit: Unit, person: Person, day: float, ages: Iterable[float], women: float, beginning: Block
) -> None:
    """Age and sex of a person who is not of the place."""
    low, high = ages
    age = rules.within(beginning[rules.AGE], float(low), float(high))
    person.birth = day - age * rules.YEAR
    person.sex = 0 if unit.draw(person, rules.SEX) < women else 1


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
    counting.recount(unit, person, day, phase, kind)
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
