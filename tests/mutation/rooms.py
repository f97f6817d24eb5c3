"""Which tests answer for which part of the model, without a compiler where kernels are concerned.

Left out are tests that take long as plain Python or that compare compiled code with it, and those
that run shipped scenarios: what they would catch beyond these is not counted. Tables of `risk` that
no kernel sees are tested with compiled kernels, for a mutant there compiles nothing anew.
"""

from tests.mutation.running import Room
from tests.small import VARIANTS

SLOW_WITHOUT_COMPILER = (
    "not many_vacancies_at_once and not agencies_stay_as_they_are and not no_hosts "
    "and not uniform_calendar_has_equal_years and not many_are_listed_in_one_month "
    "and not compiled_and_plain_python and not clock_fires and not outlasts_the_horizon"
)
BOTH_ENGINES = (
    "tests/test_corners.py",
    *(
        f"tests/test_equal_logs.py::TestHandMade::test_every_policy[{name}]"
        for name in ("apart", "weakest-first", "crowded", "uniform", "young", "lively")
    ),
    *(
        f"tests/test_equal_logs.py::TestHandMade::test_busy_district[{name}]"
        for name in VARIANTS
        if name != "listing without end"
    ),
)
STOPS = tuple(
    f"tests/test_snapshots.py::test_{name}"
    for name in (
        "the_busy_district_may_be_split",
        "many_stops_on_the_way",
        "a_snapshot_goes_on_under_several_policies",
        "every_lever_may_begin_after_a_stop[retention-sim.engine.compiled]",
    )
)
TOO_SMALL = (
    "tests/test_equal_logs.py::TestTables::test_tables_that_are_too_small_grow[lively]",
    "tests/test_snapshots.py::test_tables_that_are_too_small_for_a_stop_grow",
    "tests/test_snapshots.py::test_tables_that_are_too_small_grow_in_the_middle_of_a_task",
)
THE_RULE = tuple(
    f"tests/test_how_sure.py::test_{name}"
    for name in (
        "the_rule_at_the_start_is_judged_by_hand",
        "hamlets_to_which_it_has_happened_are_no_longer_judged",
        "it_can_be_judged_by_what_falls_below_the_minimum",
        "windows_end_with_the_horizon",
        "who_looks_every_year_is_warned_from_the_first_flag_on",
        "a_flag_after_the_loss_or_on_the_last_day_is_no_warning",
    )
)  # fmt: skip
NOT_SHIPPED = "not quynh-luu and not que-phong and not son-la and not ninh-thuan"

ROOMS = (
    Room(
        "rules",
        ("sim/rules.py", "sim/engine/opening.py"),
        ("tests/test_rules_by_hand.py", "tests/test_opening.py", "tests/test_rules.py",
         "tests/test_edge_cases.py", "tests/test_levers.py", *STOPS, "-k",
         SLOW_WITHOUT_COMPILER),
    ),
    Room("draws", ("sim/draws.py",), ("tests/test_draws.py", "-k", SLOW_WITHOUT_COMPILER)),
    Room(
        "compiled engine",
        ("sim/engine/compiled/*.py",),
        ("tests/test_equal_logs.py::TestTables::test_tables_are_what_the_record_says",
         *BOTH_ENGINES, *STOPS, *TOO_SMALL),
    ),
    Room(
        "reference engine",
        ("sim/engine/reference/*.py",),
        (*BOTH_ENGINES, *STOPS, "tests/test_levers.py"),
    ),
    Room(
        "risk counting",
        tuple(f"sim/risk/{name}.py" for name in ("counting", "counts", "measures", "bands")),
        ("tests/test_risk.py", "tests/test_bands.py", *THE_RULE, "-k",
         f"{NOT_SHIPPED} and not intervals_cover"),
    ),
    Room(
        "risk tables",
        tuple(
            f"sim/risk/{name}.py"
            for name in ("costs", "flips", "intervals", "outcomes", "pairs", "precision", "ranks",
                         "rule", "study", "tables")
        ),
        ("tests/test_risk.py", "tests/test_bands.py", "tests/test_how_sure.py",
         "tests/test_kinds.py", "-k", f"{NOT_SHIPPED} and not page and not slides"),
        compiled=True,
    ),
)  # fmt: skip
