"""The whole story of a business case, in the order in which it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.present.client import answer, evidence, feelings, ground, risks

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase
    from sim.present.client.topic import Topic


def story(case: BusinessCase) -> tuple[Topic, ...]:
    """All topics that there are results for; what they say is computed, and rounded to what the intervals support."""
    comparison = case.comparison
    told = (
        answer.question(comparison),
        answer.answer(comparison),
        answer.bridge(comparison),
        answer.payback(comparison),
        evidence.region(case),
        evidence.drivers(case),
        feelings.customers(case),
        risks.risks(case),
        ground.assumptions(case),
        ground.method(case),
    )
    return tuple(topic for topic in told if topic is not None)
