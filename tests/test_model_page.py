"""The page on the model: every parameter once and as the schema has it, every mechanism told."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

import sim
from sim import levers, log, rules, scenario
from sim.experiment import Results
from sim.levers import Lever
from sim.load import shape
from sim.load.meanings import MEANINGS, UNITS
from sim.load.shape import described
from sim.report import model
from sim.report.model import mechanisms, reference
from sim.risk import measures
from sim.scenario import Scenario, Unit
from tests import runs
from tests.test_cli import command
from tests.test_figures import with_tables
from tests.test_nothing_inert import LEVER_PATHS, SCENARIO_PATHS, SHARED, WHERE_PATHS
from tests.test_report import Element, Tree, part, rows

NEEDED = {"title": "t", "baseline": "b.csv", "start": "2020-01-01", "years": 1}
REFERENCE = "parameters"
PLAIN = YAML(typ="safe", pure=True)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return runs.run(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def page() -> str:
    return model.html()


@pytest.fixture(scope="module")
def top(page: str) -> Element:
    return Tree(page).top


def tables_of(top: Element, key: str) -> dict[str, list[list[str]]]:
    """The rows of every table of a part by its caption."""
    found = list(part(top, key).all("table"))
    captions = [" ".join(next(t.all("caption")).text.split()) for t in found]
    assert len(captions) == len(set(captions))
    return dict(zip(captions, map(rows, found), strict=True))


# ---------------------------------------------------------------- parameters


def told_of_a_scenario(top: Element) -> list[list[str]]:
    tables = tables_of(top, REFERENCE)
    ours = [t for name, t in tables.items() if re.match("Parameters(:| of the whole)", name)]
    assert len(ours) == 14
    return [row for table in ours for row in table]


def without_rates(paths: list[str]) -> set[str]:
    """Paths of parameters, where a rate is one, whatever its form."""
    rates = {"demography.mortality", "demography.leaving", "source.listing"}  # forms of their own
    found = set()
    for path in paths:
        above, _dot, last = path.rpartition(".")
        is_rate = last in ("constant", "by_age") and above not in rates
        found.add(above if is_rate else path)
    return found


def test_every_parameter_stands_once(top: Element) -> None:
    holders = {path.partition(".*")[0] for path in SCENARIO_PATHS if ".*" in path}
    expected = without_rates(SCENARIO_PATHS) | holders | {"source.help", "policies", "posterior"}
    told = [row[0] for row in told_of_a_scenario(top)]
    assert sorted(told) == sorted(expected)
    tables = tables_of(top, REFERENCE)
    assert [row[0] for row in tables["Parameters of every lever"]] == ["lever", *SHARED_KEYS]
    of_levers = [row[0] for row in tables["Parameters of single levers"]]
    assert sorted(of_levers) == sorted(LEVER_PATHS)
    many = [row[0] for row in tables["Values that stand in many places"]]
    where = [path.partition(".")[2] for path in WHERE_PATHS]
    assert many == ["constant", "by_age", "to", "times", "plus", *where, "below", "at_least"]


SHARED_KEYS = [Lever.model_fields[name].alias or name for name in ("since", "until", "where")]


def test_shared_fields_of_levers_are_those_of_every_lever() -> None:
    assert {"lever", *Lever.model_fields} == SHARED


def test_every_default_is_that_of_the_schema(top: Element) -> None:
    resolved = Scenario.model_validate(NEEDED).model_dump(mode="json", by_alias=True)
    for path, _means, _unit, default, _allowed in told_of_a_scenario(top):
        if path in NEEDED or ".*." in path:
            continue
        assert typed(default) == bare(reference.value_in(resolved, path)), path


def test_every_default_of_a_lever_is_that_of_the_schema(top: Element) -> None:
    records = shape.schema()["$defs"]
    kinds = {
        record["properties"]["lever"]["const"]: record
        for record in records.values()
        if "const" in record.get("properties", {}).get("lever", {})
    }
    for path, _means, _unit, default, _allowed in tables_of(top, REFERENCE)[
        "Parameters of single levers"
    ]:
        lever, _dot, field = path.partition(".")
        record = kinds[lever]
        if field in record["required"]:
            assert default == "must be given", path
        else:
            assert typed(default) == bare(record["properties"][field].get("default")), path


def typed(cell: str) -> Any:
    """What a cell gives when it is typed into a scenario."""
    return None if cell == "–" else bare(PLAIN.load(cell))


def bare(value: Any) -> Any:
    """A value without what is not set; keys as a file has them."""
    if isinstance(value, dict):
        given = {str(key): bare(one) for key, one in value.items() if one is not None}
        return given or None
    return [bare(one) for one in value] or None if isinstance(value, list) else value


def test_what_is_allowed_is_what_faults_say(top: Element) -> None:
    allowed = {row[0]: row[4] for row in told_of_a_scenario(top)}
    assert allowed["training.seats"] == "a whole number of at least 0"
    for path in (
        "rules.admission_age",
        "cells.responses",
        "admission.pull",
        "demography.returning",
    ):
        steps = tuple(path.split("."))
        assert allowed[path] == described(shape.at({}, steps)), path


def test_every_parameter_has_a_meaning_and_a_unit_and_no_other_has(top: Element) -> None:
    told = {(one.record, one.field) for one in reference.parameters()}
    known = {(kind.__name__, field) for kind, fields in MEANINGS.items() for field in fields}
    assert known == told
    assert {means.unit for fields in MEANINGS.values() for means in fields.values()} == set(UNITS)
    assert all(row[1] for row in told_of_a_scenario(top))


def test_sources_are_of_parameters_that_exist() -> None:
    known = {one.path for one in reference.parameters()}
    known |= {f"units.{name}" for name in Unit.model_fields}
    assert len(reference.sources()) > 90
    for one in reference.sources():
        assert one.parameter in known, one
        assert one.reason and one.identified_by, one
        if one.low and one.value not in ("", "yes", "no"):
            assert float(one.low) <= float(one.value) <= float(one.high), one


def test_plausible_values_are_all_told(top: Element) -> None:
    told = tables_of(top, REFERENCE)["Plausible values, their reasons and what identifies them"]
    assert [row[0] for row in told] == [one.parameter for one in reference.sources()]


def test_values_of_a_run_are_told_where_they_are_not_the_default(results: Results) -> None:
    changed = results.loaded.with_values({"training.attendance": 0.81, "source.stale_months": 24})
    held = changed.scenario.model_dump(mode="json", by_alias=True)
    manifest = results.manifest | {"scenario": held}
    told = {row[0]: row[5] for row in told_of_a_scenario(
        Tree(model.html(with_tables(results, manifest=manifest))).top
    )}  # fmt: skip
    assert told["training.attendance"] == "0.81"
    assert told["source.stale_months"] == "–"
    assert told["postings.renewal"].endswith("beta, mean 0.7, standard deviation 0.1")


# ---------------------------------------------------------------- mechanisms


EVERY_LEVER = get_args(get_args(levers.AnyLever)[0])
NAMED = {
    "LEVERS": {one.model_fields["lever"].default for one in EVERY_LEVER},
    "EVENTS": set(log.KINDS.values()),
    "CAUSES": {name for code, name in log.CAUSES.items() if name and code not in log.KINDS},
    "RISKS": set(range(rules.RISKS)),
    "STATUSES": set(rules.STATUS_NAMES),
    "PLACES": set(rules.PLACE_NAMES),
    "PRIORITIES": set(rules.PRIORITIES),
    "OBSERVABLES": set(rules.OBSERVABLES),
    "RESPONSES": set(get_args(scenario.Response)),
    "OUTCOMES": {name for name in measures.STATES if not name.startswith("age_")},
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMED)
def test_every_mechanism_is_described(kind: str) -> None:
    assert set(getattr(mechanisms, kind)) == NAMED[kind]
    assert all(getattr(mechanisms, kind).values())


@pytest.mark.parametrize(
    ("key", "caption", "names"),
    [
        ("processes", "Events, as the log names them", [*log.KINDS.values()]),
        ("submodels", "Levers of a policy", [*mechanisms.LEVERS]),
        ("submodels", "Who goes first", [*rules.PRIORITIES]),
        ("submodels", "What an adaptive lever may look at", [*rules.OBSERVABLES]),
        ("entities", "The states of a person, from the table of the rules", [*rules.STATUS_NAMES]),
        ("objectives", "Measures at each anniversary", [*mechanisms.OUTCOMES]),
    ],
)
def test_every_mechanism_stands_once(
    top: Element, key: str, caption: str, names: list[str]
) -> None:
    assert sorted(row[0] for row in tables_of(top, key)[caption]) == sorted(names)


def test_what_has_no_description_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(log.KINDS, 49, "promoted")
    with pytest.raises(KeyError, match="promoted"):
        model.html()


def test_states_are_those_of_the_rules(top: Element) -> None:
    states = tables_of(top, "entities")["The states of a person, from the table of the rules"]
    told = {row[0]: row[2:] for row in states}
    assert told["probation"][0] == "no"
    assert told["official"][0] == "at home, posted in from elsewhere, on the staff of a school, " \
        "station or agency"  # fmt: skip
    assert "being exempted from activity" in told["official"][1]
    assert "being exempted from activity" not in told["exempt"][1]


def test_adaptive_levers_and_costs_are_those_of_the_levers(top: Element) -> None:
    told = {row[0]: row[2:] for row in tables_of(top, "submodels")["Levers of a policy"]}
    assert {name for name, (may, _costs) in told.items() if may == "yes"} == {
        kind.model_fields["lever"].default for kind in levers.MAY_ADAPT
    }
    given = {key for _may, costs in told.values() for key in costs.split(", ") if key != "–"}
    assert given == levers.COST_KEYS


# ---------------------------------------------------------------- the page


def test_parts_are_those_of_the_two_protocols(top: Element) -> None:
    assert [e.attributes["id"] for e in top.all("section")] == [
        "purpose", "entities", "processes", "concepts", "initialisation", "input", "submodels",
        "objectives", "logic", "data", "experimentation", "implementation", "access",
        "parameters",
    ]  # fmt: skip
    items = [e.attributes["id"] for e in top.all("h3") if e.attributes["id"].startswith("item-")]
    assert [item.partition("-")[2] for item in items] == [
        "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4",
        "2.5.5", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1",
    ]  # fmt: skip
    ids = [e.attributes["id"] for e in top.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [e.attributes["href"] for e in top.all("a")]
    assert {link for link in links if link.removeprefix("#") not in ids} == set()


def test_nothing_comes_from_elsewhere_and_markup_is_text(results: Results) -> None:
    bad = "<img src=x onerror=alert(1)>"
    named = results.manifest["scenario"] | {"title": bad, "baseline": bad}
    manifest = results.manifest | {"scenario": named, "seed": bad}
    page = model.html(with_tables(results, manifest=manifest))
    assert "<img src=x" not in page
    top = Tree(page).top
    addresses = [e.attributes.get(a, "#") for e in top.all() for a in ("src", "href")]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert len(list(top.all("script"))) == 1
    policy = next(e.attributes["content"] for e in top.all("meta") if "content" in e.attributes)
    assert policy.startswith("default-src 'none'")


def test_facts_of_the_run_are_those_of_its_manifest(results: Results) -> None:
    top = Tree(model.html(results)).top
    text = part(top, "implementation").text
    for value in (*results.manifest["versions"].values(), results.manifest["scenario_hash"]):
        assert value in text
    policies = tables_of(top, "objectives")["Policies of this run"]
    assert [row[0] for row in policies] == results.manifest["policies"]
    assert policies[0][1] == "no lever"
    assert "more-seats', 'training (from: 2021-01-01, seats: {times: 1.5})" in str(policies)


# ---------------------------------------------------------------- command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sim.report.blocks.picture", lambda axes, kind: b"<svg/>")
    runs.scenario(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_units_that_are_no_hamlets_are_not_called_so(tmp_path: Path) -> None:
    told = part(Tree(model.html(runs.run(tmp_path, schools=True))).top, "entities").text
    sentence = "This run: 16 units at the start (12 hamlets, 3 schools, 1 health station), from"
    assert sentence in " ".join(told.split())
    assert "units of all these kinds are meant" in told


def test_a_run_leaves_a_description_that_its_report_links_to(folder: Path) -> None:
    assert command("run", "s.yaml", "--replications", "2", "--out", "run").code == 0
    link = '<a href="model.html">'
    assert link in (folder / "run" / "report.html").read_text("utf-8")
    first = (folder / "run" / "model.html").read_text("utf-8")
    assert "How the model works: Twelve hamlets" in first
    assert command("report", "run", "--out", "alone.html").code == 0
    assert link not in (folder / "alone.html").read_text("utf-8")
    assert command("report", "run", "--lang", "ru").code == 0
    assert "Как устроена модель: " in (folder / "run" / "model.html").read_text("utf-8")
    assert command("describe", "run", "--lang", "en").out == f"{Path('run/model.html')}\n"
    sim.read("run")


def test_the_model_is_described_without_a_run(folder: Path) -> None:
    done = command("describe")
    assert (done.code, done.out) == (0, "model.html\n")
    assert "<title>How the model works</title>" in (folder / "model.html").read_text("utf-8")


def test_what_is_no_run_cannot_be_described(folder: Path) -> None:
    done = command("describe", "none", "--out", "model.html")
    assert done.code == 2
    assert done.err.startswith("none: found no run; allowed: the folder of a run")
    assert not (folder / "model.html").exists()
