"""From plain data to a scenario, or to one sentence about the first thing that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sim.errors import InputError
from sim.files.check import Check, Problem
from sim.files.shape import required, shown
from sim.files.tree import Path, at, dotted
from sim.quantity import Note

Model = TypeVar("Model", bound=BaseModel)


def validated(
    model: type[Model],
    data: Any,
    name: str = "",
    lines: Mapping[Path, int] | None = None,
    notes: Mapping[str, Note] | None = None,
) -> tuple[Model, Check]:
    """The model that plain data describe, with the notes found in them added to ``notes``.

    ``name`` is what errors call the file, ``lines`` says where things are in it.

    Raises
    ------
    InputError
        For the first thing that is wrong, and how many more there are.
    """
    if not isinstance(data, Mapping):
        raise InputError(f"{at(name)}a scenario is a mapping (key: value), but this is {shown(data)}")
    check = Check(model, data)
    problems = list(check.problems)
    result = None
    try:
        result = model.model_validate({**check.data, "notes": {**(notes or {}), **check.notes}})
    except ValidationError as error:
        known = {problem.path for problem in problems}
        problems += [one for one in _translated(error, check) if not _touches(one.path, known)]
    if result is not None and not problems:
        return result, check
    places = {problem: _line(problem.path, lines or {}) for problem in problems}
    first = min(problems, key=lambda problem: places[problem] or 0)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    raise InputError(f"{at(name, places[first])}{first.sentence}{more}")


def _touches(path: Path, others: Collection[Path]) -> bool:
    """Whether a place holds another, or lies in one: what is said of it may only follow from that."""
    return any(path[: len(other)] == other[: len(path)] for other in others)


def _line(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of a place, or of the nearest thing around it that has one."""
    if (*path, "value") in lines:
        return lines[*path, "value"]
    return next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), None)


def _translated(error: ValidationError, check: Check) -> Iterator[Problem]:
    for one in error.errors(include_url=False):
        path = _path(one["loc"], check)
        where, (annotation, field) = dotted(path), check.fields.get(path, (None, None))
        context = one.get("ctx", {})
        if one["type"] == "missing":
            yield Problem(path, f"{where} is missing; it must be {required(annotation, field)}")
        elif one["type"] == "value_error":
            yield Problem(path, f"{where}{': ' if where else ''}{context['error']}")
        elif one["loc"][-1] == "[key]":
            yield Problem(
                path,
                f"{one['input']!r} is no name that {dotted(path[:-1])} can use; "
                "words without dots and equals signs would be right",
            )
        elif one["type"] in ("too_short", "too_long"):
            limit = context.get("min_length", context.get("max_length"))
            sort = "at least" if one["type"] == "too_short" else "at most"
            yield Problem(path, f"{where} has {len(one['input'])} entries; {sort} {limit} would be right")
        else:
            wanted = required(annotation, field) if annotation else "something else"
            yield Problem(path, f"{where} is {shown(one['input'])}; it must be {wanted}")


def _path(loc: Path, check: Check) -> Path:
    """Pydantic's place without what stands in no file: the kind of an alternative, the mark of a key."""
    path: Path = ()
    data: Any = check.data
    for part in loc:
        if part in data if isinstance(data, Mapping) else isinstance(data, list):
            data = data[part]
            path = (*path, part)
        elif (*path, part) in check.fields:
            path = (*path, part)
        elif isinstance(data, Mapping) and isinstance(data.get("levers"), Mapping) and part in data["levers"]:
            path = (*path, "levers", part)
    return path
