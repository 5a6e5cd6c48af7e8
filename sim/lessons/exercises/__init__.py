"""Exercises of the course: tasks whose answers are worked out from the model, and checks that hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.doorway import doorway

if TYPE_CHECKING:
    from sim.lessons.exercises.book import EXERCISES, check, exercise
    from sim.lessons.exercises.task import Exercise, Reply

__all__ = ["EXERCISES", "Exercise", "Reply", "check", "exercise"]

_HOMES = {
    "EXERCISES": "sim.lessons.exercises.book",
    "Exercise": "sim.lessons.exercises.task",
    "Reply": "sim.lessons.exercises.task",
    "check": "sim.lessons.exercises.book",
    "exercise": "sim.lessons.exercises.book",
}

__getattr__, __dir__ = doorway(__name__, globals(), _HOMES)
