"""Every text a planner reads, translatable, and faults in the input as one clear line each.

Texts are marked with `_` and `ngettext`, or with `N_` where they are shown later, and found by the
usual gettext tools (`make messages`). The language is that of `speaking`, else of the environment
variable HAMLETSIM_LANG, else of the system's locale (LC_ALL, LC_MESSAGES or LANG), else English.
"""

import datetime as dt
import difflib
import errno
import gettext
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

SOURCE = "en"
LANGUAGES = (SOURCE, "vi", "ru")
OWN_VARIABLE = "HAMLETSIM_LANG"
LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
DOMAIN = "hamletsim"
CATALOGUES = Path(__file__).with_name("locales")
LONGEST_VALUE = 80
LONGEST_ALLOWED = 1200
# difflib compares with every name; on a national table that would take seconds for each fault.
MOST_NAMES_COMPARED = 2000

_language: ContextVar[str | None] = ContextVar("language", default=None)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Texts made inside this context are in `language`, one of LANGUAGES."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def _(text: str) -> str:
    """`text` in the current language."""
    return _catalogue(language()).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """`one` or `many` in the current language, whichever goes with `count`."""
    return _catalogue(language()).ngettext(one, many, count)


def N_(text: str) -> str:  # noqa: N802 - its name among gettext's tools
    """`text` as it is, marked for translation: it goes through `_` when it is shown."""
    return text


def language() -> str:
    """The current language, one of LANGUAGES."""
    asked = _language.get() or os.environ.get(OWN_VARIABLE)
    return _known(asked) or _of_the_system() or SOURCE


def chosen_language(asked: str | None = None) -> str:
    """What was asked for, else what HAMLETSIM_LANG asks for, else the current language.

    `vi`, `VI`, `vi-VN` and `vi_VN.UTF-8` are the same. Raises BadInput for another language.
    """
    wanted = {"--lang": asked, OWN_VARIABLE: os.environ.get(OWN_VARIABLE) or None}
    for place, name in wanted.items():
        if name is not None:
            if found := _known(name):
                return found
            fault = Fault(place, found=shown(name), allowed=listed(LANGUAGES))
            raise BadInput([fault])
    return language()


def _of_the_system() -> str | None:
    """The language of the locale. The first variable that is set decides, as POSIX has it."""
    return _known(next(filter(None, map(os.environ.get, LOCALE_VARIABLES)), None))


@lru_cache(maxsize=16)
def _known(name: str | None) -> str | None:
    code = re.split("[-_.@]", name.casefold(), maxsplit=1)[0] if name else ""
    return code if code in LANGUAGES else None


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, CATALOGUES, [language])


@dataclass(frozen=True)
class Place:
    """Where in a file: a line of a text, or sheet, row and column letter of a table."""

    line: int | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        parts = (  # pairs, for lines and rows have one name in some languages
            (_("line {}"), self.line),
            (_("sheet {}"), None if self.sheet is None else printable(self.sheet)),
            (_("row {}"), self.row),
            (_("column {}"), self.column),
        )
        return ", ".join(text.format(part) for text, part in parts if part is not None)


@dataclass(frozen=True)
class Fault:
    """One fault in the input. `str` gives one line that is safe to print on a terminal."""

    file: str
    place: Place = Place()
    field: str = ""
    found: str = ""
    allowed: str = ""
    suggestion: str | None = None

    def __str__(self) -> str:
        place = ", ".join(filter(None, (printable(self.file, 400), str(self.place))))
        values = _("found {found}; allowed: {allowed}").format(
            found=printable(self.found), allowed=printable(self.allowed, LONGEST_ALLOWED)
        )
        hint = _("did you mean {name}?").format(name=printable(self.suggestion or ""))
        told = f"{values}; {hint}" if self.suggestion else values
        return ": ".join(filter(None, (place, printable(self.field, 400), told)))


class BadInput(Exception):  # noqa: N818 - said to planners, not only raised
    """The input cannot be used; `faults` says why, all at once, in the order of the files."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def printable(text: str, longest: int = LONGEST_VALUE) -> str:
    """`text` on one line: control and invisible characters escaped, the middle cut if too long."""
    # Cut before and after: escaping a million characters would be slow, and escapes are longer.
    return _shortened("".join(map(_escaped, _shortened(text, longest))), longest)


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    end = longest // 4
    return f"{text[: longest - end - 1]}\N{HORIZONTAL ELLIPSIS}{text[-end:]}"


def shown(value: object) -> str:
    """A value as a fault shows it: texts in quotation marks, `nothing` for none."""
    match value:
        case None:
            return _("nothing")
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{_shortened(value, LONGEST_VALUE - 2)}"'
        case float():
            return f"{value:.12g}"
        case dt.date():
            return value.isoformat()
        case Mapping():
            return _("keys {names}").format(names=listed(value)) if value else _("no keys")
        case Sequence():
            return _("a list of {count}").format(count=len(value))
    return str(value)


def listed(names: Iterable[object]) -> str:
    """Names with commas between them."""
    return ", ".join(map(str, names))


def refusal(error: OSError) -> str:
    """Why the system would not read or write, as a fault says what was found."""
    words = {
        errno.EACCES: _("no permission"),
        errno.EPERM: _("no permission"),
        errno.EROFS: _("a disk that can only be read"),
        errno.ENOENT: _("no such file or folder"),
        errno.ENOTDIR: _("a file that is no folder"),
        errno.EISDIR: _("a folder"),
        errno.ENAMETOOLONG: _("a name that is too long"),
    }
    return words.get(error.errno or 0) or error.strerror or str(error)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` most like `name`, whatever its case and diacritics; None if none is."""
    by_bare = _by_bare(tuple(names))
    bare = without_diacritics(name)
    if bare in by_bare:
        return by_bare[bare] if by_bare[bare] != name else None
    if len(by_bare) > MOST_NAMES_COMPARED or len(bare) > LONGEST_VALUE:
        return None
    close = difflib.get_close_matches(bare, by_bare, n=1)
    return by_bare[close[0]] if close else None


@lru_cache(maxsize=16)
def _by_bare(names: tuple[str, ...]) -> dict[str, str]:
    return {without_diacritics(name): name for name in names}


def without_diacritics(text: str) -> str:
    """Small letters without diacritics, so that `Quynh Luu` finds `Quỳnh Lưu`."""
    letters = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(c for c in letters if not unicodedata.combining(c))
