"""Month starts of the past, the horizon and the statutory periods after it."""

import datetime as dt

import numpy as np
import numpy.typing as npt

from sim.scenario import DAYS_PER_YEAR, Scenario

PAST_MONTHS = 1560
"""Months before the start: births lie there."""


def months_between(start: dt.date, date: dt.date) -> int:
    """Whole months from one month start to another."""
    return (date.year - start.year) * 12 + date.month - start.month


def month_days(scenario: Scenario) -> npt.NDArray[np.float64]:
    """Day of every month start; index PAST_MONTHS is the start (day 0)."""
    future = scenario.years * 12 + _longest_period(scenario) + 2
    months = np.arange(-PAST_MONTHS, future, dtype=np.int64)
    if scenario.calendar == "uniform":
        return np.asarray(months * (DAYS_PER_YEAR / 12), dtype=np.float64)
    ordinal = scenario.start.year * 12 + scenario.start.month - 1 + months
    starts = (ordinal - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    return (starts - np.datetime64(scenario.start)).astype(np.float64)


def _longest_period(scenario: Scenario) -> int:
    rules = scenario.rules
    help_ = scenario.source.help
    in_place = 0 if isinstance(help_, str) else help_.months_in_place
    return max(
        rules.probation_months,
        rules.certificate_months,
        rules.dossier_months,
        rules.candidate_away_months,
        rules.grace_months,
        scenario.source.stale_months,
        in_place,
    )


def number_of_month(scenario: Scenario, month: int) -> int:
    """Number in the year (1-12) of the month with index `month` from the start."""
    return (scenario.start.month - 1 + month) % 12 + 1


def numbers_of_months(scenario: Scenario) -> npt.NDArray[np.int64]:
    """Number in the year (1-12) of each month from the start to the horizon."""
    return (scenario.start.month - 1 + np.arange(scenario.years * 12)) % 12 + 1


def is_in(scenario: Scenario, month: int, months: str | tuple[int, ...]) -> bool:
    """Whether a meeting with these months is held in the month with index `month`."""
    return months == "all" or number_of_month(scenario, month) in months


def years_of_months(scenario: Scenario) -> npt.NDArray[np.int64]:
    """Calendar years begun since that of the start, for each month up to the horizon."""
    return (scenario.start.month - 1 + np.arange(scenario.years * 12)) // 12


def year_of_month(scenario: Scenario, month: int) -> int:
    """Calendar years begun since that of the start: 0 in the first."""
    return (scenario.start.month - 1 + month) // 12
