"""The main results as a text that a planner can read."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.messages import SOURCE, _, language, listed, ngettext, printable
from sim.numerals import NEARLY_ALL, NOTHING, date, decimal, significant, year
from sim.risk import intervals
from sim.risk.bands import FEWEST_DRAWS, bands
from sim.risk.flips import WAYS
from sim.risk.intervals import Interval
from sim.risk.precision import FEWEST_FOR_MEANS, FEWEST_FOR_SHARES, precision
from sim.risk.ranks import WORST as MOST_AT_RISK
from sim.risk.study import ALL, Study, Tally
from sim.risk.tables import yearly_rates

if TYPE_CHECKING:
    import pandas as pd

SUREST = 0.01
LONGEST_NAME = 32
CELLS = ("lost", "founded", "re_emptied")
PER_THOUSAND = 1000.0

Rows = Sequence[Sequence[str]]


class Tables(NamedTuple):
    """The tables that a summary is made from."""

    hamlets: "pd.DataFrame"
    pairs: "pd.DataFrame"
    flips: "pd.DataFrame"
    rule: "pd.DataFrame"


def summary(study: Study, tables: Tables, heading: str, wanted: float | None = None) -> str:
    """Policies side by side, the hamlets at greatest risk under the base, and its yearly rates.

    wanted: the half-width of intervals that was asked for, if one was.
    """
    parts = [
        _heading(study, heading),
        _outcomes(study, tables.pairs),
        _by_kind(study),
        "\n".join([*_two_doubts(study), *_precision(study, wanted)]),
        _efforts(study, tables.pairs),
        *(_at_risk(study, tables.hamlets, kind) for kind in _kinds_at_risk(study)),
        _rule(study, tables.rule),
        _flips(study, tables.flips),
        _yearly_rates(study),
    ]
    return "\n\n".join(filter(None, parts))


def _heading(study: Study, heading: str) -> str:
    scenario = study.loaded.scenario
    told = [
        _units(study),
        _("{start} to {end}").format(start=date(study.dates[0]), end=date(study.dates[-1])),
        heading,
    ]
    draws = study.tallies[study.base].draws
    if draws > 1:
        told.append(
            ngettext(
                "{count} draw of the uncertain parameters",
                "{count} draws of the uncertain parameters",
                draws,
            ).format(count=decimal(draws))
        )
    return f"{printable(titled(scenario.title), 200)}\n{'; '.join(told)}"


def _units(study: Study) -> str:
    """How many units there are, of each kind if they are not all hamlets."""
    tally = study.tallies[study.base]
    numbers = np.bincount(tally.kind)
    of_each = [kind_counted(k, int(n)) for k, n in zip(tally.kind_names, numbers, strict=True)]
    if not study.kinds:
        return of_each[0]
    told = ngettext("{count} unit ({kinds})", "{count} units ({kinds})", int(numbers.sum()))
    return told.format(count=decimal(numbers.sum()), kinds=listed(of_each))


def kind_counted(kind: str, number: int) -> str:
    """A number of units of a kind."""
    told = {
        "hamlet": ngettext("{count} hamlet", "{count} hamlets", number),
        "school": ngettext("{count} school", "{count} schools", number),
        "health_station": ngettext("{count} health station", "{count} health stations", number),
        "agency": ngettext("{count} agency", "{count} agencies", number),
    }
    return told[kind].format(count=decimal(number))


def kind_in_words(kind: str) -> str:
    """Units of a kind, or of all kinds."""
    words = {
        ALL: _("all units"),
        "hamlet": _("hamlets"),
        "school": _("schools"),
        "health_station": _("health stations"),
        "agency": _("agencies"),
    }
    return words[kind]


def titled(title: str | Mapping[Any, str]) -> str:
    """The scenario's title in the current language."""
    if isinstance(title, str):
        return title
    return title.get(language()) or title.get(SOURCE) or next(iter(title.values()))


# ---------------------------------------------------------------- policies side by side


def _outcomes(study: Study, pairs: "pd.DataFrame") -> str:
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
            _counted(_at_the_end(tally, "below")),
            _counted(_at_the_end(tally, "lost")),
            _counted(_at_the_end(tally, "combined")) if tally.offers[0].may_combine else NOTHING,
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


def _by_kind(study: Study) -> str:
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
            _counted(_at_the_end(tally, "without_own_cell", kind), _short),
            _counted(_at_the_end(tally, "without_cell", kind), _short),
            *(_counted(_in_all(tally, f"cells_{what}", kind), _short) for what in CELLS),
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


