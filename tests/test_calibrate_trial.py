"""What a trial of messages shows comes out as published, and lands in the rules as the model's equations have it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calibrate.landing import landed
from sim.calibrate.messages.groups import counted, lift, means
from sim.calibrate.messages.relevance import Share, base_relevance, log_odds, prompted
from sim.calibrate.messages.trial import R0, SURPLUS, TrialFit, fit_trial
from sim.errors import InputError
from sim.rules import consideration, relevance, utility
from sim.scenario import Scenario
from tests.markets import rules

BASE = Scenario.model_validate({"firms": {"A": {}}})
MAIL = {"Mens E-Mail": "mens", "Womens E-Mail": "womens"}


@pytest.fixture(scope="module")
def hillstrom(data: Path) -> TrialFit:
    return fit_trial(data / "hillstrom_email_rct" / "hillstrom_data.csv.gz", matches=MAIL)


def written(folder: Path, lines: list[str]) -> Path:
    path = folder / "trial.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def cell(arm: str, suits: str, customers: int, visits: int, buys: int, spend: float = 10.0) -> list[str]:
    """Customers of one arm and kind; the first visit, the first of them buy."""
    return [f"{arm},{suits},{int(k < visits)},{int(k < buys)},{spend if k < buys else 0}" for k in range(customers)]


HEADER = "arm,suits,visit,conversion,spend"


def simple(folder: Path, matched: int, single: int, other: int, none: int, buys: int = 40) -> TrialFit:
    """Two kinds of customers, 500 in each cell; visits of those matched, wrongly given A or B, and given nothing."""
    lines = [HEADER]
    for suits in "AB":
        for arm in ("none", "A", "B"):
            visits = none if arm == "none" else matched if arm == suits else single if arm == "A" else other
            lines += cell(arm, suits, 500, visits, buys)
    return fit_trial(written(folder, lines))


# Known answers ------------------------------------------------------------------------------------------------------


def test_matched_beats_mismatched_as_published(hillstrom: TrialFit) -> None:
    """Hillstrom's trial, customers who bought in one category only: 57 552."""
    assert hillstrom.trial.customers == 57_552
    assert (hillstrom.trial.suited_by_several, hillstrom.trial.suited_by_none) == (6_448, 0)
    for outcome, matched, other, percent, z in (
        ("visit", 0.1694, 0.1386, 22, 8.4),
        ("conversion", 0.01088, 0.00849, 28, 2.4),
        ("spend", 1.250, 1.040, 20, 1.3),
    ):
        found = hillstrom.lift("mismatched", outcome)
        digits = 0.5 * 10 ** -{"visit": 4, "conversion": 5, "spend": 3}[outcome]
        assert found.mean == pytest.approx(matched, abs=digits)
        assert found.against == pytest.approx(other, abs=digits)
        assert 100 * found.lift == pytest.approx(percent, abs=0.5)
        assert found.z == pytest.approx(z, abs=0.05)
        assert (found.low > 0) == (outcome != "spend"), "more spending is not shown"


def test_nobody_written_to_responds_as_published(hillstrom: TrialFit) -> None:
    none = [hillstrom.lift("no message", outcome).against for outcome in ("visit", "conversion", "spend")]
    assert none[0] == pytest.approx(0.0978, abs=5e-5)
    assert none[1] == pytest.approx(0.00532, abs=5e-6)
    assert none[2] == pytest.approx(0.594, abs=5e-4)


def test_the_best_single_message_does_as_well_as_published(hillstrom: TrialFit) -> None:
    """The null result: matching gains nothing over sending everybody the mail for men.

    Rates are published cut off after so many digits, hence a whole unit of the last.
    """
    assert hillstrom.best == "Mens E-Mail"
    for message, visit, conversion, spend in (
        ("Mens E-Mail", 0.1677, 0.01119, 1.242),
        ("Womens E-Mail", 0.1403, 0.00819, 1.048),
    ):
        lifts = [hillstrom.lift(message, outcome) for outcome in ("visit", "conversion", "spend")]
        assert lifts[0].against == pytest.approx(visit, abs=1e-4)
        assert lifts[1].against == pytest.approx(conversion, abs=1e-5)
        assert lifts[2].against == pytest.approx(spend, abs=5e-4)
        if message == "Mens E-Mail":
            assert all(one.low < 0 < one.high for one in lifts)
    assert "No gain of personalising over it is shown." in hillstrom.finding
    assert "Personalising gains" not in hillstrom.finding


