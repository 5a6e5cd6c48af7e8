"""The explorer without a browser: settings and the way back, answers that are those of compare, sentences, sharing."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import sys
import threading
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.errors import InputError
from sim.experiment.compare import growing
from sim.experiment.statistics import mean_interval
from sim.explore import answers as asking
from sim.explore import panels, server
from sim.explore.answers import Answer, Answers, MovedOn, mapped
from sim.explore.controls import ADDED, COUNTED, GROUPS, WORDS, control, controls, movable
from sim.explore.notices import notices
from sim.explore.page import Page
from sim.explore.settings import MOST_SAVED, History, Settings, differences
from sim.explore.shelf import BUILT_IN, Shelf, built_in
from sim.market.ticking import monthly
from sim.present.rounding import rounded
from sim.scenario import Scenario
from sim.scenario_file import read, to_yaml
from tests.test_cli_errors import refused, roi

__all__ = ["roi"]

ROOT = Path(__file__).resolve().parent.parent
RETAIL = ROOT / "scenarios" / "retail.yaml"
DEPTH = "firms.Trusted.strategy.depth"


@pytest.fixture(scope="module")
def retail() -> Scenario:
    return sim.load(RETAIL)


@pytest.fixture(scope="module")
def small(retail: Scenario) -> Scenario:
    """A market that answers at once."""
    return retail.with_({"customers.count": 200, "horizon_months": 12})


@pytest.fixture
def market_file(small: Scenario, tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    tiny = small.with_({"customers.count": 100, "horizon_months": 6})
    path.write_text(to_yaml(tiny, brief=True), encoding="utf-8")
    return path


def same(one: Any, other: Any) -> bool:
    """Whether two comparisons are of the same runs, to the last bit."""
    return all(
        np.array_equal(getattr(one, arm).cash, getattr(other, arm).cash)
        and np.array_equal(getattr(one, arm).clv, getattr(other, arm).clv, equal_nan=True)
        for arm in ("strategy", "uniform")
    ) and np.array_equal(one.firms, other.firms, equal_nan=True)


# Answers


def test_a_comparison_that_grows_is_after_n_steps_what_compare_gives_for_n_replications(small: Scenario) -> None:
    look = growing(small, "Extractive", "trusted", seed=3)
    grown = [next(look) for _ in range(3)]
    look.close()
    for n, one in enumerate(grown, start=1):
        whole = sim.compare(small, "Extractive", "trusted", n, seed=3)
        assert same(one, whole)
        assert one.finding == whole.finding
        assert one.manifest == whole.manifest


def test_the_page_ends_at_what_compare_gives_by_default(small: Scenario) -> None:
    settings = Settings.of(small)
    answers = Answers()
    over = answers.move_on()
    seen = [*answers.soon(settings, over), *answers.better(settings, over)]
    assert [one.comparison.n for one in seen] == [*range(2, asking.SOON + 1), *range(asking.SOON + 1, 31)]
    assert seen[-1].settled
    assert same(seen[-1].comparison, sim.compare(small))
    assert not [*answers.soon(settings, over), *answers.better(settings, over)], "it is known already"


def test_a_large_market_begins_with_a_small_one_and_is_whole_in_the_end(
    small: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FIRST_LOOK", 100)
    settings = Settings.of(small)
    answers = Answers()
    over = answers.move_on()
    first = [*answers.soon(settings, over)]
    assert {one.comparison.scenario.customers.count for one in first} == {100}
    assert not any(one.whole for one in first)
    assert "First look: 8 replications of 100 of the 200 customers" in panels.finding(first[-1])
    assert same(first[0].comparison, sim.compare(small.with_({"customers.count": 100}), replications=2))
    rest = [*answers.better(settings, over, 6)]
    assert [one.comparison.n for one in rest] == [asking.TAKES_OVER, 5, 6]
    assert all(one.whole for one in rest)
    assert answers.known(settings) is rest[-1]


def test_an_interval_tightens_as_the_user_rests(small: Scenario) -> None:
    """Half-widths at 30 replications are below those at 2; by chance the opposite would happen once in some 1 000."""
    answers = Answers()
    over = answers.move_on()
    seen = [*answers.soon(Settings.of(small), over), *answers.better(Settings.of(small), over)]
    widths = [high - low for _, low, high in (panels.per_customer(one) for one in (seen[0], seen[-1]))]
    assert widths[1] < widths[0] / 2


def test_who_moves_on_waits_for_no_more_than_a_month_of_the_market(small: Scenario) -> None:
    months = []
    over = threading.Event()

    def tick() -> None:
        months.append(1)
        if len(months) == 3:
            over.set()

    look = growing(small, processes=[monthly(tick), monthly(asking._ends_with(over))])
    with pytest.raises(MovedOn):
        next(look)
    assert len(months) <= 3 + 2  # both arms may be in a month each


def test_an_answer_to_an_earlier_question_is_never_given(small: Scenario) -> None:
    answers = Answers()
    over = answers.move_on()
    look = answers.soon(Settings.of(small), over)
    next(look)
    answers.move_on()
    with pytest.raises(MovedOn):
        next(look)


# The map


@pytest.fixture(scope="module")
def drawn(small: Scenario) -> asking.Mapped:
    settings = Settings.of(small)
    axes = [control(small, name, settings.firm) for name in ("rules.surplus", "firms.*.economics.platform_cost")]
    return mapped(settings, axes, threading.Event())


@pytest.mark.slow
def test_the_point_moves_on_the_map_without_a_new_one_and_nothing_else_may(drawn: asking.Mapped) -> None:
    settings = drawn.settings
    moved = settings.with_({"rules.surplus": 0.2, **dict.fromkeys(drawn.axes[1].paths, 1000)})
    assert drawn.still_holds(moved)
    assert drawn.at(moved).own == (0.2, 1000.0)
    assert drawn.at(settings).own == (0.1, 400.0)
    assert not drawn.still_holds(settings.with_({"rules.trust_weight": 3}))
    assert not drawn.still_holds(settings.asking("Extractive", "uniform"))


@pytest.mark.slow
def test_the_map_is_that_of_region(drawn: asking.Mapped, small: Scenario) -> None:
    same_map = sim.region(
        small, {"rules.surplus": "0:0.25", "firms.*.economics.platform_cost": "0:2000"}, points=asking.POINTS,
        replications=asking.MAP_REPLICATIONS, workers=1,
    )  # fmt: skip
    pd.testing.assert_frame_equal(drawn.region.points, same_map.points)


def test_a_map_that_nobody_waits_for_ends(small: Scenario) -> None:
    settings, over = Settings.of(small), threading.Event()
    axes = [control(small, name, settings.firm) for name in ("rules.surplus", "rules.trust_weight")]
    with pytest.raises(MovedOn):
        mapped(settings, axes, over, lambda done, planned: over.set())


# Settings and the way back


def test_undo_redo_and_reset_lead_where_they_say(small: Scenario) -> None:
    history = History(Settings.of(small))
    first = history.now
    second = first.with_({DEPTH: 0.3})
    third = second.asking("Extractive", "trusted")
    assert history.go(second)
    assert history.go(third)
    history.undo()
    assert history.now is second
    history.undo()
    assert history.now is first
    assert not history.can_undo
    history.redo()
    history.redo()
    assert history.now is third
    assert history.reset()
    assert history.now.key == first.key
    history.undo()
    assert history.now is third, "a reset can be undone"
    history.go(first)
    assert not history.can_redo, "who goes another way has nothing to redo"


def test_a_slider_on_its_way_is_undone_in_one_step(small: Scenario) -> None:
    history = History(Settings.of(small))
    for depth in (0.5, 0.4, 0.3):
        history.go(history.now.with_({DEPTH: depth}), step=DEPTH)
    history.go(history.now.with_({"rules.surplus": 0.2}), step="rules.surplus")
    history.undo()
    assert history.now.scenario.firms["Trusted"].strategy.depth == 0.3
    history.undo()
    assert history.now.scenario.firms["Trusted"].strategy.depth == 0.6


def test_setting_what_is_set_already_is_no_step(small: Scenario) -> None:
    history = History(Settings.of(small))
    assert not history.go(history.now.with_({DEPTH: 0.6}))
    assert not history.can_undo


def test_four_settings_can_be_saved_and_a_fifth_is_refused_in_a_sentence(small: Scenario) -> None:
    history = History(Settings.of(small))
    assert [history.save("") for _ in range(2)] == ["A", "B"]
    assert history.save("  Ask   plainly ") == "Ask plainly"
    with pytest.raises(InputError, match="'Ask plainly' is saved already"):
        history.save("Ask plainly")
    history.save("D")
    with pytest.raises(InputError, match=f"{MOST_SAVED} settings are saved"):
        history.save("E")
    history.remove("A")
    assert history.save("") == "A"
    with pytest.raises(InputError, match="40 at most"):
        History(Settings.of(small)).save("x" * 41)


def test_differences_are_what_was_changed(small: Scenario) -> None:
    changed = small.with_({DEPTH: 0.3, "rules.surplus": 0.2, "firms.New": {"strategy": "uniform"}})
    found = differences(small, changed)
    assert ("rules.surplus", 0.1, 0.2) in found
    assert (DEPTH, 0.6, 0.3) in found
    assert ("firms.New.strategy.depth", None, 0.0) in found
    assert {path.split(".")[1] for path, _, _ in found} == {"Trusted", "surplus", "New"}
    assert differences(small, small) == []


# Controls


@pytest.mark.parametrize("name", ["retail", "alike", "two-kinds", "cdnow"])
def test_every_scenario_has_sliders_that_say_unit_range_source_and_evidence(name: str) -> None:
    scenario = sim.load(ROOT / "scenarios" / f"{name}.yaml")
    for group in GROUPS:
        found = controls(scenario, scenario.client, group)
        assert len(found) >= 5
        for one in found:
            value = one.value(scenario)
            assert one.label
            assert f"Path: {one.name}" in one.told
            assert "Source: " in one.told
            if one.options:
                assert value in one.options
                continue
            low, high = one.span(value)
            assert one.least <= low <= value <= high <= one.most
            assert low < high
            assert 40 <= (one.high - one.low) / one.step <= 250
            assert "Unit: " in one.told
            assert one.range in one.told
            assert one.name in COUNTED or "Evidence: " in one.told
            scenario.with_(one.changes(low))
            scenario.with_(one.changes(high))


def test_words_are_for_numbers_that_there_are(retail: Scenario) -> None:
    names = {part for path in movable(retail) for part in (path, path.rpartition(".")[2])}
    assert set(WORDS) <= names


def test_any_number_of_the_scenario_can_have_a_slider(retail: Scenario) -> None:
    for path in movable(retail):
        one = control(retail, path, "Trusted")
        assert retail.with_(one.changes(one.value(retail))).hash == retail.hash, path


def test_a_path_that_leads_to_no_number_is_refused_with_the_nearest(retail: Scenario) -> None:
    with pytest.raises(InputError, match=r"there is no number 'rules.surplu' in retail; did you mean rules.surplus\?"):
        control(retail, "rules.surplu", "Trusted")


def test_costs_of_all_firms_move_together_unless_firms_differ_in_them(retail: Scenario) -> None:
    together = control(retail, "firms.*.economics.platform_cost", "Trusted")
    assert len(together.paths) == 3
    apart = retail.with_({"firms.Uniform.economics.platform_cost": 100})
    assert control(apart, "firms.*.economics.platform_cost", "Trusted").paths == (
        "firms.Trusted.economics.platform_cost",
    )


def test_a_value_outside_its_plausible_range_is_said_to_be(retail: Scenario) -> None:
    one = control(retail, "rules.surplus", "Trusted")
    assert one.outside(0.1) == ""
    assert one.outside(0.4) == "0.4 lies outside the plausible range, 0 to 0.25."
    assert one.span(0.4) == (0.0, 0.4)


CHANGED: dict[str, Any] = {
    "respect": 0.1, "value_share": 0.9, "memory": 0.9, "mixing": 0.9, "misuse": 0.9, "consent": "prompt",
}  # fmt: skip


def moves_nothing() -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Settings, a path that is said to move nothing in them, and another value for it."""
    idle = {"firms.Trusted.strategy": "uniform"}
    for lever, value in CHANGED.items():
        yield idle, f"firms.Trusted.strategy.{lever}", value
    for frame in ("banner", "unticked"):
        yield {}, f"rules.grant_{frame}", 0.5
    for frame in ("prompt", "opt_out"):
        yield {**idle, "firms.Extractive.strategy": "uniform"}, f"rules.grant_{frame}", 0.5


