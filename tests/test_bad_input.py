"""Whatever is wrong with the input is told in one line: file, place, field, found, allowed."""

import os
import re
from pathlib import Path

import pytest

from sim.load import load
from sim.messages import BadInput
from tests.load_samples import SCENARIO, TABLE, faults_of, lines_of, written

RULES_KEYS = (
    "minimum_official_members, risk_line, founding_strength, admission_age, probation_months, "
    "certificate_months, dossier_months, candidate_away_months, grace_months, away_counts, "
    "exempt_counts, posted_counts, at_risk_share_over_60, at_risk_months_since_admission"
)
TRAINING_KEYS = "on, months, seats, level, attendance, replace_no_shows, priority"
PRIORITIES = "first_come, weakest_cell_first, youngest_first, chiefs_first, fair_share"


def with_lever(lever: str) -> str:
    """The sample scenario with one more policy of one lever."""
    return f"{SCENARIO}  other: [{lever}]\n"


def with_line(line: str) -> str:
    """The sample scenario with one more line at its top level."""
    return f"{SCENARIO}{line}\n"


def with_value(old: str, new: str) -> str:
    """The sample scenario with a part replaced."""
    assert old in SCENARIO
    return SCENARIO.replace(old, new)


def test_the_sample_is_sound(tmp_path: Path) -> None:
    assert lines_of(written(tmp_path)) == []


SCHEMA = [
    (
        with_value("years: 10", "yaers: 10\nyears: 10"),
        's.yaml, line 4: yaers: found "yaers"; allowed: title, notes, baseline, start, years, ',
        "; did you mean years?",
    ),
    (
        with_line("rules: {minimum_oficial_members: 3}"),
        's.yaml, line 15: rules.minimum_oficial_members: found "minimum_oficial_members"; '
        f"allowed: {RULES_KEYS}",
        "; did you mean minimum_official_members?",
    ),
    (
        with_value("seats: 40}", "seets: 40}"),
        f's.yaml, line 5: training.seets: found "seets"; allowed: {TRAINING_KEYS}',
        "; did you mean seats?",
    ),
    (
        with_value("{times: 1.5}", "{tims: 1.5}"),
        's.yaml, line 14: policies.more-seats[0].seats.tims: found "tims"; '
        "allowed: to, times, plus",
        "; did you mean times?",
    ),
    (
        with_value("from: 2021", "since: 2021"),
        's.yaml, line 14: policies.more-seats[0].since: found "since"; '
        "allowed: from, until, where, lever, seats, ",
        "priority, replace_no_shows",
    ),
    (
        with_value("lever: training", "lever: trainning"),
        's.yaml, line 14: policies.more-seats[0].lever: found "trainning"; allowed: admission, ',
        "; did you mean training?",
    ),
    (
        with_value("{lever: training, from", "{from"),
        "s.yaml, line 14: policies.more-seats[0].lever: found nothing; allowed: admission, ",
        "training, waiver",
    ),
    (
        with_lever("7"),
        "s.yaml, line 15: policies.other[0]: found 7; allowed: a mapping with the key lever",
        "",
    ),
    (
        with_value("seats: 40", "seats: forty"),
        's.yaml, line 5: training.seats: found "forty"; allowed: a whole number of at least 0',
        "",
    ),
    (
        with_value("seats: 40", "seats: 40.5"),
        "s.yaml, line 5: training.seats: found 40.5; allowed: a whole number of at least 0",
        "",
    ),
    (
        with_value("seats: 40", "seats: -1"),
        "s.yaml, line 5: training.seats: found -1; allowed: a whole number of at least 0",
        "",
    ),
    (
        with_value("seats: 40", "seats: '40'"),
        's.yaml, line 5: training.seats: found "40"; allowed: a whole number of at least 0',
        "",
    ),
    (
        with_value("seats: 40", "seats: true"),
        "s.yaml, line 5: training.seats: found true; allowed: a whole number of at least 0",
        "",
    ),
    (
        with_value("years: 10", "years: 1_0"),
        's.yaml, line 4: years: found "1_0"; allowed: a whole number from 1 to 200',
        "; did you mean 10?",
    ),
    (
        with_value("years: 10", "years: 010"),
        's.yaml, line 4: years: found "010"; allowed: a whole number from 1 to 200',
        "",
    ),
    (
        with_value("years: 10", "years: 201"),
        "s.yaml, line 4: years: found 201; allowed: a whole number from 1 to 200",
        "",
    ),
    (
        with_value("years: 10\n", ""),
        "s.yaml, line 1: years: found nothing; allowed: a whole number from 1 to 200",
        "",
    ),
    (
        with_value("2020-01-01", "2017-13-01"),
        's.yaml, line 3: start: found "2017-13-01"; allowed: a date such as 2021-01-01',
        "",
    ),
    (
        with_value("2020-01-01", "2020"),
        "s.yaml, line 3: start: found 2020; allowed: a date such as 2021-01-01",
        "",
    ),
    (
        with_value("seats: 40", "attendance: 1.5"),
        "s.yaml, line 5: training.attendance: found 1.5; allowed: a number from 0 to 1",
        "",
    ),
    (
        with_value("seats: 40", "attendance: 70%"),
        's.yaml, line 5: training.attendance: found "70%"; allowed: a number from 0 to 1',
        "",
    ),
    (
        with_value("seats: 40", "attendance: .inf"),
        's.yaml, line 5: training.attendance: found ".inf"; allowed: a number from 0 to 1',
        "",
    ),
    (
        with_value("seats: 40", "on: No"),
        's.yaml, line 5: training.on: found "No"; allowed: true or false',
        "; did you mean false?",
    ),
    (
        with_value("seats: 40", "priority: first_com"),
        f's.yaml, line 5: training.priority: found "first_com"; allowed: {PRIORITIES}',
        "; did you mean first_come?",
    ),
    (
        with_value("seats: 40", "months: [1, 13]"),
        "s.yaml, line 5: training.months[1]: found 13; allowed: a whole number from 1 to 12",
        "",
    ),
    (
        with_value("seats: 40", "months: al"),
        's.yaml, line 5: training.months: found "al"; allowed: '
        "all or a list of at least one, each a whole number from 1 to 12",
        "; did you mean all?",
    ),
    (
        with_value("per_year: 6", "per_year: -6"),
        "s.yaml, line 7: admission.targets.per_year: found -6; allowed: a number of at least 0 "
        "or a mapping from names to a number of at least 0",
        "",
    ),
    (
        with_line("source: {help: {ful_help: 6}}"),
        's.yaml, line 15: source.help.ful_help: found "ful_help"; allowed: full_help, ',
        "; did you mean full_help?",
    ),
    (
        with_line("source: {help: linar}"),
        's.yaml, line 15: source.help: found "linar"; allowed: a mapping with keys full_help, ',
        "or linear, off; did you mean linear?",
    ),
    (
        with_line("demography: {returning: {constant: 0.1, by_age: {0: 0.1}}}"),
        "s.yaml, line 15: demography.returning: found keys constant, by_age; "
        "allowed: exactly one of constant, by_age",
        "",
    ),
    (
        with_line("demography: {returning: {by_age: {0: 0.1, 1_0: 0.2}}}"),
        's.yaml, line 15: demography.returning.by_age.1_0: found "1_0"; '
        "allowed: exact ages from 0 to 120 as whole numbers",
        "",
    ),
    (
        with_line("rules:"),
        f"s.yaml, line 15: rules: found nothing; allowed: a mapping with keys {RULES_KEYS}",
        "",
    ),
    (
        with_line("dossier: {failure: {hard: 0.2}}"),
        's.yaml, line 15: dossier.failure.hard: found "hard"; allowed: easy, normal, difficult',
        "",
    ),
    (
        with_lever("{lever: retention, factor: 0.5, where: {when: {strenth: {below: 4}}}}"),
        's.yaml, line 15: policies.other[0].where.when.strenth: found "strenth"; '
        "allowed: strength, local_strength, ",
        "; did you mean strength?",
    ),
    (
        with_lever("{lever: reinforcement}"),
        "s.yaml, line 15: policies.other[0]: found keys lever; "
        "allowed: exactly one of pool, senders",
        "",
    ),
    (
        with_value("title: {en: Four units}", "title: {fr: Quatre}"),
        's.yaml, line 1: title.fr: found "fr"; allowed: en, vi, ru',
        "",
    ),
    (
        with_value("policies:", "policies: []\npolices:"),
        "s.yaml, line 11: policies: found a list of 0; allowed: a mapping from names to "
        "a list of levers",
        "",
    ),
    ("- 1\n- 2\n", "s.yaml, line 1: found a list of 2; allowed: a mapping with keys title, ", ""),
]


