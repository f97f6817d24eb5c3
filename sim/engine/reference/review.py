"""The review of the cells: responses, endings, foundings, adaptive levers; and the yearly panel."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim import rules
from sim.draws import person_key
from sim.engine.reference import life, meetings
from sim.engine.reference.state import Hamlet, Person, Unit

REVIEW = 6


def review(unit: Unit, month: int, day: float) -> None:
    """Responses in the policy's order; what is not restored ends; who can stand is founded."""
    if not unit.plan.review[month]:
        return
    seen = observe(unit, month, day)
    if unit.settings.combine_first:
        combine(unit, month, day)
        reinforce(unit, month, day)
    else:
        reinforce(unit, month, day)
        combine(unit, month, day)
    ended = end_cells(unit, day)
    found_cells(unit, ended, month, day)
    enrol_the_homeless(unit, day)
    decide_levers(unit, seen, day)


# ---------------------------------------------------------------- observables


def observe(unit: Unit, month: int, day: float) -> dict[int, list[float]]:
    """The closed list of observables of each hamlet, in the order of `rules.OBSERVABLES`."""
    if not len(unit.plan.conditions):
        return {}
    return {h.index: _observables(unit, h, month, day) for h in unit.hamlets}


def _observables(unit: Unit, hamlet: Hamlet, month: int, day: float) -> list[float]:
    people = [p for p in hamlet.people.values() if p.is_followed]
    roll = [p for p in people if is_on_roll(p)]
    old = sum(rules.birthdays(day, p.birth) >= 60 for p in roll)
    posted = sum(p.counted for p in people if p.place == rules.POSTED)
    exempt = sum(p.counted for p in people if p.status == rules.EXEMPT)
    return [
        float(meetings.cell_strength(unit, hamlet)),
        float(hamlet.officials - posted),
        float(hamlet.officials - exempt),
        old / len(roll) if roll else 0.0,
        float(since_admission(hamlet, month)),
        float(hamlet.candidates),
        0.0,
    ]




def is_on_roll(person: Person) -> bool:
    """An official, away or not, who is not posted in."""
    return person.status in (rules.OFFICIAL, rules.EXEMPT) and person.place != rules.POSTED


def since_admission(hamlet: Hamlet, month: int) -> int:
    """Months since the last admission, as far as is known."""
    if hamlet.last_admission < -events.NEVER_ADMITTED + 1:
        return events.NEVER_ADMITTED
    return month - hamlet.last_admission


# ---------------------------------------------------------------- responses


def reinforce(unit: Unit, month: int, day: float) -> None:
    """Members are posted into weak cells, as long as the pool lasts."""
    weak = [h for h in unit.hamlets if _is_weak(unit, h, month)]
    for hamlet in meetings.weakest_first(unit, weak):
        row = unit.row(hamlet, month)
        term, number = row.reinforce_term, row.reinforce_number
        if row.reinforce_senders >= 0:
            send(unit, hamlet, row.reinforce_senders, number, month, term, day)
            continue
        pool = int(unit.plan.pool_of[hamlet.index, row.reinforce_pool])
        free = int(unit.plan.pool_size[pool] - unit.pool_used[pool])
        keys = [
            person_key(hamlet.key, rules.POSTED_PEOPLE, month, i) for i in range(min(number, free))
        ]
        unit.pool_used[pool] += len(keys)
        for key in sorted(keys):
            person = meetings.posted_person(unit, hamlet, key, pool, day)
            person.term_months, person.term_month = term, month + term
            _take_up(unit, person, day)


def _is_weak(unit: Unit, hamlet: Hamlet, month: int) -> bool:
    row = unit.row(hamlet, month)
    if meetings.cell_strength(unit, hamlet) >= row.reinforce_below:
        return False
    without = hamlet.cell == rules.NONE and row.reinforce_without
    return hamlet.cell == rules.OWN or without


def _take_up(unit: Unit, person: Person, day: float) -> None:
    """A posting begins at the review."""
    life.enter(unit, person, day, REVIEW)
    unit.postings += 1
    unit.terms[person.term_month].append(person)
    life.look_ahead(unit, person, day)
    life.watch(unit, person)


