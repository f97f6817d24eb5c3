"""The two orders of the engine: the heap of a month's lives, and queues of people or hamlets."""

from sim.engine.compiled.state import WAITING, kernel

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
def queued_before(s, a, b):
    """Order of a queue: value, waiting since, lottery, key."""
    if s.value[a] != s.value[b]:
        return s.value[a] < s.value[b]
    if s.since_queued[a] != s.since_queued[b]:
        return s.since_queued[a] < s.since_queued[b]
    if s.lottery[a] != s.lottery[b]:
        return s.lottery[a] < s.lottery[b]
    return s.queue_key[a] < s.queue_key[b]


@kernel
def sort_queue(s, n):
    """Sort the first n entries of `order` (heap sort); they index the other columns."""
    order = s.order
    for start in range(n // 2 - 1, -1, -1):
        sift(s, start, n)
    for end in range(n - 1, 0, -1):
        order[0], order[end] = order[end], order[0]
        sift(s, 0, end)


@kernel
def keep_order(s, n, kept):
    """Copy the first n entries, so that `order` may be used again."""
    for k in range(n):
        kept[k] = s.order[k]


@kernel
def sift(s, at, size):
    """One step of the heap sort."""
    order = s.order
    while True:
        last = at
        for below in (2 * at + 1, 2 * at + 2):
            if below < size and queued_before(s, order[last], order[below]):
                last = below
        if last == at:
            return
        order[at], order[last] = order[last], order[at]
        at = last


@kernel
def queue(s, n, i, value, since, lottery, key):
    """Entry n of the queue is person or hamlet i."""
    s.order[n] = i
    s.value[i] = value
    s.since_queued[i] = since
    s.lottery[i] = lottery
    s.queue_key[i] = key
