"""A back-test as a text that a planner can read: the ledger, then what held and what did not."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.calibrate.counterparts import QUANTITIES
from sim.calibrate.facts import Fact
from sim.calibrate.flagged import YEARS, Flagged
from sim.calibrate.ledger import FITTED, FORECAST, INPUT, LEFT_OUT, NOT_MODELLED, SCORED
from sim.messages import _, listed, ngettext, printable
from sim.numerals import NOTHING, date, decimal, significant
from sim.risk.intervals import Interval
from sim.risk.words import (
    columns,
    kind_in_words,
    number,
    percentage,
    titled,
    with_interval,
)

if TYPE_CHECKING:
    import pandas as pd

    from sim.calibrate.backtest import Backtest

LONGEST = 60
RARE = 0.005
FIXED = 0.005
"""Width of a band beside its middle under which a number does not vary."""

Row = dict[Any, Any]


class Sheet(NamedTuple):
    """A table of texts; the columns `left` stand to the left, numbers to the right."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Sequence[int]


Block = Sheet | str | tuple[str, ...]
"""A table, a text whose lines belong together, or sentences of which each stands alone."""


class Section(NamedTuple):
    """What is told of one policy, or of what needs no model."""

    title: str
    blocks: Sequence[Block]


def summary(done: "Backtest") -> str:
    """Every figure beside the model, policy by policy; what needs no model stands at the end."""
    blocks = [block for section in sections(done) for block in section.blocks]
    return "\n\n".join(["\n".join(heading(done)), *map(_in_text, blocks)])


def _in_text(block: Block) -> str:
    if isinstance(block, Sheet):
        return f"{block.caption}\n{columns(block.heads, block.rows, block.left)}"
    return block if isinstance(block, str) else "\n".join(block)


def sections(done: "Backtest", called: Callable[[str], str] = printable) -> Iterator[Section]:
    """What there is to tell, policy by policy; last what needs no model.

    called: what a policy is called, its key in a terminal.
    """
    table, facts = done.ledger, {fact.id: fact for fact in done.facts}
    for policy in done.numbers:
        ours = table[table["policy"] == policy]
        blocks: list[Block] = [*_compared(called(policy), ours, facts)]
        if verdict := tuple(_verdict(done, policy, ours, facts)):
            blocks.append(verdict)
        if policy in done.flagged:
            blocks.append(_agreement(called(policy), done.flagged[policy]))
        if blocks:
            yield Section(called(policy), blocks)
    first = table[table["policy"] == next(iter(done.numbers))]
    if rest := [*_inputs(first, facts), *_left(first, facts)]:
        yield Section(_("Figures that test nothing"), rest)


def heading(done: "Backtest") -> list[str]:
    """What was run, in sentences."""
    scenario = done.loaded.scenario
    end = scenario.start.replace(year=scenario.start.year + scenario.years)
    count = ngettext(
        "{replications} replication, seed {seed}, engine {engine}",
        "{replications} replications, seed {seed}, engine {engine}",
        done.replications,
    ).format(replications=decimal(done.replications), seed=done.seed, engine=done.engine)
    told = [_("{start} to {end}").format(start=date(scenario.start), end=date(end)), count]
    lines = [printable(titled(scenario.title), 200), "; ".join(told)]
    if scenario.uncertain:
        lines.append(_("Each replication has its own draw of the uncertain parameters."))
    return [*lines, _parameters(done)]


def _parameters(done: "Backtest") -> str:
    posterior = done.loaded.posterior
    if posterior is None:
        return _("Nothing was fitted: parameters are as assumed, and fitted figures test them too.")
    told = _("As fitted in {file}: {names}.")
    names = listed(posterior.paths)
    return told.format(file=printable(str(done.loaded.scenario.posterior), 200), names=names)


# ---------------------------------------------------------------- figures beside the model


def _compared(policy: str, rows: "pd.DataFrame", facts: dict[str, Fact]) -> Iterator[Sheet | str]:
    """Fitted figures and forecasts, with their bands and scores."""
    shown = [row for status in SCORED for row in _of(rows, status)]
    if not shown:
        return
    heads = [
        _("figure"), _("id"), _("until"), _("used"), _("published"), _("model [90 %]"),
        _("inside"), _("rank"), _("score"), _("nothing changes"), _("constant rate"),
    ]  # fmt: skip
    told = _("Published figures beside the model under {policy}").format(policy=policy)
    yield Sheet(told, heads, [_line(row, facts[row["id"]]) for row in shown], (0, 1, 2, 3))
    yield _(
        "inside: whether the band of 90 % holds the figure; rank: the share of replications "
        "below it;\nscore: how far the model is off (CRPS; 0 is perfect), and beside it two "
        "simple forecasts."
    )


