"""Numbers, probabilities and dates as the current language writes them.

The signs are those of the Unicode locale data, by way of Babel.
"""

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal

from sim.messages import _, language

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
"""Stands where there is no number."""
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
        from markupsafe import escape

        return escape(sentence).format(**parts)
    return sentence.format(**parts)


@lru_cache(maxsize=16)
def _locale(code: str) -> Locale:
    try:
        return Locale.parse(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def decimal(value: float, digits: int = 0, sign: bool = False) -> str:
    """A number with so many digits after its decimal sign, thousands apart; nan is a dash."""
    return _decimal(float(value), digits, sign, language())


@lru_cache(maxsize=4096)
def _decimal(value: float, digits: int, sign: bool, code: str) -> str:
    if value != value:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(value, pattern, locale=_locale(code)).replace("-", MINUS)
    if not any(c in "123456789" for c in text):
        return text.removeprefix(MINUS)
    return f"+{text}" if sign and value > 0 else text


def date(day: dt.date) -> str:
    """A day in digits."""
    # Translators: the order of day, month and year in your language, as in Unicode's date patterns.
    return str(format_date(day, _("yyyy-MM-dd"), locale=_locale(language())))


def number(value: float, sign: bool = False) -> str:
    """A number with as many decimals as a planner needs; `sign` also shows a plus."""
    return decimal(value, _digits(abs(value)), sign)


def _digits(size: float) -> int:
    return 0 if size >= NO_DECIMALS or size == 0 else 1 if size >= ONE_DECIMAL else 2


def percent(share: float, sign: bool = False) -> str:
    """A share in percent without its sign; a decimal only where it tells something."""
    size = abs(100 * share)
    return decimal(100 * share, 1 if 0 < size < 1 or 99 < size < 100 else 0, sign)


def percentage(share: float) -> str:
    """A share in percent."""
    return _("{value} %").format(value=percent(share)) if share == share else NOTHING


def with_interval(known: Known, sign: bool = False, mark: Mark = plain) -> str:
    """A number and its interval, all three with the decimals of the largest."""
    digits = _digits(max(map(abs, known)))
    value, low, high = (mark(x, decimal(x, digits, sign)) for x in known)
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
