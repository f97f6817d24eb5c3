"""The model once: the states a person can be in, the risks of each, and every decision.

Both engines call these functions and read these tables; they differ only in scheduling. All
functions are scalar, draw nothing themselves unless they are given the key, and run the same
compiled or as plain Python. Days count from the start; rates are per year of 365.25 days.
"""

import math

import numpy as np
import numpy.typing as npt

from sim import log as events
from sim.compilation import compiled, hot
from sim.draws import exp, normal_quantile, poisson, power, uniform

Floats = npt.NDArray[np.float64]
YEAR = 365.25
YEARS_A_DAY, MONTHS_A_DAY = 1.0 / 365.25, 1.0 / 30.4375
NEVER = math.inf


class TooManyPeople(ValueError):  # noqa: N818 - what it says is the fault
    """More people a month are expected in one hamlet than can be meant."""


# ---------------------------------------------------------------- states

LISTED, CERTIFIED, READY, PROBATION, OFFICIAL, EXEMPT, GONE = range(7)
"""Status. The first three are candidates; the two last of the roll are official members."""
PRESENT, AWAY, POSTED, STAFF = range(4)
"""Place: at home, away for work, posted in from elsewhere, staff of a school or office."""
STATUSES, PLACES = 6, 4
STATUS_NAMES = ("listed", "certified", "ready", "probation", "official", "exempt")
PLACE_NAMES = ("present", "away", "posted", "staff")

# ---------------------------------------------------------------- risks

(
    LEAVING,
    RETURNING,
    SETTLING,
    EXPELLED,
    STRUCK_OFF,
    ASKED_TO_LEAVE,
    STRUCK_OFF_AWAY,
    EXEMPTION,
    WITHDRAWAL,
    TRANSFER,
    SETTLING_MEMBER,
) = range(11)
RISKS = 11

_CANDIDATE = (LISTED, CERTIFIED, READY)
_MEMBER = (PROBATION, OFFICIAL, EXEMPT)
_REMOVALS = (EXPELLED, STRUCK_OFF, ASKED_TO_LEAVE)


def _risk_table() -> npt.NDArray[np.bool_]:
    """at_risk[status, place, risk]: one row a risk, the model's table of states."""
    at_risk = np.zeros((STATUSES, PLACES, RISKS), dtype=np.bool_)
    rows = [
        (LEAVING, _CANDIDATE + _MEMBER, PRESENT),
        (RETURNING, _CANDIDATE + _MEMBER, AWAY),
        (SETTLING, _CANDIDATE, AWAY),
        (SETTLING_MEMBER, _MEMBER, AWAY),
        (STRUCK_OFF_AWAY, _MEMBER, AWAY),
        (WITHDRAWAL, _CANDIDATE, PRESENT),
        (WITHDRAWAL, _CANDIDATE, STAFF),
        (TRANSFER, _CANDIDATE + _MEMBER, STAFF),
        (EXEMPTION, (OFFICIAL,), PRESENT),
    ]
    rows += [(risk, _MEMBER, place) for risk in _REMOVALS for place in (PRESENT, STAFF)]
    for risk, statuses, place in rows:
        at_risk[list(statuses), place, risk] = True
    return at_risk


AT_RISK = _risk_table()

RISK_KIND = np.array(
    [
        events.LEFT,
        events.RETURNED,
        events.MOVED,
        events.EXPELLED,
        events.STRUCK_OFF,
        events.ASKED_TO_LEAVE,
        events.STRUCK_OFF,
        events.EXEMPTED,
        events.LAPSED,
        events.MOVED,
        events.MOVED,
    ],
    dtype=np.int64,
)
"""Log kind of each risk."""
RISK_CAUSE = np.array(
    [
        0,
        0,
        events.SETTLED_AWAY,
        0,
        0,
        0,
        events.AWAY_TOO_LONG,
        0,
        events.WITHDREW,
        events.TRANSFERRED,
        events.SETTLED_AWAY,
    ],
    dtype=np.int64,
)
"""Log cause of each risk."""

# ---------------------------------------------------------------- what is drawn, and its key

