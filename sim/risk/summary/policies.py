"""Policies side by side: what becomes of cells, how sure that is, and what it takes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from sim.messages import _, ngettext, printable
from sim.numerals import NOTHING, date, decimal, significant
from sim.risk import intervals
from sim.risk.bands import FEWEST_DRAWS, bands
from sim.risk.intervals import Interval
from sim.risk.precision import FEWEST_FOR_MEANS, FEWEST_FOR_SHARES, precision
from sim.risk.study import ALL, Study, Tally
from sim.risk.words import (
    LONGEST_NAME,
    columns,
    counted,
    kind_in_words,
    number,
    short,
    with_interval,
)

if TYPE_CHECKING:
    import pandas as pd

CELLS = ("lost", "founded", "re_emptied")


def outcomes(study: Study, pairs: "pd.DataFrame") -> str:
    """What becomes of hamlets under each policy, and what differs from the base."""
    minimum = study.loaded.scenario.rules.minimum_official_members
    heads = [
        _("policy"),
        _("ever below {minimum}").format(minimum=minimum),
        _("lost"),
        _("combined"),
        _("lost, less or more than {base}").format(base=study.base),
        _("saved, harmed"),
        _("gain"),
    ]
    rows = [
        [
            printable(policy, LONGEST_NAME),
            counted(_at_the_end(tally, "below")),
            counted(_at_the_end(tally, "lost")),
            counted(_at_the_end(tally, "combined")) if tally.offers[0].may_combine else NOTHING,
            _difference(pairs, policy, "lost"),
            *_discordant(pairs, policy, "lost", tally.replications),
        ]
        for policy, tally in study.tallies.items()
    ]
    told = (
        _("Units by {date}, expected number [95 % interval]")
        if study.kinds
        else _("Hamlets by {date}, expected number [95 % interval]")
    )
    told = told.format(date=date(study.dates[-1]))
    lines = [told, columns(heads, rows)]
    if len(study.tallies) > 1:
        explained = (
            _(
                "saved, harmed: units that lose their cell under {base} only, under the policy "
                "only, on the same lives;\ngain: how many times more replications it would take "
                "to see the difference on lives that are not the same."
            )
            if study.kinds
            else _(
                "saved, harmed: hamlets lost under {base} only, under the policy only, on the same "
                "lives; gain: how many\ntimes more replications it would take to see the "
                "difference on lives that are not the same."
            )
        )
        lines.append(explained.format(base=study.base))
    return "\n".join(lines)


def by_kind(study: Study) -> str:
    """Units without a cell, cells lost and founded, by kind; of hamlets alone it is not told."""
    if not study.kinds:
        return ""
    heads = [
        _("policy"), _("units"), _("no own cell now"), _("no own cell then"), _("no cell then"),
        _("cells lost"), _("founded"), _("lost of these"),
    ]  # fmt: skip
    rows = [
        [
            printable(policy, LONGEST_NAME) if kind == ALL else "",
            kind_in_words(kind),
            decimal(tally.measure("without_own_cell", kind)[:, 0].mean()),
            counted(_at_the_end(tally, "without_own_cell", kind), short),
            counted(_at_the_end(tally, "without_cell", kind), short),
            *(counted(_in_all(tally, f"cells_{what}", kind), short) for what in CELLS),
        ]
        for policy, tally in study.tallies.items()
        for kind in (ALL, *study.kinds)
    ]
    told = _("By kind of unit from {start} to {end}, expected numbers [95 % interval]")
    explained = _(
        "now: at the start; then: at the end; cells lost: by units that a cell covered at the "
        "start. Who founds more has\nmore to lose. A unit in a joint cell has none of its own, but "
        "a cell covers it."
    )
    told = told.format(start=date(study.dates[0]), end=date(study.dates[-1]))
    return f"{told}\n{columns(heads, rows, left=(0, 1))}\n{explained}"


def _discordant(pairs: "pd.DataFrame", policy: str, outcome: str, replications: int) -> list[str]:
    """Hamlets saved and harmed, and what common lives gain; of the base nothing."""
    found = _all_together(pairs, policy, outcome)
    if found.empty:
        return [NOTHING, NOTHING]
    one = found.iloc[0]
    told = {way: _number_or_bound(one[way], replications) for way in ("saved", "harmed")}
    both = _("{saved}, {harmed}").format(**told)
    gain = one["variance_ratio"]
    return [both, f"×{number(gain)}" if gain == gain else NOTHING]


def two_doubts(study: Study) -> Iterator[str]:
    """How far chance and the parameters, each alone, may take the number of hamlets lost."""
    tally = study.tallies[study.base]
    chance, parameters = bands(tally.measure("lost")[:, -1], tally.draw, counted=True)
    ends = {
        "low": chance.low, "high": chance.high,
        "lowest": parameters.low, "highest": parameters.high,
    }  # fmt: skip
    if np.isfinite([*ends.values()]).all():
        told = _bands(bool(study.kinds), tally.draws >= FEWEST_DRAWS)
        numbers = {name: number(float(end)) for name, end in ends.items()}
        yield told.format(base=study.base, draws=tally.draws, **numbers)


def _bands(of_units: bool, hold_nine_in_ten: bool) -> str:
    match of_units, hold_nine_in_ten:
        case True, True:
            return _(
                "By chance alone {low} to {high} units lose their cell under {base} in nine "
                "replications of ten;\nthe uncertain parameters alone move the expected number "
                "between {lowest} and {highest} in nine draws of ten."
            )
        case True, False:
            return _(
                "By chance alone {low} to {high} units lose their cell under {base} in nine "
                "replications of ten;\nthe uncertain parameters alone move the expected number "
                "between {lowest} and {highest} over all {draws} draws."
            )
        case False, True:
            return _(
                "By chance alone {low} to {high} hamlets are lost under {base} in nine replications"
                " of ten;\nthe uncertain parameters alone move the expected number between "
                "{lowest} and {highest} in nine draws of ten."
            )
    return _(
        "By chance alone {low} to {high} hamlets are lost under {base} in nine replications"
        " of ten;\nthe uncertain parameters alone move the expected number between "
        "{lowest} and {highest} over all {draws} draws."
    )


def _number_or_bound(value: float, replications: int) -> str:
    return number(value) if value else f"< {number(intervals.bound_of_none(replications))}"


def how_precise(study: Study, wanted: float | None) -> Iterator[str]:
    """How precisely probabilities are known, and whether that was asked for."""
    tally = study.tallies[study.base]
    reached, made = precision(study), tally.replications
    points = {"full": _points(reached.full), "chance": _points(reached.chance)}
    known = (
        _("Probabilities of single units are known to ±{full} % or better.")
        if study.kinds
        else _("Probabilities of single hamlets are known to ±{full} % or better.")
    )
    yield known.format(**points)
    if tally.draws > 1:
        told = _(
            "By chance alone it is ±{chance} %, which more replications lessen; the rest only more "
            "draws of the parameters."
        )
        yield told.format(**points)
    if wanted is not None:
        yield _wanted(reached.chance <= wanted, made).format(
            wanted=_points(wanted), count=decimal(made), **points
        )
    if made < FEWEST_FOR_MEANS:
        few = _("Fewer than {count} replications: rely neither on intervals nor on probabilities.")
        yield few.format(count=decimal(FEWEST_FOR_MEANS))
    elif made < FEWEST_FOR_SHARES:
        few = (
            _("Fewer than {count} replications: probabilities of single units are rough.")
            if study.kinds
            else _("Fewer than {count} replications: probabilities of single hamlets are rough.")
        )
        yield few.format(count=decimal(FEWEST_FOR_SHARES))


def _wanted(is_reached: bool, made: int) -> str:
    if is_reached:
        return ngettext(
            "Wanted ±{wanted} %, reached by chance ±{chance} % with {count} replication.",
            "Wanted ±{wanted} %, reached by chance ±{chance} % with {count} replications.",
            made,
        )
    return ngettext(
        "Wanted ±{wanted} %, reached by chance only ±{chance} "
        "% with {count} replication, the most that is made.",
        "Wanted ±{wanted} %, reached by chance only ±{chance} "
        "% with {count} replications, the most that are made.",
        made,
    )


def _points(share: float) -> str:
    return significant(100 * share, 2)


def _at_the_end(tally: Tally, name: str, kind: str = ALL) -> Interval:
    return intervals.mean(tally.measure(name, kind)[:, -1], tally.draw, counted=True)


def _in_all(tally: Tally, name: str, kind: str) -> Interval:
    return intervals.mean(tally.measure(name, kind).sum(axis=1), tally.draw, counted=True)


def efforts(study: Study, pairs: "pd.DataFrame") -> str:
    """What each policy takes: admissions, seats, postings, cost."""
    heads = [
        _("policy"), _("admissions"), _("seats used"), _("seats offered"), _("posting-months"),
        _("cost"), _("cost per cell-year kept"),
    ]  # fmt: skip
    rows = []
    for policy, tally in study.tallies.items():
        sums = [
            tally.measure(name).sum(axis=1).mean()
            for name in ("admitted", "seats_used", "seats_offered", "posting_months", "cost")
        ]
        kept = _row(pairs, policy, "cost_per_cell_year")
        shown = [number(value) for value in sums]
        last = NOTHING if kept is None else with_interval(kept, number)
        rows.append([printable(policy, LONGEST_NAME), *shown, last])
    told = _("From {start} to {end}, expected sums; cost in the unit of the scenario's unit costs")
    told = told.format(start=date(study.dates[0]), end=date(study.dates[-1]))
    return f"{told}\n{columns(heads, rows)}"


def _row(pairs: "pd.DataFrame", policy: str, outcome: str) -> Interval | None:
    """The difference of all hamlets together, None if there is none to tell."""
    import pandas as pd

    found = _all_together(pairs, policy, outcome)
    if found.empty or pd.isna(found["difference"].iloc[0]):
        return None
    return Interval(*(found[name].iloc[0] for name in ("difference", "low", "high")))


def _all_together(pairs: "pd.DataFrame", policy: str, outcome: str) -> "pd.DataFrame":
    chosen = (pairs["policy"] == policy) & (pairs["outcome"] == outcome) & (pairs["hamlet"] == ALL)
    found = pairs[chosen]
    return found[found["kind"] == ALL] if "kind" in found else found


def _difference(pairs: "pd.DataFrame", policy: str, outcome: str) -> str:
    found = _row(pairs, policy, outcome)
    return NOTHING if found is None else with_interval(found, lambda x: number(x, sign=True))
