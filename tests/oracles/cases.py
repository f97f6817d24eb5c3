"""The oracles as scenarios, and what is read from their logs.

Every scenario is one that a planner could write: stages switched off or rates made constant, no
special code. Many alike hamlets, each a coupled unit of its own, and several replications give the
power. `calendar: uniform` makes a year 365.25 days and a month a twelfth of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim import load, plan, world
from sim import log as events
from sim.engine import compiled
from sim.log import Outcome
from sim.plan import Plan
from sim.scenario import Baseline, Group, Loaded, Scenario, Unit
from sim.world import World
from tests.oracles import batch_queue, bdi, evidence, lifetable, pipeline, pure_death, quota
from tests.oracles.evidence import Comparison, Verdict, always, binomial, poissonian, total
from tests.oracles.pure_death import Floats

SEED = 20_200_101
YEAR = 365.25
AN_INSTANT = 1e-6
"""Days; day numbers of one instant computed in two ways differ by less."""
Engine = Callable[[Plan, World, int, int], Outcome]

QUIET: dict[str, Any] = {
    "calendar": "uniform",
    "rules.admission_age": (18, 120),
    "demography.mortality": {"constant": 0.0},
    "demography.leaving.rogers_castro": None,
    "demography.leaving.constant": 0.0,
    "demography.leaving.candidate_factor": 0.0,
    "demography.leaving.probationer_factor": 1.0,
    "demography.leaving.member_factor": 1.0,
    "demography.leaving.leaves_for_good": 1.0,
    "demography.returning": {"constant": 0.0},
    "demography.settling_away": {"constant": 0.0},
    "source.listing": {"per_hamlet": 0.0},
    "source.help": "off",
    "source.stale_months": 1200,
    "training.on": False,
    "dossier.on": False,
    "admission.on": False,
    "cells.host": "none",
}
"""Nothing happens and every stage is off; each case switches on what it is about."""


def quiet(years: int, values: dict[str, Any]) -> Scenario:
    """A scenario in which only `values` makes something happen."""
    empty = Scenario(title="oracle", baseline="oracle.csv", start="2020-01-01", years=years)
    return empty.with_values({**QUIET, **values})


def alike(number: int, per_area: int = 1, **unit: Any) -> Baseline:
    """Hamlets that are all alike, each in its own area or some to an area."""
    units = tuple(
        Unit(id=f"H{i}", name=f"H{i}", area=(f"A{i // per_area}",), **{"residents": 1e6, **unit})
        for i in range(number)
    )
    return Baseline(levels=("commune",), units=units)


def aged(*ages: float, each: int = 1) -> tuple[Group, ...]:
    """People of exact ages, `each` of every age named."""
    distinct = sorted(set(ages))
    return tuple(Group(band=(a, a), count=each * list(ages).count(a)) for a in distinct)


def simulate(
    loaded: Loaded, replications: int = 1, engine: Engine = compiled.run, seed: int = SEED
) -> list[Outcome]:
    """Replications of the first policy of a scenario that has no fault."""
    assert load.check(loaded) == ()
    (name, *_) = loaded.policies
    made, start = plan.make(loaded, name), world.build(loaded)
    return [engine(made, start, seed, k) for k in range(replications)]


# ---------------------------------------------------------------- reading logs


def of_kind(outcome: Outcome, *kinds: int) -> pd.DataFrame:
    """The events of some kinds."""
    keep = np.isin(outcome.log.kind, kinds)
    return pd.DataFrame({name: getattr(outcome.log, name)[keep] for name in events.COLUMNS})


def first_below(outcomes: Sequence[Outcome]) -> Floats:
    """Years from the start to the first `below`, of every hamlet of every replication."""
    found = []
    for outcome in outcomes:
        first = np.full(outcome.panel.shape[1], np.inf)
        below = of_kind(outcome, events.BELOW)
        np.minimum.at(first, below["hamlet"], below["day"])
        found.append(first / YEAR)
    return np.concatenate(found)


def by_time(instants: Floats | pd.Series, times: Sequence[float]) -> list[int]:
    """How many instants (years) lie at or before each time."""
    reach = AN_INSTANT / YEAR
    return [int((np.asarray(instants) <= t + reach).sum()) for t in times]


def officials_at(outcomes: Sequence[Outcome], start: int, times: Sequence[float]) -> Floats:
    """Officials of every hamlet [time, hamlet] where nobody is recruited: `start` at the start."""
    columns = []
    for outcome in outcomes:
        strength = np.full((len(times), outcome.panel.shape[1]), start)
        for kinds, change in (((events.MOVED_IN,), 1), (events.EXITS, -1)):
            found = of_kind(outcome, *kinds)
            for row, t in zip(strength, times, strict=True):
                np.add.at(row, found["hamlet"][found["day"] <= t * YEAR + AN_INSTANT], change)
        columns.append(strength)
    return np.concatenate(columns, axis=1)


def careers(loaded: Loaded, outcome: Outcome) -> pd.DataFrame:
    """One row a person: years of admission, recognition and end (-inf: before, inf: never)."""
    people = world.build(loaded).people
    kinds = {"admitted": (events.ADMITTED,), "recognised": (events.RECOGNISED,)}
    kinds |= {"gone": events.EXITS}
    columns = {}
    for name, codes in kinds.items():
        found = of_kind(outcome, *codes)
        columns[name] = found.set_index("person")["day"] / YEAR
    found = pd.DataFrame(columns)
    found = found.reindex(found.index.union(people["key"])).fillna(np.inf)
    found["initial"] = found.index.isin(people["key"])
    found.loc[people["key"], "admitted"] = -np.inf
    officials = people["key"][people["status"] == world.rules.OFFICIAL]
    found.loc[officials, "recognised"] = -np.inf
    return found


# ---------------------------------------------------------------- first passage


def check_losses(
    lost: Sequence[int], hamlets: int, times: Sequence[float], chances: Sequence[float]
) -> Verdict:
    """Hamlets lost by each time beside their exact probability; hamlets are independent."""
    rows = zip(lost, times, chances, strict=True)
    return Verdict([Comparison(f"lost by {t:g}", n, binomial(hamlets, p)) for n, t, p in rows])


BDI_TIMES = (1, 2.5, 5, 10, 20)
BDI_HAMLETS, BDI_REPLICATIONS = 1000, 20


def immigration() -> Loaded:
    """Five officials; retired members come home at .15 a year; three risks of .08 in all.

    `bdi` as it is: who moves in is official at once, and a Poisson count at uniform instants of
    equal months is a Poisson process.
    """
    values = {
        "demography.moving_in": {"retired": 0.15, "no_cell_factor": 1.0},
        "demography.mortality": {"constant": 0.03},
        "demography.removal.expelled": {"constant": 0.02},
        "demography.leaving.constant": 0.03,
    }
    baseline = alike(BDI_HAMLETS, officials=aged(40, each=5))
    return Loaded(scenario=quiet(20, values), baseline=baseline)


def check_immigration(lost: Sequence[int]) -> Verdict:
    hamlets = BDI_HAMLETS * BDI_REPLICATIONS
    return check_losses(lost, hamlets, BDI_TIMES, bdi.loss_cdf(5, BDI_TIMES, nu=0.15, mu=0.08))


def check_causes(outcomes: Sequence[Outcome]) -> Verdict:
    """Each departure is of a kind in proportion to its rate, whenever it happens."""
    kinds = {events.DEAD: 0.03, events.EXPELLED: 0.02, events.MOVED: 0.03}
    numbers = {k: sum(len(of_kind(o, k)) for o in outcomes) for k in kinds}
    departures = sum(numbers.values())
    return Verdict(
        [
            Comparison(events.KINDS[k], numbers[k], binomial(departures, rate / 0.08))
            for k, rate in kinds.items()
        ]
    )


def constant_listing() -> Loaded:
    """The same with recruits: listed at .25 a year, every stage off, and twelve months' probation.

    Recognition always falls 12 months after admission, so immigration begins at the end of the
    first year, thinned by the losses on probation (half those of an official).
    """
    values = {
        "source.listing": {"per_hamlet": 0.25},
        "demography.leaving.constant": 0.08,
        "demography.leaving.probationer_factor": 0.5,
    }
    baseline = alike(BDI_HAMLETS, officials=aged(40, each=5))
    return Loaded(scenario=quiet(20, values), baseline=baseline)


def check_constant_listing(lost: Sequence[int]) -> Verdict:
    joining = 0.25 * np.exp(-0.04)
    chances = bdi.loss_cdf_delayed(5, BDI_TIMES, nu=joining, mu=0.08, delay=1.0)
    return check_losses(lost, BDI_HAMLETS * BDI_REPLICATIONS, BDI_TIMES, chances)


LINEAR_TIMES = (1, 2.5, 5, 10, 20)
LINEAR = {"nu": 0.05, "mu": 0.10, "lam": 0.06}


def linear_help() -> Loaded:
    """Each official brings .06 listings a year, without ceiling; .05 a year move in; loss .1.

    Listing looks at the officials of the month start and recognition follows a month later (the
    shortest probation there is): `bdi.loss_cdf_in_steps` has both; the plain `loss_cdf` has not.
    """
    values = {
        "source.listing": {"per_hamlet": LINEAR["lam"]},
        "source.help": "linear",
        "rules.probation_months": 1,
        "demography.moving_in": {"retired": LINEAR["nu"], "no_cell_factor": 1.0},
        "demography.leaving.constant": LINEAR["mu"],
        "demography.leaving.probationer_factor": 0.0,
    }
    baseline = alike(BDI_HAMLETS, officials=aged(40, each=5))
    return Loaded(scenario=quiet(20, values), baseline=baseline)


def check_linear_help(lost: Sequence[int]) -> Verdict:
    monthly = bdi.loss_cdf_in_steps(5, 240, 1 / 12, **LINEAR)
    chances = [float(monthly[round(12 * t) - 1]) for t in LINEAR_TIMES]
    return check_losses(lost, BDI_HAMLETS * BDI_REPLICATIONS, LINEAR_TIMES, chances)


# ---------------------------------------------------------------- exact ages

BREAKS = [18, 40, 50, 60, 70, 80]
DEATH = [0.002, 0.004, 0.009, 0.022, 0.055, 0.14]
REMOVAL = [0.006, 0.005, 0.003, 0.002, 0.001, 0.001]
OUT = [0.02, 0.01, 0.006, 0.003, 0.001, 0.0]
ALL_RISKS = [sum(r) for r in zip(DEATH, REMOVAL, OUT, strict=True)]
EXAMPLE_AGES = (67.3, 71.9, 58.2, 63.7, 44.4, 80.1)
EXAMPLE_TIMES = (1, 3, 5, 10)
OLD_AGES = (79.5, 79.5, 79.5)
OLD_TIMES = (0.25, 0.5, 1, 2, 5)
DEATH_HAMLETS, DEATH_REPLICATIONS = 1000, 5


def by_age(rates: Sequence[float], breaks: Sequence[int] = BREAKS) -> dict[str, dict[int, float]]:
    """A table of rates from given birthdays on; the first also for whoever is younger."""
    return {"by_age": {0: rates[0], **dict(zip(breaks, rates, strict=True))}}


def ageing_risks() -> dict[str, Any]:
    """Death, removal and leaving for good by exact age."""
    return {
        "demography.mortality": by_age(DEATH),
        "demography.removal.struck_off": by_age(REMOVAL),
        "demography.leaving.constant": None,
        "demography.leaving.by_age": by_age(OUT)["by_age"],
    }


def pure_death_of(ages: Sequence[float], years: int) -> Loaded:
    """Hamlets with officials of these exact ages, and no recruits."""
    baseline = alike(DEATH_HAMLETS, officials=aged(*ages))
    return Loaded(scenario=quiet(years, ageing_risks()), baseline=baseline)


def check_pure_death(lost: Sequence[int], ages: Sequence[float], times: Sequence[float]) -> Verdict:
    chances = [pure_death.loss_prob(ages, t, BREAKS, ALL_RISKS) for t in times]
    return check_losses(lost, DEATH_HAMLETS * DEATH_REPLICATIONS, times, chances)


CROWD = {69.5: 10_000, 79.5: 40_000}
CROWD_TIMES = (0.25, 0.75, 1, 2, 4, 6)


def crowd() -> Loaded:
    """One hamlet with very many officials of two exact ages and no recruits."""
    people = tuple(Group(band=(age, age), count=number) for age, number in CROWD.items())
    return Loaded(scenario=quiet(6, ageing_risks()), baseline=alike(1, officials=people))


def check_crowd(outcome: Outcome) -> Verdict:
    """Departures by each time of those of each age, told by their keys."""
    people = world.build(crowd()).people
    gone = of_kind(outcome, *events.EXITS)
    comparisons = []
    for age, number in CROWD.items():
        of_age = gone["person"].isin(people["key"][people["age_low"] == age])
        by_now = by_time(gone["day"][of_age] / YEAR, CROWD_TIMES)
        for t, found in zip(CROWD_TIMES, by_now, strict=True):
            chance = 1 - float(pure_death.survival([age], t, BREAKS, ALL_RISKS)[0])
            comparisons.append(
                Comparison(f"{age:g}: gone by {t:g}", found, binomial(number, chance))
            )
    return Verdict(comparisons)


# ---------------------------------------------------------------- life table

COHORT = 90_000
COHORT_TIMES = (2.5, 5, 10, 20, 30, 40)


def life_table(age: float = 60) -> Loaded:
    """Everybody is exactly 60 and dies by a published table; none of them lives to 160."""
    values = {"demography.mortality": by_age(lifetable.RATES, lifetable.AGES)}
    return Loaded(scenario=quiet(100, values), baseline=alike(1, officials=aged(age, each=COHORT)))


def check_life_table(outcome: Outcome) -> Verdict:
    """Deaths by each time (binomial) and the mean remaining life (normal approximation)."""
    lives = of_kind(outcome, events.DEAD)["day"] / YEAR
    table = lifetable.AGES, lifetable.RATES
    dead = zip(COHORT_TIMES, by_time(lives, COHORT_TIMES), strict=True)
    comparisons = [
        Comparison(
            f"dead by {60 + t:g}",
            n,
            binomial(COHORT, 1 - float(pure_death.survival([60], t, *table)[0])),
        )
        for t, n in dead
    ]
    sd = lifetable.sd_of_remaining_life(60, *table) / np.sqrt(COHORT)
    law = evidence.Normal(lifetable.life_expectancy(60, *table), sd)
    return Verdict([*comparisons, Comparison("life expectancy at 60", float(lives.mean()), law)])


ENTRIES, ENTERED = 10, 200


def stationary() -> Loaded:
    """Officials move in at exactly 40, ten a year in each hamlet, for a hundred years."""
    moving_in = {"retired": ENTRIES, "retired_ages": (40, 40), "no_cell_factor": 1.0}
    values = {
        "demography.mortality": by_age(lifetable.RATES, lifetable.AGES),
        "demography.moving_in": moving_in,
    }
    return Loaded(scenario=quiet(100, values), baseline=alike(ENTERED, officials=aged(40)))


def check_stationary(outcome: Outcome) -> Verdict:
    """Independent Poisson counts under and over 60 after a hundred years: the panel's own count.

    Who entered before would be over 140 by then: exp(-15) of the entries, which is nobody.
    """
    panel = dict(zip(events.PANEL_FIELDS, outcome.panel[-1].sum(axis=0), strict=True))
    exact = lifetable.stationary_age(40, lifetable.AGES, lifetable.RATES)
    stock, old = ENTERED * ENTRIES * exact["stock_per_entry"], exact["share_over"]
    over, under = int(panel["over_60"]), int(panel["roll"] - panel["over_60"])
    return Verdict(
        [
            Comparison("officials over 60", over, poissonian(stock * old)),
            Comparison("officials under 60", under, poissonian(stock * (1 - old))),
        ]
    )


# ---------------------------------------------------------------- pipeline

FLOWS, JOINING, OFFICIALS, PROBATIONERS = 40, 120, 125, 150
LOSS_ON_PROBATION, LOSS_AS_OFFICIAL = 0.12, 0.15
PIPELINE_TIMES = (0.5, 0.99, 1.01, 1.5, 4)


def pipeline_flow() -> Loaded:
    """120 a year listed and at once admitted in each hamlet; some on probation from the start.

    The baseline draws the months of probation still to come, 1 to 12, each as likely.
    """
    values = {
        "source.listing": {"per_hamlet": JOINING},
        "demography.leaving.constant": 0.2,
        "demography.leaving.probationer_factor": 0.6,
        "demography.leaving.member_factor": 0.75,
    }
    people = {
        "officials": aged(30, each=OFFICIALS),
        "probation": aged(30, each=PROBATIONERS),
    }
    return Loaded(scenario=quiet(4, values), baseline=alike(FLOWS, **people))


def check_pipeline(loaded: Loaded, outcome: Outcome) -> Verdict:
    """On probation and official at each time, recruits apart from those who were there."""
    found = careers(loaded, outcome)
    comparisons = []
    for t in PIPELINE_TIMES:
        now = found[(found["admitted"] <= t) & (found["gone"] > t)]
        official = now["recognised"] <= t + AN_INSTANT / YEAR
        laws = _pipeline_laws(t)
        for initial in (False, True):
            for is_official in (False, True):
                number = int(((now["initial"] == initial) & (official == is_official)).sum())
                what = "initial" if initial else "recruited"
                status = "officials" if is_official else "probationers"
                law = laws[initial, is_official]
                comparisons.append(Comparison(f"{what} {status} at {t:g}", number, law))
    return Verdict(comparisons)


def _pipeline_laws(t: float) -> dict[tuple[bool, bool], evidence.Count]:
    on_probation, as_official = LOSS_ON_PROBATION, LOSS_AS_OFFICIAL
    elapsed = np.arange(12) / 12
    waiting = pipeline.expected_probationers(t, 0, on_probation, initial=elapsed) / 12
    through = pipeline.expected_officials(t, 0, 0, on_probation, as_official, initial=elapsed) / 12
    joining = pipeline.expected_probationers(t, JOINING, on_probation)
    joined = pipeline.expected_officials(t, 0, JOINING, on_probation, as_official)
    old = binomial(FLOWS * OFFICIALS, pipeline.expected_officials(t, 1, 0, 0, as_official))
    return {
        (False, False): poissonian(FLOWS * joining),
        (False, True): poissonian(FLOWS * joined) if joined else always(0),
        (True, False): binomial(FLOWS * PROBATIONERS, waiting),
        (True, True): evidence.together(old, binomial(FLOWS * PROBATIONERS, through)),
    }


PROMOTED = 20_000
PROMOTED_AGE = 58.5
PROMOTED_RATES = [0.1, 0.5]
PROMOTED_TIMES = (1, 1.5, 2, 3)


def promotion() -> Loaded:
    """Probationers of exactly 58.5; the rate of removal rises at 60 and is that of officials.

    Promotion, within the first year, is nothing to their age or to what they have used up.
    """
    values = {"demography.removal.expelled": by_age(PROMOTED_RATES, [18, 60])}
    baseline = alike(1, probation=aged(PROMOTED_AGE, each=PROMOTED))
    return Loaded(scenario=quiet(3, values), baseline=baseline)


def check_promotion(outcome: Outcome) -> Verdict:
    gone = by_time(of_kind(outcome, events.EXPELLED)["day"] / YEAR, PROMOTED_TIMES)
    return Verdict(
        [
            Comparison(
                f"removed by {t:g}",
                n,
                binomial(
                    PROMOTED,
                    1 - pure_death.survival([PROMOTED_AGE], t, [18, 60], PROMOTED_RATES)[0],
                ),
            )
            for t, n in zip(PROMOTED_TIMES, gone, strict=True)
        ]
    )


MIGRANTS = 4000
MIGRANT_TIMES = (2, 4, 8)


def migration(policies: dict[str, Any] | None = None) -> Loaded:
    """Officials of 30 who leave and come back again and again, and die at .1 a year."""
    values = {
        "demography.mortality": {"constant": 0.1},
        "demography.leaving.constant": 1.0,
        "demography.leaving.leaves_for_good": 0.0,
        "demography.returning": {"constant": 2.0},
        **({"policies": policies} if policies else {}),
    }
    return Loaded(scenario=quiet(8, values), baseline=alike(1, officials=aged(30, each=MIGRANTS)))


def check_migration(outcome: Outcome) -> Verdict:
    """Deaths by each time: absences make no difference to them."""
    dead = by_time(of_kind(outcome, events.DEAD)["day"] / YEAR, MIGRANT_TIMES)
    rows = zip(MIGRANT_TIMES, dead, strict=True)
    return Verdict(
        [Comparison(f"dead by {t:g}", n, binomial(MIGRANTS, -np.expm1(-0.1 * t))) for t, n in rows]
    )


def check_same_deaths(base: Outcome, other: Outcome) -> Verdict:
    """Nobody's death differs between two policies that leave mortality alone (no chance in it)."""
    days = [of_kind(o, events.DEAD).set_index("person")["day"] for o in (base, other)]
    both = pd.concat(days, axis=1, keys=("base", "other"))
    differing = int((both["base"] != both["other"]).sum())
    return Verdict([Comparison("deaths that differ", differing, always(0))])


