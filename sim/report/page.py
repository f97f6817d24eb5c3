"""The report as one page of HTML that needs nothing else."""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sim.figures.reading import Run
from sim.messages import _, language
from sim.report import choices, hamlets, people, trust, value
from sim.report.blocks import Part, People, name
from sim.report.first import first
from sim.risk.summary import titled

HERE = Path(__file__).parent


def html(run: Run, hide_below: int = 0) -> str:
    """The report of a run in the current language.

    hide_below: counts of people under this are not told.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    script = _read("page.js")
    return environment.get_template("page.html").render(
        language=language(),
        title=name(titled(run.manifest["scenario"]["title"])),
        first=first(run),
        parts=list(_parts(run, People(hide_below))),
        style=Markup(_read("page.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        texts={
            "question": _("The question"),
            "answer": _("The answer"),
            "contents": _("Contents"),
            "skip": _("To the answer"),
            "sort": _("Sort by this column"),
        },
    )


@cache
def _read(file: str) -> str:
    return (HERE / file).read_text("utf-8")


def _parts(run: Run, told: People) -> Iterator[Part]:
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
    yield from value.parts(run)
    yield trust.assumed(run)
    yield trust.reproduce(run)