def test_picking_the_best_message_flatters_it_by_nothing_here(hillstrom: TrialFit) -> None:
    """16.8 against 14.0 per cent, seven standard errors apart: nobody would have picked the other one."""
    assert hillstrom.overstatement < 1e-5
    assert "overstates its visits per customer by less than 0.01 percentage points" in hillstrom.finding


def test_the_null_result_lands_as_one(hillstrom: TrialFit) -> None:
    scenario = landed(BASE, hillstrom.landings(BASE))
    visits = [0.169383, 0.167678, 0.097823]
    matched, single, none = (-math.log(1 - rate) for rate in visits)
    assert scenario.rules.base_relevance == pytest.approx((single - none) / (matched - none), abs=1e-4)
    assert scenario.rules.surplus == 0.0, "conversion given a visit is no higher"
    low, high = scenario.notes[R0].range or (0, 0)
    assert low < scenario.rules.base_relevance < high == 1.0
    assert (scenario.notes[SURPLUS].range or (1, 0))[0] == 0.0
    joint = scenario.fits["trial"]
    assert joint.scales == ("linear", "linear")
    assert joint.covariance[0][0] == pytest.approx((scenario.notes[R0].se or 0) ** 2, rel=1e-3)
    assert "estimate -0.0116" in (scenario.notes[SURPLUS].note or "")


def test_proportions_of_groups_apart_have_the_textbook_errors(tmp_path: Path) -> None:
    """z of two proportions with unpooled variance; interval of the logarithm of their ratio (Katz et al. 1978)."""
    fit = simple(tmp_path, 200, 120, 120, 60)
    found = fit.lift("mismatched", "visit")
    p, q, n = 0.4, 0.24, 1000
    assert found.z == pytest.approx((p - q) / math.sqrt(p * (1 - p) / n + q * (1 - q) / n))
    error = math.sqrt((1 - p) / (p * n) + (1 - q) / (q * n))
    assert found.low == pytest.approx(p / q * math.exp(-1.959964 * error) - 1, rel=1e-5)
    assert found.high == pytest.approx(p / q * math.exp(1.959964 * error) - 1, rel=1e-5)


def test_who_is_in_both_groups_does_not_add_to_the_error() -> None:
    """Two groups share 400 of 500 customers: the variance of the difference of their means, term by term."""
    draws = np.random.default_rng(1)
    outcomes = draws.lognormal(0, 1, (600, 1))
    place = np.repeat([0, 1, 2], [100, 400, 100])
    groups = np.array([[True, True, False], [False, True, True]])
    found = means(counted(place, outcomes, 3), groups)
    one, other = outcomes[:500, 0], outcomes[100:, 0]
    assert found.mean[:, 0] == pytest.approx([one.mean(), other.mean()])
    influence = np.zeros(600)
    influence[:500] += (one - one.mean()) / 500
    influence[100:] -= (other - other.mean()) / 500
    z = (one.mean() - other.mean()) / math.sqrt((influence**2).sum())
    assert lift(found, 0, 1, 0).z == pytest.approx(z, rel=1e-6)


@pytest.mark.slow
def test_errors_of_overlapping_groups_are_those_of_the_bootstrap(hillstrom: TrialFit) -> None:
    """Cells redrawn as multinomial counts of visitors and buyers, 2 000 times.

    A standard deviation from so many is off by 1.6 %, and by more than 7 % with a probability of about 0.00001.
    """
    trial, draws = hillstrom.trial, np.random.default_rng(6)
    number = trial.cells.number
    visits, buys = trial.cells.sums[:, 0], trial.cells.sums[:, 1]
    shares = np.stack([buys, visits - buys, number - visits], axis=-1) / number.sum()
    redrawn = draws.multinomial(int(number.sum()), shares.ravel(), 2000).reshape(2000, len(number), 3)
    inside = np.array(list(trial.groups().values()))[[0, 3, 2]].astype(float)  # matched, the best for everyone, none
    n, v, c = (redrawn[:, :, kinds].sum(axis=2) @ inside.T for kinds in ([0, 1, 2], [0, 1], [0]))
    prompts = -np.log1p(-v / n)
    r0 = (prompts[:, 1] - prompts[:, 2]) / (prompts[:, 0] - prompts[:, 2])
    odds = np.log(c / (v - c))
    estimates, covariance = hillstrom.parameters(3.5)
    assert estimates[R0][1] == pytest.approx(r0.std(), rel=0.07)
    assert estimates[SURPLUS][1] == pytest.approx(((odds[:, 0] - odds[:, 1]) / 3.5).std(), rel=0.07)
    assert covariance[0, 0] == pytest.approx(estimates[R0][1] ** 2)


