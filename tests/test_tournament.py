"""A class tournament: what is handed in and what is left out, who meets whom, what places and prizes rest on."""

from __future__ import annotations

import json
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.experiment.money import monthly_rate, net_present_value
from sim.experiment.uncertainty import uncertainty
from sim.market import simulate
from sim.present.labels import overlaps
from sim.run import STATE
from sim.strategy import PRESETS, Strategy
from sim.tournament.contest import compete, entrants
from sim.tournament.example import FILES, write_example
from sim.tournament.fixtures import MOST_FIRMS, Match, duels, heats, pairs
from sim.tournament.hand_in import HandIn, read_folder, tidy
from sim.tournament.match_play import play
from sim.tournament.populations import Populations, classroom, hidden, market_of
from sim.tournament.prizes import worst_tenths
from sim.tournament.public import OWN, PUBLISHED, SEEN
from sim.tournament.referee import Referee, seated
from sim.tournament.regulations import LIMITS, OPEN, SAME_FOR_ALL, admitted, moved
from sim.tournament.result import Tournament
from tests.test_cli import Roi, one_line, roi
from tests.test_cli_errors import refused
from tests.test_definitions import defined

__all__ = ["roi"]

SMALL = classroom().with_({"customers.count": 200, "horizon_months": 8})
UNDERCUT = "def rule(month, own, rivals, history):\n    return {'price': max(0.9, own['price'] - 0.01)}\n"


LET: dict[str, Any] = {
    "workers": 1,
    "allow_unprotected_rules": True,
}  # rules of ours, should this system have no seccomp


def hand_in(name: str, preset: str = "trusted", rule: str | None = None, **levers: Any) -> HandIn:
    return HandIn(name, admitted(PRESETS[preset]).model_copy(update=levers), rule, "", name.lower())


CLASS = (
    hand_in("Ask"), hand_in("Same", "uniform"), hand_in("Take", "extractive"), hand_in("Cheap", "uniform", UNDERCUT),
)  # fmt: skip


@pytest.fixture(scope="module")
def held() -> Tournament:
    return compete(CLASS, SMALL, populations=4, opponents=3, seed=5, **LET)