@pytest.mark.parametrize(("scenario", "start", "end"), SCHEMA)
def test_a_fault_of_schema(tmp_path: Path, scenario: str, start: str, end: str) -> None:
    line = lines_of(written(tmp_path, scenario))[0]
    assert line.startswith(start)
    assert line.endswith(end)


FORM = [
    ("seed: 1\nseed: 2\n", 'line 16: seed: found "seed", given in line 15 too; allowed: every key'),
    ("? [a, b]\n: 1\n", "line 15: found a list or mapping as a key; allowed: a text as a key"),
    ("seed: !!python/object/apply:os.system ['true']\n", "line 15: found "),
    ("seed: !!int 3\n", 'line 15: found "tag:yaml.org,2002:int"; allowed: values without a tag'),
    ("seed: *nobody\n", "line 15: found *nobody; allowed: the name of an anchor that ends before"),
    ("published: &p {death: *p}\n", "line 15: found *p; allowed: the name of an anchor that ends"),
    ("seed: [1, 2\n", "line 16: found brackets that are not closed"),
    ("seed: 1: 2\n", "line 15: found a colon where no key can stand; allowed: YAML 1.2"),
    ("\tseed: 1\n", "line 15: found "),
    ("seed: \x07\n", "line 15: found a character that no text may hold; allowed: YAML 1.2"),
    ("---\nseed: 1\n", "found 2 documents; allowed: one YAML document"),
    ("x: " + "[" * 3000, "line 15: found values nested more deeply; allowed: at most 40 levels"),
]


@pytest.mark.parametrize(("added", "expected"), FORM)
def test_a_fault_of_form(tmp_path: Path, added: str, expected: str) -> None:
    lines = lines_of(written(tmp_path, SCENARIO + added))
    assert any(line.startswith("s.yaml") and expected in line for line in lines), lines


