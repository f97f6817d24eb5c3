"""Faults that a programmer of the kernels could make, seeded by hand."""

from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutants import Mutant


@dataclass(frozen=True)
class Fault:
    """A stretch of a source, which occurs once in it, and what a wrong programmer would write."""

    room: str
    file: str
    old: str
    new: str

    def mutant(self, root: Path) -> Mutant:
        source = (root / self.file).read_text("utf-8")
        assert source.count(self.old) == 1, f"{self.file}: {self.old!r} is not there once"
        offset = source.index(self.old)
        return Mutant(self.file, source.count("\n", 0, offset) + 1, offset, self.old, self.new)


C, RULES = "sim/engine/compiled/", "sim/rules.py"
IN = "compiled engine"

FAULTS = (
    # a tie goes the other way, a place too many or too few
    Fault(IN, C + "queues.py", 'return p["key"] < q["key"]', 'return p["key"] > q["key"]'),
    Fault(IN, C + "queues.py", "return first[\"since\"] < second[\"since\"]", "return False"),
    Fault(IN, C + "queues.py", "return u < v", "return u > v"),
    Fault(IN, C + "queues.py", "size // 2 - 1, -1, -1", "size // 2 - 1, 0, -1"),
    Fault(IN, C + "queues.py", "is_due = instants[i] <= day", "is_due = instants[i] < day"),
    Fault(IN, C + "meetings.py", "s.admitted[t] >= s.allowed[t, month]",
          "s.admitted[t] > s.allowed[t, month]"),
    Fault(IN, C + "meetings.py", 'if attends or not one["replace"]:', "if attends:"),
    Fault(IN, C + "meetings.py", 'low * rules.YEAR <= day - p["birth"]',
          'low * rules.YEAR < day - p["birth"] - 1'),
    Fault(IN, C + "meetings.py", 'queue(s, n, i, 0.0, p["waiting"], UNDRAWN, p["key"])',
          'queue(s, n, i, 0.0, 0.0, UNDRAWN, p["key"])'),
    # something of the person or the hamlet is not brought up to date
    Fault(IN, C + "counting.py", 'hamlet["officials"] += change', 'hamlet["officials"] += now'),
    Fault(IN, C + "counting.py", 'p["counted"] = now', "pass"),
    Fault(IN, C + "counting.py", 'cell["below_since"] = rules.NEVER', "pass"),
    Fault(IN, C + "counting.py", 'p["points"], p["adult"], p["weight"] = points, adult, weight',
          'p["points"], p["adult"] = points, adult'),
    Fault(IN, C + "life.py", 'p["fired"] += 1', "pass"),
    Fault(IN, C + "life.py", 'p["limit"] = rules.NEVER', "pass"),
    Fault(IN, C + "stages.py", 'hamlet["candidates"] -= 1', "pass"),
    Fault(IN, C + "stages.py", 'p["dossiers"] += 1', "pass"),
    Fault(IN, C + "postings.py", "s.pool_used[pool] += 1", "pass"),
    Fault(IN, C + "postings.py", "s.counters[POSTED_NOW] += 1", "pass"),
    # a shortcut that skips what may happen, a clock that is re-based wrongly or not at all
    Fault(IN, C + "clocks.py", "scale * s.shock_most[h]", "scale"),
    Fault(IN, C + "clocks.py", 'most * hamlet["mortality_factor"]', "0.5 * most"),
    Fault(IN, C + "clocks.py", 'p["budget"] = max(0.0, p["budget"] - used)', "pass"),
    Fault(IN, C + "clocks.py", 'p["since"] = day\n', "pass\n"),
    Fault(IN, C + "stages.py", "if s.clock[before] != s.clock[", "if s.clock[before] < s.clock["),
    # the wrong moment, group or draw
    Fault(IN, C + "stages.py", "u = draw(s, i, rules.DOSSIER_DELAY, p[\"dossiers\"])",
          "u = draw(s, i, rules.DOSSIER_DELAY, 0)"),
    Fault(IN, C + "meetings.py", "rules.ATTENDANCE + 100 * one[\"series\"]", "rules.ATTENDANCE"),
    Fault(IN, C + "postings.py", "set_term(s, j, begins)",
          "set_term(s, j, begins + 1)"),
    Fault(IN, C + "life.py", "clocks.leaving_scale(s, p) * s.shock[h, period]",
          "clocks.leaving_scale(s, p)"),
    # the rules, which both engines share
    Fault("rules", RULES, "if left < rate:", "if left < total:"),
    Fault("rules", RULES, "and 18 <= age < 60", "and 18 <= age <= 60"),
    Fault("rules", RULES, "return 1 if day - birth >= half_from_age * YEAR else 2", "return 2"),
    Fault("rules", RULES, "s * normal_quantile(u) - 0.5 * s * s", "s * normal_quantile(u)"),
    Fault("rules", RULES, "return min(1.0, (0.5 * points + outside) / full_help)",
          "return (0.5 * points + outside) / full_help"),
    Fault("rules", RULES, "+ 1e-9) - candidates", "+ 1e-9)"),
    Fault("rules", RULES, "return low // ELIGIBLE_AGES, 18 + low % ELIGIBLE_AGES + part",
          "return low // ELIGIBLE_AGES, 18.0 + low % ELIGIBLE_AGES"),
    Fault("rules", RULES, "if limit < day:", "if limit <= day:"),
    Fault("rules", RULES, "used += rate * (end - t)", "used += after * (end - t)"),
)  # fmt: skip
"""Each in a kernel or in a rule that kernels call."""
