"""Scenario files that are right: what they mean, and that they load again as they were."""

import datetime as dt
import json
import time
import unicodedata
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.experiment import drawn
from sim.levers import Change, Emulation, Training, Where
from sim.load import areas_of, check, dump, load, parse_scenario, schema, units_at, with_settings
from sim.load.documents import parse_document, read_document, scalar
from sim.messages import BadInput
from sim.scenario import Loaded, Scenario
from tests.load_samples import SCENARIO, TABLE, written

SHIPPED = sorted(Path(__file__).parents[1].glob("scenarios/*.yaml"))


@pytest.fixture
def sample(tmp_path: Path) -> Loaded:
    return load(written(tmp_path))


def test_the_sample_means_what_it_says(sample: Loaded, tmp_path: Path) -> None:
    scenario = sample.scenario
    assert (scenario.start, scenario.years, scenario.seed) == (dt.date(2020, 1, 1), 10, 1)
    assert scenario.admission.targets[0].level == "commune"
    lever = Training(since=dt.date(2021, 1, 1), seats=Change(times=1.5))
    assert scenario.policies == {"as-is": (), "more-seats": (lever,)}
    assert sample.baseline.levels == ("district", "commune")
    assert [unit.id for unit in sample.baseline.units] == ["H1", "H2", "H3", "S1"]
    assert sample.source_file == str(tmp_path / "s.yaml")
    assert check(sample) == ()


def test_every_design_key_loads() -> None:
    text = """
title: {en: One flat hamlet, vi: Một thôn, ru: Одна деревня}
baseline: flat/hamlets.csv            # or .xlsx; one row a unit
start: 2020-01-01
years: 20
replications: 1000
seed: 7
calendar: uniform
rules: {minimum_official_members: 3, founding_strength: 3, admission_age: [18, 60],
        certificate_months: 60, dossier_months: 12, grace_months: 0, away_counts: false}
demography:
  mortality: {table: viet-nam-2020, factor: 1.0}
  leaving: {rogers_castro: {level: 1.0}, member_factor: 0.4, candidate_factor: 1.0}
  returning: {constant: 0.15}
  settling_away: 0.2
  moving_in: {retired: 0.0, demobilised: 0.0, marriage: 0.0}
  removal: {expelled: {constant: 0.0002}, struck_off: 0.0006, asked_to_leave: {by_age: {0: 0}}}
  shock: {province: 0.0, commune: 0.0}
source: {listing: {per_resident: 0.0022, power: 1.0}, help: linear}
training: {on: true, months: [1, 4, 7, 10], seats: 60, level: district, attendance: 0.82}
dossier: {on: true, delay_months: {mean: 6}, failure: {normal: 0.05, difficult: 0.15}}
admission: {on: true, months: all, targets: {level: commune, per_year: 6}, pace: even}
probation: {recognition: 0.97}
cells: {responses: [], host: strongest}
costs: {training.seat_offered: 0, reinforcement.posting_month: 0}
uncertain: {source.listing.per_resident: {distribution: gamma, mean: 0.003, sd: 0.001}}
policies:
  as-is: []
  more-seats: [{lever: training, from: 2021-01-01, where: all, seats: {times: 1.5}}]
"""
    scenario = parse_scenario(text)
    assert scenario.demography.settling_away.constant == 0.2
    assert scenario.costs["training.seat_offered"] == 0


def test_words_that_older_yaml_would_turn_into_something_else(tmp_path: Path) -> None:
    table = TABLE.replace("H1", "No").replace("H2", "0123").replace("H3", "12")
    lever = "{lever: emulation, factor: 2, where: {hamlets: [No, 0123, 12]}}"
    loaded = load(written(tmp_path, f"{SCENARIO}  1_000: [{lever}]\n", table))
    (emulation,) = loaded.policies["1_000"]
    assert emulation.where.hamlets == ("No", "0123", "12")
    assert loaded.baseline.units[0].neighbour == "0123"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        *[("true", True), ("False", False), ("TRUE", True)],
        *[("0", 0), ("-7", -7), ("+7", 7), ("7.0", 7.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1e3)],
        *[
            (t, t)
            for t in ("No", "yes", "on", "y", "0123", "-012", "1_000", "0x1F", "0o17", "1:30")
        ],
        *[(t, t) for t in (".inf", ".nan", "1e999", "2017-13-01", "2017-01-01", "9" * 26, "٣")],
    ],
)
def test_plain_scalars(text: str, value: object) -> None:
    found = scalar(text)
    assert (found, type(found)) == (value, type(value))


