"""Every parameter: meaning, unit, default and what is allowed by the schema; where a value is from.

Parameters are the fields of the records in the schema. A field that only holds one record is no
parameter; the fields of that record are. A record that stands in many places (a rate, a change of a
value, where a lever acts) is told once.
"""

import csv
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from sim import numerals
from sim.figures.formats import told
from sim.figures.reading import Run
from sim.load.meanings import SHARED_BY_LEVERS, meaning
from sim.load.shape import SHORTHANDS, Schema, described, forms, levers, root
from sim.messages import _, printable
from sim.report.blocks import Block, Part, Table, Text
from sim.report.trust import in_words

ROOT, LEVER, POLICIES = "Scenario", "Lever", "policies"
SHARED = (*SHORTHANDS, "Bound")
"""Records that stand in many places."""
LONGEST = 400
MISSING = object()


class Parameter(NamedTuple):
    """A field of a record of the schema, at its path in a scenario; `*` stands for any name."""

    path: str
    """Of a lever `lever:NAME.FIELD`; of a record that stands in many places `RECORD:FIELD`."""
    record: str
    field: str
    node: Schema
    default: Any
    """What holds if it is not given; MISSING if it must be."""

    @property
    def name(self) -> str:
        """As it is called in its table: the caption tells of what it is."""
        return self.path.partition(":")[2] or self.path

    @property
    def group(self) -> str:
        """The part of a scenario that it belongs to, or the lever."""
        head, _dot, rest = self.path.partition(".")
        return head if rest else ""


class Source(NamedTuple):
    """A row of data/defaults.csv: a plausible value with its range, and why."""

    parameter: str
    place: str
    value: str
    low: str
    high: str
    reason: str
    identified_by: str


@cache
def sources() -> tuple[Source, ...]:
    """Where values come from. `parameter` is a path, `lever:NAME.FIELD` or `units.FIELD`."""
    text = resources.files("sim").joinpath("data/defaults.csv").read_text("utf-8")
    _head, *rows = csv.reader(text.splitlines())
    return tuple(Source(*row) for row in rows)


# ---------------------------------------------------------------- the parameters


def parameters() -> list[Parameter]:
    """Every field of every record of the schema, once: the scenario's, levers', shared records'."""
    return [*_of_scenario(), *_of_levers(), *_of_shared()]


def _of_scenario() -> Iterator[Parameter]:
    yield from _below(ROOT, root(), "", {})


def _of_levers() -> Iterator[Parameter]:
    records = {name: _record(name) for name in _levers()}
    kind, *shared = SHARED_BY_LEVERS
    yield Parameter(f"lever:{kind}", LEVER, kind, {"enum": list(levers())}, MISSING)
    one = next(iter(records.values()))
    yield from (_field(LEVER, one, field, "lever:") for field in shared)
    for name, record in records.items():
        lever = record["properties"]["lever"]["const"]
        for field in record["properties"]:
            if field not in SHARED_BY_LEVERS:
                yield _field(name, record, field, f"lever:{lever}.")


def _of_shared() -> Iterator[Parameter]:
    for name in SHARED:
        full = next(form for form in forms(_record(name)) if "properties" in form)
        for field in full["properties"]:
            yield _field(name, full, field, f"{name.lower()}:")


def _record(name: str) -> Schema:
    return root()["$defs"][name]


def _levers() -> list[str]:
    """Records of levers; `levers` has their names in a file."""
    return [
        name for name, record in root()["$defs"].items()
        if "const" in record.get("properties", {}).get("lever", {})
    ]  # fmt: skip


def _field(name: str, record: Schema, field: str, above: str, defaults: Any = MISSING) -> Parameter:
    """A field with its own default, or with that of the value which holds its record."""
    node = record["properties"][field]
    own = MISSING if field in record.get("required", ()) else node.get("default")
    default = defaults.get(field, own) if isinstance(defaults, dict) else own
    return Parameter(above + field, name, field, node, default)


def _below(name: str, record: Schema, above: str, defaults: Any) -> Iterator[Parameter]:
    """The parameters of a record and of the records that its fields hold."""
    for field in record["properties"]:
        parameter = _field(name, record, field, above, defaults)
        inner = [] if parameter.path == POLICIES else list(_records_in(parameter.node))
        is_group = [star for _name, star in inner] == [""] and len(forms(parameter.node)) == 1
        if not is_group:
            yield parameter
        for inside, star in inner:
            held = MISSING if star else parameter.default
            yield from _below(inside, _record(inside), f"{parameter.path}{star}.", held)


