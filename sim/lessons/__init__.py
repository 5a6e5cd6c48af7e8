"""The source's claims put to the test: lessons as data, their experiments, and verdicts that are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.doorway import doorway

if TYPE_CHECKING:
    from sim.lessons.catalogue import LESSONS
    from sim.lessons.lesson import Lesson, Statement
    from sim.lessons.trial import Lessons, run
    from sim.lessons.verdict import Tried

__all__ = ["LESSONS", "Lesson", "Lessons", "Statement", "Tried", "run"]

_HOMES = {
    "LESSONS": "sim.lessons.catalogue",
    "Lesson": "sim.lessons.lesson",
    "Lessons": "sim.lessons.trial",
    "Statement": "sim.lessons.lesson",
    "Tried": "sim.lessons.verdict",
    "run": "sim.lessons.trial",
}

__getattr__, __dir__ = doorway(__name__, globals(), _HOMES)
