"""What numba is taught: records and tables, and instructions of the processor.

Only `sim.compilation` imports this, when there is something to compile.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_builtin, lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, register_model
from numba.np.arrayobj import (
    getitem_array_tuple,
    getitem_arraynd_intp,
    make_array,
    populate_array,
    setitem_array,
)

from sim.compilation.records import CACHE_LINE, Record

WORD = ir.IntType(64)


class Table(types.Array):
    """An array in row-major order that is never indexed from its end.

    Numba looks at each index for a negative one; that took an eighth of the kernels' time.
    """

    def __init__(self, dtype: Any, ndim: int) -> None:
        super().__init__(dtype, ndim, "C", name=f"Table({dtype}, {ndim})")

    def copy(
        self, dtype: Any = None, ndim: Any = None, layout: Any = None, readonly: Any = None
    ) -> Any:
        """A row of a table is a table."""
        if layout in (None, "C") and not readonly:
            return Table(dtype or self.dtype, self.ndim if ndim is None else ndim)
        return super().copy(dtype, ndim, layout, readonly)


register_model(Table)(models.ArrayModel)


def _without_sign(index: Any) -> Any:
    """The type of an index that is no negative number."""
    if isinstance(index, types.BaseTuple):
        several: Any = index
        return types.Tuple([_without_sign(one) for one in several.types])
    return types.uint64 if isinstance(index, types.Integer) else index


def _look_up(by: Callable[..., Any]) -> Callable[..., Any]:
    """Numba's own way to read or write an item, for indices without sign."""

    def look_up(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        table, index, *value = signature.args
        unsigned = _without_sign(index)
        there = context.cast(builder, arguments[1], index, unsigned)
        plain = signature.replace(args=(table, unsigned, *value))
        return by(context, builder, plain, (arguments[0], there, *arguments[2:]))

    return look_up


lower_builtin(operator.getitem, Table, types.Integer)(_look_up(getitem_arraynd_intp))
lower_builtin(operator.getitem, Table, types.BaseTuple)(_look_up(getitem_array_tuple))
lower_builtin(operator.setitem, Table, types.Integer, types.Any)(_look_up(setitem_array))
lower_builtin(operator.setitem, Table, types.BaseTuple, types.Any)(_look_up(setitem_array))


# ---------------------------------------------------------------- records


class RecordType(types.Type):
    """Numba's type of one kind of record."""

    def __init__(self, record: Record) -> None:
        numbers: Any = {int: types.int64, float: types.float64, bool: types.boolean}
        self.fields = {
            field: Table(from_dtype(kind[0]), kind[1]) if isinstance(kind, tuple) else numbers[kind]
            for field, kind in record.kinds.items()
        }
        self.first_word = record.first_word
        super().__init__(record.name)


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


def reader(record: Record) -> Any:
    """A function for kernels: the record behind the address of its words."""
    kind = RecordType(record)

    @intrinsic
    def record_of(typingctx: Any, words: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return arguments[0]

        return kind(types.int64), code

    return record_of


# ---------------------------------------------------------------- instructions


@intrinsic(prefer_literal=True)
def fetch(typingctx: Any, row: Any, size: Any) -> Any:
    """Ask for the lines of a row, a record of a table or a table, before their use."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, address = signature.args[0], arguments[0]
        if isinstance(kind, types.Array):
            address = make_array(kind)(context, builder, address).data
        first = builder.bitcast(address, ir.IntType(8).as_pointer())
        hint = ir.FunctionType(ir.VoidType(), [first.type, *[ir.IntType(32)] * 3])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch.p0", fnty=hint)
        to_read, keep, data = (ir.IntType(32)(n) for n in (0, 3, 1))
        for offset in range(0, size.literal_value, CACHE_LINE):
            builder.call(prefetch, [builder.gep(first, [WORD(offset)]), to_read, keep, data])
        return context.get_dummy_value()

    if not isinstance(size, types.IntegerLiteral):
        return None
    return types.void(row, size), code


@intrinsic
def high_product(typingctx: Any, a: Any, b: Any) -> Any:
    """The upper half of a product, in one step: three times faster than by halves of words."""

    def code(context: Any, builder: Any, signature: Any, words: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(words[0], wide), builder.zext(words[1], wide))
        return builder.trunc(builder.lshr(product, wide(64)), words[0].type)

    return types.uint64(types.uint64, types.uint64), code
