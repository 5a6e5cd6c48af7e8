"""Multinomial logit of brands that differ in price and promotion, with a weight for the brand bought last.

Of all purchases but a household's first, of which the brand before is not known. The likelihood has one maximum; the
search uses its gradient and its curvature, both in closed form. Libraries that fit such models are either heavy
(TensorFlow, Biogeme) or no longer kept, and none gives the errors needed here.

Sources: D. McFadden, "Conditional logit analysis of qualitative choice behavior" (1974); P. M. Guadagni,
J. D. C. Little, "A logit model of brand choice calibrated on scanner data", Marketing Science 2 (1983), 203–238.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.calibrate.brands.panel import ChoicePanel, Floats, Integers

LAST = "last brand"
PRICE = "price"
FURTHEST = 50.0  # utility that one unit of spread in a column may make; beyond, the column decides alone
FLAT = 1e-7  # curvature per purchase below which a direction has no maximum; even a brand of 0.1 % has more


@dataclass(frozen=True, eq=False)
class Choices:
    """What a logit is fitted to.

    ``design`` has shape (n, brands, coefficients), ``chosen`` and ``household`` shape (n,); ``names`` says what the
    coefficients belong to. ``households`` are all of the panel, also those without a row here.
    """

    names: tuple[str, ...]
    design: Floats
    chosen: Integers
    household: Integers
    households: int


@dataclass(frozen=True, eq=False)
class LogitFit:
    """A fitted multinomial logit.

    Parameters
    ----------
    names, coefficients
        Brands' constants (that of the first brand is 0), then the weights of price, promotions and the last brand.
    log_likelihood
        At the maximum.
    n, households
        Purchases and households that it rests on.
    plain
        Covariance of the coefficients if all purchases were independent: the inverse of the curvature.
    influence
        Of each household on each coefficient, shape (households of the panel, coefficients).

    Errors are those of ``robust``: purchases of one household share its tastes, of which the model knows nothing, so
    that the plain ones are too small.
    """

    names: tuple[str, ...]
    coefficients: Floats
    log_likelihood: float
    n: int
    households: int
    plain: Floats
    influence: Floats

    @property
    def robust(self) -> Floats:
        """Covariance that holds however purchases of one household hang together (sandwich by household)."""
        return clustered(self.influence)

    def __getitem__(self, name: str) -> float:
        """A coefficient by its name."""
        return float(self.coefficients[self.names.index(name)])

    def error(self, name: str, *, plain: bool = False) -> float:
        """Standard error of a coefficient, by household unless the plain one is asked for."""
        k = self.names.index(name)
        return math.sqrt((self.plain if plain else self.robust)[k, k])

    def table(self) -> pd.DataFrame:
        """One row per coefficient: ``coefficient``, ``estimate``, ``standard_error``, ``plain_error``, ``n``."""
        return pd.DataFrame(
            {
                "coefficient": self.names,
                "estimate": self.coefficients,
                "standard_error": np.sqrt(np.diag(self.robust)),
                "plain_error": np.sqrt(np.diag(self.plain)),
                "n": self.n,
            }
        )


def clustered(influence: Floats) -> Floats:
    """Covariance of estimates from the influence of independent households on them, shape (households, k)."""
    some = (influence != 0).any(axis=1).sum()
    return np.asarray(influence.T @ influence * (some / max(1, some - 1)))


def choices_of(panel: ChoicePanel, carried: NDArray[np.float64] | None = None, name: str = LAST) -> Choices:
    """The purchases of a panel that have one before them, as a logit needs them.

    ``carried`` is what comes over from earlier purchases, shape (n, brands); by default 1 for the last brand.
    """
    return _choices(panel, np.flatnonzero(panel.again), {name: panel.last if carried is None else carried})


def choices_without_order(panel: ChoicePanel) -> Choices:
    """All purchases of a panel of which nobody knows what came before what."""
    return _choices(panel, np.arange(len(panel.chosen)), {})


def _choices(panel: ChoicePanel, rows: NDArray[np.int64], more: Mapping[str, NDArray[np.float64]]) -> Choices:
    columns = [panel.price, *panel.promotions.values(), *more.values()]
    brands = len(panel.brands)
    constants = np.broadcast_to(np.eye(brands)[:, 1:], (len(rows), brands, brands - 1))
    return Choices(
        names=(*panel.brands[1:], PRICE, *panel.promotions, *more),
        design=np.concatenate([constants, np.stack([column[rows] for column in columns], axis=2)], axis=2),
        chosen=panel.chosen[rows],
        household=panel.household[rows],
        households=panel.households,
    )


def probabilities(design: Floats, coefficients: Floats) -> Floats:
    """Probability of each brand at each purchase, shape (n, brands)."""
    utility = design @ coefficients
    utility -= utility.max(axis=1, keepdims=True)
    np.exp(utility, out=utility)
    return np.asarray(utility / utility.sum(axis=1, keepdims=True))


def fit_logit(choices: Choices, start: Floats | None = None, source: str = "the panel") -> LogitFit:
    """Fit by maximum likelihood, from ``start`` or from zero.

    Raises :class:`InputError` where one column or several decide all choices, or do not differ, so that the likelihood
    has no maximum.
    """
    from scipy.optimize import minimize

    design, chosen, n = choices.design, choices.chosen, len(choices.chosen)
    unit = design.std(axis=(0, 1))  # so that all coefficients are searched on one scale
    if (unit == 0).any():
        column = choices.names[int(np.argmin(unit))]
        raise InputError(f"{source}: {column} is the same at every purchase, so it has no weight; leave it out")
    scaled = design / unit
    picked = scaled[np.arange(n), chosen]

    def badness(b: Floats) -> tuple[float, Floats]:
        p = probabilities(scaled, b)
        mean = np.einsum("nj,njk->nk", p, scaled)
        return -float(np.log(p[np.arange(n), chosen]).mean()), (mean - picked).mean(axis=0)

    def curvature(b: Floats) -> Floats:
        p = probabilities(scaled, b)
        apart = (scaled - np.einsum("nj,njk->nk", p, scaled)[:, None, :]) * np.sqrt(p)[:, :, None]
        flat = apart.reshape(-1, apart.shape[2])
        return np.asarray(flat.T @ flat / n)

    first = np.zeros(len(unit)) if start is None else start * unit
    end = minimize(badness, first, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9})
    b, steep = np.asarray(end.x), curvature(end.x)
    if np.abs(b).max() > FURTHEST or np.linalg.eigvalsh(steep)[0] < FLAT:
        raise InputError(
            f"{source}: the weights of {', '.join(choices.names)} cannot be told apart, because some of them decide "
            "every choice or always move together; leave brands or columns out"
        )
    inverse = np.linalg.inv(steep) / n
    residual = picked - np.einsum("nj,njk->nk", probabilities(scaled, b), scaled)
    scores = np.zeros((choices.households, len(b)))
    np.add.at(scores, choices.household, residual)
    return LogitFit(
        names=choices.names,
        coefficients=b / unit,
        log_likelihood=-float(end.fun) * n,
        n=n,
        households=len(np.unique(choices.household)),
        plain=inverse / np.outer(unit, unit),
        influence=scores @ inverse / unit,
    )
