"""What must be true of every log: checkers that recompute the model's books from outside.

A `Case` is one replication of one policy. Every checker takes one and returns a list of
violations in words; an empty list means that it holds. `Replay` reads the log event by event and
keeps the state of everybody; it knows no engine, and shares with the model only the arrays that
are computed before the engines (residents, moves) and the keyed draws.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sim import levers as lever_types
from sim import log as events
from sim import plan as plans
from sim import rules
from sim import world as worlds
from sim.draws import uniform
from sim.engine import compiled, reference
from sim.engine.opening import opened
from sim.levers import Change, Lever
from sim.log import Log, Outcome
from sim.plan import Plan
from sim.plan.scopes import area_path, selects
from sim.scenario import Loaded, Unit
from sim.world import World

Found = list[str]
LISTED, CERTIFIED, READY, PROBATION, OFFICIAL, EXEMPT = range(6)
PRESENT, AWAY, POSTED, STAFF = range(4)
OWN, JOINT, NO_CELL, CLOSED = range(4)
CANDIDATES = {LISTED, CERTIFIED, READY}
MEMBERS = {PROBATION, OFFICIAL, EXEMPT}
OF_CELLS = {events.BELOW, events.RESTORED}
ENDINGS = {events.RECOGNISED, events.NOT_RECOGNISED}


class Event(NamedTuple):
    day: float
    phase: int
    hamlet: int
    person: int
    kind: int
    cause: int

    def __str__(self) -> str:
        return (
            f"day {self.day!r} phase {self.phase} hamlet {self.hamlet} person {self.person} "
            f"{events.KINDS[self.kind]} ({events.CAUSES[self.cause]})"
        )


@dataclass(frozen=True)
class Case:
    """One replication of one policy, with all that it was made of."""

    loaded: Loaded
    policy: str
    plan: Plan
    start: World
    outcome: Outcome
    seed: int
    replication: int

    @property
    def units(self) -> tuple[Unit, ...]:
        return self.loaded.baseline.units

    @property
    def levers(self) -> tuple[Lever, ...]:
        return self.loaded.scenario.policies[self.policy]

    @property
    def months(self) -> int:
        return int(self.plan.settings.months)

    def day(self, month: int) -> float:
        """Day of a month start, counted from the start."""
        return float(self.plan.days[self.plan.settings.origin + month])

    def month(self, day: float) -> int:
        """The month that holds a day."""
        starts = self.plan.days[self.plan.settings.origin :]
        return int(np.searchsorted(starts, day, side="right")) - 1

    def later(self, day: float, months: int) -> float:
        """The same day and hour some calendar months on, at most the end of that month."""
        m = self.month(day)
        return min(self.day(m + months) + (day - self.day(m)), self.day(m + months + 1))

    @cached_property
    def history(self) -> list[Event]:
        log = self.outcome.log
        columns = [getattr(log, name).tolist() for name in events.COLUMNS]
        return [Event(*row) for row in zip(*columns, strict=True)]

    @cached_property
    def replayed(self) -> "Replay":
        """The log, read once for several checkers."""
        return Replay(self).play(_compare_panel)

    def panel(self, name: str) -> Any:
        return self.outcome.panel[:, :, events.PANEL_FIELDS.index(name)]

    def with_log(self, log: Log) -> "Case":
        """The same case with another log: for tests that break one."""
        return replace(self, outcome=self.outcome._replace(log=events.in_order(log)))


def case(
    loaded: Loaded, policy: str, seed: int = 1, replication: int = 0, engine: str = "reference"
) -> Case:
    """Run one replication and keep everything that a checker needs."""
    plan, world = plans.make(loaded, policy), worlds.build(loaded)
    run = reference.run if engine == "reference" else compiled.run
    outcome = run(plan, world, seed, replication)
    outcome = outcome._replace(log=events.in_order(outcome.log))
    start = opened(plan, world, seed, replication)
    return Case(loaded, policy, plan, start, outcome, seed, replication)


# ---------------------------------------------------------------- the dates of levers


def month_between(case: Case, date: Any, default: int) -> int:
    start = case.loaded.scenario.start
    return default if date is None else (date.year - start.year) * 12 + date.month - start.month


def in_force(case: Case, lever: Lever, month: int) -> bool:
    first = month_between(case, lever.since, 0)
    return first <= month < month_between(case, lever.until, case.months)


def acting(case: Case, kind: type[Lever], month: int, unit: int | None = None) -> list[Any]:
    """Levers of a kind in force in a month, that may act on a unit if one is given."""
    return [
        x
        for x in case.levers
        if isinstance(x, kind)
        and in_force(case, x, month)
        and (unit is None or selects(x, case.units[unit]))
    ]


def number_in_year(case: Case, month: int) -> int:
    return (case.loaded.scenario.start.month - 1 + month) % 12 + 1


def year_of(case: Case, month: int) -> int:
    return (case.loaded.scenario.start.month - 1 + month) // 12


def held_in(case: Case, month: int, months: Any) -> bool:
    return months == "all" or number_in_year(case, month) in months


def changed(change: Change | None, base: Fraction) -> Fraction:
    """What a change makes of a base value, exactly."""
    if change is None:
        return base
    if change.to is not None:
        return max(Fraction(0), Fraction(str(change.to)))
    if change.times is not None:
        return base * Fraction(str(change.times))
    return max(Fraction(0), base + Fraction(str(change.plus)))


# ---------------------------------------------------------------- births


def births(case: Case) -> dict[int, float]:
    """Day of birth of everybody who ever appears, from the opening or from the keyed draws."""
    born = {int(p["key"]): float(p["birth"]) for p in case.start.people}
    for e in case.history:
        fresh = e.kind in (events.LISTED, events.MOVED_IN, events.POSTED)
        if fresh and e.cause != events.SENT and e.person not in born:
            born[e.person] = _birth(case, e)
    return born


def _birth(case: Case, e: Event) -> float:
    plan = case.plan
    u = uniform(
        case.seed, case.replication, rules.PERSON_STREAM, e.person, rules.BEGINNING, rules.AGE
    )
    if e.kind == events.LISTED:
        shares = plan.residents.entry[e.hamlet, case.month(e.day) // 12]
        position = min(int(np.searchsorted(shares, u, side="right")), 83)
        before, upto = (0.0, *shares)[position : position + 2]
        age = 18 + position % 42 + (u - before) / (upto - before)
    else:
        low, high = {
            events.RETIRED_HOME: plan.arrival_ages[0],
            events.DEMOBILISED: plan.arrival_ages[1],
            events.MARRIED_IN: plan.arrival_ages[2],
            events.REPLACEMENT: plan.staff_ages,
            0: plan.posting_ages,
        }[e.cause]
        age = low + u * (high - low)
    return float(e.day - age * rules.YEAR)


# ---------------------------------------------------------------- the replay

ANYWHERE = {PRESENT, AWAY, POSTED, STAFF}
AT_HOME = {PRESENT, STAFF}
ANYONE = CANDIDATES | MEMBERS
LEGAL: dict[int, tuple[set[int], set[int]]] = {
    events.CLASS_ATTENDED: ({LISTED}, AT_HOME),
    events.CLASS_MISSED: ({LISTED}, AT_HOME),
    events.CERTIFICATE_EXPIRED: ({CERTIFIED, READY}, ANYWHERE),
    events.DOSSIER_READY: ({CERTIFIED}, ANYWHERE),
    events.DOSSIER_LAPSED: ({READY}, ANYWHERE),
    events.ADMITTED: ({CERTIFIED, READY}, AT_HOME),
    events.RECOGNISED: ({PROBATION}, AT_HOME),
    events.EXEMPTED: ({OFFICIAL}, {PRESENT}),
    events.LEFT: (ANYONE, {PRESENT}),
    events.RETURNED: (ANYONE, {AWAY}),
    events.POSTING_RENEWED: ({OFFICIAL}, {POSTED}),
    events.RELOCATED: (ANYONE, ANYWHERE),
    events.DEAD: (ANYONE, ANYWHERE),
    events.MOVED: (ANYONE, {PRESENT, AWAY, STAFF}),
    events.EXPELLED: (MEMBERS, AT_HOME),
    events.STRUCK_OFF: (MEMBERS, {PRESENT, AWAY, STAFF}),
    events.ASKED_TO_LEAVE: (MEMBERS, AT_HOME),
    events.LAPSED: (CANDIDATES, ANYWHERE),
    events.OVER_AGE: ({CERTIFIED, READY}, AT_HOME),
    events.REFUSED: ({CERTIFIED, READY}, ANYWHERE),
    events.NOT_RECOGNISED: ({PROBATION}, AT_HOME),
    events.POSTING_ENDED: ({OFFICIAL}, {POSTED}),
}
"""In which states and places each event may find a person."""
NEW_STATUS = {
    events.CLASS_ATTENDED: CERTIFIED,
    events.CERTIFICATE_EXPIRED: LISTED,
    events.DOSSIER_READY: READY,
    events.DOSSIER_LAPSED: CERTIFIED,
    events.ADMITTED: PROBATION,
    events.RECOGNISED: OFFICIAL,
    events.EXEMPTED: EXEMPT,
}


@dataclass
class Someone:
    hamlet: int
    status: int
    place: int
    home: int = -1


@dataclass
class Replay:
    """Everybody's state and every cell's, recomputed from the log alone. Run with `play`."""

    case: Case
    people: dict[int, Someone] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    found: Found = field(default_factory=list)
    strength_found: Found = field(default_factory=list)
    review_found: Found = field(default_factory=list)
    panel_found: Found = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = self.case.start.hamlets
        self.cell = [int(h["cell"]) for h in rows]
        self.roll = [int(h["roll"]) for h in rows]
        self.officials = [0] * len(rows)
        self.below: dict[int, float] = {}
        for p in self.case.start.people:
            if int(p["key"]) in self.people:
                self.found.append(f"person {p['key']} is there twice at the start")
            self.people[int(p["key"])] = someone = Someone(
                int(p["hamlet"]), int(p["status"]), int(p["place"])
            )
            self.officials[someone.hamlet] += self.counts(someone)
            self.pass_open_stages(someone)

    # -- what is counted

    def counts(self, p: Someone) -> int:
        """1 if the person counts towards strength (model.md section 6)."""
        rule = self.case.loaded.scenario.rules
        return int(
            p.status in (OFFICIAL, EXEMPT)
            and (p.status != EXEMPT or rule.exempt_counts)
            and (p.place != AWAY or rule.away_counts)
            and (p.place != POSTED or rule.posted_counts)
        )

    def strength(self, cell: int) -> int:
        return sum(n for n, roll in zip(self.officials, self.roll, strict=True) if roll == cell)

    def cell_strength(self, hamlet: int) -> int:
        covered = self.cell[hamlet] in (OWN, JOINT) and self.roll[hamlet] >= 0
        return self.strength(self.roll[hamlet]) if covered else self.officials[hamlet]

    def stands(self, cell: int) -> bool:
        return self.cell[cell] == OWN and self.strength(cell) >= self.case.plan.settings.minimum

    def pass_open_stages(self, p: Someone) -> None:
        scenario = self.case.loaded.scenario
        if p.place == AWAY:
            return
        if p.status == LISTED and not scenario.training.on:
            p.status = CERTIFIED
        if p.status == CERTIFIED and not scenario.dossier.on:
            p.status = READY

    # -- the course of time

    def play(self, look: Callable[["Replay", float, int], None] | None = None) -> "Replay":
        """Read the whole log; `look(replay, day, phase)` is called after every phase."""
        self.open()
        for day, phase, batch in self.batches():
            self.take(day, phase, batch)
            if look:
                look(self, day, phase)
        return self

    def open(self) -> None:
        if self.case.plan.settings.host_exists:
            self.enrol_the_homeless(0)

    def batches(self) -> Iterator[tuple[float, int, list[Event]]]:
        """Events by day and phase; every review and every anniversary has its batch."""
        plan, case = self.case.plan, self.case
        batches: dict[tuple[float, int], list[Event]] = {(0.0, 0): []}
        for m in range(case.months):
            batches[case.day(m), 3] = []
            if plan.review[m]:
                batches[case.day(m), 6] = []
        for m in range(0, case.months + 1, 12):
            batches[case.day(m), 7] = []
        for e in case.history:
            batches.setdefault((e.day, e.phase), []).append(e)
        for (day, phase), batch in sorted(batches.items()):
            yield day, phase, batch

    def take(self, day: float, phase: int, batch: list[Event]) -> None:
        logged = [e for e in batch if e.kind in OF_CELLS]
        others = [e for e in batch if e.kind not in OF_CELLS]
        # Some kinds rank after what they come before: home again, and one of two classes missed.
        before = (events.RETURNED, events.CLASS_MISSED)
        others.sort(key=lambda e: (e.hamlet, e.person, e.kind not in before))
        if phase <= 1:
            expected = self.live(others) if phase else self.weak_at_start()
            self.compare(day, expected, logged)
        elif phase == 2:
            self.change_places(day, others, logged)
        elif phase == 6:
            self.review(day, others, logged)
        else:
            for e in others:
                self.one(e)
            self.settle(day, logged)

    # -- below and restored

    def weak_at_start(self) -> Counter[tuple[int, int, int, int]]:
        weak = [c for c in range(len(self.cell)) if self.cell[c] == OWN and not self.stands(c)]
        self.below = dict.fromkeys(weak, 0.0)
        return Counter((c, events.NOBODY, events.BELOW, events.AT_START) for c in weak)

    def live(self, batch: list[Event]) -> Counter[tuple[int, int, int, int]]:
        """Lives one after the other, and what should be logged of their cells."""
        expected: Counter[tuple[int, int, int, int]] = Counter()
        for e in batch:
            self.one(e)
            hamlet = e.hamlet
            cell = self.roll[hamlet]
            if cell < 0 or self.cell[cell] != OWN:
                continue
            if self.stands(cell) and cell in self.below:
                del self.below[cell]
                expected[cell, e.person, events.RESTORED, e.kind] += 1
            elif not self.stands(cell) and cell not in self.below:
                self.below[cell] = e.day
                expected[cell, e.person, events.BELOW, e.kind] += 1
        return expected

    def compare(
        self, day: float, expected: Counter[tuple[int, int, int, int]], logged: list[Event]
    ) -> None:
        found = Counter((e.hamlet, e.person, e.kind, e.cause) for e in logged)
        for cell, person, kind, cause in (found - expected) | (expected - found):
            self.strength_found.append(
                f"day {day}: {events.KINDS[kind]} of {cell} by {person} ({events.CAUSES[cause]})"
                " is logged without cause, or is not logged"
            )

    def settle(self, day: float, logged: list[Event]) -> None:
        """After a meeting: what is logged of each cell adds up to what happened to it."""
        net = Counter(e.hamlet for e in logged if e.kind == events.BELOW)
        net.subtract(e.hamlet for e in logged if e.kind == events.RESTORED)
        for cell in range(len(self.cell)):
            if self.cell[cell] != OWN:
                self.below.pop(cell, None)
                continue
            weak = not self.stands(cell)
            if int(weak) - int(cell in self.below) != net[cell]:
                self.strength_found.append(f"day {day}: cell {cell} below/restored is not logged")
            if weak:
                self.below.setdefault(cell, day)
            else:
                self.below.pop(cell, None)

    # -- one person

    def one(self, e: Event) -> None:
        if e.kind >= events.CHIEF_NAMED:
            self.office(e)
        elif e.kind in (events.LISTED, events.MOVED_IN, events.POSTED) and e.cause != events.SENT:
            self.enter(e)
        elif self.is_legal(e):
            self.change(e)

    def office(self, e: Event) -> None:
        """Whoever is named to an office, or trained in one, is there."""
        if e.person == events.NOBODY:
            return
        p = self.people.get(e.person)
        if p is None or p.hamlet != e.hamlet or p.place == AWAY:
            self.found.append(f"{e}: is not there")

    def enter(self, e: Event) -> None:
        if e.person in self.people or e.person in self.ended:
            self.found.append(f"{e}: entered twice")
            return
        if self.cell[e.hamlet] == CLOSED:
            self.found.append(f"{e}: the unit is not there")
        hamlet = self.case.units[e.hamlet].kind == "hamlet"
        place = POSTED if e.kind == events.POSTED else PRESENT if hamlet else STAFF
        status = LISTED if e.kind == events.LISTED else OFFICIAL
        self.people[e.person] = p = Someone(e.hamlet, status, place)
        self.officials[p.hamlet] += self.counts(p)
        self.pass_open_stages(p)

    def is_legal(self, e: Event) -> bool:
        p = self.people.get(e.person)
        if p is None:
            self.found.append(f"{e}: {'after an exit' if e.person in self.ended else 'of nobody'}")
            return False
        if e.kind == events.SENT or e.cause == events.SENT:
            good = p.status == OFFICIAL and (p.place in AT_HOME or p.home >= 0)
            here = e.hamlet in (p.hamlet, p.home) or e.kind == events.POSTED
        else:
            statuses, places = LEGAL[e.kind]
            good, here = p.status in statuses and p.place in places, p.hamlet == e.hamlet
        if not (good and here):
            self.found.append(
                f"{e}: finds the person {rules.STATUS_NAMES[p.status]}, "
                f"{rules.PLACE_NAMES[p.place]}, in hamlet {p.hamlet}"
            )
        return good and here

    def change(self, e: Event) -> None:
        p = self.people[e.person]
        self.officials[p.hamlet] -= self.counts(p)
        if e.kind == events.POSTING_ENDED and p.home >= 0:
            p.hamlet, p.home = p.home, -1
            p.place = PRESENT if self.case.units[p.hamlet].kind == "hamlet" else STAFF
        elif e.kind in events.EXITS:
            del self.people[e.person]
            self.ended.add(e.person)
            return
        elif e.kind == events.SENT:
            p.home, p.place = e.hamlet, POSTED
        elif e.kind == events.POSTED:
            p.home = p.home if p.home >= 0 else p.hamlet
            p.hamlet, p.place = e.hamlet, POSTED
        elif e.kind == events.LEFT:
            p.place = AWAY
        elif e.kind == events.RETURNED:
            hamlet = self.case.units[p.hamlet].kind == "hamlet"
            p.place = PRESENT if hamlet else STAFF
        p.status = NEW_STATUS.get(e.kind, p.status)
        self.pass_open_stages(p)
        self.officials[p.hamlet] += self.counts(p)

    # -- phase 2

    def change_places(self, day: float, batch: list[Event], logged: list[Event]) -> None:
        structural = (events.RELOCATED, events.BECAME, events.ABSORBED)
        offices = [e for e in batch if events.CHIEF_NAMED <= e.kind <= events.OFFICER_TRAINED]
        for e in batch:
            if e.kind not in structural and e not in offices:
                self.one(e)
        month = self.case.month(day)
        for move in self.case.plan.moves:
            if int(move["month"]) == month and self.cell[int(move["unit"])] != CLOSED:
                self.move(move, [e for e in batch if e.kind in structural])
        for e in offices:
            self.one(e)
        self.settle(day, logged)

    def move(self, move: Any, batch: list[Event]) -> None:
        source, into = int(move["unit"]), int(move["into"])
        if self.cell[into] == CLOSED:
            if not any(e.kind == events.BECAME and e.hamlet == into for e in batch):
                self.found.append(f"hamlet {into} became without a word")
            self.cell[into], self.roll[into] = NO_CELL, self.roll[source]
        had_cell = self.cell[source] == OWN
        followed = sum(p.hamlet == source for p in self.people.values())
        moved = [e for e in batch if e.kind == events.RELOCATED and e.hamlet == source]
        if move["closes"] and len(moved) != followed:
            self.found.append(f"hamlet {source} closes, and {followed - len(moved)} stay behind")
        for e in moved:
            if self.is_legal(e):
                p = self.people[e.person]
                self.officials[source] -= self.counts(p)
                p.hamlet = into
                self.officials[into] += self.counts(p)
        if move["closes"]:
            self.close(source, into, had_cell, batch)

    def close(self, source: int, into: int, had_cell: bool, batch: list[Event]) -> None:
        if not any(e.kind == events.ABSORBED and e.hamlet == source for e in batch):
            self.found.append(f"hamlet {source} closed without a word")
        for p in self.people.values():
            p.home = into if p.home == source else p.home
        if had_cell and self.cell[into] != OWN:
            self.cell[into], self.roll[into] = OWN, into
        for h, roll in enumerate(self.roll):
            if roll == source:
                self.roll[h] = into if had_cell else -1
        self.cell[source], self.roll[source] = CLOSED, -1

    # -- phase 6

    def review(self, day: float, batch: list[Event], logged: list[Event]) -> None:
        month = self.case.month(day)
        posted = [e for e in batch if e.kind in (events.SENT, events.POSTED)]
        sent = Counter(e.person for e in posted if e.kind == events.SENT)
        if sent != Counter(e.person for e in posted if e.cause == events.SENT):
            self.found.append(f"day {day}: who is sent and who arrives are not the same")
        combined = [e for e in batch if e.kind == events.COMBINED]
        steps = [self.combine, self.post] if self.case.plan.settings.combine_first else [
            self.post, self.combine]  # fmt: skip
        for step in steps:
            step(posted if step == self.post else combined, month)
        self.settle(day, logged)
        lost = [e for e in batch if e.kind in (events.LOST, events.RE_EMPTIED)]
        self.end(lost, day)
        for e in batch:
            if e.kind in (events.FOUNDED, events.SEPARATED):
                self.found_cell(e)
        if self.case.plan.settings.host_exists:
            self.enrol_the_homeless(month)
        self.settle(day, [])

    def post(self, batch: list[Event], _month: int) -> None:
        for e in batch:
            self.one(e)

    def combine(self, batch: list[Event], month: int) -> None:
        hosts = [self.joint_host(e.hamlet, month) for e in batch]
        for e, host in zip(batch, hosts, strict=True):
            if e.hamlet not in self.below or host < 0:
                self.review_found.append(f"{e}: is not below, or has no host")
                continue
            self.cell[e.hamlet] = JOINT
            self.roll = [host if roll == e.hamlet else roll for roll in self.roll]

    def joint_host(self, hamlet: int, month: int) -> int:
        neighbour = int(self.case.start.hamlets[hamlet]["neighbour"])
        if neighbour >= 0 and self.stands(neighbour):
            return neighbour
        return self.strongest_host(hamlet, month)

    def strongest_host(self, hamlet: int, month: int) -> int:
        plan, level = self.case.plan, self.case.plan.settings.host_level
        able = [
            h
            for h in range(len(self.cell))
            if h != hamlet and plan.area[h, level] == plan.area[hamlet, level] and self.stands(h)
        ]
        return min(able, key=lambda h: (-self.strength(h), self.lottery(h, month)), default=-1)

    def lottery(self, hamlet: int, month: int) -> tuple[float, int]:
        key = int(self.case.start.hamlets[hamlet]["key"])
        seed, k = self.case.seed, self.case.replication
        return uniform(seed, k, rules.HAMLET_STREAM, key, rules.REVIEW_LOTTERY, month), key

    def end(self, batch: list[Event], day: float) -> None:
        grace = self.case.plan.settings.grace_months
        over = {c for c, since in self.below.items() if self.case.later(since, grace) <= day}
        due = {h for h in range(len(self.cell)) for c in (self.roll[h],)
               if c in over and (h == c or self.cell[h] == JOINT)}  # fmt: skip
        if due != {e.hamlet for e in batch}:
            self.review_found.append(f"day {day}: lost are {sorted(due)} by the rule, "
                                     f"{sorted(e.hamlet for e in batch)} in the log")  # fmt: skip
        for e in batch:
            self.cell[e.hamlet] = NO_CELL
            self.below.pop(e.hamlet, None)
        self.roll = [-1 if roll >= 0 and self.cell[roll] == NO_CELL else roll for roll in self.roll]

    def found_cell(self, e: Event) -> None:
        if self.officials[e.hamlet] < self.case.plan.settings.founding:
            self.review_found.append(f"{e}: with {self.officials[e.hamlet]} officials")
        self.cell[e.hamlet], self.roll[e.hamlet] = OWN, e.hamlet

    def enrol_the_homeless(self, month: int) -> None:
        homeless = [h for h, c in enumerate(self.cell) if c == NO_CELL and self.roll[h] < 0]
        hosts = [self.strongest_host(h, month) for h in homeless]
        for hamlet, host in zip(homeless, hosts, strict=True):
            self.roll[hamlet] = host


# ---------------------------------------------------------------- checkers


def in_canonical_order(case: Case) -> Found:
    """Instant, phase, hamlet, person key, kind rank; nothing before the start or after the end."""
    log = case.outcome.log
    person = log.person.view(np.uint64)
    rows = list(zip(log.day, log.phase, log.hamlet, person, log.kind, strict=True))
    found = [f"event {i} is out of order" for i in range(1, len(rows)) if rows[i - 1] > rows[i]]
    late = (log.day < 0) | (log.day > case.plan.settings.horizon)
    return found + [f"event {i} is outside the horizon" for i in np.flatnonzero(late)]


def conservation(case: Case) -> Found:
    """members(t) = members(0) + admitted + moved in + posted in - dead - moved out - removed
    - not recognised - posting ended, at each anniversary and by plain counting."""
    start = case.start.people
    members = {int(p["key"]) for p in start if p["status"] >= PROBATION}
    sent: set[int] = set()
    first = len(members)
    flow, found, all_events = 0, [], case.history
    position = 0
    for year in range(case.months // 12 + 1):
        until = case.day(12 * year)
        while position < len(all_events) and all_events[position].day <= until:
            flow += _flow(all_events[position], members, sent)
            position += 1
        there = sum(int(case.panel(name)[year].sum()) for name in ("roll", "probation", "posted"))
        if first + flow != there:
            found.append(f"year {year}: {first} members and {flow:+d} are not {there}")
    return found


def _flow(e: Event, members: set[int], sent: set[int]) -> int:
    entering = e.kind in (events.ADMITTED, events.MOVED_IN, events.POSTED)
    if e.kind == events.SENT:
        sent.add(e.person)
    elif entering and e.cause != events.SENT:
        members.add(e.person)
        return 1
    elif e.kind == events.POSTING_ENDED and e.person in sent:
        sent.discard(e.person)
    elif e.kind in events.EXITS and e.person in members:
        return -1
    return 0


def one_state_and_place(case: Case) -> Found:
    """Every event finds its person in the state and the hamlet it presupposes, and nobody twice."""
    return case.replayed.found


def nothing_after_an_exit(case: Case) -> Found:
    """An exit is a person's last event (a member sent by a cell goes home instead)."""
    gone: dict[int, Event] = {}
    found, sent = [], set()
    for e in case.history:
        if e.person == events.NOBODY:
            continue
        by_the_exit = e.kind in OF_CELLS and e.person in gone and gone[e.person].day == e.day
        if e.person in gone and not by_the_exit:
            found.append(f"{e}: after {gone[e.person]}")
        if e.kind == events.SENT:
            sent.add(e.person)
        elif e.kind == events.POSTING_ENDED and e.person in sent:
            sent.discard(e.person)
        elif e.kind in events.EXITS:
            gone[e.person] = e
    return found


