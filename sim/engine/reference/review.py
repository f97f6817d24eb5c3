"""Phase 6: the review of the cells - responses, endings, foundings."""

from sim import log as events
from sim import rules
from sim.draws import person_key
from sim.engine.reference import adaptive, clocks, counting, life, moves, postings, stages
from sim.engine.reference.state import REVIEW, Hamlet, Person, Unit


def review(unit: Unit, month: int, day: float) -> None:
    """Responses in the policy's order; what is not restored ends; who can stand is founded."""
    if not unit.plan.review[month]:
        return
    seen = adaptive.observe(unit, month, day)
    if unit.settings.combine_first:
        combine(unit, month, day)
        reinforce(unit, month, day)
    else:
        reinforce(unit, month, day)
        combine(unit, month, day)
    ended = end_cells(unit, day)
    found_cells(unit, ended, month, day)
    enrol_the_homeless(unit, day)
    adaptive.decide_levers(unit, seen, day)


def reinforce(unit: Unit, month: int, day: float) -> None:
    """Members are posted into weak cells, as long as the pool lasts."""
    weak = [h for h in unit.hamlets if _is_weak(unit, h, month)]
    for hamlet in counting.weakest_first(unit, weak):
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
            person = postings.posted_person(unit, hamlet, key, pool, day)
            person.term_months, person.term_month = term, month + term
            _take_up(unit, person, day)


def _is_weak(unit: Unit, hamlet: Hamlet, month: int) -> bool:
    row = unit.row(hamlet, month)
    if counting.cell_strength(unit, hamlet) >= row.reinforce_below:
        return False
    without = hamlet.cell == rules.NONE and row.reinforce_without
    return hamlet.cell == rules.OWN or without


def _take_up(unit: Unit, person: Person, day: float) -> None:
    """A posting begins at the review."""
    stages.enter(unit, person, day, REVIEW)
    unit.postings += 1
    unit.terms[person.term_month].append(person)
    clocks.look_ahead(unit, person, day)
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
        moves.move_person(unit, person, hamlet, day, REVIEW, events.SENT, rules.POSTED)
        sent.append(person)
    for person in sent:
        unit.postings += 1
        unit.terms[person.term_month].append(person)
        clocks.look_ahead(unit, person, day)
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
                moves.enrol(unit, one, host, day, REVIEW, events.COMBINED)


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
            hamlet.ever_founded = True
        lost += covered
    for hamlet in lost:
        close_cell(hamlet, rules.NONE)
    for hamlet in unit.hamlets:
        if hamlet.roll >= 0 and unit.by_index[hamlet.roll].cell == rules.NONE:
            moves.enrol(unit, hamlet, None, day, REVIEW, events.LOST)
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
        moves.enrol(unit, hamlet, None, day, REVIEW, events.FOUNDED)
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
            moves.enrol(unit, hamlet, host, day, REVIEW, events.LOST)
