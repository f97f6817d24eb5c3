"""The model in SimPy, to be read aloud; right by definition.

A process per person (`life`) and one conductor per coupled unit (`conduct`), which runs the phases
of each month start.
"""

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np
import simpy

from sim import log as events
from sim import rules
from sim.engine.opening import Begun, Life, Stopped, begun, opened, placed, shocks
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
    stopping,
)
from sim.engine.reference.state import LIFE, POSTINGS, Hamlet, Person, Unit
from sim.log import Outcome, Taker, from_records, joined, written
from sim.plan import Plan
from sim.world import DRAWN, World


def prepared(plan: Plan, world: World) -> "Runner":
    """One policy ready to run."""
    return Runner(plan, world)


def run(plan: Plan, world: World, seed: int, replication: int) -> Outcome:
    """One replication of one policy."""
    return Runner(plan, world).run(seed, replication)


class Runner(NamedTuple):
    """One policy ready to run: `run` and `stop` make a replication."""

    plan: Plan
    world: World

    def run(self, seed: int, replication: int, since: Stopped | None = None) -> Outcome:
        """One replication, from its beginning or from where it was stopped."""
        months = self.plan.settings.months
        units, begins = self._conducted(seed, replication, since, months)
        return _outcome(units, begins, since)

    def replicate(
        self, seed: int, lives: Sequence[Life], takers: Sequence[Taker], row: int = 0
    ) -> None:
        """Several replications, each of which all takers take into its row, from `row` on."""
        for at, (replication, since) in enumerate(lives, start=row):
            outcome = self.run(seed, replication, since)
            for taker in takers:
                taker.take(written(outcome), at)

    def stop(
        self, seed: int, replication: int, month: int, since: Stopped | None = None
    ) -> Stopped:
        """One replication until a month start before the horizon."""
        units, begins = self._conducted(seed, replication, since, month)
        world = stopping.kept(units, self.world, month)
        return Stopped(world, _outcome(units, begins, since))

    def _conducted(
        self, seed: int, replication: int, since: Stopped | None, until: int
    ) -> tuple[list[Unit], Begun]:
        """Coupled unit after coupled unit, until the phases of a month."""
        plan = self.plan
        if since is None:
            world = opened(plan, self.world, seed, replication)
        else:
            world = placed(plan, since.world)
        begins = begun(plan, since)
        factors = shocks(plan, seed, replication)
        units = []
        for number in range(int(plan.unit.max()) + 1):
            members = [int(h) for h in np.flatnonzero(plan.unit == number)]
            hamlets = [Hamlet(h, world.hamlets[h]) for h in members]
            for hamlet in hamlets:
                hamlet.shock = factors[hamlet.index]
            unit = Unit(plan, seed, replication, hamlets, begins, world.month)
            if since is None:
                begin(unit, world)
            else:
                stopping.go_on(unit, world)
            unit.calendar.process(conduct(unit, range(world.month, until)))
            at_horizon = until == plan.settings.months
            unit.calendar.run(until=unit.calendar.at(unit.day_of(until), 8 if at_horizon else 0))
            units.append(unit)
        return units, begins


def _outcome(units: list[Unit], begins: Begun, since: Stopped | None) -> Outcome:
    log = from_records([record for unit in units for record in unit.log])
    if since is not None:
        log = joined(since.outcome.log, log)
    return Outcome(log, begins.panel, begins.lever_months, begins.posting_months)


def conduct(unit: Unit, months: range) -> Generator[simpy.Event, None, None]:
    """The conductor of a coupled unit: the phases of every month start."""
    calendar = unit.calendar
    for month in months:
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
            panel.take_panel(unit, month, day)
    yield calendar.at(unit.settings.horizon, 7)
    panel.take_panel(unit, unit.settings.months, unit.settings.horizon)


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
        person.death = clocks.death_day(unit, person, u)
        stages.pass_open_stages(unit, person, 0.0, LIFE)
        clocks.look_ahead(unit, person, 0.0)
        life.watch(unit, person)


def _person(unit: Unit, row: np.void) -> Person:
    hamlet = unit.by_index[int(row["hamlet"])]
    person = Person(int(row["key"]), hamlet, int(row["status"]), int(row["place"]), int(row["sex"]))
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
