"""Logs -> counts -> tables: every number is checked by hand, by a slow recount or by theory."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim import log as events
from sim import plan as plans
from sim import risk, rules
from sim.engine import compiled
from sim.figures.formats import percent
from sim.log import Log, in_order
from sim.risk import intervals
from sim.risk.counting import people_in
from sim.risk.counts import KINDS, Counts, like, place
from sim.risk.measures import (
    BELOW,
    COLUMN,
    COMBINED,
    ENDINGS,
    FLOWS,
    FUNNEL,
    LOST,
    MEASURES,
    NEVER,
    PROGRESS,
    STATES,
    STEPS,
    SUMS,
    TOTALS,
)
from sim.risk.outcomes import by_replication, outcomes
from sim.risk.pairs import _difference
from sim.risk.words import percentage
from sim.scenario import Loaded
from sim.world import build
from tests.risk_samples import (
    FIELD,
    HAMLETS,
    cell,
    count_one,
    counted,
    empty_panel,
    key_of,
    keys_of,
    life,
    of_hamlets,
    outcome_of,
    sample,
    study_of,
    tally_of,
)
from tests.shipped import SHIPPED, affordable

FIRST_ANNIVERSARY = 366.0
NEW_PERSON = 12345


def first(counts: Counts, hamlet: str, what: int) -> int:
    return int(counts.first[0, HAMLETS.index(hamlet), what])


def flow(counts: Counts, name: str) -> list[int]:
    """Of hamlets, by year."""
    return [int(n) for n in counts.years[0, KINDS.index("hamlet"), :, COLUMN[name]]]


def by_code(array: Any, ending: str, names: dict[int, str]) -> dict[str, int]:
    row = array[0, :, ENDINGS.index(ending)].sum(axis=0)
    return {names[int(code)]: int(row[code]) for code in np.flatnonzero(row)}


# ---------------------------------------------------------------- years


def test_a_year_ends_with_its_anniversary_and_the_first_day_is_year_0() -> None:
    loaded = sample()
    counts = count_one(
        loaded,
        [
            cell(0.0, "A", events.BELOW, events.AT_START),
            cell(FIRST_ANNIVERSARY, "A", events.LOST),
            cell(FIRST_ANNIVERSARY + 0.5, "B", events.LOST),
        ],
    )
    assert first(counts, "A", BELOW) == 0
    assert (first(counts, "A", LOST), first(counts, "B", LOST)) == (1, 2)
    assert first(counts, "C", LOST) == first(counts, "B", BELOW) == NEVER
    assert flow(counts, "lost") == [0, 1, 2, 2, 2, 2, 2, 2, 2]
    assert flow(counts, "below") == [1] * 9
    assert flow(counts, "cells_lost") == [0, 1, 1, 0, 0, 0, 0, 0, 0]


def test_the_horizon_belongs_to_the_last_year() -> None:
    loaded = sample()
    horizon = plans.make(loaded, "as-is").settings.horizon
    counts = count_one(loaded, [cell(horizon, "A", events.LOST)])
    assert first(counts, "A", LOST) == loaded.scenario.years


def test_re_emptied_is_lost_and_combined_is_not() -> None:
    counts = count_one(
        sample(),
        [
            cell(100.0, "A", events.COMBINED),
            cell(200.0, "B", events.RE_EMPTIED),
            cell(500.0, "A", events.LOST),
            cell(600.0, "B", events.LOST),
        ],
    )
    assert (first(counts, "A", COMBINED), first(counts, "A", LOST)) == (1, 2)
    assert (first(counts, "B", COMBINED), first(counts, "B", LOST)) == (NEVER, 1)
    first_lost = counts.sums[0, 3]
    first_combined = counts.sums[0, 4]
    assert first_lost[:, 1].tolist() == [0, 1, 0, 0]  # A was combined first
    assert first_combined[:, 1].tolist() == [1, 0, 0, 0]
    assert first_lost.sum() == first_combined.sum() == 1


def test_units_are_counted_by_their_kind() -> None:
    tally = tally_of(sample(), [outcome_of(sample(), [cell(100.0, "S", events.LOST)])])
    for measure, told in {"lost": 8, "cells_lost": 1, "hamlets": 9}.items():
        assert tally.measure(measure, "school").sum() == told, measure
    assert tally.measure("lost", "hamlet").sum() == 0
    assert tally.measure("hamlets", "hamlet")[0].tolist() == [3] * 9
    assert tally.counted("causes", "school").sum() == tally.counted("causes").sum() == 1
    assert tally.counted("causes", "hamlet").sum() == 0


def test_all_who_may_come_are_counted_before_they_need_room() -> None:
    """People listed, moved in and posted; who is posted may be known by then."""
    kinds = [events.LISTED, events.MOVED_IN, events.POSTED]
    known = SimpleNamespace(start=range(7), number=[9], log_kind=[*kinds, events.DEAD, *kinds,
                            events.BELOW, events.LISTED, events.LISTED])  # fmt: skip
    assert getattr(people_in, "__wrapped__", people_in)(known) == 7 + 7


def test_many_events_of_few_people_need_room_too() -> None:
    loaded = sample()
    key = key_of(loaded, "A", rules.LISTED)
    kinds = (events.CLASS_MISSED,) * 200 + (events.LAPSED,)
    story = [life(1.0 + i, "A", key, kind) for i, kind in enumerate(kinds)]
    assert flow(count_one(loaded, story), "class_missed")[1] == 200


# ---------------------------------------------------------------- mergers


MERGER = {
    "as-is": (),
    "merge": (
        {"lever": "structural", "event": "merge", "unit": "A", "into": "B", "from": "2021-01-01"},
    ),
}


def test_a_merged_hamlet_is_lost_with_its_successor() -> None:
    merged = (FIRST_ANNIVERSARY, 2, "A", events.NOBODY, events.ABSORBED, events.MERGED)
    loaded = sample(MERGER)
    after = count_one(loaded, [merged, cell(800.0, "B", events.LOST)], "merge")
    assert (first(after, "A", LOST), first(after, "B", LOST)) == (3, 3)
    assert flow(after, "cells_lost") == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    before = count_one(loaded, [cell(200.0, "B", events.LOST), merged], "merge")
    assert (first(before, "A", LOST), first(before, "B", LOST)) == (NEVER, 1)


def test_a_merged_hamlet_has_the_state_of_its_successor() -> None:
    loaded = sample(MERGER)
    panel = empty_panel(loaded)
    panel[1:, 0, FIELD["cell"]] = rules.CLOSED
    panel[2:, 1, FIELD["cell"]] = rules.NONE
    panel[2:, 1, FIELD["strength"]] = 2
    merged = (FIRST_ANNIVERSARY, 2, "A", events.NOBODY, events.ABSORBED, events.MERGED)
    counts = counted(loaded, [outcome_of(loaded, [merged], panel)], "merge")
    assert flow(counts, "without_cell") == [0, 0, 2, 2, 2, 2, 2, 2, 2]
    assert flow(counts, "hamlets") == [3] * 9
    assert counts.strength[0, 2, 2] == counts.strength[1, 2, 2] == 1


def test_a_hamlet_that_is_not_there_yet_is_not_counted() -> None:
    loaded = sample()
    panel = empty_panel(loaded)
    panel[:3, 2, FIELD["cell"]] = rules.CLOSED
    counts = counted(loaded, [outcome_of(loaded, [], panel)])
    assert flow(counts, "hamlets") == [2, 2, 2, 3, 3, 3, 3, 3, 3]
    assert counts.strength[2].sum(axis=1).tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 1]


# ---------------------------------------------------------------- why


def loss_with(records: list[Any], day: float, loaded: Loaded | None = None) -> Counts:
    """A loses its cell at `day`, the start of a month, after these events."""
    return count_one(loaded or sample(), [*records, cell(day, "A", events.LOST, events.LEFT)])


def test_departures_are_those_of_officials_in_sixty_months() -> None:
    loaded = sample()
    one, two, three, four = keys_of(loaded, "A", rules.OFFICIAL)
    listed = key_of(loaded, "A", rules.LISTED)
    days = plans.make(loaded, "as-is").days
    origin = plans.make(loaded, "as-is").settings.origin
    loss, window = days[origin + 72], days[origin + 12]
    counts = loss_with(
        [
            life(window, "A", one, events.DEAD),  # sixty months ago to the day: too long ago
            life(window + 0.1, "A", two, events.LEFT),
            life(window + 9.0, "A", two, events.DEAD),  # was away already
            life(window + 10.0, "A", three, events.EXEMPTED),  # still counts
            life(window + 20.0, "A", three, events.MOVED, events.SETTLED_AWAY),
            life(window + 30.0, "A", listed, events.DEAD),  # was no official
            life(window + 40.0, "B", key_of(loaded, "B", rules.OFFICIAL), events.DEAD),
            life(loss + 1.0, "A", four, events.DEAD),
        ],
        loss,
    )
    assert by_code(counts.causes, "lost", events.CAUSES) == {"left": 1}
    assert by_code(counts.departures, "lost", events.KINDS) == {"left": 1, "moved": 1}


def test_an_exemption_is_a_departure_where_the_exempt_do_not_count() -> None:
    loaded = sample(rules={"exempt_counts": False})
    one = keys_of(loaded, "A", rules.OFFICIAL)[0]
    counts = loss_with([life(50.0, "A", one, events.EXEMPTED)], 91.0, loaded)
    assert by_code(counts.departures, "lost", events.KINDS) == {"exempted": 1}


def test_progress_is_the_furthest_stage_of_the_candidates() -> None:
    loaded = sample()
    stages = [rules.PROBATION, rules.READY, rules.CERTIFIED, rules.LISTED]
    keys = [key_of(loaded, "A", status) for status in stages]
    gone: list[Any] = []
    for told, key in zip(
        ["probation", "target", "dossier", "waiting_for_a_seat"], keys, strict=True
    ):
        counts = loss_with(gone, 91.0)
        assert by_code(counts.progress, "lost", dict(enumerate(PROGRESS))) == {told: 1}
        gone = [*gone, life(10.0, "A", key, events.LAPSED, events.WITHDREW)]
    assert by_code(loss_with(gone, 91.0).progress, "lost", dict(enumerate(PROGRESS))) == {
        "lapsed": 1
    }
    late = plans.make(loaded, "as-is").days[plans.make(loaded, "as-is").settings.origin + 72]
    assert by_code(loss_with(gone, late).progress, "lost", dict(enumerate(PROGRESS))) == {"none": 1}


def test_who_lapsed_sixty_months_ago_to_the_day_no_longer_counts() -> None:
    loaded = sample()
    plan = plans.make(loaded, "as-is")
    origin = plan.settings.origin
    loss, window = plan.days[origin + 72], plan.days[origin + 12]
    last, *others = (key_of(loaded, "A", s) for s in (rules.LISTED, rules.CERTIFIED, rules.READY))
    gone = [life(10.0, "A", key, events.LAPSED) for key in others]
    gone.append(life(10.0, "A", key_of(loaded, "A", rules.PROBATION), events.NOT_RECOGNISED))
    for day, told in ((window, "none"), (window + 0.1, "lapsed")):
        counts = loss_with([*gone, life(day, "A", last, events.LAPSED)], loss)
        assert by_code(counts.progress, "lost", dict(enumerate(PROGRESS))) == {told: 1}


def test_progress_follows_each_step() -> None:
    loaded = sample()
    older = [life(1.0, "A", key_of(loaded, "A", s), events.LAPSED) for s in (0, 1, 2)] + [
        life(1.0, "A", key_of(loaded, "A", rules.PROBATION), events.NOT_RECOGNISED)
    ]
    steps = [
        (events.LISTED, "waiting_for_a_seat"),
        (events.CLASS_MISSED, "waiting_for_a_seat"),
        (events.CLASS_ATTENDED, "dossier"),
        (events.DOSSIER_READY, "target"),
        (events.DOSSIER_LAPSED, "dossier"),
        (events.CERTIFICATE_EXPIRED, "waiting_for_a_seat"),
        (events.ADMITTED, "probation"),
        (events.RECOGNISED, "lapsed"),
    ]
    for last, (_, told) in enumerate(steps):
        story = [
            life(2.0 + i, "A", NEW_PERSON, kind) for i, (kind, _) in enumerate(steps[: last + 1])
        ]
        counts = loss_with([*older, *story], 31.0)
        assert by_code(counts.progress, "lost", dict(enumerate(PROGRESS))) == {told: 1}, told


@pytest.mark.parametrize(
    ("off", "told"),
    [({}, "waiting_for_a_seat"), ({"training"}, "dossier"), ({"training", "dossier"}, "target")],
)
def test_stages_that_are_switched_off_take_no_time(off: set[str], told: str) -> None:
    switches: dict[str, Any] = {name: {"on": False} for name in off}
    loaded = sample(**switches)
    gone = [life(1.0, "A", key_of(loaded, "A", s), events.LAPSED) for s in range(3)]
    gone.append(life(1.0, "A", key_of(loaded, "A", rules.PROBATION), events.NOT_RECOGNISED))
    counts = loss_with([*gone, life(2.0, "A", NEW_PERSON, events.LISTED)], 31.0, loaded)
    assert by_code(counts.progress, "lost", dict(enumerate(PROGRESS))) == {told: 1}


def test_candidates_who_are_moved_to_another_hamlet_count_there() -> None:
    loaded = sample(MERGER)
    counts = count_one(
        loaded,
        [
            *[
                (FIRST_ANNIVERSARY, 2, "A", key_of(loaded, "A", s), events.RELOCATED, events.MERGED)
                for s in range(4)
            ],
            cell(FIRST_ANNIVERSARY, "A", events.LOST),
            cell(FIRST_ANNIVERSARY, "B", events.LOST),
        ],
        "merge",
    )
    found = by_code(counts.progress, "lost", dict(enumerate(PROGRESS)))
    assert found == {"none": 1, "probation": 1}


def test_who_is_moved_goes_where_the_move_of_that_day_and_hamlet_leads() -> None:
    """Of A the first of two moves, not the later one, and not that of B on the same day."""
    moves = [("A", "B", "2021-01-01"), ("B", "C", "2021-01-01"), ("A", "C", "2022-01-01")]
    levers = tuple(
        {"lever": "structural", "event": "resettle", "unit": unit, "into": into, "share": 0.5,
         "from": day}
        for unit, into, day in moves
    )  # fmt: skip
    loaded = sample({"as-is": (), "moved": levers})
    moved = key_of(loaded, "A", rules.PROBATION)
    records = [
        (FIRST_ANNIVERSARY, 2, "A", moved, events.RELOCATED, events.RESETTLED),
        cell(FIRST_ANNIVERSARY + 31.0, "B", events.LOST),
    ]
    counts = count_one(loaded, records, "moved")
    assert by_code(counts.progress, "lost", dict(enumerate(PROGRESS))) == {"probation": 1}


# ---------------------------------------------------------------- flows


def test_events_of_members_and_of_candidates_are_told_apart() -> None:
    loaded = sample()
    official, probationer = (
        key_of(loaded, "A", rules.OFFICIAL),
        key_of(loaded, "A", rules.PROBATION),
    )
    listed = key_of(loaded, "A", rules.LISTED)
    counts = count_one(
        loaded,
        [
            life(1.0, "A", official, events.DEAD),
            life(2.0, "A", probationer, events.DEAD),
            life(3.0, "A", listed, events.DEAD),
            life(4.0, "A", NEW_PERSON, events.LISTED),
            life(5.0, "A", NEW_PERSON, events.LEFT),
            life(6.0, "A", NEW_PERSON + 1, events.MOVED_IN),
            life(7.0, "A", NEW_PERSON + 1, events.LEFT),
        ],
    )
    assert (flow(counts, "dead")[1], flow(counts, "candidates_dead")[1]) == (2, 1)
    assert (flow(counts, "left")[1], flow(counts, "candidates_left")[1]) == (1, 1)
    assert (flow(counts, "moved_in")[1], flow(counts, "listed_in_year")[1]) == (1, 1)


def test_what_is_not_counted_by_event_stands_in_no_column() -> None:
    kinds = (events.CHIEF_NAMED, events.SECRETARY_NAMED, events.BECAME)
    counts = count_one(sample(), [cell(10.0, "A", kind) for kind in kinds])
    quiet = count_one(sample(), [])
    np.testing.assert_array_equal(counts.years, quiet.years)


def test_a_member_sent_by_another_cell_is_a_departure_and_comes_back() -> None:
    loaded = sample()
    sent = keys_of(loaded, "A", rules.OFFICIAL)[0]
    counts = count_one(
        loaded,
        [
            (31.0, 6, "A", sent, events.SENT, 0),
            (31.0, 6, "B", sent, events.POSTED, events.SENT),
            (366.0, 2, "B", sent, events.POSTING_ENDED, 0),
            life(400.0, "A", sent, events.LEFT),
            cell(456.0, "A", events.LOST),
        ],
    )
    assert by_code(counts.departures, "lost", events.KINDS) == {"sent": 1, "left": 1}
    assert (sum(flow(counts, "sent")), sum(flow(counts, "sent_home"))) == (1, 1)
    assert sum(flow(counts, "posting_ended")) == sum(flow(counts, "posted")) == 0


def test_whose_posting_from_a_pool_ends_is_not_sent_home() -> None:
    counts = count_one(
        sample(),
        [
            (31.0, 6, "A", NEW_PERSON, events.POSTED, events.AT_START),
            (366.0, 2, "A", NEW_PERSON, events.POSTING_ENDED, 0),
        ],
    )
    assert (sum(flow(counts, "posted")), sum(flow(counts, "posting_ended"))) == (1, 1)
    assert sum(flow(counts, "sent")) == sum(flow(counts, "sent_home")) == 0


def test_seats_are_of_the_class_that_was_held() -> None:
    policies = {
        "as-is": (),
        "local": (
            {"lever": "local_class", "level": "commune", "months": [2, 4], "seats": 5},
            {"lever": "training", "replace_no_shows": False},
        ),
    }
    loaded = sample(policies, training={"months": [4], "seats": 10, "level": "commune"})
    listed = key_of(loaded, "A", rules.LISTED)
    held = {"feb": 31.0, "apr": 91.0}
    records = [
        (held["feb"], 4, "A", listed, events.CLASS_ATTENDED, 0),
        (held["apr"], 4, "A", NEW_PERSON, events.CLASS_ATTENDED, 0),
        (held["apr"], 4, "A", NEW_PERSON + 1, events.CLASS_MISSED, 0),
    ]
    counts = count_one(loaded, records, "local")
    seats = [flow(counts, f"{name}seats_used")[1] for name in ("", "local_", "either_")]
    assert seats == [0, 1, 2]  # the no-show's seat stayed empty
    plain = count_one(loaded, records[1:], "as-is")
    assert [flow(plain, f"{name}seats_used")[1] for name in ("", "local_", "either_")] == [1, 0, 0]


# ---------------------------------------------------------------- the state


def test_the_numbers_of_hamlets_at_an_anniversary() -> None:
    loaded = sample()
    panel = empty_panel(loaded)
    strong = {
        "strength": 6, "local": 3, "roll": 6, "women": 2, "under_60_present": 2, "over_60": 3,
        "successors": 2, "secretary": 2,
    }  # fmt: skip
    weak = {
        "strength": 4, "local": 2, "roll": 2, "women": 1, "over_60": 2, "secretary": 1,
        "months_since_admission": 60,
    }  # fmt: skip
    none = {"cell": rules.NONE, "months_since_admission": 59, "chief_is_member": 1, "secretary": 2}
    for h, fields in enumerate((strong, weak, none)):
        for name, value in fields.items():
            panel[0, h, FIELD[name]] = value
    panel[0, 0, FIELD["posted"]] = 2
    counts = counted(loaded, [outcome_of(loaded, [], panel)])
    found = {name: int(counts.years[0, 0, 0, COLUMN[name]]) for name in STATES}
    assert {name: n for name, n in found.items() if n} == {
        "hamlets": 3, "own_cell": 2, "without_cell": 1, "without_members": 1, "few_local": 2,
        "under_risk_line": 1, "no_admission": 1, "no_successor": 2, "at_risk": 1,
        "chief_is_member": 1, "secretary_trained": 2, "officials": 8, "over_60": 5,
        "posted_now": 2, "women": 3, "secretary_alone": 1,
    }  # fmt: skip


def test_only_a_weak_cell_of_its_own_is_at_risk() -> None:
    """All are old and long without an admission: A weak, B strong, C weak but without a cell."""
    loaded = sample()
    panel = empty_panel(loaded)
    old = {"roll": 2, "over_60": 2, "months_since_admission": 60}
    for h, strength in enumerate((4, 5, 4)):
        for name, value in (old | {"strength": strength}).items():
            panel[0, h, FIELD[name]] = value
    panel[0, 2, FIELD["cell"]] = rules.NONE
    assert loaded.scenario.rules.risk_line == 5
    counts = counted(loaded, [outcome_of(loaded, [], panel)])
    assert (flow(counts, "under_risk_line")[0], flow(counts, "at_risk")[0]) == (1, 1)
    assert counts.sums[0, SUMS.index("at_risk"), :, 0].tolist() == [1, 0, 0, 0]


def test_probationers_are_members_and_a_joint_cell_is_no_lack_of_one() -> None:
    loaded = sample()
    panel = empty_panel(loaded)
    panel[0, :3, FIELD["cell"]] = rules.JOINT
    panel[0, 0, FIELD["probation"]] = 1
    panel[0, 1, FIELD["posted"]] = 1
    counts = counted(loaded, [outcome_of(loaded, [], panel)])
    assert (flow(counts, "without_members")[0], flow(counts, "without_cell")[0]) == (1, 0)
    assert flow(counts, "joint_cell")[0] == 3
    panel[0, 2, FIELD["roll"]] = panel[0, 2, FIELD["probation"]] = 1
    counts = counted(loaded, [outcome_of(loaded, [], panel)])
    assert flow(counts, "without_members")[0] == 0


def test_strength_beyond_the_last_bin_is_counted_there() -> None:
    loaded = sample()
    panel = empty_panel(loaded)
    panel[0, 0, FIELD["strength"]] = 500
    counts = counted(loaded, [outcome_of(loaded, [], panel)], bins=20)
    assert counts.strength[0, 0, 19] == 1


# ---------------------------------------------------------------- against a slow recount


@pytest.fixture(scope="module", params=SHIPPED)
def real(request: pytest.FixtureRequest) -> Loaded:
    """A shipped scenario; of a province one district, so that a plain recount is soon done."""
    return affordable(request.param)


def policy_outcomes(loaded: Loaded) -> Any:
    world = build(loaded)
    for policy in loaded.policies:
        plan = plans.make(loaded, policy)
        yield policy, plan, compiled.run(plan, world, loaded.scenario.seed, 1)


def test_the_state_is_that_of_the_year_before_and_what_the_year_brought(real: Loaded) -> None:
    """The balance of members, exactly, in every year of every policy of the shipped scenarios."""
    for policy, _, outcome in policy_outcomes(real):
        year = counted(real, [outcome], policy, bins=200).years[0].sum(axis=0)
        column = {name: year[:, i].astype(int) for i, name in enumerate(MEASURES)}
        members = column["officials"] + column["probation"] + column["posted_now"]
        came = column["admitted"] + column["moved_in"] + column["posted"]
        went = sum(
            column[kind]
            for kind in ("dead", "moved", "expelled", "struck_off", "asked_to_leave",
                         "not_recognised", "posting_ended")
        )  # fmt: skip
        assert (np.diff(members) == (came - went)[1:]).all(), policy


def test_events_are_counted_like_a_plain_recount(real: Loaded) -> None:
    for policy, plan, outcome in policy_outcomes(real):
        years = counted(real, [outcome], policy, bins=200).years[0].sum(axis=0)
        kinds = Counter(
            (events.KINDS[int(k)], int(np.searchsorted(_ends(plan), day)))
            for k, day in zip(outcome.log.kind, outcome.log.day, strict=True)
        )
        for name in FLOWS:
            kind = {"listed_in_year": "listed", "officers_trained": "officer_trained"}.get(
                name, name.removeprefix("cells_")
            )
            if name.startswith(("candidates_", "seats", "local_", "either_", "sent_home")):
                continue
            mine = years[:, COLUMN[name]].astype(int)
            if f"candidates_{name}" in COLUMN:
                mine = mine + years[:, COLUMN[f"candidates_{name}"]]
            if name == "posted":
                mine = mine + years[:, COLUMN["sent"]]
            if name == "posting_ended":
                mine = mine + years[:, COLUMN["sent_home"]]
            plain = [kinds[(kind, y)] for y in range(len(mine))]
            assert mine.tolist() == plain, (policy, name)


def test_areas_and_hamlets_are_counted_like_a_plain_recount(real: Loaded) -> None:
    areas = list(dict.fromkeys(u.area for u in real.baseline.units))
    at = np.array([areas.index(u.area) for u in real.baseline.units])
    for policy, _, outcome in policy_outcomes(real):
        counts = counted(real, [outcome], policy, bins=200)
        years = {n: int(counts.years[0, :, :, COLUMN[n]].sum()) for n in FUNNEL}
        assert counts.funnel[0].sum(axis=0).tolist() == [years[n] for n in FUNNEL], policy
        for step in STEPS:
            kind = {name: code for code, name in events.KINDS.items()}[step.split("_in_")[0]]
            where = at[outcome.log.hamlet[outcome.log.kind == kind]]
            plain = np.bincount(where, minlength=len(areas))
            assert counts.funnel[0, :, FUNNEL.index(step)].tolist() == plain.tolist(), step
        admitted = counts.totals[TOTALS.index("admitted")].sum(axis=0)
        assert (
            admitted.tolist() == counts.years[0, :, :, COLUMN["admitted"]].sum(axis=0).tolist()
        ), policy


def test_who_stands_on_posted_members_and_who_has_no_successor() -> None:
    """A has 5, 2 of them its own; B has 3 of its own and 1 posted; C has no cell.

    The school's 4 are 1 of its own and 3 of a hamlet whose host it is: nobody is posted.
    """
    loaded = sample()
    panel = empty_panel(loaded)
    panel[:, 2, FIELD["cell"]] = rules.NONE
    for at, fields in enumerate(
        (
            {"strength": 5, "local": 2, "posted": 3, "active": 4, "roll": 2, "over_60": 2},
            {"strength": 4, "local": 3, "posted": 1, "active": 4, "roll": 3,
             "under_60_present": 2, "secretary": 1, "successors": 0,
             "months_since_admission": 60},
            {"strength": 3, "local": 0, "posted": 3},
            {"strength": 4, "local": 1},
        )
    ):  # fmt: skip
        for name, value in fields.items():
            panel[:, at, FIELD[name]] = value
    study = study_of(loaded, {"as-is": [outcome_of(loaded, [], panel)] * 2})
    sums = study.tallies["as-is"].counts.sums[0, :, :, 4]
    for name, expected in {"on_posted": [2, 0, 0, 0], "no_successor": [2, 0, 2, 2],
                           "no_admission": [0, 2, 0, 0]}.items():  # fmt: skip
        assert sums[SUMS.index(name)].tolist() == expected, name
    table = risk.hamlets(study)
    a, b = (row(table, hamlet=h, year=4) for h in ("A", "B"))
    assert (a.p_on_posted, b.p_on_posted, b.p_no_admission) == (1, 0, 1)
    assert (a.local_mean, a.posted_mean, a.active_mean) == (2, 3, 4)
    assert (a.officials_mean, a.over_60_mean, a.admitted_mean) == (2, 2, 0)
    years = of_hamlets(risk.years(study)).query("year == 4").set_index("measure")["mean"]
    assert (years.on_posted, years.secretary_alone, years.no_secretary) == (1, 1, 1)


def test_people_needed_to_be_safe() -> None:
    loaded = sample()
    outcomes = []
    for strength in range(1, 11):
        panel = empty_panel(loaded)
        panel[:, 0, FIELD["strength"]] = strength
        panel[:, 1, FIELD["strength"]] = 7
        outcomes.append(outcome_of(loaded, [], panel))
    table = risk.hamlets(study_of(loaded, {"as-is": outcomes}))
    assert row(table, hamlet="A", year=3).needed == 2
    assert row(table, hamlet="B", year=3).needed == 0


def test_somebody_is_needed_where_a_cell_may_fall_below_between_anniversaries() -> None:
    loaded = sample()
    panel = empty_panel(loaded)
    panel[:, :2, FIELD["strength"]] = 7
    panel[3, 0, FIELD["strength"]] = 1
    story = [cell(100.0, "B", events.BELOW), cell(110.0, "B", events.RESTORED)]
    table = risk.hamlets(study_of(loaded, {"as-is": [outcome_of(loaded, story, panel)]}))
    needed = {h: table.query("hamlet == @h").needed.tolist() for h in ("A", "B")}
    assert needed == {"A": [0, 0, 0, 2, 2, 2, 2, 2, 2], "B": [0, 1, 1, 1, 1, 1, 1, 1, 1]}


def test_the_way_by_area_and_the_rates() -> None:
    loaded = sample()
    key = key_of(loaded, "A", rules.READY)
    story = [life(100.0, "A", key, events.ADMITTED)]
    study = study_of(loaded, {"as-is": [outcome_of(loaded, story), outcome_of(loaded, [])]})
    table = risk.funnel(study)
    admitted = row(table, area="Hills", step="admitted")
    assert (admitted.number, admitted.number_low) == pytest.approx((0.5, 0.0))
    assert table.step.tolist() == list(FUNNEL)
    assert row(table, step="lapsed").number_high > 0
    published = sample(published={"death": 0.02})
    found = risk.rates(study_of(published, {"as-is": [outcome_of(published, [])] * 2}))
    assert row(found, rate="death").published == 0.02
    assert np.isnan(row(found, rate="removal").published)


def _ends(plan: plans.Plan) -> Any:
    months = np.arange(0, plan.settings.months + 1, 12)
    return plan.days[plan.settings.origin + months]


def test_the_order_of_hamlets_in_the_log_does_not_matter(real: Loaded) -> None:
    for policy, _, outcome in policy_outcomes(real):
        written = counted(real, [outcome], policy, bins=200)
        last_first = np.lexsort((-outcome.log.hamlet, outcome.log.phase, outcome.log.day))
        for log in (in_order(outcome.log), Log(*(c[last_first] for c in outcome.log))):
            again = counted(real, [outcome._replace(log=log)], policy, bins=200)
            for name, one, other in zip(Counts._fields, written, again, strict=True):
                assert np.array_equal(one, other), (policy, name)


# ---------------------------------------------------------------- intervals


@pytest.mark.parametrize(("k", "n"), [(0, 500), (1, 500), (7, 20), (499, 500), (500, 500)])
def test_shares_have_the_exact_interval(k: int, n: int) -> None:
    found = intervals.share(k, n)
    known = stats.binomtest(k, n).proportion_ci(method="exact")
    assert found.value == k / n
    assert (found.low, found.high) == pytest.approx((known.low, known.high), rel=1e-9)
    assert found.high > 0
    assert found.low < 1


def test_one_draw_is_the_plain_interval() -> None:
    by_draw = intervals.share_by_draw(np.array([[3, 0]]), np.array([40]))
    plain = intervals.share(np.array([3, 0]), 40)
    assert np.array_equal(by_draw, plain)


def test_intervals_cover_when_draws_of_the_parameters_differ() -> None:
    """25 draws x 20 replications, P of the draw ~ Beta(2, 6); 4,000 trials, seed 1.

    The interval of the mean of P covers in at least 92.5 % (true 94.4 %: false alarm 1e-6); the
    plain interval, which takes replications of one draw for independent, covers under 75 %.
    """
    random = np.random.default_rng(1)
    p = random.beta(2, 6, size=(25, 4000))
    counts = random.binomial(20, p)
    right = intervals.share_by_draw(counts, np.full(25, 20))
    wrong = intervals.share(counts.sum(axis=0), 500)
    covers = [((i.low <= 0.25) & (i.high >= 0.25)).mean() for i in (right, wrong)]
    assert covers[0] > 0.925
    assert covers[1] < 0.75


def test_means_have_students_interval() -> None:
    values = np.array([[1.0], [2.0], [4.0], [5.0]])
    found = intervals.mean(values, np.zeros(4, dtype=int))
    known = stats.t.interval(0.95, 3, loc=3.0, scale=stats.sem(values[:, 0]))
    assert (found.low[0], found.high[0]) == pytest.approx(known)


def test_nothing_counted_is_an_upper_bound() -> None:
    found = intervals.mean(np.zeros((500, 1)), np.zeros(500, dtype=int), counted=True)
    assert found.low[0] == 0
    assert found.high[0] == pytest.approx(stats.chi2.ppf(0.975, 2) / 2 / 500)  # Garwood


def test_equal_replications_within_draws_leave_the_draws_as_the_sample() -> None:
    by_draw = np.array([1.0, 2.0, 6.0])
    draw = np.tile(np.arange(3), 10)
    found = intervals.mean(by_draw[draw], draw)
    known = stats.t.interval(0.95, 2, loc=3.0, scale=stats.sem(by_draw))
    assert (found.low, found.high) == pytest.approx(known)


def test_few_events_have_the_interval_of_poisson() -> None:
    """One event in 30 replications may not look surer than none: Garwood's exact ends."""
    values = np.zeros((30, 1))
    values[7] = 1.0
    found = intervals.mean(values, np.arange(30) * 0, counted=True)
    error = stats.t.ppf(0.975, 29) / stats.norm.ppf(0.975) * np.sqrt(1 / 30 / 30)  # of the mean
    shape, scale = (1 / 30 / error) ** 2, error**2 * 30
    assert found.low[0] == pytest.approx(stats.gamma.ppf(0.025, shape, scale=scale))
    assert found.high[0] == pytest.approx(stats.chi2.ppf(0.975, 4) / 2 / 30, rel=0.03)
    none = intervals.mean(np.zeros((30, 1)), np.arange(30) * 0, counted=True)
    assert found.high[0] > none.high[0]


