"""Phases 4 and 5: the class and the committee; and what a new year changes."""

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


def hold_classes(unit: Unit, month: int, day: float) -> None:
    """Each class fills its seats from the queue of its area."""
    classes = unit.plan.classes
    held = classes[classes["month"] == month]
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


def committee_meets(unit: Unit, month: int, day: float) -> None:
    """Overdue probations first, then the dossiers in their order, within the allowances."""
    if not (unit.settings.committee_on and unit.plan.meets[month]):
        return
    for person in unit.in_pipeline(rules.PROBATION):
        if person.stage_due < day:
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
        rule = int(unit.plan.committee_priority[area, month])
        lottery = rules.COMMITTEE_LOTTERY
        for person in in_line(unit, waiting, rule, strength, month, lottery, enlisting=True):
            if stages.too_old(unit, person, day) or _has_room(unit, person.hamlet, month):
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
