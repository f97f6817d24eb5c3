"""A back-test on one page of HTML: the ledger, what held and what did not."""

from pathlib import Path

from sim import store
from sim.calibrate import telling
from sim.calibrate.backtest import Backtest
from sim.messages import _
from sim.report.blocks import Block, Part, Table, Text, name
from sim.report.page import page
from sim.risk.summary import titled

FILE = "backtest.html"


def html(done: Backtest) -> str:
    """A back-test in the current language."""
    title = _("The model beside published figures: {title}").format(
        title=name(titled(done.loaded.scenario.title))
    )
    parts = [
        Part(f"part-{number}", section.title, [made for b in section.blocks for made in _made(b)])
        for number, section in enumerate(telling.sections(done))
    ]
    return page(title, parts, introduction=[Text(line) for line in telling.heading(done)[1:]])


def write(path: Path, done: Backtest) -> None:
    """Write the page, whole or not at all. Raises BadInput."""
    store.write_text(path, html(done))


def _made(block: telling.Block) -> list[Block]:
    if isinstance(block, telling.Sheet):
        return [Table(block.caption, block.heads, block.rows)]
    texts = (block.replace("\n", " "),) if isinstance(block, str) else block
    return [Text(text.strip()) for text in texts]
