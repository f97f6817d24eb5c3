"""What a scenario must satisfy beyond the types of its values, without its table."""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from sim.levers import (
    COST_KEYS,
    MAXIMUM_ADAPTIVE,
    MAY_ADAPT,
    Admission,
    Assumption,
    Attention,
    Lever,
    LocalClass,
    OfficerTraining,
    Reinforcement,
    Structural,
    Training,
    Where,
)
from sim.load import shape
from sim.load.bands import overlapping, parse_band
from sim.load.findings import Finding, Steps
from sim.messages import _, listed, nearest, shown
from sim.scenario import Scenario, Uncertain, is_month_start

PUBLISHED = ("death", "leaving", "removal", "admission")
NEEDED = {
    "gamma": ("mean", "sd"),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
    "beta": ("mean", "sd"),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
}
EXTREMES = (2.0**-53, 1 - 2.0**-53)
"""Shares of a distribution between which all draws lie: uniform numbers have 52 bits."""
YOUNGEST_MEMBER = 18
OLDEST_LISTED = 59
LONGEST_POLICY_NAME = 60
START: Steps = ("start",)
HORIZON: tuple[Steps, ...] = (START, ("years",))
AREA_WIDE = (Training, LocalClass, OfficerTraining, Admission)
"""Levers that change a class, a course or a committee, and so whole areas."""


def scenario_findings(scenario: Scenario) -> Iterator[Finding]:
    """Every finding about a scenario on its own."""
    for check in CHECKS:
        yield from check(scenario)


def levers_of(scenario: Scenario) -> Iterator[tuple[Steps, Lever]]:
    """Every lever with its path."""
    for name, policy in scenario.policies.items():
        for i, lever in enumerate(policy):
            yield ("policies", name, i), lever


# ---------------------------------------------------------------- dates


def end_of(scenario: Scenario) -> dt.date:
    """The horizon, or the last day of the calendar if that comes first."""
    year = scenario.start.year + scenario.years
    return scenario.start.replace(year=year, day=1) if year <= dt.MAXYEAR else dt.date.max


def _dates(scenario: Scenario) -> Iterator[Finding]:
    if end_of(scenario) == dt.date.max:
        years = shown(scenario.years)
        yield Finding(("years",), years, _("a horizon before the year 10000"), rests_on=(START,))
    election = scenario.offices.first_election
    at: Steps = ("offices", "first_election")
    if election is not None and election < scenario.start:
        yield Finding(at, shown(election), _not_before(scenario.start), rests_on=(START,))
    dates: dict[Steps, dt.date | None] = {START: scenario.start, at: election}
    for steps, lever in levers_of(scenario):
        dates |= {(*steps, "from"): lever.since, (*steps, "until"): lever.until}
    for steps, date in dates.items():
        if date is not None and not is_month_start(date):
            first = date.replace(day=1).isoformat()
            yield Finding(steps, shown(date), _("the first day of a month"), first)


def _not_before(date: dt.date) -> str:
    return _("{} or later").format(date)


def _order_of_dates(scenario: Scenario) -> Iterator[Finding]:
    end = end_of(scenario)
    for steps, lever in levers_of(scenario):
        first = lever.since or scenario.start
        if lever.since is not None and not scenario.start <= lever.since < end:
            allowed = _("{start} or later, and before {end}").format(start=scenario.start, end=end)
            yield Finding((*steps, "from"), shown(first), allowed, rests_on=HORIZON)
        if lever.until is not None and lever.until <= first:
            allowed = _("later than {}").format(first)
            rests_on = (START, (*steps, "from"))
            yield Finding((*steps, "until"), shown(lever.until), allowed, rests_on=rests_on)


# ---------------------------------------------------------------- values that occur in many places


def _everywhere(scenario: Scenario) -> Iterator[Finding]:
    for steps, value in _values(scenario.model_dump(by_alias=True), ()):
        key = str(steps[-1])
        if key == "by_age" and value is not None:
            yield from _by_age(steps, value)
        elif key.endswith("months") and isinstance(value, tuple):
            yield from _once_each(steps, value)
        elif key.endswith(("ages", "admission_age")) and isinstance(value, tuple):
            yield from _age_range(steps, value)


