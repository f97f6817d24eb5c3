"""Texts for planners: one safe line each, in the language asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.messages import (
    BadInput,
    Fault,
    Place,
    nearest,
    ngettext,
    printable,
    shown,
    speaking,
    without_diacritics,
)
from sim.risk import outcomes
from tests.small import loaded, quiet, unit


def test_a_fault_names_file_place_field_found_allowed_and_suggestion() -> None:
    place = Place(sheet="hamlets", row=7, column="C")
    fault = Fault("a.xlsx", place, "kind", '"hamet"', "hamlet, school", "hamlet")
    assert str(fault) == (
        'a.xlsx, sheet hamlets, row 7, column C: kind: found "hamet"; '
        "allowed: hamlet, school; did you mean hamlet?"
    )
    assert (
        str(Fault("a.yaml", Place(line=3), "", "x", "y")) == "a.yaml, line 3: found x; allowed: y"
    )


@pytest.mark.parametrize(
    ("spoken", "told"),
    [("en", "line 3"), ("vi", "dòng 3"), ("ru", "строка 3")],
)
def test_the_line_is_told_in_every_language(spoken: str, told: str) -> None:
    """In Russian lines of a text and rows of a table have one name."""
    with speaking(spoken):
        assert str(Place(line=3)) == told


def test_bad_input_has_a_line_for_each_fault() -> None:
    bad = BadInput([Fault("a", found="1", allowed="2"), Fault("b", found="3", allowed="4")])
    assert str(bad) == "a: found 1; allowed: 2\nb: found 3; allowed: 4"


def test_the_longest_list_of_what_is_allowed_is_told_whole() -> None:
    fault = outcomes.fault_of("lots", loaded(quiet(), unit("h", 3)).baseline)
    assert all(name in str(fault) for name in outcomes.OUTCOMES)


@given(st.text(st.characters(), max_size=300), st.integers(8, 100))
def test_any_text_becomes_one_short_printable_line(text: str, longest: int) -> None:
    safe = printable(text, longest)
    assert len(safe) <= longest
    assert "\n" not in safe
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2028" for c in safe)
    safe.encode("utf-8")


def test_a_readable_text_is_left_as_it_is() -> None:
    assert printable("Xóm Quỳnh Lâm 3") == "Xóm Quỳnh Lâm 3"
    assert printable("a\x1b[31m\u202eb\ud800") == r"a\x1b[31m\u202eb\ud800"
    assert printable("x" * 90) == f"{'x' * 59}…{'x' * 20}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        ("No", '"No"'),
        (0.1, "0.1"),
        (3, "3"),
        ({"a": 1, "b": 2}, "keys a, b"),
        ({}, "no keys"),
        ([1, 2], "a list of 2"),
    ],
)
def test_values_are_shown_as_a_planner_wrote_them(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("name", "names", "expected"),
    [
        ("Quynh Luu", ["Quế Phong", "Quỳnh Lưu"], "Quỳnh Lưu"),
        ("Dien Chau", ["Diễn Châu", "Đô Lương"], "Diễn Châu"),
        ("DO LUONG", ["Diễn Châu", "Đô Lương"], "Đô Lương"),
        ("seets", ["seats", "level"], "seats"),
        ("zzz", ["seats", "level"], None),
        ("x", [], None),
        ("h 700", [f"H {i}" for i in range(3000)], "H 700"),
        ("h7000", [f"H {i}" for i in range(3000)], None),
    ],
)
def test_the_nearest_name(name: str, names: list[str], expected: str | None) -> None:
    assert nearest(name, names) == expected


def test_diacritics() -> None:
    assert without_diacritics("Đặng Thị Hồng Gấm") == "dang thi hong gam"


def test_the_language_is_that_of_the_context_then_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shown(None) == "nothing"
    with speaking("vi"):
        assert shown(None) == "không có gì"
        with speaking("ru"):
            assert shown(None) == "ничего"
        assert ngettext("{number} point", "{number} points", 2) == "{number} điểm"
    assert shown(None) == "nothing"
    monkeypatch.setenv("HAMLETSIM_LANG", "vi")
    assert shown(None) == "không có gì"
    with speaking("en"):
        assert ngettext("{number} point", "{number} points", 1) == "{number} point"


def test_a_language_without_a_catalogue_is_english() -> None:
    with speaking("../../zz"):
        assert shown(None) == "nothing"
