"""Panels of purchases: which columns are found, what is refused, and what a panel says about repeats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calibrate.brands.counts import fit_counts
from sim.calibrate.brands.panel import ChoicePanel, numbered
from sim.calibrate.brands.reader import read_panel
from sim.calibrate.brands.tastes import fit_inertia
from sim.errors import InputError
from tests.panels import drawn_panel, written

TIMELY = drawn_panel(80, taste_sd=1.0, last=1.0, seed=5)
SMALL = """hid,price.Ours,price.Theirs,feat.Ours,feat.Theirs,choice
7,1.0,2.0,0,1,Ours
3,1.5,2.0,1,0,Theirs
7,1.0,1.8,0,0,theirs
"""


def test_a_panel_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    panel = read_panel(written(tmp_path, SMALL))
    assert panel.brands == ("Ours", "Theirs")
    assert panel.household.tolist() == [0, 0, 1], "households in a row, each in the order of its purchases"
    assert panel.chosen.tolist() == [0, 1, 1]
    assert panel.price.shape == (3, 2)
    assert list(panel.promotions) == ["feature"]
    assert panel.again.tolist() == [False, True, False]
    assert panel.last[1].tolist() == [1.0, 0.0]


def test_columns_can_be_given(tmp_path: Path) -> None:
    text = "who;cost_A;cost_B;took\n1;1;2;A\n1;2;1;B\n"
    columns = {"household": "who", "choice": "took", "price": "cost_BRAND"}
    panel = read_panel(written(tmp_path, text), columns)
    assert panel.brands == ("A", "B")
    assert panel.price.tolist() == [[1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("price.Ours,price", "cost.Ours,cost", "no column matches price.BRAND or price_BRAND among those found (hous"),
        ("hid", "home", "no column for the household among those found (home, price.Ours"),
        ("7,1.0,2.0", ",1.0,2.0", "line 2: the household is missing"),
        ("1,0,Theirs", "1,0,Others", "line 3: 'Others' is no brand that has a price; those are Ours, Theirs"),
        ("3,1.5,2.0", "3,cheap,2.0", "line 3: 'cheap' in column 'price.Ours' is not a price"),
        ("3,1.5,2.0", "3,-1.5,2.0", "line 3: '-1.5' in column 'price.Ours' is not a price"),
        ("3,1.5,2.0", "3,nan,2.0", "line 3: 'nan' in column 'price.Ours' is not a price"),
        ("3,1.5,2.0", "3,0,2.0", "line 3: the price in column 'price.Ours' is 0 though the brand was not bought"),
        ("feat.Theirs", "more", "Theirs has a price and no feature"),
        ("0,1,Ours", "0,x,Ours", "line 2: 'x' in column 'feat.Theirs' is not a feature"),
        ("price.Theirs", "price.The.irs", "the brand 'The.irs' of column 'price.The.irs' cannot name a firm"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read_panel(written(tmp_path, SMALL.replace(old, new, 1)))
    assert said in str(refused.value)


def test_a_pattern_must_name_the_brand(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must name BRAND once, as in cost_BRAND"):
        read_panel(written(tmp_path, SMALL), {"price": "price"})


def test_a_brand_may_be_free_with_a_coupon(tmp_path: Path) -> None:
    panel = read_panel(written(tmp_path, SMALL.replace("7,1.0,2.0", "7,0,2.0")))
    assert (panel.price == 0).sum() == 1


def household_rows(count: int, purchases: int, brands: int = 2) -> dict[str, np.ndarray]:
    household = np.repeat(np.arange(count), purchases)
    chosen = (np.arange(len(household)) // 2) % brands
    price = 1.0 + 0.1 * ((np.arange(len(household))[:, None] + np.arange(brands)) % 3)
    return {"household": household, "chosen": chosen, "price": price}


@pytest.mark.parametrize(
    ("rows", "brands", "said"),
    [
        (household_rows(60, 8, 1), 1, "B0 is the only brand"),
        (household_rows(60, 13, 13), 13, "13 brands are more than a market has room for"),
        (household_rows(60, 8, 2), 3, "nobody bought B2; leave its columns out"),
        (household_rows(49, 8), 2, "49 households with two purchases or more are too few"),
        (household_rows(60, 3), 2, "0 households with four purchases or more are too few"),
        ({**household_rows(60, 8), "chosen": np.arange(480) // 8 % 2}, 2, "no household ever switches"),
        ({**household_rows(60, 8), "chosen": np.arange(480) % 2}, 2, "no household ever buys a brand twice in a row"),
        ({**household_rows(60, 8), "price": np.ones((480, 2))}, 2, "no price ever changes"),
    ],
)
def test_a_panel_that_cannot_tell_is_refused(rows: dict[str, np.ndarray], brands: int, said: str) -> None:
    price = np.resize(rows["price"], (len(rows["household"]), brands))
    panel = numbered("panel", tuple(f"B{k}" for k in range(brands)), {**rows, "price": price})
    with pytest.raises(InputError) as refused:
        panel.checked()
    assert said in str(refused.value)


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9), min_size=1, max_size=8), st.integers(1, 4))
def test_repeats_are_pairs_of_one_household(baskets: list[list[int]], lag: int) -> None:
    """Against counting by hand, with the households' purchases mixed up between each other."""
    order = sorted((place, who) for who, bought in enumerate(baskets) for place in range(len(bought)))
    household = np.array([who for _, who in order])
    chosen = np.array([baskets[who][place] for place, who in order])
    rows = {"household": household, "chosen": chosen, "price": np.ones((len(order), 3))}
    panel = numbered("panel", ("A", "B", "C"), rows)
    pairs, same = panel.repeats(lag)
    assert pairs.tolist() == [max(0, len(bought) - lag) for bought in baskets]
    assert same.tolist() == [sum(a == b for a, b in zip(bought, bought[lag:], strict=False)) for bought in baskets]


