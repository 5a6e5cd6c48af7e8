"""The market gives the answers that are known in closed form, once what they leave out is switched off.

Closed forms of strategic pricing (Hotelling, Thisse & Vives, Fudenberg & Tirole, Acquisti & Varian, logit duopoly),
of diffusion (Bass), of opinion dynamics (DeGroot), of asymmetric linear trust and of threshold cascades have no
matching rule: firms here do not optimise prices, customers do not adopt once, and trust is Beta evidence.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.special import beta, hyp2f1

from sim.draws import uniform_columns
from sim.market import simulate
from sim.people import contacts
from sim.population import thresholds
from sim.rules import UNASKED, gamma_variate, trust_from
from sim.trip import PURCHASES
from tests.markets import column, fast, line, market, purchases, tallies

EVERYBODY_CONSIDERED = {"base_consideration": 100.0}
NOBODY_ELSEWHERE = {"outside_utility": -50.0}
NOTHING_LEARNED = {"trust_gain": 0.0, "habit_effect": 0.0, "surplus": 0.0, "effort_saved": 0.0}
MONTH_WEEKS = 365.25 / 12 / 7

FOUR_SD, FIVE_SD = 4.0, 5.0
"""Two-sided error probabilities of one comparison: 6.3e-5 and 5.7e-7."""


def off(count: float, n: float, chance: Any) -> float:
    """How many standard deviations a count is from its binomial mean."""
    return float(abs(count - n * chance) / math.sqrt(n * chance * (1 - chance)))


# Choice -------------------------------------------------------------------------------------------------------------


def test_shares_of_considered_firms_are_logit() -> None:
    """Utilities 1, 0.5, 0 give shares .506480, .307196, .186324. Within 4 sd; error probability 2e-4 in all."""
    scenario = market(
        {"A": {"appeal": 1.0}, "B": {"appeal": 0.5}, "C": {"appeal": 0.0}},
        customers={"count": 3000, "taste_sd": 0.0, "shopping": {"rate_mean": 2.0}},
        rules={**EVERYBODY_CONSIDERED, **NOBODY_ELSEWHERE, **NOTHING_LEARNED},
    )
    bought = purchases(simulate(scenario)).sum(axis=0)
    n = int(bought.sum())
    assert n > 30_000
    for count, chance in zip(bought, (0.506480, 0.307196, 0.186324), strict=True):
        assert off(count, n, chance) < FOUR_SD


def test_the_outside_option_is_one_more_alternative_of_the_logit() -> None:
    """One firm of utility 2 - p at p = 1.598942 keeps .374586 of a duopoly; error probability 1e-4 in all."""
    u = 2.0 - 1.598942
    scenario = market(
        {"A": {"appeal": u}, "B": {"appeal": u}},
        customers={"count": 3000, "taste_sd": 0.0, "shopping": {"rate_mean": 2.0}},
        rules={**EVERYBODY_CONSIDERED, **NOTHING_LEARNED, "outside_utility": 0.0},
    )
    run, tally = tallies(scenario)
    n = int(tally[..., PURCHASES].sum())
    for count in purchases(run).sum(axis=0):
        assert off(count, n, 0.374586) < FOUR_SD


@pytest.mark.parametrize("inertia", [1.5, -0.5])
def test_with_inertia_choices_are_a_markov_chain(inertia: float) -> None:
    """From the logit's transitions between firms follow the repeat rate and, from their fixed point, the shares.

    Every customer's purchases are a sample of the same chain, so that transitions are independent given the state
    before: each from each firm within 4 sd, error probability 6e-4. Shares, whose errors hang together along a chain,
    within 0.01, over 5 sd.
    """
    appeals = np.array([0.8, 0.2, 0.0])
    scenario = market(
        {name: {"appeal": appeal} for name, appeal in zip("ABC", appeals.tolist(), strict=True)},
        horizon_months=24,
        customers={"count": 1500, "taste_sd": 0.0, "shopping": {"rate_mean": 2.0, "rate_shape": 50.0}},
        rules={**EVERYBODY_CONSIDERED, **NOBODY_ELSEWHERE, **NOTHING_LEARNED, "inertia": inertia},
    )
    first, later = np.zeros(3), np.zeros((3, 3))

    def watch(market: Any) -> Any:
        """Note who bought where in each short time, if it was a single purchase."""
        customers, before = market.world.customers, market.world.customers.last_firm.copy()
        trips = customers.trips.copy()
        while True:
            yield market.env.timeout(1 / 32)
            once = customers.trips == trips + 1
            new = once & (before < 0)
            np.add.at(first, customers.last_firm[new], 1)
            again = once & (before >= 0)
            np.add.at(later, (before[again], customers.last_firm[again]), 1)
            before, trips = customers.last_firm.copy(), customers.trips.copy()

    run = simulate(scenario, processes=[watch])
    free = np.exp(appeals) / np.exp(appeals).sum()
    chain = np.exp(appeals + inertia * np.eye(3))
    chain /= chain.sum(axis=1, keepdims=True)
    for k in range(3):
        assert off(first[k], first.sum(), free[k]) < FOUR_SD, "nobody has bought before"
        for j in range(3):
            assert off(later[k, j], later[k].sum(), chain[k, j]) < FOUR_SD
    values, vectors = np.linalg.eig(chain.T)
    stationary = np.real(vectors[:, np.argmax(np.real(values))])
    stationary /= stationary.sum()
    bought = purchases(run)[6:].sum(axis=0)
    assert bought / bought.sum() == pytest.approx(stationary, abs=0.01)
    repeats = np.trace(later) / later.sum()
    assert repeats == pytest.approx(stationary @ np.diag(chain), abs=0.01)


def test_buying_elsewhere_does_not_make_a_customer_forget_the_last_firm() -> None:
    """With one firm, inertia starts with the first purchase there and stays; within 4 sd, error probability 2e-4.

    Utilities 0 and 0 before, 2 and 0 from then on: .5 and .880797 of the trips, elsewhere or not.
    """
    scenario = market(
        {"Only": {}},
        horizon_months=12,
        customers={"count": 1500, "taste_sd": 0.0, "shopping": {"rate_mean": 1.0, "rate_shape": 50.0}},
        rules={**EVERYBODY_CONSIDERED, **NOTHING_LEARNED, "inertia": 2.0},
    )
    counts = np.zeros((2, 2, 2))  # bought here before, last trip elsewhere, buys here

    def watch(market: Any) -> Any:
        customers, relations = market.world.customers, market.world.relations
        trips, at, away = customers.trips.copy(), relations.last_purchase[:, 0].copy(), np.zeros(1500, dtype=int)
        while True:
            yield market.env.timeout(1 / 64)
            once = customers.trips == trips + 1
            here = relations.last_purchase[:, 0] > at
            np.add.at(counts, ((at[once] > 0).astype(int), away[once], here[once].astype(int)), 1)
            moved = customers.trips > trips
            away[moved] = ~here[moved]
            trips, at = customers.trips.copy(), relations.last_purchase[:, 0].copy()

    run = simulate(scenario, processes=[watch])
    assert (run.world.customers.last_firm == np.where(run.world.relations.last_purchase[:, 0] > 0, 0, -1)).all()
    for before, chance in ((0, 0.5), (1, 0.880797)):
        for away in (0, 1):
            n = counts[before, away].sum()
            if n:
                assert off(counts[before, away, 1], n, chance) < FOUR_SD
    assert (counts[1].sum(axis=1) > 500).all()


def test_a_mix_of_thresholds_mixes_logits() -> None:
    """A personaliser worth 0.8 less the penalty of its intrusion (2, 0.6, 0), beside a plain firm worth 0.

    Thresholds 0, 0.7 and 1 under a depth of 1 and a reactance of 2 make the penalties. Shares .231475, .549834,
    .689974; together .481075. Within 5 sd; error probability 3e-6 in all.
    """
    shares, expected = (0.26, 0.64, 0.10), (0.231475, 0.549834, 0.689974)
    limits: tuple[dict[str, float], ...] = (
        {"at_zero": 1.0, "at_one": 0.0},
        {"at_zero": 0.0, "at_one": 0.0, "a": 700.0, "b": 300.0},
        {"at_zero": 0.0, "at_one": 1.0},
    )
    segments = {
        f"Segment {k}": {"share": part, "threshold": limit, "vigilance": {"mean": 1.0}}
        for k, (part, limit) in enumerate(zip(shares, limits, strict=True))
    }
    levers = {"depth": 1.0, "respect": 0.0, "consent": "none", "value_share": 1.0, "control": 0.0, "transparency": 0.0}
    scenario = market(
        {"Personaliser": {"strategy": levers, "appeal": 0.8}, "Plain": {}},
        horizon_months=8,
        customers={"count": 4000, "taste_sd": 0.0, "segments": segments, "shopping": {"rate_shape": 1e6}},
        rules={
            **EVERYBODY_CONSIDERED, **NOBODY_ELSEWHERE, **NOTHING_LEARNED, "reactance": 2.0, "intrusion_weight": 0.0,
            "word_of_mouth": 0.0,
        },
    )  # fmt: skip
    _, tally = tallies(scenario)
    bought = tally[..., PURCHASES].sum(axis=0)[::2, :2]  # by segment and firm; nobody is a newcomer
    n = bought.sum(axis=1)
    for k in range(3):
        assert off(bought[k, 0], n[k], expected[k]) < FIVE_SD
    found = bought[:, 0] / n
    error = math.sqrt(sum(w**2 * p * (1 - p) / m for w, p, m in zip(shares, expected, n, strict=True)))
    assert abs(np.dot(shares, found) - 0.481075) < FIVE_SD * error


# Buying -------------------------------------------------------------------------------------------------------------


def two_years(mean: float, shape: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Trips of every customer in the first and in the second year."""
    scenario = market(
        {"Only": {}},
        horizon_months=25,
        customers={"count": count, "neighbours": 0, "shopping": {"rate_mean": mean / 12, "rate_shape": shape}},
    )
    counts: list[np.ndarray] = []

    def census(one: Any) -> Any:
        for _ in range(2):
            yield one.env.timeout(12)
            yield one.env.timeout(0)
            counts.append(one.world.customers.trips.copy())

    simulate(scenario, processes=[census])
    return counts[0], counts[1] - counts[0]


