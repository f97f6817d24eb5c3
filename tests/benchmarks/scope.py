"""The slice that the tuned model knows: what is switched off for it, and what it refuses."""

from typing import Any

import numpy as np

from sim import rules
from sim.plan import Plan
from sim.rules import LEAVING, RETURNING, TRANSFER
from sim.world import World

# Death, leaving, returning, listing, class, admission, probation, below and lost. All else that a
# scenario file can switch off is off. What it cannot: postings are renewed, and offices that fall
# vacant are filled. Secretaries have no switch; an age limit of zero would leave an office that is
# searched for a holder in every month.
SLICE: dict[str, Any] = {
    "demography.moving_in": {},
    "demography.removal": {},
    "demography.exemption": {"constant": 0.0},
    "demography.settling_away": {"constant": 0.0},
    "demography.settling_away_members": {"constant": 0.0},
    "demography.shock": {},
    "source.withdrawal": {"constant": 0.0},
    "source.stale_months": 1200,  # the longest period: it never ends
    "rules.candidate_away_months": 1200,
    "rules.certificate_months": 1200,
    "rules.admission_age": [18, 120],  # nobody is over age
    "rules.founding_strength": 50,  # no cell is founded
    "dossier.on": False,
    "admission.pull": 0.0,
    "admission.approval": 1.0,
    "probation.recognition": 1.0,
    "cells.host": "none",
    "postings.renewal": 1.0,
    "offices": {"chief_term_months": 1200, "member_elected": 0.0},  # no elections
}

Found = dict[str, bool | np.bool_]

NEVER_ENDS = 25
"""Months by which a period must be longer than the horizon: it may have begun before the start."""


def refuse(plan: Plan, world: World) -> None:
    """Raise one ValueError that names all in this plan and world that the model does not know."""
    unknown = [name for name, is_there in _not_modelled(plan, world).items() if is_there]
    if unknown:
        raise ValueError(f"the tuned model does not know: {', '.join(unknown)}")


def _not_modelled(plan: Plan, world: World) -> Found:
    return {
        **_of_places(plan, world),
        **_of_lives(plan),
        **_of_pipeline(plan),
        **_of_organisation(plan),
    }


def _of_places(plan: Plan, world: World) -> Found:
    people, hamlets = world.people, world.hamlets
    candidates = people["status"] < rules.PROBATION
    without_own = np.flatnonzero(hamlets["cell"] != rules.OWN)
    number = np.bincount(people["hamlet"], minlength=len(hamlets))[without_own]
    # A hamlet without a cell, which has so many or has lost its cell, does not come to twice that.
    most = max(plan.settings.minimum, number.max(initial=0))
    return {
        "units that are not hamlets": not hamlets["is_hamlet"].all(),
        "closed hamlets": (hamlets["cell"] == rules.CLOSED).any(),
        "candidates who are away or posted": (people["place"][candidates] != rules.PRESENT).any(),
        "people under age": (people["age_low"] < 18).any(),
        "cells that are founded": plan.settings.founding < 2 * most,
    }


def _of_lives(plan: Plan) -> Found:
    others = [r for r in range(rules.RISKS) if r not in (LEAVING, RETURNING, TRANSFER)]
    return {
        "risks beside death, leaving and returning": plan.rates.each[..., others].any(),
        "leaving for good": plan.settings.leaves_for_good > 0,
        "shocks": plan.shock_sd.any(),
        "moving in": plan.arrivals.any(),
    }


def _of_pipeline(plan: Plan) -> Found:
    s, endless = plan.settings, plan.settings.months + NEVER_ENDS
    return {
        "another form of listing": not s.per_resident or s.power != 1,
        "another form of help": s.help_mode != rules.HELP_SHARE,
        "no class": not s.training_on,
        "classes of parts of the district": _is_partial(plan),
        "several classes at once": len(set(plan.classes["month"])) < len(plan.classes),
        "an order other than first come": plan.classes["priority"].any()
        or plan.committee_priority.any(),
        "candidates who become stale": s.stale_months < endless,
        "candidates who are away too long": s.candidate_away_months < endless,
        "certificates that expire": s.certificate_months < endless,
        "dossiers": s.dossier_on,
        "no committee": not s.committee_on,
        "several targets or none": plan.target_of.any() or not plan.capped.all(),
        "several committees": len(set(plan.committee)) > 1,
        "a target that pulls": plan.pull.any(),
        "limits of age": s.minimum_age > 216 or (plan.schedule["maximum_age"] < 1440).any(),
        "refusals": s.approval < 1 or s.recognition < 1,
    }


def _is_partial(plan: Plan) -> bool:
    return any((plan.area[:, c["level"]] != c["area"]).any() for c in plan.classes)


def _of_organisation(plan: Plan) -> Found:
    s, schedule = plan.settings, plan.schedule
    factors = (s.chief_member_factor, s.chief_trained_factor, s.secretary_trained_factor)
    switches = ("reinforce_below", "combine", "separate", "list_chief", "unified")
    acts = any(schedule[name].any() for name in switches)
    return {
        "levers for some hamlets only": len(schedule) > 1,
        "levers that change a schedule": acts or (schedule != schedule[0, 0]).any(),
        "admission before enlistment": schedule["enlist_high"].any(),
        "courses": len(plan.courses) > 0,
        "structural events": len(plan.moves) > 0,
        "adaptive levers": s.adaptive > 0,
        "another strength": s.away_counts or not (s.exempt_counts and s.posted_counts),
        "months of grace": s.grace_months > 0,
        "hosts": s.host_exists,
        "postings that end": (schedule["renewal"] < 1).any(),
        "elections": plan.election.any() or schedule["member_elected"].any(),
        "chiefs and secretaries who matter": factors != (1, 1, 1),
        "secretaries who are too old": s.secretary_maximum_age < 120,
    }