# --- hand-ins --------------------------------------------------------------------------------------------------------
GOOD = "name: One\nstrategy: {preset: trusted, depth: 0.3}\n"
BAD: dict[str, tuple[str, str]] = {
    "a lever out of bounds": (
        "name: A\nstrategy: {price: 3}\n",
        "line 2: strategy.price is 3; in a tournament it must",
    ),
    "a lever beyond the model": ("name: A\nstrategy: {depth: 3}\n", "line 2: strategy.depth is 3; it must be a number"),
    "a lever that costs nothing": ("name: A\nstrategy:\n  security: 1\n", "line 3: strategy.security costs nothing"),
    "old data": ("name: A\nstrategy: {legacy_data: 9}\n", "strategy.legacy_data costs nothing and is 0 for everybody"),
    "a misspelt lever": (
        "name: A\nstrategy: {depht: 0.2}\n",
        "line 2: unknown key strategy.depht; did you mean depth?",
    ),
    "a misspelt key": ("nam: A\nstrategy: {}\n", "line 1: unknown key nam; did you mean name?"),
    "no strategy": ("name: A\n", "strategy is missing; it must be the name of a strategy"),
    "no name": ("strategy: trusted\n", "name is missing; it must be text"),
    "no preset": ("name: A\nstrategy: nice\n", "'nice', which is no strategy"),
    "a name that is too long": (f"name: {'A' * 25}\nstrategy: {{}}\n", "line 1: name has 25 characters"),
    "a name that shows nothing": ('name: "\\u202e\\u200b "\nstrategy: {}\n', "line 1: name has 0 characters"),
    "code": (
        'name: !!python/object/apply:os.system ["true"]\nstrategy: {}\n',
        "the tag !!python/object/apply:os.system",
    ),
    "a list": ("- 1\n", "a hand-in is a mapping with name and strategy"),
    "nothing": ("", "a hand-in is a mapping with name and strategy"),
    "no YAML": ("name: {\n", "this is not valid YAML"),
    "not finite": ("name: A\nstrategy: {price: .nan}\n", "line 2: strategy.price"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_hand_in_is_told_by_name_with_the_reason_and_left_out(tmp_path: Path, case: str) -> None:
    text, said = BAD[case]
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(text)
    taken, out = read_folder(tmp_path)
    assert [one.name for one in taken] == ["One"]
    assert [one.file for one in out] == ["bad.yaml"]
    assert said in out[0].reason
    assert "\n" not in out[0].reason


def test_only_plain_files_are_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("name: Secret\nstrategy: {}\n")
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "one.yaml").write_text(GOOD)
    (folder / "link.yaml").symlink_to(secret)
    os.mkfifo(folder / "pipe.yaml")  # reading it would never end
    (folder / "one.py").symlink_to(secret)
    (folder / "lone.py").write_text("x")
    (folder / "essay.docx").write_bytes(b"\x00")
    (folder / ".hidden.yaml").write_text("x")
    (folder / "README.md").write_text("x")
    (folder / "large.yaml").write_text(f"name: A\nstrategy: {{}}\n#{'x' * 2_000_000}")
    (folder / "latin.yaml").write_bytes(b"name: Andr\xe9\nstrategy: {}\n")
    (folder / "two.yaml").write_text(GOOD)
    (folder / "two.yml").write_text(GOOD)
    taken, out = read_folder(folder)
    assert taken == ()
    assert {one.file for one in out} == {
        "one.yaml", "link.yaml", "pipe.yaml", "lone.py", "essay.docx", "large.yaml", "latin.yaml", "two.yaml",
        "two.yml",
    }  # fmt: skip
    assert not any("Secret" in one.reason for one in out)


def test_names_that_look_alike_stay_and_can_be_told_apart(tmp_path: Path) -> None:
    for file, name in {"a": "Trust Us", "b": "trust us", "c": "Ｔrust Us", "d": "Other"}.items():
        (tmp_path / f"{file}.yaml").write_text(f"name: {name}\nstrategy: uniform\n")
    taken, out = read_folder(tmp_path)
    assert [one.name for one in taken] == ["Trust Us (a)", "trust us (b)", "Ｔrust Us (c)", "Other"]
    assert out == ()


@given(st.text(max_size=60))
def test_a_tidied_name_is_one_line_that_can_be_shown(text: str) -> None:
    shown = tidy(text)
    assert shown.isprintable()
    assert shown == tidy(shown) == shown.strip()


def test_levers_that_cost_nothing_are_the_same_for_all() -> None:
    """Each of them is free in the books, so that one setting is best for everybody."""
    assert set(OPEN) | set(SAME_FOR_ALL) == set(Strategy.model_fields)
    taken = [one.strategy for one in CLASS]
    assert all(getattr(one, lever) == value for one in taken for lever, value in SAME_FOR_ALL.items())
    assert LIMITS["price"] == (0.8, 1.2)


@given(st.dictionaries(st.sampled_from(list(LIMITS)), st.floats(allow_nan=True, allow_infinity=True), max_size=4))
def test_no_answer_of_a_rule_gets_beyond_the_limits(levers: dict[str, float]) -> None:
    before = admitted(PRESETS["trusted"])
    try:
        after = moved(before, levers)
    except sim.InputError:
        assert any(not LIMITS[lever][0] <= value <= LIMITS[lever][1] for lever, value in levers.items())
        return
    assert Strategy.model_validate(after.model_dump()) == after
    assert all(LIMITS[lever][0] <= getattr(after, lever) <= LIMITS[lever][1] for lever in LIMITS)


# --- who meets whom --------------------------------------------------------------------------------------------------
@given(st.integers(2, 60), st.integers(0, 5))
def test_heats_hold_everybody_once_and_are_about_the_same_size(entrants: int, population: int) -> None:
    matches = heats(entrants, population, seed=3)
    first = [one for one in matches if one.seating == 0]
    assert sorted(seat for one in first for seat in one.seats) == list(range(entrants))
    sizes = [len(one.seats) for one in first]
    assert max(sizes) <= MOST_FIRMS
    assert max(sizes) - min(sizes) <= 1
    for one in matches:
        assert sorted(one.seats) == sorted(first[one.heat].seats)
    assert len({one.seats for one in matches}) == len(matches)


@given(st.integers(2, 60), st.integers(1, 12))
def test_everybody_meets_the_same_number_of_rivals_in_pairs(entrants: int, opponents: int) -> None:
    met = pairs(entrants, opponents, seed=3)
    times = np.bincount(np.array(met).ravel(), minlength=entrants)
    wanted = min(opponents, entrants - 1)
    assert set(times) == {wanted + wanted * entrants % 2}
    assert len(set(met)) == len(met)
    assert all(one < other for one, other in met)
    assert {one.seats for one in duels(met, 0)} == {seats for pair in met for seats in (pair, pair[::-1])}


# --- hidden customers ------------------------------------------------------------------------------------------------
def test_only_hidden_numbers_differ_between_populations_and_stay_in_their_ranges() -> None:
    ranges = {path: (said.low, said.high) for path, _, said in SMALL.assumptions()}
    drawn = [dict(Populations(SMALL, 9).numbers(p)) for p in range(5)]
    assert all(hidden(path) for path in drawn[0])
    assert {"customers.threshold.a", "customers.vigilance.mean", "customers.taste_sd"} <= drawn[0].keys()
    for one, other in pairwise(drawn):
        assert all(one[path] != other[path] for path in one)
        assert all(ranges[path][0] <= value <= ranges[path][1] for path, value in one.items())
    two, five = (Populations(SMALL, 9).market(1, firms) for firms in (2, 5))
    assert two.customers == five.customers
    assert two.rules == five.rules
    assert Populations(SMALL, 10).numbers(0) != drawn[0]


def test_costs_of_size_are_shared_by_however_many_firms_there_are() -> None:
    for firms in (2, 3, 12):
        economics = [firm.economics for firm in market_of(SMALL, firms).firms.values()]
        assert sum(one.fixed_cost for one in economics) == pytest.approx(3 * 2850.0)
        assert sum(one.platform_cost for one in economics) == pytest.approx(3 * 400.0)
        assert {one.gross_margin for one in economics} == {0.30}


def test_the_runner_and_a_match_played_here_meet_the_same_customers(held: Tournament) -> None:
    """Pairs without rules go through the runner, all others do not: both must be the same market."""
    populations = Populations(SMALL, 5)
    for one in [played for played in held.played if played.match.kind == "pair"][::7]:
        again = play(one.match, CLASS, populations, 5, Referee(CLASS, unprotected=True))
        np.testing.assert_allclose(again.measures, one.measures, rtol=1e-12)
    assert uncertainty(market_of(SMALL, 2)).kinds.keys() == populations.numbers(0).keys()


# --- what is played, and what comes of it ----------------------------------------------------------------------------
def test_a_rule_is_told_public_figures_alone_and_changes_levers_a_month_later() -> None:
    source = (
        "def rule(month, own, rivals, history):\n"
        "    keys = ' '.join(sorted(rivals[0])) + '|' + ' '.join(sorted(own))\n"
        '    if month == 3: raise ValueError(f\'{len(rivals)} {own["price"]} {rivals[0]["price"]} {keys}\')\n'
        "    return {'price': 1.1} if month == 2 else None\n"
    )
    told: list[Any] = []

    def watch(market: sim.Market) -> Any:
        while True:
            told.append(market.world.firms.price.copy())
            yield market.env.timeout(1)

    pair = (hand_in("Rule", "uniform", source), hand_in("Same", "uniform"))
    referee = Referee(pair, unprotected=True)
    market = seated(market_of(SMALL, 2), [one.strategy for one in pair])
    match = Match("market", 0, 0, 0, (0, 1))
    with referee.rules(match, 8) as processes:
        simulate(market, 5, threads=1, processes=(*processes, watch))
    assert [float(prices[0]) for prices in told[:5]] == [1.0, 1.0, 1.1, 1.1, 1.1]  # a fault leaves the levers
    assert [float(prices[1]) for prices in told] == [1.0] * 8
    (report,) = referee.reports
    assert report.month == 3
    rivals = " ".join(sorted((*SEEN, *PUBLISHED)))
    assert report.reason.startswith(f"fails with ValueError: 1 1.1 1.0 {rivals}|")


def test_what_a_firm_knows_of_itself_is_documented() -> None:
    text = (Path(__file__).parent.parent / "docs" / "tournament.md").read_text(encoding="utf-8")
    for name in (*SEEN, *PUBLISHED, *OWN, *OPEN, *SAME_FOR_ALL):
        assert f"`{name}`" in text, name


@pytest.mark.slow
def test_the_same_seed_gives_the_same_tournament_and_another_does_not(held: Tournament) -> None:
    again = compete(CLASS, SMALL, populations=4, opponents=3, seed=5, **LET)
    for name, table in held.tables().items():
        assert table.equals(again.tables()[name]), name
    assert held.page() == again.page()
    other = compete(CLASS, SMALL, populations=4, opponents=3, seed=6, **LET)
    assert not held.table["npv"].equals(other.table["npv"])


def test_money_is_npv_per_customer_of_an_even_share(held: Tournament) -> None:
    one = next(played for played in held.played if played.match.kind == "market")
    market = Populations(SMALL, 5).market(one.match.population, 4)
    plain = next(played for played in held.played if played.match.kind == "pair" and 3 not in played.match.seats)
    two = seated(Populations(SMALL, 5).market(0, 2), [CLASS[entrant].strategy for entrant in plain.match.seats])
    run = simulate(two, 5, replication=0)
    npv = net_present_value(run.ledger.sum(axis=2).T / 100.0, monthly_rate(0.10)) / (200 / 2)
    np.testing.assert_allclose(plain.measures[:, 0], npv)
    np.testing.assert_allclose(plain.measures[:, 2], run.state[-1, :, STATE.index("reputation")])
    assert len(market.firms) == len(one.match.seats)
    assert one.months[:, :, 0].sum(axis=0) == pytest.approx(one.measures[:, 0], rel=0.1)  # but for discounting


def test_the_league_table_can_be_worked_out_again_from_the_matches(held: Tournament) -> None:
    matches, table = held.matches, held.table.set_index("name")
    for name, mine in matches.groupby("name"):
        by_kind = mine.groupby(["kind", "population"])["npv"].mean().groupby("kind").mean()
        row: Any = table.loc[str(name)]
        assert row["npv_market"] == pytest.approx(by_kind["market"])
        assert row["npv_pairs"] == pytest.approx(by_kind["pair"])
        assert row["npv"] == pytest.approx((by_kind["market"] + by_kind["pair"]) / 2)
        assert row["makes_money"] == pytest.approx((mine["npv"] > 0).mean())
        few = int(np.ceil(len(mine) / 10))
        assert row["worst_tenth"] == pytest.approx(np.sort(mine["npv"])[:few].mean())
    assert table["won"].sum() == pytest.approx(len(CLASS) / 2)  # who wins a pair, another loses
    assert list(held.table["npv"]) == sorted(held.table["npv"], reverse=True)
    assert table["first_in"].sum() == pytest.approx(1.0)
    assert (held.table["behind"].iloc[0], held.table["behind_low"].iloc[0]) == (0.0, 0.0)


def test_every_column_is_defined_and_nothing_else_is(held: Tournament) -> None:
    for name, table in held.tables().items():
        if name != "hidden":  # a column for each number, named by its path
            assert sorted(defined("Class tournament", f"column of `{name}`")) == sorted(table.columns), name


def test_prizes_go_to_those_who_are_best(held: Tournament) -> None:
    table = held.table.set_index("name")
    by_name = {one.prize: one for one in held.prizes}
    assert by_name["profit"].winners == (table["npv"].idxmax(),)
    assert by_name["robustness"].winners == (table["worst_tenth"].idxmax(),)
    makes_money = table[table["npv"] > 0]
    assert by_name["trust"].winners == ((makes_money["trust"].idxmax(),) if len(makes_money) else ())
    assert all(0.0 <= one.confidence <= 1.0 or not one.winners for one in held.prizes)


def test_no_prize_for_trust_where_nobody_makes_money() -> None:
    poor = SMALL.with_({f"firms.{name}.economics.fixed_cost": 1e6 for name in SMALL.firms})
    result = compete(CLASS[:3], poor, populations=2, opponents=2, workers=1)
    prize = {one.prize: one for one in result.prizes}["trust"]
    assert prize.winners == ()
    assert "the prize for trust goes to nobody" in result.finding


def test_equals_share_a_prize_and_a_place_is_not_certain() -> None:
    """Two rivals who do the same in every seat are equal to the last bit."""
    twins = (hand_in("One", "uniform"), hand_in("Two", "uniform"))
    result = compete(twins, SMALL, populations=3, workers=1)
    assert {one.prize: one.winners for one in result.prizes}["profit"] == ("One", "Two")
    assert list(result.table["won"]) == [0.5, 0.5]
    assert "is not certain" in result.finding


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_the_worst_tenth_is_the_mean_of_the_lowest(values: list[float]) -> None:
    few = -(-len(values) // 10)
    assert worst_tenths(np.array(values)) == pytest.approx(np.mean(sorted(values)[:few]))


def test_a_rule_that_fails_in_a_match_is_told_of_and_rests_after_three_times() -> None:
    source = "def rule(month, own, rivals, history):\n    return None if own['fixed_cost'] > -800 else {'price': 9}\n"
    fails = hand_in("Fails", "uniform", source)  # in pairs alone, where costs are shared by two
    result = compete((fails, *CLASS[:2]), SMALL, populations=3, opponents=2, **LET)
    assert set(result.faults["name"]) == {"Fails"}
    assert set(result.faults["population"]) == {0}  # it rests in the others
    assert result.faults["reason"].str.contains("price is 9; in a tournament it must be").all()
    assert len(result.table) == 3


def test_a_rule_that_fails_the_trial_is_left_out_and_the_rest_goes_on(tmp_path: Path) -> None:
    write_example(tmp_path / "class")
    (tmp_path / "class" / "undercut.py").write_text("def rule(month, own, rivals, history):\n    return 1 / 0\n")
    taken, out = entrants(tmp_path / "class", unprotected=True)
    assert [one.name for one in taken] == ["Bold", "Careful", "Plain & Simple", "Repentant"]
    assert [one.file for one in out] == ["undercut.py"]
    assert "ZeroDivisionError" in out[0].reason


def test_the_example_may_take_part(tmp_path: Path) -> None:
    taken, out = entrants(write_example(tmp_path / "class"), unprotected=True)
    assert out == ()
    assert len(taken) == sum(name.endswith(".yaml") for name in FILES)
    with pytest.raises(sim.InputError, match="is in use"):
        write_example(tmp_path / "class")


@pytest.mark.slow
def test_a_class_of_thirty_is_split_into_heats_and_everybody_is_in_the_table() -> None:
    many = [hand_in(f"S{k}", list(PRESETS)[k % 3], price=0.95 + 0.003 * k) for k in range(30)]
    tiny = SMALL.with_({"customers.count": 50, "horizon_months": 3})
    told: list[tuple[int, int]] = []
    result = compete(many, tiny, populations=2, opponents=3, workers=1, progress=lambda *now: told.append(now))
    assert len(result.table) == 30
    assert result.matches[result.matches["kind"] == "market"].groupby(["population", "heat"]).ngroups == 6
    assert result.outcomes.shape == (2, 30, 4 + 2 * 3)
    assert told[-1] == (len(result.played), len(result.played))
    assert overlaps(result.plot()) == []


# --- how it is shown -------------------------------------------------------------------------------------------------
def test_a_name_cannot_become_part_of_the_page() -> None:
    nasty = "</script><b>x&y\u2028"
    twins = (hand_in(nasty, "uniform"), hand_in("<!--", "trusted"))
    page = compete(twins, SMALL, populations=1, workers=1).page()
    assert page.count("</script>") == 2
    assert "<b>" not in page
    assert "<!--" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)\s*=|https?://|url\(|@import", page)
    data = json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[0])
    assert [one["name"] for one in data["firms"]] == [nasty, "<!--"]
    assert len(data["firms"][0]["profit"]) == SMALL.horizon_months


