"""The JSON Schema of a scenario file, and what it says of one place in it."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

from sim.load.documents import Document
from sim.load.findings import Steps, dotted, value_at
from sim.messages import _, listed
from sim.scenario import Scenario

Schema = dict[str, Any]

# What validators of the records take beside the fields that pydantic knows of.
SHORTHANDS: dict[str, Schema] = {
    "Rate": {"type": "number", "minimum": 0},
    "Change": {"type": "number"},
    "Where": {"const": "all", "type": "string"},
}
AGE_KEYS = {"pattern": "^(0|[1-9][0-9]?|1[01][0-9]|120)$"}
EXAMPLE: Schema = {
    "title": {"en": "Two more classes a year"},
    "baseline": "hamlets.csv",
    "start": "2020-01-01",
    "years": 10,
    "policies": {
        "as-is": [],
        "more-classes": [{"lever": "training", "from": "2021-01-01", "months": [1, 4, 7, 10]}],
    },
}


def schema() -> Schema:
    """JSON Schema (draft 2020-12) of a scenario file, so that an editor completes it."""
    return deepcopy(_schema())


@cache
def _schema() -> Schema:
    whole = Scenario.model_json_schema(by_alias=True)
    records = whole["$defs"]
    for record in records.values():
        _require_the_lever(record)
        _spell_ages(record)
    for name, shorthand in SHORTHANDS.items():
        records[name] = _either(records[name], shorthand)
    targets = records["AdmissionRules"]["properties"]
    targets["targets"] = _either(targets["targets"], {"$ref": "#/$defs/Target"})
    heading = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return heading | whole | {"title": "hamletsim scenario", "examples": [EXAMPLE]}


def _either(full: Schema, shorthand: Schema) -> Schema:
    told = {key: full[key] for key in ("title", "description", "default") if key in full}
    bare = {key: value for key, value in full.items() if key not in told}
    return told | {"anyOf": [shorthand, bare]}


def _require_the_lever(record: Schema) -> None:
    if "const" in record.get("properties", {}).get("lever", {}):
        record["required"] = ["lever", *record.get("required", ())]


def _spell_ages(record: Schema) -> None:
    if by_age := record.get("properties", {}).get("by_age"):
        mapping = next(form for form in by_age["anyOf"] if form["type"] == "object")
        mapping |= {"propertyNames": AGE_KEYS, "minProperties": 1}


# ---------------------------------------------------------------- one place


def root() -> Schema:
    """The schema of the whole file; not to be changed."""
    return _schema()


def forms(node: Schema) -> list[Schema]:
    """The alternatives that a schema allows, null left out, references followed."""
    if "$ref" in node:
        return forms(_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    choices = node.get("anyOf") or node.get("oneOf")
    if choices is None:
        return [] if node.get("type") == "null" else [node]
    return [form for choice in choices for form in forms(choice)]


def form_for(node: Schema, data: Any) -> Schema | None:
    """The alternative that a mapping or a list must take, if there is one."""
    kind = "object" if isinstance(data, dict) else "array"
    fitting = [form for form in forms(node) if form.get("type") == kind]
    levers = [form for form in fitting if "const" in form.get("properties", {}).get("lever", {})]
    if levers:
        named = data.get("lever")
        return next((f for f in levers if f["properties"]["lever"]["const"] == named), None)
    return fitting[0] if fitting else None


def below(node: Schema, data: Any, step: str | int) -> Schema | None:
    """The schema of the value under a key or index of `data`; None where nothing is allowed."""
    empty: Any = {} if isinstance(step, str) else []
    form = form_for(node, data if isinstance(data, dict | list) else empty)
    if form is None:
        return None
    if isinstance(step, str):
        extra = form.get("additionalProperties")
        found = form.get("properties", {}).get(step, extra if isinstance(extra, dict) else None)
        return found if isinstance(found, dict) else None
    places = form.get("prefixItems", [])
    return places[step] if step < len(places) else form.get("items")


def at(data: Any, steps: Steps) -> Schema | None:
    """The schema of the place that a path leads to in the data of a scenario."""
    node: Schema | None = _schema()
    for step in steps:
        if node is None:
            return None
        node = below(node, data, step)
        data = value_at(data, (step,))
    return node


def keys(node: Schema, data: Any) -> list[str]:
    """The keys that the mapping `data` may have, if they are a closed list."""
    form = form_for(node, data) or {}
    return list(form.get("properties", form.get("propertyNames", {}).get("enum", ())))


def levers() -> list[str]:
    """The names of all levers."""
    records = _schema()["$defs"].values()
    kinds = [record.get("properties", {}).get("lever", {}).get("const") for record in records]
    return [kind for kind in kinds if kind is not None]


def takes_number(node: Schema) -> bool:
    """Whether any number, not only a whole one, may stand here."""
    return any(form.get("type") == "number" for form in forms(node))


def parameters(data: Any) -> Iterator[str]:
    """Dotted paths of all parameters that a scenario has, in the order of the file."""
    return map(dotted, _leaves(_schema(), data, ()))


def _leaves(node: Schema, data: Any, steps: Steps) -> Iterator[Steps]:
    if isinstance(data, list):
        yield from _leaves_of_list(node, data, steps)
        return
    here = data if isinstance(data, dict) else {}
    form = form_for(node, here) or {}
    names = dict.fromkeys((*form.get("properties", ()), *here))
    if steps:
        yield steps
    for name in names:
        inner = below(node, here, name)
        if inner is not None:
            yield from _leaves(inner, here.get(name), (*steps, name))


def _leaves_of_list(node: Schema, data: list[Any], steps: Steps) -> Iterator[Steps]:
    """Of a list of mappings, such as the levers of a policy, also what is in them."""
    yield steps
    for i, item in enumerate(data):
        inner = below(node, data, i)
        if isinstance(item, dict) and inner is not None:
            yield from _leaves(inner, item, (*steps, i))


# ---------------------------------------------------------------- words


def described(node: Schema | None) -> str:
    """What may stand in a place, in a planner's words."""
    if node is None:
        return _("nothing")
    texts = list(dict.fromkeys(map(_described_form, forms(node))))
    return reduce(lambda one, other: _("{one} or {other}").format(one=one, other=other), texts)


