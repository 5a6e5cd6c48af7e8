"""Panel and market side by side: what was matched, and what comes out by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.calibrate.brands.statistics import (
    AGREEMENT,
    BREADTH,
    ELASTICITY,
    LOYALTY,
    PENETRATION,
    PER_BUYER,
    PER_HOUSEHOLD,
    REPEAT,
    REQUIREMENTS,
    RESPONSE,
    SHARE,
    SPREAD,
    Key,
    far_repeat,
)
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.calibrate.brands.choices import ChoiceFit

REPLICATIONS = 5


def panel_table(fit: ChoiceFit, replications: int = REPLICATIONS) -> pd.DataFrame:
    """What the panel shows and what the market with the fitted choices shows, under the panel's prices.

    The market is simulated ``replications`` times with luck that the fit has not seen, its firms all treating everyone
    the same.

    Returns
    -------
    DataFrame
        One row per statistic and brand: ``statistic``, ``brand`` ("" for all), ``panel``, ``low`` and ``high`` (95 %
        interval by household, with the scatter of the market's mean added), ``market`` (mean over replications),
        ``kind`` ("matched" by construction, a "check" that the fit did not look at, or "sorted": a repeat in a panel
        that was sorted by brand, as the market's then is; it says nothing about habit) and ``verdict`` ("inside" the
        interval or "outside").

    Raises :class:`InputError` for fewer than two replications.
    """
    if replications < 2:
        raise InputError(f"replications must be at least 2, so that their scatter shows, but is {replications}")
    search = fit.search
    runs = [search.measured(fit.found.at, replication)[0] for replication in range(1, replications + 1)]
    rows, repeats = [], _repeats(fit)
    for key in _order(fit):
        luck = [float(run.scaled([key])[0]) for run in runs]
        scatter = float(np.std(luck, ddof=1)) / math.sqrt(replications)
        low, high = search.target.interval(key, also=scatter)
        market = float(np.mean([run[key] for run in runs]))
        kind = "matched" if key in search.matched or key[0] == SHARE else "check"  # shares sum to one
        if key in repeats and not search.ordered:
            kind = "sorted"
        verdict = "inside" if low <= market <= high else "outside"
        rows.append((*key, search.target[key], low, high, market, kind, verdict))
    columns = ["statistic", "brand", "panel", "low", "high", "market", "kind", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _order(fit: ChoiceFit) -> list[Key]:
    """The rows of the table: brands from the largest to the smallest, then what holds for all of them."""
    panel = fit.search.panel
    sizes = np.argsort(-panel.bought.sum(axis=0), kind="stable")
    brands = [panel.brands[k] for k in sizes]
    by_brand = [(name, brand) for name in (SHARE, PENETRATION, PER_BUYER, REQUIREMENTS) for brand in brands]
    rest = [
        (ELASTICITY, brands[0]),
        (RESPONSE, brands[0]),
        *([(LOYALTY, "")] if fit.search.ordered else []),
        (AGREEMENT, ""),
        (BREADTH, ""),
        (PER_HOUSEHOLD, ""),
        (SPREAD, ""),
    ]
    return [*by_brand, *_repeats(fit), *rest]


def _repeats(fit: ChoiceFit) -> list[Key]:
    return [(REPEAT, ""), *(far_repeat(lag) for lag in range(2, fit.search.lag + 1))]
