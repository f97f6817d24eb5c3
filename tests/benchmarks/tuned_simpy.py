"""A carefully tuned SimPy model of the slice: the yardstick for the reference engine.

Death, leaving, returning, listing, class, admission, probation, below, lost (see `scope`), on the
plan, the world and the keyed draws of the engines. The log is that of the reference engine, event
by event: both are timed at the same work, and this is a third implementation of the slice. Tuned
as far as a model stays one in SimPy, with SimPy's own loop and queue:

- a person is one event, armed with the next thing to happen and armed again after it; what lies
  beyond the horizon never enters the queue;
- those who wait stand in lists that are in order, and a meeting looks at them only;
- a draw that brings nobody to a hamlet, whatever the help, is told by one comparison.
"""

from collections import defaultdict
from collections.abc import Callable, Generator
from functools import partial
from heapq import heappush
from itertools import groupby
from math import floor
from typing import Any

import numpy as np
import simpy

from sim import log as events
from sim import rules
from sim.draws import BLOCK, exponential, person_key, uniform, uniforms4
from sim.engine.opening import opened
from sim.log import NOBODY, Log, from_records
from sim.plan import Plan
from sim.rules import AWAY, LISTED, NEVER, OFFICIAL, OWN, POSTED, PRESENT, PROBATION, READY, YEAR
from sim.world import DRAWN, World
from tests.benchmarks.scope import refuse

START, LIFE, OFFICES, CLASS, COMMITTEE, REVIEW = 0, 1, 2, 4, 5, 6
"""Phases of an instant."""

HAMLET_FIELDS = ["key", "cell", "roll", "ever_founded", "chief", "secretary"]
HAMLET_FIELDS += ["listing_factor", "leaving_factor", "mortality_factor"]
CLASS_FIELDS = ["month", "series", "seats", "attendance", "replace"]
PERSON_FIELDS = ["hamlet", "stage_due", "term_month", "term_months"]
PERSON_FIELDS += ["key", "status", "place", "sex", "birth", "budget", "helper_from", "waiting"]


class Slice:
    """The slice of one plan and world, in lists. ValueError for what the model does not know."""

    def __init__(self, plan: Plan, world: World) -> None:
        refuse(plan, world)
        self.plan, self.world, self.settings = plan, world, plan.settings
        rates, residents, row = plan.rates, plan.residents, plan.schedule[0, 0]
        self.days: list[float] = plan.days[plan.settings.origin :].tolist()
        self.classes = {month: rest for month, *rest in plan.classes[CLASS_FIELDS].tolist()}
        self.allowed: list[int] = plan.allowed[0].tolist()
        self.hamlets: list[tuple[Any, ...]] = world.hamlets[HAMLET_FIELDS].tolist()
        # By place: who is away has the clock of returning, who is posted none.
        self.steady = [rates.steady[place, 0] for place in (PRESENT, AWAY, POSTED)]
        self.scale: list[list[float]] = [rates.scale.tolist(), [0.0] * 6, [0.0] * 6]
        self.moving, self.mortality = rates.moving[0], list(rates.mortality[0])
        self.starts, self.horizon = rates.starts, plan.settings.horizon
        self.no_shock = np.ones(len(rates.year))
        self.weights: list[list[int]] = plan.weights.tolist()
        self.entry = residents.entry
        self.adults: list[list[float]] = residents.adults.tolist()
        self.weighted: list[list[float]] = residents.weighted.tolist()
        self.share = float(row["eligible_share"])
        self.outside = [float(row["outside_without"])] * 4
        self.outside[OWN] = float(row["outside_with"])
        rate = row["listing"] * plan.month_years
        self.rate: list[float] = rate.tolist()
        most = rate[:, None] * residents.weighted * self.share * world.hamlets["listing_factor"]
        # Up to this draw nobody is listed, however much help there is; with a margin for rounding.
        self.nobody: list[list[float]] = np.exp(-most - 1e-9).tolist()

    def replication(self, seed: int, replication: int) -> Log:
        """The log of one replication."""
        return District(self, seed, replication).run()


class Hamlet:
    """A hamlet and its cell; `roll` is the index of the cell for which its officials count."""

    def __init__(self, index: int, row: tuple[Any, ...]) -> None:
        self.index = index
        self.key, self.cell, self.roll, self.ever_founded, *others = row
        self.first_chief, self.first_secretary, *factors = others
        self.listing_factor, self.leaving_factor, self.mortality_factor = factors
        self.strength = self.candidates = 0
        self.home: list[Person] = []
        self.posted: list[Person] = []
        self.chief: Person | None = None
        self.secretary: Person | None = None