@pytest.mark.parametrize("events", [1.0, 3.75, 5.0, 8.0])
def test_means_of_rare_events_are_covered(events: float) -> None:
    """At least 94.5 % of 4,000 (true 96.5 % or more: false alarm 1e-9); Student's under 92 %."""
    values = np.random.default_rng(11).poisson(events / 100, (100, 4000)).astype(float)
    draw, true = np.zeros(100, dtype=int), events / 100
    right = intervals.mean(values, draw, counted=True)
    wrong = intervals.mean(values, draw)
    covers = [((i.low <= true) & (true <= i.high)).mean() for i in (right, wrong)]
    assert covers[0] > 0.945
    assert covers[1] < 0.92


def test_paired_shares() -> None:
    """Zou and Donner's, of the exact intervals of both shares and their correlation."""
    found = intervals.paired_share(30, 10, 100)
    (b, c), exact = (0.3, 0.1), stats.binomtest
    ends = [exact(k, 100).proportion_ci(method="exact") for k in (30, 10)]
    together = -np.sqrt(b * c / ((1 - b) * (1 - c)))
    sides = ((c - ends[1].low, ends[0].high - b), (ends[1].high - c, b - ends[0].low))
    half = [np.sqrt(x**2 + y**2 - 2 * together * x * y) for x, y in sides]
    assert found.value == pytest.approx(-0.2)
    assert (found.low, found.high) == pytest.approx((-0.2 - half[0], -0.2 + half[1]))


