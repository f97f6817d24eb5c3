"""A carefully tuned SimPy model of the slice: the yardstick for the reference engine.

Death, leaving, returning, listing, class, admission, probation, below, lost (see `scope`), on the
plan, the world and the keyed draws of the engines. The log is that of the reference engine, event
by event: both are timed at the same work, and this is a third implementation of the slice. As fast
as it gets with SimPy's own loop and queue:

- a person is one SimPy event, armed with the next thing to happen and armed again after it; what
  lies beyond the horizon never enters the queue;
- all who may be listed are drawn together at the start, under the highest mean a hamlet can have;
- most budgets are too large to be used up by the horizon: a bound finds them at the start, and
  such a death or leaving is never looked at again (`people`);
- a meeting looks only at those who wait for it, in lists that are in order.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from functools import partial
from heapq import heappush
from math import floor
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

from sim import log as events
from sim import rules
from sim.draws import exponential, uniform
from sim.engine.opening import opened
from sim.log import NOBODY, Log, from_records
from sim.plan import Plan
from sim.world import DRAWN, World
from tests.benchmarks.ground import Ground
from tests.benchmarks.many_draws import uniforms
from tests.benchmarks.people import Hamlet, Person, at_start, prospects
from tests.benchmarks.scope import refuse

START, LIFE, OFFICES, CLASS, COMMITTEE, REVIEW = 0, 1, 2, 4, 5, 6
"""Phases of an instant."""

Record = tuple[float, int, int, int, int, int]
Expected = tuple[Hamlet, float, list[Person]]


class Slice:
    """The slice of one plan and world. Raises ValueError for what the model does not know."""

    def __init__(self, plan: Plan, world: World) -> None:
        refuse(plan, world)
        self.ground = Ground(plan, world)

    def replication(self, seed: int, replication: int) -> Log:
        """The log of one replication."""
        return from_records(District(self.ground, seed, replication).run())


class District:
    """One replication."""

    def __init__(self, ground: Ground, seed: int, replication: int) -> None:
        self.ground, self.seed, self.replication = ground, seed, replication
        self.draw = partial(uniform, seed, replication, rules.PERSON_STREAM)
        self.uniforms = partial(uniforms, seed, replication)
        self.env = simpy.Environment()
        self.queue: list[Any] = self.env._queue
        self.lives: list[Callable[[Any], None]] = [self.live]
        self.entries: list[Callable[[Any], None]] = [self.enter]
        self.log: list[Record] = []
        self.hamlets = [Hamlet(h, row[1], row[2]) for h, row in enumerate(ground.hamlets)]
        self.below: list[Hamlet] = []
        self.without_chief: list[Hamlet] = []
        self.without_secretary: list[Hamlet] = []
        self.expected: dict[int, list[Expected]] = defaultdict(list)
        self.waiting: list[Person] = []
        self.ready: dict[float, list[Person]] = {}
        self.recognitions: dict[float, list[Person]] = defaultdict(list)
        self.overdue: list[Person] = []
        self.terms: dict[int, list[tuple[Person, int]]] = defaultdict(list)
        self.admitted = 0

    def run(self) -> list[Record]:
        """Simulate; return what happened."""
        self.first_day()
        for month, hamlet, u, coming in prospects(self.ground, self.hamlets, self.uniforms):
            self.expected[month].append((hamlet, u, coming))
        self.env.process(self.meetings())
        self.env.run()
        return self.log

    # ---------------------------------------------------------------- the first day

    def first_day(self) -> None:
        """People take their places, cells are counted, offices are held."""
        ground = self.ground
        rows = opened(ground.plan, ground.world, self.seed, self.replication).people
        people, chiefs, secretaries = at_start(ground, self.hamlets, self.uniforms, rows)
        for hamlet, (roll, _, _, chief) in zip(self.hamlets, ground.hamlets, strict=True):
            hamlet.roll = self.hamlets[roll] if roll >= 0 else None
            if chief == DRAWN:
                hamlet.chief = chiefs.get(hamlet.index)
            elif chief == rules.NO_CHIEF:
                self.without_chief.append(hamlet)
            if hamlet.cell == rules.OWN:
                hamlet.secretary = secretaries.get(hamlet.index)
                if hamlet.secretary is None:
                    self.without_secretary.append(hamlet)
        self.take_places(people)
        self.stand_in_line(people, rows)
        for cell in self.hamlets:
            if cell.cell == rules.OWN and cell.strength < ground.settings.minimum:
                self.fall_below(cell, 0.0, START, NOBODY, events.AT_START)

    def take_places(self, people: list[Person]) -> None:
        for person in people:
            hamlet = person.hamlet
            if person.place != rules.AWAY:
                (hamlet.home if person.place == rules.PRESENT else hamlet.posted).append(person)
                if person.status >= rules.OFFICIAL and hamlet.roll:
                    hamlet.roll.strength += 1
            hamlet.candidates += person.status <= rules.READY
            if person.restless or person.death < rules.NEVER:
                self.look_ahead(person)

    def stand_in_line(self, people: list[Person], rows: npt.NDArray[np.void]) -> None:
        """Who has a certificate is ready from the first day, for dossiers take no time."""
        status, posted = rows["status"], rows["place"] == rules.POSTED
        waiting = np.where(status == rules.CERTIFIED, 0.0, rows["waiting"])
        in_line = np.flatnonzero((status < rules.OFFICIAL) | posted)
        for i in in_line[np.argsort(waiting[in_line])].tolist():
            person, row = people[i], rows[i]
            if person.place == rules.POSTED:
                self.terms[int(row["term_month"])].append((person, int(row["term_months"])))
            elif person.status == rules.PROBATION:
                self.recognitions[float(row["stage_due"])].append(person)
            elif person.status == rules.LISTED:
                self.waiting.append(person)
            else:
                person.status = rules.READY
                self.ready.setdefault(float(waiting[i]), []).append(person)

    # ---------------------------------------------------------------- lives

    def look_ahead(self, person: Person) -> None:
        """Arm a person with what comes next."""
        day = min(person.death, self.clock_day(person)) if person.restless else person.death
        person.next_day = day
        person.callbacks = self.lives
        if day < rules.NEVER:
            self.schedule(person, day, LIFE)

    def schedule(self, event: simpy.Event, day: float, phase: int) -> None:
        """SimPy's own `schedule` takes delays, and now + (day - now) is not always day."""
        heappush(self.queue, (day, phase, next(self.env._eid), event))

    def clock_day(self, person: Person) -> float:
        """When the clock of leaving or returning fires."""
        ground = self.ground
        if person.place == rules.AWAY:
            steady, scale = ground.returning, 0.0
        else:
            steady, scale = ground.still, ground.leaving[person.hamlet.index][person.status]
        return rules.fire_day(
            person.budget, person.since, person.birth, ground.settings.horizon, ground.starts,
            steady, 1.0, ground.moving, scale, ground.no_shock,
        )  # fmt: skip

    def live(self, person: Person) -> None:
        """What comes next is here, unless it was overtaken."""
        person.callbacks = self.lives
        day = self.env._now
        if day != person.next_day:
            return
        if day == person.death:
            self.die(person, day)
        else:
            person.fired, person.since = person.fired + 1, day
            person.budget = exponential(self.draw(person.key, rules.CLOCK_BUDGET, person.fired))
            (self.come_back if person.place == rules.AWAY else self.leave)(person, day)
            self.look_ahead(person)

    def enter(self, person: Person) -> None:
        day, hamlet = person.since, person.hamlet
        self.log.append((day, LIFE, hamlet.index, person.key, events.LISTED, 0))
        hamlet.home.append(person)
        hamlet.candidates += 1
        self.waiting.append(person)
        self.look_ahead(person)

    def die(self, person: Person, day: float) -> None:
        hamlet = person.hamlet
        self.log.append((day, LIFE, hamlet.index, person.key, events.DEAD, 0))
        if person.place != rules.AWAY:
            (hamlet.home if person.place == rules.PRESENT else hamlet.posted).remove(person)
            self.be_missed(person, day, events.DEAD)
        hamlet.candidates -= person.status <= rules.READY
        person.status, person.next_day = rules.GONE, rules.NEVER

    def leave(self, person: Person, day: float) -> None:
        self.log.append((day, LIFE, person.hamlet.index, person.key, events.LEFT, 0))
        person.hamlet.home.remove(person)
        person.place = rules.AWAY
        self.be_missed(person, day, events.LEFT)

    def come_back(self, person: Person, day: float) -> None:
        plan, hamlet = self.ground.plan, person.hamlet
        self.log.append((day, LIFE, hamlet.index, person.key, events.RETURNED, 0))
        hamlet.home.append(person)
        person.place = rules.PRESENT
        person.in_place = rules.months_later(day, plan.settings.months_in_place, plan.days)
        if person.status >= rules.OFFICIAL:
            self.strengthen(person, day, LIFE, events.RETURNED)
        if person.status == rules.OFFICIAL:
            person.helper_from = person.in_place

    # ---------------------------------------------------------------- cells

    def be_missed(self, person: Person, day: float, kind: int) -> None:
        """Offices fall vacant and the cell is weaker when somebody on the spot is gone."""
        hamlet, cell = person.hamlet, person.hamlet.roll
        if hamlet.chief is person:
            hamlet.chief = None
            self.without_chief.append(hamlet)
        if hamlet.secretary is person:
            hamlet.secretary = None
            self.without_secretary.append(hamlet)
        if person.status >= rules.OFFICIAL and cell:
            cell.strength -= 1
            if cell.strength < self.ground.settings.minimum and cell.below_cause is None:
                self.fall_below(cell, day, LIFE, person.key, kind)

    def fall_below(self, cell: Hamlet, day: float, phase: int, key: int, cause: int) -> None:
        self.log.append((day, phase, cell.index, key, events.BELOW, cause))
        cell.below_cause = cause
        self.below.append(cell)

    def strengthen(self, person: Person, day: float, phase: int, kind: int) -> None:
        """One official more is on the spot."""
        cell = person.hamlet.roll
        if cell is None:
            return
        cell.strength += 1
        if cell.strength >= self.ground.settings.minimum and cell.below_cause is not None:
            self.log.append((day, phase, cell.index, person.key, events.RESTORED, kind))
            cell.below_cause = None
            self.below.remove(cell)

    def review(self, day: float) -> None:
        """What is below is lost, with the cell of every hamlet that it covers."""
        for cell in self.below:
            for hamlet in [h for h in self.hamlets if h.roll is cell]:
                kind = events.RE_EMPTIED if hamlet.ever_founded else events.LOST
                self.log.append((day, REVIEW, hamlet.index, NOBODY, kind, cell.below_cause or 0))
                hamlet.cell, hamlet.roll, hamlet.secretary = rules.NONE, None, None
                hamlet.ever_founded = True
        self.below.clear()

    # ---------------------------------------------------------------- meetings

    def meetings(self) -> Generator[simpy.Event, None, None]:
        """The month starts, each after the lives of the instant."""
        ground, plan = self.ground, self.ground.plan
        for month, day in enumerate(ground.days[: ground.settings.months + 1]):
            month_start = simpy.Event(self.env)
            month_start._ok, month_start._value = True, None
            self.schedule(month_start, day, OFFICES)
            yield month_start
            self.end_probations(day)
            if month == ground.settings.months:
                return
            if plan.january[month]:
                self.admitted = 0
            self.renew_postings(month, day)
            self.fill_offices(month, day)
            self.list_residents(month, day)
            if month in ground.classes:
                self.hold_class(ground.classes[month], month, day)
            if plan.meets[month]:
                self.committee_meets(month, day)
            if plan.review[month]:
                self.review(day)

    def end_probations(self, day: float) -> None:
        """Who is away then is recognised at the first committee after returning."""
        for person in in_order(self.recognitions.pop(day, ())):
            if person.place == rules.AWAY:
                self.overdue.append(person)
            elif person.status == rules.PROBATION:
                self.recognise(person, day, LIFE)

    def recognise(self, person: Person, day: float, phase: int) -> None:
        self.log.append((day, phase, person.hamlet.index, person.key, events.RECOGNISED, 0))
        self.promote(person, rules.OFFICIAL, day)
        person.helper_from = person.in_place
        self.strengthen(person, day, phase, events.RECOGNISED)

    def promote(self, person: Person, status: int, day: float) -> None:
        """A new stage; at another rate the clock goes on with what is left of its budget."""
        ground, leaving = self.ground, self.ground.leaving[person.hamlet.index]
        if not person.restless or leaving[person.status] == leaving[status]:
            person.status = status
            return
        if person.since < day:
            used = rules.spent(
                person.since, day, person.birth, ground.starts, ground.still, 1.0, ground.moving,
                leaving[person.status], ground.no_shock,
            )  # fmt: skip
            person.budget, person.since = max(0.0, person.budget - used), day
        person.status = status
        self.look_ahead(person)

    def renew_postings(self, month: int, day: float) -> None:
        for person, months in self.terms.pop(month, ()):
            if person.status != rules.GONE:
                hamlet = person.hamlet.index
                self.log.append((day, OFFICES, hamlet, person.key, events.POSTING_RENEWED, 0))
                self.terms[month + months].append((person, months))

    def fill_offices(self, month: int, day: float) -> None:
        """Any resident becomes chief, an official on the spot secretary; exempt ones do not."""
        for hamlet in self.without_chief:
            record = (day, OFFICES, hamlet.index, NOBODY, events.CHIEF_NAMED, events.VACANCY)
            self.log.append(record)
        vacant = [hamlet for hamlet in self.without_secretary if hamlet.cell == rules.OWN]
        self.without_chief, self.without_secretary = [], []
        for hamlet in vacant:
            able = [p for p in hamlet.home + hamlet.posted if p.status == rules.OFFICIAL]
            if not able:
                self.without_secretary.append(hamlet)
                continue
            hamlet.secretary = first = self.drawn(able, rules.SECRETARY_LOTTERY, month)[0]
            record = (day, OFFICES, hamlet.index, first.key, events.SECRETARY_NAMED, events.VACANCY)
            self.log.append(record)

    def drawn(self, people: list[Person], lottery: int, month: int) -> list[Person]:
        """People in the order of a lottery."""
        drawn = [(self.draw(p.key, lottery, month), p.key, p) for p in people]
        return [person for _, _, person in sorted(drawn)]

    def list_residents(self, month: int, day: float) -> None:
        """Those who are listed this month will enter, each at an instant of its own."""
        for hamlet, u, coming in self.expected[month]:
            mean, room = self.listing(hamlet, month, day)
            for person in coming[: min(room, rules.number_drawn(u, mean))]:
                person.callbacks = self.entries
                self.schedule(person, person.since, LIFE)

    def listing(self, hamlet: Hamlet, month: int, day: float) -> tuple[float, int]:
        """The expected number of listings, and how many there may be at most."""
        ground, s, h = self.ground, self.ground.settings, hamlet.index
        sixty, half = day - 60 * rules.YEAR, day - s.half_from_age * rules.YEAR
        half_helpers = adults = weight = 0
        for person in hamlet.home:
            birth = person.birth
            if person.helper_from <= day:
                half_helpers += 2 if birth > half else 1
            if birth > sixty:
                adults += 1
                weight += person.weights[int((day - birth) / rules.YEAR)]
        helpers = 0.5 * half_helpers + ground.outside[hamlet.cell]
        free = floor(helpers * s.per_helper + 1e-9) - hamlet.candidates
        residents = ground.share * max(0.0, ground.adults[month][h] - adults)
        eligible = ground.share * max(0.0, ground.weighted[month][h] - weight / s.weight_one)
        help_ = min(1.0, helpers / s.full_help)
        mean = ground.rate[month] * eligible * help_ * ground.factor[h]
        return mean, max(0, min(int(residents), free))

    def hold_class(self, held: np.void, month: int, day: float) -> None:
        """Seats go down the line, which is in order of listing; who misses the class stays."""
        seats, attendance, replace = int(held["seats"]), float(held["attendance"]), held["replace"]
        decision = rules.ATTENDANCE + 100 * int(held["series"])
        for person in self.waiting:
            if seats == 0:
                break
            if person.place == rules.AWAY or person.status == rules.GONE:
                continue
            attends = self.draw(person.key, decision, month) < attendance
            kind = events.CLASS_ATTENDED if attends else events.CLASS_MISSED
            self.log.append((day, CLASS, person.hamlet.index, person.key, kind, 0))
            seats -= bool(attends or not replace)
            if attends:
                self.promote(person, rules.READY, day)
                self.ready.setdefault(day, []).append(person)
        self.waiting = [p for p in self.waiting if p.status == rules.LISTED]

    def committee_meets(self, month: int, day: float) -> None:
        """Overdue probations; then the dossiers in their order, within the allowance."""
        for person in in_order(self.overdue):
            if person.place == rules.PRESENT and person.status == rules.PROBATION:
                self.recognise(person, day, COMMITTEE)
        self.overdue = [p for p in self.overdue if p.status == rules.PROBATION]
        for since in list(self.ready):
            room = self.ground.allowed[month] - self.admitted
            if room <= 0:
                return
            self.admit(since, room, month, day)

    def admit(self, since: float, room: int, month: int, day: float) -> None:
        """Admit of those who are ready since the same day; equals go by lottery."""
        probation_ends = self.ground.days[month + self.ground.settings.probation_months]
        equals = [p for p in self.ready[since] if p.status == rules.READY]
        present = [p for p in equals if p.place == rules.PRESENT]
        if len(present) > room:
            present = self.drawn(present, rules.COMMITTEE_LOTTERY, month)[:room]
        for person in present:
            self.log.append((day, COMMITTEE, person.hamlet.index, person.key, events.ADMITTED, 0))
            person.hamlet.candidates -= 1
            self.promote(person, rules.PROBATION, day)
            self.recognitions[probation_ends].append(person)
        self.admitted += len(present)
        self.ready[since] = [p for p in equals if p.status == rules.READY]


def in_order(people: Iterable[Person]) -> list[Person]:
    """As in the log: who is first of two restores the cell."""
    return sorted(people, key=lambda p: (p.hamlet.index, p.key))
