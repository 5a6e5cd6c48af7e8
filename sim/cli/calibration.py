"""The command that turns a client's data into a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sim.cli.commands import app
from sim.cli.options import AsJson, Seed, Settings, whole
from sim.errors import InputError
from sim.present import files, terminal

if TYPE_CHECKING:
    from sim.calibrate.calibration import Calibration
    from sim.scenario import Scenario

DATA, READING, MODELS = "Data", "How the data are written", "How they are fitted"
KINDS = ("transactions", "choices", "survey", "experiment")


def data(text: str) -> Any:
    """An option that names a file of data."""
    return typer.Option(metavar="FILE", help=text, rich_help_panel=DATA)


@app.command()
def calibrate(
    transactions: Annotated[
        Path | None, data("A purchase log (customer, date, amount): CSV, CSV.gz or Parquet of any size.")
    ] = None,
    choices: Annotated[
        Path | None, data("A panel of purchases with the prices of all brands: household, choice, price.BRAND …")
    ] = None,
    survey: Annotated[
        Path | None, data("A survey on privacy: one score per respondent, or published percentages (from, to, share).")
    ] = None,
    experiment: Annotated[
        Path | None, data("A trial of messages: arm, visit, conversion, spend, and whom which arm suits.")
    ] = None,
    targets: Annotated[Path | None, data("Outcomes that are known, such as the opt-in: a YAML file.")] = None,
    posterior: Annotated[
        Path | None, data("Draws of r, alpha, a, b (or s, beta) from somebody else's fit: CSV or Parquet.")
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option("--from", metavar="SCENARIO", help="Whose other numbers are kept; two plain firms if left out."),
    ] = None,
    settings: Settings = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Of the market; else that of the file.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the scenario to this file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")] = False,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=NAME,…",
            help="What columns are called, such as customer=CustNo,date=Day; experiment.customer=Id for one file only.",
            rich_help_panel=READING,
        ),
    ] = None,
    dates: Annotated[
        str | None, typer.Option(metavar="FORM", help="Such as DD/MM/YYYY.", rich_help_panel=READING)
    ] = None,
    currency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Of the log's amounts, such as EUR.", rich_help_panel=READING)
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(metavar="SIGN", help="Of the log's amounts: . or ,", rich_help_panel=READING)
    ] = None,
    duplicates: Annotated[
        Literal["auto", "keep", "drop"],
        typer.Option(metavar="RULE", help="Lines that are the same: auto, keep or drop.", rich_help_panel=READING),
    ] = "auto",
    scale: Annotated[
        str | None, typer.Option(metavar="A-B", help="Of the survey's scores, such as 0-10.", rich_help_panel=READING)
    ] = None,
    meaning: Annotated[
        Literal["importance", "comfort"],
        typer.Option(metavar="WORD", help="What a high score means: importance or comfort.", rich_help_panel=READING),
    ] = "importance",
    respondents: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=whole, help="Behind published percentages without a column n.", rich_help_panel=READING
        ),
    ] = None,
    match: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ARM=COLUMN", help="Which column flags whom an arm suits; once per arm.", rich_help_panel=READING
        ),
    ] = None,
    control: Annotated[
        str | None, typer.Option(metavar="ARM", help="The arm without a message.", rich_help_panel=READING)
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="First day of the log to use.", rich_help_panel=MODELS)
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="Last day of the log to use.", rich_help_panel=MODELS)
    ] = None,
    holdout: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="First day held out, or no; chosen if left out.", rich_help_panel=MODELS),
    ] = None,
    model: Annotated[
        Literal["bg-nbd", "pareto-nbd", "nbd"] | None,
        typer.Option(
            metavar="MODEL", help="bg-nbd, pareto-nbd or nbd; the likeliest if left out.", rich_help_panel=MODELS
        ),
    ] = None,
    baskets: Annotated[
        Literal["lognormal", "single", "means"] | None,
        typer.Option(
            metavar="MODEL", help="lognormal, single or means; the likeliest if left out.", rich_help_panel=MODELS
        ),
    ] = None,
    posterior_unit: Annotated[
        Literal["days", "weeks", "months"],
        typer.Option(metavar="UNIT", help="Of time in the posterior.", rich_help_panel=MODELS),
    ] = "weeks",
    posterior_n: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole, help="Customers behind the posterior.", rich_help_panel=MODELS),
    ] = None,
    client: Annotated[
        str | None, typer.Option(metavar="BRAND", help="The client among the brands.", rich_help_panel=MODELS)
    ] = None,
    months: Annotated[
        int, typer.Option(metavar="M", parser=whole, help="How long the panel lasted.", rich_help_panel=MODELS)
    ] = 24,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Turn a client's data into a scenario in which every fitted number knows how surely it is known.

    [bold]Examples[/bold]

    roi calibrate --transactions purchases.csv --name shop -o scenarios/shop.yaml

    roi calibrate --transactions log.parquet --columns customer=CustNo,date=Day,amount=Paid --dates DD/MM/YYYY

    roi calibrate --from scenarios/retail.yaml --survey survey.csv --experiment trial.csv --match "Letter A=likes_a"

    roi compare scenarios/shop.yaml --uncertain – then: the comparison on that market, with all that is not known
    """  # fmt: skip
    given = {"transactions": transactions, "choices": choices, "survey": survey, "experiment": experiment}
    if not any([*given.values(), targets, posterior]):
        raise InputError(
            "there are no data to calibrate to; give --transactions, --choices, --survey, --experiment, --targets or "
            "--posterior"
        )
    files.can_hold_text(out, force)
    roles = _roles(columns or [], {kind for kind, path in given.items() if path is not None})
    start = _base(base, settings or [])
    with terminal.progress(None, "step") as advance:
        parts: dict[str, Any] = {}
        if transactions is not None:
            from sim.calibrate import fit_log, read_log

            log = read_log(
                transactions,
                roles["transactions"],
                dates=dates,
                currency=currency,
                decimal=_decimal(decimal),
                duplicates=duplicates,
            ).since(since)
            parts["log"] = log
            advance()
            held: bool | str = True if holdout is None else False if holdout == "no" else holdout
            parts["transactions"] = fit_log(log, until, holdout=held)
            advance()
        if posterior is not None:
            parts["posterior"] = _posterior(posterior, model, posterior_unit, posterior_n)
        if choices is not None:
            from sim.calibrate.brands.choices import fit_choices
            from sim.calibrate.brands.reader import read_panel
            from sim.calibrate.brands.tastes import fit_inertia

            panel = read_panel(choices, roles["choices"])
            if panel.sorting is None:  # else the order of purchases is lost, and with it what the last brand weighs
                parts["inertia"] = fit_inertia(panel)
            advance()
            parts["choices"] = fit_choices(panel, start, months=months, seed=seed)
            advance()
        if survey is not None:
            from sim.calibrate.privacy.survey import fit_survey

            parts["survey"] = fit_survey(survey, roles["survey"], scale=scale, meaning=meaning, n=respondents)
            advance()
        if experiment is not None:
            from sim.calibrate.messages.trial import fit_trial

            parts["trial"] = fit_trial(experiment, roles["experiment"], matches=_matches(match), control=control)
            advance()
    from sim.calibrate.calibration import calibrated

    result = calibrated(start, name=name or (out.stem if out else None), client=client, model=model, baskets=baskets,
                        **parts)  # fmt: skip
    if targets is not None:
        result = _aimed(result, targets, seed)
    _tell(result, out, as_json)


