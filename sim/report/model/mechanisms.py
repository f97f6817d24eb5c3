"""What the model does, mechanism by mechanism, in a planner's words.

Everything that has a name in the rules, the levers or the log has a text here; a test finds what
has none. Tables of states and risks are made from the rules themselves.
"""

from sim import levers, log, numerals, rules
from sim.load import shape
from sim.messages import N_, _, listed
from sim.report.blocks import Table
from sim.risk import measures

STATUSES = {
    "listed": N_("on the source list, waiting for the class"),
    "certified": N_("with a certificate, the dossier being made"),
    "ready": N_("with a dossier that is ready, waiting for the committee"),
    "probation": N_("member on probation"),
    "official": N_("official member"),
    "exempt": N_("official member exempted from activity"),
}
PLACES = {
    "present": N_("at home"),
    "away": N_("away for work"),
    "posted": N_("posted in from elsewhere"),
    "staff": N_("on the staff of a school, station or agency"),
}
RISKS = {
    rules.LEAVING: N_("leaving for work"),
    rules.RETURNING: N_("coming home"),
    rules.SETTLING: N_("settling where the work is, of candidates"),
    rules.SETTLING_MEMBER: N_("settling where the work is, of members"),
    rules.EXPELLED: N_("being expelled"),
    rules.STRUCK_OFF: N_("being struck off"),
    rules.ASKED_TO_LEAVE: N_("being asked to leave"),
    rules.STRUCK_OFF_AWAY: N_("being struck off for long absence"),
    rules.EXEMPTION: N_("being exempted from activity"),
    rules.WITHDRAWAL: N_("withdrawing from the source list"),
    rules.TRANSFER: N_("being transferred, of staff"),
}
EVENTS = {
    "listed": N_("A resident is put on the source list."),
    "class_attended": N_("A candidate attends the awareness class and has the certificate."),
    "class_missed": N_("A candidate has a seat in the class and does not come."),
    "certificate_expired": N_("The certificate is no longer valid: the class again."),
    "dossier_ready": N_("The dossier is ready for the committee."),
    "dossier_lapsed": N_("A dossier that was not decided in time must be made again."),
    "admitted": N_("A candidate is admitted on probation."),
    "recognised": N_("A member on probation is recognised as official member."),
    "exempted": N_("An official member is exempted from activity, and stays on the roll."),
    "left": N_("A candidate or member leaves for work."),
    "returned": N_("Who was away for work comes home."),
    "moved_in": N_("An official member moves in: retired, demobilised, by marriage, new staff."),
    "posted": N_("A member is posted in, from a pool outside or by another cell."),
    "posting_renewed": N_("A posting that ends is renewed for another term."),
    "relocated": N_(
        "A candidate or member goes to another hamlet with a split, merger or resettlement."
    ),
    "sent": N_("A cell sends a member of its own to a weak cell."),
    "dead": N_("A candidate or member dies."),
    "moved": N_(
        "A candidate or member is gone for good: settled away, transferred, retired staff."
    ),
    "expelled": N_("A member is expelled."),
    "struck_off": N_("A member is struck off the list of members."),
    "asked_to_leave": N_("A member is asked to leave."),
    "lapsed": N_(
        "A candidate drops off the source list: withdrew, no class for too long, away too long."
    ),
    "over_age": N_("A candidate is too old to be admitted."),
    "refused": N_("A candidate is refused: the dossier fails or the committee does not approve."),
    "not_recognised": N_("A member on probation is not recognised, and is removed."),
    "posting_ended": N_("A posting ends; a member who was sent by a cell goes home."),
    "chief_named": N_(
        "A hamlet has a new chief, a member or a resident: by election or after a vacancy."
    ),
    "secretary_named": N_("A cell has a new secretary."),
    "officer_trained": N_("A cell secretary or hamlet chief is trained."),
    "below": N_("A cell falls below the minimum, at that very moment."),
    "restored": N_("A cell has the minimum again."),
    "combined": N_("At a review a cell under the minimum joins another: a joint cell."),
    "separated": N_("At a review a hamlet with a joint cell has a cell of its own again."),
    "lost": N_(
        "At a review a cell under the minimum ends: the hamlet, and those that it covers, have "
        "no cell."
    ),
    "re_emptied": N_("The same of a hamlet whose cell was founded later or had been lost before."),
    "founded": N_("At a review a hamlet without a cell has enough official members for one."),
    "absorbed": N_("A hamlet ends by a merger."),
    "became": N_("A hamlet begins by a split."),
}
CAUSES = {
    "withdrew": N_("withdrew from the source list"),
    "stale": N_("too long on the source list without a class"),
    "away_too_long": N_("away too long"),
    "settled_away": N_("settled where the work is"),
    "left_for_good": N_("left for good"),
    "transferred": N_("staff transferred"),
    "retired": N_("staff retired"),
    "retired_home": N_("came home after retiring"),
    "demobilised": N_("came home from the army or from studies"),
    "married_in": N_("married in"),
    "replacement": N_("new staff, or another member posted"),
    "dossier_failed": N_("the dossier failed"),
    "not_approved": N_("not approved by the committee"),
    "split": N_("split of a hamlet"),
    "merged": N_("merger of hamlets"),
    "resettled": N_("resettlement"),
    "election": N_("election of the hamlet chief"),
    "vacancy": N_("an office was vacant"),
    "at_start": N_("so at the start"),
    "listed_as_chief": N_("put on the source list as hamlet chief"),
}
LEVERS = {
    "training": N_(
        "Awareness classes: more or fewer seats, other months, better attendance, another order."
    ),
    "local_class": N_("An additional class nearer to the people, with seats of its own."),
    "officer_training": N_(
        "Courses for cell secretaries or hamlet chiefs. Where the holder of the office is "
        "trained, more are listed; with the next holder it is over."
    ),
    "admission": N_("Other admission targets, another pace or order at the committee."),
    "waiver": N_("Admission above the age limit, or of people without the schooling asked for."),
    "retention": N_("Work at home keeps the young: fewer leave for work."),
    "return_incentive": N_("More of those who are away come home."),
    "emulation": N_("Mass organisations discover outstanding people: more are listed."),
    "attention": N_(
        "Committee members follow the weakest hamlets of an area, chosen anew at each review: "
        "more are listed there."
    ),
    "outside_help": N_("Helpers from outside look after candidates where members are few."),
    "reinforcement": N_(
        "Members are posted into weak cells at a review for a term, from a pool or by named cells."
    ),
    "posting_renewal": N_("What happens when a posting ends: renewed, replaced, or over."),
    "combining": N_("A cell under the minimum joins a neighbour's as a joint cell."),
    "separating": N_("A hamlet with a joint cell has its own again when both can stand."),
    "chief_coverage": N_(
        "Hamlet chiefs who are no members are listed and first in line; one person in both "
        "offices; members stood for election."
    ),
    "enlistment": N_(
        "Candidates about to join the army are admitted with the certificate alone, and first."
    ),
    "dossier": N_("Dossiers take less time or fail less often."),
    "succession": N_("A prepared deputy: new cell secretaries are trained already."),
    "screening": N_("Members are removed more or less often, by kind."),
    "merger": N_("Hamlets with few residents at the start join a neighbour for good."),
    "structural": N_("On a day a hamlet is split, merged or resettled; people keep their history."),
    "assumption": N_("Another assumption on the world: deaths, leaving, how far years differ."),
}
OBSERVABLES = {
    "strength": N_("official members who count towards the minimum"),
    "local_strength": N_("the same without posted members"),
    "active_strength": N_("the same without exempt members"),
    "share_over_60": N_("share of official members of 60 and older"),
    "months_since_admission": N_("months since the last admission"),
    "candidates": N_("candidates of the hamlet"),
    "rank_by_strength": N_("place among the hamlets of an area, the weakest first"),
}
PRIORITIES = {
    "first_come": N_("who waits longest"),
    "weakest_cell_first": N_("candidates of the weakest cell"),
    "youngest_first": N_("the youngest"),
    "chiefs_first": N_("hamlet chiefs"),
    "fair_share": N_("hamlets in turn, those with the fewest so far first"),
}
RESPONSES = {
    "reinforce": N_("members are posted in, if a lever and a pool allow it"),
    "combine": N_("the cell joins another, if a lever allows it"),
}
OUTCOMES = {
    "below": N_("Hamlets whose cell has fallen below the minimum at least once so far"),
    "lost": N_("Hamlets that have lost a cell at least once so far"),
    "combined": N_("Hamlets whose cell has been combined with another so far"),
    "hamlets": N_("Hamlets that exist"),
    "own_cell": N_("Hamlets with a cell of their own"),
    "joint_cell": N_("Hamlets covered by a joint cell"),
    "without_cell": N_("Hamlets without an own or a joint cell"),
    "without_members": N_("Hamlets without any member, official, on probation or posted"),
    "few_local": N_("Hamlets with fewer official members of their own than the minimum"),
    "under_risk_line": N_("Own cells with fewer official members than the risk line"),
    "no_admission": N_("Hamlets without an admission in five years"),
    "no_successor": N_("Hamlets without an official member under 60 who is present"),
    "at_risk": N_(
        "Hamlets flagged by the at-risk rule: strength under the risk line, many over 60, "
        "nobody admitted for long"
    ),
    "chief_is_member": N_("Hamlets whose chief is a member"),
    "secretary_trained": N_("Own cells whose secretary is trained"),
    "on_posted": N_("Own cells that would not have the minimum without posted members"),
    "secretary_alone": N_(
        "Own cells whose secretary no other active official member of its own under 60 could follow"
    ),
    "no_secretary": N_("Own cells without a secretary"),
    "officials": N_("Official members on the roll, posted ones apart"),
    "over_60": N_("Official members of 60 and older"),
    "probation": N_("Members on probation"),
    "listed": N_("Candidates on the source list without a certificate"),
    "certified": N_("Candidates with a certificate"),
    "away": N_("Members who are away for work"),
    "posted_now": N_("Posted members"),
    "women": N_("Official members who are women"),
}
AGES = "age_"
"""Measures that begin so are the roll by ages, and tell themselves."""
PHASES = (
    N_("The year and the month begin: allowances of targets, shocks, dated levers."),
    N_("Lives: who is due at this moment dies, leaves, comes home, is recognised."),
    N_(
        "Postings end or are renewed; hamlets split, merge, are resettled; offices are filled; "
        "courses."
    ),
    N_("Listing for the month ahead; members move in."),
    N_("Awareness classes."),
    N_("The committee: admission, and recognition of those who were away on their day."),
    N_("The review: members posted in, cells combined, ended, founded; adaptive levers decided."),
    N_("Once a year, after everything else, the state of every hamlet is written down."),
)


