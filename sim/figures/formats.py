"""Numbers, probabilities and dates as the current language writes them.

The signs are those of the Unicode locale data, by way of Babel.
"""

import datetime as dt
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


@lru_cache(maxsize=16)
def _locale(code: str) -> Locale:
    try:
        return Locale.parse(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def decimal(value: float, digits: int = 0, sign: bool = False) -> str:
    """A number with so many digits after its decimal sign, thousands apart; nan is a dash."""
    if value != value:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(value, pattern, locale=_locale(language())).replace("-", MINUS)
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


def with_interval(known: Known, sign: bool = False) -> str:
    """A number and its interval, all three with the decimals of the largest."""
    digits = _digits(max(map(abs, known)))
    value, low, high = (decimal(x, digits, sign) for x in known)
    # Translators: where decimals have a comma, the ends of an interval need a semicolon.
    return _("{value} [{low}, {high}]").format(value=value, low=low, high=high)


def counted(known: Known) -> str:
    """An expected number of events; none in any replication is an upper bound, never 0."""
    if known.value == 0:
        return _("< {high}").format(high=number(known.high))
    return with_interval(known)


def chance(known: Known) -> str:
    """A probability; never happened is an upper bound, always happened a lower one."""
    value, low, high = map(percent, known)
    if known.value != known.value:
        return NOTHING
    if known.value == 0:
        return _("< {high} %").format(high=high)
    if known.value == 1:
        return _("> {low} %").format(low=low)
    return _("{value} % [{low}, {high}]").format(value=value, low=low, high=high)
