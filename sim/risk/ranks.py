"""How sure it is that a hamlet belongs to the k at greatest risk."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.messages import BadInput, Fault, _, listed, nearest, shown
from sim.risk.measures import LOST, NEVER
from sim.risk.study import Study, Tally, added_up

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

WORST = 10
"""How many hamlets a planner looks at first."""
RANKINGS = 2000
"""Rankings that could be true; a probability is right to about .01."""
MOST_GROUPS = 500
AT_A_TIME = 100
SEED = 22


def among_worst(tally: Tally, k: int = WORST) -> Floats:
    """P(a hamlet is among the k of its kind with the greatest P(lost) by the horizon), [H].

    Schools do not compete with hamlets. The hamlets of a kind are ranked again and again by what
    P(lost) may be, given all replications; the answer is the share of rankings in which a hamlet is
    among the first k. What P(lost) may be is drawn by the Bayesian bootstrap (D. B. Rubin, Annals
    of Statistics 9, 1981) of the draws of the parameters, else of the replications, the same
    weights for all hamlets, since their lives are shared; with half a loss and half a survival more
    for each hamlet, so that alone it has the posterior of Jeffreys. Thus hamlets that were never
    lost may still differ, and hamlets with equal counts share their chance evenly. The
    probabilities of a kind sum to k; with no more than k hamlets they are 1.
    """
    found = np.ones(len(tally.kind))
    for kind in np.unique(tally.kind):
        mine = tally.kind == kind
        if mine.sum() > k:
            found[mine] = _among_worst(tally, mine, k)
    return found


def _among_worst(tally: Tally, mine: npt.NDArray[np.bool_], k: int) -> Floats:
    number = int(mine.sum())
    times = np.zeros(number)
    for risk in _possible_risks(tally, mine):
        worst = np.argpartition(-risk, k - 1, axis=1)[:, :k]
        times += np.bincount(worst.ravel(), minlength=number)
    return times / RANKINGS


def worst(study: Study, k: int = WORST, policy: str | None = None) -> "pd.DataFrame":
    """How sure it is that hamlets are among the k of their kind at greatest risk under a policy.

    policy: default the base. One row a hamlet, surest first: hamlet, name, kind where not all are
    hamlets, p_lost by the horizon, p_among_worst. Raises BadInput for an unknown policy or a k that
    is no number of hamlets.
    """
    import pandas as pd

    tally = study.tallies[_known(study, policy or study.base)]
    units = study.loaded.baseline.units
    if not 1 <= k <= len(units):
        allowed = _("a whole number from 1 to {most}").format(most=len(units))
        raise BadInput([Fault("k", found=shown(k), allowed=allowed)])
    columns = {
        "hamlet": [u.id for u in units],
        "name": [u.name for u in units],
        **({"kind": [u.kind for u in units]} if study.kinds else {}),
        "p_lost": tally.happened(LOST)[:, :, -1].sum(axis=0) / tally.replications,
        "p_among_worst": among_worst(tally, k),
    }
    order = ["p_among_worst", "p_lost"]
    return pd.DataFrame(columns).sort_values(order, ascending=False, kind="stable")


def _known(study: Study, policy: str) -> str:
    if policy not in study.tallies:
        names = list(study.tallies)
        fault = Fault(
            "policy",
            found=shown(policy),
            allowed=listed(names),
            suggestion=nearest(policy, names),
        )
        raise BadInput([fault])
    return policy


def _possible_risks(tally: Tally, mine: npt.NDArray[np.bool_]) -> Iterator[Floats]:
    """What P(lost) may be, [AT_A_TIME, hamlets] each time, RANKINGS in all."""
    lost, sizes = _by_sampled_group(tally, mine)
    random = np.random.default_rng(SEED)
    for _batch in range(RANKINGS // AT_A_TIME):
        weights = random.standard_exponential((AT_A_TIME, len(sizes)))
        more_lost, more_kept = random.standard_gamma(0.5, (2, AT_A_TIME, lost.shape[1]))
        yield (weights @ lost + more_lost) / ((weights @ sizes)[:, None] + more_lost + more_kept)


def _by_sampled_group(tally: Tally, mine: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Losses [G, hamlets] and replications [G] by at most MOST_GROUPS groups of the sample."""
    lost = tally.counts.first[:, mine, LOST] != NEVER
    group = tally.groups % MOST_GROUPS
    return added_up(lost, group), np.bincount(group).astype(float)
