"""One replication as a planner can follow it: a story by date, or the log as CSV."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.cli.words import cell_words, person_words
from sim.experiment import Prepared, prepare_replication
from sim.log import Log, in_order
from sim.messages import BadInput, Fault, _, listed, nearest, printable, shown
from sim.numerals import date, decimal
from sim.risk.measures import STATUS_AFTER
from sim.scenario import Loaded, Unit
from sim.store import write_text

MOST_IDS = 20
FIELD = {name: i for i, name in enumerate(events.PANEL_FIELDS)}


@dataclass(frozen=True)
class Traced:
    """One replication: its whole log in order, its panel, and which events are wanted."""

    prepared: Prepared
    replication: int
    log: Log
    panel: npt.NDArray[np.int32]
    wanted: npt.NDArray[np.bool_]
    hamlet: int | None
    person: int | None


def traced(
    loaded: Loaded,
    policy: str,
    replication: int,
    engine: str,
    seed: int | None,
    hamlet: str | None,
    person: int | None,
) -> Traced:
    """Replicate once. Raises BadInput for a policy, engine, hamlet or person that is not there."""
    index = None if hamlet is None else _index(loaded, hamlet)
    prepared = prepare_replication(loaded, policy, replication, seed)
    outcome = prepared.replicate(replication, engine)
    log = in_order(outcome.log)
    wanted = np.ones(len(log.day), dtype=np.bool_)
    if index is not None:
        wanted &= log.hamlet == index
    if person is not None:
        wanted &= log.person == person
        if not wanted.any():
            allowed = _("the key of somebody to whom something happens in this replication")
            raise BadInput([Fault("--person", found=str(person), allowed=allowed)])
    return Traced(prepared, replication, log, outcome.panel, wanted, index, person)


def _index(loaded: Loaded, hamlet: str) -> int:
    ids = [unit.id for unit in loaded.baseline.units]
    if hamlet in ids:
        return ids.index(hamlet)
    allowed = listed(ids[:MOST_IDS]) + (", ..." if len(ids) > MOST_IDS else "")
    fault = Fault("--hamlet", found=shown(hamlet), allowed=allowed, suggestion=nearest(hamlet, ids))
    raise BadInput([fault])


# ---------------------------------------------------------------- CSV


def save(traced: Traced, path: Path) -> int:
    """Write the wanted events and say how many; equal logs give equal bytes. Raises BadInput."""
    ids = [unit.id for unit in traced.prepared.loaded.baseline.units]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(events.COLUMNS)
    for i in np.flatnonzero(traced.wanted):
        day, phase, hamlet, person, kind, cause = (column[i].item() for column in traced.log)
        names = events.KINDS[kind], events.CAUSES[cause]
        writer.writerow([repr(day), phase, ids[hamlet], person, *names])
    write_text(path, text.getvalue())
    return int(traced.wanted.sum())


# ---------------------------------------------------------------- story


def told(traced: Traced) -> Iterator[str]:
    """The wanted events line by line, with the state at each anniversary between them."""
    story = _Story(traced)
    yield story.heading()
    year = 0
    for i in range(len(traced.log.day)):
        while year < len(traced.panel) and _is_after(traced, i, year):
            yield from story.state(year)
            year += 1
        line = story.event(i)
        if traced.wanted[i]:
            yield line
    for later in range(year, len(traced.panel)):
        yield from story.state(later)


def _is_after(traced: Traced, i: int, year: int) -> bool:
    """Whether an event comes after an anniversary, of which the state is taken last."""
    plan = traced.prepared.plan
    return bool(traced.log.day[i] > plan.days[plan.settings.origin + 12 * year])


class _Story:
    """Who is who while the log is read: persons are numbered as they appear in a hamlet."""

    def __init__(self, traced: Traced) -> None:
        self.traced = traced
        self.units = traced.prepared.loaded.baseline.units
        people = traced.prepared.world.people
        self.status = dict(zip(people["key"].tolist(), people["status"].tolist(), strict=True))
        self.posted = set(people["key"][people["place"] == rules.POSTED].tolist())
        self.numbers: dict[int, tuple[int, int]] = {}
        self.next_number = [0] * len(self.units)

    def heading(self) -> str:
        """What is told."""
        scenario = self.traced.prepared.loaded.scenario
        parts = [
            _("policy {name}").format(name=printable(self.traced.prepared.policy)),
            _("replication {number}").format(number=self.traced.replication),
            _("from {start}, years {years}").format(
                start=date(scenario.start), years=scenario.years
            ),
        ]
        if self.traced.hamlet is not None:
            parts.append(self.name(self.traced.hamlet))
        if self.traced.person is not None:
            parts.append(_("person {key}").format(key=self.traced.person))
        return "; ".join(parts)

    def name(self, hamlet: int) -> str:
        """Name and id of a unit."""
        unit = self.units[hamlet]
        return printable(unit.name if unit.name == unit.id else f"{unit.name} ({unit.id})")

    def date(self, day: float) -> str:
        """The calendar date of a day; months of the uniform calendar are all equally long."""
        return date(self.traced.prepared.loaded.scenario.start + dt.timedelta(days=int(day)))

    def event(self, i: int) -> str:
        """One event in words. Must be called for every event in order."""
        log = self.traced.log
        kind, cause, hamlet = int(log.kind[i]), int(log.cause[i]), int(log.hamlet[i])
        key = int(log.person[i])
        if kind >= events.BELOW:
            minimum = self.traced.prepared.plan.settings.minimum
            words = cell_words(kind, cause, minimum)
        else:
            words = person_words(kind, cause).format(who=self.who(key, hamlet, kind))
        place = "" if self.traced.hamlet is not None else f"{self.name(hamlet)}: "
        return f"{self.date(log.day[i])}  {place}{words}"

    def who(self, key: int, hamlet: int, kind: int) -> str:
        """What a person is at this event, with a number, and at first the key."""
        if key == events.NOBODY:
            return _("a resident")
        before = self.status.get(key, rules.GONE)
        after = int(STATUS_AFTER[kind])
        if kind in (events.POSTED, events.SENT):
            self.posted.add(key)
        if after >= 0:
            self.status[key] = after
        is_new = key not in self.numbers
        if is_new:
            self.next_number[hamlet] += 1
            self.numbers[key] = hamlet, self.next_number[hamlet]
        home, number = self.numbers[key]
        word = self._word(key, before if before != rules.GONE else after)
        told = _("{word} {number}").format(word=word, number=number)
        if home != hamlet:
            told = _("{who} of {hamlet}").format(who=told, hamlet=printable(self.units[home].id))
        return f"{told} [{key}]" if is_new else told

    def _word(self, key: int, status: int) -> str:
        if key in self.posted:
            return _("posted member")
        if status == rules.PROBATION:
            return _("probationer")
        return _("official") if status in (rules.OFFICIAL, rules.EXEMPT) else _("candidate")

    def state(self, year: int) -> Iterator[str]:
        """The state at an anniversary: of the hamlet told of, or of all; none of one person."""
        if self.traced.person is not None:
            return
        plan = self.traced.prepared.plan
        when = self.date(plan.days[plan.settings.origin + 12 * year])
        panel = self.traced.panel[year]
        if self.traced.hamlet is not None:
            yield f"{when}  == {_of_hamlet(panel[self.traced.hamlet])}"
        else:
            yield f"{when}  == {_of_all(panel, self.units)}"


def _of_hamlet(row: npt.NDArray[np.int32]) -> str:
    cells = {
        rules.OWN: _("cell of its own"),
        rules.JOINT: _("covered by a joint cell"),
        rules.NONE: _("no cell"),
        rules.CLOSED: _("the hamlet is not there"),
    }
    parts = [
        cells[int(row[FIELD["cell"]])],
        _("strength {}").format(row[FIELD["strength"]]),
        _("officials {}").format(row[FIELD["roll"]]),
        _("60 and older {}").format(row[FIELD["over_60"]]),
        _("away {}").format(row[FIELD["away"]]),
        _("posted {}").format(row[FIELD["posted"]]),
        _("on probation {}").format(row[FIELD["probation"]]),
        _("listed {}").format(row[FIELD["listed"]]),
        _("certified {}").format(row[FIELD["certified"]]),
    ]
    return listed(parts)


def _of_all(panel: npt.NDArray[np.int32], units: tuple[Unit, ...]) -> str:
    cell = panel[:, FIELD["cell"]]
    own = (
        _("hamlets with a cell of their own {}")
        if all(unit.kind == "hamlet" for unit in units)
        else _("units with a cell of their own {}")
    )
    parts = {
        own: (cell == rules.OWN).sum(),
        _("in a joint cell {}"): (cell == rules.JOINT).sum(),
        _("without a cell {}"): (cell == rules.NONE).sum(),
        _("officials {}"): panel[:, FIELD["roll"]].sum(),
        _("on probation {}"): panel[:, FIELD["probation"]].sum(),
        _("posted {}"): panel[:, FIELD["posted"]].sum(),
    }
    return listed(text.format(decimal(number)) for text, number in parts.items())
