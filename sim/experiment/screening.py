"""Leaving out policies as soon as paired replications show that they are not the best.

S.-H. Kim and B. L. Nelson, A fully sequential procedure for indifference-zone selection in
simulation (ACM TOMACS 11, 2001): all policies replicate on the same lives; after each replication
those are left out that fall further behind another than chance allows. If the best is better than
each other by `difference` or more, it is chosen with at least the wanted certainty. Observations
are taken for normal and independent from replication to replication, but not from policy to policy:
how much differences vary, not how much policies vary, decides how long it takes.
"""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Lives(Protocol):
    """Replications of numbered policies, as sim-tools asks for them."""

    def register_observer(self, observer: Any) -> None:
        """Remember who is to be told."""

    def reach(self, policies: npt.NDArray[np.int64], replications: int) -> None:
        """See to it that these policies have so many replications: they will be asked for."""

    def simulate(self, policy: int) -> None:
        """Tell the observer, by `feedback(self, policy, value)`, the next value of a policy."""


def screen(
    lives: Lives,
    policies: int,
    difference: float,
    certainty: float,
    goal: str,
    first: int,
    most: int,
) -> tuple[int, bool]:
    """The chosen policy, and whether it was decided before `most` replications were made.

    goal: lowest or highest.  first: replications of every policy before one can be left out.
    """
    procedure = _procedure()(
        lives, policies, difference, 1 - certainty, first, "min" if goal == "lowest" else "max"
    )
    procedure.most = most
    chosen = procedure.solve()
    return int(chosen[0]), bool(procedure.decided)


def _procedure() -> Any:
    from sim_tools.ovs.indifference_zone import KN

    class Paired(KN):
        """sim-tools' procedure, made right for paired replications and for policies that are equal.

        sim-tools 1.3 looks up the variance of another pair than the compared one where the second
        comes first, which does no harm to independent policies of one variance, but to others;
        and it goes on for ever if two policies have equal means.
        """

        most: int
        decided = True
        _contenders: Any

        def _calc_variance_of_differences(self) -> Floats:
            observed = self._init_obs
            return np.var(observed[:, None] - observed, axis=-1, ddof=1)

        def _limit_to_distance_from_sample_means(self, policy: int, other: int) -> float:
            limit = self._delta / 2 * (self._last_stage()[policy, other] / self._r - 1)
            return max(0.0, float(limit))

        def _last_stage(self) -> Floats:
            """Replications after which each pair is told apart, whatever is seen, [k, k]."""
            return self._h_squared * self._variance_of_diffs / self._delta**2

        def _stopping(self) -> bool:
            if len(self._contenders) > 1:
                left = np.ix_(self._contenders, self._contenders)
                over = self._r > self._last_stage()[left].max()
                if over or self._r >= self.most:
                    self.decided = bool(over)
                    best = self._means[self._contenders].argmax()  # the first of equal ones
                    self._contenders = self._contenders[[best]]
            return len(self._contenders) == 1

        def _sequential_replication(self) -> None:
            if len(self._contenders) > 1:
                lives: Lives = self._env
                lives.reach(self._contenders, self._r + 1)
                super()._sequential_replication()

    return Paired
