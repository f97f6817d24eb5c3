"""What a check found, and where; documents and tables turn it into a fault with its place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Steps = tuple[str | int, ...]
"""The way to a value: keys of mappings and indices of lists, from the outside in."""

TABLE = "table"
"""First step to a column of the baseline table, as in ("table", "id")."""


@dataclass(frozen=True)
class Finding:
    """A fault at `at`. It says nothing if what it `rests_on` is itself at fault."""

    at: Steps
    found: str
    allowed: str
    suggestion: str | None = None
    rests_on: tuple[Steps, ...] = ()


@dataclass(frozen=True)
class UnitFinding:
    """A fault of the unit with this index in the baseline, in one of the table's columns."""

    unit: int
    column: str
    found: str
    allowed: str
    suggestion: str | None = None


def dotted(steps: Steps) -> str:
    """The path as a planner writes it: `policies.more-seats[0].seats.times`."""
    texts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return "".join(texts).removeprefix(".")


def value_at(data: Any, steps: Steps) -> Any:
    """The value a path leads to, None if there is none."""
    for step in steps:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def reliable(findings: Iterable[Finding], broken: Sequence[Steps]) -> tuple[Finding, ...]:
    """The findings that do not follow from what is already known to be at fault."""
    return tuple(
        finding
        for finding in findings
        if not any(is_broken(steps, broken) for steps in (finding.at, *finding.rests_on))
    )


def is_broken(steps: Steps, broken: Iterable[Steps]) -> bool:
    """Whether a path leads into, or past, any of those that are broken."""
    return any(all(a == b for a, b in zip(steps, other, strict=False)) for other in broken)