def _records_in(node: Schema, star: str = "") -> Iterator[tuple[str, str]]:
    """The records that a value may be or hold, with `.*` for those in lists and mappings."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name not in SHARED:
            yield name, star
        return
    found: dict[tuple[str, str], None] = {}
    for choice in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        found |= dict.fromkeys(_records_in(choice, star))
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            found |= dict.fromkeys(_records_in(node[key], ".*"))
    # A list of one may be given as the one: told as the list.
    starred = {name for name, mark in found if mark}
    yield from ((n, mark) for n, mark in found if mark or n not in starred)


# ---------------------------------------------------------------- values


def written(value: Any) -> str:
    """A value as it is typed in a scenario, on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.12g}"
        case dict():
            given = {key: one for key, one in value.items() if one is not None}
            return "{" + ", ".join(f"{key}: {written(one)}" for key, one in given.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(written, value)) + "]"
    return str(value)


def _default(parameter: Parameter) -> str:
    if parameter.default is MISSING:
        return _("must be given")
    return numerals.NOTHING if parameter.default in (None, {}, []) else written(parameter.default)


def value_in(scenario: dict[str, Any], path: str) -> Any:
    """The value at a path of a resolved scenario; MISSING where there is none."""
    here: Any = scenario
    for step in path.split("."):
        if not isinstance(here, dict) or step not in here:
            return MISSING
        here = here[step]
    return here


def _in_run(parameter: Parameter, scenario: dict[str, Any]) -> str:
    """The value of a run where it is not the default, and its distribution if it is uncertain."""
    if parameter.path in (POLICIES, "uncertain"):
        return _("see the other sections")
    value = value_in(scenario, parameter.path)
    uncertain = scenario["uncertain"]
    drawn = [in_words(uncertain[path]) for path in uncertain if _is_of(path, parameter.path)]
    same = value is MISSING or _bare(value) == _bare(parameter.default)
    given = "" if same else printable(written(value), LONGEST)
    return "; ".join(filter(None, (given, *drawn))) or numerals.NOTHING


def _bare(value: Any) -> Any:
    """A value without what is not set, so that two can be compared."""
    if isinstance(value, dict):
        return {key: _bare(one) for key, one in value.items() if one is not None} or None
    return value


def _is_of(path: str, parameter: str) -> bool:
    """Whether an uncertain path is a parameter or a field of it, such as its constant."""
    return path == parameter or path in (f"{parameter}.constant", f"{parameter}.by_age")


# ---------------------------------------------------------------- tables


def all_parameters(run: Run | None) -> Part:
    """All parameters of a scenario, of levers and of what stands in many places."""
    scenario = None if run is None else run.manifest["scenario"]
    blocks: list[Block] = [Text(text) for text in _introduction()]
    ones = list(_of_scenario())
    for group in dict.fromkeys(one.group for one in ones):
        of = told(_("Parameters: {group}"), group=group) if group else _("Parameters of the whole")
        blocks.append(_table(of, [one for one in ones if one.group == group], scenario))
    shared, of_one = _split(list(_of_levers()))
    blocks.append(_table(_("Parameters of every lever"), shared, None))
    blocks.append(_table(_("Parameters of single levers"), of_one, None))
    blocks.append(_table(_("Values that stand in many places"), list(_of_shared()), None))
    blocks.append(_plausible())
    return Part("parameters", _("Reference of parameters"), blocks)


def _split(ones: Sequence[Parameter]) -> tuple[list[Parameter], list[Parameter]]:
    return [o for o in ones if o.record == LEVER], [o for o in ones if o.record != LEVER]


def _introduction() -> list[str]:
    return [
        _(
            "Made from the schema of a scenario file: what stands here as default and as allowed "
            "is what the program uses. Values are written as they must be typed in the file. A "
            "dash as default means that nothing is set."
        ),
        _(
            "A default is neutral where nothing is known: it switches a mechanism off or lets it "
            "count in full. Plausible values with their range and reason stand in the last table; "
            "their reasons are kept in English only."
        ),
    ]


def _table(caption: str, ones: Sequence[Parameter], scenario: dict[str, Any] | None) -> Table:
    heads = [_("parameter"), _("meaning"), _("unit"), _("default"), _("allowed")]
    rows = [_row(one) for one in ones]
    if scenario is not None:
        heads.append(_("in this run, if not the default"))
        rows = [[*row, _in_run(one, scenario)] for row, one in zip(rows, ones, strict=True)]
    return Table(caption, heads, rows)


def _row(one: Parameter) -> list[str]:
    means = meaning(one.record, one.field)
    unit = _(means.unit) if means.unit else numerals.NOTHING
    return [one.name, _(means.text), unit, _default(one), described(one.node)]


def _plausible() -> Table:
    heads = [
        _("parameter"), _("where"), _("plausible"), _("range"), _("reason"), _("identified by"),
    ]  # fmt: skip
    rows = [
        [s.parameter, *(one or numerals.NOTHING for one in (s.place, s.value, _range(s), s.reason,
                                                            s.identified_by))]
        for s in sources()
    ]  # fmt: skip
    return Table(_("Plausible values, their reasons and what identifies them"), heads, rows)


def _range(source: Source) -> str:
    return told(_("{low} to {high}"), low=source.low, high=source.high) if source.low else ""
