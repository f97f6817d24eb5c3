"""The clocks of a life: looking ahead to its next instant, budgets, and the day of death."""

from sim import rules
from sim.compilation import kernel
from sim.draws import exponential
from sim.engine.compiled.queues import set_instant
from sim.engine.compiled.state import NOT_FOLLOWED, PLACE_BITS
from sim.world import STALE


@kernel
def leaving_scale(s, p):
    """Factor on leaving in this state."""
    if p["place"] != rules.PRESENT:
        return 0.0
    return s.scale[p["status"]] * s.hamlets[p["hamlet"]]["leaving_factor"]


@kernel
def look_ahead(s, i, day):
    """Find the next instant of this life in the present state, and note the state for scans."""
    p = s.people[i]
    if p["status"] == rules.GONE:
        s.due[i] = rules.NEVER
        s.state[i] = NOT_FOLLOWED
        return
    s.state[i] = p["status"] << PLACE_BITS | p["place"]
    if p["clock"] == STALE:
        p["clock"] = clock_day(s, p)
    due, what = rules.next_step(
        p["status"], p["place"], day, p["death"], p["clock"],
        p["stage_due"], p["certificate_until"], p["limit"],
    )  # fmt: skip
    set_instant(s.due, s.soonest_due, i, due)
    p["what"] = what


@kernel
def clock_day(s, p):
    """When the clock of the other risks has used up its budget."""
    if p["place"] == rules.POSTED:
        return rules.NEVER
    h = p["hamlet"]
    group = s.hamlets[h]["group"]
    state = p["status"] << PLACE_BITS | p["place"]
    scale = leaving_scale(s, p)
    age = rules.age_at(p["since"], p["birth"])
    most = s.steady_most[state, group, age] + s.moving_most[group, age] * scale * s.shock_most[h]
    if rules.outlasts(p["budget"], p["since"], s.horizon, most):
        return rules.NEVER
    return rules.fire_day(
        p["budget"], p["since"], p["birth"], s.horizon, s.starts,
        s.steady[state, group], 1.0, s.moving[group], scale, s.shock[h],
    )  # fmt: skip


@kernel
def settle_budget(s, i, day):
    """Take what the present state has used from the budget, before the state changes."""
    p = s.people[i]
    if p["since"] < day and p["place"] != rules.POSTED:
        h = p["hamlet"]
        group = s.hamlets[h]["group"]
        state = p["status"] << PLACE_BITS | p["place"]
        used = rules.spent(
            p["since"], day, p["birth"], s.starts, s.steady[state, group], 1.0,
            s.moving[group], leaving_scale(s, p), s.shock[h],
        )  # fmt: skip
        p["budget"] = max(0.0, p["budget"] - used)
    p["since"] = day
    p["clock"] = STALE


@kernel
def set_death(s, i, u):
    """The day of death, from the draw of its budget and the hamlet of entry."""
    p = s.people[i]
    entry = p["entry_day"]
    hamlet = s.hamlets[p["entry_hamlet"]]
    budget = exponential(u)
    most = s.mortality_most[hamlet["base_group"], p["sex"], rules.age_at(entry, p["birth"])]
    if rules.outlasts(budget, entry, s.horizon, most * hamlet["mortality_factor"]):
        p["death"] = rules.NEVER
        return
    table = s.mortality[hamlet["base_group"], p["sex"]]
    p["death"] = rules.fire_day(
        budget, entry, p["birth"], s.horizon, s.starts, table, hamlet["mortality_factor"],
        table, 0.0, s.shock[p["entry_hamlet"]],
    )  # fmt: skip
