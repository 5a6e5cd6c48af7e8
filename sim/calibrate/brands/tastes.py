"""How much of the weight of the last brand is habit: the same choices with households that differ in taste.

A household that likes a brand buys it again and again without any habit. A logit without tastes takes that for state
dependence, so its weight of the last brand is an upper bound (Heckman 1981). Two remedies:

- *Brand loyalty* as an exponentially smoothed share of past purchases (Guadagni & Little 1983): what has long been
  bought stands for taste, and what the last purchase adds, for habit.
- *Normal tastes*: brand constants differ between households with a standard deviation of their own, and are
  integrated out (mixed logit by simulated maximum likelihood, Train 2009, with Sobol points, the same at every step).
  What a household likes also shows in the first brand seen; that its taste leans towards it is a weight of its own
  (Wooldridge 2005), without which taste would again pass for habit.

Sources: J. J. Heckman, "Heterogeneity and state dependence" (1981); K. E. Train, Discrete Choice Methods with
Simulation (2009), ch. 6 and 10; J. M. Wooldridge, Journal of Applied Econometrics 20 (2005), 39–54; P. M. Guadagni,
J. D. C. Little, Marketing Science 2 (1983), 203–238.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.calibrate.brands.logit import LAST, Choices, LogitFit, choices_of, clustered, fit_logit
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.calibrate.brands.panel import ChoicePanel, Floats

FIRST = "first brand"
POINTS = 128  # per household, to integrate tastes out
SEED = 2001  # of the scramble of the Sobol points


@dataclass(frozen=True, eq=False)
class TasteFit:
    """A logit whose brand constants are normal over households, independent, with one standard deviation.

    ``taste_sd`` is that of the tastes beyond what the first brand tells; ``influence`` has a column for each
    coefficient and a last one for ``taste_sd``.
    """

    names: tuple[str, ...]
    coefficients: Floats
    taste_sd: float
    log_likelihood: float
    n: int
    households: int
    influence: Floats

    def __getitem__(self, name: str) -> float:
        """A coefficient by its name."""
        return float(self.coefficients[self.names.index(name)])

    def error(self, name: str) -> float:
        """Standard error of a coefficient or of ``taste_sd``, from the outer product of households' scores."""
        k = -1 if name == "taste_sd" else self.names.index(name)
        return math.sqrt(clustered(self.influence)[k, k])


@dataclass(frozen=True, eq=False)
class Inertia:
    """What the last purchase weighs, with and without tastes that differ.

    ``plain`` knows no tastes, ``loyalty`` smooths past purchases with ``carryover`` kept at each, ``tastes`` integrates
    normal tastes out.
    """

    source: str
    plain: LogitFit
    loyalty: LogitFit
    carryover: float
    tastes: TasteFit

    def table(self) -> pd.DataFrame:
        """One row per model.

        Columns ``model``, ``last_purchase`` (utility that it adds to its brand), ``standard_error`` (that of brand
        loyalty takes the carry-over as known), ``log_likelihood``, ``parameters`` and ``taste_sd``.
        """
        added, smoothed = 1.0 - self.carryover, self.loyalty.names[-1]
        weights = {
            "last brand, no tastes": (self.plain[LAST], self.plain.error(LAST)),
            "brand loyalty": (added * self.loyalty[smoothed], added * self.loyalty.error(smoothed)),
            "last brand, normal tastes": (self.tastes[LAST], self.tastes.error(LAST)),
        }
        return pd.DataFrame(
            {
                "model": list(weights),
                "last_purchase": [weight for weight, _ in weights.values()],
                "standard_error": [error for _, error in weights.values()],
                "log_likelihood": [fit.log_likelihood for fit in (self.plain, self.loyalty, self.tastes)],
                "parameters": [
                    len(self.plain.coefficients),
                    len(self.loyalty.coefficients) + 1,
                    len(self.tastes.coefficients) + 1,
                ],
                "taste_sd": [math.nan, math.nan, self.tastes.taste_sd],
            }
        )

    @property
    def caveat(self) -> str:
        """One sentence: how much of the weight of the last brand is left once tastes differ."""
        naive, loyal, tasted = self.table()["last_purchase"].to_list()
        return (
            f"A household's last brand weighs {naive:.2f} if all households had the same tastes, {loyal:.2f} beside "
            f"what they have bought before, and {tasted:.2f} once tastes differ between them "
            f"(sd {self.tastes.taste_sd:.2f}): {max(0.0, 1.0 - tasted / naive):.0%} of what looks like habit is taste, "
            "as far as normal tastes can tell."
        )


def fit_inertia(panel: ChoicePanel) -> Inertia:
    """Fit the logit of a panel without tastes, with smoothed loyalty, and with normal tastes.

    Raises :class:`sim.errors.InputError` as :func:`sim.calibrate.brands.logit.fit_logit` does, and for a panel in which
    the order of purchases is lost.
    """
    if panel.sorting is not None:
        raise InputError(
            f"{panel.source}: the purchases of every household stand sorted by brand, so that what was bought last is "
            "not known and habit cannot be told; give them in the order of time"
        )
    plain = fit_logit(choices_of(panel), source=panel.source)
    carryover, loyalty = fit_loyalty(panel)
    return Inertia(panel.source, plain, loyalty, carryover, fit_tastes(panel, plain))


