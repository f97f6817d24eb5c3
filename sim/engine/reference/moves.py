"""People move between hamlets and rolls: splits, mergers, resettlement, sending."""

import numpy as np

from sim import log as events
from sim import rules
from sim.engine.reference import clocks, counting, life, roster
from sim.engine.reference.state import POSTINGS, Hamlet, Person, Unit


def make_moves(unit: Unit, month: int, day: float) -> None:
    """Splits, mergers and resettlement of this month."""
    for move in unit.plan.moves[unit.plan.moves["month"] == month]:
        if int(move["unit"]) in unit.by_index:
            relocate(unit, move, month, day)


def relocate(unit: Unit, move: np.void, month: int, day: float) -> None:
    """Part or all of one hamlet's people live in another from now; by lottery, not by row."""
    source, into = unit.by_index[int(move["unit"])], unit.by_index[int(move["into"])]
    if source.cell == rules.CLOSED:
        return
    cause = (events.SPLIT, events.MERGED, events.RESETTLED)[int(move["cause"])]
    if into.cell == rules.CLOSED:
        into.cell, into.roll = rules.NONE, source.roll
        into.ever_founded = source.ever_founded
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
        clocks.look_ahead(unit, person, day)
        life.watch(unit, person)
    if move["closes"]:
        absorb(unit, source, into, had_cell, day, cause)


def move_person(
    unit: Unit, person: Person, into: Hamlet, day: float, phase: int, kind: int, place: int
) -> None:
    """Change the hamlet of a person, with everything that is counted by hamlet."""
    source = person.hamlet
    roster.vacate_offices(source, person, stays_resident=False)
    if person.is_followed:
        clocks.settle_budget(unit, person, day)
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
    person.counted = counting.counts_now(unit, person)
    into.officials += person.counted
    if person.counted:
        into.gain = kind
    _between_rolls(unit, person, source.roll, before, day, phase, kind)
    counting.take_stock(unit, person, day)


def _between_rolls(
    unit: Unit, person: Person, roll: int, before: int, day: float, phase: int, kind: int
) -> None:
    """Who stays on the roll of the same cell is at no instant missing from it."""
    changes = {roll: -before}
    into = person.hamlet.roll
    changes[into] = changes.get(into, 0) + person.counted
    for cell, change in changes.items():
        if cell >= 0 and change:
            counting.change_strength(
                unit, unit.by_index[cell], change, day, phase, person.key, kind
            )


def absorb(
    unit: Unit, source: Hamlet, into: Hamlet, had_cell: bool, day: float, cause: int
) -> None:
    """A hamlet ends; its cell and its history go on in its successor."""
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
        counting.change_strength(unit, into, 0, day, POSTINGS, events.NOBODY, cause)


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
        counting.change_strength(unit, before, -hamlet.officials, day, phase, events.NOBODY, cause)
    hamlet.roll = cell.index if cell else -1
    if cell:
        counting.change_strength(unit, cell, hamlet.officials, day, phase, events.NOBODY, cause)
