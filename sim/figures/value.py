"""Figures of what matters, what knowing it is worth, and what a little more would keep."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sim.experiment.margins import PER, short, titled
from sim.figures.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    ROW,
    SMALL,
    TEXT,
    WIDTH,
    Row,
    entitle,
    explain,
    height_for,
    name_rows,
    new_axes,
    room_for_labels,
    rows,
    styled,
    wrapped,
    write_numbers,
)
from sim.figures.formats import Known, with_interval
from sim.figures.reading import policy_in_words
from sim.figures.words import outcome_in_words
from sim.messages import _, ngettext, printable
from sim.numerals import decimal, significant

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST = 10
"""Parameters, and areas of a lever, that are drawn."""
LONGEST_NAME = 60
NAME_LINE = 30
"""Characters of a parameter's path in a line."""
LEAST_WORTH = 0.1
"""Axes of what knowing is worth go at least so far, so that next to nothing looks it."""
PANEL_LINE = 66
"""Characters of the title of a panel in a line; names of areas stand to the left of it."""
APART = 0.17
"""Of a row, between the two dots of a parameter."""


class Studied(Protocol):
    """A study, or a run to whose folder its tables were added."""

    @property
    def manifest(self) -> dict[str, Any]: ...


@styled
def sensitivity(run: Studied, quantity: str = "value", policy: str | None = None) -> "Axes":
    """How much each parameter moves the expected outcome under a policy, default the base.

    Left: the mean size of the effect over the range (Morris), beside it how much that effect
    varies; right: the shares of the variance of those gone into, alone and in all (Sobol).
    quantity: `value`; `difference` of the policy from the base; `regret` of the policy chosen.
    """
    from matplotlib.figure import Figure

    told = run.manifest["sensitivity"]
    table, name = of_quantity(run, quantity, policy)
    table = table[table["mu_star"] > 0].head(MOST)
    if table.empty:
        return _nothing_moves(_called(run, name))
    height = max(4.2, 1.45 * ROW * len(table) + 2.2)
    effects, shares = Figure(figsize=(WIDTH, height)).subplots(1, 2, sharey=True)
    _draw_effects(effects, table)
    _draw_shares(shares, table)
    name_rows(effects, [_in_lines(path) for path in table["parameter"]])
    effects.set_ylim(len(table) - 0.4, -1.1)
    effects.tick_params(axis="y", labelsize=SMALL - 1)
    shares.tick_params(axis="y", left=False)
    shares.spines["left"].set_visible(False)
    figure = effects.get_figure(root=True)
    assert figure is not None
    title = _titles(quantity).format(
        outcome=outcome_in_words(told["outcome"], "kinds" in told), policy=_called(run, name)
    )
    figure.suptitle(wrapped(title, 72), x=0.012, ha="left", fontsize=TEXT + 2, fontweight="bold")
    explained = _(
        "Intervals of 95 %. Ranges: the middle 95 % of what is uncertain; settings from half to "
        "twice as strong, or as given. An effect that varies depends on the other parameters."
    )
    figure.supxlabel(wrapped(explained, 96), x=0.012, ha="left", fontsize=SMALL)
    return effects


def _nothing_moves(policy: str) -> "Axes":
    axes = new_axes(height_for(0))
    axes.axis("off")
    entitle(axes, _("Nothing that was varied moves it under {policy}").format(policy=policy))
    return axes


def _called(run: Any, policy: str) -> str:
    """What planners call a policy, for a sentence."""
    return printable(policy_in_words(run, policy), LONGEST_NAME)


def of_quantity(
    run: Any, quantity: str = "value", policy: str | None = None
) -> "tuple[pd.DataFrame, str]":
    """The rows of one quantity under one policy, what moves it most first, and that policy."""
    told = run.manifest["sensitivity"]
    defaults = {"value": told["policies"][0], "regret": told["chosen"]}
    name = policy or defaults.get(quantity, told["chosen"])
    table = run.sensitivity
    found = table[(table["quantity"] == quantity) & (table["policy"] == name)]
    if found.empty:
        raise KeyError((quantity, name))
    return found.sort_values(["mu_star", "parameter"], ascending=[False, True]), name


def _titles(quantity: str) -> str:
    titles = {
        "value": _("What moves most under {policy}: {outcome}"),
        "difference": _("What moves the difference of {policy} from the base most: {outcome}"),
        "regret": _("What speaks most against choosing {policy}: {outcome}"),
    }
    return titles[quantity]


