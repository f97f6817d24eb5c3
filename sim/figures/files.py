"""All figures of a run as files."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sim import store
from sim.figures import comparing, course, places, reasons
from sim.figures.drawing import styled
from sim.figures.reading import Run, hides_a_step, policies, told_of
from sim.messages import BadInput, Fault, listed, shown

FIGURES: dict[str, Callable[..., Any]] = {
    "lost-by-policy": comparing.lost_by_policy,
    "differences": comparing.differences,
    "lost-over-years": course.lost_over_years,
    "lost-beside-few-local": comparing.lost_beside_few_local,
    "at-greatest-risk": places.at_greatest_risk,
    "tiles": places.tiles,
    "heat-map": places.heat_map,
    "cells-on-posted-members": course.cells_on_posted_members,
    "members": course.members,
    "ages": course.ages,
    "way-to-official-member": reasons.way_to_official_member,
    "causes": reasons.causes,
}
"""Every figure that needs nothing but results, by the name of its file."""
OF_SEVERAL_POLICIES = ("differences",)
OF_PEOPLE = {"members": course.STATUSES, "ages": course.AGES}
FORMATS = ("png", "svg")
DOTS_PER_INCH = 150


def names(run: Run) -> list[str]:
    """The figures that this run has something for."""
    single = len(policies(run)) == 1
    return [name for name in FIGURES if not (single and name in OF_SEVERAL_POLICIES)]


@styled
def picture(axes: Any, kind: str = "png") -> bytes:
    """Axes, or an array of them, as a PNG or SVG; the same bytes each time."""
    figure = np.ravel(axes)[0].figure
    made = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    figure.savefig(made, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    return made.getvalue()


def save_all(run: Run, folder: Path, kind: str = "png", hide_below: int = 0) -> Iterator[Path]:
    """Write every figure into a folder, one by one, and tell their paths. Raises BadInput.

    hide_below: what would tell counts of people under this is not drawn.
    """
    if kind not in FORMATS:
        raise BadInput([Fault("--format", found=shown(kind), allowed=listed(FORMATS))])
    for name in names(run):
        if axes := _drawn(name, run, hide_below):
            path = folder / f"{name}.{kind}"
            store.write_bytes(path, picture(axes, kind))
            yield path


def _drawn(name: str, run: Run, hide_below: int) -> Any:
    """A figure, without what would tell few people; None if nothing is left of it."""
    if name == "way-to-official-member" and hides_a_step(run, hide_below):
        return None
    if name not in OF_PEOPLE:
        return FIGURES[name](run)
    shown = told_of(run, OF_PEOPLE[name], hide_below)
    return list(FIGURES[name](run, measures=shown)) if shown else None
