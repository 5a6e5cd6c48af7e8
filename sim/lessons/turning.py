"""Where a margin that was measured at some values of an assumption is on the right side, and where it turns."""

from __future__ import annotations

from collections.abc import Sequence

Stretch = tuple[float, float]
"""From a value to a value."""


def stretches(at: Sequence[float], margin: Sequence[float]) -> tuple[Stretch, ...]:
    """Stretches of an axis in which a margin is above zero, drawn as straight lines between the points.

    ``at`` are increasing values, ``margin`` what was found there.
    """
    found: list[Stretch] = []
    start: float | None = at[0] if margin[0] > 0.0 else None
    for k in range(1, len(at)):
        before, after = margin[k - 1], margin[k]
        if (before > 0.0) == (after > 0.0):
            continue
        crossing = at[k - 1] + (at[k] - at[k - 1]) * before / (before - after)
        if start is None:
            start = crossing
        else:
            found.append((start, crossing))
            start = None
    if start is not None:
        found.append((start, at[-1]))
    return tuple(found)


def common(one: Sequence[Stretch], other: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The parts of an axis that lie in a stretch of both."""
    both = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted((low, high) for low, high in both if low < high))


def length(parts: Sequence[Stretch]) -> float:
    """How long stretches are together."""
    return sum(high - low for low, high in parts)
