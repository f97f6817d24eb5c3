"""Draws of the uncertain parameters, by key."""

from collections.abc import Iterator, Mapping

import numpy as np
from pydantic import ValidationError

from sim.draws import entity_key, uniforms_of
from sim.load import shape
from sim.messages import BadInput, Fault, Place, _
from sim.scenario import Loaded

PARAMETER_STREAM = 21
"""Stream of the uncertain parameters; their entity is the path, their replication the draw."""
POSTERIOR = "posterior"
"""Entity of the draw of a row of the posterior: no path of a parameter."""


def drawn(loaded: Loaded, draw: int, seed: int | None = None) -> Loaded:
    """The scenario with every uncertain parameter at its value in one draw, and still called so.

    Those of the posterior, if there is one, come together from one of its rows, the others each
    from its prior, as if there were no posterior. Raises BadInput if a distribution leaves the
    range of its parameter.
    """
    scenario = loaded.scenario
    chosen = scenario.seed if seed is None else seed
    keys = np.array([entity_key(path) for path in scenario.uncertain], dtype=np.int64)
    numbers = uniforms_of(chosen, draw, PARAMETER_STREAM, keys, 0, 0)
    values = {
        path: uncertain.quantile(float(u))
        for (path, uncertain), u in zip(scenario.uncertain.items(), numbers, strict=True)
    }
    if loaded.posterior is not None:
        row = np.array([entity_key(POSTERIOR)], dtype=np.int64)
        (u,) = uniforms_of(chosen, draw, PARAMETER_STREAM, row, 0, 0)
        told = loaded.posterior.row_at(float(u))
        values |= {path: value for path, value in told.items() if path in values}
    try:
        return _at(loaded, values)
    except ValidationError as error:
        raise BadInput(_out_of_range(loaded, values, draw, error)) from None


def _at(loaded: Loaded, values: Mapping[str, float]) -> Loaded:
    set_there = loaded.with_values(values)
    kept = {"uncertain": loaded.scenario.uncertain}
    return set_there.model_copy(update={"scenario": set_there.scenario.model_copy(update=kept)})


def _out_of_range(
    loaded: Loaded, values: Mapping[str, float], draw: int, error: ValidationError
) -> Iterator[Fault]:
    """A fault for each value that is refused."""
    file = loaded.source_file or _("scenario")
    refused = [".".join(map(str, e["loc"])) for e in error.errors(include_url=False)]
    data = loaded.scenario.model_dump(mode="json", by_alias=True)
    for path, value in values.items():
        above = path.rpartition(".")[0]
        if any(place.startswith(above) or path.startswith(place) for place in refused):
            found = _("{value} in draw {draw}").format(value=f"{value:.6g}", draw=draw)
            allowed = _("a distribution that keeps to the range of the parameter ({rule})")
            rule = shape.described(shape.at(data, tuple(path.split("."))))
            yield Fault(file, Place(), f"uncertain.{path}", found, allowed.format(rule=rule))
