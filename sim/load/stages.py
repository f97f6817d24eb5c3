"""Levers and uncertain parameters that nothing would read, mostly of a stage that is off."""

from collections.abc import Collection, Iterator

from sim.levers import Admission, Dossier, Enlistment, Lever, LocalClass, OutsideHelp, Training
from sim.load.checks import levers_of
from sim.load.findings import Finding, Steps, dotted, value_at
from sim.messages import Fault, Place, _, shown
from sim.scenario import Loaded, Scenario

STAGES: dict[str, tuple[type[Lever], ...]] = {
    "training": (Training, LocalClass),
    "dossier": (Dossier,),
    "admission": (Admission, Enlistment),
}
"""Stages with a switch, and the levers that nothing else reads."""
TARGETS: Steps = ("admission", "targets")
OF_TARGETS = ("overshoot", "pull")
"""Numbers of the committee that only targets read; without any it admits whoever is ready."""


def unread_levers(scenario: Scenario) -> Iterator[Finding]:
    """Levers of all policies that nothing would read."""
    off = dict(_unread(scenario))
    for steps, lever in levers_of(scenario):
        if at := off.get(type(lever)):
            told = _as_it_is(scenario, at)
            found = _("a lever {lever}, which nothing reads while {path} is {value}")
            allowed = _("{path} other than {value}, or a policy without this lever")
            named = getattr(lever, "lever", "")
            found, allowed = found.format(lever=named, **told), allowed.format(**told)
            yield Finding(steps, found, allowed, rests_on=(at,))


def unread_parameters(scenario: Scenario) -> Iterator[Finding]:
    """Uncertain parameters that nothing would read."""
    for path in scenario.uncertain:
        if (at := switch_of(scenario, path)) is not None:
            told = _as_it_is(scenario, at)
            allowed = _("{path} other than {value}, or no distribution of it").format(**told)
            yield Finding(("uncertain", path), unread(scenario, at), allowed, rests_on=(at,))


def switch_of(scenario: Scenario, path: str) -> Steps | None:
    """What leaves a parameter unread, as a stage that is off; None if something reads it."""
    off = _unread_paths(scenario)
    return next((at for under, at in off if path == under or path.startswith(f"{under}.")), None)


def unread(scenario: Scenario, at: Steps) -> str:
    """What a fault says to have found of a parameter that this leaves unread."""
    told = _as_it_is(scenario, at)
    return _("a parameter that nothing reads while {path} is {value}").format(**told)


def _as_it_is(scenario: Scenario, at: Steps) -> dict[str, str]:
    value = value_at(scenario.model_dump(), at)
    return {"path": dotted(at), "value": "[]" if value == () else shown(value)}


def without_unread(scenario: Scenario, before: Scenario) -> Scenario:
    """A changed scenario without the distributions of `before` that nothing reads any more.

    Who switches a stage off by a setting has said what is to be; new distributions stay, and are
    faults if nothing reads them.
    """
    gone = {
        path
        for one in unread_parameters(scenario)
        if (path := str(one.at[-1])) in before.uncertain
        and scenario.uncertain[path] == before.uncertain[path]
    }
    kept = {path: one for path, one in scenario.uncertain.items() if path not in gone}
    return scenario.model_copy(update={"uncertain": kept}) if gone else scenario


def unread_when_run(loaded: Loaded, policies: Collection[str]) -> Iterator[Fault]:
    """The same of the policies that are to be run, with those that could be run instead.

    A setting (`--set training.on=false`) may leave levers of other policies unread: they are not
    run, and so do not matter.
    """
    every = list(unread_levers(loaded.scenario))
    at_fault = {one.at[1] for one in every}
    others = [name for name in loaded.policies if name not in at_fault]
    for one in every:
        if one.at[1] in policies:
            told = _("{allowed}; without such levers: --policies {policies}")
            names = {"allowed": one.allowed, "policies": ",".join(others)}
            allowed = told.format(**names) if others else one.allowed
            yield Fault(loaded.source_file, Place(), dotted(one.at), one.found, allowed)


def _unread(scenario: Scenario) -> Iterator[tuple[type[Lever], Steps]]:
    """The kinds of lever that nothing reads, and what switches them off."""
    for stage, levers in STAGES.items():
        if not getattr(scenario, stage).on:
            yield from ((kind, (stage, "on")) for kind in levers)
    if scenario.admission.on and not scenario.admission.targets:
        yield Admission, TARGETS
    if isinstance(scenario.source.help, str):
        yield OutsideHelp, ("source", "help")


def _unread_paths(scenario: Scenario) -> Iterator[tuple[str, Steps]]:
    """Paths under which nothing is read, and what switches them off."""
    for stage in STAGES:
        if not getattr(scenario, stage).on:
            yield stage, (stage, "on")
    if scenario.admission.on and not scenario.admission.targets:
        yield from ((f"admission.{name}", TARGETS) for name in OF_TARGETS)
