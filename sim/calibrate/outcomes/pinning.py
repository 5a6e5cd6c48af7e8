"""What targets say about each parameter: pinned down, only jointly with others, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Verdict = Literal["pinned down", "only jointly", "not pinned down", "unknown"]

NARROW = 0.5
"""A parameter is pinned down if at most this share of its range is left."""
PARTNER = 0.3
"""Parameters go together if their partial correlation, all others held still, is at least this in size."""
COVERED = (0.05, 0.95)
"""Quantiles between which 90 % of the acceptable values lie."""


@dataclass(frozen=True)
class Pinning:
    """What is left of the range of one parameter.

    Parameters
    ----------
    left
        Width of the 90 % of acceptable values in the middle, as a share of that of all values of the range.
    left_alone
        The same for somebody who knew all other parameters: times the square root of the variance that a linear
        regression on the others leaves unexplained (adjusted for their number).
    partners
        Numbers of the parameters that it goes together with, the closest first.
    verdict
        ``pinned down`` if ``left`` is at most :data:`NARROW`; else ``only jointly`` if ``left_alone`` is; else ``not
        pinned down``; ``unknown`` where there are too few acceptable sets to say.
    """

    left: float
    left_alone: float
    partners: tuple[int, ...]
    verdict: Verdict


def fewest(parameters: int) -> int:
    """Acceptable sets below which nothing is said: three for every parameter, and ten."""
    return 10 + 3 * parameters


def pinnings(places: NDArray[np.float64]) -> list[Pinning]:
    """The verdict on every parameter from acceptable sets in the unit cube, shape (n, parameters)."""
    n, k = places.shape
    if n < fewest(k):
        return [Pinning(np.nan, np.nan, (), "unknown")] * k
    low, high = np.quantile(places, COVERED, axis=0)
    left = np.minimum(1.0, (high - low) / (COVERED[1] - COVERED[0]))
    inverse = np.linalg.inv(np.corrcoef(places, rowvar=False).reshape(k, k) + 1e-9 * np.eye(k))
    unexplained = np.minimum(1.0, (n - 1) / (n - k) / np.diag(inverse))
    alone = left * np.sqrt(unexplained)
    partial = np.abs(inverse) / np.sqrt(np.outer(np.diag(inverse), np.diag(inverse)))
    found = []
    for j in range(k):
        near = [int(i) for i in np.argsort(-partial[j], kind="stable") if i != j]
        partners = tuple(i for i in near if partial[j, i] >= PARTNER) or tuple(near[:1])
        verdict: Verdict = "not pinned down"
        if left[j] <= NARROW:
            verdict, partners = "pinned down", ()
        elif alone[j] <= NARROW:
            verdict = "only jointly"
        else:
            partners = ()
        found.append(Pinning(float(left[j]), float(alone[j]), partners, verdict))
    return found