def test_purchase_counts_are_negative_binomial() -> None:
    """Mean 1.5, shape 0.6: the law of a year, and what one year tells of the next. Error probability 1e-5 in all."""
    first, second = two_years(1.5, 0.6)
    n = len(first)
    pmf = [0.471584, 0.202107, 0.115490, 0.071494]
    cells = [*np.bincount(first, minlength=4)[:4], (first > 3).sum()]
    assert stats.chisquare(cells, n * np.array([*pmf, 1 - sum(pmf)])).pvalue > 1e-6
    assert stats.nbinom.pmf(range(4), 0.6, 0.6 / 2.1) == pytest.approx(pmf, abs=1e-6)
    assert off((first > 0).sum(), n, 0.528416) < FIVE_SD
    assert off((first + second > 0).sum(), n, 0.658721) < FIVE_SD
    for x, expected in enumerate((0.428571, 1.142857, 1.857143, 2.571429)):
        later = second[first == x]
        assert abs(later.mean() - expected) < FIVE_SD * later.std() / math.sqrt(len(later))
    new = second[first == 0].sum() / second.sum()
    assert new == pytest.approx(0.134735, abs=0.012), "volume from last year's non-buyers; about five sd"


def test_the_category_of_the_dirichlet_example_is_bought_as_it_should() -> None:
    """Mean 3, shape 0.8: penetration .712495, 4.210555 purchases per buyer; within 5 sd.

    Which brand is bought follows a logit here, so the shares of a Dirichlet are drawn beside it: the category's
    trips, split at random by Dirichlet(1.2 times the shares), must give the published penetrations and frequencies.
    """
    first, _ = two_years(3.0, 0.8)
    n = len(first)
    assert off((first > 0).sum(), n, 0.712495) < FIVE_SD
    buyers = first[first > 0]
    assert abs(buyers.mean() - 4.210555) < FIVE_SD * buyers.std() / math.sqrt(len(buyers))

    variate = fast(gamma_variate)
    alphas = 1.2 * np.array([0.4, 0.3, 0.2, 0.1])
    weights = np.array([[variate(i, 9, k, alpha, 1, 2) for k, alpha in enumerate(alphas)] for i in range(n)])
    edges = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    bought = np.zeros((n, 4))
    for number in range(first.max()):
        luck = uniform_columns(np.arange(n), 9, number, 6000, 1, 2)[0]
        brand = (luck[:, None] > edges[:, :3]).sum(axis=1)
        bought[np.flatnonzero(first > number), brand[first > number]] += 1
    penetrations = (0.417066, 0.335950, 0.241125, 0.130119)
    for j, (share, frequency) in enumerate(zip(penetrations, (2.877245, 2.678972, 2.488340, 2.305587), strict=True)):
        own = bought[bought[:, j] > 0, j]
        assert off(len(own), n, share) < FIVE_SD
        assert abs(own.mean() - frequency) < FIVE_SD * own.std() / math.sqrt(len(own))


