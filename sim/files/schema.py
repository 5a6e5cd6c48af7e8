"""JSON Schema (2020-12) of scenario files, for editors and other programs.

Pydantic describes the models; here is added what only files can do: annotated numbers, strategies by name. Unit,
plausible range and source become part of each description, so that an editor shows them.
"""

from __future__ import annotations

import copy
from typing import Any

from pydantic import BaseModel

from sim.quantity import Note
from sim.strategy import PRESETS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LEAVES = ("number", "integer", "string")
NOT_NOTED = ("kind", "preset")


def schema_of(model: type[BaseModel]) -> Schema:
    """The JSON Schema of files that describe ``model``."""
    schema = model.model_json_schema()
    parts: dict[str, Schema] = schema.pop("$defs")
    schema["properties"].pop("notes")
    parts["Annotated"] = _annotated(parts.pop("Note"))
    parts["Levers"] = _levers(parts["Strategy"])
    parts["Change"]["properties"]["levers"] = {"$ref": "#/$defs/Levers", "description": "levers with their new values"}
    for part in (schema, *parts.values()):
        if part is not parts["Annotated"]:
            part["properties"] = {name: _property(name, one) for name, one in part["properties"].items()}
        part.pop("title", None)
    strategy = parts["Strategy"]
    strategy["properties"] = {"preset": _preset("the strategy that the levers start from"), **strategy["properties"]}
    parts["NamedStrategy"] = {
        "description": "the name of a strategy, or levers",
        "anyOf": [
            _preset("a preset, or one of the scenario's own strategies"),
            {"$ref": "#/$defs/Strategy"},
        ],
    }
    schema["properties"] = {name: schema["properties"][name] for name in model.model_fields if name != "notes"}
    return {
        "$schema": DIALECT,
        "title": "Scenario",
        **schema,
        "$defs": {name: parts[name] for name in sorted(parts)},
    }


def _preset(description: str) -> Schema:
    return {"type": "string", "description": description, "examples": list(PRESETS)}


def _annotated(note: Schema) -> Schema:
    """A number with what is to be said about it."""
    notes = {}
    for name, said in note["properties"].items():
        one = next((option for option in said.get("anyOf", []) if option.get("type") != "null"), said)
        notes[name] = {key: value for key, value in one.items() if key not in ("title", "default")}
    assert notes.keys() == Note.model_fields.keys()
    return {
        "type": "object",
        "description": "a value with its unit, source, plausible range, standard error and number of observations",
        "properties": {"value": {}, **notes},
        "required": ["value"],
        "additionalProperties": False,
    }


def _levers(strategy: Schema) -> Schema:
    """What an event may change of a strategy."""
    levers = copy.deepcopy(strategy)
    levers["description"] = "Levers that an event changes."
    levers["properties"].pop("legacy_data")
    for lever in levers["properties"].values():
        lever.pop("default")
    return levers


def _property(name: str, schema: Schema) -> Schema:
    """A property of a file, from a field as pydantic describes it."""
    schema = dict(schema)
    schema.pop("title", None)
    unit, likely = schema.pop("unit", None), schema.pop("likely", None)
    source = schema.pop("source", None)
    for key in ("symbol", "idle"):
        schema.pop(key, None)
    if "$ref" in schema or "properties" in schema or isinstance(schema.get("default"), dict):
        schema.pop("default", None)
    said = [schema.pop("description", "")]
    said.append(f"unit: {unit}" if unit else "")
    said.append(f"plausible: {likely[0]:g} to {likely[1]:g}" if likely else "")
    said.append(f"source: {source}" if source else "")
    description = "; ".join(part for part in said if part)
    kept = {key: schema.pop(key) for key in ("default",) if key in schema}
    head = {"description": description} if description else {}
    return {**head, **kept, **_value(name, schema, unit)}


def _value(name: str, schema: Schema, unit: str | None) -> Schema:
    """What may stand at a place: strategies also by name, numbers and words also annotated."""
    schema = {key: value for key, value in schema.items() if key not in ("discriminator", "title")}
    if "anyOf" in schema:  # a choice that may also be left out
        kept = [{key: said for key, said in one.items() if key != "discriminator"} for one in schema["anyOf"]]
        schema["anyOf"] = kept
    if schema.get("$ref") == "#/$defs/Strategy":
        return {"$ref": "#/$defs/NamedStrategy"}
    if (names := schema.pop("patternProperties", None)) is not None:
        ((pattern, member),) = names.items()
        return {**schema, "propertyNames": {"pattern": pattern}, "additionalProperties": _value(name, member, None)}
    if "items" in schema:
        schema["items"] = _value(name, schema["items"], None)
    options = schema.get("anyOf", [schema])
    leaves = [one for one in options if one.get("type") in LEAVES]
    if not leaves or name in NOT_NOTED:
        return schema
    value = leaves[0] if len(options) == 1 else {"anyOf": options}
    noted = {"value": value, **({"unit": {"const": unit}} if unit else {})}
    return {"anyOf": [*options, {"$ref": "#/$defs/Annotated", "properties": noted}]}
