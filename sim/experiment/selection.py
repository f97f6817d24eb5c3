"""Which policy is best: as few replications as it takes, and how sure the choice is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.experiment.preparation import engine_called, known_policies
from sim.experiment.replication import Progress
from sim.experiment.screening import screen
from sim.experiment.work import Ledger, Setup, Shelf, Task, counted, usable_cores
from sim.messages import BadInput, Fault, _, listed, ngettext, printable, shown
from sim.numerals import NOTHING, decimal, significant
from sim.risk import intervals
from sim.risk.intervals import Interval
from sim.risk.measures import NOW, SO_FAR
from sim.risk.outcomes import by_replication, fault_of, parsed
from sim.risk.precision import FEWEST_FOR_MEANS
from sim.risk.words import columns, number, with_interval
from sim.scenario import Loaded

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

LOWEST, HIGHEST = GOALS = ("lowest", "highest")
BETTER_HIGH = (
    "own_cell", "members", "officials", "admitted", "recognised", "chief_is_member",
    "secretary_trained", "cells_founded", "cells_restored", "cell_years",
)  # fmt: skip
BETTER_LOW = (
    "below", "lost", "combined", "without_cell", "without_own_cell", "without_members", "few_local",
    "under_risk_line", "no_admission", "no_successor", "at_risk", "cells_below", "cells_lost",
    "cells_re_emptied", "cost",
)  # fmt: skip
OF_HAMLETS = (*SO_FAR, *NOW)
HALF_A_HAMLET = 0.5
CERTAINTY = 0.95
SUREST = 0.999
AHEAD = 10
"""Replications made at a time, so that threads have work; at most so many are made in vain."""
MOST = 10_000


@dataclass(frozen=True)
class Selection:
    """The policy that was chosen, and how sure that is.

    probability: estimated probability that no other policy is better than the chosen one by more
    than `difference` (a lower bound: Bonferroni's, from Student's distribution of the paired
    differences); `certainty` is what was promised beforehand.  decided: whether the procedure came
    to its end before the most replications were made.  table: one row a policy - replications;
    mean, low, high; difference, difference_low, difference_high from the chosen one on the same
    lives; p_better, that it is better than the chosen one, and p_much_better, by more than
    `difference`; the first is nan of what never differed.
    """

    best: str
    outcome: str
    goal: str
    difference: float
    certainty: float
    probability: float
    decided: bool
    table: "pd.DataFrame"
    seed: int

    @property
    def spent(self) -> int:
        """Replications of all policies together."""
        return int(self.table["replications"].sum())

    @property
    def if_equal(self) -> int:
        """Replications of all policies together if each had as many as the one with most."""
        return int(self.table["replications"].max() * len(self.table))

    def summary(self) -> str:
        """The choice as a text for a terminal."""
        return "\n".join(_told(self))


def best(
    loaded: Loaded,
    outcome: str = "lost",
    policies: Sequence[str] | None = None,
    goal: str | None = None,
    difference: float | None = None,
    certainty: float = CERTAINTY,
    seed: int | None = None,
    engine: str | None = None,
    jobs: int | None = None,
    most: int = MOST,
    progress: Progress | None = None,
) -> Selection:
    """Choose the policy with the lowest or highest expected outcome, with few replications.

    outcome: one of `sim.risk.outcomes`, at the horizon or summed to it; as `lost.school` of units
    of one kind.  goal: lowest or highest;
    known for common outcomes.  difference: what is too small to matter, in the unit of the
    outcome; half a hamlet for numbers of hamlets.  certainty: with which the best is chosen if it
    is better than each other by the difference.  most: replications of one policy.
    Replication k has draw k of the uncertain parameters, so that replications are independent.
    Raises BadInput.
    """
    named = known_policies(loaded, policies)
    named = [p for p in named if policies is None or p in policies]
    goal = goal_of(outcome, goal)
    if difference is None and parsed(outcome)[0] in OF_HAMLETS:
        difference = HALF_A_HAMLET
    _check(loaded, named, outcome, goal, difference, certainty, most)
    assert goal is not None and difference is not None
    chosen = loaded.scenario.seed if seed is None else seed
    shelf = Shelf(loaded, named, FEWEST_FOR_MEANS, chosen)
    setup = Setup(
        loaded, chosen, engine_called(engine or "compiled"), jobs or usable_cores(), shelf
    )
    lives = _Lives(setup, named, outcome, progress)
    index, decided = screen(
        lives,
        len(named),
        difference,
        certainty,
        goal,
        FEWEST_FOR_MEANS,
        most,
    )
    table = _table(named, lives.values, index, goal, difference, counted=outcome != "cost")
    unsure = float(table["p_much_better"].sum())
    return Selection(
        named[index], outcome, goal, difference, certainty, max(0.0, 1 - unsure), decided, table,
        chosen,
    )  # fmt: skip


# ---------------------------------------------------------------- input


def goal_of(outcome: str, goal: str | None) -> str | None:
    """The goal asked for, else that of a common outcome; None where that is not known."""
    if goal is None:
        name = parsed(outcome)[0]
        return LOWEST if name in BETTER_LOW else HIGHEST if name in BETTER_HIGH else None
    return goal


def _check(
    loaded: Loaded, policies: Sequence[str], outcome: str, goal: str | None,
    difference: float | None, certainty: float, most: int,
) -> None:  # fmt: skip
    if fault := fault_of(outcome, loaded.baseline):
        raise BadInput([fault])
    above = _("a number above 0 in the unit of {outcome}").format(outcome=outcome)
    enough = _("a whole number of at least {fewest}").format(fewest=FEWEST_FOR_MEANS)
    checks: list[tuple[bool, str, object, str]] = [
        (len(policies) > 1, "policies", listed(policies), _("at least two")),
        (goal in GOALS, "goal", goal, listed(GOALS)),
        (difference is not None and 0 < difference < np.inf, "difference", difference, above),
        (
            isinstance(certainty, Real) and 0.5 <= certainty < 1,
            "certainty",
            certainty,
            _("from 0.5 to less than 1"),
        ),
        (most >= FEWEST_FOR_MEANS, "most", most, enough),
    ]
    faults = [
        Fault(field, found=shown(found), allowed=allowed)
        for right, field, found, allowed in checks
        if not right
    ]
    if faults:
        raise BadInput(faults)


# ---------------------------------------------------------------- replications


class _Lives:
    """Values of the policies by replication, made a few ahead in threads."""

    def __init__(
        self, setup: Setup, policies: Sequence[str], outcome: str, progress: Progress | None
    ) -> None:
        self._setup, self._policies, self._outcome = setup, policies, outcome
        self._progress = progress
        self._told = [0] * len(policies)
        self.values: list[list[float]] = [[] for _policy in policies]

    def register_observer(self, observer: Any) -> None:
        self._observer = observer

    def simulate(self, policy: int) -> None:
        at = self._told[policy]
        self._told[policy] += 1
        self._observer.feedback(self, policy, self.values[policy][at])

    def reach(self, policies: npt.NDArray[np.int64], replications: int) -> None:
        made = len(self.values[policies[0]])  # those still in the running have equally many
        if replications > made:
            ahead = AHEAD if made else FEWEST_FOR_MEANS
            self._replicate([int(p) for p in policies], range(made, made + ahead))

    def _replicate(self, policies: Sequence[int], added: range) -> None:
        self._setup.shelf.draw_until(added.stop)
        named = tuple(self._policies[p] for p in policies)
        tasks = list(self._tasks(named, added))
        ledgers = {(p, t.replications): self._ledger(t.replications) for t in tasks for p in named}
        parts, made = len(self._setup.shelf.parts), sum(map(len, self.values))
        whole, now = made + len(added) * len(policies), 0
        for found in counted(self._setup, tasks):
            ledgers[found.policy, found.replications].enter(found)
            now += len(found.replications)
            if self._progress:
                self._progress(made + now // parts, whole)
        place = dict(zip(named, (self.values[p] for p in policies), strict=True))
        for (policy, _replications), ledger in ledgers.items():
            place[policy] += by_replication(ledger.tally(), self._outcome).tolist()

    def _ledger(self, replications: range) -> Ledger:
        """For replications of one draw."""
        ledger = Ledger(self._setup, replications.start, by_hamlet=False)
        ledger.grow(np.zeros(len(replications), dtype=np.int64))
        return ledger

    def _tasks(self, policies: tuple[str, ...], added: range) -> Iterator[Task]:
        """Each replication has a draw of its own, if there are any; else they go together."""
        uncertain = bool(self._setup.loaded.scenario.uncertain)
        size = 1 if uncertain else -(-len(added) // self._setup.jobs)
        for part in range(len(self._setup.shelf.parts)):
            for start in added[::size]:
                some = range(start, min(start + size, added.stop))
                yield Task(part, policies, start if uncertain else 0, some)


# ---------------------------------------------------------------- what was found


def _table(
    policies: Sequence[str],
    values: list[list[float]],
    best: int,
    goal: str,
    difference: float,
    counted: bool,
) -> "pd.DataFrame":
    import pandas as pd

    rows, every = [], np.zeros(max(map(len, values)), dtype=np.int64)
    for policy, mine in zip(policies, map(np.array, values), strict=True):
        common = min(len(mine), len(values[best]))
        apart = mine[:common] - np.array(values[best][:common])
        ahead = apart if goal == HIGHEST else -apart
        rows.append(
            {
                "policy": policy,
                "replications": len(mine),
                **_ends("mean", "", intervals.mean(mine, every[: len(mine)], counted)),
                **_ends("difference", "difference_", intervals.mean(apart, every[:common])),
                "p_better": _exceeds(ahead, 0.0) if apart.any() else np.nan,
                "p_much_better": _exceeds(ahead, difference),
            }
        )
    return pd.DataFrame(rows)


def _ends(name: str, prefix: str, found: Interval) -> dict[str, float]:
    low, high = float(found.low), float(found.high)
    return {name: float(found.value), f"{prefix}low": low, f"{prefix}high": high}


def _exceeds(values: Floats, line: float) -> float:
    """P(the expected value exceeds a line), from Student's distribution of the mean."""
    from scipy.special import stdtr

    error = values.std(ddof=1) / np.sqrt(len(values))
    behind = line - values.mean()
    if error == 0:
        return float(behind < 0)
    return float(stdtr(len(values) - 1, -behind / error))


