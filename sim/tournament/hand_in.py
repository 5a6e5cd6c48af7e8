"""What students hand in: a folder of YAML files, one each, some with a rule beside them; what is wrong is told by file.

Rules are read as text and never looked into here: only the locked room parses them.
"""

from __future__ import annotations

import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from sim.errors import InputError
from sim.files.shape import shown
from sim.files.text import text_of
from sim.files.tree import parse
from sim.files.verdict import validated
from sim.quantity import Frozen, Note
from sim.scenario import resolve_strategy
from sim.strategy import PRESETS, Strategy
from sim.tournament.regulations import admitted, objection
from sim.tournament.rule_process import LARGEST_RULE

LONGEST_NAME, LONGEST_MOTTO = 24, 80
MOST_HAND_INS = 60
SUFFIXES = (".yaml", ".yml")


class LeftOut(NamedTuple):
    """A file that does not take part, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class HandIn:
    """One student's strategy: the name that is shown, the levers at the start, and the rule's source if there is one.

    ``file`` is the YAML file's name without its ending.
    """

    name: str
    strategy: Strategy
    rule: str | None = None
    motto: str = ""
    file: str = ""


class Form(Frozen):
    """A hand-in as it is written."""

    name: str = Field(description="what the firm is called")
    motto: str = Field("", description="a line to show with it")
    strategy: Strategy = Field(description="the levers")
    notes: dict[str, Note] = Field({}, description="what is said beside the numbers")

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "strategy" not in data:
            return data
        named = {name: preset.model_dump() for name, preset in PRESETS.items()}
        return {**data, "strategy": resolve_strategy(data["strategy"], named, "strategy")}


def read_folder(folder: Path) -> tuple[tuple[HandIn, ...], tuple[LeftOut, ...]]:
    """All hand-ins in a folder, in order of their files, and what is left out with the reason.

    Folders in it, hidden files and files called README are passed over.

    Raises :class:`sim.errors.InputError` where there is no such folder, it cannot be read, or it holds too many.
    """
    if not folder.is_dir():
        raise InputError(
            f"there is no folder {folder} of hand-ins; roi tournament --example {folder.name} makes one to start from"
        )
    try:
        files = sorted(one for one in folder.iterdir() if not _passed_over(one))
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}); a folder of hand-ins would be right") from None
    forms = [one for one in files if one.suffix.lower() in SUFFIXES]
    if len(forms) > MOST_HAND_INS:
        raise InputError(f"{folder} holds {len(forms)} hand-ins; at most {MOST_HAND_INS} take part in one tournament")
    taken: list[HandIn] = []
    out: list[LeftOut] = [*_strangers(files, forms)]
    for file in forms:
        try:
            taken.append(_read(file, forms))
        except InputError as error:
            out.append(LeftOut(safe(file.name), safe(str(error).removeprefix(f"{file}, ").removeprefix(f"{file}: "))))
    return tuple(told_apart(taken)), tuple(sorted(out))


def _passed_over(path: Path) -> bool:
    return path.name.startswith(".") or path.stem.upper() == "README" or (path.is_dir() and not path.is_symlink())


def _strangers(files: Iterable[Path], forms: list[Path]) -> Iterator[LeftOut]:
    stems = {one.stem for one in forms}
    for file in files:
        if file.suffix.lower() == ".py" and file.stem not in stems:
            yield LeftOut(safe(file.name), safe(f"a rule needs its hand-in beside it, {file.stem}.yaml"))
        elif file.suffix.lower() not in (*SUFFIXES, ".py"):
            yield LeftOut(safe(file.name), "a hand-in is a YAML file, such as careful.yaml")


def _read(file: Path, forms: list[Path]) -> HandIn:
    """One hand-in; its errors begin with its file."""
    if sum(one.stem == file.stem for one in forms) > 1:
        raise InputError(f"there are two hand-ins {file.stem}, .yaml and .yml; one would be right")
    _of_its_own(file)
    text = text_of(file, lambda: "", "a hand-in is a file", "a hand-in has a few hundred characters")
    tree = parse(text, str(file))
    if not isinstance(tree.data, Mapping):
        raise InputError(f"a hand-in is a mapping with name and strategy, but this is {shown(tree.data)}")
    form, _ = validated(Form, tree.data, str(file), tree.lines)
    given = tree.data.get("strategy")
    lines = tree.lines
    for lever in given if isinstance(given, Mapping) else ():
        if lever != "preset" and (said := objection(str(lever), getattr(form.strategy, lever), "strategy.")):
            raise InputError(f"{file}, line {lines.get(('strategy', lever), 1)}: {said}")
    name = tidy(form.name)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InputError(
            f"{file}, line {lines.get(('name',), 1)}: name has {len(name)} characters that can be shown; "
            f"1 to {LONGEST_NAME} would be right"
        )
    rule = file.with_suffix(".py")
    return HandIn(
        name=name,
        strategy=admitted(form.strategy),
        rule=_rule(rule) if rule.exists() or rule.is_symlink() else None,
        motto=tidy(form.motto)[:LONGEST_MOTTO],
        file=tidy(file.stem),
    )


def _rule(file: Path) -> str:
    _of_its_own(file)
    if file.stat().st_size > LARGEST_RULE:
        raise InputError(f"{file.name} is larger than {LARGEST_RULE:,} bytes; a rule has a few dozen lines")
    return text_of(file, lambda: "", "a rule is a file", "a rule has a few dozen lines")


def _of_its_own(file: Path) -> None:
    """Refuse links, which may lead to somebody else's file, and pipes, which may never end."""
    if not stat.S_ISREG(file.lstat().st_mode):
        raise InputError(f"{file.name} is no file of its own (a link, a pipe or a folder); a plain file would be right")


def tidy(text: str) -> str:
    """Text as it may be shown: composed, one line, no control characters and none that turn the direction of reading.

    Marks that pile up on one letter are cut to two, so that a name stays in its line.
    """
    kept: list[str] = []
    marks = 0
    for one in unicodedata.normalize("NFC", " ".join(text.split())):
        marks = marks + 1 if unicodedata.combining(one) else 0
        if one.isprintable() and marks <= 2:
            kept.append(one)
    return " ".join("".join(kept).split())


def safe(text: str) -> str:
    """A file's name or a reason as it may be shown."""
    return "".join(one if one.isprintable() else "?" for one in text)[:300]


def told_apart(hand_ins: Iterable[HandIn]) -> list[HandIn]:
    """The same with names that differ: those that look alike get the name of their file behind them."""
    given = list(hand_ins)
    alike = Counter(_look(one.name) for one in given)
    named = [
        replace(one, name=f"{one.name} ({one.file[:LONGEST_NAME]})") if alike[_look(one.name)] > 1 else one
        for one in given
    ]
    again = Counter(one.name for one in named)
    return [
        replace(one, name=f"{one.name} {number}") if again[one.name] > 1 else one for number, one in enumerate(named, 1)
    ]


def _look(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
