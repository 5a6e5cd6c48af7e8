"""The command `roi` prints what the Python API says, in tables for people and in JSON for programs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import sim
from sim.cli import main
from sim.experiment.records import RECORDS
from sim.run import package_version

ROOT = Path(__file__).resolve().parent.parent
TWO = str(ROOT / "scenarios" / "two-kinds.yaml")
RETAIL = str(ROOT / "scenarios" / "retail.yaml")
SMALL = ("--set", "customers.count=300", "--set", "horizon_months=6")


class Said(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Roi = Callable[..., Said]


@pytest.fixture
def roi(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Roi:
    """Runs the command in this process; 100 columns wide."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str) -> Said:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        code = left.value.code
        assert isinstance(code, int)
        return Said(code, *capfd.readouterr())

    return run


def small(**changes: Any) -> sim.Scenario:
    """The scenario that the options in SMALL make."""
    return sim.load(TWO).with_({"customers.count": 300, "horizon_months": 6, **changes})


def one_line(text: str) -> str:
    return " ".join(text.split())


# --- the command itself --------------------------------------------------------------------------------------------
def test_version_is_that_of_the_package(roi: Roi) -> None:
    assert roi("--version") == (0, f"roi {package_version()}\n", "")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_names_every_command_and_shows_examples(roi: Roi, arguments: tuple[str, ...]) -> None:
    code, out, err = roi(*arguments)
    assert (code, err) == (0, "")
    for command in ("run", "compare", "check", "trace", "scenarios", "schema", "league", "search"):
        assert re.search(rf"\b{command}\b", out)
    assert "roi compare scenarios/retail.yaml" in out


@pytest.mark.parametrize("command", ["run", "compare", "check", "trace", "league", "search"])
def test_help_of_a_command_has_an_example_that_can_be_copied(roi: Roi, command: str) -> None:
    out = roi(command, "--help").out
    example = re.search(rf"roi {command} (scenarios/\S+)", out)
    assert example is not None
    assert (ROOT / example[1]).is_file()


def test_the_command_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"roi {package_version()}\n"


def test_importing_the_command_is_light() -> None:
    heavy = ("numpy", "pandas", "scipy", "numba", "matplotlib", "duckdb")
    script = f"import sys, sim.cli; print(*sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# --- compare -------------------------------------------------------------------------------------------------------
def test_compare_prints_the_finding_first_and_what_identifies_it_last(roi: Roi) -> None:
    result = sim.compare(small(), replications=3)
    code, out, err = roi("compare", TWO, *SMALL, "--replications", "3")
    assert (code, err) == (0, "")
    assert one_line(out).startswith(result.finding)
    assert one_line(out).endswith(
        f"Scenario two-kinds, hash {small().hash}, seed 1, 3 replications, version {package_version()}. "
        "Explores assumptions; no forecast."
    )


def test_compare_as_json_is_what_the_api_says(roi: Roi) -> None:
    result = sim.compare(small(), "Trusted", "extractive", 3, seed=5)
    told = json.loads(
        roi("compare", TWO, *SMALL, "--replications", "3", "--seed", "5", "--against", "extractive", "--json").out
    )
    assert told["finding"] == result.finding
    assert told["manifest"]["hash"] == result.scenario.hash
    found = {row["measure"]: row["value"] for row in told["summary"]}
    for measure in ("npv_difference", "margin", "probability_it_pays"):
        assert found[measure] == pytest.approx(result.interval(measure).value, rel=1e-12)
    assert [row["line"] for row in told["bridge"]] == list(result.bridge["line"])
    assert {row["firm"] for row in told["head_to_head"]} == {"Trusted", "Uniform"}


def test_json_writes_what_is_not_finite_as_null(roi: Roi) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    code, out, _ = roi("compare", TWO, *SMALL, "--replications", "1", "--firm", "Uniform", "--json")
    assert code == 0
    told = json.loads(out, parse_constant=refuse)
    row = next(row for row in told["summary"] if row["measure"] == "return_on_spend")  # nothing is spent
    assert row == {"measure": "return_on_spend", "unit": row["unit"], "value": None, "low": None, "high": None}


