"""The notebooks: executed in place, and turned into slides.

`python -m notebooks.talks execute` (`make notebooks`) runs them from top to bottom and keeps what
they show; nothing of the machine or the moment stays in the file. `python -m notebooks.talks
slides` (`make slides`) makes a deck of each, in the form of `hamletsim report --format slides`.
"""

import base64
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from markdown_it import MarkdownIt
from markupsafe import Markup
from nbformat import NotebookNode

from sim.report.blocks import Block, Code, Image, Made, Part
from sim.report.deck import deck
from sim.store import write_text

HERE = Path(__file__).parent
NOTEBOOKS = sorted(HERE.glob("*.ipynb"))
SLIDES = HERE.parent / "results" / "slides"
SECONDS = 600
"""The longest that a cell may take: on a new machine the first one compiles the engine."""
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
          "language_info": {"name": "python"}}  # fmt: skip
COLOURS = 64
NEW_SLIDE, NOT_SHOWN = ("slide", "subslide"), ("skip", "notes")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


# ---------------------------------------------------------------- executed


def executed(path: Path) -> NotebookNode:
    """A notebook run from top to bottom, without what differs from run to run."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", record_timing=False, resources=resources
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(KERNEL)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _lighter(data["image/png"])
    return notebook


def _lighter(png: str) -> str:
    """A picture in as many colours as our figures need: a third of the bytes."""
    from PIL import Image as Pixels

    made = io.BytesIO()
    picture = Pixels.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    picture.quantize(COLOURS, dither=Pixels.Dither.NONE).save(made, "png", optimize=True)
    return base64.b64encode(made.getvalue()).decode("ascii")


def execute(path: Path) -> None:
    """Run a notebook and keep what it shows."""
    write_text(path, nbformat.writes(executed(path)) + "\n")


# ---------------------------------------------------------------- slides


def slides(path: Path) -> str:
    """A notebook as a deck: text and what is shown, with the code folded away."""
    parts = list(_parts(nbformat.read(path, as_version=4)))
    return deck(parts[0].title, parts)


def _parts(notebook: NotebookNode) -> Iterator[Part]:
    """A part for each group of cells that begins with a new slide."""
    groups: list[list[NotebookNode]] = []
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if kind in NEW_SLIDE:
            groups.append([])
        if kind not in NOT_SHOWN:
            groups[-1].append(cell)
    for number, cells in enumerate(groups):
        title, _, rest = cells[0].source.partition("\n")
        blocks = [_text(rest), *(block for cell in cells[1:] for block in _blocks(cell))]
        key = "question" if number == 0 else f"slide-{number + 1}"
        yield Part(key, title.lstrip("# "), blocks)


def _blocks(cell: NotebookNode) -> Iterator[Block]:
    """What a cell shows; its code comes last."""
    if cell.cell_type == "markdown":
        yield _text(cell.source)
        return
    for output in cell.outputs:
        yield _shown(output)
    yield _folded(cell.source)


def _text(markdown: str) -> Made:
    return Made(Markup(MARKDOWN.render(markdown)))


def _folded(source: str) -> Made:
    return Made(
        Markup("<details><summary>Python</summary><pre tabindex=0><code>{}</code></pre></details>")
        .format(source)
    )  # fmt: skip


def _shown(output: NotebookNode) -> Block:
    if output.output_type == "stream":
        return Code(output.text.rstrip())
    data, metadata = output.data, output.metadata
    if "image/png" in data:
        png = "".join(data["image/png"].split())
        return Image(f"data:image/png;base64,{png}", metadata["image/png"]["alt"])
    if "text/markdown" in data:
        return _text(data["text/markdown"])
    if "text/html" in data:
        return Made(_table(data["text/html"]))
    return Code(data["text/plain"])


def _table(html: str) -> Markup:
    """A table of pandas without its own style."""
    bare = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    bare = re.sub(r' (?:border|class|style)="[^"]*"', "", bare)
    return Markup(bare)


def main(arguments: list[str]) -> None:
    """`execute` or `slides`, of all notebooks or of those named."""
    task, *names = arguments
    work: dict[str, Any] = {
        "execute": execute,
        "slides": lambda path: write_text(SLIDES / f"{path.stem}.html", slides(path)),
    }
    for path in [Path(name) for name in names] or NOTEBOOKS:
        work[task](path)
        print(path if task == "execute" else SLIDES / f"{path.stem}.html")


if __name__ == "__main__":
    main(sys.argv[1:])
