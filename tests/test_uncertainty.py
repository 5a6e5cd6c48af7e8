"""What is not known is drawn from what is said about it, and the variance of the answer is split where it belongs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.calibrate.landing import Landing, landed
from sim.errors import InputError
from sim.experiment.compare import compare
from sim.experiment.comparison import Comparison
from sim.experiment.statistics import quantile_interval
from sim.experiment.uncertainty import triangular, uncertainty
from sim.experiment.variance import drivers, variance_split
from sim.scenario import Scenario
from sim.scenario_file import read

BASE = """
customers: {count: 400, basket: {mean: {value: 50, source: our log, se: 2.0, n: 500}}}
horizon_months: 6
firms: {A: {strategy: trusted}, B: {strategy: uniform}}
rules: {surplus: {value: 0.1, source: assumption, range: [0.05, 0.3]}}
"""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return read(BASE)


def column(scenario: Scenario, path: str, draws: int) -> np.ndarray:
    unknown = uncertainty(scenario)
    return np.array([unknown.drawn(1, k).values[path] for k in range(draws)])


@given(low=st.floats(-10, 0), mode=st.floats(0, 1), width=st.floats(0.1, 10), luck=st.floats(0, 1, exclude_max=True))
def test_a_triangular_draw_has_the_rank_that_its_luck_says(low: float, mode: float, width: float, luck: float) -> None:
    high = mode + width
    value = triangular(low, mode, high, luck)
    assert low <= value <= high
    shape = (mode - low) / (high - low)
    assert stats.triang.cdf(value, shape, low, high - low) == pytest.approx(luck, abs=1e-9)


def test_assumed_numbers_are_drawn_from_their_ranges(scenario: Scenario) -> None:
    """Kolmogorov-Smirnov against the triangular law: a right one fails with probability 1e-4 over seeds."""
    values = column(scenario, "rules.surplus", 200)
    assert stats.kstest(values, stats.triang(0.05 / 0.25, 0.05, 0.25).cdf).pvalue > 1e-4


def test_fitted_numbers_are_drawn_together_from_their_estimate() -> None:
    """Mean and covariance on the scales of 400 draws; each statistic is off by chance with probability below 1e-4."""
    covariance = np.array([[0.04, -0.015], [-0.015, 0.09]])
    paths = ("customers.basket.mean", "rules.surplus")
    fit = Landing(
        "pair",
        "a log",
        400,
        dict(zip(paths, (50.0, 0.1), strict=True)),
        {paths[0]: "log", paths[1]: "logit"},
        covariance,
    )
    unknown = uncertainty(landed(read(BASE), [fit]))
    assert [one.paths for one in unknown.fitted] == [paths]
    table = np.array([[unknown.drawn(1, k).values[path] for path in paths] for k in range(400)])
    logs = np.column_stack([np.log(table[:, 0]), np.log(table[:, 1] / (1 - table[:, 1]))])
    off = (logs.mean(axis=0) - [math.log(50), math.log(0.1 / 0.9)]) / np.sqrt(np.diag(covariance) / 400)
    assert (np.abs(off) < 4.0).all()
    found = np.cov(logs.T)
    error = np.sqrt((covariance**2 + np.outer(np.diag(covariance), np.diag(covariance))) / 399)
    assert (np.abs(found - covariance) < 4.0 * error).all()


def test_a_lone_standard_error_counts_on_the_scale_that_fits(scenario: Scenario) -> None:
    """sd of 300 draws against 2.0, and its chi-squared band of 1e-4 at either end."""
    values = column(scenario, "customers.basket.mean", 300)
    low, high = np.sqrt(stats.chi2.ppf([1e-4, 1 - 1e-4], 299) / 299)
    assert low < np.log(values).std(ddof=1) / (2.0 / 50) < high


def test_what_is_decided_is_never_drawn(scenario: Scenario) -> None:
    kinds = uncertainty(scenario).kinds
    assert not [path for path in kinds if ".strategy." in path or path == "discount_rate"]
    assert kinds["customers.basket.mean"] == "estimation"
    assert kinds["rules.surplus"] == "assumption"
    noted = scenario.with_({"firms.A.strategy.depth": {"value": 0.5, "source": "plan", "se": 0.1}})
    assert "firms.A.strategy.depth" not in uncertainty(noted).kinds


def test_a_market_with_segments_can_be_drawn(scenario: Scenario) -> None:
    parts = {"guarded": {"share": 0.3, "threshold": {"at_zero": 0.5}}, "open": {"share": 0.7}}
    drawn = uncertainty(scenario.with_({"customers.segments": parts})).drawn(1, 0)
    assert [part.share for part in drawn.scenario.customers.segments.values()] == [0.3, 0.7]
    assert drawn.values["customers.segments.guarded.threshold.at_zero"] != 0.5


def test_the_economics_of_all_firms_move_together(scenario: Scenario) -> None:
    values = uncertainty(scenario).drawn(1, 3).values
    assert values["firms.A.economics.gross_margin"] == values["firms.B.economics.gross_margin"] != 0.3
    assert values["firms.A.appeal"] != values["firms.B.appeal"]


def test_a_draw_depends_on_seed_and_replication_and_on_nothing_else(scenario: Scenario) -> None:
    unknown = uncertainty(scenario)
    first, again = unknown.drawn(1, 5), uncertainty(read(BASE)).drawn(1, 5)
    assert first.values == again.values
    assert first.scenario.hash == again.scenario.hash
    assert unknown.drawn(1, 6).values != first.values != unknown.drawn(2, 5).values
    fewer = uncertainty(scenario.with_({"rules.reactance": {"value": 1.0, "range": [1.0, 1.0]}})).drawn(1, 5).values
    assert {path: first.values[path] for path in fewer} == fewer, "one number less moves no other's draw"


def test_other_estimates_leave_the_assumptions_alone(scenario: Scenario) -> None:
    unknown = uncertainty(scenario)
    mine, other = unknown.drawn(1, 0).values, unknown.drawn(1, 0, estimation=1).values
    changed = {path for path in mine if mine[path] != other[path]}
    assert changed == {"customers.basket.mean"}


def test_a_value_outside_its_range_widens_it(scenario: Scenario) -> None:
    far = column(scenario.with_({"rules.surplus": {"value": 0.4, "range": [0.0, 0.2]}}), "rules.surplus", 50)
    assert 0.2 < far.max() <= 0.4


def test_draws_that_no_scenario_can_have_are_drawn_again_or_refused(scenario: Scenario) -> None:
    levels = {"rules.leave_below": {"value": 0.39, "range": [0.3, 0.5]}, "rules.withdraw_below": 0.4}
    unknown = uncertainty(scenario.with_(levels))
    for replication in range(20):
        rules = unknown.drawn(1, replication).scenario.rules
        assert rules.leave_below <= rules.withdraw_below
    shares = {"at_zero": {"value": 0.6, "source": "x", "se": 1e-9}, "at_one": {"value": 0.4, "source": "x", "se": 0.1}}
    stuck = scenario.with_({"customers.threshold": shares})
    assert uncertainty(stuck).drawn(1, 0).scenario.customers.threshold.at_one <= 0.4
    impossible = {"at_zero": 0.6, "at_one": 0.4, "a": 1.0, "b": 1.0}
    fit = Landing(
        "t", "x", 9, {"customers.threshold.at_zero": 0.6, "customers.threshold.at_one": 0.4},
        {"customers.threshold.at_zero": "linear", "customers.threshold.at_one": "linear"},
        np.array([[1e-4, 1e-4], [1e-4, 1e-4]]), changes={"customers.threshold": impossible},
    )  # fmt: skip
    with_room = uncertainty(landed(scenario, [fit])).drawn(1, 1).scenario.customers.threshold
    assert with_room.at_zero + with_room.at_one <= 1.0


def test_a_number_without_a_place_on_its_scale_is_refused(scenario: Scenario) -> None:
    fit = Landing("s", "x", 9, {"rules.surplus": 0.0}, {"rules.surplus": "log"}, np.array([[0.1]]))
    with pytest.raises(InputError, match=r"rules\.surplus is 0, which has no place on the log scale"):
        uncertainty(landed(scenario, [fit]))


# --- the split of the variance -------------------------------------------------------------------------------------
def linear_answers(n: int, m: int, sds: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """An answer that is the sum of an assumption, an estimate and luck, each normal with its own sd."""
    draws = np.random.default_rng(4)
    assumption, estimate, luck = (sd * draws.normal(size=n) for sd in sds)
    other_estimate, other_luck, third_luck = (sd * draws.normal(size=m) for sd in (sds[1], sds[2], sds[2]))
    again = [assumption[:m] + estimate[:m] + other_luck, assumption[:m] + other_estimate + third_luck]
    return assumption + estimate + luck, np.column_stack(again)


@pytest.mark.parametrize("sds", [(3.0, 2.0, 1.0), (1.0, 3.0, 0.0), (0.0, 0.0, 2.0), (2.0, 0.0, 0.0)])
def test_the_variance_is_split_where_it_comes_from(sds: tuple[float, float, float]) -> None:
    """4 000 draws: each share is right to 0.12, which is over five of its standard errors."""
    split = variance_split(*linear_answers(4000, 4000, sds))
    total = sum(sd**2 for sd in sds)
    for source, sd in zip(("assumption", "estimation", "chance"), sds, strict=True):
        assert split.loc[source, "share"] == pytest.approx(sd**2 / total, abs=0.12), source
    assert split["variance"].iloc[:3].sum() == pytest.approx(split.loc["total", "variance"])


def test_the_interval_of_a_share_holds_the_truth() -> None:
    """Each of 60 intervals of 95 % holds its share; fewer than 48 by chance in fewer than 1 of 10 000 seeds."""
    hits = 0
    for seed in range(60):
        draws = np.random.default_rng(seed)
        a, e, luck = draws.normal(size=(3, 100))
        e2, l2, l3 = draws.normal(size=(3, 50))
        again = np.column_stack([a[:50] + e[:50] + l2, a[:50] + e2 + l3])
        split = variance_split(a + e + luck, again)
        hits += bool(split["low"]["chance"] <= 1 / 3 <= split["high"]["chance"])
    assert hits >= 48


def test_too_few_draws_give_no_interval() -> None:
    few = variance_split(*linear_answers(5, 5, (1.0, 1.0, 1.0)))
    assert few["low"].isna().all()
    assert variance_split([1.0], np.zeros((1, 2)))["variance"].isna().all()


def test_the_number_that_drives_an_answer_is_found_and_noise_is_not_said_to() -> None:
    """Some of 39 numbers of noise is called clear in 5 % of tables; in more than 9 of 50 with probability 1e-4."""
    called = 0
    for seed in range(50):
        draws = np.random.default_rng(seed)
        table = pd.DataFrame(draws.normal(size=(100, 40)), columns=[f"x{k}" for k in range(40)])
        found = drivers(table, np.exp(table["x7"]) + 0.3 * draws.normal(size=100))
        assert found.loc[0, "path"] == "x7"
        assert found["low"].iloc[0] < found["correlation"].iloc[0] < found["high"].iloc[0]
        called += int(found["clear"].sum()) > 1
    assert called <= 9


# --- the comparison ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def result(scenario: Scenario) -> Comparison:
    return compare(scenario, parameters="uncertain", replications=24)


def test_uncertain_numbers_widen_the_answer_and_the_interval_is_the_range_of_the_draws(
    scenario: Scenario, result: Comparison
) -> None:
    table = result.replications["npv_difference"].to_numpy()
    assert result.interval("npv_difference") == pytest.approx(quantile_interval(table))
    assert table.std() > 3 * compare(scenario, replications=24).replications["npv_difference"].std()
    low, high = np.quantile(table, [0.025, 0.975])
    assert result.interval("npv_difference")[1:] == pytest.approx((low, high))
    assert result.bridge["value"].iloc[:-1].sum() == pytest.approx(result.bridge["value"].iloc[-1])
    assert float(result.variance["share"]["assumption"]) > 0.5


def test_each_draw_is_the_paired_run_of_the_scenario_drawn(scenario: Scenario, result: Comparison) -> None:
    drawn = uncertainty(scenario).drawn(1, 4)
    alone = compare(drawn.scenario, replications=5).replications.loc[4]
    assert result.replications.loc[4, "npv_difference"] == alone["npv_difference"]
    assert result.drawn is not None
    assert result.drawn.loc[4].to_dict() == drawn.values


def test_where_nothing_is_uncertain_the_draws_are_the_replications(scenario: Scenario) -> None:
    known = {path: {"value": value, "range": [value, value]} for path, value, _ in scenario.assumptions()}
    sure = scenario.with_(known)
    assert not uncertainty(sure).kinds
    drawn = compare(sure, parameters="uncertain", replications=12)
    assert drawn.replications.equals(compare(sure, replications=12).replications)
    assert drawn.variance.loc["estimation", "variance"] == 0.0
    assert drawn.drivers.empty


def test_an_uncertain_result_says_so(scenario: Scenario, result: Comparison) -> None:
    assert "95 % uncertainty interval" in result.finding
    assert "24 draws" in result.finding
    assert result.manifest["parameters"] == "uncertain"
    assert result.manifest["uncertainty_hash"] == uncertainty(scenario).hash
    assert {"variance", "drivers", "drawn"} <= result.tables().keys()


def test_fixed_parameters_have_no_split(scenario: Scenario) -> None:
    fixed = compare(scenario, replications=2)
    for name in ("variance", "drivers"):
        with pytest.raises(InputError, match="parameters were fixed"):
            getattr(fixed, name)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"parameters": "unsure"}, "'unsure'"), ({"parameters": "uncertain", "precision": 0.1}, "precision goes with")],
)
def test_what_cannot_be_asked_is_refused(scenario: Scenario, arguments: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        compare(scenario, **arguments)  # type: ignore[arg-type]
