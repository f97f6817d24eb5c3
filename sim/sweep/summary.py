"""A sweep as a text for a terminal."""

from typing import TYPE_CHECKING

from sim.messages import _, ngettext

if TYPE_CHECKING:
    import pandas as pd

    from sim.sweep.running import Finished

MOST_FAULTS = 5


def summary(sweep: "Finished") -> str:
    """The range of every outcome, what moves it most, and what failed."""
    table, failures = sweep.outcomes, sweep.failures
    number = len(sweep.points)
    lines = [ngettext("{number} point", "{number} points", number).format(number=f"{number:,}")]
    if len(table):
        lines += _table(_rows(sweep, table))
    if len(failures):
        told = ngettext("{number} point failed:", "{number} points failed:", len(failures))
        lines.append(told.format(number=f"{len(failures):,}"))
        lines += [
            _("  point {point}: {fault}").format(point=row.point, fault=row.fault)
            for row in failures.head(MOST_FAULTS).itertuples()
        ]
    return "\n".join(lines)


def _rows(sweep: "Finished", table: "pd.DataFrame") -> list[list[str]]:
    head = [_("outcome"), _("policy"), _("lowest"), _("median"), _("highest"), _("moved most by")]
    rows = [head]
    for outcome in sweep.description["outcomes"]:
        for policy in sweep.description["policies"]:
            chosen = table[(table["outcome"] == outcome) & (table["policy"] == policy)]
            if len(chosen):
                values = chosen["value"]
                ends = [f"{v:,.4g}" for v in (values.min(), values.median(), values.max())]
                rows.append([outcome, policy, *ends, _strongest(sweep, chosen)])
    return rows


def _strongest(sweep: "Finished", chosen: "pd.DataFrame") -> str:
    """The parameter with the largest rank correlation with the outcome, and that."""
    found: dict[str, float] = {}
    for path in sweep.description["parameters"]:
        if chosen[path].dtype.kind in "if" and chosen["value"].nunique() > 1:
            found[path] = chosen[path].corr(chosen["value"], method="spearman")
    known = {path: value for path, value in found.items() if value == value}
    if not known:
        return "\N{EN DASH}"
    path = max(known, key=lambda name: abs(known[name]))
    return f"{path} ({known[path]:+.2f})".replace("-", "\N{MINUS SIGN}")


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    numbers = range(2, 5)

    def line(row: list[str]) -> str:
        cells = [
            cell.rjust(width) if i in numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return [line(rows[0]), "  ".join("-" * width for width in widths), *map(line, rows[1:])]
