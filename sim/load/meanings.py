"""What each parameter means and in which unit it is, in a planner's words.

By record and field, as the schema names them; a test finds a field that has no meaning here.
Fields that only hold other fields have none of their own.
"""

from typing import NamedTuple

from sim import levers, scenario
from sim.levers import Record
from sim.messages import N_


class Meaning(NamedTuple):
    """A text to be translated, and its unit: one of UNITS, empty where there is none."""

    text: str
    unit: str = ""


SHARE = N_("share from 0 to 1")
FACTOR = N_("factor")
YEARLY = N_("per person and year")
PER_HAMLET = N_("per hamlet and year")
MONTHS = N_("months")
YEARS = N_("years")
AGE = N_("age in years")
AGES = N_("ages in years, first and last")
MEMBERS = N_("official members")
PEOPLE = N_("people")
HELPERS = N_("helpers")
SEATS = N_("seats in a class")
WEIGHT = N_("relative weight")
SPREAD = N_("standard deviation of the logarithm")
CALENDAR = N_("numbers of calendar months")
DAY = N_("first day of a month")
MONEY = N_("unit of money of the scenario")
UNITS = (
    "", SHARE, FACTOR, YEARLY, PER_HAMLET, MONTHS, YEARS, AGE, AGES, MEMBERS, PEOPLE, HELPERS,
    SEATS, WEIGHT, SPREAD, CALENDAR, DAY, MONEY,
)  # fmt: skip

_EVERY_LEVER = {
    "lever": Meaning(N_("Which lever it is")),
    "from": Meaning(N_("When it begins; without it, with the scenario"), DAY),
    "until": Meaning(N_("When it ends; without it, never"), DAY),
    "where": Meaning(N_("The units it acts on: all, or those that satisfy every condition given")),
}
SHARED_BY_LEVERS = tuple(_EVERY_LEVER)
"""Fields that every lever has; their meaning is that of `levers.Lever`."""

