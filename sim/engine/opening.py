"""The opening of a replication: what the baseline does not say is drawn, by key.

Both engines start from what this gives: a world in which every birth date, elapsed time and budget
is known, and the bad years to come. Or they go on from where a replication was stopped.
"""

import math
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.compilation import compiled
from sim.draws import exponential, lognormal, uniform, uniforms4
from sim.log import PANEL_FIELDS, Outcome
from sim.plan import Plan
from sim.plan.rates import Floats
from sim.world import UNKNOWN, World, copied

HALF_YEAR, QUARTER = 182.625, 91.3125
SHORTEST_MONTH = 28.0
UNKNOWN_RATES = 0
MONTH = 30.4375


class Given(NamedTuple):
    """What the drawing of a person needs to know; named as in `sim.plan.Settings`."""

    seed: int
    replication: int
    days: Floats
    origin: int
    delay_median: Floats
    delay_sd: float
    certificate_months: int
    dossier_months: int
    probation_months: int
    stale_months: int
    retirement_age: float
    training_on: bool
    dossier_on: bool


NONE_DRAWN = np.zeros((0, 0, 0))
"""In place of `Stopped.drawn`, where the numbers are not at hand."""


@dataclass(frozen=True, eq=False)
class Stopped:
    """A replication stopped before a month: the world then, and what has happened until then.

    Of the panel the anniversaries before that month are filled in.  drawn[B, H, 8]: uniform numbers
    of listings and of arrivals in each four months of the horizon, which all who go on from here
    have in common; empty if they are not at hand.
    """

    world: World
    outcome: Outcome
    drawn: Floats = field(default_factory=lambda: NONE_DRAWN)


Life = tuple[int, Stopped | None]
"""A replication by its number, from its beginning or from where it was stopped."""


def placed(plan: Plan, world: World) -> World:
    """The world with every unit in its group and every posting in its pool of this policy."""
    people, hamlets = world.people, copied(world.hamlets)
    hamlets["base_group"], hamlets["group"] = plan.base_group, groups(plan, world)
    if world.month == 0:  # a baseline knows the kind of a pool, not yet which one
        people = copied(people)
        posted = people["pool"] >= 0
        people["pool"][posted] = plan.pool_of[people["hamlet"][posted], people["pool"][posted]]
    return world._replace(people=people, hamlets=hamlets)


def groups(plan: Plan, world: World) -> npt.NDArray[np.int64]:
    """The group of each unit [H], with the bits of the adaptive levers that are in force."""
    return plan.base_group | _bits(plan, world) if len(world.levers) else plan.base_group


def _bits(plan: Plan, world: World) -> npt.NDArray[np.int64]:
    """The bits of the adaptive levers in force in each hamlet, as this policy counts them.

    ValueError if one is in force that the policy does not have: it has another history.
    """
    bits = np.zeros(len(world.hamlets), dtype=np.int64)
    for old, new in enumerate(_places(plan, world.levers)):
        acting = world.hamlets["group"] >> old & 1
        if new < 0 and acting.any():
            raise ValueError("a lever is in force that this policy does not have")
        bits |= acting << max(new, 0)
    return bits


def _places(plan: Plan, levers: npt.NDArray[np.int64]) -> list[int]:
    """Where a policy has these adaptive levers; -1 where it has them not."""
    known = {int(key): place for place, key in enumerate(plan.adaptive_keys)}
    return [known.get(int(key), -1) for key in levers]


def rate_keys(plan: Plan) -> npt.NDArray[np.int64]:
    """Keys of what clocks [:, 0] and deaths [:, 1] are found with, by group: equal if it is, and
    never UNKNOWN_RATES."""
    r, common = plan.rates, blake2b(digest_size=8)
    for table in (plan.rates.starts, r.year, r.scale, plan.shock_sd):
        common.update(table.tobytes())
    keys = np.empty((len(r.each), 2), dtype=np.int64)
    for group in range(len(r.each)):
        for what, table in enumerate((r.each[group], r.mortality[group])):
            digest = common.copy()
            digest.update(table.tobytes())
            keys[group, what] = int.from_bytes(digest.digest(), "little", signed=True) | 1
    return keys


class Begun(NamedTuple):
    """What an engine counts in, from the beginning on."""

    panel: npt.NDArray[np.int32]
    lever_months: npt.NDArray[np.int64]
    posting_months: npt.NDArray[np.int64]
    admitted: npt.NDArray[np.int64]
    target_pull: Floats
    pool_used: npt.NDArray[np.int64]


def room_to_count(plan: Plan) -> dict[str, tuple[tuple[int, ...], Any]]:
    """Shape and type of each field of `Begun`."""
    years, whole = plan.settings.months // 12, np.int64
    return {
        "panel": ((years + 1, len(plan.unit), len(PANEL_FIELDS)), np.int32),
        "lever_months": ((plan.settings.adaptive, years), whole),
        "posting_months": ((years,), whole),
        "admitted": ((len(plan.capped),), whole),
        "target_pull": ((len(plan.capped),), np.float64),
        "pool_used": ((len(plan.pool_size),), whole),
    }


def begun(plan: Plan, since: Stopped | None) -> Begun:
    """Nothing yet, or what there was when the replication was stopped."""
    begins = Begun(**{name: np.zeros(*room) for name, room in room_to_count(plan).items()})
    begins.target_pull.fill(1.0)
    if since is not None:
        for name, then in then_begun(plan, since)._asdict().items():
            np.copyto(getattr(begins, name), then)
    return begins


