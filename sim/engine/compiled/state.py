"""Everything a kernel sees: the plan, the world, and what the engine writes."""

from typing import Any, get_type_hints

import numpy as np

from sim import rules
from sim.compilation import Record, kernel, room_for
from sim.compilation.records import FieldKind
from sim.draws import uniform, uniforms4
from sim.engine.compiled import ceilings
from sim.engine.opening import room_to_count
from sim.plan import MOVE, Plan, Settings
from sim.plan.meetings import CLASS as CLASS_ROW
from sim.plan.meetings import CONDITION, COURSE
from sim.plan.schedule import SCHEDULE
from sim.world import HAMLET, PERSON, World

LIFE, POSTINGS, LISTING, CLASS, COMMITTEE, REVIEW = 1, 2, 3, 4, 5, 6
FIRST, SECOND = -3.0e18, -2.0e18
"""Priorities before all others: about to enlist, and the chief."""
MONTH = 30.4375
COUNTERS = 10
PEOPLE, EVENTS, POSTED_NOW, WAITING, IN_PIPELINE = range(5)
LOTTERY, LOTTERY_MONTH, LEADERS, OVERFLOWN, KEPT = range(5, COUNTERS)
"""Places in `counters`: people, events, posted members, size of the heap, length of the pipeline,
decision and month of the lottery of the queue, how many are level at its top, whether the table of
people was too small, and people kept for a world in which the replication stops."""
PLACE_BITS, PLACE_MASK = 2, 3
"""A state is status << PLACE_BITS | place."""
if rules.PLACES != 1 << PLACE_BITS:
    raise ImportError("a state does not hold that many places")
GROUP_BITS = 4
GROUP = 1 << GROUP_BITS
"""People, or groups of them, whose instants are looked at together."""
OF_PEOPLE = (rules.LOCAL, rules.ACTIVE, rules.OVER_60)
"""Observables for which all people of a hamlet are looked at."""
NOT_FOLLOWED = -1
"""State of who has not entered or is gone; else status * PLACES + place (see `look_ahead`)."""

QUEUED = np.dtype(
    [("value", "f8"), ("since", "f8"), ("lottery", "f8"), ("key", "i8"), ("who", "i8")], align=True
)
"""Who stands in a queue: its order is value, waiting since, lottery and key."""

_PLAN = {
    "f8 1": "starts scale days eves month_years pull delay_median failure arrivals arrival_women "
    "posting_ages staff_ages",
    "f8 2": "adults weighted leavers listing_most moving_in_most moving_most target_yearly "
    "arrival_ages shock_sd",
    "f8 3": "moving entry steady_most mortality_most",
    "f8 4": "steady mortality each",
    "i8 1": "base_groups year clock unit pool_size senders sender_first committee people_from "
    "hamlets_from hamlets_of_units committees committees_from",
    "i8 2": "area area_keys target_of allowed committee_priority pool_of weights turning_ages",
    "? 1": "january meets review election capped enlists combines reinforces",
    "? 2": "condition_scope adaptive_months",
}
_OWN = {
    "f8 1": "due turn soonest_due soonest_turn heap_day target_pull shock_most log_day",
    "f8 2": "shock draws4 arrivals4 seen",
    "f8 3": "drawn to_draw",
    "i8 1": "term counters admitted pool_used posting_months order heap scratch pipeline "
    "first_person next_person first_term next_term first_ready next_ready "
    "strength_then flags host picked passed log_person",
    "i8 2": "lever_months rate_keys rates_then rates",
    "i4 3": "panel",
    "i4 1": "log_hamlet",
    "i2 1": "log_kind log_cause",
    "i1 1": "log_phase state may_list may_receive",
}
_THEN = {
    "f8 1": "target_pull_then log_day_then",
    "i8 1": "groups_then posting_months_then admitted_then pool_used_then log_person_then",
    "i8 2": "lever_months_then",
    "i4 3": "panel_then",
    "i4 1": "log_hamlet_then",
    "i2 1": "log_kind_then log_cause_then",
    "i1 1": "log_phase_then",
}
"""What there was when the replication was stopped."""
_ROWS = {
    "hamlets_then": (HAMLET, 1),
    "baseline": (PERSON, 1),
    "people": (PERSON, 1),
    "kept": (PERSON, 1),
    "queued": (QUEUED, 1),
    "hamlets": (HAMLET, 1),
    "schedule": (SCHEDULE, 2),
    "classes": (CLASS_ROW, 1),
    "courses": (COURSE, 1),
    "conditions": (CONDITION, 1),
    "moves": (MOVE, 1),
}


def _fields() -> dict[str, FieldKind]:
    """Name and kind of every field of the state."""
    numbers = ("seed", "replication", "from_month", "until_month")
    fields: dict[str, FieldKind] = dict.fromkeys(numbers, int)
    fields |= dict.fromkeys(("ranks_strength", "ranks_cells", "looks_at_people", "has_staff"), bool)
    fields |= get_type_hints(Settings)
    arrays = {name: (np.dtype(kind.split()[0]), int(kind.split()[1]))
              for table in (_PLAN, _OWN, _THEN) for kind, names in table.items()
              for name in names.split()}  # fmt: skip
    for name, (dtype, dimensions) in (arrays | _ROWS).items():
        if name in fields:
            raise ImportError(f"two fields of the state are called {name}")
        fields[name] = dtype, dimensions
    return fields


