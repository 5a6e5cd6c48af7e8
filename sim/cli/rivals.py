"""The commands about what to do: what rivals will play, and which levers serve a stated objective best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from sim.cli.commands import app
from sim.cli.experiments import tell
from sim.cli.options import (
    AsJson,
    Dask,
    File,
    Firm,
    Kept,
    Plot,
    Seed,
    Settings,
    Uncertain,
    Workers,
    chosen_scenario,
    number,
    whole,
)
from sim.errors import InputError
from sim.present import files, terminal


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
    tell(result, out, plot, as_json, lambda: league_tables(result))


@app.command()
def search(
    file: File,
    firm: Firm = None,
    objective: Annotated[
        str,
        typer.Option(metavar="NAME", help="npv (mean), worst_tenth (mean of the worst tenth of draws), or regret."),
    ] = "npv",
    front: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A front instead: trust (profit against it), later (profit now and later)."),
    ] = None,
    free: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LEVER[=VALUES]",
            help="A free lever: depth, depth=0:0.5, consent=banner,prompt; if none is named all about personal data, "
            "but not legacy_data, which the model gives away.",
        ),
    ] = None,
    trust_floor: Annotated[
        float | None, typer.Option(metavar="T", parser=number, help="Only where trust at the end is at least this.")
    ] = None,
    trials: Annotated[int, typer.Option(metavar="N", parser=whole, help="Candidates to try.")] = 64,
    draws: Annotated[
        int, typer.Option(metavar="N", parser=whole, help="Draws that judge a candidate; the same for all.")
    ] = 20,
    fixed: Annotated[
        bool, typer.Option("--fixed", help="Take the numbers as they stand, and draw luck alone.")
    ] = False,
    seed: Seed = 1,
    settings: Settings = None,
    out: Kept = None,
    plot: Plot = None,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Search the levers that serve an objective best, over all that is not known, and judge them again by fresh luck.

    [bold]Examples[/bold]

    roi search scenarios/retail.yaml --set customers.count=1000 --trust-floor 0.6

    roi search scenarios/retail.yaml --objective worst_tenth --free depth --free value_share=0:0.5

    roi search scenarios/retail.yaml --set customers.count=1000 --front trust --plot front.png
    """
    files.can_hold_picture(plot)
    if front is not None and (objective != "npv" or trust_floor is not None):
        raise InputError("a front has objectives of its own; leave out --front, or --objective and --trust-floor")
    scenario, _ = chosen_scenario(file, settings, None)
    result: Any
    parts: Callable[[], Sequence[Any]]
    with terminal.progress_of_cells() as progress:
        more: dict[str, Any] = {
            "free": _levers(free), "trials": trials, "draws": draws, "parameters": "fixed" if fixed else "uncertain",
            "seed": seed, "workers": workers, "dask": dask, "folder": out, "progress": progress,
        }  # fmt: skip
        if front is not None:
            from sim.experiment.frontier import frontier
            from sim.present.frontier import frontier_tables

            traded = frontier(scenario, firm, front, **more)
            result, parts = traded, lambda: frontier_tables(traded)
        else:
            from sim.experiment.search import search as answer
            from sim.present.search import search_tables

            found = answer(scenario, firm, objective, trust_floor=trust_floor, **more)
            result, parts = found, lambda: search_tables(found)
    tell(result, out, plot, as_json, parts)


def _levers(free: Sequence[str] | None) -> dict[str, Any] | None:
    """Levers and their bounds from ``depth``, ``depth=0:0.5``, ``consent=banner,prompt``."""
    if not free:
        return None
    chosen: dict[str, Any] = {}
    for text in free:
        name, equals, values = (part.strip() for part in text.partition("="))
        if name in chosen:
            raise InputError(f"the lever {name} is freed twice; one --free with all of its bounds would be right")
        chosen[name] = None if not equals else values.split("," if name == "consent" else ":")
    return chosen