def order_of_stages(case: Case) -> Found:
    """listed <= class <= ready <= admitted < recognised, and each of the last two once."""
    found = []
    by_person = defaultdict(list)
    for e in case.history:
        by_person[e.person].append(e)
    by_person.pop(events.NOBODY, None)
    stages = (events.LISTED, events.CLASS_ATTENDED, events.ADMITTED, events.RECOGNISED)
    for person, history in by_person.items():
        first = [next((e.day for e in history if e.kind == k), None) for k in stages]
        days = [d for d in first if d is not None]
        if days != sorted(days):
            found.append(f"person {person}: stages on days {first}")
        for once in (events.LISTED, events.ADMITTED, events.RECOGNISED, events.MOVED_IN):
            if sum(e.kind == once for e in history) > 1:
                found.append(f"person {person}: twice {events.KINDS[once]}")
    return found


def recognition(case: Case) -> Found:
    """Exactly the months of probation after admission, if present; else at the next committee."""
    due = {int(p["key"]): float(p["stage_due"])
           for p in case.start.people if p["status"] == PROBATION}  # fmt: skip
    away = {int(p["key"]): 0.0 for p in case.start.people if p["place"] == AWAY}
    history: dict[int, list[Event]] = defaultdict(list)
    for e in case.history:
        history[e.person].append(e)
        if e.kind == events.ADMITTED:
            due[e.person] = case.later(e.day, case.loaded.scenario.rules.probation_months)
    found = []
    for person, day in due.items():
        right = _recognised_on(case, day, person in away, history[person])
        is_ = next((e.day for e in history[person] if e.kind in ENDINGS), None)
        if is_ != right:
            found.append(f"person {person}: probation ends on {is_}, not on {right}")
    return found


