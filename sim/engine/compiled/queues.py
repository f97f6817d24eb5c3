"""Orders and lists: the heap of a month's lives, queues, people by hamlet, the pipeline, terms."""

from typing import Any

from sim import rules
from sim.compilation import fetch, kernel
from sim.engine.compiled.state import (
    GROUP,
    GROUP_BITS,
    IN_PIPELINE,
    LEADERS,
    LOTTERY,
    LOTTERY_MONTH,
    OVERFLOWN,
    PEOPLE,
    PLACE_BITS,
    WAITING,
    draw,
)
from sim.world import PERSON

UNDRAWN = -1.0
"""A lottery that is drawn when a queue needs it to separate equals."""
NO_ONE = -1
"""The end of a list."""

# ---------------------------------------------------------------- who is due

_FIELDS: Any = PERSON.fields
READ_OFTEN: int = _FIELDS["turn"][1]
"""Bytes of a person before the fields that only postings and the first day read."""


@kernel
def set_instant(instants, soonest, i, day):
    """The instant of person i, of which `soonest` knows the first of each group."""
    instants[i] = day
    group = i >> GROUP_BITS
    if day < soonest[group]:
        soonest[group] = day


@kernel
def nobody_yet(s, i):
    """The group in which person i will be the first has no instants until people come."""
    for k in range(i, i + GROUP):
        s.due[k] = s.turn[k] = rules.NEVER


@kernel
def find_due(s, instants, soonest, day):
    """How many people have an instant up to this day; they stand in `scratch`.

    Each of them is to be given a later one with `set_instant`.
    """
    found, groups = 0, (s.counters[PEOPLE] + GROUP - 1) >> GROUP_BITS
    for first in range(0, groups, GROUP):
        last = min(first + GROUP, groups)
        if is_any_due(soonest, first, last, day):
            for group in range(first, last):
                if soonest[group] <= day:
                    found = find_in_group(s, instants, soonest, group, day, found)
    return found


@kernel
def is_any_due(instants, first, last, day):
    """Whether there is one among these. Without a branch, several are compared at a time."""
    due = 0
    for i in range(first, last):
        due += instants[i] <= day
    return due > 0


@kernel
def find_in_group(s, instants, soonest, group, day, found):
    """Those of one group, put behind the `found`; how many there are then."""
    before, first = found, group << GROUP_BITS
    later = rules.NEVER
    for i in range(first, first + GROUP):
        s.scratch[found] = i  # no branch here either: nobody can guess who it is
        is_due = instants[i] <= day
        found += is_due
        later = min(later, rules.NEVER if is_due else instants[i])
    soonest[group] = later
    for k in range(before, found):
        fetch(s.people[s.scratch[k]], READ_OFTEN)
    return found


# ---------------------------------------------------------------- the heap of a month


@kernel
def push(s, i):
    """Put a person into the heap of the month."""
    at = s.counters[WAITING]
    s.counters[WAITING] = at + 1
    rise(s, at, i, s.due[i])


@kernel
def pop(s):
    """Take the earliest person out of the heap.

    The hole goes down to where nobody is below, and the last entry rises from there: it seldom
    rises far, and which of two comes first is no branch, for nobody can guess it.
    """
    top = s.heap[0]
    size = s.counters[WAITING] - 1
    s.counters[WAITING] = size
    last, day = s.heap[size], s.heap_day[size]
    s.heap_day[size] = rules.NEVER  # nobody: who is alone below another comes before
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        below += is_earlier(s, below + 1, below)
        s.heap[at], s.heap_day[at] = s.heap[below], s.heap_day[below]
        at = below
    rise(s, at, last, day)
    return top


@kernel
def rise(s, at, i, day):
    """Person i, whose next step is on this day, rises from a free place of the heap to its own."""
    s.heap[at], s.heap_day[at] = i, day
    while at > 0:
        above = (at - 1) // 2
        if not is_earlier(s, at, above):
            return
        s.heap[at], s.heap_day[at] = s.heap[above], s.heap_day[above]
        s.heap[above], s.heap_day[above] = i, day
        at = above


@kernel
def is_earlier(s, a, b):
    """Whether the next step of who stands at place a of the heap comes before that at place b."""
    first, second = s.heap_day[a], s.heap_day[b]
    if first == second:
        return stands_before(s, s.heap[a], s.heap[b])
    return first < second


@kernel
def stands_before(s, a, b):
    """The order of two people who have a step at the same instant."""
    p, q = s.people[a], s.people[b]
    if p["hamlet"] != q["hamlet"]:
        return p["hamlet"] < q["hamlet"]
    return p["key"] < q["key"]


# ---------------------------------------------------------------- queues


@kernel
def queue(s, n, who, value, since, lottery, key):
    """Entry n of the queue is this person or hamlet."""
    entry = s.queued[n]
    entry["who"], entry["value"], entry["since"] = who, value, since
    entry["lottery"], entry["key"] = lottery, key
    s.order[n] = n


@kernel
def lottery_is(s, decision, month):
    """Equals in the queue of people that follows are separated by this draw."""
    s.counters[LOTTERY] = decision
    s.counters[LOTTERY_MONTH] = month


