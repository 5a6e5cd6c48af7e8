"""Where firms end and how personalisation spreads: known answers, and pictures that say what was found."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.experiment.sweep import sweep
from sim.lessons import LESSONS, classroom
from sim.lessons.ending import Ending, distance, ending
from sim.lessons.evidence import evidence_table
from sim.lessons.kinds import TWO_HUMPS
from sim.lessons.spreading import Spreading, spreading
from sim.lessons.trial import base_market, expanded
from sim.present.curves import curves_chart
from sim.present.ending import ending_chart
from sim.present.lesson_words import experiment
from sim.present.spreading import spreading_chart

SMALL = 120


def humps(apart: float) -> int:
    """Modes of two standard bell curves, mixed half and half, whose centres lie so far apart."""
    x = np.linspace(-5.0, apart + 5.0, 20_001)
    density = np.exp(-0.5 * x**2) + np.exp(-0.5 * (x - apart) ** 2)
    slope = np.sign(np.diff(density))
    return int(((slope[:-1] > 0) & (slope[1:] <= 0)).sum())


def test_two_equal_bell_curves_show_two_humps_from_two_standard_deviations_on() -> None:
    assert humps(TWO_HUMPS - 0.05) == 1
    assert humps(TWO_HUMPS + 0.05) == 2


def test_distance_counts_in_standard_deviations() -> None:
    one = np.array([-1.0, 1.0])
    assert distance(one, one + 3.0) == pytest.approx(3.0)
    assert distance(one + 3.0, one) == pytest.approx(3.0)
    assert distance(10.0 * one, 10.0 * one + 30.0) == pytest.approx(3.0)
    assert distance(one, 7.0 * one + 5.0) == pytest.approx(5.0 / math.sqrt((1.0 + 49.0) / 2.0))
    assert math.isnan(distance(one, np.array([])))
    assert distance(np.ones(2), np.zeros(2)) == math.inf
    assert distance(np.ones(2), np.ones(2)) == 0.0


def made(lead: float, replications: int = 30) -> Ending:
    """A market of three firms of each kind whose margins scatter by one point around means so many points apart."""
    rng = np.random.default_rng(7)
    rows = [
        {"replication": r, "firm": f"{kind} {k}", "kind": kind, "margin": 0.01 * (at + rng.normal())}
        for r in range(replications)
        for kind, at in (("personal", lead), ("alike", 0.0))
        for k in range(3)
    ]
    return Ending(LESSONS["H"].market(base_market()), "half", pd.DataFrame(rows), 1)


@pytest.mark.parametrize(("lead", "found"), [(4.0, True), (0.8, False), (2.0, None)])
def test_humps_are_told_apart_where_they_are_and_not_where_they_are_not(lead: float, found: bool | None) -> None:
    """One fixed draw, so nothing is left to chance; the last lead is the border itself."""
    end = made(lead)
    assert end.two_humps is found
    assert distance(*(made(lead, 1000).margins(kind) for kind in ("personal", "alike"))) == pytest.approx(
        lead, abs=0.15
    )
    words = {True: "ends in two humps", False: "does not end in two humps", None: "cannot be told"}[found]
    assert words in end.finding


def test_intervals_are_over_replications_not_over_firms() -> None:
    """Copies of each firm in its replication add nothing to what is known."""
    end = made(2.0)
    copies = replace(end, firms=pd.concat([end.firms] * 4, ignore_index=True))
    assert copies.apart.high - copies.apart.low == pytest.approx(end.apart.high - end.apart.low, rel=0.1)


def test_where_one_kind_is_gone_that_is_what_is_said() -> None:
    end = made(1.0)
    alone = replace(end, firms=end.firms.assign(kind="personal"))
    assert alone.finding.startswith("Only one kind of company is left")
    empty = replace(end, firms=end.firms.assign(kind="", margin=math.nan))
    assert empty.finding.startswith("No company is left")
    for one in (alone, empty):
        assert ending_chart(one).axes


@pytest.mark.slow
def test_an_ending_counts_every_place_in_every_market_and_its_picture_all_that_are_left() -> None:
    end = ending("five of six", customers=SMALL, replications=3, workers=1)
    assert len(end.firms) == 18
    assert end.replications == 3
    personal, alike = (len(end.margins(kind)) for kind in ("personal", "alike"))
    assert personal + alike + end.gone == 18
    figure: Any = end.plot()
    tops = [sum(patch.get_height() for patch in axes.patches) for axes in figure.axes]
    assert tops == [personal + alike, personal, alike]
    with pytest.raises(sim.InputError, match="there is no arm 'some' of lesson H"):
        ending("some")


@pytest.mark.slow
def test_a_census_of_firms_begins_with_the_start_and_ends_with_the_end() -> None:
    market = classroom.market(
        "10", {**LESSONS["10"].arms["half start"], "customers.count": SMALL, "horizon_months": 36}
    )
    found = spreading(market, replications=3)
    assert found.shares.shape == (3, 4)
    assert (found.shares[:, 0] == 0.5).all()
    for replication, last in enumerate(found.shares[:, -1]):
        firms = sim.simulate(market, 1, replication=replication).world.firms
        assert last == pytest.approx((firms.depth[firms.active > 0] > 0.0).mean())
    assert [axes.get_title(loc="left") or axes.get_title() for axes in spreading_chart(found).axes]


@pytest.mark.parametrize(("last", "words"), [(1.0, "spreads"), (0.0, "recedes"), (0.5, "cannot be told")])
def test_what_spreads_is_told_from_what_recedes(last: float, words: str) -> None:
    shares = np.array([[0.5, last + wobble] for wobble in (-0.1, 0.0, 0.1)])
    assert words in Spreading(LESSONS["10"].market(base_market()), shares, 1).finding


@pytest.mark.parametrize(("months", "replications"), [(7, 3), (12, 1)])
def test_a_census_that_makes_no_sense_gets_a_sentence(months: int, replications: int) -> None:
    with pytest.raises(sim.InputError):
        spreading(classroom.market("10", {"horizon_months": months}), replications=replications)


def test_the_table_of_evidence_names_every_assumption_that_a_lesson_varies_once() -> None:
    table = evidence_table()
    assert table["assumption"].is_unique
    assert {key for keys in table["lessons"] for key in keys.split(", ")} == set(LESSONS)
    assert "customers.vigilance.mean" in set(table["assumption"])
    assert (table["source"] != "").all()


def test_stars_stand_for_every_firm() -> None:
    market = LESSONS["H"].market(base_market())
    assert expanded(market, {"firms.*.appeal": 1.0}) == {f"firms.{name}.appeal": 1.0 for name in market.firms}


def test_changes_reach_the_market_of_a_lesson_and_its_manifest() -> None:
    from sim.lessons import run

    result = run(
        ["3"], customers=SMALL, replications=2, workers=1, circumstances=False,
        changes={"firms.*.economics.quit_cost": 0.0}, varied={"rules.service_trust": "0:1"},
    )  # fmt: skip
    (one,) = result.tried
    assert {firm.economics.quit_cost for firm in one.market.firms.values()} == {0.0}
    assert one.effects["value"].iloc[0] == 0.0, "nobody pays for those who quit"
    assert list(one.lesson.varied) == ["rules.service_trust"]
    assert result.manifest["changes"] == {"firms.*.economics.quit_cost": 0.0}


def test_the_experiment_is_told_with_every_world_that_is_compared() -> None:
    tried = classroom.in_class("3")
    words = experiment(tried)
    for arm in tried.lesson.arms:
        assert arm in words
    for firm in tried.lesson.cast:
        assert firm in words


@pytest.mark.slow
def test_curves_share_an_axis_and_their_title_tells_of_each() -> None:
    market = classroom.market("9", {"customers.count": SMALL, "horizon_months": 12})
    one, other = (
        sweep(market.with_({"firms.Ours.strategy.respect": respect}), {"firms.Ours.strategy.depth": "0.1:0.9:3"},
              firm="Ours", replications=2, workers=1)
        for respect in (1.0, 0.0)
    )  # fmt: skip
    figure: Any = curves_chart({"own line": one, "one line": other})
    drawn = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines if len(line.get_xdata()) == 3}
    for name, swept in (("own line", one), ("one line", other)):
        by = swept.table["value"] / np.asarray(drawn[name])
        assert np.ptp(by) == pytest.approx(0.0, abs=1e-6 * by.abs().max())
        assert f"{name}: " in figure.alt
    short = sweep(market, {"firms.Ours.strategy.depth": "0.1:0.9:2"}, firm="Ours", replications=2, workers=1)
    with pytest.raises(sim.InputError, match="the same values"):
        curves_chart({"one": one, "other": short})