def _recognised_on(case: Case, due: float, away: bool, history: list[Event]) -> float | None:
    """The day on which a probation must end; None if the person's record ends before it."""
    absent = [(0.0, math.inf)] if away else []
    gone = math.inf
    for e in history:
        if e.kind == events.LEFT:
            absent.append((e.day, math.inf))
        elif e.kind == events.RETURNED:
            absent[-1] = (absent[-1][0], e.day)
        elif e.kind in events.EXITS and e.kind not in ENDINGS:
            gone = e.day

    def present(day: float) -> bool:
        return not any(left <= day < back for left, back in absent)

    days = [due]
    if not present(due):
        days = [case.day(m) for m in range(case.months) if case.plan.meets[m]]
        if not case.loaded.scenario.admission.on:
            days = [back for _, back in absent]
        days = [d for d in days if d > due and present(d)]
    right = min(days, default=math.inf)
    return right if right <= min(gone, case.plan.settings.horizon) else None


def admissions(case: Case) -> Found:
    """Of age by month, with a certificate in force, at a committee, ready or about to enlist."""
    scenario, born = case.loaded.scenario, births(case)
    low = scenario.rules.admission_age[0] * 12
    valid = {int(p["key"]): float(p["certificate_until"]) for p in case.start.people}
    ready = {int(p["key"]) for p in case.start.people if p["status"] == READY}
    found = []
    for e in case.history:
        if e.kind == events.CLASS_ATTENDED:
            valid[e.person] = case.later(e.day, scenario.rules.certificate_months)
        elif e.kind == events.DOSSIER_READY:
            ready.add(e.person)
        elif e.kind in (events.DOSSIER_LAPSED, events.CERTIFICATE_EXPIRED):
            ready.discard(e.person)
        elif e.kind == events.ADMITTED:
            month = case.month(e.day)
            origin = case.plan.settings.origin
            birth_month = rules.month_of(born[e.person], case.plan.days) - origin
            if not low <= month - birth_month <= _oldest(case, e.hamlet, month):
                found.append(f"{e}: at {(month - birth_month) / 12} years")
            if scenario.training.on and not e.day <= valid.get(e.person, -1.0):
                found.append(f"{e}: without a certificate in force")
            if (
                scenario.dossier.on
                and e.person not in ready
                and not _enlists(case, e, born[e.person])
            ):
                found.append(f"{e}: without a dossier")
            if scenario.admission.on and not _at_committee(case, e, month):
                found.append(f"{e}: not at a committee")
    return found