def test_a_pair_that_never_differs_is_bounded_like_a_share() -> None:
    none = intervals.paired_share(0, 0, 500)
    bound = intervals.share(0, 500).high
    assert (float(none.low), float(none.high)) == pytest.approx((-float(bound), float(bound)))


@pytest.mark.parametrize("share", [0.004, 0.0045, 0.008, 0.03])
def test_rare_discordant_pairs_are_covered(share: float) -> None:
    """At least 94.5 % of 20,000 (true 96.5 % or more: false alarm under 1e-9).

    Wald's after half a pair in each cell (Agresti and Min) covers 86 to 91 % at .004 to .008.
    """
    harmed = np.random.default_rng(5).binomial(500, share, 20_000)
    found = intervals.paired_share(np.zeros(20_000), harmed, 500)
    assert ((found.low <= share) & (share <= found.high)).mean() > 0.945


@pytest.mark.parametrize(("less", "more"), [(0.0, 4.0), (1.0, 3.0), (0.0, 8.0), (3.0, 3.0)])
def test_differences_of_rare_events_are_covered(less: float, more: float) -> None:
    """At least 94.5 % of 4,000 (true 97.5 % or more: false alarm under 1e-9)."""
    random = np.random.default_rng(7)
    values = random.poisson(more / 100, (100, 4000)) - random.poisson(less / 100, (100, 4000))
    found = intervals.difference(values, np.zeros(100, dtype=int))
    true = (more - less) / 100
    assert ((found.low <= true) & (true <= found.high)).mean() > 0.945