MEANINGS: dict[type[Record], dict[str, Meaning]] = {
    scenario.Scenario: {
        "title": Meaning(N_("Title, in one language or in several")),
        "notes": Meaning(N_("What the report must say of the figures")),
        "baseline": Meaning(N_("The table of units, a file beside the scenario")),
        "start": Meaning(N_("The day on which the simulation begins"), DAY),
        "years": Meaning(N_("How long it lasts"), YEARS),
        "replications": Meaning(N_("How often each policy is simulated")),
        "seed": Meaning(N_("From which all chance follows; the same seed gives the same results")),
        "calendar": Meaning(N_("Months of the calendar, or all equally long, for exact checks")),
        "costs": Meaning(N_("What one unit of each lever costs"), MONEY),
        "published": Meaning(N_("Published yearly rates, printed beside those of the model")),
        "uncertain": Meaning(N_("Parameters that are not known, with their distribution")),
        "parameter_draws": Meaning(N_("How many values are drawn of the uncertain parameters")),
        "posterior": Meaning(
            N_("A file of joint draws of uncertain parameters, as calibration writes it")
        ),
        "happened": Meaning(N_("The policy that was followed in truth; by default the base")),
        "policies": Meaning(N_("The policies, each a list of levers; the first is the base")),
        "policy_names": Meaning(N_("What planners call the policies, by language")),
    },
    scenario.Rules: {
        "minimum_official_members": Meaning(N_("Official members that a cell needs"), MEMBERS),
        "risk_line": Meaning(N_("Cells with fewer are counted as under the risk line"), MEMBERS),
        "founding_strength": Meaning(N_("Official members that a new cell needs"), MEMBERS),
        "admission_age": Meaning(N_("Lowest and highest age at admission"), AGES),
        "probation_months": Meaning(N_("From admission to recognition"), MONTHS),
        "certificate_months": Meaning(N_("How long the certificate of the class is valid"), MONTHS),
        "dossier_months": Meaning(N_("How long a dossier that is ready is valid"), MONTHS),
        "candidate_away_months": Meaning(
            N_("A candidate who is away so long drops off the source list"), MONTHS
        ),
        "grace_months": Meaning(
            N_("How long a cell under the minimum is kept before a review ends it"), MONTHS
        ),
        "away_counts": Meaning(N_("Whether members away for work count towards the minimum")),
        "exempt_counts": Meaning(N_("Whether exempt members count towards the minimum")),
        "posted_counts": Meaning(N_("Whether posted members count towards the minimum")),
        "at_risk_share_over_60": Meaning(
            N_("At-risk rule: at least this share of the members is 60 or older"), SHARE
        ),
        "at_risk_months_since_admission": Meaning(
            N_("At-risk rule: nobody was admitted for so long"), MONTHS
        ),
    },
    scenario.Mortality: {
        "table": Meaning(N_("A table of death rates by age, sex and calendar year")),
        "constant": Meaning(N_("Instead: the same death rate for everybody"), YEARLY),
        "by_age": Meaning(N_("Instead: death rates from given birthdays on"), YEARLY),
        "factor": Meaning(N_("Multiplies all death rates"), FACTOR),
    },
    scenario.RogersCastro: {
        "level": Meaning(N_("Leaving for work: multiplies the standard schedule by age"), FACTOR),
    },
    scenario.Leaving: {
        "constant": Meaning(N_("Instead: the same rate of leaving at every age"), YEARLY),
        "by_age": Meaning(N_("Instead: rates of leaving from given birthdays on"), YEARLY),
        "candidate_factor": Meaning(N_("Leaving of candidates, compared with residents"), FACTOR),
        "probationer_factor": Meaning(
            N_("Leaving of members on probation, compared with residents"), FACTOR
        ),
        "member_factor": Meaning(
            N_("Leaving of official members, compared with residents"), FACTOR
        ),
        "leaves_for_good": Meaning(N_("Probability that who leaves never comes back"), SHARE),
    },
    scenario.MovingIn: {
        "retired": Meaning(N_("Official members who come home after retiring"), PER_HAMLET),
        "demobilised": Meaning(
            N_("Official members who come home from the army or from studies"), PER_HAMLET
        ),
        "marriage": Meaning(N_("Official members who marry in"), PER_HAMLET),
        "retired_ages": Meaning(N_("Ages of those who come home after retiring"), AGES),
        "demobilised_ages": Meaning(N_("Ages of those who come home from the army"), AGES),
        "marriage_ages": Meaning(N_("Ages of those who marry in"), AGES),
        "retired_women_share": Meaning(N_("Women among those who come home retired"), SHARE),
        "demobilised_women_share": Meaning(
            N_("Women among those who come home demobilised"), SHARE
        ),
        "marriage_women_share": Meaning(N_("Women among those who marry in"), SHARE),
        "no_cell_factor": Meaning(N_("Moving in where the hamlet has no cell of its own"), FACTOR),
    },
    scenario.Removal: {
        "expelled": Meaning(N_("Members who are expelled"), YEARLY),
        "struck_off": Meaning(N_("Members at home who are struck off"), YEARLY),
        "asked_to_leave": Meaning(N_("Members who are asked to leave"), YEARLY),
        "struck_off_away": Meaning(N_("Members away who are struck off for long absence"), YEARLY),
    },
    scenario.Demography: {
        "returning": Meaning(N_("Coming home of those who are away for work"), YEARLY),
        "settling_away": Meaning(
            N_("Settling where the work is: candidates and residents who are away"), YEARLY
        ),
        "settling_away_members": Meaning(N_("The same of members who are away"), YEARLY),
        "marrying_in": Meaning(N_("Residents: net gain of women of 20 to 29 by marriage"), YEARLY),
        "exemption": Meaning(N_("Official members exempted from activity"), YEARLY),
        "shock": Meaning(N_("How far years differ in leaving for work, by level of areas"), SPREAD),
        "staff_turnover": Meaning(
            N_("Staff of schools, stations and agencies transferred"), YEARLY
        ),
        "retirement_age": Meaning(N_("When staff retire"), AGE),
    },
    scenario.AgeWeight: {
        "ages": Meaning(N_("A range of ages"), AGES),
        "weight": Meaning(N_("How easily a resident of these ages is listed"), WEIGHT),
    },
    scenario.Listing: {
        "per_resident": Meaning(
            N_("Putting on the source list, for each eligible resident"), YEARLY
        ),
        "per_hamlet": Meaning(N_("Instead: the same number in every hamlet"), PER_HAMLET),
        "power": Meaning(N_("Less than 1: large hamlets list fewer for each resident")),
        "age_weights": Meaning(N_("Who is listed, by age")),
        "women_share": Meaning(N_("Women among those who are listed"), SHARE),
        "eligible_share": Meaning(N_("Residents who can be listed at all"), SHARE),
    },
    scenario.Help: {
        "full_help": Meaning(N_("With so many helpers listing reaches its full rate"), HELPERS),
        "outside_helpers": Meaning(N_("Helpers from outside, with a cell of its own"), HELPERS),
        "outside_helpers_without_cell": Meaning(
            N_("Helpers from outside, without a cell of its own"), HELPERS
        ),
        "candidates_per_helper": Meaning(N_("Candidates that one helper can look after"), PEOPLE),
        "months_in_place": Meaning(N_("A member helps after so long in the place"), MONTHS),
        "half_from_age": Meaning(N_("From this age on a member counts as half a helper"), AGE),
    },
    scenario.Source: {
        "help": Meaning(N_("How listing depends on helpers: as below, linear, or not at all")),
        "withdrawal": Meaning(N_("Candidates who withdraw from the source list"), YEARLY),
        "stale_months": Meaning(
            N_("A candidate without a class for so long drops off the source list"), MONTHS
        ),
    },
    scenario.TrainingRules: {
        "on": Meaning(N_("Whether the awareness class is asked for")),
        "months": Meaning(N_("When classes are held"), CALENDAR),
        "seats": Meaning(N_("Seats of one class"), SEATS),
        "level": Meaning(N_("The level of areas that hold classes")),
        "attendance": Meaning(N_("Probability that who has a seat comes"), SHARE),
        "replace_no_shows": Meaning(N_("Whether the next in line takes a seat that stays free")),
        "priority": Meaning(N_("Who gets a seat first")),
    },
    scenario.Delay: {
        "mean": Meaning(N_("Mean time that a dossier takes"), MONTHS),
        "median": Meaning(N_("Instead: its median"), MONTHS),
        "sd_log": Meaning(N_("How much dossiers differ; 0: all take the same time"), SPREAD),
    },
    scenario.DossierRules: {
        "on": Meaning(N_("Whether a dossier is asked for")),
        "delay_factor": Meaning(N_("Time of dossiers by difficulty of the place"), FACTOR),
        "failure": Meaning(N_("Probability that a dossier fails, by difficulty"), SHARE),
    },
    scenario.Target: {
        "level": Meaning(N_("The level of areas that have a target")),
        "per_year": Meaning(N_("Admissions a year, one number or by area"), PEOPLE),
        "overshoot": Meaning(N_("By how much this target may be passed"), SHARE),
        "cap": Meaning(N_("Whether the target is also a limit")),
    },
    scenario.AdmissionRules: {
        "on": Meaning(N_("Whether a committee decides on admission")),
        "months": Meaning(N_("When the committee meets"), CALENDAR),
        "targets": Meaning(N_("Admission targets")),
        "overshoot": Meaning(N_("By how much targets may be passed"), SHARE),
        "pace": Meaning(N_("Whether the target is given out evenly over the year or at once")),
        "priority": Meaning(N_("Who is admitted first")),
        "pull": Meaning(
            N_("How strongly a target that was missed raises listing in the next year; 0: not")
        ),
        "approval": Meaning(N_("Probability that the committee approves"), SHARE),
    },
    scenario.Probation: {
        "recognition": Meaning(N_("Probability of recognition as official member"), SHARE),
    },
    scenario.Cells: {
        "responses": Meaning(N_("What is tried, in this order, when a cell is under the minimum")),
        "host": Meaning(N_("Which cell takes the members of a hamlet without a cell")),
        "host_level": Meaning(N_("The level of areas within which the host lies")),
        "review_months": Meaning(N_("When cells are reviewed"), CALENDAR),
    },
    scenario.Offices: {
        "chief_member_factor": Meaning(N_("Listing where the hamlet chief is a member"), FACTOR),
        "chief_trained_factor": Meaning(N_("Listing where the hamlet chief is trained"), FACTOR),
        "secretary_trained_factor": Meaning(
            N_("Listing where the cell secretary is trained"), FACTOR
        ),
        "chief_term_months": Meaning(N_("Time between elections of hamlet chiefs"), MONTHS),
        "first_election": Meaning(N_("The first election of hamlet chiefs"), DAY),
        "chief_turnover": Meaning(
            N_("Probability that an election brings another hamlet chief"), SHARE
        ),
        "member_elected": Meaning(
            N_("Probability that a new hamlet chief is an official member"), SHARE
        ),
        "secretary_maximum_age": Meaning(N_("Highest age at which one becomes secretary"), AGE),
    },
    scenario.Pool: {
        "level": Meaning(N_("The level of areas that have such a pool")),
        "size": Meaning(N_("Members of it who can be posted at once"), MEMBERS),
    },
    scenario.Postings: {
        "term_months": Meaning(N_("How long a posting lasts"), MONTHS),
        "renewal": Meaning(N_("Probability that a posting is renewed when it ends"), SHARE),
        "replacement": Meaning(
            N_("Probability that another member is posted when one is not renewed"), SHARE
        ),
        "gap_months": Meaning(N_("Time until the other member comes"), MONTHS),
        "ages": Meaning(N_("Ages of posted members"), AGES),
        "women_share": Meaning(N_("Women among posted members"), SHARE),
        "pools": Meaning(N_("Pools outside from which members are posted, by name")),
    },
    scenario.Staff: {
        "member_share": Meaning(N_("Probability that new staff is an official member"), SHARE),
        "ages": Meaning(N_("Ages of new staff"), AGES),
    },
    scenario.Completion: {
        "structure": Meaning(N_("Ages and sexes of residents where the table gives none")),
        "women_share_officials": Meaning(
            N_("Women among official members where the table gives none"), SHARE
        ),
        "women_share_candidates": Meaning(
            N_("Women among candidates where the table gives none"), SHARE
        ),
        "official_ages": Meaning(N_("Ages of official members where the table gives none"), WEIGHT),
        "candidate_ages": Meaning(N_("Ages of candidates where the table gives none"), WEIGHT),
        "residents_per_unit": Meaning(N_("Residents of a unit where the table gives none"), PEOPLE),
    },
    scenario.Uncertain: {
        "distribution": Meaning(N_("The kind of distribution")),
        "mean": Meaning(N_("Its mean")),
        "sd": Meaning(N_("Its standard deviation")),
        "low": Meaning(N_("Its lowest value")),
        "high": Meaning(N_("Its highest value")),
        "mode": Meaning(N_("Its most likely value")),
    },
    scenario.Rate: {
        "constant": Meaning(N_("The same at every age"), YEARLY),
        "by_age": Meaning(N_("From given birthdays on"), YEARLY),
    },
    levers.Change: {
        "to": Meaning(N_("The new value")),
        "times": Meaning(N_("Or: the value of the scenario times this"), FACTOR),
        "plus": Meaning(N_("Or: the value of the scenario plus this")),
    },
    levers.Where: {
        "areas": Meaning(N_("Units in these areas")),
        "tags": Meaning(N_("Units with these tags")),
        "kinds": Meaning(N_("Units of these kinds")),
        "hamlets": Meaning(N_("Units by their id")),
        "when": Meaning(N_("Units that satisfy this at a review, until the next one")),
        "rank_level": Meaning(N_("The level of areas within which hamlets are ranked by strength")),
    },
    levers.Bound: {
        "below": Meaning(N_("What is observed is less than this")),
        "at_least": Meaning(N_("What is observed is this or more")),
    },
    levers.Lever: _EVERY_LEVER,
    levers.Training: {
        "seats": Meaning(N_("Another number of seats of each class"), SEATS),
        "months": Meaning(N_("Other months of classes"), CALENDAR),
        "attendance": Meaning(N_("Another probability that who has a seat comes"), SHARE),
        "priority": Meaning(N_("Another order in which seats are given")),
        "replace_no_shows": Meaning(N_("Whether the next in line takes a seat that stays free")),
    },
    levers.LocalClass: {
        "level": Meaning(N_("The level of areas that hold this class")),
        "months": Meaning(N_("When this class is held"), CALENDAR),
        "seats": Meaning(N_("Seats of this class in each area"), SEATS),
        "attendance": Meaning(N_("Probability that who has a seat comes"), SHARE),
        "priority": Meaning(N_("Who gets a seat first")),
    },
    levers.OfficerTraining: {
        "office": Meaning(N_("Who is trained: cell secretaries or hamlet chiefs")),
        "months": Meaning(N_("When courses are held"), CALENDAR),
        "places": Meaning(N_("Places of a course in each area"), PEOPLE),
        "level": Meaning(N_("The level of areas that hold courses")),
    },
    levers.Admission: {
        "per_year": Meaning(N_("Other targets"), PEOPLE),
        "overshoot": Meaning(N_("Another share by which targets may be passed"), SHARE),
        "pace": Meaning(N_("Whether the target is given out evenly over the year or at once")),
        "priority": Meaning(N_("Another order in which candidates are admitted")),
        "pull": Meaning(N_("Another pull of targets that were missed")),
    },
    levers.Waiver: {
        "maximum_age": Meaning(N_("Another highest age at admission"), AGE),
        "eligible": Meaning(N_("Another share of residents who can be listed"), SHARE),
    },
    levers.Retention: {
        "factor": Meaning(N_("Multiplies leaving for work"), FACTOR),
        "ages": Meaning(N_("Of people of these ages"), AGES),
    },
    levers.ReturnIncentive: {
        "factor": Meaning(N_("Multiplies coming home"), FACTOR),
        "ages": Meaning(N_("Of people of these ages"), AGES),
    },
    levers.Emulation: {"factor": Meaning(N_("Multiplies listing"), FACTOR)},
    levers.Attention: {
        "factor": Meaning(N_("Multiplies listing in the weakest hamlets"), FACTOR),
        "weakest": Meaning(N_("How many hamlets of an area are followed")),
        "level": Meaning(N_("The level of areas within which hamlets are ranked by strength")),
    },
    levers.OutsideHelp: {
        "with_cell": Meaning(N_("Helpers from outside, with a cell of its own"), HELPERS),
        "without_cell": Meaning(N_("Helpers from outside, without a cell of its own"), HELPERS),
    },
    levers.Reinforcement: {
        "strength_below": Meaning(N_("Members are posted where strength is under this"), MEMBERS),
        "number": Meaning(N_("How many are posted"), MEMBERS),
        "term_months": Meaning(N_("How long their posting lasts"), MONTHS),
        "pool": Meaning(N_("The pool outside from which they come")),
        "senders": Meaning(N_("Instead: the units whose official members are sent")),
        "without_cell": Meaning(N_("Whether members are also posted where there is no cell")),
    },
    levers.PostingRenewal: {
        "renewal": Meaning(N_("Another probability that a posting is renewed"), SHARE),
        "replacement": Meaning(N_("Another probability that another member is posted"), SHARE),
        "gap_months": Meaning(N_("Another time until the other member comes"), MONTHS),
    },
    levers.Combining: {},
    levers.Separating: {},
    levers.ChiefCoverage: {
        "list_chief": Meaning(N_("Whether a hamlet chief who is no member is put on the list")),
        "unified_post": Meaning(N_("Whether one person holds both offices")),
        "member_elected": Meaning(
            N_("Another probability that a new hamlet chief is an official member"), SHARE
        ),
    },
    levers.Enlistment: {
        "months": Meaning(N_("Before enlistment: when the certificate alone is enough"), CALENDAR),
        "ages": Meaning(N_("Of people of these ages"), AGES),
    },
    levers.Dossier: {
        "delay_factor": Meaning(N_("Multiplies the time that dossiers take"), FACTOR),
        "failure_factor": Meaning(N_("Multiplies the probability that a dossier fails"), FACTOR),
    },
    levers.Succession: {
        "trained": Meaning(N_("New cell secretaries who are trained already"), SHARE),
    },
    levers.Screening: {
        "expelled": Meaning(N_("Multiplies the rate of being expelled"), FACTOR),
        "struck_off": Meaning(N_("Multiplies the rate of being struck off"), FACTOR),
        "asked_to_leave": Meaning(N_("Multiplies the rate of being asked to leave"), FACTOR),
    },
    levers.Merger: {
        "residents_below": Meaning(N_("Hamlets with fewer residents join a neighbour"), PEOPLE),
    },
    levers.Structural: {
        "event": Meaning(N_("What happens: split, merge or resettle")),
        "unit": Meaning(N_("The unit to which it happens")),
        "into": Meaning(N_("The unit to which people move")),
        "share": Meaning(N_("What part of the people moves"), SHARE),
    },
    levers.Assumption: {
        "mortality": Meaning(N_("Multiplies all death rates"), FACTOR),
        "leaving": Meaning(N_("Multiplies leaving for work"), FACTOR),
        "shock": Meaning(N_("Multiplies how far years differ"), FACTOR),
    },
}


def meaning(record: str, field: str) -> Meaning:
    """The meaning of a field of a record, named as in the schema. KeyError if it has none."""
    return _by_name()[record][field]


def _by_name() -> dict[str, dict[str, Meaning]]:
    return {kind.__name__: told for kind, told in MEANINGS.items()}
