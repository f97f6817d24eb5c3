"""What a policy costs: unit costs times what was offered, used, held or in force.

Bases: seat_offered - seats of the classes that were held; seat_used - attended, and kept empty
where a no-show is not replaced; where a district class and a local one were held on one day the
seats used are shared out in proportion to those offered that year; course - each course held;
posting_month - all posted members, those of the start included; hamlet_month - units in scope
times months in force, for adaptive levers the months in which they acted; once - each combination,
each hamlet merged, each structural event; admitted - each admission. Money is in the unit of
`costs`; nothing is discounted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.levers import COST_KEYS, Combining, Lever, Structural
from sim.plan import Plan
from sim.plan.scopes import Scoped, group_units, scoped
from sim.risk.counts import Counts, Rows
from sim.risk.measures import COLUMN
from sim.risk.scorecard import target_parts
from sim.scenario import Loaded

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Offer:
    """What a policy offers, whatever happens: numbers by year [Y + 1], year 0 the first day.

    hamlet_months by name of the lever, for those that are not adaptive; `adaptive` names the
    others in the order of `Counts.lever_months`.  target_parts[H, Y + 1]: see
    `sim.risk.scorecard`.
    """

    seats: Floats
    local_seats: Floats
    courses: Floats
    merged: Floats
    structural: Floats
    hamlet_months: dict[str, Floats]
    adaptive: tuple[str, ...]
    may_combine: bool
    target_parts: Floats


def offer(loaded: Loaded, policy: str, plan: Plan) -> Offer:
    """What one policy offers under one draw of the parameters."""
    years = loaded.scenario.years
    levers = scoped(loaded.scenario, loaded.baseline, loaded.policies[policy])
    groups = group_units(levers, len(loaded.baseline.units))
    series, seats = plan.classes["series"], plan.classes["seats"].astype(float)
    structural = [s.first for s in levers if isinstance(s.lever, Structural) and s.first < s.end]
    by_year = _by_year(structural, None, years)
    return Offer(
        seats=_by_year(plan.classes["month"], seats * (series == 0), years),
        local_seats=_by_year(plan.classes["month"], seats * (series > 0), years),
        courses=_by_year(plan.courses["month"], None, years),
        merged=_by_year(plan.moves["month"], None, years) - by_year,
        structural=by_year,
        hamlet_months=_hamlet_months(groups.plain, years),
        adaptive=tuple(_name(s.lever) for s in groups.adaptive),
        may_combine=any(isinstance(s.lever, Combining) for s in levers),
        target_parts=target_parts(plan),
    )


def offered_together(parts: Sequence[Offer], rows: Sequence[Rows], hamlets: int) -> Offer:
    """What one policy offers in all parts of a baseline; rows: where their units stand in it."""
    first = parts[0]
    names = ("seats", "local_seats", "courses", "merged", "structural")
    months = {
        name: np.sum([part.hamlet_months[name] for part in parts], axis=0)
        for name in first.hamlet_months
    }
    sums = {name: np.sum([getattr(part, name) for part in parts], axis=0) for name in names}
    targets = np.full((hamlets, len(first.seats)), np.nan)
    for part, mine in zip(parts, rows, strict=True):
        targets[mine] = part.target_parts
    return replace(first, hamlet_months=months, target_parts=targets, **sums)


def _name(lever: Lever) -> str:
    return str(getattr(lever, "lever"))  # noqa: B009 - each lever declares its own


def _by_year(months: npt.ArrayLike, weights: Floats | None, years: int) -> Floats:
    """Numbers by year of what falls on month starts: an anniversary belongs to the year it ends."""
    year = -(-np.asarray(months, dtype=np.int64) // 12)
    return np.bincount(year, weights=weights, minlength=years + 1).astype(float)


def _hamlet_months(levers: Sequence[Scoped], years: int) -> dict[str, Floats]:
    months: dict[str, Floats] = {}
    for s in levers:
        if f"{_name(s.lever)}.hamlet_month" in COST_KEYS:
            lasting = np.arange(s.first, s.end) // 12 + 1
            number = np.bincount(lasting, minlength=years + 1) * float(s.units.sum())
            before = months.get(_name(s.lever), np.zeros(years + 1))
            months[_name(s.lever)] = before + number
    return months


def quantities(counts: Counts, offers: Sequence[Offer], draw: Integers) -> dict[str, Floats]:
    """How much of everything that can cost: [R, Y + 1] by the key of its cost."""

    def offered(name: str) -> Floats:
        return np.stack([getattr(o, name) for o in offers])[draw]

    def counted(name: str) -> Floats:
        return counts.years[..., COLUMN[name]].sum(axis=1).astype(float)

    seats, local = offered("seats"), offered("local_seats")
    either = counted("either_seats_used")
    share = np.divide(seats, seats + local, out=np.zeros_like(seats), where=seats + local > 0)
    found = {
        "training.seat_offered": seats,
        "training.seat_used": counted("seats_used") + either * share,
        "local_class.seat_offered": local,
        "local_class.seat_used": counted("local_seats_used") + either * (1 - share),
        "officer_training.course": offered("courses"),
        "reinforcement.posting_month": _lasting(counts.posting_months),
        "admission.admitted": counted("admitted"),
        "combining.once": counted("cells_combined"),
        "merger.once": offered("merged"),
        "structural.once": offered("structural"),
    }
    for name in offers[0].hamlet_months:
        found[f"{name}.hamlet_month"] = np.stack([o.hamlet_months[name] for o in offers])[draw]
    for bit, name in enumerate(offers[0].adaptive):
        key = f"{name}.hamlet_month"
        found[key] = found.get(key, 0.0) + _lasting(counts.lever_months[:, bit])
    return found


def _lasting(months: Integers) -> Floats:
    """Months by year of the horizon, with a year 0 in which nothing can last."""
    return np.pad(months, ((0, 0), (1, 0))).astype(float)


def cost(found: dict[str, Floats], unit_costs: dict[str, float]) -> Floats:
    """The cost [R, Y + 1] of quantities."""
    total = np.zeros_like(next(iter(found.values())))
    for key, unit in unit_costs.items():
        total = total + unit * found.get(key, 0.0)
    return total
