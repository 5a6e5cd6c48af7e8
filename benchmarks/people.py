"""The model once more in plain Python objects: what every agent framework of the benchmarks schedules in its own way.

It shares parameters with the package, and nothing else: no arrays, no compiled code, no addressed draws. Breaches,
exposés, audits and staff are left out; ``common.market`` switches them off for the package too.
"""

from __future__ import annotations

import math
from random import Random  # noqa: TID251  # a stream that all share is what such a model would use
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.scenario import Scenario

UNASKED, GRANTED, WITHHELD, LEFT = range(4)


class Firm:
    """Levers, economics and this month's counts of one firm."""

    def __init__(self, spec: Any, months: int) -> None:
        levers = spec.strategy
        self.economics = spec.economics
        self.appeal = spec.appeal
        self.depth, self.respect, self.consent = levers.depth, levers.respect, levers.consent
        self.value_share, self.memory, self.misuse = levers.value_share, levers.memory, levers.misuse
        self.transparency, self.control, self.mixing = levers.transparency, levers.control, levers.mixing
        self.resale, self.contact_rate, self.price = levers.resale, levers.contact_rate, levers.price
        self.legacy_data = levers.legacy_data
        self.reputation = 0.0
        self.sales = [0.0] * months  # paid by customers, what was taken of their surplus included
        self.profit = [0.0] * months


class Tie:
    """What is between one customer and one firm."""

    __slots__ = ("bad", "complaints", "data", "debt", "good", "habit", "permission", "taste")

    def __init__(self, taste: float, trust: float, strength: float, data: float) -> None:
        self.taste = taste
        self.good = strength * trust
        self.bad = strength * (1.0 - trust)
        self.data = data
        self.debt = self.habit = self.complaints = 0.0
        self.permission = UNASKED

    @property
    def trust(self) -> float:
        return self.good / (self.good + self.bad)


