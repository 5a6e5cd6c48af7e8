"""From a file to a scenario's customers: the whole way, and where it is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from sim.calibrate import PurchaseLog, TransactionFit, fit_log, fit_transactions, read_log
from sim.calibrate.landing import landed
from sim.calibrate.purchases.baskets import GammaGamma
from sim.calibrate.purchases.buying import BGNBD
from sim.calibrate.purchases.holdout import Holdout, hold_out
from sim.calibrate.purchases.pareto import ParetoNBD
from sim.calibrate.purchases.sufficiency import divided, refuse_too_few
from sim.demand import Lapse, Lifetime, LognormalBasket
from sim.errors import InputError
from sim.scenario import Scenario


@pytest.fixture(scope="module")
def fit(data: Path) -> TransactionFit:
    return fit_transactions(data / "cdnow" / "CDNOW_sample.txt", until="1997-09-30")


def log_of(orders: list[tuple[str, str, float]]) -> PurchaseLog:
    table = pd.DataFrame(orders, columns=["customer", "day", "amount"])
    table["day"] = pd.to_datetime(table["day"])
    table["cents"] = (table.pop("amount") * 100).round().astype("int64")
    table = table.sort_values(["customer", "day"], ignore_index=True)
    return PurchaseLog(table, "shop", table["day"].min().date(), table["day"].max().date())


def shop(customers: int, repeaters: int) -> PurchaseLog:
    """Everybody buys on the first day, some again later, with baskets that differ."""
    first = [(f"{i:04}", "2024-01-01", 10.0) for i in range(customers)]
    again = [(f"{i:04}", f"2024-0{2 + i % 7}-15", 10.0 + i) for i in range(repeaters)]
    return log_of([*first, *again])


def test_a_fit_tells_what_it_rests_on(fit: TransactionFit) -> None:
    assert (fit.source, fit.start, fit.until) == ("CDNOW_sample.txt", date(1997, 1, 1), date(1997, 9, 30))
    assert (fit.customers, fit.repeat_customers) == (2357, 946)
    assert (fit.purchases, fit.repeat_purchases) == (4814, 2457)
    assert fit.correlation == pytest.approx(0.11, abs=0.005)


def test_what_lands_is_the_published_fit_in_months(fit: TransactionFit) -> None:
    buying, baskets = fit.landings("means")
    weeks_per_month = 365.25 / 12 / 7
    published = {
        "customers.shopping.rate_mean": 0.243 / 4.414 * weeks_per_month,
        "customers.shopping.rate_shape": 0.243,
        "customers.lapse.a": 0.793,
        "customers.lapse.b": 2.426,
    }
    assert dict(buying.values) == pytest.approx(published, rel=0.005)
    assert dict(baskets.values) == pytest.approx(
        {"customers.basket.mean": 35.17, "customers.basket.shape_within": 6.25, "customers.basket.shape_between": 3.74},
        abs=0.005,
    )


@pytest.mark.parametrize("baskets", ["means", "single", "lognormal"])
def test_what_lands_are_customers_that_a_scenario_accepts(
    fit: TransactionFit, baskets: Literal["means", "single", "lognormal"]
) -> None:
    scenario = Scenario.model_validate({"firms": {"Shop": {}}, "customers": {"shopping": {"observed_share": 0.4}}})
    customers = landed(scenario, fit.landings(baskets)).customers
    assert customers.shopping.observed_share == 0.4, "what the log cannot tell is kept"
    if isinstance(customers.basket, LognormalBasket):
        within = customers.basket.sd_within, fit.lognormal.model.within
    else:
        within = customers.basket.shape_within, (fit.basket if baskets == "means" else fit.single_basket).model.p
    assert (customers.basket.kind == "lognormal") == (baskets == "lognormal")
    assert within[0] == pytest.approx(within[1])
    assert customers.basket.mean == pytest.approx(35.2, abs=0.1)
    assert isinstance(customers.lapse, Lapse)
    assert customers.lapse.a == pytest.approx(fit.buying.model.a)
    assert customers.shopping.rate_shape == pytest.approx(fit.buying.model.r)


def test_standard_errors_beside_the_numbers_are_those_of_the_joint_distribution(fit: TransactionFit) -> None:
    """Delta method: the error of a number is the root of its variance on the log scale times the number."""
    scenario = landed(Scenario.model_validate({"firms": {"Shop": {}}}), fit.landings())
    for joint in scenario.fits.values():
        for k, path in enumerate(joint.paths):
            value = next(value for where, value, _ in scenario.assumptions() if where == path)
            assert scenario.notes[path].se == pytest.approx(value * joint.covariance[k][k] ** 0.5, rel=1e-3)
    assert scenario.notes["customers.lapse.a"].se == pytest.approx(fit.buying.error("a"), rel=1e-3)
    assert scenario.notes["customers.basket.mean"].se == pytest.approx(
        fit.lognormal.error(lambda model: model.mean), rel=1e-3
    )
    a, b = (scenario.fits["buying"].paths.index(f"customers.lapse.{name}") for name in "ab")
    assert scenario.fits["buying"].covariance[a][b] == pytest.approx(fit.buying.covariance[2, 3], rel=1e-6)


def test_the_table_has_every_estimate_with_error_and_source(fit: TransactionFit) -> None:
    table = fit.table().set_index(["model", "parameter"])
    assert list(table.columns) == ["unit", "estimate", "standard_error", "n", "source"]
    assert table.loc[("BG/NBD", "alpha"), "estimate"] == fit.buying.model.alpha
    assert table.loc[("BG/NBD", "alpha"), "unit"] == "weeks"
    assert table.loc[("Gamma-Gamma of means", "mean"), "estimate"] == pytest.approx(35.17, abs=0.005)
    customers = table["n"].groupby("model").unique().map(list).to_dict()
    assert (customers["BG/NBD"], customers["lognormal"]) == ([2357], [946])
    assert set(table["source"]) == {"CDNOW_sample.txt, 1997-01-01 to 1997-09-30"}
    assert (table["standard_error"] > 0).all()
    assert (table["standard_error"] < table["estimate"]).all()


def test_the_comparison_prefers_lapsing_for_cdnow(fit: TransactionFit) -> None:
    aic = fit.comparison().set_index("model")["aic"]
    assert aic["BG/NBD"] < aic["NBD"]
    assert aic["BG/NBD"] < aic["Pareto/NBD"] < aic["NBD"]
    assert fit.lapses
    assert fit.chosen == "bg-nbd"
    assert aic["NBD"] == pytest.approx(2 * 2 + 2 * 9763.7, abs=0.1)


def test_a_steady_log_gives_customers_who_do_not_lapse() -> None:
    """Poisson buyers without lapsing, for whom two parameters more gain too little.

    By Akaike's criterion they win all the same in under 14 % of seeds (chi-squared above 4, two degrees of
    freedom), of which the one here is none.
    """
    draws = np.random.default_rng(88)
    orders = []
    for i, rate in enumerate(draws.gamma(0.8, 1 / 30.0, 400)):  # per day
        gaps = draws.exponential(1 / rate, 200)
        days = np.unique(np.floor(np.concatenate([[0.0], np.cumsum(gaps)])))
        orders += [
            (f"{i:04}", str(np.datetime64("2024-01-01") + np.timedelta64(int(day), "D")), amount)
            for day, amount in zip(days, draws.lognormal(3.0, 0.6, len(days)), strict=True)
            if day < 364
        ]
    fit = fit_log(log_of(orders), holdout=False)
    assert not fit.lapses
    assert fit.chosen == "nbd"
    assert fit.of("nbd").sound
    assert len(fit.table()) == len(set(zip(fit.table()["model"], fit.table()["parameter"], strict=True)))
    never = replace(fit, lifetime=replace(fit.lifetime, model=ParetoNBD(0.8, 4.0, 1e-5, 10.0)))
    half = never.table().set_index("parameter")
    assert half["estimate"]["half gone after"] == np.inf
    assert np.isnan(half["standard_error"]["half gone after"])
    buying, _ = fit.landings()
    assert buying.changes == {"customers.lapse": None}
    assert buying.values["customers.shopping.rate_mean"] == pytest.approx(0.8 / 30 * 365.25 / 12, rel=0.2)
    assert buying.values["customers.shopping.rate_shape"] == pytest.approx(0.8, rel=0.2)


def test_too_few_customers_are_refused() -> None:
    with pytest.raises(InputError, match=r"shop, 2024-01-01 to .*: 49 customers are too few"):
        fit_log(shop(49, 20))


def test_a_log_without_repeat_buyers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("customer,date,amount\n" + "".join(f"{i},2024-01-01,5\n" for i in range(60)), "utf-8")
    with pytest.raises(InputError, match=r"orders\.csv.*none of 60 customers bought on a second day"):
        fit_transactions(path)


def test_a_calibration_period_without_repeat_buyers_is_refused() -> None:
    with pytest.raises(InputError, match="shop, 2024-01-01 to 2024-01-31: none of 60 customers"):
        fit_log(shop(60, 40), until="2024-01-31")


def test_too_few_repeat_buyers_are_refused() -> None:
    with pytest.raises(InputError, match=r"only 49 of 60 customers bought on a second day, .* about 62 such customers"):
        fit_log(shop(60, 49))
    refuse_too_few(shop(60, 50))


def test_too_few_paid_repeat_purchases_are_refused() -> None:
    free = [(f"{i:04}", "2024-03-01", 0.0) for i in range(50, 60)]
    more = shop(60, 49).purchases.assign(amount=lambda table: table["cents"] / 100)[["customer", "day", "amount"]]
    with pytest.raises(InputError, match="only 49 of 60 customers paid for a repeat purchase, too few to tell how"):
        fit_log(log_of([*more.itertuples(index=False), *free]))


def test_baskets_without_any_spread_are_refused() -> None:
    same = [(f"{i:04}", day, 9.99) for i in range(60) for day in ("2024-01-01", "2024-02-01")]
    with pytest.raises(InputError, match=r"every repeat basket is 9\.99"):
        fit_log(log_of(same))


def test_a_gamma_gamma_without_a_mean_is_no_scenario(fit: TransactionFit) -> None:
    heavy = replace(fit, basket=replace(fit.basket, model=GammaGamma(p=2.0, q=0.9, v=10.0)))
    with pytest.raises(InputError, match=r"q = 0\.9.*lognormal"):
        heavy.landings("means")
    assert len(heavy.landings("lognormal")) == 2


# Holdout --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(data: Path) -> TransactionFit:
    """All of the sample; by default the second half of the 78 weeks is held out, as it was in the published study."""
    return fit_transactions(data / "cdnow" / "CDNOW_sample.txt")


@pytest.fixture(scope="module")
def held(whole: TransactionFit) -> Holdout:
    assert whole.holdout is not None
    return whole.holdout


def test_by_default_the_published_period_is_held_out(whole: TransactionFit, held: Holdout) -> None:
    assert (held.start, held.calibrated_until, held.until) == (date(1997, 1, 1), date(1997, 9, 30), date(1998, 6, 30))
    assert held.customers == 2357
    assert whole.division == (
        "The second half of the log, after 1997-09-30, was held out: what is before it suffices for a fit."
    )
    assert whole.until == date(1998, 6, 30), "what lands rests on all of the log"


def test_the_holdout_is_foretold_as_published(held: Holdout) -> None:
    """BG/NBD: 1654 of 1882, correlation .626, RMSE 1.608, MAE .786; everybody the same again: 1.971 and .897."""
    table = held.buying.set_index("model")
    assert (table["actual"] == 1882).all()
    assert table.loc["BG/NBD", "predicted"] == pytest.approx(1654, abs=1)
    assert table.loc["BG/NBD", "correlation"] == pytest.approx(0.626, abs=5e-4)
    assert table.loc["BG/NBD", "rmse"] == pytest.approx(1.608, abs=5e-4)
    assert table.loc["BG/NBD", "mae"] == pytest.approx(0.786, abs=1e-3)
    assert table.loc["same again", "predicted"] == 2457
    assert table.loc["same again", "rmse"] == pytest.approx(1.971, abs=5e-4)
    assert table.loc["same again", "mae"] == pytest.approx(0.897, abs=5e-4)
    for model, known in (("BG/NBD", -9582.4), ("Pareto/NBD", -9595.0), ("NBD", -9763.7)):
        assert table.loc[model, "log_likelihood"] == pytest.approx(known, abs=0.05)
    assert table.loc["BG/NBD", "aic"] == pytest.approx(2 * 4 + 2 * 9582.4, abs=0.1)


def test_repeats_by_week_are_the_published_ones(held: Holdout) -> None:
    table = held.weeks.pivot(index="week", columns="series", values="repeats")
    assert len(table) == 78
    for week, actual, bgnbd, pareto in (
        (26, 1746, 1729, 1732), (39, 2457, 2498, 2524), (52, 3183, 3132, 3183), (78, 4339, 4166, 4269),
    ):  # fmt: skip
        assert table.loc[week, "actual"] == actual
        assert table.loc[week, "BG/NBD"] == pytest.approx(bgnbd, rel=0.002)  # published with rounded parameters
        assert table.loc[week, "Pareto/NBD"] == pytest.approx(pareto, rel=0.002)
    assert str(held.weeks["day"].max().date()) == "1998-06-30"


def test_what_customers_did_by_their_count_is_as_published(held: Holdout) -> None:
    later = held.counts.pivot(index="repeats", columns="series", values="later")
    np.testing.assert_allclose(later["actual"], [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359], atol=5e-4)
    np.testing.assert_allclose(later["BG/NBD"], [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], atol=1e-3)
    customers = held.counts.pivot(index="repeats", columns="series", values="customers")
    assert customers["actual"].tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    np.testing.assert_allclose(customers["BG/NBD"], [1406.5, 460.8, 192.7, 101.3, 59.9, 38.2, 25.6, 72.0], rtol=0.005)
    assert customers["Pareto/NBD"].sum() == pytest.approx(2357)


def test_the_holdout_likelihood_is_what_a_customer_did_given_what_he_had_done(data: Path, held: Holdout) -> None:
    """The chance of both periods over that of the first, with the parameters of the first."""
    log = read_log(data / "cdnow" / "CDNOW_sample.txt")
    model = BGNBD(r=0.24259, alpha=4.41360, a=0.79292, b=2.42590)
    told = [
        model.log_likelihood(one["frequency"], one["recency"], one["age"]).sum()
        for one in (log.summary(), log.summary("1997-09-30"))
    ]
    table = held.buying.set_index("model")["holdout_log_likelihood"]
    assert table["BG/NBD"] == pytest.approx(told[0] - told[1], abs=0.05)
    assert held.best == table.idxmax()


def test_baskets_are_held_out_too(held: Holdout, data: Path) -> None:
    table = held.baskets.set_index("model")
    assert list(table.index) == ["Gamma-Gamma", "lognormal", "same again"]
    log = read_log(data / "cdnow" / "CDNOW_sample.txt").purchases
    assert table["actual"].tolist() == pytest.approx([log.loc[log["day"] > "1997-09-30", "cents"].sum() / 100] * 3), (
        "nobody in the sample was new in the period held out"
    )
    # Shrinking a customer's mean towards that of all foretells better than taking it as it is.
    assert (table.loc[["Gamma-Gamma", "lognormal"], "rmse"] < table.loc["same again", "rmse"]).all()
    assert (table.loc[["Gamma-Gamma", "lognormal"], "mae"] < table.loc["same again", "mae"]).all()


def test_the_fit_that_is_held_out_never_sees_what_it_foretells(data: Path, held: Holdout) -> None:
    """Whatever happens in the period held out, and whoever is new in it, the forecasts stay."""
    log = read_log(data / "cdnow" / "CDNOW_sample.txt")
    late = log.purchases["day"] > "1997-09-30"
    fewer = replace(log, purchases=log.purchases[~late | (np.arange(len(late)) % 3 == 0)].reset_index(drop=True))
    new = pd.DataFrame({"customer": "new", "day": pd.to_datetime(["1997-12-01", "1998-01-02"]), "cents": 10**7})
    joined = replace(fewer, purchases=pd.concat([fewer.purchases, new], ignore_index=True))
    other = hold_out(joined, date(1997, 9, 30))
    without = hold_out(fewer, date(1997, 9, 30))
    for table in ("buying", "baskets", "weeks", "counts"):
        pd.testing.assert_frame_equal(getattr(other, table), getattr(without, table))
    for column in ("log_likelihood", "predicted"):
        assert other.buying[column].tolist() == pytest.approx(held.buying[column].tolist(), nan_ok=True)
    assert other.buying["actual"][0] < held.buying["actual"][0] / 2


def test_a_period_in_which_nobody_bought_is_told_as_such() -> None:
    silent = replace(shop(60, 55), end=date(2024, 12, 31))
    held = hold_out(silent, date(2024, 8, 31))
    assert (held.buying["actual"] == 0).all()
    assert held.buying["correlation"].isna().all()
    assert (held.baskets["actual"] == 0).all()
    assert held.baskets["rmse"].isna().all()


def test_a_period_can_be_asked_for_or_none(data: Path) -> None:
    log = read_log(data / "cdnow" / "CDNOW_sample.txt")
    assert divided(log, False) == (None, "Nothing was held out, as was asked for.")
    asked = fit_log(log, "1997-06-30", holdout=date(1997, 6, 1))
    assert asked.holdout is not None
    assert (asked.holdout.calibrated_until, asked.holdout.until) == (date(1997, 5, 31), date(1997, 6, 30))
    assert asked.division == "What came after 1997-05-31 was held out, as was asked for."
    for wrong, told in (
        ("soon", "holdout: 'soon' is not a date"),
        ("1997-01-01", "cannot hold out what begins on 1997-01-01; the log runs from 1997-01-01"),
        ("1999-01-01", "cannot hold out what begins on 1999-01-01"),
        ("1997-01-03", r"1997-01-01 to 1997-01-02: \d+ customers|only \d+ of"),
    ):
        with pytest.raises(InputError, match=told):
            fit_log(log, holdout=wrong)


def test_a_log_too_short_to_hold_anything_out_says_so() -> None:
    day, said = divided(shop(60, 55), True)
    assert day is None
    assert said == (
        "Nothing was held out, because even without the last third of the log only 32 of 60 customers bought on a "
        "second day, too few to tell who buys seldom from who has lapsed."
    )


# Which model lands ----------------------------------------------------------------------------------------------------


def test_any_model_of_buying_lands_if_asked_for(fit: TransactionFit) -> None:
    scenario = Scenario.model_validate({"firms": {"Shop": {}}})
    lifetime = landed(scenario, fit.landings(model="pareto-nbd"))
    assert isinstance(lifetime.customers.lapse, Lifetime)
    assert lifetime.customers.lapse.shape == pytest.approx(0.606, abs=5e-4)
    assert lifetime.customers.lapse.scale == pytest.approx(11.669 / (365.25 / 12 / 7), abs=5e-4)
    assert lifetime.customers.shopping.rate_mean == pytest.approx(0.553 / 10.578 * 365.25 / 12 / 7, rel=1e-3)
    beta = lifetime.fits["buying"].paths.index("customers.lapse.scale")
    assert lifetime.fits["buying"].covariance[beta][beta] == pytest.approx(fit.lifetime.covariance[3, 3], rel=1e-6)
    note = lifetime.notes["customers.shopping.rate_mean"].note
    assert note is not None
    assert note.startswith("Pareto/NBD was asked for: the difference in AIC is -25.1 for BG/NBD and +333.4 for NBD.")
    assert landed(lifetime, fit.landings(model="nbd")).customers.lapse is None
    assert isinstance(landed(lifetime, fit.landings(model="bg-nbd")).customers.lapse, Lapse)
    with pytest.raises(InputError, match="no model of buying 'bgnbd'; one of bg-nbd, pareto-nbd, nbd would be right"):
        fit.landings(model="bgnbd")  # type: ignore[arg-type]


def test_the_model_with_the_smallest_aic_lands_and_says_why(whole: TransactionFit) -> None:
    """On all of the sample that is the Pareto/NBD, though the BG/NBD gives the second half the higher likelihood."""
    assert whole.chosen == "pareto-nbd"
    assert whole.lifetime.aic < whole.buying.aic < whole.steady.aic
    assert whole.landings()[0].changes == {"customers.lapse": {"kind": "lifetime"}}
    assert whole.remarks[0].startswith("Pareto/NBD is chosen by Akaike's criterion: the difference in AIC is +4.8 for")
    assert any("likeliest under the BG/NBD" in said for said in whole.remarks)
    assert whole.chosen_baskets == "lognormal"
    assert whole.landings()[1].changes == {"customers.basket": {"kind": "lognormal"}}


def test_what_is_not_sound_does_not_land_by_itself(whole: TransactionFit) -> None:
    loose = replace(whole, lifetime=replace(whole.lifetime, covariance=np.full((4, 4), np.nan)))
    assert loose.chosen == "bg-nbd"
    assert loose.remarks[0] == (
        "BG/NBD is chosen by Akaike's criterion: the difference in AIC is -4.8 for Pareto/NBD and +740.7 for NBD, but "
        "these data do not determine the Pareto/NBD."
    )
    asked = loose.landings(model="pareto-nbd")[0]
    assert asked.joint() is None
    assert "do not determine r, alpha, s and beta of the Pareto/NBD" in asked.remarks["customers.shopping.rate_mean"]


def test_a_search_that_did_not_settle_is_refused(whole: TransactionFit) -> None:
    lost = replace(whole, lifetime=replace(whole.lifetime, gain=3.0))
    assert lost.chosen == "bg-nbd"
    with pytest.raises(InputError, match=r"CDNOW_sample\.txt: The search for the Pareto/NBD did not settle"):
        lost.landings(model="pareto-nbd")
    lost = replace(lost, buying=replace(lost.buying, gain=3.0), steady=replace(lost.steady, gain=3.0))
    with pytest.raises(InputError, match="did not settle"):
        lost.landings()


def test_of_very_many_customers_some_are_drawn(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wald statistics of the drawn third against the whole: right at an error of 1e-4 (chi-squared, 4 degrees)."""
    from sim.calibrate.purchases import transactions

    log = read_log(data / "cdnow" / "CDNOW_sample.txt")
    monkeypatch.setattr(transactions, "LARGEST", 800)
    some, again = fit_log(log, holdout=False), fit_log(log, holdout=False)
    assert (some.customers, some.drawn_from, some.buying.n) == (800, 2357, 800)
    assert some.buying.model == again.buying.model
    assert some.remarks[0] == "The fit rests on 800 customers, drawn at random from 2,357."
    monkeypatch.undo()
    whole = fit_log(log, holdout=False)
    off = np.log(list(vars(some.buying.model).values())) - np.log(list(vars(whole.buying.model).values()))
    assert off @ np.linalg.solve(some.buying.covariance, off) < chi2.ppf(1 - 1e-4, 4)
