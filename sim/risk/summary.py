"""The main results as a text that a planner can read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.messages import _, ngettext, printable
from sim.risk import intervals
from sim.risk.intervals import Interval
from sim.risk.study import Study, Tally
from sim.risk.tables import rates

if TYPE_CHECKING:
    import pandas as pd

MOST_AT_RISK = 10
NOTHING = "\N{EN DASH}"
LONGEST_NAME = 32
PER_THOUSAND = 1000.0

Rows = Sequence[Sequence[str]]


def summary(study: Study, hamlets: "pd.DataFrame", pairs: "pd.DataFrame", heading: str) -> str:
    """Policies side by side, the hamlets at greatest risk under the base, and its yearly rates."""
    parts = [
        _heading(study, heading),
        _outcomes(study, pairs),
        _efforts(study, pairs),
        _at_risk(study, hamlets),
        _yearly_rates(study),
    ]
    return "\n\n".join(parts)


def _heading(study: Study, heading: str) -> str:
    scenario = study.loaded.scenario
    number = int(study.tallies[study.base].is_hamlet.sum())
    told = [
        ngettext("{count} hamlet", "{count} hamlets", number).format(count=number),
        _("{start} to {end}").format(start=study.dates[0], end=study.dates[-1]),
        heading,
    ]
    draws = study.tallies[study.base].draws
    if draws > 1:
        told.append(_("{count} draws of the uncertain parameters").format(count=draws))
    return f"{printable(titled(scenario.title), 200)}\n{'; '.join(told)}"


def titled(title: str | Mapping[Any, str]) -> str:
    """The scenario's title in the current language."""
    if isinstance(title, str):
        return title
    own = _("en")  # translators: the code of your own language
    return title.get(own) or next(iter(title.values()))


# ---------------------------------------------------------------- policies side by side


def _outcomes(study: Study, pairs: "pd.DataFrame") -> str:
    minimum = study.loaded.scenario.rules.minimum_official_members
    heads = [
        _("policy"),
        _("ever below {minimum}").format(minimum=minimum),
        _("lost"),
        _("combined"),
        _("lost, less or more than {base}").format(base=study.base),
    ]
    rows = [
        [
            printable(policy, LONGEST_NAME),
            _counted(_at_the_end(tally, "below")),
            _counted(_at_the_end(tally, "lost")),
            _counted(_at_the_end(tally, "combined")) if tally.offers[0].may_combine else NOTHING,
            _difference(pairs, policy, "lost"),
        ]
        for policy, tally in study.tallies.items()
    ]
    told = _("Hamlets by {date}, expected number [95 % interval]").format(date=study.dates[-1])
    return "\n".join([told, columns(heads, rows), *_two_doubts(study)])


def _two_doubts(study: Study) -> Iterator[str]:
    """How far one replication may lie from the expected number, by chance and by parameters."""
    tally = study.tallies[study.base]
    chance, parameters = intervals.spread(tally.measure("lost")[:, -1], tally.draw)
    if np.isfinite(chance) and np.isfinite(parameters):
        told = _(
            "Hamlets lost under {base} deviate by {chance} by chance and by {parameters} through "
            "the uncertain parameters (standard deviations)."
        )
        yield told.format(
            base=study.base, chance=number(float(chance)), parameters=number(float(parameters))
        )


def _at_the_end(tally: Tally, name: str) -> Interval:
    return intervals.mean(tally.measure(name)[:, -1], tally.draw, counted=True)


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
        last = NOTHING if kept is None else _with_interval(kept, number)
        rows.append([printable(policy, LONGEST_NAME), *shown, last])
    told = _("From {start} to {end}, expected sums; cost in the unit of the scenario's unit costs")
    told = told.format(start=study.dates[0], end=study.dates[-1])
    return f"{told}\n{columns(heads, rows)}"


def _row(pairs: "pd.DataFrame", policy: str, outcome: str) -> Interval | None:
    """The difference of all hamlets together, None if there is none to tell."""
    import pandas as pd

    chosen = (pairs["policy"] == policy) & (pairs["outcome"] == outcome) & (pairs["hamlet"] == "")
    found = pairs[chosen]
    if found.empty or pd.isna(found["difference"].iloc[0]):
        return None
    return Interval(*(found[name].iloc[0] for name in ("difference", "low", "high")))


