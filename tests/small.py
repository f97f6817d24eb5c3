"""Small scenarios made in Python: a quiet one, in which nothing happens, and a busy one.

The calendar is uniform: month m begins on day 30.4375 m. Reviews are held in months 3, 6, 9 and
12; a scenario that starts in January has its first on day 60.875.
"""

import datetime as dt
from typing import Any, NamedTuple

import pandas as pd

from sim import log as events
from sim import plan as plans
from sim import world as worlds
from sim.engine import reference
from sim.scenario import Baseline, Group, Loaded, Scenario, Unit

MONTH = 30.4375
LEVELS = ("district", "commune")
NOTHING_HAPPENS: dict[str, Any] = {
    "mortality": {"constant": 0},
    "leaving": {"constant": 0},
    "returning": 0,
    "settling_away": 0,
    "staff_turnover": 0,
}


class Course(NamedTuple):
    """One replication: its log as a table, and the rest of what the engine gives."""

    log: pd.DataFrame
    outcome: events.Outcome

    def of(self, *kinds: str) -> pd.DataFrame:
        return self.log[self.log.kind.isin(kinds)]

    def months(self, *kinds: str) -> list[float]:
        """When these happened, in months from the start."""
        return [round(day / MONTH, 6) for day in self.of(*kinds).day]

    def panel(self, field: str) -> Any:
        return self.outcome.panel[:, :, events.PANEL_FIELDS.index(field)]


def quiet(*levers: dict[str, Any], **changes: Any) -> Scenario:
    """A scenario in which nothing happens, with some sections changed and one policy."""
    data: dict[str, Any] = {
        "title": "quiet",
        "baseline": "-",
        "start": dt.date(2020, 1, 1),
        "years": 5,
        "calendar": "uniform",
        "source": {"listing": {"per_hamlet": 0}, "help": "off"},
        "policies": {"policy": levers},
    }
    changes["demography"] = {**NOTHING_HAPPENS, **changes.get("demography", {})}
    return Scenario.model_validate({**data, **changes})


def people(number: int, age: float = 40.0) -> tuple[Group, ...]:
    return (Group(band=(age, age), count=number, women=0),) if number else ()


def unit(name: str, officials: int, **more: Any) -> Unit:
    """A unit of one commune of one district, everybody 40 years old and a man."""
    given = {"residents": 400, "area": ("District", "Commune"), **more}
    return Unit(id=name, name=name, officials=people(officials), **given)


def school(name: str, officials: int, staff: int, **more: Any) -> Unit:
    return unit(name, officials, kind="school", residents=None, staff=staff, **more)


def loaded(scenario: Scenario, *units: Unit) -> Loaded:
    return Loaded(scenario=scenario, baseline=Baseline(levels=LEVELS, units=units))


def course(scenario: Scenario, *units: Unit, seed: int = 1) -> Course:
    """The course of the only policy of a scenario in the reference engine."""
    given = loaded(scenario, *units)
    outcome = reference.run(plans.make(given, "policy"), worlds.build(given), seed, 0)
    return Course(events.to_frame(outcome.log, tuple(u.id for u in units)), outcome)


# ---------------------------------------------------------------- a busy district

BUSY: dict[str, Any] = {
    "title": "busy",
    "baseline": "-",
    "start": dt.date(2020, 4, 1),
    "years": 6,
    "demography": {
        "mortality": {"table": "viet-nam", "factor": 1.5},
        "leaving": {"rogers_castro": {"level": 6.0}},
        "returning": 0.5,
        "settling_away": 0.1,
        "moving_in": {"retired": 0.1, "demobilised": 0.1, "marriage": 0.1},
        "removal": {"expelled": 0.01, "struck_off": 0.01, "asked_to_leave": 0.01,
                    "struck_off_away": 0.1},
        "exemption": {"by_age": {"0": 0, "60": 0.1}},
        "shock": {"district": 0.3, "commune": 0.3},
        "staff_turnover": 0.2,
    },
    "source": {
        "listing": {"per_resident": 0.012, "women_share": 0.6, "age_weights": [
            {"ages": [18, 30], "weight": 2}, {"ages": [31, 55], "weight": 0.5},
            {"ages": [56, 59], "weight": 3}]},
        "help": {"full_help": 3, "outside_helpers": 2, "half_from_age": 70},
        "withdrawal": 0.1,
        "stale_months": 9,
    },
    "training": {"months": [2, 6, 10], "seats": 6, "level": "district", "attendance": 0.7},
    "rules": {"certificate_months": 20, "dossier_months": 6, "grace_months": 3},
    "dossier": {"delay_months": {"median": 5, "sd_log": 0.8}, "failure": {"normal": 0.1}},
    "admission": {"approval": 0.9, "pull": 0.7, "overshoot": 0.1, "months": [1, 3, 6, 9, 11],
                  "targets": [{"level": "district", "per_year": 7.7},
                              {"level": "commune", "per_year": {"C1": 2.5}}]},
    "probation": {"recognition": 0.9},
    "cells": {"responses": ["reinforce", "combine"], "review_months": [1, 4, 7, 10]},
    "offices": {"chief_member_factor": 1.2, "chief_trained_factor": 1.3,
                "secretary_trained_factor": 1.3, "chief_term_months": 14},
    "postings": {"term_months": 10, "renewal": 0.4, "replacement": 0.5, "gap_months": 2,
                 "pools": {"army": {"level": "district", "size": 6}}},
    "staff": {"member_share": 0.6},
}  # fmt: skip
"""Every mechanism at rates far above the plausible, so that six years show them all."""