def _in_lines(path: str) -> str:
    """A long path in two lines, broken at a dot."""
    text = printable(path, LONGEST_NAME)
    if len(text) <= NAME_LINE:
        return text
    at = text.rfind(".", 0, NAME_LINE)
    return f"{text[:at]}\n{text[at:]}" if at > 0 else text


def _draw_effects(axes: "Axes", table: "pd.DataFrame") -> None:
    for place, one in enumerate(table.to_dict("records")):
        known = Known(one["mu_star"], one["mu_star_low"], one["mu_star_high"])
        _dot(axes, place - APART, known, BLUE, "o")
        axes.plot(one["sigma"], place + APART, "D", color=ORANGE, markersize=6)
    first = table.iloc[0]
    ends = ((first["mu_star"], _("effect"), BLUE), (first["sigma"], _("varies by"), ORANGE))
    _name_dots(axes, ends)
    axes.set_xlim(left=0)
    axes.set_title(_("Effect over its range (Morris)"), fontsize=SMALL)
    write_numbers(axes.xaxis)


def _draw_shares(axes: "Axes", table: "pd.DataFrame") -> None:
    known = table[table["first"].notna()]
    for place, one in enumerate(table.to_dict("records")):
        if one["first"] != one["first"]:
            axes.text(0.02, place, _("not gone into"), color=GREY, fontsize=SMALL - 1, va="center")
            continue
        _dot(axes, place - APART, Known(*(one[f"first{e}"] for e in ENDS)), BLUE, "o")
        _dot(axes, place + APART, Known(*(one[f"total{e}"] for e in ENDS)), ORANGE, "D")
    if len(known):
        first = known.iloc[0]
        ends = ((first["first"], _("alone"), BLUE), (first["total"], _("in all"), ORANGE))
        _name_dots(axes, ends)
    dots = [*known["first"], *known["total"], 0.0, 1.0]
    axes.set_xlim(min(dots) - 0.15, max(dots) + 0.3)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_title(_("Share of the variance (Sobol)"), fontsize=SMALL)
    write_numbers(axes.xaxis)


ENDS = ("", "_low", "_high")


def _dot(axes: "Axes", place: float, known: Known, colour: str, marker: str) -> None:
    axes.plot([known.low, known.high], [place, place], color=colour, linewidth=3, alpha=0.55)
    axes.plot(known.value, place, marker, color=colour, markersize=7)


def _name_dots(axes: "Axes", ends: Sequence[tuple[float, str, str]]) -> None:
    """What the two kinds of dots are, above the first ones, apart from each other."""
    left, right = sorted(ends, key=lambda end: end[0])
    for (x, text, colour), side, shift in ((left, "right", -3), (right, "left", 3)):
        axes.annotate(
            text, (x, -0.55), xytext=(shift, 0), textcoords="offset points", color=colour,
            fontsize=SMALL, fontweight="bold", ha=side, va="bottom",
        )  # fmt: skip


@styled
def decision(run: Any, axes: "Axes | None" = None) -> "Axes":
    """What knowing each uncertain parameter before choosing a policy is worth.

    Blue: certainly something; grey: it may be worth nothing.
    """
    told = run.manifest["sensitivity"]
    found = [_worth(run, one) for one in run.decision.head(MOST + 1).to_dict("records")]
    axes = axes or new_axes(height_for(len(found) + 1))
    rows(axes, found)
    name_rows(axes, [row.name for row in found])
    axes.tick_params(axis="y", labelsize=SMALL - 1)
    axes.set_xlim(0, 1.02 * max(told["at_most"], *(row.high for row in found), LEAST_WORTH))
    room_for_labels(axes, 0.9)
    entitle(
        axes,
        _("What it would be worth to know before a policy is chosen (as it is: {policy})").format(
            policy=_called(run, told["chosen"])
        ),
    )
    explain(
        axes,
        _("{outcome}: better by so many on average, with 95 % intervals; grey: may be worth "
          "nothing. Nothing that can be known is worth more than {most}. The choice goes by this "
          "outcome alone, not by costs.").format(
            outcome=outcome_in_words(told["outcome"], "kinds" in told),
            most=significant(told["at_most"], 2),
        ),
    )  # fmt: skip
    return axes


