"""How much room words take on a slide: lines at a size, and the largest size at which they fit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sim.present.labels import fitted
from sim.present.style import new_figure

LINE = 1.2
"""Height of a line, as a multiple of the size of its letters."""
SMALLEST = 12.0
"""Points below which nothing is written."""
INSET = 0.1
"""Inches that a text box leaves at its left and right edge."""


def wide(text: str, size: float, bold: bool = False) -> float:
    """Width of a line in inches, in the font that texts are measured in; letter by letter, without kerning."""
    return sum(_advance(one, bold) for one in text) * size / 72.0


@lru_cache(maxsize=4096)
def _advance(letter: str, bold: bool) -> float:
    """Width of a letter as a share of the font's size."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")))
    font.set_size(1000.0, 72.0)
    return float(font.load_char(ord(letter)).linearHoriAdvance) / 65536.0 / 1000.0


def lines(text: str, inches: float, size: float, narrow: float = 1.0, bold: bool = False) -> int:
    """How many lines a text takes at a size; ``narrow`` is how wide its font runs beside the measured one."""
    count = 0
    for part in text.split("\n"):
        line = ""
        count += 1
        for word in part.split():
            longer = f"{line} {word}" if line else word
            if line and wide(longer, size, bold) * narrow > inches:
                count += 1
                line = word
            else:
                line = longer
    return count


def height(
    texts: Sequence[str], inches: float, size: float, narrow: float = 1.0, space: float = 0.5, bold: bool = False
) -> float:
    """Height of paragraphs in inches, with ``space`` of a line between them."""
    counted = sum(lines(text, inches, size, narrow, bold) for text in texts)
    return (counted * LINE + space * (len(texts) - 1)) * size / 72.0


def largest(
    texts: Sequence[str], inches: float, room: float, sizes: Sequence[float], narrow: float = 1.0, space: float = 0.5
) -> float:
    """The largest of the sizes at which paragraphs fit into the room; the last where they fit at none."""
    for size in sizes:
        if height(texts, inches, size, narrow, space) <= room:
            return size
    return sizes[-1]


def title(text: str, inches: float, sizes: Sequence[float], narrow: float = 1.0) -> tuple[str, float]:
    """A title of at most two lines: at the largest size at which it fits, else without its end."""
    for size in sizes:
        if lines(text, inches, size, narrow, bold=True) <= 2:
            return text, size
    cut, size = fitted(new_figure(1.0, 1.0), text, inches / narrow, [sizes[-1]], 2, weight="bold")
    return " ".join(cut.split()), size