LEVERS: tuple[dict[str, Any], ...] = (
    {"lever": "training", "from": "2022-01-01", "seats": {"times": 1.5}, "priority": "fair_share"},
    {"lever": "local_class", "level": "commune", "months": [3, 6], "seats": 2,
     "priority": "youngest_first", "where": {"areas": ["C2"]}},
    {"lever": "officer_training", "office": "chief", "months": [5], "places": 2},
    {"lever": "officer_training", "office": "secretary", "months": [6], "places": 2},
    {"lever": "admission", "from": "2022-01-01", "until": "2024-05-01", "per_year": {"plus": 2.3},
     "overshoot": {"to": 0.2}, "priority": "weakest_cell_first"},
    {"lever": "waiver", "maximum_age": 64, "eligible": {"times": 0.9},
     "where": {"tags": ["border"]}},
    {"lever": "retention", "factor": 0.5, "ages": [18, 40],
     "where": {"when": {"strength": {"below": 5}}}},
    {"lever": "return_incentive", "factor": 2.0, "from": "2021-03-01", "until": "2023-01-01"},
    {"lever": "emulation", "factor": 1.5, "where": {"when": {"candidates": {"below": 2}}}},
    {"lever": "attention", "factor": 2.0, "weakest": 3, "level": "district"},
    {"lever": "outside_help", "with_cell": 3, "without_cell": 4, "where": {"areas": ["C2"]}},
    {"lever": "reinforcement", "strength_below": 4, "number": 2, "term_months": 7, "pool": "army",
     "where": {"areas": ["C1"]}},
    {"lever": "reinforcement", "number": 2, "term_months": 8, "senders": ["agency", "big"],
     "where": {"areas": ["C2"], "kinds": ["hamlet"]}},
    {"lever": "posting_renewal", "renewal": 0.2, "gap_months": 3, "from": "2023-01-01"},
    {"lever": "combining", "where": {"kinds": ["hamlet"]}},
    {"lever": "separating", "where": {"kinds": ["hamlet"]}},
    {"lever": "chief_coverage", "list_chief": True, "unified_post": True, "member_elected": 0.4},
    {"lever": "enlistment", "months": [1], "ages": [18, 25]},
    {"lever": "dossier", "delay_factor": 0.7, "failure_factor": 0.5,
     "where": {"when": {"share_over_60": {"at_least": 0.3}}}},
    {"lever": "succession", "trained": 0.5},
    {"lever": "screening", "expelled": 2.0, "struck_off": 1.5, "asked_to_leave": 1.2,
     "from": "2022-01-01"},
    {"lever": "structural", "from": "2021-09-01", "event": "split", "unit": "big",
     "into": "new", "share": 0.4},
    {"lever": "structural", "from": "2023-02-01", "event": "merge", "unit": "b3", "into": "b4"},
    {"lever": "structural", "from": "2022-06-01", "event": "resettle", "unit": "b1", "into": "b2",
     "share": 0.5},
    {"lever": "merger", "from": "2024-01-01", "residents_below": 60},
    {"lever": "assumption", "from": "2023-01-01", "mortality": 1.2, "leaving": 1.3, "shock": 1.2},
)  # fmt: skip
"""Every lever."""
PLAIN = tuple(x for x in LEVERS if "when" not in str(x) and x["lever"] != "attention")
"""Every lever that is not decided anew at each review: plans of these are made faster."""