# ---------------------------------------------------------------- class queue

LISTED_A_YEAR, SEATS, WAITING_AT_START = 16, 5, 3
QUEUE_YEARS, QUEUE_AREAS, QUEUE_REPLICATIONS = 25, 25, 20
MEAN_ARRIVALS = LISTED_A_YEAR / 4
QUARTERLY: dict[str, Any] = {
    "on": True,
    "months": (1, 4, 7, 10),
    "level": "commune",
    "attendance": 1.0,
}


def class_queue(
    seats: int = SEATS,
    withdrawal: float = 0.0,
    priority: str = "first_come",
    first_at_start: bool = False,
    years: int = QUEUE_YEARS,
) -> Loaded:
    """A class a quarter in each area, and four listed a quarter; the first after three months:
    no seats are offered in January of the first year."""
    no_seats_yet = {"lever": "training", "until": "2020-04-01", "seats": {"to": 0}}
    values = {
        "source.listing": {"per_hamlet": LISTED_A_YEAR},
        "source.withdrawal": {"constant": withdrawal},
        "training": {**QUARTERLY, "seats": seats, "priority": priority},
        "policies": {"as-is": [] if first_at_start else [no_seats_yet]},
    }
    waiting = aged(30, each=WAITING_AT_START)
    return Loaded(scenario=quiet(years, values), baseline=alike(QUEUE_AREAS, listed=waiting))


