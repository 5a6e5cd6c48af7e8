"""The commands about what to do: what rivals will play, and which levers serve a stated objective best."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli.commands import app
from sim.cli.experiments import Dask, Kept, Plot, Workers
from sim.cli.options import AsJson, File, Seed, Settings, chosen_scenario, whole
from sim.present import files, terminal

Uncertain = Annotated[
    bool,
    typer.Option(
        "--uncertain", help="Draw the numbers anew in every replication, from standard errors and plausible ranges."
    ),
]


@app.command()
def league(
    file: File,
    strategy: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A strategy that takes part; all presets and all of the scenario if none."),
    ] = None,
    firms: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole, help="Number of firms; that of the scenario if left out."),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="FIRM", help="Whose economics and appeal all firms have; the first firm if left out."),
    ] = None,
    replications: Annotated[int, typer.Option(metavar="N", parser=whole, help="How often every mixture is run.")] = 20,
    uncertain: Uncertain = False,
    seed: Seed = 1,
    settings: Settings = None,
    out: Kept = None,
    plot: Plot = None,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Set every strategy against every other: payoffs, equilibria, dilemmas, and who is left in the long run.

    Firms are alike in all but their strategy, and in every mixture each firm plays every part in turn.

    [bold]Examples[/bold]

    roi league scenarios/retail.yaml --set customers.count=2000 --plot league.png

    roi league scenarios/retail.yaml --firms 2 --strategy trusted --strategy uniform --uncertain
    """
    from sim.experiment.league import league as answer
    from sim.present.league import league_tables

    files.can_hold_picture(plot)
    scenario, _ = chosen_scenario(file, settings, None)
    with terminal.progress_of_cells() as progress:
        result = answer(
            scenario, strategy or None, firms, like=like, replications=replications,
            parameters="uncertain" if uncertain else "fixed", seed=seed, workers=workers, dask=dask, folder=out,
            progress=progress,
        )  # fmt: skip
    if out is not None:
        result.save(out / "tables")
    if plot is not None:
        files.save_picture(result.plot(), plot)
    if as_json:
        terminal.print_json({"manifest": result.manifest, "finding": result.finding, **result.tables()})
        return
    from sim.present.style import footer

    terminal.say(
        terminal.console(), result.finding, *league_tables(result), footer(result.manifest),
        terminal.written(out, plot),
    )  # fmt: skip
