"""The targets file: what a client knows of a firm's outcomes, and which parameters may move to reproduce them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.calibrate.outcomes.measures import MEASURES
from sim.errors import InputError
from sim.files.shape import nearest, shown
from sim.files.text import text_of
from sim.files.tree import Path as Place
from sim.files.tree import at, dotted, parse

if TYPE_CHECKING:
    from sim.quantity import Provenance
    from sim.scenario import Scenario
    from sim.supply import Firm

DEFAULT_TOLERANCE, LEAST_TOLERANCE = 0.10, 0.01
"""Where no tolerance is given, it is a tenth of the value, and at least 0.01."""
PER_TARGET, MOST = 3, 12
"""Free parameters per target, and in all, beyond which the search says that they are many."""


@dataclass(frozen=True)
class Target:
    """An outcome to be reproduced.

    ``tolerance`` is a half-width: outcomes from ``value`` - ``tolerance`` to ``value`` + ``tolerance`` reproduce the
    target. Somebody who knows a standard error would give twice that. ``column`` is what an uplift is of.
    """

    measure: str
    value: float
    tolerance: float
    source: str
    column: str


@dataclass(frozen=True)
class Free:
    """A parameter that may move between two ends, each value in between being as likely beforehand."""

    path: str
    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Targets:
    """What is to be reproduced, of which firm, and by moving what."""

    source: str
    firm: str
    targets: tuple[Target, ...]
    free: tuple[Free, ...]


def candidates(scenario: Scenario, name: str, measure: str) -> list[str]:
    """Dotted paths of the parameters that a measure of a firm can tell most of, where none are named.

    They are those that moved the measure most when each assumption of the retail scenario was moved through its
    plausible range, without those that other data are better for (thresholds, shopping rates, baskets, tastes).
    """
    firm = scenario.firms[name]
    oversteps = firm.strategy.depth > 0.0 and firm.strategy.respect < 1.0
    waits = firm.strategy.consent in ("banner", "prompt", "unticked")
    segments = [f"customers.segments.{one}" for one in scenario.customers.segments] or ["customers"]
    found = {
        "opt_in": [
            f"rules.grant_{firm.strategy.consent.replace('-', '_')}",
            "rules.grant_trust",
            "rules.ask_again" if waits else "rules.withdraw_rate",
        ],
        "yearly_churn": ["customers.turnover", "rules.habit_effect", *(["rules.leave_rate"] if oversteps else [])],
        "share_of_wallet": [f"firms.{name}.appeal", "rules.trust_weight"],
        "penetration": [f"firms.{name}.appeal", "rules.base_consideration"],
        "purchases": ["rules.habit_effect", "rules.base_consideration"],
        "trust": ["rules.neutral_trust", "rules.intrusion_weight" if oversteps else "rules.trust_gain"],
        "complaints": [*(f"{one}.vigilance.mean" for one in segments), "rules.withdraw_rate"],
        "uplift": ["rules.surplus", "rules.trust_weight", *(["rules.intrusion_weight"] if oversteps else [])],
    }
    return found[measure]


def read_targets(given: str | PathLike[str] | Mapping[str, Any], scenario: Scenario) -> Targets:
    """Read and check targets for a scenario, from a YAML file or from a mapping of the same content.

    ``firm`` names a firm of the scenario, ``targets`` maps measures (:data:`sim.calibrate.outcomes.measures.MEASURES`)
    to ``{value, tolerance, source, what}`` or to the value alone, and ``free``, which may be left out, maps dotted
    paths to ``[low, high]``, or to nothing for the plausible range of the register of assumptions.

    Raises
    ------
    InputError
        For a file that cannot be read or does not describe targets of this scenario; the sentence says file, line,
        key, the value and what would be right.
    """
    if isinstance(given, Mapping):
        return _Reading("", given, {}, scenario).targets()
    remedy = "give the path of a targets file in YAML"
    text = text_of(Path(given), lambda: f"; {remedy}", remedy, "a targets file has a few hundred characters")
    tree = parse(text, str(given))
    return _Reading(str(given), tree.data, tree.lines, scenario).targets()


class _Reading:
    """One pass over the content of a targets file."""

    def __init__(self, file: str, data: Any, lines: Mapping[Place, int], scenario: Scenario) -> None:
        self.file, self.data, self.lines, self.scenario = file, data, lines, scenario
        self.register = {path: said for path, _, said in scenario.assumptions()}

    def wrong(self, place: Place, sentence: str) -> InputError:
        """The error about a place, which is told with its line."""
        line = next((self.lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self.lines), None)
        return InputError(f"{at(self.file, line)}{sentence}")

    def mapping(self, data: Any, place: Place, what: str) -> Mapping[str, Any]:
        """What has to be a mapping with something in it."""
        if not isinstance(data, Mapping) or not data:
            name = dotted(place) or "a targets file"
            raise self.wrong(place, f"{name} must be a mapping of {what}, but is {shown(data or None)}")
        return data

    def known(self, data: Mapping[str, Any], place: Place, keys: tuple[str, ...]) -> None:
        """Refuse keys that mean nothing here."""
        for key in data:
            if key not in keys:
                here = (*place, str(key))
                raise self.wrong(here, f"unknown key {dotted(here)}; {nearest(str(key), keys)}")

    def number(self, value: Any, place: Place, what: str) -> float:
        """What has to be a finite number."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(place, f"{dotted(place)} is {shown(value)}; it must be {what}")
        return float(value)

    def targets(self) -> Targets:
        """The whole file."""
        content = self.mapping(self.data, (), "firm, targets and free, such as 'firm: Trusted'")
        self.known(content, (), ("firm", "targets", "free"))
        name = content.get("firm")
        if name not in self.scenario.firms:
            said = f"is {shown(name)}, which is no firm of {self.scenario.name}" if "firm" in content else "is missing"
            raise self.wrong(("firm",), f"firm {said}; {nearest(str(name), self.scenario.firms)}")
        given = self.mapping(content.get("targets"), ("targets",), "measures to values, such as 'opt_in: 0.32'")
        targets = tuple(self.target(measure, said, self.scenario.firms[name]) for measure, said in given.items())
        if content.get("free") is not None:
            wishes = self.mapping(content["free"], ("free",), "paths to ranges, such as 'rules.trust_weight: [0.5, 5]'")
            free = tuple(self.free(path, reach) for path, reach in wishes.items())
        else:
            paths = dict.fromkeys(
                path for target in targets for path in candidates(self.scenario, name, target.measure)
            )
            usual = [Free(path, p.low, p.high, p.unit) for path in paths for p in [self.register[path]]]
            free = tuple(one for one in usual if one.low < one.high)
        return Targets(Path(self.file).name or "targets", name, targets, free)

    def target(self, name: str, given: Any, firm: Firm) -> Target:
        """One target."""
        place: Place = ("targets", name)
        if name not in MEASURES:
            raise self.wrong(place, f"{name!r} is no outcome that can be measured; {nearest(name, MEASURES)}")
        measure = MEASURES[name]
        said = given if isinstance(given, Mapping) else {"value": given}
        keys = ("value", "tolerance", "source", *(["what"] if len(measure.columns) > 1 else []))
        self.known(said, place, keys)
        low, high = measure.within
        right = f"a number from {low:g} to {high:g} ({measure.unit})"
        at_value = (*place, "value") if isinstance(given, Mapping) else place
        value = self.number(said.get("value"), at_value, right)
        if not low <= value <= high:
            raise self.wrong(at_value, f"{dotted(at_value)} is {shown(value)}; it must be {right}")
        tolerance = max(DEFAULT_TOLERANCE * abs(value), LEAST_TOLERANCE)
        if said.get("tolerance") is not None:
            here, right = (*place, "tolerance"), f"a number above 0, such as {tolerance:.2g}"
            tolerance = self.number(said["tolerance"], here, right)
            if tolerance <= 0.0:
                raise self.wrong(here, f"{dotted(here)} is {shown(tolerance)}; it must be {right}")
        column = said.get("what", measure.columns[0])
        if column not in measure.columns:
            here = (*place, "what")
            raise self.wrong(here, f"{dotted(here)} is {shown(column)}; {nearest(str(column), measure.columns)}")
        self.possible(place, name, firm)
        return Target(name, value, tolerance, str(said.get("source") or ""), column)

    def possible(self, place: Place, measure: str, firm: Firm) -> None:
        """Refuse what this firm's strategy, which nothing will change, settles whatever the customers are like."""
        if self.scenario.events or self.scenario.review:
            return
        uses = firm.strategy.depth > 0.0
        if measure == "opt_in" and (not uses or firm.strategy.consent == "none"):
            levers = f"depth {firm.strategy.depth:g}, consent {firm.strategy.consent}"
            raise self.wrong(
                place, f"the firm asks nobody for permission ({levers}), so its opt-in is 0; change its strategy first"
            )
        if measure == "uplift" and not uses:
            raise self.wrong(
                place, "the firm treats everyone the same (depth 0), so its uplift is 0; change its strategy first"
            )
        if measure == "complaints" and (not uses or firm.strategy.respect == 1.0):
            levers = f"depth {firm.strategy.depth:g}, respect {firm.strategy.respect:g}"
            raise self.wrong(
                place, f"the firm never goes too far ({levers}), so nobody complains; change its strategy first"
            )

    def free(self, path: str, given: Any) -> Free:
        """One parameter that may move."""
        place: Place = ("free", path)
        if path not in self.register:
            raise self.wrong(place, f"there is no number {path!r} in the scenario; {_near(path, self.register)}")
        said = self.register[path]
        if given is None:
            given = [said.low, said.high]
        if not isinstance(given, list | tuple) or len(given) != 2:
            raise self.wrong(
                place, f"{dotted(place)} is {shown(given)}; it must be a range such as [{said.low:g}, {said.high:g}]"
            )
        low, high = (self.number(end, (*place, k), "a number") for k, end in enumerate(given))
        if not low < high:
            raise self.wrong(
                place,
                f"{dotted(place)} is [{low:g}, {high:g}], in which nothing can move; the lower end comes first and "
                f"differs from the upper, as in [{said.low:g}, {said.high:g}]",
            )
        for end in (low, high):
            try:
                self.scenario.with_({path: end})
            except InputError as error:
                raise self.wrong(place, f"{dotted(place)}: {error}") from None
        return Free(path, low, high, said.unit)


def _near(path: str, register: Mapping[str, Provenance]) -> str:
    """The remedy for a path that is not in the register: the same last word elsewhere, or the nearest spelling."""
    last = [one for one in register if one.rpartition(".")[2] == path.rpartition(".")[2]]
    return f"did you mean {' or '.join(last[:3])}?" if last else _spelt(path, register)


def _spelt(path: str, register: Mapping[str, Provenance]) -> str:
    import difflib

    close = difflib.get_close_matches(path, register, 3, 0.3)
    return f"did you mean {' or '.join(close)}?" if close else "`roi check` lists them all"
