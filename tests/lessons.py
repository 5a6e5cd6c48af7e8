"""Lessons whose measurements are made up, so that what follows from them is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sim.experiment.axes import axes
from sim.lessons.lesson import Lesson, Statement
from sim.lessons.trial import base_market
from sim.lessons.verdict import CORNER, Place, Tried

MARKET = base_market(None, 60)
LUCK = np.array([-1.0, 1.0, -0.5, 0.5])
NOISE = 0.05
"""Half-width of the intervals below is about 1.5 times this, so margins of 0.1 are sure and 0 is open."""
VARIED = {"rules.surplus": "0:0.2:3", "rules.trust_weight": "0.5:4.5:3"}
"""Own values: 0.1 and 2.5."""


def lesson(statements: int = 1, beside: int = 0, **more: object) -> Lesson:
    """A claim with so many statements that decide, and some that do not."""
    made = tuple(
        Statement(f"effect {number}", lambda o: o("one", "Trusted.npv"), "money per customer",
                  decisive=number < statements)
        for number in range(statements + beside)
    )  # fmt: skip
    content = {
        "key": "9", "name": "Made up", "claim": "A claim.", "why": "For a reason.", "cast": {"Trusted": "trusted"},
        "statements": made, "arms": {"one": {}}, "varied": VARIED, **more,
    }  # fmt: skip
    return Lesson(**content)  # type: ignore[arg-type]


def tried(
    margin: Callable[[float, float], float | Sequence[float]],
    combinations: Sequence[float] = (),
    *,
    varied: Mapping[str, str] | None = None,
    about: Lesson | None = None,
    corners: Mapping[str, float] | None = None,
) -> Tried:
    """A claim that was tried along surplus and trust weight, where ``margin`` of both is what was found.

    ``margin`` gives one number, or one for each statement. ``combinations`` are the margins of every statement
    there, and so are ``corners``, by their words.
    """
    first = np.atleast_1d(margin(0.1, 2.5))
    about = about or lesson(len(first))
    found = axes(MARKET, VARIED if varied is None else varied) if varied != {} else ()
    places = [Place(-1, None)]
    values = [first]
    for k, axis in enumerate(found):
        for level in axis.levels:
            if level != axis.own:
                places.append(Place(k, level))
                own = [0.1, 2.5]
                own[0 if axis.name == "rules.surplus" else 1] = float(level)
                values.append(np.atleast_1d(margin(*own)))
    for words, value in (corners or {}).items():
        places.append(Place(CORNER, words))
        values.append(np.full(len(first), value))
    margins = np.stack(values)[:, :, None] + NOISE * LUCK
    drawn = np.array(combinations, dtype=float).reshape(-1, 1, 1) + np.zeros((1, len(first), 1)) + NOISE * LUCK
    return Tried(about, MARKET, found, tuple(places), margins, drawn, 1)
