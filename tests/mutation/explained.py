"""Mutants that no test can see, or should, with the reason: they are the same program.

They count as surviving, and their reason stands in the table.
"""

from typing import NamedTuple


class Explained(NamedTuple):
    """A change in a line of a file that has `within` in it, and why nothing comes of it."""

    file: str
    within: str
    old: str
    new: str
    why: str


C, ROOM = "sim/engine/compiled/", "only how large a table is; there is room enough either way"

EXPLAINED = (
    Explained(C + "queues.py", "", 'return p["key"] < q["key"]', 'return p["key"] > q["key"]',
              "at one instant of one hamlet only stages and limits coincide, which do not depend "
              "on each other; the log is put in order"),
    Explained(C + "stages.py", "", "if s.clock[before] != s.clock[",
              "if s.clock[before] < s.clock[",
              "a stage only goes forward, and clocks are numbered in the order of the stages"),
    Explained("sim/draws.py", "tail = p if", "q < 0.0", "(q <= 0.0)",
              "zero was answered before, in the centre"),
    Explained("sim/rules.py", "ratio = target / admitted", "2.0", "(4.0)",
              "without an admission the factor is 2 whatever the ratio"),
    Explained("sim/rules.py", "low, high = 0", "len(cumulated) - 1", "(len(cumulated) + 1)",
              "no u below 1 comes to what lies beyond the last share, which is 1"),
    Explained("sim/engine/reference/clocks.py", "person.since < day and", "person.since < day",
              "(person.since <= day)", "nothing is spent in no time"),
    Explained("sim/engine/reference/clocks.py", "person.since < day and",
              "person.since < day and person.place != rules.POSTED",
              "(person.since < day or person.place != rules.POSTED)",
              "nothing is spent in no time, and who is posted in is at no risk"),
    Explained("sim/engine/reference/state.py", "self.term_month, self.term_months", "-1", "(1)",
              "the end of a term is set for whoever is posted before it is read"),
    Explained("sim/risk/counting.py", "self._make_room(1 << (4 *", "15", "(16)", ROOM),
    Explained(C + "roster.py", "i -= 1", "1", "(2)",
              "what overflows is made anew with more room, wherever it was put"),
    Explained("sim/risk/counts.py", "codes, named = max(", "1", "(2)", ROOM),
)  # fmt: skip


def why(file: str, line: str, old: str, new: str) -> str:
    """The reason for which a mutant of this line may survive; empty if there is none."""
    alike = (e for e in EXPLAINED if (e.file, e.old, e.new) == (file, old, new))
    return next((e.why for e in alike if e.within in line), "")
