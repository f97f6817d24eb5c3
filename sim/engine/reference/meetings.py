"""The month starts: what organisation does, phase by phase, from targets to the committee."""

from collections.abc import Callable, Iterable

import numpy as np

from sim import log as events
from sim import rules
from sim.draws import exponential, person_key
from sim.engine.reference import life
from sim.engine.reference.state import Hamlet, Person, Row, Unit

POSTINGS, LISTING, CLASS, COMMITTEE = 2, 3, 4, 5
FIRST, SECOND = -3.0e18, -2.0e18
"""Priorities before all others: about to enlist, and the chief."""


# ---------------------------------------------------------------- 0 the year begins


def year_begins(unit: Unit, month: int) -> None:
    """In January allowances start anew and targets pull."""
    plan = unit.plan
    if month == 0 or not plan.january[month]:
        return
    year = int(plan.rates.year[rules.period_at(unit.day_of(month), plan.rates.starts)]) - 1
    for t in range(len(plan.capped)):
        unit.target_pull[t] = rules.pulled(
            float(unit.target_pull[t]), float(plan.target_yearly[t, year]),
            int(unit.admitted[t]), float(plan.pull[month]),
        )  # fmt: skip
    unit.admitted[:] = 0
    for hamlet in unit.hamlets:
        hamlet.pull = 1.0
        for t in unit.target_of[hamlet.index]:
            if t >= 0:
                hamlet.pull *= float(unit.target_pull[t])


# ---------------------------------------------------------------- 2 postings, structure, offices


def postings_and_offices(unit: Unit, month: int, day: float) -> None:
    """Postings end and are replaced, staff is replaced, places change, offices are filled."""
    due = [(p.hamlet.index, p.key, p) for p in unit.terms.pop(month, ())]
    due += [(p.hamlet.index, p.key, p) for p in _new_staff(unit, month, day)]
    for _, _, person in sorted(due, key=lambda d: d[:2]):
        _term(unit, person, month, day)
    for move in unit.plan.moves[unit.plan.moves["month"] == month]:
        if int(move["unit"]) in unit.by_index:
            relocate(unit, move, month, day)
    fill_offices(unit, month, day)
    hold_courses(unit, month, day)


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
    _born(unit, person, day, unit.plan.staff_ages, unit.settings.staff_women)
    retires = person.birth + unit.settings.retirement_age * rules.YEAR
    person.limit = retires if retires > day else rules.NEVER
    person.helper_from = unit.later(day, unit.settings.months_in_place)
    _expect(unit, person, day, events.MOVED_IN, events.REPLACEMENT)
    return person


def _term(unit: Unit, person: Person, month: int, day: float) -> None:
    """The term of a posting ends or begins, or a member of staff begins."""
    if person.entry_kind:
        life.enter(unit, person, day, POSTINGS)
        if person.place == rules.POSTED:
            unit.postings += 1
            unit.terms[person.term_month].append(person)
    elif person.is_followed and person.term_month == month:
        _posting_ends(unit, person, month, day)
    else:
        return
    life.look_ahead(unit, person, day)
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
    life.leave_for_ever(unit, person, day, POSTINGS, events.POSTING_ENDED)
    if replaced:
        _replace(unit, person, hamlet, month, row.gap)


def _sent_home(unit: Unit, person: Person, day: float) -> None:
    """A member sent by another cell goes back to it."""
    away, home = person.hamlet, person.home
    assert home is not None
    unit.record(day, POSTINGS, away, person.key, events.POSTING_ENDED)
    life.posting_over(unit, person)
    place = rules.PRESENT if home.is_hamlet else rules.STAFF
    move_person(unit, person, home, day, POSTINGS, events.POSTING_ENDED, place)
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
    _born(unit, person, day, unit.plan.posting_ages, unit.settings.posting_women)
    _expect(unit, person, day, events.POSTED, 0)
    return person


def _born(unit: Unit, person: Person, day: float, ages: Iterable[float], women: float) -> None:
    """Age and sex of a person who is not of the place."""
    low, high = ages
    age = rules.within(unit.draw(person, rules.AGE), float(low), float(high))
    person.birth = day - age * rules.YEAR
    person.sex = 0 if unit.draw(person, rules.SEX) < women else 1


