"""A sweep as a text for a terminal."""

from typing import TYPE_CHECKING, NamedTuple

from sim.messages import _, ngettext
from sim.numerals import NOTHING, decimal, significant
from sim.risk.words import columns

if TYPE_CHECKING:
    import pandas as pd

    from sim.sweep.running import Finished

MOST_FAULTS = 5


class Range(NamedTuple):
    """How far an outcome of a policy went over the points of a sweep.

    moved_most_by: the parameter with the largest rank correlation with the outcome; None if
    nothing moved it.
    """

    outcome: str
    policy: str
    lowest: float
    median: float
    highest: float
    moved_most_by: str | None
    correlation: float


def summary(sweep: "Finished") -> str:
    """The range of every outcome, what moves it most, and what failed."""
    failures, number = sweep.failures, len(sweep.points)
    told = ngettext("{number} point", "{number} points", number)
    lines = [told.format(number=decimal(number))]
    if found := ranges(sweep):
        lines.append(_table(found))
    if len(failures):
        told = ngettext("{number} point failed:", "{number} points failed:", len(failures))
        lines.append(told.format(number=decimal(len(failures))))
        lines += [
            _("  point {point}: {fault}").format(point=row.point, fault=row.fault)
            for row in failures.head(MOST_FAULTS).itertuples()
        ]
    return "\n".join(lines)


def ranges(sweep: "Finished") -> list[Range]:
    """One range for each outcome and policy, in the order of the sweep file."""
    table, found = sweep.outcomes, []
    for outcome in sweep.description["outcomes"]:
        for policy in sweep.description["policies"]:
            chosen = table[(table["outcome"] == outcome) & (table["policy"] == policy)]
            if len(chosen):
                values = chosen["value"]
                ends = values.min(), values.median(), values.max()
                found.append(Range(outcome, policy, *ends, *_strongest(sweep, chosen)))
    return found


def _strongest(sweep: "Finished", chosen: "pd.DataFrame") -> tuple[str | None, float]:
    """The parameter with the largest rank correlation with the outcome, and that."""
    found: dict[str, float] = {}
    for path in sweep.description["parameters"]:
        if chosen[path].dtype.kind in "if" and chosen["value"].nunique() > 1:
            found[path] = chosen[path].corr(chosen["value"], method="spearman")
    known = {path: value for path, value in found.items() if value == value}
    if not known:
        return None, float("nan")
    path = max(known, key=lambda name: abs(known[name]))
    return path, known[path]


def _table(found: list[Range]) -> str:
    heads = [_("outcome"), _("policy"), _("lowest"), _("median"), _("highest"), _("moved most by")]
    rows = [
        [
            one.outcome,
            one.policy,
            *(significant(value, 4) for value in (one.lowest, one.median, one.highest)),
            NOTHING
            if one.moved_most_by is None
            else f"{one.moved_most_by} ({decimal(one.correlation, 2, sign=True)})",
        ]
        for one in found
    ]
    return columns(heads, rows, left=(0, 1, 5))
