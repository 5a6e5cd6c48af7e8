"""The model as vectorised NumPy, in weekly steps: columns of customers, one step for everybody who shops.

Shares parameters with the package and nothing else; the draws are one stream of NumPy's. A customer who shops several
times in a week does so in several passes over those who still do, so that the results have the same distribution as
with exact times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sim.scenario import Scenario

UNASKED, GRANTED, WITHHELD, LEFT = range(4)
WEEKS = 4  # to a month
LEVERS = (
    "depth", "respect", "value_share", "memory", "misuse", "transparency", "control", "mixing", "resale",
    "contact_rate", "price", "legacy_data",
)  # fmt: skip
FRAMES = ("none", "opt_out", "banner", "prompt", "unticked")


class Market:
    """Columns of customers and, one column per firm, of their relations."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario, self.rules, self.rng = scenario, scenario.rules, np.random.default_rng(seed)
        specs = list(scenario.firms.values())
        self.levers = {name: np.array([getattr(spec.strategy, name) for spec in specs], dtype=float) for name in LEVERS}
        self.consent = np.array([FRAMES.index(spec.strategy.consent.replace("-", "_")) for spec in specs])
        self.appeal = np.array([spec.appeal for spec in specs])
        self.economics = [spec.economics for spec in specs]
        self.margin = np.array([one.gross_margin for one in self.economics])
        grants = [0.0] + [getattr(self.rules, f"grant_{frame}") for frame in FRAMES[1:]]
        self.odds = np.array(grants)[self.consent]
        months, n, shape = scenario.horizon_months, scenario.customers.count, (scenario.customers.count, len(specs))
        self.sales, self.profit = np.zeros((months, len(specs))), np.zeros((months, len(specs)))
        self.elsewhere, self.reputation, self.trips = np.zeros(months), np.zeros(len(specs)), 0
        self.person = {name: np.zeros(n) for name in ("threshold", "vigilance", "separation", "rate", "basket")}
        names = ("taste", "good", "bad", "data", "debt", "habit", "complaints")
        self.tie = {name: np.zeros(shape) for name in names}
        self.permission, self.last_firm = np.zeros(shape, dtype=np.int8), np.full(n, -1)
        self.arrive(np.arange(n), newcomers=False)
        ends = self.rng.integers(0, n, (2, n * scenario.customers.neighbours // 2))
        apart = ends[:, ends[0] != ends[1]]
        self.tellers, self.hearers = np.concatenate([apart, apart[::-1]], axis=1)

    def arrive(self, who: np.ndarray, newcomers: bool) -> None:
        """Draw afresh who takes these places."""
        spec, rules, rng, n = self.scenario.customers, self.rules, self.rng, len(who)
        basket: Any = spec.basket
        luck = rng.random(n)
        inner = rng.beta(spec.threshold.a, spec.threshold.b, n)
        extreme = luck < spec.threshold.at_zero + spec.threshold.at_one
        zero = luck < spec.threshold.at_zero
        self.person["threshold"][who] = np.where(zero, 0.0, np.where(extreme, 1.0, inner))
        for name, beta in (("vigilance", spec.vigilance), ("separation", spec.separation)):
            a, b = beta.mean * beta.concentration, (1.0 - beta.mean) * beta.concentration
            self.person[name][who] = rng.beta(a, b, n)
        shape, between = spec.shopping.rate_shape, basket.sd_between
        self.person["rate"][who] = np.maximum(1e-9, rng.gamma(shape, spec.shopping.rate_mean / shape, n))
        self.person["basket"][who] = basket.mean * rng.lognormal(-0.5 * between**2, between, n)
        blend = rules.newcomer_reputation if newcomers else 0.0
        trust = blend * self.reputation + (1.0 - blend) * rules.neutral_trust
        for name in ("debt", "habit", "complaints"):
            self.tie[name][who] = 0.0
        self.tie["taste"][who] = self.appeal + rng.normal(0.0, spec.taste_sd, (n, len(self.appeal)))
        self.tie["good"][who], self.tie["bad"][who] = rules.prior_strength * trust, rules.prior_strength * (1.0 - trust)
        self.tie["data"][who] = 0.0 if newcomers else self.levers["legacy_data"]
        self.permission[who], self.last_firm[who] = UNASKED, -1

    def shop(self, who: np.ndarray, month: int) -> None:
        """One trip of each of these, who are all different people."""
        rules, rng, tie, lever = self.rules, self.rng, self.tie, self.levers
        n, firms = len(who), len(self.appeal)
        threshold, vigilance = self.person["threshold"][who, None], self.person["vigilance"][who, None]
        good, bad, data, permission = tie["good"][who], tie["bad"][who], tie["data"][who], self.permission[who]
        trust = good / (good + bad)
        uses = (lever["depth"] > 0.0) & ((permission == GRANTED) | ((permission == UNASKED) & (self.consent <= 1)))
        wide = 1.0 + rules.tolerance_trust * (trust - rules.neutral_trust) + rules.tolerance_control * lever["control"]
        tolerated = np.clip(threshold * wide, 0.0, 1.0)
        pressure = 1.0 + lever["mixing"] * self.person["separation"][who, None]
        within = np.minimum(lever["depth"], tolerated / pressure)
        used = uses * (within + (1.0 - lever["respect"]) * (lever["depth"] - within))
        excess = np.where(uses, used * pressure - tolerated, 0.0)
        excess[excess < 1e-12] = 0.0
        right = (used > 0.0) & (rng.random((n, firms)) >= lever["misuse"])
        known = right * data / (data + rules.knowledge_half)
        suits = rules.base_relevance + (1.0 - rules.base_relevance) * known
        prompts = rules.base_consideration + rules.message_effect * lever["contact_rate"] * suits
        prompts += rules.habit_effect * tie["habit"][who]
        seen = (rng.random((n, firms)) < -np.expm1(-prompts)) & (permission != LEFT)

        data += rules.learning_seen * used * seen
        oversteps = seen & (excess > 0.0)
        notices = rng.random((n, firms)) < vigilance + (1.0 - vigilance) * lever["transparency"]
        felt = np.where(oversteps & notices, excess, 0.0)
        takes = seen & (known > 0.0) & (lever["value_share"] < 1.0) & (rng.random((n, firms)) < vigilance)
        bad += rules.intrusion_weight * felt * (1.0 - 0.5 * lever["transparency"])
        bad += rules.taking_weight * (1.0 - lever["value_share"]) * known * takes
        tie["complaints"][who] += felt
        tie["debt"][who] += np.where(oversteps & ~notices, excess, 0.0)
        gain = (lever["value_share"] * rules.surplus + rules.effort_saved * lever["memory"]) * known
        put_off = rules.reactance * felt * (1.0 - lever["control"]) * (1.0 - trust) / (1.0 - rules.neutral_trust)
        value = tie["taste"][who] + rules.price_sensitivity * (gain - (lever["price"] - 1.0)) - put_off
        value += rules.trust_weight * (trust - rules.neutral_trust)
        value += rules.inertia * (self.last_firm[who, None] == np.arange(firms))
        value = np.where(seen, value + rng.gumbel(size=(n, firms)), -np.inf)
        chosen = value.argmax(axis=1)
        buys = value[np.arange(n), chosen] > rules.outside_utility + rng.gumbel(size=n)
        scatter = self.scenario.customers.basket.sd_within  # type: ignore[union-attr]
        basket = self.person["basket"][who] * rng.lognormal(-0.5 * scatter**2, scatter, n)
        self.trips += n
        self.elsewhere[month] += basket[~buys].sum()
        tie["bad"][who], tie["data"][who] = bad, data
        row = np.flatnonzero(buys)
        self.buy(who[row], chosen[row], basket[row], known[row, chosen[row]], used[row, chosen[row]], month)

    def buy(
        self, who: np.ndarray, f: np.ndarray, basket: np.ndarray, known: np.ndarray, used: np.ndarray, month: int
    ) -> None:
        """Purchases: money, memory, trust, and the question for permission."""
        rules, rng, tie, firms = self.rules, self.rng, self.tie, len(self.appeal)
        share = self.levers["value_share"][f]
        paid = basket * self.levers["price"][f] + basket * (1.0 - share) * rules.surplus * known
        self.sales[month] += np.bincount(f, paid, firms)
        self.profit[month] += np.bincount(f, paid - basket * (1.0 - self.margin[f]), firms)
        self.last_firm[who] = f
        tie["data"][who, f] += rules.learning_bought * used
        tie["habit"][who, f] += 1.0
        tie["good"][who, f] += rules.trust_gain * (1.0 + share * known)
        before = self.permission[who, f]
        again = (before == WITHHELD) & (self.consent[f] >= 2) & (rng.random(len(who)) < rules.ask_again)
        asks = (self.consent[f] != 0) & (self.levers["depth"][f] > 0.0) & ((before == UNASKED) | again)
        who, f = who[asks], f[asks]
        trust = tie["good"][who, f] / (tie["good"][who, f] + tie["bad"][who, f])
        odds = self.odds[f] + rules.grant_trust * (trust - rules.neutral_trust)
        odds += rules.grant_threshold * (self.person["threshold"][who] - 0.5)
        grants = rng.random(len(who)) < 1.0 / (1.0 + np.exp(-odds))
        self.permission[who, f] = np.where(grants, GRANTED, WITHHELD)
        tie["data"][who[~grants], f[~grants]] = 0.0

    def week(self, month: int) -> None:
        """All trips of a week."""
        left = self.rng.poisson(self.person["rate"] / WEEKS)
        who = np.flatnonzero(left)
        while len(who):
            self.shop(who, month)
            left[who] -= 1
            who = who[left[who] > 0]

    def end(self, month: int) -> None:
        """A month's end: books, and in all months but the last what time and acquaintances do."""
        tie, rules, lever = self.tie, self.rules, self.levers
        n = len(self.permission)
        self.reputation = (tie["good"] / (tie["good"] + tie["bad"])).mean(axis=0)
        reachable, granted = (self.permission != LEFT).sum(axis=0), (self.permission == GRANTED).sum(axis=0)
        for f, cost in enumerate(self.economics):
            programme = cost.consent_cost * (lever["transparency"][f] + lever["control"][f]) / 2.0
            self.profit[month, f] += (
                tie["data"][:, f].sum() * (lever["resale"][f] * cost.resale_price - cost.data_cost)
                - reachable[f] * lever["contact_rate"][f] * cost.contact_cost
                - granted[f] * (programme if lever["depth"][f] > 0.0 else 0.0)
                - n / 1000.0 * (cost.platform_cost * lever["depth"][f] + cost.fixed_cost)
            )
        if month + 1 == self.scenario.horizon_months:
            return
        told = rules.word_of_mouth * np.minimum(1.0, tie["complaints"])
        for f in range(len(self.economics)):
            tie["bad"][:, f] += np.bincount(self.hearers, told[self.tellers, f], n)
        tie["complaints"][:] = 0.0
        kept = 2.0 ** (-1.0 / rules.evidence_half_life)
        good_before = rules.prior_strength * rules.neutral_trust
        for name, before in (("good", good_before), ("bad", rules.prior_strength - good_before)):
            tie[name] = before + (tie[name] - before) * kept
        tie["habit"] *= 2.0 ** (-1.0 / rules.habit_half_life)
        trust = tie["good"] / (tie["good"] + tie["bad"])
        thoughts = []
        for below, rate in ((rules.leave_below, rules.leave_rate), (rules.withdraw_below, rules.withdraw_rate)):
            chance = -np.expm1(-rate * np.maximum(0.0, below - trust) / below)
            thoughts.append((self.rng.random(trust.shape) < chance) & (self.permission != LEFT))
        leaves, withdraws = thoughts[0], thoughts[1] & ~thoughts[0] & (self.permission != WITHHELD)
        self.permission[leaves], self.permission[withdraws] = LEFT, WITHHELD
        tie["data"][leaves | withdraws] = 0.0
        self.arrive(np.flatnonzero(self.rng.random(n) < self.scenario.customers.turnover), newcomers=True)

    def run(self) -> None:
        """Run to the horizon."""
        for month in range(self.scenario.horizon_months):
            for _ in range(WEEKS):
                self.week(month)
            self.end(month)

    def shares(self) -> list[float]:
        """Share of wallet of each firm, the mean over months."""
        wallets = self.elsewhere + self.sales.sum(axis=1)
        return list((self.sales / wallets[:, None]).mean(axis=0))

    def profits(self) -> list[float]:
        """Operating profit of each firm over the run, per customer."""
        return list(self.profit.sum(axis=0) / len(self.permission))
