"""What commands print where another program reads: plain data, the same in every language."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.messages import BadInput

if TYPE_CHECKING:
    from sim.calibrate.backtest import Backtest
    from sim.experiment import Results, Selection
    from sim.experiment.marginal import Marginal
    from sim.reproduction import Reproduction
    from sim.sweep import Finished
    from sim.sweep.sensitivity import Sensitivity

CHANGED = ("changes", "differences")
OUTCOMES = (
    "below", "lost", "combined", "admitted", "seats_used", "seats_offered", "posting_months",
    "cost", "cell_years",
)  # fmt: skip
OF_A_KIND = ("below", "lost", "combined", "without_own_cell", "admitted", "cell_years")
"""Told of each kind of unit too, where the units are not all hamlets."""
OF_A_HAMLET = (
    "hamlet", "name", "area", "p_below", "p_lost", "p_lost_low", "p_lost_high", "p_among_worst",
    "main_cause",
)  # fmt: skip


def of_faults(bad: BadInput) -> dict[str, Any]:
    """Every fault with its place."""
    return {"faults": [_plain(asdict(fault)) for fault in bad.faults]}


def of_run(results: "Results", folder: Path) -> dict[str, Any]:
    """What was run, the outcomes of every policy, and the hamlets at greatest risk."""
    from sim.risk.outcomes import outcomes
    from sim.risk.ranks import WORST

    study, hamlets = results.study, results.hamlets
    policies: dict[str, dict[str, Any]] = {}
    of_kinds = tuple(f"{name}.{kind}" for kind in study.kinds for name in OF_A_KIND)
    for row in outcomes(study, (*OUTCOMES, *of_kinds)):
        told = {k: v for k, v in row._asdict().items() if k not in ("policy", "outcome")}
        policies.setdefault(row.policy, {})[row.outcome] = told
    last = hamlets[(hamlets["policy"] == study.base) & (hamlets["year"] == study.years)]
    worst = last.sort_values(["p_lost", "p_below", "hamlet"], ascending=[False, False, True])
    worst = worst.groupby("kind").head(WORST)
    return _plain(
        {
            "folder": str(folder),
            "from": study.dates[0].isoformat(),
            "to": study.dates[-1].isoformat(),
            "replications": results.replications,
            "parameter_draws": results.draws,
            "seed": results.seed,
            "engine": results.engine,
            "base": study.base,
            "policies": policies,
            "worst": worst[study.with_kind(OF_A_HAMLET, 3)].to_dict("records"),
        }
    )


def of_selection(selection: "Selection") -> dict[str, Any]:
    """The chosen policy, how sure that is, and a row for every policy."""
    fields = {k: v for k, v in vars(selection).items() if k != "table"}
    return _plain(fields | {"policies": selection.table.to_dict("records")})


def of_reproduction(found: "Reproduction") -> dict[str, Any]:
    """Whether a run or a sweep came out the same, and every difference."""
    rows = {name: [one._asdict() for one in getattr(found, name)] for name in CHANGED}
    return _plain({"same": found.same, **vars(found), "folder": str(found.folder), **rows})


def of_sweep(sweep: "Finished") -> dict[str, Any]:
    """Where the tables are, the range of every outcome, and what failed."""
    from sim.sweep.summary import ranges

    failures = sweep.failures[["point", "fault"]].to_dict("records")
    found = [one._asdict() for one in ranges(sweep)]
    told = {"folder": str(sweep.folder), "points": len(sweep.points)}
    return _plain(told | {"outcomes": found, "failures": failures})


def of_sensitivity(found: "Sensitivity", place: Path) -> dict[str, Any]:
    """What was varied, how much each moves, and what knowing each is worth."""
    return _study(found, place, "sensitivity", ("factors", "sensitivity", "decision"))


def of_marginal(found: "Marginal", place: Path) -> dict[str, Any]:
    """What a further seat, admission or posting keeps."""
    return _study(found, place, "marginal", ("marginal",))


def _study(found: Any, place: Path, name: str, tables: tuple[str, ...]) -> dict[str, Any]:
    rows = {table: getattr(found, table).to_dict("records") for table in tables}
    return _plain({"folder": str(place), **found.manifest[name], **rows})


def of_backtest(done: "Backtest", folder: Path | None) -> dict[str, Any]:
    """What was run, a row for every policy and figure, and what they add up to."""
    told = {name: done.manifest[name] for name in ("policies", "replications", "seed", "engine")}
    flagged = {policy: one.told() for policy, one in done.flagged.items()}
    rows = {name: getattr(done, name).to_dict("records") for name in ("scores", "ledger")}
    return _plain({"folder": folder and str(folder), **told, "at_risk": flagged, **rows})


def _plain(value: Any) -> Any:
    """The same as JSON has it: what is not known is null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
