"""Shocks and campaigns that a scenario sets at given times."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from sim.market.breach import strike
from sim.market.expose import reveal
from sim.rules import FRAME_OPT_OUT, GRANTED, UNASKED
from sim.shocks import BreachEvent, Change, ExposeEvent, Law, Society
from sim.strategy import FRAMES

if TYPE_CHECKING:
    from simpy.events import Event as SimpyEvent

    from sim.market.market import Market
    from sim.shocks import Event


def events(market: Market) -> Generator[SimpyEvent, None, None]:
    """Let every event of the scenario happen at its time."""
    for event in market.scenario.events:
        market.env.process(_happen(market, event))
    yield market.env.timeout(0)


def _happen(market: Market, event: Event) -> Generator[SimpyEvent, None, None]:
    yield from market.months(event.month)
    if isinstance(event, Change):
        yield from _change(market, event)
    elif isinstance(event, BreachEvent | ExposeEvent):
        f = market.firm(event.firm)
        if market.world.firms.active[f]:  # a firm that is not in the market has no books to charge
            (strike if isinstance(event, BreachEvent) else reveal)(market, f)
    elif isinstance(event, Law):
        enact(market, FRAMES.index(event.consent))
    elif isinstance(event, Society):
        market.change_society(event.vigilance, event.separation)


def _change(market: Market, event: Change) -> Generator[SimpyEvent, None, None]:
    whom = range(len(market.names)) if event.firm is None else [market.firm(event.firm)]
    before = {f: {name: getattr(market.strategies[f], name) for name in event.levers} for f in whom}
    for f in whom:
        market.change_levers(f, event.levers)
    if event.until is not None:
        yield from market.months(event.until - event.month)
        for f, levers in before.items():
            market.change_levers(f, levers)


def enact(market: Market, frame: int) -> None:
    """From now on no firm uses a laxer consent frame; permissions given under one that did not ask are void."""
    market.least_consent = max(market.least_consent, frame)
    for f, strategy in enumerate(market.strategies):
        lax = FRAMES.index(strategy.consent) <= FRAME_OPT_OUT
        if lax and frame > FRAME_OPT_OUT:
            permission = market.world.relations.permission[:, f]
            permission[np.equal(permission, GRANTED)] = UNASKED
        market.set_strategy(f, strategy)
