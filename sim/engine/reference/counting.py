"""Running counts of hamlets and cells, kept up to date at every change of a person."""

from sim import log as events
from sim import rules
from sim.engine.reference.state import Hamlet, Person, Unit


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
            change_strength(unit, unit.by_index[hamlet.roll], change, day, phase, person.key, kind)
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
    person.turn = rules.NEVER
    if not person.is_followed:
        return
    person.points = rules.helper_points(
        person.status, person.place, day, person.helper_from, person.birth, s.half_from_age
    )
    age = rules.age_at(day, person.birth)
    if rules.among_residents(person.place, age):
        person.adult = 1
        person.weight = int(unit.plan.weights[person.sex, age])
    hamlet.points += person.points
    hamlet.adults += person.adult
    hamlet.weight += person.weight
    turn = rules.turning_day(
        person.status, person.place, day, person.helper_from, person.birth, age,
        s.half_from_age, unit.plan.turning_ages[person.sex],
    )  # fmt: skip
    if turn < s.horizon:
        person.turn = turn
        turn_later(unit, person)


def turn_later(unit: Unit, person: Person) -> None:
    """Stock is taken of this person again at the first month start from the turn on."""
    month = rules.first_month_from(person.turn, unit.plan.days) - unit.settings.origin
    unit.turning[month].append(person)


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
