"""The headline under changed assumptions: where personalising with trust pays, and where it turns round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sim.experiment.compare import compare
from sim.experiment.comparison import Comparison
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

Changes = Mapping[str, Any]


def scaled(scenario: Scenario, field: str, factor: float) -> dict[str, Any]:
    """A change of one field of the economics of every firm, by a factor."""
    return {
        f"firms.{name}.economics.{field}": getattr(firm.economics, field) * factor
        for name, firm in scenario.firms.items()
    }


def gross_margin(scenario: Scenario, value: float) -> dict[str, Any]:
    """The same gross margin for every firm."""
    return {f"firms.{name}.economics.gross_margin": value for name in scenario.firms}


def variations(scenario: Scenario, firm: str) -> dict[str, Changes]:
    """One assumption changed at a time, in words, and what to change; the first changes nothing."""
    strategy, rivals = f"firms.{firm}.strategy", [name for name in scenario.firms if name != firm]
    return {
        "as it is": {},
        "tastes alike: nothing to match": {
            "rules.base_relevance": 1.0,
            "rules.surplus": 0.0,
            "rules.effort_saved": 0.0,
        },
        "personalisation makes half the value": {"rules.surplus": scenario.rules.surplus / 2},
        "personalisation makes twice the value": {"rules.surplus": scenario.rules.surplus * 2},
        "platform costs nothing": scaled(scenario, "platform_cost", 0.0),
        "platform costs five times as much": scaled(scenario, "platform_cost", 5.0),
        "the firm asks with a banner": {f"{strategy}.consent": "banner"},
        "the firm asks with an unticked box": {f"{strategy}.consent": "unticked"},
        "the firm keeps the whole surplus": {f"{strategy}.value_share": 0.0},
        "the firm gives the whole surplus away": {f"{strategy}.value_share": 1.0},
        "most people accept no use of their data": {"customers.threshold": {"at_zero": 0.6, "at_one": 0.02}},
        "most people accept any use of their data": {"customers.threshold": {"at_zero": 0.02, "at_one": 0.6}},
        "people notice everything": {"customers.vigilance": {"mean": 0.95, "concentration": 4.0}},
        "trust hardly matters in choice": {"rules.trust_weight": 0.5},
        "gross margin of 50 %": gross_margin(scenario, 0.5),
        "gross margin of 15 %": gross_margin(scenario, 0.15),
        "every rival treats everyone the same": {f"firms.{name}.strategy": "uniform" for name in rivals},
        "every rival personalises with trust": {f"firms.{name}.strategy": "trusted" for name in rivals},
        "every rival personalises merely to sell": {f"firms.{name}.strategy": "extractive" for name in rivals},
        "horizon of two years": {"horizon_months": 24},
        "horizon of ten years": {"horizon_months": 120},
    }


def verdict(comparison: Comparison) -> str:
    """What the interval of the NPV difference says: ``pays``, ``loses`` or ``uncertain``."""
    gain = comparison.interval("npv_difference")
    if not gain.excludes_zero:
        return "uncertain"
    return "pays" if gain.value > 0 else "loses"


def explore(
    scenario: Scenario,
    firm: str,
    replications: int = 20,
    only: Mapping[str, Changes] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """The comparison under each variation: NPV difference per customer with its interval, verdict."""
    import pandas as pd

    rows = []
    chosen = dict(only if only is not None else variations(scenario, firm))
    for number, (words, changes) in enumerate(chosen.items(), start=1):
        result = compare(scenario.with_(changes), firm, replications=replications)
        gain = result.interval("npv_difference")
        per_customer = 1.0 / scenario.customers.count
        rows.append(
            (words, gain.value * per_customer, gain.low * per_customer, gain.high * per_customer, verdict(result))
        )
        if progress is not None:
            progress(number, len(chosen))
    return pd.DataFrame(rows, columns=["assumption", "npv_per_customer", "low", "high", "verdict"])
