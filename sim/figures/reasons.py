"""Figures of why cells are lost, and of the way to official member."""

from typing import TYPE_CHECKING, Any

from sim.figures.drawing import (
    BLUE,
    GREY,
    ORANGE,
    Row,
    entitle,
    explain,
    height_for,
    name_rows,
    new_axes,
    room_for_labels,
    rows,
    styled,
)
from sim.figures.formats import Known, counted
from sim.figures.reading import (
    Run,
    chosen,
    last_year,
    of_kind,
    policy_in_words,
)
from sim.figures.words import cause_in_words, step_in_words
from sim.messages import _, printable
from sim.risk.measures import FUNNEL, STEPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_NAME = 28
LEADS_BACK = ("class_missed", "certificate_expired", "dossier_lapsed")
AHEAD, BACK, OUT = (BLUE, "o"), (GREY, "s"), (ORANGE, "X")
"""Colours, and marks for those who do not see them, of who goes on, goes back or drops out."""


@styled
def causes(run: Run, policy: str | None = None, axes: "Axes | None" = None) -> "Axes":
    """What made cells fall below the minimum that were then lost: expected number of hamlets."""
    name = chosen(run, policy)
    table = of_kind(run.losses)
    table = table[
        (table["policy"] == name) & (table["ending"] == "lost") & (table["by"] == "cause")
    ]
    found = [_row(cause_in_words(one["what"]), one, "number") for one in table.to_dict("records")]
    axes = axes or new_axes(height_for(len(found)))
    _in_rows(axes, found)
    entitle(
        axes,
        _("What made cells fall below, that were then lost, under {policy}").format(
            policy=printable(policy_in_words(run, name), LONGEST_NAME)
        ),
    )
    explain(axes, _("expected number of losses until the horizon, with its 95 % interval"))
    return axes


@styled
def way_to_official_member(
    run: Run, policy: str | None = None, axes: "Axes | None" = None
) -> "Axes":
    """From the source list to official member, and where people are held up or lost."""
    name = chosen(run, policy)
    table = of_kind(run.years)
    table = table[(table["policy"] == name) & (table["year"] == last_year(run))]
    told = table.set_index("measure").to_dict("index")
    looks = {
        step: AHEAD if step in STEPS else BACK if step in LEADS_BACK else OUT for step in FUNNEL
    }
    found = [_row(step_in_words(step), told[step], "so_far", *look) for step, look in looks.items()]
    axes = axes or new_axes(height_for(len(found)))
    _in_rows(axes, found)
    for label, (colour, _marker) in zip(axes.get_yticklabels(), looks.values(), strict=True):
        label.set_color(colour)
    entitle(
        axes,
        _("From the source list to official member, under {policy}").format(
            policy=printable(policy_in_words(run, name), LONGEST_NAME)
        ),
    )
    explain(axes, 
        _("expected number until the horizon, with its 95 % interval\n"
          "blue dots: on the way; grey squares: held up, a step again; orange crosses: lost")
    )  # fmt: skip
    return axes


def _row(name: str, one: dict[Any, Any], column: str, colour: str = BLUE, marker: str = "o") -> Row:
    known = Known(one[column], one[f"{column}_low"], one[f"{column}_high"])
    return Row(name, *known, counted(known), colour, marker)


def _in_rows(axes: "Axes", found: list[Row]) -> None:
    rows(axes, found)
    name_rows(axes, [row.name for row in found])
    axes.set_xlim(left=0)
    room_for_labels(axes)
    if not found:
        axes.text(0.5, 0.5, _("No cell was lost in any replication."), ha="center",
                  transform=axes.transAxes)  # fmt: skip
