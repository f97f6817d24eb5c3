"""The first screen: the question, the answer, the policies side by side."""

from typing import Any, NamedTuple

from sim import numerals
from sim.figures.formats import Known, told
from sim.figures.reading import (
    ALL,
    Run,
    at_the_end,
    base,
    either,
    kinds,
    last_year,
    measured,
    minimum,
    of_kind,
    policies,
)
from sim.messages import _, ngettext
from sim.report.blocks import (
    People,
    Table,
    count,
    counted,
    data,
    day,
    interval,
    number,
    policy_name,
)

FEWEST_FOR_MEANS, FEWEST_FOR_SHARES = 30, 200
"""As in `sim.risk.precision`."""


class First(NamedTuple):
    """What stands on the first screen; `warning` is empty if there is nothing to warn of."""

    question: str
    answer: list[str]
    warning: str
    policies: Table
    note: str


def first(run: Run, people: People) -> First:
    """The first screen of a run's report."""
    table = policy_table(run, people)
    return First(_question(run), list(_answer(run)), _warning(run), table, _note(run))


def _question(run: Run) -> str:
    hamlets = measured(run, "hamlets", base(run)).iloc[0]["mean"]
    return told(
        either(
            run,
            ngettext(
                "Will the {count} hamlet lose its cell by {date}, and what would keep it?",
                "Which of the {count} hamlets will lose their cell by {date}, and what would keep "
                "it?",
                round(hamlets),
            ),
            ngettext(
                "Will the {count} unit lose its cell by {date}, and what would keep it?",
                "Which of the {count} units will lose their cell by {date}, and what would keep "
                "it?",
                round(hamlets),
            ),
        ),
        count=data(hamlets, numerals.decimal(hamlets)),
        date=_horizon(run),
    )


def _horizon(run: Run) -> str:
    return day(measured(run, "lost", base(run)).iloc[-1]["date"])


def _answer(run: Run) -> list[str]:
    """Three sentences: what will be lost, what keeps most, and who cannot stand alone."""
    best = _best(run)
    return [_what_is_lost(run), _what_keeps_most(run, best), _who_cannot_stand_alone(run, best)]


def _best(run: Run) -> str:
    """The policy that leaves the fewest units without a cell; the base if none is better.

    Not the one that loses the fewest: who founds more cells has more to lose.
    """
    return str(at_the_end(run, "without_cell")["mean"].idxmin())


def _known(one: Any, value: str = "mean", prefix: str = "") -> Known:
    return Known(one[value], one[f"{prefix}low"], one[f"{prefix}high"])


def _what_is_lost(run: Run) -> str:
    if kinds(run):
        return _what_is_lost_of_units(run)
    lost, without = (_known(at_the_end(run, m).loc[base(run)]) for m in ("lost", "without_cell"))
    return told(
        _(
            "Under {base}, {lost} hamlets are expected to lose their cell by {date}, and {without} "
            "to be without one then."
        ),
        base=policy_name(run, base(run)),
        lost=counted(lost),
        date=_horizon(run),
        without=counted(without),
    )


def _what_is_lost_of_units(run: Run) -> str:
    """Beside it how many have no cell of their own, now and then: published figures say that."""
    own = measured(run, "without_own_cell", base(run))
    start = own.iloc[0]
    lost, without = (_known(at_the_end(run, m).loc[base(run)]) for m in ("lost", "without_cell"))
    return told(
        _(
            "On {start} {now} of {count} units have no cell of their own. Under {base}, {lost} "
            "units are expected to lose theirs by {date}; then {own} have none of their own, and "
            "{without} of them no joint cell either."
        ),
        start=day(start["date"]),
        now=number(start["mean"]),
        count=number(measured(run, "hamlets", base(run)).iloc[0]["mean"]),
        base=policy_name(run, base(run)),
        lost=counted(lost),
        date=_horizon(run),
        own=counted(_known(own.iloc[-1])),
        without=counted(without),
    )


def _what_keeps_most(run: Run, best: str) -> str:
    if len(policies(run)) == 1:
        return _("No other policy was simulated: what would keep them this run does not tell.")
    if best == base(run):
        return told(
            either(
                run,
                _("No other policy is expected to leave fewer hamlets without a cell than {base}."),
                _("No other policy is expected to leave fewer units without a cell than {base}."),
            ),
            base=policy_name(run, best),
        )
    pair = _pair(run, best, "without_cell")
    sentence = (
        _(
            "The fewest are without a cell then under {policy}: {without}, {difference} against "
            "{base} on the same lives."
        )
        if pair.high < 0
        else _(
            "The fewest are without a cell then under {policy}: {without}, but the difference to "
            "{base} may be none: {difference} on the same lives."
        )
    )
    without = at_the_end(run, "without_cell")
    parts = {
        "policy": policy_name(run, best),
        "base": policy_name(run, base(run)),
        "without": counted(_known(without.loc[best])),
        "difference": interval(pair, sign=True),
    }
    near = _not_told_apart(without, best, base(run))
    if not near:
        return told(sentence, **parts)
    more = told(
        _("Not to be told from it here: {policies}."),
        policies=", ".join(policy_name(run, p) for p in near),
    )
    return told(_("{sentence} {more}"), sentence=told(sentence, **parts), more=more)


