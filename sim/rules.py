"""How a customer decides: the rules, each a pure scalar function.

Plain Python that Numba also compiles; both give the same bits. The numbers in the docstrings are those of the
submodels in ``docs/odd.md``. Names of parameters are the fields of :class:`sim.rulebook.Rules`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.draws import BASKET, uniforms

if TYPE_CHECKING:
    from sim.rulebook import Rules
    from sim.world import Baskets

# Permission of a customer towards a firm.
UNASKED, GRANTED, WITHHELD, LEFT = 0, 1, 2, 3
# Consent frames, in the order of sim.strategy.FRAMES.
FRAME_NONE, FRAME_OPT_OUT, FRAME_BANNER, FRAME_PROMPT, FRAME_UNTICKED = 0, 1, 2, 3, 4
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
    # & and | compile to no branch, which nobody could foresee
    return (permission == GRANTED) | ((permission == UNASKED) & (consent <= FRAME_OPT_OUT))


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
    last: float,
    rules: Rules,
) -> float:
    """Submodels 6 and 7: utility of an offer; ``felt`` is the intrusion noticed in it (0 if none was).

    ``last`` is 1 for the firm that the customer bought from last, else 0: state dependence, by which a purchase in
    itself makes the next one there likelier (Guadagni & Little 1983; Seetharaman, Ainslie & Chintagunta 1999).

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
        + rules.inertia * last
    )


def gumbel(luck: float) -> float:
    """Standard Gumbel variate from a uniform: the largest of utilities plus these is a multinomial logit choice."""
    return -math.log(-math.log(luck))


def benefit_offered(value_share: float, memory: float, rules: Rules) -> float:
    """Submodel 10: what a firm has to offer for the data, at its best, as a share of the basket."""
    return value_share * rules.surplus + memory * rules.effort_saved


def grant_probability(consent: int, threshold: float, trust: float, benefit: float, rules: Rules) -> float:
    """Submodel 10: probability that somebody who is asked grants permission, by consent frame.

    ``benefit`` is that of :func:`benefit_offered`; that people give data for a small reward: Athey, Catalini & Tucker
    2017.
    """
    if consent == FRAME_OPT_OUT:
        odds = rules.grant_opt_out
    elif consent == FRAME_BANNER:
        odds = rules.grant_banner
    elif consent == FRAME_PROMPT:
        odds = rules.grant_prompt
    else:
        odds = rules.grant_unticked
    odds += rules.grant_trust * (trust - rules.neutral_trust) + rules.grant_threshold * (threshold - 0.5)
    odds += rules.grant_benefit * benefit
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


def next_due(now: float, rate: float) -> float:
    """Time of the next payment under a contract, on the grid of moments."""
    return (math.floor((now + 1.0 / rate) * GRID) + 0.5) / GRID


def next_moment(now: float, rate: float, luck: float) -> float:
    """Time of the next trip of a Poisson shopper, on the grid of moments."""
    return (math.floor((now - math.log(luck) / rate) * GRID) + 0.5) / GRID
