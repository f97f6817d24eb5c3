"""The levers a policy can pull: what each changes, where and when.

A policy is a list of these frozen records. Each names the fields of one rule; `sim.plan` turns
them into monthly schedules, so that the engines never see a lever. Adding one means declaring it
here and reading it in one place there.
"""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.messages import _

Share = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
AgeRange = tuple[Annotated[int, Field(ge=0, le=120)], Annotated[int, Field(ge=0, le=120)]]
MonthNumber = Annotated[int, Field(ge=1, le=12)]
Months = Literal["all"] | Annotated[tuple[MonthNumber, ...], Field(min_length=1)]
Priority = Literal[
    "first_come", "weakest_cell_first", "youngest_first", "chiefs_first", "fair_share"
]
Observable = Literal[
    "strength",
    "local_strength",
    "active_strength",
    "share_over_60",
    "months_since_admission",
    "candidates",
    "rank_by_strength",
]


class Record(BaseModel):
    """Frozen data that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Change(Record):
    """A new value, or the base value times or plus something; exactly one of the three."""

    to: float | None = Field(None, description="New value")
    times: NonNegative | None = Field(None, description="Multiply the base value by this")
    plus: float | None = Field(None, description="Add this to the base value")

    @model_validator(mode="before")
    @classmethod
    def _number_means_to(cls, value: object) -> object:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return {"to": value} if is_number else value

    @model_validator(mode="after")
    def _exactly_one(self) -> "Change":
        if sum(x is not None for x in (self.to, self.times, self.plus)) != 1:
            raise ValueError(_("exactly one of {names}").format(names="to, times, plus"))
        return self

    def of(self, base: float) -> float:
        """The changed value of `base`, never below zero."""
        if self.to is not None:
            return max(0.0, self.to)
        return max(0.0, base * self.times if self.times is not None else base + (self.plus or 0.0))


class Bound(Record):
    """A condition on one observable: under, or at least, a value."""

    below: float | None = None
    at_least: float | None = None

    @model_validator(mode="after")
    def _something(self) -> "Bound":
        if self.below is None and self.at_least is None:
            raise ValueError(_("at least one of {names}").format(names="below, at_least"))
        return self


class Where(Record):
    """The units a lever acts on: those that satisfy every key that is given.

    `when` makes the lever adaptive: it is decided at each review on the observables of the unit and
    acts from the end of that review to the next, on followed persons only.
    """

    areas: tuple[str, ...] = Field((), description="Area paths or unique area names")
    tags: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    hamlets: tuple[str, ...] = Field((), description="Unit ids")
    when: dict[Observable, Bound] = Field(default_factory=dict)
    rank_level: str | None = Field(
        None, description="Area level within which rank_by_strength counts (default: the highest)"
    )

    @model_validator(mode="before")
    @classmethod
    def _all_is_no_condition(cls, value: object) -> object:
        return {} if value == "all" else value


class Lever(Record):
    """What all levers share. `since` (YAML key `from`) defaults to the start of the scenario."""

    since: dt.date | None = Field(None, alias="from", description="First month in force")
    until: dt.date | None = Field(None, description="First month no longer in force")
    where: Where = Where()

    @property
    def adaptive(self) -> bool:
        return bool(self.where.when)


class Training(Lever):
    """Awareness classes: seats, months, attendance, who goes first."""

    lever: Literal["training"] = "training"
    seats: Change | None = None
    months: Months | None = None
    attendance: Change | None = None
    priority: Priority | None = None
    replace_no_shows: bool | None = None


class LocalClass(Lever):
    """An additional class held nearer to the people, at its own level."""

    lever: Literal["local_class"] = "local_class"
    level: str
    months: Months
    seats: Count
    attendance: Share = 0.9
    priority: Priority = "first_come"


class OfficerTraining(Lever):
    """Courses for cell secretaries and hamlet chiefs; places per course and area, weakest first."""

    lever: Literal["officer_training"] = "officer_training"
    office: Literal["secretary", "chief"]
    months: Months
    places: Count
    level: str | None = Field(None, description="Area level of the course (default: the highest)")


class Admission(Lever):
    """Admission targets and the order at the committee."""

    lever: Literal["admission"] = "admission"
    per_year: Change | None = None
    overshoot: Change | None = None
    pace: Literal["even", "none"] | None = None
    priority: Priority | None = None
    pull: NonNegative | None = None


class Waiver(Lever):
    """Admission above the age limit, or of people without the schooling asked for."""

    lever: Literal["waiver"] = "waiver"
    maximum_age: Annotated[int, Field(ge=18, le=100)] | None = None
    eligible: Change | None = Field(None, description="Change of the eligible share")


class Retention(Lever):
    """Keeping the young at home: a factor on leaving between two ages."""

    lever: Literal["retention"] = "retention"
    factor: NonNegative
    ages: AgeRange = (18, 60)


class ReturnIncentive(Lever):
    """A factor on returning between two ages."""

    lever: Literal["return_incentive"] = "return_incentive"
    factor: NonNegative
    ages: AgeRange = (18, 60)


class Emulation(Lever):
    """Mass organisations discover outstanding people: a factor on listing."""

    lever: Literal["emulation"] = "emulation"
    factor: NonNegative


class Attention(Lever):
    """Committee members follow the weakest hamlets of an area: a factor on their listing."""

    lever: Literal["attention"] = "attention"
    factor: NonNegative
    weakest: Annotated[int, Field(ge=1)] = 10
    level: str | None = Field(None, description="Area level of the ranking (default: the highest)")


class OutsideHelp(Lever):
    """Helpers sent from outside, in helper equivalents, with and without an own cell."""

    lever: Literal["outside_help"] = "outside_help"
    with_cell: NonNegative | None = None
    without_cell: NonNegative | None = None


class Reinforcement(Lever):
    """Members posted into a weak cell at a review."""

    lever: Literal["reinforcement"] = "reinforcement"
    strength_below: Annotated[int, Field(ge=1, le=50)] = 3
    number: Annotated[int, Field(ge=1, le=20)] = 3
    term_months: Annotated[int, Field(ge=1, le=600)] = 36
    pool: str | None = Field(None, description="An outside pool declared in postings.pools")
    senders: tuple[str, ...] = Field((), description="Units whose officials are sent instead")
    without_cell: bool = Field(False, description="Also post into hamlets without a cell")

    @model_validator(mode="after")
    def _one_source(self) -> "Reinforcement":
        if (self.pool is None) == (not self.senders):
            raise ValueError(_("exactly one of {names}").format(names="pool, senders"))
        return self


class PostingRenewal(Lever):
    """What happens when a posting ends."""

    lever: Literal["posting_renewal"] = "posting_renewal"
    renewal: Share | None = None
    replacement: Share | None = None
    gap_months: Annotated[int, Field(ge=1, le=600)] | None = None


class Combining(Lever):
    """A cell under the minimum joins a neighbour's."""

    lever: Literal["combining"] = "combining"


