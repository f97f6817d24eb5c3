"""A run as a talk: what a committee is shown in ten minutes, out of the parts of the report."""

from collections.abc import Iterator
from dataclasses import replace

from sim import figures
from sim.figures import formats
from sim.figures.formats import Known, told
from sim.figures.reading import (
    Run,
    at_the_end,
    base,
    either,
    is_told,
    kinds,
    measured,
    minimum,
    policies,
)
from sim.figures.words import step_in_words
from sim.messages import _, ngettext
from sim.report import choices, hamlets, trust
from sim.report import people as people_
from sim.report.blocks import (
    Block,
    Part,
    People,
    Picture,
    Table,
    Text,
    Warned,
    count,
    day,
    drawn,
    name,
    policy_name,
)
from sim.report.deck import deck
from sim.report.first import first
from sim.risk.measures import FUNNEL
from sim.risk.words import titled

MOST_ROWS = 12
"""More rows of a table are not read from a slide."""
MOST_HAMLETS = 10
MOST_POLICIES = 6
"""More policies side by side are not legible in a picture of two rows each."""
POLICY_COLUMNS = (0, 1, 2, 3, 4, 7)
"""Of the policy table: all but admissions and cost."""
ACT_COLUMNS = (0, 1, 2, 4, 5, 6, 7)
"""Of the table of hamlets to act on: all but how sure it is that they are among the ten."""


def slides(run: Run, hide_below: int = 0) -> str:
    """The slides of a run in the current language, as one page of HTML.

    hide_below: counts of people under this are not told.
    """
    title = name(titled(run.manifest["scenario"]["title"]))
    return deck(title, list(_slides(run, title, People(hide_below))))


def _slides(run: Run, title: str, people: People) -> Iterator[Part]:
    """The slides in the order in which an organising committee asks."""
    yield from _first_screen(run, title, people)
    if kinds(run):
        yield _kinds(run)
    yield from _act(run, people)
    yield _with(hamlets.posting_cliff(run, people), Picture, Text)
    yield _few_local(run)
    yield _way(run, people)
    yield _with(choices.causes(run), Picture)
    yield _two_doubts(run)
    yield trust.assumed(run)
    yield trust.reproduce(run)


def _with(part: Part, *kinds: type[Block]) -> Part:
    """A part of the report with its blocks of some kinds only, those of the first kind first."""
    return replace(part, blocks=[b for kind in kinds for b in part.blocks if isinstance(b, kind)])


def _first_screen(run: Run, title: str, people: People) -> Iterator[Part]:
    opening = first(run, people)
    yield Part("question", title, [Text(opening.question), *map(Text, _made_of(run))])
    warning = [Warned(opening.warning)] if opening.warning else []
    yield Part("answer", _("The answer"), [*warning, *map(Text, opening.answer)])
    shown = opening.policies.cut(MOST_ROWS, POLICY_COLUMNS)
    blocks: list[Block] = [shown, *_left_out(opening.policies), Text(opening.note)]
    yield Part("policies", _("The policies side by side"), blocks)


def _made_of(run: Run) -> Iterator[str]:
    made, draws = (int(run.manifest[key]) for key in ("replications", "parameter_draws"))
    yield ngettext(
        "{count} replication of each policy.",
        "{count} replications of each policy, all on the same lives.",
        made,
    ).format(count=count(made))
    if draws > 1:
        yield ngettext(
            "{count} draw of the uncertain parameters.",
            "{count} draws of the uncertain parameters.",
            draws,
        ).format(count=count(draws))


def _left_out(table: Table) -> Iterator[Text]:
    if len(table.rows) > MOST_ROWS:
        sentence = _("The first {shown} of {count}; the report has them all.")
        yield Text(sentence.format(shown=count(MOST_ROWS), count=count(len(table.rows))))


def _kinds(run: Run) -> Part:
    """Units by kind under the base; under the other policies they stand in the report."""
    part = choices.by_kind(run)
    (table, explained) = part.blocks
    assert isinstance(table, Table)
    return replace(part, blocks=[table.cut(1 + len(kinds(run))), explained])