def then_begun(plan: Plan, since: Stopped) -> Begun:
    """What there was when the replication was stopped: not to be counted in."""
    outcome, world = since.outcome, since.world
    lever_months = np.zeros(*room_to_count(plan)["lever_months"])
    for old, new in enumerate(_places(plan, world.levers)):
        if new >= 0:
            lever_months[new] = outcome.lever_months[old]
    return Begun(
        outcome.panel, lever_months, outcome.posting_months,
        world.admitted, world.target_pull, world.pool_used,
    )  # fmt: skip


def opened(plan: Plan, world: World, seed: int, replication: int) -> World:
    """The world of one replication, with nothing unknown; `world` is left alone."""
    opening = placed(plan, world)
    s = plan.settings
    given = Given(
        seed, replication, plan.days, s.origin, plan.delay_median, s.delay_sd,
        s.certificate_months, s.dossier_months, s.probation_months, s.stale_months,
        s.retirement_age, s.training_on, s.dossier_on,
    )  # fmt: skip
    draw_people(given, opening.people, opening.hamlets)
    return opening


def shocks(plan: Plan, seed: int, replication: int) -> Floats:
    """Factor on leaving [H, P]."""
    rows = np.empty((len(plan.area), len(plan.rates.year)))
    areas = plan.area_key[plan.area]
    fill_shocks(seed, replication, areas, plan.shock_sd, plan.rates.year, rows)
    return rows


@compiled
def fill_shocks(
    seed: int,
    replication: int,
    areas: npt.NDArray[np.int64],
    sd: Floats,
    years: npt.NDArray[np.int64],
    rows: Floats,
) -> None:
    """`rules.shock` of every hamlet and period; neighbours share the rows of their areas."""
    for h in range(len(areas)):
        same = h > 0
        for level in range(areas.shape[1]):
            same = same and areas[h, level] == areas[h - 1, level]
        for p in range(len(years)):
            if same:
                rows[h, p] = rows[h - 1, p]
            else:
                rows[h, p] = rules.shock(seed, replication, areas[h], sd, years[p], p)


@compiled
def draw_people(given: Given, people: npt.NDArray[np.void], hamlets: npt.NDArray[np.void]) -> None:
    """Fill in what is unknown about every person."""
    for i in range(len(people)):
        p = people[i]
        beginning = uniforms4(
            given.seed, given.replication, rules.PERSON_STREAM, p["key"], rules.BEGINNING, 0
        )
        draw_person(given, p, hamlets[p["hamlet"]]["difficulty"], beginning)


@compiled
def draw_person(given: Given, p: np.void, difficulty: int, beginning: tuple[float, ...]) -> None:
    """Fill in what is unknown (NaN) about a person; within an age band birth dates are uniform.

    `given` may be anything with the fields of `Given`; `beginning` are the draws of that decision.
    """
    if math.isnan(p["birth"]):
        age = rules.within(beginning[rules.AGE], p["age_low"], p["age_high"])
        p["birth"] = -age * rules.YEAR
    if math.isnan(p["budget"]):
        p["budget"] = exponential(beginning[rules.FIRST_BUDGET])
    if p["place"] == rules.STAFF:
        retires = p["birth"] + given.retirement_age * rules.YEAR
        p["limit"] = retires if retires > 0.0 else rules.NEVER
    if p["place"] == rules.POSTED and p["term_month"] == UNKNOWN:
        u = _draw(given, p, rules.TERM_LEFT)
        p["term_month"] = rules.whole_within(u, p["term_low"], p["term_high"])
    if math.isnan(p["stage_due"]):
        p["stage_due"] = rules.NEVER
        p["certificate_until"] = rules.NEVER
        p["waiting"] = 0.0
        if p["status"] <= rules.PROBATION:
            _draw_stage(given, p, difficulty)


@compiled
def _draw_stage(given: Given, p: np.void, difficulty: int) -> None:
    """How far a candidate or probationer has come.

    Listed half a year ago at most; certified within two years; the dossier begun at a uniform point
    of its delay; ready for a quarter at most; the months of probation still to come are uniform. No
    period has run out by the start.
    """
    u = _draw(given, p, rules.ELAPSED)
    if p["status"] == rules.PROBATION:
        p["stage_due"] = given.days[given.origin + rules.whole_within(u, 1, given.probation_months)]
        return
    if p["status"] == rules.LISTED:
        p["waiting"] = -u * min(HALF_YEAR, SHORTEST_MONTH * given.stale_months)
        p["stage_due"] = rules.months_later(p["waiting"], given.stale_months, given.days)
        return
    taken = _draw(given, p, rules.CERTIFICATE_AGE)
    certified = -taken * min(2.0 * rules.YEAR, SHORTEST_MONTH * given.certificate_months)
    if p["status"] == rules.CERTIFIED:
        p["waiting"] = certified
        if given.dossier_on:
            delay = _draw(given, p, rules.DOSSIER_DELAY)
            whole = lognormal(delay, given.delay_median[difficulty], given.delay_sd)
            p["stage_due"] = whole * MONTH * (1.0 - u)
    else:
        p["waiting"] = -u * min(QUARTER, SHORTEST_MONTH * given.dossier_months)
        if given.dossier_on:
            p["stage_due"] = rules.months_later(p["waiting"], given.dossier_months, given.days)
    if given.training_on:
        p["certificate_until"] = rules.months_later(certified, given.certificate_months, given.days)


@compiled
def _draw(given: Given, p: np.void, decision: int) -> float:
    """The first uniform number of a decision about a person."""
    return uniform(given.seed, given.replication, rules.PERSON_STREAM, p["key"], decision, 0)
