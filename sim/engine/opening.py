"""The opening of a replication: what the baseline does not say is drawn, by key.

Both engines start from what this gives: a world in which every birth date, elapsed time and budget
is known, and the bad years to come.
"""

import math

import numpy as np
import numpy.typing as npt

from sim import rules
from sim.compilation import compiled
from sim.draws import exponential, lognormal, uniform
from sim.plan import Plan
from sim.plan.rates import Floats
from sim.world import UNKNOWN, World

HALF_YEAR, QUARTER = 182.625, 91.3125
SHORTEST_MONTH = 28.0
MONTH = 30.4375


def opened(plan: Plan, world: World, seed: int, replication: int) -> World:
    """The world of one replication, with nothing unknown; `world` is left alone."""
    people, hamlets = world.people.copy(), world.hamlets.copy()
    hamlets["base_group"] = hamlets["group"] = plan.base_group
    posted = people["pool"] >= 0
    people["pool"][posted] = plan.pool_of[people["hamlet"][posted], people["pool"][posted]]
    s = plan.settings
    draw_people(
        people, hamlets, seed, replication, plan.days, s.origin, plan.delay_median, s.delay_sd,
        s.certificate_months, s.dossier_months, s.probation_months, s.stale_months,
        s.retirement_age, s.training_on, s.dossier_on,
    )  # fmt: skip
    return World(people, hamlets)


def shocks(plan: Plan, seed: int, replication: int) -> Floats:
    """Factor on leaving [H, P]."""
    return shock_rows(seed, replication, plan.area_key[plan.area], plan.shock_sd, plan.rates.year)


@compiled
def shock_rows(
    seed: int,
    replication: int,
    areas: npt.NDArray[np.int64],
    sd: Floats,
    years: npt.NDArray[np.int64],
) -> Floats:
    """`rules.shock_row` of every hamlet; neighbours share the rows of their areas."""
    rows = np.ones((len(areas), len(years)))
    for h in range(len(areas)):
        same = h > 0
        for level in range(areas.shape[1]):
            same = same and areas[h, level] == areas[h - 1, level]
        if same:
            rows[h] = rows[h - 1]
        else:
            rows[h] = rules.shock_row(seed, replication, areas[h], sd, years)
    return rows


@compiled
def draw_people(
    people: npt.NDArray[np.void],
    hamlets: npt.NDArray[np.void],
    seed: int,
    replication: int,
    days: Floats,
    origin: int,
    delay_median: Floats,
    delay_sd: float,
    certificate_months: int,
    dossier_months: int,
    probation_months: int,
    stale_months: int,
    retirement_age: float,
    training_on: bool,
    dossier_on: bool,
) -> None:
    """Fill in what is unknown (NaN) about each person.

    Within an age band birth dates are uniform. Listed half a year ago at most; certified within two
    years; the dossier begun at a uniform point of its delay; ready for a quarter at most; the
    months of probation still to come, and of the posting, are uniform. No period has run out by the
    start.
    """
    stream = rules.PERSON_STREAM
    for i in range(len(people)):
        p = people[i]
        key = p["key"]
        if math.isnan(p["birth"]):
            u = uniform(seed, replication, stream, key, rules.BIRTH, 0)
            p["birth"] = -rules.within(u, p["age_low"], p["age_high"]) * rules.YEAR
        if math.isnan(p["budget"]):
            u = uniform(seed, replication, stream, key, rules.CLOCK_BUDGET, 0)
            p["budget"] = exponential(u)
        if p["place"] == rules.STAFF:
            retires = p["birth"] + retirement_age * rules.YEAR
            p["limit"] = retires if retires > 0.0 else rules.NEVER
        if p["place"] == rules.POSTED and p["term_month"] == UNKNOWN:
            u = uniform(seed, replication, stream, key, rules.TERM_LEFT, 0)
            p["term_month"] = rules.whole_within(u, p["term_low"], p["term_high"])
        if not math.isnan(p["stage_due"]):
            continue
        p["stage_due"] = rules.NEVER
        p["certificate_until"] = rules.NEVER
        p["waiting"] = 0.0
        if p["status"] > rules.PROBATION:
            continue
        u = uniform(seed, replication, stream, key, rules.ELAPSED, 0)
        if p["status"] == rules.PROBATION:
            p["stage_due"] = days[origin + rules.whole_within(u, 1, probation_months)]
            continue
        if p["status"] == rules.LISTED:
            p["waiting"] = -u * min(HALF_YEAR, SHORTEST_MONTH * stale_months)
            p["stage_due"] = rules.months_later(p["waiting"], stale_months, days)
            continue
        taken = uniform(seed, replication, stream, key, rules.CERTIFICATE_AGE, 0)
        certified = -taken * min(2.0 * rules.YEAR, SHORTEST_MONTH * certificate_months)
        if p["status"] == rules.CERTIFIED:
            p["waiting"] = certified
            if dossier_on:
                delay = uniform(seed, replication, stream, key, rules.DOSSIER_DELAY, 0)
                median = delay_median[hamlets[p["hamlet"]]["difficulty"]]
                p["stage_due"] = lognormal(delay, median, delay_sd) * MONTH * (1.0 - u)
        else:
            p["waiting"] = -u * min(QUARTER, SHORTEST_MONTH * dossier_months)
            if dossier_on:
                p["stage_due"] = rules.months_later(p["waiting"], dossier_months, days)
        if training_on:
            p["certificate_until"] = rules.months_later(certified, certificate_months, days)
