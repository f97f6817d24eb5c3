"""One cell of a table -> one value, or what would be allowed there.

Numbers are read as spreadsheets of several countries write them, but never guessed: both `0,5` and
`0.5` are a half, while `1.234` people could be one or a thousand and is refused.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Collection

from sim.load.spreadsheets import Cell
from sim.messages import _, listed, nearest

LARGEST_COUNT = 10_000_000
LARGEST_NUMBER = 1e9
LONGEST_ID = 80
LONGEST_NAME = 200
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}
CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
NUMBER = re.compile(r"[+-]?[0-9]{1,30}([.,][0-9]+)?([eE][+-]?[0-9]{1,3})?")
GROUPED = re.compile(r"[1-9][0-9]{0,2}([ .,'\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}][0-9]{3})+")
SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+")
MONTHS = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
TRUTHS = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


class Unfit(Exception):  # noqa: N818 - an answer about one cell, never seen outside
    """The cell does not hold what its column takes."""

    def __init__(self, allowed: str, suggestion: str | None = None) -> None:
        super().__init__(allowed)
        self.allowed = allowed
        self.suggestion = suggestion


def read_factor(cell: Cell) -> float:
    """A number of at least 0; one decimal mark, point or comma."""
    value = _number(cell)
    if value is None:
        raise Unfit(_("a number of at least 0"))
    return value


def read_people(cell: Cell) -> float:
    """A number of people of at least 0, which need not be whole."""
    refuse_thousands(cell)
    return read_factor(cell)


def read_count(cell: Cell) -> int:
    """A whole number of at least 0; 12.0 is whole too."""
    refuse_thousands(cell)
    value = _number(cell)
    if value is None or not value.is_integer():
        raise Unfit(_("a whole number of at least 0"))
    if value > LARGEST_COUNT:
        raise Unfit(_at_most(_("a whole number"), LARGEST_COUNT))
    return int(value)


def read_months(cell: Cell) -> tuple[int, int]:
    """A range of whole months, `24` or `6-36`, both ends included."""
    match = MONTHS.fullmatch(_text(cell).replace("\N{EN DASH}", "-"))
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if low > high:
        swapped = f"{high}-{low}" if match else None
        raise Unfit(_("a whole number of months or a range such as 6-36"), swapped)
    return low, high


def read_flag(cell: Cell) -> bool:
    """1, yes or true; 0, no or false."""
    text = _text(cell).casefold()
    if text not in TRUTHS:
        raise Unfit(_("1 or 0, yes or no"))
    return TRUTHS[text]


def read_name(cell: Cell) -> str:
    """A text on one line, in composed Unicode (NFC); formulas and markup stay as they are."""
    text = _text(cell)
    if len(text) > LONGEST_NAME or _has_controls(text):
        allowed = _("a text of at most {} characters without control characters")
        raise Unfit(allowed.format(LONGEST_NAME))
    return text


def read_id(cell: Cell) -> str:
    """A unit's id: at most 80 characters, the first a letter, a digit or `_`."""
    text = _text(cell)
    starts_well = text[:1].isalnum() or text[:1] == "_"
    if not starts_well or len(text) > LONGEST_ID or _has_controls(text):
        allowed = _("an id that starts with a letter or digit, at most {} characters")
        raise Unfit(allowed.format(LONGEST_ID))
    if isinstance(cell, str) and SCIENTIFIC.fullmatch(text):
        raise Unfit(_("an id that no spreadsheet has rounded (format the column as text)"))
    return text


def read_words(cell: Cell) -> tuple[str, ...]:
    """Words separated by spaces, commas or semicolons, each once."""
    words = re.split(r"[\s,;]+", read_name(cell))
    return tuple(dict.fromkeys(word for word in words if word))


def read_choice(cell: Cell, allowed: Collection[str]) -> str:
    """One of a few words."""
    text = _text(cell)
    if text not in allowed:
        raise Unfit(listed(allowed), nearest(text, allowed))
    return text


def read_cell(cell: Cell) -> str:
    """What cell a unit has: `own`, `none` or `with:ID`."""
    kind, colon, host = map(str.strip, _text(cell).partition(":"))
    if colon and kind == "with" and host:
        return f"with:{read_id(host)}"
    if colon or kind not in ("own", "none"):
        raise Unfit(_("own, none or with:ID"), nearest(kind, ("own", "none")))
    return kind


def _number(cell: Cell) -> float | None:
    if isinstance(cell, str):
        text = cell.strip()
        value = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None
    else:
        value = _as_float(cell)
    if value is not None and value > LARGEST_NUMBER:
        raise Unfit(_at_most(_("a number"), LARGEST_NUMBER))
    return value if value is not None and value >= 0 else None


def _at_most(kind: str, bound: float) -> str:
    return _("{kind} of at most {bound}").format(kind=kind, bound=f"{bound:.0f}")


def _as_float(cell: Cell) -> float | None:
    try:
        return float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else None
    except OverflowError:
        return None


def refuse_thousands(cell: Cell) -> None:
    """Raise Unfit for a text such as `1.070`, which could be one or a thousand."""
    if isinstance(cell, str) and GROUPED.fullmatch(cell.strip()):
        digits = "".join(c for c in cell if c.isdigit())
        raise Unfit(_("a number without thousands separators"), digits)


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return _sound_text(unicodedata.normalize("NFC", cell.strip()))
    value = _as_float(cell)
    if value is not None and value.is_integer():
        return str(int(value))
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        raise Unfit(_("a text (the spreadsheet program made a date of it)"))
    return str(cell).casefold()


def _sound_text(text: str) -> str:
    if text in ERRORS:
        raise Unfit(_("a value (the spreadsheet program could not work it out)"))
    return text


def _has_controls(text: str) -> bool:
    # isprintable is quick, and true of nearly every text.
    return not text.isprintable() and any(unicodedata.category(c) in CONTROLS for c in text)
