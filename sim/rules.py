"""How a customer decides: the rules, each a pure scalar function, and the trip that strings them together.

Plain Python that Numba also compiles; both give the same bits. The numbers in the docstrings are those of the
submodels in ``docs/odd.md``. Names of parameters are the fields of :class:`sim.rulebook.Rules`. The arguments
``customers``, ``relations``, ``firms``, ``tally`` and ``diary`` are the tuples of arrays of :mod:`sim.world`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.draws import BASKET, FEELING, MONTH, OFFER, PURCHASE, TRIP, uniforms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.rulebook import Rules
    from sim.world import Baskets, Customers, Diary, Firms, Relations

# Permission of a customer towards a firm.
UNASKED, GRANTED, WITHHELD, LEFT = 0, 1, 2, 3
# Consent frames, in the order of sim.strategy.FRAMES.
FRAME_NONE, FRAME_OPT_OUT, FRAME_BANNER, FRAME_PROMPT, FRAME_UNTICKED = 0, 1, 2, 3, 4
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

GRID = 1048576.0
"""Trips happen on odd multiples of 2**-21 month (about 1.3 seconds): times add up exactly, so that both engines see
the same moments, and never coincide with a month's end."""

LOG_2 = math.log(2.0)
ROUNDING = 1e-12


def trust_from(good: float, bad: float) -> float:
    """Trust T from good and bad evidence: the mean of a Beta distribution (Jøsang & Ismail 2002)."""
    return good / (good + bad)


def fading(amount: float, elapsed: float, half_life: float) -> float:
    """What is left of an amount after some months, given its half-life in months."""
    if amount == 0.0:
        return 0.0
    return amount * math.exp(-LOG_2 * elapsed / half_life)


def tolerance(threshold: float, trust: float, control: float, rules: Rules) -> float:
    """Submodel 1: the depth of data use that this customer takes from this firm, in [0, 1]."""
    wide = threshold * (1.0 + rules.tolerance_trust * (trust - rules.neutral_trust) + rules.tolerance_control * control)
    return min(1.0, max(0.0, wide))


def may_use(permission: int, consent: int) -> bool:
    """Whether the firm uses data: with permission, or unasked under a frame that does not wait for an answer."""
    return permission == GRANTED or (permission == UNASKED and consent <= FRAME_OPT_OUT)


def depth_used(depth: float, respect: float, allowed: float) -> float:
    """Submodel 2: depth used on a customer who takes ``allowed``; the firm oversteps as far as it lacks respect."""
    return min(depth, allowed) + (1.0 - respect) * max(0.0, depth - allowed)


def intrusion(used: float, pressure: float, tolerated: float) -> float:
    """Submodel 2: how far the use, under ``pressure`` from mixed spheres of life, goes beyond what is tolerated."""
    excess = used * pressure - tolerated
    return excess if excess > ROUNDING else 0.0


def knowledge(data: float, participation: float, rules: Rules) -> float:
    """Submodel 3: how well tastes are known, in [0, 1); ``participation`` is the firm's factor for critical mass."""
    return data / (data + rules.knowledge_half) * participation


def relevance(known: float, rules: Rules) -> float:
    """Submodel 4: how well an offer suits; with nothing known, as well as the best single offer."""
    return rules.base_relevance + (1.0 - rules.base_relevance) * known


def consideration(contact_rate: float, suits: float, habit: float, rules: Rules) -> float:
    """Submodel 5: probability that a firm is considered on a trip."""
    prompts = rules.base_consideration + rules.message_effect * contact_rate * suits + rules.habit_effect * habit
    return 1.0 - math.exp(-prompts)


def notice_probability(vigilance: float, attention: float, transparency: float) -> float:
    """Submodel 8: probability that an intrusion is noticed."""
    return vigilance + (1.0 - vigilance) * max(attention, transparency)


def utility(
    taste: float,
    value_share: float,
    memory: float,
    price: float,
    control: float,
    known: float,
    trust: float,
    felt: float,
    rules: Rules,
) -> float:
    """Submodels 6 and 7: utility of an offer; ``felt`` is the intrusion noticed in it (0 if none was).

    What is felt puts off at once (reactance: White et al. 2008), the less so the more the customer is in control
    (Tucker 2014) and the more the firm is trusted (Bleier & Eisenbeiss 2015).
    """
    put_off = rules.reactance * felt * (1.0 - control) * (1.0 - trust) / (1.0 - rules.neutral_trust)
    gain = value_share * rules.surplus * known + rules.effort_saved * memory * known
    return (
        taste
        + rules.price_sensitivity * (gain - (price - 1.0))
        + rules.trust_weight * (trust - rules.neutral_trust)
        - put_off
    )


