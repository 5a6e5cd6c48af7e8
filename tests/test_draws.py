"""Draws are a pure function of their address, are what they claim to be, and never share an address."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import draws, rules
from sim.draws import (
    BASKET,
    CONTRACT,
    FEELING,
    MASK,
    MONTH,
    OFFER,
    PERSON,
    PURCHASE,
    STREAM,
    TRIP,
    Stream,
    philox,
    uniform_columns,
    uniforms,
)
from sim.market import compiled, simulate
from sim.market.compiled import numba_missing
from tests.markets import differing, fast, market

ROOT = Path(__file__).resolve().parent.parent
MOST_FIRMS = 12
LEVEL = 1e-6
"""Chance with which each statistical test here would have failed before its seed was fixed."""

word = st.one_of(st.sampled_from([0, 1, MASK - 1, MASK, 1 << 31, (1 << 31) - 1]), st.integers(0, MASK))

# Known-answer tests published with Random123 for Philox4x32-10: counter, key, result.
VECTORS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> tuple[int, ...]:
    return tuple(int(part, 16) for part in text.split())


@pytest.mark.parametrize(("counter", "key", "result"), VECTORS, ids=["zeros", "ones", "pi"])
def test_the_generator_gives_the_published_vectors(counter: str, key: str, result: str) -> None:
    address = (*words(counter), *words(key))
    assert philox(*address) == words(result)
    assert tuple(fast(philox)(*address)) == words(result)
    on_the_grid = uniform_columns(*address) * 2.0**32 - 0.5
    assert tuple(on_the_grid.astype(np.int64)) == words(result)


@given(c0=word, c1=word, c2=word, purpose=word, seed=word, replication=word)
def test_scalar_vectorised_and_compiled_draws_agree(
    c0: int, c1: int, c2: int, purpose: int, seed: int, replication: int
) -> None:
    address = (c0, c1, c2, purpose, seed, replication)
    scalar = uniforms(*address)
    assert tuple(fast(uniforms)(*address)) == scalar
    assert tuple(uniform_columns(*address)) == scalar
    assert all(0.0 < luck < 1.0 for luck in scalar)


@given(people=st.lists(word, min_size=1, max_size=6), steps=st.lists(word, min_size=1, max_size=4), seed=word)
def test_a_table_of_draws_is_made_of_the_scalar_draws(people: list[int], steps: list[int], seed: int) -> None:
    table = uniform_columns(np.array(people), np.array(steps)[:, None], 7, PERSON, seed, 3)
    assert table.shape == (4, len(steps), len(people))
    for s, step in enumerate(steps):
        for p, person in enumerate(people):
            assert tuple(table[:, s, p]) == uniforms(person, step, 7, PERSON, seed, 3)


@pytest.mark.parametrize("extreme", [0, MASK])
def test_a_uniform_is_never_zero_or_one(extreme: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the outermost words give uniforms of which the logarithm, and that of the complement, exist."""
    monkeypatch.setattr(draws, "philox", lambda *address: (extreme,) * 4)
    for luck in uniforms(0, 0, 0, 0, 0, 0):
        assert 0.0 < luck < 1.0
        assert np.isfinite(rules.gumbel(luck))


# Addresses ----------------------------------------------------------------------------------------------------------