def test_small_brands_suffer_double_jeopardy() -> None:
    """The smaller brand has far fewer buyers, who buy it somewhat less often.

    The spread is about that of the ketchup panel (Jain, Vilcassim & Chintagunta 1994): with a tenth of the share a
    brand has a sixth of the buyers, who buy it six tenths as often.
    """
    scenario = market(
        {f"Brand {k}": {"appeal": appeal} for k, appeal in enumerate((2.4, 1.2, 0.0, -1.6))},
        horizon_months=12,
        customers={"count": 6000, "taste_sd": 2.0, "shopping": {"rate_mean": 0.25, "rate_shape": 0.8}},
        rules={**EVERYBODY_CONSIDERED, **NOBODY_ELSEWHERE, **NOTHING_LEARNED},
    )
    run = simulate(scenario)
    bought = purchases(run).sum(axis=0)
    buyers = (run.world.relations.spent > 0).sum(axis=0)
    frequency = bought / buyers
    assert (np.diff(bought) < 0).all()
    assert (np.diff(buyers) < 0).all(), "penetration falls with the share"
    assert (np.diff(frequency) < 0).all(), "and so does the frequency"
    assert buyers[0] / buyers[-1] > 2.5 * frequency[0] / frequency[-1], "but much less"


def test_buying_with_lapse_is_bg_nbd() -> None:
    """CDNOW's parameters: .534440, 1.196723 and 1.446051 purchases by weeks 13, 39 and 52; within 5 sd."""
    r, alpha, a, b = 0.243, 4.414, 0.793, 2.426
    scenario = market(
        {"Only": {}},
        horizon_months=13,
        customers={
            "count": 20_000,
            "neighbours": 0,
            "shopping": {"rate_mean": r / alpha * MONTH_WEEKS, "rate_shape": r},
            "lapse": {"a": a, "b": b},
        },
    )
    weeks, found = (13, 39, 52), []

    def census(one: Any) -> Any:
        for week in weeks:
            yield one.env.timeout(week / MONTH_WEEKS - one.env.now)
            found.append(one.world.customers.trips.copy())

    simulate(scenario, processes=[census])
    for week, trips, known in zip(weeks, found, (0.534440, 1.196723, 1.446051), strict=True):
        closed = (a + b - 1) / (a - 1)
        closed *= 1 - (alpha / (alpha + week)) ** r * hyp2f1(r, b, a + b - 1, week / (alpha + week))
        assert closed == pytest.approx(known, rel=2e-3)
        assert abs(trips.mean() - closed) < FIVE_SD * trips.std() / math.sqrt(len(trips))


