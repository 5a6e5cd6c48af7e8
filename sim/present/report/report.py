"""The report as a whole: from the topics of the story to one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.present.client.ground import full_register
from sim.present.client.palette import Palette
from sim.present.client.reproduction import command_of, manifests, python_of
from sim.present.client.story import story
from sim.present.client.topic import TextTable
from sim.present.client.words import scarce
from sim.present.report.pictures import picture
from sim.present.style import ink
from sim.present.words import runs
from sim.run import NO_FORECAST
from sim.scenario_file import to_yaml

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase

TEMPLATE = "report.html.jinja"


def report(case: BusinessCase, colours: Palette, command: str | None = None) -> str:
    """The page as text. ``command`` is what reproduces it; without, the command of the comparison is given."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["picture"] = lambda chart, beside: _address(picture(chart, colours, beside))
    comparison = case.comparison
    topics = story(case)
    return environment.get_template(TEMPLATE).render(
        title=topics[0].title,
        scenario=comparison.scenario,
        runs=runs(comparison),
        scarce=scarce(comparison),
        topics=topics,
        register=_by_section(full_register(case)),
        manifests=manifests(case),
        command=command or command_of(comparison),
        python=python_of(comparison),
        yaml=to_yaml(comparison.scenario, brief=True),
        accent=ink(colours.trusted),
        text=ink(colours.text),
        bar=colours.trusted,
        no_forecast=NO_FORECAST,
    )


def _address(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"


def _by_section(register: TextTable) -> list[tuple[str, list[tuple[str, ...]]]]:
    """The rows of the register under what stands before the last dot of their paths; firms that are alike once."""
    sections: dict[str, list[tuple[str, ...]]] = {}
    for path, *rest in register.rows:
        section, _, name = path.rpartition(".")
        sections.setdefault(section or "scenario", []).append((name, *rest))
    alike: dict[tuple[Any, ...], list[str]] = {}
    for section, rows in sections.items():
        own = () if section.startswith(("firms.", "customers.segments.")) else (section,)
        alike.setdefault((*own, *rows), []).append(section)
    return [(", ".join(names), sections[names[0]]) for names in alike.values()]
