"""A lesson as data: a claim, the experiment that puts it to the test, and what would have to be seen for it to hold.

Nothing here knows how an experiment came out. Verdicts are worked out from measurements in
:mod:`sim.lessons.verdict`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sim.errors import InputError
from sim.quantity import Note
from sim.scenario import Scenario
from sim.strategy import PERSONAL_LEVERS, PRESETS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCE = (
    "Kasanoff 2001, Making It Personal (Perseus), by way of “Personalisation and privacy can coexist”, CBR, "
    "1 September 2004"
)
"""Where the claims come from; they are told in our own words."""
STEPS = 3
"""Values of an assumption that are tried along its range, beside its own."""
STANDING = ("fixed_cost", "platform_cost", "quit_cost", "capital")
"""Amounts of a firm's economics that are there whatever it sells."""


def alike(firm: str) -> dict[str, Any]:
    """The arm in which a firm treats everyone the same and is otherwise as it is."""
    uniform = PRESETS["uniform"]
    return {f"firms.{firm}.strategy.{lever}": getattr(uniform, lever) for lever in PERSONAL_LEVERS}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was measured in every arm of an experiment, in the same replications with the same luck."""

    scenario: Scenario
    arms: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(repr=False)  # by arm and measure: (replications,)

    def __call__(self, arm: str, measure: str) -> NDArray[np.float64]:
        """A measure of :func:`sim.experiment.cells.measure_names` in an arm, shape (replications,)."""
        return self.arms[arm][measure]

    def per_customer(self, arm: str, measure: str) -> NDArray[np.float64]:
        """An amount of money, or a number of events, per customer in the market."""
        return self(arm, measure) / self.scenario.customers.count

    def more(self, one: str, other: str, measure: str) -> NDArray[np.float64]:
        """How much more of a measure there is in one arm than in another, per customer in the market."""
        return self.per_customer(one, measure) - self.per_customer(other, measure)


Effect = Callable[[Outcome], "NDArray[np.float64]"]


@dataclass(frozen=True)
class Statement:
    """One thing that a claim says would be seen: an effect, and the bar that it has to be above or below."""

    words: str
    effect: Effect
    unit: str
    bar: float = 0.0
    wanted: Literal["above", "below"] = "above"
    decisive: bool = True  # else it is only measured beside

    def margin(self, outcome: Outcome) -> NDArray[np.float64]:
        """How far the effect is on the right side of the bar, shape (replications,)."""
        beyond = np.asarray(self.effect(outcome), dtype=np.float64) - self.bar
        return beyond if self.wanted == "above" else -beyond


@dataclass(frozen=True)
class Lesson:
    """A claim and its experiment.

    ``cast`` are the firms with their strategies; ``setting`` is what else is changed in the market in which the claim
    is tested; ``arms`` are the variants of it that are compared, with the same customers and the same luck; ``varied``
    are the assumptions along which it is looked for where the claim turns round: dotted paths with a range of values,
    or None for the plausible range of the register of assumptions; ``corners`` are settings of several at once, in
    words, in which it might turn round though it does along none of them alone.
    """

    key: str
    name: str
    claim: str
    why: str
    cast: Mapping[str, str | Mapping[str, Any]]
    statements: tuple[Statement, ...]
    arms: Mapping[str, Mapping[str, Any]]
    varied: Mapping[str, str | None]
    corners: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    setting: Mapping[str, Any] = field(default_factory=dict)
    effort: int = 1  # how many times as many replications it needs as others: what happens to firms is rarer luck
    caveat: str = ""

    def market(self, base: Scenario) -> Scenario:
        """The market in which the claim is tested: the people and rules of ``base``, this lesson's firms.

        All firms have the economics of the firm that the base scenario is about. Amounts that do not grow with sales
        (:data:`STANDING`) are scaled to the number of firms that share the market: where there are twice as many as in
        the base scenario, each is half as large.
        """
        economics = base.firms[base.client].economics
        size = len(base.firms) / len(self.cast)
        scaled = economics.model_copy(update={name: getattr(economics, name) * size for name in STANDING})
        firms = {name: {"strategy": strategy, "economics": scaled} for name, strategy in self.cast.items()}
        content = base.model_dump(exclude={"firms", "events", "review", "entry_exit", "strategies", "notes", "fits"})
        market = Scenario.model_validate(
            {**content, "firms": firms, "notes": self._notes(base, size), "name": f"{base.name}, lesson {self.key}"}
        )
        return market.with_(self.setting)

    def _notes(self, base: Scenario, size: float) -> dict[str, Note]:
        """What is known about the numbers of the base scenario, told of this lesson's."""
        ours = f"firms.{base.client}.economics."
        notes = {path: note for path, note in base.notes.items() if path.split(".")[0] in ("customers", "rules")}
        for path, _, known in base.assumptions():
            if path.startswith(ours):
                line = path.removeprefix(ours)
                by = size if line in STANDING else 1.0
                note = Note(source=known.source, range=(known.low * by, known.high * by), se=known.se, n=known.n)
                notes |= {f"firms.{name}.economics.{line}": note for name in self.cast}
        return notes

    def ranges(self, market: Scenario) -> dict[str, str]:
        """The values over which each assumption is varied: ``low:high`` or a list, as an experiment's axis."""
        from sim.experiment.axes import places

        plausible = {path: (known.low, known.high) for path, _, known in market.assumptions()}
        found = {}
        for name, values in self.varied.items():
            if values is None:
                path = next((path for path, _, _ in places(market, name)), name)
                if path not in plausible:
                    raise InputError(f"lesson {self.key} varies {name}, which is no number of the scenario")
                values = "{:g}:{:g}".format(*plausible[path])
            found[name] = f"{values}:{STEPS}" if values.count(":") == 1 else values
        return found
