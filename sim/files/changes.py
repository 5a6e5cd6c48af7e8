"""Scenarios with values at dotted paths replaced: ``firms.Trusted.strategy.depth`` and the like."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel

from sim.errors import InputError
from sim.evidence import USER
from sim.files.shape import annotation_of, inner_paths, shape, tag, usual_kind
from sim.files.tree import Path, dotted, parse
from sim.files.verdict import validated
from sim.quantity import Note
from sim.strategy import Strategy

Model = TypeVar("Model", bound=BaseModel)


def changed(scenario: Model, changes: Mapping[str, Any]) -> Model:
    """A copy of a scenario with the values at dotted paths replaced, one after the other, and validated anew.

    A value is what could stand in the file: a number, annotated or not, a list, a mapping, a strategy's name;
    a part of a scenario will do too. A new name adds a firm, a segment or a strategy, and None removes one.
    What is changed loses the notes of the old value and gets the source "set by the user", or brings its own; it is
    no longer a part of what was fitted. Parts of a scenario that are moved keep the sources they are declared with.

    Raises
    ------
    InputError
        For a path that does not exist, with the nearest that do, or a value that is not valid.
    """
    data = _plain(scenario)
    notes: dict[str, Note] = data.pop("notes")
    old = dict(notes)
    paths: list[Path] = []
    moved: list[Path] = []
    for where, value in changes.items():
        moved += _parts(value, tuple(where.split(".")))
        path = _put(type(scenario), data, str(where), _plain(value))
        paths.append(path)
        _forget_fits(data.get("fits"), dotted(path))
        notes = {noted: note for noted, note in notes.items() if not f"{noted}.".startswith(f"{dotted(path)}.")}
    result, check = validated(type(scenario), data, notes=notes)
    for leaf in check.values:
        if not any(leaf[: len(path)] == path for path in paths):
            continue
        name = dotted(leaf)
        if name not in check.notes and any(leaf[: len(part)] == part for part in moved):
            continue
        kept = Note(unit=old[name].unit, range=old[name].range) if name in old else Note()
        said = check.notes.get(name, kept)
        notes[name] = said.model_copy(update={"source": said.source or USER})
    return result.model_copy(update={"notes": notes})


def _parts(value: Any, path: Path) -> Iterator[Path]:
    """Where parts of a scenario stand in a value that is to be put at a path."""
    if isinstance(value, BaseModel):
        yield path
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _parts(part, (*path, str(key)))


def _forget_fits(fits: dict[str, dict[str, Any]] | None, where: str) -> None:
    """Take numbers at or below a place out of the joint distributions; what is left of these keeps its covariance."""
    if not fits or where.split(".")[0] == "fits":
        return
    for name, fit in list(fits.items()):
        kept = [k for k, path in enumerate(fit["paths"]) if not f"{path}.".startswith(f"{where}.")]
        if not kept:
            del fits[name]
        elif len(kept) < len(fit["paths"]):
            rows = [[fit["covariance"][i][j] for j in kept] for i in kept]
            fits[name] = {
                **fit,
                **{key: [fit[key][k] for k in kept] for key in ("paths", "scales")},
                "covariance": rows,
            }


def parse_setting(text: str) -> tuple[str, Any]:
    """The path and the value of ``KEY=VALUE``; the value is YAML: ``0.5``, ``trusted``, ``null``, ``{a: 1}``.

    Raises
    ------
    InputError
        Where there is no key, no value, or the value is not YAML.
    """
    key, equals, value = (part.strip() for part in text.partition("="))
    if not (key and equals and value):
        raise InputError(f"{text!r} sets nothing; KEY=VALUE would, as in firms.Trusted.strategy.depth=0.5")
    try:
        return key, parse(value).data
    except InputError as error:
        raise InputError(f"the value of {key}, {value!r}, cannot be read: {error}") from None


def _plain(value: Any) -> Any:
    """Plain data of our own, with parts of a scenario taken apart; notes stay what they are."""
    if isinstance(value, Note):
        return value
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _put(model: type[BaseModel], data: dict[str, Any], where: str, value: Any) -> Path:
    """Put a value at a dotted path of plain data, walking the data along the models."""
    keys = where.split(".")
    path: list[str | int] = []
    annotation: Any = model
    inside: Any = data
    for position, key in enumerate(keys):
        last = position == len(keys) - 1
        admitted = shape(annotation)
        part, index = _member(annotation, inside, key, adding=last)
        if part is None or (last and value is None and isinstance(inside, dict) and key not in inside):
            raise InputError(_unknown(where, model, data))
        path.append(index)
        if not last:
            following = inside.get(key) if isinstance(inside, dict) else inside[index]
            if following is None or (isinstance(following, str) and Strategy in shape(part).kinds):
                following = {} if following is None else {"preset": following}
                inside[index] = following
            annotation, inside = part, following
        elif value is None and get_origin(admitted.kinds[0]) is dict:
            del inside[key]
        elif key == "kind" and isinstance(inside, dict) and isinstance(value, str) and value in admitted.models:
            keep = admitted.models[value].model_fields
            for name in [name for name in inside if name not in keep]:
                del inside[name]
            inside[key] = value
        else:
            inside[index] = value
    return tuple(path)


def _member(annotation: Any, inside: Any, key: str, *, adding: bool) -> tuple[Any, str | int]:
    """The type of what a key leads to, and the key or position itself; no type where it leads nowhere."""
    admitted = shape(annotation)
    kind = admitted.kinds[0]
    if get_origin(kind) is tuple and isinstance(inside, list):
        known = key.isdecimal() and int(key) < len(inside)
        return (get_args(kind)[0], int(key)) if known else (None, key)
    if not isinstance(inside, dict):
        return None, key
    if get_origin(kind) is dict:
        return (get_args(kind)[1], key) if key and (adding or key in inside) else (None, key)
    models = admitted.models
    said = inside.get("kind", usual_kind(models))
    model = models.get("") or next((one for one in models.values() if tag(one) == said), None)
    if model is None or key == "notes" or key not in model.model_fields:
        return None, key
    return annotation_of(key, model.model_fields[key]), key


def _unknown(where: str, model: type[BaseModel], data: Mapping[str, Any]) -> str:
    paths = [dotted(path) for path in _paths(data, ())]
    paths += [path for path in inner_paths(model) if "<" not in path and path not in paths]
    last = where.rpartition(".")[2]
    near = difflib.get_close_matches(where, paths, 3, 0.75)
    near = near or [path for path in paths if path.rpartition(".")[2] == last][:3]
    near = near or difflib.get_close_matches(where, paths, 3, 0.3) or paths[:3]
    return f"there is no {where or 'empty path'} in the scenario; did you mean {' or '.join(near)}?"


def _paths(data: Any, path: Path) -> Iterator[Path]:
    if path:
        yield path
    members = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    for key, part in members:
        yield from _paths(part, (*path, key))
