"""Slides of a run: the numbers of its tables, offline, in each language, small numbers hidden."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import figures, report
from sim.experiment import Results
from sim.messages import LANGUAGES, speaking
from sim.report import talk
from sim.report.blocks import People, Table, Text
from sim.report.first import first
from tests import runs
from tests.test_cli import command
from tests.test_figures import with_tables
from tests.test_report import ELSEWHERE, Element, Tree, part, rows, values_of

ORDER = [
    "question", "answer", "policies", "act", "postings", "alone", "way", "causes", "doubts",
    "assumed", "reproduce",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def blank_pictures() -> Iterator[None]:
    """Pictures take most of the time, and are looked at elsewhere."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr("sim.report.blocks.picture", lambda axes, kind: b"<svg/>")
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slides")


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return runs.run(folder)


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return report.slides(results)


@pytest.fixture(scope="module")
def top(page: str) -> Element:
    return Tree(page).top


def test_slides_stand_in_the_order_of_questions(top: Element) -> None:
    assert [e.attributes["id"] for e in top.all("section")] == ORDER
    places = [next(e for e in s.all("p") if e.attributes.get("class") == "place").text
              for s in top.all("section")]  # fmt: skip
    assert [p.split()[-3:] for p in places] == [
        [str(n + 1), "/", str(len(ORDER))] for n in range(len(ORDER))
    ]


def test_every_number_stands_in_the_tables(top: Element, results: Results) -> None:
    known = values_of(results)
    numbers = [float(e.attributes["value"]) for e in top.all("data")]
    assert len(numbers) > 80
    assert [n for n in numbers if n not in known] == []


def test_numbers_outside_of_data_are_no_results(top: Element) -> None:
    """Digits elsewhere are levels, thresholds of the scenario, counts of replications, or names."""
    allowed = {"95", "19", "20", "30", "10", "3", "5", *map(str, range(2020, 2031))}
    for section in top.all("section"):
        if section.attributes["id"] in ("reproduce", "assumed"):
            continue
        number_of_slide = r"\d+ / \d+"
        text = re.sub(
            rf"{number_of_slide}|Xóm \d+|H\d+|alert\(1\)", "", section.without(*ELSEWHERE)
        )
        assert set(re.findall(r"\d+", text)) <= allowed, section.attributes["id"]


def test_the_answer_is_that_of_the_report(top: Element, results: Results) -> None:
    told = [p.text for p in part(top, "answer").all("p")]
    answer = first(results, People()).answer
    of_report = [Tree(f"<p>{sentence}</p>").top.text for sentence in answer]
    assert len(of_report) == 3
    assert [one for one in of_report if one not in told] == []
    assert "rely neither on intervals" in told[0]


def test_nothing_comes_from_elsewhere(page: str, top: Element) -> None:
    for element in top.all():
        for name in ("src", "href"):
            assert element.attributes.get(name, "#").startswith(("#", "data:"))
    style = next(top.all("style")).text
    assert "url(" not in style and "@import" not in style
    (script,) = top.all("script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    policy = next(e.attributes["content"] for e in top.all("meta") if "content" in e.attributes)
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )


def test_names_are_text(page: str, top: Element) -> None:
    assert "<b>" not in page
    assert runs.MARKUP in part(top, "act").text


