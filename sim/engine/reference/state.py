"""What exists while the reference engine runs: persons, hamlets, and the unit they share."""

from collections import defaultdict
from heapq import heappush
from typing import Any

import numpy as np
import simpy

from sim import rules
from sim.draws import uniform, uniforms4
from sim.engine.opening import Begun
from sim.plan import Plan
from sim.plan.rates import Floats
from sim.plan.schedule import SCHEDULE

Record = tuple[float, int, int, int, int, int]
Block = tuple[float, ...]
"""Draws that are made together."""

LIFE, POSTINGS, LISTING, CLASS, COMMITTEE, REVIEW = 1, 2, 3, 4, 5, 6
FIRST, SECOND = -3.0e18, -2.0e18
"""Priorities before all others: about to enlist, and the chief."""
MONTH = 30.4375


class Calendar(simpy.Environment):
    """SimPy with absolute times and a written order of what falls on one instant.

    Equal instants are ordered by phase, hamlet and person; now + (t - now) is not t.
    """

    def at(self, day: float, phase: int, hamlet: int = 0, key: int = 0) -> simpy.Event:
        """An event that happens at exactly `day`."""
        happens = simpy.Event(self)
        happens._ok, happens._value = True, None
        order = (((phase << 32) + hamlet) << 64) + key + 2  # above SimPy's own urgent and normal
        queue: list[Any] = self._queue
        heappush(queue, (day, order, next(self._eid), happens))
        return happens


class Person:
    """A followed person. See `sim.world.PERSON` for what the fields mean."""

    __slots__ = (
        "adult",
        "birth",
        "budget",
        "certificate_until",
        "counted",
        "death",
        "dossiers",
        "entry_cause",
        "entry_day",
        "entry_hamlet",
        "entry_kind",
        "fired",
        "hamlet",
        "helper_from",
        "home",
        "key",
        "limit",
        "next_day",
        "place",
        "points",
        "pool",
        "process",
        "sex",
        "since",
        "stage_due",
        "status",
        "term_month", "term_months",
        "turn",
        "waiting",
        "weight",
        "what",
    )  # fmt: skip

    def __init__(self, key: int, hamlet: "Hamlet", status: int, place: int, sex: int) -> None:
        self.key, self.hamlet, self.status, self.place, self.sex = key, hamlet, status, place, sex
        self.birth = self.death = self.next_day = self.turn = rules.NEVER
        self.entry_day, self.entry_hamlet = 0.0, hamlet
        self.stage_due = self.certificate_until = self.limit = rules.NEVER
        self.budget, self.since, self.waiting, self.helper_from = 0.0, 0.0, 0.0, -rules.NEVER
        self.what, self.fired, self.dossiers = rules.DEATH, 0, 0
        self.home: Hamlet | None = None
        self.term_month, self.term_months, self.pool = -1, 0, -1
        self.entry_kind, self.entry_cause = 0, 0
        self.counted, self.points, self.adult, self.weight = 0, 0, 0, 0
        self.process: simpy.Process | None = None

    @property
    def is_candidate(self) -> bool:
        """On the source list, with or without the certificate and the dossier."""
        return self.status <= rules.READY

    @property
    def is_followed(self) -> bool:
        """Has entered and not ended."""
        return self.entry_kind == 0 and self.status != rules.GONE


class Hamlet:
    """A unit, its people and its cell. Counts are running counts of persons of this unit."""

    def __init__(self, index: int, row: np.void) -> None:
        self.index, self.key = index, int(row["key"])
        self.people: dict[int, Person] = {}
        self.cell, self.roll = int(row["cell"]), int(row["roll"])
        self.below_since = float(row["below_since"])
        self.below_cause = int(row["below_cause"])
        self.strength, self.officials = int(row["strength"]), int(row["officials"])
        self.candidates, self.points = int(row["candidates"]), int(row["points"])
        self.adults, self.weight = int(row["adults"]), int(row["weight"])
        self.listing_factor = float(row["listing_factor"])
        self.leaving_factor = float(row["leaving_factor"])
        self.mortality_factor = float(row["mortality_factor"])
        self.pull = float(row["pull"])
        self.group, self.base_group = int(row["group"]), int(row["base_group"])
        self.neighbour, self.difficulty = int(row["neighbour"]), int(row["difficulty"])
        self.is_hamlet, self.staff = bool(row["is_hamlet"]), int(row["staff"])
        self.ever_founded = bool(row["ever_founded"])
        self.last_admission, self.gain = int(row["last_admission"]), int(row["gain"])
        self.chief: Person | None = None
        self.chief_code = int(row["chief"])
        self.chief_trained, self.chief_asked = bool(row["chief_trained"]), bool(row["chief_asked"])
        self.secretary: Person | None = None
        self.secretary_code = int(row["secretary"])
        self.secretary_trained = bool(row["secretary_trained"])
        self.vacancies, self.turns = int(row["vacancies"]), int(row["turns"])
        self.admissions = int(row["admissions"])
        self.shock: Floats = np.ones(1)


