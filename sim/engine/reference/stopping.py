"""A replication stops at a month start, as plain data, and goes on from there."""

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.engine.reference import clocks, counting, life
from sim.engine.reference.state import Hamlet, Person, Unit
from sim.world import STALE, World, blank_people

OF_PEOPLE = (
    "key", "status", "place", "birth", "counted", "waiting", "sex", "death", "stage_due",
    "certificate_until", "limit", "budget", "since", "helper_from", "points", "adult", "weight",
    "fired", "dossiers", "entry_kind", "entry_cause", "entry_day", "turn", "pool", "term_month",
    "term_months",
)  # fmt: skip
"""Fields of `sim.world.PERSON` that a person has by the same name."""
OF_HAMLETS = (
    "cell", "roll", "below_since", "below_cause", "strength", "officials", "candidates", "points",
    "adults", "weight", "pull", "ever_founded", "last_admission", "gain",
    "chief_trained", "chief_asked", "secretary_trained", "vacancies", "turns", "admissions",
)  # fmt: skip
"""Fields of `sim.world.HAMLET` that change, and that a hamlet has by the same name."""


# ---------------------------------------------------------------- stopping


def kept(units: list[Unit], baseline: World, month: int) -> World:
    """The world before a month: everybody whose record has not ended, and all hamlets."""
    people = [person for unit in units for h in unit.hamlets for person in h.people.values()]
    hamlets = baseline.hamlets.copy()
    for unit in units:
        for hamlet in unit.hamlets:
            _keep_hamlet(unit, hamlet, hamlets[hamlet.index])
    one = units[0]
    shared = (one.admitted, one.target_pull, one.pool_used)
    return World(_rows_of(people), hamlets, month, one.plan.adaptive_keys, *shared)


def _rows_of(people: list[Person]) -> npt.NDArray[np.void]:
    rows = blank_people(len(people))
    for name in OF_PEOPLE:
        rows[name] = [getattr(person, name) for person in people]
    rows["hamlet"] = [person.hamlet.index for person in people]
    rows["entry_hamlet"] = [person.entry_hamlet.index for person in people]
    rows["home"] = [-1 if person.home is None else person.home.index for person in people]
    rows["clock"], rows["what"] = STALE, rules.DEATH
    rows["term_month"][rows["place"] != rules.POSTED] = 0
    return rows


def _keep_hamlet(unit: Unit, hamlet: Hamlet, row: np.void) -> None:
    for name in OF_HAMLETS:
        row[name] = getattr(hamlet, name)
    row["group"] = hamlet.group & (1 << unit.settings.adaptive) - 1
    chief, secretary = hamlet.chief, hamlet.secretary
    row["chief"] = hamlet.chief_code if chief is None else chief.key
    row["secretary"] = hamlet.secretary_code if secretary is None else secretary.key


# ---------------------------------------------------------------- going on


def go_on(unit: Unit, world: World) -> None:
    """Everybody who was kept takes up their life; see `begin` for a first day."""
    day = unit.day_of(unit.month)
    rows = world.people[np.isin(world.people["hamlet"], [h.index for h in unit.hamlets])]
    people = [_person(unit, row) for row in rows]
    for hamlet in unit.hamlets:
        _take_offices(hamlet, world.hamlets[hamlet.index])
    for person in people:
        if person.entry_kind == 0:
            clocks.look_ahead(unit, person, day)
        if person.entry_kind == 0 or person.place != rules.POSTED:
            life.watch(unit, person)


def _person(unit: Unit, row: np.void) -> Person:
    """What follows from the record, and the death under the rates of this policy."""
    hamlet = unit.by_index[int(row["hamlet"])]
    person = Person(0, hamlet, 0, 0, 0)
    for name in OF_PEOPLE:
        setattr(person, name, row[name].item())
    person.entry_hamlet = unit.by_index[int(row["entry_hamlet"])]
    person.home = unit.by_index[int(row["home"])] if row["home"] >= 0 else None
    u = unit.draw(person, rules.BEGINNING, rules.DEATH_BUDGET)
    person.death = clocks.death_day(unit, person, u)
    hamlet.people[person.key] = person
    if person.turn != rules.NEVER:
        counting.turn_later(unit, person)
    if person.entry_kind:
        person.next_day, person.what = person.entry_day, rules.ENTRY
    elif person.status <= rules.PROBATION:
        unit.pipeline[person.key] = person
    if person.place == rules.POSTED:
        expected = person.entry_kind != 0
        month = unit.month_at(person.entry_day) if expected else person.term_month
        unit.terms[month].append(person)
        unit.postings += not expected
    return person


def _take_offices(hamlet: Hamlet, row: np.void) -> None:
    """Holders of offices are known by their keys."""
    if row["chief"] >= 0:
        hamlet.chief, hamlet.chief_code = hamlet.people[int(row["chief"])], rules.RESIDENT_CHIEF
    if row["secretary"] >= 0:
        hamlet.secretary = hamlet.people[int(row["secretary"])]
        hamlet.secretary_code = rules.NO_CHIEF
