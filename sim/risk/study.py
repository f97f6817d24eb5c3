"""What the tables are made from: the counts of every policy, and what they share."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.risk.costs import Offer, cost, quantities
from sim.risk.counts import Counts, kinds_told
from sim.risk.measures import COLUMN, FLOWS, NEVER, SEATS, STATES, SUMS, TOTALS
from sim.scenario import Loaded

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ALL = ""
"""Stands for units of all kinds together, and for all hamlets."""
DERIVED_STATES = ("members",)
DERIVED_FLOWS = ("seats_offered", "removed", "posting_months", "cost")


@dataclass(frozen=True)
class Tally:
    """The counts of one policy, and what it offered under each draw of the parameters.

    draw[R]: which draw each replication has.  kind[H]: place of each unit's kind in `kind_names`.
    """

    counts: Counts
    offers: tuple[Offer, ...]
    draw: Integers
    kind: npt.NDArray[np.int32]
    kind_names: tuple[str, ...]
    unit_costs: dict[str, float]

    @property
    def replications(self) -> int:
        """How many replications were counted."""
        return len(self.draw)

    @property
    def draws(self) -> int:
        """Draws of the uncertain parameters; 1 if none is uncertain."""
        return len(self.offers)

    def counted(self, name: str, kind: str = ALL) -> Integers:
        """Counts of replications, without their axis of kinds: of one kind, or all added up."""
        counts: Integers = getattr(self.counts, name).astype(np.int64)
        return counts.sum(axis=1) if kind == ALL else counts[:, self.kind_names.index(kind)]

    def are(self, kind: str) -> npt.NDArray[np.bool_]:
        """Which units are of a kind, [H]."""
        return np.array(self.kind == self.kind_names.index(kind) if kind != ALL else self.kind >= 0)

    @cached_property
    def per_draw(self) -> Integers:
        """Replications of each draw."""
        return np.bincount(self.draw, minlength=self.draws)

    @cached_property
    def groups(self) -> Integers:
        """What was sampled, by replication: draws of the parameters, replications if there is one.

        [R], numbers from 0 on.
        """
        return self.draw if self.draws > 1 else np.arange(self.replications)

    def by_group(self, values: npt.NDArray[Any]) -> Floats:
        """values[R, ...] summed over the replications of each of the `groups`, [G, ...]."""
        return added_up(values, self.groups)

    def by_draw(self, values: npt.NDArray[Any]) -> Floats:
        """values[R, ...] summed over the replications of each draw, [D, ...]."""
        return added_up(values, self.draw)

    @cached_property
    def quantities(self) -> dict[str, Floats]:
        """What can cost, [R, Y + 1] by key; see `sim.risk.costs`."""
        return quantities(self.counts, self.offers, self.draw)

    def measure(self, name: str, kind: str = ALL) -> Floats:
        """One of `Study.measures` of all units, or one of BY_KIND of one kind, [R, Y + 1]."""
        if kind != ALL and name not in BY_KIND:
            raise KeyError(f"{name} of {kind}")
        found = self.quantities
        match name:
            case "members":
                return self._together(("officials", "probation", "posted_now"), kind)
            case "without_own_cell":
                return self.measure("hamlets", kind) - self.measure("own_cell", kind)
            case "removed":
                return self._together(("expelled", "struck_off", "asked_to_leave"), kind)
            case "seats_offered":
                return found["training.seat_offered"] + found["local_class.seat_offered"]
            case "seats_used":
                return found["training.seat_used"] + found["local_class.seat_used"]
            case "posting_months":
                return found["reinforcement.posting_month"]
            case "cost":
                return cost(found, self.unit_costs)
        years = self.counts.years[..., COLUMN[name]]
        chosen = years.sum(axis=1) if kind == ALL else years[:, self.kind_names.index(kind)]
        return chosen.astype(float)

    def _together(self, names: tuple[str, ...], kind: str) -> Floats:
        total: Floats = np.sum([self.measure(name, kind) for name in names], axis=0)
        return total

    def happened(self, what: int) -> Integers:
        """In how many replications of each draw it has happened to each hamlet so far.

        `what` is BELOW, LOST or COMBINED; [D, H, Y + 1].
        """
        first = self.counts.first[:, :, what].astype(np.int64)
        hamlets, years = first.shape[1], self.counts.years.shape[2]
        width = years + 1
        first[first == NEVER] = years
        place = (self.draw[:, None] * hamlets + np.arange(hamlets)) * width + first
        counted = np.bincount(place.ravel(), minlength=self.draws * hamlets * width)
        return np.cumsum(counted.reshape(self.draws, hamlets, width)[:, :, :-1], axis=2)

    def summed(self, name: str) -> Integers:
        """One of SUMS, [D, H, Y + 1]."""
        return self.counts.sums[:, SUMS.index(name)].astype(np.int64)

    @cached_property
    def target_parts(self) -> Floats:
        """Each unit's part of its admission target, mean over replications, [H, Y + 1]."""
        parts = np.stack([offer.target_parts for offer in self.offers])
        mean: Floats = np.average(parts, axis=0, weights=self.per_draw)
        return mean

    def mean_by_hamlet(self, name: str) -> Floats:
        """One of TOTALS, mean over the replications in which the unit is there, [H, Y + 1]."""
        total = self.counts.totals[TOTALS.index(name)].astype(float)
        there = self.counts.strength.sum(axis=2)
        return np.divide(total, there, out=np.full(total.shape, np.nan), where=there > 0)


def added_up(values: npt.NDArray[Any], group: Integers) -> Floats:
    """values[R, ...] summed over the rows of each group[R], [G, ...]."""
    sums = np.zeros((int(group.max()) + 1, *values.shape[1:]))
    np.add.at(sums, group, values)
    return sums


MEASURES = (
    *STATES, *DERIVED_STATES,
    *(n for n in FLOWS if n not in ("local_seats_used", "either_seats_used")), *DERIVED_FLOWS,
)  # fmt: skip
"""All that `Tally.measure` tells of a year; seats are of district and local classes together."""

WITHOUT_OWN_CELL = "without_own_cell"
"""Units without a cell of their own, covered by another's or not: published figures of provinces
count so. Told where kinds of unit are."""
BY_KIND = (
    *(n for n in MEASURES if n not in (*SEATS, "seats_offered", "posting_months", "cost")),
    WITHOUT_OWN_CELL,
)
"""Measures that are known of each kind of unit: classes and postings are offered to all."""


@dataclass(frozen=True)
class Study:
    """All policies on the same lives; the first is the base of comparison."""

    loaded: Loaded
    dates: tuple[dt.date, ...]
    tallies: dict[str, Tally]

    @property
    def base(self) -> str:
        """Name of the policy that the others are compared with."""
        return next(iter(self.tallies))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of unit that are told apart; see `kinds_told`."""
        return kinds_told(self.loaded.baseline)

    @property
    def measures(self) -> tuple[str, ...]:
        """What is told of all units together."""
        return (*MEASURES, WITHOUT_OWN_CELL) if self.kinds else MEASURES

    def with_kind(self, columns: Sequence[str], place: int) -> list[str]:
        """Columns of a table, with the column `kind` at a place if kinds of unit are told."""
        return [*columns[:place], *(["kind"] if self.kinds else []), *columns[place:]]

    @property
    def years(self) -> int:
        """Length of the horizon."""
        return len(self.dates) - 1


def anniversaries(loaded: Loaded) -> tuple[dt.date, ...]:
    """The start, and each anniversary up to the horizon."""
    start = loaded.scenario.start
    return tuple(start.replace(year=start.year + y) for y in range(loaded.scenario.years + 1))