class Person:
    """A person who shops now and then until somebody else takes the place."""

    market: Books

    def arrive(self, newcomer: bool) -> None:
        """Take a place: draw afresh who this is."""
        market = self.market
        spec, rng, rules = market.scenario.customers, market.rng, market.rules
        luck = rng.random()
        if luck < spec.threshold.at_zero:
            self.threshold = 0.0
        elif luck < spec.threshold.at_zero + spec.threshold.at_one:
            self.threshold = 1.0
        else:
            self.threshold = rng.betavariate(spec.threshold.a, spec.threshold.b)
        self.vigilance, self.separation = (
            rng.betavariate(beta.mean * beta.concentration, (1.0 - beta.mean) * beta.concentration)
            for beta in (spec.vigilance, spec.separation)
        )
        shape = spec.shopping.rate_shape
        self.rate = max(1e-9, rng.gammavariate(shape, spec.shopping.rate_mean / shape))
        between = market.sd_between
        self.basket = spec.basket.mean * rng.lognormvariate(-0.5 * between**2, between)
        blend = rules.newcomer_reputation if newcomer else 0.0
        self.ties = [
            Tie(
                firm.appeal + rng.gauss(0.0, spec.taste_sd),
                blend * firm.reputation + (1.0 - blend) * rules.neutral_trust,
                rules.prior_strength,
                0.0 if newcomer else firm.legacy_data,
            )
            for firm in market.firms
        ]
        self.last_firm: Firm | None = None

    def shop(self) -> None:
        """Look at the offers that come to mind, choose one or none, buy."""
        market = self.market
        rules, rng = market.rules, market.rng
        chosen, chosen_known, chosen_used = None, 0.0, 0.0
        best = rules.outside_utility - math.log(-math.log(rng.random()))
        for firm, tie in zip(market.firms, self.ties, strict=True):
            if tie.permission == LEFT:
                continue
            trust = tie.trust
            used = excess = known = 0.0
            allowed = tie.permission == GRANTED or (tie.permission == UNASKED and firm.consent in ("none", "opt-out"))
            if firm.depth > 0.0 and allowed:
                tolerated = self.threshold * (
                    1.0 + rules.tolerance_trust * (trust - rules.neutral_trust) + rules.tolerance_control * firm.control
                )
                tolerated = min(1.0, max(0.0, tolerated))
                pressure = 1.0 + firm.mixing * self.separation
                within = min(firm.depth, tolerated / pressure)
                used = within + (1.0 - firm.respect) * (firm.depth - within)
                excess = max(0.0, used * pressure - tolerated)
                if excess < 1e-12:
                    excess = 0.0
                if used > 0.0 and rng.random() >= firm.misuse:
                    known = tie.data / (tie.data + rules.knowledge_half)
            relevance = rules.base_relevance + (1.0 - rules.base_relevance) * known
            prompts = (
                rules.base_consideration
                + rules.message_effect * firm.contact_rate * relevance
                + rules.habit_effect * tie.habit
            )
            if rng.random() >= 1.0 - math.exp(-prompts):
                continue
            felt = 0.0
            if used > 0.0:
                tie.data += rules.learning_seen * used
                if excess > 0.0:
                    if rng.random() < self.vigilance + (1.0 - self.vigilance) * firm.transparency:
                        felt = excess
                        tie.bad += rules.intrusion_weight * excess * (1.0 - 0.5 * firm.transparency)
                        tie.complaints += excess
                    else:
                        tie.debt += excess
                if known > 0.0 and firm.value_share < 1.0 and rng.random() < self.vigilance:
                    tie.bad += rules.taking_weight * (1.0 - firm.value_share) * known
            gain = firm.value_share * rules.surplus * known + rules.effort_saved * firm.memory * known
            utility = (
                tie.taste
                + rules.price_sensitivity * (gain - (firm.price - 1.0))
                + rules.trust_weight * (trust - rules.neutral_trust)
                - rules.reactance * felt * (1.0 - firm.control) * (1.0 - trust) / (1.0 - rules.neutral_trust)
                - math.log(-math.log(rng.random()))
            )
            if firm is self.last_firm:
                utility += rules.inertia
            if utility > best:
                best, chosen, chosen_known, chosen_used = utility, (firm, tie), known, used
        scatter = market.sd_within
        basket = self.basket * rng.lognormvariate(-0.5 * scatter**2, scatter)
        market.trips += 1
        month = market.month
        if chosen is None:
            market.elsewhere[month] += basket
        else:
            self.buy(*chosen, basket, chosen_known, chosen_used, month)

    def buy(self, firm: Firm, tie: Tie, basket: float, known: float, used: float, month: int) -> None:
        """Pay, be remembered, learn to trust, and perhaps be asked for permission."""
        rules, rng = self.market.rules, self.market.rng
        self.last_firm = firm
        taken = basket * (1.0 - firm.value_share) * rules.surplus * known
        paid = basket * firm.price + taken
        firm.sales[month] += paid
        firm.profit[month] += paid - basket * (1.0 - firm.economics.gross_margin)
        tie.data += rules.learning_bought * used
        tie.habit += 1.0
        tie.good += rules.trust_gain * (1.0 + firm.value_share * known)
        asks_again = firm.consent in ("banner", "prompt", "unticked")
        if firm.consent != "none" and (
            tie.permission == UNASKED or (tie.permission == WITHHELD and asks_again and rng.random() < rules.ask_again)
        ):
            odds = getattr(rules, "grant_" + firm.consent.replace("-", "_"))
            odds += rules.grant_trust * (tie.trust - rules.neutral_trust)
            odds += rules.grant_threshold * (self.threshold - 0.5)
            if rng.random() < 1.0 / (1.0 + math.exp(-odds)):
                tie.permission = GRANTED
            else:
                tie.permission, tie.data = WITHHELD, 0.0


