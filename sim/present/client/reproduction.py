"""How to get the same results again: what identifies them, the command, and the same in Python."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase
    from sim.experiment.comparison import Comparison


def manifests(case: BusinessCase) -> list[tuple[str, dict[str, Any]]]:
    """What identifies each result of a business case."""
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


def command_of(comparison: Comparison) -> str:
    """The comparison on the command line, from the scenario as it is given beside it."""
    words = ["roi", "compare", f"{comparison.scenario.name}.yaml", "--firm", comparison.firm]
    words += ["--against", comparison.against, "--replications", str(comparison.n), "--seed", str(comparison.seed)]
    return shlex.join([*words, *(["--uncertain"] if comparison.uncertain else [])])


def python_of(comparison: Comparison) -> str:
    """The comparison in Python, from the scenario as it is given beside it."""
    kind = ', parameters="uncertain"' if comparison.uncertain else ""
    return (
        f"import sim\n\nscenario = sim.load({comparison.scenario.name + '.yaml'!r})  # as in the appendix\n"
        f"assert scenario.hash == {comparison.scenario.hash!r}\n"
        f"comparison = sim.compare(scenario, {comparison.firm!r}, {comparison.against!r}, {comparison.n}, "
        f"seed={comparison.seed}{kind})\nprint(comparison.finding)"
    )
