"""The widgets of which the page is made, and the page as a whole."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]

from sim.explore import panels

STYLE = Path(__file__).with_name("page.css")
TITLE = (
    '<h1 class="roi-title">Does personalising with trust pay?</h1><p class="roi-lead">Move a lever or an assumption '
    "and see what becomes of the answer. Both worlds have the same customers and the same luck. "
    "This explores assumptions; it is no forecast.</p>"
)


class Shown(widgets.VBox):  # type: ignore[misc]  # ipywidgets carries no types
    """The whole page; as plain text, which a notebook keeps, one line."""

    def __repr__(self) -> str:
        return "The explorer, which needs a running kernel: roi explore, or run this cell."


def html() -> Any:
    """Words and pictures, empty at first."""
    return widgets.HTML()


def heading(words: str) -> Any:
    """A heading of a part of the page."""
    return widgets.HTML(f'<h2 class="roi-heading">{escape(words)}</h2>')


def box(kind: str, *children: Any) -> Any:
    """Widgets side by side, with a class of the style sheet."""
    return widgets.Box(children).add_class(kind)


def button(words: str) -> Any:
    """A button with words on it."""
    return widgets.Button(description=words, tooltip=words).add_class("roi-button")


def problem(error: Exception | str) -> str:
    """What is wrong, as a sentence that a screen reader says."""
    return panels.live(str(error), "roi-wrong")


def choose(widget: Any, options: list[Any], value: str | None) -> None:
    """Offer options and choose one of them, in one step."""
    if list(widget.options) != list(options):
        widget.options = options
    if widget.value != value:
        widget.value = value