@pytest.mark.parametrize(
    ("a", "b", "survival"),
    [(0.668, 3.806, (0.851, 0.747, 0.670, 0.610, 0.562)), (0.704, 1.182, (0.627, 0.474, None, None, None))],
)
def test_retention_rises_by_sorting_alone(a: float, b: float, survival: tuple[float | None, ...]) -> None:
    """Who lapses after a trip with a chance of their own gives the shifted beta-geometric law; within 5 sd.

    Nobody's loyalty changes: trust stays where it was, and yet each cohort's retention rate rises.
    """
    scenario = market(
        {"Only": {}},
        horizon_months=8,
        customers={
            "count": 10_000, "neighbours": 0, "shopping": {"rate_mean": 8.0, "rate_shape": 1e6},
            "lapse": {"a": a, "b": b},
        },
        rules={**NOTHING_LEARNED},
    )  # fmt: skip
    run = simulate(scenario)
    customers = run.world.customers
    n = len(customers.trips)
    gone = np.isinf(customers.next_trip)
    assert (customers.trips[~gone] > 10).all()
    steps = range(1, 11)
    alive = np.array([n] + [n - (gone & (customers.trips <= t)).sum() for t in steps])
    for t in steps:
        closed = beta(a, b + t) / beta(a, b)
        assert off(alive[t], n, closed) < FIVE_SD
        if t <= 5 and (published := survival[t - 1]) is not None:
            assert closed == pytest.approx(published, abs=6e-4)
    retention = alive[1:] / alive[:-1]
    assert retention[0] == pytest.approx(b / (a + b), abs=0.03)
    assert retention[0] < retention[4] < retention[9]
    assert np.allclose(column(run, "reputation"), scenario.rules.neutral_trust), "no trust has grown"