# From the trial to the rules ----------------------------------------------------------------------------------------

chances = st.floats(0.01, 1.0)


@given(r0=chances, base=st.floats(0.02, 0.5), effect=st.floats(0.1, 1.0), habit=st.floats(0.0, 2.0))
def test_relevance_of_the_single_offer_comes_back_from_the_models_own_visits(
    r0: float, base: float, effect: float, habit: float
) -> None:
    world = rules(base_relevance=r0, base_consideration=base, message_effect=effect)
    matched = consideration(1.0, relevance(1.0, world), habit, world)
    single = consideration(1.0, relevance(0.0, world), habit, world)
    none = consideration(0.0, relevance(0.0, world), habit, world)
    assert base_relevance(single, matched, none) == pytest.approx(r0, rel=1e-6)
    assert prompted(none) == pytest.approx(base + world.habit_effect * habit)


@given(surplus=st.floats(0.0, 0.25), sensitivity=st.floats(1.0, 6.0), visits=st.floats(0.05, 0.9))
def test_value_of_relevance_comes_back_from_the_models_own_choices(
    surplus: float, sensitivity: float, visits: float
) -> None:
    world = rules(surplus=surplus, price_sensitivity=sensitivity)

    def buys(known: float) -> float:
        value = utility(0.3, 1.0, 0.0, 1.0, 0.0, known, 0.6, 0.0, 0.0, world)
        return visits / (1 + math.exp(-value))  # against buying elsewhere, which is worth 0

    found = (log_odds(visits, buys(1.0)) - log_odds(visits, buys(0.0))) / sensitivity
    assert found == pytest.approx(surplus, abs=1e-9)


def test_a_gain_from_matching_lands_in_both_rules(tmp_path: Path) -> None:
    """Matched customers come more often than with one message for all, and buy more often once they are there."""
    lines = [HEADER]
    for suits in "AB":
        for arm in ("none", "A", "B"):
            visits, buys = (60, 20) if arm == "none" else (200, 100) if arm == suits else (100, 30)
            lines += cell(arm, suits, 500, visits, buys)
    fit = fit_trial(written(tmp_path, lines))
    (landing,) = fit.landings(BASE)
    matched, single, none = (-math.log(1 - rate) for rate in (0.4, 0.3, 0.12))
    assert landing.values[R0] == pytest.approx((single - none) / (matched - none))
    gain = math.log(100 / 100) - math.log(65 / 85)  # buyers over the others who came: matched, and one for everyone
    assert landing.values[SURPLUS] == pytest.approx(gain / 3.5)
    assert np.linalg.eigvalsh(landing.covariance)[0] > 0
    assert "Personalising gains over it (visit, conversion, spend)." in fit.finding
    twice = fit.landings(BASE.with_({"rules.price_sensitivity": 7.0}))[0]
    assert twice.values[SURPLUS] == pytest.approx(landing.values[SURPLUS] / 2)


@given(estimate=st.floats(-3, 3), error=st.floats(0.001, 2))
def test_an_estimate_beyond_its_limits_keeps_the_other_end_of_its_interval(estimate: float, error: float) -> None:
    share = Share.of(estimate, error)
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.error >= 0
    if 0 <= estimate <= 1:
        assert (share.value, share.error) == (estimate, error)
    elif estimate > 1:
        assert max(0.0, 1 - 1.959963984540054 * share.error) == pytest.approx(share.low, abs=1e-9)
    else:
        assert min(1.0, 1.959963984540054 * share.error) == pytest.approx(share.high, abs=1e-9)


def test_a_single_message_that_does_better_lands_as_full_relevance(tmp_path: Path) -> None:
    lines = [HEADER]
    for suits in "AB":
        lines += cell("none", suits, 500, 60, 20)
        lines += cell("A", suits, 500, 200, 40) + cell("B", suits, 500, 100, 40)
    fit = fit_trial(written(tmp_path, lines))
    estimate, error = fit.parameters(3.5)[0][R0]
    scenario = landed(BASE, fit.landings(BASE))
    assert estimate > 1.0
    assert scenario.rules.base_relevance == 1.0
    assert (scenario.notes[R0].se or 0.0) < error
    assert "Personalising loses against it (visit)." in fit.finding


