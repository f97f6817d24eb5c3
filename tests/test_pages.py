"""Pages in a browser, in every language and at the width of a desk and of a phone.

Needs Chromium or Chrome, playwright to drive it and axe-core, which axe-playwright-python brings:
`pip install 'hamletsim[browser]'`. Without them the tests are skipped, and say why.
"""

import shutil
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import sim
from notebooks import talks
from sim import figures, report
from sim.figures.reading import Run
from sim.messages import LANGUAGES, speaking
from tests import runs
from tests.shipped import SCENARIOS

pytestmark = pytest.mark.verify
DRIVER = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
AXE = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WIDTHS = {"desk": (1280, 900), "phone": (390, 844)}
SERIOUS = {"serious", "critical"}
ROUNDING = 1.0
"""Pixels that a browser may be off."""
UNASSIGNED = "\u0378"
"""Stands for no letter: what is drawn for it is drawn for every letter that no font has."""
LARGEST_PROVINCE, LONGEST_TO_BUILD, LONGEST_TO_USE = 15e6, 20.0, 5.0
"""Bytes of the report of a province; seconds to build it, and to open it or sort a table."""

CUT_OFF = """() => {
  const moves = e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
  const scrolls = (e, end) => e !== end && (moves(e) || scrolls(e.parentElement, end));
  const told = e => `${e.tagName} ${e.textContent.trim().slice(0, 60)}`;
  const page = document.documentElement, found = [];
  for (const e of document.body.querySelectorAll("*")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || e.closest(".skip, script, style") || e.getClientRects().length === 0) continue;
    // Slides lie side by side: a text must keep to its own.
    const slide = e.closest("section"), isDeck = slide && moves(slide.parentElement);
    const end = isDeck ? slide : page, frame = end.getBoundingClientRect();
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const left = isDeck ? frame.left : 0, right = left + end.clientWidth;
    if ((box.right > right + ROUNDING || box.left < left - ROUNDING) && e !== end
      && !scrolls(e.parentElement, end)) found.push("outside: " + told(e));
    const hides = ["hidden", "clip"].includes(style.overflowX) || style.textOverflow === "ellipsis";
    if (hides && e.scrollWidth > e.clientWidth + ROUNDING) found.push("cut off: " + told(e));
  }
  return found;
}""".replace("ROUNDING", str(ROUNDING))
NOT_DRAWN = """missing => {
  const canvas = new OffscreenCanvas(48, 48), pen = canvas.getContext("2d", {
    willReadFrequently: true });
  pen.font = `32px ${getComputedStyle(document.body).fontFamily}`;
  const drawn = letter => {
    pen.clearRect(0, 0, 48, 48);
    pen.fillText(letter, 4, 38);
    return pen.getImageData(0, 0, 48, 48).data.join();
  };
  const none = drawn(missing);
  return [...new Set(document.body.textContent)].filter(c => c > "\\x7f" && drawn(c) === none);
}"""


@dataclass
class Seen:
    """What a browser did with a page."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def cut_off(self) -> list[str]:
        return list(self.page.evaluate(CUT_OFF))

    def unfold(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser is found: {', '.join(BROWSERS)}")
    with DRIVER.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> sim.Results:
    return runs.run(tmp_path_factory.mktemp("pages"))


def made(run: Run, kind: str) -> str:
    """A page of a run; a letter that figures cannot draw is an error."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph")
        return report.model.html(run) if kind == "model" else str(report.FORMATS[kind].made(run, 0))


KINDS = [*(k for k, form in report.FORMATS.items() if form.file.endswith(".html")), "model"]
FORMS = [(kind, spoken) for kind in KINDS for spoken in LANGUAGES]
TALKS = [(path.stem, spoken) for path in talks.NOTEBOOKS for spoken in LANGUAGES]
"""Decks of the notebooks, with the pictures that the repository holds."""


