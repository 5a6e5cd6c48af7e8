"""Markets for tests: small scenarios, random ones, and what identifies the state that a run leaves behind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sim.books import LINES
from sim.market import simulate
from sim.market.compiled import compiled
from sim.rulebook import Rules
from sim.run import STATE, Run
from sim.scenario import Scenario
from sim.strategy import FRAMES, LEVERS
from sim.trip import SALES
from sim.world import rule_values

COLUMN = {name: number for number, name in enumerate(STATE)}
LINE = {name: number for number, name in enumerate(LINES)}
CUSTOMERS_CAUSE = (
    "sales", "cost_of_goods", "personalisation_margin", "contact_cost", "data_cost", "consent_cost", "resale_income",
)  # fmt: skip

QUIET: Mapping[str, float] = {"breach_rate": 0.0, "expose_rate": 0.0, "expose_resale": 0.0, "audit_rate": 0.0}
"""Rules under which nothing happens by chance to a firm."""

LAST_INSTANT = 1.0 - 2.0**-22
"""Between the last moment of a month at which anybody can shop and the month's end."""


def examples(share: float) -> int:
    """How many examples a test on whole runs gets: ``share`` of 100, ten times as many where looking hard."""
    return round(100 * share * (10 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1))


@cache
def rules(**changes: float) -> Any:
    """Parameters of the rules as the tuple that the rules read."""
    return rule_values(Rules(**changes))


def market(firms: Mapping[str, Any], **parts: Any) -> Scenario:
    """A small market in which nothing happens by chance to a firm and nobody moves away, unless ``parts`` say so."""
    customers = {"count": 400, "turnover": 0.0, **parts.pop("customers", {})}
    chosen = {**QUIET, **parts.pop("rules", {})}
    return Scenario.model_validate(
        {"horizon_months": 6, "firms": firms, "customers": customers, "rules": chosen, **parts}
    )


def arrays(run: Run) -> dict[str, np.ndarray]:
    """Everything that a run leaves behind, by name."""
    found = {name: getattr(run, name) for name in ("ledger", "contribution", "state", "elsewhere")}
    found |= {f"run.{frame}": getattr(run, frame).to_numpy() for frame in ("books", "diary")}
    for part in ("customers", "relations", "firms"):
        state = getattr(run.world, part)
        found |= {f"{part}.{name}": getattr(state, name) for name in state._fields}
    found["tally"] = run.world.tally
    return found


def bits(array: np.ndarray) -> bytes:
    """The bits of an array, so that NaN equals itself and 0.0 differs from -0.0."""
    if array.dtype == object:
        return repr(array.tolist()).encode()
    return np.ascontiguousarray(array).tobytes()


def differing(one: Run, other: Run) -> list[str]:
    """Names of the arrays in which two runs differ by so much as a bit."""
    left, right = arrays(one), arrays(other)
    assert left.keys() == right.keys()
    return [name for name in left if left[name].shape != right[name].shape or bits(left[name]) != bits(right[name])]


def digest(run: Run) -> str:
    """A checksum of everything that a run leaves behind."""
    return hashlib.sha256(b"".join(bits(array) for array in arrays(run).values())).hexdigest()


def column(run: Run, name: str, firm: int | slice = slice(None)) -> np.ndarray:
    """One column of ``run.market``: by month, or by month and firm."""
    return np.asarray(run.state[:, firm, COLUMN[name]])


def line(run: Run, name: str, firm: int | slice = slice(None)) -> np.ndarray:
    """One line of the books in cents: by month, or by month and firm."""
    return np.asarray(run.ledger[:, firm, LINE[name]])


def purchases(run: Run) -> np.ndarray:
    """Purchases by month and firm."""
    buyers = column(run, "penetration") * run.scenario.customers.count
    return np.asarray(np.rint(buyers * column(run, "purchase_frequency")), dtype=np.int64)


