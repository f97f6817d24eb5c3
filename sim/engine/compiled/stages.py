"""From resident to official: class, dossier, admission, probation."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.draws import lognormal
from sim.engine.compiled import clocks, counting, roster
from sim.engine.compiled.queues import join_pipeline
from sim.engine.compiled.state import (
    LIFE,
    MONTH,
    PLACE_BITS,
    draw,
    later,
    month_at,
    record,
)


@kernel
def enter(s, i, day, phase):
    """The person becomes one of the followed people of the hamlet."""
    p = s.people[i]
    kind = p["entry_kind"]
    p["entry_kind"] = 0
    record(s, day, phase, p["hamlet"], p["key"], kind, p["entry_cause"])
    if p["status"] <= rules.READY:
        s.hamlets[p["hamlet"]]["candidates"] += 1
        join_pipeline(s, i)
    counting.recount(s, i, day, phase, kind)
    pass_open_stages(s, i, day, phase)


@kernel
def pass_open_stages(s, i, day, phase):
    """A stage that is switched off takes no time."""
    p = s.people[i]
    if p["place"] == rules.AWAY:
        return
    if p["status"] == rules.LISTED and not s.training_on:
        certify(s, i, day)
    if p["status"] == rules.CERTIFIED and not s.dossier_on:
        change_status(s, i, day, rules.READY)
        p["stage_due"] = rules.NEVER
    if s.committee_on:
        return
    if p["status"] == rules.READY:
        consider(s, i, day, phase)
    elif p["status"] == rules.PROBATION and p["stage_due"] < day:
        recognise(s, i, day, phase)


@kernel
def change_status(s, i, day, status):
    """A new stage begins; if its clock is another, what it has used in the old one is taken off."""
    p = s.people[i]
    before = p["status"] << PLACE_BITS | p["place"]
    if s.clock[before] != s.clock[status << PLACE_BITS | p["place"]]:
        clocks.settle_budget(s, i, day)
    p["status"] = status
    p["waiting"] = day


@kernel
def certify(s, i, day):
    """The class is behind; the dossier begins."""
    change_status(s, i, day, rules.CERTIFIED)
    p = s.people[i]
    p["certificate_until"] = rules.NEVER
    if s.training_on:
        p["certificate_until"] = later(s, day, s.certificate_months)
    begin_dossier(s, i, day)


@kernel
def begin_dossier(s, i, day):
    """How long this dossier takes; each is drawn anew."""
    p = s.people[i]
    p["dossiers"] += 1
    if not s.dossier_on:
        return
    hamlet = s.hamlets[p["hamlet"]]
    month = min(month_at(s, day), s.months - 1)
    factor = s.schedule[hamlet["group"], month]["delay_factor"]
    median = s.delay_median[hamlet["difficulty"]] * factor
    u = draw(s, i, rules.DOSSIER_DELAY, p["dossiers"])
    p["stage_due"] = day + lognormal(u, median, s.delay_sd) * MONTH


@kernel
def dossier_made(s, i, day):
    """The dossier is ready, or shows that the person cannot be admitted."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    month = min(month_at(s, day), s.months - 1)
    failure = s.failure[hamlet["difficulty"]]
    failure = failure * s.schedule[hamlet["group"], month]["failure_factor"]
    if draw(s, i, rules.DOSSIER_FAILURE, p["dossiers"]) < failure:
        roster.leave_for_ever(s, i, day, LIFE, events.REFUSED, events.DOSSIER_FAILED)
        return
    record(s, day, LIFE, p["hamlet"], p["key"], events.DOSSIER_READY, 0)
    change_status(s, i, day, rules.READY)
    p["stage_due"] = later(s, day, s.dossier_months)
    pass_open_stages(s, i, day, LIFE)


@kernel
def certificate_expires(s, i, day):
    """The class must be attended again."""
    p = s.people[i]
    record(s, day, LIFE, p["hamlet"], p["key"], events.CERTIFICATE_EXPIRED, 0)
    change_status(s, i, day, rules.LISTED)
    p["certificate_until"] = rules.NEVER
    p["stage_due"] = later(s, day, s.stale_months)


@kernel
def too_old(s, p, day):
    """Over the age limit of the month, counted by months."""
    month = month_at(s, day)
    row = s.schedule[s.hamlets[p["hamlet"]]["group"], min(month, s.months - 1)]
    return p["birth"] < rules.born_before(row["maximum_age"], s.origin + month, s.days)


@kernel
def consider(s, i, day, phase):
    """The decision on one dossier: admitted, too old, refused, or not yet of age."""
    p = s.people[i]
    month = month_at(s, day)
    if too_old(s, p, day):
        roster.leave_for_ever(s, i, day, phase, events.OVER_AGE, 0)
    elif p["birth"] >= rules.born_before(s.minimum_age - 1, s.origin + month, s.days):
        return
    elif draw(s, i, rules.APPROVAL, p["dossiers"]) >= s.approval:
        roster.leave_for_ever(s, i, day, phase, events.REFUSED, events.NOT_APPROVED)
    else:
        admit(s, i, day, phase, month)


@kernel
def admit(s, i, day, phase, month):
    """A probationary member from now."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    record(s, day, phase, p["hamlet"], p["key"], events.ADMITTED, 0)
    change_status(s, i, day, rules.PROBATION)
    p["stage_due"] = later(s, day, s.probation_months)
    p["certificate_until"] = rules.NEVER
    hamlet["candidates"] -= 1
    hamlet["admissions"] += 1
    hamlet["last_admission"] = month
    for k in range(s.target_of.shape[1]):
        target = s.target_of[p["hamlet"], k]
        if target >= 0:
            s.admitted[target] += 1


@kernel
def recognise(s, i, day, phase):
    """The end of probation: an official member, or not."""
    p = s.people[i]
    if draw(s, i, rules.RECOGNITION, 0) >= s.recognition:
        roster.leave_for_ever(s, i, day, phase, events.NOT_RECOGNISED, 0)
        return
    record(s, day, phase, p["hamlet"], p["key"], events.RECOGNISED, 0)
    change_status(s, i, day, rules.OFFICIAL)
    counting.recount(s, i, day, phase, events.RECOGNISED)
