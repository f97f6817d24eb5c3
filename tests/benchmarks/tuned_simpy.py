"""A carefully tuned SimPy model of the slice: the yardstick for the reference engine.

Death, leaving, returning, listing, class, admission, probation, below, lost, for ten years of a
district of 141 hamlets, 20 of them weak, with about 2,000 members. Written apart from `sim`, with
plain lists and `random`, and as fast as it gets with SimPy's own loop and queue:

- a person has one event, armed with the next thing to happen and armed again after it; callbacks
  in place of processes; what lies beyond the horizon never enters SimPy's queue;
- a death is drawn once, by inverting the cumulated hazard over all age bands at once;
- chances are tabulated by strength; a review looks only at the cells that are below.

Time is in equal months, rates are per year. At a month start, after the life events of that
instant: listing, class, committee, review.
"""

import random
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Generator
from itertools import accumulate
from math import exp, log

import simpy

MONTHS = 120
HAMLETS = 141
WEAK_HAMLETS = 20
MINIMUM = 3

# Deaths per person-year from age 15 by five years: WPP 2024, Viet Nam 2020, 28 % women.
FIRST_AGE, BAND_YEARS = 15, 5
DEATH_RATES = (
    0.00141, 0.00201, 0.00193, 0.00208, 0.00239, 0.00313, 0.00408, 0.00629, 0.00838,
    0.01328, 0.02131, 0.03439, 0.05685, 0.09445, 0.15523, 0.23780, 0.35929, 0.50074,
)
CUMULATED_HAZARD = tuple(accumulate((BAND_YEARS * rate for rate in DEATH_RATES), initial=0.0))[:-1]

RETURNING = 0.2
LISTINGS_PER_HAMLET_YEAR, WEAK_FACTOR = 0.55, 0.35
FULL_HELP, OUTSIDE_HELPERS = 6, 1.5
CLASS_EVERY, SEATS, ATTENDANCE = 3, 50, 0.7
DOSSIER_MONTHS = 9
TARGET = 42
PROBATION_MONTHS = 12

CANDIDATE, PROBATIONER, OFFICIAL, GONE = range(4)
LEAVING = (0.1, 0.02, 0.02)

# Youngest, oldest age and per cent of a group.
OFFICIAL_AGES = (
    (18, 30, 6), (30, 40, 11), (40, 50, 14), (50, 60, 19), (60, 70, 24), (70, 80, 17), (80, 92, 9),
)
CANDIDATE_AGES = ((18, 23, 22), (23, 31, 50), (31, 36, 17), (36, 41, 8), (41, 51, 3))


def age_slots(groups: tuple[tuple[int, int, int], ...]) -> list[tuple[int, int]]:
    """Return a hundred (youngest age, width), as many of each group as its per cent."""
    return [(low, high - low) for low, high, percent in groups for _ in range(percent)]


def no_listing(factor: float) -> list[float]:
    """Return the chance that a hamlet lists nobody in a month, by officials present."""
    shares = (min(1.0, (officials + OUTSIDE_HELPERS) / FULL_HELP) for officials in range(200))
    return [exp(-factor * LISTINGS_PER_HAMLET_YEAR / 12 * share) for share in shares]


OFFICIAL_SLOTS, CANDIDATE_SLOTS = age_slots(OFFICIAL_AGES), age_slots(CANDIDATE_AGES)
NO_LISTING = WEAK_HAMLETS * [no_listing(WEAK_FACTOR)]
NO_LISTING += (HAMLETS - WEAK_HAMLETS) * [no_listing(1.0)]
MEMBERS_AT_START = [
    3 + hamlet % 3 if hamlet < WEAK_HAMLETS else 10 + 7 * hamlet % 13 for hamlet in range(HAMLETS)
]
HAMLET_AT_START = [
    hamlet for hamlet, members in enumerate(MEMBERS_AT_START) for _ in range(members)
]


def years_to_death(age: float, budget: float) -> float:
    """Return how long it takes from `age` until the cumulated hazard has used up `budget`."""
    band, into_band = divmod(age - FIRST_AGE, BAND_YEARS)
    budget += CUMULATED_HAZARD[int(band)] + into_band * DEATH_RATES[int(band)]
    last = bisect_right(CUMULATED_HAZARD, budget) - 1
    into_last = (budget - CUMULATED_HAZARD[last]) / DEATH_RATES[last]
    return FIRST_AGE + BAND_YEARS * last + into_last - age