def gumbel(luck: float) -> float:
    """Standard Gumbel variate from a uniform: the largest of utilities plus these is a multinomial logit choice."""
    return -math.log(-math.log(luck))


def grant_probability(consent: int, threshold: float, trust: float, rules: Rules) -> float:
    """Submodel 10: probability that somebody who is asked grants permission, by consent frame."""
    if consent == FRAME_OPT_OUT:
        odds = rules.grant_opt_out
    elif consent == FRAME_BANNER:
        odds = rules.grant_banner
    elif consent == FRAME_PROMPT:
        odds = rules.grant_prompt
    else:
        odds = rules.grant_unticked
    odds += rules.grant_trust * (trust - rules.neutral_trust) + rules.grant_threshold * (threshold - 0.5)
    return 1.0 / (1.0 + math.exp(-odds))


def second_thoughts(below: float, rate: float, trust: float) -> float:
    """Submodel 10: monthly probability of withdrawing or leaving, once trust is below a level (a hazard: inertia)."""
    if trust >= below:
        return 0.0
    return 1.0 - math.exp(-rate * (below - trust) / below)


def normal(first: float, second: float) -> float:
    """Standard normal variate from two uniforms (Box & Muller 1958)."""
    return math.sqrt(-2.0 * math.log(first)) * math.cos(2.0 * math.pi * second)


def gamma_variate(i: int, generation: int, number: int, shape: float, seed: int, replication: int) -> float:
    """Gamma variate of mean ``shape`` by rejection (Marsaglia & Tsang 2000), addressed by trip and attempt."""
    base = shape if shape >= 1.0 else shape + 1.0
    d = base - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    attempt = 0
    while True:
        u1, u2, u3, u4 = uniforms(i, generation, number, BASKET + attempt, seed, replication)
        x = normal(u1, u2)
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if math.log(u3) < 0.5 * x * x + d - d * v + d * math.log(v):
                scale = 1.0 if shape >= 1.0 else math.exp(math.log(u4) / shape)
                return d * v * scale
        attempt += 1


def basket_size(
    i: int,
    generation: int,
    number: int,
    mean: float,
    first: float,
    second: float,
    baskets: Baskets,
    seed: int,
    replication: int,
) -> float:
    """Money in the basket at par prices: lognormal or gamma scatter around the customer's mean."""
    if baskets.shape_within > 0.0:
        return (
            mean * gamma_variate(i, generation, number, baskets.shape_within, seed, replication) / baskets.shape_within
        )
    sd = baskets.sd_within
    return mean * math.exp(sd * normal(first, second) - 0.5 * sd * sd)


def cents(amount: float) -> int:
    """Whole cents of an amount of money, halves rounded up."""
    return math.floor(amount * 100.0 + 0.5)


