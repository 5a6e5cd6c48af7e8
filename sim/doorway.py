"""Public names of a package that are imported when they are first used, so that the package itself costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def doorway(
    package: str, names: dict[str, Any], homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions ``__getattr__`` and ``__dir__`` of a package (PEP 562).

    ``names`` is the package's namespace, ``homes`` says in which module each public name lives; the name of a room of
    the package stands for that room, unless something in it has the same name.
    """

    def imported(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = import_module(homes[name])
        room = homes[name] == f"{package}.{name}"
        names[name] = getattr(home, name, home) if room else getattr(home, name)
        return names[name]

    def listed() -> list[str]:
        return sorted({*names, *homes})

    return imported, listed
