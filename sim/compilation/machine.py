"""Machine code of kernels: made by numba once, kept in a file, loaded by LLVM alone."""

import contextlib
import ctypes
import functools
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.compilation import cache
from sim.compilation.deferred import WITH_BOUNDS, WITHOUT_COMPILATION, kernel
from sim.compilation.records import Record, reader

FAILED = -1
CHECKSUM_BYTES = 32

# What numba makes of a kernel returns a status, and its answer through a pointer.
DOOR = """
target triple = "{triple}"
target datalayout = "{layout}"
declare i32 @"{native}"(ptr, ptr, i64)
define i64 @"{door}"(i64 %words) {{
  %answer = alloca i64
  %error = alloca ptr
  store i64 0, ptr %answer
  %status = call i32 @"{native}"(ptr %answer, ptr %error, i64 %words)
  %well = icmp eq i32 %status, 0
  %told = load i64, ptr %answer
  %result = select i1 %well, i64 %told, i64 {failed}
  ret i64 %result
}}
"""

# Functions and their arguments stand one after the other; the first answer below 1 ends it.
IN_TURN = """
define i64 @"door"(i64 %calls, i64 %number) {
begin:
  %table = inttoptr i64 %calls to ptr
  br label %look
look:
  %done = phi i64 [0, %begin], [%next, %call]
  %more = icmp ult i64 %done, %number
  br i1 %more, label %call, label %end
call:
  %row = getelementptr [2 x i64], ptr %table, i64 %done
  %place = getelementptr i64, ptr %row, i64 1
  %function = load ptr, ptr %row
  %words = load i64, ptr %place
  %answer = call i64 %function(i64 %words)
  %next = add i64 %done, 1
  %well = icmp sgt i64 %answer, 0
  br i1 %well, label %look, label %end
end:
  ret i64 %done
}
"""


def entry(record: Record) -> Callable[[Callable[[Any], int]], Callable[[Any], int]]:
    """Compile a kernel of one argument, a record of this kind, that returns a whole number >= 0.

    Python calls it with the words of the record. It allocates nothing and releases the
    interpreter's lock.
    """

    def decorate(function: Callable[[Any], int]) -> Callable[[Any], int]:
        return function if WITHOUT_COMPILATION else _Entry(function, record)

    return decorate


class _Entry:
    """A function of the words of a record; see `entry`."""

    def __init__(self, function: Callable[[Any], int], record: Record) -> None:
        functools.update_wrapper(self, function)
        self._function, self._record = function, record

    def __call__(self, words: Any) -> int:
        answer = int(self._called(words.ctypes.data))
        if answer == FAILED:
            raise RuntimeError(f"{self._function.__qualname__} has failed")
        return answer

    @property
    def address(self) -> int:
        """Where the machine code begins."""
        return self._code.address

    def make_ready(self) -> None:
        """Make the machine code, or load it."""
        self._called  # noqa: B018 - it is made when it is first asked for

    @functools.cached_property
    def _called(self) -> Callable[[int], int]:
        if WITH_BOUNDS:  # an index out of bounds is then an error of Python's
            return self._compiled()
        return self._code.function

    @functools.cached_property
    def _code(self) -> "_Code":
        return _loaded_once(self, lambda: self._kept() or self._made_once())

    def _made_once(self) -> bytes:
        """Machine code that is not there yet; of several processes one makes it."""
        from filelock import FileLock

        with FileLock(self._file.with_suffix(".lock")):
            return self._kept() or self._keep(self._translated())

    def _compiled(self) -> Any:
        """Numba's own function of the address of the words."""
        import numba

        inner, opened = kernel(self._function), reader(self._record)
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}

        def call(words):  # type: ignore[no-untyped-def]
            return int(inner(opened(words)))

        dispatcher = numba.njit(**options)(call)
        dispatcher.compile((numba.types.int64,))
        return dispatcher

    def _translated(self) -> bytes:
        """Machine code of the kernel and all that it calls, for this processor."""
        from numba import types

        result = self._compiled().overloads[types.int64,]
        return _object_code(result.library.get_llvm_str(), result.fndesc.llvm_func_name)

    @property
    def _file(self) -> Path:
        from llvmlite import binding as llvm

        processor = llvm.get_host_cpu_name() + llvm.get_host_cpu_features().flatten()
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        return cache.directory() / f"{name}.{_checksum(processor.encode()).hex()[:16]}.o"

    def _kept(self) -> bytes | None:
        """The machine code of an earlier run, if it is there and whole."""
        with contextlib.suppress(OSError):
            content = self._file.read_bytes()
            checksum, code = content[:CHECKSUM_BYTES], content[CHECKSUM_BYTES:]
            if checksum == _checksum(code):
                return code
        return None

    def _keep(self, code: bytes) -> bytes:
        """Keep machine code for later runs, if there is room; it appears whole or not at all."""
        with contextlib.suppress(OSError):
            number, made = tempfile.mkstemp(dir=self._file.parent, suffix=".part")
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(_checksum(code) + code)
                Path(made).replace(self._file)
            finally:
                Path(made).unlink(missing_ok=True)
        return code