def class_days(years: int) -> Floats:
    """Days of the classes within the horizon, the first after a quarter."""
    return np.arange(1, 4 * years) * (YEAR / 4)


def check_class_queue(outcomes: Sequence[Outcome]) -> Verdict:
    """Attendance of the first classes, and the line, its order and the waits in the long run."""
    classes = class_days(QUEUE_YEARS)
    m, s, areas = MEAN_ARRIVALS, SEATS, QUEUE_AREAS * QUEUE_REPLICATIONS
    attending, left = batch_queue.classes_from_rest(m, s, len(classes), WAITING_AT_START)
    comparisons = _first_classes(outcomes, attending)
    line = np.concatenate([waiting_after(o, classes[-1]) for o in outcomes])
    first_class = sum(attending_first(o, classes[-2:]) for o in outcomes)
    order = batch_queue.first_class_law(m, s, left[-2])
    return Verdict(
        [
            *comparisons,
            Comparison("in line after the last class", int(line.sum()), total(left[-1], areas)),
            Comparison("empty lines", int((line == 0).sum()), binomial(areas, left[-1][0])),
            Comparison("attend the first class they can", first_class, total(order, areas)),
            _waits(outcomes),
        ]
    )


def _first_classes(outcomes: Sequence[Outcome], attending: Sequence[Floats]) -> list[Comparison]:
    days = np.concatenate([of_kind(o, events.CLASS_ATTENDED)["day"] for o in outcomes])
    areas = QUEUE_AREAS * len(outcomes)
    return [
        Comparison(
            f"attend class {j + 1}",
            int(np.isclose(days, (j + 1) * YEAR / 4).sum()),
            total(attending[j], areas),
        )
        for j in range(3)
    ]


