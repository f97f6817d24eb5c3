"""One policy made ready to be replicated, and one replication."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Literal, Protocol

from sim import plan as plans
from sim.compilation import make_ready
from sim.engine.opening import Life, Stopped
from sim.experiment.parameters import drawn
from sim.load.stages import unread_when_run
from sim.log import Outcome, Taker
from sim.messages import BadInput, Fault, _, listed, nearest, shown
from sim.plan import Plan
from sim.rules import TooManyPeople
from sim.scenario import LARGEST_SEED, Loaded
from sim.world import World
from sim.world import build as build_world

Engine = Literal["compiled", "reference"]
ENGINES: tuple[Engine, ...] = ("compiled", "reference")
LIMITS = {
    "seed": (0, LARGEST_SEED),
    "replication": (0, 9_999_999),
    "replications": (1, 10_000_000),
    "jobs": (1, 10_000),
    "most": (1, 10_000_000),
}
"""Smallest and largest whole numbers that may be given."""


class Runner(Protocol):
    """One policy ready to run, for one thread at a time."""

    def run(self, seed: int, replication: int, since: Stopped | None = None) -> Outcome:
        """One replication, from its beginning or from where it was stopped."""

    def replicate(
        self, seed: int, lives: Sequence[Life], takers: Sequence[Taker], row: int = 0
    ) -> None:
        """Several replications, each of which all takers take into its row, from `row` on."""

    def stop(
        self, seed: int, replication: int, month: int, since: Stopped | None = None
    ) -> Stopped:
        """One replication until a month start before the horizon."""


EngineOf = Callable[[Plan, World], Runner]
"""What both engines offer: a policy made ready to run."""


def engine_called(name: str) -> EngineOf:
    """The engine with this name; only this one is imported, and compiled if need be, which may take
    a while: for the main thread, where it can be interrupted. Raises BadInput."""
    if name == "compiled":
        from sim.engine import compiled

        make_ready(compiled.run_units)
        return compiled.prepared
    if name == "reference":
        from sim.engine import reference

        return reference.prepared
    allowed = listed(ENGINES)
    raise BadInput([Fault("engine", found=shown(name), allowed=allowed)])


def check_given(policies: object = None, **numbers: object) -> None:
    """Raise BadInput for names that are one text, and for what is no number of its kind.

    numbers: by name, of those in LIMITS; None stands for a default.
    """
    faults = []
    if isinstance(policies, str):
        allowed = _("a list of names, such as {example}").format(example=f"['{policies}']")
        faults.append(Fault("policies", found=shown(policies), allowed=allowed))
    for name, value in numbers.items():
        least, most = LIMITS[name]
        is_whole = isinstance(value, Integral) and not isinstance(value, bool)
        if value is not None and not (is_whole and least <= value <= most):  # type: ignore[operator]
            allowed = _("a whole number of at least {least}").format(least=least)
            if is_whole and value > most:  # type: ignore[operator]
                allowed = _("a whole number from {least} to {most}").format(least=least, most=most)
            faults.append(Fault(name, found=shown(value), allowed=allowed))
    if faults:
        raise BadInput(faults)


@contextmanager
def believable() -> Iterator[None]:
    """Raises BadInput where rates bring more people than can be meant."""
    try:
        yield
    except TooManyPeople:
        fields, found = "source.listing, demography.moving_in", _("more than 500 people a month")
        allowed = _("rates with which fewer come to each hamlet")
        raise BadInput([Fault(fields, found=found, allowed=allowed)]) from None


@dataclass(frozen=True)
class Prepared:
    """One policy of a scenario under one draw of its parameters, ready to be replicated."""

    loaded: Loaded
    policy: str
    plan: Plan
    world: World
    seed: int

    def replicate(
        self, replication: int, engine: str = "compiled", seed: int | None = None
    ) -> Outcome:
        """One replication; the same number gives the same lives under every policy."""
        chosen = self.seed if seed is None else seed
        with believable():
            return engine_called(engine)(self.plan, self.world).run(chosen, replication)


def prepare(
    loaded: Loaded, policy: str, parameter_draw: int | None = None, seed: int | None = None
) -> Prepared:
    """One policy ready to run, with the parameters as given or as in one draw. Raises BadInput."""
    named = known_policies(loaded, [policy])[-1]
    own = loaded.scenario.seed if seed is None else seed
    chosen = loaded if parameter_draw is None else drawn(loaded, parameter_draw, own)
    return Prepared(chosen, named, plans.make(chosen, named), build_world(chosen), own)


def prepare_replication(
    loaded: Loaded, policy: str, replication: int, seed: int | None = None
) -> Prepared:
    """One policy with the draw of the parameters that `run` gives to this replication."""
    check_given(replication=replication, seed=seed)
    scenario = loaded.scenario
    draw = replication % scenario.parameter_draws if scenario.uncertain else None
    return prepare(loaded, policy, draw, seed)


def known_policies(loaded: Loaded, names: Sequence[str] | None) -> list[str]:
    """The named policies in the order of the scenario, after its base.

    Raises BadInput for unknown ones, and for those with a lever on a stage that is switched off.
    """
    known = list(loaded.policies)
    wanted = known if names is None else list(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        field, allowed = "policy", listed(known)
        raise BadInput(
            Fault(field, found=shown(n), allowed=allowed, suggestion=nearest(n, known))
            for n in unknown
        )
    named = [name for name in known if name in wanted or name == known[0]]
    if faults := list(unread_when_run(loaded, named)):
        raise BadInput(faults)
    return named
