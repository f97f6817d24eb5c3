"""Plain data -> a scenario, with pydantic's errors told in a planner's words."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from sim.load import shape
from sim.load.documents import Document
from sim.load.findings import Finding, Steps, value_at
from sim.messages import _, listed, nearest, shown
from sim.scenario import Scenario

# Stand in for required values that are missing, so that the rest can still be checked.
PLACEHOLDERS = {"title": "-", "baseline": "-", "start": "2000-01-01", "years": 1}
MEANT_TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


@dataclass(frozen=True)
class Validated:
    """A scenario. What was `broken` in the file has its default instead."""

    scenario: Scenario
    findings: tuple[Finding, ...] = ()
    broken: tuple[Steps, ...] = ()


def validate(document: Document) -> Validated:
    """The scenario of a document, with every finding of its form and values."""
    data = shape.as_meant(document)
    try:
        return Validated(_scenario(data))
    except ValidationError as error:
        findings = _findings(error, document.data)
    return _without_faults(data, findings)


def _scenario(data: Any) -> Scenario:
    return Scenario.model_validate(data, by_alias=True, by_name=False)


def _without_faults(data: Any, findings: tuple[Finding, ...]) -> Validated:
    sound: dict[str, Any] = deepcopy(data) if isinstance(data, dict) else {}
    broken: list[Steps] = []
    faulty = [finding.at for finding in findings]
    while faulty:
        before = deepcopy(sound)
        broken += _cut_all(sound, faulty)
        try:
            return Validated(_scenario(sound), findings, tuple(broken))
        except ValidationError as error:
            faulty = [f.at for f in _findings(error, sound)] if sound != before else []
    return Validated(_scenario(PLACEHOLDERS), findings, ((),))


def _cut_all(data: dict[str, Any], faulty: list[Steps]) -> list[Steps]:
    cut: list[Steps] = []
    for steps in faulty:
        if not any(steps[: len(gone)] == gone for gone in cut):
            cut.append(_cut(data, steps))
    return cut


def _cut(data: dict[str, Any], steps: Steps) -> Steps:
    """Remove the smallest part of `data` that holds a path, and return its own path."""
    while steps and value_at(data, steps[:-1]) is None:
        steps = steps[:-1]
    holder = value_at(data, steps[:-1])
    is_there = bool(steps) and isinstance(holder, dict) and steps[-1] in holder
    if is_there:
        del holder[steps[-1]]
        return steps
    if len(steps) <= 1:
        data |= {name: PLACEHOLDERS[name] for name in steps if name in PLACEHOLDERS}
        return steps
    return _cut(data, steps[:-1])


# ---------------------------------------------------------------- pydantic's errors


@dataclass(frozen=True)
class _Problem:
    """One of pydantic's errors, at the path where the file has it."""

    steps: Steps
    error: Mapping[str, Any]
    is_key: bool
    in_choice: bool


def _findings(error: ValidationError, data: Any) -> tuple[Finding, ...]:
    problems = [_located(e, data) for e in error.errors(include_url=False)]
    # A value that fits no alternative fails once in each; the one that came furthest was meant.
    telling = [p for p in problems if not (p.in_choice and _is_above_another(p, problems))]
    first_at = {(p.steps, p.is_key): p for p in reversed(telling)}
    return tuple(_finding(problem, data) for problem in reversed(first_at.values()))


def _is_above_another(problem: _Problem, others: list[_Problem]) -> bool:
    steps = problem.steps
    return any(len(o.steps) > len(steps) and o.steps[: len(steps)] == steps for o in others)


def _located(error: Mapping[str, Any], data: Any) -> _Problem:
    *parts, last = error["loc"] or ("",)
    is_key = last == "[key]"
    steps: Steps = ()
    passed_tag, in_choice = False, False
    for part in parts if is_key else error["loc"]:
        here = value_at(data, steps)
        is_tag = isinstance(here, dict) and here.get("lever") == part and not passed_tag
        step = None if is_tag and steps[:1] == ("policies",) else _step(part, here)
        passed_tag = step is None
        in_choice = step is None and not is_tag
        steps = steps if step is None else (*steps, step)
    if error["type"] == "missing" and isinstance(last, str):
        steps = (*steps, last)
    return _Problem(steps, error, is_key, in_choice)


def _step(part: str | int, here: Any) -> str | int | None:
    """The part of pydantic's path if the file has it; None for its names of types."""
    if isinstance(here, dict) and isinstance(part, str):
        return next((key for key in here if str(key) == part), None)
    return part if isinstance(here, list) and isinstance(part, int) and part < len(here) else None


def _finding(problem: _Problem, data: Any) -> Finding:
    steps, kind = problem.steps, problem.error["type"]
    if kind == "extra_forbidden" or problem.is_key:
        return _unknown_key(steps, data)
    if kind.startswith("union_tag"):
        return _unknown_lever(steps, data)
    allowed = shape.described(shape.at(data, steps))
    if kind == "missing":
        return Finding(steps, _("nothing"), allowed)
    value = value_at(data, steps)
    if kind == "value_error":
        return Finding(steps, shown(value), str(problem.error["ctx"]["error"]))
    return Finding(steps, shown(value), allowed, _meant_value(value, shape.at(data, steps)))


def _unknown_key(steps: Steps, data: Any) -> Finding:
    key, above = str(steps[-1]), steps[:-1]
    node = shape.at(data, above)
    known = shape.keys(node, value_at(data, above)) if node else []
    allowed = listed(known) if known else _("exact ages from 0 to 120 as whole numbers")
    return Finding(steps, shown(key), allowed, nearest(key, known))


def _unknown_lever(steps: Steps, data: Any) -> Finding:
    lever = value_at(data, steps)
    if not isinstance(lever, dict):
        return Finding(steps, shown(lever), _("a mapping with the key lever"))
    name = lever.get("lever")
    suggestion = nearest(str(name), shape.levers())
    return Finding((*steps, "lever"), shown(name), listed(shape.levers()), suggestion)


def _meant_value(value: Any, node: shape.Schema | None) -> str | None:
    if not isinstance(value, str) or node is None:
        return None
    forms = shape.forms(node)
    if any(form.get("type") == "boolean" for form in forms):
        return MEANT_TRUTHS.get(value.casefold())
    if any(form.get("type") in ("integer", "number") for form in forms):
        bare = value.replace("_", "")
        return bare if bare != value and bare.isdecimal() else None
    words = [w for form in forms for w in (*form.get("enum", ()), form.get("const")) if w]
    return nearest(value, words)
