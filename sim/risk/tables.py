"""Counts -> the tables of hamlets, years and losses."""

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim.risk import intervals
from sim.risk.bands import bands, share_band, spread
from sim.risk.intervals import Interval
from sim.risk.measures import (
    BELOW,
    COMBINED,
    ENDINGS,
    FLOWS,
    FUNNEL,
    LOST,
    PROGRESS,
    TOTALS,
)
from sim.risk.ranks import among_worst
from sim.risk.scorecard import score
from sim.risk.study import ALL, BY_KIND, DERIVED_FLOWS, Study, Tally

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FIVE_PERCENT = 0.05
DAYS_PER_YEAR = 365.25
AT_A_TIME = 1000
"""Hamlets whose strengths are looked at together: those of a nation would take gigabytes."""


# ---------------------------------------------------------------- hamlets


def hamlets(study: Study) -> "pd.DataFrame":
    """Risk by policy, unit and year.

    p_below, p_lost, p_combined: P(so far); p_without_cell, p_without_members, p_at_risk,
    p_on_posted, p_no_admission, p_no_successor: P(now), see `sim.risk.measures`.  The first five
    with two intervals: _low, _high holds the truth of this hamlet in 95 %, so that of 141 hamlets
    about 7 may lie outside theirs; _low_all, _high_all those of all hamlets of the policy and year
    together in 95 % (Bonferroni); the last three with the first of them.  The first three with
    _parameters_low, _high: between which the probability lies in nine draws of the parameters in
    ten, freed of chance (`sim.risk.bands`; missing with one draw). There is no such band by chance:
    of one hamlet and one replication the probability itself tells it.  p_among_worst: that it is
    among the ten at greatest risk of being lost by the horizon, see `sim.risk.among_worst`.
    strength_median, _low, _high: of its own cell, else of its officials who would count, with the
    5 % and 95 % quantile over replications; needed: how many more officials who stay would have
    kept it at the minimum until then in 19 of 20 replications, from strength_low at the
    anniversaries, and at least one where P(below) is above 5 %.  local_mean, posted_mean,
    active_mean, officials_mean, over_60_mean: expected numbers of people; admitted_mean: expected
    admissions in the year; target_part: its part of the target.  score: see `sim.risk.scorecard`;
    of expected numbers.  p_first_lost, p_first_combined: cumulative incidence of what came first
    (nobody is censored).  p_lost_alone: Kaplan-Meier, as if nothing were combined.  p_recovered:
    founded again, of those lost so far.  spells_below: expected number so far; share_restored: of
    those.  expected_loss_year: mean date of the first loss, if it is lost, as 2024.5.  main_cause:
    the most frequent departure that made it below before a loss.
    """
    import pandas as pd

    parts = [_hamlets_of(study, name, tally) for name, tally in study.tallies.items()]
    return pd.concat(parts, ignore_index=True)


def _hamlets_of(study: Study, policy: str, tally: Tally) -> "pd.DataFrame":
    import pandas as pd

    units, years = study.loaded.baseline.units, study.years + 1
    risk = {
        "p_below": tally.happened(BELOW),
        "p_lost": tally.happened(LOST),
        "p_combined": tally.happened(COMBINED),
        "p_without_cell": tally.summed("without_cell"),
        "p_without_members": tally.summed("without_members"),
    }
    columns: dict[str, Any] = {
        "policy": policy,
        "hamlet": np.repeat([u.id for u in units], years),
        "name": np.repeat([u.name for u in units], years),
        "area": np.repeat(["/".join(u.area) for u in units], years),
        "kind": np.repeat([u.kind for u in units], years),
        "year": np.tile(np.arange(years), len(units)),
        "date": np.tile(np.array(study.dates, dtype="datetime64[s]"), len(units)),
    }
    tail = intervals.tail_for_all(len(units))
    for name, counted in risk.items():
        columns |= _with_ends(name, intervals.share_by_draw(counted, tally.per_draw))
        together = intervals.share_by_draw(counted, tally.per_draw, tail)
        columns |= {f"{name}_low_all": together.low, f"{name}_high_all": together.high}
    for name in ("p_below", "p_lost", "p_combined"):
        band = share_band(risk[name], tally.per_draw)
        columns |= {f"{name}_parameters_low": band.low, f"{name}_parameters_high": band.high}
    for name in ("on_posted", "no_admission", "no_successor"):
        found = intervals.share_by_draw(tally.summed(name), tally.per_draw)
        columns |= _with_ends(f"p_{name}", found)
    columns |= _strength(tally) | _course(tally, risk["p_lost"].sum(axis=0))
    minimum = study.loaded.scenario.rules.minimum_official_members
    columns["needed"] = _needed(minimum - columns["strength_low"], columns["p_below"])
    columns |= {f"{name}_mean": tally.mean_by_hamlet(name) for name in TOTALS}
    columns["target_part"] = tally.target_parts
    columns["score"] = _score(study, columns)
    for name, values in _once(study, tally).items():
        columns[name] = np.repeat(values, years)
    flat = {k: v.ravel() if isinstance(v, np.ndarray) else v for k, v in columns.items()}
    return pd.DataFrame(flat)


