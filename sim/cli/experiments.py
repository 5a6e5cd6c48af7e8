"""The commands for experiments of many cells: under which assumptions, what drives it, where does it turn round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sim.cli.commands import app
from sim.cli.options import (
    Against,
    AsJson,
    Dask,
    File,
    Firm,
    Kept,
    Plot,
    Replications,
    Seed,
    Settings,
    Unknown,
    Varied,
    Workers,
    chosen_scenario,
    number,
    whole,
)
from sim.errors import InputError
from sim.present import files, terminal

if TYPE_CHECKING:
    from sim.experiment.frontier import Frontier
    from sim.experiment.search import Search
    from sim.experiment.standings import League
    from sim.experiment.study import Study
    from sim.lessons.trial import Lessons
    from sim.tournament.result import Tournament

    Told = Study | League | Search | Frontier | Lessons | Tournament


@app.command()
def sweep(
    file: File,
    varied: Varied = None,
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole, help="A Latin hypercube of N points; all combinations if left out."),
    ] = None,
    measure: Annotated[
        str, typer.Option(metavar="NAME", help="What to look at: npv_difference, npv, margin, Trusted.trust …")
    ] = "npv_difference",
    firm: Firm = None,
    against: Against = "uniform",
    replications: Replications = 10,
    seed: Seed = 1,
    settings: Settings = None,
    out: Kept = None,
    plot: Plot = None,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Vary levers and assumptions: the gain at every setting, with its interval, same customers, same luck.

    [bold]Examples[/bold]

    roi sweep scenarios/retail.yaml rules.surplus=0:0.2:5

    roi sweep scenarios/retail.yaml rules.surplus=0,0.1,0.2 firms.Trusted.strategy.consent=prompt,banner --plot map.png

    roi sweep scenarios/retail.yaml rules.surplus=0:0.2 rules.trust_weight=0.5:5 --samples 50
    """
    from sim.experiment.sweep import sweep as answer
    from sim.present.sweep import sweep_table

    files.can_hold_picture(plot)
    scenario, _ = chosen_scenario(file, settings, None)
    with terminal.progress_of_cells() as progress:
        result = answer(
            scenario, _axes(varied), samples=samples, firm=firm, against=against, measure=measure,
            replications=replications, seed=seed, workers=workers, dask=dask, folder=out, progress=progress,
        )  # fmt: skip
    tell(result, out, plot, as_json, lambda: [sweep_table(result)])


@app.command()
def region(
    file: File,
    varied: Varied = None,
    firm: Firm = None,
    against: Against = "uniform",
    points: Annotated[
        int, typer.Option(metavar="N", parser=whole, help="Points of the map that are run at most.")
    ] = 40,
    precision: Annotated[
        float, typer.Option(metavar="P", parser=number, help="How exactly to know the contour: 0.02 of each axis.")
    ] = 0.02,
    replications: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=whole, help="Pairs of runs at every point; 10 or more, as needed, if left out."
        ),
    ] = None,
    seed: Seed = 1,
    settings: Settings = None,
    out: Kept = None,
    plot: Plot = None,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Map where the strategy pays and where it loses, over two axes, with the contour between.

    [bold]Examples[/bold]

    roi region scenarios/retail.yaml rules.surplus=0:0.2 firms.*.economics.platform_cost=0:1500 --plot map.png

    roi region scenarios/retail.yaml rules.trust_weight=0.5:5 rules.surplus=0:0.2 --against extractive
    """
    from sim.experiment.region import region as answer
    from sim.present.region import exactness, region_table

    files.can_hold_picture(plot)
    scenario, _ = chosen_scenario(file, settings, None)
    with terminal.progress_of_cells() as progress:
        result = answer(
            scenario, _axes(varied), firm=firm, against=against, points=points, precision=precision,
            replications=replications, seed=seed, workers=workers, dask=dask, folder=out, progress=progress,
        )  # fmt: skip
    tell(result, out, plot, as_json, lambda: [exactness(result), region_table(result)])


@app.command()
def sensitivity(
    file: File,
    varied: Unknown = None,
    method: Annotated[
        Literal["tornado", "morris", "sobol"],
        typer.Option(metavar="NAME", help="tornado (one at a time), morris (effects) or sobol (shares of variance)."),
    ] = "tornado",
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole, help="Trajectories of morris (10), base samples of sobol (64)."),
    ] = None,
    strongest: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=whole, help="Of all numbers, give morris or sobol only those N that move most."
        ),
    ] = None,
    firm: Firm = None,
    against: Against = "uniform",
    replications: Replications = 10,
    seed: Seed = 1,
    settings: Settings = None,
    out: Kept = None,
    plot: Plot = None,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Find what drives the answer: which uncertain numbers move the gain, and how much of it is chance.

    [bold]Examples[/bold]

    roi sensitivity scenarios/retail.yaml --plot tornado.png

    roi sensitivity scenarios/retail.yaml rules.surplus rules.trust_weight=1:4 --method sobol

    roi sensitivity scenarios/retail.yaml --method sobol --strongest 6 --set customers.count=2000
    """
    from sim.experiment.sensitivity import sensitivity as answer
    from sim.present.sensitivity import chance, sensitivity_table

    files.can_hold_picture(plot)
    scenario, _ = chosen_scenario(file, settings, None)
    with terminal.progress_of_cells() as progress:
        result = answer(
            scenario, method, _ranges(varied), samples=samples, strongest=strongest, firm=firm, against=against,
            replications=replications, seed=seed, workers=workers, dask=dask, folder=out, progress=progress,
        )  # fmt: skip
    tell(result, out, plot, as_json, lambda: [chance(result), sensitivity_table(result)])


