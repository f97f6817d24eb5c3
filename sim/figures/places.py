"""Figures of hamlets: who is at risk, where and when."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.figures.drawing import (
    BLUE,
    HEIGHT,
    INK,
    PALE_GREY,
    RISK,
    SMALL,
    TEXT,
    Row,
    bare,
    entitle,
    explain,
    height_for,
    name_rows,
    new_axes,
    room_for_labels,
    rows,
    styled,
)
from sim.figures.formats import Known, chance, percent, percentage
from sim.figures.reading import (
    ALL,
    Run,
    by_risk,
    chosen,
    either,
    last_year,
    policy_in_words,
    units_of,
)
from sim.messages import _, printable
from sim.numerals import date

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_HAMLETS, MOST_ROWS = 15, 25
MOST_AREAS = 20
"""With more areas tiles are put together by the level above."""
SURELY = 0.1
"""Tiles are framed where even the lower end of the interval is above this."""
LARGE_TILES = 250
LONGEST_NAME = 30


@styled
def at_greatest_risk(
    run: Run,
    policy: str | None = None,
    most: int = MOST_HAMLETS,
    axes: "Axes | None" = None,
    kind: str = ALL,
) -> "Axes":
    """The hamlets at greatest risk of losing their cell by the horizon, with 95 % intervals.

    kind: of unit; default all together.
    """
    name = chosen(run, policy)
    table = units_of(run, name, kind)
    worst = by_risk(table[table["year"] == last_year(run)]).head(most).to_dict("records")
    axes = axes or new_axes(height_for(len(worst)))
    found = []
    for one in worst:
        known = Known(one["p_lost"], one["p_lost_low"], one["p_lost_high"])
        found.append(Row(_named(one), *known, chance(known), BLUE))
    rows(axes, found)
    name_rows(axes, [row.name for row in found])
    axes.set_xlim(0, 1)
    room_for_labels(axes, 0.25)
    _percent_axis(axes)
    entitle(
        axes,
        _("Chance of losing the cell by {date}, under {policy}").format(
            date=date(worst[0]["date"]), policy=printable(policy_in_words(run, name), LONGEST_NAME)
        ),
    )
    explain(axes, _("each with its 95 % interval"))
    return axes


@styled
def tiles(
    run: Run, policy: str | None = None, year: int | None = None, axes: "Axes | None" = None
) -> "Axes":
    """A tile a hamlet, in rows by area, coloured by the chance of having lost the cell by a year.

    year: number of the anniversary, default the horizon.  Dark frames: even the lower end of the
    interval is above 10 %.  Areas are of the lowest level that has no more than twenty.
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    name = chosen(run, policy)
    table = units_of(run, name)
    table = table[table["year"] == (last_year(run) if year is None else year)]
    groups = _by_area(table)
    across = _across([len(rows) for _area, rows in groups])
    places, names, height = _laid_out(groups, across)
    axes = axes or new_axes(max(HEIGHT, 2.0 + 0.36 * height) if across <= 30 else 8.0)
    risk = np.array([one["p_lost"] for one, _x, _y in places])
    sure = np.array([one["p_lost_low"] > SURELY for one, _x, _y in places])
    drawn = PatchCollection(
        [Rectangle((x + 0.06, y + 0.06), 0.88, 0.88) for _one, x, y in places],
        cmap=RISK, edgecolors=[INK if s else PALE_GREY for s in sure],
        linewidths=np.where(sure, 2.0, 0.5),
    )  # fmt: skip
    drawn.set_array(risk)
    drawn.set_clim(0, max(0.5, float(risk.max())))
    axes.add_collection(drawn)
    if len(places) <= LARGE_TILES:
        _numbers_in_tiles(axes, places, drawn)
    axes.set_xlim(0, across)
    axes.set_ylim(height, 0)
    axes.set_yticks([y for y, _name in names], [printable(n, LONGEST_NAME) for _y, n in names])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    bare(axes)
    entitle(
        axes,
        _("Chance of having lost the cell by {date}, under {policy}").format(
            date=date(table["date"].iloc[0]),
            policy=printable(policy_in_words(run, name), LONGEST_NAME),
        ),
    )
    explain(
        axes,
        either(
            run,
            _("a tile a hamlet; framed: above {share} even at the lower end of its interval"),
            _("a tile a unit; framed: above {share} even at the lower end of its interval"),
        ).format(share=percentage(SURELY)),
    )
    _colour_bar(axes, drawn)
    return axes