@pytest.mark.parametrize(("settings", "path", "value"), list(moves_nothing()))
def test_what_is_said_to_move_nothing_moves_nothing(
    settings: dict[str, Any], path: str, value: Any, small: Scenario
) -> None:
    scenario = small.with_(settings)
    assert "oves nothing" in notices(scenario, "Trusted")[path]
    one, other = (sim.simulate(each).ledger for each in (scenario, scenario.with_({path: value})))
    assert np.array_equal(one, other)


def test_of_what_moves_something_nothing_is_said(small: Scenario) -> None:
    said = notices(small, "Trusted")
    assert set(said) == {"rules.grant_banner", "rules.grant_unticked"}
    for path in ("rules.grant_prompt", "rules.grant_opt_out"):
        assert path not in said
        assert not np.array_equal(sim.simulate(small).ledger, sim.simulate(small.with_({path: 0.0})).ledger)
    late = small.with_({"firms.Trusted.strategy": "uniform", "events": [
        {"kind": "change", "month": 2, "firm": "Trusted", "levers": {"depth": 0.5}}]})  # fmt: skip
    assert notices(late, "Trusted") == {}, "levers that change on the way may matter yet"


# What the page says


@pytest.fixture(scope="module")
def answer(small: Scenario) -> Answer:
    return Answer(Settings.of(small), sim.compare(small, replications=6))


