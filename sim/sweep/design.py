"""Designs: which values the parameters of a sweep take at each of its points."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sim.scenario import Uncertain

Value = Any
"""A value as YAML has it: a number, a truth value, a text, a list."""
Kind = Literal["grid", "one_at_a_time", "latin_hypercube", "sobol", "morris", "saltelli"]
KINDS: tuple[Kind, ...] = ("grid", "one_at_a_time", "latin_hypercube", "sobol")
"""What a sweep file may ask for; `morris` and `saltelli` are those of a sensitivity study."""
SAMPLED = ("latin_hypercube", "sobol")
OF_SALIB = ("morris", "saltelli")
LEVELS = 4
"""Of a parameter in a design of kind `morris`."""
MIDDLE = (0.025, 0.975)
"""Shares of a distribution between which `morris` moves a parameter, for ends may be infinite."""
AS_IT_IS = None
"""Stands for the scenario's own value."""


@dataclass(frozen=True)
class Span:
    """A range of numbers, in equal steps or (`log`) equal ratios; `whole` ones are rounded."""

    low: int | float
    high: int | float
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
class Draws:
    """A distribution as weighted draws tell it: values[N] in order, each at the share of the weight
    up to its own middle, shares[N]; straight between them."""

    values: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], weights: Sequence[float]) -> "Draws":
        """Of values with weights above 0, in any order."""
        order = np.argsort(values, kind="stable")
        weight = np.array(weights)[order]
        shares = (np.cumsum(weight) - weight / 2) / weight.sum()
        return cls(tuple(np.array(values)[order].tolist()), tuple(shares.tolist()))

    def at(self, share: float) -> float:
        """The value at a share of the distribution."""
        return float(np.interp(share, self.shares, self.values))


@dataclass(frozen=True)
class Joint:
    """How parameters go together: shares[N, k] of their distributions at N rows, the weights of the
    rows, and which parameters of a design they are, columns[k]."""

    columns: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]

    def at(self, u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The rows at the shares u[points] of the weights, [points, k]."""
        ends = np.cumsum(self.weights)
        rows = np.searchsorted(ends, u * ends[-1], side="right")
        return np.array(self.shares)[np.minimum(rows, len(ends) - 1)]

    @property
    def digest(self) -> str:
        """What tells it from another."""
        return hashlib.sha256(repr(tuple(vars(self).values())).encode()).hexdigest()


@dataclass(frozen=True)
class Parameter:
    """One parameter of a sweep: a span, or the `levels` it takes (of a span: so many steps).

    prior: instead, its distribution.  posterior: instead, draws of it.  also: paths that take the
    same value.
    """

    path: str
    levels: tuple[Value, ...] = ()
    span: Span | None = None
    prior: Uncertain | None = None
    posterior: Draws | None = None
    also: tuple[str, ...] = ()

    def at(self, share: float) -> Value:
        """The value that belongs to a share in [0, 1): of a list, one of equal parts."""
        if self.posterior is not None:
            return self.posterior.at(share)
        if self.prior is not None:
            return self.prior.quantile(share)
        if self.span is not None:
            return self.span.at(share)
        return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]

    @property
    def bounds(self) -> tuple[float, float]:
        """The shares between which it is moved."""
        return (0.0, 1.0) if self.prior is None and self.posterior is None else MIDDLE

    @property
    def described(self) -> Any:
        """What it may be, as plain data."""
        if self.posterior is not None:
            return {"posterior": [list(column) for column in vars(self.posterior).values()]}
        if self.prior is not None:
            return self.prior.model_dump(exclude_none=True)
        if self.span is None:
            return list(self.levels)
        shared = {"also": list(self.also)} if self.also else {}
        return vars(self.span) | {"levels": len(self.levels)} | shared


@dataclass(frozen=True)
class Design:
    """The points of a sweep: `kind` says how they are chosen.

    number: of points, for the kinds in SAMPLED (of sobol a power of two); of trajectories, each of
    one point and one more for each parameter (morris: M. D. Morris, Technometrics 33, 1991); of
    base points, each with two more and one for each parameter (saltelli: A. Saltelli et al.,
    Computer Physics Communications 181, 2010; a power of two).  seed: theirs.  joint: parameters
    that are drawn together, in a design of kind `sobol`.
    """

    parameters: tuple[Parameter, ...]
    kind: Kind
    number: int = 0
    seed: int = 0
    joint: Joint | None = None

    def __len__(self) -> int:
        if self.kind == "grid":
            return math.prod(len(p.levels) for p in self.parameters)
        if self.kind == "one_at_a_time":
            return 1 + sum(len(p.levels) for p in self.parameters)
        more = {"morris": 1, "saltelli": 2}
        if self.kind in more:
            return self.number * (len(self.parameters) + more[self.kind])
        return self.number

    def values(self, point: int) -> tuple[Value, ...]:
        """The values of the parameters at a point, in their order; IndexError if there is none."""
        if not 0 <= point < len(self):
            raise IndexError(point)
        if self.kind == "grid":
            return self._of_grid(point)
        if self.kind == "one_at_a_time":
            return self._alone(point)
        shares = self.shares[point].tolist()
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

    @property
    def problem(self) -> dict[str, Any]:
        """The parameters as SALib wants them."""
        return {
            "num_vars": len(self.parameters),
            "names": [p.path for p in self.parameters],
            "bounds": [list(p.bounds) if self.kind == "morris" else [0.0, 1.0]
                       for p in self.parameters],
        }  # fmt: skip

    @cached_property
    def shares(self) -> npt.NDArray[np.float64]:
        """Shares of the way [points, parameters], all that a sampled design keeps in memory."""
        from scipy.stats import qmc

        size = len(self.parameters)
        match self.kind:
            case "morris":
                from SALib.sample.morris import sample as trajectories

                return trajectories(self.problem, self.number, LEVELS, seed=self.seed)
            case "saltelli":
                from SALib.sample.sobol import sample as saltelli

                return saltelli(self.problem, self.number, calc_second_order=False, seed=self.seed)
            case "sobol":
                return self._together(qmc.Sobol)
        return qmc.LatinHypercube(size, rng=self.seed).random(self.number)

    def _together(self, sequence: Any) -> npt.NDArray[np.float64]:
        """Points of a sequence; what is drawn together takes one dimension, the last."""
        size = len(self.parameters)
        if self.joint is None:
            return np.asarray(sequence(size, rng=self.seed).random(self.number))
        columns = list(self.joint.columns)
        alone = [i for i in range(size) if i not in columns]
        points = sequence(len(alone) + 1, rng=self.seed).random(self.number)
        found = np.empty((self.number, size))
        found[:, alone] = points[:, :-1]
        found[:, columns] = self.joint.at(points[:, -1])
        return found
