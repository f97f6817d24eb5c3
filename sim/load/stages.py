"""Levers on a stage that is switched off: nothing would read them."""

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


def unread_levers(scenario: Scenario) -> Iterator[Finding]:
    """Levers of all policies that nothing would read."""
    unread, data = dict(_unread(scenario)), scenario.model_dump()
    for steps, lever in levers_of(scenario):
        if at := unread.get(type(lever)):
            told = {"path": dotted(at), "value": shown(value_at(data, at))}
            found = _("a lever {lever}, which nothing reads while {path} is {value}")
            allowed = _("{path} other than {value}, or a policy without this lever")
            named = getattr(lever, "lever", "")
            found, allowed = found.format(lever=named, **told), allowed.format(**told)
            yield Finding(steps, found, allowed, rests_on=(at,))


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
    if isinstance(scenario.source.help, str):
        yield OutsideHelp, ("source", "help")