def waiting_after(outcome: Outcome, day: float) -> npt.NDArray[np.int64]:
    """In line in each area just after the class of that day."""
    line = np.full(outcome.panel.shape[1], WAITING_AT_START)
    changes = ((1, events.LISTED), (-1, events.CLASS_ATTENDED), (-1, events.LAPSED))
    for change, kind in changes:
        found = of_kind(outcome, kind)
        np.add.at(line, found["hamlet"][found["day"] <= day + AN_INSTANT], change)
    return line


def attending_first(outcome: Outcome, days: Floats) -> int:
    """Of those listed between the two classes, how many attend the second."""
    listed, attended = (of_kind(outcome, k) for k in (events.LISTED, events.CLASS_ATTENDED))
    listed = listed[(listed["day"] > days[0]) & (listed["day"] <= days[1])]
    attended = attended[np.isclose(attended["day"], days[1])]
    return int(listed["person"].isin(attended["person"]).sum())


def _waits(outcomes: Sequence[Outcome]) -> Comparison:
    """Mean wait of those listed in years 18 to 23; the spread between areas is the sample's."""
    exact = batch_queue.mean_wait_to_class(LISTED_A_YEAR, 0.25, SEATS)
    sums = []
    for outcome in outcomes:
        listed, attended = (of_kind(outcome, k) for k in (events.LISTED, events.CLASS_ATTENDED))
        listed = listed[(listed["day"] > 18 * YEAR) & (listed["day"] <= 23 * YEAR)]
        both = listed.merge(attended, on="person", suffixes=("", "_attended"))
        wait = (both["day_attended"] - both["day"]) / YEAR
        of_area = wait.groupby(both["hamlet"]).agg(["sum", "count"])
        sums.append(of_area.reindex(range(QUEUE_AREAS), fill_value=0))
    areas = pd.concat(sums)
    mean = areas["sum"].sum() / areas["count"].sum()
    residuals = areas["sum"] - mean * areas["count"]
    sd = float(np.sqrt((residuals**2).sum()) / areas["count"].sum())
    return Comparison("mean wait", float(mean), evidence.Normal(exact, sd))


