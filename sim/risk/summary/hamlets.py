"""Hamlets at risk, how well the rule tells them, whose fate flips, and the yearly rates."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sim.messages import _, ngettext, printable
from sim.numerals import NOTHING, date, decimal, year
from sim.risk import intervals
from sim.risk.flips import WAYS
from sim.risk.intervals import Interval
from sim.risk.ranks import WORST as MOST_AT_RISK
from sim.risk.study import ALL, Study
from sim.risk.tables import yearly_rates
from sim.risk.words import (
    LONGEST_NAME,
    cause_in_words,
    columns,
    kind_in_words,
    number,
    percentage,
    with_interval,
)

if TYPE_CHECKING:
    import pandas as pd

SUREST = 0.01
PER_THOUSAND = 1000.0


def kinds_at_risk(study: Study) -> Sequence[str]:
    """Kinds of unit of which a cell was lost in some replication; all kinds if none was."""
    lost = study.tallies[study.base].measure
    every = study.kinds or ("hamlet",)
    return [kind for kind in study.kinds if lost("lost", kind).any()] or every


def at_risk(study: Study, hamlets: "pd.DataFrame", kind: str) -> str:
    """Those of a kind that lose their cell most often under the base."""
    base = hamlets[(hamlets["policy"] == study.base) & (hamlets["kind"] == kind)]
    start = base[base["year"] == 0].set_index("hamlet")["strength_median"]
    end = base[base["year"] == study.years]
    worst = end.sort_values(["p_lost", "p_below", "hamlet"], ascending=[False, False, True])
    rows = [_hamlet_row(one, start) for one in worst.head(MOST_AT_RISK).to_dict("records")]
    heads = [
        _("unit") if study.kinds else _("hamlet"), _("area"), _("members"), _("P(lost)"),
        _("among these"), _("if so, in"), _("main cause"), _("by the rule"),
    ]  # fmt: skip
    told = (
        _("At greatest risk of losing their cell by {date} under {base}: {kind}")
        if study.kinds
        else _("Hamlets at greatest risk of losing their cell by {date} under {base}")
    ).format(base=study.base, date=date(study.dates[-1]), kind=kind_in_words(kind))
    lines = [told, columns(heads, rows)]
    if kind == kinds_at_risk(study)[-1]:
        lines += _what_intervals_cover(study)
    return "\n".join(lines)


def _what_intervals_cover(study: Study) -> Iterator[str]:
    units = len(study.loaded.baseline.units)
    if units > MOST_AT_RISK:
        told = (
            _(
                "among these: how sure it is that the unit is one of the {count} of its kind at "
                "greatest risk;\nby the rule: whether the at-risk rule flags it."
            )
            if study.kinds
            else _(
                "among these: how sure it is that the hamlet is one of the {count} at greatest "
                "risk; by the rule: whether the at-risk rule flags it."
            )
        )
        yield told.format(count=decimal(MOST_AT_RISK))
    outside = round((1 - intervals.LEVEL) * units)
    if outside and study.kinds:
        yield ngettext(
            "Each interval holds for one unit in 95 %: of {units} units about {count} may lie\n"
            "outside. The columns _low_all, _high_all hold for all of them at once.",
            "Each interval holds for one unit in 95 %: of {units} units about {count} may lie\n"
            "outside. The columns _low_all, _high_all hold for all of them at once.",
            outside,
        ).format(units=decimal(units), count=decimal(outside))
    elif outside:
        yield ngettext(
            "Each interval holds for one hamlet in 95 %: of {hamlets} hamlets about {count} may lie"
            "\noutside. The columns _low_all, _high_all hold for all of them at once.",
            "Each interval holds for one hamlet in 95 %: of {hamlets} hamlets about {count} may lie"
            "\noutside. The columns _low_all, _high_all hold for all of them at once.",
            outside,
        ).format(hamlets=decimal(units), count=decimal(outside))


def _hamlet_row(one: dict[Any, Any], start: "pd.Series[float]") -> list[str]:
    risk = Interval(one["p_lost"], one["p_lost_low"], one["p_lost_high"])
    lost = one["p_lost"] > 0
    return [
        printable(f"{one['name']} ({one['hamlet']})", LONGEST_NAME + 8),
        printable(str(one["area"]).rpartition("/")[2], LONGEST_NAME),
        decimal(start[one["hamlet"]]),
        percentage(risk),
        _sureness(one["p_among_worst"]),
        year(one["expected_loss_year"], 1) if lost else NOTHING,
        cause_in_words(one["main_cause"]) if lost else NOTHING,
        _("yes") if one["at_risk_at_start"] else _("no"),
    ]


def _sureness(probability: float) -> str:
    """A probability from RANKINGS drawings in percent, never quite 0 or 100."""
    if probability >= 1 - SUREST:
        return _("> {low} %").format(low=decimal(100 * (1 - SUREST)))
    if probability <= SUREST:
        return _("< {high} %").format(high=decimal(100 * SUREST))
    return _("{value} %").format(value=decimal(100 * probability))


def at_risk_rule(study: Study, rule: "pd.DataFrame") -> str:
    """How well the observable rule tells who will lose a cell, under the base."""
    mine = rule[(rule["policy"] == study.base) & (rule["outcome"] == "lost")]
    mine = mine[mine["kind"] == ALL] if "kind" in mine else mine
    start = mine[mine["year"] == 0]
    soon = _measures(start[start["within"] == start["within"].min()])
    always = _measures(mine[mine["year"].isna()])
    told = (
        _(
            "The at-risk rule under {base}. At the start it flags {flagged} units; lost within "
            "{years} years:\n{value} of them, {of_all} of all. It flags {found} of those lost and "
            "leaves out {quiet} of the others.\nLooked at every year it flags {ever} of those lost "
            "by {date}, {lead} years before."
        )
        if study.kinds
        else _(
            "The at-risk rule under {base}. At the start it flags {flagged} hamlets; lost within "
            "{years} years:\n{value} of them, {of_all} of all. It flags {found} of those lost and "
            "leaves out {quiet} of the others.\nLooked at every year it flags {ever} of those lost "
            "by {date}, {lead} years before."
        )
    )
    return told.format(
        base=study.base,
        years=decimal(start["within"].min()),
        date=date(study.dates[-1]),
        flagged=number(float(soon["flagged"].value)),
        value=_known_percentage(soon["predictive_value"]),
        of_all=_known_percentage(soon["of_all"]),
        found=_known_percentage(soon["sensitivity"]),
        quiet=_known_percentage(soon["specificity"]),
        ever=_known_percentage(always["sensitivity"]),
        lead=with_interval(always["lead_years"], number),
    )


def _measures(rows: "pd.DataFrame") -> dict[str, Interval]:
    ends = zip(rows["value"], rows["low"], rows["high"], strict=True)
    return dict(zip(rows["measure"], (Interval(*end) for end in ends), strict=True))


def _known_percentage(found: Interval) -> str:
    return percentage(found) if found.value == found.value else NOTHING


def fates(study: Study, flips: "pd.DataFrame") -> str:
    """For each policy the hamlets that it saves and harms most often."""
    if len(study.tallies) == 1:
        return ""
    lost = flips[flips["outcome"] == "lost"]
    rows = [
        [
            printable(policy, LONGEST_NAME),
            *(_most(lost[lost["policy"] == policy], way) for way in WAYS[1:]),
        ]
        for policy in study.tallies
        if policy != study.base
    ]
    told = (
        _("Units whose fate differs from {base} most often, in percent of the same lives")
        if study.kinds
        else _("Hamlets whose fate differs from {base} most often, in percent of the same lives")
    )
    heads = [_("policy"), _("kept by it"), _("lost by it")]
    return f"{told.format(base=study.base)}\n{columns(heads, rows)}"


def _most(flips: "pd.DataFrame", way: str) -> str:
    """The hamlet with the greatest share, and its interval."""
    if not (flips[way] > 0).any():
        return NOTHING
    one = flips.nlargest(1, way).iloc[0]
    share = Interval(one[way], one[f"{way}_low"], one[f"{way}_high"])
    return f"{printable(str(one['hamlet']), LONGEST_NAME)}: {percentage(share)}"


def rates(study: Study) -> str:
    """Yearly rates under the base beside the published ones."""
    published = study.loaded.scenario.published
    names = {
        "death": _("death"),
        "leaving": _("leaving for work"),
        "removal": _("removal"),
        "admission": _("admission"),
    }
    rows = [
        [
            names[kind],
            with_interval(found, lambda x: decimal(x * PER_THOUSAND, 1)),
            decimal(published[kind] * PER_THOUSAND, 1) if kind in published else NOTHING,
        ]
        for kind, found in yearly_rates(study.tallies[study.base]).items()
    ]
    heads = [_("rate"), study.base, _("published")]
    told = _("Yearly rates per {count} members (official, on probation, posted) under {base}")
    return f"{told.format(base=study.base, count=decimal(PER_THOUSAND))}\n{columns(heads, rows)}"
