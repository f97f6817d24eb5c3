"""Every published figure beside what the model says: the ledger, and what it adds up to."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calibrate import scores, simple
from sim.calibrate.facts import Fact
from sim.calibrate.scores import Ensemble, band
from sim.draws import entity_key, uniforms_of
from sim.risk import intervals

if TYPE_CHECKING:
    import pandas as pd

INPUT, FITTED, FORECAST, LEFT_OUT, NOT_MODELLED = (
    "input", "fitted", "forecast", "left_out", "not_modelled",
)  # fmt: skip
STATUS = {"input": INPUT, "fit": FITTED, "forecast": FORECAST, "ignore": LEFT_OUT}
SCORED = (FITTED, FORECAST)
NARROW, WIDE = 0.5, 0.9
"""Shares of the bands that are told."""
STREAM = 41
"""Stream of what is drawn here: entity is the figure's id. Replication 0 draws the place among
equal numbers; replication k + 1 what the figure may be off by beside replication k."""

COLUMNS = (
    "policy", "id", "figure", "place", "quantity", "from", "to", "status", "value", "out_of",
    "published", "median", "low_50", "high_50", "low_90", "high_90", "rank", "inside_50",
    "inside_90", "crps", "unchanged", "unchanged_crps", "constant_rate", "constant_rate_crps",
    "event", "p_event", "p_event_low", "p_event_high", "brier", "unchanged_brier",
    "constant_rate_brier", "reason", "source",
)  # fmt: skip


def ledger(
    facts: Sequence[Fact], ensembles: Mapping[str, Ensemble], opening: Ensemble, seed: int
) -> "pd.DataFrame":
    """A row for each policy and published figure, in the order of the facts.

    ensembles: by policy, the figures' counterparts [R, F], NaN of what is not modelled.  opening:
    the counterparts of stocks at the start [F].

    status: `input` - the table of units was made from it; `fitted`; `forecast`; `left_out` and
    `not_modelled`, for the `reason`.  published: the number that is compared, a share where the
    figure is one.  median and ends of the middle 50 and 90 % are of what would be published under
    the model: the counterpart and the figure's tolerance.  rank, inside_*, crps: see
    `sim.calibrate.scores`; unchanged, constant_rate and their scores: see `sim.calibrate.simple`;
    the constant rate is of the fitted period and so told of forecasts alone.  event: `none` or
    `all`, where the figure says just that; p_event, with its interval of 95 %, and brier are of it.
    """
    import pandas as pd

    rows = [
        _row(policy, fact, numbers[:, i], float(opening[i]), facts, seed)
        for policy, numbers in ensembles.items()
        for i, fact in enumerate(facts)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    flags = {name: "boolean" for name in ("inside_50", "inside_90")}
    return table.astype(flags)


def scored(table: "pd.DataFrame") -> "pd.DataFrame":
    """What a ledger adds up to: a row for each policy and status, fitted and forecast.

    figures; how many lie inside_50 and inside_90; of how many the model's score can be compared
    with that of a simple forecast (with_*), and for how many it is lower (nearer_than_*).
    """
    import pandas as pd

    rows = []
    each = ((policy, status) for policy in table["policy"].unique() for status in SCORED)
    for policy, status in each:
        ours = table[(table["policy"] == policy) & (table["status"] == status)]
        if ours.empty:
            continue
        row: dict[str, Any] = {"policy": policy, "status": status, "figures": len(ours)}
        row |= {name: int(ours[name].sum()) for name in ("inside_50", "inside_90")}
        for name in ("unchanged", "constant_rate"):
            both = ours[ours[f"{name}_crps"].notna() & ours["crps"].notna()]
            row[f"with_{name}"] = len(both)
            row[f"nearer_than_{name}"] = int((both["crps"] < both[f"{name}_crps"]).sum())
        rows.append(row)
    return pd.DataFrame(rows)


def _row(
    policy: str, fact: Fact, numbers: Ensemble, at_start: float, facts: Sequence[Fact], seed: int
) -> dict[str, Any]:
    status = STATUS[fact.use] if fact.is_modelled else NOT_MODELLED
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {
        "policy": policy,
        "id": fact.id,
        "figure": fact.figure,
        "place": fact.place,
        "quantity": fact.quantity,
        "from": fact.since.isoformat() if fact.since and fact.is_modelled else None,
        "to": fact.until.isoformat() if fact.is_modelled else None,
        "status": status,
        "value": fact.value,
        "out_of": fact.out_of,
        "published": fact.published,
        "reason": fact.note,
        "source": fact.source,
    }
    known = numbers[np.isfinite(numbers)]
    if fact.is_modelled and len(known):
        forecast = known + _off_by(fact, len(numbers), seed)[np.isfinite(numbers)]
        row |= dict(_told(forecast))
        if status in SCORED:
            row |= dict(_judged(fact, forecast, seed))
            row |= dict(_beside_simple(fact, facts, at_start, status))
            row |= dict(_of_event(fact, known))
    return row


def _off_by(fact: Fact, replications: int, seed: int) -> Ensemble:
    """By how much the printed figure may be off, in each replication."""
    from scipy.special import ndtri

    if not fact.sd:
        return np.zeros(replications)
    return fact.sd * ndtri([_uniform(fact, seed, k + 1) for k in range(replications)])


def _uniform(fact: Fact, seed: int, replication: int) -> float:
    key = np.array([entity_key(fact.id)], dtype=np.int64)
    return float(uniforms_of(seed, replication, STREAM, key, 0, 0)[0])


def _told(forecast: Ensemble) -> Iterator[tuple[str, Any]]:
    yield "median", float(np.median(forecast))
    for share in (NARROW, WIDE):
        yield from zip(_ends(share), band(forecast, share), strict=True)


def _ends(share: float) -> tuple[str, str]:
    return f"low_{100 * share:.0f}", f"high_{100 * share:.0f}"


def _judged(fact: Fact, forecast: Ensemble, seed: int) -> Iterator[tuple[str, Any]]:
    value = fact.published
    yield "rank", scores.rank(forecast, value, _uniform(fact, seed, 0))
    for share in (NARROW, WIDE):
        yield f"inside_{100 * share:.0f}", band(forecast, share).holds(value)
    yield "crps", scores.crps(forecast, value)


def _beside_simple(
    fact: Fact, facts: Sequence[Fact], at_start: float, status: str
) -> Iterator[tuple[str, Any]]:
    unchanged = simple.unchanged(fact, facts, at_start)
    steady = simple.steady(fact, facts) if status == FORECAST else None
    for name, forecast in (("unchanged", unchanged), ("constant_rate", steady)):
        if forecast is not None:
            yield name, forecast.median
            yield f"{name}_crps", forecast.crps(fact.published)
            if _event(fact):
                yield f"{name}_brier", scores.brier(forecast.probability(fact.published), True)


def _event(fact: Fact) -> str | None:
    """What a figure says that is yes or no."""
    if fact.value == 0:
        return "none"
    return "all" if fact.is_share and fact.value == fact.out_of else None


def _of_event(fact: Fact, known: Ensemble) -> Iterator[tuple[str, Any]]:
    if (event := _event(fact)) is not None:
        count = sum(math.isclose(x, fact.published) for x in known)
        found = intervals.share(count, len(known))
        yield "event", event
        yield "p_event", float(found.value)
        yield "p_event_low", float(found.low)
        yield "p_event_high", float(found.high)
        yield "brier", scores.brier(float(found.value), True)