def at_last_instants(look: Callable[[Any], object], into: list[Any]) -> Callable[[Any], Any]:
    """A market process that keeps what ``look`` sees at the last instant of every month."""

    def watch(market: Any) -> Any:
        yield market.env.timeout(LAST_INSTANT)
        while True:
            into.append(look(market))
            yield market.env.timeout(1)

    return watch


def tallies(scenario: Scenario, seed: int = 1) -> tuple[Run, np.ndarray]:
    """A run, and its tally by month: shape (months, groups, firms + elsewhere, counters)."""
    seen: list[Any] = []
    run = simulate(scenario, seed, processes=[at_last_instants(lambda market: market.world.tally.sum(axis=0), seen)])
    return run, np.array(seen)


def sales_elsewhere(tally: np.ndarray) -> np.ndarray:
    """Cents spent elsewhere by month."""
    return np.asarray(tally[:, :, -1, SALES].sum(axis=1))


def fast(function: Callable[..., Any]) -> Callable[..., Any]:
    """The compiled form of a rule."""
    return compiled(function)


# Random markets -----------------------------------------------------------------------------------------------------

share = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.0, 1.0))
WIDER = {
    "contact_rate": st.floats(0.0, 6.0),
    "price": st.floats(0.7, 1.4),
    "legacy_data": st.one_of(st.just(0.0), st.floats(0.0, 20.0)),
}


def levers(**fixed: Any) -> st.SearchStrategy[dict[str, Any]]:
    """All levers of one firm at random, apart from those that are fixed."""
    free: dict[str, Any] = {
        name: st.sampled_from(FRAMES) if name == "consent" else WIDER.get(name, share) for name in LEVERS
    }
    return st.fixed_dictionaries({**free, **{name: st.just(value) for name, value in fixed.items()}})


economics = st.fixed_dictionaries(
    {
        "gross_margin": st.floats(0.0, 0.8),
        "fixed_cost": st.floats(0.0, 5000.0),
        "data_cost": st.floats(0.0, 0.1),
        "breach_cost": st.floats(0.0, 100.0),
        "staff_count": st.integers(0, 12),
        "capital": st.sampled_from([0.0, 2_000.0, 20_000.0]),
    }
)
baskets = st.one_of(
    st.fixed_dictionaries({"mean": st.floats(1.0, 200.0), "sd_within": st.sampled_from([0.0, 0.5, 1.5])}),
    st.fixed_dictionaries(
        {
            "kind": st.just("gamma-gamma"),
            "shape_within": st.sampled_from([0.1, 0.6, 1.0, 6.25]),
            "shape_between": st.floats(1.5, 8.0),
        }
    ),
)
lapses = st.one_of(
    st.none(),
    st.just({"a": 0.8, "b": 2.4}),
    st.fixed_dictionaries(
        {"kind": st.just("lifetime"), "shape": st.sampled_from([0.01, 0.6, 50.0]), "scale": st.floats(0.5, 10.0)}
    ),
)
segments: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.just({"guarded": {"share": 0.3, "threshold": {"at_zero": 1.0, "at_one": 0.0}}, "open": {"share": 0.7}}),
    st.just(
        {
            "watchful": {"share": 0.25, "vigilance": {"mean": 1.0}},
            "usual": {"share": 0.5},
            "easy": {"share": 0.25, "threshold": {"at_zero": 0.0, "at_one": 1.0}, "vigilance": {"mean": 0.0}},
        }
    ),
)
eventful_rules = st.fixed_dictionaries(
    {
        "breach_rate": st.sampled_from([0.0, 0.3, 3.0]),
        "expose_rate": st.sampled_from([0.0, 0.5, 5.0]),
        "expose_resale": st.sampled_from([0.0, 0.5]),
        "audit_rate": st.sampled_from([0.0, 0.5, 5.0]),
        "participation_power": st.sampled_from([0.0, 0.5, 2.0]),
        "withdraw_rate": st.sampled_from([0.0, 0.2, 5.0]),
        "leave_rate": st.sampled_from([0.0, 0.2, 5.0]),
        "withdraw_below": st.sampled_from([0.65, 0.4, 0.9]),
        "leave_below": st.sampled_from([0.4, 0.25, 0.3]),
        "neutral_trust": st.sampled_from([0.6, 0.35]),
        "intrusion_weight": st.floats(0.0, 4.0),
        "reactance": st.floats(0.0, 4.0),
        "ask_again": share,
        "breach_reach": share,
        "newcomer_reputation": share,
        "quit_rate": st.sampled_from([0.0, 0.1]),
        "inertia": st.sampled_from([0.0, 2.0, -1.0]),
        "grant_benefit": st.sampled_from([0.0, 20.0]),
    }
)


