"""Tables of kernels: arrays without an index from the end, and reading ahead."""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import config, types
from numba.core.datamodel import models
from numba.core.imputils import lower_builtin
from numba.extending import intrinsic, register_model
from numba.np.arrayobj import getitem_array_tuple, getitem_arraynd_intp, make_array, setitem_array

WORD = ir.IntType(64)
CACHE_LINE = 64
WITHOUT_COMPILATION = bool(getattr(config, "DISABLE_JIT", False))


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


def _prefetching() -> Any:
    """A function for kernels: `fetch(row, bytes)` asks for the lines of a row before their use.

    Nothing waits for them; it is a hint. The row is a record of a table, or a table.
    """
    if WITHOUT_COMPILATION:
        return lambda row, size: None

    @intrinsic(prefer_literal=True)
    def fetch(typingctx: Any, row: Any, size: Any) -> Any:
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

    return fetch


fetch = _prefetching()
