"""From a panel of purchases to tastes, inertia, price sensitivity and brand appeals of a scenario.

A logit's coefficients cannot be copied into the simulator, where a brand has to come to mind, out of habit among other
things, before it is compared with others. They are found by indirect inference (:mod:`sim.calibrate.brands.search`).

What the last purchase does is told by one number, ``rules.inertia``. A panel cannot tell it from the effect of habit on
what comes to mind, which is left at the scenario's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.calibrate.brands.counts import fit_counts
from sim.calibrate.brands.market import setting_of
from sim.calibrate.brands.search import INERTIA, NOWHERE, RATE, Found, Search, closest, same_for_all
from sim.calibrate.brands.statistics import statistics_of
from sim.calibrate.landing import Landing
from sim.errors import InputError
from sim.quantity import Note, off_scale, slope
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.calibrate.brands.panel import ChoicePanel

SHAPE = "customers.shopping.rate_shape"
HABIT = "rules.habit_effect"
MONTHS = 24
WARM_UP = 4  # half-lives of habit that the market runs before it is compared
HOUSEHOLDS = (1000, 4)  # of the market: this many, or so many times those of the panel, whichever is more
MOST_CUSTOMERS = 20_000

RESTS_ON = (
    "base_relevance", "message_effect", "habit_half_life", "prior_strength", "neutral_trust", "trust_gain",
    "trust_weight", "evidence_half_life", "habit_effect",
)  # fmt: skip
"""Rules of the base scenario that shape what firms sell that treat everyone the same."""


@dataclass(frozen=True, eq=False)
class ChoiceFit:
    """What a panel says about a market's tastes, inertia, price sensitivity and brands.

    ``search`` holds the panel, its statistics and the market beside it, ``found`` where that market resembles it most.
    """

    search: Search
    found: Found

    @property
    def source(self) -> str:
        """The model and the data, for people to read."""
        months = self.search.setting.months
        return f"indirect inference from {self.search.panel.source}, taken to span {months} months"

    @property
    def values(self) -> dict[str, float]:
        """The fitted numbers by dotted path; appeals are those beyond the largest brand's."""
        points = zip(self.search.paths, self.found.at.tolist(), self.search.scales, strict=True)
        return {path: off_scale(at, scale) for path, at, scale in points}

    @property
    def open(self) -> tuple[str, ...]:
        """Paths of the numbers that the panel does not determine: they stand at a bound, or may be anything."""
        return tuple(self.search.paths[k] for k in self.found.held)

    @property
    def misses(self) -> dict[str, float]:
        """Matched statistics that the market cannot show beside the others: market minus panel in standard errors."""
        keys = (" ".join(key).strip() for key in self.search.matched)
        return {key: miss for key, miss in zip(keys, self.found.misfit.tolist(), strict=True) if abs(miss) > 1.96}

    @property
    def caveat(self) -> str:
        """What to know beside the numbers: how far the market can be moved to where the panel is, and a lost order."""
        if self.search.ordered:
            return self._reach
        return f"{self._lost_order} {self._reach}"

    @property
    def _lost_order(self) -> str:
        """One sentence on a panel that was sorted by brand."""
        brands = self.search.panel.brands
        order = ", ".join(brands[k] for k in self.search.setting.sorting or ())
        held = self.search.base.rules.inertia
        return (
            f"The purchases of every household stand sorted by brand ({order}), so that their order in time is lost "
            f"and repeats say nothing about habit; what needs no order is matched, with inertia held at {held:g}."
        )

    @property
    def _reach(self) -> str:
        if not self.misses:
            return "The market shows every matched statistic within the panel's sampling error."
        told = ", ".join(f"{key} ({miss:+.1f} standard errors)" for key, miss in self.misses.items())
        return (
            f"No market of these rules shows the panel's statistics all at once; it misses {told}, "
            "so that the fitted numbers are a compromise and their errors too small."
        )

    def table(self) -> pd.DataFrame:
        """Every number, one row each.

        Columns ``path``, ``estimate``, ``standard_error`` (not a number where the panel leaves it open), ``n``
        (households) and ``source``.
        """
        errors = self._errors()
        rows = [(path, value, errors.get(path, math.nan)) for path, value in self.values.items()]
        table = pd.DataFrame(rows, columns=["path", "estimate", "standard_error"])
        return table.assign(n=self.search.panel.households, source=self.source)

    def _errors(self) -> dict[str, float]:
        values, errors = self.values, {}
        for k, variance in zip(self.found.free, np.diag(self.found.covariance), strict=True):
            path = self.search.paths[k]
            errors[path] = slope(values[path], self.search.scales[k]) * math.sqrt(variance)
        return errors

    def landings(self, scenario: Scenario, client: str | None = None, *, shopping: bool = True) -> tuple[Landing, ...]:
        """What the panel says about a scenario: the brands become its firms.

        Parameters
        ----------
        scenario
            To be changed. Its firm that personalises first is the client: economics of all brands are those of the
            client, who keeps the strategy; the rivals treat everyone the same and send as many messages.
        client
            The brand that is the client, by default the largest.
        shopping
            Whether shopping rates land too. They rest on how long the panel is taken to last; leave them out where a
            purchase log tells them.

        Raises :class:`InputError` for a client that is no brand, or a scenario with other rules than those of the fit.
        """
        search = self.search
        brands = search.panel.brands
        client = brands[search.panel.largest] if client is None else client
        if client not in brands:
            raise InputError(
                f"{search.panel.source}: there is no brand {client!r}; one of {', '.join(brands)} is right"
            )
        self._same_rules(scenario)
        values = self.values
        fitted = [k for k in self.found.free if shopping or search.paths[k] != RATE]
        places = [self.found.free.index(k) for k in fitted]
        paths = [search.paths[k] for k in fitted]
        changes = {**self._brands(scenario, client), **self._surroundings(shopping)}
        for path in self.open:
            if shopping or path != RATE:
                note = "the panel leaves it open; held at what fits best, and the errors of the others take it as known"
                changes[path] = {"value": values[path], "source": self.source, "note": note}
        for path, value in self._held.items():
            note = f"held at this while the others were fitted to {search.panel.source}; their errors take it as known"
            known = scenario.notes.get(path, Note())
            changes[path] = _annotated(value, known.model_copy(update={"note": note}))
        choices = Landing(
            name="choices",
            source=self.source,
            n=search.panel.households,
            values={path: values[path] for path in paths},
            scales={path: search.scales[k] for path, k in zip(paths, fitted, strict=True)},
            covariance=self.found.covariance[np.ix_(places, places)],
            changes=changes,
            remarks=dict.fromkeys(paths, self.caveat) if self.misses or not search.ordered else {},
        )
        unequal = shopping and math.isfinite(search.counts.log_error)
        return (choices, self._inequality()) if unequal else (choices,)

    @property
    def _held(self) -> dict[str, float]:
        """Rules that say what a past purchase does and were held at the base scenario's, by dotted path."""
        rules = self.search.base.rules
        return {HABIT: rules.habit_effect} | ({} if self.search.ordered else {INERTIA: rules.inertia})

    @property
    def _counted(self) -> str:
        counts = self.search.counts
        return f"negative binomial, truncated below {counts.least}, fitted to {self.search.panel.source}"

    def _inequality(self) -> Landing:
        """How unequally households shop."""
        counts = self.search.counts
        return Landing(
            name="counts",
            source=self._counted,
            n=self.search.panel.households,
            values={SHAPE: counts.shape},
            scales={SHAPE: "log"},
            covariance=np.array([[counts.log_error**2]]),
        )

    def _same_rules(self, scenario: Scenario) -> None:
        """Refuse a scenario in which the fitted numbers would mean something else."""
        for name in (*RESTS_ON, *(() if self.search.ordered else ("inertia",))):
            here, there = getattr(self.search.base.rules, name), getattr(scenario.rules, name)
            if here != there:
                raise InputError(
                    f"{self.search.panel.source}: the choices were fitted with rules.{name} at {here:g}, but the "
                    f"scenario has {there:g}; fit them again with this scenario"
                )
        rates = [one.firms[one.client].strategy.contact_rate for one in (self.search.base, scenario)]
        if rates[0] != rates[1]:
            raise InputError(
                f"{self.search.panel.source}: the choices were fitted with {rates[0]:g} messages a month, but the "
                f"scenario's client sends {rates[1]:g}; fit them again with this scenario"
            )

    def _brands(self, scenario: Scenario, client: str) -> dict[str, Any]:
        """The brands as firms in place of the scenario's, with what is known about the client's numbers."""
        panel, before = self.search.panel, scenario.client
        firm = scenario.firms[before]
        rival = same_for_all(firm.strategy)
        changes: dict[str, Any] = {f"firms.{name}": None for name in scenario.firms if name not in panel.brands}
        for brand in panel.brands:
            strategy = firm.strategy if brand == client else rival
            changes[f"firms.{brand}"] = {"strategy": strategy, "economics": firm.economics, "appeal": 0.0}
        for brand in panel.brands:
            for path, note in scenario.notes.items():
                start, _, rest = path.partition(f"firms.{before}.")
                if not start and (rest.startswith("economics.") or (brand == client and rest.startswith("strategy."))):
                    changes[f"firms.{brand}.{rest}"] = _annotated(_value_at(firm, rest), note)
        largest = panel.brands[panel.largest]
        changes[f"firms.{largest}.appeal"] = {
            "value": 0.0, "source": self.source, "note": "the largest brand's; the others' are relative to it",
        }  # fmt: skip
        return changes

    def _surroundings(self, shopping: bool) -> dict[str, Any]:
        """What else makes the market one that a panel sees."""
        counts = self.search.counts
        changes: dict[str, Any] = {
            "rules.outside_utility": {
                "value": NOWHERE,
                "source": self.source,
                "range": [NOWHERE, 0.0],
                "note": "a panel sees purchases of its brands only; trips on which none comes to mind end elsewhere",
            }
        }
        if shopping:
            changes["customers.shopping.observed_share"] = 1.0
            if not math.isfinite(counts.log_error):
                note = "the panel leaves it open; held at the least that is taken"
                changes[SHAPE] = {"value": counts.shape, "source": self._counted, "note": note}
        return changes


