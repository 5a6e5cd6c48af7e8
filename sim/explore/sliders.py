"""The widgets of one control: a labelled number or list, a slider, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets  # type: ignore[import-untyped]

from sim.explore.controls import FRAME_WORDS, Control
from sim.present.axes import setting

if TYPE_CHECKING:
    from sim.scenario import Scenario


class Row:
    """One control on the page; ``moved(row, value)`` is called when the user has moved it."""

    def __init__(self, control: Control, scenario: Scenario, moved: Callable[[Row, Any], None]) -> None:
        self.control = control
        self._moved = moved
        self._quiet = False
        self.note = widgets.HTML().add_class("roi-row-note")
        self.slider: Any = None
        if control.options:
            words = [(FRAME_WORDS.get(one, one), one) for one in control.options]
            self.entry: Any = widgets.Dropdown(description=control.label, options=words, tooltip=control.told)
            parts = [self.entry]
        else:
            self.entry = widgets.FloatText(
                description=control.label, step=control.step, continuous_update=False, tooltip=control.told
            )
            low, high = control.span(float(control.value(scenario)))
            self.slider = widgets.FloatSlider(
                min=low, max=high, step=control.step, readout=False, continuous_update=False, tooltip=control.told
            )
            self.slider.observe(lambda change: self._tell(change["new"]), "value")
            parts = [self.entry, self.slider]
        self.entry.observe(lambda change: self._tell(change["new"]), "value")
        self.entry.add_class("roi-entry")
        self.source = widgets.HTML(_source(control)).add_class("roi-source")
        self.box = widgets.VBox([*parts, self.note, self.source]).add_class("roi-row")
        self.show(scenario)

    def show(self, scenario: Scenario) -> None:
        """Take the value of a scenario, without telling anybody."""
        self._set(self.control.value(scenario))

    def say(self, problem: str, notice: str = "") -> None:
        """Explain beside the slider what is wrong with what was typed, or what is odd about what is set."""
        kind, words = ("roi-wrong", problem) if problem else ("roi-odd", notice)
        said = f'<p role="{"alert" if problem else "note"}" class="{kind}">{escape(words)}</p>' if words else ""
        if self.note.value != said:
            self.note.value = said

    def _set(self, value: Any) -> None:
        self._quiet = True
        try:
            if self.entry.value != value:
                self.entry.value = value
            if self.slider is not None:
                low, high = self.control.span(float(value))
                if low < self.slider.min or self.slider.max < high:
                    self.slider.min, self.slider.max = min(low, self.slider.min), max(high, self.slider.max)
                if self.slider.value != float(value):
                    self.slider.value = float(value)
        finally:
            self._quiet = False

    def _tell(self, value: Any) -> None:
        if self._quiet:
            return
        if not isinstance(value, str):
            value = round(value) if self.control.whole and float(value).is_integer() else float(f"{value:.10g}")
        self._moved(self, value)

    def close(self) -> None:
        """Take the widgets off the page for good."""
        for widget in (self.entry, self.slider, self.note, self.source, self.box):
            if widget is not None:
                widget.close()


def _source(control: Control) -> str:
    """Unit, plausible range and, when it is opened, meaning and source: for those who have no mouse to hover with."""
    if control.options:
        brief = "a decision of the firm"
    else:
        brief = f"{escape(control.unit)}; plausible {setting(control.low)} to {setting(control.high)}"
    return f"<details><summary>{brief}</summary><p>{escape(control.told)}</p></details>"
