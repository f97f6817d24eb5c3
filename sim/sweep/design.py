"""Designs: which values the parameters of a sweep take at each of its points."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Value = Any
"""A value as YAML has it: a number, a truth value, a text, a list."""
Kind = Literal["grid", "one_at_a_time", "latin_hypercube", "sobol"]
KINDS: tuple[Kind, ...] = ("grid", "one_at_a_time", "latin_hypercube", "sobol")
SAMPLED = ("latin_hypercube", "sobol")
AS_IT_IS = None
"""Stands for the scenario's own value."""


@dataclass(frozen=True)
class Span:
    """A range of numbers, in equal steps or (`log`) equal ratios; `whole` ones are rounded."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def at(self, share: float) -> float | int:
        """The value at a share of the way, in [0, 1]."""
        if self.log:
            value = self.low * (self.high / self.low) ** share
        else:
            value = self.low + (self.high - self.low) * share
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value


@dataclass(frozen=True)
class Parameter:
    """One parameter of a sweep: a span, or the `levels` it takes (of a span: so many steps)."""

    path: str
    levels: tuple[Value, ...] = ()
    span: Span | None = None

    def at(self, share: float) -> Value:
        """The value that belongs to a share in [0, 1): of a list, one of equal parts."""
        if self.span is not None:
            return self.span.at(share)
        return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]


@dataclass(frozen=True)
class Design:
    """The points of a sweep: `kind` says how they are chosen.

    number: of points, for the kinds in SAMPLED (of sobol a power of two).  seed: theirs.
    """

    parameters: tuple[Parameter, ...]
    kind: Kind
    number: int = 0
    seed: int = 0

    def __len__(self) -> int:
        if self.kind == "grid":
            return math.prod(len(p.levels) for p in self.parameters)
        if self.kind == "one_at_a_time":
            return 1 + sum(len(p.levels) for p in self.parameters)
        return self.number

    def values(self, point: int) -> tuple[Value, ...]:
        """The values of the parameters at a point, in their order; IndexError if there is none."""
        if not 0 <= point < len(self):
            raise IndexError(point)
        if self.kind == "grid":
            return self._of_grid(point)
        if self.kind == "one_at_a_time":
            return self._alone(point)
        shares = self._shares[point].tolist()
        return tuple(p.at(u) for p, u in zip(self.parameters, shares, strict=True))

    def _of_grid(self, point: int) -> tuple[Value, ...]:
        """The last parameter changes fastest."""
        chosen = []
        for parameter in reversed(self.parameters):
            point, level = divmod(point, len(parameter.levels))
            chosen.append(parameter.levels[level])
        return tuple(reversed(chosen))

    def _alone(self, point: int) -> tuple[Value, ...]:
        """Point 0 is the scenario as it is; then one parameter after the other."""
        values = [AS_IT_IS] * len(self.parameters)
        left = point - 1
        for i, parameter in enumerate(self.parameters):
            if 0 <= left < len(parameter.levels):
                values[i] = parameter.levels[left]
            left -= len(parameter.levels)
        return tuple(values)

    @cached_property
    def _shares(self) -> npt.NDArray[np.float64]:
        """Shares of the way [points, parameters], all that a sampled design keeps in memory."""
        from scipy.stats import qmc

        size = len(self.parameters)
        if self.kind == "sobol":
            return qmc.Sobol(size, rng=self.seed).random(self.number)
        return qmc.LatinHypercube(size, rng=self.seed).random(self.number)
