"""The model in a planner's words, by the elements of the ODD protocol.

Grimm and others (2020), "The ODD Protocol for Describing Agent-Based and Other Simulation Models: A
Second Update", JASSS 23(2) 7: purpose, entities, processes, design concepts, initialisation, input
data, submodels.
"""

from sim.figures.formats import told
from sim.figures.reading import Run, base, either, kinds, measured, minimum
from sim.messages import _, listed
from sim.report.blocks import Block, Code, Heading, Part, Table, Text, count, day, drawn
from sim.report.model import mechanisms
from sim.report.model.way import way
from sim.risk.words import kind_counted


def parts(run: Run | None) -> list[Part]:
    """The seven elements, in their order."""
    return [
        _purpose(),
        _entities(run),
        _processes(),
        _concepts(),
        _initialisation(),
        _input_data(),
        _submodels(),
    ]


def _purpose() -> Part:
    blocks = [
        Text(
            _(
                "The model tells which hamlets are likely to lose their Party cell, when and why, "
                "how sure that is, and what training, admission and the other levers change, at "
                "what cost. It compares policies for a district or a province on the same "
                "simulated lives. It is made for those who plan: it does not predict what a person "
                "does, and it rates no organisation. No real person is in it: counts go in, people "
                "are made up inside, and counts come out."
            )
        ),
        Text(
            _(
                "It is fit for this if it shows what is known: deaths, admissions and removals as "
                "often as published; losses where members are few and old, and not where they are "
                "many; a strong dependence on whether postings are renewed. Its yearly rates stand "
                "beside the published ones in the report, so that everybody can judge."
            )
        ),
    ]
    return Part("purpose", _("For planners, 1: purpose and patterns"), blocks)


def _entities(run: Run | None) -> Part:
    rows = [
        [
            _("hamlet"),
            _(
                "its areas, difficulty and tags; residents by age and sex; its cell: own, joint or "
                "none; months since the last admission; its own factors of listing, leaving and "
                "mortality. Schools, health stations and agencies are units too, with staff in "
                "place of residents"
            ),
        ],
        [
            _("person"),
            _(
                "everybody on the source list, on probation, official, exempt or posted in: "
                "status, place, day of birth, sex, certificate, what is due next, and what is left "
                "until the next change of life. People have a number, never a name"
            ),
        ],
        [
            _("residents"),
            _("all others, counted by age and sex, by hamlet; from them candidates come"),
        ],
        [
            _("cell"),
            _(
                "its strength: the official members present who count, posted and exempt ones "
                "included unless the rules say otherwise; when it fell below the minimum"
            ),
        ],
        [_("office"), _("hamlet chief and cell secretary: who holds it, and whether trained")],
        [
            _("area"),
            _(
                "communes, districts, provinces or whatever levels the table has: seats in "
                "classes, admission targets and what has been used of them, members who can be "
                "posted"
            ),
        ],
    ]
    blocks: list[Block] = [
        Table(_("Who and what is in the model"), [_("what"), _("what is known of it")], rows),
        mechanisms.states(),
        Text(
            _(
                "Time runs in days. Lives change at any moment; the organisation acts on the first "
                "of a month only. Space is the areas of the table: there are no maps and no "
                "distances, only neighbours that the table names."
            )
        ),
    ]
    if run is not None:
        blocks.append(Text(_extent(run)))
    return Part("entities", _("For planners, 2: entities, state variables and scales"), blocks)


def _extent(run: Run) -> str:
    rows = measured(run, "hamlets", base(run))
    sentence = either(
        run,
        _(
            "This run: {hamlets} hamlets at the start, from {start} to {end}; a cell needs "
            "{minimum} official members."
        ),
        _(
            "This run: {hamlets} units at the start ({kinds}), from {start} to {end}; a cell needs "
            "{minimum} official members. Where this page speaks of hamlets that have, lose or "
            "found a cell, units of all these kinds are meant."
        ),
    )
    of_each = [(kind, measured(run, "hamlets", base(run), kind)) for kind in kinds(run)]
    return told(
        sentence,
        hamlets=count(rows.iloc[0]["mean"]),
        kinds=listed(kind_counted(kind, int(of.iloc[0]["mean"])) for kind, of in of_each),
        start=day(rows.iloc[0]["date"]),
        end=day(rows.iloc[-1]["date"]),
        minimum=count(minimum(run)),
    )


