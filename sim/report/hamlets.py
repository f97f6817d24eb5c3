"""Parts on hamlets: who to act on, who stands on posted members, who has no successor, where."""

from functools import partial
from typing import TYPE_CHECKING, Any

from sim import figures, numerals
from sim.figures import formats
from sim.figures.formats import Known, told
from sim.figures.reading import (
    ALL,
    Run,
    base,
    by_risk,
    either,
    kinds,
    last_year,
    measured,
    minimum,
    units_of,
)
from sim.figures.words import cause_in_words, kind_in_words, measure_in_words
from sim.messages import _
from sim.report.blocks import (
    PERCENT,
    Block,
    Measured,
    Part,
    People,
    Table,
    Text,
    chance,
    count,
    counted,
    data,
    day,
    drawn,
    name,
    number,
    policy_name,
    share,
)
from sim.report.first import years_of

if TYPE_CHECKING:
    import pandas as pd

MOST_TO_ACT_ON = 15
SOON = 0.1
"""Acting is due before the chance of falling below the minimum passes this."""
SHADES = 6
"""Classes of the heat map's colours."""
SUREST = 0.01


def to_act_on(run: Run, people: People) -> Part:
    """The hamlets at greatest risk: why, how many people are needed, by when; kind by kind."""
    blocks: list[Block] = []
    for kind in kinds(run) or [ALL]:
        worst = _at_risk(run, kind)
        if not worst.empty:
            blocks += [
                _at_greatest_risk(run, people, kind, worst),
                _picture_of_risk(run, kind, len(worst)),
            ]
    title = either(run, _("Hamlets to act on now"), _("Units to act on now"))
    if not blocks:
        none = Text(_("No cell fell below the minimum in any replication."))
        return Part("act", title, [none])
    blocks.insert(1, _what_is_needed(run))
    return Part("act", title, blocks)


def _at_risk(run: Run, kind: str) -> "pd.DataFrame":
    """Those whose cell was lost or fell below the minimum in some replication, the worst first."""
    table = units_of(run, base(run), kind)
    end = by_risk(table[table["year"] == last_year(run)])
    return end[(end["p_lost"] > 0) | (end["p_below"] > 0)].head(MOST_TO_ACT_ON)


def _at_greatest_risk(run: Run, people: People, kind: str, worst: "pd.DataFrame") -> Table:
    """Why each of the worst is at risk, and what it takes."""
    table = units_of(run, base(run), kind)
    start = table[table["year"] == 0].set_index("hamlet")
    due = table[table["p_below"] >= SOON].groupby("hamlet")["date"].min().to_dict()
    rows = [
        [
            name(one["name"]),
            _area(one),
            chance(Known(one["p_lost"], one["p_lost_low"], one["p_lost_high"])),
            _sureness(one["p_among_worst"]),
            _why(one, start.loc[one["hamlet"]]),
            people.number(start.loc[one["hamlet"], "strength_median"]),
            people.number(one["needed"]),
            day(due[one["hamlet"]]) if one["hamlet"] in due else numerals.NOTHING,
        ]
        for one in worst.to_dict("records")
    ]
    heads = [
        either(run, _("hamlet"), _("unit")), _("area"), _("chance of losing its cell"),
        _("among the ten, %"), _("why"), _("officials now"), _("needed"), _("act before"),
    ]  # fmt: skip
    caption = either(
        run,
        _("Hamlets at greatest risk under {base}"),
        _("At greatest risk under {base}: {kind}"),
    )
    named = told(caption, base=policy_name(run, base(run)), kind=kind_in_words(kind))
    return Table(named, heads, rows)


def _picture_of_risk(run: Run, kind: str, most: int) -> Block:
    return drawn(
        partial(figures.at_greatest_risk, run, most=most, kind=kind),
        either(
            run,
            _("Chance of losing the cell, with intervals, for the hamlets of the table above."),
            _("Chance of losing the cell, with intervals, for the units of the table above."),
        ),
    )


