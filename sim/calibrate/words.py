"""A calibration in words, for a terminal, and as plain data, for another program."""

import math
from typing import TYPE_CHECKING, Any

from sim.messages import _, listed, ngettext
from sim.numerals import NOTHING, decimal, significant
from sim.risk.words import columns

if TYPE_CHECKING:
    from sim.calibrate.calibration import Beside, Calibration
    from sim.calibrate.conjugate import Block
    from sim.calibrate.identification import Spread, Told

DIGITS = 3
FEW = 100
"""Effective draws below which tails of the posterior mean little."""


def summary(found: "Calibration") -> str:
    """Parameters before and after, figures beside the model, how it was reached."""
    parts = [_heading(found), _parameters(found), _prior(found)]
    if found.refused:
        parts.append(_refused(found))
    parts += [_figures(found), _poor(found)]
    if found.pooled:
        parts.append(_areas(found))
    if found.generations:
        parts.append(_generations(found))
    if found.blocks:
        parts.append(_blocks(found))
    return "\n\n".join(filter(None, parts))


def _heading(found: "Calibration") -> str:
    told = ngettext(
        "{count} figure fitted under {policy}, seed {seed}",
        "{count} figures fitted under {policy}, seed {seed}",
        len(found.facts),
    )
    return told.format(count=decimal(len(found.facts)), policy=found.policy, seed=found.seed)


def _parameters(found: "Calibration") -> str:
    ways = {"conjugate": _("exact"), "simulated": _("simulated"), "prior": _("not fitted")}
    heads = [_("parameter"), _("told by"), _("before"), _("after"), _("variance taken away")]
    rows = [
        [
            one.parameter,
            ways[one.how],
            _spread(one.prior),
            NOTHING if one.how == "prior" else _spread(one.posterior),
            _contraction(one),
        ]
        for one in found.parameters
    ]
    told = _("Parameters, mean and 90 % interval, before and after the figures")
    return f"{told}\n{columns(heads, rows, left=(0, 1))}"


def _spread(spread: "Spread") -> str:
    # Translators: where decimals have a comma, the ends of an interval need a semicolon.
    told = _("{value} [{low}, {high}]")
    ends = {"value": spread.mean, "low": spread.low, "high": spread.high}
    return told.format(**{name: significant(value, DIGITS) for name, value in ends.items()})


def _contraction(one: "Told") -> str:
    if one.how == "prior":
        return NOTHING
    told = _("{share} % ± {error}")
    return told.format(share=decimal(100 * one.contraction), error=decimal(100 * one.error))


def _prior(found: "Calibration") -> str:
    if not found.driven_by_prior:
        return _("The figures tell something of every parameter.")
    names = listed(found.driven_by_prior)
    told = _("Driven by the prior, for the figures do not tell them: {names}.")
    return told.format(names=names)


def _refused(found: "Calibration") -> str:
    told = _("No exact posterior of {parameter}, so it is simulated: {reason}.")
    return "\n".join(told.format(parameter=p, reason=why) for p, why in found.refused.items())


def _figures(found: "Calibration") -> str:
    heads = [
        _("figure"), _("quantity"), _("published"), _("model after, 95 %"), _("covers"),
        _("moved by parameters"),
    ]  # fmt: skip
    rows = [
        [
            one.fact.id,
            one.fact.quantity,
            significant(one.fact.published, 4),
            _interval(one),
            _("yes") if one.covers else _("no"),
            NOTHING if math.isnan(one.explained) else _percent(one.explained),
        ]
        for one in found.figures
    ]
    told = _("The figures beside the fitted model")
    return f"{told}\n{columns(heads, rows, left=(0, 1))}"


def _percent(share: float) -> str:
    return _("{share} %").format(share=decimal(100 * share))


def _interval(one: "Beside") -> str:
    told = _("{value} [{low}, {high}]")
    ends = {"value": one.median, "low": one.low, "high": one.high}
    return told.format(**{name: significant(value, 4) for name, value in ends.items()})