ORDER_SEATS, ORDER_YEARS, ORDER_REPLICATIONS = 4, 2, 50


def queue_order(priority: str = "first_come") -> Loaded:
    """As many seats as are listed: the line is long, and who joins it last waits longest."""
    return class_queue(seats=ORDER_SEATS, priority=priority, years=ORDER_YEARS)


def check_queue_order(outcomes: Sequence[Outcome]) -> Verdict:
    """Who joined before the last class and attends it; mean waits cannot see the order."""
    classes = class_days(ORDER_YEARS)
    m, s = MEAN_ARRIVALS, ORDER_SEATS
    _, left = batch_queue.classes_from_rest(m, s, len(classes), WAITING_AT_START)
    number = sum(attending_first(o, classes[-2:]) for o in outcomes)
    law = total(batch_queue.first_class_law(m, s, left[-2]), QUEUE_AREAS * len(outcomes))
    return Verdict([Comparison("attend the first class they can", number, law)])


DROP_OUT = 0.8
DROP_OUT_SEATS, DROP_OUT_YEARS = 4, 6


def queue_with_drop_out(withdrawal: float = DROP_OUT) -> Loaded:
    """Who waits withdraws at a rate; four seats."""
    return class_queue(seats=DROP_OUT_SEATS, withdrawal=withdrawal, years=DROP_OUT_YEARS)