def test_tables_that_are_downloaded_are_those_of_the_comparison_with_what_identifies_them(answer: Answer) -> None:
    html = panels.csv_links(answer)
    links = re.findall(r'download="([^"]+)" href="data:text/csv;base64,([^"]+)"', html)
    assert [name for name, _ in links] == [
        f"retail-{answer.settings.scenario.hash}-{what}.csv"
        for what in ("summary", "head_to_head", "by_month", "bridge")
    ]
    table = pd.read_csv(io.BytesIO(base64.b64decode(links[0][1]))).set_index("measure")
    assert table["value"].to_list() == pytest.approx(answer.comparison.summary["value"].to_list(), rel=1e-15)
    row = table.iloc[0]
    assert (row["hash"], row["seed"], row["replications"]) == (answer.settings.scenario.hash, 1, 6)
    assert "no forecast" in row["note"]


def test_names_of_a_scenario_are_words_and_never_markup() -> None:
    nasty = Scenario.model_validate({
        "name": "<b>", "currency": "<i>", "customers": {"count": 50}, "horizon_months": 3,
        "firms": {"<script>x</script>": {"strategy": "trusted"}, "B": {}},
    })  # fmt: skip
    one = Answer(Settings.of(nasty), sim.compare(nasty, replications=2))
    saved = {"<u>": one.settings}
    for html in (
        panels.finding(one), panels.ruler(one), panels.figures(one), panels.csv_links(one),
        panels.settings_line(one.settings), panels.side_by_side(saved, {"<u>": one}),
        panels.picture(b"", "<b>", "<b>", "<b>"),
    ):  # fmt: skip
        assert not re.search(r"<(script|u|b|i)>", html)