def _with_ends(name: str, found: Interval) -> dict[str, Floats]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _strength(tally: Tally) -> dict[str, Floats]:
    """Quantiles over replications [H, Y + 1]; nan where the unit is not there."""
    counted = tally.counts.strength
    blocks = [_quantiles(counted[h : h + AT_A_TIME]) for h in range(0, len(counted), AT_A_TIME)]
    names = ("strength_median", "strength_low", "strength_high")
    return dict(zip(names, np.concatenate(blocks, axis=1), strict=True))


def _quantiles(counted: npt.NDArray[np.integer]) -> Floats:
    """Median, 5 % and 95 % quantile of counted[..., value], [3, ...]."""
    cumulated = np.cumsum(counted, axis=2, dtype=np.int64)
    there = cumulated[:, :, -1]
    found = []
    for q in (0.5, FIVE_PERCENT, 1 - FIVE_PERCENT):
        at = (cumulated >= q * there[:, :, None]).argmax(axis=2)
        found.append(np.where(there > 0, at, np.nan))
    return np.array(found)


def _needed(short: Floats, below: Floats) -> Floats:
    """People missing so far [H, Y + 1], from what is missing at each anniversary; nan if not there.

    Between anniversaries a cell may fall below unseen.
    """
    most = np.maximum.accumulate(np.where(np.isnan(short), 0.0, short), axis=1)
    needed = np.maximum(most, below > FIVE_PERCENT)
    return np.where(np.isnan(short), np.nan, needed)


def _score(study: Study, columns: dict[str, Any]) -> Floats:
    rules = study.loaded.scenario.rules
    return score(
        columns["strength_median"], columns["active_mean"], columns["admitted_mean"],
        columns["target_part"], columns["over_60_mean"], columns["officials_mean"],
        rules.minimum_official_members, rules.risk_line,
    )  # fmt: skip


def _course(tally: Tally, lost: Integers) -> dict[str, Floats]:
    """What came first, recovery and spells, [H, Y + 1]."""
    n = tally.replications
    first_lost, first_combined, recovered, spells, restored = (
        np.cumsum(tally.summed(name).sum(axis=0), axis=1)
        for name in ("first_lost", "first_combined", "recovered", "spells", "restored")
    )
    return {
        "p_first_lost": first_lost / n,
        "p_first_combined": first_combined / n,
        "p_lost_alone": _kaplan_meier(first_lost, first_combined, n),
        "p_recovered": _share(recovered, lost),
        "spells_below": spells / n,
        "share_restored": _share(restored, spells),
        "p_at_risk": tally.summed("at_risk").sum(axis=0) / n,
    }


def _share(part: Integers, of: Integers) -> Floats:
    shares: Floats = np.divide(part, of, out=np.full(np.shape(of), np.nan), where=of > 0)
    return shares


def _kaplan_meier(ended: Integers, censored: Integers, n: int) -> Floats:
    """P(ended so far) if the censored stayed at risk, from numbers so far by year."""
    before = np.pad(ended + censored, ((0, 0), (1, 0)))[:, :-1]
    at_risk = n - before
    now = np.diff(ended, axis=1, prepend=0)
    hazard = np.divide(now, at_risk, out=np.zeros(now.shape), where=at_risk > 0)
    alive: Floats = np.cumprod(1.0 - hazard, axis=1)
    return 1.0 - alive


