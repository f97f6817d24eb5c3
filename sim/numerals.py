"""Numbers and dates as the current language writes them.

The signs are those of the Unicode locale data, by way of Babel; English is written without it, so
that a first result does not wait for its import. Input is read in the machine's form everywhere,
and what other programs read is written in it.
"""

import datetime as dt
from functools import cache

from sim.messages import SOURCE, _, language

NOTHING = "\N{EN DASH}"
"""Stands where there is no number."""
MINUS = "\N{MINUS SIGN}"
NEARLY_ALL = 99.9
"""Percent that stand for all that is more and not everything."""


def decimal(value: float, digits: int = 0, sign: bool = False) -> str:
    """A number with so many digits after its decimal sign, thousands apart; nan is a dash.

    sign: with a plus above 0. What rounds to 0 has neither sign.
    """
    if value != value:
        return NOTHING
    # numpy rounds otherwise than Python; adding 0 makes 0 of -0.
    rounded = round(float(value), digits) + 0.0
    return _written(f"{rounded:{'+' if sign and rounded else ''},.{digits}f}")


def significant(value: float, digits: int) -> str:
    """A number with so many digits that count, such as 0.0012, 12 or, whole in any case, 1,234."""
    if value != value:
        return NOTHING
    is_long = abs(value) >= 10**digits
    return _written(f"{value:,.0f}" if is_long else f"{value:,.{digits}g}")


def year(when: float, digits: int = 0) -> str:
    """A year, or a date as a year with decimals: thousands are not set apart."""
    return _written(f"{when:.{digits}f}")


def date(day: dt.date) -> str:
    """A day in digits; of a moment, its day."""
    # Translators: the order of day, month and year in your language, as in Unicode's date patterns.
    pattern = _("yyyy-MM-dd")
    if language() == SOURCE:
        return f"{day:%Y-%m-%d}"
    from babel.dates import format_date

    return format_date(day, pattern, language())


def _written(text: str) -> str:
    """What Python has written, with the signs of the language."""
    return text.translate(_signs(language()))


@cache
def _signs(language: str) -> dict[int, str]:
    if language == SOURCE:
        return str.maketrans({"-": MINUS})
    from babel.numbers import get_decimal_symbol, get_group_symbol

    signs = {".": get_decimal_symbol(language), ",": get_group_symbol(language), "-": MINUS}
    return str.maketrans(signs)