def _at_committee(case: Case, e: Event, month: int) -> bool:
    meets = held_in(case, month, case.loaded.scenario.admission.months)
    return e.phase == 5 and e.day == case.day(month) and meets


def _oldest(case: Case, hamlet: int, month: int) -> int:
    oldest = case.loaded.scenario.rules.admission_age[1]
    for lever in acting(case, lever_types.Waiver, month, hamlet):
        if lever.maximum_age is not None:
            oldest = max(oldest, lever.maximum_age) if lever.adaptive else lever.maximum_age
    return int(oldest) * 12


def _enlists(case: Case, e: Event, born: float) -> bool:
    month = case.month(e.day)
    age = (e.day - born) / rules.YEAR
    return any(
        held_in(case, month, x.months) and x.ages[0] <= age < x.ages[1] + 1
        for x in acting(case, lever_types.Enlistment, month, e.hamlet)
    )


def allowances(case: Case) -> Found:
    """No area admits more in a calendar year so far than its targets allow."""
    scenario, baseline = case.loaded.scenario, case.loaded.baseline
    found = []
    admitted = [(case.month(e.day), e.hamlet) for e in case.history if e.kind == events.ADMITTED]
    for target in scenario.admission.targets:
        depth = baseline.levels.index(target.level)
        for path in dict.fromkeys(area_path(u, depth) for u in case.units):
            inside = {h for h, u in enumerate(case.units) if area_path(u, depth) == path}
            allowed = allowance(case, target, path, inside)
            if allowed is None or not target.cap:
                continue
            so_far: Counter[int] = Counter()
            monthly = Counter(m for m, h in admitted if h in inside)
            for m in range(case.months):
                so_far[year_of(case, m)] += monthly[m]
                if monthly[m] and so_far[year_of(case, m)] > allowed[m]:
                    found.append(f"{path}, month {m}: {so_far[year_of(case, m)]} > {allowed[m]}")
    return found