PERSON_STREAM, HAMLET_STREAM, AREA_STREAM = 1, 2, 3
"""Streams of draws by the kind of entity."""
INITIAL_PEOPLE, LISTED_PEOPLE, ARRIVED_PEOPLE, POSTED_PEOPLE, REPLACED_PEOPLE = 11, 12, 13, 14, 15
STAFF_PEOPLE, CHIEF_PEOPLE, RENEWED_PEOPLE = 16, 17, 18
"""Streams from which keys of new persons are hashed."""

BEGINNING, FIRING, ELAPSED = 1, 2, 5
SEX, CLASS_LOTTERY, ATTENDANCE, DOSSIER_DELAY = 9, 10, 11, 12
DOSSIER_FAILURE, COMMITTEE_LOTTERY, APPROVAL, RECOGNITION, RENEWAL = 13, 14, 15, 16, 17
REPLACING, OFFICE_LOTTERY, MOVE_LOTTERY, SUCCESSOR_TRAINED = 18, 20, 21, 22
SENDING_LOTTERY, TERM_LEFT, ARRIVAL_KIND, CERTIFICATE_AGE = 23, 24, 25, 26
LISTING_COUNT, ARRIVAL_COUNT, STAFF_MEMBER, CHIEF_STAYS, CHIEF_MEMBER = 31, 32, 33, 34, 35
REVIEW_LOTTERY, SECRETARY_LOTTERY, STAFF_RENEWAL, SHOCK = 36, 27, 37, 41
"""Decisions."""
DEATH_BUDGET, FIRST_BUDGET, AGE, ENTRY_INSTANT = range(4)
"""Occurrences of a person's BEGINNING: what is known of it together costs one block of draws."""
RISK, NEXT_BUDGET, FOR_GOOD = range(3)
"""Occurrences of a FIRING of its clock, counted from a block (`draws.BLOCK`) a firing."""

# ---------------------------------------------------------------- steps of a life

DEATH, CLOCK, STAGE, CERTIFICATE, LIMIT, ENTRY = range(6)
"""What a person's next instant is: death, a risk, the end of a stage, of the certificate, of the
time limit of the place (candidates away, retiring staff), or the entry itself."""

# ---------------------------------------------------------------- cells

OWN, JOINT, NONE, CLOSED = range(4)
"""A hamlet's cell: its own, covered by another's, none, or the hamlet itself is not there."""
FIRST_COME, WEAKEST_CELL, YOUNGEST, CHIEFS, FAIR_SHARE = range(5)
PRIORITIES = (
    "first_come",
    "weakest_cell_first",
    "youngest_first",
    "chiefs_first",
    "fair_share",
)
HELP_OFF, HELP_LINEAR, HELP_SHARE = range(3)
STRENGTH, LOCAL, ACTIVE, OVER_60, SINCE_ADMISSION, CANDIDATES, RANK = range(7)
OBSERVABLES = (
    "strength",
    "local_strength",
    "active_strength",
    "share_over_60",
    "months_since_admission",
    "candidates",
    "rank_by_strength",
)
ELIGIBLE_AGES = 42
"""Completed ages 18 to 59, in which residents can be listed."""
NO_CHIEF, RESIDENT_CHIEF = -2, -1
"""Office of chief when no followed person holds it; otherwise a person's key or index."""

# ---------------------------------------------------------------- time


@compiled
def month_of(day: float, month_days: Floats) -> int:
    """Index in `month_days` (rising month starts) of the month that holds `day`."""
    last = len(month_days) - 1
    i = int((day - month_days[0]) * MONTHS_A_DAY)
    i = min(max(i, 0), last)
    while i < last and month_days[i + 1] <= day:
        i += 1
    while i > 0 and month_days[i] > day:
        i -= 1
    return i


@compiled
def months_later(day: float, months: int, month_days: Floats) -> float:
    """The same day and hour `months` calendar months on, at most the end of that month."""
    i = month_of(day, month_days)
    j = i + months
    if j + 1 >= len(month_days):
        return NEVER
    return min(month_days[j] + (day - month_days[i]), month_days[j + 1])


@compiled
def born_before(months: int, month: int, month_days: Floats) -> float:
    """Who is older than so many calendar months in a month was born before this day.

    Ages are counted from month to month; `month` is an index in `month_days`.
    """
    return month_days[month - months] if month > months else -NEVER