class Row:
    """What holds for a group in a month, as plain numbers: see `sim.plan.schedule.SCHEDULE`.

    `oldest`: who was born before that day is over the age limit.
    """

    def __init__(self, row: np.void, month: int, month_days: Floats) -> None:
        self.__dict__.update(zip(SCHEDULE.names or (), row.item(), strict=True))
        self.oldest = rules.born_before(self.maximum_age, month, month_days)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Unit:
    """A coupled unit: its hamlets, what they share, and the log.

    What `begun` counts belongs to all units; each goes on counting what is its own.
    """

    def __init__(
        self, plan: Plan, seed: int, replication: int, hamlets: list[Hamlet], begun: Begun,
        month: int,
    ) -> None:  # fmt: skip
        self.plan, self.seed, self.replication = plan, seed, replication
        self.settings, self.rates = plan.settings, plan.rates
        self.hamlets = hamlets
        self.by_index = {h.index: h for h in hamlets}
        self.calendar = Calendar(self.day_of(month))
        self.log: list[Record] = []
        self.month = month
        self.panel, self.lever_months = begun.panel, begun.lever_months
        self.posting_months = begun.posting_months
        self.admitted, self.target_pull = begun.admitted, begun.target_pull
        self.pool_used = begun.pool_used
        self.rows: dict[tuple[int, int], Row] = {}
        self.pipeline: dict[int, Person] = {}
        self.month_years: list[float] = plan.month_years.tolist()
        self.arrivals: list[float] = plan.arrivals.tolist()
        self.target_of: list[list[int]] = plan.target_of.tolist()
        self.turning: dict[int, list[Person]] = defaultdict(list)
        self.terms: dict[int, list[Person]] = defaultdict(list)
        self.postings = 0
        self.targets = sorted({t for h in hamlets for t in self.target_of[h.index] if t >= 0})
        alike = {(int(plan.committee[h.index]), *self.target_of[h.index]): h for h in hamlets}
        self.one_of_each_target: dict[int, list[Hamlet]] = defaultdict(list)
        for (area, *_), hamlet in alike.items():
            self.one_of_each_target[area].append(hamlet)

    def row(self, hamlet: Hamlet, month: int) -> Row:
        """What holds for a hamlet in a month; after the last month as in the last."""
        row = self.rows.get((hamlet.group, month))
        if row is None:
            schedule = self.plan.schedule[hamlet.group, min(month, self.settings.months - 1)]
            row = Row(schedule, self.settings.origin + month, self.plan.days)
            self.rows[hamlet.group, month] = row
        return row

    def day_of(self, month: int) -> float:
        """Day of a month start."""
        return float(self.plan.days[self.settings.origin + month])

    def month_at(self, day: float) -> int:
        """Index of the month that holds a day."""
        return rules.month_of(day, self.plan.days) - self.settings.origin

    def later(self, day: float, months: int) -> float:
        """The same day a number of calendar months on."""
        return rules.months_later(day, months, self.plan.days)

    def draw(self, person: Person, decision: int, occurrence: int = 0) -> float:
        """The uniform number of one decision about a person."""
        return uniform(
            self.seed, self.replication, rules.PERSON_STREAM, person.key, decision, occurrence
        )

    def draws_together(self, person: Person, decision: int, block: int = 0) -> Block:
        """Four occurrences of one decision about a person, at the price of one."""
        return uniforms4(
            self.seed, self.replication, rules.PERSON_STREAM, person.key, decision, block
        )

    def draw_for(self, hamlet: Hamlet, decision: int, occurrence: int) -> float:
        """The uniform number of one decision about a hamlet."""
        return uniform(
            self.seed, self.replication, rules.HAMLET_STREAM, hamlet.key, decision, occurrence
        )

    def record(
        self, day: float, phase: int, hamlet: Hamlet, person: int, kind: int, cause: int = 0
    ) -> None:
        """Append one event to the log."""
        self.log.append((day, phase, hamlet.index, person, kind, cause))

    def in_pipeline(self, *statuses: int) -> list[Person]:
        """Who is in one of these stages and not away."""
        return [p for p in self.pipeline.values() if p.status in statuses and p.place != rules.AWAY]

    def strongest(self, hamlets: list[Hamlet]) -> Hamlet | None:
        """The strongest cell; equals by lottery, never by row."""
        lottery = rules.REVIEW_LOTTERY
        return min(
            hamlets,
            key=lambda h: (-h.strength, self.draw_for(h, lottery, self.month), h.key),
            default=None,
        )