class Separating(Lever):
    """A combined hamlet gets its own cell again when both can stand."""

    lever: Literal["separating"] = "separating"


class ChiefCoverage(Lever):
    """Chiefs listed and first in line; one person in both offices; members stood for election."""

    lever: Literal["chief_coverage"] = "chief_coverage"
    list_chief: bool = False
    unified_post: bool = False
    member_elected: Share | None = Field(None, description="P(a newly elected chief is a member)")


class Enlistment(Lever):
    """Candidates about to enlist: ready in these months with the certificate alone, and first."""

    lever: Literal["enlistment"] = "enlistment"
    months: Months = (1,)
    ages: AgeRange = (18, 25)


class Dossier(Lever):
    """Faster or safer dossiers: factors on delay and failure."""

    lever: Literal["dossier"] = "dossier"
    delay_factor: Positive = 1.0
    failure_factor: NonNegative = 1.0


class Succession(Lever):
    """A prepared deputy: share of new secretaries who are trained when they take office."""

    lever: Literal["succession"] = "succession"
    trained: Share


class Screening(Lever):
    """A factor on removal, by kind."""

    lever: Literal["screening"] = "screening"
    expelled: NonNegative = 1.0
    struck_off: NonNegative = 1.0
    asked_to_leave: NonNegative = 1.0


class Merger(Lever):
    """On its first month hamlets that had few residents at the start join a neighbour for good."""

    lever: Literal["merger"] = "merger"
    residents_below: Positive


class Structural(Lever):
    """On its first month part or all of one unit moves to another (split, merge, resettle).

    split: `share` of `unit` becomes `into`, a unit of the baseline with no residents.
    merge: all of `unit` joins `into`, and `unit` ends.
    resettle: `share` of `unit` moves to `into`.
    """

    lever: Literal["structural"] = "structural"
    event: Literal["split", "merge", "resettle"]
    unit: str
    into: str
    share: Annotated[float, Field(gt=0, le=1)] = 1.0


class Assumption(Lever):
    """Another assumption on the world: factors on mortality, leaving and the size of shocks."""

    lever: Literal["assumption"] = "assumption"
    mortality: NonNegative = 1.0
    leaving: NonNegative = 1.0
    shock: NonNegative = 1.0


AnyLever = Annotated[
    Training
    | LocalClass
    | OfficerTraining
    | Admission
    | Waiver
    | Retention
    | ReturnIncentive
    | Emulation
    | Attention
    | OutsideHelp
    | Reinforcement
    | PostingRenewal
    | Combining
    | Separating
    | ChiefCoverage
    | Enlistment
    | Dossier
    | Succession
    | Screening
    | Merger
    | Structural
    | Assumption,
    Field(discriminator="lever"),
]

MAY_ADAPT = (
    Retention,
    ReturnIncentive,
    Emulation,
    OutsideHelp,
    Reinforcement,
    Combining,
    Separating,
    Dossier,
    Succession,
    Screening,
    PostingRenewal,
    ChiefCoverage,
    Waiver,
    Enlistment,
)
"""Levers that act on one hamlet at a time, and may therefore be decided at each review."""
MAXIMUM_ADAPTIVE = 6
"""Adaptive levers a policy may hold: schedules are made for every combination of them."""

COST_KEYS = frozenset(
    {
        "training.seat_offered",
        "training.seat_used",
        "local_class.seat_offered",
        "local_class.seat_used",
        "officer_training.course",
        "reinforcement.posting_month",
        "admission.admitted",
        "combining.once",
        "merger.once",
        "structural.once",
        *(
            f"{name}.hamlet_month"
            for name in (
                "retention",
                "return_incentive",
                "emulation",
                "attention",
                "outside_help",
                "dossier",
                "screening",
                "chief_coverage",
                "enlistment",
                "succession",
            )
        ),
    }
)
"""What a cost can be given for: lever.basis."""
