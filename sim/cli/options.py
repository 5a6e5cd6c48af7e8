"""Options that several commands share, and what they are read into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from sim.calibrate import TransactionFit
    from sim.scenario import Scenario


def whole(text: str) -> int:
    """A whole number as it is given on the command line."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no whole number") from None


def number(text: str) -> float:
    """A number as it is given on the command line."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no number") from None


File = Annotated[
    Path,
    typer.Argument(
        metavar="SCENARIO", help="A scenario: a file, such as scenarios/retail.yaml, or a name of roi scenarios."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one value of the scenario; may be given several times."),
]
Transactions = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A purchase log (customer, date, amount) to fit the customers' shopping to."),
]
Seed = Annotated[
    int, typer.Option(metavar="NUMBER", parser=whole, help="Which luck; the same seed gives the same numbers.")
]
Engine = Annotated[
    Literal["crowd", "agents"],
    typer.Option("--customers", metavar="ENGINE", help="crowd (compiled) or agents (one process each, slower)."),
]
Uncertain = Annotated[
    bool,
    typer.Option(
        "--uncertain", help="Draw the numbers anew in every replication, from standard errors and plausible ranges."
    ),
]
Out = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Also write all tables and what identifies them to a folder.")
]
Varied = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH=VALUES]…",
        help="What to vary: PATH=A,B,C or PATH=LOW:HIGH[:STEPS]; firms.*.… stands for every firm.",
    ),
]
Unknown = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH[=LOW:HIGH]]…",
        help="What to vary, in its plausible range if none is given; every uncertain number if left out.",
    ),
]
Firm = Annotated[
    str | None, typer.Option(metavar="NAME", help="The firm to ask about; the first that personalises if left out.")
]
Against = Annotated[
    str, typer.Option(metavar="NAME", help="The strategy to compare with: a preset, the scenario's own, or a firm.")
]
Replications = Annotated[int, typer.Option(metavar="N", parser=whole, help="Pairs of runs at every point.")]
Kept = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Keep every run in a folder as it comes, and all tables; the same call resumes."
    ),
]
Plot = Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw the result: .png, .svg or .pdf.")]
Workers = Annotated[
    int | None, typer.Option(metavar="N", parser=whole, help="Processes to work with; one per processor if left out.")
]
Dask = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Work on a cluster instead: tcp://10.0.0.1:8786.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


def chosen_scenario(
    file: Path, settings: Sequence[str] | None, transactions: Path | None
) -> tuple[Scenario, TransactionFit | None]:
    """The scenario as the options change it, and the fit that it rests on; the user's own settings come last."""
    from sim.files.library import found
    from sim.scenario_file import parse_setting

    scenario, fit = found(file), None
    changes = dict(parse_setting(text) for text in settings or ())
    if transactions is not None:
        from sim.calibrate import calibrated, fit_log, read_log

        log = read_log(transactions)
        fit = fit_log(log)
        scenario = calibrated(scenario, log=log, transactions=fit).scenario
    return (scenario.with_(changes) if changes else scenario), fit