def _expect(unit: Unit, person: Person, day: float, kind: int, cause: int) -> None:
    """The person will enter on `day`; death and the first budget are known from then."""
    person.entry_kind, person.entry_cause = kind, cause
    person.waiting = person.since = day
    person.death = life.death_day(unit, person, day)
    person.budget = exponential(unit.draw(person, rules.CLOCK_BUDGET, 0))
    person.next_day, person.what = day, rules.ENTRY
    person.hamlet.people[person.key] = person


# ---------------------------------------------------------------- structural events


def relocate(unit: Unit, move: np.void, month: int, day: float) -> None:
    """Part or all of one hamlet's people live in another from now; by lottery, not by row."""
    source, into = unit.by_index[int(move["unit"])], unit.by_index[int(move["into"])]
    if source.cell == rules.CLOSED:
        return
    cause = (events.SPLIT, events.MERGED, events.RESETTLED)[int(move["cause"])]
    if into.cell == rules.CLOSED:
        into.cell, into.roll = rules.NONE, source.roll
        into.ever_lost, into.ever_founded = source.ever_lost, source.ever_founded
        into.last_admission = source.last_admission
        unit.record(day, POSTINGS, into, events.NOBODY, events.BECAME, cause)
    had_cell = source.cell == rules.OWN
    if move["closes"]:
        source.cell, source.below_since = rules.CLOSED, rules.NEVER
    people = list(source.people.values())
    people.sort(key=lambda p: (unit.draw(p, rules.MOVE_LOTTERY, month), p.key))
    number = len(people) if move["closes"] else int(float(move["share"]) * len(people) + 0.5)
    for person in sorted(people[:number], key=lambda p: p.key):
        if person.is_followed:
            unit.record(day, POSTINGS, source, person.key, events.RELOCATED, cause)
        move_person(unit, person, into, day, POSTINGS, cause, person.place)
        life.look_ahead(unit, person, day)
        life.watch(unit, person)
    if move["closes"]:
        absorb(unit, source, into, had_cell, day, cause)


def move_person(
    unit: Unit, person: Person, into: Hamlet, day: float, phase: int, kind: int, place: int
) -> None:
    """Change the hamlet of a person, with everything that is counted by hamlet."""
    source = person.hamlet
    life.vacate_offices(source, person, stays_resident=False)
    if person.is_followed:
        life.settle_budget(unit, person, day)
        if person.is_candidate:
            source.candidates -= 1
            into.candidates += 1
    before = person.counted
    source.officials -= before
    source.points -= person.points
    source.adults -= person.adult
    source.weight -= person.weight
    person.counted = person.points = person.adult = person.weight = 0
    del source.people[person.key]
    person.hamlet, person.place = into, place
    into.people[person.key] = person
    person.counted = life.counts_now(unit, person)
    into.officials += person.counted
    if person.counted:
        into.gain = kind
    _between_rolls(unit, person, source.roll, before, day, phase, kind)
    life.take_stock(unit, person, day)


def _between_rolls(
    unit: Unit, person: Person, roll: int, before: int, day: float, phase: int, kind: int
) -> None:
    """Who stays on the roll of the same cell is at no instant missing from it."""
    changes = {roll: -before}
    into = person.hamlet.roll
    changes[into] = changes.get(into, 0) + person.counted
    for cell, change in changes.items():
        if cell >= 0 and change:
            life.change_strength(
                unit, unit.by_index[cell], change, day, phase, person.key, kind
            )


def absorb(
    unit: Unit, source: Hamlet, into: Hamlet, had_cell: bool, day: float, cause: int
) -> None:
    """A hamlet ends; its cell and its history go on in its successor."""
    into.ever_lost |= source.ever_lost
    into.ever_founded |= source.ever_founded
    into.last_admission = max(into.last_admission, source.last_admission)
    unit.record(day, POSTINGS, source, events.NOBODY, events.ABSORBED, cause)
    if had_cell and into.cell != rules.OWN:
        take_over_cell(unit, source, into, day, cause)
    for hamlet in unit.hamlets:
        for person in hamlet.people.values():
            if person.home is source:
                person.home = into
    for hamlet in unit.hamlets:
        if hamlet.roll == source.index:
            enrol(unit, hamlet, into if had_cell else None, day, POSTINGS, cause)
    source.roll = -1
    if into.cell == rules.OWN and into.below_since == rules.NEVER:
        life.change_strength(unit, into, 0, day, POSTINGS, events.NOBODY, cause)


