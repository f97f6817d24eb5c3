"""Marginal values: cells kept for each further seat, admission or posting, area by area.

Each lever is moved by a small step in one area at a time, on the same lives: a policy more in a
run, compared with its base pair by pair. What the intervals do not tell from nothing is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim import store
from sim.experiment.preparation import known_policies
from sim.experiment.replication import Progress, Results, run
from sim.levers import Admission, AnyLever, Change, LocalClass, Reinforcement, Training, Where
from sim.messages import BadInput, Fault, _, listed, nearest, shown
from sim.plan.scopes import area_path
from sim.risk import intervals
from sim.risk.outcomes import CELL_YEARS, by_replication
from sim.risk.study import Tally
from sim.scenario import Loaded, Pool, Scenario

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

NAME = "marginal"
OURS = frozenset(f"{NAME}.{kind}" for kind in ("parquet", "csv", "png", "json"))
"""Names in the folder of a study."""
SEAT, ADMISSION, POSTING = LEVERS = ("seat", "admission", "posting")
OUTCOMES = {"lost": -1.0, CELL_YEARS: 1.0}
"""What is kept, and its sign: hamlets that do not lose their cell, years of cells."""
UNITS = {SEAT: "seats_offered", ADMISSION: "admitted", POSTING: "posted"}
"""What is counted of each lever."""
STEPS = {SEAT: 5, ADMISSION: 5, POSTING: 3}
"""Seats in each class, admissions a year, members who may be posted at once in the area."""
POOL = "further"
FEWEST_DRAWS = 25
"""Of uncertain parameters: from few of them nothing is told from zero, whatever was kept."""
COLUMNS = (
    "policy", "lever", "level", "area", "step", "outcome", "further", "kept", "kept_low",
    "kept_high", "each", "low", "high", "is_said",
)  # fmt: skip


@dataclass(frozen=True)
class Marginal:
    """A finished study. `marginal` has a row for each policy, lever, area and outcome.

    further: seats offered, admissions or postings more than without the step; kept: cells lost
    fewer (outcome `lost`) or years of cells more (`cell_years`), with its interval; each: the one
    by the other, with its interval, nan unless `is_said`: that further ones were brought about, and
    that what was kept is not zero - by intervals that hold for all rows of the table together, and
    by a test of signs.
    """

    marginal: "pd.DataFrame"
    manifest: dict[str, Any]

    def summary(self) -> str:
        """What each further one keeps, as a text for a terminal."""
        from sim.experiment.margins import summary

        return summary(self)


class Step(NamedTuple):
    """One lever moved by a step in one area."""

    lever: str
    level: str
    area: str
    size: int
    added: AnyLever


def marginal(
    loaded: Loaded,
    policies: Sequence[str] | None = None,
    by: str | None = None,
    replications: int | None = None,
    seed: int | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Marginal:
    """What a further seat, admission or posting keeps, beginning with each of the policies.

    policies: default the base alone.  by: the area level, default the lowest; targets and classes
    are moved at the level where they are decided, and seats below it by a class of the area's own.
    Raises BadInput.
    """
    import pandas as pd

    known_policies(loaded, policies)
    named = list(dict.fromkeys(policies)) if policies else [next(iter(loaded.policies))]
    level = _level(loaded, by)
    steps = {name: list(_steps(loaded, name, level)) for name in named}
    if not any(steps.values()):
        found, allowed = _("no classes, targets or postings"), _("at least one of them")
        raise BadInput([Fault(loaded.source_file or _("scenario"), found=found, allowed=allowed)])
    rows: list[dict[str, Any]] = []
    made: Results | None = None
    number = sum(len(OUTCOMES) * len(found) for found in steps.values())
    for i, name in enumerate(named):
        told = _part_of(progress, i, len(named))
        made = run(_varied(loaded, name, steps[name]), None, replications, None, seed, None, jobs,
                   told)  # fmt: skip
        rows += _rows(made, name, steps[name], number)
    assert made is not None
    info = {
        "by": level, "policies": named, "replications": made.replications, "draws": made.draws,
        "steps": STEPS, "seed": made.seed,
    }  # fmt: skip
    manifest = store.provenance(loaded.scenario, loaded.baseline)
    manifest |= {"policies": named, "seed": made.seed, NAME: info}
    return Marginal(pd.DataFrame(rows, columns=list(COLUMNS)), manifest)


def _part_of(progress: Progress | None, part: int, parts: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, whole: progress(part * whole + done, parts * whole)


def _level(loaded: Loaded, by: str | None) -> str:
    levels = loaded.baseline.levels
    if by is not None and by not in levels:
        fault = Fault("by", found=shown(by), allowed=listed(levels), suggestion=nearest(by, levels))
        raise BadInput([fault])
    return by or levels[-1]


# ---------------------------------------------------------------- steps


def _steps(loaded: Loaded, policy: str, level: str) -> Iterator[Step]:
    """Every lever in every area of the level where it is decided, seats and postings by `level`."""
    scenario, levels = loaded.scenario, loaded.baseline.levels
    if scenario.training.on:
        of_classes = scenario.training.level or levels[-2 if len(levels) > 1 else -1]
        for area in _areas(loaded, level):
            yield Step(SEAT, level, area, STEPS[SEAT], _seats(scenario, level, of_classes, area))
    for target in scenario.admission.targets:
        for area in _areas(loaded, target.level):
            more = Change(plus=STEPS[ADMISSION])
            lever = Admission(per_year=more, where=Where(areas=(area,)))
            yield Step(ADMISSION, target.level, area, STEPS[ADMISSION], lever)
    for area in _areas(loaded, level):
        if posting := _posting(loaded, policy, area):
            yield Step(POSTING, level, area, STEPS[POSTING], posting)


def _areas(loaded: Loaded, level: str) -> list[str]:
    """The areas of a level, as paths."""
    depth = loaded.baseline.levels.index(level)
    return list(dict.fromkeys(area_path(unit, depth) for unit in loaded.baseline.units))


def _seats(scenario: Scenario, level: str, of_classes: str, area: str) -> AnyLever:
    """More seats in the area's classes, or a small class of its own in the same months."""
    rule, where, seats = scenario.training, Where(areas=(area,)), STEPS[SEAT]
    if level == of_classes:
        return Training(seats=Change(plus=seats), where=where)
    return LocalClass(
        level=level, months=rule.months, seats=seats, attendance=rule.attendance,
        priority=rule.priority, where=where,
    )  # fmt: skip


