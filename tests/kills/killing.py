"""Kills at random moments, and what is found after each."""

import importlib
import os
import random
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.kills.subjects import Broken, State, Subject

LATE, SHARE_LATE = 0.7, 0.5
"""Half of the kills fall into the last third of the time to the result, and after it, where files
are written."""
TIMES_LONGER = 1.2
PAUSE = 0.002
CLOCK_OF_PROCESS = 2
"""What Linux adds to the number of a process to name the clock of its work."""
MOST_SECONDS = 600
LEFT = re.compile(r"\.partial|\.work$")
"""In the names of hidden files and folders at which work is under way."""


class Kill(NamedTuple):
    """One kill: after so many seconds of work, of so many until the result is there; what was there
    then, and how many hidden files and folders were left."""

    subject: str
    after: float
    of: float
    found: str
    left_over: int


LIBRARIES = (
    "numpy", "pandas", "pyarrow.parquet", "scipy.special", "matplotlib.figure", "pydantic",
    "sim.cli", "sim.api", "sim.experiment", "sim.report", "sim.figures", "sim.sweep", "sim.store",
    "matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg", "jinja2", "filelock",
    "sim.calibrate", "pyabc",
)  # fmt: skip
"""Read once: a command begins in a fork of this process, so that a kill costs little. Nothing is
at work here that a fork would miss."""


def begun(place: Path, arguments: Sequence[str]) -> int:
    """The process of a command at work in a folder."""
    for library in LIBRARIES:
        importlib.import_module(library)
    child = os.fork()
    if child == 0:
        _be_the_command(place, arguments)
    return child


def _be_the_command(place: Path, arguments: Sequence[str]) -> None:
    code = 70
    try:
        os.chdir(place)
        os.environ["HAMLETSIM_LANG"] = "en"
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        from sim import cli

        sys.argv = ["hamletsim", *arguments]
        cli.main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


def _worked(child: int) -> float:
    """Processor seconds of a process: random moments of work, however busy the machine is."""
    return time.clock_gettime(~child << 3 | CLOCK_OF_PROCESS)


def _ended(child: int, after: float) -> int | None:
    """The exit code of a process once it has ended; None if it works on after so many seconds."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if _worked(child) >= after:
            return None
        time.sleep(PAUSE)


def done(place: Path, arguments: Sequence[str], result: Path | None = None) -> float:
    """Seconds of work that the command takes, undisturbed, to its end or to a new result."""
    before, at_result, seconds = _stamp(result), 0.0, 0.0
    child = begun(place, arguments)
    while (code := _ended(child, seconds)) is None:
        seconds = _worked(child) + PAUSE
        if not at_result and result is not None and _stamp(result) != before:
            at_result = seconds
        if seconds > MOST_SECONDS:
            os.kill(child, signal.SIGKILL)
            raise Broken(f"{' '.join(arguments)} does not end")
    if code != 0:
        raise Broken(f"{' '.join(arguments)} ended with {code}")
    return at_result or seconds


def _stamp(result: Path | None) -> object:
    """Another one for another file or folder of the same name."""
    if result is None or not result.exists():
        return None
    found = result.stat()
    return found.st_ino, found.st_mtime_ns if result.is_file() else 0


def kills(place: Path, subject: Subject, number: int, seed: int) -> Iterator[Kill]:
    """Kill a subject so many times. Raises Broken at the first thing that is not as it must be."""
    chance = random.Random(f"{seed} {subject.name}")
    result = place / subject.result
    whole: list[State] = []
    seconds = []
    for arguments in subject.commands:
        _removed(result)
        seconds.append(done(place, arguments, None if subject.goes_on else result))
        whole.append(subject.state(result))
        if not whole[-1]:
            raise Broken(f"{subject.name} makes nothing")
    _removed(result)
    before: State = {}
    for k in range(number):
        turn = k % len(subject.commands)
        late = chance.random() < SHARE_LATE
        after = chance.uniform(LATE if late else 0.0, TIMES_LONGER) * seconds[turn]
        _killed(place, subject.commands[turn], after)
        found = subject.state(result)
        yield Kill(
            subject.name, round(after, 3), round(seconds[turn], 3),
            _named(found, before, whole[turn]), _left(place),
        )  # fmt: skip
        before = found
        if subject.goes_on and found:
            _removed(result)
            before = {}
    for turn, arguments in enumerate(subject.commands):
        done(place, arguments)
        if subject.state(result) != whole[turn]:
            raise Broken(f"{subject.name} comes out otherwise after the kills")
    if left := _left(place):
        raise Broken(f"{left} left by killed processes after a whole {subject.name}")


def _killed(place: Path, arguments: Sequence[str], after: float) -> None:
    child = begun(place, arguments)
    code = _ended(child, after)
    if code is None:
        os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (0, -signal.SIGKILL):
        raise Broken(f"{' '.join(arguments)} ended with {code}")


def _named(found: State, before: State, new: State) -> str:
    """What is there, in a word; "the old" also where the new is the same.

    Raises Broken if it is neither what was nor what was made.
    """
    if found == before:
        return "the old" if before else "nothing yet"
    if found == new:
        return "the new"
    raise Broken(f"neither the old nor the new: {sorted(found)}")


def _left(place: Path) -> int:
    """Hidden files and folders that killed processes have left."""
    return sum(1 for path in place.rglob(".*") if LEFT.search(path.name))


def _removed(result: Path) -> None:
    if result.is_dir():
        shutil.rmtree(result)
    else:
        result.unlink(missing_ok=True)
