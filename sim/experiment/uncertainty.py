"""What is not known about a scenario's numbers, drawn anew for each replication.

Every number is of one of three kinds. What was *fitted* has a standard error and is drawn from the normal
distribution of its estimate, together with what was fitted with it (``scenario.fits``). What is *assumed*, which
includes figures that others published in other settings, is drawn from its plausible range: a triangular distribution
with its mode at the scenario's value, wide enough to hold that value. What is *decided*, the levers of the firms and
the rate at which money is discounted, is never drawn; nor are the shares of segments, which have to sum to one.

The economics of all firms move together: what is not known is the trade, not the firm. Everything else assumed is
drawn independently, because nothing is known about how errors in assumptions go together.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.draws import Stream
from sim.errors import InputError
from sim.quantity import Scale, off_scale, on_scale, slope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.quantity import Provenance
    from sim.scenario import Scenario

CHOSEN = ("discount_rate",)
"""Numbers that whoever reads the result decides on; they are no facts of a market."""

ATTEMPTS = 200
"""How often numbers are drawn anew that no scenario can have, such as shares that sum to more than one."""


@dataclass(frozen=True)
class Fitted:
    """Numbers that were fitted together: normal on their scales, with the ``root`` of their covariance."""

    name: str
    paths: tuple[str, ...]
    values: tuple[float, ...]
    scales: tuple[Scale, ...]
    limits: tuple[tuple[float, float], ...]
    root: tuple[tuple[float, ...], ...]

    def drawn(self, seed: int, replication: int, attempt: int) -> Iterator[tuple[str, float]]:
        """One draw of every number; what would lie beyond its hard limits is put onto them."""
        from scipy.special import ndtri

        places = np.arange(len(self.paths))
        luck = Stream(f"fitted {self.name}", seed, replication).columns(places, attempt)[0]
        shifts = np.array(self.root) @ ndtri(luck)
        for path, value, scale, (low, high), shift in zip(
            self.paths, self.values, self.scales, self.limits, shifts, strict=True
        ):
            yield path, min(max(off_scale(on_scale(value, scale) + float(shift), scale), low), high)


@dataclass(frozen=True)
class Assumed:
    """A number in a plausible range: triangular from ``low`` to ``high`` with its mode at ``value``."""

    path: str
    topic: str  # assumptions on the same topic share their luck
    value: float
    low: float
    high: float

    def drawn(self, seed: int, replication: int, attempt: int) -> float:
        """One draw."""
        luck = Stream(f"assumed {self.topic}", seed, replication).uniforms(0, attempt)[0]
        return triangular(self.low, self.value, self.high, luck)


def triangular(low: float, mode: float, high: float, luck: float) -> float:
    """A triangular variate from a uniform, by inversion."""
    width = high - low
    if luck < (mode - low) / width:
        return low + math.sqrt(luck * width * (mode - low))
    return high - math.sqrt((1.0 - luck) * width * (high - mode))


class Draw(NamedTuple):
    """A scenario with its uncertain numbers drawn, and these by path."""

    scenario: Scenario
    values: dict[str, float]


@dataclass(frozen=True)
class Uncertainty:
    """Everything that is not known about a scenario, by kind; made by :func:`uncertainty`."""

    scenario: Scenario
    fitted: tuple[Fitted, ...]
    assumed: tuple[Assumed, ...]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """``estimation`` or ``assumption`` for the path of every number that is drawn."""
        paths = {path: "estimation" for fit in self.fitted for path in fit.paths}
        return paths | {one.path: "assumption" for one in self.assumed}

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that identify what is drawn from what."""
        content = {"fitted": [asdict(one) for one in self.fitted], "assumed": [asdict(one) for one in self.assumed]}
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]

    def drawn(self, seed: int, replication: int, estimation: int = 0) -> Draw:
        """All that is not known, drawn: a pure function of the arguments.

        Other values of ``estimation`` draw the fitted numbers anew and leave the assumed ones as they are. What no
        scenario can have is drawn again.

        Raises :class:`sim.errors.InputError` if that does not help.
        """
        refusal: InputError | None = None
        for attempt in range(ATTEMPTS):
            values = {one.path: one.drawn(seed, replication, attempt) for one in self.assumed}
            for fit in self.fitted:
                values |= dict(fit.drawn(seed, replication, attempt + ATTEMPTS * estimation))
            try:
                return Draw(self._bare.with_(values).model_copy(update={"notes": {}}), values)
            except InputError as error:
                refusal = error
        raise InputError(
            f"{self.scenario.name}: {ATTEMPTS} draws of its uncertain numbers gave none that a scenario can have "
            f"(the last: {refusal}); narrower ranges would be right"
        )

    @cached_property
    def _bare(self) -> Scenario:
        """The scenario without its notes, which no run needs."""
        return self.scenario.model_copy(update={"notes": {}, "fits": {}})


