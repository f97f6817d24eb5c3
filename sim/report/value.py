"""Parts on what matters and what a little more would keep, of a run to which they were added."""

from collections.abc import Iterator
from typing import Any

from sim import figures, numerals
from sim.experiment.margins import PER, short, titled
from sim.figures.formats import Known, told
from sim.figures.reading import Run, policy_in_words
from sim.figures.value import of_quantity
from sim.figures.words import outcome_in_words
from sim.load.vocabulary import PARAMETERS
from sim.messages import _
from sim.numerals import significant
from sim.report.blocks import (
    Block,
    Part,
    Table,
    Text,
    count,
    data,
    drawn,
    interval,
    name,
    policy_name,
    share,
)
from sim.sweep.telling import over

MOST = 15
"""Parameters told."""
ENDS = ("", "_low", "_high")


def parts(run: Run) -> Iterator[Part]:
    """The parts that this run has tables for."""
    if "sensitivity" in run.manifest:
        yield matters(run)
    if "marginal" in run.manifest:
        yield further(run)


# ---------------------------------------------------------------- what matters


def matters(run: Any) -> Part:
    """What moves the outcome most, and what would change the choice of a policy."""
    study = run.manifest["sensitivity"]
    blocks: list[Block] = [
        drawn(
            figures.sensitivity(run),
            _("The parameters that move the outcome most under the base; numbers in the table."),
        ),
        _effects(run),
        Text(
            _(
                "Effect: mean size of the change of the expected number over the range of the "
                "parameter (Morris). Alone, in all: shares of the variance when those gone into "
                "vary together (Sobol); estimates of what is near zero may be below it."
            )
        ),
        Text(over(study, name)),
    ]
    if len(run.decision):
        picture = drawn(
            figures.decision(run),
            _("What knowing each uncertain parameter before choosing would be worth; numbers in "
              "the table."),
        )  # fmt: skip
        blocks += [*_against(run), picture, _decision(run), Text(_choice(study))]
    return Part("matters", _("What matters, and what would change the choice"), blocks)


def _against(run: Any) -> Iterator[Block]:
    """What moves the policy chosen away from the best there is, settings too."""
    table, _policy = of_quantity(run, "regret")
    if (table["mu_star"] > 0).any():
        yield drawn(
            figures.sensitivity(run, "regret"),
            _("The parameters and settings on which it depends most how far another policy is "
              "better than the one chosen."),
        )  # fmt: skip


def _effects(run: Any) -> Table:
    study, ranges = run.manifest["sensitivity"], run.factors.set_index("parameter")
    table, base = of_quantity(run)
    rows = [
        [
            _in_words(one["parameter"]),
            _range(*ranges.loc[one["parameter"], ["low", "high"]]),
            interval(Known(*(one[f"mu_star{end}"] for end in ENDS))),
            interval(Known(*(one[f"first{end}"] for end in ENDS))),
            interval(Known(*(one[f"total{end}"] for end in ENDS))),
            name(one["parameter"]),
        ]
        for one in table[table["mu_star"] > 0].head(MOST).to_dict("records")
    ]
    caption = told(
        _("{outcome}: what moves it most under {base}, by {replications} replications at each of "
          "{points} points, with 95 % intervals"),
        outcome=outcome_in_words(study["outcome"], "kinds" in study), base=policy_name(run, base),
        replications=count(study["replications"]), points=count(study["points_in_all"]),
    )  # fmt: skip
    heads = [
        _("parameter"), _("range"), _("effect over the range"), _("alone"), _("in all"),
        _("name in the scenario"),
    ]  # fmt: skip
    return Table(caption, heads, rows)


def _in_words(path: str) -> str:
    """What the sheet of assumptions calls a parameter; its path if it is not on it."""
    return PARAMETERS.label(path) if path in PARAMETERS.texts else name(path)


