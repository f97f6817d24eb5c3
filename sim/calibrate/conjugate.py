"""What figures say by themselves: rates and shares with exact posteriors.

A number of events is Poisson with a rate times an exposure, and the rate has a Gamma prior; a
number out of another is binomial with a share, and the share has a Beta prior. The posterior is of
the same family (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.4-2.6), exact, and figures that
share a rate or share are added up.

A block may be a parameter of the scenario: then its prior is the one in `uncertain`, and the model
must be such that the block is right (see `in_the_model`). Else it is a rate or share that the
figures speak of directly, with Jeffreys' prior: nothing is simulated with it, but it tells what
"a constant rate" would forecast.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sim.scenario import Uncertain

Floats = npt.NDArray[np.float64]
Kind = Literal["rate", "share"]

PARAMETERS: dict[str, tuple[Kind, str]] = {
    "expelled": ("rate", "demography.removal.expelled.constant"),
    "struck_off": ("rate", "demography.removal.struck_off.constant"),
    "asked_to_leave": ("rate", "demography.removal.asked_to_leave.constant"),
    "listed": ("rate", "source.listing.per_resident"),
    "seats_taken": ("share", "training.attendance"),
    "recognised": ("share", "probation.recognition"),
}
"""Parameters that a quantity may tell of alone."""
OF_MEMBERS = ("admitted", "removed", "expelled", "struck_off", "asked_to_leave", "died")
"""Quantities that are told as rates of a member and year."""
OF_TARGET = ("admitted",)
"""Quantities whose `out_of` is a target, which may be passed."""
JEFFREYS: dict[Kind, tuple[float, float]] = {"rate": (0.5, 0.0), "share": (0.5, 0.5)}
FAMILY: dict[Kind, str] = {"rate": "gamma", "share": "beta"}


@dataclass(frozen=True)
class Block:
    """A rate or share with its posterior.

    kind rate: Gamma(a, b), b an exposure.  kind share: Beta(a, b).  per: what the exposure is of.
    events: how many there were, in or out of `exposure`.
    """

    kind: Kind
    quantity: str
    facts: tuple[str, ...]
    per: str
    a: float
    b: float
    events: float = 0.0
    exposure: float = 0.0
    parameter: str | None = None

    def given(self, events: float, exposure: float, facts: tuple[str, ...]) -> "Block":
        """The block when so many events were seen in, or out of, an exposure."""
        rest = exposure if self.kind == "rate" else exposure - events
        return replace(
            self,
            a=self.a + events,
            b=self.b + rest,
            events=self.events + events,
            exposure=self.exposure + exposure,
            facts=(*self.facts, *facts),
        )

    @property
    def mean(self) -> float:
        """Posterior mean."""
        return self.a / self.b if self.kind == "rate" else self.a / (self.a + self.b)

    @property
    def sd(self) -> float:
        """Posterior standard deviation."""
        if self.kind == "rate":
            return float(np.sqrt(self.a) / self.b)
        return float(np.sqrt(self.mean * (1 - self.mean) / (self.a + self.b + 1)))

    def quantile(self, u: Any) -> Any:
        """The value at the share u of the posterior."""
        from scipy.special import betaincinv, gammaincinv

        if self.kind == "rate":
            return gammaincinv(self.a, u) / self.b
        return betaincinv(self.a, self.b, u)

    def forecast(self, exposure: float) -> Any:
        """The distribution of the number of events in, or out of, another exposure (scipy's)."""
        from scipy.stats import betabinom, nbinom

        if self.kind == "rate":
            return nbinom(self.a, self.b / (self.b + exposure))
        return betabinom(round(exposure), self.a, self.b)


def free_block(kind: Kind, quantity: str, per: str) -> Block:
    """A rate or share of which nothing is known yet (Jeffreys' prior)."""
    a, b = JEFFREYS[kind]
    return Block(kind, quantity, (), per, a, b)


def parameter_block(quantity: str, uncertain: Uncertain, per: str) -> Block | None:
    """A parameter as its prior has it; None if its distribution is of another family."""
    kind, path = PARAMETERS[quantity]
    if uncertain.distribution != FAMILY[kind] or not uncertain.mean or not uncertain.sd:
        return None
    mean, sd = uncertain.mean, uncertain.sd
    if kind == "rate":
        return Block(kind, quantity, (), per, (mean / sd) ** 2, mean / sd**2, parameter=path)
    size = mean * (1 - mean) / sd**2 - 1
    return Block(kind, quantity, (), per, mean * size, (1 - mean) * size, parameter=path)
