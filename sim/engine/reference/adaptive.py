"""Adaptive levers: what is observed at a review, and what acts until the next."""

from collections import Counter

from sim import rules
from sim.engine.reference import clocks, counting, life, panel
from sim.engine.reference.state import Hamlet, Person, Unit


def observe(unit: Unit, month: int, day: float) -> dict[int, list[float]]:
    """The closed list of observables of each hamlet, in the order of `rules.OBSERVABLES`."""
    if not len(unit.plan.conditions):
        return {}
    return {h.index: _observables(unit, h, month, day) for h in unit.hamlets}


def _observables(unit: Unit, hamlet: Hamlet, month: int, day: float) -> list[float]:
    people = [p for p in hamlet.people.values() if p.is_followed]
    roll = [p for p in people if panel.is_on_roll(p)]
    old = sum(rules.has_had(60, day, p.birth) for p in roll)
    posted = sum(p.counted for p in people if p.place == rules.POSTED)
    exempt = sum(p.counted for p in people if p.status == rules.EXEMPT)
    return [
        float(counting.cell_strength(unit, hamlet)),
        float(hamlet.officials - posted),
        float(hamlet.officials - exempt),
        old / len(roll) if roll else 0.0,
        float(panel.since_admission(hamlet, month)),
        float(hamlet.candidates),
        0.0,
    ]


def decide_levers(unit: Unit, seen: dict[int, list[float]], day: float) -> None:
    """Which adaptive levers act on each hamlet from now to the next review."""
    if not seen:
        return
    bits = {hamlet.index: 0 for hamlet in unit.hamlets}
    for bit in range(unit.settings.adaptive):
        if not unit.plan.adaptive_months[bit, unit.month]:
            continue
        for index in _where_it_holds(unit, bit, seen):
            bits[index] |= 1 << bit
    for hamlet in unit.hamlets:
        change_group(unit, hamlet, hamlet.base_group | bits[hamlet.index], day)


def _where_it_holds(unit: Unit, bit: int, seen: dict[int, list[float]]) -> list[int]:
    """The hamlets in a lever's scope for which every condition of the lever holds."""
    scope = unit.plan.condition_scope[bit]
    able = [h.index for h in unit.hamlets if scope[h.index] and h.cell != rules.CLOSED]
    for condition in unit.plan.conditions[unit.plan.conditions["bit"] == bit]:
        observable = int(condition["observable"])
        value = {h: seen[h][observable] for h in able}
        if observable == rules.RANK:
            value = _ranks(unit, bit, int(condition["level"]), seen)
        low, high = float(condition["at_least"]), float(condition["below"])
        able = [h for h in able if low <= value[h] < high]
    return able


def _ranks(unit: Unit, bit: int, level: int, seen: dict[int, list[float]]) -> dict[int, float]:
    """How many hamlets in the lever's scope and the same area are weaker, equals by lottery."""
    scope = unit.plan.condition_scope[bit]
    able = [h for h in unit.hamlets if scope[h.index] and h.cell != rules.CLOSED]

    def place(hamlet: Hamlet) -> tuple[float, float, int]:
        lottery = unit.draw_for(hamlet, rules.REVIEW_LOTTERY, unit.month)
        return seen[hamlet.index][rules.STRENGTH], lottery, hamlet.key

    ranks: dict[int, float] = {}
    before: Counter[int] = Counter()
    for hamlet in sorted(able, key=place):
        area = int(unit.plan.area[hamlet.index, level])
        ranks[hamlet.index] = float(before[area])
        before[area] += 1
    return ranks


def change_group(unit: Unit, hamlet: Hamlet, group: int, day: float) -> None:
    """Other schedules from now; clocks are re-based only where the person's own rate has differed.

    A rate that will differ later only is no reason: a clock must not depend on what levers still to
    come will do. It is found anew with the rates of the new group.
    """
    if group == hamlet.group:
        return
    before, touched = hamlet.group, []
    for person in hamlet.people.values():
        if person.entry_kind or person.place == rules.POSTED:
            continue
        if _have_other_rates(unit, person, before, group, person.since, day):
            clocks.settle_budget(unit, person, day)
            touched.append(person)
        elif _have_other_rates(unit, person, before, group, day, unit.settings.horizon):
            touched.append(person)
    hamlet.group = group
    for person in touched:
        clocks.look_ahead(unit, person, day)
        life.watch(unit, person)


def _have_other_rates(
    unit: Unit, person: Person, before: int, group: int, since: float, until: float
) -> bool:
    """Whether two groups differ in the rates of a person between two days."""
    rates, state = unit.rates, person.status * rules.PLACES + person.place
    return not rules.same_rates(
        since, person.birth, until, rates.starts,
        rates.steady[state, before], rates.moving[before],
        rates.steady[state, group], rates.moving[group],
        clocks.leaving_scale(unit, person),
    )  # fmt: skip
