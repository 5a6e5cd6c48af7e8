"""What is varied, in words: names of axes, their values, and how many replications an interval rests on."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from sim.present.labels import short
from sim.present.style import typographic

if TYPE_CHECKING:
    from sim.experiment.study import Study

LOSES, GAINS = "#B35806", "#542788"
"""The two ends of the diverging scale PuOr, dark enough to be read: where a strategy loses and where it gains."""
MAP = "PuOr"


def axis_label(name: str, unit: str, meaning: str, width: int = 90) -> str:
    """Label of an axis: what it means and its unit, and the path below, in lines of so many characters."""
    words = meaning if not unit or unit in meaning else f"{meaning}, {unit}" if meaning else ""
    path = short(name, width) + ("" if words or not unit else f", {unit}")
    return "\n".join([*textwrap.wrap(words, width), path])


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