def _processes() -> Part:
    blocks: list[Block] = [
        Text(
            _(
                "From the source list to official member it is a way of several steps, and people "
                "leave it at each. Meanwhile members die, leave for work and come back, grow old "
                "and are removed."
            )
        ),
        drawn(
            way(),
            _(
                "The way from resident to official member: source list, awareness class, dossier, "
                "committee, probation; at each step people can leave it."
            ),
        ),
        Text(
            _(
                "Between two firsts of a month lives do not touch each other: each person goes on "
                "alone, and a cell falls below the minimum at the very moment of a departure. On "
                "the first of a month this happens:"
            )
        ),
        mechanisms.phases(),
        Text(
            _(
                "Where a choice is made over a whole area, everybody is seen as at the beginning "
                "of that step. Equals go by how long they have waited, then by lot; never by their "
                "place in the table."
            )
        ),
        mechanisms.events(),
        mechanisms.causes(),
    ]
    return Part("processes", _("For planners, 3: process overview and scheduling"), blocks)


def _concepts() -> Part:
    rows = [
        [
            _("basic principles"),
            _(
                "risk of extinction of many small groups: where few are left, one death or one "
                "departure decides. Few members also help few candidates, so that small cells "
                "shrink"
            ),
        ],
        [
            _("emergence"),
            _("cells lost, founded and combined, ages and admissions follow from single lives"),
        ],
        [
            _("adaptation"),
            _("policies may adapt: a lever with a condition is decided anew at each review"),
        ],
        [_("objectives"), _("nobody in the model pursues an aim; planners do, and compare")],
        [_("learning"), _("none")],
        [_("prediction"), _("none: nobody in the model looks ahead")],
        [
            _("sensing"),
            _("adaptive levers see the hamlet as it is at the review, and nothing that is to come"),
        ],
        [
            _("interaction"),
            _(
                "people compete for seats, targets, posted members and attention; members help "
                "candidates of their hamlet; cells of an area host each other's members"
            ),
        ],
        [
            _("chance"),
            _(
                "death, leaving, listing and nearly all else; each chance belongs to one person or "
                "hamlet and one decision, so that policies are compared on the same lives"
            ),
        ],
        [
            _("collectives"),
            _("cells, joint cells, and areas that share seats, targets, pools or rankings"),
        ],
        [
            _("observation"),
            _("every event is written down, and the state of every hamlet once a year"),
        ],
    ]
    heads = [_("concept"), _("in this model")]
    return Part(
        "concepts",
        _("For planners, 4: design concepts"),
        [Table(_("Design concepts"), heads, rows)],
    )


def _initialisation() -> Part:
    blocks = [
        Text(
            _(
                "The simulation begins with the table of units as it is on the first day: members, "
                "candidates, posted members, cells, offices. What a table does not say is "
                "completed once by stated assumptions, and kept with the results; days of birth "
                "inside a band of ages, how long somebody has waited and when postings end are "
                "drawn anew in each replication, so that no guess passes for a fact."
            )
        ),
        Text(
            _(
                "A hamlet with its own cell and fewer members than the minimum is below it from "
                "the first day. There is no time to settle in: the start is the real one."
            )
        ),
    ]
    return Part("initialisation", _("For planners, 5: initialisation"), blocks)


def _input_data() -> Part:
    blocks: list[Block] = [
        Text(
            _(
                "The table of units, one row each, with counts only; the scenario file with all "
                "parameters and policies; death rates and ages of the population of Viet Nam from "
                "the World Population Prospects 2024 of the United Nations; the schedule of "
                "leaving by age of Rogers and Castro (1981). Nothing else is read while it runs. "
                "What is published and what is assumed stands in the README beside each table of "
                "units."
            )
        ),
        Code("hamletsim check SCENARIO\nhamletsim schema"),
    ]
    return Part("input", _("For planners, 6: input data"), blocks)


