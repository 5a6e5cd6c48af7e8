"""From a trial of messages to the value of relevance: matched against mismatched, and against the best for everyone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.calibrate.landing import Landing
from sim.calibrate.messages.arms import MATCHED, MISMATCHED, NONE, OUTCOMES, Trial, everyone, read_trial
from sim.calibrate.messages.groups import CONFIDENCE, Lift, Means, lift, means, overstatement
from sim.calibrate.messages.relevance import Share, base_relevance, log_odds, prompted
from sim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sim.scenario import Scenario

UNITS = {"visit": "visits per customer", "conversion": "purchases per customer", "spend": "money per customer"}
R0, SURPLUS = "rules.base_relevance", "rules.surplus"


@dataclass(frozen=True)
class TrialFit:
    """What a trial of messages shows."""

    trial: Trial

    @property
    def missing(self) -> tuple[str, ...]:
        """Outcomes that were not measured."""
        return tuple(one for one in OUTCOMES if one not in self.trial.outcomes)

    @property
    def best(self) -> str:
        """The best single message for everyone, by the first outcome that was measured: visits are least noisy."""
        return max(self.trial.messages, key=lambda message: float(self._means.mean[self._place(message), 0]))

    @property
    def overstatement(self) -> float:
        """By how much the best message's first outcome is overstated, because it was picked on these data."""
        return overstatement(self._means, [self._place(message) for message in self.trial.messages], 0)

    @cached_property
    def _means(self) -> Means:
        return means(self.trial.cells, np.array(list(self.trial.groups().values())))

    def _place(self, message: str) -> int:
        return 3 + self.trial.messages.index(message)

    def lift(self, against: str, outcome: str) -> Lift:
        """What matching a message to the customer gains over a message, "mismatched", or "no message"."""
        names = list(self.trial.groups())
        if against in self.trial.messages:
            against = everyone(against)
        return lift(self._means, 0, names.index(against), self.trial.outcomes.index(outcome))

    def table(self) -> pd.DataFrame:
        """What matching gains.

        One row per outcome and comparison: ``outcome``, ``unit``, ``against``, ``best`` (whether that is the best
        message for everyone), ``customers`` (who got the matched message, and the other), ``matched`` and ``other``
        mean, ``lift`` (relative), its 95 % interval ``low`` and ``high`` (delta method on the logarithm of the ratio)
        and ``z`` of the difference.
        """
        number = {name: int(self.trial.cells.number[inside].sum()) for name, inside in self.trial.groups().items()}
        rows = []
        for outcome in self.trial.outcomes:
            for name in list(number)[1:]:
                one = self.lift(name, outcome)
                rows.append(
                    {
                        "outcome": outcome,
                        "unit": UNITS[outcome],
                        "against": name,
                        "best": name == everyone(self.best),
                        "customers": f"{number[MATCHED]} and {number[name]}",
                        "matched": one.mean,
                        "other": one.against,
                        "lift": one.lift,
                        "low": one.low,
                        "high": one.high,
                        "z": one.z,
                    }
                )
        return pd.DataFrame(rows)

    def responses(self) -> pd.DataFrame:
        """How customers responded, by arm and by the message that suits them.

        One row per cell and outcome: ``arm``, ``suits``, ``match`` ("matched", "mismatched", "no message", or "general"
        for a message that suits nobody in particular), ``outcome``, ``unit``, ``customers``, ``responders``, ``mean``
        and its 95 % interval ``low`` and ``high`` (normal on the logarithm; not a number where nobody responded).
        """
        single = means(self.trial.cells, np.eye(len(self.trial.cells.number), dtype=bool))
        rows = []
        for cell, number in enumerate(self.trial.cells.number):
            arm, suits = divmod(cell, len(self.trial.suits))
            name = (self.trial.control, *self.trial.messages)[arm]
            same = MATCHED if name == self.trial.suits[suits] else MISMATCHED if name in self.trial.suits else "general"
            for k, outcome in enumerate(self.trial.outcomes):
                mean = float(single.mean[cell, k])
                reach = (
                    CONFIDENCE * math.sqrt(max(0.0, single.covariance[cell, k, cell, k])) / mean if mean else math.nan
                )
                rows.append(
                    {
                        "arm": name,
                        "suits": self.trial.suits[suits],
                        "match": same if arm else NONE,
                        "outcome": outcome,
                        "unit": UNITS[outcome],
                        "customers": int(number),
                        "responders": int(self.trial.cells.responders[cell, k]),
                        "mean": mean,
                        "low": mean * math.exp(-reach),
                        "high": mean * math.exp(reach),
                    }
                )
        return pd.DataFrame(rows)

    def parameters(self, price_sensitivity: float) -> tuple[dict[str, tuple[float, float]], NDArray[np.float64]]:
        """Estimates of the rules by dotted path with their standard errors, and their covariance.

        They are as they come out, not cut off at 0 and 1: :class:`sim.calibrate.messages.relevance.Share` does that.
        What the trial cannot tell is not there, and :attr:`untold` says why. The equations stand in
        :mod:`sim.calibrate.messages.relevance`.
        """
        best = self._place(self.best)
        found = {}
        if not self._without_relevance:
            found[R0] = lambda mean: base_relevance(mean[best, 0], mean[0, 0], mean[2, 0])
        if not self._without_surplus:
            found[SURPLUS] = lambda mean: (log_odds(*mean[0, :2]) - log_odds(*mean[best, :2])) / price_sensitivity
        values, covariance = self._means.of(*found.values())
        errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        return dict(zip(found, zip(values.tolist(), errors.tolist(), strict=True), strict=True)), covariance

    @property
    def _without_relevance(self) -> str:
        if "visit" not in self.trial.outcomes:
            return "without visits the relevance of the best single message cannot be told"
        values, covariance = self._means.of(lambda mean: prompted(mean[0, 0]) - prompted(mean[2, 0]))
        if values[0] <= CONFIDENCE * math.sqrt(max(0.0, covariance[0, 0])):
            return (
                "the matched message brings no surely more visits than none, so that the relevance of the best single "
                "message, the ratio of what the two bring, cannot be told"
            )
        return ""

    @property
    def _without_surplus(self) -> str:
        if not {"visit", "conversion"} <= set(self.trial.outcomes):
            return "without visits and conversions the value of relevance cannot be told"
        if (self._means.mean[:, 1] >= self._means.mean[:, 0]).any():
            return "every visit ends in a purchase, so that the value of relevance cannot be told"
        return ""

    @property
    def untold(self) -> tuple[str, ...]:
        """What the trial cannot tell about a scenario, and why."""
        return tuple(why for why in (self._without_relevance, self._without_surplus) if why)

    def landings(self, scenario: Scenario) -> tuple[Landing, ...]:
        """What the trial says about the rules of a scenario, as far as it can tell: see :attr:`untold`.

        ``rules.base_relevance`` and ``rules.surplus``, on the linear scale and cut off at 0 and 1, where "nothing is
        gained" stands: whoever redraws them has to cut the draws off too. Raises :class:`InputError` where the
        scenario's ``rules.price_sensitivity`` is 0, by which the surplus is divided.
        """
        sensitivity = scenario.rules.price_sensitivity
        if sensitivity <= 0.0 and not self._without_surplus:
            raise InputError(
                f"{self.trial.source}: rules.price_sensitivity is {sensitivity:g}, so that no worth moves anybody; "
                "it has to be above 0 to tell the value of relevance"
            )
        estimates, covariance = self.parameters(sensitivity)
        if not estimates:
            return ()
        shares = {path: Share.of(*estimate) for path, estimate in estimates.items()}
        factors = np.array(
            [shares[path].error / error if error > 0.0 else 0.0 for path, (_, error) in estimates.items()]
        )
        said = {
            R0: f"visits gained by {self.best} for everyone over those gained by the message that suits each customer, "
            "which counts as fully relevant",
            SURPLUS: f"gain in log odds of buying once there, over {self.best} for everyone, divided by "
            f"rules.price_sensitivity {sensitivity:g}; the customer keeps all of it",
        }
        return (
            Landing(
                name="trial",
                source=f"trial of messages, {self.trial.source}",
                n=self.trial.customers,
                values={path: share.value for path, share in shares.items()},
                scales=dict.fromkeys(shares, "linear"),
                covariance=covariance * np.outer(factors, factors),
                remarks={
                    path: f"{said[path]}; estimate {value:.3g}, standard error {error:.2g}, cut off at 0 and 1"
                    for path, (value, error) in estimates.items()
                },
                ranges={path: (share.low, share.high) for path, share in shares.items() if share.low < share.high},
            ),
        )

    @property
    def finding(self) -> str:
        """What came out, in plain sentences."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        left = []
        if self.trial.suited_by_several:
            left.append(f"{self.trial.suited_by_several:,} whom several suit")
        if self.trial.suited_by_none:
            left.append(f"{self.trial.suited_by_none:,} whom none suits")
        out = f" ({' and '.join(left)} are left out)" if left else ""
        gains = [_gain(outcome, self.lift(MISMATCHED, outcome)) for outcome in self.trial.outcomes]
        yield (
            f"Among {self.trial.customers:,} customers whom one message suits{out}, the matched message against a "
            f"mismatched one: {'; '.join(gains)}."
        )
        lifts = {outcome: self.lift(self.best, outcome) for outcome in self.trial.outcomes}
        against = [_gain(outcome, one) for outcome, one in lifts.items()]
        yield f"Against the best single message for everyone, {self.best}: {'; '.join(against)}."
        more = [outcome for outcome, one in lifts.items() if one.low > 0.0]
        less = [outcome for outcome, one in lifts.items() if one.high < 0.0]
        if more:
            yield f"Personalising gains over it ({', '.join(more)})."
        if less:
            yield f"Personalising loses against it ({', '.join(less)})."
        if not more and not less:
            yield "No gain of personalising over it is shown."
        first = self.trial.outcomes[0]
        size = self.overstatement * (1 if first == "spend" else 100)
        about = f"about {size:.2f}" if size >= 0.005 else "less than 0.01"
        yield (
            f"{self.best} was picked as the best on the same customers, which overstates its {UNITS[first]} by {about}"
            f"{'' if first == 'spend' else ' percentage points'}."
        )
        if self.missing:
            yield f"Not measured: {', '.join(self.missing)}."
        for why in self.untold:
            yield f"{why[0].upper()}{why[1:]}."


def fit_trial(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    *,
    matches: Mapping[str, str] | None = None,
    control: str | None = None,
    outcomes: Sequence[str] = OUTCOMES,
) -> TrialFit:
    """Fit what a message gains by suiting the customer to a trial in which messages were sent by lot.

    Parameters
    ----------
    path
        A table as :func:`sim.calibrate.reading.table.read_table` takes it, one line per customer: ``arm`` (which
        message), ``visit`` and ``conversion`` (0 or 1), ``spend``, of which one at least; and perhaps ``suits``, the
        name of the arm whose message suits the customer, empty where none does.
    columns
        Names of columns by these roles, where they are called otherwise.
    matches
        Instead of a column ``suits``: by the name of an arm, the column that is 1 for customers whom its message suits
        and 0 for the others. Whoever is suited by several messages or none is left out, and counted.
    control
        Name of the arm without a message; needed where its name does not say so.
    outcomes
        Which outcomes to look at, of those that are there.

    Raises :class:`InputError` for a table that cannot be read, names of arms that are not there, a trial without
    control, an outcome that cannot be right, a group without customers, and too few responders in one.
    """
    return TrialFit(read_trial(path, columns, matches, control, outcomes))


def _gain(outcome: str, one: Lift) -> str:
    def shown(mean: float) -> str:
        return f"{mean:.3f}" if outcome == "spend" else f"{100 * mean:.{2 if outcome == 'visit' else 3}f} %"

    sure = f"95 % interval {100 * one.low:+.0f} to {100 * one.high:+.0f} %"
    return (
        f"{outcome} {shown(one.mean)} against {shown(one.against)} ({100 * one.lift:+.0f} %, {sure}, z = {one.z:.1f})"
    )