def test_the_picture_says_who_is_first_and_words_keep_apart(held: Tournament) -> None:
    figure = held.plot()
    assert overlaps(figure) == []
    assert str(held.table["name"].iloc[0]) in figure.alt  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_animation_has_a_frame_for_every_month(held: Tournament) -> None:
    from io import BytesIO

    from PIL import Image

    from sim.present.tournament_chart import animation, frame

    with Image.open(BytesIO(animation(held))) as picture:
        assert getattr(picture, "n_frames", 1) == SMALL.horizon_months
    assert overlaps(frame(held, 3)) == []


# --- the command -----------------------------------------------------------------------------------------------------
TINY = ("--set", "customers.count=100", "--set", "horizon_months=6", "--populations", "2", "--workers", "1",
        "--allow-unprotected-rules")  # fmt: skip


@pytest.mark.slow
def test_the_command_tells_the_table_the_prizes_and_who_is_left_out(roi: Roi, tmp_path: Path) -> None:
    folder, out, gif = tmp_path / "class", tmp_path / "out", tmp_path / "months.gif"
    assert roi("tournament", str(folder), "--example").code == 0
    (folder / "late.yaml").write_text("name: Late\nstrategy: {price: 7}\n")
    assert "5 hand-ins may take part; 1 may not." in roi("tournament", str(folder), "--check", TINY[-1]).out
    code, said, err = roi("tournament", str(folder), *TINY, "--out", str(out), "--gif", str(gif))
    assert (code, err) == (0, "")
    assert max(map(len, said.splitlines())) <= 100
    for words in ("League table", "Prizes", "Left out", "late.yaml", "strategy.price is 7", "Explores assumptions"):
        assert words in said
    assert "Who wins depends on who else takes part" in one_line(said)
    assert gif.read_bytes().startswith(b"GIF8")
    assert (out / "tournament.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    tables = {one.stem for one in (out / "tables").glob("*.parquet")}
    assert tables == {"standings", "prizes", "months", "matches", "hidden", "faults", "left_out"}
    told = json.loads(roi("tournament", str(folder), *TINY, "--out", str(out), "--json").out)  # goes on from there
    assert one_line(said).startswith(told["finding"])
    assert len(told["standings"]) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "there is no folder nowhere of hand-ins; roi tournament --example"),
        (("class",), "needs at least two hand-ins that can compete, but has 1; bad.yaml: "),
        (("class", "--populations", "0"), "populations must be a whole number of at least 1"),
        (("class", "--gif", "months.png"), "no name of an animation"),
        (("class", "--market", "no.yaml"), "there is no file no.yaml"),
        (("class", "--example"), "is in use"),
        (("two", "--out", "two/results"), "could be read by those who hand in"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    roi: Roi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, files in {"class": {"one": GOOD, "bad": "name: x\n"}, "two": {"one": GOOD, "two": GOOD}}.items():
        Path(folder).mkdir()
        for name, text in files.items():
            Path(folder, f"{name}.yaml").write_text(text)
    assert said in refused(roi, "tournament", *arguments)
