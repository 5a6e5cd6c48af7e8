"""All lessons, in the order in which they are told."""

from __future__ import annotations

from sim.lessons.kinds import CONDITION, HEADLINE, SPREADS
from sim.lessons.lesson import Lesson
from sim.lessons.privacy import AWARENESS, MERGING, OLD_AND_NEW, OWN_LINES, STAFF
from sim.lessons.value import COMPLIANCE, MEMORY, MISUSE, SHARING

LESSONS: dict[str, Lesson] = {
    lesson.key: lesson
    for lesson in (
        HEADLINE, CONDITION, MERGING, OLD_AND_NEW, STAFF, AWARENESS, COMPLIANCE, MISUSE, SHARING, MEMORY, OWN_LINES,
        SPREADS,
    )
}  # fmt: skip
"""The headline (H), its condition (C) and the ten lessons, by key."""
