"""Everything a kernel sees: the plan, the world, and what the engine writes."""

from typing import Any, cast, get_type_hints

import numba
import numpy as np
from numba import from_dtype, types

from sim import log as events
from sim import rules
from sim.compilation import Function
from sim.draws import uniform
from sim.engine.compiled.record import RecordType, reader
from sim.plan import MOVE, SCHEDULE, Plan, Settings
from sim.plan.meetings import CLASS as CLASS_ROW
from sim.plan.meetings import CONDITION, COURSE
from sim.world import HAMLET, PERSON, World

LIFE, POSTINGS, LISTING, CLASS, COMMITTEE, REVIEW = 1, 2, 3, 4, 5, 6
FIRST, SECOND = -3.0e18, -2.0e18
"""Priorities before all others: about to enlist, and the chief."""
MONTH = 30.4375
ELIGIBLE_AGES = 42
PEOPLE, EVENTS, POSTED_NOW, WAITING, OVERFLOWN = range(5)
"""Places in `counters`: people, events, posted members, size of the heap, and whether the table
of people was too small."""
PLACE_BITS, PLACE_MASK = 2, 3
"""A state is status << PLACE_BITS | place."""
if rules.PLACES != 1 << PLACE_BITS:
    raise ImportError("a state does not hold that many places")
NOT_FOLLOWED = -1
"""State of who has not entered or is gone; else status * PLACES + place (see `look_ahead`)."""


def kernel(function: Function) -> Function:
    """Compile a function that only other kernels call; it owns and allocates nothing."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    decorator: Any = numba.njit(cache=True, nogil=True, error_model="numpy", **options)
    return cast(Function, decorator(function))


_PLAN = {
    "f8 1": "starts scale days month_years pull delay_median failure arrivals arrival_women "
    "posting_ages staff_ages",
    "f8 2": "adults weighted leavers target_yearly arrival_ages",
    "f8 3": "moving entry",
    "f8 4": "steady mortality each",
    "i8 1": "year base_group unit pool_size senders sender_first committee",
    "i8 2": "area target_of allowed committee_priority pool_of weights",
    "? 1": "january meets review election capped",
    "? 2": "condition_scope adaptive_months",
}
_OWN = {
    "f8 1": "due turn value since_queued lottery target_pull log_day",
    "f8 2": "shock draws4 arrivals4 seen",
    "i8 1": "term where counters admitted pool_used posting_months order queue_key heap scratch "
    "best strength_then flags host picked log_person",
    "i8 2": "lever_months",
    "i4 3": "panel",
    "i4 1": "log_hamlet",
    "i2 1": "log_kind log_cause",
    "i1 1": "log_phase state",
}
_ROWS = {
    "people": (PERSON, 1),
    "hamlets": (HAMLET, 1),
    "schedule": (SCHEDULE, 2),
    "classes": (CLASS_ROW, 1),
    "courses": (COURSE, 1),
    "conditions": (CONDITION, 1),
    "moves": (MOVE, 1),
}
_NUMBERS = {int: types.int64, float: types.float64, bool: types.boolean}


def _fields() -> dict[str, Any]:
    """Name and numba type of every field of the state."""
    fields: dict[str, Any] = {"seed": types.int64, "replication": types.int64}
    fields |= {name: _NUMBERS[kind] for name, kind in get_type_hints(Settings).items()}
    arrays = {name: (np.dtype(kind.split()[0]), int(kind.split()[1]))
              for table in (_PLAN, _OWN) for kind, names in table.items()
              for name in names.split()}  # fmt: skip
    for name, (dtype, dimensions) in (arrays | _ROWS).items():
        if name in fields:
            raise ImportError(f"two fields of the state are called {name}")
        fields[name] = types.Array(from_dtype(dtype), dimensions, "C")
    return fields


STATE = RecordType("State", _fields())
state_of = reader(STATE)


def given_by(plan: Plan) -> dict[str, Any]:
    """The fields that a plan gives."""
    values = {**plan.settings._asdict(), **plan.rates._asdict(), **plan.residents._asdict()}
    nested = ("settings", "rates", "residents", "area_key", "shock_sd")
    values |= {name: value for name, value in plan._asdict().items() if name not in nested}
    return {
        name: np.ascontiguousarray(v) if isinstance(v, np.ndarray) else v
        for name, v in values.items()
    }


def empty_tables(plan: Plan, world: World, room: int, with_log: bool) -> dict[str, Any]:
    """The fields that the engine writes, with room for so many people."""
    years, hamlets = plan.settings.months // 12, len(world.hamlets)
    events_room, size = (6 * room if with_log else 0), room + hamlets
    whole, real = np.int64, np.float64
    shapes: dict[str, tuple[Any, Any]] = {
        "people": (room, PERSON),
        **{name: (room, real) for name in ("due", "turn")},
        **{name: (room, whole) for name in ("term", "where", "heap")},
        **{name: (size, real) for name in ("value", "since_queued", "lottery")},
        **{name: (size, whole) for name in ("order", "queue_key", "scratch")},
        **{name: (hamlets, whole) for name in ("best", "strength_then", "flags", "host", "picked")},
        **{name: ((hamlets, 4), real) for name in ("draws4", "arrivals4")},
        "seen": ((hamlets, len(rules.OBSERVABLES)), real),
        "state": (room, np.int8),
        "counters": (5, whole),
        "admitted": (len(plan.capped), whole),
        "pool_used": (len(plan.pool_size), whole),
        "panel": ((years + 1, hamlets, len(events.PANEL_FIELDS)), np.int32),
        "lever_months": ((plan.settings.adaptive, years), whole),
        "posting_months": (years, whole),
        "log_day": (events_room, real),
        "log_phase": (events_room, np.int8),
        "log_hamlet": (events_room, np.int32),
        "log_person": (events_room, whole),
        "log_kind": (events_room, np.int16),
        "log_cause": (events_room, np.int16),
    }
    tables: dict[str, Any] = {
        name: np.zeros(shape, dtype=dtype) for name, (shape, dtype) in shapes.items()
    }
    return tables | {"target_pull": np.ones(len(plan.capped))}


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
    key = s.people[i]["key"]
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
