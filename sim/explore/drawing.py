"""The pictures of the page: which there are, and each as HTML with its words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.explore.answers import Answer, Answers, Mapped, MovedOn
from sim.explore.panels import picture
from sim.present.charts import bridge_chart, cumulative_chart
from sim.present.house import render
from sim.present.market_charts import market_chart
from sim.present.region import exactness, region_chart
from sim.present.twin import figure_digest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.explore.settings import Settings

SIZE, LOW_SIZE = (5.6, 4.0), (5.6, 3.4)
"""Inches: narrow, so that the same words are large enough on a phone and on a projector."""
SHARPER = 1.6
OVER_TIME = ("operating_margin", "trust", "opt_in", "privacy_debt")
PICTURES = ("gain", "bridge", *OVER_TIME)
"""Names of the pictures, in order; the map comes apart, because it takes longer."""


def pictures(answer: Answer, over: threading.Event, run_too: bool = True) -> Iterator[tuple[str, str]]:
    """Name and HTML of each picture of an answer, those of one run last, which more replications do not change.

    Raises :class:`MovedOn` when it is over.
    """
    for name, chart in (("gain", cumulative_chart), ("bridge", bridge_chart)):
        yield name, _html(chart(answer.comparison, SIZE), _name(answer, name), over)
    if not run_too:
        return
    run = Answers.run(answer, over)
    for measure in OVER_TIME:
        yield measure, _html(market_chart(run, measure, LOW_SIZE), _name(answer, measure), over)


def map_picture(mapped: Mapped, settings: Settings, over: threading.Event) -> str:
    """The map with the place of the settings on it."""
    scenario = settings.scenario
    name = f"{scenario.name}-{scenario.hash}-map"
    there = mapped.at(settings)
    return _html(region_chart(there), name, over, f"{there.finding}\n{exactness(there)}", wide=True)


def _name(answer: Answer, what: str) -> str:
    manifest = answer.comparison.manifest
    return f"{manifest['scenario']}-{manifest['hash']}-{what}"


def _html(figure: Figure, name: str, over: threading.Event, words: str = "", wide: bool = False) -> str:
    """A picture as HTML; in words it is what is said of it, or else its numbers."""
    if over.is_set():
        raise MovedOn
    told = words or figure_digest(figure).rpartition("\n")[0]  # the digest at its end is for tests
    return picture(render(figure, SHARPER), getattr(figure, "alt", ""), name, told, wide)
