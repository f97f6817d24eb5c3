"""Bytes of a file that a planner names, or one fault that says why there are none."""

import stat
from pathlib import Path

from sim.messages import BadInput, Fault, _, nearest, ngettext, refusal
from sim.numerals import decimal

MEGABYTE = 1_000_000


def read_bytes(path: Path, limit: int, allowed: str, blame: Fault | None = None) -> bytes:
    """All bytes of a regular file of at most `limit` bytes.

    `allowed` says what kind of file is wanted. `blame` is where the file is named, with the name as
    found there, if not on the command line. Raises BadInput with one fault if the file cannot be
    read, is empty or too large.
    """
    try:
        content = _content(path, limit)
    except (OSError, ValueError) as error:
        raise BadInput([_unreadable(path, error, allowed, blame)]) from error
    if not content:
        raise BadInput([Fault(str(path), found=_("an empty file"), allowed=allowed)])
    if len(content) > limit:
        megabytes = limit // MEGABYTE
        most = ngettext("at most {} megabyte", "at most {} megabytes", megabytes)
        most = most.format(decimal(megabytes))
        raise BadInput([Fault(str(path), found=_("a larger file"), allowed=most)])
    return content


def _content(path: Path, limit: int) -> bytes:
    # A pipe or a device may block for ever or never end.
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(_("a folder"))
    if not stat.S_ISREG(mode):
        raise OSError(_("not a regular file"))
    with path.open("rb") as file:
        return file.read(limit + 1)


def _unreadable(path: Path, error: Exception, allowed: str, blame: Fault | None) -> Fault:
    match error:
        case FileNotFoundError():
            reason = _("no such file")
        case PermissionError():
            reason = _("no permission to read it")
        case OSError():
            reason = refusal(error)
        case _:
            reason = _("a name that no file can have")
    if blame is None:
        return Fault(str(path), found=reason, allowed=allowed, suggestion=_neighbour(path))
    found = f"{blame.found} ({reason})"
    return Fault(blame.file, blame.place, blame.field, found, allowed, _neighbour(path))


def _neighbour(path: Path) -> str | None:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except (OSError, ValueError):
        return None
    return nearest(path.name, names)
