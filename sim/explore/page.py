"""The page: widgets that show what is set and what comes of it, and the work behind it that never keeps them waiting.

Everything about settings happens in the kernel's own loop, one thing after the other; the market is asked, and
pictures are drawn, in threads. A change lets go of the work at hand, so that an old answer never comes after a new
question. Every page has a history, answers and threads of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sim.errors import InputError
from sim.explore import panels
from sim.explore.answers import SOON, Answer, Answers, Mapped, MovedOn, mapped
from sim.explore.controls import control
from sim.explore.desk import Desk
from sim.explore.drawing import map_picture, pictures
from sim.explore.settings import History, Settings
from sim.explore.shelf import Shelf, usual
from sim.market.compiled import compiles_first

T = TypeVar("T")
WAITING = "Asking the market …"
COMPILING = "Compiling the market; this happens once and may take a minute …"


class Page:
    """One visitor's page; :attr:`desk` holds its widgets."""

    def __init__(self, scenario: Path | None) -> None:
        self.shelf = Shelf(scenario)
        self.history = History(Settings.of(self.shelf.take(self.shelf.first)))
        self.answers = Answers()
        self.map: Mapped | None = None
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="explorer")
        self._over = threading.Event()
        self._widest: tuple[float, float, float] | None = None
        self._shown: Answer | None = None
        self._map_first = False
        self._run = ""  # which scenario the pictures of one run show
        self._drawn: Answer | None = None
        self._task: asyncio.Task[None] | None = None
        self.desk = Desk(self.history, self.shelf, self.renew)
        self.desk.finding.value = panels.live(COMPILING if compiles_first() else WAITING, "roi-finding")
        self.renew()

    def renew(self, map_first: bool = False) -> None:
        """Begin with what is set now: the settings have changed, or the map is wanted first."""
        self._over = self.answers.move_on()
        self._map_first = map_first
        self._widest = None
        known = self.answers.known(self.history.now)
        if known is not None:
            self._say(known)
        elif self._shown is not None:
            self.desk.finding.value = panels.finding(self._shown, current=False)
            self.desk.results.add_class("roi-old")
        self._mark_map()
        self._remember_saved()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel: whoever made the page calls `settle`
            return
        self._task = loop.create_task(self.settle())

    async def settle(self) -> None:
        """Answer what is set now, better and better, until there is nothing more to be known or something is moved."""
        settings, over = self.history.now, self._over
        try:
            known = self.answers.known(settings)
            if known is not None:
                await self._draw(known, over)
            await self._answer(self.answers.soon(settings, over), over)
            if self._map_first:
                await self._draw_map(settings, over)
            await self._answer(self.answers.better(settings, over, SOON), over)
            if self.map is None or not self.map.still_holds(settings):
                await self._draw_map(settings, over)
            await self._answer(self.answers.better(settings, over), over)
            for saved in list(self.history.saved.values()):
                for more in (self.answers.soon(saved, over), self.answers.better(saved, over)):
                    async for _ in self._each(more, over):
                        self._remember_saved()
        except MovedOn:
            return
        except InputError as error:
            self.desk.finding.value = panels.live(f"This cannot be answered: {error}", "roi-wrong")
        except Exception as error:  # a page without words would leave its reader alone
            words = f"Something went wrong ({type(error).__name__}: {error}); undo or reset leads back."
            self.desk.finding.value = panels.live(words, "roi-wrong")
            raise

    async def _each(self, some: Iterator[T], over: threading.Event) -> Any:
        """What an iterator gives, each taken in a thread; ends with :class:`MovedOn` when it is over."""
        while (one := await self._apart(over, lambda: next(some, None))) is not None:
            yield one

    async def _apart(self, over: threading.Event, work: Callable[[], T]) -> T:
        if over.is_set():
            raise MovedOn
        done = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        if over.is_set():
            raise MovedOn
        return done

    async def _answer(self, better: Iterator[Answer], over: threading.Event) -> None:
        """Show each answer as it comes, and the pictures anew when four times as much is known, and at the end."""
        last: Answer | None = None
        async for last in self._each(better, over):
            self._say(last)
            if self._drawn is None or _four_times(last, self._drawn):
                await self._draw(last, over)
        if last is not None and last is not self._drawn:
            await self._draw(last, over)
        if last is not None:
            self._remember_saved()

    def _say(self, answer: Answer) -> None:
        """Everything of an answer that takes no time."""
        if self._widest is None:
            self._widest = panels.per_customer(answer)
        self._shown = answer
        desk = self.desk
        desk.finding.value = panels.finding(answer)
        desk.ruler.value = panels.ruler(answer, self._widest)
        desk.figures.value = panels.figures(answer)
        desk.results.remove_class("roi-old")

    async def _draw(self, answer: Answer, over: threading.Event) -> None:
        """The pictures of an answer, the place on the map among the first."""
        self.desk.csv.value = await self._apart(over, lambda: panels.csv_links(answer))
        run = answer.comparison.scenario.hash
        async for name, html in self._each(pictures(answer, over, run != self._run), over):
            self.desk.pictures[name].value = html
            if name == "bridge" and self.map is not None and self.map.still_holds(answer.settings):
                await self._place_on_map(answer.settings, over)
        self._run, self._drawn = run, answer

    async def _draw_map(self, settings: Settings, over: threading.Event) -> None:
        """The map over the chosen axes."""
        desk, loop = self.desk, asyncio.get_running_loop()

        def told(done: int, planned: int) -> None:
            words = f"Drawing the map: {done} of {planned} pairs of runs."
            loop.call_soon_threadsafe(desk.say_of_map, words)

        try:
            axes = [control(settings.scenario, name, settings.firm) for name in desk.axes]
            self.map = await self._apart(over, lambda: mapped(settings, axes, over, told))
        except InputError as error:
            desk.say_of_map(f"There is no map: {error}", wrong=True)
            return
        await self._place_on_map(settings, over)

    async def _place_on_map(self, settings: Settings, over: threading.Event) -> None:
        there = self.map
        if there is None:
            return
        self.desk.map.value = await self._apart(over, lambda: map_picture(there, settings, over))
        self.desk.map.remove_class("roi-old")
        self.desk.say_of_map("A quick map: 1,000 customers, few replications. roi region draws it finely.")

    def _mark_map(self) -> None:
        if self.map is None:
            return
        if self.map.still_holds(self.history.now) and self.desk.axes == tuple(one.name for one in self.map.axes):
            return
        self.map = None
        self.desk.map.add_class("roi-old")
        self.desk.say_of_map("This map belongs to earlier settings; a new one is drawn as you rest.")

    def _remember_saved(self) -> None:
        self.desk.show_saved({name: self.answers.known(one) for name, one in self.history.saved.items()})


def _four_times(one: Answer, other: Answer) -> bool:
    """Whether an answer rests on so much more than another that pictures of it look different."""
    if one.settings.key != other.settings.key or one.whole != other.whole:
        return True
    return one.comparison.n >= 4 * other.comparison.n


def page(scenario: str | Path | None = None) -> Any:
    """The explorer's widgets, to be shown by a notebook; without a scenario the usual one, ``scenarios/retail.yaml``.

    Raises :class:`sim.errors.InputError` for a file that is no valid scenario.
    """
    return Page(Path(scenario) if scenario is not None else usual()).desk.whole
