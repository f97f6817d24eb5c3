"""What each policy of a run does: its levers with their settings in a planner's words."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim import numerals
from sim.figures.reading import Run, policies
from sim.load.vocabulary import LEVERS, SETTINGS, WORDS
from sim.messages import _, printable
from sim.report.blocks import Part, Table, day, exact, policy_name

LONGEST = 500
DATES = ("from", "until")


def policy_levers(run: Run) -> Part:
    """A row a lever; a policy without levers has one row all the same."""
    given = run.manifest["scenario"]["policies"]
    rows = []
    for policy in policies(run):
        for lever in given.get(policy) or [{}]:
            settings = "; ".join(
                f"{_setting(path)}: {_in_words(value)}" for path, value in _settings(lever)
            )
            rows.append(
                [
                    policy_name(run, policy),
                    LEVERS.label(lever["lever"]) if lever else _("no lever"),
                    printable(settings, LONGEST) or numerals.NOTHING,
                    *(_date(lever.get(end)) for end in DATES),
                    printable(policy),
                ]
            )
    heads = [
        _("policy"), _("lever"), _("what is set"), _("from"), _("ends before"),
        _("name in the scenario"),
    ]  # fmt: skip
    caption = _("Levers of each policy; without dates from the start to the horizon")
    return Part("levers", _("What each policy does"), [Table(caption, heads, rows)])


def _settings(lever: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values of what is given, as the sheet of policies has them."""
    for key, value in lever.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _settings(value, f"{path}.")
        elif value not in (None, []) and path not in ("lever", *DATES):
            yield path.removesuffix(".to"), value


def _setting(path: str) -> str:
    return SETTINGS.label(path) if path in SETTINGS.texts else path


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _(str(WORDS["true" if value else "false"]))
    if isinstance(value, int | float):
        return exact(value)
    if isinstance(value, str):
        word = WORDS.get(value, "")
        return _(word) if isinstance(word, str) and word else value
    if isinstance(value, Sequence):
        return ", ".join(map(_in_words, value))
    return str(value)


def _date(value: str | None) -> str:
    return numerals.NOTHING if value is None else day(dt.date.fromisoformat(value))
