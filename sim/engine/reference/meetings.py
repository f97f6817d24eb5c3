"""Phases 4 and 5: the class and the committee; and what a new year changes."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np

from sim import log as events
from sim import rules
from sim.engine.reference import clocks, counting, life, stages
from sim.engine.reference.state import CLASS, COMMITTEE, FIRST, SECOND, Hamlet, Person, Row, Unit


def year_begins(unit: Unit, month: int) -> None:
    """In January allowances start anew and targets pull."""
    plan = unit.plan
    if month == 0 or not plan.january[month]:
        return
    year = int(plan.rates.year[rules.period_at(unit.day_of(month), plan.rates.starts)]) - 1
    for t in unit.targets:
        unit.target_pull[t] = rules.pulled(
            float(unit.target_pull[t]), float(plan.target_yearly[t, year]),
            int(unit.admitted[t]), float(plan.pull[month]),
        )  # fmt: skip
        unit.admitted[t] = 0
    for hamlet in unit.hamlets:
        hamlet.pull = 1.0
        for t in unit.target_of[hamlet.index]:
            if t >= 0:
                hamlet.pull *= float(unit.target_pull[t])


def hold_classes(unit: Unit, month: int, day: float) -> None:
    """Each class fills its seats from the queue of its area."""
    classes = unit.plan.classes
    held = classes[classes["month"] == month]
    if not len(held):
        return
    strength = {h.index: counting.cell_strength(unit, h) for h in unit.hamlets}
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
            stages.certify(unit, person, day)
            stages.pass_open_stages(unit, person, day, CLASS)
            clocks.look_ahead(unit, person, day)
            life.watch(unit, person)


def in_line(
    unit: Unit,
    waiting: list[Person],
    rule: int,
    strength: dict[int, int],
    month: int,
    lottery: int,
    enlisting: bool = False,
) -> Iterator[Person]:
    """Who waits, in order: rule, waiting since, keyed lottery between equals, key."""
    turn = _turns(unit, waiting, month, lottery, enlisting) if rule == rules.FAIR_SHARE else {}
    day, places = unit.day_of(month), {}
    for person in waiting:
        hamlet = person.hamlet
        row = unit.row(hamlet, month)
        is_chief = hamlet.chief is person
        if enlisting and is_enlisting(row, person, day):
            value = FIRST
        elif is_chief and row.list_chief:
            value = SECOND
        else:
            value = rules.priority_value(
                rule, strength[hamlet.index], person.birth, is_chief, turn.get(person.key, 0)
            )
        places[person.key] = value, person.waiting
    return _equals_by_lottery(unit, waiting, lambda p: places[p.key], lottery, month)


def _equals_by_lottery(
    unit: Unit,
    people: list[Person],
    place: Callable[[Person], tuple[float, ...]],
    lottery: int,
    month: int,
) -> Iterator[Person]:
    for _, group in groupby(sorted(people, key=place), key=place):
        equals = list(group)
        if len(equals) > 1:
            equals.sort(key=lambda p: (unit.draw(p, lottery, month), p.key))
        yield from equals


def _turns(
    unit: Unit, waiting: list[Person], month: int, lottery: int, enlisting: bool
) -> dict[int, int]:
    """What the hamlet of each will have taken before, if seats go round among hamlets."""
    ahead: Counter[int] = Counter()
    turn = {}
    for person in _equals_by_lottery(unit, waiting, lambda p: (p.waiting,), lottery, month):
        hamlet = person.hamlet
        taken = hamlet.admissions if enlisting else hamlet.turns
        turn[person.key] = taken + ahead[hamlet.index]
        ahead[hamlet.index] += 1
    return turn


def is_enlisting(row: Row, person: Person, day: float) -> bool:
    """In the ages of those who are admitted before they enlist this month."""
    low, high = row.enlist_low, row.enlist_high
    return low < high and low * rules.YEAR <= day - person.birth < high * rules.YEAR


def committee_meets(unit: Unit, month: int, day: float) -> None:
    """Overdue probations first, then the dossiers in their order, within the allowances."""
    if not (unit.settings.committee_on and unit.plan.meets[month]):
        return
    overdue = [p for p in unit.in_pipeline(rules.PROBATION) if p.stage_due < day]
    for person in sorted(overdue, key=lambda p: (p.hamlet.index, p.key)):
        stages.recognise(unit, person, day, COMMITTEE)
        clocks.look_ahead(unit, person, day)
        life.watch(unit, person)
    strength = {h.index: counting.cell_strength(unit, h) for h in unit.hamlets}
    ready: dict[int, list[Person]] = {}
    for person in unit.in_pipeline(rules.CERTIFIED, rules.READY):
        if _may_be_considered(unit, person, month, day):
            area = int(unit.plan.committee[person.hamlet.index])
            ready.setdefault(area, []).append(person)
    for area, waiting in ready.items():
        _decide_dossiers(unit, area, waiting, strength, month, day)


def _decide_dossiers(
    unit: Unit,
    area: int,
    waiting: list[Person],
    strength: dict[int, int],
    month: int,
    day: float,
) -> None:
    """Who is too old is refused; the others are decided in line until no place is left."""
    rule, lottery = int(unit.plan.committee_priority[area, month]), rules.COMMITTEE_LOTTERY
    line = in_line(unit, waiting, rule, strength, month, lottery, enlisting=True)
    too_old = [p for p in waiting if p.birth < unit.row(p.hamlet, month).oldest]
    for person in too_old:
        _decide(unit, person, day)
    for person in line:
        if not any(_has_room(unit, h, month) for h in unit.one_of_each_target[area]):
            return
        if person.status != rules.GONE and _has_room(unit, person.hamlet, month):
            _decide(unit, person, day)


def _decide(unit: Unit, person: Person, day: float) -> None:
    stages.consider(unit, person, day, COMMITTEE)
    clocks.look_ahead(unit, person, day)
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
