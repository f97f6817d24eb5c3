"""A back-test on one page of HTML: the ledger, what held and what did not."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sim import store
from sim.calibrate import telling
from sim.calibrate.backtest import Backtest
from sim.messages import _, language, printable
from sim.report.blocks import Block, Part, Table, Text, name
from sim.report.page import page
from sim.risk.words import titled

FILE = "backtest.html"
LONGEST_NAME = 60
LONGEST_NUMBER = 30
"""Characters of a cell that stays on one line, as numbers, dates and ids do; longer ones are
words."""


def html(done: Backtest) -> str:
    """A back-test in the current language."""
    title = _("The model beside published figures: {title}").format(
        title=name(titled(done.loaded.scenario.title))
    )
    parts = [
        Part(f"part-{number}", section.title, [made for b in section.blocks for made in _made(b)])
        for number, section in enumerate(telling.sections(done, partial(_called, done)))
    ]
    return page(title, parts, introduction=[Text(line) for line in telling.heading(done)[1:]])


def write(path: Path, done: Backtest) -> None:
    """Write the page, whole or not at all. Raises BadInput."""
    store.write_text(path, html(done))


def _called(done: Backtest, policy: str) -> str:
    """What planners call a policy, as in the report of a run."""
    names: Mapping[Any, str] = done.loaded.scenario.policy_names.get(policy, {})
    return printable(names.get(language()) or policy, LONGEST_NAME)


def _made(block: telling.Block) -> list[Block]:
    if isinstance(block, telling.Sheet):
        return [Table(block.caption, block.heads, list(map(_row, block.rows)))]
    texts = (block.replace("\n", " "),) if isinstance(block, str) else block
    return [Text(text.strip()) for text in texts]


def _row(cells: Sequence[str]) -> list[str]:
    """Cells of a row; short ones after the first as markup, which tables take for numbers."""
    from markupsafe import escape

    first, *rest = cells
    return [first, *(cell if len(cell) > LONGEST_NUMBER else escape(cell) for cell in rest)]
