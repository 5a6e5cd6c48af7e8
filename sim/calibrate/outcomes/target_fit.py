"""What a fit to targets found: the acceptable parameter sets, what they pin down, and what lands in a scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.calibrate.landing import Landing
from sim.calibrate.outcomes.measures import MEASURES
from sim.calibrate.outcomes.pinning import COVERED, Pinning, fewest, pinnings
from sim.calibrate.outcomes.region import Search, reach_of
from sim.calibrate.outcomes.targets import MOST, PER_TARGET, Free, Target, Targets
from sim.errors import InputError
from sim.quantity import Scale, slope

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sim.scenario import Scenario


@dataclass(frozen=True, eq=False)
class TargetFit:
    """The parameter sets that reproduce a client's outcomes, out of all that were tried.

    Parameters
    ----------
    targets
        What was wanted, of which firm, by moving what.
    scenario
        The scenario as it was simulated: with its own number of customers and horizon.
    seed
        Of the runs' luck and of the search.
    search
        What was tried and what came out; places are shares of the parameters' ranges.
    scales
        For each parameter the scale on which every number is possible: ``log`` for amounts, ``logit`` for shares.
    """

    targets: Targets
    scenario: Scenario
    seed: int
    search: Search = field(repr=False)
    scales: tuple[Scale, ...] = field(repr=False)

    @property
    def n_tried(self) -> int:
        """Number of parameter sets that were simulated."""
        return len(self.search.places)

    @property
    def n_accepted(self) -> int:
        """Number of parameter sets that reproduce all targets."""
        return int(self.search.accepted.sum())

    @property
    def reached(self) -> bool:
        """Whether any parameter set reproduces all targets."""
        return self.n_accepted > 0

    @cached_property
    def central(self) -> int:
        """Number of the set that stands for the region: the medoid of the acceptable ones; the nearest where none is.

        The medoid has the smallest mean distance to the others, in their standard deviations. Unlike a mean it is a
        set that was simulated and reproduces the targets itself.
        """
        accepted = np.flatnonzero(self.search.accepted)
        if len(accepted) < 2:
            return self.search.nearest
        places = self.search.places[accepted]
        places = places / places.std(axis=0)
        distances = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2)).sum(axis=1)
        return int(accepted[distances.argmin()])

    @cached_property
    def pinnings(self) -> list[Pinning]:
        """What the targets say about each parameter, in the order of ``targets.free``."""
        return pinnings(self.search.places[self.search.accepted])

    def table(self) -> pd.DataFrame:
        """One row per parameter that was free to move.

        Columns ``parameter``, ``unit``, ``prior_low``, ``prior_high``, ``value`` (of the central set; of the nearest
        where none is acceptable), ``low`` and ``high`` (between which 90 % of the acceptable sets lie), ``left`` (share
        of the range that this is), ``left_alone`` (the same if all other parameters were known), ``with`` (those that
        it goes together with) and ``verdict``; see :class:`sim.calibrate.outcomes.pinning.Pinning`.
        """
        import pandas as pd

        free, values = self.targets.free, natural(self.targets.free, self.search.places)
        ranges = [self._range(k) if self.reached else (np.nan, np.nan) for k in range(len(free))]
        return pd.DataFrame(
            {
                "parameter": [one.path for one in free],
                "unit": [one.unit for one in free],
                "prior_low": [one.low for one in free],
                "prior_high": [one.high for one in free],
                "value": values[self.central],
                "low": [low for low, _ in ranges],
                "high": [high for _, high in ranges],
                "left": [one.left for one in self.pinnings],
                "left_alone": [one.left_alone for one in self.pinnings],
                "with": [", ".join(free[i].path for i in one.partners) for one in self.pinnings],
                "verdict": [one.verdict for one in self.pinnings],
            }
        )

    def outcomes(self) -> pd.DataFrame:
        """One row per target.

        Columns ``target``, ``of`` (what an uplift is of), ``unit``, ``wanted``, ``tolerance`` (half-width), ``chance``
        (standard deviation of the simulator's own luck), ``reached``, ``low`` and ``high`` (mean and range over the
        acceptable sets; the nearest set alone where none is), ``lowest`` and ``highest`` (over everything tried),
        ``hit`` (whether ``reached`` is within the tolerance, widened by chance) and ``source``.
        """
        import pandas as pd

        found = self.search
        chosen = found.outcomes[found.accepted] if self.reached else found.outcomes[[found.nearest]]
        tried = found.outcomes[np.isfinite(found.worst)]
        rows = []
        for k, target in enumerate(self.targets.targets):
            mean = float(chosen[:, k].mean())
            reach = float(reach_of(np.array(target.tolerance), found.chance[k]))
            rows.append(
                {
                    "target": target.measure,
                    "of": target.column if len(MEASURES[target.measure].columns) > 1 else "",
                    "unit": MEASURES[target.measure].unit,
                    "wanted": target.value,
                    "tolerance": target.tolerance,
                    "chance": found.chance[k],
                    "reached": mean,
                    "low": chosen[:, k].min(),
                    "high": chosen[:, k].max(),
                    "lowest": tried[:, k].min() if len(tried) else np.nan,
                    "highest": tried[:, k].max() if len(tried) else np.nan,
                    "hit": abs(mean - target.value) <= reach,
                    "source": target.source,
                }
            )
        return pd.DataFrame(rows)

    def points(self) -> pd.DataFrame:
        """One row per parameter set that was tried.

        Columns ``wave``, ``accepted``, ``implausibility`` (of the worst target; acceptable up to 1), then a column per
        parameter, by its path, and one per target, by its measure.
        """
        import pandas as pd

        found = self.search
        head = {"wave": found.wave, "accepted": found.accepted, "implausibility": found.worst}
        values = natural(self.targets.free, found.places)
        sets = {one.path: values[:, k] for k, one in enumerate(self.targets.free)}
        results = {one.measure: found.outcomes[:, k] for k, one in enumerate(self.targets.targets)}
        return pd.DataFrame({**head, **sets, **results})

    @cached_property
    def missed(self) -> tuple[Target, ...]:
        """The targets that the nearest set misses, worst first; none where a set reproduces all."""
        misses = self.search.implausibility[self.search.nearest]
        return tuple(self.targets.targets[k] for k in np.argsort(-misses, kind="stable") if misses[k] > 1.0)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to mind, a sentence each."""
        said = []
        free, targets = len(self.targets.free), len(self.targets.targets)
        if free > min(PER_TARGET * targets, MOST):
            said.append(
                f"{free} free parameters are many for {targets} {'target' if targets == 1 else 'targets'}; most will "
                f"not be pinned down, so name fewer under free (at most {min(PER_TARGET * targets, MOST)} make sense)."
            )
        for target, chance in zip(self.targets.targets, self.search.chance, strict=True):
            if 2.0 * chance > target.tolerance:
                said.append(
                    f"With {self.scenario.customers.count} customers luck alone moves the simulated {target.measure} "
                    f"by {2.0 * chance:.2g} (two standard deviations), more than its tolerance of "
                    f"{target.tolerance:.2g}; more customers would narrow the region."
                )
        if 0 < self.n_accepted < fewest(free):
            said.append(
                f"Only {self.n_accepted} of {self.n_tried} parameter sets reproduce the targets, too few to tell how "
                f"far each parameter is pinned down ({fewest(free)} are needed); a larger budget would find more."
            )
        return tuple(said)

    @property
    def finding(self) -> str:
        """The result in a few sentences."""
        if not self.reached:
            return self._not_reached()
        targets = len(self.targets.targets)
        what = {1: "the target", 2: "both targets"}.get(targets, f"all {targets} targets")
        text = f"{self.n_accepted} of {self.n_tried} parameter sets reproduce {what} of {self.targets.firm}."
        parts = []
        for verdict in ("pinned down", "only jointly", "not pinned down"):
            rows = [(one.path, p) for one, p in zip(self.targets.free, self.pinnings, strict=True)
                    if p.verdict == verdict]  # fmt: skip
            names = ", ".join(path for path, _ in rows)
            if rows:
                parts.append(f"{verdict}: {names}")
        sentence = "; ".join(parts)
        return f"{text} {sentence[0].upper()}{sentence[1:]}." if sentence else text

    def _not_reached(self) -> str:
        """Why no parameter set will do, and what is nearest."""
        found, wanted = self.search, self.targets.targets
        text = f"None of {self.n_tried} parameter sets within the ranges reproduces the targets of {self.targets.firm}."
        if not np.isfinite(found.worst).any():
            return f"{text} In none did the firm have any customers to measure."
        some = np.isfinite(found.worst)
        never = [k for k in range(len(wanted)) if found.implausibility[some, k].min() > 1.0]
        for k in never:
            low, high = found.outcomes[some, k].min(), found.outcomes[some, k].max()
            text += (
                f" {wanted[k].measure} {_wish(wanted[k])} was not met by any, whatever became of the others: it "
                f"came out between {low:.3g} and {high:.3g}."
            )
        together = [one for one in self.missed if wanted.index(one) not in never]
        if together and not never:
            names = " and ".join(f"{one.measure} {_wish(one)}" for one in together)
            text += f" {names} were met one at a time, but never all targets together."
        nearest = ", ".join(f"{one.measure} {found.outcomes[found.nearest, k]:.3g}" for k, one in enumerate(wanted))
        text += f" Nearest: {nearest}."
        place = found.places[found.nearest]
        ends = [one.path for one, u in zip(self.targets.free, place, strict=True) if min(u, 1.0 - u) < 0.05]
        if ends:
            text += f" There, {', '.join(ends)} {'is' if len(ends) == 1 else 'are'} at the end of the range."
        return text

    def landings(self) -> tuple[Landing]:
        """What the fit says about a scenario: the central acceptable set, and how the acceptable sets scatter.

        The covariance is that of the acceptable sets, carried to the scales by the delta method. Ranges are those that
        hold 90 % of them. Where there are too few to tell, the covariance is not a number.

        Raises :class:`InputError` where no set reproduces the targets: numbers that say that they were fitted to
        outcomes would then be telling an untruth, and what comes nearest depends on how misses are weighed.
        """
        if not self.reached:
            raise InputError(
                f"{self.targets.source}: {self._not_reached()} Widen tolerances or ranges, or free other parameters"
            )
        free = self.targets.free
        values = natural(free, self.search.places)
        central = values[self.central]
        covariance = np.full((len(free), len(free)), np.nan)
        if self.n_accepted >= fewest(len(free)):
            slopes = np.array([slope(value, scale) for value, scale in zip(central, self.scales, strict=True)])
            scatter = np.cov(values[self.search.accepted], rowvar=False).reshape(covariance.shape)
            covariance = scatter / np.outer(slopes, slopes)
        wishes = ", ".join(f"{one.measure} {_wish(one)}" for one in self.targets.targets)
        remarks = {}
        for one, pinning in zip(free, self.pinnings, strict=True):
            if pinning.verdict == "only jointly":
                partners = ", ".join(free[i].path for i in pinning.partners)
                remarks[one.path] = f"the targets pin this down only jointly with {partners}"
            elif pinning.verdict != "pinned down":
                share = f" ({pinning.left:.0%} of its range is left)" if pinning.verdict == "not pinned down" else ""
                remarks[one.path] = f"the targets do not pin this down{share}"
        landing = Landing(
            name="targets",
            source=f"fitted to outcomes of {self.targets.firm} in {self.targets.source} ({wishes})",
            n=len(self.targets.targets),
            values={one.path: float(value) for one, value in zip(free, central, strict=True)},
            scales={one.path: scale for one, scale in zip(free, self.scales, strict=True)},
            covariance=covariance,
            remarks=remarks,
            ranges={one.path: self._range(k) for k, one in enumerate(free)},
        )
        return (landing,)

    def _range(self, k: int) -> tuple[float, float]:
        """Where 90 % of the acceptable values of parameter ``k`` lie, and the central one."""
        values = natural(self.targets.free, self.search.places)[:, k]
        low, high = np.quantile(values[self.search.accepted], COVERED)
        return float(min(low, values[self.central])), float(max(high, values[self.central]))


def _wish(target: Target) -> str:
    return f"{target.value:.4g} ± {target.tolerance:.2g}"


def natural(free: tuple[Free, ...], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of parameters at places of the unit cube, shape (n, parameters)."""
    low, high = (np.array([getattr(one, end) for one in free]) for end in ("low", "high"))
    return np.asarray(low + places * (high - low))
