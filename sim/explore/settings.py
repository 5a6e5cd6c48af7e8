"""What is set on the page, and the way back: settings, undo, and a few that are saved to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.experiment.measures import counterpart
from sim.scenario import BESIDE
from sim.strategy import PRESETS

if TYPE_CHECKING:
    from sim.scenario import Scenario

SEED = 1
"""The luck of everything on the page: that of ``roi compare``, and the same for all settings, so that they compare."""
MOST_SAVED = 4
LONGEST_NAME = 40


@dataclass(frozen=True, eq=False)
class Settings:
    """A question to the market: a scenario, the firm that is asked about, and what it is compared with.

    ``opened`` is the scenario before anything was moved.
    """

    scenario: Scenario
    firm: str
    opened: Scenario
    against: str = "uniform"

    @classmethod
    def of(cls, scenario: Scenario) -> Settings:
        """The question that a scenario raises where nothing else is asked."""
        return cls(scenario, scenario.client, scenario)

    @property
    def key(self) -> tuple[str, str, str]:
        """What the answer depends on."""
        return self.scenario.hash, self.firm, self.against

    def with_(self, changes: Mapping[str, Any]) -> Settings:
        """The settings with values at dotted paths replaced.

        Raises :class:`sim.errors.InputError` as :meth:`sim.scenario.Scenario.with_`.
        """
        return replace(self, scenario=self.scenario.with_(changes))

    def asking(self, firm: str, against: str) -> Settings:
        """The same market, asked about another firm or comparison.

        Raises :class:`sim.errors.InputError` for a firm or a strategy that there is not.
        """
        counterpart(self.scenario, firm, against)
        return replace(self, firm=firm, against=against)

    def with_customers(self, most: int) -> Scenario:
        """The scenario with at most so many customers: a quicker look at the same market."""
        if self.scenario.customers.count <= most:
            return self.scenario
        return self.scenario.with_({"customers.count": most})


class History:
    """The settings of one visitor: present, past, undone, and saved by name. Nothing is shared with anybody."""

    def __init__(self, settings: Settings) -> None:
        self.now = settings
        self.saved: dict[str, Settings] = {}
        self._past: list[Settings] = []
        self._undone: list[Settings] = []
        self._last: object = None

    def go(self, settings: Settings, step: object = None) -> bool:
        """Make settings the present ones; False where they are so already.

        Changes in a row with the same ``step`` (such as a slider on its way) are undone together.
        """
        if settings.key == self.now.key and settings.opened is self.now.opened:
            return False
        if step is None or step != self._last or not self._past:
            self._past.append(self.now)
        self._last = step
        self._undone.clear()
        self.now = settings
        return True

    def pause(self) -> None:
        """What comes next is a step of its own, whatever it changes."""
        self._last = None

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether anything was taken back."""
        return bool(self._undone)

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        if self._past:
            self._undone.append(self.now)
            self.now = self._past.pop()
            self.pause()

    def redo(self) -> None:
        """Take back that a step was taken back."""
        if self._undone:
            self._past.append(self.now)
            self.now = self._undone.pop()
            self.pause()

    def reset(self) -> bool:
        """Back to the scenario as it was opened; undo leads here again. False where nothing was changed."""
        self.pause()
        return self.go(Settings.of(self.now.opened))

    def save(self, name: str) -> str:
        """Keep the present settings under a name (one is found if it is empty), and give the name.

        Raises :class:`sim.errors.InputError` for a name that is taken or too long, or where there is no place left.
        """
        name = " ".join(name.split())
        if len(name) > LONGEST_NAME:
            raise InputError(f"the name {name[:12]}… has {len(name)} letters; {LONGEST_NAME} at most would be right")
        if len(self.saved) >= MOST_SAVED:
            raise InputError(
                f"{MOST_SAVED} settings are saved, and no more stand side by side; remove one of them first"
            )
        if name in self.saved:
            raise InputError(f"a setting called {name!r} is saved already; another name would be right")
        if not name:
            name = next(letter for letter in "ABCDE" if letter not in self.saved)
        self.saved[name] = self.now
        return name

    def remove(self, name: str) -> None:
        """Forget saved settings."""
        self.saved.pop(name, None)


def differences(before: Scenario, after: Scenario) -> list[tuple[str, Any, Any]]:
    """Dotted path, value before and value after of everything that differs; None for what one of the two lacks."""
    old, new = (dict(_leaves(one.model_dump(mode="json", exclude=BESIDE), "")) for one in (before, after))
    paths = [*new, *(path for path in old if path not in new)]
    return [(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)]


def _leaves(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, part in data.items():
            yield from _leaves(part, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list) and any(isinstance(part, dict) for part in data):
        for place, part in enumerate(data):
            yield from _leaves(part, f"{path}.{place}")
    else:
        yield path, data


def strategy_names(scenario: Scenario, firm: str) -> list[str]:
    """What a firm can be compared with: presets, the scenario's own strategies, other firms."""
    return [*PRESETS, *scenario.strategies, *(name for name in scenario.firms if name != firm)]
