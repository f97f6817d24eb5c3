"""Measures of the tables in a planner's words."""

from sim.messages import _
from sim.risk.words import cause_in_words, kind_in_words

__all__ = [
    "cause_in_words",
    "kind_in_words",
    "measure_in_words",
    "outcome_in_words",
    "progress_in_words",
    "step_in_words",
]


def measure_in_words(measure: str, of_units: bool = False) -> str:
    """A measure of the table `years` as the title of a figure; of hamlets, or of all units."""
    of_all_kinds = {
        "lost": _("Units that have lost their cell"),
        "below": _("Units whose cell has fallen below the minimum"),
        "combined": _("Units whose cell was combined with another"),
        "without_cell": _("Units without a cell"),
        "without_own_cell": _("Units without a cell of their own"),
        "few_local": _("Units with too few officials of their own"),
        "no_successor": _("Units without an official under 60"),
        "no_admission": _("Units without an admission in five years"),
    }
    words = {
        "lost": _("Hamlets that have lost their cell"),
        "below": _("Hamlets whose cell has fallen below the minimum"),
        "combined": _("Hamlets whose cell was combined with another"),
        "without_cell": _("Hamlets without a cell"),
        "few_local": _("Hamlets with too few officials of their own"),
        "on_posted": _("Cells that stand on posted members"),
        "no_successor": _("Hamlets without an official under 60"),
        "secretary_alone": _("Cells whose secretary has no successor"),
        "no_admission": _("Hamlets without an admission in five years"),
        "no_secretary": _("Cells without a secretary"),
        "officials": _("Official members"),
        "probation": _("Members on probation"),
        "posted_now": _("Posted members"),
        "listed": _("On the source list"),
        "certified": _("With a certificate"),
        "away": _("Members away for work"),
        "women": _("Official members who are women"),
        "over_60": _("Officials of 60 and over"),
        "age_18_29": _("Officials of 18 to 29"),
        "age_30_39": _("Officials of 30 to 39"),
        "age_40_49": _("Officials of 40 to 49"),
        "age_50_59": _("Officials of 50 to 59"),
        "age_60_69": _("Officials of 60 to 69"),
        "age_70_79": _("Officials of 70 to 79"),
        "age_80": _("Officials of 80 and over"),
    }
    told = words | of_all_kinds if of_units else words
    return told.get(measure, measure.replace("_", " "))


def outcome_in_words(outcome: str, of_units: bool) -> str:
    """An outcome, of units of one kind if it names one."""
    measure, _point, kind = outcome.partition(".")
    words = measure_in_words(measure, of_units)
    if not kind:
        return words
    return _("{measure}: {kind}").format(measure=words, kind=kind_in_words(kind))


def step_in_words(step: str) -> str:
    """A step of the table `funnel`."""
    words = {
        "listed_in_year": _("put on the source list"),
        "class_attended": _("attended the awareness class"),
        "dossier_ready": _("dossier ready"),
        "admitted": _("admitted on probation"),
        "recognised": _("recognised as official members"),
        "class_missed": _("had a seat in the class and did not come"),
        "certificate_expired": _("certificate expired"),
        "dossier_lapsed": _("dossier lapsed"),
        "lapsed": _("dropped off the source list"),
        "over_age": _("too old to be admitted"),
        "refused": _("refused"),
        "candidates_left": _("left for work"),
        "candidates_dead": _("died"),
        "candidates_moved": _("moved away"),
        "not_recognised": _("not recognised"),
    }
    return words.get(step, step.replace("_", " "))


def progress_in_words(progress: str) -> str:
    """How far a hamlet's candidates had come when its cell ended."""
    words = {
        "none": _("no candidates"),
        "waiting_for_a_seat": _("waiting for a seat in the class"),
        "lapsed": _("candidates had dropped off the list"),
        "dossier": _("dossier being made"),
        "target": _("waiting for a place in the target"),
        "probation": _("on probation"),
    }
    return words.get(progress, progress.replace("_", " "))
