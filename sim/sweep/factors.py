"""What a sensitivity study moves: uncertain parameters by their distributions, settings in ranges.

Settings are what a planner decides: seats, targets, pools, and the strength of each lever. They
range from half as strong to twice as strong as in the scenario, unless ranges are given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sim.levers import AnyLever, Change
from sim.load import check, shape
from sim.load.findings import Steps, dotted
from sim.load.stages import switch_of, unread
from sim.messages import BadInput, Fault, Place, _, shown
from sim.scenario import Loaded, Posterior
from sim.sweep.description import at_values
from sim.sweep.design import MIDDLE, Draws, Joint, Parameter, Span

UNCERTAIN, SETTING = "uncertain", "setting"
WEAKER, STRONGER = 0.5, 2.0
"""How strong a lever may be, to what it is in the scenario."""
NONE = "none"
"""Stands for no settings at all."""

MAIN = {
    "training": ("seats",),
    "local_class": ("seats",),
    "officer_training": ("places",),
    "admission": ("per_year",),
    "retention": ("factor",),
    "return_incentive": ("factor",),
    "emulation": ("factor",),
    "attention": ("factor",),
    "outside_help": ("with_cell", "without_cell"),
    "reinforcement": ("number",),
    "posting_renewal": ("renewal", "replacement"),
    "chief_coverage": ("member_elected",),
    "dossier": ("delay_factor",),
    "succession": ("trained",),
    "merger": ("residents_below",),
}
"""The main settings of each lever; the others have none that is a strength."""
WAYS = ("to", "times", "plus")
NEUTRAL_IS_ONE = ("times", "factor", "delay_factor")
"""Fields that multiply: half as strong is the root, twice as strong the square."""


class Factor(NamedTuple):
    """A parameter with its kind, its own value, and the range it is moved in.

    low, high: of an uncertain one the middle 95 % of its distribution.
    """

    parameter: Parameter
    kind: str
    value: float
    low: float
    high: float


def uncertain(loaded: Loaded) -> list[Factor]:
    """The uncertain parameters, each with its own distribution: that of the posterior, where the
    scenario has one that tells it, else its prior."""
    data = loaded.scenario.model_dump(mode="json", by_alias=True)
    found = []
    for path, prior in loaded.scenario.uncertain.items():
        draws = _draws(loaded, path)
        one = Parameter(path, prior=prior) if draws is None else Parameter(path, posterior=draws)
        found.append(Factor(one, UNCERTAIN, _value_at(data, path), *map(one.at, MIDDLE)))
    return found


def _draws(loaded: Loaded, path: str) -> Draws | None:
    known = loaded.posterior
    if known is None or path not in known.paths:
        return None
    return Draws.of(known.column(path), known.weights)


def told(loaded: Loaded) -> tuple[str, ...]:
    """The uncertain parameters that the posterior tells."""
    known = () if loaded.posterior is None else loaded.posterior.paths
    return tuple(path for path in loaded.scenario.uncertain if path in known)


def together(loaded: Loaded, factors: Sequence[Factor]) -> Joint | None:
    """How those of the factors that the posterior tells go together; None if there are none."""
    columns = [i for i, f in enumerate(factors) if f.parameter.posterior is not None]
    if not columns or loaded.posterior is None:
        return None
    shares = [_shares(loaded.posterior, factors[i].parameter.path) for i in columns]
    return Joint(tuple(columns), tuple(zip(*shares, strict=True)), tuple(loaded.posterior.weights))


def _shares(posterior: Posterior, path: str) -> list[float]:
    """The share of its own distribution at which a parameter is in each row."""
    values = posterior.column(path)
    draws = Draws.of(values, posterior.weights)
    shares = np.empty(len(values))
    shares[np.argsort(values, kind="stable")] = draws.shares
    return [float(share) for share in shares]


def middle(factors: Sequence[Factor]) -> dict[str, float]:
    """Where those that a posterior tells stand when they do not move: their medians, by path."""
    draws = ((f.parameter.path, f.parameter.posterior) for f in factors)
    return {path: one.at(0.5) for path, one in draws if one is not None}


def _value_at(data: Any, path: str) -> float:
    """The scenario's own value; nan if it has none or it is no number."""
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return float(data) if isinstance(data, int | float) else float("nan")


