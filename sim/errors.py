"""The one way in which bad input is reported."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input, told in one sentence: what, where, the offending value, and what would be right."""


class Stopped(RuntimeError):  # noqa: N818 - it did, and nobody made a mistake
    """Work that ended before its time through no fault of the input, in one sentence: why, and how to go on."""


class Interrupted(KeyboardInterrupt):
    """Work that was interrupted by the user, in one sentence: what is kept, and how to go on."""
