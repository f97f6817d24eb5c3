"""A sweep file -> what is to be done, or every fault in it at once."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.load import check, load, with_settings
from sim.load.documents import Document, read_document
from sim.load.findings import Finding, Steps
from sim.messages import BadInput, Fault, _, listed, nearest, ngettext, shown
from sim.numerals import decimal
from sim.risk.outcomes import known_outcomes
from sim.scenario import LARGEST_SEED, Loaded
from sim.sweep.design import AS_IT_IS, KINDS, SAMPLED, Design, Parameter, Span, Value

KEYS = (
    "title", "scenario", "policies", "replications", "seed", "parameters", "design", "outcomes",
)  # fmt: skip
SPAN_KEYS = ("low", "high", "levels", "log", "whole")
DESIGN_KEYS = ("kind", "points", "seed")
KEYS_OF_SWEEP = ("replications", "seed")
UNREAD = ("title", "notes", "published", "happened", "policy_names")
"""Keys of a scenario that no outcome follows."""
BETWEEN = 0.381966
"""A share of the way between the ends of a range that gives no round number."""
DEFAULT_OUTCOMES = ("below", "lost", "combined", "admitted", "cost")
MOST_POINTS = 10_000_000


@dataclass(frozen=True)
class Sweep:
    """What is to be simulated: policies of a scenario at the points of a design.

    own_lives: each point has lives of its own; else all points have the same.
    """

    loaded: Loaded
    design: Design
    policies: tuple[str, ...]
    replications: int
    seed: int
    outcomes: tuple[str, ...]
    title: Any = None
    own_lives: bool = False

    def seed_at(self, point: int) -> int:
        """The seed of the lives at a point."""
        return (self.seed + 1 + point) % (LARGEST_SEED + 1) if self.own_lives else self.seed

    def at(self, point: int) -> Loaded:
        """The scenario at a point. Raises BadInput if its values do not go together."""
        return at_values(self.loaded, self.design.parameters, self.design.values(point))


def at_values(loaded: Loaded, parameters: Iterable[Parameter], values: Iterable[Value]) -> Loaded:
    """The scenario with these values. What is set is no longer uncertain."""
    chosen = {
        path: value
        for p, value in zip(parameters, values, strict=True)
        for path in (p.path, *p.also)
        if value is not AS_IT_IS
    }
    return with_settings(loaded, [f"{path}={json.dumps(v)}" for path, v in chosen.items()])


def read(path: str | os.PathLike[str]) -> Sweep:
    """The sweep file at `path`; its scenario is named relative to its folder. Raises BadInput."""
    document = read_document(Path(path), _("a sweep file in YAML"))
    reader = _Reader(document, list(document.faults))
    data = reader.mapping((), KEYS, _("a mapping with the keys scenario and parameters"))
    loaded = _scenario(reader, data)
    parameters = _parameters(reader, data)
    design = _design(reader, data, parameters, loaded)
    sweep = None if loaded is None else _sweep(reader, data, loaded, design)
    if sweep is not None:
        _refuse_unread(reader, sweep, parameters)
    if loaded is not None:
        _try_levels(reader, loaded, parameters)
    if reader.faults or sweep is None:
        raise BadInput(dict.fromkeys(reader.faults))
    return sweep


@dataclass
class _Reader:
    """A document, and the faults found in it so far."""

    document: Document
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, at: Steps, found: str, allowed: str, suggestion: str | None = None) -> None:
        """One fault more."""
        self.faults.append(self.document.fault(Finding(at, found, allowed, suggestion)))

    def mapping(self, at: Steps, keys: Iterable[str], allowed: str) -> dict[str, Any]:
        """The mapping at a path, without its unknown keys."""
        data = self._at(at)
        if not isinstance(data, dict):
            self.refuse(at, shown(data), allowed)
            return {}
        known = list(keys)
        for key in data:
            if key not in known:
                self.refuse((*at, key), shown(key), listed(known), nearest(str(key), known))
        return {key: value for key, value in data.items() if key in known}

    def _at(self, at: Steps) -> Any:
        data = self.document.data
        for step in at:
            data = data[step]
        return data

    def whole(
        self, at: Steps, value: Any, default: int, least: int, most: int = LARGEST_SEED
    ) -> int:
        """A whole number, or the default if there is none."""
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        allowed = _("a whole number from {least} to {most}").format(least=least, most=most)
        self.refuse(at, shown(value), allowed)
        return default

    def names(self, at: Steps, value: Any, known: Iterable[str]) -> tuple[str, ...]:
        """A list of names, each one of those known, each once."""
        choices = list(known)
        if not isinstance(value, list) or not value:
            self.refuse(at, shown(value), _("a list of some of: {names}").format(
                names=listed(choices)))  # fmt: skip
            return ()
        for i, name in enumerate(value):
            if name not in choices or name in value[:i]:
                found = shown(name) if name not in choices else _("{name} twice").format(
                    name=shown(name))  # fmt: skip
                self.refuse((*at, i), found, listed(choices), nearest(str(name), choices))
        return tuple(str(name) for name in value)


def _scenario(reader: _Reader, data: Mapping[str, Any]) -> Loaded | None:
    name = data.get("scenario")
    if not isinstance(name, str):
        reader.refuse(("scenario",), shown(name), _("the name of a scenario file"))
        return None
    try:
        return load(Path(reader.document.file).parent / name)
    except BadInput as bad:
        reader.faults += bad.faults
        return None


def _sweep(
    reader: _Reader, data: Mapping[str, Any], loaded: Loaded, design: Design | None
) -> Sweep | None:
    scenario, policies = loaded.scenario, tuple(loaded.policies)
    if "policies" in data:
        chosen = reader.names(("policies",), data["policies"], policies)
        base = policies[0]
        policies = (base, *(p for p in policies if p in chosen and p != base))
    outcomes: tuple[str, ...] = DEFAULT_OUTCOMES
    if "outcomes" in data:
        outcomes = reader.names(("outcomes",), data["outcomes"], known_outcomes(loaded.baseline))
    replications = reader.whole(
        ("replications",), data.get("replications"), scenario.replications, 1, 10_000_000
    )
    seed = reader.whole(("seed",), data.get("seed"), scenario.seed, 0)
    if design is None:
        return None
    return Sweep(loaded, design, policies, replications, seed, outcomes, data.get("title"))


# ---------------------------------------------------------------- parameters


def _parameters(reader: _Reader, data: Mapping[str, Any]) -> tuple[Parameter, ...]:
    given = data.get("parameters")
    if not isinstance(given, dict) or not given:
        allowed = _("a mapping of paths, such as training.seats, to a range or a list of values")
        reader.refuse(("parameters",), shown(given), allowed)
        return ()
    found = [_parameter(reader, str(path), value) for path, value in given.items()]
    return tuple(p for p in found if p is not None)


def _parameter(reader: _Reader, path: str, value: Any) -> Parameter | None:
    at: Steps = ("parameters", path)
    if isinstance(value, list) and value:
        if len({json.dumps(v) for v in value}) < len(value):
            reader.refuse(at, _("a value twice"), _("each value once"))
            return None
        return Parameter(path, tuple(value))
    if isinstance(value, dict):
        return _spanned(reader, path, at)
    allowed = _("a list of values, or a range such as {example}").format(
        example="{low: 40, high: 120}"
    )
    reader.refuse(at, shown(value), allowed)
    return None


def _spanned(reader: _Reader, path: str, at: Steps) -> Parameter | None:
    faults = len(reader.faults)
    data = reader.mapping(at, SPAN_KEYS, "")
    ends = [_number(reader, (*at, name), data.get(name)) for name in ("low", "high")]
    truths = [_truth(reader, (*at, name), data.get(name, False)) for name in ("log", "whole")]
    steps = reader.whole((*at, "levels"), data.get("levels"), 0, 2, 1_000_000)
    if len(reader.faults) > faults:
        return None
    span = Span(ends[0], ends[1], *truths)
    if not span.low < span.high:
        reader.refuse(at, _("low {low}, high {high}").format(low=shown(span.low), high=shown(
            span.high)), _("low below high"))  # fmt: skip
        return None
    if span.log and span.low <= 0:
        reader.refuse((*at, "low"), shown(span.low), _("more than 0 in a range with log"))
        return None
    levels = dict.fromkeys(span.at(i / (steps - 1)) for i in range(steps))
    return Parameter(path, tuple(levels), span)


def _number(reader: _Reader, at: Steps, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    reader.refuse(at, shown(value), _("a number"))
    return 0.0


def _truth(reader: _Reader, at: Steps, value: Any) -> bool:
    if not isinstance(value, bool):
        reader.refuse(at, shown(value), _("true or false"))
    return value is True


def _refuse_unread(reader: _Reader, sweep: Sweep, parameters: Iterable[Parameter]) -> None:
    """What would be the same at all points: keys that a sweep does not read, policies left out."""
    idle = [name for name in sweep.loaded.policies if name not in sweep.policies]
    for path in (parameter.path for parameter in parameters):
        allowed = None
        if path in KEYS_OF_SWEEP:
            allowed = _("the key {key} of the sweep, one value for all points").format(key=path)
        elif any(_is_in(path, name) for name in UNREAD):
            allowed = _("a parameter on which outcomes depend")
        elif any(_is_in(path, f"policies.{name}") for name in idle):
            allowed = _("a lever of a policy that runs: {policies}").format(
                policies=listed(sweep.policies)
            )
        if allowed:
            reader.refuse(("parameters", path), shown(path), allowed)


def _is_in(path: str, above: str) -> bool:
    return path == above or path.startswith((f"{above}.", f"{above}["))


def _try_levels(reader: _Reader, loaded: Loaded, parameters: Iterable[Parameter]) -> None:
    """Each value of a list must do where all else is as it is; of a range each end, and one value
    between them."""
    for parameter in parameters:
        where: Steps = ("parameters", parameter.path)
        if parameter.span is None:
            for value in parameter.levels:
                _refuse_level(reader, loaded, parameter, value, where)
            continue
        ends = [parameter.span.at(share) for share in (0.0, 1.0)]
        faults = [_refuse_level(reader, loaded, parameter, end, where) for end in ends]
        inner = parameter.levels[1:-1] or [parameter.span.at(BETWEEN)]
        if not any(faults) and not (parameter.levels and len(parameter.levels) < 3):
            _refuse_inner(reader, loaded, parameter, inner[0], where)


def _refuse_level(
    reader: _Reader, loaded: Loaded, parameter: Parameter, value: Any, where: Steps
) -> bool:
    faults = _faults_of(loaded, parameter, value)
    for fault in faults:
        found = f"{fault.field}: {fault.found}" if fault.field else fault.found
        reader.refuse(where, found, fault.allowed, fault.suggestion)
    return bool(faults)


def _refuse_inner(
    reader: _Reader, loaded: Loaded, parameter: Parameter, value: Any, where: Steps
) -> None:
    """Where the ends do and what lies between does not, the range should be of whole numbers."""
    for fault in _faults_of(loaded, parameter, value):
        allowed = _("{rule}; `whole: true` makes a range of them").format(rule=fault.allowed)
        reader.refuse(where, fault.found, allowed)


def _faults_of(loaded: Loaded, parameter: Parameter, value: Any) -> Sequence[Fault]:
    try:
        return check(at_values(loaded, [parameter], [value]))
    except BadInput as bad:
        return bad.faults


# ---------------------------------------------------------------- design


def _design(
    reader: _Reader,
    data: Mapping[str, Any],
    parameters: tuple[Parameter, ...],
    loaded: Loaded | None,
) -> Design | None:
    faults = len(reader.faults)
    given = {"kind": "grid"} | (
        reader.mapping(("design",), DESIGN_KEYS, _("a mapping with the key kind"))
        if "design" in data
        else {}
    )
    kind = given["kind"]
    if kind not in KINDS:
        reader.refuse(("design", "kind"), shown(kind), listed(KINDS), nearest(str(kind), KINDS))
        return None
    number = 0
    if kind in SAMPLED:
        number = _number_of_points(reader, kind, given.get("points"))
        _need_no_levels(reader, kind, parameters)
    else:
        _need_levels(reader, kind, parameters)
        for key in ("points", "seed"):
            if key in given:
                allowed = _("{key} with {kinds} only").format(key=key, kinds=listed(SAMPLED))
                reader.refuse(("design", key), shown(given[key]), allowed)
    default = 0 if loaded is None else loaded.scenario.seed
    seed = reader.whole(("design", "seed"), given.get("seed"), default, 0)
    if len(reader.faults) > faults or not parameters:
        return None
    design = Design(parameters, kind, number, seed)
    if len(design) > MOST_POINTS:
        allowed = _("at most {most} points").format(most=decimal(MOST_POINTS))
        points = len(design)
        found = ngettext("{number} point", "{number} points", points)
        reader.refuse(("design",), found.format(number=decimal(points)), allowed)
    return design


def _number_of_points(reader: _Reader, kind: str, value: Any) -> int:
    at: Steps = ("design", "points")
    if value is None:
        reader.refuse(at, shown(None), _("how many points to sample"))
        return 0
    number = reader.whole(at, value, 0, 1, MOST_POINTS)
    if kind == "sobol" and number & (number - 1):
        powers = 1 << (number.bit_length() - 1), 1 << number.bit_length()
        reader.refuse(
            at,
            shown(number),
            _("a power of two, such as {low} or {high}").format(low=powers[0], high=powers[1]),
        )  # fmt: skip)
    return number


def _need_levels(reader: _Reader, kind: str, parameters: Iterable[Parameter]) -> None:
    for parameter in parameters:
        if not parameter.levels:
            allowed = _("levels, the number of values, in a design of kind {kind}").format(
                kind=kind
            )
            reader.refuse(("parameters", parameter.path, "levels"), shown(None), allowed)


def _need_no_levels(reader: _Reader, kind: str, parameters: Iterable[Parameter]) -> None:
    for parameter in parameters:
        if parameter.levels and parameter.span is not None:
            found = shown(len(parameter.levels))
            allowed = _("no levels of a range in a design of kind {kind}").format(kind=kind)
            reader.refuse(("parameters", parameter.path, "levels"), found, allowed)
