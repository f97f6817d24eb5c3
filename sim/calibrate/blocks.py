"""Figures -> conjugate blocks: of parameters where the model allows it, and of plain rates."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.calibrate.conjugate import (
    FAMILY,
    OF_MEMBERS,
    OF_TARGET,
    PARAMETERS,
    Block,
    Together,
    free_block,
    parameter_block,
)
from sim.calibrate.counterparts import QUANTITIES
from sim.calibrate.facts import Fact
from sim.calibrate.simulation import Simulator
from sim.messages import N_, _
from sim.scenario import DAYS_PER_YEAR, Uncertain

Floats = npt.NDArray[np.float64]
Making = Callable[[Sequence[Fact]], Simulator]
"""A simulator that looks at some figures."""

REPLICATIONS = range(2 * 10**8, 2 * 10**8 + 32)
"""Replications in which blocks are looked at, at two values of the parameter."""
EVENTS, MOST = 2500, 1024
"""Replications are made until there are so many events, which give an exposure to 2 %, but no more
than so many."""
FACTOR = {"rate": 2.0, "share": 0.8}
"""The other value: so many times the prior mean."""
OFF = {"rate": 0.05, "share": 0.01}
"""What the model may be off a block's form (relative, absolute), beside chance."""
SURE = 2.58
MOST_DISPERSION = 2.0
"""Variance of the number of events beside its mean; 1 of a Poisson number."""
TARGET = N_("of the target")
MEMBER_YEAR = N_("a member and year")


class Parameters(NamedTuple):
    """Blocks of parameters by path, those whose events are counted together, the figures that they
    used up, and why others are none."""

    blocks: dict[str, Block]
    together: tuple[Together, ...]
    used: frozenset[str]
    refused: dict[str, str]


def of_parameters(
    making: Making, facts: Sequence[Fact], uncertain: Mapping[str, Uncertain], wanted: Iterable[str]
) -> Parameters:
    """The parameters among the wanted that a conjugate block tells, each with its posterior.

    A block is right if the model's numbers are in proportion to the rates, and no more spread than
    a Poisson number, or if the model's share is the parameter: this is looked at in the model.
    """
    blocks: dict[str, Block] = {}
    together: list[Together] = []
    used: set[str] = set()
    refused: dict[str, str] = {}
    left = set(wanted)
    for quantity, (kind, of_quantity) in PARAMETERS.items():
        paths = [path for path in of_quantity if path in left]
        ours = [f for f in facts if f.quantity == quantity and (f.is_share or kind == "rate")]
        if not paths or not ours:
            continue
        found = _block(making, ours, quantity, {path: uncertain[path] for path in paths})
        if isinstance(found, str):
            refused |= dict.fromkeys(paths, found)
            continue
        told = found.blocks if isinstance(found, Together) else (found,)
        together += [found] if isinstance(found, Together) else []
        blocks |= {str(block.parameter): block for block in told}
        used |= {fact.id for fact in ours}
        left -= set(paths)
    still = {path: why for path, why in refused.items() if path in left}
    return Parameters(blocks, tuple(together), frozenset(used), still)


def _block(
    making: Making, facts: list[Fact], quantity: str, uncertain: Mapping[str, Uncertain]
) -> Block | Together | str:
    """The posterior of some parameters, or why there is none in this form."""
    kind, _paths = PARAMETERS[quantity]
    priors = []
    for path, one in uncertain.items():
        prior = parameter_block(quantity, one, _("what the simulation is exposed to"), path)
        if prior is None:
            return _("the prior is {found}, not {wanted}").format(
                found=one.distribution, wanted=FAMILY[kind]
            )
        priors.append(prior)
    if any(fact.tolerance for fact in facts):
        return _("a figure has a tolerance")
    if _overlap(facts):
        return _("figures overlap")
    ids = tuple(fact.id for fact in facts)
    look = _Look(making(facts), {str(prior.parameter): prior.mean for prior in priors})
    events = sum(fact.value for fact in facts)
    if kind == "share":
        if not look.is_share():
            return _("the model's share is not the parameter alone")
        return priors[0].given(events, sum(fact.out_of or 0.0 for fact in facts), ids)
    exposures = look.exposures()
    if exposures is None:
        return _("the model's numbers are not in proportion to the parameter")
    if len(priors) == 1:
        return priors[0].given(events, exposures[0], ids)
    return Together(tuple(priors), exposures, round(events), ids)