def test_anchors_may_be_used_but_not_explode(tmp_path: Path) -> None:
    harmless = "rules: &r {grace_months: 1}\n"
    assert lines_of(written(tmp_path, SCENARIO + harmless)) == []
    bomb = ["x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    bomb += [f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 9)}]" for i in range(1, 12)]
    (line,) = lines_of(written(tmp_path, SCENARIO + "\n".join(bomb)))
    assert "found more values; allowed: at most 100000 values" in line


def test_a_chain_of_anchors_is_not_followed_for_ever(tmp_path: Path) -> None:
    chain = ["x0: &x0 [1]", *(f"x{i}: &x{i} [*x{i - 1}]" for i in range(1, 2000))]
    (line,) = lines_of(written(tmp_path, SCENARIO + "\n".join(chain)))
    assert "found values nested more deeply" in line


CROSS = [
    (
        with_line("policy_names: {more-saets: {vi: thêm suất học}}"),
        'line 15: policy_names.more-saets: found "more-saets"; allowed: as-is, more-seats; '
        "did you mean more-seats?",
    ),
    (
        with_value("2020-01-01", "2020-01-15"),
        "line 3: start: found 2020-01-15; allowed: the first "
        "day of a month; did you mean 2020-01-01?",
    ),
    (
        with_value("years: 10", "years: 200")
        .replace("2020-01-01", "9990-01-01")
        .replace("from: 2021-01-01, ", ""),
        "line 4: years: found 200; allowed: a horizon before",
    ),
    (
        with_value("from: 2021-01-01", "from: 2021-01-02"),
        "line 14: policies.more-seats[0].from: "
        "found 2021-01-02; allowed: the first day of a month; did you mean 2021-01-01?",
    ),
    (
        with_value("from: 2021-01-01", "from: 2019-12-01"),
        "line 14: policies.more-seats[0].from: "
        "found 2019-12-01; allowed: 2020-01-01 or later, and before 2030-01-01",
    ),
    (with_value("from: 2021-01-01", "from: 2030-01-01"), "found 2030-01-01; allowed: 2020-01-01"),
    (
        with_value("from: 2021-01-01", "from: 2022-01-01, until: 2022-01-01"),
        "line 14: policies.more-seats[0].until: found 2022-01-01; allowed: later than 2022-01-01",
    ),
    (with_value("from: 2021-01-01", "until: 2019-01-01"), "allowed: later than 2020-01-01"),
    (
        with_line("offices: {first_election: 2019-01-01}"),
        "line 15: offices.first_election: found 2019-01-01; allowed: 2020-01-01 or later",
    ),
    (
        with_value("level: district, seats", "level: distric, seats"),
        "line 5: training.level: "
        'found "distric"; allowed: district, commune; did you mean district?',
    ),
    (
        with_value("level: commune, per_year", "level: commun, per_year"),
        "line 7: admission.targets"
        '.level: found "commun"; allowed: district, commune; did you mean commune?',
    ),
    (
        with_value("per_year: 6", "per_year: {Quynh Lam: 3}"),
        "line 7: admission.targets.per_year"
        '.Quynh Lam: found "Quynh Lam"; allowed: an area of the level commune; '
        "did you mean Quỳnh Lâm?",
    ),
    (
        with_value("army: {level: district", "army: {level: province"),
        'line 10: postings.pools.army.level: found "province"; allowed: district, commune',
    ),
    (
        with_line("demography: {shock: {comune: 0.1}}"),
        "line 15: demography.shock.comune: found "
        '"comune"; allowed: district, commune; did you mean commune?',
    ),
    (with_line("cells: {host_level: hamlet}"), 'line 15: cells.host_level: found "hamlet"'),
    (
        with_lever("{lever: local_class, level: village, months: [3], seats: 9}"),
        'line 15: policies.other[0].level: found "village"; allowed: district, commune',
    ),
    (
        with_lever("{lever: emulation, factor: 2, where: {areas: [Quynh Tam]}}"),
        "line 15: policies"
        '.other[0].where.areas[0]: found "Quynh Tam"; allowed: an area of the table; '
        "did you mean Quỳnh Tam?",
    ),
    (
        with_lever("{lever: emulation, factor: 2, where: {tags: [religous]}}"),
        "line 15: policies"
        '.other[0].where.tags[0]: found "religous"; allowed: a tag of the table; '
        "did you mean religious?",
    ),
    (
        with_lever("{lever: emulation, factor: 2, where: {kinds: [shcool]}}"),
        'policies.other[0].where.kinds[0]: found "shcool"; allowed: ',
    ),
    (
        with_lever("{lever: emulation, factor: 2, where: {hamlets: [H1, H9]}}"),
        'line 15: policies.other[0].where.hamlets[1]: found "H9"; allowed: an id of the table',
    ),
    (
        with_lever("{lever: emulation, factor: 2, where: {tags: [religious], kinds: [school]}}"),
        "line 15: policies.other[0].where: found a lever aimed at nobody; allowed: conditions that",
    ),
    (
        with_lever("{lever: training, seats: 9, where: {when: {strength: {below: 4}}}}"),
        "line 15: "
        "policies.other[0].where.when: found a condition with training; allowed: only with ",
    ),
    (
        with_lever("{lever: retention, factor: 1, where: {rank_level: commune}}"),
        "line 15: policies"
        '.other[0].where.rank_level: found "commune"; allowed: only with a condition on rank_by',
    ),
    (
        with_lever(
            "{lever: retention, factor: 1, where: {when: {strength: {below: 3, at_least: 3}}}}"
        ),
        "line 15: policies.other[0].where.when.strength: found at least 3.0 and below 3.0",
    ),
    (
        with_lever("{lever: training, seats: 9, where: {tags: [religious]}}"),
        "line 15: policies.other[0].where.tags: found a condition with training; "
        "allowed: only areas, or all",
    ),
    (
        with_lever(
            "{lever: local_class, level: commune, months: [3], seats: 9, where: {kinds: [hamlet]}}"
        ),
        "line 15: policies.other[0].where.kinds: found a condition with local_class; allowed: only",
    ),
    (
        with_lever(
            "{lever: officer_training, office: chief, months: [3], places: 9, "
            "where: {hamlets: [H1]}}"
        ),
        "line 15: policies.other[0].where.hamlets: found a condition with officer_training; ",
    ),
    (
        with_lever("{lever: admission, per_year: 9, where: {tags: [religious]}}"),
        "line 15: policies.other[0].where.tags: found a condition with admission; allowed: only",
    ),
    (
        with_lever("{lever: admission, pull: 0.5, where: {areas: [Quỳnh Lưu]}}"),
        "line 15: policies.other[0].where: found a condition with pull; allowed: all",
    ),
    (
        with_lever("{lever: assumption, shock: 1.5, where: {tags: [religious]}}"),
        "line 15: policies.other[0].where: found a condition with shock; allowed: all",
    ),
    (
        with_lever("{lever: training, seats: 9, where: {areas: [Quỳnh Lưu, Quỳnh Tam]}}"),
        'line 15: policies.other[0].where.areas[1]: found "Quỳnh Tam", a part of an area of the '
        "level district; allowed: an area of the level district or above; did you mean Quỳnh Lưu?",
    ),
    (
        with_value("{level: district, seats: 40}", "{seats: 40}").replace(
            "where: all", "where: {areas: [Quỳnh Tam]}"
        ),
        'line 14: policies.more-seats[0].where.areas[0]: found "Quỳnh Tam", a part of an area of ',
    ),
    (
        with_lever(
            "{lever: local_class, level: district, months: [3], seats: 9, "
            "where: {areas: [Quỳnh Tam]}}"
        ),
        'line 15: policies.other[0].where.areas[0]: found "Quỳnh Tam", a part of an area of the ',
    ),
    (
        with_lever(
            "{lever: officer_training, office: chief, months: [3], places: 9, "
            "where: {areas: [Quỳnh Tam]}}"
        ),
        'line 15: policies.other[0].where.areas[0]: found "Quỳnh Tam", a part of an area of the ',
    ),
    (
        with_value(
            "{level: commune, per_year: 6}",
            "[{level: commune, per_year: 6}, {level: district, per_year: 9}]",
        )
        + "  other: [{lever: admission, per_year: 9, where: {areas: [Quỳnh Tam]}}]\n",
        'line 15: policies.other[0].where.areas[0]: found "Quỳnh Tam", a part of an area of the ',
    ),
    (
        with_lever(", ".join(["{lever: attention, factor: 2}"] * 7)),
        "line 15: policies.other: found 7 adaptive levers; allowed: at most 6",
    ),
    (
        with_lever("{lever: reinforcement, pool: arny}"),
        'line 15: policies.other[0].pool: found "arny"; allowed: army; did you mean army?',
    ),
    (
        with_lever("{lever: reinforcement, senders: [H7]}"),
        'line 15: policies.other[0].senders[0]: found "H7"; allowed: an id of the table',
    ),
    (
        with_lever("{lever: structural, event: merge, unit: H7, into: H2}"),
        'line 15: policies.other[0].unit: found "H7"; allowed: an id of the table',
    ),
    (
        with_lever("{lever: structural, event: merge, unit: H1, into: H1}"),
        'line 15: policies.other[0].into: found "H1"; allowed: another unit',
    ),
    (
        with_lever("{lever: structural, event: merge, unit: H1, into: H2, share: 0.5}"),
        "line 15: policies.other[0].share: found 0.5; allowed: all of the unit, no share",
    ),
    (
        with_lever("{lever: structural, event: split, unit: H1, into: H3}"),
        "line 15: policies.other[0].share: found 1; allowed: a share below 1",
    ),
    (
        with_lever("{lever: structural, event: split, unit: H1, into: H2, share: 0.5}"),
        "line 15: "
        'policies.other[0].into: found "H2", a unit with people; allowed: a unit with residents 0',
    ),
    (
        with_lever(
            "{lever: structural, event: resettle, unit: H1, into: H2, where: {hamlets: [H1]}}"
        ),
        "line 15: policies.other[0].where: found a condition; allowed: only unit and into",
    ),
    (
        with_lever("{lever: retention, factor: 1, ages: [40, 18]}"),
        "line 15: policies.other[0].ages:"
        " found [40, 18]; allowed: the lower age first, then a higher one; did you mean [18, 40]?",
    ),
    (with_line("rules: {admission_age: [18, 18]}"), "line 15: rules.admission_age: found [18, 18]"),
    (
        with_line("demography: {returning: {by_age: {18: 0.1}}}"),
        "line 15: demography.returning.by_age: found ages 18; allowed: rates from age 0 on",
    ),
    (with_line("demography: {returning: {by_age: {}}}"), "found no ages; allowed: rates from age"),
    (
        with_value("seats: 40", "months: [4, 10, 4]"),
        "line 5: training.months[2]: found 4 again; allowed: every month once",
    ),
    (
        with_line("completion: {official_ages: {18-29: 1, 25-40: 1}}"),
        "line 15: completion.official_ages: found 18-29, 25-40; allowed: bands that share no ages",
    ),
    (
        with_line("completion: {official_ages: {young: 1}}"),
        "line 15: completion.official_ages"
        '.young: found "young"; allowed: ages such as 18-29, 80+ or 65.5',
    ),
    (
        with_line("completion: {candidate_ages: {16-20: 1}}"),
        'line 15: completion.candidate_ages.16-20: found "16-20"; allowed: ages of at least 18',
    ),
    (with_line("completion: {candidate_ages: {18-20: 0}}"), "found no share above 0; allowed: "),
    (
        with_line("source: {listing: {per_hamlet: 1, age_weights: [{ages: [18, 59], weight: 0}]}}"),
        "line 15: source.listing.age_weights: found no weight above 0",
    ),
    (
        with_line(
            "source: {listing: {per_hamlet: 1, "
            "age_weights: [{ages: [18, 40], weight: 1}, {ages: [60, 65], weight: 1}]}}"
        ),
        "line 15: source.listing.age_weights[1].ages: found [60, 65]; "
        "allowed: ages of 18 to 59, for nobody else is listed",
    ),
    (
        with_line("source: {listing: {per_hamlet: 1, age_weights: [{ages: [0, 17], weight: 1}]}}"),
        "line 15: source.listing.age_weights[0].ages: found [0, 17]; allowed: ages of 18 to 59",
    ),
    (
        with_line("rules: {minimum_official_members: 5, founding_strength: 4}"),
        "line 15: rules.founding_strength: found 4; "
        "allowed: 5 or more, the minimum of official members; did you mean 5?",
    ),
    (
        with_line("rules: {minimum_official_members: 4}"),
        "line 15: rules.founding_strength: found 3; allowed: 4 or more, the minimum of official",
    ),
    (
        with_value("admission:\n", "admission:\n  on: false\n"),
        "line 8: admission.targets: found targets with admission.on false; "
        "allowed: no targets, or admission.on true",
    ),
    (
        with_line("costs: {training.seat_ofered: 1}"),
        "line 15: costs.training.seat_ofered: found "
        '"training.seat_ofered"; allowed: admission.admitted, ',
    ),
    (
        with_line("published: {deaths: 0.01}"),
        'line 15: published.deaths: found "deaths"; '
        "allowed: death, leaving, removal, admission; did you mean death?",
    ),
    (
        with_line("cells: {responses: [combine, combine]}"),
        'line 15: cells.responses[1]: found "combine" again; allowed: every response once',
    ),
    (
        with_value(
            "{level: commune, per_year: 6}",
            "[{level: commune, per_year: 6}, {level: commune, per_year: 7}]",
        ),
        'line 7: admission.targets[1].level: found "commune" again; allowed: every level once',
    ),
    (
        with_line("uncertain: {training.attendence: {distribution: beta, mean: 0.7, sd: 0.1}}"),
        'line 15: uncertain.training.attendence: found "training.attendence"; allowed: the path '
        "of a parameter of this scenario; did you mean training.attendance?",
    ),
    (
        with_line("uncertain: {training.seats: {distribution: gamma, mean: 7, sd: 1}}"),
        "line 15: "
        'uncertain.training.seats: found "training.seats"; allowed: a parameter that takes any',
    ),
    (
        with_line("uncertain: {training.attendance: {distribution: gamma, mean: 1.5, sd: 1}}"),
        "line 15: uncertain.training.attendance.mean: found 1.5; allowed: a number from 0 to 1",
    ),
    (
        with_line("uncertain: {training.attendance: {distribution: beta, mean: 0.5, high: 1}}"),
        "line 15: uncertain.training.attendance: found beta with mean, high",
    ),
    (
        with_line("uncertain: {training.attendance: {distribution: uniform, low: 0.9, high: 0.5}}"),
        "line 15: uncertain.training.attendance: found low 0.9, high 0.5",
    ),
    (
        with_line("uncertain: {training.attendance: {distribution: normal, mean: 0.7, sd: 0.05}}"),
        "line 15: uncertain.training.attendance: found normal with values from 0.29 to 1.11; "
        "allowed: a distribution that keeps to the range of the parameter (a number from 0 to 1)",
    ),
    (
        with_line(
            "uncertain: {demography.mortality.factor: {distribution: normal, mean: 1, sd: 0.2}}"
        ),
        "line 15: uncertain.demography.mortality.factor: found normal with values from -0.642 to",
    ),
    (
        with_line("uncertain: {training.attendance: {distribution: beta, mean: 0.5, sd: 0.6}}"),
        "line 15: uncertain.training.attendance: found mean 0.5, sd 0.6",
    ),
    (
        with_value("more-seats:", "'more,seats':"),
        'line 13: policies.more,seats: found "more,seats"; '
        "allowed: a name of at most 60 characters without commas",
    ),
]