def test_texts_are_composed(tmp_path: Path) -> None:
    decomposed = "Qu\u0079\u0300nh La\u0302m"
    scenario = (
        f"{SCENARIO}  x: [{{lever: emulation, factor: 2, where: {{areas: [{decomposed}]}}}}]\n"
    )
    loaded = load(written(tmp_path, scenario, TABLE.replace("Quỳnh Lâm", decomposed)))
    assert loaded.baseline.units[0].area[1] == "Quỳnh Lâm"
    assert loaded.policies["x"][0].where.areas == ("Quỳnh Lâm",)


@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16"])
def test_encodings_of_yaml(tmp_path: Path, code: str) -> None:
    text = SCENARIO.replace("Four units", "Bốn đơn vị")
    loaded = load(written(tmp_path, text.encode(code)))
    assert loaded.scenario.title == {"en": "Bốn đơn vị"}


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_load_again_as_they_were(path: Path) -> None:
    scenario = load(path).scenario
    assert parse_scenario(dump(scenario)) == scenario


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30
)
WORDS = "No null ~ 0123 1_000 1e3 2020-01-01 true # ' & &a *a !x % @ ` ? | > ends: [ {} = << - a:b"
TRICKY = st.sampled_from([*WORDS.split(), '"'])
SPACED = st.sampled_from(["- a", "a: b", " x ", "a #b", "\ttab", "two  spaces", "? a"])


@example(title="?0", hamlet="?0", rate=1e-5, seed=0)
@settings(max_examples=40, deadline=None)
@given(
    title=TEXTS | TRICKY, hamlet=TEXTS | TRICKY, rate=st.floats(0, 1e6), seed=st.integers(0, 2**60)
)
def test_a_dumped_scenario_loads_equal(title: str, hamlet: str, rate: float, seed: int) -> None:
    scenario = Scenario.model_validate(
        {
            "title": {"vi": title},
            "baseline": hamlet,
            "start": dt.date(2020, 2, 1),
            "years": 3,
            "seed": seed,
            "demography": {"returning": {"by_age": {0: rate, 100: 0}}},
            "policies": {"p": (Emulation(factor=rate, where=Where(hamlets=(hamlet,))),)},
        }
    )
    assert parse_scenario(dump(_composed(scenario))) == _composed(scenario)


def _composed(scenario: Scenario) -> Scenario:
    return Scenario.model_validate_json(unicodedata.normalize("NFC", scenario.model_dump_json()))


# ---------------------------------------------------------------- JSON Schema


def test_the_schema_completes_and_closes_every_record() -> None:
    whole = schema()
    jsonschema.Draft202012Validator.check_schema(whole)
    json.dumps(whole)
    assert whole["title"] == "hamletsim scenario"
    assert whole["required"] == ["title", "baseline", "start", "years"]
    records = [r for r in whole["$defs"].values() if "properties" in r]
    assert len(records) > 40
    assert all(record["additionalProperties"] is False for record in records)
    training = whole["$defs"]["Training"]
    assert "from" in training["properties"]
    assert "since" not in training["properties"]
    assert training["required"] == ["lever"]


def test_the_schema_is_not_shared() -> None:
    schema().clear()
    assert schema()["title"] == "hamletsim scenario"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_satisfy_the_schema(path: Path) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    for data in (read_document(path, "").data, parse_document(dump(load(path).scenario), "").data):
        assert [error.message for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"yeers": 3},
        {"training": {"seets": 3}},
        {"training": {"months": [13]}},
        {"demography": {"returning": -1}},
        {"demography": {"mortality": {"by_age": {"1_0": 1}}}},
        {"policies": {"a": [{"from": "2020-01-01"}]}},
        {"policies": {"a": [{"lever": "training", "where": "some"}]}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: dict[str, object]) -> None:
    example = schema()["examples"][0]
    validator = jsonschema.Draft202012Validator(schema())
    assert validator.is_valid(example)
    assert not validator.is_valid(example | change)
    with pytest.raises(BadInput):
        parse_scenario(json.dumps(example | change))


