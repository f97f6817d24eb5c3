"""The model in SimPy, to be read aloud; right by definition.

A process per person (`life`) and one conductor per coupled unit (`conduct`), which runs the phases
of each month start.
"""

from collections.abc import Callable, Generator
from functools import partial

import numpy as np
import simpy

from sim import log as events
from sim import rules
from sim.engine.opening import opened, shocks
from sim.engine.reference import (
    clocks,
    counting,
    life,
    listing,
    meetings,
    moves,
    offices,
    panel,
    postings,
    review,
    stages,
)
from sim.engine.reference.state import LIFE, POSTINGS, Hamlet, Panel, Person, Unit
from sim.log import Outcome, from_records
from sim.plan import Plan
from sim.world import DRAWN, World


def prepared(plan: Plan, world: World) -> Callable[[int, int], Outcome]:
    """One policy ready to run: a function of seed and replication."""
    return partial(run, plan, world)


def run(plan: Plan, world: World, seed: int, replication: int) -> Outcome:
    """One replication of one policy, coupled unit after coupled unit."""
    world = opened(plan, world, seed, replication)
    factors = shocks(plan, seed, replication)
    years = plan.settings.months // 12
    states = np.zeros((years + 1, len(world.hamlets), len(events.PANEL_FIELDS)), dtype=np.int32)
    units = []
    for number in range(int(plan.unit.max()) + 1):
        members = [int(h) for h in np.flatnonzero(plan.unit == number)]
        hamlets = [Hamlet(h, world.hamlets[h]) for h in members]
        for hamlet in hamlets:
            hamlet.shock = factors[hamlet.index]
        unit = Unit(plan, seed, replication, hamlets)
        begin(unit, world)
        unit.calendar.process(conduct(unit, states))
        unit.calendar.run(until=unit.calendar.at(plan.settings.horizon, 8))
        units.append(unit)
    records = [record for unit in units for record in unit.log]
    return Outcome(
        from_records(records),
        states,
        np.sum([u.lever_months for u in units], axis=0),
        np.sum([u.posting_months for u in units], axis=0),
    )


def conduct(unit: Unit, states: Panel) -> Generator[simpy.Event, None, None]:
    """The conductor of a coupled unit: the phases of every month start."""
    calendar = unit.calendar
    for month in range(unit.settings.months):
        day = unit.day_of(month)
        yield calendar.at(day, 0)
        unit.month = month
        meetings.year_begins(unit, month)
        yield calendar.at(day, POSTINGS)
        postings.end_and_replace(unit, month, day)
        moves.make_moves(unit, month, day)
        offices.fill_offices(unit, month, day)
        offices.hold_courses(unit, month, day)
        listing.list_and_move_in(unit, month, day)
        meetings.hold_classes(unit, month, day)
        meetings.committee_meets(unit, month, day)
        review.review(unit, month, day)
        panel.tally(unit, month)
        if month % 12 == 0:
            panel.take_panel(unit, states, month, day)
    yield calendar.at(unit.settings.horizon, 7)
    panel.take_panel(unit, states, unit.settings.months, unit.settings.horizon)


# ---------------------------------------------------------------- the first day


def begin(unit: Unit, world: World) -> None:
    """People take their places; cells are counted, hosts found, offices held; lives begin."""
    rows = world.people[np.isin(world.people["hamlet"], [h.index for h in unit.hamlets])]
    people = [_person(unit, row) for row in rows]
    for person in people:
        _count_silently(unit, person)
    _strengths(unit)
    for hamlet in unit.hamlets:
        _hold_offices(unit, hamlet)
    for person in people:
        u = unit.draw(person, rules.BEGINNING, rules.DEATH_BUDGET)
        person.death = clocks.death_day(unit, person, 0.0, u)
        stages.pass_open_stages(unit, person, 0.0, LIFE)
        clocks.look_ahead(unit, person, 0.0)
        life.watch(unit, person)


def _person(unit: Unit, row: np.void) -> Person:
    hamlet = unit.by_index[int(row["hamlet"])]
    person = Person(
        int(row["key"]), hamlet, int(row["status"]), int(row["place"]), int(row["sex"])
    )
    person.birth, person.budget = float(row["birth"]), float(row["budget"])
    person.stage_due = float(row["stage_due"])
    person.certificate_until = float(row["certificate_until"])
    person.limit, person.waiting = float(row["limit"]), float(row["waiting"])
    person.helper_from, person.pool = float(row["helper_from"]), int(row["pool"])
    hamlet.people[person.key] = person
    if person.status <= rules.PROBATION:
        unit.pipeline[person.key] = person
    if person.place == rules.POSTED:
        person.term_month = int(row["term_month"])
        person.term_months = int(row["term_months"])
        unit.terms[person.term_month].append(person)
        unit.postings += 1
        if person.pool >= 0:
            unit.pool_used[person.pool] += 1
    return person


def _count_silently(unit: Unit, person: Person) -> None:
    s, hamlet = unit.settings, person.hamlet
    person.counted = int(
        rules.counts(person.status, person.place, s.away_counts, s.exempt_counts, s.posted_counts)
    )
    hamlet.officials += person.counted
    hamlet.candidates += person.is_candidate
    counting.take_stock(unit, person, 0.0)


def _strengths(unit: Unit) -> None:
    """Strength of each cell at the start; who is under the minimum is `below` from day 0."""
    for hamlet in unit.hamlets:
        if hamlet.roll >= 0:
            unit.by_index[hamlet.roll].strength += hamlet.officials
    if unit.settings.host_exists:
        homeless = [h for h in unit.hamlets if h.cell == rules.NONE and h.roll < 0]
        for hamlet, host in [(h, review.host_of(unit, h)) for h in homeless]:
            if host:
                hamlet.roll = host.index
                host.strength += hamlet.officials
    for hamlet in unit.hamlets:
        if hamlet.cell == rules.OWN and hamlet.strength < unit.settings.minimum:
            hamlet.below_since, hamlet.below_cause = 0.0, events.AT_START
            unit.record(0.0, 0, hamlet, events.NOBODY, events.BELOW, events.AT_START)


def _hold_offices(unit: Unit, hamlet: Hamlet) -> None:
    """Who holds an office at the start is not published: it is drawn."""
    if hamlet.chief_code == DRAWN:
        hamlet.chief = offices.by_lottery(
            unit, hamlet, rules.OFFICE_LOTTERY, 0, lambda p: offices.may_be_chief(p, None)
        )
        hamlet.chief_code = rules.RESIDENT_CHIEF
    if hamlet.secretary_code == DRAWN:
        hamlet.secretary = offices.by_lottery(
            unit, hamlet, rules.SECRETARY_LOTTERY, 0,
            lambda p: offices.may_be_secretary(unit, p, 0.0),
        )  # fmt: skip
        hamlet.secretary_trained = hamlet.secretary_trained and hamlet.secretary is not None
        hamlet.secretary_code = rules.NO_CHIEF
