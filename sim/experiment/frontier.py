"""What one good costs in another: the levers that give most profit for any trust, or most later for any profit now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import InputError
from sim.experiment.bench import FIRST_YEAR, NPV, TRUST, Bench
from sim.experiment.judged import Judged
from sim.experiment.levers import AS_IT_IS, Free
from sim.experiment.progress import Counted
from sim.experiment.sampler import Proposals
from sim.experiment.search import DRAWS, TRIALS, asked, searched
from sim.experiment.statistics import CONFIDENCE, mean_intervals
from sim.experiment.workers import at_work
from sim.files.shape import nearest

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd
    from matplotlib.figure import Figure

    from sim.experiment.comparison import Parameters
    from sim.experiment.progress import Progress
    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

MOST_ON_FRONT = 16
"""So many new candidates are judged again at most, spread along the front."""


class Good(NamedTuple):
    """One of the two that are traded: in words, and whether it is money."""

    words: str
    money: bool


TRADES = {
    "trust": (Good("trust of all people in the firm at the end", False), Good("net present value", True)),
    "later": (
        Good("net present value of the first year", True),
        Good("net present value of all years after the first", True),
    ),
}
"""What can be traded: the first against the second, both the more the better."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Frontier(Judged):
    """The outcome of :func:`frontier`; tables are tidy, money is in units of the scenario's currency.

    Of every candidate that is judged again it counts how much more of each good it gives than the firm as it is, draw
    by draw.
    """

    trade: str

    @property
    def goods(self) -> tuple[Good, Good]:
        """What is traded."""
        return TRADES[self.trade]

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return self._identity(trade=self.trade)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Candidates judged again by fresh draws, by how much more of each good they give than the firm as it is.

        ``first`` and ``second`` are the goods themselves, ``more_first`` and ``more_second`` the paired differences
        with their 95 % intervals over fresh draws. ``front`` says whether no other gives more of both, at means, and
        ``better`` whether both differences are surely above zero, though so many were looked at (Bonferroni). The
        levers follow.
        """
        import pandas as pd

        given = goods(self.trade, self.again)
        own = given[self.names.index(AS_IT_IS)]  # the compared come first among the finalists
        mean, low, high = mean_intervals((given - own).transpose(1, 0, 2))
        level, front = given.mean(axis=1), on_front(given.mean(axis=1))
        looks = 1.0 - (1.0 - CONFIDENCE) / len(self.finalists)  # of many looked at, one seems better by luck
        _, surely, _ = mean_intervals((given - own).transpose(1, 0, 2), looks)
        frame = pd.DataFrame(
            {
                "candidate": [self.names[place] for place in self.finalists],
                "kind": ["compared" if place < self.compared else "found" for place in self.finalists],
                "front": front,
                "better": (surely > 0.0).all(axis=1),
                "first": level[:, 0],
                "second": level[:, 1],
            }
        )
        for k, name in enumerate(("more_first", "more_second")):
            frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = mean[:, k], low[:, k], high[:, k]
        levers = pd.DataFrame([dict(self.candidates[place]) for place in self.finalists])
        frame = pd.concat([frame, levers], axis=1)
        return frame.sort_values("first", kind="stable", ignore_index=True)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """All candidates with their levers, and what they gave of each good in the search."""
        import pandas as pd

        level = goods(self.trade, self.outcomes).mean(axis=1)
        frame = pd.DataFrame([dict(one) for one in self.candidates])
        frame.insert(0, "candidate", self.names)
        frame["first"], frame["second"] = level[:, 0], level[:, 1]
        frame["front"] = on_front(level)
        return frame

    @property
    def finding(self) -> str:
        """What one good costs in the other, in one sentence."""
        from sim.present.frontier import finding

        return finding(self)

    def plot(self) -> Figure:
        """The front in one picture, and where the firm as it is and the other strategies lie."""
        from sim.present.frontier import frontier_chart

        return frontier_chart(self)

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {"front": self.table, "trials": self.trials}


def frontier(
    scenario: Scenario,
    firm: str | None = None,
    trade: str = "trust",
    *,
    free: Free | None = None,
    trials: int = TRIALS,
    draws: int = DRAWS,
    parameters: Parameters = "uncertain",
    seed: int = 1,
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """Search the levers of a firm that give most of one good for any amount of the other (:data:`TRADES`).

    ``trade`` is ``"trust"`` for profit against trust, or ``"later"`` for profit of the first year against profit of
    all later ones. Candidates come from NSGA-II; those that no other beats in the search, up to ``MOST_ON_FRONT``, and
    the compared strategies are judged again by twice as many fresh draws. Everything else, and what is raised, is as
    in :func:`sim.experiment.search.search`.
    """
    if trade not in TRADES:
        raise InputError(f"there is no trade {trade!r}; {nearest(trade, list(TRADES))}")
    where = asked(scenario, firm, free, None, trials, draws, parameters)
    if trade == "later" and scenario.horizon_months <= 12:
        raise InputError(
            f"a horizon of {scenario.horizon_months} months has nothing after the first year; more than 12 would be "
            "right"
        )
    proposals = Proposals(where, 2, seed)
    bench, there = Bench(where, draws, parameters, seed), where.compared()
    tell = Counted((len(there) + trials) * draws + (len(there) + MOST_ON_FRONT) * 2 * draws, progress, folder)

    def judged(found: np.ndarray) -> tuple[list[list[float]], list[float]]:
        return [[float(a), float(b)] for a, b in goods(trade, found).mean(axis=1)], [0.0] * len(found)

    with at_work(workers, dask) as team:
        first = bench.outcomes(list(there.values()), workers=team, folder=folder, name="compared", progress=tell)
        proposed, found = searched(proposals, bench, there, first, judged, trials, team, folder, tell)
        candidates = [*there.values(), *proposed]
        every = np.concatenate([first, found])
        finalists = [*range(len(there)), *_spread(goods(trade, found).mean(axis=1), len(there))]
        tell.next()
        again = bench.fresh.outcomes(
            [candidates[k] for k in finalists], workers=team, folder=folder, name="fresh", progress=tell
        )
    return Frontier(
        space=where,
        trade=trade,
        seed=seed,
        parameters=parameters,
        candidates=tuple(candidates),
        names=(*there, *(f"trial {number + 1}" for number in range(len(proposed)))),
        outcomes=every,
        finalists=tuple(finalists),
        again=again,
    )


def goods(trade: str, outcomes: np.ndarray) -> np.ndarray:
    """The two goods from measures, shape (candidates, draws, 2)."""
    npv = outcomes[..., NPV]
    if trade == "trust":
        return np.stack([outcomes[..., TRUST], npv], axis=-1)
    return np.stack([outcomes[..., FIRST_YEAR], npv - outcomes[..., FIRST_YEAR]], axis=-1)


def on_front(values: np.ndarray) -> np.ndarray:
    """Which rows no other row beats: at least as much of everything, and more of something."""
    no_less = np.all(values[None] >= values[:, None], axis=-1)
    more = np.any(values[None] > values[:, None], axis=-1)
    return np.asarray(~np.any(no_less & more, axis=1))


def _spread(values: np.ndarray, compared: int) -> list[int]:
    """Places among all candidates of the new ones on the front, at most ``MOST_ON_FRONT``, spread along it."""
    front = np.flatnonzero(on_front(values))
    front = front[np.argsort(values[front, 0], kind="stable")]
    if len(front) > MOST_ON_FRONT:
        front = front[np.linspace(0, len(front) - 1, MOST_ON_FRONT).round().astype(np.int64)]
    return [compared + int(place) for place in front]
