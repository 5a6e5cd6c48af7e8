"""Compiling the rulebook: the same plain functions, turned into machine code where Numba can be imported."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any


@cache
def numba_missing() -> str:
    """Why Numba cannot be used, or an empty string."""
    try:
        import numba  # noqa: F401
    except ImportError as error:
        return str(error) or "Numba cannot be imported"
    return ""


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` as machine code that runs without the interpreter lock; itself where Numba is missing.

    The machine code is kept on disk, in a folder named after the text of all the rules that it is made of: Numba
    alone would look at one file only and keep stale code when a rule in another file changes.
    """
    if numba_missing():
        return function
    import numba
    from numba.extending import register_jitable

    for rule in _rules():
        register_jitable(inline="always" if rule.__name__ in ("trip",) else "never", error_model="numpy")(rule)
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_cache_folder())
    try:
        ready: Callable[..., Any] = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before
    return ready


def _modules() -> tuple[ModuleType, ...]:
    from sim import draws, rules

    return draws, rules


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
def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    from sim import rulebook, strategy, world
    from sim.market import kernels

    text = b"".join(
        Path(str(module.__file__)).read_bytes() for module in (*_modules(), rulebook, strategy, world, kernels)
    )
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(chosen) if chosen else user_cache_path("personalisation-roi")
    return base / hashlib.sha256(text).hexdigest()[:16]