def test_a_difference_seen_once_is_not_surer_than_one_never_seen() -> None:
    draw = np.zeros(30, dtype=int)
    none, once = intervals.difference(np.zeros(30), draw), intervals.difference(np.eye(30)[4], draw)
    assert (none.low, none.high) == pytest.approx((-none.high, intervals.bound_of_none(30)))
    assert once.high > none.high
    assert once.low < 0


def test_what_is_not_sure_is_never_told_as_100_percent() -> None:
    nearly = intervals.Interval(*map(np.array, (1.0, 0.99986, 1.0)))
    assert percentage(nearly) == "> 99.9 %"
    almost = intervals.Interval(*map(np.array, (0.9997, 0.9996, 0.9998)))
    assert percentage(almost) == "99.9 % [99.9, 99.9]"
    assert percent(0.99986) == "99.9"
    assert (percent(1.0), percent(0.5)) == ("100", "50")


def test_a_ratio_of_proportional_numbers_is_exact() -> None:
    bottom = np.array([1.0, 2.0, 7.0])
    found = intervals.ratio(3 * bottom, bottom, np.zeros(3, dtype=int))
    assert tuple(found) == pytest.approx((3, 3, 3))


# ---------------------------------------------------------------- tables


def two_policies() -> risk.Study:
    loaded = sample({"as-is": (), "better": ({"lever": "emulation", "factor": 2.0},)})
    lost = [cell(100.0, "A", events.BELOW), cell(182.0, "A", events.LOST, events.POSTING_ENDED)]
    late = [cell(1000.0, "A", events.LOST, events.DEAD)]
    other = [cell(400.0, "B", events.COMBINED), cell(500.0, "B", events.LOST, events.LEFT)]
    base = [outcome_of(loaded, r) for r in (lost, late, lost, [])]
    better = [outcome_of(loaded, r) for r in ([], [], other, [])]
    return study_of(loaded, {"as-is": base, "better": better})


