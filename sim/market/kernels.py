"""Loops over customers, block by block: plain Python that also compiles.

Each takes a range of blocks, so that threads can share the work; what they sum goes to a row per block, so that the
sum does not depend on who did the work. The one loop in which customers touch each other, :func:`talk`, is serial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.rules import GRANTED, LEFT, fading, may_use, trust_from
from sim.trip import think_again, trip
from sim.world import BLOCK

if TYPE_CHECKING:
    from sim.people import Contacts
    from sim.world import Floats, World

# Sums at a month's end per group of customers and firm.
(
    REACHABLE,
    PERMITTING,
    PARTICIPATING,
    DATA,
    TRUST,
    DEBT,
    MEMBERS,
    GAINED,
    CHURNED,
    MEMBER_TRUST,
    MEMBER_PERMITTING,
    MEMBER_KNOWLEDGE,
) = range(12)
SUMS = 12

MEMBER_MONTHS = 6.0
"""A customer of a firm is somebody who bought there within this many months and has not left it."""


def serve(first: int, last: int, world: World, until: float, seed: int, replication: int) -> None:
    """Work off every trip before time ``until`` of the customers in blocks ``first`` to ``last`` - 1."""
    customers = world.customers
    n = len(customers.threshold)
    for block in range(first, last):
        tally = world.tally[block]
        for i in range(max(0, block * BLOCK), min(n, (block + 1) * BLOCK)):
            while customers.next_trip[i] < until:
                trip(
                    i, customers, world.relations, world.firms, world.rules, world.baskets, tally, world.diary, seed,
                    replication,
                )  # fmt: skip


def observe(first: int, last: int, world: World, now: float, sums: Floats) -> None:
    """Take stock at a month's end: fill ``sums``, shape (blocks, groups, firms, sums), and renew memberships."""
    customers, relations, firms, rules = world.customers, world.relations, world.firms, world.rules
    n, n_firms = relations.good.shape
    since = now - MEMBER_MONTHS
    for block in range(first, last):
        for i in range(max(0, block * BLOCK), min(n, (block + 1) * BLOCK)):
            group = max(0, customers.group[i])
            for f in range(n_firms):
                # What is true or not is added as 1 or 0: nobody could foresee a branch.
                row = sums[block, group, f]
                permission = relations.permission[i, f]
                data = relations.data[i, f]
                scare = fading(relations.scare[i, f], now - firms.breached_at[f], rules.breach_half_life)
                trust = trust_from(relations.good[i, f], relations.bad[i, f] + scare)
                known = data / (data + rules.knowledge_half)
                granted = permission == GRANTED
                was = relations.member[i, f] == 1
                member = (firms.active[f] == 1) & (permission != LEFT) & (relations.last_purchase[i, f] > since)
                relations.member[i, f] = member
                row[REACHABLE] += permission != LEFT
                row[PERMITTING] += granted
                row[PARTICIPATING] += may_use(permission, firms.consent[f])
                row[DATA] += data
                row[TRUST] += trust
                row[DEBT] += relations.debt[i, f]
                row[MEMBERS] += member
                row[GAINED] += member & (not was)
                row[CHURNED] += was & (not member)
                row[MEMBER_TRUST] += trust if member else 0.0
                row[MEMBER_PERMITTING] += member & granted
                row[MEMBER_KNOWLEDGE] += known if member else 0.0


def talk(world: World, contacts: Contacts) -> None:
    """Submodel 11: complaints add bad evidence to the complainers' neighbours, and are spent."""
    relations, rules = world.relations, world.rules
    n, n_firms = relations.good.shape
    for i in range(n):
        for f in range(n_firms):
            complaint = min(1.0, relations.complaints[i, f])
            if complaint > 0.0:
                for k in range(contacts.start[i], contacts.start[i + 1]):
                    relations.bad[contacts.people[k], f] += rules.word_of_mouth * complaint
                relations.complaints[i, f] = 0.0


def reflect(
    first: int,
    last: int,
    world: World,
    month: int,
    evidence_kept: float,
    habit_kept: float,
    seed: int,
    replication: int,
) -> None:
    """Submodels 10 and 11: evidence decays to the prior, habit fades, and who distrusts a firm thinks again."""
    customers, relations, firms, rules = world.customers, world.relations, world.firms, world.rules
    n, n_firms = relations.good.shape
    good_before = rules.prior_strength * rules.neutral_trust
    bad_before = rules.prior_strength * (1.0 - rules.neutral_trust)
    for block in range(first, last):
        for i in range(max(0, block * BLOCK), min(n, (block + 1) * BLOCK)):
            for f in range(n_firms):
                relations.good[i, f] = good_before + (relations.good[i, f] - good_before) * evidence_kept
                relations.bad[i, f] = bad_before + (relations.bad[i, f] - bad_before) * evidence_kept
                relations.habit[i, f] *= habit_kept
                if firms.active[f] == 0 or relations.permission[i, f] == LEFT:
                    continue
                scare = fading(relations.scare[i, f], month - firms.breached_at[f], rules.breach_half_life)
                trust = trust_from(relations.good[i, f], relations.bad[i, f] + scare)
                if trust < rules.withdraw_below:
                    think_again(i, f, month, trust, int(customers.generation[i]), relations, rules, seed, replication)
