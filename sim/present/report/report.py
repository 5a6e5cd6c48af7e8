"""The report as a whole: from the topics of the story to one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.present.client.ground import full_register
from sim.present.client.palette import Palette
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
    from sim.experiment.comparison import Comparison

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
        manifests=_manifests(case),
        command=command or _command(comparison),
        python=_python(comparison),
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


def _manifests(case: BusinessCase) -> list[tuple[str, dict[str, Any]]]:
    """What identifies each result that the report tells."""
    found = [("Comparison", case.comparison.manifest)]
    if case.region is not None:
        found.append(("Map", case.region.manifest))
    if case.sensitivity is not None:
        study = case.sensitivity.manifest
        found.append(("Drivers", {**study, "factors": f"{len(study['factors'])} numbers"}))
    return [
        (name, {key: _plain(value) for key, value in manifest.items() if value is not None}) for name, manifest in found
    ]


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _command(comparison: Comparison) -> str:
    """The comparison on the command line, from the scenario as the appendix gives it."""
    words = ["roi", "compare", f"{comparison.scenario.name}.yaml", "--firm", comparison.firm]
    words += ["--against", comparison.against, "--replications", str(comparison.n), "--seed", str(comparison.seed)]
    return shlex.join([*words, *(["--uncertain"] if comparison.uncertain else [])])


def _python(comparison: Comparison) -> str:
    kind = ', parameters="uncertain"' if comparison.uncertain else ""
    return (
        f"import sim\n\nscenario = sim.load({comparison.scenario.name + '.yaml'!r})  # as in the appendix\n"
        f"assert scenario.hash == {comparison.scenario.hash!r}\n"
        f"comparison = sim.compare(scenario, {comparison.firm!r}, {comparison.against!r}, {comparison.n}, "
        f"seed={comparison.seed}{kind})\nprint(comparison.finding)"
    )
