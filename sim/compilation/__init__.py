"""How the project compiles: decorators for kernels, records that they read, code that is kept.

- `compiled`, `inlined`, `hot`: a function for kernels and for Python.
- `kernel`: a function for kernels only, which allocates nothing.
- `instruction`: a function that kernels have in a form of their own.
- `entry`: a kernel that Python calls with a record. Its machine code is kept and loaded without
  numba, which alone would take longer to import than a district to simulate. `make_ready` makes or
  loads it; `in_turn` calls several, one after the other, without Python between them.

Arithmetic is IEEE as written: no fast-math and no contraction to fused multiply-add, so that the
bits agree with plain Python. Division by zero gives inf or nan inside kernels. Bounds are checked
if NUMBA_BOUNDSCHECK=1. With NUMBA_DISABLE_JIT=1 every decorated function is the function itself.
"""

from sim.compilation.deferred import compiled, hot, inlined, instruction, kernel
from sim.compilation.machine import Call, entry, in_turn, make_ready
from sim.compilation.records import (
    Packed,
    Record,
    blank,
    fetch,
    in_one_block,
    pack,
    reader,
    room_for,
    same_words,
    set_packed,
    write,
)

__all__ = [
    "Call",
    "Packed",
    "Record",
    "blank",
    "compiled",
    "entry",
    "fetch",
    "hot",
    "in_one_block",
    "in_turn",
    "inlined",
    "instruction",
    "kernel",
    "make_ready",
    "pack",
    "reader",
    "room_for",
    "same_words",
    "set_packed",
    "write",
]
