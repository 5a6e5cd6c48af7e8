"""The commands for the library: list, begin, tell what differs, compare all; and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.files.library import SECTORS, found, library, names
from tests.test_cli import Roi, roi
from tests.test_cli_errors import refused

__all__ = ["roi"]

SMALL = ("--set", "customers.count=60", "--set", "horizon_months=6")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own, without a checkout around it."""
    place = tmp_path / "mine"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_without_a_checkout_the_library_is_listed_by_name_with_a_line_each(roi: Roi) -> None:
    lines = roi("scenarios").out.splitlines()
    assert [line.split()[0] for line in lines] == list(names())
    assert all(line.endswith(found(name).title) for line, name in zip(lines, names(), strict=True))


def test_the_user_s_own_scenarios_come_first_and_a_folder_is_listed_alone(roi: Roi, elsewhere: Path) -> None:
    (elsewhere / "scenarios").mkdir()
    (elsewhere / "scenarios" / "own.yaml").write_text("firms: {A: {}}\ntitle: Mine\n")
    lines = roi("scenarios").out.splitlines()
    assert lines[0].split() == ["scenarios/own.yaml", "Mine"]
    assert len(lines) == 1 + len(names())
    assert len(roi("scenarios", "scenarios").out.splitlines()) == 1
    listed = json.loads(roi("scenarios", "--json").out)["scenarios"]
    assert [row["name"] for row in listed if row["kind"] == "sector"] == sorted(SECTORS)
    assert sum(row["kind"] == "shock" for row in listed) == 2


