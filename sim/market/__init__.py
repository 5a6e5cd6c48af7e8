"""The market as a SimPy model: :func:`simulate` runs a scenario once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from sim.errors import InputError
from sim.market.audit import audit
from sim.market.breach import breach
from sim.market.compiled import numba_missing
from sim.market.entry import entry, exit_and_succession
from sim.market.events import events
from sim.market.expose import expose
from sim.market.market import Engine, Market, MarketProcess
from sim.market.reflection import reflection
from sim.market.review import review
from sim.market.staff import staff
from sim.market.talk import reputation, word_of_mouth
from sim.market.turnover import turnover
from sim.people import People, identity
from sim.run import Run
from sim.scenario import Scenario

PROCESSES: tuple[MarketProcess, ...] = (
    word_of_mouth, reflection, reputation, turnover, breach, expose, audit, staff, review, entry, exit_and_succession,
    events,
)  # fmt: skip
"""Market processes in the order in which they act at a month's end, after the books are closed."""

_said: set[str] = set()


def simulate(
    scenario: Scenario,
    seed: int = 1,
    customers: Engine = "crowd",
    *,
    replication: int = 0,
    threads: int | None = None,
    processes: Sequence[MarketProcess] = (),
    trace: int | None = None,
    people: People | None = None,
) -> Run:
    """Run a scenario once.

    ``seed`` and ``replication``, whole numbers in [0, 2**32), address the luck; the same pair gives the same run.
    ``customers`` is ``"crowd"`` (compiled) or ``"agents"`` (one SimPy process per customer); both give the same
    books to the cent. ``processes`` are market processes of your own, generator functions that are given the
    :class:`~sim.market.market.Market`. ``trace`` is the number of a customer whose diary is to be kept. ``people``
    are the :class:`~sim.people.People` of this replication, where several runs meet them, so that they are drawn only
    once; the run is the same without.

    Raises :class:`sim.errors.InputError` for a seed, engine or customer that does not exist, or for other people.
    """
    market = opened(scenario, seed, customers, replication=replication, threads=threads, trace=trace, people=people)
    market.run((*PROCESSES, *processes))
    return market.result()


def opened(
    scenario: Scenario,
    seed: int,
    customers: Engine,
    *,
    replication: int = 0,
    threads: int | None = None,
    trace: int | None = None,
    people: People | None = None,
) -> Market:
    """A market that is ready to run; arguments and errors are those of :func:`simulate`."""
    values: dict[str, object] = {"seed": seed, "replication": replication}
    for name, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**32:
            raise InputError(f"{name} must be a whole number from 0 to 4294967295, but is {value!r}")
    if customers not in ("crowd", "agents"):
        raise InputError(f"customers must be 'crowd' or 'agents', but is {customers!r}")
    if trace is not None and not 0 <= trace < scenario.customers.count:
        raise InputError(f"customer must be a number from 0 to {scenario.customers.count - 1}, but is {trace}")
    if people is not None and people.identity != identity(scenario, seed, replication):
        raise InputError(
            "the people are those of another replication, or of other customers or firms; "
            "People(scenario, seed, replication) draws those of this run"
        )
    if customers == "crowd" and numba_missing():
        customers = "agents"
        if "numba" not in _said:
            _said.add("numba")
            print(f"Customers run as agents, which is slower: {numba_missing()}.", file=sys.stderr)
    return Market(
        scenario,
        seed=seed,
        replication=replication,
        customers=customers,
        threads=threads if threads is not None else os.cpu_count() or 1,
        diary_of=-1 if trace is None else trace,
        people=people,
    )