@compiled
def birthdays(day: float, birth: float) -> int:
    """Birthdays up to and including this day."""
    years = int((day - birth) * YEARS_A_DAY)  # nearly
    while birth + (years + 1) * YEAR <= day:
        years += 1
    while years > 0 and birth + years * YEAR > day:
        years -= 1
    return years


@compiled
def has_had(birthday: int, day: float, birth: float) -> bool:
    """Whether this birthday, the first or a later one, is on this day or before."""
    return birth + birthday * YEAR <= day


@compiled
def age_at(day: float, birth: float) -> int:
    """Completed years, at most 120."""
    return min(max(birthdays(day, birth), 0), 120)


@compiled
def period_at(day: float, starts: Floats) -> int:
    """The period of constant rates that holds `day`; `starts` ends with infinity."""
    p = 0
    while starts[p + 1] <= day:
        p += 1
    return p


# ---------------------------------------------------------------- clocks


@hot
def fire_day(
    budget: float,
    since: float,
    birth: float,
    horizon: float,
    starts: Floats,
    steady: Floats,
    steady_scale: float,
    moving: Floats,
    moving_scale: float,
    shock: Floats,
) -> float:
    """The day on which the cumulated rate since `since` has used up `budget`; NEVER if after it.

    The rate in period p at completed age a is
    steady[a, p] * steady_scale + moving[a, p] * moving_scale * shock[p]. A period that begins
    without a change of the rate is no bound: a lever that does nothing changes no bit.
    """
    t = since
    left = budget * YEAR
    p = period_at(t, starts)
    years = birthdays(t, birth)
    birthday = birth + (years + 1) * YEAR
    a = min(max(years, 0), 120)
    rate = steady[a, p] * steady_scale + moving[a, p] * moving_scale * shock[p]
    while t < horizon:
        end = min(birthday, starts[p + 1], horizon)
        after = rate
        if end < birthday and end < horizon:
            p += 1
            after = steady[a, p] * steady_scale + moving[a, p] * moving_scale * shock[p]
            if after == rate:
                continue
        need = rate * (end - t)
        if left < need:
            return t + left / rate
        left -= need
        t, rate = end, after
        if end == birthday:
            if end == starts[p + 1]:
                p += 1
            years += 1
            birthday = birth + (years + 1) * YEAR
            a = min(max(years, 0), 120)
            rate = steady[a, p] * steady_scale + moving[a, p] * moving_scale * shock[p]
    return NEVER


@compiled
def outlasts(budget: float, since: float, horizon: float, most: float) -> bool:
    """Whether a budget lasts to the horizon at the highest rate that it can meet.

    Then `fire_day` is NEVER: the margin is far above what its sums can be rounded by.
    """
    return budget * YEAR > most * (horizon - since) * 1.000001


@hot
def spent(
    since: float,
    until: float,
    birth: float,
    starts: Floats,
    steady: Floats,
    steady_scale: float,
    moving: Floats,
    moving_scale: float,
    shock: Floats,
) -> float:
    """The budget used from `since` to `until`: the integral of the rate of `fire_day`."""
    t = since
    used = 0.0
    p = period_at(t, starts)
    years = birthdays(t, birth)
    birthday = birth + (years + 1) * YEAR
    a = min(max(years, 0), 120)
    rate = steady[a, p] * steady_scale + moving[a, p] * moving_scale * shock[p]
    while t < until:
        end = min(birthday, starts[p + 1], until)
        after = rate
        if end < birthday and end < until:
            p += 1
            after = steady[a, p] * steady_scale + moving[a, p] * moving_scale * shock[p]
            if after == rate:
                continue
        used += rate * (end - t)
        t, rate = end, after
        if end == birthday:
            if end == starts[p + 1]:
                p += 1
            years += 1
            birthday = birth + (years + 1) * YEAR
            a = min(max(years, 0), 120)
            rate = steady[a, p] * steady_scale + moving[a, p] * moving_scale * shock[p]
    return used / YEAR


@compiled
def same_rates(
    since: float,
    birth: float,
    until: float,
    starts: Floats,
    steady: Floats,
    moving: Floats,
    new_steady: Floats,
    new_moving: Floats,
    moving_scale: float,
) -> bool:
    """Whether a change of rates makes no difference to this person from `since` to `until`."""
    t = since
    p = period_at(t, starts)
    years = birthdays(t, birth)
    while t < until:
        a = min(max(years, 0), 120)
        if steady[a, p] != new_steady[a, p]:
            return False
        if moving_scale != 0.0 and moving[a, p] != new_moving[a, p]:
            return False
        birthday = birth + (years + 1) * YEAR
        end = min(birthday, starts[p + 1])
        if end == birthday:
            years += 1
        if end == starts[p + 1]:
            p += 1
        t = end
    return True


