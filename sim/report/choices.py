"""Parts on policies: against the base, whose fate they change, what leaves hamlets weak."""

from functools import partial
from typing import Any

from sim import figures, numerals
from sim.figures import formats
from sim.figures.formats import Known, told
from sim.figures.reading import (
    ALL,
    Run,
    at_the_end,
    base,
    either,
    kinds,
    measured,
    of_kind,
    policies,
)
from sim.figures.words import cause_in_words, kind_in_words, progress_in_words
from sim.messages import _
from sim.report.blocks import (
    Block,
    Part,
    People,
    Picture,
    Table,
    Text,
    chance,
    counted,
    day,
    drawn,
    interval,
    name,
    number,
    policy_name,
)

MOST_FLIPS = 5
"""Hamlets told of each policy."""


def by_kind(run: Run) -> Part:
    """Units without a cell, and cells lost and founded, of each kind of unit."""
    first = measured(run, "hamlets", base(run))
    rows = [
        [
            policy_name(run, policy),
            kind_in_words(kind),
            number(measured(run, "hamlets", policy, kind).iloc[0]["mean"]),
            number(measured(run, "without_own_cell", policy, kind).iloc[0]["mean"]),
            *(_then(run, m, policy, kind) for m in ("without_own_cell", "without_cell")),
            *(_so_far(run, f"cells_{m}", policy, kind) for m in ("lost", "founded", "re_emptied")),
        ]
        for policy in policies(run)
        for kind in (ALL, *kinds(run))
    ]
    heads = [
        _("policy"), _("units"), _("number"), _("no own cell at the start"),
        _("no own cell at the end"), _("no cell at all then"), _("cells lost"), _("founded"),
        _("lost of those founded"),
    ]  # fmt: skip
    caption = told(
        _("Expected numbers from {start} to {end}, with 95 % intervals"),
        start=day(first["date"].iloc[0]),
        end=day(first["date"].iloc[-1]),
    )
    explained = _(
        "Who founds more cells has more to lose, so that two losses are told apart: by units that "
        "a cell covered at the start, and of cells founded since. A unit in a joint cell has none "
        "of its own, but a cell covers it."
    )
    return Part("kinds", _("By kind of unit"), [Table(caption, heads, rows), Text(explained)])


def _then(run: Run, measure: str, policy: str, kind: str) -> str:
    one = at_the_end(run, measure, kind).loc[policy]
    return counted(Known(*one[["mean", "low", "high"]]))


def _so_far(run: Run, measure: str, policy: str, kind: str) -> str:
    one = at_the_end(run, measure, kind).loc[policy]
    return counted(Known(*one[["so_far", "so_far_low", "so_far_high"]]))


def over_years(run: Run) -> Picture:
    """What was lost, year by year, with what is chance and what is not known."""
    return drawn(
        partial(figures.lost_over_years, run),
        either(
            run,
            _("Hamlets that have lost their cell, over the years under the base, with bands for "
              "chance and for the uncertain parameters."),
            _("Units that have lost their cell, over the years under the base, with bands for "
              "chance and for the uncertain parameters."),
        ),
    )  # fmt: skip


def stand_alone(run: Run) -> Part:
    """Cells lost beside hamlets with too few officials of their own."""
    picture = drawn(
        partial(figures.lost_beside_few_local, run),
        either(
            run,
            _("Hamlets lost and hamlets with too few officials of their own, by policy; the "
              "numbers are in the first table of this report."),
            _("Cells lost and units with too few officials of their own, by policy; the numbers "
              "are in the first table of this report."),
        ),
    )  # fmt: skip
    explained = either(
        run,
        _("Posting people in keeps cells, but leaves the hamlets' own strength as it is: that is "
          "the second number."),
        _("Posting people in keeps cells, but leaves the units' own strength as it is: that is "
          "the second number."),
    )  # fmt: skip
    blocks: list[Block] = [over_years(run), Text(explained), picture]
    title = either(
        run,
        _("Cells lost, and hamlets that cannot stand alone"),
        _("Cells lost, and units that cannot stand alone"),
    )
    return Part("alone", title, blocks)


