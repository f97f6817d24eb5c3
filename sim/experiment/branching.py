"""Several policies from one history: what they have in common is simulated once.

Policies follow one history until the first month before which different levers act. There the
replications stop, and each group of policies that still have one history goes on from the same
worlds. Results are the same, to the last bit, as if each had run alone.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sim.engine.opening import Life, Stopped
from sim.experiment.preparation import Runner
from sim.plan.histories import history, shared_months
from sim.scenario import Scenario

Stops = list[Stopped | None]
"""Where each replication stands; None at its beginning."""


Group = tuple[Sequence[str], Runner, list[Life]]
"""Policies that never differ, who runs them, and where each replication stands."""


class _Lives(NamedTuple):
    """What all branches have in common."""

    scenario: Scenario
    runners: Callable[[str], Runner]
    seed: int
    replications: Sequence[int]


def replicated(
    scenario: Scenario,
    policies: Sequence[str],
    runners: Callable[[str], Runner],
    seed: int,
    replications: Sequence[int],
) -> Iterator[Group]:
    """Groups of policies that never differ, to be run from where they stand.

    A group must be run before the next is asked for. Memory holds, for each branch on the way, one
    runner and one stopped replication for each of `replications`.
    """
    lives = _Lives(scenario, runners, seed, replications)
    return _branch(lives, policies, runners(policies[0]), 0, [None] * len(replications))


def _branch(
    lives: _Lives, names: Sequence[str], runner: Runner, month: int, since: Stops
) -> Iterator[Group]:
    """Policies that have one history up to a month. (No closure: one that called itself would keep
    runners until the next collection of cycles.)"""
    scenario, seed = lives.scenario, lives.seed
    policy, stands = scenario.policies, list(zip(lives.replications, since, strict=True))
    shared = shared_months(scenario, [policy[name] for name in names])
    if shared == 12 * scenario.years:
        yield names, runner, stands
        return
    if shared > month:
        since = [runner.stop(seed, k, shared, at) for k, at in stands]
    groups: dict[object, list[str]] = {}
    for name in names:
        groups.setdefault(history(scenario, policy[name], shared + 1), []).append(name)
    for group in groups.values():
        its_own = runner if group[0] == names[0] else lives.runners(group[0])
        yield from _branch(lives, group, its_own, shared, since)
