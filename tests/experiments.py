"""A small experiment for the tests of the runner, and odd workers to give it to."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sim.experiment.parts import Part
from sim.experiment.plan import Plan, planned
from tests.markets import market

SCENARIO = market(
    {"Trusted": {"strategy": "trusted"}, "Uniform": {"strategy": "uniform"}}, customers={"count": 60}, horizon_months=3
)
DESIGN: list[dict[str, Any]] = [
    {},
    {"firms.Trusted.strategy.depth": 0.2, "rules.surplus": 0.3},
    {"firms.Trusted.strategy": "uniform"},
]
ASKED: dict[str, Any] = {"firm": "Trusted", "replications": 13, "seed": 4}


def plan(**more: Any) -> Plan:
    """The plan of the small experiment."""
    return planned(SCENARIO, DESIGN, **{**ASKED, **more})


def everything(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, by name."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@dataclass
class Odd:
    """Workers who do every part in this process, in an order of their own, up to a number of parts."""

    seed: int = 1
    most: int = sys.maxsize
    then: BaseException | None = None
    done: list[int] = field(default_factory=list)

    def work(self, parts: Iterable[Part]) -> Any:
        """Number and measures of the parts."""
        everything = list(parts)
        for k in np.random.default_rng(self.seed).permutation(len(everything)):
            if len(self.done) >= self.most:
                if self.then is not None:
                    raise self.then
                return
            self.done.append(everything[k].number)
            yield everything[k].number, everything[k].work()

    def close(self) -> None:
        """Nobody to send home."""


@dataclass(frozen=True)
class Deadly(Part):
    """A part whose worker dies: once, if it can leave a mark that it did, or else every time."""

    mark: str = field(default="", compare=False)

    def work(self, threads: int = 1) -> np.ndarray:
        """Die, or do as any part."""
        if not self.mark:
            os.kill(os.getpid(), signal.SIGKILL)
        if not Path(self.mark).exists():
            Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().work(threads)


def deadly(part: Part, mark: str = "") -> Deadly:
    """The same part, whose worker dies."""
    return Deadly(**vars(part), mark=mark)