def _poor(found: "Calibration") -> str:
    if not found.poor:
        return _("The fitted model covers every figure.")
    told = _(
        "A POOR FIT: the fitted model does not reproduce {names}. Ask what it lacks before you use "
        "this posterior."
    )
    return told.format(names=listed(one.fact.id for one in found.poor))


def _areas(found: "Calibration") -> str:
    heads = [_("quantity"), _("area"), _("seen"), _("expected"), _("alone"), _("pooled")]
    rows = [
        [
            one.quantity,
            one.place,
            decimal(one.seen),
            significant(one.expected, DIGITS),
            decimal(one.alone, 2),
            _("{value} [{low}, {high}]").format(
                value=decimal(one.factor, 2), low=decimal(one.low, 2), high=decimal(one.high, 2)
            ),
        ]
        for one in found.pooled
    ]
    told = _("Factors of areas, alone and pooled with the others (90 % interval)")
    return f"{told}\n{columns(heads, rows, left=(0, 1))}"


def _generations(found: "Calibration") -> str:
    heads = [_("generation"), _("distance at most"), _("evaluations"), _("accepted"),
             _("effective")]  # fmt: skip
    rows = [
        [
            decimal(one.generation + 1),
            significant(one.epsilon, DIGITS),
            decimal(one.evaluations),
            _percent(one.accepted / one.evaluations),
            decimal(one.effective),
        ]
        for one in found.generations
    ]
    told = _("Simulated in generations (ABC-SMC), each closer to the figures")
    after = _("Effective sample size: {number}.").format(number=decimal(found.effective))
    if found.effective < FEW:
        after += " " + _("That is few for the ends of intervals: more particles help.")
    return f"{told}\n{columns(heads, rows)}\n{after}"


def _blocks(found: "Calibration") -> str:
    heads = [_("quantity"), _("figures"), _("seen"), _("in or out of"), _("of"),
             _("rate or share")]  # fmt: skip
    rows = [
        [
            one.parameter or one.quantity,
            listed(one.facts),
            decimal(one.events),
            decimal(one.exposure),
            _(one.per),
            _of_block(one),
        ]
        for one in found.blocks
    ]
    told = _("What figures say by themselves (exact, 90 % interval)")
    return f"{told}\n{columns(heads, rows, left=(0, 1, 4))}"


def _of_block(one: "Block") -> str:
    told = _("{value} [{low}, {high}]")
    ends = {"value": one.mean, "low": one.quantile(0.05), "high": one.quantile(0.95)}
    return told.format(**{name: significant(float(value), DIGITS) for name, value in ends.items()})


def data(found: "Calibration") -> dict[str, Any]:
    """What was found as JSON has it: what is not known is null."""
    return {
        "policy": found.policy,
        "seed": found.seed,
        "effective_sample_size": found.effective,
        "draws": len(found.sample.weights),
        "parameters": [
            {
                "parameter": one.parameter,
                "how": one.how,
                "prior": one.prior._asdict(),
                "posterior": one.posterior._asdict(),
                "contraction": one.contraction,
                "contraction_error": one.error,
                "identified": one.is_identified,
            }
            for one in found.parameters
        ],
        "driven_by_prior": list(found.driven_by_prior),
        "refused": dict(found.refused),
        "figures": [
            {
                "id": one.fact.id,
                "quantity": one.fact.quantity,
                "published": one.fact.published,
                "tolerance_sd": one.fact.sd,
                "low": one.low,
                "median": one.median,
                "high": one.high,
                "covers": one.covers,
                "explained": None if math.isnan(one.explained) else one.explained,
            }
            for one in found.figures
        ],
        "poor": [one.fact.id for one in found.poor],
        "generations": [one._asdict() for one in found.generations],
        "areas": [one._asdict() for one in found.pooled],
        "blocks": [
            {
                "quantity": one.quantity,
                "parameter": one.parameter,
                "figures": list(one.facts),
                "kind": one.kind,
                "per": one.per,
                "events": one.events,
                "exposure": one.exposure,
                "a": one.a,
                "b": one.b,
                "mean": one.mean,
                "low": float(one.quantile(0.05)),
                "high": float(one.quantile(0.95)),
            }
            for one in found.blocks
        ],
    }
