"""`sim.draws.uniform` and `person_key` for arrays of keys, in numpy: the same bits, all at once."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sim import draws

Words = npt.NDArray[np.uint64]
HALF, LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)


def uniforms(
    seed: int, replication: int, stream: int, entity: Any, decision: Any, block: Any = 0
) -> npt.NDArray[np.float64]:
    """The numbers of the occurrences 4 block .. 4 block + 3, [4, ...]; arrays are broadcast."""
    words = philox4x64(entity, stream, decision, block, seed, replication)
    return ((words >> np.uint64(12)).astype(np.float64) + 0.5) * draws.UNIT


def person_keys(hamlet_key: Any, stream: int, month: Any, index: Any) -> npt.NDArray[np.int64]:
    """The keys of the `index`-th persons whom `stream` brings to hamlets in months."""
    word = philox4x64(hamlet_key, stream, month, index, draws.PERSON_KEY_0, draws.PERSON_KEY_1)[0]
    return (word >> np.uint64(1)).astype(np.int64)


def philox4x64(entity: Any, stream: Any, decision: Any, block: Any, k0: int, k1: int) -> Words:
    """Philox4x64-10 of many counters under one key: four words each, [4, ...]."""
    counters = (np.asarray(word, dtype=np.uint64) for word in (entity, stream, decision, block))
    c0, c1, c2, c3 = np.broadcast_arrays(*counters)
    for _ in range(draws.ROUNDS):
        high_0, low_0 = product(draws.MULTIPLIER_0, c0)
        high_1, low_1 = product(draws.MULTIPLIER_1, c2)
        c0, c1, c2, c3 = high_1 ^ c1 ^ np.uint64(k0), low_1, high_0 ^ c3 ^ np.uint64(k1), low_0
        k0, k1 = (k0 + draws.WEYL_0) & draws.WORD, (k1 + draws.WEYL_1) & draws.WORD
    return np.stack([c0, c1, c2, c3])


def product(factor: int, words: Words) -> tuple[Words, Words]:
    """The upper and the lower 64 bits of products, by halves of words."""
    high, low = np.uint64(factor >> 32), np.uint64(factor) & LOW_HALF
    words_high, words_low = words >> HALF, words & LOW_HALF
    cross = high * words_low + (low * words_low >> HALF)
    other = low * words_high + (cross & LOW_HALF)
    return high * words_high + (cross >> HALF) + (other >> HALF), np.uint64(factor) * words