def test_the_first_generation_dies_out_geometrically() -> None:
    """Of N places, N (1 - turnover)^t are with their first customers after t month's ends; within 5 sd.

    With a survival of 0.8 a stay lasts 5 months on average. Places are refilled, so the closed form
    N r^t + A (1 - r^t) / (1 - r) with A = N (1 - r) arrivals stays at N.
    """
    n, kept = 8000, 0.8
    scenario = market(
        {"Only": {}}, horizon_months=12, customers={"count": n, "turnover": 1 - kept, "shopping": {"rate_mean": 0.01}}
    )
    firsts: list[int] = []
    stays: list[np.ndarray] = []

    def census(one: Any) -> Any:
        stays.append(one.world.customers.departs.copy())
        while True:
            yield one.env.timeout(1)
            yield one.env.timeout(0)
            firsts.append(int((one.world.customers.generation == 0).sum()))

    simulate(scenario, processes=[census])
    for t in (1, 2, 5, 10):
        assert off(firsts[t - 1], n, kept**t) < FIVE_SD
    stay = stays[0]
    assert (stay == np.floor(stay)).all()
    assert abs(stay.mean() - 5.0) < FIVE_SD * math.sqrt(20.0 / n), "a geometric life has mean 5 and variance 20"


def test_mean_baskets_follow_the_inverse_gamma_of_cdnow() -> None:
    """Mean 35.17, shapes 6.25 and 3.74: KS against the law and the mean within 5 sd; error probability 2e-6."""
    spec = {"kind": "gamma-gamma", "mean": 35.17, "shape_within": 6.25, "shape_between": 3.74}
    run = simulate(market({"Only": {}}, horizon_months=1, customers={"count": 20_000, "basket": spec}))
    means = run.world.customers.basket
    assert stats.kstest(means, stats.invgamma(3.74, scale=35.17 * 2.74).cdf).pvalue > 1e-6
    assert abs(means.mean() - 35.17) < FIVE_SD * means.std() / math.sqrt(len(means))