class Person(simpy.Event):
    """A person: one event, armed again and again. The clock's `budget` counts from `since`."""

    _ok = True
    what: Callable[["Person", float], None]

    def __init__(
        self, hamlet: Hamlet, key: int, status: int, place: int, sex: int, birth: float,
        budget: float, helper_from: float, waiting: float, since: float = 0.0,
    ) -> None:  # fmt: skip
        # SimPy's own __init__ would add callbacks; they are set whenever the person is armed.
        self.hamlet, self.key, self.status, self.place, self.sex = hamlet, key, status, place, sex
        self.birth, self.budget, self.since, self.fired = birth, budget, since, 0
        self.helper_from, self.waiting = helper_from, waiting
        self.death = self.next_day = NEVER


class District:
    """One replication."""

    def __init__(self, tables: Slice, seed: int, replication: int) -> None:
        self.tables, self.seed, self.replication = tables, seed, replication
        self.draw = partial(uniform, seed, replication, rules.PERSON_STREAM)
        self.env = simpy.Environment()
        self.queue: list[Any] = self.env._queue
        self.lives: list[Callable[[Any], None]] = [self.live]
        self.log: list[tuple[float, int, int, int, int, int]] = []
        self.hamlets = [Hamlet(h, row) for h, row in enumerate(tables.hamlets)]
        self.below: dict[Hamlet, int] = {}
        self.without_chief: list[Hamlet] = []
        self.without_secretary: list[Hamlet] = []
        self.listed: list[Person] = []
        self.ready: list[Person] = []
        self.recognitions: dict[float, list[Person]] = defaultdict(list)
        self.overdue: list[Person] = []
        self.terms: dict[int, list[tuple[Person, int]]] = defaultdict(list)
        self.draws: list[tuple[float, ...]] = []
        self.admitted = 0

    def run(self) -> Log:
        """Simulate; return what happened."""
        self.first_day()
        self.env.process(self.meetings())
        self.env.run()
        return from_records(self.log)

    # ---------------------------------------------------------------- the first day

    def first_day(self) -> None:
        """People take their places, offices are held, cells are counted."""
        t, hamlets = self.tables, self.hamlets
        rows = opened(t.plan, t.world, self.seed, self.replication).people[PERSON_FIELDS].tolist()
        for h, due, term, months, *row in rows:
            person = Person(hamlets[h], *row)
            if person.place == POSTED:
                self.terms[term].append((person, months))
            if person.status == PROBATION:
                self.recognitions[due].append(person)
            self.take_place(person)
            u = self.draw(person.key, rules.BEGINNING, rules.DEATH_BUDGET)
            person.death = self.death_day(person, u)
            self.look_ahead(person)
        self.listed.sort(key=lambda p: p.waiting)
        self.ready.sort(key=lambda p: p.waiting)
        for hamlet in hamlets:
            self.hold_offices(hamlet)
            if hamlet.cell == OWN and hamlet.strength < t.settings.minimum:
                self.cross_minimum(hamlet, 0.0, START, NOBODY, events.AT_START)

    def take_place(self, person: Person) -> None:
        """Who has a certificate is ready from the first day, for dossiers take no time."""
        hamlet, status = person.hamlet, person.status
        if person.place != AWAY:
            (hamlet.home if person.place == PRESENT else hamlet.posted).append(person)
            if status >= OFFICIAL and hamlet.roll >= 0:
                self.hamlets[hamlet.roll].strength += 1
        if status == rules.CERTIFIED:
            person.status, person.waiting = READY, 0.0
        if status <= READY:
            (self.listed if status == LISTED else self.ready).append(person)
            hamlet.candidates += 1

    def hold_offices(self, hamlet: Hamlet) -> None:
        """Who holds an office at the start is drawn."""
        able = [p for p in hamlet.home if p.status == OFFICIAL]
        if hamlet.first_chief == DRAWN:
            hamlet.chief = min(able, key=self.lot(rules.OFFICE_LOTTERY, 0), default=None)
        elif hamlet.first_chief == rules.NO_CHIEF:
            self.without_chief.append(hamlet)
        if hamlet.first_secretary == DRAWN:
            able += [p for p in hamlet.posted if p.status == OFFICIAL]
            hamlet.secretary = min(able, key=self.lot(rules.SECRETARY_LOTTERY, 0), default=None)
        if hamlet.secretary is None:
            self.without_secretary.append(hamlet)

    def lot(self, lottery: int, month: int) -> Callable[[Person], tuple[float, int]]:
        """The order of a lottery."""
        return lambda person: (self.draw(person.key, lottery, month), person.key)

    # ---------------------------------------------------------------- lives and cells

    def death_day(self, person: Person, u: float) -> float:
        t, table = self.tables, self.tables.mortality[person.sex]
        return rules.fire_day(
            exponential(u), person.since, person.birth,
            t.horizon, t.starts, table, person.hamlet.mortality_factor, table, 0.0, t.no_shock,
        )  # fmt: skip

    def look_ahead(self, person: Person) -> None:
        """Arm a person with what comes next: death, or the clock of leaving or returning."""
        t, place = self.tables, person.place
        clock = rules.fire_day(
            person.budget, person.since, person.birth, t.horizon, t.starts, t.steady[place], 1.0,
            t.moving, t.scale[place][person.status] * person.hamlet.leaving_factor, t.no_shock,
        )  # fmt: skip
        if person.death <= clock:
            self.arm(person, person.death, self.die)
        else:
            self.arm(person, clock, self.leave if place == PRESENT else self.come_back)

    def arm(self, person: Person, day: float, what: Callable[[Person, float], None]) -> None:
        """SimPy's own `schedule` takes delays, and now + (day - now) is not always day."""
        person.next_day, person.what = day, what
        if day < NEVER:
            person.callbacks = self.lives
            heappush(self.queue, (day, LIFE, next(self.env._eid), person))

    def live(self, person: Person) -> None:
        """What comes next is here, unless it was overtaken."""
        person.callbacks = self.lives
        if person.next_day == self.env.now:
            person.what(person, person.next_day)

    def enter(self, person: Person, day: float) -> None:
        hamlet = person.hamlet
        self.log.append((day, LIFE, hamlet.index, person.key, events.LISTED, 0))
        hamlet.home.append(person)
        hamlet.candidates += 1
        self.listed.append(person)
        self.look_ahead(person)

    def die(self, person: Person, day: float) -> None:
        self.be_missed(person, day, events.DEAD)
        person.hamlet.candidates -= person.status <= READY
        person.status, person.next_day = rules.GONE, NEVER

    def leave(self, person: Person, day: float) -> None:
        self.be_missed(person, day, events.LEFT)
        person.place = AWAY
        self.begin_clock(person, day)

    def be_missed(self, person: Person, day: float, kind: int) -> None:
        """Offices fall vacant and the cell is weaker when somebody on the spot is gone."""
        hamlet = person.hamlet
        self.log.append((day, LIFE, hamlet.index, person.key, kind, 0))
        if person.place == AWAY:
            return
        (hamlet.home if person.place == PRESENT else hamlet.posted).remove(person)
        if hamlet.chief is person:
            hamlet.chief = None
            self.without_chief.append(hamlet)
        if hamlet.secretary is person:
            hamlet.secretary = None
            self.without_secretary.append(hamlet)
        self.count(person, -1, day, LIFE, kind)

    def come_back(self, person: Person, day: float) -> None:
        """Home again; an official is a helper only after some months."""
        plan = self.tables.plan
        self.log.append((day, LIFE, person.hamlet.index, person.key, events.RETURNED, 0))
        person.hamlet.home.append(person)
        person.place = PRESENT
        person.helper_from = rules.months_later(day, plan.settings.months_in_place, plan.days)
        self.count(person, 1, day, LIFE, events.RETURNED)
        self.begin_clock(person, day)

    def begin_clock(self, person: Person, day: float) -> None:
        first = BLOCK * person.fired
        person.fired, person.since = person.fired + 1, day
        person.budget = exponential(self.draw(person.key, rules.FIRING, first + rules.NEXT_BUDGET))
        self.look_ahead(person)

    def count(self, person: Person, change: int, day: float, phase: int, kind: int) -> None:
        """One official more or less is on the spot."""
        roll = person.hamlet.roll
        if person.status >= OFFICIAL and roll >= 0:
            cell = self.hamlets[roll]
            cell.strength += change
            if (cell.strength < self.tables.settings.minimum) != (cell in self.below):
                self.cross_minimum(cell, day, phase, person.key, kind)

    def cross_minimum(self, cell: Hamlet, day: float, phase: int, key: int, cause: int) -> None:
        kind = events.RESTORED if cell in self.below else events.BELOW
        self.log.append((day, phase, cell.index, key, kind, cause))
        if self.below.pop(cell, None) is None:
            self.below[cell] = cause

    # ---------------------------------------------------------------- meetings

    def meetings(self) -> Generator[simpy.Event, None, None]:
        """The month starts, each after the lives of the instant."""
        t, plan = self.tables, self.tables.plan
        for month, day in enumerate(t.days[: t.settings.months + 1]):
            month_start = simpy.Event(self.env)
            month_start._ok, month_start._value = True, None
            heappush(self.queue, (day, OFFICES, next(self.env._eid), month_start))
            yield month_start
            self.end_probations(self.recognitions[day], day, LIFE)
            if month == t.settings.months:
                return
            if plan.january[month]:
                self.admitted = 0
            self.renew_postings(month, day)
            self.fill_offices(month, day)
            self.list_residents(month, day)
            if month in t.classes:
                self.hold_class(month, day)
            if plan.meets[month]:
                self.committee_meets(month, day)
            if plan.review[month]:
                self.review(day)

    def end_probations(self, people: list[Person], day: float, phase: int) -> None:
        """Who is away now is recognised at the first committee after returning."""
        # In the order of the log: who is first of two restores the cell.
        for person in sorted(people, key=lambda p: (p.hamlet.index, p.key)):
            if person.status == PROBATION and person.place == AWAY:
                self.overdue.append(person)
            elif person.status == PROBATION:
                self.log.append((day, phase, person.hamlet.index, person.key, events.RECOGNISED, 0))
                self.promote(person, OFFICIAL, day)
                self.count(person, 1, day, phase, events.RECOGNISED)

    def promote(self, person: Person, status: int, day: float) -> None:
        """A new stage; at another rate the clock goes on with what is left of its budget."""
        t, scale, before = self.tables, self.tables.scale[person.place], person.status
        person.status = status
        if scale[before] != scale[status]:
            used = rules.spent(
                person.since, day, person.birth, t.starts, t.steady[PRESENT], 1.0, t.moving,
                scale[before] * person.hamlet.leaving_factor, t.no_shock,
            )  # fmt: skip
            person.budget, person.since = max(0.0, person.budget - used), day
            self.look_ahead(person)

    def renew_postings(self, month: int, day: float) -> None:
        for person, months in self.terms.pop(month, ()):
            if person.status != rules.GONE:
                h = person.hamlet.index
                self.log.append((day, OFFICES, h, person.key, events.POSTING_RENEWED, 0))
                self.terms[month + months].append((person, months))

    def fill_offices(self, month: int, day: float) -> None:
        """Any resident becomes chief, an official on the spot secretary; exempt ones do not."""
        log, lot = self.log.append, self.lot(rules.SECRETARY_LOTTERY, month)
        for hamlet in self.without_chief:
            log((day, OFFICES, hamlet.index, NOBODY, events.CHIEF_NAMED, events.VACANCY))
        vacant = [hamlet for hamlet in self.without_secretary if hamlet.cell == OWN]
        self.without_chief, self.without_secretary = [], []
        for hamlet in vacant:
            able = [p for p in hamlet.home + hamlet.posted if p.status == OFFICIAL]
            hamlet.secretary = one = min(able, key=lot, default=None)
            if one:
                log((day, OFFICES, hamlet.index, one.key, events.SECRETARY_NAMED, events.VACANCY))
            else:
                self.without_secretary.append(hamlet)

    def list_residents(self, month: int, day: float) -> None:
        """Those who are listed this month will enter, each at an instant of its own."""
        if month % 4 == 0:  # four months of a hamlet are drawn at the price of one
            draw = partial(uniforms4, self.seed, self.replication, rules.HAMLET_STREAM)
            drawn = [draw(h.key, rules.LISTING_COUNT, month // 4) for h in self.hamlets]
            self.draws = list(zip(*drawn, strict=True))
        draws, nobody = self.draws[month % 4], self.tables.nobody[month]
        for hamlet, u, limit in zip(self.hamlets, draws, nobody, strict=True):
            if u > limit:
                mean, room = self.listing(hamlet, month, day)
                for i in range(min(room, rules.number_drawn(u, mean))):
                    self.expect(hamlet, month, i)

    def listing(self, hamlet: Hamlet, month: int, day: float) -> tuple[float, int]:
        """The expected number of listings, and how many there may be at most."""
        t, s, h = self.tables, self.tables.settings, hamlet.index
        sixty, half = day - 60 * YEAR, day - s.half_from_age * YEAR
        points = adults = weight = 0
        for person in hamlet.home:
            birth = person.birth
            if person.status == OFFICIAL and person.helper_from <= day:
                points += 2 if birth > half else 1
            if birth > sixty:
                adults += 1
                weight += t.weights[person.sex][int((day - birth) / YEAR)]
        helpers = 0.5 * points + t.outside[hamlet.cell]
        residents = t.share * max(0.0, t.adults[month][h] - adults)
        eligible = t.share * max(0.0, t.weighted[month][h] - weight / s.weight_one)
        mean = t.rate[month] * eligible * min(1.0, helpers / s.full_help) * hamlet.listing_factor
        free = floor(helpers * s.per_helper + 1e-9) - hamlet.candidates
        return mean, max(0, min(int(residents), free))

    def expect(self, hamlet: Hamlet, month: int, i: int) -> None:
        """The i-th person who is listed in a hamlet in a month."""
        t, key = self.tables, person_key(hamlet.key, rules.LISTED_PEOPLE, month, i)
        beginning = uniforms4(
            self.seed, self.replication, rules.PERSON_STREAM, key, rules.BEGINNING, 0
        )
        begins, ends = t.days[month : month + 2]
        day = begins + beginning[rules.ENTRY_INSTANT] * (ends - begins)
        sex, age = rules.drawn_resident(beginning[rules.AGE], t.entry[hamlet.index, month // 12])
        budget = exponential(beginning[rules.FIRST_BUDGET])
        birth = day - age * YEAR
        person = Person(hamlet, key, LISTED, PRESENT, sex, birth, budget, -NEVER, day, day)
        person.death = self.death_day(person, beginning[rules.DEATH_BUDGET])
        self.arm(person, day, self.enter)

    def hold_class(self, month: int, day: float) -> None:
        """Seats go down the line, which is in order of listing; who misses the class stays."""
        series, seats, attendance, replace = self.tables.classes[month]
        for person in [p for p in self.listed if p.status == LISTED and p.place == PRESENT]:
            if seats == 0:
                break
            attends = self.draw(person.key, rules.ATTENDANCE + 100 * series, month) < attendance
            kind = events.CLASS_ATTENDED if attends else events.CLASS_MISSED
            self.log.append((day, CLASS, person.hamlet.index, person.key, kind, 0))
            seats -= bool(attends or not replace)
            if attends:
                self.promote(person, READY, day)
                person.waiting = day
                self.ready.append(person)
        self.listed = [p for p in self.listed if p.status == LISTED]

    def committee_meets(self, month: int, day: float) -> None:
        """Overdue probations; then the dossiers in their order, within the allowance."""
        overdue, self.overdue = self.overdue, []
        self.end_probations(overdue, day, COMMITTEE)
        self.ready = [p for p in self.ready if p.status == READY]
        probation_ends = self.tables.days[month + self.tables.settings.probation_months]
        for _, equals in groupby(self.ready, key=lambda p: p.waiting):
            room = self.tables.allowed[month] - self.admitted
            if room <= 0:
                return
            present = [p for p in equals if p.place == PRESENT]
            chosen = sorted(present, key=self.lot(rules.COMMITTEE_LOTTERY, month))[:room]
            for person in chosen:
                h = person.hamlet.index
                self.log.append((day, COMMITTEE, h, person.key, events.ADMITTED, 0))
                person.hamlet.candidates -= 1
                self.promote(person, PROBATION, day)
            self.recognitions[probation_ends] += chosen
            self.admitted += len(chosen)

    def review(self, day: float) -> None:
        """What is below is lost, with the cell of every hamlet that it covers."""
        for cell, cause in self.below.items():
            for hamlet in [h for h in self.hamlets if h.roll == cell.index]:
                kind = events.RE_EMPTIED if hamlet.ever_founded else events.LOST
                self.log.append((day, REVIEW, hamlet.index, NOBODY, kind, cause))
                hamlet.cell, hamlet.roll, hamlet.secretary = rules.NONE, -1, None
        self.below.clear()
