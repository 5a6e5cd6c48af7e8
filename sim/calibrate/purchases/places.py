"""Where the parameters of the models of buying belong in a scenario, and how they turn into months."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sim.calibrate.purchases.buying import BGNBD, NBD
from sim.calibrate.purchases.log import DAYS_PER_WEEK
from sim.calibrate.purchases.pareto import ParetoNBD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sim.calibrate.purchases.buying import BuyingModel

BuyingName = Literal["bg-nbd", "pareto-nbd", "nbd"]
"""How a user names a model of buying."""

DAYS_PER_MONTH = 365.25 / 12
WEEKS_PER_MONTH = DAYS_PER_MONTH / DAYS_PER_WEEK
PER_MONTH = {"days": DAYS_PER_MONTH, "weeks": WEEKS_PER_MONTH, "months": 1.0}
"""Units of time that a model may be in, by how many of them a month has."""

SHOPPING, LAPSE = "customers.shopping", "customers.lapse"


@dataclass(frozen=True)
class Place:
    """Where a model of buying belongs.

    Parameters
    ----------
    model
        The model.
    lapse
        What stands at ``customers.lapse`` before the numbers do; None where nobody lapses.
    numbers
        Functions by dotted path, all of them positive: of the model and the number of its units of time in a month.
    """

    model: type[BuyingModel]
    lapse: Mapping[str, str] | None
    numbers: Mapping[str, Callable[[Any, float], float]]

    def logs(self, per_month: float) -> dict[str, Callable[[Any], float]]:
        """The logarithms of the numbers as functions of the model alone, by dotted path."""

        def log_of(number: Callable[[Any, float], float]) -> Callable[[Any], float]:
            return lambda model: math.log(number(model, per_month))

        return {path: log_of(number) for path, number in self.numbers.items()}


RATES: Mapping[str, Callable[[Any, float], float]] = {
    f"{SHOPPING}.rate_mean": lambda model, per_month: model.rate * per_month,
    f"{SHOPPING}.rate_shape": lambda model, _: model.r,
}

PLACES: Mapping[BuyingName, Place] = {
    "bg-nbd": Place(
        BGNBD,
        {"kind": "per-purchase"},
        {**RATES, f"{LAPSE}.a": lambda model, _: model.a, f"{LAPSE}.b": lambda model, _: model.b},
    ),
    "pareto-nbd": Place(
        ParetoNBD,
        {"kind": "lifetime"},
        {
            **RATES,
            f"{LAPSE}.shape": lambda model, _: model.s,
            f"{LAPSE}.scale": lambda model, per_month: model.beta / per_month,
        },
    ),
    "nbd": Place(NBD, None, RATES),
}
