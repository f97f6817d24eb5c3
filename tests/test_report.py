"""The report: every number from the tables, names as text, nothing from elsewhere, accessible."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim import figures, report
from sim.experiment import Results
from sim.figures import formats
from sim.messages import speaking
from sim.report import choices, hamlets, levers, trust
from sim.report.blocks import People, Table
from sim.report.first import first
from sim.world import build
from tests import runs
from tests.test_cli import command
from tests.test_figures import with_tables

TABLES = ("hamlets", "years", "losses", "pairs", "rule", "flips", "funnel", "rates")
VOID = {"meta", "link", "img", "br", "input"}


@dataclass
class Element:
    """An element with its attributes, its own and all its text, and what it contains."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    pieces: list[Any] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(p if isinstance(p, str) else p.text for p in self.pieces)

    def all(self, *names: str) -> Iterator["Element"]:
        for child in self.children:
            if not names or child.name in names:
                yield child
            yield from child.all(*names)

    def without(self, *names: str) -> str:
        """The text outside elements of these names."""
        return " ".join(
            p if isinstance(p, str) else ("" if p.name in names else p.without(*names))
            for p in self.pieces
        )


class Tree(HTMLParser):
    """A page as elements; a page whose tags do not match is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.top = Element("page", {})
        self.open = [self.top]
        self.feed(page)
        assert [e.name for e in self.open] == ["page"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        self.open[-1].pieces.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].pieces.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return runs.run(folder)


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return report.html(results)


@pytest.fixture(scope="module")
def top(page: str) -> Element:
    return Tree(page).top


@pytest.fixture
def blank_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take most of the time, and are looked at elsewhere."""
    monkeypatch.setattr("sim.report.blocks.picture", lambda axes, kind: b"<svg/>")


def part(top: Element, key: str) -> Element:
    return next(e for e in top.all("section") if e.attributes.get("id") == key)


def rows(table: Element) -> list[list[str]]:
    body = next(table.all("tbody"))
    return [[" ".join(c.text.split()) for c in row.children] for row in body.all("tr")]


# ---------------------------------------------------------------- numbers


def values_of(run: Any) -> set[float]:
    """Every number in the tables of a run."""
    found: set[float] = set()
    for name in TABLES:
        numbers = getattr(run, name).select_dtypes("number")
        found |= set(np.unique(numbers.to_numpy(dtype=float, na_value=np.nan)))
    return found


def test_every_number_stands_in_the_tables(top: Element, results: Results) -> None:
    known = values_of(results)
    numbers = [float(e.attributes["value"]) for e in top.all("data")]
    assert len(numbers) > 500
    assert [n for n in numbers if n not in known] == []


def test_every_number_is_written_as_its_value(top: Element) -> None:
    """What is read is the value, or a hundred or a thousand times it, rounded to what is shown."""
    for element in top.all("data"):
        value, text = float(element.attributes["value"]), element.text
        shown = float(text.replace(",", "").replace("−", "-").replace("+", ""))
        decimals = len(text.partition(".")[2])
        nearest = min(abs(shown - times * value) for times in (1, 100, 1000))
        assert nearest <= 0.5 * 10**-decimals + 1e-9 or text in ("99", "1"), (value, text)


ELSEWHERE = {
    "style", "script", "title", "data", "time", "code", "summary",
    "caption",  # names the horizon and the level of intervals
}  # fmt: skip


def test_numbers_outside_of_data_are_no_results(top: Element, results: Results) -> None:
    """Digits elsewhere are levels, ages, thresholds of the scenario, counts of rows, or names."""
    allowed = {
        "95", "19", "20", "10", "3", "5", "60", "65", "18", "29", "30", "39", "40", "49", "50",
        "59", "69", "70", "79", "80",  # levels, age groups, rules
        "1", "100",  # the formula of the score
        *map(str, range(2020, 2031)),
    }  # fmt: skip
    for section in top.all("section"):
        if section.attributes["id"] in ("reproduce", "assumed", "levers"):
            continue
        text = section.without(*ELSEWHERE)
        text = re.sub(r"Xóm \d+|H\d+|alert\(1\)", "", text)
        assert set(re.findall(r"\d+", text)) <= allowed, section.attributes["id"]


