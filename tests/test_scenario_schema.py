"""Editors are told by the JSON Schema what the reader of files accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from sim.errors import InputError
from sim.scenario_file import json_schema, load, read, to_yaml, write_schema

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
VALIDATOR = Draft202012Validator(json_schema())
FIRM = "firms: {A: {strategy: trusted}}\n"


def errors(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_committed_schema_is_current(tmp_path: Path) -> None:
    write_schema(tmp_path / "schema.json")
    assert (ROOT / "scenarios/schema.json").read_text() == (tmp_path / "schema.json").read_text()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_scenario_names_and_satisfies_the_schema(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    assert errors(text) == []
    assert errors(to_yaml(load(path))) == []


GOOD = [
    FIRM,
    "firms: {A: {}, The Rival: {strategy: {preset: trusted, depth: 0.5}}}",
    "firms: {A: {strategy: {depth: {value: 0.5, unit: share, source: x, range: [0, 1], note: y, se: 0.1, n: 3}}}}",
    "firms: {A: {strategy: {consent: {value: prompt, source: x}}}}",
    FIRM + "customers: {count: {value: 500, source: x}, basket: {mean: 20}, lapse: null}",
    FIRM + "customers: {basket: {kind: gamma-gamma, mean: {value: 20}}, lapse: {a: 1}}",
    FIRM + "customers: {lapse: {kind: per-purchase, b: {value: 2}}}",
    FIRM + "customers: {lapse: {kind: lifetime, scale: {value: 20, unit: months}}}",
    FIRM + "customers: {segments: {young: {share: 1, threshold: {at_zero: {value: 0.1}}}}}",
    FIRM + "events: [{kind: change, month: 1, levers: {depth: {value: 0.1, source: x}, consent: banner}}]",
    FIRM + "events: [{kind: law, month: 1}, {kind: breach, month: 2, firm: A}, {kind: expose, month: 3, firm: A}]",
    FIRM + "events: [{kind: change, month: 1, firm: null, levers: {price: 1}, until: null}]",
    FIRM + "strategies: {mine: trusted, other: {preset: mine, depth: 0.1}}",
    FIRM + "review: {every_months: 6}\nentry_exit: {entrants: [trusted, {preset: uniform, price: 0.9}]}",
    FIRM + "review: null\nentry_exit: null",
]


@pytest.mark.parametrize("text", GOOD)
def test_the_schema_accepts_what_the_reader_accepts(text: str) -> None:
    read(text)
    assert errors(text) == []


BAD = [
    "title: no firms",
    "firms: {}",
    "firms: {A.b: {}}",
    "firms: {A: {stratgy: trusted}}",
    "firms: {A: {strategy: {dept: 0.5}}}",
    "firms: {A: {strategy: {depth: 1.5}}}",
    "firms: {A: {strategy: {depth: true}}}",
    "firms: {A: {strategy: {depth: '0.5'}}}",
    "firms: {A: {strategy: {depth: {value: 1.5}}}}",
    "firms: {A: {strategy: {depth: {value: 0.5, unit: percent}}}}",
    "firms: {A: {strategy: {depth: {value: 0.5, sorce: x}}}}",
    "firms: {A: {strategy: {depth: {source: x}}}}",
    "firms: {A: {strategy: {consent: promt}}}",
    "firms: {A: {economics: {margin: 0.5}}}",
    FIRM + "costumers: {}",
    FIRM + "notes: {}",
    FIRM + "customers: {count: 5}",
    FIRM + "customers: {count: 10.5}",
    FIRM + "customers: {basket: {kind: gama}}",
    FIRM + "customers: {basket: {kind: gamma-gamma, sd_within: 1}}",
    FIRM + "customers: {lapse: {kind: lifetimes}}",
    FIRM + "customers: {lapse: {shape: 1}}",
    FIRM + "customers: {lapse: {kind: lifetime, a: 1}}",
    FIRM + "customers: {threshold: {at_zro: 0.1}}",
    FIRM + "customers: {segments: {a: {share: 1, treshold: {}}}}",
    FIRM + "rules: {surpluss: 0.1}",
    FIRM + "events: [{kind: chang, month: 1}]",
    FIRM + "events: [{kind: breach, firm: A}]",
    FIRM + "events: [{kind: change, month: 1, levers: {dept: 0.1}}]",
    FIRM + "events: [{kind: change, month: 1, levers: {depth: 1.1}}]",
    FIRM + "events: [{kind: change, month: 1, levers: {legacy_data: 1}}]",
    FIRM + "events: [{kind: change, month: 1, levers: {preset: trusted}}]",
    FIRM + "review: {every_month: 1}",
    FIRM + "entry_exit: {entrants: [{preset: trusted, dept: 1}]}",
    FIRM + "strategies: {mine: {preset: trusted, dept: 1}}",
]


@pytest.mark.parametrize("text", BAD)
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    with pytest.raises(InputError):
        read(text)
    assert errors(text)


def leaves(schema: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, part in {"": schema, **schema["$defs"]}.items():
        if name != "Annotated":
            found += [(f"{name}.{key}", one) for key, one in part.get("properties", {}).items()]
    return [(where, one) for where, one in found if "anyOf" in one]


def test_every_quantity_shows_its_unit_plausible_range_and_source() -> None:
    shown = {where: one.get("description", "") for where, one in leaves(json_schema())}
    assert "unit: share" in shown["Strategy.depth"]
    assert "plausible: 0.4 to 0.8" in shown["Rules.neutral_trust"]
    assert "source: GDPR Art. 83(5)" in shown["Rules.fine_cap"]
    numbers = [where for where, one in leaves(json_schema()) if one["anyOf"][0].get("type") in ("number", "integer")]
    assert len(numbers) > 100
    assert [where for where in numbers if "unit: " not in shown[where]] == []


def test_no_keyword_of_our_own_is_left_in_the_schema() -> None:
    text = json.dumps(json_schema())
    assert not [word for word in ("likely", "symbol", "discriminator") if f'"{word}":' in text]