def allowance(case: Case, target: Any, path: str, inside: set[int]) -> list[int] | None:
    """Admissions allowed so far in the year of each month, in exact fractions.

    A whole year's at once is what the target in force in that month would give.
    """
    yearly = target.per_year
    if isinstance(yearly, dict):
        yearly = yearly.get(path, yearly.get(path.rsplit("/", 1)[-1]))
    if yearly is None:
        return None
    by_year: dict[int, list[tuple[Fraction, bool]]] = defaultdict(list)
    for m in range(case.months):
        by_year[year_of(case, m)].append(_monthly(case, target, Fraction(str(yearly)), inside, m))
    carry, allowed = Fraction(0), []
    for months in by_year.values():
        so_far, most = carry, 0
        for to_come, (share, even) in zip(reversed(range(len(months))), months, strict=True):
            so_far += share
            most = max(most, math.floor(so_far if even else so_far + to_come * share))
            allowed.append(most)
        carry = so_far - math.floor(so_far)
    return allowed


def _monthly(
    case: Case, target: Any, base: Fraction, inside: set[int], month: int
) -> tuple[Fraction, bool]:
    rule = case.loaded.scenario.admission
    over = Fraction(str(rule.overshoot if target.overshoot is None else target.overshoot))
    pace = rule.pace
    for x in acting(case, lever_types.Admission, month):
        if any(selects(x, case.units[h]) for h in inside):
            base, over = changed(x.per_year, base), changed(x.overshoot, over)
            pace = x.pace or pace
    return base * (1 + over) / 12, pace == "even"


