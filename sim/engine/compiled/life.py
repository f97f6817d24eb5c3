"""One step of a life."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.draws import exponential
from sim.engine.compiled import clocks, counting, roster, stages
from sim.engine.compiled.state import LIFE, draws_together, later, record
from sim.world import STALE


@kernel
def live(s, i, day):
    """What comes next for this person happens."""
    what = s.people[i]["what"]
    if what == rules.DEATH:
        roster.leave_for_ever(s, i, day, LIFE, events.DEAD, 0)
    elif what == rules.CLOCK:
        clock_fires(s, i, day)
    elif what == rules.STAGE:
        stage_ends(s, i, day)
    elif what == rules.CERTIFICATE:
        stages.certificate_expires(s, i, day)
    elif what == rules.LIMIT:
        if s.people[i]["place"] == rules.STAFF:
            roster.leave_for_ever(s, i, day, LIFE, events.MOVED, events.RETIRED)
        else:
            roster.leave_for_ever(s, i, day, LIFE, events.LAPSED, events.AWAY_TOO_LONG)
    else:
        stages.enter(s, i, day, LIFE)
    clocks.look_ahead(s, i, day)


@kernel
def clock_fires(s, i, day):
    """One of the risks of the present state happens; the next budget is drawn."""
    p = s.people[i]
    h = p["hamlet"]
    period = rules.period_at(day, s.starts)
    firing = draws_together(s, i, rules.FIRING, p["fired"])
    risk = rules.choose_risk(
        firing[rules.RISK], p["status"], p["place"], rules.AT_RISK,
        s.each[s.hamlets[h]["group"], period, rules.age_at(day, p["birth"])],
        clocks.leaving_scale(s, p) * s.shock[h, period],
    )  # fmt: skip
    p["fired"] += 1
    p["budget"] = exponential(firing[rules.NEXT_BUDGET])
    p["since"] = day
    p["clock"] = STALE
    if risk == rules.LEAVING:
        leaves(s, i, day, firing[rules.FOR_GOOD])
    elif risk == rules.RETURNING:
        returns(s, i, day)
    elif risk == rules.EXEMPTION:
        p["status"] = rules.EXEMPT
        record(s, day, LIFE, h, p["key"], events.EXEMPTED, 0)
        roster.vacate_offices(s, i, False)
        counting.recount(s, i, day, LIFE, events.EXEMPTED)
    else:
        roster.leave_for_ever(s, i, day, LIFE, rules.RISK_KIND[risk], rules.RISK_CAUSE[risk])


@kernel
def leaves(s, i, day, u):
    """Away for work, or for good."""
    p = s.people[i]
    if u < s.leaves_for_good:
        roster.leave_for_ever(s, i, day, LIFE, events.MOVED, events.LEFT_FOR_GOOD)
        return
    record(s, day, LIFE, p["hamlet"], p["key"], events.LEFT, 0)
    p["place"] = rules.AWAY
    if p["status"] <= rules.READY:
        p["limit"] = later(s, day, s.candidate_away_months)
    roster.vacate_offices(s, i, False)
    counting.recount(s, i, day, LIFE, events.LEFT)


@kernel
def returns(s, i, day):
    """Home again; helps a candidate only after some time in the place."""
    p = s.people[i]
    record(s, day, LIFE, p["hamlet"], p["key"], events.RETURNED, 0)
    p["place"] = rules.PRESENT
    p["limit"] = rules.NEVER
    if not s.hamlets[p["hamlet"]]["is_hamlet"]:
        join_staff(s, p, day)
    p["helper_from"] = later(s, day, s.months_in_place)
    counting.recount(s, i, day, LIFE, events.RETURNED)
    stages.pass_open_stages(s, i, day, LIFE)


@kernel
def join_staff(s, p, day):
    """Staff retire at an age; who comes back older than that retires a month later."""
    p["place"] = rules.STAFF
    retires = p["birth"] + s.retirement_age * rules.YEAR
    p["limit"] = retires if retires > day else later(s, day, 1)


@kernel
def stage_ends(s, i, day):
    """The clock of the present stage has run out."""
    p = s.people[i]
    if p["status"] == rules.LISTED:
        roster.leave_for_ever(s, i, day, LIFE, events.LAPSED, events.STALE)
    elif p["status"] == rules.CERTIFIED:
        stages.dossier_made(s, i, day)
    elif p["status"] == rules.READY:
        record(s, day, LIFE, p["hamlet"], p["key"], events.DOSSIER_LAPSED, 0)
        stages.change_status(s, i, day, rules.CERTIFIED)
        stages.begin_dossier(s, i, day)
    else:
        stages.recognise(s, i, day, LIFE)
