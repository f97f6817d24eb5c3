"""A sensitivity study as a text for a terminal."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sim.messages import _, listed, ngettext, printable
from sim.numerals import NOTHING, decimal, significant
from sim.risk.words import columns

if TYPE_CHECKING:
    import pandas as pd

    from sim.sweep.sensitivity import Sensitivity

MOST = 10
"""Parameters told."""
MATTER = 3
LONGEST_NAME = 60
NEARLY_NOTHING = 0.005
"""Hamlets, or whatever the outcome counts: less is told as nothing."""


def summary(found: "Sensitivity") -> str:
    """What matters most, what would change the choice of a policy, and what that is worth."""
    told = found.manifest["sensitivity"]
    parts = [_heading(told), _what_matters(found, told), _choice(found, told), _chance(found, told)]
    return "\n\n".join(filter(None, parts))


def _heading(told: dict[str, Any]) -> str:
    heading = _("What moves the expected outcome {outcome}, and the choice of a policy").format(
        outcome=told["outcome"]
    )
    points = told["points_in_all"]
    made = ngettext(
        "{number} point, {replications} replications of each policy at each, seed {seed}",
        "{number} points, {replications} replications of each policy at each, seed {seed}", points,
    ).format(
        number=decimal(points), replications=decimal(told["replications"]), seed=told["seed"]
    )  # fmt: skip
    return "\n".join([heading, made, over(told)])


def _name(text: str) -> str:
    return printable(text, LONGEST_NAME)


def over(told: dict[str, Any], name: Callable[[str], str] = _name) -> str:
    """Which distributions the uncertain parameters have; `name` writes names."""
    if not told.get("told_by_posterior"):
        return _("What is uncertain varies over its priors.")
    sentence = _(
        "Over the posterior {posterior} vary {names}: in the choice of a policy and the worth of "
        "knowing together, as its rows have them, else each by itself. What else is uncertain "
        "varies over its priors."
    )
    return sentence.format(
        posterior=name(told["posterior"]), names=listed(map(name, told["told_by_posterior"]))
    )


def goes_by(told: dict[str, Any]) -> str:
    """What the choice of a policy looks at."""
    sentence = _("The choice goes by {outcome} alone, not by costs.")
    return sentence.format(outcome=told["outcome"])


# ---------------------------------------------------------------- what matters


def of_base(found: "Sensitivity") -> "pd.DataFrame":
    """The rows on the outcome under the base, what moves it most first."""
    table, base = found.sensitivity, found.manifest["sensitivity"]["policies"][0]
    rows = table[(table["quantity"] == "value") & (table["policy"] == base)]
    return rows.sort_values(["mu_star", "parameter"], ascending=[False, True])


def _what_matters(found: "Sensitivity", told: dict[str, Any]) -> str:
    rows = of_base(found)
    moving = rows[rows["mu_star"] > 0]
    base = printable(told["policies"][0])
    if moving.empty:
        return _("Nothing that was varied moves it under {base}.").format(base=base)
    names = [printable(name, LONGEST_NAME) for name in moving["parameter"].head(MATTER)]
    told_ = _("Under {base} it is moved most by {names}.")
    sentence = told_.format(base=base, names=listed(names))
    heads = [_("parameter"), _("range"), _("effect over the range"), _("alone"), _("in all")]
    ranges = found.factors.set_index("parameter")
    table = columns(heads, [_row(one, ranges) for one in moving.head(MOST).to_dict("records")])
    explained = _(
        "effect: mean size of the change from one end of the range to the other (Morris); alone, "
        "in all: share of the variance (Sobol), with 95 % intervals. Ranges: the middle 95 % of a "
        "distribution; of settings half to twice as strong, or as given."
    )
    return f"{sentence}\n{table}\n{explained}"


def _row(one: dict[Any, Any], ranges: "pd.DataFrame") -> list[str]:
    low, high = ranges.loc[one["parameter"], ["low", "high"]]
    return [
        printable(one["parameter"], LONGEST_NAME),
        _("{low} to {high}").format(low=significant(low, 3), high=significant(high, 3)),
        _interval(one["mu_star"], one["mu_star_low"], one["mu_star_high"]),
        _interval(one["first"], one["first_low"], one["first_high"]),
        _interval(one["total"], one["total_low"], one["total_high"]),
    ]


def _interval(value: float, low: float, high: float) -> str:
    if value != value:
        return NOTHING
    value_, low_, high_ = (decimal(x, 2) for x in (value, low, high))
    return _("{value} [{low}, {high}]").format(value=value_, low=low_, high=high_)


# ---------------------------------------------------------------- the choice


def _choice(found: "Sensitivity", told: dict[str, Any]) -> str:
    if found.decision.empty:
        return "\n".join(_against(found))
    lines = [
        _chosen(told), goes_by(told), *_against(found), *_would_change(found),
        _everything(found, told),
    ]  # fmt: skip
    return "\n".join(lines)


def _against(found: "Sensitivity") -> Iterator[str]:
    """What moves the policy chosen away from the best there is, settings too."""
    table = found.sensitivity
    rows = table[(table["quantity"] == "regret") & (table["mu_star"] > 0)]
    rows = rows.sort_values(["mu_star", "parameter"], ascending=[False, True]).head(MATTER)
    if len(rows):
        names = listed(printable(name, LONGEST_NAME) for name in rows["parameter"])
        sentence = _("How far another is better depends most on {names}.")
        yield sentence.format(names=names)


def _chosen(told: dict[str, Any]) -> str:
    chosen, expected = told["chosen"], told["expected"]
    others = sorted((p for p in expected if p != chosen), key=lambda p: expected[p],
                    reverse=told["goal"] == "highest")  # fmt: skip
    rest = listed(f"{printable(policy)} {decimal(expected[policy], 2)}" for policy in others)
    sentence = _("Over all that is uncertain {policy} is best: {value} ({others}).")
    value = decimal(expected[chosen], 2)
    return sentence.format(policy=printable(chosen), value=value, others=rest)


def _would_change(found: "Sensitivity") -> Iterator[str]:
    table = found.decision[found.decision["parameter"] != ""]
    changing = table[(table["low"] > 0) & (table["high"] >= NEARLY_NOTHING)]
    for one in changing.to_dict("records"):
        yield would_change(one)
    rest = table[~table.index.isin(changing.index)]
    if len(rest):
        yield _("May be worth nothing to know before choosing: {names}.").format(
            names=listed(printable(name, LONGEST_NAME) for name in rest["parameter"])
        )


def would_change(one: dict[Any, Any]) -> str:
    """A row of `decision` as a sentence."""
    worth = _interval(one["worth"], one["low"], one["high"])
    name = printable(one["parameter"], LONGEST_NAME)
    if one["turning"] != one["turning"] or one["turning"] is None:
        sentence = _("Knowing {parameter} before choosing is worth {worth}.")
        return sentence.format(parameter=name, worth=worth)
    sentence = (
        _("{parameter} would change the choice: from {value} up {instead} is better. Knowing it "
          "before choosing is worth {worth}.")
        if one["above"]
        else _("{parameter} would change the choice: from {value} down {instead} is better. "
               "Knowing it before choosing is worth {worth}.")
    )  # fmt: skip
    return sentence.format(
        parameter=name, value=significant(one["turning"], 3), instead=printable(one["instead"]),
        worth=worth,
    )  # fmt: skip


def _everything(found: "Sensitivity", told: dict[str, Any]) -> str:
    if told["at_most"] == 0:
        sentence = _("At none of {points} points was another better than {policy}.")
        return sentence.format(points=decimal(told["draws"]), policy=printable(told["chosen"]))
    together = found.decision[found.decision["parameter"] == ""].iloc[0]
    worth = _interval(together["worth"], together["low"], together["high"])
    sentence = _(
        "Knowing all of them together is worth {worth}, and nothing that can be known more than "
        "{most} (in the unit of {outcome})."
    )
    most = significant(told["at_most"], 2)
    return sentence.format(worth=worth, most=most, outcome=told["outcome"])


def _chance(found: "Sensitivity", told: dict[str, Any]) -> str:
    share = of_base(found)["chance"].iloc[0]
    sentence = _(
        "With {replications} replications at a point at most {percent} % of the variance between "
        "points is chance."
    )
    replications = decimal(told["replications"])
    return sentence.format(replications=replications, percent=decimal(100 * share))
