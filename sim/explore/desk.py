"""The widgets of the page, and what happens in the settings when they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]

from sim.errors import InputError
from sim.explore import panels
from sim.explore.answers import Answer
from sim.explore.controls import ADDED, GROUPS, Control, control, controls, movable
from sim.explore.drawing import PICTURES
from sim.explore.notices import notices
from sim.explore.parts import STYLE, TITLE, Shown, box, button, choose, heading, html, problem
from sim.explore.settings import History, Settings, strategy_names
from sim.explore.shelf import Shelf
from sim.explore.sliders import Row
from sim.scenario_file import read, to_yaml

AXES = ("rules.surplus", "firms.*.economics.platform_cost")
"""The axes of the map at first: what a fitting offer is worth, and what it costs to make one."""


class Desk:
    """The widgets of one page; ``renew`` is called when the settings have changed, or the map is wanted first."""

    def __init__(self, history: History, shelf: Shelf, renew: Callable[..., None]) -> None:
        self.history, self.shelf, self._renew = history, shelf, renew
        self._quiet = False
        self._rows: dict[str, Row] = {}
        self._added: list[str] = []
        self._wrong: dict[str, str] = {}
        self._opened: Any = None
        self.finding, self.ruler, self.figures, self.csv, self.map = (html() for _ in range(5))
        self.pictures = {name: html() for name in PICTURES}
        self._make_choice()
        self._make_levers()
        self._make_map()
        self._make_saved()
        self._make_share()
        self.results = widgets.VBox(
            [heading("What comes of it"), box("roi-pictures", *self.pictures.values()), self.figures, self.csv]
        ).add_class("roi-results")
        self.whole = Shown(
            [
                widgets.HTML(f"<style>{STYLE.read_text(encoding='utf-8')}</style>{TITLE}"),
                self.choice,
                box("roi-answer", self.finding, self.ruler.add_class("roi-ruler-box")),
                box(
                    "roi-columns",
                    self.levers,
                    widgets.VBox([self.results, self._map_box, self._saved_box, self._share_box]).add_class("roi-main"),
                ),
            ]
        ).add_class("roi-page")
        self._follow()

    # What is asked about

    def _make_choice(self) -> None:
        self.scenario = widgets.Dropdown(description="Scenario", options=self._scenarios())
        self.firm = widgets.Dropdown(description="Firm asked about")
        self.against = widgets.Dropdown(description="Compared with")
        self.undo, self.redo, self.reset = (button(words) for words in ("Undo", "Redo", "Reset"))
        self._settings = html()
        self._choice_note = html()
        self.scenario.observe(self._on_scenario, "value")
        for one in (self.firm, self.against):
            one.observe(self._on_question, "value")
        self.undo.on_click(lambda _: self._step(self.history.undo))
        self.redo.on_click(lambda _: self._step(self.history.redo))
        self.reset.on_click(lambda _: self._step(self.history.reset))
        self.choice = widgets.VBox(
            [
                box("roi-choice", self.scenario, self.firm, self.against, self.undo, self.redo, self.reset),
                self._choice_note,
                self._settings,
            ]
        )

    def _scenarios(self) -> list[tuple[str, str]]:
        return [(title, key) for key, title in self.shelf.titles.items()]

    def _on_scenario(self, change: Any) -> None:
        if self._quiet or change["new"] is None:
            return
        try:
            self.open(Settings.of(self.shelf.take(change["new"])))
        except InputError as error:
            self._choice_note.value = problem(error)

    def _on_question(self, change: Any) -> None:
        if self._quiet or change["new"] is None:
            return
        firm = self.firm.value
        against = self.against.value if self.against.value != firm else "uniform"
        self.history.pause()
        if self.history.go(self.history.now.asking(firm, against)):
            self._follow()
            self._renew()

    def open(self, settings: Settings) -> None:
        """Go on with another scenario."""
        self._choice_note.value = ""
        self.history.pause()
        if self.history.go(settings):
            self._wrong.clear()
            self._follow()
            self._renew()

    def _step(self, step: Callable[[], Any]) -> None:
        """Undo, redo or reset; where something invalid stands in a field, undo takes that back first."""
        if self._wrong and step == self.history.undo:
            self._wrong.clear()
            self._follow()
            return
        self._wrong.clear()
        before = self.history.now
        step()
        self._follow()
        if self.history.now is not before:
            self._renew()

    # Levers and assumptions

    def _make_levers(self) -> None:
        self.group = widgets.ToggleButtons(options=list(GROUPS), tooltips=[f"Show {one.lower()}" for one in GROUPS])
        self.group.observe(lambda _: self._lay_out(), "value")
        self.rows = widgets.VBox([]).add_class("roi-rows")
        self.path = widgets.Combobox(
            description="Any other number", placeholder="type a part of its path", ensure_option=False,
            continuous_update=False,
        )  # fmt: skip
        self.add = button("Add a slider")
        self._add_note = html()
        self.add.on_click(lambda _: self._on_add())
        self.levers = widgets.VBox(
            [
                heading("Levers and assumptions"),
                self.group,
                self.rows,
                box("roi-add", self.path, self.add),
                self._add_note,
            ]
        ).add_class("roi-levers")

    def _on_add(self) -> None:
        settings, name = self.history.now, self.path.value.strip()
        try:
            one = control(settings.scenario, name, settings.firm)
        except InputError as error:
            self._add_note.value = problem(error)
            return
        self._add_note.value = ""
        if one.name not in self._added:
            self._added.append(one.name)
        if ADDED not in self.group.options:
            self.group.options = [*GROUPS, ADDED]
        self.group.value = ADDED
        self.path.value = ""
        self._lay_out()

    def _controls(self) -> list[Control]:
        settings = self.history.now
        if self.group.value != ADDED:
            return controls(settings.opened, settings.firm, self.group.value)
        known = set(movable(settings.scenario))
        return [control(settings.scenario, name, settings.firm) for name in self._added if name in known or "*" in name]

    def _lay_out(self) -> None:
        """The rows of the chosen group; each is made when it is first shown."""
        shown = []
        for one in self._controls():
            if one.name not in self._rows:
                self._rows[one.name] = Row(one, self.history.now.scenario, self._on_moved)
            shown.append(self._rows[one.name])
        self.rows.children = [row.box for row in shown]
        self._follow_rows()

    def _on_moved(self, row: Row, value: Any) -> None:
        name = row.control.name
        try:
            settings = self.history.now.with_(row.control.changes(value))
        except InputError as error:
            self._wrong[name] = (
                f"{error}; the answer is still that of {panels.shown(row.control.value(self.history.now.scenario))}"
            )
            row.say(self._wrong[name])
            self._buttons()
            return
        self._wrong.pop(name, None)
        if self.history.go(settings, step=name):
            self._follow()
            self._renew()
        else:
            self._follow_rows()

    # The map

    def _make_map(self) -> None:
        self.across, self.up = (widgets.Dropdown(description=words) for words in ("Map, across", "Map, upwards"))
        self.draw = button("Draw the map now")
        self._map_note = html()
        for one in (self.across, self.up):
            one.observe(lambda _: None if self._quiet else self._renew(map_first=True), "value")
        self.draw.on_click(lambda _: self._renew(map_first=True))
        self._map_box = widgets.VBox(
            [
                heading("Where it pays: the map"),
                box("roi-axes", self.across, self.up, self.draw),
                self._map_note,
                self.map,
            ]
        )

    @property
    def axes(self) -> tuple[str, str]:
        """The dotted paths of the axes of the map."""
        return self.across.value, self.up.value

    def say_of_map(self, words: str, wrong: bool = False) -> None:
        """A word on the map, above it."""
        self._map_note.value = panels.live(words, "roi-wrong" if wrong else "roi-note")

    # Saved settings

    def _make_saved(self) -> None:
        self.name = widgets.Text(description="Name", placeholder="such as Ask plainly", continuous_update=False)
        self.save = button("Save these settings")
        self._save_note = html()
        self.saved = html()
        self._shelf_of_saved = widgets.VBox([])
        self._saved_names: tuple[str, ...] = ()
        self.save.on_click(lambda _: self._on_save())
        self._saved_box = widgets.VBox(
            [
                heading("Saved settings"),
                box("roi-add", self.name, self.save),
                self._save_note,
                self._shelf_of_saved,
                self.saved,
            ]
        )

    def _on_save(self) -> None:
        try:
            self.history.save(self.name.value)
        except InputError as error:
            self._save_note.value = problem(error)
            return
        self._save_note.value = self.name.value = ""
        self._renew()

    def show_saved(self, answers: Mapping[str, Answer | None]) -> None:
        """The table of saved settings, and their buttons."""
        saved = self.history.saved
        self.saved.value = panels.side_by_side(saved, answers)
        if self._saved_names == tuple(saved):
            return
        self._saved_names = tuple(saved)
        for row in self._shelf_of_saved.children:
            row.close()
        self._shelf_of_saved.children = [self._saved_row(name) for name in saved]

    def _saved_row(self, name: str) -> Any:
        load, remove = button(f"Load {name}"), button(f"Remove {name}")
        load.on_click(lambda _: self.open(self.history.saved[name]))

        def forget(_: Any) -> None:
            self.history.remove(name)
            self._renew()

        remove.on_click(forget)
        return box("roi-add", load, remove)

    # Sharing

    def _make_share(self) -> None:
        self.yaml = widgets.Textarea(description="Settings as a scenario file", continuous_update=False)
        self._download = html()
        self.upload = widgets.FileUpload(description="Open a scenario file", accept=".yaml,.yml", icon="").add_class(
            "roi-upload"
        )
        self.take = button("Open the text above")
        self._share_note = html()
        self.upload.observe(self._on_upload, "value")
        self.take.on_click(lambda _: self._on_text(self.yaml.value, "pasted"))
        self._share_box = widgets.VBox(
            [
                heading("Share"),
                self.yaml.add_class("roi-yaml"),
                box("roi-add", self._download, self.take, self.upload),
                self._share_note,
            ]
        )

    def _on_upload(self, change: Any) -> None:
        if not change["new"]:
            return
        one = change["new"][0]
        try:
            text = bytes(one["content"]).decode("utf-8")
        except UnicodeDecodeError:
            self._share_note.value = problem(
                f"{one['name']} is no text in UTF-8; a scenario file, .yaml, would be right"
            )
            text = None
        self.upload.value = ()
        if text is not None:
            self._on_text(text, Path(one["name"]).stem)

    def _on_text(self, text: str, name: str) -> None:
        try:
            scenario = read(text, name if name != "pasted" else "", name)
        except InputError as error:
            self._share_note.value = problem(error)
            return
        self._share_note.value = ""
        self.shelf.put(scenario)
        self.open(Settings.of(scenario))

    # Everything follows the settings

    def _follow(self) -> None:
        """Show the present settings in all widgets."""
        settings = self.history.now
        self._quiet = True
        try:
            if settings.opened is not self._opened or self.firm.value != settings.firm:
                self._opened = settings.opened
                self._begin_anew(settings)
            choose(self.scenario, self._scenarios(), self.shelf.key_of(settings.opened))
            choose(self.firm, list(settings.scenario.firms), settings.firm)
            choose(self.against, strategy_names(settings.scenario, settings.firm), settings.against)
        finally:
            self._quiet = False
        self._settings.value = panels.settings_line(settings)
        text = to_yaml(settings.scenario, brief=True)
        self.yaml.value = text
        self._download.value = panels.yaml_link(text, settings.scenario.name)
        self._follow_rows()

    def _begin_anew(self, settings: Settings) -> None:
        """What is different for every scenario and firm: the rows, what can be added, the axes."""
        for row in self._rows.values():
            row.close()
        self._rows = {}
        self._lay_out()
        self.path.options = movable(settings.scenario)
        numbers = [
            (f"{one.label} ({one.name})", one.name)
            for group in GROUPS for one in controls(settings.opened, settings.firm, group)
            if not one.options and not one.whole
        ]  # fmt: skip
        names = [name for _, name in numbers]
        for widget, usual, other in ((self.across, AXES[0], 0), (self.up, AXES[1], 1)):
            wanted = widget.value if widget.value in names else usual if usual in names else names[other]
            choose(widget, numbers, wanted)

    def _follow_rows(self) -> None:
        settings = self.history.now
        odd = notices(settings.scenario, settings.firm)
        for name, row in self._rows.items():
            if name in self._wrong:
                continue
            row.show(settings.scenario)
            value = row.control.value(settings.scenario)
            row.say("", " ".join(part for part in (row.control.outside(value), odd.get(name, "")) if part))
        self._buttons()

    def _buttons(self) -> None:
        self.undo.disabled = not (self.history.can_undo or self._wrong)
        self.redo.disabled = not self.history.can_redo
