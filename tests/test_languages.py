"""What planners read in each language: which one, numbers and dates, nothing left in English."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import typer
from matplotlib.text import Text
from typer.testing import CliRunner

import sim
from sim import report
from sim.cli import app
from sim.cli.speech import ORDER, Command
from sim.figures.files import FIGURES
from sim.levers import COST_KEYS
from sim.load import shape
from sim.load.checks import PUBLISHED
from sim.load.tables import READERS, STATUSES
from sim.log import CAUSES
from sim.log import KINDS as KINDS_OF_EVENTS
from sim.messages import (
    LANGUAGES,
    LOCALE_VARIABLES,
    OWN_VARIABLE,
    BadInput,
    Fault,
    chosen_language,
    language,
    ngettext,
    shown,
    speaking,
)
from sim.numerals import date, decimal, significant, year
from sim.report.model.reference import sources
from sim.report.model.way import way
from sim.risk.intervals import Interval
from sim.risk.measures import MEASURES
from sim.risk.outcomes import OUTCOMES
from sim.risk.words import columns, number, titled, with_interval
from sim.rules import STATUS_NAMES
from sim.scenario import Unit, UnitKind
from sim.sweep.description import DESIGN_KEYS, KEYS, SPAN_KEYS
from tests import catalogues, runs, test_bad_input
from tests.load_samples import SCENARIO, TABLE, lines_of, written
from tests.test_report import Tree

KINDS = get_args(UnitKind)
ROOT = Path(__file__).parents[1]
TRANSLATIONS = catalogues.TRANSLATIONS

# ---------------------------------------------------------------- which language


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The environment variables that choose a language; all others unset."""

    def only(**variables: str) -> None:
        for name in (OWN_VARIABLE, *LOCALE_VARIABLES):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return only


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "ru_RU.KOI8-R"}, "ru"),
        ({"LANG": "vi"}, "vi"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "virtual"}, "en"),
        ({"LC_MESSAGES": "ru_RU", "LANG": "vi_VN"}, "ru"),
        ({"LC_ALL": "vi_VN", "LC_MESSAGES": "ru_RU"}, "vi"),
        ({"LC_ALL": "C", "LANG": "vi_VN"}, "en"),
        ({"LC_ALL": "", "LANG": "vi_VN"}, "vi"),
        ({"HAMLETSIM_LANG": "ru", "LC_ALL": "vi_VN"}, "ru"),
        ({"HAMLETSIM_LANG": "", "LC_ALL": "vi_VN"}, "vi"),
    ],
)
def test_the_environment_chooses(
    environment: Callable[..., None], variables: dict[str, str], expected: str
) -> None:
    environment(**variables)
    assert language() == chosen_language() == expected
    assert chosen_language("vi-VN") == chosen_language("VI") == "vi"


