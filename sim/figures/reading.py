"""What figures and reports read: the tables of a run, just made or from its folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sim import store
from sim.messages import BadInput, Fault, _, language, listed, nearest, shown
from sim.risk.bands import FEWEST_DRAWS
from sim.risk.measures import FUNNEL

if TYPE_CHECKING:
    import pandas as pd

ALL = ""
"""Stands for all hamlets together in `pairs`, and for units of all kinds."""


def read(folder: Path) -> "Run":
    """A run from its folder, with all tables that figures and reports need. Raises BadInput."""
    saved = store.read(folder)
    if saved.manifest["format"] != store.FORMAT:
        allowed = _("{format}; run the scenario again").format(format=store.FORMAT)
        raise BadInput([Fault(str(folder), found=shown(saved.manifest["format"]), allowed=allowed)])
    return saved


class Run(Protocol):
    """Results of `sim.run`, or of `sim.read` of a run's folder: the same tables."""

    @property
    def manifest(self) -> dict[str, Any]: ...
    @property
    def hamlets(self) -> "pd.DataFrame": ...
    @property
    def years(self) -> "pd.DataFrame": ...
    @property
    def losses(self) -> "pd.DataFrame": ...
    @property
    def pairs(self) -> "pd.DataFrame": ...
    @property
    def rule(self) -> "pd.DataFrame": ...
    @property
    def flips(self) -> "pd.DataFrame": ...
    @property
    def funnel(self) -> "pd.DataFrame": ...
    @property
    def rates(self) -> "pd.DataFrame": ...


def base(run: Run) -> str:
    """The policy that the others are compared with."""
    return str(run.manifest["policies"][0])


def policies(run: Run) -> list[str]:
    """All policies, the base first."""
    return [str(name) for name in run.manifest["policies"]]


def chosen(run: Run, policy: str | None) -> str:
    """The policy asked for, else the base. Raises BadInput."""
    known = policies(run)
    if policy is not None and policy not in known:
        found, near = shown(policy), nearest(policy, known)
        raise BadInput([Fault(_("policy"), found=found, allowed=listed(known), suggestion=near)])
    return policy or known[0]


def policy_in_words(run: Run, policy: str) -> str:
    """What planners call a policy in the current language; else its name in the scenario."""
    names = run.manifest["scenario"].get("policy_names", {}).get(policy, {})
    return str(names.get(language()) or policy)


def holds_nine_in_ten(run: Run) -> bool:
    """Whether bands by the parameters do; of few draws they are the whole range."""
    return int(run.manifest["parameter_draws"]) >= FEWEST_DRAWS


def is_told(table: "pd.DataFrame", kind: str) -> bool:
    """Whether the run can tell a band of a measure, by `chance` or by the `parameters`.

    That of chance not with one replication of each draw of the parameters.
    """
    return bool(table[f"{kind}_high"].notna().any())


def minimum(run: Run) -> int:
    """Official members that a cell needs."""
    return int(run.manifest["scenario"]["rules"]["minimum_official_members"])


def kinds(run: Run) -> list[str]:
    """Kinds of unit that the tables tell apart; none where all that is counted are hamlets."""
    if "kind" not in run.years:
        return []
    return [str(kind) for kind in run.years["kind"].unique() if kind != ALL]


def either(run: Run, of_hamlets: str, of_units: str) -> str:
    """What to call what is counted: hamlets, or units of several kinds."""
    return of_units if kinds(run) else of_hamlets


def of_kind(table: "pd.DataFrame", kind: str = ALL) -> "pd.DataFrame":
    """The rows of one kind of unit, or of all together; of hamlets alone there are no others."""
    return table[table["kind"] == kind] if "kind" in table else table


def units_of(run: Run, policy: str, kind: str = ALL) -> "pd.DataFrame":
    """The rows of `hamlets` of one policy: of units of one kind, or of all that are counted."""
    table = run.hamlets[run.hamlets["policy"] == policy]
    counted = [kind] if kind != ALL else kinds(run) or ["hamlet"]
    return table[table["kind"].isin(counted)]


def by_risk(table: "pd.DataFrame") -> "pd.DataFrame":
    """Rows of hamlets, those at greatest risk of losing their cell first."""
    order = ["p_lost", "p_below", "hamlet"]
    return table.sort_values(order, ascending=[False, False, True])


def last_year(run: Run) -> int:
    """The number of the last anniversary, which is the horizon."""
    return int(run.years["year"].max())


def measured(run: Run, measure: str, policy: str, kind: str = ALL) -> "pd.DataFrame":
    """One measure under one policy by year. Raises KeyError for what is no measure."""
    table = of_kind(run.years, kind)
    found = table[(table["measure"] == measure) & (table["policy"] == policy)]
    if found.empty:
        raise KeyError(measure)
    return found.sort_values("year")


def told_of(run: Run, measures: Sequence[str], hide_below: int) -> list[str]:
    """The measures of people whose counts, and lower ends, are never under this in the base."""

    def least(measure: str) -> float:
        return float(measured(run, measure, base(run))[["mean", "low"]].min().min())

    return [measure for measure in measures if not least(measure) < hide_below]


def hides_a_step(run: Run, hide_below: int) -> bool:
    """Whether the way to official member would tell a count under this."""
    ends = [measured(run, step, base(run)).iloc[-1]["so_far_low"] for step in FUNNEL]
    return any(end < hide_below for end in ends)


def at_the_end(run: Run, measure: str, kind: str = ALL) -> "pd.DataFrame":
    """One measure at the horizon, a row for each policy, in their order."""
    table = of_kind(run.years, kind)
    rows = table[(table["measure"] == measure) & (table["year"] == last_year(run))]
    return rows.set_index("policy", drop=False).loc[policies(run)]
