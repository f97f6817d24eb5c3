"""The scenario as frozen typed data: every parameter of the model, its unit and its default.

A scenario never changes; a variant is a new one (`with_values`). Numbers from which a default is
taken are in the README of the shipped scenarios. Rates are per year of 365.25 days.
"""

import bisect
import copy
import datetime as dt
import itertools
import math
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.levers import (
    AnyLever,
    Count,
    MonthNumber,
    Months,
    NonNegative,
    Positive,
    Priority,
    Record,
    Share,
)
from sim.messages import _, listed

DAYS_PER_YEAR = 365.25
LARGEST_SEED = 2**62 - 1
Difficulty = Literal["easy", "normal", "difficult"]
UnitKind = Literal["hamlet", "school", "health_station", "agency"]
Text = str | dict[Literal["en", "vi", "ru"], str]
Age = Annotated[int, Field(ge=0, le=120)]
ByAge = dict[Age, NonNegative]


def _exactly_one(record: Record, *names: str) -> None:
    given = [n for n in names if getattr(record, n) is not None]
    if len(given) != 1:
        found = listed(given) or _("nothing")
        told = _("exactly one of {names} (found {found})")
        raise ValueError(told.format(names=listed(names), found=found))


class Rate(Record):
    """A rate per year: constant, or by exact age from the given birthdays on."""

    constant: NonNegative | None = None
    by_age: ByAge | None = None

    @model_validator(mode="before")
    @classmethod
    def _number_is_constant(cls, value: object) -> object:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return {"constant": value} if is_number else value

    @model_validator(mode="after")
    def _one_form(self) -> "Rate":
        _exactly_one(self, "constant", "by_age")
        return self


class Mortality(Record):
    """Death: a shipped table by age, sex and calendar year times a factor, or a rate."""

    table: Literal["viet-nam", "viet-nam-2020"] | None = Field(
        None, description="viet-nam: WPP 2024 by calendar year; viet-nam-2020: the year 2020 always"
    )
    constant: NonNegative | None = None
    by_age: ByAge | None = None
    factor: NonNegative = 1.0

    @model_validator(mode="after")
    def _one_form(self) -> "Mortality":
        _exactly_one(self, "table", "constant", "by_age")
        return self


class RogersCastro(Record):
    """Basic standard schedule (Rogers and Castro 1981) times `level`."""

    level: NonNegative


class Leaving(Record):
    """Labour migration. Factors scale the schedule for those on the list and on the roll."""

    rogers_castro: RogersCastro | None = None
    constant: NonNegative | None = None
    by_age: ByAge | None = None
    candidate_factor: NonNegative = 0.8
    probationer_factor: NonNegative = 0.6
    member_factor: NonNegative = 0.6
    leaves_for_good: Share = Field(0.0, description="P(leaving is an exit)")

    @model_validator(mode="after")
    def _one_form(self) -> "Leaving":
        _exactly_one(self, "rogers_castro", "constant", "by_age")
        return self


class MovingIn(Record):
    """Official members who move in, per hamlet and year, part of the residents' migration."""

    retired: NonNegative = 0.0
    demobilised: NonNegative = Field(0.0, description="Follows the young who left two years before")
    marriage: NonNegative = 0.0
    retired_ages: tuple[Age, Age] = (55, 62)
    demobilised_ages: tuple[Age, Age] = (22, 27)
    marriage_ages: tuple[Age, Age] = (22, 35)
    retired_women_share: Share = 0.28
    demobilised_women_share: Share = 0.1
    marriage_women_share: Share = 0.9
    no_cell_factor: NonNegative = 0.5


class Removal(Record):
    """Removal by kind. `struck_off_away`: three months away without activity and without reason."""

    expelled: Rate = Rate(constant=0.0)
    struck_off: Rate = Rate(constant=0.0)
    asked_to_leave: Rate = Rate(constant=0.0)
    struck_off_away: Rate = Rate(constant=0.0)


