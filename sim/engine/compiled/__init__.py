"""The same model in numba, for every day's use.

Between month starts lives do not touch each other, so there is no global queue: one coupled unit
goes through the whole horizon before the next, month by month; the people due in a month are put
into a small heap. Whatever is decided is decided by `sim.rules`; only the scheduling is here.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.compilation import (
    Call,
    Packed,
    blank,
    entry,
    in_one_block,
    in_turn,
    kernel,
    pack,
    same_words,
    set_packed,
    write,
)
from sim.draws import BLOCK
from sim.engine.compiled import (
    beginning,
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
from sim.engine.compiled.queues import (
    NO_ONE,
    find_due,
    join_hamlet,
    join_pipeline,
    nobody_yet,
    pop,
    push,
    set_term,
)
from sim.engine.compiled.state import (
    EVENTS,
    GROUP,
    IN_PIPELINE,
    KEPT,
    LIFE,
    OVERFLOWN,
    PEOPLE,
    PLACE_BITS,
    POSTED_NOW,
    STATE,
    WAITING,
    draws_together,
    empty_tables,
    given_by,
    record,
)
from sim.engine.opening import (
    NONE_DRAWN,
    UNKNOWN_RATES,
    Life,
    Stopped,
    draw_person,
    fill_shocks,
    groups,
    placed,
    rate_keys,
    then_begun,
)
from sim.log import Log, Outcome, Taker, Written, outcome_in, owned
from sim.plan import Plan
from sim.world import DRAWN, PERSON, STALE, World, copied

Whole = npt.NDArray[np.int64]

ROOM_A_HAMLET = 60
"""New people of one hamlet for whom there is room at first."""
EVENTS_A_PERSON = 6
"""Events in the log for which there is room at first, for each person for whom there is."""
SHARED = ("admitted", "target_pull", "pool_used", "rates")
"""Tables that a stopped world has by the same name."""


def run(plan: Plan, world: World, seed: int, replication: int) -> Outcome:
    """One replication of one policy. The log comes in the order of writing."""
    return prepared(plan, world).run(seed, replication)


def prepared(plan: Plan, world: World, with_log: bool = True) -> "Runner":
    """One policy ready to run."""
    return Runner(plan, world, with_log)


class Runner:
    """One policy ready to run, for one thread at a time: `run` and `stop` make a replication.

    The tables are used again by one replication after the other.
    """

    def __init__(self, plan: Plan, world: World, with_log: bool) -> None:
        self._plan, self._with_log = plan, with_log
        self._opening = placed(plan, world)
        self._numbers = np.arange(int(plan.unit.max()) + 2)
        hamlets = np.argsort(plan.unit, kind="stable")
        first = _first_of_each(plan.unit[hamlets], plan.committee[hamlets])
        units = {
            "hamlets_of_units": hamlets,
            "hamlets_from": np.searchsorted(plan.unit[hamlets], self._numbers),
            "committees": plan.committee[hamlets[first]],
            "committees_from": np.searchsorted(plan.unit[hamlets[first]], self._numbers),
        }
        self._given = in_one_block(given_by(plan, world) | units)
        self._words = blank(STATE)
        write(self._words, STATE, self._given)
        self._kept = np.empty(0, dtype=PERSON)
        self._make_room(self._by_unit(self._opening.people)["people_from"])

    def _make_room(self, people_from: Whole) -> None:
        """Tables for twice as many people as there are in each coupled unit at first, and some for
        each hamlet."""
        rooms = 2 * np.diff(people_from) + ROOM_A_HAMLET * np.bincount(self._plan.unit)
        self._everybody = int(rooms.sum()) + 1
        self._make_tables(int(rooms.max()) + 1, EVENTS_A_PERSON * self._everybody)

    def _make_tables(self, room: int, events_room: int) -> None:
        """Room for the people of the largest coupled unit, and for the events of all."""
        self._room, self._events_room = room, events_room
        self._tables = empty_tables(self._plan, room, events_room if self._with_log else 0)
        table = self._tables
        log = Log(*(table[f"log_{name}"] for name in events.COLUMNS))
        number = table["counters"][EVENTS : EVENTS + 1]
        months = table["lever_months"], table["posting_months"]
        self._written = Written(log, number, table["panel"], *months)
        write(self._words, STATE, table)

    def _by_unit(self, people: npt.NDArray[np.void]) -> dict[str, npt.NDArray[Any]]:
        """People in the order of their coupled units, and where each unit begins."""
        if len(self._numbers) == 2:
            return {"baseline": people, "people_from": np.array([0, len(people)])}
        of = self._plan.unit[people["hamlet"]]
        if np.any(of[1:] < of[:-1]):
            order = np.argsort(of, kind="stable")
            people, of = people[order], of[order]
        return {"baseline": people, "people_from": np.searchsorted(of, self._numbers)}

    def run(self, seed: int, replication: int, since: Stopped | None = None) -> Outcome:
        """One replication, from its beginning or from where it was stopped."""
        self._simulate(seed, replication, since, self._plan.settings.months)
        return owned(outcome_in(self._written))

    def replicate(
        self, seed: int, lives: Sequence[Life], takers: Sequence[Taker], row: int = 0
    ) -> None:
        """Several replications, each of which all takers take into its row, from `row` on.

        All are made without the interpreter, which another thread may use meanwhile.
        """
        done = 0
        while done < len(lives):
            calls: list[Call] = []
            for at, words in enumerate(self._words_of(seed, lives[done:]), start=row + done):
                calls.append((run_units, words))
                calls += [taker.taking(self._written, at) for taker in takers]
            whole, part = divmod(in_turn(calls), 1 + len(takers))
            done += whole
            if part > 0:  # the taker after it has no room: it has time now
                for taker in takers[part - 1 :]:
                    taker.take(self._written, row + done)
                done += 1
            elif done < len(lives) and not _run(calls[whole * (1 + len(takers))][1]):
                self._grow()

    def stop(
        self, seed: int, replication: int, month: int, since: Stopped | None = None
    ) -> Stopped:
        """One replication until a month start before the horizon."""
        drawn = since.drawn if since is not None else NONE_DRAWN
        to_draw = NONE_DRAWN if len(drawn) else np.empty(self._shape_of_draws)
        write(self._words, STATE, {"to_draw": to_draw})
        self._simulate(seed, replication, since, month)
        people = copied(self._kept[: self._tables["counters"][KEPT]])
        hamlets = copied(self._tables["hamlets"])
        hamlets["group"] &= (1 << self._plan.settings.adaptive) - 1
        hamlets["base_group"] = 0
        shared = {name: self._tables[name].copy() for name in SHARED}
        world = World(people, hamlets, month, self._plan.adaptive_keys, **shared)
        return Stopped(world, owned(outcome_in(self._written)), drawn if len(drawn) else to_draw)

    def _simulate(self, seed: int, replication: int, since: Stopped | None, until: int) -> None:
        """One replication into the tables."""
        while True:
            if until < self._plan.settings.months and len(self._kept) < self._everybody:
                self._kept = np.empty(self._everybody, dtype=PERSON)
                write(self._words, STATE, {"kept": self._kept})
            (words,) = self._words_of(seed, [(replication, since)], until)
            if _run(words):
                return
            self._grow()

    def _grow(self) -> None:
        self._everybody *= 2
        self._make_tables(2 * self._room, 2 * self._events_room)

    def _words_of(self, seed: int, lives: Sequence[Life], until: int | None = None) -> list[Any]:
        """The words for each replication, in tables that have room for its people at first."""
        begins = [self._own_fields(since) for _, since in lives]
        self._begins = begins  # kept while kernels read them
        for one in begins:
            crowded = len(one["baseline"]) >= self._room
            if crowded and np.diff(one["people_from"]).max() >= self._room:
                self._make_room(one["people_from"])
        months = self._plan.settings.months if until is None else until
        write(self._words, STATE, {"seed": seed, "until_month": months})
        if months < self._plan.settings.months:
            write(self._words, STATE, {"rate_keys": self._rate_keys})
        found = []
        for (replication, since), one in zip(lives, begins, strict=True):
            month = 0 if since is None else since.world.month
            numbers = {"replication": replication, "from_month": month}
            set_packed(self._words, self._opening_fields if since is None else _packed(since))
            write(self._words, STATE, one | numbers)
            found.append(same_words(self._words))
        return found

    @property
    def _shape_of_draws(self) -> tuple[int, int, int]:
        """Blocks of months, hamlets, numbers: see `Stopped.drawn`."""
        return self._plan.settings.months // BLOCK, len(self._plan.unit), 2 * BLOCK

    def _own_fields(self, since: Stopped | None) -> dict[str, Any]:
        """What a replication of this policy begins or goes on with, beside what it has in common
        with all that begin there."""
        if since is None:
            return self._by_unit(self._opening.people) | {"groups_then": self._opening_groups}
        return {
            **self._by_unit(since.world.people),
            "groups_then": groups(self._plan, since.world),
            "lever_months_then": then_begun(self._plan, since).lever_months,
            "rate_keys": self._rate_keys,
        }

    @cached_property
    def _opening_groups(self) -> Whole:
        return np.ascontiguousarray(self._opening.hamlets["group"])

    @cached_property
    def _opening_fields(self) -> Packed:
        return pack(STATE, {"hamlets_then": self._opening.hamlets, "drawn": NONE_DRAWN})

    @cached_property
    def _rate_keys(self) -> Whole:
        return rate_keys(self._plan)


_PACKED: WeakKeyDictionary[Stopped, Packed] = WeakKeyDictionary()


def _packed(since: Stopped) -> Packed:
    """What all who go on from a stopped replication have in common, kept as long as it is."""
    if since not in _PACKED:
        _PACKED.setdefault(since, pack(STATE, _in_common(since)))
    return _PACKED[since]


def _in_common(since: Stopped) -> dict[str, Any]:
    world, outcome = since.world, since.outcome
    unknown = np.full((len(world.hamlets), 2), UNKNOWN_RATES, dtype=np.int64)
    log = {f"log_{name}_then": getattr(outcome.log, name) for name in events.COLUMNS}
    return {
        "hamlets_then": world.hamlets, "panel_then": outcome.panel,
        "posting_months_then": outcome.posting_months, "admitted_then": world.admitted,
        "target_pull_then": world.target_pull, "pool_used_then": world.pool_used,
        "rates_then": world.rates if len(world.rates) else unknown, "drawn": since.drawn, **log,
    }  # fmt: skip


def _first_of_each(units: Whole, committees: Whole) -> Whole:
    """Where each pair of unit and committee stands first; a committee may decide in several."""
    pairs = units * (int(committees.max()) + 1) + committees
    return np.sort(np.unique(pairs, return_index=True)[1])


def _run(words: Any) -> int:
    """`run_units`, in which only `rules.number_drawn` can fail."""
    try:
        return run_units(words)
    except RuntimeError as failed:
        raise rules.TooManyPeople from failed


# ---------------------------------------------------------------- the schedule


@entry(STATE)
def run_units(s):
    """Every coupled unit through the whole horizon; 0 if the tables were too small, else 1."""
    beginning.begin_tables(s)
    foresee(s)
    for u in range(len(s.hamlets_from) - 1):
        members = s.hamlets_of_units[s.hamlets_from[u] : s.hamlets_from[u + 1]]
        begin(s, s.people_from[u], s.people_from[u + 1], members)
        for month in range(s.from_month, s.until_month):
            month_start(s, members, month, s.days[s.origin + month])
            if s.counters[OVERFLOWN]:
                return 0
            following = month + 1
            phase_0 = following < s.months and s.january[following]
            stops = following == s.until_month and following < s.months
            if phase_0 or stops:  # what happens on the day itself comes after it
                lives(s, s.eves[s.origin + following])
            else:
                lives(s, s.days[s.origin + following])
        if s.until_month == s.months:
            panel.take_panel(s, members, s.months, s.horizon)
        else:
            stopping.keep(s, members)
            listing.draw_ahead(s, members)
        if s.counters[OVERFLOWN]:
            return 0
        if s.counters[EVENTS] > len(s.log_day) and len(s.log_day) > 0:
            return 0
    return 1


@kernel
def foresee(s):
    """The bad years to come."""
    fill_shocks(s.seed, s.replication, s.area_keys, s.shock_sd, s.year, s.shock)
    for h in range(len(s.shock)):
        s.shock_most[h] = 0.0
        for period in range(len(s.year)):
            s.shock_most[h] = max(s.shock_most[h], s.shock[h, period])


@kernel
def month_start(s, members, month, day):
    """The phases of a month start."""
    if month > 0 and s.january[month]:
        meetings.year_begins(s, members, month, day)
    if month == s.from_month or s.january[month]:
        lives(s, day)
    postings.end_and_replace(s, members, month, day)
    moves.make_moves(s, members, month, day)
    offices.fill_offices(s, members, month, day)
    offices.hold_courses(s, members, month, day)
    listing.list_and_move_in(s, members, month, day)
    meetings.hold_classes(s, members, month, day)
    if s.committee_on and s.meets[month]:
        meetings.committee_meets(s, members, month, day)
    if s.review[month]:
        review.review(s, members, month, day)
    panel.tally(s, members, month)
    if month % 12 == 0:
        panel.take_panel(s, members, month, day)


@kernel
def lives(s, until):
    """All steps of lives up to and including `until`, in the order of day, hamlet and key."""
    s.counters[WAITING] = 0
    for k in range(find_due(s, s.due, s.soonest_due, until)):
        push(s, s.scratch[k])
    while s.counters[WAITING] > 0:
        i = pop(s)
        life.live(s, i, s.due[i])
        if s.due[i] <= until:
            push(s, i)


# ---------------------------------------------------------------- the first day


@kernel
def begin(s, first, last, members):
    """The people of a coupled unit begin, or go on from where the replication was stopped."""
    n = last - first
    s.counters[PEOPLE] = n
    s.counters[POSTED_NOW] = s.counters[IN_PIPELINE] = 0
    for group in range(len(s.soonest_due)):
        s.soonest_due[group] = s.soonest_turn[group] = rules.NEVER
    nobody_yet(s, n // GROUP * GROUP)
    for k in range(len(members)):
        s.first_person[members[k]] = NO_ONE
    for month in range(s.months):
        s.first_term[month] = NO_ONE
    if s.from_month == 0:
        settle(s, first, n, members)
    else:
        stopping.go_on(s, first, n, members, s.days[s.origin + s.from_month])


@kernel
def settle(s, first, n, members):
    """People take their places; cells are counted, hosts found, offices held; lives begin."""
    for i in range(n):
        s.people[i] = s.baseline[first + i]
        take_place(s, i)
    strengths(s, members)
    for k in range(len(members)):
        hold_offices(s, members[k])
    for i in range(n):
        stages.pass_open_stages(s, i, 0.0, LIFE)
        clocks.look_ahead(s, i, 0.0)


@kernel
def take_place(s, i):
    """A person of the baseline, with what is unknown drawn, is counted where it lives."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    beginning = draws_together(s, i, rules.BEGINNING, 0)
    draw_person(s, p, hamlet["difficulty"], beginning)
    p["entry_day"], p["entry_hamlet"] = 0.0, p["hamlet"]
    clocks.set_death(s, i, beginning[rules.DEATH_BUDGET])
    p["since"], p["clock"] = 0.0, STALE
    p["counted"], p["points"], p["adult"], p["weight"] = 0, 0, 0, 0
    s.state[i] = p["status"] << PLACE_BITS | p["place"]
    s.term[i] = NO_ONE
    join_hamlet(s, i)
    if p["place"] == rules.POSTED:
        set_term(s, i, np.int64(p["term_month"]))
        s.counters[POSTED_NOW] += 1
        if p["pool"] >= 0:
            s.pool_used[p["pool"]] += 1
    if rules.counts(p["status"], p["place"], s.away_counts, s.exempt_counts, s.posted_counts):
        p["counted"] = 1
        hamlet["officials"] += 1
    if p["status"] <= rules.READY:
        hamlet["candidates"] += 1
    if p["status"] <= rules.PROBATION:
        join_pipeline(s, i)
    counting.take_stock(s, i, 0.0)


