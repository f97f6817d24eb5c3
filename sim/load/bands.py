"""Age bands as planners write them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from sim.scenario import AgeBand

OPEN_BAND_END = 95
HIGHEST_AGE = 120
RANGE = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")
OPEN = re.compile(r"([0-9]{1,3})\+")
EXACT = re.compile(r"[0-9]{1,3}(\.[0-9]+)?")


def parse_band(label: str) -> AgeBand:
    """Exact ages [low, high): `18-29` is (18, 30), `80+` (80, 95), `65.5` exactly 65.5 years.

    Raises ValueError for another form, for ages out of order and for ages above 120.
    """
    label = label.strip().replace("\N{EN DASH}", "-")
    if both := RANGE.fullmatch(label):
        low, last = float(both[1]), float(both[2])
        band = (low, last + 1) if low <= last <= HIGHEST_AGE else None
    elif start := OPEN.fullmatch(label):
        low = float(start[1])
        band = (low, float(OPEN_BAND_END)) if low < OPEN_BAND_END else None
    else:
        exact = EXACT.fullmatch(label) and float(label) <= HIGHEST_AGE
        band = (float(label), float(label)) if exact else None
    if band is None:
        raise ValueError(label)
    return band


def overlapping(bands: Sequence[AgeBand]) -> tuple[int, int] | None:
    """Indices of two bands that share ages, if any do. An exact age lies in no band but itself."""
    ordered = sorted(range(len(bands)), key=lambda i: bands[i])
    pairs = [*pairwise(ordered), *pairwise(i for i in ordered if bands[i][0] < bands[i][1])]
    for i, j in pairs:
        is_range = bands[i][0] < bands[i][1] and bands[j][0] < bands[j][1]
        if bands[i] == bands[j] or (is_range and bands[j][0] < bands[i][1]):
            return i, j
    return None