@pytest.mark.parametrize("worse", [150, 140, 120])
def test_the_winners_curse_is_that_of_the_highest_of_two(tmp_path: Path, worse: int) -> None:
    """The higher of two means δ apart is too high by θ φ(δ/θ), θ the error of their difference (Clark 1961).

    20 000 draws tell it to within 1 % of θ, in 99.9 % of seeds to within 0.012 θ.
    """
    lines = [HEADER, *(line for suits in "AB" for line in cell("none", suits, 500, 60, 40))]
    for arm, visits in (("A", 150), ("B", worse)):
        lines += [line for suits in "AB" for line in cell(arm, suits, 500, visits, 40)]
    fit = fit_trial(written(tmp_path, lines))
    p, q = 0.3, worse / 500
    error = math.sqrt((p * (1 - p) + q * (1 - q)) / 1000)
    expected = error * math.exp(-(((p - q) / error) ** 2) / 2) / math.sqrt(2 * math.pi)
    assert fit.overstatement == pytest.approx(expected, abs=0.012 * error)


# What is said -------------------------------------------------------------------------------------------------------


def test_responses_are_told_by_arm_and_match(hillstrom: TrialFit) -> None:
    table = hillstrom.responses().query("outcome == 'visit'").set_index(["arm", "suits"])
    assert table["match"].value_counts().to_dict() == {"matched": 2, "mismatched": 2, "no message": 2}
    assert table["customers"].sum() == 57_552
    assert table.loc[("Womens E-Mail", "Mens E-Mail"), "mean"] == pytest.approx(1067 / 9622)
    assert ((table["low"] < table["mean"]) & (table["mean"] < table["high"])).all()


def test_the_table_has_every_comparison(hillstrom: TrialFit) -> None:
    table = hillstrom.table()
    assert len(table) == 3 * 4
    assert table.query("best")["against"].unique().tolist() == ["Mens E-Mail for everyone"]
    assert ((table["low"] < table["lift"]) & (table["lift"] < table["high"])).all()


def test_columns_and_matches_say_the_same(tmp_path: Path) -> None:
    lines = ["variant,for_a,for_b,clicked"]
    for arm, visits in (("Control", 50), ("A", 100), ("B", 80)):
        lines += [f"{arm},1,0,{int(k < visits)}" for k in range(300)]
        lines += [f"{arm},0,1,{int(k < visits + 20)}" for k in range(300)]
        lines += [f"{arm},1,1,1", f"{arm},0,0,0", f"{arm},0,0,0"]
    fit = fit_trial(written(tmp_path, lines), matches={"A": "for_a", "B": "for_b"})
    assert (fit.trial.suited_by_several, fit.trial.suited_by_none, fit.trial.customers) == (3, 6, 1800)
    named = ["arm,suits,visit"]
    for line in lines[1:]:
        arm, a, b, visit = line.split(",")
        named.append(f"{arm},{'' if a == b else 'A' if a == '1' else 'B'},{visit}")
    other = fit_trial(written(tmp_path, named), control="Control")
    assert other.table().equals(fit.table())
    assert fit.missing == ("conversion", "spend")
    assert "Not measured: conversion, spend." in fit.finding
    assert "Without visits and conversions the value of relevance cannot be told." in fit.finding
    (landing,) = fit.landings(BASE)
    assert list(landing.values) == [R0]


def test_a_message_that_suits_nobody_counts_for_everyone_alike(tmp_path: Path) -> None:
    lines = [HEADER]
    for suits in "AB":
        for arm, visits in (("none", 60), ("A", 120), ("B", 120), ("General", 180)):
            lines += cell(arm, suits, 500, visits, 40)
    fit = fit_trial(written(tmp_path, lines))
    assert fit.best == "General"
    assert fit.lift("mismatched", "visit").against == pytest.approx(0.24), "it is no mismatched message"
    assert set(fit.responses().query("arm == 'General'")["match"]) == {"general"}


def test_messages_that_bring_nothing_tell_nothing_of_their_relevance(tmp_path: Path) -> None:
    fit = simple(tmp_path, 60, 60, 60, 60)
    (landing,) = fit.landings(BASE)
    assert list(landing.values) == [SURPLUS]
    assert "brings no surely more visits than none" in fit.finding


