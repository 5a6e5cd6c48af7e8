"""Scenario files: YAML in which every number may say its unit, source and plausible range."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from functools import reduce
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sim.errors import InputError
from sim.evidence import evidence
from sim.files.changes import changed, parse_setting
from sim.files.check import Check
from sim.files.schema import schema_of
from sim.files.shape import unit_of
from sim.files.text import text_of
from sim.files.tree import Loader, dotted, parse
from sim.files.verdict import validated
from sim.quantity import Note
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["changed", "json_schema", "load", "parse_setting", "read", "register", "to_yaml", "write_schema"]


def load(path: str | PathLike[str]) -> Scenario:
    """Read and check a scenario file.

    The scenario is called after the file unless it gives a ``name``. Annotations of numbers
    (``{value: 0.3, unit: share, source: …, range: [0.2, 0.4], note: …, se: …, n: …}``) become its ``notes``.

    Raises
    ------
    InputError
        For a file that cannot be read or does not describe a scenario; the sentence says file, line, key, the
        value and what would be right.
    """
    file = Path(path)
    one_file = f"a scenario is one file, such as {file / 'retail.yaml'}"
    text = text_of(file, lambda: _similar(file), one_file, "a scenario has a few thousand characters")
    return read(text, str(file), file.stem)


def read(text: str, file: str = "", name: str = "scenario") -> Scenario:
    """The scenario that YAML text describes; ``file`` is what errors call it, ``name`` stands in for none.

    Raises
    ------
    InputError
        As :func:`load`.
    """
    tree = parse(text, file)
    if tree.data is None:
        place = f"{file}: " if file else ""
        raise InputError(
            f"{place}nothing is written here; a scenario names at least its firms, as in 'firms: {{A: {{}}}}'"
        )
    data = {"name": name, **tree.data} if isinstance(tree.data, Mapping) else tree.data
    return validated(Scenario, data, file, tree.lines)[0]


class _Inline(dict[str, Any]):
    """A mapping that is written in one line."""


class _Row(list[Any]):
    """A list that is written in one line."""


class _Dumper(yaml.SafeDumper):
    """Writes what :mod:`sim.files.tree`, and any reader of YAML 1.1, reads as the same data."""


_Dumper.yaml_implicit_resolvers = {key: list(value) for key, value in yaml.SafeDumper.yaml_implicit_resolvers.items()}
for _first, _resolvers in Loader.yaml_implicit_resolvers.items():
    _Dumper.yaml_implicit_resolvers.setdefault(_first, []).extend(_resolvers)
_Dumper.add_representer(_Row, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, True))
_Dumper.add_representer(str, lambda dumper, text: _text(dumper, text))
_Dumper.add_representer(
    _Inline,
    lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True),
)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Text as it is, escaped where line ends other than a newline would be read back as something else."""
    unusual = any(one in text for one in "\r\x85\u2028\u2029")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if unusual else None)


def to_yaml(scenario: Scenario, *, brief: bool = False) -> str:
    """The scenario as YAML that :func:`load` reads back as the same, with the notes beside the numbers.

    In full, or ``brief``: without what has its default value and no note, for people to go on from.
    """
    full = scenario.model_dump(mode="json", exclude={"notes"})
    data = full
    if brief:
        data = scenario.model_dump(mode="json", exclude={"notes"}, exclude_defaults=True)
        for path in scenario.notes:
            _keep(data, full, path.split("."))
    noted = _noted(data, "", scenario.notes)
    return str(yaml.dump(noted, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


def _keep(data: Any, full: Any, path: list[str]) -> None:
    """Copy the value at a path from the full data, with the kind of every part on the way; lists are whole already."""
    if not isinstance(full, dict):
        return
    key, rest = path[0], path[1:]
    if "kind" in full:
        data.setdefault("kind", full["kind"])
    if not rest or not isinstance(full[key], dict):
        data.setdefault(key, full[key])
    else:
        _keep(data.setdefault(key, {}), full[key], rest)


def _noted(data: Any, path: str, notes: Mapping[str, Note]) -> Any:
    """Plain data with notes beside the numbers again."""
    if path in notes:
        return _Inline(value=data, **notes[path].model_dump(mode="json", exclude_none=True))
    prefix = f"{path}." if path else ""
    if isinstance(data, dict):
        return {key: _noted(value, f"{prefix}{key}", notes) for key, value in data.items()}
    if isinstance(data, list):
        parts = [_noted(value, f"{prefix}{position}", notes) for position, value in enumerate(data)]
        return parts if any(isinstance(part, dict | list) for part in parts) else _Row(parts)
    return data


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of scenario files."""
    return schema_of(Scenario)


def write_schema(path: str | PathLike[str]) -> None:
    """Write the JSON Schema of scenario files, which editors find through the first line of a scenario."""
    Path(path).write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def register(scenario: Scenario) -> pd.DataFrame:
    """The register of assumptions: one row per number, with where it comes from.

    Columns: ``path``, ``value``, ``unit``, ``low``, ``high`` (plausible range), ``source``, ``evidence`` (how strong
    it is, see :mod:`sim.evidence`), ``se``, ``n`` (standard error and observations, where there are any), ``outside``
    (whether the value lies outside its plausible range), ``meaning``. Settings without a plausible range, such as
    ``customers.count``, are listed where the file says something about them.
    """
    import pandas as pd  # takes long to import, and reading a scenario does not need it

    rows = [
        (path, float(value), said.unit, said.low, said.high, said.source, said.evidence, said.se, said.n, said.meaning)
        for path, value, said in scenario.assumptions()
    ]
    listed = {row[0] for row in rows}
    if rest := scenario.notes.keys() - listed:
        check = Check(Scenario, scenario.model_dump(exclude={"notes"}))
        for leaf in check.values:
            data: Any = check.data  # mappings, then lists and values
            value, name = reduce(lambda part, key: part[key], leaf, data), dotted(leaf)
            if name in rest and not isinstance(value, str | None):
                note, (_, field) = scenario.notes[name], check.fields[leaf]
                low, high = note.range or (float("nan"), float("nan"))
                unit = note.unit or unit_of(field) or ""
                source = note.source or ""
                kind = evidence(source, note.se, note.n)
                said_of = (source, kind, note.se, note.n, field.description or "")
                rows.append((name, float(value), unit, low, high, *said_of))
    columns = ["path", "value", "unit", "low", "high", "source", "evidence", "se", "n", "meaning"]
    frame = pd.DataFrame(rows, columns=columns).astype({"se": float, "n": float})
    frame.insert(9, "outside", (frame["value"] < frame["low"]) | (frame["value"] > frame["high"]))
    return frame


def _similar(file: Path) -> str:
    """The remedy for a file that is not there."""
    try:
        names = [one.name for one in file.parent.iterdir() if one.suffix in (".yaml", ".yml")]
    except OSError:
        return f", nor a folder {file.parent}"
    close = difflib.get_close_matches(file.name, names, 1, 0.5)
    if close:
        return f"; did you mean {file.with_name(close[0])}?"
    return f"; the scenarios there are {', '.join(sorted(names))}" if names else "; there is no scenario in that folder"