@pytest.fixture(scope="module", params=[*FORMS, *TALKS], ids="-".join)
def file(
    request: pytest.FixtureRequest, results: sim.Results, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    kind, spoken = request.param
    path = tmp_path_factory.mktemp(spoken) / f"{kind}.html"
    talk = talks.HERE / f"{kind}.ipynb"
    with speaking(spoken):
        path.write_text(talks.slides(talk) if talk.exists() else made(results, kind), "utf-8")
    return path


def opened(browser: Any, path: Path, width: str, **options: Any) -> Seen:
    """A file in a window of its own, read to its end."""
    across, down = WIDTHS[width]
    context = browser.new_context(viewport={"width": across, "height": down}, **options)
    seen = Seen(context.new_page())
    seen.page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("request", lambda asked: seen.requests.append(asked.url))
    seen.page.goto(path.as_uri(), wait_until="load")
    return seen


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_opens_whole_and_alone(browser: Any, file: Path, width: str) -> None:
    seen = opened(browser, file, width)
    seen.unfold()
    assert seen.errors == []
    elsewhere = [url for url in seen.requests if not url.startswith("data:")]
    assert elsewhere == [file.as_uri()]
    across = seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert across <= ROUNDING
    assert seen.cut_off() == []
    assert seen.page.evaluate(NOT_DRAWN, UNASSIGNED) == []
    pictures = "[...document.images].filter(i => !(i.complete && i.naturalWidth)).length"
    assert seen.page.evaluate(pictures) == 0
    seen.page.context.close()


def of_report(browser: Any, results: sim.Results, folder: Path, width: str) -> Seen:
    """The report of a run, opened."""
    path = folder / "report.html"
    report.write(results, path)
    return opened(browser, path, width)


def test_headers_of_tables_are_drawn_on_every_printed_page(
    browser: Any, results: sim.Results, tmp_path: Path
) -> None:
    """Chromium leaves out boxes inside a line, such as buttons, where it repeats a header."""
    seen = of_report(browser, results, tmp_path, "desk")
    shown = """[...new Set([...document.querySelectorAll("th button")].map(
      b => getComputedStyle(b).display))]"""
    assert seen.page.evaluate(shown) == ["inline-block"]
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate(shown) == ["contents"]
    seen.page.context.close()


def test_names_of_rows_stay_in_view_on_a_phone(
    browser: Any, results: sim.Results, tmp_path: Path
) -> None:
    seen = of_report(browser, results, tmp_path, "phone")
    moved = """box => { box.scrollLeft = 400; return [box.scrollLeft,
      box.querySelector("tbody th").getBoundingClientRect().left - box.getBoundingClientRect().left]
    }"""
    scrolled, left = seen.page.locator("#answer .wide").evaluate(moved)
    assert scrolled > 0 and abs(left) <= ROUNDING
    seen.page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_is_accessible(browser: Any, file: Path, width: str) -> None:
    seen = opened(browser, file, width, bypass_csp=True)  # axe is a script of its own
    seen.unfold()
    found = AXE.Axe().run(seen.page).response["violations"]
    bad = [
        (one["id"], one["impact"], [node["html"][:120] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in SERIOUS
    ]
    assert bad == []
    seen.page.context.close()


# ---------------------------------------------------------------- the checks can fail


def page_of(path: Path, body: str) -> Path:
    path.write_text(f"<!DOCTYPE html><html lang=en><title>t</title><body>{body}</body>", "utf-8")
    return path


@pytest.mark.parametrize(
    "body",
    [
        "<p style='width: 3000px'>far too wide</p>",
        "<p style='overflow: hidden; width: 20px; white-space: nowrap'>cut off here</p>",
        "<p style='position: absolute; left: -40px'>outside</p>",
        "<main style='display: flex; overflow-x: auto'>"
        "<section style='flex: 0 0 100vw; min-width: 0'>"
        "<p style='width: 120vw'>wider than its slide</p></section></main>",
    ],
)
def test_text_that_is_cut_off_is_seen(browser: Any, tmp_path: Path, body: str) -> None:
    seen = opened(browser, page_of(tmp_path / "cut.html", body), "phone")
    assert len(seen.cut_off()) == 1
    seen.page.context.close()


def test_errors_requests_and_missing_letters_are_seen(browser: Any, tmp_path: Path) -> None:
    body = (
        "<img alt='' src='http://localhost:9/picture.png'><p>\u0379 \u1ec7 \u0416</p>"
        "<script>throw new Error('bad')</script>"
    )
    seen = opened(browser, page_of(tmp_path / "bad.html", body), "desk")
    assert any("bad" in error for error in seen.errors)
    assert "http://localhost:9/picture.png" in seen.requests
    assert seen.page.evaluate(NOT_DRAWN, UNASSIGNED) == ["\u0379"]
    seen.page.context.close()


def test_what_nobody_can_read_is_seen(browser: Any, tmp_path: Path) -> None:
    body = "<main><h1>t</h1><p style='color: #ccc; background: #fff'>pale</p></main>"
    seen = opened(browser, page_of(tmp_path / "pale.html", body), "desk", bypass_csp=True)
    found = AXE.Axe().run(seen.page).response["violations"]
    assert {one["id"] for one in found if one["impact"] in SERIOUS} == {"color-contrast"}
    seen.page.context.close()


# ---------------------------------------------------------------- a province


def test_the_report_of_a_province_is_small_quick_and_usable(browser: Any, tmp_path: Path) -> None:
    """Son La, 3,181 units; what takes longer in it are its units, not its replications.

    In seconds of the processor, for others may be using the machine.
    """
    sim.run(sim.load(SCENARIOS / "son-la.yaml"), replications=2, out=tmp_path / "run")
    run = figures.read(tmp_path / "run")
    path, begun = tmp_path / "report.html", time.process_time()
    report.write(run, path)
    built, size = time.process_time() - begun, path.stat().st_size
    seen = opened(browser, path, "desk")
    opening = seconds_of(seen.page)
    seen.unfold()
    longest = seen.page.locator("#where table").first
    unfolded = seconds_of(seen.page)
    longest.locator("thead th button").nth(2).click()
    assert longest.locator("th[aria-sort]").count() == 1
    sorting = seconds_of(seen.page) - unfolded
    print(
        f"{size / 1e6:.1f} MB; seconds: built {built:.1f}, open {opening:.1f}, sort {sorting:.1f}"
    )
    assert seen.errors == []
    assert size < LARGEST_PROVINCE
    assert built < LONGEST_TO_BUILD
    assert max(opening, sorting) < LONGEST_TO_USE


def seconds_of(page: Any) -> float:
    """The processor seconds that a page has used."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "ProcessTime"))
