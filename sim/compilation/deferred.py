"""Decorators for kernels. Numba is imported when the first of them is called or compiled."""

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

from sim.compilation import cache

Function = TypeVar("Function", bound=Callable[..., Any])


def _is_on(switch: str) -> bool:
    """Whether one of numba's switches is set in the environment."""
    return os.environ.get(switch, "").strip() not in ("", "0")


WITHOUT_COMPILATION = _is_on("NUMBA_DISABLE_JIT")
WITH_BOUNDS = _is_on("NUMBA_BOUNDSCHECK")


class Deferred:
    """What numba makes of a function, made when it is first called or used by a kernel.

    The special method is a slot of the object, so that a call costs Python no function of its own
    once the compiled one stands there.
    """

    __slots__ = ("__call__", "__dict__")

    def __init__(self, function: Callable[..., Any], make: Callable[[], Any]) -> None:
        functools.update_wrapper(self, function)
        self._make = make
        self.__call__ = self._first_call

    def _first_call(self, *arguments: Any, **named: Any) -> Any:
        self.__call__ = self.made
        return self.made(*arguments, **named)

    @functools.cached_property
    def made(self) -> Any:
        """What numba knows the function as."""
        return self._make()

    @property
    def _numba_type_(self) -> Any:
        """Numba asks every global name that a kernel uses for this."""
        from numba.core.registry import cpu_target

        typing_context, made = cpu_target.typing_context, self.made
        typing_context.refresh()  # it may just have been registered
        return typing_context.resolve_value_type(made)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.made, name)


def compiled(function: Function) -> Function:
    """Compile a function; keep the result between runs."""
    return _deferred(function, cache=True)


def inlined(function: Function) -> Function:
    """Like `compiled`, and always copied into its compiled callers (for small helpers)."""
    return _deferred(function, cache=True, inline="always")


def hot(function: Function) -> Function:
    """Like `compiled`, and machine code of its own in each compiled caller: for what kernels are in
    for much of their time. (`inlined` makes all callers longer to compile.)"""
    return _deferred(function, cache=True, forceinline=True)


def kernel(function: Function) -> Function:
    """Compile a function that only other kernels call; it owns and allocates nothing.

    What kernels become is kept as machine code of entries, which have no bounds checks.
    """
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    return _deferred(function, cache=WITH_BOUNDS, **options)


def _deferred(function: Function, **options: Any) -> Function:
    if WITHOUT_COMPILATION:
        return function

    def make() -> Any:
        import numba

        settings: Any = numba.config  # its attributes are made at run time
        settings.CACHE_DIR = str(cache.directory())
        decorator: Any = numba.njit(nogil=True, error_model="numpy", **options)
        return decorator(function)

    return cast(Function, Deferred(function, make))


def instruction(function: Function) -> Function:
    """In kernels, what `sim.compilation.instructions` has under the name of this function."""
    if WITHOUT_COMPILATION:
        return function

    def make() -> Any:
        from sim.compilation import instructions

        return getattr(instructions, function.__name__)

    return cast(Function, Deferred(function, make))