class Books:
    """What all the models keep: firms, books, who knows whom, and what happens at months' ends."""

    people: Sequence[Person]

    def __init__(self, scenario: Scenario, rng: Random) -> None:
        self.month = 0
        self.scenario, self.rules, self.rng = scenario, scenario.rules, rng
        self.trips = 0
        basket: Any = scenario.customers.basket
        self.sd_between, self.sd_within = basket.sd_between, basket.sd_within
        self.firms = [Firm(spec, scenario.horizon_months) for spec in scenario.firms.values()]
        self.elsewhere = [0.0] * scenario.horizon_months
        n = scenario.customers.count
        self.neighbours: list[list[int]] = [[] for _ in range(n)]
        for _ in range(n * scenario.customers.neighbours // 2):
            one, other = rng.randrange(n), rng.randrange(n)
            if one != other:
                self.neighbours[one].append(other)
                self.neighbours[other].append(one)

    def end(self) -> None:
        """The end of a month: books, and in all months but the last what time and acquaintances do."""
        self.close(self.month)
        self.month += 1
        if self.month < self.scenario.horizon_months:
            self.talk()
            self.forget()
            self.move()

    def move(self) -> None:
        for person in self.people:
            if self.rng.random() < self.scenario.customers.turnover:
                person.arrive(newcomer=True)

    def close(self, month: int) -> None:
        thousands = len(self.people) / 1000.0
        for f, firm in enumerate(self.firms):
            ties = [person.ties[f] for person in self.people]
            data = sum(tie.data for tie in ties)
            reachable = sum(tie.permission != LEFT for tie in ties)
            granted = sum(tie.permission == GRANTED for tie in ties)
            cost = firm.economics
            programme = cost.consent_cost * (firm.transparency + firm.control) / 2.0 if firm.depth > 0.0 else 0.0
            firm.profit[month] += (
                data * (firm.resale * cost.resale_price - cost.data_cost)
                - reachable * firm.contact_rate * cost.contact_cost
                - granted * programme
                - thousands * (cost.platform_cost * firm.depth + cost.fixed_cost)
            )
            firm.reputation = sum(tie.trust for tie in ties) / len(ties)

    def talk(self) -> None:
        for person, neighbours in zip(self.people, self.neighbours, strict=True):
            for f, tie in enumerate(person.ties):
                if tie.complaints > 0.0:
                    for other in neighbours:
                        self.people[other].ties[f].bad += self.rules.word_of_mouth * min(1.0, tie.complaints)
                    tie.complaints = 0.0

    def forget(self) -> None:
        rules, rng = self.rules, self.rng
        good_before = rules.prior_strength * rules.neutral_trust
        bad_before = rules.prior_strength - good_before
        kept = 2.0 ** (-1.0 / rules.evidence_half_life)
        habit_kept = 2.0 ** (-1.0 / rules.habit_half_life)
        for person in self.people:
            for tie in person.ties:
                tie.good = good_before + (tie.good - good_before) * kept
                tie.bad = bad_before + (tie.bad - bad_before) * kept
                tie.habit *= habit_kept
                trust = tie.trust
                if trust >= rules.withdraw_below or tie.permission == LEFT:
                    continue
                leave = max(0.0, rules.leave_below - trust) / rules.leave_below
                withdraw = (rules.withdraw_below - trust) / rules.withdraw_below
                if rng.random() < 1.0 - math.exp(-rules.leave_rate * leave):
                    tie.permission, tie.data = LEFT, 0.0
                elif tie.permission != WITHHELD and rng.random() < 1.0 - math.exp(-rules.withdraw_rate * withdraw):
                    tie.permission, tie.data = WITHHELD, 0.0

    def shares(self) -> list[float]:
        """Share of wallet of each firm, the mean over months."""
        sales = [firm.sales for firm in self.firms]
        wallets = [sum(month) for month in zip(self.elsewhere, *sales, strict=True)]
        return [sum(a / b for a, b in zip(one, wallets, strict=True)) / len(wallets) for one in sales]

    def profits(self) -> list[float]:
        """Operating profit of each firm over the run, per customer."""
        return [sum(firm.profit) / len(self.people) for firm in self.firms]