def test_the_answer_is_that_of_the_tables(top: Element, results: Results) -> None:
    sentences = [" ".join(e.text.split()) for e in part(top, "answer").all("li")]
    assert len(sentences) == 3
    end = results.years.query("year == 10").set_index(["policy", "measure"])
    lost = formats.with_interval(
        formats.Known(*end.loc[("as-is", "lost"), ["mean", "low", "high"]])
    )
    assert sentences[0].startswith(f"Under as-is, {lost} hamlets are expected to lose their cell")
    best = end.xs("without_cell", level="measure")["mean"].idxmin()
    assert best == "posted-in"
    pair = results.pairs.query("policy == @best and outcome == 'without_cell' and hamlet == ''")
    known = formats.Known(*pair[["difference", "low", "high"]].iloc[0])
    assert formats.with_interval(known, sign=True) in sentences[1]
    few = end.loc[("posted-in", "few_local"), ["mean", "low", "high"]]
    assert formats.with_interval(formats.Known(*few)) in sentences[2]


def test_what_is_not_sure_is_not_claimed(results: Results) -> None:
    pairs = results.pairs.copy()
    pairs.loc[pairs["outcome"] == "without_cell", "high"] = 0.4
    unsure = first(with_tables(results, pairs=pairs), People())
    assert "but the difference to as-is may be none" in unsure.answer[1]
    alone = with_tables(results, manifest=results.manifest | {"policies": ["as-is"]})
    assert first(alone, People()).answer[1].startswith("No other policy was simulated")
    years = results.years.copy()
    years.loc[(years["policy"] == "as-is") & (years["measure"] == "without_cell"), "mean"] = 0.0
    best = first(with_tables(results, years=years), People())
    assert best.answer[1].startswith("No other policy is expected to leave fewer")
    assert choices.against_base(alone, People()).blocks[0].text == "Only one policy was simulated."


def test_few_replications_are_warned_of(results: Results, top: Element) -> None:
    assert "rely neither on intervals" in part(top, "answer").text
    many, enough = (
        with_tables(results, manifest=results.manifest | {"replications": n}) for n in (199, 200)
    )
    assert "probabilities of single hamlets are rough" in first(many, People()).warning
    assert first(enough, People()).warning == ""


def test_hamlets_to_act_on(top: Element, results: Results) -> None:
    table = results.hamlets.query("policy == 'as-is' and kind == 'hamlet'")
    end = table.query("year == 10").sort_values(
        ["p_lost", "p_below", "hamlet"], ascending=[False, False, True]
    )
    found = rows(next(part(top, "act").all("table")))
    at_risk = end.query("p_lost > 0 or p_below > 0")
    assert 0 < len(at_risk) < len(end)
    assert [row[0] for row in found] == at_risk["name"].tolist()[:15]
    worst = end.iloc[0]
    due = table.query("hamlet == @worst.hamlet and p_below >= 0.1")["date"].min()
    assert found[0][-1] == due.date().isoformat()
    assert found[0][-2] == f"{worst.needed:.0f}"


@pytest.mark.usefixtures("blank_pictures")
def test_where_nobody_is_at_risk_nobody_is_to_be_acted_on(results: Results) -> None:
    safe = results.hamlets.assign(p_lost=0.0, p_below=0.0, p_no_successor=0.0)
    source = with_tables(results, hamlets=safe)
    (only,) = hamlets.to_act_on(source, People()).blocks
    assert only.text == "No cell fell below the minimum in any replication."
    assert "No cell fell below" in part(Tree(report.slides(source)).top, "act").text
    top = Tree(report.html(source)).top
    assert all(rows(table) for table in top.all("table"))