def _described_form(form: Schema) -> str:
    if "enum" in form:
        return listed(form["enum"])
    if "const" in form:
        return str(form["const"])
    match form.get("type"):
        case "object" if "properties" in form or "enum" in form.get("propertyNames", {}):
            names = form.get("properties") or form["propertyNames"]["enum"]
            return _("a mapping with keys {keys}").format(keys=listed(names))
        case "object":
            inner = described(form.get("additionalProperties"))
            return _("a mapping from names to {values}").format(values=inner)
        case "array":
            return _described_list(form)
        case "boolean":
            return _("true or false")
        case "integer":
            return _ranged(_("a whole number"), form)
        case "number":
            return _ranged(_("a number"), form)
        case "string" if form.get("format") == "date":
            return _("a date such as 2021-01-01")
    return _("a text")


def _described_list(form: Schema) -> str:
    if "discriminator" in form.get("items", {}):
        return _("a list of levers")
    if "prefixItems" in form:
        pattern = _("a list of {count} values: {values}")
        inner = listed(described(item) for item in form["prefixItems"])
        return pattern.format(count=len(form["prefixItems"]), values=inner)
    inner = described(form.get("items"))
    if form.get("minItems"):
        return _("a list of at least one, each {value}").format(value=inner)
    return _("a list, each {value}").format(value=inner)


def _ranged(kind: str, form: Schema) -> str:
    """A kind of number with its limits."""
    low, high = form.get("minimum"), form.get("maximum")
    if low is not None and high is not None:
        return _("{kind} from {low} to {high}").format(kind=kind, low=low, high=high)
    bounds = {
        _("{kind} of at least {bound}"): low,
        _("{kind} of at most {bound}"): high,
        _("{kind} above {bound}"): form.get("exclusiveMinimum"),
        _("{kind} below {bound}"): form.get("exclusiveMaximum"),
    }
    for text, bound in bounds.items():
        kind = kind if bound is None else text.format(kind=kind, bound=bound)
    return kind


# ---------------------------------------------------------------- values as they are meant


@dataclass(frozen=True)
class Unread:
    """A value of a type that its place does not allow; refused whatever it could pass for."""

    text: str

    def __repr__(self) -> str:
        # pydantic puts this into the path to a key that it refuses.
        return self.text


def as_meant(document: Document) -> Any:
    """The data of a document with each scalar read for its place.

    A number where a text belongs is the text as written (a hamlet called 0123); a text where a
    number, date or truth value belongs is `Unread`, so that nothing is guessed from it.
    """
    return _meant(document, document.data, _schema(), ())


def _meant(document: Document, data: Any, node: Schema | None, steps: Steps) -> Any:
    if node is None:
        return data
    if isinstance(data, dict):
        pattern = (form_for(node, data) or {}).get("propertyNames", {}).get("pattern", "")
        return {
            k if re.search(pattern, k) else Unread(k): _meant(
                document, v, below(node, data, k), (*steps, k)
            )
            for k, v in data.items()
        }
    if isinstance(data, list):
        return [_meant(document, v, below(node, data, i), (*steps, i)) for i, v in enumerate(data)]
    if data is None or any(_fits(data, form) for form in forms(node)):
        return data
    spelling = document.spellings.get(steps, str(data))
    is_text = any(form.get("type") == "string" and "format" not in form for form in forms(node))
    return spelling if is_text else Unread(spelling)


def _fits(value: Any, form: Schema) -> bool:
    match form.get("type"):
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
    return False
