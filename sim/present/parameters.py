"""The parameter tables of ``docs/odd.md``, written from what the code declares.

``python -m sim.present.parameters`` rewrites them in place; ``tests/test_odd.py`` notices when that was forgotten.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.errors import InputError
from sim.present.document import markdown_table, with_block
from sim.quantity import provenance
from sim.scenario import Scenario
from sim.strategy import LEVERS, PRESETS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "odd.md"
COLUMNS = ("path", "symbol", "meaning", "unit", "default", "plausible range", "source")
LEFT_OUT = ("notes", "strategies", "entrants")
"""What a file says about its numbers, and strategies outside firms, which have the levers of ``firms.*.strategy``."""


@dataclass(frozen=True)
class Parameter:
    """One row: the dotted path of a number in a scenario file and what the code says about it, as text."""

    path: str
    symbol: str
    meaning: str
    unit: str
    default: str
    plausible: str
    source: str


@dataclass(frozen=True)
class Part:
    """One table: a part of the scenario, what it is, and its numbers; ``same_as`` names a part already listed."""

    path: str
    title: str
    parameters: tuple[Parameter, ...]
    same_as: str = ""


def parts() -> list[Part]:
    """All parts of a scenario in the order of the code, single ones before those of which there may be several."""
    found: list[Part] = []
    seen: dict[str, str] = {}
    for path, model, instance in _models(Scenario, None, ""):
        parameters = tuple(_parameters(path, model, instance))
        content = repr([(model, one.path.removeprefix(path), one.default) for one in parameters])
        title = (model.__doc__ or "").strip().splitlines()[0].split(". ")[0].rstrip(".")
        kind = model.model_fields.get("kind")
        if kind is not None:
            title += f" (`kind: {get_args(kind.annotation)[0]}`)"
        if not parameters:
            continue
        if content in seen:
            found.append(Part(path, title, (), same_as=seen[content]))
        else:
            seen[content] = path
            found.append(Part(path, title, parameters))
    return found


def render() -> str:
    """Markdown: one table of parameters for each part, and one of the presets' levers."""
    blocks = []
    for part in parts():
        name = f"`{part.path}`" if part.path else "The scenario itself"
        if part.same_as:
            blocks.append(f"**{name}** – the same as `{part.same_as}`.")
        else:
            rows = [
                (f"`{one.path}`", f"`{one.symbol}`", one.meaning, one.unit, one.default, one.plausible, one.source)
                for one in part.parameters
            ]
            blocks.append(f"**{name}** – {part.title}.\n\n{markdown_table(COLUMNS, rows)}")
    return "\n\n".join(blocks)


def render_presets() -> str:
    """Markdown: the levers of the presets that come with the package."""
    rows = [(f"`{lever}`", *(_text(getattr(preset, lever)) for preset in PRESETS.values())) for lever in LEVERS]
    return markdown_table(("lever", *(f"`{name}`" for name in PRESETS)), rows)


def rewritten(text: str) -> str:
    """The document with its generated blocks renewed.

    Raises :class:`sim.errors.InputError` if a block's markers are missing.
    """
    return with_block(with_block(text, "parameters", render()), "presets", render_presets())


def main(document: Path = DOCUMENT) -> int:
    """Rewrite the generated blocks of the document; the exit code."""
    try:
        document.write_text(rewritten(document.read_text(encoding="utf-8")), encoding="utf-8")
    except (InputError, OSError) as error:
        print(f"{document}: {error}", file=sys.stderr)
        return 2
    return 0


def _models(
    model: type[BaseModel], instance: BaseModel | None, path: str
) -> Iterator[tuple[str, type[BaseModel], BaseModel | None]]:
    """A model and all models inside it, each with its dotted path and the instance that is its default, if any."""
    yield path, model, instance
    inside = [
        (f"{path}.{name}{suffix}".lstrip("."), part, default if isinstance(default, part) else None)
        for name, field in model.model_fields.items()
        if name not in LEFT_OUT
        for default in [_default(instance, name, field)]
        for suffix, part in _parts_of(field.annotation)
    ]
    for place, part, default in sorted(inside, key=lambda one: one[0].endswith(".*")):
        yield from _models(part, default, place)


def _parts_of(annotation: Any, suffix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """The models that a field's type is made of; several of a kind have ``.*`` in their path."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _parts_of(inner[0], suffix)
    elif origin in (Union, UnionType):
        for one in inner:
            yield from _parts_of(one, suffix)
    elif origin is dict:
        yield from _parts_of(inner[1], ".*")
    elif origin is tuple:
        yield from _parts_of(inner[0], ".*")
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield suffix, annotation


def _parameters(path: str, model: type[BaseModel], instance: BaseModel | None) -> Iterator[Parameter]:
    for name, field in model.model_fields.items():
        place = f"{path}.{name}".lstrip(".")
        default, meaning = _text(_default(instance, name, field)), field.description or ""
        declared, extra = provenance(model, name), field.json_schema_extra
        choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        if declared is not None:
            plausible = f"{_text(declared.low)} to {_text(declared.high)}"
            if declared.idle is not None:
                plausible += f", unless {_text(declared.idle)}"
            yield Parameter(place, declared.symbol, meaning, declared.unit, default, plausible, declared.source)
        elif isinstance(extra, dict) and "unit" in extra:
            yield Parameter(place, name, meaning, str(extra["unit"]), default, "–", "setting")
        elif len(choices) > 1:
            yield Parameter(place, name, meaning or "one of the names", "name", default, ", ".join(choices), "setting")


def _default(instance: BaseModel | None, name: str, field: FieldInfo) -> Any:
    return field.default if instance is None else getattr(instance, name)


def _text(value: Any) -> str:
    """A value as it stands in a table; numbers can be read back exactly."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value) if isinstance(value, int | str) else "to be given"


if __name__ == "__main__":
    sys.exit(main())