def test_households_with_one_purchase_count_for_nothing_in_repeats() -> None:
    panel = drawn_panel(80, taste_sd=1.0, last=1.0, seed=5)
    lonely = {
        "household": np.concatenate([panel.household, 80 + np.arange(30)]),
        "chosen": np.concatenate([panel.chosen, np.zeros(30, dtype=int)]),
        "price": np.concatenate([panel.price, np.ones((30, 3))]),
    }
    more = numbered("panel", panel.brands, lonely)
    assert more.households == panel.households + 30
    assert more.repeats(1)[0].sum() == panel.repeats(1)[0].sum()
    assert more.again.sum() == panel.again.sum()


@pytest.mark.parametrize(
    ("name", "purchases", "households", "repeat"),
    [
        ("Cracker", 3292, 136, 0.773),
        ("Catsup", 2798, 300, 0.570),
        ("Yogurt", 2412, 100, 0.856),
        ("Ketchup", 4956, 1956, 0.722),
        ("Tuna", 13705, 3093, 0.740),
    ],
)
def test_published_panels_are_read(data: Path, name: str, purchases: int, households: int, repeat: float) -> None:
    panel = read_panel(data / "panel_brand_choice" / f"{name}.csv").checked()
    assert (len(panel.chosen), panel.households) == (purchases, households)
    pairs, same = panel.repeats(1)
    assert same.sum() / pairs.sum() == pytest.approx(repeat, abs=0.0005)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("Cracker", None), ("Catsup", None), ("Yogurt", None), ("Ketchup", "heinz hunts delmonte stb"),
        ("Tuna", "skw cosw sko coso pw"),
    ],
)  # fmt: skip
def test_two_published_panels_were_sorted_by_brand(data: Path, name: str, order: str | None) -> None:
    """In 605 and 1 595 households of three purchases or more nobody ever returns to a brand."""
    panel = read_panel(data / "panel_brand_choice" / f"{name}.csv")
    told = panel.sorting
    assert (told and " ".join(panel.brands[k] for k in told)) == order
    if order:
        with pytest.raises(InputError, match=f"{name}.*sorted by brand, so that what was bought last is not known"):
            fit_inertia(panel)


@given(order=st.permutations(range(3)), seed=st.integers(0, 100))
def test_a_panel_sorted_by_brand_is_told_from_one_in_the_order_of_time(order: list[int], seed: int) -> None:
    panel = TIMELY
    assert panel.sorting is None
    rank = np.argsort(order)
    shuffled = np.random.default_rng(seed).permutation(len(panel.chosen))
    rows = shuffled[np.lexsort((rank[panel.chosen][shuffled], panel.household[shuffled]))]
    columns = {"household": panel.household, "chosen": panel.chosen, "price": panel.price}
    by_brand = {name: column[rows].astype(float) for name, column in columns.items()}
    assert numbered("sorted", panel.brands, by_brand).sorting == tuple(order)
    fewest = {name: column[:20] for name, column in by_brand.items()}
    assert numbered("short", panel.brands, fewest).sorting is None, "too little to say"


def truncated(mean: float, shape: float, least: int, households: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(shape, mean / shape, size=40 * households))
    return np.asarray(counts[counts >= least][:households])


@pytest.mark.parametrize("least", [1, 4])
def test_households_that_are_not_in_the_panel_are_told_from_those_that_are(least: int) -> None:
    """Within four standard errors of the shape, which fails in under 0.01 % of seeds."""
    fit = fit_counts(truncated(6.0, 0.8, least, 3000, seed=2))
    assert fit.least == least
    assert abs(np.log(fit.shape / 0.8)) < 4 * fit.log_error
    assert fit.kept == pytest.approx((truncated(6.0, 0.8, 0, 20000, seed=3) >= least).mean(), abs=0.1)


def test_a_panel_with_ever_more_households_below_holds_the_shape() -> None:
    """Counts of Fisher's logarithmic series, the limit of the truncated negative binomial at shape 0."""
    counts = np.random.default_rng(1).logseries(0.8, size=2000)
    fit = fit_counts(counts)
    assert fit.shape == 0.2
    assert np.isnan(fit.log_error)


def test_a_simulated_panel_is_a_panel() -> None:
    assert isinstance(drawn_panel(60, taste_sd=1.0, last=0.5, seed=1).checked(), ChoicePanel)