def check_drop_out(outcomes: Sequence[Outcome]) -> Verdict:
    """Attendance of the first classes, and the line after the last, exactly from the start on."""
    stay = float(np.exp(-DROP_OUT / 4))
    came = LISTED_A_YEAR * (1 - stay) / DROP_OUT
    classes = class_days(DROP_OUT_YEARS)
    attending, left = batch_queue.classes_from_rest(
        came, DROP_OUT_SEATS, len(classes), WAITING_AT_START, stay
    )
    line = np.concatenate([waiting_after(o, classes[-1]) for o in outcomes])
    return Verdict(
        [
            *_first_classes(outcomes, attending),
            Comparison("in line", int(line.sum()), total(left[-1], len(line))),
            Comparison("empty lines", int((line == 0).sum()), binomial(len(line), left[-1][0])),
        ]
    )


# ---------------------------------------------------------------- quota

QUOTA_AREAS, QUOTA_REPLICATIONS, QUOTA_YEARS = 1000, 6, 5


def january(per_year: float) -> dict[str, Any]:
    """The committee meets in January only, for a target of its own in every area."""
    return {
        "on": True,
        "months": (1,),
        "pace": "none",
        "targets": [{"level": "commune", "per_year": per_year}],
    }


def saturated(areas: int = QUOTA_AREAS, policy: Sequence[Any] = ()) -> Loaded:
    """Three officials and eight whose dossier is ready, of whom one a year may be admitted.

    Loss .12 a year on probation, .15 as official; the meeting at the start is held.
    """
    values = {
        "admission": january(1),
        "rules.dossier_months": 1200,
        "demography.leaving.constant": 0.15,
        "demography.leaving.probationer_factor": 0.8,
        "policies": {"as-is": list(policy)},
    }
    people = {"officials": aged(40, each=3), "ready": aged(25, each=8)}
    return Loaded(scenario=quiet(QUOTA_YEARS, values), baseline=alike(areas, **people))


