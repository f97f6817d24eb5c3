"""Chiefs, secretaries and their courses."""

from collections.abc import Callable

from sim import log as events
from sim import rules
from sim.engine.reference import counting
from sim.engine.reference.state import POSTINGS, Hamlet, Person, Row, Unit


def fill_offices(unit: Unit, month: int, day: float) -> None:
    """Chiefs are elected every term and when the office is vacant; secretaries when vacant."""
    election = bool(unit.plan.election[month])
    for hamlet in unit.hamlets:
        if hamlet.cell == rules.CLOSED:
            continue
        row = unit.row(hamlet, month)
        if hamlet.is_hamlet:
            _elect_chief(unit, hamlet, row, election, month, day)
        if hamlet.cell == rules.OWN and hamlet.secretary is None:
            _name_secretary(unit, hamlet, row, month, day)


def _elect_chief(
    unit: Unit, hamlet: Hamlet, row: Row, election: bool, month: int, day: float
) -> None:
    vacant = hamlet.chief is None and hamlet.chief_code == rules.NO_CHIEF
    if not vacant and not (election and _goes(unit, hamlet, month)):
        return
    before, chosen = hamlet.chief, None
    if row.unified and may_be_chief(hamlet.secretary, before):
        chosen = hamlet.secretary
    elif unit.draw_for(hamlet, rules.CHIEF_MEMBER, month) < row.member_elected:
        lottery = rules.OFFICE_LOTTERY
        chosen = by_lottery(unit, hamlet, lottery, month, lambda p: may_be_chief(p, before))
    hamlet.chief, hamlet.chief_code = chosen, rules.RESIDENT_CHIEF
    hamlet.chief_trained = hamlet.chief_asked = False
    key = chosen.key if chosen else events.NOBODY
    cause = events.VACANCY if vacant else events.ELECTION
    unit.record(day, POSTINGS, hamlet, key, events.CHIEF_NAMED, cause)


def _goes(unit: Unit, hamlet: Hamlet, month: int) -> bool:
    """Whether a chief does not stay for another term."""
    return unit.draw_for(hamlet, rules.CHIEF_STAYS, month) < unit.settings.chief_turnover


def may_be_chief(person: Person | None, before: Person | None) -> bool:
    """A chief is an active official at home, and not the one before."""
    if person is None or person is before:
        return False
    return person.status == rules.OFFICIAL and person.place == rules.PRESENT


def _name_secretary(unit: Unit, hamlet: Hamlet, row: Row, month: int, day: float) -> None:
    chosen: Person | None = None
    if row.unified and hamlet.chief is not None and may_be_secretary(unit, hamlet.chief, day):
        chosen = hamlet.chief
    else:
        lottery = rules.SECRETARY_LOTTERY
        chosen = by_lottery(unit, hamlet, lottery, month, lambda p: may_be_secretary(unit, p, day))
    if chosen is None:
        return
    hamlet.secretary = chosen
    trained = unit.draw(chosen, rules.SUCCESSOR_TRAINED, month) < row.successor_trained
    hamlet.secretary_trained = trained
    unit.record(day, POSTINGS, hamlet, chosen.key, events.SECRETARY_NAMED, events.VACANCY)


def may_be_secretary(unit: Unit, person: Person, day: float) -> bool:
    """A secretary is an active official on the spot, posted or not, and not too old."""
    here = person.status == rules.OFFICIAL and person.place != rules.AWAY
    return here and day - person.birth < unit.settings.secretary_maximum_age * rules.YEAR


def by_lottery(
    unit: Unit, hamlet: Hamlet, lottery: int, month: int, may: Callable[[Person], bool]
) -> Person | None:
    """One of those who may, each as likely as the other."""
    able = [p for p in hamlet.people.values() if p.is_followed and may(p)]
    return min(able, key=lambda p: (unit.draw(p, lottery, month), p.key), default=None)


def hold_courses(unit: Unit, month: int, day: float) -> None:
    """Courses for untrained chiefs and secretaries, of the weakest cells first."""
    courses = unit.plan.courses
    for course in courses[courses["month"] == month]:
        level, area, chiefs = int(course["level"]), int(course["area"]), bool(course["chief"])
        able = [
            h for h in unit.hamlets
            if unit.plan.area[h.index, level] == area and _wants_course(h, chiefs)
        ]  # fmt: skip
        for hamlet in counting.weakest_first(unit, able)[: int(course["places"])]:
            if chiefs:
                hamlet.chief_trained = True
                holder = hamlet.chief
            else:
                hamlet.secretary_trained = True
                holder = hamlet.secretary
            key = holder.key if holder else events.NOBODY
            cause = events.CHIEF_NAMED if chiefs else events.SECRETARY_NAMED
            unit.record(day, POSTINGS, hamlet, key, events.OFFICER_TRAINED, cause)


def _wants_course(hamlet: Hamlet, chiefs: bool) -> bool:
    if hamlet.cell == rules.CLOSED:
        return False
    if chiefs:
        in_office = hamlet.chief is not None or hamlet.chief_code == rules.RESIDENT_CHIEF
        return in_office and not hamlet.chief_trained
    return hamlet.secretary is not None and not hamlet.secretary_trained