def _of(rows: "pd.DataFrame", status: str) -> list[Row]:
    return rows[rows["status"] == status].to_dict("records")


def _line(row: Row, fact: Fact) -> list[str]:
    inside = NOTHING
    if _is_known(row["rank"]):
        inside = _("yes") if row["inside_90"] else _("no")
    return [
        _called(fact), row["id"], date(fact.until), _used(row["status"]), _published(fact),
        _counterpart(row, fact), inside, _share(row["rank"]), _score(row["crps"], fact),
        _score(row["unchanged_crps"], fact), _score(row["constant_rate_crps"], fact),
    ]  # fmt: skip


def _called(fact: Fact) -> str:
    """What is counted, and where if not everywhere."""
    quantity = _(QUANTITIES[fact.quantity].text)
    kinds = (kind_in_words(kind) for kind in fact.kinds)
    where = ", ".join(filter(None, (fact.place, *fact.tags, *kinds)))
    return printable(f"{quantity} ({where})" if where else quantity, LONGEST)


def _used(status: str) -> str:
    return {FITTED: _("fitted"), FORECAST: _("forecast")}[status]


def _published(fact: Fact) -> str:
    if not fact.is_share or fact.out_of is None:
        return _as_given(fact.value)
    if fact.published > 1:
        return number(fact.published)
    told = _("{value} of {all}")
    return told.format(value=_as_given(fact.value), all=_as_given(fact.out_of))


def _as_given(value: float) -> str:
    """With the decimals that are printed."""
    return decimal(value, len(f"{value:.6f}".rstrip("0").partition(".")[2]))


def _number(value: float) -> str:
    """A count, or a mean or share of counts: decimals only where they tell something."""
    return decimal(value) if _is_whole(value) else number(value)


def _is_whole(value: float) -> bool:
    return abs(value) >= 100 or value != value or math.isclose(value, round(value), abs_tol=1e-9)


def _is_known(value: float | None) -> bool:
    return value is not None and value == value


def _scale(fact: Fact) -> float:
    """A share is told as so many of what it was published out of."""
    return fact.out_of if fact.is_share and fact.out_of and fact.published <= 1 else 1.0


def _counterpart(row: Row, fact: Fact) -> str:
    ends: Any = [row[name] for name in ("median", "low_90", "high_90")]
    ends = [end * _scale(fact) if _is_known(end) else math.nan for end in ends]
    are_whole = all(map(_is_whole, ends[:1] if ends[0] >= 100 else ends))
    return with_interval(Interval(*ends), decimal if are_whole else number)


def _score(value: float | None, fact: Fact) -> str:
    if value is None or value != value:
        return NOTHING
    return significant(value * _scale(fact), 2)


def _share(value: float | None) -> str:
    return NOTHING if value is None or value != value else decimal(value, 2)


# ---------------------------------------------------------------- what held


def _verdict(
    done: "Backtest", policy: str, rows: "pd.DataFrame", facts: dict[str, Fact]
) -> Iterator[str]:
    mine = done.scores[done.scores["policy"] == policy] if len(done.scores) else done.scores
    for one in mine.to_dict("records"):
        yield _inside(one)
        yield from _nearer(one)
    for row in (row for status in SCORED for row in _of(rows, status)):
        if isinstance(row["event"], str):
            yield _event(row, facts[row["id"]])
        if _is_known(row["rank"]) and not row["inside_90"]:
            yield _miss(row, facts[row["id"]])


def _inside(one: Row) -> str:
    inside, figures = one["inside_90"], one["figures"]
    told = {
        FITTED: ngettext(
            "Of {figures} fitted figure {inside} lies inside its band of 90 %.",
            "Of {figures} fitted figures {inside} lie inside their bands of 90 %.",
            figures,
        ),
        FORECAST: ngettext(
            "Of {figures} forecast {inside} lies inside its band of 90 %.",
            "Of {figures} forecasts {inside} lie inside their bands of 90 %.",
            figures,
        ),
    }[one["status"]]
    return told.format(figures=decimal(figures), inside=decimal(inside))