class Demography(Record):
    """How people die, leave, return, settle elsewhere, move in and are removed."""

    mortality: Mortality = Mortality(table="viet-nam")
    leaving: Leaving = Leaving(rogers_castro=RogersCastro(level=1.0))
    returning: Rate = Rate(constant=0.2)
    settling_away: Rate = Field(Rate(constant=0.05), description="Candidates and residents away")
    settling_away_members: Rate | None = Field(None, description="Default: as settling_away")
    marrying_in: NonNegative = Field(0.0, description="Net share a year of women of 20-29")
    moving_in: MovingIn = MovingIn()
    removal: Removal = Removal()
    exemption: Rate = Field(Rate(constant=0.0), description="From activity, for age or ill health")
    shock: dict[str, NonNegative] = Field(
        default_factory=dict, description="Sd of the log of leaving by area level and calendar year"
    )
    staff_turnover: Rate = Field(
        Rate(constant=0.08), description="Staff of schools, stations and agencies transferred"
    )
    retirement_age: Annotated[int, Field(ge=40, le=80)] = 60


class Rules(Record):
    """Rules in force; every one has its source in the project's documentation of the model."""

    minimum_official_members: Annotated[int, Field(ge=1, le=50)] = 3
    risk_line: Annotated[int, Field(ge=1, le=50)] = 5
    founding_strength: Annotated[int, Field(ge=1, le=50)] = 3
    admission_age: tuple[Age, Age] = (18, 60)
    probation_months: Annotated[int, Field(ge=1, le=120)] = 12
    certificate_months: Annotated[int, Field(ge=1, le=1200)] = 60
    dossier_months: Annotated[int, Field(ge=1, le=1200)] = 12
    candidate_away_months: Annotated[int, Field(ge=1, le=1200)] = 12
    grace_months: Annotated[int, Field(ge=0, le=1200)] = 0
    away_counts: bool = False
    exempt_counts: bool = True
    posted_counts: bool = True
    at_risk_share_over_60: Share = 0.65
    at_risk_months_since_admission: Count = 60


class AgeWeight(Record):
    """Relative weight of one age range, both ages included."""

    ages: tuple[Age, Age]
    weight: NonNegative


class Listing(Record):
    """Listings per year: a rate per eligible resident, or a constant per hamlet."""

    per_resident: NonNegative | None = None
    per_hamlet: NonNegative | None = None
    power: Annotated[float, Field(gt=0, le=1)] = 1.0
    age_weights: tuple[AgeWeight, ...] = (AgeWeight(ages=(18, 59), weight=1.0),)
    women_share: Share | None = Field(None, description="Share of women among the listed")
    eligible_share: Share = 1.0

    @model_validator(mode="after")
    def _one_form(self) -> "Listing":
        _exactly_one(self, "per_resident", "per_hamlet")
        return self


class Help(Record):
    """Helpers a candidate needs. Listing is scaled by min(1, helpers / full_help)."""

    full_help: Positive = 6.0
    outside_helpers: NonNegative = Field(1.5, description="Helper equivalents, with an own cell")
    outside_helpers_without_cell: NonNegative | None = Field(None, description="Default: the same")
    candidates_per_helper: Positive = 3.0
    months_in_place: Count = 12
    half_from_age: Age = 120


class Source(Record):
    """The source list: who is put on it and who drops off."""

    listing: Listing = Listing(per_resident=0.003)
    help: Help | Literal["linear", "off"] = Help()
    withdrawal: Rate = Rate(constant=0.0)
    stale_months: Annotated[int, Field(ge=1, le=1200)] = 24


class TrainingRules(Record):
    """Awareness classes, one in each area of `level` in each of `months`."""

    on: bool = True
    months: Months = (1, 4, 7, 10)
    seats: Count = 50
    level: str | None = Field(None, description="Area level (default: the second lowest)")
    attendance: Share = 0.7
    replace_no_shows: bool = True
    priority: Priority = "first_come"


class Delay(Record):
    """A lognormal number of months, by its mean or its median; `sd_log: 0` makes it fixed."""

    mean: Positive | None = None
    median: Positive | None = None
    sd_log: NonNegative = 0.5

    @model_validator(mode="after")
    def _one_form(self) -> "Delay":
        _exactly_one(self, "mean", "median")
        return self


class DossierRules(Record):
    """The dossier: delay after the class, and failure by difficulty of the place."""

    on: bool = True
    delay_months: Delay = Delay(median=9.0)
    delay_factor: dict[Difficulty, Positive] = Field(default_factory=dict)
    failure: dict[Difficulty, Share] = Field(default_factory=dict)


