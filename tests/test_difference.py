"""What differs between two scenarios: everything that the outcome depends on, nothing else, and in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.files.difference import Difference, differences, said_otherwise
from sim.files.library import SECTORS, SHOCKS, found
from sim.present.difference import finding, sentence, sources, told
from sim.scenario import Scenario
from sim.scenario_file import read
from tests.markets import examples, scenarios

NAMES = (*SECTORS, *SHOCKS, "retail", "cdnow", "alike")
LIBRARY = {name: found(name) for name in NAMES}
BANK = LIBRARY["bank"]
NUMBERS = [
    (path, value, said)
    for path, value, said in BANK.assumptions()
    if said.least < said.most and path not in ("rules.withdraw_below", "rules.leave_below")
    if not path.startswith("customers.threshold.at_")
]
USUAL = {path: value for path, value, _ in NUMBERS}


def mentioned(found: list[Difference], path: str) -> bool:
    """Whether a path is one that a difference is about, or lies in a part that is."""
    return any(f"{path}.".startswith(f"{place}.") for one in found for place in one.paths)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_differs_from_itself(name: str) -> None:
    scenario = LIBRARY[name]
    assert differences(scenario, scenario) == []
    assert said_otherwise(scenario, scenario) == []
    assert told(scenario, scenario) == {}
    assert finding(scenario, scenario).startswith("Nothing that the outcome depends on differs between ")
    assert scenario.hash in finding(scenario, scenario)
    assert sources(scenario, scenario) == ""


@given(data=st.data())
def test_every_number_that_was_changed_is_mentioned_and_no_other(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=6, unique_by=lambda one: one[0]))
    changes: dict[str, float] = {}
    for path, value, said in chosen:
        low, high = max(said.least, value - 5.0), min(said.most, value + 5.0)
        other = data.draw(st.floats(low, high))
        changes[path] = other if other != value else low if low != value else high
    after = BANK.with_(changes)
    apart = differences(BANK, after)
    assert sorted(place for one in apart for place in one.paths) == sorted(changes)
    for one in apart:
        for place in one.paths:
            assert (one.before, one.after) == (USUAL[place], changes[place])
        words = sentence(one, BANK, after)
        new, old = words.rpartition(": ")[2].split(" instead of ")
        assert new != old.rpartition(" ")[0]
        assert new != old


@settings(max_examples=examples(0.3))
@given(before=scenarios(), after=scenarios())
def test_something_differs_exactly_where_the_hashes_do(before: Scenario, after: Scenario) -> None:
    assert bool(differences(before, after)) == (before.hash != after.hash)
    assert differences(before, before.model_copy(update={"title": "another", "description": "words"})) == []
    there, back = differences(before, after), differences(after, before)
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    key = lambda one: (one.paths, one.change, repr(one.before), repr(one.after))  # noqa: E731
    back_again = [Difference(one.paths, turned[one.change], one.after, one.before) for one in back]  # type: ignore[arg-type]
    assert sorted(map(key, there)) == sorted(map(key, back_again))
    for part in told(before, after).values():
        assert all(words and "\n" not in words for words, _ in part)


@pytest.mark.parametrize(
    ("changes", "part", "words"),
    [
        ({"customers.basket.mean": 40}, "Customers", "Mean basket: 40 USD instead of 25 USD per trip"),
        ({"customers.count": 500}, "Customers", "Number of customers: 500 instead of 10,000 customers"),
        ({"customers.vigilance.mean": 0.3}, "Customers", "Vigilance, mean over customers: 30 % instead of 15 %"),
        ({"rules.surplus": 0.07}, "Rules", "Value made by a fully relevant offer: 7 % instead of 5 % of the basket"),
        ({"horizon_months": 24}, "Time and money", "Length of the run: 24 instead of 60 months"),
        ({"firms.Trusted.economics.gross_margin": 0.7}, "Firms",
         "Trusted, gross margin: 70 % instead of 80 % of sales at par price"),
        ({f"firms.{name}.economics.gross_margin": 0.7 for name in BANK.firms}, "Firms",
         "All firms, gross margin: 70 % instead of 80 % of sales at par price"),
        ({f"firms.{name}.economics.gross_margin": 0.7 for name in ("Trusted", "Uniform")}, "Firms",
         "Trusted and Uniform, gross margin: 70 % instead of 80 % of sales at par price"),
        ({"firms.Trusted.strategy.consent": "banner"}, "Firms", "Trusted, consent: banner instead of prompt"),
        ({"firms.Third": {"strategy": {"preset": "trusted", "depth": 0.5}}}, "Firms",
         "Firm Third: follows the strategy trusted with depth 0.5; only in the second bank"),
        ({"firms.Uniform": None}, "Firms", "Firm Uniform: follows the strategy uniform; not in the second bank"),
        ({"customers.contract": None}, "Customers",
         "Contracts that run until they are cancelled: mean 0.9856, concentration 10; not in the second bank"),
        ({"customers.segments": {"all": {"share": 1}}}, "Customers",
         "Segment all: share 1, threshold (at zero 0.186, at one 0.055, a 1.26, b 1.71), vigilance (mean 0.15, "
         "concentration 4); only in the second bank"),
        ({"customers.basket": {"kind": "gamma-gamma", "mean": 25}}, "Customers",
         "Basket: gamma-gamma with mean 25, shape within 6.25, shape between 3.74 instead of lognormal with mean 25, "
         "sd between 0.5, sd within 0.5"),
        ({"events": [{"kind": "breach", "month": 3, "firm": "Trusted"}]}, "Events",
         "An event: in month 3 the data of Trusted are breached; only in the second bank"),
        ({"events": [{"kind": "expose", "month": 3, "firm": "Trusted"}]}, "Events",
         "An event: in month 3 the press exposes Trusted; only in the second bank"),
        ({"events": [{"kind": "law", "month": 9, "consent": "unticked"}]}, "Events",
         "An event: in month 9 a law asks for the consent frame unticked at least; only in the second bank"),
        ({"events": [{"kind": "change", "month": 2, "until": 5, "levers": {"price": 0.9}}]}, "Events",
         "An event: in month 2 every firm changes price 0.9, until month 5; only in the second bank"),
        ({"review": {"every_months": 6}}, "Events",
         "Review of strategies: every months 6, temperature 0.05; only in the second bank"),
        ({"entry_exit": {"entrants": ["trusted"]}}, "Events",
         "Entry and exit: entry delay 12, entrants 1; only in the second bank"),
        ({"currency": "EUR"}, "Time and money", "Unit of all money: EUR instead of USD"),
    ],
)  # fmt: skip
def test_a_difference_is_told_in_words(changes: dict[str, Any], part: str, words: str) -> None:
    after = BANK.with_(changes)
    assert [line for line, _ in told(BANK, after)[part]] == [words]
    assert finding(BANK, after) == (
        f"Compared with the first bank, the second bank differs in one thing: {part.lower()} 1."
    )


def test_lists_differ_by_what_is_in_them_or_else_by_their_order() -> None:
    first, second = ({"kind": "breach", "month": month, "firm": "Trusted"} for month in (3, 9))
    both = BANK.with_({"events": [first, second]})
    one = differences(both, BANK.with_({"events": [second]}))
    assert [(each.change, each.before.month) for each in one] == [("removed", 3)]
    (order,) = differences(both, BANK.with_({"events": [second, first]}))
    assert order.change == "changed"
    assert " instead of " in sentence(order, both, both)


def test_numbers_that_read_the_same_are_told_to_the_last_digit() -> None:
    close = BANK.with_({"rules.surplus": 0.05 + 1e-15})
    ((words, path),) = told(BANK, close)["Rules"]
    new, old = words.split(": ")[1].split(" instead of ")
    assert new != old
    assert path == "rules.surplus"


def test_the_same_numbers_with_other_sources_are_told_apart() -> None:
    one = read("firms: {A: {}}\nrules: {surplus: {value: 0.1, source: mine}}\n", name="one")
    other = read("firms: {A: {}}\nrules: {surplus: {value: 0.1, source: yours}}\n", name="other")
    assert differences(one, other) == []
    assert said_otherwise(one, other) == ["rules.surplus"]
    assert sources(one, other) == "They say different things (source, range, error) of one number: rules.surplus."
    assert said_otherwise(one, other.with_({"rules.surplus": 0.2})) == [], "that they differ is told elsewhere"


def test_a_part_of_a_scenario_that_is_only_in_one_is_mentioned_with_all_that_is_in_it() -> None:
    apart = differences(LIBRARY["grocery"], LIBRARY["media"])
    assert mentioned(apart, "customers.contract.mean")
    assert mentioned(apart, "firms.Trusted B.economics.gross_margin")
    assert not mentioned(apart, "firms.Trusted.strategy.depth")
