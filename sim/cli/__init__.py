"""The command `hamletsim`: template, check, run, best, trace, sweep, figures, report, and more.

Heavy rooms are imported by the command that needs them, after its input has been read.
"""

import _thread
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from sim.cli.speech import BAD_INPUT, LANG, Command, Group
from sim.messages import LANGUAGES, N_, SOURCE, BadInput, _, ngettext, speaking

if TYPE_CHECKING:
    from sim.experiment import Progress
    from sim.scenario import Loaded

DIFFERENT = 1
"""Exit code of `reproduce` where the run did not come out the same."""
INTERRUPTED = 130
Decorated = TypeVar("Decorated", bound=Callable[..., None])

STOPPED = threading.Event()
"""Set by a signal: a compiler at work may make another error of it, or swallow it."""

TOLD = threading.Event()
"""Set when a command has said what an interruption leaves."""

app = typer.Typer(
    cls=Group,
    name="hamletsim",
    help=N_("Which hamlets will lose their cell, when, why, and what levers change."),
    epilog="hamletsim check scenarios/quynh-luu.yaml\nhamletsim run scenarios/quynh-luu.yaml",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _one_of(*values: str) -> Callable[[str], list[str]]:
    """What a shell offers to complete."""
    return lambda incomplete: [value for value in values if value.startswith(incomplete)]


ScenarioFile = Annotated[
    Path,
    typer.Argument(
        metavar=N_("SCENARIO"), help=N_("A scenario file in YAML, or a workbook in XLSX.")
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar=N_("PATH=VALUE"),
        help=N_("Set a parameter, such as training.seats=60; can be given several times."),
    ),
]
Seed = Annotated[
    int | None, typer.Option(min=0, max=2**62 - 1, metavar="N", help=N_("Default: the scenario's."))
]
EngineName = Annotated[
    str,
    typer.Option(
        metavar=N_("NAME"),
        help=N_("compiled or reference: equal results."),
        autocompletion=_one_of("compiled", "reference"),
    ),
]
Threads = Annotated[
    int | None, typer.Option(min=1, metavar="N", help=N_("Threads. Default: all cores."))
]
Json = Annotated[
    bool, typer.Option("--json", help=N_("Print JSON, for another program; always in English."))
]
Language = Annotated[
    str | None,
    typer.Option(
        LANG,
        metavar="|".join(LANGUAGES),
        help=N_("The language of all texts. Default: HAMLETSIM_LANG, else the system's."),
        autocompletion=_one_of(*LANGUAGES),
        expose_value=False,
    ),
]
OutFolder = Annotated[
    Path | None,
    typer.Option(metavar=N_("FOLDER"), help=N_("Default: results/ and the file's name.")),
]
ResultsFolder = Annotated[
    Path, typer.Argument(metavar=N_("RESULTS"), help=N_("The folder of a run."))
]

HideBelow = Annotated[
    int, typer.Option(min=0, metavar="N", help=N_("Do not tell counts of people below this."))
]


@app.callback()
def _of_all_commands(lang: Language = None) -> None:
    """Options that every command takes; `Group` reads --lang."""


def _command(help: str, *examples: str) -> Callable[[Decorated], Decorated]:
    return app.command(cls=Command, help=help, epilog="\n".join(examples))


def main() -> None:
    """Entry point of the command."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    sys.unraisablehook = _lost
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our letters shows the rest
    try:
        app()
    except KeyboardInterrupt:
        _leave_at_once()
    except SystemExit as done:
        if done.code == INTERRUPTED:
            _leave_at_once()
        raise


def _leave_at_once() -> NoReturn:
    """End without the interpreter's own farewell, which half-compiled code can crash.

    Who was stopped before a command was at work has not been told yet: typer says nothing.
    """
    if not TOLD.is_set():
        typer.echo(_("Interrupted; nothing was written."), err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _stop(*_signal: object) -> NoReturn:
    STOPPED.set()
    raise KeyboardInterrupt


def _lost(error: "sys.UnraisableHookArgs") -> None:
    """An interruption that came while a library was called back, and was lost, comes again."""
    if not isinstance(error.exc_value, KeyboardInterrupt):
        return sys.__unraisablehook__(error)
    again = threading.Timer(0.05, _thread.interrupt_main)
    again.daemon = True
    again.start()


@_command(
    N_("Read a scenario and its table; report every fault, or describe what would be run."),
    "hamletsim check scenarios/quynh-luu.yaml",
    "hamletsim check scenarios/quynh-luu.yaml --set training.seats=60 --json",
)
def check(scenario: ScenarioFile, settings: Settings = None, as_json: Json = False) -> None:
    with _told(as_json=as_json):
        loaded = _loaded(scenario, settings)
        from sim.cli import description
        from sim.experiment.preparation import known_policies

        known_policies(loaded, None)
        if as_json:
            return _print_json(description.data(loaded))
        typer.echo(description.described(loaded))
        typer.echo(_("\nNo faults. Next: {command}").format(command=f"hamletsim run {scenario}"))


@_command(
    N_("Simulate all policies, print what a planner asks first, and write the tables."),
    "hamletsim run scenarios/quynh-luu.yaml",
    "hamletsim run scenarios/quynh-luu.yaml --policies as-is,reinforcement --replications 40",
    "hamletsim run scenarios/quynh-luu.yaml --precision 0.02 --lang vi",
)
def run(
    scenario: ScenarioFile,
    policies: Annotated[
        str | None,
        typer.Option(metavar="A,B", help=N_("Default: all. The base always runs.")),
    ] = None,
    replications: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=N_("Default: the scenario's."))
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(
            metavar="P", help=N_("Instead: half-width of 95 % intervals to reach, such as 0.02.")
        ),
    ] = None,
    seed: Seed = None,
    settings: Settings = None,
    engine: EngineName = "compiled",
    jobs: Threads = None,
    out: OutFolder = None,
    as_json: Json = False,
) -> None:
    folder = Path("results") / scenario.stem if out is None else out
    with _told(_("nothing was written to {place}").format(place=folder), as_json):
        loaded = _loaded(scenario, settings)
        chosen = None if policies is None else [p.strip() for p in policies.split(",")]
        from sim import api

        with _progress() as progress:
            results = api.run(
                loaded, chosen, replications, precision, seed, engine, jobs, folder, progress
            )
        if not as_json:
            typer.echo(results.summary())
            typer.echo(_("\nTables and manifest: {place}").format(place=folder))
    left = _("the tables are in {place}, the report is not made").format(place=folder)
    with _told(left, as_json):
        from sim import report as reports
        from sim import store

        made = _("Report: {place}").format(place=folder / reports.FILE)
        try:
            reports.write_all_beside(folder)
        except store.Replaced as other:
            made = str(other)
        if as_json:
            from sim.cli import data

            return _print_json(data.of_run(results, folder))
        typer.echo(made)


@_command(
    N_("Choose the best policy with few replications, and say how sure the choice is."),
    "hamletsim best scenarios/quynh-luu.yaml --policies as-is,retention,renewed-postings",
    "hamletsim best scenarios/quynh-luu.yaml --outcome cost --goal lowest --difference 100",
)
def best(
    scenario: ScenarioFile,
    outcome: Annotated[
        str,
        typer.Option(
            metavar=N_("NAME"),
            help=N_(
                "A measure at the horizon or summed to it, or cell_years; as lost.school of units "
                "of one kind."
            ),
        ),
    ] = "lost",
    policies: Annotated[str | None, typer.Option(metavar="A,B", help=N_("Default: all."))] = None,
    goal: Annotated[
        str | None,
        typer.Option(
            metavar=N_("NAME"),
            help=N_("lowest or highest. Known for common outcomes."),
            autocompletion=_one_of("lowest", "highest"),
        ),
    ] = None,
    difference: Annotated[
        float | None,
        typer.Option(
            metavar="D",
            help=N_("What is too small to matter. Half a hamlet for numbers of hamlets."),
        ),
    ] = None,
    certainty: Annotated[
        float, typer.Option(metavar="P", help=N_("With which the best is to be chosen."))
    ] = 0.95,
    most: Annotated[
        int, typer.Option(metavar="N", help=N_("Most replications of one policy."))
    ] = 10_000,
    seed: Seed = None,
    settings: Settings = None,
    engine: EngineName = "compiled",
    jobs: Threads = None,
    as_json: Json = False,
) -> None:
    with _told(as_json=as_json):
        loaded = _loaded(scenario, settings)
        chosen = None if policies is None else [p.strip() for p in policies.split(",")]
        from sim import api

        with _progress() as progress:
            selected = api.best(
                loaded, outcome, chosen, goal, difference, certainty, seed, engine, jobs, most,
                progress,
            )  # fmt: skip
        if as_json:
            from sim.cli import data

            return _print_json(data.of_selection(selected))
        typer.echo(selected.summary())


@_command(
    N_("One replication from event to event: a story by date, or its log as CSV."),
    "hamletsim trace scenarios/quynh-luu.yaml --policy as-is --replication 0 --hamlet QL001",
    "hamletsim trace scenarios/quynh-luu.yaml --policy as-is --replication 0 --out log.csv",
)
def trace(
    scenario: ScenarioFile,
    policy: Annotated[str, typer.Option(metavar=N_("NAME"), help=N_("Which policy."))],
    replication: Annotated[
        int, typer.Option(min=0, metavar="N", help=N_("Which replication, from 0."))
    ],
    engine: EngineName = "compiled",
    hamlet: Annotated[str | None, typer.Option(metavar="ID", help=N_("Only this hamlet."))] = None,
    person: Annotated[
        int | None, typer.Option(metavar=N_("KEY"), help=N_("Only this person."))
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar=N_("FILE.csv"), help=N_("Save the log as CSV."))
    ] = None,
    seed: Seed = None,
    settings: Settings = None,
) -> None:
    with _told(_("nothing was written")):
        loaded = _loaded(scenario, settings)
        from sim.cli import tracing
        from sim.numerals import decimal

        traced = tracing.traced(loaded, policy, replication, engine, seed, hamlet, person)
        if out is not None:
            number = tracing.save(traced, out)
            told = ngettext("{count} event: {place}", "{count} events: {place}", number)
            typer.echo(told.format(count=decimal(number), place=out))
            return
        for line in tracing.told(traced):
            typer.echo(line)


@_command(
    N_("Simulate a scenario at many points of its parameters, going on where it was stopped."),
    "hamletsim sweep scenarios/quynh-luu/sweep.yaml --jobs 2",
)
def sweep(
    file: Annotated[Path, typer.Argument(metavar=N_("SWEEP"), help=N_("A sweep file in YAML."))],
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=N_("Processes. Default: all cores."))
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar=N_("ADDRESS"), help=N_("Instead: a running dask.distributed scheduler.")
        ),
    ] = None,
    out: OutFolder = None,
    as_json: Json = False,
) -> None:
    folder = Path("results") / file.stem if out is None else out
    with _told(_("the points done so far are kept in {place}").format(place=folder), as_json):
        from sim.sweep import description, running

        wanted = description.read(file)
        with _progress(_("points")) as progress:
            finished = running.run(wanted, folder, jobs, scheduler, progress, _notice)
        if as_json:
            from sim.cli import data

            return _print_json(data.of_sweep(finished))
        typer.echo(finished.summary())
        typer.echo(_("\nTables: {place}").format(place=folder))


def _notice(text: str) -> None:
    typer.echo(text, err=True)


@_command(
    N_("Make a run or a sweep again from its folder and tell whether every byte is the same."),
    "hamletsim reproduce results/quynh-luu",
    "hamletsim reproduce results/quynh-luu --out results/again --json",
)
def reproduce(
    results: Annotated[
        Path, typer.Argument(metavar=N_("RESULTS"), help=N_("The folder of a run or a sweep."))
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar=N_("FOLDER"), help=N_("Keep what is made here. Default: nowhere.")),
    ] = None,
    jobs: Threads = None,
    as_json: Json = False,
) -> None:
    with _told(_("nothing is compared"), as_json):
        from sim import reproduction

        counted = _("points") if reproduction.is_sweep(results) else None
        with _progress(counted) as progress:
            found = reproduction.reproduce(results, out, jobs, progress)
        if as_json:
            from sim.cli import data

            _print_json(data.of_reproduction(found))
        else:
            typer.echo(found.summary())
    if not found.same:
        raise typer.Exit(DIFFERENT)


@_command(
    N_("Draw what a planner shows: policies, hamlets at risk, members, causes, one file each."),
    "hamletsim figures results/quynh-luu",
    "hamletsim figures results/quynh-luu --format svg --lang vi --out slides",
)
def figures(
    results: ResultsFolder,
    out: Annotated[
        Path | None,
        typer.Option(metavar=N_("FOLDER"), help=N_("Default: figures/ in the folder of the run.")),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            metavar=N_("NAME"),
            help=N_("png or svg."),
            autocompletion=_one_of("png", "svg"),
        ),
    ] = "png",
    hide_below: HideBelow = 0,
) -> None:
    with _told(_("some figures are missing")):
        from sim import figures as pictures
        from sim import store

        place = out or results / store.FIGURES
        for path in pictures.save_all(pictures.read(results), place, kind, hide_below):
            typer.echo(str(path))


@_command(
    N_("Write a run as a page, a workbook or slides that open anywhere, offline, and print well."),
    "hamletsim report results/quynh-luu --lang vi",
    "hamletsim report results/quynh-luu --format xlsx",
    "hamletsim report results/quynh-luu --format slides",
    "hamletsim report results/quynh-luu --lang ru --hide-below 5 --out report-ru.html",
)
def report(
    results: ResultsFolder,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar=N_("FILE"),
            help=N_("Default: report.html, report.xlsx or slides.html in the run's folder."),
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            metavar=N_("NAME"),
            help=N_("html, xlsx or slides."),
            autocompletion=_one_of("html", "xlsx", "slides"),
        ),
    ] = "html",
    hide_below: HideBelow = 0,
) -> None:
    with _told(_("no report was written")):
        from sim import figures as pictures
        from sim import report as reports

        form = reports.of_kind(kind)
        if out is None:
            reports.write_beside(results, hide_below, kind)
        else:
            reports.write_again(pictures.read(results), out, hide_below, kind)
        typer.echo(str(out or results / form.file))


@_command(
    N_("Describe the model on one page, for planners and for reviewers, with every parameter."),
    "hamletsim describe results/quynh-luu --lang vi",
    "hamletsim describe --out model.html",
)
def describe(
    results: Annotated[
        Path | None,
        typer.Argument(
            metavar=N_("[RESULTS]"), help=N_("The folder of a run, to add its values; else none.")
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar=N_("FILE"), help=N_("Default: model.html in the folder of the run, or here.")
        ),
    ] = None,
) -> None:
    with _told(_("no description was written")):
        from sim import figures as pictures
        from sim import report as reports
        from sim import store

        path = out or (results or Path()) / store.MODEL
        reports.model.write(path, None if results is None else pictures.read(results))
        typer.echo(str(path))


@_command(
    N_("Print the JSON Schema of a scenario file, with which an editor completes it."),
    "hamletsim schema > scenario.schema.json",
)
def schema() -> None:
    from sim.load import schema as scenario_schema

    _print_json(scenario_schema())


def _print_json(data: object) -> None:
    import json

    typer.echo(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def _loaded(path: Path, settings: list[str] | None) -> "Loaded":
    from sim.load import load, with_settings

    loaded = load(path)
    return with_settings(loaded, settings) if settings else loaded


@contextmanager
def _told(left: str = "", as_json: bool = False) -> Iterator[None]:
    """Bad input and interruption told, with an exit code and without a traceback.

    Where another program reads, faults are JSON too, and in English.
    """
    with speaking(SOURCE) if as_json else nullcontext():
        try:
            yield
        except BadInput as bad:
            if as_json:
                from sim.cli import data

                _print_json(data.of_faults(bad))
            else:
                typer.echo(str(bad), err=True)
            raise typer.Exit(BAD_INPUT) from None
        except BaseException as error:
            if not (STOPPED.is_set() or isinstance(error, KeyboardInterrupt)):
                raise
            typer.echo("; ".join(filter(None, (_("Interrupted"), left))) + ".", err=True)
            TOLD.set()
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
        counted = of or _("replications")
        task = bar.add_task(_compiling() or counted, total=None)

        def told(done: int, whole: int) -> None:
            _go_on()
            bar.update(task, completed=done, total=whole, description=counted)

        yield told


def _compiling() -> str:
    """What a planner waits for when there is no compiled engine yet."""
    from sim.compilation import cache

    is_compiled = any(cache.directory().glob("sim.engine.compiled*"))
    return "" if is_compiled else _("compiling the fast engine, once: one to two minutes")


def _go_on() -> None:
    if STOPPED.is_set():
        raise KeyboardInterrupt


# Commands in modules of their own.
import sim.cli.backtesting  # noqa: E402
import sim.cli.calibrating  # noqa: E402
import sim.cli.template  # noqa: E402
import sim.cli.value  # noqa: E402, F401