def test_headings_and_pictures_are_named(top: Element) -> None:
    assert [e.name for e in top.all("h1", "h2", "h3")] == ["h1"] + ["h2"] * (len(ORDER) - 1)
    assert all(len(e.attributes["alt"]) > 20 for e in top.all("img"))
    assert len(list(top.all("img"))) == 5
    ids = [e.attributes["id"] for e in top.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for section in top.all("section"):
        assert section.attributes["aria-labelledby"] in ids
    assert all(e.attributes["aria-label"] for e in top.all("button"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_of_the_slides(results: Results, language: str) -> None:
    with speaking(language):
        page = report.slides(results)
    assert f'<html lang="{language}">' in page
    end = results.years.query("policy == 'as-is' and measure == 'lost' and year == 10")
    lost = float(end["mean"].iloc[0])
    written = f"{lost:.1f}" if language == "en" else f"{lost:.1f}".replace(".", ",")
    assert f'<data value="{lost!r}">{written}</data>' in page


def test_counts_of_people_can_be_hidden(results: Results, top: Element) -> None:
    hidden = Tree(report.slides(results, hide_below=6)).top
    known, told = ([row[4] for row in rows(next(part(t, "act").all("table")))]
                   for t in (top, hidden))  # fmt: skip
    assert any(float(n) < 6 for n in known)
    for one, other in zip(known, told, strict=True):
        assert other == (one if float(one) >= 6 else "under 6")
    assert not list(part(hidden, "way").all("img"))
    steps = [e for t in part(hidden, "way").all("table") for e in t.all("data")]
    assert steps
    assert all(float(e.attributes["value"]) >= 6 for e in steps)


def test_the_steps_in_place_of_the_picture_are_those_of_the_tables(results: Results) -> None:
    hidden = Tree(report.slides(results, hide_below=6)).top
    found = {row[0]: row[1] for row in rows(next(part(hidden, "way").all("table")))}
    end = results.years.query("policy == 'as-is' and measure == 'listed_in_year' and year == 10")
    low = float(end["so_far_low"].iloc[0])
    assert low >= 6
    assert f"{end['so_far'].iloc[0]:.1f}" in found["put on the source list"]
    assert "under 6" in found.values()


def test_a_table_that_is_too_long_for_a_slide_says_what_is_left_out(
    results: Results, page: str, top: Element
) -> None:
    assert "The first" not in page
    shown = rows(next(part(top, "policies").all("table")))
    assert [row[0] for row in shown] == results.manifest["policies"]
    table = Table("t", ["a", "b"], [[str(i), "x"] for i in range(talk.MOST_ROWS + 1)])
    (text,) = talk._left_out(table)
    assert text == Text("The first 12 of 13; the report has them all.")
    assert table.cut(talk.MOST_ROWS, (0,)).rows == [[str(i)] for i in range(talk.MOST_ROWS)]


def test_a_picture_of_many_policies_shows_the_base_and_the_best(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = results.manifest["policies"]
    without = results.years.query("measure == 'without_cell' and year == 10")
    best = without.set_index("policy")["mean"].drop(names[0]).idxmin()
    drawn: list[object] = []
    monkeypatch.setattr(talk, "MOST_POLICIES", 2)
    monkeypatch.setattr(
        "sim.figures.lost_beside_few_local",
        lambda run, only=None: drawn.append(only) or figures.causes(run),
    )
    part = talk._few_local(results)
    assert drawn == [[names[0], best]]
    assert part.blocks[-1] == Text(
        f"Here: {names[0]}, and the 1 policies that leave the fewest hamlets without a cell."
    )


def test_one_policy_alone_has_slides_too(results: Results) -> None:
    alone = with_tables(results, manifest=results.manifest | {"policies": ["as-is"]})
    slides = Tree(report.slides(alone)).top
    assert [e.attributes["id"] for e in slides.all("section")] == ORDER


def test_the_command_writes_slides(results: Results, folder: Path) -> None:
    done = command("report", folder / "run", "--format", "slides", "--lang", "vi")
    assert (done.code, done.err, done.out.strip()) == (0, "", str(folder / "run" / "slides.html"))
    assert '<html lang="vi">' in (folder / "run" / "slides.html").read_text("utf-8")


def test_slides_of_an_older_run_do_not_stay(tmp_path: Path) -> None:
    runs.run(tmp_path, policies=["as-is"])
    (tmp_path / "run" / "slides.html").write_text("old", "utf-8")
    (tmp_path / "run" / "mine.html").write_text("mine", "utf-8")
    runs.run(tmp_path, policies=["as-is"])
    assert not (tmp_path / "run" / "slides.html").exists()
    assert (tmp_path / "run" / "mine.html").exists()


@pytest.mark.usefixtures("blank_pictures")
def test_bands_are_explained_only_where_they_are_drawn(results: Results) -> None:
    both = Tree(report.slides(results)).top
    assert "Grey:" in part(both, "doubts").text
    columns = {c: float("nan") for c in results.years if c.startswith(("chance_", "parameters_"))}
    none = with_tables(results, years=results.years.assign(**columns))
    told = part(Tree(report.slides(none)).top, "doubts").text
    assert "cannot tell chance from what is not known" in told
    assert "Grey:" not in told and "Blue:" not in told