def test_acting_is_due_before_the_cell_may_fall_below(results: Results) -> None:
    table = results.hamlets.copy()
    early = (table["hamlet"] == "H0") & (table["policy"] == "as-is")
    table.loc[early, ["p_below", "p_lost"]] = [0.05, 0.9]
    table.loc[early & (table["year"] >= 4), "p_below"] = 0.1
    act = hamlets.to_act_on(with_tables(results, hamlets=table), People())
    assert '<time datetime="2024-01-01">' in act.blocks[0].rows[0][-1]


def test_parts_stand_in_the_order_of_questions(top: Element) -> None:
    keys = [e.attributes["id"] for e in top.all("section")]
    assert keys == [
        "answer", "act", "postings", "alone", "way", "succession", "members", "where", "levers",
        "policies", "flips", "causes", "rule", "assumed", "reproduce",
    ]  # fmt: skip
    links = [e.attributes["href"] for e in next(top.all("nav")).all("a")]
    assert links == [f"#{key}" for key in keys[1:]]


def test_a_hamlet_a_row_in_the_sortable_tables(top: Element) -> None:
    by_year, scorecard = list(part(top, "where").all("table"))
    assert len(rows(by_year)) == len(rows(scorecard)) == runs.HAMLETS
    assert {e.attributes.get("scope") for e in by_year.all("th")} == {"col", "row"}


def test_notes_of_the_scenario_are_told(top: Element, results: Results) -> None:
    ((note,),) = rows(list(part(top, "assumed").all("table"))[-1])
    assert note.startswith("2,474 is printed; <i>it is</i> 2,475, for 830, 834 and 811 are printed")
    assert note.endswith("beside it.")
    with speaking("vi"):
        noted = trust.assumed(results).blocks[2]
    assert isinstance(noted, Table) and noted.rows == [["In 2.474; đúng là 2.475."]]


def test_policies_have_their_names_in_the_language(results: Results) -> None:
    assert [row[0] for row in first(results, People()).policies.rows] == [
        "as-is", "more-seats", "posted-in",
    ]  # fmt: skip
    with speaking("vi"):
        told = first(results, People())
        assert told.policies.rows[0][0] == "giữ nguyên như hiện trạng nay"
        assert told.policies.rows[1][0] == "more-seats"
        assert "theo phương án giữ nguyên như hiện trạng nay" in told.answer[0].lower()


def test_every_policy_is_told_with_its_levers(results: Results) -> None:
    (table,) = levers.policy_levers(results).blocks
    assert isinstance(table, Table)
    assert table.rows[0] == ["as-is", "no lever", "–", "–", "–", "as-is"]
    posted_in = next(row for row in table.rows if row[0] == "posted-in")
    assert posted_in[1] == "Reinforcement by posted members"
    assert posted_in[2] == (
        "Where the strength is below: 3; How many are posted: 2; Term in months: 24; "
        "Pool they come from: army; Where there is no cell: helpers, or whether to post: no"
    )
    with speaking("ru"):
        (table,) = levers.policy_levers(results).blocks
        assert isinstance(table, Table)
        assert table.rows[0][0] == "всё остаётся как теперь"


# ---------------------------------------------------------------- safe


def test_markup_in_names_is_text(page: str, top: Element) -> None:
    assert "<b>" not in page
    assert runs.MARKUP in part(top, "act").text
    assert len(list(top.all("script"))) == 1


@pytest.mark.usefixtures("blank_pictures")
def test_markup_in_the_title_and_in_policies_is_text(results: Results) -> None:
    bad = "<img src=x onerror=alert(1)>"
    scenario = results.manifest["scenario"] | {"title": bad}
    names = {"as-is": bad}
    changed = {
        name: getattr(results, name).replace({"policy": names})
        for name in TABLES
    }  # fmt: skip
    manifest = results.manifest | {
        "scenario": scenario,
        "policies": [bad, *results.manifest["policies"][1:]],
    }
    page = report.html(with_tables(results, manifest=manifest, **changed))
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_nothing_comes_from_elsewhere(page: str, top: Element) -> None:
    for element in top.all():
        for name in ("src", "href"):
            address = element.attributes.get(name, "#")
            assert address.startswith(("#", "data:")), address
    style = next(top.all("style")).text
    assert "url(" not in style and "@import" not in style
    policy = next(e.attributes["content"] for e in top.all("meta") if "content" in e.attributes)
    assert policy.startswith("default-src 'none'")