def _what_is_needed(run: Run) -> Text:
    explained = either(
        run,
        _(
            "Needed: so many more officials who stay would have kept the hamlet at {minimum} until "
            "the horizon in 19 of 20 replications. Before: from this anniversary on the chance to "
            "have fallen below {minimum} is {share} or more. Among the ten: how sure it is that "
            "the hamlet is one of the ten at greatest risk. Each interval holds for one hamlet in "
            "95 %."
        ),
        _(
            "Needed: so many more officials who stay would have kept the unit at {minimum} until "
            "the horizon in 19 of 20 replications. Before: from this anniversary on the chance to "
            "have fallen below {minimum} is {share} or more. Among the ten: how sure it is that "
            "the unit is one of the ten of its kind at greatest risk. Each interval holds for one "
            "unit in 95 %."
        ),
    )
    return Text(told(explained, minimum=count(minimum(run)), share=formats.percentage(SOON)))


def _area(one: dict[Any, Any]) -> str:
    return name(str(one["area"]).rpartition("/")[2])


def _sureness(probability: float) -> str:
    """In percent, never quite 0 or 100: it rests on two thousand rankings."""
    if probability >= 1 - SUREST:
        text = told("> {low}", low=data(probability, formats.percent(1 - SUREST)))
        return Measured(text, [probability], PERCENT, is_bound=True)
    if probability <= SUREST:
        text = told("< {high}", high=data(probability, formats.percent(SUREST)))
        return Measured(text, [probability], PERCENT, is_bound=True)
    return share(probability)


def _why(one: dict[Any, Any], start: Any) -> str:
    """What makes it fall below most often, and what is seen today."""
    reasons = [cause_in_words(one["main_cause"])] if one["main_cause"] else []
    if one["at_risk_at_start"]:
        reasons.append(_("flagged by the at-risk rule"))
    if start["p_without_cell"] >= 0.5:
        reasons.append(_("no cell of its own or joint today"))
    return "; ".join(reasons) or numerals.NOTHING


# ---------------------------------------------------------------- posted members


def posting_cliff(run: Run, people: People) -> Part:
    """Cells that stand on posted members, and when the postings end."""
    title = _("Cells that stand on posted members")
    by_year = {m: measured(run, m, base(run)).set_index("year") for m in _POSTINGS}
    if not any(by_year[m]["mean"].any() for m in ("on_posted", "posted_now")):
        none = told(
            _("Nobody is posted in any replication under {base}."), base=policy_name(run, base(run))
        )
        return Part("postings", title, [Text(none)])
    rows = [
        [
            day(by_year["on_posted"].loc[year, "date"]),
            *(_posted(m, year, by_year[m].loc[year], people) for m in _POSTINGS),
        ]
        for year in by_year["on_posted"].index
    ]
    heads = [
        _("until"), _("cells on posted members"), _("posted members"), _("postings ended"),
        _("postings renewed"),
    ]  # fmt: skip
    caption = told(
        _("Postings under {base}: the state on each day, and what ended or was renewed before it"),
        base=policy_name(run, base(run)),
    )
    explained = told(
        _(
            "A cell stands on posted members if it has {minimum} officials with them and fewer "
            "without. When their postings end it falls below, unless its own people are ready."
        ),
        minimum=count(minimum(run)),
    )
    picture = drawn(
        partial(figures.cells_on_posted_members, run),
        _("Cells that stand on posted members over the years, with bands; numbers in the table."),
    )
    blocks: list[Block] = [Text(explained), picture, Table(caption, heads, rows)]
    if leaning := _leaning(run, people):
        blocks.append(leaning)
    return Part("postings", title, blocks)


_STATES, _FLOWS = ("on_posted", "posted_now"), ("posting_ended", "posting_renewed")
_POSTINGS = (*_STATES, *_FLOWS)


def _posted(measure: str, year: int, one: Any, people: People) -> str:
    """A state on a day, or what happened in the year before it; of the first nothing is known."""
    if measure in _FLOWS and year == 0:
        return numerals.NOTHING
    known = Known(one["mean"], one["low"], one["high"])
    return counted(known) if measure == "on_posted" else people.counted(known)