def _act(run: Run, people: People) -> Iterator[Part]:
    """Who is at greatest risk, a slide for each kind of unit."""
    part = hamlets.to_act_on(run, people)
    explained = either(
        run,
        _(
            "Needed: so many more officials who stay, to have {minimum} until the horizon in 19 of "
            "20 replications. Before: from then on the chance to have fallen below {minimum} is "
            "{share} or more. Each interval holds for one hamlet in 95 %."
        ),
        _(
            "Needed: so many more officials who stay, to have {minimum} until the horizon in 19 of "
            "20 replications. Before: from then on the chance to have fallen below {minimum} is "
            "{share} or more. Each interval holds for one unit in 95 %."
        ),
    )
    text = Text(
        told(explained, minimum=count(minimum(run)), share=formats.percentage(hamlets.SOON))
    )
    tables = [block for block in part.blocks if isinstance(block, Table)]
    if not tables:
        yield part
    for i, table in enumerate(tables):
        key = f"{part.key}-{i + 1}" if i else part.key
        yield replace(part, key=key, blocks=[table.cut(MOST_HAMLETS, ACT_COLUMNS), text])


def _few_local(run: Run) -> Part:
    """What the report shows of all policies, of as many as a slide has room for."""
    part = choices.stand_alone(run)
    _over_years, explained, of_all = part.blocks
    if len(policies(run)) <= MOST_POLICIES:
        return replace(part, blocks=[of_all, explained])
    without = at_the_end(run, "without_cell")["mean"].drop(base(run))
    best = without.nsmallest(MOST_POLICIES - 1).index
    shown = [one for one in policies(run) if one == base(run) or one in best]
    picture = drawn(
        figures.lost_beside_few_local(run, only=shown),
        either(
            run,
            _("Hamlets lost and hamlets with too few officials of their own, by policy; the "
              "numbers are in the table of policies."),
            _("Cells lost and units with too few officials of their own, by policy; the numbers "
              "are in the table of policies."),
        ),
    )  # fmt: skip
    chosen = told(
        either(
            run,
            _(
                "Here: {base}, and the {count} policies that leave the fewest hamlets without a "
                "cell."
            ),
            _("Here: {base}, and the {count} policies that leave the fewest units without a cell."),
        ),
        base=policy_name(run, base(run)),
        count=count(len(best)),
    )
    return replace(part, blocks=[picture, explained, Text(chosen)])


def _way(run: Run, people: People) -> Part:
    """The picture, or where that would tell few people, its numbers without them."""
    part = people_.way(run, people)
    pictures = [block for block in part.blocks if isinstance(block, Picture)]
    return replace(part, blocks=pictures or [_steps(run, people)])


def _steps(run: Run, people: People) -> Table:
    ends = {step: measured(run, step, base(run)).iloc[-1] for step in FUNNEL}
    columns = ["so_far", "so_far_low", "so_far_high"]
    rows = [
        [step_in_words(step), people.counted(Known(*end[columns]))] for step, end in ends.items()
    ]
    date = day(measured(run, "hamlets", base(run)).iloc[-1]["date"])
    caption = told(
        _("Expected numbers until {date} under {base}"), date=date, base=policy_name(run, base(run))
    )
    return Table(caption, [_("step"), _("expected number")], rows)


def _two_doubts(run: Run) -> Part:
    """How far chance alone moves what is lost, and how far what is not known does."""
    picture = choices.over_years(run)
    told_apart = measured(run, "lost", base(run))
    texts = []
    if is_told(told_apart, "chance"):
        texts.append(
            _(
                "Grey: where nine replications of ten lie by chance alone. Better data would not "
                "narrow it."
            )
        )
    else:
        texts.append(
            _(
                "This run cannot tell chance from what is not known: it takes several replications "
                "of each draw of the parameters."
            )
        )
    if is_told(told_apart, "parameters"):
        texts.append(
            _(
                "Blue: how far the expected number itself depends on parameters that are not known "
                "well. Better data would narrow it."
            )
        )
    blocks: list[Block] = [picture, *map(Text, texts)]
    return Part("doubts", _("What is chance, and what is not known"), blocks)