# ---------------------------------------------------------------- summary


def _told(selection: Selection) -> Iterator[str]:
    goal = _("lowest") if selection.goal == LOWEST else _("highest")
    yield _("{outcome}, {goal}: {policy}").format(
        outcome=selection.outcome, goal=goal, policy=printable(selection.best)
    )
    sure = _(
        "By these replications, with a probability of at least {probability}, no other policy "
        "is better by more than {difference} (promised: {certainty})."
    )
    yield sure.format(
        probability=_lower_bound(selection.probability),
        difference=significant(selection.difference, 6),
        certainty=significant(selection.certainty, 6),
    )
    if not selection.decided:
        made = int(selection.table["replications"].max())
        yield ngettext(
            "Not decided within {count} replication of a policy: this is the best so far.",
            "Not decided within {count} replications of a policy: this is the best so far.",
            made,
        ).format(count=decimal(made))
    yield ""
    yield columns(
        [_("policy"), _("replications"), _("mean"), _("difference from it"), _("P(better)")],
        [_row(one, selection.best) for one in selection.table.to_dict("records")],
    )
    yield ngettext(
        "{count} replication in all; {equal} if every policy had as many as the one with most.",
        "{count} replications in all; {equal} if every policy had as many as the one with most.",
        selection.spent,
    ).format(count=decimal(selection.spent), equal=decimal(selection.if_equal))


def _row(one: dict[Any, Any], chosen: str) -> list[str]:
    is_chosen, never = one["policy"] == chosen, one["p_better"] != one["p_better"]
    mean = Interval(one["mean"], one["low"], one["high"])
    apart = Interval(one["difference"], one["difference_low"], one["difference_high"])
    told = with_interval(apart, lambda x: number(x, sign=True))
    return [
        printable(one["policy"], 32),
        decimal(one["replications"]),
        with_interval(mean, number),
        NOTHING if is_chosen else _("never differed") if never else told,
        NOTHING if never else _probability(one["p_better"]),
    ]


def _probability(value: float) -> str:
    if value > SUREST:
        return f"> {decimal(SUREST, 3)}"
    return f"< {decimal(1 - SUREST, 3)}" if value < 1 - SUREST else decimal(value, 3)


def _lower_bound(probability: float) -> str:
    return decimal(min(probability, SUREST), 3)
