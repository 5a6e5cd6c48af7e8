"""The command that puts the source's claims to the test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.commands import app
from sim.cli.experiments import tell
from sim.cli.options import AsJson, Dask, Kept, Plot, Seed, Settings, Workers, chosen_scenario, whole
from sim.errors import InputError
from sim.present import files, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.scenario import Scenario


@app.command()
def lessons(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[LESSON]…", help="Such as H C 4 9; all twelve if left out.")
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Whose people, rules and economics are taken; general retail with 2 000 customers if left out.",
        ),
    ] = None,
    customers: Annotated[
        int | None, typer.Option(metavar="N", parser=whole, help="Customers; those of the scenario if left out.")
    ] = None,
    replications: Annotated[
        int, typer.Option(metavar="N", parser=whole, help="How often every setting is run, 2 or more.")
    ] = 8,
    seed: Seed = 1,
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole, help="Combinations of assumptions to try; 12 if left out."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Effects only: do not look for where the claims turn round.")
    ] = False,
    settings: Settings = None,
    out: Kept = None,
    plot: Plot = None,
    document: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Renew the verdicts in this document, such as docs/lessons.md.")
    ] = None,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Put the source's claims to the test: which hold, which only if, which do not, and where they turn round.

    All twelve with everything that is varied are some 12 000 runs of a market and take many minutes. Fewer lessons,
    fewer customers or --quick take less; --out FOLDER keeps every run, so that a command that was stopped goes on.

    [bold]Examples[/bold]

    roi lessons --quick

    roi lessons 9 C --customers 1000 --plot lessons.png

    roi lessons 4 --scenario scenarios/retail.yaml --set rules.word_of_mouth=0.3 --out results
    """
    from sim.lessons.trial import SAMPLES, base_market, run
    from sim.present.lessons_tables import can_be_renewed, lessons_parts, renew

    files.can_hold_picture(plot)
    can_be_renewed(document)
    if quick and samples is not None:
        raise InputError("--quick tries no combinations of assumptions; leave out --samples, or --quick")
    market = base_market(_given(scenario, settings), customers)
    with terminal.progress_of_cells() as progress:
        result = run(
            keys or None, market, replications=replications, seed=seed, circumstances=not quick,
            samples=SAMPLES if samples is None else samples, workers=workers, dask=dask, folder=out,
            progress=progress,
        )  # fmt: skip
    if document is not None:
        renew(document, result)
    tell(result, out, plot, as_json, lambda: list(lessons_parts(result)), document)


def _given(file: Path | None, settings: Sequence[str] | None) -> Scenario | None:
    """The scenario as the options change it; without a file, general retail so changed, or None for it as it is."""
    from sim.lessons.trial import base_market
    from sim.scenario_file import parse_setting

    if file is not None:
        return chosen_scenario(file, settings, None)[0]
    changes = dict(parse_setting(text) for text in settings or ())
    return base_market().with_(changes) if changes else None
