"""From measurements to a verdict: where a claim was seen to hold, where not, and what that amounts to.

At one setting of the assumptions a claim *holds* if the 95 % interval of every one of its effects lies on the right
side of its bar, *fails* if that of any lies wholly on the wrong side, and is *open* otherwise. The verdict goes by all
settings that were tried: the market as it is, each assumption moved along its plausible range, and combinations drawn
from all ranges at once (a Latin hypercube).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from sim.experiment.axes import Axis
from sim.experiment.statistics import CONFIDENCE, Interval, share_interval
from sim.lessons.lesson import Lesson
from sim.lessons.standing import Standing, interval, standing
from sim.lessons.turning import Stretch, common, length, stretches
from sim.run import manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.quantity import Provenance
    from sim.scenario import Scenario

Verdict = Literal["holds", "holds only if", "does not hold", "cannot be told"]
MEASURED = ("fitted", "measured", "published")
"""Kinds of evidence that somebody has found out, rather than assumed or set."""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


AS_IT_IS, CORNER = -1, -2
"""Places that are on no axis."""


class Place(NamedTuple):
    """A setting that was tried: a value of one axis, the market as it is, or a corner with its words as value."""

    axis: int
    value: Any


class Turn(NamedTuple):
    """What becomes of a claim along one assumption, all others as they are."""

    axis: Axis
    known: Provenance | None
    holds: tuple[Stretch, ...]  # of a numeric axis: where all mean effects are on the right side of their bars
    sure: tuple[Stretch, ...]  # the same for the nearer ends of their 95 % intervals
    at: tuple[Any, ...]  # of an axis of words: the values at which it holds

    @property
    def turns(self) -> bool:
        """Whether there is a part of the range in which the claim is not surely seen."""
        if self.axis.numeric:
            low, high = min(self.axis.levels), max(self.axis.levels)
            return bool(length(self.sure) < (high - low) * (1.0 - 1e-9))
        return len(self.at) < len(self.axis.levels)


@dataclass(frozen=True, eq=False)
class Tried:
    """A lesson that was put to the test, and what was measured."""

    lesson: Lesson
    market: Scenario
    axes: tuple[Axis, ...]
    places: tuple[Place, ...]  # the market as it is first, then the values of the axes, then the corners
    margins: np.ndarray = field(repr=False)  # (places, statements, replications)
    combinations: np.ndarray = field(repr=False)  # (samples, statements, replications)
    seed: int = 1

    @property
    def replications(self) -> int:
        """Number of replications of every setting."""
        return int(self.margins.shape[2])

    @cached_property
    def effects(self) -> pd.DataFrame:
        """What was measured in the market as it is, one row per statement.

        Columns: ``lesson``, ``statement``, ``unit``, ``wanted``, ``bar``, ``value``, ``low``, ``high`` (the effect with
        its 95 % confidence interval over replications), ``standing`` and ``decisive``.
        """
        import pandas as pd

        rows = []
        for statement, margin in zip(self.lesson.statements, self.margins[0], strict=True):
            sign = 1.0 if statement.wanted == "above" else -1.0
            beyond = interval(margin)
            ends = sorted((statement.bar + sign * beyond.low, statement.bar + sign * beyond.high))
            rows.append(
                {
                    "lesson": self.lesson.key,
                    "statement": statement.words,
                    "unit": statement.unit,
                    "wanted": statement.wanted,
                    "bar": statement.bar,
                    "value": statement.bar + sign * beyond.value,
                    "low": ends[0],
                    "high": ends[1],
                    "standing": standing([beyond]),
                    "decisive": statement.decisive,
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def decisive(self) -> tuple[int, ...]:
        """The statements that decide; the others are only measured beside."""
        return tuple(s for s, one in enumerate(self.lesson.statements) if one.decisive)

    @property
    def deciding(self) -> int:
        """Of the statements that decide the one that decides most: the first that fails, else the first open one."""
        found = [str(self.effects["standing"].iloc[s]) for s in self.decisive]
        least = next((one for one in ("fails", "open") if one in found), found[0])
        return self.decisive[found.index(least)]

    def _standing(self, place: np.ndarray) -> Standing:
        return standing([interval(place[s]) for s in self.decisive])

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """What becomes of the claim at each place."""
        return tuple(self._standing(place) for place in self.margins)

    @property
    def as_it_is(self) -> Standing:
        """What becomes of the claim in the market as it is."""
        return self.standings[0]

    @cached_property
    def combined(self) -> tuple[Standing, ...]:
        """What becomes of the claim in each combination of assumptions."""
        return tuple(self._standing(place) for place in self.combinations)

    @property
    def share(self) -> Interval | None:
        """In which share of all combinations of plausible assumptions it holds, with the exact interval."""
        n = len(self.combined)
        return share_interval(self.combined.count("holds"), n) if n else None

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """What becomes of the claim along each assumption."""
        known = {path: provenance for path, _, provenance in self.market.assumptions()}
        return tuple(self._turn(k, axis, known.get(axis.paths[0])) for k, axis in enumerate(self.axes))

    def _turn(self, k: int, axis: Axis, known: Provenance | None) -> Turn:
        here = [(place.value, n) for n, place in enumerate(self.places) if place.axis == k]
        if not axis.numeric:
            if axis.own in axis.levels:
                here.append((axis.own, 0))
            found = {value for value, n in here if self.standings[n] == "holds"}
            return Turn(axis, known, (), (), tuple(value for value in axis.levels if value in found))
        if axis.own is not None and min(axis.levels) <= axis.own <= max(axis.levels):
            here.append((axis.own, 0))
        here.sort(key=lambda one: float(one[0]))
        at = [float(value) for value, _ in here]
        whole: tuple[Stretch, ...] = ((at[0], at[-1]),)
        holds, sure = whole, whole
        for s in self.decisive:
            seen = [interval(self.margins[n, s]) for _, n in here]
            holds = common(holds, stretches(at, [_or_less(one.value) for one in seen]))
            sure = common(sure, stretches(at, [_or_less(one.low) for one in seen]))
        return Turn(axis, known, holds, sure, ())

    @property
    def conditions(self) -> tuple[Turn, ...]:
        """The assumptions that matter to the claim: those along which it is not surely seen everywhere."""
        return tuple(turn for turn in self.turns if turn.turns)

    @property
    def corners(self) -> dict[str, Standing]:
        """What becomes of the claim where several assumptions are moved at once, by the words for them."""
        both = zip(self.places, self.standings, strict=True)
        return {place.value: standing for place, standing in both if place.axis == CORNER}

    @property
    def verdict(self) -> Verdict:
        """What all settings together amount to."""
        seen = {*self.standings, *self.combined}
        if seen == {"holds"}:
            return "holds"
        if "holds" in seen:
            return "holds only if"
        return "does not hold" if self.as_it_is == "fails" else "cannot be told"

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result; the scenario is the market in which the claim was tried."""
        return manifest(
            self.market, self.seed, replications=self.replications, lesson=self.lesson.key, confidence=CONFIDENCE
        )

    @property
    def finding(self) -> str:
        """The verdict and where it turns round, in one sentence."""
        from sim.present.lessons import tried_finding

        return tried_finding(self)

    def plot(self) -> Figure:
        """Every effect in the market as it is, with its interval and the bar that it has to pass."""
        from sim.present.lessons_charts import effect_chart

        return effect_chart(self)

    def plot_turns(self) -> Figure:
        """Along each assumption, how far the effects that decide are beyond their bars, and where the claim holds.

        Raises :class:`sim.errors.InputError` if the claim was tried in the market as it is alone.
        """
        from sim.present.lessons_charts import turning_chart

        return turning_chart(self)

    @property
    def measured(self) -> tuple[int, int]:
        """How many of the assumptions that turn the claim round somebody has found out, and how many there are."""
        turns = [turn.known for turn in self.conditions if turn.known is not None]
        assumed = [one for one in turns if one.evidence != "decision"]
        return sum(one.evidence in MEASURED for one in assumed), len(assumed)


def _or_less(value: float) -> float:
    """A margin that is not there counts as none, one without bounds as just below zero."""
    return value if np.isfinite(value) else -1e-12
