"""What no replication of the slice changes: the tables of a plan and a world.

What is looked up one by one is in lists, what is computed together in arrays.
"""

import numpy as np
import numpy.typing as npt

from sim.plan import Plan
from sim.rules import AWAY, OWN
from sim.world import World

Floats = npt.NDArray[np.float64]
OLDEST = 250


class Ground:
    """The tables, and the highest values that the draws of a replication are held against."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.world, self.settings = plan, world, plan.settings
        self.days: list[float] = plan.days[plan.settings.origin :].tolist()
        self.classes = {int(held["month"]): held for held in plan.classes}
        self.allowed: list[int] = plan.allowed[0].tolist()
        hamlets = world.hamlets[["roll", "cell", "ever_founded", "chief"]]
        self.hamlets: list[tuple[int, int, bool, int]] = hamlets.tolist()
        self._take_rates()
        self._take_listing()

    def _take_rates(self) -> None:
        rates, factor = self.plan.rates, self.world.hamlets["leaving_factor"]
        self.starts, self.no_shock = rates.starts, np.ones(len(rates.year))
        self.moving, self.returning = rates.moving[0], rates.steady[AWAY, 0]
        self.still = np.zeros_like(self.moving)
        self.mortality = [rates.mortality[0, sex] for sex in range(2)]
        leaving = rates.scale * factor[:, None]
        self.leaving: list[list[float]] = leaving.tolist()
        self.most_deaths = [highest_cumulated(table) for table in self.mortality]
        self.most_moving = highest_cumulated(self.moving)
        # The highest factor on leaving of a status and of all that may follow.
        self.most_leaving = np.maximum.accumulate(leaving[:, ::-1], axis=1)[:, ::-1]

    def _take_listing(self) -> None:
        plan, row = self.plan, self.plan.schedule[0, 0]
        factor = self.world.hamlets["listing_factor"]
        self.weights: list[list[int]] = plan.weights.tolist()
        self.share, self.factor = float(row["eligible_share"]), factor.tolist()
        self.outside = [float(row["outside_without"])] * 4
        self.outside[OWN] = float(row["outside_with"])
        rate = row["listing"] * plan.month_years
        self.rate: list[float] = rate.tolist()
        self.adults: list[list[float]] = plan.residents.adults.tolist()
        self.weighted: list[list[float]] = plan.residents.weighted.tolist()
        self.most_listed = rate[:, None] * self.share * plan.residents.weighted * factor


def highest_cumulated(rates: Floats) -> Floats:
    """The most that rates[age, period] can add up to from birth to each birthday."""
    highest = rates.max(axis=1)
    return np.append(0.0, np.cumsum(np.pad(highest, (0, OLDEST - len(highest)), mode="edge")))
