"""What kind of game two strategies make of a market: a prisoner's dilemma, or something that ends better."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.experiment.game import checked, duel, mixtures

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = {
    "prisoner's dilemma": "one pays whatever rivals do, and all earn less when all play it than when nobody does",
    "dominance": "one pays whatever rivals do, and all earn no less when all play it",
    "coordination": "each pays where all rivals play it too",
    "coexistence": "each pays where all rivals play the other",
    "mixed": "which one pays changes back and forth with the number of rivals who play it",
}
"""What kinds of games there are between two strategies, and what they mean."""
CERTAIN = 0.95
"""A verdict is certain if it holds in so many of the samples."""


class Pair(NamedTuple):
    """The game between two strategies: payoffs in samples, and the kind of game that each sample makes."""

    first: int
    second: int
    advantage: NDArray[np.float64]  # (samples, players): of the second over the first, by rivals who play the second
    loss: NDArray[np.float64]  # (samples,): what all earn more when all play the first than when all play the second

    @property
    def verdicts(self) -> list[tuple[str, int | None]]:
        """In each sample the kind of game, and which strategy pays whatever rivals do, if one does."""
        return [self._verdict(*one) for one in zip(self.advantage, self.loss, strict=True)]

    def _verdict(self, advantage: NDArray[np.float64], loss: float) -> tuple[str, int | None]:
        if (advantage > 0.0).all():
            return ("prisoner's dilemma" if loss > 0.0 else "dominance"), self.second
        if (advantage < 0.0).all():
            return ("prisoner's dilemma" if loss < 0.0 else "dominance"), self.first
        if advantage[0] <= 0.0 <= advantage[-1] and (np.diff(np.sign(advantage)) >= 0.0).all():
            return "coordination", None
        if advantage[-1] <= 0.0 <= advantage[0] and (np.diff(np.sign(advantage)) <= 0.0).all():
            return "coexistence", None
        return "mixed", None

    def temptation(self, dominant: int | None) -> NDArray[np.float64]:
        """The least that the dominant strategy earns above the other, over what rivals may do; NaN for none."""
        if dominant is None:
            return np.full(len(self.advantage), np.nan)
        return np.asarray((self.advantage if dominant == self.second else -self.advantage).min(axis=1))

    def common_loss(self, dominant: int | None) -> NDArray[np.float64]:
        """What each earns less when all play the dominant strategy than when all play the other; NaN for none."""
        if dominant is None:
            return np.full(len(self.loss), np.nan)
        return np.asarray(self.loss if dominant == self.second else -self.loss)


def pair(payoff: NDArray[np.float64], players: int, first: int, second: int) -> Pair:
    """The game between two strategies where every firm plays one of them; payoffs of shape (samples, …)."""
    payoff = checked(payoff, players)
    rivals = mixtures(payoff.shape[-2], players - 1)
    alone = [int(np.flatnonzero(rivals[:, s] == players - 1)[0]) for s in (first, second)]
    loss = payoff[:, first, alone[0]] - payoff[:, second, alone[1]]
    return Pair(first, second, duel(payoff, players, first, second), loss)
