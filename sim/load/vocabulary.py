"""What a workbook calls sheets, columns, parameters, levers and closed lists, in every language.

A workbook is read whatever language it was made in: each name stands for one key, and the key
itself is a name too. Keys are those of YAML files and tables.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from sim.messages import LANGUAGES, N_, _, nearest, speaking


@dataclass(frozen=True)
class Names:
    """Names of keys: a text to be translated, or what makes it in the current language."""

    texts: Mapping[str, str | Callable[[], str]]

    def label(self, key: str) -> str:
        """What a key is called in the current language."""
        text = self.texts[key]
        return _(text) if isinstance(text, str) else text()

    def labels(self) -> list[str]:
        """What all keys are called."""
        return list(map(self.label, self.texts))

    def key(self, text: str) -> str | None:
        """The key that is called so in any language, or that is it."""
        return self._keys.get(folded(text))

    def nearest(self, text: str) -> str | None:
        """The name most like a text that is none."""
        return nearest(" ".join(text.split()), self.labels())

    def only(self, keys: Iterable[str]) -> "Names":
        """Some of the names."""
        return Names({key: self.texts[key] for key in keys})

    @cached_property
    def _keys(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for language in LANGUAGES:
            with speaking(language):
                found |= {folded(self.label(key)): key for key in self.texts}
        return found | {folded(key): key for key in self.texts}


def folded(text: str) -> str:
    """A name as it is compared: composed letters, whatever their case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


SHEETS = Names(
    {
        "guide": N_("How to use"),
        "assumptions": N_("Assumptions"),
        "hamlets": N_("Hamlets"),
        "policies": N_("Policies"),
        "levers": N_("Settings of levers"),
        "lists": N_("Lists"),
    }
)
NOT_READ = ("guide", "levers", "lists")
"""Sheets that explain, or that drop-downs take their words from."""

NOTE = "note"
"""A column for whatever a planner wants to remember; nothing reads it."""

UNIT_COLUMNS = Names(
    {
        "area.province": N_("Province"),
        "area.district": N_("District"),
        "area.commune": N_("Commune"),
        "id": N_("Code"),
        "name": N_("Name"),
        "kind": N_("Kind of unit"),
        "tags": N_("Marks"),
        "difficulty": N_("Difficulty of the place"),
        "residents": N_("Residents"),
        "staff": N_("Staff in all"),
        "officials": N_("Official members"),
        "officials_women": N_("Women among the official members"),
        "officials_exempt": N_("Exempt official members"),
        "officials_away": N_("Official members away for work"),
        "probation": N_("Members on probation"),
        "listed": N_("Candidates on the source list"),
        "certified": N_("Candidates with a certificate"),
        "ready": N_("Candidates with a dossier that is ready"),
        "posted": N_("Posted members"),
        "posted_pool": N_("Pool of the posted members"),
        "posted_months_left": N_("Months to the end of the postings"),
        "cell": N_("Cell of the hamlet"),
        "chief": N_("Hamlet chief"),
        "chief_trained": N_("The chief is trained"),
        "secretary_trained": N_("The secretary is trained"),
        "months_since_admission": N_("Months since the last admission"),
        "ever_lost": N_("The cell was lost before"),
        "neighbour": N_("Code of the neighbour"),
        "listing_factor": N_("Factor on listing"),
        "leaving_factor": N_("Factor on leaving"),
        "mortality_factor": N_("Factor on mortality"),
        NOTE: N_("Note"),
    }
)
SEXES = Names({"f": N_("women"), "m": N_("men")})

ASSUMPTION_COLUMNS = Names(
    {
        "parameter": N_("Assumption"),
        "value": N_("Value"),
        "default": N_("If left empty"),
        "low": N_("At least"),
        "high": N_("At most"),
        "unit": N_("Unit"),
        "allowed": N_("Allowed"),
        NOTE: N_("Note"),
        "key": N_("Key"),
    }
)
POLICY_COLUMNS = Names(
    {
        "policy": N_("Policy"),
        "lever": N_("Lever"),
        "from": N_("From"),
        "until": N_("Until"),
        "setting": N_("Setting"),
        "value": N_("Value"),
        NOTE: N_("Note"),
    }
)

