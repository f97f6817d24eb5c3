"""How far simulated counts may be from their exact law.

A verdict takes several comparisons together. Under the exact law it fails with probability at most
FALSE_ALARM: every comparison gets an equal part of it (Bonferroni), and the tails of a count are
exact (of a mean, normal). Seeds are fixed, so a verdict is always the same.

A wrong variant is *separated* if it fails by more than POWER_MARGIN standard deviations. Its own
mean is then, at 99 % confidence, more than 2.33 standard deviations beyond the limit, so that a run
with any other seed fails with probability .99 at least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from scipy.signal import fftconvolve
from scipy.stats import binom, norm, poisson

from tests.oracles.pure_death import Floats

FALSE_ALARM = 1e-4
POWER_MARGIN = 2 * float(norm.isf(0.01))


class Law(Protocol):
    """What a number may be if the model is right."""

    def p_value(self, value: float) -> float:
        """Twice the smaller tail, the value included."""

    def limits(self, alarm: float) -> tuple[float, float]:
        """The values from the first to the second have a p-value of at least `alarm`."""

    def spread(self, value: float) -> float:
        """Standard deviation of a wrong variant's number whose mean is about `value`."""


@dataclass(frozen=True)
class Count:
    """The law of a count: pmf[i] = P(count = i)."""

    pmf: Floats

    @property
    def mean(self) -> float:
        return float(self.pmf @ np.arange(len(self.pmf)))

    @property
    def sd(self) -> float:
        square = float(self.pmf @ np.arange(len(self.pmf)) ** 2.0)
        return float(np.sqrt(max(0.0, square - self.mean**2)))

    def p_value(self, value: float) -> float:
        i = int(value)
        return min(1.0, 2 * float(min(self.pmf[: i + 1].sum(), self.pmf[i:].sum())))

    def limits(self, alarm: float) -> tuple[float, float]:
        low = np.cumsum(self.pmf) >= alarm / 2
        high = np.cumsum(self.pmf[::-1])[::-1] >= alarm / 2
        return float(np.argmax(low)), float(len(high) - 1 - np.argmax(high[::-1]))

    def spread(self, value: float) -> float:
        """Variance in proportion to the mean; where there is no chance, that of what is amiss."""
        if self.sd < 1e-6:
            return float(np.sqrt(max(1.0, abs(value - self.mean))))
        return self.sd * float(np.sqrt(max(1.0, value / self.mean)))


@dataclass(frozen=True)
class Normal:
    """The law of a mean of very many: normal, an approximation."""

    mean: float
    sd: float

    def p_value(self, value: float) -> float:
        return 2 * float(norm.sf(abs(value - self.mean) / self.sd))

    def limits(self, alarm: float) -> tuple[float, float]:
        reach = self.sd * float(norm.isf(alarm / 2))
        return self.mean - reach, self.mean + reach

    def spread(self, value: float) -> float:
        return self.sd


def binomial(n: int, p: float) -> Count:
    """How many of n happen."""
    return Count(binom.pmf(np.arange(n + 1), n, p))


def poissonian(mean: float) -> Count:
    """A Poisson count."""
    return Count(poisson.pmf(np.arange(int(mean + 12 * np.sqrt(mean)) + 60), mean))


def always(value: int) -> Count:
    """No chance at all."""
    return Count(np.eye(1, value + 1, value)[0])


def total(one: Floats, times: int) -> Count:
    """The sum of `times` independent counts with the law `one`, by the Fourier transform."""
    room = (len(np.trim_zeros(one, "b")) - 1) * times + 1
    size = 1 << int(room - 1).bit_length() if room > 1 else 1
    transform = np.fft.rfft(one[:room], size)
    return Count(np.clip(np.fft.irfft(transform**times, size), 0, None)[:room])


def together(*laws: Count) -> Count:
    """The sum of independent counts."""
    pmf = laws[0].pmf
    for law in laws[1:]:
        pmf = np.clip(fftconvolve(pmf, law.pmf), 0, None)
    return Count(pmf)


class Comparison(NamedTuple):
    """A simulated number beside its law."""

    what: str
    found: float
    law: Law


@dataclass(frozen=True, repr=False)
class Verdict:
    """Whether what was simulated can come from the exact laws."""

    comparisons: Sequence[Comparison]

    @property
    def alarm(self) -> float:
        return FALSE_ALARM / len(self.comparisons)

    @property
    def holds(self) -> bool:
        """Every comparison is within its limits."""
        return all(bool(c.law.p_value(c.found) >= self.alarm) for c in self.comparisons)

    @property
    def excess(self) -> float:
        """Standard deviations by which the worst comparison is beyond its limits (negative: in)."""
        return max(self._excess(c) for c in self.comparisons)

    @property
    def separates(self) -> bool:
        """It fails, and so would nearly every other run of the same variant."""
        return bool(not self.holds and self.excess > POWER_MARGIN)

    def _excess(self, c: Comparison) -> float:
        low, high = c.law.limits(self.alarm)
        return max(low - c.found, c.found - high) / c.law.spread(c.found)

    def __repr__(self) -> str:
        where = "within" if self.holds else "beyond"
        lines = [f"{where} the limits by {abs(self.excess):.1f} sd; false alarm {FALSE_ALARM:g}"]
        for c in self.comparisons:
            low, high = c.law.limits(self.alarm)
            out = "" if c.law.p_value(c.found) >= self.alarm else "  <-- out"
            lines.append(f"  {c.what}: {c.found:.6g} in [{low:.6g}, {high:.6g}]{out}")
        return "\n".join(lines)