def _two_doubts(study: Study) -> Iterator[str]:
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


def _precision(study: Study, wanted: float | None) -> Iterator[str]:
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


def _efforts(study: Study, pairs: "pd.DataFrame") -> str:
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


# ---------------------------------------------------------------- hamlets at risk


def _kinds_at_risk(study: Study) -> Sequence[str]:
    """Kinds of unit of which a cell was lost in some replication; all kinds if none was."""
    lost = study.tallies[study.base].measure
    every = study.kinds or ("hamlet",)
    return [kind for kind in study.kinds if lost("lost", kind).any()] or every


def _at_risk(study: Study, hamlets: "pd.DataFrame", kind: str) -> str:
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
    if kind == _kinds_at_risk(study)[-1]:
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


# ---------------------------------------------------------------- the at-risk rule


def _rule(study: Study, rule: "pd.DataFrame") -> str:
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


# ---------------------------------------------------------------- fates that flip


def _flips(study: Study, flips: "pd.DataFrame") -> str:
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


# ---------------------------------------------------------------- causes


def cause_in_words(cause: str) -> str:
    """A cause of the log in a planner's words."""
    words = {
        "dead": _("death"),
        "left": _("left for work"),
        "moved": _("moved away"),
        "expelled": _("expelled"),
        "struck_off": _("struck off"),
        "asked_to_leave": _("asked to leave"),
        "posting_ended": _("posting ended"),
        "exempted": _("exempted"),
        "sent": _("sent to another cell"),
        "at_start": _("below at the start"),
        "combined": _("joint cell dissolved"),
        "founded": _("members separated"),
        "split": _("split"),
        "merged": _("merger"),
        "resettled": _("resettlement"),
        "lost": _("lost with its host"),
    }
    return words.get(cause, cause.replace("_", " "))


# ---------------------------------------------------------------- rates


def _yearly_rates(study: Study) -> str:
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


# ---------------------------------------------------------------- numbers and columns


def number(value: float, sign: bool = False) -> str:
    """A number with as many decimals as a planner needs."""
    digits = 0 if abs(value) >= 1000 or value == 0 else (1 if abs(value) >= 0.95 else 2)
    return decimal(value, digits, sign)


def _short(value: float) -> str:
    """A number for a table of many columns: hundreds are whole."""
    return decimal(value) if abs(value) >= 100 else number(value)


def _counted(found: Interval, shown: Callable[[float], str] = number) -> str:
    """An expected number; none in any replication is an upper bound."""
    if found.value == 0:
        return f"< {shown(float(found.high))}"
    return with_interval(found, shown)


def with_interval(found: Interval, shown: Callable[[float], str]) -> str:
    """A value and the ends of its interval; a dash for what is not known."""
    if found.value != found.value:
        return NOTHING
    # Translators: where decimals have a comma, the ends of an interval need a semicolon.
    told = _("{value} [{low}, {high}]")
    ends = {name: shown(float(end)) for name, end in found._asdict().items()}
    return told.format(**ends)


def percentage(found: Interval) -> str:
    """A probability in percent; never happened is an upper bound, never 0 %."""
    low, high = (_percent(100 * float(x)) for x in (found.low, found.high))
    if found.value == 0:
        return _("< {high} %").format(high=decimal(100 * float(found.high), 1))
    if found.value == 1:
        return _("> {low} %").format(low=decimal(min(100 * float(found.low), NEARLY_ALL), 1))
    value = _percent(100 * float(found.value))
    return _("{value} % [{low}, {high}]").format(value=value, low=low, high=high)


def _percent(value: float) -> str:
    if 99 < value < 100:
        return decimal(min(value, NEARLY_ALL), 1)
    return decimal(value, 1 if 0 < value < 1 else 0)


def columns(heads: Sequence[str], rows: Rows, left: Container[int] = (0,)) -> str:
    """A table in plain text: the columns `left` to the left, the others to the right.

    Widths are those on a terminal, where an accent of its own takes no room and some letters two.
    """
    from rich.cells import cell_len

    table = [list(heads), *map(list, rows)]
    widths = [max(cell_len(row[i]) for row in table) for i in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        gaps = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = [
            cell + gap if i in left else gap + cell
            for i, (cell, gap) in enumerate(zip(row, gaps, strict=True))
        ]
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(table[0]), rule, *map(line, table[1:])])
