"""The report as one page of HTML that needs nothing else."""

from collections.abc import Iterator

from sim.figures.reading import Run
from sim.messages import _
from sim.report import choices, hamlets, people, trust
from sim.report.blocks import Part, People, name
from sim.report.first import first
from sim.report.templates import rendered
from sim.risk.summary import titled


def html(run: Run, hide_below: int = 0) -> str:
    """The report of a run in the current language.

    hide_below: counts of people under this are not told.
    """
    return rendered(
        "page",
        title=name(titled(run.manifest["scenario"]["title"])),
        first=first(run),
        parts=list(parts(run, People(hide_below))),
        texts={
            "question": _("The question"),
            "answer": _("The answer"),
            "contents": _("Contents"),
            "skip": _("To the answer"),
            "sort": _("Sort by this column"),
        },
    )


def parts(run: Run, told: People) -> Iterator[Part]:
    """The parts in the order in which an organising committee asks."""
    yield hamlets.to_act_on(run, told)
    yield hamlets.posting_cliff(run, told)
    yield choices.stand_alone(run)
    yield people.way(run, told)
    yield hamlets.succession(run)
    yield people.members(run, told)
    yield hamlets.where_and_when(run, told)
    yield choices.against_base(run)
    yield choices.flips(run)
    yield choices.causes(run)
    yield choices.rule(run)
    yield trust.assumed(run)
    yield trust.reproduce(run)
