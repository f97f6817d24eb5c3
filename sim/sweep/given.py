"""What a sweep was given, in its folder, from which it is made again; and on what it was made."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from sim import store
from sim.scenario import Baseline, Loaded, Posterior, Scenario
from sim.sweep.description import Sweep
from sim.sweep.design import Design


class Maker(BaseModel):
    """With what and on what results were made, as far as numbers could follow it."""

    model_config = ConfigDict(frozen=True, strict=True)

    sources: str | None
    versions: dict[str, str]
    machine: dict[str, str | None]


MAKERS = TypeAdapter(list[Maker])


class Given(BaseModel):
    """All of a sweep that its description does not hold.

    source_file: the name of the scenario's file without its folder, as faults of points tell it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_file: str
    baseline: Baseline
    posterior: Posterior | None
    design: Design

    @classmethod
    def of(cls, sweep: Sweep) -> "Given":
        """What a sweep was given."""
        loaded = sweep.loaded
        return cls(
            source_file=Path(loaded.source_file).name,
            baseline=loaded.baseline,
            posterior=loaded.posterior,
            design=sweep.design,
        )

    def sweep(self, described: dict[str, Any]) -> Sweep:
        """The sweep that was described so. Raises ValidationError if there is no such scenario."""
        scenario = Scenario.model_validate(described["scenario"])
        loaded = Loaded(
            scenario=scenario,
            baseline=self.baseline,
            source_file=self.source_file,
            posterior=self.posterior,
        )
        policies, outcomes = (tuple(described[name]) for name in ("policies", "outcomes"))
        return Sweep(
            loaded, self.design, policies, described["replications"], described["seed"], outcomes,
            described["title"], described.get("own_lives", False),
        )  # fmt: skip


def maker() -> Maker:
    """This process as a maker of results."""
    return Maker(
        sources=store.source_digest(), versions=store.versions(), machine={**store.platform_now()}
    )


def makers_in(file: Path) -> list[Maker]:
    """Who has worked on a sweep; nobody where that is not told, or the file is damaged."""
    try:
        return MAKERS.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return []


def as_json(makers: list[Maker]) -> bytes:
    """What `makers_in` reads."""
    return MAKERS.dump_json(makers, indent=1) + b"\n"
