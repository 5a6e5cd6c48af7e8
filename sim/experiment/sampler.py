"""Where to look next: candidates that Optuna proposes from what earlier ones have come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sim.errors import InputError

if TYPE_CHECKING:
    from sim.experiment.levers import Space

BATCH = 8
"""Candidates that are judged together; which ones does not depend on how many workers there are."""


class Proposals:
    """Candidates in batches: the same for the same seed and the same answers.

    One objective is searched with the tree-structured Parzen estimator (J. Bergstra et al. 2011, "Algorithms for
    hyper-parameter optimization", NIPS 24), several with NSGA-II (K. Deb et al. 2002, IEEE Transactions on
    Evolutionary Computation 6, 182-197).
    """

    def __init__(self, space: Space, objectives: int, seed: int) -> None:
        """Raises :class:`sim.errors.InputError` if Optuna is not installed."""
        self._optuna = optuna = optuna_module()
        distributions = optuna.distributions
        self._axes = {
            name: distributions.CategoricalDistribution(space.frames)
            if name == "consent"
            else distributions.FloatDistribution(*space.bounds[name])
            for name in space.levers
        }
        sampler: Any = (
            optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=2 * BATCH)
            if objectives == 1
            else optuna.samplers.NSGAIISampler(seed=seed, population_size=2 * BATCH)
        )
        with _quiet(optuna):
            self._study = optuna.create_study(directions=["maximize"] * objectives, sampler=sampler)

    def learn(self, levers: Mapping[str, Any], values: Sequence[float], shortfall: float = 0.0) -> None:
        """What a candidate has come to that was not proposed; ``shortfall`` above zero is a broken constraint."""
        self._study.add_trial(
            self._optuna.trial.create_trial(
                params=dict(levers), distributions=self._axes, values=list(values), constraints={"floor": shortfall}
            )
        )

    def batches(self, trials: int) -> Iterator[Batch]:
        """So many candidates, batch by batch; each is to be answered before the next is asked for."""
        for first in range(0, trials, BATCH):
            asked = [self._study.ask(self._axes) for _ in range(min(BATCH, trials - first))]
            yield Batch(self, asked)

    def answer(self, trial: Any, values: Sequence[float], shortfall: float) -> None:
        """What a proposed candidate has come to."""
        trial.set_constraint("floor", shortfall)
        with _quiet(self._optuna):
            self._study.tell(trial, list(values))


class Batch:
    """Candidates that are judged together."""

    def __init__(self, proposals: Proposals, trials: Sequence[Any]) -> None:
        self._proposals, self._trials = proposals, trials
        self.levers: list[dict[str, Any]] = [dict(trial.params) for trial in trials]

    def answer(self, values: Sequence[Sequence[float]], shortfalls: Sequence[float]) -> None:
        """What they have come to, in their order."""
        for trial, value, shortfall in zip(self._trials, values, shortfalls, strict=True):
            self._proposals.answer(trial, value, shortfall)


def optuna_module() -> Any:
    """The library that searches; raises :class:`sim.errors.InputError` where it is not installed."""
    try:
        import optuna
    except ImportError:
        raise InputError(
            "a search needs the package optuna, which is not installed; "
            'pip install "personalisation-roi[search]" would install it'
        ) from None
    return optuna


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Without Optuna's own reports, and its verbosity left as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