def _not_told_apart(table: Any, best: str, base: str) -> list[str]:
    """Policies whose expected number lies in the interval of the best."""
    close = table[table["mean"] <= table.loc[best, "high"]]
    return [str(p) for p in close["policy"] if p not in (best, base)]


def _who_cannot_stand_alone(run: Run, best: str) -> str:
    few = at_the_end(run, "few_local")
    parts = {
        "minimum": count(minimum(run)),
        "base": policy_name(run, base(run)),
        "few": counted(_known(few.loc[base(run)])),
    }
    if best == base(run):
        sentence = either(
            run,
            _("By then {few} hamlets have fewer than {minimum} officials of their own."),
            _("By then {few} units have fewer than {minimum} officials of their own."),
        )
        return told(sentence, **parts)
    return told(
        either(
            run,
            _(
                "By then {few} hamlets have fewer than {minimum} officials of their own under "
                "{base}, and {other} under {policy}: cells kept are not yet cells that stand alone."
            ),
            _(
                "By then {few} units have fewer than {minimum} officials of their own under "
                "{base}, and {other} under {policy}: cells kept are not yet cells that stand alone."
            ),
        ),
        **parts,
        policy=policy_name(run, best),
        other=counted(_known(few.loc[best])),
    )


def _warning(run: Run) -> str:
    made = int(run.manifest["replications"])
    if made >= FEWEST_FOR_SHARES:
        return ""
    fewest = FEWEST_FOR_MEANS if made < FEWEST_FOR_MEANS else FEWEST_FOR_SHARES
    few = (
        _("Fewer than {fewest} replications: rely neither on intervals nor on probabilities.")
        if made < FEWEST_FOR_MEANS
        else either(
            run,
            _("Fewer than {fewest} replications: probabilities of single hamlets are rough."),
            _("Fewer than {fewest} replications: probabilities of single units are rough."),
        )
    )
    return few.format(fewest=count(fewest))


def _pair(run: Run, policy: str, outcome: str) -> Known:
    table = of_kind(run.pairs)
    rows = table[
        (table["policy"] == policy) & (table["outcome"] == outcome) & (table["hamlet"] == ALL)
    ]
    return Known(*rows[["difference", "low", "high"]].iloc[0])


def policy_table(run: Run, people: People) -> Table:
    """Every policy with what it keeps, what it leaves weak, and what it costs."""
    states = {m: at_the_end(run, m) for m in ("lost", "without_cell", "few_local")}
    sums = {m: at_the_end(run, m)["so_far"].to_dict() for m in ("admitted", "cost")}
    rows = [
        [
            policy_name(run, policy),
            counted(_known(states["lost"].loc[policy])),
            numerals.NOTHING if policy == base(run) else _against(run, policy),
            counted(_known(states["without_cell"].loc[policy])),
            counted(_known(states["few_local"].loc[policy])),
            people.number(sums["admitted"][policy]),
            number(sums["cost"][policy]),
            numerals.NOTHING
            if policy == base(run)
            else interval(_pair(run, policy, "cost_per_cell_year")),
        ]
        for policy in policies(run)
    ]
    heads = [
        _("policy"),
        either(run, _("hamlets lost"), _("units that lose their cell")),
        _("lost, against {base}").format(base=policy_name(run, base(run))),
        _("without a cell then"),
        _("fewer than {minimum} officials of their own").format(minimum=count(minimum(run))),
        _("admissions"),
        _("cost"),
        _("cost per cell-year kept"),
    ]
    caption = told(
        _(
            "Policies until {date}: expected numbers with 95 % intervals; the difference is on the "
            "same lives; cost in the unit of the scenario"
        ),
        date=_horizon(run),
    )
    return Table(caption, heads, rows)


def _against(run: Run, policy: str) -> str:
    return interval(_pair(run, policy, "lost"), sign=True)


def _note(run: Run) -> str:
    return either(
        run,
        _(
            "Lost: hamlets that lose a cell they had or were given, once or more; who founds more "
            "has more to lose. Without a cell: hamlets without an own or a joint cell on that day."
        ),
        _(
            "Lost: units that lose a cell they had or were given, once or more; who founds more "
            "has more to lose, as the next table shows. Without a cell: units without an own or a "
            "joint cell on that day."
        ),
    )


def years_of(run: Run) -> list[int]:
    """Numbers of the anniversaries that a table shows: the start, half-way and the horizon."""
    last = last_year(run)
    return sorted({0, last // 2, last})