def make_ready(function: Callable[[Any], int]) -> None:
    """Make the machine code of an entry, or load it, if that has not been done.

    It may take a minute, and can be interrupted in the main thread only.
    """
    if isinstance(function, _Entry):
        function.make_ready()


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=CHECKSUM_BYTES).digest()


Call = tuple[Callable[[Any], int], Any]
"""An entry, and the words of the record that it is called with."""


def in_turn(calls: Sequence[Call]) -> int:
    """Call entries one after the other, with no need of the interpreter between them.

    Ends with the first that does not return a number above 0. Returns how many did.
    """
    if WITHOUT_COMPILATION or WITH_BOUNDS:
        every = (number for number, (function, words) in enumerate(calls) if function(words) <= 0)
        return next(every, len(calls))
    rows = [(function.address, words.ctypes.data) for function, words in calls]  # type: ignore[attr-defined]
    table = np.array(rows, dtype=np.int64)
    code = _loaded_once(in_turn, _code_of_in_turn, arguments=2)
    return int(code.function(table.ctypes.data, len(calls)))


def _code_of_in_turn() -> bytes:
    from llvmlite import binding as llvm

    return bytes(_target().emit_object(llvm.parse_assembly(IN_TURN)))


class _Code:
    """Machine code in memory, as a function for Python of so many whole numbers."""

    def __init__(self, code: bytes, arguments: int = 1) -> None:
        from llvmlite import binding as llvm

        self._linker = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
        self._linker.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._linker.finalize_object()
        self.address = int(self._linker.get_function_address("door"))
        numbers = [ctypes.c_int64] * (1 + arguments)
        self.function = ctypes.CFUNCTYPE(*numbers)(self.address)


_LOADED: dict[object, _Code] = {}
_LOADING = threading.RLock()


def _loaded_once(what: object, make: Callable[[], bytes], arguments: int = 1) -> _Code:
    """Machine code in memory, where it stays for good: another thread may be in it."""
    with _LOADING:
        if what not in _LOADED:
            _LOADED[what] = _Code(make(), arguments)
        return _LOADED[what]


def _object_code(text: str, native: str) -> bytes:
    """Machine code of a module of LLVM's language, with a function "door" to its `native`."""
    from llvmlite import binding as llvm

    module = llvm.parse_assembly(text)
    door = llvm.parse_assembly(
        DOOR.format(
            triple=module.triple, layout=module.data_layout, native=native, door="door",
            failed=FAILED,
        )
    )  # fmt: skip
    door.link_in(module)
    for part in (*door.functions, *door.global_variables):
        if not part.is_declaration and part.name != "door":
            part.linkage = "internal"
    target = _target()
    # All is inside now: another round over the whole takes 5 % of the time off the kernels.
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options())
    builder.getModulePassManager().run(door, builder)
    return bytes(target.emit_object(door))


def _target() -> Any:
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        codemodel="jitdefault",
        jit=True,
    )
