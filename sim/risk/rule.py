"""The observable at-risk rule beside what is simulated: how well it tells who will lose a cell.

The rule is what an officer can see from a list of members: a cell of its own under the risk line,
of old members, long without an admission (`rules.risk_line`, `rules.at_risk_share_over_60`,
`rules.at_risk_months_since_admission`; set them with `--set` to judge another rule).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.risk import intervals
from sim.risk.intervals import Interval
from sim.risk.measures import FORESIGHT_YEARS, JUDGED, LATER, NOT, SOON
from sim.risk.study import ALL, Study, Tally

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

DAYS_PER_YEAR = 365.25
COLUMNS = (
    "policy", "outcome", "year", "date", "within", "measure", "value", "low", "high",
)  # fmt: skip


def rule(study: Study) -> "pd.DataFrame":
    """The at-risk rule judged, by policy and outcome: lost, and below the minimum.

    year, date: the anniversary at which one looks, 0 being the start; missing where one looks at
    all of them.  within: over how many years after it; five, and to the horizon.  Of hamlets with a
    cell of their own to which it has not happened yet - sensitivity: of those to which it happens,
    the share that was flagged; specificity: of the others, the share that was not;
    predictive_value: of those flagged, the share to which it happens, and of_all: that share of all
    hamlets, to compare; flagged: their expected number.  lead_years: from the first flag to the
    happening, mean of those that were flagged before.  kind: of unit, where not all are hamlets;
    empty: of all kinds.  With intervals, in which the draws of the
    parameters, if any, are the sample.  Under a policy that answers the flag, a rule that is right
    looks wrong: read it under the base.
    """
    import pandas as pd

    rows = [
        {"policy": policy, "outcome": outcome, "kind": kind} | row
        for policy, tally in study.tallies.items()
        for what, outcome in enumerate(JUDGED)
        for kind in (ALL, *study.kinds)
        for row in (
            *_year_by_year(study, tally, what, kind),
            *_at_every_anniversary(study, tally, what, kind),
        )
    ]
    return pd.DataFrame(rows, columns=study.with_kind(COLUMNS, 2)).astype({"year": "Int64"})


def _year_by_year(study: Study, tally: Tally, what: int, kind: str) -> list[dict[str, Any]]:
    judged = tally.counted("judged", kind)[:, :, what]
    soon, later, never = (judged[..., fate] for fate in (SOON, LATER, NOT))
    rows = []
    for year in range(study.years):
        left = study.years - year
        when = {"year": year, "date": study.dates[year]}
        if left > FORESIGHT_YEARS:
            table = np.stack([(later + never)[:, year], soon[:, year]], axis=-1)
            rows += _rows(when | {"within": FORESIGHT_YEARS}, table, tally)
        table = np.stack([never[:, year], (soon + later)[:, year]], axis=-1)
        rows += _rows(when | {"within": left}, table, tally)
    return rows


def _at_every_anniversary(study: Study, tally: Tally, what: int, kind: str) -> list[dict[str, Any]]:
    when = {"year": None, "date": None, "within": study.years}
    table = tally.counted("warned", kind)[:, what]
    lead_years = tally.counted("lead_days", kind)[:, what] / DAYS_PER_YEAR
    lead = intervals.ratio(lead_years, table[:, 1, 1].astype(float), tally.draw)
    return [*_rows(when, table, tally), when | {"measure": "lead_years"} | _floats(lead)]


def _rows(when: dict[str, Any], table: npt.NDArray[Any], tally: Tally) -> list[dict[str, Any]]:
    """The measures of a fourfold table [R, flagged or not, happens or not]."""
    (quiet, missed), (false, hit) = (table[:, 0].T, table[:, 1].T)
    found = {
        "sensitivity": _share(hit, hit + missed, tally),
        "specificity": _share(quiet, quiet + false, tally),
        "predictive_value": _share(hit, hit + false, tally),
        "of_all": _share(hit + missed, hit + missed + quiet + false, tally),
        "flagged": intervals.mean(hit + false, tally.draw, counted=True),
    }
    return [when | {"measure": name} | _floats(interval) for name, interval in found.items()]


def _share(part: npt.NDArray[Any], of: npt.NDArray[Any], tally: Tally) -> Interval:
    return intervals.share_by_group(tally.by_group(part), tally.by_group(of))


def _floats(found: Interval) -> dict[str, float]:
    return {name: float(end) for name, end in zip(Interval._fields, found, strict=True)}
