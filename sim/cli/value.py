"""The commands `sensitivity` and `marginal`: what matters, and what a little more would keep."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import (
    Json,
    OutFolder,
    Seed,
    Settings,
    _command,
    _loaded,
    _notice,
    _print_json,
    _progress,
    _told,
)
from sim.messages import N_, BadInput, Fault, _, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.experiment.marginal import Marginal
    from sim.scenario import Loaded
    from sim.sweep.sensitivity import Sensitivity

ScenarioOrRun = Annotated[
    Path,
    typer.Argument(
        metavar=N_("SCENARIO"),
        help=N_("A scenario file, or the folder of a run, which then holds the tables too."),
    ),
]


@_command(
    N_("Find what matters most, what would change the choice of a policy, and what it is worth."),
    "hamletsim sensitivity scenarios/quynh-luu.yaml --policies as-is,renewed-postings,retention",
    "hamletsim sensitivity results/quynh-luu --jobs 2",
    "hamletsim sensitivity scenarios/quynh-luu.yaml --vary training.seats=40:120 --points 128",
)
def sensitivity(
    scenario: ScenarioOrRun,
    policies: Annotated[
        str | None,
        typer.Option(metavar="A,B", help=N_("Default: all. The base always runs.")),
    ] = None,
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
    goal: Annotated[
        str | None,
        typer.Option(metavar=N_("NAME"), help=N_("lowest or highest. Known for common outcomes.")),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar=N_("PATH=LOW:HIGH"),
            help=N_(
                "A setting and its range, in place of all from half to twice as strong; several "
                "times; or none."
            ),
        ),
    ] = None,
    replications: Annotated[
        int, typer.Option(min=2, metavar="N", help=N_("Of each policy at each point."))
    ] = 20,
    draws: Annotated[
        int,
        typer.Option(
            metavar="N", help=N_("Points of what is uncertain, for the choice; a power of two.")
        ),
    ] = 256,
    trajectories: Annotated[
        int, typer.Option(metavar="N", help=N_("Of Morris: each moves every parameter once."))
    ] = 10,
    points: Annotated[
        int, typer.Option(metavar="N", help=N_("Base points of Sobol; a power of two."))
    ] = 64,
    keep: Annotated[
        int,
        typer.Option(metavar="N", help=N_("Parameters that Sobol's indices are found for.")),
    ] = 8,
    seed: Seed = None,
    settings: Settings = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=N_("Processes. Default: all cores."))
    ] = None,
    out: OutFolder = None,
    as_json: Json = False,
) -> None:
    place = out or _place(scenario, "sensitivity")
    left = _("the points done so far are kept in {place}; the same command goes on")
    with _told(left.format(place=place), as_json):
        source = _source(scenario, settings)
        from sim import api
        from sim.sweep.sensitivity import Size

        size = Size(replications, draws, trajectories, points, keep)
        with _progress(_("points")) as progress:
            found = api.sensitivity(
                source, outcome, _split(policies), goal, vary or (), size, seed, jobs, place,
                progress, _notice,
            )  # fmt: skip
        if not as_json:
            typer.echo(found.summary())
        _show(scenario, place, _of_sensitivity(found))
        if as_json:
            from sim.cli import data

            return _print_json(data.of_sensitivity(found, place))
        _say_where(scenario, place)


@_command(
    N_("Cells kept for each further seat, admission and posting, by area."),
    "hamletsim marginal scenarios/quynh-luu.yaml --replications 200",
    "hamletsim marginal results/quynh-luu --by district",
)
def marginal(
    scenario: ScenarioOrRun,
    policies: Annotated[
        str | None,
        typer.Option(metavar="A,B", help=N_("With which to begin. Default: the base.")),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar=N_("LEVEL"), help=N_("An area level. Default: the lowest.")),
    ] = None,
    replications: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=N_("Default: the scenario's."))
    ] = None,
    seed: Seed = None,
    settings: Settings = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=N_("Threads. Default: all cores."))
    ] = None,
    out: OutFolder = None,
    as_json: Json = False,
) -> None:
    place = out or _place(scenario, "marginal")
    with _told(_("nothing was written"), as_json):
        if out is not None and scenario.is_dir():
            allowed = _("no folder of its own for a run, which holds the table itself")
            raise BadInput([Fault("--out", found=shown(str(out)), allowed=allowed)])
        source = _source(scenario, settings)
        from sim import api

        with _progress() as progress:
            found = api.marginal(
                source, _split(policies), by, replications, seed, jobs,
                None if scenario.is_dir() else place, progress,
            )  # fmt: skip
        if not as_json:
            typer.echo(found.summary())
        _show(scenario, place, _of_marginal(found))
        if as_json:
            from sim.cli import data

            return _print_json(data.of_marginal(found, scenario if scenario.is_dir() else place))
        _say_where(scenario, place)


def _split(policies: str | None) -> list[str] | None:
    return None if policies is None else [name.strip() for name in policies.split(",")]


def _place(scenario: Path, name: str) -> Path:
    """In a run, or beside the results of runs."""
    return scenario / name if scenario.is_dir() else Path("results") / f"{scenario.stem}-{name}"


def _source(scenario: Path, settings: list[str] | None) -> "Loaded | Path":
    if not scenario.is_dir():
        return _loaded(scenario, settings)
    if settings:
        allowed = _("a scenario file; a run stays as it was run")
        raise BadInput([Fault("--set", found=shown(settings[0]), allowed=allowed)])
    return scenario


def _of_sensitivity(found: "Sensitivity") -> "dict[str, Axes]":
    from sim import figures

    drawn = {"sensitivity": figures.sensitivity(found)}
    return drawn if found.decision.empty else drawn | {"decision": figures.decision(found)}


def _of_marginal(found: "Marginal") -> "dict[str, Axes]":
    from sim import figures

    return {"marginal": figures.marginal(found)}


def _show(scenario: Path, place: Path, drawn: "dict[str, Axes]") -> None:
    """A run's report is made again with what was added; else the pictures stand by themselves."""
    from sim import report, store
    from sim.figures.files import picture

    if scenario.is_dir():
        report.write_beside(scenario)
        return
    for name, axes in drawn.items():
        store.write_bytes(place / f"{name}.png", picture(axes, "png"))


def _say_where(scenario: Path, place: Path) -> None:
    from sim import report

    if scenario.is_dir():
        typer.echo(_("\nTables and manifest: {place}").format(place=scenario))
        typer.echo(_("Report: {place}").format(place=scenario / report.FILE))
    else:
        typer.echo(_("\nTables and pictures: {place}").format(place=place))
