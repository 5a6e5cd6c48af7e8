"""YAML text as plain data that remembers in which line each key was written.

Only data are read: nothing in a file can run code. Plain words follow YAML 1.2, so that ``no`` is a word,
``010`` is ten and ``1e-3`` is a number; keys are always text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from sim.errors import InputError

Path = tuple[str | int, ...]
"""Where something is: keys of mappings and positions in lists, from the top."""

MOST_NODES = 100_000
"""Far more than any scenario has; aliases of aliases can make a short text explode."""

TAG = "tag:yaml.org,2002:"
RESOLVERS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9][0-9_]*", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+0123456789."),
    ),
    ("merge", r"<<", ["<"]),
)


class Loader(yaml.SafeLoader):
    """Composes nodes, with YAML 1.2's reading of plain words."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # a table of its own


for _tag, _pattern, _first in RESOLVERS:
    Loader.add_implicit_resolver(TAG + _tag, re.compile(rf"^(?:{_pattern})$"), _first)


@dataclass(frozen=True)
class Tree:
    """Plain data (dict, list, text, number, bool, None) and the line of everything in it, from 1."""

    data: Any
    lines: dict[Path, int]


def dotted(path: Path) -> str:
    """A path as people write it: ``firms.Trusted.strategy.depth``."""
    return ".".join(str(part) for part in path)


def parse(text: str, name: str = "") -> Tree:
    """Read YAML text; ``name`` is what errors call it.

    Raises
    ------
    InputError
        For text that is not YAML, a key written twice, a tag that is not plain data, a circular document.
    """
    try:
        node = yaml.compose(text, Loader)
        reading = _Reading(name)
        return Tree(None if node is None else reading.plain(node, ()), reading.lines)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(
            f"{at(name, line)}the character {chr(error.character)!r} is not allowed in YAML; remove it"
        ) from None
    except yaml.MarkedYAMLError as error:
        raise InputError(_syntax(error, name)) from None
    except RecursionError:
        raise InputError(f"{at(name)}the text is nested too deeply; a scenario has about six levels") from None


class _Reading:
    """One pass over the nodes of a document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self.nodes = 0
        self.above: list[yaml.Node] = []

    def plain(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.nodes += 1
        if self.nodes > MOST_NODES or any(node is one for one in self.above):
            raise InputError(f"{at(self.name, line)}the aliases (*) refer to themselves or grow without end")
        kind = node.tag.removeprefix(TAG)
        self.above.append(node)
        try:
            if isinstance(node, yaml.MappingNode) and kind == "map":
                return {key: self.plain(value, (*path, key)) for key, value in self._members(node, path)}
            if isinstance(node, yaml.SequenceNode) and kind == "seq":
                return [self.plain(value, (*path, at)) for at, value in enumerate(node.value)]
            if isinstance(node, yaml.ScalarNode) and kind in SCALARS:
                return self._scalar(kind, node.value, line)
        finally:
            self.above.pop()
        tag = "!!" + kind if node.tag.startswith(TAG) else node.tag
        raise InputError(
            f"{at(self.name, line)}the tag {tag} is not allowed; "
            "a scenario holds plain text, numbers, lists and mappings"
        )

    def _members(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, yaml.Node]]:
        seen: dict[str, int] = {}
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError(f"{at(self.name, line)}a key must be a word, not a list or a mapping")
            key = key_node.value
            if key_node.tag == TAG + "merge":
                raise InputError(f"{at(self.name, line)}the merge key << is not allowed; write the keys out")
            if key in seen:
                raise InputError(
                    f"{at(self.name, line)}{dotted((*path, key))} is written a second time (first in line "
                    f"{seen[key]}); remove one or give it another name"
                )
            seen[key] = self.lines[(*path, key)] = line
            yield key, value

    def _scalar(self, kind: str, text: str, line: int) -> Any:
        try:
            return SCALARS[kind](text)
        except (ValueError, KeyError):  # a tag that does not fit, or a number of thousands of digits
            raise InputError(f"{at(self.name, line)}{text[:40]!r} cannot be read as !!{kind}") from None


SCALARS: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "int": int,
    "float": lambda text: float(re.sub(r"\.(?=[iInN])", "", text)),  # .inf and .nan
    "str": str,
}


def at(name: str, line: int | None = None) -> str:
    """The place with which an error begins; empty where there is nothing to say."""
    place = ", ".join(part for part in (name, f"line {line}" if line else "") if part)
    return f"{place}: " if place else ""


def _syntax(error: yaml.MarkedYAMLError, name: str) -> str:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or ""
    if "stream end" in problem or "end of stream" in problem:  # what was opened and never closed is to blame
        mark, problem = error.context_mark or mark, "something is opened here and never closed"
    if "'\\t'" in problem:
        problem, remedy = "a tab cannot start a word", "indent with blanks"
    elif "document" in problem or "document" in (error.context or ""):
        problem, remedy = "a second document begins here", "keep one scenario in a file, without ---"
    elif "alias" in problem:
        remedy = "put text that begins with * in quotation marks"
    else:
        remedy = "check the indentation, colons, brackets and quotation marks here and just above"
    return f"{at(name, mark.line + 1 if mark else None)}this is not valid YAML ({problem}); {remedy}"
