"""A class tournament as one page for the projector, which steps through the months; it needs nothing from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.present.rounding import number
from sim.present.style import footer, ink, looks_of, typographic
from sim.present.tournament import headline, unit, winners
from sim.present.words import percent
from sim.tournament.regulations import REMARK

if TYPE_CHECKING:
    from sim.tournament.prizes import Prize
    from sim.tournament.result import Tournament

TEMPLATE = Path(__file__).with_name("tournament_page.html")


def tournament_page(tournament: Tournament) -> str:
    """The page as HTML. Names and mottos get into it as data alone, never as markup."""
    text = json.dumps(_content(tournament), ensure_ascii=True, allow_nan=False)
    for sign in "<>&":  # so that no name can end the script that holds it
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return TEMPLATE.read_text(encoding="utf-8").replace("/*DATA*/", text)


def _content(tournament: Tournament) -> dict[str, Any]:
    look = looks_of({one.name: one.strategy.kind for one in tournament.hand_ins})
    months = tournament.months
    firms = []
    for one in tournament.hand_ins:
        own = months[months["name"] == one.name]
        firms.append(
            {
                "name": one.name,
                "motto": one.motto,
                "kind": one.strategy.kind,
                "colour": look[one.name].colour,
                "ink": ink(look[one.name].colour),
                "profit": [round(float(value), 3) for value in own["running_profit"]],
                "trust": [round(float(value), 4) for value in own["trust"]],
            }
        )
    return {
        "months": tournament.scenario.horizon_months,
        "populations": tournament.n,
        "start": tournament.scenario.rules.neutral_trust,
        "unit": unit(tournament),
        "firms": firms,
        "headline": typographic(headline(tournament)),
        "prizes": [
            {"title": f"Prize for {one.prize}: {winners(one)}", "text": _reason(one)} for one in tournament.prizes
        ],
        "remark": REMARK,
        "footer": footer(tournament.manifest),
    }


def _reason(prize: Prize) -> str:
    if not prize.winners:
        return f"{prize.meaning}; nobody has that"
    places = 3 if prize.prize == "trust" else 0
    text = f"{prize.meaning}: {number(prize.value, places)}"
    if prize.next:
        text += f", next {prize.next} with {number(prize.next_value, places)}"
    if np.isfinite(prize.confidence):
        text += f"; the same in {percent(prize.confidence)} of bootstrap samples"
    return typographic(text)
