"""A small text file, whole, or one sentence about why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.errors import InputError

LARGEST = 1_000_000
"""Bytes of the largest file that is read; scenarios and targets have some thousand."""


def text_of(file: Path, missing: Callable[[], str], folder: str, size: str) -> str:
    """The text of a file in UTF-8.

    ``missing`` gives what to say after the name of a file that is not there, ``folder`` is what to say of a folder, and
    ``size`` how long such a file usually is.

    Raises :class:`sim.errors.InputError` for a file that cannot be read, is too large or is not UTF-8.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(f"there is no file {file}{missing()}") from None
    except IsADirectoryError:
        raise InputError(f"{file} is a folder; {folder}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{str(file)!r} cannot be read ({reason}); a readable YAML file would be right") from None
    if len(raw) > LARGEST:
        raise InputError(f"{file} is larger than a megabyte; {size}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file}, line {line}: byte {raw[error.start]:#04x} is not UTF-8; save it as text in UTF-8"
        ) from None
