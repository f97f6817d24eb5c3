"""The clocks of a life: looking ahead to its next instant, budgets, and the day of death."""

from sim import rules
from sim.draws import exponential
from sim.engine.reference.state import Person, Unit


def look_ahead(unit: Unit, person: Person, day: float) -> None:
    """Find the next instant of this life in the present state."""
    if person.status == rules.GONE:
        return
    person.next_day, person.what = rules.next_step(
        person.status, person.place, day, person.death, clock_day(unit, person),
        person.stage_due, person.certificate_until, person.limit,
    )  # fmt: skip


def leaving_scale(unit: Unit, person: Person) -> float:
    """Factor on leaving in this state; nobody leaves who is not at home."""
    if person.place != rules.PRESENT:
        return 0.0
    return float(unit.rates.scale[person.status]) * person.hamlet.leaving_factor


def clock_day(unit: Unit, person: Person) -> float:
    """When the clock of the other risks has used up its budget."""
    if person.place == rules.POSTED:
        return rules.NEVER
    rates, group = unit.rates, person.hamlet.group
    state = person.status * rules.PLACES + person.place
    return rules.fire_day(
        person.budget, person.since, person.birth, unit.settings.horizon, rates.starts,
        rates.steady[state, group], 1.0, rates.moving[group], leaving_scale(unit, person),
        person.hamlet.shock,
    )  # fmt: skip


def settle_budget(unit: Unit, person: Person, day: float) -> None:
    """Take what the present state has used from the budget, before the state changes."""
    if person.since < day and person.place != rules.POSTED:
        rates, group = unit.rates, person.hamlet.group
        state = person.status * rules.PLACES + person.place
        used = rules.spent(
            person.since, day, person.birth, rates.starts, rates.steady[state, group], 1.0,
            rates.moving[group], leaving_scale(unit, person), person.hamlet.shock,
        )  # fmt: skip
        person.budget = max(0.0, person.budget - used)
    person.since = day


def death_day(unit: Unit, person: Person, u: float) -> float:
    """From the draw of its budget and the hamlet of entry, once: the same under every policy."""
    budget, hamlet = exponential(u), person.entry_hamlet
    table = unit.rates.mortality[hamlet.base_group, person.sex]
    return rules.fire_day(
        budget, person.entry_day, person.birth, unit.settings.horizon, unit.rates.starts,
        table, hamlet.mortality_factor, table, 0.0, hamlet.shock,
    )  # fmt: skip