def row(table: pd.DataFrame, **where: Any) -> Any:
    table = table if "kind" in where else of_hamlets(table)
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_hamlets_table() -> None:
    table = risk.hamlets(two_policies())
    assert len(table) == 2 * 4 * 9
    a = row(table, policy="as-is", hamlet="A", year=8)
    assert (a.p_lost, a.p_below, a.p_combined) == (0.75, 0.5, 0.0)
    assert 0 < a.p_combined_high < 1
    assert a.p_lost_low < 0.75 < a.p_lost_high
    assert a.main_cause == "posting_ended"
    assert a.expected_loss_year == pytest.approx(2020 + (182 + 1000 + 182) / 3 / 365.25)
    assert row(table, policy="as-is", hamlet="A", year=1).p_lost == 0.5
    assert row(table, policy="as-is", hamlet="B", year=8).main_cause == ""
    assert np.isnan(row(table, policy="as-is", hamlet="B", year=8).expected_loss_year)
    assert str(a.date.date()) == "2028-01-01"


def test_at_risk_at_the_start_is_what_most_replications_have() -> None:
    """Ages within a band are drawn, so that the rule may hold in some replications only."""
    loaded, flagged = sample(), {"strength": 4, "roll": 2, "over_60": 2}
    outcomes = []
    for at_risk in ("A", "AB", "AB", ""):
        panel = empty_panel(loaded)
        for hamlet in at_risk:
            for name, value in (flagged | {"months_since_admission": 60}).items():
                panel[0, HAMLETS.index(hamlet), FIELD[name]] = value
        outcomes.append(outcome_of(loaded, [], panel))
    table = risk.hamlets(study_of(loaded, {"as-is": outcomes[:3] + [outcomes[3]] * 2}))
    start = table[table["year"] == 0].set_index("hamlet").loc[["A", "B", "C"]]
    assert start["at_risk_at_start"].tolist() == [True, False, False]
    assert start["p_at_risk"].tolist() == [3 / 5, 2 / 5, 0]


