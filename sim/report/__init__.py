"""Tables of a run -> what planners read, in their language: a page, a workbook or slides."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sim import store
from sim.figures.reading import Run, read
from sim.messages import BadInput, Fault, listed, shown
from sim.report import model
from sim.report.page import html
from sim.report.talk import slides
from sim.report.workbook import xlsx
from sim.store import REPORT as FILE


class Format(NamedTuple):
    """A form of the report: the name of its file in a run's folder, and how it is made.

    Made of a run, and of the number under which counts of people are not told.
    """

    file: str
    made: Callable[[Run, int], str | bytes]


FORMATS = {
    "html": Format(FILE, html),
    "xlsx": Format(store.WORKBOOK, xlsx),
    "slides": Format(store.SLIDES, slides),
}
"""What `hamletsim report --format` takes; the first is the default."""


def write(run: Run, path: Path, hide_below: int = 0, kind: str = "html") -> None:
    """Write the report of a run, whole or not at all; kind: one of FORMATS. Raises BadInput.

    A page links to the description of the model if that lies beside it.
    """
    form = of_kind(kind)
    if form.file == FILE and path.with_name(store.MODEL).is_file():
        made: str | bytes = html(run, hide_below, store.MODEL)
    else:
        made = form.made(run, hide_below)
    data = made.encode("utf-8") if isinstance(made, str) else made
    store.write_bytes(path, data)


def write_beside(folder: Path, hide_below: int = 0, kind: str = "html") -> None:
    """Write the report of the run in a folder beside its tables, whatever runs there meanwhile.

    Raises BadInput; `store.Replaced` if another run has taken its place before it was written.
    """
    with store.held(folder) as here:
        write_again(read(here), here / of_kind(kind).file, hide_below, kind)


def write_all_beside(folder: Path) -> None:
    """Write the page and the description of the model that it links to, as `write_beside`."""
    with store.held(folder) as here:
        run = read(here)
        model.write(here / store.MODEL, run)
        write(run, here / FILE)


def write_again(run: Run, path: Path, hide_below: int = 0, kind: str = "html") -> None:
    """As `write`; the description of the model beside a page then speaks its language too."""
    beside = path.with_name(store.MODEL)
    if of_kind(kind).file == FILE and beside.is_file():
        model.write(beside, run)
    write(run, path, hide_below, kind)


def of_kind(kind: str) -> Format:
    """The format of this name. Raises BadInput."""
    if kind not in FORMATS:
        raise BadInput([Fault("--format", found=shown(kind), allowed=listed(FORMATS))])
    return FORMATS[kind]


__all__ = [
    "FILE",
    "FORMATS",
    "html",
    "model",
    "of_kind",
    "slides",
    "write",
    "write_again",
    "write_all_beside",
    "write_beside",
    "xlsx",
]
