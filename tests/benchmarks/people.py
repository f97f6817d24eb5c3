"""The people of the tuned model, and how all who may take part in a replication are drawn at once.

Most budgets are too large to be used up by the horizon. A bound finds them, so that the exact clock
is run for the others only.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

from sim import rules
from sim.draws import exponential, poisson
from sim.rules import AWAY, LISTED, NEVER, OFFICIAL, PERSON_STREAM, PRESENT, YEAR
from tests.benchmarks.ground import Floats, Ground
from tests.benchmarks.many_draws import person_keys

Whole = npt.NDArray[np.int64]
Uniforms = Callable[..., Floats]
"""`many_draws.uniforms` of one replication."""

ABOVE = 1 + 1e-9
"""Bounds are this much too high, against rounding."""


class Hamlet:
    """A hamlet and its cell; `roll` is the cell for which its officials count."""

    def __init__(self, index: int, cell: int, ever_founded: bool) -> None:
        self.index, self.cell, self.ever_founded = index, cell, ever_founded
        self.roll: Hamlet | None = None
        self.strength = self.candidates = 0
        self.below_cause: int | None = None
        self.home: list[Person] = []
        self.posted: list[Person] = []
        self.chief: Person | None = None
        self.secretary: Person | None = None


class Person(simpy.Event):
    """A person, and the one event of this life, which happens again and again.

    `budget` is what was left at `since` for the clock of leaving or returning; who is `restless`
    may use it up before the horizon. Who comes back is `in_place` some months later; an official
    is a helper from then on.
    """

    _ok = True

    def __init__(
        self, key: int, hamlet: Hamlet, status: int, place: int, birth: float,
        weights: Sequence[int], since: float, death: float, budget: float, restless: bool,
    ) -> None:  # fmt: skip
        # SimPy's own __init__ would add callbacks; they are set whenever the person is armed.
        self.key, self.hamlet, self.status, self.place = key, hamlet, status, place
        self.birth, self.weights, self.since, self.death = birth, weights, since, death
        self.budget, self.restless, self.fired, self.next_day = budget, restless, 0, NEVER
        self.in_place = -NEVER
        self.helper_from = -NEVER if status == OFFICIAL else NEVER


def followed(
    ground: Ground, hamlets: list[Hamlet], death_draw: Floats, key: Whole, hamlet: Whole,
    status: Whole, place: Whole, sex: Whole, birth: Floats, since: Floats, budget: Floats,
) -> list[Person]:  # fmt: skip
    """The people who are followed from day `since`."""
    most = most_used(ground, ground.most_moving, birth, since) * ground.most_leaving[hamlet, status]
    restless = (place == PRESENT) & (budget < most) | (place == AWAY)
    death = days_of_death(ground, death_draw, hamlet, sex, birth, since)
    columns: list[Any] = [
        key.tolist(), map(hamlets.__getitem__, hamlet.tolist()), status.tolist(), place.tolist(),
        birth.tolist(), map(ground.weights.__getitem__, sex.tolist()), since.tolist(),
        death.tolist(), budget.tolist(), restless.tolist(),
    ]  # fmt: skip
    return list(map(Person, *columns))


def days_of_death(
    ground: Ground, draw: Floats, hamlet: Whole, sex: Whole, birth: Floats, since: Floats
) -> Floats:
    """NEVER for all who cannot use up their budget by the horizon."""
    women, men = (most_used(ground, most, birth, since) for most in ground.most_deaths)
    factor = ground.world.hamlets["mortality_factor"][hamlet]
    death = np.full(len(draw), NEVER)
    for i in np.flatnonzero(-np.log(draw) < np.where(sex == 0, women, men) * factor):
        table = ground.mortality[sex[i]]
        death[i] = rules.fire_day(
            exponential(draw[i]), since[i], birth[i], ground.settings.horizon, ground.starts,
            table, factor[i], table, 0.0, ground.no_shock,
        )  # fmt: skip
    return death


def most_used(ground: Ground, most: Floats, birth: Floats, since: Floats) -> Floats:
    """The most that a clock of these cumulated rates can use by the horizon."""
    birthdays = np.arange(len(most))
    until = np.interp((ground.settings.horizon - birth) / YEAR, birthdays, most)
    return ABOVE * (until - np.interp((since - birth) / YEAR, birthdays, most)) + 1e-9


# ---------------------------------------------------------------- who is there at the start


def at_start(
    ground: Ground, hamlets: list[Hamlet], uniforms: Uniforms, rows: npt.NDArray[np.void]
) -> tuple[list[Person], dict[int, Person], dict[int, Person]]:
    """The people of an opening; by hamlet, which of them would be chief and which secretary."""
    key, hamlet, status, place = (rows[name] for name in ("key", "hamlet", "status", "place"))
    decisions = [[rules.DEATH_BUDGET], [rules.OFFICE_LOTTERY], [rules.SECRETARY_LOTTERY]]
    death, chief, secretary = uniforms(PERSON_STREAM, key, decisions)[0]
    people = followed(
        ground, hamlets, death, key, hamlet, status, place,
        rows["sex"], rows["birth"], np.zeros(len(rows)), rows["budget"],
    )  # fmt: skip

    def first_in(lottery: Floats, able: npt.NDArray[np.bool_]) -> dict[int, Person]:
        order = np.lexsort((key, lottery, hamlet))
        order = order[able[order]]
        found, first = np.unique(hamlet[order], return_index=True)
        return {h: people[i] for h, i in zip(found.tolist(), order[first].tolist(), strict=True)}

    chiefs = first_in(chief, (status == OFFICIAL) & (place == PRESENT))
    return people, chiefs, first_in(secretary, (status == OFFICIAL) & (place != AWAY))


# ---------------------------------------------------------------- who may be listed


def prospects(
    ground: Ground, hamlets: list[Hamlet], uniforms: Uniforms
) -> Iterator[tuple[int, Hamlet, float, list[Person]]]:
    """Months and hamlets in which somebody may be listed, the draw, and who it would be at most:
    under the highest mean that a hamlet can have."""
    keys, months = ground.world.hamlets["key"], ground.settings.months
    blocks = np.arange((months + 3) // 4)[:, None]
    words = uniforms(rules.HAMLET_STREAM, keys, rules.LISTING_COUNT, blocks)
    draws = words.swapaxes(0, 1).reshape(-1, len(keys))[:months]
    most = ground.most_listed * ABOVE
    month, hamlet = np.nonzero(draws > np.exp(-most))
    draw, mean = draws[month, hamlet].tolist(), most[month, hamlet].tolist()
    number = [poisson(u, m) for u, m in zip(draw, mean, strict=True)]
    end = np.cumsum(number, dtype=np.int64)
    index = np.arange(sum(number)) - np.repeat(end - number, number)
    people = residents(
        ground, hamlets, uniforms, np.repeat(month, number), np.repeat(hamlet, number), index
    )
    columns = (month.tolist(), hamlet.tolist(), draw, number, end.tolist())
    for m, h, u, n, j in zip(*columns, strict=True):
        yield m, hamlets[h], u, people[j - n : j]


def residents(
    ground: Ground, hamlets: list[Hamlet], uniforms: Uniforms,
    month: Whole, hamlet: Whole, index: Whole,
) -> list[Person]:  # fmt: skip
    """The `index`-th persons who would be listed in these months and hamlets."""
    plan = ground.plan
    key = person_keys(ground.world.hamlets["key"][hamlet], rules.LISTED_PEOPLE, month, index)
    decisions = [
        [rules.ENTRY_INSTANT], [rules.AGE], [rules.AGE_FRACTION], [rules.CLOCK_BUDGET],
        [rules.DEATH_BUDGET],
    ]  # fmt: skip
    instant, age, fraction, clock, death = uniforms(PERSON_STREAM, key, decisions)[0]
    begins, ends = plan.days[plan.settings.origin + month + np.array([[0], [1]])]
    day = begins + instant * (ends - begins)
    entry = plan.residents.entry[hamlet, month // 12]
    position = np.minimum((entry < age[:, None]).sum(axis=1), entry.shape[1] - 1)
    birth = day - (18 + position % 42 + fraction) * YEAR
    budget = np.array([exponential(u) for u in clock.tolist()])
    listed, present = np.full_like(key, LISTED), np.full_like(key, PRESENT)
    return followed(
        ground, hamlets, death, key, hamlet, listed, present, position // 42, birth, day, budget
    )
