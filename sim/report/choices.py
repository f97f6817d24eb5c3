"""Parts on policies: against the base, whose fate they change, what leaves hamlets weak."""

from functools import partial
from typing import Any

from sim import figures, numerals
from sim.figures import formats
from sim.figures.formats import Known, told
from sim.figures.reading import ALL, Run, at_the_end, base, policies
from sim.figures.words import cause_in_words, progress_in_words
from sim.messages import _
from sim.report.blocks import (
    Block,
    Part,
    People,
    Table,
    Text,
    chance,
    counted,
    drawn,
    interval,
    name,
    policy_name,
)

MOST_FLIPS = 5
"""Hamlets told of each policy."""


def stand_alone(run: Run) -> Part:
    """Cells lost beside hamlets with too few officials of their own."""
    picture = drawn(
        partial(figures.lost_beside_few_local, run),
        _("Hamlets lost and hamlets with too few officials of their own, by policy; the numbers "
          "are in the first table of this report."),
    )  # fmt: skip
    explained = _(
        "Posting people in keeps cells, but leaves the hamlets' own strength as it is: that is the "
        "second number."
    )
    over_years = drawn(
        partial(figures.lost_over_years, run),
        _("Hamlets that have lost their cell, over the years under the base, with bands for chance "
          "and for the uncertain parameters."),
    )  # fmt: skip
    blocks: list[Block] = [over_years, Text(explained), picture]
    return Part("alone", _("Cells lost, and hamlets that cannot stand alone"), blocks)


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
        _("policy"), _("hamlets lost"), _("without a cell at the horizon"),
        _("cell-years kept"), _("admissions"), _("posting-months"), _("cost"),
        _("cost per cell-year kept"),
    ]  # fmt: skip
    caption = told(
        _("Difference from {base} on the same lives, with 95 % intervals"),
        base=policy_name(run, base(run)),
    )
    explained = _(
        "Cell-years: hamlets with a cell of their own at the end of each year, summed. Their cost "
        "is told only where certainly more are kept. Nothing is discounted; put your own unit "
        "costs into the scenario before you read any cost."
    )
    picture = drawn(
        partial(figures.differences, run),
        _("Hamlets lost fewer or more than under the base, with intervals; numbers in the table."),
    )
    blocks: list[Block] = [picture, Table(caption, heads, rows), Text(explained)]
    return Part("policies", _("Policies against the base"), blocks)


def _pair(run: Run, policy: str, outcome: str) -> Known:
    table = run.pairs
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
        _("Hamlets whose fate differs most often from that under {base}, on the same lives"),
        base=policy_name(run, base(run)),
    )
    heads = [_("hamlet"), _("policy"), _("kept by the policy only"), _("lost by the policy only")]
    blocks: list[Block] = [Table(caption, heads, rows)]
    if not rows:
        blocks = [Text(_("No policy changed the fate of a hamlet in any replication."))]
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
        _("Losses until the horizon under {base}, by how far the hamlet's candidates had come"),
    )  # fmt: skip
    return Part("causes", _("Why cells are lost"), [picture, by_cause, progress])


def _losses(run: Run, by: str, words: Any, head: str, caption: str) -> Table:
    table = run.losses
    mine = table[(table["policy"] == base(run)) & (table["ending"] == "lost") & (table["by"] == by)]
    rows = [
        [
            words(one["what"]),
            counted(Known(one["number"], one["number_low"], one["number_high"])),
            chance(Known(one["share"], one["share_low"], one["share_high"])),
        ]
        for one in mine.to_dict("records")
    ]
    return Table(
        told(caption, base=policy_name(run, base(run))),
        [head, _("expected losses"), _("share")],
        rows,
    )


def rule(run: Run) -> Part:
    """The observable at-risk rule against what the simulation says."""
    table = run.rule
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
        _("the rule looked at"), _("hamlets flagged"), _("flagged, of those lost"),
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
