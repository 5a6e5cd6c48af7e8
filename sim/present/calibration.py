"""What a client's data said, for the terminal: estimates, rival models, holdout, thresholds, trial, targets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.calibrate.calibration import sentences
from sim.present.assumptions import evidence_table
from sim.present.rounding import NO_INTERVAL, rounded
from sim.present.tables import fit_sentence, fit_table, plain_table, under
from sim.scenario_file import register

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from rich.console import RenderableType
    from rich.table import Table

    from sim.calibrate.calibration import Calibration
    from sim.calibrate.messages.trial import TrialFit
    from sim.calibrate.purchases.holdout import Holdout


def finding(calibration: Calibration) -> str:
    """How much of the scenario rests on the client's data."""
    kinds = register(calibration.scenario)["evidence"].value_counts()
    open_ = int(kinds.get("assumed", 0))
    return (
        f"{calibration.scenario.name}: {int(kinds.get('fitted', 0))} numbers are fitted to data with a standard error, "
        f"{open_} are assumptions."
    )


def report(calibration: Calibration) -> Iterator[RenderableType]:
    """Everything that is to be said about a calibration, part by part."""
    transactions = calibration.transactions
    if transactions is not None:
        yield fit_sentence(transactions)
        yield fit_table(transactions.table())
        yield likelihood_table(transactions.comparison())
        if transactions.holdout is not None:
            yield holdout_table(transactions.holdout)
    if calibration.choices is not None:
        yield path_table("Brand choices", calibration.choices.table())
    if calibration.inertia is not None:
        yield inertia_table(calibration.inertia.table())
    if calibration.survey is not None:
        yield survey_table(calibration.survey.table())
    if calibration.trial is not None:
        yield trial_table(calibration.trial)
    if calibration.targets is not None:
        yield from target_tables(calibration)
    yield "\n".join(f"- {sentence}" for sentence in sentences(calibration))
    yield evidence_table(register(calibration.scenario))


