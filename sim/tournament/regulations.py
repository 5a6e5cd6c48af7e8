"""What the tournament allows: which levers are open, what everybody else's levers are, and how answers are checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.errors import InputError
from sim.files.shape import nearest, required, shown
from sim.quantity import provenance
from sim.strategy import FRAMES, LEVERS, Strategy

SAME_FOR_ALL: Mapping[str, float] = {
    "memory": 0.5,
    "misuse": 0.05,
    "security": 0.7,
    "monitoring": 0.2,
    "legacy_data": 0.0,
}
"""Levers that cost nothing in the model: one setting would be best for everybody, so that all have the same."""

OPEN: tuple[str, ...] = tuple(lever for lever in LEVERS if lever not in SAME_FOR_ALL)
"""Levers that a hand-in, and its rule, may set."""

LIMITS: Mapping[str, tuple[float, float]] = {
    lever: (known.low, known.high)
    for lever in OPEN
    if lever != "consent" and (known := provenance(Strategy, lever)) is not None
}
"""What each open lever may be: its plausible range, which for prices and messages is narrower than the model's."""

REMARK = (
    "Who wins depends on who else takes part and on the customers that were drawn; this explores assumptions and is no "
    "forecast."
)


def admitted(strategy: Strategy) -> Strategy:
    """A strategy with the levers that are the same for all."""
    return strategy.model_copy(update=dict(SAME_FOR_ALL))


def objection(lever: str, value: Any, prefix: str = "") -> str | None:
    """What is wrong with one lever, in one sentence; None where it is right."""
    if lever in SAME_FOR_ALL:
        return (
            f"{prefix}{lever} costs nothing and is {SAME_FOR_ALL[lever]:g} for everybody in a tournament; "
            f"the levers that are open are {', '.join(OPEN)}"
        )
    if lever not in OPEN:
        return f"{prefix}{lever[:40]} is no lever; {nearest(lever[:40], OPEN)}"
    field = Strategy.model_fields[lever]
    if lever == "consent":
        right = isinstance(value, str) and value in FRAMES
        return None if right else f"{prefix}consent is {shown(value)}; it must be {required(field.annotation, field)}"
    low, high = LIMITS[lever]
    if not isinstance(value, bool) and isinstance(value, int | float) and low <= value <= high:
        return None
    unit = provenance(Strategy, lever)
    return (
        f"{prefix}{lever} is {shown(value)}; in a tournament it must be a number from {low:g} to {high:g} "
        f"({unit.unit if unit else ''})"
    )


def moved(strategy: Strategy, levers: Mapping[str, Any]) -> Strategy:
    """A strategy with some levers changed, as a rule answers.

    Raises :class:`sim.errors.InputError` for a lever that is not open, or a value that it may not have.
    """
    for lever, value in levers.items():
        if said := objection(lever, value):
            raise InputError(said)
    changed = {lever: value if lever == "consent" else float(value) for lever, value in levers.items()}
    return strategy.model_copy(update=changed)