def test_the_example_of_the_schema_loads() -> None:
    parse_scenario(json.dumps(schema()["examples"][0]))


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("training.seats=60", "training.seats", 60),
        ("training.level=", "training.level", None),
        ("training.months=[2, 8]", "training.months", (2, 8)),
        ("title=No", "title", "No"),
        ("rules.away_counts=true", "rules.away_counts", True),
        ("source.help={full_help: 4}", "source.help.full_help", 4.0),
        ("demography.returning=0.3", "demography.returning.constant", 0.3),
        ("demography.shock.commune=0.2", "demography.shock", {"commune": 0.2}),
        ("costs.training.seat_used=7", "costs", {"training.seat_used": 7.0}),
        ("postings.pools.army.size=4", "postings.pools.army.size", 4),
    ],
)
def test_a_setting_changes_one_parameter(
    sample: Loaded, setting: str, path: str, value: object
) -> None:
    changed = with_settings(sample, [setting])
    found: object = changed.scenario
    for name in path.split("."):
        found = found[name] if isinstance(found, dict) else getattr(found, name)
    assert found == value
    assert changed.baseline is sample.baseline
    assert with_settings(changed, []) is changed


@pytest.mark.parametrize(
    ("setting", "left"),
    [
        ("postings.renewal=0.1", ["training.attendance"]),
        ("training={attendance: 0.6}", ["postings.renewal"]),
        ("postings.term_months=24", ["postings.renewal", "training.attendance"]),
        ("uncertain.postings.renewal.mean=0.5", ["postings.renewal", "training.attendance"]),
    ],
)
def test_what_is_set_is_no_longer_uncertain(sample: Loaded, setting: str, left: list[str]) -> None:
    """Else its draws would take the place of what was asked for, and nobody would know."""
    beta = "{distribution: beta, mean: 0.8, sd: 0.1}"
    names = "postings.renewal", "training.attendance"
    unsure = with_settings(sample, [f"uncertain.{name}={beta}" for name in names])
    changed = with_settings(unsure, [setting])
    assert sorted(changed.scenario.uncertain) == left


def test_values_given_in_python_are_no_longer_uncertain(sample: Loaded) -> None:
    beta = "{distribution: beta, mean: 0.8, sd: 0.1}"
    unsure = with_settings(sample, [f"uncertain.postings.renewal={beta}"])
    changed = unsure.with_values({"postings.renewal": 0.1})
    assert drawn(changed, 3).scenario.postings.renewal == 0.1
    assert drawn(unsure, 3).scenario.postings.renewal != 0.8
    assert list(drawn(unsure, 3).scenario.uncertain) == ["postings.renewal"]


def test_settings_reach_levers_and_new_policies(sample: Loaded) -> None:
    added = ["policies.x=[{lever: combining}]", "policies.x[0].from=2022-01-01"]
    changed = with_settings(sample, [*added, "policies.more-seats[0].seats=99"])
    assert changed.policies["x"][0].since == dt.date(2022, 1, 1)
    assert changed.policies["more-seats"] == (
        Training(since=dt.date(2021, 1, 1), seats=Change(to=99)),
    )


