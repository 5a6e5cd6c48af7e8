"""The presentation as a whole: from the topics of the story to the bytes of a file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sim.present.client.palette import Palette
from sim.present.client.story import story
from sim.present.client.words import scarce
from sim.present.deck.slides import title_slide, topic_slide
from sim.present.deck.template import template
from sim.present.labels import short
from sim.present.words import runs
from sim.run import NO_FORECAST

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase


class Deck(NamedTuple):
    """A presentation as the bytes of its file, and what to tell whoever asked for it."""

    content: bytes
    slides: int
    warnings: tuple[str, ...]


def deck(case: BusinessCase, client_template: Path | None = None, colours: Palette | None = None) -> Deck:
    """The presentation of a business case.

    Raises :class:`sim.errors.InputError` for a template that cannot be used.
    """
    into = template(client_template, colours)
    topics, comparison = story(case), case.comparison
    first = topics[0]
    scenario = comparison.scenario
    subtitle = [
        short(scenario.title or scenario.name, 90),
        f"{scenario.horizon_months} months, {scenario.customers.count:,} simulated customers, {runs(comparison)}",
        *filter(None, [scarce(comparison)]),
        NO_FORECAST,
    ]
    title_slide(into, first.title, subtitle, f"{first.title}\n\n{first.obtained}\n\n{NO_FORECAST}", first.footer)
    for topic in topics:
        topic_slide(into, topic)
    about = into.presentation.core_properties
    about.title, about.subject, about.author = first.title, NO_FORECAST, "Personalisation ROI"
    about.keywords = f"{scenario.name}, {scenario.hash}, seed {comparison.seed}"
    stream = BytesIO()
    into.presentation.save(stream)
    return Deck(stream.getvalue(), len(into.presentation.slides), into.warnings)
