"""A record of numbers and arrays that kernels take as one machine word.

Numba passes a tuple of arrays as several hundred arguments, and counts references to every array
that it reads from an object. Kernels here own nothing and allocate nothing, so that both are only
a cost (compiling took twice as long, running three times). A `Record` is a table of words: numbers,
and for arrays the address and the shape. Kernels read a field as `s.name`. The words never change
while a kernel runs, which lets the compiler keep them in registers.
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, register_model
from numba.np.arrayobj import make_array, populate_array

from sim.engine.compiled.tables import CACHE_LINE, WITHOUT_COMPILATION, WORD, Table

HUGE_PAGE = 1 << 21

FieldKind = type[int] | type[float] | type[bool] | tuple[np.dtype[Any], int]
"""A number, or an array as its dtype and number of dimensions."""
_NUMBERS: Any = {int: types.int64, float: types.float64, bool: types.boolean}


class RecordType(types.Type):
    """Numba's type of one kind of record: `fields` name the type of each field."""

    def __init__(self, name: str, kinds: Mapping[str, FieldKind]) -> None:
        self.kinds = dict(kinds)
        self.fields = {field: _numba_type(kind) for field, kind in kinds.items()}
        self.first_word = {}
        words = 0
        for field, kind in kinds.items():
            self.first_word[field] = words
            words += 1 + (kind[1] if isinstance(kind, tuple) else 0)
        self.words = words
        super().__init__(name)


def _numba_type(kind: FieldKind) -> Any:
    return Table(from_dtype(kind[0]), kind[1]) if isinstance(kind, tuple) else _NUMBERS[kind]


Shapes = Mapping[str, tuple[int | tuple[int, ...], Any]]
"""The shape and the type of each of some arrays."""


def room_for(shapes: Shapes) -> dict[str, npt.NDArray[Any]]:
    """Arrays of these shapes and types, not filled, in one block of memory.

    numpy asks for huge pages for a block of four megabytes or more: kernels that go here and there
    in many tables run a tenth faster. Each array begins on a line of the cache.
    """
    sizes = {name: int(np.prod(shape)) * np.dtype(kind).itemsize
             for name, (shape, kind) in shapes.items()}  # fmt: skip
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


def blank(kind: RecordType) -> Any:
    """The words of a record of which no field is known yet."""
    return SimpleNamespace() if WITHOUT_COMPILATION else np.zeros(kind.words, dtype=np.int64)


def write(words: Any, kind: RecordType, values: Mapping[str, Any]) -> None:
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
            words[at] = value.ctypes.data
            words[at + 1 : at + 1 + value.ndim] = value.shape
        elif type(value) is not expected:
            raise TypeError(f"{field} is {type(value)}, not {expected}")
        elif expected is float:
            words[at : at + 1].view(np.float64)[0] = value
        else:
            words[at] = value


@register_model(RecordType)
class _RecordModel(models.PrimitiveModel):
    """The address of the words."""

    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, WORD)


@infer_getattr
class _Fields(AttributeTemplate):
    key = RecordType

    def generic_resolve(self, typ: RecordType, attr: str) -> Any:  # type: ignore[override]
        return typ.fields.get(attr)


@lower_getattr_generic(RecordType)
def _read_field(context: Any, builder: Any, typ: RecordType, value: Any, attr: str) -> Any:
    kind = typ.fields[attr]

    def word(offset: int, what: Any = WORD) -> Any:
        base = builder.inttoptr(value, what.as_pointer())
        place = builder.gep(base, [ir.Constant(WORD, typ.first_word[attr] + offset)])
        loaded = builder.load(place)
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded

    if isinstance(kind, types.Array):
        return _read_array(context, builder, kind, word)
    if kind == types.float64:
        return word(0, ir.DoubleType())
    if kind == types.boolean:
        return builder.icmp_unsigned("!=", word(0), ir.Constant(WORD, 0))
    return word(0)


def _read_array(context: Any, builder: Any, kind: Any, word: Any) -> Any:
    """An array in row-major order that nobody owns."""
    array = make_array(kind)(context, builder)
    itemsize = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    data = builder.inttoptr(word(0), array.data.type)
    shape = [word(1 + d) for d in range(kind.ndim)]
    strides = [ir.Constant(WORD, itemsize)]
    for extent in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], extent))
    populate_array(
        array,
        data=data,
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=ir.Constant(WORD, itemsize),
        meminfo=None,
    )
    return array._getvalue()


def reader(kind: RecordType) -> Any:
    """A function for kernels: the record behind its words."""
    if WITHOUT_COMPILATION:
        return lambda record: record

    @intrinsic
    def record_of(typingctx: Any, words: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = make_array(signature.args[0])(context, builder, arguments[0])
            return builder.ptrtoint(array.data, WORD)

        return kind(words), code

    return record_of
