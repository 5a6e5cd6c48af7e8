"""Does personalising with trust earn more than treating everyone the same? A market simulator on SimPy.

``sim.load`` reads a scenario, ``sim.simulate`` runs it once, ``sim.compare`` answers the question with intervals;
``sim.sweep``, ``sim.region``, ``sim.sensitivity`` and ``sim.discover`` ask under which assumptions the answer holds;
``sim.league`` says what rivals will do, ``sim.search`` and ``sim.frontier`` which levers serve an objective best;
``sim.lessons.run`` puts the source's claims to the test, ``sim.compete`` holds a class tournament.
Names are imported when they are first used, so that ``import sim`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.doorway import doorway

if TYPE_CHECKING:
    from sim import lessons
    from sim.errors import InputError
    from sim.experiment.business_case import business_case
    from sim.experiment.compare import compare
    from sim.experiment.comparison import Comparison
    from sim.experiment.discovery import discover
    from sim.experiment.frontier import frontier
    from sim.experiment.league import league
    from sim.experiment.region import region
    from sim.experiment.search import search
    from sim.experiment.sensitivity import sensitivity
    from sim.experiment.sweep import sweep
    from sim.market import simulate
    from sim.market.market import Market
    from sim.present.saved import load_results
    from sim.run import Run
    from sim.scenario import Scenario
    from sim.scenario_file import load
    from sim.strategy import Strategy, strategies
    from sim.tournament.contest import compete

__all__ = [
    "Comparison",
    "InputError",
    "Market",
    "Run",
    "Scenario",
    "Strategy",
    "business_case",
    "compare",
    "compete",
    "discover",
    "frontier",
    "league",
    "lessons",
    "load",
    "load_results",
    "region",
    "search",
    "sensitivity",
    "simulate",
    "strategies",
    "sweep",
]

_HOMES = {
    "Comparison": "sim.experiment.comparison",
    "InputError": "sim.errors",
    "Market": "sim.market.market",
    "Run": "sim.run",
    "Scenario": "sim.scenario",
    "Strategy": "sim.strategy",
    "business_case": "sim.experiment.business_case",
    "compare": "sim.experiment.compare",
    "compete": "sim.tournament.contest",
    "discover": "sim.experiment.discovery",
    "frontier": "sim.experiment.frontier",
    "league": "sim.experiment.league",
    "lessons": "sim.lessons",
    "load": "sim.scenario_file",
    "load_results": "sim.present.saved",
    "region": "sim.experiment.region",
    "search": "sim.experiment.search",
    "sensitivity": "sim.experiment.sensitivity",
    "simulate": "sim.market",
    "strategies": "sim.strategy",
    "sweep": "sim.experiment.sweep",
}


__getattr__, __dir__ = doorway(__name__, globals(), _HOMES)