def _range(low: float, high: float) -> str:
    written = (data(end, significant(end, 3)) for end in (low, high))
    return told(_("{low} to {high}"), **dict(zip(("low", "high"), written, strict=True)))


def _decision(run: Any) -> Table:
    rows = [
        [
            _in_words(one["parameter"]) if one["parameter"] else _("all together"),
            _worth(Known(one["worth"], one["low"], one["high"])),
            share(one["changes"]),
            *_instead(run, one),
            name(one["parameter"]) if one["parameter"] else numerals.NOTHING,
        ]
        for one in run.decision.to_dict("records")
    ]
    heads = [
        _("to know"), _("worth"), _("chance of another choice, %"), _("other choice"), _("from"),
        _("name in the scenario"),
    ]  # fmt: skip
    chosen = policy_name(run, run.manifest["sensitivity"]["chosen"])
    caption = _("What it is worth to know, in what the outcome counts; chosen as it is: {policy}")
    return Table(caption.format(policy=chosen), heads, rows)


def _worth(known: Known) -> str:
    """What was never seen to be worth anything is not certainly worth nothing."""
    return interval(known) if known.high > 0 else _("none seen")


def _instead(run: Run, one: dict[Any, Any]) -> tuple[str, str]:
    """Which policy instead, and from which value up or down."""
    if one["turning"] is None or one["turning"] != one["turning"]:
        return numerals.NOTHING, numerals.NOTHING
    value = data(one["turning"], significant(one["turning"], 3))
    sentence = _("{value} up") if one["above"] else _("{value} down")
    return policy_name(run, one["instead"]), told(sentence, value=value)


def _choice(study: dict[str, Any]) -> str:
    return _(
        "Worth: how much better the policy chosen would be on average if this were known before, "
        "estimated by regression over {draws} draws of all that is uncertain, and corrected for "
        "its bias upwards; where the interval begins at zero it may be worth nothing. The choice "
        "goes by this outcome alone, not by costs."
    ).format(draws=count(study["draws"]))


# ---------------------------------------------------------------- what a little more would keep


def further(run: Any) -> Part:
    """Cells kept by further seats, admissions and postings, by area."""
    study, table = run.manifest["marginal"], run.marginal
    blocks: list[Block] = [
        drawn(
            figures.marginal(run),
            _("Cells kept by further seats, admissions and postings, by area; numbers in the "
              "tables."),
        )
    ]  # fmt: skip
    for (policy, lever), rows in table.groupby(["policy", "lever"], sort=False):
        called = policy_in_words(run, str(policy))
        title = titled(str(lever), called, int(rows["step"].iloc[0]))
        blocks.append(Table(title, _heads(), list(_areas(rows))))
    blocks.append(
        Text(
            _(
                "Differences on the same lives ({replications} replications), with 95 % intervals. "
                "Nothing is told where the intervals of all rows together do not tell it from "
                "zero. Seats of an area below that of the classes are those of a small class of "
                "its own; a further posting goes to a cell that falls below."
            ).format(replications=count(study["replications"]))
        )
    )
    return Part("further", _("What a little more would keep"), blocks)


def _heads() -> list[str]:
    return [_("area"), _("further"), _("cells kept"), _("years of cells kept")]


def _areas(rows: Any) -> Iterator[list[str]]:
    for area, of_area in rows.groupby("area", sort=False):
        found = of_area.set_index("outcome").to_dict("index")
        added = found["lost"]["further"]
        yield [
            name(short(str(area))),
            data(added, numerals.decimal(added, 1)),
            _for_a_hundred(found["lost"]),
            _for_a_hundred(found["cell_years"]),
        ]


def _for_a_hundred(one: dict[Any, Any]) -> str:
    if not one["is_said"]:
        return _("nothing can be said")
    each, low, high = (
        data(one[end], numerals.decimal(PER * one[end], 0)) for end in ("each", "low", "high")
    )
    return told(_("{value} [{low}, {high}]"), value=each, low=low, high=high)
