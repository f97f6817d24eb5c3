"""A record of numbers and arrays that kernels take as one machine word.

Numba passes a tuple of arrays as several hundred arguments, and counts references to every array
that it reads from an object. Kernels here own nothing and allocate nothing, so that both are only
a cost (compiling took twice as long, running three times). A `Record` is a table of words: numbers,
and for arrays the address and the shape. Kernels read a field as `s.name`. The words never change
while a kernel runs, which lets the compiler keep them in registers.
"""

import ctypes
import functools
import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.compilation.deferred import WITHOUT_COMPILATION, Deferred, instruction

CACHE_LINE = 64
HUGE_PAGE = 1 << 21
NO_BYTES = ctypes.c_char * 0
NOWHERE = np.zeros(0, dtype=np.int64)

FieldKind = type[int] | type[float] | type[bool] | tuple[np.dtype[Any], int]
"""A number, or an array as its dtype and number of dimensions."""


class Record:
    """One kind of record: `kinds` names the kind of each field, `first_word` says where it is."""

    def __init__(self, name: str, kinds: Mapping[str, FieldKind]) -> None:
        self.name, self.kinds = name, dict(kinds)
        self.first_word = {}
        words = 0
        for field, kind in kinds.items():
            self.first_word[field] = words
            words += _words_of(kind)
        self.words = words

    @functools.cache  # noqa: B019 - there are as few of them as there are kinds of record
    def places(self, fields: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """Where the words of some fields are."""
        first = ((self.first_word[field], _words_of(self.kinds[field])) for field in fields)
        return np.concatenate([np.arange(at, at + words) for at, words in first])


def _words_of(kind: FieldKind) -> int:
    """A number takes one word, an array one more than it has dimensions."""
    return 1 + (kind[1] if isinstance(kind, tuple) else 0)


Shapes = Mapping[str, tuple[int | tuple[int, ...], Any]]
"""The shape and the type of each of some arrays."""


def room_for(shapes: Shapes) -> dict[str, npt.NDArray[Any]]:
    """Arrays of these shapes and types, not filled, in one block of memory.

    numpy asks for huge pages for a block of four megabytes or more: kernels that go here and there
    in many tables run a tenth faster. Each array begins on a line of the cache.
    """
    sizes = {name: math.prod(shape if isinstance(shape, tuple) else (shape,))
             * np.dtype(kind).itemsize for name, (shape, kind) in shapes.items()}  # fmt: skip
    spans = {name: -(-size // CACHE_LINE) * CACHE_LINE for name, size in sizes.items()}
    block = np.empty(max(sum(spans.values()), HUGE_PAGE) + HUGE_PAGE, dtype=np.uint8)
    at = -block.ctypes.data % HUGE_PAGE
    arrays = {}
    for name, (shape, kind) in shapes.items():
        arrays[name] = block[at : at + sizes[name]].view(kind).reshape(shape)
        at += spans[name]
    return arrays


def in_one_block(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values, with all arrays copied into one block of memory."""
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    copies = room_for({name: (a.shape, a.dtype) for name, a in arrays.items()})
    for name, array in arrays.items():
        copies[name][...] = array
    return {**values, **copies}


def blank(kind: Record) -> Any:
    """The words of a record of which no field is known yet."""
    return SimpleNamespace() if WITHOUT_COMPILATION else np.zeros(kind.words, dtype=np.int64)


def same_words(words: Any) -> Any:
    """A copy of the words of a record, whose fields may be set to something else."""
    return SimpleNamespace(**vars(words)) if WITHOUT_COMPILATION else words.copy()


def write(words: Any, kind: Record, values: Mapping[str, Any]) -> None:
    """Set fields of a record; the values must be kept alive while a kernel uses them.

    TypeError if a value is not what the record type says.
    """
    if WITHOUT_COMPILATION:
        words.__dict__.update(values)
        return
    for field, value in values.items():
        expected, at = kind.kinds[field], kind.first_word[field]
        if isinstance(value, np.ndarray):
            if (value.dtype, value.ndim) != expected or not value.flags.c_contiguous:
                raise TypeError(f"{field} is {value.dtype} with {value.ndim} dimensions")
            words[at] = _address(value)
            for place, size in enumerate(value.shape, at + 1):
                words[place] = size
        elif type(value) is not expected:
            raise TypeError(f"{field} is {type(value)}, not {expected}")
        elif expected is float:
            words[at : at + 1].view(np.float64)[0] = value
        else:
            words[at] = value


class Packed(NamedTuple):
    """Values of some fields of a record as words, to be set many times: see `pack`."""

    values: Mapping[str, Any]
    places: npt.NDArray[np.int64]
    words: npt.NDArray[np.int64]


def pack(kind: Record, values: Mapping[str, Any]) -> Packed:
    """Values ready to be set by `set_packed`; they are kept alive. TypeError as in `write`."""
    if WITHOUT_COMPILATION:
        return Packed(values, NOWHERE, NOWHERE)
    words, places = blank(kind), kind.places(tuple(values))
    write(words, kind, values)
    return Packed(values, places, words[places])


def set_packed(words: Any, packed: Packed) -> None:
    """Set fields of a record to values that are ready."""
    if WITHOUT_COMPILATION:
        words.__dict__.update(packed.values)
    else:
        words[packed.places] = packed.words


def _address(array: Any) -> int:
    """Where an array begins in memory; numpy's own way takes three times as long."""
    if not array.flags.writeable:
        return int(array.ctypes.data)
    return ctypes.addressof(NO_BYTES.from_buffer(array))


def reader(kind: Record) -> Any:
    """A function for kernels: the record behind the address of its words."""

    def record_of(words: Any) -> Any:
        return words

    if WITHOUT_COMPILATION:
        return record_of

    def make() -> Any:
        from sim.compilation import instructions

        return instructions.reader(kind)

    return Deferred(record_of, make)


@instruction
def fetch(row: Any, size: int) -> None:
    """Ask for so many bytes of a row before their use: a hint, for which nothing waits."""