@styled
def heat_map(
    run: Run, policy: str | None = None, most: int = MOST_ROWS, axes: "Axes | None" = None
) -> "Axes":
    """Chance of having lost the cell, hamlet by year, for the hamlets at greatest risk."""
    name = chosen(run, policy)
    table = units_of(run, name)
    end = by_risk(table[table["year"] == last_year(run)]).head(most)
    grid = table.pivot(index="hamlet", columns="year", values="p_lost").loc[end["hamlet"]]
    dates = [date_.year for date_ in measured_dates(table)]
    axes = axes or new_axes(height_for(len(end)))
    top = max(0.5, float(grid.to_numpy().max()))
    drawn = axes.imshow(grid, cmap=RISK, vmin=0, vmax=top, aspect="auto")
    for (row, column), risk in np.ndenumerate(grid.to_numpy()):
        if risk > 0:
            axes.text(
                column, row, percent(float(risk)), ha="center", va="center", fontsize=SMALL - 2,
                color=_readable(drawn, float(risk)),
            )  # fmt: skip
    for row, one in enumerate(end.to_dict("records")):
        known = Known(one["p_lost"], one["p_lost_low"], one["p_lost_high"])
        axes.annotate(
            chance(known), (len(dates) - 0.5, row), xytext=(6, 0), textcoords="offset points",
            va="center", fontsize=SMALL, annotation_clip=False,
        )  # fmt: skip
    name_rows(axes, [_named(one) for one in end.to_dict("records")])
    axes.set_ylim(len(end) - 0.5, -0.5)
    axes.set_xticks(range(len(dates)), [str(year) for year in dates])
    axes.tick_params(axis="x", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    entitle(
        axes,
        _("Chance (%) of having lost the cell by each year, under {policy}").format(
            policy=printable(policy_in_words(run, name), LONGEST_NAME)
        ),
    )
    explain(
        axes,
        _("at the right: by the last year, with its 95 % interval; blank: lost in no replication"),
    )
    return axes


def measured_dates(table: "pd.DataFrame") -> list[Any]:
    """The anniversaries of a table by hamlet and year."""
    return list(table.drop_duplicates("year").sort_values("year")["date"])


def _named(one: dict[Any, Any]) -> str:
    return printable(str(one["name"]), LONGEST_NAME)


def _by_area(table: "pd.DataFrame") -> list[tuple[str, list[dict[Any, Any]]]]:
    """Hamlets by the lowest level of areas that has no more than MOST_AREAS."""
    paths = [str(area).split("/") for area in table["area"]]
    depth = max(map(len, paths))
    while depth > 1 and len({tuple(path[:depth]) for path in paths}) > MOST_AREAS:
        depth -= 1
    ones = zip(paths, table.to_dict("records"), strict=True)
    return [
        ("/".join(area[-1:]), [one for _path, one in group])
        for area, group in groupby(ones, key=lambda pair: tuple(pair[0][:depth]))
    ]


def _across(sizes: list[int]) -> int:
    """How many tiles stand in a row: a row an area, if that stays legible."""
    return max(sizes) if max(sizes) <= 30 else max(30, round(1.25 * float(np.sqrt(sum(sizes)))))


def _laid_out(
    groups: list[tuple[str, list[dict[Any, Any]]]], across: int
) -> tuple[list[tuple[dict[Any, Any], int, float]], list[tuple[float, str]], float]:
    """Places of the tiles, heights of the names, and the height of all."""
    places, names, top = [], [], 0.0
    for area, ones in groups:
        lines = -(-len(ones) // across)
        names.append((top + lines / 2, area))
        places += [(one, i % across, top + i // across) for i, one in enumerate(ones)]
        top += lines + (0.5 if across > 30 else 0.0)
    return places, names, top


def _numbers_in_tiles(axes: "Axes", places: Any, drawn: Any) -> None:
    """Percentages in the tiles, where there is something to tell."""
    for one, x, y in places:
        if one["p_lost"] >= 0.01:
            axes.text(
                x + 0.5, y + 0.5, percent(one["p_lost"]), ha="center", va="center",
                fontsize=SMALL - 1, color=_readable(drawn, one["p_lost"]),
            )  # fmt: skip


def _readable(drawn: Any, risk: float) -> str:
    """Black or white, whichever stands out on the colour of this risk."""
    red, green, blue, _alpha = drawn.cmap(drawn.norm(risk))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "black"


def _colour_bar(axes: "Axes", drawn: Any) -> None:
    from matplotlib.ticker import FuncFormatter

    bar = axes.figure.colorbar(drawn, ax=axes, shrink=0.6, aspect=14, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _place: percentage(share)))
    bar.ax.tick_params(labelsize=SMALL)


def _percent_axis(axes: "Axes") -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter

    axes.xaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _place: percentage(share)))
    axes.tick_params(axis="x", labelsize=TEXT)