def states() -> Table:
    """The states of a person, made from the rules: what counts, and what may happen."""
    heads = [_("status"), _("meaning"), _("counts towards the minimum"), _("what may happen")]
    rows = [
        [name, _(STATUSES[name]), _where_it_counts(status), _what_may_happen(status)]
        for status, name in enumerate(rules.STATUS_NAMES)
    ]
    return Table(_("The states of a person, from the table of the rules"), heads, rows)


def _where_it_counts(status: int) -> str:
    """The places in which a person of this status counts, by the rules in force by default."""
    found = [
        _(PLACES[name]) for place, name in enumerate(rules.PLACE_NAMES)
        if rules.counts(status, place, False, True, True)
    ]  # fmt: skip
    return listed(found) or _("no")


def _what_may_happen(status: int) -> str:
    """The risks of a status in any place, beside death."""
    return listed(_(RISKS[r]) for r in range(rules.RISKS) if rules.AT_RISK[status, :, r].any())


def phases() -> Table:
    """The order of a month start."""
    rows = [[str(number), _(text)] for number, text in enumerate(PHASES)]
    heads = [_("step"), _("what happens")]
    return Table(_("What happens on the first of a month, in this order"), heads, rows)


def events() -> Table:
    """The kinds of events in the log."""
    rows = [[kind, _(EVENTS[kind])] for kind in log.KINDS.values()]
    return Table(_("Events, as the log names them"), [_("event"), _("meaning")], rows)


