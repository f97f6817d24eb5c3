"""The command `hamletsim`: check, run, best, trace, sweep, figures, report, schema.

Heavy rooms are imported by the command that needs them, after its input has been read.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from sim.messages import BadInput, Fault, _, listed, shown, speaking

if TYPE_CHECKING:
    from sim.experiment import Progress
    from sim.scenario import Loaded

BAD_INPUT = 2
LANGUAGES = ("en", "vi", "ru")
INTERRUPTED = 130

STOPPED = threading.Event()
"""Set by a signal: a compiler at work may make another error of it, or swallow it."""

app = typer.Typer(
    name="hamletsim",
    help=_("Which hamlets will lose their cell, when, why, and what levers change."),
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help=_("A scenario file."))]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help=_("Set a parameter, e.g. training.seats=60.")),
]
Seed = Annotated[int | None, typer.Option(min=0, help=_("Default: the scenario's."))]
ResultsFolder = Annotated[Path, typer.Argument(metavar="RESULTS", help=_("A run's folder."))]
Language = Annotated[str | None, typer.Option(help=_("vi, en or ru."))]
EngineName = Annotated[str, typer.Option(help=_("compiled or reference: equal results."))]


def main() -> None:
    """Entry point of the command."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except KeyboardInterrupt:
        typer.echo(_("Interrupted; nothing was written."), err=True)
        _leave_at_once()
    except SystemExit as done:
        if done.code == INTERRUPTED:
            _leave_at_once()
        raise


