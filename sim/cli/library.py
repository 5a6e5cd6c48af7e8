"""The commands for the library of scenarios: what there is, begin one's own, say what differs, compare all sectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.commands import app
from sim.cli.options import AsJson, Out, Plot, Replications, Seed, whole
from sim.errors import InputError
from sim.present import files, terminal

HERE = Path("scenarios")
"""The folder in which people keep their scenarios."""


@app.command()
def scenarios(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Where to look; the folder scenarios and the library if left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the scenarios that there are, with a line on each: those of a folder, or yours and those that come along.

    [bold]Examples[/bold]

    roi scenarios – then roi compare grocery, or roi new shop --from grocery

    roi scenarios my/folder
    """
    from sim.files.library import SECTORS, SHOCKS, library, listed

    if folder is not None:
        rows = listed(folder)
        shown = [(row.file, row.title) for row in rows]
    else:
        own = listed(HERE) if HERE.is_dir() else []
        along = [] if HERE.is_dir() and HERE.samefile(library()) else listed(library())
        rows = own + along
        shown = [(row.file, row.title) for row in own] + [(row.name, row.title) for row in along]
    if not rows:
        raise InputError(f"there is no scenario in {folder}; scenario files end in .yaml")
    if as_json:
        kinds = {**dict.fromkeys(SECTORS, "sector"), **dict.fromkeys(SHOCKS, "shock")}
        fields = ({"file": row.file, "name": row.name, "title": row.title, "kind": kinds.get(row.name)} for row in rows)
        terminal.print_json({"scenarios": list(fields)})
        return
    wide = max(len(name) for name, _ in shown)
    for name, title in shown:
        print(f"{name:<{wide}}  {title}")


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it: letters, digits, - and _.")],
    source: Annotated[
        str, typer.Option("--from", metavar="SECTOR", help="What to begin from: a name of roi scenarios, or a file.")
    ] = "retail",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to; NAME.yaml in the folder scenarios, or here."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")] = False,
) -> None:
    """Begin a scenario of your own from a sector, with all its numbers, their sources and ranges.

    [bold]Example[/bold]

    roi new shop --from grocery – then edit it, and roi check, roi compare, roi diff grocery
    """
    from sim.files.library import begun, located, named

    named(name)
    path = out if out is not None else (HERE if HERE.is_dir() else Path()) / f"{name}.yaml"
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"{path} is no name of a scenario file; one that ends in .yaml would be right")
    begin = located(source)
    if path.exists() and begin.exists() and path.samefile(begin):
        raise InputError(f"{path} is what {name} is to begin from; another name would be right")
    files.can_hold_text(path, over=force)
    text = begun(name, begin, path.absolute().parent)
    files.save_text(text, path)
    print(f"Written: {path}")
    print(f"Change what differs in your market; then roi check {path}, roi diff {source} {path}, roi compare {path}")


@app.command()
def diff(
    one: Annotated[str, typer.Argument(metavar="A", help="A scenario file, or a name of roi scenarios.")],
    other: Annotated[str, typer.Argument(metavar="B", help="What to compare with it.")],
    as_json: AsJson = False,
) -> None:
    """Say in words what differs from one scenario to another: customers, firms, rules, events.

    [bold]Examples[/bold]

    roi diff grocery fashion

    roi diff grocery scenarios/shop.yaml
    """
    from sim.files.difference import differences, said_otherwise
    from sim.files.library import found
    from sim.present.difference import finding, sentence, sources, told

    before, after = found(one), found(other)
    if as_json:
        each = [
            {"paths": list(row.paths), "change": row.change, "part": row.group, "words": sentence(row, before, after)}
            for row in differences(before, after)
        ]
        facts = {"from": before.name, "hash_from": before.hash, "to": after.name, "hash_to": after.hash}
        said = said_otherwise(before, after)
        terminal.print_json({**facts, "finding": finding(before, after), "differences": each, "said_otherwise": said})
        return
    console = terminal.console()
    terminal.say(console, finding(before, after))
    for heading, lines in told(before, after).items():
        console.print()
        console.print(heading, style="bold")
        for words, where in lines:
            console.print(f"  {words}", soft_wrap=True)
            if console.is_terminal:
                console.print(f"    {where}", style="dim", soft_wrap=True)
    if note := sources(before, after):
        console.print()
        console.print(note, soft_wrap=True)


@app.command()
def atlas(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Scenarios to compare; all sectors of the library if left out."),
    ] = None,
    against: Annotated[
        str, typer.Option(metavar="NAME", help="The strategy to compare with: a preset, or a firm of every scenario.")
    ] = "uniform",
    replications: Replications = 20,
    customers: Annotated[
        int | None, typer.Option(metavar="N", parser=whole, help="Customers in every market; as they say if left out.")
    ] = None,
    seed: Seed = 1,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Compare the answer over all sectors: where is trust worth most, and why.

    [bold]Examples[/bold]

    roi atlas --customers 2000 --plot atlas.png

    roi atlas my/scenarios --replications 10
    """
    from sim.experiment.atlas import atlas as answer
    from sim.files.library import listed, sectors
    from sim.present.atlas import atlas_tables
    from sim.scenario_file import load

    files.can_hold_tables(out)
    files.can_hold_picture(plot)
    markets = sectors() if folder is None else {row.name: load(row.file) for row in listed(folder)}
    if not markets:
        raise InputError(f"there is no scenario in {folder}; scenario files end in .yaml")
    with terminal.progress(None, "replication") as advance:
        result = answer(
            markets, against=against, replications=replications, customers=customers, seed=seed,
            progress=lambda done, planned: advance(planned),
        )  # fmt: skip
    if out is not None:
        result.save(out)
    if plot is not None:
        files.save_picture(result.plot(), plot)
    if as_json:
        terminal.print_json({"manifest": result.manifest, "finding": result.finding, **result.tables()})
        return
    from sim.present.style import footer

    terminal.say(
        terminal.console(),
        result.finding,
        *atlas_tables(result),
        footer(result.manifest),
        terminal.written(out, plot),
    )
