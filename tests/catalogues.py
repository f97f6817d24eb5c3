"""The catalogues of messages: what the sources say, and what is missing in a translation.

`python -m tests.catalogues` (`make messages`) brings the catalogues up to date with the sources,
compiles them and lists what has no translation yet. The compiled files stand in the repository, so
that a checkout, an editable installation and a wheel all speak without a step of their own.
"""

import io
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from sim.messages import CATALOGUES, DOMAIN, LANGUAGES, SOURCE

ROOT = Path(__file__).parents[1]
TRANSLATIONS = tuple(language for language in LANGUAGES if language != SOURCE)
FOR_TRANSLATORS = ["Translators"]
WIDTH = 100


def extracted() -> Catalog:
    """Every message that the sources mark, with the files that it stands in."""
    catalogue = Catalog(domain=DOMAIN, project=DOMAIN)
    method_map = [("**.py", "python")]
    found = extract_from_dir(
        ROOT / "sim", method_map, comment_tags=FOR_TRANSLATORS, strip_comment_tags=True
    )
    for file, _line, text, comments, context in found:
        place = [(f"sim/{Path(file).as_posix()}", None)]
        catalogue.add(text, locations=place, auto_comments=comments, context=context)
    return catalogue


def place_of(language: str, suffix: str) -> Path:
    """The file of a catalogue: `.po` to be edited, `.mo` to be read by the program."""
    return CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}{suffix}"


def catalogue(language: str) -> Catalog:
    """A catalogue as it is edited."""
    file = place_of(language, ".po")
    if not file.exists():
        return Catalog(locale=language, domain=DOMAIN, project=DOMAIN)
    with file.open("rb") as opened:
        return read_po(opened, locale=language, domain=DOMAIN)


def messages(catalogue: Catalog) -> dict[str, Message]:
    """The messages by their English (of plurals the singular), without the header."""
    return {ids(m)[0]: m for m in catalogue if m.id}


def ids(message: Message) -> tuple[str, ...]:
    """The English: one text, or singular and plural."""
    return message.id if isinstance(message.id, tuple) else (message.id,)


def texts(message: Message) -> tuple[str, ...]:
    """The translation: one text, or a text for each plural form."""
    return message.string if isinstance(message.string, tuple) else (message.string,)


def untranslated(catalogue: Catalog) -> list[str]:
    """What has no translation, or one that is only guessed (fuzzy)."""
    return [k for k, m in messages(catalogue).items() if not all(texts(m)) or m.fuzzy]


def placeholders(text: str) -> list[str]:
    """The names in braces, in alphabetical order; ValueError for braces that do not fit."""
    return sorted(
        name for _text, name, _spec, _by in string.Formatter().parse(text) if name is not None
    )


def compiled(catalogue: Catalog) -> bytes:
    """A catalogue as the program reads it."""
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def update() -> Iterator[str]:
    """Bring every catalogue up to date and compile it; tell what is not translated."""
    template = extracted()
    for language in TRANSLATIONS:
        changed = catalogue(language)
        changed.update(template, no_fuzzy_matching=True, update_creation_date=False)
        changed.obsolete.clear()
        file = place_of(language, ".po")
        file.parent.mkdir(parents=True, exist_ok=True)
        written = io.BytesIO()
        write_po(written, changed, width=WIDTH, include_lineno=False)
        file.write_bytes(written.getvalue())
        place_of(language, ".mo").write_bytes(compiled(changed))
        for text in untranslated(changed):
            yield f"{language}: {text}"


if __name__ == "__main__":
    missing = list(update())
    print("\n".join(missing) or "Every message is translated.")
    sys.exit(bool(missing))