def _values(data: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if steps:
        yield steps, data
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _values(value, (*steps, key))
    elif isinstance(data, list | tuple):
        for i, value in enumerate(data):
            yield from _values(value, (*steps, i))


def _by_age(steps: Steps, value: Mapping[int, float]) -> Iterator[Finding]:
    if min(value, default=None) != 0:
        ages = _("ages {}").format(listed(value)) if value else _("no ages")
        yield Finding(steps, ages, _("rates from age 0 on"))


def _once_each(steps: Steps, months: Sequence[int]) -> Iterator[Finding]:
    for i, month in enumerate(months):
        if month in months[:i]:
            found = _("{} again").format(month)
            yield Finding((*steps, i), found, _("every month once"))


def _age_range(steps: Steps, ages: Sequence[int]) -> Iterator[Finding]:
    low, high = ages
    needs_width = steps[-1] == "admission_age"
    if high < low or (needs_width and high == low):
        allowed = _("the lower age first, then a higher one")
        yield Finding(
            steps, f"[{low}, {high}]", allowed, f"[{high}, {low}]" if high < low else None
        )


# ---------------------------------------------------------------- parts of a scenario


def _names(scenario: Scenario) -> Iterator[Finding]:
    if not scenario.title:
        yield Finding(("title",), _("no text"), _("a title in at least one language"))
    for i, note in enumerate(scenario.notes):
        if not note:
            yield Finding(("notes", i), _("no text"), _("a note in at least one language"))
    for name in scenario.policies:
        is_sound = name.isprintable() and name == name.strip() and "," not in name
        if not name or not is_sound or len(name) > LONGEST_POLICY_NAME:
            allowed = _("a name of at most {} characters without commas").format(
                LONGEST_POLICY_NAME
            )
            yield Finding(("policies", name), shown(name), allowed)
    for name in scenario.policy_names.keys() - scenario.policies.keys():
        near = nearest(name, list(scenario.policies))
        yield Finding(("policy_names", name), shown(name), listed(scenario.policies), near)


def _founding(scenario: Scenario) -> Iterator[Finding]:
    founding, minimum = scenario.rules.founding_strength, scenario.rules.minimum_official_members
    if founding < minimum:
        allowed = _("{} or more, the minimum of official members").format(minimum)
        rests_on: tuple[Steps, ...] = (("rules", "minimum_official_members"),)
        steps: Steps = ("rules", "founding_strength")
        yield Finding(steps, shown(founding), allowed, str(minimum), rests_on)


def _shares_by_age(scenario: Scenario) -> Iterator[Finding]:
    for name in ("official_ages", "candidate_ages"):
        shares: dict[str, float] = getattr(scenario.completion, name)
        steps: Steps = ("completion", name)
        bands = []
        for label in shares:
            try:
                bands.append(parse_band(label))
            except ValueError:
                allowed = _("ages such as 18-29, 80+ or 65.5")
                yield Finding((*steps, label), shown(label), allowed)
                continue
            if bands[-1][0] < YOUNGEST_MEMBER:
                allowed = _("ages of at least {}").format(YOUNGEST_MEMBER)
                yield Finding((*steps, label), shown(label), allowed)
        if overlapping(bands):
            yield Finding(steps, listed(shares), _("bands that share no ages"))
        if not sum(shares.values()) > 0:
            yield Finding(steps, _("no share above 0"), _("at least one share above 0"))


def _age_weights(scenario: Scenario) -> Iterator[Finding]:
    weights = scenario.source.listing.age_weights
    steps: Steps = ("source", "listing", "age_weights")
    for i, (low, high) in enumerate(w.ages for w in weights):
        if low <= high and (high < YOUNGEST_MEMBER or low > OLDEST_LISTED):
            allowed = _("ages of {low} to {high}, for nobody else is listed")
            allowed = allowed.format(low=YOUNGEST_MEMBER, high=OLDEST_LISTED)
            yield Finding((*steps, i, "ages"), f"[{low}, {high}]", allowed)
    bands = [(float(w.ages[0]), w.ages[1] + 1.0) for w in weights]
    if overlapping(bands):
        found = listed(f"[{w.ages[0]}, {w.ages[1]}]" for w in weights)
        yield Finding(steps, found, _("ranges that share no ages"))
    if not any(w.weight > 0 for w in weights):
        yield Finding(steps, _("no weight above 0"), _("at least one weight above 0"))


def _targets(scenario: Scenario) -> Iterator[Finding]:
    levels = [target.level for target in scenario.admission.targets]
    if levels and not scenario.admission.on:
        found, allowed = _("targets with admission.on false"), _("no targets, or admission.on true")
        yield Finding(("admission", "targets"), found, allowed, rests_on=(("admission", "on"),))
    for i, level in enumerate(levels):
        if level in levels[:i]:
            steps: Steps = ("admission", "targets", i, "level")
            yield Finding(steps, _("{} again").format(shown(level)), _("every level once"))


def _responses(scenario: Scenario) -> Iterator[Finding]:
    responses = scenario.cells.responses
    for i, response in enumerate(responses):
        if response in responses[:i]:
            found = _("{} again").format(shown(response))
            yield Finding(("cells", "responses", i), found, _("every response once"))


def _closed_keys(scenario: Scenario) -> Iterator[Finding]:
    for part, known in {"costs": sorted(COST_KEYS), "published": PUBLISHED}.items():
        for key in getattr(scenario, part):
            if key not in known:
                yield Finding((part, key), shown(key), listed(known), nearest(key, known))


def _happened(scenario: Scenario) -> Iterator[Finding]:
    name, known = scenario.happened, list(scenario.policies)
    if name is not None and name not in known:
        at: Steps = ("happened",)
        rests_on: Steps = ("policies",)
        yield Finding(at, shown(name), listed(known), nearest(name, known), (rests_on,))


# ---------------------------------------------------------------- levers


def _conditions(scenario: Scenario) -> Iterator[Finding]:
    able = sorted(kind.model_fields["lever"].default for kind in MAY_ADAPT)
    for steps, lever in levers_of(scenario):
        at = (*steps, "where")
        if lever.where.when and not isinstance(lever, MAY_ADAPT):
            kind = getattr(lever, "lever", "")
            allowed = _("only with {levers}").format(levers=listed(able))
            yield Finding((*at, "when"), _("a condition with {}").format(kind), allowed)
        if lever.where.rank_level is not None and "rank_by_strength" not in lever.where.when:
            allowed = _("only with a condition on rank_by_strength")
            yield Finding((*at, "rank_level"), shown(lever.where.rank_level), allowed)
        yield from _bounds(at, lever.where)


def _bounds(at: Steps, where: Where) -> Iterator[Finding]:
    for name, bound in where.when.items():
        if bound.below is not None and bound.at_least is not None and bound.at_least >= bound.below:
            found = _("at least {least} and below {below}")
            found = found.format(least=bound.at_least, below=bound.below)
            yield Finding((*at, "when", name), found, _("at_least less than below"))


def _whole_areas(scenario: Scenario) -> Iterator[Finding]:
    for steps, lever in levers_of(scenario):
        at = (*steps, "where")
        named = [x for x in ("areas", "tags", "kinds", "hamlets") if getattr(lever.where, x)]
        if named and (field := _field_for_all(lever)):
            yield Finding(at, _("a condition with {}").format(field), "all")
        elif isinstance(lever, AREA_WIDE):
            found = _("a condition with {}").format(lever.lever)
            for part in named:
                if part != "areas":
                    yield Finding((*at, part), found, _("only areas, or all"))


def _field_for_all(lever: Lever) -> str | None:
    """The field of a lever that changes the same number for all units at once."""
    if isinstance(lever, Assumption) and lever.shock != 1.0:
        return "shock"
    return "pull" if isinstance(lever, Admission) and lever.pull is not None else None


def _number_of_adaptive(scenario: Scenario) -> Iterator[Finding]:
    for name, policy in scenario.policies.items():
        number = sum(lever.adaptive or isinstance(lever, Attention) for lever in policy)
        if number > MAXIMUM_ADAPTIVE:
            found = _("{} adaptive levers").format(number)
            yield Finding(("policies", name), found, _("at most {}").format(MAXIMUM_ADAPTIVE))


def _pools(scenario: Scenario) -> Iterator[Finding]:
    pools = scenario.postings.pools
    for steps, lever in levers_of(scenario):
        if isinstance(lever, Reinforcement) and lever.pool is not None and lever.pool not in pools:
            names = listed(pools) or _("no pool, for postings.pools is empty")
            yield Finding(
                (*steps, "pool"),
                shown(lever.pool),
                names,
                nearest(lever.pool, pools),
                (("postings", "pools"),),
            )


def _structural(scenario: Scenario) -> Iterator[Finding]:
    for steps, lever in levers_of(scenario):
        if not isinstance(lever, Structural):
            continue
        if lever.unit == lever.into:
            yield Finding((*steps, "into"), shown(lever.into), _("another unit"))
        if lever.where != Where():
            yield Finding((*steps, "where"), _("a condition"), _("only unit and into"))
        if lever.event == "merge" and lever.share != 1.0:
            yield Finding((*steps, "share"), shown(lever.share), _("all of the unit, no share"))
        if lever.event == "split" and lever.share == 1.0:
            yield Finding((*steps, "share"), shown(lever.share), _("a share below 1"))


# ---------------------------------------------------------------- uncertain parameters


def _uncertain(scenario: Scenario) -> Iterator[Finding]:
    if not scenario.uncertain:
        return
    data = scenario.model_dump(by_alias=True)
    known = [p for p in shape.parameters(data) if not p.startswith(("policies", "uncertain"))]
    for path, uncertain in scenario.uncertain.items():
        steps: Steps = ("uncertain", path)
        node = shape.at(data, tuple(path.split("."))) if path in known else None
        if node is None:
            allowed = _("the path of a parameter of this scenario")
            yield Finding(steps, shown(path), allowed, nearest(path, known))
        elif not shape.takes_number(node):
            yield Finding(steps, shown(path), _("a parameter that takes any number"))
        else:
            found = list(_possible(scenario, path, uncertain, node))
            found += _distribution(steps, uncertain)
            yield from found or _in_range(scenario, path, uncertain, node)
            continue
        yield from _distribution(steps, uncertain)


def _possible(
    scenario: Scenario, path: str, uncertain: Uncertain, node: shape.Schema
) -> Iterator[Finding]:
    for name in ("mean", "low", "mode", "high"):
        value = getattr(uncertain, name)
        try:
            if value is not None:
                scenario.with_values({path: value})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            is_rule = first["type"] == "value_error"
            allowed = str(first["ctx"]["error"]) if is_rule else shape.described(node)
            yield Finding(("uncertain", path, name), shown(value), allowed)


def _in_range(
    scenario: Scenario, path: str, uncertain: Uncertain, node: shape.Schema
) -> Iterator[Finding]:
    """Whether the lowest and the highest value that can be drawn are values of the parameter."""
    ends = [uncertain.quantile(share) for share in EXTREMES]
    if not all(map(math.isfinite, ends)) or not all(_may_be(scenario, path, v) for v in ends):
        told = _("{distribution} with values from {low} to {high}")
        low, high = (f"{end:.3g}" for end in ends)
        found = told.format(distribution=uncertain.distribution, low=low, high=high)
        allowed = _("a distribution that keeps to the range of the parameter ({rule})")
        rule = shape.described(node)
        yield Finding(("uncertain", path), found, allowed.format(rule=rule))


def _may_be(scenario: Scenario, path: str, value: float) -> bool:
    try:
        scenario.with_values({path: value})
    except ValidationError:
        return False
    return True


def _distribution(steps: Steps, uncertain: Uncertain) -> Iterator[Finding]:
    needed = NEEDED[uncertain.distribution]
    given = uncertain.model_dump(exclude_none=True, exclude={"distribution"})
    if given.keys() != set(needed):
        found = _("{distribution} with {fields}").format(
            distribution=uncertain.distribution, fields=listed(given) or _("nothing")
        )
        yield Finding(steps, found, _("exactly {}").format(listed(needed)))
    elif rule := _broken_rule(uncertain.distribution, given):
        yield Finding(steps, listed(f"{name} {value:g}" for name, value in given.items()), rule)


def _broken_rule(distribution: str, given: Mapping[str, float]) -> str | None:
    if "sd" not in given:
        low, high = given["low"], given["high"]
        in_order = low < high and low <= given.get("mode", low) <= high
        return None if in_order else _("low, mode and high in order, low less than high")
    mean, sd = given["mean"], given["sd"]
    rules = {
        _("an sd above 0"): sd > 0,
        _("a mean above 0"): mean > 0 or distribution == "normal",
        _("a mean below 1 and an sd below the root of mean (1 - mean)"): distribution != "beta"
        or sd * sd < mean * (1 - mean),
    }
    return next((rule for rule, holds in rules.items() if not holds), None)


CHECKS: tuple[Callable[[Scenario], Iterator[Finding]], ...] = (
    _dates,
    _order_of_dates,
    _everywhere,
    _names,
    _founding,
    _shares_by_age,
    _age_weights,
    _targets,
    _responses,
    _closed_keys,
    _happened,
    _conditions,
    _whole_areas,
    _number_of_adaptive,
    _pools,
    _structural,
    _uncertain,
)