@compiled
def choose_risk(
    u: float,
    status: int,
    place: int,
    at_risk: npt.NDArray[np.bool_],
    rates: Floats,
    leaving_scale: float,
) -> int:
    """The risk that fired: each in proportion to its rate. `rates[risk]` at that age and time."""
    total = 0.0
    for risk in range(RISKS):
        if at_risk[status, place, risk]:
            total += rates[risk] * (leaving_scale if risk == LEAVING else 1.0)
    left = u * total
    chosen = -1
    for risk in range(RISKS):
        if at_risk[status, place, risk]:
            rate = rates[risk] * (leaving_scale if risk == LEAVING else 1.0)
            if rate > 0.0:
                chosen = risk
                if left < rate:
                    return chosen
                left -= rate
    return chosen


@compiled
def next_step(
    status: int,
    place: int,
    now: float,
    death: float,
    clock: float,
    stage_due: float,
    certificate_until: float,
    limit: float,
) -> tuple[float, int]:
    """The next instant of a life and what it is; ties in the order of what the log writes.

    A certificate that runs out together with the dossier leaves no dossier to lapse. Recognition
    waits while the person is away, and once overdue belongs to the committee.
    """
    day, what = death, DEATH
    if clock < day:
        day, what = clock, CLOCK
    if (status == CERTIFIED or status == READY) and certificate_until < day:
        day, what = certificate_until, CERTIFICATE
    waits = status == PROBATION and (place == AWAY or stage_due < now)
    if stage_due < day and status <= PROBATION and not waits:
        day, what = stage_due, STAGE
    if limit < day:
        day, what = limit, LIMIT
    return day, what


# ---------------------------------------------------------------- counting


@compiled
def counts(
    status: int, place: int, away_counts: bool, exempt_counts: bool, posted_counts: bool
) -> bool:
    """Whether a person counts towards the strength of a cell."""
    if status != OFFICIAL and status != EXEMPT:
        return False
    if status == EXEMPT and not exempt_counts:
        return False
    if place == AWAY:
        return away_counts
    return place != POSTED or posted_counts


@compiled
def helper_points(
    status: int, place: int, day: float, helper_from: float, birth: float, half_from_age: float
) -> int:
    """Half helpers: 2 for a resident official present long enough, 1 from a high age on."""
    if status != OFFICIAL or (place != PRESENT and place != STAFF) or helper_from > day:
        return 0
    return 1 if day - birth >= half_from_age * YEAR else 2


@compiled
def among_residents(place: int, age: int) -> bool:
    """Whether a followed person is one of the adults of 18 to 60 that residents are counted by."""
    return (place == PRESENT or place == STAFF) and 18 <= age < 60


@compiled
def turning_day(
    status: int,
    place: int,
    day: float,
    helper_from: float,
    birth: float,
    age: int,
    half_from_age: float,
    turning_ages: npt.NDArray[np.int64],
) -> float:
    """When time alone next changes what a person is to listing: as a helper or as a resident.

    `turning_ages[age]`: the next age, up to 60, from which a resident of this sex counts otherwise.
    """
    if place != PRESENT and place != STAFF:
        return NEVER
    turn = NEVER
    if status == OFFICIAL:
        if helper_from > day:
            turn = helper_from
        half = birth + half_from_age * YEAR
        if day < half < turn:
            turn = half
    return min(turn, birth + turning_ages[age] * YEAR) if age < 60 else turn


@compiled
def first_month_from(day: float, month_days: Floats) -> int:
    """Index of the first month start at or after a day."""
    i = month_of(day, month_days)
    return i if month_days[i] == day else i + 1


# ---------------------------------------------------------------- listing


@compiled
def listing_mean(
    rate: float, eligible: float, power_: float, per_resident: bool, help_: float, factor: float
) -> float:
    """Expected listings of a hamlet in a month: rate x eligible^power x help x factor."""
    if eligible <= 0.0:
        return 0.0
    if not per_resident:
        return rate * help_ * factor
    size = eligible if power_ == 1.0 else power(eligible, power_)
    return rate * size * help_ * factor


