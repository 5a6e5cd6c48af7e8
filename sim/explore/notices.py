"""Settings that are valid and do not go together: what moves nothing, and why, said beside the slider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.present.axes import setting

if TYPE_CHECKING:
    from sim.scenario import Scenario

USING = ("respect", "value_share", "memory", "mixing", "misuse")
"""Levers about how data are used, which have nothing to act on where none are."""

ASKS = {
    "opt-out": "a pre-set opt-out",
    "banner": "a banner",
    "prompt": "an explicit prompt",
    "unticked": "an unticked box",
}


def notices(scenario: Scenario, firm: str) -> dict[str, str]:
    """Sentences by dotted path, for levers of a firm and rules that change nothing as things stand.

    Each holds for the market as it is set, without events that change levers: a run with another value of what is
    said to move nothing gives the same books.
    """
    return dict(_notices(scenario, firm))


def _notices(scenario: Scenario, firm: str) -> Iterator[tuple[str, str]]:
    strategy = scenario.firms[firm].strategy
    own = f"firms.{firm}.strategy"
    if scenario.events or scenario.review is not None or scenario.entry_exit is not None:
        return  # levers may change on the way
    if strategy.depth == 0.0:
        for lever in (*USING, "consent"):
            yield f"{own}.{lever}", "Moves nothing while the depth is 0: no personal data are used."
    elif strategy.consent == "none":
        yield f"{own}.consent", "Nobody is asked, so data are used without permission, as far as the law lets it."
    frames = {one.strategy.consent for one in scenario.firms.values() if one.strategy.depth > 0.0}
    for frame in ASKS:
        if frame not in frames:
            name = frame.replace("-", "_")
            yield f"rules.grant_{name}", f"Moves nothing: no firm that personalises asks with {ASKS[frame]}."
    rules = scenario.rules
    if rules.base_relevance == 1.0 and rules.surplus > 0.0:
        yield (
            "rules.surplus",
            "The best single offer suits everyone already, and yet a matched offer is worth more; with tastes alike, "
            "0 would go together.",
        )
    if rules.leave_below == rules.withdraw_below:
        yield "rules.leave_below", f"People leave as soon as they withdraw, at a trust of {setting(rules.leave_below)}."