def _tell(result: Calibration, out: Path | None, as_json: bool) -> None:
    from sim.present.calibration import finding, report
    from sim.scenario_file import to_yaml

    if out is not None:
        files.save_text(to_yaml(result.scenario, brief=True), out)
    if as_json:
        facts = {"scenario": result.scenario.name, "hash": result.scenario.hash, "finding": finding(result)}
        terminal.print_json({**facts, **result.tables()})
        return
    next_step = f"Next: roi compare {out} --uncertain" if out is not None else "Nothing is written; -o FILE would."
    terminal.say(terminal.console(), finding(result), *report(result), terminal.written(out), next_step)


def _base(path: Path | None, settings: list[str]) -> Scenario:
    from sim.calibrate.calibration import plain_market
    from sim.scenario_file import load, parse_setting

    start = plain_market() if path is None else load(path)
    changes = dict(parse_setting(text) for text in settings)
    return start.with_(changes) if changes else start


def _roles(texts: list[str], kinds: set[str]) -> dict[str, dict[str, str]]:
    """Names of columns by kind of data; what names no kind is about the only file that is given."""
    from sim.calibrate.reading.columns import parse_columns

    found: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for text in texts:
        for role, column in parse_columns(text).items():
            kind, dot, inner = role.partition(".")
            if not dot and len(kinds) != 1:
                better = f"{min(kinds, default='transactions')}.{role}={column}"
                raise InputError(f"--columns {role}={column} does not say which file it is about; {better} would")
            if dot and kind not in kinds:
                right = ", ".join(sorted(kinds)) or "a file to read"
                raise InputError(f"--columns {role}: there is no file of {kind}; one of {right} would be right")
            found[kind if dot else min(kinds)][inner if dot else role] = column
    return found


def _decimal(sign: str | None) -> Literal[".", ","] | None:
    if sign not in (None, ".", ","):
        raise InputError(f"--decimal {sign!r} is no decimal separator; '.' or ',' would be right")
    return sign  # type: ignore[return-value]  # has just been looked at


def _matches(texts: list[str] | None) -> dict[str, str] | None:
    matches = {}
    for text in texts or ():
        arm, equals, column = (part.strip() for part in text.rpartition("="))
        if not (arm and equals and column):
            raise InputError(f"--match {text!r} matches nothing; ARM=COLUMN would, as in 'Letter A=likes_a'")
        matches[arm] = column
    return matches or None


def _posterior(path: Path, model: str | None, unit: str, n: int | None) -> Any:
    from sim.calibrate import posterior as read

    if n is None:
        raise InputError(f"{path}: --posterior-n is missing; give the number of customers behind the posterior")

    return read(path, model or "bg-nbd", unit=unit, n=n)  # type: ignore[arg-type]


def _aimed(result: Calibration, path: Path, seed: int) -> Calibration:
    """The calibration with what reproduces the targets, everything else being as it is."""
    from dataclasses import replace

    from sim.calibrate.landing import landed
    from sim.calibrate.outcomes.aggregates import fit_targets

    with terminal.progress(None, "set") as advance:
        fit = fit_targets(path, result.scenario, seed=seed, progress=lambda done, planned: advance(planned))
    return replace(result, scenario=landed(result.scenario, fit.landings()), targets=fit)
