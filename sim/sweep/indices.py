"""How much each parameter of a design moves an outcome: Morris' effects and Sobol's indices.

Both are SALib's, on the values of an outcome at the points of a design of that kind. A parameter
that changes nothing at all has effects and indices of exactly zero, for all points have the same
lives.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.sweep.design import LEVELS, Design

Floats = npt.NDArray[np.float64]
RESAMPLES = 1000
"""Bootstrap samples of trajectories or base points, for intervals of 95 %."""


class Effect(NamedTuple):
    """Elementary effects of a parameter, over its whole range, in the unit of the outcome.

    mu: their mean; mu_star: the mean of their sizes, with its interval; sigma: their standard
    deviation, which is large where the effect depends on the other parameters or is curved.
    """

    mu: float
    mu_star: float
    mu_star_low: float
    mu_star_high: float
    sigma: float


class Index(NamedTuple):
    """Shares of the variance of an outcome, with intervals.

    first: what goes if only this parameter is known; total: what is left if only this parameter
    is not. Estimates of what is near zero may be below it.
    """

    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float


def effects(design: Design, values: Floats) -> list[Effect]:
    """Of values[points] of a design of kind `morris`, one for each parameter.

    M. D. Morris, Technometrics 33 (1991); F. Campolongo et al., Environmental Modelling & Software
    22 (2007).
    """
    from SALib.analyze.morris import analyze

    found = analyze(
        design.problem, design.shares, values, num_levels=LEVELS, num_resamples=RESAMPLES,
        seed=design.seed,
    )  # fmt: skip
    rows = zip(found["mu"], found["mu_star"], found["mu_star_conf"], found["sigma"], strict=True)
    return [
        Effect(float(mu), float(star), max(0.0, float(star - half)), float(star + half), float(sd))
        for mu, star, half, sd in rows
    ]


def indices(design: Design, values: Floats) -> list[Index]:
    """Of values[points] of a design of kind `saltelli`, one for each parameter.

    A. Saltelli et al., Computer Physics Communications 181 (2010). What never varies has zeros.
    """
    from SALib.analyze.sobol import analyze

    if np.ptp(values) == 0:
        return [Index(*[0.0] * 6) for _parameter in design.parameters]
    found = analyze(
        design.problem, values, calc_second_order=False, num_resamples=RESAMPLES,
        seed=design.seed + 1,  # a seed of 0 is none to it
    )  # fmt: skip
    rows = zip(found["S1"], found["S1_conf"], found["ST"], found["ST_conf"], strict=True)
    return [
        Index(*map(float, (one, one - half, one + half, all_, max(0.0, all_ - wide), all_ + wide)))
        for one, half, all_, wide in rows
    ]
