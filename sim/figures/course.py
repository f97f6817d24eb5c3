"""Figures over the years, with bands for chance and for the uncertain parameters apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.figures.drawing import (
    BLUE,
    GREY,
    HEIGHT,
    INK,
    PALE_BLUE,
    PALE_GREY,
    PANELS_LINE,
    SMALL,
    TEXT,
    WIDTH,
    entitle,
    explain,
    label_ends,
    new_axes,
    styled,
    wrapped,
    write_numbers,
)
from sim.figures.formats import number
from sim.figures.reading import Run, chosen, holds_nine_in_ten, kinds, measured
from sim.figures.words import measure_in_words
from sim.messages import _, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]

STATUSES = ("officials", "women", "probation", "posted_now", "listed", "certified", "away")
AGES = (
    "age_18_29", "age_30_39", "age_40_49", "age_50_59", "age_60_69", "age_70_79", "age_80",
    "over_60",
)  # fmt: skip
LONGEST_NAME = 28


@styled
def lost_over_years(run: Run, policy: str | None = None, axes: "Axes | None" = None) -> "Axes":
    """Hamlets that have lost their cell, year by year, under a policy (the base)."""
    return _told(run, "lost", chosen(run, policy), axes)


@styled
def cells_on_posted_members(
    run: Run, policy: str | None = None, axes: "Axes | None" = None
) -> "Axes":
    """Cells that have the minimum through posted members only, year by year."""
    return _told(run, "on_posted", chosen(run, policy), axes)


@styled
def over_years(
    run: Run, measure: str, policy: str | None = None, axes: "Axes | None" = None
) -> "Axes":
    """Any measure of the table `years` under a policy (the base). Raises KeyError if it is none."""
    return _told(run, measure, chosen(run, policy), axes)


@styled
def members(
    run: Run, policy: str | None = None, measures: Sequence[str] = STATUSES
) -> "npt.NDArray[np.object_]":
    """Members and candidates by status over the years; one axes a status, each from zero."""
    return _panels(run, measures, chosen(run, policy))


@styled
def ages(
    run: Run, policy: str | None = None, measures: Sequence[str] = AGES
) -> "npt.NDArray[np.object_]":
    """Officials by age over the years; one axes an age group, all on one scale."""
    return _panels(run, measures, chosen(run, policy), one_scale=True)


def _told(run: Run, measure: str, policy: str, axes: "Axes | None") -> "Axes":
    """One measure with everything said beside its line."""
    axes = axes or new_axes()
    table = measured(run, measure, policy)
    _bands(axes, table)
    low, high = axes.get_ylim()
    last = table.iloc[-1]
    ends = [(float(last["mean"]), _("expected: {mean}").format(mean=number(last["mean"])), INK)]
    for kind, height, told, colour in (
        ("chance", "chance_high", _("nine in ten by chance alone:\n{low} to {high}"), GREY),
        (
            "parameters",
            "parameters_low",
            _("expected number in nine draws\nof the parameters in ten:\n{low} to {high}")
            if holds_nine_in_ten(run)
            else _(
                "range of the expected number\nover the draws of the parameters:\n{low} to {high}"
            ),
            BLUE,
        ),
    ):
        if np.isfinite(last[height]):
            known = {end: number(last[f"{kind}_{end}"]) for end in ("low", "high")}
            ends.append((float(last[height]), told.format(**known), colour))
    if np.isfinite(last["parameters_high"]):
        explain(
            axes,
            _("where the blue band closes, these replications cannot tell it apart from chance"),
        )
    axes.set_ylim(low, high)
    label_ends(axes, float(_years(table)[-1]), ends)
    entitle(
        axes,
        _("{measure}, under {policy}").format(
            measure=measure_in_words(measure, bool(kinds(run))),
            policy=printable(policy, LONGEST_NAME),
        ),
    )
    return axes


def _panels(
    run: Run, measures: Sequence[str], policy: str, one_scale: bool = False
) -> "npt.NDArray[np.object_]":
    """Small axes, one a measure, the same width for all."""
    from matplotlib.figure import Figure

    across = min(len(measures), 4 if len(measures) > 6 else 3)
    down = -(-len(measures) // across)
    figure = Figure(figsize=(WIDTH, max(HEIGHT, 2.6 * down)))
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=one_scale).ravel()
    tables = [measured(run, measure, policy) for measure in measures]
    for axes, measure, table in zip(grid, measures, tables, strict=False):
        _bands(axes, table, years_shown=3)
        title = wrapped(measure_in_words(measure, bool(kinds(run))), PANELS_LINE // across)
        axes.set_title(title, fontsize=SMALL, pad=6)
        axes.tick_params(labelsize=SMALL)
    for axes in grid[len(measures) :]:
        axes.set_visible(False)
    if one_scale:
        grid[0].set_ylim(0, 1.05 * max(_top(table) for table in tables))
    told = _what_is_drawn(run, tables).format(policy=printable(policy, LONGEST_NAME))
    figure.suptitle(told, fontsize=TEXT, x=0.01, ha="left")
    found: npt.NDArray[np.object_] = grid[: len(measures)]
    return found


def _what_is_drawn(run: Run, tables: Sequence[Any]) -> str:
    if not any(np.isfinite(table["parameters_high"]).any() for table in tables):
        return _("Under {policy}: expected number (line), nine in ten by chance (grey)")
    if holds_nine_in_ten(run):
        return _(
            "Under {policy}: expected number (line), nine in ten by chance alone (grey),\n"
            "nine in ten by the uncertain parameters alone (blue)"
        )
    return _(
        "Under {policy}: expected number (line), nine in ten by chance alone (grey),\n"
        "range by the uncertain parameters alone (blue)"
    )


def _years(table: Any) -> Floats:
    """The anniversaries as years with a fraction."""
    days = table["date"].dt
    years: Floats = (days.year + (days.day_of_year - 1) / 365.25).to_numpy(dtype=float)
    return years


def _top(table: Any) -> float:
    """The highest point that is drawn of a measure."""
    return float(table[["mean", "chance_high", "parameters_high"]].max().max())


def _bands(axes: "Axes", table: Any, years_shown: int = 6) -> None:
    """The line of the mean, the band by chance behind it and that by the parameters on it."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    years = _years(table)
    for kind, colour, edge in (
        ("chance", PALE_GREY, GREY), ("parameters", PALE_BLUE, BLUE),
    ):  # fmt: skip
        low, high = (table[f"{kind}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        if np.isfinite(low).any():
            axes.fill_between(years, low, high, color=colour, alpha=0.85, linewidth=0, label=kind)
            for end in (low, high):
                axes.plot(years, end, color=edge, linewidth=0.7, label=f"_{kind}")
    axes.plot(years, table["mean"], color=INK, linewidth=2.5, label="mean")
    axes.set_ylim(0, max(1.05 * _top(table), 1.0))
    axes.set_xlim(years[0], years[-1])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=years_shown, min_n_ticks=2))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _place: f"{year:.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    write_numbers(axes.yaxis)