class Target(Record):
    """Yearly admission targets of the areas of one level, one number or by area."""

    level: str
    per_year: NonNegative | dict[str, NonNegative]
    overshoot: NonNegative | None = Field(None, description="Default: admission.overshoot")
    cap: bool = Field(True, description="False: the target pulls but does not cap")


class AdmissionRules(Record):
    """The committee: when it meets, its targets, and who goes first."""

    on: bool = True
    months: Months = "all"
    targets: tuple[Target, ...] = ()
    overshoot: NonNegative = 0.0
    pace: Literal["even", "none"] = "even"
    priority: Priority = "first_come"
    pull: NonNegative = 0.0
    approval: Share = 1.0

    @model_validator(mode="before")
    @classmethod
    def _one_target_is_a_list(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and isinstance(value.get("targets"), Mapping):
            return {**value, "targets": [value["targets"]]}
        return value


class Probation(Record):
    """Recognition at the end of probation."""

    recognition: Share = 1.0


Response = Literal["reinforce", "combine"]


class Cells(Record):
    """What happens to a cell under the minimum."""

    responses: tuple[Response, ...] = Field((), description="Order in which levers are tried")
    host: Literal["strongest", "none"] = "strongest"
    host_level: str | None = Field(None, description="Area level (default: the lowest)")
    review_months: Months = (3, 6, 9, 12)


class Offices(Record):
    """Hamlet chiefs and cell secretaries: factors on listing, elections, succession."""

    chief_member_factor: NonNegative = 1.0
    chief_trained_factor: NonNegative = 1.0
    secretary_trained_factor: NonNegative = 1.0
    chief_term_months: Annotated[int, Field(ge=1, le=1200)] = 30
    first_election: dt.date | None = Field(None, description="Default: one term after the start")
    chief_turnover: Share = 0.3
    member_elected: Share = Field(0.35, description="P(a newly elected chief is a member)")
    secretary_maximum_age: Age = 120


class Pool(Record):
    """An outside pool: at most `size` people posted at once in each area of `level`."""

    level: str
    size: Count


class Postings(Record):
    """Members posted in from outside."""

    term_months: Annotated[int, Field(ge=1, le=1200)] = 36
    renewal: Share = 0.9
    replacement: Share = 0.0
    gap_months: Annotated[int, Field(ge=1, le=600)] = 1
    ages: tuple[Age, Age] = (30, 60)
    women_share: Share = 0.28
    pools: dict[str, Pool] = Field(default_factory=dict)


class Staff(Record):
    """Schools, health stations and agencies: staff constant in number."""

    member_share: Share = Field(0.3, description="P(a replacement is an official member)")
    ages: tuple[Age, Age] = (22, 50)


class Completion(Record):
    """How a partial baseline table is completed."""

    structure: Literal["viet-nam-2020"] = "viet-nam-2020"
    women_share_officials: Share = 0.28
    women_share_candidates: Share = 0.6
    official_ages: dict[str, NonNegative] = Field(
        default_factory=lambda: {
            "18-29": 6.0,
            "30-39": 11.0,
            "40-49": 14.0,
            "50-59": 19.0,
            "60-69": 24.0,
            "70-79": 17.0,
            "80-94": 9.0,
        },
        description="Shares of officials whose ages the table does not give",
    )
    candidate_ages: dict[str, NonNegative] = Field(
        default_factory=lambda: {
            "18-22": 18.0,
            "23-25": 22.0,
            "26-30": 28.0,
            "31-35": 16.0,
            "36-40": 8.0,
            "41-50": 6.0,
            "51-58": 2.0,
        },
        description="Shares of candidates and probationers whose ages the table does not give",
    )
    residents_per_unit: Positive = Field(400.0, description="Where the table gives none")


class Uncertain(Record):
    """The distribution of one uncertain parameter."""

    distribution: Literal["gamma", "normal", "lognormal", "uniform", "beta", "triangular"]
    mean: float | None = None
    sd: NonNegative | None = None
    low: float | None = None
    high: float | None = None
    mode: float | None = None

    def quantile(self, u: float) -> float:
        """The value at the share u of the distribution.

        mean and sd are those of the value itself, not of its logarithm.
        """
        import numpy as np
        from scipy.special import betaincinv, gammaincinv, ndtri

        if self.distribution in ("uniform", "triangular"):
            return self._between(u)
        mean, sd = self.mean or 0.0, self.sd or 0.0
        relative = sd / mean if mean else 0.0
        match self.distribution:
            case "normal":
                return float(mean + sd * ndtri(u))
            case "lognormal":
                sd_log = np.sqrt(np.log1p(relative**2))
                return float(mean * np.exp(sd_log * ndtri(u) - sd_log**2 / 2))
            case "gamma":
                return float(gammaincinv(relative**-2, u) * mean * relative**2)
            case _:
                size = mean * (1 - mean) / sd**2 - 1
                return float(betaincinv(mean * size, (1 - mean) * size, u))

    def _between(self, u: float) -> float:
        low, high = self.low or 0.0, self.high or 0.0
        if self.distribution == "uniform":
            return low + u * (high - low)
        mode = self.mode or 0.0
        if u * (high - low) <= mode - low:
            return low + math.sqrt(u * (high - low) * (mode - low))
        return high - math.sqrt((1 - u) * (high - low) * (high - mode))


class Posterior(Record):
    """Joint draws of uncertain parameters, as figures have told them, with their weights.

    rows[N]: a value of each of `paths`.  weights[N]: above 0, adding up to 1.
    """

    paths: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]

    def row_at(self, u: float) -> dict[str, float]:
        """The draw at the share u of the weights, by path."""
        i = bisect.bisect_right(self.cumulated, u * self.cumulated[-1])
        return dict(zip(self.paths, self.rows[min(i, len(self.rows) - 1)], strict=True))

    def column(self, path: str) -> tuple[float, ...]:
        """The values of one parameter."""
        i = self.paths.index(path)
        return tuple(row[i] for row in self.rows)

    @cached_property
    def cumulated(self) -> list[float]:
        """The weights up to and with each row."""
        return list(itertools.accumulate(self.weights))


