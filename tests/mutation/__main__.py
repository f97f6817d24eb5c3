"""Sample mutants, test them, write the table; exit code 1 if fewer than nine in ten are caught."""

import argparse
import datetime as dt
import random
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from tests.mutation import table
from tests.mutation.explained import why
from tests.mutation.faults import FAULTS
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.rooms import ROOMS
from tests.mutation.running import ROOT, Room, a_copy, fate, tested
from tests.mutation.table import WANTED, Row

SEED = 1
PLACE = ROOT / "results" / "proofs"
USUAL_AT_MOST = 600


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--rooms", default="", help="only these, with commas between them")
    parser.add_argument("--sample", type=int, default=200, help="mutants of each room")
    parser.add_argument("--minutes", type=float, default=600, help="begin no mutant after these")
    parser.add_argument(
        "--again", type=Path, nargs="*", default=(), help="only what survived in these tables"
    )
    parser.add_argument(
        "--known", type=Path, nargs="*", default=(),
        help="what these tables say was caught is not tested again: tests have only been added",
    )  # fmt: skip
    parser.add_argument("--usual", type=float, help="seconds of all tests of a room, if known")
    parser.add_argument("--out", type=Path, help="default: results/proofs/mutation-DATE.csv")
    return parser.parse_args()


Tried = tuple[Room, str, Mutant]
"""A mutant with its room, and whether it was seeded by hand or sampled."""


def chosen(rooms: list[Room], sample: int) -> Iterator[Tried]:
    """All seeded faults, then a random sample of each room, in turns, so that it can be cut off."""
    by_name = {room.name: room for room in rooms}
    seeded = [f for f in FAULTS if f.room in by_name]
    yield from ((by_name[f.room], "seeded", f.mutant(ROOT)) for f in seeded)
    sampled = [[(room, "sampled", mutant) for mutant in _sampled(room, sample)] for room in rooms]
    for turn in zip_longest(*sampled):
        yield from (one for one in turn if one is not None)


def _sampled(room: Room, sample: int) -> list[Mutant]:
    every = [m for f in room.sources() for m in mutants(f, (ROOT / f).read_text("utf-8"))]
    print(f"{room.name}: {len(every)} mutants", flush=True)
    return random.Random(f"{SEED} {room.name}").sample(every, min(sample, len(every)))


def survivors(rooms: list[Room], paths: Sequence[Path]) -> Iterator[Tried]:
    """Those that survived in earlier tables without a reason, if their line still stands there."""
    by_name = {room.name: room for room in rooms}
    seeded = [fault.mutant(ROOT) for fault in FAULTS]
    for row in (row for path in paths for row in table.read(path)):
        if row.fate != "survived" or row.room not in by_name:
            continue
        source = (ROOT / row.file).read_text("utf-8")
        every = [*seeded, *mutants(row.file, source)]
        now = (row.file, row.line, row.old, row.new)
        found = [m for m in every if (m.file, m.line, m.old, m.new) == now]
        yield from ((by_name[row.room], row.kind, m) for m in found if not explanation(m, source))


def is_alone(mutant: Mutant, source: str) -> bool:
    """Whether no other mutant is told in the same way: 1 may stand twice in a line."""
    told = str(mutant), mutant.old
    return sum((str(m), m.old) == told for m in mutants(mutant.file, source)) <= 1


def explanation(mutant: Mutant, source: str) -> str:
    """Why a mutant may survive, if that is known."""
    line = source.splitlines()[mutant.line - 1]
    return why(mutant.file, line, mutant.old, mutant.new)


def main() -> int:
    options = asked()
    names = options.rooms.split(",") if options.rooms else [room.name for room in ROOMS]
    rooms = [room for room in ROOMS if room.name in names]
    if len(rooms) < len(names):
        raise SystemExit(f"rooms are {', '.join(room.name for room in ROOMS)}")
    until = time.monotonic() + 60 * options.minutes
    place = options.out or PLACE / f"mutation-{dt.date.today().isoformat()}.csv"
    tried = survivors(rooms, options.again) if options.again else chosen(rooms, options.sample)
    rows: list[Row] = []
    known = {row.mutant: row for path in options.known for row in table.read(path)
             if row.fate != "survived"}  # fmt: skip
    with a_copy() as copy:
        usual = dict.fromkeys(names, options.usual)
        for room in rooms if options.usual is None else ():
            sound = tested(copy, room, USUAL_AT_MOST)
            if sound.code != 0:
                raise SystemExit(f"{room.name}: the tests fail without any mutant: {sound.told}")
            usual[room.name] = sound.seconds
            print(f"{room.name}: {sound.seconds:.1f} s for all tests", flush=True)
        for room, kind, mutant in tried:
            if time.monotonic() > until:
                print("time is up", flush=True)
                break
            key = (room.name, mutant.file, mutant.line, mutant.old, mutant.new)
            source = (ROOT / mutant.file).read_text("utf-8")
            if key in known and is_alone(mutant, source):
                rows.append(known[key])
                table.written(place, rows)
                continue
            came, ended = fate(copy, room, mutant.file, mutant.of(source), usual[room.name])
            said = explanation(mutant, source) if came == "survived" else ended.told
            rows.append(
                Row(room.name, kind, mutant.file, mutant.line, mutant.old, mutant.new, came,
                    round(ended.seconds, 1), said)
            )  # fmt: skip
            print(f"{came}: {mutant} ({ended.seconds:.1f} s)", flush=True)
            table.written(place, rows)
    print(table.summary(rows))
    return 0 if table.scores(rows)[-1].share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
