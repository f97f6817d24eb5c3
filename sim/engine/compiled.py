"""The same model in numba, for every day's use.

Between month starts lives do not touch each other, so there is no global queue: one coupled unit
goes through the whole horizon before the next, month by month; the people due in a month are put
into a small heap. Whatever is decided is decided by `sim.rules`; only the scheduling is here.
"""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types
from numba.experimental import structref

from sim import log as events
from sim import rules
from sim.compilation import compiled
from sim.draws import exponential, lognormal, person_key, poisson, uniform, uniforms4
from sim.engine.opening import opened, shocks
from sim.log import Log, Outcome
from sim.plan import Plan, Settings
from sim.plan.rates import Rates
from sim.plan.residents import Residents
from sim.world import DRAWN, PERSON, World, blank_people

LIFE, POSTINGS, LISTING, CLASS, COMMITTEE, REVIEW = 1, 2, 3, 4, 5, 6
FIRST, SECOND = -3.0e18, -2.0e18
MONTH = 30.4375
PEOPLE, EVENTS, POSTED_NOW, WAITING = 0, 1, 2, 3
"""Places in `counters`: people, events, posted members, and the size of the heap."""
ELIGIBLE_AGES = 42
NOT_FOLLOWED = -1
"""State of who has not entered or is gone; else status * PLACES + place (see `look_ahead`)."""

# ---------------------------------------------------------------- everything a kernel sees

_PLAN_FIELDS = tuple(
    name for name in Plan._fields if name not in ("settings", "rates", "residents")
)
_OWN_FIELDS = (
    "seed", "replication", "shock", "hamlets", "people", "due", "turn", "term", "state", "where",
    "log_day", "log_phase", "log_hamlet", "log_person", "log_kind", "log_cause", "counters",
    "admitted", "target_pull", "pool_used", "panel", "lever_months", "posting_months",
    "order", "value", "since_queued", "lottery", "queue_key", "heap", "scratch", "best", "draws4",
    "arrivals4", "strength_then", "seen", "flags", "host", "picked",
)  # fmt: skip
_FIELDS = (*Settings._fields, *Rates._fields, *Residents._fields, *_PLAN_FIELDS, *_OWN_FIELDS)
if len(set(_FIELDS)) != len(_FIELDS):
    twice = sorted({f for f in _FIELDS if _FIELDS.count(f) > 1})
    raise ImportError(f"fields of the state are named twice: {twice}")


@structref.register
class StateType(types.StructRef):
    """Numba's type of `State`: passed to kernels as one pointer.

    A digest stands for the names of its fields: they would be part of every symbol's name.
    """

    def __init__(self, fields: Any) -> None:
        super().__init__(fields)
        self.name = f"State{hashlib.sha256(self.name.encode()).hexdigest()[:16]}"

    def preprocess_fields(self, fields: Any) -> Any:
        """Literal values lose their literal type."""
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


class State(structref.StructRefProxy):
    """The plan, the world and what the engine writes, as one record."""


structref.define_proxy(State, StateType, list(_FIELDS))


def run(
    plan: Plan, world: World, seed: int, replication: int, with_log: bool = True
) -> Outcome:
    """One replication of one policy. The log comes in the order of writing."""
    fresh = opened(plan, world, seed, replication)
    factors = shocks(plan, seed, replication)
    room = 2 * len(fresh.people) + 60 * len(fresh.hamlets) + 100
    while True:
        outcome, enough = _attempt(plan, fresh, factors, seed, replication, room, with_log)
        if enough:
            return outcome
        room *= 2


def _attempt(
    plan: Plan,
    world: World,
    factors: npt.NDArray[np.float64],
    seed: int,
    replication: int,
    room: int,
    with_log: bool,
) -> tuple[Outcome, bool]:
    """A run in tables of a given size; says whether they were large enough."""
    own = _own_fields(plan, world, factors, seed, replication, room, with_log)
    given = {
        **plan.settings._asdict(),
        **plan.rates._asdict(),
        **plan.residents._asdict(),
        **{name: getattr(plan, name) for name in _PLAN_FIELDS},
        **own,
    }
    state = State(*(given[name] for name in _FIELDS))
    order = np.argsort(plan.unit[world.people["hamlet"]], kind="stable")
    people = world.people[order]
    unit_of_person = plan.unit[people["hamlet"]]
    units = int(plan.unit.max()) + 1
    first_person = np.searchsorted(unit_of_person, np.arange(units + 1))
    hamlet_order = np.argsort(plan.unit, kind="stable").astype(np.int64)
    first_hamlet = np.searchsorted(plan.unit[hamlet_order], np.arange(units + 1))
    enough = run_units(state, people, first_person, hamlet_order, first_hamlet)
    logged = min(int(own["counters"][EVENTS]), len(own["log_day"]))
    names = ("log_day", "log_phase", "log_hamlet", "log_person", "log_kind", "log_cause")
    log = Log(*(own[name][:logged].copy() for name in names))
    return Outcome(log, own["panel"], own["lever_months"], own["posting_months"]), enough


def _own_fields(
    plan: Plan,
    world: World,
    factors: npt.NDArray[np.float64],
    seed: int,
    replication: int,
    room: int,
    with_log: bool,
) -> dict[str, Any]:
    years = plan.settings.months // 12
    events_room = 6 * room if with_log else 0
    hamlets = len(world.hamlets)
    size = room + hamlets
    return {
        "seed": seed,
        "replication": replication,
        "shock": factors,
        "hamlets": world.hamlets.copy(),
        "people": blank_people(0) if room == 0 else np.zeros(room, dtype=PERSON),
        "due": np.zeros(room),
        "turn": np.zeros(room),
        "term": np.zeros(room, dtype=np.int64),
        "state": np.zeros(room, dtype=np.int8),
        "where": np.zeros(room, dtype=np.int64),
        "log_day": np.empty(events_room),
        "log_phase": np.empty(events_room, dtype=np.int8),
        "log_hamlet": np.empty(events_room, dtype=np.int32),
        "log_person": np.empty(events_room, dtype=np.int64),
        "log_kind": np.empty(events_room, dtype=np.int16),
        "log_cause": np.empty(events_room, dtype=np.int16),
        "counters": np.zeros(4, dtype=np.int64),
        "admitted": np.zeros(len(plan.capped), dtype=np.int64),
        "target_pull": np.ones(len(plan.capped)),
        "pool_used": np.zeros(len(plan.pool_size), dtype=np.int64),
        "panel": np.zeros((years + 1, hamlets, len(events.PANEL_FIELDS)), dtype=np.int32),
        "lever_months": np.zeros((plan.settings.adaptive, years), dtype=np.int64),
        "posting_months": np.zeros(years, dtype=np.int64),
        "order": np.zeros(size, dtype=np.int64),
        "value": np.zeros(size),
        "since_queued": np.zeros(size),
        "lottery": np.zeros(size),
        "queue_key": np.zeros(size, dtype=np.int64),
        "heap": np.zeros(room, dtype=np.int64),
        "scratch": np.zeros(size, dtype=np.int64),
        "best": np.zeros(hamlets, dtype=np.int64),
        "draws4": np.zeros((hamlets, 4)),
        "arrivals4": np.zeros((hamlets, 4)),
        "strength_then": np.zeros(hamlets, dtype=np.int64),
        "seen": np.zeros((hamlets, len(rules.OBSERVABLES))),
        "flags": np.zeros(hamlets, dtype=np.int64),
        "host": np.zeros(hamlets, dtype=np.int64),
        "picked": np.zeros(hamlets, dtype=np.int64),
    }


# ---------------------------------------------------------------- the schedule


@compiled
def run_units(s, people, first_person, hamlet_order, first_hamlet):
    """Every coupled unit through the whole horizon; False if the tables were too small."""
    for u in range(len(first_hamlet) - 1):
        members = hamlet_order[first_hamlet[u] : first_hamlet[u + 1]]
        settle(s, people[first_person[u] : first_person[u + 1]], members)
        for month in range(s.months):
            day = s.days[s.origin + month]
            if month > 0 and s.january[month]:
                year_begins(s, members, month, day)
            postings_and_offices(s, members, month, day)
            list_and_move_in(s, members, month, day)
            hold_classes(s, members, month, day)
            if s.committee_on and s.meets[month]:
                committee_meets(s, members, month, day)
            if s.review[month]:
                review(s, members, month, day)
            tally(s, members, month)
            if month % 12 == 0:
                take_panel(s, members, month, day)
            if s.counters[PEOPLE] + 40 * len(members) > len(s.people):
                return False
            lives(s, s.days[s.origin + month + 1])
        take_panel(s, members, s.months, s.horizon)
        if s.counters[EVENTS] > len(s.log_day) and len(s.log_day) > 0:
            return False
    return True


@compiled
def lives(s, until):
    """All steps of lives up to and including `until`, in the order of day, hamlet and key."""
    s.counters[WAITING] = 0
    for i in range(s.counters[PEOPLE]):
        if s.due[i] <= until:
            push(s, i)
    while s.counters[WAITING] > 0:
        i = pop(s)
        live(s, i, s.due[i])
        if s.due[i] <= until:
            push(s, i)


@compiled
def earlier(s, a, b):
    """Whether a's next step comes before b's."""
    if s.due[a] != s.due[b]:
        return s.due[a] < s.due[b]
    p, q = s.people[a], s.people[b]
    if p["hamlet"] != q["hamlet"]:
        return p["hamlet"] < q["hamlet"]
    return p["key"] < q["key"]


