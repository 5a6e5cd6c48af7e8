"""The tables of ``docs/validation.md`` about data sets: what was published or observed, and what comes out here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sim.calibrate.purchases.buying import BGNBD
from sim.calibrate.purchases.pareto import ParetoNBD
from sim.present.document import markdown_table

if TYPE_CHECKING:
    from pathlib import Path

    from sim.calibrate.purchases.places import BuyingName
    from sim.calibrate.purchases.transactions import TransactionFit

CDNOW = "cdnow/CDNOW_sample.txt"
TRIAL = "hillstrom_email_rct/hillstrom_data.csv.gz"
PANELS = {name: f"panel_brand_choice/{name}.csv" for name in ("Cracker", "Catsup", "Yogurt", "Ketchup", "Tuna")}
CALIBRATION_END = "1997-09-30"

PUBLISHED_CDNOW = {
    ("BG/NBD", "r"): 0.243,
    ("BG/NBD", "alpha"): 4.414,
    ("BG/NBD", "a"): 0.793,
    ("BG/NBD", "b"): 2.426,
    ("BG/NBD", "log-likelihood"): -9582.4,
    ("Pareto/NBD", "r"): 0.553,
    ("Pareto/NBD", "alpha"): 10.578,
    ("Pareto/NBD", "s"): 0.606,
    ("Pareto/NBD", "beta"): 11.669,
    ("Pareto/NBD", "log-likelihood"): -9595.0,
    ("NBD", "r"): 0.385,
    ("NBD", "alpha"): 12.072,
    ("NBD", "log-likelihood"): -9763.7,
    ("Gamma-Gamma of means", "p"): 6.25,
    ("Gamma-Gamma of means", "q"): 3.74,
    ("Gamma-Gamma of means", "v"): 15.44,
    ("Gamma-Gamma of means", "log-likelihood"): -4055.9,
}
"""Fader, Hardie & Lee 2005 (BG/NBD, Pareto/NBD, NBD), Fader & Hardie 2005 (Gamma-Gamma): CDNOW sample, 39 weeks."""

PUBLISHED_WEEKS = {
    "actual": {26: 1746, 39: 2457, 52: 3183, 78: 4339},
    "BG/NBD": {26: 1729, 39: 2498, 52: 3132, 78: 4166},
    "Pareto/NBD": {26: 1732, 39: 2524, 52: 3183, 78: 4269},
}
PUBLISHED_COUNTS = {
    "actual": (1411, 439, 214, 100, 62, 38, 29, 64),
    "BG/NBD": (1406.5, 460.8, 192.7, 101.3, 59.9, 38.2, 25.6, 72.0),
}
PUBLISHED_HOLDOUT = {"predicted": 1654.0, "actual": 1882.0, "correlation": 0.626, "rmse": 1.608, "mae": 0.786}
"""Of the BG/NBD over the 39 weeks held out (Fader, Hardie & Lee 2005)."""

CLOSED_FORM: dict[BuyingName, Any] = {
    "bg-nbd": BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426),
    "pareto-nbd": ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669),
}
WEEKS = (1, 13, 26, 39, 52, 78)

KNOWN = {
    "Cracker": (-1.82, 0.773, 2.06),
    "Catsup": (-2.33, 0.570, 1.09),
    "Yogurt": (-2.07, 0.856, 2.73),
    "Ketchup": (-3.57, 0.722, 2.40),
    "Tuna": (-3.20, 0.740, 2.82),
}
"""Of each panel, counted or fitted before: own-price elasticity of the largest brand, share repeating the last brand,
weight of the last brand in a logit without tastes that differ."""

PUBLISHED_TRIAL = {
    ("visit", "matched"): 0.1694,
    ("visit", "mismatched"): 0.1386,
    ("visit", "best"): 0.1677,
    ("visit", "no message"): 0.0978,
    ("conversion", "matched"): 0.01088,
    ("conversion", "mismatched"): 0.00849,
    ("conversion", "best"): 0.01119,
    ("spend", "matched"): 1.250,
    ("spend", "mismatched"): 1.040,
    ("spend", "best"): 1.242,
}
"""Counted in the e-mail experiment of Hillstrom 2008, 57 552 customers of one category."""

PUBLISHED_SURVEY = {"at_zero": 0.186, "at_one": 0.055, "a": 1.26, "b": 1.71}
"""Fitted to the answers of the 787 respondents (598 between the ends), Pew Research Center 2013."""


def blocks(folder: Path, advance: Callable[..., None]) -> Iterator[tuple[str, str]]:
    """Name and text of every block about a data set; ``folder`` holds the data sets, each in a folder of its own."""
    from sim.calibrate import fit_log, read_log

    log = read_log(folder / CDNOW)
    fit = fit_log(log.until(CALIBRATION_END), holdout=False)
    yield "cdnow", parameters_table(fit)
    held = fit_log(log, holdout="1997-10-01").holdout
    assert held is not None
    advance()
    yield "cdnow holdout", holdout_table(held)
    yield "cdnow market", market_table()
    advance()
    logits, checks = panel_tables(folder, advance)
    yield "panels logit", logits
    yield "panels market", checks
    yield "survey", survey_table()
    yield "trial", trial_table(folder)
    advance()


def parameters_table(fit: TransactionFit) -> str:
    """Estimates from the CDNOW sample beside the published ones."""
    estimates: Any = fit.table().itertuples()
    likelihoods: Any = fit.comparison().itertuples()
    found = {(row.model, row.parameter): row.estimate for row in estimates}
    found |= {(row.model, "log-likelihood"): row.log_likelihood for row in likelihoods}
    rows = [
        [model, parameter, f"{value:.6g}", f"{found[model, parameter]:.6g}", close(found[model, parameter], value)]
        for (model, parameter), value in PUBLISHED_CDNOW.items()
    ]
    return markdown_table(("model", "parameter", "published", "fitted here", "verdict (within 0.5 %)"), rows)


def close(here: float, published: float, within: float = 0.005) -> str:
    """Whether two figures agree: ``hit`` or ``miss``."""
    return "hit" if math.isclose(here, published, rel_tol=within) else "miss"


def holdout_table(held: Any) -> str:
    """Counts in the calibration period, repeats by week, and the period held out, beside the published figures."""
    rows: list[list[str]] = []
    counts = held.counts.set_index(["series", "repeats"])["customers"]
    for series, figures in PUBLISHED_COUNTS.items():
        for repeats, figure in enumerate(figures):
            here = float(counts[series, repeats])
            label = f"customers with {repeats}{' or more' if repeats == len(figures) - 1 else ''} repeats by week 39"
            rows.append([label, series, f"{figure:g}", f"{here:.4g}", close(here, figure)])
    weeks = held.weeks.set_index(["series", "week"])["repeats"]
    for series, by_week in PUBLISHED_WEEKS.items():
        for week, figure in by_week.items():
            here = float(weeks[series, week])
            rows.append([f"repeats of all by week {week}", series, f"{figure:g}", f"{here:.4g}", close(here, figure)])
    bgnbd = held.buying.set_index("model").loc["BG/NBD"]
    for measure, figure in PUBLISHED_HOLDOUT.items():
        here = float(bgnbd[measure])
        rows.append([f"held out: {measure}", "BG/NBD", f"{figure:g}", f"{here:.4g}", close(here, figure)])
    return markdown_table(("figure", "series", "published", "here", "verdict (within 0.5 %)"), rows)


def market_table() -> str:
    """Repeat purchases per customer in the simulated market beside the closed forms."""
    from sim.experiment.repeats import REPLICATIONS, against_closed_form

    rows = []
    for name, model in CLOSED_FORM.items():
        for week, closed, market in against_closed_form(name, model, WEEKS):
            inside = "hit" if market.low <= closed <= market.high else "miss"
            told = f"{market.value:.4f} ({market.low:.4f} to {market.high:.4f})"
            rows.append([model.title, f"{week:g}", f"{closed:.4f}", told, inside])
    head = ("model", "week", "closed form", f"market, 95 % interval over {REPLICATIONS} replications", "inside")
    return markdown_table(head, rows)


def panel_tables(folder: Path, advance: Callable[..., None]) -> tuple[str, str]:
    """The logits of five panels beside the figures known for them, and the market with the fitted choices."""
    from sim.calibrate.brands.choices import fit_choices
    from sim.calibrate.brands.reader import read_panel
    from sim.calibrate.brands.statistics import ELASTICITY, REPEAT
    from sim.calibrate.brands.table import panel_table
    from sim.calibrate.brands.tastes import fit_inertia

    logits, checks = [], []
    for name, file in PANELS.items():
        panel = read_panel(folder / file)
        fit = fit_choices(panel)
        advance()
        largest, target = panel.brands[panel.largest], fit.search.target
        elasticity, repeat = float(target[ELASTICITY, largest]), float(target[REPEAT, ""])
        weights = ["sorted by brand", "–", "–"]
        if panel.sorting is None:
            inertia: Any = fit_inertia(panel).table()
            first, last = inertia.iloc[0], inertia.iloc[-1]  # without tastes that differ, and with them
            weights = [f"{one:.2f}" for one in (first.last_purchase, last.last_purchase, last.taste_sd)]
        logits.append(
            [
                name, largest, f"{KNOWN[name][0]:.2f}", f"{elasticity:.2f}", f"{KNOWN[name][1]:.3f}", f"{repeat:.3f}",
                f"{KNOWN[name][2]:.2f}", *weights,
            ]
        )  # fmt: skip
        rows: Any = panel_table(fit).itertuples()
        for row in rows:
            interval = f"{row.panel:.3f} ({row.low:.3f} to {row.high:.3f})"
            checks.append([name, row.statistic, row.brand, interval, f"{row.market:.3f}", row.kind, row.verdict])
        advance()
    head = (
        "panel", "largest brand", "elasticity known", "here", "repeats last brand, known", "here",
        "weight of the last brand, known", "here", "with normal tastes", "sd of tastes",
    )  # fmt: skip
    return markdown_table(head, logits), markdown_table(
        ("panel", "statistic", "brand", "panel, 95 % interval", "market", "kind", "verdict"), checks
    )


def survey_table() -> str:
    """The thresholds fitted to published shares of answers, beside those fitted to the answers themselves."""
    from sim.calibrate.privacy.survey import published

    table: Any = published().table().set_index("parameter")
    rows = []
    for name, figure in PUBLISHED_SURVEY.items():
        here, error = float(table.loc[name, "estimate"]), float(table.loc[name, "standard_error"])
        verdict = "hit" if abs(here - figure) < 1.96 * error else "miss"
        rows.append([name, f"{figure:g}", f"{here:.3f} ± {1.96 * error:.3f}", verdict])
    return markdown_table(("parameter", "fitted to the answers", "fitted to their published shares", "verdict"), rows)


def trial_table(folder: Path) -> str:
    """The e-mail experiment: what the matched message gains over others, beside what was counted."""
    from sim.calibrate.messages.trial import fit_trial

    trial = fit_trial(folder / TRIAL, {"arm": "segment"}, matches={"Mens E-Mail": "mens", "Womens E-Mail": "womens"})
    rows = []
    for (outcome, group), figure in PUBLISHED_TRIAL.items():
        lift = trial.lift(trial.best if group in ("best", "matched") else group, outcome)
        here = lift.mean if group == "matched" else lift.against
        gain = (
            "" if group == "matched" else f"{100 * lift.lift:+.1f} % ({100 * lift.low:+.1f} to {100 * lift.high:+.1f})"
        )
        name = f"{trial.best} for everyone" if group == "best" else group
        rows.append([outcome, name, f"{figure:g}", f"{here:.5g}", gain, close(here, figure, 0.002)])
    head = ("outcome", "who", "counted", "here", "the matched message gains over it, 95 % interval", "verdict (0.2 %)")
    return markdown_table(head, rows)