def take_over_cell(unit: Unit, source: Hamlet, into: Hamlet, day: float, cause: int) -> None:
    """The successor had no cell of its own: the cell of the hamlet that ended becomes its."""
    enrol(unit, into, None, day, POSTINGS, cause)
    into.strength, into.below_since = into.officials, rules.NEVER
    for hamlet in unit.hamlets:
        if hamlet.roll == source.index and hamlet is not source:
            source.strength -= hamlet.officials
            into.strength += hamlet.officials
            hamlet.roll = into.index
    into.cell, into.roll = rules.OWN, into.index


def enrol(
    unit: Unit, hamlet: Hamlet, cell: Hamlet | None, day: float, phase: int, cause: int
) -> None:
    """The members of a hamlet go on the roll of another cell, or of none."""
    if hamlet.roll >= 0:
        before = unit.by_index[hamlet.roll]
        life.change_strength(unit, before, -hamlet.officials, day, phase, events.NOBODY, cause)
    hamlet.roll = cell.index if cell else -1
    if cell:
        life.change_strength(unit, cell, hamlet.officials, day, phase, events.NOBODY, cause)


# ---------------------------------------------------------------- offices


def fill_offices(unit: Unit, month: int, day: float) -> None:
    """Chiefs are elected every term and when the office is vacant; secretaries when vacant."""
    election = bool(unit.plan.election[month])
    for hamlet in unit.hamlets:
        if hamlet.cell == rules.CLOSED:
            continue
        row = unit.row(hamlet, month)
        if hamlet.is_hamlet:
            _elect_chief(unit, hamlet, row, election, month, day)
        if hamlet.cell == rules.OWN and hamlet.secretary is None:
            _name_secretary(unit, hamlet, row, month, day)


def _elect_chief(
    unit: Unit, hamlet: Hamlet, row: Row, election: bool, month: int, day: float
) -> None:
    vacant = hamlet.chief is None and hamlet.chief_code == rules.NO_CHIEF
    if not vacant:
        stays = unit.draw_for(hamlet, rules.CHIEF_STAYS, month) >= unit.settings.chief_turnover
        if not election or stays:
            return
    before, chosen = hamlet.chief, None
    if row.unified and may_be_chief(hamlet.secretary, before):
        chosen = hamlet.secretary
    elif unit.draw_for(hamlet, rules.CHIEF_MEMBER, month) < row.member_elected:
        lottery = rules.OFFICE_LOTTERY
        chosen = by_lottery(unit, hamlet, lottery, month, lambda p: may_be_chief(p, before))
    hamlet.chief, hamlet.chief_code = chosen, rules.RESIDENT_CHIEF
    hamlet.chief_trained = hamlet.chief_asked = False
    key = chosen.key if chosen else events.NOBODY
    cause = events.VACANCY if vacant else events.ELECTION
    unit.record(day, POSTINGS, hamlet, key, events.CHIEF_NAMED, cause)


def may_be_chief(person: Person | None, before: Person | None) -> bool:
    """A chief is an active official at home, and not the one before."""
    if person is None or person is before:
        return False
    return person.status == rules.OFFICIAL and person.place == rules.PRESENT


def _name_secretary(unit: Unit, hamlet: Hamlet, row: Row, month: int, day: float) -> None:
    chosen: Person | None = None
    if row.unified and hamlet.chief is not None and may_be_secretary(unit, hamlet.chief, day):
        chosen = hamlet.chief
    else:
        lottery = rules.SECRETARY_LOTTERY
        chosen = by_lottery(
            unit, hamlet, lottery, month, lambda p: may_be_secretary(unit, p, day)
        )
    if chosen is None:
        return
    hamlet.secretary = chosen
    trained = unit.draw(chosen, rules.SUCCESSOR_TRAINED, month) < row.successor_trained
    hamlet.secretary_trained = trained
    unit.record(day, POSTINGS, hamlet, chosen.key, events.SECRETARY_NAMED, events.VACANCY)


def may_be_secretary(unit: Unit, person: Person, day: float) -> bool:
    """A secretary is an active official on the spot, posted or not, and not too old."""
    here = person.status == rules.OFFICIAL and person.place != rules.AWAY
    return here and day - person.birth < unit.settings.secretary_maximum_age * rules.YEAR


def by_lottery(
    unit: Unit, hamlet: Hamlet, lottery: int, month: int, may: Callable[[Person], bool]
) -> Person | None:
    """One of those who may, each as likely as the other."""
    able = [p for p in hamlet.people.values() if p.is_followed and may(p)]
    return min(able, key=lambda p: (unit.draw(p, lottery, month), p.key), default=None)