def send(
    unit: Unit, hamlet: Hamlet, senders: int, number: int, month: int, term: int, day: float
) -> None:
    """Named cells send members, the strongest first, and never below their own minimum."""
    first, last = unit.plan.sender_first[senders], unit.plan.sender_first[senders + 1]
    cells = [unit.by_index[int(i)] for i in unit.plan.senders[first:last]]
    sent: list[Person] = []
    for _ in range(number):
        able = [c for c in cells if c is not hamlet and _can_send(unit, c)]
        cell = unit.strongest(able)
        if cell is None:
            break
        person = min(
            (p for p in cell.people.values() if _may_be_sent(p)),
            key=lambda p: (unit.draw(p, rules.SENDING_LOTTERY, month), p.key),
        )
        unit.record(day, REVIEW, cell, person.key, events.SENT)
        unit.record(day, REVIEW, hamlet, person.key, events.POSTED, events.SENT)
        person.home, person.term_months, person.term_month = cell, term, month + term
        person.limit = rules.NEVER
        meetings.move_person(unit, person, hamlet, day, REVIEW, events.SENT, rules.POSTED)
        sent.append(person)
    for person in sent:
        unit.postings += 1
        unit.terms[person.term_month].append(person)
        life.look_ahead(unit, person, day)
        life.watch(unit, person)


def _can_send(unit: Unit, cell: Hamlet) -> bool:
    able = any(_may_be_sent(p) for p in cell.people.values())
    return cell.cell == rules.OWN and cell.strength > unit.settings.minimum and able


def _may_be_sent(person: Person) -> bool:
    at_home = person.place in (rules.PRESENT, rules.STAFF) and person.is_followed
    return at_home and person.status == rules.OFFICIAL


def combine(unit: Unit, month: int, day: float) -> None:
    """A cell under the minimum joins the neighbour's, or the strongest of the area."""
    below = [
        h for h in unit.hamlets
        if h.cell == rules.OWN and h.below_since != rules.NEVER
        and unit.row(h, month).combine
    ]  # fmt: skip
    hosts = [(h, _joint_host(unit, h)) for h in below]
    for hamlet, host in hosts:
        if host is None:
            continue
        unit.record(day, REVIEW, hamlet, events.NOBODY, events.COMBINED, hamlet.below_cause)
        close_cell(hamlet, rules.JOINT)
        for one in unit.hamlets:
            if one.roll == hamlet.index:
                meetings.enrol(unit, one, host, day, REVIEW, events.COMBINED)


def _joint_host(unit: Unit, hamlet: Hamlet) -> Hamlet | None:
    neighbour = unit.by_index.get(hamlet.neighbour)
    if neighbour is not None and stands(unit, neighbour):
        return neighbour
    return host_of(unit, hamlet)


def stands(unit: Unit, hamlet: Hamlet) -> bool:
    """A cell of its own that is not under the minimum."""
    return hamlet.cell == rules.OWN and hamlet.strength >= unit.settings.minimum


def host_of(unit: Unit, hamlet: Hamlet) -> Hamlet | None:
    """The strongest standing cell of the same area."""
    level = unit.settings.host_level
    area = unit.plan.area[hamlet.index, level]
    able = [
        h for h in unit.hamlets
        if h is not hamlet and unit.plan.area[h.index, level] == area and stands(unit, h)
    ]  # fmt: skip
    return unit.strongest(able)


def close_cell(hamlet: Hamlet, cell: int) -> None:
    """The hamlet's own cell is no more."""
    hamlet.cell, hamlet.below_since = cell, rules.NEVER
    hamlet.secretary, hamlet.secretary_code = None, rules.NO_CHIEF
    hamlet.secretary_trained = False


# ---------------------------------------------------------------- endings and foundings


def end_cells(unit: Unit, day: float) -> set[int]:
    """What is still under the minimum when the grace is over is lost; returns those hamlets."""
    ended = [
        h for h in unit.hamlets
        if h.cell == rules.OWN and h.below_since != rules.NEVER
        and unit.later(h.below_since, unit.settings.grace_months) <= day
    ]  # fmt: skip
    lost: list[Hamlet] = []
    for cell in ended:
        covered = [
            h for h in unit.hamlets
            if h.roll == cell.index and (h is cell or h.cell == rules.JOINT)
        ]  # fmt: skip
        for hamlet in covered:
            kind = events.RE_EMPTIED if hamlet.ever_founded else events.LOST
            unit.record(day, REVIEW, hamlet, events.NOBODY, kind, cell.below_cause)
            hamlet.ever_lost = hamlet.ever_founded = True
        lost += covered
    for hamlet in lost:
        close_cell(hamlet, rules.NONE)
    for hamlet in unit.hamlets:
        if hamlet.roll >= 0 and unit.by_index[hamlet.roll].cell == rules.NONE:
            meetings.enrol(unit, hamlet, None, day, REVIEW, events.LOST)
    return {h.index for h in lost}


