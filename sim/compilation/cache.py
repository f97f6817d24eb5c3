"""Where compiled code is kept between runs, so that it is never stale.

It is kept in `<user cache>/hamletsim/<digest>`. The digest covers the source of every module that
a kernel may draw code or constants from, the compiler's switches and the versions of Python, numpy,
numba and llvmlite; any edit or upgrade therefore starts a new directory. Numba's own index looks at
one file only, and misses an edit of an imported module.

The directory is `$HAMLETSIM_CACHE` if set, else `$XDG_CACHE_HOME/hamletsim`, else
`~/.cache/hamletsim`. Where none can be written, a private temporary one serves this process.
"""

import atexit
import contextlib
import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

SOURCES = Path(__file__).parents[1]
# No kernel may import these (a test enforces it), so that editing a page recompiles nothing.
ROOMS_WITHOUT_KERNELS = frozenset(
    {"messages", "numerals", "levers", "scenario", "load", "engine/reference", "store"}
    | {"experiment", "sweep", "calibrate", "figures", "report", "api", "reproduction", "cli"}
    | {f"risk/{name}" for name in ("costs", "flips", "intervals", "outcomes", "pairs")}
    | {f"risk/{name}" for name in ("precision", "ranks", "rule", "study", "summary", "tables")}
)
COMPILERS = ("numba", "llvmlite", "numpy")
SETTINGS_FILE = ".numba_config.yaml"
"""Numba reads it in the working directory."""
SECONDS_KEPT = 30 * 86_400


@cache
def directory() -> Path:
    """The directory of this process: of today's sources and compilers."""
    return cache_directory(source_digest())


def kernel_sources(folder: Path = SOURCES) -> list[Path]:
    """The modules under `folder` whose code or constants can end up in a kernel, sorted."""
    return sorted(
        path
        for path in folder.rglob("*.py")
        if not _rooms_of(path.relative_to(folder)) & ROOMS_WITHOUT_KERNELS
    )


def _rooms_of(path: Path) -> set[str]:
    """A module's room, and the engine it belongs to: {'engine', 'engine/reference'}."""
    parts = path.with_suffix("").parts
    return {parts[0], "/".join(parts[:2])}


def source_digest(folder: Path = SOURCES) -> str:
    """32 hex digits over all that decides what the compiler writes (see the module's text)."""
    digest = hashlib.blake2b(repr(_circumstances()).encode(), digest_size=16)
    for path in kernel_sources(folder):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _circumstances() -> tuple[object, ...]:
    # Numba's index does not know its switches: code without bounds checks would be reused.
    switches = {name: value for name, value in os.environ.items() if name.startswith("NUMBA_")}
    with contextlib.suppress(OSError):
        switches[SETTINGS_FILE] = Path(SETTINGS_FILE).read_text(encoding="utf-8", errors="replace")
    versions = [metadata.version(name) for name in COMPILERS]
    return (
        platform.python_implementation(),
        platform.python_version(),
        versions,
        sorted(switches.items()),
    )


def cache_directory(digest: str) -> Path:
    """The directory for `digest`: made if need be, writable, marked as used today."""
    for base in _candidate_bases():
        with contextlib.suppress(OSError):
            return _prepared(base, digest)
    private = Path(tempfile.mkdtemp(prefix="hamletsim-"))
    atexit.register(shutil.rmtree, private, ignore_errors=True)
    return private


def _candidate_bases() -> Iterator[Path]:
    if chosen := os.environ.get("HAMLETSIM_CACHE"):
        yield Path(chosen).absolute()
    elif shared := os.environ.get("XDG_CACHE_HOME"):
        yield Path(shared).absolute() / "hamletsim"
    else:
        with contextlib.suppress(RuntimeError):  # an account without a home directory
            yield Path.home() / ".cache" / "hamletsim"


def _prepared(base: Path, digest: str) -> Path:
    directory = base / digest
    if not directory.is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        _remove_unused(base)
    with tempfile.TemporaryFile(dir=directory):
        os.utime(directory)
    return directory


def _remove_unused(base: Path) -> None:
    """Remove the digests that no run has used for `SECONDS_KEPT`; leave anything else alone."""
    oldest = time.time() - SECONDS_KEPT
    for path in base.iterdir():
        is_ours = re.fullmatch("[0-9a-f]{32}", path.name) is not None
        with contextlib.suppress(FileNotFoundError):  # another process may be removing it too
            if is_ours and path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True)