def _submodels() -> Part:
    blocks: list[Block] = []
    for key, title, text in _told():
        blocks += [Heading(f"submodel-{key}", title), Text(text), *_tables(key)]
    return Part("submodels", _("For planners, 7: submodels"), blocks)


def _tables(key: str) -> list[Block]:
    tables = {
        "class": [mechanisms.orders],
        "cells": [mechanisms.responses],
        "levers": [mechanisms.all_levers, mechanisms.observables],
    }
    return [make() for make in tables.get(key, ())]


def _told() -> list[tuple[str, str, str]]:
    """Key, title and text of each submodel."""
    return [
        (
            "lives",
            _("Death, leaving, coming home, removal"),
            _(
                "Death goes by age, sex and calendar year. The young leave for work most; members "
                "and candidates leave less than residents. Who is away comes home, or settles "
                "there for good; meanwhile there is no class, no admission and no recognition, and "
                "the person does not count at home unless the rules say so. Members are expelled, "
                "struck off or asked to leave at their own rates. In bad years of a province or a "
                "commune more leave, in good ones fewer."
            ),
        ),
        (
            "arrivals",
            _("Moving in"),
            _(
                "Official members come home after retiring, after the army or studies, or marry "
                "in. Those who come home young follow those who left two years before. Staff of "
                "schools, stations and agencies stay the same in number: who goes is replaced in "
                "the next month, by a member with a given probability."
            ),
        ),
        (
            "listing",
            _("Source list"),
            _(
                "Each month a hamlet puts residents of 18 to 60 on the source list, the more "
                "residents it has that can be listed, the more; by age and sex. Members present "
                "who have been in the place long enough help, and so do helpers from outside: with "
                "few helpers fewer are listed, and a helper can look after few candidates. Trained "
                "secretaries and chiefs, emulation, attention and missed targets raise it. "
                "Candidates withdraw, or drop off the list if they are too long without a class or "
                "away."
            ),
        ),
        (
            "class",
            _("Awareness class"),
            _(
                "Classes are held in given months with given seats in each area. Who has a seat "
                "comes with a given probability; a seat that stays free goes to the next in line. "
                "The certificate is valid for a time only; then the class must be repeated."
            ),
        ),
        (
            "dossier",
            _("Dossier"),
            _(
                "After the class the dossier takes months, longer and with more failures in "
                "difficult places. One that is ready is valid for a time; then it is made again."
            ),
        ),
        (
            "admission",
            _("Admission and probation"),
            _(
                "The committee admits who is ready, at home and of the right age, in the order of "
                "the rules, as long as the targets of all areas above have room. A target may be "
                "passed by a share, and what was missed makes an area list more in the next year. "
                "After the months of probation the member is recognised with a given probability; "
                "who is away then, at the first committee after coming home."
            ),
        ),
        (
            "cells",
            _("Cells"),
            _(
                "A cell with fewer than the minimum is below strength. At the next review the "
                "answers of the policy are tried in their order; what is not restored when the "
                "grace is over ends, and the members go to a host, the strongest cell of the same "
                "area. A hamlet without a cell founds one at a review when enough official members "
                "are present and the host keeps its minimum."
            ),
        ),
        (
            "offices",
            _("Hamlet chiefs and cell secretaries"),
            _(
                "Chiefs are elected at fixed times, secretaries named when the office is vacant; "
                "both are vacated when the holder dies, leaves or is removed. A chief may be a "
                "resident who is no member. Training counts as long as the holder is in office."
            ),
        ),
        (
            "postings",
            _("Posted members"),
            _(
                "Members are posted from pools outside, or sent by named cells, which then lack "
                "them. A posting has a term; at its end it is renewed, replaced after a gap, or "
                "over. Posted members count for the cell, but help no candidates."
            ),
        ),
        (
            "levers",
            _("Levers"),
            _(
                "A policy is a list of levers with dates, places and costs. A lever changes one of "
                "the rules above and nothing else; one that changes nothing leaves every result as "
                "it was. Adaptive levers act where a condition holds at a review, until the next."
            ),
        ),
    ]
