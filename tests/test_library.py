"""The library of scenarios: every number says where it comes from, economics give what they say, shocks are shocks."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.evidence import evidence
from sim.experiment.exchange import all_uniform, margin_of_trade
from sim.files import library as module
from sim.files.library import SECTORS, SHOCKS, begun, found, library, listed, located, named, names, sectors
from sim.market import simulate
from sim.scenario import Scenario
from sim.scenario_file import load, read
from sim.strategy import PRESETS
from tests.markets import column, line

MARKETS = sectors()
each_sector = pytest.mark.parametrize("name", SECTORS)


# What there is -------------------------------------------------------------------------------------------------------


def test_there_are_nine_sectors_and_two_shocks_and_the_library_holds_them_all() -> None:
    assert len(SECTORS) >= 9
    assert {*SECTORS, *SHOCKS} < set(names())
    asked = "grocery fashion bank telecom airline health media distributor public-service"
    assert set(asked.split()) <= set(SECTORS)
    assert SHOCKS == ("breach-year", "opt-in-law")
    assert all(row.valid for row in listed(library()))


def defaults(scenario: Scenario) -> dict[str, Any]:
    """What the package would take for every number of a scenario that has the same parts."""
    customers = scenario.customers
    firms = {}
    for name, firm in scenario.firms.items():
        near = min(PRESETS, key=lambda preset: sum(
            getattr(firm.strategy, lever) != value for lever, value in PRESETS[preset].model_dump().items()
        ))  # fmt: skip
        firms[name] = {"strategy": near}
    parts: dict[str, Any] = {"segments": {name: {"share": part.share} for name, part in customers.segments.items()}}
    if customers.contract is not None:
        parts["contract"] = {}
    plain = Scenario.model_validate({"firms": firms, "customers": parts})
    return {path: value for path, value, _ in plain.assumptions()}


@each_sector
def test_every_number_of_a_sector_that_differs_from_the_package_s_says_where_it_comes_from(name: str) -> None:
    scenario = MARKETS[name]
    usual = defaults(scenario)
    differing = [path for path, value, _ in scenario.assumptions() if value != usual[path]]
    assert len(differing) >= 8, "a market of its own"
    for path in differing:
        note = scenario.notes.get(path)
        assert note is not None, path
        assert note.source, path
        kind = evidence(note.source, note.se, note.n)
        if kind == "assumed":
            assert note.range is not None, f"{path}: an assumption has a plausible range"
        if "from memory" in (note.source + (note.note or "")):
            assert "not checked" in (note.source + (note.note or "")), path
            assert kind in ("assumed", "published"), path


@each_sector
def test_in_a_sector_the_client_personalises_with_trust_and_all_firms_have_the_same_economics(name: str) -> None:
    scenario = MARKETS[name]
    assert scenario.client == "Trusted"
    assert scenario.firms["Trusted"].strategy.kind == "trusted"
    assert all(firm.economics == scenario.firms["Trusted"].economics for firm in scenario.firms.values())
    assert len(scenario.description) > 80


# What it gives -------------------------------------------------------------------------------------------------------


def stated_margin(scenario: Scenario) -> float:
    """The margin that the note of the fixed cost states."""
    note = scenario.notes["firms.Trusted.economics.fixed_cost"].note or ""
    told = re.search(r"earns about (\d+) % of sales in years 4 and 5", note)
    assert told, note
    return int(told[1]) / 100


@pytest.mark.slow
@each_sector
def test_a_market_where_all_treat_everyone_the_same_earns_what_its_file_says(name: str) -> None:
    """Within 1.5 points of sales, over 4 standard deviations of two runs of 2 500 customers; error below 1e-3 for all.

    The distributor scatters most: a few customers buy most, so that sales per customer vary from run to run.
    """
    scenario = MARKETS[name]
    margin = margin_of_trade(all_uniform(scenario.with_({"customers.count": 2500})), replications=2, seed=23)
    assert margin == pytest.approx(stated_margin(scenario), abs=0.015)


@each_sector
def test_no_cent_is_lost_in_a_sector(name: str) -> None:
    """What customers paid is what firms took in, sales and what they kept of the surplus."""
    run = simulate(MARKETS[name].with_({"customers.count": 300, "customers.turnover": 0.0, "horizon_months": 18}), 3)
    taken = line(run, "sales").sum(axis=0) + line(run, "personalisation_margin").sum(axis=0)
    assert taken.any()
    assert (run.world.relations.spent.sum(axis=0) == taken).all()
    assert run.world.customers.elsewhere.sum() == run.elsewhere.sum()
    assert run.books["operating_profit"].sum() == run.ledger.sum()


def test_the_monopolist_has_no_rival_and_keeps_everybody() -> None:
    scenario = MARKETS["public-service"]
    assert list(scenario.firms) == ["Trusted"]
    run = simulate(scenario.with_({"customers.count": 400, "horizon_months": 24}))
    assert column(run, "share_of_wallet", 0)[3:].min() > 0.99
    assert all(len(market.firms) > 1 for name, market in MARKETS.items() if name != "public-service")


def endings(scenario: Scenario, seed: int = 4) -> np.ndarray:
    """Contracts that run at a month's begin and have ended at its end, and all that run: shape (months, 2)."""
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    def watch(market: Any) -> Any:
        customers = market.world.customers
        yield market.env.timeout(0.99)
        while True:
            seen.append((customers.last_firm.copy(), customers.generation.copy()))
            yield market.env.timeout(1)

    simulate(scenario, seed, processes=[watch])
    rows = []
    for (before, who), (after, then) in pairwise(seen):
        running = (before >= 0) & (who == then)
        rows.append(((running & (before != after)).sum(), running.sum()))
    return np.array(rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "path", "low", "high"),
    [
        ("bank", "rules.inertia", 0.0017, 0.0034),  # 3 % a year are 0.25 % a month
        ("telecom", "customers.contract.mean", 0.0105, 0.0125),
        ("media", "rules.inertia", 0.049, 0.055),
    ],
)
def test_as_many_contracts_end_in_a_month_as_the_file_says(name: str, path: str, low: float, high: float) -> None:
    """From the third year on, 6 000 customers; the bounds are over 4 standard deviations away, error below 1e-3.

    Fewer than 600 contracts of the bank end in all, of which few customers have many: hence the wide bounds.
    """
    scenario = MARKETS[name]
    assert "set so that about" in (scenario.notes[path].note or "")
    ended, running = endings(all_uniform(scenario.with_({"customers.count": 6000})))[24:].sum(axis=0)
    assert low < ended / running < high