def likelihood_table(rows: pd.DataFrame) -> RenderableType:
    """How well the rival models fit."""
    table = plain_table("Which model fits better")
    for heading, justify in (("model", "left"), ("of", "left"), ("log-likelihood", "right"), ("AIC", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for row in _rows(rows):
        table.add_row(str(row.model), str(row.data), f"{row.log_likelihood:,.1f}", f"{row.aic:,.1f}")
    return under(table, "AIC: smaller is better; only models of the same data compare.")


def holdout_table(held: Holdout) -> RenderableType:
    """What the models said about the period that they never saw."""
    table = plain_table(f"Held out: {held.calibrated_until} to {held.until}, never seen by the fits")
    table.add_column("model")
    for heading in ("log-likelihood", "predicted", "actual", "correlation", "RMSE", "MAE"):
        table.add_column(heading, justify="right", no_wrap=True)
    for part in (held.buying, held.baskets):
        table.add_section()
        for row in _rows(part):
            likelihood = NO_INTERVAL if math.isnan(row.holdout_log_likelihood) else f"{row.holdout_log_likelihood:,.1f}"
            table.add_row(
                str(row.model), likelihood, f"{row.predicted:,.0f}", f"{row.actual:,.0f}", _plain(row.correlation),
                f"{row.rmse:.3g}", f"{row.mae:.3g}",
            )  # fmt: skip
    return under(
        table,
        "Above: purchases of all customers; below: money in baskets. RMSE and MAE: error per customer in purchases, "
        "and in the mean basket.",
    )


def path_table(title: str, rows: pd.DataFrame) -> Table:
    """Estimates by the path at which they stand in the scenario."""
    table = plain_table(title)
    table.add_column("number", overflow="fold")
    for heading in ("estimate", "standard error", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in _rows(rows):
        table.add_row(str(row.path), *_estimate(row), f"{row.n:,.0f}")
    return table


def inertia_table(rows: pd.DataFrame) -> Table:
    """What the last brand weighs under models that know more or less of tastes."""
    table = plain_table("What the last brand weighs")
    table.add_column("model")
    for heading in ("utility", "standard error", "log-likelihood", "sd of tastes"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in _rows(rows):
        figure = rounded(
            row.last_purchase, row.last_purchase - row.standard_error, row.last_purchase + row.standard_error, most=2
        )
        spread = NO_INTERVAL if math.isnan(row.taste_sd) else f"{row.taste_sd:.2f}"
        table.add_row(str(row.model), figure.value, figure.half, f"{row.log_likelihood:,.1f}", spread)
    return table


def survey_table(rows: pd.DataFrame) -> Table:
    """The thresholds that a survey gives, by segment."""
    table = plain_table("Privacy thresholds")
    segments = bool((rows["segment"] != "").any())
    if segments:
        table.add_column("segment")
    table.add_column("parameter")
    for heading in ("estimate", "standard error", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit")
    for row in _rows(rows):
        cells = (str(row.parameter), *_estimate(row), f"{row.n:,.0f}", str(row.unit))
        table.add_row(*((str(row.segment), *cells) if segments else cells))
    return table


def trial_table(trial: TrialFit) -> Table:
    """What the message that suits a customer gains over others."""
    table = plain_table("The matched message against others")
    for heading, justify in (
        ("outcome", "left"), ("against", "left"), ("matched", "right"), ("other", "right"), ("gain", "right"),
        ("95 % interval", "right"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    before = ""
    for row in _rows(trial.table()):
        if before and row.outcome != before:
            table.add_section()
        money = row.outcome == "spend"
        matched, other = ((f"{one:.3f}" if money else f"{100 * one:.2f} %") for one in (row.matched, row.other))
        gain = rounded(row.lift, row.low, row.high, percent=True, signed=True, most=1)
        against = f"{row.against} (the best for everyone)" if row.best else str(row.against)
        table.add_row(str(row.outcome) if row.outcome != before else "", against, matched, other, gain.value,
                      gain.interval)  # fmt: skip
        before = row.outcome
    return table


def target_tables(calibration: Calibration) -> Iterator[Table]:
    """Which outcomes were reached, and what they say about the parameters that were free."""
    targets: Any = calibration.targets
    table = plain_table("Outcomes that were wanted")
    for heading in ("target", "wanted", "reached by the acceptable sets", "hit"):
        table.add_column(heading, justify="left" if heading == "target" else "right")
    for row in _rows(targets.outcomes()):
        name = f"{row.target} of {row.of}" if row.of else str(row.target)
        reached = f"{row.reached:.3g} ({row.low:.3g} to {row.high:.3g})"
        table.add_row(name, f"{row.wanted:.3g} ± {row.tolerance:.2g}", reached, "yes" if row.hit else "no")
    yield table
    table = plain_table("What the outcomes say about the parameters")
    table.add_column("parameter", overflow="fold")
    for heading in ("was free in", "value", "acceptable (90 %)"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for row in _rows(targets.table()):
        together = getattr(row, "with_", None) or row[10]
        verdict = f"{row.verdict} with {together}" if together and "jointly" in str(row.verdict) else str(row.verdict)
        table.add_row(
            str(row.parameter), f"{row.prior_low:.3g} to {row.prior_high:.3g}", f"{row.value:.3g}",
            f"{row.low:.3g} to {row.high:.3g}", verdict,
        )  # fmt: skip
    yield table


def _estimate(row: Any) -> tuple[str, str]:
    """An estimate and its standard error, rounded together."""
    error = float(row.standard_error)
    if not math.isfinite(error):
        return f"{row.estimate:.3g}", "not determined"
    figure = rounded(row.estimate, row.estimate - error, row.estimate + error, most=4)
    return figure.value, figure.half


def _plain(value: float) -> str:
    return NO_INTERVAL if math.isnan(value) else f"{value:.3f}"


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    yield from frame.itertuples()
