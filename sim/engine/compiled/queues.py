"""Orders and lists: the heap of a month's lives, queues, people by hamlet, the pipeline, terms."""

from sim import rules
from sim.engine.compiled.state import (
    IN_PIPELINE,
    LOTTERY,
    LOTTERY_MONTH,
    OVERFLOWN,
    PLACE_BITS,
    WAITING,
    draw,
    kernel,
)

UNDRAWN = -1.0
"""A lottery that is drawn when a queue needs it to separate equals."""
NO_ONE = -1
"""The end of a list."""

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
def queued_before(s, a, b):
    """Order of a queue: value, waiting since, lottery, key."""
    if s.value[a] != s.value[b]:
        return s.value[a] < s.value[b]
    if s.since_queued[a] != s.since_queued[b]:
        return s.since_queued[a] < s.since_queued[b]
    u, v = lottery_of(s, a), lottery_of(s, b)
    if u != v:
        return u < v
    return s.queue_key[a] < s.queue_key[b]


@kernel
def make_queue(s, n):
    """Bring the first n entries of `order` into the order of a heap, the first one on top."""
    for start in range(n // 2 - 1, -1, -1):
        sift(s, start, n)


@kernel
def take_first(s, n):
    """Take the first of the n entries out of the queue; it stands at place n - 1 of `order`."""
    order = s.order
    first = order[0]
    order[0] = order[n - 1]
    order[n - 1] = first
    sift(s, 0, n - 1)
    return first


@kernel
def sift(s, at, size):
    """Let an entry of the heap sink to its place."""
    order = s.order
    while True:
        first = at
        for below in (2 * at + 1, 2 * at + 2):
            if below < size and queued_before(s, order[below], order[first]):
                first = below
        if first == at:
            return
        order[at], order[first] = order[first], order[at]
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
