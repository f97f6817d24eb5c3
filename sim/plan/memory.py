"""Results that are kept with what they were made of, for plans that have much in common.

A function is given a scenario that notes which of its values are read. What the function made is
given again for every scenario in which these values are the same: nobody has to list what it
depends on, and nothing can be forgotten.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from pydantic import BaseModel

from sim.scenario import Scenario

Path = tuple[str, ...]
Result = TypeVar("Result")


class Memory:
    """For plans of one baseline, under several draws of the parameters and several policies.

    For several threads: at worst two of them make the same.
    """

    MOST = 4
    """Results of one kind that are kept."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, list[_Kept]] = defaultdict(list)

    def recall(
        self, kind: Hashable, make: Callable[..., Result], scenario: Scenario, *given: object
    ) -> Result:
        """`make(scenario, *given)`, or what it made of the same before for this kind.

        `make` must depend on nothing else, and what it gives must never be changed.
        """
        kept = self._kept[kind]
        for one in reversed(kept):
            if one.was_made_of(scenario, given):
                return cast(Result, one.result)
        read: dict[Path, object] = {}
        result = make(cast(Scenario, _Noted(scenario, (), read)), *given)
        del kept[: 1 - self.MOST]
        kept.append(_Kept(given, read, result))
        return result


class _Noted:
    """A scenario or a part of it, which notes what is read: of a part that it is there."""

    __slots__ = ("_of", "_path", "_read")

    def __init__(self, of: BaseModel, path: Path, read: dict[Path, object]) -> None:
        self._of, self._path, self._read = of, path, read

    def __getattr__(self, name: str) -> Any:
        value, path = getattr(self._of, name), (*self._path, name)
        self._read[path] = _shallow(value)
        return _Noted(value, path, self._read) if isinstance(value, BaseModel) else value


class _Kept(NamedTuple):
    """A result, and all that it was made of."""

    given: tuple[object, ...]
    read: dict[Path, object]
    result: object

    def was_made_of(self, scenario: Scenario, given: tuple[object, ...]) -> bool:
        """Whether the function would read the same again, one value after the other."""
        return all(map(_is_same, self.given, given)) and all(
            _shallow(_value_at(scenario, path)) == value for path, value in self.read.items()
        )


def _shallow(value: object) -> object:
    """A value, or of a part with values of its own what kind of part it is."""
    return type(value) if isinstance(value, BaseModel) else value


def _value_at(scenario: Scenario, path: Path) -> object:
    value: object = scenario
    for name in path:
        value = getattr(value, name)
    return value


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return one is other or np.array_equal(one, cast(Any, other))
    return one is other or bool(one == other)
