"""Kill commands at random moments and write a table; exit code 1 if anything was broken."""

import argparse
import csv
import datetime as dt
import io
import shlex
import sys
import tempfile
from collections import Counter
from pathlib import Path

from sim import store
from tests.kills.killing import Kill, done, kills
from tests.kills.subjects import BEFORE, Broken, Subject, of_file, shipped

SEED = 1
PLACE = Path(__file__).parents[2] / "results" / "proofs"


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=270, help="in all, shared among the commands")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", help="run, sweep, calibrate or report")
    parser.add_argument("--command", help="instead: this command, such as 'schema'")
    parser.add_argument("--result", help="of --command: the file or folder that it makes")
    parser.add_argument("--folder", type=Path, help="of --command: where it works")
    parser.add_argument("--out", type=Path, help="default: results/proofs/kills-DATE.csv")
    return parser.parse_args()


def main() -> int:
    options = asked()
    path = options.out or PLACE / f"kills-{dt.date.today().isoformat()}.csv"
    rows: list[Kill] = []
    with tempfile.TemporaryDirectory(prefix="kills ỳ-") as folder:
        place = options.folder or Path(folder)
        if options.command:
            words = tuple(shlex.split(options.command))
            subjects = (Subject(words[0], (words,), options.result, of_file),)
        else:
            subjects = tuple(s for s in shipped(place) if options.only in (None, s.name))
        shares = sum(subject.share for subject in subjects)
        for subject in subjects:
            number = -(-options.kills * subject.share // shares)
            try:
                if subject.name in BEFORE and not options.command:
                    done(place, BEFORE[subject.name])
                for kill in kills(place, subject, number, options.seed):
                    rows.append(kill)
                    print(*kill, sep="\t", flush=True)
                    _write(path, rows)
            except Broken as broken:
                print(f"BROKEN after {len(rows)} kills: {subject.name}: {broken}")
                return 1
    print(summary(rows))
    return 0


def summary(rows: list[Kill]) -> str:
    """What was found after the kills, by command."""
    lines = []
    for subject in dict.fromkeys(row.subject for row in rows):
        found = Counter(row.found for row in rows if row.subject == subject)
        told = ", ".join(f"{number} {name}" for name, number in found.items())
        lines.append(f"{subject}: {sum(found.values())} kills: {told}")
    return "\n".join([*lines, f"{len(rows)} kills, nothing lost or half written"])


def _write(path: Path, rows: list[Kill]) -> None:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(Kill._fields)
    lines.writerows(rows)
    store.write_text(path, text.getvalue())


if __name__ == "__main__":
    sys.exit(main())
