"""Figures that compare policies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.figures.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SMALL,
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
from sim.figures.formats import Known, counted, with_interval
from sim.figures.reading import (
    ALL,
    Run,
    at_the_end,
    base,
    either,
    minimum,
    of_kind,
    policies,
    policy_in_words,
)
from sim.messages import _, ngettext, printable
from sim.numerals import date

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_NAME = 28


@styled
def lost_by_policy(run: Run, axes: "Axes | None" = None) -> "Axes":
    """Expected hamlets lost by the horizon under each policy, with 95 % intervals."""
    table = at_the_end(run, "lost")
    axes = axes or new_axes(height_for(len(table)))
    rows(axes, [_of_year(one, GREY if i == 0 else BLUE) for i, one in enumerate(_dicts(table))])
    name_rows(axes, [_named(run, str(p)) for p in table["policy"]])
    axes.set_xlim(left=0)
    room_for_labels(axes)
    entitle(
        axes,
        either(
            run,
            _("Hamlets that will have lost their cell by {date}"),
            _("Units that will have lost their cell by {date}"),
        ).format(date=date(table["date"].iloc[0])),
    )
    explain(axes, _("expected number, with its 95 % interval"))
    return axes


@styled
def differences(run: Run, axes: "Axes | None" = None) -> "Axes":
    """Hamlets lost under each policy less those under the base, on the same lives.

    Blue: certainly fewer; orange: certainly more; grey: the interval holds no difference.
    """
    table = of_kind(run.pairs)
    table = table[(table["outcome"] == "lost") & (table["hamlet"] == ALL)]
    found = [_paired(one, _named(run, str(one["policy"]))) for one in _dicts(table)]
    axes = axes or new_axes(height_for(len(found)))
    rows(axes, found)
    name_rows(axes, [row.name for row in found])
    axes.axvline(0, color=INK, linewidth=1)
    room_for_labels(axes)
    entitle(
        axes,
        either(
            run,
            _("Hamlets lost, fewer or more than under {base}"),
            _("Units that lose their cell, fewer or more than under {base}"),
        ).format(base=_named(run, base(run))),
    )
    explain(
        axes, _("difference on the same lives, with its 95 % interval; grey: may be no difference")
    )
    return axes


@styled
def lost_beside_few_local(
    run: Run, only: Sequence[str] | None = None, axes: "Axes | None" = None
) -> "Axes":
    """Cells lost beside hamlets with too few officials of their own, by policy at the horizon.

    A policy that posts people in keeps cells and leaves the second number as it is.  only: names
    of policies, in the order in which they are drawn; default all.
    """
    names = policies(run) if only is None else only
    lost, few = (at_the_end(run, measure).loc[list(names)] for measure in ("lost", "few_local"))
    axes = axes or new_axes(height_for(2 * len(lost)))
    here = [2.4 * i for i in range(len(lost))]
    rows(axes, [_of_year(one, BLUE) for one in _dicts(lost)], here)
    rows(
        axes,
        [_of_year(one, ORANGE)._replace(marker="D") for one in _dicts(few)],
        [y + 0.9 for y in here],
    )
    axes.set_yticks([y + 0.45 for y in here], [_named(run, str(p)) for p in lost["policy"]])
    axes.set_ylim(here[-1] + 1.7, -1.9)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=0)
    room_for_labels(axes)
    told = ngettext(
        "fewer than {count} official of their own", "fewer than {count} officials of their own",
        minimum(run),
    ).format(count=minimum(run))  # fmt: skip
    for x, y, text, colour in (
        (lost["mean"].iloc[0], -1.2, _("cell lost"), BLUE),
        (few["mean"].iloc[0], -0.6, told, ORANGE),
    ):
        axes.text(x, y, text, color=colour, fontsize=SMALL, fontweight="bold", ha="center")
    entitle(
        axes,
        either(
            run,
            _("Cells lost, and hamlets that cannot stand alone, by {date}"),
            _("Cells lost, and units that cannot stand alone, by {date}"),
        ).format(date=date(lost["date"].iloc[0])),
    )
    explain(
        axes,
        either(
            run,
            _("expected number of hamlets, with its 95 % interval"),
            _("expected number of units, with its 95 % interval"),
        ),
    )
    return axes


def _named(run: Run, policy: str) -> str:
    return printable(policy_in_words(run, policy), LONGEST_NAME)


def _dicts(table: Any) -> list[dict[str, Any]]:
    return list(table.to_dict("records"))


def _of_year(one: dict[str, Any], colour: str) -> Row:
    known = Known(one["mean"], one["low"], one["high"])
    return Row(str(one["policy"]), *known, counted(known), colour)


def _paired(one: dict[str, Any], name: str) -> Row:
    known = Known(one["difference"], one["low"], one["high"])
    colour = BLUE if known.high < 0 else ORANGE if known.low > 0 else GREY
    return Row(name, *known, with_interval(known, sign=True), colour)
