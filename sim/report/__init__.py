"""Tables of a run -> a page that planners read: one file, offline, in their language."""

from pathlib import Path

from sim import store
from sim.figures.reading import Run
from sim.report import model
from sim.report.page import html
from sim.store import REPORT as FILE


def write(run: Run, path: Path, hide_below: int = 0) -> None:
    """Write the report of a run, whole or not at all; see `html`. Raises BadInput.

    It links to the description of the model if that lies beside it.
    """
    beside = store.MODEL if path.with_name(store.MODEL).is_file() else ""
    store.write_text(path, html(run, hide_below, beside))


__all__ = ["FILE", "html", "model", "write"]
