"""What figures say by themselves: rates and shares with exact posteriors.

A number of events is Poisson with a rate times an exposure, and the rate has a Gamma prior; a
number out of another is binomial with a share, and the share has a Beta prior. The posterior is of
the same family (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.4-2.6), exact, and figures that
share a rate or share are added up.

A block may be a parameter of the scenario: then its prior is the one in `uncertain`, and the model
must be such that the block is right (see `sim.calibrate.blocks`). Else it is a rate or share that
the figures speak of directly, with Jeffreys' prior: nothing is simulated with it, but it tells what
"a constant rate" would forecast.

A figure may count the events of several rates together: a sum of Poisson numbers. How many of them
were of each rate is then what is not known; given that, each rate has its Gamma posterior. The
joint posterior is the finite mixture of these over all ways to split the number (`Together`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sim.scenario import Uncertain

Floats = npt.NDArray[np.float64]
Kind = Literal["rate", "share"]

EXPELLED, STRUCK_OFF, ASKED_TO_LEAVE, STRUCK_OFF_AWAY = (
    f"demography.removal.{kind}.constant"
    for kind in ("expelled", "struck_off", "asked_to_leave", "struck_off_away")
)
PARAMETERS: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "expelled": ("rate", (EXPELLED,)),
    "struck_off": ("rate", (STRUCK_OFF, STRUCK_OFF_AWAY)),
    "asked_to_leave": ("rate", (ASKED_TO_LEAVE,)),
    "removed": ("rate", (EXPELLED, STRUCK_OFF, ASKED_TO_LEAVE, STRUCK_OFF_AWAY)),
    "listed": ("rate", ("source.listing.per_resident",)),
    "seats_taken": ("share", ("training.attendance",)),
    "recognised": ("share", ("probation.recognition",)),
}
"""Parameters that a quantity may tell of alone, or that make it together. What counts less comes
first, for a parameter is told by one quantity."""
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
    events: how many there were, in or out of `exposure`.  numbers: where they were counted together
    with those of other rates, the probability that 0, 1, 2, ... were of this one; `events` is then
    their mean, and the posterior a mixture of the same mean as Gamma(a, b).
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
    numbers: tuple[float, ...] = ()

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
            split = np.arange(len(self.numbers)) - self.events
            return float(np.sqrt(self.a + np.dot(self.numbers, split**2)) / self.b)
        return float(np.sqrt(self.mean * (1 - self.mean) / (self.a + self.b + 1)))

    def quantile(self, u: Any) -> Any:
        """The value at the share u of the posterior."""
        from scipy.special import betaincinv, gammaincinv

        if self.numbers:
            return np.vectorize(self._of_mixture, otypes=[float])(u)[()]
        if self.kind == "rate":
            return gammaincinv(self.a, u) / self.b
        return betaincinv(self.a, self.b, u)

    def _of_mixture(self, u: float) -> float:
        from scipy.optimize import brentq
        from scipy.special import gammainc, gammaincinv

        shapes = self.a - self.events + np.arange(len(self.numbers))
        lowest, highest = gammaincinv(shapes[[0, -1]], u)
        if lowest == highest:
            return float(lowest / self.b)
        found = brentq(lambda x: np.dot(self.numbers, gammainc(shapes, x)) - u, lowest, highest)
        return float(found / self.b)

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


def parameter_block(
    quantity: str, uncertain: Uncertain, per: str, path: str | None = None
) -> Block | None:
    """A parameter (default: the first of its quantity) as its prior has it; None if its
    distribution is of another family."""
    kind, paths = PARAMETERS[quantity]
    path = path or paths[0]
    if uncertain.distribution != FAMILY[kind] or not uncertain.mean or not uncertain.sd:
        return None
    mean, sd = uncertain.mean, uncertain.sd
    if kind == "rate":
        return Block(kind, quantity, (), per, (mean / sd) ** 2, mean / sd**2, parameter=path)
    size = mean * (1 - mean) / sd**2 - 1
    return Block(kind, quantity, (), per, mean * size, (1 - mean) * size, parameter=path)


@dataclass(frozen=True)
class Together:
    """Rates whose events were counted together.

    priors: as they were before.  exposures: of each.  events: how many of all of them there were.
    """

    priors: tuple[Block, ...]
    exposures: tuple[float, ...]
    events: int
    facts: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The parameters."""
        return tuple(str(block.parameter) for block in self.priors)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The posterior of each by itself."""
        found = []
        for i, exposure in enumerate(self.exposures):
            others = self._sum(one for j, one in enumerate(self._alone) if j != i)
            numbers = _normal(self._alone[i] * others[::-1])
            mean = float(np.dot(numbers, np.arange(len(numbers))))
            block = self.priors[i].given(mean, exposure, self.facts)
            found.append(replace(block, numbers=tuple(numbers.tolist())))
        return tuple(found)

    def draws(self, generator: np.random.Generator, number: int) -> Floats:
        """Joint draws of all, [number, rates]: the split of the events first, one rate after the
        other, then the rates."""
        split = np.zeros((number, len(self.priors)))
        left = np.full(number, self.events)
        for i, alone in enumerate(self._alone):
            rest = self._sum(self._alone[i + 1 :])
            for whole in np.unique(left):
                here = left == whole
                p = _normal(alone[: whole + 1] * rest[whole::-1])
                split[here, i] = generator.choice(whole + 1, np.count_nonzero(here), p=p)
            left = left - split[:, i].astype(int)
        rates = [
            generator.gamma(prior.a + split[:, i]) / (prior.b + exposure)
            for i, (prior, exposure) in enumerate(zip(self.priors, self.exposures, strict=True))
        ]
        return np.column_stack(rates)

    @cached_property
    def _alone(self) -> list[Floats]:
        """What each would forecast by itself: the probability of 0, 1, ..., all events."""
        numbers = np.arange(self.events + 1)
        pairs = zip(self.priors, self.exposures, strict=True)
        return [np.asarray(prior.forecast(exposure).pmf(numbers)) for prior, exposure in pairs]

    def _sum(self, alone: Iterable[Floats]) -> Floats:
        """The probability of 0, 1, ..., all events in the sum of some; of none, that of 0 is 1."""
        found = np.zeros(self.events + 1)
        found[0] = 1.0
        for one in alone:
            found = np.convolve(found, one)[: self.events + 1]
        return found


def _normal(weights: Floats) -> Floats:
    return weights / weights.sum()
