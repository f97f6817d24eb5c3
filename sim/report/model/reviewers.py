"""The model for reviewers, by the items of STRESS-DES.

Monks and others (2019), "Strengthening the reporting of empirical simulation studies: Introducing
the STRESS guidelines", Journal of Simulation 13(1), 55-67: objectives, logic, data,
experimentation, implementation, code access.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sim import numerals
from sim.figures.formats import told
from sim.figures.reading import Run
from sim.messages import _, listed, printable
from sim.report.blocks import Block, Heading, Link, Part, Table, Text, count, name
from sim.report.model import mechanisms
from sim.report.model.reference import written
from sim.report.trust import facts
from sim.risk.precision import FEWEST_FOR_SHARES

LONGEST = 400


class Item(NamedTuple):
    """One item of the checklist: its number and title, and what there is to say."""

    number: str
    title: str
    blocks: Sequence[Block]


def parts(run: Run | None) -> list[Part]:
    """The six sections of the checklist."""
    sections = [
        ("objectives", _("For reviewers, 1: objectives"), _objectives(run)),
        ("logic", _("For reviewers, 2: logic"), _logic(run)),
        ("data", _("For reviewers, 3: data"), _data(run)),
        ("experimentation", _("For reviewers, 4: experimentation"), _experimentation(run)),
        ("implementation", _("For reviewers, 5: implementation"), _implementation(run)),
        ("access", _("For reviewers, 6: code access"), _access()),
    ]
    return [Part(key, title, _blocks(items)) for key, title, items in sections]


def _blocks(items: Sequence[Item]) -> list[Block]:
    blocks: list[Block] = []
    for item in items:
        blocks += [Heading(f"item-{item.number}", f"{item.number} {item.title}"), *item.blocks]
    return blocks


# ---------------------------------------------------------------- objectives


def _objectives(run: Run | None) -> list[Item]:
    measured = Text(
        _(
            "Measures are counted in each replication and averaged. Numbers of hamlets and people "
            "come with a 95 % interval of their mean; a probability of a hamlet with an exact "
            "interval, for an effective number of replications where parameters are drawn; "
            "differences between policies with an interval of paired differences. What never "
            "happened is an upper bound, never nothing. How far chance and the uncertain "
            "parameters, each alone, may move a number is shown apart."
        )
    )
    cause = Text(
        _(
            "The cause of a loss is the departure that made the cell fall below the minimum. Cost "
            "is the sum of what the levers used, times the unit costs of the scenario; a cell-year "
            "kept is a year in which a hamlet has a cell under the policy and not under the base."
        )
    )
    aims = Text(
        _(
            "Policies are compared with the first one, the base, on common random numbers. A sweep "
            "goes over any parameters in a grid, one at a time, by Latin hypercube or by Sobol "
            "points. The best policy is chosen by the procedure KN of Kim and Nelson with a stated "
            "probability of being right."
        )
    )
    return [
        Item("1.1", _("Purpose of the model"), [_see("purpose", _("For planners, 1"))]),
        Item("1.2", _("Model outputs"), [measured, mechanisms.outcomes(), cause]),
        Item("1.3", _("Experimentation aims"), [aims, *_policies(run)]),
    ]


def _see(key: str, section: str) -> Link:
    """Where on the page it stands."""
    return Link(f"#{key}", told(_("See: {section}."), section=section))


def _policies(run: Run | None) -> list[Block]:
    """The policies of a run with their levers, as they stand in the scenario."""
    if run is None:
        return []
    policies = run.manifest["scenario"]["policies"]
    rows = [
        [
            name(policy),
            printable("; ".join(map(_lever, policies[policy])), LONGEST) or _("no lever"),
        ]
        for policy in run.manifest["policies"]
    ]
    return [Table(_("Policies of this run"), [_("policy"), _("levers")], rows)]


def _lever(lever: dict[str, Any]) -> str:
    """A lever with what is set of it, as it is typed in a scenario."""
    given = {key: _given(value) for key, value in lever.items() if key != "lever"}
    settings = listed(f"{key}: {written(one)}" for key, one in given.items() if one is not None)
    return f"{lever['lever']} ({settings})" if settings else str(lever["lever"])


def _given(value: Any) -> Any:
    """What is given of a value; None if nothing is."""
    if isinstance(value, dict):
        value = {key: one for key, one in value.items() if _given(one) is not None}
    return None if value in ({}, []) else value


# ---------------------------------------------------------------- logic


def _logic(run: Run | None) -> list[Item]:
    scenario = _(
        "A policy changes parameters by dated levers; the logic is the same. A lever that changes "
        "nothing leaves every number of every replication as it was. Which units share seats, "
        "targets, pools or rankings, and so must be simulated together, follows from the policy."
    )
    algorithms = [
        _(
            "Clocks: a person has a clock for death and one for all other risks of the present "
            "state. Each has a budget from an exponential distribution and fires when the "
            "cumulated rate has used it up; a second draw names the risk, in proportion to the "
            "rates at that moment. What is left of a budget goes with the person through changes "
            "of state, place and rate."
        ),
        _(
            "Listing: the number in a month is Poisson with mean rate x eligible residents to a "
            "power x help x factors, not more than helpers and residents allow. Help is the "
            "smaller of 1 and helpers / full help."
        ),
        _(
            "Targets: with an even pace, what an area may admit so far is the whole part of what "
            "was carried over + target x (1 + overshoot) x months begun / 12; the fraction is "
            "carried to the next year. An area's listing factor is multiplied each January by "
            "(target / admissions) to the power of the pull, and stays between 1/2 and 2."
        ),
        _(
            "Shocks: leaving is multiplied by exp(s z - s x s / 2), with one normal z for each "
            "area and calendar year, so that its mean is 1."
        ),
    ]
    return [
        Item("2.1", _("Base model overview diagram"), [_see("processes", _("For planners, 3"))]),
        Item("2.2", _("Base model logic"), [_see("submodels", _("For planners, 3 and 7"))]),
        Item("2.3", _("Scenario logic"), [Text(scenario), _see("submodels", _("For planners, 7"))]),
        Item("2.4", _("Algorithms"), [Text(text) for text in algorithms]),
        Item("2.5.1", _("Entities"), [_see("entities", _("For planners, 2"))]),
        Item("2.5.2", _("Activities"), [Text(_activities())]),
        Item("2.5.3", _("Resources"), [Text(_resources())]),
        Item("2.5.4", _("Queues"), [Text(_queues()), *_priorities(run)]),
        Item("2.5.5", _("Entry and exit points"), [Text(_entries())]),
    ]


def _activities() -> str:
    return _(
        "Waiting for the class, the making of the dossier, waiting for the committee, probation, "
        "absence for work, a posting. A person is in one of them at a time; the ends are the "
        "events of the log. A stage that is switched off takes no time."
    )


def _resources() -> str:
    return _(
        "Seats of a class in an area; places in the admission targets of all areas above; members "
        "of a pool who can be posted; helpers of a hamlet; attention for the weakest hamlets; "
        "places of a course."
    )


def _queues() -> str:
    return _(
        "Candidates wait for a seat and for the committee, in an order that the scenario and "
        "levers choose; equals go by how long they have waited, then by lot. Who waits may "
        "withdraw, leave, die, grow too old, or drop off the list when time is over. The queues "
        "have no limit of their own."
    )


def _priorities(run: Run | None) -> list[Block]:
    if run is None:
        return []
    scenario = run.manifest["scenario"]
    rows = [
        [_("awareness class"), str(scenario["training"]["priority"])],
        [_("committee"), str(scenario["admission"]["priority"])],
    ]
    return [Table(_("Orders of queues in this run, before levers"), [_("queue"), _("order")], rows)]


def _entries() -> str:
    return _(
        "People come in by listing, by moving in, by posting and as new staff; each month's "
        "numbers are Poisson, the moments within the month uniform. They go by death, by settling "
        "away or transfer, by removal, by not being recognised, and candidates by dropping off the "
        "list, being too old or refused; posted members when the posting ends."
    )


# ---------------------------------------------------------------- data


def _data(run: Run | None) -> list[Item]:
    sources = [
        _(
            "Published figures: articles of the Party press on Quynh Luu, Que Phong, Son La and "
            "Ninh Thuan; every figure stands with its date, and with what does not add up, in the "
            "README beside each table of units. They are totals; nothing was collected for this "
            "study, and there are no data on persons."
        ),
        _(
            "Rules: Charter of the Party, Regulations 29-QD/TW (2016) and 24-QD/TW (2021), "
            "Instruction 01-HD/TW (2016, 2021). Check newer texts before quoting: Regulation "
            "294-QD/TW applies since July 2025."
        ),
        _(
            "Demography: United Nations, World Population Prospects 2024, Viet Nam, medium variant "
            "(CC BY 3.0 IGO): death rates by age and sex for 2010 to 2040, population by age and "
            "sex in 2020. Rogers and Castro, Model Migration Schedules, IIASA RR-81-30 (1981)."
        ),
    ]
    before = _(
        "Published totals are spread over units that bear numbers, by stated shares; what a table "
        "leaves open is completed by systematic sampling, so that shares hold over all units. "
        "Death rates are linear between the years of the table. Residents are projected by age and "
        "sex before the simulation, with the same rates."
    )
    inputs = _(
        "All parameters with defaults, what is allowed, plausible ranges and their reasons, and "
        "where they are not the default the values of the run: see the reference of parameters."
    )
    return [
        Item("3.1", _("Data sources"), [Text(text) for text in sources]),
        Item("3.2", _("Pre-processing"), [Text(before)]),
        Item("3.3", _("Input parameters"), [Text(inputs)]),
        Item("3.4", _("Assumptions"), [_assumptions()]),
    ]


def _assumptions() -> Table:
    rows = [
        [
            _("the organisation acts on the first of a month only"),
            _("keeps the model readable and exact; meetings are monthly at most by the rules"),
        ],
        [
            _("between two firsts of a month lives do not touch each other"),
            _("the main simplification; helpers, strength and room are those of the month's start"),
        ],
        [
            _("rates go by age, sex, place and date, not by a person's own past"),
            _("nothing is published on persons"),
        ],
        [
            _("residents are counted, not simulated one by one"),
            _("their numbers are large; only those on the way to membership matter one by one"),
        ],
        [
            _("few helpers list few: help grows in proportion up to full help"),
            _("documents say that places without members lack such help; the form is judgement"),
        ],
        [
            _("a target is a limit for the area that has it, and pulls listing"),
            _("targets were met at 101 to 102 % in districts and passed by more in communes"),
        ],
        [
            _("members away for work stay on the roll and do not count"),
            _("rules on absence; that they do not count is judgement"),
        ],
        [
            _("posted members count for the cell, and help no candidates"),
            _("reinforced cells are counted as cells in the documents; the rest is judgement"),
        ],
        [
            _("staff of schools, stations and agencies stay the same in number"),
            _("posts are filled; nothing is published"),
        ],
        [_("ratings of organisations are not modelled"), _("they have no effect in the rules")],
        [
            _("most values are judgement"),
            _("the last table of the reference says for each what would identify it"),
        ],
    ]
    return Table(_("Assumptions and their reasons"), [_("assumption"), _("reason")], rows)


# ---------------------------------------------------------------- experimentation


def _experimentation(run: Run | None) -> list[Item]:
    start = _(
        "Terminating: a run ends at the horizon. There is no warm-up, for the start is the real "
        "one. Members, cells and queues are loaded from the table of units; what it does not say "
        "is drawn in each replication."
    )
    estimate = told(
        _(
            "Independent replications of each policy, with the same lives under every policy. At "
            "least {shares} are asked for where probabilities of single hamlets are read. "
            "Uncertain parameters are drawn a number of times, and replications are spread evenly "
            "over the draws; an option adds replications until intervals are as narrow as asked "
            "for."
        ),
        shares=count(FEWEST_FOR_SHARES),
    )
    return [
        Item(
            "4.1", _("Initialisation"), [Text(start), _see("initialisation", _("For planners, 5"))]
        ),
        Item("4.2", _("Run length"), [Text(_length(run))]),
        Item("4.3", _("Estimation approach"), [Text(estimate), *_replications(run)]),
    ]


def _length(run: Run | None) -> str:
    if run is None:
        return _("As many whole years as the scenario says; time is in days.")
    scenario = run.manifest["scenario"]
    return told(
        _("Years: {years}, from {start}; time is in days."),
        years=count(scenario["years"]),
        start=str(scenario["start"]),
    )


def _replications(run: Run | None) -> list[Block]:
    if run is None:
        return []
    made = told(
        _("This run: replications {replications}, draws of the parameters {draws}, seed {seed}."),
        replications=count(run.manifest["replications"]),
        draws=count(run.manifest["parameter_draws"]),
        seed=str(run.manifest["seed"]),
    )
    return [Text(made)]


# ---------------------------------------------------------------- implementation


def _implementation(run: Run | None) -> list[Item]:
    sampling = _(
        "Philox4x64-10 (Salmon and others, 2011), counter-based and keyed: a number belongs to "
        "seed, replication, kind of entity, entity, decision and occurrence, never to the order of "
        "calls. So common random numbers hold by person, and results do not depend on workers, "
        "order or resuming. Logarithm, exponential and normal quantile are made of basic "
        "operations only, so that all processors give the same bits."
    )
    execution = _(
        "Two engines of the same rules, equal event by event: process interaction in SimPy, to be "
        "read aloud, and a compiled one, month by month with the next event of each person. At one "
        "instant events go in the order of the steps of a month, then hamlet, person and kind. "
        "Replications run in threads, points of a sweep in processes or on a cluster (loky, "
        "dask.distributed); nothing is shared between them, so that no time management is needed."
    )
    return [
        Item("5.1", _("Software and programming language"), _software(run)),
        Item("5.2", _("Random sampling"), [Text(sampling)]),
        Item("5.3", _("Model execution"), [Text(execution)]),
        Item("5.4", _("System specification"), _system(run)),
    ]


def _software(run: Run | None) -> list[Block]:
    text = Text(
        _("Python, with SimPy, numpy, numba, scipy and pandas; versions are kept with each run.")
    )
    if run is None:
        return [text]
    rows = [[name(key), name(value)] for key, value in facts(run).items()]
    made_of = _("What the run was made of (SHA-256 of its inputs, versions)")
    return [text, Table(made_of, [_("what"), _("value")], rows)]


def _system(run: Run | None) -> list[Block]:
    if run is None:
        return [Text(_("Any processor with 64 bits; the manifest of a run names its machine."))]
    machine, timings = run.manifest["machine"], run.manifest.get("timings", {})
    found = {
        _("system"): machine["system"],
        _("processor"): machine["processor"],
        _("cores"): machine["cores"],
        _("seconds of simulation"): timings.get("simulation_seconds"),
        _("seconds for the tables"): timings.get("tables_seconds"),
    }
    rows = [
        [key, numerals.NOTHING if value is None else name(value)] for key, value in found.items()
    ]
    return [Table(_("The machine of this run"), [_("what"), _("value")], rows)]


def _access() -> list[Item]:
    text = _(
        "The sources, under the MIT licence, with all scenarios and tests, are those of the "
        "program hamletsim; Python 3.11 and make are all that is needed. The folder of a run holds "
        "the whole scenario and the completed table of units, so that it can be run again."
    )
    return [Item("6.1", _("Computer model sharing statement"), [Text(text)])]
