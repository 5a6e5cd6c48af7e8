"""What is varied is read as it is meant, and refused in one sentence where it cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputError
from sim.experiment.axes import Range, axes, numeric, parse_axis
from sim.scenario import Scenario
from tests.markets import market


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return market({"A": {"strategy": "trusted"}, "B": {"strategy": "uniform"}})


def test_values_are_read_from_text_as_from_lists(scenario: Scenario) -> None:
    listed, spread, words = axes(
        scenario,
        {"rules.surplus": "0, 0.1,0.2", "rules.trust_weight": "1:3:5", "firms.A.strategy.consent": "prompt,banner"},
    )
    assert listed.levels == (0, 0.1, 0.2)
    assert spread.levels == (1.0, 1.5, 2.0, 2.5, 3.0)
    assert (words.levels, words.own, words.numeric) == (("prompt", "banner"), "prompt", False)
    assert axes(scenario, {"rules.trust_weight": Range(1, 3, 5)})[0].levels == spread.levels
    assert (listed.unit, listed.own) == ("share of the basket", scenario.rules.surplus)


def test_a_star_stands_for_every_firm(scenario: Scenario) -> None:
    (axis,) = axes(scenario, {"firms.*.economics.platform_cost": "0:100"})
    assert axis.paths == ("firms.A.economics.platform_cost", "firms.B.economics.platform_cost")
    assert axis.changes(7.0) == dict.fromkeys(axis.paths, 7.0)
    assert axis.own == scenario.firms["A"].economics.platform_cost
    (mixed,) = axes(scenario, {"firms.*.strategy.depth": "0:1"})
    assert mixed.own is None  # the two firms differ in it


def test_counts_stay_whole_and_are_not_repeated(scenario: Scenario) -> None:
    (axis,) = axes(scenario, {"horizon_months": "1:3:9"})
    assert axis.levels == (1, 2, 3)
    assert [axis.at(place) for place in (0.0, 0.3, 1.0)] == [1, 2, 3]


def test_places_run_over_the_whole_axis(scenario: Scenario) -> None:
    words, numbers = axes(scenario, {"firms.A.strategy.consent": "none,prompt,banner", "rules.surplus": "0.1:0.3"})
    assert [words.at(place) for place in (0.0, 0.34, 0.67, 1.0)] == ["none", "prompt", "banner", "banner"]
    assert [numbers.at(place) for place in (0.0, 0.5, 1.0)] == [0.1, 0.2, 0.3]
    assert numbers.place(0.2) == pytest.approx(0.5)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no such path": ({"rules.surplos": "0:1"}, "did you mean rules.surplus"),
    "nothing for the star": ({"rules.*": "0:1"}, "there is no rules.\\*"),
    "one value": ({"rules.surplus": "0.1"}, "has one value, 0.1; two or more"),
    "one value twice": ({"rules.surplus": [0.1, 0.1]}, "has one value"),
    "no value": ({"rules.surplus": []}, "has no value"),
    "a list for a value": ({"rules.surplus": [0.1, [0.2]]}, "is no value of the axis rules.surplus"),
    "one step": ({"rules.surplus": "0:0.2:1"}, "has 1 steps"),
    "an empty range": ({"rules.surplus": "0.2:0.2"}, "0.2:0.2, holds nothing"),
    "a range the wrong way round": ({"rules.surplus": "0.2:0.1"}, "0.2:0.1, holds nothing"),
    "an endless range": ({"rules.surplus": "0:inf"}, "both are finite"),
    "words for a range": ({"rules.surplus": "low:high"}, "'low:high', is none"),
    "a lever outside its bounds": ({"firms.A.strategy.depth": "0:1.5"}, "firms.A.strategy.depth is 1.5"),
    "a number for a word": ({"firms.A.strategy.consent": "0:1"}, "firms.A.strategy.consent is 0"),
    "no such word": ({"firms.A.strategy.consent": "prompt,promt"}, "promt"),
    "the same number twice": (
        {"firms.A.economics.platform_cost": "0:1", "firms.*.economics.platform_cost": "0:1"},
        "two axes change firms.A.economics.platform_cost",
    ),
    "nothing": ({}, "nothing is varied"),
    "whole numbers too near": ({"horizon_months": "1.1:1.4"}, "whole number"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_axis_is_refused_in_one_sentence(scenario: Scenario, case: str) -> None:
    varied, said = BAD[case]
    with pytest.raises(InputError, match=said):
        axes(scenario, varied)


def test_an_axis_of_words_is_no_axis_of_a_map(scenario: Scenario) -> None:
    (words,) = axes(scenario, {"firms.A.strategy.consent": "prompt,banner"})
    with pytest.raises(InputError, match="takes the word 'prompt'"):
        numeric(words)
    (listed,) = axes(scenario, {"rules.surplus": "0.2,0,0.1"})
    assert numeric(listed).range == Range(0.0, 0.2)


@pytest.mark.parametrize("text", ["rules.surplus", "=1", "rules.surplus="])
def test_text_without_path_or_values_varies_nothing(text: str) -> None:
    with pytest.raises(InputError, match="varies nothing"):
        parse_axis(text)
