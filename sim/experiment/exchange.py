"""Markets made from markets: with a piece of another, and with firms that are all alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.books import ROW
from sim.market import simulate

if TYPE_CHECKING:
    from sim.scenario import Scenario

PIECES: dict[str, tuple[str, ...]] = {
    "shopping": tuple(f"customers.{part}" for part in ("shopping", "basket", "contract", "lapse", "turnover")),
    "thresholds": ("customers.threshold", "customers.segments", "customers.vigilance"),
    "rules": ("rules",),
    "economics": (),
}
"""Pieces of a market that another may lend it: how people shop, what use of data they accept, how they decide, and what
firms earn and pay."""


def exchanged(host: Scenario, donor: Scenario) -> dict[str, Scenario]:
    """A market as it is, and with one piece of :data:`PIECES` at a time from another, each by what it is called.

    The economics that are lent are those of the donor's client, to every firm. Money per customer then meets customers
    who spend another amount, which is what the exchange is to show.
    """
    found = {f"{host.name} as it is": host}
    for piece, paths in PIECES.items():
        changes: dict[str, Any] = {path: _at(donor, path) for path in paths}
        if piece == "economics":
            lent = donor.firms[donor.client].economics
            changes = {f"firms.{name}.economics": lent for name in host.firms}
        found[f"{host.name} with {donor.name}'s {piece}"] = host.with_(changes)
    return {name: scenario.model_copy(update={"title": name}) for name, scenario in found.items()}


def _at(scenario: Scenario, path: str) -> Any:
    value: Any = scenario
    for key in path.split("."):
        value = getattr(value, key)
    return value


def all_uniform(scenario: Scenario) -> Scenario:
    """The same market with firms that all treat everyone the same: what the economics are calibrated to."""
    return scenario.with_({f"firms.{name}.strategy": "uniform" for name in scenario.firms})


def margin_of_trade(scenario: Scenario, replications: int = 2, seed: int = 1) -> float:
    """Operating profit of all firms as a share of their sales from the fourth year on, averaged over replications."""
    profit = sales = 0.0
    for replication in range(replications):
        ledger = simulate(scenario, seed, replication=replication).ledger[36:]
        profit, sales = profit + ledger.sum(), sales + ledger[:, :, ROW["sales"]].sum()
    return float(profit / sales)
