"""Phase 3: who will be listed and who will move in during a month."""

from sim import log as events
from sim import rules
from sim.draws import person_key
from sim.engine.reference import clocks, counting, life, roster, stages
from sim.engine.reference.state import LISTING, Block, Hamlet, Person, Row, Unit


def list_and_move_in(unit: Unit, month: int, day: float) -> None:
    """Draw who will be listed and who will move in during the month, each at an instant."""
    for person in unit.turning.pop(month, ()):
        if person.is_followed:
            counting.take_stock(unit, person, day)
    residents = unit.plan.residents
    adults, weighted = residents.adults[month].tolist(), residents.weighted[month].tolist()
    leavers = residents.leavers[month].tolist()
    for hamlet in unit.hamlets:
        if hamlet.cell == rules.CLOSED:
            continue
        h = hamlet.index
        _list(unit, hamlet, adults[h], weighted[h], month, day)
        if hamlet.is_hamlet:
            _move_in(unit, hamlet, leavers[h], month)


def _list(
    unit: Unit, hamlet: Hamlet, adults: float, weighted: float, month: int, day: float
) -> None:
    """The listings of one hamlet, with so many resident adults, also weighted by age and sex."""
    s, row = unit.settings, unit.row(hamlet, month)
    outside = row.outside_with if hamlet.cell == rules.OWN else row.outside_without
    mean = _listing_mean(unit, hamlet, row, outside, weighted, month)
    number = rules.number_drawn(unit.draw_for(hamlet, rules.LISTING_COUNT, month), mean)
    if number == 0 and not row.list_chief:
        return
    eligible = row.eligible_share * max(0.0, adults - hamlet.adults)
    room = rules.listing_room(
        s.help_mode, hamlet.points, outside, s.per_helper, hamlet.candidates, eligible
    )
    if row.list_chief and room > 0 and _chief_is_asked(hamlet):
        _list_chief(unit, hamlet, month, day)
        room -= 1
    for i in range(min(room, number)):
        key = person_key(hamlet.key, rules.LISTED_PEOPLE, month, i)
        _expect_listed(unit, hamlet, key, month)


def _listing_mean(
    unit: Unit, hamlet: Hamlet, row: Row, outside: float, weighted: float, month: int
) -> float:
    """Expected listings of a hamlet in a month."""
    s, chief = unit.settings, hamlet.chief
    eligible = row.eligible_share * max(0.0, weighted - hamlet.weight / s.weight_one)
    factor = hamlet.listing_factor * hamlet.pull * rules.office_factor(
        chief is not None and chief.status in (rules.PROBATION, rules.OFFICIAL, rules.EXEMPT),
        hamlet.chief_trained, hamlet.secretary_trained, s.chief_member_factor,
        s.chief_trained_factor, s.secretary_trained_factor,
    )  # fmt: skip
    help_ = rules.help_factor(s.help_mode, hamlet.points, hamlet.officials, outside, s.full_help)
    rate = row.listing * unit.month_years[month]
    return rules.listing_mean(rate, eligible, s.power, s.per_resident, help_, factor)


def _expect_listed(unit: Unit, hamlet: Hamlet, key: int, month: int) -> None:
    place = rules.PRESENT if hamlet.is_hamlet else rules.STAFF
    person = Person(key, hamlet, rules.LISTED, place, 1)
    beginning = unit.draws_together(person, rules.BEGINNING)
    instant = _instant(unit, month, beginning)
    _resident_born(unit, person, instant, month, beginning)
    person.stage_due = unit.later(instant, unit.settings.stale_months)
    roster.expect(unit, person, instant, events.LISTED, 0, beginning)
    life.watch(unit, person)


def _resident_born(unit: Unit, person: Person, day: float, month: int, beginning: Block) -> None:
    """Age and sex of a resident who is listed."""
    entry = unit.plan.residents.entry[person.hamlet.index, month // 12]
    person.sex, age = rules.drawn_resident(beginning[rules.AGE], entry)
    person.birth = day - age * rules.YEAR
    if person.place == rules.STAFF:
        retires = person.birth + unit.settings.retirement_age * rules.YEAR
        person.limit = retires if retires > day else rules.NEVER


def _instant(unit: Unit, month: int, beginning: Block) -> float:
    """A uniform instant of the month."""
    begins, ends = unit.day_of(month), unit.day_of(month + 1)
    return begins + beginning[rules.ENTRY_INSTANT] * (ends - begins)


def _chief_is_asked(hamlet: Hamlet) -> bool:
    resident = hamlet.chief is None and hamlet.chief_code == rules.RESIDENT_CHIEF
    return resident and not hamlet.chief_asked and hamlet.is_hamlet


def _list_chief(unit: Unit, hamlet: Hamlet, month: int, day: float) -> None:
    """The chief who is no member is listed, once in a term of office."""
    key = person_key(hamlet.key, rules.CHIEF_PEOPLE, month, 0)
    person = Person(key, hamlet, rules.LISTED, rules.PRESENT, 1)
    beginning = unit.draws_together(person, rules.BEGINNING)
    _resident_born(unit, person, day, month, beginning)
    person.stage_due = unit.later(day, unit.settings.stale_months)
    roster.expect(unit, person, day, events.LISTED, events.LISTED_AS_CHIEF, beginning)
    hamlet.chief, hamlet.chief_asked = person, True
    stages.enter(unit, person, day, LISTING)
    clocks.look_ahead(unit, person, day)
    life.watch(unit, person)


def _move_in(unit: Unit, hamlet: Hamlet, leavers: float, month: int) -> None:
    """Members who come home or marry in; the own young by how many have left."""
    plan, s = unit.plan, unit.settings
    retired, demobilised, marriage = unit.arrivals
    factor = s.no_cell_factor if hamlet.cell == rules.NONE else 1.0
    returning_young = demobilised * leavers
    yearly = retired + returning_young + marriage
    if yearly <= 0.0:
        return
    mean = yearly * factor * unit.month_years[month]
    number = rules.number_drawn(unit.draw_for(hamlet, rules.ARRIVAL_COUNT, month), mean)
    for i in range(number):
        key = person_key(hamlet.key, rules.ARRIVED_PEOPLE, month, i)
        person = Person(key, hamlet, rules.OFFICIAL, rules.PRESENT, 1)
        u = unit.draw(person, rules.ARRIVAL_KIND) * yearly
        kind = 0 if u < retired else (1 if u < retired + returning_young else 2)
        beginning = unit.draws_together(person, rules.BEGINNING)
        instant = _instant(unit, month, beginning)
        ages, women = plan.arrival_ages[kind], float(plan.arrival_women[kind])
        roster.born(unit, person, instant, ages, women, beginning)
        person.helper_from = unit.later(instant, s.months_in_place)
        cause = (events.RETIRED_HOME, events.DEMOBILISED, events.MARRIED_IN)[kind]
        roster.expect(unit, person, instant, events.MOVED_IN, cause, beginning)
        life.watch(unit, person)