def _difference(pairs: "pd.DataFrame", policy: str, outcome: str) -> str:
    found = _row(pairs, policy, outcome)
    return NOTHING if found is None else _with_interval(found, lambda x: number(x, sign=True))


# ---------------------------------------------------------------- hamlets at risk


def _at_risk(study: Study, hamlets: "pd.DataFrame") -> str:
    base = hamlets[(hamlets["policy"] == study.base) & (hamlets["kind"] == "hamlet")]
    start = base[base["year"] == 0].set_index("hamlet")["strength_median"]
    end = base[base["year"] == study.years]
    worst = end.sort_values(["p_lost", "p_below", "hamlet"], ascending=[False, False, True])
    rows = [_hamlet_row(one, start) for one in worst.head(MOST_AT_RISK).to_dict("records")]
    heads = [
        _("hamlet"), _("area"), _("members"), _("P(lost)"), _("if so, in"), _("main cause"),
        _("at risk by the rule"),
    ]  # fmt: skip
    told = _("Hamlets at greatest risk of losing their cell by {date} under {base}").format(
        base=study.base, date=study.dates[-1]
    )
    return f"{told}\n{columns(heads, rows)}"


def _hamlet_row(one: dict[Any, Any], start: "pd.Series[float]") -> list[str]:
    risk = Interval(one["p_lost"], one["p_lost_low"], one["p_lost_high"])
    lost = one["p_lost"] > 0
    return [
        printable(f"{one['name']} ({one['hamlet']})", LONGEST_NAME + 8),
        printable(str(one["area"]).rpartition("/")[2], LONGEST_NAME),
        f"{start[one['hamlet']]:.0f}",
        percentage(risk),
        f"{one['expected_loss_year']:.1f}" if lost else NOTHING,
        cause_in_words(one["main_cause"]) if lost else NOTHING,
        _("yes") if one["at_risk_at_start"] else _("no"),
    ]


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
            _with_interval(found, lambda x: f"{x * PER_THOUSAND:.1f}"),
            f"{published[kind] * PER_THOUSAND:.1f}" if kind in published else NOTHING,
        ]
        for kind, found in rates(study.tallies[study.base]).items()
    ]
    heads = [_("rate"), study.base, _("published")]
    told = _("Yearly rates per 1,000 members (official, on probation, posted) under {base}")
    return f"{told.format(base=study.base)}\n{columns(heads, rows)}"


# ---------------------------------------------------------------- numbers and columns


def number(value: float, sign: bool = False) -> str:
    """A number with as many decimals as a planner needs."""
    if value != value:
        return NOTHING
    digits = 0 if abs(value) >= 1000 or value == 0 else (1 if abs(value) >= 0.95 else 2)
    plus = "+" if sign else ""
    return f"{value:{plus},.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _counted(found: Interval) -> str:
    """An expected number; none in any replication is an upper bound."""
    if found.value == 0:
        return f"< {number(float(found.high))}"
    return _with_interval(found, number)


def _with_interval(found: Interval, shown: Callable[[float], str]) -> str:
    return f"{shown(float(found.value))} [{shown(float(found.low))}, {shown(float(found.high))}]"


def percentage(found: Interval) -> str:
    """A probability in percent; never happened is an upper bound, never 0 %."""
    low, high = (_percent(100 * float(x)) for x in (found.low, found.high))
    if found.value == 0:
        return _("< {high:.1f} %").format(high=100 * float(found.high))
    if found.value == 1:
        return _("> {low:.1f} %").format(low=100 * float(found.low))
    value = _percent(100 * float(found.value))
    return _("{value} % [{low}, {high}]").format(value=value, low=low, high=high)


def _percent(value: float) -> str:
    return f"{value:.1f}" if 0 < value < 1 or 99 < value < 100 else f"{value:.0f}"


def columns(heads: Sequence[str], rows: Rows) -> str:
    """A table in plain text: the first column to the left, the others to the right."""
    table = [list(heads), *map(list, rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])
