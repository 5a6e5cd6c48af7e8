"""The prizes, and how sure each is: computed from the matches, never by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sim.tournament.result import Tournament

PRIZES: Mapping[str, str] = {
    "profit": "highest net present value, half from the one market and half from pairs",
    "trust": "highest trust at the end among those that make money: net present value above zero",
    "robustness": "highest mean net present value in the worst tenth of its own matches",
}


@dataclass(frozen=True)
class Prize:
    """One prize: ``winners`` are several where they are exactly equal, and none where nobody deserves it.

    ``value`` is what it is given for, ``next`` and ``next_value`` the next best; ``confidence`` is the share of
    bootstrap samples of the populations in which the winners, and nobody else, would have it (not a number for one
    population).
    """

    prize: str
    winners: tuple[str, ...]
    value: float
    next: str
    next_value: float
    confidence: float
    meaning: str

    def row(self) -> dict[str, Any]:
        """The prize as a row of a table."""
        return {**asdict(self), "winners": ", ".join(self.winners)}


def awarded(prize: str, tournament: Tournament) -> Prize:
    """Who has a prize, and how surely."""
    every = np.arange(tournament.n)
    merit = merits(prize, tournament, every)
    order = np.argsort(-merit, kind="stable")
    best = float(merit[order[0]])
    if not math.isfinite(best):
        return Prize(prize, (), math.nan, "", math.nan, math.nan, PRIZES[prize])
    winners = np.flatnonzero(merit == best)
    rest = [int(i) for i in order if i not in winners and math.isfinite(merit[i])]
    confidence = math.nan
    if tournament.n > 1:
        sampled = np.array([merits(prize, tournament, sample) for sample in tournament.samples])
        top = sampled.max(axis=1, keepdims=True)
        theirs = (sampled == top) & np.isfinite(top)
        confidence = float(np.mean((theirs == np.isin(np.arange(len(merit)), winners)).all(axis=1)))
    return Prize(
        prize,
        tuple(tournament.names[int(i)] for i in winners),
        best,
        tournament.names[rest[0]] if rest else "",
        float(merit[rest[0]]) if rest else math.nan,
        confidence,
        PRIZES[prize],
    )


def merits(prize: str, tournament: Tournament, populations: np.ndarray) -> np.ndarray:
    """What the prize goes by, for every hand-in over some populations; minus infinity for who cannot have it."""
    score = tournament.score[populations].mean(axis=0)
    if prize == "profit":
        return np.asarray(score)
    if prize == "trust":
        return np.where(score > 0.0, tournament.trust[populations].mean(axis=0), -np.inf)
    mine = tournament.outcomes[populations].transpose(1, 0, 2).reshape(len(score), -1)
    return worst_tenths(mine)


def worst_tenths(values: np.ndarray) -> np.ndarray:
    """Mean of the lowest tenth of values along the last axis, of one at least."""
    few = math.ceil(values.shape[-1] / 10.0)
    return np.asarray(np.partition(values, few - 1, axis=-1)[..., :few].mean(axis=-1))
