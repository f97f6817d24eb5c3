"""The command `calibrate`; `sim.cli` imports it when it has what commands share."""

from pathlib import Path
from typing import Annotated

import typer

from sim import cli
from sim.messages import N_, _


@cli._command(
    N_("Fit the uncertain parameters of a scenario to published figures."),
    "hamletsim calibrate scenarios/que-phong.yaml --facts scenarios/que-phong/facts.csv",
    "hamletsim calibrate scenarios/son-la.yaml --facts scenarios/son-la/facts.csv --particles 200",
)
def calibrate(
    scenario: cli.ScenarioFile,
    facts: Annotated[
        Path, typer.Option(metavar=N_("FILE"), help=N_("A table of published figures."))
    ],
    policy: Annotated[
        str | None,
        typer.Option(
            metavar=N_("NAME"),
            help=N_("What was done in those years. Default: what happened, else the base."),
        ),
    ] = None,
    parameters: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help=N_("Which to fit. Default: all that are uncertain, not mortality.")
        ),
    ] = None,
    particles: Annotated[
        int, typer.Option(metavar="N", help=N_("Draws of the posterior where it is simulated."))
    ] = 400,
    generations: Annotated[
        int, typer.Option(metavar="N", help=N_("How often they are drawn closer to the figures."))
    ] = 5,
    seed: cli.Seed = None,
    settings: cli.Settings = None,
    jobs: cli.Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar=N_("FILE.csv"),
            help=N_("The posterior. Default: results/, the file's name and -posterior.csv."),
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            metavar=N_("FILE.csv"),
            help=N_("Also the baseline with factors of areas, from figures by area."),
        ),
    ] = None,
    as_json: cli.Json = False,
) -> None:
    place = Path("results") / f"{scenario.stem}-posterior.csv" if out is None else out
    left = _("what is done is kept beside {place}; the same command goes on").format(place=place)
    with cli._told(left, as_json):
        loaded = cli._loaded(scenario, settings)
        from sim.calibrate import fit, read_facts, words

        figures = read_facts(facts)
        chosen = None if parameters is None else [p.strip() for p in parameters.split(",")]
        with cli._progress(_("evaluations")) as progress:
            found = fit(
                loaded, figures, policy, chosen, particles, generations, seed, jobs, place,
                progress, str(facts), table,
            )  # fmt: skip
        if as_json:
            return cli._print_json({"posterior": str(place), **words.data(found)})
        typer.echo(found.summary())
        told = _("\nPosterior: {place}\nA scenario names it with `posterior:`, relative to itself.")
        typer.echo(told.format(place=place))
