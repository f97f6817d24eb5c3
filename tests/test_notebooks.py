"""The notebooks: whole, kept with what they show, built on public names alone, fit for slides.

nbmake runs each of them in the default tests; that what is kept is what they show now is verified.
"""

import ast
import base64
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

import sim
from notebooks import talks
from sim import figures, report
from tests.test_report import Tree

NAMES = [
    "1-district-risk", "2-choosing-a-policy", "3-sweep", "4-is-the-model-right",
]  # fmt: skip
LARGEST_FILE, LARGEST_PICTURE = 700_000, 100_000
"""Bytes."""
ROOMS = {"figures": figures, "report": report}


@pytest.fixture(params=talks.NOTEBOOKS, ids=lambda path: str(path.stem))
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def notebook(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in code(notebook) for output in cell.outputs]


def test_there_are_four() -> None:
    assert [path.stem for path in talks.NOTEBOOKS] == NAMES


def test_they_were_run_from_top_to_bottom(notebook: NotebookNode) -> None:
    cells = code(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(output.output_type in ("execute_result", "stream") for output in outputs(notebook))
    assert all(output.get("name", "stdout") == "stdout" for output in outputs(notebook))


def test_nothing_of_the_machine_or_the_moment_is_kept(path: Path, notebook: NotebookNode) -> None:
    assert dict(notebook.metadata) == talks.KERNEL
    assert {key for cell in notebook.cells for key in cell.metadata} == {"slideshow"}
    assert [cell.id for cell in notebook.cells] == [
        f"cell-{n + 1:02d}" for n in range(len(notebook.cells))
    ]
    shown = "".join(
        o.get("text", "") + "".join(map(str, o.get("data", {}))) for o in outputs(notebook)
    )
    assert not re.search(r"/(home|tmp|root|work|Users)/|0x[0-9a-f]{6}", shown)


def test_they_are_small(path: Path, notebook: NotebookNode) -> None:
    assert path.stat().st_size < LARGEST_FILE
    pictures = [o.data["image/png"] for o in outputs(notebook) if "image/png" in o.get("data", {})]
    assert pictures
    assert max(len(base64.b64decode(picture)) for picture in pictures) < LARGEST_PICTURE


def test_one_line_at_the_top_sets_the_language(notebook: NotebookNode) -> None:
    assert code(notebook)[0].source.startswith("%env HAMLETSIM_LANG=en\n")
    assert sum("HAMLETSIM_LANG" in cell.source for cell in notebook.cells) == 1


def test_they_use_public_names_alone(notebook: NotebookNode) -> None:
    used = [name for cell in code(notebook) for name in _names_of_sim(cell.source)]
    assert used
    for first, second in used:
        assert first in sim.__all__, first
        if first in ROOMS and second:
            assert second in ROOMS[first].__all__, (first, second)


def _names_of_sim(source: str) -> Iterator[tuple[str, str]]:
    """What is taken from `sim`: `sim.figures.tiles` is (figures, tiles)."""
    plain = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
    for node in ast.walk(ast.parse(plain)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sim":
            yield from ((node.module or "", alias.name) for alias in node.names)
        match node:
            case ast.Attribute(ast.Name("sim"), name):
                yield name, ""
            case ast.Attribute(ast.Attribute(ast.Name("sim"), room), name):
                yield room, name


def test_what_is_not_public_would_be_seen() -> None:
    assert list(_names_of_sim("from sim.risk import study\nsim.figures.tiles(1)")) == [
        ("sim.risk", "study"), ("figures", "tiles"), ("figures", ""),
    ]  # fmt: skip


def test_each_becomes_slides(path: Path, notebook: NotebookNode) -> None:
    top = Tree(talks.slides(path)).top
    sections = list(top.all("section"))
    starts = [c for c in notebook.cells if c.metadata.slideshow.slide_type == "slide"]
    assert len(sections) == len(starts) >= 8
    headings = [e.text for e in top.all("h1", "h2")]
    assert headings == [cell.source.partition("\n")[0].lstrip("# ") for cell in starts]
    pictures = [e for e in top.all("img")]
    assert len(pictures) == sum("image/png" in o.get("data", {}) for o in outputs(notebook))
    assert all(len(e.attributes["alt"]) > 20 for e in pictures)
    for element in top.all():
        for name in ("src", "href"):
            assert element.attributes.get(name, "#").startswith(("#", "data:"))


def test_slides_say_what_the_notebook_says(path: Path, notebook: NotebookNode) -> None:
    told = " ".join(Tree(talks.slides(path)).top.text.split())
    for output in outputs(notebook):
        for line in output.get("data", {}).get("text/markdown", "").splitlines():
            for words in re.split(r"[*|`]+|^- |-{3,}:?", line):
                assert " ".join(words.split()) in told


@pytest.mark.verify
def test_what_is_kept_is_what_they_show(path: Path) -> None:
    """Numbers are the same on every machine; pictures with the same matplotlib and fonts."""
    assert nbformat.writes(talks.executed(path)) + "\n" == path.read_text("utf-8")
