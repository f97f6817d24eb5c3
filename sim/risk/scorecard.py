"""The yearly scorecard of a cell: four simple parts and their mean, in full view.

It stands where the documents have ratings of organisations, which are not modelled. Nothing in the
model reads it.
"""

import numpy as np
import numpy.typing as npt

from sim.plan import Plan

Floats = npt.NDArray[np.float64]


def target_parts(plan: Plan) -> Floats:
    """A unit's part of its admission target in each year, [H, Y + 1]; nan where it has no target.

    Targets are set for areas: the lowest with one is shared in equal parts among its units. Year 0
    is the first day, which has none.
    """
    years = plan.settings.months // 12
    parts = np.full((len(plan.target_of), years + 1), np.nan)
    if not len(plan.target_yearly):
        return parts
    sharing = np.array([(plan.target_of == t).sum() for t in range(len(plan.target_yearly))])
    size = np.where(plan.target_of >= 0, sharing[plan.target_of], np.inf)
    lowest = plan.target_of[np.arange(len(size)), size.argmin(axis=1)]
    has_one = lowest >= 0
    parts[has_one, 1:] = (_yearly(plan) / sharing[:, None])[lowest[has_one]]
    return parts


def _yearly(plan: Plan) -> Floats:
    """Targets of the years from the start, [T, Y]; even within a calendar year."""
    calendar_year = np.cumsum(plan.january) - plan.january[0]
    rate = 12 * plan.target_yearly / np.bincount(calendar_year)
    months = rate[:, calendar_year].reshape(len(rate), -1, 12)
    # One month after the other: numpy's own order of adding depends on how many targets there are.
    total = np.zeros(months.shape[:2])
    for month in range(12):
        total += months[:, :, month]
    return total / 12


def score(
    strength: Floats,
    active: Floats,
    admitted: Floats,
    target_part: Floats,
    over_60: Floats,
    officials: Floats,
    minimum: int,
    risk_line: int,
) -> Floats:
    """Of 100, the mean of four parts, each between 0 and 1, from expected numbers [H, Y + 1].

    strength / risk line; active strength / minimum; admissions in the year / its part of the
    target (left out where there is none); 1 - share over 60 (0 without officials). nan in year 0,
    of which no admissions are known, and where the strength is 0: there is no cell to score.
    """
    share_over_60 = _ratio(over_60, officials, where_none=1.0)
    parts = np.stack(
        [
            np.minimum(strength / risk_line, 1.0),
            np.minimum(active / minimum, 1.0),
            np.minimum(_ratio(admitted, target_part, where_none=np.nan), 1.0),
            1.0 - share_over_60,
        ]
    )
    there = np.nan_to_num(strength) > 0
    there[:, 0] = False
    counted = np.isfinite(parts)
    total = np.where(counted, parts, 0.0).sum(axis=0)
    mean = np.divide(total, counted.sum(axis=0), out=np.full(total.shape, np.nan), where=there)
    return 100.0 * mean


def _ratio(part: Floats, of: Floats, where_none: float) -> Floats:
    filled = np.full(part.shape, where_none)
    found: Floats = np.divide(part, of, out=filled, where=np.nan_to_num(of) > 0)
    return found
