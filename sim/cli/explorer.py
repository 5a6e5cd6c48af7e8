"""The command that opens the explorer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.commands import app
from sim.cli.options import whole


@app.command()
def explore(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SCENARIO]", help="A scenario file; scenarios/retail.yaml, or a built-in market, if left out."
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="NUMBER", parser=whole, help="The port; any that is free if left out.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address and open no browser.")] = False,
) -> None:
    """Open a page on which to move levers and assumptions and see at once what becomes of the answer.

    Nothing leaves this machine. Ctrl-C ends it.

    [bold]Examples[/bold]

    roi explore

    roi explore scenarios/cdnow.yaml --port 8866 --no-browser
    """
    from sim.explore.server import serve

    def told(address: str) -> None:
        print(f"The explorer is at {address}\nCtrl-C ends it.", flush=True)

    serve(file, port, not no_browser, told)
