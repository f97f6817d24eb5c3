"""Results that are kept with what they were made of."""

from typing import Any

import numpy as np
import pytest

from sim.plan import Memory
from sim.scenario import Scenario
from tests.small import quiet

COUNTS: list[str] = []


@pytest.fixture(autouse=True)
def nothing_made() -> None:
    COUNTS.clear()


def seats(scenario: Scenario, *given: object) -> int:
    """Reads whether there is training, and only then how many seats it has."""
    COUNTS.append("seats")
    return scenario.training.seats if scenario.training.on else 0


def with_(**values: Any) -> Scenario:
    return quiet().with_values({k.replace("__", "."): v for k, v in values.items()})


def test_what_was_not_read_may_differ() -> None:
    memory = Memory()
    for seed in (1, 2):
        assert (
            memory.recall("x", seats, with_(training__on=True, training__seats=7, seed=seed)) == 7
        )
    assert len(COUNTS) == 1


def test_what_was_read_may_not_differ() -> None:
    memory = Memory()
    given = {"training__on": True}
    assert memory.recall("x", seats, with_(**given, training__seats=7)) == 7
    assert memory.recall("x", seats, with_(**given, training__seats=8)) == 8
    assert memory.recall("x", seats, with_(**given, training__seats=7)) == 7
    assert len(COUNTS) == 2


def test_each_result_knows_its_own_way() -> None:
    """Without training seats are not read: another number of them is the same to that result."""
    memory = Memory()
    assert memory.recall("x", seats, with_(training__on=False, training__seats=7)) == 0
    assert memory.recall("x", seats, with_(training__on=False, training__seats=8)) == 0
    assert memory.recall("x", seats, with_(training__on=True, training__seats=8)) == 8
    assert len(COUNTS) == 2


def test_a_part_that_is_there_or_not() -> None:
    """`settling_away_members` is a rate of its own or none."""

    def rate(scenario: Scenario) -> float | None:
        COUNTS.append("rate")
        members = scenario.demography.settling_away_members
        return members.constant if members else None

    memory, none = Memory(), with_()
    some = with_(demography__settling_away_members={"constant": 0.25})
    found = [memory.recall("x", rate, scenario) for scenario in (none, some, none, some)]
    assert found == [None, 0.25, None, 0.25] and len(COUNTS) == 2


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("a", "a", "b"),
        (np.arange(3), np.arange(3), np.arange(4)),
        (np.arange(3), np.arange(3), np.array([0, 1, 3])),
        ((1, (2.0,)), (1, (2.0,)), (1, (3.0,))),
    ],
)
def test_what_is_given_counts_by_content(one: object, same: object, other: object) -> None:
    memory, scenario = Memory(), with_()
    for given in (one, same, one):
        memory.recall("x", seats, scenario, given)
    assert len(COUNTS) == 1
    memory.recall("x", seats, scenario, other)
    assert len(COUNTS) == 2


def test_kinds_are_kept_apart() -> None:
    memory, scenario = Memory(), with_()
    memory.recall("x", seats, scenario)
    memory.recall("y", seats, scenario)
    assert len(COUNTS) == 2


def test_the_last_results_are_kept() -> None:
    memory = Memory()
    for given in range(Memory.MOST + 1):
        memory.recall("x", seats, with_(), given)
    for given in range(1, Memory.MOST + 1):
        memory.recall("x", seats, with_(), given)
    assert len(COUNTS) == Memory.MOST + 1
    memory.recall("x", seats, with_(), 0)
    assert len(COUNTS) == Memory.MOST + 2


def test_a_result_is_given_as_it_is() -> None:
    memory, scenario = Memory(), with_()
    made = memory.recall("x", lambda _: np.zeros(3), scenario)
    assert memory.recall("x", lambda _: np.ones(3), scenario) is made