@compiled
def push(s, i):
    """Put a person into the heap of the month."""
    at = s.counters[WAITING]
    s.counters[WAITING] = at + 1
    s.heap[at] = i
    while at > 0:
        above = (at - 1) // 2
        if not earlier(s, s.heap[at], s.heap[above]):
            return
        s.heap[at], s.heap[above] = s.heap[above], s.heap[at]
        at = above


@compiled
def pop(s):
    """Take the earliest person out of the heap."""
    top = s.heap[0]
    size = s.counters[WAITING] - 1
    s.counters[WAITING] = size
    s.heap[0] = s.heap[size]
    at = 0
    while True:
        least = at
        for below in (2 * at + 1, 2 * at + 2):
            if below < size and earlier(s, s.heap[below], s.heap[least]):
                least = below
        if least == at:
            return top
        s.heap[at], s.heap[least] = s.heap[least], s.heap[at]
        at = least


@compiled
def queued_before(s, a, b):
    """Order of a queue: value, waiting since, lottery, key."""
    if s.value[a] != s.value[b]:
        return s.value[a] < s.value[b]
    if s.since_queued[a] != s.since_queued[b]:
        return s.since_queued[a] < s.since_queued[b]
    if s.lottery[a] != s.lottery[b]:
        return s.lottery[a] < s.lottery[b]
    return s.queue_key[a] < s.queue_key[b]


