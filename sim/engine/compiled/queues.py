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
READ_OFTEN: int = _FIELDS["entry_day"][1]
"""Bytes of a person before the fields that only postings and the first day read."""


@kernel
def set_instant(instants, soonest, i, day):
    """The instant of person i, of which `soonest` knows the first of each group."""
    instants[i] = day
    group = i >> GROUP_BITS
    if day < soonest[group]:
        soonest[group] = day


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
    for i in range(first, min(first + GROUP, s.counters[PEOPLE])):
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
def earlier(s, a, b):
    """Whether a's next step comes before b's."""
    if s.due[a] != s.due[b]:
        return s.due[a] < s.due[b]
    p, q = s.people[a], s.people[b]
    if p["hamlet"] != q["hamlet"]:
        return p["hamlet"] < q["hamlet"]
    return p["key"] < q["key"]


@kernel
def push(s, i):
    """Put a person into the heap of the month."""
    at = s.counters[WAITING]
    s.counters[WAITING] = at + 1
    s.heap[at] = i
    while at > 0:
        above = (at - 1) // 2
        if not earlier(s, s.heap[at], s.heap[above]):
            return
        s.heap[at], s.heap[above] = s.heap[above], s.heap[at]
        at = above


@kernel
def pop(s):
    """Take the earliest person out of the heap."""
    top = s.heap[0]
    size = s.counters[WAITING] - 1
    s.counters[WAITING] = size
    s.heap[0] = s.heap[size]
    at = 0
    while True:
        least = at
        for below in (2 * at + 1, 2 * at + 2):
            if below < size and earlier(s, s.heap[below], s.heap[least]):
                least = below
        if least == at:
            return top
        s.heap[at], s.heap[least] = s.heap[least], s.heap[at]
        at = least


# ---------------------------------------------------------------- queues


@kernel
def queue(s, n, i, value, since, lottery, key):
    """Entry n of the queue is person or hamlet i."""
    s.order[n] = i
    s.value[i] = value
    s.since_queued[i] = since
    s.lottery[i] = lottery
    s.queue_key[i] = key


@kernel
def lottery_is(s, decision, month):
    """Equals in the queue of people that follows are separated by this draw."""
    s.counters[LOTTERY] = decision
    s.counters[LOTTERY_MONTH] = month


@kernel
def lottery_of(s, i):
    """The lottery of an entry, drawn if it has not been."""
    if s.lottery[i] == UNDRAWN:
        s.lottery[i] = draw(s, i, s.counters[LOTTERY], s.counters[LOTTERY_MONTH])
    return s.lottery[i]


@kernel
def waits_before(s, a, b):
    """Order of a queue: value, then waiting since."""
    if s.value[a] != s.value[b]:
        return s.value[a] < s.value[b]
    return s.since_queued[a] < s.since_queued[b]


@kernel
def wins_against(s, a, b):
    """Order of those whom value and time do not tell apart: lottery, then key."""
    u, v = lottery_of(s, a), lottery_of(s, b)
    if u != v:
        return u < v
    return s.queue_key[a] < s.queue_key[b]


@kernel
def make_queue(s, n):
    """Make the first n entries of `order` a queue.

    It is a heap by value and time. Those who are level at its top stand apart, behind it, in a heap
    by lottery: nobody's lottery is drawn before it is needed.
    """
    s.counters[LEADERS] = 0
    make_heap(s, 0, n, False)


@kernel
def take_first(s, n):
    """Take the first of the n entries out of the queue; it stands at place n - 1 of `order`."""
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
    while True:
        first = at
        for below in (2 * at + 1, 2 * at + 2):
            if below < size:
                a, b = order[top + below], order[top + first]
                if wins_against(s, a, b) if by_lottery else waits_before(s, a, b):
                    first = below
        if first == at:
            return
        order[top + at], order[top + first] = order[top + first], order[top + at]
        at = first


@kernel
def sort_queue(s, n, kept):
    """Copy the first n entries in their order to `kept`, so that the queue may be used again."""
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