def _once(study: Study, tally: Tally) -> dict[str, Any]:
    """What does not depend on the year, by hamlet."""
    lost = tally.happened(LOST)[:, :, -1].sum(axis=0)
    days = _share(tally.counts.loss_days, lost)
    start = study.dates[0]
    since = start.year + (start.timetuple().tm_yday - 1) / DAYS_PER_YEAR
    causes = tally.counts.lost_by_cause
    most = causes.argmax(axis=1)
    named = [events.CAUSES[int(c)] if n[c] else "" for c, n in zip(most, causes, strict=True)]
    flagged = tally.summed("at_risk").sum(axis=0)[:, 0] / tally.replications
    return {
        "at_risk_at_start": flagged >= 0.5,
        "p_among_worst": among_worst(tally),
        "expected_loss_year": since + days / DAYS_PER_YEAR,
        "main_cause": named,
    }


# ---------------------------------------------------------------- years


def years(study: Study) -> "pd.DataFrame":
    """Every measure by policy and year: mean, its interval, and the range of replications.

    Where the units are not all hamlets, a column `kind` tells units of each kind from all together
    (empty); what classes, postings and money are spent on is known of all together only.  mean,
    low, high: mean over replications with its interval.  sd_chance, sd_parameters: standard
    deviations between replications by chance and by the uncertain parameters.  chance_low, _high:
    between which nine replications in ten lie by chance alone, around the mean; parameters_low,
    _high: between which the expected number lies in nine draws of the parameters in ten, freed of
    chance; see `sim.risk.bands`. Missing where the two cannot be told apart (one draw, or one
    replication a draw); with fewer than 19 draws the parameters' is their whole range.  q05, q95:
    range of nine replications in ten, both together.  so_far, _low, _high: of events, the mean of
    the sum from the start.  For the measures see `sim.risk.measures`. Year 0 is the first day; what
    is decided on an anniversary belongs to the year that ends, and nothing is decided on the last
    day.
    """
    import pandas as pd

    parts = [
        _measure_of(study, policy, tally, name, kind)
        for policy, tally in study.tallies.items()
        for kind in (ALL, *study.kinds)
        for name in (BY_KIND if kind else study.measures)
    ]
    return pd.concat(parts, ignore_index=True)


def _measure_of(study: Study, policy: str, tally: Tally, name: str, kind: str) -> "pd.DataFrame":
    import pandas as pd

    values, counted = tally.measure(name, kind), name != "cost"
    found = intervals.mean(values, tally.draw, counted)
    chance, parameters = spread(values, tally.draw)
    by_chance, by_parameters = bands(values, tally.draw, counted)
    q05, q95 = np.quantile(values, [FIVE_PERCENT, 1 - FIVE_PERCENT], axis=0)
    so_far = Interval(*[np.full(len(study.dates), np.nan)] * 3)
    if name in FLOWS or name in DERIVED_FLOWS:
        so_far = intervals.mean(np.cumsum(values, axis=1), tally.draw, counted)
    return pd.DataFrame(
        {
            "policy": policy,
            "measure": name,
            **({"kind": kind} if study.kinds else {}),
            "year": np.arange(len(study.dates)),
            "date": np.array(study.dates, dtype="datetime64[s]"),
            "mean": found.value,
            "low": found.low,
            "high": found.high,
            "sd_chance": chance,
            "sd_parameters": parameters,
            "chance_low": by_chance.low,
            "chance_high": by_chance.high,
            "parameters_low": by_parameters.low,
            "parameters_high": by_parameters.high,
            "q05": q05,
            "q95": q95,
            **_with_ends("so_far", so_far),
        }
    )


# ---------------------------------------------------------------- losses