@compiled
def help_factor(mode: int, points: int, officials: int, outside: float, full_help: float) -> float:
    """Listing's factor of help: a share of full help, or linear in the officials present."""
    if mode == HELP_OFF:
        return 1.0
    if mode == HELP_LINEAR:
        return float(officials)
    return min(1.0, (0.5 * points + outside) / full_help)


@compiled
def listing_room(
    mode: int, points: int, outside: float, per_helper: float, candidates: int, eligible: float
) -> int:
    """How many may be listed at most: helpers are few, and so are eligible residents."""
    room = int(max(0.0, eligible))
    if mode != HELP_SHARE:
        return room
    free = math.floor((0.5 * points + outside) * per_helper + 1e-9) - candidates
    return max(0, min(room, free))


@compiled
def office_factor(
    chief_member: bool,
    chief_trained: bool,
    secretary_trained: bool,
    member_factor: float,
    chief_trained_factor: float,
    secretary_trained_factor: float,
) -> float:
    """Listing's factor of the chief and the secretary."""
    factor = 1.0
    if chief_member:
        factor *= member_factor
    if chief_trained:
        factor *= chief_trained_factor
    if secretary_trained:
        factor *= secretary_trained_factor
    return factor


@compiled
def pulled(factor: float, target: float, admitted: int, pull: float) -> float:
    """Listing's factor of an area after a year: times (target / admissions)^pull in [1/2, 2]."""
    if pull == 0.0 or target <= 0.0:
        return factor
    ratio = target / admitted if admitted > 0 else 2.0
    if admitted == 0:
        return 2.0
    return min(2.0, max(0.5, factor * power(ratio, pull)))


@compiled
def number_drawn(u: float, mean: float) -> int:
    """A Poisson number from one draw; TooManyPeople where so many in a month cannot be meant."""
    number = poisson(u, mean)
    if number < 0:
        raise TooManyPeople("more than 500 people a month are expected in one hamlet")
    return number


@compiled
def drawn_resident(u: float, cumulated: Floats) -> tuple[int, float]:
    """Sex and exact age of a resident, from one draw and the cumulated shares of (sex, age 18-59).

    The share that holds u gives sex and completed age; where in it u lies, the part of a year.
    """
    low, high = 0, len(cumulated) - 1
    while low < high:
        middle = (low + high) // 2
        if cumulated[middle] <= u:
            low = middle + 1
        else:
            high = middle
    before = cumulated[low - 1] if low > 0 else 0.0
    part = (u - before) / (cumulated[low] - before)
    return low // ELIGIBLE_AGES, 18 + low % ELIGIBLE_AGES + part


# ---------------------------------------------------------------- queues


@compiled
def priority_value(rule: int, strength: int, birth: float, is_chief: bool, turn: int) -> float:
    """What a queue is ordered by first; smaller goes first."""
    if rule == WEAKEST_CELL:
        return float(strength)
    if rule == YOUNGEST:
        return -birth
    if rule == CHIEFS:
        return 0.0 if is_chief else 1.0
    if rule == FAIR_SHARE:
        return float(turn)
    return 0.0


# ---------------------------------------------------------------- shocks


@compiled
def shock(
    seed: int,
    replication: int,
    areas: npt.NDArray[np.int64],
    sd: Floats,
    year: int,
    period: int,
) -> float:
    """Factor on leaving in a period: exp(s z - s^2 / 2), mean 1, one z per area and year.

    `areas` are the keys of the areas above a hamlet, `sd[level, period]`.
    """
    factor = 1.0
    for level in range(len(areas)):
        s = sd[level, period]
        if s > 0.0:
            u = uniform(seed, replication, AREA_STREAM, areas[level], SHOCK, year)
            factor *= exp(s * normal_quantile(u) - 0.5 * s * s)
    return factor


# ---------------------------------------------------------------- the baseline's unknowns


@compiled
def within(u: float, low: float, high: float) -> float:
    """A value drawn from a band; a band without width is exact."""
    return low + u * (high - low)


@compiled
def whole_within(u: float, low: int, high: int) -> int:
    """A whole number drawn from low to high, both included."""
    return low + min(int(u * (high - low + 1)), high - low)
