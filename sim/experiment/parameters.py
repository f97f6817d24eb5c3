"""Draws of the uncertain parameters, by key."""

from collections.abc import Iterator, Mapping

import numpy as np
from pydantic import ValidationError

from sim.draws import entity_key, uniforms_of
from sim.load import shape
from sim.messages import BadInput, Fault, Place, _
from sim.scenario import Loaded, Uncertain

PARAMETER_STREAM = 21
"""Stream of the uncertain parameters; their entity is the path, their replication the draw."""
POSTERIOR = "posterior"
"""Entity of the draw of a row of the posterior: no path of a parameter."""


def drawn(loaded: Loaded, draw: int, seed: int | None = None) -> Loaded:
    """The scenario with every uncertain parameter at its value in one draw.

    Those of the posterior, if there is one, come together from one of its rows, the others each
    from its prior, as if there were no posterior. Raises BadInput if a distribution leaves the
    range of its parameter.
    """
    scenario = loaded.scenario
    chosen = scenario.seed if seed is None else seed
    keys = np.array([entity_key(path) for path in scenario.uncertain], dtype=np.int64)
    numbers = uniforms_of(chosen, draw, PARAMETER_STREAM, keys, 0, 0)
    values = {
        path: quantile(uncertain, float(u))
        for (path, uncertain), u in zip(scenario.uncertain.items(), numbers, strict=True)
    }
    if loaded.posterior is not None:
        row = np.array([entity_key(POSTERIOR)], dtype=np.int64)
        (u,) = uniforms_of(chosen, draw, PARAMETER_STREAM, row, 0, 0)
        told = loaded.posterior.row_at(float(u))
        values |= {path: value for path, value in told.items() if path in values}
    try:
        return loaded.with_values(values)
    except ValidationError as error:
        raise BadInput(_out_of_range(loaded, values, draw, error)) from None


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


def quantile(uncertain: Uncertain, u: float) -> float:
    """The value of an uncertain parameter at the share u of its distribution.

    mean and sd are those of the value itself, not of its logarithm.
    """
    from scipy.special import betaincinv, gammaincinv, ndtri

    if uncertain.distribution in ("uniform", "triangular"):
        return _between(uncertain, u)
    mean, sd = uncertain.mean or 0.0, uncertain.sd or 0.0
    relative = sd / mean if mean else 0.0
    match uncertain.distribution:
        case "normal":
            return float(mean + sd * ndtri(u))
        case "lognormal":
            sd_log = np.sqrt(np.log1p(relative**2))
            return float(mean * np.exp(sd_log * ndtri(u) - sd_log**2 / 2))
        case "gamma":
            return float(gammaincinv(relative**-2, u) * mean * relative**2)
        case _:
            size = mean * (1 - mean) / sd**2 - 1
            return float(betaincinv(mean * size, (1 - mean) * size, u))


def _between(uncertain: Uncertain, u: float) -> float:
    low, high = uncertain.low or 0.0, uncertain.high or 0.0
    if uncertain.distribution == "uniform":
        return low + u * (high - low)
    mode = uncertain.mode or 0.0
    if u * (high - low) <= mode - low:
        return float(low + np.sqrt(u * (high - low) * (mode - low)))
    return float(high - np.sqrt((1 - u) * (high - low) * (high - mode)))
