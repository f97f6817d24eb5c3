"""The scenario of a back-test: run until the last figure, and with policies of another file.

Shipped scenarios end where their planners look to; what was published later is forecast by a longer
run of the same scenario, and dated policies that begin after its end stand in a file of their own.
"""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.calibrate.facts import Fact
from sim.load.documents import Document, read_document
from sim.load.findings import Finding, Steps, value_at
from sim.load.loading import findings
from sim.load.posteriors import read_posterior
from sim.load.validation import validate
from sim.messages import BadInput, Fault, _, listed, nearest, shown
from sim.plan.calendar import months_between
from sim.scenario import Loaded

KEYS: dict[str, Steps] = {"policies": ("policies",), "postings": ("postings", "pools")}
"""Keys of such a file, and where in a scenario what stands below them is added."""


def until_last(loaded: Loaded, facts: Sequence[Fact]) -> Loaded:
    """The scenario with as many years as it takes to see every figure, and not fewer than its own.
    What happens before is the same, to the last bit."""
    start = loaded.scenario.start
    months = [months_between(start, f.until) + (f.until.day > 1) for f in facts if f.is_modelled]
    years = max([loaded.scenario.years, *(math.ceil(m / 12) for m in months)])
    return loaded.with_values({"years": years})


def with_posterior(loaded: Loaded, path: str | os.PathLike[str]) -> Loaded:
    """The scenario with its parameters as a posterior has them. Raises BadInput."""
    posterior = read_posterior(Path(path), loaded.scenario)
    scenario = loaded.scenario.model_copy(update={"posterior": os.fspath(path)})
    return loaded.model_copy(update={"scenario": scenario, "posterior": posterior})


def with_policies(loaded: Loaded, path: str | os.PathLike[str]) -> Loaded:
    """The scenario with the policies of a file beside its own, and with the pools that they draw
    on: a mapping with the keys `policies` and, if need be, `postings.pools`, as in a scenario.
    Raises BadInput with every fault in it."""
    document = read_document(Path(path), _("a file of policies in YAML"))
    faults = [*document.faults, *_misfits(document, loaded)]
    if faults:
        raise BadInput(faults)
    own = loaded.scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    for key, steps in KEYS.items():
        if key in document.data:
            value_at(own, steps[:-1])[steps[-1]] |= value_at(document.data, steps)
    together = replace(document, data=own)
    validated = validate(together)
    found = [*validated.findings, *findings(validated.scenario, loaded.baseline)]
    if found:
        raise BadInput(dict.fromkeys(map(together.fault, found)))
    return loaded.model_copy(update={"scenario": validated.scenario})


def _misfits(document: Document, loaded: Loaded) -> Iterator[Fault]:
    """What the file says beside policies and pools, and names that the scenario has already."""
    data, own = document.data, loaded.scenario.model_dump()
    if not isinstance(data, dict) or "policies" not in data:
        allowed = _("a mapping with the key {key}").format(key="policies")
        yield document.fault(Finding((), shown(data), allowed))
        return
    for key in data:
        if key not in KEYS:
            close = nearest(str(key), KEYS)
            yield document.fault(Finding((key,), shown(key), listed(KEYS), close))
    for key, steps in KEYS.items():
        if key in data:
            yield from map(document.fault, _not_new(data, own, steps))


def _not_new(data: Any, own: Any, steps: Steps) -> Iterator[Finding]:
    """What cannot be added to what stands there in the scenario."""
    above, last = steps[:-1], steps[-1]
    holder = value_at(data, above)
    if not isinstance(holder, dict) or not isinstance(holder.get(last), dict) or not holder[last]:
        yield Finding(steps, shown(value_at(data, steps)), _("names, each with what it means"))
        return
    known = value_at(own, steps)
    for name in holder if above else ():
        if name != last:
            yield Finding((*above, name), shown(name), str(last), nearest(str(name), [str(last)]))
    for name in holder[last]:
        if name in known:
            allowed = _("a name that the scenario does not have: {names}")
            yield Finding((*steps, name), shown(name), allowed.format(names=listed(known)))