contracts = st.one_of(
    st.none(), st.builds(lambda mean: {"mean": mean, "concentration": 3.0}, st.sampled_from([0.0, 0.4, 0.9, 1.0]))
)


@st.composite
def scenarios(draw: st.DrawFn, *, turnover: st.SearchStrategy[float] | None = None) -> Scenario:
    """Random small markets in which much happens."""
    months = draw(st.integers(2, 8))
    names = [f"Firm {number}" for number in range(draw(st.sampled_from([3, 2, 5, 4, 1])))]
    count = draw(st.one_of(st.integers(30, 120), st.integers(500, 800)))
    trips = draw(st.floats(0.3, 2.0)) if count <= 120 else draw(st.floats(0.1, 0.3))
    firm = st.fixed_dictionaries(
        {
            "strategy": levers(),
            "economics": economics,
            "appeal": st.floats(-1.0, 1.0),
            "enters_month": st.sampled_from([0, 0, 0, 1, 3]),
        }
    )
    when, which = st.integers(0, months), st.sampled_from(names)
    event = st.one_of(
        st.fixed_dictionaries({"kind": st.sampled_from(["breach", "expose"]), "month": when, "firm": which}),
        st.fixed_dictionaries({"kind": st.just("law"), "month": when, "consent": st.sampled_from(FRAMES)}),
        st.fixed_dictionaries(
            {"kind": st.just("society"), "month": when, "vigilance": share},
            optional={"separation": share},
        ),
        st.builds(
            lambda start, last, firm, price, depth: {
                "kind": "change",
                "month": start,
                "until": None if last is None else start + last,
                "firm": firm,
                "levers": {"price": price, "depth": depth},
            },
            when,
            st.one_of(st.none(), st.integers(1, 4)),
            st.one_of(st.none(), which),
            st.floats(0.7, 1.4),
            share,
        ),
    )
    switch = st.one_of(
        st.none(),
        st.builds(
            lambda delay, entrants: {"entry_delay": delay, "entrants": entrants},
            st.integers(1, 3),
            st.lists(st.one_of(st.sampled_from(["uniform", "trusted", "extractive"]), levers()), max_size=2),
        ),
    )
    reviews = st.one_of(
        st.none(),
        st.builds(
            lambda every, heat: {"every_months": every, "temperature": heat}, st.integers(1, 3), st.floats(0.001, 1.0)
        ),
    )
    return Scenario.model_validate(
        {
            "horizon_months": months,
            "customers": {
                "count": count,
                "segments": draw(segments),
                "shopping": {"rate_mean": trips, "rate_shape": draw(st.sampled_from([0.3, 1.0, 50.0]))},
                "basket": draw(baskets),
                "lapse": draw(lapses),
                "contract": draw(contracts),
                "taste_sd": draw(st.floats(0.0, 2.0)),
                "neighbours": draw(st.integers(0, 6)),
                "turnover": draw(st.one_of(st.just(0.0), st.floats(1e-6, 0.2)) if turnover is None else turnover),
            },
            "firms": {name: draw(firm) for name in names},
            "rules": draw(eventful_rules),
            "events": draw(st.lists(event, max_size=4)),
            "review": draw(reviews),
            "entry_exit": draw(switch),
        }
    )


seeds = st.integers(0, 2**32 - 1)