@dataclass(frozen=True)
class _Look:
    """The model's numbers or shares of some figures at the means of parameters, and elsewhere."""

    simulator: Simulator
    means: Mapping[str, float]

    def is_share(self) -> bool:
        """Whether shares are the one parameter but for chance, at two values of it."""
        ((path, mean),) = self.means.items()
        values = (mean, mean * FACTOR["share"])
        return all(_is_share(self.simulator({path: v}, REPLICATIONS), v) for v in values)

    def exposures(self) -> tuple[float, ...] | None:
        """Numbers a rate, each while the others are 0; None if all together and twice as high do
        not give twice their sum, or are more spread than Poisson numbers."""
        twice = self._totals({path: mean * FACTOR["rate"] for path, mean in self.means.items()})
        nothing = dict.fromkeys(self.means, 0.0)
        alone = [self._totals({**nothing, path: mean}) for path, mean in self.means.items()]
        if not _in_proportion(alone, twice / FACTOR["rate"]):
            return None
        found = zip(alone, self.means.values(), strict=True)
        return tuple(float(totals.mean()) / mean for totals, mean in found)

    def _totals(self, values: Mapping[str, float]) -> Floats:
        """Events in replications, so many that there are enough events."""
        first = self.simulator(values, REPLICATIONS).sum(axis=1)
        wanted = MOST if first.mean() == 0 else math.ceil(EVENTS / first.mean())
        more = range(REPLICATIONS.stop, REPLICATIONS.start + min(wanted, MOST))
        if not more:
            return np.asarray(first)
        return np.concatenate([first, self.simulator(values, more).sum(axis=1)])


def _is_share(found: Floats, parameter: float) -> bool:
    """Whether shares[R, F] are a parameter but for chance."""
    shares = np.nanmean(found, axis=1)
    error = SURE * shares.std(ddof=1) / np.sqrt(len(shares))
    return bool(abs(shares.mean() - parameter) <= OFF["share"] + error)


def _in_proportion(alone: Sequence[Floats], together: Floats) -> bool:
    """Whether the numbers of each rate alone add up to those of all together, divided by how much
    higher these were, and are no more spread than Poisson numbers."""
    whole = sum(float(totals.mean()) for totals in alone)
    if whole == 0:
        return False
    variances = [totals.var(ddof=1) / len(totals) for totals in (*alone, together)]
    error = SURE * np.sqrt(sum(variances)) / whole
    agree = abs(together.mean() / whole - 1) <= OFF["rate"] + error
    calm = all(one.var(ddof=1) <= MOST_DISPERSION * one.mean() for one in alone)
    return bool(agree and calm)


def _overlap(facts: Sequence[Fact]) -> bool:
    """Whether two figures of one quantity may count the same events. Figures of two places that
    are not of the same name are taken to be apart."""
    pairs = ((a, b) for i, a in enumerate(facts) for b in facts[:i])
    return any(_units(a) == _units(b) and _same_time(a, b) for a, b in pairs) or (
        len({_units(fact) for fact in facts}) > 1 and any(not _has_place(fact) for fact in facts)
    )


def _same_time(a: Fact, b: Fact) -> bool:
    first, second = a.since or a.until, b.since or b.until
    return first < b.until and second < a.until


def _units(fact: Fact) -> tuple[object, ...]:
    return fact.place, fact.tags, fact.kinds


def _has_place(fact: Fact) -> bool:
    return any(_units(fact))


# ---------------------------------------------------------------- rates and shares by themselves


def of_figures(making: Making, facts: Sequence[Fact]) -> tuple[Block, ...]:
    """Rates and shares that figures speak of directly, each with its posterior.

    Member-years are those of the simulation with the parameters as in the scenario; tolerances are
    left out.
    """
    groups: dict[tuple[str, str, object], list[Fact]] = defaultdict(list)
    for fact in facts:
        if per := _per(fact):
            groups[fact.quantity, per, _units(fact)].append(fact)
    years = _member_years(making, [f for f in facts if _per(f) == MEMBER_YEAR])
    blocks = []
    for (quantity, per, _units_of), ours in groups.items():
        apart = [[fact] for fact in ours] if _overlap(ours) else [ours]
        for some in apart:
            exposure = sum(years.get(fact.id) or fact.out_of or 0.0 for fact in some)
            kind = "share" if some[0].is_share else "rate"
            block = free_block("share" if kind == "share" else "rate", quantity, per)
            ids = tuple(fact.id for fact in some)
            blocks.append(block.given(sum(fact.value for fact in some), exposure, ids))
    return tuple(blocks)


def _per(fact: Fact) -> str | None:
    """What the rate or share of a figure is of; None if it is neither."""
    quantity = QUANTITIES[fact.quantity]
    if not quantity.is_flow:
        return None
    if fact.is_share and fact.value <= (fact.out_of or 0.0):
        return quantity.text
    if fact.quantity in OF_TARGET and fact.out_of is not None:
        return TARGET
    return MEMBER_YEAR if fact.quantity in OF_MEMBERS else None


def _member_years(making: Making, facts: Sequence[Fact]) -> dict[str, float]:
    """Members of a figure's units, between the beginning and end of its window, times its years."""
    if not facts:
        return {}
    stocks = [
        replace(fact, quantity="members", since=None, until=date, out_of=None)
        for fact in facts
        for date in (fact.since or fact.until, fact.until)
    ]
    members = making(stocks)({}, REPLICATIONS[:8]).mean(axis=0).reshape(-1, 2).mean(axis=1)
    lengths = [(f.until - (f.since or f.until)).days / DAYS_PER_YEAR for f in facts]
    return {
        fact.id: float(number * years)
        for fact, number, years in zip(facts, members, lengths, strict=True)
    }
