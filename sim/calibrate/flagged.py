"""The units that were published as at risk, beside the risk that the model sees in each unit.

No later figure tells what became of them. So this is no forecast that came true or not; it says
how far the judgement of those who know the place and the model's agree.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.calibrate import scores
from sim.calibrate.counterparts import Mask, Replicate, Seen, counterpart
from sim.log import PANEL_FIELDS
from sim.scenario import DAYS_PER_YEAR

YEARS = 5
"""How far ahead the rule speaks, as it looks back on five years without an admission."""
RULE = "units_at_risk"


@dataclass(frozen=True)
class Flagged:
    """Units with a cell of their own at the start: flagged[U] by the rule, p_below[U] within YEARS
    by the model. The rest of the units are left out."""

    flagged: Mask
    p_below: npt.NDArray[np.float64]

    @property
    def number(self) -> int:
        """How many are flagged."""
        return int(self.flagged.sum())

    @property
    def mean_flagged(self) -> float:
        """Mean probability of those flagged."""
        return float(self.p_below[self.flagged].mean())

    @property
    def mean_others(self) -> float:
        """Mean probability of the others."""
        return float(self.p_below[~self.flagged].mean())

    @property
    def concordance(self) -> float:
        """How often a flagged unit has the greater probability of two, one of either kind; equal
        ones count half (the area under the ROC curve)."""
        ours, others = self.p_below[self.flagged][:, None], self.p_below[~self.flagged]
        return float((ours > others).mean() + (ours == others).mean() / 2)

    @property
    def brier(self) -> float:
        """Mean Brier score of the probabilities beside the flags."""
        pairs = zip(self.p_below, self.flagged, strict=True)
        return float(np.mean([scores.brier(p, bool(flag)) for p, flag in pairs]))

    @property
    def brier_of_none(self) -> float:
        """The same of the forecast that nothing changes: nobody falls below."""
        return float(self.flagged.mean())

    @property
    def brier_of_all_alike(self) -> float:
        """The same of one probability for all, the share that is flagged."""
        share = float(self.flagged.mean())
        return share * (1 - share)

    def told(self) -> dict[str, float]:
        """All of it by name."""
        names = (
            "number", "mean_flagged", "mean_others", "concordance", "brier", "brier_of_none",
            "brier_of_all_alike",
        )  # fmt: skip
        return {"units": len(self.flagged)} | {name: getattr(self, name) for name in names}


def falls_below(one: Replicate) -> Mask:
    """[H]: whether the cell of a unit falls below the minimum within YEARS."""
    log, found = one.log, np.zeros(one.panel.shape[1], dtype=np.bool_)
    soon = (log.kind == events.BELOW) & (log.day < YEARS * DAYS_PER_YEAR)
    found[log.hamlet[soon]] = True
    return found


def at_start(one: Replicate) -> Mask:
    """[2, H]: units with a cell of their own, and of these the ones that the rule flags."""
    cell = one.panel[0, :, PANEL_FIELDS.index("cell")]
    each = np.eye(len(cell), dtype=np.bool_)
    flags = [counterpart(RULE, Seen(one, unit, 0.0, 0.0)) > 0 for unit in each]
    return np.array([cell == rules.OWN, flags])