WORDS: dict[str, str | Callable[[], str]] = {
    "true": N_("yes"),
    "false": N_("no"),
    "all": N_("all"),
    "none": N_("none"),
    "own": N_("of its own"),
    "with": N_("joint with"),
    "hamlet": N_("hamlet"),
    "school": N_("school"),
    "health_station": N_("health station"),
    "agency": N_("agency"),
    "easy": N_("easy"),
    "normal": N_("normal"),
    "difficult": N_("difficult"),
    "member": N_("a member"),
    "resident": N_("no member"),
    "vacant": N_("vacant"),
    "province": N_("province"),
    "district": N_("district"),
    "commune": N_("commune"),
    "first_come": N_("first come"),
    "weakest_cell_first": N_("weakest cell first"),
    "youngest_first": N_("youngest first"),
    "chiefs_first": N_("chiefs first"),
    "fair_share": N_("in turn by hamlet"),
    "even": N_("evenly over the year"),
    "linear": N_("in proportion"),
    "off": N_("off"),
    "strongest": N_("the strongest"),
    "reinforce": N_("reinforce"),
    "combine": N_("combine"),
    "secretary": N_("secretaries"),
    "chief": N_("chiefs"),
    "split": N_("split"),
    "merge": N_("merge"),
    "resettle": N_("resettle"),
    "civil": N_("civil"),
    "uniform": N_("uniform"),
    "viet-nam": N_("Viet Nam by calendar year"),
    "viet-nam-2020": N_("Viet Nam 2020"),
}
"""Words of closed lists. What one list holds is called differently in it; lists may share names."""


def words(keys: Iterable[str]) -> Names:
    """Names of the words of one closed list; a key without one stands for itself."""
    return Names({key: WORDS.get(key, key) for key in keys})


LEVERS = Names(
    {
        "training": N_("Awareness classes"),
        "local_class": N_("Class in the commune"),
        "officer_training": N_("Courses for secretaries and chiefs"),
        "admission": N_("Admission targets and order"),
        "waiver": N_("Waiver of age or schooling"),
        "retention": N_("Retention of the young"),
        "return_incentive": N_("Help for those who return"),
        "emulation": N_("Emulation movement"),
        "attention": N_("Attention to the weakest hamlets"),
        "outside_help": N_("Helpers from outside"),
        "reinforcement": N_("Reinforcement by posted members"),
        "posting_renewal": N_("Renewal of postings"),
        "combining": N_("Combining cells"),
        "separating": N_("Separating combined cells"),
        "chief_coverage": N_("Chiefs in the Party"),
        "enlistment": N_("Admission before enlistment"),
        "dossier": N_("Faster and safer dossiers"),
        "succession": N_("Prepared deputies"),
        "screening": N_("Screening of members"),
        "merger": N_("Mergers of small hamlets"),
        "structural": N_("Splitting, merging, resettling a unit"),
        "assumption": N_("Another assumption on the world"),
    }
)

_OBSERVABLES = {
    "strength": N_("strength"),
    "local_strength": N_("strength without the posted"),
    "active_strength": N_("strength without the exempt"),
    "share_over_60": N_("share over 60"),
    "months_since_admission": N_("months since the last admission"),
    "candidates": N_("number of candidates"),
    "rank_by_strength": N_("rank by strength from the weakest"),
}
_SETTINGS = {
    "seats": N_("Seats in each class"),
    "months": N_("Months in which it is held"),
    "attendance": N_("Share who attend"),
    "priority": N_("Who goes first"),
    "replace_no_shows": N_("Seats of absent people go to the next"),
    "level": N_("Area level"),
    "office": N_("For whom"),
    "places": N_("Places on each course"),
    "per_year": N_("Admission target a year"),
    "overshoot": N_("Share by which targets may be passed"),
    "pace": N_("Pace over the year"),
    "pull": N_("Pull of the target"),
    "maximum_age": N_("Oldest age at admission"),
    "eligible": N_("Share of residents who are eligible"),
    "factor": N_("Factor"),
    "ages": N_("Ages from and to"),
    "weakest": N_("How many of the weakest hamlets"),
    "with_cell": N_("Helpers where there is a cell"),
    "without_cell": N_("Where there is no cell: helpers, or whether to post"),
    "strength_below": N_("Where the strength is below"),
    "number": N_("How many are posted"),
    "term_months": N_("Term in months"),
    "pool": N_("Pool they come from"),
    "senders": N_("Codes of units that send them"),
    "renewal": N_("Share of postings renewed"),
    "replacement": N_("Share of postings replaced"),
    "gap_months": N_("Months until the replacement"),
    "list_chief": N_("Chiefs are put on the source list"),
    "unified_post": N_("Secretary and chief in one person"),
    "member_elected": N_("Share of new chiefs who are members"),
    "delay_factor": N_("Factor on the delay of dossiers"),
    "failure_factor": N_("Factor on the failure of dossiers"),
    "trained": N_("Share of new secretaries who are trained"),
    "expelled": N_("Factor on expelling"),
    "struck_off": N_("Factor on striking off"),
    "asked_to_leave": N_("Factor on asking to leave"),
    "residents_below": N_("Hamlets with fewer residents than"),
    "event": N_("What happens"),
    "unit": N_("Code of the unit"),
    "into": N_("Code of the unit it joins or becomes"),
    "share": N_("Share of the unit that moves"),
    "mortality": N_("Factor on mortality"),
    "leaving": N_("Factor on leaving"),
    "shock": N_("Factor on shocks"),
    "where.areas": N_("Only in these areas"),
    "where.tags": N_("Only with these marks"),
    "where.kinds": N_("Only these kinds of unit"),
    "where.hamlets": N_("Only the units with these codes"),
    "where.rank_level": N_("Area level of the rank"),
}


