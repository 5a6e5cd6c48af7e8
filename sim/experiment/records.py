"""What a comparison keeps of its runs, as tables that it can be put together from again, number by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.books import LINES
from sim.experiment.measures import COURSE, HEAD_TO_HEAD
from sim.world import segment_names

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.comparison import Comparison
    from sim.scenario import Scenario

ARMS = ("strategy", "against")
RECORDS = ("runs_books", "runs_lifetime_value", "runs_firms", "runs_course")
"""Names of the tables that :func:`records` gives of every comparison."""


def records(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """Books by arm, replication and month; lifetime values, measures of firms and their months by replication.

    Money is in units of the currency, exactly as it was computed.
    """
    arms = (comparison.strategy, comparison.uniform)
    n, months, _ = arms[0].cash.shape
    firms, segments = list(comparison.scenario.firms), segment_names(comparison.scenario)
    by_arm: dict[str, Any] = {"arm": list(ARMS), "replication": range(n)}
    found = {
        "runs_books": _long({**by_arm, "month": range(1, months + 1)}, np.stack([one.cash for one in arms]), LINES),
        "runs_lifetime_value": _long({**by_arm, "segment": segments}, np.stack([one.clv for one in arms]), ["value"]),
        "runs_firms": _long({"replication": range(n), "firm": firms}, comparison.firms, tuple(HEAD_TO_HEAD)),
    }
    if comparison.course is not None:
        by_month = {"replication": range(n), "month": range(1, months + 1), "firm": firms}
        found["runs_course"] = _long(by_month, comparison.course, tuple(COURSE))
    if comparison.again is not None:
        luck = comparison.again
        found["runs_again"] = _long(
            {"replication": range(len(luck))}, luck, [f"luck_{k}" for k in range(luck.shape[1])]
        )
    return found


def _long(keys: Mapping[str, Any], values: np.ndarray, columns: Any) -> pd.DataFrame:
    """An array as a table: one row for each combination of the keys, the last axis of the array as columns."""
    import pandas as pd

    index = pd.MultiIndex.from_product(list(keys.values()), names=list(keys))
    return pd.DataFrame(values.reshape(len(index), -1), columns=list(columns), index=index).reset_index()


def arrays(tables: Mapping[str, pd.DataFrame], scenario: Scenario, replications: int) -> dict[str, Any]:
    """Back from the tables of :func:`records`: arrays by name, as a comparison and its two arms hold them.

    Raises KeyError for a table or column that is missing, ValueError for a table of another length.
    """
    n, months, firms = replications, scenario.horizon_months, len(scenario.firms)
    segments = len(segment_names(scenario))

    def block(name: str, columns: Any, *shape: int) -> np.ndarray:
        values = tables[name][list(columns)].to_numpy(dtype=np.float64)
        return np.ascontiguousarray(values.reshape(*shape))

    again = tables.get("runs_again")
    return {
        "cash": block("runs_books", LINES, 2, n, months, len(LINES)),
        "clv": block("runs_lifetime_value", ["value"], 2, n, segments),
        "firms": block("runs_firms", HEAD_TO_HEAD, n, firms, len(HEAD_TO_HEAD)),
        "course": block("runs_course", COURSE, n, months, firms, len(COURSE)),
        "again": None if again is None else again.drop(columns="replication").to_numpy(dtype=np.float64),
        "drawn": tables.get("drawn"),
    }