@kernel
def strengths(s, members):
    """Strength of each cell at the start; who is under the minimum is `below` from day 0."""
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        if hamlet["roll"] >= 0:
            s.hamlets[hamlet["roll"]]["strength"] += hamlet["officials"]
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        s.host[k] = -1
        if s.host_exists and hamlet["cell"] == rules.NONE and hamlet["roll"] < 0:
            s.host[k] = review.host_of(s, members, members[k], 0)
    for k in range(len(members)):
        if s.host[k] >= 0:
            hamlet = s.hamlets[members[k]]
            hamlet["roll"] = s.host[k]
            s.hamlets[s.host[k]]["strength"] += hamlet["officials"]
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if hamlet["cell"] == rules.OWN and hamlet["strength"] < s.minimum:
            hamlet["below_since"], hamlet["below_cause"] = 0.0, events.AT_START
            record(s, 0.0, 0, h, events.NOBODY, events.BELOW, events.AT_START)


@kernel
def hold_offices(s, h):
    """Who holds an office at the start is not published: it is drawn."""
    hamlet = s.hamlets[h]
    if hamlet["chief"] == DRAWN:
        chief = offices.by_lottery(s, h, True, 0, 0.0)
        hamlet["chief"] = chief if chief != NO_ONE else rules.RESIDENT_CHIEF
    if hamlet["secretary"] == DRAWN:
        secretary = offices.by_lottery(s, h, False, 0, 0.0)
        hamlet["secretary"] = secretary if secretary != NO_ONE else rules.NO_CHIEF
        hamlet["secretary_trained"] = hamlet["secretary_trained"] and secretary != NO_ONE