def _posting(loaded: Loaded, policy: str, area: str) -> AnyLever | None:
    """A member more wherever the policy posts some in; else one into each cell that falls below.

    The latter from a pool of the area's own. None where a policy posts people into some units only.
    """
    there = [lv for lv in loaded.policies[policy] if isinstance(lv, Reinforcement)]
    scenario = loaded.scenario
    if not there:
        return Reinforcement(
            strength_below=scenario.rules.minimum_official_members, number=1, pool=POOL,
            term_months=scenario.postings.term_months, where=Where(areas=(area,)),
        )  # fmt: skip
    if len(there) > 1 or there[0].where != Where():
        return None
    more = {"number": there[0].number + 1, "where": Where(areas=(area,))}
    return there[0].model_copy(update=more)


def _varied(loaded: Loaded, policy: str, steps: Sequence[Step]) -> Loaded:
    """The scenario with the policy as base, and one policy for each step."""
    scenario = loaded.scenario
    base = scenario.policies[policy]
    policies = {policy: base}
    policies |= {_name(policy, i): (*base, step.added) for i, step in enumerate(steps)}
    pools = dict(scenario.postings.pools)
    if lowest := [step.level for step in steps if step.lever == POSTING]:
        pools[POOL] = Pool(level=lowest[0], size=STEPS[POSTING])
    postings = scenario.postings.model_copy(update={"pools": pools})
    update = {
        "policies": policies,
        "postings": postings,
        "parameter_draws": max(scenario.parameter_draws, FEWEST_DRAWS),
    }
    changed = scenario.model_copy(update=update)
    return loaded.model_copy(update={"scenario": changed})


def _name(policy: str, step: int) -> str:
    return f"{policy} + {step}"


# ---------------------------------------------------------------- what came of it


def _rows(
    made: Results, policy: str, steps: Sequence[Step], number: int
) -> Iterator[dict[str, Any]]:
    base = made.study.tallies[policy]
    for i, step in enumerate(steps):
        tally = made.study.tallies[_name(policy, i)]
        further = _added(tally, base, UNITS[step.lever])
        for outcome, sign in OUTCOMES.items():
            kept = sign * (by_replication(tally, outcome) - by_replication(base, outcome))
            yield {
                "policy": policy,
                "lever": step.lever,
                "level": step.level,
                "area": step.area,
                "step": step.size,
                "outcome": outcome,
                **_found(tally, further, kept, number),
            }


def _added(tally: Tally, base: Tally, measure: str) -> Floats:
    added: Floats = (tally.measure(measure) - base.measure(measure)).sum(axis=1)
    return added


def _found(tally: Tally, further: Floats, kept: Floats, number: int) -> dict[str, Any]:
    whole = intervals.mean(kept, tally.draw)
    found = {
        "further": further.mean(),
        "kept": float(whole.value),
        "kept_low": float(whole.low),
        "kept_high": float(whole.high),
        "is_said": _is_certain(tally, further, number) and _is_certain(tally, kept, number),
    }
    if found["is_said"] and further.mean() > 0:
        each = intervals.ratio(kept, further, tally.draw)
        found |= {"each": each.value, "low": each.low, "high": each.high}
    else:
        found["is_said"] = False
    return found


def _is_certain(tally: Tally, difference: Floats, number: int) -> bool:
    """Whether a difference is told from zero, as one of so many.

    By Student's interval, and by the exact test of signs, for few differences that are whole and
    mostly zero are not normal. Draws of the parameters are what was sampled, if there are several.
    """
    from scipy.special import bdtr, stdtrit

    tail = intervals.tail_for_all(number)
    error, freedom = intervals.standard_error(difference, tally.draw)
    sums = tally.by_group(difference)
    more, fewer = int((sums > 0).sum()), int((sums < 0).sum())
    by_signs = bdtr(min(more, fewer), more + fewer, 0.5) if more + fewer else 1.0
    is_apart = abs(difference.mean()) > stdtrit(freedom, 1 - tail) * error
    return bool(is_apart and by_signs <= tail)
