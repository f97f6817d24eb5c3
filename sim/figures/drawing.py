"""How figures look: slide size, colours that the colour-blind tell apart, labels at the lines."""

import textwrap
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from sim.numerals import decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

P = ParamSpec("P")
T = TypeVar("T")
Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 10.0, 5.625
"""A slide of 16 : 9, in inches."""
LEAST_HEIGHT = 3.4
ROW = 0.36
"""Height of a row of text, in inches."""
ROUNDING = 1e-9
"""Ticks are multiples of a step, as far as floats can be."""
TEXT, SMALL = 13, 11
TITLE_LINE, HEAD_LINE, CAPTION_LINE, PANELS_LINE = 72, 84, 96, 68
"""Characters in a line: of titles, heads of panels, captions, and titles of panels side by side."""
# Okabe and Ito (2008), as far as they stand out on white; text keeps a contrast of 4.5 : 1.
BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#B35000", "#007A5A", "#595959", "#1A1A1A"
PALE_BLUE, PALE_GREY = "#A9D3EA", "#DADADA"
RISK = "Blues"
"""Colours of a probability from light to dark, which every kind of sight tells apart."""

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.parse_math": False,
    "svg.hashsalt": "hamletsim",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
}


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """Make a function draw in this style, whatever the style outside."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> T:
        import matplotlib

        with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
            return draw(*args, **kwargs)

    return drawn


def new_axes(height: float = HEIGHT) -> "Axes":
    """Axes on a new figure of their own, a slide wide."""
    from matplotlib.figure import Figure

    axes: Axes = Figure(figsize=(WIDTH, height)).subplots()
    return axes


def height_for(rows: int) -> float:
    """Height of a figure with so many rows of text."""
    return max(LEAST_HEIGHT, ROW * rows + 1.6)


def wrapped(text: str, characters: int) -> str:
    """A text in lines; names such as `as-is` are not broken."""
    lines = [textwrap.fill(line, characters, break_on_hyphens=False) for line in text.splitlines()]
    return "\n".join(lines)


def entitle(axes: "Axes", text: str) -> None:
    """The title, over the whole width if the figure is ours alone."""
    lines = wrapped(text, TITLE_LINE)
    if len(axes.figure.axes) > 1:
        axes.set_title(lines)
        return
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.suptitle(lines, x=0.012, ha="left", fontsize=TEXT + 2, fontweight="bold")


def explain(axes: "Axes", text: str) -> None:
    """What the axis and the colours mean, below them, where the title is above."""
    lines = wrapped(text, CAPTION_LINE)
    figure = axes.get_figure(root=True)
    assert figure is not None
    if len(figure.axes) > 1:
        axes.set_xlabel(lines, fontsize=SMALL)
        return
    figure.supxlabel(lines, x=0.012, ha="left", fontsize=SMALL)


def bare(axes: "Axes") -> None:
    """Rows of text need no line beside them and no ticks, but room for a dot at zero."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0, pad=8)


class Row(NamedTuple):
    """One estimate in a figure of rows; `told` stands at the right end of its interval."""

    name: str
    value: float
    low: float
    high: float
    told: str
    colour: str = BLUE
    marker: str = "o"


def rows(axes: "Axes", found: Sequence[Row], at: Sequence[float] | None = None) -> None:
    """Draw estimates as dots with intervals, one a row from the top, the numbers beside them."""
    places = range(len(found)) if at is None else at
    for place, row in zip(places, found, strict=True):
        axes.plot([row.low, row.high], [place, place], color=row.colour, linewidth=3, alpha=0.55)
        axes.plot(row.value, place, row.marker, color=row.colour, markersize=9, clip_on=False)
        axes.annotate(
            row.told, (float(np.fmax(row.high, row.value)), place), xytext=(8, 0),
            textcoords="offset points", va="center", fontsize=SMALL, color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
        )  # fmt: skip
    write_numbers(axes.xaxis)


def write_numbers(axis: "Axis") -> None:
    """Numbers along an axis as the current language writes them."""
    from matplotlib.ticker import FuncFormatter

    def told(value: float, _place: int | None) -> str:
        digits = next(d for d in range(4) if d == 3 or abs(round(value, d) - value) < ROUNDING)
        return decimal(value, digits)

    axis.set_major_formatter(FuncFormatter(told))


def name_rows(axes: "Axes", names: Sequence[str]) -> None:
    """Names of rows at the left, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    bare(axes)


def room_for_labels(axes: "Axes", share: float = 0.32) -> None:
    """Make the axis longer on the right, so that labels beside the dots are not cut off."""
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + share * (high - low))


def label_ends(axes: "Axes", x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write (height, text, colour) to the right of a line's end, moved apart where they meet."""
    low, high = axes.get_ylim()
    rooms = [(text.count("\n") + 1) * 0.062 * (high - low) for _y, text, _c in ends]
    order = sorted(range(len(ends)), key=lambda i: ends[i][0])
    heights: dict[int, float] = {}
    floor = low
    for i in order:
        heights[i] = max(ends[i][0], floor + rooms[i] / 2)
        floor = heights[i] + rooms[i] / 2
    for i, (_y, text, colour) in enumerate(ends):
        axes.annotate(
            text, (x, heights[i]), xytext=(8, 0), textcoords="offset points", va="center",
            fontsize=SMALL, color=colour, annotation_clip=False,
        )  # fmt: skip