def test_saved_settings_stand_side_by_side_with_their_paired_difference(small: Scenario) -> None:
    first = Settings.of(small)
    saved = {"as it is": first, "shallow": first.with_({DEPTH: 0.3})}
    comparisons = {name: sim.compare(one.scenario, replications=6) for name, one in saved.items()}
    html = panels.side_by_side(saved, {name: Answer(saved[name], comparisons[name]) for name in saved})
    gains = [one.replications["npv_difference"] / small.customers.count for one in comparisons.values()]
    words = rounded(*mean_interval(gains[1] - gains[0]), signed=True)
    assert f"{words.value} ({words.interval})" in html
    assert DEPTH in html
    assert "as opened" in html
    assert "Save up to four" in panels.side_by_side({}, {})


# The page without a browser


def settled(page: Page) -> None:
    asyncio.run(page.settle())


def text(widget: Any) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", widget.value))


@pytest.mark.slow
def test_the_page_shows_what_compare_gives_for_what_is_set(market_file: Path) -> None:
    page = Page(market_file)
    desk = page.desk
    assert "Asking the market" in desk.finding.value or "Compiling" in desk.finding.value
    desk.group.value = "Rules"
    row = desk._rows["rules.surplus"]
    row.slider.value = 0.2
    assert row.entry.value == 0.2
    settled(page)
    changed = sim.load(market_file).with_({"rules.surplus": 0.2})
    comparison = sim.compare(changed)
    assert comparison.finding in text(desk.finding)
    assert "Settled: 30 replications of 100 customers" in text(desk.finding)
    assert changed.hash in desk._settings.value
    assert read(desk.yaml.value).hash == changed.hash
    assert all("data:image/png" in one.value and 'alt=""' not in one.value for one in desk.pictures.values())
    assert "data:image/png" in desk.map.value
    assert "the map" in text(desk.map)

    page.desk.undo.click()
    assert row.slider.value == 0.1
    settled(page)
    assert sim.compare(sim.load(market_file)).finding in text(desk.finding)