def test_no_person_has_a_key_in_it(page: str, results: Results) -> None:
    keys = {str(key) for key in build(results.loaded).people["key"]}
    assert not keys & set(re.findall(r"\d{12,}", page))


def test_counts_of_people_can_be_hidden(results: Results, top: Element) -> None:
    hidden = Tree(report.html(results, hide_below=6)).top
    admissions = [row[5] for row in rows(next(part(hidden, "answer").all("table")))]
    made = results.years.query("measure == 'admitted' and year == 10")["so_far"]
    assert [text == "under 6" for text in admissions] == [bool(n < 6) for n in made]
    table = next(part(hidden, "act").all("table"))
    strengths = [row[5] for row in rows(table)]
    known = [row[5] for row in rows(next(part(top, "act").all("table")))]
    assert any(float(n) < 6 for n in known)
    for one, other in zip(known, strengths, strict=True):
        assert other == (one if float(one) >= 6 else "under 6")
    for key in ("way", "members"):
        numbers = [e for t in part(hidden, key).all("table") for e in t.all("data")]
        assert all(float(e.attributes["value"]) >= 6 for e in numbers), key
    assert not list(part(hidden, "way").all("img"))
    pictures = [[e.attributes["src"] for e in part(t, "members").all("img")] for t in (hidden, top)]
    assert pictures[0] != pictures[1]  # without the ages and statuses of few


def test_where_nobody_is_posted_there_is_nothing_to_show(results: Results) -> None:
    years = results.years.copy()
    years.loc[years["measure"].isin(["on_posted", "posted_now"]), "mean"] = 0.0
    (only,) = hamlets.posting_cliff(with_tables(results, years=years), People()).blocks
    assert only.text == "Nobody is posted in any replication under as-is."


def test_what_ends_before_the_start_is_not_told(top: Element) -> None:
    first_day, next_year = rows(next(part(top, "postings").all("table")))[:2]
    assert first_day[3:] == ["–", "–"]
    assert "–" not in next_year


def test_a_hamlet_that_has_no_cell_today_is_told_as_such(results: Results) -> None:
    table = results.hamlets.copy()
    table.loc[(table["hamlet"] == "H0") & (table["year"] == 0), "p_without_cell"] = 1.0
    table.loc[(table["hamlet"] == "H0") & (table["year"] == 10), ["p_lost", "main_cause"]] = 1.0, ""
    act = hamlets.to_act_on(with_tables(results, hamlets=table), People())
    why = [row[4] for row in act.blocks[0].rows]
    assert why[0].endswith("no cell of its own or joint today")
    assert not why[0].startswith("–")
    assert not any("no cell" in text for text in why[1:])


def test_few_admissions_are_hidden_in_every_table(results: Results) -> None:
    few = results.years["measure"] == "admitted"
    years = results.years.assign(so_far=results.years["so_far"].mask(few, 3.0))
    source = with_tables(results, years=years)
    tables = [first(source, People(4)).policies, choices.against_base(source, People(4)).blocks[1]]
    for table, column in zip(tables, (5, 4), strict=True):
        assert {row[column] for row in table.rows} == {"under 4"}


def test_what_is_hidden_has_no_value_either() -> None:
    people = People(5)
    assert people.number(4.0) == "under 5"
    assert "data" in people.number(5.0)
    assert people.counted(formats.Known(6.0, 4.0, 8.0)) == "under 5"
    assert "data" in People().number(0.0)


