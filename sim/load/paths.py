"""Dotted paths of parameters, such as `policies.more-seats[0].seats.times`."""

import re
from collections.abc import Iterator
from typing import Any

from sim.load import shape
from sim.load.findings import Steps, value_at

INDEX = re.compile(r"\[([0-9]{1,6})\]\.?(.*)", re.DOTALL)


def resolved(path: str, node: shape.Schema, data: Any) -> Steps | None:
    """The way that a dotted path leads through `data`, None if the schema has no such place."""
    if not path:
        return ()
    for step, rest in _first_steps(path, data):
        inner = shape.below(node, data, step)
        after = None if inner is None else resolved(rest, inner, value_at(data, (step,)))
        if after is not None:
            return (step, *after)
    return None


def _first_steps(path: str, data: Any) -> Iterator[tuple[str | int, str]]:
    """Ways to split off the first step. Keys may hold dots; those that exist come first."""
    if index := INDEX.fullmatch(path):
        if isinstance(data, list) and int(index[1]) < len(data):
            yield int(index[1]), index[2]
        return
    ends = [i for i, character in enumerate(path) if character in ".["]
    ways = [(path[:end], path[end:].removeprefix(".")) for end in (*ends, len(path))]
    here = data if isinstance(data, dict) else {}
    yield from (way for way in ways if way[0] in here)
    yield from (way for way in ways if way[0] not in here and "[" not in way[0])
