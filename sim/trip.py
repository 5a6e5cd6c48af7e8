"""One shopping trip, and a month's second thoughts: the rules strung together, on one customer's own state.

The arguments ``customers``, ``relations``, ``firms``, ``tally`` and ``diary`` are the tuples of arrays of
:mod:`sim.world`. Plain Python that Numba also compiles, like the rules.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.draws import CONTRACT, FEELING, MONTH, OFFER, PURCHASE, TRIP, uniforms
from sim.rules import (
    FRAME_BANNER,
    FRAME_NONE,
    GRANTED,
    LEFT,
    UNASKED,
    WITHHELD,
    basket_size,
    benefit_offered,
    cents,
    consideration,
    depth_used,
    fading,
    grant_probability,
    gumbel,
    intrusion,
    knowledge,
    may_use,
    next_due,
    next_moment,
    notice_probability,
    relevance,
    second_thoughts,
    tolerance,
    trust_from,
    utility,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.rulebook import Rules
    from sim.world import Baskets, Customers, Diary, Firms, Relations

# What is counted per group of customers and firm; the last column of firms is buying elsewhere.
(
    SALES, GOODS, TAKEN, PURCHASES, BUYERS, OFFERS, INTRUSIONS, NOTICED, ASKED, GRANTS,
) = range(10)  # fmt: skip
COUNTERS = 10
# Columns of the diary.
(
    AT, NUMBER, FIRM, PERMISSION, TOLERANCE, DEPTH, INTRUSION, KNOWLEDGE, RELEVANCE, CHANCE, CONSIDERED, UTILITY, LUCK,
    NOTICE, TAKING, CHOSEN, PAID, TRUST_BEFORE, TRUST_AFTER,
) = range(19)  # fmt: skip
DIARY_COLUMNS = (
    "month", "trip", "firm", "permission", "tolerance", "depth_used", "intrusion", "knowledge", "relevance",
    "chance_considered", "considered", "utility", "luck", "noticed_intrusion", "noticed_taking", "chosen", "paid",
    "trust_before", "trust_after",
)  # fmt: skip


def trip(
    i: int,
    customers: Customers,
    relations: Relations,
    firms: Firms,
    rules: Rules,
    baskets: Baskets,
    tally: NDArray[np.int64],
    diary: Diary,
    seed: int,
    replication: int,
) -> None:
    """One shopping trip of customer ``i``, at ``customers.next_trip[i]``.

    Reads the customer's own state and the firms' public state; writes the customer's own state and adds whole
    numbers to ``tally``. Nothing else, which is why trips of different customers commute between market events.
    """
    now = customers.next_trip[i]
    number = int(customers.trips[i]) + 1
    generation = int(customers.generation[i])
    threshold = customers.threshold[i]
    vigilance = customers.vigilance[i]
    group = customers.group[i]
    last_firm = int(customers.last_firm[i])
    bound = partner(i, last_firm, customers, relations, firms)
    renews = bound >= 0 and unthinking(i, generation, number, customers, seed, replication)
    n_firms = len(firms.depth)
    gap_luck, elsewhere_luck, lapse_luck, ask_luck = uniforms(i, generation, number, TRIP, seed, replication)

    chosen = n_firms  # buying elsewhere, unless an offer is better
    best = rules.outside_utility + gumbel(elsewhere_luck)
    chosen_known = 0.0
    chosen_depth = 0.0
    first_row = diary.used[0]
    traced = i == diary.person
    counts = tally[group]

    for f in range(n_firms):
        permission = relations.permission[i, f]
        if firms.active[f] == 0 or permission == LEFT:
            continue
        wrong_luck, consider_luck, choice_luck, notice_luck = uniforms(
            i, generation, number, OFFER + f, seed, replication
        )
        scare = scare_left(i, f, now, relations, firms, rules)
        trust = trust_from(relations.good[i, f], relations.bad[i, f] + scare)
        used = 0.0
        excess = 0.0
        known = 0.0
        if firms.depth[f] > 0.0 and may_use(permission, firms.consent[f]):
            tolerated = tolerance(threshold, trust, firms.control[f], rules)
            pressure = 1.0 + firms.mixing[f] * customers.separation[i]
            used = depth_used(firms.depth[f], firms.respect[f], tolerated / pressure)
            excess = intrusion(used, pressure, tolerated)
            if used > 0.0 and wrong_luck >= firms.misuse[f]:
                known = knowledge(relations.data[i, f], firms.participation[f], rules)
        suits = relevance(known, rules)
        chance = consideration(firms.contact_rate[f], suits, relations.habit[i, f], rules)
        considered = f == bound or (not renews and consider_luck < chance)

        felt = 0.0
        taking = False
        value = 0.0
        luck = 0.0
        if considered:
            if used > 0.0:
                counts[f, OFFERS] += 1
                relations.data[i, f] += rules.learning_seen * used
                if excess > 0.0:
                    felt = face(i, f, excess, vigilance, notice_luck, relations, firms, rules, counts)
                if known > 0.0 and firms.value_share[f] < 1.0:
                    taking_luck, _, _, _ = uniforms(i, generation, number, FEELING + f, seed, replication)
                    taking = taking_luck < vigilance
                    if taking:
                        relations.bad[i, f] += rules.taking_weight * (1.0 - firms.value_share[f]) * known
            value = utility(
                relations.taste[i, f],
                firms.value_share[f],
                firms.memory[f],
                firms.price[f],
                firms.control[f],
                known,
                trust,
                felt,
                1.0 if f == last_firm else 0.0,
                rules,
            )
            luck = gumbel(choice_luck)
            if renews or value + luck > best:
                best = value + luck
                chosen = f
                chosen_known = known
                chosen_depth = used

        if traced and diary.used[0] < len(diary.rows):
            row = diary.rows[diary.used[0]]
            diary.used[0] += 1
            row[AT] = now
            row[NUMBER] = number
            row[FIRM] = f
            row[PERMISSION] = permission
            row[TOLERANCE] = tolerance(threshold, trust, firms.control[f], rules)
            row[DEPTH] = used
            row[INTRUSION] = excess
            row[KNOWLEDGE] = known
            row[RELEVANCE] = suits
            row[CHANCE] = chance
            row[CONSIDERED] = considered
            row[UTILITY] = value
            row[LUCK] = luck
            row[NOTICE] = felt > 0.0
            row[TAKING] = taking
            row[CHOSEN] = 0.0
            row[PAID] = 0.0
            row[TRUST_BEFORE] = trust
            row[TRUST_AFTER] = trust_from(relations.good[i, f], relations.bad[i, f] + scare)

    answer_luck, size_first, size_second, _ = uniforms(i, generation, number, PURCHASE, seed, replication)
    basket = basket_size(
        i, generation, number, customers.basket[i], size_first, size_second, baskets, seed, replication
    )
    counts[chosen, PURCHASES] += 1
    if chosen == n_firms:
        paid = cents(basket)
        customers.elsewhere[i] += paid
        counts[n_firms, SALES] += paid
        if customers.renewal[i] >= 0.0:
            customers.last_firm[i] = -1  # the contract is cancelled
    else:
        customers.last_firm[i] = chosen
        paid = buy(i, chosen, now, basket, chosen_known, chosen_depth, relations, firms, rules, counts)
        ask(i, chosen, now, threshold, answer_luck, ask_luck, relations, firms, rules, counts)

    if traced:
        for number_of_row in range(first_row, diary.used[0]):
            row = diary.rows[number_of_row]
            if row[FIRM] == chosen:
                scare = scare_left(i, chosen, now, relations, firms, rules)
                row[CHOSEN] = 1.0
                row[PAID] = paid
                row[TRUST_AFTER] = trust_from(relations.good[i, chosen], relations.bad[i, chosen] + scare)

    customers.trips[i] = number
    under_contract = customers.renewal[i] >= 0.0
    following = next_due(now, customers.rate[i]) if under_contract else next_moment(now, customers.rate[i], gap_luck)
    stays = lapse_luck >= customers.lapse[i] and following < customers.stops[i]
    customers.next_trip[i] = following if stays else math.inf


def partner(i: int, last_firm: int, customers: Customers, relations: Relations, firms: Firms) -> int:
    """Submodel 12: the firm with which customer ``i`` has a contract, -1 for none."""
    if customers.renewal[i] < 0.0 or last_firm < 0:
        return -1
    if firms.active[last_firm] == 0 or relations.permission[i, last_firm] == LEFT:
        return -1
    return last_firm


def unthinking(i: int, generation: int, number: int, customers: Customers, seed: int, replication: int) -> bool:
    """Submodel 12: whether customer ``i`` pays what is due under a contract without a thought."""
    luck, _, _, _ = uniforms(i, generation, number, CONTRACT, seed, replication)
    return bool(luck < customers.renewal[i])


def scare_left(i: int, f: int, now: float, relations: Relations, firms: Firms, rules: Rules) -> float:
    """Submodel 13: bad evidence from breaches of firm ``f`` that still frightens customer ``i``."""
    return fading(relations.scare[i, f], now - firms.breached_at[f], rules.breach_half_life)


def face(
    i: int,
    f: int,
    excess: float,
    vigilance: float,
    luck: float,
    relations: Relations,
    firms: Firms,
    rules: Rules,
    counts: NDArray[np.int64],
) -> float:
    """Submodel 8: an intrusion of ``excess`` is noticed, which costs trust, or adds to privacy debt.

    Gives the intrusion that is felt.
    """
    counts[f, INTRUSIONS] += 1
    if luck < notice_probability(vigilance, firms.attention[f], firms.transparency[f]):
        counts[f, NOTICED] += 1
        relations.bad[i, f] += rules.intrusion_weight * excess * (1.0 - 0.5 * firms.transparency[f])
        relations.complaints[i, f] += excess
        return excess
    relations.debt[i, f] += excess
    return 0.0


def buy(
    i: int,
    f: int,
    now: float,
    basket: float,
    known: float,
    used: float,
    relations: Relations,
    firms: Firms,
    rules: Rules,
    counts: NDArray[np.int64],
) -> int:
    """Submodel 9: a purchase brings the firm money and data, and the customer habit and trust; gives cents paid."""
    price_paid = cents(basket * firms.price[f])
    taken = cents(basket * (1.0 - firms.value_share[f]) * rules.surplus * known)
    counts[f, SALES] += price_paid
    counts[f, GOODS] += cents(basket * (1.0 - firms.gross_margin[f]))
    counts[f, TAKEN] += taken
    if relations.last_purchase[i, f] < math.floor(now):
        counts[f, BUYERS] += 1
    relations.last_purchase[i, f] = now
    relations.spent[i, f] += price_paid + taken
    relations.data[i, f] += rules.learning_bought * used
    relations.habit[i, f] += 1.0
    relations.good[i, f] += rules.trust_gain * firms.service[f] * (1.0 + firms.value_share[f] * known)
    return price_paid + taken


def ask(
    i: int,
    f: int,
    now: float,
    threshold: float,
    answer_luck: float,
    ask_luck: float,
    relations: Relations,
    firms: Firms,
    rules: Rules,
    counts: NDArray[np.int64],
) -> None:
    """Submodel 10, at a purchase: a firm that uses data asks whom it has not asked, and some refusers again."""
    consent = firms.consent[f]
    permission = relations.permission[i, f]
    again = permission == WITHHELD and consent >= FRAME_BANNER and ask_luck < rules.ask_again
    if firms.depth[f] == 0.0 or consent == FRAME_NONE or not (permission == UNASKED or again):
        return
    scare = scare_left(i, f, now, relations, firms, rules)
    trust = trust_from(relations.good[i, f], relations.bad[i, f] + scare)
    counts[f, ASKED] += 1
    benefit = benefit_offered(firms.value_share[f], firms.memory[f], rules)
    if answer_luck < grant_probability(consent, threshold, trust, benefit, rules):
        relations.permission[i, f] = GRANTED
        counts[f, GRANTS] += 1
    else:
        relations.permission[i, f] = WITHHELD
        relations.data[i, f] = 0.0


def think_again(
    i: int,
    f: int,
    month: int,
    trust: float,
    generation: int,
    relations: Relations,
    rules: Rules,
    seed: int,
    replication: int,
) -> None:
    """Submodel 10, at a month's end: a customer who distrusts a firm may withdraw permission, or leave for good."""
    permission = relations.permission[i, f]
    if permission == LEFT:
        return
    leaves = second_thoughts(rules.leave_below, rules.leave_rate, trust)
    withdraws = 0.0 if permission == WITHHELD else second_thoughts(rules.withdraw_below, rules.withdraw_rate, trust)
    if withdraws == 0.0 and leaves == 0.0:
        return
    withdraw_luck, leave_luck, _, _ = uniforms(i, generation, month, MONTH + f, seed, replication)
    if leave_luck < leaves:
        relations.permission[i, f] = LEFT
        relations.data[i, f] = 0.0
    elif withdraw_luck < withdraws:
        relations.permission[i, f] = WITHHELD
        relations.data[i, f] = 0.0