@pytest.mark.parametrize(("scenario", "expected"), CROSS)
def test_a_fault_of_meaning(tmp_path: Path, scenario: str, expected: str) -> None:
    (line,) = lines_of(written(tmp_path, scenario))
    assert line.startswith("s.yaml, line ")
    assert expected in line


SOUND = [
    with_line("rules: {minimum_official_members: 4, founding_strength: 4}"),
    with_line("source: {listing: {per_hamlet: 1, age_weights: [{ages: [0, 18], weight: 1}]}}"),
    with_line("source: {listing: {per_hamlet: 1, age_weights: [{ages: [59, 99], weight: 1}]}}"),
    with_value("admission:\n", "admission:\n  on: false\n").replace(
        "targets: {level: commune, per_year: 6}", "targets: []"
    ),
    with_value("where: all", "where: {areas: [Quỳnh Lưu]}"),
    with_value("level: district, seats: 40", "level: commune, seats: 40").replace(
        "where: all", "where: {areas: [Quỳnh Tam]}"
    ),
    with_lever(
        "{lever: local_class, level: commune, months: [3], seats: 9, where: {areas: [Quỳnh Tam]}}"
    ),
    with_lever(
        "{lever: officer_training, office: chief, level: commune, months: [3], places: 9, "
        "where: {areas: [Quỳnh Tam]}}"
    ),
    with_lever("{lever: admission, per_year: 9, where: {areas: [Quỳnh Tam]}}"),
    with_lever("{lever: admission, pull: 0.5, where: all}"),
    with_lever("{lever: assumption, mortality: 1.5, leaving: 2, where: {tags: [religious]}}"),
    with_lever("{lever: assumption, shock: 1.5}"),
    with_lever("{lever: combining}, {lever: reinforcement, pool: army}")
    + "cells: {responses: []}\n",
]