def hold_courses(unit: Unit, month: int, day: float) -> None:
    """Courses for untrained chiefs and secretaries, of the weakest cells first."""
    courses = unit.plan.courses
    for course in courses[courses["month"] == month]:
        level, area, chiefs = int(course["level"]), int(course["area"]), bool(course["chief"])
        able = [
            h for h in unit.hamlets
            if unit.plan.area[h.index, level] == area and _wants_course(h, chiefs)
        ]  # fmt: skip
        for hamlet in weakest_first(unit, able)[: int(course["places"])]:
            if chiefs:
                hamlet.chief_trained = True
                holder = hamlet.chief
            else:
                hamlet.secretary_trained = True
                holder = hamlet.secretary
            key = holder.key if holder else events.NOBODY
            cause = events.CHIEF_NAMED if chiefs else events.SECRETARY_NAMED
            unit.record(day, POSTINGS, hamlet, key, events.OFFICER_TRAINED, cause)


def _wants_course(hamlet: Hamlet, chiefs: bool) -> bool:
    if hamlet.cell == rules.CLOSED:
        return False
    if chiefs:
        in_office = hamlet.chief is not None or hamlet.chief_code == rules.RESIDENT_CHIEF
        return in_office and not hamlet.chief_trained
    return hamlet.secretary is not None and not hamlet.secretary_trained


# ---------------------------------------------------------------- 3 listing and moving in


def list_and_move_in(unit: Unit, month: int, day: float) -> None:
    """Draw who will be listed and who will move in during the month, each at an instant."""
    for person in unit.turning.pop(month, ()):
        if person.is_followed:
            life.take_stock(unit, person, day)
    for hamlet in unit.hamlets:
        if hamlet.cell == rules.CLOSED:
            continue
        _list(unit, hamlet, month, day)
        if hamlet.is_hamlet:
            _move_in(unit, hamlet, month)


def _list(unit: Unit, hamlet: Hamlet, month: int, day: float) -> None:
    s, plan, h = unit.settings, unit.plan, hamlet.index
    row = unit.row(hamlet, month)
    share = row.eligible_share
    adults = share * max(0.0, float(plan.residents.adults[month, h]) - hamlet.adults)
    followed = hamlet.weight / s.weight_one
    weighted = share * max(0.0, float(plan.residents.weighted[month, h]) - followed)
    with_cell = hamlet.cell == rules.OWN
    outside = row.outside_with if with_cell else row.outside_without
    chief = hamlet.chief
    factor = hamlet.listing_factor * hamlet.pull * rules.office_factor(
        chief is not None and chief.status in (rules.PROBATION, rules.OFFICIAL, rules.EXEMPT),
        hamlet.chief_trained, hamlet.secretary_trained, s.chief_member_factor,
        s.chief_trained_factor, s.secretary_trained_factor,
    )  # fmt: skip
    help_ = rules.help_factor(s.help_mode, hamlet.points, hamlet.officials, outside, s.full_help)
    rate = row.listing * float(plan.month_years[month])
    mean = rules.listing_mean(rate, weighted, s.power, s.per_resident, help_, factor)
    room = rules.listing_room(
        s.help_mode, hamlet.points, outside, s.per_helper, hamlet.candidates, adults
    )
    if row.list_chief and room > 0 and _chief_is_asked(hamlet):
        _list_chief(unit, hamlet, month, day)
        room -= 1
    drawn = rules.number_drawn(unit.draw_for(hamlet, rules.LISTING_COUNT, month), mean)
    number = min(room, drawn)
    for i in range(number):
        key = person_key(hamlet.key, rules.LISTED_PEOPLE, month, i)
        _expect_listed(unit, hamlet, key, month)


def _expect_listed(unit: Unit, hamlet: Hamlet, key: int, month: int) -> None:
    place = rules.PRESENT if hamlet.is_hamlet else rules.STAFF
    person = Person(key, hamlet, rules.LISTED, place, 1)
    instant = _instant(unit, person, month)
    _resident_born(unit, person, instant, month)
    person.stage_due = unit.later(instant, unit.settings.stale_months)
    _expect(unit, person, instant, events.LISTED, 0)
    life.watch(unit, person)