def against_base(run: Run, people: People) -> Part:
    """Each policy against the base on the same lives."""
    admitted = at_the_end(run, "admitted")["so_far"]
    outcomes = ("lost", "without_cell", "cell_years", "admitted", "posting_months", "cost")
    rows = [
        [
            policy_name(run, policy),
            *(
                people.hidden()
                if outcome == "admitted" and people.hides(min(admitted[[base(run), policy]]))
                else _difference(run, policy, outcome)
                for outcome in outcomes
            ),
            interval(_pair(run, policy, "cost_per_cell_year")),
        ]
        for policy in policies(run)[1:]
    ]
    if not rows:
        return Part(
            "policies", _("Policies against the base"), [Text(_("Only one policy was simulated."))]
        )
    heads = [
        _("policy"), either(run, _("hamlets lost"), _("units that lose their cell")),
        _("without a cell at the horizon"),
        _("cell-years kept"), _("admissions"), _("posting-months"), _("cost"),
        _("cost per cell-year kept"),
    ]  # fmt: skip
    caption = told(
        _("Difference from {base} on the same lives, with 95 % intervals"),
        base=policy_name(run, base(run)),
    )
    explained = either(
        run,
        _("Cell-years: hamlets with a cell of their own at the end of each year, summed. Their "
          "cost is told only where certainly more are kept. Nothing is discounted; put your own "
          "unit costs into the scenario before you read any cost."),
        _("Cell-years: units with a cell of their own at the end of each year, summed. Their "
          "cost is told only where certainly more are kept. Nothing is discounted; put your own "
          "unit costs into the scenario before you read any cost."),
    )  # fmt: skip
    picture = drawn(
        partial(figures.differences, run),
        either(
            run,
            _("Hamlets lost fewer or more than under the base, with intervals; numbers in the "
              "table."),
            _("Units that lose their cell, fewer or more than under the base, with intervals; "
              "numbers in the table."),
        ),
    )  # fmt: skip
    blocks: list[Block] = [picture, Table(caption, heads, rows), Text(explained)]
    return Part("policies", _("Policies against the base"), blocks)


def _pair(run: Run, policy: str, outcome: str) -> Known:
    table = of_kind(run.pairs)
    rows = table[
        (table["policy"] == policy) & (table["outcome"] == outcome) & (table["hamlet"] == ALL)
    ]
    return Known(*rows[["difference", "low", "high"]].iloc[0])


def _difference(run: Run, policy: str, outcome: str) -> str:
    return interval(_pair(run, policy, outcome), sign=True)


def flips(run: Run) -> Part:
    """Hamlets whose fate a policy changes most often."""
    table = run.flips
    lost = table[table["outcome"] == "lost"]
    rows = [
        [
            name(one["name"]),
            policy_name(run, policy),
            *(
                chance(Known(one[w], one[f"{w}_low"], one[f"{w}_high"]))
                for w in ("saved", "harmed")
            ),
        ]
        for policy in policies(run)[1:]
        for one in lost[lost["policy"] == policy].head(MOST_FLIPS).to_dict("records")
    ]
    caption = told(
        either(
            run,
            _("Hamlets whose fate differs most often from that under {base}, on the same lives"),
            _("Units whose fate differs most often from that under {base}, on the same lives"),
        ),
        base=policy_name(run, base(run)),
    )
    heads = [
        either(run, _("hamlet"), _("unit")), _("policy"), _("kept by the policy only"),
        _("lost by the policy only"),
    ]  # fmt: skip
    blocks: list[Block] = [Table(caption, heads, rows)]
    if not rows:
        none = either(
            run,
            _("No policy changed the fate of a hamlet in any replication."),
            _("No policy changed the fate of a unit in any replication."),
        )
        blocks = [Text(none)]
    return Part("flips", _("Whose fate a policy changes"), blocks)