@pytest.mark.parametrize("scenario", SOUND)
def test_what_is_near_a_fault_and_none(tmp_path: Path, scenario: str) -> None:
    assert lines_of(written(tmp_path, scenario)) == []


def changed(old: str, new: str) -> str:
    """The sample table with a part replaced."""
    assert old in TABLE
    return TABLE.replace(old, new)


ROWS = [
    (changed("420,,6", "420,,6x"), 'row 2, column I: officials: found "6x"; allowed: a whole'),
    (changed("420,,6", "420,,-6"), 'row 2, column I: officials: found "-6"; allowed: a whole'),
    (changed("420,,6", "420,,6.5"), 'row 2, column I: officials: found "6.5"; allowed: a whole'),
    (
        changed("420,,6", "1.420,,6"),
        'row 2, column G: residents: found "1.420"; allowed: a number '
        "without thousands separators; did you mean 1420?",
    ),
    (changed("420,,6", '"1,420",,6'), "without thousands separators; did you mean 1420?"),
    (changed("420,,6", "12 345,,6"), "without thousands separators; did you mean 12345?"),
    (
        changed("420,,6", "60%,,6"),
        'column G: residents: found "60%"; allowed: a number of at least',
    ),
    (
        changed("H2,Hamlet 2", ",Hamlet 2").replace(",H2\n", ",\n"),
        "row 3, column C: id: found nothing; allowed: a value in every row",
    ),
    (
        changed("H2,Hamlet 2", "H1,Hamlet 2").replace(",H2\n", ",\n").replace("own,H1", "own,"),
        'row 3, column C: id: found "H1", in row 2 too; allowed: every id once',
    ),
    (changed("Quỳnh Tam,S1", ",S1"), "row 5, column B: area.commune: found nothing; allowed: a "),
    (
        changed(",hamlet,religious,0", ",hamet,religious,0"),
        "row 4, column E: kind: found "
        '"hamet"; allowed: hamlet, school, health_station, agency; did you mean hamlet?',
    ),
    (changed("H3,Hamlet", "=H3,Hamlet"), 'row 4, column C: id: found "=H3"; allowed: an id that '),
    (changed("H3,Hamlet", "1.2E+11,Hamlet"), 'found "1.2E+11"; allowed: an id that no spreadsheet'),
    (changed("H3,Hamlet", f"{'x' * 81},Hamlet"), "allowed: an id that starts with a letter or"),
    (changed("Hamlet 3", "Hamlet\x1b[2J3"), "row 4, column D: name: found "),
    (
        changed("none,", "with:H9,"),
        'row 4, column L: cell: found "H9"; allowed: another unit of Quỳnh Lưu/Quỳnh Lâm',
    ),
    (changed("none,", "with:H3,"), 'row 4, column L: cell: found "H3", the unit itself'),
    (changed("none,", "with:S1,"), 'row 4, column L: cell: found "S1" of Quỳnh Lưu/Quỳnh Tam'),
    (
        changed("none,", "owned,"),
        'row 4, column L: cell: found "owned"; allowed: own, none or with',
    ),
    (changed("own,H1", "with:H3,H1"), 'row 3, column L: cell: found "with:H3", which has no own '),
    (changed("own,H1", "own,S1"), 'row 3, column M: neighbour: found "S1" of Quỳnh Lưu/Quỳnh Tam'),
    (changed("own,H1", "own,H2"), 'row 3, column M: neighbour: found "H2", the unit itself'),
    (changed("420,,6", "420,12,6"), "row 2, column H: staff: found 12; allowed: nothing, for this"),
    (changed(",20,4,", ",,4,"), "row 5, column H: staff: found nothing; allowed: the number of "),
    (
        changed(",20,4,", ",3,4,"),
        "row 5, column H: staff: found 3; allowed: at least its 4 members",
    ),
    (changed("1,army", "1,navy"), 'row 3, column K: posted_pool: found "navy"; allowed: army'),
    (changed("1,army", "1,"), "row 3, column K: posted_pool: found nothing; allowed: army"),
    (changed("Hamlet 2", '"Hamlet 2'), "row 3: found a quotation mark that is not closed, or"),
    (
        changed("neighbour\n", "neigbour\n"),
        'row 1, column M: neigbour: found "neigbour"; allowed: area.<level>, id, name, ',
    ),
    (
        changed("neighbour\n", "cell\n"),
        'row 1, column M: cell: found "cell", in column L too; allowed: every column once',
    ),
    (changed("neighbour\n", "\n"), 'row 1, column M: found no name over "H2" in row 2 (merged'),
    (changed("own,H2", "own,H2,extra"), 'row 1, column N: found no name over "extra" in row 2'),
    (changed(",id,", ",ident,"), "row 1: found no column id; allowed: a column id"),
    (changed("area.district,area.commune", "kind of,place"), "row 1: found no column area.<level>"),
    (
        changed(",officials,", ",officials.30-20,"),
        'column I: officials.30-20: found "officials.30-'
        '20"; allowed: ages from 0 to 120 such as 18-29, 80+ or 65.5',
    ),
    (changed(",officials,", ",officials.15-20,"), "allowed: ages of at least 18"),
    (changed(",officials,", ",officials.100-130,"), "allowed: ages from 0 to 120 such as"),
    (TABLE.splitlines()[0], "found a table without rows; allowed: a header and at least one row"),
    ("\n\n", "found an empty table; allowed: a header and at least one row"),
    (",,,\n", "found an empty table; allowed: a header and at least one row"),
    (
        b"\xd0\xcf\x11\xe0 old",
        "found a workbook of an old format, or one that is locked with a password; "
        "allowed: a workbook in XLSX, not locked",
    ),
    (b"PK\x03\x04 no zip", "found a workbook that is damaged, or no workbook at all; allowed"),
    (b"id\0\1\2", "found bytes that are no text; allowed: a table in CSV or XLSX"),
    (b"\xff\xfea\xd8", "found bytes that are no text; allowed: a table saved as UTF-8, UTF-16 or"),
    (b"id\x8a", "found bytes that are no text; allowed: a table saved as UTF-8, UTF-16 or Windows"),
]


