"""Phase 7: the yearly panel, and the tallies of the month."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.engine.reference import counting
from sim.engine.reference.state import Hamlet, Person, Unit
from sim.world import FEMALE

STAGES = ("listed", "certified", "certified", "probation")
"""What the panel counts a candidate or probationer as, by status."""
AGE_BANDS = events.PANEL_FIELDS[-7:]


def tally(unit: Unit, month: int) -> None:
    """Count the months of postings and of adaptive levers."""
    unit.posting_months[month // 12] += unit.postings
    for bit in range(unit.settings.adaptive):
        if unit.plan.adaptive_months[bit, month]:
            acting = sum(h.group >> bit & 1 for h in unit.hamlets)
            unit.lever_months[bit, month // 12] += acting


def take_panel(unit: Unit, month: int, day: float) -> None:
    """The state of every hamlet at an anniversary."""
    for hamlet in unit.hamlets:
        unit.panel[month // 12, hamlet.index] = panel_row(unit, hamlet, month, day)


def panel_row(unit: Unit, hamlet: Hamlet, month: int, day: float) -> npt.NDArray[np.int32]:
    """State of one hamlet in the order of `log.PANEL_FIELDS`."""
    chief, secretary = hamlet.chief, hamlet.secretary
    row = Counter(
        cell=hamlet.cell,
        strength=counting.cell_strength(unit, hamlet),
        local=hamlet.officials,
        active=hamlet.officials,
        months_since_admission=since_admission(hamlet, month),
        chief_is_member=chief is not None and chief.status >= rules.PROBATION,
        secretary=0 if secretary is None else 1 + hamlet.secretary_trained,
    )
    for person in hamlet.people.values():
        if person.is_followed:
            _count_in(row, person, day)
            row["successors"] += person is not secretary and is_successor(person, day)
    return np.array([row[name] for name in events.PANEL_FIELDS], dtype=np.int32)


def _count_in(row: Counter[str], person: Person, day: float) -> None:
    """Add one person to the row of a hamlet."""
    if person.place == rules.POSTED:
        row["local"] -= person.counted
        row["posted"] += 1
    if person.status == rules.EXEMPT:
        row["active"] -= person.counted
    elif person.status < rules.OFFICIAL:
        row[STAGES[person.status]] += 1
    if person.place == rules.AWAY and person.status >= rules.PROBATION:
        row["away"] += 1
    if is_on_roll(person):
        age = rules.birthdays(day, person.birth)
        row["roll"] += 1
        row["women"] += person.sex == FEMALE
        row[AGE_BANDS[min(max(age // 10 - 2, 0), 6)]] += 1
        if age >= 60:
            row["over_60"] += 1
        elif person.place != rules.AWAY:
            row["under_60_present"] += 1


def is_on_roll(person: Person) -> bool:
    """An official, away or not, who is not posted in."""
    return person.status in (rules.OFFICIAL, rules.EXEMPT) and person.place != rules.POSTED


def is_successor(person: Person, day: float) -> bool:
    """Could follow the secretary for long: an active official of its own, present, under 60."""
    is_active = person.status == rules.OFFICIAL and person.place not in (rules.AWAY, rules.POSTED)
    return is_active and not rules.has_had(60, day, person.birth)


def since_admission(hamlet: Hamlet, month: int) -> int:
    """Months since the last admission, as far as is known."""
    if hamlet.last_admission < -events.NEVER_ADMITTED + 1:
        return events.NEVER_ADMITTED
    return month - hamlet.last_admission