def test_spending_alone_lands_nowhere(tmp_path: Path) -> None:
    lines = [HEADER, *(line for suits in "AB" for arm in ("none", "A", "B") for line in cell(arm, suits, 500, 60, 30))]
    fit = fit_trial(written(tmp_path, lines), outcomes=["spend"])
    assert fit.landings(BASE) == ()
    assert len(fit.untold) == 2
    assert fit.lift("mismatched", "spend").mean == pytest.approx(0.6)


def test_a_world_in_which_prices_do_not_matter_has_no_value_of_relevance(tmp_path: Path) -> None:
    fit = simple(tmp_path, 200, 120, 120, 60)
    with pytest.raises(InputError, match=r"rules\.price_sensitivity is 0"):
        fit.landings(BASE.with_({"rules.price_sensitivity": 0.0}))


# What is refused ----------------------------------------------------------------------------------------------------

FINE = [line for suits in "AB" for arm in ("none", "A", "B") for line in cell(arm, suits, 100, 60, 30)]


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        ([HEADER, *FINE], {"control": "nobody"}, "no arm 'nobody', given as the control; the arms are A, B, none"),
        ([HEADER.replace("arm", "Wave"), *FINE], {}, r"no column for the arm among those found \(Wave, "),
        ([HEADER, *(one.replace("none,", "C,") for one in FINE)], {}, "which arm got no message among A, B, C"),
        ([HEADER, *FINE], {"matches": {"C": "suits"}}, "matches: 'C' is no arm .* with a message are A, B"),
        ([HEADER, *FINE], {"matches": {"none": "suits"}}, "matches: 'none' is the control"),
        ([HEADER, *FINE], {"matches": {"A": "mens"}}, "no column 'mens', given for those whom A suits"),
        ([HEADER, *FINE], {"matches": {"A": "spend"}}, r"line 2: the spend '10.0'; it should be 0 or 1"),
        ([HEADER, *FINE, "A,C,1,0,0"], {}, r"line 602: the suits 'C'; .* \(A, B\) or empty"),
        ([HEADER, *FINE, "A,A,2,0,0"], {}, "line 602: the visit '2'; it should be 0 or 1"),
        ([HEADER, *FINE, "A,A,yes,0,0"], {}, "line 602: the visit 'yes'; it should be 0 or 1"),
        ([HEADER, *FINE, "A,A,1,,0"], {}, "line 602: no conversion; it should be 0 or 1"),
        ([HEADER, *FINE, "A,A,0,1,5"], {}, "line 602: the visit '0'; it should be 1 where there is a conversion"),
        ([HEADER, *FINE, "A,A,1,1,-5"], {}, "line 602: the spend '-5'; it should be 0 or more"),
        ([HEADER, *FINE, ",A,1,1,5"], {}, "line 602: no arm"),
        ([HEADER, *(one for one in FINE if one[0] != "B")], {}, "the arms are A, none; whether a message suits"),
        ([HEADER, *(one for one in FINE if one[:3] != "A,A" and one[:3] != "B,B")], {}, "in the group 'matched'"),
        ([HEADER, *FINE], {"outcomes": ["clicks"]}, "outcomes: 'clicks' is none"),
        (["arm,suits,age", "A,A,3"], {}, r"spend is among those found \(arm, suits, age\)"),
        (["arm,visit", "A,1", "B,1", "none,0"], {}, "nothing says which message suits whom"),
        ([HEADER, *(one.replace(",1,1,", ",1,0,") for one in FINE)], {}, "only 0 of 200 .* 'matched' have a conv"),
        ([HEADER, *(f"{one},,1,0,0" for one in ("A", "B", "none"))], {}, "no customer whom exactly one"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_in_one_sentence(
    tmp_path: Path, lines: list[str], options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        fit_trial(written(tmp_path, lines), **options)  # type: ignore[arg-type]


def test_too_few_responders_are_told_how_many_customers_would_do(tmp_path: Path) -> None:
    lines = [HEADER, *(line for s in "AB" for arm in ("none", "A", "B") for line in cell(arm, s, 100, 30, 5))]
    with pytest.raises(
        InputError, match=r"only 10 of 200 .* 'matched' have a conversion; at least 20 are needed, about 400"
    ):
        fit_trial(written(tmp_path, lines))
    assert fit_trial(written(tmp_path, lines), outcomes=["visit"]).trial.outcomes == ("visit",)
