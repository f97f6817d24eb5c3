"""Hamlets whose fate a policy changes, and how often, both ways."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.risk import intervals
from sim.risk.measures import NEVER
from sim.risk.pairs import HAPPENINGS
from sim.risk.study import Study, Tally

if TYPE_CHECKING:
    import pandas as pd

WAYS = ("flips", "saved", "harmed")
COLUMNS = (
    "policy", "outcome", "hamlet", "name",
    *(f"{way}{end}" for way in WAYS for end in ("", "_low", "_high")),
)  # fmt: skip


def flips(study: Study) -> "pd.DataFrame":
    """Hamlets whose fate differs from the base on the same lives, by policy and outcome.

    outcome: below, lost, combined.  saved: share of the lives in which it happens under the base
    only; harmed: under the policy only; flips: either. Each with its interval of 95 % for this one
    hamlet. The most often changed come first; those whose fate never changed are left out, which
    in R replications bounds their share at about 3.7 / R.
    """
    import pandas as pd

    base = study.tallies[study.base]
    rows = [
        {"policy": policy, "outcome": outcome} | row
        for policy, tally in study.tallies.items()
        for outcome, what in HAPPENINGS.items()
        if policy != study.base
        for row in _rows(study, tally, base, what)
    ]
    return pd.DataFrame(rows, columns=study.with_kind(COLUMNS, 4))


def _rows(study: Study, tally: Tally, base: Tally, what: int) -> list[dict[str, Any]]:
    here, there = (t.counts.first[:, :, what] != NEVER for t in (tally, base))
    often = (here != there).sum(axis=0)
    order = np.argsort(-often, kind="stable")[: np.count_nonzero(often)]
    here, there = here[:, order], there[:, order]
    columns: dict[str, npt.NDArray[Any]] = {}
    for way, changed in zip(WAYS, (here != there, there & ~here, here & ~there), strict=True):
        found = intervals.share_by_draw(tally.by_draw(changed), tally.per_draw)
        columns |= {way: found.value, f"{way}_low": found.low, f"{way}_high": found.high}
    units = study.loaded.baseline.units
    return [
        {"hamlet": units[h].id, "name": units[h].name, "kind": units[h].kind}
        | {k: float(v[i]) for k, v in columns.items()}
        for i, h in enumerate(order)
    ]
