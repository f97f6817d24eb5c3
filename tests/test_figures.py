"""Figures show what the tables say: their data against the tables, and every text in place."""

import datetime as dt
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.text import Text

import sim
from sim import figures, numerals, store
from sim.experiment import Results
from sim.figures import formats
from sim.figures.course import STATUSES
from sim.figures.drawing import BLUE, GREY, ORANGE
from sim.figures.files import FIGURES, names, picture
from sim.figures.formats import Known
from sim.figures.reading import told_of
from sim.messages import BadInput, speaking
from tests import runs
from tests.test_cli import command

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("figures")


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return runs.run(folder)


@pytest.fixture(scope="module")
def run(results: Results, folder: Path) -> figures.Run:
    return figures.read(folder / "run")


def dots(axes: Axes) -> list[tuple[float, float, float]]:
    """Value, low and high of each row, from what is drawn."""
    intervals, values = axes.lines[0::2], axes.lines[1::2]
    found = []
    for interval, value in zip(intervals, values, strict=False):
        low, high = interval.get_xdata()
        found.append((float(np.ravel(value.get_xdata())[0]), float(low), float(high)))
    return found


def told(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def names_of(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


# ---------------------------------------------------------------- policies


def test_lost_by_policy(run: figures.Run) -> None:
    axes = figures.lost_by_policy(run)
    table = run.years.query("measure == 'lost' and year == 10")
    assert np.allclose(dots(axes), table[["mean", "low", "high"]])
    assert names_of(axes) == ["as-is", "more-seats", "posted-in"]
    known = Known(*table[["mean", "low", "high"]].iloc[0])
    assert told(axes)[0] == formats.with_interval(known)
    assert told(axes)[2].startswith("< ")  # lost in no replication


def test_differences_say_what_is_sure(run: figures.Run) -> None:
    axes = figures.differences(run)
    table = run.pairs.query("outcome == 'lost' and hamlet == ''")
    assert np.allclose(dots(axes), table[["difference", "low", "high"]])
    assert [line.get_color() for line in axes.lines[1:4:2]] == [GREY, BLUE]


def test_what_may_be_no_difference_is_grey(run: figures.Run) -> None:
    axes = figures.differences(with_tables(run, pairs=run.pairs.assign(difference=-1.0, high=0.1)))
    assert {line.get_color() for line in axes.lines[1:4:2]} == {GREY}


def test_a_policy_that_loses_more_is_orange(run: figures.Run) -> None:
    pairs = run.pairs.assign(difference=-run.pairs["difference"], low=1.0, high=3.0)
    axes = figures.differences(with_tables(run, pairs=pairs))
    assert axes.lines[1].get_color() == ORANGE


def test_cells_lost_beside_hamlets_that_cannot_stand_alone(run: figures.Run) -> None:
    axes = figures.lost_beside_few_local(run)
    found, number = dots(axes), 3
    for part, measure in ((found[:number], "lost"), (found[number:], "few_local")):
        years = run.years
        table = years[(years["measure"] == measure) & (years["year"] == 10)]
        assert np.allclose(part, table[["mean", "low", "high"]])
    assert "fewer than 3 officials of their own" in told(axes)


# ---------------------------------------------------------------- years


def band(axes: Axes, kind: str) -> np.ndarray:
    """The ends of a band at each year, from its polygon."""
    polygon = next(c for c in axes.collections if c.get_label() == kind)
    corners = polygon.get_paths()[0].vertices
    years = np.unique(corners[:, 0])
    return np.array([[f(corners[corners[:, 0] == y, 1]) for f in (np.min, np.max)] for y in years])


def test_bands_over_the_years(run: figures.Run) -> None:
    axes = figures.over_years(run, "posted_now", "posted-in")
    table = run.years.query("measure == 'posted_now' and policy == 'posted-in'")
    line = next(line for line in axes.lines if line.get_label() == "mean")
    assert np.allclose(line.get_ydata(), table["mean"])
    for kind in ("chance", "parameters"):
        ends = table[[f"{kind}_low", f"{kind}_high"]]
        assert np.isfinite(ends).all(axis=None)
        assert np.allclose(band(axes, kind), ends)
    assert axes.get_ylim()[0] == 0
    assert any(text.startswith("nine in ten by chance alone") for text in told(axes))


def test_without_uncertain_parameters_there_is_no_band_of_theirs(run: figures.Run) -> None:
    years = run.years.assign(parameters_low=np.nan, parameters_high=np.nan)
    axes = figures.lost_over_years(with_tables(run, years=years))
    assert [c.get_label() for c in axes.collections] == ["chance"]
    assert not any("parameters" in text for text in told(axes))


def test_of_few_draws_a_range_is_not_called_nine_in_ten(run: figures.Run) -> None:
    few, many = (
        with_tables(run, manifest=run.manifest | {"parameter_draws": draws}) for draws in (18, 19)
    )
    for source, expected in ((few, "range of the expected"), (many, "expected number in nine")):
        texts = told(figures.over_years(source, "posted_now", "posted-in"))
        assert any(text.startswith(expected) for text in texts)
        assert ("range by the" in figures.members(source)[0].figure._suptitle.get_text()) == (
            source is few
        )


def without_bands(run: figures.Run, *columns: str) -> Any:
    """Results that cannot tell chance: of one replication of each draw, or of one at all."""
    kinds = [c for c in run.years if c.startswith(("chance_", "parameters_"))]
    return with_tables(run, years=run.years.assign(**dict.fromkeys([*kinds, *columns], np.nan)))


def test_where_chance_cannot_be_told_the_interval_is_shown(run: figures.Run) -> None:
    source = without_bands(run)
    axes = figures.over_years(source, "posted_now", "posted-in")
    table = run.years.query("measure == 'posted_now' and policy == 'posted-in'")
    assert np.allclose(band(axes, "interval"), table[["low", "high"]])
    known = Known(*table[["mean", "low", "high"]].iloc[-1])
    assert told(axes) == [f"expected: {formats.with_interval(known)}"]
    assert "grey: the 95 % interval" in axes.figure._supxlabel.get_text()
    assert "its 95 % interval (grey)" in figures.members(source)[0].figure._suptitle.get_text()


def test_one_replication_is_said_to_tell_nothing_of_how_sure_it_is(run: figures.Run) -> None:
    source = without_bands(run, "low", "high")
    axes = figures.lost_over_years(source)
    assert len(axes.collections) == 0
    assert "one replication" in axes.figure._supxlabel.get_text()
    assert "one replication" in figures.ages(source)[0].figure._suptitle.get_text()


def test_a_number_without_interval_is_still_written(run: figures.Run) -> None:
    axes = figures.lost_by_policy(without_bands(run, "low", "high"))
    assert np.isfinite([text.xy for text in axes.texts]).all()


def test_members_and_ages_stand_in_panels(run: figures.Run) -> None:
    for draw, measures in ((figures.members, 7), (figures.ages, 8)):
        panels = draw(run)
        assert len(panels) == measures
        assert all(panel.get_ylim()[0] == 0 for panel in panels)
    first = next(line for line in figures.members(run)[0].lines if line.get_label() == "mean")
    table = run.years.query("measure == 'officials' and policy == 'as-is'")
    assert np.allclose(first.get_ydata(), table["mean"])


# ---------------------------------------------------------------- hamlets


def worst(run: figures.Run, most: int) -> pd.DataFrame:
    table = run.hamlets.query("policy == 'as-is' and kind == 'hamlet' and year == 10")
    return table.sort_values(["p_lost", "p_below", "hamlet"], ascending=[False, False, True])[:most]


def test_hamlets_at_greatest_risk(run: figures.Run) -> None:
    axes = figures.at_greatest_risk(run, most=5)
    table = worst(run, 5)
    assert np.allclose(dots(axes), table[["p_lost", "p_lost_low", "p_lost_high"]])
    assert names_of(axes)[1:] == table["name"].tolist()[1:]
    assert "<b>Bình</b>" in names_of(axes)[0]


def test_a_tile_a_hamlet(run: figures.Run) -> None:
    axes = figures.tiles(run)
    table = run.hamlets.query("policy == 'as-is' and kind == 'hamlet' and year == 10")
    tiles = axes.collections[0]
    assert np.allclose(tiles.get_array(), table["p_lost"])
    assert names_of(axes) == ["Quỳnh Lâm", "Quỳnh Tam"]
    assert len(tiles.get_paths()) == runs.HAMLETS
    framed = np.array(tiles.get_linewidths()) > 1
    assert framed.tolist() == (table["p_lost_low"] > 0.1).tolist()
    assert framed.any() and not framed.all()


def test_heat_map_by_hamlet_and_year(run: figures.Run) -> None:
    axes = figures.heat_map(run, most=4)
    table = run.hamlets.query("policy == 'as-is'").pivot(
        index="hamlet", columns="year", values="p_lost"
    )
    assert np.allclose(axes.images[0].get_array(), table.loc[worst(run, 4)["hamlet"]])
    assert [t.get_text() for t in axes.get_xticklabels()] == [str(2020 + y) for y in range(11)]


# ---------------------------------------------------------------- reasons


def test_causes_of_loss(run: figures.Run) -> None:
    table = run.losses.query("policy == 'as-is' and ending == 'lost' and by == 'cause'")
    axes = figures.causes(run)
    assert np.allclose(dots(axes), table[["number", "number_low", "number_high"]])
    empty = figures.causes(run, "posted-in")
    assert told(empty) == ["No cell was lost in any replication."]


def test_way_to_official_member(run: figures.Run) -> None:
    axes = figures.way_to_official_member(run)
    end = run.years.query("policy == 'as-is' and year == 10").set_index("measure")
    admitted = tuple(end.loc["admitted", ["so_far", "so_far_low", "so_far_high"]])
    assert dots(axes)[3] == pytest.approx(admitted)
    assert names_of(axes)[3] == "admitted on probation"
    looks = {(line.get_color(), line.get_marker()) for line in axes.lines[1::2]}
    assert len({marker for _colour, marker in looks}) == len(looks) == 3  # not colour alone


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", FIGURES)
def test_results_and_their_folder_give_the_same_pictures(
    name: str, results: Results, run: figures.Run
) -> None:
    one, other = (picture(FIGURES[name](source), "svg") for source in (results, run))
    assert one == other
    assert one.startswith(b"<?xml")


def shown_labels(axis: Axis) -> list[Text]:
    """Labels of the ticks that lie in view."""
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
    return [label for place, label in ticks if low <= place <= high]


@pytest.fixture(params=["en", "vi", "ru"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with speaking(request.param):
        yield request.param


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_off_and_no_legend_is_needed(name: str, run: figures.Run) -> None:
    """Every text lies on the figure; the names of hamlets hold markup and stay text."""
    check_texts(FIGURES[name](run))


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("draw", [figures.members, figures.ages])
def test_panels_keep_apart_beside_long_numbers(draw: Any, run: figures.Run) -> None:
    """Numbers of a province leave titles less room than those of twelve hamlets."""
    numbers = run.years.select_dtypes("floating").columns
    check_texts(draw(with_tables(run, years=run.years.assign(**run.years[numbers] * 2000))))


def check_texts(axes: Any) -> None:
    figure = np.ravel(axes)[0].figure
    figure.draw_without_rendering()
    whole = figure.bbox.padded(1)
    over_all = [text for text in (figure._suptitle, figure._supxlabel) if text]
    titles = [*over_all, *(one.title for one in np.ravel(axes)),
              *(one._left_title for one in np.ravel(axes))]  # fmt: skip
    boxes = [title.get_window_extent() for title in titles if title.get_text()]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for one in np.ravel(axes):
        assert one.get_legend() is None
        texts = [*one.texts, one.title, one._left_title, one.xaxis.label, *over_all]
        for text in (*texts, *shown_labels(one.xaxis), *shown_labels(one.yaxis)):
            if text.get_text() and text.get_visible() and one.get_visible():
                box = text.get_window_extent()
                assert whole.x0 <= box.x0 and box.x1 <= whole.x1, text.get_text()
                assert whole.y0 <= box.y0 and box.y1 <= whole.y1, text.get_text()
                assert "00:00" not in text.get_text(), "the hour of a day"


def test_figures_leave_the_style_of_others_alone(run: figures.Run) -> None:
    before = dict(matplotlib.rcParams)
    figures.lost_by_policy(run)
    assert dict(matplotlib.rcParams) == before


def test_own_axes_can_be_given(run: figures.Run) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert figures.causes(run, axes=axes) is axes


def test_one_policy_has_nothing_to_compare(run: figures.Run) -> None:
    alone = with_tables(run, manifest=run.manifest | {"policies": ["as-is"]})
    assert "differences" not in names(alone)
    assert len(names(alone)) == len(FIGURES) - 1


def with_tables(run: figures.Run, **changed: Any) -> Any:
    from types import SimpleNamespace

    tables = ("manifest", "hamlets", "years", "losses", "pairs", "rule", "flips", "funnel", "rates")
    return SimpleNamespace(**{name: getattr(run, name) for name in tables} | changed)


def test_an_unknown_policy_is_told(run: figures.Run) -> None:
    with pytest.raises(BadInput, match="did you mean posted-in"):
        figures.tiles(run, "posted_in")


# ---------------------------------------------------------------- the command


@pytest.mark.parametrize(("kind", "start"), [("png", PNG), ("svg", b"<?xml")])
def test_the_command_writes_every_figure(
    run: figures.Run, folder: Path, tmp_path: Path, kind: str, start: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    few = {name: FIGURES[name] for name in ("tiles", "causes")}
    monkeypatch.setattr("sim.figures.files.FIGURES", few)
    done = command("figures", folder / "run", "--out", tmp_path, "--format", kind, "--lang", "vi")
    assert (done.code, done.err) == (0, "")
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"causes.{kind}", f"tiles.{kind}"]
    assert all(p.read_bytes().startswith(start) for p in tmp_path.iterdir())


@pytest.mark.usefixtures("run")
def test_few_people_are_in_no_figure(folder: Path, tmp_path: Path) -> None:
    done = command("figures", folder / "run", "--out", tmp_path, "--hide-below", "100000")
    assert (done.code, done.err) == (0, "")
    kept = {path.stem for path in tmp_path.iterdir()}
    assert set(FIGURES) - kept == {"members", "ages", "way-to-official-member"}


def test_groups_of_few_people_are_left_out_of_figures(run: figures.Run) -> None:
    measures = {m: run.years.query("measure == @m and policy == 'as-is'") for m in STATUSES}
    least = {m: table[["mean", "low"]].min().min() for m, table in measures.items()}
    shown = told_of(run, STATUSES, 10)
    assert 0 < len(shown) < len(STATUSES)
    assert shown == [m for m in STATUSES if least[m] >= 10]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--format", "pdf"], '--format: found "pdf"; allowed: png, svg'),
        (["--lang", "fr"], '--lang: found "fr"; allowed: en, vi, ru'),
    ],
)
def test_wrong_options_are_told(
    run: figures.Run, folder: Path, options: list[str], expected: str
) -> None:
    done = command("figures", folder / "run", *options)
    assert (done.code, done.err.strip()) == (2, expected)
    assert not (folder / "run" / "figures").exists()


def test_a_run_without_bands_is_told(run: figures.Run, folder: Path, tmp_path: Path) -> None:
    import shutil

    old = tmp_path / "old"
    shutil.copytree(folder / "run", old)
    text = (old / "manifest.json").read_text("utf-8")
    (old / "manifest.json").write_text(text.replace(store.FORMAT, "hamletsim run 2"), "utf-8")
    done = command("figures", old)
    assert done.code == 2
    assert f'found "hamletsim run 2"; allowed: {store.FORMAT}; run the scenario' in done.err
    assert sim.read(old).manifest["format"] == "hamletsim run 2"


# ---------------------------------------------------------------- numbers


def test_numbers_follow_the_language(language: str) -> None:
    point = "." if language == "en" else ","
    assert formats.number(4.26) == f"4{point}3"
    assert formats.number(0.126) == f"0{point}13"
    assert formats.number(-0.001, sign=True) == f"0{point}00"
    assert formats.number(-2.5, sign=True) == f"−2{point}5"
    assert formats.number(2.5, sign=True) == f"+2{point}5"
    apart = {"en": ",", "vi": ".", "ru": "\N{NO-BREAK SPACE}"}[language]
    assert formats.number(12345.6) == f"12{apart}346"
    assert formats.number(np.nan) == "–"
    assert formats.number(np.float64(22.15)) == formats.number(22.15) == f"22{point}1"


def test_intervals_share_their_decimals() -> None:
    assert formats.with_interval(Known(1.54, 0.724, 2.31)) == "1.5 [0.7, 2.3]"
    assert formats.with_interval(Known(981.68, 886.6, 1077.2)) == "982 [887, 1,077]"
    assert formats.counted(Known(0.0, 0.0, 0.0738)) == "< 0.07"


def test_probabilities_are_never_0_or_100() -> None:
    assert formats.chance(Known(0.0, 0.0, 0.036)) == "< 4 %"
    assert formats.chance(Known(1.0, 0.964, 1.0)) == "> 96 %"
    assert formats.chance(Known(0.034, 0.004, 0.1)) == "3 % [0.4, 10]"
    assert numerals.date(dt.date(2028, 1, 1)) == "2028-01-01"
