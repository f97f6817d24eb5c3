"""Commands that are killed, and what may be there afterwards."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim import store
from sim.messages import BadInput
from sim.sweep import folder as sweeps
from sim.sweep import running
from tests import runs

SWEEP = """\
scenario: s.yaml
policies: [as-is, more-seats]
replications: 2
parameters:
  training.seats: {low: 10, high: 60, whole: true, levels: 4}
  source.listing.per_resident: [0.001, 0.003, 0.01]
outcomes: [lost, admitted]
"""
FACTS = """\
id,quantity,from,to,value,use,tolerance
in-class,listed,2020-01,2021,9,fit,1
admitted,admitted,2020-01,2021,8,fit,1
without,units_without_cell,,2022-01-01,1,fit,0.5
"""
State = dict[str, bytes]
"""Contents of the files that must be whole, by name."""


class Broken(AssertionError):  # noqa: N818 - what is broken is not the program that says so
    """What was found after a kill is neither the old nor the new."""


@dataclass(frozen=True)
class Subject:
    """A command that is run again and again, in turns with other arguments.

    result: what it makes, in the folder it works in.  state: reads the result; empty if there is
    none yet. Raises Broken.  goes_on: whether a killed command leaves parts for the next to use.
    share: of all kills, in proportion.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    result: str
    state: Callable[[Path], State]
    goes_on: bool = False
    share: int = 2


def of_run(folder: Path) -> State:
    """The tables of a run; its manifest and report tell times and are checked for wholeness."""
    if not folder.exists():
        return {}
    try:
        store.read(folder)
    except BadInput as bad:
        raise Broken(str(bad)) from bad
    report = folder / store.REPORT
    if report.exists() and not report.read_text("utf-8").rstrip().endswith("</html>"):
        raise Broken("half a report")
    names = [*store.read(folder).manifest["checksums"]]
    return {name: (folder / name).read_bytes() for name in names}


def of_sweep(folder: Path) -> State:
    """The tables of a sweep once it is complete; until then each that is there must be whole."""
    for kind in (sweeps.PARTS, sweeps.DONE):
        for file in sweeps.tables_in(folder / kind):
            if sweeps.number_of(file) is None:
                raise Broken(f"{file.name} is damaged")
    description = folder / sweeps.DESCRIPTION
    if description.exists():
        json.loads(description.read_text("utf-8"))
    try:
        running.finished(folder)
    except BadInput:
        return {}
    files = [*sweeps.files_of(folder).values(), description]
    return {file.name: file.read_bytes() for file in files}


def of_posterior(file: Path) -> State:
    """A posterior and what tells how it was made, which is written before it."""
    beside = file.with_suffix(".json")
    if beside.exists():
        json.loads(beside.read_text("utf-8"))
    return of_file(file) | of_file(beside) if file.exists() else {}


def of_file(file: Path) -> State:
    """One file, or all files of a folder but hidden ones."""
    if file.is_dir():
        files = [f for f in sorted(file.rglob("*")) if f.is_file() and not f.name.startswith(".")]
        return {f.relative_to(file).as_posix(): f.read_bytes() for f in files}
    return {file.name: file.read_bytes()} if file.exists() else {}


def shipped(place: Path) -> tuple[Subject, ...]:
    """Run, sweep, calibrate and report of a small scenario, made in `place`."""
    runs.scenario(place)
    (place / "sweep.yaml").write_text(SWEEP, "utf-8")
    (place / "facts.csv").write_text(FACTS, "utf-8")
    run = ("run", "s.yaml", "--replications", "8", "--out", "run", "--seed")
    fit = ("calibrate", "s.yaml", "--facts", "facts.csv", "--particles", "50", "--generations", "2")
    report = ("report", "other", "--out", "page.html", "--lang")
    return (
        Subject("run", ((*run, "1"), (*run, "2")), "run", of_run),
        Subject(
            "sweep", (("sweep", "sweep.yaml", "--jobs", "1", "--out", "swept"),), "swept",
            of_sweep, goes_on=True,
        ),
        Subject(
            "calibrate", ((*fit, "--jobs", "1", "--out", "posterior.csv"),), "posterior.csv",
            of_posterior, goes_on=True, share=1,
        ),
        Subject("report", ((*report, "en"), (*report, "vi")), "page.html", of_file,
                share=1),
    )  # fmt: skip


BEFORE = {"report": ("run", "s.yaml", "--replications", "8", "--out", "other")}
"""What must be there before a subject can be run."""
