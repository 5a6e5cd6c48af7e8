"""An exercise as data: a task, how the right answer is worked out, and what to say to a wrong one.

The right answer is worked out from the model when it is asked for, so it stays right when the model changes. A check
never gives it away: what it says to a wrong answer depends on the kind of slip alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

NEVER = "never"
"""The answer where what is asked for does not occur; the right number is then NaN."""
NEAR = 0.05
"""How far off a number may be, as a share of the right one, where an exercise does not say."""


@dataclass(frozen=True)
class Slip:
    """A mistake that is often made: the answer to which it leads, and a hint."""

    leads_to: Callable[[], float]
    hint: str


@dataclass(frozen=True)
class Reply:
    """What a check says to an answer; true where it is right."""

    right: bool
    words: str

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return self.words

    __repr__ = __str__


@dataclass(frozen=True)
class Exercise:
    """A task for students.

    ``solve`` gives the right answer: a number in ``unit``, NaN if what is asked for does not occur, or one of the
    ``choices``. ``where`` says where to look for somebody whose number is wrong, ``because`` in a sentence what a
    right answer shows, whichever it is.
    """

    key: str  # number of the notebook, number of the exercise: "4.2"
    task: str
    solve: Callable[[], float | str]
    because: str
    where: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    near: float = NEAR  # as a share of the right number
    least: float = 0.0  # a number may at any rate be so far off, in its unit
    occurs: bool = True  # False where "never" is a possible answer
    slips: tuple[Slip, ...] = ()

    @cached_property
    def answer(self) -> float | str:
        """The right answer, worked out once."""
        found = self.solve()
        return found if isinstance(found, str) else float(found)

    @property
    def wanted(self) -> str:
        """What kind of answer is asked for."""
        if self.choices:
            return "one of " + ", ".join(f'"{one}"' for one in self.choices)
        never = "" if self.occurs else f', or "{NEVER}"'
        return f"a number ({self.unit}){never}"

    def _repr_markdown_(self) -> str:
        return f"**Exercise {self.key}.** {self.task}\n\n*Answer:* {self.wanted}."

    def __repr__(self) -> str:
        return f"Exercise {self.key}. {self.task}\nAnswer: {self.wanted}."

    def check(self, answer: Any) -> Reply:
        """Compare an answer with the right one; the reply to a wrong one is a hint."""
        if answer is None or answer is Ellipsis:
            return Reply(False, f"No answer to {self.key} yet: put {self.wanted} in its place.")
        hint = self._choice(answer) if self.choices else self._number(answer)
        return Reply(True, f"Right. {self.because}") if not hint else Reply(False, f"Not yet. {hint}")

    def _choice(self, answer: Any) -> str:
        """What is wrong with a choice; nothing if it is right."""
        if not isinstance(answer, str) or answer.strip().casefold() not in self.choices:
            return f"The answer is {self.wanted}, in quotes."
        return "" if answer.strip().casefold() == self.answer else self.where

    def _number(self, answer: Any) -> str:
        """What is wrong with a number; nothing if it is right."""
        right = self.answer
        assert isinstance(right, float)
        if isinstance(answer, str) and answer.strip().casefold() == NEVER and not self.occurs:
            return "" if math.isnan(right) else f"It does occur. {self.where}"
        if isinstance(answer, bool) or not isinstance(answer, Real) or not math.isfinite(answer):
            quoted = " Leave out quotes and units." if isinstance(answer, str) else ""
            return f"The answer is {self.wanted}.{quoted}"
        if math.isnan(right):
            return f"Look again whether it occurs at all. {self.where}"
        return self._off(float(answer), right)

    def _off(self, given: float, right: float) -> str:
        """What may have led to a wrong number; nothing if it is right."""
        if self._meets(given, right):
            return ""
        for slip in self.slips:
            value = float(slip.leads_to())
            if not self._meets(value, right) and self._meets(given, value):
                return slip.hint
        if self._meets(-given, right):
            return "The size is right, the sign is not: what is subtracted from what?"
        if self._meets(given / 100.0, right):
            return f"A hundred times too much: is it in per cent? The unit is {self.unit}."
        if self._meets(given * 100.0, right):
            return f"A hundredth of it: is it a share? The unit is {self.unit}."
        if given * right < 0.0 and abs(right) > self.least:
            return f"It has the other sign. {self.where}"
        if abs(given) > 5.0 * abs(right) + self.least or abs(given) < abs(right) / 5.0 - self.least:
            return f"That is not of the right order of magnitude. {self.where}"
        return f"Too {'high' if given > right else 'low'}. {self.where}"

    def _meets(self, one: float, other: float) -> bool:
        return abs(one - other) <= max(self.near * abs(other), self.least)