def _leaning(run: Run, people: People) -> Table | None:
    """The hamlets whose cells stand on posted members at the start; none, no table."""
    table = units_of(run, base(run))
    start = table[(table["year"] == 0) & (table["p_on_posted"] >= 0.5)]
    if start.empty:
        return None
    later = [year for year in years_of(run) if year]
    at = {year: table[table["year"] == year].set_index("hamlet") for year in later}
    end = at[later[-1]].loc[start["hamlet"]].reset_index()
    rows = []
    for one in by_risk(end).to_dict("records"):
        now = start[start["hamlet"] == one["hamlet"]].iloc[0]
        rows.append(
            [
                name(one["name"]),
                _area(one),
                people.number(now["local_mean"]),
                people.number(now["posted_mean"]),
                *(people.number(at[year].loc[one["hamlet"], "posted_mean"]) for year in later),
                chance(Known(one["p_lost"], one["p_lost_low"], one["p_lost_high"])),
            ]
        )
    heads = [
        either(run, _("hamlet"), _("unit")), _("area"), _("officials of its own now"),
        _("posted now"),
        *(
            _("posted by {year}").format(year=str(at[year]["date"].iloc[0].year))
            for year in later
        ),
        _("chance of losing its cell"),
    ]  # fmt: skip
    caption = told(
        _("Cells that stand on posted members today, under {base}"),
        base=policy_name(run, base(run)),
    )
    return Table(caption, heads, rows)


# ---------------------------------------------------------------- succession


def succession(run: Run) -> Part:
    """Who has nobody to follow: no official under 60, no admission in five years."""
    measures = ("no_successor", "secretary_alone", "no_admission", "no_secretary")
    years = years_of(run)
    rows = []
    for measure in measures:
        by_year = measured(run, measure, base(run)).set_index("year")
        knowns = [Known(*by_year.loc[y, ["mean", "low", "high"]]) for y in years]
        rows.append([measure_in_words(measure, bool(kinds(run))), *map(counted, knowns)])
    dates = measured(run, "hamlets", base(run)).set_index("year")["date"]
    heads = [either(run, _("hamlets"), _("units")), *(day(dates.loc[year]) for year in years)]
    caption = told(_("Succession under {base}, expected numbers"), base=policy_name(run, base(run)))
    explained = either(
        run,
        _("A secretary has no successor where no other official of the hamlet under 60 is present "
          "and active: posted members go home, and who is 60 cannot follow for long."),
        _("A secretary has no successor where no other official of the unit under 60 is present "
          "and active: posted members go home, and who is 60 cannot follow for long."),
    )  # fmt: skip
    blocks: list[Block] = [Table(caption, heads, rows), Text(explained)]
    without = _without_successor(run)
    if without.rows:
        blocks.append(without)
    return Part("succession", _("Succession"), blocks)


def _without_successor(run: Run) -> Table:
    table = units_of(run, base(run))
    end = table[table["year"] == last_year(run)].set_index("hamlet")
    start = table[(table["year"] == 0) & (table["p_no_successor"] >= 0.5)]
    rows = [
        [name(one["name"]), _area(one), *_chances(end.loc[one["hamlet"]])]
        for one in start.to_dict("records")
    ]
    heads = [
        either(run, _("hamlet"), _("unit")), _("area"), _("chance of no official under 60 then"),
        _("chance of no admission in five years then"), _("chance of losing its cell"),
    ]  # fmt: skip
    caption = told(
        either(
            run,
            _("Hamlets without an official under 60 today, and what {date} brings"),
            _("Units without an official under 60 today, and what {date} brings"),
        ),
        date=day(end["date"].iloc[0]),
    )
    return Table(caption, heads, rows)


def _chances(one: Any) -> list[str]:
    kinds = ("p_no_successor", "p_no_admission", "p_lost")
    return [chance(Known(one[k], one[f"{k}_low"], one[f"{k}_high"])) for k in kinds]


# ---------------------------------------------------------------- where and when


def where_and_when(run: Run, people: People) -> Part:
    """Tiles by area, a heat map, and all hamlets by year."""
    pictures: list[Block] = [
        drawn(
            partial(figures.tiles, run),
            either(
                run,
                _("A tile for each hamlet by area, darker where losing the cell is more likely; "
                  "the numbers are in the table below."),
                _("A tile for each unit by area, darker where losing the cell is more likely; "
                  "the numbers are in the table below."),
            ),
        ),
        drawn(
            partial(figures.heat_map, run),
            either(
                run,
                _("Chance of having lost the cell by year for the hamlets at greatest risk; the "
                  "numbers are in the table below."),
                _("Chance of having lost the cell by year for the units at greatest risk; the "
                  "numbers are in the table below."),
            ),
        ),
    ]  # fmt: skip
    tables: list[Block] = [_by_year(run), _scorecard_text(run), _scorecard(run, people)]
    return Part("where", _("Where and when"), [*pictures, *tables])