def test_precision_is_told_whether_it_was_reached_or_not(roi: Roi, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = one_line(roi("compare", TWO, *SMALL, "--replications", "3", "--precision", "0.9").out)
    n = sim.compare(small(), replications=3, precision=0.9).settled_after
    assert f"{n} replications narrowed the interval's half-width to 90 % of the gain" in reached
    monkeypatch.setattr("sim.experiment.compare.MOST_REPLICATIONS", 4)
    missed = one_line(roi("compare", TWO, *SMALL, "--replications", "3", "--precision", "0.0001").out)
    assert "The precision of 0.01 % was not reached in 4 replications" in missed


def test_lines_that_the_strategy_does_not_move_are_told_in_a_sentence(roi: Roi) -> None:
    out = one_line(roi("compare", TWO, *SMALL, "--replications", "2").out)
    assert "The same with either strategy: messages, resale of profiles, breaches, fines, staff, fixed cost." in out


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_output_is_no_wider_than_the_terminal(roi: Roi, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for command in (
        ("compare", RETAIL, *SMALL, "--replications", "2"), ("run", RETAIL, *SMALL), ("check", RETAIL),
        ("trace", RETAIL, *SMALL, "--customer", "3"),
    ):  # fmt: skip
        out = roi(*command).out
        assert max(map(len, out.splitlines())) <= columns
        assert "…" not in out  # nothing is cut off
        assert "\x1b" not in out  # no colours where there is no terminal


def test_firms_that_do_not_fit_beside_each_other_go_into_a_second_table(roi: Roi) -> None:
    more = [f for k in range(8) for f in ("--set", f"firms.Another firm {k}={{strategy: uniform}}")]
    out = roi("compare", TWO, *SMALL, *more, "--replications", "2").out
    assert out.count("Customers who opted in") > 1
    assert all(f"Another firm {k}" in out for k in range(8))


def test_names_with_brackets_are_printed_as_they_are(roi: Roi) -> None:
    assert "[bold]Shop[/bold]" in roi("run", TWO, *SMALL, "--set", "firms.[bold]Shop[/bold]={strategy: uniform}").out


# --- files ---------------------------------------------------------------------------------------------------------
def test_out_writes_tables_that_can_be_read_back(roi: Roi, tmp_path: Path) -> None:
    from sim.present.results import load_tables

    code, out, _ = roi("compare", TWO, *SMALL, "--replications", "2", "--out", str(tmp_path / "c"))
    assert code == 0
    assert "Written: " in out
    result = sim.compare(small(), replications=2)
    tables = load_tables(tmp_path / "c")
    assert set(tables) == set(result.tables()) | {*RECORDS}
    assert tables["bridge"]["value"].tolist() == pytest.approx(result.bridge["value"].tolist())

    assert roi("run", TWO, *SMALL, "--out", str(tmp_path / "r")).code == 0
    run = sim.simulate(small())
    tables = load_tables(tmp_path / "r")
    assert set(tables) == {"books", "market", "customers"}
    assert tables["books"]["operating_profit"].tolist() == run.books["operating_profit"].tolist()


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_plot_writes_a_picture_and_the_same_again(roi: Roi, tmp_path: Path, kind: str, start: bytes) -> None:
    pictures = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.{kind}"
        assert roi("compare", TWO, *SMALL, "--replications", "2", "--plot", str(path)).code == 0
        pictures.append(re.sub(rb"\b[a-zA-Z]+[0-9a-f]{10}\b", b"id", path.read_bytes()))  # SVG's inner names
    assert pictures[0].startswith(start)
    assert pictures[0] == pictures[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one.{kind}", f"two.{kind}"]


def test_schema_is_the_one_beside_the_scenarios(roi: Roi, tmp_path: Path) -> None:
    code, out, _ = roi("schema")
    assert code == 0
    assert roi("schema", "-o", str(tmp_path / "s.json")) == (0, "", "")
    assert json.loads(out) == json.loads((tmp_path / "s.json").read_text())
    assert json.loads(out)["properties"]["firms"]


def test_scenarios_are_listed_with_a_line_each(roi: Roi, tmp_path: Path) -> None:
    lines = roi("scenarios", str(ROOT / "scenarios")).out.splitlines()
    assert len(lines) == len(list((ROOT / "scenarios").glob("*.yaml")))
    assert any(line.startswith(RETAIL) and line.endswith("General retail") for line in lines)
    (tmp_path / "bad.yaml").write_text("firms: 3\n")
    assert "not valid: " in roi("scenarios", str(tmp_path)).out


# --- run -----------------------------------------------------------------------------------------------------------
def test_the_years_of_a_run_add_up_to_its_books(roi: Roi) -> None:
    told = json.loads(roi("run", TWO, *SMALL, "--set", "horizon_months=30", "--json").out)
    books = sim.simulate(small(horizon_months=30)).books
    for firm, rows in books.groupby("firm"):
        years = [row for row in told["years"] if row["firm"] == firm]
        assert [row["months"] for row in years] == [12, 12, 6]
        assert sum(row["sales"] for row in years) == pytest.approx(rows["sales"].sum() / 100)
        assert sum(row["operating_profit"] for row in years) == pytest.approx(rows["operating_profit"].sum() / 100)


def test_a_run_names_the_firm_that_earned_most(roi: Roi) -> None:
    run = sim.simulate(small())
    profit = run.books.groupby("firm")["operating_profit"].sum()
    out = one_line(roi("run", TWO, *SMALL).out)
    assert re.match(rf"Over 6 months {profit.idxmax()} (earned the most|lost the least), ", out)


def test_both_engines_print_the_same(roi: Roi) -> None:
    crowd, agents = (roi("run", TWO, *SMALL, "--customers", engine).out for engine in ("crowd", "agents"))
    assert crowd == agents != ""


def test_seed_changes_the_luck_and_set_the_scenario(roi: Roi) -> None:
    first, again, other, changed = (
        json.loads(roi("run", TWO, *SMALL, *more, "--json").out)
        for more in ((), (), ("--seed", "2"), ("--set", "rules.surplus=0.2"))
    )
    assert first == again
    assert first["years"] != other["years"] != changed["years"]
    assert first["manifest"]["hash"] == other["manifest"]["hash"] != changed["manifest"]["hash"]


# --- check ---------------------------------------------------------------------------------------------------------
def test_check_lists_every_assumption_and_says_the_file_is_valid(roi: Roi) -> None:
    from sim.scenario_file import register

    scenario = sim.load(RETAIL)
    code, out, err = roi("check", RETAIL)
    assert (code, err) == (0, "")
    assumptions = register(scenario)
    assert one_line(out).endswith(
        f"retail is valid: {len(assumptions)} assumptions, all within their plausible ranges; hash {scenario.hash}."
    )
    for path in assumptions["path"]:
        section, _, name = str(path).rpartition(".")
        same_as = re.search(rf"^{re.escape(section)}: \d+ numbers, all as in", out, re.M)
        assert same_as or re.search(rf"^   {name} ", out, re.M), path


def test_check_marks_what_is_outside_its_plausible_range(roi: Roi) -> None:
    before, after = (roi("check", TWO, *more).out for more in ((), ("--set", "rules.surplus=0.3")))
    assert not re.search(r"^! ", before, re.M)
    assert re.findall(r"^! +(\S+) +(\S+)", after, re.M) == [("surplus", "0.3")]
    assert "outside their plausible range (!): rules.surplus" in one_line(after)
    told = json.loads(roi("check", TWO, "--set", "rules.surplus=0.3", "--json").out)
    assert told["outside"] == ["rules.surplus"]
    row = next(row for row in told["assumptions"] if row["path"] == "rules.surplus")
    assert (row["value"], row["outside"], row["source"]) == (0.3, True, "set by the user")


# --- transactions --------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_transactions_are_fitted_and_their_source_is_told(roi: Roi, data: Path) -> None:
    from sim.calibrate import calibrated, fit_log, read_log
    from sim.scenario_file import register

    log = data / "cdnow" / "CDNOW_sample.txt"
    cdnow = str(ROOT / "scenarios" / "cdnow.yaml")
    out = one_line(roi("compare", cdnow, *SMALL, "--replications", "2", "--transactions", str(log)).out)
    assert out.startswith(
        "Customers are fitted to CDNOW_sample.txt, 1997-01-01 to 1998-06-30: 6,696 purchases of 2,357 "
    )
    assert "BG/NBD" in out

    purchased = read_log(log)
    scenario = calibrated(sim.load(cdnow), log=purchased, transactions=fit_log(purchased)).scenario
    rows = register(scenario).set_index("path")
    for path, value in (("customers.shopping.rate_shape", 0.563), ("customers.basket.mean", 35.8)):
        note = scenario.notes[path]
        assert "CDNOW_sample.txt, 1997-01-01 to 1998-06-30" in str(rows.loc[path, "source"])
        assert rows.loc[path, "value"] == pytest.approx(value, rel=0.05)
        assert note.se is not None
        assert 0 < note.se < 0.1 * value
        assert note.n is not None
        assert note.n > 1000
    assert scenario.notes["customers.shopping.rate_mean"].range == (0.1, 1.0)  # kept from the file


@pytest.mark.slow
def test_the_users_own_settings_win_over_the_fit(roi: Roi, tmp_path: Path) -> None:
    from sim.calibrate import calibrated, fit_log, read_log

    log = tmp_path / "log.csv"
    log.write_text(purchases())
    told = json.loads(
        roi("run", TWO, *SMALL, "--transactions", str(log), "--set", "customers.basket.mean=20", "--json").out
    )
    estimates = {(row["model"], row["parameter"]): row["estimate"] for row in told["fit"]}
    assert estimates["Gamma-Gamma of means", "mean"] == pytest.approx(30, rel=0.2)
    purchased = read_log(log)
    scenario = calibrated(sim.load(TWO), log=purchased, transactions=fit_log(purchased)).scenario
    scenario = scenario.with_({"customers.count": 300, "horizon_months": 6})
    assert scenario.customers.basket.mean == pytest.approx(30, rel=0.2)
    assert told["manifest"]["hash"] == scenario.with_({"customers.basket.mean": 20}).hash != scenario.hash


def purchases() -> str:
    """A purchase log of 120 customers who buy for 20 to 40."""
    lines = ["customer,date,amount"]
    for customer in range(120):
        for number in range(1 + customer % 5):
            day = 1 + (customer * 7 + number * 37) % 340
            amount = 20 + (customer * 13) % 17 + (number * 5) % 4
            month, rest = divmod(day, 28)
            lines.append(f"{customer},2023-{1 + month % 12:02d}-{1 + rest:02d},{amount}.00")
    return "\n".join(lines) + "\n"


# --- interruption --------------------------------------------------------------------------------------------------
INTERRUPTED = """
import os, signal, sys
from unittest.mock import patch
import pandas, sim.market, sim.experiment.compare as room
from sim.cli import main
from sim.experiment.records import RECORDS

signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may have it ignored
real, calls = {target}, []
def then_interrupt(*arguments, **named):
    calls.append(1)
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments, **named)

with patch("{name}", then_interrupt):
    main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("target", "name", "call"),
    [
        ("room.simulate", "sim.experiment.compare.simulate", 5),
        ("pandas.DataFrame.to_csv", "pandas.DataFrame.to_csv", 3),
    ],
    ids=["while it simulates", "while it writes"],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals between processes are different there")
def test_an_interrupt_leaves_earlier_results_and_nothing_broken(
    tmp_path: Path, roi: Roi, target: str, name: str, call: int
) -> None:
    out = tmp_path / "out"
    arguments = ["compare", TWO, *SMALL, "--replications", "5", "--out", str(out)]
    assert roi(*arguments).code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    script = INTERRUPTED.format(target=target, name=name, call=call)
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments, "--seed", "2"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "roi: stopped before the end; nothing half-written is left\n"
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes there")
def test_a_reader_who_has_had_enough_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "sim", "check", RETAIL], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True,
            restore_signals=False, preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN) and None,
        )  # fmt: skip
    finally:
        os.close(writer)
    assert done.stderr == ""


# --- progress ------------------------------------------------------------------------------------------------------
class Terminal:
    """Standard error that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("watched", [True, False])
def test_the_first_start_says_that_it_compiles_where_somebody_watches(
    monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    from sim.present.terminal import progress

    screen = Terminal()
    if not watched:
        monkeypatch.setattr(screen, "isatty", lambda: False)
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr("sim.market.compiled.compiles_first", lambda: True)
    with progress(3, "month") as advance:
        advance()
    assert screen.text.startswith("Compiling the market once; later starts skip this.\n") == watched
    assert watched or screen.text == ""


def test_machine_code_is_found_again_in_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    from sim.market import compiled

    monkeypatch.setattr(compiled, "_cache_folder", lambda: tmp_path)
    assert compiled.compiles_first()
    (tmp_path / "market").mkdir()
    (tmp_path / "market" / "kernels.nbc").touch()
    assert not compiled.compiles_first()
