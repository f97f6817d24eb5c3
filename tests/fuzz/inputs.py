"""Inputs made from samples: cut, doubled, overwritten, with words of the format put in."""

import random
from collections.abc import Iterator

from tests.fuzz.readers import Reader

LARGEST = 20_000
MOST_CHANGES = 4


def inputs(reader: Reader, number: int, seed: int) -> Iterator[bytes]:
    """So many inputs; the same for the same seed. The first are the samples themselves."""
    chance = random.Random(f"{seed} {reader.name}")
    yield from reader.samples[:number]
    for _ in range(number - len(reader.samples)):
        content = chance.choice(reader.samples) if chance.random() < 0.95 else b""
        for _ in range(chance.randint(1, MOST_CHANGES)):
            content = _changed(content, reader.words, chance)
        yield content[:LARGEST]


def _changed(content: bytes, words: tuple[bytes, ...], chance: random.Random) -> bytes:
    start = chance.randint(0, len(content))
    end = min(len(content), start + min(int(chance.expovariate(0.15)), 400))
    match chance.randrange(6):
        case 0:
            new = b""
        case 1:
            new = chance.randbytes(chance.randint(1, 8))
        case 2:
            new = chance.choice(words) if words else chance.randbytes(2)
        case 3:
            new = 2 * content[start:end]
        case 4:
            other = chance.randint(0, len(content))
            new = content[other : other + end - start]
        case _:
            new = bytes(byte ^ 1 << chance.randrange(8) for byte in content[start:end])
    return content[:start] + new + content[end:]