def _annotated(value: Any, note: Note) -> dict[str, Any]:
    """A value with what is said about it, as a scenario file has it."""
    return {"value": value, **note.model_dump(exclude_none=True)}


def _value_at(model: Any, path: str) -> Any:
    """The value at a dotted path below a model."""
    for name in path.split("."):
        model = getattr(model, name)
    return model


def fit_choices(
    panel: ChoicePanel,
    scenario: Scenario | None = None,
    *,
    months: int = MONTHS,
    customers: int | None = None,
    seed: int = 1,
) -> ChoiceFit:
    """Find tastes, inertia, price sensitivity, unprompted consideration and brand appeals from a panel.

    Where the panel's file was sorted by brand, the order of purchases is lost and inertia is held at the scenario's;
    ``caveat`` of the fit says so.

    Parameters
    ----------
    panel
        Purchases with prices, as :func:`sim.calibrate.brands.reader.read_panel` gives them.
    scenario
        Whose other rules hold; by default the rules' defaults.
    months
        How long the panel lasted. It has no dates, so this is an assumption; only the fading of habit depends on it,
        and the shopping rate, which is inversely proportional to it.
    customers
        Of the simulated market; by default so many that its panel has four times as many households as the real one,
        at least 1 000, but not more than 20 000 customers.
    seed
        Of the simulated market.

    Raises :class:`InputError` for a panel that is too small or in which nothing varies, and for months or customers
    that are no whole number above zero.
    """
    panel.checked()
    given: tuple[tuple[str, object, int], ...] = (("months", months, 1), ("customers", customers, 100))
    for name, value, least in given:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise InputError(f"{name} must be a whole number from {least}, but is {value!r}")
    base = Scenario.model_validate({"firms": {"Client": {}}}) if scenario is None else scenario
    counts, lag = fit_counts(panel.count), panel.longest_lag
    wanted = max(HOUSEHOLDS[0], HOUSEHOLDS[1] * panel.households) / counts.kept
    search = Search(
        base=base,
        panel=panel,
        target=statistics_of(panel, lag, ordered=panel.sorting is None),
        lag=lag,
        setting=setting_of(panel, months, math.ceil(WARM_UP * base.rules.habit_half_life)),
        counts=counts,
        size=min(MOST_CUSTOMERS, math.ceil(wanted)) if customers is None else customers,
        seed=seed,
    )
    return ChoiceFit(search, closest(search))
