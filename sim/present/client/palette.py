"""A client's colours: read, checked, and told when words or lines in them would be hard to see."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from sim.errors import InputError
from sim.present.style import ROLES, TEXT, contrast

ROLE_NAMES = {"main": "trusted", "contrast": "extractive", "neutral": "uniform"}
"""What the colours of a file are called, and the kind of firm that each stands for."""
LEAST = 3.0
"""Contrast to white that lines and areas of a chart need (WCAG 2.1, 1.4.11)."""


@dataclass(frozen=True)
class Palette:
    """Colours as ``#RRGGBB``: of the firm that personalises with trust, its opposite, what is neutral, and words."""

    trusted: str = ROLES["trusted"][0]
    extractive: str = ROLES["extractive"][0]
    uniform: str = ROLES["uniform"][0]
    text: str = TEXT

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each colour that is hard to see on white."""
        found = []
        for name, role in ROLE_NAMES.items():
            colour = getattr(self, role)
            if contrast(colour) < LEAST:
                found.append(
                    f"The {name} colour {colour} has a contrast of {contrast(colour):.1f} to white; charts need "
                    f"{LEAST:g} for everyone to see them."
                )
        if contrast(self.text) < 4.5:
            found.append(
                f"The text colour {self.text} has a contrast of {contrast(self.text):.1f} to white; 4.5 is due."
            )
        return tuple(found)


def palette(file: Path | None = None, accent: str | None = None) -> Palette | None:
    """The colours of a file, with the main one replaced by ``accent``; None where neither is given.

    The file is YAML with some of the keys ``main``, ``contrast``, ``neutral`` and ``text``, each ``"#RRGGBB"``.

    Raises :class:`sim.errors.InputError` for a file that cannot be read, another key, or what is no colour.
    """
    if file is None and accent is None:
        return None
    found = Palette()
    if file is not None:
        found = replace(found, **_read(file))
    if accent is not None:
        found = replace(found, trusted=_colour(accent, "--accent"))
    return found


def _read(file: Path) -> dict[str, str]:
    keys = {**ROLE_NAMES, "text": "text"}
    right = 'main: "#12436D" would be right'
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InputError(f"the colours in {file} cannot be read ({reason}); {right}") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        place = f", line {line + 1}" if line is not None else ""
        raise InputError(f"{file}{place}: these are no colours; {right}") from None
    if not isinstance(content, dict) or not content:
        raise InputError(f"{file} names no colours; {right}")
    for key in content:
        if key not in keys:
            raise InputError(f"{file}: {key!r} is no colour of ours; one of {', '.join(keys)} would be right")
    return {keys[key]: _colour(value, f"{file}: {key}") for key, value in content.items()}


def _colour(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"#?[0-9a-fA-F]{6}", value.strip()):
        raise InputError(f"{where} is {value!r}, which is no colour; six digits as in '#12436D' would be right")
    return f"#{value.strip().removeprefix('#').upper()}"