def _nearer(one: Row) -> Iterator[str]:
    told = {
        "unchanged": _("Nearer than “nothing changes”: {nearer} of {compared}."),
        "constant_rate": _("Nearer than “constant rate”: {nearer} of {compared}."),
    }
    for name, text in told.items():
        compared = one[f"with_{name}"]
        if compared:
            nearer = one[f"nearer_than_{name}"]
            yield "  " + text.format(nearer=decimal(nearer), compared=decimal(compared))


def _event(row: Row, fact: Fact) -> str:
    told = {
        "none": _("{figure}: published that none is left. Probability in the model: {chance}."),
        "all": _("{figure}: published that all are. Probability in the model: {chance}."),
    }[row["event"]]
    sure = Interval(row["p_event"], row["p_event_low"], row["p_event_high"])
    line = told.format(figure=_named(fact), chance=percentage(sure))
    simple = {
        "unchanged_brier": _("{line} If nothing changes: {chance}."),
        "constant_rate_brier": _("{line} At a constant rate: {chance}."),
    }
    for name, text in simple.items():
        if _is_known(row[name]):
            line = text.format(line=line, chance=_chance(1 - math.sqrt(row[name])))
    return line


def _chance(probability: float) -> str:
    if 0 < probability < RARE:
        return _("< {high} %").format(high=decimal(100 * RARE, 1))
    return _("{value} %").format(value=decimal(100 * probability))


def _miss(row: Row, fact: Fact) -> str:
    too_high = row["median"] > fact.published
    told = (
        _("Did not hold: {figure}. Published {published}, model {model}: too high.")
        if too_high
        else _("Did not hold: {figure}. Published {published}, model {model}: too low.")
    )
    line = told.format(
        figure=_named(fact), published=_published(fact), model=_counterpart(row, fact)
    )
    if row["high_90"] - row["low_90"] > FIXED * abs(row["median"]):
        return line
    return _("{line} It hardly varies: something fixed decides it, such as a target.").format(
        line=line
    )


def _named(fact: Fact) -> str:
    return f"{_called(fact)} ({fact.id})"


# ---------------------------------------------------------------- who was at risk


def _agreement(policy: str, one: Flagged) -> str:
    told = _(
        "Units published as at risk: {count} of {all} with a cell of their own. Under {policy} a "
        "cell falls below the\nminimum within {years} years with probability {ours} among them and "
        "{others} among the others; of two, one\nof either kind, the published one has the greater "
        "risk in {concordance} of the cases. Brier score beside the\nlist: model {brier}, nothing "
        "changes {none}, all alike {alike}. No later figure tells what became of them."
    )
    return told.format(
        count=decimal(one.number),
        all=decimal(len(one.flagged)),
        policy=policy,
        years=decimal(YEARS),
        ours=_chance(one.mean_flagged),
        others=_chance(one.mean_others),
        concordance=_chance(one.concordance),
        brier=significant(one.brier, 2),
        none=significant(one.brier_of_none, 2),
        alike=significant(one.brier_of_all_alike, 2),
    )


# ---------------------------------------------------------------- what is not judged


def _inputs(rows: "pd.DataFrame", facts: dict[str, Fact]) -> Iterator[Sheet]:
    """Figures that the table was made from: they hold at the start, or the table is wrong."""
    lines = [
        [_called(fact), fact.id, _published(fact), _number(row["median"] * _scale(fact))]
        for row, fact in ((row, facts[row["id"]]) for row in _of(rows, INPUT))
    ]
    if lines:
        heads = [_("figure"), _("id"), _("published"), _("in the table")]
        told = _("Figures that the table of units was made from, so that they hold at the start")
        yield Sheet(told, heads, lines, (0, 1))


def _left(rows: "pd.DataFrame", facts: dict[str, Fact]) -> Iterator[Sheet]:
    """Figures that are not compared, and why."""
    left = [*_of(rows, LEFT_OUT), *_of(rows, NOT_MODELLED)]
    lines = [
        [
            printable(fact.figure, LONGEST), fact.id, _as_printed(fact), _counterpart(row, fact),
            printable(fact.note, 2 * LONGEST),
        ]
        for row, fact in ((row, facts[row["id"]]) for row in left)
    ]  # fmt: skip
    if lines:
        heads = [_("figure"), _("id"), _("published"), _("model [90 %]"), _("reason")]
        yield Sheet(_("Figures that are not compared"), heads, lines, (0, 1, 4))


def _as_printed(fact: Fact) -> str:
    return _published(fact) if fact.is_modelled else _as_given(fact.value)