# Thresholds and trust -----------------------------------------------------------------------------------------------


def test_thresholds_are_those_of_the_survey() -> None:
    """18.6 % accept nothing, 5.5 % anything, Beta(1.26, 1.71) between; error probability 2e-6."""
    scenario = market({"Only": {}})
    luck = uniform_columns(np.arange(20_000), 0, 0, 1, 2, 3)[0]
    spec = scenario.customers.threshold.model_copy(update={"at_zero": 0.186, "at_one": 0.055, "a": 1.26, "b": 1.71})
    found = thresholds(spec, luck)
    assert off((found == 0).sum(), len(found), 0.186) < FIVE_SD
    assert off((found == 1).sum(), len(found), 0.055) < FIVE_SD
    assert stats.kstest(found[(found > 0) & (found < 1)], stats.beta(1.26, 1.71).cdf).pvalue > 1e-6
    assert (np.diff(thresholds(spec, np.sort(luck))) >= 0).all(), "the rank is the luck"


def test_who_accepts_a_depth_follows_the_distribution_of_concern() -> None:
    """Concern Beta(.853, .504): at tolerances .1, .25, .5, .75, .9 these accept .0768 to .7149; within 5 sd."""
    luck = uniform_columns(np.arange(20_000), 0, 0, 1, 4, 5)[0]
    spec = market({"Only": {}}).customers.threshold.model_copy(
        update={"at_zero": 0.0, "at_one": 0.0, "a": 0.504, "b": 0.853}
    )
    concern = 1.0 - thresholds(spec, luck)
    for tolerated, accepted in {0.1: 0.0768, 0.25: 0.1747, 0.5: 0.3421, 0.75: 0.5437, 0.9: 0.7149}.items():
        assert off((concern <= tolerated).sum(), len(luck), accepted) < FIVE_SD


def test_trust_is_the_mean_of_beta_evidence() -> None:
    """From Beta(1, 1), after 8 good and 2 bad experiences: .75; and purchase by purchase in the market."""
    assert trust_from(1.0 + 8.0, 1.0 + 2.0) == 0.75
    scenario = market(
        {"Only": {"economics": {"staff_count": 0}}},
        rules={
            **EVERYBODY_CONSIDERED, **NOBODY_ELSEWHERE, "trust_gain": 1.0, "neutral_trust": 0.5, "prior_strength": 2.0,
            "evidence_half_life": 1e6,
        },
    )  # fmt: skip
    world = simulate(scenario).world
    trips = world.customers.trips
    assert trips.max() > 5
    trust = world.relations.good[:, 0] / (world.relations.good[:, 0] + world.relations.bad[:, 0])
    assert trust == pytest.approx((1.0 + trips) / (2.0 + trips), rel=1e-4)


def test_forgetting_keeps_the_evidence_finite() -> None:
    """A forgetting factor of .9 a month with .8 good and .2 bad: evidence tends to 8 and 2, trust to .75, not .8."""
    scenario = market(
        {"Only": {}},
        horizon_months=200,
        customers={"count": 10, "shopping": {"rate_mean": 1e-6}},
        rules={
            "neutral_trust": 0.5, "prior_strength": 2.0, "evidence_half_life": math.log(0.5) / math.log(0.9),
            "word_of_mouth": 0.0,
        },
    )  # fmt: skip
    seen: list[tuple[float, float]] = []

    def experience(one: Any) -> Any:
        yield one.env.timeout(0.5)
        while True:
            one.world.relations.good[:] += 0.8
            one.world.relations.bad[:] += 0.2
            seen.append((float(one.world.relations.good[0, 0]), float(one.world.relations.bad[0, 0])))
            yield one.env.timeout(1)

    simulate(scenario, processes=[experience])
    assert seen[0] == pytest.approx((1.8, 1.2))
    assert seen[1] == pytest.approx((1 + 0.8 * 1.9, 1 + 0.2 * 1.9))
    assert seen[-1] == pytest.approx((9.0, 3.0), rel=1e-6)
    assert trust_from(*seen[-1]) == pytest.approx(0.75)