def seats(case: Case) -> Found:
    """No class over its seats, no class out of its months; at most one seat a person and day."""
    taken: Counter[tuple[int, str]] = Counter()
    found = []
    levels = case.loaded.baseline.levels
    twice = Counter((e.day, e.person) for e in case.history if e.kind == events.CLASS_ATTENDED)
    found += [f"{key}: two seats" for key, n in twice.items() if n > 1]
    for e in case.history:
        if e.kind in (events.CLASS_ATTENDED, events.CLASS_MISSED):
            month = case.month(e.day)
            if e.day != case.day(month) or e.phase != 4:
                found.append(f"{e}: not at a class")
            if e.kind == events.CLASS_ATTENDED or _keeps_the_seat(case, month):
                for depth in range(len(levels)):
                    taken[month, area_path(case.units[e.hamlet], depth)] += 1
    for (month, path), n in taken.items():
        offered = seats_for(case, month, path)
        if n > offered:
            found.append(f"month {month}, {path}: {n} in {offered} seats")
    return found


def _keeps_the_seat(case: Case, month: int) -> bool:
    """Whether nobody takes the seat of a no-show, in any class of the month."""
    local = [x for x in acting(case, lever_types.LocalClass, month)
             if held_in(case, month, x.months)]  # fmt: skip
    levers = [x.replace_no_shows for x in acting(case, lever_types.Training, month)]
    return not (case.loaded.scenario.training.replace_no_shows or any(levers) or local)