CHANGES = ("seats", "attendance", "per_year", "overshoot", "eligible")
"""Settings that change a value: to a new one, by a factor, or by an amount."""


def _changed(pattern: str, key: str) -> str:
    return _(pattern).format(setting=_(_SETTINGS[key]))


def _while(pattern: str, key: str) -> str:
    return _(pattern).format(observable=_(_OBSERVABLES[key]))


def _settings() -> dict[str, str | Callable[[], str]]:
    times, plus = N_("{setting} (multiplied by)"), N_("{setting} (more or fewer by)")
    below = N_("Only while below: {observable}")
    at_least = N_("Only while at least: {observable}")
    found: dict[str, str | Callable[[], str]] = {}
    for key, text in _SETTINGS.items():
        found[key] = text
        if key in CHANGES:
            found[f"{key}.times"] = partial(_changed, times, key)
            found[f"{key}.plus"] = partial(_changed, plus, key)
    for key in _OBSERVABLES:
        found[f"where.when.{key}.below"] = partial(_while, below, key)
        found[f"where.when.{key}.at_least"] = partial(_while, at_least, key)
    return found


SETTINGS = Names(_settings())


# ---------------------------------------------------------------- assumptions

PEOPLE, YEARS, MONTHS, AGE = N_("number of people"), N_("years"), N_("months"), N_("years of age")
SHARE, FACTOR, RATE = N_("share from 0 to 1"), N_("factor"), N_("a year and person")
A_YEAR, A_YEAR_AND_HAMLET = N_("a year"), N_("a year and hamlet")
SD, NUMBER, MONEY = N_("spread (sd of the log)"), N_("number"), N_("your unit of money")
NO_UNIT = ""

GROUPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    N_("The run"): (
        ("title", N_("Title"), NO_UNIT),
        ("start", N_("Start: the day of the counts, the first of a month"), NO_UNIT),
        ("years", N_("Years that are simulated"), YEARS),
        ("replications", N_("Replications of each policy"), NUMBER),
        ("parameter_draws", N_("Draws of the uncertain assumptions"), NUMBER),
        ("seed", N_("Seed of the random numbers"), NUMBER),
    ),
    N_("Rules in force"): (
        ("rules.minimum_official_members", N_("Official members that a cell needs"), PEOPLE),
        ("rules.risk_line", N_("Risk line"), PEOPLE),
        ("rules.founding_strength", N_("Official members to found a cell"), PEOPLE),
        ("rules.admission_age", N_("Ages at admission"), AGE),
        ("rules.probation_months", N_("Length of probation"), MONTHS),
        ("rules.certificate_months", N_("Validity of the certificate"), MONTHS),
        ("rules.dossier_months", N_("Validity of the dossier"), MONTHS),
        ("rules.grace_months", N_("Grace for a cell below strength"), MONTHS),
        ("rules.exempt_counts", N_("Exempt members count for strength"), NO_UNIT),
        ("rules.posted_counts", N_("Posted members count for strength"), NO_UNIT),
    ),
    N_("How people live and move"): (
        ("demography.mortality.factor", N_("Mortality against that of Viet Nam"), FACTOR),
        (
            "demography.leaving.rogers_castro.level",
            N_("Level of leaving for work (moves in a life)"),
            NUMBER,
        ),
        ("demography.leaving.candidate_factor", N_("Leaving of candidates"), FACTOR),
        ("demography.leaving.probationer_factor", N_("Leaving of members on probation"), FACTOR),
        ("demography.leaving.member_factor", N_("Leaving of official members"), FACTOR),
        ("demography.returning.constant", N_("Returning of those away"), RATE),
        ("demography.settling_away.constant", N_("Settling elsewhere, candidates away"), RATE),
        (
            "demography.settling_away_members.constant",
            N_("Settling elsewhere, members away"),
            RATE,
        ),
        (
            "demography.moving_in.retired",
            N_("Retired members who move in"),
            A_YEAR_AND_HAMLET,
        ),
        (
            "demography.moving_in.demobilised",
            N_("Demobilised members who come home"),
            A_YEAR_AND_HAMLET,
        ),
        (
            "demography.moving_in.marriage",
            N_("Members who marry into the hamlet"),
            A_YEAR_AND_HAMLET,
        ),
        ("demography.removal.expelled.constant", N_("Members expelled"), RATE),
        ("demography.removal.struck_off.constant", N_("Members struck off"), RATE),
        ("demography.removal.asked_to_leave.constant", N_("Members asked to leave"), RATE),
        (
            "demography.removal.struck_off_away.constant",
            N_("Members away who are struck off"),
            RATE,
        ),
        ("demography.shock.province", N_("Good and bad years of leaving, province"), SD),
        ("demography.shock.commune", N_("Good and bad years of leaving, commune"), SD),
    ),
    N_("Source list"): (
        ("source.listing.per_resident", N_("Put on the source list, of residents"), RATE),
        ("source.listing.women_share", N_("Women among them"), SHARE),
        ("source.listing.eligible_share", N_("Residents who are eligible"), SHARE),
        ("source.help.full_help", N_("Helpers that suffice for a hamlet"), PEOPLE),
        ("source.help.outside_helpers", N_("Helpers from outside"), PEOPLE),
        ("source.help.candidates_per_helper", N_("Candidates for each helper"), PEOPLE),
        ("source.withdrawal.constant", N_("Candidates who withdraw"), RATE),
        ("source.stale_months", N_("Dropped off the list without a class after"), MONTHS),
    ),
    N_("Awareness class and dossier"): (
        ("training.months", N_("Months of the class"), NO_UNIT),
        ("training.seats", N_("Seats of each class"), PEOPLE),
        ("training.level", N_("Area level of the class"), NO_UNIT),
        ("training.attendance", N_("Share of the invited who come"), SHARE),
        ("training.replace_no_shows", N_("The next takes the seat of who does not come"), NO_UNIT),
        ("training.priority", N_("Who goes first to the class"), NO_UNIT),
        ("dossier.delay_months.median", N_("Making of the dossier, median"), MONTHS),
        ("dossier.failure.easy", N_("Dossiers that fail, easy places"), SHARE),
        ("dossier.failure.normal", N_("Dossiers that fail, normal places"), SHARE),
        ("dossier.failure.difficult", N_("Dossiers that fail, difficult places"), SHARE),
    ),
    N_("Admission"): (
        ("admission.months", N_("Months in which the committee meets"), NO_UNIT),
        ("admission.targets.level", N_("Area level of the admission target"), NO_UNIT),
        ("admission.targets.per_year", N_("Admission target of each such area"), A_YEAR),
        ("admission.overshoot", N_("Share by which the target may be passed"), SHARE),
        ("admission.pace", N_("Pace of admissions"), NO_UNIT),
        ("admission.priority", N_("Who goes first at the committee"), NO_UNIT),
        ("admission.pull", N_("Pull of the target on the source list"), NUMBER),
        ("admission.approval", N_("Dossiers that the committee approves"), SHARE),
        ("probation.recognition", N_("Recognised at the end of probation"), SHARE),
    ),
    N_("Cells and offices"): (
        ("cells.responses", N_("What is tried for a weak cell, in this order"), NO_UNIT),
        ("cells.host", N_("Cell that takes the members of a lost one"), NO_UNIT),
        ("cells.review_months", N_("Months of the reviews"), NO_UNIT),
        ("offices.chief_term_months", N_("Term of a hamlet chief"), MONTHS),
        ("offices.chief_turnover", N_("Chiefs replaced at an election"), SHARE),
        ("offices.member_elected", N_("New chiefs who are members"), SHARE),
    ),
    N_("Postings from outside"): (
        ("postings.pools.district.level", N_("Area level of the pool called district"), NO_UNIT),
        ("postings.pools.district.size", N_("People in the pool called district"), PEOPLE),
        ("postings.term_months", N_("Term of a posting"), MONTHS),
        ("postings.renewal", N_("Postings renewed at their end"), SHARE),
        ("postings.replacement", N_("Others replaced by somebody else"), SHARE),
        ("postings.gap_months", N_("Gap until the replacement"), MONTHS),
    ),
    N_("Unit costs"): (
        ("costs.training.seat_offered", N_("A seat offered in a class"), MONEY),
        ("costs.training.seat_used", N_("A seat used in a class"), MONEY),
        ("costs.admission.admitted", N_("An admission"), MONEY),
        ("costs.retention.hamlet_month", N_("Retention, a hamlet and month"), MONEY),
        ("costs.reinforcement.posting_month", N_("A posted member, a month"), MONEY),
        ("costs.combining.once", N_("Combining a cell, once"), MONEY),
    ),
}
"""The assumptions that a template asks for: path, what it is called, unit."""

PARAMETERS = Names({path: name for group in GROUPS.values() for path, name, _unit in group})
