"""The report as one page of HTML that needs nothing else."""

from collections.abc import Iterator, Sequence

from sim.figures.reading import Run, kinds
from sim.messages import _, language, speaking
from sim.report import choices, hamlets, levers, people, trust, value
from sim.report.blocks import Part, People, Text, name
from sim.report.first import First, first
from sim.report.templates import rendered
from sim.risk.words import titled


def html(run: Run, hide_below: int = 0, model_page: str = "") -> str:
    """The report of a run in the current language.

    hide_below: counts of people under this are not told.  model_page: the address of the page that
    describes the model, relative to the report; no link without it.
    """
    with speaking(language()):  # asked once, not for each number
        title = name(titled(run.manifest["scenario"]["title"]))
        people = People(hide_below)
        return page(title, list(parts(run, people, model_page)), first=first(run, people))


def page(
    title: str, parts: Sequence[Part], first: First | None = None, introduction: Sequence[Text] = ()
) -> str:
    """A page of parts in the current language, with a first screen or an introduction."""
    return rendered(
        "page",
        title=title,
        first=first,
        introduction=introduction,
        parts=parts,
        texts={
            "question": _("The question"),
            "answer": _("The answer"),
            "contents": _("Contents"),
            "skip": _("To the answer") if first else _("To the contents"),
            "sort": _("Sort by this column"),
        },
    )


def parts(run: Run, told: People, model_page: str = "") -> Iterator[Part]:
    """The parts in the order in which an organising committee asks."""
    if kinds(run):
        yield choices.by_kind(run)
    yield hamlets.to_act_on(run, told)
    yield hamlets.posting_cliff(run, told)
    yield choices.stand_alone(run)
    yield people.way(run, told)
    yield hamlets.succession(run)
    yield people.members(run, told)
    yield hamlets.where_and_when(run, told)
    yield levers.policy_levers(run)
    yield choices.against_base(run, told)
    yield choices.flips(run)
    yield choices.causes(run)
    yield choices.rule(run)
    yield from value.parts(run)
    yield trust.assumed(run)
    yield trust.reproduce(run, model_page)