def test_an_unknown_language_is_a_fault_that_says_what_is_allowed(
    environment: Callable[..., None],
) -> None:
    environment(HAMLETSIM_LANG="fr")
    with pytest.raises(BadInput) as caught:
        chosen_language()
    assert str(caught.value) == 'HAMLETSIM_LANG: found "fr"; allowed: en, vi, ru'
    with pytest.raises(BadInput) as caught:
        chosen_language("vie")
    assert str(caught.value) == '--lang: found "vie"; allowed: en, vi, ru'
    assert chosen_language("vi") == "vi"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lang", "vi", "run", "--help"],
        ["--lang=vi", "run", "--help"],
        ["run", "--lang", "vi", "--help"],
        ["run", "--help", "--lang=vi"],
        ["--lang", "ru", "run", "--help", "--lang", "vi"],
    ],
)
def test_lang_stands_anywhere_and_wins(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("HAMLETSIM_LANG", "ru")
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert done.stdout.startswith("Cách dùng: ")
    assert language() == "ru"


def test_an_unknown_lang_ends_a_command() -> None:
    done = CliRunner().invoke(app, ["check", "s.yaml", "--lang", "xx"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == '--lang: found "xx"; allowed: en, vi, ru\n'


def test_titles_follow() -> None:
    title = {"en": "Hamlets", "vi": "Xóm"}
    assert titled("As it is") == "As it is"
    for spoken, expected in {"en": "Hamlets", "vi": "Xóm", "ru": "Hamlets"}.items():
        with speaking(spoken):
            assert titled(title) == expected
            assert titled({"vi": "Xóm"}) == "Xóm"


# ---------------------------------------------------------------- numbers, dates, plurals


def test_numbers_are_written_as_the_language_does() -> None:
    expected = {
        "en": ("−12,345.7", "+0.50", "0.0012", "12,345", "2023.5", "–"),
        "vi": ("−12.345,7", "+0,50", "0,0012", "12.345", "2023,5", "–"),
        "ru": ("−12\u00a0345,7", "+0,50", "0,0012", "12\u00a0345", "2023,5", "–"),
    }
    for spoken, texts in expected.items():
        with speaking(spoken):
            told = (
                decimal(-12345.67, 1),
                decimal(0.5, 2, sign=True),
                significant(0.00123, 2),
                significant(12345.4, 3),
                year(2023.46, 1),
                decimal(float("nan")),
            )
            assert told == texts


def test_an_interval_that_is_not_known_is_a_dash() -> None:
    nothing, known = (Interval(*map(np.array, ends)) for ends in ((np.nan,) * 3, (1.5, 1.0, 2.0)))
    assert with_interval(nothing, number) == "–"
    with speaking("vi"):
        assert with_interval(known, number) == "1,5 [1,0; 2,0]"


def test_nothing_has_no_sign() -> None:
    assert [decimal(x, 1, sign=True) for x in (-0.04, 0.04, -0.06)] == ["0.0", "0.0", "−0.1"]


def test_our_numbers_are_those_of_babel() -> None:
    from babel.numbers import format_decimal

    for spoken in LANGUAGES:
        with speaking(spoken):
            for value in (0, 7, 1000, 1234567.25, 0.5):
                theirs = format_decimal(value, "#,##0.00", locale=spoken)
                assert decimal(value, 2) == theirs


def test_dates_are_written_as_the_language_does() -> None:
    for spoken, expected in {"en": "2028-01-03", "vi": "03/01/2028", "ru": "03.01.2028"}.items():
        with speaking(spoken):
            assert date(dt.date(2028, 1, 3)) == expected


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("en", ["0 hamlets", "1 hamlet", "2 hamlets", "21 hamlets"]),
        ("vi", ["0 xóm", "1 xóm", "2 xóm", "5 xóm", "21 xóm"]),
        ("ru", ["0 деревень", "1 деревня", "2 деревни", "5 деревень", "11 деревень", "12 деревень",
                "21 деревня", "22 деревни", "111 деревень"]),
    ],
)  # fmt: skip
def test_plurals_follow_the_number(spoken: str, expected: list[str]) -> None:
    with speaking(spoken):
        for text in expected:
            number = int(text.split()[0])
            told = ngettext("{count} hamlet", "{count} hamlets", number)
            assert told.format(count=number) == text


def test_columns_are_as_wide_as_they_look() -> None:
    composed, decomposed, wide = "Quỳnh", "Quy\u0300nh", "村村x"
    lines = columns(["a", "b"], [[composed, "1"], [decomposed, "22"], [wide, "3"]]).splitlines()
    assert lines[2:] == [f"{composed}   1", f"{decomposed}  22", f"{wide}   3"]


# ---------------------------------------------------------------- nothing is left in English


def command(*arguments: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    error = done.exception
    assert error is None or isinstance(error, SystemExit), error
    return done.exit_code, done.stdout, done.stderr


SWEEP = """\
scenario: s.yaml
policies: [as-is, more-seats]
replications: 2
parameters:
  training.seats: [40, 60]
  policies.more-seats[0].seats.times: [1.5, 2]
outcomes: [lost, cost]
"""
COMMANDS = {
    "check": ["check", "s.yaml"],
    "run": ["run", "s.yaml", "--replications", "4", "--out", "run"],
    "precision": ["run", "s.yaml", "--precision", "0.2", "--out", "precise"],
    "best": ["best", "s.yaml", "--outcome", "admitted", "--difference", "0.5", "--most", "31"],
    "sweep": ["sweep", "sweep.yaml", "--jobs", "1", "--out", "swept"],
    "story": ["trace", "s.yaml", "--policy", "as-is", "--replication", "0"],
    "hamlet": ["trace", "s.yaml", "--policy", "as-is", "--replication", "1", "--hamlet", "H1"],
    "log": ["trace", "s.yaml", "--policy", "as-is", "--replication", "0", "--out", "log.csv"],
    "figures": ["figures", "run", "--out", "drawn"],
    "report": ["report", "run", "--out", "page.html"],
    "describe": ["describe", "run", "--out", "model.html"],
    "reproduce": ["reproduce", "run"],
    "no other folder": ["reproduce", "run", "--out", "run"],
    "help": ["--help"],
    **{f"help of {name}": [name, "--help"] for name in ORDER},
    "unknown command": ["fly"],
    "unknown option": ["run", "s.yaml", "--polices", "as-is"],
    "no value": ["run", "s.yaml", "--seed"],
    "a value too many": ["run", "s.yaml", "--json=1"],
    "no number": ["run", "s.yaml", "--replications", "x"],
    "too small a number": ["run", "s.yaml", "--replications", "0"],
    "no argument": ["run"],
    "an argument too many": ["check", "s.yaml", "t.yaml"],
    "no option": ["trace", "s.yaml", "--policy", "as-is"],
    "no file": ["check", "none.yaml"],
    "no policy": ["run", "s.yaml", "--policies", "more"],
    "no engine": ["run", "s.yaml", "--engine", "fast"],
    "both": ["run", "s.yaml", "--precision", "3", "--replications", "4"],
    "no goal": ["best", "s.yaml", "--goal", "least", "--certainty", "2"],
    "no person": ["trace", "s.yaml", "--policy", "as-is", "--replication", "0", "--person", "5"],
    "no folder": ["run", "s.yaml", "--out", "."],
    "no setting": ["check", "s.yaml", "--set", "training.seat=3"],
    "no value of a setting": ["check", "s.yaml", "--set", "training"],
    "no sweep": ["sweep", "s.yaml"],
    "no run": ["figures", "."],
    "no such run": ["report", "none"],
    "no kind of figure": ["figures", "run", "--format", "pdf"],
    "no run to describe": ["describe", "none"],
    "no kind of report": ["report", "run", "--format", "pdf"],
}
OF_A_RUN = (
    "figures", "report", "describe", "reproduce", "no other folder", "no kind of figure",
    "no kind of report",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scenario and a sweep, to work in."""
    scenario = SCENARIO.replace("{en: Four units}", "{en: Four units, vi: Bốn, ru: Четыре}")
    written(tmp_path, scenario, TABLE.replace("Hamlet ", "Xóm ").replace("School", "Trường"))
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(text: str) -> set[str]:
    """The words that could be English: two letters or more, of ASCII."""
    found = re.findall(r"[^\W\d_]{2,}", text)
    return {word for word in found if word.isascii() and set(word) != {"x"}}


def keys_of(schema: object) -> Iterator[str]:
    """Names of keys and of the values that they take."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from map(str, [schema.get("const"), *schema.get("enum", [])])
        for part in schema.values():
            yield from keys_of(part)
    if isinstance(schema, list):
        for part in schema:
            yield from keys_of(part)


def same_everywhere() -> set[str]:
    """Names, keys, options, paths and examples, which no language changes."""
    options = {name for c in command_line().values() for name in c}
    examples = [c.epilog or "" for c in app.registered_commands]
    names = [*keys_of(shape.root()), *OUTCOMES, *options, *examples, str(app.info.epilog)]
    files = [*READERS, *KEYS, *DESIGN_KEYS, *SPAN_KEYS, *STATUSES, *COST_KEYS, *PUBLISHED, *KINDS]
    given = [*files, "area", "level", "tag:yaml.org", SWEEP, TABLE]
    arguments = [one for command in COMMANDS.values() for one in command]
    return words(" ".join([*names, *given, *arguments]))


def command_line() -> dict[str, list[str]]:
    """The options of every command."""
    group = typer.main.get_command(app)
    return {
        name: [option for p in one.params for option in p.opts]
        for name, one in {"": group, **group.commands}.items()  # type: ignore[attr-defined]
    }


def english_in(spoken: str, told: str, given: str = "") -> set[str]:
    """The words of a text that are neither of its language nor names, keys or what was given."""
    messages = catalogues.messages(catalogues.catalogue(spoken)).values()
    own = " ".join(text for message in messages for text in catalogues.texts(message))
    known = words(re.sub(r"\{\w*\}", " ", own))
    return words(told) - known - same_everywhere() - words(given)


@pytest.mark.parametrize("spoken", TRANSLATIONS)
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_leaves_anything_in_english(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spoken: str, name: str
) -> None:
    monkeypatch.setenv("HAMLETSIM_LANG", spoken)
    monkeypatch.setattr("sim.figures.files.picture", lambda axes, kind: b"")
    monkeypatch.setattr("sim.report.blocks.picture", lambda axes, kind: b"<svg/>")
    if name in OF_A_RUN:
        sim.run("s.yaml", replications=4, out=Path("run"))
    code, out, err = command(*COMMANDS[name])
    assert code == (2 if name.startswith(("no ", "un", "a ", "an ", "too ", "both")) else 0), err
    assert out + err
    files = " ".join(FIGURES) if name == "figures" else ""
    assert english_in(spoken, out + err, files) == set()
    assert not re.search(r"\{\w*\}", out + err)


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> sim.Results:
    """A run with something to say in every part of a report."""
    return runs.run(tmp_path_factory.mktemp("told"))


def given_to(run: sim.Results) -> str:
    """What a run has its names from; `tests/runs.py` makes the scenario and the table."""
    manifest = run.manifest
    versions, machine = [*manifest["versions"]], map(str, manifest["machine"].values())
    title, names = str(manifest["scenario"]["title"]), manifest["policies"]
    return " ".join([runs.table(), runs.POLICIES, title, *names, *versions, *machine])


@pytest.mark.parametrize("spoken", TRANSLATIONS)
@pytest.mark.parametrize("hide_below", [0, 5])
def test_no_report_leaves_anything_in_english(
    a_run: sim.Results, monkeypatch: pytest.MonkeyPatch, spoken: str, hide_below: int
) -> None:
    monkeypatch.setattr("sim.report.blocks.picture", lambda axes, kind: b"<svg/>")
    with speaking(spoken):
        told = read_aloud(report.html(a_run, hide_below))
    assert english_in(spoken, told, given_to(a_run)) == set()
    assert not re.search(r"\{\w*\}", told)


def read_aloud(page: str) -> str:
    """What a reader sees or hears of a page."""
    top = Tree(page).top
    heard = [e.attributes.get(a, "") for e in top.all() for a in ("alt", "aria-label")]
    told = " ".join([top.without("style", "script", "code"), *heard])
    return re.sub(r"\b[0-9a-f]{64}\b", "", told)


@pytest.mark.parametrize("spoken", TRANSLATIONS)
def test_no_description_of_the_model_leaves_anything_in_english(
    a_run: sim.Results, monkeypatch: pytest.MonkeyPatch, spoken: str
) -> None:
    """But for what says that it is: the reasons of plausible values."""
    monkeypatch.setattr("sim.report.blocks.picture", lambda axes, kind: b"<svg/>")
    with speaking(spoken):
        told = read_aloud(report.model.html(a_run))
    reasons = " ".join(" ".join(source) for source in sources())
    fields = " ".join(Unit.model_fields)
    assert english_in(spoken, told, f"{given_to(a_run)} {reasons} {fields} {NAMES}") == set()


NAMES = " ".join([*KINDS_OF_EVENTS.values(), *CAUSES.values(), *MEASURES, *STATUS_NAMES])
"""Names in tables and in the log, which no language changes."""


@pytest.mark.parametrize("spoken", TRANSLATIONS)
def test_the_way_is_drawn_in_the_language(spoken: str) -> None:
    with speaking(spoken):
        figure = way().figure
        figure.draw_without_rendering()
        told = " ".join(text.get_text() for text in figure.findobj(Text))
    assert len(told) > 100
    assert english_in(spoken, told) == set()


@pytest.mark.parametrize("spoken", TRANSLATIONS)
@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_leaves_anything_in_english(a_run: sim.Results, spoken: str, name: str) -> None:
    with speaking(spoken):
        figure = np.ravel(FIGURES[name](a_run))[0].figure
        figure.draw_without_rendering()
        told = " ".join(text.get_text() for text in figure.findobj(Text))
    assert len(told) > 50
    assert english_in(spoken, told, given_to(a_run)) == set()


def test_english_is_seen() -> None:
    assert english_in("vi", "xóm: found nothing; đảng viên") == {"found", "nothing"}
    assert english_in("ru", "найдено: a-b ./training.seats [words]") == {"words"}


FAULTY = [
    *((scenario, TABLE) for scenario, *_rest in test_bad_input.SCHEMA),
    *((SCENARIO + added, TABLE) for added, _told in test_bad_input.FORM),
    *((scenario, TABLE) for scenario, _told in test_bad_input.CROSS),
    *((SCENARIO, table) for table, _told in test_bad_input.ROWS),
]


@pytest.mark.parametrize("spoken", TRANSLATIONS)
def test_no_fault_leaves_anything_in_english(tmp_path: Path, spoken: str) -> None:
    assert len(FAULTY) > 100
    found = {}
    for scenario, table in FAULTY:
        given = "".join(
            t.decode("latin-1") if isinstance(t, bytes) else t for t in (scenario, table)
        )
        with speaking(spoken):
            for line in lines_of(written(tmp_path, scenario, table)):
                if left := english_in(spoken, line, given):
                    found[line] = left
    assert found == {}


# ---------------------------------------------------------------- what other programs read


@pytest.mark.parametrize("name", ["check", "run", "best", "sweep", "no policy", "no file"])
def test_json_is_the_same_in_every_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    told = set()
    for spoken in LANGUAGES:
        monkeypatch.setenv("HAMLETSIM_LANG", spoken)
        code, out, err = command(*COMMANDS[name], "--json")
        assert (code, err) == (2 if name.startswith("no ") else 0, "")
        told.add(out)
    assert len(told) == 1
    data = json.loads(told.pop())
    if name == "check":
        assert data["coupled_units"] == {"as-is": 1, "more-seats": 1}
        assert data["people"]["officials"] == 13
    elif name == "run":
        lost = data["policies"]["more-seats"]["lost"]
        assert lost["low"] <= lost["value"] <= lost["high"]
        assert data["policies"]["as-is"]["lost"]["difference"] is None
        assert [one["kind"] for one in data["worst"]] == ["hamlet"] * 3 + ["school"]
    elif name == "best":
        assert {one["policy"] for one in data["policies"]} == {"as-is", "more-seats"}
        assert data["best"] in ("as-is", "more-seats")
    elif name == "sweep":
        assert (data["points"], data["failures"]) == (4, [])
        assert [one["policy"] for one in data["outcomes"]] == ["as-is", "more-seats"] * 2
    else:
        (fault,) = data["faults"]
        assert fault["found"] in ('"more"', "no such file")


def test_files_are_the_same_in_every_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, tables, points = set(), [], set()
    for spoken in LANGUAGES:
        monkeypatch.setenv("HAMLETSIM_LANG", spoken)
        command("trace", "s.yaml", "--policy", "as-is", "--replication", "0", "--out", "log.csv")
        logs.add(Path("log.csv").read_bytes())
        command("run", "s.yaml", "--replications", "2", "--out", "run")
        tables.append(pd.read_parquet("run/hamlets.parquet"))
        command("sweep", "sweep.yaml", "--jobs", "1", "--out", f"swept-{spoken}")
        points |= {f.read_bytes() for f in Path(f"swept-{spoken}/outcomes").iterdir()}
    assert len(logs) == len(points) == 1
    for table in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], table)


def test_a_failing_point_is_kept_in_english(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.sweep.work._simulated", _refuse)
    kept = set()
    for spoken in LANGUAGES:
        monkeypatch.setenv("HAMLETSIM_LANG", spoken)
        command("sweep", "sweep.yaml", "--jobs", "1", "--out", spoken)
        (file,) = Path(spoken, "outcomes").iterdir()
        kept.add(file.read_bytes())
        assert set(pd.read_parquet(file).fault) == {"s.yaml: found nothing; allowed: no keys"}
    assert len(kept) == 1


def _refuse(*_given: object) -> None:
    raise BadInput([Fault("s.yaml", found=shown(None), allowed=shown({}))])


# ---------------------------------------------------------------- quick and well-mannered


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_the_language_costs_no_import(spoken: str) -> None:
    code = (
        "import sys\nfrom sim.cli import app\n"
        "try:\n    app(['run', '--help'])\nexcept SystemExit:\n    pass\n"
        "print('babel' in sys.modules, 'rich' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=os.environ | {"HAMLETSIM_LANG": spoken}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "False False"


def test_english_is_written_without_babel(folder: Path) -> None:
    code = (
        "import sys, sim\nprint(sim.run('s.yaml', replications=2).summary())\n"
        "print('babel' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_help_has_examples_that_name_commands_and_options_there_are() -> None:
    options = command_line()
    for registered in app.registered_commands:
        for example in str(registered.epilog).splitlines():
            program, name, *rest = example.split()
            assert program == "hamletsim"
            assert {word for word in rest if word.startswith("--")} <= set(options[name])
            assert Path(ROOT, rest[0]).exists() or not rest[0].startswith("scenarios/")


def test_every_command_has_help_in_the_language() -> None:
    assert {registered.cls for registered in app.registered_commands} == {Command}


def test_every_command_takes_lang_and_says_so() -> None:
    for name, options in command_line().items():
        assert "--lang" in options
        assert "--lang en|vi|ru" in command(*[name][: bool(name)], "--help")[1]


def test_a_shell_can_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"_HAMLETSIM_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    told = {}
    for line in ("hamletsim s", "hamletsim run --en", "hamletsim run --lang "):
        parts = line.split(" ")
        variables = environment | {"COMP_WORDS": line, "COMP_CWORD": str(len(parts) - 1)}
        done = CliRunner().invoke(app, [], prog_name="hamletsim", env=variables)
        told[line] = done.stdout.split()
    assert told["hamletsim s"] == ["sweep", "sensitivity", "schema"]
    assert told["hamletsim run --en"] == ["--engine"]
    assert told["hamletsim run --lang "] == list(LANGUAGES)
