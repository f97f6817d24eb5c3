"""Estimates, probabilities and their intervals as the current language writes them."""

import math
from collections.abc import Callable
from typing import NamedTuple

from sim.messages import _
from sim.numerals import NEARLY_ALL, NOTHING, decimal

ONE_DECIMAL, NO_DECIMALS = 0.95, 100.0
"""From where on numbers have one decimal and none; smaller ones have two."""


class Known(NamedTuple):
    """An estimate with the ends of its interval, as the tables have them."""

    value: float
    low: float
    high: float


Mark = Callable[[float, str], str]
"""What a page puts around a number: a function of the number and how it is written."""


def plain(_number: float, text: str) -> str:
    """Nothing around a number."""
    return text


def told(sentence: str, /, **parts: object) -> str:
    """A sentence with its parts filled in. With parts that are markup it is markup itself.

    Then everything else in it is escaped.
    """
    if any(hasattr(part, "__html__") for part in parts.values()):
        from markupsafe import Markup, escape

        return Markup(str(escape(sentence)).format(**{k: escape(v) for k, v in parts.items()}))
    return sentence.format(**parts)


def number(value: float, sign: bool = False) -> str:
    """A number with as many decimals as a planner needs; `sign` also shows a plus."""
    return decimal(value, digits(abs(value)), sign)


def digits(size: float) -> int:
    """How many decimals a number of this size is told with."""
    return 0 if size >= NO_DECIMALS or size == 0 else 1 if size >= ONE_DECIMAL else 2


def percent(share: float, sign: bool = False) -> str:
    """A share in percent without its sign; a decimal only where it tells something."""
    points = 100 * share
    if NEARLY_ALL < abs(points) < 100:
        points = math.copysign(NEARLY_ALL, points)
    return decimal(points, 1 if 0 < abs(points) < 1 or 99 < abs(points) < 100 else 0, sign)


def percentage(share: float) -> str:
    """A share in percent."""
    return _("{value} %").format(value=percent(share)) if share == share else NOTHING


def with_interval(known: Known, sign: bool = False, mark: Mark = plain) -> str:
    """A number and its interval, all three with the decimals of the largest."""
    places = digits(max(map(abs, known)))
    value, low, high = (mark(x, decimal(x, places, sign)) for x in known)
    # Translators: where decimals have a comma, the ends of an interval need a semicolon.
    return told(_("{value} [{low}, {high}]"), value=value, low=low, high=high)


def counted(known: Known, mark: Mark = plain) -> str:
    """An expected number of events; none in any replication is an upper bound, never 0."""
    if known.value == 0:
        return told(_("< {high}"), high=mark(known.high, number(known.high)))
    return with_interval(known, mark=mark)


def chance(known: Known, mark: Mark = plain) -> str:
    """A probability; never happened is an upper bound, always happened a lower one."""
    if known.value != known.value:
        return NOTHING
    value, low, high = (mark(share, percent(share)) for share in known)
    if known.value == 0:
        return told(_("< {high} %"), high=high)
    if known.value == 1:
        return told(_("> {low} %"), low=low)
    return told(_("{value} % [{low}, {high}]"), value=value, low=low, high=high)
