"""What the runner of experiments costs on top of the runs themselves, and what a second worker brings."""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from common import against, least, processors, show

from sim.experiment.cells import Cell
from sim.experiment.plan import Plan, planned
from sim.experiment.runner import fill
from sim.experiment.workers import Here, Workers, at_work
from sim.market import simulate
from sim.people import People
from sim.scenario import Scenario
from sim.scenario_file import load

RETAIL = Path(__file__).resolve().parent.parent / "scenarios" / "retail.yaml"
FIRM, DEPTHS, REPEATS = "Trusted", (0.2, 0.4, 0.6, 0.8), 3
REPLICATIONS = {1_000: 12, 10_000: 4}


def experiment(customers: int) -> Plan:
    """Pairs of runs at four depths of the retail market."""
    scenario = load(RETAIL).with_({"customers.count": customers})
    design = [{f"firms.{FIRM}.strategy.depth": depth} for depth in DEPTHS]
    return planned(scenario, design, firm=FIRM, replications=REPLICATIONS[customers])


def arms(plan: Plan) -> list[tuple[Scenario, Scenario]]:
    """The scenarios of every point, ready to run."""
    cells = [Cell.of(plan.scenario.with_(point), firm=plan.firm) for point in plan.points]
    return [(cell.scenario, cell.other) for cell in cells if cell.other is not None]


def bare(plan: Plan, pairs: list[tuple[Scenario, Scenario]]) -> None:
    """The runs of a plan and nothing else; all of a replication meet the same people, as they do in the runner."""
    for replication in range(plan.replications):
        people = People(plan.scenario, plan.seed, replication)
        for scenario in (scenario for pair in pairs for scenario in pair):
            simulate(scenario, plan.seed, replication=replication, threads=1, people=people)


def measured(plan: Plan, two: Workers, place: Path) -> list[list[str]]:
    """Rows about one plan. Everything is measured in turns, so that a busy moment meets all alike."""
    fresh = (place / f"{plan.cells}-{number}" for number in count())
    pairs, one = arms(plan), Here()
    fill(next(fresh), plan, one)  # everything is imported, compiled and warm
    start = time.perf_counter()
    fill(next(fresh), plan, two)
    first = time.perf_counter() - start
    runs, costs, alone, both = [], [], [], []
    for _ in range(REPEATS):
        runs.append(least(lambda: bare(plan, pairs), 1, time.process_time))
        costs.append(least(lambda: fill(next(fresh), plan, one), 1, time.process_time))
        alone.append(least(lambda: fill(next(fresh), plan, one), 1))
        both.append(least(lambda: fill(next(fresh), plan, two), 1))
    what = f"{plan.cells} pairs of {plan.scenario.customers.count} customers"
    seconds = ", ".join(f"{time:.1f}" for time in (min(alone), min(both), first))
    return [
        [f"{what}: runner and storage over the runs", against(min(costs) / min(runs), 1.05, least_wanted=False)],
        [f"{what}: one worker over two", against(min(alone) / min(both), 1.8)],
        [f"{what}: seconds with one, two, two just started", seconds],
    ]


def main() -> int:
    """Measure and show."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for customers in REPLICATIONS:
            with at_work(2) as two:
                rows += measured(experiment(customers), two, Path(place))
    show("The runner of experiments", ["", "ratio"], rows)
    if processors() < 2:
        print("On one processor a second worker can bring nothing.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
