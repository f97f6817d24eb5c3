"""Levers and uncertain parameters that nothing reads, so that they are faults where they run."""

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.load import load, with_settings
from sim.load.stages import unread_levers, unread_parameters
from sim.messages import BadInput
from tests.load_samples import SCENARIO, lines_of, written
from tests.test_cli import command

OFF = {
    "training.on=false": ("training", "local_class"),
    "dossier.on=false": ("dossier",),
    "admission.on=false": ("admission", "enlistment"),
    "admission.targets=[]": ("admission",),
    "source.help=off": ("outside_help",),
    "source.help=linear": ("outside_help",),
}
LEVERS = """\
    - {lever: local_class, level: commune, months: [4], seats: 6}
    - {lever: dossier, delay_factor: 0.5}
    - {lever: admission, priority: youngest_first}
    - {lever: enlistment}
    - {lever: outside_help, with_cell: 2}
    - {lever: waiver, maximum_age: 65}
  helped:
    - {lever: retention, factor: 0.7}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path, SCENARIO + LEVERS)


def setting(path: Path, switched: str) -> sim.Loaded:
    more = ["admission.targets=[]"] if switched == "admission.on=false" else []
    return with_settings(load(path), [*more, switched])


@pytest.mark.parametrize(("switched", "levers"), OFF.items())
def test_what_a_switched_off_stage_leaves_unread(
    path: Path, switched: str, levers: tuple[str, ...]
) -> None:
    found = [one.found for one in unread_levers(setting(path, switched).scenario)]
    assert [text.split()[2].rstrip(",") for text in found] == list(levers)
    assert list(unread_levers(load(path).scenario)) == []


def test_a_file_with_such_a_lever_is_refused_by_its_line(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("seats: 40", "seats: 40, on: false"), "utf-8")
    told = lines_of(path)
    assert len(told) == 2
    assert told[0].startswith(
        "s.yaml, line 14: policies.more-seats[0]: found a lever training, which nothing reads while"
        " training.on is false; allowed: training.on other than false, or a policy without"
    )


def test_a_setting_is_judged_by_the_policies_that_run(path: Path) -> None:
    loaded = setting(path, "training.on=false")
    made = sim.run(loaded, ["as-is", "helped"], replications=2)
    assert list(made.study.tallies) == ["as-is", "helped"]
    for unread in (None, ["as-is", "more-seats"]):
        with pytest.raises(BadInput, match="without such levers: --policies as-is,helped"):
            sim.run(loaded, unread, replications=2)


def test_the_same_lever_on_a_stage_in_use_changes_something(path: Path) -> None:
    """Else the check would forbid what nothing reads anyway."""
    loaded = load(path)
    seats = sim.run(loaded, ["more-seats"], replications=2).years.query("measure=='seats_offered'")
    by = seats.pivot(index="year", columns="policy", values="mean")
    assert not np.array_equal(by["as-is"], by["more-seats"])


DRAWN = """\
uncertain:
  training.attendance: {distribution: beta, mean: 0.7, sd: 0.1}
  dossier.delay_months.median: {distribution: gamma, mean: 9, sd: 2}
  admission.overshoot: {distribution: gamma, mean: 0.02, sd: 0.01}
  admission.approval: {distribution: beta, mean: 0.9, sd: 0.05}
"""
"""Committees without targets approve too, but nothing is overshot."""
NOT_DRAWN = {
    "training.on=false": {"training.attendance"},
    "dossier.on=false": {"dossier.delay_months.median"},
    "admission.targets=[]": {"admission.overshoot"},
    "admission.on=false": {"admission.overshoot", "admission.approval"},
}


@pytest.fixture
def uncertain(tmp_path: Path) -> Path:
    return written(tmp_path, SCENARIO + DRAWN)


def test_a_file_with_an_uncertain_parameter_that_nothing_reads_is_refused(uncertain: Path) -> None:
    """In its own line, and with what switches it off; in use it is no fault."""
    assert lines_of(uncertain) == []
    text = uncertain.read_text("utf-8").replace("seats: 40", "seats: 40, on: false")
    uncertain.write_text(text, "utf-8")
    told = "".join(line for line in lines_of(uncertain) if "uncertain" in line)
    assert told == (
        "s.yaml, line 16: uncertain.training.attendance: found a parameter that nothing reads while"
        " training.on is false; allowed: training.on other than false, or no distribution of it"
    )


def test_without_targets_a_fault_says_so_as_it_is_typed(uncertain: Path) -> None:
    text = uncertain.read_text("utf-8")
    uncertain.write_text(text.replace("  targets: {level: commune, per_year: 6}", "  targets: []"))
    (told,) = lines_of(uncertain)
    assert "nothing reads while admission.targets is []; allowed: admission.targets other" in told


@pytest.mark.parametrize(("switched", "gone"), NOT_DRAWN.items())
def test_what_a_setting_switches_off_is_no_longer_uncertain(
    uncertain: Path, switched: str, gone: set[str]
) -> None:
    before, after = load(uncertain).scenario.uncertain, setting(uncertain, switched).scenario
    assert before.keys() - after.uncertain.keys() == gone
    assert list(unread_parameters(after)) == []


def test_a_setting_that_nothing_reads_is_a_fault(uncertain: Path) -> None:
    made = ["training.on=false", "uncertain={training.attendance: {distribution: uniform, low: 0, "
            "high: 1}}"]  # fmt: skip
    with pytest.raises(BadInput, match="a parameter that nothing reads while training"):
        with_settings(load(uncertain), made)


@pytest.mark.parametrize("path", ["training.attendance", "admission.overshoot"])
def test_draws_of_what_is_read_change_something(uncertain: Path, path: str) -> None:
    """Else the check would forbid what nothing reads anyway."""
    ends = [with_settings(load(uncertain), ["uncertain={}", f"{path}={x}"]) for x in (0.01, 0.99)]
    one, other = (sim.run(end, ["as-is"], replications=3).years["mean"] for end in ends)
    assert not one.equals(other)


def test_commands_tell_what_to_do(path: Path, tmp_path: Path) -> None:
    for words in (["check"], ["run", "--out", tmp_path / "r"]):
        done = command(words[0], path, *words[1:], "--set", "training.on=false")
        assert done.code == 2
        assert "policies.more-seats[0]" in done.err and "--policies as-is,helped" in done.err
    assert not (tmp_path / "r").exists()
