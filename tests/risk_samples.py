"""Small scenarios and logs made by hand, and their counts."""

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim import log as events
from sim import plan as plans
from sim import risk
from sim.log import Log, Outcome, from_records, written
from sim.risk import Counts, Study, Tally
from sim.scenario import Baseline, Loaded, Scenario
from sim.world import build

Record = tuple[float, int, str, int, int, int]

HAMLETS = ("A", "B", "C", "S")
"""Three hamlets and a school; A has candidates in every stage."""
FIELD = {name: i for i, name in enumerate(events.PANEL_FIELDS)}
OFFICIALS_OF_A = 4


def people(count: int, age: float = 40.0) -> list[dict[str, Any]]:
    """One group of people of one exact age."""
    return [{"band": (age, age), "count": count}]


def sample(policies: dict[str, Any] | None = None, **changes: Any) -> Loaded:
    """Three hamlets and a school in one commune, eight years from 2020 on."""
    units = [
        {
            "id": "A",
            "name": "Alder",
            "area": ("Hills",),
            "residents": 300,
            "officials": people(OFFICIALS_OF_A),
            "listed": people(1, 25.0),
            "certified": people(1, 25.0),
            "ready": people(1, 25.0),
            "probation": people(1, 25.0),
        },
        {"id": "B", "name": "Birch", "area": ("Hills",), "officials": people(3), "residents": 300},
        {"id": "C", "name": "Cedar", "area": ("Hills",), "cell": "none", "residents": 300},
        {
            "id": "S",
            "name": "School",
            "area": ("Hills",),
            "kind": "school",
            "staff": 10,
            "officials": people(3),
        },
    ]
    scenario = {
        "title": "Sample",
        "baseline": "none",
        "start": dt.date(2020, 1, 1),
        "years": 8,
        "policies": policies or {"as-is": ()},
        **changes,
    }
    return Loaded(
        scenario=Scenario.model_validate(scenario),
        baseline=Baseline.model_validate({"levels": ("commune",), "units": units}),
    )


def key_of(loaded: Loaded, hamlet: str, status: int) -> int:
    """The key of the first person of a status in a hamlet at the start."""
    found = build(loaded).people
    mine = (found["hamlet"] == HAMLETS.index(hamlet)) & (found["status"] == status)
    return int(found["key"][mine][0])


def keys_of(loaded: Loaded, hamlet: str, status: int) -> list[int]:
    """The keys of all of a status in a hamlet at the start."""
    found = build(loaded).people
    mine = (found["hamlet"] == HAMLETS.index(hamlet)) & (found["status"] == status)
    return [int(key) for key in found["key"][mine]]


def log_of(records: list[Record]) -> Log:
    """A log in canonical order; hamlets by id."""
    return from_records(
        [
            (day, phase, HAMLETS.index(h), key, kind, cause)
            for day, phase, h, key, kind, cause in records
        ]
    )


def cell(day: float, hamlet: str, kind: int, cause: int = events.DEAD) -> Record:
    """Something that happens to a cell."""
    return day, 6, hamlet, events.NOBODY, kind, cause


def life(day: float, hamlet: str, key: int, kind: int, cause: int = 0) -> Record:
    """Something that happens to a person."""
    return day, 1, hamlet, key, kind, cause


def empty_panel(loaded: Loaded) -> npt.NDArray[np.int32]:
    """A panel in which all hamlets have a cell and nobody is there."""
    shape = loaded.scenario.years + 1, len(loaded.baseline.units), len(events.PANEL_FIELDS)
    return np.zeros(shape, dtype=np.int32)


def outcome_of(
    loaded: Loaded, records: list[Record], panel: Any = None, adaptive: int = 0
) -> Outcome:
    """An outcome with this log."""
    years = loaded.scenario.years
    return Outcome(
        log_of(records),
        empty_panel(loaded) if panel is None else panel,
        np.zeros((adaptive, years), dtype=np.int64),
        np.zeros(years, dtype=np.int64),
    )


def counted(
    loaded: Loaded, outcomes: list[Outcome], policy: str = "as-is", bins: int = 20
) -> Counts:
    """The counts of some outcomes, each a replication."""
    plan = plans.make(loaded, policy)
    rules, kinds = loaded.scenario.rules, risk.kinds_in(loaded.baseline)
    ground = risk.ground(
        plan,
        build(loaded),
        risk.kinds_of(loaded.baseline, kinds),
        len(kinds),
        rules.at_risk_share_over_60,
        rules.at_risk_months_since_admission,
    )
    counts = risk.empty_counts(len(outcomes), 1, ground, plan.settings.adaptive, bins)
    counter = risk.Counter(ground, counts)
    for row, outcome in enumerate(outcomes):
        counter.take(written(outcome), row)
    return counts


def count_one(loaded: Loaded, records: list[Record], policy: str = "as-is") -> Counts:
    """The counts of one replication with this log."""
    return counted(loaded, [outcome_of(loaded, records)], policy)


def tally_of(loaded: Loaded, outcomes: list[Outcome], policy: str = "as-is") -> Tally:
    """The tally of one policy from outcomes made by hand."""
    kinds = risk.kinds_in(loaded.baseline)
    return Tally(
        counts=counted(loaded, outcomes, policy),
        offers=(risk.offer(loaded, policy, plans.make(loaded, policy)),),
        draw=np.zeros(len(outcomes), dtype=np.int64),
        kind=risk.kinds_of(loaded.baseline, kinds),
        kind_names=kinds,
        unit_costs=loaded.scenario.costs,
    )


def of_hamlets(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table that are of hamlets: the sample's school has rows of its own."""
    return table[table["kind"] == "hamlet"] if "kind" in table else table


def study_of(loaded: Loaded, outcomes: dict[str, list[Outcome]]) -> Study:
    """A study of outcomes by policy."""
    tallies = {policy: tally_of(loaded, ones, policy) for policy, ones in outcomes.items()}
    return Study(loaded, risk.anniversaries(loaded), tallies)
