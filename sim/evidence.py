"""How strong the evidence behind a number is, judged by what is said about where it comes from."""

from __future__ import annotations

from typing import Literal, get_args

Evidence = Literal["fitted", "measured", "published", "vendor", "patterns", "assumed", "user", "decision"]
"""From the strongest to none; a decision needs no evidence."""

MEANING: dict[Evidence, str] = {
    "fitted": "fitted to data, with a standard error",
    "measured": "counted or measured in a sample that is named",
    "published": "from a published study, in its own setting",
    "vendor": "published by somebody with something to sell",
    "patterns": "set so that the model reproduces published patterns",
    "assumed": "an assumption with a plausible range",
    "user": "set by the user, without a source",
    "decision": "decided by the firm, not found out",
}
assert tuple(MEANING) == get_args(Evidence)

ASSUMPTION = "assumption"
DECISION = "decision of the firm"
PATTERNS = "calibrated to the patterns in docs/validation.md"
USER = "set by the user"


def evidence(source: str, se: float | None = None, n: int | None = None) -> Evidence:
    """The kind of evidence that a source, a standard error and a number of observations amount to."""
    if source.startswith(DECISION):
        return "decision"
    if source.startswith(USER):
        return "user"
    if source.startswith(ASSUMPTION):
        return "assumed"
    if se is not None:
        return "fitted"
    if PATTERNS in source:
        return "patterns"
    if "vendor" in source:
        return "vendor"
    return "published" if n is None else "measured"