def _resident_born(unit: Unit, person: Person, day: float, month: int) -> None:
    """Age and sex of a resident who is listed."""
    entry = unit.plan.residents.entry[person.hamlet.index, month // 12]
    position = rules.drawn_position(unit.draw(person, rules.AGE), entry)
    person.sex = position // 42
    age = 18 + position % 42 + unit.draw(person, rules.AGE_FRACTION)
    person.birth = day - age * rules.YEAR
    if person.place == rules.STAFF:
        retires = person.birth + unit.settings.retirement_age * rules.YEAR
        person.limit = retires if retires > day else rules.NEVER


def _instant(unit: Unit, person: Person, month: int) -> float:
    """A uniform instant of the month."""
    begins, ends = unit.day_of(month), unit.day_of(month + 1)
    return begins + unit.draw(person, rules.ENTRY_INSTANT) * (ends - begins)


def _chief_is_asked(hamlet: Hamlet) -> bool:
    resident = hamlet.chief is None and hamlet.chief_code == rules.RESIDENT_CHIEF
    return resident and not hamlet.chief_asked and hamlet.is_hamlet


def _list_chief(unit: Unit, hamlet: Hamlet, month: int, day: float) -> None:
    """The chief who is no member is listed, once in a term of office."""
    key = person_key(hamlet.key, rules.CHIEF_PEOPLE, month, 0)
    person = Person(key, hamlet, rules.LISTED, rules.PRESENT, 1)
    _resident_born(unit, person, day, month)
    person.stage_due = unit.later(day, unit.settings.stale_months)
    _expect(unit, person, day, events.LISTED, events.LISTED_AS_CHIEF)
    hamlet.chief, hamlet.chief_asked = person, True
    life.enter(unit, person, day, LISTING)
    life.look_ahead(unit, person, day)
    life.watch(unit, person)


def _move_in(unit: Unit, hamlet: Hamlet, month: int) -> None:
    plan, s = unit.plan, unit.settings
    retired, demobilised, marriage = unit.arrivals
    factor = s.no_cell_factor if hamlet.cell == rules.NONE else 1.0
    returning_young = demobilised * float(plan.residents.leavers[month, hamlet.index])
    yearly = retired + returning_young + marriage
    if yearly <= 0.0:
        return
    mean = yearly * factor * float(plan.month_years[month])
    number = rules.number_drawn(unit.draw_for(hamlet, rules.ARRIVAL_COUNT, month), mean)
    for i in range(number):
        key = person_key(hamlet.key, rules.ARRIVED_PEOPLE, month, i)
        person = Person(key, hamlet, rules.OFFICIAL, rules.PRESENT, 1)
        u = unit.draw(person, rules.ARRIVAL_KIND) * yearly
        kind = 0 if u < retired else (1 if u < retired + returning_young else 2)
        instant = _instant(unit, person, month)
        _born(unit, person, instant, plan.arrival_ages[kind], float(plan.arrival_women[kind]))
        person.helper_from = unit.later(instant, s.months_in_place)
        cause = (events.RETIRED_HOME, events.DEMOBILISED, events.MARRIED_IN)[kind]
        _expect(unit, person, instant, events.MOVED_IN, cause)
        life.watch(unit, person)


# ---------------------------------------------------------------- 4 class


def cell_strength(unit: Unit, hamlet: Hamlet) -> int:
    """Strength of the cell that covers it; without one, its officials who would count."""
    covered = hamlet.cell in (rules.OWN, rules.JOINT) and hamlet.roll >= 0
    return unit.by_index[hamlet.roll].strength if covered else hamlet.officials


def weakest_first(unit: Unit, hamlets: list[Hamlet]) -> list[Hamlet]:
    """Hamlets by the strength of their cell; equals by lottery, never by row."""
    lottery = rules.REVIEW_LOTTERY

    def place(hamlet: Hamlet) -> tuple[int, float, int]:
        u = unit.draw_for(hamlet, lottery, unit.month)
        return cell_strength(unit, hamlet), u, hamlet.key

    return sorted(hamlets, key=place)


def hold_classes(unit: Unit, month: int, day: float) -> None:
    """Each class fills its seats from the queue of its area."""
    classes = unit.plan.classes
    held = classes[classes["month"] == month]
    strength = {h.index: cell_strength(unit, h) for h in unit.hamlets}
    for one in held:
        level, area = int(one["level"]), int(one["area"])
        waiting = [
            p for p in unit.in_pipeline(rules.LISTED)
            if unit.plan.area[p.hamlet.index, level] == area
        ]  # fmt: skip
        if waiting:
            _seat(unit, one, waiting, strength, month, day)


def _seat(
    unit: Unit,
    one: np.void,
    waiting: list[Person],
    strength: dict[int, int],
    month: int,
    day: float,
) -> None:
    seats, lottery = int(one["seats"]), rules.CLASS_LOTTERY
    decision = rules.ATTENDANCE + 100 * int(one["series"])
    queue = in_line(unit, waiting, int(one["priority"]), strength, month, lottery)
    for person in queue:
        if seats == 0:
            return
        attends = unit.draw(person, decision, month) < float(one["attendance"])
        kind = events.CLASS_ATTENDED if attends else events.CLASS_MISSED
        unit.record(day, CLASS, person.hamlet, person.key, kind)
        if attends or not one["replace"]:
            seats -= 1
        if attends:
            person.hamlet.turns += 1
            life.certify(unit, person, day)
            life.pass_open_stages(unit, person, day, CLASS)
            life.look_ahead(unit, person, day)
            life.watch(unit, person)


def in_line(
    unit: Unit,
    waiting: list[Person],
    rule: int,
    strength: dict[int, int],
    month: int,
    lottery: int,
    enlisting: bool = False,
) -> list[Person]:
    """The order among those who wait: rule, waiting since, keyed lottery, key."""
    base = {p.key: (p.waiting, unit.draw(p, lottery, month), p.key) for p in waiting}
    turn: dict[int, int] = {}
    if rule == rules.FAIR_SHARE:
        seen: dict[int, int] = {}
        for person in sorted(waiting, key=lambda p: base[p.key]):
            ahead = seen.get(person.hamlet.index, 0)
            seen[person.hamlet.index] = ahead + 1
            taken = person.hamlet.admissions if enlisting else person.hamlet.turns
            turn[person.key] = taken + ahead

    def place(person: Person) -> tuple[float, float, float, int]:
        hamlet = person.hamlet
        row = unit.row(hamlet, month)
        is_chief = hamlet.chief is person
        if enlisting and is_enlisting(row, person, unit.day_of(month)):
            value = FIRST
        elif is_chief and row.list_chief:
            value = SECOND
        else:
            value = rules.priority_value(
                rule, strength[hamlet.index], person.birth, is_chief, turn.get(person.key, 0)
            )
        return value, *base[person.key]

    return sorted(waiting, key=place)


def is_enlisting(row: Row, person: Person, day: float) -> bool:
    """In the ages of those who are admitted before they enlist this month."""
    low, high = row.enlist_low, row.enlist_high
    return low < high and low * rules.YEAR <= day - person.birth < high * rules.YEAR


# ---------------------------------------------------------------- 5 committee


def committee_meets(unit: Unit, month: int, day: float) -> None:
    """Overdue probations first, then the dossiers in their order, within the allowances."""
    if not (unit.settings.committee_on and unit.plan.meets[month]):
        return
    for person in unit.in_pipeline(rules.PROBATION):
        if person.stage_due < day:
            life.recognise(unit, person, day, COMMITTEE)
            life.look_ahead(unit, person, day)
            life.watch(unit, person)
    strength = {h.index: cell_strength(unit, h) for h in unit.hamlets}
    ready: dict[int, list[Person]] = {}
    for person in unit.in_pipeline(rules.CERTIFIED, rules.READY):
        if _may_be_considered(unit, person, month, day):
            area = int(unit.plan.committee[person.hamlet.index])
            ready.setdefault(area, []).append(person)
    for area, waiting in ready.items():
        rule = int(unit.plan.committee_priority[area, month])
        lottery = rules.COMMITTEE_LOTTERY
        for person in in_line(unit, waiting, rule, strength, month, lottery, enlisting=True):
            if life.too_old(unit, person, day) or _has_room(unit, person.hamlet, month):
                life.consider(unit, person, day, COMMITTEE)
                life.look_ahead(unit, person, day)
                life.watch(unit, person)


def _may_be_considered(unit: Unit, person: Person, month: int, day: float) -> bool:
    if person.status == rules.READY:
        return True
    row = unit.row(person.hamlet, month)
    return person.status == rules.CERTIFIED and is_enlisting(row, person, day)


def _has_room(unit: Unit, hamlet: Hamlet, month: int) -> bool:
    """Every area above has a place left in its allowance of the year so far."""
    plan = unit.plan
    return all(
        t < 0 or not plan.capped[t] or unit.admitted[t] < plan.allowed[t, month]
        for t in unit.target_of[hamlet.index]
    )
