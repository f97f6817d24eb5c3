"""The facts file: what is read, what is refused, and that the shipped ones hold at the start."""

import dataclasses
import datetime as dt
import unicodedata
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.calibrate import QUANTITIES, Fact, Replicate, check_facts, read_facts
from sim.calibrate.simulation import Simulator
from sim.experiment import prepare
from sim.messages import BadInput
from tests import small

PLACES = ("quynh-luu", "que-phong", "ninh-thuan", "son-la")
SCENARIOS = Path(__file__).parents[1] / "scenarios"
HEADER = "id,place,tags,kinds,quantity,from,to,value,out_of,tolerance,use,note\n"


def read(tmp_path: Path, *rows: str, header: str = HEADER) -> tuple[Fact, ...]:
    file = tmp_path / "facts.csv"
    file.write_text(header + "\n".join(rows) + "\n", "utf-8")
    return read_facts(file)


def test_a_row_says_what_is_meant(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "a,Xa,border,hamlet,admitted,2020,2022-09,286,,5%,fit,")
    assert (one.since, one.until) == (dt.date(2020, 1, 1), dt.date(2022, 10, 1))
    assert (one.place, one.tags, one.kinds) == ("Xa", ("border",), ("hamlet",))
    assert (one.published, one.tolerance, one.is_share) == (286, pytest.approx(14.3), False)
    (two,) = read(tmp_path, "a,,,,units_with_cell,,2015,42,52,2,,")
    assert (two.until, two.use, two.published) == (dt.date(2016, 1, 1), "forecast", 42 / 52)
    assert two.sd == pytest.approx(2 / 1.96 / 52, rel=1e-4)
    (three,) = read(tmp_path, "a,,,,members,,2016-02-01,7,,,,")
    assert three.until == dt.date(2016, 2, 1)
    (four,) = read(tmp_path, 'a,,,,members_per_cell,,2016,"22,75",1,0.125,,')
    assert (four.published, four.tolerance) == (22.75, 0.125)
    (five,) = read(tmp_path, "a,,,,net_other_losses,2015,2016,-7,,,,")
    assert five.value == -7


def test_a_place_is_known_in_composed_and_decomposed_letters(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Quỳnh Thọ") for form in ("NFC", "NFD"))
    (one,) = read(tmp_path, f"a,{decomposed},,,admitted,2020,2021,5,,,,")
    assert one.place == composed != decomposed


@pytest.mark.parametrize(
    ("row", "field", "told"),
    [
        ("a,,,,admited,2020,2021,5,,,,", "quantity", "did you mean admitted?"),
        ("a,,,,admitted,2020,2021,five,,,,", "value", "number"),
        ("a,,,,admitted,,2021,5,,,,", "from", "flow"),
        ("a,,,,admitted,2022,2021,5,,,,", "to", "later than 2022-01-01"),
        ("a,,,,members,2020,2021,5,,,,", "from", "stock"),
        ("a,,,,members,,2021-13,5,,,,", "to", "day, month or year"),
        ("a,,,,members,,2021,5,0,,,", "out_of", "above 0"),
        ("a,,,,members,,2021,5,,-1,,", "tolerance", "at least 0"),
        ("a,,,,members,,2021,5,,,fitt,", "use", "did you mean fit?"),
        ("a,,,,members,,2021,5,,,ignore,", "note", "why"),
        ("a,,,,not_modelled,,,5,,,fit,", "use", "ignore"),
        ("a,,,,members,,,5,,,,", "to", "value in every row"),
        ("a,,,,members,,2021,5.417,,,,", "value", "did you mean 5417?"),
        ('a,,,,members,,2021,"1,070",,,,', "value", "without thousands separators"),
        ('a,,,,members,,2021,5,,"1.070",,', "tolerance", "without thousands separators"),
        ("a,,,,members,,2021,-5,,,,", "value", "at least 0"),
        ("a,,,,units_with_cell,,2021,13,12,,,", "value", "at most 12, of which it is a part"),
    ],
)
def test_a_fault_names_row_column_and_what_is_allowed(
    tmp_path: Path, row: str, field: str, told: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, "b,,,,members,,2021,5,,,,", row)
    (fault,) = caught.value.faults
    assert (fault.place.row, fault.field) == (3, field)
    assert told in str(fault)


def test_an_unknown_column_and_an_id_given_twice_are_faults(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="did you mean quantity"):
        read(tmp_path, "a", header="id,quantty,to,value\n")
    with pytest.raises(BadInput, match="in row 2 too"):
        read(tmp_path, *["a,,,,members,,2021,5,,,,"] * 2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"place": "C3"}, 'found "C3"'),
        ({"tags": ("bordr",)}, "did you mean border?"),
        ({"until": dt.date(2019, 1, 1)}, "2020-04-01 or later"),
        ({"place": "C2", "kinds": ("agency",)}, "a figure about no unit"),
    ],
)
def test_a_figure_that_does_not_fit_the_scenario_is_a_fault(
    changes: dict[str, object], told: str
) -> None:
    one = Fact("a", "members", dt.date(2021, 1, 1), 5.0, row=2)
    check_facts((one,), small.busy(), "facts.csv")
    with pytest.raises(BadInput, match=r"facts\.csv, row 2: a") as caught:
        check_facts((dataclasses.replace(one, **changes),), small.busy(), "facts.csv")  # type: ignore[arg-type]
    assert told in str(caught.value)


