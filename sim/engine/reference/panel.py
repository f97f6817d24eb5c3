"""Phase 7: the yearly panel, and the tallies of the month."""

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.engine.reference import counting
from sim.engine.reference.state import Hamlet, Panel, Person, Unit


def tally(unit: Unit, month: int) -> None:
    """Count the months of postings and of adaptive levers."""
    unit.posting_months[month // 12] += unit.postings
    for bit in range(unit.settings.adaptive):
        if unit.plan.adaptive_months[bit, month]:
            acting = sum(h.group >> bit & 1 for h in unit.hamlets)
            unit.lever_months[bit, month // 12] += acting


def take_panel(unit: Unit, panel: Panel, month: int, day: float) -> None:
    """The state of every hamlet at an anniversary."""
    for hamlet in unit.hamlets:
        panel[month // 12, hamlet.index] = panel_row(unit, hamlet, month, day)


def panel_row(unit: Unit, hamlet: Hamlet, month: int, day: float) -> npt.NDArray[np.int32]:
    """State of one hamlet in the order of `log.PANEL_FIELDS`."""
    people = [p for p in hamlet.people.values() if p.is_followed]
    roll = [p for p in people if is_on_roll(p)]
    ages = [rules.birthdays(day, p.birth) for p in roll]
    posted = sum(p.counted for p in people if p.place == rules.POSTED)
    exempt = sum(p.counted for p in people if p.status == rules.EXEMPT)
    chief = hamlet.chief
    bands = [0] * 7
    for age in ages:
        bands[min(max(age // 10 - 2, 0), 6)] += 1
    row = [
        hamlet.cell,
        counting.cell_strength(unit, hamlet),
        hamlet.officials - posted,
        hamlet.officials - exempt,
        len(roll),
        sum(a >= 60 for a in ages),
        sum(a < 60 and p.place != rules.AWAY for a, p in zip(ages, roll, strict=True)),
        sum(p.status == rules.PROBATION for p in people),
        sum(p.status == rules.LISTED for p in people),
        sum(p.status in (rules.CERTIFIED, rules.READY) for p in people),
        sum(p.place == rules.AWAY and p.status >= rules.PROBATION for p in people),
        since_admission(hamlet, month),
        sum(p.place == rules.POSTED for p in people),
        int(chief is not None and chief.status >= rules.PROBATION),
        0 if hamlet.secretary is None else 1 + int(hamlet.secretary_trained),
        *bands,
    ]
    return np.array(row, dtype=np.int32)


def is_on_roll(person: Person) -> bool:
    """An official, away or not, who is not posted in."""
    return person.status in (rules.OFFICIAL, rules.EXEMPT) and person.place != rules.POSTED


def since_admission(hamlet: Hamlet, month: int) -> int:
    """Months since the last admission, as far as is known."""
    if hamlet.last_admission < -events.NEVER_ADMITTED + 1:
        return events.NEVER_ADMITTED
    return month - hamlet.last_admission