def _by_year(run: Run) -> Table:
    """P(lost) in percent of all hamlets in all years; cells that were never lost stay empty."""
    table = units_of(run, base(run))
    end = by_risk(table[table["year"] == last_year(run)])
    grid = table.pivot(index="hamlet", columns="year", values="p_lost")
    years = list(grid.columns)
    risks = grid.loc[end["hamlet"]].to_numpy()
    ends = zip(end["p_lost"], end["p_lost_low"], end["p_lost_high"], strict=True)
    rows = [
        [name(one), name(area.rpartition("/")[2]), *(share(r) if r else "" for r in risk),
         chance(Known(*known))]
        for one, area, risk, known in zip(end["name"], end["area"], risks, ends, strict=True)
    ]  # fmt: skip
    colours = [["", "", *(f"r{_shade(r)}" if r else "" for r in risk), ""] for risk in risks]
    unit = either(run, _("hamlet"), _("unit"))
    dates = table.drop_duplicates("year").set_index("year")["date"]
    heads = [unit, _("area"), *(str(dates.loc[y].year) for y in years), _("by the horizon")]
    caption = told(
        _("Chance (%) of having lost the cell by each year, under {base}; empty: lost in no "
          "replication"),
        base=policy_name(run, base(run)),
    )  # fmt: skip
    return Table(caption, heads, rows, colours)


def _shade(risk: float) -> int:
    return min(int(risk * SHADES * 1.5), SHADES - 1)


def _scorecard_text(run: Run) -> Text:
    return Text(
        told(
            _(
                "The scorecard of a cell, of expected numbers: the score is the mean of four "
                "parts, each at most 1, of 100. They are strength / {line} (the risk line), active "
                "strength / {minimum} (the legal minimum), admissions in the year / the cell's "
                "part of the target (left out where there is none), and 1 − share of officials of "
                "60 and over. Strength is the official members present, posted and exempt ones "
                "included (median, with 5 and 95 % of the replications); active strength leaves "
                "out those exempt from activity; the target of the lowest area that has one is "
                "shared in equal parts among its cells. Without anybody present there is no score. "
                "Nothing in the model reads the score."
            ),
            minimum=count(minimum(run)),
            line=count(int(run.manifest["scenario"]["rules"]["risk_line"])),
        )
    )


def _scorecard(run: Run, people: People) -> Table:
    """The first and the last year side by side; of the first day no admissions are known."""
    table = units_of(run, base(run))
    years = sorted({1, last_year(run)})
    found = [table[table["year"] == year] for year in years]
    by_year = [one.set_index("hamlet").to_dict("index") for one in found]
    rows = [
        [name(one["name"]), _area(one), *(cell for y in by_year for cell in _scored(y[h], people))]
        for h, one in by_year[-1].items()
    ]
    calendar = [str(one["date"].iloc[0].year) for one in found]
    unit = either(run, _("hamlet"), _("unit"))
    heads = [unit, _("area"), *(head for year in calendar for head in _score_heads(year))]
    caption = either(
        run, _("Scorecard of all hamlets under {base}"), _("Scorecard of all units under {base}")
    )
    caption = told(caption, base=policy_name(run, base(run)))
    return Table(caption, heads, rows)


def _score_heads(year: str) -> list[str]:
    return [
        _("strength in {year}").format(year=year),
        _("active in {year}").format(year=year),
        _("admissions in {year}").format(year=year),
        _("part of the target in {year}").format(year=year),
        _("over 60 in {year}").format(year=year),
        _("score in {year}").format(year=year),
    ]


def _scored(one: Any, people: People) -> list[str]:
    """Strength, active, admissions, part of the target, over 60 and score of a hamlet in a year."""
    strength = Known(one["strength_median"], one["strength_low"], one["strength_high"])
    if strength.value != strength.value:
        return [numerals.NOTHING] * 6
    return [
        people.counted(strength) if strength.value else people.number(0.0),
        people.number(one["active_mean"]),
        people.number(one["admitted_mean"]),
        number(one["target_part"]),
        people.number(one["over_60_mean"]),
        # A score would tell the counts that it is made of.
        numerals.NOTHING
        if people.hide_below or one["score"] != one["score"]
        else data(one["score"], numerals.decimal(one["score"])),
    ]
