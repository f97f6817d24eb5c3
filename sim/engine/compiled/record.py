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
from numba import config, from_dtype, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, register_model
from numba.np.arrayobj import make_array, populate_array

WORD = ir.IntType(64)
WITHOUT_COMPILATION = bool(getattr(config, "DISABLE_JIT", False))


class RecordType(types.Type):
    """Numba's type of one kind of record: `fields` name the type of each field."""

    def __init__(self, name: str, fields: Mapping[str, Any]) -> None:
        self.fields = dict(fields)
        self.first_word = {}
        words = 0
        for field, kind in self.fields.items():
            self.first_word[field] = words
            words += 1 + (kind.ndim if isinstance(kind, types.Array) else 0)
        self.words = words
        super().__init__(name)


def field_type(value: Any) -> Any:
    """Numba's type of a field that holds values like this one."""
    if isinstance(value, np.ndarray):
        return types.Array(from_dtype(value.dtype), value.ndim, "C")
    if isinstance(value, bool):
        return types.boolean
    return types.float64 if isinstance(value, float) else types.int64


def pack(kind: RecordType, values: Mapping[str, Any]) -> Any:
    """The words of a record; `values` must be kept alive while a kernel uses them.

    TypeError if a value is not what the record type says.
    """
    if WITHOUT_COMPILATION:
        return SimpleNamespace(**values)
    words = np.empty(kind.words, dtype=np.int64)
    for field, expected in kind.fields.items():
        value = values[field]
        if field_type(value) != expected:
            raise TypeError(f"{field} is {field_type(value)}, not {expected}")
        at = kind.first_word[field]
        if isinstance(value, np.ndarray):
            if not value.flags.c_contiguous:
                raise TypeError(f"{field} is not contiguous")
            words[at] = value.ctypes.data
            words[at + 1 : at + 1 + value.ndim] = value.shape
        elif isinstance(value, float):
            words[at : at + 1].view(np.float64)[0] = value
        else:
            words[at] = value
    return words


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


Words = npt.NDArray[np.int64]
