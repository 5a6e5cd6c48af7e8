"""How fitted numbers get into a scenario: with source, standard error and n, and with their joint distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.quantity import Joint, Note, Scale, slope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.scenario import Scenario


@dataclass(frozen=True)
class Landing:
    """What one fit says about a scenario.

    Parameters
    ----------
    name
        Of the fit, under which its joint distribution stands in the scenario's ``fits``.
    source
        Model, data and period, for people to read.
    n
        Number of observations (customers, respondents, households) that the fit rests on.
    values
        Fitted numbers by dotted path.
    scales
        On which scale the errors of each are normal; the order is that of ``values``.
    covariance
        Of the estimates on their scales, shape (k, k); not a number where the data do not determine them.
    changes
        What else changes, by dotted path, before the numbers do: the kind of a distribution, a part that is left out.
    remarks
        A sentence beside a number, by its path.
    ranges
        Plausible range of a number, by its path, where the data give one that is not the standard error's.
    """

    name: str
    source: str
    n: int
    values: Mapping[str, float]
    scales: Mapping[str, Scale]
    covariance: NDArray[np.float64]
    changes: Mapping[str, Any] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def errors(self) -> dict[str, float]:
        """Standard error of every number, by path; not a number where the data do not determine it."""
        variances = np.diag(self.covariance)
        return {
            path: slope(value, self.scales[path]) * math.sqrt(variance) if variance >= 0.0 else math.nan
            for (path, value), variance in zip(self.values.items(), variances, strict=True)
        }

    def joint(self) -> Joint | None:
        """The joint distribution, or None where the data do not determine every number."""
        if not np.isfinite(self.covariance).all():
            return None
        return Joint(
            source=self.source,
            paths=tuple(self.values),
            scales=tuple(self.scales[path] for path in self.values),
            covariance=tuple(tuple(float(f"{one:.8g}") for one in row) for row in self.covariance),
        )


def landed(scenario: Scenario, landings: Sequence[Landing]) -> Scenario:
    """The scenario with the fitted numbers, each with source, standard error and n beside it.

    Plausible ranges belong to the quantity, not to its value: they are kept from the scenario unless the fit gives
    one. Raises :class:`sim.errors.InputError` where a fit gives numbers that no scenario can have.
    """
    joints = {f"fits.{landing.name}": landing.joint() for landing in landings}
    old = {f"fits.{name}" for name in scenario.fits}
    # What is no longer determined goes first: changing all of its numbers would take a fit away, too.
    changes: dict[str, Any] = {place: None for place, joint in joints.items() if joint is None and place in old}
    for landing in landings:
        changes.update(landing.changes)
        errors = landing.errors()
        for path, value in landing.values.items():
            known = scenario.notes.get(path, Note())
            changes[path] = {
                "value": value,
                "source": landing.source,
                "n": landing.n,
                **({"se": errors[path]} if math.isfinite(errors[path]) else {}),
                **({"range": reach} if (reach := landing.ranges.get(path, known.range)) else {}),
                **({"note": landing.remarks[path]} if path in landing.remarks else {}),
            }
    changes |= {place: joint for place, joint in joints.items() if joint is not None}
    return scenario.with_(changes)
