"""Marginal values as a text for a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.messages import _, ngettext, printable
from sim.numerals import decimal
from sim.risk.words import columns

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.marginal import Marginal

PER = 100.0
"""Seats, admissions, postings that values are told for."""
LONGEST_NAME = 40


def summary(found: "Marginal") -> str:
    """Cells kept by each further hundred seats, admissions and postings, by area."""
    told, table = found.manifest["marginal"], found.marginal
    heading = ngettext(
        "{number} replication, seed {seed}", "{number} replications, seed {seed}",
        told["replications"],
    ).format(number=decimal(told["replications"]), seed=told["seed"])  # fmt: skip
    parts = [heading]
    for (policy, lever), rows in table.groupby(["policy", "lever"], sort=False):
        parts.append(_told(str(policy), str(lever), rows))
    parts.append(_explained())
    return "\n\n".join(parts)


def _told(policy: str, lever: str, rows: "pd.DataFrame") -> str:
    title = titled(lever, policy, int(rows["step"].iloc[0]))
    said = rows[rows["is_said"]]
    if said.empty:
        nothing = _("In no area does this many replications say anything.")
        return f"{title}\n{nothing}"
    heads = [_("area"), _("further"), _("cells kept"), _("years of cells kept")]
    areas = said["area"].drop_duplicates()
    table = columns(heads, [list(_row(rows, area)) for area in areas])
    return "\n".join([title, table, *_silent(rows, len(areas))])


def titled(lever: str, policy: str, step: int) -> str:
    """What is told, of which lever and step."""
    titles = {
        "seat": _("For each 100 further seats under {policy} (step: {step} seats in each class)"),
        "admission": _("For each 100 further admissions under {policy} (step: {step} a year)"),
        "posting": _("For each 100 further postings under {policy} (step: up to {step} at a time)"),
    }
    return titles[lever].format(policy=printable(policy), step=decimal(step))


def short(area: str) -> str:
    """The last name of the path of an area."""
    return printable(area.rpartition("/")[2], LONGEST_NAME)


def _row(rows: "pd.DataFrame", area: str) -> Iterator[str]:
    of_area = rows[rows["area"] == area].set_index("outcome").to_dict("index")
    yield short(area)
    yield decimal(of_area["lost"]["further"], 1)
    for outcome in ("lost", "cell_years"):
        yield value(of_area[outcome])


def value(one: dict[Any, Any]) -> str:
    """A value for a hundred with its interval, or that there is none."""
    if not one["is_said"]:
        return _("nothing can be said")
    each, low, high = (decimal(PER * one[name], 0) for name in ("each", "low", "high"))
    return _("{value} [{low}, {high}]").format(value=each, low=low, high=high)


def _silent(rows: "pd.DataFrame", said: int) -> Iterator[str]:
    number = rows["area"].nunique() - said
    if number:
        yield ngettext(
            "Of {number} other area nothing can be said.",
            "Of {number} other areas nothing can be said.", number,
        ).format(number=decimal(number))  # fmt: skip


def _explained() -> str:
    return _(
        "Differences on the same lives. A value is told only where further ones were brought about "
        "and what they kept is certainly not zero, for all rows together (95 %); its own interval "
        "holds for one area. More replications tell more."
    )
