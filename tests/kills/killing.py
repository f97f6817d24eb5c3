"""Kills at random moments, and what is found after each."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.kills.subjects import Broken, State, Subject

ROOT = Path(__file__).parents[2]
LATE, SHARE_LATE = 0.5, 0.5
"""Half of the kills fall into the last half of the time, where files are written."""
TIMES_LONGER = 1.05
MOST_SECONDS = 600


class Kill(NamedTuple):
    """One kill: after so many seconds of so many; what was there then."""

    subject: str
    after: float
    of: float
    found: str
    left: int


def begun(place: Path, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    """The command at work, in a session of its own so that its workers are not ours."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HAMLETSIM_LANG": "en"}
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *arguments], cwd=place, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def done(place: Path, arguments: Sequence[str]) -> float:
    """Seconds that the command takes, undisturbed."""
    start = time.monotonic()
    process = begun(place, arguments)
    _, told = process.communicate(timeout=MOST_SECONDS)
    if process.returncode != 0:
        raise Broken(f"{' '.join(arguments)} ended with {process.returncode}: {told.decode()}")
    return time.monotonic() - start


def kills(place: Path, subject: Subject, number: int, seed: int) -> Iterator[Kill]:
    """Kill a subject so many times. Raises Broken at the first thing that is not as it must be."""
    chance = random.Random(f"{seed} {subject.name}")
    result = place / subject.result
    whole: list[State] = []
    seconds = []
    for arguments in subject.commands:
        _removed(result)
        done(place, arguments)
        seconds.append(done(place, arguments) if not subject.goes_on else _again(place, subject))
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


def _again(place: Path, subject: Subject) -> float:
    """Seconds of the whole work, where a second call would find it done."""
    _removed(place / subject.result)
    return done(place, subject.commands[0])


def _killed(place: Path, arguments: Sequence[str], after: float) -> None:
    process = begun(place, arguments)
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    else:
        if process.returncode != 0:
            raise Broken(f"{' '.join(arguments)} ended with {process.returncode}")


def _named(found: State, before: State, new: State) -> str:
    """What is there, in a word. Raises Broken if it is neither what was nor what was made."""
    if found == new:
        return "the new"
    if found == before:
        return "the old" if before else "nothing yet"
    raise Broken(f"neither the old nor the new: {sorted(found)}")


def _left(place: Path) -> int:
    """Hidden files and folders that killed processes have left."""
    return sum(1 for path in place.rglob(".*") if ".partial" in path.name)


def _removed(result: Path) -> None:
    if result.is_dir():
        shutil.rmtree(result)
    else:
        result.unlink(missing_ok=True)
