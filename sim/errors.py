"""The one way in which bad input is reported."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input, told in one sentence: what, where, the offending value, and what would be right."""
