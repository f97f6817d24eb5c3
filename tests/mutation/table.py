"""The table of mutants and their fates, and what it says of the tests."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sim import store

WANTED = 0.9


class Row(NamedTuple):
    """One mutant. fate: `caught`, `caught by its time`, `survived` or `does not start`."""

    room: str
    kind: str
    file: str
    line: int
    old: str
    new: str
    fate: str
    seconds: float
    told: str

    @property
    def mutant(self) -> tuple[str, str, int, str, str]:
        """What tells it from others."""
        return self.room, self.file, self.line, self.old, self.new


class Score(NamedTuple):
    """Of a room: mutants tried, caught and surviving; the share caught with its 95 % interval."""

    room: str
    tried: int
    caught: int
    share: float
    low: float
    high: float


def written(path: Path, rows: Iterable[Row]) -> None:
    """Write the table as CSV, whole or not at all."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(Row._fields)
    lines.writerows(rows)
    store.write_text(path, text.getvalue())


def read(path: Path) -> list[Row]:
    """A table that was written."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(**{**row, "line": int(row["line"]), "seconds": float(row["seconds"])})
            for row in csv.DictReader(file)
        ]


def scores(rows: Sequence[Row]) -> list[Score]:
    """Of every room and of all together. Mutants that do not even start are none."""
    tried = [row for row in rows if row.fate != "does not start"]
    rooms = dict.fromkeys(row.room for row in tried)
    found = [_score(room, [row for row in tried if row.room == room]) for room in rooms]
    return [*found, _score("all", tried)]


def _score(room: str, rows: Sequence[Row]) -> Score:
    from scipy.stats import binomtest

    fates = Counter(row.fate for row in rows)
    caught = len(rows) - fates["survived"]
    interval = binomtest(caught, len(rows)).proportion_ci(0.95, "exact")
    return Score(room, len(rows), caught, caught / len(rows), interval.low, interval.high)


def summary(rows: Sequence[Row]) -> str:
    """The scores as text."""
    return "\n".join(
        f"{s.room:18} {s.caught:4} of {s.tried:4} caught: {s.share:.3f} [{s.low:.3f}, {s.high:.3f}]"
        for s in scores(rows)
    )