def uncertainty(scenario: Scenario) -> Uncertainty:
    """What is not known about a scenario's numbers.

    Raises :class:`sim.errors.InputError` for a fitted number whose errors have no place on their scale.
    """
    said = {path: (float(value), known) for path, value, known in scenario.assumptions()}
    estimated = {path for path, (_, known) in said.items() if known.evidence == "fitted" and not decided(path, known)}
    fits = []
    together: set[str] = set()
    for name, joint in scenario.fits.items():
        places = [k for k, path in enumerate(joint.paths) if path in estimated]
        if places:
            covariance = np.array(joint.covariance)[np.ix_(places, places)]
            paths = [joint.paths[k] for k in places]
            fits.append(_fitted(name, paths, said, [joint.scales[k] for k in places], covariance))
            together |= set(paths)
    for path in sorted(estimated - together):
        value, known = said[path]
        scale = natural_scale(value, known)
        error = (known.se or 0.0) / slope(value, scale)
        fits.append(_fitted(path, [path], said, [scale], np.array([[error**2]])))
    assumed = []
    for path, (value, known) in said.items():
        if path in estimated or decided(path, known):
            continue
        low, high = min(known.low, value), max(known.high, value)
        if low < high:
            assumed.append(Assumed(path, topic(path), value, low, high))
    return Uncertainty(scenario, tuple(fits), tuple(assumed))


def decided(path: str, known: Provenance) -> bool:
    """Whether a number is never drawn.

    Somebody decides on it, so that there is nothing to know about it; or it is the share of a segment, which cannot
    vary alone, because shares sum to one.
    """
    segment_share = path.startswith("customers.segments.") and path.endswith(".share")
    return known.evidence == "decision" or ".strategy." in path or path in CHOSEN or segment_share


def topic(path: str) -> str:
    """What an assumption is about: the economics of all firms are about the same trade."""
    parts = path.split(".")
    return ".".join(["firms", "*", *parts[2:]]) if parts[0] == "firms" and parts[2] == "economics" else path


def natural_scale(value: float, known: Provenance) -> Scale:
    """The scale of a lone standard error: logit for shares between 0 and 1, log for what cannot be negative."""
    if known.least == 0.0 and known.most == 1.0 and 0.0 < value < 1.0:
        return "logit"
    return "log" if known.least >= 0.0 and value > 0.0 else "linear"


def _fitted(
    name: str, paths: list[str], said: Mapping[str, tuple[float, Provenance]], scales: list[Scale], covariance: Any
) -> Fitted:
    values = [said[path][0] for path in paths]
    for path, value, scale in zip(paths, values, scales, strict=True):
        try:
            on_scale(value, scale)
        except (ValueError, ZeroDivisionError):
            raise InputError(
                f"{path} is {value:g}, which has no place on the {scale} scale of its standard error; "
                "a linear scale in its fit would be right"
            ) from None
    variances, directions = np.linalg.eigh(covariance)  # a covariance may be without width in some direction
    root = (directions * np.sqrt(np.maximum(variances, 0.0))) @ directions.T  # the only root that is symmetric
    limits = tuple((said[path][1].least, said[path][1].most) for path in paths)
    rows = tuple(tuple(float(one) for one in row) for row in root)
    return Fitted(name, tuple(paths), tuple(values), tuple(scales), limits, rows)
