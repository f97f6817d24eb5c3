"""Parts on trust: what is assumed, what is published, how to make the same run again."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim import numerals
from sim.figures import formats
from sim.figures.formats import Known, told
from sim.figures.reading import Run, base
from sim.load.vocabulary import PARAMETERS
from sim.messages import _, printable
from sim.report.blocks import (
    Block,
    Code,
    Link,
    Measured,
    Part,
    Table,
    Text,
    count,
    data,
    exact,
    name,
    policy_name,
)
from sim.risk.words import titled

PER_THOUSAND = 1000.0
LONGEST_NOTE = 2000


def assumed(run: Run) -> Part:
    """Yearly rates beside the published ones, and what is uncertain."""
    blocks: list[Block] = [_rates(run)]
    if run.manifest["scenario"]["uncertain"]:
        blocks.append(_uncertain(run))
    if notes := run.manifest["scenario"]["notes"]:
        blocks.append(_noted(notes))
    blocks.append(
        Text(
            _(
                "All other numbers are as the scenario gives them; it says beside each what is "
                "published and what is assumed. People are made from counts: no row of this report "
                "stands for a person."
            )
        )
    )
    return Part("assumed", _("What is assumed, and what is published"), blocks)


def _noted(notes: Sequence[str | dict[str, str]]) -> Table:
    """What the scenario says of its figures, in the reader's language where it can."""
    caption = _("What of the published figures does not add up, and what is assumed")
    return Table(caption, [_("note")], [[printable(titled(note), LONGEST_NOTE)] for note in notes])


def _rates(run: Run) -> Table:
    words = {
        "death": _("death"),
        "leaving": _("leaving for work"),
        "removal": _("removal"),
        "admission": _("admission"),
    }
    table = run.rates
    rows = [
        [words[one["rate"]], _per_thousand(Known(one["value"], one["low"], one["high"])),
         _published(one["published"])]
        for one in table[table["policy"] == base(run)].to_dict("records")
    ]  # fmt: skip
    caption = told(
        _("Yearly rates per {count} members (official, on probation, posted) under {base}"),
        count=numerals.decimal(PER_THOUSAND), base=policy_name(run, base(run)),
    )  # fmt: skip
    return Table(caption, [_("rate"), _("in this run"), _("published")], rows)


def _per_thousand(known: Known) -> str:
    if known.value != known.value:
        return numerals.NOTHING
    value, low, high = (data(x, numerals.decimal(PER_THOUSAND * x, 1)) for x in known)
    if known.value == 0:
        text = told(_("< {high}"), high=data(known.high, formats.number(PER_THOUSAND * known.high)))
    else:
        text = told(_("{value} [{low}, {high}]"), value=value, low=low, high=high)
    return Measured(text, [PER_THOUSAND * x for x in known], is_bound=known.value == 0)


def _published(rate: float) -> str:
    if rate != rate:
        return numerals.NOTHING
    return Measured(data(rate, numerals.decimal(PER_THOUSAND * rate, 1)), [PER_THOUSAND * rate])


def _uncertain(run: Run) -> Table:
    uncertain = run.manifest["scenario"]["uncertain"]
    rows = [[_parameter(path), in_words(one), path] for path, one in sorted(uncertain.items())]
    caption = told(
        _("Uncertain parameters, in {count} draws"), count=count(run.manifest["parameter_draws"])
    )
    return Table(caption, [_("parameter"), _("distribution"), _("name in the scenario")], rows)


def _parameter(path: str) -> str:
    """What the sheet of assumptions calls a parameter; a dash for what is not on it."""
    return PARAMETERS.label(path) if path in PARAMETERS.texts else numerals.NOTHING


def in_words(one: dict[str, Any]) -> str:
    """A distribution of a scenario in a planner's words."""
    numbers = {key: exact(value) for key, value in one.items() if key != "distribution"}
    match one["distribution"]:
        case "uniform":
            return _("uniform from {low} to {high}").format(**numbers)
        case "triangular":
            return _("triangular from {low} to {high}, most likely {mode}").format(**numbers)
        case named:
            names = {
                "gamma": _("gamma"),
                "normal": _("Gaussian"),
                "lognormal": _("lognormal"),
                "beta": _("beta"),
            }
            told_ = _("{distribution}, mean {mean}, standard deviation {sd}")
            return told_.format(distribution=names[named], **numbers)


def reproduce(run: Run, model_page: str = "") -> Part:
    """The command, hashes and versions of the run, and the page that describes the model."""
    program, *words = run.manifest["command"]
    command = shlex.join([Path(program).name.replace("__main__.py", "hamletsim"), *words])
    rows = [[name(key), name(value)] for key, value in facts(run).items()]
    caption = _("What the run was made of (SHA-256 of its inputs, versions)")
    again = _(
        "hamletsim reproduce, with the folder of this run, makes it again and compares every byte."
    )
    blocks: list[Block] = [
        Code(command),
        Text(again),
        Table(caption, [_("what"), _("value")], rows),
    ]
    if model_page:
        text = _("How the model works, for planners and for reviewers, and every parameter")
        blocks.append(Link(model_page, text))
    return Part("reproduce", _("How to make the same run again"), blocks)


def facts(run: Run) -> dict[str, str]:
    """What the run was made of."""
    manifest = run.manifest
    return {
        _("scenario"): manifest["scenario_hash"],
        _("table of units"): manifest["baseline_hash"],
        _("seed"): str(manifest["seed"]),
        _("replications"): count(manifest["replications"]),
        _("draws of the parameters"): count(manifest["parameter_draws"]),
        _("engine"): manifest["engine"],
        **manifest["versions"],
        _("system"): manifest["machine"]["system"],
    }
