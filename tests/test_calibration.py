"""A client's data become a market in which the client sells what the log shows, at costs in proportion."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.books import ROW
from sim.calibrate import PurchaseLog, TransactionFit, fit_log
from sim.calibrate.brands.search import same_for_all
from sim.calibrate.calibration import COSTS, OBSERVED, Calibration, calibrated, plain_market
from sim.calibrate.purchases.places import WEEKS_PER_MONTH
from sim.market import simulate
from sim.scenario import Scenario
from sim.scenario_file import load
from tests.test_cli import RETAIL, Roi, one_line, roi
from tests.test_cli_errors import refused

__all__ = ["roi"]

CUSTOMERS, DAYS = 400, 540


def orders(currency: str = "") -> pd.DataFrame:
    """A log of buyers who differ in rate, never leave, and spend lognormally."""
    draws = np.random.default_rng(11)
    rows = []
    for customer, rate in enumerate(draws.gamma(0.9, 1 / 40.0, CUSTOMERS)):
        now, size = draws.uniform(0, 60), draws.lognormal(3.3, 0.4)
        while now < DAYS:
            day = pd.Timestamp("2023-01-01") + pd.Timedelta(days=int(now))
            rows.append(
                (f"{customer:04}", day.date().isoformat(), f"{draws.lognormal(np.log(size), 0.3):.2f}{currency}")
            )
            now += draws.exponential(1 / rate)
    return pd.DataFrame(rows, columns=["customer", "date", "amount"])


@pytest.fixture(scope="module")
def log() -> PurchaseLog:
    return PurchaseLog.of(orders(" EUR"), "shop")


@pytest.fixture(scope="module")
def fit(log: PurchaseLog) -> TransactionFit:
    return fit_log(log, holdout=False)


@pytest.fixture(scope="module")
def calibration(log: PurchaseLog, fit: TransactionFit) -> Calibration:
    return calibrated(name="shop", log=log, transactions=fit)


def alike(scenario: Scenario) -> Scenario:
    """The market in which all treat everyone the same, as when the log was written."""
    return scenario.with_(
        {f"firms.{name}.strategy": same_for_all(one.strategy) for name, one in scenario.firms.items()}
    )


def test_the_client_sells_in_the_market_what_the_log_shows(calibration: Calibration, fit: TransactionFit) -> None:
    """Sales per customer over a year, from the second on, within a tenth: observed share is of the last year's wallet.

    The chance error of the simulated sales is below 3 %.
    """
    scenario = alike(calibration.scenario).with_(
        {"customers.count": 4000, "horizon_months": 36, "customers.turnover": 0}
    )
    run = simulate(scenario)
    f = list(scenario.firms).index(scenario.client)
    sold = run.ledger[24:, f, ROW["sales"]].sum() / 100.0 / 4000
    expected = fit.steady.model.rate * WEEKS_PER_MONTH * 12 * fit.lognormal.model.mean
    assert fit.chosen == "nbd" or fit.buying.model.lapse < 0.03
    assert sold == pytest.approx(expected, rel=0.1)


def test_costs_stay_the_same_share_of_what_customers_spend(calibration: Calibration) -> None:
    def shares(scenario: Scenario) -> list[float]:
        run = simulate(scenario.with_({"customers.count": 2000, "horizon_months": 36}))
        spent = (run.ledger[:, :, ROW["sales"]].sum() + run.elsewhere.sum()) / 100.0 / 2000 / 36
        return [getattr(scenario.firms[scenario.client].economics, cost) / spent for cost in COSTS]

    assert shares(calibration.scenario) == pytest.approx(shares(plain_market()), rel=0.01)
    note = calibration.scenario.notes["firms.Client.economics.platform_cost"]
    assert note.source == "assumption"
    assert note.range is not None


def test_a_cost_with_a_source_is_left_alone(log: PurchaseLog, fit: TransactionFit) -> None:
    base = plain_market().with_({"firms.Client.economics.platform_cost": {"value": 77, "source": "the client's books"}})
    scenario = calibrated(base, log=log, transactions=fit).scenario
    assert scenario.firms["Client"].economics.platform_cost == 77
    assert scenario.firms["Rival"].economics.platform_cost != 400


def test_an_observed_share_that_the_base_knows_is_kept(log: PurchaseLog, fit: TransactionFit) -> None:
    base = plain_market().with_({OBSERVED: {"value": 0.5, "source": "a survey of spending"}})
    assert calibrated(base, log=log, transactions=fit).scenario.customers.shopping.observed_share == 0.5


def test_the_currency_is_that_of_the_log(calibration: Calibration) -> None:
    assert calibration.scenario.currency == "EUR"
    assert any("taken as EUR, without conversion" in remark for remark in calibration.remarks)


def test_what_no_data_speak_of_is_that_of_the_base(calibration: Calibration) -> None:
    base, scenario = plain_market(), calibration.scenario
    assert scenario.rules == base.rules
    assert {name: firm.strategy for name, firm in scenario.firms.items()} == {
        name: firm.strategy for name, firm in base.firms.items()
    }


# --- the command ---------------------------------------------------------------------------------------------------
@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    orders().to_csv(path, index=False)
    return path


def test_the_command_writes_a_market_that_says_what_it_knows(roi: Roi, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    code, told, err = roi("calibrate", "--transactions", str(shop), "--currency", "GBP", "-o", str(out))
    assert (code, err) == (0, "")
    scenario = load(out)
    assert (scenario.name, scenario.currency) == ("mine", "GBP")
    assert "numbers are fitted to data with a standard error" in one_line(told)
    assert f"Next: roi compare {out} --uncertain" in one_line(told)
    for path in scenario.fits["buying"].paths:
        assert scenario.notes[path].se is not None
        assert "orders.csv" in str(scenario.notes[path].source)
    small = ("--set", "customers.count=300", "--set", "horizon_months=6", "--replications", "12")
    answer = json.loads(roi("compare", str(out), *small, "--uncertain", "--json").out)
    assert answer["manifest"]["parameters"] == "uncertain"
    assert {row["source"] for row in answer["variance"]} == {"assumption", "estimation", "chance", "total"}
    checked = roi("check", str(out)).out
    assert "standard error" in checked
    assert "fitted" in checked


def test_the_command_gives_every_table_as_json(roi: Roi, shop: Path) -> None:
    told = json.loads(roi("calibrate", "--transactions", str(shop), "--json").out)
    assert {"transactions", "likelihoods", "holdout", "holdout_weeks", "hash"} <= told.keys()


def test_columns_are_named_where_they_cannot_be_found(roi: Roi, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    orders().rename(columns={"customer": "wer", "date": "wann", "amount": "wieviel"}).to_csv(path, index=False)
    assert "no column for the customer among those found (wer, wann, wieviel)" in refused(
        roi, "calibrate", "--transactions", str(path)
    )
    named = ("--columns", "customer=wer,date=wann", "--columns", "transactions.amount=wieviel")
    assert roi("calibrate", "--transactions", str(path), "--holdout", "no", *named).code == 0


def test_a_survey_and_a_trial_land_together(roi: Roi, tmp_path: Path) -> None:
    draws = np.random.default_rng(2)
    survey, trial = tmp_path / "survey.csv", tmp_path / "trial.csv"
    pd.DataFrame({"score": draws.integers(0, 11, 300)}).to_csv(survey, index=False)
    arm, likes = draws.integers(0, 3, 9000), draws.integers(1, 3, 9000)
    visit = draws.random(9000) < np.where(arm == 0, 0.1, np.where(arm == likes, 0.3, 0.2))
    table = {"arm": np.array(["none", "A", "B"])[arm], "a": likes == 1, "b": likes == 2, "visit": visit}
    pd.DataFrame(table).astype({"a": int, "b": int, "visit": int}).to_csv(trial, index=False)
    out = tmp_path / "both.yaml"
    more = ("--match", "A=a", "--match", "B=b", "--scale", "0-10", "--control", "none")
    told = roi(
        "calibrate", "--from", RETAIL, "--survey", str(survey), "--experiment", str(trial), *more, "-o", str(out)
    )
    assert told.code == 0, told.err
    scenario = load(out)
    assert scenario.notes["customers.threshold.a"].n == 300
    relevance = scenario.notes["rules.base_relevance"]
    assert relevance.se is not None
    gained = [-np.log((1 - rate) / 0.9) for rate in (0.25, 0.3)]  # the best for everyone is right for half of them
    assert abs(scenario.rules.base_relevance - gained[0] / gained[1]) < 4 * relevance.se
    assert scenario.firms == sim.load(RETAIL).firms


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there are no data to calibrate to"),
        (("--transactions", "nowhere.csv"), "nowhere.csv: there is no such file"),
        (("--transactions", "SHOP", "--columns", "customer"), "customer"),
        (("--transactions", "SHOP", "--columns", "survey.score=x"), "there is no file of survey"),
        (("--survey", "SHOP", "--transactions", "SHOP", "--columns", "date=x"), "does not say which file"),
        (("--experiment", "SHOP", "--match", "A"), "'A' matches nothing"),
        (("--posterior", "SHOP"), "--posterior-n is missing"),
        (("--transactions", "SHOP", "--until", "1999-01-01"), "1999-01-01"),
        (
            ("--transactions", "SHOP", "-o", "SHOP"),
            "is there already; name another file, or write over it with --force",
        ),
        (("--transactions", "SHOP", "-o", "no/such/folder/x.yaml"), "cannot be written"),
        (("--transactions", "SHOP", "--from", "nowhere.yaml"), "there is no file nowhere.yaml"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_and_nothing_is_lost(
    roi: Roi, shop: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = shop.read_bytes()
    sentence = refused(roi, "calibrate", *(str(shop) if one == "SHOP" else one for one in arguments))
    assert said in sentence
    assert shop.read_bytes() == before
    assert [one.name for one in shop.parent.iterdir()] == ["orders.csv"]