def causes() -> Table:
    """The causes that are not events themselves."""
    rows = [[name, _(CAUSES[name])] for code, name in log.CAUSES.items() if code >= log.WITHDREW]
    return Table(_("Causes that are no events themselves"), [_("cause"), _("meaning")], rows)


def all_levers() -> Table:
    """Every lever: what it changes, whether it may adapt, and what a cost can be given for."""
    adaptive = {kind.model_fields["lever"].default for kind in levers.MAY_ADAPT}
    rows = [
        [name, _(LEVERS[name]), _("yes") if name in adaptive else _("no"), _bases(name)]
        for name in shape.levers()
    ]
    heads = [_("lever"), _("what it changes"), _("may be adaptive"), _("cost is given by")]
    return Table(_("Levers of a policy"), heads, rows)


def _bases(lever: str) -> str:
    keys = sorted(key for key in levers.COST_KEYS if key.startswith(f"{lever}."))
    return listed(keys) or numerals.NOTHING


def orders() -> Table:
    """The orders in which people queue."""
    rows = [[name, _(PRIORITIES[name])] for name in rules.PRIORITIES]
    return Table(_("Who goes first"), [_("order"), _("meaning")], rows)


def observables() -> Table:
    """What adaptive levers may look at."""
    rows = [[name, _(OBSERVABLES[name])] for name in rules.OBSERVABLES]
    return Table(_("What an adaptive lever may look at"), [_("observed"), _("meaning")], rows)


def responses() -> Table:
    """What a policy may try for a cell under the minimum."""
    rows = [[name, _(text)] for name, text in RESPONSES.items()]
    return Table(_("Answers to a cell under the minimum"), [_("answer"), _("meaning")], rows)


def outcomes() -> Table:
    """The measures of a year, without the events of a year, which the log's names tell."""
    told = [name for name in measures.STATES if not name.startswith(AGES)]
    rows = [[name, _(OUTCOMES[name])] for name in told]
    return Table(_("Measures at each anniversary"), [_("measure"), _("meaning")], rows)
