"""`with_` and `--set` change what a dotted path names, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.demand import Lapse, Lifetime
from sim.errors import InputError
from sim.scenario_file import changed, parse_setting, read
from sim.strategy import PRESETS, Strategy
from sim.supply import Economics, Firm

BASE = read(
    """
firms:
  Trusted: {strategy: trusted}
  The Rival: {strategy: uniform}
rules:
  surplus: {value: 0.1, unit: share of the basket, source: a survey, range: [0.0, 0.2], note: old, se: 0.02, n: 90}
events:
- {kind: change, month: 3, firm: Trusted, levers: {price: 0.9}}
"""
)


def test_a_number_changes_and_the_rest_stays() -> None:
    after = BASE.with_({"firms.Trusted.strategy.depth": 0.5})
    assert after.firms["Trusted"].strategy == PRESETS["trusted"].model_copy(update={"depth": 0.5})
    assert after.with_({"firms.Trusted.strategy.depth": 0.6}).hash == BASE.hash


PATHS = ["firms.Trusted.strategy.depth", "rules.surplus", "customers.threshold.at_zero", "firms.The Rival.appeal"]


@given(st.dictionaries(st.sampled_from(PATHS), st.floats(0, 0.9)))
def test_with_never_mutates_and_sets_exactly_what_it_is_told(changes: dict[str, float]) -> None:
    before = BASE.model_dump_json()
    after = {path: value for path, value, _ in BASE.with_(changes).assumptions()}
    assert BASE.model_dump_json() == before
    assert after == {path: value for path, value, _ in BASE.assumptions()} | changes


def test_a_refused_change_leaves_the_scenario_alone() -> None:
    before = BASE.model_dump_json()
    with pytest.raises(InputError):
        BASE.with_({"rules.surplus": 0.2, "firms.The Rival": None, "rules.nonsense": 1})
    assert BASE.model_dump_json() == before


def test_the_values_given_are_not_kept_by_reference() -> None:
    levers = {"price": 0.8}
    after = BASE.with_({"events": [{"kind": "change", "month": 1, "levers": levers}]})
    levers["price"] = 5.0
    assert after.events[0].levers == {"price": 0.8}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "attribute", "expected"),
    [
        ({"firms.Trusted.strategy": "extractive"}, "firms.Trusted.strategy", PRESETS["extractive"]),
        ({"firms.Trusted.strategy": PRESETS["uniform"]}, "firms.Trusted.strategy", PRESETS["uniform"]),
        ({"firms.Trusted.strategy": {"depth": 0.3}}, "firms.Trusted.strategy", Strategy(depth=0.3)),
        (
            {"firms.Trusted.strategy": {"preset": "trusted", "depth": 0.3}},
            "firms.Trusted.strategy",
            PRESETS["trusted"].model_copy(update={"depth": 0.3}),
        ),
        ({"firms.New One": {"strategy": "trusted"}}, "firms.New One", Firm(strategy=PRESETS["trusted"])),
        ({"firms.New": {}, "firms.New.strategy.depth": 0.2}, "firms.New.strategy.depth", 0.2),
        ({"firms.New": {"strategy": "trusted"}, "firms.New.strategy.depth": 0.2}, "firms.New.strategy.memory", 0.8),
        ({"firms.The Rival.economics": Economics(fixed_cost=1)}, "firms.The Rival.economics.fixed_cost", 1.0),
        ({"events": []}, "events", ()),
        ({"events.0.month": 7}, "events.0.month", 7),
        ({"events.0.levers.depth": 0.1}, "events.0.levers", {"price": 0.9, "depth": 0.1}),
        ({"review": {"every_months": 6}}, "review.every_months", 6),
        ({"review.every_months": 6}, "review.every_months", 6),
        ({"review": {}, "review.every_months": 6, "customers.lapse": {}}, "customers.lapse", Lapse()),
        ({"customers.lapse.a": 1}, "customers.lapse", Lapse(a=1)),
        ({"customers.lapse.kind": "lifetime"}, "customers.lapse", Lifetime(kind="lifetime")),
        (
            {"customers.lapse.a": 1, "customers.lapse.kind": "lifetime", "customers.lapse.shape": 2},
            "customers.lapse",
            Lifetime(kind="lifetime", shape=2),
        ),
        ({"customers.lapse": {"kind": "lifetime"}, "customers.lapse.kind": "per-purchase"}, "customers.lapse", Lapse()),
        ({"customers.lapse": {}, "review": None}, "review", None),
        ({"customers.basket.kind": "gamma-gamma"}, "customers.basket.mean", 50.0),
        ({"customers.basket": {"kind": "gamma-gamma", "mean": 20}}, "customers.basket.mean", 20.0),
        ({"customers.count": 5e4}, "customers.count", 50_000),
        ({"customers.count": np.int64(500)}, "customers.count", 500),
        ({"rules.surplus": np.float32(0.25)}, "rules.surplus", 0.25),
        ({"customers.segments": {"a": {"share": 0.5}, "b": {"share": 0.5}}}, "customers.segments.b.share", 0.5),
        ({"title": "Another"}, "title", "Another"),
    ],
    ids=str,
)
def test_whatever_could_stand_in_a_file_can_be_set(change: dict[str, Any], attribute: str, expected: Any) -> None:
    found: Any = BASE.with_(change)
    for key in attribute.split("."):
        found = found[key] if isinstance(found, dict) else found[int(key)] if key.isdecimal() else getattr(found, key)
    assert found == expected
    assert type(found) is type(expected)


def test_none_removes_a_firm() -> None:
    assert list(BASE.with_({"firms.The Rival": None}).firms) == ["Trusted"]


def test_a_new_firm_comes_last_and_a_changed_one_keeps_its_place() -> None:
    after = BASE.with_({"firms.New": {}, "firms.Trusted": {"strategy": "uniform"}})
    assert list(after.firms) == ["Trusted", "The Rival", "New"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"firms.Trusted.strategy.dept": 0.5},
            r"there is no firms\.Trusted\.strategy\.dept .*; did you mean firms\.Trusted\.strategy\.depth ",
        ),
        ({"depth": 0.5}, r"there is no depth .*; did you mean firms\.Trusted\.strategy\.depth or firms\.The Rival"),
        ({"firms.Trused.strategy.depth": 0.5}, r"there is no firms\.Trused.* firms\.Trusted\.strategy\.depth"),
        ({"review.every_month": 6}, r"there is no review\.every_month .* review\.every_months"),
        ({"events.1.month": 6}, r"there is no events\.1\.month .* events\.0\.month"),
        ({"firms.Nobody": None}, r"there is no firms\.Nobody "),
        ({"rules.surplus.value": 0.5}, r"there is no rules\.surplus\.value .* rules\.surplus"),
        ({"notes": {}}, r"there is no notes "),
        ({"": 1}, r"there is no empty path "),
        ({"firms.": {}}, r"there is no firms\. "),
        ({"firms.Trusted.strategy.depth": 1.5}, r"^firms\.Trusted\.strategy\.depth is 1\.5; .* from 0 to 1 \(share\)$"),
        ({"firms.Trusted.strategy.depth": True}, r"^firms\.Trusted\.strategy\.depth is true; .* a number"),
        ({"firms.Trusted.strategy.depth": "0.5"}, r"is the text '0\.5'; .* without quotation marks$"),
        ({"firms.Trusted.strategy.depth": None}, r"^firms\.Trusted\.strategy\.depth is empty; "),
        ({"firms.Trusted.strategy": "trustd"}, r"^firms\.Trusted\.strategy is .*'trustd'.*did you mean trusted\?$"),
        ({"firms.New": {"stratgy": "trusted"}}, r"^unknown key firms\.New\.stratgy; did you mean strategy\?$"),
        ({"firms.a=b": {}}, r"'a=b' is no name .* without dots and equals signs"),
        ({"firms.Trusted": None}, r"events\.0\.firm is the text 'Trusted', which is no firm; .*The Rival"),
        ({"firms": None}, r"^firms is empty; it must be a mapping"),
        ({"firms": {}, "events": []}, r"^firms has 0 entries; at least 1 would be right$"),
        ({"customers.count": 10**400}, r"^customers\.count is too large a number; .* 10 to 10000000 \(customers\)$"),
        ({"rules.surplus": float("nan")}, r"^rules\.surplus is nan; "),
        (
            {"rules.surplus": {"value": 0.2, "unit": "percent"}},
            r"^rules\.surplus .*'percent'; .*'share of the basket'",
        ),
        ({"rules.leave_below": 0.9}, r"^rules: leave_below must be at most withdraw_below \(0\.4\), but is 0\.9$"),
    ],
    ids=str,
)
def test_a_change_that_cannot_be_made_is_refused_in_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        BASE.with_(change)
    assert "\n" not in str(caught.value)


def test_a_changed_number_loses_its_old_source_and_keeps_its_plausible_range() -> None:
    note = BASE.with_({"rules.surplus": 0.15}).notes["rules.surplus"]
    assert note.source == "set by the user"
    assert (note.range, note.unit) == ((0.0, 0.2), "share of the basket")
    assert (note.note, note.se, note.n) == (None, None, None)


def test_a_changed_number_may_bring_its_own_source() -> None:
    note = changed(BASE, {"rules.surplus": {"value": 0.15, "source": "our pilot", "n": 12}}).notes["rules.surplus"]
    assert (note.source, note.n, note.range) == ("our pilot", 12, None)


def test_notes_of_what_is_replaced_go_and_notes_beside_it_stay() -> None:
    after = BASE.with_({"firms.Trusted.strategy": {"preset": "trusted", "depth": 0.2}, "firms.Trusted.appeal": 0.1})
    assert set(after.notes) == {"rules.surplus", "firms.Trusted.strategy.depth", "firms.Trusted.appeal"}
    assert after.notes["rules.surplus"] == BASE.notes["rules.surplus"]
    assert set(after.with_({"firms.Trusted": {}, "rules": {}}).notes) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("firms.Trusted.strategy.depth=0.5", ("firms.Trusted.strategy.depth", 0.5)),
        ("firms.The Rival.strategy = trusted", ("firms.The Rival.strategy", "trusted")),
        ("rules.surplus=1e-3", ("rules.surplus", 0.001)),
        ("customers.count=20_000", ("customers.count", 20_000)),
        ("review=null", ("review", None)),
        ("review={every_months: 6}", ("review", {"every_months": 6})),
        ("events=[]", ("events", [])),
        ("title=a=b", ("title", "a=b")),
        ("title='0.5'", ("title", "0.5")),
    ],
)
def test_a_setting_is_a_path_and_a_yaml_value(text: str, expected: tuple[str, Any]) -> None:
    assert parse_setting(text) == expected


@pytest.mark.parametrize(
    "text", ["", "depth", "=0.5", "depth=", " = ", "a=[1", "a={b: 1", "a=!!python/name:os.system", "a=*b"]
)
def test_a_setting_that_says_nothing_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(InputError, match=rf"KEY=VALUE|^the value of a, {re.escape(repr(text[2:]))}, cannot be read: "):
        parse_setting(text)
