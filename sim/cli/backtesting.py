"""The command `backtest`: the model beside what was published."""

from pathlib import Path
from typing import Annotated

import typer

from sim import cli
from sim.messages import N_, _


@cli._command(
    N_("Compare the model with published figures: what it was fitted to, and what came later."),
    "hamletsim backtest scenarios/que-phong.yaml --facts scenarios/que-phong/facts.csv",
    "hamletsim backtest scenarios/son-la.yaml --facts scenarios/son-la/facts.csv "
    "--more-policies scenarios/son-la/backtest.yaml",
)
def backtest(
    scenario: cli.ScenarioFile,
    facts: Annotated[
        Path,
        typer.Option(
            metavar=N_("FILE"),
            help=N_("Published figures, one a row: CSV or XLSX."),
            show_default=False,
        ),
    ],
    policies: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help=N_("Default: the one that happened, else the base, and those of --more-policies."),
        ),
    ] = None,
    more_policies: Annotated[
        Path | None,
        typer.Option(
            metavar=N_("FILE"),
            help=N_("A YAML file of further policies, which may begin after the scenario ends."),
        ),
    ] = None,
    posterior: Annotated[
        Path | None,
        typer.Option(
            metavar=N_("FILE"),
            help=N_("What calibrate wrote. Default: the scenario's, else parameters as assumed."),
        ),
    ] = None,
    replications: Annotated[
        int | None, typer.Option(metavar="N", help=N_("Of each policy. Default: 100."))
    ] = None,
    seed: cli.Seed = None,
    settings: cli.Settings = None,
    engine: cli.EngineName = "compiled",
    jobs: cli.Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar=N_("FOLDER"), help=N_("Save the ledger as a table and as a page.")),
    ] = None,
    as_json: cli.Json = False,
) -> None:
    with cli._told(_("nothing was written"), as_json):
        loaded = cli._loaded(scenario, settings)
        chosen = None if policies is None else [p.strip() for p in policies.split(",")]
        from sim import api

        with cli._progress() as progress:
            done = api.backtest(
                loaded, facts, chosen, more_policies, posterior, replications, seed, engine, jobs,
                out, progress,
            )  # fmt: skip
        if as_json:
            from sim.cli import data

            return cli._print_json(data.of_backtest(done, out))
        typer.echo(done.summary())
        if out is not None:
            typer.echo(_("\nLedger and scores: {place}").format(place=out))