# Talk ---------------------------------------------------------------------------------------------------------------


def giant(neighbours: int, passes: float, n: int = 40_000) -> float:
    """Share of customers in the largest group of those who can hear of each other, if talk passes with a chance."""
    ties = contacts(market({"Only": {}}, customers={"count": n, "neighbours": neighbours}), 3, 4)
    ends = np.repeat(np.arange(n), np.diff(ties.start))
    forward = ends < ties.people
    one, other = ends[forward], ties.people[forward]
    kept = uniform_columns(np.arange(len(one)), 0, 0, 6001, 1, 1)[0] < passes
    graph = csr_matrix((np.ones(int(kept.sum())), (one[kept], other[kept])), shape=(n, n))
    return float(np.bincount(connected_components(graph, directed=False)[1]).max() / n)


def test_contacts_are_mutual_and_as_many_as_said() -> None:
    """Mean degree exactly as said but for people tied to themselves; degrees Poisson; error probability 1e-6."""
    n = 20_000
    ties = contacts(market({"Only": {}}, customers={"count": n, "neighbours": 6}), 1, 2)
    degree = np.diff(ties.start)
    assert 5.99 < degree.mean() <= 6.0
    ends = np.repeat(np.arange(n), degree)
    assert sorted(zip(ends.tolist(), ties.people.tolist(), strict=True)) == sorted(
        zip(ties.people.tolist(), ends.tolist(), strict=True)
    )
    assert not (ends == ties.people).any()
    cells = np.bincount(np.minimum(degree, 14), minlength=15)
    expected = stats.poisson.pmf(np.arange(15), 6.0)
    expected[14] = stats.poisson.sf(13, 6.0)
    assert stats.chisquare(cells, expected * n).pvalue > 1e-6


@pytest.mark.parametrize(
    ("neighbours", "passes", "share"), [(2, 0.75, 0.582812), (2, 1.0, 0.796812), (3, 1.0, 0.940480)]
)
def test_contacts_carry_a_rumour_as_far_as_the_final_size_equation_says(
    neighbours: int, passes: float, share: float
) -> None:
    """Share z of the giant component solves z = 1 - exp(-R z), R = neighbours times chance; within 0.015 (5 sd)."""
    assert share == pytest.approx(1 - math.exp(-neighbours * passes * share), abs=1e-5)
    assert giant(neighbours, passes) == pytest.approx(share, abs=0.015)


def test_one_step_of_talk_spreads_each_complaint_to_the_mean_number_of_neighbours() -> None:
    """A complaint of everybody's adds word_of_mouth times own degree to each, on average 6 times as much."""
    scenario = market(
        {"Only": {}},
        customers={"count": 2000, "neighbours": 6, "shopping": {"rate_mean": 1e-6}},
        rules={"word_of_mouth": 0.1, "evidence_half_life": 1e6, "withdraw_rate": 0.0, "leave_rate": 0.0},
    )
    gained: list[np.ndarray] = []

    def complain(one: Any) -> Any:
        yield one.env.timeout(0.5)
        before = one.world.relations.bad[:, 0].copy()
        one.world.relations.complaints[:, 0] = 1.0
        yield one.env.timeout(1)
        gained.append(one.world.relations.bad[:, 0] - before)
        gained.append(0.1 * np.diff(one.contacts.start))

    world = simulate(scenario, processes=[complain]).world
    assert gained[0] == pytest.approx(gained[1], abs=1e-4)
    assert gained[0].mean() == pytest.approx(0.6, abs=0.01)
    assert (world.relations.permission == UNASKED).all()