Policy = tuple[AnyLever, ...]


class Scenario(Record):
    """One scenario, fully resolved. The first policy is the base of comparison."""

    title: Text
    notes: tuple[Text, ...] = Field(
        (),
        description="What the report must say of the figures: which printed ones do not add up, "
        "what is assumed",
    )
    baseline: str
    start: dt.date
    years: Annotated[int, Field(ge=1, le=200)]
    replications: Annotated[int, Field(ge=1, le=10_000_000)] = 500
    seed: Annotated[int, Field(ge=0, lt=LARGEST_SEED + 1)] = 1
    calendar: Literal["civil", "uniform"] = "civil"
    rules: Rules = Rules()
    demography: Demography = Demography()
    source: Source = Source()
    training: TrainingRules = TrainingRules()
    dossier: DossierRules = DossierRules()
    admission: AdmissionRules = AdmissionRules()
    probation: Probation = Probation()
    cells: Cells = Cells()
    offices: Offices = Offices()
    postings: Postings = Postings()
    staff: Staff = Staff()
    completion: Completion = Completion()
    costs: dict[str, NonNegative] = Field(
        default_factory=dict, description="Unit costs by lever.basis"
    )
    published: dict[str, NonNegative] = Field(
        default_factory=dict, description="Published yearly rates to print beside the model's"
    )
    happened: str | None = Field(
        None, description="The policy that was followed in truth (default: the base)"
    )
    uncertain: dict[str, Uncertain] = Field(default_factory=dict)
    posterior: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="CSV of joint draws of uncertain parameters, in place of their priors"
    )
    parameter_draws: Annotated[int, Field(ge=1, le=100_000)] = 25
    policies: dict[str, Policy] = Field(default={"as-is": ()}, min_length=1)
    policy_names: dict[str, dict[Literal["en", "vi", "ru"], str]] = Field(
        default_factory=dict,
        description="What planners call the policies, in pages and pictures, by language",
    )

    def with_values(self, values: Mapping[str, Any]) -> "Scenario":
        """A new scenario with some parameters replaced, e.g. `{"training.seats": 60}`.

        What is replaced is no longer uncertain, unless `uncertain` itself is given.  Names of
        policies that are replaced go with them.  Raises pydantic's ValidationError for a value,
        KeyError for a path, that does not exist.
        """
        touched = {path.partition(".")[0] for path in values}
        # What is not touched is right already: to check all policies again is most of the work.
        data: dict[str, Any] = {
            name: getattr(self, name) for name in type(self).model_fields if name not in touched
        }
        data |= self.model_dump(by_alias=True, include=touched)
        for path, value in values.items():
            _set(data, path, value)
        if "policies" in values and "policy_names" not in touched:
            kept = self.policy_names.keys() & dict(data["policies"]).keys()
            data["policy_names"] = {policy: self.policy_names[policy] for policy in kept}
        if "uncertain" not in touched:
            data["uncertain"] = still_uncertain(self.uncertain, values)
        return Scenario.model_validate(data)