@app.command()
def discover(
    file: File,
    varied: Unknown = None,
    samples: Annotated[
        int, typer.Option(metavar="N", parser=whole, help="Points of a Latin hypercube over all ranges.")
    ] = 300,
    firm: Firm = None,
    against: Against = "uniform",
    replications: Replications = 2,
    seed: Seed = 1,
    settings: Settings = None,
    out: Kept = None,
    plot: Plot = None,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Discover under which few conditions the strategy loses, and whether they hold where they were not looked for.

    [bold]Examples[/bold]

    roi discover scenarios/retail.yaml --set customers.count=2000 --plot conditions.png

    roi discover scenarios/retail.yaml rules.surplus rules.trust_weight firms.*.economics.platform_cost=0:1500
    """
    from sim.experiment.discovery import discover as answer
    from sim.present.discovery import discovery_table

    files.can_hold_picture(plot)
    scenario, _ = chosen_scenario(file, settings, None)
    with terminal.progress_of_cells() as progress:
        result = answer(
            scenario, _ranges(varied), samples=samples, firm=firm, against=against, replications=replications,
            seed=seed, workers=workers, dask=dask, folder=out, progress=progress,
        )  # fmt: skip
    tell(result, out, plot, as_json, lambda: [discovery_table(result)])


def _axes(varied: Sequence[str] | None) -> Mapping[str, str]:
    from sim.experiment.axes import parse_axis

    found: dict[str, str] = {}
    for text in varied or ():
        path, values = parse_axis(text)
        _once(path, found)
        found[path] = values
    return found


def _ranges(varied: Sequence[str] | None) -> dict[str, str | None] | None:
    found: dict[str, str | None] = {}
    for text in varied or ():
        path, _, values = (part.strip() for part in text.partition("="))
        _once(path, found)
        found[path] = values or None
    return found or None


def _once(path: str, found: Mapping[str, Any]) -> None:
    if path in found:
        raise InputError(f"{path} is varied twice; all of its values belong to one axis")


def tell(
    result: Told,
    out: Path | None,
    plot: Path | None,
    as_json: bool,
    parts: Callable[[], Sequence[Any]],
    document: Path | None = None,
) -> None:
    """Keep, draw and print the result of an experiment: finding first, what identifies it last."""
    if out is not None:
        result.save(out / "tables")
    if plot is not None:
        files.save_picture(result.plot(), plot)
    if as_json:
        terminal.print_json({"manifest": result.manifest, "finding": result.finding, **result.tables()})
        return
    from sim.present.style import footer

    terminal.say(
        terminal.console(), result.finding, *parts(), footer(result.manifest), terminal.written(out, plot, document)
    )
