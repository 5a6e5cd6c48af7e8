"""The referee: lets rules act in a market, looks at every answer, and writes down whose rule did what wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from sim.errors import InputError
from sim.market import simulate
from sim.strategy import PRESETS
from sim.tournament.fixtures import Match
from sim.tournament.populations import classroom, market_of
from sim.tournament.public import figures, own_figures
from sim.tournament.regulations import admitted, moved
from sim.tournament.rule_process import Fault, RuleProcess

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market, MarketProcess
    from sim.scenario import Scenario
    from sim.tournament.hand_in import HandIn

MOST_FAULTS = 3
"""After so many faults in markets a rule rests in the populations that are still to come."""
TRIAL_CUSTOMERS, TRIAL_SEED = 200, 0


class Report(NamedTuple):
    """One fault of one rule: in which match, after which month, and what."""

    entrant: int
    match: Match
    month: int
    reason: str


class Referee:
    """Rules in markets. Faults are told by hand-in; they count at the end of a population, whatever ran first."""

    def __init__(self, hand_ins: Sequence[HandIn], *, unprotected: bool = False) -> None:
        self._hand_ins = hand_ins
        self._unprotected = unprotected
        self._resting: frozenset[int] = frozenset()
        self._reports: list[Report] = []

    @property
    def reports(self) -> list[Report]:
        """All faults, in the order of the matches."""
        return sorted(self._reports, key=lambda one: (one.match.population, *_order(one.match), one.entrant))

    def end_population(self) -> None:
        """Let rules rest that have failed too often."""
        times = Counter(one.entrant for one in self._reports)
        self._resting = frozenset(entrant for entrant, number in times.items() if number >= MOST_FAULTS)

    def has_rules(self, match: Match) -> bool:
        """Whether anybody in a match has a rule."""
        return any(self._hand_ins[entrant].rule is not None for entrant in match.seats)

    @contextmanager
    def rules(self, match: Match, months: int) -> Iterator[tuple[MarketProcess, ...]]:
        """The market process in which the rules of a match act; their processes end with the context."""
        with ExitStack() as stack:
            waiting: dict[int, RuleProcess] = {}
            for seat, entrant in enumerate(match.seats):
                if self._hand_ins[entrant].rule is not None and entrant not in self._resting:
                    waiting[seat] = stack.enter_context(RuleProcess(months, unprotected=self._unprotected))
            players: dict[int, RuleProcess] = {}
            for seat, process in waiting.items():
                try:
                    process.load(self._hand_ins[match.seats[seat]].rule or "")
                    players[seat] = process
                except Fault as fault:
                    self._write(match, seat, 0, fault)
            yield (self._acting(match, players),) if players else ()

    def _acting(self, match: Match, players: dict[int, RuleProcess]) -> MarketProcess:
        """At every month's end all rules are told the same figures, and what they answer counts at the same time."""

        def months(market: Market) -> Generator[Event, None, None]:
            while True:
                yield market.env.timeout(1)
                month, public = market.month, figures(market)
                for seat, player in players.items():
                    rivals = [one for f, one in enumerate(public) if f != seat]
                    player.ask(month, own_figures(market, seat, public[seat]), rivals)
                answers = {}
                for seat, player in list(players.items()):
                    try:
                        answers[seat] = moved(market.strategies[seat], player.answer(month).levers)
                    except (Fault, InputError) as fault:
                        self._write(match, seat, month, fault)
                        players.pop(seat).close()
                for seat, strategy in answers.items():
                    if strategy != market.strategies[seat]:
                        market.set_strategy(seat, strategy)

        return months

    def _write(self, match: Match, seat: int, month: int, fault: Exception) -> None:
        self._reports.append(Report(match.seats[seat], match, month, str(fault)))


def _order(match: Match) -> tuple[str, int, int]:
    return match.kind, match.heat, match.seating


def trial(hand_in: HandIn, *, unprotected: bool = False) -> str | None:
    """What a rule does wrong in a small market against two presets; None where it does nothing wrong.

    The market is known to everybody: :func:`sim.tournament.populations.classroom` as it stands.

    Raises :class:`sim.tournament.rule_process.Unprotected` where this system cannot lock a rule in.
    """
    if hand_in.rule is None:
        return None
    market = market_of(classroom(), 3)
    levers = [hand_in.strategy, admitted(PRESETS["trusted"]), admitted(PRESETS["uniform"])]
    market = seated(market, levers)
    customers = market.customers.model_copy(update={"count": min(TRIAL_CUSTOMERS, market.customers.count)})
    market = market.model_copy(update={"customers": customers})
    referee = Referee([hand_in, hand_in, hand_in], unprotected=unprotected)
    match = Match("market", 0, 0, 0, (0,))
    with referee.rules(match, market.horizon_months) as processes:
        simulate(market, TRIAL_SEED, threads=1, processes=processes)
    if not referee.reports:
        return None
    first = referee.reports[0]
    after = f"after month {first.month}, " if first.month else ""
    return f"{after}the rule {first.reason}"


def seated(market: Scenario, levers: Sequence[object]) -> Scenario:
    """A market whose firms, in order, have these strategies."""
    firms = {
        name: firm.model_copy(update={"strategy": strategy})
        for (name, firm), strategy in zip(market.firms.items(), levers, strict=True)
    }
    return market.model_copy(update={"firms": firms})
