"""The patterns that the model is judged by, the headline under changed assumptions, and the page that tells of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.experiment import patterns
from sim.experiment.headline import explore, variations, verdict
from sim.experiment.patterns import PATTERNS, named
from sim.experiment.reading import Reading, market_of
from sim.experiment.statistics import Interval
from sim.present.document import markdown_table, with_block
from sim.present.validation import PATTERN_COLUMNS, pattern_rows
from sim.scenario import Scenario
from sim.scenario_file import load

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "expected"), [(0.2, "hit"), (0.28, "hit"), (0.199, "miss"), (0.3, "miss"), (math.nan, "miss")]
)
def test_the_verdict_is_computed_from_the_published_range(value: float, expected: str) -> None:
    assert Reading("P", "m", 0.20, 0.28, "s", Interval(value, value, value)).verdict == expected


def test_a_value_in_range_whose_interval_leaves_out_the_central_figure_is_no_hit() -> None:
    assert Reading("P", "m", 0.20, 0.28, "s", Interval(0.21, 0.20, 0.22), 0.27).verdict == "in range"
    assert Reading("P", "m", 0.20, 0.28, "s", Interval(0.24, 0.20, 0.28), 0.27).verdict == "hit"


@pytest.mark.parametrize("name", ["P3", "P5", "P6", "P11"])
def test_the_page_tells_what_the_model_gives_today(name: str) -> None:
    fresh = markdown_table(PATTERN_COLUMNS, pattern_rows(PATTERNS[name]())).splitlines()[2:]
    assert fresh
    for row in fresh:
        assert row in PAGE, "docs/validation.md is out of date: roi validate --document docs/validation.md"


def test_the_page_tells_of_every_pattern_with_the_command_that_shows_it() -> None:
    for name in PATTERNS:
        assert f"`roi validate {name}`" in PAGE


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("P3", {"rules.base_relevance": 1.0}),
        ("P4", {"rules.reactance": 0.0}),
        ("P5", {"rules.reactance": 0.0}),
        ("P6", {"rules.reactance": 0.0, "rules.intrusion_weight": 0.0}),
        ("P2", {"rules.grant_prompt": 3.0}),
    ],
)
def test_a_pattern_misses_once_its_mechanism_is_switched_off(
    name: str, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = market_of

    def without(strategies: dict[str, Any], **changes: Any) -> Scenario:
        return whole(strategies, **changes).with_({**change, "customers.count": 1500})

    monkeypatch.setattr(patterns, "market_of", without)
    monkeypatch.setattr(patterns, "REPLICATIONS", 4)
    assert "miss" in {reading.verdict for reading in PATTERNS[name]()}


def test_an_unknown_pattern_is_refused_with_the_ones_there_are() -> None:
    assert named(["p3", "P12"]) == ["P3", "P12"]
    with pytest.raises(InputError, match=r"'P13'.*P12"):
        named(["P13"])


def test_every_variation_is_a_valid_scenario_and_the_first_changes_nothing() -> None:
    for path in sorted((ROOT / "scenarios").glob("*.yaml")):
        scenario = load(path)
        changes = variations(scenario, next(iter(scenario.firms)))
        hashes = [scenario.with_(change).hash for change in changes.values()]
        assert hashes[0] == scenario.hash
        assert len(set(hashes)) > len(hashes) - 5, "variations differ, save those that the scenario already is"


def test_the_headline_turns_round_where_there_is_nothing_to_match() -> None:
    scenario = load(ROOT / "scenarios" / "retail.yaml").with_({"customers.count": 600, "horizon_months": 24})
    chosen = {
        words: change
        for words, change in variations(scenario, "Trusted").items()
        if words in ("tastes alike: nothing to match", "platform costs nothing")
    }
    table = explore(scenario, "Trusted", 5, chosen).set_index("assumption")
    assert table.loc["tastes alike: nothing to match", "verdict"] == "loses"
    assert table.loc["platform costs nothing", "verdict"] == "pays"


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(1.0, 3.0, "pays"), (-3.0, -1.0, "loses"), (-1.0, 3.0, "uncertain")]
)
def test_the_verdict_is_no_more_certain_than_the_interval(low: float, high: float, expected: str) -> None:
    class Told:
        def interval(self, measure: str) -> Interval:
            assert measure == "npv_difference"
            return Interval((low + high) / 2, low, high)

    assert verdict(Told()) == expected  # type: ignore[arg-type]


def test_a_block_is_renewed_and_nothing_around_it() -> None:
    text = "before <!-- t: begin -->old<!-- t: end --> after"
    assert with_block(text, "t", "new") == "before <!-- t: begin -->\n\nnew\n\n<!-- t: end --> after"
    with pytest.raises(InputError, match="t: begin"):
        with_block("nothing here", "t", "new")
