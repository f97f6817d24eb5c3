"""The shipped scenario files are valid, complete and pull every lever."""

from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from sim.levers import COST_KEYS, MAXIMUM_ADAPTIVE, AnyLever, Priority
from sim.scenario import Scenario

SCENARIOS = Path(__file__).parent.parent / "scenarios"
NAMES = ("quynh-luu", "que-phong")


def scenario(name: str) -> Scenario:
    data: Any = YAML(typ="safe").load(SCENARIOS / f"{name}.yaml")
    return Scenario.model_validate(data)


def lever_kinds() -> set[str]:
    union = get_args(AnyLever)[0]
    return {kind.model_fields["lever"].default for kind in get_args(union)}


@pytest.mark.parametrize("name", NAMES)
class TestEachScenario:
    def test_titles_in_three_languages(self, name: str) -> None:
        title = scenario(name).title
        assert isinstance(title, dict)
        assert set(title) == {"en", "vi", "ru"}

    def test_baseline_table_exists(self, name: str) -> None:
        assert (SCENARIOS / scenario(name).baseline).is_file()

    def test_uncertain_parameters_exist(self, name: str) -> None:
        shipped = scenario(name)
        assert len(shipped.uncertain) == 6
        for path in shipped.uncertain:
            assert shipped.with_values({path: 0.5}) != shipped

    def test_costs_are_known(self, name: str) -> None:
        assert set(scenario(name).costs) <= COST_KEYS

    def test_first_policy_is_the_state_as_it_is(self, name: str) -> None:
        first, levers = next(iter(scenario(name).policies.items()))
        assert (first, levers) == ("as-is", ())

    def test_adaptive_levers_within_bound(self, name: str) -> None:
        for policy in scenario(name).policies.values():
            adaptive = [x for x in policy if x.adaptive or x.lever == "attention"]
            assert len(adaptive) <= MAXIMUM_ADAPTIVE


def test_quynh_luu_has_the_policies_asked_for() -> None:
    asked = {
        "as-is", "more-seats", "weakest-first", "higher-targets", "retention", "reinforcement",
        "combination", "secretaries-and-chiefs", "all-together",
    }  # fmt: skip
    assert asked <= set(scenario("quynh-luu").policies)


def test_at_risk_rule_of_quynh_luu_is_the_one_its_table_was_made_for() -> None:
    rules = scenario("quynh-luu").rules
    assert (rules.risk_line, rules.at_risk_share_over_60) == (5, 0.5)
    assert rules.at_risk_months_since_admission == 60


def test_every_lever_is_pulled() -> None:
    pulled = {x.lever for name in NAMES for p in scenario(name).policies.values() for x in p}
    assert pulled == lever_kinds()


def test_every_priority_rule_is_used() -> None:
    dumped = [scenario(name).model_dump_json() for name in NAMES]
    for rule in get_args(Priority):
        assert any(f'"priority":"{rule}"' in text for text in dumped), rule
