"""What can be moved on the page: every number of a scenario with its range, step, source and name in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from sim.errors import InputError
from sim.evidence import DECISION, MEANING, Evidence
from sim.experiment.axes import places
from sim.files.shape import nearest, unit_of
from sim.present.axes import setting
from sim.present.labels import short
from sim.strategy import FRAMES

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from sim.experiment.axes import Values
    from sim.quantity import Provenance
    from sim.scenario import Scenario

LEVERS, CUSTOMERS, RULES, ECONOMICS, ADDED = "Levers", "Customers", "Rules", "Economics", "Added"
GROUPS: dict[str, tuple[str, ...]] = {
    LEVERS: tuple(
        f"firms.{{firm}}.strategy.{lever}"
        for lever in (
            "depth", "respect", "consent", "value_share", "memory", "transparency", "control", "contact_rate", "price",
        )
    ),
    CUSTOMERS: (
        "customers.vigilance.mean", "customers.threshold.at_zero", "customers.threshold.at_one", "customers.taste_sd",
        "customers.shopping.rate_mean", "customers.basket.mean", "customers.turnover",
    ),
    RULES: (
        "rules.surplus", "rules.base_relevance", "rules.effort_saved", "rules.trust_weight", "rules.reactance",
        "rules.intrusion_weight", "rules.word_of_mouth", "rules.grant_prompt",
    ),
    ECONOMICS: (
        "firms.*.economics.gross_margin", "firms.*.economics.platform_cost", "firms.*.economics.consent_cost",
        "firms.*.economics.contact_cost", "firms.*.economics.breach_cost", "discount_rate", "horizon_months",
    ),
}  # fmt: skip
"""The numbers that have a slider from the start; any other gets one when it is asked for."""

WORDS = {
    "depth": "Depth of personalisation",
    "respect": "Respect for each person’s line",
    "consent": "How it asks for consent",
    "value_share": "Value shared with the customer",
    "memory": "Memory put to work",
    "contact_rate": "Messages a month",
    "price": "Price level",
    "customers.vigilance.mean": "Vigilance, mean",
    "customers.threshold.at_zero": "Accept no use of their data",
    "customers.threshold.at_one": "Accept any use of their data",
    "customers.taste_sd": "Scatter of tastes",
    "customers.shopping.rate_mean": "Shopping trips a month",
    "customers.basket.mean": "Mean basket",
    "surplus": "Value of a fitting offer",
    "base_relevance": "Fit of the best single offer",
    "effort_saved": "Worth of the time saved",
    "trust_weight": "Weight of trust in choice",
    "grant_prompt": "Answer to a consent prompt",
    "consent_cost": "Cost of the consent programme",
    "contact_cost": "Cost of a message",
    "breach_cost": "Cost of a breached record",
    "horizon_months": "Length of the run",
}
"""Names of numbers in words, by path or by its last part; others are called as they are written."""

FRAME_WORDS = {
    "none": "does not ask",
    "opt-out": "opt-out, pre-set permission",
    "banner": "banner",
    "prompt": "explicit prompt",
    "unticked": "unticked box",
}
assert tuple(FRAME_WORDS) == FRAMES

CONSENT = "the way in which the firm asks for consent, from the laxest to the strictest"
STEPS = 100
"""A slider has about so many steps."""
COUNTED: Mapping[str, tuple[float, float]] = {"horizon_months": (12.0, 120.0), "customers.count": (1000.0, 10_000.0)}
"""Ranges of settings that are counted and have no plausible range."""


@dataclass(frozen=True)
class Control:
    """One thing that can be moved; ``options`` are the words that it may be instead of a number."""

    name: str
    paths: tuple[str, ...]
    label: str
    unit: str
    meaning: str
    low: float
    high: float
    least: float
    most: float
    whole: bool
    source: str
    evidence: Evidence | None
    options: tuple[str, ...] = ()

    def value(self, scenario: Scenario) -> Any:
        """Its value in a scenario that has it."""
        return next(value for _, _, value in places(scenario, self.paths[0]))

    def changes(self, value: Any) -> dict[str, Any]:
        """What a value changes in the scenario; whole numbers and binary fractions lose their tails."""
        clean = value if isinstance(value, str) else round(value) if self.whole else float(f"{value:.10g}")
        return dict.fromkeys(self.paths, clean)

    def span(self, value: float) -> tuple[float, float]:
        """The ends of the slider: the plausible range, and the value where that lies outside."""
        low, high = min(self.low, value), max(self.high, value)
        if low < high:
            return low, high
        wide = max(abs(low), 1.0)  # a range of one number: some room around it, within the limits
        return max(self.least, low - wide), min(self.most, high + wide)

    @property
    def step(self) -> float:
        """A round number of which the range holds about a hundred."""
        rough = (self.high - self.low) / STEPS or 0.01
        if self.whole:
            return max(1.0, round(rough))
        power = 10.0 ** math.floor(math.log10(rough))
        return float(f"{next(k for k in (1.0, 2.0, 5.0, 10.0) if k * power >= rough * 0.999) * power:.6g}")

    def outside(self, value: Any) -> str:
        """A sentence where a value lies outside the plausible range; empty where it does not."""
        if self.options or self.low <= float(value) <= self.high:
            return ""
        return f"{setting(value)} lies outside the plausible range, {self.range}."

    @property
    def range(self) -> str:
        """The plausible range in words."""
        return f"{setting(self.low)} to {setting(self.high)}"

    @property
    def told(self) -> str:
        """Meaning, unit, plausible range, source and evidence, for the tooltip."""
        facts = [self.meaning, f"Path: {self.name}"]
        if not self.options:
            facts += [f"Unit: {self.unit}" if self.unit else "", f"Plausible range: {self.range}"]
        facts.append(f"Source: {self.source}")
        if self.evidence is not None:
            facts.append(f"Evidence: {self.evidence}, {MEANING[self.evidence]}")
        return ". ".join(fact for fact in facts if fact) + "."

    @property
    def axis(self) -> dict[str, Values]:
        """The control as an axis of a map, over its plausible range."""
        return {self.name: f"{self.low:.10g}:{self.high:.10g}"}


def controls(scenario: Scenario, firm: str, group: str) -> list[Control]:
    """The controls of a group of :data:`GROUPS`; what a scenario does not have is left out."""
    known = {path: said for path, _, said in scenario.assumptions()}
    found = (_control(scenario, name.format(firm=firm), firm, known) for name in GROUPS[group])
    return [one for one in found if one is not None]


def control(scenario: Scenario, name: str, firm: str) -> Control:
    """The control of any number or lever, by dotted path; ``firms.*.…`` moves that of every firm.

    Raises :class:`sim.errors.InputError` for a path that leads to no number.
    """
    known = {path: said for path, _, said in scenario.assumptions()}
    found = _control(scenario, name.strip(), firm, known)
    if found is None:
        raise InputError(f"there is no number {name.strip()!r} in {scenario.name}; {nearest(name, movable(scenario))}")
    return found


def movable(scenario: Scenario) -> list[str]:
    """Dotted paths of everything that a slider can be had for."""
    frames = [f"firms.{firm}.strategy.consent" for firm in scenario.firms]
    return [*(path for path, _, _ in scenario.assumptions()), *frames, *COUNTED]


def _control(scenario: Scenario, name: str, firm: str, known: Mapping[str, Provenance]) -> Control | None:
    found = _found(scenario, name)
    if "*" in name and len({value for _, _, value in found}) > 1:  # moved together, they would lose what tells them
        name = name.replace("firms.*", f"firms.{firm}")
        found = _found(scenario, name)
    if not found:
        return None
    path, field, value = found[0]
    paths, label = tuple(one for one, _, _ in found), _label(name)
    if isinstance(value, str):
        words = get_args(field.annotation)
        return (
            Control(name, paths, label, "", CONSENT, 0.0, 0.0, 0.0, 0.0, False, DECISION, "decision", words)
            if words else None
        )  # fmt: skip
    whole = isinstance(value, int)
    said = known.get(path)
    if said is not None:
        return Control(
            name, paths, label, said.unit, said.meaning, said.low, said.high, said.least, said.most, whole,
            said.source, said.evidence,
        )  # fmt: skip
    if name not in COUNTED:
        return None
    low, high = COUNTED[name]
    limits = {end: getattr(one, end) for one in field.metadata for end in ("ge", "le") if hasattr(one, end)}
    return Control(
        name, paths, label, unit_of(field) or "", field.description or "", low, high, float(limits["ge"]),
        float(limits["le"]), True, "setting of the run", None,
    )  # fmt: skip


def _found(scenario: Scenario, name: str) -> list[tuple[str, FieldInfo, Any]]:
    """Path, field and value of every place that a name stands for."""
    return [(path, field, value) for path, field, value in places(scenario, name) if field is not None]


def _label(name: str) -> str:
    last = name.rpartition(".")[2]
    words = WORDS.get(name) or WORDS.get(last) or last.replace("_", " ").capitalize()
    around = name.split(".")
    if name not in WORDS and last in ("mean", "concentration", "a", "b", "share", "sd_between", "sd_within", "shape"):
        words = f"{around[-2].replace('_', ' ').capitalize()}, {last.replace('_', ' ')}"
    return f"{words}, every firm" if "*" in name else short(words, 48)
