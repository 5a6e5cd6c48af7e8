"""A client's own posterior lands as a fit of our own would: mean and covariance on the log scale, time in months."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from sim.calibrate import posterior
from sim.calibrate.landing import landed
from sim.calibrate.likelihood import Estimate
from sim.calibrate.purchases.pareto import ParetoNBD
from sim.calibrate.purchases.places import PLACES, WEEKS_PER_MONTH
from sim.demand import Lapse, Lifetime
from sim.errors import InputError
from sim.scenario import Scenario

SHOP = Scenario.model_validate({"firms": {"Shop": {}}})
CENTRE = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}
FACTOR = np.array([[0.09, 0, 0, 0], [0.06, 0.05, 0, 0], [-0.09, 0.05, 0.3, 0], [-0.1, 0.1, 0.45, 0.2]])


def draws(count: int = 4000) -> pd.DataFrame:
    """Draws whose logarithms are normal, with the columns that an export from ArviZ has."""
    luck = np.random.default_rng(11).standard_normal((count, 4))
    luck = (luck - luck.mean(axis=0)) / luck.std(axis=0)
    logs = np.log(list(CENTRE.values())) + luck @ FACTOR.T
    return pd.DataFrame(np.exp(logs), columns=list(CENTRE)).assign(chain=0, draw=np.arange(count), lp=-9595.0)


def test_a_posterior_lands_as_the_fit_whose_uncertainty_it_has() -> None:
    """Where the draws are those of an estimate, so are the numbers and their covariance, for all four at once."""
    logs = np.log(draws()[list(CENTRE)].to_numpy())
    fit = Estimate(ParetoNBD(*np.exp(logs.mean(axis=0))), -9595.0, 2357, np.cov(logs.T))
    landing = posterior(draws(), "pareto-nbd", unit="weeks", n=2357, source="our own model")
    functions = PLACES["pareto-nbd"].logs(WEEKS_PER_MONTH)
    assert {path: np.log(value) for path, value in landing.values.items()} == pytest.approx(
        {path: function(fit.model) for path, function in functions.items()}
    )
    np.testing.assert_allclose(landing.covariance, fit.covariance_of(list(functions.values())), rtol=1e-4, atol=1e-7)
    scenario = landed(SHOP, [landing])
    assert isinstance(scenario.customers.lapse, Lifetime)
    assert scenario.customers.lapse.scale == pytest.approx(11.669 / WEEKS_PER_MONTH, rel=1e-6)
    assert scenario.customers.shopping.rate_mean == pytest.approx(0.553 / 10.578 * WEEKS_PER_MONTH, rel=1e-6)
    assert scenario.fits["buying"].source == "Pareto/NBD, 4,000 draws from a posterior: our own model"
    assert scenario.notes["customers.lapse.scale"].n == 2357


@pytest.mark.parametrize(("unit", "many"), [("days", 365.25 / 12), ("weeks", 365.25 / 12 / 7), ("months", 1.0)])
def test_the_unit_of_time_is_turned_into_months(unit: Any, many: float) -> None:
    landing = posterior(draws(), "pareto-nbd", unit=unit, n=10)
    assert landing.values["customers.shopping.rate_mean"] == pytest.approx(0.553 / 10.578 * many)
    assert landing.values["customers.lapse.scale"] == pytest.approx(11.669 / many)
    assert landing.values["customers.shopping.rate_shape"] == pytest.approx(0.553)


def test_every_model_lands_where_it_belongs() -> None:
    bgnbd = draws().rename(columns={"s": "a", "beta": "b"})
    per_purchase = landed(SHOP, [posterior(bgnbd, "bg-nbd", unit="weeks", n=10)]).customers.lapse
    assert isinstance(per_purchase, Lapse)
    assert (per_purchase.a, per_purchase.b) == pytest.approx((0.606, 11.669))
    steady = posterior(draws(), "nbd", unit="weeks", n=10)
    assert landed(SHOP.with_({"customers.lapse": {}}), [steady]).customers.lapse is None
    assert len(steady.values) == 2


def test_files_are_read_as_tables_are(tmp_path: Path) -> None:
    table = draws()
    table.to_csv(tmp_path / "draws.csv", index=False)
    with duckdb.connect() as connection:
        connection.register("draws", table)
        connection.execute(f"COPY draws TO '{tmp_path / 'draws.parquet'}' (FORMAT parquet)")
    given = posterior(table, "pareto-nbd", unit="weeks", n=10)
    for name in ("draws.csv", "draws.parquet"):
        landing = posterior(tmp_path / name, "pareto-nbd", unit="weeks", n=10)
        assert landing.source.endswith(name)
        assert dict(landing.values) == pytest.approx(dict(given.values))
        np.testing.assert_allclose(landing.covariance, given.covariance, rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "model", "more", "told"),
    [
        (draws(), "bg-nbd", {}, "no column 'a' among r, alpha, s, beta, chain, draw, lp; the BG/NBD needs r, alpha, a"),
        (draws(99), "nbd", {}, "99 draws are too few"),
        (draws().assign(alpha=[-1.0, *[2.0] * 3999]), "nbd", {}, "draw 1: alpha is -1.0; it must be a number above 0"),
        (draws().assign(r=["x", *["1"] * 3999]), "nbd", {}, "draw 1: r is 'x'"),
        (draws(), "nbd", {"unit": "years"}, "no unit of time 'years'; one of days, weeks, months would be right"),
        (draws(), "nbd", {"n": 0}, "n is 0; it must be the number of customers"),
        (draws(), "pareto", {}, "no model of buying 'pareto'; one of bg-nbd, pareto-nbd, nbd would be right"),
        ("gone.csv", "nbd", {}, "gone.csv: there is no such file"),
        ("idata.nc", "nbd", {}, r"NetCDF is not read here; .*to_dataframe\(\).to_csv"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_no_posterior_is_refused_in_a_sentence(given: Any, model: Any, more: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        posterior(given, model, **{"unit": "weeks", "n": 10, **more})


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "draws.parquet").write_bytes(b"not a table")
    with pytest.raises(
        InputError, match=r"draws\.parquet: this is no table of draws \(.*\); save it as CSV or Parquet"
    ):
        posterior(tmp_path / "draws.parquet", "nbd", unit="weeks", n=10)