@pytest.mark.parametrize(("table", "expected"), ROWS)
def test_a_fault_of_the_table(tmp_path: Path, table: str | bytes, expected: str) -> None:
    lines = lines_of(written(tmp_path, table=table))
    assert all(line.startswith("hamlets.csv") for line in lines)
    assert any(expected in line for line in lines), lines


SUMS = [
    ("officials,officials.18-29,officials.30+", "6,2,3", "officials: found 6; allowed: 5, the sum"),
    ("officials.18-29,officials.25-40", "2,3", "officials.25-40: found ages that officials.18-29"),
    ("officials.18-29,officials_women", "2,3", "officials_women: found 3; allowed: at most the 2"),
    ("name,officials_women", "x,3", "officials_women: found 3; allowed: at most the 0 officials"),
    ("residents,residents.0-17", "90,80", "residents: found 90; allowed: 80, the sum of its age"),
    ("residents.0-17,residents.f.0-17", "8,9", "residents.0-17: found 8; allowed: 9, the sum of"),
    ("officials,officials_away,officials_exempt", "5,3,3", "officials_away: found 6 exempt or"),
    ("officials,officials_exempt", "1,2", "officials_exempt: found 2 exempt or away; allowed: at"),
    ("officials,chief", "0,member", 'chief: found "member"; allowed: resident or vacant'),
    ("cell,secretary_trained", "none,1", "secretary_trained: found true; allowed: 0, for there is"),
    ("name,posted_months_left", "x,36-6", 'posted_months_left: found "36-6"; allowed: a whole num'),
    ("name,chief_trained", "x,maybe", 'chief_trained: found "maybe"; allowed: 1 or 0, yes or no'),
    ("name,listing_factor", "x,-1", 'listing_factor: found "-1"; allowed: a number of at least 0'),
    ("name,officials", "#REF!,1", 'name: found "#REF!"; allowed: a value (the spreadsheet'),
]


