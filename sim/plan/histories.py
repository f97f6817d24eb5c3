"""What policies have in common up to a month: one history, simulated once.

Two policies have the same history before a month if the same levers act before it. Nothing that
they do later is felt earlier, so that a replication is the same to the last bit until then.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.draws import entity_key
from sim.levers import Lever, LocalClass
from sim.plan.calendar import months_between
from sim.plan.scopes import Scoped
from sim.scenario import Policy, Scenario


class Acting(NamedTuple):
    """What a lever is and does, and its months [first, end)."""

    content: str
    first: int
    end: int


def history(scenario: Scenario, policy: Policy, month: int) -> tuple[Acting, ...]:
    """What acts before a month, in the order of the policy."""
    return _before(month, _acting(scenario, policy))


def _before(month: int, levers: Iterable[Acting]) -> tuple[Acting, ...]:
    acting = (one._replace(end=min(one.end, month)) for one in levers)
    return tuple(one for one in acting if one.first < one.end)


def shared_months(scenario: Scenario, policies: Sequence[Policy]) -> int:
    """The month up to which all these policies have one history; that of the horizon at most."""
    horizon = scenario.years * 12
    acting = [tuple(_acting(scenario, policy)) for policy in policies]
    every = [one for levers in acting for one in levers]
    changes = {0, horizon} | {month for one in every for month in (one.first, one.end)}
    shared = 0
    for month in sorted(month for month in changes if 0 <= month <= horizon):
        if len({_before(month, levers) for levers in acting}) > 1:
            break
        shared = month
    return shared


def _acting(scenario: Scenario, policy: Policy) -> Iterable[Acting]:
    """All levers with their months; a series of classes by its number, which its draws go by."""
    series = 0
    for lever in policy:
        series += isinstance(lever, LocalClass)
        number = f" {series}" if isinstance(lever, LocalClass) else ""
        first = months_between(scenario.start, lever.since) if lever.since else 0
        end = months_between(scenario.start, lever.until) if lever.until else scenario.years * 12
        yield Acting(_content(lever) + number, first, end)


def _content(lever: Lever) -> str:
    """What a lever is and does, whatever its dates are."""
    return lever.model_dump_json(exclude={"since", "until"})


def keys(levers: Sequence[Scoped]) -> npt.NDArray[np.int64]:
    """A key for each lever that does not depend on the others of its policy, nor on its end."""
    before: Counter[str] = Counter()
    found = []
    for one in levers:
        name = f"{_content(one.lever)} {one.first}"
        found.append(entity_key(f"{name} {before[name]}"))
        before[name] += 1
    return np.array(found, dtype=np.int64)
