"""A small district whose parameters can be told from a few aggregates, or cannot."""

import dataclasses
import datetime as dt
from typing import Any

import numpy as np

from sim.calibrate import Fact
from sim.calibrate.simulation import Simulator
from sim.scenario import Group, Loaded, Scenario, Unit
from tests.small import loaded

START, END = dt.date(2020, 1, 1), dt.date(2023, 1, 1)
UNCERTAIN: dict[str, Any] = {
    "source.listing.per_resident": {"distribution": "gamma", "mean": 0.01, "sd": 0.003},
    "training.attendance": {"distribution": "beta", "mean": 0.6, "sd": 0.12},
    "demography.removal.expelled.constant": {"distribution": "gamma", "mean": 0.02, "sd": 0.008},
    "demography.leaving.rogers_castro.level": {
        "distribution": "lognormal", "mean": 2.0, "sd": 0.7},
    "demography.mortality.factor": {
        "distribution": "triangular", "low": 0.8, "mode": 1.0, "high": 1.15},
    "postings.renewal": {"distribution": "beta", "mean": 0.8, "sd": 0.1},
}  # fmt: skip
"""The last is not told by anything, for nobody is posted."""


def district(hamlets: int = 24, **changes: Any) -> Loaded:
    """Some alike hamlets of one commune over three years."""
    data: dict[str, Any] = {
        "title": "small",
        "baseline": "-",
        "start": START,
        "years": 3,
        "demography": {
            "leaving": {"rogers_castro": {"level": 2.0}},
            "removal": {"expelled": 0.02},
        },
        "source": {"listing": {"per_resident": 0.01}, "help": {"full_help": 4}},
        "training": {"months": [2, 6, 10], "seats": 1000, "level": "district", "attendance": 0.6},
        "dossier": {"delay_months": {"median": 3}},
        "uncertain": UNCERTAIN,
        "policies": {"as-is": []},
    }
    units = [
        Unit(
            id=f"h{i}", name=f"h{i}", area=("District", "A" if i % 2 else "B"), residents=300,
            officials=(Group(band=(25, 70), count=12),), listed=(Group(band=(20, 40), count=2),),
        )
        for i in range(hamlets)
    ]  # fmt: skip
    return loaded(Scenario.model_validate(data | changes), *units)


def figure(quantity: str, value: float = 0.0, **more: Any) -> Fact:
    """A figure of the whole three years, to be fitted."""
    return dataclasses.replace(Fact(quantity, quantity, END, value, START, use="fit"), **more)


FIGURES = (
    figure("listed"),
    figure("seats_taken", out_of=1.0),
    figure("admitted"),
    figure("expelled"),
    figure("left"),
)


def told_by(
    given: Loaded, figures: tuple[Fact, ...], hidden: dict[str, float], number: int, seed: int = 0
) -> tuple[Fact, ...]:
    """The figures as one replication with hidden parameters has them."""
    wanted = [f for f in figures]
    (found,) = Simulator(given, "as-is", wanted, seed)(hidden, [number])
    whole = [dataclasses.replace(f, quantity=OUT_OF[f.quantity]) for f in wanted if f.is_share]
    out_of = dict.fromkeys((f.id for f in wanted), 1.0)
    if whole:
        (numbers,) = Simulator(
            given, "as-is", [dataclasses.replace(f, out_of=None) for f in wanted], seed
        )(hidden, [number])
        for f, n, share in zip(wanted, numbers, found, strict=True):
            out_of[f.id] = round(n / share) if f.is_share and share else 1.0
    return tuple(
        dataclasses.replace(f, value=round(n * out_of[f.id], 9), out_of=f.out_of and out_of[f.id])
        for f, n in zip(wanted, found, strict=True)
    )


OUT_OF = {"seats_taken": "listed", "recognised": "admitted"}


def hidden(given: Loaded, seed: int) -> dict[str, float]:
    """A value of every uncertain parameter from its prior."""
    generator = np.random.default_rng([seed, 77])
    return {
        path: prior.quantile(float(generator.random()))
        for path, prior in given.scenario.uncertain.items()
    }
