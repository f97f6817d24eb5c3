"""What the model says beside a published figure: for each quantity a number of one replication.

A *stock* is a state at a date, a *flow* what happens from one date until before another. Both are
of some units. A quantity with `out_of` is a share where the figure is published as one: `count` of
`out_of`.

Of a stock, members and cells are followed event by event, so that it is what the day before left:
at the start what the table says, and with flows the roll adds up. Everything else is that of the
anniversary of the start nearest to it, for the engines note it only then.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.log import NEVER_ADMITTED, PANEL_FIELDS, Outcome
from sim.messages import N_
from sim.plan.calendar import months_between
from sim.scenario import DAYS_PER_YEAR, Scenario
from sim.world import World

Mask = npt.NDArray[np.bool_]

REMOVED = (events.EXPELLED, events.STRUCK_OFF, events.ASKED_TO_LEAVE)
OTHERWISE_GONE = (events.DEAD, events.MOVED, events.NOT_RECOGNISED, events.POSTING_ENDED)
GAINED = (events.ADMITTED, events.MOVED_IN, events.POSTED)
FOUNDED = (events.FOUNDED, events.SEPARATED)
OWN_RECRUITS = (events.RECOGNISED, events.AT_START)
"""Causes of a founding by people of the place: recognised there, or members there all along."""
CELL_AFTER = {
    events.FOUNDED: rules.OWN,
    events.SEPARATED: rules.OWN,
    events.COMBINED: rules.JOINT,
    events.LOST: rules.NONE,
    events.RE_EMPTIED: rules.NONE,
    events.ABSORBED: rules.CLOSED,
    events.BECAME: rules.NONE,
}


CELL = PANEL_FIELDS.index("cell")


def day_of(scenario: Scenario, date: dt.date) -> float:
    """A date in days from the start, in the calendar of the scenario."""
    if scenario.calendar == "civil":
        return float((date - scenario.start).days)
    month = months_between(scenario.start, date) + (date.day - 1) / 31
    return month * DAYS_PER_YEAR / 12


class Replicate:
    """One replication of one policy: its log, its yearly panel, and who was there at the start."""

    def __init__(self, scenario: Scenario, world: World, outcome: Outcome) -> None:
        self.scenario, self.log, self.panel = scenario, outcome.log, outcome.panel
        self._world = world
        start = scenario.start
        years = range(scenario.years + 1)
        self.anniversaries = np.array(
            [day_of(scenario, start.replace(year=start.year + y)) for y in years]
        )

    @cached_property
    def of_member(self) -> Mask:
        """[events]: whether the person of an event is, or has been, a member in the run.

        True of the exit of a member, not of one from the source list.
        """
        began = np.isin(self.log.kind, GAINED)
        members = np.concatenate([self._at_start["key"], self.log.person[began]])
        return np.isin(self.log.person, members)

    @cached_property
    def _at_start(self) -> npt.NDArray[np.void]:
        status = self._world.people["status"]
        return self._world.people[(status >= rules.PROBATION) & (status < rules.GONE)]

    @cached_property
    def change(self) -> npt.NDArray[np.int64]:
        """[events]: by how many members an event makes its unit more or less.

        Who is sent by a cell and goes home again stays with it until the next panel.
        """
        kind, person = self.log.kind, self.log.person
        sent = np.isin(person, person[kind == events.SENT])
        stays = sent & np.isin(kind, (events.POSTED, events.POSTING_ENDED))
        gone = np.isin(kind, (*REMOVED, *OTHERWISE_GONE)) & self.of_member
        return (np.isin(kind, GAINED) & ~stays).astype(np.int64) - (gone & ~stays)

    def panel_at(self, day: float) -> npt.NDArray[np.int32]:
        """The panel of the anniversary nearest to a day, [H, fields]."""
        return self.panel[int(np.abs(self.anniversaries - day).argmin())]

    def members(self, day: float) -> npt.NDArray[np.int64]:
        """Members of every unit when a day begins, of all statuses, posted ones too, [H]."""
        panel, since = self._last_panel(day)
        if panel is None:
            number = np.bincount(self._at_start["hamlet"], minlength=self.panel.shape[1])
        else:
            fields = [PANEL_FIELDS.index(name) for name in ("roll", "probation", "posted")]
            number = panel[:, fields].sum(axis=1)
        number = number.astype(np.int64)
        np.add.at(number, self.log.hamlet[since], self.change[since])
        return number

    def cells(self, day: float) -> npt.NDArray[np.int64]:
        """What cell every unit has when a day begins: codes of `sim.rules`, [H]."""
        panel, since = self._last_panel(day)
        first = self._world.hamlets["cell"] if panel is None else panel[:, CELL]
        cell = first.astype(np.int64)
        news = np.flatnonzero(since & np.isin(self.log.kind, tuple(CELL_AFTER)))
        for i in news[np.argsort(self.log.day[news], kind="stable")]:
            cell[self.log.hamlet[i]] = CELL_AFTER[int(self.log.kind[i])]
        return cell

    def _last_panel(self, day: float) -> tuple[npt.NDArray[np.int32] | None, Mask]:
        """The panel of the last anniversary before a day (None: the world at the start), and the
        events [events] between them."""
        last = int(np.searchsorted(self.anniversaries, day)) - 1
        before = self.log.day < day
        if last < 0:
            return None, before
        return self.panel[last], before & (self.log.day > self.anniversaries[last])


@dataclass(frozen=True)
class Seen:
    """A replication as a figure looks at it: units[H], from day `since` until before `until`."""

    replicate: Replicate
    units: Mask
    since: float
    until: float

    @property
    def years(self) -> float:
        """Length of the window."""
        return (self.until - self.since) / DAYS_PER_YEAR

    @cached_property
    def happened(self) -> Mask:
        """[events]: those of these units in the window."""
        log = self.replicate.log
        return self.units[log.hamlet] & (log.day >= self.since) & (log.day < self.until)

    def number(self, *kinds: int) -> float:
        """How many events of these kinds there were."""
        return float(np.count_nonzero(self.happened & np.isin(self.replicate.log.kind, kinds)))

    def of_members(self, *kinds: int) -> float:
        """How many events of these kinds there were, of members alone."""
        ours = self.happened & self.replicate.of_member
        return float(np.count_nonzero(ours & np.isin(self.replicate.log.kind, kinds)))

    def people(self, kind: int) -> npt.NDArray[np.int64]:
        """Who had an event of this kind."""
        return np.unique(
            self.replicate.log.person[self.happened & (self.replicate.log.kind == kind)]
        )

    def state(self, field: str) -> npt.NDArray[np.int32]:
        """A field of the panel at the anniversary nearest to `until`, of these units."""
        return self.replicate.panel_at(self.until)[self.units, PANEL_FIELDS.index(field)]

    def members(self, day: float) -> npt.NDArray[np.int64]:
        """Members of each of these units when a day begins."""
        return self.replicate.members(day)[self.units]

    def cells(self) -> npt.NDArray[np.int64]:
        """What cell each of these units has when `until` begins: codes of `sim.rules`."""
        return self.replicate.cells(self.until)[self.units]


# ---------------------------------------------------------------- states


def _units(seen: Seen) -> float:
    return float(np.count_nonzero(seen.cells() != rules.CLOSED))


def _with_cell(seen: Seen) -> float:
    return float(np.count_nonzero(seen.cells() == rules.OWN))


def _without_own_cell(seen: Seen) -> float:
    return float(np.count_nonzero(np.isin(seen.cells(), (rules.JOINT, rules.NONE))))


def _without_cell(seen: Seen) -> float:
    return float(np.count_nonzero(seen.cells() == rules.NONE))


def _there(seen: Seen) -> Mask:
    return np.asarray(seen.cells() != rules.CLOSED)


def _without_members(seen: Seen) -> float:
    return float(np.count_nonzero(_there(seen) & (seen.members(seen.until) == 0)))


def _without_local_members(seen: Seen) -> float:
    local = seen.state("roll") + seen.state("probation")
    return float(np.count_nonzero(_there(seen) & (local == 0)))


def _members(seen: Seen) -> float:
    return float(seen.members(seen.until).sum())


def _total(field: str) -> Callable[[Seen], float]:
    return lambda seen: float(seen.state(field).sum())


def _on_posted(seen: Seen) -> float:
    return float(np.count_nonzero((seen.state("posted") > 0) & (seen.state("cell") == rules.OWN)))


def _trained_secretaries(seen: Seen) -> float:
    return float(np.count_nonzero(seen.state("secretary") == 2))


def _not_members(seen: Seen) -> float:
    return float(np.count_nonzero(_there(seen) & (seen.state("chief_is_member") == 0)))


def _is_at_risk(seen: Seen) -> Mask:
    """The observable rule: a weak cell of its own, mostly old, long without an admission."""
    rule = seen.replicate.scenario.rules
    roll = seen.state("roll")
    weak = (seen.state("cell") == rules.OWN) & (seen.state("strength") < rule.risk_line)
    old = (roll > 0) & (seen.state("over_60") >= rule.at_risk_share_over_60 * roll)
    long = seen.state("months_since_admission") >= rule.at_risk_months_since_admission
    return np.asarray(weak & old & long)


def _at_risk(seen: Seen) -> float:
    return float(np.count_nonzero(_is_at_risk(seen)))


def _at_risk_total(field: str) -> Callable[[Seen], float]:
    return lambda seen: float(seen.state(field)[_is_at_risk(seen)].sum())


def _years_at_risk(seen: Seen) -> float:
    months = seen.state("months_since_admission")[_is_at_risk(seen)]
    known = months[months < NEVER_ADMITTED]
    return float(known.mean() / 12) if len(known) else np.nan


# ---------------------------------------------------------------- flows


def _events(*kinds: int) -> Callable[[Seen], float]:
    return lambda seen: seen.number(*kinds)


def _of_members(*kinds: int) -> Callable[[Seen], float]:
    return lambda seen: seen.of_members(*kinds)


def _other_losses(seen: Seen) -> float:
    """What makes the roll add up beside admissions and removals."""
    of_them = ~np.isin(seen.replicate.log.kind, (events.ADMITTED, *REMOVED))
    return -float(seen.replicate.change[seen.happened & of_them].sum())


def _admitted_a_year(seen: Seen) -> float:
    return seen.number(events.ADMITTED) / seen.years


def _trained(seen: Seen) -> float:
    listed, trained = seen.people(events.LISTED), seen.people(events.CLASS_ATTENDED)
    return float(len(np.intersect1d(listed, trained, assume_unique=True)))


def _founded_by(own_recruits: bool) -> Callable[[Seen], float]:
    def number(seen: Seen) -> float:
        log = seen.replicate.log
        ours = np.isin(log.cause, OWN_RECRUITS) == own_recruits
        return float(np.count_nonzero(seen.happened & np.isin(log.kind, FOUNDED) & ours))

    return number


def _first_members(seen: Seen) -> float:
    then, now = seen.members(seen.since), seen.members(seen.until)
    return float(np.count_nonzero((then == 0) & (now > 0)))


@dataclass(frozen=True)
class Quantity:
    """What a figure may be of: how it is called, and its counterpart in one replication."""

    text: str
    count: Callable[[Seen], float]
    out_of: Callable[[Seen], float] | None = None
    is_flow: bool = False


def _flow(
    text: str, count: Callable[[Seen], float], out_of: Callable[[Seen], float] | None = None
) -> Quantity:
    return Quantity(text, count, out_of, True)


NOT_MODELLED = "not_modelled"

QUANTITIES: Mapping[str, Quantity] = {
    "units": Quantity(N_("units"), _units),
    "units_with_cell": Quantity(N_("units with a cell of their own"), _with_cell, _units),
    "units_without_own_cell": Quantity(
        N_("units without a cell of their own"), _without_own_cell, _units
    ),
    "units_without_cell": Quantity(N_("units that no cell covers"), _without_cell, _units),
    "units_without_members": Quantity(N_("units without members"), _without_members, _units),
    "units_without_local_members": Quantity(
        N_("units without local members"), _without_local_members, _units
    ),
    "cells_with_posted": Quantity(N_("cells with posted members"), _on_posted, _with_cell),
    "members": Quantity(N_("members"), _members),
    "members_per_cell": Quantity(N_("members for each cell"), _members, _with_cell),
    "officials": Quantity(N_("official members"), _total("roll")),
    "officials_over_60": Quantity(
        N_("official members over 60"), _total("over_60"), _total("roll")
    ),
    "posted_members": Quantity(N_("posted members"), _total("posted")),
    "chiefs_members": Quantity(
        N_("hamlet chiefs who are members"), _total("chief_is_member"), _units
    ),
    "chiefs_not_members": Quantity(N_("hamlet chiefs who are not members"), _not_members, _units),
    "secretaries_trained": Quantity(
        N_("trained cell secretaries"), _trained_secretaries, _with_cell
    ),
    "units_at_risk": Quantity(N_("units at risk of losing the cell"), _at_risk, _units),
    "officials_over_60_at_risk": Quantity(
        N_("official members over 60 in units at risk"),
        _at_risk_total("over_60"),
        _at_risk_total("roll"),
    ),
    "years_without_admission_at_risk": Quantity(
        N_("mean years without an admission in units at risk"), _years_at_risk
    ),
    "admitted": _flow(N_("members admitted"), _events(events.ADMITTED)),
    "admitted_per_year": _flow(N_("members admitted a year"), _admitted_a_year),
    "removed": _flow(N_("members removed"), _events(*REMOVED)),
    "expelled": _flow(N_("members expelled"), _events(events.EXPELLED)),
    "struck_off": _flow(N_("members struck off the list"), _events(events.STRUCK_OFF)),
    "asked_to_leave": _flow(N_("members asked to leave"), _events(events.ASKED_TO_LEAVE)),
    "died": _flow(N_("members who died"), _of_members(events.DEAD)),
    "moved_away": _flow(N_("members transferred away for good"), _of_members(events.MOVED)),
    "moved_in": _flow(N_("members who moved in"), _events(events.MOVED_IN)),
    "net_other_losses": _flow(
        N_("members lost by death and transfer, less those who came"), _other_losses
    ),
    "left": _flow(N_("members and candidates gone to work away"), _events(events.LEFT)),
    "listed": _flow(N_("people put on the source list"), _events(events.LISTED)),
    "trained": _flow(N_("people listed who attended the class"), _trained, _events(events.LISTED)),
    "seats_taken": _flow(
        N_("class seats taken by those who were called"),
        _events(events.CLASS_ATTENDED),
        _events(events.CLASS_ATTENDED, events.CLASS_MISSED),
    ),
    "recognised": _flow(
        N_("probationary members recognised"),
        _events(events.RECOGNISED),
        _events(events.RECOGNISED, events.NOT_RECOGNISED),
    ),
    "first_members": _flow(N_("units that gained their first members"), _first_members),
    "cells_founded": _flow(N_("cells founded"), _events(*FOUNDED)),
    "cells_founded_by_recruits": _flow(
        N_("cells founded by own recruits"), _founded_by(True), _events(*FOUNDED)
    ),
    "cells_founded_by_others": _flow(
        N_("cells founded by posted members, by moving in, by splits or resettlement"),
        _founded_by(False),
        _events(*FOUNDED),
    ),
    "cells_lost": _flow(N_("cells lost"), _events(events.LOST, events.RE_EMPTIED)),
    "cells_combined": _flow(N_("cells combined with another"), _events(events.COMBINED)),
}
"""All that a figure may be of."""


def counterpart(quantity: str, seen: Seen, as_share: bool = False) -> float:
    """A quantity in one replication; as a share of its `out_of` if asked (NaN of nothing)."""
    one = QUANTITIES[quantity]
    number = one.count(seen)
    if not as_share or one.out_of is None:
        return number
    whole = one.out_of(seen)
    return number / whole if whole else float("nan")
