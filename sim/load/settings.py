"""Settings as a planner types them, `training.seats=60`, applied to a loaded scenario."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from sim.load import shape
from sim.load.documents import Document, parse_document
from sim.load.findings import Finding, Steps, dotted
from sim.load.loading import findings, unit_faults
from sim.load.paths import resolved
from sim.load.posteriors import read_posterior
from sim.load.stages import unread_parameters, without_unread
from sim.load.tables import read_table
from sim.load.validation import validate
from sim.messages import BadInput, Fault, Place, _, nearest, shown
from sim.scenario import Baseline, Loaded, Posterior, Scenario, still_uncertain

UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Setting:
    """One setting: what a fault calls it, where it leads, and its value."""

    called: str
    steps: Steps
    value: Document

    def fault(self, finding: Finding) -> Fault:
        """A finding that this setting caused."""
        told = finding.found, finding.allowed, finding.suggestion
        return Fault(self.called, Place(), dotted(finding.at), *told)


def with_settings(loaded: Loaded, settings: Sequence[str]) -> Loaded:
    """The scenario with some parameters set, each as PATH=VALUE with the value in YAML.

    A path may go into lists (`policies.more-seats[0].seats.times=2`); an empty value takes the
    parameter away. What is set is no longer uncertain. Another `baseline` or `posterior` is read
    from the folder of the scenario's file. Raises BadInput with the faults of all settings.
    """
    data = loaded.scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    document = Document(loaded.source_file, data)
    made: list[Setting] = []
    faults: list[Fault] = []
    for text in settings:
        try:
            made.append(_setting(text, document.data))
            document = _applied(document, made[-1])
        except BadInput as bad:
            faults += bad.faults
    if faults or not made:
        return _or_refuse(loaded, faults)
    validated = validate(document)
    _or_refuse(loaded, _faults(made, validated.findings))
    scenario = without_unread(validated.scenario, loaded.scenario)
    baseline = _baseline(loaded, scenario, made)
    posterior = _posterior(loaded, scenario, made)
    changes = {"scenario": scenario, "baseline": baseline, "posterior": posterior}
    changed = loaded.model_copy(update=changes)
    faults = _faults(made, [*findings(scenario, baseline), *unread_parameters(scenario)])
    return _or_refuse(changed, [*faults, *unit_faults(changed)])


def _or_refuse(loaded: Loaded, faults: Iterable[Fault]) -> Loaded:
    if once := dict.fromkeys(faults):
        raise BadInput(once)
    return loaded


def _faults(made: list[Setting], found: Iterable[Finding]) -> list[Fault]:
    return [_responsible(made, finding).fault(finding) for finding in found]


def _responsible(made: list[Setting], finding: Finding) -> Setting:
    """The setting nearest to what was found or what that rests on; the last one of equals."""

    def agreement(setting: Setting) -> int:
        return max(_common(setting.steps, at) for at in (finding.at, *finding.rests_on))

    return max(reversed(made), key=agreement)


def _common(one: Steps, other: Steps) -> int:
    return sum(
        1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )


def _baseline(loaded: Loaded, scenario: Scenario, made: list[Setting]) -> Baseline:
    if scenario.baseline == loaded.scenario.baseline:
        return loaded.baseline
    named = Finding(("baseline",), shown(scenario.baseline), "")
    blame = _responsible(made, named).fault(named)
    table = read_table(Path(loaded.source_file).parent / scenario.baseline, blame)
    if table.faults:
        raise BadInput(table.faults)
    return table.baseline


def _posterior(loaded: Loaded, scenario: Scenario, made: list[Setting]) -> Posterior | None:
    if scenario.posterior is None or scenario.posterior == loaded.scenario.posterior:
        return None if scenario.posterior is None else loaded.posterior
    named = Finding(("posterior",), shown(scenario.posterior), "")
    blame = _responsible(made, named).fault(named)
    return read_posterior(Path(loaded.source_file).parent / scenario.posterior, scenario, blame)


# ---------------------------------------------------------------- one setting


def _setting(text: str, data: Any) -> Setting:
    called = f"--set {text}"
    path, equals, value = text.partition("=")
    if not equals:
        raise BadInput([Fault(called, found=shown(text), allowed=_("PATH=VALUE"))])
    path = path.strip()
    steps = resolved(path, shape.root(), data)
    if not steps:
        allowed = _("the path of a parameter, such as training.seats")
        suggestion = nearest(path, shape.parameters(data))
        raise BadInput([Fault(called, found=shown(path), allowed=allowed, suggestion=suggestion)])
    document = parse_document(value if value.strip() else "null", called)
    if document.faults:
        raise BadInput(document.faults)
    return Setting(called, steps, document)


def _applied(document: Document, setting: Setting) -> Document:
    data, value, size = deepcopy(document.data), setting.value, len(setting.steps)
    *above, last = setting.steps
    holder = data
    for step in above:
        if isinstance(holder, dict) and not isinstance(holder.get(step), dict | list):
            holder[step] = {}
        holder = holder[step]
    holder[last] = value.data
    if setting.steps[0] != UNCERTAIN and isinstance(data.get(UNCERTAIN), dict):
        data[UNCERTAIN] = still_uncertain(data[UNCERTAIN], [dotted(setting.steps)])
    kept = {at: text for at, text in document.spellings.items() if at[:size] != setting.steps}
    added = {(*setting.steps, *at): text for at, text in value.spellings.items()}
    return Document(document.file, data, {}, kept | added)
