"""Where the uncertainty of an answer comes from: chance, estimation, assumption; and which numbers carry it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.statistics import CONFIDENCE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

SOURCES = {
    "assumption": "numbers that nobody has measured here, within their plausible ranges",
    "estimation": "numbers fitted to data, within their standard errors",
    "chance": "luck of the customers and events, at the same numbers",
}
"""Where variance comes from, and what it means."""

BOOTSTRAPS = 2000
FEWEST_DRAWS = 10
"""Below, a variance cannot be split in any sense."""


def variance_split(answers: ArrayLike, again: ArrayLike, confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Split the variance of an answer by the law of total variance, into three parts that add up.

    With Y the answer, a the assumptions and e the estimates, *chance* is E Var[Y | a, e], *estimation* is
    E Var[E[Y | a, e] | a], and *assumption* is Var E[Y | a].

    Parameters
    ----------
    answers
        Shape (n,): Y of n draws.
    again
        Shape (m, 2): for the first m of them, Y' with other luck, and Y'' with other luck and other estimates. Chance
        is the mean of (Y - Y')²/2; with the estimation it is that of (Y - Y'')²/2 and (Y' - Y'')²/2. Shape (m, 1),
        without Y'', where nothing is estimated.

    Returns
    -------
    DataFrame
        Indexed by ``source`` (assumption, estimation, chance, total): ``variance``, ``sd`` (its root), ``share`` of
        the total, and ``low`` and ``high``, the percentile-bootstrap interval of the share over draws. Estimates of
        a part that is next to nothing may come out below zero and are reported as they are.

    Source: M. J. W. Jansen, "Analysis of variance designs for model output", Computer Physics Communications 117
    (1999), 35-43, on groups of inputs.
    """
    import pandas as pd

    first, others = np.asarray(answers, dtype=np.float64), np.asarray(again, dtype=np.float64)
    n, m = len(first), len(others)
    parts = _parts(first[None], first[None, :m], others[None])[0]
    ends = np.full((2, 4), np.nan)
    if m >= FEWEST_DRAWS and parts[3] > 0.0:
        draws = np.random.default_rng(0)
        whole, some = draws.integers(0, n, (BOOTSTRAPS, n)), draws.integers(0, m, (BOOTSTRAPS, m))
        resampled = _parts(first[whole], first[some], others[some])
        tail = (1.0 - confidence) / 2.0
        ends = np.quantile(resampled / resampled[:, 3:], [tail, 1.0 - tail], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = parts / parts[3]
    return pd.DataFrame(
        {"variance": parts, "sd": np.sqrt(np.maximum(parts, 0.0)), "share": share, "low": ends[0], "high": ends[1]},
        index=pd.Index([*SOURCES, "total"], name="source"),
    )


def _parts(answers: NDArray[np.float64], first: NDArray[np.float64], again: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variances of assumption, estimation, chance and total of many tables of answers, shape (tables, 4)."""
    if answers.shape[1] < 2:
        return np.full((len(answers), 4), np.nan)
    luck = again[:, :, 0]
    chance = chance_and_estimation = ((first - luck) ** 2).mean(axis=1) / 2.0
    if again.shape[2] == 2:
        both = again[:, :, 1]
        chance_and_estimation = ((first - both) ** 2 + (luck - both) ** 2).mean(axis=1) / 4.0
    total = answers.var(axis=1, ddof=1)
    return np.stack([total - chance_and_estimation, chance_and_estimation - chance, chance, total], axis=1)


def drivers(drawn: pd.DataFrame, answer: ArrayLike, confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Which drawn numbers the answer goes with: Spearman's rank correlation of each, the strongest first.

    Parameters
    ----------
    drawn
        One row per draw, one column per number, named by its path.
    answer
        Shape (draws,).

    Returns
    -------
    DataFrame
        ``path``, ``correlation``, ``low``, ``high`` (Fisher's interval; for one number looked at alone: of many
        numbers some leave out zero by chance), ``clear`` (whether the interval leaves out zero even when all numbers
        are looked at together, by Bonferroni's correction).
    """
    import pandas as pd
    from scipy.special import ndtri

    ranks = drawn.rank().to_numpy()
    other = pd.Series(np.asarray(answer, dtype=np.float64)).rank().to_numpy()
    n, k = ranks.shape
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.array([np.corrcoef(column, other)[0, 1] for column in ranks.T]) if n > 1 else np.zeros(k)
        place = np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12))
    width = 1.0 / math.sqrt(n - 3) if n > 3 else math.inf
    one, all_together = (ndtri(1.0 - (1.0 - confidence) / 2.0 / tests) * width for tests in (1, max(k, 1)))
    table = pd.DataFrame(
        {
            "path": drawn.columns,
            "correlation": correlation,
            "low": np.tanh(place - one),
            "high": np.tanh(place + one),
            "clear": np.abs(place) > all_together,
        }
    )
    order = table["correlation"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)