def seats_for(case: Case, month: int, path: str) -> float:
    """Seats in all that are open to the people of an area in a month."""
    levels = case.loaded.baseline.levels
    rule = case.loaded.scenario.training
    depth = levels.index(rule.level) if rule.level else max(len(levels) - 2, 0)
    total = 0.0
    for area in _classes_for(case, path, depth):
        total += _district_seats(case, month, area, depth) if rule.on else 0.0
    for x in acting(case, lever_types.LocalClass, month):
        if held_in(case, month, x.months):
            for area in _classes_for(case, path, levels.index(x.level)):
                inside = [u for u in case.units if area_path(u, levels.index(x.level)) == area]
                total += x.seats if any(selects(x, u) for u in inside) else 0
    return total


def _classes_for(case: Case, path: str, depth: int) -> set[str]:
    """The areas of a level that hold the area or lie in it."""
    inside = [u for u in case.units if path in [area_path(u, d) for d in range(len(u.area))]]
    return {area_path(u, depth) for u in inside}


def _district_seats(case: Case, month: int, area: str, depth: int) -> int:
    rule = case.loaded.scenario.training
    months, n = rule.months, Fraction(rule.seats)
    inside = [u for u in case.units if area_path(u, depth) == area]
    for x in acting(case, lever_types.Training, month):
        if any(selects(x, u) for u in inside):
            months, n = x.months or months, changed(x.seats, n)
    return math.floor(n + Fraction(1, 2)) if held_in(case, month, months) else 0