# ---------------------------------------------------------------- accessible


def test_headings_tables_and_pictures_are_named(top: Element) -> None:
    headings = [int(e.name[1]) for e in top.all("h1", "h2", "h3")]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(headings))
    for table in top.all("table"):
        assert next(table.all("caption")).text.strip()
        heads = list(next(table.all("thead")).all("th"))
        assert all(h.attributes["scope"] == "col" and h.text.strip() for h in heads)
        assert {len(row.children) for row in next(table.all("tbody")).all("tr")} <= {len(heads)}
        for row in next(table.all("tbody")).all("tr"):
            assert row.children[0].name == "th" and row.children[0].attributes["scope"] == "row"
    assert all(len(e.attributes["alt"]) > 20 for e in top.all("img"))
    labels = [e.attributes["aria-label"] for e in top.all() if "aria-label" in e.attributes]
    assert len(labels) == len(set(labels))
    ids = [e.attributes["id"] for e in top.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_contrast_of_the_heat_map(top: Element) -> None:
    style = next(top.all("style")).text
    shades = re.findall(r"\.r\d \{ background: (#\w{6});(?: color: (#\w{3,6});)? \}", style)
    assert len(shades) == 6
    for back, front in shades:
        full = {"": "#1a1a1a", "#000": "#000000", "#fff": "#ffffff"}[front]
        light, dark = sorted((luminance(back), luminance(full)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (back, full)


@pytest.mark.usefixtures("blank_pictures")
def test_the_language_of_the_page(results: Results) -> None:
    with speaking("vi"):
        page = report.html(results)
    assert '<html lang="vi">' in page
    end = results.years.query("policy == 'as-is' and measure == 'lost' and year == 10")
    lost = float(end["mean"].iloc[0])
    assert f'<data value="{lost!r}">{lost:.1f}</data>'.replace(".1</", ",1</") in page


def test_long_tables_are_folded() -> None:
    short, long, longest = (Table("t", ["a"], [["x"]] * n) for n in (15, 16, 101))
    assert (short.is_folded, long.is_folded, longest.is_folded) == (False, True, True)
    assert (long.is_printed, longest.is_printed) == (True, False)


# ---------------------------------------------------------------- the command


def test_results_and_their_folder_give_the_same_page(
    results: Results, folder: Path, page: str
) -> None:
    again = report.html(figures.read(folder / "run"))
    assert re.sub(r"<pre.*?</pre>", "", again, flags=re.S) == re.sub(
        r"<pre.*?</pre>", "", page, flags=re.S
    )


@pytest.mark.usefixtures("blank_pictures")
def test_the_command_writes_the_page(results: Results, folder: Path, tmp_path: Path) -> None:
    done = command("report", folder / "run", "--lang", "ru", "--out", tmp_path / "page.html")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip() == str(tmp_path / "page.html")
    assert '<html lang="ru">' in (tmp_path / "page.html").read_text("utf-8")


def test_other_formats_are_told(results: Results, folder: Path, tmp_path: Path) -> None:
    done = command("report", folder / "run", "--format", "pdf", "--out", tmp_path / "page.pdf")
    assert done.err.strip() == '--format: found "pdf"; allowed: html, xlsx, slides'
    assert done.code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("blank_pictures")
def test_a_run_ends_with_its_report(tmp_path: Path) -> None:
    scenario = runs.scenario(tmp_path)
    done = command("run", scenario, "--replications", "2", "--out", tmp_path / "run")
    assert (done.code, done.err) == (0, "")
    assert done.out.rstrip().endswith(f"Report: {tmp_path / 'run' / 'report.html'}")
    assert "Twelve hamlets" in (tmp_path / "run" / "report.html").read_text("utf-8")
    again = command("run", scenario, "--replications", "1", "--out", tmp_path / "run")
    assert again.code == 0  # a folder with a report is still a run's
    assert isinstance(sim.read(tmp_path / "run").years, pd.DataFrame)