class NextEvent(simpy.Event):
    """The one event of a person, fired and armed again for life."""

    _ok = True

    def __init__(self, env: simpy.Environment, person: int) -> None:
        super().__init__(env)
        self.person = person


Happening = Callable[[NextEvent], None]


class District:
    """One replication: people as parallel lists, indexed by person."""

    def __init__(self, seed: int) -> None:
        self.env = simpy.Environment()
        self.random = random.Random(seed).random
        self.counts: Counter[str] = Counter()
        self.hamlet = HAMLET_AT_START.copy()
        self.status = [OFFICIAL] * len(self.hamlet)
        self.away = [False] * len(self.hamlet)
        self.death_month = [self.months_to_death(OFFICIAL_SLOTS) for _ in self.hamlet]
        self.next_event: list[NextEvent | None] = [None] * len(self.hamlet)
        self.strength = MEMBERS_AT_START.copy()
        self.has_cell = [True] * HAMLETS
        self.below: set[int] = set()
        self.queue: list[int] = []
        self.pool: deque[int] = deque()
        self.dossiers: list[list[int]] = [[] for _ in range(MONTHS + DOSSIER_MONTHS)]
        self.recognitions: list[list[int]] = [[] for _ in range(MONTHS + PROBATION_MONTHS + 1)]
        self.admitted_this_year = 0

    def run(self) -> dict[str, int]:
        self.fill_pipeline()
        for person in range(len(self.hamlet)):
            self.arm(person, 0.0)
        self.env.process(self.meetings())
        self.env.run(until=MONTHS)
        self.counts["cells"] = sum(self.has_cell)
        self.counts["officials"] = sum(self.strength)
        return dict(self.counts)

    # People

    def months_to_death(self, ages: list[tuple[int, int]]) -> float:
        """Draw an age and return how long a person of that age still has to live."""
        random = self.random
        youngest, width = ages[int(100 * random())]
        return 12 * years_to_death(youngest + width * random(), -log(1.0 - random()))

    def add(self, hamlet: int, status: int, month: float) -> int:
        """Return a new person who enters at `month`."""
        self.hamlet.append(hamlet)
        self.status.append(status)
        self.away.append(False)
        self.death_month.append(month + self.months_to_death(CANDIDATE_SLOTS))
        self.next_event.append(None)
        return len(self.hamlet) - 1

    def fill_pipeline(self) -> None:
        """Put people in line for the class, at their dossiers and on probation."""
        for hamlet in range(43):
            self.queue.append(self.add(hamlet, CANDIDATE, 0.0))
        for hamlet in range(43, 106):
            self.dossiers[hamlet % DOSSIER_MONTHS].append(self.add(hamlet, CANDIDATE, 0.0))
        for hamlet in range(106, HAMLETS):
            person = self.add(hamlet, PROBATIONER, 0.0)
            self.recognitions[1 + hamlet % PROBATION_MONTHS].append(person)

    # Lives

    def arm(self, person: int, now: float) -> None:
        """Schedule what happens next to a person."""
        away = self.away[person]
        rate = RETURNING if away else LEAVING[self.status[person]]
        month = now - 12 * log(1.0 - self.random()) / rate
        death = self.death_month[person]
        if death <= month:
            self.schedule(person, self.die, death, now)
        else:
            self.schedule(person, self.come_back if away else self.leave, month, now)

    def schedule(self, person: int, happens: Happening, month: float, now: float) -> None:
        event = self.next_event[person]
        if event is not None and event.callbacks is not None:
            event.callbacks = []  # still in SimPy's queue with an overtaken date: to do nothing
            event = None
        if month >= MONTHS:
            self.next_event[person] = None
            return
        if event is None:
            event = self.next_event[person] = NextEvent(self.env, person)
        event.callbacks = [happens]
        self.env.schedule(event, delay=month - now)

    def die(self, event: NextEvent) -> None:
        person = event.person
        self.counts["died"] += 1
        if not self.away[person]:
            self.depart(person)
        self.status[person] = GONE

    def leave(self, event: NextEvent) -> None:
        person = event.person
        self.counts["left"] += 1
        self.depart(person)
        self.away[person] = True
        self.arm(person, self.env.now)

    def come_back(self, event: NextEvent) -> None:
        person = event.person
        self.counts["returned"] += 1
        self.away[person] = False
        if self.status[person] == OFFICIAL:
            self.strengthen(self.hamlet[person])
        self.arm(person, self.env.now)

    def be_listed(self, event: NextEvent) -> None:
        self.counts["listed"] += 1
        self.queue.append(event.person)
        self.arm(event.person, self.env.now)

    # Cells

    def depart(self, person: int) -> None:
        """Take a person who is present, and dies or leaves, off the strength of the cell."""
        if self.status[person] != OFFICIAL:
            return
        hamlet = self.hamlet[person]
        self.strength[hamlet] -= 1
        if self.strength[hamlet] == MINIMUM - 1 and self.has_cell[hamlet]:
            self.counts["below"] += 1
            self.below.add(hamlet)

    def strengthen(self, hamlet: int) -> None:
        self.strength[hamlet] += 1
        if self.strength[hamlet] == MINIMUM and self.has_cell[hamlet]:
            self.counts["restored"] += 1
            self.below.remove(hamlet)

    # Meetings

    def meetings(self) -> Generator[simpy.Event, None, None]:
        for month in range(MONTHS):
            self.list_residents(month)
            if month % CLASS_EVERY == 0:
                self.hold_class(month)
            self.recognise(month)
            self.admit(month)
            self.review()
            yield self.env.timeout(1)

    def list_residents(self, month: int) -> None:
        """Draw the listings of the month ahead, each at an instant of its own."""
        random = self.random
        for hamlet, officials in enumerate(self.strength):
            chance = NO_LISTING[hamlet][officials]
            product = random()
            while product > chance:  # the count is Poisson
                self.expect(hamlet, month)
                product *= random()

    def expect(self, hamlet: int, now: int) -> None:
        month = now + self.random()
        person = self.add(hamlet, CANDIDATE, month)
        self.schedule(person, self.be_listed, month, now)

    def hold_class(self, month: int) -> None:
        waiting, seats = [], SEATS
        for person in self.queue:
            if self.status[person] == GONE:
                continue
            if seats and not self.away[person] and self.random() < ATTENDANCE:
                seats -= 1
                self.dossiers[month + DOSSIER_MONTHS].append(person)
            else:
                waiting.append(person)
        self.queue = waiting
        self.counts["trained"] += SEATS - seats

    def recognise(self, month: int) -> None:
        """Make official whose probation is over; who is away waits for the next committee."""
        for person in self.recognitions[month]:
            if self.away[person]:
                self.recognitions[month + 1].append(person)
            elif self.status[person] == PROBATIONER:
                self.counts["recognised"] += 1
                self.status[person] = OFFICIAL
                self.strengthen(self.hamlet[person])

    def admit(self, month: int) -> None:
        """Admit who is ready and present, first come, within the year's allowance so far."""
        begun = month % 12 + 1
        if begun == 1:
            self.admitted_this_year = 0
        room = TARGET * begun // 12 - self.admitted_this_year
        self.pool.extend(self.dossiers[month])
        absent = []
        while room and self.pool:
            person = self.pool.popleft()
            if self.away[person]:
                absent.append(person)
            elif self.status[person] != GONE:
                room -= 1
                self.put_on_probation(person, month)
        self.pool.extendleft(reversed(absent))

    def put_on_probation(self, person: int, month: int) -> None:
        self.counts["admitted"] += 1
        self.admitted_this_year += 1
        self.status[person] = PROBATIONER
        self.recognitions[month + PROBATION_MONTHS].append(person)
        self.arm(person, month)  # the rate of leaving is another one now

    def review(self) -> None:
        for hamlet in self.below:
            self.counts["lost"] += 1
            self.has_cell[hamlet] = False
        self.below.clear()


def replication(seed: int) -> dict[str, int]:
    """Simulate ten years; return how often each thing happened, and cells and officials left."""
    return District(seed).run()