def losses(study: Study) -> "pd.DataFrame":
    """Why cells ended and were founded, by policy.

    ending: lost, re_emptied, combined, founded.  by: cause - the departure that made the cell
    below, or what a founding came from; departure - officials gone in the 60 months before;
    progress - how far the hamlet's candidates had come.  number: expected over the horizon, with
    its interval; share: of all of that ending, with its interval.  kind: of unit, where not all are
    hamlets; empty: of all kinds.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for policy, tally in study.tallies.items():
        for (by, (table, names)), kind in product(WAYS_TO_TELL.items(), (ALL, *study.kinds)):
            counted = tally.counted(table, kind).astype(float)
            for e, ending in enumerate(ENDINGS):
                head = {"policy": policy, "ending": ending, "by": by, "kind": kind}
                rows += [head | row for row in _rows(counted[:, e], names, tally)]
    return pd.DataFrame(rows, columns=study.with_kind(LOSS_COLUMNS, 3))


WAYS_TO_TELL: dict[str, tuple[str, dict[int, str]]] = {
    "cause": ("causes", events.CAUSES),
    "departure": ("departures", events.KINDS),
    "progress": ("progress", dict(enumerate(PROGRESS))),
}
LOSS_COLUMNS = (
    "policy", "ending", "by", "what", "number", "number_low", "number_high", "share", "share_low",
    "share_high",
)  # fmt: skip


def _rows(counted: Floats, names: dict[int, str], tally: Tally) -> list[dict[str, Any]]:
    """One row for each code that occurs, the most frequent first."""
    whole = counted.sum(axis=1)
    rows = []
    for code in np.argsort(-counted.sum(axis=0), kind="stable"):
        if not counted[:, code].any():
            break
        number = intervals.mean(counted[:, code], tally.draw, counted=True)
        share = intervals.share_by_group(tally.by_group(counted[:, code]), tally.by_group(whole))
        rows.append(
            {
                "what": names[int(code)],
                **{k: float(v) for k, v in _with_ends("number", number).items()},
                **{k: float(v) for k, v in _with_ends("share", share).items()},
            }
        )
    return rows


# ---------------------------------------------------------------- the way to official member


def funnel(study: Study) -> "pd.DataFrame":
    """From the source list to official member by policy and lowest area, over the whole horizon.

    step: of `sim.risk.measures.FUNNEL`, the way first, then where people are held up or lost.
    number: expected events in units of all kinds, with its interval.
    """
    import pandas as pd

    areas = list(dict.fromkeys("/".join(u.area) for u in study.loaded.baseline.units))
    parts = []
    for policy, tally in study.tallies.items():
        found = intervals.mean(tally.counts.funnel, tally.draw, counted=True)
        columns = {
            "policy": policy,
            "area": np.repeat(areas, len(FUNNEL)),
            "step": np.tile(FUNNEL, len(areas)),
            **{name: ends.ravel() for name, ends in _with_ends("number", found).items()},
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


# ---------------------------------------------------------------- rates


def rates(study: Study) -> "pd.DataFrame":
    """Yearly rates per member by policy, and the published ones; see `yearly_rates`.

    rate: death, leaving, removal, admission, with its interval.  published: missing if none is.
    """
    import pandas as pd

    published = study.loaded.scenario.published
    rows = [
        {
            "policy": policy,
            "rate": rate,
            "value": float(found.value),
            "low": float(found.low),
            "high": float(found.high),
            "published": published.get(rate, np.nan),
        }
        for policy, tally in study.tallies.items()
        for rate, found in yearly_rates(tally).items()
    ]
    return pd.DataFrame(rows)


def yearly_rates(tally: Tally) -> dict[str, Interval]:
    """Yearly rates per member (official, on probation or posted), over the whole horizon.

    leaving: members who leave for work.  removal: expelled, struck off or asked to leave. What
    never happened has an upper bound.
    """
    members = tally.measure("members")
    member_years = (members[:, 1:] + members[:, :-1]).sum(axis=1) / 2
    kinds = {"death": "dead", "leaving": "left", "removal": "removed", "admission": "admitted"}
    numbers = {name: tally.measure(kind)[:, 1:].sum(axis=1) for name, kind in kinds.items()}
    return {name: _rate(number, member_years, tally) for name, number in numbers.items()}


def _rate(number: Floats, member_years: Floats, tally: Tally) -> Interval:
    found = intervals.ratio(number, member_years, tally.draw)
    if number.any() or not member_years.any():
        return found
    bound = intervals.bound_of_none(tally.replications) / member_years.mean()
    return found._replace(high=np.array(bound))