def test_what_cannot_be_is_explained_beside_its_slider_and_nothing_is_lost(market_file: Path) -> None:
    page = Page(market_file)
    desk = page.desk
    row = desk._rows[DEPTH]
    before = page.history.now
    row.entry.value = 1.5
    assert page.history.now is before
    assert f"{DEPTH} is 1.5; it must be a number from 0 to 1 (share)" in text(row.note)
    assert "the answer is still that of 0.6" in text(row.note)
    assert not desk.undo.disabled
    desk.undo.click()
    assert row.entry.value == 0.6
    assert row.note.value == ""

    for path, value in (("rules.leave_below", 0.35), ("rules.withdraw_below", 0.3)):
        desk.path.value = path
        desk.add.click()
        desk._rows[path].entry.value = value
    assert desk.group.value == ADDED
    assert "leave_below must be at most withdraw_below (0.3), but is 0.35" in text(
        desk._rows["rules.withdraw_below"].note
    )
    assert page.history.now.scenario.rules.withdraw_below == 0.4


def test_a_lever_that_moves_nothing_says_so_beside_its_slider(market_file: Path) -> None:
    page = Page(market_file)
    page.desk._rows[DEPTH].slider.value = 0.0
    note = page.desk._rows["firms.Trusted.strategy.value_share"].note
    assert "Moves nothing while the depth is 0" in text(note)


def test_a_number_beyond_the_plausible_range_is_taken_and_marked(market_file: Path) -> None:
    page = Page(market_file)
    row = page.desk._rows["firms.Trusted.strategy.contact_rate"]
    row.entry.value = 6.0
    assert page.history.now.scenario.firms["Trusted"].strategy.contact_rate == 6.0
    assert row.slider.value == row.slider.max == 6.0
    assert "6 lies outside the plausible range, 0 to 4." in text(row.note)


def test_a_scenario_is_opened_from_text_and_a_bad_one_is_refused_in_a_sentence(market_file: Path) -> None:
    page = Page(market_file)
    desk = page.desk
    before = page.history.now
    desk.yaml.value = "firms: {A: {strategy: trustful}}"
    desk.take.click()
    assert "'trustful', which is no strategy" in text(desk._share_note)
    assert page.history.now is before
    desk.yaml.value = "title: Mine\nfirms: {A: {strategy: trusted}, B: {}}"
    desk.take.click()
    assert page.history.now.firm == "A"
    assert ("Mine (opened)", desk.scenario.value) in desk.scenario.options
    assert next(one.control.name for one in desk._rows.values()) == "firms.A.strategy.depth"
    desk.undo.click()
    assert page.history.now is before
    assert desk.scenario.value == str(market_file)


def test_two_pages_share_nothing(market_file: Path) -> None:
    one, other = Page(market_file), Page(market_file)
    one.desk._rows[DEPTH].slider.value = 0.2
    one.desk.name.value = "mine"
    one.desk.save.click()
    assert other.history.now.scenario.firms["Trusted"].strategy.depth == 0.6
    assert other.desk._rows[DEPTH].slider.value == 0.6
    assert not other.history.saved
    assert not other.desk.undo.button_style
    assert other.desk.undo.disabled


def test_a_page_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shelf = Shelf(None)
    assert shelf.take(BUILT_IN).hash == built_in().hash
    assert set(built_in().firms) == {"Trusted", "Uniform", "Extractive"}


def test_a_file_on_the_shelf_that_is_not_valid_says_so_when_it_is_chosen(market_file: Path) -> None:
    bad = market_file.with_name("bad.yaml")
    bad.write_text("firms: {}\n", encoding="utf-8")
    page = Page(market_file)
    assert "bad (not valid)" in [title for title, _ in page.desk.scenario.options]
    page.desk.scenario.value = str(bad)
    assert "at least 1 would be right" in text(page.desk._choice_note)
    assert page.history.now.scenario.hash == sim.load(market_file).hash


# The command


def test_a_bad_scenario_is_refused_before_anything_is_started(roi: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("firms: {A: {strategy: trustful}}\n", encoding="utf-8")
    assert "which is no strategy" in refused(roi, "explore", str(path), "--no-browser")
    assert "no file" in refused(roi, "explore", str(tmp_path / "none.yaml"))


def test_a_missing_extra_is_named_with_what_installs_it(
    roi: Callable[..., Any], market_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "voila", None)
    said = refused(roi, "explore", str(market_file), "--no-browser")
    assert "the explorer needs the package voila, which is not installed" in said
    assert 'pip install "personalisation-roi[explorer]"' in said


@pytest.mark.parametrize("port", ["0", "70000", "soon"])
def test_a_port_that_there_is_not_is_refused(port: str, roi: Callable[..., Any], market_file: Path) -> None:
    assert "port" in refused(roi, "explore", str(market_file), "--port", port, "--no-browser").lower()


def test_a_port_that_is_taken_is_refused(roi: Callable[..., Any], market_file: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} cannot be used" in refused(roi, "explore", str(market_file), "--port", str(port))
