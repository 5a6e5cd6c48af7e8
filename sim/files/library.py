"""The library of scenarios that comes along: where it is, what is in it, and how one's own scenario begins from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from sim.errors import InputError
from sim.files.shape import nearest
from sim.files.text import text_of
from sim.quantity import Frozen
from sim.scenario import Scenario
from sim.scenario_file import load, read, to_yaml

SECTORS: tuple[str, ...] = (
    "grocery", "fashion", "bank", "telecom", "airline", "health", "media", "distributor", "public-service",
)  # fmt: skip
"""Sectors: markets with economics, customers and rivals of their own."""
SHOCKS: tuple[str, ...] = ("breach-year", "opt-in-law")
"""Shocks: the market of ``retail`` in which something happens."""
ENDINGS = (".yaml", ".yml")
LONGEST_NAME = 60


class Listed(Frozen):
    """A scenario of a folder: its file, its name, and a line on it, or what is wrong with it."""

    file: str
    name: str
    title: str
    valid: bool = True


def library() -> Path:
    """The folder with the scenarios that come along: within the package once it is installed, else of the checkout.

    Raises :class:`sim.errors.InputError` where neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "library", package.parent / "scenarios"):
        if (folder / "retail.yaml").is_file():
            return folder
    raise InputError("the scenarios that come along are missing from this installation; install the package again")


def names() -> tuple[str, ...]:
    """Names of the scenarios that come along."""
    return tuple(path.stem for path in _files(library()))


def located(where: str | PathLike[str]) -> Path:
    """The file that a path or the name of a scenario of the library leads to; a path to nowhere stays what it is."""
    path = Path(where)
    bare = len(path.parts) == 1 and path.suffix not in ENDINGS
    if bare and not path.exists():
        known = names()
        if path.name in known:
            return library() / f"{path.name}.yaml"
        raise InputError(f"there is no file {path}, and the library has no {path.name}; {nearest(path.name, known)}")
    return path


def found(where: str | PathLike[str]) -> Scenario:
    """The scenario that a path or a name of the library leads to.

    Raises :class:`sim.errors.InputError` for a name that is not known, with the nearest, or a file as
    :func:`sim.scenario_file.load` refuses it.
    """
    return load(located(where))


def sectors() -> dict[str, Scenario]:
    """The sectors of the library by name."""
    return {name: load(library() / f"{name}.yaml") for name in SECTORS}


def listed(folder: Path) -> list[Listed]:
    """The scenarios of a folder, by file name; what is not valid says why.

    Raises :class:`sim.errors.InputError` if there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; name the folder that holds your scenario files")
    rows = []
    for path in _files(folder):
        try:
            scenario = load(path)
            rows.append(Listed(file=str(path), name=scenario.name, title=scenario.title or scenario.name))
        except InputError as error:
            rows.append(Listed(file=str(path), name=path.stem, title=f"not valid: {error}", valid=False))
    return rows


def _files(folder: Path) -> list[Path]:
    return sorted(path for ending in ENDINGS for path in folder.glob(f"*{ending}"))


# One's own -----------------------------------------------------------------------------------------------------------


def named(name: str) -> str:
    """A name that a scenario and its file can have.

    Raises :class:`sim.errors.InputError` for any other.
    """
    if not re.fullmatch(r"[^\W_][\w-]*", name) or len(name) > LONGEST_NAME:
        raise InputError(
            f"{name!r} is no name for a scenario; letters, digits, - and _ would be right, beginning with a letter or "
            f"a digit, at most {LONGEST_NAME}"
        )
    return name


def begun(name: str, source: str | PathLike[str], beside: Path) -> str:
    """The text of a scenario of that name which begins as another, with its comments and its sources.

    ``beside`` is the folder that the text is for: an editor finds the schema there, or is not sent to look for it.

    Raises
    ------
    InputError
        For a name that is not valid, or a source that cannot be read or does not describe a scenario.
    """
    named(name)
    path = located(source)
    begin = load(path)
    text = text_of(path, lambda: "", "name a file", "a scenario has a few thousand characters")
    body = text.lstrip("\n").split("\n")
    schema = bool(body) and body[0].startswith("# yaml-language-server:")
    head = [body.pop(0)] if schema else []
    if not (beside / "schema.json").is_file():
        head = []
    said = {"name": name, "title": f"{name}, begun from {begin.title or begin.name}"}
    head.append(
        f"# {name}, begun from {begin.name} (hash {begin.hash}). Change what differs in your market, with its source."
    )
    content = _with_lines("\n".join(body), said)
    result = "\n".join([*head, content.rstrip("\n"), ""])
    if (again := _read_or_none(result, name)) is None or again.hash != begin.hash:
        # written in a way that lines cannot be put into: the comments are lost, the content is not
        result = "\n".join([*head, to_yaml(begin.model_copy(update=said), brief=True)])
    return result


def _with_lines(text: str, said: Mapping[str, str]) -> str:
    """YAML text with these keys at the top level, in place of what they said before or else before the first key."""
    for key, value in reversed(list(said.items())):
        line = f"{key}: {value}" if re.fullmatch(r"[\w][\w ,()-]*", value) else f"{key}: {_quoted(value)}"
        pattern = re.compile(rf"^{key}:[^\n]*(?:\n[ \t]+[^\n]*)*$", re.MULTILINE)
        if pattern.search(text):
            text = pattern.sub(line.replace("\\", r"\\"), text, count=1)
        else:
            first = re.search(r"^[^\s#]", text, re.MULTILINE)
            place = first.start() if first else len(text)
            text = f"{text[:place]}{line}\n{text[place:]}"
    return text


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _read_or_none(text: str, name: str) -> Scenario | None:
    try:
        return read(text, name=name)
    except InputError:
        return None
