"""The commands: each calls the Python API and prints what comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    Against,
    AsJson,
    Engine,
    File,
    Firm,
    Out,
    Plot,
    Seed,
    Settings,
    Transactions,
    Uncertain,
    chosen_scenario,
    number,
    whole,
)
from sim.present import files, terminal

if TYPE_CHECKING:
    from rich.console import Console

    from sim.calibrate import TransactionFit

HELP = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich", context_settings=HELP)


def _version(wanted: bool) -> None:
    if wanted:
        from sim.run import package_version

        print(f"roi {package_version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def roi(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find out whether personalising with trust earns more than treating everyone the same.

    [bold]Examples[/bold]

    roi compare scenarios/retail.yaml – the answer, with its interval

    roi run scenarios/retail.yaml --seed 7 – one run, year by year

    roi check scenarios/cdnow.yaml – every assumption and its source

    roi scenarios, roi new shop --from grocery – the sectors that come along, and one's own from one of them

    roi trace scenarios/retail.yaml --customer 17 – what happened to one, and why

    Results explore assumptions; they are no forecast.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def run(
    file: File,
    seed: Seed = 1,
    customers: Engine = "crowd",
    settings: Settings = None,
    transactions: Transactions = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Run a scenario once: every firm year by year.

    [bold]Example[/bold]

    roi run scenarios/retail.yaml --set firms.Trusted.strategy.depth=0.3
    """
    from sim.market import simulate
    from sim.market.ticking import monthly
    from sim.present.yearly import by_year, run_finding

    files.can_hold_tables(out)
    scenario, fit = chosen_scenario(file, settings, transactions)
    with terminal.progress(scenario.horizon_months, "month") as advance:
        result = simulate(scenario, seed, customers, processes=[monthly(advance)])
    years, finding = by_year(result), run_finding(result)
    if out is not None:
        from sim.present.results import save_tables

        tables = {"books": result.books, "market": result.market, "customers": result.customers}
        save_tables(out, tables, result.manifest, scenario)
    if as_json:
        terminal.print_json({"manifest": result.manifest, "finding": finding, **_fit_data(fit), "years": years})
        return
    from sim.present.style import footer
    from sim.present.tables import years_table

    console = terminal.console()
    _print_fit(console, fit)
    terminal.say(
        console, finding, years_table(years, scenario.currency), footer(result.manifest), terminal.written(out)
    )


