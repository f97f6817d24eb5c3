"""Scenarios at the edge of what is allowed: equal in both engines, and with what must be seen."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim import rules
from sim.log import PANEL_FIELDS, Outcome, to_frame
from sim.messages import BadInput
from sim.scenario import DAYS_PER_YEAR, Loaded
from tests.generators import RICH, in_both_engines, lively, small, staffed, under, unit

NO_CELL = 2
LATER = dt.date(2021, 1, 1)
NEVER_RENEWED: dict[str, Any] = {"pools": {"p": {"level": "district", "size": 3}}, "renewal": 0.0}


def run(loaded: Loaded, policy: str = "as-is", seed: int = 1) -> tuple[Outcome, pd.DataFrame]:
    outcome = in_both_engines(loaded, policy, seed)
    return outcome, to_frame(outcome.log, tuple(one.id for one in loaded.baseline.units))


def kinds(events: pd.DataFrame) -> dict[str, int]:
    return events["kind"].value_counts().to_dict()


def column(outcome: Outcome, name: str) -> Any:
    return outcome.panel[:, :, PANEL_FIELDS.index(name)]


def test_nothing_happens_to_a_quiet_hamlet() -> None:
    outcome, events = run(small([unit("a", officials=4)]))
    assert set(kinds(events)) <= {"secretary_named"}
    assert (column(outcome, "strength") == 4).all()


def test_no_seats_teach_nobody() -> None:
    _, events = run(lively({"as-is": []}, training={"seats": 0}))
    assert "listed" in kinds(events)
    assert not {"class_attended", "class_missed"} & set(kinds(events))


def test_no_targets_admit_nobody() -> None:
    targets = {"level": "district", "per_year": 0.0}
    _, events = run(lively({"as-is": []}, admission={"targets": targets, "overshoot": 0.0}))
    assert "admitted" not in kinds(events) and "dossier_ready" in kinds(events)


def test_a_hamlet_where_nobody_lives() -> None:
    outcome, events = run(small([unit("a", officials=4), unit("z", residents=0.0)]))
    assert "z" not in set(events["hamlet"])
    assert (column(outcome, "strength")[:, 1] == 0).all()


def test_a_hamlet_without_members() -> None:
    outcome, events = run(small([unit("a", officials=())]))
    assert kinds(events)["lost"] == 1
    assert (column(outcome, "cell")[1:] == NO_CELL).all()


def test_one_hamlet_and_one_level() -> None:
    alone = unit("a", area=("D",), officials=4, listed=3)
    _, events = run(small([alone], levels=("district",), training={"seats": 2, "attendance": 1.0}))
    assert kinds(events)["class_attended"] == 3


def test_everybody_is_away_and_returns() -> None:
    away = unit("a", officials=4, officials_away=4)
    _, events = run(small([away], demography={"returning": 2.0}))
    assert list(events["kind"][:1]) == ["below"] and events["day"].iloc[0] == 0.0
    assert kinds(events)["returned"] == 4


@pytest.mark.parametrize("month", range(1, 13))
def test_below_at_the_start_in_any_month(month: int) -> None:
    """The review of the first month is held on the first day, if there is one."""
    loaded = small([unit("a", officials=2)], start=dt.date(2020, month, 1), years=1)
    _, events = run(loaded)
    lost = events[events["kind"] == "lost"].iloc[0]
    waits = -month % 3
    end = pd.Timestamp(2020, month, 1) + pd.DateOffset(months=waits)
    assert lost["day"] == (end - pd.Timestamp(2020, month, 1)).days
    assert lost["cause"] == "at_start"


def test_grace_delays_the_end() -> None:
    _, events = run(small([unit("a", officials=2)], rules={"grace_months": 7}))
    lost = events[events["kind"] == "lost"].iloc[0]
    assert lost["day"] == 244.0  # 1 September: the first review from 1 August on


def test_minimum_of_one() -> None:
    rules = {"minimum_official_members": 1, "founding_strength": 1}
    units = [unit("a", officials=1), unit("b", officials=1, cell="none")]
    outcome, events = run(small(units, rules=rules))
    assert kinds(events)["founded"] == 1 and "lost" not in kinds(events)
    assert (column(outcome, "strength")[-1] == 1).all()


def test_no_hosts() -> None:
    loaded = lively({"as-is": []}, cells={"host": "none"})
    for seed in range(3):
        assert "combined" not in kinds(run(loaded, seed=seed)[1])


def test_everything_off() -> None:
    off: dict[str, Any] = {"on": False}
    loaded = lively({"as-is": []}, training=off, dossier=off, admission={**off, "targets": ()})
    _, events = run(loaded)
    listed = set(events["person"][events["kind"] == "listed"])
    admitted = set(events["person"][events["kind"] == "admitted"])
    assert len(listed & admitted) > 50


def test_no_source() -> None:
    _, events = run(lively({"as-is": []}, source={"listing": {"per_resident": 0.0}}))
    assert "listed" not in kinds(events) and "admitted" in kinds(events)


def test_huge_rates() -> None:
    rates = {"leaving": {"rogers_castro": None, "constant": 50.0}, "returning": 50.0}
    loaded = small([unit("a", officials=6)], years=2, demography=rates)
    _, events = run(loaded)
    # 6 people of mortality 0 change places 50 x 0.6 and 50 times a year by turns.
    turns = 2 * 6 / (1 / 30 + 1 / 50)
    assert abs(kinds(events)["left"] - turns) < 5 * np.sqrt(turns)


def test_everybody_dies() -> None:
    demography = {"mortality": {"constant": 50.0}}
    outcome, events = run(small([unit("a", officials=9)], demography=demography))
    assert kinds(events)["dead"] == 9 and kinds(events)["lost"] == 1
    assert column(outcome, "roll")[-1, 0] == 0


@pytest.mark.parametrize("name", RICH)
def test_horizon_of_one_year(name: str) -> None:
    outcome, events = run(RICH[name].with_values({"years": 1, "policies": {"as-is": []}}))
    assert len(outcome.panel) == 2
    assert events["day"].max() <= 366


def test_many_are_listed_in_one_month() -> None:
    """More than the 40 for whom a hamlet has room in the tables at first."""
    village = unit("a", residents=1e5, officials=4)
    loaded = small([village], years=1, source={"listing": {"per_hamlet": 1200.0}})
    _, events = run(loaded)
    listed = events["day"][events["kind"] == "listed"]
    assert min(np.bincount((listed / 30.5).astype(int), minlength=12)[:12]) > 60


def test_a_month_with_more_than_can_be_drawn_is_refused() -> None:
    loaded = small([unit("a", residents=1e6)], source={"listing": {"per_hamlet": 7200.0}})
    with pytest.raises(rules.TooManyPeople):
        run(loaded)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_an_experiment_with_more_than_can_be_drawn_is_a_fault(engine: str) -> None:
    """Not a traceback, nor tables that are made larger without end."""
    loaded = small([unit("a", residents=1e6)], source={"listing": {"per_hamlet": 7200.0}})
    with pytest.raises(BadInput) as refused:
        sim.run(loaded, replications=2, engine=engine)
    assert "more than 500 people" in str(refused.value.faults[0])


class TestPostings:
    def test_the_dead_free_their_place(self) -> None:
        post = unit("a", posted=3, posted_pool="p")
        again = under("reinforcement", pool="p", number=3)
        demography = {"mortality": {"constant": 5.0}}
        loaded = small([post], postings=NEVER_RENEWED, demography=demography, policies=again,
                       rules={"grace_months": 1200}, years=4)  # fmt: skip
        outcome, events = run(loaded, "x")
        assert kinds(events)["posted"] > 9
        assert outcome.posting_months.sum() < 4 * 12 * 3

    def test_more_are_posted_at_the_start_than_the_pool_holds(self) -> None:
        """None is taken from the pool until it has room again, and then no more than it holds."""
        post = unit("a", posted=3, posted_pool="p", posted_months_left=(5, 5))
        again = under("reinforcement", pool="p", number=2, term_months=120)
        loaded = small([post, unit("b", officials=1)], policies=again, years=3,
                       postings=NEVER_RENEWED | {"pools": {"p": {"level": "district", "size": 1}}},
                       rules={"grace_months": 1200})  # fmt: skip
        _, events = run(loaded, "x")
        assert kinds(events)["posting_ended"] == 3
        assert kinds(events)["posted"] == 1

    def test_staff_are_sent_and_return_as_staff(self) -> None:
        agency = staffed("s", kind="agency", officials=15)
        sent = under("reinforcement", senders=["s"], number=2, term_months=12)
        loaded = small([unit("a", officials=1), agency], policies=sent, postings=NEVER_RENEWED)
        outcome, events = run(loaded, "x")
        assert kinds(events)["sent"] >= 2
        assert kinds(events)["posting_ended"] >= 2
        assert column(outcome, "roll")[-1].sum() + column(outcome, "posted")[-1].sum() == 16

    def test_the_sender_keeps_its_minimum(self) -> None:
        sent = under("reinforcement", senders=["s"], number=3)
        loaded = small([unit("a", officials=1), unit("s", officials=4)], policies=sent)
        _, events = run(loaded, "x")
        assert kinds(events)["sent"] == 1

    def test_term_is_over_at_once(self) -> None:
        post = unit("a", officials=4, posted=2, posted_pool="p", posted_months_left=(0, 0))
        _, events = run(small([post], postings=NEVER_RENEWED))
        assert list(events["day"][events["kind"] == "posting_ended"]) == [31.0, 31.0]


class TestSource:
    def test_stale_after_a_month(self) -> None:
        _, events = run(small([unit("a", officials=4, listed=8)], source={"stale_months": 1}))
        stale = events["day"][events["cause"] == "stale"]
        assert len(stale) == 8 and stale.between(0, 31).all()

    def test_ready_without_dossiers_wait_for_ever(self) -> None:
        closed = {"targets": {"level": "district", "per_year": 0.0}}
        failing = {"on": False, "failure": {"normal": 1.0}}
        ready = unit("a", officials=4, ready=8)
        _, events = run(small([ready], dossier=failing, admission=closed))
        assert set(kinds(events)) <= {"secretary_named", "over_age"}

    def test_over_age_needs_no_room(self) -> None:
        closed = {"targets": {"level": "district", "per_year": 0.0}}
        old = unit("a", officials=4, ready=3)
        _, events = run(small([old], admission=closed, rules={"admission_age": (18, 25)}))
        assert kinds(events)["over_age"] == 3

    def test_certificates_expire(self) -> None:
        slow = {"delay_months": {"median": 1200.0, "sd_log": 0.0}}
        taught = unit("a", officials=4, certified=20)
        _, events = run(small([taught], rules={"certificate_months": 12}, dossier=slow))
        assert kinds(events)["certificate_expired"] == 20


class TestStaff:
    def test_candidates_who_lapse_leave_no_vacancy(self) -> None:
        school = staffed("s", officials=4, listed=10)
        loaded = small([school], source={"stale_months": 6}, staff={"member_share": 0.0})
        outcome, _ = run(loaded)
        assert (column(outcome, "roll") <= 4).all()

    def test_many_vacancies_at_once(self) -> None:
        agency = staffed("s", kind="agency", staff=900, officials=800)
        turnover = {"staff_turnover": 20.0}
        loaded = small([agency], years=1, demography=turnover, staff={"member_share": 1.0})
        _, events = run(loaded)
        assert (events["cause"] == "replacement").sum() > 3000

    def test_agencies_stay_as_they_are(self) -> None:
        """The share of members among the staff stays near the share among those who come."""
        agencies = [staffed(f"s{i}", kind="agency", staff=100, officials=30) for i in range(30)]
        loaded = small(agencies, years=12, demography={"staff_turnover": 0.1},
                       staff={"member_share": 0.3})  # fmt: skip
        mean = column(run(loaded)[0], "roll")[-1].mean()
        # Poisson renewal: sd about sqrt(30) a unit, 1 for the mean of 30; 4.5 sd, 1 in 150,000.
        assert abs(mean - 30.0) < 4.5


class TestStructure:
    def test_a_joint_hamlet_merges_into_its_host(self) -> None:
        units = [unit("a", officials=3), unit("b", officials=2, cell="with:a")]
        event = {"event": "merge", "unit": "b", "into": "a", "from": LATER}
        rules = {"minimum_official_members": 5, "founding_strength": 5}
        outcome, events = run(small(units, rules=rules, policies=under("structural", **event)), "x")
        assert "below" not in kinds(events) and kinds(events)["absorbed"] == 1
        assert list(column(outcome, "strength")[-1]) == [5, 0]

    def test_moves_within_one_roll_are_silent(self) -> None:
        units = [unit("a", officials=3), unit("b", officials=2, cell="with:a")]
        event = {"event": "resettle", "unit": "b", "into": "a", "share": 0.5, "from": LATER}
        rules = {"minimum_official_members": 5, "founding_strength": 5}
        _, events = run(small(units, rules=rules, policies=under("structural", **event)), "x")
        assert kinds(events)["relocated"] == 1 and "below" not in kinds(events)

    def test_two_mergers_on_one_day(self) -> None:
        units = [unit("a", officials=4), staffed("s", officials=1), unit("b", officials=2)]
        steps = [{"lever": "structural", "event": "merge", "unit": one, "into": into, "from": LATER}
                 for one, into in (("a", "s"), ("s", "b"))]  # fmt: skip
        loaded = small(units, policies={"as-is": [], "x": steps}, rules={"grace_months": 40})
        outcome, events = run(loaded, "x")
        assert kinds(events)["absorbed"] == 2
        assert column(outcome, "roll")[-1, 2] == 7

    def test_no_course_for_a_unit_that_is_not_there(self) -> None:
        course = under("officer_training", office="chief", months=[2], places=5)
        loaded = small([unit("a", officials=3), unit("z", residents=0.0)], policies=course)
        _, events = run(loaded, "x")
        assert set(events["hamlet"][events["kind"] == "officer_trained"]) == {"a"}

    def test_no_election_before_the_first(self) -> None:
        offices = {"chief_turnover": 1.0, "first_election": dt.date(2022, 5, 1)}
        _, events = run(small([unit("a", officials=3)], offices=offices))
        elected = events["day"][events["cause"] == "election"]
        assert elected.min() == (dt.date(2022, 5, 1) - dt.date(2020, 1, 1)).days

    def test_a_joint_hamlet_has_no_secretary(self) -> None:
        units = [unit("a", officials=3), unit("b", officials=2, cell="with:a")]
        outcome, _ = run(small(units))
        assert list(column(outcome, "secretary")[-1]) == [1, 0]


def test_the_uniform_calendar_has_equal_years() -> None:
    outcome, events = run(RICH["uniform"])
    monthly = events["day"][events["kind"] == "class_attended"] / (DAYS_PER_YEAR / 12)
    assert np.allclose(monthly, monthly.round())
    assert len(outcome.panel) == RICH["uniform"].scenario.years + 1
