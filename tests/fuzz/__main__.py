"""Give every reader its share of inputs and write a table; exit code 1 if one fell over."""

import argparse
import csv
import datetime as dt
import io
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

from sim import store
from tests.fuzz.inputs import inputs
from tests.fuzz.readers import Reader, readers, refuses

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "results" / "proofs"
SEED = 1
MOST_SECONDS = 20.0
"""Of the processor, for one input."""


class Row(NamedTuple):
    """What became of the inputs of a reader: read, refused in clear lines, or neither."""

    reader: str
    driver: str
    inputs: int
    read: int
    refused: int
    fell_over: int
    slowest_seconds: float


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="in all")
    parser.add_argument("--guided", type=int, default=0, help="in all, led by atheris")
    parser.add_argument("--only", help="one reader")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, help="default: results/proofs/fuzz-DATE.csv")
    return parser.parse_args()


def changed_samples(reader: Reader, number: int, seed: int) -> Row:
    """Samples changed at random."""
    read = refused = fell_over = 0
    slowest = 0.0
    for content in inputs(reader, number, seed):
        start = time.process_time()
        try:
            if refuses(reader, content):
                refused += 1
            else:
                read += 1
        except Exception:
            fell_over += 1
            print(
                f"{reader.name} fell over: {content[:2000]!r}\n{traceback.format_exc()}", flush=True
            )
        slowest = max(slowest, time.process_time() - start)
    if slowest > MOST_SECONDS:
        fell_over += 1
        print(f"{reader.name}: {slowest:.1f} s for one input", flush=True)
    made = read + refused + fell_over
    return Row(reader.name, "changed samples", made, read, refused, fell_over, round(slowest, 3))


def guided(reader: str, number: int, seed: int) -> Row:
    """What atheris finds, in a process of its own: it does not come back."""
    command = [sys.executable, "-m", "tests.fuzz.guided", reader, str(number), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    fell_over = int(done.returncode != 0)
    if fell_over:
        print(f"{reader} fell over, guided:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return Row(reader, "atheris", number, 0, 0, fell_over, 0.0)


def main() -> int:
    options = asked()
    rows = []
    with readers() as every:
        chosen = [r for r in every.values() if options.only in (None, r.name)]
        shares = sum(reader.share for reader in chosen)
        for reader in chosen:
            number = int(options.inputs * reader.share / shares)
            rows.append(changed_samples(reader, number, options.seed))
            print(*rows[-1], sep="\t", flush=True)
    for reader in chosen:
        if options.guided:
            number = int(options.guided * reader.share / shares)
            rows.append(guided(reader.name, number, options.seed))
            print(*rows[-1], sep="\t", flush=True)
    _write(options.out or PLACE / f"fuzz-{dt.date.today().isoformat()}.csv", rows)
    fell_over = sum(row.fell_over for row in rows)
    print(f"{sum(row.inputs for row in rows)} inputs, {fell_over} fell over")
    return int(fell_over > 0)


def _write(path: Path, rows: list[Row]) -> None:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(Row._fields)
    lines.writerows(rows)
    store.write_text(path, text.getvalue())


if __name__ == "__main__":
    sys.exit(main())
