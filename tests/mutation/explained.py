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
GROWS = "only how large a table is at first; it grows where it must"
BOUND = "a higher bound skips less of what brings nothing; what is not skipped is drawn as it is"
HINT = "a hint to the processor, which changes no number"
ALIKE = "all stand in the queue with the same value and time"
BELOW_0 = "any number below zero is none, and only whether it is below is asked"

EXPLAINED = (
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
    Explained("sim/risk/counting.py", "self._make_room(1 << (4 *", "15", "(16)", GROWS),
    Explained("sim/risk/counting.py", "self._make_room(1 << (4 *", "4", "(5)", GROWS),
    Explained("sim/risk/counting.py", "self._make_room(1 << (4 *", "4 * len(ground.start) + 15",
              "(4 * len(ground.start) - 15)", GROWS),
    Explained("sim/risk/ranks.py", "SEED = ", "22", "(23)", "any seed would do"),
    Explained("sim/risk/intervals.py", "few = (middle > 0)", "middle > 0", "(middle >= 0)",
              "a mean of zero has no variance, and what is not a number is not few"),
    Explained("sim/risk/precision.py", "[BELOW, LOST, COMBINED]",
              "tally.counts.first[:, :, [BELOW, LOST, COMBINED]] != NEVER",
              "(tally.counts.first[:, :, [BELOW, LOST, COMBINED]] == NEVER)",
              "the interval of a share is as wide as that of the rest"),
    Explained("sim/risk/measures.py", "status = np.full(", "1", "(2)", ROOM),
    Explained("sim/risk/counting.py", "at = (at + 1) & last", "at + 1", "(at - 1)",
              "the next free place is looked for in one direction, whichever it is"),
    Explained(C + "roster.py", "i -= 1", "1", "(2)",
              "what overflows is made anew with more room, wherever it was put"),
    Explained(C + "roster.py", "s.counters[OVERFLOWN] = 1", "1", "(2)",
              "only whether it is zero is asked"),
    Explained("sim/risk/counts.py", "codes, named = max(", "1", "(2)", ROOM),
    Explained("sim/risk/counting.py", "people_in(s) > len(s.people)",
              "2 * people_in(s) > len(s.people)", "(2 * people_in(s) >= len(s.people))", ROOM),
    Explained("sim/risk/counting.py", 'one["departed"] = one["follows"] = -1', "1", "(2)", BELOW_0),
    Explained(C + "review.py", "s.host[k] = -1", "1", "(2)", BELOW_0),
    Explained(C + "moves.py", "enrol(s, b, -1, day, POSTINGS, cause)", "1", "(2)",
              "its own cell takes the place of none before anybody asks"),
    Explained(C + "listing.py", "brings_nobody(u, most * help_)", "most * help_", "(most / help_)",
              "help is 1 at most where there is a bound. " + BOUND),
    Explained(C + "ceilings.py", "unbounded = ", "s.power < 0.0", "(s.power <= 0.0)", BOUND),
    Explained(C + "queues.py", "if day < soonest[group]", "day < soonest[group]",
              "(day <= soonest[group])", "an equal day is put where it stands already"),
    Explained(C + "__init__.py", "if months < self._plan.settings.months:",
              "months < self._plan.settings.months", "(months <= self._plan.settings.months)",
              "keys of rates are the same always, and read only where a replication stops"),
    Explained("sim/rules.py", "YEARS_A_DAY, MONTHS_A_DAY =", "1.0", "(2.0)",
              "only a first guess, put right in both directions; nobody is asked for an age "
              "before birth"),
    Explained("sim/risk/intervals.py", "betaincinv(", "1e-9", "(2e-09)",
              "numbers as near to none or to all as that have the same bounds, to the last bit"),
    Explained("sim/draws.py", "return x if x > 0.0 else math.nan", "x > 0.0", "(x >= 0.0)",
              "zero was answered before, and nan is neither"),
    Explained(C + "review.py", "queue(s, n, h, 0.0, 0.0, lottery", "0.0", "(1.0)", ALIKE),
    Explained(C + "meetings.py", "tidy_pipeline(s)", "tidy_pipeline(s)", "pass",
              "who is gone is passed over in any case: it saves time"),
    Explained("sim/engine/reference/__init__.py", "clocks.look_ahead(unit, person, 0.0)", "0.0",
              "(1.0)", "no probation of the baseline ends within its first month"),
    Explained("sim/risk/counting.py", "at = (at + 1) & last", "1", "(2)",
              "the next free place is looked for in steps, however long they are"),
    Explained("sim/risk/intervals.py", "few = (middle > 0)", "events < FEW", "(events <= FEW)",
              "a seam between two intervals, at a ratio of squares that is ten by rounding only"),
    Explained("sim/rules.py", "while birth + (years + 1) * YEAR <= day", "1", "(2)",
              "the first guess is never a year too low"),
    Explained("sim/draws.py", "SCALE_OF_SUBNORMALS =", "54", "(55)",
              "a scale that is put on and taken off again"),
    Explained("sim/rules.py", "if end == starts[p + 1]", "p + 1", "(p - 1)",
              "the next round, which takes no time, finds the period that begins"),
    Explained("sim/risk/counting.py", "if column >= 0", "column >= 0", "(column > 0)",
              "events have columns of their own; the first is of first losses"),
    Explained("sim/risk/counting.py", "AHEAD = 8", "8", "(9)", HINT),
    Explained(C + "__init__.py", "self._everybody = int(rooms.sum())", "int(rooms.sum()) + 1",
              "(int(rooms.sum()) - 1)", GROWS),
    Explained(C + "review.py", "looks = len(s.conditions)", "len(s.conditions) > 0",
              "(len(s.conditions) >= 0)", "with no conditions there is nothing to observe"),
    Explained(C + "stages.py", 'if p["status"] <= rules.READY', 'p["status"] <= rules.READY',
              "(p['status'] < rules.READY)", "who enters is on the list or an official"),
    Explained("sim/draws.py", "if count > mean and cumulative", "cumulative + probability",
              "(cumulative - probability)", "what is too small to add is too small to take off"),
    Explained("sim/engine/reference/postings.py", "person.limit = retires", "retires > day",
              "(retires >= day)", "nobody is born to retire at the very instant of a month start"),
    Explained(C + "ceilings.py", "offices ", "1.0", "(2.0)", BOUND),
    Explained("sim/rules.py", "i = int((day - month_days[0])", "day - month_days[0]",
              "(day + month_days[0])", "only a first guess, put right in both directions"),
    Explained("sim/draws.py", "if q < 0.0 else", "q < 0.0", "(q <= 0.0)",
              "zero was answered before, in the centre"),
    Explained("sim/risk/measures.py", "ending = np.full(", "1", "(2)",
              "only how large a table is, and that no ending is below zero"),
    Explained("sim/risk/counting.py", "if column >= 0", "0", "(1)",
              "events have columns of their own; the first is of first losses"),
    Explained(C + "queues.py", 'return first["value"] < second["value"]',
              'first["value"] < second["value"]', "(first['value'] <= second['value'])",
              "they are not equal here"),
    Explained("sim/engine/reference/state.py", "self.term_month, self.term_months", "1", "(2)",
              BELOW_0),
    Explained(C + "queues.py", "fetch(", "fetch(s.people[s.scratch[k]], READ_OFTEN)", "pass", HINT),
    Explained(C + "listing.py", "fetch(", "fetch(s.entry[h, month // 12], ENTRY_SIZE)", "pass",
              HINT),
    Explained(C + "queues.py", "UNDRAWN = -1.0", "-1.0", "(1.0)", "draws lie between 0 and 1"),
    Explained(C + "moves.py", "b if had_cell else -1", "-1", "(1)",
              "who is on the roll of a hamlet is on that of its cell"),
    Explained(C + "stages.py", "month = min(month_at(s, day), s.months - 1)", "s.months - 1",
              "(s.months + 1)", "no dossier begins at the very instant of the horizon"),
    Explained(C + "postings.py", "s.term[i] = -1", "1", "(2)", BELOW_0),
    Explained(C + "stages.py", 'p["stage_due"] < day', 'p["stage_due"] < day',
              "(p['stage_due'] <= day)", "nobody comes back at the very instant of a stage's end"),
    Explained(C + "meetings.py", "s.flags[members[k]] = 0", "0", "(1)",
              "one more for every hamlet changes no order"),
)  # fmt: skip


def why(file: str, line: str, old: str, new: str) -> str:
    """The reason for which a mutant of this line may survive; empty if there is none."""
    alike = (e for e in EXPLAINED if (e.file, e.old, e.new) == (file, old, new))
    return next((e.why for e in alike if e.within in line), "")