def _leave_at_once() -> NoReturn:
    """End without the interpreter's own farewell, which half-compiled code can crash."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _stop(*_signal: object) -> NoReturn:
    STOPPED.set()
    raise KeyboardInterrupt


@app.command()
def check(scenario: ScenarioFile, settings: Settings = None) -> None:
    """Read a scenario and its table; report every fault, or describe what would be run."""
    with _told():
        loaded = _loaded(scenario, settings)
        from sim.cli.description import described

        typer.echo(described(loaded))


@app.command()
def run(
    scenario: ScenarioFile,
    policies: Annotated[
        str | None, typer.Option(metavar="A,B", help=_("Default: all. The base always runs."))
    ] = None,
    replications: Annotated[
        int | None, typer.Option(min=1, help=_("Default: the scenario's."))
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(help=_("Instead: half-width of 95 % intervals to reach, e.g. 0.02.")),
    ] = None,
    seed: Seed = None,
    settings: Settings = None,
    engine: EngineName = "compiled",
    jobs: Annotated[int | None, typer.Option(min=1, help=_("Threads. Default: all cores."))] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help=_("Default: results/ and the file's name."))
    ] = None,
) -> None:
    """Simulate all policies, print what a planner asks first, and write the tables."""
    folder = Path("results") / scenario.stem if out is None else out
    with _told(_("nothing was written to {place}").format(place=folder)):
        loaded = _loaded(scenario, settings)
        chosen = None if policies is None else [p.strip() for p in policies.split(",")]
        from sim import api

        with _progress() as progress:
            results = api.run(
                loaded, chosen, replications, precision, seed, engine, jobs, folder, progress
            )
        typer.echo(results.summary())
        typer.echo(_("\nTables and manifest: {place}").format(place=folder))
    with _told(_("the tables are in {place}, the report is not made").format(place=folder)):
        from sim import report as reports

        reports.write(results, folder / reports.FILE)
        typer.echo(_("Report: {place}").format(place=folder / reports.FILE))


@app.command()
def best(
    scenario: ScenarioFile,
    outcome: Annotated[
        str, typer.Option(help=_("A measure at the horizon or summed to it, or cell_years."))
    ] = "lost",
    policies: Annotated[str | None, typer.Option(metavar="A,B", help=_("Default: all."))] = None,
    goal: Annotated[
        str | None, typer.Option(help=_("lowest or highest. Known for common outcomes."))
    ] = None,
    difference: Annotated[
        float | None,
        typer.Option(help=_("What is too small to matter. Half a hamlet for numbers of hamlets.")),
    ] = None,
    certainty: Annotated[
        float, typer.Option(help=_("With which the best is to be chosen."))
    ] = 0.95,
    most: Annotated[int, typer.Option(help=_("Most replications of one policy."))] = 10_000,
    seed: Seed = None,
    settings: Settings = None,
    engine: EngineName = "compiled",
    jobs: Annotated[int | None, typer.Option(min=1, help=_("Threads. Default: all cores."))] = None,
) -> None:
    """Choose the best policy with few replications, and say how sure the choice is."""
    with _told():
        loaded = _loaded(scenario, settings)
        chosen = None if policies is None else [p.strip() for p in policies.split(",")]
        from sim import api

        with _progress() as progress:
            selected = api.best(
                loaded, outcome, chosen, goal, difference, certainty, seed, engine, jobs, most,
                progress,
            )  # fmt: skip
        typer.echo(selected.summary())


@app.command()
def trace(
    scenario: ScenarioFile,
    policy: Annotated[str, typer.Option(help=_("Which policy."))],
    replication: Annotated[int, typer.Option(min=0, help=_("Which replication, from 0."))],
    engine: EngineName = "compiled",
    hamlet: Annotated[str | None, typer.Option(metavar="ID", help=_("Only this hamlet."))] = None,
    person: Annotated[int | None, typer.Option(metavar="KEY", help=_("Only this person."))] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help=_("Save the log as CSV."))
    ] = None,
    seed: Seed = None,
    settings: Settings = None,
) -> None:
    """One replication from event to event: a story by date, or its log as CSV."""
    with _told(_("nothing was written")):
        loaded = _loaded(scenario, settings)
        from sim.cli import tracing

        traced = tracing.traced(loaded, policy, replication, engine, seed, hamlet, person)
        if out is not None:
            tracing.save(traced, out)
            number = len(traced.log.day)
            typer.echo(_("{count} events: {place}").format(count=number, place=out))
            return
        for line in tracing.told(traced):
            typer.echo(line)


@app.command()
def sweep(
    file: Annotated[Path, typer.Argument(metavar="SWEEP", help=_("A sweep file."))],
    jobs: Annotated[
        int | None, typer.Option(min=1, help=_("Processes. Default: all cores."))
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help=_("Instead: a running dask.distributed scheduler.")),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help=_("Default: results/ and the file's name."))
    ] = None,
) -> None:
    """Simulate a scenario at many points of its parameters, going on where it was stopped."""
    folder = Path("results") / file.stem if out is None else out
    with _told(_("the points done so far are kept in {place}").format(place=folder)):
        from sim.sweep import description, running

        wanted = description.read(file)
        with _progress(_("points")) as progress:
            finished = running.run(wanted, folder, jobs, scheduler, progress, _notice)
        typer.echo(finished.summary())
        typer.echo(_("\nTables: {place}").format(place=folder))


def _notice(text: str) -> None:
    typer.echo(text, err=True)


@app.command()
def figures(
    results: ResultsFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help=_("Default: figures/ in the run's folder."))
    ] = None,
    kind: Annotated[str, typer.Option("--format", help=_("png or svg."))] = "png",
    lang: Language = None,
) -> None:
    """Draw what a planner shows: policies, hamlets at risk, members, causes, one file each."""
    with _told(_("some figures are missing")), _speaking(lang):
        from sim import figures as pictures

        for path in pictures.save_all(pictures.read(results), out or results / "figures", kind):
            typer.echo(str(path))


@app.command()
def report(
    results: ResultsFolder,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=_("Default: report.html in the run's folder.")),
    ] = None,
    kind: Annotated[str, typer.Option("--format", help=_("html."))] = "html",
    hide_below: Annotated[
        int, typer.Option(min=0, metavar="N", help=_("Do not tell counts of people below this."))
    ] = 0,
    lang: Language = None,
) -> None:
    """Write a run as one page that opens anywhere, offline, and prints well."""
    with _told(_("no report was written")), _speaking(lang):
        if kind != "html":
            raise BadInput([Fault("--format", found=shown(kind), allowed="html")])
        from sim import figures as pictures
        from sim import report as reports

        path = out or results / reports.FILE
        reports.write(pictures.read(results), path, hide_below)
        typer.echo(str(path))


@contextmanager
def _speaking(lang: str | None) -> Iterator[None]:
    """Texts in the language that was asked for, if one was."""
    if lang is None:
        yield
        return
    if lang not in LANGUAGES:
        raise BadInput([Fault("--lang", found=shown(lang), allowed=listed(LANGUAGES))])
    with speaking(lang):
        yield


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file, with which an editor completes it."""
    import json

    from sim.load import schema as scenario_schema

    typer.echo(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))


def _loaded(path: Path, settings: list[str] | None) -> "Loaded":
    from sim.load import load, with_settings

    loaded = load(path)
    return with_settings(loaded, settings) if settings else loaded


@contextmanager
def _told(left: str = "") -> Iterator[None]:
    """Bad input and interruption as lines on stderr and an exit code, without a traceback."""
    try:
        yield
    except BadInput as bad:
        for fault in bad.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(BAD_INPUT) from None
    except BaseException as error:
        if not (STOPPED.is_set() or isinstance(error, KeyboardInterrupt)):
            raise
        typer.echo("; ".join(filter(None, (_("Interrupted"), left))) + ".", err=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _progress(of: str | None = None) -> "Iterator[Progress]":
    """Look for interruptions, and draw a progress bar on stderr if a person is watching."""
    if not sys.stderr.isatty():
        yield lambda done, whole: _go_on()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    parts = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *parts, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(of or _("replications"), total=None)

        def told(done: int, whole: int) -> None:
            _go_on()
            bar.update(task, completed=done, total=whole)

        yield told


def _go_on() -> None:
    if STOPPED.is_set():
        raise KeyboardInterrupt