def names_of_streams() -> list[str]:
    """Every name that the package gives to a stream."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim").rglob("*.py"))
    return sorted(set(re.findall(r"\b[Ss]tream\(\s*\"([^\"]+)\"", text)))


def test_purposes_have_ranges_that_never_meet() -> None:
    """Also with the largest number of firms, and with as many attempts at a basket as have room."""
    ranges = {
        "trip": range(TRIP, TRIP + 1),
        "purchase": range(PURCHASE, PURCHASE + 1),
        "basket": range(BASKET, BASKET + 500),
        "offer": range(OFFER, OFFER + MOST_FIRMS),
        "feeling": range(FEELING, FEELING + MOST_FIRMS),
        "month": range(MONTH, MONTH + MOST_FIRMS),
        "person": range(PERSON, PERSON + 2 + (MOST_FIRMS + 3) // 4),
        "contract": range(CONTRACT, CONTRACT + 1),
    }
    used = Counter(purpose for purposes in ranges.values() for purpose in purposes)
    assert max(used.values()) == 1
    assert max(used) < STREAM


def test_every_stream_has_a_purpose_of_its_own() -> None:
    names = names_of_streams()
    assert {"contacts", "breach", "staff", "review"} <= set(names)
    luck = {Stream(name, 1, 2).uniforms(3, 4) for name in names}
    assert len(luck) == len(names)


@given(steps=st.lists(st.integers(0, 2**31), min_size=1, max_size=8))
def test_a_calendar_gives_in_each_month_what_the_stream_gives(steps: list[int]) -> None:
    stream = Stream("weather", 5, 6)
    people, firms = np.arange(3)[:, None], np.arange(2)
    one, many = stream.calendar(firms), stream.calendar(people, firms)
    for step in (*steps, 0, 11, 12, 13, 24, 12):
        np.testing.assert_array_equal(one.month(step), stream.columns(firms, step))
        np.testing.assert_array_equal(many.month(step), stream.columns(people, step, firms))


def test_no_draw_of_a_run_is_used_for_two_things(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address that a run with twelve firms asks for, it asks for once."""
    asked: Counter[tuple[int, ...]] = Counter()

    def scalar(*address: int) -> tuple[float, float, float, float]:
        asked[tuple(int(part) for part in address)] += 1
        return uniforms(*address)

    def table(*address: Any) -> Any:
        for each in np.broadcast(*address[:4]):
            asked[(*(int(part) for part in each), *address[4:])] += 1
        return uniform_columns(*address)

    monkeypatch.setattr(compiled, "compiled", lambda kernel: kernel)  # machine code could not be listened to
    for module in [one for name, one in sys.modules.items() if name.startswith("sim.")]:
        for name, listener in (("uniforms", scalar), ("uniform_columns", table)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, listener)
    kinds = ("trusted", "extractive", "uniform")
    scenario = market(
        {f"Firm {number}": {"strategy": kinds[number % 3]} for number in range(MOST_FIRMS)},
        horizon_months=4,
        customers={
            "count": 80,
            "turnover": 0.1,
            "basket": {"kind": "gamma-gamma", "shape_within": 0.5},
            "contract": {"mean": 0.5},
        },
        rules={"breach_rate": 5.0, "expose_rate": 5.0, "audit_rate": 5.0, "withdraw_below": 0.9, "leave_below": 0.9},
        review={"every_months": 1},
        entry_exit={"entry_delay": 1, "entrants": ["trusted"]},
    )
    simulate(scenario, seed=3, customers="agents", replication=4)
    purposes = {address[3] for address in asked}
    expected = {TRIP, PURCHASE, BASKET, OFFER + MOST_FIRMS - 1, FEELING, MONTH, PERSON, PERSON + 4, CONTRACT}
    assert expected <= purposes, "the run drew for every purpose"
    assert max(purposes) >= STREAM
    assert {address[4:] for address in asked} == {(3, 4)}
    assert [address for address, times in asked.items() if times > 1] == []


def test_a_new_purpose_moves_no_other_decisions_draws() -> None:
    """A process that draws as much as it likes, from a stream of its own, leaves the market as it was."""
    scenario = market({"Trusted": {"strategy": "trusted"}, "Uniform": {}}, customers={"turnover": 0.05})
    drawn: list[float] = []

    def gambler(market: Any) -> Any:
        while True:
            drawn.extend(market.stream("gambling").uniforms(1, market.month))
            yield market.env.timeout(0.5)

    assert differing(simulate(scenario), simulate(scenario, processes=[gambler])) == []
    assert len(drawn) > 40


# Distributions ------------------------------------------------------------------------------------------------------


def limit(n: int = 1) -> float:
    """How many standard deviations a normal statistic may be off, so that all of n tests pass but with LEVEL."""
    return float(stats.norm.isf(LEVEL / 2 / n))