def test_another_baseline_is_read(sample: Loaded, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text(TABLE.replace("Hamlet 1", "Other"), "utf-8")
    changed = with_settings(sample, ["baseline=other.csv"])
    assert changed.baseline.units[0].name == "Other"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (
            "training.seets=6",
            'found "training.seets"; allowed: the path of a parameter, such as '
            "training.seats; did you mean training.seats?",
        ),
        ("training.seats=six", 'training.seats: found "six"; allowed: a whole number of at least'),
        ("training.seats=[1", "found brackets that are not closed; allowed: YAML 1.2"),
        ("training.seats", 'found "training.seats"; allowed: PATH=VALUE'),
        ("=6", 'found ""; allowed: the path of a parameter'),
        ("training.level=comune", 'training.level: found "comune"; allowed: district, commune; '),
        ("costs.training.seats=1", 'costs.training.seats: found "training.seats"; allowed: '),
        ("policies.more-seats[1].seats=1", "the path of a parameter"),
        ("postings.pools={}", "posted_pool: found"),
        ("rules.minimum_official_members=4", "rules.founding_strength: found 3; allowed: 4 or"),
        ("admission.on=false", "admission.targets: found targets with admission.on false"),
        ("baseline=none.csv", 'baseline: found "none.csv" (no such file); allowed: a table'),
        ("baseline=s.yaml", "s.yaml, row 1"),
        ("seed={a: 1, a: 2}", 'a: found "a", given in line 1 too; allowed: every key once'),
    ],
)
def test_a_bad_setting_is_told_with_the_setting(
    sample: Loaded, setting: str, expected: str
) -> None:
    with pytest.raises(BadInput) as caught:
        with_settings(sample, ["seed=3", setting])
    assert expected in str(caught.value)
    if "postings" not in setting and "s.yaml" not in setting:
        assert all(fault.file == f"--set {setting}" for fault in caught.value.faults)


def test_faults_of_several_settings_come_together(sample: Loaded) -> None:
    with pytest.raises(BadInput) as caught:
        with_settings(sample, ["training.seets=6", "nothing", "seed=3"])
    assert len(caught.value.faults) == 2
    with pytest.raises(BadInput) as caught:
        with_settings(sample, ["training.seats=-6", "start=2020-01-02", "seed=3"])
    assert [f.file for f in caught.value.faults] == ["--set training.seats=-6"]


def test_scenarios_made_in_python_can_be_checked(sample: Loaded) -> None:
    lost = sample.model_copy(
        update={"scenario": sample.scenario.with_values({"postings.pools": {}})}
    )
    (fault,) = check(lost)
    assert fault.field == "H2: posted_pool"
    (fault,) = check(sample.with_values({"training.level": "comune"}))
    assert fault.field == "training.level"


# ---------------------------------------------------------------- places


def test_where(sample: Loaded) -> None:
    areas = areas_of(sample.baseline)

    def chosen(**where: tuple[str, ...]) -> list[str]:
        return [unit.id for unit in units_at(Where(**where), sample.baseline, areas)]

    assert chosen() == ["H1", "H2", "H3", "S1"]
    assert chosen(areas=("Quỳnh Lâm",)) == ["H1", "H2", "H3"]
    assert chosen(areas=("Quỳnh Lưu/Quỳnh Tam",)) == ["S1"]
    assert chosen(areas=("Quỳnh Lưu",), tags=("religious",)) == ["H1", "H3"]
    assert chosen(kinds=("school",), hamlets=("H1",)) == []
    assert areas.at_level("district") == [("Quỳnh Lưu",)]


def test_a_table_of_ten_thousand_rows_loads_in_seconds(tmp_path: Path) -> None:
    header, *rows = TABLE.splitlines()
    many = [row.replace("H", f"H{i}-").replace("S1", f"S{i}") for i in range(2500) for row in rows]
    path = written(tmp_path, table="\n".join([header, *many]))
    begun = time.perf_counter()
    assert len(load(path).baseline.units) == 10_000
    # Some two seconds; the margin is for a machine that does other things too.
    assert time.perf_counter() - begun < 10


def test_names_of_policies_go_with_them(tmp_path: Path) -> None:
    names = "policy_names: {as-is: {vi: giữ nguyên}, more-seats: {ru: больше мест}}\npolicies:\n"
    written(tmp_path, SCENARIO.replace("policies:\n", names))
    loaded = load(tmp_path / "s.yaml")
    assert loaded.scenario.policy_names["as-is"] == {"vi": "giữ nguyên"}
    alone = loaded.with_values({"policies": {"as-is": []}})
    assert alone.scenario.policy_names == {"as-is": {"vi": "giữ nguyên"}}
    assert check(alone) == ()
