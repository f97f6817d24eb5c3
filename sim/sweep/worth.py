"""What it would be worth to know a parameter before a policy is chosen.

The expected value of partial perfect information: how much better the best policy would be on
average if it were chosen knowing the parameter (Raiffa and Schlaifer 1961). What a policy gives on
average where a parameter has a certain value is found by regression (M. Strong, J. E. Oakley,
A. Brennan, Medical Decision Making 34, 2014), on points drawn from the distributions, each with
lives of its own, so that chance is what a regression takes it for.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DEGREES = range(1, 6)
"""Of the polynomials that are tried for one parameter."""
LEAST_POINTS_A_TERM = 2
"""Of a regression: points for each of its terms."""
SIMULATED = 1000
AT_ONCE = 50
"""Draws of the coefficients, for the bias and the interval; and how many are in memory."""
DIGITS = 9
"""What is smaller comes of rounding."""
TOP = 97.5
GRID = np.linspace(0.025, 0.975, 39)
"""Shares of a parameter's distribution at which the choice is told."""


class Worth(NamedTuple):
    """What knowing a parameter, or all of them, is worth, in the unit of the outcome.

    value: corrected for the estimate's bias upwards.  low, high: 95 %; low is 0 where it may be
    worth nothing.  changes: the chance that another policy would be chosen.
    """

    value: float
    low: float
    high: float
    changes: float


class Fit(NamedTuple):
    """A regression of the gain of every policy on parameters: a basis [N, B] and its results.

    coefficients[B, D], their covariance being `spread` [B, B] times that of the `noise` [D, D].
    degree: of the polynomial.
    """

    basis: Floats
    coefficients: Floats
    spread: Floats
    noise: Floats
    degree: int

    @property
    def expected(self) -> Floats:
        """What each policy gives on average at each point [N, D]."""
        return self.basis @ self.coefficients


def fit(shares: Floats, gain: Floats) -> Fit:
    """Regress gain[N, D] on parameters at shares[N, K] of their distributions.

    Legendre polynomials of each, of the degree with the smallest error when each point is foretold
    from the others; of several parameters also the products of two (linear ones), as long as half
    of the points are left to tell how wrong it is.
    """
    tried = [_fitted(basis, gain, degree) for degree, basis in _bases(shares)]
    return min(tried, key=lambda one: _error_left_out(one, gain))


def fewest_points(parameters: int) -> int:
    """How many points it takes at least for so many parameters together."""
    return LEAST_POINTS_A_TERM * (parameters + 1)


def _bases(shares: Floats) -> Iterator[tuple[int, Floats]]:
    """Bases by degree, with products if they leave enough points, else without; a linear one
    always. A basis with as many terms as points would go through all of them, and look certain."""
    for degree in DEGREES:
        for with_products in (True, False):
            basis = _basis(shares, degree, with_products)
            is_least = degree == DEGREES[0] and not with_products
            if is_least or LEAST_POINTS_A_TERM * basis.shape[1] <= len(shares):
                yield degree, basis
                break


def _basis(shares: Floats, degree: int, with_products: bool = True) -> Floats:
    from numpy.polynomial.legendre import legvander

    centred = 2 * shares - 1
    columns = [np.ones((len(shares), 1))]
    columns += [legvander(column, degree)[:, 1:] for column in centred.T]
    number = centred.shape[1]
    if with_products:
        columns += [centred[:, [i]] * centred[:, [j]] for i in range(number) for j in range(i)]
    return np.hstack(columns)


def _fitted(basis: Floats, gain: Floats, degree: int) -> Fit:
    spread = np.asarray(np.linalg.pinv(basis.T @ basis), dtype=np.float64)
    coefficients = spread @ basis.T @ gain
    residual = gain - basis @ coefficients
    freedom = max(1, len(gain) - basis.shape[1])
    return Fit(basis, coefficients, spread, residual.T @ residual / freedom, degree)


def _error_left_out(one: Fit, gain: Floats) -> float:
    """Allen's PRESS, over all policies."""
    leverage = np.einsum("nb,bc,nc->n", one.basis, one.spread, one.basis)
    residual = (gain - one.expected) / np.maximum(1 - leverage, 1e-6)[:, None]
    return float((residual**2).sum())


def worth(fitted: Fit, chosen: int, seed: int = 0) -> Worth:
    """What the parameters of a regression are worth for the choice among the policies.

    chosen: the policy that is chosen without knowing more.  The estimate takes the best of what is
    known with error, and so is too high; by how much is seen in draws from the distribution of the
    coefficients, as are the ends of the interval (the lower one reflected at the estimate).
    """
    plain = float(_gained(fitted.expected))
    simulated = np.concatenate([_gained(expected) for expected in _simulated(fitted, seed)])
    high = float(np.percentile(simulated, TOP))
    best = fitted.expected.argmax(axis=1)
    value = max(0.0, 2 * plain - float(simulated.mean()))
    return Worth(
        value, min(value, max(0.0, 2 * plain - high)), max(value, high),
        float((best != chosen).mean()),
    )  # fmt: skip


def _gained(expected: Floats) -> Floats:
    """By how much choosing at each point of expected[..., N, D] beats one choice for all points."""
    gained = expected.max(axis=-1).mean(axis=-1) - expected.mean(axis=-2).max(axis=-1)
    return np.round(gained, DIGITS)


def _simulated(fitted: Fit, seed: int) -> Iterator[Floats]:
    """Expected gains [AT_ONCE, N, D] with coefficients drawn from their distribution."""
    rng = np.random.default_rng(seed)
    outer, inner = fitted.basis @ _root(fitted.spread), _root(fitted.noise)
    size = (AT_ONCE, outer.shape[1], inner.shape[1])
    for _batch in range(SIMULATED // AT_ONCE):
        yield fitted.expected + outer @ rng.standard_normal(size) @ inner.T


def _root(covariance: Floats) -> Floats:
    """A matrix whose product with its transpose is the covariance, singular ones too."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def choices(fitted: Fit) -> npt.NDArray[np.int64]:
    """The policy to choose at each share of GRID, if only this one parameter is known."""
    expected = _basis(GRID[:, None], fitted.degree) @ fitted.coefficients
    return expected.argmax(axis=1)
