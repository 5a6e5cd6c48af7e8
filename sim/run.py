"""What a run leaves behind: tidy tables and a manifest that says how to get it again."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import books
from sim.trip import DIARY_COLUMNS
from sim.world import segment_names

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario
    from sim.world import World

STATE = (
    "customers", "gained", "churned", "churn", "share_of_wallet", "outside_share", "penetration",
    "purchase_frequency", "trust", "reputation", "opt_in", "knowledge", "personalised_offers", "intrusions",
    "complaints", "privacy_debt", "data", "service", "active",
)  # fmt: skip
"""Columns of ``run.market``, one row per firm and month."""

NO_FORECAST = "This result explores assumptions; it is no forecast."


def package_version() -> str:
    """The installed version of this package."""
    try:
        return version("personalisation-roi")
    except PackageNotFoundError:
        return "0 (not installed)"


def manifest(scenario: Scenario, seed: int, **more: Any) -> dict[str, Any]:
    """What identifies a result: scenario, its hash, seed, versions, and what the result is not."""
    return {
        "scenario": scenario.name,
        "hash": scenario.hash,
        "seed": seed,
        **more,
        "version": package_version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "note": NO_FORECAST,
    }


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a scenario.

    ``ledger`` holds cents, shape (months, firms, lines); ``contribution`` cents by group of customers, shape
    (months, groups, firms), where group 2 s is the first customers of segment s and 2 s + 1 its newcomers.
    """

    scenario: Scenario
    manifest: dict[str, Any]
    firms: tuple[str, ...]
    ledger: np.ndarray
    contribution: np.ndarray
    state: np.ndarray
    elsewhere: np.ndarray
    first_customers: np.ndarray  # by segment, at the start
    world: World
    entries: np.ndarray  # of the diary: (rows, columns)

    @cached_property
    def books(self) -> pd.DataFrame:
        """Books by firm and month: every line in whole cents, costs negative, adding up to operating profit."""
        return books.table(self.ledger, self.firms)

    @cached_property
    def market(self) -> pd.DataFrame:
        """State by firm and month: customers, shares, trust, data, complaints; see ``docs/definitions.md``."""
        import pandas as pd

        months, n_firms, _ = self.state.shape
        frame = pd.DataFrame(self.state.reshape(months * n_firms, len(STATE)), columns=list(STATE))
        whole = ["customers", "gained", "churned", "personalised_offers", "intrusions", "complaints"]
        frame[whole] = frame[whole].astype("int64")
        frame["active"] = frame["active"].astype(bool)
        frame.insert(0, "firm", np.tile(np.array(self.firms, dtype=object), months))
        frame.insert(1, "month", np.repeat(np.arange(1, months + 1), n_firms))
        return frame

    @cached_property
    def customers(self) -> pd.DataFrame:
        """One row per customer at the end: who they are, and trust, data, permission and spend with each firm."""
        import pandas as pd

        customers, relations = self.world.customers, self.world.relations
        names = np.array(segment_names(self.scenario), dtype=object)
        columns: dict[str, Any] = {
            "customer": np.arange(len(customers.rate)),
            "segment": names[customers.segment],
            "newcomer": customers.generation > 0,
            "threshold": customers.threshold,
            "vigilance": customers.vigilance,
            "separation": customers.separation,
            "trips_per_month": customers.rate,
            "mean_basket": customers.basket,
            "trips": customers.trips,
            "spent_elsewhere_cents": customers.elsewhere,
        }
        permissions = np.array(["unasked", "granted", "withheld", "left"], dtype=object)
        since = self.scenario.horizon_months - self.world.firms.breached_at
        scare = relations.scare * 2.0 ** (-since / self.scenario.rules.breach_half_life)
        trust = relations.good / (relations.good + relations.bad + scare)
        for f, firm in enumerate(self.firms):
            columns[f"{firm}.trust"] = trust[:, f]
            columns[f"{firm}.permission"] = permissions[relations.permission[:, f]]
            columns[f"{firm}.data"] = relations.data[:, f]
            columns[f"{firm}.privacy_debt"] = relations.debt[:, f]
            columns[f"{firm}.spent_cents"] = relations.spent[:, f]
        return pd.DataFrame(columns)

    @cached_property
    def diary(self) -> pd.DataFrame:
        """The traced customer's trips: one row per trip and firm on offer; ``chosen`` 0 everywhere is elsewhere."""
        import pandas as pd

        frame = pd.DataFrame(self.entries, columns=list(DIARY_COLUMNS))
        frame["firm"] = np.array(self.firms, dtype=object)[frame["firm"].astype(int)]
        permissions = np.array(["unasked", "granted", "withheld", "left"], dtype=object)
        frame["permission"] = permissions[frame["permission"].astype(int)]
        for flag in ("considered", "noticed_intrusion", "noticed_taking", "chosen"):
            frame[flag] = frame[flag].astype(bool)
        frame["trip"] = frame["trip"].astype("int64")
        frame["paid_cents"] = frame.pop("paid").astype("int64")
        return frame