def causes(run: Run) -> Part:
    """Why cells were lost, and how far candidates had come."""
    shown = _("What made cells fall below that were then lost; numbers in the table.")
    picture = drawn(partial(figures.causes, run), shown)
    by_cause = _losses(
        run, "cause", cause_in_words, _("what made the cell fall below"),
        _("Losses until the horizon under {base}, by what made the cell fall below"),
    )  # fmt: skip
    progress = _losses(
        run, "progress", progress_in_words, _("how far its candidates had come"),
        either(
            run,
            _("Losses until the horizon under {base}, by how far the hamlet's candidates had come"),
            _("Losses until the horizon under {base}, by how far the unit's candidates had come"),
        ),
    )  # fmt: skip
    return Part("causes", _("Why cells are lost"), [picture, by_cause, progress])


def _losses(run: Run, by: str, words: Any, head: str, caption: str) -> Table:
    table = run.losses
    mine = table[(table["policy"] == base(run)) & (table["ending"] == "lost") & (table["by"] == by)]
    of_each = {
        kind: of_kind(mine, kind).set_index("what").to_dict("index") for kind in (ALL, *kinds(run))
    }
    rows = [
        [
            words(what),
            _expected(one),
            chance(Known(one["share"], one["share_low"], one["share_high"])),
            *(_expected(of_each[kind].get(what)) for kind in kinds(run)),
        ]
        for what, one in of_each[ALL].items()
    ]
    heads = [head, _("expected losses"), _("share"), *map(kind_in_words, kinds(run))]
    return Table(told(caption, base=policy_name(run, base(run))), heads, rows)


def _expected(one: Any) -> str:
    return counted(Known(*(one[f"number{end}"] for end in ("", "_low", "_high")))) if one else ""


def rule(run: Run) -> Part:
    """The observable at-risk rule against what the simulation says."""
    table = of_kind(run.rule)
    mine = table[(table["policy"] == base(run)) & (table["outcome"] == "lost")]
    start = mine[mine["year"] == 0]
    rows = [
        [
            told(
                _("at the start, for the next {years} years"),
                years=numerals.decimal(float(str(within))),
            ),
            *_judged(group),
            numerals.NOTHING,
        ]
        for within, group in start.groupby("within")
    ]
    every = mine[mine["year"].isna()]
    lead = every[every["measure"] == "lead_years"].iloc[0]
    rows.append(
        [
            _("at every anniversary, until the horizon"),
            *_judged(every),
            interval(Known(lead["value"], lead["low"], lead["high"])),
        ]
    )
    heads = [
        _("the rule looked at"), either(run, _("hamlets flagged"), _("units flagged")),
        _("flagged, of those lost"),
        _("not flagged, of those kept"), _("lost, of those flagged"), _("lost, of all"),
        _("years of warning"),
    ]  # fmt: skip
    rules = run.manifest["scenario"]["rules"]
    explained = told(
        _(
            "The rule flags a cell of its own that is under the risk line of {line} officials, "
            "with a share over 60 of {share} or more and {months} months or more since its last "
            "admission."
        ),
        line=numerals.decimal(rules["risk_line"]),
        share=formats.percentage(rules["at_risk_share_over_60"]),
        months=numerals.decimal(rules["at_risk_months_since_admission"]),
    )
    caption = told(
        _("How well the at-risk rule foretells losses under {base}"),
        base=policy_name(run, base(run)),
    )
    return Part("rule", _("The at-risk rule"), [Text(explained), Table(caption, heads, rows)])


def _judged(group: Any) -> list[str]:
    known = {
        one["measure"]: Known(one["value"], one["low"], one["high"])
        for one in group.to_dict("records")
    }
    shares = ("sensitivity", "specificity", "predictive_value", "of_all")
    return [counted(known["flagged"]), *(chance(known[s]) for s in shares)]