def test_what_came_first_and_kaplan_meier() -> None:
    b = row(risk.hamlets(two_policies()), policy="better", hamlet="B", year=8)
    assert (b.p_lost, b.p_combined) == (0.25, 0.25)
    assert (b.p_first_lost, b.p_first_combined, b.p_lost_alone) == (0.0, 0.25, 0.0)
    a = row(risk.hamlets(two_policies()), policy="as-is", hamlet="A", year=8)
    assert (a.p_first_lost, a.p_first_combined, a.p_lost_alone) == (0.75, 0.0, 0.75)


def test_kaplan_meier_keeps_the_combined_at_risk_no_longer() -> None:
    loaded = sample()
    first_year = [[cell(100.0, "A", events.COMBINED)], [cell(100.0, "A", events.LOST)], [], []]
    second_year = [[cell(500.0, "A", events.LOST)]]
    study = study_of(loaded, {"as-is": [outcome_of(loaded, r) for r in first_year + second_year]})
    table = risk.hamlets(study)
    one = row(table, policy="as-is", hamlet="A", year=1)
    two = row(table, policy="as-is", hamlet="A", year=2)
    assert one.p_lost_alone == pytest.approx(1 / 5)
    assert two.p_lost_alone == pytest.approx(1 - (4 / 5) * (2 / 3))


def test_where_nobody_is_left_to_lose_a_cell_it_stays_lost() -> None:
    loaded = sample()
    study = study_of(loaded, {"as-is": [outcome_of(loaded, [cell(100.0, "A", events.LOST)])] * 3})
    table = of_hamlets(risk.hamlets(study)).query("hamlet == 'A'")
    assert table.p_lost_alone.tolist() == [0.0] + [1.0] * 8


def test_recovery_and_spells() -> None:
    loaded = sample()
    story = [
        cell(10.0, "A", events.BELOW),
        cell(20.0, "A", events.RESTORED),
        cell(30.0, "A", events.BELOW),
        cell(91.0, "A", events.LOST),
        cell(400.0, "A", events.FOUNDED, events.RECOGNISED),
    ]
    founded_only = [cell(400.0, "A", events.FOUNDED, events.MOVED_IN)]
    study = study_of(loaded, {"as-is": [outcome_of(loaded, r) for r in (story, founded_only)]})
    a = row(risk.hamlets(study), hamlet="A", year=8)
    assert (a.spells_below, a.share_restored, a.p_recovered) == (1.0, 0.5, 1.0)


def test_strength_quantiles() -> None:
    loaded = sample()
    outcomes = []
    for strength in range(1, 11):
        panel = empty_panel(loaded)
        panel[:, 0, FIELD["strength"]] = strength
        panel[1:, 1, FIELD["cell"]] = rules.CLOSED
        outcomes.append(outcome_of(loaded, [], panel))
    table = risk.hamlets(study_of(loaded, {"as-is": outcomes}))
    a = row(table, hamlet="A", year=3)
    assert (a.strength_median, a.strength_low, a.strength_high) == (5, 1, 10)
    assert np.isnan(row(table, hamlet="B", year=3).strength_median)  # it is not there


def test_years_table() -> None:
    table = risk.years(two_policies())
    lost = row(table, policy="as-is", measure="lost", year=8)
    assert table.index.is_unique
    assert lost["mean"] == 0.75
    assert lost.low < 0.75 < lost.high
    assert np.isnan(lost.so_far)
    events_ = row(table, policy="as-is", measure="cells_lost", year=3)
    assert (events_["mean"], events_.so_far) == (0.25, 0.75)
    none = row(table, policy="better", measure="cells_founded", year=8)
    assert none["mean"] == none.low == 0 < none.high
    assert np.isnan(lost.sd_parameters)
    assert lost.sd_chance == pytest.approx(0.5)


def test_losses_table() -> None:
    table = risk.losses(two_policies())
    ended = row(table, policy="as-is", ending="lost", by="cause", what="posting_ended")
    assert (ended.number, ended.share) == (0.5, pytest.approx(2 / 3))
    assert 0 < ended.number_low < 0.5 < ended.number_high  # twice in four lives is sure not to be 0
    dead = row(table, policy="as-is", ending="lost", by="cause", what="dead")
    assert dead.share == pytest.approx(1 / 3)
    furthest = row(table, policy="as-is", ending="lost", by="progress")
    assert (furthest.what, furthest.share) == ("probation", 1.0)
    combined = of_hamlets(table).query("policy == 'better' and ending == 'combined'")
    assert combined.what.tolist() == ["dead", "none"]


def test_pairs_table() -> None:
    table = risk.pairs(two_policies())
    lost = row(table, policy="better", outcome="lost", hamlet="")
    assert (lost.base, lost.value, lost.difference) == (0.75, 0.25, -0.5)
    assert (lost.saved, lost.harmed) == (0.75, 0.25)
    a = row(table, policy="better", outcome="lost", hamlet="A")
    assert (a.difference, a.saved, a.harmed) == (-0.75, 0.75, 0.0)
    b = row(table, policy="better", outcome="lost", hamlet="B")
    assert (b.difference, b.saved, b.harmed) == (0.25, 0.0, 0.25)
    assert set(table.policy) == {"better"}


def test_variance_that_common_lives_save() -> None:
    """Of 3 and of 1 lost in 4 replications, each with its own variance over that of the pairs."""
    lost = row(risk.pairs(two_policies()), policy="better", outcome="lost", hamlet="")
    base, better = np.array([1, 1, 1, 0]), np.array([0, 0, 1, 0])
    apart, together = base.var() + better.var(), (better - base).var()
    assert lost.variance_ratio == pytest.approx(apart / together)


def test_pairs_are_of_the_horizon() -> None:
    """What happens in the last year counts: B is lost under the base only, C gets a cell."""
    loaded = sample({"as-is": (), "better": ()})
    without, founded = empty_panel(loaded), empty_panel(loaded)
    for panel in (without, founded):
        panel[:, 2, FIELD["cell"]] = rules.NONE
    founded[-1, 2, FIELD["cell"]] = rules.OWN
    lost = [cell(2900.0, "B", events.LOST)]
    base = [outcome_of(loaded, lost, without)] * 3
    better = [outcome_of(loaded, [], founded)] * 3
    table = risk.pairs(study_of(loaded, {"as-is": base, "better": better}))
    for outcome, there, here in (("lost", 1.0, 0.0), ("without_cell", 1.0, 0.0)):
        found = row(table, outcome=outcome, hamlet="")
        assert (found.base, found.value, found.difference) == (there, here, here - there)