STATE = Record("State", _fields())


def given_by(plan: Plan, world: World) -> dict[str, Any]:
    """The fields that a plan gives for a world."""
    values = {**plan.settings._asdict(), **plan.rates._asdict(), **plan.residents._asdict()}
    elsewhere = ("settings", "rates", "residents", "area_key", "base_group", "adaptive_keys")
    values |= {name: value for name, value in plan._asdict().items() if name not in elsewhere}
    values["area_keys"] = plan.area_key[plan.area]
    values["base_groups"] = plan.base_group
    values["eves"] = np.nextafter(plan.days, -np.inf)
    values["listing_most"] = ceilings.listing(plan, world)
    values["moving_in_most"] = ceilings.moving_in(plan)
    values["ranks_strength"] = any(
        (priority == rules.WEAKEST_CELL).any()
        for priority in (plan.classes["priority"], plan.committee_priority)
    )
    observed = plan.conditions["observable"]
    values["ranks_cells"] = bool((observed == rules.RANK).any())
    values["looks_at_people"] = bool(np.isin(observed, OF_PEOPLE).any())
    values["has_staff"] = not world.hamlets["is_hamlet"].all()
    values["combines"] = plan.schedule["combine"].any(axis=0)
    values["reinforces"] = (plan.schedule["reinforce_below"] > 0).any(axis=0)
    values["enlists"] = np.any(plan.schedule["enlist_low"] < plan.schedule["enlist_high"], axis=0)
    return {
        name: np.ascontiguousarray(v) if isinstance(v, np.ndarray) else v
        for name, v in values.items()
    }


def empty_tables(plan: Plan, room: int, events_room: int) -> dict[str, Any]:
    """The fields that the engine writes, with room for so many people at once and so many events.

    They are written before they are read (see `beginning`).
    """
    hamlets, months = len(plan.unit), plan.settings.months
    size, groups = room + hamlets, room // GROUP + 1
    whole, real = np.int64, np.float64
    return room_for({
        **room_to_count(plan),
        "hamlets": (hamlets, HAMLET),
        "rates": ((hamlets, 2), whole),
        "counters": (COUNTERS, whole),
        "people": (room, PERSON),
        **{name: (groups * GROUP, real) for name in ("due", "turn")},
        **{name: (groups, real) for name in ("soonest_due", "soonest_turn")},
        "heap_day": (room, real),
        **{name: (room, whole) for name in ("term", "heap", "pipeline")},
        **{name: (room, whole) for name in ("next_person", "next_term", "next_ready")},
        "queued": (size, QUEUED),
        **{name: (size, whole) for name in ("order", "scratch")},
        **{name: (hamlets, whole) for name in ("strength_then", "flags", "host", "picked")},
        **{name: ((hamlets, 4), real) for name in ("draws4", "arrivals4")},
        "first_person": (hamlets, whole),
        "first_ready": (len(plan.committee_priority), whole),
        "first_term": (months, whole),
        "passed": (len(plan.area_key), whole),
        "shock": ((hamlets, len(plan.rates.year)), real),
        "shock_most": (hamlets, real),
        "seen": ((hamlets, len(rules.OBSERVABLES)), real),
        "state": (room, np.int8),
        **{name: (hamlets, np.int8) for name in ("may_list", "may_receive")},
        "log_day": (events_room, real),
        "log_phase": (events_room, np.int8),
        "log_hamlet": (events_room, np.int32),
        "log_person": (events_room, whole),
        "log_kind": (events_room, np.int16),
        "log_cause": (events_room, np.int16),
    })  # fmt: skip


# ---------------------------------------------------------------- small things


@kernel
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


@kernel
def draw(s, i, decision, occurrence):
    """The uniform number of one decision about a person."""
    return draw_by_key(s, s.people[i]["key"], decision, occurrence)


@kernel
def draws_together(s, i, decision, block):
    """Four occurrences of one decision about a person, at the price of one."""
    key = s.people[i]["key"]
    return uniforms4(s.seed, s.replication, rules.PERSON_STREAM, key, decision, block)


@kernel
def draw_by_key(s, key, decision, occurrence):
    """The same about a person who need not have a place in the table."""
    return uniform(s.seed, s.replication, rules.PERSON_STREAM, key, decision, occurrence)


@kernel
def draw_for(s, h, decision, occurrence):
    """The uniform number of one decision about a hamlet."""
    key = s.hamlets[h]["key"]
    return uniform(s.seed, s.replication, rules.HAMLET_STREAM, key, decision, occurrence)


@kernel
def later(s, day, months):
    """The same day a number of calendar months on."""
    return rules.months_later(day, months, s.days)


@kernel
def month_at(s, day):
    """Index of the month that holds a day."""
    return rules.month_of(day, s.days) - s.origin


@kernel
def is_here(state, status):
    """Followed, in this status, and not away."""
    return state >> PLACE_BITS == status and state & PLACE_MASK != rules.AWAY


@kernel
def is_followed(p):
    """Has entered and not ended."""
    return p["entry_kind"] == 0 and p["status"] != rules.GONE


@kernel
def cell_strength(s, hamlet):
    """Strength of the cell that covers it; without one, its officials who would count."""
    covered = hamlet["cell"] == rules.OWN or hamlet["cell"] == rules.JOINT
    if covered and hamlet["roll"] >= 0:
        return s.hamlets[hamlet["roll"]]["strength"]
    return hamlet["officials"]