def test_subscriptions_end_less_often_the_older_they_are() -> None:
    """As published for streaming: the share that ends falls with tenure; here by sorting and by trust.

    A cohort of about 3 000 first contracts: in the first three months above twice the standard deviation more than
    later; by construction of the market it is several times as much, error probability below 1e-6.
    """
    scenario = all_uniform(MARKETS["media"]).with_({"customers.count": 3000, "horizon_months": 24})
    rows = endings(scenario.with_({"customers.turnover": 0.0}))
    early, late = rows[:3].sum(axis=0), rows[-6:].sum(axis=0)
    assert early[0] / early[1] > 1.3 * late[0] / late[1]


@pytest.mark.parametrize(("name", "kinds"), [("breach-year", {"breach"}), ("opt-in-law", {"law"})])
def test_a_shock_is_retail_in_which_something_happens(name: str, kinds: set[str]) -> None:
    shock, retail = found(name), found("retail")
    assert shock.hash != retail.hash
    assert shock.with_({"events": []}).hash == retail.hash
    assert {event.kind for event in shock.events} == kinds
    assert all(0 < event.month < retail.horizon_months for event in shock.events)


def test_a_breach_year_costs_those_who_hold_data_and_nobody_else() -> None:
    quiet = {"customers.count": 500, "rules.breach_rate": 0.0}
    cost = line(simulate(found("breach-year").with_(quiet)), "breach_cost").sum(axis=0)
    firms = list(found("breach-year").firms)
    assert cost[firms.index("Uniform")] == 0
    assert cost[firms.index("Trusted")] < 0
    assert not line(simulate(found("retail").with_(quiet)), "breach_cost").any()


def test_an_opt_in_law_takes_the_permissions_of_who_did_not_ask() -> None:
    law, before = found("opt-in-law").with_({"customers.count": 500}), 23
    opt_in = column(simulate(law), "opt_in")
    firms = list(law.firms)
    sneaky, asking = firms.index("Extractive"), firms.index("Trusted")
    assert opt_in[before + 1, sneaky] < 0.5 * opt_in[before, sneaky]
    assert opt_in[before + 1, asking] > 0.8 * opt_in[before, asking]