@pytest.mark.parametrize(("columns", "cells", "expected"), SUMS)
def test_a_row_that_contradicts_itself(
    tmp_path: Path, columns: str, cells: str, expected: str
) -> None:
    table = f"area.district,area.commune,id,{columns}\nA,B,H1,{cells}\n"
    (line,) = lines_of(written(tmp_path, table=table))
    assert re.match(r"hamlets.csv, row [12], column [A-Z]: ", line)
    assert expected in line


def test_an_area_with_an_ambiguous_name_needs_its_path(tmp_path: Path) -> None:
    table = changed("Quỳnh Lưu,Quỳnh Tam,S1", "Quế Phong,Quỳnh Lâm,S1")
    lever = "{{lever: emulation, factor: 2, where: {{areas: ['{}']}}}}"
    (line,) = lines_of(written(tmp_path, with_lever(lever.format("Quỳnh Lâm")), table))
    assert 'where.areas[0]: found "Quỳnh Lâm", the name of 2 areas; allowed: a full path: ' in line
    assert line.endswith("Quỳnh Lưu/Quỳnh Lâm, Quế Phong/Quỳnh Lâm")
    path = written(tmp_path, with_lever(lever.format("Quế Phong/Quỳnh Lâm")), table)
    assert lines_of(path) == []