def check_saturated(strength: Floats, admitted: int) -> Verdict:
    """Officials of each hamlet after five years, and admissions in all (no chance in those)."""
    areas = len(strength)
    law = quota.saturated_officials_pmf(QUOTA_YEARS, 1, 0.12, 0.15, n0=3)
    weak = int((strength < 3).sum())
    return Verdict(
        [
            Comparison("officials at 5", int(strength.sum()), total(law, areas)),
            Comparison("under three at 5", weak, binomial(areas, float(law[:3].sum()))),
            Comparison("admitted", admitted, always(QUOTA_YEARS * areas)),
        ]
    )


def strength_at_end(outcomes: Sequence[Outcome]) -> Floats:
    """Officials of each hamlet at the last anniversary, from the panel."""
    field = events.PANEL_FIELDS.index("strength")
    return np.concatenate([o.panel[-1, :, field] for o in outcomes])


def admissions(outcomes: Sequence[Outcome]) -> int:
    """Admissions in all."""
    return sum(len(of_kind(o, events.ADMITTED)) for o in outcomes)


YEARLY_PLACES, READY_A_YEAR, CAPPED_YEARS, CAPPED_AREAS = 2, 2.5, 5, 300


def capped() -> Loaded:
    """2.5 candidates a year are ready at once and wait for January, when two may be admitted."""
    values = {
        "admission": january(YEARLY_PLACES),
        "rules.dossier_months": 1200,
        "source.listing": {"per_hamlet": READY_A_YEAR},
    }
    baseline = alike(CAPPED_AREAS, officials=aged(40, each=3))
    return Loaded(scenario=quiet(CAPPED_YEARS, values), baseline=baseline)


