"""The model described on one page: for planners, for reviewers, and every parameter."""

from pathlib import Path

from sim import store
from sim.figures.reading import Run
from sim.messages import _
from sim.report.blocks import Text, name
from sim.report.model import planners, reviewers
from sim.report.model.reference import all_parameters
from sim.report.page import page
from sim.risk.words import titled


def html(run: Run | None = None) -> str:
    """The model in the current language, with the values of a run if there is one."""
    parts = [*planners.parts(run), *reviewers.parts(run), all_parameters(run)]
    return page(_title(run), parts, introduction=[Text(text) for text in _introduction()])


def write(path: Path, run: Run | None = None) -> None:
    """Write the description of the model, whole or not at all. Raises BadInput."""
    store.write_text(path, html(run))


def _title(run: Run | None) -> str:
    if run is None:
        return _("How the model works")
    title = name(titled(run.manifest["scenario"]["title"]))
    return _("How the model works: {title}").format(title=title)


def _introduction() -> list[str]:
    return [
        _(
            "Three parts. For planners: what the model does, in their words, in the order of the "
            "ODD protocol (Grimm and others, 2020). For reviewers: the items of STRESS-DES (Monks "
            "and others, 2019). Last, every parameter."
        )
    ]