def test_all_faults_are_told_at_once_in_the_order_of_the_files(tmp_path: Path) -> None:
    scenario = with_lever("{lever: emulation, factor: 2, where: {hamlets: [H9]}}")
    scenario = scenario.replace("seats: 40}", "seets: 40}\nseed: 1\nseed: 2")
    lines = lines_of(written(tmp_path, scenario, changed("420,,6", "420,,six")))
    heads = [line.partition(": found")[0] for line in lines]
    assert heads == [
        "s.yaml, line 5: training.seets",
        "s.yaml, line 7: seed",
        "s.yaml, line 17: policies.other[0].where.hamlets[0]",
        "hamlets.csv, row 2, column I: officials",
    ]


def test_what_follows_from_a_fault_is_not_told(tmp_path: Path) -> None:
    scenario = with_value("size: 9", "size: nine").replace("2020-01-01", "soon")
    lines = lines_of(written(tmp_path, with_lever("{lever: reinforcement, pool: army}"), TABLE))
    assert lines == []
    lines = lines_of(
        written(tmp_path, scenario + "  other: [{lever: reinforcement, pool: army}]\n")
    )
    assert [line.partition(": found")[0] for line in lines] == [
        "s.yaml, line 3: start",
        "s.yaml, line 10: postings.pools.army.size",
    ]
    scenario = with_value("training: {level: district", "training: {level: [1]")
    lever = "  other: [{lever: training, seats: 9, where: {areas: [Quỳnh Tam]}}]\n"
    (line,) = lines_of(written(tmp_path, scenario + lever))
    assert line.startswith("s.yaml, line 5: training.level")
    table = changed("H1,Hamlet 1", "=H1,Hamlet 1")
    scenario = with_lever("{lever: emulation, factor: 2, where: {hamlets: [H1]}}")
    assert len(lines_of(written(tmp_path, scenario, table))) == 1


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = written(tmp_path)
    wanted = "a scenario file in YAML, or a workbook in XLSX; did you mean s.yaml?"
    assert f"found no such file; allowed: {wanted}" in str(faults_of(tmp_path / "S.yml")[0])
    assert "found a folder" in str(faults_of(tmp_path)[0])
    assert "found a name that no file can have" in str(faults_of(tmp_path / "a\0b")[0])
    os.mkfifo(tmp_path / "pipe")
    assert "found not a regular file" in str(faults_of(tmp_path / "pipe")[0])
    path.write_bytes(b"")
    assert "found an empty file" in str(faults_of(path)[0])
    path.write_bytes(b"title: \xe9\n")
    assert "line 1: found bytes that are no text in UTF-8" in str(faults_of(path)[0])
    path.write_bytes(b"# " + b"x" * 2_000_001)
    assert "found a larger file; allowed: at most 2 megabytes" in str(faults_of(path)[0])


def test_a_table_that_cannot_be_read_is_a_fault_of_the_scenario(tmp_path: Path) -> None:
    path = written(tmp_path, with_value("hamlets.csv", "hamlet.csv"))
    (line,) = lines_of(path)
    assert line.startswith('s.yaml, line 2: baseline: found "hamlet.csv" (no such file)')
    assert line.endswith("; did you mean hamlets.csv?")
    (line,) = lines_of(written(tmp_path, with_value("hamlets.csv", ".")))
    assert "line 2: baseline: found" in line
    assert "(a folder)" in line


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    path = written(tmp_path)
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    assert "found no permission to read it" in str(faults_of(path)[0])


def test_a_fault_is_one_line_whatever_the_input(tmp_path: Path) -> None:
    nasty = 'title: x\nbaseline: "a\\u001b[31m\\u202e\\nb"\nstart: 2020-01-01\nyears: 1\n'
    with pytest.raises(BadInput) as caught:
        load(written(tmp_path, nasty + f"{'k' * 500}: 1\n"))
    told = str(caught.value).splitlines()
    assert len(told) == len(caught.value.faults) == 2
    assert all(line.isprintable() for line in told)
    assert max(map(len, told)) < 1500


@pytest.mark.parametrize(("residents", "faults"), [("0", 0), ("5", 1), ("", 1)])
def test_the_target_of_a_split_must_be_said_to_be_empty(
    tmp_path: Path, residents: str, faults: int
) -> None:
    lever = "{lever: structural, event: split, unit: H1, into: H3, share: 0.5}"
    table = changed("religious,0,", f"religious,{residents},")
    assert len(lines_of(written(tmp_path, with_lever(lever), table))) == faults
