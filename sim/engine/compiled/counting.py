"""Running counts of hamlets and cells, kept up to date at every change of a person."""

from sim import log as events
from sim import rules
from sim.compilation import kernel
from sim.engine.compiled.queues import set_instant
from sim.engine.compiled.state import is_followed, record


@kernel
def counts_now(s, p):
    """1 if the person counts towards strength, else 0."""
    if is_followed(p) and rules.counts(
        p["status"], p["place"], s.away_counts, s.exempt_counts, s.posted_counts
    ):
        return 1
    return 0


@kernel
def recount(s, i, day, phase, kind):
    """Bring the running counts of the hamlet and its cell up to date after a change."""
    p = s.people[i]
    now = counts_now(s, p)
    change = now - p["counted"]
    if change != 0:
        p["counted"] = now
        hamlet = s.hamlets[p["hamlet"]]
        hamlet["officials"] += change
        if change > 0:
            hamlet["gain"] = kind
        if hamlet["roll"] >= 0:
            change_strength(s, hamlet["roll"], change, day, phase, p["key"], kind)
    take_stock(s, i, day)


@kernel
def change_strength(s, c, change, day, phase, person, kind):
    """Log the exact instant at which a cell falls under the minimum or reaches it again."""
    cell = s.hamlets[c]
    cell["strength"] += change
    if cell["cell"] != rules.OWN:
        return
    if cell["strength"] < s.minimum and cell["below_since"] == rules.NEVER:
        cell["below_since"] = day
        cell["below_cause"] = kind
        record(s, day, phase, c, person, events.BELOW, kind)
    elif cell["strength"] >= s.minimum and cell["below_since"] != rules.NEVER:
        cell["below_since"] = rules.NEVER
        record(s, day, phase, c, person, events.RESTORED, kind)


@kernel
def take_stock(s, i, day):
    """What the person is to listing, until it next changes."""
    p = s.people[i]
    hamlet = s.hamlets[p["hamlet"]]
    points, adult, weight = 0, 0, 0
    s.turn[i] = rules.NEVER
    if is_followed(p):
        points = rules.helper_points(
            p["status"], p["place"], day, p["helper_from"], p["birth"], s.half_from_age
        )
        age = rules.age_at(day, p["birth"])
        if rules.among_residents(p["place"], age):
            adult = 1
            weight = s.weights[p["sex"], age]
        turn = rules.turning_day(
            p["status"], p["place"], day, p["helper_from"], p["birth"], age, s.half_from_age,
            s.turning_ages[p["sex"]],
        )  # fmt: skip
        if turn < s.horizon:
            set_instant(s.turn, s.soonest_turn, i, turn)
    hamlet["points"] += points - p["points"]
    hamlet["adults"] += adult - p["adult"]
    hamlet["weight"] += weight - p["weight"]
    p["points"], p["adult"], p["weight"] = points, adult, weight
