"""The scenarios to choose from: those of a folder, those that are opened, or the market that is built in."""

from __future__ import annotations

from pathlib import Path

from sim.errors import InputError
from sim.scenario import Scenario
from sim.scenario_file import load

FOLDER, USUAL = "scenarios", "retail.yaml"
BUILT_IN = "built in"


def built_in() -> Scenario:
    """Three kinds of firm with the defaults of everything, where no scenario file is at hand."""
    return Scenario.model_validate(
        {
            "name": "three-kinds",
            "title": "Three kinds of firm",
            "firms": {"Trusted": {"strategy": "trusted"}, "Uniform": {"strategy": "uniform"},
                      "Extractive": {"strategy": "extractive"}},
        }
    )  # fmt: skip


def usual() -> Path | None:
    """The scenario to begin with where none is named, if it is at hand: here, or above, as seen from a notebook."""
    return next((path for folder in (Path(), Path("..")) if (path := folder / FOLDER / USUAL).is_file()), None)


class Shelf:
    """Scenario files by title; what cannot be read is on the shelf too, and says why when it is taken."""

    def __init__(self, first: Path | None) -> None:
        self.first = str(first) if first is not None else BUILT_IN
        files = sorted({first, *first.parent.glob("*.yaml"), *first.parent.glob("*.yml")}) if first is not None else []
        self.titles = {str(path): _title(path) for path in files} or {BUILT_IN: built_in().title}

        self._taken: dict[str, Scenario] = {}

    def take(self, key: str) -> Scenario:
        """The scenario of that key; raises :class:`sim.errors.InputError` for a file that is not valid."""
        if key not in self._taken:
            self._taken[key] = built_in() if key == BUILT_IN else load(key)
        return self._taken[key]

    def put(self, scenario: Scenario) -> None:
        """Put a scenario of the visitor's own on the shelf."""
        key = f"opened {len(self._taken)}"
        self.titles[key] = f"{scenario.title or scenario.name} (opened)"
        self._taken[key] = scenario

    def key_of(self, scenario: Scenario) -> str | None:
        """The key under which a scenario was taken; None for one that never was."""
        return next((key for key, one in self._taken.items() if one is scenario), None)


def _title(path: Path) -> str:
    try:
        scenario = load(path)
    except InputError:
        return f"{path.stem} (not valid)"
    return f"{scenario.title or scenario.name} ({path.stem})"
