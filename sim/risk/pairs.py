"""Every policy against the base on the same lives: paired differences, and what they cost."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.risk import intervals
from sim.risk.intervals import Interval
from sim.risk.measures import BELOW, COMBINED, LOST, NEVER
from sim.risk.study import ALL, Study, Tally

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

NOW = ("without_cell", "without_members", "under_risk_line", "members")
SUMS = ("admitted", "seats_used", "posting_months", "cost")
SUMS_BY_KIND = ("admitted",)
HAPPENINGS = {"below": BELOW, "lost": LOST, "combined": COMBINED}
COLUMNS = (
    "policy", "outcome", "hamlet", "base", "value", "difference", "low", "high", "saved", "harmed",
    "variance_ratio",
)  # fmt: skip


def pairs(study: Study) -> "pd.DataFrame":
    """Outcomes of each policy beside the base, at the horizon or summed up to it.

    Rows with an empty `hamlet` are of all hamlets together, or all of a kind (where the units are
    not all hamlets, a column `kind` says which; empty: of all kinds): below, lost, combined -
    hamlets so far; without_cell, without_members, under_risk_line, members - at the horizon;
    admitted, seats_used, posting_months, cost - sums; cell_years - hamlets with a cell of their own
    at the end of each year, summed; cost_per_cell_year - added cost by added cell-years, nan unless
    they are certainly more.  Other rows are of one hamlet: P(below), P(lost), P(combined).
    difference: policy minus base on the same lives, with its interval.  saved, harmed: hamlets (or
    the share of replications) where it happens under the base only, under the policy only.
    variance_ratio: how many times more replications unpaired runs would need.
    """
    import pandas as pd

    base = study.tallies[study.base]
    rows: list[dict[str, Any]] = []
    for policy, tally in study.tallies.items():
        if policy != study.base:
            found = [
                {"kind": kind} | row
                for kind in (ALL, *study.kinds)
                for row in _totals(tally, base, kind)
            ]
            found += _by_hamlet(study, tally, base)
            rows += [{"policy": policy} | row for row in found]
    return pd.DataFrame(rows, columns=study.with_kind(COLUMNS, 2))


def cell_years(tally: Tally, kind: str = ALL) -> Floats:
    """Hamlets with a cell of their own at the end of each year, summed over years, [R]."""
    years: Floats = tally.measure("own_cell", kind)[:, 1:].sum(axis=1)
    return years


def _totals(tally: Tally, base: Tally, kind: str) -> list[dict[str, Any]]:
    rows = []
    for outcome, what in HAPPENINGS.items():
        saved, harmed = _discordant(tally, base, what, kind)
        here, there = (t.measure(outcome, kind)[:, -1] for t in (tally, base))
        row = _paired(outcome, here, there, tally)
        rows.append(row | {"saved": saved.sum(1).mean(), "harmed": harmed.sum(1).mean()})
    for outcome in NOW:
        here, there = (t.measure(outcome, kind)[:, -1] for t in (tally, base))
        rows.append(_paired(outcome, here, there, tally))
    for outcome in SUMS if kind == ALL else SUMS_BY_KIND:
        here, there = (t.measure(outcome, kind).sum(axis=1) for t in (tally, base))
        rows.append(_paired(outcome, here, there, tally))
    rows.append(_paired("cell_years", cell_years(tally, kind), cell_years(base, kind), tally))
    if kind == ALL:
        rows.append(_cost_per_cell_year(tally, base, gained=rows[-1]["low"] > 0))
    return rows


def _discordant(
    tally: Tally, base: Tally, what: int, kind: str
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Where it happens under the base only, and under the policy only, [R, hamlets]."""
    mine = tally.are(kind)
    here, there = (t.counts.first[:, mine, what] != NEVER for t in (tally, base))
    return there & ~here, here & ~there


def _paired(outcome: str, value: Floats, base: Floats, tally: Tally) -> dict[str, Any]:
    difference = value - base
    made = intervals.difference if outcome in HAPPENINGS else intervals.mean
    found = made(difference, tally.draw)
    apart, together = value.var() + base.var(), difference.var()
    return {
        "outcome": outcome,
        "hamlet": ALL,
        "base": base.mean(),
        "value": value.mean(),
        **_ends(found),
        "variance_ratio": apart / together if together > 0 else np.nan,
    }


def _ends(found: Interval) -> dict[str, float]:
    return {
        "difference": float(found.value),
        "low": float(found.low),
        "high": float(found.high),
    }


def _cost_per_cell_year(tally: Tally, base: Tally, gained: bool) -> dict[str, Any]:
    row = {"outcome": "cost_per_cell_year", "hamlet": ALL}
    if not gained:
        return row
    cost = tally.measure("cost").sum(axis=1) - base.measure("cost").sum(axis=1)
    found = intervals.ratio(cost, cell_years(tally) - cell_years(base), tally.draw)
    return row | {"value": float(found.value)} | _ends(found)


def _by_hamlet(study: Study, tally: Tally, base: Tally) -> list[dict[str, Any]]:
    units = study.loaded.baseline.units
    rows = []
    for outcome, what in HAPPENINGS.items():
        here, there = (t.counts.first[:, :, what] != NEVER for t in (tally, base))
        saved, harmed = (there & ~here), (here & ~there)
        found = _difference(saved, harmed, tally)
        for h, unit in enumerate(units):
            rows.append(
                {
                    "outcome": outcome,
                    "kind": unit.kind,
                    "hamlet": unit.id,
                    "base": there[:, h].mean(),
                    "value": here[:, h].mean(),
                    **_ends(Interval(*(end[h] for end in found))),
                    "saved": saved[:, h].mean(),
                    "harmed": harmed[:, h].mean(),
                }
            )
    return rows


def _difference(
    saved: npt.NDArray[np.bool_], harmed: npt.NDArray[np.bool_], tally: Tally
) -> Interval:
    """Paired differences of shares; draws of the parameters lessen the effective number."""
    n = tally.replications
    difference = harmed.astype(float) - saved
    error, _ = intervals.standard_error(difference, tally.draw)
    plain = difference.var(axis=0, ddof=1) / n if n > 1 else np.full(len(error), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = n * np.where(error > 0, np.minimum(plain / error**2, 1.0), 1.0)
    b, c = saved.mean(axis=0) * effective, harmed.mean(axis=0) * effective
    return intervals.paired_share(b, c, effective)