def still_uncertain(uncertain: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
    """The uncertain parameters without those at given paths or below them."""
    return {
        path: distribution
        for path, distribution in uncertain.items()
        if not any(path == one or path.startswith(f"{one}.") for one in given)
    }


def _set(data: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    node: Any = data
    for name in above:
        if not isinstance(node, dict) or name not in node:
            raise KeyError(path)
        if node[name] is None:
            node[name] = {}
        node = node[name]
    if not isinstance(node, dict):
        raise KeyError(path)
    node[last] = copy.deepcopy(value)


# ------------------------------------------------------------------ the baseline table

AgeBand = tuple[float, float]
"""Exact ages [low, high) in years; low == high is an exact age."""


class Group(Record):
    """A number of people alike, with exact ages in `band` (None: completed by stated shares)."""

    band: AgeBand | None = None
    count: Count
    women: Count | None = Field(None, description="Default: completed by the stated share")


class Unit(Record):
    """One row of the baseline: a hamlet, school, health station or agency. Counts only."""

    id: Annotated[str, Field(min_length=1)]
    name: str
    area: tuple[str, ...] = Field(description="Names from the highest level to the lowest")
    kind: UnitKind = "hamlet"
    tags: tuple[str, ...] = ()
    difficulty: Difficulty = "normal"
    residents: NonNegative | None = None
    residents_by_age: tuple[Group, ...] = ()
    staff: Count | None = Field(None, description="Staff in all, members or not; not for hamlets")
    officials: tuple[Group, ...] = Field((), description="Resident officials, away ones included")
    officials_exempt: Count = 0
    officials_away: Count | None = None
    probation: tuple[Group, ...] = ()
    listed: tuple[Group, ...] = ()
    certified: tuple[Group, ...] = ()
    ready: tuple[Group, ...] = ()
    posted: tuple[Group, ...] = ()
    posted_pool: str | None = None
    posted_months_left: tuple[Count, Count] | None = Field(
        None, description="Range of months to the end of the postings (default: one term)"
    )
    cell: str = Field("own", description="own, none, or with:ID")
    chief: Literal["member", "resident", "vacant"] = "resident"
    chief_trained: bool = False
    secretary_trained: bool = False
    months_since_admission: Count | None = None
    ever_lost: bool = False
    neighbour: str | None = None
    listing_factor: NonNegative = 1.0
    leaving_factor: NonNegative = 1.0
    mortality_factor: NonNegative = 1.0


class Baseline(Record):
    """The units at the start, and the names of the area levels from the highest to the lowest."""

    levels: tuple[str, ...]
    units: Annotated[tuple[Unit, ...], Field(min_length=1)]


def is_month_start(date: dt.date) -> bool:
    """Whether organisation may act on this date."""
    return date.day == 1


class Loaded(Record):
    """A scenario and its baseline: all that a run needs, no files left to read."""

    scenario: Scenario
    baseline: Baseline
    source_file: str = ""
    posterior: Posterior | None = None

    @property
    def policies(self) -> dict[str, Policy]:
        """Policies by name, in the order of the file."""
        return self.scenario.policies

    def with_values(self, values: Mapping[str, Any]) -> "Loaded":
        """The same baseline under a scenario with some parameters replaced."""
        return self.model_copy(update={"scenario": self.scenario.with_values(values)})


__all__ = [
    "DAYS_PER_YEAR",
    "LARGEST_SEED",
    "Baseline",
    "Group",
    "Loaded",
    "MonthNumber",
    "Policy",
    "Posterior",
    "Scenario",
    "Unit",
    "is_month_start",
    "still_uncertain",
]
