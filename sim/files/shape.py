"""What may stand at a place of a scenario, read off the models, and how to say so in words."""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.quantity import Note
from sim.strategy import Strategy


@dataclass(frozen=True)
class Shape:
    """What a type annotation admits."""

    kinds: tuple[Any, ...]  # alternatives without None
    nullable: bool

    @property
    def models(self) -> dict[str, type[BaseModel]]:
        """The models among the alternatives, by their ``kind`` (a single one by the empty text)."""
        found = [one for one in self.kinds if isinstance(one, type) and issubclass(one, BaseModel)]
        return {"": found[0]} if len(found) == 1 else {tag(one): one for one in found}


def tag(model: type[BaseModel]) -> str:
    """The ``kind`` that tells a model from its alternatives."""
    return str(get_args(model.model_fields["kind"].annotation)[0])


def usual_kind(models: Mapping[str, type[BaseModel]]) -> str | None:
    """The kind that is meant where none is given, if there is one."""
    return next((kind for kind, one in models.items() if kind and not one.model_fields["kind"].is_required()), None)


def shape(annotation: Any) -> Shape:
    """The alternatives of a type annotation."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return Shape(tuple(part for part in parts if part is not NoneType), NoneType in parts)


def annotation_of(name: str, field: FieldInfo) -> Any:
    """The type of a field; the levers of an event are a part of a strategy."""
    return Strategy if name == "levers" else field.annotation


def unit_of(field: FieldInfo | None) -> str | None:
    """The unit that a field is declared with."""
    extra = field.json_schema_extra if field else None
    return str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else None


def required(annotation: Any, field: FieldInfo | None) -> str:
    """What would be right at a place, in words."""
    kinds = shape(annotation).kinds
    kind = kinds[0]
    if shape(annotation).models:
        names = "the name of a strategy or " if Strategy in kinds else ""
        return f"{names}a mapping of keys to values"
    if get_origin(kind) is Literal:
        return ("" if len(get_args(kind)) == 1 else "one of ") + ", ".join(map(str, get_args(kind)))
    if get_origin(kind) is dict:
        return "a mapping of names to mappings"
    if get_origin(kind) is tuple:
        return "a list"
    if kind not in (int, float):
        return "text"
    metadata = field.metadata if field else []
    words = "a whole number" if kind is int else "a number"
    low, high = (next((getattr(one, end) for one in metadata if hasattr(one, end)), None) for end in ("ge", "le"))
    if low is not None and high is not None:
        words += f" from {shown(low)} to {shown(high)}"
    unit = unit_of(field)
    return f"{words} ({unit})" if unit else words


def shown(value: Any) -> str:
    """A value as an error shows it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, numbers.Real):
        try:
            number = float(value)
        except OverflowError:
            return "too large a number"
        return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.12g}"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return f"the text {text if len(text) <= 40 else text[:37] + '…'!r}"


def nearest(word: str, words: Collection[str], inside: Collection[str] = ()) -> str:
    """The remedy for a word that is not one of ``words``; ``inside`` are dotted paths that may be meant."""
    close = difflib.get_close_matches(word, words, 1, 0.6)
    deeper = [path for path in inside if path.rpartition(".")[2] == word]
    if close or deeper:
        return f"did you mean {(close or deeper)[0]}?"
    return f"one of {', '.join(words)} would be right"


def inner_paths(model: type[BaseModel]) -> Iterator[str]:
    """Dotted paths of everything below a model's own keys; ``<name>`` is a name of the user's choice."""
    for name, field in model.model_fields.items():
        kind = shape(annotation_of(name, field))
        middle = ""
        if kind.kinds and get_origin(kind.kinds[0]) is dict:
            kind, middle = shape(get_args(kind.kinds[0])[1]), ".<name>"
        for part in kind.models.values():
            if part is not Note:
                for inner in part.model_fields:
                    yield f"{name}{middle}.{inner}"
                yield from (f"{name}{middle}.{inner}" for inner in inner_paths(part))