def settings(loaded: Loaded, policies: Sequence[str]) -> list[Factor]:
    """The main settings of the scenario and of the levers of some policies.

    The same setting of equal levers in several policies is one, and moves in all of them.
    """
    data = loaded.scenario.model_dump(mode="json", by_alias=True)
    found: dict[object, Factor] = {}
    for same, steps, value in _numbers(loaded, policies):
        path, span = dotted(steps), _span(data, steps, value)
        if span is None or path in loaded.scenario.uncertain:
            continue
        first = found[same].parameter if same in found else Parameter(path, span=span)
        shared = first if same not in found else replace(first, also=(*first.also, path))
        found[same] = Factor(shared, SETTING, value, span.at(0.0), span.at(1.0))
    return list(found.values())


def _numbers(loaded: Loaded, policies: Sequence[str]) -> Iterator[tuple[object, Steps, float]]:
    """What makes settings the same, where each stands, and its value."""
    scenario = loaded.scenario
    if scenario.training.on:
        yield "seats", ("training", "seats"), scenario.training.seats
    for i, target in enumerate(scenario.admission.targets):
        if not isinstance(target.per_year, dict):
            steps: Steps = ("admission", "targets", i, "per_year")
            yield steps, steps, target.per_year
    for name, pool in scenario.postings.pools.items():
        steps = ("postings", "pools", name, "size")
        yield steps, steps, pool.size
    for policy in policies:
        for i, lever in enumerate(scenario.policies[policy]):
            for inner, value in _of_lever(lever):
                same = lever.lever, inner, value, repr(lever.where), lever.until
                yield same, ("policies", policy, i, *inner), value


def _of_lever(lever: AnyLever) -> Iterator[tuple[tuple[str, ...], float]]:
    for field in MAIN.get(lever.lever, ()):
        value = getattr(lever, field)
        if isinstance(value, Change):
            way = next(name for name in WAYS if getattr(value, name) is not None)
            yield (field, way), getattr(value, way)
        elif value is not None:
            yield (field,), value


def _span(data: Any, steps: Steps, value: float) -> Span | None:
    """From half to twice as strong, within what is allowed; None where that is no range."""
    if value <= 0:
        return None
    forms = [form for form in shape.forms(shape.at(data, steps) or {}) if "type" in form]
    least = max(form.get("minimum", 0) for form in forms)
    most = min(form.get("maximum", float("inf")) for form in forms)
    multiplies = steps[-1] in NEUTRAL_IS_ONE
    ends = (value**s if multiplies else value * s for s in (WEAKER, STRONGER))
    low, high = (min(max(end, least), most) for end in sorted(ends))
    span = Span(low, high, log=True, whole=isinstance(value, int))
    return span if low > 0 and span.at(0.0) < span.at(1.0) else None


# ---------------------------------------------------------------- ranges that are given


def given(loaded: Loaded, ranges: Sequence[str]) -> list[Factor]:
    """Settings with ranges as a planner types them, `training.seats=40:120`; `none` for none.

    Raises BadInput with every fault.
    """
    if list(ranges) == [NONE]:
        return []
    found: list[Factor] = []
    faults: list[Fault] = []
    for text in ranges:
        try:
            found.append(_given(loaded, text))
        except BadInput as bad:
            faults += bad.faults
    if faults:
        raise BadInput(dict.fromkeys(faults))
    return found


def _given(loaded: Loaded, text: str) -> Factor:
    called = f"--vary {text}"
    path, _equals, ends = text.partition("=")
    low, _colon, high = ends.partition(":")
    try:
        numbers = [float(end) for end in (low, high)]
    except ValueError:
        numbers = []
    if not numbers or not numbers[0] < numbers[1]:
        allowed = _("PATH=LOW:HIGH, such as {example}").format(example="training.seats=40:120")
        raise BadInput([Fault(called, found=shown(text), allowed=allowed)])
    path = path.strip()
    if path in loaded.scenario.uncertain:
        allowed = _("a parameter that is not uncertain; this one has a distribution")
        raise BadInput([Fault(called, found=shown(path), allowed=allowed)])
    if at := switch_of(loaded.scenario, path):
        allowed = _("a parameter that something reads")
        raise BadInput([Fault(called, Place(), path, unread(loaded.scenario, at), allowed)])
    whole = not any(set(end) & set(".eE") for end in (low, high))
    least, most = map(int, numbers) if whole else numbers
    span = Span(least, most, whole=whole)
    parameter = Parameter(path, span=span)
    faults = [f for end in (0.0, 1.0) for f in _faults_at(loaded, parameter, span.at(end))]
    if faults:
        raise BadInput(dict.fromkeys(replace(fault, file=called) for fault in faults))
    return Factor(parameter, SETTING, float("nan"), span.low, span.high)


def _faults_at(loaded: Loaded, parameter: Parameter, value: float) -> Sequence[Fault]:
    try:
        return check(at_values(loaded, [parameter], [value]))
    except BadInput as bad:
        return bad.faults