def fit_loyalty(panel: ChoicePanel) -> tuple[float, LogitFit]:
    """The carry-over of brand loyalty that fits best, and the logit with it."""
    from scipy.optimize import minimize_scalar

    def fitted(carryover: float) -> LogitFit:
        return fit_logit(choices_of(panel, loyalty(panel, carryover), "loyalty"), source=panel.source)

    best = minimize_scalar(
        lambda carryover: -fitted(carryover).log_likelihood, bounds=(0.01, 0.99), method="bounded",
        options={"xatol": 1e-3},
    )  # fmt: skip
    return float(best.x), fitted(float(best.x))


def loyalty(panel: ChoicePanel, carryover: float) -> Floats:
    """Smoothed past purchases at each purchase, shape (n, brands); they sum to one.

    Where nothing is known the brand of the first purchase counts ``carryover``, the others share the rest.
    """
    brands = len(panel.brands)
    result = np.zeros(panel.price.shape)
    state = np.full((panel.households, brands), 0.0)
    for place in range(int(panel.count.max())):
        rows = np.flatnonzero(panel.place == place)
        who = panel.household[rows]
        result[rows] = state[who]
        bought = np.eye(brands)[panel.chosen[rows]]
        if place == 0:
            state[who] = np.where(bought > 0, carryover, (1.0 - carryover) / (brands - 1))
        else:
            state[who] = carryover * state[who] + (1.0 - carryover) * bought
    return result


def fit_tastes(panel: ChoicePanel, start: LogitFit, points: int = POINTS) -> TasteFit:
    """Fit the mixed logit by simulated maximum likelihood; ``start`` is the logit without tastes."""
    from scipy.optimize import minimize
    from scipy.special import ndtri
    from scipy.stats import qmc

    choices = _with_first(panel)
    brands, design, chosen, household = len(panel.brands), choices.design, choices.chosen, choices.household
    sobol = qmc.Sobol(brands, scramble=True, rng=SEED)
    who, row_of = np.unique(household, return_inverse=True)
    luck = sobol.random_base2(math.ceil(math.log2(points * len(who))))[: points * len(who)]
    taste = ndtri(np.clip(luck, 1e-9, 1.0 - 1e-9)).reshape(len(who), points, brands)
    unit = np.append(design.std(axis=(0, 1)), 1.0)
    at = np.arange(len(chosen))
    starts = np.flatnonzero(np.diff(row_of, prepend=-1))

    def scores(b: Floats) -> tuple[Floats, Floats]:
        """Log-likelihood of each household, and its slopes."""
        value, slopes = np.empty(len(who)), np.empty((len(who), len(b)))
        fixed = design @ b[:-1]
        edges = np.append(starts, len(chosen))
        for first in range(0, len(who), 256):  # in pieces that stay in the processor's cache
            last = min(len(who), first + 256)
            rows = slice(edges[first], edges[last])
            mine = row_of[rows] - first
            z = taste[first:last]
            p = fixed[rows, None, :] + b[-1] * z[mine]
            np.exp(p - p.max(axis=2, keepdims=True), out=p)
            p /= p.sum(axis=2, keepdims=True)
            inside = edges[first:last] - edges[first]
            logs = np.add.reduceat(np.log(p[np.arange(len(mine)), :, chosen[rows]]), inside, axis=0)
            top = logs.max(axis=1, keepdims=True)
            weight = np.exp(logs - top)
            value[first:last] = top[:, 0] + np.log(weight.mean(axis=1))
            weight /= weight.sum(axis=1, keepdims=True)
            p *= weight[mine][:, :, None]
            residual = design[rows][np.arange(len(mine)), chosen[rows]] - np.einsum(
                "nj,njk->nk", p.sum(axis=1), design[rows]
            )
            slopes[first:last, :-1] = np.add.reduceat(residual, inside, axis=0)
            bought = np.take_along_axis(z[mine], chosen[rows][:, None, None], axis=2)[:, :, 0]
            moved = (bought * weight[mine]).sum(axis=1) - np.einsum("nrj,nrj->n", p, z[mine])
            slopes[first:last, -1] = np.add.reduceat(moved, inside)
        return value, slopes

    def badness(scaled: Floats) -> tuple[float, Floats]:
        value, slopes = scores(scaled / unit)
        return -float(value.sum()) / len(at), -slopes.sum(axis=0) / unit / len(at)

    first = np.append(start.coefficients, [0.0, 1.0]) * unit
    end = minimize(badness, first, jac=True, method="BFGS", options={"gtol": 1e-5})
    best = np.asarray(end.x) / unit
    value, slopes = scores(best)
    influence = np.zeros((panel.households, len(best)))
    influence[who] = slopes @ np.linalg.pinv(slopes.T @ slopes)
    return TasteFit(
        names=choices.names,
        coefficients=best[:-1],
        taste_sd=abs(float(best[-1])),
        log_likelihood=float(value.sum()),
        n=len(at),
        households=len(who),
        influence=influence,
    )


def _with_first(panel: ChoicePanel) -> Choices:
    """The choices of a panel, with a column for the brand of the household's first purchase."""
    choices = choices_of(panel)
    first = panel.chosen[panel.place == 0]
    column = np.eye(len(panel.brands))[first[choices.household]][:, :, None]
    return Choices(
        names=(*choices.names, FIRST),
        design=np.concatenate([choices.design, column], axis=2),
        chosen=choices.chosen,
        household=choices.household,
        households=choices.households,
    )
