"""What is varied, in words: names of axes, their values, and how many replications an interval rests on."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from sim.present.labels import short
from sim.present.style import typographic

if TYPE_CHECKING:
    from rich.text import Text

    from sim.experiment.study import Study

LOSES, GAINS = "#B35806", "#542788"
"""The two ends of the diverging scale PuOr, dark enough to be read: where a strategy loses and where it gains."""
MAP = "PuOr"


def axis_label(name: str, unit: str, meaning: str, width: int = 90) -> str:
    """Label of an axis: what it means and its unit, and the path below, in lines of so many characters."""
    words = meaning if not unit or unit in meaning else f"{meaning}, {unit}" if meaning else ""
    path = short(name, width) + ("" if words or not unit else f", {unit}")
    return "\n".join([*textwrap.wrap(words, width), path])


def named(name: str, meaning: str) -> str:
    """A number in a sentence, by what it means and its path: ``“mean basket” (customers.basket.mean)``."""
    return f"{worded(name, meaning)} ({name})" if meaning else name


def worded(name: str, meaning: str, most: int = 200) -> str:
    """What a number means, in quotation marks; its path where nothing is said, or more than so many characters."""
    return f"“{meaning}”" if 0 < len(meaning) <= most else name


def at_dots(path: str, width: int) -> str:
    """A path in lines of so many characters, broken after dots alone."""
    lines = [""]
    for part in path.replace(".", ".\0").split("\0"):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def cell(name: str, words: str, width: int) -> Text:
    """What a number means, or is said of it, for a table of the terminal, with its path below."""
    from rich.text import Text

    return Text.assemble(f"{words}\n" if words else "", (at_dots(name, width), "dim" if words else ""))


def setting(value: Any) -> str:
    """A value of an axis in words: four digits, thousands apart."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = 3 - math.floor(math.log10(abs(value)))
    return typographic(f"{round(value, places):,.{max(0, min(places, 6))}f}".rstrip("0").rstrip(".")
                       if places > 0 else f"{round(value, places):,.0f}")  # fmt: skip


def with_unit(value: Any, unit: str) -> str:
    """A value with its unit behind it."""
    return f"{setting(value)} {unit}".rstrip()


def replications(study: Study) -> str:
    """How many replications the intervals of a study rest on."""
    n = study.question.replications
    return f"{n} replication{'' if n == 1 else 's'}"
