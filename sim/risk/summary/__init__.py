"""The main results as a text that a planner can read."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.messages import _, listed, ngettext, printable
from sim.numerals import date, decimal
from sim.risk.study import Study
from sim.risk.summary import hamlets, policies
from sim.risk.words import kind_counted, titled

if TYPE_CHECKING:
    import pandas as pd


class Tables(NamedTuple):
    """The tables that a summary is made from."""

    hamlets: "pd.DataFrame"
    pairs: "pd.DataFrame"
    flips: "pd.DataFrame"
    rule: "pd.DataFrame"


def summary(study: Study, tables: Tables, heading: str, wanted: float | None = None) -> str:
    """Policies side by side, the hamlets at greatest risk under the base, and its yearly rates.

    wanted: the half-width of intervals that was asked for, if one was.
    """
    parts = [
        _heading(study, heading),
        policies.outcomes(study, tables.pairs),
        policies.by_kind(study),
        "\n".join([*policies.two_doubts(study), *policies.how_precise(study, wanted)]),
        policies.efforts(study, tables.pairs),
        *(hamlets.at_risk(study, tables.hamlets, kind) for kind in hamlets.kinds_at_risk(study)),
        hamlets.at_risk_rule(study, tables.rule),
        hamlets.fates(study, tables.flips),
        hamlets.rates(study),
    ]
    return "\n\n".join(filter(None, parts))


def _heading(study: Study, heading: str) -> str:
    scenario = study.loaded.scenario
    told = [
        _units(study),
        _("{start} to {end}").format(start=date(study.dates[0]), end=date(study.dates[-1])),
        heading,
    ]
    draws = study.tallies[study.base].draws
    if draws > 1:
        told.append(
            ngettext(
                "{count} draw of the uncertain parameters",
                "{count} draws of the uncertain parameters",
                draws,
            ).format(count=decimal(draws))
        )
    return f"{printable(titled(scenario.title), 200)}\n{'; '.join(told)}"


def _units(study: Study) -> str:
    """How many units there are, of each kind if they are not all hamlets."""
    tally = study.tallies[study.base]
    numbers = np.bincount(tally.kind)
    of_each = [kind_counted(k, int(n)) for k, n in zip(tally.kind_names, numbers, strict=True)]
    if not study.kinds:
        return of_each[0]
    told = ngettext("{count} unit ({kinds})", "{count} units ({kinds})", int(numbers.sum()))
    return told.format(count=decimal(numbers.sum()), kinds=listed(of_each))
