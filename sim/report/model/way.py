"""A picture of the model: the way from resident to official member, and from member to cell."""

from typing import TYPE_CHECKING, NamedTuple

from sim.figures.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE_BLUE,
    PALE_GREY,
    SMALL,
    new_axes,
    styled,
    wrapped,
)
from sim.messages import _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 8.2
LEFT, BOX, GAP, AWAY = 0.02, 0.38, 0.45, 0.1
IN_BOX, BESIDE = 34, 62
"""Characters in a line: in a box and beside it."""


class Step(NamedTuple):
    """A step, and what may happen there instead of the next."""

    name: str
    instead: str
    is_cell: bool = False


@styled
def way() -> "Axes":
    """Boxes from top to bottom with arrows between them, and beside each how one leaves it."""
    axes, steps = new_axes(HEIGHT), _steps()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(steps), 0)
    for row, step in enumerate(steps):
        _box(axes, row, step)
        if row:
            _arrow(axes, row)
        if step.instead:
            _exit(axes, row, step.instead)
    return axes


def _steps() -> list[Step]:
    return [
        Step(_("resident of 18 to 60"), _("leaves for work, comes home, ages, dies: counted only")),
        Step(
            _("on the source list"),
            _("withdraws; drops off: no class for too long, away too long; leaves, dies"),
        ),
        Step(
            _("awareness class: certificate"), _("no seat, or does not come; certificate expires")
        ),
        Step(_("dossier"), _("fails; not decided in time, made again")),
        Step(_("committee: admission"), _("too old; not approved; no place in the target")),
        Step(_("on probation"), _("not recognised; leaves, dies, is removed")),
        Step(
            _("official member"),
            _("leaves for work and comes home; moves, dies, is removed; is exempted"),
        ),
        Step(
            _("strength of the cell, with posted members"),
            _("below the minimum at the moment of a departure"),
            is_cell=True,
        ),
        Step(
            _("review of the cells"),
            _("members posted in; combined with another; lost; founded again"),
            is_cell=True,
        ),
    ]


def _box(axes: "Axes", row: int, step: Step) -> None:
    axes.text(
        LEFT + BOX / 2, row + 0.5, wrapped(step.name, IN_BOX), ha="center", va="center", color=INK,
        bbox={
            "boxstyle": "round,pad=0.45", "edgecolor": "none",
            "facecolor": PALE_GREY if step.is_cell else PALE_BLUE,
        },
    )  # fmt: skip


def _arrow(axes: "Axes", row: int) -> None:
    middle = LEFT + BOX / 2
    axes.annotate(
        "", (middle, row + 0.2), (middle, row - 0.2),
        arrowprops={"arrowstyle": "-|>", "color": BLUE, "linewidth": 2},
    )  # fmt: skip


def _exit(axes: "Axes", row: int, instead: str) -> None:
    axes.annotate(
        wrapped(instead, BESIDE), (LEFT + BOX, row + 0.5), (GAP + AWAY / 2, row + 0.5),
        va="center", color=GREY, fontsize=SMALL,
        arrowprops={"arrowstyle": "<|-", "color": ORANGE, "linewidth": 1.2},
    )  # fmt: skip
