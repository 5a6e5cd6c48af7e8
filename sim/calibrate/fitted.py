"""A scenario whose customers shop as a purchase log says, with what is known about every fitted number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.calibrate.transactions import TransactionFit
    from sim.quantity import Note
    from sim.scenario import Scenario

BUYING = {
    "customers.shopping.rate_mean": "rate while active",
    "customers.shopping.rate_shape": "r",
    "customers.lapse.a": "a",
    "customers.lapse.b": "b",
}
STEADY = {"customers.shopping.rate_mean": "rate", "customers.shopping.rate_shape": "r"}
BASKET = {
    "customers.basket.mean": "mean",
    "customers.basket.sd_between": "between",
    "customers.basket.sd_within": "within",
}
"""Which row of :meth:`TransactionFit.table` a number of the scenario comes from."""


def annotated(fit: TransactionFit, notes: Mapping[str, Note] | None = None) -> dict[str, Any]:
    """The changes of :meth:`TransactionFit.to_overrides`, with source, standard error and n beside every number.

    Plausible ranges belong to the quantity, not to its value: they are kept from the scenario's ``notes``.
    """
    known = notes or {}
    table = fit.table().set_index(["model", "parameter"])
    buying = ("BG/NBD", BUYING) if fit.lapses else ("NBD", STEADY)
    rows = {
        path: (model, parameter)
        for model, origins in (buying, ("lognormal", BASKET))
        for path, parameter in origins.items()
    }

    def noted(path: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: noted(f"{path}.{key}", part) for key, part in value.items()}
        if path not in rows:
            return value
        row: Any = table.loc[rows[path]]
        error = float(row["standard_error"])
        told = {"value": value, "source": f"{rows[path][0]} fitted to {row['source']}", "n": int(row["n"])}
        if math.isfinite(error):
            told["se"] = error
        if path in known and known[path].range is not None:
            told["range"] = known[path].range
        return told

    return {path: noted(path, value) for path, value in fit.to_overrides().items()}


def fitted(scenario: Scenario, fit: TransactionFit) -> Scenario:
    """The scenario with the customers' buying, lapsing and baskets from a fit; the notes say where they come from.

    Raises :class:`sim.errors.InputError` where the fit gives numbers that no scenario can have.
    """
    return scenario.with_(annotated(fit, scenario.notes))