def check_capped(outcomes: Sequence[Outcome]) -> Verdict:
    """Admissions of every January; the horizon's own meeting is not held."""
    meetings = range(1, CAPPED_YEARS)
    laws, _ = batch_queue.classes_from_rest(READY_A_YEAR, YEARLY_PLACES, len(meetings))
    days = np.concatenate([of_kind(o, events.ADMITTED)["day"] for o in outcomes])
    areas = CAPPED_AREAS * len(outcomes)
    return Verdict(
        [
            Comparison(
                f"admitted in January of year {y + 1}",
                int(np.isclose(days, y * YEAR).sum()),
                total(law, areas),
            )
            for y, law in zip(meetings, laws, strict=True)
        ]
    )


# ---------------------------------------------------------------- order among equals

TIED, TIED_AREAS, TIED_REPLICATIONS = 4, 100, 10


def tied_candidates() -> Loaded:
    """Four hamlets share one admission: each has a candidate, all certified on one day."""
    values = {
        "training": {**QUARTERLY, "months": (1,), "seats": TIED},
        "admission": january(1),
    }
    people = {"officials": aged(40, each=3), "listed": aged(25)}
    baseline = alike(TIED_AREAS * TIED, per_area=TIED, **people)
    return Loaded(scenario=quiet(1, values), baseline=baseline)


def tied_cells() -> Loaded:
    """Four cells of two share a pool of one member who may be posted."""
    lever = {"lever": "reinforcement", "strength_below": 3, "number": 1, "pool": "army"}
    values = {
        "postings.pools": {"army": {"level": "commune", "size": 1}},
        "cells.responses": ("reinforce",),
        "cells.review_months": (3,),
        "policies": {"as-is": [lever]},
    }
    baseline = alike(TIED_AREAS * TIED, per_area=TIED, officials=aged(40, each=2))
    return Loaded(scenario=quiet(1, values), baseline=baseline)


def check_ties(outcomes: Sequence[Outcome], kind: int) -> Verdict:
    """Which of four equals was served: each as often as the others."""
    rows = np.concatenate([of_kind(o, kind)["hamlet"] % TIED for o in outcomes])
    return Verdict(
        [
            Comparison(f"row {i} served", int((rows == i).sum()), binomial(len(rows), 1 / TIED))
            for i in range(TIED)
        ]
    )


# ---------------------------------------------------------------- help and postings

HELPED, HELP_LISTINGS, HELP_YEARS = 20, 60, 2


def helpers_away() -> Loaded:
    """Three of six officials are away; full help takes six, so listing is half of 60 a year."""
    values = {
        "source.listing": {"per_hamlet": HELP_LISTINGS},
        "source.help": {"full_help": 6, "outside_helpers": 0, "candidates_per_helper": 1e6},
        "rules.probation_months": 120,
    }
    baseline = alike(HELPED, officials=aged(40, each=6), officials_away=3)
    return Loaded(scenario=quiet(HELP_YEARS, values), baseline=baseline)


def check_helpers_away(outcome: Outcome) -> Verdict:
    listed = len(of_kind(outcome, events.LISTED))
    mean = HELPED * HELP_LISTINGS * HELP_YEARS * 3 / 6
    return Verdict([Comparison("listed", listed, poissonian(mean))])


POSTED_HAMLETS, POSTED_MONTHS = 400, 24
POSTED_TIMES = (1, 1.99, 2, 2.05, 3)
POSTED_LOSS = 0.3


def postings(months_left: int = POSTED_MONTHS) -> Loaded:
    """Three officials who may be removed, and two posted members for two years, not renewed."""
    values = {
        "demography.removal.expelled": {"constant": POSTED_LOSS},
        "postings.renewal": 0.0,
        "postings.replacement": 0.0,
    }
    people = {"officials": aged(40, each=3), "posted": aged(40, each=2)}
    months = (months_left, months_left)
    baseline = alike(POSTED_HAMLETS, posted_months_left=months, **people)
    return Loaded(scenario=quiet(3, values), baseline=baseline)


def check_postings(lost: Sequence[int]) -> Verdict:
    """Lost when fewer than one official is left, and after the term fewer than three."""
    ends = POSTED_MONTHS / 12
    chances = [
        pure_death.loss_prob([40] * 3, t, [18], [POSTED_LOSS], k=1 if t < ends else 3)
        for t in POSTED_TIMES
    ]
    return check_losses(lost, POSTED_HAMLETS, POSTED_TIMES, chances)