def test_a_policy_like_the_base_differs_by_nothing_and_says_how_surely() -> None:
    loaded = sample({"as-is": (), "same": ()})
    outcomes = [outcome_of(loaded, r) for r in ([cell(91.0, "A", events.LOST)], [], [])]
    table = risk.pairs(study_of(loaded, {"as-is": outcomes, "same": outcomes}))
    assert (table.difference.dropna() == 0).all()
    lost = row(table, outcome="lost", hamlet="")
    assert lost.low < 0 < lost.high
    assert np.isnan(row(table, outcome="cost_per_cell_year", hamlet="", kind="").value)


def test_one_replication_tells_what_differed_and_nothing_of_how_surely() -> None:
    loaded = sample({"as-is": (), "better": ()})
    outcomes = {"as-is": [outcome_of(loaded, [cell(91.0, "A", events.LOST)])],
                "better": [outcome_of(loaded, [])]}  # fmt: skip
    study = study_of(loaded, outcomes)
    a = row(risk.pairs(study), outcome="lost", hamlet="A")
    assert (a.difference, a.saved) == (-1.0, 1.0)
    assert row(risk.hamlets(study), policy="as-is", hamlet="A", year=8).p_lost_alone == 1.0


def test_draws_of_the_parameters_lessen_what_pairs_can_tell() -> None:
    """Twenty equal replications in each of ten draws are hardly more than ten."""
    loaded = sample({"as-is": (), "better": ({"lever": "emulation", "factor": 2.0},)})
    lost = [cell(100.0, "A", events.LOST)]
    base = [outcome_of(loaded, lost if k // 20 < 6 else []) for k in range(200)]
    better = [outcome_of(loaded, []) for _ in range(200)]
    study = study_of(loaded, {"as-is": base, "better": better})
    draw = np.arange(200) // 20
    tallies = {name: replace(tally, draw=draw) for name, tally in study.tallies.items()}
    effective = 200 * 9 / 199  # of 0.6 x 0.4: its variance over replications to that over draws
    wanted = intervals.paired_share(0.6 * effective, 0.0, effective)
    base_tally, tally = tallies.values()
    there, here = (t.counts.first[:, :1, LOST] != NEVER for t in (base_tally, tally))
    found = _difference(there & ~here, here & ~there, tally)
    assert np.concatenate(found) == pytest.approx(wanted, rel=1e-9)


def test_outcomes_are_states_at_the_horizon_and_events_summed() -> None:
    loaded = sample()
    records = [cell(100.0, "A", events.LOST), cell(2900.0, "B", events.LOST)]
    tally = tally_of(loaded, [outcome_of(loaded, records), outcome_of(loaded, records[:1])])
    assert by_replication(tally, "lost").tolist() == [2.0, 1.0]
    assert by_replication(tally, "cells_lost").tolist() == [2.0, 1.0]
    assert tally.measure("lost")[:, -2].tolist() == [1.0, 1.0]
    assert tally.measure("cells_lost")[:, -1].tolist() == [1.0, 0.0]


def test_differences_of_hamlets_lost_are_those_of_events_and_of_members_are_not() -> None:
    study = two_policies()
    base, better = (study.tallies[p] for p in ("as-is", "better"))
    for name, made in (("lost", intervals.difference), ("members", intervals.mean)):
        other = next(o for o in outcomes(study, (name,)) if o.policy == "better")
        values = by_replication(better, name) - by_replication(base, name)
        found = made(values, better.draw)
        told = other.difference, other.difference_low, other.difference_high
        assert told == (found.value, found.low, found.high)


def test_means_of_a_hamlet_are_over_the_replications_in_which_it_is_there() -> None:
    loaded = sample()
    there, closed = empty_panel(loaded), empty_panel(loaded)
    there[:, 0, FIELD["local"]] = 6
    closed[1:, 0, FIELD["cell"]] = rules.CLOSED
    tally = tally_of(loaded, [outcome_of(loaded, [], panel) for panel in (there, closed)])
    found = tally.mean_by_hamlet("local")
    assert found[0, :2].tolist() == [3.0, 6.0]


def test_who_is_warned_has_a_cell_of_its_own_and_it_has_not_happened_yet() -> None:
    """C has no cell, the school is no hamlet, and A was below when the rule was first asked."""
    loaded = sample()
    panel = empty_panel(loaded)
    panel[:, HAMLETS.index("C"), FIELD["cell"]] = rules.NONE
    counts = counted(loaded, [outcome_of(loaded, [cell(0.0, "A", events.BELOW)], panel)])
    warned = counts.warned[0, KINDS.index("hamlet")].sum(axis=(1, 2))
    assert warned.tolist() == [2 if w == LOST else 1 for w in (0, 1)]


def test_counts_of_a_part_are_put_where_they_belong() -> None:
    """Two replications of the third draw, of four units among six, after one replication."""
    records = [cell(100.0, "A", events.BELOW), cell(400.0, "B", events.LOST)]
    loaded = sample()
    part = counted(loaded, [outcome_of(loaded, records[:n]) for n in (1, 2)])
    whole = like(part, replications=4, draws=3, hamlets=6, areas=2)
    here = np.array([4, 0, 2, 5])
    place(whole, part, slice(1, 3), 2, here, np.array([1]))
    assert (whole.first[1:3][:, here] == part.first).all()
    assert (whole.funnel[1:3, 1] == part.funnel[:, 0]).all()
    assert (whole.sums[2][:, here] == part.sums[0]).all()
    assert whole.sums.sum() == part.sums.sum() > 0
    assert (whole.totals[:, here] == part.totals).all()
    for name in ("strength", "lost_by_cause", "loss_days"):
        assert (getattr(whole, name)[here] == getattr(part, name)).all(), name
    for name in ("years", "causes", "departures", "progress", "judged", "warned", "lead_days"):
        found = getattr(whole, name)
        assert (found[1:3] == getattr(part, name)).all(), name
        assert not found[[0, 3]].any(), name


def test_counts_of_many_parts_have_room_for_all_hamlets_and_draws() -> None:
    loaded = sample()
    part = counted(loaded, [outcome_of(loaded, [])])
    whole = like(part, replications=7, draws=5, hamlets=30, areas=6)
    shapes = {name: array.shape for name, array in whole._asdict().items()}
    years = loaded.scenario.years + 1
    assert shapes["first"] == (7, 30, 3)
    assert shapes["sums"] == (5, part.sums.shape[1], 30, years)
    assert shapes["totals"] == (part.totals.shape[0], 30, years)
    assert shapes["strength"] == (30, years, part.strength.shape[2])
    assert shapes["funnel"] == (7, 6, part.funnel.shape[2])
    for name in ("lost_by_cause", "loss_days"):
        assert shapes[name] == (30, *getattr(part, name).shape[1:])
    for name in ("judged", "warned", "lead_days", "years", "causes"):
        assert shapes[name] == (7, *getattr(part, name).shape[1:])
    assert part.funnel.shape[1] == 1


# ---------------------------------------------------------------- costs

LEVERS = (
    {"lever": "training", "seats": {"times": 2}},
    {"lever": "local_class", "level": "commune", "months": [4], "seats": 5},
    {"lever": "officer_training", "office": "chief", "months": [5], "places": 3,
     "from": "2021-01-01"},
    {"lever": "emulation", "factor": 1.5, "from": "2021-07-01", "where": {"hamlets": ["A", "B"]}},
    {"lever": "retention", "factor": 0.5, "where": {"when": {"strength": {"below": 4}}}},
    {"lever": "merger", "residents_below": 1, "from": "2022-01-01"},
    {"lever": "structural", "event": "merge", "unit": "C", "into": "B", "from": "2022-06-01"},
)  # fmt: skip


def test_every_basis_of_cost() -> None:
    loaded = sample(
        {"as-is": (), "much": LEVERS},
        training={"months": [4], "seats": 10, "level": "commune"},
        costs={"training.seat_used": 2.0, "admission.admitted": 100.0},
    )
    records = [
        (91.0, 4, "A", key_of(loaded, "A", rules.LISTED), events.CLASS_ATTENDED, 0),
        life(91.5, "A", NEW_PERSON, events.ADMITTED),
        cell(91.0, "A", events.COMBINED),
    ]
    outcome = outcome_of(loaded, records, adaptive=1)
    outcome.lever_months[0, 2] = 7
    outcome.posting_months[0] = 30
    tally = tally_of(loaded, [outcome], "much")
    found = {key: values[0].tolist() for key, values in tally.quantities.items()}
    assert found["training.seat_offered"] == [0] + [20] * 8
    assert found["local_class.seat_offered"] == [0] + [5] * 8
    assert found["training.seat_used"][1] == pytest.approx(20 / 25)
    assert found["local_class.seat_used"][1] == pytest.approx(5 / 25)
    assert found["officer_training.course"] == [0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert found["emulation.hamlet_month"] == [0, 0, 12, 24, 24, 24, 24, 24, 24]
    assert found["retention.hamlet_month"] == [0, 0, 0, 7, 0, 0, 0, 0, 0]
    assert found["reinforcement.posting_month"] == [0, 30, 0, 0, 0, 0, 0, 0, 0]
    assert found["combining.once"][1] == found["admission.admitted"][1] == 1
    assert found["structural.once"] == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert sum(found["merger.once"]) == 0
    assert tally.measure("cost")[0, 1] == pytest.approx(2 * 20 / 25 + 100)
    assert tally.measure("seats_used")[0, 1] == 1


@pytest.mark.parametrize(("seats", "local"), [(10, 5), (10, 10), (10, 30), (0, 5)])
def test_seats_of_either_class_are_shared_as_they_were_offered(seats: int, local: int) -> None:
    """Who attends in a month with classes of both kinds may have sat in either."""
    classes = {"lever": "local_class", "level": "commune", "months": [4], "seats": local}
    training = {"months": [4], "seats": seats, "level": "commune"}
    loaded = sample({"as-is": (classes,)}, training=training)
    offered = tally_of(loaded, [outcome_of(loaded, [])])
    either = offered.counts.years[..., COLUMN["either_seats_used"]]
    either[0, 0, 1] = 6
    found = {key: values[0].tolist() for key, values in offered.quantities.items()}
    assert found["training.seat_offered"][1] == seats
    assert found["local_class.seat_offered"][1] == local
    assert found["training.seat_used"][1] == pytest.approx(6 * seats / (seats + local))
    assert found["local_class.seat_used"][1] == pytest.approx(6 * local / (seats + local))


def test_months_of_levers_that_end_early_are_of_the_years_in_which_they_act() -> None:
    """The first in the first year and a half in four units, the second in March 2021 in one."""
    levers = (
        {"lever": "emulation", "factor": 1.5, "until": "2021-07-01"},
        {"lever": "emulation", "factor": 1.5, "from": "2021-03-01", "until": "2021-04-01",
         "where": {"hamlets": ["B"]}},
        {"lever": "retention", "factor": 0.5, "until": "2020-03-01", "where": {"hamlets": ["A"]}},
    )  # fmt: skip
    loaded = sample({"as-is": levers})
    found = tally_of(loaded, [outcome_of(loaded, [])]).quantities
    assert found["emulation.hamlet_month"][0].tolist() == [0, 48, 25] + [0] * 6
    assert found["retention.hamlet_month"][0].tolist() == [0, 2] + [0] * 7


def test_a_class_on_an_anniversary_is_of_the_year_that_ends() -> None:
    """As the events on that day are: seats offered and used are of the same year."""
    loaded = sample(training={"months": [1], "seats": 10, "level": "commune"})
    attended = (FIRST_ANNIVERSARY, 4, "A", NEW_PERSON, events.CLASS_ATTENDED, 0)
    tally = tally_of(loaded, [outcome_of(loaded, [attended])])
    assert tally.measure("seats_offered")[0].tolist() == [10] * 8 + [0]
    assert tally.measure("seats_used")[0].tolist() == [0, 1] + [0] * 7


def test_cost_per_cell_year_only_where_cell_years_are_gained() -> None:
    loaded = sample(
        {"as-is": (), "more": ({"lever": "emulation", "factor": 2.0},)},
        costs={"emulation.hamlet_month": 1.0},
    )
    without, with_cell = empty_panel(loaded), empty_panel(loaded)
    without[:, 2, FIELD["cell"]] = rules.NONE
    base = [outcome_of(loaded, [], without) for _ in range(3)]
    more = [outcome_of(loaded, [], with_cell) for _ in range(3)]
    kept = row(
        risk.pairs(study_of(loaded, {"as-is": base, "more": more})),
        outcome="cost_per_cell_year",
        hamlet="",
        kind="",
    )
    assert kept.value == pytest.approx(4 * 96 / 8)  # four units for 96 months, eight cell-years
    back = risk.pairs(study_of(loaded, {"as-is": more, "more": base}))
    assert np.isnan(row(back, outcome="cost_per_cell_year", hamlet="", kind="").value)


def test_cost_per_cell_year_is_of_what_is_paid_more_than_under_the_base() -> None:
    """The base pays for A, the policy for all four units, and eight cell-years are gained."""
    here = {"lever": "emulation", "factor": 2.0, "where": {"hamlets": ["A"]}}
    loaded = sample(
        {"as-is": (here,), "more": ({"lever": "emulation", "factor": 2.0},)},
        costs={"emulation.hamlet_month": 1.0},
    )
    without, with_cell = empty_panel(loaded), empty_panel(loaded)
    without[:, 2, FIELD["cell"]] = rules.NONE
    base = [outcome_of(loaded, [], without)] * 3
    more = [outcome_of(loaded, [], with_cell)] * 3
    table = risk.pairs(study_of(loaded, {"as-is": base, "more": more}))
    found = row(table, outcome="cost_per_cell_year", hamlet="", kind="")
    assert found.value == pytest.approx((4 - 1) * 96 / 8)


def test_yearly_rates() -> None:
    loaded = sample()
    panel = empty_panel(loaded)
    panel[:, 0, FIELD["roll"]] = 10
    panel[:, 0, FIELD["posted"]] = 2
    dead, gone = keys_of(loaded, "A", rules.OFFICIAL)[:2]
    records = [life(50.0, "A", dead, events.DEAD), life(60.0, "A", gone, events.STRUCK_OFF)]
    rates = risk.yearly_rates(tally_of(loaded, [outcome_of(loaded, records, panel)] * 2))
    assert rates["death"].value == rates["removal"].value == pytest.approx(1 / (12 * 8))
    admission = rates["admission"]
    assert admission.value == admission.low == 0
    assert admission.high == pytest.approx(stats.chi2.ppf(0.975, 2) / 2 / (2 * 12 * 8))  # Garwood


def test_member_years_are_means_of_the_ends_of_each_year() -> None:
    """10 members at the start, 20 at the end of the first year and so on: 15 + 25 + ... + 85."""
    loaded = sample()
    panel = empty_panel(loaded)
    panel[:, 0, FIELD["roll"]] = np.arange(10, 100, 10)
    dead = life(50.0, "A", keys_of(loaded, "A", rules.OFFICIAL)[0], events.DEAD)
    rates = risk.yearly_rates(tally_of(loaded, [outcome_of(loaded, [dead], panel)] * 2))
    assert rates["death"].value == pytest.approx(1 / 400)


# ---------------------------------------------------------------- summary


def test_the_summary_says_what_a_planner_asks() -> None:
    study = two_policies()
    made = [getattr(risk, name)(study) for name in risk.Tables._fields]
    tables = risk.Tables(*made)
    text = risk.summary(study, tables, "4 replications")
    lines = text.splitlines()
    assert lines[:2] == [
        "Sample",
        "4 units (3 hamlets, 1 school); 2020-01-01 to 2028-01-01; 4 replications",
    ]
    better = next(line for line in lines if line.startswith("better"))
    assert "−0.50 [" in better
    assert next(line for line in lines if line.startswith("Alder (A)")).endswith("no")
    assert "75 % [" in text
    assert "posting ended" in text
    assert " 0 %" not in text  # what did not happen in four replications may still happen
    assert max(map(len, lines)) <= 130