def _worth(run: Any, one: dict[Any, Any]) -> Row:
    known = Known(one["worth"], one["low"], one["high"])
    name = _in_lines(one["parameter"]) if one["parameter"] else _("all together")
    told = with_interval(known)
    if known.low <= 0:
        told = _("may be worth nothing") if known.high > 0 else _("none seen")
    if known.low > 0 and one["turning"] == one["turning"] and one["turning"] is not None:
        sentence = _("{worth}: {instead} from {value} up") if one["above"] else _(
            "{worth}: {instead} from {value} down")  # fmt: skip
        told = sentence.format(
            worth=told, instead=_called(run, one["instead"]), value=significant(one["turning"], 3)
        )
    return Row(name, *known, told, BLUE if known.low > 0 else GREY)


@styled
def marginal(run: Any, policy: str | None = None, outcome: str = "lost") -> "Axes":
    """Cells kept by each further hundred seats, admissions and postings, where it can be said.

    outcome: `lost`, cells that are not lost; `cell_years`, years of cells. Returns the first axes
    of a figure with a panel for each lever.
    """
    from matplotlib.figure import Figure

    told = run.manifest["marginal"]
    name = policy or told["policies"][0]
    table = run.marginal
    table = table[(table["policy"] == name) & (table["outcome"] == outcome)]
    panels = [(str(lever), of_lever) for lever, of_lever in table.groupby("lever", sort=False)]
    sizes = [_size(of_lever) for _lever, of_lever in panels]
    figure = Figure(figsize=(WIDTH, max(3.4, ROW * sum(sizes) + 0.95 * len(sizes) + 1.2)))
    ratios = [size + 1.2 for size in sizes]
    grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=ratios).ravel()
    for axes, (lever, of_lever) in zip(grid, panels, strict=True):
        _draw_lever(axes, of_lever)
        title = titled(lever, policy_in_words(run, name), int(of_lever["step"].iloc[0]))
        axes.set_title(wrapped(title, PANEL_LINE), fontsize=SMALL)
    titles = {
        "lost": _("Cells kept by a little more"),
        "cell_years": _("Years of cells kept by a little more"),
    }
    figure.suptitle(titles[outcome], x=0.012, ha="left", fontsize=TEXT + 2, fontweight="bold")
    explained = _(
        "Differences on the same lives, with 95 % intervals; nothing is told where the intervals "
        "of all rows together say nothing ({replications} replications)."
    ).format(replications=decimal(told["replications"]))
    figure.supxlabel(wrapped(explained, 96), x=0.012, ha="left", fontsize=SMALL)
    return grid[0]


def _said(table: "pd.DataFrame") -> "pd.DataFrame":
    said = table[table["is_said"]]
    return said.sort_values(["each", "area"], ascending=[False, True]).head(MOST)


def _size(table: "pd.DataFrame") -> int:
    """Rows of a panel: those told, and one for the others."""
    return len(_said(table)) + (len(_said(table)) < len(table))


def _draw_lever(axes: "Axes", table: "pd.DataFrame") -> None:
    said = _said(table)
    found = [
        Row(short(one["area"]), *known, with_interval(known), BLUE)
        for one in said.to_dict("records")
        for known in [Known(*(PER * one[end] for end in ("each", "low", "high")))]
    ]
    silent, cut = int((~table["is_said"]).sum()), int(table["is_said"].sum()) - len(said)
    rows(axes, found)
    axes.axvline(0, color=INK, linewidth=1)
    if found:
        axes.set_xlim(min(0, *(row.low for row in found)), max(0, *(row.high for row in found)))
        room_for_labels(axes)
    else:
        axes.set_xlim(0, 1)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
    names = [row.name for row in found]
    if silent + cut:
        told = ngettext("{number} other area", "{number} other areas", silent + cut) if found else (
            ngettext("{number} area", "{number} areas", silent))  # fmt: skip
        names.append(told.format(number=decimal(silent + cut)))
        text = _("nothing can be said") if not cut else _("less, or nothing can be said")
        axes.annotate(
            text, (0, len(found)), xytext=(8, 0), textcoords="offset points", va="center",
            fontsize=SMALL, color=GREY,
        )  # fmt: skip
    name_rows(axes, names)
    axes.tick_params(axis="y", labelsize=SMALL)