def busy_units() -> tuple[Unit, ...]:
    """Eleven hamlets, a unit yet to come, a school and an agency, in two communes."""
    ages = (Group(band=(25, 45), count=2), Group(band=(55, 80), count=2))
    old = (Group(band=(60, 85), count=3),)
    young = (Group(band=(19, 30), count=1),)
    c1, c2 = ("D", "C1"), ("D", "C2")

    def hamlet(name: str, area: tuple[str, str], **more: Any) -> Unit:
        return Unit(id=name, name=name, area=area, **{"residents": 300, "officials": ages, **more})

    return (
        hamlet("a1", c1, tags=("border",), listed=young, probation=young, chief="member"),
        hamlet("a2", c1, officials=old, posted=(Group(count=2),), posted_pool="army",
               posted_months_left=(3, 12)),
        hamlet("a3", c1, officials=old, officials_exempt=1, neighbour="a1", ready=young),
        hamlet("a4", c1, cell="none", officials=(Group(band=(30, 70), count=1),)),
        hamlet("a5", c1, cell="with:a1", officials=(Group(band=(30, 60), count=3),)),
        hamlet("a6", c1, residents=50, officials=old, neighbour="a1"),
        hamlet("big", c2, residents=900, officials=(Group(band=(25, 75), count=14),),
               certified=(Group(band=(19, 59), count=4),), officials_away=3, tags=("border",)),
        hamlet("b1", c2, chief="vacant"),
        hamlet("b2", c2, officials=old),
        hamlet("b3", c2, officials=old, listed=(Group(band=(56, 59), count=3),)),
        hamlet("b4", c2, cell="none", officials=()),
        hamlet("new", c2, residents=0, officials=()),
        Unit(id="school", name="school", area=c2, kind="school", staff=12,
             officials=(Group(band=(30, 58), count=5),), listed=young),
        Unit(id="agency", name="agency", area=c1, kind="agency", staff=20,
             officials=(Group(band=(25, 58), count=9),)),
    )  # fmt: skip


def busy(levers: tuple[dict[str, Any], ...] = PLAIN, **changes: Any) -> Loaded:
    """The busy district with some sections changed: a mapping is merged, all else replaces."""
    data = dict(BUSY, policies={"base": (), "policy": levers})
    for name, value in changes.items():
        old = data.get(name)
        merged = isinstance(value, dict) and isinstance(old, dict)
        data[name] = {**old, **value} if merged else value  # type: ignore[dict-item]
    return loaded(Scenario.model_validate(data), *busy_units())


VARIANTS: dict[str, dict[str, Any]] = {
    "all": {"levers": LEVERS},
    "uniform calendar": {"calendar": "uniform"},
    "no levers": {"levers": ()},
    "combine first": {"cells": {"responses": ["combine", "reinforce"]}},
    "no host, no grace": {"cells": {"host": "none"}, "rules": {"grace_months": 0}},
    "no class": {"training": {"on": False}},
    "no dossier": {"dossier": {"on": False}},
    "committee off": {
        "admission": {"on": False, "targets": [], "pull": 0},
        "levers": tuple(x for x in PLAIN if x["lever"] != "admission"),
    },
    "all stages off": {
        "training": {"on": False}, "dossier": {"on": False},
        "admission": {"on": False, "targets": [], "pull": 0},
        "levers": tuple(x for x in PLAIN if x["lever"] not in ("admission", "local_class")),
    },
    "others count": {"rules": {"away_counts": True, "exempt_counts": False, "grace_months": 0}},
    "posted do not count": {"rules": {"posted_counts": False, "minimum_official_members": 4,
                                      "founding_strength": 5}},
    "leaving for good": {"demography": {"leaving": {"constant": 0.2, "leaves_for_good": 0.6}}},
    "no-shows keep seats": {"training": {"replace_no_shows": False}},
    "pace none": {"admission": {"pace": "none", "months": "all"}},
    "help off": {"source": {"help": "off", "listing": {"per_resident": 0.02}}},
    "listing without end": {"source": {"help": "off", "listing": {"per_hamlet": 90}}, "years": 2},
}  # fmt: skip
"""Changes of the busy district, by name: one mechanism another, or off."""
