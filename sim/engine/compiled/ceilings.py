"""What a hamlet can list and receive at most in four months, so that most months can be skipped.

Four months of a hamlet share one block of draws. Where even the largest of the four lies under the
chance of nobody at the highest mean that the plan allows, nobody comes, whatever happens until
then; the engine need not look at the hamlet in these months.
"""

import numpy as np

from sim import rules
from sim.draws import BLOCK
from sim.plan import Plan
from sim.plan.rates import Floats
from sim.world import World


def listing(plan: Plan, world: World) -> Floats:
    """Highest mean of listings in a month of a block, [block, H], for a pull of one.

    Infinite where the plan knows no bound.
    """
    s, rows = plan.settings, plan.schedule
    months = np.arange(s.months)
    share = rows["eligible_share"].max(axis=0)[:, None]
    rate = (rows["listing"].max(axis=0) * plan.month_years)[:, None]
    offices = max(1.0, s.chief_member_factor) * max(1.0, s.chief_trained_factor)
    offices *= max(1.0, s.secretary_trained_factor)
    size = (share * plan.residents.weighted) ** s.power if s.per_resident else 1.0
    most = rate * size * offices * world.hamlets["listing_factor"]
    unbounded = s.help_mode == rules.HELP_LINEAR or s.power < 0.0 or rows["list_chief"].any()
    late_january = plan.january & (months % BLOCK > 0) & plan.pull.any()  # another pull then
    most[late_january] = np.inf
    return _by_block(np.full_like(most, np.inf) if unbounded else most)


def moving_in(plan: Plan) -> Floats:
    """Highest mean of arrivals in a month of a block, [block, H]."""
    retired, young, marriage = plan.arrivals
    yearly = retired + young * plan.residents.leavers + marriage
    factor = max(1.0, plan.settings.no_cell_factor)
    return _by_block(yearly * factor * plan.month_years[:, None])


def _by_block(monthly: Floats) -> Floats:
    blocks = range(0, len(monthly), BLOCK)
    return np.array([monthly[b : b + BLOCK].max(axis=0) for b in blocks])
