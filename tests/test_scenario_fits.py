"""What was fitted together stays together in a scenario, in its file, and until somebody changes it by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calibrate import fit_transactions
from sim.calibrate.landing import Landing, landed
from sim.calibrate.privacy.survey import published
from sim.errors import InputError
from sim.evidence import MEANING, evidence
from sim.quantity import Scale, off_scale, on_scale, slope
from sim.scenario import Scenario
from sim.scenario_file import load, read, register, to_yaml
from tests.markets import scenarios

COVARIANCE = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, -0.02], [0.0, -0.02, 0.25]])
VALUES = {"customers.basket.mean": 40.0, "customers.threshold.at_zero": 0.2, "firms.A.appeal": -0.3}
SCALES: dict[str, Scale] = {
    "customers.basket.mean": "log",
    "customers.threshold.at_zero": "logit",
    "firms.A.appeal": "linear",
}


def fit(covariance: np.ndarray = COVARIANCE) -> Landing:
    return Landing("mixed", "a fit to a file", 321, VALUES, SCALES, covariance, remarks={"firms.A.appeal": "odd"})


@pytest.fixture
def plain() -> Scenario:
    return read("firms: {A: {}, B: {}}\ncustomers: {basket: {mean: {value: 50, range: [20, 80]}}}")


def test_fitted_numbers_land_with_source_error_and_n(plain: Scenario) -> None:
    scenario = landed(plain, [fit()])
    assert scenario.customers.basket.mean == 40.0
    errors = {"customers.basket.mean": 40 * 0.2, "customers.threshold.at_zero": 0.2 * 0.8 * 0.3, "firms.A.appeal": 0.5}
    for path, error in errors.items():
        note = scenario.notes[path]
        assert (note.source, note.n) == ("a fit to a file", 321)
        assert note.se == pytest.approx(error)
    assert scenario.notes["customers.basket.mean"].range == (20.0, 80.0), "what is plausible does not follow from a fit"
    assert scenario.notes["firms.A.appeal"].note == "odd"
    table = register(scenario).set_index("path")
    assert list(table.loc[list(VALUES), "evidence"]) == ["fitted"] * 3


def test_a_joint_distribution_survives_its_file(plain: Scenario) -> None:
    scenario = landed(plain, [fit()])
    text = to_yaml(scenario)
    again = read(text)
    assert again.fits == scenario.fits
    assert again.notes == scenario.notes
    np.testing.assert_allclose(again.fits["mixed"].covariance, COVARIANCE)
    assert "[0.04, 0.01, 0.0]" in text, "a row of the matrix is a line"


def test_what_is_known_about_numbers_does_not_change_what_a_run_depends_on(plain: Scenario) -> None:
    assert landed(plain, [fit()]).hash == plain.with_(VALUES).hash


def test_a_number_set_by_hand_is_no_longer_fitted(plain: Scenario) -> None:
    scenario = landed(plain, [fit()]).with_({"customers.threshold": {"at_zero": 0.5}})
    left = scenario.fits["mixed"]
    assert left.paths == ("customers.basket.mean", "firms.A.appeal")
    np.testing.assert_allclose(left.covariance, COVARIANCE[np.ix_([0, 2], [0, 2])])
    assert scenario.notes["customers.threshold.at_zero"].se is None
    assert not scenario.with_({"customers.basket.mean": 1, "firms.A": None, "customers.threshold": {}}).fits
    assert landed(scenario, [fit()]).fits["mixed"].paths == tuple(VALUES), "fitting again brings it back"


def test_what_data_do_not_determine_lands_without_an_error(plain: Scenario) -> None:
    scenario = landed(landed(plain, [fit()]), [fit(np.full((3, 3), math.nan))])
    assert not scenario.fits
    assert scenario.notes["firms.A.appeal"].se is None


@pytest.mark.parametrize(
    ("fits", "said"),
    [
        ("{x: {source: s, paths: [rules.surplu], scales: [log], covariance: [[1]]}}", "fits.x names 'rules.surplu'"),
        ("{x: {source: s, paths: [rules.surplus], scales: [log, log], covariance: [[1]]}}", "1 paths need 1 scales"),
        ("{x: {source: s, paths: [rules.surplus], scales: [logs], covariance: [[1]]}}", "did you mean log"),
        ("{x: {source: s, paths: [rules.surplus], scales: [log], covariance: [[-1]]}}", "no negative variance"),
        (
            "{x: {source: s, paths: [rules.surplus, rules.reactance], scales: [log, log], covariance: [[1, 2], [0, 1]]"
            "}}",
            "must be symmetric",
        ),
    ],
)
def test_a_joint_distribution_that_cannot_be_is_refused(fits: str, said: str) -> None:
    with pytest.raises(InputError, match=r"^file, line \d: ") as refusal:
        read(f"firms: {{A: {{}}}}\nfits: {fits}", "file")
    assert said in str(refusal.value)


@given(value=st.floats(1e-6, 1 - 1e-6), scale=st.sampled_from(["linear", "log", "logit"]))
def test_scales_lead_there_and_back_and_their_slope_is_the_derivative(value: float, scale: Scale) -> None:
    place = on_scale(value, scale)
    assert off_scale(place, scale) == pytest.approx(value)
    step = 1e-5
    numeric = (off_scale(place + step, scale) - off_scale(place - step, scale)) / (2 * step)
    assert slope(value, scale) == pytest.approx(numeric, rel=1e-4)


def test_evidence_is_judged_by_what_is_said_about_a_number() -> None:
    cases = {
        evidence("BG/NBD fitted to a log", 0.1, 900): "fitted",
        evidence("a census", None, 900): "measured",
        evidence("Somebody 2005"): "published",
        evidence("AppsFlyer 2022 (vendors)"): "vendor",
        evidence("size calibrated to the patterns in docs/validation.md"): "patterns",
        evidence("assumption; a vendor says more"): "assumed",
        evidence("assumption", 0.1, 5): "assumed",
        evidence("set by the user"): "user",
        evidence("decision of the firm"): "decision",
    }
    assert all(found == wanted for found, wanted in cases.items())
    assert set(cases) == set(MEANING)


@given(scenarios())
def test_a_brief_file_describes_the_same_scenario(scenario: Scenario) -> None:
    noted = scenario.with_({"rules.surplus": {"value": scenario.rules.surplus, "source": "a note on a default"}})
    again = read(to_yaml(noted, brief=True))
    assert again == noted
    assert len(to_yaml(noted, brief=True)) < len(to_yaml(noted))


@pytest.mark.parametrize("name", ["retail", "cdnow", "alike", "two-kinds"])
def test_a_brief_file_keeps_the_notes(root: Path, name: str) -> None:
    scenario = load(root / "scenarios" / f"{name}.yaml")
    again = read(to_yaml(scenario, brief=True))
    assert (again, again.hash) == (scenario, scenario.hash)


def test_the_thresholds_of_retail_are_known_as_well_as_the_published_survey_lets_them_be(root: Path) -> None:
    retail = load(root / "scenarios" / "retail.yaml")
    (survey,) = published().landings()
    np.testing.assert_allclose(retail.fits["thresholds"].covariance, survey.covariance, atol=1e-5)
    for path, error in survey.errors().items():
        assert retail.notes[path].se == pytest.approx(error, rel=0.02)


def test_the_customers_of_cdnow_are_known_as_well_as_the_sample_lets_them_be(root: Path, data: Path) -> None:
    cdnow = load(root / "scenarios" / "cdnow.yaml")
    fit = fit_transactions(data / "cdnow" / "CDNOW_sample.txt", until="1997-09-30", holdout=False)
    for landing in fit.landings("means", "bg-nbd"):
        joint = cdnow.fits[landing.name]
        assert joint.paths == tuple(landing.values)
        np.testing.assert_allclose(joint.covariance, landing.covariance, rtol=0.01, atol=1e-6)
        for path, error in landing.errors().items():
            assert cdnow.notes[path].se == pytest.approx(error, rel=0.01)


def test_a_part_of_a_scenario_that_is_moved_is_not_said_to_be_set_by_the_user(plain: Scenario) -> None:
    firm = plain.firms["A"]
    moved = plain.with_({"firms.C": {"strategy": firm.strategy, "economics": firm.economics, "appeal": 0.5}})
    said = {path: known.source for path, _, known in moved.assumptions() if path.startswith("firms.C.")}
    assert said["firms.C.appeal"] == "set by the user"
    assert said["firms.C.economics.gross_margin"] == "assumption"
    assert said["firms.C.strategy.depth"] == "decision of the firm"
