"""The pictures show what was computed, name what is uncertain, and can be read."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from sim import InputError, Run, Scenario, simulate
from sim.books import LINES, ROW
from sim.experiment.comparison import Arm, Comparison
from sim.experiment.measures import HEAD_TO_HEAD
from sim.present.charts import (
    bridge_chart,
    bridge_steps,
    comparison_chart,
    cumulative_chart,
    head_to_head_chart,
    market_chart,
    market_picture,
    trust_chart,
)
from sim.present.house import render
from sim.present.labels import EDGE, drawn_texts, fitted, overlaps, short_names, spread
from sim.present.market_charts import EVENTS, lives, series
from sim.present.style import ROLES, contrast, finish, ink, looks, looks_of, new_figure

KINDS = ("trusted", "uniform", "extractive")
LONG = "Allgemeine Handelsgesellschaft und Söhne {} of the North"


def market(n_firms: int, months: int = 30, kinds: tuple[str, ...] = KINDS, name: str = "{}", **more: Any) -> Scenario:
    firms = {name.format(number + 1): {"strategy": kinds[number % len(kinds)]} for number in range(n_firms)}
    return Scenario.model_validate(
        {"name": "drawn", "horizon_months": months, "customers": {"count": 60}, "firms": firms, **more}
    )


def comparison(
    scenario: Scenario, n: int = 8, gain: float = 400.0, spread_: float = 300.0, size: float = 1.0
) -> Comparison:
    """A comparison with made-up money: a platform to pay for, and sales that grow with ``gain``."""
    months, firms = scenario.horizon_months, len(scenario.firms)
    luck = np.random.default_rng(7)
    cash = np.zeros((n, months, len(LINES)))
    growth = np.linspace(0.0, 2.0, months)
    cash[:, :, ROW["sales"]] = 5000.0 + gain * growth + spread_ * luck.normal(size=(n, 1))
    cash[:, :, ROW["cost_of_goods"]] = -0.7 * cash[:, :, ROW["sales"]]
    without = cash.copy()
    without[:, :, ROW["sales"]] -= gain * growth
    without[:, :, ROW["cost_of_goods"]] += 0.7 * gain * growth
    if gain:
        cash[:, :, ROW["platform_cost"]] = -abs(gain) * 0.2
        cash[:, :, ROW["data_cost"]] = -abs(gain) * 0.001
        cash[:, :, ROW["consent_cost"]] = -abs(gain) * 0.001
        cash[:, :, ROW["personalisation_margin"]] = gain * 0.05 * luck.normal(1.0, 0.2, size=(n, 1))
    table = luck.normal(0.3, 0.1, size=(n, firms, len(HEAD_TO_HEAD)))
    return Comparison(
        scenario=scenario,
        firm=next(iter(scenario.firms)),
        against="uniform",
        seed=3,
        strategy=Arm(cash * size, np.ones((n, 3))),
        uniform=Arm(without * size, np.ones((n, 3))),
        firms=table,
    )


CASES: dict[str, Callable[[], Comparison]] = {
    "three firms": lambda: comparison(market(3)),
    "one firm": lambda: comparison(market(1, name="Only $hop_{}^2")),
    "twelve firms with long names": lambda: comparison(market(12, name=LONG)),
    "never pays back": lambda: comparison(market(3, kinds=("extractive", "uniform")), gain=-400.0),
    "one replication": lambda: comparison(market(3), n=1),
    "two replications": lambda: comparison(market(2), n=2, spread_=3000.0),
    "no difference": lambda: comparison(market(2, kinds=("uniform",)), gain=0.0),
    "one month": lambda: comparison(market(3, months=1)),
    "ten years of millions": lambda: comparison(market(3, months=120, currency="Zorkmid"), size=5e3),
    "cents": lambda: comparison(market(3), size=1e-4),
    "a name without a gap": lambda: comparison(market(2, name="Q" * 150 + "{}")),
    "a firm without sales": lambda: silent(comparison(market(3))),
}


def silent(one: Comparison) -> Comparison:
    one.firms[:, 1, 0] = np.nan
    one.firms[1:, 1, 1] = np.nan
    return one


@cache
def made(case: str) -> Comparison:
    return CASES[case]()


@cache
def run_of(n_firms: int, name: str = "{}", months: int = 14) -> Run:
    scenario = market(n_firms, months=months, name=name)
    return simulate(scenario, seed=4, customers="agents", trace=5)


@cache
def late() -> Run:
    """A market in which one firm never opens."""
    scenario = market(2, months=3).with_({"firms.2.enters_month": 900})
    return simulate(scenario, seed=4, customers="agents", trace=5)


CHARTS = (comparison_chart, cumulative_chart, bridge_chart, head_to_head_chart)


def title(figure: Figure) -> str:
    return figure.texts[0].get_text()


def footer(figure: Figure) -> str:
    return figure.texts[1].get_text().replace("\n", " ")


def words(figure: Figure) -> str:
    return " | ".join(text.get_text() for text in drawn_texts(figure))


def sound(figure: Figure, manifest: dict[str, Any]) -> None:
    assert overlaps(figure) == []
    assert 1 <= len(title(figure).splitlines()) <= 2
    n = manifest["replications"]
    said = (
        f"hash {manifest['hash']}",
        f"seed {manifest['seed']}",
        f"version {manifest['version']}",
        f"{n} replication",
    )
    assert all(part in footer(figure) for part in said)
    assert footer(figure).endswith("Explores assumptions; no forecast.")
    assert render(figure).startswith(b"\x89PNG")


HARD = ("three firms", "never pays back", "one replication", "no difference")
SHOWN = [*itertools.product(CASES, (comparison_chart, head_to_head_chart)), *itertools.product(HARD, CHARTS[1:3])]


@pytest.mark.parametrize(("case", "chart"), SHOWN)
def test_nothing_overlaps_or_leaves_the_picture(case: str, chart: Callable[[Comparison], Figure]) -> None:
    sound(chart(made(case)), made(case).manifest)


RUNS: dict[str, Callable[[], Run]] = {
    "one firm": lambda: run_of(1),
    "three firms": lambda: run_of(3),
    "twelve firms with long names": lambda: run_of(12, LONG),
    "one month": lambda: run_of(3, months=1),
    "a firm that never opens": late,
}


@pytest.mark.parametrize("case", RUNS)
def test_pictures_of_runs_have_room_for_any_number_of_firms(case: str) -> None:
    run = RUNS[case]()
    charts = [market_picture(run), trust_chart(run), trust_chart([run] * 5)]
    charts += [market_chart(run, measure) for measure in ("share_of_wallet", "trust", "operating_margin", "fixed_cost")]
    for figure in charts:
        sound(figure, run.manifest)


@pytest.mark.parametrize("chart", CHARTS)
def test_every_panel_says_what_is_measured_in_which_unit(chart: Callable[[Comparison], Figure]) -> None:
    for axes in chart(made("three firms")).axes:
        assert axes.get_title(loc="left")
        units = f"{axes.get_ylabel()} {axes.get_xlabel()}"
        assert any(unit in units for unit in ("USD", "%", "0 to 1", "per customer")), units


def test_the_title_is_computed_from_the_result() -> None:
    good, bad = made("three firms"), made("never pays back")
    assert " more in net present" in title(comparison_chart(good))
    assert " less in net present" in title(comparison_chart(bad))
    unclear = comparison(market(2), gain=1.0, n=2)
    unclear.strategy.cash[0, 0, 0] += 1e4
    assert "neither clearly more nor clearly less" in title(comparison_chart(unclear)).replace("\n", " ")
    assert "pays back by month" in title(cumulative_chart(good))
    assert "does not pay back within 30 months in any replication" in title(cumulative_chart(bad)).replace("\n", " ")


def test_the_head_to_head_title_is_no_more_certain_than_the_paired_interval() -> None:
    one = comparison(market(2))
    one.firms[:, 0, 0] = one.firms[:, 1, 0] + 0.02
    assert "1 has the highest margin, 2.0 percentage points above 2" in title(head_to_head_chart(one)).replace(
        "\n", " "
    )
    one.firms[:, 0, 0] += np.resize([-0.2, 0.2], one.n)
    assert "too close to tell apart" in title(head_to_head_chart(one))


def test_the_curve_and_its_band_are_the_table() -> None:
    one = made("three firms")
    axes = cumulative_chart(one).axes[0]
    curve = next(line for line in axes.lines if line.get_label() == "profit difference").get_xydata()
    assert np.allclose(np.asarray(curve)[1:], one.by_month[["month", "cumulative_difference"]] / [1.0, 1.0])
    band = next(part for part in axes.collections if isinstance(part, PolyCollection))
    corners = {(x, round(y, 6)) for x, y in np.asarray(band.get_paths()[0].vertices).tolist()}
    for end in ("low", "high"):
        assert {
            (float(m), round(float(v), 6)) for m, v in zip(one.by_month["month"], one.by_month[end], strict=True)
        } <= corners
    assert "95 % interval over 8 replications" in axes.get_ylabel()


def test_one_replication_gives_no_band_and_says_so() -> None:
    figure = comparison_chart(made("one replication"))
    assert not any(axes.collections for axes in figure.axes)
    assert words(figure).count("one replication: no interval") == 2
    assert "One replication: no interval" in [
        text.get_text() for text in head_to_head_chart(made("one replication")).legends[0].get_texts()
    ]


def test_the_payback_month_is_marked_where_it_is() -> None:
    one = made("three firms")
    mark = next(line for line in cumulative_chart(one).axes[0].lines if line.get_label() == "payback")
    assert mark.get_xydata().tolist() == [[one.interval("payback_month").value, 0.0]]  # type: ignore[union-attr]
    never = cumulative_chart(made("never pays back"))
    assert "No payback to the end\nin 100 % of the replications" in words(never)
    assert all(line.get_label() != "payback" for line in never.axes[0].lines)


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_about_payback_covers_neither_the_curve_nor_the_zero_line(case: str) -> None:
    axes = cumulative_chart(made(case)).axes[0]
    (label,) = axes.texts[-1:]
    assert "ayback" in label.get_text() or label.get_text() == "No difference in any month"
    box = label.get_window_extent()
    table = made(case).by_month
    months = np.linspace(0.0, table["month"].iloc[-1], 2000)
    for column in ("cumulative_difference", "low", "high"):
        values = np.interp(months, [0, *table["month"]], [0.0, *table[column]])
        for curve in (values if np.isfinite(values).all() else 0.0 * months, 0.0 * months):
            x, y = axes.transData.transform(np.column_stack([months, curve])).T
            assert not ((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).any()


def test_the_steps_of_the_bridge_add_up_to_the_difference() -> None:
    one = made("three firms")
    *steps, total = bridge_steps(one).values()
    assert np.allclose(np.sum(steps, axis=0), total)
    assert np.allclose(total, one.replications["npv_difference"])
    bars = {
        bar.get_label(): (bar.patches[0].get_x(), bar.patches[0].get_width())
        for bar in bridge_chart(one).axes[0].containers
        if hasattr(bar, "patches")
    }
    at = 0.0
    for name, step in list(bridge_steps(one).items())[:-1]:
        assert bars[name] == pytest.approx((at, step.mean()))
        at += step.mean()
    assert bars["total"] == pytest.approx((0.0, one.interval("npv_difference").value))


def test_small_lines_are_put_together_and_none_is_lost() -> None:
    steps = bridge_steps(made("three firms"))
    assert list(steps) == [
        "Sales less cost of goods",
        "Margin on personalised offers",
        "Platform",
        "Other lines",
        "total",
    ]


def test_kinds_of_firms_have_their_colours_and_differ_without_colour() -> None:
    assert {kind: colour for kind, (colour, _) in ROLES.items()} == {
        "trusted": "#12436D", "extractive": "#F46A25", "uniform": "#767676",
    }  # fmt: skip
    assert len({str(dash) for _, dash in ROLES.values()}) == 3
    look = looks(market(3))
    assert [look[str(number + 1)].colour for number in range(3)] == [ROLES[kind][0] for kind in KINDS]


@pytest.mark.parametrize("kinds", [KINDS, ("trusted",), ("uniform",), ("extractive",)])
def test_twelve_firms_can_be_told_apart_on_white(kinds: tuple[str, ...]) -> None:
    look = looks(market(12, kinds=kinds)).values()
    assert len({one.marker for one in look}) == 12
    assert len({(one.colour, str(one.dash)) for one in look}) == 12
    assert min(contrast(one.colour) for one in look) >= 3.0
    assert min(contrast(ink(one.colour)) for one in look) >= 4.5


def test_contrast_is_that_of_the_accessibility_guidelines() -> None:
    assert contrast("#000000") == pytest.approx(21.0)
    assert contrast("#FFFFFF") == pytest.approx(1.0)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.005)  # the lightest grey that passes AA


def test_the_users_settings_neither_change_nor_are_changed() -> None:
    plain = render(comparison_chart(made("three firms")))
    with mpl.rc_context(
        {"font.size": 20, "axes.grid": False, "lines.linewidth": 9, "xtick.color": "red", "font.family": "serif"}
    ):
        before = dict(mpl.rcParams)
        assert render(comparison_chart(made("three firms"))) == plain
        assert dict(mpl.rcParams) == before


def test_pictures_are_the_same_from_several_threads() -> None:
    one = made("three firms")
    before = dict(mpl.rcParams)
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda chart: render(chart(one)), [*CHARTS[:2]] * 4))
    assert set(drawn) == {render(chart(one)) for chart in CHARTS[:2]}
    assert dict(mpl.rcParams) == before


def test_charts_do_without_a_screen_and_pyplot() -> None:
    script = (
        "import io, sys; from sim import Scenario, simulate; from sim.present.charts import market_picture\n"
        "market = {'firms': {'A': {}}, 'horizon_months': 2, 'customers': {'count': 20}}\n"
        "run = simulate(Scenario.model_validate(market), customers='agents')\n"
        "market_picture(run).savefig(buffer := io.BytesIO())\n"
        "print(buffer.getvalue()[1:4].decode(), 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["PNG", "False"], done.stderr


def test_overlaps_finds_what_a_reader_would_see() -> None:
    figure = new_figure(4.0, 3.0)
    axes = figure.subplots()
    axes.text(0.5, 0.5, "one")
    axes.text(0.51, 0.51, "two")
    axes.text(2.5, 0.5, "outside")
    axes.text(0.1, 0.9, "alone")
    axes.text(0.1, 0.9, "hidden", visible=False)
    assert overlaps(figure) == [("one", "two"), ("outside", EDGE)]


def test_ticks_outside_the_view_do_not_overlap_anything() -> None:
    figure = new_figure(4.0, 3.0)
    axes = figure.subplots()
    axes.set_xticks(np.linspace(0.0, 1.0, 80))
    crowded = overlaps(figure)
    axes.set_xlim(0.0, 0.005)
    assert crowded
    assert overlaps(figure) == []


@given(st.lists(st.floats(0.0, 300.0), min_size=1, max_size=12), st.floats(1.0, 20.0))
def test_spread_labels_keep_apart_and_in_order(wanted: list[float], height: float) -> None:
    centres = spread(wanted, [height] * len(wanted), 0.0, 300.0)
    rank = sorted(range(len(wanted)), key=lambda k: (wanted[k], k))
    gaps = [centres[b] - centres[a] for a, b in itertools.pairwise(rank)]
    assert all(gap >= height - 1e-6 for gap in gaps)
    assert min(centres) >= height / 2 - 1e-6
    if len(wanted) * height <= 300.0:
        assert max(centres) <= 300.0 - height / 2 + 1e-6


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread([50.0, 10.0, 80.0], [10.0] * 3, 0.0, 100.0) == pytest.approx([50.0, 10.0, 80.0])
    assert spread([50.0, 50.0], [10.0, 10.0], 0.0, 100.0) == pytest.approx([45.0, 55.0])


@given(st.lists(st.text("ab ", min_size=1, max_size=60), min_size=1, max_size=12, unique=True), st.integers(8, 30))
def test_shortened_names_stay_different(names: list[str], most: int) -> None:
    brief = short_names(names, most)
    assert list(brief) == names
    assert len(set(brief.values())) == len(names)
    assert all(len(name) <= most + 1 for name in brief.values())


def test_a_name_that_fits_is_kept_and_a_long_one_keeps_what_tells_it_apart() -> None:
    assert short_names(["Trusted", "Uniform"]) == {"Trusted": "Trusted", "Uniform": "Uniform"}
    brief = short_names([LONG.format(number) for number in (1, 2)], 22)
    assert ["1" in brief[LONG.format(1)], "2" in brief[LONG.format(2)]] == [True, True]


@settings(max_examples=50)
@given(st.text("abc dé:,", min_size=1, max_size=400).filter(str.strip))
def test_a_title_always_fits(text: str) -> None:
    figure = new_figure(5.0, 3.0)
    broken, size = fitted(figure, text, 4.8, [13.0, 10.0], lines=2, weight="bold")
    assert len(broken.splitlines()) <= 2
    figure.text(0.02, 0.9, broken, size=size, weight="bold", va="top")
    assert overlaps(figure) == []


def test_market_lines_are_the_tables_columns() -> None:
    run = run_of(3)
    for measure in ("share_of_wallet", "privacy_debt"):
        axes = market_chart(run, measure).axes[0]
        by = 0.01 if measure == "share_of_wallet" else 1.0
        for firm in run.firms:
            line = next(line for line in axes.lines if line.get_label() == firm)
            column = run.market.loc[run.market["firm"] == firm, measure].to_numpy()
            assert np.allclose(np.asarray(line.get_ydata(), dtype=float) * by, column)


def test_the_yearly_margin_comes_from_the_books() -> None:
    run = run_of(2)  # 14 months: a year, and two months
    months, margin = series(run, "operating_margin")
    assert months.tolist() == [12, 14]
    books = run.books[run.books["firm"] == "1"]
    first, rest = books[books["month"] <= 12], books[books["month"] > 12]
    for row, year in enumerate((first, rest)):
        assert margin[row, 0] == pytest.approx(year["operating_profit"].sum() / year["sales"].sum())


def test_the_market_title_names_who_is_ahead() -> None:
    run = run_of(3)
    last = run.market[run.market["month"] == 14].set_index("firm")["trust"]
    said = title(market_chart(run, "trust")).replace("\n", " ")
    assert f"{last.idxmax()} ends with the highest trust, {last.max():.2f}" in said
    assert f"{last.idxmin()} with the lowest, {last.min():.2f}" in said


def test_an_unknown_measure_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(
        InputError, match=r"no measure 'charm' to draw; one of customers, .*share_of_wallet.* would be right"
    ):
        market_chart(run_of(1), "charm")


def test_marks_in_the_trust_chart_are_the_events_of_the_diary() -> None:
    run = run_of(3)
    axes = trust_chart(run).axes[0]
    drawn = {line.get_label(): len(np.asarray(line.get_xdata())) for line in axes.lines}
    assert run.diary["chosen"].any()
    for firm, (event, (_, _, meaning)) in itertools.product(run.firms, EVENTS.items()):
        assert drawn.get(f"{firm}: {meaning}", 0) == int(run.diary.loc[run.diary["firm"] == firm, event].sum())


def test_a_newcomers_trust_is_not_joined_to_the_predecessors() -> None:
    scenario = market(1, months=24).with_({"customers.turnover": 0.3, "customers.shopping.rate_mean": 8.0})
    run = simulate(scenario, seed=4, customers="agents", trace=5)
    people = int(lives(run)["person"].max()) + 1
    assert people > 1
    lines = [line for line in trust_chart(run).axes[0].lines if line.get_label() in ("1", "_newcomer")]
    assert len(lines) == people


def test_a_run_without_a_diary_cannot_be_drawn() -> None:
    run = simulate(market(1, months=1), customers="agents")
    for wrong in ([run], []):
        with pytest.raises(InputError, match=r"no diary to draw; simulate\(scenario, trace=7\)"):
            trust_chart(wrong)


def test_a_kind_of_firm_has_the_same_marker_in_whatever_order_firms_are_named() -> None:
    kinds = {"A": "uniform", "B": "trusted", "C": "extractive", "D": "trusted", "E": "uniform"}
    found = looks_of(kinds)
    assert [found[name].marker for name in "ABC"] == ["s", "o", "D"]
    backwards = looks_of(dict(reversed(kinds.items())))
    assert [backwards[name].marker for name in "EDC"] == ["s", "o", "D"]
    assert len({look.marker for look in found.values()}) == len(kinds)


def test_no_edge_of_axes_lies_where_a_last_bit_decides_on_the_pixel() -> None:
    """For every width of a label: half of them, settled by the layout alone, lie on halves of pixels."""
    for letters in range(1, 21, 2):
        figure = new_figure(9.0, 5.0)
        left, right = figure.subplots(1, 2)
        left.set_ylabel("m" * letters, rotation=0, ha="right")
        right.set_yticks([0.0, 1.0], ["m" * letters, "m"])
        finish(figure, "A finding", {"scenario": "a", "hash": "b", "seed": 1, "replications": 2, "version": "0"})
        for axes in figure.axes:
            pixels = axes.get_position().get_points() * figure.get_size_inches() * figure.dpi
            assert (np.abs(pixels % 1.0 - 0.2) < 1e-6).all()
