"""The answer to what is set, soon and then better: a first look at a small market, the whole one as the user rests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.experiment.compare import REPLICATIONS, growing
from sim.experiment.region import Region, region
from sim.experiment.workers import Here
from sim.explore.settings import SEED, Settings
from sim.market import simulate
from sim.market.ticking import monthly

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison
    from sim.experiment.progress import Progress
    from sim.explore.controls import Control
    from sim.run import Run
    from sim.scenario import Scenario

FIRST_LOOK = 1_000
"""Customers of the first look, which has to be there within half a second."""
LARGEST = 30_000
"""The page runs no more customers than that; ``roi compare`` does."""
SOON, TAKES_OVER = 8, 4
"""Replications of the first look, and of the whole market before it takes the place of the first look."""
POINTS, MAP_REPLICATIONS = 22, 4
KEPT = 24
"""Answers that are remembered, so that undo shows at once what was there."""


class MovedOn(Exception):  # noqa: N818 - nothing is wrong: the user wants to know something else by now
    """Work that nobody waits for any more."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A comparison as far as it has come."""

    settings: Settings
    comparison: Comparison

    @property
    def whole(self) -> bool:
        """Whether it is about as many customers as the scenario has, and not a first look at fewer."""
        return self.comparison.scenario.customers.count == self.settings.scenario.customers.count

    @property
    def settled(self) -> bool:
        """Whether it is as exact as it gets on the page."""
        largest = min(self.settings.scenario.customers.count, LARGEST)
        return self.comparison.n >= REPLICATIONS and self.comparison.scenario.customers.count == largest

    def better_than(self, other: Answer) -> bool:
        """Whether it rests on more: more customers first, then more replications."""
        rank, beaten = ((one.comparison.scenario.customers.count, one.comparison.n) for one in (self, other))
        return rank > beaten


class Answers:
    """Asks the market on behalf of one visitor, one question at a time, and remembers what it said."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], Answer] = OrderedDict()
        self._moved_on = threading.Event()

    def known(self, settings: Settings) -> Answer | None:
        """The best answer so far, if there is one."""
        return self._known.get(settings.key)

    def move_on(self) -> threading.Event:
        """Let go of the question at hand, and give the signal that will end the next one."""
        self._moved_on.set()
        self._moved_on = threading.Event()
        return self._moved_on

    def soon(self, settings: Settings, over: threading.Event) -> Iterator[Answer]:
        """The first look, from two replications on: one gives no interval."""
        yield from self._asked(settings, settings.with_customers(FIRST_LOOK), 2, SOON, over)

    def better(self, settings: Settings, over: threading.Event, most: int = REPLICATIONS) -> Iterator[Answer]:
        """The whole market, from where it is worth more than the first look to ``most`` replications."""
        known = self.known(settings)
        if known is not None and known.settled:
            return
        whole = settings.with_customers(LARGEST)
        first = 2 if whole.customers.count <= FIRST_LOOK else TAKES_OVER
        yield from self._asked(settings, whole, first, most, over)

    def _asked(
        self, settings: Settings, scenario: Scenario, first: int, last: int, over: threading.Event
    ) -> Iterator[Answer]:
        look = growing(scenario, settings.firm, settings.against, seed=SEED, processes=[monthly(_ends_with(over))])
        for comparison in look:
            answer, known = Answer(settings, comparison), self.known(settings)
            if comparison.n >= first and (known is None or answer.better_than(known)):
                self._remember(answer)
                yield answer
            if comparison.n >= last:
                look.close()
                return

    def _remember(self, answer: Answer) -> None:
        self._known[answer.settings.key] = answer
        self._known.move_to_end(answer.settings.key)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    @staticmethod
    def run(answer: Answer, over: threading.Event) -> Run:
        """The first replication with the firm's own strategy, month by month."""
        return simulate(answer.comparison.scenario, seed=SEED, processes=[monthly(_ends_with(over))])


def _ends_with(over: threading.Event) -> Callable[[], None]:
    """Raises :class:`MovedOn` when it is over."""

    def check() -> None:
        if over.is_set():
            raise MovedOn

    return check


@dataclass(frozen=True, eq=False)
class Mapped:
    """A map of where the strategy pays, with the settings that it was drawn for."""

    settings: Settings
    axes: tuple[Control, Control]
    region: Region

    def still_holds(self, settings: Settings) -> bool:
        """Whether nothing but the place on the map has changed."""
        return self._elsewhere(settings).key == self.settings.key

    def at(self, settings: Settings) -> Region:
        """The map with the place of the present settings on it."""
        scenario = settings.with_customers(FIRST_LOOK)
        places = [
            replace(axis, own=control.value(scenario))
            for axis, control in zip(self.region.axes, self.axes, strict=True)
        ]
        asked = replace(self.region.question, scenario=scenario)
        return replace(self.region, question=asked, axes=(places[0], places[1]))

    def _elsewhere(self, settings: Settings) -> Settings:
        """The present settings, moved to where the map was drawn."""
        changes: dict[str, Any] = {}
        for control in self.axes:
            changes |= control.changes(control.value(self.settings.scenario))
        return settings.with_(changes)


def mapped(settings: Settings, axes: Sequence[Control], over: threading.Event, told: Progress | None = None) -> Mapped:
    """The map over two controls, of a small market and few replications; ``told(done, planned)`` hears how far it is.

    Raises :class:`sim.errors.InputError` for axes that make no map, and :class:`MovedOn` when it is over.
    """
    check = _ends_with(over)

    def progress(done: int, planned: int) -> None:
        check()
        if told is not None:
            told(done, planned)

    first, second = axes
    drawn = region(
        settings.with_customers(FIRST_LOOK), {**first.axis, **second.axis}, firm=settings.firm,
        against=settings.against, points=POINTS, replications=MAP_REPLICATIONS, seed=SEED, workers=Here(1),
        progress=progress,
    )  # fmt: skip
    return Mapped(settings, (first, second), drawn)