@app.command()
def compare(
    file: File,
    firm: Firm = None,
    against: Against = "uniform",
    replications: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole, help="Pairs of runs; 30, or 100 with --uncertain, if left out."),
    ] = None,
    uncertain: Uncertain = False,
    precision: Annotated[
        float | None,
        typer.Option(
            metavar="P", parser=number, help="Go on until the interval's half-width is this share of the gain: 0.05."
        ),
    ] = None,
    seed: Seed = 1,
    settings: Settings = None,
    transactions: Transactions = None,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Compare a firm with itself, with its strategy and without: same customers, same luck.

    [bold]Examples[/bold]

    roi compare scenarios/retail.yaml

    roi compare scenarios/retail.yaml --firm Extractive --against trusted

    roi compare scenarios/retail.yaml --uncertain – what is not known, and where that comes from

    roi compare scenarios/cdnow.yaml --transactions purchases.csv --plot gain.svg
    """
    from sim.experiment.compare import compare as answer

    files.can_hold_tables(out)
    files.can_hold_picture(plot)
    scenario, fit = chosen_scenario(file, settings, transactions)
    with terminal.progress(replications if precision is None else None, "replication") as advance:
        result = answer(
            scenario, firm, against, replications, precision,
            parameters="uncertain" if uncertain else "fixed", seed=seed,
            progress=lambda done, planned: advance(planned),
        )  # fmt: skip
    if out is not None:
        result.save(out)
    if plot is not None:
        files.save_picture(result.plot(), plot)
    if as_json:
        head = {"manifest": result.manifest, "finding": result.finding}
        terminal.print_json({**head, **_fit_data(fit), **result.tables()})
        return
    from sim.present import tables
    from sim.present.style import footer
    from sim.present.uncertainty import uncertainty_tables

    console = terminal.console()
    _print_fit(console, fit)
    summary, note = tables.summary_table(result)
    bridge, unmoved = tables.bridge_table(result)
    terminal.say(
        console,
        result.finding,
        tables.precision_reached(result),
        *uncertainty_tables(result),
        tables.under(summary, note),
        tables.under(bridge, unmoved),
        tables.lifetime_table(result),
        *tables.head_to_head_tables(result, console.width),
        footer(result.manifest),
        terminal.written(out, plot),
    )


@app.command()
def check(file: File, settings: Settings = None, as_json: AsJson = False) -> None:
    """Check a scenario and list every assumption: value, unit, plausible range, source, strength of evidence.

    [bold]Example[/bold]

    roi check scenarios/retail.yaml --set rules.surplus=0.3
    """
    from sim.scenario_file import register

    scenario, _ = chosen_scenario(file, settings, None)
    assumptions = register(scenario)
    outside = [str(path) for path in assumptions.loc[assumptions["outside"], "path"]]
    if as_json:
        facts = {"scenario": scenario.name, "valid": True, "hash": scenario.hash, "outside": outside}
        terminal.print_json({**facts, "assumptions": assumptions})
        return
    from sim.present.assumptions import OUTSIDE, assumption_tables, evidence_table

    console = terminal.console()
    for part in assumption_tables(assumptions, console.width):
        console.print(part)
    console.print()
    console.print(evidence_table(assumptions))
    marked = f"outside their plausible range ({OUTSIDE}): {', '.join(outside)}"
    where = marked if outside else "all within their plausible ranges"
    console.print()
    terminal.say(console, f"{scenario.name} is valid: {len(assumptions)} assumptions, {where}; hash {scenario.hash}.")


@app.command()
def trace(
    file: File,
    customer: Annotated[
        int, typer.Option(metavar="NUMBER", parser=whole, help="Whose diary: 0 for the first customer.")
    ],
    months: Annotated[
        int | None, typer.Option(metavar="M", parser=whole, help="Only the first months; the whole run if left out.")
    ] = None,
    customers: Engine = "crowd",
    settings: Settings = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Tell what happened to one customer, trip by trip, and why.

    [bold]Example[/bold]

    roi trace scenarios/retail.yaml --customer 17 --months 12
    """
    from sim.experiment.trace import trace as follow

    scenario, _ = chosen_scenario(file, settings, None)
    with terminal.progress(None, "month"):
        story = follow(scenario, customer, seed=seed, customers=customers, months=months)
    if as_json:
        terminal.print_json(story.to_dict())
        return
    from sim.present.diary import told
    from sim.present.style import footer

    console = terminal.console()
    terminal.say(console, story.finding, *told(story, scenario.currency), footer(story.manifest))


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """Print the JSON Schema of scenario files, which editors use to help writing them."""
    from sim.scenario_file import json_schema, write_schema

    if out is None:
        print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    else:
        write_schema(out)


@app.command()
def validate(
    patterns: Annotated[
        list[str] | None, typer.Argument(metavar="[PATTERN]…", help="Such as P3 P4; all twelve if left out.")
    ] = None,
    document: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Renew the tables of this document, the headline's too (takes minutes)."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Published data sets, to renew the tables of the document about them too."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold the model against published patterns: what was found, what the model gives, hit or miss.

    [bold]Example[/bold]

    roi validate P3 P5
    """
    from sim.experiment.patterns import PATTERNS, named
    from sim.experiment.reading import table

    chosen = named(patterns or PATTERNS)
    readings = []
    with terminal.progress(len(chosen), "pattern") as advance:
        for pattern in chosen:
            readings += list(PATTERNS[pattern]())
            advance()
    if document is not None:
        from sim.present.validation import renew

        with terminal.progress(None, "run") as advance:
            renew(document, readings, data, advance)
    if as_json:
        terminal.print_json({"patterns": table(readings)})
        return
    from sim.present.validation import patterns_table

    console = terminal.console()
    verdicts = [reading.verdict for reading in readings]
    finding = (
        f"{len(verdicts) - verdicts.count('miss')} of {len(verdicts)} readings lie in the published range; "
        f"{verdicts.count('in range')} of these leave out the figure in its middle."
    )
    terminal.say(console, finding, patterns_table(readings), terminal.written(document))


def _fit_data(fit: TransactionFit | None) -> dict[str, Any]:
    return {} if fit is None else {"fit": fit.table()}


def _print_fit(console: Console, fit: TransactionFit | None) -> None:
    """The fit that the result rests on, source first."""
    if fit is None:
        return
    from sim.present.tables import fit_sentence, fit_table

    terminal.say(console, fit_sentence(fit), fit_table(fit.table()), "Results")
