"""All exercises by key, and the two things that a notebook does with one: show its task, check an answer."""

from __future__ import annotations

from typing import Any

from sim.errors import InputError
from sim.files.shape import nearest
from sim.lessons.exercises.kinds import OF_KINDS
from sim.lessons.exercises.privacy import OF_PRIVACY
from sim.lessons.exercises.task import Exercise, Reply
from sim.lessons.exercises.value import OF_VALUE

EXERCISES: dict[str, Exercise] = {
    one.key: one
    for one in sorted((*OF_KINDS, *OF_PRIVACY, *OF_VALUE), key=lambda one: [int(part) for part in one.key.split(".")])
}
"""The exercises in the order of the notebooks, by key."""


def exercise(key: str | float) -> Exercise:
    """The exercise of that key, such as ``"4.2"``; a notebook shows its task.

    Raises :class:`sim.errors.InputError` if there is none.
    """
    name = str(key).strip()
    if name not in EXERCISES:
        raise InputError(f"there is no exercise {name!r}; {nearest(name, EXERCISES)}")
    return EXERCISES[name]


def check(key: str | float, answer: Any = None) -> Reply:
    """Compare an answer with the right one: confirms it, or gives a hint, and never the answer.

    The reply is true where the answer is right. A key that no exercise has is answered with a sentence too.
    """
    try:
        found = exercise(key)
    except InputError as error:
        words = str(error)
        return Reply(False, f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith(("?", ".")) else "."))
    return found.check(answer)