def test_uniforms_are_uniform_and_independent() -> None:
    """Means, variances, correlations within and between neighbouring addresses, and the whole distribution.

    Error probability 1e-6 for each of the 4 + 4 + 6 + 4 moments together, and 1e-6 for each of four KS tests.
    """
    n = 200_000
    luck = uniform_columns(np.arange(n), 1, 0, TRIP, 20, 26)
    moments = 18
    for word_number in range(4):
        one = luck[word_number]
        assert abs(one.mean() - 0.5) < limit(moments) * np.sqrt(1 / 12 / n)
        assert abs(((one - 0.5) ** 2).mean() - 1 / 12) < limit(moments) * np.sqrt(1 / 180 / n)
        assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < limit(moments) / np.sqrt(n)
        assert stats.kstest(one, "uniform").pvalue > LEVEL
        for other in range(word_number):
            assert abs(np.corrcoef(one, luck[other])[0, 1]) < limit(moments) / np.sqrt(n)


@pytest.mark.parametrize(
    "other", [(0, 1, 0, TRIP, 20, 27), (0, 1, 0, TRIP, 21, 26), (0, 2, 0, TRIP, 20, 26), (0, 1, 0, OFFER, 20, 26)]
)
def test_neighbouring_seeds_replications_generations_and_purposes_are_unrelated(other: tuple[int, ...]) -> None:
    """Correlation over 100 000 people; error probability 1e-6."""
    n = 100_000
    here = uniform_columns(np.arange(n), 1, 0, TRIP, 20, 26)
    there = uniform_columns(np.arange(n), *other[1:])
    assert abs(np.corrcoef(here[0], there[0])[0, 1]) < limit() / np.sqrt(n)


def test_normal_variates_are_normal() -> None:
    """The whole distribution by KS, and mean, variance and skewness; error probability 1e-6 each."""
    n = 50_000
    first, second, _, _ = uniform_columns(np.arange(n), 0, 0, PURCHASE, 1, 2)
    compiled_normal = fast(rules.normal)
    values = np.array([compiled_normal(a, b) for a, b in zip(first, second, strict=True)])
    assert stats.kstest(values, "norm").pvalue > LEVEL
    assert abs(values.mean()) < limit() / np.sqrt(n)
    assert abs(values.var() - 1.0) < limit() * np.sqrt(2 / n)
    assert abs((values**3).mean()) < limit() * np.sqrt(15 / n)


@pytest.mark.parametrize("shape", [0.1, 0.6, 1.0, 1.5, 6.25, 80.0])
def test_gamma_variates_are_gamma(shape: float) -> None:
    """The whole distribution by KS, and the mean; error probability 1e-6 each."""
    n = 20_000
    variate = fast(rules.gamma_variate)
    values = np.array([variate(i, 0, 1, shape, 5, 6) for i in range(n)])
    assert stats.kstest(values, "gamma", args=(shape,)).pvalue > LEVEL
    assert abs(values.mean() - shape) < limit() * np.sqrt(shape / n)


def test_gumbel_variates_are_gumbel() -> None:
    """KS; error probability 1e-6."""
    luck = uniform_columns(np.arange(20_000), 0, 0, OFFER, 1, 2)[2]
    values = np.array([rules.gumbel(float(one)) for one in luck])
    assert stats.kstest(values, "gumbel_r").pvalue > LEVEL


@pytest.mark.skipif(bool(numba_missing()), reason="without Numba nothing is compiled")
@given(
    shape=st.floats(0.05, 50.0),
    first=st.floats(1e-10, 1.0, exclude_max=True),
    second=st.floats(1e-10, 1.0, exclude_max=True),
    person=st.integers(0, 10**6),
)
def test_compiled_variates_equal_the_interpreted_ones_to_the_bit(
    shape: float, first: float, second: float, person: int
) -> None:
    assert fast(rules.normal)(first, second) == rules.normal(first, second)
    assert fast(rules.gumbel)(first) == rules.gumbel(first)
    address = (person, 1, 2, shape, 3, 4)
    assert fast(rules.gamma_variate)(*address) == rules.gamma_variate(*address)
