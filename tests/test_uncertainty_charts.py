"""The pictures of what is not known, and of a calibration, show what was computed and can be read."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim import InputError
from sim.calibrate import PurchaseLog, TransactionFit, fit_log
from sim.calibrate.privacy.survey import SurveyFit, fit_survey, published
from sim.experiment.comparison import Comparison
from sim.present.calibration_charts import holdout_chart, thresholds_chart
from sim.present.labels import overlaps
from sim.present.terminal import console
from sim.present.uncertainty import MOST_DRIVERS, uncertainty_chart, uncertainty_tables
from tests.test_calibration import orders
from tests.test_charts import comparison, footer, market, title, words


@cache
def unsure(case: str) -> Comparison:
    """A made-up comparison of uncertain numbers: the gain goes with the surplus, luck and estimates do little."""
    n = {"two draws": 2, "one draw": 1}.get(case, 40)
    gain = {"loses": -400.0}.get(case, 400.0)
    plain = comparison(market(2, name="Only $hop_{}^2" if case == "a strange name" else "{}"), n=n, gain=gain)
    draws = np.random.default_rng(9)
    answer = plain.replications["npv_difference"].to_numpy()
    paths = [
        "rules.surplus",
        *(f"rules.number_{k}" for k in range(12)),
        "customers.shopping.rate_mean_with_a_long_name",
    ]
    drawn = pd.DataFrame(draws.normal(size=(n, len(paths))), columns=paths)
    drawn["rules.surplus"] = answer + 0.1 * answer.std() * draws.normal(size=n) if n > 1 else 1.0
    if case == "nothing uncertain":
        drawn = drawn[[]]
    luck = 0.05 * answer.std() * draws.normal(size=(n, 2))
    return replace(plain, parameters="uncertain", drawn=drawn, again=answer[:, None] + luck, uncertainty_hash="0" * 12)


CASES = ("gains", "loses", "two draws", "one draw", "nothing uncertain", "a strange name")


def bars(axes: Axes) -> list[Any]:
    return list(axes.patches)


@pytest.mark.parametrize("case", CASES)
def test_nothing_overlaps_in_the_picture_of_what_is_not_known(case: str) -> None:
    figure = uncertainty_chart(unsure(case))
    assert overlaps(figure) == []
    assert "Explores assumptions; no forecast." in footer(figure)


def test_the_picture_of_what_is_not_known_shows_the_draws_their_range_and_the_split() -> None:
    one = unsure("gains")
    figure = uncertainty_chart(one)
    draws, split, drivers = figure.axes
    shown = np.sort(
        np.concatenate([line.get_xdata() for line in draws.get_lines() if line.get_label() in ("loses", "gains")])
    )
    gains = np.sort(one.replications["npv_difference"])
    np.testing.assert_allclose(shown / shown[-1], gains / gains[-1])
    assert "95 % uncertainty interval" in words(figure)
    assert [bar.get_width() for bar in bars(split)] == pytest.approx(
        (100 * one.variance["share"].drop("total").clip(lower=0)).tolist()
    )
    names = [label.get_text() for label in drivers.get_yticklabels()]
    assert names[0] == "rules.surplus"
    assert len(names) == MOST_DRIVERS
    assert "% of the variance is assumption" in title(figure)


def test_fixed_parameters_have_no_picture_of_what_is_not_known() -> None:
    with pytest.raises(InputError, match="parameters were fixed"):
        uncertainty_chart(comparison(market(2)))


@pytest.mark.parametrize("case", CASES)
def test_the_tables_of_what_is_not_known_say_what_carries_it(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    for table in uncertainty_tables(unsure(case)):
        console().print(table)
    told = " ".join(capsys.readouterr().out.split())
    assert "assumption" in told
    assert ("rules.surplus" in told) == (case != "nothing uncertain")
    assert "nan" not in told


def test_fixed_parameters_have_no_such_tables() -> None:
    assert uncertainty_tables(comparison(market(2))) == []


# --- calibration ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def fit() -> TransactionFit:
    return fit_log(PurchaseLog.of(orders(), "shop"), holdout="2023-10-01")


def readable(figure: Figure) -> None:
    assert overlaps(figure) == []
    assert "no forecast" in footer(figure)


def test_the_holdout_picture_shows_what_happened_and_what_was_foretold(fit: TransactionFit) -> None:
    figure = holdout_chart(fit)
    readable(figure)
    held = fit.holdout
    assert held is not None
    weeks, counts = figure.axes
    for axes, table, column, scale in ((weeks, held.weeks, "repeats", 1e3), (counts, held.counts, "later", 1.0)):
        for line in axes.get_lines():
            rows = table[table["series"] == line.get_label()]
            if len(rows):
                np.testing.assert_allclose(np.sort(line.get_ydata()), np.sort(rows[column] / scale), atol=1e-6)
    assert f"{held.buying['actual'].iloc[0]:,.0f} repeat purchases held out" in title(figure)


def test_without_a_holdout_there_is_nothing_to_show(fit: TransactionFit) -> None:
    with pytest.raises(ValueError, match="nothing was held out"):
        holdout_chart(replace(fit, holdout=None))


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> SurveyFit:
    draws = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("survey") / "survey.csv"
    table = {"score": draws.integers(1, 8, 400), "segment": np.where(draws.random(400) < 0.4, "young", "old")}
    pd.DataFrame(table).to_csv(path, index=False)
    return fit_survey(path, scale="1-7")


def test_the_picture_of_a_survey_shows_answers_and_fit(segmented: SurveyFit) -> None:
    for survey in (published(), segmented):
        figure = thresholds_chart(survey)
        readable(figure)
        bands = survey.bands()
        heights = np.concatenate([[bar.get_height() for bar in bars(axes)] for axes in figure.axes])
        np.testing.assert_allclose(np.sort(heights), np.sort(100 * bands["observed"]))
