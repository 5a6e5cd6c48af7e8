"""Compiling the rulebook: the same plain functions, turned into machine code where Numba can be imported."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
"""Numbers are divided by zero as in NumPy, and references to arrays are not counted: no rule makes an array, while
the counts, which all threads would share, take longer to keep than the rules take to apply."""

_one_at_a_time = threading.Lock()


@cache
def numba_missing() -> str:
    """Why Numba cannot be used, or an empty string."""
    try:
        import numba  # noqa: F401
    except ImportError as error:
        return str(error) or "Numba cannot be imported"
    return ""


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` as machine code that runs without the interpreter lock; itself where Numba is missing.

    The machine code is kept on disk, in a folder named after the text of all the rules that it is made of: Numba
    alone would look at one file only and keep stale code when a rule in another file changes. The folder is in
    ``$NUMBA_CACHE_DIR`` or else in the user's cache; where that cannot be written to, every process compiles anew.
    """
    if numba_missing():
        return function
    with _one_at_a_time:
        return _ready(function)


@cache
def _ready(function: Callable[..., Any]) -> Callable[..., Any]:
    import numba

    _register_rules()
    folder = _cache_folder()
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder or before)
    try:
        ready: Callable[..., Any] = numba.njit(nogil=True, cache=folder is not None, **OPTIONS)(function)
    finally:
        config.CACHE_DIR = before
    return ready


@cache
def _register_rules() -> None:
    """Let compiled code call the rules, each melted into its caller: they are many, small, and called very often."""
    from numba.extending import register_jitable

    for rule in _rules():
        register_jitable(forceinline=True, **OPTIONS)(rule)


def compiles_first() -> bool:
    """Whether the market is still to be compiled, because no machine code of the present rules is kept."""
    if numba_missing():
        return False
    folder = _cache_folder()
    return folder is None or not any(folder.rglob("*.nbc"))


def _modules() -> tuple[ModuleType, ...]:
    from sim import draws, rules, trip

    return draws, rules, trip


@cache
def _rules() -> tuple[FunctionType, ...]:
    """The scalar functions that compiled code may call."""
    return tuple(
        value
        for module in _modules()
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__ and name != "uniform_columns"
    )


@cache
def _cache_folder() -> Path | None:
    """Where the machine code of exactly these rules is kept; None if nothing can be written there."""
    from platformdirs import user_cache_path

    from sim import rulebook, strategy, world
    from sim.market import kernels

    sources = (*_modules(), rulebook, strategy, world, kernels, sys.modules[__name__])
    text = b"".join(Path(str(module.__file__)).read_bytes() for module in sources)
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(chosen) if chosen else user_cache_path("personalisation-roi")
    folder = base / hashlib.sha256(text).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    return folder