def found_cells(unit: Unit, ended: set[int], month: int, day: float) -> None:
    """Enough officials on the spot found a cell, unless the host would fall below its minimum."""
    able = [
        h for h in unit.hamlets
        if h.index not in ended and h.officials >= unit.settings.founding
        and (h.cell == rules.NONE or (h.cell == rules.JOINT and _may_separate(unit, h, month)))
    ]  # fmt: skip
    able.sort(key=lambda h: (unit.draw_for(h, rules.REVIEW_LOTTERY, month), h.key))
    for hamlet in able:
        host = unit.by_index[hamlet.roll] if hamlet.roll >= 0 else None
        if host and host.strength - hamlet.officials < unit.settings.minimum:
            continue
        meetings.enrol(unit, hamlet, None, day, REVIEW, events.FOUNDED)
        kind = events.FOUNDED if hamlet.cell == rules.NONE else events.SEPARATED
        unit.record(day, REVIEW, hamlet, events.NOBODY, kind, hamlet.gain or events.AT_START)
        hamlet.ever_founded |= kind == events.FOUNDED
        hamlet.cell, hamlet.roll, hamlet.strength = rules.OWN, hamlet.index, hamlet.officials


def _may_separate(unit: Unit, hamlet: Hamlet, month: int) -> bool:
    return bool(unit.row(hamlet, month).separate)


def enrol_the_homeless(unit: Unit, day: float) -> None:
    """Members without a cell go on the roll of the strongest cell of the area."""
    if not unit.settings.host_exists:
        return
    homeless = [h for h in unit.hamlets if h.cell == rules.NONE and h.roll < 0]
    for hamlet, host in [(h, host_of(unit, h)) for h in homeless]:
        if host:
            meetings.enrol(unit, hamlet, host, day, REVIEW, events.LOST)


# ---------------------------------------------------------------- adaptive levers


def decide_levers(unit: Unit, seen: dict[int, list[float]], day: float) -> None:
    """Which adaptive levers act on each hamlet from now to the next review."""
    if not seen:
        return
    bits = {hamlet.index: 0 for hamlet in unit.hamlets}
    for bit in range(unit.settings.adaptive):
        if not unit.plan.adaptive_months[bit, unit.month]:
            continue
        for index in _where_it_holds(unit, bit, seen):
            bits[index] |= 1 << bit
    for hamlet in unit.hamlets:
        change_group(unit, hamlet, hamlet.base_group | bits[hamlet.index], day)


def _where_it_holds(unit: Unit, bit: int, seen: dict[int, list[float]]) -> list[int]:
    """The hamlets in a lever's scope for which every condition of the lever holds."""
    scope = unit.plan.condition_scope[bit]
    able = [h.index for h in unit.hamlets if scope[h.index] and h.cell != rules.CLOSED]
    for condition in unit.plan.conditions[unit.plan.conditions["bit"] == bit]:
        observable = int(condition["observable"])
        value = {h: seen[h][observable] for h in able}
        if observable == rules.RANK:
            value = _ranks(unit, bit, int(condition["level"]), seen)
        low, high = float(condition["at_least"]), float(condition["below"])
        able = [h for h in able if low <= value[h] < high]
    return able


def _ranks(
    unit: Unit, bit: int, level: int, seen: dict[int, list[float]]
) -> dict[int, float]:
    """How many hamlets in the lever's scope and the same area are weaker, equals by lottery."""
    scope = unit.plan.condition_scope[bit]
    able = [h for h in unit.hamlets if scope[h.index] and h.cell != rules.CLOSED]

    def place(hamlet: Hamlet) -> tuple[float, float, int]:
        lottery = unit.draw_for(hamlet, rules.REVIEW_LOTTERY, unit.month)
        return seen[hamlet.index][rules.STRENGTH], lottery, hamlet.key

    ranks: dict[int, float] = {}
    before: Counter[int] = Counter()
    for hamlet in sorted(able, key=place):
        area = int(unit.plan.area[hamlet.index, level])
        ranks[hamlet.index] = float(before[area])
        before[area] += 1
    return ranks


def change_group(unit: Unit, hamlet: Hamlet, group: int, day: float) -> None:
    """Other schedules from now; clocks are re-based only where the person's own rate differs."""
    if group == hamlet.group:
        return
    rates, before = unit.rates, hamlet.group
    touched = []
    for person in hamlet.people.values():
        state = person.status * rules.PLACES + person.place
        if person.entry_kind or person.place == rules.POSTED:
            continue
        if not rules.same_rates(
            day, person.birth, unit.settings.horizon, rates.starts,
            rates.steady[state, before], rates.moving[before],
            rates.steady[state, group], rates.moving[group],
            life.leaving_scale(unit, person),
        ):  # fmt: skip
            life.settle_budget(unit, person, day)
            touched.append(person)
    hamlet.group = group
    for person in touched:
        life.look_ahead(unit, person, day)
        life.watch(unit, person)


# ---------------------------------------------------------------- 7 panel


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
        meetings.cell_strength(unit, hamlet),
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
