"""What the verdicts rest on: every assumption that the lessons vary, and how much anybody knows about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sim.evidence import MEANING
from sim.experiment.axes import places
from sim.lessons.catalogue import LESSONS
from sim.lessons.trial import base_market

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario


def evidence_table(scenario: Scenario | None = None) -> pd.DataFrame:
    """One row for each assumption along which any lesson is tried, the best known first.

    Columns: ``assumption`` (dotted path, with ``*`` for whichever firm), ``meaning``, ``evidence`` (a kind of
    :data:`sim.evidence.MEANING`), ``source`` and ``lessons`` (keys of those that vary it).
    """
    import pandas as pd

    base = base_market(scenario)
    rows: dict[str, dict[str, str]] = {}
    for lesson in LESSONS.values():
        market = lesson.market(base)
        known = {path: provenance for path, _, provenance in market.assumptions()}
        for name in lesson.varied:
            path = next((path for path, _, _ in places(market, name)), name)
            if path not in known:
                continue
            row = rows.setdefault(
                re.sub(r"^firms\.[^.]+", "firms.*", name),
                {
                    "meaning": known[path].meaning,
                    "evidence": known[path].evidence,
                    "source": known[path].source,
                    "lessons": "",
                },
            )
            row["lessons"] = ", ".join(filter(None, [row["lessons"], lesson.key]))
    table = pd.DataFrame([{"assumption": name, **row} for name, row in rows.items()])
    order = table["evidence"].map(list(MEANING).index)
    return table.iloc[order.argsort(kind="stable")].reset_index(drop=True)
