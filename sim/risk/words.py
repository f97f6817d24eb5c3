"""Numbers, names and columns of the texts that planners read."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from sim.messages import SOURCE, _, language, ngettext
from sim.numerals import NEARLY_ALL, NOTHING, decimal
from sim.risk.intervals import Interval
from sim.risk.study import ALL

LONGEST_NAME = 32

Rows = Sequence[Sequence[str]]

# ---------------------------------------------------------------- names


def kind_counted(kind: str, number: int) -> str:
    """A number of units of a kind."""
    told = {
        "hamlet": ngettext("{count} hamlet", "{count} hamlets", number),
        "school": ngettext("{count} school", "{count} schools", number),
        "health_station": ngettext("{count} health station", "{count} health stations", number),
        "agency": ngettext("{count} agency", "{count} agencies", number),
    }
    return told[kind].format(count=decimal(number))


def kind_in_words(kind: str) -> str:
    """Units of a kind, or of all kinds."""
    words = {
        ALL: _("all units"),
        "hamlet": _("hamlets"),
        "school": _("schools"),
        "health_station": _("health stations"),
        "agency": _("agencies"),
    }
    return words[kind]


def cause_in_words(cause: str) -> str:
    """A cause of the log in a planner's words."""
    words = {
        "dead": _("death"),
        "left": _("left for work"),
        "moved": _("moved away"),
        "expelled": _("expelled"),
        "struck_off": _("struck off"),
        "asked_to_leave": _("asked to leave"),
        "posting_ended": _("posting ended"),
        "exempted": _("exempted"),
        "sent": _("sent to another cell"),
        "at_start": _("below at the start"),
        "combined": _("joint cell dissolved"),
        "founded": _("members separated"),
        "split": _("split"),
        "merged": _("merger"),
        "resettled": _("resettlement"),
        "lost": _("lost with its host"),
    }
    return words.get(cause, cause.replace("_", " "))


def titled(title: str | Mapping[Any, str]) -> str:
    """The scenario's title in the current language."""
    if isinstance(title, str):
        return title
    return title.get(language()) or title.get(SOURCE) or next(iter(title.values()))


# ---------------------------------------------------------------- numbers


def number(value: float, sign: bool = False) -> str:
    """A number with as many decimals as a planner needs."""
    digits = 0 if abs(value) >= 1000 or value == 0 else (1 if abs(value) >= 0.95 else 2)
    return decimal(value, digits, sign)


def short(value: float) -> str:
    """A number for a table of many columns: hundreds are whole."""
    return decimal(value) if abs(value) >= 100 else number(value)


def counted(found: Interval, shown: Callable[[float], str] = number) -> str:
    """An expected number; none in any replication is an upper bound."""
    if found.value == 0:
        return f"< {shown(float(found.high))}"
    return with_interval(found, shown)


def with_interval(found: Interval, shown: Callable[[float], str]) -> str:
    """A value and the ends of its interval; a dash for what is not known."""
    if found.value != found.value:
        return NOTHING
    # Translators: where decimals have a comma, the ends of an interval need a semicolon.
    told = _("{value} [{low}, {high}]")
    ends = {name: shown(float(end)) for name, end in found._asdict().items()}
    return told.format(**ends)


def percentage(found: Interval) -> str:
    """A probability in percent; never happened is an upper bound, never 0 %."""
    low, high = (_percent(100 * float(x)) for x in (found.low, found.high))
    if found.value == 0:
        return _("< {high} %").format(high=decimal(100 * float(found.high), 1))
    if found.value == 1:
        return _("> {low} %").format(low=decimal(min(100 * float(found.low), NEARLY_ALL), 1))
    value = _percent(100 * float(found.value))
    return _("{value} % [{low}, {high}]").format(value=value, low=low, high=high)


def _percent(value: float) -> str:
    if 99 < value < 100:
        return decimal(min(value, NEARLY_ALL), 1)
    return decimal(value, 1 if 0 < value < 1 else 0)


# ---------------------------------------------------------------- columns


def columns(heads: Sequence[str], rows: Rows, left: Container[int] = (0,)) -> str:
    """A table in plain text: the columns `left` to the left, the others to the right.

    Widths are those on a terminal, where an accent of its own takes no room and some letters two.
    """
    from rich.cells import cell_len

    table = [list(heads), *map(list, rows)]
    widths = [max(cell_len(row[i]) for row in table) for i in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        gaps = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = [
            cell + gap if i in left else gap + cell
            for i, (cell, gap) in enumerate(zip(row, gaps, strict=True))
        ]
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(table[0]), rule, *map(line, table[1:])])