# Trips --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vigilance", [0.0, 1.0])
@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_every_trip_leaves_behind_what_a_calculation_by_hand_says(vigilance: float, threshold: float) -> None:
    """Within a month, where nothing but trips happens: evidence, data, debt, complaints, habit and money.

    Everybody considers the only firm and buys there; nobody, or everybody, notices; tolerance is 0 or 1.
    """
    levers = {
        "depth": 0.9, "respect": 0.25, "consent": "none", "value_share": 0.4, "memory": 0.5, "transparency": 0.0,
        "control": 0.0, "mixing": 0.5, "misuse": 0.0, "legacy_data": 2.0, "price": 1.1,
    }  # fmt: skip
    if vigilance == 1.0:
        levers["transparency"] = 0.6
    scenario = market(
        {"Only": {"strategy": levers, "economics": {"gross_margin": 0.3}}},
        horizon_months=1,
        customers={
            "count": 200,
            "shopping": {"rate_mean": 4.0},
            "threshold": {"at_zero": 1.0 - threshold, "at_one": threshold},
            "vigilance": {"mean": vigilance},
            "separation": {"mean": 0.5},
            "basket": {"sd_within": 0.0},
        },
        rules={
            **EVERYBODY_CONSIDERED, **NOBODY_ELSEWHERE, "surplus": 0.1, "trust_gain": 0.15, "intrusion_weight": 1.5,
            "taking_weight": 0.03, "learning_seen": 0.15, "learning_bought": 0.85, "knowledge_half": 6.0,
            "neutral_trust": 0.6, "prior_strength": 4.0, "tolerance_trust": 0.0,
        },
    )  # fmt: skip
    scenario = scenario.with_({"customers.separation.concentration": 1e6})
    run = simulate(scenario)
    customers, relations = run.world.customers, run.world.relations
    sales = goods = margin = intrusions = 0
    for i in range(200):
        pressure = 1.0 + 0.5 * customers.separation[i]
        allowed = threshold / pressure
        used = min(0.9, allowed) + 0.75 * max(0.0, 0.9 - allowed)
        beyond = max(0.0, used * pressure - threshold)
        if beyond < 1e-9:
            beyond = 0.0
        good, bad, data, debt, complaints, spent = 2.4, 1.6, 2.0, 0.0, 0.0, 0
        for _ in range(customers.trips[i]):
            known = data / (data + 6.0)
            intrusions += beyond > 0
            if vigilance:
                bad += 1.5 * beyond * 0.7 + 0.03 * 0.6 * known
                complaints += beyond
            else:
                debt += beyond
            data += 0.15 * used + 0.85 * used
            good += 0.15 * (1.0 + 0.4 * known)
            paid = math.floor(customers.basket[i] * 1.1 * 100 + 0.5)
            taken = math.floor(customers.basket[i] * 0.6 * 0.1 * known * 100 + 0.5)
            sales, margin, spent = sales + paid, margin + taken, spent + paid + taken
            goods += math.floor(customers.basket[i] * 0.7 * 100 + 0.5)
        found = {
            name: getattr(relations, name)[i, 0] for name in ("good", "bad", "data", "debt", "complaints", "habit")
        }
        expected = {
            "good": good, "bad": bad, "data": data, "debt": debt, "complaints": complaints,
            "habit": float(customers.trips[i]),
        }  # fmt: skip
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert relations.spent[i, 0] == spent
    assert customers.trips.sum() > 400
    assert (line(run, "sales")[0, 0], line(run, "cost_of_goods")[0, 0]) == (sales, -goods)
    assert line(run, "personalisation_margin")[0, 0] == margin > 0
    assert column(run, "intrusions")[0, 0] == intrusions
    assert column(run, "complaints")[0, 0] == (intrusions if vigilance else 0)
    assert intrusions > 0
    assert column(run, "penetration")[0, 0] == (customers.trips > 0).mean()