# Where it is, and what is called how ---------------------------------------------------------------------------------


def test_a_name_leads_to_the_library_and_a_path_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert located("bank") == library() / "bank.yaml"
    assert located("bank.yaml") == Path("bank.yaml")
    assert located(tmp_path / "bank") == tmp_path / "bank"
    (tmp_path / "bank").write_text("mine")
    assert located("bank") == Path("bank"), "what is there goes first"
    with pytest.raises(InputError, match=r"no telekom; did you mean telecom\?"):
        located("telekom")
    with pytest.raises(InputError, match=r"one of airline, alike, .* would be right"):
        located("zzz")


def test_the_library_is_within_the_package_or_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "sim" / "files" / "library.py"))
    with pytest.raises(InputError, match="install the package again"):
        library()
    for folder in (tmp_path / "scenarios", tmp_path / "sim" / "library"):  # the second goes first
        folder.mkdir(parents=True)
        (folder / "retail.yaml").write_text("firms: {A: {}}\n")
        assert library() == folder


@pytest.mark.parametrize("name", ["shop", "my-shop_2", "2027", "Läden", "a" * 60])
def test_names_of_scenarios_are_letters_digits_and_dashes(name: str) -> None:
    assert named(name) == name


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "-x", "a b", "a.yaml", "a\n", "a" * 61, "~", "a:b"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="is no name for a scenario; letters, digits"):
        named(name)


# One's own -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", names())
def test_what_begins_from_a_scenario_is_the_same_market_with_all_that_is_said_of_it(
    source: str, tmp_path: Path
) -> None:
    begin = found(source)
    text = begun("shop", source, tmp_path)
    mine = read(text, name="other")
    assert (mine.name, mine.hash) == ("shop", begin.hash)
    assert mine.title == f"shop, begun from {begin.title}"
    assert (mine.notes, mine.fits, mine.description) == (begin.notes, begin.fits, begin.description)
    told = (library() / f"{source}.yaml").read_text(encoding="utf-8")
    comments = [row for row in told.splitlines() if row.startswith("# ") and "yaml-language-server" not in row]
    assert all(row in text for row in comments)
    assert "schema" not in text.splitlines()[0]
    assert begun("shop", source, library()).startswith("# yaml-language-server: $schema=schema.json\n")


PLAIN = "firms:\n  A: {strategy: trusted}\nrules: {surplus: {value: 0.2, source: mine}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "{firms: {A: {strategy: trusted}}, rules: {surplus: {value: 0.2, source: mine}}}",
        f"title: |\n  Two\n  lines\nname: old\n{PLAIN}",
        f"'title': quoted\n{PLAIN}",
        f'{PLAIN}title: "it\'s: \\\\1 last"',
    ],
)
def test_however_a_scenario_is_written_one_s_own_begins_from_it(text: str, tmp_path: Path) -> None:
    source = tmp_path / "odd.yaml"
    source.write_text(text)
    mine = read(begun("shop", source, tmp_path))
    begin = load(source)
    assert (mine.name, mine.hash, mine.notes) == ("shop", begin.hash, begin.notes)
    assert mine.title == f"shop, begun from {begin.title or 'odd'}".replace("\n", " ").strip() or mine.title


def test_nothing_begins_from_what_is_no_scenario(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("firms: 3\n")
    reasons = {tmp_path / "bad.yaml": "firms", tmp_path / "none.yaml": "there is no file", tmp_path: "folder"}
    for source, said in reasons.items():
        with pytest.raises(InputError, match=said):
            begun("shop", source, tmp_path)


def test_a_folder_tells_which_scenarios_are_not_valid(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text("firms: {A: {}}\ntitle: Good\n")
    (tmp_path / "a.yaml").write_text("firms: 3\n")
    rows = listed(tmp_path)
    assert [(row.name, row.valid) for row in rows] == [("a", False), ("b", True)]
    assert rows[0].title.startswith("not valid: ")
    assert rows[1].title == "Good"
    with pytest.raises(InputError, match="there is no folder"):
        listed(tmp_path / "none")