def terms(case: Case) -> Found:
    """A posting ends or is renewed exactly when its term is over, and never lasts longer."""
    found = []
    base = case.loaded.scenario.postings.term_months
    lasts: dict[int, set[float]] = {}
    months: dict[int, set[int]] = {}
    for p in case.start.people:
        if p["place"] == POSTED:
            lasts[int(p["key"])] = {case.day(int(p["term_month"]))}
            months[int(p["key"])] = {base}
    everything = {x.term_months for x in case.levers if isinstance(x, lever_types.Reinforcement)}
    for e in case.history:
        over = [d for d in lasts.get(e.person, ()) if d >= e.day]
        if e.person in lasts and not over:
            found.append(f"{e}: after the term, {sorted(lasts[e.person])}")
        if e.kind == events.POSTED:
            now = {x.term_months for x in acting(case, lever_types.Reinforcement,
                                                 case.month(e.day), e.hamlet)}  # fmt: skip
            months[e.person] = now if e.phase == 6 else everything | {base}
            lasts[e.person] = _ends(case, e.day, months[e.person])
        elif e.kind in (events.POSTING_RENEWED, events.POSTING_ENDED):
            if e.day not in lasts.get(e.person, ()):
                found.append(f"{e}: not at the end of a term")
            lasts.pop(e.person, None)
            if e.kind == events.POSTING_RENEWED:
                lasts[e.person] = _ends(case, e.day, months[e.person])
        elif e.kind in events.EXITS:
            lasts.pop(e.person, None)
    last_month = case.day(case.months - 1)
    found += [f"person {p} is posted for ever" for p, d in lasts.items() if max(d) <= last_month]
    return found


def _ends(case: Case, day: float, terms: set[int]) -> set[float]:
    month = case.month(day)
    last = len(case.plan.days) - case.plan.settings.origin - 1
    return {case.day(month + t) if month + t <= last else math.inf for t in terms}


def below_and_restored(case: Case) -> Found:
    """Logged exactly when strength crosses the minimum, with the person and the cause."""
    return case.replayed.strength_found


def reviews(case: Case) -> Found:
    """Cells end at the first review after grace, join standing hosts, are founded with enough."""
    return case.replayed.review_found


def panel(case: Case) -> Found:
    """Cells, strength and numbers of people at each anniversary, as the log has them."""
    return case.replayed.panel_found


def _compare_panel(now: Replay, day: float, phase: int) -> None:
    if phase != 7:
        return
    year = now.case.month(day) // 12
    for name, values in _panel_of(now).items():
        logged = now.case.panel(name)[year]
        now.panel_found += [
            f"year {year}, hamlet {h}: {name} is {logged[h]}, {values[h]} by the log"
            for h in np.flatnonzero(logged != values)
        ]


def _panel_of(now: Replay) -> dict[str, list[int]]:
    hamlets = range(len(now.cell))
    people = list(now.people.values())

    def number(test: Callable[[Someone], bool]) -> list[int]:
        n = Counter(p.hamlet for p in people if test(p))
        return [n[h] for h in hamlets]

    posted = number(lambda p: p.place == POSTED and now.counts(p) > 0)
    exempt = number(lambda p: p.status == EXEMPT and now.counts(p) > 0)
    return {
        "cell": now.cell,
        "strength": [now.cell_strength(h) for h in hamlets],
        "local": [now.officials[h] - posted[h] for h in hamlets],
        "active": [now.officials[h] - exempt[h] for h in hamlets],
        "roll": number(lambda p: p.status in (OFFICIAL, EXEMPT) and p.place != POSTED),
        "probation": number(lambda p: p.status == PROBATION),
        "listed": number(lambda p: p.status == LISTED),
        "certified": number(lambda p: p.status in (CERTIFIED, READY)),
        "away": number(lambda p: p.place == AWAY and p.status >= PROBATION),
        "posted": number(lambda p: p.place == POSTED),
    }


def eligible(case: Case) -> Found:
    """Nobody is listed where no eligible resident is left."""
    born, found = births(case), []
    asked: dict[float, set[int]] = defaultdict(set)
    for e in case.history:
        if e.phase == 3 and e.kind == events.LISTED:
            asked[e.day].add(e.person)
    listed = Counter((case.month(e.day), e.hamlet) for e in case.history if e.kind == events.LISTED)

    def look(now: Replay, day: float, phase: int) -> None:
        if phase != 3:
            return
        month = case.month(day)
        chiefs = asked[day]
        adults: Counter[int] = Counter()
        for key, p in now.people.items():
            age = (day - born[key]) / rules.YEAR
            adults[p.hamlet] += int(p.place in AT_HOME and 18 <= age < 60 and key not in chiefs)
        for h in range(len(now.cell)):
            n = listed[month, h]
            residents = float(case.plan.residents.adults[month, h])
            left = _eligible_share(case, month, h) * max(0.0, residents - adults[h])
            if n > left + 1e-6:
                found.append(f"month {month}, hamlet {h}: {n} listed of {left} eligible")

    Replay(case).play(look)
    return found


def _eligible_share(case: Case, month: int, hamlet: int) -> float:
    share = Fraction(str(case.loaded.scenario.source.listing.eligible_share))
    for x in acting(case, lever_types.Waiver, month, hamlet):
        new = min(Fraction(1), changed(x.eligible, share))
        share = max(share, new) if x.adaptive else new
    return float(share)


CHECKERS: tuple[Callable[[Case], Found], ...] = (
    in_canonical_order,
    conservation,
    one_state_and_place,
    nothing_after_an_exit,
    order_of_stages,
    recognition,
    admissions,
    allowances,
    seats,
    terms,
    below_and_restored,
    reviews,
    panel,
    eligible,
)


def violations(case: Case) -> Found:
    """All that is wrong with a case, each with the name of its checker."""
    return [f"{check.__name__}: {v}" for check in CHECKERS for v in check(case)]
