"""The scenario of a back-test: run until the last figure, and with policies of another file.

Shipped scenarios end where their planners look to; what was published later is forecast by a longer
run of the same scenario, and dated policies that begin after its end stand in a file of their own.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

from sim.calibrate.facts import Fact
from sim.load.documents import Document, read_document
from sim.load.findings import Finding, Steps
from sim.load.loading import findings
from sim.load.validation import validate
from sim.messages import BadInput, Fault, _, listed, nearest, shown
from sim.plan.calendar import months_between
from sim.scenario import Loaded

KEY = "policies"


def until_last(loaded: Loaded, facts: Sequence[Fact]) -> Loaded:
    """The scenario with as many years as it takes to see every figure, and not fewer than its own.
    What happens before is the same, to the last bit."""
    start = loaded.scenario.start
    months = [months_between(start, f.until) + (f.until.day > 1) for f in facts if f.is_modelled]
    years = max([loaded.scenario.years, *(math.ceil(m / 12) for m in months)])
    return loaded.with_values({"years": years})


def with_policies(loaded: Loaded, path: str | os.PathLike[str]) -> Loaded:
    """The scenario with the policies of a file beside its own: a mapping with the key `policies`,
    as in a scenario. Raises BadInput with every fault in it."""
    document = read_document(Path(path), _("a file of policies in YAML"))
    faults = [*document.faults, *_misfits(document, loaded)]
    if faults:
        raise BadInput(faults)
    own = loaded.scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    added = document.data[KEY]
    together = Document(
        document.file, own | {KEY: own[KEY] | added}, document.lines, document.spellings
    )
    validated = validate(together)
    found = [*validated.findings, *findings(validated.scenario, loaded.baseline)]
    if found:
        raise BadInput(dict.fromkeys(map(together.fault, found)))
    return loaded.model_copy(update={"scenario": validated.scenario})


def _misfits(document: Document, loaded: Loaded) -> list[Fault]:
    """What the file says beside policies, and names that the scenario has already."""

    def fault(at: Steps, found: str, allowed: str, suggestion: str | None = None) -> Fault:
        return document.fault(Finding(at, found, allowed, suggestion))

    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get(KEY), dict) or not data[KEY]:
        return [fault((), shown(data), _("a mapping with the key policies"))]
    faults = [
        fault((key,), shown(key), KEY, nearest(str(key), [KEY])) for key in data if key != KEY
    ]
    allowed = _("a name that the scenario does not have: {names}").format(
        names=listed(loaded.policies)
    )
    return faults + [
        fault((KEY, name), shown(name), allowed) for name in data[KEY] if name in loaded.policies
    ]
