"""Plain data walked along the models of a scenario: what is misspelt or of the wrong kind, and what is noted.

Annotated numbers (``{value: 0.3, unit: share, source: …}``) are taken apart on the way. Limits, and rules
that tie several values together, are left to pydantic (see :mod:`sim.files.verdict`).
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.files.shape import annotation_of, inner_paths, nearest, required, shape, shown, unit_of, usual_kind
from sim.files.tree import Path, dotted
from sim.quantity import Note
from sim.strategy import PRESETS, Strategy


class Problem(NamedTuple):
    """Something wrong at a path, told without its place."""

    path: Path
    sentence: str


class Check:
    """One walk over plain data along the models: what is wrong, what is noted, and the data without notes."""

    def __init__(self, model: type[BaseModel], data: Mapping[str, Any]) -> None:
        self.problems: list[Problem] = []
        self.notes: dict[str, Note] = {}
        self.fields: dict[Path, tuple[Any, FieldInfo]] = {}
        self.values: list[Path] = []
        own = data.get("strategies")
        self.own = [str(name) for name in own] if isinstance(own, Mapping) else []
        self.data = self._members(model, data, ())
        self._events_name_firms()

    def _wrong(self, path: Path, sentence: str) -> None:
        self.problems.append(Problem(path, sentence))

    def _members(self, model: type[BaseModel], data: Mapping[str, Any], path: Path) -> dict[str, Any]:
        fields = model.model_fields
        allowed = [name for name in fields if name != "notes"]
        if _of_an_event(path):  # nobody can change what was gathered before the start
            allowed.remove("legacy_data")
        elif model is Strategy:
            allowed.append("preset")
        self.fields |= {(*path, name): (annotation_of(name, field), field) for name, field in fields.items()}
        result = {}
        for key, value in data.items():
            here = (*path, str(key))
            if key == "preset" and key in allowed:
                if self._is_strategy(value, here):
                    result[key] = value
            elif key not in allowed:
                remedy = nearest(str(key), allowed, list(inner_paths(model)))
                if key == "notes":
                    remedy = "notes stand beside the number, as in {value: 0.3, source: …}"
                self._wrong(here, f"unknown key {dotted(here)}; {remedy}")
            else:
                field = fields[key]
                self._put(result, key, annotation_of(key, field), value, here, field)
        return result

    def _events_name_firms(self) -> None:
        firms: dict[str, Any] = self.data.get("firms") or {}
        events: list[dict[str, Any]] = self.data.get("events") or []
        for position, event in enumerate(events):
            name = event.get("firm")
            if name is not None and firms and name not in firms:
                path = ("events", position, "firm")
                self._wrong(path, f"{dotted(path)} is {shown(name)}, which is no firm; {nearest(name, firms)}")

    def _put(
        self, into: dict[str, Any], key: str, annotation: Any, value: Any, path: Path, field: FieldInfo | None
    ) -> None:
        """Add a value to the data if it is right, so that one problem does not cause others."""
        plain = self._value(annotation, value, path, field)
        if plain is not WRONG:
            into[key] = plain

    def _value(self, annotation: Any, value: Any, path: Path, field: FieldInfo | None) -> Any:
        admitted = shape(annotation)
        kind = admitted.kinds[0]
        if value is None and admitted.nullable:
            return None
        if admitted.models:
            if Strategy in admitted.kinds and isinstance(value, str) and not _of_an_event(path):
                return value if self._is_strategy(value, path) else WRONG
            model = self._model(admitted.models, value, path)
            return WRONG if model is None else self._members(model, value, path)
        if get_origin(kind) is dict and isinstance(value, Mapping):
            named: dict[str, Any] = {}
            for name, part in value.items():
                self._put(named, str(name), get_args(kind)[1], part, (*path, str(name)), None)
            return named
        if get_origin(kind) is tuple and isinstance(value, list | tuple):
            parts = [self._value(get_args(kind)[0], part, (*path, i), None) for i, part in enumerate(value)]
            return WRONG if any(part is WRONG for part in parts) else parts
        if get_origin(kind) in (dict, tuple):
            return self._refuse(annotation, value, path, field)
        if kind is not str and path[-1] != "kind" and path[0] != "fits":
            self.values.append(path)
        if isinstance(value, Mapping) and path[-1] != "kind":
            return self._annotated(annotation, value, path, field)
        return self._leaf(annotation, value, path, field)

    def _model(self, models: Mapping[str, type[BaseModel]], value: Any, path: Path) -> type[BaseModel] | None:
        if not isinstance(value, Mapping):
            wanted = required(next(iter(models.values())), None)
            if _of_an_event(path):
                wanted = "a mapping of levers to values"
            self._wrong(path, f"{dotted(path)} is {shown(value)}; it must be {wanted}")
            return None
        if "" in models:
            return models[""]
        kind = value.get("kind", usual_kind(models))
        if isinstance(kind, str) and kind in models:
            return models[kind]
        where = dotted((*path, "kind"))
        if "kind" in value:
            remedy = nearest(kind, models) if isinstance(kind, str) else nearest("", models)
            self._wrong((*path, "kind"), f"{where} is {shown(kind)}; {remedy}")
        else:
            self._wrong(path, f"{where} is missing; {nearest('', models)}")
        return None

    def _is_strategy(self, name: Any, path: Path) -> bool:
        own = self.own
        if path[0] == "strategies":  # a strategy may build on those before it
            own = own[: own.index(str(path[1]))]
        usable = list(dict.fromkeys([*PRESETS, *own]))
        if isinstance(name, str) and name in usable:
            return True
        remedy = nearest(name, usable) if isinstance(name, str) else nearest("", usable)
        self._wrong(path, f"{dotted(path)} is {shown(name)}, which is no strategy; {remedy}")
        return False

    def _annotated(self, annotation: Any, given: Mapping[str, Any], path: Path, field: FieldInfo | None) -> Any:
        """A leaf with its notes: ``{value: …, unit: …, source: …}``."""
        keys = ["value", *Note.model_fields]
        note: dict[str, Any] = {}
        before = len(self.problems)
        for key, said in given.items():
            here = (*path, str(key))
            if key not in keys:
                self._wrong(here, f"unknown key {dotted(here)}; {nearest(str(key), keys)}")
            elif key == "range":
                note[key] = self._range(said, here)
            elif key != "value" and said is not None:
                note[key] = self._leaf(Note.model_fields[key].annotation, said, here, None)
        unit, declared = note.get("unit"), unit_of(field)
        if isinstance(unit, str) and declared and " ".join(unit.split()) != declared:
            self._wrong((*path, "unit"), f"{dotted(path)} is given in {unit!r}; its unit is {declared!r}")
        if "value" not in given:
            self._wrong(
                path,
                f"{dotted(path)} has notes but no value; value must be {required(annotation, field)}",
            )
        if len(self.problems) > before:
            return WRONG
        self.notes[dotted(path)] = Note(**note)
        return (
            None
            if given["value"] is None and shape(annotation).nullable
            else self._leaf(annotation, given["value"], path, field)
        )

    def _range(self, said: Any, path: Path) -> tuple[float, float] | None:
        ends = [self._number(float, one) for one in said] if isinstance(said, list | tuple) else []
        low, high = ends if len(ends) == 2 else (None, None)
        if low is not None and high is not None and low <= high:
            return low, high
        self._wrong(path, f"{dotted(path)} is not a range; [low, high] with two numbers would be right")
        return None

    def _leaf(self, annotation: Any, value: Any, path: Path, field: FieldInfo | None) -> Any:
        kind = shape(annotation).kinds[0]
        if kind in (int, float):
            number = self._number(kind, value)
            return number if number is not None else self._refuse(annotation, value, path, field)
        if get_origin(kind) is Literal:
            if isinstance(value, str) and value in get_args(kind):
                return value
            return self._refuse(annotation, value, path, field)
        return value if isinstance(value, str) else self._refuse(annotation, value, path, field)

    @staticmethod
    def _number(kind: type, value: Any) -> int | float | None:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            return None
        try:
            number = float(value)
        except OverflowError:
            return None
        if kind is float:
            return number
        return int(number) if number.is_integer() else None  # no count is so large that a float is inexact

    def _refuse(self, annotation: Any, value: Any, path: Path, field: FieldInfo | None) -> Any:
        sentence = f"{dotted(path)} is {shown(value)}; it must be {required(annotation, field)}"
        kind = shape(annotation).kinds[0]
        if isinstance(value, str):
            if kind in (int, float) and _reads_as_number(value):
                sentence += ", written without quotation marks"
            elif (unit_of(field) or "").startswith("share") and value[-1:] == "%" and _reads_as_number(value[:-1]):
                sentence += f", so perhaps {float(value[:-1]) / 100:g}"
            elif get_origin(kind) is Literal:
                sentence = f"{dotted(path)} is {shown(value)}; {nearest(value, get_args(kind))}"
        elif kind is str and not isinstance(value, Mapping | list | tuple):
            sentence += ", so put it in quotation marks"
        self._wrong(path, sentence)
        return WRONG


WRONG = object()
"""Stands for a value that was refused."""


def _of_an_event(path: Path) -> bool:
    """Whether a place holds the levers that an event changes."""
    return path[:1] == ("events",) and path[-1] == "levers"


def _reads_as_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
