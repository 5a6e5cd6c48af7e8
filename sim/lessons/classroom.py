"""Lessons in a market small enough for a class: seconds of computing, and what was run once is remembered.

Notebooks, exercises and their solutions all ask here. What a student finds, what a check compares it with and what a
teacher is told are thus the same numbers, and no experiment is run twice in one session.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.experiment.sweep import Sweep, sweep
from sim.lessons.catalogue import LESSONS
from sim.lessons.ending import Ending, ending
from sim.lessons.spreading import Spreading, spreading
from sim.lessons.trial import Lessons, base_market, chosen, expanded, run
from sim.lessons.turning import stretches

if TYPE_CHECKING:
    from sim.lessons.verdict import Tried
    from sim.scenario import Scenario

CUSTOMERS, REPLICATIONS, ENDINGS = 1000, 6, 20
"""Size of a market for a class; where it ends is looked at more often. Intervals are wider than in full experiments."""
SETTINGS = (
    f"A market for a class: {CUSTOMERS:,} customers, at least {REPLICATIONS} replications of each setting. "
    "The intervals say how much that leaves open."
)


def in_class(
    lesson: str | int, changes: Mapping[str, Any] | None = None, along: Mapping[str, str | None] | None = None
) -> Tried:
    """Put a lesson to the test in a small market.

    ``changes`` change its market by dotted path (``firms.*`` is every firm). With ``along``, assumptions and their
    ranges (None for the plausible range), it is also looked for where the claim turns round, one at a time.

    Raises :class:`sim.errors.InputError` for a lesson, path or value that does not exist.
    """
    return _tried(str(lesson).strip().upper(), _key(changes), None if along is None else _key(along))


def all_in_class() -> Lessons:
    """All lessons in the small market as it is, each as :func:`in_class` gives it."""
    base = base_market(customers=CUSTOMERS)
    return Lessons(tuple(in_class(key) for key in LESSONS), base, settings={"customers": CUSTOMERS, "samples": 0})


def market(lesson: str | int, changes: Mapping[str, Any] | None = None) -> Scenario:
    """The small market of a lesson, with ``changes`` by dotted path.

    Raises :class:`sim.errors.InputError` for a lesson, path or value that does not exist.
    """
    found = chosen([lesson])[0].market(base_market(customers=CUSTOMERS))
    return found.with_(expanded(found, changes or {}))


def scan(
    lesson: str | int,
    varied: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
    *,
    firm: str = "Ours",
    against: str = "uniform",
    measure: str = "npv_difference",
) -> Sweep:
    """A :func:`sim.sweep` through the small market of a lesson: what a firm gains, at each of some settings.

    Raises :class:`sim.errors.InputError` for what does not exist.
    """
    return _scanned(str(lesson).strip().upper(), _key(varied), _key(changes), firm, against, measure)


def in_the_end(arm: str = "half", changes: Mapping[str, Any] | None = None) -> Ending:
    """Where the firms of a small market end after ten years with entry and exit; see :func:`sim.lessons.ending.ending`.

    Raises :class:`sim.errors.InputError` for an arm, path or value that does not exist.
    """
    return _ended(arm, _key(changes))


def spreads(changes: Mapping[str, Any] | None = None) -> Spreading:
    """Which share of the firms in the small market of lesson 10 uses data, year by year, where half begin with it.

    Raises :class:`sim.errors.InputError` for a path or value that does not exist.
    """
    return _spread(_key(changes))


def turning_point(swept: Sweep) -> float:
    """Where along its only axis the mean of a sweep first passes zero, by a straight line; NaN where it does not.

    Raises :class:`sim.errors.InputError` for a sweep of more than one axis, or of words.
    """
    if len(swept.axes) != 1 or not swept.axes[0].numeric:
        raise InputError("a turning point is looked for along one axis of numbers; sweep a single range")
    table = swept.table.sort_values(swept.axes[0].name)
    at, value = (table[name].to_list() for name in (swept.axes[0].name, "value"))
    ends = {end for stretch in stretches(at, value) for end in stretch} - {at[0], at[-1]}
    return min(ends, default=float("nan"))


def _key(given: Mapping[str, Any] | None) -> str:
    """Changes as text, in their order, by which they are remembered."""
    try:
        return json.dumps(dict(given or {}))
    except (TypeError, ValueError):
        raise InputError(
            f"{given!r} names no changes; a path with its value would be right, such as {{'rules.surplus': 0.2}}"
        ) from None


@cache
def _tried(lesson: str, changes: str, along: str | None) -> Tried:
    return run(
        [lesson], customers=CUSTOMERS, replications=REPLICATIONS, changes=json.loads(changes), workers=1,
        varied=None if along is None else json.loads(along), circumstances=along is not None, samples=0,
    ).tried[0]  # fmt: skip


@cache
def _ended(arm: str, changes: str) -> Ending:
    return ending(arm, json.loads(changes), customers=CUSTOMERS, replications=ENDINGS, workers=1)


@cache
def _spread(changes: str) -> Spreading:
    half = chosen(["10"])[0].arms["half start"]
    return spreading(market("10", {**half, **json.loads(changes)}), replications=2 * REPLICATIONS)


@cache
def _scanned(lesson: str, varied: str, changes: str, firm: str, against: str, measure: str) -> Sweep:
    return sweep(
        market(lesson, json.loads(changes)), json.loads(varied), firm=firm, against=against, measure=measure,
        replications=REPLICATIONS, workers=1,
    )  # fmt: skip
