"""One run, year by year: what every firm sold, earned and was trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.books import ROW
from sim.present.words import money, percent
from sim.run import STATE

if TYPE_CHECKING:
    import pandas as pd

    from sim.run import Run

MONTHS = 12


def by_year(run: Run) -> pd.DataFrame:
    """One row per firm and year.

    Columns ``firm``, ``year`` (from 1), ``months`` (fewer than 12 in a last, broken year), ``sales`` and
    ``operating_profit`` (units of currency), ``margin`` (share of sales), ``share_of_wallet`` (part of all that
    customers paid in the year) and, at the year's end, ``trust`` (mean over all customers, in [0, 1]), ``opt_in``
    (share of the firm's customers) and ``privacy_debt`` (intrusions not noticed yet per customer in the market).
    What is not defined, such as the margin of a firm without sales, is not a number.
    """
    import pandas as pd

    horizon = len(run.ledger)
    starts = np.arange(0, horizon, MONTHS)
    ends = np.minimum(starts + MONTHS, horizon)
    ledger = np.add.reduceat(run.ledger, starts, axis=0)  # (years, firms, lines)
    sales, profit = ledger[:, :, ROW["sales"]], ledger.sum(axis=2)
    paid = sales + ledger[:, :, ROW["personalisation_margin"]]
    wallet = paid.sum(axis=1) + np.add.reduceat(run.elsewhere, starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "sales": sales / 100.0,
            "operating_profit": profit / 100.0,
            "margin": profit / sales,
            "share_of_wallet": paid / wallet[:, None],
            "trust": run.state[ends - 1, :, STATE.index("reputation")],
            "opt_in": run.state[ends - 1, :, STATE.index("opt_in")],
            "privacy_debt": run.state[ends - 1, :, STATE.index("privacy_debt")],
        }
    frame = pd.DataFrame({name: values.T.reshape(-1) for name, values in columns.items()})
    frame[["margin", "share_of_wallet"]] = frame[["margin", "share_of_wallet"]].replace([np.inf, -np.inf], np.nan)
    frame.insert(0, "firm", np.repeat(np.array(run.firms, dtype=object), len(starts)))
    frame.insert(1, "year", np.tile(np.arange(1, len(starts) + 1), len(run.firms)))
    frame.insert(2, "months", np.tile(ends - starts, len(run.firms)))
    return frame


def run_finding(run: Run) -> str:
    """Who earned most in this run, in one sentence."""
    profit = run.ledger.sum(axis=(0, 2)) / 100.0
    sales = run.ledger[:, :, ROW["sales"]].sum(axis=0) / 100.0
    order = np.argsort(-profit, kind="stable")

    def margin(f: int) -> str:
        return f"{percent(profit[f] / sales[f], 1)} of sales" if sales[f] > 0 else "no sales"

    best = int(order[0])
    amount = f"{money(abs(float(profit[best])))} {run.scenario.currency} ({margin(best)})"
    months = f"Over {run.scenario.horizon_months} months"
    if len(order) == 1:
        verb = "earned" if profit[best] >= 0 else "lost"
        return f"{months} {run.firms[best]} {verb} {amount} in this one run."
    verb = "earned the most" if profit[best] >= 0 else "lost the least"
    others = [f"{run.firms[f]} ({margin(f)})" for f in map(int, order[1:])]
    behind = " and ".join([", ".join(others[:-1]), others[-1]] if len(others) > 1 else others)
    return f"{months} {run.firms[best]} {verb}, {amount}, ahead of {behind}, in this one run."
