"""What a report is made of: parts with sentences, tables and pictures; numbers keep their value.

Every number is a `data` element that holds it as the tables have it, so that a script can sort by
it and a test can find it again. Texts of a scenario are escaped wherever they stand.
"""

import base64
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from markupsafe import Markup, escape

from sim import numerals
from sim.figures import formats
from sim.figures.files import picture
from sim.figures.formats import Known, told
from sim.figures.reading import Run, policy_in_words
from sim.messages import _, printable

LONGEST_NAME = 80
LONGEST_OPEN = 15
"""Tables with more rows are folded."""
LONGEST_PRINTED = 100
"""Tables with more rows are not unfolded for printing."""

Cell = str


@dataclass(frozen=True)
class Table:
    """A table: the first cell of each row names it; `colours` are classes of cells, if any."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    colours: Sequence[Sequence[str]] | None = None
    kind: str = field(default="table", init=False)

    @property
    def is_text(self) -> list[bool]:
        """Which columns hold words; the others are numbers and stand to the right."""
        columns = zip(*self.rows, strict=True)
        return [not any(hasattr(cell, "__html__") for cell in column) for column in columns]

    @property
    def is_folded(self) -> bool:
        """Whether it is long."""
        return len(self.rows) > LONGEST_OPEN

    @property
    def is_printed(self) -> bool:
        """Whether it is unfolded for printing."""
        return len(self.rows) <= LONGEST_PRINTED

    @property
    def summary(self) -> str:
        """What stands where it is folded."""
        rows = numerals.decimal(len(self.rows))
        return told(_("{caption} ({rows} rows)"), caption=self.caption, rows=rows)

    def cut(self, most_rows: int, columns: Sequence[int] | None = None) -> "Table":
        """Its first rows, of all columns or of those named; without colours."""
        kept = range(len(self.heads)) if columns is None else columns
        rows = [[row[c] for c in kept] for row in self.rows[:most_rows]]
        return replace(self, heads=[self.heads[c] for c in kept], rows=rows, colours=None)


@dataclass(frozen=True)
class Picture:
    """A figure as a picture inside the page; `alt` says in words what it shows.

    It is drawn when a page asks for its `source`: a workbook has no use for it.
    """

    draw: Callable[[], Any]
    alt: str
    kind: str = field(default="picture", init=False)

    @cached_property
    def source(self) -> str:
        """The picture as an address that holds all of it."""
        data = base64.b64encode(picture(self.draw(), "svg")).decode("ascii")
        return f"data:image/svg+xml;base64,{data}"


@dataclass(frozen=True)
class Image:
    """A picture that is made already; `source` is an address that holds all of it."""

    source: str
    alt: str
    kind: str = field(default="picture", init=False)


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = field(default="text", init=False)


@dataclass(frozen=True)
class Warned:
    """A paragraph that warns."""

    text: str
    kind: str = field(default="warning", init=False)


@dataclass(frozen=True)
class Code:
    """Something to copy."""

    text: str
    kind: str = field(default="code", init=False)


@dataclass(frozen=True)
class Made:
    """Markup that our own code has made."""

    markup: Markup
    kind: str = field(default="markup", init=False)


@dataclass(frozen=True)
class Heading:
    """A heading inside a part; `key` is its address on the page."""

    key: str
    text: str
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True)
class Link:
    """A link to a place on the page, or to a file beside it."""

    address: str
    text: str
    kind: str = field(default="link", init=False)


Block = Table | Picture | Image | Text | Warned | Code | Made | Heading | Link


@dataclass(frozen=True)
class Part:
    """A part of the report with its own heading."""

    key: str
    title: str
    blocks: Sequence[Block]


def drawn(axes: Any, alt: str) -> Picture:
    """Axes, or what draws them, as a picture."""
    return Picture(axes if callable(axes) else lambda: axes, alt)


# ---------------------------------------------------------------- cells

NUMBER, PERCENT, DATE = "number", "percent", "date"


class Measured(Markup):
    """A number or a date as a page shows it, with what a spreadsheet holds of it.

    `values` is the value alone, or with the ends of its interval; `is_bound` if the text tells more
    than the value: none in any replication is `< 0.1`, never 0. Text made of it is no `Measured`.
    """

    values: tuple[float | dt.date | None, ...]
    form: str
    is_bound: bool

    def __new__(
        cls,
        text: object = "",
        values: Sequence[float | dt.date | None] = (),
        form: str = NUMBER,
        is_bound: bool = False,
    ) -> "Measured":
        """Mark a text that is markup already."""
        made = super().__new__(cls, text)
        made.values, made.form, made.is_bound = tuple(values), form, is_bound
        return made


def data(value: float, text: str) -> Markup:
    """A number as it is written, with its value."""
    # A province has fifty thousand of them: Markup's own formatting would take seconds.
    return Markup(f'<data value="{float(value)!r}">{escape(text)}</data>')


def name(text: object) -> str:
    """A text of the scenario on one line, without invisible characters."""
    return printable(str(text), LONGEST_NAME)


def policy_name(run: Run, policy: str) -> str:
    """What planners call a policy."""
    return name(policy_in_words(run, policy))


def number(value: float) -> str:
    """A number, whole ones without decimals; a dash if there is none."""
    if value != value:
        return numerals.NOTHING
    text = numerals.decimal(value) if value == round(value) else formats.number(value)
    return Measured(data(value, text), [value])


def exact(value: float | None) -> str:
    """A number that was given, with all its decimals; a dash if there is none."""
    if value is None:
        return numerals.NOTHING
    digits = next(d for d in range(9) if d == 8 or round(value, d) == value)
    return numerals.decimal(value, digits)


def count(value: float) -> str:
    """A number that is no result: how many rows, years, replications."""
    return numerals.decimal(value)


def interval(known: Known, sign: bool = False) -> str:
    """A number with its interval, a dash if there is none."""
    if known.value != known.value:
        return numerals.NOTHING
    return Measured(_kept_together(formats.with_interval(known, sign, data)), known)


def counted(known: Known) -> str:
    """An expected number; none at all is an upper bound. What is certain has no interval."""
    if known.value != known.value or known.low == known.high:
        return number(known.value)
    text = _kept_together(formats.counted(known, data))
    return Measured(text, known, is_bound=known.value == 0)


def chance(known: Known) -> str:
    """A probability with its interval."""
    text = _kept_together(formats.chance(known, data))
    return (
        Measured(text, known, PERCENT, known.value in (0, 1))
        if known.value == known.value
        else text
    )


def _kept_together(text: str) -> Markup:
    """Both ends of an interval on one line."""
    return Markup(re.sub("([,;]) <", "\\1&nbsp;<", str(text)))


def share(value: float) -> str:
    """A probability in percent, without the sign."""
    if value != value:
        return numerals.NOTHING
    return Measured(data(value, formats.percent(value)), [value], PERCENT)


def day(moment: Any) -> str:
    """A date."""
    date = moment.date() if hasattr(moment, "date") else moment
    text = Markup('<time datetime="{}">{}</time>').format(date.isoformat(), numerals.date(date))
    return Measured(text, [date], DATE)


def span(low: float, high: float) -> str:
    """A range without a value in the middle; none where it is closed or unknown."""
    if low != low or low == high:
        return numerals.NOTHING
    text = told(_("{low} to {high}"), low=number(low), high=number(high))
    return Measured(text, [None, low, high])


@dataclass(frozen=True)
class People:
    """Counts of people; those under `hide_below` are not told, nor what would tell them."""

    hide_below: int = 0

    def number(self, value: float) -> str:
        """A number of people."""
        return self.hidden() if self.hides(value) else number(value)

    def counted(self, known: Known) -> str:
        """An expected number of people with its interval."""
        return self.hidden() if self.hides(known.low) else counted(known)

    def hides(self, value: float) -> bool:
        """Whether a count is too small to be told."""
        return value < self.hide_below

    def hidden(self) -> str:
        """What stands in place of a count that is not told."""
        return _("under {count}").format(count=count(self.hide_below))