@pytest.mark.parametrize("place", PLACES)
def test_what_a_baseline_was_made_from_holds_at_the_start(place: str) -> None:
    loaded = sim.load(SCENARIOS / f"{place}.yaml")
    facts = read_facts(SCENARIOS / place / "facts.csv")
    check_facts(facts, loaded, place)
    given = [fact for fact in facts if fact.use == "input"]
    (found,) = Simulator(loaded, next(iter(loaded.policies)), given, seed=1)({}, [0])
    exact = [fact.sd == 0 for fact in given]
    assert found[exact] == pytest.approx([f.published for f in given if f.sd == 0], rel=1e-12)
    assert all(abs(n - f.published) <= f.sd for n, f in zip(found, given, strict=True))


def test_every_printed_figure_stands_in_one_facts_file() -> None:
    ids = [fact.id for place in PLACES for fact in read_facts(SCENARIOS / place / "facts.csv")]
    numbers = {"ql": 16, "nt": 14, "sl": 13, "qp": 10}
    assert sorted(ids) == sorted(
        f"{k}-{n:02d}" for k, m in numbers.items() for n in range(1, m + 1)
    )


# ---------------------------------------------------------------- counterparts


def replicates(number: int) -> list[Replicate]:
    """Replications of the busy district, where everything happens."""
    one = prepare(small.busy(), "policy")
    return [Replicate(one.loaded.scenario, one.world, one.replicate(k)) for k in range(number)]


def seen(quantity: str, one: Replicate, since: str, until: str, **of: object) -> float:
    fact = Fact("a", quantity, dt.date.fromisoformat(until), 0.0, dt.date.fromisoformat(since))
    fact = dataclasses.replace(fact, **of)  # type: ignore[arg-type]
    return fact.seen_by(one.scenario, small.busy().baseline)(one)


def test_the_roll_adds_up_between_any_two_days() -> None:
    for one in replicates(3):
        for since, until in (("2020-04-01", "2026-04-01"), ("2021-02-01", "2024-09-01")):
            first, last = (seen("members", one, since, day) for day in (since, until))
            flows = [
                seen(name, one, since, until)
                for name in ("admitted", "removed", "net_other_losses")
            ]
            assert last == first + flows[0] - flows[1] - flows[2]
            assert flows[0] > 0 and flows[1] > 0


def test_stocks_followed_by_the_log_meet_the_panel_at_every_anniversary() -> None:
    """A day after an anniversary nothing has happened but what the panel has seen already, and a
    year of events leads from one panel to the next."""
    for one in replicates(3):
        fields = [sim.log.PANEL_FIELDS.index(n) for n in ("cell", "roll", "probation", "posted")]
        for year, day in enumerate(one.anniversaries[1:], 1):
            at_day = one.log.day == day
            one_year_on = one.panel[year][:, fields]
            before = one.members(day) + np.bincount(
                one.log.hamlet[at_day], one.change[at_day], len(one_year_on)
            )
            assert before.sum() == one_year_on[:, 1:].sum()
            cells = one.cells(day + 1e-9)
            assert np.array_equal(cells, one_year_on[:, 0])


def test_parts_add_up_to_the_whole() -> None:
    (one,) = replicates(1)
    window = ("2020-04-01", "2026-04-01")
    for quantity in ("admitted", "listed", "cells_founded", "died", "units_with_cell"):
        whole = seen(quantity, one, *window)
        parts = [seen(quantity, one, *window, place=area) for area in ("C1", "C2")]
        assert sum(parts) == whole, quantity
    founded = seen("cells_founded", one, *window)
    by = ("cells_founded_by_recruits", "cells_founded_by_others")
    assert sum(seen(name, one, *window) for name in by) == founded > 0


def test_every_quantity_has_a_counterpart() -> None:
    (one,) = replicates(1)
    for name in QUANTITIES:
        number = seen(name, one, "2020-04-01", "2025-04-01")
        assert np.isfinite(number) or name == "years_without_admission_at_risk", name
        share = seen(name, one, "2020-04-01", "2025-04-01", out_of=1.0)
        if QUANTITIES[name].out_of is not None and name != "members_per_cell":
            assert np.isnan(share) or 0 <= share <= 1, name