@kernel
def lottery_of(s, entry):
    """The lottery of an entry, drawn if it has not been."""
    if entry["lottery"] == UNDRAWN:
        entry["lottery"] = draw(s, entry["who"], s.counters[LOTTERY], s.counters[LOTTERY_MONTH])
    return entry["lottery"]


@kernel
def waits_before(s, a, b):
    """Order of a queue: value, then waiting since."""
    first, second = s.queued[a], s.queued[b]
    if first["value"] != second["value"]:
        return first["value"] < second["value"]
    return first["since"] < second["since"]


@kernel
def wins_against(s, a, b):
    """Order of those whom value and time do not tell apart: lottery, then key."""
    first, second = s.queued[a], s.queued[b]
    u, v = lottery_of(s, first), lottery_of(s, second)
    if u != v:
        return u < v
    return first["key"] < second["key"]


@kernel
def make_queue(s, n):
    """Make the first n entries a queue: `order` says at which place each of them stands.

    It is a heap by value and time. Those who are level at its top stand apart, behind it, in a heap
    by lottery: nobody's lottery is drawn before it is needed.
    """
    s.counters[LEADERS] = 0
    make_heap(s, 0, n, False)


@kernel
def take_first(s, n):
    """Who is first of the n that are in the queue, and leaves it."""
    return s.queued[take_entry(s, n)]["who"]


@kernel
def take_entry(s, n):
    """The first of the n entries that are in the queue; it stands at place n - 1 of `order`."""
    order = s.order
    if s.counters[LEADERS] == 0:
        set_apart_leaders(s, n)
    leaders = s.counters[LEADERS]
    top = n - leaders
    order[top], order[n - 1] = order[n - 1], order[top]
    sift(s, top, 0, leaders - 1, True)
    s.counters[LEADERS] = leaders - 1
    return order[n - 1]


@kernel
def set_apart_leaders(s, n):
    """All who are level with the first go behind the other entries."""
    order = s.order
    first, size = order[0], n
    while size > 0 and not waits_before(s, first, order[0]):
        size -= 1
        order[0], order[size] = order[size], order[0]
        sift(s, 0, 0, size, False)
    make_heap(s, size, n - size, True)
    s.counters[LEADERS] = n - size


@kernel
def make_heap(s, top, size, by_lottery):
    """Bring so many entries, from place `top` of `order`, into the order of a heap."""
    for start in range(size // 2 - 1, -1, -1):
        sift(s, top, start, size, by_lottery)


@kernel
def sift(s, top, at, size, by_lottery):
    """Let an entry of the heap sink to its place."""
    order = s.order
    sinking = order[top + at]
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size:  # which of the two is no branch: nobody can guess it
            below += goes_before(s, order[top + below + 1], order[top + below], by_lottery)
        if not goes_before(s, order[top + below], sinking, by_lottery):
            break
        order[top + at] = order[top + below]
        at = below
    order[top + at] = sinking


@kernel
def goes_before(s, a, b, by_lottery):
    """The order of one of the two heaps."""
    return wins_against(s, a, b) if by_lottery else waits_before(s, a, b)


@kernel
def sort_queue(s, n, kept):
    """Copy who is in the queue in their order to `kept`, so that it may be used again."""
    make_queue(s, n)
    for k in range(n):
        kept[k] = take_first(s, n - k)


# ---------------------------------------------------------------- people by hamlet


@kernel
def join_hamlet(s, i):
    """Person i is one of the people of its hamlet: `first_person`, then `next_person`."""
    if s.counters[OVERFLOWN]:
        return
    h = s.people[i]["hamlet"]
    s.next_person[i] = s.first_person[h]
    s.first_person[h] = i


@kernel
def quit_hamlet(s, i):
    """Person i is to join another."""
    h = s.people[i]["hamlet"]
    before = s.first_person[h]
    if before == i:
        s.first_person[h] = s.next_person[i]
        return
    while before != NO_ONE and s.next_person[before] != i:
        before = s.next_person[before]
    if before != NO_ONE:
        s.next_person[before] = s.next_person[i]


# ---------------------------------------------------------------- the pipeline


@kernel
def join_pipeline(s, i):
    """A candidate or probationer, for whom meetings are held."""
    n = s.counters[IN_PIPELINE]
    if n < len(s.pipeline):
        s.pipeline[n] = i
        s.counters[IN_PIPELINE] = n + 1


@kernel
def tidy_pipeline(s):
    """Drop who is gone or has become an official."""
    n = 0
    for k in range(s.counters[IN_PIPELINE]):
        i = s.pipeline[k]
        if 0 <= s.state[i] >> PLACE_BITS <= rules.PROBATION:
            s.pipeline[n] = i
            n += 1
    s.counters[IN_PIPELINE] = n


# ---------------------------------------------------------------- terms


@kernel
def set_term(s, i, month):
    """Something is due for person i at that month start: see `first_term`, then `next_term`.

    Nobody has two terms to come.
    """
    s.term[i] = month
    if month < s.months and not s.counters[OVERFLOWN]:
        s.next_term[i] = s.first_term[month]
        s.first_term[month] = i
