"""The command for a class: everybody hands in a strategy, and all compete over customers that nobody has seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.commands import app
from sim.cli.experiments import tell
from sim.cli.options import AsJson, Plot, Settings, Workers, whole
from sim.errors import InputError
from sim.present import files, terminal

RULES = "Rules in Python"


@app.command()
def tournament(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The hand-ins: a YAML file each, and a .py of the same name.")
    ],
    example: Annotated[
        bool, typer.Option("--example", help="Write hand-ins to start from into a new FOLDER, and no more.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say what may take part and what is wrong with the rest, and no more.")
    ] = False,
    market: Annotated[
        Path | None,
        typer.Option(metavar="SCENARIO", help="The market; one of alike firms on the package's numbers if left out."),
    ] = None,
    populations: Annotated[int, typer.Option(metavar="N", parser=whole, help="Hidden populations of customers.")] = 10,
    opponents: Annotated[
        int, typer.Option(metavar="N", parser=whole, help="Rivals that everybody meets in pairs; all if no more.")
    ] = 6,
    seed: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", parser=whole, help="Which hidden customers and which luck; keep it to yourself."
        ),
    ] = 1,
    settings: Settings = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write tables and tournament.html, the page for the projector."),
    ] = None,
    plot: Plot = None,
    gif: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the months as an animation, a .gif.")
    ] = None,
    workers: Workers = None,
    allow_unprotected_rules: Annotated[
        bool,
        typer.Option(
            "--allow-unprotected-rules",
            help="Run rules even where the system cannot lock them in: only rules that you have read.",
            rich_help_panel=RULES,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let a class compete: strategies that were handed in, in one market and in pairs, over hidden customers.

    What to hand in, what rules are told and how prizes are computed stands in docs/tournament.md.

    [bold]Examples[/bold]

    roi tournament class --example – hand-ins to start from

    roi tournament class --check – what may take part, and why the rest may not

    roi tournament class --seed 2718 --out results --plot league.png – the tournament

    roi tournament class --market scenarios/retail.yaml --populations 20
    """
    if example:
        from sim.tournament.example import write_example

        terminal.say(
            terminal.console(),
            f"Hand-ins to start from are in {write_example(folder)}.",
            f"Next: roi tournament {folder} --check",
        )
        return
    from sim.scenario_file import load, parse_setting
    from sim.tournament.populations import classroom

    scenario = load(market) if market is not None else classroom()
    if changes := dict(parse_setting(text) for text in settings or ()):
        scenario = scenario.with_(changes)
    if check:
        _check(folder, allow_unprotected_rules)
        return
    files.can_hold_picture(plot)
    if gif is not None and gif.suffix.lower() != ".gif":
        raise InputError(f"{gif} is no name of an animation; one that ends in .gif would be right")
    files.can_hold_text(gif, over=True)
    from sim.present.tournament import tournament_tables
    from sim.tournament.contest import compete

    with terminal.progress_of_cells() as progress:
        result = compete(
            folder, scenario, populations=populations, opponents=opponents, seed=seed, workers=workers, out=out,
            allow_unprotected_rules=allow_unprotected_rules, progress=progress,
        )  # fmt: skip
    if out is not None:
        files.save_text(result.page(), out / "tournament.html")
    if gif is not None:
        from sim.present.tournament_chart import animation

        files.save_bytes(animation(result), gif)
    tell(result, out, plot, as_json, lambda: tournament_tables(result))


def _check(folder: Path, unprotected: bool) -> None:
    from sim.present.tournament import admitted_table, left_out_table
    from sim.tournament.contest import entrants

    taken, left_out = entrants(folder, unprotected=unprotected)
    if taken and not left_out:
        said = "All hand-ins may take part."
    else:
        said = f"{len(taken)} hand-in{'' if len(taken) == 1 else 's'} may take part; {len(left_out)} may not."
    parts = [admitted_table(taken) if taken else None, left_out_table(left_out) if left_out else None]
    terminal.say(terminal.console(), said, *parts)