def test_in_a_checkout_the_library_is_listed_once(roi: Roi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(library().parent)
    lines = roi("scenarios").out.splitlines()
    assert len(lines) == len(names())
    assert lines[0].startswith("scenarios/")


def test_from_a_sector_to_one_s_own_answer(roi: Roi, elsewhere: Path) -> None:
    code, out, _ = roi("new", "shop", "--from", "fashion")
    assert code == 0
    assert out.startswith("Written: shop.yaml\n")
    assert "roi diff fashion shop.yaml" in out
    checked = json.loads(roi("check", "shop.yaml", "--json").out)
    assert (checked["scenario"], checked["hash"], checked["outside"]) == ("shop", found("fashion").hash, [])
    assert "Nothing that the outcome depends on differs" in roi("diff", "fashion", "shop.yaml").out.replace("\n", " ")
    text = (elsewhere / "shop.yaml").read_text()
    assert "value: 75\n" in text
    (elsewhere / "shop.yaml").write_text(text.replace("value: 75\n", "value: 40\n"))
    told = roi("diff", "fashion", "shop.yaml").out
    assert "\n  Mean basket: 40 USD instead of 75 USD per trip\n" in told
    data = json.loads(roi("diff", "fashion", "shop.yaml", "--json").out)
    assert [row["paths"] for row in data["differences"]] == [["customers.basket.mean"]]
    assert data["hash_from"] != data["hash_to"]
    answer = json.loads(roi("compare", "shop.yaml", *SMALL, "--replications", "2", "--json").out)
    assert answer["manifest"]["scenario"] == "shop"


def test_a_name_of_the_library_does_where_a_file_is_asked_for(roi: Roi) -> None:
    assert json.loads(roi("check", "telecom", "--json").out)["hash"] == found("telecom").hash
    assert roi("run", "telecom", *SMALL, "--json").code == 0
    assert roi("diff", "retail", "opt-in-law").code == 0


def test_one_s_own_goes_into_the_folder_of_scenarios_or_where_it_is_told(roi: Roi, elsewhere: Path) -> None:
    (elsewhere / "scenarios").mkdir()
    assert roi("new", "a").code == 0
    assert (elsewhere / "scenarios" / "a.yaml").is_file()
    assert roi("new", "b", "--from", "a", "-o", "x.yml").code == 2, "a is no name of the library, nor a file here"
    assert roi("new", "b", "--from", "scenarios/a.yaml", "-o", "x.yml").code == 0
    assert json.loads(roi("check", "x.yml", "--json").out)["scenario"] == "b"


def test_what_is_there_is_kept_unless_it_may_be_written_over(roi: Roi, elsewhere: Path) -> None:
    (elsewhere / "shop.yaml").write_text("mine")
    assert "shop.yaml is there already" in refused(roi, "new", "shop", "--from", "bank")
    assert (elsewhere / "shop.yaml").read_text() == "mine"
    assert roi("new", "shop", "--from", "bank", "--force").code == 0
    assert json.loads(roi("check", "shop.yaml", "--json").out)["hash"] == found("bank").hash
    before = (elsewhere / "shop.yaml").read_text()
    assert "is what shop is to begin from" in refused(roi, "new", "shop", "--from", "shop.yaml", "--force")
    assert (elsewhere / "shop.yaml").read_text() == before


REFUSED = {
    "an unknown sector": (["new", "shop", "--from", "grocry"], "did you mean grocery?"),
    "a sector far off": (["new", "shop", "--from", "qqq"], "one of airline, alike,"),
    "a file that is not there": (["new", "shop", "--from", "no/where.yaml"], "there is no file no/where.yaml"),
    "a folder to begin from": (["new", "shop", "--from", "."], "is a folder"),
    "a name with a slash": (["new", "a/b"], "'a/b' is no name for a scenario"),
    "a name with an ending": (["new", "shop.yaml"], "'shop.yaml' is no name for a scenario"),
    "an empty name": (["new", ""], "'' is no name for a scenario"),
    "no name": (["new"], "missing argument 'NAME'"),
    "a file of no kind": (["new", "shop", "-o", "shop.txt"], "one that ends in .yaml would be right"),
    "a file in no folder": (["new", "shop", "-o", "no/shop.yaml"], "no/shop.yaml cannot be written"),
    "one scenario to tell apart": (["diff", "bank"], "missing argument 'B'"),
    "an unknown scenario to tell apart": (["diff", "bank", "bnak"], "did you mean bank?"),
    "a file to tell apart that is not there": (["diff", "no.yaml", "bank"], "there is no file no.yaml"),
    "an atlas of no folder": (["atlas", "nowhere"], "there is no folder nowhere"),
    "an atlas of an empty folder": (["atlas", "."], "there is no scenario in ."),
    "an atlas of one replication": (["atlas", "--replications", "1"], "at least 2, but is 1"),
    "an atlas of few customers": (["atlas", "--customers", "2"], "customers.count is 2"),
    "an atlas in a picture of no kind": (["atlas", "--plot", "a.jpg"], "a.jpg is no name of a picture"),
    "an unknown scenario": (["compare", "retial"], "did you mean retail?"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_in_one_sentence_and_leaves_nothing(roi: Roi, elsewhere: Path, case: str) -> None:
    arguments, said = REFUSED[case]
    assert said in refused(roi, *arguments)
    assert not list(elsewhere.iterdir())


def test_an_unreadable_scenario_to_begin_from_is_told_with_its_line(roi: Roi, elsewhere: Path) -> None:
    (elsewhere / "bad.yaml").write_text("firms:\n  A: {strategy: trustd}\n")
    assert "bad.yaml, line 2" in refused(roi, "new", "shop", "--from", "bad.yaml")
    assert "bad.yaml, line 2" in refused(roi, "diff", "bank", "bad.yaml")
    (elsewhere / "raw.yaml").write_bytes(b"\xff\xfe")
    assert "is not UTF-8" in refused(roi, "new", "shop", "--from", "raw.yaml")
    assert not (elsewhere / "shop.yaml").exists()


def test_an_atlas_of_one_s_own_folder_tells_every_market(roi: Roi, elsewhere: Path) -> None:
    folder = elsewhere / "markets"
    folder.mkdir()
    for name, source in (("first", "bank"), ("second", "fashion")):
        assert roi("new", name, "--from", source, "-o", str(folder / f"{name}.yaml")).code == 0
    small = (str(folder), "--customers", "60", "--replications", "2")
    code, out, _ = roi("atlas", *small, "--out", "kept", "--plot", "atlas.png")
    assert code == 0
    assert out.startswith("Of 2 markets personalising with trust pays in ")
    for word in ("first, begun", "second,", "no forecast", "Written: kept", "Written: atlas.png"):
        assert word in out
    assert (elsewhere / "atlas.png").stat().st_size > 10_000
    assert (elsewhere / "kept" / "table.parquet").is_file()
    data = json.loads(roi("atlas", *small, "--json").out)
    assert {row["market"] for row in data["table"]} == {"first", "second"}
    assert data["manifest"]["replications"] == 2


@pytest.mark.parametrize("command", ["scenarios", "new", "diff", "atlas"])
def test_help_says_what_a_command_is_for_and_gives_an_example(roi: Roi, command: str) -> None:
    code, out, _ = roi(command, "--help")
    assert code == 0
    assert "Example" in out
    assert f"roi {command}" in out