@compiled
def sort_queue(s, n):
    """Sort the first n entries of `order` (heap sort); they index the other columns."""
    order = s.order
    for start in range(n // 2 - 1, -1, -1):
        sift(s, start, n)
    for end in range(n - 1, 0, -1):
        order[0], order[end] = order[end], order[0]
        sift(s, 0, end)


@compiled
def sift(s, at, size):
    """One step of the heap sort."""
    order = s.order
    while True:
        last = at
        for below in (2 * at + 1, 2 * at + 2):
            if below < size and queued_before(s, order[last], order[below]):
                last = below
        if last == at:
            return
        order[at], order[last] = order[last], order[at]
        at = last


@compiled
def queue(s, n, i, value, since, lottery, key):
    """Entry n of the queue is person or hamlet i."""
    s.order[n] = i
    s.value[i] = value
    s.since_queued[i] = since
    s.lottery[i] = lottery
    s.queue_key[i] = key


# ---------------------------------------------------------------- small things


@compiled
def record(s, day, phase, hamlet, person, kind, cause):
    """Append one event to the log; with no room it is only counted."""
    n = s.counters[EVENTS]
    s.counters[EVENTS] = n + 1
    if n < len(s.log_day):
        s.log_day[n] = day
        s.log_phase[n] = phase
        s.log_hamlet[n] = hamlet
        s.log_person[n] = person
        s.log_kind[n] = kind
        s.log_cause[n] = cause


@compiled
def draw(s, i, decision, occurrence):
    """The uniform number of one decision about a person."""
    key = s.people[i]["key"]
    return uniform(s.seed, s.replication, rules.PERSON_STREAM, key, decision, occurrence)


@compiled
def draw_for(s, h, decision, occurrence):
    """The uniform number of one decision about a hamlet."""
    key = s.hamlets[h]["key"]
    return uniform(s.seed, s.replication, rules.HAMLET_STREAM, key, decision, occurrence)


@compiled
def later(s, day, months):
    """The same day a number of calendar months on."""
    return rules.months_later(day, months, s.days)


@compiled
def month_at(s, day):
    """Index of the month that holds a day."""
    return rules.month_of(day, s.days) - s.origin


@compiled
def is_followed(p):
    """Has entered and not ended."""
    return p["entry_kind"] == 0 and p["status"] != rules.GONE


@compiled
def own_strength(hamlet):
    """Strength of its own cell, else of its officials who would count."""
    return hamlet["strength"] if hamlet["cell"] == rules.OWN else hamlet["officials"]


# ---------------------------------------------------------------- looking ahead


@compiled
def leaving_scale(s, p):
    """Factor on leaving in this state."""
    if p["place"] != rules.PRESENT:
        return 0.0
    return s.scale[p["status"]] * s.hamlets[p["hamlet"]]["leaving_factor"]


@compiled
def look_ahead(s, i, day):
    """Find the next instant of this life in the present state, and note the state for scans."""
    p = s.people[i]
    if p["status"] == rules.GONE:
        s.due[i] = rules.NEVER
        s.state[i] = NOT_FOLLOWED
        return
    s.state[i] = p["status"] * rules.PLACES + p["place"]
    s.where[i] = p["hamlet"]
    clock = rules.NEVER
    if p["place"] != rules.POSTED:
        h = p["hamlet"]
        group = s.hamlets[h]["group"]
        state = p["status"] * rules.PLACES + p["place"]
        clock = rules.fire_day(
            p["budget"], p["since"], p["birth"], s.horizon, s.starts,
            s.steady[state, group], 1.0, s.moving[group], leaving_scale(s, p), s.shock[h],
        )  # fmt: skip
    p["clock"] = clock
    due, what = rules.next_step(
        p["status"], p["place"], day, p["death"], clock,
        p["stage_due"], p["certificate_until"], p["limit"],
    )  # fmt: skip
    s.due[i] = due
    p["what"] = what


@compiled
def settle_budget(s, i, day):
    """Take what the present state has used from the budget, before the state changes."""
    p = s.people[i]
    if p["since"] < day and p["place"] != rules.POSTED:
        h = p["hamlet"]
        group = s.hamlets[h]["group"]
        state = p["status"] * rules.PLACES + p["place"]
        used = rules.spent(
            p["since"], day, p["birth"], s.starts, s.steady[state, group], 1.0,
            s.moving[group], leaving_scale(s, p), s.shock[h],
        )  # fmt: skip
        p["budget"] = max(0.0, p["budget"] - used)
    p["since"] = day


@compiled
def set_death(s, i, entry):
    """The day of death, from the hamlet of entry."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    budget = exponential(draw(s, i, rules.DEATH_BUDGET, 0))
    table = s.mortality[hamlet["base_group"], :, p["sex"]]
    p["death"] = rules.fire_day(
        budget, entry, p["birth"], s.horizon, s.starts, table, hamlet["mortality_factor"],
        table, 0.0, s.shock[p["hamlet"]],
    )  # fmt: skip


# ---------------------------------------------------------------- counting


@compiled
def recount(s, i, day, phase, kind):
    """Bring the running counts of the hamlet and its cell up to date after a change."""
    p = s.people[i]
    now = 0
    if is_followed(p) and rules.counts(
        p["status"], p["place"], s.away_counts, s.exempt_counts, s.posted_counts
    ):
        now = 1
    change = now - p["counted"]
    if change != 0:
        p["counted"] = now
        hamlet = s.hamlets[p["hamlet"]]
        hamlet["officials"] += change
        if change > 0:
            hamlet["gain"] = kind
        if hamlet["roll"] >= 0:
            change_strength(s, hamlet["roll"], change, day, phase, p["key"], kind)
    take_stock(s, i, day)


@compiled
def change_strength(s, c, change, day, phase, person, kind):
    """Log the exact instant at which a cell falls under the minimum or reaches it again."""
    cell = s.hamlets[c]
    cell["strength"] += change
    if cell["cell"] != rules.OWN:
        return
    if cell["strength"] < s.minimum and cell["below_since"] == rules.NEVER:
        cell["below_since"] = day
        cell["below_cause"] = kind
        record(s, day, phase, c, person, events.BELOW, kind)
    elif cell["strength"] >= s.minimum and cell["below_since"] != rules.NEVER:
        cell["below_since"] = rules.NEVER
        record(s, day, phase, c, person, events.RESTORED, kind)


@compiled
def take_stock(s, i, day):
    """What the person is to listing, until it next changes."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    points, adult, weight = 0, 0, 0
    s.turn[i] = rules.NEVER
    if is_followed(p):
        points = rules.helper_points(
            p["status"], p["place"], day, p["helper_from"], p["birth"], s.half_from_age
        )
        if rules.among_residents(p["place"], day, p["birth"]):
            adult = 1
            weight = s.weights[p["sex"], rules.age_at(day, p["birth"])]
        turn = rules.turning_day(
            p["status"], p["place"], day, p["helper_from"], p["birth"], s.half_from_age,
            s.weights[p["sex"]],
        )  # fmt: skip
        if turn < s.horizon:
            s.turn[i] = turn
    hamlet["points"] += points - p["points"]
    hamlet["adults"] += adult - p["adult"]
    hamlet["weight"] += weight - p["weight"]
    p["points"], p["adult"], p["weight"] = points, adult, weight


# ---------------------------------------------------------------- entering and leaving


@compiled
def new_person(s, key, h, status, place):
    """Index of a new person of whom only this is known."""
    i = s.counters[PEOPLE]
    s.counters[PEOPLE] = i + 1
    p = s.people[i]
    p["key"], p["hamlet"], p["status"], p["place"] = key, h, status, place
    p["birth"] = p["death"] = rules.NEVER
    p["stage_due"] = p["certificate_until"] = p["limit"] = rules.NEVER
    p["budget"] = p["since"] = p["waiting"] = 0.0
    p["helper_from"] = -rules.NEVER
    p["what"], p["fired"], p["dossiers"] = rules.DEATH, 0, 0
    p["home"], p["pool"], p["sex"] = -1, -1, 1
    p["entry_kind"], p["entry_cause"] = 0, 0
    p["counted"], p["points"], p["adult"], p["weight"] = 0, 0, 0, 0
    s.due[i] = s.turn[i] = rules.NEVER
    s.term[i] = -1
    s.state[i] = NOT_FOLLOWED
    return i


@compiled
def expect(s, i, day, kind, cause):
    """The person will enter on `day`; death and the first budget are known from then."""
    p = s.people[i]
    p["entry_kind"], p["entry_cause"] = kind, cause
    p["waiting"] = p["since"] = day
    set_death(s, i, day)
    p["budget"] = exponential(draw(s, i, rules.CLOCK_BUDGET, 0))
    p["what"] = rules.ENTRY
    s.due[i] = day


@compiled
def enter(s, i, day, phase):
    """The person becomes one of the followed people of the hamlet."""
    p = s.people[i]
    kind = p["entry_kind"]
    p["entry_kind"] = 0
    record(s, day, phase, p["hamlet"], p["key"], kind, p["entry_cause"])
    if p["status"] <= rules.READY:
        s.hamlets[p["hamlet"]]["candidates"] += 1
    recount(s, i, day, phase, kind)
    pass_open_stages(s, i, day, phase)


@compiled
def leave_for_ever(s, i, day, phase, kind, cause):
    """The end of a person's record."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    record(s, day, phase, p["hamlet"], p["key"], kind, cause)
    if p["status"] <= rules.READY:
        hamlet["candidates"] -= 1
    if p["place"] == rules.STAFF:
        hamlet["vacancies"] += 1
    ended_candidacy = (
        kind == events.LAPSED
        or kind == events.OVER_AGE
        or kind == events.REFUSED
        or kind == events.NOT_RECOGNISED
    )
    p["status"] = rules.GONE
    vacate_offices(s, i, ended_candidacy and p["place"] == rules.PRESENT)
    recount(s, i, day, phase, kind)
    s.due[i] = rules.NEVER


@compiled
def vacate_offices(s, i, stays_resident):
    """Offices fall vacant; a chief who is no candidate any more may stay chief."""
    hamlet = s.hamlets[s.people[i]["hamlet"]]
    if hamlet["chief"] == i:
        hamlet["chief"] = rules.RESIDENT_CHIEF if stays_resident else rules.NO_CHIEF
        hamlet["chief_trained"] = hamlet["chief_trained"] and stays_resident
    if hamlet["secretary"] == i:
        hamlet["secretary"] = rules.NO_CHIEF
        hamlet["secretary_trained"] = False


# ---------------------------------------------------------------- one step of a life


@compiled
def live(s, i, day):
    """What comes next for this person happens."""
    what = s.people[i]["what"]
    if what == rules.DEATH:
        leave_for_ever(s, i, day, LIFE, events.DEAD, 0)
    elif what == rules.CLOCK:
        clock_fires(s, i, day)
    elif what == rules.STAGE:
        stage_ends(s, i, day)
    elif what == rules.CERTIFICATE:
        certificate_expires(s, i, day)
    elif what == rules.LIMIT:
        if s.people[i]["place"] == rules.STAFF:
            leave_for_ever(s, i, day, LIFE, events.MOVED, events.RETIRED)
        else:
            leave_for_ever(s, i, day, LIFE, events.LAPSED, events.AWAY_TOO_LONG)
    else:
        enter(s, i, day, LIFE)
    look_ahead(s, i, day)


@compiled
def clock_fires(s, i, day):
    """One of the risks of the present state happens; the next budget is drawn."""
    p = s.people[i]
    h = p["hamlet"]
    period = rules.period_at(day, s.starts)
    risk = rules.choose_risk(
        draw(s, i, rules.CLOCK_RISK, p["fired"]), p["status"], p["place"], rules.AT_RISK,
        s.each[s.hamlets[h]["group"], period, rules.age_at(day, p["birth"])],
        leaving_scale(s, p) * s.shock[h, period],
    )  # fmt: skip
    p["fired"] += 1
    p["budget"] = exponential(draw(s, i, rules.CLOCK_BUDGET, p["fired"]))
    p["since"] = day
    if risk == rules.LEAVING:
        if s.leaves_for_good > 0.0 and draw(s, i, rules.FOR_GOOD, p["fired"]) < s.leaves_for_good:
            leave_for_ever(s, i, day, LIFE, events.MOVED, events.LEFT_FOR_GOOD)
            return
        record(s, day, LIFE, h, p["key"], events.LEFT, 0)
        p["place"] = rules.AWAY
        if p["status"] <= rules.READY:
            p["limit"] = later(s, day, s.candidate_away_months)
        vacate_offices(s, i, False)
        recount(s, i, day, LIFE, events.LEFT)
    elif risk == rules.RETURNING:
        record(s, day, LIFE, h, p["key"], events.RETURNED, 0)
        p["place"] = rules.PRESENT
        p["limit"] = rules.NEVER
        p["helper_from"] = later(s, day, s.months_in_place)
        recount(s, i, day, LIFE, events.RETURNED)
        pass_open_stages(s, i, day, LIFE)
    elif risk == rules.EXEMPTION:
        p["status"] = rules.EXEMPT
        record(s, day, LIFE, h, p["key"], events.EXEMPTED, 0)
        vacate_offices(s, i, True)
        recount(s, i, day, LIFE, events.EXEMPTED)
    else:
        leave_for_ever(s, i, day, LIFE, rules.RISK_KIND[risk], rules.RISK_CAUSE[risk])


# ---------------------------------------------------------------- from resident to official


@compiled
def change_status(s, i, day, status):
    """A new stage begins; what the clock has used in the old one is taken off."""
    settle_budget(s, i, day)
    p = s.people[i]
    p["status"] = status
    p["waiting"] = day


@compiled
def stage_ends(s, i, day):
    """The clock of the present stage has run out."""
    p = s.people[i]
    if p["status"] == rules.LISTED:
        leave_for_ever(s, i, day, LIFE, events.LAPSED, events.STALE)
    elif p["status"] == rules.CERTIFIED:
        dossier_made(s, i, day)
    elif p["status"] == rules.READY:
        record(s, day, LIFE, p["hamlet"], p["key"], events.DOSSIER_LAPSED, 0)
        change_status(s, i, day, rules.CERTIFIED)
        begin_dossier(s, i, day)
    else:
        recognise(s, i, day, LIFE)


@compiled
def dossier_made(s, i, day):
    """The dossier is ready, or shows that the person cannot be admitted."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    month = min(month_at(s, day), s.months - 1)
    failure = s.failure[hamlet["difficulty"]]
    failure = failure * s.schedule[hamlet["group"], month]["failure_factor"]
    if draw(s, i, rules.DOSSIER_FAILURE, p["dossiers"]) < failure:
        leave_for_ever(s, i, day, LIFE, events.REFUSED, events.DOSSIER_FAILED)
        return
    record(s, day, LIFE, p["hamlet"], p["key"], events.DOSSIER_READY, 0)
    change_status(s, i, day, rules.READY)
    p["stage_due"] = later(s, day, s.dossier_months)
    pass_open_stages(s, i, day, LIFE)


@compiled
def certificate_expires(s, i, day):
    """The class must be attended again."""
    p = s.people[i]
    record(s, day, LIFE, p["hamlet"], p["key"], events.CERTIFICATE_EXPIRED, 0)
    change_status(s, i, day, rules.LISTED)
    p["certificate_until"] = rules.NEVER
    p["stage_due"] = later(s, day, s.stale_months)


@compiled
def certify(s, i, day):
    """The class is behind; the dossier begins."""
    change_status(s, i, day, rules.CERTIFIED)
    p = s.people[i]
    p["certificate_until"] = rules.NEVER
    if s.training_on:
        p["certificate_until"] = later(s, day, s.certificate_months)
    begin_dossier(s, i, day)


@compiled
def begin_dossier(s, i, day):
    """How long this dossier takes; each is drawn anew."""
    p = s.people[i]
    p["dossiers"] += 1
    if not s.dossier_on:
        return
    hamlet = s.hamlets[p["hamlet"]]
    month = min(month_at(s, day), s.months - 1)
    factor = s.schedule[hamlet["group"], month]["delay_factor"]
    median = s.delay_median[hamlet["difficulty"]] * factor
    u = draw(s, i, rules.DOSSIER_DELAY, p["dossiers"])
    p["stage_due"] = day + lognormal(u, median, s.delay_sd) * MONTH


@compiled
def pass_open_stages(s, i, day, phase):
    """A stage that is switched off takes no time."""
    p = s.people[i]
    if p["place"] == rules.AWAY:
        return
    if p["status"] == rules.LISTED and not s.training_on:
        certify(s, i, day)
    if p["status"] == rules.CERTIFIED and not s.dossier_on:
        change_status(s, i, day, rules.READY)
        p["stage_due"] = rules.NEVER
    if s.committee_on:
        return
    if p["status"] == rules.READY:
        consider(s, i, day, phase)
    elif p["status"] == rules.PROBATION and p["stage_due"] < day:
        recognise(s, i, day, phase)


@compiled
def consider(s, i, day, phase):
    """The decision on one dossier: admitted, too old, refused, or not yet of age."""
    p = s.people[i]
    month = month_at(s, day)
    row = s.schedule[s.hamlets[p["hamlet"]]["group"], min(month, s.months - 1)]
    age = rules.age_in_months(p["birth"], s.origin + month, s.days)
    if age > row["maximum_age"]:
        leave_for_ever(s, i, day, phase, events.OVER_AGE, 0)
    elif age < s.minimum_age:
        return
    elif draw(s, i, rules.APPROVAL, p["dossiers"]) >= s.approval:
        leave_for_ever(s, i, day, phase, events.REFUSED, events.NOT_APPROVED)
    else:
        admit(s, i, day, phase, month)


@compiled
def admit(s, i, day, phase, month):
    """A probationary member from now."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    record(s, day, phase, p["hamlet"], p["key"], events.ADMITTED, 0)
    change_status(s, i, day, rules.PROBATION)
    p["stage_due"] = later(s, day, s.probation_months)
    p["certificate_until"] = rules.NEVER
    hamlet["candidates"] -= 1
    hamlet["last_admission"] = month
    for k in range(s.target_of.shape[1]):
        target = s.target_of[p["hamlet"], k]
        if target >= 0:
            s.admitted[target] += 1


@compiled
def recognise(s, i, day, phase):
    """The end of probation: an official member, or not."""
    p = s.people[i]
    if draw(s, i, rules.RECOGNITION, 0) >= s.recognition:
        leave_for_ever(s, i, day, phase, events.NOT_RECOGNISED, 0)
        return
    record(s, day, phase, p["hamlet"], p["key"], events.RECOGNISED, 0)
    change_status(s, i, day, rules.OFFICIAL)
    recount(s, i, day, phase, events.RECOGNISED)


# ---------------------------------------------------------------- 0 the year begins


@compiled
def year_begins(s, members, month, day):
    """In January allowances start anew and targets pull."""
    year = s.year[rules.period_at(day, s.starts)] - 1
    for k in range(len(members)):
        s.hamlets[members[k]]["pull"] = 1.0
    for t in range(len(s.capped)):
        touched = False
        for k in range(len(members)):
            for level in range(s.target_of.shape[1]):
                touched = touched or s.target_of[members[k], level] == t
        if touched:
            s.target_pull[t] = rules.pulled(
                s.target_pull[t], s.target_yearly[t, year], s.admitted[t], s.pull[month]
            )
            s.admitted[t] = 0
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        for level in range(s.target_of.shape[1]):
            t = s.target_of[members[k], level]
            if t >= 0:
                hamlet["pull"] *= s.target_pull[t]


# ---------------------------------------------------------------- 2 postings, structure, offices


@compiled
def postings_and_offices(s, members, month, day):
    """Postings end and are replaced, staff is replaced, places change, offices are filled."""
    replace_staff(s, members, month, day)
    n = 0
    for i in range(s.counters[PEOPLE]):
        if s.term[i] == month:
            p = s.people[i]
            queue(s, n, i, float(p["hamlet"]), 0.0, 0.0, p["key"])
            n += 1
    sort_queue(s, n)
    s.scratch[:n] = s.order[:n]
    for k in range(n):
        term_is_due(s, s.scratch[k], month, day)
    for k in range(len(s.moves)):
        move = s.moves[k]
        if move["month"] == month and s.unit[move["unit"]] == s.unit[members[0]]:
            relocate(s, members, move, month, day)
    fill_offices(s, members, month, day)
    hold_courses(s, members, month, day)


@compiled
def replace_staff(s, members, month, day):
    """Replacements of staff who went; only members among them are followed."""
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        for number in range(hamlet["vacancies"]):
            key = person_key(hamlet["key"], rules.STAFF_PEOPLE, month, number)
            i = new_person(s, key, members[k], rules.OFFICIAL, rules.STAFF)
            if draw(s, i, rules.STAFF_MEMBER, 0) >= s.staff_member_share:
                s.counters[PEOPLE] -= 1
                continue
            born(s, i, day, s.staff_ages[0], s.staff_ages[1], s.staff_women)
            p = s.people[i]
            retires = p["birth"] + s.retirement_age * rules.YEAR
            p["limit"] = retires if retires > day else rules.NEVER
            p["helper_from"] = later(s, day, s.months_in_place)
            expect(s, i, day, events.MOVED_IN, events.REPLACEMENT)
            s.due[i] = rules.NEVER
            s.term[i] = month
        hamlet["vacancies"] = 0


@compiled
def term_is_due(s, i, month, day):
    """The term of a posting ends or begins, or a member of staff begins."""
    p = s.people[i]
    if p["status"] == rules.GONE:
        return
    if p["entry_kind"] != 0:
        s.term[i] = -1
        enter(s, i, day, POSTINGS)
        if p["place"] == rules.POSTED:
            s.counters[POSTED_NOW] += 1
            s.term[i] = p["term_month"]
    else:
        posting_ends(s, i, month, day)
    look_ahead(s, i, day)


@compiled
def posting_ends(s, i, month, day):
    """Renewed, or ended and perhaps replaced."""
    p = s.people[i]
    h = p["hamlet"]
    row = s.schedule[s.hamlets[h]["group"], month]
    if draw(s, i, rules.RENEWAL, month) < row["renewal"]:
        record(s, day, POSTINGS, h, p["key"], events.POSTING_RENEWED, 0)
        s.term[i] = month + s.posting_term
        return
    s.counters[POSTED_NOW] -= 1
    s.term[i] = -1
    replaced = draw(s, i, rules.REPLACING, month) < row["replacement"]
    if p["pool"] >= 0 and not replaced:
        s.pool_used[p["pool"]] -= 1
    key, pool = p["key"], p["pool"]
    home = p["home"]
    if home >= 0 and s.hamlets[home]["cell"] != rules.CLOSED:
        record(s, day, POSTINGS, h, key, events.POSTING_ENDED, 0)
        move_person(s, i, home, day, POSTINGS, events.POSTING_ENDED, rules.PRESENT)
        p["home"] = -1
        p["helper_from"] = later(s, day, s.months_in_place)
    else:
        leave_for_ever(s, i, day, POSTINGS, events.POSTING_ENDED, 0)
    begins = month + row["gap"]
    if replaced and begins < s.months:
        fresh = person_key(key, rules.REPLACED_PEOPLE, month, 0)
        j = posted_person(s, h, fresh, pool, s.days[s.origin + begins])
        s.people[j]["term_month"] = begins + s.posting_term
        s.due[j] = rules.NEVER
        s.term[j] = begins


@compiled
def posted_person(s, h, key, pool, day):
    """A member posted in from an outside pool, expected on `day`."""
    i = new_person(s, key, h, rules.OFFICIAL, rules.POSTED)
    s.people[i]["pool"] = pool
    born(s, i, day, s.posting_ages[0], s.posting_ages[1], s.posting_women)
    expect(s, i, day, events.POSTED, 0)
    return i


@compiled
def born(s, i, day, low, high, women):
    """Age and sex of a person who is not of the place."""
    p = s.people[i]
    age = rules.within(draw(s, i, rules.AGE, 0), low, high)
    p["birth"] = day - age * rules.YEAR
    p["sex"] = 0 if draw(s, i, rules.SEX, 0) < women else 1


# ---------------------------------------------------------------- structural events


@compiled
def relocate(s, members, move, month, day):
    """Part or all of one hamlet's people live in another from now."""
    a, b = move["unit"], move["into"]
    source, into = s.hamlets[a], s.hamlets[b]
    if source["cell"] == rules.CLOSED:
        return
    cause = events.SPLIT + move["cause"]
    if into["cell"] == rules.CLOSED:
        into["cell"], into["roll"] = rules.NONE, source["roll"]
        into["ever_lost"], into["ever_founded"] = source["ever_lost"], source["ever_founded"]
        into["last_admission"] = source["last_admission"]
        record(s, day, POSTINGS, b, events.NOBODY, events.BECAME, cause)
    had_cell = source["cell"] == rules.OWN
    if move["closes"]:
        source["cell"], source["below_since"] = rules.CLOSED, rules.NEVER
    n = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if p["hamlet"] == a and p["status"] != rules.GONE:
            queue(s, n, i, 0.0, 0.0, draw(s, i, rules.MOVE_LOTTERY, month), p["key"])
            n += 1
    sort_queue(s, n)
    if not move["closes"]:
        n = int(move["share"] * n + 0.5)
    for k in range(n):
        s.lottery[s.order[k]] = 0.0
    sort_queue(s, n)
    for k in range(n):
        i = s.order[k]
        p = s.people[i]
        if p["entry_kind"] == 0:
            record(s, day, POSTINGS, a, p["key"], events.RELOCATED, cause)
        move_person(s, i, b, day, POSTINGS, cause, p["place"])
        if p["entry_kind"] == 0:
            look_ahead(s, i, day)
    if move["closes"]:
        absorb(s, members, a, b, had_cell, day, cause)


@compiled
def move_person(s, i, b, day, phase, kind, place):
    """Change the hamlet of a person, with everything that is counted by hamlet."""
    p = s.people[i]
    vacate_offices(s, i, False)
    if is_followed(p):
        settle_budget(s, i, day)
        if p["status"] <= rules.READY:
            s.hamlets[p["hamlet"]]["candidates"] -= 1
            s.hamlets[b]["candidates"] += 1
    status = p["status"]
    p["status"] = rules.GONE
    recount(s, i, day, phase, kind)
    p["status"] = status
    p["hamlet"], p["place"] = b, place
    if is_followed(p):
        recount(s, i, day, phase, kind)


@compiled
def absorb(s, members, a, b, had_cell, day, cause):
    """A hamlet ends; its cell and its history go on in its successor."""
    source, into = s.hamlets[a], s.hamlets[b]
    into["ever_lost"] = into["ever_lost"] or source["ever_lost"]
    into["ever_founded"] = into["ever_founded"] or source["ever_founded"]
    into["last_admission"] = max(into["last_admission"], source["last_admission"])
    record(s, day, POSTINGS, a, events.NOBODY, events.ABSORBED, cause)
    if had_cell and into["cell"] != rules.OWN:
        enrol(s, b, -1, day, POSTINGS, cause)
        into["cell"], into["roll"] = rules.OWN, b
        into["strength"], into["below_since"] = into["officials"], rules.NEVER
        if into["strength"] < s.minimum:
            into["below_since"], into["below_cause"] = day, cause
            record(s, day, POSTINGS, b, events.NOBODY, events.BELOW, cause)
    for k in range(len(members)):
        if s.hamlets[members[k]]["roll"] == a:
            enrol(s, members[k], b if had_cell else -1, day, POSTINGS, cause)
    source["roll"] = -1


@compiled
def enrol(s, h, cell, day, phase, cause):
    """The members of a hamlet go on the roll of another cell, or of none (-1)."""
    hamlet = s.hamlets[h]
    number = hamlet["officials"]
    if hamlet["roll"] >= 0:
        change_strength(s, hamlet["roll"], -number, day, phase, events.NOBODY, cause)
    hamlet["roll"] = cell
    if cell >= 0:
        change_strength(s, cell, number, day, phase, events.NOBODY, cause)


# ---------------------------------------------------------------- offices


@compiled
def fill_offices(s, members, month, day):
    """Chiefs are elected every term and when the office is vacant; secretaries when vacant."""
    wanted = False
    for k in range(len(members)):
        h = members[k]
        s.flags[h] = chief_decision(s, h, month)
        wanted = wanted or s.flags[h] == 2
    if wanted:
        best_by_lottery(s, members, month, day, True)
    for k in range(len(members)):
        if s.flags[members[k]] > 0:
            name_chief(s, members[k], day)
    wanted = False
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        vacant = hamlet["cell"] == rules.OWN and hamlet["secretary"] < 0
        unified = s.schedule[hamlet["group"], month]["unified"]
        s.flags[h] = 0
        unified = unified and hamlet["chief"] >= 0
        if vacant and unified and may_be_secretary(s, hamlet["chief"], day):
            s.flags[h] = 1
            s.best[h] = hamlet["chief"]
        elif vacant:
            s.flags[h] = 2
            wanted = True
    if wanted:
        best_by_lottery(s, members, month, day, False)
    for k in range(len(members)):
        h = members[k]
        if s.flags[h] > 0 and s.best[h] >= 0:
            name_secretary(s, h, month, day)


@compiled
def chief_decision(s, h, month):
    """0 no change, 1 the secretary, 2 a member by lottery, 3 a resident; +4 if it was vacant."""
    hamlet = s.hamlets[h]
    if hamlet["cell"] == rules.CLOSED or not hamlet["is_hamlet"]:
        return 0
    if hamlet["chief"] != rules.NO_CHIEF:
        if not s.election[month] or draw_for(s, h, rules.CHIEF_STAYS, month) >= s.chief_turnover:
            return 0
    row = s.schedule[hamlet["group"], month]
    if row["unified"] and hamlet["secretary"] >= 0:
        if may_be_chief(s, hamlet["secretary"], hamlet["chief"]):
            s.best[h] = hamlet["secretary"]
            return 1
    if draw_for(s, h, rules.CHIEF_MEMBER, month) < row["member_elected"]:
        return 2
    s.best[h] = rules.RESIDENT_CHIEF
    return 3


@compiled
def name_chief(s, h, day):
    """Whoever was chosen takes office; nobody able among the members means a resident."""
    hamlet = s.hamlets[h]
    vacant = hamlet["chief"] == rules.NO_CHIEF
    chosen = s.best[h] if s.best[h] >= 0 else rules.RESIDENT_CHIEF
    hamlet["chief"] = chosen
    hamlet["chief_trained"] = hamlet["chief_asked"] = False
    key = s.people[chosen]["key"] if chosen >= 0 else events.NOBODY
    cause = events.VACANCY if vacant else events.ELECTION
    record(s, day, POSTINGS, h, key, events.CHIEF_NAMED, cause)


@compiled
def name_secretary(s, h, month, day):
    """The secretary takes office, prepared or not."""
    hamlet = s.hamlets[h]
    i = s.best[h]
    hamlet["secretary"] = i
    share = s.schedule[hamlet["group"], month]["successor_trained"]
    hamlet["secretary_trained"] = draw(s, i, rules.SUCCESSOR_TRAINED, month) < share
    record(s, day, POSTINGS, h, s.people[i]["key"], events.SECRETARY_NAMED, events.VACANCY)


@compiled
def may_be_chief(s, i, before):
    """A chief is an active official at home, and not the one before."""
    p = s.people[i]
    return i != before and p["status"] == rules.OFFICIAL and p["place"] == rules.PRESENT


@compiled
def may_be_secretary(s, i, day):
    """A secretary is an active official on the spot, posted or not, and not too old."""
    p = s.people[i]
    here = p["status"] == rules.OFFICIAL and p["place"] != rules.AWAY
    return here and day - p["birth"] < s.secretary_maximum_age * rules.YEAR


@compiled
def best_by_lottery(s, members, month, day, chief):
    """`best` of the hamlets flagged 2: of those who may, the one with the lowest lottery."""
    for k in range(len(members)):
        if s.flags[members[k]] == 2:
            s.best[members[k]] = -1
    decision = rules.OFFICE_LOTTERY if chief else rules.SECRETARY_LOTTERY
    for i in range(s.counters[PEOPLE]):
        if s.state[i] // rules.PLACES != rules.OFFICIAL:
            continue
        h = s.where[i]
        if s.flags[h] != 2:
            continue
        if chief:
            able = may_be_chief(s, i, s.hamlets[h]["chief"])
        else:
            able = may_be_secretary(s, i, day)
        if not able:
            continue
        p = s.people[i]
        u = draw(s, i, decision, month)
        other = s.best[h]
        s.lottery[i] = u
        first = other < 0 or u < s.lottery[other]
        if first or (u == s.lottery[other] and p["key"] < s.people[other]["key"]):
            s.best[h] = i


@compiled
def hold_courses(s, members, month, day):
    """Courses for untrained chiefs and secretaries, of the weakest cells first."""
    for c in range(len(s.courses)):
        course = s.courses[c]
        if course["month"] != month:
            continue
        n = 0
        for k in range(len(members)):
            h = members[k]
            if s.area[h, course["level"]] != course["area"]:
                continue
            if wants_course(s.hamlets[h], course["chief"]):
                hamlet = s.hamlets[h]
                lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
                queue(s, n, h, float(hamlet["strength"]), 0.0, lottery, hamlet["key"])
                n += 1
        sort_queue(s, n)
        for k in range(min(n, course["places"])):
            hamlet = s.hamlets[s.order[k]]
            if course["chief"]:
                hamlet["chief_trained"] = True
                holder, cause = hamlet["chief"], events.CHIEF_NAMED
            else:
                hamlet["secretary_trained"] = True
                holder, cause = hamlet["secretary"], events.SECRETARY_NAMED
            key = s.people[holder]["key"] if holder >= 0 else events.NOBODY
            record(s, day, POSTINGS, s.order[k], key, events.OFFICER_TRAINED, cause)


@compiled
def wants_course(hamlet, chiefs):
    """In office and not trained."""
    if chiefs:
        return hamlet["chief"] != rules.NO_CHIEF and not hamlet["chief_trained"]
    return hamlet["secretary"] >= 0 and not hamlet["secretary_trained"]


# ---------------------------------------------------------------- 3 listing and moving in


@compiled
def list_and_move_in(s, members, month, day):
    """Draw who will be listed and who will move in during the month, each at an instant."""
    for i in range(s.counters[PEOPLE]):
        if s.turn[i] <= day:
            take_stock(s, i, day)
    for k in range(len(members)):
        h = members[k]
        if month % 4 == 0:
            s.draws4[h] = four_draws(s, h, rules.LISTING_COUNT, month // 4)
            s.arrivals4[h] = four_draws(s, h, rules.ARRIVAL_COUNT, month // 4)
        if s.hamlets[h]["cell"] != rules.CLOSED:
            list_candidates(s, h, month, day)
            if s.hamlets[h]["is_hamlet"]:
                move_in(s, h, month)


@compiled
def four_draws(s, h, decision, block):
    """The draws of four months at once, as one block of the generator holds them."""
    key = s.hamlets[h]["key"]
    return uniforms4(s.seed, s.replication, rules.HAMLET_STREAM, key, decision, block)


@compiled
def list_candidates(s, h, month, day):
    """The listings of one hamlet."""
    hamlet = s.hamlets[h]
    row = s.schedule[hamlet["group"], month]
    share = row["eligible_share"]
    adults = share * max(0.0, s.adults[month, h] - hamlet["adults"])
    followed = hamlet["weight"] / s.weight_one
    weighted = share * max(0.0, s.weighted[month, h] - followed)
    outside = row["outside_without"] if hamlet["cell"] == rules.NONE else row["outside_with"]
    chief = hamlet["chief"]
    chief_member = False
    if chief >= 0:
        status = s.people[chief]["status"]
        chief_member = status >= rules.PROBATION and status != rules.GONE
    factor = hamlet["listing_factor"] * hamlet["pull"] * rules.office_factor(
        chief_member, hamlet["chief_trained"], hamlet["secretary_trained"],
        s.chief_member_factor, s.chief_trained_factor, s.secretary_trained_factor,
    )  # fmt: skip
    help_ = rules.help_factor(
        s.help_mode, hamlet["points"], hamlet["officials"], outside, s.full_help
    )
    rate = row["listing"] * s.month_years[month]
    mean = rules.listing_mean(rate, weighted, s.power, s.per_resident, help_, factor)
    room = rules.listing_room(
        s.help_mode, hamlet["points"], outside, s.per_helper, hamlet["candidates"], adults
    )
    if row["list_chief"] and room > 0 and hamlet["is_hamlet"]:
        if chief == rules.RESIDENT_CHIEF and not hamlet["chief_asked"]:
            list_chief(s, h, month, day)
            room -= 1
    number = min(room, poisson(s.draws4[h, month % 4], mean))
    for k in range(number):
        place = rules.PRESENT if hamlet["is_hamlet"] else rules.STAFF
        key = person_key(hamlet["key"], rules.LISTED_PEOPLE, month, k)
        i = new_person(s, key, h, rules.LISTED, place)
        instant = instant_of(s, i, month)
        resident_born(s, i, instant, month)
        s.people[i]["stage_due"] = later(s, instant, s.stale_months)
        expect(s, i, instant, events.LISTED, 0)


@compiled
def instant_of(s, i, month):
    """A uniform instant of the month."""
    begins, ends = s.days[s.origin + month], s.days[s.origin + month + 1]
    return begins + draw(s, i, rules.ENTRY_INSTANT, 0) * (ends - begins)


@compiled
def resident_born(s, i, day, month):
    """Age and sex of a resident who is listed."""
    p = s.people[i]
    position = rules.drawn_position(draw(s, i, rules.AGE, 0), s.entry[p["hamlet"], month // 12])
    p["sex"] = position // ELIGIBLE_AGES
    age = 18 + position % ELIGIBLE_AGES + draw(s, i, rules.AGE_FRACTION, 0)
    p["birth"] = day - age * rules.YEAR
    if p["place"] == rules.STAFF:
        retires = p["birth"] + s.retirement_age * rules.YEAR
        p["limit"] = retires if retires > day else rules.NEVER


@compiled
def list_chief(s, h, month, day):
    """The chief who is no member is listed, once in a term of office."""
    hamlet = s.hamlets[h]
    key = person_key(hamlet["key"], rules.CHIEF_PEOPLE, month, 0)
    i = new_person(s, key, h, rules.LISTED, rules.PRESENT)
    resident_born(s, i, day, month)
    s.people[i]["stage_due"] = later(s, day, s.stale_months)
    expect(s, i, day, events.LISTED, events.LISTED_AS_CHIEF)
    hamlet["chief"], hamlet["chief_asked"] = i, True
    enter(s, i, day, LISTING)
    look_ahead(s, i, day)


@compiled
def move_in(s, h, month):
    """Members who come home or marry in."""
    retired, marriage = s.arrivals[0], s.arrivals[2]
    returning_young = s.arrivals[1] * s.leavers[month, h]
    yearly = retired + returning_young + marriage
    if yearly <= 0.0:
        return
    hamlet = s.hamlets[h]
    factor = s.no_cell_factor if hamlet["cell"] == rules.NONE else 1.0
    mean = yearly * factor * s.month_years[month]
    for k in range(poisson(s.arrivals4[h, month % 4], mean)):
        key = person_key(hamlet["key"], rules.ARRIVED_PEOPLE, month, k)
        i = new_person(s, key, h, rules.OFFICIAL, rules.PRESENT)
        u = draw(s, i, rules.ARRIVAL_KIND, 0) * yearly
        kind = 0 if u < retired else (1 if u < retired + returning_young else 2)
        instant = instant_of(s, i, month)
        ages = s.arrival_ages[kind]
        born(s, i, instant, ages[0], ages[1], s.arrival_women[kind])
        s.people[i]["helper_from"] = later(s, instant, s.months_in_place)
        expect(s, i, instant, events.MOVED_IN, events.RETIRED_HOME + kind)


# ---------------------------------------------------------------- 4 class


@compiled
def hold_classes(s, members, month, day):
    """Each class fills its seats from the queue of its area."""
    first = 0
    while first < len(s.classes) and s.classes[first]["month"] < month:
        first += 1
    if first == len(s.classes) or s.classes[first]["month"] > month:
        return
    remember_strengths(s, members)
    c = first
    while c < len(s.classes) and s.classes[c]["month"] == month:
        hold_class(s, s.classes[c], members, month, day)
        c += 1


@compiled
def remember_strengths(s, members):
    """Choices over an area use the state at the start of the phase."""
    for k in range(len(members)):
        s.strength_then[members[k]] = s.hamlets[members[k]]["strength"]
        s.picked[members[k]] = 1


@compiled
def hold_class(s, one, members, month, day):
    """One class of one area."""
    level, area = one["level"], one["area"]
    n = 0
    for i in range(s.counters[PEOPLE]):
        if is_here(s.state[i], rules.LISTED):
            p = s.people[i]
            if s.area[p["hamlet"], level] == area:
                lottery = draw(s, i, rules.CLASS_LOTTERY, month)
                queue(s, n, i, 0.0, p["waiting"], lottery, p["key"])
                n += 1
    line_up(s, members, n, one["priority"], month, day, False)
    seats = one["seats"]
    decision = rules.ATTENDANCE + 100 * one["series"]
    s.scratch[:n] = s.order[:n]
    for k in range(n):
        if seats == 0:
            return
        i = s.scratch[k]
        p = s.people[i]
        attends = draw(s, i, decision, month) < one["attendance"]
        kind = events.CLASS_ATTENDED if attends else events.CLASS_MISSED
        record(s, day, CLASS, p["hamlet"], p["key"], kind, 0)
        if attends or not one["replace"]:
            seats -= 1
        if attends:
            s.hamlets[p["hamlet"]]["turns"] += 1
            certify(s, i, day)
            pass_open_stages(s, i, day, CLASS)
            look_ahead(s, i, day)


@compiled
def is_here(state, status):
    """Followed, in this status, and not away."""
    return state // rules.PLACES == status and state % rules.PLACES != rules.AWAY


@compiled
def line_up(s, members, n, rule, month, day, enlisting):
    """Sort the n people queued by rule, waiting since, lottery and key."""
    if rule == rules.FAIR_SHARE:
        sort_queue(s, n)
        for k in range(len(members)):
            s.flags[members[k]] = 0
    for k in range(n):
        i = s.order[k]
        p = s.people[i]
        h = p["hamlet"]
        hamlet = s.hamlets[h]
        row = s.schedule[hamlet["group"], month]
        turn = 0
        if rule == rules.FAIR_SHARE:
            turn = hamlet["turns"] + s.flags[h]
            s.flags[h] += 1
        is_chief = hamlet["chief"] == i
        if enlisting and is_enlisting(row, p, day):
            s.value[i] = FIRST
        elif is_chief and row["list_chief"]:
            s.value[i] = SECOND
        else:
            s.value[i] = rules.priority_value(
                rule, s.strength_then[h], p["birth"], is_chief, turn
            )
    sort_queue(s, n)


@compiled
def is_enlisting(row, p, day):
    """In the ages of those who are admitted before they enlist this month."""
    low, high = row["enlist_low"], row["enlist_high"]
    return low < high and low * rules.YEAR <= day - p["birth"] < high * rules.YEAR


# ---------------------------------------------------------------- 5 committee


@compiled
def committee_meets(s, members, month, day):
    """Overdue probations first, then the dossiers in their order, within the allowances."""
    n = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if is_here(s.state[i], rules.PROBATION) and p["stage_due"] < day:
            queue(s, n, i, float(p["hamlet"]), 0.0, 0.0, p["key"])
            n += 1
    sort_queue(s, n)
    s.scratch[:n] = s.order[:n]
    for k in range(n):
        recognise(s, s.scratch[k], day, COMMITTEE)
        look_ahead(s, s.scratch[k], day)
    remember_strengths(s, members)
    for k in range(len(members)):
        area = s.committee[members[k]]
        if first_of_area(s, members, k):
            decide_dossiers(s, members, area, month, day)


@compiled
def first_of_area(s, members, k):
    """Whether no member before k has the same committee."""
    area = s.committee[members[k]]
    if k > 0 and s.committee[members[k - 1]] == area:
        return False
    for before in range(k):
        if s.committee[members[before]] == area:
            return False
    return True


@compiled
def decide_dossiers(s, members, area, month, day):
    """One committee decides on all that is ready."""
    n = 0
    for i in range(s.counters[PEOPLE]):
        ready = is_here(s.state[i], rules.READY)
        if not ready and not is_here(s.state[i], rules.CERTIFIED):
            continue
        p = s.people[i]
        if s.committee[p["hamlet"]] != area:
            continue
        row = s.schedule[s.hamlets[p["hamlet"]]["group"], month]
        if ready or is_enlisting(row, p, day):
            lottery = draw(s, i, rules.COMMITTEE_LOTTERY, month)
            queue(s, n, i, 0.0, p["waiting"], lottery, p["key"])
            n += 1
    line_up(s, members, n, s.committee_priority[area, month], month, day, True)
    s.scratch[:n] = s.order[:n]
    for k in range(n):
        i = s.scratch[k]
        if has_room(s, s.people[i]["hamlet"], month):
            consider(s, i, day, COMMITTEE)
            look_ahead(s, i, day)


@compiled
def has_room(s, h, month):
    """Every area above has a place left in its allowance of the year so far."""
    for k in range(s.target_of.shape[1]):
        t = s.target_of[h, k]
        if t >= 0 and s.capped[t] and s.admitted[t] >= s.allowed[t, month]:
            return False
    return True


# ---------------------------------------------------------------- 6 review


@compiled
def review(s, members, month, day):
    """Responses in the policy's order; what is not restored ends; who can stand is founded."""
    adaptive = len(s.conditions) > 0
    if adaptive:
        observe(s, members, month, day)
    if s.combine_first:
        combine(s, members, month, day)
        reinforce(s, members, month, day)
    else:
        reinforce(s, members, month, day)
        combine(s, members, month, day)
    end_cells(s, members, day)
    found_cells(s, members, month, day)
    if s.host_exists:
        enrol_the_homeless(s, members, month, day)
    if adaptive:
        decide_levers(s, members, month, day)


@compiled
def observe(s, members, month, day):
    """The closed list of observables of each hamlet, in the order of `rules.OBSERVABLES`."""
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        s.seen[h] = 0.0
        s.seen[h, rules.STRENGTH] = float(own_strength(hamlet))
        s.seen[h, rules.LOCAL] = float(hamlet["officials"])
        s.seen[h, rules.ACTIVE] = float(hamlet["officials"])
        s.seen[h, rules.SINCE_ADMISSION] = float(since_admission(hamlet, month))
        s.seen[h, rules.CANDIDATES] = float(hamlet["candidates"])
        s.best[h] = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        h = p["hamlet"]
        if not is_followed(p):
            continue
        if p["place"] == rules.POSTED:
            s.seen[h, rules.LOCAL] -= p["counted"]
        if p["status"] == rules.EXEMPT:
            s.seen[h, rules.ACTIVE] -= p["counted"]
        if is_on_roll(p):
            s.best[h] += 1
            if rules.birthdays(day, p["birth"]) >= 60:
                s.seen[h, rules.OVER_60] += 1.0
    for k in range(len(members)):
        h = members[k]
        if s.best[h] > 0:
            s.seen[h, rules.OVER_60] /= s.best[h]


@compiled
def is_on_roll(p):
    """An official, away or not, who is not posted in."""
    official = p["status"] == rules.OFFICIAL or p["status"] == rules.EXEMPT
    return official and p["place"] != rules.POSTED


@compiled
def since_admission(hamlet, month):
    """Months since the last admission, as far as is known."""
    if hamlet["last_admission"] < -events.NEVER_ADMITTED + 1:
        return events.NEVER_ADMITTED
    return month - hamlet["last_admission"]


@compiled
def reinforce(s, members, month, day):
    """Members are posted into weak cells, as long as the pool lasts."""
    n = 0
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if is_weak(hamlet, s.schedule[hamlet["group"], month]):
            lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
            queue(s, n, h, float(own_strength(hamlet)), 0.0, lottery, hamlet["key"])
            n += 1
    sort_queue(s, n)
    s.host[:n] = s.order[:n]
    for k in range(n):
        h = s.host[k]
        row = s.schedule[s.hamlets[h]["group"], month]
        if row["reinforce_senders"] >= 0:
            send(s, h, row, month, day)
        else:
            post(s, h, row, month, day)


@compiled
def is_weak(hamlet, row):
    """Whether the lever in force posts members here."""
    if own_strength(hamlet) >= row["reinforce_below"]:
        return False
    without = hamlet["cell"] == rules.NONE and row["reinforce_without"]
    return hamlet["cell"] == rules.OWN or without


@compiled
def post(s, h, row, month, day):
    """From an outside pool, in the order of the keys."""
    pool = s.pool_of[h, row["reinforce_pool"]]
    number = min(row["reinforce_number"], s.pool_size[pool] - s.pool_used[pool])
    s.pool_used[pool] += number
    for k in range(number):
        key = person_key(s.hamlets[h]["key"], rules.POSTED_PEOPLE, month, k)
        i = posted_person(s, h, key, pool, day)
        queue(s, k, i, 0.0, 0.0, 0.0, key)
    sort_queue(s, number)
    for k in range(number):
        i = s.order[k]
        s.term[i] = month + row["reinforce_term"]
        enter(s, i, day, REVIEW)
        s.counters[POSTED_NOW] += 1
        look_ahead(s, i, day)


@compiled
def send(s, h, row, month, day):
    """Named cells send members, the strongest first, and never below their own minimum."""
    first = s.sender_first[row["reinforce_senders"]]
    last = s.sender_first[row["reinforce_senders"] + 1]
    for _ in range(row["reinforce_number"]):
        cell = -1
        for k in range(first, last):
            c = s.senders[k]
            if c != h and can_send(s, c) and (cell < 0 or is_stronger(s, c, cell, month)):
                cell = c
        if cell < 0:
            return
        i = by_sending_lottery(s, cell, month)
        p = s.people[i]
        record(s, day, REVIEW, cell, p["key"], events.SENT, 0)
        p["home"] = cell
        s.term[i] = month + row["reinforce_term"]
        move_person(s, i, h, day, REVIEW, events.SENT, rules.POSTED)
        s.counters[POSTED_NOW] += 1
        look_ahead(s, i, day)


@compiled
def may_be_sent(p):
    """An active official at home."""
    return is_followed(p) and p["status"] == rules.OFFICIAL and p["place"] == rules.PRESENT


@compiled
def can_send(s, c):
    """Stands above its own minimum and has somebody to send."""
    cell = s.hamlets[c]
    if cell["cell"] != rules.OWN or cell["strength"] <= s.minimum:
        return False
    for i in range(s.counters[PEOPLE]):
        if s.people[i]["hamlet"] == c and may_be_sent(s.people[i]):
            return True
    return False


@compiled
def by_sending_lottery(s, c, month):
    """Who is sent."""
    n = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if p["hamlet"] == c and may_be_sent(p):
            queue(s, n, i, 0.0, 0.0, draw(s, i, rules.SENDING_LOTTERY, month), p["key"])
            n += 1
    sort_queue(s, n)
    return s.order[0]


@compiled
def is_stronger(s, a, b, month):
    """Whether cell a goes before cell b among hosts; equals by lottery, then key."""
    x, y = s.hamlets[a], s.hamlets[b]
    if x["strength"] != y["strength"]:
        return x["strength"] > y["strength"]
    u = draw_for(s, a, rules.REVIEW_LOTTERY, month)
    v = draw_for(s, b, rules.REVIEW_LOTTERY, month)
    return u < v or (u == v and x["key"] < y["key"])


@compiled
def stands(s, h):
    """A cell of its own that is not under the minimum."""
    return s.hamlets[h]["cell"] == rules.OWN and s.hamlets[h]["strength"] >= s.minimum


@compiled
def host_of(s, members, h, month):
    """The strongest standing cell of the same area, or -1."""
    found = -1
    for k in range(len(members)):
        c = members[k]
        if c != h and s.area[c, s.host_level] == s.area[h, s.host_level] and stands(s, c):
            if found < 0 or is_stronger(s, c, found, month):
                found = c
    return found


@compiled
def combine(s, members, month, day):
    """A cell under the minimum joins the neighbour's, or the strongest of the area."""
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        s.host[k] = -1
        if hamlet["cell"] == rules.OWN and hamlet["below_since"] != rules.NEVER:
            if s.schedule[hamlet["group"], month]["combine"]:
                near = hamlet["neighbour"]
                near_stands = near >= 0 and s.unit[near] == s.unit[h] and stands(s, near)
                s.host[k] = near if near_stands else host_of(s, members, h, month)
    for k in range(len(members)):
        h = members[k]
        if s.host[k] < 0:
            continue
        cause = s.hamlets[h]["below_cause"]
        record(s, day, REVIEW, h, events.NOBODY, events.COMBINED, cause)
        close_cell(s, h, rules.JOINT)
        for one in range(len(members)):
            if s.hamlets[members[one]]["roll"] == h:
                enrol(s, members[one], s.host[k], day, REVIEW, events.COMBINED)


@compiled
def close_cell(s, h, cell):
    """The hamlet's own cell is no more."""
    hamlet = s.hamlets[h]
    hamlet["cell"], hamlet["below_since"] = cell, rules.NEVER
    hamlet["secretary"] = rules.NO_CHIEF
    hamlet["secretary_trained"] = False


@compiled
def end_cells(s, members, day):
    """What is still under the minimum when the grace is over is lost; `flags` mark the lost."""
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        below = hamlet["cell"] == rules.OWN and hamlet["below_since"] != rules.NEVER
        s.flags[h] = 0
        s.picked[h] = below and later(s, hamlet["below_since"], s.grace_months) <= day
    for k in range(len(members)):
        c = members[k]
        if not s.picked[c]:
            continue
        for one in range(len(members)):
            h = members[one]
            hamlet = s.hamlets[h]
            if hamlet["roll"] == c and (h == c or hamlet["cell"] == rules.JOINT):
                kind = events.RE_EMPTIED if hamlet["ever_founded"] else events.LOST
                cause = s.hamlets[c]["below_cause"]
                record(s, day, REVIEW, h, events.NOBODY, kind, cause)
                hamlet["ever_lost"] = hamlet["ever_founded"] = True
                s.flags[h] = 1
    for k in range(len(members)):
        if s.flags[members[k]]:
            close_cell(s, members[k], rules.NONE)
    for k in range(len(members)):
        roll = s.hamlets[members[k]]["roll"]
        if roll >= 0 and s.hamlets[roll]["cell"] == rules.NONE:
            enrol(s, members[k], -1, day, REVIEW, events.LOST)


@compiled
def found_cells(s, members, month, day):
    """Enough officials on the spot found a cell, unless the host would fall below its minimum."""
    n = 0
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if s.flags[h] or hamlet["officials"] < s.founding:
            continue
        separates = hamlet["cell"] == rules.JOINT and s.schedule[hamlet["group"], month]["separate"]
        if hamlet["cell"] == rules.NONE or separates:
            lottery = draw_for(s, h, rules.REVIEW_LOTTERY, month)
            queue(s, n, h, 0.0, 0.0, lottery, hamlet["key"])
            n += 1
    sort_queue(s, n)
    for k in range(n):
        h = s.order[k]
        hamlet = s.hamlets[h]
        host = hamlet["roll"]
        if host >= 0 and s.hamlets[host]["strength"] - hamlet["officials"] < s.minimum:
            continue
        enrol(s, h, -1, day, REVIEW, events.FOUNDED)
        kind = events.FOUNDED if hamlet["cell"] == rules.NONE else events.SEPARATED
        cause = hamlet["gain"] if hamlet["gain"] != 0 else events.AT_START
        record(s, day, REVIEW, h, events.NOBODY, kind, cause)
        hamlet["ever_founded"] = hamlet["ever_founded"] or kind == events.FOUNDED
        hamlet["cell"], hamlet["roll"] = rules.OWN, h
        hamlet["strength"] = hamlet["officials"]


@compiled
def enrol_the_homeless(s, members, month, day):
    """Members without a cell go on the roll of the strongest cell of the area."""
    for k in range(len(members)):
        hamlet = s.hamlets[members[k]]
        s.host[k] = -1
        if hamlet["cell"] == rules.NONE and hamlet["roll"] < 0:
            s.host[k] = host_of(s, members, members[k], month)
    for k in range(len(members)):
        if s.host[k] >= 0:
            enrol(s, members[k], s.host[k], day, REVIEW, events.LOST)


# ---------------------------------------------------------------- adaptive levers


@compiled
def decide_levers(s, members, month, day):
    """Which adaptive levers act on each hamlet from now to the next review."""
    for k in range(len(members)):
        s.lottery[members[k]] = draw_for(s, members[k], rules.REVIEW_LOTTERY, month)
        s.flags[members[k]] = 0
    for k in range(len(members)):
        h = members[k]
        if s.hamlets[h]["cell"] == rules.CLOSED:
            continue
        for bit in range(s.adaptive):
            if holds(s, members, h, bit):
                s.flags[h] |= 1 << bit
    for k in range(len(members)):
        h = members[k]
        change_group(s, h, s.hamlets[h]["base_group"] | s.flags[h], day)


@compiled
def holds(s, members, h, bit):
    """Whether every condition of a lever holds for a hamlet in its scope."""
    if not s.condition_scope[bit, h]:
        return False
    for c in range(len(s.conditions)):
        condition = s.conditions[c]
        if condition["bit"] != bit:
            continue
        value = s.seen[h, condition["observable"]]
        if condition["observable"] == rules.RANK:
            value = float(rank(s, members, h, bit, condition["level"]))
        if not (condition["at_least"] <= value < condition["below"]):
            return False
    return True


@compiled
def rank(s, members, h, bit, level):
    """How many hamlets in the lever's scope and the same area are weaker."""
    weaker = 0
    for k in range(len(members)):
        o = members[k]
        if s.area[o, level] != s.area[h, level] or not s.condition_scope[bit, o]:
            continue
        if s.hamlets[o]["cell"] == rules.CLOSED:
            continue
        a, b = s.seen[o, rules.STRENGTH], s.seen[h, rules.STRENGTH]
        if a < b:
            weaker += 1
        elif a == b:
            u, v = s.lottery[o], s.lottery[h]
            if u < v or (u == v and s.hamlets[o]["key"] < s.hamlets[h]["key"]):
                weaker += 1
    return weaker


@compiled
def change_group(s, h, group, day):
    """Other schedules from now; clocks are re-based only where the person's own rate differs."""
    hamlet = s.hamlets[h]
    before = hamlet["group"]
    if group == before:
        return
    n = 0
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if p["hamlet"] != h or not is_followed(p) or p["place"] == rules.POSTED:
            continue
        state = p["status"] * rules.PLACES + p["place"]
        if not rules.same_rates(
            day, p["birth"], s.horizon, s.starts, s.steady[state, before], s.moving[before],
            s.steady[state, group], s.moving[group], leaving_scale(s, p),
        ):  # fmt: skip
            settle_budget(s, i, day)
            s.scratch[n] = i
            n += 1
    hamlet["group"] = group
    for k in range(n):
        look_ahead(s, s.scratch[k], day)


# ---------------------------------------------------------------- 7 panel, tallies


@compiled
def tally(s, members, month):
    """Count the months of postings and of adaptive levers."""
    year = month // 12
    s.posting_months[year] += s.counters[POSTED_NOW]
    for bit in range(s.adaptive):
        if s.adaptive_months[bit, month]:
            for k in range(len(members)):
                s.lever_months[bit, year] += s.hamlets[members[k]]["group"] >> bit & 1


@compiled
def take_panel(s, members, month, day):
    """The state of every hamlet at an anniversary, in the order of `log.PANEL_FIELDS`."""
    year = month // 12
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        row = s.panel[year, h]
        row[:] = 0
        row[0] = hamlet["cell"]
        row[1] = own_strength(hamlet)
        row[2] = row[3] = hamlet["officials"]
        row[11] = since_admission(hamlet, month)
        if hamlet["chief"] >= 0 and s.people[hamlet["chief"]]["status"] >= rules.PROBATION:
            row[13] = 1
        if hamlet["secretary"] >= 0:
            row[14] = 2 if hamlet["secretary_trained"] else 1
    for i in range(s.counters[PEOPLE]):
        p = s.people[i]
        if is_followed(p):
            count_in_panel(s.panel[year, p["hamlet"]], p, day)


@compiled
def count_in_panel(row, p, day):
    """Add one person to the row of a hamlet."""
    status, place = p["status"], p["place"]
    if place == rules.POSTED:
        row[2] -= p["counted"]
        row[12] += 1
    if status == rules.EXEMPT:
        row[3] -= p["counted"]
    if status == rules.PROBATION:
        row[7] += 1
    if status == rules.LISTED:
        row[8] += 1
    if status == rules.CERTIFIED or status == rules.READY:
        row[9] += 1
    if place == rules.AWAY and status >= rules.PROBATION:
        row[10] += 1
    if is_on_roll(p):
        age = rules.birthdays(day, p["birth"])
        row[4] += 1
        if age >= 60:
            row[5] += 1
        elif place != rules.AWAY:
            row[6] += 1
        row[15 + min(max(age // 10 - 2, 0), 6)] += 1


# ---------------------------------------------------------------- the first day


@compiled
def settle(s, people, members):
    """People take their places; cells are counted, hosts found, offices held; lives begin."""
    n = len(people)
    s.counters[PEOPLE] = n
    s.counters[POSTED_NOW] = 0
    for i in range(n):
        s.people[i] = people[i]
        p = s.people[i]
        p["since"] = 0.0
        s.state[i] = p["status"] * rules.PLACES + p["place"]
        s.where[i] = p["hamlet"]
        s.term[i] = -1
        p["counted"] = 0
        p["points"], p["adult"], p["weight"] = 0, 0, 0
        hamlet = s.hamlets[p["hamlet"]]
        if p["place"] == rules.POSTED:
            s.term[i] = p["term_month"]
            s.counters[POSTED_NOW] += 1
            if p["pool"] >= 0:
                s.pool_used[p["pool"]] += 1
        if rules.counts(p["status"], p["place"], s.away_counts, s.exempt_counts, s.posted_counts):
            p["counted"] = 1
            hamlet["officials"] += 1
        if p["status"] <= rules.READY:
            hamlet["candidates"] += 1
        take_stock(s, i, 0.0)
    strengths(s, members)
    hold_offices(s, members)
    for i in range(n):
        set_death(s, i, 0.0)
        pass_open_stages(s, i, 0.0, LIFE)
        look_ahead(s, i, 0.0)


@compiled
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
            s.host[k] = host_of(s, members, members[k], 0)
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


@compiled
def hold_offices(s, members):
    """Who holds an office at the start is not published: it is drawn."""
    for k in range(len(members)):
        s.flags[members[k]] = 2 if s.hamlets[members[k]]["chief"] == DRAWN else 0
    best_by_lottery(s, members, 0, 0.0, True)
    for k in range(len(members)):
        h = members[k]
        if s.flags[h]:
            s.hamlets[h]["chief"] = s.best[h] if s.best[h] >= 0 else rules.RESIDENT_CHIEF
        s.flags[h] = 2 if s.hamlets[h]["secretary"] == DRAWN else 0
    best_by_lottery(s, members, 0, 0.0, False)
    for k in range(len(members)):
        h = members[k]
        hamlet = s.hamlets[h]
        if s.flags[h]:
            hamlet["secretary"] = s.best[h] if s.best[h] >= 0 else rules.NO_CHIEF
            hamlet["secretary_trained"] = hamlet["secretary_trained"] and s.best[h] >= 0