def next_moment(now: float, rate: float, luck: float) -> float:
    """Time of the next trip of a Poisson shopper, on the grid of moments."""
    return (math.floor((now - math.log(luck) / rate) * GRID) + 0.5) / GRID


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
    n_firms = len(firms.depth)
    gap_luck, elsewhere_luck, lapse_luck, ask_luck = uniforms(i, generation, number, TRIP, seed, replication)

    chosen = n_firms  # buying elsewhere, unless an offer is better
    best = rules.outside_utility + gumbel(elsewhere_luck)
    chosen_known = 0.0
    chosen_depth = 0.0
    first_row = diary.used[0]

    for f in range(n_firms):
        permission = relations.permission[i, f]
        if firms.active[f] == 0 or permission == LEFT:
            continue
        wrong_luck, consider_luck, choice_luck, notice_luck = uniforms(
            i, generation, number, OFFER + f, seed, replication
        )

        scare = fading(relations.scare[i, f], now - firms.breached_at[f], rules.breach_half_life)
        trust = trust_from(relations.good[i, f], relations.bad[i, f] + scare)
        used = 0.0
        excess = 0.0
        known = 0.0
        tolerated = 0.0
        if firms.depth[f] > 0.0 and may_use(permission, firms.consent[f]):
            tolerated = tolerance(threshold, trust, firms.control[f], rules)
            pressure = 1.0 + firms.mixing[f] * customers.separation[i]
            used = depth_used(firms.depth[f], firms.respect[f], tolerated / pressure)
            excess = intrusion(used, pressure, tolerated)
            if used > 0.0 and wrong_luck >= firms.misuse[f]:
                known = knowledge(relations.data[i, f], firms.participation[f], rules)
        suits = relevance(known, rules)
        chance = consideration(firms.contact_rate[f], suits, relations.habit[i, f], rules)
        considered = consider_luck < chance

        felt = 0.0
        taking = False
        value = 0.0
        luck = 0.0
        if considered:
            if used > 0.0:
                tally[group, f, OFFERS] += 1
                relations.data[i, f] += rules.learning_seen * used
                if excess > 0.0:
                    tally[group, f, INTRUSIONS] += 1
                    if notice_luck < notice_probability(vigilance, firms.attention[f], firms.transparency[f]):
                        felt = excess
                        tally[group, f, NOTICED] += 1
                        relations.bad[i, f] += rules.intrusion_weight * excess * (1.0 - 0.5 * firms.transparency[f])
                        relations.complaints[i, f] += excess
                    else:
                        relations.debt[i, f] += excess
                if known > 0.0 and firms.value_share[f] < 1.0:
                    taking_luck, _, _, _ = uniforms(i, generation, number, FEELING + f, seed, replication)
                    if taking_luck < vigilance:
                        taking = True
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
                rules,
            )
            luck = gumbel(choice_luck)
            if value + luck > best:
                best = value + luck
                chosen = f
                chosen_known = known
                chosen_depth = used

        if i == diary.person and diary.used[0] < len(diary.rows):
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
    paid = cents(basket)
    if chosen == n_firms:
        customers.elsewhere[i] += paid
        tally[group, n_firms, SALES] += paid
    else:
        f = chosen
        price_paid = cents(basket * firms.price[f])
        taken = cents(basket * (1.0 - firms.value_share[f]) * rules.surplus * chosen_known)
        paid = price_paid + taken
        tally[group, f, SALES] += price_paid
        tally[group, f, GOODS] += cents(basket * (1.0 - firms.gross_margin[f]))
        tally[group, f, TAKEN] += taken
        if relations.last_purchase[i, f] < math.floor(now):
            tally[group, f, BUYERS] += 1
        relations.last_purchase[i, f] = now
        relations.spent[i, f] += paid
        relations.data[i, f] += rules.learning_bought * chosen_depth
        relations.habit[i, f] += 1.0
        relations.good[i, f] += rules.trust_gain * firms.service[f] * (1.0 + firms.value_share[f] * chosen_known)
        consent = firms.consent[f]
        permission = relations.permission[i, f]
        if consent != FRAME_NONE and (
            permission == UNASKED or (permission == WITHHELD and consent >= FRAME_BANNER and ask_luck < rules.ask_again)
        ):
            scare = fading(relations.scare[i, f], now - firms.breached_at[f], rules.breach_half_life)
            trust = trust_from(relations.good[i, f], relations.bad[i, f] + scare)
            grants = answer_luck < grant_probability(consent, threshold, trust, rules)
            relations.permission[i, f] = GRANTED if grants else WITHHELD
            tally[group, f, ASKED] += 1
            if grants:
                tally[group, f, GRANTS] += 1
            else:
                relations.data[i, f] = 0.0
    tally[group, chosen, PURCHASES] += 1

    for row_number in range(first_row, diary.used[0]):
        row = diary.rows[row_number]
        f = int(row[FIRM])
        if i == diary.person and f == chosen:
            row[CHOSEN] = 1.0
            row[PAID] = paid
            scare = fading(relations.scare[i, f], now - firms.breached_at[f], rules.breach_half_life)
            row[TRUST_AFTER] = trust_from(relations.good[i, f], relations.bad[i, f] + scare)

    customers.trips[i] = number
    customers.next_trip[i] = (
        math.inf if lapse_luck < customers.lapse[i] else next_moment(now, customers.rate[i], gap_luck)
    )


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
    withdraws = second_thoughts(rules.withdraw_below, rules.withdraw_rate, trust)
    leaves = second_thoughts(rules.leave_below, rules.leave_rate, trust)
    if (withdraws == 0.0 and leaves == 0.0) or relations.permission[i, f] == LEFT:
        return
    withdraw_luck, leave_luck, _, _ = uniforms(i, generation, month, MONTH + f, seed, replication)
    if leave_luck < leaves:
        relations.permission[i, f] = LEFT
        relations.data[i, f] = 0.0
    elif relations.permission[i, f] != WITHHELD and withdraw_luck < withdraws:
        relations.permission[i, f] = WITHHELD
        relations.data[i, f] = 0.0
