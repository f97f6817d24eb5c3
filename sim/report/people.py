"""Parts on people: the way to official member, members by status, sex and age."""

from collections.abc import Sequence
from functools import partial

from sim import figures, numerals
from sim.figures.course import AGES, STATUSES
from sim.figures.formats import Known, told
from sim.figures.reading import (
    Run,
    base,
    hides_a_step,
    holds_nine_in_ten,
    last_year,
    measured,
    told_of,
)
from sim.figures.words import measure_in_words, step_in_words
from sim.messages import _
from sim.report.blocks import Block, Part, People, Table, Text, day, drawn, name, policy_name, span
from sim.risk.measures import STEPS

LOST_ON_THE_WAY = ("class_missed", "dossier_lapsed", "lapsed", "refused", "candidates_left")


def way(run: Run, people: People) -> Part:
    """From the source list to official member, in all and by area."""
    end = measured(run, "hamlets", base(run)).iloc[-1]["date"]
    captions = {
        STEPS: _("On the way: expected numbers until {date} by area, under {base}"),
        LOST_ON_THE_WAY: _("Held up or lost: expected numbers until {date} by area, under {base}"),
    }
    parts = {"date": day(end), "base": policy_name(run, base(run))}
    tables = [_by_area(run, people, told(c, **parts), steps) for steps, c in captions.items()]
    shown = _(
        "How many are put on the source list, attend the class, have a dossier, are admitted and "
        "recognised, and where the others stop; by area in the tables below."
    )
    blocks: list[Block] = [*tables]
    if not hides_a_step(run, people.hide_below):
        blocks.insert(0, drawn(partial(figures.way_to_official_member, run), shown))
    return Part("way", _("From the source list to official member"), blocks)


def _by_area(run: Run, people: People, caption: str, steps: Sequence[str]) -> Table:
    table = run.funnel
    rows = []
    for area, group in table[table["policy"] == base(run)].groupby("area", sort=False):
        known = {
            one["step"]: Known(one["number"], one["number_low"], one["number_high"])
            for one in group.to_dict("records")
        }
        numbers = [people.counted(known[step]) for step in steps]
        rows.append([name(str(area).rpartition("/")[2]), *numbers])
    return Table(caption, [_("area"), *map(step_in_words, steps)], rows)


def members(run: Run, people: People) -> Part:
    """Members by status, sex and age over the years, with bands for chance and parameters apart."""
    blocks: list[Block] = []
    for draw, measures, alt in (
        (figures.members, STATUSES, _("Members and candidates by status, and women among the "
                                      "officials, over the years, with bands; numbers in the table "
                                      "below.")),
        (figures.ages, AGES, _("Officials by age over the years, with bands; numbers in the table "
                               "below.")),
    ):  # fmt: skip
        if shown := told_of(run, measures, people.hide_below):
            blocks.append(drawn(partial(draw, run, measures=shown), alt))
    explained = _(
        "By chance alone: where nine replications of ten lie when only chance differs. By the "
        "parameters alone: where the expected number lies in nine draws of ten of the uncertain "
        "parameters, freed of chance; missing where the run cannot tell the two apart."
    )
    if not holds_nine_in_ten(run):
        few = _("The draws of the parameters are few here: it is their whole range.")
        explained = _("{sentence} {more}").format(sentence=explained, more=few)
    blocks += [_at_the_horizon(run, people), Text(explained)]
    return Part("members", _("Members by status, sex and age"), blocks)


def _at_the_horizon(run: Run, people: People) -> Table:
    rows = []
    for measure in (*STATUSES, *AGES):
        found = measured(run, measure, base(run)).set_index("year")
        now, then = (found.loc[year].to_dict() for year in (0, last_year(run)))
        rows.append(
            [
                measure_in_words(measure),
                people.number(now["mean"]),
                people.counted(Known(then["mean"], then["low"], then["high"])),
                *(
                    numerals.NOTHING
                    if people.hides(then[f"{kind}_low"])
                    else span(then[f"{kind}_low"], then[f"{kind}_high"])
                    for kind in ("chance", "parameters")
                ),
            ]
        )
    end = measured(run, "hamlets", base(run)).iloc[-1]["date"]
    heads = [
        _("people"), _("now"), _("expected then"), _("by chance alone"),
        _("by the parameters alone"),
    ]  # fmt: skip
    caption = told(
        _("Members and candidates now and on {date}, under {base}"),
        date=day(end), base=policy_name(run, base(run)),
    )  # fmt: skip
    return Table(caption, heads, rows)
