"""Figures over the years, with bands for chance and for the uncertain parameters apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.figures.drawing import (
    BLUE,
    GREY,
    HEAD_LINE,
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
from sim.figures.formats import Known, counted, number
from sim.figures.reading import (
    Run,
    chosen,
    holds_nine_in_ten,
    is_told,
    kinds,
    measured,
    policy_in_words,
)
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
    mean = Known(last["mean"], last["low"], last["high"])
    expected = number(mean.value) if is_told(table, "chance") else counted(mean)
    ends = [(float(mean.value), _("expected: {mean}").format(mean=expected), INK)]
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
    elif not is_told(table, "chance"):
        explain(axes, _without_chance(table))
    axes.set_ylim(low, high)
    label_ends(axes, float(_years(table)[-1]), ends)
    entitle(
        axes,
        _("{measure}, under {policy}").format(
            measure=measure_in_words(measure, bool(kinds(run))),
            policy=printable(policy_in_words(run, policy), LONGEST_NAME),
        ),
    )
    return axes


def _without_chance(table: Any) -> str:
    """What is drawn where chance cannot be told: with one replication of each draw."""
    if _has_intervals(table):
        return _("grey: the 95 % interval of the expected number; chance cannot be told apart here")
    return _("one replication: nothing here tells how sure it is")


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
    told = _what_is_drawn(run, tables).format(
        policy=printable(policy_in_words(run, policy), LONGEST_NAME)
    )
    figure.suptitle(wrapped(told, HEAD_LINE), fontsize=TEXT, x=0.01, ha="left")
    found: npt.NDArray[np.object_] = grid[: len(measures)]
    return found


def _what_is_drawn(run: Run, tables: Sequence[Any]) -> str:
    if not any(is_told(table, "chance") for table in tables):
        if any(map(_has_intervals, tables)):
            return _("Under {policy}: expected number (line), its 95 % interval (grey)")
        return _("Under {policy}: one replication; nothing here tells how sure it is")
    if not any(is_told(table, "parameters") for table in tables):
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


def _has_intervals(table: Any) -> bool:
    """Whether the mean has its interval in all years; of one replication only none at all has."""
    return bool(np.isfinite(table["high"]).all())


def _ends(table: Any) -> dict[str, tuple[Floats, Floats]]:
    """The bands that are drawn; where chance cannot be told, the interval of the mean."""
    columns = {kind: f"{kind}_" for kind in ("chance", "parameters") if is_told(table, kind)}
    if "chance" not in columns and _has_intervals(table):
        columns = {"interval": ""} | columns
    return {
        kind: (table[f"{prefix}low"].to_numpy(float), table[f"{prefix}high"].to_numpy(float))
        for kind, prefix in columns.items()
    }


def _top(table: Any) -> float:
    """The highest point that is drawn of a measure."""
    highs = [high for _low, high in _ends(table).values()]
    return float(np.nanmax(np.concatenate([table["mean"], *highs])))


def _bands(axes: "Axes", table: Any, years_shown: int = 6) -> None:
    """The line of the mean, the band by chance behind it and that by the parameters on it.

    Where chance cannot be told the 95 % interval of the mean stands in its place.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    years = _years(table)
    for kind, (low, high) in _ends(table).items():
        colour, edge = (PALE_BLUE, BLUE) if kind == "parameters" else (PALE_GREY, GREY)
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
