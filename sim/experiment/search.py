"""The best levers for a stated objective, robust over what is not known, and honest about the luck of the search.

Of many candidates judged by the same draws the best is in part the luckiest (the optimiser's curse: J. E. Smith & R. L.
Winkler 2006, Management Science 52, 311-322). So the finalists are judged again by draws and luck that the search has
not seen, and only that decides whether any of them beats the strategies that were there before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.bench import (
    NPV,
    TRUST,
    Bench,
    counted,
    known_objective,
    merit,
    merit_interval,
)
from sim.experiment.judged import Judged
from sim.experiment.levers import Free, Space, space
from sim.experiment.progress import Counted
from sim.experiment.sampler import Proposals
from sim.experiment.workers import at_work

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd
    from matplotlib.figure import Figure

    from sim.experiment.comparison import Parameters
    from sim.experiment.progress import Progress
    from sim.experiment.statistics import Interval
    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

TRIALS, DRAWS = 64, 20
"""Candidates, and draws by which each is judged, where nothing else is said."""
FINALISTS = 5
"""So many of the best candidates are judged again."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Search(Judged):
    """The outcome of :func:`search`; tables are tidy, money is in units of the scenario's currency."""

    objective: str
    trust_floor: float | None

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return self._identity(objective=self.objective, trust_floor=self.trust_floor)

    @cached_property
    def merits(self) -> np.ndarray:
        """How well each candidate met the objective while searching, the more the better."""
        return merit(self.objective, self.outcomes[:, :, NPV], best_of(self.outcomes[: self.compared]))

    @cached_property
    def trust(self) -> np.ndarray:
        """Mean trust of each candidate while searching."""
        return np.asarray(self.outcomes[:, :, TRUST].mean(axis=1))

    @cached_property
    def _best_again(self) -> np.ndarray:
        there = [k for k, place in enumerate(self.finalists) if place < self.compared]
        return best_of(self.again[there])

    def _allowed(self, trust: float) -> bool:
        return self.trust_floor is None or trust >= self.trust_floor

    @cached_property
    def winner(self) -> int:
        """Place among the candidates of the best new one, chosen by the draws of the search."""
        new = [k for k in self.finalists if k >= self.compared]
        return max(new, key=lambda k: float(self.merits[k]))

    @cached_property
    def reference(self) -> int:
        """Place of the best compared strategy under fresh draws, of those that keep the trust floor if any does."""
        places = [k for k in self.finalists if k < self.compared]
        again = {k: self.again[self.finalists.index(k)] for k in places}
        keep = [k for k in places if self._allowed(float(again[k][:, TRUST].mean()))]
        score = {k: float(merit(self.objective, again[k][:, NPV], self._best_again)) for k in places}
        return max(keep or places, key=lambda k: score[k])

    def fresh(self, place: int) -> Interval:
        """How well a finalist meets the objective under fresh draws."""
        npv = self.again[self.finalists.index(place)][:, NPV]
        return merit_interval(self.objective, npv, self._best_again, self.seed)

    @cached_property
    def lead(self) -> Interval:
        """By how much the winner meets the objective better than the reference under fresh draws, draw by draw."""
        npv, other = (self.again[self.finalists.index(k)][:, NPV] for k in (self.winner, self.reference))
        return merit_interval(self.objective, npv, self._best_again, self.seed, other)

    @property
    def better(self) -> bool:
        """Whether a strategy was found that surely beats those that were there, and keeps the trust floor."""
        kept = self._allowed(float(self.again[self.finalists.index(self.winner)][:, TRUST].mean()))
        reference_keeps = self._allowed(float(self.again[self.finalists.index(self.reference)][:, TRUST].mean()))
        return kept and (self.lead.low > 0.0 or not reference_keeps)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The finalists under the draws of the search and under fresh ones, the best under fresh draws first.

        ``lead`` is by how much a candidate meets the objective better than the best compared strategy (the
        ``reference``) under fresh draws, draw by draw, with its 95 % bootstrap interval over the draws;
        ``searched_lead`` is what it looked like in the search, and ``curse`` how much of that was luck. ``value`` is
        the objective itself under fresh draws, with its interval, regret below zero.
        """
        import pandas as pd

        rows = []
        reference = self.again[self.finalists.index(self.reference)][:, NPV]
        for k, place in enumerate(self.finalists):
            npv, trust = self.again[k][:, NPV], float(self.again[k][:, TRUST].mean())
            lead = merit_interval(self.objective, npv, self._best_again, self.seed, reference)
            looked = float(self.merits[place] - self.merits[self.reference])
            kind = "compared" if place < self.compared else "winner" if place == self.winner else "found"
            rows.append(
                (self.names[place], kind, *lead, looked, looked - lead.value, *self.fresh(place),
                 float(self.trust[place]), trust, self._allowed(trust))
            )  # fmt: skip
        frame = pd.DataFrame(rows, columns=_FINALISTS)
        return frame.sort_values("lead", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def levers(self) -> pd.DataFrame:
        """The free levers of the winner and of the compared strategies: one row per lever."""
        import pandas as pd

        columns = {"found": self.candidates[self.winner]}
        columns |= {self.names[k]: self.candidates[k] for k in range(self.compared)}
        names = list(self.space.levers)
        return pd.DataFrame({"lever": names} | {name: [one[lever] for lever in names] for name, one in columns.items()})

    @cached_property
    def trials(self) -> pd.DataFrame:
        """All candidates with their levers, the objective, the mean and worst tenth of NPV, and trust."""
        import pandas as pd

        npv = self.outcomes[:, :, NPV]
        best = best_of(self.outcomes[: self.compared])
        frame = pd.DataFrame([dict(one) for one in self.candidates])
        frame.insert(0, "candidate", self.names)
        frame["objective"] = self.merits
        frame["npv"], frame["worst_tenth"] = npv.mean(axis=1), merit("worst_tenth", npv, best)
        frame["regret"] = -merit("regret", npv, best)
        frame["trust"] = self.trust
        frame["allowed"] = [self._allowed(float(one)) for one in self.trust]
        return frame

    @property
    def finding(self) -> str:
        """What to do, and how sure that is, in one sentence."""
        from sim.present.search import finding

        return finding(self)

    def plot(self) -> Figure:
        """The search in one picture: the finalists under fresh draws, and all candidates by profit and trust."""
        from sim.present.search import search_chart

        return search_chart(self)

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {"finalists": self.table, "levers": self.levers, "trials": self.trials}


def search(
    scenario: Scenario,
    firm: str | None = None,
    objective: str = "npv",
    *,
    free: Free | None = None,
    trust_floor: float | None = None,
    trials: int = TRIALS,
    draws: int = DRAWS,
    parameters: Parameters = "uncertain",
    seed: int = 1,
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Search:
    """Search the free levers of a firm for the best value of an objective (:data:`sim.experiment.bench.OBJECTIVES`).

    ``free`` names levers, or gives their bounds (:func:`sim.experiment.levers.space`); left out, all about personal
    data but ``legacy_data``, of which a search would take all, because the model gives it away. All others stay as the
    scenario has them. Every candidate is judged by the same ``draws`` of what is not
    known (``parameters="fixed"``: of luck alone), the compared strategies first: the firm as it is, and with its free
    levers from each preset and each strategy of the scenario's own. With a ``trust_floor`` candidates count only
    where the trust of all people in the firm at the end is at least that, in the mean over the draws. The best
    ``FINALISTS`` and the compared strategies are then judged by twice as many fresh draws. All else is as in
    :func:`sim.experiment.runner.run`; runs are kept in ``folder/cells``.

    Raises :class:`sim.errors.InputError` for an argument that is not valid, if Optuna is not installed, or if no
    candidate reaches the trust floor; otherwise what :func:`sim.experiment.runner.run` raises.
    """
    known_objective(objective)
    where = asked(scenario, firm, free, trust_floor, trials, draws, parameters)
    proposals = Proposals(where, 1, seed)
    bench = Bench(where, draws, parameters, seed)
    there = where.compared()
    tell = Counted((len(there) + trials) * draws + (len(there) + FINALISTS) * 2 * draws, progress, folder)
    with at_work(workers, dask) as team:
        outcomes = list(
            bench.outcomes(list(there.values()), workers=team, folder=folder, name="compared", progress=tell)
        )
        best = best_of(np.array(outcomes))

        def judged(found: np.ndarray) -> tuple[list[list[float]], list[float]]:
            values = [[float(one)] for one in merit(objective, found[:, :, NPV], best)]
            trust = found[:, :, TRUST].mean(axis=1)
            return values, [0.0 if trust_floor is None else float(trust_floor - one) for one in trust]

        candidates: list[Mapping[str, Any]] = list(there.values())
        proposed, found = searched(proposals, bench, there, np.array(outcomes), judged, trials, team, folder, tell)
        candidates += proposed
        every = np.concatenate([np.array(outcomes), found])
        finalists = _finalists(every, len(there), objective, trust_floor, best)
        tell.next()
        again = bench.fresh.outcomes(
            [candidates[k] for k in finalists], workers=team, folder=folder, name="fresh", progress=tell
        )
    return Search(
        space=where,
        objective=objective,
        trust_floor=trust_floor,
        seed=seed,
        parameters=parameters,
        candidates=tuple(candidates),
        names=(*there, *(f"trial {number + 1}" for number in range(len(proposed)))),
        outcomes=every,
        finalists=tuple(finalists),
        again=again,
    )


def best_of(outcomes: np.ndarray) -> np.ndarray:
    """What the best of the compared strategies earns in each draw."""
    return np.asarray(outcomes[:, :, NPV].max(axis=0))


def asked(
    scenario: Scenario,
    firm: str | None,
    free: Free | None,
    trust_floor: float | None,
    trials: int,
    draws: int,
    parameters: Parameters,
) -> Space:
    """The space of the search, and a check of all that can be checked before anything is run."""
    where = space(scenario, firm if firm is not None else scenario.client, free)
    if trust_floor is not None and not 0.0 < trust_floor < 1.0:
        raise InputError(f"the trust floor must be between 0 and 1, such as 0.6, but is {trust_floor!r}")
    counted("trials", trials, FINALISTS)
    counted("draws", draws, 2)
    if parameters not in ("fixed", "uncertain"):
        raise InputError(f"parameters must be 'fixed' or 'uncertain', but is {parameters!r}")
    return where


def searched(
    proposals: Proposals,
    bench: Bench,
    there: Mapping[str, Mapping[str, Any]],
    outcomes: np.ndarray,
    judged: Callable[[np.ndarray], tuple[list[list[float]], list[float]]],
    trials: int,
    team: Workers,
    folder: str | PathLike[str] | None,
    tell: Counted,
) -> tuple[list[Mapping[str, Any]], np.ndarray]:
    """Candidates as they are proposed, batch by batch, and what they come to."""
    for levers, values, shortfall in zip(there.values(), *judged(outcomes), strict=True):
        if bench.space.holds(levers):
            proposals.learn(levers, values, shortfall)
    proposed: list[Mapping[str, Any]] = []
    found = []
    for number, batch in enumerate(proposals.batches(trials)):
        tell.next()
        rows = bench.outcomes(batch.levers, workers=team, folder=folder, name=f"batch-{number:03}", progress=tell)
        batch.answer(*judged(rows))
        proposed += batch.levers
        found.append(rows)
    return proposed, np.concatenate(found)


def _finalists(
    every: np.ndarray, compared: int, objective: str, trust_floor: float | None, best: np.ndarray
) -> list[int]:
    """The compared strategies, and the best new candidates of those that keep the trust floor."""
    score, trust = merit(objective, every[:, :, NPV], best), every[:, :, TRUST].mean(axis=1)
    new = range(compared, len(every))
    allowed = [k for k in new if trust_floor is None or trust[k] >= trust_floor]
    if trust_floor is not None and not allowed and not (trust[:compared] >= trust_floor).any():
        highest = np.floor(1000.0 * trust.max()) / 1000.0
        raise InputError(
            f"no candidate keeps a trust of {trust_floor:g}; the highest found is {highest:g}, and a floor of no more "
            "than that would be right"
        )
    ranked = sorted(allowed or new, key=lambda k: -float(score[k]))
    return [*range(compared), *ranked[:FINALISTS]]


_FINALISTS = [
    "candidate", "kind", "lead", "low", "high", "searched_lead", "curse", "value", "value_low", "value_high",
    "trust_searched", "trust", "allowed",
]  # fmt: skip
